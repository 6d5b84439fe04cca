//! Scores with their intervals.

use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::group::GroupBy;
use gridtier_service::survey::measure::{DELIVERED_SCORE, SurveyLevel, SurveyMeasure};
use gridtier_service::survey::scores::{STRATIFIED, ScoreRow};

use super::{SurveyView, words};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use crate::{charts, group_names};

/// Scores of dimensions and totals by group, charts of gaps and of the delivered value by tier, scores of items.
pub fn score_sections(view: &SurveyView, rows: &[ScoreRow]) -> Vec<Section> {
    let is_item = |row: &&ScoreRow| row.level == SurveyLevel::Item;
    let mut of_dimensions: Vec<&ScoreRow> = rows.iter().filter(|row| !is_item(row)).collect();
    let list = |row: &ScoreRow| (row.measure, row.id.clone(), row.group_by.clone());
    group_names::best_tier_first(&mut of_dimensions, |a, b| list(a) == list(b), |row| &*row.group);
    let (min_cell, lo, hi) = (view.min_cell, view.instrument.lo, view.instrument.hi);
    let shown: Vec<&ScoreRow> = of_dimensions.iter().copied().filter(|row| is_shown(view, row)).collect();
    let scores = Section::titled(text!("Scores", "得分"))
        .table(scores(view, &shown))
        .with_all(Block::rows_left_out(of_dimensions.len() - shown.len(), view.extent))
        .sentence(
            "Mean with its 95 % interval. Ranks compare the dimensions of a group: 1 is the highest mean.",
            "均值及其 95 % 置信区间；名次在同一分组的各维度之间比较，均值最高者为 1。",
        )
        .with(Block::Sentence(text!(
            "Each statement is answered on a scale from {lo} to {hi}.",
            "每题按 {lo} 至 {hi} 分作答。"
        )))
        .with_all(of_dimensions.iter().any(|row| row.is_withheld).then(|| {
            Block::Sentence(text!(
                "Withheld: scores of groups with fewer than {min_cell} answers.",
                "不予公布：回答少于 {min_cell} 份的分组得分。"
            ))
        }));
    let mut sections = vec![scores];
    let by_tier = |row: &&ScoreRow| [GroupBy::All.code(), GroupBy::Tier.code()].contains(&&*row.group_by);
    let gaps: Vec<&ScoreRow> = of_dimensions
        .iter()
        .copied()
        .filter(|row| row.measure == SurveyMeasure::Gap && row.level == SurveyLevel::Dimension)
        .filter(by_tier)
        .collect();
    if !gaps.is_empty() {
        let table =
            intervals(view, &gaps, "gaps", ("Gaps by dimension and tier", "各维度、各等级的差距"), true);
        sections.push(Section::new().chart(charts::survey_gaps(table)));
    }
    let delivered: Vec<&ScoreRow> = of_dimensions
        .iter()
        .copied()
        .filter(|row| row.measure == SurveyMeasure::Value && row.id == DELIVERED_SCORE)
        .filter(by_tier)
        .collect();
    if !delivered.is_empty() {
        let title = ("Delivered value by tier", "各等级的让渡价值");
        let table = intervals(view, &delivered, "delivered_value", title, false);
        sections.push(Section::new().chart(charts::delivered_value(table)));
    }
    let of_items = || rows.iter().filter(is_item).filter(|row| row.group_by == GroupBy::All.code());
    let is_main = |row: &&ScoreRow| view.extent.is_whole() || row.measure == view.main_measure();
    let mut items: Vec<&ScoreRow> = of_items().filter(is_main).collect();
    let asked_at = |row: &ScoreRow| view.instrument.items.iter().position(|item| item.id == row.id);
    items.sort_by_key(|row| (row.measure, asked_at(row)));
    if !items.is_empty() {
        let heading = text!("Scores of items, all customers", "各题得分（全部客户）");
        let more = of_items().count() - items.len();
        let section = Section::titled(heading).table(self::items(view, &items));
        sections.push(section.with_all(Block::rows_left_out(more, view.extent)));
    }
    sections
}

/// Whether a row is shown: of everything where it is listed, else all measures of all customers, and the main one of tiers.
fn is_shown(view: &SurveyView, row: &ScoreRow) -> bool {
    let by = &*row.group_by;
    view.extent.is_whole()
        || [GroupBy::All.code(), STRATIFIED].contains(&by)
        || (by == GroupBy::Tier.code() && row.measure == view.main_measure())
}

/// The name of a group, with the note that its score is withheld.
fn group_name(row: &ScoreRow) -> Text {
    let name = words::group(&row.group_by, &row.group);
    if !row.is_withheld {
        return name;
    }
    Text { code: name.code.clone(), ..text!("{name} (withheld)", "{name}（不予公布）"; name) }
}

