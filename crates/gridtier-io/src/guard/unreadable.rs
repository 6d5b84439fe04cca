//! Why a file cannot be read, and what to do about it.
//!
//! The decoders of parquet and Arrow answer most malformed files with an error and some with a panic; to the person who
//! sent the file both mean the same. [`caught`] turns a panic into an [`Unreadable`], so that the user sees a refusal
//! with the file's name and no backtrace. A failed allocation aborts and cannot be caught: claims of sizes are checked
//! before a decoder sees them. The name of the file is added by the caller.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use arrow_schema::ArrowError;
use gridtier::phrase::of_library;
use gridtier::text;
use gridtier::text::Text;
use parquet::errors::ParquetError;

use crate::system::system_error;

/// A file, or a part of one, that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong with it.
    pub what: Text,
    /// What to do about it.
    pub advice: Text,
}

/// The usual advice about damage.
const COPY_AGAIN: (&str, &str) =
    ("export the file again and check that it was copied whole", "请重新导出文件，并检查是否复制完整");

/// The advice for a file that the system does not let us read.
pub const CHECK_ACCESS: (&str, &str) =
    ("check that it is there and that you may read it", "请检查文件是否存在，以及您是否有权读取");

impl Unreadable {
    /// Damage that a new copy of the file repairs.
    pub fn damaged(what: impl Into<Text>) -> Self {
        Self::because(what, COPY_AGAIN)
    }

    /// A fault with its own advice.
    pub fn because(what: impl Into<Text>, advice: impl Into<Text>) -> Self {
        Self { what: what.into(), advice: advice.into() }
    }
}

impl From<std::io::Error> for Unreadable {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::damaged(text!("it ends too early", "文件过早结束")),
            std::io::ErrorKind::InvalidData => {
                let error = of_library(&error.to_string());
                Self::damaged(text!("it is malformed: {error}", "内容有误：{error}"; error))
            }
            _ => {
                let error = system_error(&error);
                Self::because(text!("it cannot be read: {error}", "无法读取：{error}"; error), CHECK_ACCESS)
            }
        }
    }
}

impl From<ParquetError> for Unreadable {
    fn from(error: ParquetError) -> Self {
        let error = error.to_string();
        let error = of_library(error.trim_start_matches("Parquet error: "));
        Self::damaged(text!("it is not whole: {error}", "文件不完整：{error}"; error))
    }
}

impl From<ArrowError> for Unreadable {
    fn from(error: ArrowError) -> Self {
        let error = of_library(&error.to_string());
        Self::damaged(text!("it is not whole: {error}", "文件不完整：{error}"; error))
    }
}

thread_local! {
    static IN_DECODER: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a decoder and turns its panic into an [`Unreadable`], without printing it.
///
/// Pass only the decoder's own code: a panic in anything else would be blamed on the file.
pub fn caught<T>(step: impl FnOnce() -> T) -> Result<T, Unreadable> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_DECODER.get() {
                default(info);
            }
        }));
    });
    let outer = IN_DECODER.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(step));
    IN_DECODER.set(outer);
    result.map_err(|panic| {
        let text =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("the decoder gave up");
        Unreadable::damaged(text!("its content is malformed ({text})", "内容有误（{text}）"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_gives_a_refusal() {
        let caught = caught(|| -> u32 { panic!("index {} out of bounds", 7) });
        assert_eq!(caught.unwrap_err().what.en, "its content is malformed (index 7 out of bounds)");
    }
}
