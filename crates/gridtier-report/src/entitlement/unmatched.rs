//! Ids of a list that no customer of a cycle has.

use std::path::Path;

use gridtier::text;
use gridtier::text::Text;

use super::text_column;
use crate::format::{counted, grouped};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// An id of a list that no customer has.
#[derive(Clone, Copy, Debug)]
pub struct UnmatchedLine<'a> {
    /// Its line in the file, from 1.
    pub line: u64,
    /// As it is written there.
    pub written: &'a str,
    /// The customer whose id differs only by zeros in front.
    pub likely: Option<&'a str>,
}

/// These ids as a table, for the person who corrects the list.
#[must_use]
pub fn unmatched_table(ids: &[UnmatchedLine]) -> DataTable {
    DataTable::new(
        Text::coded("unmatched", "Ids of no customer", "无对应客户的户号"),
        vec![
            DataColumn::new(ColumnFormat::Integer, "line", "line", "行号"),
            DataColumn::new(ColumnFormat::Id, "customer_id", "id", "户号"),
            text_column("likely", "with zeros in front it would be", "补足前导零后应为"),
        ],
        ids.iter().map(|id| {
            vec![
                DataCell::count(id.line),
                DataCell::same(id.written.to_owned()),
                id.likely.map_or(DataCell::Blank, |likely| DataCell::same(likely.to_owned())),
            ]
        }),
    )
}

/// A sentence on how many ids no customer has, how many of them only lack zeros, and which file lists them.
#[must_use]
pub fn unmatched_note(ids: &[UnmatchedLine], file: Option<&Path>) -> Text {
    let unknown = grouped(ids.len() as u64);
    let are = counted(
        ids.len() as u64,
        "id of the opt-out list is no customer",
        "ids of the opt-out list are no customers",
    );
    let mut note = text!("{are} of the cycle", "拒绝营销名单中有 {unknown} 个户号不是本周期的客户",);
    if let Some((id, likely)) = ids.iter().find_map(|id| Some((id, id.likely?))) {
        let zeros = grouped(ids.iter().filter(|id| id.likely.is_some()).count() as u64);
        let written = id.written;
        note = Text::join(
            &[
                note,
                text!(
                    "{zeros} would be with zeros in front ({written}: {likely}) and are not left out",
                    "其中 {zeros} 个补足前导零后即为客户 ({written}: {likely}), 未予排除",
                ),
            ],
            "; ",
        );
    }
    let Some(file) = file.map(Path::display) else { return note };
    Text::join(&[note, text!("they are in {file}", "已写入 {file}")], "; ")
}
