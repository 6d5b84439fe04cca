//! Documents: chapters of sections, for a page or a workbook that holds all of a result.

use gridtier::text::Text;

use crate::chart::Chart;
use crate::section::Section;

/// A chapter of a document.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Its title; its code names the chapter in links and sheets.
    pub title: Text,
    /// What it says, in order.
    pub sections: Vec<Section>,
}

impl Chapter {
    /// A chapter. Sections that say nothing are left out.
    pub fn new(title: Text, sections: impl IntoIterator<Item = Section>) -> Self {
        let sections = sections.into_iter().filter(|section| !section.blocks.is_empty()).collect();
        Self { title, sections }
    }

    /// Its name in links: letters, digits and hyphens.
    #[must_use]
    pub fn code(&self) -> &str {
        self.title.code.as_deref().unwrap_or("chapter")
    }
}

/// A document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its title.
    pub title: Text,
    /// What it is about, in a line below the title.
    pub about: Text,
    /// Its chapters, in order.
    pub chapters: Vec<Chapter>,
}

impl Document {
    /// All sections of all chapters, in order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.chapters.iter().flat_map(|chapter| &chapter.sections)
    }

    /// All charts, in order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.sections().flat_map(Section::charts)
    }
}
