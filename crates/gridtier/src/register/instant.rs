//! Several rows of one meter at one instant: which of them count once, and which contradict each other.
//!
//! A removal and an installation of one instant are an exchange, and both are kept. A reading that shows the same as
//! one of them is its duplicate. If rows differ, only those that are not estimated count. Before any of this, the row
//! of each kind that was recorded last replaces the others of its kind.

use super::{Fate, RegisterRow};
use crate::contract::RegisterKind;
use crate::contract::rule::Rule;

/// Decides which of the rows of one meter and instant are kept.
pub(super) fn settle(rows: &mut [RegisterRow]) {
    if rows.len() < 2 {
        return;
    }
    for of_kind in rows.chunk_by_mut(|a, b| a.kind == b.kind) {
        let last_us = of_kind.iter().map(|row| row.recorded_us).max();
        let replaced = of_kind.iter_mut().filter(|row| Some(row.recorded_us) != last_us);
        replaced.for_each(|row| row.fate = Fate::Duplicate);
    }
    let sound: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].fate == Fate::Kept).collect();
    let of_kind = |rows: &[RegisterRow], kind: RegisterKind| -> Vec<usize> {
        sound.iter().copied().filter(|&row| rows[row].kind == kind).collect()
    };
    let reads = of_kind(rows, RegisterKind::Read);
    if reads.len() == sound.len() {
        settle_equals(rows, &reads);
        return;
    }
    let exchange: Vec<usize> = [RegisterKind::Removed, RegisterKind::Installed]
        .into_iter()
        .filter_map(|kind| settle_equals(rows, &of_kind(rows, kind)))
        .collect();
    let mut others = Vec::new();
    for read in reads {
        match exchange.iter().find(|&&kept| rows[kept].shows_the_same(&rows[read])) {
            Some(&kept) => follow(rows, read, kept),
            None => others.push(read),
        }
    }
    if !others.is_empty() {
        settle_others(rows, &sound, &exchange, &others);
    }
}

/// Settles readings that differ from the removal and the installation of their instant.
fn settle_others(rows: &mut [RegisterRow], sound: &[usize], exchange: &[usize], others: &[usize]) {
    let [exchange_is_read, others_are_read] =
        [exchange, others].map(|group| group.iter().any(|&row| !rows[row].is_estimated));
    match (exchange_is_read, others_are_read) {
        (true, false) => others.iter().for_each(|&row| rows[row].fate = Fate::Duplicate),
        (false, true) if !exchange.is_empty() => {
            let fate = match settle_equals(rows, others) {
                Some(_) => Fate::Duplicate,
                // Nothing of this instant counts, so there is nothing that the exchange repeats.
                None => Fate::Rejected(Rule::ConflictingReading),
            };
            exchange.iter().for_each(|&row| rows[row].fate = fate);
        }
        _ => sound.iter().for_each(|&row| rows[row].fate = Fate::Rejected(Rule::ConflictingReading)),
    }
}

/// Whether all rows of a group show the same.
fn agree(rows: &[RegisterRow], group: &[usize]) -> bool {
    group.windows(2).all(|pair| rows[pair[0]].shows_the_same(&rows[pair[1]]))
}

/// Settles rows of one kind: equal rows count once, and if rows differ, only those that are not estimated count.
/// Returns the row that is kept.
fn settle_equals(rows: &mut [RegisterRow], group: &[usize]) -> Option<usize> {
    let deciding: Vec<usize> = if agree(rows, group) {
        group.to_vec()
    } else {
        group.iter().copied().filter(|&row| !rows[row].is_estimated).collect()
    };
    if deciding.is_empty() || !agree(rows, &deciding) {
        group.iter().for_each(|&row| rows[row].fate = Fate::Rejected(Rule::ConflictingReading));
        return None;
    }
    let kept = deciding[0];
    for &row in group.iter().filter(|&&row| row != kept) {
        follow(rows, row, kept);
    }
    Some(kept)
}

/// Makes a row a duplicate of the row that is kept. The kept row takes over two things from it, if only the duplicate
/// has them: that the reading is not an estimate, and the digits of the register.
fn follow(rows: &mut [RegisterRow], row: usize, kept: usize) {
    rows[row].fate = Fate::Duplicate;
    let other = rows[row];
    if rows[kept].shows_the_same(&other) {
        rows[kept].is_estimated &= other.is_estimated;
        rows[kept].digits = rows[kept].digits.max(other.digits);
    }
}
