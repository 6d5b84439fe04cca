//! The kinds of plots: numbers and labels. What is not known is `None`; what is not finite counts as not known.

use crate::table::{CellValue, ColumnFormat, DataCell, DataRow, DataTable, RowRole};
use gridtier::text::{Text, Voice};

/// What an axis shows.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its title, with the unit.
    pub title: Text,
    /// How its numbers are written.
    pub format: ColumnFormat,
}

impl Axis {
    /// An axis.
    #[must_use]
    pub fn new(title: Text, format: ColumnFormat) -> Self {
        Self { title, format }
    }
}

/// Numbers by category, and what they are.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they are.
    pub name: Text,
    /// One for each category.
    pub values: Vec<Option<f64>>,
}

/// A line across a plot, such as a limit.
#[derive(Clone, Debug)]
pub struct Guide {
    /// What it marks.
    pub name: Text,
    /// Where on the axis it stands.
    pub at: f64,
}

/// How the bars of a category stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// One under the other.
    Grouped,
    /// End to end.
    Stacked,
}

/// Bars by category.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What their length is.
    pub value: Axis,
    /// The categories, from top to bottom.
    pub categories: Vec<Text>,
    /// Numbers by category.
    pub series: Vec<Series>,
    /// How the series stand to each other.
    pub arrangement: Arrangement,
    /// Limits.
    pub guides: Vec<Guide>,
}

/// Columns over time.
#[derive(Clone, Debug)]
pub struct Columns {
    /// What their height is.
    pub value: Axis,
    /// The months or years, from left to right.
    pub categories: Vec<Text>,
    /// Numbers by category: the first as columns, the others as lines.
    pub series: Vec<Series>,
    /// Limits.
    pub guides: Vec<Guide>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A line from point to point.
    Straight,
    /// Steps: each value holds until the next point.
    Steps,
    /// A thin line to compare with.
    Reference,
}

/// A curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it shows.
    pub name: Text,
    /// Its points in the order of x.
    pub points: Vec<[f64; 2]>,
    /// How it is drawn.
    pub stroke: Stroke,
}

/// Curves.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The axis from left to right.
    pub x: Axis,
    /// The axis from bottom to top.
    pub y: Axis,
    /// The curves.
    pub curves: Vec<Curve>,
    /// Places on x.
    pub guides: Vec<Guide>,
}

/// Counts by bin.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// What is counted.
    pub x: Axis,
    /// The counts.
    pub y: Axis,
    /// The edges of the bins, ascending: one more than there are bins.
    pub edges: Vec<f64>,
    /// Counts by bin, stacked on each other.
    pub series: Vec<Series>,
    /// Places on x, such as the lines between tiers.
    pub guides: Vec<Guide>,
}

/// Five numbers of a group.
#[derive(Clone, Debug)]
pub struct BoxMarks {
    /// The group.
    pub name: Text,
    /// How many it has.
    pub count: u64,
    /// Least, lower quartile, median, upper quartile, greatest; none of a group without values.
    pub five: Option<[f64; 5]>,
}

/// Five numbers by group.
#[derive(Clone, Debug)]
pub struct Boxes {
    /// What is measured.
    pub value: Axis,
    /// The groups, from top to bottom.
    pub boxes: Vec<BoxMarks>,
}

/// What the marks of a profile are connected along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each series from row to row: the shape of a group.
    Along,
    /// The marks of each row with each other: the distance between series.
    Between,
}

/// Several series over the same rows.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What is measured.
    pub value: Axis,
    /// The rows, from top to bottom.
    pub rows: Vec<Text>,
    /// Numbers by row.
    pub series: Vec<Series>,
    /// What is connected.
    pub link: Link,
}

/// What a step of a waterfall is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The sum so far, drawn from zero.
    Total,
    /// What is added, or taken off.
    Change,
}

/// A step of a waterfall.
#[derive(Clone, Debug)]
pub struct WaterfallStep {
    /// What it is.
    pub name: Text,
    /// The sum, or what is added to it.
    pub value: Option<f64>,
    /// Which of both.
    pub kind: StepKind,
}

/// How a sum comes about.
#[derive(Clone, Debug)]
pub struct Waterfall {
    /// What is summed.
    pub value: Axis,
    /// The steps, from top to bottom.
    pub steps: Vec<WaterfallStep>,
}

