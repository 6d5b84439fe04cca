//! The kinds of plots, with their numbers and labels. An unknown number is `None`; one that is not finite counts as
//! unknown.

use crate::table::{CellValue, ColumnFormat, DataCell, DataRow, DataTable, RowRole};
use gridtier::text::{Text, Voice};

/// An axis of a plot.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The title, with the unit.
    pub title: Text,
    /// The format of its numbers.
    pub format: ColumnFormat,
}

impl Axis {
    /// An axis.
    #[must_use]
    pub fn new(title: Text, format: ColumnFormat) -> Self {
        Self { title, format }
    }
}

/// A number for each category.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the numbers are.
    pub name: Text,
    /// The numbers, one for each category.
    pub values: Vec<Option<f64>>,
}

/// A line across a plot, such as a limit.
#[derive(Clone, Debug)]
pub struct Guide {
    /// What the line marks.
    pub name: Text,
    /// The position of the line, as a number of the axis.
    pub at: f64,
}

/// How the bars of one category are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// One below the other.
    Grouped,
    /// End to end.
    Stacked,
}

/// Bars by category.
#[derive(Clone, Debug)]
pub struct Bars {
    /// The axis along which bars extend.
    pub value: Axis,
    /// The categories, from top to bottom.
    pub categories: Vec<Text>,
    /// The series, each with a number for every category.
    pub series: Vec<Series>,
    /// How the bars of one category are arranged.
    pub arrangement: Arrangement,
    /// Lines across the plot, such as limits.
    pub guides: Vec<Guide>,
}

/// Columns over time.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The axis along which columns rise.
    pub value: Axis,
    /// The months or years, from left to right.
    pub categories: Vec<Text>,
    /// The series, each with a number for every category: the first is drawn as columns, the others as lines.
    pub series: Vec<Series>,
    /// Lines across the plot, such as limits.
    pub guides: Vec<Guide>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A line from point to point.
    Straight,
    /// Steps: each value holds until the next point.
    Steps,
    /// A thin dashed line for comparison.
    Reference,
}

/// A curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The name of the curve.
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
    /// Vertical lines, by their positions on x.
    pub guides: Vec<Guide>,
}

/// Counts by bin.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The axis of the measured value.
    pub x: Axis,
    /// The axis of the counts.
    pub y: Axis,
    /// The edges of the bins, ascending. There is one edge more than there are bins.
    pub edges: Vec<f64>,
    /// The series, each with a count for every bin, stacked on each other.
    pub series: Vec<Series>,
    /// Vertical lines, by their positions on x, such as the lines between tiers.
    pub guides: Vec<Guide>,
}

/// The five numbers of a group in a box plot.
#[derive(Clone, Debug)]
pub struct BoxMarks {
    /// The name of the group.
    pub name: Text,
    /// The number of values in the group.
    pub count: u64,
    /// Least value, lower quartile, median, upper quartile, greatest value; `None` for a group without values.
    pub five: Option<[f64; 5]>,
}

/// A box plot for each group.
#[derive(Clone, Debug)]
pub struct Boxes {
    /// The axis of the measured value.
    pub value: Axis,
    /// The groups, from top to bottom.
    pub boxes: Vec<BoxMarks>,
}

/// Which marks of a profile are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The marks of each series from row to row, which shows the shape of a group.
    Along,
    /// The marks within each row, which shows the distance between series.
    Between,
}

/// Several series over the same rows.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The axis of the measured value.
    pub value: Axis,
    /// The rows, from top to bottom.
    pub rows: Vec<Text>,
    /// The series, each with a number for every row.
    pub series: Vec<Series>,
    /// Which marks are connected.
    pub link: Link,
}

/// The kind of a step in a waterfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The sum so far, as a bar from zero.
    Total,
    /// An amount that is added or subtracted.
    Change,
}

/// A step of a waterfall.
#[derive(Clone, Debug)]
pub struct WaterfallStep {
    /// The name of the step.
    pub name: Text,
    /// The sum, or the amount that is added to it.
    pub value: Option<f64>,
    /// Whether `value` is a sum or an amount.
    pub kind: StepKind,
}

/// The steps that lead to a sum.
#[derive(Clone, Debug)]
pub struct Waterfall {
    /// The axis of the sum.
    pub value: Axis,
    /// The steps, from top to bottom.
    pub steps: Vec<WaterfallStep>,
}

