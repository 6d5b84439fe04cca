//! Random numbers addressed by a key, and the distributions that the sample draws from.
//!
//! A generator with a running state would make each row depend on all rows before it. Here the state of each stream is the
//! hash of its key (purpose, customer, month), so that rows can be made in any order, one by one or more than once. The
//! mixing is SplitMix64 (Steele, Lea, Flood 2014, *Fast splittable pseudorandom number generators*). Only integer
//! operations, + − × ÷ and √ are used: IEEE 754 fixes the bits of their results, but not those of `exp`, `ln` or `cos`.
//!
//! The numbers are not fit for cryptography.

/// 2⁶⁴ divided by the golden ratio, the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What random numbers are used for. Numbers for different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum DrawPurpose {
    /// Use category and size.
    Size = 1,
    /// Supply level, capacity, standards, levels.
    Supply,
    /// Opening and closing.
    Life,
    /// Behaviour that lasts for years.
    Conduct,
    /// Energy of a month.
    Energy,
    /// Reactive energy of a month.
    Reactive,
    /// Influence of the weather on a day.
    Weather,
    /// Distribution of energy over the intervals of a month.
    Interval,
    /// Whether the readings of a month arrive.
    Arrival,
    /// Correction of a bill.
    Correction,
    /// Payment of a bill.
    Payment,
    /// Payment of a corrected bill.
    Repayment,
    /// Faults, violations and theft.
    Incident,
    /// Plans of a customer.
    Plan,
    /// Requests and suggestions.
    Cooperation,
    /// Energy audits.
    Audit,
    /// What changes from one window to the next.
    Change,
    /// Outages of a feeder.
    Outage,
    /// Notices of an outage.
    Notice,
    /// Visits, calls and handbooks of a customer.
    Visit,
    /// Work at a customer.
    Work,
    /// Complaints, reports, queries, suggestions, praise.
    Contact,
    /// Checks of the utility's own work.
    Check,
    /// Answers to a survey.
    Survey,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct KeyedDraw {
    state: u64,
}

impl KeyedDraw {
    /// The stream of one purpose, customer and month (or any other two numbers).
    #[must_use]
    pub fn new(seed: u64, purpose: DrawPurpose, customer: u32, month: u32) -> Self {
        let customer_and_month = u64::from(customer) << 32 | u64::from(month);
        Self { state: mix(mix(mix(seed ^ GOLDEN) ^ purpose as u64) ^ customer_and_month) }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
        (self.bits() >> 11) as f64 / TWO_TO_53
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// An integer from `low` to `high`, both included; `low` when the range is empty.
    pub fn whole(&mut self, low: i32, high: i32) -> i32 {
        let span = (i64::from(high) - i64::from(low) + 1).max(1);
        (i64::from(low) + (self.bits() >> 1).cast_signed() % span) as i32
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Nearly standard normal: the sum of twelve uniforms less six (Irwin–Hall), never beyond ±6.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Log-normal by its median and the standard deviation of its logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// Pareto with exponent 4/3, as u^(−3/4): a tail so heavy that the variance is infinite.
    pub fn pareto(&mut self, minimum: f64) -> f64 {
        let root = (1.0 - self.unit()).sqrt();
        minimum / (root * root.sqrt())
    }

    /// One of the options, in proportion to its weight.
    ///
    /// # Panics
    /// When no option has a positive weight.
    pub fn pick<T: Copy>(&mut self, options: &[(u32, T)]) -> T {
        let total: u64 = options.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut left = (self.bits() >> 1) % total;
        for (weight, option) in options {
            if left < u64::from(*weight) {
                return *option;
            }
            left -= u64::from(*weight);
        }
        unreachable!("the number drawn is below the sum of the weights")
    }
}

/// The finaliser of SplitMix64: every bit of the input changes half of the output.
#[inline]
#[must_use]
pub fn mix(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// eˣ as the Taylor sum at x/256, squared eight times; for |x| up to 6 the relative error is below 10⁻¹¹.
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = x / 256.0;
    let mut power =
        1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0)))));
    for _ in 0..8 {
        power *= power;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_depends_on_its_key_alone() {
        let first = |purpose, customer, month| KeyedDraw::new(7, purpose, customer, month).bits();
        assert_eq!(first(DrawPurpose::Energy, 3, 4), first(DrawPurpose::Energy, 3, 4));
        assert_ne!(first(DrawPurpose::Energy, 3, 4), first(DrawPurpose::Energy, 4, 3));
        assert_ne!(first(DrawPurpose::Energy, 3, 4), first(DrawPurpose::Reactive, 3, 4));
        assert_ne!(first(DrawPurpose::Energy, 3, 4), KeyedDraw::new(8, DrawPurpose::Energy, 3, 4).bits());
    }

    #[test]
    fn the_exponential_agrees_with_the_standard_library() {
        for x in [-5.0_f64, -0.3, 0.0, 0.1, 1.0, 6.0] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn the_distributions_have_their_moments() {
        let mut draw = KeyedDraw::new(1, DrawPurpose::Size, 0, 0);
        let n = 20_000;
        let normals: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(n);
        let variance = normals.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let above_double = (0..n).filter(|_| draw.pareto(1.0) > 2.0).count() as f64 / f64::from(n);
        assert!((above_double - 0.397).abs() < 0.02, "{above_double}");
        let picked = (0..n).filter(|_| draw.pick(&[(1, false), (3, true)])).count() as f64 / f64::from(n);
        assert!((picked - 0.75).abs() < 0.02, "{picked}");
    }
}
