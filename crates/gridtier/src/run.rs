//! Calls all stages in order; no other module does.
//!
//! Facts are read once and can be judged by many methods. Whether and what to publish is the caller's decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::fact::{self, Facts};
use crate::holder::Holders;
use crate::index::{count, index};
use crate::indicator::{self, IndicatorColumn};
use crate::limit::{self, Breach};
use crate::meter::Earlier;
use crate::method::{GradingUnit, Method};
use crate::score::{self, Fitted, Holding, Parameters, Provisional, Scores};
use crate::source::{Finding, Source, Tally};
use crate::tier::{self, Previous, Tiers};
use crate::unit::{Month, Window};
use crate::word::Word;

/// A judged customer base.
#[derive(Debug)]
pub struct Graded {
    /// The facts that were judged.
    pub facts: Facts,
    /// The facts of holders; `None` if accounts are graded.
    pub holders: Option<Holders>,
    /// For each indicator of the method, the values by number of the graded customers.
    pub columns: Vec<IndicatorColumn>,
    /// The scores.
    pub scores: Scores,
    /// The tiers.
    pub tiers: Tiers,
    /// For each position, the share of drawn weights that leave a ranked customer in its tier; `None` unless it was
    /// asked for.
    pub tier_probability: Option<Vec<Option<f64>>>,
    /// The findings, sorted by table and rule.
    pub findings: Vec<Finding>,
    /// The breaches of the method's limits.
    pub breaches: Vec<Breach>,
}

/// Grades the tables of `source` as of the first day of `end`. Reads only what cannot be taken from an `earlier` cycle.
/// `notices` are the reader's own findings.
///
/// # Errors
/// The input cannot be graded.
pub fn regrade(
    source: &dyn Source,
    end: Month,
    method: &Method,
    previous: &Previous,
    earlier: Option<&Earlier>,
    notices: Vec<Finding>,
) -> Result<Graded, RunError> {
    judge(count_facts(source, end, method, earlier, notices)?, method, previous)
}

/// The facts of the tables of `source` as of the first day of `end`, for one or more methods with the window and the
/// details of `method`. Reads only what cannot be taken from an `earlier` cycle. `notices` are the reader's own findings.
///
/// # Errors
/// The input cannot be read.
pub fn count_facts(
    source: &dyn Source,
    end: Month,
    method: &Method,
    earlier: Option<&Earlier>,
    notices: Vec<Finding>,
) -> Result<Facts, RunError> {
    let window = Window { end, months: method.window_months };
    let mut facts = fact::read(source, window, method.reading_detail(), earlier)?;
    facts.findings.extend(notices);
    Ok(facts)
}

/// Judges facts by a method.
///
/// # Errors
/// Nobody can be graded by these facts, or an expression of the method fails.
pub fn judge(facts: Facts, method: &Method, previous: &Previous) -> Result<Graded, RunError> {
    Ok(judgement(&facts, method, previous)?.of(facts))
}

/// Judges facts by a method while `work` uses the facts too, such as by writing them down. Also what the work returns; it
/// is not begun if nobody can be graded by these facts.
///
/// # Errors
/// Nobody can be graded by these facts, or an expression of the method fails.
pub fn judge_beside<T: Send>(
    facts: Facts,
    method: &Method,
    previous: &Previous,
    work: impl FnOnce(&Facts) -> T + Send,
) -> Result<(Graded, T), RunError> {
    if let Some(refusal) = &facts.refusal {
        return Err(refusal.clone().into());
    }
    let (judged, done) = rayon::join(|| judgement(&facts, method, previous), || work(&facts));
    Ok((judged?.of(facts), done))
}

/// What a method makes of facts.
struct Judgement {
    holders: Option<Holders>,
    columns: Vec<IndicatorColumn>,
    scores: Scores,
    tiers: Tiers,
    findings: Vec<Finding>,
    breaches: Vec<Breach>,
}

impl Judgement {
    /// The judgement with the facts that were judged.
    fn of(self, facts: Facts) -> Graded {
        let Self { holders, columns, scores, tiers, findings, breaches } = self;
        Graded { facts, holders, columns, scores, tiers, tier_probability: None, findings, breaches }
    }
}

