//! Complaints, reports, queries, suggestions and praise, and what became of them.

use gridtier::contract::{Channel, ContactKind, ContactOutcome};

use super::year::{DAY_S, HOUR_S, MINUTE_S, ServiceLevel, ServiceYear};
use crate::draw::{DrawPurpose, KeyedDraw};

/// A contact. Times are seconds since 1970; some may lie after the end of the log.
pub struct SampleContact {
    pub customer: u32,
    pub is_anonymous: bool,
    pub received: i64,
    pub kind: ContactKind,
    pub channel: Channel,
    pub topic: Option<&'static str>,
    pub first_contact: Option<i64>,
    pub analysed: Option<i64>,
    pub answered: Option<i64>,
    pub closed: Option<i64>,
    pub passed_on: Option<i64>,
    pub called_back: Option<i64>,
    pub outcome: Option<ContactOutcome>,
    pub satisfied: Option<bool>,
}

/// The contacts of the log, by time.
pub fn contacts(year: &ServiceYear) -> Vec<SampleContact> {
    let mut contacts = Vec::new();
    for customer in 0..year.customers() {
        for month in year.months() {
            contacts_of(year, customer, month, &mut contacts);
        }
    }
    contacts
        .retain(|contact| contact.received < year.end() && year.is_open(contact.customer, contact.received));
    contacts.sort_by_key(|contact| (contact.received, contact.customer));
    contacts
}

fn contacts_of(year: &ServiceYear, customer: u32, month: u32, contacts: &mut Vec<SampleContact>) {
    let mut draw = year.draw(DrawPurpose::Contact, customer, month);
    let rate = match year.level(customer) {
        ServiceLevel::High => 0.035,
        ServiceLevel::Middle => 0.022,
        ServiceLevel::Low => 0.015,
    };
    if !draw.chance(if year.is_slow(customer) { rate * 1.5 } else { rate }) {
        return;
    }
    let kind = draw.pick(&[
        (40, ContactKind::Complaint),
        (8, ContactKind::Report),
        (36, ContactKind::Query),
        (9, ContactKind::Suggestion),
        (7, ContactKind::Praise),
    ]);
    let topic = draw.pick(&[
        (34, Some("outage")),
        (27, Some("billing")),
        (13, Some("voltage")),
        (11, Some("connection")),
        (9, Some("attitude")),
        (3, Some("停车")),
        (3, None),
    ]);
    let month = year.month(month);
    let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
    let received = i64::from(day) * DAY_S + i64::from(draw.whole(7 * 3_600, 22 * 3_600));
    let first = contact(year, &mut draw, customer, received, kind, topic);
    // What was not mended is complained of again.
    let is_repeated = kind == ContactKind::Complaint && draw.chance(0.15);
    let again = received + i64::from(draw.whole(10, 60)) * DAY_S + HOUR_S;
    let second = is_repeated.then(|| contact(year, &mut draw, customer, again, kind, topic));
    contacts.extend([first].into_iter().chain(second));
}

fn contact(
    year: &ServiceYear,
    draw: &mut KeyedDraw,
    customer: u32,
    received: i64,
    kind: ContactKind,
    topic: Option<&'static str>,
) -> SampleContact {
    let is_case = matches!(kind, ContactKind::Complaint | ContactKind::Report);
    // Of large customers one in fifty waits, of small ones one in eight, in the slow branch more than every second one.
    let waits = match year.level(customer) {
        _ if year.is_slow(customer) => 0.55,
        ServiceLevel::High => 0.02,
        ServiceLevel::Middle => 0.05,
        ServiceLevel::Low => 0.13,
    };
    let is_late = is_case && draw.chance(waits);
    let minutes = if is_late { draw.whole(25 * 60, 90 * 60) } else { draw.log_normal(120.0, 0.8) as i32 + 5 };
    let first_contact = received + i64::from(minutes) * MINUTE_S;
    let analysed = ServiceYear::by_day(first_contact + i64::from(draw.whole(2, 30)) * HOUR_S);
    let days = if is_late { draw.whole(4, 11) } else { draw.pick(&[(45, 0), (35, 1), (15, 3), (5, 6)]) };
    let answered = analysed + i64::from(days) * DAY_S + i64::from(draw.whole(10, 200)) * MINUTE_S;
    let answered = ServiceYear::by_day(answered);
    let closed = ServiceYear::by_day(answered + i64::from(draw.whole(1, 50)) * HOUR_S);
    let called_back = ServiceYear::by_day(closed + i64::from(draw.whole(4, 100)) * HOUR_S);
    let is_stuck = is_case && draw.chance(if year.is_slow(customer) { 0.12 } else { 0.03 });
    let reached = |second: i64| year.past(second).filter(|_| !is_stuck);
    let closed = reached(closed);
    let passes_on = kind == ContactKind::Report && draw.chance(0.4) || draw.chance(0.03);
    let outcome = draw.pick(&[
        (52, ContactOutcome::Upheld),
        (18, ContactOutcome::Partly),
        (26, ContactOutcome::NotUpheld),
        (4, ContactOutcome::Withdrawn),
    ]);
    let is_asked = draw.chance(0.6);
    let is_satisfied = draw.chance(if is_late { 0.4 } else { 0.82 });
    SampleContact {
        customer,
        is_anonymous: draw.chance(0.04),
        received,
        kind,
        channel: draw.pick(&[
            (55, Channel::Phone),
            (25, Channel::App),
            (12, Channel::Wechat),
            (8, Channel::Hall),
        ]),
        topic,
        first_contact: year.past(first_contact),
        analysed: is_case.then(|| reached(analysed)).flatten(),
        answered: reached(answered),
        closed,
        passed_on: passes_on.then(|| year.past(received + i64::from(draw.whole(3, 40)) * HOUR_S)).flatten(),
        called_back: (is_case && draw.chance(0.8)).then(|| reached(called_back)).flatten(),
        outcome: closed.filter(|_| is_case).map(|_| outcome),
        satisfied: closed.filter(|_| is_asked).map(|_| is_satisfied),
    }
}
