//! Incidents, plans, cooperation and energy audits by customer.
//!
//! Only a confirmed fact for which the customer is responsible may lower a score: what is alleged, appealed or revoked
//! is counted among the rows and nowhere else. Shares and points are held in 10⁻⁶ so that their sums are exact.

use std::cell::Cell;

use crate::contract::cell::word_at;
use crate::contract::rule::Rule;
use crate::contract::{CooperationKind, IncidentKind, IncidentStatus, Responsibility, Table};
use crate::customer::{self, Customers};
use crate::error::RunError;
use crate::index::CustomerIx;
use crate::key::KeyIndex;
use crate::meter::MonthlyUsage;
use crate::rows::{self, Columns, Row};
use crate::source::{Source, TableBook};
use crate::unit::{DAY_US, Month, Window, share_e6};

/// Months in which a point loses half its weight.
const HALF_LIFE_MONTHS: f64 = 12.0;

/// A fault, violation or theft.
#[derive(Clone, Debug, PartialEq)]
struct Incident {
    customer: u32,
    occurred_at_us: i64,
    kind: IncidentKind,
    responsibility: Responsibility,
    status: IncidentStatus,
    severity: u8,
    affected_customers: Option<i64>,
    outage_minutes: Option<i64>,
}

/// A confirmed violation or theft for which the customer is responsible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offence {
    /// Number of the customer.
    pub customer: u32,
    /// Violation or theft.
    pub kind: IncidentKind,
    /// 1 to 5.
    pub severity: u8,
    /// Month of occurrence.
    pub month: Month,
}

/// What events say of one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Σ customers affected × minutes of outage, over confirmed faults of the customer.
    pub fault_customer_minutes: i64,
    /// Σ severity × 0.5^(age/12) of confirmed violations and thefts of the customer, in 10⁻⁶.
    pub violation_points_e6: i64,
    /// Months with a plan above 0.
    pub planned_months: i64,
    /// Of them covered.
    pub plan_months: i64,
    /// Σ of their completion, in 10⁻⁶.
    pub plan_share_e6: i64,
    /// Policy events with a request above 0.
    pub policy_requests: i64,
    /// Σ of their fulfilment, in 10⁻⁶.
    pub policy_share_e6: i64,
    /// Work events with a request above 0.
    pub work_requests: i64,
    /// Σ of their fulfilment, in 10⁻⁶.
    pub work_share_e6: i64,
    /// Suggestions submitted.
    pub suggestions: i64,
    /// Of them adopted.
    pub suggestions_adopted: i64,
}

/// The latest energy audit of a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Day of the audit.
    pub as_of: i32,
    /// Energy of all carriers, kgce in a year.
    pub total_kgce: f64,
    /// Of it replaceable by electricity.
    pub replaceable_kgce: f64,
}

/// A customer's plan of a month, in Wh.
type Plan = (u32, Month, i64);

/// A cooperation event: customer, kind, requested, delivered, day.
type Request = (u32, CooperationKind, i64, i64, i64);

/// The books of the four tables, and the facts by customer.
#[derive(Debug)]
pub struct Happened {
    /// Of `incidents`, `plans`, `cooperation`, `energy_profiles`.
    pub books: Vec<TableBook>,
    /// By customer.
    pub facts: Vec<Events>,
    /// By customer and month.
    pub offences: Vec<Offence>,
    /// By customer.
    pub profiles: Vec<Option<Profile>>,
}

/// Reads the four tables.
///
/// # Errors
/// A table cannot be read, or a sum overflows.
pub fn read(source: &dyn Source, customers: &Customers, usage: &MonthlyUsage) -> Result<Happened, RunError> {
    let reader = Reader { source, customers, window: usage.window(), last: Cell::new(0) };
    let mut facts = vec![Events::default(); customers.len()];
    let (incidents_book, incidents) = reader.incidents()?;
    let offences = count_incidents(&incidents, usage.window(), &mut facts)?;
    let (plans_book, plans) = reader.plans()?;
    count_plans(&plans, usage, &mut facts);
    let (cooperation_book, cooperation) = reader.cooperation()?;
    count_cooperation(&cooperation, &mut facts);
    let (profiles_book, found) = reader.profiles()?;
    let mut profiles: Vec<Option<Profile>> = vec![None; customers.len()];
    for Row { value: (customer, profile), .. } in found {
        let latest = &mut profiles[customer as usize];
        if latest.is_none_or(|latest| latest.as_of < profile.as_of) {
            *latest = Some(profile);
        }
    }
    let books = vec![incidents_book, plans_book, cooperation_book, profiles_book];
    Ok(Happened { books, facts, offences, profiles })
}

