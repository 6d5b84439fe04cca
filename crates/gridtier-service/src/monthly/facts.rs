//! The numbers of one period, read back from the tables of results, so that no column can be left out.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use gridtier::contract::ContactKind;
use gridtier::index::float_i64;
use gridtier::output::Output;
use gridtier::unit::Month;

use crate::ageing::{AgeingRow, ageing};
use crate::contact_figures::ContactFigures;
use crate::delivered::Delivered;
use crate::due::DueInputs;
use crate::group::{GroupBy, Groups, UNKNOWN};
use crate::log::Contact;
use crate::monthly::improvement::{check_rows, checks_table, correction_rows, corrections_table};
use crate::monthly::rule::{FIGURE_RULES, FIGURE_TABLES, FigurePart, FigureTable};
use crate::output::contacts::ContactNames;
use crate::output::{contacts, delivered, promises};
use crate::period::Run;
use crate::policy::Policy;
use crate::promise_figures::PromiseFigures;
use crate::time::Second;
use gridtier::word::Word;

/// A number of a table: a count, flag or sum is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FigureValue {
    /// A whole number; 0 or 1 of a flag.
    Count(i64),
    /// Any other number.
    Real(f64),
}

impl FigureValue {
    /// The number.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Self::Count(count) => float_i64(count),
            Self::Real(real) => real,
        }
    }
}

/// The key of a row, by the columns of [`FigureTable::key`]. A month is its number in the period, from 1.
pub type FigureKey = Vec<Box<str>>;

/// A column of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FigureColumn {
    pub name: Box<str>,
    /// Whether a row that the table does not have counts as 0.
    is_zero_without_row: bool,
}

/// The numbers of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct TableFacts {
    pub columns: Vec<FigureColumn>,
    pub rows: BTreeMap<FigureKey, Vec<Option<FigureValue>>>,
    totals: BTreeMap<(&'static str, FigureKey), i128>,
    /// Of promises of availability: the seconds with supply of their customers, and all of their seconds.
    pub seconds: BTreeMap<FigureKey, [i64; 2]>,
}

impl TableFacts {
    /// A number; of a row that the table does not have, 0 if it is a count.
    pub fn value(&self, key: &[Box<str>], column: &str) -> Option<FigureValue> {
        let place = self.columns.iter().position(|known| *known.name == *column)?;
        match self.rows.get(key) {
            Some(row) => row[place],
            None => self.columns[place].is_zero_without_row.then_some(FigureValue::Count(0)),
        }
    }

    /// The sum of a column over the rows that agree with `key` in its first columns.
    pub fn total(&self, column: &'static str, key: &[Box<str>]) -> i128 {
        self.totals.get(&(column, key.to_vec())).copied().unwrap_or(0)
    }

    /// The sum of a column over the other rows that agree with `key` in the first column and are of customers.
    pub fn others(&self, column: &str, key: &[Box<str>]) -> i128 {
        let Some(place) = self.columns.iter().position(|known| *known.name == *column) else { return 0 };
        let others = self.rows.iter().filter(|(other, _)| {
            other[0] == key[0] && other[..] != *key && other.last().is_some_and(|group| **group != *UNKNOWN)
        });
        let counts = others.filter_map(|(_, row)| match row[place] {
            Some(FigureValue::Count(count)) => Some(i128::from(count)),
            _ => None,
        });
        counts.sum()
    }

    fn add_up(&mut self, table: &str) {
        let rules = FIGURE_RULES.iter().filter(|rule| rule.table == table);
        let mut wanted: Vec<(&'static str, usize)> = rules
            .filter_map(|rule| match rule.denominator {
                FigurePart::Total(column, keys) => Some((column, keys)),
                _ => None,
            })
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        for (column, keys) in wanted {
            let Some(place) = self.columns.iter().position(|known| *known.name == *column) else { continue };
            for (key, row) in &self.rows {
                if let Some(FigureValue::Count(count)) = row[place] {
                    *self.totals.entry((column, key[..keys].to_vec())).or_default() += i128::from(count);
                }
            }
        }
    }
}

/// The numbers of one period.
#[derive(Clone, Debug, Default)]
pub(super) struct MonthFacts {
    /// By table; a table that cannot be measured is missing.
    pub tables: BTreeMap<&'static str, TableFacts>,
    /// Keys of promises and reasons that cannot be measured, since a table is absent.
    pub not_measured: Vec<(&'static str, FigureKey)>,
}

impl MonthFacts {
    /// Measures a period. What waits or is overdue is so at 00:00 of the day `as_of`.
    pub fn measure(inputs: DueInputs, groups: &Groups, run: Run, as_of: i32) -> Self {
        let DueInputs { base, policy, log, .. } = inputs;
        let mut facts = Self::default();
        let supply = PromiseFigures::of(base, groups, log, inputs.interruptions, policy, run);
        if let (Some(figures), Some(outages)) = (&supply, log.outages.as_deref()) {
            facts.add(promises::tables(figures, base, groups, outages, policy), run);
            if let Some(promises) = facts.tables.get_mut("promises") {
                promises.seconds = availability_seconds(figures, groups, policy);
            }
            let absent = figures.promises.not_measured.iter();
            let keys = absent.map(|&promise| vec![policy.promises[promise].id.as_str().into()]);
            facts.not_measured.extend(keys.map(|key| ("promises", key)));
        }
        drop(supply);
        let inputs = DueInputs { run, ..inputs };
        if let (Some(figures), Some(rows)) = (Delivered::counts(inputs, groups), log.deliveries.as_deref()) {
            facts.add(delivered::tables(inputs, groups, &figures, rows), run);
            let absent = figures.not_measured.iter();
            let keys = absent.map(|&reason| vec![figures.reasons.name(reason).into()]);
            facts.not_measured.extend(keys.map(|key| ("delivered", key)));
        }
        if let Some(mut figures) = ContactFigures::of(base, groups, log, policy, run) {
            figures.ageing = ageing_at(figures.contacts.all, run, as_of);
            facts.add(contacts::tables(ContactNames { base, groups, policy }, &figures), run);
        }
        if let Some(checks) = &log.checks {
            facts.add(vec![checks_table(check_rows(checks, run.period))], run);
        }
        if let Some(corrections) = &log.corrections {
            facts.add(vec![corrections_table(correction_rows(corrections, run.period, as_of))], run);
        }
        facts
    }

