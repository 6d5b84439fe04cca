//! What each figure of a month is, beside last month and the same month a year ago, and whether it is a breach, worse or
//! better.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use gridtier::contract::{ContactKind, Table};
use gridtier::word::Word;

use crate::estimate::{Interval, nano, round};
use crate::monthly::coverage::{CoverageDoubt, LogCoverage};
use crate::monthly::facts::{FigureKey, FigureValue, MonthFacts, TableFacts};
use crate::monthly::rule::{
    BetterWhen, FIGURE_RULES, FIGURE_TABLES, FigureLimit, FigurePart, FigureRule, FigureTable, is_attribute,
    rule_of,
};
use crate::policy::{FollowedEvent, Measure, Policy};

gridtier::words! {
    /// What to make of a figure, in the order in which the report lists them: problems first.
    FigureVerdict "verdict on a figure" {
        /// A limit or a floor was missed.
        Breach "breach" "limit missed" "未达标",
        /// Worse than last month.
        Worse "worse" "worse" "变差",
        /// Not measured, or not to be compared with last month.
        NotMeasured "not_measured" "not measured" "未计量",
        /// As last month, or neither better nor worse.
        Same "same" "no better or worse" "持平",
        /// Better than last month.
        Better "better" "better" "好转",
    }
}

gridtier::words! {
    /// Why a figure is not measured.
    FigureGap "reason why a figure is not measured" {
        /// A table is absent.
        TableAbsent "table_absent" "a table is absent" "缺少数据表",
        /// There was no case.
        NoCases "no_cases" "no cases" "本期无案例",
        /// There is no figure of last month.
        NoLastMonth "no_last_month" "no figure of last month" "上月无数据",
        /// Rows of the period may be missing, so that it is not better.
        RowsMissing "rows_missing" "rows may be missing" "可能缺少记录",
        /// Less than half as many cases as last month, so that it is not better.
        FewCases "few_cases" "less than half as many cases as last month" "案例不足上月一半",
    }
}

/// A figure in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FigureReading {
    /// Its value; `None` if it is not measured.
    pub value: Option<FigureValue>,
    /// What is divided; of a count the count.
    pub numerator: Option<i64>,
    /// By what; `None` if it is no share or index of counts. An index may be a multiple of the quotient.
    pub denominator: Option<i64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
}

/// A figure of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthlyFigure {
    /// Its table.
    pub table: &'static FigureTable,
    /// The key of its row by the columns of the table's key; shorter if it is not measured.
    pub key: FigureKey,
    /// Its column.
    pub column: Box<str>,
    /// Whether more of it is better; `None` if neither is.
    pub more_is_better: Option<bool>,
    /// In the period.
    pub now: FigureReading,
    /// In the period before it.
    pub before: FigureReading,
    /// In the same period a year earlier.
    pub year_ago: FigureReading,
    /// What it must not miss.
    pub limit: Option<f64>,
    /// What to make of it.
    pub verdict: FigureVerdict,
    /// Why it is not measured.
    pub gap: Option<FigureGap>,
}

impl MonthlyFigure {
    /// Its id: table, key and column.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = self.table.name.to_owned();
        for part in self.key.iter().chain([&self.column]) {
            id.push('/');
            id.push_str(part);
        }
        id
    }

    /// The rule of its column.
    #[must_use]
    pub fn rule(&self) -> Option<&'static FigureRule> {
        rule_of(self.table.name, &self.column)
    }
}

/// What figures are judged by.
pub(super) struct FigureJudge<'a> {
    pub policy: &'a Policy,
    pub coverage: &'a [LogCoverage],
    /// The period, the one before it, and the same a year earlier.
    pub facts: [&'a MonthFacts; 3],
}

