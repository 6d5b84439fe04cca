//! The canvas: writes shapes and texts as SVG, and keeps the area of every text, so that no text covers another.

use std::fmt::Write;

use gridtier::text::{Text, Voice};

use super::paint::{self, FAINT, GRID, INK, Paint};
use super::text_width::{fitted, is_estimate_sure, text_width, wrapped};
use super::{MARGIN, SIZE};

/// Maximum length of a tooltip, in characters.
const TOOLTIP_MAX: usize = 300;
/// Maximum number of hatching lines in a shape, and in a whole chart. More would only enlarge the file.
const HATCHES_OF_SHAPE: f64 = 24.0;
const HATCHES_MAX: usize = 2_500;

/// The side of its position on which a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The style of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub size: f64,
    pub colour: &'static str,
    pub is_bold: bool,
    /// Whether the text has a white outline, for positions where a line may cross it.
    pub has_edge: bool,
}

impl Ink {
    pub(super) const PLAIN: Self = Self { size: SIZE, colour: INK, is_bold: false, has_edge: false };
    pub(super) const SMALL: Self =
        Self { size: super::SMALL, colour: FAINT, is_bold: false, has_edge: false };
    pub(super) const NUMBER: Self = Self { has_edge: true, ..Self::SMALL };
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// A sample in a legend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// A filled area.
    Fill(Paint),
    /// The line of a series.
    Line(usize),
    /// A thin line for comparison.
    Reference,
    /// The mark of a series on its line.
    Point(usize),
}

/// A drawing that grows downwards.
pub(super) struct Canvas {
    pub width: f64,
    /// The height at which the next part begins.
    pub top: f64,
    pub voice: Voice,
    body: String,
    /// The areas of all texts, in order.
    pub labels: Vec<Area>,
    hatches: usize,
}

impl Canvas {
    pub(super) fn new(width: f64, voice: Voice) -> Self {
        Self { width, top: MARGIN, voice, body: String::new(), labels: Vec::new(), hatches: 0 }
    }

    pub(super) fn body(&self) -> &str {
        &self.body
    }

    /// A text for the reader, without characters that would break the line or change the writing direction.
    pub(super) fn words(&self, text: &Text) -> String {
        clean(text.pick(self.voice).trim())
    }

    /// Writes a text with its base line at `y`. A text that does not fit ends with an ellipsis and gets a tooltip.
    pub(super) fn label(&mut self, [x, y]: [f64; 2], anchor: Anchor, text: &str, room: f64, ink: Ink) {
        let shown = fitted(text, ink.size, room).into_owned();
        let full = (shown != text).then_some(text);
        self.line_of_text([x, y], anchor, &shown, full, ink);
    }

    /// Writes a text if all of it fits and it covers no other text; otherwise writes nothing.
    pub(super) fn label_if_free(
        &mut self,
        at: [f64; 2],
        anchor: Anchor,
        text: &str,
        room: f64,
        ink: Ink,
    ) -> bool {
        let area = text_area(at, anchor, text, ink.size);
        let is_free = text_width(text, ink.size) <= room
            && area.left >= 0.0
            && area.right <= self.width
            && !self.labels.iter().any(|other| other.meets(&area));
        if is_free {
            self.line_of_text(at, anchor, text, None, ink);
        }
        is_free
    }

