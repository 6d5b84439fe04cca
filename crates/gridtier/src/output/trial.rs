//! The outcome of grading a cycle by another method (a trial), as tables.

use super::{INTEGER, NUMBER, Output, TEXT, counts, full, integers, nullable, numbers, table, text};
use crate::cycle::{Cycle, Placed};
use crate::whatif::TrialOutcome;
use crate::word::Word;

/// The tables of a trial, each sorted by its key.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, outcome: &'a TrialOutcome) -> Vec<Output<'a>> {
    vec![changed(cycle, outcome), tier_counts(outcome), shares(outcome)]
}

/// The customers whose final tier changes.
fn changed<'a>(cycle: &'a Cycle, outcome: &'a TrialOutcome) -> Output<'a> {
    let fields = vec![
        full("customer_id", TEXT),
        full("stratum", TEXT),
        nullable("rank_before", INTEGER),
        nullable("rank_after", INTEGER),
        nullable("score_before_e6", INTEGER),
        nullable("score_after_e6", INTEGER),
        full("tier_before", TEXT),
        full("tier_after", TEXT),
    ];
    table("whatif_changed", fields, outcome.changed.len(), move |rows| {
        let positions = &outcome.changed[rows];
        let before: Vec<&Placed> = positions.iter().map(|&at| &cycle.rows[at]).collect();
        let tiers = &outcome.tiers;
        vec![
            text(before.iter().map(|row| Some(cycle.customers.ids.key(row.number)))),
            text(positions.iter().map(|&at| Some(tiers.stratum(at)))),
            counts(before.iter().map(|row| row.rank)),
            counts(positions.iter().map(|&at| tiers.rank(at))),
            integers(before.iter().map(|row| row.score_e6)),
            integers(positions.iter().map(|&at| outcome.scores.score_e6(at))),
            text(before.iter().map(|row| Some(row.tier.code()))),
            text(positions.iter().map(|&at| Some(tiers.tier[at].code()))),
        ]
    })
}

fn tier_counts(outcome: &TrialOutcome) -> Output<'_> {
    let fields =
        vec![full("stratum", TEXT), full("tier", TEXT), full("before", INTEGER), full("after", INTEGER)];
    table("whatif_counts", fields, outcome.counts.len(), move |rows| {
        let tier_counts = &outcome.counts[rows];
        vec![
            text(tier_counts.iter().map(|count| Some(count.stratum.as_str()))),
            text(tier_counts.iter().map(|count| Some(count.tier))),
            counts(tier_counts.iter().map(|count| Some(count.before))),
            counts(tier_counts.iter().map(|count| Some(count.after))),
        ]
    })
}

fn shares(outcome: &TrialOutcome) -> Output<'_> {
    let fields = vec![
        full("tiers", TEXT),
        full("revenue_before", NUMBER),
        full("revenue_after", NUMBER),
        full("energy_before", NUMBER),
        full("energy_after", NUMBER),
    ];
    table("whatif_shares", fields, outcome.shares.len(), move |rows| {
        let shares = &outcome.shares[rows];
        vec![
            text(shares.iter().map(|shares| Some(shares.tiers))),
            numbers(shares.iter().map(|shares| Some(shares.revenue_before))),
            numbers(shares.iter().map(|shares| Some(shares.revenue_after))),
            numbers(shares.iter().map(|shares| Some(shares.energy_before))),
            numbers(shares.iter().map(|shares| Some(shares.energy_after))),
        ]
    })
}
