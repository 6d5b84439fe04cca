//! The rows of each table and the findings about the data, as tables.

use std::collections::BTreeSet;

use gridtier::contract::Table;
use gridtier::contract::rule::{Rule, Severity};
use gridtier::run::Reconciled;
use gridtier::source::Finding;
use gridtier::text::Text;

use crate::section::Section;
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

/// The rows of each table and the findings, as a published cycle records them.
#[must_use]
pub fn recorded_rows(reconciled: &[Reconciled], findings: &[Finding]) -> [Section; 2] {
    [tallies(reconciled), found(findings_table(findings))]
}

/// The same for pages, with the findings in words.
#[must_use]
pub fn recorded_rows_in_words(reconciled: &[Reconciled], findings: &[Finding]) -> [Section; 2] {
    [tallies(reconciled), found(findings_in_words(findings))]
}

fn tallies(reconciled: &[Reconciled]) -> Section {
    let tallies = DataTable::new(
        Text::coded("reconciliation", "Rows", "数据行"),
        vec![
            DataColumn::new(ColumnFormat::Text, "table", "table", "表"),
            DataColumn::new(ColumnFormat::Integer, "rows_in", "rows in", "读入行"),
            DataColumn::new(ColumnFormat::Integer, "counted", "counted", "计入"),
            DataColumn::new(ColumnFormat::Integer, "out_of_window", "out of window", "窗口外"),
            DataColumn::new(ColumnFormat::Integer, "rejected", "rejected", "剔除"),
            DataColumn::new(ColumnFormat::Integer, "duplicates", "duplicates", "重复"),
            DataColumn::new(ColumnFormat::Integer, "not_yet_known", "not yet known", "尚未录入"),
        ],
        reconciled.iter().map(|row| {
            let tally = row.tally;
            let counts = [
                tally.rows_in,
                tally.counted,
                tally.out_of_window,
                tally.rejected,
                tally.duplicates,
                tally.not_yet_known,
            ];
            let mut cells =
                vec![DataCell::Text(Text::coded(row.table.name(), row.table.name(), row.table.name_zh()))];
            cells.extend(counts.map(DataCell::count));
            cells
        }),
    );
    Section::of_table(tallies)
}

fn found(table: DataTable) -> Section {
    if table.rows.is_empty() {
        return Section::new().sentence("No findings.", "未发现数据问题。");
    }
    Section::of_table(table)
}

/// All findings, each with one of its rows.
fn findings_table(findings: &[Finding]) -> DataTable {
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

/// All findings in words, each with the whole text of one of its rows: for pages, which are wider than a terminal.
fn findings_in_words(findings: &[Finding]) -> DataTable {
    DataTable::new(
        Text::coded("findings", "Findings", "数据问题"),
        vec![
            DataColumn::new(ColumnFormat::Text, "finding", "finding", "问题"),
            DataColumn::new(ColumnFormat::Id, "code", "code", "代码"),
            DataColumn::new(ColumnFormat::Text, "table", "table", "表"),
            DataColumn::new(ColumnFormat::Text, "severity", "severity", "级别"),
            DataColumn::new(ColumnFormat::Integer, "rows", "rows", "行数"),
            DataColumn::new(ColumnFormat::Text, "example", "for example", "示例"),
        ],
        findings.iter().map(|finding| {
            let rule = finding.rule;
            vec![
                DataCell::Text(Text::coded(rule.code(), rule.meaning(), rule.meaning_zh())),
                DataCell::same(rule.code()),
                DataCell::Text(table_name(&finding.table)),
                DataCell::word(finding.severity),
                DataCell::count(finding.rows),
                DataCell::Text(example(finding)),
            ]
        }),
    )
}

/// The name of a table, or of what else a finding is about.
fn table_name(name: &str) -> Text {
    let table = Table::ALL.into_iter().find(|table| table.name() == name);
    match table {
        Some(table) => Text::coded(table.name(), table.name(), table.name_zh()),
        None if name == "method" => Text::coded("method", "method", "方法"),
        None => Text::same(name.to_owned()),
    }
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

/// Maximum length of an example beside other columns, enough for file, row, column and value; the whole example is in the
/// table of findings.
const EXAMPLE_CHARACTERS: usize = 140;

fn shown_example(finding: &Finding) -> Text {
    let Text { en, zh, .. } = example(finding);
    Text::new(shortened(&en), shortened(&zh))
}

fn example(finding: &Finding) -> Text {
    let Text { en, zh, .. } = finding.example_text();
    let zh = if finding.rule == Rule::WeightGuard { guard_zh(&zh).into() } else { zh };
    Text::new(en, zh)
}

fn shortened(example: &str) -> String {
    if example.chars().count() <= EXAMPLE_CHARACTERS {
        example.into()
    } else {
        // The end has the column and its value, which say more than the middle of a long path.
        let characters: Vec<char> = example.chars().collect();
        let (start, end) = (EXAMPLE_CHARACTERS / 2, characters.len() - EXAMPLE_CHARACTERS / 2 + 1);
        characters[..start].iter().chain(&['…']).chain(&characters[end..]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_findings_in_words_with_their_code_beside_them() {
        let example = format!("bills.csv row 12: due_on = {}", "x".repeat(80));
        let finding = Finding::of(Table::Bills, Rule::NullValue, 3, example.clone());
        let table = findings_in_words(&[finding]);
        let texts: Vec<String> = table.rows[0]
            .cells
            .iter()
            .map(|cell| match cell {
                DataCell::Text(text) => text.zh.to_string(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(texts[..4], ["必填列为空", "null_value", "账单", "错误"]);
        // A page has room for the whole example.
        assert!(texts[5].contains(&"x".repeat(80)), "{texts:?}");
        assert!(table_name("own_table").zh == "own_table" && table_name("method").zh == "方法");
    }
}
