//! Writes `meter_readings`: the one table that may not fit into memory.
//!
//! The window is cut into pieces of about one row group, each made and encoded by one thread and appended in order, a
//! few at a time. Rows come as a head end exports them: by time, then by customer. Energy is computed elsewhere; the
//! faults of the table are planted here, on homes whose readings are otherwise complete.

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
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use rayon::prelude::*;

use crate::energy::{MeterMonth, Reading, Shape, month_wh};
use crate::output::{GHOST_ID, ParquetFile, ROW_GROUP_ROWS, Written};
use crate::population::Utility;
use crate::{DUPLICATES, Layout, OUT_OF_WINDOW, SampleError};

/// Row groups in memory at once, at most: each takes about 130 MB while it is encoded.
const WAVE_MAX: usize = 4;

/// Some intervals of one month.
#[derive(Clone, Copy, Debug)]
struct Piece {
    month: u32,
    first: u32,
    end: u32,
    is_last_of_month: bool,
}

pub fn write(dir: &Path, utility: &Utility, layout: Layout) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::MeterReadings);
    let faults = if utility.has_faults() {
        PlantedReadings::new(utility, &mut written)
    } else {
        PlantedReadings::none()
    };
    let source = Source { utility, faults, dictionaries: Dictionaries::new(utility), schema: schema() };
    let pieces = pieces(utility);
    let name = Table::MeterReadings.name();
    if layout == Layout::Flat {
        written.rows = source.write_file(&dir.join(format!("{name}.parquet")), &pieces)?;
        return Ok(written);
    }
    let folder = dir.join(name);
    fs::create_dir(&folder).map_err(|source| SampleError::Io { path: folder.clone(), source })?;
    for of_month in pieces.chunk_by(|left, right| left.month == right.month) {
        let month = utility.window.month(of_month[0].month as usize);
        written.rows += source.write_file(&folder.join(format!("{month}.parquet")), of_month)?;
    }
    Ok(written)
}

/// The window in pieces of at most about one row group.
fn pieces(utility: &Utility) -> Vec<Piece> {
    let step = (ROW_GROUP_ROWS / utility.customers.len().max(1)).max(1) as u32;
    let mut pieces = Vec::new();
    for month in 0..utility.window.months {
        let intervals = utility.cadence.intervals(utility.window.month(month as usize));
        for first in (0..intervals).step_by(step as usize) {
            let end = (first + step).min(intervals);
            pieces.push(Piece { month, first, end, is_last_of_month: end == intervals });
        }
    }
    pieces
}

/// What every row group is made from.
struct Source<'a> {
    utility: &'a Utility,
    faults: PlantedReadings,
    dictionaries: Dictionaries,
    schema: SchemaRef,
}

