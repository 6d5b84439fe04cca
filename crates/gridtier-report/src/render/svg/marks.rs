//! Box plots and profiles: marks in rows.

use std::fmt::Write;

use crate::chart::{Boxes, Link, Profile};
use crate::format::{DASH, grouped};
use gridtier::text;
use gridtier::text::Text;

use super::SMALL;
use super::canvas::{Anchor, Area, Canvas, Ink, Mark, short};
use super::paint::{self, FAINT, INK, Paint};
use super::rows::{PAD, ROWS_MAX, Rows, RowsPlan};
use super::scale::{range, shown, with_zero};
use super::text_width::text_width;

/// Height of a box, and of a row of marks.
const BOX: f64 = 18.0;
const ROW: f64 = 16.0;
/// The fill of boxes.
const MIDDLE_HALF: Paint = paint::SERIES[2];

pub(super) fn boxes(canvas: &mut Canvas, plot: &Boxes) {
    let boxes = &plot.boxes[..plot.boxes.len().min(ROWS_MAX)];
    let Some(span) = range(boxes.iter().filter_map(|group| group.five).flatten()) else {
        return canvas.nothing();
    };
    let format = plot.value.format;
    let names: Vec<Text> = boxes
        .iter()
        .map(|group| {
            let (name, count) = (&group.name, grouped(group.count));
            text!("{name} ({count})", "{name} ({count})"; name)
        })
        .collect();
    let legend = Text::new(
        "box: the middle half; line across it: the median; thin line: least to greatest",
        "箱体：中间一半；箱内竖线：中位数；细线：最小值至最大值",
    );
    let legend = canvas.words(&legend);
    let middle = [super::MARGIN, canvas.top + 12.0];
    canvas.paragraph(middle, Anchor::Start, &legend, (canvas.width - 2.0 * super::MARGIN, 3), Ink::SMALL);
    canvas.top += 34.0;
    let labels: Vec<String> = boxes
        .iter()
        .map(|group| {
            let median = group.five.map_or_else(String::new, |five| shown(five[2], format, canvas.voice));
            canvas.words(&text!("median {median}", "中位数 {median}"))
        })
        .collect();
    let widest = labels.iter().map(|label| text_width(label, SMALL) + 2.0 * PAD);
    let plan = RowsPlan {
        names: names.iter().collect(),
        height: BOX,
        range: span,
        axis: &plot.value,
        pads: [0.0, widest.fold(12.0, f64::max)],
        guides: &[],
    };
    let rows = Rows::new(canvas, &plan);
    for ((group, label), &top) in boxes.iter().zip(&labels).zip(&rows.tops) {
        let (middle, room) = (top + BOX / 2.0, canvas.width);
        let Some(five) = group.five else {
            let left = rows.scale.place(span[0]);
            canvas.label_if_free([left + PAD, middle + 4.0], Anchor::Start, DASH, room, Ink::SMALL);
            continue;
        };
        let [least, lower, median, upper, greatest] = five.map(|number| rows.scale.place(number));
        canvas.line([least, middle], [greatest, middle], INK, 1.2, "");
        for end in [least, greatest] {
            canvas.line([end, top + 4.0], [end, top + BOX - 4.0], INK, 1.2, "");
        }
        let hint = five.map(|number| shown(number, format, canvas.voice)).join(" · ");
        let area =
            Area { left: lower, top: top + 1.0, right: upper.max(lower + 1.0), bottom: top + BOX - 1.0 };
        canvas.area(area, MIDDLE_HALF, Some(&hint));
        canvas.line([median, top], [median, top + BOX], INK, 2.6, "");
        canvas.label([greatest + PAD, middle + 4.0], Anchor::Start, label, room, Ink::SMALL);
    }
    canvas.more_rows(plot.boxes.len() - boxes.len());
}

pub(super) fn profile(canvas: &mut Canvas, plot: &Profile) {
    let count = plot.rows.len().min(ROWS_MAX);
    let values = plot.series.iter().flat_map(|series| series.values.iter().take(count)).flatten().copied();
    let Some(span) = range(values) else { return canvas.nothing() };
    let entries = plot.series.iter().enumerate();
    let entries = entries.map(|(at, series)| (Mark::Point(at), canvas.words(&series.name)));
    let entries: Vec<_> = entries.collect();
    canvas.legend(&entries);
    let plan = RowsPlan {
        names: plot.rows.iter().take(count).collect(),
        height: ROW,
        range: with_zero(span),
        axis: &plot.value,
        pads: [8.0, 14.0],
        guides: &[],
    };
    let rows = Rows::new(canvas, &plan);
    rows.finish(canvas, &[]);
    match plot.link {
        Link::Along => (0..plot.series.len()).for_each(|at| along(canvas, &rows, plot, at)),
        Link::Between => (0..count).for_each(|row| between(canvas, &rows, plot, row)),
    }
    // Draws the first series last, so that its marks are on top.
    for (at, series) in plot.series.iter().enumerate().rev() {
        let name = canvas.words(&series.name);
        for ((value, row), top) in series.values.iter().zip(&plot.rows).zip(&rows.tops) {
            if let Some(value) = value {
                let label = shown(*value, plot.value.format, canvas.voice);
                let hint = format!("{}, {name}: {label}", canvas.words(row));
                canvas.point([rows.scale.place(*value), top + ROW / 2.0], at, Some(&hint));
            }
        }
    }
    canvas.more_rows(plot.rows.len() - count);
}

/// The line of a series from row to row. It breaks where a value is unknown.
fn along(canvas: &mut Canvas, rows: &Rows, plot: &Profile, at: usize) {
    let mut path = String::new();
    let mut is_broken = true;
    for (value, top) in plot.series[at].values.iter().zip(&rows.tops) {
        let Some(value) = value else {
            is_broken = true;
            continue;
        };
        let step = if is_broken { 'M' } else { 'L' };
        let _ = write!(path, "{step}{} {}", short(rows.scale.place(*value)), short(top + ROW / 2.0));
        is_broken = false;
    }
    canvas.path(&path, paint::line(at), 1.4, paint::dashes(at));
}

/// The line between the marks of a row.
fn between(canvas: &mut Canvas, rows: &Rows, plot: &Profile, row: usize) {
    let values = plot.series.iter().filter_map(|series| series.values.get(row).copied().flatten());
    if let Some([low, high]) = range(values) {
        let y = rows.tops[row] + ROW / 2.0;
        canvas.line([rows.scale.place(low), y], [rows.scale.place(high), y], FAINT, 2.0, "");
    }
}