fn number_columns() -> Vec<DataColumn> {
    vec![
        DataColumn::new(ColumnFormat::Integer, "n", "answers", "份数"),
        DataColumn::new(ColumnFormat::Number(2), "mean", "mean", "均值"),
        DataColumn::new(ColumnFormat::Number(2), "lo", "from", "下限"),
        DataColumn::new(ColumnFormat::Number(2), "hi", "to", "上限"),
    ]
}

fn number_cells(row: &ScoreRow) -> Vec<DataCell> {
    vec![
        DataCell::Integer(row.n),
        DataCell::number(row.mean),
        DataCell::number(row.interval.map(|interval| interval.lo)),
        DataCell::number(row.interval.map(|interval| interval.hi)),
    ]
}

/// What is to be known about a row: that it is withheld, or how much of the frame it speaks of.
fn remark(row: &ScoreRow) -> DataCell {
    if row.is_withheld {
        return DataCell::Text(Text::coded("withheld", "withheld", "不予公布"));
    }
    match row.coverage.filter(|_| row.group_by == STRATIFIED) {
        Some(coverage) => {
            let share = crate::format::percent(coverage);
            DataCell::Text(text!("strata with answers: {share}", "有回答的层：{share}"))
        }
        None => DataCell::Blank,
    }
}

fn scores(view: &SurveyView, rows: &[&ScoreRow]) -> DataTable {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "measure", "measure", "测量"),
        DataColumn::new(ColumnFormat::Text, "id", "score", "得分项"),
        DataColumn::new(ColumnFormat::Text, "group_by", "by", "分组方式"),
        DataColumn::new(ColumnFormat::Text, "group", "group", "分组"),
    ];
    columns.extend(number_columns());
    columns.push(DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"));
    columns.push(DataColumn::new(ColumnFormat::Text, "remark", "remark", "说明").as_detail());
    let cells = rows.iter().map(|row| {
        let mut cells = vec![
            DataCell::word(row.measure),
            DataCell::Text(words::scale(view.instrument, &row.id)),
            DataCell::Text(words::grouping(&row.group_by)),
            DataCell::Text(group_name(row)),
        ];
        cells.extend(number_cells(row));
        cells.push(row.rank.map_or(DataCell::Blank, DataCell::Integer));
        cells.push(remark(row));
        cells
    });
    DataTable::new(Text::coded("scores", "Scores", "得分"), columns, cells)
}

fn items(view: &SurveyView, rows: &[&ScoreRow]) -> DataTable {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "measure", "measure", "测量"),
        DataColumn::new(ColumnFormat::Id, "item", "item", "题号"),
        DataColumn::new(ColumnFormat::Text, "text", "text", "题目"),
    ];
    columns.extend(number_columns());
    columns.push(DataColumn::new(ColumnFormat::Text, "remark", "remark", "说明").as_detail());
    let cells = rows.iter().map(|row| {
        let item = view.instrument.items.iter().find(|item| item.id == row.id);
        let mut cells = vec![
            DataCell::word(row.measure),
            DataCell::same(row.id.clone()),
            item.map_or(DataCell::Missing, |item| DataCell::Text(item.text.clone())),
        ];
        cells.extend(number_cells(row));
        cells.push(remark(row));
        cells
    });
    DataTable::new(
        Text::coded("item_scores", "Scores of items, all customers", "各题得分（全部客户）"),
        columns,
        cells,
    )
}

/// Lower end, mean and upper end by group, for a chart; the score is named too if there are several.
fn intervals(
    view: &SurveyView,
    rows: &[&ScoreRow],
    code: &'static str,
    (en, zh): (&'static str, &'static str),
    names_score: bool,
) -> DataTable {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "group", "group", "分组"),
        DataColumn::new(ColumnFormat::Number(2), "lo", "from", "下限"),
        DataColumn::new(ColumnFormat::Number(2), "mean", "mean", "均值"),
        DataColumn::new(ColumnFormat::Number(2), "hi", "to", "上限"),
    ];
    let cells = rows.iter().map(|row| {
        let group = words::group(&row.group_by, &row.group);
        let name = if names_score {
            let score = words::scale(view.instrument, &row.id);
            text!("{score}, {group}", "{score}，{group}"; score, group)
        } else {
            group
        };
        let name = match row.is_withheld {
            true => text!("{name} (withheld)", "{name}（不予公布）"; name),
            false => name,
        };
        let [_, mean, lo, hi] =
            <[DataCell; 4]>::try_from(number_cells(row)).expect("four numbers of a score");
        vec![DataCell::Text(name), lo, mean, hi]
    });
    DataTable::new(Text::coded(code, en, zh), columns, cells)
}
