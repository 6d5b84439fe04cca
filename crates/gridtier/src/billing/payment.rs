//! Payments: each belongs to the bill that it names, or is a payment on account of a customer.

use super::account;
use super::bill::{Bills, distant_example};
use super::census::DISTANT_DAYS;
use super::census::FarDays;
use super::paid::{CheckedPayment, PaidBills, PaidFor};
use super::reversal::Due;
use super::state::BillState;
use crate::aside::drop_aside;
use crate::contract::cell::{Ids, Integers};
use crate::contract::rule::Rule;
use crate::customer::{CustomerFinder, Customers};
use crate::error::RunError;
use crate::index::{CustomerIx, index};
use crate::key::{KeyIndex, NearKey};
use crate::rows::{self, Columns, Placement, RowPiece, RowSink, TableRows, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window};

/// The columns and rules of payments.
struct PaymentRules<'a> {
    bills: &'a Bills,
    finder: CustomerFinder<'a>,
    window: Window,
    /// The first day after the window.
    end_day: i32,
}

#[derive(Default)]
struct PaymentNotes {
    /// Payments on days that no payment of these bills can have been made on: days such as 1970-01-01 and 2099-12-31 stand
    /// for "not paid" in many systems.
    distant: FarDays<String>,
    near: NearKey,
}

#[derive(Default)]
struct PaymentIds {
    keys: KeyIndex,
    distant: FarDays<String>,
}

impl RowSink<PaymentRules<'_>> for PaymentIds {
    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn note(&mut self, notes: PaymentNotes, _values: &mut dyn Iterator<Item = &mut CheckedPayment>) {
        let FarDays { rows, first } = notes.distant;
        self.distant.add(rows, first.as_ref().map(|(id, paid_on)| (id.as_str(), *paid_on)));
    }
}

/// Days after a bill, or after the window's end, when nobody pays any more: twenty years.
const FUTURE_DAYS: i32 = 7_305;

struct PaymentCells {
    bill_ids: Ids,
    /// What is known about the bill of each row; meaningless where the row names none.
    bills: Vec<BillState>,
    customer_ids: Ids,
    amounts_fen: Integers,
}

/// The place of a payment is its day together with what it pays; if it breaks a rule, that rule stands for what it
/// pays.
type PaymentPlace = (i32, Result<PaidFor, Rule>);

impl TableRules for PaymentRules<'_> {
    type Cells = PaymentCells;
    type Place = PaymentPlace;
    type Row = CheckedPayment;
    type Notes = PaymentNotes;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<PaymentCells, RunError> {
        let bill_ids = columns.ids("bill_id", book)?;
        let named = (0..columns.rows()).map(|row| bill_ids.of_any_length(row));
        let found = self.bills.keys.get_each(bill_ids.numbers.as_ref(), named);
        Ok(PaymentCells {
            bills: self.bills.states_of(&found),
            bill_ids,
            customer_ids: columns.ids("customer_id", book)?,
            amounts_fen: columns.cells("amount")?,
        })
    }

    /// A payment that names a bill has the place of that bill; a payment on account has a place of its own. A payment
    /// made after the window's end is outside the window whatever it pays.
    #[inline]
    fn place(
        &self,
        paid_on: i64,
        cells: &PaymentCells,
        ids: &Ids,
        row: usize,
        notes: &mut PaymentNotes,
    ) -> Placement<PaymentPlace> {
        let Ok(paid_on) = i32::try_from(paid_on) else { return Placement::Outside };
        let end = self.end_day;
        if paid_on >= end {
            if paid_on > end + FUTURE_DAYS {
                notes.distant.add(1, ids.required(row).ok().map(|payment| (payment, paid_on)));
            }
            return Placement::Outside;
        }
        match cells.bill_ids.of_any_length(row) {
            Some(_) => {
                let state = cells.bills[row];
                if let BillState::Accepted { month, .. } = state
                    && self.is_distant(Month(month.into()), paid_on)
                {
                    notes.distant.add(1, ids.required(row).ok().map(|payment| (payment, paid_on)));
                }
                place_by_bill(paid_on, state)
            }
            None if cells.customer_ids.of_any_length(row).is_none() => {
                Placement::Inside((paid_on, Err(Rule::NullValue)))
            }
            None => self.place_on_account(paid_on, cells, row, &mut notes.near),
        }
    }

    #[inline]
    fn value(
        &self,
        (paid_on, paid_for): PaymentPlace,
        _ids: &Ids,
        cells: &PaymentCells,
        row: usize,
        notes: &mut PaymentNotes,
    ) -> Result<CheckedPayment, Rule> {
        cells.bill_ids.nullable(row)?;
        let paid_for = paid_for?;
        if cells.customer_ids.nullable(row)?.is_some()
            && let Some(of_bill) = self.customer_of_bill(paid_for)
            && self.finder.find(&cells.customer_ids, row, &mut notes.near)? != of_bill
        {
            return Err(Rule::Orphan);
        }
        Ok(CheckedPayment::new(paid_for, paid_on, cells.amounts_fen.required(row)?))
    }
}