    fn add(&mut self, outputs: Vec<Output>, run: Run) {
        for output in outputs {
            let Some(table) = FIGURE_TABLES.iter().find(|table| table.name == output.name) else { continue };
            let mut facts = match table.name {
                "major_days" => major_days(output),
                _ => table_facts(table, output, run),
            };
            facts.add_up(table.name);
            self.tables.insert(table.name, facts);
        }
    }
}

/// By the key of a row, the seconds of promises of availability.
fn availability_seconds(
    figures: &PromiseFigures,
    groups: &Groups,
    policy: &Policy,
) -> BTreeMap<FigureKey, [i64; 2]> {
    let rows = figures.promises.rows.iter().filter_map(|row| {
        let (id, group) = (policy.promises[row.promise].id.as_str(), groups.group(row.group));
        Some((vec![id.into(), group.by.code().into(), group.name.clone()], row.seconds?))
    });
    rows.collect()
}

/// The ageing of contacts as it was at 00:00 of a day.
fn ageing_at(contacts: &[Contact], run: Run, as_of: i32) -> Vec<AgeingRow> {
    let now = Second::of_day(as_of);
    let kinds = [ContactKind::Complaint, ContactKind::Report];
    let waiting = contacts.iter().filter(|contact| {
        let is_open = contact.closed_at.is_none_or(|closed| closed >= now);
        kinds.contains(&contact.kind) && contact.received_at < now && is_open
    });
    let waiting: Vec<Contact> =
        waiting.map(|contact| Contact { closed_at: None, ..contact.clone() }).collect();
    ageing(&waiting, Run { as_of, ..run })
}

/// The table of major event days as one row: how many there are, and the threshold.
fn major_days(output: Output) -> TableFacts {
    let (mut days, mut threshold) = (0, None);
    for batch in output.batches {
        let of_batch = &batch["day"];
        days += i64::try_from(of_batch.len() - of_batch.null_count()).unwrap_or(i64::MAX);
        threshold = threshold.or(cell(&batch["t_med_min"], 0));
    }
    let columns = ["days", "t_med_min"];
    TableFacts {
        columns: columns.map(|name| FigureColumn { name: name.into(), is_zero_without_row: false }).into(),
        rows: BTreeMap::from([(Vec::new(), vec![Some(FigureValue::Count(days)), threshold])]),
        totals: BTreeMap::new(),
        seconds: BTreeMap::new(),
    }
}

fn table_facts(table: &FigureTable, output: Output, run: Run) -> TableFacts {
    let numbers = output.schema.fields().iter().enumerate().filter(|(_, field)| {
        let is_number = matches!(field.data_type(), DataType::Int64 | DataType::Float64 | DataType::Boolean);
        is_number && !table.key.contains(&field.name().as_str())
    });
    let (places, columns): (Vec<usize>, Vec<FigureColumn>) = numbers
        .map(|(place, field)| {
            let is_zero_without_row = field.data_type() != &DataType::Float64 && !field.is_nullable();
            (place, FigureColumn { name: field.name().as_str().into(), is_zero_without_row })
        })
        .unzip();
    let mut facts = TableFacts { columns, ..TableFacts::default() };
    for batch in output.batches {
        let groupings = batch.column_by_name("group_by").map(|column| column.as_string::<i32>());
        for row in 0..batch.num_rows() {
            let grouping = groupings.and_then(|groupings| GroupBy::from_code(groupings.value(row)));
            if !matches!(grouping, None | Some(GroupBy::All | GroupBy::Tier)) {
                continue;
            }
            let key = table.key.iter().map(|name| key_cell(&batch, name, row, run)).collect();
            facts.rows.insert(key, places.iter().map(|&place| cell(batch.column(place), row)).collect());
        }
    }
    facts
}

fn key_cell(batch: &RecordBatch, name: &str, row: usize, run: Run) -> Box<str> {
    let column = &batch[name];
    if let Some(days) = column.as_primitive_opt::<Date32Type>() {
        let month = Month::of_day(days.value(row)).map_or(0, |month| month.0 - run.period.first.0);
        return (month + 1).to_string().into();
    }
    column.as_string::<i32>().value(row).into()
}

fn cell(column: &ArrayRef, row: usize) -> Option<FigureValue> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Int64 => Some(FigureValue::Count(column.as_primitive::<Int64Type>().value(row))),
        DataType::Float64 => Some(FigureValue::Real(column.as_primitive::<Float64Type>().value(row))),
        DataType::Boolean => Some(FigureValue::Count(i64::from(column.as_boolean().value(row)))),
        _ => None,
    }
}
