//! Native charts of Excel, drawn from the cells beside them. A plot that Excel cannot draw becomes a table with
//! shades.

use rust_xlsxwriter::{
    Chart as NativeChart, ChartAxis, ChartAxisCrossing, ChartAxisLabelPosition, ChartEmptyCells, ChartFont,
    ChartFormat, ChartLegendPosition, ChartLine, ChartLineDashType, ChartMarker, ChartMarkerType,
    ChartSeries, ChartSolidFill, ChartType, Color,
};

use super::styles::axis_pattern;
use crate::chart::{Arrangement, Axis, Bars, Chart, Curve, Lines, Link, Plot, Series, Stroke};
use crate::table::{CellValue, ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};
use gridtier::text::Voice;

/// Fills of areas and colours of lines, by series. They are the colours of drawn charts and differ in lightness.
const FILLS: [u32; 6] = [0x12_40_6B, 0xE9_8B_46, 0x86_BC_E0, 0xC9_C9_C9, 0x6A_6A_6A, 0xF6_DD_94];
const LINES: [u32; 6] = [0x12_40_6B, 0xC2_60_1C, 0x3F_8F_C4, 0x6A_6A_6A, 0x22_22_22, 0x8A_6D_00];
const DASHES: [ChartLineDashType; 6] = [
    ChartLineDashType::Solid,
    ChartLineDashType::Dash,
    ChartLineDashType::RoundDot,
    ChartLineDashType::DashDot,
    ChartLineDashType::LongDash,
    ChartLineDashType::SquareDot,
];
const MARKERS: [ChartMarkerType; 6] = [
    ChartMarkerType::Circle,
    ChartMarkerType::Square,
    ChartMarkerType::Triangle,
    ChartMarkerType::Diamond,
    ChartMarkerType::X,
    ChartMarkerType::PlusSign,
];
/// Colour of the lines behind the data, and of the frame of boxes.
const GRID: u32 = 0xDD_DD_DD;
const INK: u32 = 0x44_44_44;
/// Fill of boxes.
const BOX_FILL: u32 = 0xBF_D6_EA;
/// Width of a chart in pixels, its least height, and the height of a row of bars.
const WIDTH: u32 = 760;
const HEIGHT: u32 = 380;
const BAR_HEIGHT: u32 = 30;
/// Greatest height.
const HEIGHT_MAX: u32 = 1_400;
/// Space between bars, in percent of a bar's width.
const GAP: u16 = 60;
/// Longest text alternative of Excel, in units of UTF-16; a longer one would be lost.
const ALTERNATIVE_MAX: usize = 255;
/// Width of lines that are thicker than the default, in points.
const LINE_WIDTH: f64 = 2.0;

/// The cells of a chart's numbers.
pub(super) struct Cells<'a> {
    /// The sheet.
    pub(super) sheet: &'a str,
    /// The row of the head.
    pub(super) head: u32,
    /// Number of rows below the head that the chart shows.
    pub(super) rows: u32,
    /// The first column of the table.
    pub(super) left: u16,
    /// Columns of the table.
    pub(super) columns: usize,
}

impl Cells<'_> {
    fn column(&self, at: usize) -> (&str, u32, u16, u32, u16) {
        let at = self.place(at);
        (self.sheet, self.head + 1, at, self.head + self.rows.max(1), at)
    }

    fn title(&self, at: usize) -> (&str, u32, u16) {
        (self.sheet, self.head, self.place(at))
    }

    /// The place of a column of the table in the sheet.
    fn place(&self, at: usize) -> u16 {
        self.left.saturating_add(u16::try_from(at).unwrap_or(u16::MAX))
    }
}

/// The table from which Excel draws a chart, and the number of rows that the chart shows. Rows of headings are left out,
/// and sums that the chart does not show come last. A waterfall has further columns for its bars.
pub(super) fn drawn_table(chart: &Chart) -> (DataTable, u32) {
    let mut table = chart.table.clone();
    table.rows.retain(|row| row.role != RowRole::Group);
    if let Plot::Waterfall(waterfall) = &chart.plot {
        add_bars(&mut table, waterfall.value.format);
        let rows = count(&table.rows);
        return (table, rows);
    }
    let (drawn, sums): (Vec<_>, Vec<_>) = table.rows.into_iter().partition(|row| row.role == RowRole::Body);
    let rows = count(&drawn);
    table.rows = drawn.into_iter().chain(sums).collect();
    (table, rows)
}

