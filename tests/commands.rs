//! Every command as scripts use it: what goes to stdout, what to stderr, and the exit code.

use std::fs;
use std::path::Path;

use rust_xlsxwriter::Workbook;
use serde_json::Value;

use crate::support::{Published, counts, gridtier, method_file};
use crate::utility::{AS_OF, READINGS, Utility, graded};

/// Readings of customer 0001 that their source marks invalid.
fn invalid(count: usize) -> String {
    (1..=count).map(|day| format!("0001,M9,2025-01-{day:02},1,,invalid\n")).collect()
}

fn manifest(cycle: &Path) -> Value {
    serde_json::from_slice(&fs::read(cycle.join("_manifest.json")).unwrap()).unwrap()
}

/// Asserts that a command ends with a code, says all of `words` on stderr, and prints nothing on stdout.
fn fails(utility: &Utility, args: &[&str], code: i32, words: &[&str]) {
    let ended = utility.run(args);
    assert_eq!(ended.code, code, "{args:?}\n{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout, "", "{args:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{args:?}: `{word}` is not in: {}", ended.stderr);
    }
}

#[test]
fn a_regrade_names_the_cycle_and_path_finds_it() {
    let utility = Utility::invented(400, &[]);
    let output = utility.regrade(&["--method", "utility"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    for part in ["Cycle 1 published", "2023-01 – 2025-12 (36 months)", "utility", "378 graded of 400"] {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
    let path = utility.done(&["path", "--store", "store"]);
    assert!(output.stdout.contains(path.trim()), "{path}");
    let names = Published::read(&utility.path().join(path.trim()).join("tiers.parquet")).texts("tier");
    assert_eq!(counts(&names).into_values().sum::<usize>(), 378);
    assert_eq!(utility.regrade(&[]).code, 0);
    assert_eq!(utility.done(&["path", "--store", "store", "--cycle", "1"]), path);
    assert_ne!(utility.done(&["path", "--store", "store"]), path);
    let last = ["holds no cycle 3", "its last is cycle 2"];
    fails(&utility, &["path", "--store", "store", "--cycle", "3"], 4, &last);
}

#[test]
fn the_same_grading_is_published_once() {
    let utility = Utility::invented(100, &[]);
    utility.published(&["--method", "utility"]);
    let output = utility.regrade(&["--method", "utility"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    for part in ["Nothing new to publish: cycle 1", "--again", "v000001-"] {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
    let output: Value =
        serde_json::from_str(&utility.regrade(&["--method", "utility", "--format", "json"]).stdout).unwrap();
    assert_eq!(
        (&output["cycle"], &output["published"], &output["current"]),
        (&1.into(), &false.into(), &1.into())
    );
    assert_eq!(output["control_totals"]["customers"], 100);
    // Another method, another window or other inputs are another grading.
    assert!(utility.regrade(&[]).stdout.contains("Cycle 2 published"));
    // The first one is still there, and says that it is not the current one.
    let output = utility.regrade(&["--method", "utility", "--fresh"]).stdout;
    assert!(
        output.contains("cycle 1 is this grading") && output.contains("Cycle 2 is the current one"),
        "{output}"
    );
    let zh = utility.regrade(&["--lang", "zh"]).stdout;
    assert!(zh.contains("无需发布: 周期 2"), "{zh}");
    utility.regrade(&["--method", "utility", "--make-current"]);
    assert!(utility.done(&["path", "--store", "store"]).contains("v000001-"));
    // A grading with a table that the published cycle lacks is published. Its number is 4: record 3 says that cycle 1
    // was made current.
    assert!(utility.regrade(&["--tier-probability"]).stdout.contains("Cycle 4 published"));
    assert!(utility.regrade(&["--tier-probability"]).stdout.contains("cycle 4 is this grading"));
    assert!(utility.regrade(&["--again"]).stdout.contains("Cycle 5 published"));
}

#[test]
fn an_earlier_as_of_is_published_beside_the_current_cycle() {
    let utility = Utility::invented(100, &[]);
    let current = utility.published(&[]);
    let args = ["regrade", "data", "--as-of", "2025-07-01", "--store", "store"];
    let output = utility.done(&args);
    assert!(output.contains("Cycle 2 published") && output.contains("Cycle 1 stays current"), "{output}");
    assert!(output.contains("--make-current"), "{output}");
    assert_eq!(utility.path().join(utility.done(&["path", "--store", "store"]).trim()), current);
    // The same command again publishes nothing, and makes the existing cycle current.
    let output = utility.done(&[&args[..], &["--make-current"]].concat());
    assert!(output.contains("Nothing new to publish: cycle 2"), "{output}");
    assert!(utility.done(&["path", "--store", "store"]).contains("v000002-"));
    // The next cycle with a later as-of becomes current, and a new one with an earlier as-of does if asked to. Record 3
    // says that cycle 2 was made current.
    assert!(!utility.regrade(&["--method", "utility"]).stdout.contains("stays current"));
    assert!(utility.done(&["path", "--store", "store"]).contains("v000004-"));
    let earlier = ["regrade", "data", "--as-of", "2025-06-01", "--store", "store", "--make-current"];
    assert!(utility.done(&earlier).contains("Cycle 5 published"));
    assert!(utility.done(&["path", "--store", "store"]).contains("v000005-"));
}

#[test]
fn a_store_cannot_be_a_url() {
    let utility = Utility::small();
    for url in ["s3://bucket/store", "hdfs://node:9000/store", "file:///tmp/store", "abfss://a@b/c"] {
        fails(&utility, &["regrade", "data", "--as-of", AS_OF, "--store", url], 2, &["URL", "local folder"]);
        fails(&utility, &["path", "--store", url], 2, &["URL"]);
        fails(&utility, &["entitlements", "matrix", "--store", url], 2, &["URL"]);
    }
    assert_eq!(fs::read_dir(utility.path()).unwrap().count(), 1, "only the data is there");
}

#[test]
fn the_result_for_machines_is_json_with_the_control_totals() {
    let utility = Utility::invented(100, &[]);
    let output = utility.regrade(&["--format", "json"]);
    let output: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&output["cycle"], &output["control_totals"]["customers"]), (&1.into(), &100.into()));
    let cycle = utility.path().join(output["dir"].as_str().unwrap());
    assert_eq!(manifest(&cycle)["control_totals"], output["control_totals"]);
    assert_eq!(manifest(&cycle)["findings"], output["findings"]);
}

#[test]
fn a_manifest_names_window_method_and_inputs() {
    let cycle = graded().path().join(graded().done(&["path", "--store", "store"]).trim());
    let manifest = manifest(&cycle);
    assert_eq!((&manifest["as_of"], &manifest["window"]["months"]), (&AS_OF.into(), &36.into()));
    assert_eq!(
        (&manifest["window"]["start"], &manifest["window"]["end"]),
        (&"2023-01".into(), &"2026-01".into())
    );
    // The preset as it is, with the comments of both languages.
    assert_eq!(manifest["method"]["text"], include_str!("../crates/gridtier/presets/utility.toml"));
    assert_eq!(manifest["inputs"].as_array().unwrap().len(), 8);
    for input in manifest["inputs"].as_array().unwrap() {
        let content = fs::read(graded().data().join(input["path"].as_str().unwrap())).unwrap();
        let (sha256, bytes) = gridtier_io::hash::sha256_of(content.as_slice()).unwrap();
        assert_eq!((&input["sha256"], &input["bytes"]), (&sha256.into(), &bytes.into()));
    }
    for output in manifest["outputs"].as_array().unwrap() {
        let path = cycle.join(output["path"].as_str().or(output["name"].as_str()).unwrap());
        assert_eq!(
            Published::read(&path).rows() as u64,
            output["rows"].as_u64().unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn findings_beyond_the_limits_publish_nothing_until_someone_accepts_them() {
    let utility = Utility::small().append("meter_readings.csv", &invalid(11));
    let output = utility.regrade(&[]);
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.contains("table meter_readings: 11 rejected rows, 10 allowed"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("--accept-findings=WHO") && output.stdout.contains("invalid_quality"));
    let again = format!("`gridtier check data --as-of {AS_OF} -o DIR`");
    assert!(output.stderr.contains(&again), "{}", output.stderr);
    fails(&utility, &["path", "--store", "store"], 4, &["holds no cycle yet"]);

    let somebody = manifest(&utility.published(&["--accept-findings"]));
    assert!(somebody["accepted_by"].as_str().is_some_and(|who| !who.is_empty()), "{somebody}");
    let accepted = manifest(&utility.published(&["--again", "--accept-findings=Li Na, data office"]));
    assert_eq!(accepted["accepted_by"], "Li Na, data office");
    assert_eq!(
        (&accepted["breaches"][0]["table"], &accepted["breaches"][0]["rejected"]),
        (&"meter_readings".into(), &11.into())
    );
}

#[test]
fn ten_rejects_are_within_the_limits_and_need_nobody_to_accept_them() {
    let utility = Utility::small().append("meter_readings.csv", &invalid(10));
    let cycle = utility.published(&["--accept-findings=somebody"]);
    assert_eq!(
        (&manifest(&cycle)["accepted_by"], &manifest(&cycle)["breaches"]),
        (&Value::Null, &Value::Array(vec![]))
    );
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let utility = Utility::small();
    let regrade = ["regrade", "data", "--store", "store", "--as-of"];
    for bad in ["2026-01-02", "2026-01", "2026-13-01", "today", "20260101", ""] {
        fails(&utility, &[&regrade[..], &[bad]].concat(), 2, &["--as-of", "the first day of a month"]);
    }
    fails(&utility, &[&regrade[..], &[AS_OF, "--fast"]].concat(), 2, &["--fast"]);
    fails(&utility, &[&regrade[..], &[AS_OF, "--threads", "0"]].concat(), 2, &["--threads"]);
    fails(&utility, &["regrade", "data", "--as-of", AS_OF], 2, &["--store"]);
    fails(&utility, &["check", "data", "--as-of", "2026-01-31"], 2, &["the first day of a month"]);
    fails(&utility, &["grade"], 2, &["regrade"]);
    fails(&utility, &[], 2, &["Usage"]);
    fails(&utility, &["method", "show", "papr"], 2, &["did you mean `paper`?"]);
    assert!(!utility.store().exists());
}

#[test]
fn a_wrong_method_ends_with_3_and_every_fault_by_line() {
    let utility = Utility::small();
    let changes = [
        ("quotas = [10, 30, 50, 10]", "quotas = [10, 30, 50, 20]"),
        ("on_time_payment = 0.6", "on_time_payment = 0.7"),
        ("[[0, 40], [1, 60]", "[[1, 40], [0, 60]"),
    ];
    let method = method_file(utility.path(), "paper", &changes);
    let text = fs::read_to_string(&method).unwrap();
    let line_of = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    let at = |line: usize, what: &str| format!("method.toml:{line}: {what}");
    let expected = [
        at(line_of("quotas ="), "`quotas`"),
        at(line_of("[weights.indicators.payment]"), "the weights of"),
        at(line_of("suggestion_points = {"), "indicator `suggestion_points`"),
        "what to do: ".to_owned(),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let regrade = ["regrade", "data", "--as-of", AS_OF, "--store", "store", "--method", &method];
    for args in [&regrade[..], &["method", "check", &method], &["check", "data", "--method", &method]] {
        fails(&utility, args, 3, &expected);
    }
    assert!(!utility.store().exists());

    let unknown = [("provisional_tier", "provisonal_tier"), ("window_months = 36", "window_months = 0")];
    let method = method_file(utility.path(), "paper", &unknown);
    fails(
        &utility,
        &["method", "check", &method],
        3,
        &["did you mean `provisional_tier`?", "`window_months`"],
    );
    fails(&utility, &["method", "check", "no-such.toml"], 3, &["no-such.toml", "paper, utility"]);
}

#[test]
fn input_that_cannot_be_graded_ends_with_4() {
    Utility::small().without("customers.csv").refused(&["customers"]);
    Utility::small().without("meter_readings.csv").refused(&["meter_readings"]);
    Utility::small().and("meter_readings.csv", READINGS).refused(&["meter_readings"]);
    Utility::small()
        .and("bills.parquet", "no parquet at all")
        .refused(&["table bills: bills.parquet", "text"]);
    let utility = Utility::small();
    fails(&utility, &["check", "nowhere"], 4, &["nowhere", "the data folder cannot be listed"]);
    fails(&utility, &["path", "--store", "nowhere"], 4, &["nowhere is not a store of cycles"]);
    fails(&utility, &["verify", "--store", "data"], 4, &["data is not a store of cycles"]);
}

#[test]
fn a_store_that_cannot_be_written_ends_with_5() {
    let utility = Utility::small();
    let before = || {
        let entries = fs::read_dir(utility.data()).unwrap().map(|entry| entry.unwrap().file_name());
        entries.collect::<std::collections::BTreeSet<_>>()
    };
    let there = before();
    for store in ["data/customers.csv/store", "data/customers.csv", "data"] {
        fails(&utility, &["regrade", "data", "--as-of", AS_OF, "--store", store], 5, &["data"]);
    }
    assert_eq!(before(), there);
}

#[test]
fn verify_finds_a_flipped_byte_in_any_file() {
    let utility = Utility::small();
    let cycle = utility.published(&[]);
    assert!(utility.done(&["verify", "--store", "store"]).contains("cycle 1 is as it was published"));
    for name in ["tiers.parquet", "rejects/customers.parquet", "_manifest.json"] {
        let path = cycle.join(name);
        let sound = fs::read(&path).unwrap();
        let mut damaged = sound.clone();
        damaged[sound.len() / 2] ^= 1;
        fs::write(&path, damaged).unwrap();
        fails(&utility, &["verify", "--store", "store"], 4, &["cycle 1 is not as it was published", name]);
        fs::write(&path, sound).unwrap();
    }
    fs::write(cycle.join("notes.txt"), "mine").unwrap();
    fails(&utility, &["verify", "--store", "store", "--cycle", "1"], 4, &["notes.txt"]);
    fs::remove_file(cycle.join("notes.txt")).unwrap();
    fs::remove_file(cycle.join("ledger.parquet")).unwrap();
    fails(&utility, &["verify", "--store", "store"], 4, &["ledger.parquet is missing"]);
}

#[test]
fn a_check_counts_every_date_until_it_is_told_the_window() {
    let utility = Utility::small().append("meter_readings.csv", "0001,M1,2019-01-01,5,,actual\n");
    assert_eq!(utility.checked().tally("meter_readings"), [37, 36, 1, 0, 0]);
    let all = utility.done(&["check", "data", "--format", "json"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["reconciliation"][1]["counted"], 37);
    let text = utility.done(&["check", "data", "--as-of", AS_OF]);
    assert!(text.contains("meter_readings") && text.contains("No findings."), "{text}");
    assert!(!utility.store().exists());
}

#[test]
fn a_check_writes_what_it_found_for_a_spreadsheet() {
    let utility = Utility::small()
        .append(
            "customers.csv",
            "0004,farm,low_voltage,2010-01-01,false\n0005,other,\"low, very\",\"=1+1\",false\n",
        )
        .append("meter_readings.csv", &invalid(12));
    let output = utility.run(&["check", "data", "--as-of", AS_OF, "-o", "out"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("out/rejects") && output.stdout.contains("bad_enum"), "{}", output.stderr);
    let read = |name: &str| {
        let text = fs::read_to_string(utility.path().join("out").join(name)).unwrap();
        text.strip_prefix('\u{feff}').unwrap_or_else(|| panic!("{name} has no byte order mark")).to_owned()
    };
    assert!(read("findings.csv").contains("customers,bad_enum,error,"), "{}", read("findings.csv"));
    assert!(
        read("reconciliation.csv").contains("meter_readings,48,36,0,12,0,0"),
        "{}",
        read("reconciliation.csv")
    );
    let customers = read("rejects/customers.csv");
    let mut lines = customers.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!("source_file,row,rule,{}", crate::utility::CUSTOMERS.trim_end())
    );
    assert_eq!(lines.next(), Some("customers.csv,3,bad_enum,0004,farm,low_voltage,2010-01-01,false"));
    let formula = lines.next().unwrap();
    assert!(formula.contains("\"low, very\"") && formula.contains("'=1+1"), "{formula}");
    assert_eq!(read("rejects/meter_readings.csv").lines().count(), 13);
}

#[test]
fn a_check_leaves_no_rejects_of_an_earlier_one() {
    let utility = Utility::small().append("customers.csv", "0004,farm,low_voltage,2010-01-01,false\n");
    let rejects = utility.path().join("out/rejects/customers.csv");
    utility.done(&["check", "data", "--as-of", AS_OF, "-o", "out"]);
    assert!(rejects.exists());
    let text = fs::read_to_string(utility.data().join("customers.csv")).unwrap();
    let utility = utility.and("customers.csv", text.replace("farm", "other"));
    utility.done(&["check", "data", "--as-of", AS_OF, "-o", "out"]);
    assert!(!rejects.exists(), "a clerk would correct rows that are right already");
}

#[test]
fn a_report_that_cannot_be_written_ends_with_5() {
    let utility = Utility::small();
    fs::write(utility.path().join("taken"), "").unwrap();
    fails(&utility, &["check", "data", "-o", "taken/report"], 5, &["taken"]);
    // A place in a table is refused before that.
    fails(
        &utility,
        &["check", "data", "-o", "data/customers.csv/report"],
        2,
        &["lies in the data that are checked"],
    );
}

#[test]
fn a_check_never_replaces_what_it_checks() {
    let utility = Utility::small();
    let customers = fs::read(utility.data().join("customers.csv")).unwrap();
    utility.done(&["check", "data", "-o", "data/report.html"]);
    let mut book = Workbook::new();
    book.add_worksheet().write_row(0, 0, ["customer_id", "month", "planned_kwh"]).unwrap();
    book.save(utility.data().join("plans.xlsx")).unwrap();
    let plans = fs::read(utility.data().join("plans.xlsx")).unwrap();
    fs::create_dir(utility.data().join("incidents")).unwrap();
    let columns = "incident_id,customer_id,occurred_at,kind,severity,responsibility,status\n";
    fs::write(utility.data().join("incidents/a.csv"), columns).unwrap();
    for output in ["data", "data/plans.xlsx", "data/incidents/new.html", "data/incidents/new/deep"] {
        fails(&utility, &["check", "data", "-o", output], 2, &["lies in the data that are checked"]);
    }
    assert_eq!(fs::read(utility.data().join("plans.xlsx")).unwrap(), plans);
    assert_eq!(fs::read(utility.data().join("customers.csv")).unwrap(), customers);
}

#[test]
fn no_list_replaces_a_file_of_a_published_cycle() {
    let utility = Utility::small();
    let cycle = utility.published(&[]);
    for name in ["tiers.parquet", "rejects/customers.parquet"] {
        let published = cycle.join(name);
        let (before, path) = (fs::read(&published).unwrap(), published.to_str().unwrap());
        let grants = ["entitlements", "grants", "--store", "store", "--purpose", "operations", "-o", path];
        fails(&utility, &grants, 5, &[name, "Choose another name"]);
        assert_eq!(fs::read(&published).unwrap(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_cycle_is_published_although_its_summary_cannot_be_written() {
    let utility = Utility::small();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut regrade = gridtier();
    regrade.current_dir(utility.path()).args(["regrade", "data", "--as-of", AS_OF]);
    regrade.args(["--store", "store", "--accept-findings=Li"]);
    let ended = regrade.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let ended = ended.wait_with_output().unwrap();
    let message = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(5), "{message}");
    assert!(message.contains("files and cycles that the command writes are complete"), "{message}");
    assert!(utility.done(&["path", "--store", "store"]).contains("v000001-"));
}

#[test]
fn a_method_file_is_started_once_and_never_written_over() {
    let utility = Utility::small();
    for preset in ["paper", "utility"] {
        let file = format!("{preset}.toml");
        assert_eq!(utility.done(&["method", "new", &file, "--from", preset]), format!("{file}\n"));
        let shown = utility.done(&["method", "show", preset]);
        assert_eq!(fs::read_to_string(utility.path().join(&file)).unwrap(), shown);
        let described = utility.done(&["method", "check", &file]);
        assert!(described.contains("is sound") && described.contains("violation_points"), "{described}");
    }
    fs::write(utility.path().join("mine.toml"), "mine").unwrap();
    fails(&utility, &["method", "new", "mine.toml"], 5, &["mine.toml"]);
    assert_eq!(fs::read_to_string(utility.path().join("mine.toml")).unwrap(), "mine");
    assert_eq!(utility.done(&["method", "show"]), utility.done(&["method", "show", "paper"]));
}

#[test]
fn a_preset_and_its_file_grade_alike() {
    let utility = Utility::invented(100, &[]);
    // Tiers are not compared, because they name their cycle; the points of all indicators are.
    let preset = fs::read(utility.published(&["--method", "utility"]).join("contributions.parquet")).unwrap();
    utility.done(&["method", "new", "mine.toml", "--from", "utility"]);
    let file = fs::read(utility.published(&["--method", "mine.toml"]).join("contributions.parquet")).unwrap();
    assert!(preset == file);
}

#[test]
fn the_demo_is_graded_again_in_the_next_cycle() {
    let utility = Utility::empty();
    let demo = ["demo", "trial", "--customers", "300"];
    let first = utility.run(&demo);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(
        first.stdout.contains("Cycle 1 published") && first.stderr.contains("trial/data"),
        "{}",
        first.stdout
    );
    let second = utility.run(&demo);
    assert!(second.stdout.contains("Cycle 2 published"), "{}{}", second.stdout, second.stderr);
    // A demo that was killed has left part of its data.
    let draft = utility.path().join("other/data/.partial");
    fs::create_dir_all(&draft).unwrap();
    fs::write(draft.join("customers.csv"), "").unwrap();
    utility.done(&["demo", "other", "--customers", "300"]);
    assert!(!draft.exists());
    let tiers = |cycle: &str| {
        let path = utility.done(&["path", "--store", "trial/store", "--cycle", cycle]);
        Published::read(&utility.path().join(path.trim()).join("tiers.parquet"))
            .rows_of(&["customer_id", "tier"])
    };
    assert_eq!(tiers("1"), tiers("2"));
    fails(&utility, &["demo", "trial", "--data-only"], 5, &["trial/data"]);
}

#[test]
fn schemas_are_written_and_name_every_column() {
    let utility = Utility::empty();
    let listed = utility.done(&["schema", "-o", "contracts"]);
    let written = fs::read_dir(utility.path().join("contracts")).unwrap().count();
    assert_eq!((listed.lines().count(), written >= 9), (written, true), "{listed}");
    for path in listed.lines() {
        let text = fs::read_to_string(utility.path().join(path)).unwrap();
        if path.ends_with(".json") {
            assert!(serde_json::from_str::<Value>(&text).unwrap().is_object(), "{path}");
        }
    }
    for table in gridtier::contract::Table::ALL {
        let path = listed.lines().find(|path| path.contains(&format!("/{table}."))).unwrap();
        let text = fs::read_to_string(utility.path().join(path)).unwrap();
        for column in table.columns() {
            assert!(text.contains(column.name), "{path} does not name {}", column.name);
        }
    }
    fails(&Utility::small(), &["schema", "-o", "data/customers.csv/schemas"], 5, &["data/customers.csv"]);
}
