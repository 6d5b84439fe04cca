//! Formats of cells. Excel stores each format of a workbook once.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::format;
use crate::table::{ColumnFormat, Tone};
use gridtier::text::{Text, Voice};

/// The emphasis of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// No emphasis.
    Plain,
    /// Bold: a number that matters, or a sum.
    Strong,
    /// A heading over rows.
    Group,
    /// The fill of a tone.
    Toned(Tone),
}

/// The fill of each tone. HTML pages use the same colours (`html/style.css`).
const TONES: [u32; 6] = [0xFF_FF_FF, 0xE4_E4_EE, 0xFB_DC_C0, 0xFD_F0_B5, 0xDC_EF_C6, 0xC9_E7_CB];
/// Fills of the header row and of rows that are headings.
const HEAD_FILL: u32 = 0xDC_E6_F1;
const GROUP_FILL: u32 = 0xEE_F2_F7;
/// Maximum number of decimals in a cell. Excel could show more, but nobody reads them.
const DECIMALS_MAX: u8 = 9;

/// Formats that most cells of a list have. They are made only once.
pub(super) struct CellStyles {
    pub(super) head: Format,
    pub(super) head_right: Format,
    pub(super) text: Format,
    /// Text that begins like a formula. With this format it stays text when somebody edits the cell.
    pub(super) quoted: Format,
    pub(super) date: Format,
    pub(super) share: Format,
    pub(super) money: Format,
    /// Numbers by their count of decimals.
    numbers: [Format; 5],
}

impl CellStyles {
    pub(super) fn new() -> Self {
        let cell = Format::new().set_align(FormatAlign::Top);
        // LibreOffice ignores an indent without an alignment.
        let text =
            cell.clone().set_text_wrap().set_num_format("@").set_align(FormatAlign::Left).set_indent(1);
        let head = cell.clone().set_bold().set_text_wrap().set_background_color(Color::RGB(HEAD_FILL));
        let head = head.set_border_bottom(FormatBorder::Thin);
        Self {
            head_right: head.clone().set_align(FormatAlign::Right),
            // The indent keeps a text apart from the numbers in the column before it.
            head: head.set_align(FormatAlign::Left).set_indent(1),
            quoted: text.clone().set_quote_prefix(),
            text,
            date: cell.clone().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left).set_indent(1),
            share: cell.clone().set_num_format("0.0%"),
            money: cell.clone().set_num_format("#,##0.00"),
            numbers: [0, 1, 2, 3, 4].map(|decimals| cell.clone().set_num_format(decimals_pattern(decimals))),
        }
    }

    /// The format of a number in a column.
    pub(super) fn of(&self, format: ColumnFormat, number: f64) -> &Format {
        match format {
            ColumnFormat::Share => &self.share,
            ColumnFormat::Money => &self.money,
            ColumnFormat::Number(decimals) => self.number(decimals),
            ColumnFormat::Points => self.number(0),
            _ => self.number(format::quantity_decimals(number)),
        }
    }

    pub(super) fn number(&self, decimals: u8) -> &Format {
        &self.numbers[usize::from(decimals).min(self.numbers.len() - 1)]
    }

    /// The format that shows a number with its unit. The cell stays a number.
    pub(super) fn in_unit(&self, number: f64, unit: &Text, voice: Voice) -> Format {
        match unit.pick(Voice::Codes).as_ref() {
            "share" | "1/a" => self.share.clone(),
            _ => {
                let name = unit.pick(voice).replace(['"', '\\'], "");
                let number = decimals_pattern(format::quantity_decimals(number));
                let pattern = if name.is_empty() { number } else { format!("{number}\" {name}\"") };
                self.money.clone().set_num_format(pattern)
            }
        }
    }
}

/// A pattern with thousands separators and a number of decimals.
fn decimals_pattern(decimals: u8) -> String {
    let point = if decimals == 0 { "" } else { "." };
    format!("#,##0{point}{}", "0".repeat(usize::from(decimals.min(DECIMALS_MAX))))
}

/// The pattern of numbers along an axis.
pub(super) fn axis_pattern(format: ColumnFormat) -> String {
    match format {
        ColumnFormat::Share => "0%".to_owned(),
        ColumnFormat::Number(decimals) => decimals_pattern(decimals),
        ColumnFormat::Quantity => "General".to_owned(),
        _ => decimals_pattern(0),
    }
}

/// A format with the emphasis of a cell.
pub(super) fn with_look(format: &Format, look: Look) -> Format {
    match look {
        Look::Plain => format.clone(),
        Look::Strong => format.clone().set_bold(),
        Look::Group => format.clone().set_bold().set_background_color(Color::RGB(GROUP_FILL)),
        Look::Toned(tone) => format.clone().set_background_color(fill(tone)),
    }
}

/// The fill of a tone.
pub(super) fn fill(tone: Tone) -> Color {
    Color::RGB(TONES[usize::from(tone.0).min(TONES.len() - 1)])
}
