use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::*;
use crate::compare::{RankedAt, TierLines};
use crate::contract::IncidentKind;
use crate::cycle::{Cycle, Placed};
use crate::fixture::{self, DraftCustomer};
use crate::incident::Offence;
use crate::index::{CustomerIx, index};
use crate::indicator::IndicatorValue;
use crate::indicator::registry::{ANNUAL_ENERGY, ANNUAL_REVENUE};
use crate::method::{AppealQuota, Method, Tier};
use crate::score::{Provisional, ScoreParts};
use crate::tier::{Policy, Previous, RankKey};
use crate::unit::Month;

fn method(changes: &[(&str, &str)]) -> Method {
    let mut text = Method::preset("paper").unwrap().unwrap().text;
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Method::parse("test", &text).unwrap()
}

/// Customers c00, c01, … whose annual revenues and energies decide their scores.
fn base(method: &Method, people: u32, previous: Previous) -> Cycle {
    base_with_thieves(method, people, previous, 0)
}

/// As [`base`]; so many in ten are vetoed for theft.
fn base_with_thieves(method: &Method, people: u32, previous: Previous, thieves: u32) -> Cycle {
    let end: Month = "2026-01".to_owned().try_into().unwrap();
    let drafts = (0..people).map(|number| {
        // Several customers of each value, so that some scores are equal.
        let value = f64::from(number * 7919 % people / 2);
        let mut draft = DraftCustomer::new(format!("c{number:02}"), &[]);
        let specs = method.indicators.iter().filter(|spec| spec.weight.is_some());
        draft.values = specs.map(|spec| (id(&spec.id), IndicatorValue::Known(value))).collect();
        draft.covered_months = if number % 11 == 5 { 2 } else { 36 };
        let (customer, month) = (CustomerIx::new(0), end.plus(-1));
        let theft = Offence { customer, month, kind: IncidentKind::Theft, severity: 1 };
        draft.offences.extend((number % 10 < thieves).then_some(theft));
        draft
    });
    fixture::cycle(method, end, drafts.collect(), previous)
}

/// Ids of the registry are `&'static str`.
fn id(id: &str) -> &'static str {
    crate::indicator::registry::find(id).unwrap().id
}

fn corrected(cycle: &Cycle, at: usize) -> CorrectedCustomer {
    let row = &cycle.rows[at];
    CorrectedCustomer {
        stratum: row.stratum,
        values: cycle.columns.iter().map(|column| column.get(index(row.number))).collect(),
        score_e6: row.score_e6,
        parts: ScoreParts { contributions: Vec::new(), dimensions: row.dimensions },
        known_weight: 1.0,
        provisional: row.provisional,
        firm_from: None,
        ceiling: row.ceiling,
    }
}

/// The order of customers in these tests: veto, score, revenue, energy, id.
type HandKey = (bool, Reverse<i64>, Reverse<i64>, Reverse<i64>, usize);

fn hand_key(at: usize, vetoed: bool, score: Option<i64>, amounts: [Option<f64>; 2]) -> HandKey {
    let [revenue, energy] = amounts.map(|amount| amount.map_or(i64::MIN, |amount| (amount * 1e3) as i64));
    (vetoed, Reverse(score.unwrap_or(-1)), Reverse(revenue), Reverse(energy), at)
}

/// All ranked customers after an appeal, sorted anew by their scores.
fn order_by_hand(cycle: &Cycle, at: usize, new: &CorrectedCustomer) -> Vec<usize> {
    let mut keys: Vec<HandKey> = Vec::new();
    for (position, row) in cycle.rows.iter().enumerate() {
        let (is_ranked, vetoed, score, amounts) = if position == at {
            let amounts = [ANNUAL_REVENUE, ANNUAL_ENERGY].map(|place| new.values[place.index()].known());
            (new.provisional.is_none(), new.ceiling.is_some(), new.score_e6, amounts)
        } else {
            let amounts =
                [ANNUAL_REVENUE, ANNUAL_ENERGY].map(|place| cycle.registry_value(place, row.number));
            (row.rank.is_some(), row.ceiling.is_some(), row.score_e6, amounts)
        };
        if is_ranked {
            keys.push(hand_key(position, vetoed, score, amounts));
        }
    }
    keys.sort_unstable();
    keys.into_iter().map(|key| key.4).collect()
}

