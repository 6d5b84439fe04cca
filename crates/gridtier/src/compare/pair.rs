//! Two cycles aligned by customer.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use crate::cycle::Cycle;
use crate::index::{StratumIx, index};
use crate::method::Tier;
use crate::text;
use crate::text::Text;
use crate::word::Word;

crate::words! {
    /// The state of a customer in one of the two cycles: its final tier or, if the cycle does not grade the customer,
    /// why not. In the order of published rows.
    EndState "state of a customer" {
        /// Graded special.
        Special "special" "special" "特级",
        /// Graded grade-1.
        Grade1 "grade-1" "grade-1" "一级",
        /// Graded grade-2.
        Grade2 "grade-2" "grade-2" "二级",
        /// Graded grade-3.
        Grade3 "grade-3" "grade-3" "三级",
        /// Not graded before: the customer opened since then.
        New "new" "new" "新客户",
        /// Not graded after: the customer closed since then.
        Closed "closed" "closed" "已销户",
        /// Not graded, though neither new nor closed.
        Absent "absent" "absent" "缺失",
    }
}

impl EndState {
    /// The final tier of a graded customer.
    #[must_use]
    pub fn tier(self) -> Option<Tier> {
        Tier::ALL.get(self.position()).copied()
    }
}

impl From<Tier> for EndState {
    fn from(tier: Tier) -> Self {
        Self::ALL[tier.position()]
    }
}

/// Stands for the position of a customer in a cycle that does not grade it.
const NOT_GRADED: u32 = u32::MAX;

/// A customer that is graded in one of two cycles, or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairedCustomer {
    before_at: u32,
    after_at: u32,
    /// The number in [`Alignment::strata`] of the customer's stratum in the earlier cycle or, if that does not grade the
    /// customer, in the later cycle.
    pub stratum: u32,
    /// The customer's state in the earlier cycle.
    pub before: EndState,
    /// The customer's state in the later cycle.
    pub after: EndState,
    /// Whether its tier before was provisional.
    pub before_provisional: bool,
    /// Whether its tier after is provisional.
    pub after_provisional: bool,
}

impl PairedCustomer {
    /// The customer's position in the rows of the earlier cycle; `None` if that cycle does not grade it.
    #[must_use]
    pub fn before_at(&self) -> Option<usize> {
        (self.before_at != NOT_GRADED).then(|| index(self.before_at))
    }

    /// The customer's position in the rows of the later cycle; `None` if that cycle does not grade it.
    #[must_use]
    pub fn after_at(&self) -> Option<usize> {
        (self.after_at != NOT_GRADED).then(|| index(self.after_at))
    }

    /// A customer for tests that need its states only.
    #[cfg(test)]
    pub(crate) fn for_test(before: EndState, after: EndState) -> Self {
        let [before_at, after_at] = [before, after].map(|end| end.tier().map_or(NOT_GRADED, |_| 0));
        let [before_provisional, after_provisional] = [false; 2];
        Self { before_at, after_at, stratum: 0, before, after, before_provisional, after_provisional }
    }

    /// The customer's positions in both cycles; `None` unless both grade it.
    #[must_use]
    pub fn both(&self) -> Option<(usize, usize)> {
        self.before_at().zip(self.after_at())
    }
}

/// Why two cycles cannot be compared: a mistake in the command, not in the cycles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotComparable(pub Text);

/// Published files of a cycle contradict each other: one was changed, or another version of gridtier wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged(pub Text);

/// Which customers of two cycles are the same. It borrows neither cycle, so that whoever keeps both can keep it with them.
#[derive(Debug)]
pub struct Alignment {
    /// Every customer that is graded in at least one of the cycles, in the order of ids.
    pub customers: Vec<PairedCustomer>,
    /// The names of the strata of both cycles, sorted by their bytes.
    pub strata: Vec<String>,
    /// By number of a stratum in the earlier cycle: its number in `strata`.
    pub strata_before: Vec<u32>,
    /// By number of a stratum in the later cycle: its number in `strata`.
    pub strata_after: Vec<u32>,
}

/// Two cycles aligned by customer.
#[derive(Debug)]
pub struct Pair<'a> {
    /// The earlier cycle.
    pub before: &'a Cycle,
    /// The later cycle.
    pub after: &'a Cycle,
    alignment: Arc<Alignment>,
}

impl Deref for Pair<'_> {
    type Target = Alignment;

    fn deref(&self) -> &Alignment {
        &self.alignment
    }
}

impl<'a> Pair<'a> {
    /// Aligns two cycles.
    ///
    /// # Errors
    /// The first cycle is later than the second one, or the cycles grade different units.
    pub fn new(before: &'a Cycle, after: &'a Cycle) -> Result<Self, NotComparable> {
        check(before, after)?;
        let mut strata: Vec<&String> = before.strata.iter().chain(&after.strata).collect();
        strata.sort_unstable();
        strata.dedup();
        let numbers = |names: &[String]| {
            let places = names.iter().map(|name| strata.partition_point(|known| known < &name));
            places.map(|place| StratumIx::from_index(place).number()).collect()
        };
        let mut alignment = Alignment {
            strata_before: numbers(&before.strata),
            strata_after: numbers(&after.strata),
            strata: strata.into_iter().cloned().collect(),
            customers: Vec::with_capacity(before.rows.len().max(after.rows.len())),
        };
        alignment.align(before, after);
        Ok(Self { before, after, alignment: Arc::new(alignment) })
    }

