//! Files that people write, starting from one that is shipped: methods and catalogues, by name or path.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use gridtier::checked_toml::did_you_mean;

use crate::exit::{Done, Failure, METHOD, OUTPUT, USAGE};

/// A kind of file of which some are shipped.
pub struct Template {
    /// What it is: `method`.
    pub kind: &'static str,
    /// What a shipped one is called: `preset`.
    pub shipped_as: &'static str,
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
                ErrorKind::AlreadyExists => "choose another name, or remove it first",
                _ => "correct the path or the permissions",
            };
            Failure::new(OUTPUT, format!("{} could not be written: {error}; {fix}", file.display()))
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
            let fix = did_you_mean(name, self.names());
            Failure::new(USAGE, format!("there is no {} `{name}`; {fix}", self.shipped_as))
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
            let (kind, shipped_as) = (self.kind, self.shipped_as);
            let fix = did_you_mean(path, self.names());
            Failure::new(
                METHOD,
                format!("{kind} `{path}` is no {shipped_as} and cannot be read as a file: {error}\n  {fix}"),
            )
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::new(METHOD, format!("{path} is not UTF-8 text; save it as UTF-8 and run again"))
        })?;
        // Editors on Windows begin UTF-8 with a byte-order mark, which TOML does not allow.
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }
}
