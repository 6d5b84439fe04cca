//! Incidents: outages caused to others, and confirmed violations and thefts.
//!
//! Only a confirmed incident for which the customer is responsible may lower a score: an alleged, appealed or revoked
//! incident only counts as a row. This module does not decide by how much an incident lowers a score.

use crate::contract::cell::{CheckedColumn, Ids, Integers};
use crate::contract::rule::Rule;
use crate::contract::{IncidentKind, IncidentStatus, Responsibility, Table};
use crate::customer::{CustomerFinder, Customers, NamedCustomer};
use crate::error::{Refusal, RunError};
use crate::index::CustomerIx;
use crate::key::{KeyIndex, NearKey};
use crate::rows::{self, CheckedRow, Columns, Placement, TableRules};
use crate::source::{Source, TableBook};
use crate::text;
use crate::unit::{Month, Window, date_of_day, day_of_us, round_half_away};
use crate::word::Word;

/// Number of months in which a point loses half its weight.
const HALF_LIFE_MONTHS: f64 = 12.0;

/// An accepted incident.
#[derive(Clone, Debug, PartialEq)]
struct Incident {
    customer: CustomerIx,
    occurred_at_us: i64,
    kind: IncidentKind,
    responsibility: Responsibility,
    status: IncidentStatus,
    severity: u8,
    affected_customers: Option<i64>,
    outage_minutes: Option<i64>,
}

impl Incident {
    fn is_confirmed(&self) -> bool {
        self.status == IncidentStatus::Confirmed && self.responsibility == Responsibility::Customer
    }

    /// Whether the incident is a confirmed fault whose impact on others is not given.
    fn lacks_impact(&self) -> bool {
        self.is_confirmed()
            && self.kind == IncidentKind::Fault
            && (self.affected_customers.is_none() || self.outage_minutes.is_none())
    }
}

/// A confirmed violation or theft for which the customer is responsible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    /// The customer.
    pub customer: CustomerIx,
    /// Month of occurrence.
    pub month: Month,
    /// Violation or theft.
    pub kind: IncidentKind,
    /// The severity, from 1 to 5.
    pub severity: u8,
}

/// The facts that incidents give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentFacts {
    /// Σ customers affected × minutes of outage, over confirmed faults of the customer.
    pub fault_customer_minutes: i64,
    /// Σ severity × 0.5^(age/12) of confirmed violations and thefts of the customer, in 10⁻⁶.
    pub violation_points_e6: i64,
}

/// The facts that the table gives.
#[derive(Debug)]
pub struct Incidents {
    /// What became of the rows.
    pub book: TableBook,
    /// The facts of each customer.
    pub facts: Vec<IncidentFacts>,
    /// The offences, sorted by customer and month.
    pub offences: Vec<Offence>,
}

/// Reads the incidents of the window.
///
/// # Errors
/// The table cannot be read, or a sum overflows.
pub fn read(source: &dyn Source, customers: &Customers, window: Window) -> Result<Incidents, RunError> {
    let mut book = TableBook::new(Table::Incidents);
    let finder = CustomerFinder::new(customers);
    let rows = rows::read(source, &mut book, &IncidentRules { finder, window }, &mut KeyIndex::default())?;
    notice_missing_impact(&mut book, &rows, customers);
    rows::notice_repeated(
        &mut book,
        &rows,
        |incident| (incident.customer, incident.occurred_at_us, incident.kind.code(), incident.severity),
        |incident| {
            let day = day_of_us(incident.occurred_at_us).and_then(date_of_day);
            let (id, day) = (customers.ids.key(incident.customer.number()), day.unwrap_or_default());
            format!("customer {id}, {day}: the same event under two ids")
        },
    );
    let facts = count_facts(&rows, window, customers.len())?;
    Ok(Incidents { book, facts, offences: offences(&rows) })
}

/// The columns and rules of the table.
struct IncidentRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
}

struct IncidentCells {
    customer_ids: Ids,
    kind: CheckedColumn<IncidentKind>,
    responsibility: CheckedColumn<Responsibility>,
    status: CheckedColumn<IncidentStatus>,
    severity: Integers,
    affected_customers: Integers,
    outage_minutes: Integers,
}