/// The columns that a waterfall is drawn from: the free room below each bar, and its height by what it does. Where a bar
/// goes below zero, they are from where to where each bar goes.
fn add_bars(table: &mut DataTable, format: ColumnFormat) {
    let mut sum = 0.0;
    let bars = table.rows.iter().map(|row| {
        let value = row.cells.get(1).map_or(0.0, |cell| number(&cell.value(Voice::Codes)));
        let from = if row.role == RowRole::Total { 0.0 } else { sum };
        sum = from + value;
        [from, sum]
    });
    let bars: Vec<[f64; 2]> = bars.collect();
    let columns: &[(&str, &str, &str)] = match bars.iter().flatten().all(|end| *end >= 0.0) {
        true => &STACKED_BARS,
        false => &[("drawn_from", "bar from", "条形起点"), ("drawn_to", "bar to", "条形终点")],
    };
    let heads = columns.iter().map(|&(code, en, zh)| DataColumn::new(format, code, en, zh));
    table.columns.extend(heads);
    for (row, [from, to]) in table.rows.iter_mut().zip(bars) {
        let shown = |is_so: bool| if is_so { DataCell::Number((to - from).abs()) } else { DataCell::Blank };
        let is_total = row.role == RowRole::Total;
        match columns.len() {
            2 => row.cells.extend([from, to].map(DataCell::Number)),
            _ => row.cells.extend([
                DataCell::Number(from.min(to)),
                shown(!is_total && to >= from),
                shown(!is_total && to < from),
                shown(is_total),
            ]),
        }
    }
}

/// The columns of a waterfall whose bars are stacked on free room.
const STACKED_BARS: [(&str, &str, &str); 4] = [
    ("drawn_below", "below the bar", "条形下方"),
    ("drawn_more", "adds", "增加"),
    ("drawn_less", "takes off", "减少"),
    ("drawn_total", "total", "合计"),
];

