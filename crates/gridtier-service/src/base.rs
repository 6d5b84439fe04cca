//! The customers of a run: who they are, from when to when they are open, and in which tier (SERVICE §1).

use arrow_array::RecordBatch;
use gridtier::contract::{Area, UseCategory};
use gridtier::entitlement::condition::{Condition, Field};
use gridtier::entitlement::grant::Records;
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::method::Tier;

use crate::period::Period;

/// The customer base. Customers are numbered in the order of the bytes of their ids.
pub struct Base {
    /// The ids.
    pub ids: KeyIndex,
    /// Who the customers are.
    pub members: Vec<Member>,
    /// The names of the regions, in the order of their bytes.
    pub regions: Vec<String>,
    /// The columns that conditions may name, for all customers in the same order: those of `customers`, the cycle's
    /// indicators, `provisional`, `score` and `tier`.
    pub columns: RecordBatch,
    /// The fields of these columns.
    pub fields: Vec<Field>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Day the supply began, in days since 1970-01-01.
    pub opened_on: i32,
    /// Last day of the supply, in days since 1970-01-01; `None` if the supply has not ended.
    pub closed_on: Option<i32>,
    /// Use category.
    pub use_category: UseCategory,
    /// Position in [`Base::regions`].
    pub region: Option<u32>,
    /// Area.
    pub area: Option<Area>,
    /// The tier in the cycle; `None` if the customer is ungraded.
    pub tier: Option<Tier>,
    /// Whether the customer wants no marketing.
    pub opted_out: bool,
    /// Annual energy in kWh, by the cycle's indicators; `None` if unknown.
    pub annual_energy_kwh: Option<f64>,
    /// Average price in yuan per kWh, by the cycle's indicators; `None` if unknown.
    pub average_price: Option<f64>,
}

impl Member {
    /// Whether the customer is open on a day, in days since 1970-01-01.
    #[must_use]
    pub fn is_open(&self, day: i32) -> bool {
        self.opened_on <= day && self.closed_on.is_none_or(|closed_on| day <= closed_on)
    }

    /// Number of days in [`first`, `end`) on which the customer is open.
    #[must_use]
    pub fn open_days(&self, first: i32, end: i32) -> i64 {
        let from = first.max(self.opened_on);
        let until = self.closed_on.map_or(end, |closed_on| end.min(closed_on.saturating_add(1)));
        i64::from((until - from).max(0))
    }

    /// Number of days of a period on which the customer is open.
    #[must_use]
    pub fn open_days_of(&self, period: Period) -> i64 {
        self.open_days(period.first_day(), period.end_day())
    }
}

impl Base {
    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no customers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A customer's id.
    #[must_use]
    pub fn id(&self, customer: CustomerIx) -> &str {
        self.ids.key(customer.number())
    }

    /// A customer.
    #[must_use]
    pub fn member(&self, customer: CustomerIx) -> &Member {
        &self.members[customer.index()]
    }

    /// All customers in order.
    pub fn customers(&self) -> impl Iterator<Item = CustomerIx> {
        (0..self.members.len()).map(CustomerIx::from_index)
    }

    /// Whether each customer meets a condition over [`fields`](Self::fields). Without a condition, all customers do.
    ///
    /// # Panics
    /// A column has a type that its field does not have.
    #[must_use]
    pub fn selected(&self, condition: Option<&Condition>) -> Vec<bool> {
        let Some(condition) = condition else { return vec![true; self.len()] };
        let records = Records::of(&self.columns, &self.fields).expect("columns of the types of their fields");
        let mut record = records.record();
        (0..self.len())
            .map(|row| {
                records.fill(row, &mut record);
                condition.holds(&record)
            })
            .collect()
    }

    /// Whether a row without a customer meets a condition on customers. All columns count as missing.
    #[must_use]
    pub fn holds_for_nobody(&self, condition: Option<&Condition>) -> bool {
        let nothing = vec![gridtier::entitlement::condition::Datum::Missing; self.fields.len()];
        condition.is_none_or(|condition| condition.holds(&nothing))
    }
}
