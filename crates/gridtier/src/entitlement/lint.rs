//! The lint of a catalogue; each finding names the service, the cell and the fix.
//!
//! People edit a matrix of a hundred cells, and some mistakes are easy to overlook: a better tier that gets less, a
//! service that nobody can have, a fee for something that must be free. A catalogue with such a fault is refused.

use super::catalogue::Catalogue;
use super::condition::{Condition, covered, possible, possible_together};
use super::offer::Offer;
use super::service::{Access, Cell, Combination, Fee, Provenance, Service, ServicePart, Start, Terms};
use crate::checked_toml::{CheckedToml, Fault, did_you_mean};
use crate::method::Tier;
use crate::text::Text;
use crate::word::Word;

/// All faults of a catalogue that could be built.
pub(super) fn lint(document: &CheckedToml, catalogue: &Catalogue) -> Vec<Fault> {
    let mut lint = Lint { document, catalogue, faults: Vec::new() };
    for (place, service) in catalogue.services.iter().enumerate() {
        let place = place.to_string();
        lint.reach(service, &place);
        lint.fee(service, &place);
        lint.combinations(service, &place);
        lint.better_gets_less(service, &place);
        lint.conditions(service, &place);
        for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
            lint.cell(service, tier, cell, &place);
        }
        for (entry, opening) in service.opens.iter().enumerate() {
            let who = format!("service {}, opening {}", service.id, entry + 1);
            let entry = entry.to_string();
            let path = ["service", &place, "opens", &entry];
            lint.terms(service, &who, opening.access, &opening.terms, &path);
            if opening.access == Access::None {
                lint.fault(&path, format!("{who}: it opens nothing"), "give an access other than none");
            }
        }
        lint.duty(service, &place);
    }
    lint.duties();
    lint.faults
}

struct Lint<'a, 't> {
    document: &'a CheckedToml<'t>,
    catalogue: &'a Catalogue,
    faults: Vec<Fault>,
}

