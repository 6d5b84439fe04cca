//! Converts numbers of any width, decimals, and numbers written by people.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Float64Array};
use arrow_cast::cast;
use arrow_schema::DataType;

use super::super::COUNT_MAX;
use super::super::declared::{DecimalMark, TableDeclared};
use super::super::rule::Rule;
use super::{
    CellState, CheckedCell, CheckedColumn, Integers, NULL, TypeFault, Values, by_value, fault, text, unfit,
};
use crate::index::float_i64;
use crate::unit::round_half_away;
use crate::vectors::{Pass, Vectors};

/// Whether a number may be below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The number may be below zero.
    Any,
    /// A number below zero is a fault; −0 counts as 0.
    NotNegative,
}

/// How a number becomes an integer: `round(x × factor)`, half away from zero.
#[derive(Clone, Copy, Debug)]
pub struct Scaling {
    /// Number of integer steps in one unit of the file.
    pub factor: i64,
    /// Largest accepted magnitude, in integer steps.
    pub max: i64,
    /// Whether the number may be below zero.
    pub sign: Sign,
    /// Decimal mark of numbers stored as text.
    pub mark: DecimalMark,
}

impl Scaling {
    fn of_double(&self, x: f64) -> CheckedCell {
        if !x.is_finite() {
            return fault(Rule::NotFinite);
        }
        // Compared in the unit of the file, so that the bound itself does not depend on rounding.
        if x.abs() > float_i64(self.max) / float_i64(self.factor) {
            return fault(Rule::OutOfBounds);
        }
        if x < 0.0 && self.sign == Sign::NotNegative {
            return fault(Rule::Negative);
        }
        (round_half_away(x * float_i64(self.factor)), CellState::Ok)
    }

    /// As [`of_double`](Self::of_double), but for whole numbers only.
    fn of_whole_double(&self, x: f64) -> CheckedCell {
        if x.is_finite() && x.fract() != 0.0 { fault(Rule::BadNumber) } else { self.of_double(x) }
    }

    /// As [`of_decimal`](Self::of_decimal), but for whole numbers only.
    fn of_whole_decimal(&self, value: i128, scale: i8) -> CheckedCell {
        let divisor = power_of_ten(scale.max(0).unsigned_abs()).unwrap_or(i128::MAX);
        if value % divisor == 0 { self.of_decimal(value, scale) } else { fault(Rule::BadNumber) }
    }

    /// The exact integer for `value` × 10^−`scale`.
    fn of_decimal(&self, value: i128, scale: i8) -> CheckedCell {
        if value < 0 && self.sign == Sign::NotNegative {
            return fault(Rule::Negative);
        }
        if let Some(cell) = self.of_small_decimal(value, scale) {
            return cell;
        }
        let (Some(scaled), Some(divisor)) = (
            value.checked_mul(i128::from(self.factor)).and_then(|scaled| match scale {
                ..0 => scaled.checked_mul(power_of_ten(scale.unsigned_abs())?),
                _ => Some(scaled),
            }),
            power_of_ten(scale.max(0).unsigned_abs()),
        ) else {
            return fault(Rule::OutOfBounds);
        };
        if scaled.abs() > i128::from(self.max).saturating_mul(divisor) {
            return fault(Rule::OutOfBounds);
        }
        let half = if scaled < 0 { -(divisor / 2) } else { divisor / 2 };
        (((scaled + half) / divisor) as i64, CellState::Ok)
    }

    /// As [`of_decimal`](Self::of_decimal), in 64 bits; `None` if that needs more, or if the value is out of bounds.
    /// Dividing 128 bits took 3 % of the time of reading bills and payments.
    fn of_small_decimal(&self, value: i128, scale: i8) -> Option<CheckedCell> {
        let divisor = 10_i64.checked_pow(u32::try_from(scale).ok()?)?;
        let scaled = i64::try_from(value).ok()?.checked_mul(self.factor)?;
        let half = if scaled < 0 { -(divisor / 2) } else { divisor / 2 };
        let is_sound = scaled.checked_abs()? <= self.max.checked_mul(divisor)?;
        Some((scaled.checked_add(half).filter(|_| is_sound)? / divisor, CellState::Ok))
    }
}

