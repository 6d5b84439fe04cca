//! The lines between the tiers of each stratum, and the number of customers on each side of a line.

use gridtier::text::Text;
use gridtier::tier::LedgerLine;

use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The boundaries of a cycle.
#[must_use]
pub fn section(lines: &[LedgerLine]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Text, "above", "line below", "界线之上"),
        DataColumn::new(ColumnFormat::Integer, "customers", "ranked in the stratum", "分层参评户数"),
        DataColumn::new(ColumnFormat::Integer, "quota", "above by quota", "按比例应在线上"),
        DataColumn::new(ColumnFormat::Integer, "count", "above the line", "实际在线上"),
        DataColumn::new(ColumnFormat::Number(6), "score_above", "score just above", "线上最低得分"),
        DataColumn::new(ColumnFormat::Number(6), "score_below", "score just below", "线下最高得分"),
        DataColumn::new(ColumnFormat::Integer, "tie_group", "alike on both sides", "两侧同分户数"),
        DataColumn::new(ColumnFormat::Text, "broken_by", "told apart by", "区分依据"),
    ];
    let rows = lines.iter().map(|line| {
        vec![
            DataCell::Text(names::stratum(&line.stratum)),
            names::tier_cell(line.better),
            DataCell::count(line.customers),
            DataCell::count(line.quota),
            DataCell::count(line.count),
            names::points_cell(line.score_above_e6),
            names::points_cell(line.score_below_e6),
            DataCell::count(line.tie_group),
            DataCell::word(line.broken_by),
        ]
    });
    let title = Text::coded("boundaries", "Boundaries", "等级界线");
    Section::of_table(DataTable::new(title, columns, rows)).sentence(
        "Counts are of all customers from the best tier down to the line. They differ from the quota where equal scores are kept \
         together, or where too few reach the score that a tier needs.",
        "户数为自最高等级至该界线的累计。同分客户归在一起, 或达到等级最低得分的客户不足时, 与按比例户数不同。",
    )
}
