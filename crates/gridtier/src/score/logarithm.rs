//! ln(1 + x) of values that are not negative, without a branch, so that the compiler computes several side by side.
//!
//! The steps, constants and roundings are those of `libm::log1p` (FreeBSD's `s_log1p.c`), whose branches are replaced by
//! selections between two numbers: the result has the same bits, on every machine. Negative arguments count as 0.

use crate::method::Transform;

/// Arguments below this need no reduction, since 1 + x is less than about √2.
const SMALL: f64 = f64::from_bits(0x3fda_827a_0000_0000);
/// Below 2⁻⁵³, ln(1 + x) is x.
const TINY: f64 = f64::from_bits(0x3ca0_0000_0000_0000);
/// Moves the leading bits of a fraction above √2 into the exponent; reduced arguments begin at √½.
const TO_ROOT: u64 = 0x3ff0_0000_0000_0000 - ROOT;
const ROOT: u64 = 0x3fe6_a09e_0000_0000;
const FRACTION: u64 = (1 << 52) - 1;
/// 2⁵²: an integer in the last bits of a double becomes a double by subtracting this.
const INTEGER: f64 = 4_503_599_627_370_496.0;
const BIAS: f64 = 1023.0;
const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
const LG1: f64 = f64::from_bits(0x3fe5_5555_5555_5593);
const LG2: f64 = f64::from_bits(0x3fd9_9999_9997_fa04);
const LG3: f64 = f64::from_bits(0x3fd2_4924_9422_9359);
const LG4: f64 = f64::from_bits(0x3fcc_71c5_1d8e_78af);
const LG5: f64 = f64::from_bits(0x3fc7_4664_96cb_03de);
const LG6: f64 = f64::from_bits(0x3fc3_9a09_d078_c69f);
const LG7: f64 = f64::from_bits(0x3fc2_f112_df3e_5244);

/// A value after a transform; quantiles are taken of such values, and goalposts are transformed too.
#[inline]
pub(super) fn transformed(transform: Transform, x: f64) -> f64 {
    match transform {
        Transform::None => x,
        Transform::Log1p => log1p(x),
    }
}

/// ln(1 + max(x, 0)); 0 for NaN.
#[inline(always)]
#[must_use]
pub fn log1p(x: f64) -> f64 {
    let x = if x > 0.0 { x } else { 0.0 };
    let u = 1.0 + x;
    let moved = u.to_bits().wrapping_add(TO_ROOT);
    let k = f64::from_bits(moved >> 52 | INTEGER.to_bits()) - (INTEGER + BIAS);
    let reduced = f64::from_bits((moved & FRACTION).wrapping_add(ROOT)) - 1.0;
    // What rounding took from 1 + x.
    let lost = if k >= 2.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
    let lost = if k < 54.0 { lost / u } else { 0.0 };
    let (k, c, f) = if x < SMALL { (0.0, 0.0, x) } else { (k, lost, reduced) };
    let half = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (LG2 + w * (LG4 + w * LG6));
    let odd = z * (LG1 + w * (LG3 + w * (LG5 + w * LG7)));
    let r = odd + even;
    let log = s * (half + r) + (k * LN2_LO + c) - half + f + k * LN2_HI;
    if x < TINY || x == f64::INFINITY { x } else { log }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(x: f64) {
        assert_eq!(log1p(x).to_bits(), libm::log1p(x).to_bits(), "{x:e}");
    }

    #[test]
    fn the_bits_are_those_of_the_library_at_every_exponent_and_at_the_edges() {
        for exponent in 0..0x7ff_u64 {
            for fraction in 0..997 {
                agrees(f64::from_bits((exponent << 52) | (fraction * (FRACTION / 997))));
            }
        }
        for edge in [SMALL, TINY, 1.0, f64::from_bits(ROOT), f64::MAX, 2f64.powi(53), 2f64.powi(54)] {
            let near = (0..2_000).map(|step| f64::from_bits(edge.to_bits() - 1_000 + step));
            near.filter(|x| !x.is_nan()).for_each(agrees);
        }
        agrees(f64::INFINITY);
    }

    #[test]
    fn negative_and_missing_values_count_as_zero() {
        assert_eq!([-0.0, -1.0, -7.5, f64::NEG_INFINITY, f64::NAN].map(|x| log1p(x).to_bits()), [0; 5]);
    }

    proptest! {
        #[test]
        fn the_bits_are_those_of_the_library(bits in 0..f64::INFINITY.to_bits(), x in 0.0f64..1e9) {
            agrees(f64::from_bits(bits));
            agrees(x);
        }
    }
}
