//! A minimal YAML writer for contracts, whose output every parser reads the same way.
//!
//! Text that some version of YAML could read as a number, a date, a flag or null is quoted. Keys keep the order in which
//! they are given. Nothing is parsed here.

/// A document or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// Text, of one line or several.
    Text(String),
    /// true or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A list; written as `[]` if empty.
    List(Vec<Yaml>),
    /// Keys and values; written as `{}` if empty.
    Map(Vec<(&'static str, Yaml)>),
}

/// Words that some version of YAML reads as a flag or as null.
const RESERVED: &[&str] = &["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Yaml {
    /// The value as a file.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Map(entries) if !entries.is_empty() => write_entries(&mut out, entries, 0, Begin::OwnLine),
            other => other.write_after(&mut out, 0),
        }
        out
    }

    /// Writes the value after its key or dash; lines that follow are indented by `indent`.
    fn write_after(&self, out: &mut String, indent: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                out.push('\n');
                write_entries(out, entries, indent, Begin::OwnLine);
            }
            Self::List(items) if !items.is_empty() => {
                out.push('\n');
                items.iter().for_each(|item| item.write_item(out, indent));
            }
            Self::Text(text) if is_block(text) => {
                out.push_str(" |-\n");
                text.lines().for_each(|line| *out += &format!("{:indent$}{line}\n", ""));
            }
            scalar => *out += &format!(" {}\n", scalar.in_line()),
        }
    }

    fn write_item(&self, out: &mut String, indent: usize) {
        *out += &format!("{:indent$}-", "");
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                write_entries(out, entries, indent + 2, Begin::AfterDash)
            }
            other => other.write_after(out, indent + 2),
        }
    }

    fn in_line(&self) -> String {
        match self {
            Self::Text(text) if is_plain(text) => text.clone(),
            Self::Text(text) => quoted(text),
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => format!("{number:?}"),
            Self::List(_) => "[]".into(),
            Self::Map(_) => "{}".into(),
        }
    }
}

/// Where the first key of a map is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    OwnLine,
    AfterDash,
}

fn write_entries(out: &mut String, entries: &[(&'static str, Yaml)], indent: usize, begin: Begin) {
    for (place, (key, value)) in entries.iter().enumerate() {
        let before = if place == 0 && begin == Begin::AfterDash { 1 } else { indent };
        *out += &format!("{:before$}{key}:", "");
        value.write_after(out, indent + 2);
    }
}

/// Whether a single-line text needs no quotes: it begins with a letter, has no character with a meaning in YAML, and is
/// not a reserved word.
fn is_plain(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || " _-./(),;'，。；：、（）".contains(c))
        && text.trim_end() == text
        && !RESERVED.contains(&text.to_lowercase().as_str())
}

/// Whether a text is written as a block: it has several lines, none empty and none with white space at its ends.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && text
            .split('\n')
            .all(|line| !line.is_empty() && line.trim() == line && !line.contains(char::is_control))
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_lists_nest_in_block_style_and_keep_their_order() {
        let inner =
            Yaml::Map(vec![("name", "b".into()), ("words", Yaml::List(vec!["x".into(), Yaml::Whole(1)]))]);
        let document = Yaml::Map(vec![
            ("kind", "DataContract".into()),
            ("about", "one\ntwo 二".into()),
            ("list", Yaml::List(vec![inner, Yaml::List(vec![Yaml::Flag(true), Yaml::Number(0.9)])])),
            ("none", Yaml::List(Vec::new())),
        ]);
        let text = "kind: DataContract\nabout: |-\n  one\n  two 二\nlist:\n  - name: b\n    words:\n      - x\n      - 1\n  \
                    -\n    - true\n    - 0.9\nnone: []\n";
        assert_eq!(document.to_text(), text);
    }

    #[test]
    fn text_that_could_be_misread_is_quoted() {
        let line = |text: &str| Yaml::from(text).in_line();
        for plain in ["customers", "户号 (account)", "decimal(18,2)", "the customer's own", "yyyy-MM-dd"] {
            assert_eq!(line(plain), plain);
        }
        for text in
            ["1.0.0", "No", "~", "null", "2025-01-01", "0.90", "a: b", "a #b", "- a", "", "a ", "[x]", "!x"]
        {
            assert_eq!(line(text), format!("\"{text}\""));
        }
        assert_eq!(line("a \"b\" \\ c"), r#""a \"b\" \\ c""#);
        assert_eq!(line("a\n\nb\t"), r#""a\n\nb\u0009""#);
    }
}
