//! Sections: the content of a result in both languages, independent of how it is shown.

use crate::chart::Chart;
use crate::table::{DataTable, Tone};
use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;

use crate::format::grouped;

/// A part of a report.
///
/// ```
/// use gridtier_report::render::terminal;
/// use gridtier_report::section::Section;
/// use gridtier_report::table::{ColumnFormat, DataCell, DataColumn, DataTable};
/// use gridtier::text::{Lang, Text};
///
/// let table = DataTable::new(
///     Text::coded("tiers", "Tiers", "等级"),
///     vec![
///         DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
///         DataColumn::new(ColumnFormat::Share, "customers_share", "share", "占比"),
///     ],
///     [vec![DataCell::text("special", "特级"), DataCell::Number(0.1)]],
/// );
/// let section = Section::new().sentence("Tiers of all customers.", "全部客户的等级。").table(table);
///
/// let text = terminal::text(&[section], Lang::En.into());
/// assert!(text.contains("special") && text.contains("10.0 %"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The heading, if there is one.
    pub heading: Option<Text>,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

/// How much of a result is shown, and where its readers find the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What matters most, as in a terminal and on a page. The workbook and JSON have more.
    Brief,
    /// The same on a page of the web view. The files that it offers have more.
    Browsed {
        /// Maximum number of rows of a list on the page.
        page_rows: usize,
        /// Maximum number of rows of a list in a file.
        file_rows: usize,
    },
    /// Every figure, as in a workbook and JSON. Only the folder of results has more rows of a list.
    Whole,
}

impl Extent {
    /// Whether every figure is shown.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self == Self::Whole
    }
}

/// A block of a section.
#[derive(Clone, Debug)]
pub enum Block {
    /// One or several sentences.
    Sentence(Text),
    /// Names with their values, one pair in each line.
    Facts(Vec<(Text, Text)>),
    /// Lines of a list.
    Lines(Vec<Text>),
    /// The meaning of the colours and marks of a table. Only pages show it.
    Legend(Vec<(Tone, Text)>),
    /// A table.
    Table(DataTable),
    /// A chart. Pages draw it, a workbook draws it in its own way, and a terminal does not show it.
    Chart(Box<Chart>),
}

impl Block {
    /// The sentence under a list that leaves out so many rows; nothing if it has all.
    #[must_use]
    pub fn rows_left_out(more: usize, extent: Extent) -> Option<Self> {
        if more == 0 {
            return None;
        }
        let left_out = grouped(count(more));
        Some(Self::Sentence(match extent {
            Extent::Whole => text!(
                "{left_out} more rows: in the folder (-o DIR).",
                "另有 {left_out} 行，见结果文件夹（-o 文件夹）。"
            ),
            Extent::Brief => text!(
                "{left_out} more rows: in the workbook or JSON (-o FILE.xlsx, -o FILE.json).",
                "另有 {left_out} 行，见工作簿或 JSON（-o 文件.xlsx、-o 文件.json）。"
            ),
            Extent::Browsed { page_rows, file_rows } if page_rows.saturating_add(more) > file_rows => {
                let file_rows = grouped(count(file_rows));
                text!(
                    "{left_out} more rows. The files below have the first {file_rows} rows; the command with -o DIR writes all of \
                     them.",
                    "另有 {left_out} 行。下方文件含前 {file_rows} 行，命令输出的结果文件夹（-o 文件夹）含全部。"
                )
            }
            Extent::Browsed { .. } => {
                text!("{left_out} more rows: in the files below.", "另有 {left_out} 行，见下方文件。")
            }
        }))
    }
}

impl Section {
    /// An empty section.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A section with a heading.
    #[must_use]
    pub fn titled(heading: Text) -> Self {
        Self { heading: Some(heading), blocks: Vec::new() }
    }

    /// A section that is one table.
    #[must_use]
    pub fn of_table(table: DataTable) -> Self {
        Self::new().table(table)
    }

    /// The section with a further block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// The section with further blocks.
    #[must_use]
    pub fn with_all(mut self, blocks: impl IntoIterator<Item = Block>) -> Self {
        self.blocks.extend(blocks);
        self
    }

    /// The section with one more sentence.
    #[must_use]
    pub fn sentence(self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.with(Block::Sentence(Text::new(en.into(), zh.into())))
    }

    /// The section with a further table.
    #[must_use]
    pub fn table(self, table: DataTable) -> Self {
        self.with(Block::Table(table))
    }

    /// The section with a further chart.
    #[must_use]
    pub fn chart(self, chart: Chart) -> Self {
        self.with(Block::Chart(Box::new(chart)))
    }

    /// Its charts, in order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Chart(chart) => Some(&**chart),
            _ => None,
        })
    }

    /// The numbers of charts that no table of the section has, each under the code of its chart.
    pub fn drawn_tables(&self) -> impl Iterator<Item = DataTable> {
        self.charts()
            .filter(|chart| !chart.is_table_beside)
            .map(|chart| DataTable { title: chart.title.clone(), ..chart.table.clone() })
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Sentence(sentence) => text_bytes(sentence),
            Block::Facts(facts) => {
                facts.iter().map(|(name, value)| text_bytes(name) + text_bytes(value)).sum()
            }
            Block::Lines(lines) => lines.iter().map(text_bytes).sum(),
            Block::Legend(entries) => entries.iter().map(|(_, entry)| text_bytes(entry)).sum(),
            Block::Table(table) => table.bytes(),
            // Its marks are as many as its rows.
            Block::Chart(chart) => size_of::<Chart>() + 2 * chart.table.bytes(),
        });
        self.heading.as_ref().map_or(0, text_bytes) + blocks.sum::<usize>()
    }

    /// Its tables, in order, without the tables of charts.
    pub fn tables(&self) -> impl Iterator<Item = &DataTable> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }
}

fn text_bytes(text: &Text) -> usize {
    size_of::<Text>() + text.en.len() + text.zh.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whether_its_files_have_all_rows_of_a_list() {
        let extent = Extent::Browsed { page_rows: 40, file_rows: 100 };
        let told = |more| match Block::rows_left_out(more, extent) {
            Some(Block::Sentence(text)) => text.en.into_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(told(0), "None");
        assert_eq!(told(60), "60 more rows: in the files below.");
        assert!(told(61).contains("the first 100 rows"), "{}", told(61));
    }
}
