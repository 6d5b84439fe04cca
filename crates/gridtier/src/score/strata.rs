//! Points that are fitted within each stratum (DATA section 7), so that a customer is compared only with customers of
//! the same stratum.

use rayon::prelude::*;

use super::normalise::Fitted;
use super::quantile::RankedValues;
use super::weigh::StratumParameters;
use crate::index::{StratumIx, count, index, index_u64};
use crate::indicator::IndicatorColumn;
use crate::method::{Method, NormaliseWithin};
use crate::stratum::{Groups, stratify};

/// The parameters fitted by stratum, and the stratum of each customer.
#[derive(Default)]
pub(super) struct PointStrata {
    /// The parameters of each stratum.
    pub fitted: Vec<StratumParameters>,
    /// For each position in the population, the number of the stratum. Empty if points are fitted over all ranked
    /// customers.
    pub by_position: Vec<u32>,
}

/// Fits points to the ranked customers of each stratum, if the method asks for it.
pub(super) fn fit(
    method: &Method,
    columns: &[IndicatorColumn],
    groups: &Groups,
    population: &[u32],
    is_ranked: impl Fn(usize) -> bool + Sync,
) -> PointStrata {
    if method.normalise_within == NormaliseWithin::Population {
        return PointStrata::default();
    }
    let strata = stratify(groups, population, &is_ranked, method.min_stratum);
    let fitted = strata.names.iter().enumerate().map(|(stratum, name)| {
        let stratum = StratumIx::from_index(stratum).number();
        let members = (0..population.len()).filter(|&at| strata.by_position[at] == stratum && is_ranked(at));
        let numbers: Vec<u32> = members.map(|at| population[at]).collect();
        fit_stratum(method, columns, name, &numbers)
    });
    PointStrata { fitted: fitted.collect(), by_position: strata.by_position }
}

/// Fits the points of a stratum, whose ranked customers are given by number.
fn fit_stratum(
    method: &Method,
    columns: &[IndicatorColumn],
    name: &str,
    numbers: &[u32],
) -> StratumParameters {
    let known = |column: &IndicatorColumn| {
        count(numbers.par_iter().filter(|&&number| column.known(index(number)).is_some()).count())
    };
    let ranked_known: Vec<u64> = columns.iter().map(known).collect();
    let fitted = method
        .indicators
        .iter()
        .zip(columns)
        .zip(&ranked_known)
        .map(|((spec, column), &known)| {
            let normalise = spec.normalise.as_ref().filter(|normalise| normalise.is_fitted())?;
            let sample = RankedValues::new(column, numbers);
            (index_u64(known) >= method.min_stratum)
                .then(|| Fitted::fit(normalise, spec.direction, sample, known, spec.base))
        })
        .collect();
    StratumParameters { name: name.to_owned(), fitted, ranked_known }
}
