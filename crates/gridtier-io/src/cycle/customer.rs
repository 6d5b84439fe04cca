//! One customer of a published cycle: its values, its row of the tier table and the parameters it was scored by.

use arrow_array::BooleanArray;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use gridtier::customer::Customers;
use gridtier::explain::{Boundary, EVIDENCE_MAX, Evidence, Explanation, History, TierRow, explain};
use gridtier::fact::power_factor_attained;
use gridtier::indicator::IndicatorValue;
use gridtier::method::{Method, Override};
use gridtier::output::facts::{read_customers, read_offences};
use gridtier::output::{holders, indicators, ledger, tiers};
use gridtier::score::Parameters;
use gridtier::unit::Month;
use gridtier::word::Word;

use super::error::{CycleError, other_columns};
use super::load::{MEMBERS, fitted, has_holders};
use super::lookup::absent;
use super::manifest::method;
use super::table::rows_with_key;
use crate::store::StoredCycle;

/// A customer of a cycle, with all that an explanation needs.
#[derive(Debug)]
pub struct CustomerRecord {
    /// The cycle's method.
    pub method: Method,
    /// What was fitted to its ranked customers.
    pub parameters: Parameters,
    /// The customer's values, in the order of the method's indicators.
    pub values: Vec<IndicatorValue>,
    /// Its row of the tier table.
    pub row: TierRow,
    /// The boundaries of its stratum.
    pub boundaries: Vec<Boundary>,
    /// The months and events behind its values.
    pub history: History,
}

/// The holder of an account in a cycle that grades holders; else the id itself.
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
/// A file cannot be read, or the customer is not in it.
pub fn customer(cycle: &StoredCycle, id: &str) -> Result<CustomerRecord, CycleError> {
    let (method, id) = (method(cycle)?, &graded_id(cycle, id)?);
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
        history: history(cycle, id)?,
        method,
        row,
    })
}

/// The assessed months and the evidence of a customer; that of a holder's accounts is not looked up.
fn history(cycle: &StoredCycle, id: &str) -> Result<History, CycleError> {
    let rows = |table: &str| rows_with_key(&cycle.dir.join(table), "customer_id", id);
    let mut customers = Customers::default();
    let Some(own) = rows("customers.parquet")? else { return Ok(History::default()) };
    read_customers(&own, &mut customers).ok_or_else(|| other_columns(cycle, "customers.parquet"))?;
    let standard = customers.rows.first().and_then(|customer| customer.power_factor_standard);
    let facts = rows("facts.parquet")?;
    let months = facts.and_then(|facts| {
        facts
            .column_by_name("power_factor_months")?
            .as_primitive_opt::<Int64Type>()
            .map(|months| months.value(0))
    });
    let mut evidence = Vec::new();
    if let (Some(standard), Some(usage)) = (standard, rows("monthly_usage.parquet")?) {
        let below = months_below(&usage, standard);
        evidence.extend(below.ok_or_else(|| other_columns(cycle, "monthly_usage.parquet"))?);
    }
    if let Some(offences) = rows("offences.parquet")? {
        let read = read_offences(&offences, &customers);
        let mut read = read.ok_or_else(|| other_columns(cycle, "offences.parquet"))?;
        read.sort_by_key(|offence| std::cmp::Reverse(offence.month));
        evidence.extend(read.into_iter().take(EVIDENCE_MAX).map(|offence| Evidence {
            indicator: "violation_points".into(),
            month: offence.month.to_string(),
            power_factor: None,
            offence: Some(offence.kind.code().into()),
            severity: Some(offence.severity.into()),
        }));
    }
    Ok(History { power_factor_months: months, evidence })
}

/// The latest assessed months whose power factor is below the standard; `None` when the table is another one.
fn months_below(usage: &RecordBatch, standard: u8) -> Option<Vec<Evidence>> {
    let month = usage.column_by_name("month")?.as_primitive_opt::<Date32Type>()?;
    let covered: &BooleanArray = usage.column_by_name("covered")?.as_boolean_opt()?;
    let [active, reactive, readings, with_reactive] =
        ["active_wh", "reactive_varh", "readings", "reactive_readings"]
            .map(|name| usage.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>()));
    let (active, reactive, readings, with_reactive) = (active?, reactive?, readings?, with_reactive?);
    let mut below = Vec::new();
    for row in (0..month.len()).rev() {
        let is_assessed =
            covered.value(row) && active.value(row) > 0 && readings.value(row) == with_reactive.value(row);
        let attained = power_factor_attained(active.value(row), reactive.value(row), standard);
        if is_assessed && attained == Some(false) && below.len() < EVIDENCE_MAX {
            let [p, q] = [active, reactive].map(|column| gridtier::index::float_i64(column.value(row)));
            below.push(Evidence {
                indicator: "power_factor_attainment".into(),
                month: Month::of_day(month.value(row))?.to_string(),
                power_factor: Some((100.0 * p / p.hypot(q)).round() / 100.0),
                offence: None,
                severity: None,
            });
        }
    }
    Some(below)
}

fn rows_of_customer(cycle: &StoredCycle, table: &str, id: &str) -> Result<RecordBatch, CycleError> {
    let rows = rows_with_key(&cycle.dir.join(table), "customer_id", id)?;
    rows.ok_or_else(|| absent(cycle, id))
}

impl CustomerRecord {
    /// The decision of the method that sets this customer's tier, if there is one.
    #[must_use]
    pub fn decision(&self) -> Option<&Override> {
        self.method.overrides.iter().find(|decision| decision.customer_id == self.row.customer_id)
    }

    /// Why the customer has its tier, and what would lift it.
    #[must_use]
    pub fn explain(self) -> Explanation {
        explain(&self.method, &self.parameters, &self.values, self.row, &self.boundaries, &self.history)
    }
}
