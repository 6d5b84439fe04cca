//! Flows: how many went from where to where, as ribbons as wide as they are many.

use crate::chart::Flow;
use crate::format::percent;
use gridtier::text::Text;

use super::canvas::{Anchor, Area, Canvas, Ink, Mark, short};
use super::paint::{self, DOWN, Paint, SAME, SUM, UP};
use super::scale::shown;
use super::text_width::text_width;
use super::{MARGIN, SMALL};

/// Most places of a side.
const PLACES_MAX: usize = 24;
/// Height that all of a side have together.
const HEIGHT: f64 = 280.0;
/// Least distance between the middles of two places: their names have two lines.
const DISTANCE: f64 = 34.0;
const GAP: f64 = 10.0;
/// Width of a place.
const BAR: f64 = 14.0;
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
    let titles =
        [(&flow.from_title, MARGIN, Anchor::Start), (&flow.to_title, canvas.width - MARGIN, Anchor::End)];
    for (title, x, anchor) in titles {
        let title = canvas.words(title);
        let ink = Ink { is_bold: true, ..Ink::PLAIN };
        canvas.label([x, canvas.top + 12.0], anchor, &title, canvas.width / 2.0 - 2.0 * MARGIN, ink);
    }
    canvas.top += 24.0;
    let scale = HEIGHT / total;
    let (from_tops, from_bottom) = places(&from, scale, canvas.top);
    let (to_tops, to_bottom) = places(&to, scale, canvas.top);
    let mut from_used = from_tops.clone();
    let mut to_used = to_tops.clone();
    for left in 0..lefts {
        for right in 0..rights {
            let height = value(left, right) * scale;
            if height > 0.0 {
                let link =
                    Ribbon { left, right, value: value(left, right), share: value(left, right) / total };
                draw_link(canvas, flow, &link, (ends, [from_used[left], to_used[right], height]));
                from_used[left] += height;
                to_used[right] += height;
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

/// Upper edges of the places of a side, far enough from each other for their names, and where the side ends.
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

/// Whether both sides are the same places: then ribbons say by their colour whether they rise or fall.
fn is_same_on_both_sides(flow: &Flow) -> bool {
    let names =
        |texts: &[Text]| texts.iter().map(|text| (text.en.clone(), text.zh.clone())).collect::<Vec<_>>();
    names(&flow.from) == names(&flow.to)
}

fn paint_of(flow: &Flow, left: usize, right: usize) -> Paint {
    match (is_same_on_both_sides(flow), left.cmp(&right)) {
        (false, _) => paint::series(left),
        (true, std::cmp::Ordering::Equal) => SAME,
        (true, std::cmp::Ordering::Greater) => UP,
        (true, std::cmp::Ordering::Less) => DOWN,
    }
}

fn legend(canvas: &mut Canvas, flow: &Flow) {
    if is_same_on_both_sides(flow) {
        let entries = [
            (SAME, Text::new("stays", "不变")),
            (UP, Text::new("rises", "上升")),
            (DOWN, Text::new("falls", "下降")),
        ];
        let entries =
            entries.map(|(paint, name)| (Mark::Fill(Paint { hatch: None, ..paint }), canvas.words(&name)));
        canvas.legend(&entries);
    }
}

fn draw_link(
    canvas: &mut Canvas,
    flow: &Flow,
    link: &Ribbon,
    ([x0, x1], [y0, y1, height]): ([f64; 2], [f64; 3]),
) {
    let height = height.max(0.6);
    let half = short((x0 + x1) / 2.0);
    let [x0, x1] = [x0, x1].map(short);
    let [a, b, c, d] = [y0, y1, y1 + height, y0 + height].map(short);
    let path = format!("M{x0} {a}C{half} {a} {half} {b} {x1} {b}V{c}C{half} {c} {half} {d} {x0} {d}z");
    let (from, to) = (canvas.words(&flow.from[link.left]), canvas.words(&flow.to[link.right]));
    let count = shown(link.value, flow.format, canvas.voice);
    let hint = format!("{from} → {to}: {count} ({})", percent(link.share));
    canvas.ribbon(&path, paint_of(flow, link.left, link.right).colour, &hint);
}

/// A place with its name and how many it has.
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
