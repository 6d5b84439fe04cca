//! Reversals: which bill each cancels, and what is due on bills afterwards (SPEC §3).
//!
//! Many systems do not say which bill a negative bill cancels. Such a bill is taken to cancel the latest bill of
//! exactly the opposite amount; otherwise that bill would stay unpaid for ever.

use std::collections::BTreeMap;

use super::bill::{Bill, Bills};
use super::state::BillState;
use crate::contract::rule::Rule;
use crate::customer::Customers;
use crate::index::{CustomerIx, count, index};
use crate::meter::MonthlyUsage;
use crate::source::TableBook;

/// Most customers that a finding names as examples.
const NAMED_MAX: usize = 5;

/// What is due on bills, after reversals.
pub(super) struct DueAfterReversals {
    lowered: LoweredBills,
    /// Reversals that name no bill and were matched to one: positions of the reversal and of its bill, sorted by
    /// customer.
    matched: Vec<(u32, u32)>,
    /// Reversals for which no bill was found: they count in revenue only. Their positions, sorted by customer.
    unknown: Vec<u32>,
}

/// The bills on which less is due than billed. Few are, so the others need no memory.
struct LoweredBills {
    /// A bit for each bill, by position.
    words: Vec<u64>,
    /// By position, the amount due; never below 0.
    due_fen: BTreeMap<u32, i64>,
}

impl LoweredBills {
    fn of(bills: usize) -> Self {
        Self { words: vec![0; bills.div_ceil(WORD_BITS)], due_fen: BTreeMap::new() }
    }

    fn holds(&self, position: u32) -> bool {
        let position = index(position);
        self.words[position / WORD_BITS] >> (position % WORD_BITS) & 1 == 1
    }

    /// Adds the amount of a reversal, which is negative, to what is due on a bill.
    fn lower(&mut self, position: u32, bill: &Bill, amount_fen: i64) {
        let at = index(position);
        self.words[at / WORD_BITS] |= 1 << (at % WORD_BITS);
        // Reversals only lower an amount, so it makes no difference that each of them leaves at least 0.
        let due_fen = self.due_fen.entry(position).or_insert(bill.amount_fen.max(0));
        *due_fen = due_fen.saturating_add(amount_fen).max(0);
    }
}

/// Bits of a word.
const WORD_BITS: usize = 64;

/// What is due on the bills that count, and on the earlier ones.
pub(super) struct Due {
    pub counted: DueAfterReversals,
    pub earlier: DueAfterReversals,
}

/// What is due on all bills.
pub(super) fn due(bills: &Bills) -> Due {
    let counted = after_reversals(bills, (&bills.rows, &bills.reversals), |state| match state {
        BillState::Accepted { bill, .. } => Some(bill),
        _ => None,
    });
    let negative = (0..).zip(&bills.earlier).filter(|(_, bill)| bill.amount_fen < 0);
    let reversals: Vec<u32> = negative.map(|(position, _)| position).collect();
    let earlier = after_reversals(bills, (&bills.earlier, &reversals), |state| match state {
        BillState::Earlier(position) => Some(position),
        _ => None,
    });
    Due { counted, earlier }
}

/// Applies the reversals among `rows`, which are given by their positions. `position` gives the position in `rows` of the bill
/// with a state.
fn after_reversals(
    bills: &Bills,
    (rows, reversals): (&[Bill], &[u32]),
    position: impl Fn(BillState) -> Option<u32>,
) -> DueAfterReversals {
    let mut lowered = LoweredBills::of(rows.len());
    let (mut unknown, mut unnamed) = (Vec::new(), Vec::new());
    for &reversal in reversals {
        let row = &rows[index(reversal)];
        let Some(state) = bills.named(row) else {
            unnamed.push(reversal);
            continue;
        };
        match position(state).filter(|&named| rows[index(named)].customer == row.customer) {
            Some(named) => lowered.lower(named, &rows[index(named)], row.amount_fen),
            None => unknown.push(reversal),
        }
    }
    let mut matched = Vec::new();
    for (reversal, taken) in match_by_amount(bills, rows, unnamed, &lowered) {
        match taken {
            Some(taken) => {
                lowered.lower(taken, &rows[index(taken)], rows[index(reversal)].amount_fen);
                matched.push((reversal, taken));
            }
            None => unknown.push(reversal),
        }
    }
    unknown.sort_by_key(|&reversal| rows[index(reversal)].customer);
    DueAfterReversals { lowered, matched, unknown }
}

/// Finds the bill that each reversal cancels, where the reversal names none. Candidates are the customer's bills of
/// exactly the opposite amount, of the same or an earlier month, that no reversal has taken yet. The latest candidate
/// is taken; within one month, the one with the greatest id. Reversals choose in the order of month and id.
fn match_by_amount(
    bills: &Bills,
    rows: &[Bill],
    mut reversals: Vec<u32>,
    named: &LoweredBills,
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
        .filter(|(position, row)| row.amount_fen > 0 && !named.holds(*position))
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
            let month = rows[index(reversal)].month();
            while let Some(bill) =
                candidates.next_if(|&bill| opposite(bill) == group && rows[index(bill)].month() <= month)
            {
                latest_last.push(bill);
            }
            found.push((reversal, latest_last.pop()));
        }
    }
    found
}

impl DueAfterReversals {
    /// The amount due on the bill at a position; never below 0.
    #[inline]
    pub fn due_fen(&self, position: u32, bill: &Bill) -> i64 {
        let lowered = self.lowered.holds(position).then(|| self.lowered.due_fen.get(&position)).flatten();
        lowered.copied().unwrap_or(bill.amount_fen.max(0))
    }

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
