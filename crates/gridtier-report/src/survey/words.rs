//! Names of groups, scales and scores.

use gridtier::contract::{Area, UseCategory};
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::group::{CustomerClass, GroupBy, UNGRADED, UNKNOWN};
use gridtier_service::survey::instrument::Instrument;
use gridtier_service::survey::measure::{
    COST_SCORE, DELIVERED_SCORE, RATIO_SCORE, TOTAL_SCORE, VALUE_SCORE, WEIGHTED_SCORE,
};
use gridtier_service::survey::scores::{POPULATION, STRATIFIED};

use crate::names;

/// What groups are made by: a grouping of customers, or a column of the survey.
pub fn grouping(by: &str) -> Text {
    match GroupBy::from_code(by) {
        Some(by) => Text::of_word(by),
        None if by == STRATIFIED => Text::coded(STRATIFIED, "strata", "分层"),
        None => Text::same(by.to_owned()),
    }
}

/// The name of a group.
pub fn group(by: &str, name: &str) -> Text {
    let word = match GroupBy::from_code(by) {
        Some(GroupBy::All) => Some(Text::of_word(GroupBy::All)),
        Some(GroupBy::Area) => Area::from_code(name).map(Text::of_word),
        Some(GroupBy::Class) => CustomerClass::from_code(name).map(Text::of_word),
        Some(GroupBy::Tier) => gridtier::method::Tier::from_code(name).map(names::tier),
        Some(GroupBy::UseCategory) => UseCategory::from_code(name).map(Text::of_word),
        Some(GroupBy::Region) | None => None,
    };
    word.unwrap_or_else(|| match name {
        UNKNOWN => Text::coded(UNKNOWN, "unknown", "未知"),
        UNGRADED => Text::coded(UNGRADED, "ungraded", "未评级"),
        POPULATION if by == STRATIFIED => {
            Text::coded(POPULATION, "all customers, weighted by strata", "全体客户（按层加权）")
        }
        own => Text::same(own.to_owned()),
    })
}

/// The name of a dimension or of all of them.
pub fn scale(instrument: &Instrument, id: &str) -> Text {
    let dimension = instrument.dimensions.iter().find(|dimension| dimension.id == id);
    match dimension {
        Some(dimension) => {
            let Text { en, zh, .. } = dimension.title.clone();
            Text::coded(id.to_owned(), en, zh)
        }
        None => score(id),
    }
}

fn score(id: &str) -> Text {
    let (en, zh) = match id {
        TOTAL_SCORE => ("total", "总分"),
        WEIGHTED_SCORE => ("weighted total", "加权总分"),
        VALUE_SCORE => ("customer value", "顾客价值"),
        COST_SCORE => ("customer cost", "顾客成本"),
        DELIVERED_SCORE => ("delivered value", "让渡价值"),
        RATIO_SCORE => ("value by cost", "价值成本比"),
        own => return Text::same(own.to_owned()),
    };
    Text::coded(id.to_owned(), en, zh)
}
