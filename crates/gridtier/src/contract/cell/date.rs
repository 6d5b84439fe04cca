//! Days, months and times, with and without a zone, in the forms that people and databases write.

use std::str::FromStr;

use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use chrono::format::{Parsed, StrftimeItems};
use chrono::{
    Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
    Utc,
};
use chrono_tz::Tz;

use super::super::declared::Timestamps;
use super::super::rule::Rule;
use super::{
    CellState, CheckedCell, Family, Integers, NULL, TypeFault, Values, by_value, fault, text, unfit,
};
use crate::unit::{DAY_US, LocalTime, Month, day_of_date};

/// How the dates of a column are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates<'a> {
    /// strftime pattern for text, if one is declared.
    pub form: Option<&'a str>,
    /// Zone of the utility's local time.
    pub zone: Option<Tz>,
    /// What a time without a zone means.
    pub clock: Timestamps,
    /// Whether the date places the row in time, so that it must lie within 1970 to 2199.
    pub places: bool,
}

impl Dates<'_> {
    /// Reads a day or time that somebody writes outside of any table; a day means its first instant. `None` for any
    /// other text.
    #[must_use]
    pub fn local_time(self, text: &str) -> Option<LocalTime> {
        match of_text(text, self, DayForm::Whole) {
            Ok((us, CellState::Ok)) => Some(LocalTime { us }),
            _ => None,
        }
    }
}

/// A column as days since 1970-01-01.
///
/// # Errors
/// The column holds no dates, or times with a zone while none is declared.
pub fn dates(array: &ArrayRef, how: Dates) -> Result<Integers, TypeFault> {
    if let (DataType::Date32, true) = (array.data_type(), how.places) {
        return Ok(placed_days(array, |day| day));
    }
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
    let month =
        |day: i64| i32::try_from(day).ok().and_then(Month::of_day).map_or(0, |month| i64::from(month.0));
    if let (DataType::Date32, true) = (array.data_type(), how.places) {
        return Ok(placed_days(array, month));
    }
    let mut cells = local_times(array, how, DayForm::OrMonth)?;
    for (value, state) in cells.values.iter_mut().zip(&mut cells.states) {
        if *state == CellState::Ok {
            (*value, *state) = placed(value.div_euclid(DAY_US), 1, how.places);
            *value = month(*value);
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

/// Does as [`times_us`], into `out`, with a vectorised path for times without a zone.
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
        // For a time outside the accepted years, `us` or `last_us - us` is negative. Without a branch, several times are
        // tested at once.
        let last_us = PLACED_DAYS.end * DAY_US - 1;
        let signs = out.values.iter().fold(0, |signs, &us| signs | us | last_us.wrapping_sub(us));
        if nulls.is_some() || signs < 0 {
            let values = std::mem::take(&mut out.values);
            out.note_odd(&values, nulls, check);
            out.values = values;
        }
    }
    // Instants are converted one by one.
    let places = how.places && how.clock == Timestamps::Local;
    match array.data_type() {
        // If a value overflows, it lies far outside the accepted years, as the saturated value does.
        DataType::Timestamp(TimeUnit::Second, None) if places => {
            fill::<t::TimestampSecondType>(array, how, out, |s| s.saturating_mul(1_000_000));
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) if places => {
            fill::<t::TimestampMillisecondType>(array, how, out, |ms| ms.saturating_mul(1_000));
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) if places => {
            fill::<t::TimestampMicrosecondType>(array, how, out, |us| us);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) if places => {
            fill::<t::TimestampNanosecondType>(array, how, out, |ns| ns.div_euclid(1_000));
        }
        DataType::Date32 if how.places => {
            fill::<t::Date32Type>(array, how, out, |day| i64::from(day).saturating_mul(DAY_US));
        }
        _ => out.take(times_us(array, how)?),
    }
    Ok(())
}

/// The days of [`PLACED_YEARS`](super::super::PLACED_YEARS): from 1970-01-01 up to, not including, 2200-01-01. The first is
/// day 0, so a time before it is negative.
const PLACED_DAYS: std::ops::Range<i64> = 0..84_006;

/// Converts a value of which a day has `steps`, and checks it against the years in which rows can be placed.
#[inline]
fn placed(value: i64, steps: i64, places: bool) -> CheckedCell {
    if places && !(PLACED_DAYS.start * steps..PLACED_DAYS.end * steps).contains(&value) {
        return fault(Rule::BadDate);
    }
    (value, CellState::Ok)
}

/// Days that place rows, converted without a detour by times.
fn placed_days(array: &ArrayRef, convert: impl Fn(i64) -> i64) -> Integers {
    let cell = |day: i32| match placed(day.into(), 1, true) {
        (day, CellState::Ok) => (convert(day), CellState::Ok),
        fault => fault,
    };
    let array = array.as_primitive::<t::Date32Type>();
    if array.null_count() == 0 {
        Integers::of(array.values().iter().map(|&day| cell(day)))
    } else {
        Integers::of(array.iter().map(|day| day.map_or(NULL, cell)))
    }
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
        DataType::Date32 => {
            Ok(each::<t::Date32Type>(array, |day| Some(i64::from(day).saturating_mul(DAY_US))))
        }
        DataType::Date64 => Ok(each::<t::Date64Type>(array, |ms| ms.checked_mul(1_000))),
        DataType::Timestamp(unit, zone) => {
            let mut cells = timestamps(array, *unit);
            if zone.is_some() || how.clock == Timestamps::Instant {
                let Some(to) = how.zone else { return Err(zone_missing()) };
                let mut clock = LocalClock::new(to);
                cells.values.iter_mut().for_each(|us| *us = clock.local_us(*us));
            }
            Ok(cells)
        }
        DataType::Null => Ok(Integers::empty(array.len())),
        other => {
            let kind = ("a date", "日期");
            let texts = match Family::of(other) {
                // Integers such as 20250131 and 202501.
                Family::Integer => {
                    let texts = cast(array, &DataType::Utf8View).map_err(|_| unfit(kind, array))?;
                    texts.as_string_view().clone()
                }
                _ => text::as_view(array, kind)?,
            };
            let mut cells = Integers::with_capacity(texts.len());
            for text in &texts {
                cells.push(of_text(text.unwrap_or(""), how, day_form)?);
            }
            Ok(cells)
        }
    })
}

