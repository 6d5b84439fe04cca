//! A page before it is rendered, and the error that is shown in place of one.

use std::fs::File;
use std::sync::Arc;

use axum::http::StatusCode;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_io::compare::CompareError;
use gridtier_io::cycle::CycleError;
use gridtier_io::entitle::ListReadError;
use gridtier_io::export::ExportError;
use gridtier_io::govern::GovernanceError;
use gridtier_io::handbook::HandbookError;
use gridtier_io::service::ServiceError;
use gridtier_io::store::StoreError;
use gridtier_report::section::{Block, Section};
use gridtier_report::table::ListError;
use maud::Markup;

/// A page: the sections that every renderer can show, and the parts that only a page has.
#[derive(Default)]
pub struct Page {
    /// The page's title. It names the cycle that the page is about.
    pub title: Text,
    /// Forms and links above the sections.
    pub lead: Markup,
    /// The sections to show.
    pub sections: Vec<Section>,
    /// What files of the page hold, if that is more than the page shows.
    pub in_files: Option<Vec<Section>>,
    /// Forms and links below the sections.
    pub tail: Markup,
    /// The requested file, if it has more than the page shows. It is read from its beginning.
    pub file: Option<File>,
    /// Seconds after which the browser reloads the page; set while its content is being computed.
    pub again_after: Option<u32>,
}

impl Page {
    /// A page with sections and nothing else.
    pub fn new(title: Text, sections: Vec<Section>) -> Self {
        Self { title, sections, ..Self::default() }
    }

    /// A file in place of a page.
    pub fn of_file(title: Text, file: File) -> Self {
        Self { title, file: Some(file), ..Self::default() }
    }

    /// Adds a form or links above the sections.
    pub fn led_by(self, lead: Markup) -> Self {
        Self { lead, ..self }
    }

    /// Gives the files of the page more than it shows.
    pub fn with_files(self, sections: Option<Vec<Section>>) -> Self {
        Self { in_files: sections, ..self }
    }

    /// Adds a form or links below the sections.
    pub fn ending_with(self, tail: Markup) -> Self {
        Self { tail, ..self }
    }

    /// A page of sections that take long to compute; without sections, a page that says that they are being computed.
    pub fn made(title: Text, sections: Option<Arc<Vec<Section>>>) -> Self {
        match sections {
            Some(sections) => Self::new(title, sections.to_vec()),
            None => Self::waiting(title),
        }
    }

    /// A page that says that its numbers are being computed and then reloads itself.
    pub fn waiting(title: Text) -> Self {
        let section = Section::new().sentence(
            "This is being computed. The page reloads itself.",
            "正在计算。页面会自动刷新, 也可手动刷新。",
        );
        Self { again_after: Some(2), ..Self::new(title, vec![section]) }
    }
}

/// A message as blocks: a line as a sentence, the indented lines below it as a list.
pub fn message(what: &Text) -> Vec<Block> {
    let [en, zh]: [Vec<&str>; 2] = [&what.en, &what.zh].map(|text| text.lines().collect());
    if en.len() != zh.len() {
        return vec![Block::Sentence(what.clone())];
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (en, zh) in en.into_iter().zip(zh) {
        let text = Text::new(en.trim().to_owned(), zh.trim().to_owned());
        match blocks.last_mut() {
            Some(Block::Lines(lines)) if en.starts_with(' ') => lines.push(text),
            Some(_) if en.starts_with(' ') => blocks.push(Block::Lines(vec![text])),
            _ => blocks.push(Block::Sentence(text)),
        }
    }
    blocks
}

/// Why a page cannot be shown.
#[derive(Clone, Debug)]
pub struct WebError {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong and what to do.
    pub what: Text,
}

impl WebError {
    /// An error in the reader's request.
    pub fn request(what: Text) -> Self {
        Self { status: StatusCode::BAD_REQUEST, what }
    }

    /// The requested object does not exist.
    pub fn not_found(what: Text) -> Self {
        Self { status: StatusCode::NOT_FOUND, what }
    }

    /// The reader may not do what the request asks.
    pub fn forbidden(what: Text) -> Self {
        Self { status: StatusCode::FORBIDDEN, what }
    }

    /// The result is still being computed.
    pub fn not_yet() -> Self {
        let what = text!("this is still being computed; try again in a minute", "仍在计算中; 请稍后再试");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, what }
    }

    /// An error that the reader cannot correct.
    fn inside(what: Text) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, what }
    }

    /// An error in the program.
    pub fn bug() -> Self {
        Self::inside(text!(
            "this is a bug in gridtier; please report it with the address of the page",
            "这是 gridtier 的程序错误; 请连同页面地址报告给开发者"
        ))
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchCycle { .. }
            | StoreError::NoCycle { .. }
            | StoreError::OnlyProposals { .. } => Self::not_found(error.text()),
            StoreError::Busy { .. } => Self { status: StatusCode::CONFLICT, what: error.text() },
            _ => Self::inside(error.text()),
        }
    }
}

