//! A whole published cycle in memory, for checks and trials.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, PrimitiveArray, RecordBatch, StringArray};
use gridtier::customer::{Customer, Customers};
use gridtier::cycle::{Cycle, Placed};
use gridtier::indicator::{Column, Value};
use gridtier::method::{Method, Tier};
use gridtier::output::parameters;
use gridtier::tier::Previous;
use gridtier::unit::Month;
use gridtier::word::Word;

use super::error::{CycleError, other_columns};
use super::manifest::{Manifest, parse_method};
use super::table::{read_batches, whole_table};
use crate::store::{Store, StoredCycle};

/// Reads a whole cycle, with the final tiers of the cycle before it.
///
/// # Errors
/// A file cannot be read, or is not one of this version of gridtier.
pub fn cycle(store: &Store, cycle: &StoredCycle) -> Result<Cycle, CycleError> {
    let manifest = Manifest::read(cycle)?;
    let (method, end) = (parse_method(cycle, &manifest)?, manifest.window.end);
    let customers = customers(cycle)?;
    let (rows, strata) = tiers(cycle, &customers)?;
    let columns = values(cycle, &method, &rows, customers.len())?;
    let table = whole_table(&cycle.dir.join("parameters.parquet"))?;
    let table = table.ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let parameters =
        parameters::read(&table, &method).ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let influence = influence(&table, &method).ok_or_else(|| other_columns(cycle, "parameters.parquet"))?;
    let earlier = store.cycles()?.into_iter().filter(|earlier| earlier.version < cycle.version).collect();
    let previous = previous_tiers(earlier, end)?;
    Ok(Cycle { method, end, customers, columns, rows, strata, parameters, influence, previous })
}

/// The final tiers of the last of these cycles whose window ends before `end`, and none if there is no such cycle: two
/// gradings of the same day count as one cycle.
///
/// # Errors
/// A manifest or a tier table cannot be read.
pub fn previous_tiers(cycles: Vec<StoredCycle>, end: Month) -> Result<Previous, CycleError> {
    for cycle in cycles.iter().rev() {
        if Manifest::read(cycle)?.window.end < end {
            return final_tiers(cycle);
        }
    }
    Ok(Previous::new())
}

