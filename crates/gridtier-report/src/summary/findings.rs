//! The findings about the data, as a table.

use std::collections::BTreeSet;

use gridtier::contract::rule::{Rule, Severity};
use gridtier::source::Finding;
use gridtier::text::Text;

use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// `payment sparse: at most an equal share` in Chinese.
pub(super) fn guard_zh(column: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("nearly_empty", "近空"),
        ("all_zero", "全零"),
        ("constant", "常数"),
        ("negative", "负值"),
        ("sparse", "稀疏"),
        ("partly_empty", "多缺"),
        ("at most an equal share", "至多等权"),
        ("no objective weight", "无客观权重"),
        ("a share of what no other column may take", "分得其他指标不可占用的部分"),
    ];
    WORDS.iter().fold(column.to_owned(), |text, (en, zh)| text.replace(en, zh))
}

/// All findings, each with one of its rows.
pub(super) fn findings_table(findings: &[Finding]) -> DataTable {
    DataTable::new(
        Text::coded("findings", "Findings", "数据问题"),
        vec![
            DataColumn::new(ColumnFormat::Text, "finding", "finding", "问题"),
            DataColumn::new(ColumnFormat::Text, "table", "table", "表"),
            DataColumn::new(ColumnFormat::Text, "severity", "severity", "级别"),
            DataColumn::new(ColumnFormat::Integer, "rows", "rows", "行数"),
            DataColumn::new(ColumnFormat::Text, "example", "for example", "示例"),
        ],
        findings.iter().map(|finding| {
            vec![
                DataCell::same(finding.rule.code()),
                DataCell::same(finding.table.clone()),
                DataCell::word(finding.severity),
                DataCell::count(finding.rows),
                DataCell::Text(shown_example(finding)),
            ]
        }),
    )
}

/// What to do about the rules of the findings, once for each rule. Rules that only inform are left out.
pub(super) fn advice_table(findings: &[Finding]) -> DataTable {
    let rules: BTreeSet<Rule> = findings
        .iter()
        .map(|finding| finding.rule)
        .filter(|rule| rule.severity() != Severity::Info)
        .collect();
    DataTable::new(
        Text::coded("advice", "What to do", "处理办法"),
        vec![
            DataColumn::new(ColumnFormat::Text, "finding", "finding", "问题"),
            DataColumn::new(ColumnFormat::Text, "what_to_do", "what to do", "处理办法"),
        ],
        rules.into_iter().map(|rule| vec![DataCell::same(rule.code()), DataCell::Text(rule.advice())]),
    )
}

/// Maximum length of an example beside other columns; the whole example is in the table of findings.
const EXAMPLE_CHARACTERS: usize = 60;

fn shown_example(finding: &Finding) -> Text {
    let Text { en, zh, .. } = finding.example_text();
    let zh = if finding.rule == Rule::WeightGuard { guard_zh(&zh) } else { zh.into_owned() };
    Text::new(shortened(&en), shortened(&zh))
}

fn shortened(example: &str) -> String {
    if example.chars().count() <= EXAMPLE_CHARACTERS {
        example.into()
    } else {
        example.chars().take(EXAMPLE_CHARACTERS - 1).chain(['…']).collect()
    }
}
