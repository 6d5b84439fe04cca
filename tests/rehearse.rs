//! `rehearse` writes the next cycle as it will be published and what it would change, and leaves the store as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Published, current};
use crate::utility::Utility;

/// Every file below a folder with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn published(utility: &Utility, name: &str) -> Published {
    Published::read(&utility.path().join("rehearsal").join(name).with_extension("parquet"))
}

/// The invented utility with the data of two windows, of which the first is graded.
fn utility() -> Utility {
    let utility = Utility::empty();
    fs::remove_dir(utility.data()).unwrap();
    utility.done(&["demo", ".", "--customers", "400", "--next"]);
    utility
}

const REHEARSE: [&str; 10] = [
    "rehearse",
    "next",
    "--as-of",
    "2029-01-01",
    "--method",
    "next.toml",
    "--store",
    "store",
    "-o",
    "rehearsal",
];

#[test]
fn a_rehearsal_has_the_bytes_of_the_later_published_cycle_and_leaves_the_store_as_it_was() {
    let utility = utility();
    // An earlier rehearsal that was killed has left its draft.
    fs::create_dir_all(utility.path().join("rehearsal/.rehearsal-left")).unwrap();
    let before = files(&utility.store());
    let output = utility.done(&[&REHEARSE[..], &["--format", "json"]].concat());
    let output: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(files(&utility.store()), before);
    assert_eq!((&output["from"], &output["cycle"]), (&1.into(), &2.into()));
    assert_eq!(output["gates"].as_array().unwrap().len(), 7);

    utility.done(&["regrade", "next", "--as-of", "2029-01-01", "--method", "next.toml", "--store", "store"]);
    let cycle = current(&utility.store());
    let rehearsal = utility.path().join("rehearsal");
    let own = files(&cycle);
    assert!(own.len() > 18, "{:?}", own.keys());
    for (path, bytes) in own {
        let name = path.strip_prefix(&cycle).unwrap();
        assert!(fs::read(rehearsal.join(name)).unwrap() == bytes, "{}", name.display());
    }
    utility.done(&["compare", "--store", "store", "-o", "compared"]);
    let compared = utility.path().join("compared");
    for (path, bytes) in files(&compared) {
        let name = path.strip_prefix(&compared).unwrap();
        assert!(fs::read(rehearsal.join(name)).unwrap() == bytes, "{}", name.display());
    }
    // A second rehearsal takes the place of the first.
    let again = utility.run(&REHEARSE);
    assert_eq!(again.code, 0, "{}", again.stderr);
}

#[test]
fn the_first_window_has_the_same_bytes_with_and_without_the_next() {
    let utility = Utility::empty();
    let demo = |dir: &str, options: &[&str]| {
        utility.done(&[&["demo", dir, "--customers", "60", "--data-only"], options].concat());
        let data = utility.path().join(dir).join("data");
        let own = files(&data).into_iter();
        own.map(|(path, bytes)| (path.strip_prefix(&data).unwrap().to_owned(), bytes)).collect::<Vec<_>>()
    };
    let (alone, with_next) = (demo("alone", &[]), demo("both", &["--next"]));
    assert!(alone.len() > 5 && alone == with_next);
    assert!(files(&utility.path().join("both/next")).len() > 5);
}

