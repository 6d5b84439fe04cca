//! Other weights tried on a published cycle: a trial reports what a regrade would change.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Published, method_file};
use crate::utility::{Utility, graded};

fn whatif(utility: &Utility, options: &[&str]) -> Value {
    let output = utility.done(&[&["whatif", "--store", "store", "--format", "json"], options].concat());
    serde_json::from_str(&output).unwrap()
}

/// Tier by customer.
fn tiers(table: &Published, column: &str) -> BTreeMap<String, String> {
    let ids = table.texts("customer_id").into_iter().map(Option::unwrap);
    ids.zip(table.texts(column).into_iter().map(Option::unwrap)).collect()
}

fn after(output: &Value, path: &str) -> String {
    let weights = output["weights"].as_array().unwrap();
    let found = weights.iter().find(|weight| weight["path"] == path).unwrap();
    found["after"].as_f64().unwrap().to_string()
}

#[test]
fn a_trial_reports_the_customers_whom_a_regrade_would_change() {
    let utility = Utility::invented(400, &[]);
    let before =
        tiers(&Published::read(&utility.published(&["--method", "utility"]).join("tiers.parquet")), "tier");
    let set = ["--set", "weights.contribution=0.7", "--set", "weights.groups.compliance.payment=0.6"];
    let output = whatif(&utility, &[&set[..], &["-o", "out"]].concat());
    let tried = Published::read(&utility.path().join("out/whatif_changed.parquet"));
    let group = |name: &str| after(&output, &format!("weights.groups.compliance.{name}"));
    let line = |name: &str, weight: &str| (format!("{name} = {weight}\n"), name.to_owned());
    let changes: Vec<(String, String)> = [
        ("contribution", "0.5396", after(&output, "weights.contribution")),
        ("compliance", "0.2970", after(&output, "weights.compliance")),
        ("cooperation", "0.1634", after(&output, "weights.cooperation")),
        ("power_factor", "0.20", group("power_factor")),
        ("payment", "0.35", group("payment")),
        ("plan", "0.10", group("plan")),
        ("safety", "0.15", group("safety")),
        ("violations", "0.20", group("violations")),
    ]
    .iter()
    .map(|(name, old, new)| (line(name, old).0, line(name, new).0))
    .collect();
    let changes: Vec<(&str, &str)> = changes.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let method = method_file(utility.path(), "utility", &changes);
    let regraded =
        tiers(&Published::read(&utility.published(&["--method", &method]).join("tiers.parquet")), "tier");
    let changed: BTreeMap<_, _> = regraded.iter().filter(|(id, tier)| before[*id] != **tier).collect();
    let tried = tiers(&tried, "tier_after");
    assert!(!changed.is_empty() && changed.iter().all(|(id, tier)| tried.get(*id) == Some(*tier)));
    assert_eq!(changed.len(), tried.len());
    assert_eq!(output["changed"].as_u64().unwrap() as usize, changed.len());
    assert_eq!(output["up"].as_u64().unwrap() + output["down"].as_u64().unwrap(), changed.len() as u64);
}

/// Grades two cycles, tries settings on the second one, and grades again by a method with the same edits.
fn assert_same_as_regrade(settings: &[&str], changes: &[(&str, &str)], preset: &str) {
    let utility = Utility::invented(400, &[]);
    // Hysteresis and step limit use the tiers of this earlier cycle.
    let earlier = ["regrade", "data", "--as-of", "2025-07-01", "--store", "store", "--method", "paper"];
    utility.done(&earlier);
    let cycle = utility.published(&["--method", preset]);
    let before = tiers(&Published::read(&cycle.join("tiers.parquet")), "tier");
    let options: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
    let output = whatif(&utility, &[&options[..], &["-o", "out"]].concat());
    let tried = Published::read(&utility.path().join("out/whatif_changed.parquet"));
    let method = method_file(utility.path(), preset, changes);
    let regraded = utility.published(&["--method", &method]);
    let regraded = tiers(&Published::read(&regraded.join("tiers.parquet")), "tier");
    let changed: BTreeMap<_, _> = regraded.into_iter().filter(|(id, tier)| before[id] != *tier).collect();
    assert_eq!(tiers(&tried, "tier_after"), changed, "{settings:?}");
    assert!(!changed.is_empty(), "{settings:?} must change somebody");
    assert_eq!(output["changed"].as_u64().unwrap() as usize, changed.len());
    let keys = output["keys"].as_array().unwrap().len() + output["weights"].as_array().unwrap().len().min(1);
    assert!(keys > 0, "{output}");
}

#[test]
fn a_trial_of_any_key_reports_what_a_regrade_would_change() {
    let quotas = ("quotas = [10, 30, 50, 10]", "quotas = [15, 20, 45, 20]");
    assert_same_as_regrade(&["quotas=[15, 20, 45, 20]"], &[quotas], "utility");
    let strata = ("strata = \"none\"", "strata = \"use_category\"");
    assert_same_as_regrade(&["strata=use_category"], &[strata], "paper");
    let pooled = ("min_stratum = 30", "min_stratum = 120");
    assert_same_as_regrade(&["min_stratum=120"], &[pooled], "utility");
    let floors = ("[limits]", "[tiers.lines]\nspecial = 70\ngrade-1 = 60.5\n\n[limits]");
    assert_same_as_regrade(&["tiers.lines.special=70", "tiers.lines.grade-1=60.5"], &[floors], "paper");
    let months = ("min_months = 12", "min_months = 30");
    assert_same_as_regrade(&["min_months=30"], &[months], "utility");
    let known = ("min_known_weight = 0.5", "min_known_weight = 0.95");
    assert_same_as_regrade(&["min_known_weight=0.95"], &[known], "utility");
}

