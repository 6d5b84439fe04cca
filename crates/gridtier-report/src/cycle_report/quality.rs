//! The data behind a cycle: row counts of each table, findings, and exceeded limits.

use gridtier::contract::rule::Severity;
use gridtier::limit::Breach;
use gridtier::run::Reconciled;
use gridtier::source::Finding;
use gridtier::text;
use gridtier::text::Text;

use super::Part;
use crate::format::{grouped, percent};
use crate::section::{Block, Section};
use crate::summary::{encodings, recorded_rows_in_words};

/// The data quality that a cycle records.
#[derive(Clone, Copy)]
pub struct DataQuality<'a> {
    /// The number of rows of each table by what became of them.
    pub reconciliation: &'a [Reconciled],
    /// The findings.
    pub findings: &'a [Finding],
    /// The limits that the data exceeded.
    pub breaches: &'a [Breach],
    /// Who accepted that the data exceed limits.
    pub accepted_by: Option<&'a str>,
    /// The text files of the input, each with its encoding.
    pub encodings: &'a [(&'a str, &'a str)],
}

/// The chapter on the data.
#[must_use]
pub fn quality(data: DataQuality<'_>) -> Part {
    let [rows, findings] = recorded_rows_in_words(data.reconciliation, data.findings);
    let rows = rows.sentence(
        "The columns after the number of rows sum to it: every row was counted, is outside the window, was rejected, repeats \
         another row, or was recorded too late.",
        "读入的每一行恰好归入其后的一列: 计入、窗口外、剔除、重复、或录入过晚。",
    );
    let mut sections = vec![rows, findings];
    sections.extend(accepted(data));
    sections.extend(encodings(data.encodings));
    let mut part =
        Part::new(Text::coded("data", "Data quality and reconciliation", "数据质量与对账"), sections);
    let [read, rejected] = [|row: &Reconciled| row.tally.rows_in, |row: &Reconciled| row.tally.rejected]
        .map(|rows| data.reconciliation.iter().map(rows).sum::<u64>());
    if read > 0 {
        let (share, read, rejected) =
            (percent(rejected as f64 / read as f64), grouped(read), grouped(rejected));
        part.happened.push(text!(
            "{read} rows were read; {rejected} of them ({share}) were rejected, each with its reason.",
            "共读入 {read} 行, 剔除 {rejected} 行 ({share}), 均注明原因。"
        ));
    }
    let errors = data.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if errors > 0 {
        part.decisions.push(text!(
            "Rows were rejected because of {errors} kinds of errors; have the exports corrected before the next cycle.",
            "{errors} 类数据错误导致行被剔除: 请在下一周期前修正导出。"
        ));
    }
    if !data.breaches.is_empty() {
        let (count, by) = (data.breaches.len(), data.accepted_by.unwrap_or("–").to_owned());
        part.decisions.push(text!(
            "The data exceed {count} limits of the method; accepted by {by}.",
            "数据超出方法的 {count} 项限值; 接受人: {by}。"
        ));
    }
    part
}

/// The exceeded limits, and who accepted them.
fn accepted(data: DataQuality<'_>) -> Option<Section> {
    if data.breaches.is_empty() {
        return None;
    }
    let by = data.accepted_by.unwrap_or("–").to_owned();
    let heading = text!("Beyond the method's limits, accepted by {by}", "超出方法限值, 接受人: {by}");
    Some(Section::titled(heading).with(Block::Lines(data.breaches.iter().map(Breach::what).collect())))
}
