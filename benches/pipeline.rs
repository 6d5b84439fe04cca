//! The stages that begin with files: decoding alone, the meter kernel, indicators, a whole grading, and a grading that
//! reuses the facts of a published cycle.
//!
//! `GRIDTIER_BENCH_CUSTOMERS` sets the size (20,000 by default: 3.6 million daily readings of six months). Data are written
//! from a seed, outside the timed part.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int32Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::entitlement::Catalogue;
use gridtier::fact::Facts;
use gridtier::index::{count, index_u64};
use gridtier::meter::ReadingDetail;
use gridtier::method::{Method, PRESETS};
use gridtier::run::Graded;
use gridtier::source::{Source, TableBook};
use gridtier::tier::Previous;
use gridtier::unit::{DAY_US, Month, Window};
use gridtier::{fact, indicator, meter, run};
use gridtier_io::folder::DataFolder;
use gridtier_io::publish::{Grading, publish, write_facts};
use gridtier_io::reuse::{self, Reuse};
use gridtier_io::store::{Commit, Store};
use gridtier_sample::{SampleCadence, SampleFaults, SampleLayout, SampleSpec};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use tempfile::TempDir;

const MONTHS: u32 = 6;
const WINDOW: Window = Window { end: Month(56 * 12), months: MONTHS };
const COLUMNS: &[&str] = &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];
/// An indicator that an analyst may add: the use of the contracted capacity. It uses three facts and has a condition.
const OWN_INDICATOR: &str = "capacity_use = { expr = \"active_wh / 1000 / (contract_capacity_kva * 730 * covered_months)\", applies = \"supply_level <> 'residential'\", unit = \"share\", direction = \"+\", title = \"Capacity use\", title_zh = \"容量利用率\", normalise = \"target\", target = 0.55, tolerance = 0.55 }\n";
/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 20;

/// The order of rows in a file.
#[derive(Clone, Copy)]
enum Order {
    Time,
    Customer,
    Shuffled,
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers on every machine.
struct Draw(u64);

impl Draw {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The number of customers.
fn size() -> u32 {
    std::env::var("GRIDTIER_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// A folder of readings; it is deleted when dropped.
struct ReadingsFolder {
    _dir: TempDir,
    folder: DataFolder,
    customers: Customers,
    rows: u64,
    bytes: u64,
}

impl ReadingsFolder {
    /// Writes daily readings in `order`, with ids in dictionaries or as plain text; `faults` per cent of the rows break a
    /// rule or come twice.
    fn write(order: Order, in_dictionary: bool, faults: u64) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the data");
        let ids: Vec<String> =
            (0..size()).map(|customer| (10_000_000_001 + u64::from(customer)).to_string()).collect();
        let ids = StringArray::from(ids);
        write_customers(&dir.path().join("customers.parquet"), &ids);
        let (rows, path) = (customers_and_days(order, faults), dir.path().join("meter_readings.parquet"));
        write_readings(&path, &ids, &rows, in_dictionary, faults);
        let folder = DataFolder::open(dir.path()).expect("the data opened");
        let customers =
            customer::read(&folder, &mut TableBook::new(Table::Customers)).expect("the customers read");
        let bytes = path.metadata().expect("the file's length").len();
        Self { _dir: dir, folder, customers, rows: count(rows.len()), bytes }
    }
}

/// Customer and day of every row.
fn customers_and_days(order: Order, faults: u64) -> Vec<(u32, u32)> {
    let mut draw = Draw(1);
    let days = (WINDOW.end.first_day() - WINDOW.start().first_day()).unsigned_abs();
    let customers = size();
    let mut rows: Vec<(u32, u32)> = match order {
        Order::Customer => {
            (0..customers).flat_map(|customer| (0..days).map(move |day| (customer, day))).collect()
        }
        Order::Time | Order::Shuffled => {
            (0..days).flat_map(|day| (0..customers).map(move |customer| (customer, day))).collect()
        }
    };
    if let Order::Shuffled = order {
        for place in (1..rows.len()).rev() {
            rows.swap(place, index_u64(draw.below(count(place) + 1)));
        }
    }
    if faults == 0 {
        return rows;
    }
    // One per cent of the readings come twice.
    rows.into_iter().flat_map(|row| std::iter::repeat_n(row, 1 + usize::from(draw.below(100) == 0))).collect()
}

fn write_customers(path: &Path, ids: &StringArray) {
    let residential: ArrayRef = Arc::new(StringArray::from(vec!["residential"; ids.len()]));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(ids.clone())),
        ("use_category", residential.clone()),
        ("supply_level", residential),
        ("opened_on", Arc::new(Date32Array::from(vec![0; ids.len()]))),
        ("aged_transformer_area", Arc::new(BooleanArray::from(vec![false; ids.len()]))),
    ];
    write(path, RecordBatch::try_from_iter(columns).expect("columns of one length"), true);
}

/// An energy in kWh that depends only on customer and day, so that a reading that occurs twice has the same energy in both
/// rows.
fn energy((customer, day): (u32, u32), salt: u64) -> f64 {
    Draw(u64::from(customer) << 32 | u64::from(day) << 8 | salt).below(50_000) as f64 / 1000.0
}

fn write_readings(path: &Path, ids: &StringArray, rows: &[(u32, u32)], in_dictionary: bool, faults: u64) {
    let mut draw = Draw(2);
    let keys: Int32Array = rows.iter().map(|(customer, _)| Some(*customer as i32)).collect();
    let customers = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(ids.clone())).expect("known keys");
    let start_us = i64::from(WINDOW.start().first_day()) * DAY_US;
    let times: TimestampMicrosecondArray =
        rows.iter().map(|(_, day)| Some(start_us + i64::from(*day) * DAY_US)).collect();
    let mut active: Vec<f64> = rows.iter().map(|&row| energy(row, 1)).collect();
    let reactive: Float64Array = rows.iter().map(|&row| Some(energy(row, 2))).collect();
    for value in &mut active {
        let drawn = draw.below(100);
        if drawn + 1 < faults {
            *value = if drawn.is_multiple_of(2) { -1.0 } else { f64::NAN };
        }
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(customers)),
        ("read_at", Arc::new(times)),
        ("active_kwh", Arc::new(Float64Array::from(active))),
        ("reactive_kvarh", Arc::new(reactive)),
    ];
    write(path, RecordBatch::try_from_iter(columns).expect("columns of one length"), in_dictionary);
}

