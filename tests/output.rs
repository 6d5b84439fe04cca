//! What all commands have in common: data on stdout alone, tables that fit a page, no terminal codes, no web address.

use std::fs::File;
use std::process::Stdio;

use unicode_width::UnicodeWidthStr;

use crate::support::{Ended, ended, gridtier, method_file, write};
use crate::utility::{AS_OF, Utility, graded};

/// All commands, among them runs that succeed and runs that fail.
const COMMANDS: &[&str] = &[
    "regrade data --as-of 2026-01-01 --store store --method utility",
    "regrade data --as-of 2026-01-01 --store store --format json",
    "regrade data --as-of 2020-01-01 --store store",
    "regrade data --as-of 2026-01-05 --store store",
    "regrade nowhere --as-of 2026-01-01 --store store",
    "check data",
    "check data --as-of 2026-01-01 --format json",
    "path --store store",
    "path --store nowhere",
    "verify --store store",
    "verify --store store --cycle 9",
    "cycles --store store",
    "register --store store",
    "register --store store --head",
    "history --store store",
    "compare --store store --cycle 1",
    "report --store store --cycle 1 --draws 100 -o report.html",
    "report --store store --cycle 1 --since 9 -o report.html",
    "plans --store store",
    "plan nobody --store store --due-on 2026-09-01 --by B --reason visited",
    "inspect data --as-of 2026-01-01 --store store",
    "rehearse data --as-of 2026-01-01 --method paper --store store -o rehearsal",
    "prune --store store --dry-run",
    "review 1 --store store --by B --reason reviewed --verdict agree",
    "approve 1 --store store --by B --reason checked",
    "withdraw 9 --store store --by B --reason mistaken",
    "explain 0512000001 --store store",
    "explain 0512000001 --store store --data data",
    "explain 0512000001 --store store --format json",
    "explain nobody --store store",
    "explain 0512000001 --store store -o sheet.html",
    "explain --tier special --store store -o sheets",
    "validate --store store --cycle 1",
    "validate --store store --cycle 1 --format json --draws 100",
    "validate --store nowhere",
    "whatif --store store --cycle 1 --set weights.contribution=0.6",
    "whatif --store store --cycle 1 --method paper --format json",
    "whatif --store store --cycle 1 --set weights.nothing=1",
    "appeal file 0512000001 --store store --by A --reason mistaken",
    "appeal rows 0512000001 --store store --data data -o own",
    "appeal rows 0512000002 --data data -o others",
    "appeal replay 0512000001 --store store --patch patch --data data",
    "appeal rule 0512000001 --store store --patch patch --data data --outcome upheld --by a --reason r",
    "appeal rule 0512000001 --store store --patch patch --data data --outcome upheld --by B --reason r",
    "appeal rule 0512000001 --store store --outcome dismissed --by B --reason twice",
    "appeal replay 0512000002 --store store --patch patch --data data",
    "service check log --store store --period 2025-12",
    "service promises log --store store --period 2025Q4 --format json",
    "service delivered log --store store --period 2025-12 --min-count 5",
    "service contacts log --store store --period 2025 -o contacts.html",
    "service due log --store store --period 2025-12 --as-of 2025-12-01",
    "service report log --store store --period 2025-12",
    "service report log --store store --period 2025-12 --format json",
    "service report log --store store --period 2025-12 -o report.xlsx",
    "service check nowhere --store store --period 2025-12",
    "survey check servqual",
    "survey check servqual survey --store store --as-of 2026-01-01",
    "survey plan servqual --store store --as-of 2026-01-01",
    "survey score servqual survey --store store --as-of 2026-01-01",
    "survey score servqual survey --store store --as-of 2026-01-01 --format json",
    "survey score nowhere survey --store store --as-of 2026-01-01",
    "survey show",
    "handbook handbook.toml --store store -o handbook.html",
    "handbook handbook.toml --store store -o handbook.md",
    "handbook handbook.toml --store store -o handbook",
    "handbook nowhere.toml --store store -o handbook.html",
    "service policy show",
    "service policy check",
    "service policy check nowhere",
    "serve --store nowhere",
    "serve --store store --address 0.0.0.0",
    "serve --store store --token-file nowhere",
    "serve --store store --service nowhere",
    "serve --store store --survey nowhere --instrument servqual",
    "serve --store store --survey nowhere --instrument nothing --as-of 2026-01-01",
    "service due nowhere --store store --period 2025-12 --service nothing",
    "entitlements matrix --store store",
    "entitlements customer 0512000001 --store store",
    "entitlements service S18 --store store --by region --min-count 5",
    "entitlements applications nowhere.csv --store store",
    "entitlements costs --store store",
    "entitlements changes --from 1 --store store",
    "entitlements --store store",
    "entitlements tier grade-1 --store store",
    "entitlements matrix --format html",
    "entitlements matrix --format csv --bilingual",
    "entitlements check",
    "entitlements check nowhere",
    "entitlements show",
    "method show",
    "method check utility",
    "method check nowhere",
    "schema -o schemas",
    "demo trial --customers 100",
    "--help",
    "--version",
    "help regrade",
    "check --help",
    "chekc data",
    "",
];