impl Scaling {
    /// A column of decimals with so many places. Money in fen needs no division, nor a call for each row.
    fn decimals(&self, array: &ArrayRef, places: i8) -> Integers {
        let step = u32::try_from(places).ok().and_then(|places| 10_i64.checked_pow(places));
        match step.filter(|step| self.factor % step == 0).map(|step| self.factor / step) {
            Some(steps) => each::<t::Decimal128Type>(array, |value| {
                self.of_whole(value, steps).unwrap_or_else(|| self.of_decimal(value, places))
            }),
            None => each::<t::Decimal128Type>(array, |value| self.of_decimal(value, places)),
        }
    }

    /// The integer for a value that has so many whole steps; `None` if it is out of bounds or takes more than 64 bits.
    #[inline]
    fn of_whole(&self, value: i128, steps: i64) -> Option<CheckedCell> {
        let scaled = i64::try_from(value).ok()?.checked_mul(steps)?;
        let least = if self.sign == Sign::NotNegative { 0 } else { -self.max };
        (least..=self.max).contains(&scaled).then_some((scaled, CellState::Ok))
    }
}

fn power_of_ten(exponent: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(exponent))
}

/// A column as integers scaled by `scale`, one cell for each row.
///
/// # Errors
/// The column holds no numbers.
pub fn scaled(array: &ArrayRef, scale: &Scaling) -> Result<Integers, TypeFault> {
    by_value(array, |array| match array.data_type() {
        // Most readings have this type, so it is converted without a call for each row.
        DataType::Float64 => Ok(each::<t::Float64Type>(array, |x| scale.of_double(x))),
        DataType::Decimal128(_, places) => Ok(scale.decimals(array, *places)),
        _ => numeric(array, &|x| scale.of_double(x), &|v, s| scale.of_decimal(v, s), scale.mark),
    })
}

/// Does as [`scaled`], into `out`; doubles are converted without a call or a branch for each row.
///
/// # Errors
/// The column holds no numbers.
pub fn fill_scaled(array: &ArrayRef, scale: &Scaling, out: &mut Values) -> Result<(), TypeFault> {
    match array.as_primitive_opt::<t::Float64Type>() {
        Some(doubles) if scale.max < FAST_MAX => scale.fill(doubles, out),
        _ => out.take(scaled(array, scale)?),
    }
    Ok(())
}

/// For magnitudes below this, adding [`SHIFT`] keeps every integer exact.
const FAST_MAX: i64 = 1 << 50;
/// Added to a double below 2⁵¹, this leaves no room for a fraction, so that the sum's last bits are the nearest
/// integer.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// [`round_half_away`] of a magnitude below 2⁵⁰, in steps that a processor does for several values at once.
#[inline(always)]
fn round_small(x: f64) -> i64 {
    let nearest = (x + SHIFT) - SHIFT;
    // The difference is exact. It is ±0.5 only for a tie, which was rounded to the even neighbour.
    let rest = x - nearest;
    let up = if rest == 0.5 && x > 0.0 { 1.0 } else { 0.0 };
    let down = if rest == -0.5 && x < 0.0 { 1.0 } else { 0.0 };
    let sum = nearest + (up - down) + SHIFT;
    sum.to_bits().cast_signed().wrapping_sub(SHIFT.to_bits().cast_signed())
}

/// Scales doubles. Returns whether all lie within the bounds.
struct ScalePass<'a> {
    values: &'a [f64],
    factor: f64,
    least: f64,
    most: f64,
    scaled: &'a mut [i64],
}