fn write(path: &Path, table: RecordBatch, in_dictionary: bool) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_dictionary_page_size_limit(64 << 20)
        .set_column_dictionary_enabled(ColumnPath::from("customer_id"), in_dictionary)
        .set_column_dictionary_enabled(ColumnPath::from("active_kwh"), false)
        .set_column_dictionary_enabled(ColumnPath::from("reactive_kvarh"), false)
        .build();
    let file = std::fs::File::create(path).expect("a new file");
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).expect("a writer");
    writer.write(&table).expect("the table written");
    writer.close().expect("the file closed");
}

/// Decodes the kernel's columns and does nothing with them.
fn decode(folder: &DataFolder) {
    let parts = folder.parts(Table::MeterReadings).expect("parts").unwrap_or_default();
    parts.par_iter().for_each(|&part| {
        let read = folder.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            black_box(batch);
            Ok(())
        });
        read.expect("a part read");
    });
}

fn bench_kernel(c: &mut Criterion) {
    for (order_name, order) in
        [("by_time", Order::Time), ("by_customer", Order::Customer), ("shuffled", Order::Shuffled)]
    {
        for (ids, in_dictionary) in [("dictionary", true), ("plain", false)] {
            for faults in [0, 5] {
                let data = ReadingsFolder::write(order, in_dictionary, faults);
                let mut group = c.benchmark_group("readings");
                group.sample_size(10);
                group.throughput(Throughput::ElementsAndBytes { elements: data.rows, bytes: data.bytes });
                let name = format!("{order_name}/{ids}/{faults}%/{}", size());
                group.bench_function(BenchmarkId::new("decode", &name), |b| b.iter(|| decode(&data.folder)));
                group.bench_function(BenchmarkId::new("kernel", &name), |b| {
                    b.iter(|| {
                        let mut book = TableBook::new(Table::MeterReadings);
                        meter::read(
                            &data.folder,
                            &data.customers,
                            WINDOW,
                            ReadingDetail::Energy,
                            None,
                            &mut book,
                        )
                        .expect("usage")
                    });
                });
                group.finish();
            }
        }
    }
}

/// A utility with all its tables, a file of readings for each month.
struct Whole {
    dir: TempDir,
    window: Window,
    method: Method,
    readings: u64,
}

impl Whole {
    fn write(cadence: SampleCadence, months: u32) -> Self {
        let spec = SampleSpec {
            customers: size(),
            months,
            cadence,
            faults: SampleFaults::None,
            layout: SampleLayout::MonthlyFiles,
            ..SampleSpec::demo()
        };
        let dir = tempfile::tempdir().expect("a folder for the data");
        let summary = gridtier_sample::write(&dir.path().join("data"), &spec).expect("the data written");
        let mut method = Method::preset("utility").expect("the preset").expect("a sound preset");
        method.window_months = months;
        let window = Window { end: Month::new(spec.end.0, spec.end.1), months };
        Self { dir, window, method, readings: summary.rows(Table::MeterReadings) }
    }

