//! What the utility did for its customers: visits, calls, notices, work, lectures, sessions.

use gridtier::contract::{Channel, ContactKind, OutageKind};
use gridtier::index::count;

use super::contacts::SampleContact;
use super::duty::Duties;
use super::outages::SampleOutage;
use super::year::{DAY_S, HOUR_S, MINUTE_S, ServiceLevel, ServiceYear};
use crate::draw::{DrawPurpose, KeyedDraw};

/// A delivery. Times are seconds since 1970, all but `planned` before the end of the log.
#[derive(Clone)]
pub struct SampleDelivery<'a> {
    pub created: i64,
    pub customer: Option<u32>,
    pub service: &'static str,
    pub channel: Channel,
    pub outage: Option<&'a str>,
    pub planned: Option<i64>,
    pub sent: Option<i64>,
    pub delivered: Option<i64>,
    pub read: Option<i64>,
    pub failed: Option<i64>,
    pub units: Option<u32>,
    /// Whole yuan.
    pub cost: Option<i32>,
    /// Whole yuan.
    pub fee: Option<i32>,
    pub satisfied: Option<bool>,
}

impl SampleDelivery<'_> {
    fn new(created: i64, customer: Option<u32>, service: &'static str, channel: Channel) -> Self {
        Self {
            created,
            customer,
            service,
            channel,
            outage: None,
            planned: None,
            sent: None,
            delivered: None,
            read: None,
            failed: None,
            units: None,
            cost: None,
            fee: None,
            satisfied: None,
        }
    }

    /// Something that is entered when it is done.
    fn done(at: i64, customer: Option<u32>, service: &'static str, channel: Channel) -> Self {
        Self { delivered: Some(at), ..Self::new(at, customer, service, channel) }
    }
}

/// The deliveries of the log, by time of entry.
pub fn deliveries<'a>(
    year: &ServiceYear,
    outages: &'a [SampleOutage],
    contacts: &[SampleContact],
) -> Vec<SampleDelivery<'a>> {
    let duties = Duties::new(year);
    let mut all = Vec::new();
    for customer in 0..year.customers() {
        let level = duties.level(customer);
        visits(year, (customer, level), &mut all);
        handbook_and_lectures(year, (customer, level), &mut all);
        work(year, (customer, level), &mut all);
        calls_after_opening(year, customer, &mut all);
    }
    for (number, outage) in (0..).zip(outages) {
        notices(year, number, outage, &mut all);
    }
    for (number, contact) in (0..).zip(contacts) {
        call_after_complaint(year, number, contact, &mut all);
    }
    for month in year.months() {
        sessions(year, &duties, month, &mut all);
    }
    all.retain(|one| {
        // Notices of the first outages were sent before the year.
        let first = if one.outage.is_some() { year.start() - 20 * DAY_S } else { year.start() };
        let is_entered = (first..year.end()).contains(&one.created);
        let mut times = [one.sent, one.delivered, one.read, one.failed].into_iter().flatten();
        let has_happened = times.all(|second| second < year.end());
        is_entered && has_happened && one.customer.is_none_or(|customer| year.is_open(customer, one.created))
    });
    all.sort_by_key(|one| (one.created, one.customer, one.service));
    all
}

/// Visits or calls once in each slot of the calendar: a month, a quarter or a year. Some come in the month after the slot.
///
/// The slow branch misses some of them.
fn visits(year: &ServiceYear, (customer, level): (u32, ServiceLevel), all: &mut Vec<SampleDelivery>) {
    let (months, done, late, channel) = match level {
        ServiceLevel::High => (1, 0.96, 0.03, Channel::Visit),
        ServiceLevel::Middle => (3, 0.94, 0.04, Channel::Visit),
        ServiceLevel::Low => (12, 0.78, 0.0, Channel::Phone),
    };
    let done = if year.is_slow(customer) { 0.8 * done } else { done };
    for last in year.months().filter(|&month| year.month(month).number().is_multiple_of(months)) {
        let mut draw = year.draw(DrawPurpose::Visit, customer, last);
        let first = (last + 1).saturating_sub(months).max(year.months().start);
        let month = draw.whole(first.cast_signed(), last.cast_signed()).cast_unsigned();
        let at = year.office_moment(&mut draw, month);
        let luck = draw.unit();
        let is_asked = level != ServiceLevel::Low && draw.chance(0.2);
        let satisfied = is_asked.then(|| draw.chance(if year.is_slow(customer) { 0.75 } else { 0.93 }));
        if luck < done {
            all.push(SampleDelivery {
                satisfied,
                ..SampleDelivery::done(at, Some(customer), "S05", channel)
            });
        } else if luck < done + late {
            let slot_end = i64::from(year.month(last).plus(1).first_day()) * DAY_S;
            let at = slot_end + i64::from(draw.whole(9, 17)) * HOUR_S + i64::from(draw.whole(0, 12)) * DAY_S;
            all.push(SampleDelivery::done(at, Some(customer), "S05", channel));
        } else if level == ServiceLevel::High {
            let failed = Some(at + HOUR_S);
            all.push(SampleDelivery { failed, ..SampleDelivery::new(at, Some(customer), "S05", channel) });
        }
    }
}

