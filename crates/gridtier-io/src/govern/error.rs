//! Why a decision was not recorded. The variants differ in what the caller can do about it.

use std::error::Error;
use std::fmt::{self, Display};

use gridtier::text;
use gridtier::text::Text;

use crate::cycle::CycleError;
use crate::store::StoreError;

/// Why a decision was not recorded, or why a cycle may not be graded as asked.
#[derive(Debug)]
pub enum GovernanceError {
    /// The store cannot be read or written.
    Store(StoreError),
    /// A cycle cannot be read.
    Cycle(CycleError),
    /// The command asks for something that the rules do not allow.
    Usage(Text),
    /// The method is not the one that the rules require.
    Method(Text),
    /// The method whose rules apply cannot be read.
    NoRules(Text),
    /// The store has no cycle that was asked for.
    NoCycle(Text),
    /// Rules or gates stand in the way; all of them are listed.
    Refused(Vec<Text>),
    /// Files are not as they were published; all such files are listed.
    Damaged(Vec<Text>),
}

impl GovernanceError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Store(error) => error.text(),
            Self::Cycle(error) => error.text(),
            Self::Usage(what) | Self::Method(what) | Self::NoRules(what) | Self::NoCycle(what) => {
                what.clone()
            }
            Self::Refused(what) => {
                let what = Text::join(what, "\n  ");
                text!("refused; nothing was written\n  {what}", "未通过, 未写入任何内容\n  {what}"; what)
            }
            Self::Damaged(what) => {
                let what = Text::join(what, "\n  ");
                text!(
                    "files are not as they were written; nothing was written\n  {what}",
                    "文件与写入时不同, 未写入任何内容\n  {what}";
                    what
                )
            }
        }
    }
}

impl Display for GovernanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl Error for GovernanceError {}

impl From<StoreError> for GovernanceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CycleError> for GovernanceError {
    fn from(error: CycleError) -> Self {
        Self::Cycle(error)
    }
}