/// What reading any of the tables needs.
struct Reader<'a> {
    source: &'a dyn Source,
    customers: &'a Customers,
    window: Window,
    /// The customer found last.
    last: Cell<u32>,
}

type Found<T> = Result<(TableBook, Vec<Row<T>>), RunError>;

type Take<'t, T> =
    &'t dyn Fn(&mut Columns, &mut TableBook, &mut KeyIndex, &mut Vec<Row<T>>) -> Result<(), RunError>;

impl Reader<'_> {
    /// Reads and settles a table; `take` pushes the rows of a batch that pass its rules.
    fn table<T: PartialEq>(&self, table: Table, take: Take<T>) -> Found<T> {
        let mut book = TableBook::new(table);
        let mut index = KeyIndex::default();
        let mut found = Vec::new();
        rows::read_table(self.source, &mut book, &mut |columns, book| {
            take(columns, book, &mut index, &mut found)
        })?;
        let found = rows::settle(&mut book, found, index.len());
        book.close()?;
        Ok((book, found))
    }

    fn incidents(&self) -> Found<Incident> {
        self.table(Table::Incidents, &|columns, book, index, found| {
            let ids = columns.ids("incident_id", book)?;
            let customer_ids = columns.ids("customer_id", book)?;
            let times = columns.cells("occurred_at")?;
            let words = [columns.cells("kind")?, columns.cells("responsibility")?, columns.cells("status")?];
            let severity = columns.cells("severity")?;
            let affected = columns.cells("affected_customers")?;
            let minutes = columns.cells("outage_minutes")?;
            for row in 0..columns.rows() {
                let at = columns.at(row);
                let fault = columns
                    .reader_fault(row)
                    .or(rows::key_fault(&ids, row))
                    .or(rows::fault_or_null(times.states[row]));
                let time_us = times.values[row];
                if self.set_aside(book, at, fault, month_of_us(time_us)) {
                    continue;
                }
                let fault = words
                    .iter()
                    .find_map(|word| rows::fault_or_null(word.states[row]))
                    .or(rows::fault_or_null(severity.states[row]));
                let bounds = severity.get(row).filter(|severity| !(1..=5).contains(severity));
                let fault = fault
                    .or(bounds.map(|_| Rule::OutOfBounds))
                    .or(rows::fault_if_any(affected.states[row]))
                    .or(rows::fault_if_any(minutes.states[row]));
                let Some(customer) = self.customer_or_reject(book, at, &customer_ids, row, fault) else {
                    continue;
                };
                let value = Incident {
                    customer,
                    occurred_at_us: time_us,
                    kind: word_at(words[0].values[row]),
                    responsibility: word_at(words[1].values[row]),
                    status: word_at(words[2].values[row]),
                    severity: severity.values[row] as u8,
                    affected_customers: affected.get(row),
                    outage_minutes: minutes.get(row),
                };
                found.push(Row { key: columns.own_key(&ids, row, index)?, at, value });
            }
            Ok(())
        })
        .map(|(mut book, found)| {
            let missing = |row: &&Row<Incident>| {
                let incident = &row.value;
                is_fault(incident)
                    && (incident.affected_customers.is_none() || incident.outage_minutes.is_none())
            };
            if let Some(first) = found.iter().find(missing) {
                let id = self.customers.ids.key(first.value.customer).to_owned();
                let rows = found.iter().filter(missing).count() as u64;
                book.notice(Rule::MissingImpact, rows, || format!("customer {id}"));
            }
            (book, found)
        })
    }

    fn plans(&self) -> Found<Plan> {
        self.table(Table::Plans, &|columns, book, index, found| {
            let ids = columns.ids("customer_id", book)?;
            let months = columns.cells("month")?;
            let planned = columns.cells("planned_kwh")?;
            for row in 0..columns.rows() {
                let at = columns.at(row);
                let month = Month(months.values[row] as i32);
                let fault =
                    columns.reader_fault(row).or(rows::key_fault(&ids, row)).or(key_date(months.states[row]));
                if self.set_aside(book, at, fault, Some(month)) {
                    continue;
                }
                let fault = rows::fault_or_null(planned.states[row]);
                let Some(customer) = self.customer_or_reject(book, at, &ids, row, fault) else { continue };
                let key = index.insert(&format!("{customer} {month}"));
                found.push(Row { key, at, value: (customer, month, planned.values[row]) });
            }
            Ok(())
        })
    }

    fn cooperation(&self) -> Found<Request> {
        self.table(Table::Cooperation, &|columns, book, index, found| {
            let ids = columns.ids("event_id", book)?;
            let customer_ids = columns.ids("customer_id", book)?;
            let days = columns.cells("occurred_on")?;
            let kinds = columns.cells("kind")?;
            let requested = columns.cells("requested")?;
            let delivered = columns.cells("delivered")?;
            for row in 0..columns.rows() {
                let at = columns.at(row);
                let fault = columns
                    .reader_fault(row)
                    .or(rows::key_fault(&ids, row))
                    .or(rows::fault_or_null(days.states[row]));
                if self.set_aside(book, at, fault, Month::of_day(days.values[row] as i32)) {
                    continue;
                }
                let fault = rows::fault_or_null(kinds.states[row])
                    .or(rows::fault_or_null(requested.states[row]))
                    .or(rows::fault_or_null(delivered.states[row]));
                let Some(customer) = self.customer_or_reject(book, at, &customer_ids, row, fault) else {
                    continue;
                };
                let kind = word_at(kinds.values[row]);
                let value = (customer, kind, requested.values[row], delivered.values[row], days.values[row]);
                found.push(Row { key: columns.own_key(&ids, row, index)?, at, value });
            }
            Ok(())
        })
    }

    fn profiles(&self) -> Found<(u32, Profile)> {
        self.table(Table::EnergyProfiles, &|columns, book, index, found| {
            let ids = columns.ids("customer_id", book)?;
            let days = columns.cells("as_of")?;
            let total = columns.numbers("total_kgce")?;
            let replaceable = columns.numbers("replaceable_kgce")?;
            for row in 0..columns.rows() {
                let at = columns.at(row);
                let as_of = days.values[row] as i32;
                let fault =
                    columns.reader_fault(row).or(rows::key_fault(&ids, row)).or(key_date(days.states[row]));
                // However old: an audit stays the latest one until the next.
                let place = if as_of < self.window.end_day() { self.window.start() } else { self.window.end };
                if self.set_aside(book, at, fault, Some(place)) {
                    continue;
                }
                let fault =
                    rows::fault_or_null(total.states[row]).or(rows::fault_or_null(replaceable.states[row]));
                let Some(customer) = self.customer_or_reject(book, at, &ids, row, fault) else { continue };
                let key = index.insert(&format!("{customer} {as_of}"));
                let (total_kgce, replaceable_kgce) = (total.values[row], replaceable.values[row]);
                found.push(Row {
                    key,
                    at,
                    value: (customer, Profile { as_of, total_kgce, replaceable_kgce }),
                });
            }
            Ok(())
        })
    }

    /// Whether a row is done with: its key or date is faulty, or it lies outside the window.
    fn set_aside(
        &self,
        book: &mut TableBook,
        at: crate::source::RowAt,
        fault: Option<Rule>,
        month: Option<Month>,
    ) -> bool {
        if let Some(rule) = fault {
            book.reject(at, rule);
            return true;
        }
        let outside = month.and_then(|month| self.window.index(month)).is_none();
        book.tally.out_of_window += u64::from(outside);
        outside
    }

    /// The customer of a row in the window, unless the reference or `fault` sets it aside.
    fn customer_or_reject(
        &self,
        book: &mut TableBook,
        at: crate::source::RowAt,
        ids: &crate::contract::cell::Ids,
        row: usize,
        fault: Option<Rule>,
    ) -> Option<u32> {
        let mut last = self.last.get();
        let checked = customer::resolve(self.customers, ids, row, &mut last);
        self.last.set(last);
        match checked.and_then(|customer| fault.map_or(Ok(customer), Err)) {
            Ok(customer) => Some(customer),
            Err(rule) => {
                book.reject(at, rule);
                None
            }
        }
    }
}

