//! Grades a published cycle by another method and reports who would change tier, without a regrade.
//!
//! Any key of the method can be set. Weights start from those of the cycle, whatever their source. If some are set,
//! their siblings are scaled so that all sum to 1 again. Every other key is written into the method's text, which is
//! then checked whole. The grading is the same as in a regrade. Entitlements are not a matter of this module.

mod edit;

use serde::Serialize;

use crate::checked_toml::did_you_mean;
use crate::cycle::Cycle;
use crate::indicator::{DIMENSIONS, IndicatorColumn};
use crate::limit::{self, Breach, CountedTables};
use crate::method::{Level, Method, Tier, Weight};
use crate::score::Scores;
use crate::text;
use crate::text::Text;
use crate::tier::Tiers;
use crate::word::Word;

pub use edit::ChangedKey;

/// A weight that was set, or scaled because a sibling was set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaled {
    /// The path of the weight in the method.
    pub path: String,
    /// The weight in the cycle.
    pub before: f64,
    /// The weight in the trial.
    pub after: f64,
    /// Whether the weight was set; otherwise it was scaled.
    pub asked: bool,
}

/// A method to be tried on a cycle.
#[derive(Debug)]
pub struct Trial {
    /// The method.
    pub method: Method,
    /// Weights that differ from those of the cycle, with their siblings.
    pub scaled: Vec<Scaled>,
    /// Other keys of the method that were set.
    pub changed: Vec<ChangedKey>,
}

/// A weight with its path and its place in the tree of weights.
struct Path {
    path: String,
    /// The level, and the index of the parent.
    parent: (Level, usize),
    /// Index among the items of the level.
    item: usize,
    weight: f64,
}

/// The cycle's method after the settings `path=value`. A setting is for a weight at one of the three levels, or for any
/// other key of a method file.
///
/// # Errors
/// A setting is invalid; the message says how to correct it.
pub fn set(cycle: &Cycle, settings: &[String]) -> Result<Trial, Text> {
    let mut paths = paths(&cycle.method, &cycle.parameters.weights);
    let (mut weights, mut keys) = (Vec::new(), Vec::new());
    for (path, value) in split(settings)? {
        match paths.iter().position(|known| known.path == path) {
            Some(place) => weights.push((place, weight(path, value)?)),
            None if is_weight(path) => return Err(no_weight(path, &paths)),
            None => keys.push((path, value)),
        }
    }
    let (mut method, changed) = match keys.is_empty() {
        true => (cycle.method.clone(), Vec::new()),
        false => edit::edited(&cycle.method.text, &keys)?,
    };
    comparable(cycle, &method)?;
    let before: Vec<f64> = paths.iter().map(|path| path.weight).collect();
    for &(place, weight) in &weights {
        paths[place].weight = weight;
    }
    let asked: Vec<usize> = weights.iter().map(|(place, _)| *place).collect();
    for &place in &asked {
        let parent = paths[place].parent;
        scale(&mut paths, &asked, parent)?;
    }
    let scaled = (0..paths.len())
        .filter(|&place| asked.iter().any(|&other| paths[other].parent == paths[place].parent))
        .map(|place| Scaled {
            path: paths[place].path.clone(),
            before: before[place],
            after: paths[place].weight,
            asked: asked.contains(&place),
        })
        .collect();
    put(&mut method, &paths, &|parent| asked.iter().any(|&place| paths[place].parent == parent));
    Ok(Trial { method, scaled, changed })
}

/// Every weight of a cycle with the path at which it can be set, dimensions first.
#[must_use]
pub fn settable_weights(cycle: &Cycle) -> Vec<(String, f64)> {
    let paths = paths(&cycle.method, &cycle.parameters.weights);
    paths.into_iter().map(|path| (path.path, path.weight)).collect()
}

/// Path and value of each setting; no path may be set twice.
fn split(settings: &[String]) -> Result<Vec<(&str, &str)>, Text> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for setting in settings {
        let (path, value) =
            setting.split_once('=').map(|(path, value)| (path.trim(), value.trim())).ok_or_else(|| {
                text!(
                    "`{setting}` is not a setting; write PATH=VALUE, such as weights.contribution=0.6",
                    "`{setting}` 不是设置; 请写成 PATH=VALUE, 例如 weights.contribution=0.6",
                )
            })?;
        if pairs.iter().any(|(known, _)| *known == path) {
            return Err(text!("`{path}` is set twice; keep one of them", "`{path}` 设置了两次; 请保留其一"));
        }
        pairs.push((path, value));
    }
    Ok(pairs)
}

