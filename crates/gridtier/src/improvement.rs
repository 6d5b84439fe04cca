//! Improvement plans of the customers of grade-3 (督促改进): what each indicator costs them, what they can change by
//! behaviour, and the values that suffice for grade-2 (REGRADE section 7).
//!
//! A plan follows from one published cycle alone: all other customers are taken to stay as they are, and points are
//! computed with the cycle's frozen parameters. Nobody is asked to use more energy. Whether a plan is kept is known
//! only at an inspection.

mod pace;

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::cycle::{Cycle, Placed};
use crate::explain::{POINT_TOLERANCE, exists, sufficient_value};
use crate::incident::Offence;
use crate::index::index;
use crate::indicator::{IndicatorValue, registry};
use crate::method::{Combine, Method, Spec, Tier};
use crate::score::combine::combined;
use crate::score::{Parameters, Scored, score_row};
use crate::tier::{LedgerLine, RankKey, ceiling_of, leaves_places};
use crate::unit::{Month, round_half_away};
use crate::word::Word as _;

pub use pace::{POWER_FACTOR, TargetPace};

/// The whole effort, which brings every lever to 100 points.
pub const EFFORT_MAX: u16 = 1000;

crate::words! {
    /// How far an improvement plan, or one indicator of it, has come at an inspection.
    PlanStatus "status of a plan" {
        /// The target is reached.
        Met "met" "met" "已达标",
        /// Better than in the cycle, but not yet due.
        OnTheWay "on_the_way" "on the way" "改进中",
        /// No better than in the cycle, but not yet due.
        Behind "behind" "behind" "未见改进",
        /// Due, but the target is not reached.
        Missed "missed" "missed" "逾期未达标",
        /// The indicator has no value now.
        Unknown "unknown" "unknown" "未知",
    }
}

/// Due days that were agreed on with customers. If several days were agreed for the same plan or target, the last one
/// counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreedDates {
    /// For each customer id, the day on which the whole plan is due.
    pub plans: BTreeMap<String, i32>,
    /// For each customer id and indicator, the day on which this target is due.
    pub items: BTreeMap<(String, String), i32>,
}

/// The plan of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImprovementPlan {
    /// Position in the cycle's rows.
    pub row: u32,
    /// By how much the score must rise, in 10⁻⁶ points; `None` without a score or without a line.
    pub gap_e6: Option<i64>,
    /// The least effort that closes the gap, in ‰ of the way of all levers to 100 points; [`EFFORT_MAX`] if no effort
    /// does.
    pub effort: Option<u16>,
    /// Whether this effort closes the gap with values that exist, and no ceiling prevents grade-2; `None` without a
    /// gap.
    pub reachable: Option<bool>,
    /// The first as-of at which no veto applies, for a customer with a ceiling.
    pub blocked_until: Option<Month>,
    /// The day on which the plan is due.
    pub due_on: i32,
    /// How far the plan has come, known only at an inspection.
    pub status: Option<PlanStatus>,
}

/// One indicator of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanItem {
    /// Place in the method's indicators.
    pub place: u16,
    /// The indicator's value in the cycle.
    pub value: Option<f64>,
    /// The indicator's points in the cycle, if it counts.
    pub points: Option<f64>,
    /// By how much 100 points of the indicator would raise the score, in 10⁻⁶ points.
    pub lost_e6: Option<i64>,
    /// Whether the customer can change the indicator by behaviour.
    pub is_lever: bool,
    /// The points to be reached.
    pub target_points: Option<f64>,
    /// The value nearest to the present one that has these points; `None` if no value has them.
    pub target_value: Option<f64>,
    /// The target as people read it, in whole steps of its unit and rounded so that it is enough too.
    pub shown_target: Option<f64>,
    /// The day on which the target is due.
    pub due_on: i32,
    /// How far the indicator has come, known only at an inspection.
    pub status: Option<PlanStatus>,
    /// For an indicator that is a share of months, the number of assessed months.
    pub assessed_months: Option<u32>,
}

/// The plans of a cycle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImprovementPlans {
    /// The plans, in the order of customer ids.
    pub plans: Vec<ImprovementPlan>,
    /// The indicators of all plans: plan by plan, and within a plan by id.
    items: Vec<PlanItem>,
    /// Number of indicators of a plan.
    width: usize,
}