impl Lint<'_, '_> {
    fn fault(&mut self, path: &[&str], what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: self.document.line(path), what: what.into(), fix: fix.into() });
    }

    /// Checks that some customer can have the service.
    fn reach(&mut self, service: &Service, place: &str) {
        let can = |own: Option<&Condition>| {
            let both: Vec<&Condition> = service.condition.iter().chain(own).collect();
            possible_together(&both, &self.catalogue.fields)
        };
        if !can(None) {
            // Reported as a condition that can never hold.
            return;
        }
        let is_reached =
            service.cells.iter().any(|cell| cell.access != Access::None && can(cell.condition.as_ref()))
                || service.opens.iter().any(|opening| can(Some(&opening.condition)));
        if !is_reached {
            let what =
                format!("service {} is an orphan: no tier can have it and nothing opens it", service.id);
            self.fault(&["service", place], what, "give a tier access, or take the service out");
        }
    }

    fn fee(&mut self, service: &Service, place: &str) {
        let accesses = || {
            let cells = service.cells.iter().map(|cell| cell.access);
            cells.chain(service.opens.iter().map(|opening| opening.access))
        };
        let used = match service.fee {
            Fee::Free => return,
            Fee::Shared(_) => accesses().any(|access| access == Access::Subsidised),
            Fee::Fixed(_) | Fee::Combination(..) => accesses().any(|access| access == Access::Paid),
        };
        if !used {
            let what = format!("service {} has a fee rule that no tier pays by", service.id);
            self.fault(&["service", place, "fee"], what, "set the rule to free, or let a tier pay");
        }
    }

    fn combinations(&mut self, service: &Service, place: &str) {
        let Fee::Combination(parts, choices) = &service.fee else { return };
        let path = ["service", place, "fee"];
        let is_whole = (1..1u32 << parts.len()).all(|bits| choices.iter().any(|choice| choice.parts == bits));
        for bits in 1..1u32 << parts.len() {
            let named = names(parts, bits);
            let mut priced = choices.iter().filter(|choice| choice.parts == bits);
            let Some(choice) = priced.next() else {
                let what = format!("service {}: the combination {named} has no price", service.id);
                self.fault(&path, what, "add it to `combinations`");
                continue;
            };
            if priced.next().is_some() {
                let what = format!("service {}: the combination {named} has two prices", service.id);
                self.fault(&path, what, "keep one");
            }
            for what in if is_whole { incoherent(choice, choices, parts) } else { Vec::new() } {
                let what = format!("service {}: the combination {named} {what}", service.id);
                self.fault(&path, what, "correct its fee");
            }
        }
        if choices.iter().any(|choice| choice.parts == 0) {
            let what = format!("service {}: a combination has no parts", service.id);
            self.fault(&path, what, "name its parts, or take it out");
        }
        let shares: i64 = choices.iter().map(|choice| choice.share_e6).sum();
        if is_whole && shares != 1_000_000 {
            let shares = shares as f64 / 1e6;
            let what =
                format!("service {}: the shares of its combinations sum to {shares}, not 1", service.id);
            self.fault(&path, what, "correct the shares");
        }
    }

    fn better_gets_less(&mut self, service: &Service, place: &str) {
        for (rank, better) in Tier::ALL.into_iter().enumerate() {
            let cell = service.cell(better);
            let path = ["service", place, "cells", better.code()];
            let who = format!("service {}, cell {}", service.id, better.code());
            let less = Tier::ALL[rank + 1..].iter().find_map(|&worse| {
                self.gives_less(service, cell, service.cell(worse)).map(|how| (worse, how))
            });
            match (less, cell.less.as_deref().map(str::trim)) {
                (Some((worse, how)), None) => {
                    let what = format!("{who}: it gets less than {}: {how}", worse.code());
                    self.fault(&path, what, "give it at least as much, or say why: less = \"…\"");
                }
                (Some(_), Some("")) => {
                    self.fault(&path, format!("{who}: `less` is empty"), "say why it gets less");
                }
                (None, Some(_)) => {
                    let what = format!("{who}: `less` is given, but it does not get less than a worse tier");
                    self.fault(&path, what, "take out `less`");
                }
                _ => {}
            }
        }
    }

    /// In which respect a better tier's cell gives less than a worse one's.
    fn gives_less(&self, service: &Service, better: &Cell, worse: &Cell) -> Option<String> {
        let offer = |cell| {
            let Cell { access, terms, .. }: &Cell = cell;
            Offer { service, access: *access, terms }
        };
        if let Some(how) = offer(better).less_than(&offer(worse)) {
            return Some(how);
        }
        let own = better.condition.as_ref().filter(|_| worse.access != Access::None)?;
        let always = Condition::always();
        let reached = worse.condition.as_ref().unwrap_or(&always);
        // The better cell must reach every customer that the worse one reaches and that the service applies to.
        let outside = service.condition.as_ref().map(Condition::negated);
        let by: Vec<&Condition> = std::iter::once(own).chain(&outside).collect();
        let is_wider = covered(reached, &by, &self.catalogue.fields);
        (!is_wider).then(|| "a condition that the worse tier has not".into())
    }

    fn conditions(&mut self, service: &Service, place: &str) {
        let own = service.condition.as_ref();
        let can = |condition: &Condition| {
            let both: Vec<&Condition> = own.into_iter().chain([condition]).collect();
            possible_together(&both, &self.catalogue.fields)
        };
        let mut never: Vec<(Vec<String>, String)> = Vec::new();
        let mut note = |path: &[&str], condition: &Condition| {
            never.push((path.iter().map(|part| (*part).to_owned()).collect(), condition.text.clone()));
        };
        if let Some(condition) = own.filter(|condition| !possible(condition, &self.catalogue.fields)) {
            note(&["service", place, "condition"], condition);
        } else {
            for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
                if let Some(condition) = cell.condition.as_ref().filter(|condition| !can(condition)) {
                    note(&["service", place, "cells", tier.code()], condition);
                }
            }
            for (entry, opening) in
                service.opens.iter().enumerate().filter(|(_, opening)| !can(&opening.condition))
            {
                note(&["service", place, "opens", &entry.to_string()], &opening.condition);
            }
        }
        for (path, text) in never {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let what = match own {
                Some(own) if path.len() > 3 => {
                    format!(
                        "service {}: the condition `{text}` can never hold together with `{}`",
                        service.id, own.text
                    )
                }
                _ => format!("service {}: the condition `{text}` can never hold", service.id),
            };
            self.fault(&path, what, "they contradict each other: correct one");
        }
    }

    fn cell(&mut self, service: &Service, tier: Tier, cell: &Cell, place: &str) {
        let who = format!("service {}, cell {}", service.id, tier.code());
        let path = ["service", place, "cells", tier.code()];
        self.terms(service, &who, cell.access, &cell.terms, &path);
        let is_text = cell.provenance == Provenance::Text;
        if is_text == cell.phrase.trim().is_empty() {
            let what = match is_text {
                true => format!("{who}: provenance text without the paper's phrase"),
                false => format!("{who}: a phrase of the paper, but provenance {}", cell.provenance.code()),
            };
            self.fault(&path, what, "provenance text and `phrase` belong together");
        }
        let has_limit = cell.terms.quota_per_year.is_some()
            || cell.terms.cadence.is_some()
            || cell.condition.is_some()
            || !cell.terms.note.trim().is_empty();
        if cell.access == Access::Limited && !has_limit {
            let what = format!("{who}: limited, but no limit is stated");
            self.fault(&path, what, "give quota_per_year, cadence, condition or note");
        }
        if cell.access == Access::None && (has_limit || cell.terms.free_parts != 0) {
            let what = format!("{who}: terms of a service that the tier does not get");
            self.fault(&path, what, "take out the terms, or give access");
        }
    }

    /// Checks that access, fee rule and terms agree.
    fn terms(&mut self, service: &Service, who: &str, access: Access, terms: &Terms, path: &[&str]) {
        let fixed = matches!(service.fee, Fee::Fixed(_));
        let priced = fixed || matches!(service.fee, Fee::Combination(..));
        let shared = matches!(service.fee, Fee::Shared(_));
        let has_fee = terms.fee_fen.is_some_and(|fee| fee > 0);
        let is_part = terms.subsidy_e6.is_some_and(|share| (1..1_000_000).contains(&share));
        let rule = service.fee.rule().code();
        let wrong = match access {
            Access::Paid if !priced => Some(format!("paid, but the fee rule is {rule}")),
            Access::Paid if fixed && !has_fee => Some("paid, but the fee is 0".into()),
            Access::Paid if !fixed && terms.fee_fen.is_some() => {
                Some("a fee of its own, but the service is priced by combination".into())
            }
            Access::Subsidised if !shared => Some(format!("subsidised, but the fee rule is {rule}")),
            Access::Subsidised if !is_part => {
                Some("subsidised, but `subsidy_share` is not between 0 and 1".into())
            }
            Access::None | Access::Limited | Access::OnApplication | Access::Included if has_fee => {
                Some(format!("{}, but it has a fee", access.code()))
            }
            Access::OnApplication if service.start != Start::Application => {
                Some("on_application, but the service starts automatically".into())
            }
            _ if access != Access::Subsidised && terms.subsidy_e6.is_some() => {
                Some(format!("{}, but it has a `subsidy_share`", access.code()))
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            let fix = "access, fee rule and terms contradict each other: correct one of them";
            self.fault(path, format!("{who}: {wrong}"), fix);
        }
    }

    /// Checks that a regulated service is neither withdrawn nor priced by tier.
    fn duty(&mut self, service: &Service, place: &str) {
        let Some(id) = &service.duty else { return };
        let Some(duty) = self.catalogue.duties.iter().find(|duty| duty.id == *id) else {
            let known = self.catalogue.duties.iter().map(|duty| duty.id.as_str());
            let fix = match self.catalogue.duties.is_empty() {
                true => "no duty holds yet while the catalogue does: correct its effective dates".to_owned(),
                false => did_you_mean(id, known),
            };
            let what = format!("service {}: there is no duty `{id}` in force", service.id);
            self.fault(&["service", place, "duty"], what, fix);
            return;
        };
        if !duty.is_basic {
            return self.protection(service, place);
        }
        let source = duty.source.clone();
        if service.capacity.is_some() {
            let what = format!("service {}: a regulated service cannot be used up ({source})", service.id);
            self.fault(&["service", place, "capacity"], what, "take out `capacity`");
        }
        let uptake = service.cells[0].uptake_e6;
        let first = Terms { note: String::new(), note_zh: String::new(), ..service.cells[0].terms.clone() };
        for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
            let terms = Terms { note: String::new(), note_zh: String::new(), ..cell.terms.clone() };
            let wrong = match cell.access {
                Access::Included if cell.condition.is_some() => "a regulated service has a condition by tier",
                Access::Included if cell.terms.quota_per_year.is_some() => "a regulated service has a quota",
                Access::Included if cell.uptake_e6 != uptake => "a regulated service has an uptake by tier",
                Access::Included if terms != first => "a regulated service has other terms than for special",
                Access::Included => continue,
                Access::Paid | Access::Subsidised => "a regulated service is priced by tier",
                Access::None | Access::Limited | Access::OnApplication => "a regulated service is withdrawn",
            };
            let what = format!("service {}, cell {}: {wrong} ({source})", service.id, tier.code());
            let fix = "access = \"included\" on the same terms for every tier";
            self.fault(&["service", place, "cells", tier.code()], what, fix);
        }
    }

    /// Checks that a protection required by regulation has no fee and no quota.
    fn protection(&mut self, service: &Service, place: &str) {
        for (entry, opening) in service.opens.iter().enumerate() {
            let is_free = matches!(opening.access, Access::Included | Access::OnApplication);
            if !is_free || opening.terms.quota_per_year.is_some() {
                let what = format!(
                    "service {}, opening {}: a protection has a fee or a limit",
                    service.id,
                    entry + 1
                );
                let fix = "access = \"on_application\" or \"included\", without a quota";
                self.fault(&["service", place, "opens", &entry.to_string()], what, fix);
            }
        }
    }

    /// Checks that every duty in force is fulfilled for all customers to whom it is owed.
    fn duties(&mut self) {
        for duty in &self.catalogue.duties {
            let services =
                || self.catalogue.services.iter().filter(|service| service.duty.as_ref() == Some(&duty.id));
            let always = Condition::always();
            let reached: Vec<&Condition> = match duty.is_basic {
                true => services().map(|service| service.condition.as_ref().unwrap_or(&always)).collect(),
                false => services()
                    .filter(|service| service.condition.is_none())
                    .flat_map(|service| service.opens.iter().map(|opening| &opening.condition))
                    .collect(),
            };
            if covered(&duty.owed_to, &reached, &self.catalogue.fields) {
                continue;
            }
            let (id, title, source) = (&duty.id, &duty.title, &duty.source);
            let what = format!(
                "the duty `{id}` ({title}; {source}) is not kept for everybody to whom it is owed: {}",
                duty.owed_to.text
            );
            let fix = match duty.is_basic {
                true => {
                    format!("add a service with duty = \"{id}\", or widen the condition of the one there is")
                }
                false => format!(
                    "let a service with duty = \"{id}\" be opened to all of them by [[service.opens]]"
                ),
            };
            self.faults.push(Fault { line: 1, what: what.into(), fix: fix.into() });
        }
    }
}

fn names(parts: &[ServicePart], bits: u32) -> String {
    let chosen = parts.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    chosen.map(|(_, part)| part.id.as_str()).collect::<Vec<_>>().join(" + ")
}

/// In which ways the price of a choice contradicts the prices of its parts.
fn incoherent(choice: &Combination, choices: &[Combination], parts: &[ServicePart]) -> Vec<String> {
    let sum: i64 = (0..parts.len())
        .map(|bit| 1 << bit)
        .filter(|single| choice.parts & single != 0)
        .filter_map(|single| choices.iter().find(|other| other.parts == single))
        .map(|other| other.fee_fen)
        .sum();
    let mut wrong = Vec::new();
    if choice.parts.count_ones() > 1 && choice.fee_fen > sum {
        wrong.push("costs more than its parts one by one".to_owned());
    }
    let within = choices.iter().filter(|other| other.parts & choice.parts == other.parts && other.parts != 0);
    if let Some(dearer) = within.into_iter().find(|other| other.fee_fen > choice.fee_fen) {
        wrong.push(format!("costs less than {}, which is a part of it", names(parts, dearer.parts)));
    }
    wrong
}
