//! Pairs of cycles drawn from a seed, for laws that hold for every pair.

use crate::contract::{IncidentKind, SupplyLevel};
use crate::cycle::Cycle;
use crate::fixture::{DraftCustomer, cycle};
use crate::incident::Offence;
use crate::index::CustomerIx;
use crate::indicator::IndicatorValue;
use crate::method::{Method, PRESETS, Tier};
use crate::tier::Previous;
use crate::unit::Month;
use crate::word::Word;

pub const END: Month = Month(12 * 53);
pub const LATER: Month = Month(12 * 56);

/// Numbers drawn by a linear congruential generator.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Changes of a preset: a text of the preset, and the texts that may replace it.
const CHANGES: [(&str, &[&str]); 9] = [
    ("min_months = 12", &["min_months = 24"]),
    ("reweight_limit = 2", &["reweight_limit = 2\nnormalise_within = \"stratum\""]),
    ("min_known_weight = 0.5", &["min_known_weight = 0.3", "min_known_weight = 0"]),
    ("unknown = \"reweight\"", &["unknown = \"worst\"", "unknown = \"neutral\""]),
    ("combine = \"weighted_sum\"", &["combine = \"weighted_product\"", "combine = \"topsis\""]),
    ("quotas = [10, 30, 50, 10]", &["quotas = [20, 30, 40, 10]", "quotas = [0, 50, 50, 0]"]),
    ("ties = \"break\"", &["ties = \"up\"", "ties = \"down\""]),
    ("strata = \"supply_level\"", &["strata = \"none\""]),
    (
        "contribution = 0.5396\ncompliance = 0.2970",
        &["contribution = 0.4396\ncompliance = 0.3970", "contribution = 0.8366\ncompliance = 0.0"],
    ),
];
/// Texts that may be added to a preset.
const ADDITIONS: [&str; 5] = [
    "[hysteresis]\nband = 0.1\n",
    "[step_limit]\nup = 1\n",
    "[[veto]]\nname = \"more\"\nkinds = [\"violation\"]\nmin_severity = 2\nceiling = \"grade-1\"\n",
    "[tiers.lines]\nspecial = 70\n",
    "[[override]]\ncustomer_id = \"0007\"\nkind = \"pin\"\ntier = \"special\"\napprover = \"a\"\nreason = \"b\"\n\
     expires = 2199-01-01\n",
];
/// Expressions of an indicator that the method itself defines; it gets the weight of replaceable_share.
const OWN_EXPRESSIONS: [&str; 2] = ["peak_wh / active_wh", "readings + 1"];