fn count(rows: &[DataRow]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

fn number(value: &CellValue) -> f64 {
    match value {
        CellValue::Integer(whole) | CellValue::Marked(whole) => gridtier::index::float_i64(*whole),
        CellValue::Number(number) | CellValue::Quantity(number, _) | CellValue::Formatted(number, _) => {
            *number
        }
        CellValue::Fen(fen) => *fen as f64 / 100.0,
        _ => 0.0,
    }
}

/// Limits and other marks on the axis of a chart, as a sentence, since Excel draws no line for them; of a heat map, what its
/// columns are.
pub(super) fn guides(chart: &Chart, voice: Voice) -> String {
    let (guides, axis) = match &chart.plot {
        Plot::Bars(bars) => (&bars.guides, &bars.value),
        Plot::Columns(columns) => (&columns.guides, &columns.value),
        Plot::Lines(lines) => (&lines.guides, &lines.x),
        Plot::Histogram(histogram) => (&histogram.guides, &histogram.x),
        // The heads of its columns are short, such as the numbers of months.
        Plot::HeatMap(map) => return map.column_title.pick(voice).into_owned(),
        _ => return String::new(),
    };
    let shown = guides.iter().map(|guide| {
        format!("{}: {}", guide.name.pick(voice), CellValue::Number(guide.at).shown(axis.format, voice))
    });
    shown.collect::<Vec<_>>().join(" · ")
}

/// The chart for Excel; `None` if Excel has no chart of this kind.
pub(super) fn native(chart: &Chart, cells: &Cells<'_>, voice: Voice) -> Option<NativeChart> {
    // The first column names the rows.
    let columns = cells.columns.saturating_sub(1);
    let mut drawn = match &chart.plot {
        Plot::Bars(bars) => lying_bars(bars, columns, cells, voice),
        Plot::Columns(plot) => {
            let mut drawn = columns_and_lines(plot.series.len().min(columns), &plot.value, cells, voice);
            from_zero(drawn.y_axis(), &plot.series);
            drawn
        }
        Plot::Histogram(plot) => {
            let mut drawn = areas((ChartType::ColumnStacked, 100), plot.series.len().min(columns), cells);
            drawn.x_axis().set_name(plot.x.title.pick(voice).as_ref());
            value_axis(drawn.y_axis(), &plot.y, voice);
            drawn
        }
        Plot::Lines(plot) => curves_on_axes(plot, columns, cells, voice),
        Plot::Profile(plot) => {
            let mut drawn = marks(plot.series.len().min(columns), plot.link, cells);
            value_axis(drawn.y_axis(), &plot.value, voice);
            // Where all values are below 0, the names would cover the marks.
            drawn.x_axis().set_label_position(ChartAxisLabelPosition::Low);
            drawn
        }
        Plot::Boxes(plot) => {
            let mut drawn = five_numbers(cells)?;
            value_axis(drawn.y_axis(), &plot.value, voice);
            drawn
        }
        Plot::Waterfall(plot) => {
            let is_stacked = cells.columns == chart.table.columns.len() + STACKED_BARS.len();
            let mut drawn = if is_stacked { stacked_bars(cells)? } else { floating(cells)? };
            value_axis(drawn.y_axis(), &plot.value, voice);
            drawn
        }
        Plot::Tornado(plot) => {
            let mut drawn = lying(areas((ChartType::Bar, 100), 2.min(columns), cells), &plot.value, voice);
            if plot.value.format == ColumnFormat::Share {
                // The ends are often less than a percent apart.
                drawn.x_axis().set_num_format("0.0%");
            }
            drawn.x_axis().set_crossing(ChartAxisCrossing::AxisValue(plot.base));
            drawn.y_axis().set_label_position(ChartAxisLabelPosition::Low);
            drawn
        }
        Plot::HeatMap(_) | Plot::Flow(_) => return None,
    };
    drawn.set_width(WIDTH).set_height(match chart.plot {
        Plot::Bars(_) | Plot::Tornado(_) => height_of_bars(cells.rows),
        // The names below the marks are slanted, and long.
        Plot::Profile(_) | Plot::Waterfall(_) => HEIGHT + HEIGHT / 2,
        _ => HEIGHT,
    });
    drawn.title().set_name(chart.title.pick(voice).as_ref()).set_font(ChartFont::new().set_size(12));
    drawn.legend().set_position(ChartLegendPosition::Bottom);
    if columns < 2 {
        drawn.legend().set_hidden();
    }
    drawn.set_alt_text(shortened(&chart.alternative.pick(voice), ALTERNATIVE_MAX));
    Some(drawn)
}

/// Bars that begin at 0. Shares of a whole end at all of it.
fn lying_bars(bars: &Bars, columns: usize, cells: &Cells<'_>, voice: Voice) -> NativeChart {
    let kind = match bars.arrangement {
        Arrangement::Grouped => (ChartType::Bar, 0),
        Arrangement::Stacked => (ChartType::BarStacked, 100),
    };
    let mut drawn = lying(areas(kind, bars.series.len().min(columns), cells), &bars.value, voice);
    from_zero(drawn.x_axis(), &bars.series);
    let is_share = bars.value.format == ColumnFormat::Share && bars.arrangement == Arrangement::Grouped;
    if is_share && values(&bars.series).all(|value| value <= 1.0) {
        drawn.x_axis().set_max(1);
    }
    drawn
}

/// Curves over a plane. Without a limit, programs extend an axis of shares to 120 %.
fn curves_on_axes(plot: &Lines, columns: usize, cells: &Cells<'_>, voice: Voice) -> NativeChart {
    let mut drawn = curves(&plot.curves[..plot.curves.len().min(columns)], cells);
    value_axis(drawn.x_axis(), &plot.x, voice);
    value_axis(drawn.y_axis(), &plot.y, voice);
    let all = plot.curves.iter().flat_map(|curve| &curve.points);
    if plot.x.format == ColumnFormat::Share && all.clone().all(|[x, _]| (0.0..=1.0).contains(x)) {
        drawn.x_axis().set_min(0).set_max(1);
    }
    if plot.y.format == ColumnFormat::Share && all.clone().all(|[_, y]| (0.0..=1.0).contains(y)) {
        drawn.y_axis().set_min(0).set_max(1);
    }
    drawn
}

fn values(series: &[Series]) -> impl Iterator<Item = f64> {
    series.iter().flat_map(|series| &series.values).flatten().copied()
}

/// Lets an axis begin at 0 unless a bar goes below it. Programs cut an axis off where all bars are nearly as long, and
/// small differences then look large.
fn from_zero(axis: &mut ChartAxis, series: &[Series]) {
    if values(series).all(|value| value >= 0.0) {
        axis.set_min(0);
    }
}

/// A text of at most so many units of UTF-16, with a mark where it is cut.
fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut units = 1;
    let kept = text.chars().take_while(|letter| {
        units += letter.len_utf16();
        units <= most
    });
    kept.chain(['…']).collect()
}

