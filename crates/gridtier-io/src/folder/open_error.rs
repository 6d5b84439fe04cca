//! Why a data folder cannot be opened.

use gridtier::checked_toml::Faults;
use gridtier::error::Refusal;
use gridtier::text::{Lang, Text};

/// Why a data folder cannot be graded: exit code 4.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// `gridtier.toml` is wrong, and files that cannot be read whatever it says.
    #[error("{}", config_and_files(.0, .1, Lang::En))]
    Config(Faults, Vec<Refusal>),
    /// At least one file is doubtful or cannot be read.
    #[error("{}", one_per_line(.0, Lang::En))]
    Refused(Vec<Refusal>),
}

impl OpenError {
    /// Every fault, one below the other.
    #[must_use]
    pub fn text(&self) -> Text {
        let [en, zh] = [Lang::En, Lang::Zh].map(|lang| match self {
            Self::Config(faults, files) => config_and_files(faults, files, lang),
            Self::Refused(refusals) => one_per_line(refusals, lang),
        });
        Text::new(en, zh)
    }
}

impl From<Faults> for OpenError {
    fn from(faults: Faults) -> Self {
        Self::Config(faults, Vec::new())
    }
}

fn config_and_files(faults: &Faults, files: &[Refusal], lang: Lang) -> String {
    let mut messages = vec![faults.message(lang)];
    messages.extend(files.iter().map(|refusal| refusal.message(lang)));
    messages.join("\n")
}

fn one_per_line(refusals: &[Refusal], lang: Lang) -> String {
    let messages: Vec<String> = refusals.iter().map(|refusal| refusal.message(lang)).collect();
    messages.join("\n")
}