/// A method with about `changed` of the ten possible changes.
pub fn method(draw: &mut Draw, changed: u64) -> Method {
    let mut text = PRESETS[1].1.to_owned();
    let min_stratum = draw.pick(&["min_stratum = 1", "min_stratum = 10", "min_stratum = 30"]);
    text = text.replace("min_stratum = 30", min_stratum);
    for (from, to) in CHANGES {
        if draw.below(10) < changed {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, draw.pick(to));
        }
    }
    if draw.below(10) < changed {
        let expr = draw.pick(&OWN_EXPRESSIONS);
        text = text.replace("\nreplaceable_share = 0.5", "\nnight_share = 0.5");
        let own = format!(
            "[indicators]\nnight_share = {{ expr = \"{expr}\", unit = \"share\", direction = \"+\", normalise = \
             \"min_max\", quantiles = [0.01, 0.99] }}"
        );
        text = text.replace("[indicators]", &own);
    }
    for addition in ADDITIONS {
        if draw.below(10) < changed {
            text = text.replacen("[weights]\n", &format!("{addition}\n[weights]\n"), 1);
        }
    }
    Method::parse("m.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

const INDICATORS: [&str; 8] = [
    "annual_energy",
    "annual_revenue",
    "energy_growth",
    "on_time_payment",
    "overdue_days",
    "violation_points",
    "suggestion_points",
    "night_share",
];

fn value(draw: &mut Draw) -> IndicatorValue {
    match draw.below(12) {
        0 => IndicatorValue::Unknown,
        1 => IndicatorValue::NotApplicable,
        // Only a few values are drawn, so that there are ties.
        more => IndicatorValue::Known(more as f64 * 0.1),
    }
}

fn customer(draw: &mut Draw, number: u64) -> DraftCustomer {
    let mut customer = DraftCustomer::new(format!("{number:04}"), &[]);
    customer.supply_level = SupplyLevel::ALL[draw.below(3) as usize];
    customer.covered_months = if draw.one_in(6) { draw.below(36) as u32 } else { 36 };
    customer.values = INDICATORS.iter().map(|id| (*id, value(draw))).collect();
    if draw.one_in(8) {
        customer.offences.push(offence(draw));
    }
    customer
}

fn offence(draw: &mut Draw) -> Offence {
    let kind = if draw.one_in(2) { IncidentKind::Theft } else { IncidentKind::Violation };
    let severity = 1 + draw.below(5) as u8;
    Offence { customer: CustomerIx::new(0), month: END.plus(-3), kind, severity }
}

/// The same customer in a later cycle.
fn later(draw: &mut Draw, was: &DraftCustomer, changed: u64) -> DraftCustomer {
    let mut customer = was.clone();
    for (_, old) in &mut customer.values {
        if draw.below(10) < changed {
            *old = value(draw);
        }
    }
    if draw.below(20) < changed {
        customer.supply_level = SupplyLevel::ALL[draw.below(3) as usize];
    }
    if draw.below(20) < changed {
        customer.offences.push(offence(draw));
    }
    customer
}

/// Two cycles, and perhaps a revision of the first one.
pub struct GeneratedPair {
    pub before: Cycle,
    pub revision: Option<Cycle>,
    pub after: Cycle,
}

/// A pair of cycles. With `equal_methods`, both methods have the same text.
pub fn pair(seed: u64, equal_methods: bool) -> GeneratedPair {
    let mut draw = Draw::new(seed);
    let old = method(&mut draw, 3);
    let new = if equal_methods || draw.one_in(4) { old.clone() } else { method(&mut draw, 3) };
    let people = if draw.one_in(6) { 1 + draw.below(3) } else { 1 + draw.below(90) };
    let mut customers: Vec<DraftCustomer> = (0..people).map(|number| customer(&mut draw, number)).collect();
    if draw.one_in(10) {
        customers.iter_mut().for_each(|customer| customer.covered_months = 1);
    }
    let before = cycle(&old, END, customers.clone(), Previous::new());
    let revision = draw.one_in(2).then(|| {
        let mut kept: Vec<DraftCustomer> = Vec::new();
        for customer in &customers {
            if !draw.one_in(10) {
                kept.push(later(&mut draw, customer, 1));
            }
        }
        cycle(&old, END, kept, Previous::new())
    });
    let mut others: Vec<DraftCustomer> = Vec::new();
    for was in &customers {
        let mut is = later(&mut draw, was, 3);
        match draw.below(15) {
            0 => is.closed_on = Some(LATER.first_day() - 1),
            1 => continue,
            _ => {}
        }
        others.push(is);
    }
    for number in 0..draw.below(12) {
        let opened_on = if draw.one_in(3) { 0 } else { END.first_day() };
        others.push(DraftCustomer { opened_on, ..customer(&mut draw, 1_000 + number) });
    }
    let previous = before.rows.iter();
    let previous: Previous = previous
        .map(|row| (before.customers.ids.key(row.number).to_owned(), row.tier))
        .filter(|(_, tier): &(String, Tier)| Tier::ALL.contains(tier))
        .collect();
    let mut after = cycle(&new, LATER, others.clone(), previous);
    if !draw.one_in(5) {
        express(&mut after, &old, others);
    }
    GeneratedPair { before, revision, after }
}

/// Gives a cycle the values that its customers have by another method's expressions.
fn express(cycle: &mut Cycle, method: &Method, mut customers: Vec<DraftCustomer>) {
    customers.sort_by(|a, b| a.id.cmp(&b.id));
    for expression in &method.own {
        cycle.expressed.push((expression.clone(), customers.iter().map(night_share).collect()));
    }
}

/// The share of energy used at night, from the values of a draft.
fn night_share(customer: &DraftCustomer) -> IndicatorValue {
    let found = customer.values.iter().find(|(id, _)| *id == "night_share");
    found.map_or(IndicatorValue::Unknown, |(_, value)| *value)
}
