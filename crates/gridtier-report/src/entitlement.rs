//! What tiers and customers are entitled to: the matrix, one customer's services, holders, costs, changes.
//!
//! Tables hold codes and the words of both languages. Lists too long for memory are Arrow batches, whose texts are either
//! codes or words of one language.

mod wording;
mod matrix;
mod page;
mod customer;
mod lists;
mod census;
mod notices;
mod decisions;
mod recovered;
mod catalogue;
mod unmatched;

use gridtier::index::float_i64;

use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn};
use gridtier::text::Text;

pub use catalogue::catalogue_sections;
pub use census::{census_section, census_table, costs_in_words, costs_section, costs_table};
pub use customer::{CustomerOccasion, CustomerServices, customer_services};
pub use decisions::{decisions_section, decisions_table};
pub use lists::{grants_batch, grants_list, holders_batch, holders_list};
pub use matrix::{cells, combinations, matrix, matrix_sections, services, tier_section};
pub use notices::{Noticed, Notices, changes_section, notices_list};
pub use page::{Occasion, matrix_page};
pub use recovered::{doubtful, recovered_section, recovered_table};
pub use unmatched::{UnmatchedLine, unmatched_note, unmatched_table};

/// The sentence that says that empty cells are withheld counts; `None` when no count is withheld.
#[must_use]
pub fn withheld_note(min_count: u64) -> Option<Section> {
    (min_count > 1).then(|| {
        Section::new().sentence(
            format!(
                "Empty cells are withheld: fewer than {min_count} customers, or they would give such a count away.\n\
                 This guards this table alone; tables with other filters may give it away together."
            ),
            format!(
                "空白处不予公布: 少于 {min_count} 户, 或可由此推算。\n仅保护本表; 与其他筛选条件的表对照仍可能推算。"
            ),
        )
    })
}

fn text_column(code: &'static str, en: &'static str, zh: &'static str) -> DataColumn {
    DataColumn::new(ColumnFormat::Text, code, en, zh)
}

fn text_cell(text: Option<Text>) -> DataCell {
    text.map_or(DataCell::Blank, DataCell::Text)
}

/// A text of the catalogue's author; blank when there is none.
fn own_words(text: &str) -> DataCell {
    if text.is_empty() { DataCell::Blank } else { DataCell::same(text.to_owned()) }
}

fn count_cell(count: Option<u64>) -> DataCell {
    count.map_or(DataCell::Blank, DataCell::count)
}

fn fen_cell(fen: Option<i64>) -> DataCell {
    fen.map_or(DataCell::Blank, |fen| DataCell::Fen(fen.into()))
}

/// A number that is held in millionths.
fn e6_cell(e6: Option<i64>) -> DataCell {
    e6.map_or(DataCell::Blank, |e6| DataCell::Number(number_of_e6(e6)))
}

fn number_of_e6(e6: i64) -> f64 {
    float_i64(e6) / 1e6
}

#[cfg(test)]
mod tests;
