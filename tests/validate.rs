//! Checks of a published cycle: what they measure, how they end, and that they are the same every time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Published, method_file};
use crate::utility::{Utility, graded};

const STORE: [&str; 3] = ["validate", "--store", "store"];

fn json(utility: &Utility, options: &[&str]) -> Value {
    let output = utility.done(&[&STORE[..], &["--format", "json"], options].concat());
    serde_json::from_str(&output).unwrap()
}

/// All measures with their values.
fn values(output: &Value) -> BTreeMap<String, Option<f64>> {
    let one = |check: &Value| (check["measure"].as_str().unwrap().to_owned(), check["value"].as_f64());
    output["checks"].as_array().unwrap().iter().map(one).collect()
}

fn out(dir: &Path, name: &str) -> Published {
    Published::read(&dir.join(format!("{name}.parquet")))
}

/// A utility graded by `utility` with these changes.
fn graded_with(changes: &[(&str, &str)]) -> Utility {
    let utility = Utility::invented(300, &[]);
    let method = method_file(utility.path(), "utility", changes);
    utility.published(&["--method", &method]);
    utility
}

#[test]
fn every_check_has_a_verdict_and_says_how_to_read_it() {
    let output = json(graded(), &[]);
    for check in output["checks"].as_array().unwrap() {
        for key in ["reading", "reading_zh", "title"] {
            assert!(check[key].as_str().is_some_and(|text| !text.is_empty()), "{check}");
        }
        assert!(check["reading"].as_str().unwrap().matches(". ").count() == 0, "one sentence: {check}");
        let verdict = check["verdict"].as_str().unwrap();
        assert!(["pass", "warn", "fail", "not_measured"].contains(&verdict), "{check}");
        assert_eq!(check["value"].is_null(), verdict == "not_measured", "{check}");
    }
    let text = graded().done(&STORE);
    let chinese = graded().done(&[&STORE[..], &["--lang", "zh"]].concat());
    for (english, zh) in [("how to read it", "如何解读"), ("Gini", "基尼系数"), ("of revenue", "电费占比")]
    {
        assert!(text.contains(english) && chinese.contains(zh), "{english}");
    }
    for text in [text, chinese] {
        let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
        assert!(widest <= Some(100), "{widest:?}");
    }
}

