//! Decides whether conditions can be met, by trying every customer that the conditions can tell apart.
//!
//! A condition compares a column only with constants. So a column is represented by the values at, just below and just
//! above each constant, by every word, and by the missing value. Trying all combinations of these values is a proof for
//! all customers.

use super::{Condition, Datum, Field, FieldKind, Predicate};

/// Most combinations that are tried.
const CASES_MAX: usize = 1_000_000;

/// Whether some customer can meet the condition. Also true if there are too many cases to try.
#[must_use]
pub fn possible(condition: &Condition, fields: &[Field]) -> bool {
    possible_together(&[condition], fields)
}

/// Whether some customer can meet all conditions at once.
#[must_use]
pub fn possible_together(conditions: &[&Condition], fields: &[Field]) -> bool {
    any_case(conditions, fields, |record| conditions.iter().all(|condition| condition.holds(record)))
        .unwrap_or(true)
}

/// Whether every customer who meets `owed` meets one of `by` too. Also true if there are too many cases to try.
#[must_use]
pub fn covered(owed: &Condition, by: &[&Condition], fields: &[Field]) -> bool {
    let all: Vec<&Condition> = by.iter().copied().chain([owed]).collect();
    let left_out =
        any_case(&all, fields, |record| owed.holds(record) && !by.iter().any(|part| part.holds(record)));
    !left_out.unwrap_or(false)
}

/// Whether `test` is true in some case that the conditions can tell apart; `None` if there are too many cases.
fn any_case(conditions: &[&Condition], fields: &[Field], test: impl Fn(&[Datum]) -> bool) -> Option<bool> {
    let mut columns: Vec<(usize, Vec<Datum>)> = Vec::new();
    for condition in conditions {
        for at in condition.columns() {
            if !columns.iter().any(|(known, _)| *known == at) {
                columns.push((at, values(at, conditions, fields)));
            }
        }
    }
    let cases = columns.iter().try_fold(1usize, |cases, (_, values)| cases.checked_mul(values.len()))?;
    if cases > CASES_MAX {
        return None;
    }
    let mut record = vec![Datum::Missing; fields.len()];
    Some((0..cases).any(|mut case| {
        for (at, values) in &columns {
            record[*at] = values[case % values.len()];
            case /= values.len();
        }
        test(&record)
    }))
}

/// Values of a column that represent all values that the conditions can tell apart.
fn values<'a>(at: usize, conditions: &[&'a Condition], fields: &'a [Field]) -> Vec<Datum<'a>> {
    let mut values = vec![Datum::Missing];
    match fields[at].kind {
        FieldKind::Words(words) => values.extend(words.codes.iter().map(|word| Datum::Word(word))),
        FieldKind::Flag => values.extend([Datum::Flag(false), Datum::Flag(true)]),
        // This value represents every text that no condition names.
        FieldKind::Text => values.push(Datum::Word("\u{0}")),
        FieldKind::Number => values.push(Datum::Number(0.0)),
        FieldKind::Day => values.push(Datum::Day(0)),
    }
    conditions.iter().for_each(|condition| constants(&condition.part, at, &mut values));
    if fields[at].name == "score" {
        values.retain(|value| !matches!(value, Datum::Number(score) if !(0.0..=100.0).contains(score)));
    }
    values
}

/// A number and the doubles next to it, since a comparison may give another result on either side of the number.
fn neighbours<'a>(x: f64) -> [Datum<'a>; 3] {
    [x.next_down(), x, x.next_up()].map(Datum::Number)
}

fn constants<'a>(part: &'a Predicate, column: usize, values: &mut Vec<Datum<'a>>) {
    let mut add = |value: Datum<'a>| {
        if !values.contains(&value) {
            values.push(value);
        }
    };
    match part {
        Predicate::Word(at, _, word) if *at == column => add(Datum::Word(word)),
        Predicate::AmongWords(at, words) if *at == column => {
            words.iter().for_each(|word| add(Datum::Word(word)))
        }
        Predicate::Number(at, _, x) if *at == column => neighbours(*x).into_iter().for_each(add),
        Predicate::AmongNumbers(at, xs) if *at == column => {
            xs.iter().flat_map(|x| neighbours(*x)).for_each(add);
        }
        Predicate::Day(at, _, day) if *at == column => {
            [day.saturating_sub(1), *day, day.saturating_add(1)].map(Datum::Day).into_iter().for_each(add);
        }
        Predicate::Not(part) => constants(part, column, values),
        Predicate::And(one, other) | Predicate::Or(one, other) => {
            constants(one, column, values);
            constants(other, column, values);
        }
        _ => {}
    }
}
