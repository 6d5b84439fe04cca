//! What a survey says: who answered, scores with their intervals, tests in words, reliability; and whom to ask.
//!
//! A number that is withheld says so: the figures of a few respondents are their own, not those of a group.

mod words;
mod least;
mod scores;
mod tests_told;
mod scales;
mod sample;

use gridtier::text;
use gridtier::text::Text;
use gridtier_service::survey::counts::CountsRow;
use gridtier_service::survey::evaluation::SurveyResults;
use gridtier_service::survey::instrument::{Instrument, InstrumentKind, TOTAL};
use gridtier_service::survey::measure::SurveyMeasure;

pub use sample::{plan_sections, sample_list};

use crate::group_names;
use crate::section::{Block, Extent, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// A survey that is shown.
#[derive(Clone, Copy)]
pub struct SurveyView<'a> {
    /// What was asked.
    pub instrument: &'a Instrument,
    /// Number of the cycle whose tiers are used.
    pub cycle: u64,
    /// The as-of day.
    pub as_of: &'a str,
    /// Fewest answers of a group whose scores are shown.
    pub min_cell: i64,
    /// Maximum number of rows of a list.
    pub most_rows: usize,
    /// Whether all groups and tests are listed, or all customers and tiers alone.
    pub extent: Extent,
}

impl SurveyView<'_> {
    /// The measure by which satisfaction is compared.
    fn main_measure(&self) -> SurveyMeasure {
        match self.instrument.kind {
            InstrumentKind::Gap => SurveyMeasure::Gap,
            InstrumentKind::Plain => SurveyMeasure::Question,
            InstrumentKind::Value => SurveyMeasure::Value,
        }
    }
}

/// Instrument, as-of day and cycle of a result.
#[must_use]
pub fn survey_head(view: &SurveyView, heading: Text) -> Section {
    let Text { en, zh, .. } = heading;
    let (title, title_zh) = (&view.instrument.title.en, &view.instrument.title.zh);
    let facts = vec![
        (Text::new("as of", "截止日"), Text::same(view.as_of.to_owned())),
        (Text::new("cycle", "等级所属周期"), Text::same(view.cycle.to_string())),
    ];
    Section::titled(text!("{en}: {title}", "{zh}：{title_zh}")).with(Block::Facts(facts))
}

/// All that the answers of a survey say.
#[must_use]
pub fn result_sections(view: &SurveyView, results: &SurveyResults) -> Vec<Section> {
    let mut sections: Vec<Section> = least::least_satisfied(view, &results.scores).into_iter().collect();
    sections.push(counts(view, &results.counts));
    sections.extend(scores::score_sections(view, &results.scores));
    sections.extend(tests_told::test_sections(view, &results.tests));
    sections.extend(scales::scale_sections(view, results));
    sections
}

fn counts(view: &SurveyView, rows: &[CountsRow]) -> Section {
    let is_shown =
        |row: &&CountsRow| view.extent.is_whole() || ["all", "class", "tier"].contains(&&*row.group_by);
    let mut shown: Vec<&CountsRow> = rows.iter().filter(is_shown).collect();
    group_names::best_tier_first(&mut shown, |a, b| a.group_by == b.group_by, |row| &*row.group);
    let more = rows.len() - shown.len();
    let table = DataTable::new(
        Text::coded("counts", "Who answered", "回收与有效"),
        vec![
            DataColumn::new(ColumnFormat::Text, "group_by", "by", "分组方式"),
            DataColumn::new(ColumnFormat::Text, "group", "group", "分组"),
            DataColumn::new(ColumnFormat::Integer, "sent", "sent", "发出"),
            DataColumn::new(ColumnFormat::Integer, "returned", "returned", "收回"),
            DataColumn::new(ColumnFormat::Integer, "valid", "valid", "有效"),
            DataColumn::new(ColumnFormat::Integer, "few_answers", "few answers", "作答过少"),
            DataColumn::new(ColumnFormat::Integer, "straight_line", "straight line", "答案全同"),
            DataColumn::new(ColumnFormat::Integer, "not_invited", "not invited", "未受邀"),
            DataColumn::new(ColumnFormat::Share, "response_rate", "response rate", "回收率"),
            DataColumn::new(ColumnFormat::Share, "valid_rate", "valid rate", "有效率"),
        ],
        shown.iter().map(|row| {
            vec![
                DataCell::Text(words::grouping(&row.group_by)),
                DataCell::Text(words::group(&row.group_by, &row.group)),
                row.sent.map_or(DataCell::Missing, DataCell::Integer),
                DataCell::Integer(row.returned),
                DataCell::Integer(row.valid),
                DataCell::Integer(row.few_answers),
                DataCell::Integer(row.straight_line),
                row.not_invited.map_or(DataCell::Missing, DataCell::Integer),
                DataCell::number(row.response_rate),
                DataCell::number(row.valid_rate),
            ]
        }),
    );
    let section = Section::titled(text!("Who answered", "回收与有效")).table(table);
    let section = section.with_all(Block::rows_left_out(more, view.extent)).sentence(
        "Response rate: returned of sent. Valid rate: valid of returned. Not valid: fewer than 90 % of the questions \
         answered, or the same answer to all of them.",
        "回收率 = 收回 / 发出；有效率 = 有效 / 收回。无效：作答不足 90 %，或全部题目答案相同。",
    );
    if rows.iter().any(|row| row.sent.is_some()) {
        return section;
    }
    section.sentence(
        "The table of invitations is absent, so the response rate is not measured.",
        "缺少调查邀请表，回收率未测量。",
    )
}

/// What an instrument asks, and the columns in which it expects the answers.
#[must_use]
pub fn instrument_sections(instrument: &Instrument) -> Vec<Section> {
    let (lo, hi) = (instrument.lo, instrument.hi);
    let columns = instrument.columns().join(", ");
    let facts = vec![
        (Text::new("id", "编号"), Text::same(instrument.id.clone())),
        (Text::new("kind", "类型"), Text::of_word(instrument.kind)),
        (Text::new("scale", "量程"), text!("{lo} to {hi}", "{lo} 至 {hi}")),
        (Text::new("source", "出处"), instrument.source.clone()),
        (Text::new("columns of responses", "答卷的列"), Text::same(columns)),
    ];
    let items = DataTable::new(
        Text::coded("items", "Items", "题目"),
        vec![
            DataColumn::new(ColumnFormat::Id, "item", "item", "题号"),
            DataColumn::new(ColumnFormat::Text, "dimension", "dimension", "维度"),
            DataColumn::new(ColumnFormat::YesNo, "reverse", "reversed", "反向"),
            DataColumn::new(ColumnFormat::Text, "text", "text", "题目"),
        ],
        instrument.items.iter().map(|item| {
            vec![
                DataCell::same(item.id.clone()),
                DataCell::Text(words::scale(instrument, &instrument.dimensions[item.dimension].id)),
                DataCell::YesNo(item.is_reversed),
                DataCell::Text(item.text.clone()),
            ]
        }),
    );
    let (title, title_zh) = (&instrument.title.en, &instrument.title.zh);
    let mut sections = vec![
        Section::titled(text!("Instrument: {title}", "量表：{title_zh}")).with(Block::Facts(facts)),
        Section::of_table(items),
    ];
    if !instrument.remark.is_empty() {
        sections.push(Section::new().with(Block::Sentence(instrument.remark.clone())));
    }
    sections
}

/// Whether a scale is that of all dimensions together.
fn is_total(scale: &str) -> bool {
    scale == TOTAL
}

#[cfg(test)]
mod tests;
