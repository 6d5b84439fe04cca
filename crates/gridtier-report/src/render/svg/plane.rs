//! Plots with two axes: curves, columns over time, histograms.

use std::fmt::Write;

use crate::chart::{Axis, Columns, Curve, Guide, Histogram, Lines, Stroke};
use crate::format::DASH;
use gridtier::index::float;
use gridtier::text::Text;

use super::canvas::{Anchor, Area, Canvas, Ink, Mark, short};
use super::paint::{self, FAINT, INK, UNKNOWN};
use super::rows::{guide_names, horizontal_axis};
use super::scale::{Scale, range, shown, with_zero};
use super::text_width::text_width;
use super::{MARGIN, SMALL};

/// Maximum number of points of a curve, of bins and of columns that are drawn.
const POINTS_MAX: usize = 400;
/// Height of a plot as a share of its width, and the limits of the height.
const HEIGHT_SHARE: f64 = 0.42;
const HEIGHTS: [f64; 2] = [190.0, 320.0];
/// Minimum height of a step of the vertical axis.
const STEP: f64 = 42.0;

/// The frame of a plot with two axes.
struct Plane {
    area: Area,
    y: Scale,
}

impl Plane {
    /// Draws the title of the vertical axis and reserves space for its labels.
    fn new(canvas: &mut Canvas, span: [f64; 2], axis: &Axis) -> Self {
        let height = (HEIGHT_SHARE * canvas.width).clamp(HEIGHTS[0], HEIGHTS[1]);
        let title = canvas.words(&axis.title);
        if !title.is_empty() {
            let room = canvas.width - 2.0 * MARGIN;
            canvas.label([MARGIN, canvas.top + 12.0], Anchor::Start, &title, room, Ink::SMALL);
            canvas.top += 20.0;
        }
        let ticks_max = (height / STEP) as usize;
        let y = Scale::new(span, [0.0, 1.0], ticks_max);
        let labels: Vec<String> = y.ticks.iter().map(|tick| y.label(*tick, axis)).collect();
        let widest = labels.iter().map(|label| text_width(label, SMALL)).fold(0.0, f64::max);
        let left = MARGIN + widest + 8.0;
        let area = Area {
            left,
            top: canvas.top + 8.0,
            right: canvas.width - MARGIN - 8.0,
            bottom: canvas.top + 8.0 + height,
        };
        Self { area, y: Scale::new(span, [area.bottom, area.top], ticks_max) }
    }

    /// The plane with its vertical axis drawn, and the scale of a horizontal axis with the names of guides above it.
    fn with_x(
        canvas: &mut Canvas,
        [span_x, span_y]: [[f64; 2]; 2],
        [x, y]: [&Axis; 2],
        guides: &[Guide],
    ) -> (Self, Scale) {
        let plane = Self::new(canvas, span_y, y);
        let scale = Scale::horizontal(span_x, [plane.area.left, plane.area.right], x);
        guide_names(canvas, &scale, guides);
        let plane = plane.below(canvas, span_y);
        plane.draw_y(canvas, y);
        (plane, scale)
    }

    /// Moves the plot below the parts that are already drawn.
    fn below(self, canvas: &Canvas, span: [f64; 2]) -> Self {
        let height = self.area.bottom - self.area.top;
        let area = Area { top: canvas.top + 8.0, bottom: canvas.top + 8.0 + height, ..self.area };
        Self { area, y: Scale::new(span, [area.bottom, area.top], (height / STEP) as usize) }
    }

    fn draw_y(&self, canvas: &mut Canvas, axis: &Axis) {
        for &tick in &self.y.ticks {
            let y = self.y.place(tick);
            canvas.grid_line([self.area.left, y], [self.area.right, y]);
            let label = self.y.label(tick, axis);
            let room = self.area.left;
            canvas.label([self.area.left - 6.0, y + 4.0], Anchor::End, &label, room, Ink::SMALL);
        }
    }

    fn draw_guides(&self, canvas: &mut Canvas, x: &Scale, guides: &[Guide]) {
        for guide in guides.iter().filter(|guide| guide.at.is_finite()) {
            let x = x.place(guide.at);
            // A white line below the guide keeps it visible where it crosses dark bars.
            canvas.line([x, self.area.top - 6.0], [x, self.area.bottom], "#ffffff", 3.2, "");
            canvas.line([x, self.area.top - 6.0], [x, self.area.bottom], INK, 1.2, "5 3");
        }
    }

    fn draw_base(&self, canvas: &mut Canvas) {
        let zero = self.y.place(0.0);
        canvas.line([self.area.left, zero], [self.area.right, zero], FAINT, 1.0, "");
    }
}