/// The place of a row is its customer and the time of occurrence, in microseconds.
impl TableRules for IncidentRules<'_> {
    type Cells = IncidentCells;
    type Place = (NamedCustomer, i64);
    type Row = Incident;
    type Notes = NearKey;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<IncidentCells, RunError> {
        Ok(IncidentCells {
            customer_ids: columns.ids("customer_id", book)?,
            kind: columns.words("kind")?,
            responsibility: columns.words("responsibility")?,
            status: columns.words("status")?,
            severity: columns.cells("severity")?,
            affected_customers: columns.cells("affected_customers")?,
            outage_minutes: columns.cells("outage_minutes")?,
        })
    }

    fn place(
        &self,
        time_us: i64,
        cells: &IncidentCells,
        _ids: &Ids,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<(NamedCustomer, i64)> {
        let Some(day) = day_of_us(time_us).filter(|&day| self.window.holds_day(day)) else {
            return Placement::Outside;
        };
        self.finder.place(&cells.customer_ids, row, day, near).map(|customer| (customer, time_us))
    }

    fn value(
        &self,
        (customer, occurred_at_us): (NamedCustomer, i64),
        _ids: &Ids,
        cells: &IncidentCells,
        row: usize,
        _near: &mut NearKey,
    ) -> Result<Incident, Rule> {
        Ok(Incident {
            customer: customer?,
            occurred_at_us,
            kind: cells.kind.required(row)?,
            responsibility: cells.responsibility.required(row)?,
            status: cells.status.required(row)?,
            severity: severity(cells.severity.required(row)?)?,
            affected_customers: cells.affected_customers.nullable(row)?,
            outage_minutes: cells.outage_minutes.nullable(row)?,
        })
    }
}

fn severity(given: i64) -> Result<u8, Rule> {
    u8::try_from(given).ok().filter(|severity| (1..=5).contains(severity)).ok_or(Rule::OutOfBounds)
}

fn notice_missing_impact(book: &mut TableBook, rows: &[CheckedRow<Incident>], customers: &Customers) {
    for row in rows.iter().filter(|row| row.value.lacks_impact()) {
        let number = row.value.customer.number();
        book.notice(Rule::MissingImpact, 1, || format!("customer {}", customers.ids.key(number)));
    }
}

/// The facts of each customer.
fn count_facts(
    rows: &[CheckedRow<Incident>],
    window: Window,
    customers: usize,
) -> Result<Vec<IncidentFacts>, RunError> {
    let mut facts = vec![IncidentFacts::default(); customers];
    let mut minutes = vec![0i128; customers];
    for incident in rows.iter().map(|row| &row.value).filter(|incident| incident.is_confirmed()) {
        let customer = incident.customer.index();
        if incident.kind == IncidentKind::Fault {
            let affected = i128::from(incident.affected_customers.unwrap_or(0));
            minutes[customer] += affected * i128::from(incident.outage_minutes.unwrap_or(0));
        } else if let Some(month) = Month::of_us(incident.occurred_at_us) {
            let age_months = window.end.plus(-1).0 - month.0;
            facts[customer].violation_points_e6 += points_e6(incident.severity, age_months);
        }
    }
    for (fact, minutes) in facts.iter_mut().zip(minutes) {
        fact.fault_customer_minutes = i64::try_from(minutes).map_err(|_| {
            let advice = text!(
                "look for the largest affected_customers and outage_minutes",
                "请查看最大的 affected_customers 和 outage_minutes"
            );
            Refusal::of(
                Table::Incidents,
                text!("customers × minutes exceed 64 bits", "户数 × 分钟数超出 64 位"),
                advice,
            )
        })?;
    }
    Ok(facts)
}

/// Points of an offence `age_months` old, in 10⁻⁶: severity × 0.5^(age/12), rounded half away from zero.
pub(crate) fn points_e6(severity: u8, age_months: i32) -> i64 {
    let points = f64::from(severity) * libm::pow(0.5, f64::from(age_months) / HALF_LIFE_MONTHS);
    round_half_away(points * 1e6)
}

/// Confirmed violations and thefts, sorted by customer, month, kind and severity.
fn offences(rows: &[CheckedRow<Incident>]) -> Vec<Offence> {
    let mut offences: Vec<Offence> = rows
        .iter()
        .map(|row| &row.value)
        .filter(|incident| incident.is_confirmed() && incident.kind != IncidentKind::Fault)
        .filter_map(|&Incident { customer, occurred_at_us, kind, severity, .. }| {
            Some(Offence { customer, month: Month::of_us(occurred_at_us)?, kind, severity })
        })
        .collect();
    offences.sort_unstable();
    offences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;

    #[test]
    fn only_a_confirmed_fault_of_the_customer_counts_and_points_halve_each_year() {
        let header = "incident_id|customer_id|occurred_at|kind|responsibility|status|severity|affected_customers|outage_minutes";
        let source = MemorySource::default().customers(&["a", "b"]).rows(
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
        let window = Window { end: Month::new(2024, 1), months: 36 };
        let customers = source.read_customers();
        let Incidents { book, facts, offences } = read(&source, &customers, window).unwrap();
        assert_eq!((facts[0].violation_points_e6, facts[0].fault_customer_minutes), (4_000_000, 900));
        assert_eq!(offences.len(), 2);
        assert_eq!(rejected_rules(&book), ["out_of_bounds", "negative", "orphan", "bad_enum"]);
        assert_eq!(book.tally.out_of_window, 1);
        assert_eq!(book.noticed[&Rule::MissingImpact].0, 1);
        assert_eq!(points_e6(1, 6), 707_107);
    }
}
