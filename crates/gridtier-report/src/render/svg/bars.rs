//! Bars: grouped, stacked, as a waterfall and as a tornado.

use crate::chart::{Arrangement, Bars, Guide, Series, StepKind, Tornado, Waterfall};
use crate::format::DASH;
use crate::table::ColumnFormat;
use gridtier::index::float;
use gridtier::text::Text;

use super::SMALL;
use super::canvas::{Anchor, Area, Canvas, Ink, Mark};
use super::paint::{self, DOWN, FAINT, Paint, SUM, UP};
use super::rows::{PAD, ROWS_MAX, Rows, RowsPlan};
use super::scale::{range, shown, shown_among, with_zero};
use super::text_width::text_width;

/// Height of a bar.
const BAR: f64 = 14.0;
/// Height of a bar that is alone in its row.
const WIDE_BAR: f64 = 18.0;

pub(super) fn bars(canvas: &mut Canvas, bars: &Bars) {
    match bars.arrangement {
        Arrangement::Grouped => grouped(canvas, bars),
        Arrangement::Stacked => stacked(canvas, bars),
    }
}

fn series_legend(canvas: &mut Canvas, series: &[Series]) {
    if series.len() > 1 {
        let entries = series.iter().enumerate();
        let entries = entries.map(|(at, one)| (Mark::Fill(paint::series(at)), canvas.words(&one.name)));
        let entries: Vec<_> = entries.collect();
        canvas.legend(&entries);
    }
}

/// Widths of the widest label of negative numbers, and of the widest one of other numbers.
fn pads(numbers: impl Iterator<Item = f64>, format: ColumnFormat, canvas: &Canvas) -> [f64; 2] {
    let mut pads = [0.0_f64, 0.0];
    for number in numbers {
        let width = text_width(&shown(number, format, canvas.voice), SMALL) + 2.0 * PAD;
        let side = usize::from(number >= 0.0);
        pads[side] = pads[side].max(width);
    }
    pads
}

fn grouped(canvas: &mut Canvas, bars: &Bars) {
    let count = bars.categories.len().min(ROWS_MAX);
    let numbers =
        || bars.series.iter().flat_map(|series| series.values.iter().take(count)).flatten().copied();
    let Some(span) = range(numbers().chain(bars.guides.iter().map(|guide| guide.at))) else {
        return canvas.nothing();
    };
    series_legend(canvas, &bars.series);
    let height = if bars.series.len() == 1 { WIDE_BAR } else { BAR };
    let plan = RowsPlan {
        names: bars.categories.iter().take(count).collect(),
        height: height * float(bars.series.len()),
        range: with_zero(span),
        axis: &bars.value,
        pads: pads(numbers(), bars.value.format, canvas),
        guides: &bars.guides,
    };
    let rows = Rows::new(canvas, &plan);
    rows.finish(canvas, &bars.guides);
    for (row, top) in rows.tops.iter().enumerate() {
        for (at, series) in bars.series.iter().enumerate() {
            let top = top + height * float(at);
            let value = series.values.get(row).copied().flatten();
            bar(canvas, &rows, value, bars.value.format, (top, top + height - 1.0), paint::series(at));
        }
    }
    canvas.more_rows(bars.categories.len() - count);
}

/// Draws a bar from zero with its number at its end. Without a number, draws a dash.
fn bar(
    canvas: &mut Canvas,
    rows: &Rows,
    value: Option<f64>,
    format: ColumnFormat,
    (top, bottom): (f64, f64),
    paint: Paint,
) {
    let baseline = (top + bottom) / 2.0 + 4.0;
    let zero = rows.scale.place(0.0);
    let Some(value) = value else {
        let room = canvas.width;
        canvas.label_if_free([zero + PAD, baseline], Anchor::Start, DASH, room, Ink::SMALL);
        return;
    };
    let end = rows.scale.place(value);
    let area = Area { left: zero.min(end), top, right: zero.max(end), bottom };
    canvas.area(area, paint, None);
    number_beside(canvas, value, format, [area.left, area.right, baseline]);
}

fn number_beside(canvas: &mut Canvas, value: f64, format: ColumnFormat, [left, right, baseline]: [f64; 3]) {
    let label = shown(value, format, canvas.voice);
    let room = canvas.width;
    match value < 0.0 {
        true => canvas.label([left - PAD, baseline], Anchor::End, &label, room, Ink::NUMBER),
        false => canvas.label([right + PAD, baseline], Anchor::Start, &label, room, Ink::NUMBER),
    }
}

