//! Reversals: which bill each cancels, and what is due on bills afterwards (SPEC §3).
//!
//! Many systems do not say which bill a negative bill cancels. Such a bill is taken to cancel the latest bill of
//! exactly the opposite amount; otherwise that bill would stay unpaid for ever.

use rayon::prelude::*;

use super::bill::{Bill, Bills};
use super::state::BillState;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::index::{CustomerIx, count, index};
use crate::meter::MonthlyUsage;
use crate::source::TableBook;

/// Most customers that a finding names as examples.
const NAMED_MAX: usize = 5;

/// How many bills one thread looks at together.
const BILLS_TOGETHER: usize = 1 << 16;

/// What is due on bills, after reversals.
pub(super) struct DueAfterReversals {
    /// The amount due on each bill, by position; never below 0.
    pub due_fen: Vec<i64>,
    /// Reversals that name no bill and were matched to one: positions of the reversal and of its bill, sorted by
    /// customer.
    matched: Vec<(u32, u32)>,
    /// Reversals for which no bill was found: they count in revenue only. Their positions, sorted by customer.
    unknown: Vec<u32>,
}

/// What is due on the bills that count, and on the earlier ones.
pub(super) struct Due {
    pub counted: DueAfterReversals,
    pub earlier: DueAfterReversals,
}

/// What is due on all bills.
pub(super) fn due(bills: &Bills) -> Due {
    let counted = after_reversals(bills, &bills.rows, |state| match state {
        BillState::Accepted { bill, .. } => Some(bill),
        _ => None,
    });
    let earlier = after_reversals(bills, &bills.earlier, |state| match state {
        BillState::Earlier(position) => Some(position),
        _ => None,
    });
    Due { counted, earlier }
}

/// Applies the reversals among `rows`. `position` gives the position in `rows` of the bill with a state.
fn after_reversals(
    bills: &Bills,
    rows: &[Bill],
    position: impl Fn(BillState) -> Option<u32>,
) -> DueAfterReversals {
    // Reversals only lower an amount, so it makes no difference that each of them leaves at least 0.
    let mut due_fen = vec![0; rows.len()];
    let chunks = due_fen.par_chunks_mut(BILLS_TOGETHER).zip(rows.par_chunks(BILLS_TOGETHER)).enumerate();
    let reversals: Vec<Vec<u32>> = chunks
        .map(|(chunk, (due_fen, rows))| {
            let first = u32::try_from(chunk * BILLS_TOGETHER).expect("bills have positions of 32 bits");
            let mut reversals = Vec::new();
            for ((position, due_fen), row) in (first..).zip(due_fen).zip(rows) {
                *due_fen = row.amount_fen.max(0);
                if row.amount_fen < 0 {
                    reversals.push(position);
                }
            }
            reversals
        })
        .collect();
    let mut is_taken = vec![false; rows.len()];
    let (mut unknown, mut unnamed) = (Vec::new(), Vec::new());
    for reversal in reversals.into_iter().flatten() {
        let row = &rows[index(reversal)];
        let Some(state) = bills.named(row) else {
            unnamed.push(reversal);
            continue;
        };
        let named = position(state).map(index);
        match named.filter(|&named| rows[named].customer == row.customer) {
            Some(named) => {
                due_fen[named] = due_fen[named].saturating_add(row.amount_fen).max(0);
                is_taken[named] = true;
            }
            None => unknown.push(reversal),
        }
    }
    let mut matched = Vec::new();
    for (reversal, taken) in match_by_amount(bills, rows, unnamed, &is_taken) {
        match taken {
            Some(taken) => {
                let due_fen = &mut due_fen[index(taken)];
                *due_fen = due_fen.saturating_add(rows[index(reversal)].amount_fen).max(0);
                matched.push((reversal, taken));
            }
            None => unknown.push(reversal),
        }
    }
    unknown.sort_by_key(|&reversal| rows[index(reversal)].customer);
    DueAfterReversals { due_fen, matched, unknown }
}

