//! Service delivery in the local web view: the same numbers as the commands print, and what the pages say when there is
//! nothing to show, or when what they show is doubtful.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::serve::{GRADED, View};
use crate::support::{ended, gridtier, write};
use crate::utility::Utility;

/// What a command about the sample prints.
fn printed(command: &str, folder: &str, options: &[&str]) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data").join(folder);
    let mut run = gridtier();
    run.current_dir(GRADED.path())
        .args(command.split(' '))
        .arg(data)
        .args(["--store", "store"])
        .args(options);
    let ended = ended(run.output().unwrap());
    assert_eq!(ended.code, 0, "{command}: {}", ended.stderr);
    ended.stdout
}

/// The tables that a page offers as CSV: code of the file's name, rows of texts.
fn saved(view: &View, page: &str, place: usize) -> Option<(String, Vec<Vec<String>>)> {
    let join = if page.contains('?') { '&' } else { '?' };
    let (status, head, body) = view.ask(&format!("GET {page}{join}format=csv&table={place}"), "", "");
    if status == 404 {
        return None;
    }
    assert_eq!(status, 200, "{page} {place}: {head}");
    let (_, name) = head.split_once("filename=\"").unwrap();
    let name = name.split(['"', '.']).next().unwrap().replace('-', "_");
    let mut reader = csv::ReaderBuilder::new().from_reader(&body[3..]);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    Some((name, rows.collect()))
}

#[test]
fn the_pages_have_the_numbers_that_the_commands_print() {
    let view = View::of_delivery();
    let mut compared = 0;
    for question in ["check", "promises", "delivered", "contacts", "due", "report"] {
        let json =
            printed(&format!("service {question}"), "service", &["--period", "2025-12", "--format", "json"]);
        compared += compare(&view, &format!("/log/{question}"), &json);
    }
    let json = printed("survey score servqual", "survey", &["--as-of", "2026-01-01", "--format", "json"]);
    compared += compare(&view, "/survey", &json);
    assert!(compared > 5_000, "{compared} numbers were compared");
}

/// Compares the tables of a page's files with the answer for programs, and returns how many numbers were the same.
fn compare(view: &View, page: &str, json: &str) -> usize {
    let json: Value = serde_json::from_str(json).unwrap();
    view.page(page);
    let (mut compared, mut place) = (0, 0);
    while let Some((code, rows)) = saved(view, page, place) {
        place += 1;
        let Some(expected) = json[&code].as_array() else {
            // What is not measured is summed up on a page, and listed figure by figure in files.
            assert_eq!((page, code.as_str()), ("/log/report", "gaps"));
            continue;
        };
        assert_eq!(rows.len(), expected.len(), "{page} {code}");
        for (row, expected) in rows.iter().zip(expected) {
            let numbers = expected.as_object().unwrap().iter();
            let numbers = numbers.filter(|(_, value)| value.is_i64() || value.is_f64());
            for (column, number) in numbers {
                // The parser of JSON may be off by the last digit.
                let number = number.as_f64().unwrap();
                let is_there = row.iter().any(|cell| {
                    cell.parse::<f64>().is_ok_and(|cell| (cell - number).abs() <= 1e-12 * number.abs())
                });
                assert!(is_there, "{page} {code} {column}: {number} is not in {row:?}");
                compared += 1;
            }
        }
    }
    assert!(place > 0, "{page}");
    compared
}

#[test]
fn a_work_list_is_chosen_by_service_and_tier_as_by_the_command() {
    let view = View::of_delivery();
    view.page("/log/due");
    for (target, options) in [
        ("/log/due?format=csv&table=1", &[][..]),
        ("/log/due?service=S16&format=csv&table=1", &["--service", "S16"]),
        ("/log/due?service=S05&tier=special&format=csv&table=1", &["--service", "S05", "--tier", "special"]),
    ] {
        let (status, _, on_page) = view.ask(&format!("GET {target}"), "", "");
        assert_eq!(status, 200, "{target}");
        let list = GRADED.path().join("list.csv");
        let options = [&["--period", "2025-12", "-o", list.to_str().unwrap()], options].concat();
        printed("service due", "service", &options);
        let list = fs::read(list).unwrap();
        assert!(list.len() > 200 && on_page == list, "{target}: {}", String::from_utf8_lossy(&list));
    }
    let page = view.page("/log/due?tier=special");
    assert!(page.contains("href=\"/customer?id=") && page.contains("<option value=\"S16\""), "{page}");
    let (status, _, workbook) = view.ask("GET /log/due?service=S16&format=xlsx&lang=zh", "", "");
    assert_eq!((status, &workbook[..2]), (200, b"PK".as_slice()));
}

#[test]
fn a_view_without_a_service_folder_says_how_to_start_with_one() {
    let view = View::start();
    for (page, option) in [
        ("/log/report", "--service"),
        ("/log/due", "--service"),
        ("/survey", "--survey"),
        ("/handbook", "--handbook"),
    ] {
        for (lang, word) in [("en", "Start it with"), ("zh", "启动")] {
            let body = view.page(&format!("{page}?lang={lang}"));
            assert!(body.contains(option) && body.contains(word), "{page} {lang}: {body}");
            assert!(!body.contains("Service delivery") && !body.contains("服务兑现"), "{page} {lang}");
        }
    }
}