impl FigureJudge<'_> {
    /// All figures: by verdict, then by id.
    pub fn figures(&self) -> Vec<MonthlyFigure> {
        let mut figures = Vec::new();
        for table in FIGURE_TABLES {
            let of_periods = self.facts.map(|facts| facts.tables.get(table.name));
            match of_periods[0] {
                Some(now) => {
                    let of_periods = of_periods.map(|facts| facts.unwrap_or(now));
                    let keys: BTreeSet<&FigureKey> =
                        of_periods.iter().flat_map(|facts| facts.rows.keys()).collect();
                    for key in keys {
                        let columns = now.columns.iter().map(|column| &*column.name);
                        let columns = columns.filter(|column| !is_attribute(table.name, column));
                        figures.extend(columns.map(|column| self.judged(table, key, column, of_periods)));
                    }
                }
                None => figures.extend(absent(table, &Vec::new())),
            }
            let not_measured = self.facts[0].not_measured.iter().filter(|(name, _)| *name == table.name);
            figures.extend(not_measured.flat_map(|(_, key)| absent(table, key)));
        }
        figures.sort_by_cached_key(|figure| (figure.verdict, figure.id()));
        figures
    }

    fn judged(
        &self,
        table: &'static FigureTable,
        key: &FigureKey,
        column: &str,
        of_periods: [&TableFacts; 3],
    ) -> MonthlyFigure {
        let rule = rule_of(table.name, column);
        let [now, before, year_ago] = of_periods.map(|facts| reading(facts, key, column, rule));
        let more_is_better = rule.and_then(|rule| self.more_is_better(rule, key));
        let limit = rule.and_then(|rule| self.limit(rule, key, of_periods[0]));
        let mut figure = MonthlyFigure {
            table,
            key: key.clone(),
            column: column.into(),
            more_is_better,
            now,
            before,
            year_ago,
            limit,
            verdict: FigureVerdict::Same,
            gap: None,
        };
        let doubt = self.doubt(table, key, column);
        (figure.verdict, figure.gap) = verdict(&figure, rule, doubt);
        figure
    }

    fn promise_measure(&self, key: &FigureKey) -> Option<Measure> {
        let promise = self.policy.promises.iter().find(|promise| promise.id == *key[0]);
        promise.map(|promise| promise.measure)
    }

    fn more_is_better(&self, rule: &FigureRule, key: &FigureKey) -> Option<bool> {
        match rule.better {
            BetterWhen::More => Some(true),
            BetterWhen::Less => Some(false),
            BetterWhen::Neither => None,
            BetterWhen::ByKind => match ContactKind::from_code(&key[0])? {
                ContactKind::Complaint | ContactKind::Report => Some(false),
                ContactKind::Praise => Some(true),
                ContactKind::Query | ContactKind::Suggestion => None,
            },
            BetterWhen::ByMeasure => Some(self.promise_measure(key) == Some(Measure::Availability)),
        }
    }

    fn limit(&self, rule: &FigureRule, key: &FigureKey, now: &TableFacts) -> Option<f64> {
        match rule.limit {
            FigureLimit::None => None,
            FigureLimit::Column(column) => now.value(key, column).map(FigureValue::number),
            FigureLimit::Everybody => Some(1.0),
            FigureLimit::Nobody => Some(0.0),
            FigureLimit::TimerFloor => {
                let timer = self.policy.timers.iter().find(|timer| timer.id == *key[0])?;
                timer.floor.map(|floor| floor as f64 / 100.0)
            }
        }
    }

    /// Why the tables from which a figure follows may lack rows: that there are none comes first.
    fn doubt(&self, table: &FigureTable, key: &FigureKey, column: &str) -> Option<CoverageDoubt> {
        if matches!(column, "customers" | "customer_days") {
            return None;
        }
        let mut sources = table.sources.to_vec();
        sources.extend(self.further_sources(table, key));
        let of_sources = self.coverage.iter().filter(|coverage| sources.contains(&coverage.table));
        of_sources.filter_map(|coverage| coverage.doubt).min()
    }

    /// The tables besides those of all rows from which the row of a promise or of a reason follows.
    fn further_sources(&self, table: &FigureTable, key: &FigureKey) -> &'static [Table] {
        const SUPPLY: &[Table] = &[Table::Outages, Table::Interruptions];
        match table.name {
            "promises" if self.promise_measure(key) == Some(Measure::Notice) => &[Table::Deliveries],
            "delivered" => match key[0].split_once(':') {
                Some(("notice", _)) => SUPPLY,
                Some((_, id)) => {
                    let rule = self.policy.follow_ups.iter().find(|rule| rule.id == id);
                    match rule.map(|rule| rule.event) {
                        Some(FollowedEvent::Interruption) => SUPPLY,
                        Some(FollowedEvent::Contact) => &[Table::Contacts],
                        _ => &[],
                    }
                }
                None => &[],
            },
            _ => &[],
        }
    }
}

/// The figures of a table, or of a part of it, that cannot be measured.
fn absent(table: &'static FigureTable, key: &FigureKey) -> impl Iterator<Item = MonthlyFigure> {
    let rules = FIGURE_RULES.iter().filter(move |rule| rule.table == table.name);
    rules.map(move |rule| MonthlyFigure {
        table,
        key: key.clone(),
        column: rule.column.into(),
        more_is_better: None,
        now: FigureReading::default(),
        before: FigureReading::default(),
        year_ago: FigureReading::default(),
        limit: None,
        verdict: FigureVerdict::NotMeasured,
        gap: Some(FigureGap::TableAbsent),
    })
}

fn reading(facts: &TableFacts, key: &FigureKey, column: &str, rule: Option<&FigureRule>) -> FigureReading {
    let value = facts.value(key, column);
    let count = match value {
        Some(FigureValue::Count(count)) => Some(count),
        _ => None,
    };
    let Some(rule) = rule else {
        return FigureReading { value, numerator: count, ..FigureReading::default() };
    };
    let denominator = part(facts, key, rule.denominator);
    let numerator = match rule.numerator {
        FigurePart::Itself => count,
        FigurePart::Product => value.zip(denominator).map(|(value, of)| round(value.number() * of as f64)),
        other => part(facts, key, other),
    };
    let interval = rule.interval.and_then(|ends| {
        let [lo, hi] = ends.map(|end| facts.value(key, end).map(FigureValue::number));
        Some(Interval { lo: lo?, hi: hi? })
    });
    FigureReading { value, numerator, denominator, interval }
}