impl From<CycleError> for WebError {
    fn from(error: CycleError) -> Self {
        match error {
            CycleError::Store(error) => error.into(),
            CycleError::NoSuchCustomer { .. } => Self::not_found(error.text()),
            CycleError::File { .. } => Self::inside(error.text()),
        }
    }
}

impl From<CompareError> for WebError {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Cycle(error) => error.into(),
            CompareError::Request(what) => Self::not_found(what),
            CompareError::Damaged(what) => Self::inside(what),
        }
    }
}

impl From<GovernanceError> for WebError {
    fn from(error: GovernanceError) -> Self {
        match error {
            GovernanceError::Store(error) => error.into(),
            GovernanceError::Cycle(error) => error.into(),
            GovernanceError::Usage(what) => Self::request(what),
            GovernanceError::NoCycle(what) => Self::not_found(what),
            GovernanceError::Refused(_) => Self { status: StatusCode::CONFLICT, what: error.text() },
            GovernanceError::NoRules(_) | GovernanceError::Method(_) | GovernanceError::Damaged(_) => {
                Self::inside(error.text())
            }
        }
    }
}

impl From<ServiceError> for WebError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Cycle(error) => error.into(),
            _ => Self::inside(error.text()),
        }
    }
}

impl From<HandbookError> for WebError {
    fn from(error: HandbookError) -> Self {
        match error {
            HandbookError::Cycle(error) => error.into(),
            HandbookError::Policy(error) => error.into(),
            HandbookError::TextFile(what) => Self::inside(what),
            HandbookError::Text(faults) => {
                Self::inside(Text::new(faults.message(Lang::En), faults.message(Lang::Zh)))
            }
        }
    }
}

impl From<ListReadError> for WebError {
    fn from(error: ListReadError) -> Self {
        match error {
            ListReadError::Cycle(error) => error.into(),
            ListReadError::List(error) => Self::inside(error.text()),
        }
    }
}

impl From<ListError> for WebError {
    fn from(error: ListError) -> Self {
        error.downcast::<CycleError>().map_or_else(|_| Self::bug(), |error| (*error).into())
    }
}

impl From<ExportError> for WebError {
    fn from(error: ExportError) -> Self {
        Self::inside(error.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_is_a_sentence_with_lines() {
        let blocks = message(&Text::new("what\n  line\n  fix\nmore", "问题\n  行\n  办法\n另"));
        let [Block::Sentence(first), Block::Lines(lines), Block::Sentence(_)] = &blocks[..] else {
            panic!("{blocks:?}")
        };
        assert_eq!((first.en.as_ref(), lines.len(), lines[1].zh.as_ref()), ("what", 2, "办法"));
        assert!(matches!(&message(&Text::new("a\nb", "甲"))[..], [Block::Sentence(_)]));
    }
}
