//! How long open complaints and reports have been waiting (SERVICE §6).

use gridtier::contract::ContactKind;

use crate::log::Contact;
use crate::period::Run;
use crate::time::DAY_S;

/// The first whole day of each class of waiting; the class ends before the next one begins.
const BOUNDS: [i64; 6] = [0, 1, 3, 7, 15, 30];

/// The names of the classes, in the same order.
const CLASSES: [&str; 6] = ["0-1", "1-3", "3-7", "7-15", "15-30", "30+"];

/// Complaints or reports that have been waiting for some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeingRow {
    /// The kind.
    pub kind: ContactKind,
    /// The days of waiting. The lower bound belongs to the class, the upper bound does not.
    pub days: &'static str,
    /// Number of contacts that are not closed.
    pub open: i64,
}

/// Counts the complaints and reports that are not closed on the as-of day, regardless of when they were received.
/// Sorted by kind, then by days of waiting.
#[must_use]
pub fn ageing(contacts: &[Contact], run: Run) -> Vec<AgeingRow> {
    let mut rows = Vec::new();
    for kind in [ContactKind::Complaint, ContactKind::Report] {
        let mut open = [0; BOUNDS.len()];
        for contact in contacts.iter().filter(|contact| contact.kind == kind && contact.closed_at.is_none()) {
            let days = run.now().since(contact.received_at).div_euclid(DAY_S);
            let class = BOUNDS.iter().rposition(|&bound| bound <= days).unwrap_or(0);
            open[class] += 1;
        }
        rows.extend(CLASSES.into_iter().zip(open).map(|(days, open)| AgeingRow { kind, days, open }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Scene;

    #[test]
    fn whole_days_are_counted_and_lower_bounds_are_in() {
        let mut scene = Scene::new(vec![], "", "2026-03", Some("2026-04-01"));
        for (number, received) in [
            "2026-03-31 23:59:59", // 0
            "2026-03-31 00:00:01", // 0
            "2026-03-31 00:00:00", // 1
            "2026-03-29 00:00:01", // 2
            "2026-03-29 00:00:00", // 3
            "2026-03-25 00:00:00", // 7
            "2026-03-17 00:00:00", // 15
            "2026-03-02 00:00:01", // 29
            "2026-03-02 00:00:00", // 30
            "2022-03-02 00:00:00",
        ]
        .into_iter()
        .enumerate()
        {
            scene.contact(&format!("k{number}"), ContactKind::Complaint, "", received, |_| {});
        }
        scene.contact("q", ContactKind::Query, "", "2026-03-02 00:00", |_| {});
        scene.contact("r", ContactKind::Report, "", "2026-03-02 00:00", |report| {
            report.answered_at = Some(report.received_at);
        });
        scene.contact("s", ContactKind::Report, "", "2026-03-02 00:00", |report| {
            report.closed_at = Some(report.received_at);
        });
        let rows = ageing(scene.log.contacts.as_ref().unwrap(), scene.run);
        let open =
            |kind| -> Vec<i64> { rows.iter().filter(|row| row.kind == kind).map(|row| row.open).collect() };
        assert_eq!(open(ContactKind::Complaint), [2, 2, 1, 1, 2, 2]);
        assert_eq!(open(ContactKind::Report), [0, 0, 0, 0, 0, 1]);
        assert_eq!(rows.len(), 12);
    }
}