impl Pass for ScalePass<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut are_sound = true;
        for (scaled, &x) in self.scaled.iter_mut().zip(self.values) {
            *scaled = round_small(x * self.factor);
            are_sound &= (x >= self.least) & (x <= self.most);
        }
        are_sound
    }
}

impl Scaling {
    fn fill(&self, doubles: &Float64Array, out: &mut Values) {
        let (values, factor) = (doubles.values(), float_i64(self.factor));
        let most = float_i64(self.max) / factor;
        let least = if self.sign == Sign::NotNegative { 0.0 } else { -most };
        out.odd.clear();
        out.values.resize(values.len(), 0);
        let pass = ScalePass { values, factor, least, most, scaled: &mut out.values };
        let are_sound = Vectors::widest().run(pass);
        let nulls = doubles.nulls().filter(|nulls| nulls.null_count() > 0);
        if nulls.is_some() || !are_sound {
            let is_sound = |x: f64| (x >= least) & (x <= most);
            out.note_odd(values, nulls, |x| if is_sound(x) { CellState::Ok } else { self.of_double(x).1 });
        }
    }
}

/// A column of whole numbers from 0 (or below, by `sign`) to [`COUNT_MAX`].
///
/// # Errors
/// The column holds no numbers.
pub fn counts(array: &ArrayRef, sign: Sign, mark: DecimalMark) -> Result<Integers, TypeFault> {
    let scale = Scaling { factor: 1, max: COUNT_MAX, sign, mark };
    by_value(array, |array| {
        numeric(array, &|x| scale.of_whole_double(x), &|v, places| scale.of_whole_decimal(v, places), mark)
    })
}

/// A column of power-factor standards, in hundredths: 90, 85 or 80.
///
/// # Errors
/// The column holds no numbers.
pub fn power_factors(array: &ArrayRef, mark: DecimalMark) -> Result<Integers, TypeFault> {
    by_value(array, |array| {
        numeric(
            array,
            &power_factor,
            &|value, places| power_factor(value as f64 / libm::pow(10.0, f64::from(places))),
            mark,
        )
    })
}

fn power_factor(x: f64) -> CheckedCell {
    let known = [90, 85, 80].into_iter().find(|&hundredths| (x * 100.0 - f64::from(hundredths)).abs() < 1e-4);
    known.map_or(fault(Rule::BadEnum), |hundredths| (i64::from(hundredths), CellState::Ok))
}

/// A column of true and false, or of 1 and 0, as cells of 1 and 0.
///
/// # Errors
/// The column holds neither.
pub fn flags(array: &ArrayRef, column: &str, declared: &TableDeclared) -> Result<Integers, TypeFault> {
    if let Some(flags) = array.as_boolean_opt() {
        let mut cells = Integers::with_capacity(array.len());
        flags.iter().for_each(|flag| cells.push(flag.map_or(NULL, |flag| (i64::from(flag), CellState::Ok))));
        return Ok(cells);
    }
    by_value(array, |array| match super::Family::of(array.data_type()) {
        // Spreadsheets write TRUE and FALSE.
        super::Family::Text => {
            let known = ["false", "true", "0", "1", "FALSE", "TRUE", "False", "True", "0.0", "1.0"];
            let mut cells = text::words(array, column, &known, declared)?;
            cells.values.iter_mut().for_each(|value| *value %= 2);
            Ok(cells)
        }
        // pandas turns a column of 0, 1 and empty cells into doubles.
        super::Family::Integer | super::Family::Float | super::Family::Decimal => {
            numeric(array, &flag, &decimal_flag, DecimalMark::Point)
        }
        super::Family::Empty => Ok(Integers::empty(array.len())),
        _ => Err(unfit(("true or false", "真假值"), array)),
    })
}

fn flag(x: f64) -> CheckedCell {
    match x {
        0.0 => (0, CellState::Ok),
        1.0 => (1, CellState::Ok),
        _ if !x.is_finite() => fault(Rule::NotFinite),
        _ => fault(Rule::BadEnum),
    }
}

