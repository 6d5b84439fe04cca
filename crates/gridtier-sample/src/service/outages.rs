//! Outages and whom they interrupt.

use std::ops::Range;

use gridtier::contract::{OutageKind, Responsibility};

use super::year::{DAY_S, HOUR_S, MINUTE_S, ServiceYear};
use crate::draw::{DrawPurpose, KeyedDraw};

/// Customers of a feeder.
const FEEDER_CUSTOMERS: u32 = 40;

/// An outage of a feeder. Times are seconds since 1970.
pub struct SampleOutage {
    pub id: String,
    pub feeder: u32,
    pub start: i64,
    pub kind: OutageKind,
    pub cause: Option<&'static str>,
    pub responsibility: Responsibility,
    pub announced: Option<i64>,
    pub promised: Option<i64>,
    pub plan: Option<i64>,
    /// Customers with start and end of their interruption.
    pub interrupted: Vec<(u32, i64, i64)>,
}

/// The outages of the log, by start.
pub fn outages(year: &ServiceYear) -> Vec<SampleOutage> {
    let mut outages = Vec::new();
    for feeder in 0..year.customers().div_ceil(FEEDER_CUSTOMERS) {
        for month in year.months() {
            outages_of(year, feeder, month, &mut outages);
        }
    }
    outages.retain(|outage| !outage.interrupted.is_empty());
    outages.sort_by_key(|outage| (outage.start, outage.feeder));
    for (number, outage) in (1..).zip(&mut outages) {
        outage.id = format!("O{number:06}");
    }
    outages
}

fn outages_of(year: &ServiceYear, feeder: u32, month: u32, outages: &mut Vec<SampleOutage>) {
    let mut draw = year.draw(DrawPurpose::Outage, feeder, month);
    // Storms and heat in summer, scarce power in the hottest and the coldest months.
    let (faults, rationing) = match year.month(month).number() {
        7 | 8 => (0.16, 0.05),
        6 | 9 => (0.11, 0.0),
        12 | 1 => (0.08, 0.02),
        _ => (0.07, 0.0),
    };
    let chances = [
        (OutageKind::Fault, faults),
        (OutageKind::Planned, 0.06),
        (OutageKind::Temporary, 0.015),
        (OutageKind::Rationing, rationing),
    ];
    for (kind, chance) in chances {
        if draw.chance(chance) {
            outages.push(match kind {
                OutageKind::Fault => fault(year, &mut draw, feeder, month),
                _ => arranged(year, &mut draw, feeder, month, kind),
            });
        }
    }
}

fn fault(year: &ServiceYear, draw: &mut KeyedDraw, feeder: u32, month: u32) -> SampleOutage {
    let month = year.month(month);
    let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
    let start = i64::from(day) * DAY_S + i64::from(draw.whole(0, 86_399));
    let (responsibility, cause) = draw.pick(&[
        (40, (Responsibility::Utility, Some("设备老化"))),
        (12, (Responsibility::Utility, Some("运行维护不当"))),
        (18, (Responsibility::ThirdParty, Some("外力破坏"))),
        (16, (Responsibility::ForceMajeure, Some("雷击"))),
        (9, (Responsibility::Customer, Some("用户侧故障"))),
        (5, (Responsibility::Unknown, None)),
    ]);
    let is_momentary = draw.chance(0.14);
    let length = if is_momentary {
        i64::from(draw.whole(15, 290))
    } else {
        (draw.log_normal(95.0, 0.75).clamp(6.0, 2_400.0) * 60.0) as i64
    };
    let plan = match draw.unit() {
        _ if length <= 4 * HOUR_S => None,
        luck if luck < 0.7 => Some(start + i64::from(draw.whole(40, 235)) * MINUTE_S),
        luck if luck < 0.85 => Some(start + i64::from(draw.whole(250, 330)) * MINUTE_S),
        _ => None,
    };
    // A part of the feeder; those who can be switched to another line have supply again before the others.
    let part = draw.pick(&[(30, 100), (40, 60), (30, 30)]);
    let switched = draw.whole(20, 70);
    let customers = customers(year, feeder);
    let mut interrupted = Vec::new();
    for (place, customer) in (0..).zip(customers) {
        if place * 100 >= part * FEEDER_CUSTOMERS || !year.is_open(customer, start) {
            continue;
        }
        let is_switched = !is_momentary && place % 3 == 0;
        let end = start + if is_switched { length * i64::from(switched) / 100 } else { length };
        interrupted.push((customer, start, end));
    }
    SampleOutage {
        id: String::new(),
        feeder,
        start,
        kind: OutageKind::Fault,
        cause,
        responsibility,
        announced: None,
        promised: None,
        plan: plan.and_then(|plan| year.past(plan)),
        interrupted,
    }
}

/// An outage that the utility arranged: planned, at short notice, or rationing.
fn arranged(
    year: &ServiceYear,
    draw: &mut KeyedDraw,
    feeder: u32,
    month: u32,
    kind: OutageKind,
) -> SampleOutage {
    let month = year.month(month);
    let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
    let start = i64::from(day) * DAY_S + i64::from(draw.pick(&[(5, 8), (3, 9), (2, 13)])) * HOUR_S;
    let (cause, half_hours) = match kind {
        OutageKind::Planned => (draw.pick(&[(6, "线路检修"), (3, "设备更换"), (1, "业扩工程")]), [6, 18]),
        OutageKind::Temporary => ("缺陷处理", [2, 8]),
        OutageKind::Fault | OutageKind::Rationing => ("系统电源不足", [4, 8]),
    };
    let length = i64::from(draw.whole(half_hours[0], half_hours[1])) * 30 * MINUTE_S;
    let minutes_late = match draw.unit() {
        luck if luck < 0.82 => draw.whole(-70, 0),
        _ => draw.whole(5, 110),
    };
    let end = start + length + i64::from(minutes_late) * MINUTE_S;
    let announced = match (kind, draw.unit()) {
        (OutageKind::Planned, luck) if luck < 0.84 => Some(start - i64::from(draw.whole(190, 280)) * HOUR_S),
        (OutageKind::Planned, luck) if luck < 0.94 => Some(start - i64::from(draw.whole(40, 100)) * HOUR_S),
        (OutageKind::Planned, _) => None,
        (_, luck) => (luck < 0.7).then_some(start - i64::from(draw.whole(20, 30)) * HOUR_S),
    };
    let promised = draw.chance(0.95).then_some(start + length);
    let plan = (end - start > 4 * HOUR_S && draw.chance(0.9)).then_some(start - 20 * HOUR_S);
    let has_homes = kind != OutageKind::Rationing;
    let interrupted = customers(year, feeder)
        .filter(|&customer| year.is_open(customer, start) && (has_homes || !year.is_home(customer)))
        .map(|customer| (customer, start, end))
        .collect();
    SampleOutage {
        id: String::new(),
        feeder,
        start,
        kind,
        cause: Some(cause),
        responsibility: Responsibility::Utility,
        announced,
        promised,
        plan,
        interrupted,
    }
}

fn customers(year: &ServiceYear, feeder: u32) -> Range<u32> {
    let first = feeder * FEEDER_CUSTOMERS;
    first..(first + FEEDER_CUSTOMERS).min(year.customers())
}
