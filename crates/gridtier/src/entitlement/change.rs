//! Changes of entitlements between two cycles, from which the notices of a regrade are made.

use super::catalogue::Catalogue;
use super::condition::Datum;
use super::grant::{Grant, Reasons, grant};
use super::offer::Offer;
use super::service::Access;
use crate::method::Tier;

crate::words! {
    /// How a customer's claim to a service changed, best first.
    ChangeKind "kind of change" {
        /// The customer has the service now, but did not have it before.
        Gained "gained" "gained" "新增",
        /// The customer has more of the service.
        More "more" "more" "提升",
        /// The customer has the service on terms that are better in one respect and worse in another.
        Terms "terms" "other terms" "条款变化",
        /// The customer has less of the service.
        Less "less" "less" "降低",
        /// The customer had the service, but does not have it any more.
        Lost "lost" "lost" "取消",
    }
}

/// What is known of a customer in one of the two cycles.
pub struct Side<'a> {
    /// The cycle's catalogue.
    pub catalogue: &'a Catalogue,
    /// The customer's tier; `None` if the cycle did not grade the customer.
    pub tier: Option<Tier>,
    /// The customer's values in the order of the catalogue's fields.
    pub record: &'a [Datum<'a>],
}

/// One change of one customer.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The service's id.
    pub service: &'a str,
    /// How the claim changed.
    pub kind: ChangeKind,
    /// The access before.
    pub before: Access,
    /// The access after.
    pub after: Access,
    /// The offer before; `None` if there was no claim.
    pub terms_before: Option<Offer<'a>>,
    /// The offer after; `None` if there is no claim.
    pub terms_after: Option<Offer<'a>>,
    /// The reasons for the claim after; empty if there is no claim.
    pub reasons: Reasons,
}

impl<'a> Side<'a> {
    fn claim(&self, id: &str) -> Option<(Offer<'a>, Grant<'a>)> {
        let service = &self.catalogue.services[self.catalogue.service(id)?];
        let grant = grant(self.catalogue, service, self.tier?, self.record).ok()?;
        Some((Offer { service, access: grant.access, terms: grant.terms }, grant))
    }
}

/// The changes for a customer, in the order of the newer catalogue; services that the newer catalogue dropped come
/// last. A change in the wording of notes does not count.
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
