//! Days, months and times, with and without a zone, in the forms that people and databases write.

use std::str::FromStr;

use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization;

use super::super::rule::Rule;
use super::{
    CellState, CheckedCell, Family, Integers, NULL, TypeFault, Values, by_value, fault, text, unfit,
};
use crate::unit::{DAY_US, Month, day_of_date};

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates<'a> {
    /// strftime pattern for text, if one is declared.
    pub form: Option<&'a str>,
    /// Zone of the utility's local time.
    pub zone: Option<Tz>,
    /// Whether the date places the row in time, and so must lie within 1970 to 2199.
    pub places: bool,
}

/// A column as days since 1970-01-01.
///
/// # Errors
/// The column holds no dates, or times with a zone while none is declared.
pub fn dates(array: &ArrayRef, how: Dates) -> Result<Integers, TypeFault> {
    let mut cells = local_times(array, how, DayForm::Whole)?;
    for (value, state) in cells.values.iter_mut().zip(&mut cells.states) {
        if *state == CellState::Ok {
            (*value, *state) = placed(value.div_euclid(DAY_US), 1, how.places);
        }
    }
    Ok(cells)
}

/// A column as months since January 1970. A date stands for its month.
///
/// # Errors
/// As [`dates`].
pub fn months(array: &ArrayRef, how: Dates) -> Result<Integers, TypeFault> {
    let mut cells = local_times(array, how, DayForm::OrMonth)?;
    for (value, state) in cells.values.iter_mut().zip(&mut cells.states) {
        if *state == CellState::Ok {
            (*value, *state) = placed(value.div_euclid(DAY_US), 1, how.places);
            *value = i32::try_from(*value).ok().and_then(Month::of_day).map_or(0, |month| i64::from(month.0));
        }
    }
    Ok(cells)
}

/// A column as microseconds of local time since 1970-01-01. A day means its midnight, a month its first day.
///
/// # Errors
/// As [`dates`].
pub fn times_us(array: &ArrayRef, how: Dates) -> Result<Integers, TypeFault> {
    let mut cells = local_times(array, how, DayForm::OrMonth)?;
    for (value, state) in cells.values.iter_mut().zip(&mut cells.states) {
        if *state == CellState::Ok {
            (*value, *state) = placed(*value, DAY_US, how.places);
        }
    }
    Ok(cells)
}

/// As [`times_us`], into `out`, with a vectorised path for times without a zone.
///
/// # Errors
/// As [`dates`].
pub fn fill_times_us(array: &ArrayRef, how: Dates, out: &mut Values) -> Result<(), TypeFault> {
    fn fill<T: ArrowPrimitiveType>(
        array: &ArrayRef,
        how: Dates,
        out: &mut Values,
        us: impl Fn(T::Native) -> i64,
    ) {
        let array = array.as_primitive::<T>();
        out.clear();
        out.values.extend(array.values().iter().map(|&value| us(value)));
        let check = |us: i64| placed(us, DAY_US, how.places).1;
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        if nulls.is_some() || !out.values.iter().fold(true, |all, &us| all & (check(us) == CellState::Ok)) {
            let values = std::mem::take(&mut out.values);
            out.note_odd(&values, nulls, check);
            out.values = values;
        }
    }
    match array.data_type() {
        // A value that overflows lies far outside the accepted years, and still does when it saturates.
        DataType::Timestamp(TimeUnit::Second, None) if how.places => {
            fill::<t::TimestampSecondType>(array, how, out, |s| s.saturating_mul(1_000_000));
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) if how.places => {
            fill::<t::TimestampMillisecondType>(array, how, out, |ms| ms.saturating_mul(1_000));
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) if how.places => {
            fill::<t::TimestampMicrosecondType>(array, how, out, |us| us);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) if how.places => {
            fill::<t::TimestampNanosecondType>(array, how, out, |ns| ns.div_euclid(1_000));
        }
        DataType::Date32 if how.places => {
            fill::<t::Date32Type>(array, how, out, |day| i64::from(day) * DAY_US);
        }
        _ => out.take(times_us(array, how)?),
    }
    Ok(())
}

