//! Comparison of two offers of a service. The lint uses it to compare tiers, the notices to compare two cycles.

use std::collections::BTreeMap;

use super::service::{Access, Cadence, Fee, Service, Terms};
use crate::text;
use crate::text::Text;
use crate::word::Word;

/// A service with the access and terms on which a customer gets it.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The service.
    pub service: &'a Service,
    /// How much of the service the customer gets.
    pub access: Access,
    /// The terms on which the customer gets it.
    pub terms: &'a Terms,
}

impl Offer<'_> {
    fn cadence(&self) -> Cadence {
        self.terms.cadence.unwrap_or(self.service.cadence)
    }

    /// Prices in fen for each choice of parts. The parts are given by their sorted ids, so that two catalogues can be
    /// compared. A fixed price has no parts.
    fn prices(&self) -> BTreeMap<Vec<&str>, i64> {
        let ids = |choice: u32| {
            let Fee::Combination(parts, _) = &self.service.fee else { return Vec::new() };
            let chosen = parts.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
            let mut ids: Vec<&str> = chosen.map(|(_, part)| part.id.as_str()).collect();
            ids.sort_unstable();
            ids
        };
        match (&self.service.fee, self.access) {
            (Fee::Combination(parts, _), Access::Paid) => (1..1 << parts.len())
                .filter_map(|choice| Some((ids(choice), self.service.price_fen(self.terms, choice)?)))
                .collect(),
            (_, Access::Paid) => self.terms.fee_fen.map(|fee| (Vec::new(), fee)).into_iter().collect(),
            _ => BTreeMap::new(),
        }
    }

    /// In which respect this offer gives less than another; `None` if it gives no less. The wording of notes is not
    /// compared.
    #[must_use]
    pub fn less_than(&self, other: &Offer) -> Option<Text> {
        if self.access < other.access {
            return Some(text!(
                "{own} against {other}",
                "{own} 对 {other}",
                own = self.access.code(),
                other = other.access.code()
            ));
        }
        let is_higher = self.access > other.access;
        let quotas = (self.terms.quota_per_year, other.terms.quota_per_year);
        if let (Some(one), Some(two)) = quotas
            && one < two
            && (!is_higher
                || matches!(other.access, Access::Limited | Access::OnApplication | Access::Included))
        {
            return Some(text!("a lower quota", "限额较低"));
        }
        if is_higher {
            return None;
        }
        let own = self.prices();
        if other.prices().iter().any(|(what, two)| own.get(what).is_some_and(|one| one > two)) {
            Some(text!("a higher fee", "费用较高"))
        } else if self.access == Access::Subsidised && self.terms.subsidy_e6 < other.terms.subsidy_e6 {
            Some(text!("a lower subsidy", "补贴较低"))
        } else if quotas.0.is_some() && quotas.1.is_none() {
            Some(text!("a quota", "有限额"))
        } else if self.cadence() < other.cadence() {
            Some(text!("a rarer cadence", "频次较低"))
        } else {
            None
        }
    }
}