impl ImprovementPlans {
    /// The plans of all customers whose final tier is grade-3.
    #[must_use]
    pub fn of(cycle: &Cycle, agreed: &AgreedDates) -> Self {
        let planner = Planner::new(cycle, agreed);
        let rows = cycle.rows.par_iter().enumerate().filter(|(_, row)| row.tier == Tier::Grade3);
        let each: Vec<_> = rows.filter_map(|(at, _)| planner.plan(u32::try_from(at).ok()?)).collect();
        let width = planner.places.len();
        let mut found = Self { plans: Vec::with_capacity(each.len()), items: Vec::new(), width };
        found.items.reserve_exact(each.len() * width);
        for (plan, items) in each {
            found.plans.push(plan);
            found.items.extend(items);
        }
        found
    }

    /// The indicators of the plan at an index, by id.
    #[must_use]
    pub fn items(&self, plan: usize) -> &[PlanItem] {
        &self.items[plan * self.width..][..self.width]
    }

    /// The indicators of all plans, with the index of the plan.
    pub fn all_items(&self) -> impl ExactSizeIterator<Item = (usize, &PlanItem)> + Clone {
        self.items.iter().enumerate().map(|(at, item)| (at / self.width.max(1), item))
    }

    /// One of [`all_items`](Self::all_items), with the index of its plan.
    #[must_use]
    pub fn item(&self, at: usize) -> (usize, &PlanItem) {
        (at / self.width.max(1), &self.items[at])
    }

    /// Sets the status of the plan at an index; `None` if that is not the plan of this customer.
    pub fn set_status(
        &mut self,
        cycle: &Cycle,
        plan: usize,
        customer_id: &str,
        status: Option<PlanStatus>,
    ) -> Option<()> {
        let plan = self.plans.get_mut(plan).filter(|plan| plan.id(cycle) == customer_id)?;
        plan.status = status;
        Some(())
    }

    /// Sets the status of one of [all indicators](Self::all_items); `None` if it does not belong to this customer and
    /// indicator.
    pub fn set_item_status(
        &mut self,
        cycle: &Cycle,
        at: usize,
        (customer_id, indicator): (&str, &str),
        status: Option<PlanStatus>,
    ) -> Option<()> {
        let plan = self.plans.get(at / self.width.max(1)).filter(|plan| plan.id(cycle) == customer_id);
        let item = self.items.get_mut(at).filter(|item| {
            plan.is_some() && cycle.method.indicators[usize::from(item.place)].id == indicator
        })?;
        item.status = status;
        Some(())
    }

    /// Sets for how many months the power factor was assessed, by customer number of the cycle.
    pub fn set_assessed_months(&mut self, cycle: &Cycle, by_customer: &[u32]) {
        let place = cycle.method.indicators.iter().position(|spec| spec.id == POWER_FACTOR);
        for (plan, items) in self.each_mut() {
            let months = by_customer.get(index(cycle.rows[index(plan.row)].number)).copied();
            let item = items.iter_mut().find(|item| Some(usize::from(item.place)) == place);
            item.into_iter().for_each(|item| item.assessed_months = months);
        }
    }

    /// Each plan with its indicators, to set what an inspection found.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = (&mut ImprovementPlan, &mut [PlanItem])> {
        self.plans.iter_mut().zip(self.items.chunks_mut(self.width.max(1)))
    }
}

/// The offences of a cycle, from which it follows when they leave the window.
struct Offences<'a> {
    cycle: &'a Cycle,
    /// For each graded customer with offences, the offences of each of its accounts.
    by_customer: BTreeMap<u32, Vec<&'a [Offence]>>,
}

impl<'a> Offences<'a> {
    fn of(cycle: &'a Cycle) -> Self {
        let mut by_customer: BTreeMap<u32, Vec<&[Offence]>> = BTreeMap::new();
        for (customer, offences) in cycle.offences.by_customer() {
            by_customer.entry(customer).or_default().push(offences);
        }
        Self { cycle, by_customer }
    }

