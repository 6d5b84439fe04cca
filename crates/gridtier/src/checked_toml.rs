//! Files that people write by hand: every fault is reported at once, with its line and what to do.
//!
//! If a misspelt key is silently ignored, a check seems to pass that never ran. So a file is checked whole against the
//! JSON Schema of the type that serde reads it into: an unknown key is an error that suggests the nearest known key,
//! and editors use the same schema. Each key is written once, as a field of that type. This module does not know what
//! the values mean.

mod fault;
mod scalar;
mod schema;
mod check;

use crate::phrase::of_library;
use crate::text;
use crate::text::Text;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use check::Unsound;
use fault::line_at;

pub use fault::{Fault, Faults, did_you_mean, nearest};
pub use scalar::{Day, Ratio, Share, Switched, parse_ratio};
pub use schema::{schema_of_input, schema_of_output};

/// A TOML document that was checked against a schema.
///
/// Values that do not fit their schema are replaced by a stand-in, so that the rest of the document can be checked too:
/// [`is_sound`](Self::is_sound) tells whether a value is the writer's own.
pub struct CheckedToml<'t> {
    name: &'t str,
    text: &'t str,
    root: DeTable<'t>,
    value: Value,
    unsound: Vec<Unsound>,
}

impl<'t> CheckedToml<'t> {
    /// Parses `text` and checks it against the schema of an object.
    ///
    /// # Errors
    /// Every fault found, by line.
    pub fn parse(name: &'t str, text: &'t str, schema: &Value) -> Result<Self, Faults> {
        let (document, faults) = Self::survey(name, text, schema)?;
        document.faults(faults).map(|()| document)
    }

    /// As [`parse`](Self::parse), but hands the faults to a caller that looks for further ones.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn survey(name: &'t str, text: &'t str, schema: &Value) -> Result<(Self, Vec<Fault>), Faults> {
        let root = DeTable::parse(text).map_err(|error| {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            Faults {
                name: name.into(),
                faults: vec![Fault {
                    line,
                    what: syntax_fault(error.message()),
                    fix: text!("correct the TOML", "请改正 TOML"),
                }],
            }
        })?;
        let root = root.into_inner();
        let check::Survey { value, faults, unsound } = check::check(text, &root, schema);
        Ok((Self { name, text, root, value, unsound }, faults))
    }

    /// The document as a value of the type whose schema it was checked against.
    ///
    /// # Errors
    /// A number is out of the type's range, which is among the faults already. Or type and schema differ, which is a
    /// bug.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Faults> {
        T::deserialize(&self.value).map_err(|error| {
            let error = of_library(&error.to_string());
            let what = text!("{error}", "无法读取：{error}"; error);
            let fault = Fault { line: 1, what, fix: Text::default() };
            Faults { name: self.name.into(), faults: vec![fault] }
        })
    }

    /// Whether the value at a path, and everything in it, is as its schema asks.
    #[must_use]
    pub fn is_sound(&self, path: &[&str]) -> bool {
        self.unsound.iter().all(|unsound| !unsound.is_at(path))
    }

    /// Whether nothing at or below a path is missing or of another kind of value. Words and bounds may still be wrong.
    #[must_use]
    pub fn is_readable(&self, path: &[&str]) -> bool {
        self.unsound.iter().all(|unsound| !(unsound.is_stand_in && unsound.is_at(path)))
    }

    /// The line of a key given by its path, or of the nearest key above it that the document has. An entry of a list is
    /// given by its position: `service`, `3`, `cells`.
    #[must_use]
    pub fn line(&self, path: &[&str]) -> usize {
        let Some((first, path)) = path.split_first() else { return 1 };
        let Some((name, mut value)) = self.root.iter().find(|(name, _)| name.get_ref() == first) else {
            return 1;
        };
        let mut at = name.span().start;
        for key in path {
            match value.get_ref() {
                DeValue::Table(table) => {
                    let Some((name, inner)) = table.iter().find(|(name, _)| name.get_ref() == key) else {
                        break;
                    };
                    (at, value) = (name.span().start, inner);
                }
                DeValue::Array(values) => {
                    let Some(inner) = key.parse().ok().and_then(|place: usize| values.get(place)) else {
                        break;
                    };
                    (at, value) = (inner.span().start, inner);
                }
                _ => break,
            }
        }
        line_at(self.text, at)
    }

    /// Succeeds if there are no faults.
    ///
    /// # Errors
    /// All faults, sorted by line.
    pub fn faults(&self, mut faults: Vec<Fault>) -> Result<(), Faults> {
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by_key(|fault| fault.line);
        Err(Faults { name: self.name.into(), faults })
    }
}

/// What the parser of TOML says.
fn syntax_fault(message: &str) -> Text {
    let message = of_library(message);
    text!("{message}", "TOML 语法错误：{message}"; message)
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;

    crate::words! {
        /// How ties are treated.
        Treatment "treatment" {
            /// Ties are broken.
            Break "break" "break" "分开",
            /// All tied customers go up.
            Up "up" "up" "向上",
            /// All tied customers go down.
            Down "down" "down" "向下",
        }
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Example {
        /// The version of this format.
        #[schemars(range(min = 1, max = 1))]
        format: i64,
        /// How ties are treated.
        ties: Option<Treatment>,
        /// Weights by name.
        #[serde(default)]
        weights: std::collections::BTreeMap<String, Share>,
        /// Matrices.
        experts: Option<Vec<Vec<Ratio>>>,
    }

    fn faults(text: &str) -> Vec<String> {
        match CheckedToml::parse("m.toml", text, &schema_of_input::<Example>()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.to_string().lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn every_fault_is_reported_at_once_with_line_and_fix() {
        let reported = faults("tiess = \"break\"\nties = \"upp\"\n[weights]\na = 2\n");
        assert_eq!(
            reported,
            [
                "m.toml:1: unknown key `tiess`",
                "  what to do: did you mean `ties`?",
                "m.toml:1: `format` is missing",
                "  what to do: add it: the version of this format",
                "m.toml:2: `ties` cannot be \"upp\"",
                "  what to do: did you mean `up`?",
                "m.toml:4: `weights.a` must be a number from 0 to 1, not 2",
                "  what to do: write a number from 0 to 1",
            ]
        );
    }

    #[test]
    fn a_good_document_has_no_fault_and_gives_the_lines_of_its_keys() {
        let text = "format = 1\n[weights]\na = 0.5\nb = 0.5\n[[experts]]\n";
        assert_eq!(faults(&text.replace("[[experts]]\n", "")), Vec::<String>::new());
        let document = CheckedToml::parse(
            "m.toml",
            "format = 1\n[weights]\na = 0.5\nb = 0.5\n",
            &schema_of_input::<Example>(),
        )
        .unwrap();
        assert_eq!(document.line(&["weights", "b"]), 4);
        assert_eq!(document.line(&["weights", "missing"]), 2);
    }

    #[test]
    fn broken_toml_names_its_line() {
        assert!(faults("format = 1\nties = \n")[0].starts_with("m.toml:2:"));
    }

    #[test]
    fn ratios_are_numbers_or_fractions() {
        assert_eq!(faults("format = 1\nexperts = [[1, \"1/3\", 2.5, 0, \"?\"]]"), Vec::<String>::new());
        assert_eq!(faults("format = 1\nexperts = [[-1, \"1/0\", \"x\"]]").len(), 6);
        assert_eq!((parse_ratio("1/4"), parse_ratio("?")), (Some(0.25), Some(0.0)));
    }
}
