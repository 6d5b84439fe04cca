//! `plans` and `inspect`: what customers of grade-3 can improve, and where customers stand between two regrades.

use std::fs;

use serde_json::Value;

use crate::support::{Published, current};
use crate::utility::Utility;

/// The invented utility in two windows, the first one graded.
fn utility() -> Utility {
    let utility = Utility::empty();
    fs::remove_dir(utility.data()).unwrap();
    utility.done(&["demo", ".", "--customers", "400", "--next"]);
    utility
}

fn table(utility: &Utility, name: &str) -> Published {
    Published::read(&utility.path().join(name).with_extension("parquet"))
}

const SAME_DAY: [&str; 6] = ["inspect", "data", "--as-of", "2026-01-01", "--store", "store"];

#[test]
fn on_the_cycles_own_day_and_data_everybody_stands_as_graded() {
    let utility = utility();
    let output = utility.done(&[&SAME_DAY[..], &["-o", "found", "--record", "--by", "Li Na"]].concat());
    assert!(output.contains("record 2"), "{output}");
    let graded = Published::read(&current(&utility.store()).join("tiers.parquet"));
    let found = table(&utility, "found/inspection");
    assert_eq!(found.texts("customer_id"), graded.texts("customer_id"));
    assert_eq!(found.integers("score_now_e6"), graded.integers("score_e6"));
    let (now, tiers) = (found.texts("tier_now"), graded.texts("tier"));
    let reasons = graded.texts("reason");
    let firm = (0..now.len()).filter(|&at| reasons[at].is_none());
    assert!(firm.clone().count() > 300);
    firm.for_each(|at| assert_eq!(now[at], tiers[at]));
    // An inspection is not a cycle: the current cycle stays, and the store is sound.
    assert!(current(&utility.store()).display().to_string().contains("000001"));
    utility.done(&["verify", "--store", "store"]);
    let plans = utility.done(&["plans", "--store", "store", "-o", "plans"]);
    assert!(plans.contains("inspection of 2026-01-01"), "{plans}");
    let rows = tiers.iter().filter(|tier| tier.as_deref() == Some("grade-3")).count();
    let statuses = table(&utility, "plans/plans").texts("status");
    assert_eq!(statuses, table(&utility, "found/plans").texts("status"));
    assert_eq!(statuses.len(), rows);
}

#[test]
fn three_years_later_triggers_fire_and_no_tier_changes() {
    let utility = utility();
    let cycle = current(&utility.store());
    let later = ["inspect", "next", "--as-of", "2029-01-01", "--store", "store", "--format", "json"];
    let output: Value = serde_json::from_str(&utility.done(&later)).unwrap();
    let fired = |name: &str| {
        let triggers = output["triggers"].as_array().unwrap();
        let found = triggers.iter().find(|trigger| trigger["trigger"] == name).unwrap();
        found["customers"].as_array().unwrap().len()
    };
    assert!(fired("closed") > 0 && fired("decline") > 0, "{output:#}");
    assert_eq!(fired("sustained"), 0, "only one inspection");
    assert_eq!(current(&utility.store()), cycle);
    // An inspection that was recorded a year before counts.
    let recorded = |as_of: &str| {
        utility.done(&["inspect", "next", "--as-of", as_of, "--store", "store", "--record", "--by", "Li Na"]);
    };
    recorded("2028-01-01");
    let output: Value = serde_json::from_str(&utility.done(&later)).unwrap();
    let triggers = output["triggers"].as_array().unwrap();
    let sustained = triggers.iter().find(|trigger| trigger["trigger"] == "sustained").unwrap();
    let since = &sustained["customers"].as_array().unwrap()[0]["since"];
    assert_eq!(since, "2028-01-01");
}

