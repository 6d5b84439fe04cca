//! Parses a [`Catalogue`]: read, build, lint. All faults are reported at once.

use chrono::NaiveDate;
use serde_json::Value;

use super::build::Build;
use super::catalogue::Catalogue;
use super::condition::{self, Condition};
use super::lint;
use super::raw::{CatalogueFile, DutiesFile, DutyKind};
use super::service::Duty;
use crate::checked_toml::{CheckedToml, Fault, Faults, schema_of_input};
use crate::text::Text;

/// The shipped catalogues: name and text of each, which is a complete file.
pub const CATALOGUES: [(&str, &str); 1] = [("paper", include_str!("../../presets/entitlements.toml"))];

/// What regulations owe to customers of any tier. An operator cannot change this file.
const DUTIES: &str = include_str!("../../presets/duties.toml");

impl Catalogue {
    /// Parses the text of a catalogue. Messages name the file by `name`. `own` has the ids of the indicators that a
    /// method itself defines; conditions may name them too.
    ///
    /// # Errors
    /// Everything that is wrong with the text, by line, with what to do about it.
    pub fn parse(name: &str, text: &str, own: &[&str]) -> Result<Self, Faults> {
        let (document, faults) = CheckedToml::survey(name, text, &schema())?;
        let file: CatalogueFile = match document.read() {
            Ok(file) => file,
            // The check against the schema has already reported values of a wrong type, with what to do about them.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let fields = condition::fields(own);
        let mut build = Build { document: &document, fields: &fields, faults };
        let services = build.services(&file.service);
        let (from, to) = build.dates(&file);
        let duties = duties()?.into_iter().filter(|duty| duty.is_in_force(from, to)).collect();
        let mut faults = build.faults;
        let catalogue = Self {
            name: file.name,
            version: file.version,
            effective_from: from,
            effective_to: to,
            source: file.source,
            text: text.into(),
            fields,
            services,
            duties,
        };
        // The lint of an incomplete catalogue would report faults that are none.
        if faults.is_empty() {
            faults = lint::lint(&document, &catalogue);
        }
        document.faults(faults)?;
        Ok(catalogue)
    }

    /// Whether the catalogue is an edited copy under the same name: it has the name and version of a shipped
    /// catalogue, but another text. Differences in comments and line ends do not count.
    #[must_use]
    pub fn is_edited_copy(&self) -> bool {
        // Parsing the shipped catalogues takes 15 ms.
        if CATALOGUES.iter().any(|(_, text)| **text == *self.text) {
            return false;
        }
        let content = |text: &str| toml::from_str::<toml::Table>(&text.replace("\r\n", "\n")).ok();
        CATALOGUES.iter().any(|(name, text)| {
            let shipped = Self::parse(name, text, &[]);
            let has_same_name =
                shipped.is_ok_and(|shipped| (&shipped.name, &shipped.version) == (&self.name, &self.version));
            has_same_name && content(text) != content(&self.text)
        })
    }

    /// A shipped catalogue.
    #[must_use]
    pub fn shipped(name: &str, own: &[&str]) -> Option<Result<Self, Faults>> {
        let (name, text) = CATALOGUES.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text, own))
    }
}

/// The JSON Schema of a catalogue file.
#[must_use]
pub fn schema() -> Value {
    schema_of_input::<CatalogueFile>()
}

/// All duties.
///
/// # Errors
/// The shipped file has a fault, which is a bug that a test finds.
pub fn duties() -> Result<Vec<Duty>, Faults> {
    let name = "duties.toml";
    let document = CheckedToml::parse(name, DUTIES, &schema_of_input::<DutiesFile>())?;
    let file: DutiesFile = document.read()?;
    let fields = condition::fields(&[]);
    let mut duties = Vec::new();
    let mut faults = Vec::new();
    for (place, duty) in file.duty.into_iter().enumerate() {
        let line = document.line(&["duty", &place.to_string()]);
        match Condition::parse(&duty.owed_to, &fields) {
            Ok(owed_to) => duties.push(Duty {
                id: duty.id,
                title: Text::new(duty.title, duty.title_zh),
                owed_to,
                is_basic: duty.kind == DutyKind::Basic,
                source: Text::new(duty.source, duty.source_zh),
                remark: Text::new(duty.remark, duty.remark_zh),
                effective_from: duty.effective_from.0,
                effective_to: duty.effective_to.map(|day| day.0),
            }),
            Err((what, fix)) => faults.push(Fault { line, what, fix }),
        }
    }
    document.faults(faults).map(|()| duties)
}

impl Duty {
    /// Whether the duty is in force on some day from `from` to `to`.
    fn is_in_force(&self, from: NaiveDate, to: Option<NaiveDate>) -> bool {
        to.is_none_or(|to| self.effective_from <= to) && self.effective_to.is_none_or(|last| from <= last)
    }
}

#[cfg(test)]
mod tests;
