//! How far a population has moved from another: the population stability index over bins of the first.
//!
//! Known libraries make bins of both populations together, so that one baseline is cut differently every time, drop
//! categories that the baseline did not have, or answer an emptied bin with infinity. Here the baseline alone makes the
//! bins, and an empty one counts as half a customer.

/// What an empty bin counts as.
const EMPTY: f64 = 0.5;

/// Cuts of a baseline: fixed, whatever is counted in them later.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Ascending and distinct; a value belongs to the bin below the first cut that is not below it.
    cuts: Vec<f64>,
}

impl Bins {
    /// Cuts at the deciles of the finite values of a baseline: the values at places ⌈n k/10⌉ of n, k = 1 … 9. Equal
    /// deciles make one cut, so that a value shared by many is in one bin alone; a baseline without values has one bin.
    #[must_use]
    pub fn deciles(baseline: &[f64]) -> Self {
        let mut sorted: Vec<f64> = baseline.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |k: usize| (sorted.len() * k).div_ceil(10).checked_sub(1).map(|place| sorted[place]);
        let mut cuts: Vec<f64> = (1..10).filter_map(at).collect();
        cuts.dedup();
        Self { cuts }
    }

    /// How many values stand in each bin, and last how many are missing: what is unknown is a bin of its own.
    #[must_use]
    pub fn counts(&self, values: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; self.cuts.len() + 2];
        for x in values {
            let bin =
                if x.is_finite() { self.cuts.partition_point(|cut| cut < x) } else { self.cuts.len() + 1 };
            counts[bin] += 1;
        }
        counts
    }
}

/// The population stability index Σ (a − e) ln(a/e) over bins or categories, of the shares e in the baseline and a now
/// (S. Kullback, R. A. Leibler 1951, symmetrised; N. Siddiqi, *Credit Risk Scorecards*, 2006). A bin that is empty on one
/// side counts as half a customer there, one that is empty on both not at all: the result is always finite, and a
/// category that the baseline did not have is seen. 0 when either side has nobody.
///
/// # Panics
/// The sides have different numbers of bins.
#[must_use]
pub fn stability_index(baseline: &[u64], now: &[u64]) -> f64 {
    assert_eq!(baseline.len(), now.len(), "the same bins on both sides");
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (all_before, all_now) = (total(baseline), total(now));
    if all_before == 0.0 || all_now == 0.0 {
        return 0.0;
    }
    let share = |count: u64, all: f64| (if count == 0 { EMPTY } else { count as f64 }) / all;
    let used = baseline.iter().zip(now).filter(|&(&before, &now)| before + now > 0);
    used.map(|(&before, &now)| {
        let (e, a) = (share(before, all_before), share(now, all_now));
        (a - e) * libm::log(a / e)
    })
    .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_does_not_move_and_an_emptied_bin_is_finite() {
        assert_eq!(stability_index(&[30, 70], &[300, 700]), 0.0);
        let emptied = stability_index(&[50, 50], &[100, 0]);
        assert!(emptied.is_finite() && emptied > 0.25, "{emptied}");
        assert_eq!(stability_index(&[0, 0], &[1, 2]), 0.0);
    }

    #[test]
    fn a_new_category_counts() {
        assert!(stability_index(&[100, 0], &[0, 100]) > 1.0);
        let new = stability_index(&[90, 10, 0], &[50, 10, 40]);
        let without = stability_index(&[90, 10], &[50, 10]);
        assert!(new > 1.0 && new > without, "{new} {without}");
    }

    #[test]
    fn the_baseline_alone_makes_the_bins() {
        let baseline: Vec<f64> = (0..1000).map(f64::from).collect();
        let bins = Bins::deciles(&baseline);
        assert_eq!(bins, Bins::deciles(&baseline));
        assert_eq!(bins.counts(&baseline), [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0]);
        assert_eq!(bins.counts(&[-5.0, 1e9, f64::NAN]), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        let two_valued: Vec<f64> = (0..1000).map(|row| if row % 10 == 0 { 11.0 } else { 12.0 }).collect();
        assert_eq!(Bins::deciles(&two_valued).counts(&two_valued), [100, 900, 0, 0]);
        assert_eq!(Bins::deciles(&[]).counts(&[1.0]), [1, 0]);
    }
}
