//! Parses an [`Instrument`]: read, check, build. All faults are reported at once.

use gridtier::checked_toml::{CheckedToml, Faults, schema_of_input};
use serde_json::Value;

use super::build::InstrumentBuild;
use super::definition::Instrument;
use super::raw::InstrumentFile;

/// The shipped instruments: name and text of each, which is a complete file.
pub const INSTRUMENTS: [(&str, &str); 4] = [
    ("servqual", include_str!("../../../presets/servqual.toml")),
    ("servqual_1988", include_str!("../../../presets/servqual_1988.toml")),
    ("satisfaction", include_str!("../../../presets/satisfaction.toml")),
    ("delivered_value", include_str!("../../../presets/delivered_value.toml")),
];

impl Instrument {
    /// Parses the text of an instrument. Messages name the file by `name`.
    ///
    /// # Errors
    /// Everything that is wrong with the text, by line, with what to do about it.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        let (document, faults) = CheckedToml::survey(name, text, &schema())?;
        let file: InstrumentFile = match document.read() {
            Ok(file) => file,
            // The check against the schema has already reported values of a wrong type, with what to do about them.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let mut build = InstrumentBuild { document: &document, faults };
        let instrument = build.instrument(&file, text);
        document.faults(build.faults)?;
        Ok(instrument)
    }

    /// A shipped instrument.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Result<Self, Faults>> {
        let (name, text) = INSTRUMENTS.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text))
    }
}

/// The JSON Schema of an instrument file.
#[must_use]
pub fn schema() -> Value {
    schema_of_input::<InstrumentFile>()
}

#[cfg(test)]
mod tests;
