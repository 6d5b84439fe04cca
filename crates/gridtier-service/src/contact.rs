//! How far the handling of each contact has come, from receiving to closing, and what it is about (SERVICE §6, loop).

use gridtier::index::index;

use crate::log::{Contact, Log};
use crate::period::Run;
use crate::policy::{ContactStep, Policy};
use crate::time::Second;

gridtier::words! {
    /// How far a contact has come: 接收-调查-分析-处理-反馈.
    ContactState "state of a contact" {
        /// It was received.
        Received "received" "received" "受理",
        /// The customer was contacted about it.
        Contacted "contacted" "contacted" "已联系",
        /// It was analysed.
        Analysed "analysed" "analysed" "已分析",
        /// It was answered.
        Answered "answered" "answered" "已答复",
        /// It was closed.
        Closed "closed" "closed" "已办结",
    }
}

/// The topic of contacts that have none of the policy's.
pub const UNCLASSIFIED: &str = "unclassified";

impl Contact {
    /// The last step of the loop that has a time.
    #[must_use]
    pub fn state(&self) -> ContactState {
        let steps = [
            (self.closed_at, ContactState::Closed),
            (self.answered_at, ContactState::Answered),
            (self.analysed_at, ContactState::Analysed),
            (self.first_contact_at, ContactState::Contacted),
        ];
        steps.into_iter().find(|(at, _)| at.is_some()).map_or(ContactState::Received, |(_, state)| state)
    }

    /// The time of a step; `None` if it is not known.
    #[must_use]
    pub fn at(&self, step: ContactStep) -> Option<Second> {
        match step {
            ContactStep::Received => Some(self.received_at),
            ContactStep::FirstContact => self.first_contact_at,
            ContactStep::Analysed => self.analysed_at,
            ContactStep::Answered => self.answered_at,
            ContactStep::Closed => self.closed_at,
            ContactStep::PassedOn => self.passed_on_at,
            ContactStep::CalledBack => self.called_back_at,
        }
    }
}

/// Position of a topic in the policy; the number of its topics for `unclassified`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIx(u32);

impl TopicIx {
    /// The topic of a contact.
    #[must_use]
    pub fn of(contact: &Contact, policy: &Policy) -> Self {
        let named = contact.topic.as_deref();
        let known = named.and_then(|named| policy.topics.iter().position(|topic| topic.id == *named));
        Self(known.unwrap_or(policy.topics.len()) as u32)
    }

    /// All topics of a policy, and `unclassified`.
    pub fn all(policy: &Policy) -> impl Iterator<Item = Self> {
        (0..=policy.topics.len() as u32).map(Self)
    }

    /// The topic as an index of a vector.
    #[must_use]
    pub fn index(self) -> usize {
        index(self.0)
    }

    /// The topic's id.
    #[must_use]
    pub fn id(self, policy: &Policy) -> &str {
        policy.topics.get(self.index()).map_or(UNCLASSIFIED, |topic| topic.id.as_str())
    }
}

/// The contacts of a log, and those of them that were received in the period.
#[derive(Clone, Debug)]
pub struct Contacts<'a> {
    /// All contacts, by id.
    pub all: &'a [Contact],
    /// The topic of each.
    pub topics: Vec<TopicIx>,
    /// Positions in `all` of those received in the period.
    pub received: Vec<u32>,
}

impl<'a> Contacts<'a> {
    /// The contacts of a log; `None` if it has no table of contacts.
    #[must_use]
    pub fn of(log: &'a Log, policy: &Policy, run: Run) -> Option<Self> {
        let all = log.contacts.as_deref()?;
        let topics = all.iter().map(|contact| TopicIx::of(contact, policy)).collect();
        let in_period = (0..).zip(all).filter(|(_, contact)| run.period.holds(contact.received_at));
        Some(Self { all, topics, received: in_period.map(|(place, _)| place).collect() })
    }

    /// A contact.
    #[must_use]
    pub fn contact(&self, place: u32) -> &'a Contact {
        &self.all[index(place)]
    }

    /// The contacts received in the period, with their positions.
    pub fn in_period(&self) -> impl Iterator<Item = (u32, &'a Contact)> {
        self.received.iter().map(|&place| (place, self.contact(place)))
    }
}

#[cfg(test)]
mod tests {
    use gridtier::contract::ContactKind;

    use super::*;
    use crate::fixture::{at, member};
    use crate::scene::Scene;

    #[test]
    fn the_state_is_the_last_step_that_has_a_time_whatever_the_times_are() {
        let mut scene = Scene::new(vec![("a", member("East"))], "", "2026-03", None);
        for (id, change) in [
            ("k1", (|_| {}) as fn(&mut Contact)),
            ("k2", |contact| contact.first_contact_at = Some(contact.received_at)),
            ("k3", |contact| contact.analysed_at = Some(contact.received_at)),
            ("k4", |contact| {
                contact.answered_at = Some(contact.received_at);
                contact.called_back_at = Some(contact.received_at.plus(99));
            }),
            ("k5", |contact| contact.closed_at = Some(contact.received_at)),
            ("k6", |contact| contact.passed_on_at = Some(contact.received_at)),
        ] {
            scene.contact(id, ContactKind::Complaint, "a", "2026-03-01 08:00", change);
        }
        let states: Vec<ContactState> =
            scene.log.contacts.as_ref().unwrap().iter().map(Contact::state).collect();
        use ContactState::{Analysed, Answered, Closed, Contacted, Received};
        assert_eq!(states, [Received, Contacted, Analysed, Answered, Closed, Received]);
    }

    #[test]
    fn topics_that_the_policy_does_not_have_are_unclassified() {
        let mut scene =
            Scene::new(vec![("a", member("East"))], "[[topic]]\nid = \"outage\"\n", "2026-03", None);
        for (id, topic) in [("k1", Some("outage")), ("k2", Some("Outage")), ("k3", None), ("k4", Some(""))] {
            scene.contact(id, ContactKind::Query, "a", "2026-03-01 08:00", |contact| {
                contact.topic = topic.map(Into::into);
            });
        }
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        let ids: Vec<&str> = contacts.topics.iter().map(|topic| topic.id(&scene.policy)).collect();
        assert_eq!(ids, ["outage", UNCLASSIFIED, UNCLASSIFIED, UNCLASSIFIED]);
    }

    #[test]
    fn the_first_and_the_last_second_of_the_period_are_in_it() {
        let mut scene = Scene::new(vec![], "", "2026-03", None);
        for (id, received) in [
            ("k1", "2026-02-28 23:59:59"),
            ("k2", "2026-03-01 00:00:00"),
            ("k3", "2026-03-31 23:59:59"),
            ("k4", "2026-04-01 00:00:00"),
        ] {
            scene.contact(id, ContactKind::Query, "", received, |_| {});
        }
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        assert_eq!(contacts.received, [1, 2]);
        assert_eq!(contacts.contact(1).received_at, at("2026-03-01 00:00"));
        scene.log.contacts = None;
        assert!(Contacts::of(&scene.log, &scene.policy, scene.run).is_none());
    }
}
