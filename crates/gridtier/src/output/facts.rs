//! Writes the facts of a cycle as tables and reads them back, so that a published cycle can be graded again by another method.
//!
//! Counts are the engine's integers. The columns of an absent input table are empty; a 0 means that the table was
//! there.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, RecordBatch, new_null_array};
use arrow_schema::{Field, Schema};

use super::read::{Cells, text_at, value_at, word_at};
use super::{
    BATCH_ROWS, DAY, FLAG, INTEGER, NUMBER, Output, TEXT, counts, days, every_integer, every_text, flags,
    full, integers, nullable, numbers, table, text,
};
use crate::contract::{IncidentKind, Table};
use crate::customer::{Customer, Customers};
use crate::energy_profile::EnergyProfile;
use crate::fact::{COLUMNS, CustomerFacts, FactColumn, FactValue, Facts};
use crate::incident::Offence;
use crate::index::{CustomerIx, index};
use crate::meter::{Coverage, CustomerMonth, MonthlyUsage, UnitSuspect};
use crate::run::Reconciled;
use crate::source::{TableBook, Tally};
use crate::unit::{Month, Window};
use crate::word::Word;

/// Names of the tables of facts. Their content depends only on inputs and window, never on the method.
pub const NAMES: [&str; 7] =
    ["customers", "facts", "monthly_usage", "usage_as_read", "offences", "reconciliation", "unit_suspects"];

/// The tables of facts; empty if the facts were read from a published cycle.
pub(super) fn tables(facts: &Facts) -> Vec<Output<'_>> {
    let Some(usage) = &facts.usage else { return Vec::new() };
    // The largest first: it takes longest to write.
    vec![
        monthly_usage(facts, usage),
        counted(facts),
        customers(facts),
        usage_as_read(facts, usage),
        offences(facts),
        reconciliation(facts.reconciliation()),
        unit_suspects(facts),
    ]
}

/// The accepted customers with the attributes that conditions and cross-tables use.
fn customers(facts: &Facts) -> Output<'_> {
    customers_as("customers", &facts.customers)
}

/// A customer base as a table with this name.
pub fn customers_as<'a>(name: &'static str, customers: &'a Customers) -> Output<'a> {
    let Customers { ids, rows: all, passed } = customers;
    let mut fields = vec![
        full("customer_id", TEXT),
        full("use_category", TEXT),
        full("supply_level", TEXT),
        nullable("region", TEXT),
        nullable("contract_capacity_kva", NUMBER),
        nullable("capacity_at_start_kva", NUMBER),
        nullable("holder_id", TEXT),
        nullable("power_factor_standard", NUMBER),
        nullable("importance_level", TEXT),
        nullable("load_class", TEXT),
        nullable("area", TEXT),
        full("opened_on", DAY),
        nullable("closed_on", DAY),
        full("aged_transformer_area", FLAG),
        full("marketing_opt_out", FLAG),
    ];
    fields.extend(passed.iter().map(|column| nullable(&column.column, TEXT)));
    table(name, fields, all.len(), move |rows| {
        let customers = &all[rows.clone()];
        let passed = passed.iter().map(|column| &column.texts[rows.clone()]);
        let passed: Vec<ArrayRef> = passed.map(|texts| text(texts.iter().map(Option::as_deref))).collect();
        let mut columns = vec![
            every_text(rows.map(|row| ids.key(CustomerIx::from_index(row).number()))),
            every_text(customers.iter().map(|row| row.use_category.code())),
            every_text(customers.iter().map(|row| row.supply_level.code())),
            text(customers.iter().map(|row| row.region.as_deref())),
            numbers(customers.iter().map(|row| row.contract_capacity_kva)),
            numbers(customers.iter().map(|row| row.capacity_at_start_kva)),
            text(customers.iter().map(|row| row.holder_id.as_deref())),
            numbers(
                customers
                    .iter()
                    .map(|row| row.power_factor_standard.map(|hundredths| f64::from(hundredths) / 100.0)),
            ),
            text(customers.iter().map(|row| row.importance_level.map(Word::code))),
            text(customers.iter().map(|row| row.load_class.map(Word::code))),
            text(customers.iter().map(|row| row.area.map(Word::code))),
            days(customers.iter().map(|row| Some(row.opened_on))),
            days(customers.iter().map(|row| row.closed_on)),
            flags(customers.iter().map(|row| row.aged_transformer_area)),
            flags(customers.iter().map(|row| row.marketing_opt_out)),
        ];
        columns.extend(passed);
        columns
    })
}