/// All commands, in English and in Chinese.
fn all_commands() -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&str>> = COMMANDS.iter().map(|line| line.split_whitespace().collect()).collect();
    let chinese: Vec<Vec<&str>> = all.iter().map(|args| [&args[..], &["--lang", "zh"]].concat()).collect();
    all.extend(chinese);
    all
}

/// Forty anonymous answers to SERVQUAL, of which no two neighbours are equal.
fn servqual_responses() -> String {
    let items = || ["E", "P"].iter().flat_map(|form| (1..=22).map(move |item| format!("{form}{item}")));
    let mut rows = format!("response_id,returned_on,{}\n", items().collect::<Vec<_>>().join(","));
    for row in 0..40 {
        let answers = (0..44).map(|item| (1 + (row * 5 + item * 3 + item / 22) % 7).to_string());
        rows += &format!("R{row},2025-12-{:02},{}\n", 1 + row % 28, answers.collect::<Vec<_>>().join(","));
    }
    rows
}

fn ran() -> Vec<(Vec<&'static str>, Ended)> {
    let utility = Utility::invented(200, &[]).with_patch("0512000001", ",load_3,", ",load_1,");
    write(
        utility.path(),
        "log/outages.csv",
        "outage_id,started_at,kind,responsibility\nO1,2025-12-10,fault,utility\n",
    );
    let interrupted = "outage_id,customer_id,started_at,restored_at\nO1,0512000001,2025-12-10 10:00:00,2025-12-10 19:00:00\n";
    write(utility.path(), "log/interruptions.csv", interrupted);
    write(
        utility.path(),
        "log/deliveries.csv",
        "delivery_id,created_at,service,channel\nD1,2025-12-10,S07,sms\n",
    );
    let complaint = "contact_id,received_at,customer_id,kind,topic\nK1,2025-12-05 08:00:00,0512000001,complaint,billing\n";
    write(utility.path(), "log/contacts.csv", complaint);
    write(utility.path(), "survey/responses.csv", servqual_responses());
    write(utility.path(), "handbook.toml", include_str!("../sample-data/handbook.toml"));
    all_commands().into_iter().map(|args| (args.clone(), utility.run(&args))).collect()
}

#[test]
fn no_command_breaks_the_rules_of_output() {
    let mut done = 0;
    for (args, ended) in ran() {
        assert!((0..=4).contains(&ended.code), "{args:?}: exit {}\n{}", ended.code, ended.stderr);
        for text in [&ended.stdout, &ended.stderr] {
            assert!(
                !text.contains("http://") && !text.contains("https://"),
                "{args:?} prints a web address: {text}"
            );
            assert!(
                !text.contains(['\r', '\u{1b}']),
                "{args:?} prints codes for a terminal where there is none"
            );
            assert!(!text.contains("panicked"), "{args:?}: {text}");
        }
        assert!(ended.code == 0 || ended.stdout.is_empty(), "{args:?} failed and printed: {}", ended.stdout);
        done += usize::from(ended.code == 0);
    }
    assert!(done >= 28, "only {done} succeeded");
}