    /// The first as-of at which no veto applies if no offence is added.
    fn end_of_vetoes(&self, customer: u32) -> Option<Month> {
        let accounts = self.by_customer.get(&customer)?;
        let cycle = self.cycle;
        let later = (1..=i32::try_from(cycle.months).ok()?).find(|&later| {
            let start = cycle.window().start().plus(later);
            accounts.iter().all(|offences| {
                let kept: Vec<Offence> =
                    offences.iter().filter(|offence| offence.month >= start).copied().collect();
                ceiling_of(&kept, &cycle.method).is_none()
            })
        })?;
        Some(cycle.end.plus(later))
    }
}

struct Planner<'a> {
    cycle: &'a Cycle,
    agreed: &'a AgreedDates,
    /// The indicators with a weight, by id.
    places: Vec<usize>,
    /// For each indicator, whether a customer can change it by behaviour.
    is_behaviour: Vec<bool>,
    /// For each stratum, the parameters that apply in it.
    parameters: Vec<Cow<'a, Parameters>>,
    /// For each stratum, the score that leads out of grade-3, all others unchanged.
    needed_e6: Vec<Option<i64>>,
    offences: Offences<'a>,
    due_on: i32,
}

impl<'a> Planner<'a> {
    fn new(cycle: &'a Cycle, agreed: &'a AgreedDates) -> Self {
        let specs = &cycle.method.indicators;
        let mut places = cycle.parameters.weighing();
        places.sort_by(|a, b| specs[*a].id.cmp(&specs[*b].id));
        let is_behaviour = specs.iter().map(|spec| {
            registry::find(&spec.id).is_some_and(|entry| entry.lever == registry::Lever::Behaviour)
        });
        let months = i32::try_from(cycle.method.improvement.months).unwrap_or(i32::MAX);
        Self {
            cycle,
            agreed,
            places,
            is_behaviour: is_behaviour.collect(),
            parameters: cycle.strata.iter().map(|name| cycle.parameters.in_stratum(name)).collect(),
            needed_e6: needed_e6(cycle),
            offences: Offences::of(cycle),
            due_on: cycle.end.plus(months).first_day(),
        }
    }

    fn plan(&self, at: u32) -> Option<(ImprovementPlan, Vec<PlanItem>)> {
        let row = &self.cycle.rows[index(at)];
        let method = &self.cycle.method;
        let parameters = &*self.parameters[index(row.stratum)];
        let values: Vec<IndicatorValue> =
            self.cycle.columns.iter().map(|column| column.get(index(row.number))).collect();
        let scored = score_row(method, parameters, &values);
        let levers: Vec<bool> = (0..values.len())
            .map(|place| {
                let fitted = parameters.fitted[place].as_ref().filter(|fitted| !fitted.is_constant());
                self.is_behaviour[place]
                    && scored.weights[place] > 0.0
                    && values[place].known().is_some()
                    && fitted.is_some()
            })
            .collect();
        let gap_e6 = self.gap_e6(row);
        let efforts = Efforts { method, scored: &scored, levers: &levers };
        let least = gap_e6.map(|gap_e6| efforts.least(row.score_e6.unwrap_or_default(), gap_e6));
        let effort = least.map(|least| least.unwrap_or(EFFORT_MAX));
        let id = self.cycle.customers.ids.key(row.number);
        let agreed = (!self.agreed.plans.is_empty()).then(|| self.agreed.plans.get(id)).flatten();
        let due_on = agreed.copied().unwrap_or(self.due_on);
        let item = |&place: &usize| {
            let target_points = effort.filter(|_| levers[place]).zip(scored.points[place]);
            let target_points = target_points.map(|(effort, z)| with_effort(z, effort));
            let value = values[place].known();
            let target = target_points.zip(value);
            let target_value = target
                .and_then(|(z, value)| target_value(parameters, place, &method.indicators[place], value, z));
            let shown_target = target.zip(target_value).map(|((z, value), target)| {
                shown_target(parameters, place, &method.indicators[place], (value, target), z)
            });
            PlanItem {
                place: u16::try_from(place).unwrap_or(u16::MAX),
                value,
                points: scored.points[place],
                lost_e6: row.score_e6.and(scored.points[place]).map(|_| efforts.lost_e6(place)),
                is_lever: levers[place],
                target_points,
                target_value,
                shown_target,
                due_on: self.item_due_on(id, place, due_on),
                status: None,
                assessed_months: None,
            }
        };
        let items: Vec<PlanItem> = self.places.iter().map(item).collect();
        let has_targets = items.iter().all(|item| !item.is_lever || item.target_value.is_some());
        let is_capped = row.ceiling.is_some();
        let reachable = least.map(|least| least.is_some() && has_targets && !is_capped);
        let plan = ImprovementPlan {
            row: at,
            gap_e6,
            effort,
            reachable: if is_capped { Some(false) } else { reachable },
            blocked_until: row.ceiling.and_then(|_| self.offences.end_of_vetoes(row.number)),
            due_on,
            status: None,
        };
        Some((plan, items))
    }