/// The cells over which the shades of a heat map range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeatScale {
    /// All cells: zero is white, and the greatest value is darkest.
    All,
    /// The cells of each row, since every row may have its own unit.
    Row,
}

/// Numbers by row and column, as shades.
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
    /// The numbers, by row and then by column.
    pub values: Vec<Vec<Option<f64>>>,
    /// The format of the numbers.
    pub format: ColumnFormat,
    /// The cells over which the shades range.
    pub scale: HeatScale,
}

/// Numbers of customers that went from one group to another.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The title of the left side.
    pub from_title: Text,
    /// The title of the right side.
    pub to_title: Text,
    /// The groups on the left side, from top to bottom.
    pub from: Vec<Text>,
    /// The groups on the right side, from top to bottom.
    pub to: Vec<Text>,
    /// The numbers, by left group and then by right group.
    pub values: Vec<Vec<f64>>,
    /// The format of the numbers.
    pub format: ColumnFormat,
}

/// The effect on a result if one input has less or more of something.
#[derive(Clone, Debug)]
pub struct TornadoItem {
    /// The name of the input.
    pub name: Text,
    /// The result with less.
    pub low: Option<f64>,
    /// The result with more.
    pub high: Option<f64>,
}

/// The effects of several inputs on a result, the largest first.
#[derive(Clone, Debug)]
pub struct Tornado {
    /// The axis of the result.
    pub value: Axis,
    /// The result without any change.
    pub base: f64,
    /// What "less" means, such as a weight times 0.8.
    pub low: Text,
    /// What "more" means, such as a weight times 1.2.
    pub high: Text,
    /// The inputs, from the largest effect to the smallest.
    pub items: Vec<TornadoItem>,
}

impl Bars {
    /// Bars from the columns of a table, with a category for each row. Rows that are sums or headings are left out.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let (categories, series) = categories_and_series(table);
        Self { value, categories, series, arrangement: Arrangement::Grouped, guides: Vec::new() }
    }

    /// The same bars, stacked.
    #[must_use]
    pub fn stacked(self) -> Self {
        Self { arrangement: Arrangement::Stacked, ..self }
    }

    /// The same bars, with a line at a limit.
    #[must_use]
    pub fn with_guide(mut self, name: Text, at: f64) -> Self {
        self.guides.push(Guide { name, at });
        self
    }
}

impl Lines {
    /// Curves from the columns of a table. The first column is x, and each of the others is a curve over it.
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
    /// A histogram from the columns of a table. The first column holds the lower edges of the bins, which are `width`
    /// wide; the others hold counts.
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
    /// Box plots from the columns of a table: the name of the group, five numbers, and the number of values.
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
    /// A tornado from the columns of a table: the input, the result with less of it, and the result with more.
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
    /// Columns from a table: its first column of numbers as columns, the others as lines.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis) -> Self {
        let (categories, series) = categories_and_series(table);
        Self { value, categories, series, guides: Vec::new() }
    }
}

impl Profile {
    /// A profile from the columns of a table, as series over its rows.
    #[must_use]
    pub fn of_table(table: &DataTable, value: Axis, link: Link) -> Self {
        let (rows, series) = categories_and_series(table);
        Self { value, rows, series, link }
    }
}

impl HeatMap {
    /// A heat map from a table. Its first column names the rows; each other column is one of the map. Sums are left
    /// out.
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
    /// A waterfall from the first two columns of a table: names and values. A row of sums becomes a total.
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

/// The names of the rows that are neither sums nor headings, and the numbers of each further column.
fn categories_and_series(table: &DataTable) -> (Vec<Text>, Vec<Series>) {
    let rows: Vec<_> = plain_rows(table).collect();
    let categories = rows.iter().filter_map(|row| row.cells.first()).map(label);
    let series = table.columns.iter().enumerate().skip(1).map(|(at, column)| Series {
        name: column.title.clone(),
        values: rows.iter().map(|row| number(&row.cells[at].value(Voice::Codes))).collect(),
    });
    (categories.collect(), series.collect())
}

/// The name of a row, from its first cell.
fn label(cell: &DataCell) -> Text {
    match cell {
        DataCell::Text(text) => text.clone(),
        DataCell::Rich(rich) => rich.plain.clone(),
        other => Text::same(other.value(Voice::Codes).shown(ColumnFormat::Id, Voice::Codes).into_owned()),
    }
}

/// The number in a cell; `None` if it has none or one that is not finite.
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