pub(super) fn lines(canvas: &mut Canvas, plot: &Lines) {
    let points =
        || plot.curves.iter().flat_map(|curve| &curve.points).filter(|[x, y]| x.is_finite() && y.is_finite());
    let (Some(span_x), Some(span_y)) =
        (range(points().map(|point| point[0])), range(points().map(|point| point[1])))
    else {
        return canvas.nothing();
    };
    let span_y = with_zero(span_y);
    let entries = plot.curves.iter().enumerate().map(|(at, curve)| {
        let mark = if curve.stroke == Stroke::Reference { Mark::Reference } else { Mark::Line(at) };
        (mark, canvas.words(&curve.name))
    });
    let entries: Vec<_> = entries.collect();
    canvas.legend(&entries);
    let (plane, x) = Plane::with_x(canvas, [span_x, span_y], [&plot.x, &plot.y], &plot.guides);
    for &tick in &x.ticks {
        canvas.grid_line([x.place(tick), plane.area.top], [x.place(tick), plane.area.bottom]);
    }
    plane.draw_base(canvas);
    plane.draw_guides(canvas, &x, &plot.guides);
    for (at, curve) in plot.curves.iter().enumerate() {
        draw_curve(canvas, curve, at, [&x, &plane.y]);
    }
    canvas.top = plane.area.bottom;
    horizontal_axis(canvas, &x, &plot.x);
}

fn draw_curve(canvas: &mut Canvas, curve: &Curve, at: usize, [x, y]: [&Scale; 2]) {
    let points = crate::chart::thinned(&curve.points, POINTS_MAX);
    let places: Vec<[f64; 2]> = points
        .iter()
        .filter(|point| point.iter().all(|number| number.is_finite()))
        .map(|point| [x.place(point[0]), y.place(point[1])])
        .collect();
    if let [single] = places[..] {
        canvas.point(single, at, None);
        return;
    }
    let mut path = String::new();
    for (position, [x, y]) in places.iter().map(|place| place.map(short)).enumerate() {
        let _ = match (position, curve.stroke) {
            (0, _) => write!(path, "M{x} {y}"),
            (_, Stroke::Steps) => write!(path, "H{x}V{y}"),
            _ => write!(path, "L{x} {y}"),
        };
    }
    match curve.stroke {
        Stroke::Reference => canvas.path(&path, FAINT, 1.0, "3 3"),
        Stroke::Straight | Stroke::Steps => canvas.path(&path, paint::line(at), 2.2, paint::dashes(at)),
    }
}

pub(super) fn columns(canvas: &mut Canvas, plot: &Columns) {
    let count = plot.categories.len().min(POINTS_MAX);
    let values = plot.series.iter().flat_map(|series| series.values.iter().take(count)).flatten().copied();
    let Some(span) = range(values.chain(plot.guides.iter().map(|guide| guide.at))) else {
        return canvas.nothing();
    };
    let span = with_zero(span);
    columns_legend(canvas, plot, count);
    let plane = Plane::new(canvas, span, &plot.value);
    plane.draw_y(canvas, &plot.value);
    let band = (plane.area.right - plane.area.left) / float(count.max(1));
    draw_columns(canvas, plot, &plane, count);
    plane.draw_base(canvas);
    for (at, series) in plot.series.iter().enumerate().skip(1) {
        let mut run = Vec::new();
        for (position, value) in series.values.iter().take(count).enumerate() {
            let middle = plane.area.left + band * (float(position) + 0.5);
            match value {
                Some(value) => run.push([middle, plane.y.place(*value)]),
                None => draw_run(canvas, &std::mem::take(&mut run), at),
            }
        }
        draw_run(canvas, &run, at);
    }
    for guide in &plot.guides {
        let y = plane.y.place(guide.at);
        canvas.line([plane.area.left, y], [plane.area.right, y], INK, 1.2, "5 3");
        let name = canvas.words(&guide.name);
        let room = plane.area.right - plane.area.left;
        canvas.label([plane.area.right - 4.0, y - 4.0], Anchor::End, &name, room, Ink::SMALL);
    }
    canvas.top = plane.area.bottom;
    category_names(canvas, &plot.categories[..count], (plane.area.left, band));
}

/// The columns of the first series; one that is not known is as high as the plot, and hatched.
fn draw_columns(canvas: &mut Canvas, plot: &Columns, plane: &Plane, count: usize) {
    let band = (plane.area.right - plane.area.left) / float(count.max(1));
    let Some(first) = plot.series.first() else { return };
    for (at, value) in first.values.iter().take(count).enumerate() {
        let [left, right] = [-0.38, 0.38].map(|side| plane.area.left + band * (float(at) + 0.5 + side));
        let name = canvas.words(&plot.categories[at]);
        match value {
            Some(value) => {
                let (zero, end) = (plane.y.place(0.0), plane.y.place(*value));
                let area = Area { left, top: zero.min(end), right, bottom: zero.max(end) };
                let hint = format!("{name}: {}", shown(*value, plot.value.format, canvas.voice));
                canvas.area(area, paint::series(2), Some(&hint));
            }
            None => {
                let area = Area { left, top: plane.area.top, right, bottom: plane.area.bottom };
                canvas.area(area, UNKNOWN, Some(&format!("{name}: {DASH}")));
            }
        }
    }
}

