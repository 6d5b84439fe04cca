//! What another method would make of a cycle, as tables.

use super::{INTEGER, NUMBER, Output, TEXT, full, integers, nullable, numbers, table, text};
use crate::cycle::Cycle;
use crate::whatif::TrialOutcome;
use crate::word::Word;

/// The tables of a trial, each by its key.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, outcome: &'a TrialOutcome) -> Vec<Output<'a>> {
    vec![changed(cycle, outcome), counts(outcome), shares(outcome)]
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
        let each = || outcome.changed[rows.clone()].iter().map(|&at| (at, &cycle.rows[at]));
        let tiers = &outcome.tiers;
        vec![
            text(each().map(|(_, row)| Some(cycle.customers.ids.key(row.number)))),
            text(each().map(|(at, _)| Some(tiers.stratum(at)))),
            integers(each().map(|(_, row)| row.rank.map(|rank| rank as i64))),
            integers(each().map(|(at, _)| tiers.rank(at).map(|rank| rank as i64))),
            integers(each().map(|(_, row)| row.score_e6)),
            integers(each().map(|(at, _)| outcome.scores.score_e6(at))),
            text(each().map(|(_, row)| Some(row.tier.code()))),
            text(each().map(|(at, _)| Some(tiers.tier[at].code()))),
        ]
    })
}

fn counts(outcome: &TrialOutcome) -> Output<'_> {
    let fields =
        vec![full("stratum", TEXT), full("tier", TEXT), full("before", INTEGER), full("after", INTEGER)];
    table("whatif_counts", fields, outcome.counts.len(), move |rows| {
        let each = || outcome.counts[rows.clone()].iter();
        vec![
            text(each().map(|count| Some(count.stratum.as_str()))),
            text(each().map(|count| Some(count.tier))),
            integers(each().map(|count| Some(count.before as i64))),
            integers(each().map(|count| Some(count.after as i64))),
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
        let each = || outcome.shares[rows.clone()].iter();
        vec![
            text(each().map(|shares| Some(shares.tiers))),
            numbers(each().map(|shares| Some(shares.revenue_before))),
            numbers(each().map(|shares| Some(shares.revenue_after))),
            numbers(each().map(|shares| Some(shares.energy_before))),
            numbers(each().map(|shares| Some(shares.energy_after))),
        ]
    })
}
