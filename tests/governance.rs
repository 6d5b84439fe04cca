//! A campaign: a cycle is proposed, reviewed, approved or turned down by different persons, and the store keeps the
//! record.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Published, method_file};
use crate::utility::Utility;

const METHOD: &str = "governed.toml";

/// A utility that can be graded in two windows, under a method that requires approval and one review.
fn governed() -> Utility {
    let utility = Utility::invented(400, &["--months", "40"]);
    let changes = [
        ("approval = \"none\"", "approval = \"required\""),
        ("reviews = 0", "reviews = 1"),
        ("min_months = 12", "min_months = 6"),
    ];
    fs::rename(method_file(utility.path(), "utility", &changes), utility.path().join(METHOD)).unwrap();
    utility
}

struct Person<'a>(&'a str);

impl Person<'_> {
    fn signed<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--store", "store", "--by", self.0, "--reason", "test"]].concat()
    }
}

const LI: Person = Person("Li Na");
const WANG: Person = Person("王芳");
const ZHAO: Person = Person("Zhao");

fn propose(utility: &Utility, as_of: &str) -> String {
    let args = ["regrade", "data", "--as-of", as_of, "--method", METHOD, "--accept-findings=Li", "--propose"];
    utility.done(&LI.signed(&args))
}

fn fails(utility: &Utility, args: &[&str], code: i32, said: &str) {
    let ended = utility.run(args);
    assert_eq!(ended.code, code, "{args:?}: {}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(said), "`{said}` is not in: {}", ended.stderr);
}

fn json(utility: &Utility, args: &[&str]) -> Value {
    serde_json::from_str(&utility.done(&[args, &["--store", "store", "--format", "json"]].concat())).unwrap()
}

fn states(utility: &Utility) -> Vec<String> {
    let cycles = json(utility, &["cycles"]);
    let states = cycles.as_array().unwrap().iter().map(|cycle| cycle["state"].as_str().unwrap().to_owned());
    states.collect()
}

fn current(utility: &Utility) -> Value {
    json(utility, &["cycles"])
        .as_array()
        .unwrap()
        .iter()
        .find(|cycle| cycle["state"] == "current")
        .map_or(Value::Null, |cycle| cycle["cycle"].clone())
}

#[test]
fn a_cycle_is_published_by_two_persons_and_the_store_has_the_record() {
    let utility = governed();
    let regrade = ["regrade", "data", "--as-of", "2025-11-01", "--method", METHOD, "--store", "store"];
    fails(&utility, &regrade, 2, "add --propose");
    fails(&utility, &[&regrade[..], &["--propose"]].concat(), 2, "--by");
    let said = propose(&utility, "2025-11-01");
    assert!(said.contains("Cycle 1 proposed") && said.contains("gridtier approve 1"), "{said}");
    assert_eq!((states(&utility), current(&utility)), (vec!["proposed".to_owned()], Value::Null));
    fails(&utility, &["path", "--store", "store"], 4, "the last proposal is cycle 1");
    // A second proposal of the same grading adds nothing: the first one is still open.
    assert!(propose(&utility, "2025-11-01").contains("cycle 1 is this grading"));

    fails(&utility, &LI.signed(&["approve", "1"]), 1, "Li Na proposed this cycle");
    fails(&utility, &WANG.signed(&["approve", "1"]), 1, "0 of 1 reviewers agree");
    fails(&utility, &WANG.signed(&["withdraw", "1"]), 1, "nobody else can take it back");
    utility.done(&ZHAO.signed(&["review", "1", "--verdict", "object"]));
    fails(&utility, &WANG.signed(&["approve", "1"]), 1, "Zhao objects");
    utility.done(&ZHAO.signed(&["review", "1", "--verdict", "agree"]));
    let said = utility.done(&WANG.signed(&["approve", "1"]));
    assert!(said.contains("Cycle 1 is published and current") && said.contains("not measured"), "{said}");
    fails(&utility, &WANG.signed(&["approve", "1"]), 1, "the register holds its approval by 王芳");
    assert_eq!(states(&utility), ["current"]);

    // The next proposal is measured against this cycle; gates that fail stop it until they are named.
    let strict = fs::read_to_string(utility.path().join(METHOD)).unwrap();
    propose(&utility, "2026-01-01");
    fails(&utility, &LI.signed(&["reject", "3"]), 1, "Li Na proposed this cycle");
    utility.done(&WANG.signed(&["reject", "3"]));
    assert_eq!(states(&utility), ["current", "rejected"]);
    fs::write(utility.path().join(METHOD), strict.replace("[governance.gates]", "[governance.gates]\nx = 1"))
        .unwrap();
    let ended = utility.run(&LI.signed(&[
        "regrade",
        "data",
        "--as-of",
        "2026-01-01",
        "--method",
        METHOD,
        "--propose",
    ]));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    fs::write(utility.path().join(METHOD), strict).unwrap();
    propose(&utility, "2026-01-01");
    utility.done(&ZHAO.signed(&["review", "4", "--verdict", "agree"]));
    let all = ["changed", "special_lost", "absent", "psi_score", "csi_max", "failed_checks", "breaches"];
    let despite: Vec<&str> = all.iter().flat_map(|gate| ["--despite", gate]).collect();
    let approved = WANG.signed(&[&["approve", "4"][..], &despite].concat());
    let gates: Value =
        serde_json::from_str(&utility.done(&[&approved[..], &["--format", "json"]].concat())).unwrap();
    let measured = gates.as_array().unwrap();
    assert_eq!(measured.len(), 7);
    assert!(measured.iter().all(|gate| gate["value"].is_number()), "{gates}");
    assert_eq!(states(&utility), ["published", "rejected", "current"]);

    the_store_has_the_record(&utility);
}

fn the_store_has_the_record(utility: &Utility) {
    let kinds: Vec<Value> =
        json(utility, &["register"]).as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["review", "review", "approve", "reject", "review", "approve"]);
    let head = utility.done(&["register", "--store", "store", "--head"]);
    utility.done(&["verify", "--store", "store", "--head", head.trim()]);
    let zh = utility.done(&["cycles", "--store", "store", "--lang", "zh"]);
    assert!(zh.contains("现行") && zh.contains("已否决"), "{zh}");
    // Who proposed it stays beside who approved it, and the report names the reviewers too.
    let first = &json(utility, &["cycles"])[0];
    assert_eq!((&first["proposed_by"], &first["by"]), (&"Li Na".into(), &"王芳".into()));
    assert!(zh.lines().any(|line| line.contains("提案") && line.contains("Li Na")), "{zh}");
    utility.done(&["report", "--store", "store", "--cycle", "1", "-o", "report.html"]);
    let report = fs::read_to_string(utility.path().join("report.html")).unwrap();
    for decided in ["proposed by", "Li Na", "Zhao: agree", "Zhao: 同意", "published by"] {
        assert!(report.contains(decided), "`{decided}` is not in the report");
    }
    // Cycles are found by as-of, and the history shows tiers over time.
    let path = utility.done(&["path", "--store", "store", "--as-of", "2025-11-01"]);
    assert!(path.contains("v000001-"), "{path}");
    fails(utility, &["path", "--store", "store", "--as-of", "2024-01-01"], 4, "no published cycle");
    utility.done(&["history", "--store", "store", "-o", "history.parquet"]);
    let history = Published::read(&utility.path().join("history.parquet"));
    let tiers = Published::read(&utility.path().join(path.trim()).join("tiers.parquet"));
    assert!(history.rows() >= tiers.rows());
    let customer = history.texts("customer_id")[0].clone().unwrap();
    let one = json(utility, &["history", "--customer", &customer]);
    assert_eq!(one.as_array().unwrap()[0]["valid_from"], "2025-11-01");
    fails(utility, &["history", "--store", "store", "--customer", "nobody"], 4, "nobody");
    fails(utility, &["path", "--store", "store", "--cycle", "2"], 4, "its last is cycle 4");
    let none = json(utility, &["history", "--known-on", "2020-01-01"]);
    assert_eq!(none, Value::Array(Vec::new()));
    // The rejected proposal, which nothing needs any more, is removed.
    assert!(utility.done(&["prune", "--store", "store", "--dry-run"]).contains("1 folder could be removed"));
    assert_eq!(json(utility, &["prune"]).as_array().unwrap().len(), 1);
    let said = utility.done(&["verify", "--store", "store"]);
    assert!(
        said.contains("cycle 3: its folder was removed") && said.contains("cycle 4 is as it was"),
        "{said}"
    );
    assert_eq!(states(utility), ["published", "rejected", "current"]);
    tampering_is_named(utility, head.trim());
}

