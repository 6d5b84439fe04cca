//! Documents: chapters of sections. A page or a workbook shows a whole document.

use gridtier::text::Text;

use crate::chart::Chart;
use crate::section::{Block, Section};

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
    /// Whether it is so short that its print needs no table of contents.
    pub is_brief: bool,
}

impl Document {
    /// A result as a document: the first section is its head, and each further heading begins a chapter.
    #[must_use]
    pub fn of_result(sections: &[Section]) -> Self {
        let mut chapters: Vec<Chapter> = Vec::new();
        let head = sections.first();
        for section in sections.iter().skip(1) {
            match (&section.heading, chapters.last_mut()) {
                (None, Some(chapter)) => chapter.sections.push(section.clone()),
                (heading, _) => {
                    let code = format!("part-{}", chapters.len() + 1);
                    let title = heading.clone().unwrap_or_default();
                    let title = Text::coded(code, title.en, title.zh);
                    chapters.push(Chapter::new(title, [Section { heading: None, ..section.clone() }]));
                }
            }
        }
        let facts = head.into_iter().flat_map(|head| &head.blocks).filter_map(|block| match block {
            Block::Facts(facts) => Some(facts),
            _ => None,
        });
        let facts = facts.flatten().map(|(name, value)| Text::join(&[name.clone(), value.clone()], " "));
        Self {
            title: head.and_then(|head| head.heading.clone()).unwrap_or_default(),
            about: Text::join(&facts.collect::<Vec<_>>(), " · "),
            chapters,
            is_brief: true,
        }
    }

    /// All sections of all chapters, in order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.chapters.iter().flat_map(|chapter| &chapter.sections)
    }

    /// All charts, in order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.sections().flat_map(Section::charts)
    }
}
