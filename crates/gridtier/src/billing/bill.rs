//! The bills of a window, and what becomes of the bills outside it.

use std::cmp::Ordering;
use std::num::NonZeroU32;
use std::ops::Range;

use rayon::prelude::*;

use super::census::{BillCensus, FarDays};
use super::grouped::{Grouped, Grouping, group};
use super::paid::BillPayment;
use super::state::{BillState, MonthAndDue, SharedState};
use crate::aside::drop_aside;
use crate::contract::Table;
use crate::contract::cell::{CheckedColumn, Ids, Integers};
use crate::contract::rule::Rule;
use crate::customer::{CustomerFinder, Customers, NamedCustomer};
use crate::error::RunError;
use crate::index::{CustomerIx, count, index};
use crate::key::KeyIndex;
use crate::rows::{self, Columns, Outside, Placement, RowSink, TableRows, TableRules};
use crate::source::{Source, TableBook};
use crate::unit::{Month, Window, date_of_day};
use crate::vectors::prefetch;

/// Number of states that are fetched at the same time.
const FETCHED: usize = 1 << 7;

/// The example of a day that lies far off.
pub(super) fn distant_example(key: &str, column: &str, day: i32) -> String {
    let day = date_of_day(day).map_or_else(String::new, |day| day.to_string());
    format!("{key}: {column} = {day}")
}

/// The values of a row that breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AcceptedBill {
    customer: CustomerIx,
    billed: MonthAndDue,
    /// For a reversal, the bill that it names, as the number of that id plus 1; see [`Bills::named`].
    reverses: Option<NonZeroU32>,
    amount_fen: i64,
}

/// An accepted bill, in 24 bytes: all bills are gone through many times, and memory that is touched for the first time
/// takes as long as summing what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill {
    /// Number of its id.
    pub key: u32,
    pub customer: CustomerIx,
    pub billed: MonthAndDue,
    /// For a reversal, the bill that it names, as the number of that id plus 1.
    pub reverses: Option<NonZeroU32>,
    pub amount_fen: i64,
}

impl Bill {
    #[inline]
    fn new(key: u32, value: &AcceptedBill) -> Self {
        let AcceptedBill { customer, billed, reverses, amount_fen } = *value;
        Self { key, customer, billed, reverses, amount_fen }
    }

    #[inline]
    pub fn month(&self) -> Month {
        self.billed.month()
    }

    #[inline]
    pub fn due_on(&self) -> Option<i32> {
        self.billed.due_on()
    }
}

/// The first day of each month of the window, and that of the month after it: kept, because every bill and payment is held
/// against the days of a month.
struct MonthDays {
    window: Window,
    starts: Vec<i32>,
}

impl MonthDays {
    fn of(window: Window) -> Self {
        let months = i32::try_from(window.months).unwrap_or(i32::MAX);
        let starts = (0..=months).map(|months| window.start().plus(months).first_day()).collect();
        Self { window, starts }
    }

    /// The days of a month, as days since 1970-01-01.
    fn days(&self, month: Month) -> Range<i32> {
        let ends = self.window.index(month).and_then(|month| self.starts.get(month..month + 2));
        match ends {
            Some(&[start, end]) => start..end,
            _ => month.first_day()..month.last_day() + 1,
        }
    }
}

/// The columns and rules of bills.
struct BillRules<'a> {
    finder: CustomerFinder<'a>,
    window: Window,
    months: &'a MonthDays,
    /// Whether bills before the window take part in the order of payments on account.
    keeps_earlier: bool,
    /// Whether a bill of zero or more must have a due day: without payments the due day is not used.
    needs_due_day: bool,
}

struct BillCells {
    customers: Vec<NamedCustomer>,
    amounts_fen: Integers,
    due_days: CheckedColumn<i32>,
    reversed: Ids,
}