fn stacked(canvas: &mut Canvas, bars: &Bars) {
    let count = bars.categories.len().min(ROWS_MAX);
    let sums = (0..count).flat_map(|row| {
        let values =
            || bars.series.iter().filter_map(move |series| series.values.get(row).copied().flatten());
        let above: f64 = values().filter(|value| *value > 0.0).sum();
        let below: f64 = values().filter(|value| *value < 0.0).sum();
        values().next().map(|_| [above, below])
    });
    let Some(span) = range(sums.flatten()) else { return canvas.nothing() };
    series_legend(canvas, &bars.series);
    let plan = RowsPlan {
        names: bars.categories.iter().take(count).collect(),
        height: WIDE_BAR,
        range: with_zero(span),
        axis: &bars.value,
        pads: [0.0, 12.0],
        guides: &bars.guides,
    };
    let rows = Rows::new(canvas, &plan);
    for (row, &top) in rows.tops.iter().enumerate() {
        let mut ends = [0.0, 0.0];
        for (at, series) in bars.series.iter().enumerate() {
            let Some(value) = series.values.get(row).copied().flatten().filter(|value| *value != 0.0) else {
                continue;
            };
            let end = &mut ends[usize::from(value >= 0.0)];
            let (from, to) = (rows.scale.place(*end), rows.scale.place(*end + value));
            *end += value;
            let area = Area { left: from.min(to), top, right: from.max(to), bottom: top + WIDE_BAR };
            let name = canvas.words(&series.name);
            segment(canvas, area, paint::series(at), (&name, value, bars.value.format));
        }
    }
    rows.finish(canvas, &bars.guides);
    canvas.more_rows(bars.categories.len() - count);
}

