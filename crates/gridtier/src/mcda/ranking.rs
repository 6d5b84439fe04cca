//! Ways to combine criteria into one number for each row: weighted sum, weighted product, TOPSIS, grey relation.
//!
//! A missing value leaves its criterion out for its own row alone: the other weights of the row are scaled up to their
//! whole. A row without any value has no result.

use super::objective::{known, range};
use super::sum;
use crate::indicator::Direction;

/// How columns come onto one scale. All turn cost criteria round, so that afterwards more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalisation {
    /// As they are; cost by its sign.
    None,
    /// x/√Σx²; cost 1 − x/√Σx². An all-zero column stays 0.
    Vector,
    /// (x − min)/(max − min); cost (max − x)/(max − min). A constant column says nothing and is ½ throughout.
    MinMax,
    /// x/Σx; cost (1/x)/Σ(1/x). A column whose sum is 0 stays 0.
    Sum,
    /// x/max; cost min/x. A column whose greatest value is 0 stays 0.
    Max,
}

impl Normalisation {
    /// The normalised columns.
    #[must_use]
    pub fn apply(self, columns: &[Vec<f64>], directions: &[Direction]) -> Vec<Vec<f64>> {
        columns.iter().zip(directions).map(|(column, direction)| self.column(column, *direction)).collect()
    }

    fn column(self, column: &[f64], direction: Direction) -> Vec<f64> {
        let cost = direction == Direction::Less;
        let total =
            |f: &(dyn Fn(f64) -> f64 + Sync)| sum(column.len(), |row| [known(column[row]).map_or(0.0, f)])[0];
        let over = |x: f64, below: f64| if below == 0.0 { 0.0 } else { x / below };
        let (low, high) = range(column);
        let each = |f: &dyn Fn(f64) -> f64| column.iter().map(|&x| f(x)).collect();
        match self {
            Self::None => each(&|x| if cost { -x } else { x }),
            Self::Vector => {
                let norm = total(&|x| x * x).sqrt();
                each(&|x| if cost { 1.0 - over(x, norm) } else { over(x, norm) })
            }
            Self::MinMax if low == high => each(&|x| if x.is_finite() { 0.5 } else { x }),
            Self::MinMax => {
                let span = high - low;
                each(&|x| if cost { (high - x) / span } else { (x - low) / span })
            }
            Self::Sum if cost => {
                let all = total(&|x| 1.0 / x);
                each(&|x| over(1.0 / x, all))
            }
            Self::Sum => {
                let all = total(&|x| x);
                each(&|x| over(x, all))
            }
            Self::Max if cost => each(&|x| over(low, x)),
            Self::Max => each(&|x| over(x, high)),
        }
    }
}

/// Weighted sum 加权和: Σ w x over normalised columns.
#[must_use]
pub fn weighted_sum(columns: &[Vec<f64>], weights: &[f64]) -> Vec<Option<f64>> {
    by_row(columns, weights, |row| row.iter().map(|(_, w, x)| w * x).sum())
}

/// Weighted product 加权积: Π max(x, floor)^w over columns in which more is better; exp Σ w ln max(x, floor). The floor
/// must be above 0: one value of 0 would otherwise make the whole product 0.
#[must_use]
pub fn weighted_product(columns: &[Vec<f64>], weights: &[f64], floor: f64) -> Vec<Option<f64>> {
    by_row(columns, weights, |row| libm::exp(row.iter().map(|(_, w, x)| w * libm::log(x.max(floor))).sum()))
}

/// TOPSIS 逼近理想解排序法: closeness d⁻/(d⁺ + d⁻) to the best and worst values found in weighted, normalised columns
/// (C.-L. Hwang, K. Yoon, *Multiple Attribute Decision Making*, 1981). Where all rows are equal both distances are 0,
/// and the closeness is ½.
#[must_use]
pub fn topsis(columns: &[Vec<f64>], weights: &[f64]) -> Vec<Option<f64>> {
    let marks: Vec<(f64, f64)> = columns.iter().map(|column| range(column)).collect();
    by_row(columns, weights, |row| {
        let distance = |mark: &dyn Fn(usize) -> f64| {
            let square =
                |(place, w, x): &(usize, f64, f64)| (w * (x - mark(*place))) * (w * (x - mark(*place)));
            row.iter().map(square).sum::<f64>().sqrt()
        };
        closeness(distance(&|place| marks[place].1), distance(&|place| marks[place].0))
    })
}

/// d⁻/(d⁺ + d⁻); ½ where both are 0.
#[must_use]
pub fn closeness(to_best: f64, to_worst: f64) -> f64 {
    if to_best + to_worst > 0.0 { to_worst / (to_best + to_worst) } else { 0.5 }
}

/// Grey relational grade 灰色关联度 with the best row as reference: Δ = best − x in normalised columns,
/// ξ = (Δmin + ρ Δmax)/(Δ + ρ Δmax) with the least and greatest Δ of the whole matrix, Σ w ξ (J. Deng, *Systems &
/// Control Letters* 1(5) 288–294, 1982; ρ = ½). A constant column says nothing and is left out; where all columns are
/// constant every row has 1.
#[must_use]
pub fn grey_relational(columns: &[Vec<f64>], weights: &[f64], rho: f64) -> Vec<Option<f64>> {
    let distances: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let (low, high) = range(column);
            let varies = low < high;
            column.iter().map(|x| if varies { high - x } else { f64::NAN }).collect()
        })
        .collect();
    if distances.iter().flatten().all(|x| x.is_nan()) {
        return by_row(columns, weights, |_| 1.0);
    }
    let (least, greatest) = distances
        .iter()
        .map(|column| range(column))
        .fold((f64::INFINITY, 0.0), |all: (f64, f64), one| (all.0.min(one.0), all.1.max(one.1)));
    let relation = |delta: f64| (least + rho * greatest) / (delta + rho * greatest);
    by_row(&distances, weights, |row| row.iter().map(|(_, w, delta)| w * relation(*delta)).sum())
}

/// `combine` of each row's known values: place, weight scaled to sum to the whole, value.
fn by_row(
    columns: &[Vec<f64>],
    weights: &[f64],
    combine: impl Fn(&[(usize, f64, f64)]) -> f64,
) -> Vec<Option<f64>> {
    let rows = columns.first().map_or(0, Vec::len);
    let whole: f64 = weights.iter().sum();
    let mut row_values = Vec::with_capacity(columns.len());
    (0..rows)
        .map(|row| {
            row_values.clear();
            let cells = columns.iter().zip(weights).enumerate();
            row_values
                .extend(cells.filter_map(|(place, (column, w))| Some((place, *w, known(column[row])?))));
            let there: f64 = row_values.iter().map(|(_, w, _)| w).sum();
            if row_values.len() < columns.len() && there > 0.0 {
                row_values.iter_mut().for_each(|(_, w, _)| *w *= whole / there);
            }
            (!row_values.is_empty()).then(|| combine(&row_values))
        })
        .collect()
}
