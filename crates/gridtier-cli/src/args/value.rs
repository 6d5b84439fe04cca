//! Parsers for values of the command line, with the messages about values that they refuse.

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use gridtier::contract::cell::Dates;
use gridtier::text;
use gridtier::unit::{LocalTime, Month};
use gridtier::word::Word;
use gridtier_io::compare::RevisionChoice;
use gridtier_io::report::Since;
use gridtier_service::period::Period;

use super::wrong::Advice;

/// Parses a folder of this machine. A URL is refused, because a store needs locks, renames and links, which object
/// storage lacks. Without the refusal, a local folder with the name of the URL would be created.
pub fn store_folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|given: OsString| {
        let is_url = given.to_str().is_some_and(|text| {
            text.split_once("://").is_some_and(|(scheme, _)| {
                scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                    && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            })
        });
        let advice = text!(
            "this is a URL, but a store must be a folder of this machine; name a local folder, and copy published cycles from there",
            "存储须为本机的文件夹，而这是 URL；请给出本地文件夹，再从中复制已发布的周期"
        );
        if is_url { Err(Advice(advice)) } else { Ok(PathBuf::from(given)) }
    })
}

/// Parses the code of one of these words.
pub fn word_of<W: Word>(words: &'static [W]) -> impl TypedValueParser<Value = W> {
    let codes: Vec<&'static str> = words.iter().map(|word| word.code()).collect();
    PossibleValuesParser::new(codes).map(|code| W::from_code(&code).expect("a listed code"))
}

/// Parses a number of customers to sample.
pub fn sample(text: &str) -> Result<usize, Advice> {
    match text.parse() {
        Ok(customers @ 1_000..=1_000_000) => Ok(customers),
        _ => Err(Advice(text!("give a whole number from 1000 to 1000000", "应为 1000 到 1000000 的整数"))),
    }
}

/// Parses the argument `--revision`: the number of a cycle, or `none`.
pub fn revision(given: &str) -> Result<RevisionChoice, Advice> {
    match (given, given.parse()) {
        ("none", _) => Ok(RevisionChoice::None),
        (_, Ok(number)) => Ok(RevisionChoice::Cycle(number)),
        (_, Err(_)) => {
            Err(Advice(text!("give the number of a cycle, or `none`", "请给出周期编号, 或 `none`")))
        }
    }
}

/// Parses the argument `--since`: the number of a cycle, or `none`.
pub fn since(given: &str) -> Result<Since, Advice> {
    match (given, given.parse()) {
        ("none", _) => Ok(Since::Nothing),
        (_, Ok(number)) => Ok(Since::Cycle(number)),
        (_, Err(_)) => {
            Err(Advice(text!("give the number of a cycle, or `none`", "请给出周期编号, 或 `none`")))
        }
    }
}

/// Parses a number of threads.
pub fn threads(text: &str) -> Result<usize, Advice> {
    match text.parse() {
        Ok(count @ 1..=1024) => Ok(count),
        _ => Err(Advice(text!("give a whole number from 1 to 1024", "应为 1 到 1024 的整数"))),
    }
}

/// Parses the first day of a month, such as `2026-01-01`.
pub fn first_of_month(text: &str) -> Result<Month, Advice> {
    // Accepts only this form: the parser of dates would also take 2026-1-01 and the year 26.
    let (first, last) = (Month::new(1971, 1), Month::new(2200, 1));
    text.strip_suffix("-01")
        .and_then(|month| Month::try_from(month.to_owned()).ok().filter(|found| found.to_string() == month))
        .filter(|month| (first..=last).contains(month))
        .ok_or_else(|| {
            Advice(text!(
                "give the first day of a month, such as 2026-01-01",
                "请给出某月 1 日，如 2026-01-01"
            ))
        })
}

/// Parses a day, such as `2026-01-31`.
pub fn day(text: &str) -> Result<NaiveDate, Advice> {
    text.parse().map_err(|_| {
        Advice(text!(
            "give a day of the calendar, such as 2026-01-31",
            "请给出日历中存在的日期，如 2026-01-31"
        ))
    })
}

/// Parses the argument `--period`.
pub fn period(given: &str) -> Result<Period, Advice> {
    Period::parse(given).ok_or_else(|| {
        Advice(text!(
            "give a month such as 2026-05, a quarter 2026Q2, a year 2026, or months 2026-01..2026-06",
            "请给出月（如 2026-05）、季（2026Q2）、年（2026）或月份范围（2026-01..2026-06）"
        ))
    })
}

/// Parses `2026-01-31` or `2026-01-31T08:30:00` in the utility's local time. A date means its first instant.
pub fn instant(text: &str) -> Result<LocalTime, Advice> {
    Dates::default().local_time(text).ok_or_else(|| {
        Advice(text!(
            "give a date such as 2026-01-31, or a local time such as 2026-01-31T08:30:00",
            "请给出日期（如 2026-01-31）或当地时间（如 2026-01-31T08:30:00）"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_as_of_is_a_day_or_a_local_time() {
        let day = instant("2026-01-31").unwrap();
        assert_eq!(day.to_string(), "2026-01-31T00:00:00");
        assert_eq!(instant("2026-01-31 08:30").unwrap().us - day.us, 8 * 3_600_000_000 + 1_800_000_000);
        for bad in ["", "2026", "2026-01", "yesterday", "2026-02-30", "2026-01-31T08:30:00+08:00"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn as_of_is_the_first_of_a_month() {
        assert_eq!(first_of_month("2026-01-01"), Ok(Month::new(2026, 1)));
        for bad in ["2026-01-02", "2026-13-01", "2026-1-01", "01", "2026-01", "1900-01-01", "-01-01"] {
            assert!(first_of_month(bad).is_err(), "{bad}");
        }
    }
}
