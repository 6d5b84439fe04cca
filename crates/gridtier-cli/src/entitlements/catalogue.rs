//! Catalogues by name or file.

use std::path::Path;

use gridtier::checked_toml::Faults;
use gridtier::entitlement::{CATALOGUES, Catalogue};
use gridtier::method::Method;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{Month, date_of_day};
use gridtier_report::entitlement::catalogue_sections;
use gridtier_report::render::terminal;

use crate::exit::{Done, Failure, METHOD};
use crate::lang::Lang;
use crate::method;
use crate::template::Template;

const CATALOGUE_FILES: Template = Template {
    kind: ("catalogue", "权益目录"),
    shipped_as: ("shipped catalogue", "内置权益目录"),
    shipped: &CATALOGUES,
};

/// The text of a shipped catalogue.
pub fn show(name: &str, lang: Lang) -> Result<Done, Failure> {
    CATALOGUE_FILES.show(name, lang)
}

/// Starts a catalogue of one's own from a shipped one.
pub fn start(file: &Path, from: &str, lang: Lang) -> Result<Done, Failure> {
    CATALOGUE_FILES.start(file, from, lang)
}

/// Checks a catalogue, whose conditions may name the indicators of a method.
pub fn check(name: &str, method: &str, lang: Lang) -> Result<Done, Failure> {
    let catalogue = load(name, Some(&method::load(method)?))?;
    Ok(Done { data: terminal::text(&catalogue_sections(&catalogue), lang.into()) })
}

/// The catalogue of that name, shipped or a file; its conditions may name the indicators that `method` defines.
pub fn load(name: &str, method: Option<&Method>) -> Result<Catalogue, Failure> {
    let indicators = method.map(|method| method.indicators.as_slice()).unwrap_or_default();
    let own: Vec<&str> = indicators.iter().map(|spec| spec.id.as_str()).collect();
    let read: Result<Catalogue, Faults> = match Catalogue::shipped(name, &own) {
        Some(shipped) => shipped,
        None => Catalogue::parse(name, &CATALOGUE_FILES.read(name)?, &own),
    };
    Ok(read?)
}

/// Refuses a catalogue that is not in force on the cycle's day.
pub fn check_in_force(catalogue: &Catalogue, as_of: Month) -> Result<(), Failure> {
    let day = date_of_day(as_of.first_day()).unwrap_or_default();
    if catalogue.is_in_force(day) {
        return Ok(());
    }
    let to = catalogue.effective_to;
    let to = to.map_or_else(|| text!("further notice", "另行通知"), |day| Text::same(day.to_string()));
    let (name, version, from) = (&catalogue.name, &catalogue.version, catalogue.effective_from);
    let what = text!(
        "the catalogue of entitlements {name} {version} is in force from {from} until {to}, not on {day}\n  what to do: \
         give the catalogue in force on {day} with --entitlements, or correct the dates of this one",
        "权益目录 {name} {version} 自 {from} 起至{to}有效，不含 {day}\n  处理办法：\
         用 --entitlements 给出当日有效的目录，或改正其生效日期";
        to
    );
    Err(Failure::new(METHOD, what))
}