    /// Writes a text in several lines, centred at the height `middle`, up to a maximum number of lines.
    pub(super) fn paragraph(
        &mut self,
        [x, middle]: [f64; 2],
        anchor: Anchor,
        text: &str,
        (room, lines_max): (f64, usize),
        ink: Ink,
    ) {
        let (lines, is_whole) = wrapped(text, ink.size, room, lines_max);
        let height = ink.size * super::LEADING;
        let first = middle - height * (gridtier::index::float(lines.len()) - 1.0) / 2.0 + 0.35 * ink.size;
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            let full = (at == last && !is_whole).then_some(text);
            self.line_of_text([x, first + height * gridtier::index::float(at)], anchor, line, full, ink);
        }
    }

    fn line_of_text(&mut self, [x, y]: [f64; 2], anchor: Anchor, text: &str, full: Option<&str>, ink: Ink) {
        if text.trim().is_empty() {
            return;
        }
        self.labels.push(text_area([x, y], anchor, text, ink.size));
        self.text_element(&format!(r#"x="{}" y="{}""#, short(x), short(y)), anchor, text, full, ink);
    }

    /// Writes a text from bottom to top, centred at `x` and from the height `foot` upwards.
    pub(super) fn standing_label(&mut self, [x, foot]: [f64; 2], text: &str, room: f64, ink: Ink) {
        let shown = fitted(text, ink.size, room).into_owned();
        let (half, height) = (ink.size / 2.0, text_width(&shown, ink.size));
        self.labels.push(Area { left: x - half, top: foot - height, right: x + half, bottom: foot });
        let place =
            format!(r#"transform="translate({} {})rotate(-90)""#, short(x + 0.35 * ink.size), short(foot));
        self.text_element(&place, Anchor::Start, &shown, (shown != text).then_some(text), ink);
    }

    /// Writes the element of a text, whose place is given as attributes.
    fn text_element(&mut self, place: &str, anchor: Anchor, text: &str, full: Option<&str>, ink: Ink) {
        let _ = write!(self.body, "<text {place}");
        match anchor {
            Anchor::Start => {}
            Anchor::Middle => self.body.push_str(r#" text-anchor="middle""#),
            Anchor::End => self.body.push_str(r#" text-anchor="end""#),
        }
        if ink.size != SIZE {
            let _ = write!(self.body, r#" font-size="{}""#, short(ink.size));
        }
        if ink.colour != INK {
            let _ = write!(self.body, r#" fill="{}""#, ink.colour);
        }
        if ink.is_bold {
            self.body.push_str(r#" font-weight="bold""#);
        }
        if ink.has_edge {
            self.body.push_str(r##" paint-order="stroke" stroke="#ffffff" stroke-width="3""##);
        }
        if !is_estimate_sure(text) {
            let width = short(text_width(text, ink.size));
            let _ = write!(self.body, r#" textLength="{width}" lengthAdjust="spacingAndGlyphs""#);
        }
        let _ = write!(self.body, ">{}{}</text>", tooltip(full), escaped(text));
    }

    /// Draws a white background under everything that follows, for viewers that have none.
    pub(super) fn ground(&mut self) {
        self.body.push_str(r##"<rect width="100%" height="100%" fill="#ffffff"/>"##);
    }

    /// Draws a filled rectangle with a tooltip.
    pub(super) fn area(&mut self, area: Area, paint: Paint, hint: Option<&str>) {
        self.shade(area, paint.colour, hint);
        if let Some(hatch) = paint.hatch {
            self.hatch(area, hatch);
        }
    }

    /// Draws a rectangle in one colour.
    pub(super) fn shade(&mut self, area: Area, colour: &str, hint: Option<&str>) {
        let (width, height) = (area.right - area.left, area.bottom - area.top);
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        let _ = write!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{colour}" stroke="{FAINT}" stroke-width=".5""#,
            short(area.left),
            short(area.top),
            short(width),
            short(height),
        );
        match hint {
            Some(_) => {
                let _ = write!(self.body, ">{}</rect>", tooltip(hint));
            }
            None => self.body.push_str("/>"),
        }
    }

    /// Draws lines at 45 degrees one by one. An SVG pattern would need an id, and ids clash if a page has many
    /// charts.
    fn hatch(&mut self, area: Area, colour: &str) {
        let around = area.right - area.left + area.bottom - area.top;
        let step = (around / HATCHES_OF_SHAPE).max(5.0);
        let first = area.left + area.top;
        let mut path = String::new();
        let mut offset = step / 2.0;
        while offset < around && self.hatches < HATCHES_MAX {
            let sum = first + offset;
            let (from, to) = (area.left.max(sum - area.bottom), area.right.min(sum - area.top));
            let run = to - from;
            let _ = write!(path, "M{} {}l{} {}", short(from), short(sum - from), short(run), short(-run));
            offset += step;
            self.hatches += 1;
        }
        if !path.is_empty() {
            let _ = write!(self.body, r#"<path d="{path}" stroke="{colour}" fill="none"/>"#);
        }
    }

    /// Draws a straight line.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], colour: &str, width: f64, dashes: &str) {
        let path = format!("M{} {}L{} {}", short(from[0]), short(from[1]), short(to[0]), short(to[1]));
        self.path(&path, colour, width, dashes);
    }

    /// Draws a line behind the data.
    pub(super) fn grid_line(&mut self, from: [f64; 2], to: [f64; 2]) {
        self.line(from, to, GRID, 1.0, "");
    }

    /// Draws a path without filling it.
    pub(super) fn path(&mut self, path: &str, colour: &str, width: f64, dashes: &str) {
        let _ = write!(self.body, r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}""#);
        if !dashes.is_empty() {
            let _ = write!(self.body, r#" stroke-dasharray="{dashes}""#);
        }
        self.body.push_str("/>");
    }

    /// Draws a filled, translucent path.
    pub(super) fn ribbon(&mut self, path: &str, colour: &str, hint: &str) {
        let hint = tooltip(Some(hint));
        let _ = write!(self.body, r#"<path d="{path}" fill="{colour}" fill-opacity=".6">{hint}</path>"#);
    }

    /// Draws the mark of a series. Marks differ in shape as well as in colour.
    pub(super) fn point(&mut self, [x, y]: [f64; 2], series: usize, hint: Option<&str>) {
        let colour = paint::line(series);
        let (left, right, above, below) = (short(x - 4.5), short(x + 4.5), short(y - 4.5), short(y + 4.5));
        let (x, y) = (short(x), short(y));
        let (path, fill) = match series % 4 {
            0 => {
                let _ = write!(self.body, r#"<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}""#);
                let _ = write!(self.body, r#" stroke="{colour}">{}</circle>"#, tooltip(hint));
                return;
            }
            1 => (format!("M{left} {above}H{right}V{below}H{left}z"), "#ffffff"),
            2 => (format!("M{x} {above}L{right} {below}H{left}z"), colour),
            _ => (format!("M{x} {above}L{right} {y}L{x} {below}L{left} {y}z"), "#ffffff"),
        };
        let _ = write!(
            self.body,
            r#"<path d="{path}" fill="{fill}" stroke="{colour}" stroke-width="1.6">{}</path>"#,
            tooltip(hint)
        );
    }

    /// Draws the legend from left to right, in as many lines as it needs.
    pub(super) fn legend(&mut self, entries: &[(Mark, String)]) {
        let right = self.width - MARGIN;
        let mut x = MARGIN;
        let mut y = self.top + 12.0;
        for (mark, name) in entries {
            let room = right - MARGIN - 30.0;
            let width = text_width(name, SIZE).min(room) + 30.0;
            if x > MARGIN && x + width > right {
                x = MARGIN;
                y += 18.0;
            }
            self.legend_mark(*mark, [x, y - 4.0]);
            self.label([x + 28.0, y], Anchor::Start, name, room, Ink::PLAIN);
            x += width + 16.0;
        }
        self.top = y + 10.0;
    }

    fn legend_mark(&mut self, mark: Mark, [x, y]: [f64; 2]) {
        match mark {
            Mark::Fill(paint) => {
                let area = Area { left: x, top: y - 6.0, right: x + 22.0, bottom: y + 6.0 };
                self.area(area, paint, None);
            }
            Mark::Line(at) => self.line([x, y], [x + 24.0, y], paint::line(at), 2.2, paint::dashes(at)),
            Mark::Reference => self.line([x, y], [x + 24.0, y], FAINT, 1.0, "3 3"),
            Mark::Point(at) => {
                self.line([x, y], [x + 24.0, y], paint::line(at), 1.4, paint::dashes(at));
                self.point([x + 12.0, y], at, None);
            }
        }
    }

    /// Writes that there is nothing to draw.
    pub(super) fn nothing(&mut self) {
        let nothing = self.words(&Text::new("No data", "无数据"));
        let area = Area { left: MARGIN, top: self.top, right: self.width - MARGIN, bottom: self.top + 60.0 };
        self.shade(area, "#f7f7f7", None);
        let middle = [self.width / 2.0, self.top + 34.0];
        self.label(middle, Anchor::Middle, &nothing, self.width, Ink { colour: FAINT, ..Ink::PLAIN });
        self.top = area.bottom;
    }

    /// Writes how many rows are not drawn.
    pub(super) fn more_rows(&mut self, count: usize) {
        if count > 0 {
            let count = crate::format::grouped(gridtier::index::count(count));
            let more = gridtier::text!("{count} more rows are in the table", "其余 {count} 行见数据表");
            let more = self.words(&more);
            self.label(
                [MARGIN, self.top + 14.0],
                Anchor::Start,
                &more,
                self.width - 2.0 * MARGIN,
                Ink::SMALL,
            );
            self.top += 22.0;
        }
    }
}

/// The area that a text covers.
fn text_area([x, y]: [f64; 2], anchor: Anchor, text: &str, size: f64) -> Area {
    let width = text_width(text, size);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area { left, top: y - 0.85 * size, right: left + width, bottom: y + 0.2 * size }
}

/// A number with at most one decimal.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn tooltip(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| {
        let mut cut: String = text.chars().take(TOOLTIP_MAX).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        format!("<title>{}</title>", escaped(&cut))
    })
}

/// A text without characters that XML forbids, that break the line, or that change the writing direction.
pub(super) fn clean(text: &str) -> String {
    let cleaned = text.chars().map(|character| match character {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        control if control.is_control() => '\u{fffd}',
        other => other,
    });
    cleaned.collect()
}

/// Escapes a text for the content or an attribute of an XML element.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
