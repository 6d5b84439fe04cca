//! Whether a tier's contacts are on time less often than a floor requires, or than the contacts of all other
//! customers (SERVICE §6).
//!
//! What the utility owes to everybody must not depend on the tier. So each tier is compared with the floor, and with
//! all other known customers. The latter comparison is of intervals: a difference is reported only if chance does not
//! explain it.

use crate::contact::Contacts;
use crate::group::{GroupBy, GroupIx, Groups};
use crate::policy::Policy;
use crate::timer::{Decided, TimerCase, TimerStatus};
use gridtier::word::Word;

gridtier::words! {
    /// Whether a tier's contacts were handled as a floor requires.
    FairnessVerdict "verdict on a tier" {
        /// The share in time is at least the floor.
        Kept "kept" "kept" "达标",
        /// The share in time is below the floor.
        Under "under" "under the floor" "低于底线",
        /// There was no case.
        None "none" "no cases" "无案例",
    }
}

/// A timer with a floor: the cases of one tier, compared with those of all other known customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FairnessRow {
    /// The timer: position in the policy.
    pub timer: usize,
    /// The tier: a group by tier.
    pub tier: GroupIx,
    /// Number of its cases, those that are still open too.
    pub cases: i64,
    /// Its decided cases.
    pub own: Decided,
    /// The decided cases of all other customers, with or without a tier. Contacts without a customer are not among them.
    pub rest: Decided,
    /// Whether the floor was kept.
    pub verdict: FairnessVerdict,
    /// Whether the upper end of the tier's interval lies below the lower end of the others'.
    pub unfair: bool,
}

/// Judges all timers with a floor in all tiers that have customers, and `unknown` if it has cases. By timer id and tier.
#[must_use]
pub fn fairness(
    cases: &[TimerCase],
    contacts: &Contacts,
    groups: &Groups,
    policy: &Policy,
) -> Vec<FairnessRow> {
    let mut order: Vec<usize> = (0..policy.timers.len()).collect();
    order.sort_by_key(|&place| policy.timers[place].id.as_str());
    let by_tier = GroupBy::Tier.position();
    let unknown = groups.of_customer(None)[by_tier];
    let mut rows = Vec::new();
    for timer in order {
        let Some(floor) = policy.timers[timer].floor else { continue };
        let mut own = vec![(0, Decided::default()); groups.len()];
        let mut known = Decided::default();
        for case in cases.iter().filter(|case| case.timer == timer) {
            let customer = contacts.contact(case.contact).customer;
            let decided = i64::from(case.status != TimerStatus::Open);
            let on_time = i64::from(case.status == TimerStatus::OnTime);
            let (cases, of_tier) = &mut own[groups.of_customer(customer)[by_tier].index()];
            *cases += 1;
            of_tier.decided += decided;
            of_tier.on_time += on_time;
            if customer.is_some() {
                known.decided += decided;
                known.on_time += on_time;
            }
        }
        let tiers = groups.iter().filter(|(_, group)| group.by == GroupBy::Tier);
        for (tier, group) in tiers {
            let (cases, own) = own[tier.index()];
            let rest = if tier == unknown {
                if cases == 0 {
                    continue;
                }
                known
            } else {
                if group.members == 0 {
                    continue;
                }
                Decided { decided: known.decided - own.decided, on_time: known.on_time - own.on_time }
            };
            rows.push(FairnessRow {
                timer,
                tier,
                cases,
                own,
                rest,
                verdict: verdict(cases, own, floor),
                unfair: is_unfair(own, rest),
            });
        }
    }
    rows
}

/// Cases that are all open have not missed a floor.
fn verdict(cases: i64, own: Decided, floor: i64) -> FairnessVerdict {
    if cases == 0 {
        FairnessVerdict::None
    } else if 100 * own.on_time < floor * own.decided {
        FairnessVerdict::Under
    } else {
        FairnessVerdict::Kept
    }
}

fn is_unfair(own: Decided, rest: Decided) -> bool {
    let (Some(own), Some(rest)) = (own.interval(), rest.interval()) else { return false };
    own.hi < rest.lo
}

