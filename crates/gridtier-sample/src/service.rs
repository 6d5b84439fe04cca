//! Writes the service log: what happened to the customers in the last year of the window, and what the utility did for
//! them.
//!
//! Outages strike feeders, so that neighbours are interrupted together; visits go by tiers that are estimated,
//! since the sample knows none; one branch is slow and misses visits, and small customers are answered late, which a test of
//! fairness should find. What lies at or after the end of the window has not happened, and is empty.

mod year;
mod outages;
mod contacts;
mod duty;
mod deliveries;
mod rows;
mod office;

use std::path::Path;

pub use self::year::{ServiceLevel, ServiceYear};
use crate::SampleError;
use crate::output::WrittenTable;
use crate::population::SampleUtility;

/// Writes all tables of the service folder.
pub fn write(dir: &Path, utility: &SampleUtility) -> Result<Vec<WrittenTable>, SampleError> {
    let year = ServiceYear::new(utility);
    let outages = outages::outages(&year);
    let contacts = contacts::contacts(&year);
    let deliveries = deliveries::deliveries(&year, &outages, &contacts);
    Ok(vec![
        rows::write_outages(dir, &year, &outages)?,
        rows::write_interruptions(dir, &year, &outages)?,
        rows::write_deliveries(dir, &year, &deliveries)?,
        rows::write_contacts(dir, &year, &contacts)?,
        office::calendar(dir, &year)?,
        office::checks(dir, &year)?,
        office::corrections(dir, &year)?,
    ])
}

#[cfg(test)]
mod tests;
