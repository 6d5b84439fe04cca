//! Tests who is above a line with ties, vetoed customers and floors next to it.

use super::*;
use crate::contract::IncidentKind;
use crate::cycle::Cycle;
use crate::fixture::{DraftCustomer, cycle};
use crate::incident::Offence;
use crate::index::CustomerIx;
use crate::method::PRESETS;
use crate::tier::Previous;
use crate::unit::Month;

const END: Month = Month(12 * 53);

fn method(changes: &[(&str, &str)]) -> Method {
    let text = PRESETS[1].1.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
    let text = text.replace("strata = \"supply_level\"", "strata = \"none\"");
    let text = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    Method::parse("m.toml", &text).unwrap()
}

/// Graded customers, each with a share of bills paid on time, which gives the score, and revenue, which orders equal
/// scores.
fn graded(method: &Method, people: &[(f64, bool)]) -> Cycle {
    let draft = |(at, (share, is_thief)): (usize, &(f64, bool))| {
        let mut draft = DraftCustomer::new(format!("{at:02}"), &[("on_time_payment", *share)]);
        let (customer, month) = (CustomerIx::new(0), END.plus(-1));
        let theft = Offence { customer, month, kind: IncidentKind::Theft, severity: 1 };
        draft.offences.extend(is_thief.then_some(theft));
        draft
    };
    cycle(method, END, people.iter().enumerate().map(draft).collect(), Previous::new())
}

fn key_of(cycle: &Cycle, at: usize) -> RankKey {
    let row = &cycle.rows[at];
    RankKey {
        number: row.number,
        vetoed: row.ceiling.is_some(),
        score_e6: row.score_e6,
        revenue: None,
        energy: None,
    }
}

fn lines(cycle: &Cycle) -> TierLines {
    let ranked = cycle.rows.iter().enumerate();
    let ranked = ranked.filter_map(|(at, row)| Some(RankedAt { at, stratum: row.stratum, rank: row.rank? }));
    TierLines::new(&cycle.strata, &cycle.ledger, ranked, |at| key_of(cycle, at), &cycle.method).unwrap()
}

/// The tier of a customer with this score. `number` orders it among customers of equal score.
fn tier_by_lines(lines: &TierLines, score: f64, number: u32, vetoed: bool) -> Tier {
    let score_e6 = Some((score * 1e6) as i64);
    let key = RankKey { number, vetoed, score_e6, revenue: None, energy: None };
    lines.tier(0, &key, vetoed.then_some(Tier::Grade3)).unwrap()
}

fn shares(of: &[u32]) -> Vec<(f64, bool)> {
    of.iter().map(|share| (f64::from(*share) / 100.0, false)).collect()
}

#[test]
fn ranked_customers_get_the_tiers_that_were_published() {
    let people: Vec<(f64, bool)> = (0..40).map(|at| (f64::from(at % 7) / 7.0, at % 5 == 0)).collect();
    for ties in ["break", "up", "down"] {
        for floor in ["", "[tiers.lines]\nspecial = 60\ngrade-1 = 30\n\n"] {
            let changes = [
                ("ties = \"break\"", format!("ties = \"{ties}\"")),
                ("[weights]", format!("{floor}[weights]")),
            ];
            let changes: Vec<(&str, &str)> = changes.iter().map(|(from, to)| (*from, to.as_str())).collect();
            let cycle = graded(&method(&changes), &people);
            let lines = lines(&cycle);
            for (at, row) in cycle.rows.iter().enumerate() {
                let expected = row.computed.map(|tier| row.ceiling.map_or(tier, |ceiling| tier.max(ceiling)));
                let found = lines.tier(row.stratum, &key_of(&cycle, at), row.ceiling);
                assert_eq!(found, expected, "{ties} {floor} {at}");
            }
        }
    }
}

#[test]
fn at_the_holders_score_the_id_decides_unless_ties_are_kept() {
    let people = shares(&[90, 80, 80, 80, 80, 70, 60, 50, 40, 30]);
    let broken = lines(&graded(&method(&[]), &people));
    // Four customers are above the line of grade-1, so its holder is number 3.
    assert_eq!(
        [2, 3, 4].map(|id| tier_by_lines(&broken, 80.0, id, false)),
        [Tier::Grade1, Tier::Grade1, Tier::Grade2]
    );
    let up = lines(&graded(&method(&[("ties = \"break\"", "ties = \"up\"")]), &people));
    assert_eq!(
        [tier_by_lines(&up, 80.0, 99, false), tier_by_lines(&up, 79.0, 0, false)],
        [Tier::Grade1, Tier::Grade2]
    );
    let down = lines(&graded(&method(&[("ties = \"break\"", "ties = \"down\"")]), &people));
    assert_eq!(
        [tier_by_lines(&down, 90.0, 99, false), tier_by_lines(&down, 80.0, 0, false)],
        [Tier::Special, Tier::Grade2]
    );
}

#[test]
fn a_vetoed_customer_beside_a_line_does_not_lower_it() {
    // Of ten customers, nine are above the line of grade-2, and five are vetoed: the holder is a vetoed customer.
    let people: Vec<(f64, bool)> = (0..10).map(|at| (1.0 - f64::from(at) / 10.0, at < 5)).collect();
    let lines = lines(&graded(&method(&[]), &people));
    assert_eq!(tier_by_lines(&lines, 1.0, 99, false), Tier::Grade2);
    assert_eq!(tier_by_lines(&lines, 99.0, 99, true), Tier::Grade3);
}

#[test]
fn if_a_floor_leaves_places_empty_the_floor_decides() {
    let floor = ("[weights]", "[tiers.lines]\nspecial = 95\n\n[weights]");
    let lines = lines(&graded(&method(&[floor]), &shares(&[90, 80, 70, 60, 50, 40, 30, 20, 10, 5])));
    assert_eq!(
        tier_by_lines(&lines, 95.0, 99, false),
        Tier::Special,
        "nobody reaches the floor, and places are empty"
    );
    assert_eq!(tier_by_lines(&lines, 94.0, 0, false), Tier::Grade1);
}

#[test]
fn nobody_is_above_a_line_without_places_and_everybody_is_above_a_line_with_places_for_all() {
    let quotas = ("quotas = [10, 30, 50, 10]", "quotas = [0, 50, 50, 0]");
    let lines = lines(&graded(&method(&[quotas]), &shares(&[90, 80, 70, 60])));
    assert_eq!(tier_by_lines(&lines, 100.0, 0, false), Tier::Grade1);
    assert_eq!(tier_by_lines(&lines, 0.0, 99, false), Tier::Grade2);
}