#[test]
fn what_people_read_is_at_most_100_columns_wide() {
    let is_for_people =
        |args: &[&str]| !["json", "show", "help", "html", "csv"].iter().any(|word| args.contains(word));
    for (args, ended) in ran().iter().filter(|(args, ended)| ended.code == 0 && is_for_people(args)) {
        let widest = ended.stdout.lines().max_by_key(|line| line.width()).unwrap_or_default();
        assert!(widest.width() <= 100, "{args:?}: {} columns: {widest}", widest.width());
        // Reports, customer sheets and handbooks go to their files alone.
        let is_in_a_file = args.contains(&"-o") && ["report", "explain", "handbook"].contains(&args[0]);
        assert!(!ended.stdout.is_empty() || is_in_a_file, "{args:?}");
    }
}

/// Part of the note in which the shipped catalogue names its source. It is in English only, and Chinese pages quote it.
const SOURCE: &str = "is lost and this catalogue is a reconstruction: cells with provenance are the paper's words, all others are inferred.";

/// Three English words in a row, which ids, codes and examples do not have.
fn english_sentence(text: &str) -> Option<&str> {
    let is_word = |word: &&str| {
        // A full stop may end a word, but not stand inside it: `limits.rejects` is a key.
        let letters = word.trim_end_matches([',', ';', '.']);
        !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'')
    };
    let is_code =
        |line: &str| ["用法：", "[可选值："].iter().any(|start| line.trim_start().starts_with(start));
    text.lines().filter(|line| !is_code(line)).find(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        words.windows(3).any(|three| three.iter().all(is_word) && !SOURCE.contains(&three.join(" ")))
    })
}