    fn open(&self) -> DataFolder {
        DataFolder::open(&self.dir.path().join("data")).expect("the data opened")
    }

    fn grade(&self) -> Graded {
        let (end, none) = (self.window.end, Previous::new());
        run::regrade(&self.open(), end, &self.method, &none, None, Vec::new()).expect("a grading")
    }

    /// A store whose only cycle is this grading.
    fn publish(&self) -> Store {
        let store = Store::open_or_create(self.dir.path().join("store")).expect("a store");
        let staging = store.begin().expect("the store's lock");
        let catalogue = Catalogue::shipped("paper", &[]).expect("the catalogue").expect("a sound catalogue");
        let (graded, folder) = (self.grade(), self.open());
        let grading = Grading {
            folder: &folder,
            graded: &graded,
            method: &self.method,
            catalogue: &catalogue,
            accepted_by: None,
            revises: None,
            previous: None,
            commit: Commit::cycle("", None),
        };
        let staged =
            write_facts(staging, &folder, &Reuse::Nothing, &graded.facts).expect("the facts written");
        publish(staged, &grading).expect("a cycle");
        store
    }

    /// Grades the same inputs again, with the facts of the store's cycle.
    fn grade_again(&self, store: &Store) -> Graded {
        let folder = self.open();
        let mut reuse =
            reuse::find(store, &folder, self.window, ReadingDetail::Energy).expect("the store read");
        let facts = reuse.take_facts().expect("a cycle of these inputs");
        run::judge(facts, &self.method, &Previous::new()).expect("a grading")
    }
}

/// From files to tiers, as `regrade` does except for publishing.
fn bench_grading(c: &mut Criterion) {
    let mut group = c.benchmark_group("grading");
    group.sample_size(10);
    for (name, cadence, months) in
        [("monthly", SampleCadence::Monthly, 36), ("daily", SampleCadence::Daily, 12)]
    {
        let utility = Whole::write(cadence, months);
        let facts = fact::read(&utility.open(), utility.window, ReadingDetail::Energy, None).expect("facts");
        let id = |stage: &str| BenchmarkId::new(stage, format!("{name}/{}", size()));
        group.throughput(Throughput::Elements(count(facts.rows.len())));
        group.bench_function(id("indicators"), |b| {
            b.iter(|| indicator::compute(&facts, utility.method.wanted()));
        });
        group.throughput(Throughput::Elements(utility.readings));
        group.bench_function(id("end_to_end"), |b| b.iter(|| utility.grade()));
        let store = utility.publish();
        group.bench_function(id("again"), |b| b.iter(|| utility.grade_again(&store)));
    }
    group.finish();
}

/// The facts of `people` customers: those of a small utility, repeated.
fn tiled_facts(people: usize) -> Facts {
    let utility = Whole::write(SampleCadence::Monthly, 36);
    let mut facts = fact::read(&utility.open(), utility.window, ReadingDetail::Energy, None).expect("facts");
    facts.rows = facts.rows.iter().copied().cycle().take(people).collect();
    facts.customers.rows = facts.customers.rows.iter().cloned().cycle().take(people).collect();
    facts.profiles = facts.profiles.iter().cloned().cycle().take(people).collect();
    facts
}

/// All indicators, with and without one that the method itself defines as an SQL expression.
fn bench_own_indicator(c: &mut Criterion) {
    let people = std::env::var("GRIDTIER_BENCH_TILED").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let facts = tiled_facts(people);
    let preset = PRESETS[1].1;
    let text = preset.replace("average_price = 0.20\n", "average_price = 0.10\ncapacity_use = 0.10\n");
    let text = text.replace("[indicators]\n", &format!("[indicators]\n{OWN_INDICATOR}"));
    let mut group = c.benchmark_group("indicators");
    group.sample_size(10).throughput(Throughput::Elements(count(people)));
    for (name, text) in [("registered", preset), ("with_own", text.as_str())] {
        let method = Method::parse("m.toml", text).expect("a sound method");
        group.bench_function(BenchmarkId::new(name, people), |b| {
            b.iter(|| indicator::compute(&facts, method.wanted()).expect("indicators"));
        });
    }
    group.finish();
}

criterion_group!(benches, bench_kernel, bench_grading, bench_own_indicator);
criterion_main!(benches);