fn tampering_is_named(utility: &Utility, head: &str) {
    let path = utility.path().join("store/_register/000002.json");
    let sound = fs::read_to_string(&path).unwrap();
    fs::write(&path, sound.replace("Zhao", "Zhou")).unwrap();
    fails(
        utility,
        &["verify", "--store", "store"],
        4,
        "000003.json: it does not follow on the file before it",
    );
    fs::write(&path, &sound).unwrap();
    let last = utility.path().join("store/_register/000006.json");
    let whole = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    fails(utility, &["verify", "--store", "store"], 4, "entry 6 of the register, which it names, is missing");
    fails(utility, &["verify", "--store", "store", "--head", head], 4, "it is not the entry that was filed");
    fs::write(&last, whole).unwrap();
    utility.done(&["verify", "--store", "store", "--head", head]);
    fails(utility, &["verify", "--store", "store", "--head", "6:abc"], 2, "64 hexadecimal digits");
}

#[test]
fn approval_cannot_be_evaded_by_a_method_that_cannot_be_read() {
    let utility = governed();
    fs::write(utility.path().join("free.toml"), {
        let text = fs::read_to_string(utility.path().join(METHOD)).unwrap();
        text.replace("approval = \"required\"", "approval = \"none\"").replace("reviews = 1", "reviews = 0")
    })
    .unwrap();
    propose(&utility, "2025-11-01");
    // A proposal is no cycle because somebody has written so into its record.
    let record = utility.path().join("store/_commits/000001.json");
    let proposed = fs::read_to_string(&record).unwrap();
    fs::write(&record, proposed.replace("\"proposal\"", "\"cycle\"")).unwrap();
    fails(
        &utility,
        &["verify", "--store", "store"],
        4,
        "it was published without the approval that the method",
    );
    fs::write(&record, proposed).unwrap();
    utility.done(&["verify", "--store", "store"]);
    utility.done(&ZHAO.signed(&["review", "1", "--verdict", "agree"]));
    let gates = ["--despite", "failed_checks", "--despite", "breaches"];
    utility.done(&WANG.signed(&[&["approve", "1"][..], &gates].concat()));
    let free = ["regrade", "data", "--as-of", "2026-01-01", "--method", "free.toml", "--accept-findings=Li"];
    let proposed = [&free[..], &["--propose"]].concat();
    utility.done(&LI.signed(&proposed));
    let manifest = crate::support::current(&utility.store()).join("_manifest.json");
    let sound = fs::read(&manifest).unwrap();
    for damaged in [None, Some(String::from_utf8_lossy(&sound).replace("required", "none"))] {
        match damaged {
            None => fs::remove_file(&manifest).unwrap(),
            Some(text) => fs::write(&manifest, text).unwrap(),
        }
        fails(
            &utility,
            &[&free[..], &["--store", "store"]].concat(),
            4,
            "put `_manifest.json` of cycle 1 back",
        );
        fails(&utility, &LI.signed(&["approve", "3"]), 4, "current cycle 1");
        fails(&utility, &WANG.signed(&["approve", "3"]), 4, "current cycle 1");
        fails(&utility, &WANG.signed(&["reject", "3"]), 4, "current cycle 1");
        assert_eq!(states(&utility)[1], "proposed", "nothing removes it meanwhile");
    }
    fs::write(&manifest, sound).unwrap();
    fails(&utility, &[&free[..], &["--store", "store"]].concat(), 2, "add --propose");
    fails(&utility, &WANG.signed(&["approve", "3"]), 1, "0 of 1 reviewers agree");
}