/// The fault of a date that is part of the table's own key.
fn key_date(state: crate::contract::cell::State) -> Option<Rule> {
    rows::fault_or_null(state).map(|rule| if rule == Rule::NullValue { Rule::NullKey } else { rule })
}

fn month_of_us(time_us: i64) -> Option<Month> {
    Month::of_day(time_us.div_euclid(DAY_US) as i32)
}

fn is_confirmed(incident: &Incident) -> bool {
    incident.status == IncidentStatus::Confirmed && incident.responsibility == Responsibility::Customer
}

fn is_fault(incident: &Incident) -> bool {
    incident.kind == IncidentKind::Fault && is_confirmed(incident)
}

/// Points of an offence `age_months` old, in 10⁻⁶: severity × 0.5^(age/12), rounded half away from zero.
fn points_e6(severity: u8, age_months: i32) -> i64 {
    let points = f64::from(severity) * libm::pow(0.5, f64::from(age_months) / HALF_LIFE_MONTHS);
    crate::unit::round_half_away(points * 1e6)
}

fn count_incidents(
    incidents: &[Row<Incident>],
    window: Window,
    facts: &mut [Events],
) -> Result<Vec<Offence>, RunError> {
    let mut offences = Vec::new();
    let mut minutes = vec![0i128; facts.len()];
    for incident in incidents.iter().map(|row| &row.value).filter(|incident| is_confirmed(incident)) {
        let customer = incident.customer;
        if is_fault(incident) {
            let affected = i128::from(incident.affected_customers.unwrap_or(0));
            minutes[customer as usize] += affected * i128::from(incident.outage_minutes.unwrap_or(0));
            continue;
        }
        let Some(month) = month_of_us(incident.occurred_at_us) else { continue };
        let age_months = window.end.plus(-1).0 - month.0;
        facts[customer as usize].violation_points_e6 += points_e6(incident.severity, age_months);
        offences.push(Offence { customer, kind: incident.kind, severity: incident.severity, month });
    }
    for (fact, minutes) in facts.iter_mut().zip(minutes) {
        fact.fault_customer_minutes = i64::try_from(minutes).map_err(|_| {
            let advice = "look for the largest affected_customers and outage_minutes";
            crate::error::Refusal::of(Table::Incidents, "customers × minutes exceed 64 bits", advice)
        })?;
    }
    offences
        .sort_unstable_by_key(|offence| (offence.customer, offence.month, offence.kind, offence.severity));
    Ok(offences)
}

