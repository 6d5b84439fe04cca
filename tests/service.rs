//! `service`: a service log of three customers, made by hand, held against a published cycle.

use std::fs;

use calamine::{Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use crate::support::{Published, write};
use crate::utility::Utility;

/// Ends every command line about the log of January 2026.
const JANUARY: [&str; 5] = ["log", "--store", "store", "--period", "2026-01"];

/// A graded utility of three customers, and a service log of its January: a fault that took 0001 off the supply for an
/// hour and 0002 for five; a complaint of 0001 that nobody answers, and one of 0002 that was closed and followed up.
fn utility() -> Utility {
    let utility = Utility::small();
    utility.published(&[]);
    write(
        utility.path(),
        "log/outages.csv",
        "outage_id,started_at,kind,cause,responsibility\n\
         O1,2026-01-10 10:00:00,fault,lightning,utility\n",
    );
    write(
        utility.path(),
        "log/interruptions.csv",
        "outage_id,customer_id,started_at,restored_at\n\
         O1,0001,2026-01-10 10:00:00,2026-01-10 11:00:00\n\
         O1,0002,2026-01-10 10:00:00,2026-01-10 15:00:00\n",
    );
    write(
        utility.path(),
        "log/deliveries.csv",
        "delivery_id,created_at,customer_id,service,channel,sent_at,delivered_at\n\
         D1,2026-01-08 08:00:00,0002,S05,phone,2026-01-08 09:00:00,2026-01-08 09:10:00\n",
    );
    write(
        utility.path(),
        "log/contacts.csv",
        "contact_id,received_at,customer_id,kind,topic,first_contact_at,answered_at,closed_at\n\
         K1,2026-01-05 08:00:00,0001,complaint,billing,,,\n\
         K2,2026-01-06 08:00:00,0002,complaint,outage,2026-01-06 09:00:00,2026-01-07 08:00:00,2026-01-07 09:00:00\n",
    );
    utility
}

fn ask(utility: &Utility, command: &str, options: &[&str]) -> crate::support::Ended {
    utility.run(&[&["service", command], &JANUARY[..], options].concat())
}

fn table(utility: &Utility, name: &str) -> Published {
    Published::read(&utility.path().join(name).with_extension("parquet"))
}

/// The rows of a table with these cells in these columns.
fn rows_where(table: &Published, columns: &[(&str, &str)]) -> Vec<usize> {
    let cells: Vec<_> = columns.iter().map(|(name, _)| table.texts(name)).collect();
    let is_asked = |row: &usize| {
        columns.iter().zip(&cells).all(|((_, asked), cells)| cells[*row].as_deref() == Some(*asked))
    };
    (0..table.rows()).filter(is_asked).collect()
}

#[test]
fn promises_and_reliability_are_in_the_tables_of_a_new_folder() {
    let utility = utility();
    let ended = ask(&utility, "promises", &["-o", "out"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let reliability = table(&utility, "out/reliability");
    let all = rows_where(&reliability, &[("scope", "all"), ("group_by", "all")])[0];
    assert_eq!(reliability.integers("customer_days")[all], Some(93));
    assert_eq!(reliability.integers("seconds")[all], Some(21_600));
    let near = |name: &str, expected: f64| {
        let found = reliability.numbers(name)[all].unwrap();
        assert!((found - expected).abs() < 1e-9 * expected, "{name}: {found}");
    };
    near("saifi", 2.0 / 3.0);
    near("saidi_min", 120.0);
    near("caidi_min", 180.0);
    let promises = table(&utility, "out/promises");
    let restored = rows_where(&promises, &[("promise", "restore_fault"), ("group_by", "all")])[0];
    let counts = ["exposures", "kept", "breached"].map(|name| promises.integers(name)[restored].unwrap());
    assert_eq!(counts, [2, 1, 1]);
    let breaches = table(&utility, "out/breaches");
    let late = rows_where(&breaches, &[("promise", "restore_fault")]);
    assert_eq!(breaches.texts("customer_id")[late[0]].as_deref(), Some("0002"));
    assert_eq!(breaches.numbers("value")[late[0]], Some(300.0));
    for name in ["causes", "major_days", "findings", "reconciliation", "rejects/outages"] {
        assert!(utility.path().join("out").join(name).with_extension("parquet").is_file(), "{name}");
    }
    let manifest = fs::read(utility.path().join("out/_manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!((&manifest["command"], &manifest["period"]), (&"promises".into(), &"2026-01".into()));
    assert_eq!((&manifest["as_of"], &manifest["cycle"]["version"]), (&"2026-02-01".into(), &1.into()));
    assert_eq!(manifest["policy"]["sha256"].as_str().unwrap().len(), 64);
    assert!(manifest["policy"]["text"].as_str().unwrap().contains("restore_fault"));
    let inputs = manifest["inputs"].as_array().unwrap();
    assert!(inputs.iter().any(|input| input["path"] == "outages.csv" && input["rows"] == 1), "{inputs:?}");
}

#[test]
fn a_folder_that_is_there_is_refused_and_left_as_it_is() {
    let utility = utility();
    write(utility.path(), "out/own.txt", "mine");
    let ended = ask(&utility, "check", &["-o", "out"]);
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    assert!(ended.stderr.contains("out is there already") && ended.stderr.contains("name a new folder"));
    let names: Vec<_> = fs::read_dir(utility.path().join("out")).unwrap().map(Result::unwrap).collect();
    assert_eq!((names.len(), names[0].file_name()), (1, "own.txt".into()));
    let drafts = fs::read_dir(utility.path()).unwrap().map(Result::unwrap);
    assert!(!drafts.into_iter().any(|entry| entry.file_name().to_string_lossy().contains("partial")));
}

#[test]
fn a_follow_up_in_time_fills_its_item_and_one_that_is_open_is_on_the_work_list() {
    let utility = utility();
    let ended = ask(&utility, "delivered", &["-o", "out"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let due = table(&utility, "out/due");
    let followed = rows_where(&due, &[("reason", "follow_up:complaint_closed")]);
    assert_eq!(followed.len(), 1);
    assert_eq!(due.texts("status")[followed[0]].as_deref(), Some("on_time"));
    assert_eq!(due.texts("delivery_id")[followed[0]].as_deref(), Some("D1"));
    let delivered = table(&utility, "out/delivered");
    let all = rows_where(&delivered, &[("reason", "follow_up:complaint_closed"), ("group_by", "all")])[0];
    assert_eq!((delivered.integers("due")[all], delivered.numbers("share")[all]), (Some(1), Some(1.0)));
    let list = ask(&utility, "due", &["-o", "list.csv"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    assert!(list.stdout.contains("Work list of 2026-02"), "{}", list.stdout);
    let csv = fs::read_to_string(utility.path().join("list.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + table(&utility, "out/worklist").rows(), "{csv}");
}

#[test]
fn a_work_list_is_chosen_by_service_and_tier() {
    let utility = utility();
    let list = |options: &[&str]| {
        let ended = ask(&utility, "due", &[options, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{options:?}: {}", ended.stderr);
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        json["worklist"].as_array().map_or(Vec::new(), |rows| {
            let key = |row: &Value| (row["position"].as_i64().unwrap(), row["service"].to_string());
            rows.iter().map(key).collect::<Vec<_>>()
        })
    };
    let all = list(&[]);
    let of = |id: &str| -> Vec<_> {
        let id = format!("\"{id}\"");
        all.iter().filter(|(_, service)| *service == id).cloned().collect()
    };
    assert!(!of("S05").is_empty(), "{all:?}");
    assert_eq!(list(&["--service", "S05"]), of("S05"));
    let tiers = ["special", "grade-1", "grade-2", "grade-3"].map(|tier| list(&["--tier", tier]));
    let mut together: Vec<_> = tiers.concat();
    together.sort_unstable();
    assert!(
        together.len() >= of("S05").len() && together.iter().all(|line| all.contains(line)),
        "{together:?}"
    );
    assert_eq!(list(&["--tier", "special", "--tier", "grade-1"]).len(), tiers[0].len() + tiers[1].len());
    for (options, message) in [
        (&["--service", "S99"][..], "no such service"),
        (&["--service", "S05", "-o", "out"], "name a file"),
        (&["--tier", "special", "--min-count", "5"], "--min-count"),
    ] {
        let ended = ask(&utility, "due", options);
        assert_eq!(ended.code, 2, "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(message), "{options:?}: {}", ended.stderr);
    }
}

#[test]
fn contacts_that_wait_come_first_in_both_languages() {
    let utility = utility();
    let ended = ask(&utility, "contacts", &["-o", "out"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let (attention, timers) = (ended.stdout.find("cases overdue"), ended.stdout.find("Timers"));
    assert!(attention.unwrap() < timers.unwrap(), "{}", ended.stdout);
    let cases = table(&utility, "out/cases");
    let contacted = rows_where(&cases, &[("timer", "complaint_contact")]);
    let statuses: Vec<_> = contacted.iter().map(|&row| cases.texts("status")[row].clone().unwrap()).collect();
    assert_eq!(statuses, ["overdue", "on_time"]);
    assert_eq!(cases.numbers("hours")[contacted[1]], Some(1.0));
    let ageing = table(&utility, "out/ageing");
    let waiting = rows_where(&ageing, &[("kind", "complaint"), ("days", "15-30")])[0];
    assert_eq!(ageing.integers("open")[waiting], Some(1));
    let zh = ask(&utility, "contacts", &["--lang", "zh"]);
    assert!(zh.stdout.contains("须关注事项") && zh.stdout.contains("逾期未办"), "{}", zh.stdout);
    assert!(!zh.stdout.contains("cases overdue"), "{}", zh.stdout);
}

#[test]
fn what_depends_on_an_absent_table_is_not_measured() {
    let utility = utility();
    fs::remove_file(utility.path().join("log/contacts.csv")).unwrap();
    let ended = ask(&utility, "contacts", &["-o", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("Not measured"), "{}", ended.stdout);
    assert!(!utility.path().join("out/topics.parquet").exists());
    let manifest: Value =
        serde_json::from_slice(&fs::read(utility.path().join("out/_manifest.json")).unwrap()).unwrap();
    assert!(manifest["absent"].as_array().unwrap().contains(&"contacts".into()), "{manifest:#}");
    let json = ask(&utility, "contacts", &["--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(
        json["absent_tables"].as_array().unwrap().contains(&"contacts".into()) && json["topics"].is_null()
    );
}

#[test]
fn wrong_questions_policies_and_inputs_end_with_their_exit_codes() {
    let utility = utility();
    for (options, code, message) in [
        (vec!["--as-of", "2026-01-01"], 2, "截止日须晚于"),
        (vec!["--min-count", "5", "-o", "out"], 2, "不得列出客户"),
        (vec!["--policy", "nowhere.toml"], 3, "无法读取"),
        (vec!["--cycle", "9"], 4, "9"),
    ] {
        let ended = ask(&utility, "promises", &[&options[..], &["--lang", "zh"]].concat());
        assert_eq!(ended.code, code, "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    }
    let period = ["service", "check", "log", "--store", "store", "--period", "May"];
    assert_eq!(utility.run(&period).code, 2);
    let nowhere = ["service", "check", "nowhere", "--store", "store", "--period", "2026-01"];
    assert_eq!(utility.run(&nowhere).code, 4);
}

#[test]
fn too_many_rejects_end_with_exit_code_1_and_their_rows_are_in_the_folder() {
    let utility = utility();
    let nobody: String =
        (0..50).map(|number| format!("O1,X{number},2026-01-10 10:00:00,2026-01-10 11:00:00\n")).collect();
    let path = utility.path().join("log/interruptions.csv");
    let rows = fs::read_to_string(&path).unwrap();
    fs::write(&path, rows + &nobody).unwrap();
    let ended = ask(&utility, "check", &["-o", "out"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("50 rejected rows") && ended.stderr.contains("rejects"),
        "{}",
        ended.stderr
    );
    let rejects = table(&utility, "out/rejects/interruptions");
    assert_eq!(rejects.rows(), 50);
    assert!(rejects.texts("rule").iter().all(|rule| rule.as_deref() == Some("orphan")));
    let read = table(&utility, "out/reconciliation");
    let row = rows_where(&read, &[("table", "interruptions")])[0];
    let counts = ["rows_in", "counted", "rejected"].map(|name| read.integers(name)[row].unwrap());
    assert_eq!(counts, [52, 2, 50]);
}

#[test]
fn a_policy_is_shown_started_and_checked() {
    let utility = Utility::empty();
    let shown = utility.done(&["service", "policy", "show"]);
    assert!(shown.contains("restore_fault"), "{shown}");
    utility.done(&["service", "policy", "new", "own.toml"]);
    let checked = utility.done(&["service", "policy", "check", "own.toml"]);
    assert!(checked.contains("is sound"), "{checked}");
    let path = utility.path().join("own.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("limit = 240", "limit = 999", 1)).unwrap();
    let weaker = utility.run(&["service", "policy", "check", "own.toml", "--lang", "zh"]);
    assert_eq!(weaker.code, 3, "{}", weaker.stderr);
    assert!(weaker.stderr.contains("own.toml"), "{}", weaker.stderr);
}

#[test]
fn a_row_recorded_after_the_as_of_day_is_not_known_yet() {
    let utility = utility();
    let path = utility.path().join("log/contacts.csv");
    let header = "contact_id,received_at,customer_id,kind,answered_at,recorded_at\n";
    let rows = [
        "K1,2026-01-05 08:00:00,0001,complaint,,2026-01-05 09:00:00\n",
        "K1,2026-01-05 08:00:00,0001,complaint,2026-01-06 08:00:00,2026-03-15\n",
        "K2,2026-01-06 08:00:00,0002,complaint,,2026-02-01 00:00:00\n",
        "K3,2026-01-07 08:00:00,0003,complaint,,2026-02-01 00:00:01\n",
    ];
    fs::write(&path, header.to_owned() + &rows.concat()).unwrap();
    let states = |options: &[&str], out: &str| {
        let ended = ask(&utility, "contacts", &[options, &["-o", out]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let read = table(&utility, &format!("{out}/reconciliation"));
        let row = rows_where(&read, &[("table", "contacts")])[0];
        let later = read.integers("not_yet_known")[row].unwrap();
        (table(&utility, &format!("{out}/contacts")).rows_of(&["contact_id", "state"]), later)
    };
    let some = |rows: &[[&str; 2]]| -> Vec<Vec<Option<String>>> {
        rows.iter().map(|row| row.map(|cell| Some(cell.to_owned())).to_vec()).collect()
    };
    assert_eq!(states(&[], "then"), (some(&[["K1", "received"], ["K2", "received"]]), 2));
    let now = some(&[["K1", "answered"], ["K2", "received"], ["K3", "received"]]);
    assert_eq!(states(&["--as-of", "2026-03-15"], "now"), (now, 0));
}

#[test]
fn a_policy_that_begins_after_the_period_is_refused() {
    let utility = utility();
    let paper = utility.done(&["service", "policy", "show"]);
    let from = |day: &str| {
        let text = paper.replacen("effective_from = 1971-01-01", &format!("effective_from = {day}"), 1);
        assert_ne!(text, paper);
        write(utility.path(), "own.toml", text);
        ask(&utility, "contacts", &["--policy", "own.toml"])
    };
    assert_eq!(from("2026-01-31").code, 0);
    let later = from("2026-02-01");
    assert_eq!(later.code, 3, "{}", later.stderr);
    let said = "in force from 2026-02-01, not in the period 2026-01";
    assert!(later.stderr.contains(said) && later.stderr.contains("--policy"), "{}", later.stderr);
}

#[test]
fn a_page_and_a_workbook_say_that_their_results_are_doubtful() {
    let utility = utility();
    let nobody: String = (0..50).map(|number| format!("X{number},2026-01-10,nobody,query,,,,\n")).collect();
    let path = utility.path().join("log/contacts.csv");
    let rows = fs::read_to_string(&path).unwrap();
    fs::write(&path, rows + &nobody).unwrap();
    for file in ["out.html", "out.xlsx"] {
        let ended = ask(&utility, "report", &["-o", file]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
    }
    let said = "findings exceed the limits of the cycle's method, so these results are doubtful";
    let page = fs::read_to_string(utility.path().join("out.html")).unwrap();
    assert!(page.contains(said) || page.contains(&said.replace('\'', "&#39;")), "{page}");
    assert!(page.contains("结果存疑"));
    let mut workbook: Xlsx<_> = open_workbook(utility.path().join("out.xlsx")).unwrap();
    let cells: Vec<String> = workbook
        .worksheets()
        .iter()
        .flat_map(|(_, sheet)| sheet.rows().flatten().map(ToString::to_string).collect::<Vec<_>>())
        .collect();
    assert!(cells.iter().any(|cell| cell.contains(said)), "{cells:?}");
}

#[test]
fn costs_of_what_was_delivered_come_from_the_results_of_a_report() {
    let utility = utility();
    let header = "delivery_id,created_at,customer_id,service,channel,delivered_at,units,cost,fee\n";
    let rows = [
        "D1,2026-01-08,0002,S05,phone,2026-01-08,,40,10\n",
        "D2,2026-01-09,0002,S05,phone,2026-01-09,2,60,40\n",
        "D3,2026-01-09,,S13,meeting,2026-01-09,,500,\n",
    ];
    write(utility.path(), "log/deliveries.csv", header.to_owned() + &rows.concat());
    let costs = |out: &str| -> Value {
        let costs = ["entitlements", "costs", "--store", "store", "--format", "json", "--delivered", out];
        serde_json::from_str(&utility.done(&costs)).unwrap()
    };
    assert_eq!(ask(&utility, "report", &["-o", "report"]).code, 0);
    assert_eq!(ask(&utility, "delivered", &["-o", "delivered"]).code, 0);
    let (of_report, of_delivered) = (costs("report"), costs("delivered"));
    assert_eq!(of_report, of_delivered);
    let lines = of_report.as_array().unwrap_or_else(|| panic!("{of_report:#}"));
    let line = |service: &str| lines.iter().find(|line| line["service"] == service).unwrap();
    let visits = line("S05");
    assert_eq!((&visits["deliveries"], &visits["units"]), (&2.into(), &3.0.into()));
    assert_eq!([&visits["cost"], &visits["income"], &visits["recovery_rate"]], [100.0, 50.0, 0.5]);
    assert_eq!((&line("S13")["tier"], &line("S13")["recovery_rate"]), (&"public".into(), &0.0.into()));
    assert_eq!([&lines.last().unwrap()["cost"], &lines.last().unwrap()["income"]], [600.0, 50.0]);
    for (options, code, said) in [
        (vec!["--delivered", "log"], 4, "no folder of results"),
        (vec!["--delivered", "report", "--min-count", "5"], 2, "--min-count"),
    ] {
        let ended = utility.run(&[&["entitlements", "costs", "--store", "store"], &options[..]].concat());
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}
