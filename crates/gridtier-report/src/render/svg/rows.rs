//! Plots whose categories are one below the other, with room for their names on the left in either language.

use crate::chart::{Axis, Guide};
use gridtier::index::float;
use gridtier::text::Text;

use super::canvas::{Anchor, Canvas, Ink};
use super::paint::FAINT;
use super::scale::Scale;
use super::text_width::{text_width, wrapped};
use super::{LEADING, MARGIN, SIZE, SMALL};

/// Maximum number of rows that are drawn. The table has all rows.
pub(super) const ROWS_MAX: usize = 60;
/// Share of the width that the names of rows may take.
const NAMES_SHARE: f64 = 0.38;
/// Maximum number of lines in the name of a row.
const NAME_LINES: usize = 4;
/// Empty space between a mark and its label.
pub(super) const PAD: f64 = 5.0;
const ROW_GAP: f64 = 8.0;

/// Rows with their names, above a common axis.
pub(super) struct Rows {
    pub scale: Scale,
    /// The upper edges of the drawing areas of the rows.
    pub tops: Vec<f64>,
}

/// The data for the layout of rows.
pub(super) struct RowsPlan<'a> {
    pub names: Vec<&'a Text>,
    /// Height of the drawing area of a row.
    pub height: f64,
    pub range: [f64; 2],
    pub axis: &'a Axis,
    /// Widths of the widest labels to the left and to the right of the marks.
    pub pads: [f64; 2],
    pub guides: &'a [Guide],
}

impl Rows {
    /// Draws names, axis and limits, and returns the areas for the marks.
    pub(super) fn new(canvas: &mut Canvas, plan: &RowsPlan) -> Self {
        let names: Vec<String> = plan.names.iter().map(|name| canvas.words(name)).collect();
        let widest = names.iter().map(|name| text_width(name, SIZE)).fold(0.0, f64::max);
        let room = widest.min(NAMES_SHARE * canvas.width);
        let names_right = MARGIN + room;
        let left = names_right + ROW_GAP + plan.pads[0];
        let right = (canvas.width - MARGIN - plan.pads[1]).max(left + 40.0);
        let scale = Scale::horizontal(plan.range, [left, right], plan.axis);
        guide_names(canvas, &scale, plan.guides);

        let above = canvas.top;
        let mut tops = Vec::new();
        let mut middles = Vec::new();
        let mut top = above + ROW_GAP / 2.0;
        for name in &names {
            let lines = wrapped(name, SIZE, room, NAME_LINES).0.len();
            let height = plan.height.max(SIZE * LEADING * float(lines));
            middles.push(top + height / 2.0);
            tops.push(top + (height - plan.height) / 2.0);
            top += height + ROW_GAP;
        }
        let below = top - ROW_GAP / 2.0;
        for &tick in &scale.ticks {
            let x = scale.place(tick);
            canvas.grid_line([x, above], [x, below]);
        }
        for (name, middle) in names.iter().zip(middles) {
            canvas.paragraph([names_right, middle], Anchor::End, name, (room, NAME_LINES), Ink::PLAIN);
        }
        canvas.top = below;
        horizontal_axis(canvas, &scale, plan.axis);
        Self { scale, tops }
    }

    /// Draws the lines that are on top of the marks: the one at zero, and limits.
    pub(super) fn finish(&self, canvas: &mut Canvas, guides: &[Guide]) {
        let (Some(first), Some(last)) = (self.tops.first(), self.tops.last()) else { return };
        let (above, below) = (first - ROW_GAP / 2.0, last + ROW_GAP + 8.0);
        if self.scale.ticks.iter().any(|tick| tick.abs() < 1e-12) {
            let zero = self.scale.place(0.0);
            canvas.line([zero, above], [zero, below], FAINT, 1.0, "");
        }
        for guide in guides {
            let x = self.scale.place(guide.at);
            canvas.line([x, above], [x, below], super::paint::INK, 1.2, "5 3");
        }
    }
}

/// Draws the labels and the title of a horizontal axis, below the plot.
pub(super) fn horizontal_axis(canvas: &mut Canvas, scale: &Scale, axis: &Axis) {
    let baseline = canvas.top + 17.0;
    for &tick in &scale.ticks {
        let label = scale.label(tick, axis);
        let half = text_width(&label, SMALL) / 2.0;
        let x = scale.place(tick).clamp(half, (canvas.width - half).max(half));
        canvas.label_if_free([x, baseline], Anchor::Middle, &label, canvas.width, Ink::SMALL);
    }
    canvas.top = baseline + 6.0;
    let title = canvas.words(&axis.title);
    if !title.is_empty() {
        let middle = [canvas.width / 2.0, canvas.top + 12.0];
        canvas.label(middle, Anchor::Middle, &title, canvas.width - 2.0 * MARGIN, Ink::SMALL);
        canvas.top += 20.0;
    }
}

/// Writes the names of limits above the plot, in as many lines as needed to keep them apart.
pub(super) fn guide_names(canvas: &mut Canvas, scale: &Scale, guides: &[Guide]) {
    let mut ordered: Vec<(f64, String)> = guides
        .iter()
        .filter(|guide| guide.at.is_finite())
        .map(|guide| (scale.place(guide.at), canvas.words(&guide.name)))
        .collect();
    ordered.sort_by(|one, other| one.0.total_cmp(&other.0));
    let room = canvas.width - 2.0 * MARGIN;
    let mut lanes: Vec<f64> = Vec::new();
    let mut placed = Vec::new();
    for (x, name) in ordered {
        let half = text_width(&name, SMALL).min(room) / 2.0;
        let x = x.clamp(MARGIN + half, (canvas.width - MARGIN - half).max(MARGIN + half));
        let free = lanes.iter().position(|&right| right + PAD < x - half);
        let lane = free.unwrap_or_else(|| {
            lanes.push(0.0);
            lanes.len() - 1
        });
        lanes[lane] = x + half;
        placed.push((lane, x, name));
    }
    let count = lanes.len();
    for (lane, x, name) in placed {
        let y = canvas.top + 15.0 * float(count - lane) - 3.0;
        canvas.label([x, y], Anchor::Middle, &name, room, Ink::SMALL);
    }
    canvas.top += 15.0 * float(count);
}