/// The place of a bill is its customer and its month. The notes are the ids of bills that the reversals of a batch name.
impl TableRules for BillRules<'_> {
    type Cells = BillCells;
    type Place = (NamedCustomer, Month);
    type Row = AcceptedBill;
    type Notes = KeyIndex;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<BillCells, RunError> {
        Ok(BillCells {
            customers: self.finder.find_each(&columns.ids("customer_id", book)?),
            amounts_fen: columns.cells("amount_due")?,
            due_days: columns.narrow("due_on")?,
            reversed: columns.ids("reverses", book)?,
        })
    }

    #[inline]
    fn place(
        &self,
        month: i64,
        cells: &BillCells,
        _ids: &Ids,
        row: usize,
        _named: &mut KeyIndex,
    ) -> Placement<(NamedCustomer, Month)> {
        let Some(month) = i32::try_from(month).ok().map(Month) else { return Placement::Outside };
        let is_inside = self.window.index(month).is_some();
        let is_kept_earlier = self.keeps_earlier && month < self.window.start();
        if !is_inside && !is_kept_earlier {
            return Placement::Outside;
        }
        match self.finder.place_named(cells.customers[row], self.months.days(month).end - 1) {
            Placement::Inside(customer) if is_inside => Placement::Inside((customer, month)),
            Placement::Inside(customer) => Placement::Earlier((customer, month)),
            Placement::BeforeOpening(customer) if is_inside => Placement::BeforeOpening(customer),
            _ => Placement::Outside,
        }
    }

    #[inline]
    fn value(
        &self,
        (customer, month): (NamedCustomer, Month),
        _ids: &Ids,
        cells: &BillCells,
        row: usize,
        named: &mut KeyIndex,
    ) -> Result<AcceptedBill, Rule> {
        let customer = customer?;
        let amount_fen = cells.amounts_fen.required(row)?;
        // Of the bills that need a due day, only a reversal may lack it.
        let due_on = match amount_fen {
            0.. if self.needs_due_day => Some(cells.due_days.required(row)?),
            _ => cells.due_days.nullable(row)?,
        };
        let reversed = cells.reversed.nullable(row)?.map(|bill| named.insert(bill));
        let reverses = reversed.and_then(|number| NonZeroU32::MIN.checked_add(number));
        Ok(AcceptedBill { customer, billed: MonthAndDue::new(month, due_on), reverses, amount_fen })
    }
}

/// The ids of bills and what is known of them while the table is read.
#[derive(Default)]
struct BillIds {
    keys: KeyIndex,
    /// The ids of bills that reversals name. They are kept apart from `keys`, since `keys` compares an id only with the
    /// spelling in its own row.
    named: KeyIndex,
    /// The state of each key number, as far as rows outside the window have been seen.
    states: Vec<BillState>,
}

impl RowSink<BillRules<'_>> for BillIds {
    /// A payment of a bill outside the window is outside the window too, so the ids of such bills are kept.
    const NUMBERS_ALL_KEYS: bool = true;

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    /// Numbers the ids that reversals name as in the whole table.
    fn note(&mut self, of_batch: KeyIndex, bills: &mut dyn Iterator<Item = &mut AcceptedBill>) {
        if of_batch.is_empty() {
            return;
        }
        for bill in bills {
            let named = bill.reverses.map(|named| self.named.insert(of_batch.key(named.get() - 1)));
            bill.reverses = named.and_then(|number| NonZeroU32::MIN.checked_add(number));
        }
    }

    /// The result does not depend on the order of rows.
    fn note_outside(&mut self, key: u32, outside: Outside) {
        self.states.resize(self.keys.len(), BillState::Unknown);
        let state = &mut self.states[index(key)];
        *state = match (*state, outside) {
            (BillState::Unknown, Outside::BeforeOpening(customer)) => BillState::BeforeOpening(customer),
            (BillState::BeforeOpening(known), Outside::BeforeOpening(customer)) => {
                BillState::BeforeOpening(known.min(customer))
            }
            _ => BillState::OutOfWindow,
        };
    }
}

/// Sorts bills by customer and leaves those of a customer in their order. Whatever goes through the bills of a customer
/// then reads memory in its order: from bills in no order, revenue and arrears took a fifth of the whole time. The state of
/// each bill is set on the way.
struct ByCustomer<'a> {
    states: &'a [SharedState],
}

impl Grouping<AcceptedBill> for ByCustomer<'_> {
    type Row = Bill;

    const EMPTY: Bill = Bill {
        key: 0,
        customer: CustomerIx::new(0),
        billed: MonthAndDue::EMPTY,
        reverses: None,
        amount_fen: 0,
    };

    #[inline]
    fn group(&self, bill: &AcceptedBill) -> u32 {
        bill.customer.number()
    }

    #[inline]
    fn row(&self, position: u32, key: u32, bill: &AcceptedBill) -> Bill {
        self.states[index(key)].set(BillState::accepted(position, bill.billed.month()));
        Bill::new(key, bill)
    }
}

