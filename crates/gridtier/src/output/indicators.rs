//! Writes and reads the table of indicator values.

use arrow_array::{Float64Array, RecordBatch, StringArray};

use super::read::{Cells, text_at, value_at};
use super::{NUMBER, Output, TEXT, every_text, full, nullable, numbers, table};
use crate::cycle::Placed;
use crate::index::index;
use crate::indicator::{IndicatorColumn, IndicatorValue, STATUS_SUFFIX};
use crate::method::Method;
use crate::run::Graded;

/// One row for each graded customer, sorted by id.
pub(super) fn output<'a>(graded: &'a Graded, method: &'a Method) -> Output<'a> {
    let (scores, ids) = (&graded.scores, &graded.judged().customers.ids);
    let mut fields = vec![full("customer_id", TEXT)];
    for spec in &method.indicators {
        fields.push(nullable(&spec.id, NUMBER));
        fields.push(full(&status_name(&spec.id), TEXT));
    }
    table("indicators", fields, scores.population.len(), move |rows| {
        let customers = &scores.population[rows];
        let mut columns = vec![every_text(customers.iter().map(|&number| ids.key(number)))];
        for column in &graded.columns {
            columns.push(numbers(customers.iter().map(|&number| column.known(index(number)))));
            columns.push(every_text(customers.iter().map(|&number| column.get(index(number)).status())));
        }
        columns
    })
}

/// Reads the values of a published batch into `columns`, one for each indicator of the method; `placed` are the
/// customers of the batch's rows. `None` if the batch is not a table of the method's indicators.
#[must_use]
pub fn read(
    batch: &RecordBatch,
    method: &Method,
    placed: &[Placed],
    columns: &mut [IndicatorColumn],
) -> Option<()> {
    for (spec, column) in method.indicators.iter().zip(columns) {
        let (values, statuses) = (batch.floats(&spec.id)?, batch.texts(&status_name(&spec.id))?);
        for (row, customer) in placed.iter().enumerate() {
            column.set(index(customer.number), value(values, statuses, row)?);
        }
    }
    Some(())
}

/// The values of the first row of a published batch, in the order of the method's indicators; `None` if the batch is
/// not a table of these indicators.
#[must_use]
pub fn read_first(batch: &RecordBatch, method: &Method) -> Option<Vec<IndicatorValue>> {
    method
        .indicators
        .iter()
        .map(|spec| value(batch.floats(&spec.id)?, batch.texts(&status_name(&spec.id))?, 0))
        .collect()
}

fn status_name(id: &str) -> String {
    format!("{id}{STATUS_SUFFIX}")
}

fn value(values: &Float64Array, statuses: &StringArray, row: usize) -> Option<IndicatorValue> {
    match text_at(statuses, row)? {
        "known" => value_at(values, row).map(IndicatorValue::Known),
        "na" => Some(IndicatorValue::NotApplicable),
        "unknown" => Some(IndicatorValue::Unknown),
        _ => None,
    }
}
