//! One number for each of the paper's four principles: importance 重要性, economy 经济性, guidance 导向性, dynamics 动态性. The
//! paper names the principles without formulas; these formulas are ours.

use std::borrow::Cow;

use rayon::prelude::*;

use super::MeasureValue;
use crate::cycle::{Cycle, Placed};
use crate::index::{float, index};
use crate::indicator::registry::{self, Lever};
use crate::method::Tier;
use crate::score::combine::combined;
use crate::score::{Parameters, score_row};
use crate::unit::round_half_away;

pub(super) fn principles(cycle: &Cycle) -> Vec<MeasureValue> {
    vec![
        ("importance", importance(cycle)),
        ("economy", economy(cycle)),
        ("guidance", guidance(cycle)),
        ("dynamics", dynamics(cycle)),
    ]
}

/// Mean energy of the customers in special and grade-1, divided by the mean of all customers.
fn importance(cycle: &Cycle) -> Option<f64> {
    let mean = |is_in: fn(&&Placed) -> bool| {
        let members: Vec<&Placed> = cycle.rows.iter().filter(is_in).collect();
        let energy: i128 = members.iter().map(|row| i128::from(cycle.energy_wh(row.number))).sum();
        (!members.is_empty()).then(|| energy as f64 / float(members.len()))
    };
    let all = mean(|_| true).filter(|all| *all > 0.0)?;
    Some(mean(|row| row.tier <= Tier::Grade1)? / all)
}

/// Number of pairs of adjacent tiers whose better tier has the lower mean revenue.
fn economy(cycle: &Cycle) -> Option<f64> {
    let mut sums = [(0i128, 0i128); 4];
    for row in &cycle.rows {
        let sum = &mut sums[row.tier as usize];
        sum.0 += i128::from(cycle.revenue_fen(row.number));
        sum.1 += 1;
    }
    let filled: Vec<(i128, i128)> = sums.into_iter().filter(|(_, customers)| *customers > 0).collect();
    // The means a/b and c/d are compared as a × d < c × b, which is exact.
    (filled.len() > 1).then(|| {
        float(filled.windows(2).filter(|pair| pair[0].0 * pair[1].1 < pair[1].0 * pair[0].1).count())
    })
}

/// Of the ranked customers below special, the share whose score would pass that of the last customer of the next better
/// tier if every indicator that they can influence by behaviour had full points. Vetoed customers cannot rise.
fn guidance(cycle: &Cycle) -> Option<f64> {
    let method = &cycle.method;
    let levers: Vec<bool> = method
        .indicators
        .iter()
        .map(|spec| registry::find(&spec.id).is_some_and(|entry| entry.lever == Lever::Behaviour))
        .collect();
    let lines = lowest(cycle);
    let by_stratum: Vec<Cow<Parameters>> =
        cycle.strata.iter().map(|name| cycle.parameters.in_stratum(name)).collect();
    let reachable: Vec<bool> = cycle
        .rows
        .par_iter()
        .filter_map(|row| {
            let better = (row.computed? as usize).checked_sub(1)?;
            let needed = lines[index(row.stratum)][better]? + 1;
            let values: Vec<_> = cycle.columns.iter().map(|column| column.get(index(row.number))).collect();
            let mut scored = score_row(method, &by_stratum[index(row.stratum)], &values);
            for (points, is_lever) in scored.points.iter_mut().zip(&levers) {
                *points = points.map(|z| if *is_lever { 100.0 } else { z });
            }
            let best = combined(method.combine, &scored.weights, &scored.points);
            Some(row.ceiling.is_none() && round_half_away(best * 1e6) >= needed)
        })
        .collect();
    (!reachable.is_empty())
        .then(|| float(reachable.iter().filter(|is| **is).count()) / float(reachable.len()))
}

/// For each stratum and computed tier, the lowest score of the customers without a veto.
fn lowest(cycle: &Cycle) -> Vec<[Option<i64>; 4]> {
    let mut lines = vec![[None::<i64>; 4]; cycle.strata.len()];
    for row in cycle.rows.iter().filter(|row| row.ceiling.is_none()) {
        let (Some(tier), Some(score)) = (row.computed, row.score_e6) else { continue };
        let line = &mut lines[index(row.stratum)][tier as usize];
        *line = Some(line.map_or(score, |lowest| lowest.min(score)));
    }
    lines
}

/// Of the customers graded in this cycle and in the one before, the share whose final tier differs.
fn dynamics(cycle: &Cycle) -> Option<f64> {
    let (mut both, mut changed) = (0, 0);
    for row in &cycle.rows {
        if let Some(&before) = cycle.previous.get(cycle.customers.ids.key(row.number)) {
            both += 1;
            changed += usize::from(before != row.tier);
        }
    }
    (both > 0).then(|| float(changed) / float(both))
}
