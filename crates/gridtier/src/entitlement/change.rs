//! Who gains and who loses what between two cycles: the notices that a regrade brings with it.

use super::catalogue::Catalogue;
use super::condition::Datum;
use super::grant::{Grant, grant};
use super::service::Access;
use crate::method::Tier;

/// How a customer's claim to a service changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It has the service now.
    Gained,
    /// It has more of it.
    More,
    /// It has it on other terms.
    Terms,
    /// It has less of it.
    Less,
    /// It has the service no more.
    Lost,
}

impl Kind {
    /// All of them, best first.
    pub const ALL: [Self; 5] = [Self::Gained, Self::More, Self::Terms, Self::Less, Self::Lost];

    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        ["gained", "more", "terms", "less", "lost"][self as usize]
    }

    /// The Chinese word.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["新增", "提升", "条款变化", "降低", "取消"][self as usize]
    }
}

/// A customer as one of two cycles has it.
pub struct Side<'a> {
    /// The cycle's catalogue.
    pub catalogue: &'a Catalogue,
    /// The customer's tier; `None` when the cycle has not graded it.
    pub tier: Option<Tier>,
    /// Its values in the order of the catalogue's fields.
    pub record: &'a [Datum<'a>],
}

/// One change of one customer.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The service's id.
    pub service: &'a str,
    /// How it changed.
    pub kind: Kind,
    /// What it was.
    pub before: Access,
    /// What it is.
    pub after: Access,
    /// Why it is so; empty when there is no claim any more.
    pub reasons: String,
}

impl<'a> Side<'a> {
    fn grant(&self, id: &str) -> Option<Grant<'a>> {
        let service = &self.catalogue.services[self.catalogue.service(id)?];
        grant(self.catalogue, service, self.tier?, self.record).ok()
    }
}

/// What changed for a customer, in the order of the newer catalogue; services that it no longer has come last.
#[must_use]
pub fn changes<'a>(before: &Side<'a>, after: &Side<'a>) -> Vec<Change<'a>> {
    let dropped = before.catalogue.services.iter().filter(|old| after.catalogue.service(&old.id).is_none());
    let all = after.catalogue.services.iter().chain(dropped);
    all.filter_map(|service| {
        let (old, new) = (before.grant(&service.id), after.grant(&service.id));
        let access = |grant: &Option<Grant>| grant.as_ref().map_or(Access::None, |grant| grant.access);
        let (was, is) = (access(&old), access(&new));
        let kind = match (was, is) {
            _ if was < is && was == Access::None => Kind::Gained,
            _ if was < is => Kind::More,
            _ if was > is && is == Access::None => Kind::Lost,
            _ if was > is => Kind::Less,
            _ if old.as_ref().map(|old| old.terms) != new.as_ref().map(|new| new.terms) => Kind::Terms,
            _ => return None,
        };
        let reasons = new.map(|new| new.reasons.words()).unwrap_or_default();
        Some(Change { service: &service.id, kind, before: was, after: is, reasons })
    })
    .collect()
}
