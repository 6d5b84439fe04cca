//! Says in which encodings text files were read.

use std::collections::BTreeMap;

use gridtier::text;

use crate::section::{Block, Section};

/// The encodings in which text files were read, from pairs of name and encoding; `None` if all are UTF-8.
#[must_use]
pub fn encodings(files: &[(&str, &str)]) -> Option<Section> {
    /// Maximum number of files named for an encoding.
    const NAMED_MAX: usize = 5;
    let mut by_encoding: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for &(name, encoding) in files.iter().filter(|(_, encoding)| *encoding != "UTF-8") {
        by_encoding.entry(encoding).or_default().push(name);
    }
    if by_encoding.is_empty() {
        return None;
    }
    let lines = by_encoding.into_iter().map(|(encoding, names)| {
        let shown = names[..names.len().min(NAMED_MAX)].join(", ");
        match names.len().saturating_sub(NAMED_MAX) {
            0 => text!("{encoding}: {shown}", "{encoding}: {shown}"),
            more => text!("{encoding}: {shown} and {more} more", "{encoding}: {shown} 等另 {more} 个文件"),
        }
    });
    let section =
        Section::new().sentence("Files that are not in UTF-8 were read as:", "非 UTF-8 文件的读取编码:");
    Some(section.with(Block::Lines(lines.collect())))
}

#[cfg(test)]
mod tests {
    use gridtier::text::Lang;

    use super::*;
    use crate::render::terminal;

    #[test]
    fn files_of_other_encodings_are_named() {
        assert!(encodings(&[("a.csv", "UTF-8")]).is_none());
        let section = encodings(&[("a.csv", "UTF-8"), ("b.csv", "GB18030"), ("c.csv", "GB18030")]);
        let text = terminal::text(&[section.unwrap()], Lang::Zh.into());
        assert!(text.contains("GB18030: b.csv, c.csv") && !text.contains("a.csv"), "{text}");
    }
}
