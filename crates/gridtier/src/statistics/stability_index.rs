//! How much a distribution has drifted: the population stability index over bins that are fixed on the baseline.
//!
//! Source: B. Yurdakul, J. Naranjo, *J. Risk Model Validation* 14(4), 2020 (sampling distribution). The index is Σ (a −
//! b) ln(a/b) over the bins, where a and b are the shares now and in the baseline. Deciles are bins of the values
//! themselves. A value that a tenth of the baseline shares is a bin of its own, so that tied values cannot make a bin
//! empty.

use crate::index::float;

/// The value of a customer for a measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DriftValue {
    /// The customer has a value.
    Known(f64),
    /// The indicator does not apply.
    NotApplicable,
    /// The indicator is unknown.
    Unknown,
    /// There is no score, or none within the dimension.
    Absent,
}

crate::words! {
    /// Which values a bin of a drift measure contains.
    BinSide "bin" {
        /// Values above the mark before, up to this one.
        Upto "upto" "up to" "不超过",
        /// Values above the mark before and below this one.
        Below "below" "below" "低于",
        /// Exactly the mark, which a tenth of the baseline shares.
        Equal "equal" "equal to" "等于",
        /// Values above the last mark.
        Above "above" "above" "高于",
        /// The indicator does not apply.
        NotApplicable "na" "not applicable" "不适用",
        /// The indicator is unknown.
        Unknown "unknown" "unknown" "未知",
        /// There is no score.
        Absent "none" "no score" "无得分",
    }
}

/// A bin with at least one customer in the baseline or now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftBin {
    /// The bin's number among all bins of the measure, from 1; empty bins have numbers too.
    pub number: u64,
    /// Which values the bin contains.
    pub side: BinSide,
    /// The value that `side` refers to; `None` for bins without values, and if the baseline has no value.
    pub mark: Option<f64>,
    /// The bin's part of the index.
    pub term: f64,
    /// Number of customers in the baseline.
    pub before: u64,
    /// Number of customers now.
    pub after: u64,
}

/// The index of one measure, with its bins, whose terms sum to the index.
#[derive(Clone, Debug, PartialEq)]
pub struct StabilityIndex {
    /// Number of customers in the baseline.
    pub before: u64,
    /// Number of customers now.
    pub after: u64,
    /// The bins, by number.
    pub bins: Vec<DriftBin>,
    /// Σ (a − b) ln(a/b).
    pub value: f64,
    /// The value that sampling alone exceeds in one of twenty cases, if both populations were independent draws: (1/n +
    /// 1/m) × the 0.95 point of χ² with one degree of freedom less than there are bins. 0 for one bin; `None` if the
    /// baseline or the present population is empty.
    pub sampling_95: Option<f64>,
}

/// The 0.95 points of χ² for 1 to 21 degrees of freedom. There are at most 22 bins: nine deciles with bins of their own
/// make 19, and 3 are for customers without a value.
const CHI_SQUARE_95: [f64; 21] = [
    3.841_459, 5.991_465, 7.814_728, 9.487_729, 11.070_498, 12.591_587, 14.067_140, 15.507_313, 16.918_978,
    18.307_038, 19.675_138, 21.026_070, 22.362_032, 23.684_791, 24.995_790, 26.296_228, 27.587_112,
    28.869_299, 30.143_527, 31.410_433, 32.670_573,
];

/// The bins of a baseline: deciles, with bins for frequent values, and three bins for customers without a value.
struct Bins {
    /// For each bin with values, its side and mark.
    bins: Vec<(BinSide, Option<f64>)>,
}

impl Bins {
    /// The bins of these values, which are ascending.
    fn of(baseline: &[f64]) -> Self {
        let h = baseline.len();
        let mut marks: Vec<f64> = match h {
            0 => Vec::new(),
            // These are x[(h k + 9) div 10], counted from 1.
            _ => (1..=9).map(|k| baseline[(h * k).div_ceil(10) - 1]).collect(),
        };
        marks.dedup_by(|a, b| a == b);
        let mut bins = Vec::with_capacity(2 * marks.len() + 1);
        for &mark in &marks {
            let equal = baseline.partition_point(|&x| x <= mark) - baseline.partition_point(|&x| x < mark);
            if 10 * equal >= h {
                bins.extend([(BinSide::Below, Some(mark)), (BinSide::Equal, Some(mark))]);
            } else {
                bins.push((BinSide::Upto, Some(mark)));
            }
        }
        bins.push((BinSide::Above, marks.last().copied()));
        Self { bins }
    }

    /// Index of the bin to which a customer belongs.
    fn place(&self, value: DriftValue) -> usize {
        let values = self.bins.len();
        match value {
            DriftValue::Known(x) => self.bins[..values - 1].partition_point(|&(side, mark)| match side {
                BinSide::Below => mark.is_some_and(|mark| mark <= x),
                _ => mark.is_some_and(|mark| mark < x),
            }),
            DriftValue::NotApplicable => values,
            DriftValue::Unknown => values + 1,
            DriftValue::Absent => values + 2,
        }
    }

    /// How many customers belong to each bin.
    fn counts(&self, values: &[DriftValue]) -> Vec<u64> {
        let mut counts = vec![0; self.bins.len() + 3];
        values.iter().for_each(|&value| counts[self.place(value)] += 1);
        counts
    }
}

