//! Who is graded against whom.

use std::collections::BTreeMap;

use crate::contract::{SUPPLY_LEVELS, USE_CATEGORIES};
use crate::customer::Customers;
use crate::method::{Method, Strata};
use crate::score::Scores;

/// The stratum of one population.
pub const ALL: &str = "all";
/// The stratum of pooled ones.
pub const OTHER: &str = "other";
/// The stratum of customers without a value in the stratum's column.
const UNSPECIFIED: &str = "unspecified";

/// Strata after pooling.
pub(super) struct Stratified {
    /// By position: the stratum.
    pub names: Vec<String>,
    /// By stratum: the positions of its members, provisional ones too.
    pub members: BTreeMap<String, Vec<usize>>,
}

/// Puts everybody into a stratum; strata with fewer ranked customers than the method asks for are pooled.
pub(super) fn strata(customers: &Customers, scores: &Scores, method: &Method) -> Stratified {
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    if method.strata == Strata::None {
        members.insert(ALL.into(), (0..scores.population.len()).collect());
    }
    for (position, &number) in scores.population.iter().enumerate() {
        let customer = &customers.rows[number as usize];
        let name = match method.strata {
            Strata::None => break,
            Strata::SupplyLevel => SUPPLY_LEVELS[usize::from(customer.supply_level)],
            Strata::UseCategory => USE_CATEGORIES[usize::from(customer.use_category)],
            Strata::Region => customer.region.as_deref().unwrap_or(UNSPECIFIED),
        };
        members.entry(name.to_owned()).or_default().push(position);
    }
    if method.strata != Strata::None {
        members = pooled(members, scores, method.min_stratum);
    }
    let mut names = vec![String::new(); scores.population.len()];
    for (name, positions) in &members {
        positions.iter().for_each(|&position| names[position].clone_from(name));
    }
    Stratified { names, members }
}

fn pooled(
    members: BTreeMap<String, Vec<usize>>,
    scores: &Scores,
    min_stratum: usize,
) -> BTreeMap<String, Vec<usize>> {
    let ranked = |positions: &[usize]| {
        positions.iter().filter(|&&position| scores.provisional[position].is_none()).count()
    };
    let (mut kept, small): (BTreeMap<_, _>, BTreeMap<_, _>) =
        members.into_iter().partition(|(_, positions)| ranked(positions) >= min_stratum);
    if small.is_empty() {
        return kept;
    }
    // A stratum that is called `other` by the utility and stands on its own takes the small ones in.
    let mut other = kept.remove(OTHER).unwrap_or_default();
    other.extend(small.into_values().flatten());
    other.sort_unstable();
    let largest = kept.iter().max_by(|a, b| ranked(a.1).cmp(&ranked(b.1)).then(b.0.cmp(a.0)));
    let target = match largest {
        Some((name, _)) if ranked(&other) < min_stratum => name.clone(),
        _ => OTHER.to_owned(),
    };
    let joined = kept.entry(target).or_default();
    joined.extend(other);
    joined.sort_unstable();
    kept
}
