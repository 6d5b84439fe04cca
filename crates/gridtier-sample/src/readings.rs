//! Writes `meter_readings`, the one table that may not fit into memory.
//!
//! The window is cut into slices of at most about one row group. Threads make and encode row groups, a few at a time,
//! which are appended in order. Rows are sorted by time, then by customer, as a head-end system exports them. Faults are
//! planted on homes whose readings are otherwise complete.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int32Builder};
use arrow_array::types::{ArrowDictionaryKeyType, Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int8Array, Int32Array, PrimitiveArray, StringArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Quality, Table};
use gridtier::index::{count, index};
use gridtier::word::Word;
use rayon::prelude::*;

use crate::energy::{LoadCurve, MeterMonth, SampleReading, month_wh};
use crate::output::{GHOST_ID, ParquetTableWriter, ROW_GROUP_ROWS, WrittenTable};
use crate::population::SampleUtility;
use crate::{DUPLICATES, OUT_OF_WINDOW, SampleError, SampleLayout};

/// Maximum number of row groups in memory at once: each takes about 130 MB while it is encoded.
const ROW_GROUPS_MAX: usize = 4;

/// Some intervals of one month.
#[derive(Clone, Copy, Debug)]
struct MonthSlice {
    month: u32,
    first: u32,
    end: u32,
    is_last_of_month: bool,
}

/// Writes the readings in the layout asked for.
pub fn write(dir: &Path, utility: &SampleUtility, layout: SampleLayout) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::MeterReadings);
    let faults = if utility.has_faults() {
        PlantedReadings::new(utility, &mut written)
    } else {
        PlantedReadings::none()
    };
    let writer =
        ReadingsWriter { utility, faults, dictionaries: TextDictionaries::new(utility), schema: schema() };
    let slices = slices(utility);
    let name = Table::MeterReadings.name();
    if layout == SampleLayout::Flat {
        written.rows = writer.write_file(&dir.join(format!("{name}.parquet")), &slices)?;
        return Ok(written);
    }
    let folder = dir.join(name);
    fs::create_dir(&folder).map_err(|source| SampleError::Io { path: folder.clone(), source })?;
    for slices_of_month in slices.chunk_by(|left, right| left.month == right.month) {
        let month = utility.month(slices_of_month[0].month);
        written.rows += writer.write_file(&folder.join(format!("{month}.parquet")), slices_of_month)?;
    }
    Ok(written)
}

/// The window in slices of at most about one row group.
fn slices(utility: &SampleUtility) -> Vec<MonthSlice> {
    let intervals_per_slice = (ROW_GROUP_ROWS / utility.customers.len().max(1)).max(1);
    let mut slices = Vec::new();
    for month in 0..utility.window.months {
        let intervals = utility.cadence.intervals(utility.month(month));
        let mut starts = (0..intervals).step_by(intervals_per_slice).peekable();
        while let Some(first) = starts.next() {
            let end = starts.peek().copied().unwrap_or(intervals);
            slices.push(MonthSlice { month, first, end, is_last_of_month: end == intervals });
        }
    }
    slices
}

/// Writes the files of the readings.
struct ReadingsWriter<'a> {
    utility: &'a SampleUtility,
    faults: PlantedReadings,
    dictionaries: TextDictionaries,
    schema: SchemaRef,
}

