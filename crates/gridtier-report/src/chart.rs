//! Charts as data: what is seen, how to read it, numbers and labels, without a word on how they are drawn.
//!
//! A chart computes nothing. Its numbers are those of its table, which is a part of it; whoever builds one only thins
//! and bins, so that a chart of a million customers has no more marks than one of a thousand.

mod plot;

use std::fmt::Write;

use crate::table::{DataTable, RowRole};
use gridtier::text::{Lang, Text, Voice};

pub use plot::{
    Arrangement, Axis, Bars, BoxMarks, Boxes, Columns, Curve, Flow, Guide, HeatMap, HeatScale, Histogram,
    Lines, Link, Profile, Series, StepKind, Stroke, Tornado, TornadoItem, Waterfall, WaterfallStep,
};

/// Maximum number of marks of a chart: bars, cells, or points of a curve.
pub const MARKS_MAX: usize = 400;
/// Rows of the table that the text alternative repeats.
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
    /// What is seen. Its code names the chart: a file, a key.
    pub title: Text,
    /// How to read it: a sentence or two.
    pub reading: Text,
    /// A text for people who cannot see it.
    pub alternative: Text,
    /// What is drawn.
    pub plot: Plot,
    /// The numbers that are drawn. The first column names categories or holds x; the series are the columns after it,
    /// in the order of the plot. A workbook draws its own chart from these columns.
    pub table: DataTable,
    /// Whether the same numbers stand in a table of the same section: then they are not repeated beside the chart.
    pub is_table_beside: bool,
    /// Whether a terminal leaves it out, because its numbers are too many for lines of text.
    pub is_for_pages: bool,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub enum Plot {
    /// Bars by category, beside each other or end to end.
    Bars(Bars),
    /// Columns over time.
    Columns(Columns),
    /// Curves.
    Lines(Lines),
    /// Counts by bin.
    Histogram(Histogram),
    /// Five numbers by group.
    Boxes(Boxes),
    /// Several series over the same rows, as marks.
    Profile(Profile),
    /// How a sum comes about.
    Waterfall(Waterfall),
    /// Numbers by row and column, as shades.
    HeatMap(HeatMap),
    /// How many went from where to where.
    Flow(Flow),
    /// What changes a result most.
    Tornado(Tornado),
}

impl Chart {
    /// A chart. Its text alternative is its reading and the first rows of its table.
    #[must_use]
    pub fn new(title: Text, reading: Text, plot: Plot, table: DataTable) -> Self {
        let alternative =
            Text::new(alternative(&reading, &table, Lang::En), alternative(&reading, &table, Lang::Zh));
        Self { title, reading, alternative, plot, table, is_table_beside: false, is_for_pages: false }
    }

    /// The same chart, marked as one whose numbers stand in a table of its section.
    #[must_use]
    pub fn beside_its_table(self) -> Self {
        Self { is_table_beside: true, ..self }
    }

    /// The same chart, marked as one that a terminal leaves out.
    #[must_use]
    pub fn for_pages(self) -> Self {
        Self { is_for_pages: true, ..self }
    }

    /// Its name: a file's, or a key of JSON.
    #[must_use]
    pub fn code(&self) -> &str {
        self.title.code.as_deref().unwrap_or("chart")
    }
}

/// Reading and first rows as text.
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
            Lang::En => write!(text, " {more} more rows stand in the table."),
            Lang::Zh => write!(text, " 其余 {more} 行见表。"),
        };
    }
    text
}

/// At most `most` of the items, evenly spread, with the first and the last among them.
#[must_use]
pub fn thinned<T: Clone>(items: &[T], most: usize) -> Vec<T> {
    let last = items.len().saturating_sub(1);
    if items.len() <= most || most < 2 {
        return items.to_vec();
    }
    (0..most).map(|at| items[at * last / (most - 1)].clone()).collect()
}