/// Over what the shades of a heat map are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeatScale {
    /// All cells: zero is white, the greatest value darkest.
    All,
    /// The cells of a row, which may have a unit of its own.
    Row,
}

/// Numbers by row and column.
#[derive(Clone, Debug)]
pub struct HeatMap {
    /// What the rows are.
    pub row_title: Text,
    /// What the columns are.
    pub column_title: Text,
    /// The rows, from top to bottom.
    pub rows: Vec<Text>,
    /// The columns.
    pub columns: Vec<Text>,
    /// Numbers by row and column.
    pub values: Vec<Vec<Option<f64>>>,
    /// How they are written.
    pub format: ColumnFormat,
    /// How they are shaded.
    pub scale: HeatScale,
}

/// How many went from where to where.
#[derive(Clone, Debug)]
pub struct Flow {
    /// What the left side is.
    pub from_title: Text,
    /// What the right side is.
    pub to_title: Text,
    /// The left side, from top to bottom.
    pub from: Vec<Text>,
    /// The right side, from top to bottom.
    pub to: Vec<Text>,
    /// How many by left and right.
    pub values: Vec<Vec<f64>>,
    /// How they are written.
    pub format: ColumnFormat,
}

/// What a change of one thing does to a result.
#[derive(Clone, Debug)]
pub struct TornadoItem {
    /// What is changed.
    pub name: Text,
    /// The result with less of it.
    pub low: Option<f64>,
    /// The result with more of it.
    pub high: Option<f64>,
}

/// What changes a result most.
#[derive(Clone, Debug)]
pub struct Tornado {
    /// The result.
    pub value: Axis,
    /// The result without a change.
    pub base: f64,
    /// What less is.
    pub low: Text,
    /// What more is.
    pub high: Text,
    /// From the most to the least.
    pub items: Vec<TornadoItem>,
}

impl Bars {
    /// The columns of a table as bars, a category for each row; sums and headings of rows are left out.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let (categories, series) = categories_and_series(table);
        Self { value, categories, series, arrangement: Arrangement::Grouped, guides: Vec::new() }
    }

    /// End to end.
    #[must_use]
    pub fn stacked(self) -> Self {
        Self { arrangement: Arrangement::Stacked, ..self }
    }

    /// With a limit.
    #[must_use]
    pub fn with_guide(mut self, name: Text, at: f64) -> Self {
        self.guides.push(Guide { name, at });
        self
    }
}

impl Lines {
    /// The columns of a table: the first is x, each of the others a curve over it.
    #[must_use]
    pub fn of_table(table: &DataTable, [x, y]: [Axis; 2]) -> Self {
        let places: Vec<_> = plain_rows(table).map(first_number).collect();
        let (_, series) = categories_and_series(table);
        let curves = series.into_iter().map(|series| Curve {
            name: series.name,
            points: places.iter().zip(series.values).filter_map(|(x, y)| Some([(*x)?, y?])).collect(),
            stroke: Stroke::Straight,
        });
        Self { x, y, curves: curves.collect(), guides: Vec::new() }
    }
}

impl Histogram {
    /// The columns of a table: the first holds the lower edges of the bins, each `width` wide, the others counts.
    #[must_use]
    pub fn of_table(table: &DataTable, width: f64, [x, y]: [Axis; 2]) -> Self {
        let mut edges: Vec<f64> = plain_rows(table).filter_map(first_number).collect();
        edges.extend(edges.last().map(|last| last + width));
        let (_, series) = categories_and_series(table);
        Self { x, y, edges, series, guides: Vec::new() }
    }
}

/// The number in the first cell of a row.
fn first_number(row: &DataRow) -> Option<f64> {
    row.cells.first().and_then(|cell| number(&cell.value(Voice::Codes)))
}

impl Boxes {
    /// The columns of a table: a name, five numbers, and how many the group has.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let (names, series) = categories_and_series(table);
        let value_of = |column: usize, row: usize| series.get(column).and_then(|series| series.values[row]);
        let boxes = names.into_iter().enumerate().map(|(row, name)| {
            let five: Option<Vec<f64>> = (0..5).map(|column| value_of(column, row)).collect();
            BoxMarks {
                name,
                count: value_of(5, row).map_or(0, |count| count.max(0.0) as u64),
                five: five.and_then(|five| five.try_into().ok()),
            }
        });
        Self { value, boxes: boxes.collect() }
    }
}

