//! Errors of the command line in Chinese, made from the same facts as clap's English ones.

use std::error::Error as _;
use std::fmt;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use gridtier::text::{Lang, Text};

/// Why a value of the command line is refused, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice(pub Text);

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Advice {}

/// The message of an error in Chinese, with the usage and the most similar name.
pub fn chinese(error: &Error) -> String {
    let mut message = format!("错误：{}", what(error));
    for (kind, name) in [
        (ContextKind::SuggestedSubcommand, "子命令"),
        (ContextKind::SuggestedArg, "参数"),
        (ContextKind::SuggestedValue, "值"),
    ] {
        let similar = all(error, kind);
        if !similar.is_empty() {
            message += &format!("\n\n  提示：是否指{name} {}？", quoted(&similar));
        }
    }
    if let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested)
        && let Some(dashes) = tips.iter().find_map(|tip| as_a_value(&tip.to_string()))
    {
        message += &format!("\n\n  提示：{dashes}");
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        message += &format!("\n\n{}", super::help::chinese(&usage.to_string()));
    }
    message + "\n\n详见 '--help'。\n"
}

/// Translates clap's tip on values that begin with a dash: "to pass '-x' as a value, use '-- -x'".
fn as_a_value(tip: &str) -> Option<String> {
    let (value, command) = tip.strip_prefix("to pass '")?.split_once("' as a value, use '")?;
    Some(format!("若要将 '{value}' 作为值，请写 '{}'", command.trim_end_matches('\'')))
}

fn what(error: &Error) -> String {
    let (arg, value) = (one(error, ContextKind::InvalidArg), one(error, ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("'{arg}' 需要一个值，但没有给出{}", listed("可选值", error, ContextKind::ValidValue))
        }
        ErrorKind::InvalidValue => {
            format!("'{arg}' 的值 '{value}' 无效{}", listed("可选值", error, ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => format!("'{arg}' 的值 '{value}' 无效：{}", reason(error)),
        ErrorKind::UnknownArgument => format!("未知的参数 '{arg}'"),
        ErrorKind::InvalidSubcommand => {
            format!("未知的子命令 '{}'", one(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = all(error, ContextKind::InvalidArg);
            format!("缺少必需的参数：{}", missing.iter().map(|arg| format!("\n  {arg}")).collect::<String>())
        }
        ErrorKind::MissingSubcommand => format!(
            "'{}' 需要一个子命令{}",
            one(error, ContextKind::InvalidSubcommand),
            listed("子命令", error, ContextKind::ValidSubcommand)
        ),
        ErrorKind::ArgumentConflict => match all(error, ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == [arg.clone()] => format!("参数 '{arg}' 不能重复给出"),
            prior => format!("参数 '{arg}' 不能与 {} 同时使用", quoted(&prior)),
        },
        ErrorKind::NoEquals => format!("给 '{arg}' 赋值须用等号"),
        ErrorKind::TooManyValues => format!("'{arg}' 多出了值 '{value}'"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("'{arg}' 的值的个数不对"),
        ErrorKind::InvalidUtf8 => "参数不是有效的 UTF-8 文本".into(),
        _ => format!("命令行有误（{}）", error.kind()),
    }
}

/// Why a value was refused.
fn reason(error: &Error) -> String {
    let Some(source) = error.source() else { return "格式不符".into() };
    if let Some(Advice(text)) = source.downcast_ref::<Advice>() {
        return text.in_lang(Lang::Zh).to_owned();
    }
    match source.to_string().split_once(" is not in ") {
        Some((_, range)) => {
            format!("应为 {} 的整数", range.replacen("..=", " 到 ", 1).replacen("..", " 到 ", 1))
        }
        None => "应为整数".into(),
    }
}

fn listed(name: &str, error: &Error, kind: ContextKind) -> String {
    let values = all(error, kind);
    if values.is_empty() { String::new() } else { format!("\n  [{name}：{}]", values.join("、")) }
}

fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(" 或 ")
}

fn one(error: &Error, kind: ContextKind) -> String {
    all(error, kind).into_iter().next().unwrap_or_default()
}

fn all(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(value)) => vec![value.clone()],
        Some(ContextValue::Strings(values)) => values.clone(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::{Cli, help};

    fn message(line: &str) -> String {
        let command = help::in_lang(Cli::command(), Lang::Zh);
        chinese(&command.try_get_matches_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn an_unknown_argument_is_reported_in_chinese_with_the_nearest_one() {
        let message = message("gridtier regrade data --stor x");
        assert!(
            message.starts_with("错误：未知的参数 '--stor'\n\n  提示：是否指参数 '--store'？\n\n用法："),
            "{message}"
        );
        assert!(message.ends_with("详见 '--help'。\n"), "{message}");
    }

    #[test]
    fn an_unknown_command_is_reported_in_chinese_with_the_nearest_one() {
        let message = message("gridtier regrad data");
        assert!(
            message.contains("未知的子命令 'regrad'") && message.contains("是否指子命令 'regrade'？"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_argument_or_value_is_reported_in_chinese() {
        let missing = message("gridtier regrade data");
        assert!(
            missing.starts_with("错误：缺少必需的参数：\n  --as-of <DATE>\n  --store <STORE>\n"),
            "{missing}"
        );
        let missing = message("gridtier path --store");
        assert!(missing.contains("'--store <STORE>' 需要一个值，但没有给出"), "{missing}");
    }

    #[test]
    fn an_invalid_value_is_reported_in_chinese_with_what_is_possible() {
        for (line, wanted) in [
            (
                "gridtier check data --format xml",
                "'--format <FORMAT>' 的值 'xml' 无效\n  [可选值：text、json]",
            ),
            (
                "gridtier check data --as-of 2026-01-02",
                "'--as-of <DATE>' 的值 '2026-01-02' 无效：请给出某月 1 日",
            ),
            (
                "gridtier history --store s --known-on 2026-02-30",
                "'--known-on <DATE>' 的值 '2026-02-30' 无效：请给出日历中存在的日期",
            ),
            ("gridtier demo d --months 241", "'--months <MONTHS>' 的值 '241' 无效：应为 1 到 240 的整数"),
            ("gridtier demo d --months x", "'--months <MONTHS>' 的值 'x' 无效：应为整数"),
            (
                "gridtier compare --store s --revision abc",
                "'--revision <N|none>' 的值 'abc' 无效：请给出周期编号, 或 `none`",
            ),
            ("gridtier whatif --store s --method paper --set a=1", "不能与"),
        ] {
            let message = message(line);
            assert!(message.contains(wanted), "{message}");
        }
    }
}
