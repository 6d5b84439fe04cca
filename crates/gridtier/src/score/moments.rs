//! Variance of the score and its covariance with each contribution, in one pass over the customers.
//!
//! Central moments need the mean, which is known only at the end. Here each block computes them about its own mean, and
//! blocks are joined by the differences of their means (Chan, Golub and LeVeque 1983; Pébay 2008), which avoids the
//! cancellation of large sums. Blocks have a fixed size and are joined in the order of ids, so that the bits do not depend
//! on the number of threads.

/// Number of indicators that are computed side by side, in one vector register. Unused places of the last group are 0
/// and change no sum.
pub const WIDTH: usize = 4;
/// The numbers of one group of indicators.
pub type Quad = [f64; WIDTH];

/// Moments of some ranked customers.
#[derive(Clone, Debug)]
pub struct Moments {
    customers: f64,
    /// Mean score.
    mean: f64,
    /// Σ (score − mean)².
    spread: f64,
    /// For each indicator, the mean contribution.
    means: Vec<Quad>,
    /// For each indicator, Σ contribution × (score − mean).
    together: Vec<Quad>,
    /// The least and greatest published score.
    published: (i32, i32),
}

#[inline(always)]
fn add(total: &mut Quad, more: impl Fn(usize) -> f64) {
    for (at, total) in total.iter_mut().enumerate() {
        *total += more(at);
    }
}

impl Moments {
    /// The moments of no customer, for rows of `size` groups.
    pub fn new(size: usize) -> Self {
        let (means, together) = (vec![[0.0; WIDTH]; size], vec![[0.0; WIDTH]; size]);
        Self { customers: 0.0, mean: 0.0, spread: 0.0, means, together, published: (i32::MAX, i32::MIN) }
    }

    /// Replaces the moments by those of a block: `parts` has the contributions row by row, `totals` the sum of each
    /// row. A row that does not count must have only zeros. The number of rows must be a multiple of four.
    #[inline(always)]
    pub fn replace(&mut self, parts: &[Quad], totals: &[f64], counts: &[bool]) {
        let (totals, counts) = (totals.as_chunks::<4>().0, counts.as_chunks::<4>().0);
        let (mut customers, mut sums) = ([0.0; 4], [0.0; 4]);
        for (totals, counts) in totals.iter().zip(counts) {
            let lanes = customers.iter_mut().zip(&mut sums);
            for ((customers, sum), (total, counts)) in lanes.zip(totals.iter().zip(counts)) {
                *customers += f64::from(u8::from(*counts));
                *sum += if *counts { *total } else { 0.0 };
            }
        }
        self.customers = customers.iter().sum();
        self.mean = sums.iter().sum::<f64>() / self.customers.max(1.0);
        self.means.fill([0.0; WIDTH]);
        self.together.fill([0.0; WIDTH]);
        let (size, mut spread) = (self.means.len(), [0.0; 4]);
        for (parts, (totals, counts)) in parts.chunks_exact(4 * size).zip(totals.iter().zip(counts)) {
            let off: [f64; 4] =
                std::array::from_fn(|row| if counts[row] { totals[row] - self.mean } else { 0.0 });
            spread.iter_mut().zip(off).for_each(|(spread, off)| *spread += off * off);
            let (a, rest) = parts.split_at(size);
            let (b, rest) = rest.split_at(size);
            let (c, d) = rest.split_at(size);
            let parts = a.iter().zip(b).zip(c.iter().zip(d));
            let sums = self.means.iter_mut().zip(&mut self.together);
            for (((a, b), (c, d)), (sum, together)) in parts.zip(sums) {
                add(sum, |at| (a[at] + b[at]) + (c[at] + d[at]));
                add(together, |at| (a[at] * off[0] + b[at] * off[1]) + (c[at] * off[2] + d[at] * off[3]));
            }
        }
        self.spread = spread.iter().sum();
        self.means.as_flattened_mut().iter_mut().for_each(|mean| *mean /= self.customers.max(1.0));
    }

    /// Extends the range of published scores.
    #[inline(always)]
    pub fn publish(&mut self, points_e6: i32) {
        self.published = (self.published.0.min(points_e6), self.published.1.max(points_e6));
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
        let own = self.means.as_flattened_mut().iter_mut().zip(self.together.as_flattened_mut());
        let others = other.means.as_flattened().iter().zip(other.together.as_flattened());
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
        self.together.as_flattened().iter().map(|together| varies.then(|| together / self.spread)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores with a small spread about a mean that moves from block to block; no customer of one block counts.
    #[test]
    fn one_pass_finds_the_same_as_two() {
        const ROWS: usize = 16;
        let blocks: Vec<(Vec<Quad>, Vec<f64>, Vec<bool>)> = (0..40)
            .map(|block: usize| {
                let part = |at: usize| ((block * ROWS + at) as f64 * 0.618_033_988_749).fract() * 1e-3;
                let level = if block < 20 { 1.0 } else { 30.0 };
                let counts: Vec<bool> = (0..ROWS).map(|at| block != 7 && at % 5 != 2).collect();
                let parts: Vec<Quad> = (0..ROWS)
                    .map(|at| if counts[at] { [level, part(at), part(3 * at), 0.0] } else { [0.0; WIDTH] })
                    .collect();
                let totals = parts.iter().map(|parts| parts.iter().sum()).collect();
                (parts, totals, counts)
            })
            .collect();
        let (mut all, mut own) = (Moments::new(1), Moments::new(1));
        for (parts, totals, counts) in &blocks {
            own.replace(parts, totals, counts);
            all.join(&own);
        }
        [1, 2].into_iter().for_each(|points| all.publish(points));
        let rows = || {
            let each = |(parts, totals, counts): &(Vec<Quad>, Vec<f64>, Vec<bool>)| {
                let rows = parts.iter().zip(totals).zip(counts).filter(|(_, counts)| **counts);
                rows.map(|((parts, total), _)| (*parts, *total)).collect::<Vec<_>>()
            };
            blocks.iter().flat_map(each)
        };
        let mean = rows().map(|(_, total)| total).sum::<f64>() / rows().count() as f64;
        let spread: f64 = rows().map(|(_, total)| (total - mean) * (total - mean)).sum();
        for (place, influence) in all.influence().into_iter().enumerate() {
            let together: f64 = rows().map(|(parts, total)| parts[place] * (total - mean)).sum();
            assert!((influence.unwrap() - together / spread).abs() < 1e-9);
        }
    }
}