impl ReadingsWriter<'_> {
    fn write_file(&self, path: &Path, slices: &[MonthSlice]) -> Result<u64, SampleError> {
        let mut file = ParquetTableWriter::create(path.to_owned(), Arc::clone(&self.schema), &[])?;
        let mut rows = 0;
        let groups = self.row_groups(slices);
        // How many row groups are encoded at the same time depends on the machine; the row groups and their bytes do not.
        for concurrent in groups.chunks(rayon::current_num_threads().clamp(1, ROW_GROUPS_MAX)) {
            let encoded = concurrent
                .par_iter()
                .enumerate()
                .map(|(ahead, group)| {
                    let rows = self.rows(group);
                    Ok((count(rows.customers.len()), file.encode(&rows.finish(&self.dictionaries), ahead)?))
                })
                .collect::<Result<Vec<_>, SampleError>>()?;
            for (group_rows, group) in encoded {
                rows += group_rows;
                file.append(group)?;
            }
        }
        file.close()?;
        Ok(rows)
    }

    /// Joins neighbouring slices as long as they fit into a row group.
    fn row_groups<'s>(&self, slices: &'s [MonthSlice]) -> Vec<&'s [MonthSlice]> {
        let mut groups = Vec::new();
        let (mut begin, mut held) = (0, 0);
        for (position, slice) in slices.iter().enumerate() {
            let rows = index(slice.end - slice.first) * self.utility.customers.len();
            if held > 0 && held + rows > ROW_GROUP_ROWS {
                groups.push(&slices[begin..position]);
                (begin, held) = (position, 0);
            }
            held += rows;
        }
        groups.push(&slices[begin..]);
        groups
    }

    fn rows(&self, slices: &[MonthSlice]) -> ReadingColumns {
        let mut rows = ReadingColumns::default();
        for slice in slices {
            self.push_slice(&mut rows, *slice);
        }
        rows
    }

    fn push_slice(&self, rows: &mut ReadingColumns, slice: MonthSlice) {
        let month = self.utility.month(slice.month);
        let curves = LoadCurve::of_month(self.utility, slice.month);
        let customers = self.utility.customers.iter();
        let mut meters: Vec<MeterMonth<'_>> = customers
            .filter_map(|customer| MeterMonth::at(self.utility, customer, slice.month, &curves, slice.first))
            .collect();
        let begin = rows.customers.len();
        for interval in slice.first..slice.end {
            let read_at_ms = self.utility.cadence.read_at_ms(month, interval);
            for meter in &mut meters {
                if let Some(reading) = meter.read(interval) {
                    rows.push(ReadingRow::new(meter.customer.index, read_at_ms, reading));
                }
            }
        }
        self.faults.spoil(rows, begin, slice.month);
        if slice.is_last_of_month {
            for (month, row) in &self.faults.surplus {
                if *month == slice.month {
                    rows.push(*row);
                }
            }
        }
    }
}

/// One row of the table. The customer is given by index; the index after the last stands for an unknown customer.
#[derive(Clone, Copy, Debug)]
struct ReadingRow {
    customer: u32,
    read_at_ms: i64,
    active_kwh: f64,
    reactive_kvarh: Option<f64>,
    quality: Quality,
}

impl ReadingRow {
    fn new(customer: u32, read_at_ms: i64, reading: SampleReading) -> Self {
        let quality = if reading.is_estimated { Quality::Estimated } else { Quality::Actual };
        let SampleReading { active_kwh, reactive_kvarh, .. } = reading;
        Self { customer, read_at_ms, active_kwh, reactive_kvarh, quality }
    }
}

/// The dictionaries of the text columns.
struct TextDictionaries {
    customers: Arc<StringArray>,
    meters: Arc<StringArray>,
    /// Key in `meters` of the meter of each customer.
    meter_keys: Vec<Option<i32>>,
    qualities: Arc<StringArray>,
}

impl TextDictionaries {
    fn new(utility: &SampleUtility) -> Self {
        let mut meter_keys = Vec::with_capacity(utility.customers.len() + 1);
        let mut meters = Vec::new();
        let mut meter_keys_used = 0;
        for customer in &utility.customers {
            let key = customer.meter_id.as_ref().map(|_| meter_keys_used);
            meter_keys.push(key);
            meters.extend(customer.meter_id.as_deref());
            meter_keys_used += i32::from(key.is_some());
        }
        meter_keys.push(None);
        let ids = utility.customers.iter().map(|customer| customer.id.as_str()).chain([GHOST_ID]);
        Self {
            customers: Arc::new(StringArray::from_iter_values(ids)),
            meters: Arc::new(StringArray::from_iter_values(meters)),
            meter_keys,
            qualities: Arc::new(StringArray::from_iter_values(Quality::CODES)),
        }
    }
}