/// The flag whose number is `value` × 10^−`places`.
fn decimal_flag(value: i128, places: i8) -> CheckedCell {
    let one = power_of_ten(places.max(0).unsigned_abs());
    match value {
        0 => (0, CellState::Ok),
        _ if places >= 0 && one == Some(value) => (1, CellState::Ok),
        _ => fault(Rule::BadEnum),
    }
}

/// A column as non-negative doubles, one cell for each row.
///
/// # Errors
/// The column holds no numbers.
pub fn floats(array: &ArrayRef, mark: DecimalMark) -> Result<CheckedColumn<f64>, TypeFault> {
    let cells = by_value(array, |array| numeric(array, &double_bits, &decimal_bits, mark))?;
    Ok(cells.map(|bits| f64::from_bits(bits.cast_unsigned())))
}

/// A non-negative double as its bits, which fit an integer cell.
fn double_bits(x: f64) -> CheckedCell {
    match x {
        _ if !x.is_finite() => fault(Rule::NotFinite),
        _ if x < 0.0 => fault(Rule::Negative),
        // −0 becomes 0.
        _ => ((x + 0.0).to_bits().cast_signed(), CellState::Ok),
    }
}

/// The bits of the double nearest to `value` × 10^−`places`. Dividing two doubles would not always give the nearest
/// double, but parsing text does.
fn decimal_bits(value: i128, places: i8) -> CheckedCell {
    double_bits(decimal_double(value, places))
}

fn decimal_double(value: i128, places: i8) -> f64 {
    format!("{value}e{}", -i32::from(places)).parse().unwrap_or(f64::INFINITY)
}

/// Which cells have the value of one of the markers. A marker such as `00000000` is a code and not the number 0, so no
/// cell has its value. Empty if the column cannot be read.
pub(super) fn are_among(array: &ArrayRef, markers: &[String], mark: DecimalMark) -> Vec<bool> {
    let wanted: Vec<f64> = markers
        .iter()
        .filter(|marker| !is_code(marker))
        .filter_map(|marker| parse_number(marker, mark))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let Ok(cells) = numeric(array, &bits, &|value, places| bits(decimal_double(value, places)), mark) else {
        return Vec::new();
    };
    let numbers =
        (0..cells.values.len()).map(|row| cells.get(row).map(|x| f64::from_bits(x.cast_unsigned())));
    numbers
        .map(|x| {
            x.is_some_and(|x| wanted.iter().any(|marker| *marker == x || (marker.is_nan() && x.is_nan())))
        })
        .collect()
}

/// A cell that holds the bits of a double and is valid.
fn bits(x: f64) -> CheckedCell {
    (x.to_bits().cast_signed(), CellState::Ok)
}

