//! A customer's past. Months and offences come from the cycle's tables, bills and plans from the data that the cycle was
//! computed from.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{BooleanArray, RecordBatch};
use gridtier::billing::{SettledBill, settled_bills};
use gridtier::contract::Table;
use gridtier::contract::cell::Dates;
use gridtier::customer::Customers;
use gridtier::error::RunError;
use gridtier::explain::{
    AccountHistory, AssessedMonth, DatedOffence, EnergyMonth, History, PlannedMonth, power_factor,
};
use gridtier::fact::power_factor_attained;
use gridtier::index::CustomerIx;
use gridtier::output::facts::{read_customers, read_offences};
use gridtier::plan;
use gridtier::source::Source;
use gridtier::text;
use gridtier::unit::{Month, Window};

use super::error::{CycleError, EvidenceError, other_columns};
use super::keyed::CycleRows;
use super::manifest::Manifest;
use crate::folder::{DataFolder, Input};
use crate::store::StoredCycle;

/// The energy of customers by month.
const USAGE: &str = "monthly_usage.parquet";

/// The tables in which late bills and missed plans are looked up.
pub const EVIDENCE_TABLES: [Table; 4] = [Table::Customers, Table::Bills, Table::Payments, Table::Plans];

/// The past of some accounts, from a cycle's tables.
pub(super) fn history(
    rows: &mut CycleRows,
    accounts: &[String],
    window: Window,
) -> Result<History, CycleError> {
    let accounts = accounts.iter().map(|id| account(rows, id)).collect::<Result<_, _>>()?;
    Ok(History { window, accounts })
}

fn account(rows: &mut CycleRows, id: &str) -> Result<AccountHistory, CycleError> {
    let mut account = AccountHistory { id: id.to_owned(), ..AccountHistory::default() };
    let mut customers = Customers::default();
    let Some(own) = rows.of_id("customers.parquet", id)? else { return Ok(account) };
    read_customers(&own, &mut customers).ok_or_else(|| other_columns(rows.cycle(), "customers.parquet"))?;
    let standard = customers.rows.first().and_then(|customer| customer.power_factor_standard);
    if let Some(usage) = rows.of_id(USAGE, id)? {
        let differs = || other_columns(rows.cycle(), USAGE);
        account.energy = energy(&usage).ok_or_else(differs)?;
        if let Some(standard) = standard {
            account.power_factor = assessed(&usage, standard).ok_or_else(differs)?;
        }
    }
    if let Some(offences) = rows.of_id("offences.parquet", id)? {
        let read = read_offences(&offences, &customers);
        let read = read.ok_or_else(|| other_columns(rows.cycle(), "offences.parquet"))?.into_iter();
        account.offences = read
            .map(|offence| DatedOffence {
                month: offence.month,
                kind: offence.kind,
                severity: offence.severity,
            })
            .collect();
    }
    Ok(account)
}

/// The energy of each month that has a row; `None` if the table lacks a column.
fn energy(usage: &RecordBatch) -> Option<Vec<EnergyMonth>> {
    let MonthlyColumns { months, covered, active_wh } = MonthlyColumns::of(usage)?;
    let energy = (0..months.len()).map(|row| {
        let known = covered.value(row).then(|| active_wh.value(row));
        Some(EnergyMonth { month: Month::of_day(months.value(row))?, active_wh: known })
    });
    energy.collect()
}

/// The months whose power factor was assessed; `None` if the table lacks a column.
fn assessed(usage: &RecordBatch, standard: u8) -> Option<Vec<AssessedMonth>> {
    let MonthlyColumns { months, covered, active_wh } = MonthlyColumns::of(usage)?;
    let integers = |name: &str| usage.column_by_name(name)?.as_primitive_opt::<Int64Type>();
    let (reactive, readings) = (integers("reactive_varh")?, integers("readings")?);
    let with_reactive = integers("reactive_readings")?;
    let mut assessed = Vec::new();
    for row in 0..months.len() {
        let (active, reactive) = (active_wh.value(row), reactive.value(row));
        if !covered.value(row) || active <= 0 || readings.value(row) != with_reactive.value(row) {
            continue;
        }
        assessed.push(AssessedMonth {
            month: Month::of_day(months.value(row))?,
            is_attained: power_factor_attained(active, reactive, standard)?,
            power_factor: power_factor(active, reactive),
        });
    }
    Some(assessed)
}

/// Columns of the energy by month.
struct MonthlyColumns<'a> {
    months: &'a arrow_array::Date32Array,
    covered: &'a BooleanArray,
    active_wh: &'a arrow_array::Int64Array,
}

impl<'a> MonthlyColumns<'a> {
    fn of(usage: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            months: usage.column_by_name("month")?.as_primitive_opt::<Date32Type>()?,
            covered: usage.column_by_name("covered")?.as_boolean_opt()?,
            active_wh: usage.column_by_name("active_wh")?.as_primitive_opt::<Int64Type>()?,
        })
    }
}

