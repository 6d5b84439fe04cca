//! How many customers a survey asks, and which (SERVICE §7).

use std::collections::BTreeMap;

use gridtier::contract::UseCategory;
use gridtier::index::{CustomerIx, index_u64};
use gridtier::method::Tier;
use gridtier::word::Word;
use sha2::{Digest, Sha256};

use super::frame::Frame;

/// Minimum number of customers of a use category in a sample; all of them if there are fewer.
const CELL_MIN: i64 = 30;

/// Percentage of the customers asked that is expected to answer, unless another is given.
pub const RATE_PCT: i64 = 60;

/// How many customers of a tier and use category to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyPlanRow {
    /// The tier.
    pub tier: Tier,
    /// The use category.
    pub use_category: UseCategory,
    /// Number of customers of the frame.
    pub population: i64,
    /// Number of those who want not to be asked.
    pub opted_out: i64,
    /// Number of answers that are needed.
    pub sample: i64,
    /// Number of customers to ask in order to get this number of answers.
    pub to_ask: i64,
}

/// A customer to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRow {
    /// The customer.
    pub customer: CustomerIx,
    /// The tier.
    pub tier: Tier,
    /// The use category.
    pub use_category: UseCategory,
}

/// The plan of a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyPlan {
    /// By tier and use category, in the order of their codes' bytes.
    pub rows: Vec<SurveyPlanRow>,
    /// The customers to ask, in the order of their ids.
    pub sample: Vec<SampleRow>,
}

/// Plans a survey of the frame. `rate_pct` is the percentage of those asked that is expected to answer, at least 1.
#[must_use]
pub fn plan(frame: &Frame, seed: u64, rate_pct: i64) -> SurveyPlan {
    let mut cells: BTreeMap<(&str, &str), Vec<SampleRow>> = BTreeMap::new();
    for customer in frame.customers() {
        let member = frame.base.member(customer);
        let Some(tier) = member.tier else { continue };
        let use_category = member.use_category;
        let row = SampleRow { customer, tier, use_category };
        cells.entry((tier.code(), use_category.code())).or_default().push(row);
    }
    let cells: Vec<Vec<SampleRow>> = cells.into_values().collect();
    let (mut rows, mut sample) = (Vec::new(), Vec::new());
    for of_tier in cells.chunk_by(|a, b| a[0].tier == b[0].tier) {
        let populations: Vec<i64> = of_tier.iter().map(|cell| cell.len() as i64).collect();
        for (cell, needed) in of_tier.iter().zip(allocation(&populations)) {
            let SampleRow { tier, use_category, .. } = cell[0];
            let willing: Vec<SampleRow> =
                cell.iter().copied().filter(|row| !frame.base.member(row.customer).opted_out).collect();
            let to_ask = ceil_div(100 * needed, rate_pct.max(1)).min(willing.len() as i64);
            rows.push(SurveyPlanRow {
                tier,
                use_category,
                population: cell.len() as i64,
                opted_out: (cell.len() - willing.len()) as i64,
                sample: needed,
                to_ask,
            });
            sample.extend(drawn(frame, seed, willing, index_u64(to_ask.unsigned_abs())));
        }
    }
    sample.sort_unstable_by_key(|row| row.customer);
    SurveyPlan { rows, sample }
}

/// The rows whose `<seed>:<customer_id>` has the smallest sha256.
fn drawn(frame: &Frame, seed: u64, rows: Vec<SampleRow>, count: usize) -> Vec<SampleRow> {
    let hashed = rows.into_iter().map(|row| (digest(seed, frame.base.id(row.customer)), row.customer, row));
    let mut rows: Vec<_> = hashed.collect();
    rows.sort_unstable_by_key(|(digest, customer, _)| (*digest, *customer));
    rows.truncate(count);
    rows.into_iter().map(|(.., row)| row).collect()
}

/// sha256 of `<seed>:<customer_id>`; its hexadecimal digits sort as its bytes do.
fn digest(seed: u64, customer_id: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}:{customer_id}")).into()
}

fn ceil_div(a: i64, b: i64) -> i64 {
    (a + b - 1).div_euclid(b)
}

/// Number of answers needed to estimate a share of `population` customers to ±5 % with 95 % confidence. The worst
/// case is a share of ½ (R. V. Krejcie, D. W. Morgan, *Educational and Psychological Measurement* 30(3) 607–610,
/// 1970, with z = 1.96): ⌈9604 N/(25 (N − 1) + 9604)⌉.
#[must_use]
pub fn sample_size(population: i64) -> i64 {
    if population <= 0 {
        return 0;
    }
    ceil_div(9604 * population, 25 * (population - 1) + 9604)
}

/// Divides the sample of a tier among its use categories in proportion. The remaining places go to the largest
/// remainders; of equal remainders, the first category gets the place. Each category then gets at least 30 customers,
/// or all that it has.
fn allocation(populations: &[i64]) -> Vec<i64> {
    let all: i64 = populations.iter().sum();
    let needed = sample_size(all);
    let mut parts: Vec<i64> = populations.iter().map(|population| needed * population / all.max(1)).collect();
    let mut order: Vec<usize> = (0..populations.len()).collect();
    order.sort_by_key(|&cell| std::cmp::Reverse(needed * populations[cell] % all.max(1)));
    let left = index_u64((needed - parts.iter().sum::<i64>()).unsigned_abs());
    for cell in order.into_iter().take(left) {
        parts[cell] += 1;
    }
    parts.iter().zip(populations).map(|(part, population)| (*part).max(CELL_MIN.min(*population))).collect()
}

#[cfg(test)]
mod tests;