/// Appends the customers of a published batch, which are in the order of their ids; `None` if the batch is not a table
/// of customers.
#[must_use]
pub fn read_customers(batch: &RecordBatch, customers: &mut Customers) -> Option<()> {
    let (ids, regions) = (batch.texts("customer_id")?, batch.texts("region")?);
    let (categories, levels) = (batch.texts("use_category")?, batch.texts("supply_level")?);
    let (importance, load) = (batch.texts("importance_level")?, batch.texts("load_class")?);
    // A cycle that was published before the column existed has none.
    let areas = batch.texts("area");
    let standards = batch.floats("power_factor_standard")?;
    let capacities = batch.floats("contract_capacity_kva")?;
    let (at_start, holders) = (batch.floats("capacity_at_start_kva")?, batch.texts("holder_id")?);
    let (opened, closed) = (batch.dates("opened_on")?, batch.dates("closed_on")?);
    let (aged, opt_out) = (batch.flags("aged_transformer_area")?, batch.flags("marketing_opt_out")?);
    for row in 0..batch.num_rows() {
        customers.ids.insert(ids.value(row));
        customers.rows.push(Customer {
            use_category: word_at(categories, row)??,
            supply_level: word_at(levels, row)??,
            region: text_at(regions, row).map(str::to_owned),
            contract_capacity_kva: value_at(capacities, row),
            capacity_at_start_kva: value_at(at_start, row),
            holder_id: text_at(holders, row).map(Into::into),
            // It is published as a factor with two decimals, but kept in hundredths.
            power_factor_standard: value_at(standards, row).map(|factor| (100.0 * factor).round() as u8),
            importance_level: word_at(importance, row)?,
            load_class: word_at(load, row)?,
            area: areas.map_or(Some(None), |areas| word_at(areas, row))?,
            opened_on: opened.value(row),
            closed_on: value_at(closed, row),
            aged_transformer_area: aged.value(row),
            marketing_opt_out: opt_out.value(row),
        });
    }
    Some(())
}

/// Monthly usage of all accepted customers; only months with a reading.
fn monthly_usage<'f>(facts: &'f Facts, usage: &'f MonthlyUsage) -> Output<'f> {
    let schema = Arc::new(Schema::new(vec![
        full("customer_id", TEXT),
        full("month", DAY),
        full("active_wh", INTEGER),
        full("reactive_varh", INTEGER),
        full("readings", INTEGER),
        full("reactive_readings", INTEGER),
        full("covered", FLAG),
    ]));
    let shared = schema.clone();
    let window = facts.window;
    let months: Vec<i32> = (0..index(window.months)).map(|month| window.month(month).first_day()).collect();
    let mut all = (0..facts.customers.len()).map(CustomerIx::from_index).flat_map(|customer| {
        let read = usage.months_of(customer).enumerate().filter(|(_, used)| used.readings > 0);
        read.map(move |(month, used)| CustomerMonth { customer, month, used })
    });
    let batches = std::iter::from_fn(move || {
        let mut found = Vec::with_capacity(BATCH_ROWS);
        found.extend(all.by_ref().take(BATCH_ROWS));
        if found.is_empty() {
            return None;
        }
        let columns = vec![
            every_text(found.iter().map(|month| facts.customers.ids.key(month.customer.number()))),
            Arc::new(Date32Array::from_iter_values(found.iter().map(|month| months[month.month]))),
            every_integer(found.iter().map(|month| month.used.active_wh)),
            every_integer(found.iter().map(|month| month.used.reactive_varh)),
            every_integer(found.iter().map(|month| month.used.readings.into())),
            every_integer(found.iter().map(|month| month.used.reactive_readings.into())),
            flags(found.iter().map(|month| usage.covered(month.month, month.customer))),
        ];
        Some(RecordBatch::try_new(shared.clone(), columns).expect("columns match the fields"))
    });
    Output { name: "monthly_usage", schema, batches: Box::new(batches) }
}