    /// By how much the score must rise.
    fn gap_e6(&self, row: &Placed) -> Option<i64> {
        Some((self.needed_e6[index(row.stratum)]? - row.score_e6?).max(0))
    }

    fn item_due_on(&self, id: &str, place: usize, due_on: i32) -> i32 {
        if self.agreed.items.is_empty() {
            return due_on;
        }
        let key = (id.to_owned(), self.cycle.method.indicators[place].id.clone());
        self.agreed.items.get(&key).copied().unwrap_or(due_on)
    }
}

/// For each stratum, the score that leads out of grade-3: one unit above that of the customer whose rank equals the count
/// of the line, or the floor of grade-2 if it leaves places empty.
fn needed_e6(cycle: &Cycle) -> Vec<Option<i64>> {
    let lines: Vec<Option<&LedgerLine>> = cycle
        .strata
        .iter()
        .map(|name| {
            let mut lines = cycle.ledger.iter();
            lines.find(|line| line.stratum == *name && line.better == Tier::Grade2)
        })
        .collect();
    let floor_e6 = cycle.method.lines.floors_e6[Tier::Grade2.position()];
    let mut holders_e6 = vec![None; lines.len()];
    // The whole order is needed only where there is a floor.
    let mut orders: Vec<Vec<(u64, RankKey)>> = vec![Vec::new(); lines.len()];
    for row in &cycle.rows {
        let (Some(rank), stratum) = (row.rank, index(row.stratum)) else { continue };
        if lines[stratum].is_some_and(|line| line.count == rank) {
            holders_e6[stratum] = row.score_e6;
        }
        if floor_e6.is_some() {
            orders[stratum].push((rank, cycle.rank_key(row)));
        }
    }
    let needed = lines.into_iter().zip(holders_e6).zip(orders).map(|((line, holder_e6), mut order)| {
        order.sort_unstable_by_key(|(rank, _)| *rank);
        let keys: Vec<RankKey> = order.into_iter().map(|(_, key)| key).collect();
        match floor_e6.filter(|_| line.is_some_and(|line| leaves_places(&keys, &cycle.method, line))) {
            Some(floor_e6) => Some(floor_e6),
            None => Some(holder_e6? + 1),
        }
    });
    needed.collect()
}

/// The points of a lever with `z` points after an effort e: z + (100 − z) e/1000. Rounding must not lead above 100 points,
/// which no value has.
fn with_effort(z: f64, effort: u16) -> f64 {
    (z + (100.0 - z) * f64::from(effort) / f64::from(EFFORT_MAX)).min(100.0)
}

/// The value nearest to the present one that has at least `z` points; suggestion points are whole numbers.
fn target_value(parameters: &Parameters, place: usize, spec: &Spec, value: f64, z: f64) -> Option<f64> {
    let fitted = parameters.fitted[place].as_ref()?;
    let nearest = fitted.nearest_value(value, z).filter(|&nearest| exists(nearest, &spec.unit))?;
    if spec.id != registry::SUGGESTIONS {
        return Some(nearest);
    }
    // The last bits of a bisection must not cause one more suggestion by rounding up.
    let near = nearest.round();
    let is_near = (nearest - near).abs() < POINT_TOLERANCE && fitted.points(near) >= z - POINT_TOLERANCE;
    Some(if is_near { near } else { nearest.ceil() })
}