/// Which cells mean the same time as one of the markers, or lie on the day of a marker that has no time. Empty if the
/// column cannot be read.
pub(super) fn are_among(array: &ArrayRef, markers: &[String], how: Dates) -> Vec<bool> {
    let wanted: Vec<(i64, i64)> = markers.iter().filter_map(|marker| span_of_marker(marker, how)).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let Ok(cells) = local_times(array, Dates { places: false, ..how }, DayForm::OrMonth) else {
        return Vec::new();
    };
    let times = (0..cells.values.len()).map(|row| cells.get(row));
    times
        .map(|us| us.is_some_and(|us| wanted.iter().any(|(first, end)| (*first..*end).contains(&us))))
        .collect()
}

/// The first microsecond of the time span that a marker means, and the first microsecond after that span.
fn span_of_marker(marker: &str, how: Dates) -> Option<(i64, i64)> {
    let declared = how.form.and_then(|form| declared_form(marker.trim(), form));
    let written = declared.or_else(|| usual_form(marker.trim(), DayForm::OrMonth))?;
    let length = if matches!(written, WrittenTime::Day(_)) { DAY_US } else { 1 };
    let first = written.local_us(how).ok()?;
    Some((first, first.saturating_add(length)))
}

fn zone_missing() -> TypeFault {
    let what = ("its times carry a zone, but no zone is declared", "时间带有时区，但没有声明当地时区");
    let advice = (
        "declare the zone of local time at the top of gridtier.toml, such as zone = \"Asia/Shanghai\"",
        "请在 gridtier.toml 开头声明当地时区，例如 zone = \"Asia/Shanghai\"",
    );
    TypeFault { what: what.into(), advice: advice.into() }
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

const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// Converts instants to local times. The offset is looked up once for each quarter of an hour, the finest step of zones.
struct LocalClock {
    zone: Tz,
    quarter: i64,
    offset_us: i64,
    /// The hour that comes twice, if the quarter lies in it.
    repeated: Option<RepeatedHour>,
}

/// The local times that come twice when clocks are set back, and which pass a quarter of an hour belongs to.
#[derive(Clone, Copy)]
struct RepeatedHour {
    /// The first of these local times.
    start_us: i64,
    /// By how much clocks are set back.
    length_us: i64,
    is_second: bool,
}

impl RepeatedHour {
    /// Squeezes both passes into the hour, the first into its first half: times keep their order, and, unless the hour
    /// crosses midnight, their day.
    fn squeezed(self, local_us: i64) -> i64 {
        let passed = local_us - self.start_us + if self.is_second { self.length_us } else { 0 };
        self.start_us + passed / 2
    }
}

impl LocalClock {
    const QUARTER_US: i64 = QUARTER.num_seconds() * 1_000_000;

    fn new(zone: Tz) -> Self {
        Self { zone, quarter: i64::MIN, offset_us: 0, repeated: None }
    }

    fn local_us(&mut self, utc_us: i64) -> i64 {
        let quarter = utc_us.div_euclid(Self::QUARTER_US);
        if quarter != self.quarter {
            let at = chrono::DateTime::<Utc>::from_timestamp(quarter * 900, 0).unwrap_or_default();
            let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
            self.quarter = quarter;
            self.offset_us = i64::from(offset.local_minus_utc()) * 1_000_000;
            self.repeated = self.repeated(at.naive_utc() + offset, offset);
        }
        let local_us = utc_us.saturating_add(self.offset_us);
        self.repeated.map_or(local_us, |hour| hour.squeezed(local_us))
    }

    /// The repeated hour in which a quarter that begins at a local time lies.
    fn repeated(&self, local: NaiveDateTime, offset: FixedOffset) -> Option<RepeatedHour> {
        let passes = |local: &NaiveDateTime| match self.zone.offset_from_local_datetime(local) {
            MappedLocalTime::Ambiguous(earlier, later) => Some((earlier.fix(), later.fix())),
            _ => None,
        };
        let (earlier, later) = passes(&local)?;
        let quarters = std::iter::successors(Some(local), |at| at.checked_sub_signed(QUARTER));
        let start = quarters.take_while(|at| passes(at).is_some()).last()?;
        Some(RepeatedHour {
            start_us: start.and_utc().timestamp_micros(),
            length_us: i64::from(earlier.local_minus_utc() - later.local_minus_utc()) * 1_000_000,
            is_second: offset == later,
        })
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
        // Not NFKC, which would read the footnote of `2025-01-3¹` as a digit.
        folded = text.chars().map(text::half_width).collect();
        folded.trim()
    };
    let written = match how.form {
        Some(form) => declared_form(text, form),
        None => usual_form(text, day_form),
    };
    let Some(written) = written else { return Ok(fault(Rule::BadDate)) };
    written.local_us(how).map(|us| (us, CellState::Ok))
}

/// A time in one of the ways in which it may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WrittenTime {
    /// A day without a time: it is the utility's day, in any zone.
    Day(i64),
    /// A time without a zone, in microseconds since 1970-01-01.
    Unzoned(i64),
    /// A time with its offset, in microseconds since 1970-01-01 UTC.
    Instant(i64),
}