/// The months as they were read in `meter_readings`, for customers whose monthly usage differs: because it was spread,
/// includes registers, or leaves out months before the customer opened. A later cycle that reuses the readings starts
/// from these months.
fn usage_as_read<'f>(facts: &'f Facts, usage: &'f MonthlyUsage) -> Output<'f> {
    let fields = vec![
        full("customer_id", TEXT),
        full("month", DAY),
        full("active_wh", INTEGER),
        full("reactive_varh", INTEGER),
        full("readings", INTEGER),
        full("reactive_readings", INTEGER),
    ];
    let all = usage.as_read();
    table("usage_as_read", fields, all.len(), move |rows| {
        let months = &all[rows];
        vec![
            text(months.iter().map(|month| Some(facts.customers.ids.key(month.customer.number())))),
            days(months.iter().map(|month| Some(facts.window.month(month.month).first_day()))),
            integers(months.iter().map(|month| Some(month.used.active_wh))),
            integers(months.iter().map(|month| Some(month.used.reactive_varh))),
            integers(months.iter().map(|month| Some(month.used.readings.into()))),
            integers(months.iter().map(|month| Some(month.used.reactive_readings.into()))),
        ]
    })
}

/// Row counts of each input table that was delivered: read, counted, rejected.
pub(super) fn reconciliation<'a>(mut reconciled: Vec<Reconciled>) -> Output<'a> {
    let fields = vec![
        full("table", TEXT),
        full("rows_in", INTEGER),
        full("counted", INTEGER),
        full("out_of_window", INTEGER),
        full("rejected", INTEGER),
        full("duplicates", INTEGER),
        full("not_yet_known", INTEGER),
    ];
    reconciled.sort_by_key(|row| row.table.name());
    table("reconciliation", fields, reconciled.len(), move |rows| {
        let reconciled = &reconciled[rows];
        vec![
            text(reconciled.iter().map(|row| Some(row.table.name()))),
            counts(reconciled.iter().map(|row| Some(row.tally.rows_in))),
            counts(reconciled.iter().map(|row| Some(row.tally.counted))),
            counts(reconciled.iter().map(|row| Some(row.tally.out_of_window))),
            counts(reconciled.iter().map(|row| Some(row.tally.rejected))),
            counts(reconciled.iter().map(|row| Some(row.tally.duplicates))),
            counts(reconciled.iter().map(|row| Some(row.tally.not_yet_known))),
        ]
    })
}

/// Sets the row counts of the input tables from a published batch; `None` if the batch is not a reconciliation table.
#[must_use]
pub fn read_reconciliation(batch: &RecordBatch, books: &mut [TableBook]) -> Option<()> {
    let (names, rows_in, counted) =
        (batch.texts("table")?, batch.integers("rows_in")?, batch.integers("counted")?);
    let (out_of_window, rejected) = (batch.integers("out_of_window")?, batch.integers("rejected")?);
    let (duplicates, not_yet_known) = (batch.integers("duplicates")?, batch.integers("not_yet_known")?);
    for row in 0..batch.num_rows() {
        let book = books.iter_mut().find(|book| book.table.name() == names.value(row))?;
        book.present = true;
        book.tally = Tally {
            rows_in: rows_in.value(row).try_into().ok()?,
            counted: counted.value(row).try_into().ok()?,
            out_of_window: out_of_window.value(row).try_into().ok()?,
            rejected: rejected.value(row).try_into().ok()?,
            duplicates: duplicates.value(row).try_into().ok()?,
            not_yet_known: not_yet_known.value(row).try_into().ok()?,
        };
    }
    Some(())
}

/// Months whose energy is far from the customer's median, which probably have a wrong unit.
pub(super) fn unit_suspects(facts: &Facts) -> Output<'_> {
    let fields = vec![
        full("customer_id", TEXT),
        full("month", DAY),
        full("active_wh", INTEGER),
        full("median_wh", INTEGER),
    ];
    let suspects = &facts.unit_suspects;
    table("unit_suspects", fields, suspects.len(), move |rows| {
        let suspects = &suspects[rows];
        vec![
            text(suspects.iter().map(|suspect| Some(facts.customers.ids.key(suspect.customer.number())))),
            days(suspects.iter().map(|suspect| Some(suspect.month.first_day()))),
            integers(suspects.iter().map(|suspect| Some(suspect.active_wh))),
            integers(suspects.iter().map(|suspect| Some(suspect.median_wh))),
        ]
    })
}