/// The days of [`PLACED_YEARS`](super::super::PLACED_YEARS): 1970-01-01 to before 2200-01-01.
const PLACED_DAYS: std::ops::Range<i64> = 0..84_006;

/// A value in `steps` per day, checked against the years in which rows can be placed.
#[inline]
fn placed(value: i64, steps: i64, places: bool) -> CheckedCell {
    if places && !(PLACED_DAYS.start * steps..PLACED_DAYS.end * steps).contains(&value) {
        return fault(Rule::BadDate);
    }
    (value, CellState::Ok)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DayForm {
    /// A day must be given.
    Whole,
    /// A month alone stands for its first day.
    OrMonth,
}

/// Microseconds of local time for any type that can hold a time.
fn local_times(array: &ArrayRef, how: Dates, day_form: DayForm) -> Result<Integers, TypeFault> {
    by_value(array, |array| match array.data_type() {
        DataType::Date32 => Ok(each::<t::Date32Type>(array, |day| Some(i64::from(day).wrapping_mul(DAY_US)))),
        DataType::Date64 => Ok(each::<t::Date64Type>(array, |ms| ms.checked_mul(1_000))),
        DataType::Timestamp(unit, zone) => {
            let mut cells = timestamps(array, *unit);
            if zone.is_some() {
                let Some(to) = how.zone else { return Err(zone_missing()) };
                let mut clock = LocalClock::new(to);
                cells.values.iter_mut().for_each(|us| *us = clock.local_us(*us));
            }
            Ok(cells)
        }
        DataType::Null => Ok(Integers::empty(array.len())),
        other => {
            let texts = match Family::of(other) {
                // 20250131 and 202501.
                Family::Integer => cast(array, &DataType::Utf8View).ok().map(|a| a.as_string_view().clone()),
                _ => text::as_view(array),
            };
            let texts = texts.ok_or_else(|| unfit("a date", array))?;
            let mut cells = Integers::with_capacity(texts.len());
            for text in &texts {
                cells.push(of_text(text.unwrap_or(""), how, day_form)?);
            }
            Ok(cells)
        }
    })
}

fn zone_missing() -> TypeFault {
    TypeFault(
        "its times carry a zone, but no zone is declared; add `zone = \"Asia/Shanghai\"` to gridtier.toml"
            .into(),
    )
}

fn each<T: ArrowPrimitiveType>(array: &ArrayRef, convert: impl Fn(T::Native) -> Option<i64>) -> Integers {
    let array = array.as_primitive::<T>();
    let cell = |value| convert(value).map_or(fault(Rule::BadDate), |us| (us, CellState::Ok));
    let mut cells = Integers::with_capacity(array.len());
    if array.null_count() == 0 {
        array.values().iter().for_each(|&value| cells.push(cell(value)));
    } else {
        array.iter().for_each(|value| cells.push(value.map_or(NULL, cell)));
    }
    cells
}

fn timestamps(array: &ArrayRef, unit: TimeUnit) -> Integers {
    match unit {
        TimeUnit::Second => each::<t::TimestampSecondType>(array, |s| s.checked_mul(1_000_000)),
        TimeUnit::Millisecond => each::<t::TimestampMillisecondType>(array, |ms| ms.checked_mul(1_000)),
        TimeUnit::Microsecond => each::<t::TimestampMicrosecondType>(array, Some),
        TimeUnit::Nanosecond => each::<t::TimestampNanosecondType>(array, |ns| Some(ns.div_euclid(1_000))),
    }
}

/// Converts instants to local times. The offset is looked up once for each quarter of an hour, the finest step of zones.
struct LocalClock {
    zone: Tz,
    quarter: i64,
    offset_us: i64,
}

impl LocalClock {
    const QUARTER_US: i64 = 900_000_000;

    fn new(zone: Tz) -> Self {
        Self { zone, quarter: i64::MIN, offset_us: 0 }
    }

    fn local_us(&mut self, utc_us: i64) -> i64 {
        let quarter = utc_us.div_euclid(Self::QUARTER_US);
        if quarter != self.quarter {
            let at = chrono::DateTime::<Utc>::from_timestamp(quarter * 900, 0).unwrap_or_default();
            let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
            let local = at.naive_utc() + offset;
            // When clocks are set back, one hour comes twice. Its second pass is moved by a microsecond, so that two
            // readings do not look like copies of one.
            let again = match self.zone.offset_from_local_datetime(&local) {
                MappedLocalTime::Ambiguous(_, later) => i64::from(later.fix() == offset),
                _ => 0,
            };
            (self.quarter, self.offset_us) =
                (quarter, i64::from(offset.local_minus_utc()) * 1_000_000 + again);
        }
        utc_us.saturating_add(self.offset_us)
    }
}

fn of_text(text: &str, how: Dates, day_form: DayForm) -> Result<CheckedCell, TypeFault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(NULL);
    }
    let folded: String;
    let text = if text.is_ascii() {
        text
    } else {
        folded = text.nfkc().collect();
        &folded
    };
    if let Some(form) = how.form {
        return Ok(declared_form(text, form).map_or(fault(Rule::BadDate), |us| (us, CellState::Ok)));
    }
    let (date, rest) = split_date(text);
    let Some(day) = parse_date(date, day_form) else { return Ok(fault(Rule::BadDate)) };
    let Some((time_us, offset_us)) = parse_time(rest) else { return Ok(fault(Rule::BadDate)) };
    let local_us = midnight_us(day) + time_us;
    Ok(match (offset_us, how.zone) {
        (None, _) => (local_us, CellState::Ok),
        (Some(offset_us), Some(zone)) => {
            (LocalClock::new(zone).local_us(local_us - offset_us), CellState::Ok)
        }
        (Some(_), None) => return Err(zone_missing()),
    })
}