#[test]
fn a_trial_of_vetoes_and_policies_reports_what_a_regrade_would_change() {
    let veto = "[[veto]]\nname = \"any\"\nkinds = [\"theft\", \"violation\"]\nceiling = \"grade-3\"\n";
    let added = ("[limits]", format!("{veto}\n[limits]"));
    let settings = "veto=[{name = \"any\", kinds = [\"theft\", \"violation\"], ceiling = \"grade-3\"}]";
    assert_same_as_regrade(&[settings], &[(added.0, &added.1)], "paper");
    // None of these 400 customers has a theft, so the trial vetoes violations, which some of them have.
    let kinds = ("kinds = [\"theft\"]", "kinds = [\"violation\"]");
    let ceiling = ("ceiling = \"grade-3\"", "ceiling = \"grade-2\"");
    let settings = ["veto.confirmed_theft.kinds=[\"violation\"]", "veto.confirmed_theft.ceiling=grade-2"];
    assert_same_as_regrade(&settings, &[kinds, ceiling], "utility");
    let policies = ("[limits]", "[hysteresis]\nband = 0.1\n\n[step_limit]\nup = 1\n\n[limits]");
    assert_same_as_regrade(&["hysteresis.band=0.1", "step_limit.up=1"], &[policies], "paper");
}

#[test]
fn the_cycles_own_method_changes_nobody() {
    assert_eq!(whatif(graded(), &["--method", "utility"])["changed"], 0);
    let output = whatif(graded(), &["--set", "weights.contribution=0.5396"]);
    assert_eq!(output["changed"], 0);
    let sum = |key: &str| {
        let weights = output["weights"].as_array().unwrap().iter();
        weights.map(|weight| weight[key].as_f64().unwrap()).sum::<f64>()
    };
    assert!((sum("after") - 1.0).abs() < 1e-12);
    let shares = output["shares"].as_array().unwrap();
    assert!(shares.iter().all(|row| row["revenue_before"] == row["revenue_after"]));
}

#[test]
fn limits_that_are_tried_are_exceeded_as_in_a_regrade() {
    let utility = Utility::invented(400, &[]);
    utility.published(&["--method", "utility"]);
    let settings = ["limits.reject_rows=0", "limits.reject_share=0", "plausibility.before_opening=0"];
    let set: Vec<&str> = settings.iter().flat_map(|setting| ["--set", *setting]).collect();
    let tried = whatif(&utility, &set)["breaches"].clone();
    let changes = [
        ("reject_rows = 10", "reject_rows = 0"),
        ("reject_share = 0.001", "reject_share = 0"),
        ("before_opening = 0.05", "before_opening = 0"),
    ];
    let method = method_file(utility.path(), "utility", &changes);
    let regraded = utility.published(&["--method", &method, "--accept-findings=test"]);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(regraded.join("_manifest.json")).unwrap()).unwrap();
    assert!(!tried.as_array().unwrap().is_empty(), "the invented utility has rejects");
    assert_eq!(tried, manifest["breaches"]);
    let said = utility.done(&["whatif", "--store", "store", "--cycle", "1", "--set", "limits.reject_rows=0"]);
    assert!(!said.contains("the cycle would be published"), "{said}");
    let said = graded().done(&["whatif", "--store", "store", "--set", "limits.reject_rows=500"]);
    assert!(said.contains("Nothing is beyond the limits of this method"), "{said}");
}

#[test]
fn another_method_and_another_way_to_combine_are_tried() {
    let output = graded().done(&["whatif", "--store", "store", "--method", "paper"]);
    assert!(output.contains("would change tier") && output.contains("all"), "{output}");
    let output = graded().done(&["whatif", "--store", "store", "--set", "limits.reject_rows=5"]);
    assert!(output.contains("0 of") && output.contains("move no tier"), "{output}");
    assert!(whatif(graded(), &["--set", "combine=topsis"])["changed"].as_u64().unwrap() > 0);
    let chinese =
        graded().done(&["whatif", "--store", "store", "--set", "weights.cooperation=0", "--lang", "zh"]);
    assert!(chinese.contains("试算") && chinese.contains("按比例缩放"), "{chinese}");
}

#[test]
fn what_cannot_be_tried_is_refused() {
    let refused = |options: &[&str], code: i32, words: &[&str]| {
        let ended = graded().run(&[&["whatif", "--store", "store"], options].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{options:?}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
        }
    };
    refused(&["--set", "weights.contributoin=0.6"], 2, &["did you mean `weights.contribution`?"]);
    refused(&["--set", "weights.contribution=1.6"], 2, &["from 0 to 1"]);
    refused(&["--set", "weights.contribution"], 2, &["PATH=VALUE"]);
    refused(&["--set", "combine=topsi"], 2, &["did you mean `topsis`?"]);
    refused(&["--set", "quota=[10, 30, 50, 10]"], 2, &["did you mean `quotas`?"]);
    refused(&["--set", "window_months=24"], 2, &["window_months", "regrade"]);
    let both = ["--set", "weights.contribution=0.6", "--set", "weights.compliance=0.6"];
    refused(&both, 2, &["must sum to 1"]);
    refused(&["--set", "weights.indicators.potential.energy_growth=0.5"], 2, &["must sum to 1"]);
    refused(&[], 2, &["--set"]);
    let dir = tempfile::tempdir().unwrap();
    let method = method_file(dir.path(), "utility", &[("window_months = 36", "window_months = 24")]);
    refused(&["--method", &method], 3, &["window_months", "regrade"]);
}