/// The handbook once a year, printed for the better tiers; lectures on safety in each half-year for all but homes.
fn handbook_and_lectures(
    year: &ServiceYear,
    (customer, level): (u32, ServiceLevel),
    all: &mut Vec<SampleDelivery>,
) {
    let mut draw = year.draw(DrawPurpose::Visit, customer, u32::MAX);
    let month = year.months().start + draw.whole(0, 3).cast_unsigned();
    let (handbook, channel, lecture) = match level {
        ServiceLevel::High => (0.97, Channel::Letter, 0.93),
        ServiceLevel::Middle => (0.94, Channel::Letter, 0.88),
        ServiceLevel::Low => (0.82, Channel::Email, 0.6),
    };
    if month < year.months().end && draw.chance(handbook) {
        let at = year.office_moment(&mut draw, month);
        all.push(SampleDelivery::done(at, Some(customer), "S24", channel));
    }
    for month in year.months().filter(|&month| matches!(year.month(month).number(), 5 | 11)) {
        let at = i64::from(year.month(month).first_day() + 14) * DAY_S + 14 * HOUR_S;
        if !year.is_home(customer) && draw.chance(lecture) {
            all.push(SampleDelivery::done(at, Some(customer), "S12", Channel::Meeting));
        }
    }
}

/// Work at a customer by appointment, and the call within hours after it.
fn work(year: &ServiceYear, (customer, level): (u32, ServiceLevel), all: &mut Vec<SampleDelivery>) {
    if !year.customer(customer).is_high_voltage() {
        return;
    }
    for month in year.months() {
        let mut draw = year.draw(DrawPurpose::Work, customer, month);
        if !draw.chance(0.04) {
            continue;
        }
        let hour = draw.pick(&[(4, 9), (3, 10), (3, 14), (2, 15)]);
        let day = year.office_moment(&mut draw, month).div_euclid(DAY_S);
        let planned = day * DAY_S + hour * HOUR_S;
        let created = planned - i64::from(draw.whole(20, 120)) * HOUR_S;
        let minutes = match draw.unit() {
            luck if luck < 0.85 => Some(draw.whole(-20, 14)),
            luck if luck < 0.94 => Some(draw.whole(20, 200)),
            _ => None,
        };
        let done = minutes.and_then(|minutes| year.past(planned + i64::from(minutes) * MINUTE_S));
        let failed = (minutes.is_none() && draw.chance(0.5)).then_some(planned + 2 * HOUR_S);
        let is_free = level == ServiceLevel::High;
        all.push(SampleDelivery {
            planned: Some(planned),
            delivered: done,
            failed: failed.and_then(|failed| year.past(failed)),
            cost: done.map(|_| draw.whole(90, 260)),
            fee: done.filter(|_| !is_free).map(|_| 150),
            satisfied: done.map(|_| draw.chance(0.9)),
            ..SampleDelivery::new(created, Some(customer), "S10", Channel::Visit)
        });
        if let Some(done) = done.filter(|_| draw.chance(0.95)) {
            let at = done + i64::from(draw.whole(20, 190)) * MINUTE_S;
            all.push(SampleDelivery::done(at, Some(customer), "S05", Channel::Phone));
        }
    }
}

/// Calls after the supply of a customer began: within three days, and in each quarter of the first year.
fn calls_after_opening(year: &ServiceYear, customer: u32, all: &mut Vec<SampleDelivery>) {
    let mut draw = year.draw(DrawPurpose::Visit, customer, u32::MAX - 1);
    let opened = i64::from(year.customer(customer).opened_on) * DAY_S;
    let first = ServiceYear::by_day(opened + DAY_S + i64::from(draw.whole(9, 62)) * HOUR_S);
    let quarters =
        (1..=4).map(|quarter| opened + (quarter * 91 - i64::from(draw.whole(3, 60))) * DAY_S + 10 * HOUR_S);
    let calls: Vec<i64> = [first].into_iter().chain(quarters).collect();
    for at in calls {
        if draw.chance(0.9) {
            all.push(SampleDelivery::done(at, Some(customer), "S05", Channel::Phone));
        }
    }
}

