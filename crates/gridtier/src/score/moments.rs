//! Variance of the score and its covariance with each contribution, in one pass over the customers.
//!
//! Central moments need the mean, which is known only at the end. Here each block computes them about its own mean, and
//! blocks are joined by the differences of their means (Chan, Golub and LeVeque 1983; Pébay 2008), which avoids the
//! cancellation of large sums. Blocks have a fixed size and are joined in the order of ids, so that the bits do not depend
//! on the number of threads.

/// Number of customers that are computed side by side, in the widest vector registers. Sums have one part for each of them,
/// whatever the processor, so that they have the same bits everywhere.
pub const LANES: usize = 8;
/// Numbers of some customers.
type Lanes = [f64; LANES];

/// Moments of some ranked customers.
#[derive(Clone, Debug)]
pub struct Moments {
    customers: f64,
    /// Mean score.
    mean: f64,
    /// Σ (score − mean)².
    spread: f64,
    /// For each indicator, the mean contribution.
    means: Vec<f64>,
    /// For each indicator, Σ contribution × (score − mean).
    together: Vec<f64>,
    /// The least and greatest published score.
    published: (i32, i32),
}

/// Adds products to sums.
#[inline(always)]
fn add_products(sums: &mut Lanes, a: &Lanes, b: &Lanes) {
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        *sum += a * b;
    }
}

/// The sum of the products of two columns.
#[inline(always)]
fn sum_of_products(a: &[Lanes], b: &[Lanes]) -> f64 {
    let mut sums = [0.0; LANES];
    a.iter().zip(b).for_each(|(a, b)| add_products(&mut sums, a, b));
    sums.iter().sum()
}

impl Moments {
    /// The moments of no customer, for a number of indicators.
    pub fn new(indicators: usize) -> Self {
        let (means, together) = (vec![0.0; indicators], vec![0.0; indicators]);
        Self { customers: 0.0, mean: 0.0, spread: 0.0, means, together, published: (i32::MAX, i32::MIN) }
    }

    /// Replaces the moments, all but the range of published scores, by those of a block: `parts` has the contributions of
    /// each indicator, `totals` the sum of each customer. `counts` is 1 for a customer that counts, and 0 for another one,
    /// whose numbers must be finite too. Further columns of `parts` are not read.
    #[inline(always)]
    pub fn replace<const ROWS: usize>(
        &mut self,
        parts: &[[f64; ROWS]],
        totals: &[f64; ROWS],
        counts: &[f64; ROWS],
    ) {
        const { assert!(ROWS.is_multiple_of(LANES), "no customer is left out") }
        let of_lanes = counts.as_chunks::<LANES>().0;
        self.customers = sum_of_products(of_lanes, of_lanes);
        self.mean = sum_of_products(totals.as_chunks().0, of_lanes) / self.customers.max(1.0);
        let mut off = [0.0; ROWS];
        for (off, (total, counts)) in off.iter_mut().zip(totals.iter().zip(counts)) {
            *off = (total - self.mean) * counts;
        }
        let off = off.as_chunks().0;
        self.spread = sum_of_products(off, off);
        for ((mean, together), parts) in self.means.iter_mut().zip(&mut self.together).zip(parts) {
            let (mut sums, mut products) = ([0.0; LANES], [0.0; LANES]);
            for (parts, (counts, off)) in parts.as_chunks().0.iter().zip(of_lanes.iter().zip(off)) {
                add_products(&mut sums, parts, counts);
                add_products(&mut products, parts, off);
            }
            *mean = sums.iter().sum::<f64>() / self.customers.max(1.0);
            *together = products.iter().sum();
        }
    }

    /// Extends the range of published scores by those of a block. `counts` is as for [`replace`](Self::replace).
    #[inline(always)]
    pub fn publish<const ROWS: usize>(&mut self, points_e6: &[i32; ROWS], counts: &[f64; ROWS]) {
        let (mut least, mut most) = self.published;
        for (&points, &counts) in points_e6.iter().zip(counts) {
            let counts = counts > 0.0;
            least = least.min(if counts { points } else { i32::MAX });
            most = most.max(if counts { points } else { i32::MIN });
        }
        self.published = (least, most);
    }

    /// Joins the moments of other customers.
    #[inline(always)]
    pub fn join(&mut self, other: &Self) {
        let (least, most) = other.published;
        self.published = (self.published.0.min(least), self.published.1.max(most));
        if other.customers == 0.0 {
            return;
        }
        let all = self.customers + other.customers;
        let share = other.customers / all;
        let apart = other.mean - self.mean;
        let weight = apart * share * self.customers;
        self.spread += other.spread + apart * weight;
        let own = self.means.iter_mut().zip(&mut self.together);
        let others = other.means.iter().zip(&other.together);
        for ((mean, together), (other, more)) in own.zip(others) {
            *together += more + (other - *mean) * weight;
            *mean += (other - *mean) * share;
        }
        self.mean += apart * share;
        self.customers = all;
    }

    /// For each indicator, the share of the score's variance that comes through it, cov(contribution,
    /// score)/var(score). Contributions add up to the score, so these shares sum to 1; a negative share means that the
    /// indicator works against the others. `None` for all if the score does not vary.
    pub fn influence(&self) -> Vec<Option<f64>> {
        // The rounded mean of equal scores can differ from them, so equality is decided on the published integers.
        let varies = self.published.0 < self.published.1 && self.spread > 0.0;
        self.together.iter().map(|together| varies.then(|| together / self.spread)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores with a small spread about a mean that moves from block to block; no customer of one block counts.
    #[test]
    fn one_pass_finds_the_same_as_two() {
        const ROWS: usize = 16;
        const PLACES: usize = 3;
        type Block = ([[f64; ROWS]; PLACES], [f64; ROWS], [f64; ROWS]);
        let blocks: Vec<Block> = (0..40)
            .map(|block: usize| {
                let part = |at: usize| ((block * ROWS + at) as f64 * 0.618_033_988_749).fract() * 1e-3;
                let level = if block < 20 { 1.0 } else { 30.0 };
                let counts = std::array::from_fn(|at| f64::from(u8::from(block != 7 && at % 5 != 2)));
                let parts =
                    [[level; ROWS], std::array::from_fn(part), std::array::from_fn(|at| part(3 * at))];
                let totals = std::array::from_fn(|at| parts.iter().map(|parts| parts[at]).sum());
                (parts, totals, counts)
            })
            .collect();
        let (mut all, mut own) = (Moments::new(PLACES), Moments::new(PLACES));
        for (parts, totals, counts) in &blocks {
            own.replace(parts, totals, counts);
            own.publish(&[2; ROWS], counts);
            all.join(&own);
        }
        assert!(all.influence().iter().all(Option::is_none));
        all.publish(&[1], &[0.0]);
        assert!(all.influence().iter().all(Option::is_none));
        all.publish(&[1], &[1.0]);
        let rows = || {
            blocks.iter().flat_map(|(parts, totals, counts)| {
                let counted = (0..ROWS).filter(|&at| counts[at] > 0.0);
                counted.map(|at| (parts.map(|parts| parts[at]), totals[at]))
            })
        };
        let mean = rows().map(|(_, total)| total).sum::<f64>() / rows().count() as f64;
        let spread: f64 = rows().map(|(_, total)| (total - mean) * (total - mean)).sum();
        for (place, influence) in all.influence().into_iter().enumerate() {
            let together: f64 = rows().map(|(parts, total)| parts[place] * (total - mean)).sum();
            assert!((influence.unwrap() - together / spread).abs() < 1e-9);
        }
    }
}
