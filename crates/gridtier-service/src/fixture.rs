//! Hand-made customers and times for tests.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Field as ArrowField, Schema};
use gridtier::contract::{Channel, OutageKind, Responsibility, UseCategory};
use gridtier::entitlement::condition::{Condition, Field, FieldKind, fields};
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::unit::day_of_date;
use gridtier::word::Word;

use crate::base::{Base, Member};
use crate::interruption::{Interruptions, KeptInterruptions};
use crate::log::{Delivery, Interruption, Outage};
use crate::period::{Period, Run};
use crate::policy::{DueServices, Limits, Measure, Policy, Promise};
use crate::time::Second;

/// Days since 1970-01-01 of a day such as `2026-05-01`.
pub fn day(text: &str) -> i32 {
    day_of_date(text.parse().unwrap())
}

/// A time such as `2026-05-01 08:00` or `2026-05-01 08:00:00`.
pub fn at(text: &str) -> Second {
    let (date, time) = text.split_once(' ').unwrap();
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    Second::of_day(day(date)).plus(parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0))
}

/// An ungraded customer of a region, open since 2000, with nothing else known. [`base`] replaces the position of the
/// region, if it has one, by that of its name.
pub fn member(region: &'static str) -> Member {
    Member {
        opened_on: day("2000-01-01"),
        closed_on: None,
        use_category: UseCategory::Other,
        region: Some(REGIONS.iter().position(|known| *known == region).unwrap() as u32),
        area: None,
        tier: None,
        opted_out: false,
        annual_energy_kwh: None,
        average_price: None,
    }
}

/// The regions that [`member`] knows, in the order of their bytes.
const REGIONS: [&str; 4] = ["East", "North", "South", "unknown"];

/// A base of customers, which are given in the order of their ids. Conditions may name `use_category`, `area` and
/// `tier`; all other columns are missing.
pub fn base(customers: Vec<(&str, Member)>) -> Base {
    assert!(customers.is_sorted_by_key(|(id, _)| *id), "customers are in the order of their ids");
    let mut ids = KeyIndex::default();
    for (id, _) in &customers {
        ids.insert(id);
    }
    let members: Vec<Member> = customers.into_iter().map(|(_, member)| member).collect();
    let text = |value: fn(&Member) -> Option<&'static str>| -> ArrayRef {
        Arc::new(members.iter().map(value).collect::<StringArray>())
    };
    let columns = [
        ("use_category", text(|member| Some(member.use_category.code()))),
        ("area", text(|member| member.area.map(Word::code))),
        ("tier", text(|member| member.tier.map(Word::code))),
    ];
    let schema = columns.iter().map(|(name, _)| ArrowField::new(*name, DataType::Utf8, true));
    let columns = RecordBatch::try_new_with_options(
        Arc::new(Schema::new(schema.collect::<Vec<_>>())),
        columns.iter().map(|(_, column)| column.clone()).collect(),
        &RecordBatchOptions::new().with_row_count(Some(members.len())),
    );
    let regions = REGIONS.map(str::to_owned).to_vec();
    Base { ids, members, regions, columns: columns.unwrap(), fields: condition_fields() }
}

/// The columns that conditions may name.
fn condition_fields() -> Vec<Field> {
    let mut known = fields(&[]);
    let tier = Field { name: "tier".into(), title_zh: "客户等级", kind: FieldKind::Words(Tier::LIST) };
    known.push(tier);
    known
}

/// A condition on the customers of [`base`].
pub fn condition(text: &str) -> Option<Condition> {
    Some(Condition::parse(text, &condition_fields()).unwrap())
}

/// The limits of the preset, except those of vector 9: two interruptions are many, and two hours are long.
pub const LIMITS: Limits = Limits {
    momentary_seconds: 300,
    many: 2,
    long_hours: 2,
    keep_percent: 95,
    repeat_days: 90,
    appointment_minutes: 15,
    min_cell: 10,
};

/// May 2026 as of 2 June.
pub fn may_2026() -> Run {
    Run::new(Period::parse("2026-05").unwrap(), Some(day("2026-06-02"))).unwrap()
}

/// An outage of unknown cause that the utility is responsible for. Interruptions say when it was.
pub fn outage(id: &str, kind: OutageKind) -> Outage {
    Outage {
        id: id.into(),
        started_at: at("2026-05-01 00:00"),
        kind,
        cause: None,
        responsibility: Responsibility::Utility,
        announced_at: None,
        promised_at: None,
        plan_at: None,
    }
}

/// An interruption of a customer by an outage, which are given by their positions.
pub fn interruption(outage: u32, customer: u32, start: &str, end: Option<&str>) -> Interruption {
    let customer = CustomerIx::new(customer);
    Interruption { outage, customer, started_at: at(start), restored_at: end.map(at) }
}

/// The interruptions of rows that all customers and outages of the test have, all of them kept.
pub fn merged(rows: Vec<Interruption>, customers: usize, run: Run, limits: &Limits) -> Interruptions {
    let outages = rows.iter().map(|row| row.outage + 1).max().unwrap_or(0);
    Interruptions::of_rows(rows, KeptInterruptions::all(run, limits, outages as usize), customers)
}

/// Position of the notices' service in the catalogue that [`policy`] uses.
pub const NOTICE: u16 = 6;

/// A delivery of a notice by phone that was done at a time, or not at all.
pub fn notice_delivery(id: &str, customer: u32, outage: u32, done: Option<&str>) -> Delivery {
    Delivery {
        id: id.into(),
        created_at: at("2026-05-01 00:00"),
        customer: Some(CustomerIx::new(customer)),
        service: NOTICE,
        channel: Channel::Phone,
        outage: Some(outage),
        planned_at: None,
        sent_at: None,
        delivered_at: done.map(at),
        read_at: None,
        failed_at: None,
        units_e3: 1_000,
        cost_fen: None,
        fee_fen: None,
        satisfied: None,
    }
}

/// A promise to everybody, about outages of all kinds and responsibilities, without limit, over the period.
pub fn promise(id: &str, measure: Measure) -> Promise {
    Promise {
        id: id.into(),
        title: Text::new(id.to_owned(), id.to_owned()),
        source: String::new(),
        remark: String::new(),
        service: 0,
        measure,
        condition: None,
        kinds: Vec::new(),
        exempt: Vec::new(),
        over_year: false,
        limit: None,
        step: None,
        floor: None,
        lead: None,
        after: None,
        announcement: false,
        compensation: None,
    }
}

/// A policy of promises alone.
pub fn policy(promises: Vec<Promise>) -> Policy {
    Policy {
        name: "test".into(),
        version: "1".into(),
        effective_from: "2020-01-01".parse().unwrap(),
        source: String::new(),
        text: String::new(),
        limits: LIMITS,
        due: DueServices { notice: Some(NOTICE.into()), ..DueServices::default() },
        promises,
        follow_ups: Vec::new(),
        timers: Vec::new(),
        topics: Vec::new(),
    }
}