fn declared_form(text: &str, form: &str) -> Option<i64> {
    if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
        return Some(time.and_utc().timestamp_micros());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, form) {
        return Some(midnight_us(day));
    }
    NaiveDate::parse_from_str(&format!("{text} 01"), &format!("{form} %d")).ok().map(midnight_us)
}

fn midnight_us(day: NaiveDate) -> i64 {
    i64::from(day_of_date(day)) * DAY_US
}

/// Splits a date from the time that follows it.
fn split_date(text: &str) -> (&str, &str) {
    match text.find([' ', 'T', 't']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    }
}

/// Parses `2025-01-31`, `2025/1/31`, `2025.1.31`, `2025年1月31日` or `20250131`; without the day if `day_form` allows.
fn parse_date(text: &str, day_form: DayForm) -> Option<NaiveDate> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let year = text.get(..4)?.parse().ok()?;
        let month = text.get(4..6)?.parse().ok()?;
        return match text.len() {
            6 => first_of_month(year, month, day_form),
            8 => NaiveDate::from_ymd_opt(year, month, text[6..].parse().ok()?),
            _ => None,
        };
    }
    let separator = ['-', '/', '.', '年'].into_iter().find(|&separator| text.contains(separator))?;
    let (year, rest) = text.split_once(separator)?;
    if !(1..=5).contains(&year.len()) {
        return None;
    }
    let year = digits(year)?;
    let (month, day) = match separator {
        '年' => rest.strip_suffix('日').unwrap_or(rest).split_once('月')?,
        _ => rest.split_once(separator).unwrap_or((rest, "")),
    };
    let month = digits(month)?;
    if day.is_empty() {
        first_of_month(year, month, day_form)
    } else {
        NaiveDate::from_ymd_opt(year, month, digits(day)?)
    }
}

