//! The calendar, and the utility's checks and corrections of its own work.

use std::path::Path;

use gridtier::contract::rule::Rule;
use gridtier::contract::{CheckSubject, CorrectionResult, CorrectionSubject, DayKind, Table};
use gridtier::unit::Month;
use gridtier::word::Word;

use super::year::ServiceYear;
use crate::draw::DrawPurpose;
use crate::output::{CsvTableWriter, WrittenTable, cell, date_text};
use crate::{DUPLICATES, OUT_OF_WINDOW, SampleError};

/// Year of the calendar.
const YEAR: i32 = 2025;

/// The days off of 2025, by month, first and last day: 国务院办公厅关于 2025 年部分节假日安排的通知（国办发明电〔2024〕12 号）,
/// 2024-11-12. A holiday that reaches into the next month is two entries.
const HOLIDAYS: [(u32, i32, i32); 8] =
    [(1, 1, 1), (1, 28, 31), (2, 1, 4), (4, 4, 6), (5, 1, 5), (5, 31, 31), (6, 1, 2), (10, 1, 8)];

/// The Saturdays and Sundays of 2025 on which people work instead, by the same notice.
const WORKDAYS: [(u32, i32); 5] = [(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)];

/// Days of the calendar by kind, in the order of the days.
fn days() -> Vec<(i32, DayKind)> {
    let day = |month, day| Month::new(YEAR, month).first_day() + day - 1;
    let holidays = HOLIDAYS.iter().flat_map(|&(month, first, last)| {
        (first..=last).map(move |date| (day(month, date), DayKind::Holiday))
    });
    let workdays = WORKDAYS.iter().map(|&(month, date)| (day(month, date), DayKind::Workday));
    let mut days: Vec<(i32, DayKind)> = holidays.chain(workdays).collect();
    days.sort_unstable_by_key(|(day, _)| *day);
    days
}

/// Writes `calendar.csv`.
pub fn calendar(dir: &Path, year: &ServiceYear) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Calendar);
    let mut file = CsvTableWriter::create(dir, Table::Calendar)?;
    for (day, kind) in days() {
        file.write(&[date_text(day), kind.code().to_owned()])?;
    }
    if year.utility.has_faults() {
        file.plant(&mut written, Rule::BadEnum.code(), &["2025-03-08", "half_day"])?;
        file.plant(&mut written, Rule::BadDate.code(), &["2025-02-29", "holiday"])?;
        file.plant(&mut written, Rule::NullValue.code(), &["2025-12-25", ""])?;
        file.plant(&mut written, Rule::DuplicateKey.code(), &["2025-03-12", "holiday"])?;
        file.plant(&mut written, Rule::DuplicateKey.code(), &["2025-03-12", "workday"])?;
        file.plant(&mut written, DUPLICATES, &["2025-01-01", "holiday"])?;
    }
    written.rows = file.close()?;
    Ok(written)
}

/// What is checked each month, by which standard, how many are looked at, and the chance that one fails.
const CHECKS: [(CheckSubject, &str, i32, f64); 4] = [
    (CheckSubject::Delivery, "走访服务规范", 40, 0.05),
    (CheckSubject::Contact, "诉求办理规范", 30, 0.09),
    (CheckSubject::Station, "供电所服务规范", 10, 0.10),
    (CheckSubject::Survey, "满意度调查规范", 15, 0.03),
];

