//! Names of groups, scales and scores.

use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::group::GroupBy;
use gridtier_service::survey::instrument::Instrument;
use gridtier_service::survey::measure::{
    COST_SCORE, DELIVERED_SCORE, RATIO_SCORE, TOTAL_SCORE, VALUE_SCORE, WEIGHTED_SCORE,
};
use gridtier_service::survey::scores::{POPULATION, STRATIFIED};

use crate::group_names;

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
    match GroupBy::from_code(by) {
        Some(by) => group_names::group(by, name),
        None if by == STRATIFIED && name == POPULATION => {
            Text::coded(POPULATION, "all, by strata", "全体（按层加权）")
        }
        None => group_names::other(name),
    }
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
