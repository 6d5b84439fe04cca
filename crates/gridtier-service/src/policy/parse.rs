//! Parses a [`Policy`]: read, build, and check it against the catalogue. All faults are reported at once.

use gridtier::checked_toml::{CheckedToml, Faults, schema_of_input};
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::{Field, FieldKind};
use gridtier::method::Tier;
use gridtier::word::Word;
use serde_json::Value;

use super::Policy;
use super::build::PolicyBuild;
use super::raw::PolicyFile;

/// The shipped policies: name and text of each, which is a complete file.
pub const POLICIES: [(&str, &str); 1] = [("paper", include_str!("../../presets/service.toml"))];

impl Policy {
    /// Parses the text of a policy. Messages name the file by `name`. The policy may name the services and columns of
    /// the catalogue.
    ///
    /// # Errors
    /// Everything that is wrong with the text, by line, with what to do about it.
    pub fn parse(name: &str, text: &str, catalogue: &Catalogue) -> Result<Self, Faults> {
        let (document, faults) = CheckedToml::survey(name, text, &schema())?;
        let file: PolicyFile = match document.read() {
            Ok(file) => file,
            // The check against the schema has already reported values of a wrong type, with what to do about them.
            Err(unread) => return document.faults(faults).and(Err(unread)),
        };
        let fields = fields(catalogue);
        let mut build = PolicyBuild { document: &document, catalogue, fields: &fields, faults };
        let policy = build.policy(&file, text);
        document.faults(build.faults)?;
        Ok(policy)
    }

    /// A shipped policy, checked against a catalogue; `None` if no policy of that name is shipped.
    #[must_use]
    pub fn shipped(name: &str, catalogue: &Catalogue) -> Option<Result<Self, Faults>> {
        let (name, text) = POLICIES.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text, catalogue))
    }
}

/// The columns that the conditions of a policy may name: those of the catalogue, in its order, and after them `tier`.
/// So the catalogue's conditions can read a record that is in this order.
#[must_use]
pub fn fields(catalogue: &Catalogue) -> Vec<Field> {
    let mut fields = catalogue.fields.clone();
    fields.push(Field { name: "tier".into(), title_zh: "客户等级", kind: FieldKind::Words(Tier::LIST) });
    fields
}

/// The JSON Schema of a policy file.
#[must_use]
pub fn schema() -> Value {
    schema_of_input::<PolicyFile>()
}

#[cfg(test)]
mod tests;