#[cfg(test)]
mod tests {
    use gridtier::contract::ContactKind;
    use gridtier::method::Tier;

    use super::*;
    use crate::base::Member;
    use crate::fixture::{at, member};
    use crate::scene::{Scene, graded};
    use crate::time::WorkCalendar;
    use crate::timer::timer_cases;

    const POLICY: &str = "[[timer]]\nid = \"contact\"\nfrom = \"received\"\nto = \"first_contact\"\nwithin = \"24 h\"\nfloor = 90\n\
                          [[timer]]\nid = \"other\"\nfrom = \"received\"\nto = \"answered\"\nwithin = \"24 h\"\n";

    /// The rows as text: tier, cases of the tier and of the others (on time/decided), verdict and whether unfair.
    /// Contacts are given as customer and whether on time; `None` is open.
    fn of(customers: Vec<(&str, Member)>, rows: &[(&str, Option<bool>, usize)]) -> Vec<String> {
        let mut scene = Scene::new(customers, POLICY, "2026-03", None);
        for (number, &(customer, in_time, count)) in rows.iter().enumerate() {
            for one in 0..count {
                let id = format!("k{number}-{one:03}");
                let received = if in_time.is_none() { "2026-03-31 08:00" } else { "2026-03-02 08:00" };
                scene.contact(&id, ContactKind::Complaint, customer, received, |contact| {
                    contact.first_contact_at =
                        in_time.filter(|&in_time| in_time).map(|_| at("2026-03-03 08:00"));
                });
            }
        }
        let groups = Groups::of(&scene.base);
        let contacts = Contacts::of(&scene.log, &scene.policy, scene.run).unwrap();
        let cases = timer_cases(&contacts, &scene.base, &scene.policy, &WorkCalendar::default(), scene.run);
        let rows = fairness(&cases, &contacts, &groups, &scene.policy);
        let line = |row: &FairnessRow| {
            assert_eq!(row.timer, 0, "only timers with a floor are judged");
            let (name, own, rest) = (&groups.group(row.tier).name, row.own, row.rest);
            let unfair = if row.unfair { " unfair" } else { "" };
            format!(
                "{name} {}/{} {}/{} {}{unfair}",
                own.on_time,
                own.decided,
                rest.on_time,
                rest.decided,
                row.verdict.code()
            )
        };
        rows.iter().map(line).collect()
    }

    fn customers() -> Vec<(&'static str, Member)> {
        vec![("a", graded(Tier::Special)), ("b", graded(Tier::Grade3)), ("c", member("East"))]
    }

    #[test]
    fn a_tier_whose_contacts_wait_is_named() {
        let rows = [
            ("a", Some(true), 40),
            ("b", Some(true), 10),
            ("b", Some(false), 30),
            ("c", Some(true), 9),
            ("c", Some(false), 1),
        ];
        assert_eq!(
            of(customers(), &rows),
            ["grade-3 10/40 49/50 under unfair", "special 40/40 19/50 kept", "ungraded 9/10 50/80 kept"],
            "90 % is the floor itself"
        );
    }

    #[test]
    fn few_cases_are_under_the_floor_but_not_unfair() {
        assert_eq!(
            of(customers(), &[("a", Some(false), 1), ("b", Some(true), 1)]),
            ["grade-3 1/1 0/1 kept", "special 0/1 1/1 under", "ungraded 0/0 1/2 none"]
        );
    }

    #[test]
    fn contacts_without_a_customer_have_their_own_row_and_are_not_compared_with_tiers() {
        assert_eq!(
            of(customers(), &[("", Some(false), 60), ("a", Some(true), 60)]),
            [
                "grade-3 0/0 60/60 none",
                "special 60/60 0/0 kept",
                "ungraded 0/0 60/60 none",
                "unknown 0/60 60/60 under unfair"
            ]
        );
    }

    #[test]
    fn open_cases_decide_nothing_and_miss_no_floor() {
        let customers = vec![("a", graded(Tier::Special)), ("b", graded(Tier::Grade3))];
        assert_eq!(of(customers, &[("a", None, 3)]), ["grade-3 0/0 0/0 none", "special 0/0 0/0 kept"]);
    }
}