/// Whether a path names a weight, and not a key that says how weights are determined.
fn is_weight(path: &str) -> bool {
    let mut keys = path.split('.');
    keys.next() == Some("weights") && !keys.any(|key| ["ahp", "objective", "blend"].contains(&key))
}

fn weight(path: &str, value: &str) -> Result<f64, Text> {
    let weight = value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
    weight.ok_or_else(|| {
        text!(
            "`{path}` cannot be `{value}`; a weight is a number from 0 to 1",
            "`{path}` 不能为 `{value}`; 权重应为 0 至 1 的数",
        )
    })
}

fn no_weight(path: &str, paths: &[Path]) -> Text {
    let known: Vec<&str> = paths.iter().map(|path| path.path.as_str()).collect();
    let fix = nearest_path(path, &known);
    text!("there is no weight `{path}`; {fix}", "没有权重 `{path}`; {fix}"; fix)
}

/// A suggestion for an unknown path: the known paths with the same last part, or else the nearest known path.
fn nearest_path(path: &str, known: &[&str]) -> Text {
    let last = path.rsplit('.').next().unwrap_or(path);
    let alike: Vec<String> = known
        .iter()
        .filter(|known| known.rsplit('.').next() == Some(last))
        .map(|known| format!("`{known}`"))
        .collect();
    match alike.is_empty() {
        true => did_you_mean(path, known.iter().copied()),
        false => {
            let (en, zh) = (alike.join(" or "), alike.join(" 或 "));
            text!("did you mean {en}?", "是否指 {zh}？")
        }
    }
}

/// Every weight of a cycle with its path in the method, siblings next to each other.
fn paths(method: &Method, weights: &[Option<Weight>]) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    let mut add = |path: String, parent, item, weight| {
        if !paths.iter().any(|known| known.path == path) {
            paths.push(Path { path, parent, item, weight });
        }
    };
    for (place, (spec, weight)) in method.indicators.iter().zip(weights).enumerate() {
        let Some(weight) = weight else { continue };
        let (dimension, group, id) = (DIMENSIONS[weight.dimension], &spec.group, &spec.id);
        add(format!("weights.{dimension}"), (Level::Dimension, 0), weight.dimension, weight.of_dimension);
        let of_group = (Level::Group, weight.dimension);
        add(format!("weights.groups.{dimension}.{group}"), of_group, weight.group, weight.of_group);
        let of_indicator = (Level::Indicator, weight.group);
        add(format!("weights.indicators.{group}.{id}"), of_indicator, place, weight.of_indicator);
    }
    paths.sort_by_key(|path| (path.parent, path.item));
    paths
}

/// Scales the siblings that were not set so that all sum to 1 again.
fn scale(paths: &mut [Path], asked: &[usize], parent: (Level, usize)) -> Result<(), Text> {
    let siblings: Vec<usize> = (0..paths.len()).filter(|&place| paths[place].parent == parent).collect();
    let (given, others): (Vec<usize>, Vec<usize>) = siblings.iter().partition(|place| asked.contains(place));
    let [fixed, free] =
        [&given, &others].map(|places| places.iter().map(|&place| paths[place].weight).sum::<f64>());
    let named: Vec<&str> = siblings.iter().map(|&place| paths[place].path.as_str()).collect();
    if fixed > 1.0 + 1e-9 || (others.is_empty() && (fixed - 1.0).abs() > 1e-9) {
        let named = named.join(", ");
        return Err(text!(
            "the weights that were set sum to {fixed}; {named} must sum to 1",
            "所设权重合计 {fixed}; {named} 合计应为 1",
        ));
    }
    let left = (1.0 - fixed).max(0.0);
    for &place in &others {
        let weight = &mut paths[place].weight;
        *weight = if free > 0.0 { *weight * (left / free) } else { left / others.len() as f64 };
    }
    Ok(())
}