#[test]
fn of_two_proposals_to_revise_a_cycle_the_second_is_proposed_anew_over_the_first() {
    let utility = governed();
    let gates = ["changed", "special_lost", "absent", "psi_score", "csi_max", "failed_checks", "breaches"];
    let despite: Vec<&str> = gates.iter().flat_map(|gate| ["--despite", gate]).collect();
    let agree = |number: &str| {
        utility.done(&ZHAO.signed(&["review", number, "--verdict", "agree"]));
    };
    let approval = |number: &'static str| WANG.signed(&[&["approve", number][..], &despite].concat());
    for (as_of, number) in [("2025-11-01", "1"), ("2026-01-01", "3")] {
        propose(&utility, as_of);
        agree(number);
        utility.done(&approval(number));
    }
    // Two corrections of the first cycle, neither of which becomes current: a later cycle is there.
    let revise = |corrected: &'static str, reason: &'static str| {
        let revises =
            ["--propose", "--revises", corrected, "--because", "data", "--by", LI.0, "--reason", reason];
        let grading =
            ["regrade", "data", "--as-of", "2025-11-01", "--method", METHOD, "--accept-findings=Li"];
        [&grading[..], &revises, &["--store", "store"]].concat()
    };
    for reason in ["late readings", "wrong bills"] {
        utility.done(&revise("1", reason));
    }
    agree("5");
    agree("6");
    utility.done(&approval("5"));
    assert_eq!(states(&utility), ["superseded", "current", "published", "proposed"]);
    fails(&utility, &approval("6"), 1, "it revises cycle 1, but cycle 5 has revised that one meanwhile");
    fails(&utility, &approval("6"), 1, "--revises 5");
    fails(&utility, &revise("1", "wrong bills"), 2, "cycle 1 has a later revision, cycle 5; revise that one");
    utility.done(&WANG.signed(&["reject", "6"]));
    utility.done(&revise("5", "wrong bills"));
    agree("8");
    utility.done(&approval("8"));
    assert_eq!(states(&utility), ["superseded", "current", "superseded", "rejected", "published"]);
    utility.done(&["verify", "--store", "store"]);
}