impl Tornado {
    /// The columns of a table: what is changed, the result with less of it, and with more of it.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis, base: f64) -> Self {
        let (names, series) = categories_and_series(table);
        let value_of = |column: usize, row: usize| series.get(column).and_then(|series| series.values[row]);
        let items = names.into_iter().enumerate();
        let items =
            items.map(|(row, name)| TornadoItem { name, low: value_of(0, row), high: value_of(1, row) });
        let name_of =
            |column: usize| series.get(column).map(|series| series.name.clone()).unwrap_or_default();
        Self { value, base, low: name_of(0), high: name_of(1), items: items.collect() }
    }
}

impl Columns {
    /// The columns of a table: the first of numbers as columns, the others as lines.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let (categories, series) = categories_and_series(table);
        Self { value, categories, series, guides: Vec::new() }
    }
}

impl Profile {
    /// The columns of a table as series over its rows.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis, link: Link) -> Self {
        let (rows, series) = categories_and_series(table);
        Self { value, rows, series, link }
    }
}

impl HeatMap {
    /// A table as shades: its first column names the rows, the others are columns. Sums are left out.
    #[must_use]
    pub fn of_table(table: &DataTable, format: ColumnFormat, scale: HeatScale) -> Self {
        let (rows, series) = categories_and_series(table);
        let values = (0..rows.len()).map(|row| series.iter().map(|column| column.values[row]).collect());
        Self {
            row_title: table.columns.first().map(|column| column.title.clone()).unwrap_or_default(),
            column_title: Text::default(),
            values: values.collect(),
            rows,
            columns: series.into_iter().map(|column| column.name).collect(),
            format,
            scale,
        }
    }
}

impl Waterfall {
    /// The first two columns of a table: names and values. A row that is a sum is a total.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let rows = table.rows.iter().filter(|row| row.role != RowRole::Group && row.cells.len() > 1);
        let steps = rows.map(|row| WaterfallStep {
            name: label(&row.cells[0]),
            value: number(&row.cells[1].value(Voice::Codes)),
            kind: if row.role == RowRole::Total { StepKind::Total } else { StepKind::Change },
        });
        Self { value, steps: steps.collect() }
    }
}

/// The rows of a table that are neither sums nor headings.
fn plain_rows(table: &DataTable) -> impl Iterator<Item = &DataRow> {
    table.rows.iter().filter(|row| row.role == RowRole::Body && row.cells.len() == table.columns.len())
}

/// The rows of a table that are neither sums nor headings: their names, and the numbers of each further column.
fn categories_and_series(table: &DataTable) -> (Vec<Text>, Vec<Series>) {
    let rows: Vec<_> = plain_rows(table).collect();
    let categories = rows.iter().filter_map(|row| row.cells.first()).map(label);
    let series = table.columns.iter().enumerate().skip(1).map(|(at, column)| Series {
        name: column.title.clone(),
        values: rows.iter().map(|row| number(&row.cells[at].value(Voice::Codes))).collect(),
    });
    (categories.collect(), series.collect())
}

/// The name of a row.
fn label(cell: &DataCell) -> Text {
    match cell {
        DataCell::Text(text) => text.clone(),
        DataCell::Rich(rich) => rich.plain.clone(),
        other => Text::same(other.value(Voice::Codes).shown(ColumnFormat::Id, Voice::Codes).into_owned()),
    }
}

/// A cell as a number, where it is a finite one.
fn number(value: &CellValue) -> Option<f64> {
    let number = match value {
        CellValue::Integer(whole) | CellValue::Marked(whole) => gridtier::index::float_i64(*whole),
        CellValue::Number(number) | CellValue::Quantity(number, _) | CellValue::Formatted(number, _) => {
            *number
        }
        CellValue::Fen(fen) => *fen as f64 / 100.0,
        CellValue::Blank
        | CellValue::Missing
        | CellValue::Text(_)
        | CellValue::Date(_)
        | CellValue::YesNo(_) => return None,
    };
    number.is_finite().then_some(number)
}