/// The suspect months of a published batch; `None` if the batch is not such a table.
#[must_use]
pub fn read_unit_suspects(batch: &RecordBatch, customers: &Customers) -> Option<Vec<UnitSuspect>> {
    let (ids, months) = (batch.texts("customer_id")?, batch.dates("month")?);
    let (active, median) = (batch.integers("active_wh")?, batch.integers("median_wh")?);
    (0..batch.num_rows())
        .map(|row| {
            Some(UnitSuspect {
                customer: CustomerIx::new(customers.ids.get(ids.value(row))?),
                month: Month::of_day(months.value(row))?,
                active_wh: active.value(row),
                median_wh: median.value(row),
            })
        })
        .collect()
}

/// The integer facts, in the order of the columns.
fn integer_columns() -> impl Iterator<Item = &'static FactColumn> {
    COLUMNS.iter().filter(|column| matches!(column.value, FactValue::Integer(..)))
}

/// The columns of the table of facts.
fn fact_fields() -> Vec<Field> {
    let mut fields = vec![full("customer_id", TEXT)];
    fields.extend(integer_columns().map(|column| nullable(column.name, INTEGER)));
    fields.extend([
        nullable("unpaid_since", DAY),
        nullable("last_overdue_day", DAY),
        nullable("profile_as_of", DAY),
        nullable("total_kgce", NUMBER),
        nullable("replaceable_kgce", NUMBER),
        full("covered", TEXT),
    ]);
    fields
}

/// The columns of the table of facts that a batch of an earlier version lacks.
#[must_use]
pub fn missing_facts(batch: &RecordBatch) -> Vec<String> {
    let names = fact_fields().into_iter().map(|field| field.name().clone());
    names.filter(|name| batch.column_by_name(name).is_none()).collect()
}

/// A batch of the table of facts, to which the columns that it lacks are added as empty columns; `None` if it is not a
/// table of facts.
#[must_use]
pub fn with_missing_facts(batch: &RecordBatch) -> Option<RecordBatch> {
    let column = |field: &Field| match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let fields = fact_fields();
    let columns = fields.iter().map(column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()
}

/// All facts of each customer: the integer facts, the latest energy audit, and the covered months from the start of the
/// window.
fn counted(facts: &Facts) -> Output<'_> {
    table("facts", fact_fields(), facts.rows.len(), move |rows| {
        let customers = rows.clone().map(CustomerIx::from_index);
        let mut columns =
            vec![every_text(customers.map(|customer| facts.customers.ids.key(customer.number())))];
        for column in integer_columns() {
            let FactValue::Integer(value, _) = column.value else { continue };
            columns.push(match facts.present(column.table) {
                true => every_integer(facts.rows[rows.clone()].iter().map(value)),
                false => new_null_array(&INTEGER, rows.len()),
            });
        }
        // Without the table of payments, it is unknown what was paid.
        let is_paid = facts.present(Table::Payments);
        let billing = || facts.rows[rows.clone()].iter().map(|row| &row.billing);
        columns.push(days(billing().map(|billing| billing.unpaid_since.filter(|_| is_paid))));
        columns.push(days(billing().map(|billing| billing.last_overdue_day.filter(|_| is_paid))));
        let profiles = || facts.profiles[rows.clone()].iter();
        columns.push(days(profiles().map(|profile| profile.map(|profile| profile.as_of))));
        columns.push(numbers(profiles().map(|profile| profile.map(|profile| profile.total_kgce))));
        columns.push(numbers(profiles().map(|profile| profile.map(|profile| profile.replaceable_kgce))));
        let covered: Vec<String> =
            rows.map(|row| facts.coverage.to_digits(CustomerIx::from_index(row))).collect();
        columns.push(every_text(covered.iter().map(String::as_str)));
        columns
    })
}

