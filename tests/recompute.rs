//! `verify --recompute`: a cycle of any kind follows from the files that its manifest names, and a cycle that was changed
//! together with its hashes does not follow from them.

use std::fs;
use std::path::{Path, PathBuf};

use gridtier_io::hash::sha256_of_bytes;
use serde_json::Value;

use crate::support::method_file;
use crate::utility::{CUSTOMERS, Utility};

const OWN: &str = "[hysteresis]\nband = 0.05\n[indicators.reactive_share]\nnormalise = \"percentile\"\nexpr = \"reactive_varh / active_wh\"\nunit = \
                   \"share\"\ndirection = \"-\"\n[limits]";

/// A method over twelve months with an indicator of its own, which keeps a tier near a line.
fn method(utility: &Utility) -> String {
    let changes = [
        ("window_months = 36", "window_months = 12"),
        ("average_price = 0.20", "average_price = 0.10\nreactive_share = 0.10"),
        ("[limits]", OWN),
    ];
    method_file(utility.path(), "paper", &changes)
}

fn recomputed(utility: &Utility, cycle: u64) -> (i32, Value) {
    let cycle = cycle.to_string();
    let args = ["verify", "--store", "store", "--cycle", &cycle, "--recompute", "data", "--format", "json"];
    let ended = utility.run(&args);
    (ended.code, serde_json::from_str(&ended.stdout).unwrap())
}

#[track_caller]
fn assert_equal(utility: &Utility, cycle: u64) {
    let (code, output) = recomputed(utility, cycle);
    assert_eq!(code, 0, "{output:#}");
    assert_eq!(output["recomputed"], serde_json::json!({ "cycle": cycle, "equal": true, "differences": [] }));
}

#[test]
fn cycles_with_and_without_reuse_hysteresis_own_indicators_and_known_rows_follow_from_their_inputs() {
    let utility = Utility::invented(150, &[]);
    let method = method(&utility);
    let grade = |options: &[&str]| {
        let args =
            ["regrade", "data", "--store", "store", "--method", &method, "--again", "--accept-findings=test"];
        utility.done(&[&args[..], options].concat())
    };
    grade(&["--as-of", "2025-07-01"]);
    grade(&["--as-of", "2026-01-01", "--tier-probability"]);
    grade(&["--as-of", "2026-01-01", "--fresh"]);
    grade(&["--as-of", "2026-01-01", "--known-as-of", "2025-12-01"]);
    for cycle in 1..=4 {
        assert_equal(&utility, cycle);
    }
    let output = utility.done(&["verify", "--store", "store", "--recompute", "data"]);
    assert!(output.contains("cycle 4, computed again from its inputs, is the same"), "{output}");
}

#[test]
fn cycles_of_holders_and_accepted_findings_follow_from_their_inputs() {
    let header = CUSTOMERS.replace("opened_on", "holder_id,opened_on");
    let rows = [("0001", "H1"), ("0002", "H1"), ("0003", "")]
        .map(|(id, holder)| format!("{id},commercial_industrial,low_voltage,{holder},2010-01-01,false\n"));
    let bad: String = (1..=11).map(|day| format!("0001,M1,2025-03-{day:02},5,,wrong\n")).collect();
    let utility =
        Utility::small().and("customers.csv", header + &rows.concat()).append("meter_readings.csv", &bad);
    let changes = [
        ("min_delivered_weight = 0.5", "min_delivered_weight = 0"),
        ("# What an unknown", "grading_unit = \"holder\"\n# What an unknown"),
    ];
    let method = method_file(utility.path(), "paper", &changes);
    utility.published(&["--method", &method, "--accept-findings=Li Na"]);
    assert_equal(&utility, 1);
}