impl WrittenTime {
    /// Microseconds of the utility's local time.
    fn local_us(self, how: Dates) -> Result<i64, TypeFault> {
        let instant = match self {
            Self::Day(us) => return Ok(us),
            Self::Unzoned(us) if how.clock == Timestamps::Local => return Ok(us),
            Self::Unzoned(us) | Self::Instant(us) => us,
        };
        let Some(zone) = how.zone else { return Err(zone_missing()) };
        Ok(LocalClock::new(zone).local_us(instant))
    }
}

/// Parses a text by a declared pattern. A pattern may leave out the day.
fn declared_form(text: &str, form: &str) -> Option<WrittenTime> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, StrftimeItems::new(form)).ok()?;
    // A pattern with %s or any offset gives an instant.
    if parsed.timestamp().is_some() || parsed.offset().is_some() {
        let at = parsed.to_datetime().ok().or_else(|| {
            let time = parsed.to_naive_datetime_with_offset(0).ok()?;
            Some(time.and_utc().fixed_offset())
        })?;
        return is_full_year(at.year(), text, parsed.timestamp().is_some())
            .then(|| WrittenTime::Instant(at.timestamp_micros()));
    }
    if parsed.day().is_none() && parsed.ordinal().is_none() && parsed.to_naive_date().is_err() {
        parsed.set_day(1).ok()?;
    }
    let day = parsed.to_naive_date().ok()?;
    if !is_full_year(day.year(), text, parsed.year().is_none() && parsed.isoyear().is_none()) {
        return None;
    }
    let has_time = parsed.hour_mod_12().is_some();
    // A pattern with hours but no minutes means the full hour.
    if has_time && parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    match parsed.to_naive_time() {
        Ok(time) if has_time => Some(WrittenTime::Unzoned(day.and_time(time).and_utc().timestamp_micros())),
        _ if has_time => None,
        _ => Some(WrittenTime::Day(midnight_us(day))),
    }
}

