//! Methods and catalogues: files that people write, starting from a shipped template. They are named by path, shipped ones
//! by name.

use std::io::ErrorKind;
use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::draft;
use gridtier_io::system::system_error;

use crate::exit::{Done, Failure, METHOD, OUTPUT, USAGE};
use crate::lang::Lang;

/// The characters with which a heading begins.
const HEADING: &str = "# ──";

/// A kind of file for which the program ships templates.
pub struct Template {
    /// What such a file is called: `method`, in English and Chinese.
    pub kind: (&'static str, &'static str),
    /// What a shipped template is called: `preset`.
    pub shipped_as: (&'static str, &'static str),
    /// The shipped templates: name and text of each.
    pub shipped: &'static [(&'static str, &'static str)],
}

/// Writes a new file. An existing file is never overwritten.
pub fn create(file: &Path, text: &str) -> Result<(), Failure> {
    draft::write_new_file(file, text.as_bytes()).map_err(|error| {
        let fix = match error.kind() {
            ErrorKind::AlreadyExists => {
                text!("choose another name, or remove it first", "请另取名称，或先移走它")
            }
            _ => text!("correct the path or the permissions", "请改正路径或权限"),
        };
        let (file, error) = (file.display(), system_error(&error));
        let what = text!(
            "{file} could not be written: {error}; {fix}",
            "{file} 无法写出：{error}；{fix}";
            error, fix
        );
        Failure::new(OUTPUT, what)
    })
}

/// A shipped file with the comments of one language. A line of a comment is Chinese if it has a Chinese character;
/// headings have both.
fn commented(text: &str, lang: Lang) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines() {
        let is_other = is_comment(line) && line.contains(is_chinese) != (lang == Lang::Zh);
        // Without the lines of the other language, two empty comment lines would follow each other.
        let is_again = line == "#" && kept.last() == Some(&"#");
        if !is_other && !is_again {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// Whether a line is a comment in words: neither a heading nor a key that is switched off, such as `# special = 70`.
fn is_comment(line: &str) -> bool {
    let Some(text) = line.strip_prefix("# ") else { return false };
    let is_key = text.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    !line.starts_with(HEADING) && !text.starts_with('[') && !is_key
}

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

impl Template {
    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.shipped.iter().map(|(name, _)| *name)
    }

    /// The text of a shipped template.
    fn shipped(&self, name: &str) -> Result<&'static str, Failure> {
        let found = self.shipped.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text).ok_or_else(|| {
            let (kind, fix) = (Text::from(self.shipped_as), did_you_mean(name, self.names()));
            let what = text!("there is no {kind} `{name}`; {fix}", "没有{kind} `{name}`；{fix}"; kind, fix);
            Failure::new(USAGE, what)
        })
    }

    /// Prints a shipped template.
    pub fn show(&self, name: &str, lang: Lang) -> Result<Done, Failure> {
        Ok(Done { data: commented(self.shipped(name)?, lang) })
    }

    /// Starts a file from a shipped template. An existing file is never overwritten.
    pub fn start(&self, file: &Path, from: &str, lang: Lang) -> Result<Done, Failure> {
        create(file, &commented(self.shipped(from)?, lang))?;
        Ok(Done { data: format!("{}\n", file.display()) })
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> Result<String, Failure> {
        let bytes = std::fs::read(path).map_err(|error| {
            let (kind, shipped_as) = (Text::from(self.kind), Text::from(self.shipped_as));
            let (error, fix) = (system_error(&error), did_you_mean(path, self.names()));
            let what = text!(
                "{kind} `{path}` is no {shipped_as} and cannot be read as a file: {error}\n  {fix}",
                "{kind} `{path}` 不是{shipped_as}，也不能作为文件读取：{error}\n  {fix}";
                kind, shipped_as, error, fix
            );
            Failure::new(METHOD, what)
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let what = text!(
                "{path} is not UTF-8 text; save it as UTF-8 and run again",
                "{path} 不是 UTF-8 文本；请另存为 UTF-8 后重新运行"
            );
            Failure::new(METHOD, what)
        })?;
        // Editors on Windows begin UTF-8 with a byte-order mark, which TOML does not allow.
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}

#[cfg(test)]
mod tests {
    use gridtier::entitlement::CATALOGUES;
    use gridtier::method::PRESETS;
    use gridtier_service::policy::POLICIES;
    use gridtier_service::survey::instrument::INSTRUMENTS;

    use super::*;

    #[test]
    fn every_comment_of_a_shipped_file_is_in_both_languages() {
        for (name, text) in PRESETS.iter().chain(&CATALOGUES).chain(&POLICIES).chain(&INSTRUMENTS) {
            let blocks = text.split("\n\n").flat_map(|block| block.split("\n#\n"));
            for block in blocks {
                let comments = block.lines().filter(|line| is_comment(line));
                let (zh, en): (Vec<&str>, Vec<&str>) = comments.partition(|line| line.contains(is_chinese));
                assert_eq!(zh.is_empty(), en.is_empty(), "{name}:\n{block}");
            }
        }
    }

    #[test]
    fn a_new_file_has_the_comments_of_one_language_and_the_same_content() {
        for (name, text) in PRESETS.iter().chain(&CATALOGUES).chain(&POLICIES).chain(&INSTRUMENTS) {
            let [en, zh] = [Lang::En, Lang::Zh].map(|lang| commented(text, lang));
            let content = |text: &str| -> Vec<String> {
                text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
            };
            assert_eq!((content(&en), content(&zh)), (content(text), content(text)), "{name}");
            let comments = |text: &str| -> Vec<String> {
                let all = text.lines().filter(|line| is_comment(line));
                all.map(str::to_owned).collect()
            };
            assert!(!comments(&en).is_empty() && !comments(&zh).is_empty(), "{name}");
            assert!(comments(&en).iter().all(|line| !line.contains(is_chinese)), "{name}");
            assert!(comments(&zh).iter().all(|line| line.contains(is_chinese)), "{name}");
        }
    }
}