/// The final tiers of a cycle by customer.
///
/// # Errors
/// The tier table cannot be read.
pub fn final_tiers(cycle: &StoredCycle) -> Result<Previous, CycleError> {
    let mut tiers = Previous::new();
    read_batches(cycle, "tiers.parquet", |batch| {
        let (ids, names) = (text(batch, "customer_id")?, text(batch, "tier")?);
        for (id, name) in ids.iter().zip(names) {
            if let (Some(id), Some(tier)) = (id, name.and_then(Tier::from_code)) {
                tiers.insert(id.to_owned(), tier);
            }
        }
        Some(())
    })?;
    Ok(tiers)
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

fn integers<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<Int64Type>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<Float64Type>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn days<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<Date32Type>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn cell(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The word of a cell; `None` where it is empty or no word of `W`.
fn word<W: Word>(column: &StringArray, row: usize) -> Option<W> {
    W::from_code(cell(column, row)?)
}

/// The accepted customers of a cycle, in the order of their ids.
///
/// # Errors
/// The table cannot be read, or is none of this version of gridtier.
pub(crate) fn customers(cycle: &StoredCycle) -> Result<Customers, CycleError> {
    let mut customers = Customers::default();
    read_batches(cycle, "customers.parquet", |batch| {
        let words = |name: &str| text(batch, name);
        let (ids, regions) = (words("customer_id")?, words("region")?);
        let (categories, levels) = (words("use_category")?, words("supply_level")?);
        let (importance, load) = (words("importance_level")?, words("load_class")?);
        let standards = numbers(batch, "power_factor_standard")?;
        let capacity = numbers(batch, "contract_capacity_kva")?;
        let (opened, closed) = (days(batch, "opened_on")?, days(batch, "closed_on")?);
        let aged = batch.column_by_name("aged_transformer_area")?.as_boolean_opt()?;
        let opt_out = batch.column_by_name("marketing_opt_out")?.as_boolean_opt()?;
        for row in 0..batch.num_rows() {
            customers.ids.insert(ids.value(row));
            customers.rows.push(Customer {
                use_category: word(categories, row)?,
                supply_level: word(levels, row)?,
                region: cell(regions, row).map(str::to_owned),
                contract_capacity_kva: capacity.is_valid(row).then(|| capacity.value(row)),
                power_factor_standard: standards
                    .is_valid(row)
                    .then(|| (100.0 * standards.value(row)).round() as u8),
                importance_level: word(importance, row),
                load_class: word(load, row),
                opened_on: opened.value(row),
                closed_on: closed.is_valid(row).then(|| closed.value(row)),
                aged_transformer_area: aged.value(row),
                marketing_opt_out: opt_out.value(row),
            });
        }
        Some(())
    })?;
    Ok(customers)
}

fn tiers(cycle: &StoredCycle, customers: &Customers) -> Result<(Vec<Placed>, Vec<String>), CycleError> {
    let mut rows = Vec::new();
    let mut strata: Vec<String> = Vec::new();
    read_batches(cycle, "tiers.parquet", |batch| {
        let (ids, names) = (text(batch, "customer_id")?, text(batch, "stratum")?);
        let (computed, tier) = (text(batch, "tier_computed")?, text(batch, "tier")?);
        let (reason, ceiling) = (text(batch, "reason")?, text(batch, "ceiling")?);
        let (rank, score) = (integers(batch, "rank")?, integers(batch, "score_e6")?);
        for row in 0..batch.num_rows() {
            let name = names.value(row);
            let stratum = strata.iter().position(|known| known == name).unwrap_or_else(|| {
                strata.push(name.to_owned());
                strata.len() - 1
            });
            rows.push(Placed {
                number: customers.ids.get(ids.value(row))?,
                stratum: stratum as u32,
                rank: rank.is_valid(row).then(|| rank.value(row) as u64),
                score_e6: score.is_valid(row).then(|| score.value(row)),
                short_history: cell(reason, row) == Some("short_history"),
                computed: cell(computed, row).and_then(Tier::from_code),
                tier: Tier::from_code(tier.value(row))?,
                ceiling: cell(ceiling, row).and_then(Tier::from_code),
            });
        }
        Some(())
    })?;
    Ok((rows, strata))
}

fn values(
    cycle: &StoredCycle,
    method: &Method,
    rows: &[Placed],
    customers: usize,
) -> Result<Vec<Column>, CycleError> {
    let mut columns: Vec<Column> = vec![Column::unknown(customers); method.indicators.len()];
    let mut start = 0;
    read_batches(cycle, "indicators.parquet", |batch| {
        let placed = rows.get(start..start + batch.num_rows())?;
        start += batch.num_rows();
        for (spec, column) in method.indicators.iter().zip(&mut columns) {
            let known = numbers(batch, &spec.id)?;
            let status = text(batch, &format!("{}_status", spec.id))?;
            for (row, placed) in placed.iter().enumerate() {
                let value = match status.value(row) {
                    "known" => Value::Known(known.value(row)),
                    "na" => Value::NotApplicable,
                    "unknown" => Value::Unknown,
                    _ => return None,
                };
                column.set(placed.number as usize, value);
            }
        }
        Some(())
    })?;
    Ok(columns)
}

fn influence(table: &RecordBatch, method: &Method) -> Option<Vec<Option<f64>>> {
    let (ids, influence) = (text(table, "indicator")?, numbers(table, "influence")?);
    let of = |id: &str| {
        let row = (0..ids.len()).find(|&row| ids.value(row) == id)?;
        Some(influence.is_valid(row).then(|| influence.value(row)))
    };
    method.indicators.iter().map(|spec| of(&spec.id)).collect()
}
