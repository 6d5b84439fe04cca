//! Flows: ribbons between the groups on two sides. The width of a ribbon is the number of customers that went that
//! way.

use std::fmt::Write;

use crate::chart::Flow;
use crate::format::percent;
use gridtier::index::float;
use gridtier::text::Text;

use super::canvas::{Anchor, Area, Canvas, Ink, Mark, short};
use super::paint::{self, DOWN, IN_OR_OUT, Paint, SAME, SUM, UP};
use super::scale::shown;
use super::text_width::text_width;
use super::{MARGIN, SMALL};

/// Maximum number of groups on a side.
const PLACES_MAX: usize = 24;
/// Height of all groups of a side together.
const HEIGHT: f64 = 280.0;
/// Minimum distance between the middles of two groups, since their names have two lines.
const DISTANCE: f64 = 34.0;
const GAP: f64 = 10.0;
/// Width of the bar of a group.
const BAR: f64 = 14.0;
/// Number of hatching lines across a ribbon, and the minimum height of a hatched ribbon.
const HATCHES: usize = 24;
const HATCHED_FROM: f64 = 3.0;
/// Share of the width that the names of a side may take.
const NAMES_SHARE: f64 = 0.27;

pub(super) fn flow(canvas: &mut Canvas, flow: &Flow) {
    let (lefts, rights) = (flow.from.len().min(PLACES_MAX), flow.to.len().min(PLACES_MAX));
    let value = |left: usize, right: usize| -> f64 {
        let value = flow.values.get(left).and_then(|row| row.get(right)).copied().unwrap_or(0.0);
        if value.is_finite() { value.max(0.0) } else { 0.0 }
    };
    let from: Vec<f64> = (0..lefts).map(|left| (0..rights).map(|right| value(left, right)).sum()).collect();
    let to: Vec<f64> = (0..rights).map(|right| (0..lefts).map(|left| value(left, right)).sum()).collect();
    let total: f64 = from.iter().sum();
    if total <= 0.0 {
        return canvas.nothing();
    }
    legend(canvas, flow);
    let names = NAMES_SHARE * canvas.width;
    let ends = [MARGIN + names + BAR, canvas.width - MARGIN - names - BAR];
    // Each title is above the bars of its side and the names beside them.
    let titles = [(&flow.from_title, ends[0], Anchor::End), (&flow.to_title, ends[1], Anchor::Start)];
    for (title, x, anchor) in titles {
        let title = canvas.words(title);
        let ink = Ink { is_bold: true, ..Ink::PLAIN };
        canvas.label([x, canvas.top + 12.0], anchor, &title, names + BAR, ink);
    }
    canvas.top += 24.0;
    let scale = HEIGHT / total;
    let (from_tops, from_bottom) = places(&from, scale, canvas.top);
    let (to_tops, to_bottom) = places(&to, scale, canvas.top);
    let mut from_used = from_tops.clone();
    let mut to_used = to_tops.clone();
    for (left, from_top) in from_used.iter_mut().enumerate() {
        for (right, to_top) in to_used.iter_mut().enumerate() {
            let height = value(left, right) * scale;
            if height > 0.0 {
                let link =
                    Ribbon { left, right, value: value(left, right), share: value(left, right) / total };
                draw_link(canvas, flow, &link, (ends, [*from_top, *to_top, height]));
                *from_top += height;
                *to_top += height;
            }
        }
    }
    let format = flow.format;
    for (at, (&top, &sum)) in from_tops.iter().zip(&from).enumerate() {
        let label = (canvas.words(&flow.from[at]), shown(sum, format, canvas.voice), sum / total);
        place(canvas, [ends[0] - BAR, top, sum * scale], Anchor::End, &label, names);
    }
    for (at, (&top, &sum)) in to_tops.iter().zip(&to).enumerate() {
        let label = (canvas.words(&flow.to[at]), shown(sum, format, canvas.voice), sum / total);
        place(canvas, [ends[1], top, sum * scale], Anchor::Start, &label, names);
    }
    canvas.top = from_bottom.max(to_bottom) + 8.0;
}

struct Ribbon {
    left: usize,
    right: usize,
    value: f64,
    share: f64,
}

/// The upper edges of the bars of a side, far enough apart for their names, and the lower end of the side.
fn places(sums: &[f64], scale: f64, top: f64) -> (Vec<f64>, f64) {
    let mut tops = Vec::new();
    let mut bottom = top;
    let mut last_middle = f64::NEG_INFINITY;
    for sum in sums {
        let height = sum * scale;
        let start =
            if tops.is_empty() { top + (DISTANCE / 2.0 - height / 2.0).max(0.0) } else { bottom + GAP };
        let middle = (start + height / 2.0).max(last_middle + DISTANCE);
        tops.push(middle - height / 2.0);
        bottom = middle + height / 2.0;
        last_middle = middle;
    }
    (tops, bottom.max(last_middle + DISTANCE / 2.0))
}