/// The columns of a row group.
#[derive(Default)]
struct ReadingColumns {
    customers: Vec<u32>,
    read_at_ms: Vec<i64>,
    active_kwh: Vec<f64>,
    reactive_kvarh: Float64Builder,
    qualities: Vec<Quality>,
}

impl ReadingColumns {
    fn push(&mut self, row: ReadingRow) {
        self.customers.push(row.customer);
        self.read_at_ms.push(row.read_at_ms);
        self.active_kwh.push(row.active_kwh);
        self.reactive_kvarh.append_option(row.reactive_kvarh);
        self.qualities.push(row.quality);
    }

    fn finish(mut self, texts: &TextDictionaries) -> Vec<ArrayRef> {
        let mut meters = Int32Builder::with_capacity(self.customers.len());
        self.customers.iter().for_each(|&customer| meters.append_option(texts.meter_keys[index(customer)]));
        let customers = self.customers.into_iter().map(u32::cast_signed);
        let qualities = self.qualities.into_iter().map(|quality| quality.position() as i8);
        vec![
            text_column::<Int32Type>(Int32Array::from_iter_values(customers), &texts.customers),
            text_column::<Int32Type>(meters.finish(), &texts.meters),
            Arc::new(TimestampMillisecondArray::from(self.read_at_ms)),
            Arc::new(Float64Array::from(self.active_kwh)),
            Arc::new(self.reactive_kvarh.finish()),
            text_column::<Int8Type>(Int8Array::from_iter_values(qualities), &texts.qualities),
        ]
    }
}

fn text_column<K: ArrowDictionaryKeyType>(keys: PrimitiveArray<K>, values: &Arc<StringArray>) -> ArrayRef {
    Arc::new(DictionaryArray::new(keys, Arc::clone(values) as ArrayRef))
}

fn dictionary(key: DataType) -> DataType {
    DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8))
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("customer_id", dictionary(DataType::Int32), false),
        Field::new("meter_id", dictionary(DataType::Int32), true),
        Field::new("read_at", DataType::Timestamp(TimeUnit::Millisecond, None), false),
        Field::new("active_kwh", DataType::Float64, false),
        Field::new("reactive_kvarh", DataType::Float64, true),
        Field::new("quality", dictionary(DataType::Int8), true),
    ]))
}

/// How a row is made faulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadingFault {
    Negative,
    NotFinite,
    Invalid,
    /// Energy in Wh instead of kWh, in every reading of the month.
    WattHours,
}

/// The faults planted in the table.
struct PlantedReadings {
    /// Month, customer, start of the reading (`None` for all readings of the month), and the fault.
    spoiled: Vec<(u32, u32, Option<i64>, ReadingFault)>,
    /// Rows that are added at the end of a month.
    surplus: Vec<(u32, ReadingRow)>,
}

impl PlantedReadings {
    fn none() -> Self {
        Self { spoiled: Vec::new(), surplus: Vec::new() }
    }

    fn new(utility: &SampleUtility, written: &mut WrittenTable) -> Self {
        let mut planted = Self::none();
        let faults = [
            (0, ReadingFault::Negative, Rule::Negative),
            (1, ReadingFault::NotFinite, Rule::NotFinite),
            (2, ReadingFault::Invalid, Rule::InvalidQuality),
            (3, ReadingFault::Invalid, Rule::InvalidQuality),
        ];
        for (slot, fault, rule) in faults {
            let Some(customer) = utility.target(slot) else { continue };
            let month = utility.fault_month(slot);
            planted.spoiled.push((month, customer.index, Some(first_read_at_ms(utility, month)), fault));
            written.plant(rule.code(), 1);
        }
        planted.mix_units(utility, written, 4);
        for slot in 5..8 {
            if planted.repeat(utility, slot, 0.0) {
                written.plant(DUPLICATES, 1);
            }
        }
        if planted.repeat(utility, 8, 7.0) {
            // Both of a conflicting pair are rejected: either may be wrong.
            written.plant(Rule::ConflictingReading.code(), 2);
        }
        planted.stray(utility, written);
        planted
    }