/// A graded utility of three customers with a log of its January, in which one customer waited for hours.
fn utility(interruptions: &str) -> Utility {
    let utility = Utility::small();
    utility.published(&[]);
    let outages =
        "outage_id,started_at,kind,cause,responsibility\nO1,2026-01-10 10:00:00,fault,lightning,utility\n";
    write(utility.path(), "log/outages.csv", outages);
    let heads = "outage_id,customer_id,started_at,restored_at\n";
    write(utility.path(), "log/interruptions.csv", format!("{heads}{interruptions}"));
    write(utility.path(), "log/deliveries.csv", "delivery_id,created_at,customer_id,service,channel\n");
    utility
}

/// Starts a view of January.
fn january(utility: &Utility, options: &[&str]) -> View {
    View::with(utility.path(), &[&["--service", "log", "--period", "2026-01"], options].concat())
}

const INTERRUPTED: &str = "O1,0002,2026-01-10 10:00:00,2026-01-10 15:00:00\n";

#[test]
fn doubtful_results_say_so_on_every_page_as_the_command_does() {
    let nobody: String =
        (0..50).map(|number| format!("O1,X{number},2026-01-10 10:00:00,2026-01-10 11:00:00\n")).collect();
    let utility = utility(&format!("{INTERRUPTED}{nobody}"));
    let view = january(&utility, &[]);
    for (lang, word) in [("en", "These results are doubtful"), ("zh", "结果存疑")] {
        let args = ["service", "promises", "log", "--store", "store", "--period", "2026-01", "--lang", lang];
        let told = utility.run(&args).stderr;
        let lines = told.trim_start_matches("gridtier: ").lines();
        let lines: Vec<&str> = lines.map(str::trim).collect();
        assert!(lines.len() >= 3, "{told}");
        for page in ["/log/promises", "/log/check", "/log/report"] {
            let body = view.page(&format!("{page}?lang={lang}"));
            for part in lines.iter().copied().chain([word]) {
                assert!(body.contains(part), "{page}: {part} is not in {body}");
            }
        }
    }
}

#[test]
fn a_log_that_cannot_be_read_is_told_in_the_words_of_the_command() {
    let utility = utility(INTERRUPTED);
    fs::write(utility.path().join("bad.toml"), "format = 1\nnothing = 2\n").unwrap();
    for (folder, policy) in [("nowhere", "paper"), ("log", "nowhere.toml"), ("log", "bad.toml")] {
        let options = ["--period", "2026-01", "--policy", policy];
        let view = View::with(utility.path(), &[&["--service", folder], &options[..]].concat());
        for lang in ["en", "zh"] {
            let args =
                [&["service", "report", folder, "--store", "store", "--lang", lang], &options[..]].concat();
            let told = utility.run(&args).stderr;
            let mut shown = (0, String::new());
            for _ in 0..600 {
                shown = view.get(&format!("/log/report?lang={lang}"));
                if !shown.1.contains("http-equiv=\"refresh\"") {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            assert_eq!(shown.0, 500, "{folder} {policy}: {}", shown.1);
            for line in told.trim_start_matches("gridtier: ").lines().map(str::trim) {
                let line = line
                    .replace('&', "&amp;")
                    .replace('"', "&quot;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;");
                assert!(shown.1.contains(&line), "{folder} {policy}: {line} is not in {}", shown.1);
            }
        }
    }
}

#[test]
fn where_counts_are_withheld_no_customer_is_named() {
    let utility = utility(INTERRUPTED);
    let named = january(&utility, &[]);
    assert!(named.page("/log/promises").contains("0002"));
    let view = january(&utility, &["--min-count", "2"]);
    for page in [
        "/log/promises",
        "/log/delivered",
        "/log/due",
        "/log/due?tier=special",
        "/log/contacts",
        "/log/report",
        "/log/check",
    ] {
        let body = view.page(page);
        assert!(body.contains("Withheld"), "{page}: {body}");
        assert!(!body.contains("0002") && !body.contains("/customer?id="), "{page}: {body}");
        assert!(!body.contains("name=\"tier\""), "{page}");
        let mut place = 0;
        while let Some((_, rows)) = saved(&view, page, place) {
            place += 1;
            assert!(rows.iter().flatten().all(|cell| cell != "0002"), "{page} {rows:?}");
        }
    }
}

#[test]
fn a_page_says_so_when_its_log_was_read_with_the_tiers_of_another_cycle() {
    let utility = utility(INTERRUPTED);
    let view = january(&utility, &[]);
    let is_told = |page: &str| view.page(page).contains("results with the tiers of cycle 1");
    assert!(!is_told("/log/report"));
    let readings = fs::read_to_string(utility.data().join("meter_readings.csv")).unwrap();
    let (rows, _) = readings.trim_end().rsplit_once('\n').unwrap();
    fs::write(utility.data().join("meter_readings.csv"), format!("{rows}\n")).unwrap();
    utility.published(&[]);
    assert!(is_told("/log/report") && !is_told("/log/report?cycle=1"));
}

#[test]
fn options_that_need_another_say_so() {
    let utility = Utility::empty();
    for (options, en, zh) in [
        (&["--service", "log"][..], "--period", "--period"),
        (&["--period", "2026-01"], "--service", "--service"),
        (&["--survey", "answers"], "--instrument", "--instrument"),
        (&["--survey", "answers", "--instrument", "servqual"], "needs --as-of", "须同时给出 --as-of"),
        (&["--as-of", "2026-02-01"], "give --service and --period", "请同时给出 --service 和 --period"),
    ] {
        for (lang, word) in [("en", en), ("zh", zh)] {
            let args = [&["serve", "--store", "store", "--lang", lang], options].concat();
            let ended = utility.run(&args);
            assert_eq!(ended.code, 2, "{options:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(word), "{options:?}: {}", ended.stderr);
        }
    }
}