/// The number of groups with which both sides begin, such as the tiers. The colour of a ribbon between two of them says
/// whether it rises or falls. All other groups are ways in or out.
fn shared_places(flow: &Flow) -> usize {
    let pairs = flow.from.iter().zip(&flow.to);
    pairs.take_while(|(from, to)| from.en == to.en && from.zh == to.zh).count()
}

fn paint_of(flow: &Flow, left: usize, right: usize) -> Paint {
    let shared = shared_places(flow);
    match left.cmp(&right) {
        _ if shared < 2 => paint::series(left),
        _ if left >= shared || right >= shared => IN_OR_OUT,
        std::cmp::Ordering::Equal => SAME,
        std::cmp::Ordering::Greater => UP,
        std::cmp::Ordering::Less => DOWN,
    }
}

fn legend(canvas: &mut Canvas, flow: &Flow) {
    if shared_places(flow) < 2 {
        return;
    }
    let entries = [
        (SAME, Text::new("stays", "不变")),
        (UP, Text::new("rises", "上升")),
        (DOWN, Text::new("falls", "下降")),
        (IN_OR_OUT, Text::new("joins or leaves", "新增或退出")),
    ];
    let has_others = flow.values.iter().enumerate().any(|(left, row)| {
        let mut values = row.iter().enumerate();
        values.any(|(right, value)| *value > 0.0 && paint_of(flow, left, right) == IN_OR_OUT)
    });
    let entries = entries.into_iter().filter(|(paint, _)| has_others || *paint != IN_OR_OUT);
    let entries: Vec<_> = entries.map(|(paint, name)| (Mark::Fill(paint), canvas.words(&name))).collect();
    canvas.legend(&entries);
}

fn draw_link(
    canvas: &mut Canvas,
    flow: &Flow,
    link: &Ribbon,
    ([x0, x1], [y0, y1, height]): ([f64; 2], [f64; 3]),
) {
    let height = height.max(0.6);
    let half = short((x0 + x1) / 2.0);
    let [start, end] = [x0, x1].map(short);
    let [a, b, c, d] = [y0, y1, y1 + height, y0 + height].map(short);
    let path = format!("M{start} {a}C{half} {a} {half} {b} {end} {b}V{c}C{half} {c} {half} {d} {start} {d}z");
    let (from, to) = (canvas.words(&flow.from[link.left]), canvas.words(&flow.to[link.right]));
    let count = shown(link.value, flow.format, canvas.voice);
    let hint = format!("{from} → {to}: {count} ({})", percent(link.share));
    let paint = paint_of(flow, link.left, link.right);
    canvas.ribbon(&path, paint.colour, &hint);
    if let Some(hatch) = paint.hatch.filter(|_| height >= HATCHED_FROM) {
        let strokes = hatches([x0, x1], [y0, y1, height]);
        canvas.path(&strokes, hatch, 0.8, "");
    }
}

/// The path of hatching lines across a ribbon, from its upper edge to its lower one.
fn hatches([x0, x1]: [f64; 2], [y0, y1, height]: [f64; 3]) -> String {
    let mut strokes = String::new();
    for at in 1..HATCHES {
        let [from, to] = [float(at), float(at) + 0.5].map(|at| {
            let t = at / float(HATCHES);
            let x = x0 + (x1 - x0) * (1.5 * t * (1.0 - t) + t * t * t);
            [x, y0 + (y1 - y0) * t * t * (3.0 - 2.0 * t)]
        });
        let [x, y, end_x, end_y] = [from[0], from[1] + height, to[0], to[1]].map(short);
        let _ = write!(strokes, "M{x} {y}L{end_x} {end_y}");
    }
    strokes
}

/// Draws the bar of a group with its name and number.
fn place(
    canvas: &mut Canvas,
    [left, top, height]: [f64; 3],
    anchor: Anchor,
    (name, count, share): &(String, String, f64),
    room: f64,
) {
    let area = Area { left, top, right: left + BAR, bottom: top + height.max(1.0) };
    canvas.area(area, SUM, None);
    let x = if anchor == Anchor::End { left - 5.0 } else { left + BAR + 5.0 };
    let middle = top + height / 2.0;
    canvas.label([x, middle - 3.0], anchor, name, room - 5.0, Ink::PLAIN);
    let both = format!("{count} ({})", percent(*share));
    let detail = if text_width(&both, SMALL) <= room - 5.0 { &both } else { count };
    canvas.label([x, middle + 11.0], anchor, detail, room - 5.0, Ink::SMALL);
}