fn judgement(facts: &Facts, method: &Method, previous: &Previous) -> Result<Judgement, RunError> {
    if let Some(refusal) = &facts.refusal {
        return Err(refusal.clone().into());
    }
    let mut holders = match method.grading_unit {
        GradingUnit::Account => None,
        GradingUnit::Holder => Some(Holders::of(facts, method.wanted())?),
    };
    let columns = match &mut holders {
        None => indicator::compute(facts, method.wanted())?,
        Some(holders) => std::mem::take(&mut holders.columns),
    };
    let holding = holders.as_ref().map(|holders| Holding { accounts: facts, members: &holders.members });
    let judged = holders.as_ref().map_or(facts, |holders| &holders.facts);
    let scores = score::score(judged, &columns, method, holding);
    let tiers = tier::grade(judged, &columns, &scores, method, previous, holding);
    let mut findings = facts.findings.clone();
    findings.extend(tiers.findings.iter().cloned());
    findings.extend(degenerate(method, &scores));
    findings.extend(guarded(method, &scores));
    let mut breaches = limit::of_facts(facts, method);
    let (noticed, beyond) = limit::of_scores(&judged.customers, &columns, &scores, method);
    findings.extend(noticed);
    breaches.extend(beyond);
    sort(&mut findings);
    Ok(Judgement { holders, columns, scores, tiers, findings, breaches })
}

/// Puts findings in the order in which they are published: by table and rule code.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (&a.table, a.rule.code()).cmp(&(&b.table, b.rule.code())));
}

/// One finding for all indicators that are equal for all customers, everywhere or in a stratum.
fn degenerate(method: &Method, scores: &Scores) -> Option<Finding> {
    let Parameters { fitted, strata, .. } = &scores.parameters;
    let mut ids: Vec<String> = Vec::new();
    for (place, spec) in method.indicators.iter().enumerate().filter(|(_, spec)| spec.weight.is_some()) {
        let in_strata: Vec<&str> = strata
            .iter()
            .filter(|stratum| stratum.holding(fitted, place).is_some_and(Fitted::is_degenerate))
            .map(|stratum| stratum.name.as_str())
            .collect();
        if !in_strata.is_empty() {
            ids.push(format!("{} ({})", spec.id, in_strata.join(", ")));
        } else if strata.is_empty() && fitted[place].as_ref().is_some_and(Fitted::is_degenerate) {
            ids.push(spec.id.clone());
        }
    }
    (!ids.is_empty()).then(|| Finding::of_method(Rule::DegenerateIndicator, count(ids.len()), ids.join(", ")))
}

/// One finding for all siblings whose objective weight was limited because of their points.
fn guarded(method: &Method, scores: &Scores) -> Option<Finding> {
    let mut all = Vec::new();
    for (siblings, weighed) in method.siblings.iter().zip(&scores.weighed) {
        for (place, guard) in weighed.guards.iter().enumerate() {
            let Some(guard) = guard else { continue };
            let weight = weighed.objective.as_ref().map_or(0.0, |objective| objective[place]);
            all.push(format!("{} {}: {}", siblings.items[place], guard.code(), guard.action(weight)));
        }
    }
    (!all.is_empty()).then(|| Finding::of_method(Rule::WeightGuard, count(all.len()), all.join("; ")))
}

/// What became of a table's rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reconciled {
    /// The table.
    pub table: Table,
    /// The counts of the table's rows.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The totals of a tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TierTotal {
    /// Customers with this final tier.
    pub customers: u64,
    /// Number of these customers that are provisional.
    pub provisional: u64,
    /// Σ of these customers' amounts due in the window, in fen.
    pub revenue_fen: i64,
    /// Σ of these customers' active energy in the window, in Wh.
    pub active_wh: i64,
}

/// The figures by which a cycle is recognised and checked: integers only.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ControlTotals {
    /// Number of accepted customers.
    pub customers: u64,
    /// Number of graded customers.
    pub population: u64,
    /// Number of ranked customers.
    pub ranked: u64,
    /// Number of customers provisional for short history.
    pub short_history: u64,
    /// Number of customers provisional for little known weight.
    pub low_known_weight: u64,
    /// Number of customers whose tier is capped because of confirmed offences.
    pub vetoed: u64,
    /// Number of customers whose tier was lowered by that cap.
    pub lowered_by_veto: u64,
    /// Σ active energy of all accepted customers, in Wh.
    pub active_wh: i128,
    /// Σ |reactive energy|, in varh.
    pub reactive_varh: i128,
    /// Number of counted readings.
    pub readings: u64,
    /// Σ amounts due, in fen.
    pub revenue_fen: i128,
    /// The totals of each final tier, best first.
    pub tiers: [TierTotal; 4],
    /// What became of the rows of each table that was delivered.
    pub reconciliation: Vec<Reconciled>,
}

