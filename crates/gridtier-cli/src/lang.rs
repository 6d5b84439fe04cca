//! The language of what people read.

use gridtier::word::Word;

pub use gridtier::text::Lang;

/// The language asked for, else that of the environment, else English.
pub fn chosen(asked: Option<Lang>) -> Lang {
    asked.unwrap_or_else(|| {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        if locale.is_some_and(|locale| locale.starts_with("zh")) { Lang::Zh } else { Lang::En }
    })
}

/// The language of a code that the command line has checked.
pub fn of_code(code: String) -> Lang {
    Lang::from_code(&code).unwrap_or(Lang::En)
}
