//! Whether figures change when the rows that they are said not to need are left out.

use gridtier::contract::{ContactKind, OutageKind};
use gridtier::index::CustomerIx;
use gridtier::method::Tier;
use proptest::prelude::*;

use super::*;
use crate::delivered::Delivered;
use crate::fixture::{at, day, outage};
use crate::group::Groups;
use crate::log::Interruption;
use crate::monthly::MonthlyReport;
use crate::scene::{Scene, graded};

const POLICY: &str = "[due]\ncustomer = [\"S05\", \"S12\"]\nsession = [\"S09\", \"S16\"]\nfollow_up = \"S05\"\nnotice = \"S07\"\n\
    [[promise]]\nid = \"planned\"\nservice = \"S07\"\nmeasure = \"notice\"\nkinds = [\"planned\"]\nlead = \"7 d\"\n\
    [[promise]]\nid = \"supply\"\nservice = \"S07\"\nmeasure = \"availability\"\nover = \"year\"\nlimit = 99.8\n\
    [[follow_up]]\nid = \"opened\"\nafter = \"opening\"\nevery_months = 3\nuntil_months = 12\nat_least = 3\n\
    [[follow_up]]\nid = \"worked\"\nafter = \"delivery\"\nservices = [\"S10\"]\nwithin = \"3 d\"\n\
    [[follow_up]]\nid = \"called\"\nafter = \"contact\"\nkinds = [\"complaint\"]\nwithin = \"3 d\"\n\
    [[timer]]\nid = \"closing\"\nfrom = \"received\"\nto = \"closed\"\nwithin = \"5 d\"\nfloor = 50\n\
    [[follow_up]]\nid = \"dark\"\nafter = \"interruption\"\nwithin = \"5 d\"\n";

/// A delivery: service, customer, day of its entry, days until it is done, planned or failed, and the outage.
type Drawn = (usize, u32, i32, i64, u8, u32);

/// A contact: customer, day on which it was received, hours until it was closed, if it was, and whether it is a report.
type DrawnContact = (u32, i32, Option<i64>, bool);

const SERVICES: [&str; 7] = ["S05", "S07", "S09", "S10", "S12", "S16", "S01"];

fn scene(deliveries: &[Drawn], contacts: &[DrawnContact]) -> Scene {
    let mut late = graded(Tier::Special);
    late.opened_on = day("2025-06-20");
    let customers = vec![("a", graded(Tier::Special)), ("b", graded(Tier::Grade1)), ("c", late)];
    let mut scene = Scene::new(customers, POLICY, "2026-03", Some("2026-04-10"));
    let first = scene.run.window().start;
    for (number, &(service, customer, created, later, fate, outage)) in deliveries.iter().enumerate() {
        let created = Second::of_day(first + created);
        let then = Some(created.plus(later * 3_600)).filter(|&then| then < scene.run.now());
        let customer = ["", "a", "b", "c"][customer as usize];
        scene.deliver(
            &format!("d{number:03}"),
            SERVICES[service],
            customer,
            "2026-01-01 00:00",
            |delivery| {
                delivery.created_at = created;
                match fate {
                    0..4 => delivery.delivered_at = then,
                    4 => delivery.read_at = then,
                    5 => delivery.failed_at = then,
                    6 => delivery.planned_at = Some(created.plus(later * 3_600)),
                    _ => {}
                }
                delivery.outage = (service == 1).then_some(outage);
            },
        );
    }
    for (number, &(customer, received, closed, is_report)) in contacts.iter().enumerate() {
        let kind = if is_report { ContactKind::Report } else { ContactKind::Complaint };
        let customer = ["", "a", "b", "c"][customer as usize];
        let received = Second::of_day(first + received);
        let closed = closed.map(|hours| received.plus(hours * 3_600));
        let closed = closed.filter(|&closed| closed < scene.run.now());
        scene.contact(&format!("k{number:03}"), kind, customer, "2026-01-01 00:00", |contact| {
            (contact.received_at, contact.closed_at) = (received, closed);
        });
    }
    scene.log.outages = Some(["o1", "o2", "o3"].map(|id| outage(id, OutageKind::Planned)).into());
    scene
}

