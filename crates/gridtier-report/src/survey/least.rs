//! Which tier is least satisfied, and with what.

use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::group::{GroupBy, UNKNOWN};
use gridtier_service::survey::measure::{DELIVERED_SCORE, SurveyLevel, SurveyMeasure};
use gridtier_service::survey::scores::ScoreRow;

use super::{SurveyView, words};
use crate::format::decimal;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The worst score of each tier, the worst tier first: of a dimension, or of the delivered value. Nothing if no tier has
/// enough answers.
pub(super) fn least_satisfied(view: &SurveyView, rows: &[ScoreRow]) -> Option<Section> {
    let measure = view.main_measure();
    let is_candidate = |row: &&ScoreRow| {
        row.measure == measure
            && row.mean.is_some()
            && &*row.group != UNKNOWN
            && match measure {
                SurveyMeasure::Value => row.id == DELIVERED_SCORE,
                _ => row.level == SurveyLevel::Dimension,
            }
    };
    let of_grouping =
        |by: GroupBy| rows.iter().filter(is_candidate).filter(move |row| row.group_by == by.code());
    let mut worst: Vec<&ScoreRow> = Vec::new();
    for row in of_grouping(GroupBy::Tier) {
        match worst.iter_mut().find(|known| known.group == row.group) {
            Some(known) if row.mean < known.mean => *known = row,
            Some(_) => {}
            None => worst.push(row),
        }
    }
    worst.sort_by(|one, other| one.mean.unwrap_or(0.0).total_cmp(&other.mean.unwrap_or(0.0)));
    let least = worst.first()?;
    let of_all = |id: &str| of_grouping(GroupBy::All).find(|row| row.id == id).and_then(|row| row.mean);
    let table = DataTable::new(
        Text::coded("least_satisfied", "Least satisfied", "最不满意之处"),
        vec![
            DataColumn::new(ColumnFormat::Text, "tier", "tier", "客户等级"),
            DataColumn::new(ColumnFormat::Text, "id", "with what", "最不满意的方面"),
            DataColumn::new(ColumnFormat::Number(2), "mean", "mean", "均值"),
            DataColumn::new(ColumnFormat::Number(2), "lo", "95 % from", "95 % 下限"),
            DataColumn::new(ColumnFormat::Number(2), "hi", "to", "上限"),
            DataColumn::new(ColumnFormat::Number(2), "mean_of_all", "all customers", "全体客户"),
            DataColumn::new(ColumnFormat::Integer, "n", "answers", "份数"),
        ],
        worst.iter().map(|row| {
            vec![
                DataCell::Text(words::group(&row.group_by, &row.group)),
                DataCell::Text(words::scale(view.instrument, &row.id)),
                DataCell::number(row.mean),
                DataCell::number(row.interval.map(|interval| interval.lo)),
                DataCell::number(row.interval.map(|interval| interval.hi)),
                DataCell::number(of_all(&row.id)),
                DataCell::Integer(row.n),
            ]
        }),
    );
    let (tier, what) =
        (words::group(&least.group_by, &least.group), words::scale(view.instrument, &least.id));
    let (mean, score) = (decimal(least.mean.unwrap_or(0.0), 2), Text::of_word(measure));
    let sentence = text!(
        "Least satisfied: {tier} with {what} ({score} {mean}). The worst score of each tier:",
        "最不满意：{tier}，{what}（{score} {mean}）。各等级得分最低的方面：";
        tier, what, score
    );
    Some(
        Section::titled(text!("Least satisfied", "最不满意之处"))
            .with(Block::Sentence(sentence))
            .table(table),
    )
}
