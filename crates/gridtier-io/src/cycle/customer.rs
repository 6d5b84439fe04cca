//! One customer of a published cycle: its values, its row of the tier table and the parameters it was scored by.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use gridtier::explain::{Boundary, Explanation, History, TierRow, explain};
use gridtier::indicator::IndicatorValue;
use gridtier::method::{Method, Override};
use gridtier::output::{holders, indicators, ledger, tiers};
use gridtier::score::Parameters;

use super::error::{CycleError, other_columns};
use super::history::{accounts, history};
use super::load::{MEMBERS, fitted, has_holders};
use super::lookup::absent;
use super::manifest::{Manifest, parse_method};
use super::table::{read_columns, rows_with_key};
use crate::store::StoredCycle;

/// A customer of a cycle, with all that an explanation needs.
#[derive(Debug)]
pub struct CustomerRecord {
    /// The cycle's method.
    pub method: Method,
    /// The parameters fitted to the cycle's ranked customers.
    pub parameters: Parameters,
    /// The customer's values, in the order of the method's indicators.
    pub values: Vec<IndicatorValue>,
    /// The customer's row of the tier table.
    pub row: TierRow,
    /// The boundaries of the customer's stratum.
    pub boundaries: Vec<Boundary>,
    /// The months, bills and events behind its values.
    pub history: History,
}

/// The id under which a customer is graded: in a cycle of holders the holder of the account, otherwise the id itself.
fn graded_id(cycle: &StoredCycle, id: &str) -> Result<String, CycleError> {
    if !has_holders(cycle) {
        return Ok(id.to_owned());
    }
    let member = rows_with_key(&cycle.dir.join(MEMBERS), "account_id", id)?;
    let holder = member.and_then(|row| holders::read_first(&row));
    Ok(holder.unwrap_or_else(|| id.to_owned()))
}

/// Reads one customer of a cycle. In a cycle that grades holders, the id of an account stands for its holder.
///
/// # Errors
/// A file cannot be read, or the customer is not in the cycle.
pub fn customer(cycle: &StoredCycle, id: &str) -> Result<CustomerRecord, CycleError> {
    let manifest = Manifest::read(cycle)?;
    let (method, id) = (parse_method(cycle, &manifest)?, &graded_id(cycle, id)?);
    let row = tiers::read_explained(&rows_of_customer(cycle, "tiers.parquet", id)?);
    let row = row.ok_or_else(|| other_columns(cycle, "tiers.parquet"))?;
    let lines = rows_with_key(&cycle.dir.join("ledger.parquet"), "stratum", &row.stratum)?;
    let boundaries = lines.map_or(Some(Vec::new()), |lines| ledger::read(&lines));
    let (_, parameters) = fitted(cycle, &method)?;
    let values = indicators::read_first(&rows_of_customer(cycle, "indicators.parquet", id)?, &method);
    Ok(CustomerRecord {
        parameters,
        values: values.ok_or_else(|| other_columns(cycle, "indicators.parquet"))?,
        boundaries: boundaries.ok_or_else(|| other_columns(cycle, "ledger.parquet"))?,
        history: history(cycle, &accounts(cycle, id)?, (&manifest.window).into())?,
        method,
        row,
    })
}

/// A customer's row of the tier table; `None` if the cycle does not grade it.
pub(crate) fn tier_row(cycle: &StoredCycle, id: &str) -> Result<Option<TierRow>, CycleError> {
    let rows = rows_with_key(&cycle.dir.join("tiers.parquet"), "customer_id", id)?;
    let row =
        rows.map(|rows| tiers::read_explained(&rows).ok_or_else(|| other_columns(cycle, "tiers.parquet")));
    row.transpose()
}

/// The customers of a tier, in the order of their ids.
pub(crate) fn ids_of_tier(cycle: &StoredCycle, tier: &str) -> Result<Vec<String>, CycleError> {
    let mut ids = Vec::new();
    read_columns(cycle, "tiers.parquet", &["customer_id", "tier"], |batch| {
        let column = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let of_tier =
            column("customer_id")?.iter().zip(column("tier")?).filter(|(_, own)| *own == Some(tier));
        ids.extend(of_tier.filter_map(|(id, _)| id.map(str::to_owned)));
        Some(())
    })?;
    Ok(ids)
}

fn rows_of_customer(cycle: &StoredCycle, table: &str, id: &str) -> Result<RecordBatch, CycleError> {
    let rows = rows_with_key(&cycle.dir.join(table), "customer_id", id)?;
    rows.ok_or_else(|| absent(cycle, id))
}

impl CustomerRecord {
    /// The override in the method that sets this customer's tier, if there is one.
    #[must_use]
    pub fn decision(&self) -> Option<&Override> {
        self.method.overrides.iter().find(|decision| decision.customer_id == self.row.customer_id)
    }

    /// Why the customer has this tier, and what would lead to a better one.
    #[must_use]
    pub fn explain(self) -> Explanation {
        explain(&self.method, &self.parameters, &self.values, self.row, &self.boundaries, &self.history)
    }
}
