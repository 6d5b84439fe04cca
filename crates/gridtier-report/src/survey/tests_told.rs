//! Tests, each with what it says in words.

use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::group::GroupBy;
use gridtier_service::survey::hypothesis::{SurveyTest, TestRow};
use gridtier_service::survey::measure::SurveyLevel;

use super::{SurveyView, words};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// From this probability down a difference is taken to be real.
const SIGNIFICANT: f64 = 0.05;

/// The tests of dimensions and totals.
pub fn test_sections(view: &SurveyView, rows: &[TestRow]) -> Vec<Section> {
    let of_dimensions = || rows.iter().filter(|row| row.level != SurveyLevel::Item);
    let shown: Vec<&TestRow> =
        of_dimensions().filter(|row| view.extent.is_whole() || is_telling(view, row)).collect();
    let more = of_dimensions().count() - shown.len();
    let heading = text!("Tests", "检验");
    if shown.is_empty() && more == 0 {
        return vec![Section::titled(heading).sentence(
            "There are too few answers, or they vary too little, for any test.",
            "回答过少或没有差异，无法检验。",
        )];
    }
    let table = DataTable::new(
        Text::coded("tests", "Tests", "检验"),
        vec![
            DataColumn::new(ColumnFormat::Text, "test", "test", "检验"),
            DataColumn::new(ColumnFormat::Text, "measure", "measure", "测量"),
            DataColumn::new(ColumnFormat::Text, "id", "score", "得分项"),
            DataColumn::new(ColumnFormat::Text, "group_by", "by", "分组方式"),
            DataColumn::new(ColumnFormat::Integer, "n", "n", "n"),
            DataColumn::new(ColumnFormat::Number(4), "p", "p", "p"),
            DataColumn::new(ColumnFormat::Number(3), "effect", "effect", "效应量"),
            DataColumn::new(ColumnFormat::Text, "says", "in words", "结论"),
        ],
        shown.iter().map(|row| {
            vec![
                DataCell::word(row.test),
                DataCell::word(row.measure),
                DataCell::Text(words::scale(view.instrument, &row.id)),
                DataCell::Text(words::grouping(&row.group_by)),
                DataCell::count(gridtier::index::count(row.result.n)),
                DataCell::Number(probability(row)),
                DataCell::number(row.result.effect),
                DataCell::Text(says(row)),
            ]
        }),
    );
    let section = Section::titled(heading).table(table).with_all(Block::rows_left_out(more, view.extent));
    vec![section.sentence(
        "p is corrected by Holm's method where several tests are made together. From 0.05 down, chance alone is an unlikely \
         reason. That no difference is shown does not prove that there is none.",
        "多个检验一并进行时，p 已按 Holm 方法校正；p 不大于 0.05 时，差异不大可能只出于偶然。未见差异不等于证明没有差异。",
    )]
}

/// Whether a test is shown also where not all are: of the main measure, whether it differs from 0 or between tiers, and which
/// tiers differ.
fn is_telling(view: &SurveyView, row: &TestRow) -> bool {
    row.measure == view.main_measure()
        && match row.test {
            SurveyTest::Wilcoxon => true,
            SurveyTest::KruskalWallis => row.group_by == GroupBy::Tier.code(),
            SurveyTest::Dunn => row.group_by == GroupBy::Tier.code() && probability(row) <= SIGNIFICANT,
            SurveyTest::Spearman => probability(row) <= SIGNIFICANT,
            SurveyTest::Anova | SurveyTest::Welch | SurveyTest::Pearson => false,
        }
}

fn probability(row: &TestRow) -> f64 {
    row.result.p_adjusted.unwrap_or(row.result.p)
}

/// What a test says.
pub fn says(row: &TestRow) -> Text {
    let is_significant = probability(row) <= SIGNIFICANT;
    let is_up = row.result.effect.or(row.result.z).is_some_and(|direction| direction > 0.0);
    match row.test {
        SurveyTest::Wilcoxon => match (is_significant, is_up) {
            (false, _) => text!("no difference from what is expected is shown", "未见与期望有差异"),
            (true, false) => text!("less is perceived than expected", "感知低于期望"),
            (true, true) => text!("more is perceived than expected", "感知高于期望"),
        },
        SurveyTest::Anova | SurveyTest::KruskalWallis | SurveyTest::Welch => match is_significant {
            false => text!("no difference between the groups is shown", "未见各组有差异"),
            true => text!("the groups differ", "各组有差异"),
        },
        SurveyTest::Pearson | SurveyTest::Spearman => {
            let outcome = &row.group_by;
            match (is_significant, is_up) {
                (false, _) => text!("no relation to {outcome} is shown", "未见与 {outcome} 有关"),
                (true, true) => text!("the higher, the higher is {outcome}", "得分越高，{outcome} 越高"),
                (true, false) => text!("the higher, the lower is {outcome}", "得分越高，{outcome} 越低"),
            }
        }
        SurveyTest::Dunn => {
            let [a, b] = [&row.group_a, &row.group_b]
                .map(|name| words::group(&row.group_by, name.as_deref().unwrap_or_default()));
            match (is_significant, is_up) {
                (false, _) => text!(
                    "no difference between {a} and {b} is shown",
                    "未见{a}与{b}有差异";
                    a, b
                ),
                (true, false) => text!("{a} scores lower than {b}", "{a}低于{b}"; a, b),
                (true, true) => text!("{a} scores higher than {b}", "{a}高于{b}"; a, b),
            }
        }
    }
}