/// The bills of the window.
pub struct Bills {
    pub(super) keys: KeyIndex,
    /// The state of each key number.
    states: Vec<SharedState>,
    /// The accepted bills, in the order of customers and, for each, of the table.
    pub(super) rows: Vec<Bill>,
    /// Bills outside the window that take part in the order of payments on account: those before the window, and the
    /// reversals of bills outside the window.
    pub(super) earlier: Vec<Bill>,
    /// For each number of a named id, the key number of the bill, if the table has that bill.
    named: Vec<Option<u32>>,
    /// For each month of the window, the number of accepted bills.
    pub(super) by_month: Vec<u64>,
    /// The positions of the accepted bills below zero.
    pub(super) reversals: Vec<u32>,
    /// Whether payments may name a customer instead of a bill.
    pub(super) has_accounts: bool,
    months: MonthDays,
}

impl Bills {
    /// Reads the bills.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn read(
        source: &dyn Source,
        customers: &Customers,
        window: Window,
        book: &mut TableBook,
    ) -> Result<Self, RunError> {
        let has_payments = source.parts(Table::Payments)?.is_some();
        let has_accounts = has_payments && source.has_column(Table::Payments, "customer_id");
        let months = MonthDays::of(window);
        let rules = BillRules {
            finder: CustomerFinder::new(customers),
            window,
            months: &months,
            keeps_earlier: has_accounts,
            needs_due_day: has_payments,
        };
        let mut ids = BillIds::default();
        let TableRows { mut counted, earlier } = rows::read_with_earlier(source, book, &rules, &mut ids)?;
        let earlier: Vec<Bill> = earlier.iter().map(|row| Bill::new(row.key, &row.value)).collect();
        let BillIds { keys, named, states } = ids;
        let states: Vec<SharedState> = (0..keys.len())
            .into_par_iter()
            .map(|key| SharedState::new(states.get(key).copied().unwrap_or(BillState::Unknown)))
            .collect();
        let Grouped { rows, .. } = group(&ByCustomer { states: &states }, customers.len(), &mut counted);
        drop_aside(counted);
        let named = (0..).take(named.len()).map(|number| keys.get(named.key(number))).collect();
        let (by_month, reversals) = (Vec::new(), Vec::new());
        let mut bills =
            Self { keys, states, rows, earlier, named, by_month, reversals, has_accounts, months };
        bills.note_earlier();
        bills.move_out_reversals_of_outside_bills(book);
        bills.take_census(window, book);
        Ok(bills)
    }

    /// Counts the accepted bills by month, lists those below zero, and notes days to pay far from the month billed. Such days,
    /// 1970-01-01 or 2099-12-31, stand for none in many systems. They are days that can be, so the bills count.
    fn take_census(&mut self, window: Window, book: &mut TableBook) {
        let new = || BillCensus { by_month: vec![0; index(window.months)], ..BillCensus::default() };
        let counted = self.rows.par_iter().enumerate().fold(new, |mut census, (position, row)| {
            if row.amount_fen < 0 {
                census.reversals.push(u32::try_from(position).expect("bills have positions of 32 bits"));
            }
            if let Some(month) = window.index(row.month()) {
                census.by_month[month] += 1;
            }
            if let Some(due_on) = row.due_on() {
                let days = self.days_of(row.month());
                census.add_due(due_on, &days, || self.id(row));
            }
            census
        });
        let BillCensus { by_month, reversals, distant, early } = counted.reduce(new, BillCensus::with);
        // Where most bills are due before their month, the days or the months are of another kind.
        let are_early = 2 * early.rows > count(self.rows.len());
        let FarDays { rows: bills, first } = if are_early { early } else { distant };
        if let Some((bill, due_on)) = first {
            book.notice(Rule::DistantDate, bills, || distant_example(bill, "due_on", due_on));
        }
        (self.by_month, self.reversals) = (by_month, reversals);
    }

    /// The days of a month, as days since 1970-01-01.
    pub(super) fn days_of(&self, month: Month) -> Range<i32> {
        self.months.days(month)
    }

    /// The positions of the bills of some customers.
    pub(super) fn of(&self, customers: Range<usize>) -> Range<usize> {
        let start = |customer: usize| self.rows.partition_point(|row| row.customer.index() < customer);
        start(customers.start)..start(customers.end)
    }

    /// For each month of the window, the number of payments made in it.
    pub(super) fn paid_by_month(&self, payments: &[BillPayment]) -> Vec<u64> {
        let starts = &self.months.starts;
        let (first, end) = (starts.first().copied().unwrap_or(0), starts.last().copied().unwrap_or(0));
        let mut by_day = vec![0_u64; usize::try_from(end - first).unwrap_or(0)];
        for payment in payments {
            let day = usize::try_from(payment.paid_on - first).ok();
            if let Some(paid) = day.and_then(|day| by_day.get_mut(day)) {
                *paid += 1;
            }
        }
        let day = |start: i32| usize::try_from(start - first).unwrap_or(0);
        starts.windows(2).map(|month| by_day[day(month[0])..day(month[1])].iter().sum()).collect()
    }

    /// Sets the states of the earlier bills.
    fn note_earlier(&self) {
        for (position, bill) in (0..).zip(&self.earlier) {
            self.states[index(bill.key)].set(BillState::Earlier(position));
        }
    }

    /// Sets the states of the accepted bills.
    fn note_accepted(&self) {
        self.rows.par_iter().enumerate().for_each(|(position, bill)| {
            let position = u32::try_from(position).expect("bills have positions of 32 bits");
            self.states[index(bill.key)].set(BillState::accepted(position, bill.month()));
        });
    }

    /// A reversal is outside the window if the bill that it names is outside by its own month and its customer's
    /// opening: a correction of older revenue is not revenue of the window. This is decided last, among the rows that
    /// would otherwise count.
    fn move_out_reversals_of_outside_bills(&mut self, book: &mut TableBook) {
        if self.named.is_empty() {
            return;
        }
        let mut rows = std::mem::take(&mut self.rows);
        let outside: Vec<_> = rows.extract_if(.., |row| self.reverses_outside(row)).collect();
        self.rows = rows;
        if outside.is_empty() {
            return;
        }
        book.tally.counted -= count(outside.len());
        book.tally.out_of_window += count(outside.len());
        for row in outside {
            self.states[index(row.key)].set(BillState::OutOfWindow);
            if self.has_accounts {
                self.earlier.push(row);
            }
        }
        self.note_earlier();
        self.note_accepted();
    }

    fn reverses_outside(&self, bill: &Bill) -> bool {
        matches!(
            self.named(bill),
            Some(BillState::BeforeOpening(_) | BillState::OutOfWindow | BillState::Earlier(_))
        )
    }

    /// The accepted bills of zero or more that name another bill: how many, and the first.
    pub(super) fn naming_in_vain(&self) -> Option<(u64, &Bill)> {
        if self.named.is_empty() {
            return None;
        }
        let mut naming = self.rows.iter().filter(|row| row.amount_fen >= 0 && row.reverses.is_some());
        naming.next().map(|first| (1 + count(naming.count()), first))
    }

    /// What became of the bill that a negative bill names; `None` if it names none.
    pub(super) fn named(&self, bill: &Bill) -> Option<BillState> {
        let named = bill.reverses.filter(|_| bill.amount_fen < 0)?;
        Some(self.state(self.named[index(named.get() - 1)]))
    }

    /// What became of the bill with a key.
    #[inline]
    pub(super) fn state(&self, key: Option<u32>) -> BillState {
        key.map_or(BillState::Unknown, |key| self.states[index(key)].get())
    }

    /// The state of each key. Those of bills in no order lie anywhere in memory, so many are fetched before the first is read.
    pub(super) fn states_of(&self, keys: &[Option<u32>]) -> Vec<BillState> {
        let mut states = Vec::with_capacity(keys.len());
        for keys in keys.chunks(FETCHED) {
            for &key in keys.iter().flatten() {
                prefetch(std::slice::from_ref(&self.states[index(key)]));
            }
            states.extend(keys.iter().map(|&key| self.state(key)));
        }
        states
    }

    /// The first month at or after a position of the window in which a customer has a bill that counts.
    #[must_use]
    pub fn next_billed(&self, window: Window, customer: CustomerIx, from: usize) -> Option<usize> {
        let bills = &self.rows[self.of(customer.index()..customer.index() + 1)];
        bills.iter().filter_map(|row| window.index(row.month())).filter(|month| *month >= from).min()
    }

    /// The id of a bill.
    pub(super) fn id(&self, row: &Bill) -> &str {
        self.keys.key(row.key)
    }

    /// The order of two bills by month, and by the bytes of their ids within one.
    pub(super) fn by_month(&self, a: &Bill, b: &Bill) -> Ordering {
        a.month().cmp(&b.month()).then_with(|| self.id(a).cmp(self.id(b)))
    }
}
