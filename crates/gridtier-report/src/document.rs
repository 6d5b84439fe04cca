//! Documents: chapters of sections. A page or a workbook shows a whole document.

use gridtier::text::Text;

use crate::chart::Chart;
use crate::section::Section;

/// A chapter of a document.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The title. Its code names the chapter in links and sheets.
    pub title: Text,
    /// What stands before the title, such as the number of the chapter; `None` if the chapters are counted in the contents
    /// alone.
    pub label: Option<Text>,
    /// The sections of the chapter, in order.
    pub sections: Vec<Section>,
}

impl Chapter {
    /// Makes a chapter. Sections without content are left out.
    pub fn new(title: Text, sections: impl IntoIterator<Item = Section>) -> Self {
        let sections = sections.into_iter().filter(|section| !section.blocks.is_empty()).collect();
        Self { title, label: None, sections }
    }

    /// The chapter with a label before its title.
    #[must_use]
    pub fn labelled(self, label: Text) -> Self {
        Self { label: Some(label), ..self }
    }

    /// Label and title.
    #[must_use]
    pub fn heading(&self) -> Text {
        match &self.label {
            Some(label) => Text::join(&[label.clone(), self.title.clone()], " "),
            None => self.title.clone(),
        }
    }

    /// The name of the chapter in links: letters, digits and hyphens.
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
    /// The line below the title, which says what the document is about.
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