    /// Writes one customer's largest month in Wh instead of kWh: in any season it is then more than 900 times its
    /// median month.
    fn mix_units(&mut self, utility: &SampleUtility, written: &mut WrittenTable, slot: usize) {
        let Some(customer) = utility.target(slot).filter(|_| utility.window.months >= 3) else { return };
        let month = (0..utility.window.months).max_by_key(|month| month_wh(utility, customer, *month));
        self.spoiled.push((month.unwrap_or(0), customer.index, None, ReadingFault::WattHours));
        written.plant(Rule::UnitSuspect.code(), 1);
    }

    /// Repeats the first reading of a month, with other energy unless `more_kwh` is 0.
    fn repeat(&mut self, utility: &SampleUtility, slot: usize, more_kwh: f64) -> bool {
        let month = utility.fault_month(slot);
        let curves = LoadCurve::of_month(utility, month);
        let reading = utility
            .target(slot)
            .and_then(|customer| MeterMonth::at(utility, customer, month, &curves, 0))
            .and_then(|mut meter| Some((meter.customer.index, meter.read(0)?)));
        let Some((customer, mut reading)) = reading else { return false };
        reading.active_kwh += more_kwh;
        self.surplus.push((month, ReadingRow::new(customer, first_read_at_ms(utility, month), reading)));
        true
    }

    /// Readings of an unknown customer, and readings before and after the window.
    fn stray(&mut self, utility: &SampleUtility, written: &mut WrittenTable) {
        let last = utility.window.months - 1;
        let reading = SampleReading { active_kwh: 180.0, reactive_kvarh: None, is_estimated: false };
        let unknown = utility.customers.last().map_or(0, |last| last.index + 1);
        for slot in 0..3.min(utility.window.months) {
            let row = ReadingRow::new(unknown, first_read_at_ms(utility, slot), reading);
            self.surplus.push((slot, row));
            written.plant(Rule::Orphan.code(), 1);
        }
        let before = utility.cadence.read_at_ms(utility.window.start().plus(-1), 0);
        let after = utility.cadence.read_at_ms(utility.window.end, 0);
        for slot in [9, 10] {
            let Some(customer) = utility.target(slot) else { continue };
            self.surplus.push((0, ReadingRow::new(customer.index, before, reading)));
            self.surplus.push((last, ReadingRow::new(customer.index, after, reading)));
            written.plant(OUT_OF_WINDOW, 2);
        }
    }

    /// Plants the faults of a month into the rows from `begin` on.
    fn spoil(&self, rows: &mut ReadingColumns, begin: usize, month: u32) {
        for &(fault_month, customer, read_at_ms, fault) in &self.spoiled {
            if fault_month != month {
                continue;
            }
            for row in begin..rows.customers.len() {
                if rows.customers[row] == customer && read_at_ms.is_none_or(|at| rows.read_at_ms[row] == at) {
                    rows.spoil(row, fault);
                }
            }
        }
    }
}

impl ReadingColumns {
    fn spoil(&mut self, row: usize, fault: ReadingFault) {
        let energy = &mut self.active_kwh[row];
        match fault {
            ReadingFault::Negative => *energy = -(*energy + 1.0),
            ReadingFault::NotFinite => *energy = f64::NAN,
            ReadingFault::Invalid => self.qualities[row] = Quality::Invalid,
            ReadingFault::WattHours => *energy *= 1000.0,
        }
    }
}

fn first_read_at_ms(utility: &SampleUtility, month: u32) -> i64 {
    utility.cadence.read_at_ms(utility.month(month), 0)
}
