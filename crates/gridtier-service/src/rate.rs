//! How often customers of a group contact the utility (SERVICE §6).

use gridtier::contract::ContactKind;
use gridtier::index::index;
use gridtier::word::Word;

use crate::contact::{ContactState, Contacts};
use crate::estimate::quotient;
use crate::group::{GroupIx, Groups, OpenDays};
use crate::topic::kinds;

/// Contacts a year of a thousand customers: 365 days times 1,000.
const PER_1000_A: i64 = 365_000;

/// The contacts of one kind in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The kind.
    pub kind: ContactKind,
    /// The group.
    pub group: GroupIx,
    /// Number of contacts.
    pub contacts: i64,
    /// Σ days of the period on which the group's customers are open.
    pub customer_days: i64,
    /// Number of contacts that repeat an earlier one.
    pub repeats: i64,
    /// Number of customers who were satisfied.
    pub satisfied: i64,
    /// Number of customers whose satisfaction is known.
    pub asked: i64,
    /// Number of contacts by state, in the order of [`ContactState`].
    pub by_state: [i64; ContactState::ALL.len()],
}

impl RateRow {
    /// Contacts·365,000/customer days: contacts a year of a thousand customers.
    #[must_use]
    pub fn per_1000_a(&self) -> Option<f64> {
        quotient(i128::from(self.contacts) * i128::from(PER_1000_A), self.customer_days)
    }
}

/// Counts the contacts received in the period by kind and group, by the bytes of both: all kinds in all groups that
/// have customers, and in those without customers that have contacts. `repeats` says for each contact whether it
/// repeats an earlier one.
#[must_use]
pub fn rates(
    contacts: &Contacts,
    repeats: &[Option<bool>],
    groups: &Groups,
    open: &OpenDays,
) -> Vec<RateRow> {
    let mut rows = Vec::new();
    for kind in kinds() {
        let mut of_kind: Vec<RateRow> = groups
            .iter()
            .map(|(group, _)| RateRow {
                kind,
                group,
                contacts: 0,
                customer_days: open.customer_days[group.index()],
                repeats: 0,
                satisfied: 0,
                asked: 0,
                by_state: [0; ContactState::ALL.len()],
            })
            .collect();
        for (place, contact) in contacts.in_period().filter(|(_, contact)| contact.kind == kind) {
            let state = contact.state().position();
            for group in groups.of_customer(contact.customer) {
                let row = &mut of_kind[group.index()];
                row.contacts += 1;
                row.repeats += i64::from(repeats[index(place)] == Some(true));
                row.satisfied += i64::from(contact.satisfied == Some(true));
                row.asked += i64::from(contact.satisfied.is_some());
                row.by_state[state] += 1;
            }
        }
        of_kind.retain(|row| row.contacts > 0 || groups.group(row.group).is_of_customers());
        rows.append(&mut of_kind);
    }
    rows
}

#[cfg(test)]
mod tests {
    use gridtier::method::Tier;

    use super::*;
    use crate::base::Member;
    use crate::fixture::day;
    use crate::repeat::repeats;
    use crate::scene::{Scene, graded};

    #[test]
    fn rates_are_contacts_a_year_of_a_thousand_customers_and_unknown_without_customers() {
        let new = Member { opened_on: day("2026-03-30"), ..graded(Tier::Grade1) };
        let customers = vec![("a", graded(Tier::Special)), ("b", new)];
        let mut scene = Scene::new(customers, "", "2026-03", None);
        scene.contact("k1", ContactKind::Complaint, "a", "2026-03-01 08:00", |contact| {
            contact.closed_at = Some(contact.received_at);
            contact.satisfied = Some(true);
        });
        scene.contact("k2", ContactKind::Complaint, "a", "2026-03-02 08:00", |contact| {
            contact.satisfied = Some(false)
        });
        scene.contact("k3", ContactKind::Complaint, "", "2026-03-02 08:00", |_| {});
        let groups = Groups::of(&scene.base);
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        let open = OpenDays::of_all(&scene.base, &groups, scene.run.period);
        let rows = rates(&contacts, &repeats(&contacts, &scene.policy.limits), &groups, &open);
        let of = |kind, by: &str, name: &str| {
            let is_it = |row: &&RateRow| {
                let group = groups.group(row.group);
                (row.kind, group.by.code(), &*group.name) == (kind, by, name)
            };
            rows.iter().find(is_it).copied()
        };
        let all = of(ContactKind::Complaint, "all", "all").unwrap();
        assert_eq!(
            (all.contacts, all.customer_days, all.per_1000_a()),
            (3, 33, Some(3.0 * 365_000.0 / 33.0))
        );
        assert_eq!((all.repeats, all.satisfied, all.asked, all.by_state), (1, 1, 2, [2, 0, 0, 0, 1]));
        let special = of(ContactKind::Complaint, "tier", "special").unwrap();
        assert_eq!((special.contacts, special.customer_days), (2, 31));
        let grade_1 = of(ContactKind::Complaint, "tier", "grade-1").unwrap();
        assert_eq!((grade_1.contacts, grade_1.per_1000_a()), (0, Some(0.0)));
        let unknown = of(ContactKind::Complaint, "tier", "unknown").unwrap();
        assert_eq!((unknown.contacts, unknown.customer_days, unknown.per_1000_a()), (1, 0, None));
        assert_eq!(of(ContactKind::Query, "tier", "unknown"), None);
        assert_eq!(of(ContactKind::Query, "tier", "special").unwrap().contacts, 0);
    }
}