#[test]
fn a_revision_names_the_cycle_that_it_corrects() {
    let utility = Utility::invented(200, &[]);
    let run = |options: &[&str]| {
        let args = ["regrade", "data", "--store", "store", "--accept-findings=Li"];
        let as_of = if options.contains(&"--as-of") { &[][..] } else { &["--as-of", "2026-01-01"] };
        utility.run(&[&args[..], as_of, options].concat())
    };
    let signed = ["--by", "Li", "--reason", "late bills"];
    let revise = |number: &str, because: &str, options: &[&str]| {
        run(&[&["--revises", number, "--because", because][..], &signed, options].concat())
    };
    assert_eq!(run(&["--method", "utility"]).code, 0);
    let other = revise("1", "data", &["--method", "paper"]);
    assert_eq!((other.code, other.stderr.contains("--because method")), (3, true), "{}", other.stderr);
    assert_eq!(run(&["--method", "utility", "--revises", "1"]).code, 2);
    assert_eq!(revise("1", "appeal", &["--method", "utility"]).code, 2);
    let wrong = run(&[&["--method", "utility", "--revises", "7", "--because", "data"][..], &signed].concat());
    assert_eq!(wrong.code, 4, "{}", wrong.stderr);
    let first = revise("1", "data", &["--method", "utility"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let stale = revise("1", "data", &["--method", "utility"]);
    assert_eq!((stale.code, stale.stderr.contains("later revision, cycle 2")), (2, true), "{}", stale.stderr);
    assert_eq!(revise("2", "method", &["--method", "paper"]).code, 0);
    let manifest = |cycle: &str| -> Value {
        let path = utility.done(&["path", "--store", "store", "--cycle", cycle]);
        let path = Path::new(utility.path()).join(path.trim()).join("_manifest.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let (second, third) = (manifest("2"), manifest("3"));
    assert!(manifest("1").get("revises").is_none());
    assert_eq!(second["revises"]["because"], "data");
    assert_eq!(second["revises"]["family"], second["revises"]["manifest_sha256"]);
    assert_eq!(third["revises"]["family"], second["revises"]["family"]);
    assert_ne!(third["revises"]["manifest_sha256"], second["revises"]["manifest_sha256"]);
    assert_eq!(states(&utility), ["superseded", "superseded", "current"]);
    assert!(utility.done(&["prune", "--store", "store"]).contains("Nothing can be removed"));
    utility.done(&["verify", "--store", "store"]);
    // A comparison accepts a cycle as a correction only if it is a revision of the earlier cycle.
    assert_eq!(run(&["--as-of", "2025-12-01", "--method", "utility"]).code, 0);
    let compare = |revision: &str| {
        let cycles = ["compare", "--store", "store", "--from", "1", "--cycle", "3"];
        utility.run(&[&cycles[..], &["--revision", revision]].concat())
    };
    assert_eq!(compare("2").code, 0);
    let other = compare("4");
    assert_eq!((other.code, other.stderr.contains("no revision of cycle 1")), (2, true), "{}", other.stderr);
}