/// The data that a cycle was computed from, without rows that were recorded after the cycle's limit.
///
/// # Errors
/// The data are not those from which the cycle was computed.
pub(crate) fn data_of(cycle: &StoredCycle, data: DataFolder) -> Result<DataFolder, EvidenceError> {
    let manifest = Manifest::read(cycle)?;
    check_inputs(&manifest, &data)?;
    let known_as_of = manifest.known_as_of.as_deref().and_then(|text| Dates::default().local_time(text));
    Ok(data.with_known_as_of(known_as_of))
}

/// The bills and plans of some accounts. All other rows of the data have been left out.
#[derive(Default)]
pub(crate) struct BillsAndPlans {
    bills: BTreeMap<String, Vec<SettledBill>>,
    plans: BTreeMap<String, Vec<(Month, i64)>>,
}

impl BillsAndPlans {
    /// Reads them in one pass over the data.
    ///
    /// # Errors
    /// A table cannot be read.
    pub(crate) fn read(
        rows: &dyn Source,
        customers: &Customers,
        accounts: &BTreeSet<String>,
        window: Window,
    ) -> Result<Self, EvidenceError> {
        let numbered =
            accounts.iter().filter_map(|id| Some((CustomerIx::new(customers.ids.get(id)?), id.as_str())));
        let of: BTreeMap<CustomerIx, &str> = numbered.collect();
        let wanted: BTreeSet<CustomerIx> = of.keys().copied().collect();
        let mut read = Self::default();
        for (customer, bill) in settled_bills(rows, customers, window, &wanted)? {
            read.bills.entry(of[&customer].to_owned()).or_default().push(bill);
        }
        for (customer, month, planned_wh) in plan::of_customers(rows, customers, window, &wanted)? {
            read.plans.entry(of[&customer].to_owned()).or_default().push((month, planned_wh));
        }
        Ok(read)
    }

    /// Puts the bills and plans of a customer's accounts into its history.
    ///
    /// # Errors
    /// A table of the cycle cannot be read.
    pub(crate) fn add_to(&self, history: &mut History, rows: &mut CycleRows) -> Result<(), CycleError> {
        for account in &mut history.accounts {
            let plans = self.plans.get(&account.id).map_or(&[][..], Vec::as_slice);
            account.bills = Some(self.bills.get(&account.id).cloned().unwrap_or_default());
            account.plans = Some(planned(rows, &account.id, plans)?);
        }
        Ok(())
    }
}

/// The months that have a plan and are covered by readings, with the energy used.
fn planned(rows: &mut CycleRows, id: &str, plans: &[(Month, i64)]) -> Result<Vec<PlannedMonth>, CycleError> {
    let Some(usage) = rows.of_id(USAGE, id)? else { return Ok(Vec::new()) };
    let columns = MonthlyColumns::of(&usage).ok_or_else(|| other_columns(rows.cycle(), USAGE))?;
    let covered = (0..usage.num_rows()).filter(|&row| columns.covered.value(row));
    let found = covered.filter_map(|row| {
        let month = Month::of_day(columns.months.value(row))?;
        let &(_, planned_wh) = plans.iter().find(|(planned, _)| *planned == month)?;
        Some(PlannedMonth { month, planned_wh, actual_wh: columns.active_wh.value(row) })
    });
    Ok(found.collect())
}

/// Whether two inputs are the same file with the same content.
fn is_same_file(one: &Input, other: &Input) -> bool {
    one.path == other.path && one.sha256 == other.sha256
}

/// Checks that a folder has the files from which the cycle was computed, for those tables that are looked up.
fn check_inputs(manifest: &Manifest, data: &DataFolder) -> Result<(), EvidenceError> {
    let is_asked = |input: &&Input| input.table.is_none_or(|table| EVIDENCE_TABLES.contains(&table));
    let recorded: Vec<&Input> = manifest.inputs.iter().map(|entry| &entry.input).filter(is_asked).collect();
    let found: Vec<&Input> = data.inputs().map_err(RunError::from)?.iter().filter(is_asked).collect();
    let differs = (recorded.iter().find(|input| !found.iter().any(|other| is_same_file(input, other))))
        .or_else(|| found.iter().find(|input| !recorded.iter().any(|other| is_same_file(input, other))));
    let Some(input) = differs else { return Ok(()) };
    let path = &input.path;
    Err(EvidenceError::OtherData(text!(
        "{path} is not as it was when the cycle was graded\n  what to do: give the folder of that day by --data, or \
         leave --data out",
        "{path} 与该周期评级时不同\n  处理办法：请用 --data 指定当时的数据目录, 或去掉 --data",
    )))
}