impl Source<'_> {
    fn write_file(&self, path: &Path, pieces: &[Piece]) -> Result<u64, SampleError> {
        let mut file = ParquetFile::create(path.to_owned(), Arc::clone(&self.schema), &[])?;
        let mut rows = 0;
        let groups = self.row_groups(pieces);
        // The wave follows the machine, the row groups do not: the same bytes come out.
        for wave in groups.chunks(rayon::current_num_threads().clamp(1, WAVE_MAX)) {
            let encoded = wave
                .par_iter()
                .enumerate()
                .map(|(ahead, group)| {
                    let rows = self.rows(group);
                    Ok((rows.customers.len() as u64, file.encode(&rows.finish(&self.dictionaries), ahead)?))
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

    /// Neighbouring pieces together, as long as they fit into a row group.
    fn row_groups<'p>(&self, pieces: &'p [Piece]) -> Vec<&'p [Piece]> {
        let rows = |piece: &Piece| (piece.end - piece.first) as usize * self.utility.customers.len();
        let mut groups = Vec::new();
        let (mut begin, mut held) = (0, 0);
        for (place, piece) in pieces.iter().enumerate() {
            if held > 0 && held + rows(piece) > ROW_GROUP_ROWS {
                groups.push(&pieces[begin..place]);
                (begin, held) = (place, 0);
            }
            held += rows(piece);
        }
        groups.push(&pieces[begin..]);
        groups
    }

    fn rows(&self, pieces: &[Piece]) -> Rows {
        let mut rows = Rows::default();
        for piece in pieces {
            self.push_piece(&mut rows, *piece);
        }
        rows
    }

    fn push_piece(&self, rows: &mut Rows, piece: Piece) {
        let month = self.utility.window.month(piece.month as usize);
        let shapes = Shape::of_month(self.utility, piece.month);
        let mut meters: Vec<MeterMonth<'_>> = self
            .utility
            .customers
            .iter()
            .filter_map(|customer| MeterMonth::at(self.utility, customer, piece.month, &shapes, piece.first))
            .collect();
        let begin = rows.customers.len();
        for interval in piece.first..piece.end {
            let read_at_ms = self.utility.cadence.read_at_ms(month, interval);
            for meter in &mut meters {
                if let Some(reading) = meter.read(interval) {
                    rows.push(Row::new(meter.customer.index, read_at_ms, reading));
                }
            }
        }
        self.faults.spoil(rows, begin, piece.month);
        if piece.is_last_of_month {
            self.faults
                .surplus
                .iter()
                .filter(|(month, _)| *month == piece.month)
                .for_each(|(_, row)| rows.push(*row));
        }
    }
}

const ACTUAL: i8 = 0;
const ESTIMATED: i8 = 1;
const INVALID: i8 = 2;
const QUALITY_WORDS: [&str; 3] = ["actual", "estimated", "invalid"];

/// One row of the table; the customer by number, the ghost being one above the last.
#[derive(Clone, Copy, Debug)]
struct Row {
    customer: u32,
    read_at_ms: i64,
    active_kwh: f64,
    reactive_kvarh: Option<f64>,
    quality: i8,
}

impl Row {
    fn new(customer: u32, read_at_ms: i64, reading: Reading) -> Self {
        let quality = if reading.is_estimated { ESTIMATED } else { ACTUAL };
        let Reading { active_kwh, reactive_kvarh, .. } = reading;
        Self { customer, read_at_ms, active_kwh, reactive_kvarh, quality }
    }
}

/// Text of the columns, each value once.
struct Dictionaries {
    customers: Arc<StringArray>,
    meters: Arc<StringArray>,
    /// Position in `meters` of a customer's meter.
    meter_keys: Vec<Option<i32>>,
    qualities: Arc<StringArray>,
}

impl Dictionaries {
    fn new(utility: &Utility) -> Self {
        let mut meter_keys = Vec::with_capacity(utility.customers.len() + 1);
        let mut meters = Vec::new();
        for customer in &utility.customers {
            meter_keys.push(customer.meter_id.as_ref().map(|_| meters.len() as i32));
            meters.extend(customer.meter_id.as_deref());
        }
        meter_keys.push(None);
        let ids = utility.customers.iter().map(|customer| customer.id.as_str()).chain([GHOST_ID]);
        Self {
            customers: Arc::new(StringArray::from_iter_values(ids)),
            meters: Arc::new(StringArray::from_iter_values(meters)),
            meter_keys,
            qualities: Arc::new(StringArray::from_iter_values(QUALITY_WORDS)),
        }
    }
}

/// The columns of a row group.
#[derive(Default)]
struct Rows {
    customers: Vec<i32>,
    read_at_ms: Vec<i64>,
    active_kwh: Vec<f64>,
    reactive_kvarh: Float64Builder,
    qualities: Vec<i8>,
}

impl Rows {
    fn push(&mut self, row: Row) {
        self.customers.push(row.customer as i32);
        self.read_at_ms.push(row.read_at_ms);
        self.active_kwh.push(row.active_kwh);
        self.reactive_kvarh.append_option(row.reactive_kvarh);
        self.qualities.push(row.quality);
    }

    fn finish(mut self, texts: &Dictionaries) -> Vec<ArrayRef> {
        let mut meters = Int32Builder::with_capacity(self.customers.len());
        self.customers.iter().for_each(|customer| meters.append_option(texts.meter_keys[*customer as usize]));
        vec![
            text_column::<Int32Type>(Int32Array::from(self.customers), &texts.customers),
            text_column::<Int32Type>(meters.finish(), &texts.meters),
            Arc::new(TimestampMillisecondArray::from(self.read_at_ms)),
            Arc::new(Float64Array::from(self.active_kwh)),
            Arc::new(self.reactive_kvarh.finish()),
            text_column::<Int8Type>(Int8Array::from(self.qualities), &texts.qualities),
        ]
    }
}

fn text_column<K: ArrowDictionaryKeyType>(keys: PrimitiveArray<K>, values: &Arc<StringArray>) -> ArrayRef {
    Arc::new(DictionaryArray::new(keys, Arc::clone(values) as ArrayRef))
}

fn schema() -> SchemaRef {
    let text = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("customer_id", text(DataType::Int32), false),
        Field::new("meter_id", text(DataType::Int32), true),
        Field::new("read_at", DataType::Timestamp(TimeUnit::Millisecond, None), false),
        Field::new("active_kwh", DataType::Float64, false),
        Field::new("reactive_kvarh", DataType::Float64, true),
        Field::new("quality", text(DataType::Int8), true),
    ]))
}

/// How a good row becomes a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoil {
    Negative,
    NotFinite,
    Invalid,
    /// Wh in place of kWh, in every reading of the month.
    WattHours,
}

/// The faults of the table.
struct PlantedReadings {
    /// Month, customer, start of the reading (all of the month if `None`), and what becomes of it.
    spoiled: Vec<(u32, u32, Option<i64>, Spoil)>,
    /// Rows that are added to a month.
    surplus: Vec<(u32, Row)>,
}

