//! The use case `handbook`: the customer handbook of a published cycle, from the operator's own text, the cycle's catalogue and
//! method, and a service policy. Nothing is computed, and no table of customers is opened.

use std::fs;
use std::path::Path;

use gridtier::checked_toml::Faults;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_report::document::Document;
use gridtier_report::handbook::{self, HandbookSource};
use gridtier_report::render::{html, markdown};
use gridtier_service::handbook::{Completeness, Handbook};

use crate::cycle::{CycleError, Manifest, catalogue, indicator_parameters};
use crate::draft;
use crate::export::{ExportError, WriteError};
use crate::service::{self, ServiceError};
use crate::store::StoredCycle;
use crate::system::system_error;

/// Why a handbook was not made.
#[derive(Debug, thiserror::Error)]
pub enum HandbookError {
    /// The operator's text is wrong, or has an empty part.
    #[error(transparent)]
    Text(#[from] Faults),
    /// The file with the operator's text cannot be read.
    #[error("{}", .0.en)]
    TextFile(Text),
    /// The policy is wrong, or cannot be read.
    #[error(transparent)]
    Policy(#[from] ServiceError),
    /// A file of the cycle cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
}

/// What to make a handbook of.
#[derive(Clone, Copy, Debug)]
pub struct HandbookRequest<'a> {
    /// The file with the operator's text.
    pub text: &'a Path,
    /// The service policy: a shipped one or a file; `None` for `paper`.
    pub policy: Option<&'a str>,
    /// Whether empty parts are accepted.
    pub completeness: Completeness,
}

/// A handbook, and what its maker should know: the lines of the operator's text that are in one language only.
pub struct MadeHandbook {
    /// The handbook.
    pub document: Document,
    /// The lines.
    pub in_one_language: Vec<usize>,
    /// The entries of the policy with a remark on what must be confirmed. Their remarks are not for customers.
    pub to_confirm: Vec<String>,
}

/// Makes the handbook of a cycle.
///
/// # Errors
/// The text or the policy is wrong, a part is empty, or a file cannot be read.
pub fn handbook(stored: &StoredCycle, request: HandbookRequest) -> Result<MadeHandbook, HandbookError> {
    let name = request.text.display().to_string();
    let text = handbook_text(request.text)?;
    let own = Handbook::parse(&name, &text, request.completeness)?;
    let catalogue = catalogue(stored)?;
    let policy = service::policy(request.policy, &catalogue)?;
    let (method, parameters, _) = indicator_parameters(stored)?;
    let manifest = Manifest::read(stored)?;
    let document = handbook::document(HandbookSource {
        handbook: &own,
        catalogue: &catalogue,
        method: &method,
        parameters: &parameters,
        policy: &policy,
        as_of: &manifest.as_of,
    });
    let to_confirm = policy.remarked().map(str::to_owned).collect();
    Ok(MadeHandbook { document, in_one_language: own.in_one_language, to_confirm })
}

fn handbook_text(path: &Path) -> Result<String, HandbookError> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| {
        let error = system_error(&error);
        HandbookError::TextFile(text!(
            "{name}: the text of the handbook cannot be read: {error}; name a file such as handbook.toml",
            "{name}：无法读取手册文本：{error}；请给出 handbook.toml 这样的文件";
            error
        ))
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        HandbookError::TextFile(text!(
            "{name} is not UTF-8 text; save it as UTF-8 and run again",
            "{name} 不是 UTF-8 文本；请另存为 UTF-8 后重新运行"
        ))
    })?;
    // Editors on Windows begin UTF-8 with a byte-order mark, which TOML does not allow.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The format of a handbook's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandbookFormat {
    /// One page in both languages with a switch between them.
    Html,
    /// One language after the other.
    Markdown,
}

impl HandbookFormat {
    /// The format by the ending of a file; `None` for any other ending.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        match ending.as_str() {
            "html" | "htm" => Some(Self::Html),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

/// Writes a handbook. `first` is the language that a page opens in, or that Markdown begins with.
///
/// # Errors
/// The file cannot be written. In that case no file has appeared under the name.
pub fn write_handbook(
    path: &Path,
    format: HandbookFormat,
    document: &Document,
    first: Lang,
) -> Result<(), ExportError> {
    let written = draft::write_file(path, |file| match format {
        HandbookFormat::Html => Ok(html::write_document(file, document, first)?),
        HandbookFormat::Markdown => Ok(markdown::write_document(file, document, first)?),
    });
    written.map_err(|error: WriteError| error.at(path))
}
