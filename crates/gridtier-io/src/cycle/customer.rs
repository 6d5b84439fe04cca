//! One customer of a published cycle: its values, its row of the tier table and the parameters it was scored by.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use gridtier::explain::{Boundary, Explanation, History, TierRow, explain};
use gridtier::indicator::IndicatorValue;
use gridtier::method::{Method, Override};
use gridtier::output::{indicators, ledger, tiers};
use gridtier::score::Parameters;
use gridtier::unit::Window;

use super::error::{CycleError, other_columns};
use super::history::history;
use super::keyed::CycleRows;
use super::load::fitted;
use super::lookup::absent;
use super::manifest::{Manifest, parse_method};
use super::table::{read_columns, rows_with_key};
use crate::store::StoredCycle;

const LEDGER: &str = "ledger.parquet";
const INDICATORS: &str = "indicators.parquet";

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

/// Reads one customer of a cycle. In a cycle that grades holders, the id of an account stands for its holder.
///
/// # Errors
/// A file cannot be read, or the customer is not in the cycle.
pub fn customer(cycle: &StoredCycle, id: &str) -> Result<CustomerRecord, CycleError> {
    CustomerReader::open(cycle)?.customer(id)
}

/// Reads customers of a cycle, in the order of their ids in one run through its tables.
pub(crate) struct CustomerReader {
    /// The cycle's tables.
    pub(crate) rows: CycleRows,
    window: Window,
    method: Method,
    parameters: Parameters,
    /// By stratum, of those that were asked for.
    boundaries: BTreeMap<String, Vec<Boundary>>,
}

impl CustomerReader {
    /// Opens a cycle.
    ///
    /// # Errors
    /// Its manifest or its parameters cannot be read.
    pub(crate) fn open(cycle: &StoredCycle) -> Result<Self, CycleError> {
        let manifest = Manifest::read(cycle)?;
        let method = parse_method(cycle, &manifest)?;
        let (_, parameters) = fitted(cycle, &method)?;
        let (rows, window) = (CycleRows::of(cycle), (&manifest.window).into());
        Ok(Self { rows, window, method, parameters, boundaries: BTreeMap::new() })
    }

    /// Reads a customer. In a cycle that grades holders, the id of an account stands for its holder.
    ///
    /// # Errors
    /// A file cannot be read, or the cycle does not grade the customer.
    pub(crate) fn customer(&mut self, id: &str) -> Result<CustomerRecord, CycleError> {
        let id = &self.rows.graded_id(id)?;
        let row = tier_row(&mut self.rows, id)?.ok_or_else(|| absent(self.rows.cycle(), id))?;
        let values = self.rows.of_id(INDICATORS, id)?.ok_or_else(|| absent(self.rows.cycle(), id))?;
        let values = indicators::read_first(&values, &self.method);
        let values = values.ok_or_else(|| other_columns(self.rows.cycle(), INDICATORS))?;
        let boundaries = self.boundaries_of(&row.stratum)?;
        let accounts = self.rows.accounts(id)?;
        Ok(CustomerRecord {
            parameters: self.parameters.clone(),
            values,
            boundaries,
            history: history(&mut self.rows, &accounts, self.window)?,
            method: self.method.clone(),
            row,
        })
    }
}

impl CustomerReader {
    fn boundaries_of(&mut self, stratum: &str) -> Result<Vec<Boundary>, CycleError> {
        if let Some(known) = self.boundaries.get(stratum) {
            return Ok(known.clone());
        }
        let cycle = self.rows.cycle();
        let lines = rows_with_key(&cycle.dir.join(LEDGER), "stratum", stratum)?;
        let read = lines.map_or(Some(Vec::new()), |lines| ledger::read(&lines));
        let read = read.ok_or_else(|| other_columns(cycle, LEDGER))?;
        self.boundaries.insert(stratum.to_owned(), read.clone());
        Ok(read)
    }
}

/// A customer's row of the tier table; `None` if the cycle does not grade it.
pub(crate) fn tier_row(rows: &mut CycleRows, id: &str) -> Result<Option<TierRow>, CycleError> {
    let row = rows.of_id("tiers.parquet", id)?;
    let cycle = rows.cycle();
    let row = row.map(|row| tiers::read_explained(&row).ok_or_else(|| other_columns(cycle, "tiers.parquet")));
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
