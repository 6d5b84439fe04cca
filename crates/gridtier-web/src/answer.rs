//! What a page is before it is written, and what is said where there is none.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::compare::CompareError;
use gridtier_io::cycle::CycleError;
use gridtier_io::entitle::ListReadError;
use gridtier_io::export::ExportError;
use gridtier_io::govern::GovernanceError;
use gridtier_io::store::StoreError;
use gridtier_report::section::Section;
use maud::Markup;

/// A page: its sections as every renderer shows them, and what only a page has.
#[derive(Default)]
pub struct Page {
    /// Its title, with the cycle that it is about.
    pub title: Text,
    /// Forms and links above the sections.
    pub lead: Markup,
    /// What it shows.
    pub sections: Vec<Section>,
    /// Forms and links below the sections.
    pub tail: Markup,
    /// Its table as CSV, where that is more than the page shows.
    pub csv: Option<Bytes>,
    /// After how many seconds it is to be asked for again, while what it shows is being computed.
    pub again_after: Option<u32>,
}

impl Page {
    /// A page of sections.
    pub fn new(title: Text, sections: Vec<Section>) -> Self {
        Self { title, sections, ..Self::default() }
    }

    /// With a form or links above the sections.
    pub fn led_by(self, lead: Markup) -> Self {
        Self { lead, ..self }
    }

    /// With a form or links below the sections.
    pub fn ending_with(self, tail: Markup) -> Self {
        Self { tail, ..self }
    }

    /// A page of sections that take their time, or one that says so.
    pub fn made(title: Text, sections: Option<Arc<Vec<Section>>>) -> Self {
        match sections {
            Some(sections) => Self::new(title, sections.to_vec()),
            None => Self::waiting(title),
        }
    }

    /// A page that says that its numbers are being computed.
    pub fn waiting(title: Text) -> Self {
        let section = Section::new().sentence(
            "This is being computed. The page asks again by itself, or reload it.",
            "正在计算。页面会自动刷新, 也可手动刷新。",
        );
        Self { again_after: Some(2), ..Self::new(title, vec![section]) }
    }
}

/// Why there is no page.
#[derive(Clone, Debug)]
pub struct WebError {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong and what to do.
    pub what: Text,
}

impl WebError {
    /// An error that the reader's request causes.
    pub fn request(what: Text) -> Self {
        Self { status: StatusCode::BAD_REQUEST, what }
    }

    /// There is no such thing.
    pub fn not_found(what: Text) -> Self {
        Self { status: StatusCode::NOT_FOUND, what }
    }

    /// What was asked is not allowed.
    pub fn forbidden(what: Text) -> Self {
        Self { status: StatusCode::FORBIDDEN, what }
    }

    /// What was asked is not there yet.
    pub fn not_yet() -> Self {
        let what = text!("this is still being computed; ask again in a minute", "仍在计算中; 请稍后再试");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, what }
    }

    /// A fault that the reader cannot mend.
    fn inside(what: Text) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, what }
    }

    /// A fault of the program.
    pub fn bug() -> Self {
        Self::inside(text!(
            "this is a bug in gridtier; please report what you asked for",
            "这是 gridtier 的程序错误; 请将所请求的内容报告给开发者"
        ))
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchCycle { .. } | StoreError::NoCycle { .. } => Self::not_found(error.text()),
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
            GovernanceError::Refused(_) => Self { status: StatusCode::CONFLICT, what: error.text() },
            GovernanceError::NoRules(_) | GovernanceError::Method(_) | GovernanceError::Damaged(_) => {
                Self::inside(error.text())
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

impl From<ExportError> for WebError {
    fn from(error: ExportError) -> Self {
        Self::inside(error.text())
    }
}