/// Completion of a plan: 1 − min(1, |actual − plan| / plan), as a share of integers.
fn completion_e6(actual_wh: i64, plan_wh: i64) -> i64 {
    let off = i128::from(actual_wh) - i128::from(plan_wh);
    let met = i128::from(plan_wh) - off.abs();
    share_e6(met.max(0) as i64, plan_wh)
}

fn count_plans(plans: &[Row<Plan>], usage: &MonthlyUsage, facts: &mut [Events]) {
    for &Row { value: (customer, month, plan_wh), .. } in plans {
        let Some(position) = usage.window().index(month).filter(|_| plan_wh > 0) else { continue };
        let fact = &mut facts[customer as usize];
        fact.planned_months += 1;
        let customer = CustomerIx::new(customer);
        if usage.covered(position, customer) {
            fact.plan_months += 1;
            fact.plan_share_e6 += completion_e6(usage.get(position, customer).active_wh, plan_wh);
        }
    }
}

fn count_cooperation(events: &[Row<Request>], facts: &mut [Events]) {
    for &Row { value: (customer, kind, requested, delivered, _), .. } in events {
        let fact = &mut facts[customer as usize];
        let asked = || (requested > 0).then(|| share_e6(delivered.min(requested), requested));
        match kind {
            CooperationKind::Policy => {
                fact.policy_requests += i64::from(requested > 0);
                fact.policy_share_e6 += asked().unwrap_or(0);
            }
            CooperationKind::Work => {
                fact.work_requests += i64::from(requested > 0);
                fact.work_share_e6 += asked().unwrap_or(0);
            }
            CooperationKind::Suggestion => {
                fact.suggestions += 1;
                fact.suggestions_adopted += i64::from(delivered >= 1_000);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    const WINDOW: Window = Window { end: Month(54 * 12), months: 36 };

    fn happened(table: Table, header: &str, lines: &[&str]) -> Happened {
        let readings = ["a|2023-10-01|100", "a|2023-11-01|200", "b|2023-10-01|1"];
        let source = Memory::default()
            .customers(&["a", "b"])
            .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &readings)
            .rows(table, header, lines);
        let customers = customer::read(&source, &mut TableBook::new(Table::Customers)).unwrap();
        let mut book = TableBook::new(Table::MeterReadings);
        let usage = crate::meter::read(&source, &customers, WINDOW, None, &mut book).unwrap().usage;
        read(&source, &customers, &usage).unwrap()
    }

    fn rules(book: &TableBook) -> Vec<&str> {
        book.rejects.iter().map(|reject| reject.rule.code()).collect()
    }

    #[test]
    fn only_a_confirmed_fault_of_the_customer_counts_and_points_halve_each_year() {
        let header = "incident_id|customer_id|occurred_at|kind|responsibility|status|severity|affected_customers|outage_minutes";
        let happened = happened(
            Table::Incidents,
            header,
            &[
                "1|a|2023-12-31|theft|customer|confirmed|3|-|-",
                "2|a|2022-12-01|violation|customer|confirmed|2|-|-",
                "3|a|2023-12-31|theft|customer|appealed|5|-|-",
                "4|a|2023-12-31|theft|utility|confirmed|5|-|-",
                "5|a|2023-05-01|fault|customer|confirmed|1|10|90",
                "6|a|2023-05-01|fault|customer|confirmed|1|-|90",
                "7|a|2023-05-01|fault|third_party|confirmed|1|10|90",
                "8|a|2023-05-01|fault|customer|confirmed|6|10|90",
                "9|a|2023-05-01|fault|customer|confirmed|1|-3|90",
                "10|x|2019-05-01|fault|customer|confirmed|1|1|1",
                "11|x|2023-05-01|fault|customer|confirmed|1|1|1",
                "12|a|2023-05-01|blackout|customer|confirmed|1|1|1",
            ],
        );
        let fact = happened.facts[0];
        assert_eq!((fact.violation_points_e6, fact.fault_customer_minutes), (4_000_000, 900));
        assert_eq!(happened.offences.len(), 2);
        assert_eq!(rules(&happened.books[0]), ["out_of_bounds", "negative", "orphan", "bad_enum"]);
        assert_eq!(happened.books[0].tally.out_of_window, 1);
        assert_eq!(happened.books[0].noticed[&Rule::MissingImpact].0, 1);
        assert_eq!(points_e6(1, 6), 707_107);
    }

    #[test]
    fn plans_count_in_covered_months_and_miss_on_both_sides() {
        let lines =
            ["a|2023-10|80", "a|2023-11|250", "a|2023-12|5", "a|2023-09|0", "b|2023-10|0.2", "a|2023-08|-1"];
        let happened = happened(Table::Plans, "customer_id|month|planned_kwh", &lines);
        let fact = happened.facts[0];
        assert_eq!((fact.planned_months, fact.plan_months, fact.plan_share_e6), (3, 2, 750_000 + 800_000));
        assert_eq!((happened.facts[1].plan_months, happened.facts[1].plan_share_e6), (1, 0));
        assert_eq!(rules(&happened.books[1]), ["negative"]);
    }

    #[test]
    fn cooperation_is_a_mean_of_shares_and_suggestions_are_counted() {
        let header = "event_id|customer_id|occurred_on|kind|requested|delivered";
        let happened = happened(
            Table::Cooperation,
            header,
            &[
                "1|a|2023-01-01|policy|3|1",
                "2|a|2023-01-01|policy|2|5",
                "3|a|2023-01-01|policy|0|0",
                "4|a|2023-01-01|work|4|1",
                "5|a|2023-01-01|suggestion|1|1",
                "6|a|2023-01-01|suggestion|1|0.999",
                "7|a|2023-01-01|work|-4|1",
            ],
        );
        let fact = happened.facts[0];
        assert_eq!((fact.policy_requests, fact.policy_share_e6), (2, 333_333 + 1_000_000));
        assert_eq!((fact.work_requests, fact.work_share_e6), (1, 250_000));
        assert_eq!((fact.suggestions, fact.suggestions_adopted), (2, 1));
        assert_eq!(rules(&happened.books[2]), ["negative"]);
    }

    #[test]
    fn the_latest_audit_before_the_end_holds_however_old() {
        let lines = ["a|2001-01-01|5|1", "a|2003-01-01|7|2", "a|2024-01-01|9|3", "b|2003-01-01|-1|0"];
        let happened =
            happened(Table::EnergyProfiles, "customer_id|as_of|total_kgce|replaceable_kgce", &lines);
        assert_eq!(happened.profiles[0].map(|profile| profile.total_kgce), Some(7.0));
        assert_eq!((happened.books[3].tally.out_of_window, happened.books[3].tally.counted), (1, 2));
        assert_eq!(rules(&happened.books[3]), ["negative"]);
    }
}
