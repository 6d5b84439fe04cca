//! Faults of a document, by line, with what to do about them.

use std::fmt;

use crate::text;
use crate::text::{Lang, Text};

/// Something wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and where.
    pub what: Text,
    /// What to do about the fault.
    pub fix: Text,
}

/// Everything wrong in a document, by line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    /// The document's name.
    pub name: String,
    /// The faults, at least one.
    pub faults: Vec<Fault>,
}

impl Faults {
    /// All faults in one language, one below the other.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        let faults = self.faults.iter().map(|fault| {
            let what = format!("{}:{}: {}", self.name, fault.line, fault.what.in_lang(lang));
            if fault.fix.is_empty() {
                return what;
            }
            format!("{what}\n  {}{}", lang.pick("what to do: ", "处理办法："), fault.fix.in_lang(lang))
        });
        faults.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Lang::En))
    }
}

/// The line of a byte of a text, from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The known name nearest to `unknown`, if one is near.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(unknown.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// "did you mean `x`?", or the list of the known names if none is near.
#[must_use]
pub fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Text {
    match nearest(unknown, known.clone()) {
        Some(name) => text!("did you mean `{name}`?", "是否指 `{name}`？"),
        None => {
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            text!("known here: {known}", "此处可用：{known}")
        }
    }
}