#[test]
fn chinese_output_has_no_english_sentence() {
    // An HTML page also quotes the note on the catalogue's source, which is in English only.
    let is_code =
        |args: &[&str]| ["json", "show", "html", "--bilingual"].iter().any(|word| args.contains(word));
    let mut found = Vec::new();
    for (args, ended) in ran().iter().filter(|(args, _)| args.contains(&"zh") && !is_code(args)) {
        let lines = [&ended.stdout, &ended.stderr].into_iter().filter_map(|text| english_sentence(text));
        found.extend(lines.map(|line| format!("{}: {line}", args.join(" "))));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn chinese_is_asked_for_or_taken_from_the_environment() {
    let utility = Utility::invented(100, &[]);
    let english = utility.done(&["check", "data", "--as-of", AS_OF]);
    let chinese = utility.done(&["check", "data", "--as-of", AS_OF, "--lang", "zh"]);
    assert!(
        english.contains("rows in") && chinese.contains("读入行") && chinese.contains("抄表读数"),
        "{chinese}"
    );
    assert!(!chinese.contains("rows in"));
    let by_environment = |locale: &str| {
        let mut command = gridtier();
        command.current_dir(utility.path()).args(["check", "data", "--as-of", AS_OF]).env("LC_ALL", locale);
        ended(command.output().unwrap()).stdout
    };
    assert_eq!((by_environment("zh_CN.UTF-8"), by_environment("en_US.UTF-8")), (chinese, english));
    let published = utility.regrade(&["--lang", "zh"]).stdout;
    assert!(published.contains("已发布") && published.contains("特级 special"), "{published}");
}

#[test]
fn only_data_goes_to_stdout() {
    let utility = Utility::invented(100, &[]).and("paymentz.csv", "a\n");
    let output = utility.regrade(&["--format", "json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&output.stdout).is_ok(), "{}", output.stdout);
    assert!(output.stderr.contains("paymentz.csv"), "{}", output.stderr);
    let data_only = utility.run(&["demo", "trial", "--customers", "50", "--data-only"]);
    assert_eq!(data_only.stdout, "trial/data\n");
}

#[test]
fn without_a_terminal_half_a_million_rows_draw_no_progress_bar() {
    let size = ["--cadence", "quarter-hour", "--months", "4", "--clean"];
    let utility = Utility::invented(60, &size);
    let output = utility.run(&["check", "data", "--format", "json"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let output: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert!(output["reconciliation"][1]["rows_in"].as_u64().unwrap() >= 500_000, "{output}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    for args in [&["method", "show"][..], &["explain", "0512000001", "--store", "store"], &["--help"]] {
        let mut command = gridtier();
        command.current_dir(graded().path()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = ended(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_under_stdout_ends_with_5() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let mut command = gridtier();
    let child = command.args(["method", "show"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 5);
    assert!(ended.stderr.contains("stdout could not be written"), "{}", ended.stderr);
}

/// With `--format json`, stdout is JSON however the run ends.
#[test]
fn every_exit_code_prints_json_where_json_is_asked_for() {
    let utility = Utility::invented(100, &[]);
    utility.regrade(&[]);
    let limits = [("reject_rows = 10", "reject_rows = 0"), ("reject_share = 0.001", "reject_share = 0.0")];
    let fails = method_file(utility.path(), "paper", &limits);
    let wrong = utility.path().join("wrong.toml");
    std::fs::write(&wrong, "format = 1\n").unwrap();
    let cases: [(i32, Vec<&str>); 9] = [
        (0, vec!["check", "data"]),
        (1, vec!["check", "data", "--method", &fails]),
        (1, vec!["regrade", "data", "--as-of", AS_OF, "--store", "store", "--method", &fails]),
        (2, vec!["regrade", "data", "--as-of", "2026-01-05", "--store", "store"]),
        (2, vec!["whatif", "--store", "store", "--set", "quota=1"]),
        (3, vec!["check", "data", "--method", wrong.to_str().unwrap()]),
        (4, vec!["check", "nowhere"]),
        (4, vec!["explain", "nobody", "--store", "store"]),
        (4, vec!["entitlements", "customer", "nobody", "--store", "store"]),
    ];
    for (code, args) in cases {
        let ended = utility.run(&[&args[..], &["--format", "json"]].concat());
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
        let output: Result<serde_json::Value, _> = serde_json::from_str(&ended.stdout);
        let output = output.unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.stdout));
        if code > 1 {
            assert_eq!(output["error"]["exit"], code, "{output}");
            assert!(
                output["error"]["message"].as_str().is_some_and(|message| !message.is_empty()),
                "{output}"
            );
        }
    }
}

/// A path with an extension is a file, and never becomes a folder.
#[test]
fn a_file_named_by_its_ending_is_written_or_refused() {
    let utility = graded();
    let commands: [&[&str]; 3] = [
        &["check", "data", "--as-of", AS_OF],
        &["validate", "--store", "store", "--draws", "100"],
        &["whatif", "--store", "store", "--set", "weights.contribution=0.6"],
    ];
    for args in commands {
        for (name, magic) in [("r.xlsx", "PK"), ("r.html", "<!DOCTYPE html>"), ("r.json", "{")] {
            let ended = utility.run(&[args, &["-o", name]].concat());
            assert!(ended.code <= 1, "{args:?}: {}", ended.stderr);
            let bytes = std::fs::read(utility.path().join(name)).unwrap();
            assert!(bytes.starts_with(magic.as_bytes()), "{args:?} {name}");
            std::fs::remove_file(utility.path().join(name)).unwrap();
        }
        for name in ["r.csv", "r.parquet", "r.xls"] {
            let ended = utility.run(&[args, &["-o", name]].concat());
            assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?} {name}");
            assert!(ended.stderr.contains("name a folder"), "{}", ended.stderr);
            assert!(!utility.path().join(name).exists());
        }
    }
    let ended = utility.run(&["schema", "-o", "schemas.json"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}