#[test]
fn a_customer_who_falls_or_loses_a_service_or_begins_a_plan_must_be_told() {
    let utility = utility();
    let output: Value =
        serde_json::from_str(&utility.done(&[&REHEARSE[..], &["--format", "json"]].concat())).unwrap();
    let tell = published(&utility, "tell");
    let [before, after, lost, gained, ids] =
        ["tier_before", "tier_after", "lost", "gained", "customer_id"].map(|name| tell.texts(name));
    let must = tell.rows_of(&["must"]);
    let tiers = ["special", "grade-1", "grade-2", "grade-3"];
    let place = |tier: &Option<String>| tiers.iter().position(|known| Some(*known) == tier.as_deref());
    let mut musts = 0;
    for row in 0..ids.len() {
        let (was, is) = (place(&before[row]), place(&after[row]));
        let falls = was.is_some_and(|was| is.unwrap() > was);
        let begins = is == Some(3) && was != Some(3);
        let expected = falls || begins || lost[row].is_some();
        assert_eq!(must[row][0].as_deref(), Some(if expected { "true" } else { "false" }), "{:?}", ids[row]);
        assert!(was != is || lost[row].is_some() || gained[row].is_some(), "{:?}", ids[row]);
        musts += u64::from(expected);
    }
    assert!(ids.is_sorted() && musts > 10 && usize::try_from(musts).unwrap() < ids.len());
    assert_eq!(output["consequences"]["tell"]["must"], musts);

    let costs = published(&utility, "costs");
    let cycle_costs: Value = serde_json::from_str(&utility.done(&[
        "entitlements",
        "costs",
        "--store",
        "store",
        "--format",
        "json",
        "--min-count",
        "0",
    ]))
    .unwrap();
    assert!(cycle_costs.is_object() || cycle_costs.is_array());
    let services = costs.texts("service");
    assert!(services.is_sorted() && services.len().is_multiple_of(4));
    let sum: i64 = costs.integers("cost_fen_after").into_iter().flatten().sum();
    let tiers = output["consequences"]["costs"].as_object().unwrap();
    assert_eq!(sum, tiers.values().map(|tier| tier["after"]["cost_fen"].as_i64().unwrap()).sum::<i64>());
    assert!(sum > 0);
}

#[test]
fn a_rehearsal_writes_neither_into_the_store_nor_among_other_files() {
    let utility = utility();
    for (folder, word) in [("store", "store"), ("next", "other files")] {
        let args = [&REHEARSE[..8], &["-o", folder]].concat();
        let ended = utility.run(&args);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
    let args = [&["rehearse", "data", "--as-of", "2025-01-01"], &REHEARSE[4..]].concat();
    let ended = utility.run(&args);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(!utility.path().join("rehearsal/tiers.parquet").exists());
}

#[test]
fn a_comparison_with_services_agrees_with_the_rehearsal_and_lists_whom_to_tell_what() {
    let utility = utility();
    utility.done(&REHEARSE);
    utility.done(&["regrade", "next", "--as-of", "2029-01-01", "--method", "next.toml", "--store", "store"]);
    let compare = ["compare", "--store", "store", "--services", "-o", "compared"];
    let shown = utility.done(&compare);
    for part in
        ["Services gained or raised", "Services lost or lowered", "Whom to tell", "Services in a year"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for name in ["costs.parquet", "tell.parquet"] {
        let [rehearsed, compared] =
            ["rehearsal", "compared"].map(|folder| fs::read(utility.path().join(folder).join(name)).unwrap());
        assert!(rehearsed == compared, "{name}");
    }
    let tell = Published::read(&utility.path().join("compared/tell.parquet"));
    for name in ["notices.parquet", "notices.csv", "notices.xlsx", "notices.json", "notices.html"] {
        utility.done(&["compare", "--store", "store", "--notices", name, "--lang", "zh"]);
        assert!(fs::metadata(utility.path().join(name)).unwrap().len() > 1_000, "{name}");
    }
    let notices = Published::read(&utility.path().join("notices.parquet"));
    for column in ["customer_id", "tier_before", "tier_after", "cause", "gained", "lost"] {
        assert_eq!(notices.texts(column), tell.texts(column), "{column}");
    }
    assert!(notices.texts("tell").iter().flatten().all(|told| told.contains("You may appeal until")));
    let csv = fs::read_to_string(utility.path().join("notices.csv")).unwrap();
    assert_eq!(csv.lines().count(), tell.rows() + 1);
    assert!(csv.contains("贵户等级由") && csv.contains("告知内容"), "{csv}");
    assert_eq!(utility.run(&["compare", "--store", "store", "--notices", "notices.doc"]).code, 2);
}