/// Whether a text of digits has zeros in front.
fn is_code(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && is_digits(digits)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

type OfDouble<'a> = &'a dyn Fn(f64) -> CheckedCell;
type OfDecimal<'a> = &'a dyn Fn(i128, i8) -> CheckedCell;

/// Converts a column of any numeric type: floats and text by `double`, integers and decimals exactly by `decimal`.
fn numeric(
    array: &ArrayRef,
    double: OfDouble,
    decimal: OfDecimal,
    mark: DecimalMark,
) -> Result<Integers, TypeFault> {
    use DataType as T;
    let as_type = |to: &T| cast(array, to).map_err(|_| unfit(("a number", "数字"), array));
    Ok(match array.data_type() {
        T::Float64 => each::<t::Float64Type>(array, double),
        T::Float32 | T::Float16 => each::<t::Float64Type>(&as_type(&T::Float64)?, double),
        T::UInt64 => each::<t::UInt64Type>(array, |x| decimal(i128::from(x), 0)),
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 => {
            each::<t::Int64Type>(&as_type(&T::Int64)?, |x| decimal(i128::from(x), 0))
        }
        T::Decimal32(_, s) => each::<t::Decimal32Type>(array, |x| decimal(i128::from(x), *s)),
        T::Decimal64(_, s) => each::<t::Decimal64Type>(array, |x| decimal(i128::from(x), *s)),
        T::Decimal128(_, s) => each::<t::Decimal128Type>(array, |x| decimal(x, *s)),
        T::Decimal256(_, s) => each::<t::Decimal256Type>(array, |x| {
            x.to_i128().map_or(fault(Rule::OutOfBounds), |x| decimal(x, *s))
        }),
        T::Null => Integers::empty(array.len()),
        _ => {
            let texts = text::as_view(array, ("a number", "数字"))?;
            let mut cells = Integers::with_capacity(texts.len());
            texts.iter().for_each(|text| cells.push(text.map_or(NULL, |text| of_text(text, mark, double))));
            cells
        }
    })
}

fn each<T: ArrowPrimitiveType>(array: &ArrayRef, convert: impl Fn(T::Native) -> CheckedCell) -> Integers {
    let array = array.as_primitive::<T>();
    if array.null_count() == 0 {
        Integers::of(array.values().iter().map(|&value| convert(value)))
    } else {
        Integers::of(array.iter().map(|value| value.map_or(NULL, &convert)))
    }
}

fn of_text(text: &str, mark: DecimalMark, double: OfDouble) -> CheckedCell {
    let text = text.trim();
    if text.is_empty() {
        return NULL;
    }
    parse_number(text, mark).map_or(fault(Rule::BadNumber), double)
}

/// Parses a number as people write it (`1,234.50`, full-width digits, U+2212 as minus) to the nearest double.
pub(super) fn parse_number(text: &str, mark: DecimalMark) -> Option<f64> {
    let folded = fold_number(text);
    let (point, grouping) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    if point == '.' && !folded.contains(grouping) {
        return folded.parse().ok();
    }
    let (whole, fraction) = folded.split_once(point).unwrap_or((&folded, ""));
    if fraction.contains(grouping) || !grouped_by_three(whole, grouping) {
        return None;
    }
    let whole: String = whole.chars().filter(|&c| c != grouping).collect();
    format!("{whole}.{fraction}").parse().ok()
}

/// The text with full-width digits, signs, points and commas, and U+2212, as ASCII. Nothing else is folded: NFKC would
/// read the footnote of `10²` as a digit.
pub(super) fn fold_number(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let folded = text.chars().map(|c| match c {
        '０'..='９' | '＋' | '－' | '．' | '，' => text::half_width(c),
        '\u{2212}' => '-',
        _ => c,
    });
    Cow::Owned(folded.collect())
}

/// Whether the part of a number before its fraction consists of groups of three digits, or has no groups. The first
/// group of a number never begins with 0: the comma of `0,200` is a decimal mark that was not declared.
fn grouped_by_three(whole: &str, grouping: char) -> bool {
    let Some((first, rest)) = whole.trim_start_matches(['-', '+']).split_once(grouping) else { return true };
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.split(grouping).all(|group| group.len() == 3)
        && std::iter::once(first).chain(rest.split(grouping)).all(is_digits)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Decimal128Array, Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    const KWH: Scaling =
        Scaling { factor: 1000, max: 1_000_000_000_000, sign: Sign::NotNegative, mark: DecimalMark::Point };

    fn cells(array: impl Array + 'static) -> Vec<CheckedCell> {
        let cells = scaled(&(Arc::new(array) as ArrayRef), &KWH).unwrap();
        cells.values.into_iter().zip(cells.states).collect()
    }

    #[test]
    fn a_kilowatt_hour_is_a_thousand_watt_hours_rounded_half_away() {
        let column = Float64Array::from(vec![Some(1.0005), Some(0.0005), Some(-0.0), None, Some(0.0004)]);
        let ok = |wh| (wh, CellState::Ok);
        assert_eq!(cells(column), [ok(round_half_away(1.0005 * 1000.0)), ok(1), ok(0), NULL, ok(0)]);
    }

    proptest! {
        #[test]
        fn filling_a_column_gives_the_same_as_converting_it(
            drawn in prop::collection::vec(prop_oneof![
                any::<f64>(),
                -1e9f64..1e9,
                (-4_000_000i64..4_000_000).prop_map(|halves| halves as f64 / 2_000.0),
                Just(-0.0), Just(f64::NAN), Just(1e9), Just(1_000_000_000.000_1),
            ].prop_map(Some), 1..80),
            null in 0usize..160,
            any_sign in any::<bool>(),
        ) {
            let mut drawn = drawn;
            if let Some(cell) = drawn.get_mut(null) {
                *cell = None;
            }
            let scale = Scaling { sign: if any_sign { Sign::Any } else { Sign::NotNegative }, ..KWH };
            let column = Arc::new(Float64Array::from(drawn)) as ArrayRef;
            let cells = scaled(&column, &scale).unwrap();
            let mut filled = Values::default();
            fill_scaled(&column, &scale, &mut filled).unwrap();
            let mut expected = Values::default();
            expected.take(cells);
            for &(row, _) in &expected.odd {
                filled.values[row as usize] = 0;
            }
            prop_assert_eq!((filled.values, filled.odd), (expected.values, expected.odd));
        }
    }

    #[test]
    fn numbers_are_scaled_alike_with_all_vectors_that_the_processor_has() {
        let values: Vec<f64> = (-3_000..3_000)
            .map(|number| f64::from(number) * 0.499_5 + f64::from(number % 7) / 16.0)
            .collect();
        let expected: Vec<i64> = values.iter().map(|x| round_half_away(x * 1e3)).collect();
        for vectors in Vectors::all() {
            for (least, is_sound) in [(-1e9, true), (0.0, false)] {
                let mut scaled = vec![0; values.len()];
                let pass = ScalePass { values: &values, factor: 1e3, least, most: 1e9, scaled: &mut scaled };
                assert_eq!(vectors.run(pass), is_sound, "{vectors:?}");
                assert_eq!(scaled, expected, "{vectors:?}");
            }
        }
    }

    #[test]
    fn a_bad_energy_says_which_rule_it_breaks() {
        let column = Float64Array::from(vec![f64::NAN, f64::INFINITY, -0.000_1, 1e9, 1.000_000_1e9]);
        let rules = [Rule::NotFinite, Rule::NotFinite, Rule::Negative].map(fault);
        assert_eq!(
            cells(column),
            [rules[0], rules[1], rules[2], (1_000_000_000_000, CellState::Ok), fault(Rule::OutOfBounds)]
        );
    }

    #[test]
    fn all_encodings_of_a_number_give_the_same_integer() {
        let decimal = Decimal128Array::from(vec![12_345_678]).with_precision_and_scale(12, 4).unwrap();
        assert_eq!(cells(decimal), [(1_234_568, CellState::Ok)]);
        assert_eq!(cells(Float64Array::from(vec![1234.5678])), [(1_234_568, CellState::Ok)]);
        assert_eq!(cells(StringArray::from(vec!["1,234.5678"])), [(1_234_568, CellState::Ok)]);
        assert_eq!(cells(Int64Array::from(vec![1234])), [(1_234_000, CellState::Ok)]);
    }

    #[test]
    fn decimals_in_whole_steps_are_scaled_as_all_others() {
        let drawn = [0, 1, -1, 12_345, -12_345, 5_000, 5_001, -5_000, i128::from(i64::MAX), i128::MAX];
        for (factor, places) in [(100, 2), (100, 0), (100, 1), (1_000, 2), (100, 3), (100, -1), (3, 1)] {
            for sign in [Sign::Any, Sign::NotNegative] {
                let scale = Scaling { factor, max: 500_000, sign, mark: DecimalMark::Point };
                let column =
                    Decimal128Array::from(drawn.to_vec()).with_precision_and_scale(38, places).unwrap();
                let cells = scaled(&(Arc::new(column) as ArrayRef), &scale).unwrap();
                for (row, value) in drawn.into_iter().enumerate() {
                    let cell = scale.of_decimal(value, places);
                    assert_eq!(cells.states[row], cell.1, "{value} × 10^-{places} × {factor}");
                    assert!(cell.1 != CellState::Ok || cells.values[row] == cell.0, "{value}");
                }
            }
        }
    }

    #[test]
    fn numbers_as_people_write_them() {
        let read = |text| parse_number(text, DecimalMark::Point);
        assert_eq!(read("1,234.50"), Some(1234.5));
        assert_eq!(read("１２３４．５"), Some(1234.5));
        assert_eq!(read("\u{2212}12.5"), Some(-12.5));
        assert_eq!(read("１，２３４．５０"), Some(1234.5));
        assert_eq!(read("－１２"), Some(-12.0));
        for bad in ["(12.50)", "1.234,50", "1,23", "12,34.5", ",123", "abc", "1 234", "0x10", "（12.50）"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(parse_number("1.234,50", DecimalMark::Comma), Some(1234.5));
        assert_eq!(parse_number("1234,5", DecimalMark::Comma), Some(1234.5));
    }

    #[test]
    fn footnotes_and_other_digits_are_not_part_of_a_number() {
        for bad in ["10²", "12①", "½", "5₃", "1⒈", "٣", "Ⅳ", "10ª", "1．0²", "㏙", "１２ｅ３"]
        {
            assert_eq!(parse_number(bad, DecimalMark::Point), None, "{bad}");
        }
    }

    #[test]
    fn no_group_of_thousands_begins_with_zero_or_holds_anything_but_digits() {
        for bad in ["0,200", "-0,200", "00,200", "０，２００", "0,200,000", "1,2e3", "1,e10", "1,+23"] {
            assert_eq!(parse_number(bad, DecimalMark::Point), None, "{bad}");
        }
        for bad in ["0.200", "0.600,5", "01.234"] {
            assert_eq!(parse_number(bad, DecimalMark::Comma), None, "{bad}");
        }
        assert_eq!(parse_number("1,000,023", DecimalMark::Point), Some(1_000_023.0));
        assert_eq!(parse_number("0.200", DecimalMark::Point), Some(0.2));
        assert_eq!(parse_number("0,200", DecimalMark::Comma), Some(0.2));
    }

    #[test]
    fn flags_come_in_every_encoding_of_zero_and_one() {
        let read = |array: ArrayRef| flags(&array, "f", &TableDeclared::default()).unwrap();
        let expected = [(0, CellState::Ok), (1, CellState::Ok), NULL, fault(Rule::BadEnum)];
        let decimal = Decimal128Array::from(vec![Some(0), Some(100), None, Some(50)]);
        for column in [
            Arc::new(Float64Array::from(vec![Some(0.0), Some(1.0), None, Some(0.5)])) as ArrayRef,
            Arc::new(Int64Array::from(vec![Some(0), Some(1), None, Some(2)])),
            Arc::new(decimal.with_precision_and_scale(5, 2).unwrap()),
            Arc::new(StringArray::from(vec![Some("0.0"), Some("1.0"), None, Some("2")])),
            Arc::new(StringArray::from(vec![Some("FALSE"), Some("true"), Some(" "), Some("yes")])),
        ] {
            let cells = read(column);
            let cells: Vec<CheckedCell> = cells.values.into_iter().zip(cells.states).collect();
            assert_eq!(cells, expected);
        }
    }

    #[test]
    fn a_count_is_whole() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![3.0, 2.5, -1.0]));
        let cells = counts(&column, Sign::NotNegative, DecimalMark::Point).unwrap();
        assert_eq!(
            cells.states,
            [CellState::Ok, CellState::Fault(Rule::BadNumber), CellState::Fault(Rule::Negative)]
        );
    }
}