#[test]
fn no_byte_depends_on_the_number_of_threads_or_on_earlier_runs() {
    let utility = graded();
    let folder = |name: &str, threads: &str| {
        utility.done(&[&STORE[..], &["-o", name, "--threads", threads]].concat());
        let mut files: Vec<_> =
            fs::read_dir(utility.path().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 13);
        files.into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let first = folder("checked-1", "1");
    assert!(first == folder("checked-2", "2"));
    assert!(first == folder("checked-1", "2"), "files written over those of an earlier run are the same");
    let seed = |seed: &str| values(&json(utility, &["--seed", seed]))["weights_tau"];
    assert!(seed("1") == seed("1") && seed("1") != seed("2"));
}

#[test]
fn probabilities_are_shares_of_the_draws_and_are_in_the_tier_table_when_asked_for() {
    let utility = Utility::invented(300, &[]);
    let tiers = Published::read(
        &utility.published(&["--method", "utility", "--tier-probability"]).join("tiers.parquet"),
    );
    utility.done(&[&STORE[..], &["-o", "out"]].concat());
    let odds = out(&utility.path().join("out"), "tier_probability");
    let by_id: BTreeMap<_, _> =
        odds.texts("customer_id").into_iter().zip(odds.numbers("tier_probability")).collect();
    let ranked = tiers.integers("rank");
    for ((id, rank), probability) in
        tiers.texts("customer_id").into_iter().zip(ranked).zip(tiers.numbers("tier_probability"))
    {
        assert_eq!(probability.is_some(), rank.is_some());
        assert_eq!(probability, by_id.get(&id).copied().flatten(), "{id:?}");
    }
    let column = |tier: &str| odds.numbers(tier);
    let four = [column("special"), column("grade_1"), column("grade_2"), column("grade_3")];
    for row in 0..odds.rows() {
        let sum: f64 = four.iter().map(|column| column[row].unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
    let shaky = odds.numbers("tier_probability").iter().filter(|p| p.unwrap() < 0.8).count();
    let listed = out(&utility.path().join("out"), "borderline");
    assert_eq!(listed.rows(), shaky);
    let output = json(&utility, &[]);
    assert_eq!(output["borderline"].as_u64().unwrap() as usize, shaky);
    assert_eq!(out(&utility.path().join("out"), "draws").rows(), 1000);
    // Without the option the table is as it was.
    let plain =
        Published::read(&utility.published(&["--method", "utility", "--again"]).join("tiers.parquet"));
    assert!(plain.0[0].column_by_name("tier_probability").is_none());
}

#[test]
fn concentration_is_that_of_the_published_tables() {
    let utility = graded();
    let (tiers, indicators) = (utility.table("tiers"), utility.table("indicators"));
    let revenue: Vec<f64> =
        indicators.numbers("annual_revenue").iter().map(|x| x.unwrap_or(0.0).max(0.0)).collect();
    let all: f64 = revenue.iter().sum();
    let best = tiers.texts("tier").into_iter().zip(&revenue);
    let best: f64 = best
        .filter(|(tier, _)| ["special", "grade-1"].contains(&tier.as_deref().unwrap()))
        .map(|(_, x)| x)
        .sum();
    let found = values(&json(utility, &[]));
    assert!((found["pareto_revenue"].unwrap() - best / all).abs() < 1e-6);
    let mut sorted = revenue.clone();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let ranked: f64 = sorted.iter().enumerate().map(|(place, x)| (place + 1) as f64 * x).sum();
    assert!((found["gini_revenue"].unwrap() - (2.0 * ranked / (n * all) - (n + 1.0) / n)).abs() < 1e-6);
    utility.done(&[&STORE[..], &["-o", "held"]].concat());
    let classes = out(&utility.path().join("held"), "classes");
    for scheme in ["abc_revenue", "size", "load_class"] {
        let sizes = classes.texts("scheme").into_iter().zip(classes.integers("customers"));
        let customers: i64 =
            sizes.filter(|(name, _)| name.as_deref() == Some(scheme)).map(|(_, count)| count.unwrap()).sum();
        assert_eq!(customers as usize, tiers.rows(), "{scheme}");
    }
    let influence = out(&utility.path().join("held"), "influence");
    let sum: f64 = influence.numbers("influence").iter().flatten().sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
}

#[test]
fn limits_of_the_method_decide_the_exit_code() {
    let fails = "[checks]\nsupply_cost = 0.5\n[checks.limits]\ngini_revenue = { fail = 0.999 }\npareto_revenue = {}\n[limits]";
    let utility = graded_with(&[("[limits]", fails)]);
    let ended = utility.run(&STORE);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("gini_revenue") && ended.stdout.contains("FAIL"), "{}", ended.stderr);
    let output =
        serde_json::from_str::<Value>(&utility.run(&[&STORE[..], &["--format", "json"]].concat()).stdout);
    let output = output.unwrap();
    assert_eq!(output["verdict"], "fail");
    assert!(values(&output)["abc_profit_special"].is_some());
    let pareto =
        output["checks"].as_array().unwrap().iter().find(|check| check["measure"] == "pareto_revenue");
    assert_eq!(pareto.unwrap()["verdict"], "pass", "a measure without a limit passes");
    let wrong =
        method_file(utility.path(), "utility", &[("[limits]", "[checks.limits]\ngini = {}\n[limits]")]);
    let ended = utility.run(&["method", "check", &wrong]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("`gini` is not a measure"), "{}", ended.stderr);
}

#[test]
fn dynamics_needs_a_cycle_of_an_earlier_day() {
    let utility = Utility::invented(300, &[]);
    utility.published(&["--method", "utility"]);
    assert_eq!(values(&json(&utility, &[]))["dynamics"], None);
    utility.done(&["regrade", "data", "--as-of", "2025-10-01", "--method", "utility", "--store", "two"]);
    utility.done(&["regrade", "data", "--as-of", "2026-01-01", "--method", "utility", "--store", "two"]);
    let output = utility.done(&["validate", "--store", "two", "--format", "json"]);
    let changed = values(&serde_json::from_str(&output).unwrap())["dynamics"];
    assert!(changed.is_some_and(|share| (0.0..0.5).contains(&share)), "{changed:?}");
}

#[test]
fn a_cycle_in_which_nobody_is_ranked_is_measured_too() {
    // Eleven months are a short history.
    let readings = fs::read_to_string(Utility::small().data().join("meter_readings.csv")).unwrap();
    let short: String =
        readings.split_inclusive('\n').filter(|line| !line.contains(",2025-01-01,")).collect();
    let utility = Utility::small().and("meter_readings.csv", short);
    utility.published(&[]);
    let output = json(&utility, &[]);
    assert_eq!((&output["ranked"], &values(&output)["weights_tau"]), (&0.into(), &None));
}

#[test]
fn weights_from_the_data_are_frozen_and_replayed() {
    let blended = [
        (
            "annual_energy = 0.40\nannual_revenue = 0.40\naverage_price = 0.20\n",
            "[weights.indicators.current.objective]\nby = \"critic\"\nitems = [\"annual_energy\", \"annual_revenue\", \"average_price\"]\n",
        ),
        (
            "policy = 0.40\nwork = 0.40\nsuggestions = 0.20\n",
            "policy = 0.40\nwork = 0.40\nsuggestions = 0.20\n[weights.groups.cooperation.blend]\nalpha = 0.5\nby = \"entropy\"\nfloor = { policy = 0.3 }\ncap = { suggestions = 0.1 }\n",
        ),
        ("cooperation = 0.1634\n", "cooperation = 0.1634\n[weights.blend]\nalpha = 0.7\nby = \"std\"\n"),
    ];
    let utility = graded_with(&blended);
    let weights = utility.table("weights");
    let rows = weights.rows_of(&["parent", "item", "source", "given", "objective", "weight"]);
    let row_of = |item: &str| rows.iter().find(|row| row[1].as_deref() == Some(item)).unwrap().clone();
    assert_eq!(row_of("annual_energy")[2].as_deref(), Some("critic"));
    assert_eq!(row_of("annual_energy")[3], None, "the method gives no weight for this indicator");
    assert_eq!(row_of("policy")[2].as_deref(), Some("blend"));
    let weight = |item: &str| row_of(item)[5].as_deref().unwrap().parse::<f64>().unwrap();
    assert!(weight("policy") >= 0.3 && weight("suggestions") <= 0.1 + 1e-15);
    assert!((weight("policy") + weight("work") + weight("suggestions") - 1.0).abs() < 1e-12);
    let parameters = utility.table("parameters");
    let sum: f64 = parameters.numbers("weight").iter().flatten().sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    replays(&utility);
    let bytes = |options: &[&str]| {
        let method = utility.path().join("method.toml");
        let cycle = utility.published(&[&["--method", method.to_str().unwrap()], options].concat());
        // Tiers are not compared, because they name their cycle.
        ["contributions", "weights", "parameters"]
            .map(|name| fs::read(cycle.join(name).with_extension("parquet")).unwrap())
    };
    assert!(bytes(&["--again", "--threads", "1"]) == bytes(&["--again", "--threads", "2"]));
}

#[test]
fn every_way_to_combine_is_replayed_and_its_parts_add_up() {
    for combine in ["weighted_product", "topsis", "grey_relational"] {
        let utility = graded_with(&[("combine = \"weighted_sum\"", &format!("combine = \"{combine}\""))]);
        replays(&utility);
        let output = json(&utility, &[]);
        let methods: Vec<&str> = output["methods"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["name"].as_str().unwrap())
            .collect();
        assert!(methods.contains(&"weighted_sum") && !methods.contains(&combine), "{methods:?}");
    }
}

/// Checks that explanations and contributions add up to the published score.
fn replays(utility: &Utility) {
    let (tiers, contributions) = (utility.table("tiers"), utility.table("contributions"));
    let scores: Vec<Option<i64>> = tiers.integers("score_e6");
    let ids = tiers.texts("customer_id");
    let names: Vec<String> =
        contributions.0[0].schema().fields().iter().skip(1).map(|field| field.name().clone()).collect();
    let columns: Vec<Vec<Option<f64>>> = names.iter().map(|name| contributions.numbers(name)).collect();
    for (row, score) in scores.iter().enumerate() {
        let sum: f64 = columns.iter().map(|column| column[row].unwrap()).sum();
        assert!((sum - score.unwrap() as f64 / 1e6).abs() < 1e-6, "{sum} {score:?}");
    }
    for row in [0, 50, 200] {
        let output =
            utility.done(&["explain", ids[row].as_deref().unwrap(), "--store", "store", "--format", "json"]);
        let output: Value = serde_json::from_str(&output).unwrap();
        let items = output["items"].as_array().unwrap().iter();
        let sum: f64 = items.map(|item| item["contribution"].as_f64().unwrap()).sum();
        assert!((sum - scores[row].unwrap() as f64 / 1e6).abs() < 1e-6, "{output}");
    }
}

#[test]
fn a_column_that_cannot_carry_weight_is_named() {
    let items = "[\"fault_impact\", \"violation_points\"]";
    let utility = graded_with(&[
        (
            "power_factor = 0.20\npayment = 0.35\nplan = 0.10\nsafety = 0.15\nviolations = 0.20\n",
            "power_factor = 0.20\npayment = 0.35\nplan = 0.10\nrare = 0.35\n",
        ),
        ("[weights.indicators.safety]\nfault_impact = 1.0\n", ""),
        (
            "[weights.indicators.violations]\nviolation_points = 1.0\n",
            &format!("[weights.indicators.rare.objective]\nby = \"critic\"\nitems = {items}\n"),
        ),
    ]);
    let findings = utility.table("findings").rows_of(&["rule", "example"]);
    let guard = findings.iter().find(|row| row[0].as_deref() == Some("weight_guard")).unwrap();
    assert!(
        guard[1].as_deref().unwrap().contains("violation_points sparse: at most an equal share"),
        "{guard:?}"
    );
    let guards = utility.table("weights").rows_of(&["item", "guard", "weight"]);
    let guard = guards.iter().find(|row| row[0].as_deref() == Some("violation_points")).unwrap();
    assert_eq!(guard[1].as_deref(), Some("sparse"));
    assert!(guard[2].as_deref().unwrap().parse::<f64>().unwrap() <= 0.5 + 1e-12);
}

#[test]
fn the_dissent_of_each_expert_is_shown() {
    let utility = Utility::empty();
    let ahp = "[weights.ahp]\nitems = [\"contribution\", \"compliance\", \"cooperation\"]\n\
               [[weights.ahp.experts]]\nname = \"A\"\nmatrix = [[1, 2, 3], [\"1/2\", 1, 2], [\"1/3\", \"1/2\", 1]]\n\
               [[weights.ahp.experts]]\nname = \"B\"\nmatrix = [[1, 1, 3], [1, 1, 2], [\"1/3\", \"1/2\", 1]]\n";
    let given = "[weights]\ncontribution = 0.5396\ncompliance = 0.2970\ncooperation = 0.1634\n";
    let method = method_file(utility.path(), "paper", &[(given, ahp)]);
    // Sentences are wrapped at 100 columns.
    let shown = utility.done(&["method", "check", &method]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("A: contribution") && shown.matches("dissent 0.0").count() == 2, "{shown}");
}

#[test]
fn faults_of_weights_from_the_data_are_reported_with_what_to_do() {
    let utility = Utility::empty();
    let current = "annual_energy = 0.40\nannual_revenue = 0.40\naverage_price = 0.20\n";
    let refused = |text: &str, words: &[&str]| {
        let method = method_file(utility.path(), "paper", &[(current, &format!("{current}{text}"))]);
        let ended = utility.run(&["method", "check", &method]);
        assert_eq!(ended.code, 3, "{text}");
        for word in words {
            assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
        }
    };
    let blend = "[weights.indicators.current.blend]\nalpha = 0.5\n";
    refused(&format!("{blend}by = \"entrpy\"\n"), &["did you mean `entropy`?"]);
    refused(
        &format!(
            "{blend}by = \"critic\"\ncap = {{ annual_energy = 0.1, annual_revenue = 0.1, average_price = 0.1 }}\n"
        ),
        &["no weights that sum to 1 keep these limits"],
    );
    refused(
        &format!("{blend}by = \"critic\"\nfloor = {{ anual_energy = 0.1 }}\n"),
        &["did you mean `annual_energy`?"],
    );
    refused(
        "[weights.indicators.current.objective]\nby = \"std\"\nitems = [\"annual_energy\"]\n",
        &["has both `objective` and weights"],
    );
}