/// Writes `checks.csv`.
pub fn checks(dir: &Path, year: &ServiceYear) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Checks);
    let mut file = CsvTableWriter::create(dir, Table::Checks)?;
    let mut number = 0;
    for month in year.months() {
        let mut draw = year.draw(DrawPurpose::Check, 0, month);
        for (subject, standard, sampled, chance) in CHECKS {
            number += 1;
            let day = year.month(month).first_day() + draw.whole(4, 24);
            let failed = (0..sampled).filter(|_| draw.chance(chance)).count();
            file.write(&[
                format!("K{number:04}"),
                date_text(day),
                subject.code().to_owned(),
                standard.to_owned(),
                sampled.to_string(),
                failed.to_string(),
            ])?;
        }
    }
    if year.utility.has_faults() {
        let inside = date_text(year.utility.window.end_day() - 40);
        let after = date_text(year.utility.window.end_day() + 5);
        for (rule, number, day, subject, sampled, failed) in [
            (Rule::BadOrder.code(), "K9001", inside.as_str(), "contact", "10", "12"),
            (Rule::BadEnum.code(), "K9002", &inside, "weather", "10", "1"),
            (Rule::BadNumber.code(), "K9003", &inside, "contact", "ten", "1"),
            (Rule::Negative.code(), "K9004", &inside, "contact", "10", "-1"),
            (Rule::BadDate.code(), "K9005", "2025-11-31", "contact", "10", "1"),
            (Rule::NullValue.code(), "K9006", &inside, "contact", "", "1"),
            (Rule::NullKey.code(), "", &inside, "contact", "10", "1"),
            (OUT_OF_WINDOW, "K9007", &after, "contact", "10", "1"),
        ] {
            file.plant(&mut written, rule, &[number, day, subject, "诉求办理规范", sampled, failed])?;
        }
    }
    written.rows = file.close()?;
    Ok(written)
}

/// What is put right, by subject.
const ACTIONS: [(u32, (CorrectionSubject, &str)); 5] = [
    (3, (CorrectionSubject::Promise, "缩短故障抢修到场时间")),
    (3, (CorrectionSubject::Contact, "投诉首次联系逐件督办")),
    (2, (CorrectionSubject::Delivery, "补访漏访客户")),
    (1, (CorrectionSubject::Check, "复查不合格项")),
    (1, (CorrectionSubject::Survey, "改进评分最低的服务")),
];

/// Writes `corrections.csv`.
pub fn corrections(dir: &Path, year: &ServiceYear) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Corrections);
    let mut file = CsvTableWriter::create(dir, Table::Corrections)?;
    let end = year.utility.window.end_day();
    let mut number = 0;
    for month in year.months() {
        let mut draw = year.draw(DrawPurpose::Check, 1, month);
        for _ in 0..draw.whole(1, 3) {
            number += 1;
            let (about, action) = draw.pick(&ACTIONS);
            let opened = year.month(month).first_day() + draw.whole(2, 27);
            let due = opened + draw.pick(&[(1, 14), (2, 30)]);
            let done = match draw.unit() {
                luck if luck < 0.72 => Some(due - draw.whole(0, 9)),
                luck if luck < 0.87 => Some(due + draw.whole(1, 25)),
                _ => None,
            };
            let done = done.filter(|done| *done < end);
            let result = draw.pick(&[(8, CorrectionResult::Effective), (2, CorrectionResult::Ineffective)]);
            file.write(&[
                format!("R{number:04}"),
                date_text(opened),
                about.code().to_owned(),
                String::new(),
                action.to_owned(),
                date_text(due),
                cell(done.map(date_text)),
                cell(done.map(|_| result.code())),
            ])?;
        }
    }
    if year.utility.has_faults() {
        let [inside, due, after] = [end - 40, end - 10, end + 5].map(date_text);
        for (rule, number, day, about, action) in [
            (Rule::BadEnum.code(), "R9001", inside.as_str(), "mood", "复查"),
            (Rule::BadDate.code(), "R9002", "2025-11-31", "check", "复查"),
            (Rule::NullValue.code(), "R9003", &inside, "check", ""),
            (Rule::NullKey.code(), "", &inside, "check", "复查"),
            (OUT_OF_WINDOW, "R9004", &after, "check", "复查"),
        ] {
            file.plant(&mut written, rule, &[number, day, about, "", action, &due])?;
        }
    }
    written.rows = file.close()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_of_2025_are_twenty_eight_days_and_moved_working_days_fall_on_weekends() {
        // 1 + 8 + 3 + 5 + 3 + 8 days, as the notice counts them.
        let days = days();
        assert_eq!(days.iter().filter(|(_, kind)| *kind == DayKind::Holiday).count(), 28);
        // 1970-01-01 was a Thursday.
        let is_weekend = |day: i32| (day + 3).rem_euclid(7) >= 5;
        let moved: Vec<i32> =
            days.iter().filter(|(_, kind)| *kind == DayKind::Workday).map(|(day, _)| *day).collect();
        assert!(moved.len() == 5 && moved.into_iter().all(is_weekend));
    }
}
