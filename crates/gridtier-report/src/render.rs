//! Renderers of sections: a terminal's text, CSV, workbooks, pages, Markdown, JSON.
//!
//! A renderer writes what it is given and computes nothing. Terminal, page and workbook show all of a section; CSV and JSON
//! show its tables. All but a terminal also show [lists](crate::table::DataList) too long for memory. What a spreadsheet would
//! run as a formula is text in every format.

pub mod csv;
pub mod svg;
pub mod html;
pub mod json;
pub mod markdown;
pub mod terminal;
pub mod xlsx;

use std::io;

use arrow_schema::ArrowError;

use crate::table::ListError;

/// Why a renderer stopped.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The writer failed.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// A row of a list could not be read.
    #[error(transparent)]
    List(ListError),
}

impl From<ArrowError> for RenderError {
    fn from(error: ArrowError) -> Self {
        Self::Write(io::Error::other(error))
    }
}

/// Whether CSV begins with a byte-order mark. Excel needs it to recognise UTF-8; other programs take it for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrderMark {
    /// It does.
    Written,
    /// It does not.
    Absent,
}

/// Whether a spreadsheet would take the text for a formula, or lose its plus sign. A negative number is none.
fn is_formula(text: &str) -> bool {
    let is_negative = text.starts_with('-') && text.parse::<f64>().is_ok();
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_negative
}

#[cfg(test)]
mod tests;
