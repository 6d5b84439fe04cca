//! Strata: the groups within which customers are ranked and quotas apply, and within which points may be fitted.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::contract::{SupplyLevel, UseCategory};
use crate::customer::Customers;
use crate::index::{StratumIx, index};
use crate::method::{ALL, Method, NormaliseWithin, OTHER, Strata};
use crate::word::Word;

/// Fewest customers of a parallel task.
const BLOCK: usize = 1 << 14;
/// The stratum of customers without a value in the stratum's column.
const UNSPECIFIED: &str = "unspecified";

/// The groups from which strata are made, before small groups are pooled.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Distinct names.
    pub names: Vec<String>,
    /// For each customer number, the index of the name; empty if there is only one group.
    pub numbers: Vec<u32>,
}

/// The strata after pooling.
#[derive(Clone, Debug)]
pub struct Stratified {
    /// Names, sorted.
    pub names: Vec<String>,
    /// For each position in the graded population, the number of the stratum.
    pub by_position: Vec<u32>,
}

impl Groups {
    /// One group for everybody.
    #[must_use]
    pub fn one() -> Self {
        Self { names: vec![ALL.to_owned()], numbers: Vec::new() }
    }

    /// The groups within whose strata a method fits points: a single group if it fits points over all ranked customers.
    #[must_use]
    pub fn of_points(customers: &Customers, method: &Method) -> Self {
        match method.normalise_within {
            NormaliseWithin::Population => Self::one(),
            NormaliseWithin::Stratum => Self::of(customers, method.strata),
        }
    }

    /// The groups of a customer base.
    #[must_use]
    pub fn of(customers: &Customers, strata: Strata) -> Self {
        let rows = || customers.rows.iter();
        let listed = |names: &[&str], numbers: Vec<u32>| Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            numbers,
        };
        match strata {
            Strata::None => Self::one(),
            Strata::SupplyLevel => listed(
                SupplyLevel::CODES,
                rows()
                    .map(|customer| StratumIx::from_index(customer.supply_level.position()).number())
                    .collect(),
            ),
            Strata::UseCategory => listed(
                UseCategory::CODES,
                rows()
                    .map(|customer| StratumIx::from_index(customer.use_category.position()).number())
                    .collect(),
            ),
            Strata::Region => {
                let mut known: BTreeMap<&str, u32> = BTreeMap::new();
                let mut names = Vec::new();
                let mut numbers = Vec::with_capacity(customers.rows.len());
                for customer in rows() {
                    let name = customer.region.as_deref().unwrap_or(UNSPECIFIED);
                    numbers.push(*known.entry(name).or_insert_with(|| {
                        names.push(name);
                        StratumIx::from_index(names.len() - 1).number()
                    }));
                }
                listed(&names, numbers)
            }
        }
    }
}

/// Numbers of customers of a group.
#[derive(Clone, Copy, Default)]
struct GroupSize {
    people: usize,
    ranked: usize,
}

/// Assigns every customer of a population, given by number, to a stratum. Strata with fewer than `min_stratum` ranked
/// customers are pooled. `is_ranked` tells whether the customer at a position is ranked.
pub fn stratify(
    groups: &Groups,
    population: &[u32],
    is_ranked: impl Fn(usize) -> bool + Sync,
    min_stratum: usize,
) -> Stratified {
    if groups.numbers.is_empty() {
        return Stratified { names: groups.names.clone(), by_position: vec![0; population.len()] };
    }
    let none = || vec![GroupSize::default(); groups.names.len()];
    let everybody = population.par_iter().enumerate().with_min_len(BLOCK);
    let sizes = everybody
        .fold(none, |mut sizes, (position, number)| {
            let size = &mut sizes[index(groups.numbers[index(*number)])];
            size.people += 1;
            size.ranked += usize::from(is_ranked(position));
            sizes
        })
        .reduce(none, |mut sizes, more| {
            for (size, more) in sizes.iter_mut().zip(more) {
                size.people += more.people;
                size.ranked += more.ranked;
            }
            sizes
        });
    let pooled = pooled(&groups.names, &sizes, min_stratum);
    let mut names: Vec<&str> = pooled.iter().flatten().copied().collect();
    names.sort_unstable();
    names.dedup();
    // A group without customers has no stratum; its entry is never read.
    let strata: Vec<u32> = pooled
        .iter()
        .map(|name| name.and_then(|name| names.binary_search(&name).ok()).unwrap_or_default())
        .map(|stratum| StratumIx::from_index(stratum).number())
        .collect();
    Stratified {
        by_position: population
            .par_iter()
            .with_min_len(BLOCK)
            .map(|&number| strata[index(groups.numbers[index(number)])])
            .collect(),
        names: names.into_iter().map(str::to_owned).collect(),
    }
}

/// For each group, the stratum of its customers; `None` for a group without customers.
fn pooled<'a>(names: &'a [String], sizes: &[GroupSize], min_stratum: usize) -> Vec<Option<&'a str>> {
    let is_small = |group: usize| sizes[group].ranked < min_stratum;
    let occupied: Vec<usize> = (0..names.len()).filter(|&group| sizes[group].people > 0).collect();
    let name = |group: usize| (sizes[group].people > 0).then_some(names[group].as_str());
    if !occupied.iter().any(|&group| is_small(group)) {
        return (0..names.len()).map(name).collect();
    }
    // If the utility has a group called `other`, small strata are pooled with it.
    let is_other = |group: usize| is_small(group) || names[group] == OTHER;
    let others: usize =
        occupied.iter().filter(|&&group| is_other(group)).map(|&group| sizes[group].ranked).sum();
    let largest = occupied
        .iter()
        .filter(|&&group| !is_other(group))
        .max_by(|&&a, &&b| sizes[a].ranked.cmp(&sizes[b].ranked).then(names[b].cmp(&names[a])));
    let target = match largest {
        Some(&group) if others < min_stratum => names[group].as_str(),
        _ => OTHER,
    };
    (0..names.len())
        .map(|group| if is_other(group) { name(group).map(|_| target) } else { name(group) })
        .collect()
}