/// Rank and final tier of every row after an appeal that keeps the quotas, found by sorting and counting anew.
fn regraded_by_hand(
    cycle: &Cycle,
    at: usize,
    new: &CorrectedCustomer,
) -> BTreeMap<usize, (Option<u64>, Tier)> {
    let order = order_by_hand(cycle, at, new);
    let ceiling = |position: usize| if position == at { new.ceiling } else { cycle.rows[position].ceiling };
    let lines =
        cycle.method.lines.boundaries("all").map(|percent| (order.len() * percent as usize + 50) / 100);
    let mut graded: BTreeMap<usize, (Option<u64>, Tier)> = BTreeMap::new();
    for position in 0..cycle.rows.len() {
        let tier = cycle.method.provisional_tier;
        graded.insert(position, (None, ceiling(position).map_or(tier, |ceiling| tier.max(ceiling))));
    }
    for (place, &position) in order.iter().enumerate() {
        let tier = Tier::ALL[lines.iter().filter(|line| place >= **line).count()];
        let tier = ceiling(position).map_or(tier, |ceiling| tier.max(ceiling));
        graded.insert(position, (Some(place as u64 + 1), tier));
    }
    graded
}

fn row<'a>(cycle: &'a Cycle, placing: &'a Placing, at: usize) -> &'a Placed {
    placing.rows.get(&at).unwrap_or(&cycle.rows[at])
}

/// Corrections of one customer: better, worse, vetoed, provisional, firm.
fn corrections(cycle: &Cycle, at: usize) -> Vec<CorrectedCustomer> {
    let as_it_is = corrected(cycle, at);
    let score =
        |score_e6: i64| CorrectedCustomer { score_e6: Some(score_e6), provisional: None, ..as_it_is.clone() };
    let other = |step: usize| cycle.rows[(at + step) % cycle.rows.len()].score_e6.unwrap();
    vec![
        as_it_is.clone(),
        score(100_000_000),
        score(0),
        // The same score as another customer.
        score(other(1)),
        score(other(17)),
        score(other(29)),
        CorrectedCustomer { ceiling: Some(Tier::Grade3), ..score(90_000_000) },
        CorrectedCustomer { provisional: Some(Provisional::ShortHistory), ..as_it_is.clone() },
    ]
}

#[test]
fn if_quotas_stay_ranks_and_tiers_are_those_of_sorting_all_scores_again() {
    let cycle = base(&method(&[]), 60, Previous::new());
    let mut rippled = 0;
    for at in 0..cycle.rows.len() {
        for new in corrections(&cycle, at) {
            let placing = Placing::new(&cycle, at, &new, AppealQuota::Displacement).unwrap();
            let expected = regraded_by_hand(&cycle, at, &new);
            let mut ripple = Vec::new();
            for (&position, &(rank, tier)) in &expected {
                let found = row(&cycle, &placing, position);
                assert_eq!(
                    (found.rank, found.tier),
                    (rank, tier),
                    "customer {position} at an appeal of {at}"
                );
                let before = cycle.rows[position].tier;
                if position != at && before != tier {
                    let customer_id = cycle.customers.ids.key(found.number).to_owned();
                    ripple.push(RippledCustomer { customer_id, before, after: tier });
                }
            }
            assert_eq!(placing.ripple, ripple);
            rippled += ripple.len();
        }
    }
    assert!(rippled > 100, "{rippled}");
}

