//! How long scores and tiers of millions of customers take from indicators in memory. A copy of the same bytes is
//! timed for comparison.
//!
//! `GRIDTIER_BENCH_CUSTOMERS` sets the number of customers (1,000,000 by default). Indicators are generated before timing:
//! energy is log-normal, growth is unknown for one customer in ten, several indicators do not apply to most customers,
//! shares have many equal values, and one customer in two hundred has confirmed offences. Peak memory is printed before
//! the copy runs, because the copy allocates a second set of columns.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gridtier::indicator::{INDICATORS, IndicatorColumn, IndicatorValue};
use gridtier::key::KeyIndex;
use gridtier::method::{Method, Tier};
use gridtier::score::{Population, Scores, judge};
use gridtier::stratum::Groups;
use gridtier::tier::{Previous, TierInputs, Tiers, grade_on};
use gridtier::unit::Month;
use rayon::prelude::*;

/// Number of words that one task copies: 32 KiB, the block size of scoring.
const PIECE: usize = 1 << 12;

struct Utility {
    method: Method,
    columns: Vec<IndicatorColumn>,
    short_history: Vec<bool>,
    ids: KeyIndex,
    supply_level: Vec<u32>,
    ceilings: Vec<Option<Tier>>,
    previous: Previous,
}

/// A uniform number in [0, 1) determined by customer and purpose (splitmix64).
fn draw(customer: u32, purpose: u64) -> f64 {
    let mut x = (u64::from(customer) << 8 | purpose).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Approximately standard normal: the sum of twelve uniform numbers, minus 6.
fn normal(customer: u32, purpose: u64) -> f64 {
    (0..12).map(|part| draw(customer, purpose + part)).sum::<f64>() - 6.0
}

/// 0 for residential, 1 for business and 2 for industrial customers.
fn kind(customer: u32) -> usize {
    let x = draw(customer, 0);
    usize::from(x > 0.88) + usize::from(x > 0.98)
}

/// A multiple of 1 / `parts`, most often 1.
fn share(customer: u32, purpose: u64, parts: f64) -> f64 {
    (draw(customer, purpose).powf(0.25) * (parts + 1.0)).floor().min(parts) / parts
}

fn energy(customer: u32) -> f64 {
    let median = [7.6, 9.6, 13.0][kind(customer)];
    ((median + normal(customer, 1) * [0.6, 1.0, 1.4][kind(customer)]).exp() * 1000.0).round() / 1000.0
}

fn price(customer: u32) -> f64 {
    [0.52, 0.81, 0.64][kind(customer)] + 0.08 * draw(customer, 13)
}

fn value(id: &str, customer: u32) -> IndicatorValue {
    let kind = kind(customer);
    let mostly_zero = |purpose: u64, part: f64, most: f64| {
        let x = draw(customer, purpose);
        if x < part { (most * x / part * 100.0).round() / 100.0 } else { 0.0 }
    };
    let applicable = |purpose: u64, parts: [f64; 3], x: f64| {
        if draw(customer, purpose) < parts[kind] {
            IndicatorValue::Known(x)
        } else {
            IndicatorValue::NotApplicable
        }
    };
    let known = |purpose: u64, part: f64, x: f64| {
        if draw(customer, purpose) < part { IndicatorValue::Known(x) } else { IndicatorValue::Unknown }
    };
    let audited = if kind == 2 { 0.5 } else { 0.001 };
    match id {
        "annual_energy" => known(20, 0.995, energy(customer)),
        "annual_revenue" => known(21, 0.99, (energy(customer) * price(customer) * 100.0).round() / 100.0),
        "average_price" => known(22, 0.985, price(customer)),
        "energy_growth" => known(23, 0.9, 0.02 + 0.1 * normal(customer, 24)),
        "total_energy_use" => known(37, audited, energy(customer) / 3000.0),
        "replaceable_share" => known(37, audited, draw(customer, 38)),
        "sensitivity" => {
            IndicatorValue::Known([0.0, 0.3, 0.5, 0.6, 0.8, 1.0][(mostly_zero(39, 0.01, 5.9)) as usize])
        }
        "power_factor_attainment" => applicable(40, [0.0, 0.6, 1.0], share(customer, 41, 36.0)),
        "on_time_payment" => known(42, 0.97, share(customer, 43, 36.0)),
        "overdue_days" => known(42, 0.97, mostly_zero(44, 0.4, 60.0)),
        "fault_impact" => IndicatorValue::Known(mostly_zero(45, 0.005, 500.0)),
        "plan_completion" => applicable(46, [0.0, 0.05, 0.8], draw(customer, 47)),
        "violation_points" => IndicatorValue::Known(mostly_zero(48, 0.015, 8.0)),
        "policy_fulfilment" => applicable(49, [0.02, 0.1, 0.9], share(customer, 50, 12.0)),
        "work_fulfilment" => applicable(51, [0.01, 0.1, 0.7], share(customer, 52, 6.0)),
        _ => IndicatorValue::Known(mostly_zero(53, 0.03, 6.0).floor()),
    }
}

fn utility(people: u32) -> Utility {
    let column = |id: &str| (0..people).into_par_iter().map(|customer| value(id, customer)).collect();
    let mut ids = KeyIndex::default();
    (0..people).for_each(|customer| {
        ids.insert(&format!("{customer:010}"));
    });
    Utility {
        method: Method::preset("utility").expect("the preset").expect("a sound preset"),
        columns: INDICATORS.iter().map(|indicator| column(indicator.id)).collect(),
        short_history: (0..people).map(|customer| draw(customer, 60) < 0.05).collect(),
        ids,
        supply_level: (0..people).map(|customer| 2 - kind(customer) as u32).collect(),
        ceilings: (0..people).map(|customer| (draw(customer, 61) < 0.005).then_some(Tier::Grade3)).collect(),
        previous: Previous::new(),
    }
}

impl Utility {
    fn people(&self) -> u32 {
        self.ceilings.len() as u32
    }

    /// What [`judge`] takes besides indicators and method.
    fn population(&self) -> Population<'_> {
        Population {
            numbers: (0..self.people()).collect(),
            short_history: &self.short_history,
            delivered: vec![true; self.columns.len()],
            groups: Groups::one(),
        }
    }

    /// What [`grade_on`] takes besides indicators, scores and method.
    fn tier_inputs(&self) -> TierInputs<'_> {
        let groups = Groups {
            names: ["high_voltage", "low_voltage", "residential"].map(str::to_owned).to_vec(),
            numbers: self.supply_level.clone(),
        };
        let (ids, previous, end) = (&self.ids, &self.previous, Month::new(2026, 1));
        TierInputs { ids, groups, end, ceilings: self.ceilings.clone(), previous }
    }

    fn scores(&self, population: Population) -> Scores {
        judge(population, &self.columns, &self.method)
    }

    fn tiers(&self, inputs: TierInputs, scores: &Scores) -> Tiers {
        grade_on(inputs, &self.columns, scores, &self.method)
    }

    fn both(&self, (population, inputs): (Population, TierInputs)) -> (Scores, Tiers) {
        let scores = self.scores(population);
        let tiers = self.tiers(inputs, &scores);
        (scores, tiers)
    }
}

