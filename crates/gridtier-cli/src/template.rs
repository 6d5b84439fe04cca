//! Files that people write, starting from one that is shipped: methods and catalogues, by name or path.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::system::system_error;

use crate::exit::{Done, Failure, METHOD, OUTPUT, USAGE};

/// A kind of file of which some are shipped.
pub struct Template {
    /// What it is: `method`, in English and Chinese.
    pub kind: (&'static str, &'static str),
    /// What a shipped one is called: `preset`.
    pub shipped_as: (&'static str, &'static str),
    /// The shipped ones: name and text.
    pub shipped: &'static [(&'static str, &'static str)],
}

/// Writes a new file. One that is there already is never written over.
pub fn create(file: &Path, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| {
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

impl Template {
    fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.shipped.iter().map(|(name, _)| *name)
    }

    /// The text of a shipped one.
    pub fn shipped(&self, name: &str) -> Result<&'static str, Failure> {
        let found = self.shipped.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text).ok_or_else(|| {
            let (kind, fix) = (Text::from(self.shipped_as), did_you_mean(name, self.names()));
            let what = text!("there is no {kind} `{name}`; {fix}", "没有{kind} `{name}`；{fix}"; kind, fix);
            Failure::new(USAGE, what)
        })
    }

    /// Starts a file from a shipped one. A file that is there already is never written over.
    pub fn start(&self, file: &Path, from: &str) -> Result<Done, Failure> {
        let text = self.shipped(from)?;
        create(file, text)?;
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