/// Finds the bill that each reversal cancels, where the reversal names none. Candidates are the customer's bills of
/// exactly the opposite amount, of the same or an earlier month, that no reversal has taken yet. The latest candidate
/// is taken; within one month, the one with the greatest id. Reversals choose in the order of month and id.
fn match_by_amount(
    bills: &Bills,
    rows: &[Bill],
    mut reversals: Vec<u32>,
    is_taken: &[bool],
) -> Vec<(u32, Option<u32>)> {
    if reversals.is_empty() {
        return Vec::new();
    }
    let opposite = |position: u32| {
        let bill = &rows[index(position)];
        (bill.customer, bill.amount_fen.unsigned_abs())
    };
    let in_order = |a: &u32, b: &u32| {
        opposite(*a).cmp(&opposite(*b)).then_with(|| bills.by_month(&rows[index(*a)], &rows[index(*b)]))
    };
    reversals.sort_unstable_by(in_order);
    let mut customers: Vec<CustomerIx> =
        reversals.iter().map(|&reversal| rows[index(reversal)].customer).collect();
    customers.dedup();
    let mut candidates: Vec<u32> = (0..)
        .zip(rows)
        .filter(|(position, row)| row.amount_fen > 0 && !is_taken[index(*position)])
        .filter(|(_, row)| customers.binary_search(&row.customer).is_ok())
        .map(|(position, _)| position)
        .collect();
    candidates.sort_unstable_by(in_order);
    let mut candidates = candidates.into_iter().peekable();
    let mut found = Vec::with_capacity(reversals.len());
    for reversals in reversals.chunk_by(|&a, &b| opposite(a) == opposite(b)) {
        let group = opposite(reversals[0]);
        while candidates.next_if(|&bill| opposite(bill) < group).is_some() {}
        // A stack of the bills up to the month of the reversal, the latest on top.
        let mut latest_last = Vec::new();
        for &reversal in reversals {
            let month = rows[index(reversal)].month;
            while let Some(bill) =
                candidates.next_if(|&bill| opposite(bill) == group && rows[index(bill)].month <= month)
            {
                latest_last.push(bill);
            }
            found.push((reversal, latest_last.pop()));
        }
    }
    found
}

impl DueAfterReversals {
    /// Reports which reversals were matched, which cancel no known bill, and which bills of zero or more name another
    /// bill.
    pub fn notice(&self, bills: &Bills, usage: &MonthlyUsage, customers: &Customers, book: &mut TableBook) {
        if let Some((ignored, first)) = bills.naming_in_vain() {
            book.notice(Rule::ReversesIgnored, ignored, || format!("bill {}", bills.id(first)));
        }
        if let Some(&(reversal, taken)) = self.matched.first() {
            let [reversal, taken] = [reversal, taken].map(|position| bills.id(&bills.rows[index(position)]));
            book.notice(Rule::ReversalMatched, count(self.matched.len()), || {
                format!("bill {reversal} was taken as the reversal of bill {taken}")
            });
        }
        // A negative bill that names no other bill may pay a customer for exported energy.
        let is_for_export = |bill: &Bill| bill.reverses.is_none() && has_net_export(usage, bill.customer);
        let unknown: Vec<&Bill> = self
            .unknown
            .iter()
            .map(|at| &bills.rows[index(*at)])
            .filter(|bill| !is_for_export(bill))
            .collect();
        if !unknown.is_empty() {
            book.notice(Rule::UnknownReversal, count(unknown.len()), || {
                let mut named: Vec<&str> =
                    unknown.iter().map(|bill| customers.ids.key(bill.customer.number())).collect();
                named.dedup();
                let more = match named.len().saturating_sub(NAMED_MAX) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                named.truncate(NAMED_MAX);
                format!("of customers {}{more}", named.join(", "))
            });
        }
    }
}

/// Whether a customer delivered more energy to the grid than it took from it, in any month of the window.
fn has_net_export(usage: &MonthlyUsage, customer: CustomerIx) -> bool {
    (0..index(usage.window().months)).any(|month| usage.get(month, customer).active_wh < 0)
}