impl PlantedReadings {
    fn none() -> Self {
        Self { spoiled: Vec::new(), surplus: Vec::new() }
    }

    fn new(utility: &Utility, written: &mut Written) -> Self {
        let mut planted = Self::none();
        let spoils = [
            (0, Spoil::Negative, Rule::Negative),
            (1, Spoil::NotFinite, Rule::NotFinite),
            (2, Spoil::Invalid, Rule::InvalidQuality),
            (3, Spoil::Invalid, Rule::InvalidQuality),
        ];
        for (slot, spoil, rule) in spoils {
            let Some(customer) = utility.target(slot) else { continue };
            let month = utility.fault_month(slot);
            planted.spoiled.push((month, customer.index, Some(first_read_at_ms(utility, month)), spoil));
            written.plant(rule.code(), 1);
        }
        planted.mix_units(utility, written, 4);
        for slot in 5..8 {
            if planted.repeat(utility, slot, 0.0) {
                written.plant(DUPLICATES, 1);
            }
        }
        if planted.repeat(utility, 8, 7.0) {
            // None of a conflicting pair can be believed: both are set aside.
            written.plant(Rule::ConflictingReading.code(), 2);
        }
        planted.stray(utility, written);
        planted
    }

    /// One customer's largest month comes in Wh: more than 900 times its median whatever the season.
    fn mix_units(&mut self, utility: &Utility, written: &mut Written, slot: usize) {
        let Some(customer) = utility.target(slot).filter(|_| utility.window.months >= 3) else { return };
        let month = (0..utility.window.months).max_by_key(|month| month_wh(utility, customer, *month));
        self.spoiled.push((month.unwrap_or(0), customer.index, None, Spoil::WattHours));
        written.plant(Rule::UnitSuspect.code(), 1);
    }

    /// Sends the first reading of a month again, with other energy unless `more_kwh` is 0.
    fn repeat(&mut self, utility: &Utility, slot: usize, more_kwh: f64) -> bool {
        let month = utility.fault_month(slot);
        let shapes = Shape::of_month(utility, month);
        let reading = utility
            .target(slot)
            .and_then(|customer| MeterMonth::at(utility, customer, month, &shapes, 0))
            .and_then(|mut meter| Some((meter.customer.index, meter.read(0)?)));
        let Some((customer, mut reading)) = reading else { return false };
        reading.active_kwh += more_kwh;
        self.surplus.push((month, Row::new(customer, first_read_at_ms(utility, month), reading)));
        true
    }

    /// Readings of nobody, and readings of somebody before and after the window.
    fn stray(&mut self, utility: &Utility, written: &mut Written) {
        let last = utility.window.months - 1;
        let row = |customer: u32, read_at_ms: i64| {
            let reading = Reading { active_kwh: 180.0, reactive_kvarh: None, is_estimated: false };
            Row::new(customer, read_at_ms, reading)
        };
        let nobody = utility.customers.len() as u32;
        for slot in 0..3.min(utility.window.months) {
            self.surplus.push((slot, row(nobody, first_read_at_ms(utility, slot))));
            written.plant(Rule::Orphan.code(), 1);
        }
        let before = utility.cadence.read_at_ms(utility.window.start().plus(-1), 0);
        let after = utility.cadence.read_at_ms(utility.window.end, 0);
        for slot in [9, 10] {
            let Some(customer) = utility.target(slot) else { continue };
            self.surplus.push((0, row(customer.index, before)));
            self.surplus.push((last, row(customer.index, after)));
            written.plant(OUT_OF_WINDOW, 2);
        }
    }

    /// Spoils what was planted on a month among the rows from `begin` on.
    fn spoil(&self, rows: &mut Rows, begin: usize, month: u32) {
        for (_, customer, read_at_ms, spoil) in self.spoiled.iter().filter(|(of, ..)| *of == month) {
            for place in begin..rows.customers.len() {
                if rows.customers[place] == *customer as i32
                    && read_at_ms.is_none_or(|at| rows.read_at_ms[place] == at)
                {
                    rows.spoil(place, *spoil);
                }
            }
        }
    }
}

impl Rows {
    fn spoil(&mut self, place: usize, spoil: Spoil) {
        let energy = &mut self.active_kwh[place];
        match spoil {
            Spoil::Negative => *energy = -(*energy + 1.0),
            Spoil::NotFinite => *energy = f64::NAN,
            Spoil::Invalid => self.qualities[place] = INVALID,
            Spoil::WattHours => *energy *= 1000.0,
        }
    }
}

fn first_read_at_ms(utility: &Utility, month: u32) -> i64 {
    utility.cadence.read_at_ms(utility.window.month(month as usize), 0)
}
