//! Why a data folder cannot be opened.

use gridtier::checked_toml::Faults;
use gridtier::error::Refusal;
use gridtier::text::{Lang, Text};

/// Why a data folder cannot be graded: exit code 4.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// `gridtier.toml` is wrong.
    #[error(transparent)]
    Config(#[from] Faults),
    /// At least one file is doubtful or cannot be read.
    #[error("{}", one_per_line(.0, Lang::En))]
    Refused(Vec<Refusal>),
}

impl OpenError {
    /// Every fault, one below the other.
    #[must_use]
    pub fn text(&self) -> Text {
        let [en, zh] = [Lang::En, Lang::Zh].map(|lang| match self {
            Self::Config(faults) => faults.message(lang),
            Self::Refused(refusals) => one_per_line(refusals, lang),
        });
        Text::new(en, zh)
    }
}

fn one_per_line(refusals: &[Refusal], lang: Lang) -> String {
    let messages: Vec<String> = refusals.iter().map(|refusal| refusal.message(lang)).collect();
    messages.join("\n")
}
