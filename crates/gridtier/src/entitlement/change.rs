//! Changes of entitlements between two cycles, which the notices of a regrade are made of.

use super::catalogue::Catalogue;
use super::condition::Datum;
use super::grant::{Grant, Reasons, grant};
use super::offer::Offer;
use super::service::Access;
use crate::method::Tier;

crate::words! {
    /// How a customer's claim to a service changed, best first.
    ChangeKind "kind of change" {
        /// It has the service now and had not.
        Gained "gained" "gained" "新增",
        /// It has more of it.
        More "more" "more" "提升",
        /// It has it on terms that are better in one respect and worse in another.
        Terms "terms" "other terms" "条款变化",
        /// It has less of it.
        Less "less" "less" "降低",
        /// It had the service and has it no longer.
        Lost "lost" "lost" "取消",
    }
}

/// A customer in one of the two cycles.
pub struct Side<'a> {
    /// The cycle's catalogue.
    pub catalogue: &'a Catalogue,
    /// The customer's tier; `None` if the cycle did not grade it.
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
    pub kind: ChangeKind,
    /// Access before.
    pub before: Access,
    /// Access after.
    pub after: Access,
    /// The offer before; `None` if there was no claim.
    pub terms_before: Option<Offer<'a>>,
    /// The offer after; `None` if there is no claim.
    pub terms_after: Option<Offer<'a>>,
    /// The reasons for the claim after; empty if there is none.
    pub reasons: Reasons,
}

impl<'a> Side<'a> {
    fn claim(&self, id: &str) -> Option<(Offer<'a>, Grant<'a>)> {
        let service = &self.catalogue.services[self.catalogue.service(id)?];
        let grant = grant(self.catalogue, service, self.tier?, self.record).ok()?;
        Some((Offer { service, access: grant.access, terms: grant.terms }, grant))
    }
}

/// The changes for a customer, in the order of the newer catalogue; services that were dropped from it come last. A
/// change in the wording of notes does not count.
#[must_use]
pub fn changes<'a>(before: &Side<'a>, after: &Side<'a>) -> Vec<Change<'a>> {
    let dropped = before.catalogue.services.iter().filter(|old| after.catalogue.service(&old.id).is_none());
    let all = after.catalogue.services.iter().chain(dropped);
    all.filter_map(|service| {
        let (old, new) = (before.claim(&service.id), after.claim(&service.id));
        let (was, is) = (old.as_ref().map(|old| old.0), new.as_ref().map(|new| new.0));
        let kind = match (&was, &is) {
            (None, None) => return None,
            (None, Some(_)) => ChangeKind::Gained,
            (Some(_), None) => ChangeKind::Lost,
            (Some(was), Some(is)) => match (is.less_than(was), was.less_than(is)) {
                (None, None) => return None,
                (Some(_), None) => ChangeKind::Less,
                (None, Some(_)) => ChangeKind::More,
                (Some(_), Some(_)) => ChangeKind::Terms,
            },
        };
        let reasons = new.map(|new| new.1.reasons).unwrap_or_default();
        let [before, after] = [was, is].map(|offer| offer.map_or(Access::None, |offer| offer.access));
        Some(Change {
            service: &service.id,
            kind,
            before,
            after,
            terms_before: was,
            terms_after: is,
            reasons,
        })
    })
    .collect()
}
