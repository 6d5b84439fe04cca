//! Cooperation: requests that a customer fulfilled, and suggestions that the customer made.
//!
//! Each request counts by the share of it that was carried out, in 10⁻⁶ so that sums are exact.

use crate::contract::cell::{CheckedColumn, Ids, Integers};
use crate::contract::rule::Rule;
use crate::contract::{CooperationKind, Table};
use crate::customer::{CustomerFinder, Customers, NamedCustomer};
use crate::error::RunError;
use crate::index::{CustomerIx, count};
use crate::key::{KeyIndex, NearKey};
use crate::rows::{self, CheckedRow, Columns, Placement, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::{Window, date_of_day, share_e6};
use crate::word::Word;

/// A suggestion counts as adopted from this many delivered thousandths on.
const ADOPTED_E3: i64 = 1_000;

/// Nobody delivers more than this many times what was requested.
const DELIVERED_FACTOR: i64 = 100;

/// An accepted event. Rows are duplicates only if their days are equal too.
#[derive(Clone, Debug, PartialEq)]
struct CooperationEvent {
    customer: CustomerIx,
    day: i32,
    kind: CooperationKind,
    requested_e3: i64,
    delivered_e3: i64,
}

/// The facts that cooperation events give about one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CooperationFacts {
    /// Number of policy events with a request above 0.
    pub policy_requests: i64,
    /// Σ of the fulfilment of these policy events, in 10⁻⁶.
    pub policy_share_e6: i64,
    /// Number of work events with a request above 0.
    pub work_requests: i64,
    /// Σ of the fulfilment of these work events, in 10⁻⁶.
    pub work_share_e6: i64,
    /// Number of suggestions submitted.
    pub suggestions: i64,
    /// Number of suggestions adopted.
    pub suggestions_adopted: i64,
}

/// Reads the cooperation events of the window. Returns what became of the rows, and the facts by customer.
///
/// # Errors
/// The table cannot be read.
pub fn read(
    source: &dyn Source,
    customers: &Customers,
    window: Window,
) -> Result<(TableBook, Vec<CooperationFacts>), RunError> {
    let mut book = TableBook::new(Table::Cooperation);
    let finder = CustomerFinder::new(customers);
    let rows = rows::read(source, &mut book, &CooperationRules { finder, window }, &mut KeyIndex::default())?;
    notice(&mut book, &rows, customers);
    Ok((book, count_facts(&rows, customers.len())))
}

/// Notes events that came under two ids, and those of which far more was delivered than was requested.
fn notice(book: &mut TableBook, rows: &[CheckedRow<CooperationEvent>], customers: &Customers) {
    let id = |event: &CooperationEvent| customers.ids.key(event.customer.number());
    rows::notice_repeated(
        book,
        rows,
        |event| (event.customer, event.day, event.kind.code(), event.requested_e3, event.delivered_e3),
        |event| {
            let day = date_of_day(event.day).unwrap_or_default();
            format!("customer {}, {day}: the same event under two ids", id(event))
        },
    );
    let far = rows.iter().map(|row| &row.value).filter(|event| {
        event.kind != CooperationKind::Suggestion
            && event.requested_e3 > 0
            && event.delivered_e3 / DELIVERED_FACTOR > event.requested_e3
    });
    let far: Vec<_> = far.map(|event| (event.customer, event.requested_e3, event.delivered_e3)).collect();
    if let Some(&(customer, requested_e3, delivered_e3)) = far.iter().min() {
        book.notice(Rule::UnlikelyRatio, count(far.len()), || {
            let id = customers.ids.key(customer.number());
            format!("{id}: requested {}, delivered {}", requested_e3 / 1_000, delivered_e3 / 1_000)
        });
    }
}

/// The columns and rules of the table.
struct CooperationRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
}

struct CooperationCells {
    customer_ids: Ids,
    kind: CheckedColumn<CooperationKind>,
    requested_e3: Integers,
    delivered_e3: Integers,
}

/// The place of a row is its customer and the day of the event.
impl TableRules for CooperationRules<'_> {
    type Cells = CooperationCells;
    type Place = (NamedCustomer, i32);
    type Row = CooperationEvent;
    type Notes = NearKey;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<CooperationCells, RunError> {
        Ok(CooperationCells {
            customer_ids: columns.ids("customer_id", book)?,
            kind: columns.words("kind")?,
            requested_e3: columns.cells("requested")?,
            delivered_e3: columns.cells("delivered")?,
        })
    }

    fn place(
        &self,
        day: i64,
        cells: &CooperationCells,
        _ids: &Ids,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<(NamedCustomer, i32)> {
        let Some(day) = i32::try_from(day).ok().filter(|&day| self.window.holds_day(day)) else {
            return Placement::Outside;
        };
        self.finder.place(&cells.customer_ids, row, day, near).map(|customer| (customer, day))
    }

    fn value(
        &self,
        (customer, day): (NamedCustomer, i32),
        _ids: &Ids,
        cells: &CooperationCells,
        row: usize,
        _near: &mut NearKey,
    ) -> Result<CooperationEvent, Rule> {
        Ok(CooperationEvent {
            customer: customer?,
            day,
            kind: cells.kind.required(row)?,
            requested_e3: cells.requested_e3.required(row)?,
            delivered_e3: cells.delivered_e3.required(row)?,
        })
    }
}

/// Facts by customer.
fn count_facts(rows: &[CheckedRow<CooperationEvent>], customers: usize) -> Vec<CooperationFacts> {
    let mut facts = vec![CooperationFacts::default(); customers];
    for event in rows.iter().map(|row| &row.value) {
        let fact = &mut facts[event.customer.index()];
        match event.kind {
            CooperationKind::Suggestion => {
                fact.suggestions += 1;
                fact.suggestions_adopted += i64::from(event.delivered_e3 >= ADOPTED_E3);
            }
            CooperationKind::Policy | CooperationKind::Work if event.requested_e3 <= 0 => {}
            CooperationKind::Policy => {
                fact.policy_requests += 1;
                fact.policy_share_e6 += fulfilment_e6(event);
            }
            CooperationKind::Work => {
                fact.work_requests += 1;
                fact.work_share_e6 += fulfilment_e6(event);
            }
        }
    }
    facts
}

/// The share of a request above 0 that was carried out. If more than was requested was carried out, the share is 1.
fn fulfilment_e6(event: &CooperationEvent) -> i64 {
    share_e6(event.delivered_e3.min(event.requested_e3), event.requested_e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    #[test]
    fn shares_of_requests_are_summed_and_suggestions_counted() {
        let header = "event_id|customer_id|occurred_on|kind|requested|delivered";
        let source = MemorySource::default().customers(&["a"]).rows(
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
        let window = Window { end: Month::new(2024, 1), months: 36 };
        let (book, facts) = read(&source, &source.read_customers(), window).unwrap();
        let fact = facts[0];
        assert_eq!((fact.policy_requests, fact.policy_share_e6), (2, 333_333 + 1_000_000));
        assert_eq!((fact.work_requests, fact.work_share_e6), (1, 250_000));
        assert_eq!((fact.suggestions, fact.suggestions_adopted), (2, 1));
        assert_eq!(rejected_rules(&book), ["negative"]);
    }
}
