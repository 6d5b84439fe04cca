//! The first sheet, about the workbook: title, facts, the list of sheets, and the sentences of all sections.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Url, Worksheet};

use super::sheet::{page_lines, write_text};
use super::styles::{CellStyles, Look, fill};
use super::width::{LINE_HEIGHT, LINES_MAX, lines};
use crate::render::RenderError;
use crate::section::{Block, Section};
use gridtier::text::{Text, Voice};

/// Widths of the columns of this sheet.
const WIDTHS: [f64; 3] = [30.0, 100.0, 14.0];
/// Size of the title.
const TITLE_SIZE: f64 = 16.0;
const TITLE_HEIGHT: f64 = 24.0;
/// Fill of heads.
const HEAD_FILL: u32 = 0xDC_E6_F1;
/// Excel's code of A4.
const PAPER_A4: u8 = 9;

/// The name of the sheet.
pub(super) fn name() -> Text {
    Text::new("About", "说明")
}

/// An entry in the list of sheets.
#[derive(Debug)]
pub(super) struct ListedSheet {
    /// The name of the sheet.
    pub(super) name: String,
    /// The content of the sheet.
    pub(super) holds: String,
    /// The number of rows below its head.
    pub(super) rows: u32,
}

/// The sheet, filled line by line.
pub(super) struct Front<'w> {
    sheet: &'w mut Worksheet,
    styles: CellStyles,
    strong: Format,
    row: u32,
    voice: Voice,
}

impl<'w> Front<'w> {
    pub(super) fn begin(sheet: &'w mut Worksheet, title: &str, voice: Voice) -> Result<Self, RenderError> {
        for (at, width) in (0..).zip(WIDTHS) {
            sheet.set_column_width(at, width)?;
        }
        sheet
            .set_landscape()
            .set_paper_size(PAPER_A4)
            .set_print_fit_to_pages(1, 0)
            .set_screen_gridlines(false);
        page_lines(sheet, title, "");
        let text = Format::new().set_num_format("@").set_align(FormatAlign::Top);
        sheet.set_row_height(0, TITLE_HEIGHT)?;
        let large = text.clone().set_bold().set_font_size(TITLE_SIZE);
        write_text(sheet, 0, 0, title, &large, Look::Plain)?;
        let strong = text.set_bold().set_text_wrap();
        Ok(Self { sheet, styles: CellStyles::new(), strong, row: 1, voice })
    }

    /// Writes facts as names with their values.
    pub(super) fn facts(&mut self, facts: &[(Text, Text)]) -> Result<(), RenderError> {
        for (name, value) in facts {
            let (name, value) = (name.pick(self.voice), value.pick(self.voice));
            self.line(&name, &value)?;
        }
        Ok(())
    }

    /// Writes the list of sheets with links.
    pub(super) fn sheets(&mut self, sheets: &[ListedSheet]) -> Result<(), RenderError> {
        self.row += 1;
        let heads = [("Sheet", "工作表"), ("What it holds", "内容"), ("Rows", "行数")];
        let head = &self.styles.head;
        for ((at, (en, zh)), is_number) in (0..).zip(heads).zip([false, false, true]) {
            let style = if is_number { &self.styles.head_right } else { head };
            self.sheet.write_string_with_format(
                self.row,
                at,
                Text::new(en, zh).pick(self.voice).as_ref(),
                style,
            )?;
        }
        let link = Format::new().set_hyperlink().set_align(FormatAlign::Top);
        for listed in sheets {
            self.row += 1;
            let to = Url::new(format!("internal:'{}'!A1", listed.name)).set_text(&listed.name);
            self.sheet.write_url_with_format(self.row, 0, to, &link)?;
            write_text(self.sheet, self.row, 1, &listed.holds, &self.styles.text, Look::Plain)?;
            self.make_room(&[(&listed.holds, WIDTHS[1])])?;
            self.sheet.write_number_with_format(self.row, 2, listed.rows, self.styles.number(0))?;
        }
        self.row += 1;
        Ok(())
    }

    /// Writes the heading and the sentences of a section.
    pub(super) fn words(&mut self, section: &Section) -> Result<(), RenderError> {
        if let Some(heading) = &section.heading {
            self.row += 1;
            let style = Format::new()
                .set_bold()
                .set_font_size(12)
                .set_border_bottom(FormatBorder::Thin)
                .set_background_color(Color::RGB(HEAD_FILL))
                .set_num_format("@");
            let heading = heading.pick(self.voice);
            write_text(self.sheet, self.row, 0, &heading, &style, Look::Plain)?;
            for at in 1..3 {
                self.sheet.write_blank(self.row, at, &style)?;
            }
            self.row += 1;
        }
        for block in &section.blocks {
            match block {
                Block::Sentence(sentence) => self.across(&sentence.pick(self.voice))?,
                Block::Facts(facts) => self.facts(facts)?,
                Block::Lines(lines) => {
                    for line in lines {
                        self.across(&format!("• {}", line.pick(self.voice)))?;
                    }
                }
                Block::Legend(entries) => {
                    for (tone, text) in entries {
                        let style = self.styles.text.clone().set_background_color(fill(*tone));
                        write_text(self.sheet, self.row, 1, &text.pick(self.voice), &style, Look::Plain)?;
                        self.row += 1;
                    }
                }
                Block::Table(_) | Block::Chart(_) => {}
            }
        }
        Ok(())
    }

    /// A text across name and value.
    fn across(&mut self, text: &str) -> Result<(), RenderError> {
        let style = &self.styles.text;
        self.sheet.merge_range(self.row, 0, self.row, 1, "", style)?;
        write_text(self.sheet, self.row, 0, text, style, Look::Plain)?;
        self.make_room(&[(text, WIDTHS[0] + WIDTHS[1])])?;
        self.row += 1;
        Ok(())
    }

    fn line(&mut self, name: &str, value: &str) -> Result<(), RenderError> {
        write_text(self.sheet, self.row, 0, name, &self.strong, Look::Plain)?;
        write_text(self.sheet, self.row, 1, value, &self.styles.text, Look::Plain)?;
        self.make_room(&[(name, WIDTHS[0]), (value, WIDTHS[1])])?;
        self.row += 1;
        Ok(())
    }

    fn make_room(&mut self, texts: &[(&str, f64)]) -> Result<(), RenderError> {
        let most = texts.iter().map(|(text, width)| lines(text, *width)).max().unwrap_or(1);
        if most > 1 {
            self.sheet.set_row_height(self.row, LINE_HEIGHT * f64::from(most.min(LINES_MAX)))?;
        }
        Ok(())
    }
}
