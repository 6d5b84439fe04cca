//! Writes conditions in English, with words in place of codes.

use super::{Datum, Field, FieldKind, Op, Predicate};
use crate::indicator::registry;

fn title(field: &Field) -> String {
    match registry::find(&field.name) {
        Some(indicator) => indicator.title.to_lowercase(),
        None => field.name.replace('_', " "),
    }
}

fn word<'w>(field: &Field, word: &'w str) -> &'w str {
    match field.kind {
        FieldKind::Words(words) => words.en(word).unwrap_or(word),
        _ => word,
    }
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq => "is",
        Op::Ne => "is not",
        Op::Lt => "is below",
        Op::Le => "is at most",
        Op::Gt => "is above",
        Op::Ge => "is at least",
    }
}

pub(super) fn part(part: &Predicate, fields: &[Field]) -> String {
    let name = |at: &usize| title(&fields[*at]);
    match part {
        Predicate::Always => "all customers".to_owned(),
        Predicate::Flag(at) => name(at),
        Predicate::Missing(at) => format!("without {}", name(at)),
        Predicate::Word(at, op, text) => format!("{} {} {}", name(at), sign(*op), word(&fields[*at], text)),
        Predicate::AmongWords(at, words) => {
            let words: Vec<String> = words.iter().map(|text| word(&fields[*at], text).to_owned()).collect();
            format!("{} is {}", name(at), any_of(&words))
        }
        Predicate::Number(at, op, number) => format!("{} {} {number}", name(at), sign(*op)),
        Predicate::AmongNumbers(at, numbers) => {
            let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
            format!("{} is {}", name(at), any_of(&numbers))
        }
        Predicate::Day(at, op, day) => format!("{} {} {}", name(at), sign(*op), Datum::Day(*day)),
        Predicate::Not(inner) => match inner.as_ref() {
            Predicate::Missing(at) => format!("with {}", name(at)),
            Predicate::Flag(at) => format!("not {}", name(at)),
            other => format!("not ({})", self::part(other, fields)),
        },
        Predicate::And(one, other) => format!("{} and {}", operand(one, fields), operand(other, fields)),
        Predicate::Or(one, other) => format!("{} or {}", operand(one, fields), operand(other, fields)),
    }
}

/// An operand of `and` or `or`, in brackets if it is one of them itself.
fn operand(inner: &Predicate, fields: &[Field]) -> String {
    match inner {
        Predicate::And(..) | Predicate::Or(..) => format!("({})", part(inner, fields)),
        other => part(other, fields),
    }
}

fn any_of(words: &[String]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}
