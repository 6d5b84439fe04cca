//! Draws charts as SVG, for pages, files and slides.
//!
//! The drawing depends only on the chart and its frame. It has no script, no style sheet, no embedded font and no id,
//! so that one page can hold many charts. Widths of text are estimated. Labels never overlap. A text that is too long
//! ends with an ellipsis, and its tooltip has the whole text. `CHARTS.md` of this package says why no library draws the
//! charts.

mod text_width;
mod scale;
mod paint;
mod canvas;
mod rows;
mod bars;
mod marks;
mod plane;
mod grid;
mod flow;

use crate::chart::{Chart, Plot};
use gridtier::text::{Lang, Voice};

use canvas::{Anchor, Canvas, Ink, escaped, short};

/// Font sizes in pixels.
const SIZE: f64 = 12.0;
const SMALL: f64 = 11.0;
const TITLE: f64 = 15.0;
/// Height of a line of text, as a multiple of its font size.
const LEADING: f64 = 1.25;
/// Empty space around the drawing.
const MARGIN: f64 = 10.0;
/// Longest text alternative, in characters.
const ALTERNATIVE_MAX: usize = 3_000;
/// Fonts with Chinese characters on common systems, and then any other font.
const FONTS: &str =
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', 'Segoe UI', Arial, sans-serif";

/// The width of a chart, and whether it has its own title.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartFrame {
    /// Width in pixels; the height follows.
    pub width: f64,
    /// Whether title and reading are drawn too. A file needs them, since nothing around it shows them.
    pub is_titled: bool,
}

impl ChartFrame {
    /// A page on a screen or on paper.
    pub const WIDE: Self = Self { width: 720.0, is_titled: false };
    /// A page on a phone.
    pub const NARROW: Self = Self { width: 340.0, is_titled: false };
    /// A file of its own, such as for a slide.
    pub const FILE: Self = Self { width: 880.0, is_titled: true };
}

/// Draws a chart as an SVG element. The element is also a complete file.
#[must_use]
pub fn draw(chart: &Chart, voice: Voice, look: ChartFrame) -> String {
    let canvas = painted(chart, voice, look);
    let (width, height) = (short(look.width), short(canvas.top + MARGIN));
    let lang = if matches!(voice, Voice::In(Lang::Zh) | Voice::Both) { "zh-CN" } else { "en" };
    let title = escaped(&chart.title.pick(voice));
    let alternative: String = chart.alternative.pick(voice).chars().take(ALTERNATIVE_MAX).collect();
    let (alternative, body) = (escaped(&alternative), canvas.body());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" lang=\"{lang}\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\" font-size=\"{SIZE}\" \
         fill=\"{ink}\"><title>{title}</title><desc>{alternative}</desc>{body}</svg>",
        ink = paint::INK,
    )
}

/// The drawing of a chart, with the areas of its labels.
fn painted(chart: &Chart, voice: Voice, look: ChartFrame) -> Canvas {
    let mut canvas = Canvas::new(look.width, voice);
    if look.is_titled {
        heading(&mut canvas, chart);
    }
    match &chart.plot {
        Plot::Bars(plot) => bars::bars(&mut canvas, plot),
        Plot::Columns(plot) => plane::columns(&mut canvas, plot),
        Plot::Lines(plot) => plane::lines(&mut canvas, plot),
        Plot::Histogram(plot) => plane::histogram(&mut canvas, plot),
        Plot::Boxes(plot) => marks::boxes(&mut canvas, plot),
        Plot::Profile(plot) => marks::profile(&mut canvas, plot),
        Plot::Waterfall(plot) => bars::waterfall(&mut canvas, plot),
        Plot::HeatMap(plot) => grid::heat_map(&mut canvas, plot),
        Plot::Flow(plot) => flow::flow(&mut canvas, plot),
        Plot::Tornado(plot) => bars::tornado(&mut canvas, plot),
    }
    canvas
}

/// Draws a white background, the title and the reading.
fn heading(canvas: &mut Canvas, chart: &Chart) {
    canvas.ground();
    let room = canvas.width - 2.0 * MARGIN;
    let parts = [
        (&chart.title, Ink { size: TITLE, is_bold: true, ..Ink::PLAIN }, 2),
        (&chart.reading, Ink::PLAIN, 3),
    ];
    for (text, ink, lines_max) in parts {
        let text = canvas.words(text);
        let lines = text_width::wrapped(&text, ink.size, room, lines_max).0.len();
        let height = ink.size * LEADING * gridtier::index::float(lines);
        let middle = [MARGIN, canvas.top + height / 2.0];
        canvas.paragraph(middle, Anchor::Start, &text, (room, lines_max), ink);
        canvas.top += height + 6.0;
    }
}

#[cfg(test)]
pub(crate) mod tests;