/// Notices of an outage that the utility arranged.
fn notices<'a>(year: &ServiceYear, number: u32, outage: &'a SampleOutage, all: &mut Vec<SampleDelivery<'a>>) {
    let mut draw = year.draw(DrawPurpose::Notice, number, u32::MAX);
    let hours = match outage.kind {
        OutageKind::Planned if draw.chance(0.88) => draw.whole(194, 260),
        OutageKind::Planned => draw.whole(20, 120),
        OutageKind::Temporary if draw.chance(0.8) => draw.whole(25, 40),
        OutageKind::Temporary => draw.whole(3, 20),
        OutageKind::Fault | OutageKind::Rationing => return,
    };
    let created = outage.start - i64::from(hours) * HOUR_S;
    for &(customer, _, _) in &outage.interrupted {
        let is_important = year.customer(customer).importance_level.is_some();
        if !is_important && !draw.chance(0.55) {
            continue;
        }
        let channel = if is_important {
            Channel::Phone
        } else {
            draw.pick(&[(60, Channel::Sms), (25, Channel::Wechat), (15, Channel::App)])
        };
        let sent = created + MINUTE_S;
        let notice = SampleDelivery {
            outage: Some(&outage.id),
            sent: Some(sent),
            ..SampleDelivery::new(created, Some(customer), "S07", channel)
        };
        let delivered = sent + i64::from(draw.whole(2, 900));
        let is_readable = matches!(channel, Channel::Wechat | Channel::App);
        let read = (is_readable && draw.chance(0.6)).then_some(delivered + i64::from(draw.whole(30, 40_000)));
        all.push(match draw.unit() {
            luck if luck < 0.93 => SampleDelivery { delivered: Some(delivered), read, ..notice },
            luck if luck < 0.97 => SampleDelivery { failed: Some(sent + HOUR_S), ..notice },
            _ => notice,
        });
    }
}

/// The call after a complaint was closed.
fn call_after_complaint(
    year: &ServiceYear,
    number: u32,
    contact: &SampleContact,
    all: &mut Vec<SampleDelivery>,
) {
    let mut draw = year.draw(DrawPurpose::Contact, number, u32::MAX);
    let Some(closed) = contact.closed.filter(|_| contact.kind == ContactKind::Complaint) else { return };
    let customer = (!contact.is_anonymous).then_some(contact.customer);
    if customer.is_some() && draw.chance(0.92) {
        let at = ServiceYear::by_day(closed + i64::from(draw.whole(5, 80)) * HOUR_S);
        all.push(SampleDelivery::done(at, customer, "S05", Channel::Phone));
    }
}

/// What is done for the public and for groups of customers.
fn sessions(year: &ServiceYear, duties: &Duties, month: u32, all: &mut Vec<SampleDelivery>) {
    let mut draw = year.draw(DrawPurpose::Visit, u32::MAX, month);
    let mut session = |draw: &mut KeyedDraw, service, channel, units| {
        let at = year.office_moment(draw, month);
        all.push(SampleDelivery { units, ..SampleDelivery::done(at, None, service, channel) });
    };
    if draw.chance(0.9) {
        session(&mut draw, "S09", Channel::Meeting, Some(12));
    }
    // Schools are closed in January, February, July and August.
    if !matches!(year.month(month).number(), 1 | 2 | 7 | 8) {
        (0..8).for_each(|_| session(&mut draw, "S13", Channel::Visit, None));
    }
    if draw.chance(0.95) {
        session(&mut draw, "S14", Channel::Media, None);
    }
    let at = i64::from(year.month(month).first_day() + 19) * DAY_S + 14 * HOUR_S;
    let largest = (0..year.customers()).filter(|&customer| duties.level(customer) == ServiceLevel::High);
    let largest: Vec<u32> = largest.collect();
    let most = count(largest.len()).min(12);
    for seat in 0..most {
        let place = (u64::from(month) * most + seat) % count(largest.len());
        if let Some(&customer) = usize::try_from(place).ok().and_then(|place| largest.get(place)) {
            all.push(SampleDelivery::done(at, Some(customer), "S16", Channel::Meeting));
        }
    }
}
