use gridtier::text::Lang;
use gridtier_service::handbook::Completeness;

use super::*;
use crate::render::{html, markdown};

const SAMPLE: &str = include_str!("../../../../sample-data/handbook.toml");

/// The handbook of a text, by the shipped method, catalogue and policy.
fn made(text: &str, completeness: Completeness) -> Document {
    let handbook =
        Handbook::parse("handbook.toml", text, completeness).unwrap_or_else(|faults| panic!("{faults}"));
    let method = Method::preset("paper").unwrap().unwrap_or_else(|faults| panic!("{faults}"));
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap_or_else(|faults| panic!("{faults}"));
    let policy = Policy::shipped("paper", &catalogue).unwrap().unwrap_or_else(|faults| panic!("{faults}"));
    let parameters = Parameters {
        fitted: vec![None; method.indicators.len()],
        weights: method.indicators.iter().map(|spec| spec.weight).collect(),
        delivered: vec![true; method.indicators.len()],
        strata: Vec::new(),
    };
    document(HandbookSource {
        handbook: &handbook,
        catalogue: &catalogue,
        method: &method,
        parameters: &parameters,
        policy: &policy,
        as_of: "2026-01-01",
    })
}

fn page(document: &Document, lang: Lang) -> String {
    let mut out = Vec::new();
    html::write_document(&mut out, document, lang).unwrap();
    String::from_utf8(out).unwrap()
}

fn markdown(document: &Document) -> String {
    let mut out = Vec::new();
    markdown::write_document(&mut out, document, Lang::Zh).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn ten_parts_and_an_annex_stand_in_order_in_both_languages() {
    let text = markdown(&made(SAMPLE, Completeness::Whole));
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let expected = [
        "1 服务范围",
        "2 部门设置",
        "3 各部门职责范围",
        "4 优质客户定制服务简介",
        "5 客户评价体系",
        "6 常见问题",
        "7 处理方法",
        "8 优质电力设备供应商名录",
        "9 报修热线",
        "10 客户服务热线",
        "附录 服务承诺、办理时限与投诉",
        "1 Service area",
        "2 Departments",
        "3 Duties of the departments",
        "4 Services for special customers",
        "5 Customer evaluation system",
        "6 Common questions",
        "7 How to handle them",
        "8 Equipment suppliers",
        "9 Fault hotline",
        "10 Service hotline",
        "Annex Promises, deadlines, complaints",
    ];
    assert_eq!(headings, expected);
}

#[test]
fn the_parts_have_what_customers_look_for() {
    let text = markdown(&made(SAMPLE, Completeness::Whole));
    for fact in [
        "自受理起 5 个工作日内答复",
        "answered within 5 working days after it was received",
        "the utility bears 50 % of the cost",
        "4 小时内恢复供电",
        "supply is back within 4 hours",
        "at most 1,051.2 minutes without supply in twelve months",
        "其表 1（指标表）已佚失，此处为重建",
        "special 10 %",
        "Owed to all, whatever the tier",
        "0999-5550-1",
    ] {
        assert!(text.contains(fact), "{fact}\n{text}");
    }
}

#[test]
fn a_duty_is_owed_to_all_and_stands_in_no_tiers_column() {
    let document = made(SAMPLE, Completeness::Whole);
    let tables: Vec<&DataTable> = document.sections().flat_map(Section::tables).collect();
    let named = |code: &str| {
        let table = tables.iter().find(|table| table.title.code.as_deref() == Some(code)).unwrap();
        format!("{:?}", table.rows)
    };
    let (owed, matrix) = (named("owed"), named("matrix"));
    for service in ["Basic service", "Restoration-time commitment", "Notices and feedback"] {
        assert!(owed.contains(service) && !matrix.contains(&format!("\"{service}\"")), "{service}");
    }
    assert!(matrix.contains("Follow-up visits") && matrix.contains("every quarter"));
}

#[test]
fn markdown_and_page_have_the_same_facts() {
    let document = made(SAMPLE, Completeness::Whole);
    let plain = |text: &str| -> String {
        let mut is_tag = false;
        let shown = text.chars().filter(|&sign| match sign {
            '<' => {
                is_tag = true;
                false
            }
            '>' if is_tag => {
                is_tag = false;
                false
            }
            _ => !is_tag,
        });
        shown.filter(|sign| !sign.is_whitespace() && !"\\*|".contains(*sign)).collect()
    };
    let page = plain(&page(&document, Lang::Zh).replace("&amp;", "&").replace("&quot;", "\""));
    let markdown = markdown(&document).replace("\\<", "&lt;").replace("\\>", "&gt;");
    for line in markdown.lines() {
        let cells = line.trim_start_matches(['#', '-', ' ']).split(" | ").flat_map(|cell| cell.split("<br>"));
        // A tag stands in brackets in Markdown, and beside its name in each language of the page.
        for cell in cells.flat_map(|cell| cell.split(" (")) {
            let cell = plain(cell.trim_matches(['|', ')']));
            if cell.chars().any(|sign| sign.is_alphabetic()) {
                assert!(page.contains(&cell), "{cell}");
            }
        }
    }
}

#[test]
fn a_draft_says_in_both_languages_what_is_to_be_written() {
    let text = markdown(&made("service_area = \"The town.\"", Completeness::Draft));
    for language in ["待补充。", "To be written."] {
        assert_eq!(text.matches(language).count(), 7, "{text}");
    }
    assert!(!markdown(&made(SAMPLE, Completeness::Whole)).contains("To be written."));
}

#[test]
fn a_page_has_no_script_and_loads_nothing() {
    let page = page(&made(SAMPLE, Completeness::Whole), Lang::Zh);
    for word in ["<script", "http:", "https:", "url(", "@import", "<link", " src="] {
        assert!(!page.contains(word), "{word}");
    }
    if let Ok(folder) = std::env::var("GRIDTIER_HANDBOOK") {
        std::fs::write(format!("{folder}/handbook.html"), page).unwrap();
    }
}