fn part(facts: &TableFacts, key: &FigureKey, part: FigurePart) -> Option<i64> {
    let sum = match part {
        FigurePart::Sum(columns) => {
            let mut sum = 0_i128;
            for &(column, factor) in columns {
                let Some(FigureValue::Count(count)) = facts.value(key, column) else { return None };
                sum += i128::from(count) * i128::from(factor);
            }
            sum
        }
        FigurePart::Total(column, keys) => facts.total(column, &key[..keys]),
        FigurePart::Others(column) => facts.rows.get(key).map(|_| facts.others(column, key))?,
        FigurePart::SecondsWithSupply => i128::from(facts.seconds.get(key)?[0]),
        FigurePart::AllSeconds => i128::from(facts.seconds.get(key)?[1]),
        FigurePart::None | FigurePart::Itself | FigurePart::Product => return None,
    };
    Some(i64::try_from(sum).unwrap_or(i64::MAX))
}

fn not_measured(gap: FigureGap) -> (FigureVerdict, Option<FigureGap>) {
    (FigureVerdict::NotMeasured, Some(gap))
}

fn verdict(
    figure: &MonthlyFigure,
    rule: Option<&FigureRule>,
    doubt: Option<CoverageDoubt>,
) -> (FigureVerdict, Option<FigureGap>) {
    let (now, before) = (&figure.now, &figure.before);
    if rule.is_some_and(|rule| is_missed(figure, rule)) {
        return (FigureVerdict::Breach, None);
    }
    let Some(value) = now.value else { return not_measured(FigureGap::NoCases) };
    let change = match (rule.is_some_and(|rule| rule.as_share), before.value) {
        (true, _) => share_change(now, before),
        (false, Some(earlier)) => Some(value_change(value, earlier)),
        (false, None) => None,
    };
    let Some(change) = change else {
        return match now.denominator {
            Some(0) => not_measured(FigureGap::NoCases),
            _ => not_measured(FigureGap::NoLastMonth),
        };
    };
    let improved = match figure.more_is_better {
        Some(true) => change,
        Some(false) => change.reverse(),
        None => Ordering::Equal,
    };
    let has_few_cases = now
        .denominator
        .zip(before.denominator)
        .is_some_and(|(now, before)| 2 * i128::from(now) < i128::from(before));
    match (improved, doubt) {
        (Ordering::Less, _) => (FigureVerdict::Worse, None),
        (_, Some(CoverageDoubt::NoRows)) | (Ordering::Greater, Some(_)) => {
            not_measured(FigureGap::RowsMissing)
        }
        (Ordering::Greater, None) if has_few_cases => not_measured(FigureGap::FewCases),
        (Ordering::Greater, None) => (FigureVerdict::Better, None),
        (Ordering::Equal, _) => (FigureVerdict::Same, None),
    }
}

/// Whether the limit is missed. A floor and a share of everybody are compared by whole numbers, other limits as their
/// promises compare them.
fn is_missed(figure: &MonthlyFigure, rule: &FigureRule) -> bool {
    let FigureReading { value: Some(value), numerator, denominator, .. } = figure.now else { return false };
    let Some(limit) = figure.limit else { return false };
    match rule.limit {
        FigureLimit::None => false,
        FigureLimit::Nobody => value.number() > limit,
        FigureLimit::Everybody | FigureLimit::TimerFloor => {
            let percent = i128::from(round(100.0 * limit));
            let parts = numerator.zip(denominator);
            parts.is_some_and(|(part, of)| 100 * i128::from(part) < percent * i128::from(of))
        }
        FigureLimit::Column(_) => match figure.more_is_better {
            Some(true) => nano(value.number()) < nano(limit),
            _ => value.number() > limit,
        },
    }
}

/// Whether a value is more or less than an earlier one; numbers that are no counts are compared in steps of 10⁻⁹.
fn value_change(now: FigureValue, before: FigureValue) -> Ordering {
    match (now, before) {
        (FigureValue::Count(now), FigureValue::Count(before)) => now.cmp(&before),
        _ => nano(now.number()).cmp(&nano(before.number())),
    }
}

/// Whether numerator/denominator is more or less than an earlier one; `None` if one of them has no denominator.
fn share_change(now: &FigureReading, before: &FigureReading) -> Option<Ordering> {
    let [now, before] = [now, before].map(|reading| reading.numerator.zip(reading.denominator));
    let ((now, of), (earlier, earlier_of)) = (now?, before?);
    if of == 0 || earlier_of == 0 {
        return None;
    }
    Some((i128::from(now) * i128::from(earlier_of)).cmp(&(i128::from(earlier) * i128::from(of))))
}
