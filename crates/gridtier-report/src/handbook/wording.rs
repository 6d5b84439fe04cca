//! Lengths of time, conditions and lists in words.

use chrono::NaiveDate;
use gridtier::entitlement::condition::{Condition, Field};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::time::Span;

const MINUTES_OF_HOUR: u32 = 60;

fn counted(n: u32, unit: &str) -> String {
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// A length of time: `5 working days`, `5 个工作日`.
pub(super) fn span(of: Span) -> Text {
    match of {
        Span::Minutes(n) if n.is_multiple_of(MINUTES_OF_HOUR) => span(Span::Hours(n / MINUTES_OF_HOUR)),
        Span::Minutes(n) => Text::new(counted(n, "minute"), format!("{n} 分钟")),
        Span::Hours(n) => Text::new(counted(n, "hour"), format!("{n} 小时")),
        Span::Days(n) => Text::new(counted(n, "day"), format!("{n} 天")),
        Span::Months(n) => Text::new(counted(n, "month"), format!("{n} 个月")),
        Span::WorkingDays(n) => Text::new(counted(n, "working day"), format!("{n} 个工作日")),
    }
}

/// `within 5 working days`, `5 个工作日内`.
pub(super) fn within(of: Span) -> Text {
    let span = span(of);
    text!("within {span}", "{span}内"; span)
}

/// The day from which shipped catalogues and policies hold. It is no legal date: they hold for every day.
const ALWAYS: Option<NaiveDate> = NaiveDate::from_ymd_opt(1971, 1, 1);

/// Name and version, and from when on they are in force if that is a date that matters.
pub(super) fn edition(name: &str, version: &str, from: NaiveDate) -> Text {
    if Some(from) <= ALWAYS {
        return Text::same(format!("{name} {version}"));
    }
    text!("{name} {version}, in force from {from}", "{name} {version}，自 {from} 起有效")
}

/// Minutes that need not be whole: `4 hours`, `1,051.2 minutes`.
pub(super) fn minutes(of: f64) -> Text {
    let whole = format!("{of}").parse().ok().filter(|n: &u32| *n > 0);
    whole.map_or_else(
        || {
            let minutes = crate::format::decimal(of, u8::from(of.fract() != 0.0));
            text!("{minutes} minutes", "{minutes} 分钟")
        },
        |n| span(Span::Minutes(n)),
    )
}

/// A condition in words; everybody without one.
pub(super) fn to_whom(condition: Option<&Condition>, fields: &[Field]) -> Text {
    match condition {
        Some(condition) => condition_words(condition, fields),
        None => text!("all customers", "全部客户"),
    }
}

/// A condition in words.
pub(super) fn condition_words(condition: &Condition, fields: &[Field]) -> Text {
    Text::new(condition.en(fields), condition.zh(fields))
}

/// Words in one line.
pub(super) fn words<W: Word>(of: &[W]) -> Text {
    let texts: Vec<Text> = of.iter().map(|&word| Text::of_word(word)).collect();
    listed(&texts)
}

/// Texts in one line.
pub(super) fn listed(texts: &[Text]) -> Text {
    let [en, zh] = [Text::join(texts, ", ").en, Text::join(texts, "、").zh];
    Text::new(en, zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_only_means_always_is_not_shown() {
        let on = |year| edition("paper", "1", NaiveDate::from_ymd_opt(year, 1, 1).unwrap()).en.into_owned();
        assert_eq!([on(1971), on(2026)], ["paper 1", "paper 1, in force from 2026-01-01"]);
    }

    #[test]
    fn lengths_of_time_are_written_in_words() {
        let both = |text: Text| (text.en.into_owned(), text.zh.into_owned());
        let pair = |en: &str, zh: &str| (en.to_owned(), zh.to_owned());
        assert_eq!(both(within(Span::WorkingDays(5))), pair("within 5 working days", "5 个工作日内"));
        assert_eq!(both(within(Span::Hours(1))), pair("within 1 hour", "1 小时内"));
        assert_eq!(both(within(Span::Minutes(240))), pair("within 4 hours", "4 小时内"));
        assert_eq!(both(minutes(90.0)), pair("90 minutes", "90 分钟"));
        assert_eq!(both(minutes(1051.2)), pair("1,051.2 minutes", "1,051.2 分钟"));
        assert_eq!(both(span(Span::Days(7))), pair("7 days", "7 天"));
    }
}
