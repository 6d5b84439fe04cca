//! What contacts are about: the few topics that make up most of them (SERVICE §6).

use gridtier::contract::ContactKind;
use gridtier::index::index;
use gridtier::word::Word;

use crate::contact::{Contacts, TopicIx};
use crate::estimate::quotient;
use crate::policy::Policy;

/// A topic is vital if the topics before it make up less than this percentage of the contacts.
const VITAL_PERCENT: i64 = 80;

/// The contacts of one kind on one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicRow {
    /// The kind.
    pub kind: ContactKind,
    /// The topic.
    pub topic: TopicIx,
    /// Number of contacts.
    pub contacts: i64,
    /// Number of contacts of the kind on this topic and those before it.
    pub cumulative: i64,
    /// Number of contacts of the kind.
    pub of_kind: i64,
    /// Number of contacts that repeat an earlier one.
    pub repeats: i64,
    /// Number of customers who were satisfied.
    pub satisfied: i64,
    /// Number of customers whose satisfaction is known.
    pub asked: i64,
}

impl TopicRow {
    /// The share of the kind's contacts.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        quotient(self.contacts, self.of_kind)
    }

    /// The share of the kind's contacts up to and including the topic.
    #[must_use]
    pub fn cumulative_share(&self) -> Option<f64> {
        quotient(self.cumulative, self.of_kind)
    }

    /// Whether the topics before it make up less than 80 %.
    #[must_use]
    pub fn is_vital(&self) -> bool {
        100 * (self.cumulative - self.contacts) < VITAL_PERCENT * self.of_kind
    }
}

/// The kinds of contacts in the order of their codes' bytes.
#[must_use]
pub fn kinds() -> Vec<ContactKind> {
    let mut kinds = ContactKind::ALL.to_vec();
    kinds.sort_by_key(|kind| kind.code());
    kinds
}

/// Counts the contacts received in the period by kind and topic: by kind, most contacts first, then by topic.
/// `repeats` says for each contact whether it repeats an earlier one.
#[must_use]
pub fn topics(contacts: &Contacts, repeats: &[Option<bool>], policy: &Policy) -> Vec<TopicRow> {
    let mut rows = Vec::new();
    for kind in kinds() {
        let empty = TopicIx::all(policy).map(|topic| TopicRow {
            kind,
            topic,
            contacts: 0,
            cumulative: 0,
            of_kind: 0,
            repeats: 0,
            satisfied: 0,
            asked: 0,
        });
        let mut of_kind: Vec<TopicRow> = empty.collect();
        for (place, contact) in contacts.in_period().filter(|(_, contact)| contact.kind == kind) {
            let row = &mut of_kind[contacts.topics[index(place)].index()];
            row.contacts += 1;
            row.repeats += i64::from(repeats[index(place)] == Some(true));
            row.satisfied += i64::from(contact.satisfied == Some(true));
            row.asked += i64::from(contact.satisfied.is_some());
        }
        of_kind.retain(|row| row.contacts > 0);
        of_kind.sort_by_key(|row| (std::cmp::Reverse(row.contacts), row.topic.id(policy)));
        let all: i64 = of_kind.iter().map(|row| row.contacts).sum();
        let mut cumulative = 0;
        for row in &mut of_kind {
            cumulative += row.contacts;
            (row.cumulative, row.of_kind) = (cumulative, all);
        }
        rows.append(&mut of_kind);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::member;
    use crate::repeat::repeats;
    use crate::scene::Scene;

    const TOPICS: &str =
        "[[topic]]\nid = \"outage\"\n[[topic]]\nid = \"billing\"\n[[topic]]\nid = \"voltage\"\n";

    fn scene(counts: &[(ContactKind, &str, usize)]) -> Scene {
        let mut scene = Scene::new(vec![("a", member("East"))], TOPICS, "2026-03", None);
        for (number, &(kind, topic, count)) in counts.iter().enumerate() {
            for one in 0..count {
                scene.contact(&format!("k{number}-{one}"), kind, "a", "2026-03-01 08:00", |contact| {
                    contact.topic = Some(topic.into());
                    contact.satisfied = [None, Some(true), Some(false)][one % 3];
                });
            }
        }
        scene
    }

    fn lines(scene: &Scene) -> Vec<String> {
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        let rows = topics(&contacts, &repeats(&contacts, &scene.policy.limits), &scene.policy);
        let line = |row: &TopicRow| {
            let vital = if row.is_vital() { " vital" } else { "" };
            format!(
                "{} {} {} {}{vital}",
                row.kind.code(),
                row.topic.id(&scene.policy),
                row.contacts,
                row.cumulative
            )
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn topics_are_vital_while_those_before_make_up_less_than_eighty_percent() {
        let complaint = ContactKind::Complaint;
        assert_eq!(
            lines(&scene(&[
                (complaint, "outage", 5),
                (complaint, "x", 3),
                (complaint, "billing", 1),
                (complaint, "voltage", 1)
            ])),
            [
                "complaint outage 5 5 vital",
                "complaint unclassified 3 8 vital",
                "complaint billing 1 9",
                "complaint voltage 1 10"
            ],
            "8 of 10 are 80 %, which is not less"
        );
    }

    #[test]
    fn equal_counts_are_in_the_order_of_topics_and_kinds_in_that_of_their_codes() {
        let rows = [
            (ContactKind::Report, "voltage", 1),
            (ContactKind::Report, "billing", 1),
            (ContactKind::Query, "outage", 1),
            (ContactKind::Praise, "outage", 1),
        ];
        assert_eq!(
            lines(&scene(&rows)),
            [
                "praise outage 1 1 vital",
                "query outage 1 1 vital",
                "report billing 1 1 vital",
                "report voltage 1 2 vital"
            ]
        );
        assert!(lines(&scene(&[])).is_empty());
    }

    #[test]
    fn repeats_and_answers_are_counted_by_topic() {
        let scene = scene(&[(ContactKind::Complaint, "outage", 3)]);
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        let rows = topics(&contacts, &repeats(&contacts, &scene.policy.limits), &scene.policy);
        assert_eq!((rows[0].repeats, rows[0].satisfied, rows[0].asked), (2, 1, 2));
        assert_eq!((rows[0].share(), rows[0].cumulative_share()), (Some(1.0), Some(1.0)));
    }
}
