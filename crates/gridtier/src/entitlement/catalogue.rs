//! The catalogue of services and its matrix: one versioned file, checked as a whole before use.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::condition::{Condition, Field};
use super::service::{Duty, Service};

/// A checked catalogue.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The catalogue's name.
    pub name: String,
    /// The catalogue's version.
    pub version: String,
    /// First day on which the catalogue is in force.
    pub effective_from: NaiveDate,
    /// Last day on which the catalogue is in force; `None` if that is open.
    pub effective_to: Option<NaiveDate>,
    /// The source of the catalogue.
    pub source: String,
    /// The text of the catalogue's file, which a cycle records.
    pub text: String,
    /// The columns that conditions may name.
    pub fields: Vec<Field>,
    /// The services, in the order of the file.
    pub services: Vec<Service>,
    /// The duties in force while the catalogue is.
    pub duties: Vec<Duty>,
}

impl Catalogue {
    /// Whether the catalogue is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|last| day <= last)
    }

    /// Position of a service in [`services`](Self::services), by its id.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<usize> {
        self.services.iter().position(|service| service.id == id)
    }

    /// Whether the service fulfils a basic duty, which is owed to everybody.
    #[must_use]
    pub fn is_regulated(&self, service: &Service) -> bool {
        self.duties.iter().any(|duty| duty.is_basic && service.duty.as_ref() == Some(&duty.id))
    }

    /// The columns that the conditions use, as positions in [`fields`](Self::fields), in order.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<usize> {
        self.services.iter().flat_map(Service::conditions).flat_map(Condition::columns).collect()
    }
}