/// The first day of a month, if `day_form` allows a month without a day.
fn first_of_month(year: i32, month: u32, day_form: DayForm) -> Option<NaiveDate> {
    (day_form == DayForm::OrMonth).then(|| NaiveDate::from_ymd_opt(year, month, 1))?
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Microseconds after midnight, and the offset from UTC if one is written. Empty text means midnight.
fn parse_time(text: &str) -> Option<(i64, Option<i64>)> {
    if text.is_empty() {
        return Some((0, None));
    }
    let zoned = text.find(['Z', 'z', '+', '-']).map(|at| text.split_at(at));
    let (clock, offset) = zoned.unwrap_or((text, ""));
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|form| NaiveTime::parse_from_str(clock.trim_end(), form).ok())?;
    let time_us = (time - NaiveTime::MIN).num_microseconds()?;
    let offset_us = match offset {
        "" => None,
        "Z" | "z" => Some(0),
        _ => {
            let (sign, rest) = offset.split_at(1);
            let digits: String = rest.chars().filter(|&c| c != ':').collect();
            let hours: i64 = digits.get(..2)?.parse().ok()?;
            let minutes: i64 =
                digits.get(2..).filter(|m| !m.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
            Some((hours * 60 + minutes) * 60_000_000 * if sign == "-" { -1 } else { 1 })
        }
    };
    Some((time_us, offset_us))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{StringArray, TimestampMillisecondArray};

    use super::*;

    #[test]
    fn placed_days_agree_with_placed_years() {
        let years = crate::contract::PLACED_YEARS;
        let day = |year| i64::from(Month::new(year, 1).first_day());
        assert_eq!(PLACED_DAYS, day(*years.start())..day(years.end() + 1));
    }

    fn days_of(texts: Vec<&str>, how: Dates) -> Vec<Option<String>> {
        let cells = dates(&(Arc::new(StringArray::from(texts)) as ArrayRef), how).unwrap();
        let day =
            |row| cells.get(row).and_then(|day| crate::unit::date_of_day(day as i32)).map(|d| d.to_string());
        (0..cells.values.len()).map(day).collect()
    }

    #[test]
    fn dates_as_people_write_them() {
        let texts = vec![
            "2025-01-31",
            "2025/1/31",
            "20250131",
            "2025年1月31日",
            " 2025-01-31 00:00:00",
            "２０２５-01-31",
        ];
        let days = days_of(texts, Dates::default());
        assert!(days.iter().all(|day| day.as_deref() == Some("2025-01-31")), "{days:?}");
        let bad =
            days_of(vec!["2025-02-30", "31.01.2025", "202501", "yesterday", "2025-13-01"], Dates::default());
        assert!(bad.iter().all(Option::is_none), "{bad:?}");
    }

    #[test]
    fn a_declared_form_excludes_all_others() {
        let how = Dates { form: Some("%d.%m.%Y"), ..Dates::default() };
        assert_eq!(days_of(vec!["31.01.2025", "2025-01-31"], how), [Some("2025-01-31".into()), None]);
    }

    #[test]
    fn months_may_leave_out_the_day() {
        let column: ArrayRef =
            Arc::new(StringArray::from(vec!["202501", "2025-1", "2025/01/15", "2025年1月"]));
        let cells = months(&column, Dates { places: true, ..Dates::default() }).unwrap();
        assert!(cells.values.iter().all(|&month| month == i64::from(Month::new(2025, 1).0)), "{cells:?}");
    }

    #[test]
    fn a_placing_date_lies_within_1970_to_2199_and_others_need_not() {
        let texts = vec!["1965-05-01", "9999-12-31", "2199-12-31"];
        assert!(days_of(texts.clone(), Dates::default()).iter().all(Option::is_some));
        let placed = days_of(texts, Dates { places: true, ..Dates::default() });
        assert_eq!(placed, [None, None, Some("2199-12-31".into())]);
    }

    #[test]
    fn a_zoned_time_becomes_local_time_or_is_refused() {
        let utc = TimestampMillisecondArray::from(vec![1_735_660_800_000]).with_timezone("UTC");
        let column: ArrayRef = Arc::new(utc);
        assert!(times_us(&column, Dates::default()).is_err());
        let how = Dates { zone: Some(chrono_tz::Asia::Shanghai), places: true, ..Dates::default() };
        let cells = times_us(&column, how).unwrap();
        assert_eq!(cells.values, [i64::from(Month::new(2025, 1).first_day()) * DAY_US]);
        let berlin = Dates { zone: Some(chrono_tz::Europe::Berlin), places: true, ..Dates::default() };
        let twice: ArrayRef =
            Arc::new(StringArray::from(vec!["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"]));
        let night = times_us(&twice, berlin).unwrap();
        assert_eq!(night.values[1] - night.values[0], 1, "both passes of an hour stand, one after the other");
        let text: ArrayRef =
            Arc::new(StringArray::from(vec!["2024-12-31T16:00:00Z", "2025-01-01 00:00+08:00"]));
        assert_eq!(times_us(&text, how).unwrap().values, [cells.values[0]; 2]);
    }
}