/// Whether a year was written with four digits, or was computed from another form (`%y`, `%s`). This is checked because
/// chrono's `%Y` also takes `23`.
fn is_full_year(year: i32, text: &str, is_computed: bool) -> bool {
    is_computed || (1000..=9999).contains(&year) || (year >= 0 && text.contains(&format!("{year:04}")))
}

/// Parses a text in one of the usual forms.
fn usual_form(text: &str, day_form: DayForm) -> Option<WrittenTime> {
    let (date, rest) = split_date(text);
    let midnight_us = midnight_us(parse_date(date, day_form)?);
    if rest.is_empty() {
        return Some(WrittenTime::Day(midnight_us));
    }
    let (time_us, offset_us) = parse_time(rest)?;
    let us = midnight_us + time_us;
    Some(offset_us.map_or(WrittenTime::Unzoned(us), |offset_us| WrittenTime::Instant(us - offset_us)))
}

fn midnight_us(day: NaiveDate) -> i64 {
    i64::from(day_of_date(day)) * DAY_US
}

/// Splits a date from the time that follows it, after a space, a `T`, the `日` of a Chinese date, or eight digits.
fn split_date(text: &str) -> (&str, &str) {
    // Digits such as 202501310930, 20250131093000 and, with milliseconds, 20250131093000123.
    if matches!(text.len(), 12 | 14 | 17) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.split_at(8);
    }
    if let Some(at) = text.find(['日', '号']) {
        let (date, time) = text.split_at(at + '日'.len_utf8());
        return (date, time.trim_start().trim_start_matches(['T', 't']));
    }
    match text.find([' ', 'T', 't']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    }
}

/// Parses `2025-01-31`, `2025/1/31`, `2025.1.31`, `2025年1月31日` or `20250131`; without the day if `day_form` allows. The
/// year has four digits.
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
    if year.len() != 4 {
        return None;
    }
    let year = digits(year)?;
    let (month, day) = match separator {
        '年' => rest.strip_suffix(['日', '号']).unwrap_or(rest).split_once('月')?,
        _ => rest.split_once(separator).unwrap_or((rest, "")),
    };
    if month.len() > 2 || day.len() > 2 {
        return None;
    }
    if !day.is_empty() {
        return NaiveDate::from_ymd_opt(year, digits(month)?, digits(day)?);
    }
    // A spreadsheet writes October 2025, the number 2025.10, as 2025.1.
    if separator == '.' && month.len() != 2 {
        return None;
    }
    first_of_month(year, digits(month)?, day_form)
}

