use std::io::Cursor;

use gridtier::contract::{SupplyLevel, UseCategory};
use gridtier::explain::EvidenceKind;
use gridtier::text::{Lang, Voice};

use super::*;
use crate::render::html::PagedHtml;
use crate::render::xlsx::PagedWorkbook;

const NAUGHTY: &str = "<script>alert(1)</script>\"&'=1+1";

fn account(id: &str, months: &[(i32, i64)]) -> AccountProfile {
    AccountProfile {
        id: id.into(),
        customer: Customer {
            use_category: UseCategory::LargeIndustrial,
            supply_level: SupplyLevel::HighVoltage,
            region: Some(NAUGHTY.into()),
            contract_capacity_kva: Some(630.0),
            capacity_at_start_kva: None,
            holder_id: None,
            power_factor_standard: Some(90),
            importance_level: None,
            load_class: None,
            area: None,
            opened_on: 0,
            closed_on: None,
            aged_transformer_area: false,
            marketing_opt_out: false,
        },
        passed: vec![Some(NAUGHTY.into()), None],
        months: months
            .iter()
            .map(|&(month, active_wh)| MonthUsed { month: Month(month), active_wh })
            .collect(),
    }
}

fn sheet(accounts: Vec<AccountProfile>) -> CustomerSheet {
    let row = TierRow {
        customer_id: "../1".into(),
        stratum: "all".into(),
        score_e6: Some(61_250_000),
        tier: "grade-2".into(),
        provisional: true,
        reason: Some("short_history".into()),
        ..TierRow::default()
    };
    let column = |name: &str, zh: Option<&str>| PassedColumn {
        column: name.into(),
        en: None,
        zh: zh.map(str::to_owned),
    };
    CustomerSheet {
        corrections: Vec::new(),
        version: 3,
        as_of: "2026-01-01".into(),
        published_on: Some("2026-01-05".into()),
        window: Window { end: Month::new(2026, 1), months: 12 },
        explanation: Explanation {
            row: row.clone(),
            customers: None,
            items: Vec::new(),
            next: None,
            levers: Vec::new(),
            reachable: false,
            evidence: Vec::new(),
            has_data: false,
            energy: Vec::new(),
        },
        decision: None,
        passthrough: vec![column("name", Some("户名")), column("phone", None)],
        accounts,
        services: Vec::new(),
        past: vec![PastCycle { version: 3, as_of: "2026-01-01".into(), row }],
    }
}

fn page(sheet: &CustomerSheet, lang: Lang) -> String {
    let mut bytes = Vec::new();
    let mut pages = PagedHtml::begin(&mut bytes, &Text::same("sheets"), Voice::In(lang)).unwrap();
    pages.page(&sections(sheet)).unwrap();
    pages.end().unwrap();
    String::from_utf8(bytes).unwrap()
}

fn headings(sheet: &CustomerSheet) -> Vec<String> {
    let sections = sections(sheet);
    sections.iter().filter_map(|section| Some(section.heading.as_ref()?.en.to_string())).collect()
}

#[test]
fn names_are_shown_under_their_titles_and_never_as_markup() {
    let one = sheet(vec![account("../1", &[])]);
    let (english, chinese) = (page(&one, Lang::En), page(&one, Lang::Zh));
    assert!(english.contains("<dt>name</dt><dd>&lt;script&gt;"), "{english}");
    assert!(chinese.contains("<dt>户名</dt><dd>&lt;script&gt;"), "{chinese}");
    assert!(!english.contains("<script") && !english.contains("phone"), "an empty cell is not shown");
    assert!(chinese.contains("暂定等级") && english.ends_with("</article></body></html>"));
}

#[test]
fn the_sheet_of_a_provisional_customer_shows_no_way_up() {
    let one = sheet(vec![account("../1", &[])]);
    let found = headings(&one);
    let wanted = ["Customer evaluation sheet: ../1", "Score", "Energy", "Tiers so far"];
    assert_eq!(found, wanted);
}

#[test]
fn the_energy_of_a_holder_is_the_sum_of_its_accounts_and_months_without_readings_are_empty() {
    let (first, second) = (Month::new(2025, 1).0, Month::new(2025, 2).0);
    let accounts = vec![account("a", &[(first, 1_500), (second, 2_000)]), account("b", &[(first, 500)])];
    let of_holder = sheet(accounts);
    assert!(headings(&of_holder).contains(&"Accounts: 2 of 2".to_owned()));
    let energy = energy(&of_holder);
    let table = &energy.charts().next().unwrap().table;
    let kwh: Vec<_> = table.rows.iter().take(3).map(|row| row.cells[1].clone()).collect();
    assert!(matches!(kwh[..], [DataCell::Number(2.0), DataCell::Number(2.0), DataCell::Missing]), "{kwh:?}");
    assert_eq!(table.rows.len(), 12);
}

#[test]
fn a_workbook_has_a_sheet_for_each_customer_whatever_its_id() {
    let mut workbook = PagedWorkbook::new(Voice::In(Lang::Zh)).unwrap();
    let one = sheet(vec![account("../1", &[(Month::new(2025, 1).0, 1_000)])]);
    for name in ["../1", "..1", "[]", "a name that is longer than thirty-one characters"] {
        workbook.page(name, &sections(&one)).unwrap();
    }
    let mut bytes = Cursor::new(Vec::new());
    workbook.save(&mut bytes).unwrap();
    assert!(bytes.get_ref().len() > 5_000);
}

#[test]
fn a_sheet_lists_little_evidence_of_each_kind_and_says_that_there_is_more() {
    let mut one = sheet(vec![account("../1", &[])]);
    let missed = |month: u32| Evidence {
        indicator: "plan_completion",
        account: None,
        month: Month::new(2025, month),
        kind: EvidenceKind::MissedPlan { planned_wh: 100_000, actual_wh: 50_000, completion: 0.5 },
    };
    one.explanation.evidence = (1..=4).rev().map(missed).collect();
    let listed = |sheet: &CustomerSheet| {
        let section = lowered(&sheet.explanation).unwrap();
        let rows = section.tables().next().unwrap().rows.len();
        (rows, section.blocks.len())
    };
    assert_eq!(listed(&one), (4, 1));
    one.explanation.evidence = (1..=6).rev().map(missed).collect();
    assert_eq!(listed(&one), (4, 2));
    assert!(page(&one, Lang::En).contains("2025-06") && !page(&one, Lang::En).contains("2025-02"));
}