#[test]
fn if_the_tier_gets_one_more_customer_nobody_else_moves_and_all_counts_agree() {
    let cycle = base(&method(&[]), 60, Previous::new());
    let (mut risen, mut fallen) = (0, 0);
    for at in 0..cycle.rows.len() {
        for new in corrections(&cycle, at) {
            let placing = Placing::new(&cycle, at, &new, AppealQuota::Supernumerary).unwrap();
            assert_eq!(placing.ripple, []);
            let order = order_by_hand(&cycle, at, &new);
            for (place, &position) in order.iter().enumerate() {
                let found = row(&cycle, &placing, position);
                assert_eq!(found.rank, Some(place as u64 + 1));
                let above = placing.ledger.iter().filter(|line| found.rank > Some(line.count)).count();
                assert_eq!(found.computed, Some(Tier::ALL[above]), "the ledger gives the tier");
                if position != at {
                    assert_eq!(found.computed, cycle.rows[position].computed);
                }
            }
            for line in &placing.ledger {
                assert_eq!(line.customers, order.len() as u64);
                // The number of customers above a line follows from the computed tiers.
                let above = order
                    .iter()
                    .filter(|&&position| row(&cycle, &placing, position).computed <= Some(line.better));
                assert_eq!(line.count, above.count() as u64);
            }
            risen += u32::from(placing.after.tier < placing.before.tier);
            fallen += u32::from(placing.after.tier > placing.before.tier);
        }
    }
    assert!(risen > 20 && fallen > 20, "{risen}, {fallen}");
}

/// Tests that the lines of a revision give its ranked customers the tiers that they have, as every comparison with the
/// revision does.
fn assert_lines_hold(cycle: &Cycle, placing: &Placing, own_key: &RankKey) {
    let key = |at: usize| {
        let published = row(cycle, placing, at);
        let [revenue, energy] =
            [ANNUAL_REVENUE, ANNUAL_ENERGY].map(|of| cycle.registry_value(of, published.number));
        let (vetoed, score_e6) = (published.ceiling.is_some(), published.score_e6);
        let published = RankKey { number: published.number, vetoed, score_e6, revenue, energy };
        if at == placing.at { own_key.clone() } else { published }
    };
    let ranked = (0..cycle.rows.len()).filter_map(|at| {
        let row = row(cycle, placing, at);
        Some(RankedAt { at, stratum: row.stratum, rank: row.rank? })
    });
    let lines = TierLines::new(&cycle.strata, &placing.ledger, ranked, key, &cycle.method).unwrap();
    for at in 0..cycle.rows.len() {
        let row = row(cycle, placing, at);
        let Some(computed) = row.computed else { continue };
        let expected = row.ceiling.map_or(computed, |ceiling| ceiling.max(computed));
        let found = lines.tier(row.stratum, &key(at), row.ceiling);
        assert_eq!(found, Some(expected), "row {at} at an appeal of row {}", placing.at);
    }
}

#[test]
fn the_lines_of_a_revision_give_its_tiers_with_ties_and_floors_too() {
    for ties in ["break", "up", "down"] {
        for floors in ["", "[tiers.lines]\nspecial = 97\ngrade-1 = 62\ngrade-2 = 40\n\n"] {
            let (ties, floors) = (format!("ties = \"{ties}\""), format!("{floors}[weights]"));
            let method = method(&[("ties = \"break\"", &ties), ("[weights]", &floors)]);
            for (thieves, at) in [0, 2, 6].into_iter().flat_map(|of| (0..60).map(move |at| (of, at))) {
                let cycle = base_with_thieves(&method, 60, Previous::new(), thieves);
                let near = [97, 62, 40].map(|floor| {
                    [floor * 1_000_000 - 1, floor * 1_000_000, floor * 1_000_000 + 1_500_000].map(
                        |score_e6| {
                            let score_e6 = Some(score_e6);
                            CorrectedCustomer { score_e6, provisional: None, ..corrected(&cycle, at) }
                        },
                    )
                });
                let all: Vec<CorrectedCustomer> =
                    corrections(&cycle, at).into_iter().chain(near.into_iter().flatten()).collect();
                let pardoned = all.iter().map(|new| CorrectedCustomer { ceiling: None, ..new.clone() });
                for new in all.iter().cloned().chain(pardoned) {
                    let placing = Placing::new(&cycle, at, &new, AppealQuota::Supernumerary).unwrap();
                    assert_eq!(placing.ripple, []);
                    assert_lines_hold(&cycle, &placing, &new.key(cycle.rows[at].number));
                }
            }
        }
    }
}

#[test]
fn a_correction_that_passes_nobody_changes_no_tier() {
    let cycle = base(&method(&[]), 60, Previous::new());
    for at in (0..cycle.rows.len()).filter(|&at| cycle.rows[at].rank.is_some()) {
        for quota in [AppealQuota::Supernumerary, AppealQuota::Displacement] {
            let placing = Placing::new(&cycle, at, &corrected(&cycle, at), quota).unwrap();
            assert!(!placing.changes_places());
            assert_eq!((placing.rows[&at].clone(), &placing.ledger), (cycle.rows[at].clone(), &cycle.ledger));
        }
    }
}