/// Three outages: one long ago, one of the same month last year, one of this month.
fn rows() -> Vec<Interruption> {
    let starts = [(0, "2022-03-10 08:00"), (1, "2025-03-11 08:00"), (2, "2026-03-12 08:00")];
    let row = |(outage, start)| {
        [0, 1].map(|customer| Interruption {
            outage,
            customer: CustomerIx::new(customer),
            started_at: at(start),
            restored_at: Some(at(start).plus(9 * 3_600)),
        })
    };
    starts.into_iter().flat_map(row).collect()
}

/// The figures of the report, the counts and the work list, and the samples by id.
fn results(scene: &Scene) -> (String, String) {
    let groups = Groups::of(&scene.base);
    let (report, due) =
        (MonthlyReport::of(scene.inputs(), &groups), Delivered::measure(scene.inputs(), &groups).unwrap());
    let deliveries = scene.log.deliveries.as_deref().unwrap();
    let sampled: Vec<&str> = report.to_check.iter().map(|one| &*one.of(deliveries).id).collect();
    let due_ids: Vec<_> = due
        .due
        .iter()
        .map(|row| {
            let by = row.delivery.map(|place| &*deliveries[index(place)].id);
            (row.reason, row.key.clone(), row.status, row.units_done, by)
        })
        .collect();
    let work: Vec<_> =
        due.worklist.iter().map(|row| (row.key.clone(), row.overdue, row.within_capacity)).collect();
    (
        format!("{:?}{:?}{sampled:?}", report.figures, report.coverage),
        format!("{due_ids:?}{:?}{work:?}", due.delivered),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn figures_do_not_change_when_rows_that_they_do_not_need_are_left_out(
        drawn in prop::collection::vec((0_usize..7, 0_u32..4, 0_i32..1_865, 0_i64..600, 0_u8..8, 0_u32..3), 0..120),
        contacts in prop::collection::vec((0_u32..4, 0_i32..1_865, prop::option::of(0_i64..9_000), any::<bool>()), 0..90),
    ) {
        let mut scene = scene(&drawn, &contacts);
        let kept = kept_interruptions(&scene.policy, scene.run, scene.log.outages.as_deref().unwrap());
        let interruptions = Interruptions::of_rows(rows(), kept, 3);
        let services = scene.catalogue.services.len();
        let since = DeliveriesSince::of(&scene.policy, services, scene.run, 3, Some(&interruptions));
        scene.merge(rows());
        let all = results(&scene);
        scene.interruptions = Some(interruptions);
        scene.log.deliveries.as_mut().unwrap().retain(|delivery| since.needs(delivery));
        let contacts_since = ContactsSince::of(&scene.policy, scene.run);
        scene.log.contacts.as_mut().unwrap().retain(|contact| contacts_since.needs(contact));
        prop_assert_eq!(all, results(&scene));
    }
}

#[test]
fn old_deliveries_are_needed_only_by_sessions_and_notices_of_outages_of_the_periods() {
    let day_of = |text: &str| day(text) - day("2021-03-01");
    let drawn = [
        (0, 1, day_of("2023-02-01"), 1, 0, 0),
        (0, 1, day_of("2023-10-01"), 1, 0, 0),
        (6, 1, day_of("2023-10-01"), 1, 0, 0),
        (6, 1, day_of("2024-03-02"), 1, 0, 0),
        (5, 1, day_of("2021-10-01"), 1, 0, 0),
        (5, 0, day_of("2021-10-01"), 1, 0, 0),
        (1, 1, day_of("2022-10-01"), 1, 0, 0),
        (1, 1, day_of("2022-10-01"), 1, 0, 2),
    ];
    let scene = scene(&drawn, &[]);
    let kept = kept_interruptions(&scene.policy, scene.run, scene.log.outages.as_deref().unwrap());
    let interruptions = Interruptions::of_rows(rows(), kept, 3);
    let services = scene.catalogue.services.len();
    let since = DeliveriesSince::of(&scene.policy, services, scene.run, 3, Some(&interruptions));
    let needed: Vec<bool> =
        scene.log.deliveries.as_deref().unwrap().iter().map(|delivery| since.needs(delivery)).collect();
    assert_eq!(needed, [false, true, false, true, true, false, false, true]);
    assert_eq!(interruptions.all().count(), 4, "the outage of 2022 is too old for all periods");
}