/// The first day of a month, if `day_form` allows a month without a day.
fn first_of_month(year: i32, month: u32, day_form: DayForm) -> Option<NaiveDate> {
    (day_form == DayForm::OrMonth).then(|| NaiveDate::from_ymd_opt(year, month, 1))?
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The greatest offset from UTC of any zone.
const OFFSET_MINUTES_MAX: i64 = 14 * 60;

/// The microseconds after midnight, and the offset from UTC if the text has one.
fn parse_time(text: &str) -> Option<(i64, Option<i64>)> {
    let zoned = text.find(['Z', 'z', '+', '-']).map(|at| text.split_at(at));
    let (clock, offset) = zoned.unwrap_or((text, ""));
    let time_us = parse_clock(clock.trim_end())?;
    let offset_us = match offset {
        "" => None,
        "Z" | "z" => Some(0),
        _ => {
            let (sign, rest) = offset.split_at(1);
            let figures: String = rest.chars().filter(|&c| c != ':').collect();
            let hours: i64 = digits(figures.get(..2)?)?;
            let minutes: i64 = figures.get(2..).filter(|m| !m.is_empty()).map_or(Some(0), digits)?;
            let offset = hours * 60 + minutes;
            (minutes < 60 && offset <= OFFSET_MINUTES_MAX).then_some(())?;
            Some(offset * 60_000_000 * if sign == "-" { -1 } else { 1 })
        }
    };
    Some((time_us, offset_us))
}

/// Parses `09:30`, `09:30:15.5`, `0930`, `093015`, `093015123`, `9时30分` or `9时30分15秒` to microseconds after midnight.
fn parse_clock(text: &str) -> Option<i64> {
    if let Some((hour, rest)) = text.split_once(['时', '時', '点']) {
        let (minute, second) = rest.trim_start().split_once('分').unwrap_or((rest, ""));
        let second = second.trim_start().strip_suffix('秒').unwrap_or(second);
        let [hour, minute, second] = [hour, minute, second].map(|part| match part.trim() {
            "" => Some(0),
            part if part.len() <= 2 => digits(part),
            _ => None,
        });
        let time = NaiveTime::from_hms_opt(hour?, minute?, second?)?;
        return (time - NaiveTime::MIN).num_microseconds();
    }
    let forms: &[&str] = match text.len() {
        4 | 6 | 9 if text.bytes().all(|byte| byte.is_ascii_digit()) => &["%H%M", "%H%M%S", "%H%M%S%3f"],
        _ => &["%H:%M:%S%.f", "%H:%M"],
    };
    let time = forms.iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())?;
    (time - NaiveTime::MIN).num_microseconds()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Date32Array, Date64Array, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    };

    use super::*;

    #[test]
    fn days_that_place_rows_are_read_as_times_are() {
        let days = [0, 1, 59, 19_000, 84_005, 84_006, -1, i32::MAX, i32::MIN, 213_503_983].map(Some);
        let days: Vec<Option<i32>> = days.into_iter().chain([None]).collect();
        let ms = |day: &Option<i32>| day.map(|day| i64::from(day) * 86_400_000);
        let as_ms = Arc::new(Date64Array::from(days.iter().map(ms).collect::<Vec<_>>())) as ArrayRef;
        let how = Dates { places: true, ..Dates::default() };
        for some in [&days[..], &days[..10]] {
            let column = Arc::new(Date32Array::from(some.to_vec())) as ArrayRef;
            let as_ms = as_ms.slice(0, some.len());
            for (found, expected) in [
                (dates(&column, how).unwrap(), dates(&as_ms, how).unwrap()),
                (months(&column, how).unwrap(), months(&as_ms, how).unwrap()),
            ] {
                assert_eq!(found.states, expected.states);
                let rows = || 0..some.len();
                assert!(rows().all(|row| found.get(row) == expected.get(row)));
            }
        }
    }

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
            "2025年1月31号",
            " 2025-01-31 00:00:00",
            "２０２５-01-31",
        ];
        let days = days_of(texts, Dates::default());
        assert!(days.iter().all(|day| day.as_deref() == Some("2025-01-31")), "{days:?}");
        let bad =
            days_of(vec!["2025-02-30", "31.01.2025", "202501", "yesterday", "2025-13-01"], Dates::default());
        assert!(bad.iter().all(Option::is_none), "{bad:?}");
        let notes = days_of(vec!["2025-01-3①", "2025-01-3¹", "2025-001-31", "12025-01-31"], Dates::default());
        assert!(notes.iter().all(Option::is_none), "{notes:?}");
    }

    #[test]
    fn a_year_has_four_digits_unless_the_pattern_asks_for_two() {
        let short = || vec!["23/02/20", "23-2-20", "25年1月31日", "123-01-31", "0025-01-31"];
        let bad = days_of(short(), Dates { places: true, ..Dates::default() });
        assert!(bad.iter().all(Option::is_none), "{bad:?}");
        let form = |form| Dates { form: Some(form), ..Dates::default() };
        assert_eq!(days_of(vec!["20/02/23"], form("%d/%m/%Y")), [None]);
        assert_eq!(days_of(vec!["20/02/23"], form("%d/%m/%y")), [Some("2023-02-20".into())]);
        assert_eq!(
            days_of(vec!["2/20/0023", "+12023/1/2"], form("%m/%d/%Y")),
            [Some("0023-02-20".into()), None]
        );
        assert_eq!(days_of(vec!["0001-01-01"], Dates::default()), [Some("0001-01-01".into())]);
    }

    #[test]
    fn times_are_read_in_the_usual_forms() {
        let texts = vec![
            "20250131093000",
            "202501310930",
            "20250131T0930",
            "20250131T093000",
            "20250131 0930",
            "20250131093000000",
            "2025-01-31T09:30",
            "2025年1月31日 09时30分",
            "2025年1月31日09时30分00秒",
            "2025年1月31日 9：30",
            "2025年1月31号 9点30分",
            "２０２５／１／３１　０９：３０",
        ];
        let cells = times_us(&(Arc::new(StringArray::from(texts)) as ArrayRef), Dates::default()).unwrap();
        let expected = i64::from(day_of_date(NaiveDate::from_ymd_opt(2025, 1, 31).unwrap())) * DAY_US;
        let expected = expected + (9 * 60 + 30) * 60_000_000;
        assert!(cells.states.iter().all(|state| *state == CellState::Ok), "{cells:?}");
        assert!(cells.values.iter().all(|&us| us == expected), "{cells:?}");
        let bad =
            vec!["2025013109", "20250131T25", "20250131T2460", "2025年1月31日 25时", "2025年1月31日 9时x分"];
        let cells = times_us(&(Arc::new(StringArray::from(bad)) as ArrayRef), Dates::default()).unwrap();
        assert!(cells.states.iter().all(|state| *state == CellState::Fault(Rule::BadDate)), "{cells:?}");
        let integers: ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![20_250_131_093_000]));
        assert_eq!(times_us(&integers, Dates::default()).unwrap().values, [expected]);
    }

    #[test]
    fn a_month_after_a_dot_needs_two_digits() {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["2025.1", "2025.10", "2025.1.5", "2025.01"]));
        let cells = months(&column, Dates { places: true, ..Dates::default() }).unwrap();
        let month_cell = |month| Some(i64::from(Month::new(2025, month).0));
        let read: Vec<_> = (0..4).map(|row| cells.get(row)).collect();
        assert_eq!(read, [None, month_cell(10), month_cell(1), month_cell(1)]);
    }

    #[test]
    fn an_offset_or_epoch_in_a_pattern_is_converted_to_the_zone_or_refused() {
        let read = |text, form, zone| {
            let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
            times_us(&column, Dates { form: Some(form), zone, ..Dates::default() })
                .map(|cells| cells.values[0])
        };
        let new_year = i64::from(Month::new(2025, 1).first_day()) * DAY_US;
        let shanghai = Some(chrono_tz::Asia::Shanghai);
        for (text, form) in [
            ("20241231160000+0000", "%Y%m%d%H%M%S%z"),
            ("2024/12/31 18:00 +02:00", "%Y/%m/%d %H:%M %:z"),
            ("1735660800", "%s"),
            ("2024-12-31T16:00:00Z", "%+"),
        ] {
            assert_eq!(read(text, form, shanghai), Ok(new_year), "{form}");
            let fault = read(text, form, None).unwrap_err();
            assert!(fault.what.en.contains("no zone is declared"), "{form}: {fault}");
            assert!(fault.advice.en.contains("zone = \"Asia/Shanghai\""), "{form}: {}", fault.advice.en);
        }
        assert_eq!(read("20250101 00", "%Y%m%d %H", None), Ok(new_year));
        assert_eq!(read("202501", "%Y%m", None), Ok(new_year));
    }

    #[test]
    fn times_without_a_zone_are_instants_if_so_declared_and_days_stay_days() {
        let how = Dates {
            zone: Some(chrono_tz::Asia::Shanghai),
            clock: Timestamps::Instant,
            places: true,
            ..Dates::default()
        };
        let new_year = i64::from(Month::new(2025, 1).first_day()) * DAY_US;
        for column in [
            Arc::new(TimestampMillisecondArray::from(vec![1_735_660_800_000])) as ArrayRef,
            Arc::new(StringArray::from(vec!["2024-12-31 16:00:00"])),
            Arc::new(StringArray::from(vec!["2025-01-01"])),
            Arc::new(Date32Array::from(vec![20_089])),
        ] {
            assert_eq!(times_us(&column, how).unwrap().values, [new_year]);
            let mut filled = Values::default();
            fill_times_us(&column, how, &mut filled).unwrap();
            assert_eq!(filled.values, [new_year]);
        }
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
    fn a_placing_date_must_lie_within_1970_to_2199_and_other_dates_need_not() {
        let texts = vec!["1965-05-01", "9999-12-31", "2199-12-31"];
        assert!(days_of(texts.clone(), Dates::default()).iter().all(Option::is_some));
        let placed = days_of(texts, Dates { places: true, ..Dates::default() });
        assert_eq!(placed, [None, None, Some("2199-12-31".into())]);
    }

    #[test]
    fn times_at_the_ends_of_the_accepted_years_are_filled_as_they_are_converted_one_by_one() {
        let how = Dates { places: true, ..Dates::default() };
        let end = PLACED_DAYS.end * DAY_US;
        for us in [i64::MIN, -1, 0, 1, end - 1, end, end + 1, i64::MAX] {
            // One time alone, and among times that are accepted.
            for times in [vec![us], vec![0, us, DAY_US]] {
                let column: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times));
                let mut filled = Values::default();
                fill_times_us(&column, how, &mut filled).unwrap();
                let expected = times_us(&column, how).unwrap();
                let states: Vec<CellState> = (0..column.len()).map(|row| expected.states[row]).collect();
                let odd = (0..).zip(&states).filter(|(_, state)| **state != CellState::Ok);
                assert_eq!(filled.odd, odd.map(|(row, state)| (row, *state)).collect::<Vec<_>>(), "{us}");
                let accepted = (0..column.len()).filter(|&row| states[row] == CellState::Ok);
                assert!(accepted.into_iter().all(|row| filled.values[row] == expected.values[row]), "{us}");
            }
        }
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
        // When clocks are set back, times keep their order, and those before and after the repeated hour stay.
        let minutes = (-30..150).step_by(5).map(|minutes| 1_729_987_200_000 + minutes * 60_000);
        let night = TimestampMillisecondArray::from_iter_values(minutes).with_timezone("UTC");
        let night = times_us(&(Arc::new(night) as ArrayRef), berlin).unwrap().values;
        assert!(night.is_sorted_by(|a, b| a < b), "{night:?}");
        let minute = |at: usize| night[at].div_euclid(60_000_000).rem_euclid(24 * 60);
        let clock = [5, 6, 17, 18, 29, 30, 35].map(minute);
        assert_eq!(clock, [115, 120, 147, 150, 177, 180, 205], "1:55, 2:00, the last of the first pass, …");
        let text: ArrayRef =
            Arc::new(StringArray::from(vec!["2024-12-31T16:00:00Z", "2025-01-01 00:00+08:00"]));
        assert_eq!(times_us(&text, how).unwrap().values, [cells.values[0]; 2]);
    }

    #[test]
    fn an_offset_that_no_zone_has_is_a_bad_date() {
        let how = Dates { zone: Some(chrono_tz::Asia::Shanghai), places: true, ..Dates::default() };
        for (offset, is_right) in [
            ("+14:00", true),
            ("-0930", true),
            ("+08", true),
            ("+14:01", false),
            ("+99:00", false),
            ("+08:60", false),
            ("+-8:00", false),
        ] {
            let text: ArrayRef = Arc::new(StringArray::from(vec![format!("2025-01-01 00:00{offset}")]));
            let expected = if is_right { CellState::Ok } else { CellState::Fault(Rule::BadDate) };
            assert_eq!(times_us(&text, how).unwrap().states, [expected], "{offset}");
        }
    }
}