/// The index of `after` against the baseline `before`. Each has a value for each customer, in any order.
#[must_use]
pub fn stability_index(before: &[DriftValue], after: &[DriftValue]) -> StabilityIndex {
    let known = before.iter().filter_map(|value| match value {
        DriftValue::Known(x) => Some(x + 0.0),
        _ => None,
    });
    let mut baseline: Vec<f64> = known.collect();
    baseline.sort_unstable_by(f64::total_cmp);
    let mut bins = Bins::of(&baseline);
    let counts = [bins.counts(before), bins.counts(after)];
    bins.bins.extend([BinSide::NotApplicable, BinSide::Unknown, BinSide::Absent].map(|side| (side, None)));
    let kept: Vec<usize> =
        (0..bins.bins.len()).filter(|&at| counts[0][at] > 0 || counts[1][at] > 0).collect();
    let totals = [0, 1].map(|end| kept.iter().map(|&at| smoothed(counts[end][at])).sum::<f64>());
    let kept = kept.into_iter().map(|at| {
        let b = smoothed(counts[0][at]) / totals[0];
        let a = smoothed(counts[1][at]) / totals[1];
        DriftBin {
            number: crate::index::count(at + 1),
            side: bins.bins[at].0,
            mark: bins.bins[at].1,
            term: (a - b) * libm::log(a / b),
            before: counts[0][at],
            after: counts[1][at],
        }
    });
    let bins: Vec<DriftBin> = kept.collect();
    StabilityIndex {
        before: crate::index::count(before.len()),
        after: crate::index::count(after.len()),
        // Adding 0 turns −0, the sum of no terms, into 0.
        value: bins.iter().map(|bin| bin.term).sum::<f64>() + 0.0,
        sampling_95: sampling_95(before.len(), after.len(), bins.len()),
        bins,
    }
}

/// The count; ½ instead of 0, so that the logarithm exists.
fn smoothed(count: u64) -> f64 {
    if count == 0 { 0.5 } else { count as f64 }
}

fn sampling_95(before: usize, after: usize, bins: usize) -> Option<f64> {
    let spread = (before > 0 && after > 0).then(|| 1.0 / float(before) + 1.0 / float(after))?;
    Some(if bins > 1 { spread * CHI_SQUARE_95[bins - 2] } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(values: impl IntoIterator<Item = f64>) -> Vec<DriftValue> {
        values.into_iter().map(DriftValue::Known).collect()
    }

    fn sides(index: &StabilityIndex) -> Vec<(u64, BinSide, Option<f64>, u64, u64)> {
        index.bins.iter().map(|bin| (bin.number, bin.side, bin.mark, bin.before, bin.after)).collect()
    }

    #[test]
    fn deciles_of_a_hundred_values_are_ten_bins_of_ten() {
        let values = known((1..=100).map(f64::from));
        let index = stability_index(&values, &values);
        assert_eq!((index.bins.len(), index.value), (10, 0.0));
        assert!(index.bins.iter().all(|bin| bin.before == 10 && bin.after == 10));
        assert_eq!(index.bins[0].mark, Some(10.0));
        assert_eq!((index.bins[9].side, index.bins[9].mark), (BinSide::Above, Some(90.0)));
        // The limit is two hundredths of the point for nine degrees of freedom.
        assert!((index.sampling_95.unwrap() - 0.02 * 16.918_978).abs() < 1e-12);
    }

    #[test]
    fn a_value_that_a_tenth_of_the_baseline_shares_is_a_bin_of_its_own() {
        let mut before = known([0.0; 8]);
        before.extend(known([1.0, 2.0]));
        let after = known([-1.0, 0.0, 0.5, 3.0]);
        let index = stability_index(&before, &after);
        // The marks are 0 (eight of ten values) and 1 (one of ten), each with a bin of its own; the last bin has no
        // upper mark.
        assert_eq!(
            sides(&index),
            [
                (1, BinSide::Below, Some(0.0), 0, 1),
                (2, BinSide::Equal, Some(0.0), 8, 1),
                (3, BinSide::Below, Some(1.0), 0, 1),
                (4, BinSide::Equal, Some(1.0), 1, 0),
                (5, BinSide::Above, Some(1.0), 1, 1),
            ]
        );
    }

    #[test]
    fn customers_without_a_value_have_bins_and_a_count_of_0_becomes_a_half() {
        let before = [DriftValue::Unknown, DriftValue::Unknown, DriftValue::NotApplicable];
        let after = [DriftValue::Unknown, DriftValue::Absent, DriftValue::Known(4.0)];
        let index = stability_index(&before, &after);
        assert_eq!(
            sides(&index),
            [
                (1, BinSide::Above, None, 0, 1),
                (2, BinSide::NotApplicable, None, 1, 0),
                (3, BinSide::Unknown, None, 2, 1),
                (4, BinSide::Absent, None, 0, 1),
            ]
        );
        // The counts, with ½ for 0, sum to 4 and 3.5, so the terms are (1/3.5 − 0.5/4) ln(…) and so on.
        let term = |b: f64, a: f64| (a / 3.5 - b / 4.0) * ((a / 3.5) / (b / 4.0)).ln();
        let expected = term(0.5, 1.0) + term(1.0, 0.5) + term(2.0, 1.0) + term(0.5, 1.0);
        assert!((index.value - expected).abs() < 1e-12);
    }

    #[test]
    fn one_bin_has_no_sampling_error_and_an_empty_population_has_no_limit() {
        assert_eq!(stability_index(&[DriftValue::Unknown], &[DriftValue::Unknown]).sampling_95, Some(0.0));
        assert_eq!(stability_index(&[], &[DriftValue::Unknown]).sampling_95, None);
        let nobody = stability_index(&[], &[]);
        assert!(nobody.bins.is_empty() && nobody.value == 0.0 && nobody.value.is_sign_positive());
    }
}
