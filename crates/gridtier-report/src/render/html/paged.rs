//! A file of printed pages. Each item has a page of its own, and pages are written one after the other.

use std::io::{self, Write};

use maud::{DOCTYPE, PreEscaped, html};

use super::{Look, STYLE, blocks_markup};
use crate::section::Section;
use gridtier::text::{Lang, Text, Voice};

/// The style for paper, in addition to that of all pages.
const PAPER_STYLE: &str = include_str!("sheet.css");

/// A file of pages that is being written. Memory holds only the current page.
pub struct PagedHtml<W: Write> {
    out: W,
    voice: Voice,
}

impl<W: Write> PagedHtml<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// The writer fails.
    pub fn begin(mut out: W, title: &Text, voice: Voice) -> io::Result<Self> {
        let head = html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title.pick(voice)) }
                style { (PreEscaped(STYLE)) (PreEscaped(PAPER_STYLE)) }
            }
        };
        let lang = if voice == Voice::In(Lang::En) { "en" } else { "zh" };
        write!(out, "{}<html lang=\"{lang}\">{}<body>", DOCTYPE.into_string(), head.into_string())?;
        Ok(Self { out, voice })
    }

    /// Writes a page. The heading of its first section is its title.
    ///
    /// # Errors
    /// The writer fails.
    pub fn page(&mut self, sections: &[Section]) -> io::Result<()> {
        let look = Look::alone(self.voice);
        let page = html! {
            article {
                @for (position, section) in sections.iter().enumerate() {
                    @if let Some(heading) = &section.heading {
                        @if position == 0 { h1 { (heading.pick(self.voice)) } } @else { h2 { (heading.pick(self.voice)) } }
                    }
                    (blocks_markup(section, None, look))
                }
            }
        };
        self.out.write_all(page.into_string().as_bytes())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer fails.
    pub fn end(mut self) -> io::Result<()> {
        self.out.write_all(b"</body></html>")
    }
}
