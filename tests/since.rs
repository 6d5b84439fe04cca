//! `gridtier compare` and `gridtier explain --since`: why customers moved between two cycles, on tables as published.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Published, method_file};
use crate::utility::Utility;

/// The invented utility graded twice, a year apart; the first method has an indicator of its own and other weights.
fn graded_twice() -> &'static Utility {
    static GRADED: OnceLock<Utility> = OnceLock::new();
    GRADED.get_or_init(|| {
        let utility = Utility::invented(500, &["--months", "48"]);
        let own = "[indicators]\nreading_gaps = { expr = \"36 - covered_months\", applies = \"supply_level <> 'residential'\", unit = \
                   \"months\", direction = \"-\", normalise = \"percentile\" }";
        let changes = [
            ("[indicators]", own),
            ("\nreplaceable_share = 0.5", "\nreading_gaps = 0.5"),
            ("contribution = 0.5396\ncompliance = 0.2970", "contribution = 0.4396\ncompliance = 0.3970"),
            ("min_stratum = 30", "min_stratum = 20"),
        ];
        let first = method_file(utility.path(), "utility", &changes);
        let grade = ["regrade", "data", "--store", "store"];
        for (as_of, method) in [("2025-01-01", first.as_str()), ("2026-01-01", "utility")] {
            utility.done(&[&grade[..], &["--as-of", as_of, "--method", method]].concat());
        }
        utility
    })
}

/// The tables of the comparison of the two cycles.
fn compared() -> PathBuf {
    static COMPARED: OnceLock<PathBuf> = OnceLock::new();
    COMPARED
        .get_or_init(|| {
            graded_twice().done(&["compare", "--store", "store", "-o", "compared"]);
            graded_twice().path().join("compared")
        })
        .clone()
}

fn table(dir: &Path, name: &str) -> Published {
    Published::read(&dir.join(name).with_extension("parquet"))
}

#[test]
fn the_parts_of_every_customers_change_sum_to_the_change() {
    let why = table(&compared(), "why");
    let [before, after] = ["score_before_e6", "score_after_e6"].map(|name| why.integers(name));
    let parts = ["correction_e6", "stratum_e6", "own_e6", "cohort_e6", "method_e6", "unsplit_e6"];
    let parts = parts.map(|name| why.integers(name));
    let steps =
        ["policy_before", "correction", "stratum", "own", "cohort", "method", "policy_after", "unsplit"];
    let steps = steps.map(|name| why.integers(name));
    let tiers = why.rows_of(&["tier_before", "tier_after", "status", "cause"]);
    let number = |tier: &Option<String>| {
        ["special", "grade-1", "grade-2", "grade-3"]
            .iter()
            .position(|code| tier.as_deref() == Some(code))
            .unwrap() as i64
    };
    let mut split = 0;
    for (row, tier) in tiers.iter().enumerate() {
        let sum = |columns: &[Vec<Option<i64>>]| columns.iter().filter_map(|column| column[row]).sum::<i64>();
        if let (Some(before), Some(after)) = (before[row], after[row]) {
            assert_eq!(sum(&parts), after - before, "row {row}");
        }
        assert_eq!(sum(&steps), number(&tier[0]) - number(&tier[1]), "row {row}");
        assert_eq!(tier[3].is_some(), tier[0] != tier[1], "row {row}");
        split += usize::from(tier[2].as_deref() == Some("split"));
    }
    // The expression that the second method lacks is evaluated on the facts of the second cycle.
    assert!(split > 300, "{split} of {} are split", tiers.len());
    let own = table(&compared(), "own");
    assert_eq!(own.rows(), split);
    assert!(own.integers("reading_gaps").iter().any(|part| *part != Some(0)));
}

#[test]
fn the_waterfall_leads_from_the_customers_before_to_those_after() {
    let rows = table(&compared(), "waterfall").rows_of(&["stratum", "tier", "step", "joined", "left"]);
    let mut running = 0;
    let mut ends = 0;
    for row in &rows {
        let [joined, left] = [&row[3], &row[4]].map(|cell| cell.as_ref().unwrap().parse::<i64>().unwrap());
        match row[2].as_deref() {
            Some("before") => running = joined,
            Some("after") => {
                assert_eq!(running, joined, "{row:?}");
                ends += 1;
            }
            _ => running += joined - left,
        }
    }
    assert!(ends >= 8 && ends % 4 == 0, "{ends}");
}

#[test]
fn explain_since_tells_the_steps_of_the_table_and_the_way_up() {
    let why =
        table(&compared(), "why").rows_of(&["customer_id", "tier_before", "tier_after", "cause", "own_e6"]);
    let moved: Vec<&Vec<Option<String>>> =
        why.iter().filter(|row| row[3].is_some() && row[4].is_some()).collect();
    assert!(moved.len() > 3, "{} moved", moved.len());
    for row in moved.iter().step_by(moved.len() / 3) {
        let [id, before, after, cause] = [0, 1, 2, 3].map(|at| row[at].as_deref().unwrap());
        let explain = ["explain", id, "--store", "store", "--since", "1"];
        let json: Value =
            serde_json::from_str(&graded_twice().done(&[&explain[..], &["--format", "json"]].concat()))
                .unwrap();
        assert_eq!((&json["move"]["before"], &json["move"]["after"]), (&before.into(), &after.into()));
        assert_eq!(
            (&json["move"]["moved"]["cause"], &json["explanation"]["tier"]),
            (&cause.into(), &after.into())
        );
        let steps = json["move"]["moved"]["steps"].as_array().unwrap();
        let own = steps.iter().find(|step| step["step"] == "own").unwrap();
        assert_eq!(own["part_e6"].to_string(), *row[4].as_ref().unwrap());
        let text = graded_twice().done(&explain);
        assert!(text.contains(&format!("Customer {id}: {before} in cycle 1, {after} in cycle 2")), "{text}");
        assert!(text.contains("what it is") && text.contains("own behaviour"), "{text}");
        let zh = graded_twice().done(&[&explain[..], &["--lang", "zh"]].concat());
        assert!(zh.contains("含义") && zh.contains("客户自身变化"), "{zh}");
    }
}

#[test]
fn months_that_two_cycles_have_counted_differently_are_listed() {
    let utility = Utility::small();
    utility.published(&[]);
    let readings = std::fs::read_to_string(utility.data().join("meter_readings.csv")).unwrap();
    let changed = readings.replace("0002,M2,2025-03-01,203.5", "0002,M2,2025-03-01,213.5");
    assert_ne!(changed, readings);
    let utility = utility.and("meter_readings.csv", changed);
    utility.published(&[]);
    utility.done(&["compare", "--store", "store", "--from", "1", "--cycle", "2", "-o", "out"]);
    let restated = table(&utility.path().join("out"), "restated_months");
    assert_eq!(restated.rows(), 1);
    assert_eq!(restated.texts("customer_id"), [Some("0002".to_owned())]);
    assert_eq!(restated.integers("active_wh_before"), [Some(203_500)]);
    assert_eq!(restated.integers("active_wh_after"), [Some(213_500)]);
    assert_eq!(restated.integers("readings_before"), restated.integers("readings_after"));
}

#[test]
fn to_name_the_later_cycle_first_is_a_wrong_command_line() {
    let ended = graded_twice().run(&["compare", "--store", "store", "--from", "2", "--cycle", "1"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("name the earlier one by --from"), "{}", ended.stderr);
}
