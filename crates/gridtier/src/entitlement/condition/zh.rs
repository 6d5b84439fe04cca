//! Writes conditions in Chinese, with titles in place of column names.

use super::{Datum, Field, Op, Predicate};

fn title(field: &Field) -> &str {
    if field.title_zh.is_empty() { &field.name } else { field.title_zh.trim_start_matches("是否") }
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq => "为",
        Op::Ne => "不为",
        Op::Lt => "小于",
        Op::Le => "不大于",
        Op::Gt => "大于",
        Op::Ge => "不小于",
    }
}

pub(super) fn seen(field: &Field, datum: Datum) -> String {
    let value = match datum {
        Datum::Missing => "空".to_owned(),
        Datum::Word(text) => field.word_zh(text).to_owned(),
        Datum::Flag(true) => "是".to_owned(),
        Datum::Flag(false) => "否".to_owned(),
        other => other.to_string(),
    };
    format!("{}：{value}", title(field))
}

pub(super) fn part(part: &Predicate, fields: &[Field]) -> String {
    let name = |at: &usize| title(&fields[*at]).to_owned();
    match part {
        Predicate::Always => "全部客户".to_owned(),
        Predicate::Flag(at) => name(at),
        Predicate::Missing(at) => format!("无{}", name(at)),
        Predicate::Word(at, op, text) => format!("{}{}{}", name(at), sign(*op), fields[*at].word_zh(text)),
        Predicate::AmongWords(at, words) => {
            let words: Vec<&str> = words.iter().map(|text| fields[*at].word_zh(text)).collect();
            format!("{}为{}", name(at), words.join("、"))
        }
        Predicate::Number(at, op, x) => format!("{}{} {x}", name(at), sign(*op)),
        Predicate::AmongNumbers(at, xs) => {
            let xs: Vec<String> = xs.iter().map(f64::to_string).collect();
            format!("{}为 {}", name(at), xs.join("、"))
        }
        Predicate::Day(at, op, day) => format!("{}{} {}", name(at), sign(*op), Datum::Day(*day)),
        Predicate::Not(inner) => match inner.as_ref() {
            Predicate::Missing(at) => format!("有{}", name(at)),
            other => format!("非（{}）", self::part(other, fields)),
        },
        Predicate::And(one, other) => format!("{}，且{}", joined(one, fields), joined(other, fields)),
        Predicate::Or(one, other) => format!("{}，或{}", joined(one, fields), joined(other, fields)),
    }
}

/// Writes an operand of `and` or `or`, in brackets if the operand itself is an `and` or `or`.
fn joined(inner: &Predicate, fields: &[Field]) -> String {
    match inner {
        Predicate::And(..) | Predicate::Or(..) => format!("（{}）", part(inner, fields)),
        other => part(other, fields),
    }
}