/// A target value as it is shown.
fn shown_target(
    parameters: &Parameters,
    place: usize,
    spec: &Spec,
    (value, target): (f64, f64),
    z: f64,
) -> f64 {
    if target == value {
        return value;
    }
    let fitted = parameters.fitted[place].as_ref();
    sufficient_value(target, (&spec.id, &spec.unit), value, |value| {
        fitted.is_some_and(|fitted| fitted.points(value) >= z - POINT_TOLERANCE)
    })
}

/// Computes one customer's score at any effort.
struct Efforts<'a> {
    method: &'a Method,
    scored: &'a Scored,
    levers: &'a [bool],
}

impl Efforts<'_> {
    /// The score with some indicators at other points, in 10⁻⁶ points.
    fn score_e6(&self, points: &[Option<f64>]) -> i64 {
        round_half_away(combined(self.method.combine, &self.scored.weights, points) * 1e6)
    }

    /// The least effort with which the score rises by the gap. More effort never lowers the score.
    fn least(&self, score_e6: i64, gap_e6: i64) -> Option<u16> {
        let mut points = self.scored.points.clone();
        let mut is_enough = |effort: u16| {
            let moved = points.iter_mut().zip(&self.scored.points).zip(self.levers);
            for ((moved, z), _) in moved.filter(|(_, is_lever)| **is_lever) {
                *moved = z.map(|z| with_effort(z, effort));
            }
            self.score_e6(&points) - score_e6 >= gap_e6
        };
        if !is_enough(EFFORT_MAX) {
            return None;
        }
        let (mut least, mut enough) = (0, EFFORT_MAX);
        while least < enough {
            let middle = least + (enough - least) / 2;
            if is_enough(middle) {
                enough = middle;
            } else {
                least = middle + 1;
            }
        }
        Some(enough)
    }

    /// By how much 100 points of an indicator would raise the score, in 10⁻⁶ points.
    fn lost_e6(&self, place: usize) -> i64 {
        let (weights, points) = (&self.scored.weights, &self.scored.points);
        let lost = if self.method.combine == Combine::WeightedSum {
            weights[place] * (100.0 - points[place].unwrap_or(100.0))
        } else {
            let mut best = points.clone();
            best[place] = Some(100.0);
            combined(self.method.combine, weights, &best) - combined(self.method.combine, weights, points)
        };
        round_half_away(lost * 1e6)
    }
}

impl PlanItem {
    /// How far the indicator has come on a day, by its present points; `None` if it has no target.
    #[must_use]
    pub fn status_on(&self, day: i32, points_now: Option<f64>) -> Option<PlanStatus> {
        let (target, z) = (self.target_points?, self.points?);
        let Some(now) = points_now else { return Some(PlanStatus::Unknown) };
        let is_better = now > z + POINT_TOLERANCE;
        Some(progress(now >= target - POINT_TOLERANCE, is_better, day >= self.due_on))
    }
}

impl ImprovementPlan {
    /// The id of the customer.
    #[must_use]
    pub fn id<'c>(&self, cycle: &'c Cycle) -> &'c str {
        cycle.customers.ids.key(cycle.rows[index(self.row)].number)
    }

    /// How far the plan has come on a day, by the present tier and score.
    #[must_use]
    pub fn status_on(
        &self,
        day: i32,
        score_e6: Option<i64>,
        now_e6: Option<i64>,
        tier_now: Option<Tier>,
    ) -> PlanStatus {
        let Some(now_e6) = now_e6 else { return PlanStatus::Unknown };
        let is_met = tier_now.is_some_and(|tier| tier < Tier::Grade3);
        progress(is_met, score_e6.is_some_and(|score_e6| now_e6 > score_e6), day >= self.due_on)
    }
}

fn progress(is_met: bool, is_better: bool, is_due: bool) -> PlanStatus {
    match (is_met, is_due, is_better) {
        (true, ..) => PlanStatus::Met,
        (false, true, _) => PlanStatus::Missed,
        (false, false, true) => PlanStatus::OnTheWay,
        (false, false, false) => PlanStatus::Behind,
    }
}

#[cfg(test)]
mod tests;
