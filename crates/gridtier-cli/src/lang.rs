//! The language of what people read.

use std::ffi::OsString;

use gridtier::word::Word;

pub use gridtier::text::Lang;

/// The language that a command line asks for; it is needed before the command line is checked.
pub fn asked(args: &[OsString]) -> Option<Lang> {
    args.iter().enumerate().find_map(|(place, arg)| {
        let arg = arg.to_str()?;
        let code = match arg.strip_prefix("--lang") {
            Some("") => args.get(place + 1)?.to_str()?,
            Some(rest) => rest.strip_prefix('=')?,
            None => return None,
        };
        Lang::from_code(code)
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_even_in_a_wrong_command_line() {
        let asked = |line: &str| asked(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked("gridtier regrad --lang zh"), Some(Lang::Zh));
        assert_eq!(asked("gridtier --lang=en regrad"), Some(Lang::En));
        assert_eq!(asked("gridtier regrad --lang"), None);
        assert_eq!(asked("gridtier regrad --language zh"), None);
    }
}