fn height_of_bars(rows: u32) -> u32 {
    (HEIGHT / 2 + BAR_HEIGHT * rows).clamp(HEIGHT, HEIGHT_MAX)
}

/// A series of a column, with its name and the names of its rows.
fn series<'c>(drawn: &'c mut NativeChart, at: usize, cells: &Cells<'_>) -> &'c mut ChartSeries {
    drawn.add_series().set_name(cells.title(at)).set_categories(cells.column(0)).set_values(cells.column(at))
}

/// Bars or columns of the first series, with their overlap in percent.
fn areas((kind, overlap): (ChartType, i8), count: usize, cells: &Cells<'_>) -> NativeChart {
    let mut drawn = NativeChart::new(kind);
    for at in 1..=count {
        let fill = ChartSolidFill::new().set_color(colour(&FILLS, at)).clone();
        let edge = ChartLine::new().set_color(Color::RGB(INK)).set_width(0.5).clone();
        let mut format = ChartFormat::new().set_solid_fill(&fill).set_border(&edge).clone();
        series(&mut drawn, at, cells).set_format(&mut format).set_overlap(overlap).set_gap(GAP);
    }
    drawn
}

/// Bars from top to bottom, as in a table, with the axis of numbers below.
fn lying(mut drawn: NativeChart, value: &Axis, voice: Voice) -> NativeChart {
    value_axis(drawn.x_axis(), value, voice);
    drawn.y_axis().set_reverse().set_crossing(ChartAxisCrossing::Max).set_major_gridlines(false);
    drawn.x_axis().set_major_gridlines(true);
    drawn
}

/// The first series as columns, the others as lines over them.
fn columns_and_lines(count: usize, value: &Axis, cells: &Cells<'_>, voice: Voice) -> NativeChart {
    let mut drawn = areas((ChartType::Column, 0), count.min(1), cells);
    value_axis(drawn.y_axis(), value, voice);
    if count > 1 {
        let mut lines = NativeChart::new(ChartType::Line);
        for at in 2..=count {
            series(&mut lines, at, cells).set_format(&mut stroke(at)).set_marker(&marker(at));
        }
        drawn.combine(&lines);
    }
    drawn
}

fn curves(curves: &[Curve], cells: &Cells<'_>) -> NativeChart {
    let mut drawn = NativeChart::new(ChartType::ScatterStraight);
    for (at, curve) in (1..).zip(curves) {
        let mut format = match curve.stroke {
            Stroke::Straight | Stroke::Steps => stroke(at),
            Stroke::Reference => {
                let line = ChartLine::new().set_color(Color::RGB(INK)).set_width(0.75).clone();
                ChartFormat::new().set_line(&line).clone()
            }
        };
        series(&mut drawn, at, cells).set_format(&mut format);
    }
    // Curves may have points of their own.
    drawn.show_empty_cells_as(ChartEmptyCells::Connected);
    drawn
}

/// Marks, connected along a series or between them.
fn marks(count: usize, link: Link, cells: &Cells<'_>) -> NativeChart {
    let mut drawn = NativeChart::new(ChartType::Line);
    for at in 1..=count {
        let mut format = match link {
            Link::Along => stroke(at),
            Link::Between => ChartFormat::new().set_no_line().clone(),
        };
        series(&mut drawn, at, cells).set_format(&mut format).set_marker(&marker(at));
    }
    if link == Link::Between {
        drawn.set_high_low_lines(true);
    }
    drawn
}

