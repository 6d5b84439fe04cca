//! Tests on real and published data, if these are on the machine: 1,454 enterprises, a steel plant, judgements in print.

use std::fs::{self, File};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use gridtier::fact::power_factor_attained;
use gridtier::method::ahp::{self, Variant};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{Published, breaches, counts, current, method_file, run, scratch, shared, write};

/// Writes the customers table that the data lack.
fn tianchi(dir: &std::path::Path, readings: &std::path::Path) {
    fs::create_dir_all(dir).unwrap();
    fs::copy(readings, dir.join("meter_readings.parquet")).unwrap();
    let mut ids: Vec<String> = Published::read(readings).texts("customer_id").into_iter().flatten().collect();
    ids.sort();
    ids.dedup();
    let rows: Vec<String> =
        ids.iter().map(|id| format!("{id},commercial_industrial,low_voltage,2010-01-01,false")).collect();
    let header = "customer_id,use_category,supply_level,opened_on,aged_transformer_area";
    write(dir, "customers.csv", format!("{header}\n{}\n", rows.join("\n")));
}

#[test]
fn fourteen_hundred_real_enterprises_are_graded() {
    let Some(readings) = shared("tianchi/meter_readings.parquet") else { return };
    let scratch = scratch();
    let (data, store) = (scratch.path().join("data"), scratch.path().join("store"));
    tianchi(&data, &readings);
    let lenient =
        [("window_months = 36", "window_months = 21"), ("min_known_weight = 0.5", "min_known_weight = 0.1")];
    let method = method_file(scratch.path(), "paper", &lenient);
    let [data, store_arg] = [&data, &store].map(|path| path.to_str().unwrap());
    let args = |method: &str| {
        [
            "regrade",
            data,
            "--as-of",
            "2016-10-01",
            "--method",
            method,
            "--store",
            store_arg,
            "--accept-findings=test",
        ]
        .map(str::to_owned)
    };
    // Among the 1,454 enterprises there are 26 whose mean energy never falls and 74 with a month that is off their median
    // by a factor of 900; energy, growth and sensitivity have 0.5396 × (0.55 × 0.40 + 0.20 + 0.15) = 30.76 % of the weight.
    let accepted = ["looks_like_register", "unit_suspect", "little_delivered"];
    let ended = run(args(&method));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let cycle = current(&store);
    assert_eq!(breaches(&cycle), accepted);
    let tiers = Published::read(&cycle.join("tiers.parquet"));
    let names = tiers.texts("tier");
    let expected = [("grade-1", 437), ("grade-2", 727), ("grade-3", 145), ("special", 145)];
    assert_eq!(counts(&names).into_iter().collect::<Vec<_>>(), expected);
    let usage = Published::read(&cycle.join("monthly_usage.parquet"));
    let wh: i128 = usage.integers("active_wh").into_iter().flatten().map(i128::from).sum();
    assert_eq!(wh, 2_431_989_335_000);
    assert_eq!(usage.integers("readings").into_iter().flatten().sum::<i64>(), 929_106);
    let growth = Published::read(&cycle.join("indicators.parquet")).texts("energy_growth_status");
    assert_eq!(counts(&growth).into_iter().collect::<Vec<_>>(), [("unknown", 1454)]);

    let preset = run(args("paper"));
    assert_eq!(preset.code, 0, "{}", preset.stderr);
    assert_eq!(breaches(&current(&store)), accepted);
    // If an indicator has no data for any customer, its weight makes nobody provisional, but the summary names the
    // indicator.
    assert!(preset.stdout.contains("1,454 ranked, 0 provisional"), "{}", preset.stdout);
    assert!(preset.stdout.contains("69.2 % of the weight has no data: Annual revenue"), "{}", preset.stdout);
}

#[test]
fn the_power_factor_of_a_steel_plant_is_judged_as_published_on_all_rows() {
    let Some(path) = shared("steel/readings.parquet") else { return };
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let (mut rows, mut undefined) = (0, 0);
    for batch in reader.map(Result::unwrap) {
        for side in ["lagging", "leading"] {
            undefined += check_power_factors(&batch, side);
        }
        rows += batch.num_rows();
    }
    // In the last row the power factor is 0/0 on both sides.
    assert_eq!((rows, undefined), (35_040, 2));
}

/// Compares every interval with the published power factor of one side; gives the intervals without any energy.
fn check_power_factors(batch: &RecordBatch, side: &str) -> usize {
    let column =
        |name: String| batch.column_by_name(&name).unwrap().as_primitive::<Float64Type>().values().to_vec();
    let active = column("active_kwh".into());
    let reactive = column(format!("{side}_kvarh"));
    let published = column(format!("{side}_power_factor_percent"));
    let mut undefined = 0;
    for ((kwh, kvarh), percent) in active.into_iter().zip(reactive).zip(published) {
        let [wh, varh] = [kwh, kvarh].map(|x| gridtier::unit::round_half_away(x * 1e3));
        if wh == 0 && varh == 0 {
            undefined += 1;
            continue;
        }
        let (p, q) = (wh as f64, varh as f64);
        let power_factor = 100.0 * p / p.hypot(q);
        assert!(
            (power_factor - percent).abs() <= 0.005 + 1e-9,
            "{wh} Wh, {varh} varh: {power_factor} {percent}"
        );
        for standard in [90u8, 85, 80] {
            let rounded = (power_factor + 0.5).floor();
            let attained = power_factor_attained(wh, varh, standard).unwrap();
            assert_eq!(attained, rounded >= f64::from(standard), "{wh} Wh, {varh} varh, standard {standard}");
        }
    }
    undefined
}

#[test]
fn judgements_in_print_give_the_printed_weights() {
    let Some(path) = shared("published/mcda_cases.json") else { return };
    let cases: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases: Vec<&serde_json::Value> =
        cases.as_array().unwrap().iter().filter(|case| case["method"] == "ahp").collect();
    assert!(!cases.is_empty());
    for case in cases {
        let row =
            |row: &serde_json::Value| row.as_array().unwrap().iter().map(|a| a.as_f64().unwrap()).collect();
        let matrix: Vec<Vec<f64>> = case["matrix"].as_array().unwrap().iter().map(row).collect();
        let labels: Vec<&str> =
            case["labels"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        ahp::check(&matrix, labels.len()).unwrap();
        let judged = ahp::judge(&matrix, Variant::Eigenvector);
        for (label, weight) in labels.iter().zip(&judged.weights) {
            let printed = case["expected_weights"][label].as_f64().unwrap();
            assert!(
                (weight - printed).abs() <= 0.0005 + 1e-9,
                "{}: {label} {weight} {printed}",
                case["name"]
            );
        }
        assert!((judged.lambda_max - case["plain_lambda_max"].as_f64().unwrap()).abs() < 1e-9);
        assert!((judged.cr - case["expected_CR_saaty"].as_f64().unwrap()).abs() <= 0.0005);
    }
}