#[test]
fn an_inspection_with_reused_counts_equals_one_that_counts_everything_anew() {
    let utility = utility();
    let found = |folder: &str, as_of: &str, options: &[&str]| {
        let args = ["inspect", folder, "--as-of", as_of, "--store", "store", "-o", "found"];
        let ended = utility.run(&[&args[..], options].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let tables = ["inspection", "triggers", "plans", "plan_items"]
            .map(|name| fs::read(utility.path().join("found").join(name).with_extension("parquet")).unwrap());
        (ended.stderr, tables)
    };
    let (said, taken) = found("data", "2026-01-01", &[]);
    assert!(said.contains("all facts") && said.contains("cycle 1"), "{said}");
    let (said, counted) = found("data", "2026-01-01", &["--fresh"]);
    assert!(!said.contains("taken from"), "{said}");
    assert!(taken == counted);
    let (_, taken) = found("next", "2027-01-01", &[]);
    let (_, counted) = found("next", "2027-01-01", &["--fresh"]);
    assert!(taken == counted);
}

#[test]
fn a_day_that_was_agreed_on_is_an_entry_that_plans_and_inspections_follow() {
    let utility = utility();
    let plans = || -> Value {
        serde_json::from_str(&utility.done(&["plans", "--store", "store", "--format", "json"])).unwrap()
    };
    let before = plans();
    let first = before["plans"].as_array().unwrap().iter().find(|plan| {
        plan["targets"].as_array().unwrap().iter().any(|target| target["target_value"].is_number())
    });
    let id = first.unwrap()["customer_id"].as_str().unwrap().to_owned();
    let lever = first.unwrap()["targets"][0]["indicator"].as_str().unwrap().to_owned();
    let agree = |id: &str, options: &[&str]| {
        let args = ["plan", id, "--store", "store", "--by", "Li Na", "--reason", "visit"];
        utility.run(&[&args[..], options].concat())
    };
    let ended = agree(&id, &["--due-on", "2026-06-15"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Entry 1 of the register") && ended.stdout.contains("2026-06-15"));
    let ended = agree(&id, &["--due-on", "2026-04-01", "--indicator", &lever, "--lang", "zh"]);
    assert!(ended.stdout.contains("登记簿第 2 条"), "{}{}", ended.stdout, ended.stderr);
    let after = plans();
    let plan = after["plans"].as_array().unwrap().iter().find(|plan| plan["customer_id"] == id.as_str());
    assert_eq!(plan.unwrap()["due_on"], "2026-06-15");
    assert_eq!(plan.unwrap()["targets"][0]["due_on"], "2026-04-01");
    let found: Value =
        serde_json::from_str(&utility.done(&[&SAME_DAY[..], &["--format", "json"]].concat())).unwrap();
    let agreed = found["agreed_plans"].as_array().unwrap();
    assert_eq!(agreed.len(), 2, "{agreed:?}");
    assert!(agreed.iter().all(|agreed| agreed["customer_id"] == id.as_str() && agreed["status"].is_string()));
    utility.done(&["verify", "--store", "store"]);
    let code = |id: &str, options: &[&str]| agree(id, options).code;
    assert_eq!(code("nobody", &["--due-on", "2026-06-15"]), 1);
    assert_eq!(code(&id, &["--due-on", "2026-06-15", "--indicator", "annual_energy"]), 1);
    assert_eq!(code(&id, &["--due-on", "2026-01-01"]), 2);
}

#[test]
fn plans_are_handed_over_as_workbook_and_letters() {
    let utility = utility();
    utility.done(&["plans", "--store", "store", "-o", "plans.xlsx", "--letters", "letters.txt"]);
    assert!(fs::metadata(utility.path().join("plans.xlsx")).unwrap().len() > 5_000);
    let letters = fs::read_to_string(utility.path().join("letters.txt")).unwrap();
    let output: Value =
        serde_json::from_str(&utility.done(&["plans", "--store", "store", "--format", "json"])).unwrap();
    let plans = output["plans"].as_array().unwrap();
    assert_eq!(letters.split('\u{c}').count(), plans.len());
    assert!(
        letters.contains("To customer") && letters.contains("改进计划") && !letters.contains('{'),
        "{letters}"
    );
    // A letter promises a tier only where the levers suffice.
    for letter in letters.split('\u{c}') {
        let is_held = letter.contains("keeps you in this tier") || letter.contains("is provisional");
        let is_reachable = letter.contains("within your reach");
        assert_eq!(letter.contains("more points lead to"), !is_held, "{letter}");
        assert!(is_reachable || !letter.contains("This would be enough"), "{letter}");
    }
    // A template of the operator's own, in one language.
    fs::write(utility.path().join("own.txt"), "[zh]\n{customer_id} {target_1}\n{due_on}\n").unwrap();
    utility.done(&["plans", "--store", "store", "--letters", "own-letters.txt", "--template", "own.txt"]);
    let own = fs::read_to_string(utility.path().join("own-letters.txt")).unwrap();
    assert!(own.contains("2027-01-01") && !own.contains("customer"), "{own}");
    // Letters take no template's place.
    let replacing = utility.run(&["plans", "--store", "store", "--letters", "own.txt"]);
    assert_eq!(replacing.code, 2, "{}", replacing.stderr);
    assert!(replacing.stderr.contains("--template own.txt"), "{}", replacing.stderr);
    assert!(fs::read_to_string(utility.path().join("own.txt")).unwrap().contains("{target_1}"));
}

#[test]
fn a_wrong_template_a_missing_name_and_an_early_day_are_refused() {
    let utility = utility();
    fs::write(utility.path().join("own.txt"), "[en]\n{scor}\n").unwrap();
    let faulty = ["plans", "--store", "store", "--letters", "l.txt", "--template", "own.txt"];
    let ended = utility.run(&faulty);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("own.txt:2") && ended.stderr.contains("`score`"), "{}", ended.stderr);
    assert!(!utility.path().join("l.txt").exists());
    assert_eq!(utility.run(&[&SAME_DAY[..], &["--record"]].concat()).code, 2);
    let early = utility.run(&["inspect", "data", "--as-of", "2025-12-01", "--store", "store"]);
    assert_eq!(early.code, 2, "{}", early.stderr);
    assert!(early.stderr.contains("2026-01-01"), "{}", early.stderr);
}