/// Boxes from the five columns after the names: least, quartile, median, quartile, greatest. The number of values may follow.
fn five_numbers(cells: &Cells<'_>) -> Option<NativeChart> {
    if cells.columns < 6 {
        return None;
    }
    let least = 1;
    let mut drawn = NativeChart::new(ChartType::Line);
    // Excel draws the bar between the first series and the last, and the line between the least and the greatest.
    for at in [least + 1, least, least + 2, least + 4, least + 3] {
        // LibreOffice draws neither bar nor line; marks are seen in both.
        let mut mark = ChartMarker::new();
        match at == least + 2 {
            true => mark.set_type(ChartMarkerType::LongDash).set_size(14),
            false => mark.set_type(ChartMarkerType::ShortDash).set_size(9),
        };
        let mut line = ChartFormat::new().set_no_line().clone();
        series(&mut drawn, at, cells).set_format(&mut line).set_marker(&mark);
    }
    drawn
        .set_high_low_lines(true)
        .set_up_bar_format(&mut filled(BOX_FILL))
        .set_down_bar_format(&mut filled(BOX_FILL));
    drawn.set_up_down_bars(true);
    Some(drawn)
}

/// Bars on free room, from the last four columns. LibreOffice does not draw bars between two lines.
fn stacked_bars(cells: &Cells<'_>) -> Option<NativeChart> {
    let below = cells.columns.checked_sub(STACKED_BARS.len())?;
    let mut drawn = NativeChart::new(ChartType::ColumnStacked);
    let mut free = ChartFormat::new().set_no_fill().set_no_border().clone();
    series(&mut drawn, below, cells).set_format(&mut free).set_overlap(100).set_gap(GAP);
    for (at, fill) in (below + 1..).zip([FILLS[0], FILLS[1], FILLS[4]]) {
        series(&mut drawn, at, cells).set_format(&mut filled(fill)).set_overlap(100).set_gap(GAP);
    }
    drawn.legend().delete_entries(&[0]);
    Some(drawn)
}

/// Bars from the number in the last column but one to the number in the last column.
fn floating(cells: &Cells<'_>) -> Option<NativeChart> {
    let from = cells.columns.checked_sub(2)?;
    let mut drawn = NativeChart::new(ChartType::Line);
    for at in [from, from + 1] {
        let mut line = ChartFormat::new().set_no_line().clone();
        series(&mut drawn, at, cells).set_format(&mut line).set_marker(ChartMarker::new().set_none());
    }
    drawn.set_up_bar_format(&mut filled(FILLS[0])).set_down_bar_format(&mut filled(FILLS[1]));
    drawn.legend().set_hidden();
    Some(drawn)
}

fn value_axis(axis: &mut ChartAxis, of: &Axis, voice: Voice) {
    let line = ChartLine::new().set_color(Color::RGB(GRID)).clone();
    axis.set_name(of.title.pick(voice).as_ref())
        .set_num_format(axis_pattern(of.format))
        .set_major_gridlines_line(&line);
}

fn colour(palette: &[u32; 6], at: usize) -> Color {
    Color::RGB(palette[(at - 1) % palette.len()])
}

fn filled(fill: u32) -> ChartFormat {
    let edge = ChartLine::new().set_color(Color::RGB(INK)).set_width(0.5).clone();
    let fill = ChartSolidFill::new().set_color(Color::RGB(fill)).clone();
    ChartFormat::new().set_solid_fill(&fill).set_border(&edge).clone()
}

fn stroke(at: usize) -> ChartFormat {
    let mut line = ChartLine::new();
    line.set_color(colour(&LINES, at)).set_width(LINE_WIDTH).set_dash_type(DASHES[(at - 1) % DASHES.len()]);
    ChartFormat::new().set_line(&line).clone()
}

fn marker(at: usize) -> ChartMarker {
    let fill = ChartSolidFill::new().set_color(colour(&LINES, at)).clone();
    let mut mark = ChartMarker::new();
    mark.set_type(MARKERS[(at - 1) % MARKERS.len()])
        .set_size(7)
        .set_format(ChartFormat::new().set_solid_fill(&fill));
    mark
}
