//! An analyst's own indicators: SQL expressions over the facts, checked with the method before any data is read.
//!
//! Only arithmetic within a row is allowed. A sum or a rank over customers would make one customer's value depend on
//! who else is in the file, and could differ from run to run.

use polars::lazy::dsl::{BooleanFunction, FunctionExpr};
use polars::prelude::*;
use polars::sql::sql_expr;
use polars_ops::series::RoundMode;

use super::{IndicatorColumn, IndicatorValue};
use crate::checked_toml::did_you_mean;
use crate::error::RunError;
use crate::fact::{COLUMNS, FactValue, Facts};
use crate::index::float_i64;
use crate::phrase::of_library;
use crate::text;
use crate::text::Text;

/// Most signs of an expression. Each is a level of recursion in polars: in a thread with a stack of 2 MiB and the dev profile,
/// 60 divisions after each other overflowed it.
const SIGNS_MAX: usize = 40;
/// Most divisions in the divisor of another.
const DIVISIONS_MAX: usize = 6;

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    value: Expr,
    applies: Option<Expr>,
}

impl Expression {
    /// Checks the text of an indicator's value, and of the condition under which it applies.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn parse(value: &str, applies: Option<&str>) -> Result<Self, (Text, Text)> {
        let value = checked(value, ExpressionKind::Number)?;
        let applies = applies.map(|applies| checked(applies, ExpressionKind::Condition)).transpose()?;
        Ok(Self { value, applies })
    }

    /// Whether the expression uses any of these facts.
    #[must_use]
    pub fn uses(&self, facts: &[&str]) -> bool {
        let parts = std::iter::once(&self.value).chain(&self.applies);
        parts.flat_map(|part| part.clone().meta().root_names()).any(|name| facts.contains(&name.as_str()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpressionKind {
    Number,
    Condition,
}

fn checked(text: &str, wanted: ExpressionKind) -> Result<Expr, (Text, Text)> {
    let grammar = |error: PolarsError| {
        let error = of_library(&library_message(&error));
        (
            text!("`{text}` cannot be read: {error}", "`{text}` 无法解析：{error}"; error),
            text!("write an SQL expression over the facts", "请写关于事实列的 SQL 表达式"),
        )
    };
    let signs = signs(text);
    if signs > SIGNS_MAX {
        return Err((
            text!(
                "`{text}` has {signs} of + - * / % AND OR, and an expression has at most {SIGNS_MAX}",
                "`{text}` 含 {signs} 个 + - * / % AND OR，表达式最多 {SIGNS_MAX} 个"
            ),
            text!("shorten it", "请缩短表达式"),
        ));
    }
    let expr = sql_expr(text).map_err(grammar)?;
    if (&expr).into_iter().any(is_nested_too_deep) {
        return Err((
            text!(
                "`{text}` has a divisor with more than {DIVISIONS_MAX} divisions in it",
                "`{text}` 的除数中有超过 {DIVISIONS_MAX} 个除法"
            ),
            text!("write a / (b / c) as a * c / b", "请将 a / (b / c) 写为 a * c / b"),
        ));
    }
    let expr = expr.map_expr(as_documented);
    for name in expr.clone().meta().root_names() {
        if !COLUMNS.iter().any(|column| column.name == name.as_str()) {
            let fix = did_you_mean(&name, COLUMNS.iter().map(|column| column.name));
            return Err((
                text!("`{name}` in `{text}` is not a fact", "`{text}` 中的 `{name}` 不是事实列"),
                fix,
            ));
        }
    }
    if let Some(part) = (&expr).into_iter().find(|part| !is_within_row(part)) {
        let what = text!(
            "`{text}` uses {part:?}, which expressions of indicators cannot use",
            "`{text}` 使用了 {part:?}，指标表达式不能使用"
        );
        return Err((
            what,
            text!(
                "use arithmetic, comparisons, CASE, COALESCE, ABS, ROUND, POW, LEAST, GREATEST",
                "可用四则运算、比较、CASE、COALESCE、ABS、ROUND、POW、LEAST、GREATEST"
            ),
        ));
    }
    let named = expr.alias("value");
    let schema = empty_frame().lazy().select([named.clone()]).collect_schema().map_err(grammar)?;
    let fits = match schema.get("value") {
        Some(DataType::Boolean) => wanted == ExpressionKind::Condition,
        Some(dtype) => wanted == ExpressionKind::Number && dtype.is_primitive_numeric(),
        None => false,
    };
    if fits {
        return Ok(named);
    }
    let kind = match wanted {
        ExpressionKind::Number => text!("a number", "数字"),
        ExpressionKind::Condition => text!("true or false", "真假值"),
    };
    Err((
        text!("`{text}` does not give {kind}", "`{text}` 的结果不是{kind}"; kind),
        text!("write an expression that gives {kind}", "请写结果为{kind}的表达式"; kind),
    ))
}

/// The number of arithmetic signs in a text, and of AND and OR.
fn signs(text: &str) -> usize {
    let arithmetic = text.bytes().filter(|byte| b"+-*/%".contains(byte)).count();
    let words = text.split_whitespace();
    arithmetic + words.filter(|word| ["and", "or"].iter().any(|join| word.eq_ignore_ascii_case(join))).count()
}

/// Replaces what polars computes otherwise than METHOD section 8 says. ROUND must round as everything else does here; polars
/// would round halves to the even neighbour. A division by 0 is null; polars would give a number that is not finite, and
/// call 0/0 greater than every other.
fn as_documented(part: Expr) -> Expr {
    match part {
        Expr::BinaryExpr { left, op, right } if is_division(op) => {
            let is_zero = right.as_ref().clone().eq(lit(0.0));
            when(is_zero).then(Expr::Literal(LiteralValue::untyped_null())).otherwise(Expr::BinaryExpr {
                left,
                op,
                right,
            })
        }
        Expr::Function { input, function: FunctionExpr::Round { decimals, .. } } => {
            let function = FunctionExpr::Round { decimals, mode: RoundMode::HalfAwayFromZero };
            Expr::Function { input, function }
        }
        other => other,
    }
}

fn is_division(op: Operator) -> bool {
    use Operator as O;
    matches!(op, O::RustDivide | O::TrueDivide | O::FloorDivide | O::Modulus)
}

/// Whether a part is a division whose divisor has many divisions in it. A divisor is tested for 0 and then used, so that each
/// of them would double the expression.
fn is_nested_too_deep(part: &Expr) -> bool {
    let Expr::BinaryExpr { op, right, .. } = part else { return false };
    let is_divided = |part: &&Expr| matches!(part, Expr::BinaryExpr { op, .. } if is_division(*op));
    is_division(*op) && right.as_ref().into_iter().filter(is_divided).count() > DIVISIONS_MAX
}

/// Whether a part of an expression reads nothing but its own row.
fn is_within_row(part: &Expr) -> bool {
    use BooleanFunction as B;
    use FunctionExpr as F;
    match part {
        Expr::Alias(..)
        | Expr::Column(_)
        | Expr::Literal(_)
        | Expr::BinaryExpr { .. }
        | Expr::Cast { .. }
        | Expr::Ternary { .. } => true,
        Expr::Function { function, .. } => matches!(
            function,
            F::Abs
                | F::Negate
                | F::Pow(_)
                | F::FillNull
                | F::Coalesce
                | F::MaxHorizontal
                | F::MinHorizontal
                | F::Round { .. }
                | F::Boolean(
                    B::IsNull
                        | B::IsNotNull
                        | B::IsFinite
                        | B::IsNan
                        | B::IsNotNan
                        | B::Not
                        | B::AllHorizontal
                        | B::AnyHorizontal
                )
        ),
        _ => false,
    }
}

/// A table of all facts without rows, from which the type of an expression follows before any data is read.
fn empty_frame() -> DataFrame {
    let columns = COLUMNS.iter().map(|column| {
        let dtype =
            if matches!(column.value, FactValue::Word(_)) { DataType::String } else { DataType::Float64 };
        Series::new_empty(column.name.into(), &dtype).into_column()
    });
    DataFrame::new(0, columns.collect()).unwrap_or_default()
}

/// The facts in `names`, one row for each customer. Integers become doubles, and a fact whose table is absent has no
/// values.
fn frame(facts: &Facts, names: &[PlSmallStr]) -> Result<DataFrame, RunError> {
    let customers = facts.rows.len();
    let used = COLUMNS.iter().filter(|column| names.iter().any(|name| name == column.name));
    let columns = used.map(|column| {
        let name = column.name.into();
        let series = match column.value {
            FactValue::Integer(..) if !facts.present(column.table) => {
                Series::full_null(name, customers, &DataType::Float64)
            }
            FactValue::Integer(value, _) => Series::from_vec(
                name,
                facts.rows.iter().map(|row| float_i64(value(row))).collect::<Vec<f64>>(),
            ),
            FactValue::Number(value) => {
                Series::new(name, (0..customers).map(|i| value(facts, i)).collect::<Vec<_>>())
            }
            FactValue::Word(value) => {
                Series::new(name, (0..customers).map(|i| value(facts, i)).collect::<Vec<_>>())
            }
        };
        series.into_column()
    });
    DataFrame::new(customers, columns.collect()).map_err(bug)
}

/// The values of checked expressions, by customer number.
///
/// # Errors
/// An expression fails on data although it was checked, which is a bug.
pub(super) fn evaluate(facts: &Facts, own: &[Expression]) -> Result<Vec<IndicatorColumn>, RunError> {
    own.iter().map(|expression| values(facts, expression)).collect()
}

fn values(facts: &Facts, expression: &Expression) -> Result<IndicatorColumn, RunError> {
    let mut names = expression.value.clone().meta().root_names();
    names.extend(expression.applies.iter().flat_map(|applies| applies.clone().meta().root_names()));
    let customers = facts.rows.len();
    let frame = frame(facts, &names)?;
    let run = |expr: &Expr, dtype: DataType| {
        let series = frame.clone().lazy().select([expr.clone()]).collect().map_err(bug)?;
        let series = series.column("value").map_err(bug)?.cast(&dtype).map_err(bug)?;
        // An expression without a fact has the same value for all customers.
        Ok::<_, RunError>(if series.len() == customers {
            series
        } else {
            series.new_from_index(0, customers)
        })
    };
    let value = run(&expression.value, DataType::Float64)?;
    let applies = expression.applies.as_ref().map(|applies| run(applies, DataType::Boolean)).transpose()?;
    let value = value.f64().map_err(bug)?;
    let applies = applies.as_ref().map(|applies| applies.bool().map_err(bug)).transpose()?;
    // A condition on something that a customer does not have, such as a load class, is not met; a condition on a fact
    // whose table is absent is unknown.
    let unmet = match expression.applies.as_ref().is_some_and(|applies| !is_delivered(facts, applies)) {
        true => IndicatorValue::Unknown,
        false => IndicatorValue::NotApplicable,
    };
    Ok((0..customers)
        .map(|customer| match applies.map(|applies| applies.get(customer)) {
            None | Some(Some(true)) => {
                value.get(customer).map_or(IndicatorValue::Unknown, IndicatorValue::finite)
            }
            Some(Some(false)) => IndicatorValue::NotApplicable,
            Some(None) => unmet,
        })
        .collect())
}

/// Whether the tables of all facts of an expression were delivered.
fn is_delivered(facts: &Facts, expr: &Expr) -> bool {
    let names = expr.clone().meta().root_names();
    COLUMNS
        .iter()
        .filter(|column| names.iter().any(|name| name == column.name))
        .all(|column| facts.present(column.table))
}

fn bug(error: PolarsError) -> RunError {
    RunError::Bug(format!("a checked expression failed: {error}"))
}

/// The message of an error, without the word for its kind.
fn library_message(error: &PolarsError) -> String {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    first.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(value: &str) -> String {
        let (what, fix) = Expression::parse(value, None).unwrap_err();
        format!("{what} | {fix}")
    }

    #[test]
    fn expressions_are_checked_before_any_data_is_read() {
        assert!(
            Expression::parse("reactive_varh / active_wh", Some("supply_level = 'high_voltage'")).is_ok()
        );
        assert!(Expression::parse("CASE WHEN readings > 0 THEN ABS(active_wh) ELSE 0 END", None).is_ok());
        assert!(Expression::parse("GREATEST(policy_requests, 1) + COALESCE(total_kgce, 0)", None).is_ok());
        assert!(fault("reactiv_varh / active_wh").contains("did you mean `reactive_varh`?"));
        assert!(fault("active_wh >").contains("cannot be read"));
        assert!(fault("active_wh > 3").contains("does not give a number"));
        assert!(fault("region").contains("does not give a number"));
    }

    #[test]
    fn divisors_in_divisors_are_limited() {
        let nested = |depth: usize| "1 / (".repeat(depth) + "active_wh" + &")".repeat(depth);
        assert!(Expression::parse(&nested(DIVISIONS_MAX + 1), None).is_ok());
        assert!(fault(&nested(DIVISIONS_MAX + 2)).contains("divisions in it"));
        assert!(fault(&nested(20)).contains("divisions in it"));
        let chain = |signs: usize| "active_wh".to_owned() + &" / readings".repeat(signs);
        assert!(Expression::parse(&chain(SIGNS_MAX), None).is_ok(), "divisors without divisions");
        for long in [
            chain(SIGNS_MAX + 1),
            chain(5_000),
            "readings > 1".to_owned() + &" AND readings > 1".repeat(5_000),
        ] {
            assert!(fault(&long).contains("at most 40"));
        }
    }

    #[test]
    fn an_expression_reads_its_own_row_only() {
        for text in [
            "SUM(active_wh)",
            "active_wh / MAX(active_wh)",
            "COUNT(*)",
            "SUM(active_wh) OVER (PARTITION BY region)",
        ] {
            assert!(
                fault(text).contains("which expressions of indicators cannot use")
                    || fault(text).contains("cannot be read"),
                "{text}"
            );
        }
    }
}