    /// Two cycles by the alignment that was made of them before.
    #[must_use]
    pub fn aligned(before: &'a Cycle, after: &'a Cycle, alignment: Arc<Alignment>) -> Self {
        Self { before, after, alignment }
    }

    /// What is the same in both, to be kept with them.
    #[must_use]
    pub fn alignment(&self) -> Arc<Alignment> {
        Arc::clone(&self.alignment)
    }

    /// The id of a customer.
    #[must_use]
    pub fn id(&self, customer: &PairedCustomer) -> &str {
        match (customer.before_at(), customer.after_at()) {
            (Some(at), _) => id(self.before, at),
            (None, Some(at)) => id(self.after, at),
            (None, None) => "",
        }
    }

    /// The name of a customer's stratum.
    #[must_use]
    pub fn stratum(&self, customer: &PairedCustomer) -> &str {
        &self.strata[index(customer.stratum)]
    }
}

impl Alignment {
    /// Merges the rows of both cycles, which are sorted by id.
    fn align(&mut self, before: &Cycle, after: &Cycle) {
        let (rows_before, rows_after) = (before.rows.len(), after.rows.len());
        let (mut first, mut second) = (0, 0);
        while first < rows_before || second < rows_after {
            let order = match (first < rows_before, second < rows_after) {
                (true, true) => id(before, first).cmp(id(after, second)),
                (true, false) => Ordering::Less,
                (false, _) => Ordering::Greater,
            };
            let at = (order.is_le().then_some(first), order.is_ge().then_some(second));
            let paired = self.paired(before, after, at);
            self.customers.push(paired);
            first += usize::from(order.is_le());
            second += usize::from(order.is_ge());
        }
    }

    /// A customer by its positions in both cycles.
    fn paired(
        &self,
        before: &Cycle,
        after: &Cycle,
        (first, second): (Option<usize>, Option<usize>),
    ) -> PairedCustomer {
        let number = |at: Option<usize>| at.and_then(|at| u32::try_from(at).ok()).unwrap_or(NOT_GRADED);
        let (row_before, row_after) = (first.map(|at| &before.rows[at]), second.map(|at| &after.rows[at]));
        let of_before = row_before.map(|row| self.strata_before[index(row.stratum)]);
        let of_after = row_after.map(|row| self.strata_after[index(row.stratum)]);
        PairedCustomer {
            before_at: number(first),
            after_at: number(second),
            stratum: of_before.or(of_after).unwrap_or_default(),
            before: match (row_before, second) {
                (Some(row), _) => row.tier.into(),
                (None, Some(at)) if is_new(before, after, at) => EndState::New,
                (None, _) => EndState::Absent,
            },
            after: match (row_after, first) {
                (Some(row), _) => row.tier.into(),
                (None, Some(at)) if is_closed(before, after, at) => EndState::Closed,
                (None, _) => EndState::Absent,
            },
            before_provisional: row_before.is_some_and(|row| row.provisional.is_some()),
            after_provisional: row_after.is_some_and(|row| row.provisional.is_some()),
        }
    }
}

/// Whether the customer at a position of the later cycle opened on the day of the earlier cycle or after it.
fn is_new(before: &Cycle, after: &Cycle, at: usize) -> bool {
    let number = after.rows[at].number;
    after.customers.rows[index(number)].opened_on >= before.end.first_day()
}

/// Whether the customer at a position of the earlier cycle is, in the later cycle, one that closed before that cycle's day.
fn is_closed(before: &Cycle, after: &Cycle, at: usize) -> bool {
    let number = after.customers.ids.get(id(before, at));
    let customer = number.map(|number| &after.customers.rows[index(number)]);
    let closed_on = customer.and_then(|customer| customer.closed_on);
    closed_on.is_some_and(|day| day < after.end.first_day())
}

/// The id of the customer at a position of a cycle's rows.
fn id(cycle: &Cycle, at: usize) -> &str {
    cycle.customers.ids.key(cycle.rows[at].number)
}

fn check(before: &Cycle, after: &Cycle) -> Result<(), NotComparable> {
    let (first, second) = (before.end, after.end);
    if first > second {
        return Err(NotComparable(text!(
            "the first cycle is as of {first}-01, after the second one, which is as of {second}-01; name the earlier one \
             by --from",
            "前一周期的截止日 {first}-01 晚于后一周期的截止日 {second}-01; 请用 --from 指定较早的周期",
        )));
    }
    let (unit, other) = (before.method.grading_unit, after.method.grading_unit);
    if unit != other {
        let (en, zh, other_en, other_zh) = (unit.en(), unit.zh(), other.en(), other.zh());
        return Err(NotComparable(text!(
            "the first cycle grades by {en} and the second one by {other_en}; compare cycles with one grading_unit",
            "前一周期按{zh}评级, 后一周期按{other_zh}评级; 请比较 grading_unit 相同的周期",
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