#[test]
fn other_inputs_than_those_of_the_manifest_are_refused() {
    let utility = Utility::small();
    utility.published(&[]);
    let readings = fs::read_to_string(utility.data().join("meter_readings.csv")).unwrap();
    let verify = ["verify", "--store", "store", "--recompute", "data"];
    for (name, content) in [
        ("meter_readings.csv", readings.replacen("2025-02", "2025-03", 1)),
        ("bills.csv", crate::utility::BILLS.to_owned()),
    ] {
        let path = utility.data().join(name);
        fs::write(&path, content).unwrap();
        let ended = utility.run(&verify);
        assert_eq!(ended.code, 4, "{}", ended.stderr);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
        if name == "meter_readings.csv" {
            fs::write(&path, &readings).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
    }
    utility.done(&verify);
}

/// Changes the manifest of cycle 1 and writes the new hash into the commit record, as somebody would who knows how.
fn forge(utility: &Utility, cycle: &Path, change: impl Fn(&mut Value)) {
    let path = cycle.join("_manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    let text = serde_json::to_string_pretty(&manifest).unwrap() + "\n";
    let record_path: PathBuf = utility.store().join("_commits/000001.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&record_path).unwrap()).unwrap();
    record["manifest_sha256"] = sha256_of_bytes(text.as_bytes()).into();
    fs::write(&path, text).unwrap();
    fs::write(record_path, serde_json::to_string_pretty(&record).unwrap() + "\n").unwrap();
}

#[test]
fn a_number_changed_with_its_hashes_is_found() {
    let utility = Utility::small();
    let cycle = utility.published(&[]);
    let other = Utility::small();
    let readings = fs::read_to_string(other.data().join("meter_readings.csv")).unwrap();
    let other =
        other.and("meter_readings.csv", readings.replacen("0001,M1", "0001,M1x", 1).replacen(",1", ",2", 1));
    let forged = fs::read(other.published(&[]).join("monthly_usage.parquet")).unwrap();
    let (sha256, bytes) = (sha256_of_bytes(&forged), forged.len());
    fs::write(cycle.join("monthly_usage.parquet"), forged).unwrap();
    forge(&utility, &cycle, |manifest| {
        let outputs = manifest["outputs"].as_array_mut().unwrap();
        let output = outputs.iter_mut().find(|output| output["name"] == "monthly_usage.parquet").unwrap();
        output["sha256"] = sha256.clone().into();
        output["bytes"] = bytes.into();
    });
    utility.done(&["verify", "--store", "store"]);
    let (code, output) = recomputed(&utility, 1);
    assert_eq!(code, 1, "{output:#}");
    let differences = output["recomputed"]["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{output:#}");
    let line = differences[0].as_str().unwrap();
    assert!(line.starts_with("monthly_usage.parquet: ") && line.contains("cells differ; first"), "{line}");
}

#[test]
fn a_total_or_a_method_changed_with_its_hashes_is_found() {
    let utility = Utility::invented(60, &[]);
    let cycle = utility.published(&["--accept-findings=test"]);
    let before = fs::read(cycle.join("_manifest.json")).unwrap();
    forge(&utility, &cycle, |manifest| manifest["control_totals"]["customers"] = 7.into());
    let (code, output) = recomputed(&utility, 1);
    assert_eq!((code, output["recomputed"]["equal"].as_bool()), (1, Some(false)), "{output:#}");
    assert!(output["recomputed"]["differences"].to_string().contains("control_totals"), "{output:#}");

    let sound: Value = serde_json::from_slice(&before).unwrap();
    forge(&utility, &cycle, |manifest| {
        *manifest = sound.clone();
        let text = manifest["method"]["text"].as_str().unwrap();
        let other = text.replacen("quotas = [10, 30, 50, 10]", "quotas = [20, 30, 40, 10]", 1);
        assert_ne!(other, text);
        manifest["method"]["sha256"] = sha256_of_bytes(other.as_bytes()).into();
        manifest["method"]["text"] = other.into();
    });
    let (code, output) = recomputed(&utility, 1);
    assert_eq!(code, 1, "{output:#}");
    assert!(output["recomputed"]["differences"].to_string().contains("tiers.parquet"), "{output:#}");
}