/// Reads and writes every indicator once.
fn copy(columns: &[IndicatorColumn], target: &mut [Vec<u64>]) {
    for (column, target) in columns.iter().zip(target) {
        let pieces = target.par_chunks_mut(PIECE).zip(column.bits().par_chunks(PIECE));
        pieces.for_each(|(target, piece)| target.copy_from_slice(black_box(piece)));
    }
}

/// User and system time of the process so far, in seconds; `/proc` counts in ticks of 1/100 s.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Prints the processor time of a stage, which on a shared machine varies less than wall-clock time.
#[expect(clippy::print_stdout, reason = "a bench prints its measurements")]
fn print_processor_time<I, T>(stage: &str, input: impl Fn() -> I, mut run: impl FnMut(I) -> T) {
    const RUNS: u32 = 5;
    let mut seconds = 0.0;
    for _ in 0..RUNS {
        let input = input();
        let before = processor_seconds();
        let result = black_box(run(input));
        seconds += processor_seconds() - before;
        drop(result);
    }
    println!("{stage}: {:.3} s of processor", seconds / f64::from(RUNS));
}

/// Peak resident memory of the process.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.map_or_else(|| "not available on this system".into(), |line| line[6..].trim().to_owned())
}

#[expect(clippy::print_stdout, reason = "a bench prints its measurements")]
fn judgement(c: &mut Criterion) {
    let people = std::env::var("GRIDTIER_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok());
    let people = people.unwrap_or(1_000_000);
    let utility = utility(people);
    let mut group = c.benchmark_group("judgement");
    group.sample_size(10).throughput(Throughput::Elements(people.into()));
    let id = |stage: &str| BenchmarkId::new(stage, people);
    // Inputs that a grading has anyway are copied, and results dropped, outside the time.
    let (population, inputs) = (|| utility.population(), || utility.tier_inputs());
    let size = BatchSize::PerIteration;
    group.bench_function(id("scores"), |b| {
        b.iter_batched(population, |population| utility.scores(population), size)
    });
    let scores = utility.scores(population());
    group.bench_function(id("tiers"), |b| {
        b.iter_batched(inputs, |inputs| utility.tiers(inputs, &scores), size)
    });
    print_processor_time("scores", population, |population| utility.scores(population));
    print_processor_time("tiers", inputs, |inputs| utility.tiers(inputs, &scores));
    drop(scores);
    let both = || (population(), inputs());
    group.bench_function(id("scores+tiers"), |b| b.iter_batched(both, |inputs| utility.both(inputs), size));
    println!("peak memory with {people} customers: {}", peak());
    let bytes: usize = utility.columns.iter().map(|column| size_of_val(column.bits())).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    let mut target: Vec<Vec<u64>> = utility.columns.iter().map(|column| column.bits().to_vec()).collect();
    group.bench_function(id("copy"), |b| b.iter(|| copy(&utility.columns, &mut target)));
    print_processor_time("copy", || (), |()| copy(&utility.columns, &mut target));
    group.finish();
}

criterion_group!(benches, judgement);
criterion_main!(benches);
