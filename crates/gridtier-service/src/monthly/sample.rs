//! Which deliveries to check next: a sample that nobody can choose (SERVICE §8).

use gridtier::index::index;
use sha2::{Digest, Sha256};

use crate::log::Delivery;
use crate::period::Period;

/// Fewest deliveries of a service to check, if it has as many.
const FEWEST: usize = 5;

/// One in so many deliveries is checked: 2 %.
const ONE_IN: usize = 50;

/// A delivery to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampledDelivery {
    /// Position of the service in the catalogue.
    pub service: usize,
    /// Position in the log.
    pub delivery: u32,
}

/// Per service the max(5, ⌈2 %⌉) deliveries that were done in the period and whose SHA-256 of `<month>:<delivery_id>` is
/// smallest, from the smallest on. The month is the period as it displays. Services are in the catalogue's order.
#[must_use]
pub fn sample(deliveries: &[Delivery], period: Period) -> Vec<SampledDelivery> {
    let month = period.to_string();
    let done =
        (0..).zip(deliveries).filter(|(_, delivery)| delivery.done().is_some_and(|done| period.holds(done)));
    let mut hashed: Vec<(u16, [u8; 32], u32)> =
        done.map(|(place, delivery)| (delivery.service, hash(&month, &delivery.id), place)).collect();
    hashed.sort_unstable();
    let of_services = hashed.chunk_by(|one, other| one.0 == other.0);
    let sampled = of_services.flat_map(|of_service| {
        let wanted = of_service.len().div_ceil(ONE_IN).max(FEWEST);
        of_service.iter().take(wanted)
    });
    sampled
        .map(|&(service, _, delivery)| SampledDelivery { service: usize::from(service), delivery })
        .collect()
}

/// Bytes in the order of their hexadecimal text.
fn hash(month: &str, delivery: &str) -> [u8; 32] {
    Sha256::new().chain_update(month).chain_update(":").chain_update(delivery).finalize().into()
}

impl SampledDelivery {
    /// The delivery in its log.
    #[must_use]
    pub fn of(self, deliveries: &[Delivery]) -> &Delivery {
        &deliveries[index(self.delivery)]
    }
}