#[test]
fn overrides_and_vetoes_hold_as_in_the_cycle() {
    let pinned = "[[override]]\ncustomer_id = \"c20\"\ntier = \"grade-2\"\nkind = \"pin\"\napprover = \
                  \"Li\"\nreason = \"r\"\nexpires = 2026-12-31\n\n[limits]";
    let cycle = base(&method(&[("[limits]", pinned)]), 60, Previous::new());
    let at = (0..60).find(|&at| cycle.customers.ids.key(cycle.rows[at].number) == "c20").unwrap();
    let best = CorrectedCustomer { score_e6: Some(100_000_000), provisional: None, ..corrected(&cycle, at) };
    let placing = Placing::new(&cycle, at, &best, AppealQuota::Supernumerary).unwrap();
    let found = &placing.rows[&at];
    assert_eq!((found.rank, found.computed, found.tier), (Some(1), Some(Tier::Special), Tier::Grade2));
    assert_eq!(found.policy, Some(Policy::Override));
    let vetoed = CorrectedCustomer { ceiling: Some(Tier::Grade3), ..corrected(&cycle, at + 1) };
    let placing = Placing::new(&cycle, at + 1, &vetoed, AppealQuota::Displacement).unwrap();
    assert_eq!((placing.after.tier, placing.rows[&(at + 1)].ceiling), (Tier::Grade3, Some(Tier::Grade3)));
}

#[test]
fn hysteresis_holds_a_customer_who_passes_a_line_by_little() {
    let method = method(&[("[limits]", "[hysteresis]\nband = 0.05\n\n[limits]")]);
    let cycle = base(&method, 60, Previous::new());
    // The first of grade-1 was grade-1 before and now passes the line to special by one rank.
    let special = cycle.rows.iter().filter(|row| row.computed == Some(Tier::Special)).count() as u64;
    let find = |rank: u64| cycle.rows.iter().position(|row| row.rank == Some(rank)).unwrap();
    let (last, first) = (find(special), find(special + 1));
    let id = |at: usize| cycle.customers.ids.key(cycle.rows[at].number).to_owned();
    let previous = Previous::from([(id(first), Tier::Grade1)]);
    let cycle = Cycle { previous, ..cycle };
    let score = cycle.rows[last].score_e6.map(|score| score + 1);
    let new = CorrectedCustomer { score_e6: score, ..corrected(&cycle, first) };
    let placing = Placing::new(&cycle, first, &new, AppealQuota::Supernumerary).unwrap();
    let found = &placing.rows[&first];
    assert_eq!((found.computed, found.tier), (Some(Tier::Special), Tier::Grade1));
    assert_eq!(found.policy, Some(Policy::Hysteresis));
}

#[test]
fn a_customer_of_another_group_leaves_one_stratum_and_enters_the_other_below_its_lines() {
    let cycle = base(&method(&[]), 60, Previous::new());
    let mut cycle = cycle;
    cycle.strata.push("zz".into());
    let new = CorrectedCustomer { stratum: 1, ..corrected(&cycle, 3) };
    let placing = Placing::new(&cycle, 3, &new, AppealQuota::Displacement).unwrap();
    let found = &placing.rows[&3];
    assert_eq!((found.stratum, found.rank), (1, Some(1)));
    let ranked = cycle.rows.iter().filter(|row| row.rank.is_some()).count() as u64;
    let customers: Vec<u64> = placing.ledger.iter().map(|line| line.customers).collect();
    assert_eq!(customers, [ranked - 1, ranked - 1, ranked - 1, 1, 1, 1]);
}

#[test]
fn ranks_that_contradict_the_ledger_are_refused() {
    let mut cycle = base(&method(&[]), 60, Previous::new());
    cycle.ledger[0].customers += 1;
    let new = corrected(&cycle, 0);
    assert!(Placing::new(&cycle, 0, &new, AppealQuota::Supernumerary).is_err());
    let _: Month = cycle.end;
}