/// Writes the weights of the siblings that were `touched` into the method as given weights. Other given weights stay
/// unchanged, since they decide who is provisional; weights from the data are derived anew, as in a regrade.
fn put(method: &mut Method, paths: &[Path], touched: &dyn Fn((Level, usize)) -> bool) {
    let weight_at = |parent: (Level, usize), item: usize, unchanged: f64| {
        let path = paths.iter().find(|path| path.parent == parent && path.item == item);
        path.filter(|_| touched(parent)).map_or(unchanged, |path| path.weight)
    };
    for (place, spec) in method.indicators.iter_mut().enumerate() {
        let Some(weight) = &mut spec.weight else { continue };
        *weight = Weight {
            of_dimension: weight_at((Level::Dimension, 0), weight.dimension, weight.of_dimension),
            of_group: weight_at((Level::Group, weight.dimension), weight.group, weight.of_group),
            of_indicator: weight_at((Level::Indicator, weight.group), place, weight.of_indicator),
            ..*weight
        };
    }
    for siblings in &mut method.siblings {
        let path = |item: &String| match siblings.level {
            Level::Dimension => format!("weights.{item}"),
            Level::Group => format!("weights.groups.{}.{item}", siblings.parent),
            Level::Indicator => format!("weights.indicators.{}.{item}", siblings.parent),
        };
        let found = siblings.items.iter().map(|item| {
            let path = path(item);
            paths.iter().find(|known| known.path == path)
        });
        let Some(found) = found.collect::<Option<Vec<&Path>>>() else { continue };
        let weights = found.iter().map(|path| path.weight).collect();
        if found.iter().any(|path| touched(path.parent)) {
            (siblings.given, siblings.from_data) = (weights, None);
        }
    }
}

/// A trial of another method on a cycle's values.
///
/// # Errors
/// The method needs data that the cycle's files do not contain.
pub fn replace(cycle: &Cycle, method: Method) -> Result<Trial, Text> {
    comparable(cycle, &method)?;
    Ok(Trial { method, scaled: Vec::new(), changed: Vec::new() })
}

/// Whether a method can be tried on a cycle's values: the data that the method needs must be in the cycle's files.
fn comparable(cycle: &Cycle, method: &Method) -> Result<(), Text> {
    let old = &cycle.method;
    let (before, after) = (old.window_months, method.window_months);
    if before != after {
        return Err(text!(
            "`window_months` is {after} in this method and {before} in the cycle's: that needs the readings, so regrade",
            "`window_months` 在此方法中为 {after}, 在该周期中为 {before}: 需要读数, 请重新评级",
        ));
    }
    let missing =
        method.registered.iter().find(|entry| !old.registered.iter().any(|known| known.id == entry.id));
    if let Some(entry) = missing {
        let id = entry.id;
        return Err(text!(
            "indicator `{id}` has no values in the cycle, whose method does not name it: regrade",
            "该周期没有指标 `{id}` 的数值, 因其方法未列出该指标: 请重新评级",
        ));
    }
    let needs_costs = method.registered.iter().any(|entry| entry.id == "profit");
    for (name, differs) in [
        ("supply_cost", needs_costs && method.supply_costs != old.supply_costs),
        ("grading_unit", method.grading_unit != old.grading_unit),
    ] {
        if differs {
            return Err(text!(
                "`{name}` differs from that of the cycle's method: regrade",
                "`{name}` 与该周期的方法不同: 请重新评级",
            ));
        }
    }
    for (spec, own) in method.indicators.iter().skip(method.registered.len()).zip(&method.own) {
        let mut same = old.indicators.iter().skip(old.registered.len()).zip(&old.own);
        if !same.any(|(known, expression)| known.id == spec.id && expression == own) {
            let id = &spec.id;
            return Err(text!(
                "own indicator `{id}` has no values in the cycle, or only values of another expression: regrade",
                "该周期没有自定义指标 `{id}` 的数值, 或其表达式不同: 请重新评级",
            ));
        }
    }
    Ok(())
}

/// Number of customers of a stratum and tier, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TierCount {
    /// The stratum in the trial.
    pub stratum: String,
    /// The tier.
    pub tier: &'static str,
    /// Number of customers with this tier in the cycle.
    pub before: u64,
    /// Number of customers with this tier in the trial.
    pub after: u64,
}

/// The shares of a tier in revenue and energy, before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TierShares {
    /// A tier, or `special+grade-1`.
    pub tiers: &'static str,
    /// Share of annual revenue in the cycle.
    pub revenue_before: f64,
    /// Share of annual revenue in the trial.
    pub revenue_after: f64,
    /// Share of annual energy in the cycle.
    pub energy_before: f64,
    /// Share of annual energy in the trial.
    pub energy_after: f64,
}

