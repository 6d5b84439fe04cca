//! From the raw catalogue to its services, noting every word, number and condition that cannot be read.

use chrono::NaiveDate;

use super::condition::{Condition, Field};
use super::raw;
use super::service::{
    Access, Cadence, Capacity, Cell, Combination, Dimension, Fee, FeeRule, Opening, Part, Provenance, Reason,
    Service, ShareKey, Start, Terms,
};
use crate::checked_toml::{CheckedToml, Day, Fault, did_you_mean};
use crate::method::Tier;
use crate::unit::round_half_away;
use crate::word::Word;

/// Most parts of a service that is priced by combination: every choice has its price.
const PARTS_MAX: usize = 8;

/// What is being made of a document.
pub(super) struct Build<'a, 't> {
    pub document: &'a CheckedToml<'t>,
    pub fields: &'a [Field],
    pub faults: Vec<Fault>,
}

/// A number times `scale` as an integer, half away from zero.
pub(super) fn scaled(x: f64, scale: f64) -> i64 {
    round_half_away(x * scale)
}

fn fen(yuan: f64) -> i64 {
    scaled(yuan, 100.0)
}

fn e6(share: f64) -> i64 {
    scaled(share, 1e6)
}

impl Build<'_, '_> {
    fn fault(&mut self, path: &[&str], what: String, fix: impl Into<String>) {
        self.faults.push(Fault { line: self.document.line(path), what, fix: fix.into() });
    }

    /// The days between which the catalogue holds.
    pub fn dates(&mut self, raw: &raw::Catalogue) -> (NaiveDate, Option<NaiveDate>) {
        let day = |day: &Option<Day>| day.as_ref().and_then(Day::date);
        let (from, to) = (day(&raw.effective_from).unwrap_or_default(), day(&raw.effective_to));
        if to.is_some_and(|to| to < from) {
            let what = "`effective_to` lies before `effective_from`".to_owned();
            self.fault(&["effective_to"], what, "correct one of them, or leave `effective_to` out");
        }
        (from, to)
    }

    /// The services; those that cannot be made are told and left out.
    pub fn services(&mut self, raw: &[raw::Service]) -> Vec<Service> {
        if raw.is_empty() {
            self.fault(&["service"], "the catalogue has no service".into(), "add one as [[service]]");
        }
        let mut services: Vec<Service> = Vec::new();
        for (place, service) in raw.iter().enumerate() {
            let place = place.to_string();
            if let Some(known) = services.iter().find(|known| known.id == service.id) {
                let what = format!("service {} is there twice", known.id);
                self.fault(&["service", &place, "id"], what, "give each service an id of its own");
            }
            services.extend(self.service(service, &place));
        }
        services
    }

    fn service(&mut self, raw: &raw::Service, place: &str) -> Option<Service> {
        let at = |key: &'static str| ["service", place, key];
        let id = raw.id.as_str();
        self.texts(raw, place);
        if raw.dimensions.is_empty() {
            let what = format!("service {id} has no dimension");
            self.fault(&at("dimensions"), what, "name at least one");
        }
        if raw.uptake.is_some() == raw.programme_units.is_some() {
            let what = format!("service {id} must have either `uptake` or `programme_units`");
            let fix =
                "give uptake when customers take units one by one, programme_units when it serves the public";
            self.fault(&["service", place], what, fix);
        }
        let condition = self.condition(raw.condition.as_deref(), &at("condition"), id);
        let fee = self.fee(&raw.fee, id, place);
        let cells = self.cells(raw, &fee, place);
        let opens = raw.opens.iter().enumerate().filter_map(|(entry, opening)| {
            let entry = entry.to_string();
            self.opening(opening, &fee, id, &["service", place, "opens", &entry])
        });
        let opens = opens.collect();
        Some(Service {
            id: raw.id.clone(),
            dimensions: raw.dimensions.iter().filter_map(|word| Dimension::from_code(word)).collect(),
            title: raw.title.clone(),
            title_zh: raw.title_zh.clone(),
            about: raw.about.clone(),
            about_zh: raw.about_zh.clone(),
            start: Start::from_code(&raw.start)?,
            duty: raw.duty.clone(),
            unit: raw.unit.clone(),
            unit_zh: raw.unit_zh.clone(),
            unit_cost_fen: fen(raw.unit_cost),
            uptake_e6: e6(raw.uptake.unwrap_or(0.0)),
            programme_units: raw.programme_units,
            capacity: raw.capacity.as_ref().map(|capacity| Capacity {
                units: capacity.units,
                periods: if capacity.per == "month" { 12 } else { 1 },
            }),
            cadence: Cadence::from_code(&raw.cadence)?,
            condition,
            outage_plan: raw.outage_plan,
            source: raw.source.clone(),
            cells: cells?,
            opens,
            fee: fee?,
        })
    }