impl Graded {
    /// The facts that were judged: those of holders if holders are graded.
    #[must_use]
    pub fn judged(&self) -> &Facts {
        self.holders.as_ref().map_or(&self.facts, |holders| &holders.facts)
    }

    /// The cycle's control totals.
    #[must_use]
    pub fn control_totals(&self) -> ControlTotals {
        let rows = &self.facts.rows;
        let judged = &self.judged().rows;
        let provisional = |reason: Provisional| {
            count(self.scores.provisional.iter().flatten().filter(|why| **why == reason).count())
        };
        let mut tiers = [TierTotal::default(); 4];
        for (position, &number) in self.scores.population.iter().enumerate() {
            let total = &mut tiers[self.tiers.tier[position].position()];
            total.customers += 1;
            total.provisional += u64::from(self.scores.provisional[position].is_some());
            total.revenue_fen = total.revenue_fen.saturating_add(judged[index(number)].billing.billed_fen);
            total.active_wh = total.active_wh.saturating_add(judged[index(number)].energy.active_wh);
        }
        let lowered =
            self.tiers.policy.iter().flatten().filter(|policy| **policy == tier::Policy::Veto).count();
        ControlTotals {
            customers: count(rows.len()),
            population: count(self.scores.population.len()),
            ranked: count(self.scores.ranked().count()),
            short_history: provisional(Provisional::ShortHistory),
            low_known_weight: provisional(Provisional::LowKnownWeight),
            vetoed: count(self.tiers.ceiling.iter().flatten().count()),
            lowered_by_veto: count(lowered),
            active_wh: rows.iter().map(|row| i128::from(row.energy.active_wh)).sum(),
            reactive_varh: rows.iter().map(|row| i128::from(row.energy.reactive_varh)).sum(),
            readings: rows.iter().map(|row| row.energy.readings as u64).sum(),
            revenue_fen: rows.iter().map(|row| i128::from(row.billing.billed_fen)).sum(),
            tiers,
            reconciliation: self.facts.reconciliation(),
        }
    }
}

impl Facts {
    /// What became of the rows of each table that was delivered.
    #[must_use]
    pub fn reconciliation(&self) -> Vec<Reconciled> {
        let present = self.books.iter().filter(|book| book.present);
        present.map(|book| Reconciled { table: book.table, tally: book.tally }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::method::PRESETS;

    #[test]
    fn work_beside_the_judgement_sees_its_facts_and_changes_nothing() {
        let (method, end) = (Method::parse("m.toml", PRESETS[0].1).unwrap(), Month::new(2026, 1));
        let rows = ["a|2025-01-01|10", "b|2025-01-01|20"];
        let source = MemorySource::default().customers(&["a", "b"]);
        let source = source.rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &rows);
        let facts = || count_facts(&source, end, &method, None, Vec::new()).unwrap();
        let alone = judge(facts(), &method, &Previous::new()).unwrap();
        let (beside, seen) =
            judge_beside(facts(), &method, &Previous::new(), |facts| facts.rows.clone()).unwrap();
        assert_eq!((&seen, &beside.facts.rows), (&alone.facts.rows, &alone.facts.rows));
        assert_eq!(beside.tiers.tier, alone.tiers.tier);
        assert_eq!(format!("{:?}", beside.findings), format!("{:?}", alone.findings));
    }

    #[test]
    fn no_work_is_begun_if_nobody_can_be_graded() {
        let (method, end) = (Method::parse("m.toml", PRESETS[0].1).unwrap(), Month::new(2026, 1));
        let source = MemorySource::default().customers(&["a"]);
        let source =
            source.rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["x|2025-01-01|10"]);
        let facts = count_facts(&source, end, &method, None, Vec::new()).unwrap();
        assert!(facts.refusal.is_some());
        let judged = judge_beside(facts, &method, &Previous::new(), |_| panic!("the work was begun"));
        assert!(matches!(judged, Err(RunError::Refused(_))));
    }
}
