//! The stages of a grading on an invented utility that begin with files: decoding alone, the meter kernel, indicators.
//!
//! `GRIDTIER_BENCH_CUSTOMERS` sets the size (20,000 by default; daily readings of six months, 3.5 million rows). Data are
//! written from a seed outside the timed part.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::fact;
use gridtier::method::Method;
use gridtier::source::{Intake, Source};
use gridtier::unit::{Month, Window};
use gridtier::{indicator, meter};
use gridtier_io::folder::DataFolder;
use gridtier_io::sample::{self, Cadence, Faults, Layout, SampleSpec};
use rayon::prelude::*;
use tempfile::TempDir;

const MONTHS: u32 = 6;
const COLUMNS: &[&str] = &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];

struct Utility {
    /// Kept while the files are read.
    _dir: TempDir,
    folder: DataFolder,
    customers: Customers,
    window: Window,
    rows: u64,
    people: u32,
}

fn utility(faults: Faults, layout: Layout) -> Utility {
    let people =
        std::env::var("GRIDTIER_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let spec = SampleSpec {
        customers: people,
        months: MONTHS,
        cadence: Cadence::Daily,
        faults,
        layout,
        ..SampleSpec::demo()
    };
    let dir = tempfile::tempdir().expect("a folder for the data");
    let summary = sample::write(&dir.path().join("data"), &spec).expect("the data written");
    let folder = DataFolder::open(&dir.path().join("data")).expect("the data opened");
    let customers = customer::read(&folder, &mut Intake::new(Table::Customers)).expect("the customers read");
    let window = Window { end: Month::new(spec.end.0, spec.end.1), months: MONTHS };
    Utility { rows: summary.rows(Table::MeterReadings), _dir: dir, folder, customers, window, people }
}

/// Decodes the kernel's columns and looks at nothing.
fn decode(utility: &Utility) -> u64 {
    let parts = utility.folder.parts(Table::MeterReadings).expect("parts").unwrap_or_default();
    let rows = AtomicU64::new(0);
    parts.par_iter().for_each(|&part| {
        let read = utility.folder.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            rows.fetch_add(black_box(batch).record.num_rows() as u64, Ordering::Relaxed);
            Ok(())
        });
        read.expect("a part read");
    });
    rows.into_inner()
}

fn readings(c: &mut Criterion) {
    let mut group = c.benchmark_group("readings");
    group.sample_size(10);
    for (name, faults, layout) in [
        ("one_file", Faults::None, Layout::Flat),
        ("monthly_files", Faults::None, Layout::MonthlyFiles),
        ("faults", Faults::Few, Layout::Flat),
    ] {
        let utility = utility(faults, layout);
        group.throughput(Throughput::Elements(utility.rows));
        let id = |stage: &str| BenchmarkId::new(format!("{stage}/{name}"), utility.people);
        group.bench_function(id("decode"), |b| b.iter(|| decode(&utility)));
        group.bench_function(id("kernel"), |b| {
            b.iter(|| {
                let mut book = Intake::new(Table::MeterReadings);
                meter::read(&utility.folder, &utility.customers, utility.window, &mut book).expect("usage")
            });
        });
    }
    group.finish();
}

fn judgement(c: &mut Criterion) {
    let utility = utility(Faults::None, Layout::Flat);
    let method = Method::preset("utility").expect("the preset").expect("a sound preset");
    let facts = fact::read(&utility.folder, utility.window).expect("facts");
    let mut group = c.benchmark_group("judgement");
    group.throughput(Throughput::Elements(facts.rows.len() as u64));
    let id = |stage: &str| BenchmarkId::new(stage, utility.people);
    group.bench_function(id("indicators"), |b| b.iter(|| indicator::compute(&facts, &method.own)));
    group.finish();
}

criterion_group!(benches, readings, judgement);
criterion_main!(benches);
