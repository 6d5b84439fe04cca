use gridtier::text::Lang;
use gridtier_service::estimate::Interval;
use gridtier_service::survey::hypothesis::{SurveyTest, TestResult, TestRow};
use gridtier_service::survey::measure::{SurveyLevel, SurveyMeasure};
use gridtier_service::survey::scores::ScoreRow;

use super::tests_told::says;
use super::*;
use crate::render::terminal;

fn servqual() -> Instrument {
    Instrument::shipped("servqual").unwrap().unwrap_or_else(|faults| panic!("{faults}"))
}

fn view(instrument: &Instrument) -> SurveyView<'_> {
    SurveyView {
        instrument,
        cycle: 3,
        as_of: "2026-06-01",
        min_cell: 10,
        most_rows: 5,
        extent: Extent::Whole,
    }
}

fn gap(group_by: &str, group: &str, mean: Option<f64>) -> ScoreRow {
    ScoreRow {
        measure: SurveyMeasure::Gap,
        level: SurveyLevel::Dimension,
        id: "reliability".into(),
        group_by: group_by.into(),
        group: group.into(),
        n: if mean.is_some() { 40 } else { 3 },
        population: None,
        coverage: None,
        mean,
        sd: None,
        se: None,
        interval: mean.map(|mean| Interval { lo: mean - 0.25, hi: mean + 0.25 }),
        rank: None,
        is_withheld: mean.is_none(),
    }
}

fn results(scores: Vec<ScoreRow>) -> SurveyResults {
    let counts = CountsRow {
        group_by: "all".into(),
        group: "all".into(),
        sent: None,
        returned: 43,
        valid: 43,
        few_answers: 0,
        straight_line: 0,
        not_invited: None,
        response_rate: None,
        valid_rate: Some(1.0),
    };
    SurveyResults {
        counts: vec![counts],
        scores,
        tests: Vec::new(),
        alphas: Vec::new(),
        structure: Vec::new(),
        findings: Vec::new(),
    }
}

fn shown(sections: &[Section]) -> [String; 2] {
    [Lang::En, Lang::Zh].map(|lang| terminal::text(sections, lang.into()))
}

#[test]
fn a_gap_is_charted_by_tier_with_its_interval_and_a_withheld_one_says_so() {
    let instrument = servqual();
    let rows = vec![gap("all", "all", Some(-1.5)), gap("tier", "special", None)];
    let sections = result_sections(&view(&instrument), &results(rows));
    let chart = sections.iter().flat_map(Section::charts).next().unwrap();
    let crate::chart::Plot::Profile(profile) = &chart.plot else { panic!("{:?}", chart.plot) };
    let marks: Vec<_> = profile.series.iter().map(|series| series.values.clone()).collect();
    assert_eq!(marks, [[Some(-1.75), None], [Some(-1.5), None], [Some(-1.25), None]]);
    assert!(profile.rows[1].en.ends_with("(withheld)"), "{:?}", profile.rows);
    let [en, zh] = shown(&sections);
    assert!(en.contains("-1.50") && en.contains("withheld"), "{en}");
    assert!(en.contains("fewer than 10 answers"), "{en}");
    assert!(zh.contains("不予公布") && zh.contains("少于 10 份"), "{zh}");
}

#[test]
fn without_invitations_the_response_rate_is_not_measured() {
    let instrument = servqual();
    let [en, zh] = shown(&result_sections(&view(&instrument), &results(Vec::new())));
    assert!(en.contains("the response rate is not measured"), "{en}");
    assert!(zh.contains("回收率未测量"), "{zh}");
}

#[test]
fn tests_say_in_words_what_they_found() {
    let row = |test, p, effect, z| TestRow {
        test,
        measure: SurveyMeasure::Gap,
        level: SurveyLevel::Total,
        id: "total".into(),
        group_by: "tier".into(),
        group_a: Some("grade-1".into()),
        group_b: Some("special".into()),
        result: TestResult { n: 40, p, effect, z, ..TestResult::default() },
    };
    let said = |test, p, effect, z| says(&row(test, p, effect, z)).en.into_owned();
    assert_eq!(said(SurveyTest::Wilcoxon, 0.01, Some(-0.6), Some(-3.0)), "less is perceived than expected");
    assert_eq!(
        said(SurveyTest::Wilcoxon, 0.06, Some(-0.6), Some(-1.9)),
        "no difference from what is expected is shown"
    );
    assert_eq!(said(SurveyTest::KruskalWallis, 0.05, Some(0.2), None), "the groups differ");
    let dunn = said(SurveyTest::Dunn, 0.02, None, Some(-2.7));
    assert!(dunn.contains("scores lower than"), "{dunn}");
    assert_eq!(said(SurveyTest::Spearman, 0.02, Some(-0.7), None), "the higher, the lower is tier");
}

#[test]
fn an_instrument_is_shown_with_the_columns_that_it_expects() {
    let instrument = servqual();
    let [en, zh] = shown(&instrument_sections(&instrument));
    assert!(en.contains("E1, E2") && zh.contains("P22"), "{en}{zh}");
}
