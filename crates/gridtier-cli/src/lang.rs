//! English and Chinese.

use clap::ValueEnum;

/// A language of what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// The language asked for, else the one of the environment, else English.
    pub fn chosen(asked: Option<Self>) -> Self {
        asked.unwrap_or_else(|| {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            if locale.is_some_and(|locale| locale.starts_with("zh")) { Self::Zh } else { Self::En }
        })
    }

    /// The text of the language.
    pub fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}