    /// Names that a table or a customer shows cannot be empty, and an id is typed on a command line.
    fn texts(&mut self, raw: &raw::Service, place: &str) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !raw.id.chars().all(is_plain) {
            let what =
                format!("the id `{}` has characters other than letters, digits, `_`, `-` and `.`", raw.id);
            self.fault(&["service", place, "id"], what, "choose an id such as S06");
        }
        let shown =
            [("id", &raw.id), ("title", &raw.title), ("title_zh", &raw.title_zh), ("unit", &raw.unit)];
        for (key, text) in shown {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                let what = format!("`{key}` of service {} is empty or has control characters", raw.id);
                self.fault(&["service", place, key], what, "write one plain line");
            }
        }
    }

    fn condition(&mut self, text: Option<&str>, path: &[&str], id: &str) -> Option<Condition> {
        match Condition::parse(text?, self.fields) {
            Ok(condition) => Some(condition),
            Err((what, fix)) => {
                self.fault(path, format!("service {id}: {what}"), fix);
                None
            }
        }
    }

    fn fee(&mut self, raw: &raw::Fee, id: &str, place: &str) -> Option<Fee> {
        let path = ["service", place, "fee"];
        let rule = FeeRule::from_code(&raw.rule)?;
        let given = [
            ("amount", raw.amount.is_some(), FeeRule::Fixed),
            ("parts", !raw.parts.is_empty(), FeeRule::Combination),
            ("combinations", !raw.combinations.is_empty(), FeeRule::Combination),
            ("share_by", raw.share_by.is_some(), FeeRule::Shared),
        ];
        for (key, is_given, of) in given {
            if is_given != (rule == of) {
                let what = match is_given {
                    true => format!("service {id}: fee rule {} has no `{key}`", rule.code()),
                    false => format!("service {id}: fee rule {} needs `{key}`", rule.code()),
                };
                let fix = format!("`{key}` belongs to rule {}, and is needed there", of.code());
                self.fault(&path, what, fix);
                return None;
            }
        }
        match rule {
            FeeRule::Free => Some(Fee::Free),
            FeeRule::Fixed => raw.amount.map(|amount| Fee::Fixed(fen(amount))),
            FeeRule::Shared => raw.share_by.as_deref().and_then(ShareKey::from_code).map(Fee::Shared),
            FeeRule::Combination => self.combinations(raw, id, &path),
        }
    }

    fn combinations(&mut self, raw: &raw::Fee, id: &str, path: &[&str]) -> Option<Fee> {
        let parts: Vec<Part> = raw
            .parts
            .iter()
            .map(|part| Part {
                id: part.id.clone(),
                title: part.title.clone(),
                title_zh: part.title_zh.clone(),
                unit_cost_fen: fen(part.unit_cost),
            })
            .collect();
        let is_new = |place: usize| parts[..place].iter().all(|part| part.id != parts[place].id);
        if parts.len() > PARTS_MAX || !(0..parts.len()).all(is_new) {
            let what = format!("service {id}: its parts are more than {PARTS_MAX}, or one is there twice");
            self.fault(path, what, "give each part an id of its own, or make it two services");
            return None;
        }
        let mut choices = Vec::new();
        for choice in &raw.combinations {
            choices.push(Combination {
                parts: self.parts(&choice.parts, &parts, id, path)?,
                fee_fen: fen(choice.fee),
                share_e6: e6(choice.share),
            });
        }
        Some(Fee::Combination(parts, choices))
    }

    /// A choice of parts as bits.
    fn parts(&mut self, chosen: &[String], parts: &[Part], id: &str, path: &[&str]) -> Option<u32> {
        let mut bits = 0;
        for (entry, name) in chosen.iter().enumerate() {
            if chosen[..entry].contains(name) {
                let what = format!("service {id} names the part `{name}` twice");
                self.fault(path, what, "name it once");
                return None;
            }
            let Some(place) = parts.iter().position(|part| part.id == *name) else {
                let fix = did_you_mean(name, parts.iter().map(|part| part.id.as_str()));
                self.fault(path, format!("service {id} has no part `{name}`"), fix);
                return None;
            };
            bits |= 1 << place;
        }
        Some(bits)
    }

    fn cells(&mut self, raw: &raw::Service, fee: &Option<Fee>, place: &str) -> Option<[Cell; 4]> {
        let given = [&raw.cells.special, &raw.cells.grade_1, &raw.cells.grade_2, &raw.cells.grade_3];
        let mut cells = Vec::new();
        for (tier, cell) in Tier::ALL.into_iter().zip(given) {
            match cell {
                Some(cell) => {
                    cells.extend(self.cell(cell, raw, fee, &["service", place, "cells", tier.code()]))
                }
                None => {
                    let what = format!("service {} has no cell for {}", raw.id, tier.code());
                    let fix =
                        format!("add `{} = {{ access = \"none\", provenance = \"operator\" }}`", tier.code());
                    self.fault(&["service", place, "cells"], what, fix);
                }
            }
        }
        cells.try_into().ok()
    }

    fn cell(
        &mut self,
        raw: &raw::Cell,
        service: &raw::Service,
        fee: &Option<Fee>,
        path: &[&str],
    ) -> Option<Cell> {
        let access = Access::from_code(&raw.access)?;
        let mut terms = self.terms(&raw.terms, access, fee);
        if let Some(Fee::Combination(parts, _)) = fee {
            terms.free_parts = self.parts(&raw.free_parts, parts, &service.id, path)?;
        } else if !raw.free_parts.is_empty() {
            let what = format!("service {} is not priced by combination and has no free parts", service.id);
            self.fault(path, what, "take out `free_parts`");
        }
        (terms.note, terms.note_zh) = (raw.note.clone(), raw.note_zh.clone());
        Some(Cell {
            access,
            terms,
            condition: self.condition(raw.condition.as_deref(), path, &service.id),
            provenance: Provenance::from_code(&raw.provenance)?,
            phrase: raw.phrase.clone(),
            less: raw.less.clone(),
            uptake_e6: e6(raw.uptake.or(service.uptake).unwrap_or(0.0)),
        })
    }

    fn terms(&mut self, raw: &raw::Terms, access: Access, fee: &Option<Fee>) -> Terms {
        let price = match (raw.fee, fee, access) {
            (Some(fee), ..) => Some(fen(fee)),
            (None, Some(Fee::Fixed(amount)), Access::Paid) => Some(*amount),
            (None, _, Access::Limited | Access::OnApplication | Access::Included) => Some(0),
            _ => None,
        };
        Terms {
            fee_fen: price,
            subsidy_e6: raw.subsidy_share.map(e6),
            cadence: raw.cadence.as_deref().and_then(Cadence::from_code),
            quota_per_year: raw.quota_per_year,
            ..Terms::default()
        }
    }

    fn opening(&mut self, raw: &raw::Opening, fee: &Option<Fee>, id: &str, path: &[&str]) -> Option<Opening> {
        let access = Access::from_code(&raw.access)?;
        let terms = self.terms(&raw.terms, access, fee);
        Some(Opening {
            condition: self.condition(Some(&raw.condition), path, id)?,
            reason: Reason::from_code(&raw.reason)?,
            access,
            terms,
            source: raw.source.clone(),
        })
    }
}