/// Confirmed violations and thefts for which the customer is responsible.
fn offences(facts: &Facts) -> Output<'_> {
    let fields =
        vec![full("customer_id", TEXT), full("month", DAY), full("kind", TEXT), full("severity", INTEGER)];
    let offences = &facts.offences;
    table("offences", fields, offences.len(), move |rows| {
        let offences = &offences[rows];
        vec![
            text(offences.iter().map(|offence| Some(facts.customers.ids.key(offence.customer.number())))),
            days(offences.iter().map(|offence| Some(offence.month.first_day()))),
            text(offences.iter().map(|offence| Some(offence.kind.code()))),
            integers(offences.iter().map(|offence| Some(offence.severity.into()))),
        ]
    })
}

/// Appends the number of covered months of the customers of a published batch; `None` if the batch is not a table of
/// facts.
#[must_use]
pub fn read_covered_months(batch: &RecordBatch, months: &mut Vec<u32>) -> Option<()> {
    for covered in batch.integers("covered_months")?.values() {
        months.push(u32::try_from(*covered).ok()?);
    }
    Some(())
}

/// The content of a published table of facts.
#[derive(Debug)]
pub struct PublishedFacts {
    /// The integer facts, by customer number.
    pub rows: Vec<CustomerFacts>,
    /// The latest energy audits.
    pub profiles: Vec<Option<EnergyProfile>>,
    /// The covered months.
    pub coverage: Coverage,
}

impl PublishedFacts {
    /// Empty facts for that number of customers, which [`read`](Self::read) fills.
    #[must_use]
    pub fn new(customers: usize, window: Window) -> Self {
        Self {
            rows: vec![CustomerFacts::default(); customers],
            profiles: vec![None; customers],
            coverage: Coverage::none(index(window.months), customers),
        }
    }

    /// Reads a batch of a published `facts` table, whose first customer has number `start`; `None` if it is not such a
    /// batch.
    #[must_use]
    pub fn read(&mut self, batch: &RecordBatch, start: usize, customers: &Customers) -> Option<()> {
        let target = self.rows.get_mut(start..start + batch.num_rows())?;
        let ids = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
        for (row, id) in ids.iter().enumerate() {
            let customer = CustomerIx::from_index(start + row);
            (id == Some(customers.ids.key(customer.number()))).then_some(())?;
        }
        for column in integer_columns() {
            let FactValue::Integer(_, field) = column.value else { continue };
            let values = batch.column_by_name(column.name)?.as_primitive_opt::<Int64Type>()?;
            // Facts of an absent table are 0 in memory. They are told from counts of 0 by the absence of the table.
            target.iter_mut().zip(values).for_each(|(row, value)| *field(row) = value.unwrap_or(0));
        }
        let (since, last) = (batch.dates("unpaid_since")?, batch.dates("last_overdue_day")?);
        for (row, facts) in target.iter_mut().enumerate() {
            facts.billing.unpaid_since = value_at(since, row);
            facts.billing.last_overdue_day = value_at(last, row);
        }
        let as_of = batch.column_by_name("profile_as_of")?.as_primitive_opt::<Date32Type>()?;
        let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<Float64Type>();
        let (total, replaceable) = (number("total_kgce")?, number("replaceable_kgce")?);
        let covered = batch.column_by_name("covered")?.as_string_opt::<i32>()?;
        for row in 0..batch.num_rows() {
            self.profiles[start + row] = as_of.is_valid(row).then(|| EnergyProfile {
                as_of: as_of.value(row),
                total_kgce: total.value(row),
                replaceable_kgce: replaceable.value(row),
            });
            self.coverage.set_digits(CustomerIx::from_index(start + row), covered.value(row)).then_some(())?;
        }
        Some(())
    }
}

/// The offences of a published batch; `None` if the batch is not a table of offences.
#[must_use]
pub fn read_offences(batch: &RecordBatch, customers: &Customers) -> Option<Vec<Offence>> {
    let ids = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
    let months = batch.column_by_name("month")?.as_primitive_opt::<Date32Type>()?;
    let kinds = batch.column_by_name("kind")?.as_string_opt::<i32>()?;
    let severities = batch.column_by_name("severity")?.as_primitive_opt::<Int64Type>()?;
    (0..batch.num_rows())
        .map(|row| {
            Some(Offence {
                customer: CustomerIx::new(customers.ids.get(ids.value(row))?),
                kind: IncidentKind::from_code(kinds.value(row))?,
                severity: severities.value(row).try_into().ok()?,
                month: Month::of_day(months.value(row))?,
            })
        })
        .collect()
}
