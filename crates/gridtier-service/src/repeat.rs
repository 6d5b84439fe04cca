//! Complaints and reports that repeat an earlier one: it was answered, but its cause remains (SERVICE §6).

use gridtier::contract::ContactKind;
use gridtier::index::index;
use gridtier::word::Word;

use crate::contact::Contacts;
use crate::policy::Limits;
use crate::time::DAY_S;

/// For each contact of the log, whether it repeats an earlier one: a complaint or report of the same customer, kind
/// and topic that came at most [`repeat_days`](Limits::repeat_days) times 24 hours before. Of two at the same time,
/// the one with the smaller id is the earlier. `None` without a customer. Contacts of other kinds never repeat one.
#[must_use]
pub fn repeats(contacts: &Contacts, limits: &Limits) -> Vec<Option<bool>> {
    let mut repeats: Vec<Option<bool>> =
        contacts.all.iter().map(|contact| contact.customer.map(|_| false)).collect();
    let can_repeat = (0..).zip(contacts.all).filter(|(_, contact)| {
        contact.customer.is_some() && matches!(contact.kind, ContactKind::Complaint | ContactKind::Report)
    });
    let key = |place: u32| {
        let contact = contacts.contact(place);
        (contact.customer, contact.kind.position(), contacts.topics[index(place)])
    };
    let mut order: Vec<u32> = can_repeat.map(|(place, _)| place).collect();
    // Positions are in the order of ids.
    order.sort_unstable_by_key(|&place| (key(place), contacts.contact(place).received_at, place));
    for pair in order.windows(2) {
        let [earlier, later] = [pair[0], pair[1]];
        let seconds = contacts.contact(later).received_at.since(contacts.contact(earlier).received_at);
        if key(earlier) == key(later) && seconds <= limits.repeat_days * DAY_S {
            repeats[index(later)] = Some(true);
        }
    }
    repeats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::member;
    use crate::scene::Scene;

    /// The repeats of contacts, given as id, kind, customer, topic, time.
    fn of(rows: &[(&str, ContactKind, &str, &str, &str)]) -> Vec<Option<bool>> {
        let customers = vec![("a", member("East")), ("b", member("East"))];
        let mut scene = Scene::new(customers, "[[topic]]\nid = \"outage\"\n", "2026-03", None);
        for &(id, kind, customer, topic, received) in rows {
            scene.contact(id, kind, customer, received, |contact| contact.topic = Some(topic.into()));
        }
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        repeats(&contacts, &scene.policy.limits)
    }

    const COMPLAINT: ContactKind = ContactKind::Complaint;

    #[test]
    fn a_contact_repeats_one_of_the_same_customer_kind_and_topic_up_to_ninety_days_to_the_second() {
        assert_eq!(
            of(&[
                ("k1", COMPLAINT, "a", "outage", "2025-12-01 08:00:00"),
                ("k2", COMPLAINT, "a", "outage", "2026-03-01 08:00:00"),
                ("k3", COMPLAINT, "a", "outage", "2026-05-30 08:00:01"),
                ("k4", COMPLAINT, "b", "outage", "2026-03-02 08:00:00"),
                ("k5", ContactKind::Report, "a", "outage", "2026-03-02 08:00:00"),
                ("k6", COMPLAINT, "a", "billing", "2026-03-02 08:00:00"),
            ]),
            [Some(false), Some(true), Some(false), Some(false), Some(false), Some(false)]
        );
    }

    #[test]
    fn of_two_at_the_same_time_the_one_of_the_larger_id_repeats_the_other() {
        let time = "2026-03-01 08:00";
        assert_eq!(
            of(&[("k2", COMPLAINT, "a", "outage", time), ("k1", COMPLAINT, "a", "outage", time)]),
            [Some(false), Some(true)]
        );
    }

    #[test]
    fn all_topics_that_are_unclassified_are_one() {
        let rows = [
            ("k1", COMPLAINT, "a", "x", "2026-03-01 08:00"),
            ("k2", COMPLAINT, "a", "y", "2026-03-02 08:00"),
        ];
        assert_eq!(of(&rows), [Some(false), Some(true)]);
    }

    #[test]
    fn other_kinds_repeat_nothing_and_without_a_customer_it_is_unknown() {
        let query = ContactKind::Query;
        assert_eq!(
            of(&[
                ("k1", query, "a", "outage", "2026-03-01 08:00"),
                ("k2", query, "a", "outage", "2026-03-02 08:00"),
                ("k3", COMPLAINT, "", "outage", "2026-03-01 08:00"),
                ("k4", COMPLAINT, "", "outage", "2026-03-02 08:00"),
            ]),
            [Some(false), Some(false), None, None]
        );
    }
}