/// The result of a trial.
#[derive(Debug)]
pub struct TrialOutcome {
    /// The new scores.
    pub scores: Scores,
    /// The new tiers.
    pub tiers: Tiers,
    /// Positions of the customers whose final tier changes.
    pub changed: Vec<usize>,
    /// Number of them that rise.
    pub up: u64,
    /// Number of them that fall.
    pub down: u64,
    /// Number of customers by tier in the cycle (row) and tier in the trial (column).
    pub transitions: [[u64; 4]; 4],
    /// The counts of each stratum and tier.
    pub counts: Vec<TierCount>,
    /// The shares of each tier.
    pub shares: Vec<TierShares>,
}

/// Grades a cycle's customers by another method and compares the final tiers.
#[must_use]
pub fn attempt(cycle: &Cycle, method: &Method) -> TrialOutcome {
    let columns = columns_of(cycle, method);
    let (scores, tiers) = cycle.judged(&columns, method);
    let mut transitions = [[0; 4]; 4];
    let mut counts: std::collections::BTreeMap<(&str, Tier), (u64, u64)> = std::collections::BTreeMap::new();
    let mut changed = Vec::new();
    for (position, row) in cycle.rows.iter().enumerate() {
        let (before, after) = (row.tier, tiers.tier[position]);
        transitions[before as usize][after as usize] += 1;
        counts.entry((tiers.stratum(position), before)).or_default().0 += 1;
        counts.entry((tiers.stratum(position), after)).or_default().1 += 1;
        if before != after {
            changed.push(position);
        }
    }
    let sum = |is_in: fn(usize, usize) -> bool| {
        let pairs = (0..4).flat_map(|from| (0..4).map(move |to| (from, to)));
        pairs.filter(|&(from, to)| is_in(from, to)).map(|(from, to)| transitions[from][to]).sum()
    };
    let counts = counts
        .into_iter()
        .map(|((stratum, tier), (before, after))| TierCount {
            stratum: stratum.into(),
            tier: tier.code(),
            before,
            after,
        })
        .collect();
    TrialOutcome {
        up: sum(|from, to| to < from),
        down: sum(|from, to| to > from),
        shares: shares(cycle, &tiers),
        scores,
        tiers,
        changed,
        transitions,
        counts,
    }
}

/// The breaches of the tried method's limits. Without any, a cycle graded by it could be published.
#[must_use]
pub fn breaches(
    cycle: &Cycle,
    method: &Method,
    outcome: &TrialOutcome,
    tables: &CountedTables,
) -> Vec<Breach> {
    let columns = columns_of(cycle, method);
    let (_, of_scores) = limit::of_scores(&cycle.customers, &columns, &outcome.scores, method);
    [limit::of_tables(tables, method), of_scores].concat()
}

/// The cycle's values in the order of another method's indicators.
fn columns_of(cycle: &Cycle, method: &Method) -> Vec<IndicatorColumn> {
    let columns = method.indicators.iter().map(|spec| {
        let place = cycle.method.indicators.iter().position(|known| known.id == spec.id);
        place.map_or_else(IndicatorColumn::default, |place| cycle.columns[place].clone())
    });
    columns.collect()
}

fn shares(cycle: &Cycle, tiers: &Tiers) -> Vec<TierShares> {
    // For each tier: revenue before and after, energy before and after.
    let mut sums = [[0i128; 4]; 4];
    for (row, after) in cycle.rows.iter().zip(&tiers.tier) {
        let revenue = i128::from(cycle.revenue_fen(row.number).max(0));
        let energy = i128::from(cycle.energy_wh(row.number).max(0));
        for (place, (tier, amount)) in
            [(row.tier, revenue), (*after, revenue), (row.tier, energy), (*after, energy)]
                .into_iter()
                .enumerate()
        {
            sums[place][tier as usize] += amount;
        }
    }
    let share = |place: usize, tiers: &[Tier]| {
        let all: i128 = sums[place].iter().sum();
        let part: i128 = tiers.iter().map(|&tier| sums[place][tier as usize]).sum();
        if all > 0 { part as f64 / all as f64 } else { 0.0 }
    };
    let row = |name: &'static str, tiers: &[Tier]| TierShares {
        tiers: name,
        revenue_before: share(0, tiers),
        revenue_after: share(1, tiers),
        energy_before: share(2, tiers),
        energy_after: share(3, tiers),
    };
    let mut rows: Vec<TierShares> = Tier::ALL.iter().map(|&tier| row(tier.code(), &[tier])).collect();
    rows.insert(2, row("special+grade-1", &[Tier::Special, Tier::Grade1]));
    rows
}

#[cfg(test)]
mod tests;
