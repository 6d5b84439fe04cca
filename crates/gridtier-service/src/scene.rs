//! A small utility for tests of duties and contacts: customers, the shipped catalogue, a policy, a log.

use gridtier::contract::{Channel, ContactKind};
use gridtier::entitlement::Catalogue;
use gridtier::index::CustomerIx;
use gridtier::method::Tier;

use crate::base::{Base, Member};
use crate::due::DueInputs;
use crate::fixture::{at, base, member, merged};
use crate::interruption::Interruptions;
use crate::log::{Contact, Delivery, Interruption, Log};
use crate::period::{Period, Run};
use crate::policy::Policy;

/// The head of every policy of these tests.
const HEAD: &str =
    "format = 1\nname = \"test\"\nversion = \"1\"\neffective_from = 2020-01-01\nsource = \"a test\"\n";

/// All that duties and contacts follow from.
pub struct Scene {
    pub base: Base,
    pub catalogue: Catalogue,
    pub policy: Policy,
    pub log: Log,
    pub interruptions: Option<Interruptions>,
    pub run: Run,
}

/// A customer of a tier, open since 2000.
pub fn graded(tier: Tier) -> Member {
    Member { tier: Some(tier), ..member("East") }
}

impl Scene {
    /// A utility with a policy, and an empty log that has deliveries and contacts.
    pub fn new(customers: Vec<(&str, Member)>, policy: &str, period: &str, as_of: Option<&str>) -> Self {
        let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
        let policy = Policy::parse("p.toml", &format!("{HEAD}{policy}"), &catalogue);
        let period = Period::parse(period).unwrap();
        let run = Run::new(period, as_of.map(crate::fixture::day)).unwrap();
        let log = Log { deliveries: Some(Vec::new()), contacts: Some(Vec::new()), ..Log::default() };
        Self {
            base: base(customers),
            catalogue,
            policy: policy.unwrap_or_else(|faults| panic!("{faults}")),
            log,
            interruptions: None,
            run,
        }
    }

    /// The same with another catalogue, in which each text is replaced.
    pub fn with_catalogue(mut self, replaced: &[(&str, &str)]) -> Self {
        let mut text = self.catalogue.text.clone();
        for (find, put) in replaced {
            assert!(text.contains(find), "nothing to replace: {find}");
            text = text.replacen(find, put, 1);
        }
        self.catalogue = Catalogue::parse("c.toml", &text, &[]).unwrap_or_else(|faults| panic!("{faults}"));
        self
    }

    pub fn inputs(&self) -> DueInputs<'_> {
        DueInputs {
            base: &self.base,
            catalogue: &self.catalogue,
            policy: &self.policy,
            log: &self.log,
            interruptions: self.interruptions.as_ref(),
            run: self.run,
        }
    }

    /// Merges the rows of interruptions that the log has.
    pub fn merge(&mut self, rows: Vec<Interruption>) {
        let Self { base, policy, run, .. } = self;
        self.interruptions = Some(merged(rows, base.len(), *run, &policy.limits));
    }

    pub fn customer(&self, id: &str) -> Option<CustomerIx> {
        self.base.ids.get(id).map(CustomerIx::new)
    }

    pub fn service(&self, id: &str) -> usize {
        self.catalogue.service(id).unwrap()
    }

    /// Adds a delivery of a service, created at a time and changed by `change`. An empty customer is none.
    pub fn deliver(
        &mut self,
        id: &str,
        service: &str,
        customer: &str,
        created: &str,
        change: impl Fn(&mut Delivery),
    ) {
        let mut delivery = Delivery {
            id: id.into(),
            created_at: at(created),
            customer: self.customer(customer),
            service: self.service(service) as u16,
            channel: Channel::Visit,
            outage: None,
            planned_at: None,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            units_e3: 1_000,
            cost_fen: None,
            fee_fen: None,
            satisfied: None,
        };
        change(&mut delivery);
        let deliveries = self.log.deliveries.as_mut().unwrap();
        deliveries.push(delivery);
        deliveries.sort_by(|one, other| one.id.cmp(&other.id));
    }

    /// Adds a delivery that is done at a time.
    pub fn done(&mut self, id: &str, service: &str, customer: &str, done: &str) {
        self.deliver(id, service, customer, done, |delivery| delivery.delivered_at = Some(at(done)));
    }

    /// Adds a contact, received at a time and changed by `change`. An empty customer is none.
    pub fn contact(
        &mut self,
        id: &str,
        kind: ContactKind,
        customer: &str,
        received: &str,
        change: impl Fn(&mut Contact),
    ) {
        let mut contact = Contact {
            id: id.into(),
            received_at: at(received),
            customer: self.customer(customer),
            kind,
            channel: None,
            topic: None,
            first_contact_at: None,
            analysed_at: None,
            answered_at: None,
            closed_at: None,
            passed_on_at: None,
            called_back_at: None,
            outcome: None,
            satisfied: None,
        };
        change(&mut contact);
        let contacts = self.log.contacts.as_mut().unwrap();
        contacts.push(contact);
        contacts.sort_by(|one, other| one.id.cmp(&other.id));
    }

    /// Adds a complaint of a customer that is closed at a time.
    pub fn closed(&mut self, id: &str, customer: &str, closed: &str) {
        self.contact(id, ContactKind::Complaint, customer, closed, |contact| {
            contact.closed_at = Some(at(closed))
        });
    }
}