impl PaymentRules<'_> {
    /// The customer of the bill that is paid; `None` for a payment on account.
    fn customer_of_bill(&self, paid_for: PaidFor) -> Option<CustomerIx> {
        match paid_for {
            PaidFor::Bill(bill) => Some(self.bills.rows[index(bill)].customer),
            PaidFor::EarlierBill(bill) => Some(self.bills.earlier[index(bill)].customer),
            PaidFor::Account(_) => None,
        }
    }

    /// Whether nobody can have paid a bill of this month on this day.
    fn is_distant(&self, month: Month, paid_on: i32) -> bool {
        let days = self.bills.days_of(month);
        paid_on < days.start - DISTANT_DAYS || paid_on >= days.end + FUTURE_DAYS
    }

    /// A payment on account made before the window takes part in the order of payments, unless it was made before the
    /// customer's opening.
    fn place_on_account(
        &self,
        paid_on: i32,
        cells: &PaymentCells,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<PaymentPlace> {
        let is_inside = self.window.holds_day(paid_on);
        let placement = self.finder.place(&cells.customer_ids, row, paid_on, near);
        match placement.map(|customer| (paid_on, customer.map(PaidFor::Account))) {
            Placement::Inside(place) if !is_inside => Placement::Earlier(place),
            Placement::BeforeOpening(_) if !is_inside => Placement::Outside,
            placement => placement,
        }
    }
}

/// The place of a payment by what is known about its bill.
fn place_by_bill(paid_on: i32, bill: BillState) -> Placement<PaymentPlace> {
    match bill {
        BillState::Unknown => Placement::Inside((paid_on, Err(Rule::Orphan))),
        BillState::OutOfWindow => Placement::Outside,
        BillState::BeforeOpening(customer) => Placement::BeforeOpening(customer),
        BillState::Earlier(bill) => Placement::Earlier((paid_on, Ok(PaidFor::EarlierBill(bill)))),
        BillState::Accepted { bill, .. } => Placement::Inside((paid_on, Ok(PaidFor::Bill(bill)))),
    }
}

/// Reads the payments. Returns what was paid for the accepted bills.
pub(super) fn read(
    source: &dyn Source,
    bills: &Bills,
    due: &Due,
    customers: &Customers,
    window: Window,
    book: &mut TableBook,
) -> Result<PaidBills, RunError> {
    let finder = CustomerFinder::new(customers);
    let rules = PaymentRules { bills, finder, window, end_day: window.end_day() };
    let mut ids = PaymentIds::default();
    let TableRows { mut counted, earlier } = rows::read_with_earlier(source, book, &rules, &mut ids)?;
    let PaymentIds { keys, distant: FarDays { rows, first } } = ids;
    if let Some((payment, paid_on)) = first {
        book.notice(Rule::DistantDate, rows, || distant_example(&payment, "paid_on", paid_on));
    }
    let others = counted.iter().flat_map(RowPiece::keyed).map(|(key, payment)| (key, *payment));
    let others = others.chain(earlier.iter().map(|row| (row.key, row.value)));
    let other: Vec<(u32, CheckedPayment)> =
        others.filter(|(_, payment)| !matches!(payment.paid_for(), PaidFor::Bill(_))).collect();
    // Only payments on account are ordered by their ids, which take as much memory as all that is known of the payments.
    let on_account = |(_, payment): &(u32, CheckedPayment)| matches!(payment.paid_for(), PaidFor::Account(_));
    let keys = if other.iter().any(on_account) {
        keys
    } else {
        drop_aside(keys);
        KeyIndex::default()
    };
    let paid = PaidBills::new(bills.rows.len(), &mut counted);
    drop_aside(counted);
    let applied = account::apply(bills, due, paid.all(), &other, &keys)?;
    Ok(paid.with(bills.rows.len(), applied))
}