/// Draws a run of known values of a series as a line, or a single value as a mark.
fn draw_run(canvas: &mut Canvas, run: &[[f64; 2]], at: usize) {
    let mut path = String::new();
    for (position, [x, y]) in run.iter().map(|place| place.map(short)).enumerate() {
        let _ = write!(path, "{}{x} {y}", if position == 0 { 'M' } else { 'L' });
    }
    if run.len() > 1 {
        canvas.path(&path, paint::line(at), 2.0, paint::dashes(at));
    }
    if run.len() <= 36 {
        run.iter().for_each(|&place| canvas.point(place, at, None));
    }
}

fn columns_legend(canvas: &mut Canvas, plot: &Columns, count: usize) {
    let mut entries: Vec<(Mark, String)> = Vec::new();
    if plot.series.len() > 1 {
        for (at, series) in plot.series.iter().enumerate() {
            let mark = if at == 0 { Mark::Fill(paint::series(2)) } else { Mark::Point(at) };
            entries.push((mark, canvas.words(&series.name)));
        }
    }
    if plot.series.first().is_some_and(|first| first.values.iter().take(count).any(Option::is_none)) {
        entries.push((Mark::Fill(UNKNOWN), canvas.words(&Text::new("no data", "无数据"))));
    }
    if !entries.is_empty() {
        canvas.legend(&entries);
    }
}

/// Writes as many names below columns as fit, evenly spaced.
fn category_names(canvas: &mut Canvas, categories: &[Text], (left, band): (f64, f64)) {
    let names: Vec<String> = categories.iter().map(|name| canvas.words(name)).collect();
    let widest = names.iter().map(|name| text_width(name, SMALL)).fold(0.0, f64::max) + 8.0;
    let every = ((widest / band).ceil() as usize).max(1);
    let baseline = canvas.top + 17.0;
    for (at, name) in names.iter().enumerate().step_by(every) {
        let half = text_width(name, SMALL) / 2.0;
        let x = (left + band * (float(at) + 0.5)).clamp(half, (canvas.width - half).max(half));
        let room = canvas.width;
        canvas.label_if_free([x, baseline], Anchor::Middle, name, room, Ink::SMALL);
    }
    canvas.top = baseline + 6.0;
}

pub(super) fn histogram(canvas: &mut Canvas, plot: &Histogram) {
    let bins = plot.edges.len().saturating_sub(1).min(POINTS_MAX);
    let sums = (0..bins).map(|bin| -> f64 {
        plot.series.iter().filter_map(|series| series.values.get(bin).copied().flatten()).sum()
    });
    let edges = plot.edges.iter().take(bins + 1).copied().chain(plot.guides.iter().map(|guide| guide.at));
    let (Some(span_x), Some(span_y)) = (range(edges), range(sums)) else {
        return canvas.nothing();
    };
    let span_y = with_zero(span_y);
    if plot.series.len() > 1 {
        let entries = plot.series.iter().enumerate();
        let entries = entries.map(|(at, series)| (Mark::Fill(paint::series(at)), canvas.words(&series.name)));
        let entries: Vec<_> = entries.collect();
        canvas.legend(&entries);
    }
    let (plane, x) = Plane::with_x(canvas, [span_x, span_y], [&plot.x, &plot.y], &plot.guides);
    for bin in 0..bins {
        let (left, right) = (x.place(plot.edges[bin]), x.place(plot.edges[bin + 1]));
        let mut below = 0.0;
        for (at, series) in plot.series.iter().enumerate() {
            let Some(count) = series.values.get(bin).copied().flatten().filter(|count| *count > 0.0) else {
                continue;
            };
            let area = Area { left, top: plane.y.place(below + count), right, bottom: plane.y.place(below) };
            below += count;
            let from_to = [bin, bin + 1].map(|edge| x_label(plot, edge, canvas)).join(" – ");
            let hint = format!("{from_to}: {}", shown(count, plot.y.format, canvas.voice));
            canvas.area(area, paint::series(at), Some(&hint));
        }
    }
    plane.draw_base(canvas);
    plane.draw_guides(canvas, &x, &plot.guides);
    canvas.top = plane.area.bottom;
    horizontal_axis(canvas, &x, &plot.x);
}

fn x_label(plot: &Histogram, edge: usize, canvas: &Canvas) -> String {
    shown(plot.edges[edge], plot.x.format, canvas.voice)
}