/// Draws a part of a stacked bar, with its number if that fits.
fn segment(canvas: &mut Canvas, area: Area, paint: Paint, (name, value, format): (&str, f64, ColumnFormat)) {
    let label = shown(value, format, canvas.voice);
    canvas.area(area, paint, Some(&format!("{name}: {label}")));
    if paint.hatch.is_none() {
        let middle = [(area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0 + 4.0];
        let colour = if paint.is_dark { "#ffffff" } else { paint::INK };
        let ink = Ink { colour, ..Ink::SMALL };
        canvas.label_if_free(middle, Anchor::Middle, &label, area.right - area.left - PAD, ink);
    }
}

pub(super) fn waterfall(canvas: &mut Canvas, plot: &Waterfall) {
    let steps = &plot.steps[..plot.steps.len().min(ROWS_MAX)];
    let mut sum = 0.0;
    let mut spans = Vec::new();
    for step in steps {
        let value = step.value.filter(|value| value.is_finite());
        spans.push(value.map(|value| match step.kind {
            StepKind::Total => [0.0, value],
            StepKind::Change => [sum, sum + value],
        }));
        if let Some([_, end]) = spans.last().copied().flatten() {
            sum = end;
        }
    }
    let Some(span) = range(spans.iter().flatten().flatten().copied()) else { return canvas.nothing() };
    waterfall_legend(canvas, plot);
    let format = plot.value.format;
    let widest = steps
        .iter()
        .filter_map(|step| step.value)
        .map(|value| text_width(&signed(&shown(value, format, canvas.voice), value), SMALL) + 2.0 * PAD);
    let plan = RowsPlan {
        names: steps.iter().map(|step| &step.name).collect(),
        height: WIDE_BAR,
        range: with_zero(span),
        axis: &plot.value,
        pads: [0.0, widest.fold(12.0, f64::max)],
        guides: &[],
    };
    let rows = Rows::new(canvas, &plan);
    let mut last_end = None;
    for ((step, span), &top) in steps.iter().zip(&spans).zip(&rows.tops) {
        let Some([from, to]) = *span else {
            let zero = rows.scale.place(0.0);
            let room = canvas.width;
            canvas.label_if_free([zero + PAD, top + 13.0], Anchor::Start, DASH, room, Ink::SMALL);
            continue;
        };
        let (start, end) = (rows.scale.place(from), rows.scale.place(to));
        if let Some((x, bottom)) = last_end {
            canvas.line([x, bottom], [x, top], FAINT, 1.0, "2 2");
        }
        last_end = Some((end, top + WIDE_BAR));
        let paint = match step.kind {
            StepKind::Total => SUM,
            StepKind::Change if to < from => DOWN,
            StepKind::Change => UP,
        };
        let area = Area { left: start.min(end), top, right: start.max(end), bottom: top + WIDE_BAR };
        canvas.area(area, paint, None);
        let value = step.value.unwrap_or_default();
        let label = shown(value, format, canvas.voice);
        let label = if step.kind == StepKind::Change { signed(&label, value) } else { label };
        let room = canvas.width;
        canvas.label([area.right + PAD, top + 13.0], Anchor::Start, &label, room, Ink::SMALL);
    }
    rows.finish(canvas, &[]);
    canvas.more_rows(plot.steps.len() - steps.len());
}

fn signed(label: &str, value: f64) -> String {
    if value > 0.0 { format!("+{label}") } else { label.to_owned() }
}

fn waterfall_legend(canvas: &mut Canvas, plot: &Waterfall) {
    let changes =
        || plot.steps.iter().filter(|step| step.kind == StepKind::Change).filter_map(|step| step.value);
    let has_total = plot.steps.iter().any(|step| step.kind == StepKind::Total);
    let entries = [
        (UP, Text::new("adds", "增加"), changes().any(|value| value >= 0.0)),
        (DOWN, Text::new("takes off", "减少"), changes().any(|value| value < 0.0)),
        (SUM, Text::new("total", "合计"), has_total),
    ];
    let entries = entries.iter().filter(|entry| entry.2);
    let entries = entries.map(|(paint, name, _)| (Mark::Fill(*paint), canvas.words(name)));
    let entries: Vec<_> = entries.collect();
    canvas.legend(&entries);
}

pub(super) fn tornado(canvas: &mut Canvas, plot: &Tornado) {
    let items = &plot.items[..plot.items.len().min(ROWS_MAX)];
    let ends = || items.iter().flat_map(|item| [item.low, item.high]).flatten();
    let Some(span) = range(ends().chain([plot.base])).filter(|_| ends().next().is_some()) else {
        return canvas.nothing();
    };
    let entries = [(UP, &plot.high), (DOWN, &plot.low)];
    let entries = entries.map(|(paint, name)| (Mark::Fill(paint), canvas.words(name)));
    canvas.legend(&entries);
    let label = |value: f64| shown_among(value, span[1] - span[0], plot.value.format, canvas.voice);
    let widest = ends().map(|end| text_width(&label(end), SMALL) + 2.0 * PAD);
    let widest = widest.fold(0.0, f64::max);
    let base = [Guide {
        name: Text::new(format!("as it is: {}", label(plot.base)), format!("现状：{}", label(plot.base))),
        at: plot.base,
    }];
    let plan = RowsPlan {
        names: items.iter().map(|item| &item.name).collect(),
        height: 2.0 * BAR,
        range: span,
        axis: &plot.value,
        pads: [widest, widest],
        guides: &base,
    };
    let rows = Rows::new(canvas, &plan);
    for (item, &top) in items.iter().zip(&rows.tops) {
        let labelled = |value: Option<f64>| {
            Some((value?, shown_among(value?, span[1] - span[0], plot.value.format, canvas.voice)))
        };
        let [high, low] = [item.high, item.low].map(labelled);
        tornado_bar(canvas, &rows, plot.base, high, (top, UP));
        tornado_bar(canvas, &rows, plot.base, low, (top + BAR, DOWN));
    }
    rows.finish(canvas, &base);
    canvas.more_rows(plot.items.len() - items.len());
}

fn tornado_bar(
    canvas: &mut Canvas,
    rows: &Rows,
    base_value: f64,
    end: Option<(f64, String)>,
    (top, paint): (f64, Paint),
) {
    let base = rows.scale.place(base_value);
    let room = canvas.width;
    let Some((value, label)) = end else {
        canvas.label_if_free([base + PAD, top + 11.0], Anchor::Start, DASH, room, Ink::SMALL);
        return;
    };
    let end = rows.scale.place(value);
    let area = Area { left: base.min(end), top, right: base.max(end), bottom: top + BAR - 1.0 };
    canvas.area(area, paint, None);
    let is_left = value < base_value;
    let (x, anchor) =
        if is_left { (area.left - PAD, Anchor::End) } else { (area.right + PAD, Anchor::Start) };
    canvas.label([x, top + 11.0], anchor, &label, room, Ink::SMALL);
}
