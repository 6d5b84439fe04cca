//! Charts as data: title, a sentence on how to read the chart, numbers and labels. How they are drawn is not part of
//! them.
//!
//! A chart computes nothing: its numbers are those of its table. Code that builds a chart only thins and bins them,
//! so that a chart of a million customers has no more marks than one of a thousand.

mod plot;

use std::fmt::Write;

use crate::table::{DataTable, RowRole};
use gridtier::text::{Lang, Text, Voice};

pub use plot::{
    Arrangement, Axis, Bars, BoxMarks, Boxes, Columns, Curve, Flow, Guide, HeatMap, HeatScale, Histogram,
    Lines, Link, Profile, Series, StepKind, Stroke, Tornado, TornadoItem, Waterfall, WaterfallStep,
};

/// Maximum number of marks in a chart: bars, cells, or points of a curve.
pub const MARKS_MAX: usize = 400;
/// Number of table rows that the text alternative repeats.
const ALTERNATIVE_ROWS: usize = 12;

/// A chart.
///
/// ```
/// use gridtier::text::Text;
/// use gridtier_report::chart::{Axis, Bars, Chart, Plot};
/// use gridtier_report::table::{ColumnFormat, DataCell, DataColumn, DataTable};
///
/// let table = DataTable::new(
///     Text::coded("tiers", "Tiers", "等级"),
///     vec![
///         DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
///         DataColumn::new(ColumnFormat::Share, "revenue_share", "of revenue", "电费占比"),
///     ],
///     [vec![DataCell::text("special", "特级"), DataCell::Number(0.4)]],
/// );
/// let bars = Bars::of_table(&table, Axis::new(Text::new("share", "占比"), ColumnFormat::Share));
/// let chart = Chart::new(
///     Text::coded("tiers", "What each tier brings", "各等级贡献"),
///     Text::new("Longer bars bring more.", "条形越长, 占比越高。"),
///     Plot::Bars(bars),
///     table,
/// );
/// assert!(chart.alternative.zh.contains("特级: 电费占比 40.0 %"));
/// ```
#[derive(Clone, Debug)]
pub struct Chart {
    /// The title, which says what the chart shows. Its code names the chart in files and JSON.
    pub title: Text,
    /// How to read the chart, in a sentence or two.
    pub reading: Text,
    /// The text alternative for people who cannot see the chart.
    pub alternative: Text,
    /// The kind of plot, with its numbers.
    pub plot: Plot,
    /// The numbers of the chart. The first column names categories or holds x. The columns after it are the series,
    /// in the order of the plot. A workbook draws its own chart from these columns.
    pub table: DataTable,
    /// Whether a table of the same section has the same numbers. If so, they are not repeated beside the chart.
    pub is_table_beside: bool,
    /// Whether a terminal omits the chart, because it has too many numbers for lines of text.
    pub is_for_pages: bool,
}

/// A kind of plot, with its numbers.
#[derive(Clone, Debug)]
pub enum Plot {
    /// Bars by category, grouped or stacked.
    Bars(Bars),
    /// Columns over time.
    Columns(Columns),
    /// Curves.
    Lines(Lines),
    /// Counts by bin.
    Histogram(Histogram),
    /// Box plots: five numbers for each group.
    Boxes(Boxes),
    /// Several series over the same rows, as marks.
    Profile(Profile),
    /// The steps that lead to a sum.
    Waterfall(Waterfall),
    /// Numbers by row and column, as shades.
    HeatMap(HeatMap),
    /// Numbers of customers that went from one group to another, as ribbons.
    Flow(Flow),
    /// The changes that affect a result most.
    Tornado(Tornado),
}

impl Chart {
    /// A chart. Its text alternative consists of `reading` and the first rows of `table`.
    #[must_use]
    pub fn new(title: Text, reading: Text, plot: Plot, table: DataTable) -> Self {
        let alternative =
            Text::new(alternative(&reading, &table, Lang::En), alternative(&reading, &table, Lang::Zh));
        Self { title, reading, alternative, plot, table, is_table_beside: false, is_for_pages: false }
    }

    /// Marks the chart as one whose numbers are in a table of the same section.
    #[must_use]
    pub fn beside_its_table(self) -> Self {
        Self { is_table_beside: true, ..self }
    }

    /// Marks the chart as one that a terminal omits.
    #[must_use]
    pub fn for_pages(self) -> Self {
        Self { is_for_pages: true, ..self }
    }

    /// The name of the chart in files and JSON.
    #[must_use]
    pub fn code(&self) -> &str {
        self.title.code.as_deref().unwrap_or("chart")
    }
}

/// How to read the chart, and the first rows of its table, as text.
fn alternative(reading: &Text, table: &DataTable, lang: Lang) -> String {
    let voice = Voice::In(lang);
    let mut text = reading.in_lang(lang).to_owned();
    for row in table.rows.iter().filter(|row| row.role != RowRole::Group).take(ALTERNATIVE_ROWS) {
        for (at, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
            let shown = cell.value(voice).shown(column.format, voice);
            let _ = match at {
                0 => write!(text, " {shown}:"),
                1 => write!(text, " {} {shown}", column.head(voice)),
                _ => write!(text, ", {} {shown}", column.head(voice)),
            };
        }
        text.push(';');
    }
    if text.ends_with(';') {
        text.pop();
        text.push_str(lang.pick(".", "。"));
    }
    if table.rows.len() > ALTERNATIVE_ROWS {
        let more = table.rows.len() - ALTERNATIVE_ROWS;
        let _ = match lang {
            Lang::En => write!(text, " {more} more rows are in the table."),
            Lang::Zh => write!(text, " 其余 {more} 行见表。"),
        };
    }
    text
}

/// At most `most` of the items, evenly spaced, including the first and the last.
#[must_use]
pub fn thinned<T: Clone>(items: &[T], most: usize) -> Vec<T> {
    let last = items.len().saturating_sub(1);
    if items.len() <= most || most < 2 {
        return items.to_vec();
    }
    (0..most).map(|at| items[at * last / (most - 1)].clone()).collect()
}
