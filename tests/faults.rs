//! Faults that people reported in similar programs and in this one. For each the shared data have a folder, and here is
//! the outcome that the folder must have.

use std::fs;
use std::path::Path;

use crate::support::{Published, run, scratch, shared};

/// The outcome that a folder must have.
struct Fault {
    folder: &'static str,
    method: &'static str,
    code: i32,
    /// Words that must be printed.
    output: &'static [&'static str],
    /// Values of customers in the cycle that is published once its findings are accepted.
    values: &'static [(&'static str, &'static str, f64)],
}

const FAULTS: &[Fault] = &[
    Fault {
        folder: "01-two-digit-year",
        method: "paper",
        code: 1,
        output: &["bad_date", "due_on = 23/02/20", "customers.csv"],
        values: &[],
    },
    Fault {
        folder: "02-sentinel-date",
        method: "paper",
        code: 1,
        output: &["bad_date", "due_on = 1900-01-01", "closed_before_opened"],
        values: &[("C0004", "overdue_days", 0.0)],
    },
    Fault {
        folder: "03-decimal-comma-3",
        method: "paper",
        code: 4,
        output: &["bad_number", "meter_readings.csv"],
        values: &[],
    },
    Fault {
        folder: "04-bimonthly",
        method: "paper",
        code: 0,
        output: &["sparse_cadence"],
        values: &[
            ("C0003", "annual_energy", 36_000.0),
            ("C0003", "annual_revenue", 21_600.0),
            ("C0003", "energy_growth", 0.0),
        ],
    },
    Fault {
        folder: "05-seasonal",
        method: "paper",
        code: 0,
        output: &[],
        values: &[("C0003", "annual_revenue", 5_400.0), ("C0003", "annual_energy", 9_000.0)],
    },
    Fault {
        folder: "06-delta-folder",
        method: "paper",
        code: 4,
        output: &["meter_readings: it is a Delta table", "delta_scan"],
        values: &[],
    },
    Fault {
        folder: "09-new-owner",
        method: "utility",
        code: 1,
        output: &["before_opening", "C0006"],
        values: &[("C0006", "on_time_payment", 1.0), ("C0006", "overdue_days", 0.0)],
    },
    Fault {
        folder: "10-cadence-change",
        method: "paper",
        code: 0,
        output: &[],
        values: &[
            ("C0004", "annual_energy", 48_000.0),
            ("C0005", "annual_energy", 60_000.0),
            ("C0005", "energy_growth", 0.0),
        ],
    },
    Fault {
        folder: "12-empty-double-column",
        method: "paper",
        code: 0,
        output: &[],
        values: &[("C0001", "annual_energy", 12_000.0)],
    },
    Fault {
        folder: "13-empty-headers",
        method: "paper",
        code: 0,
        output: &["unknown_column"],
        values: &[("C0001", "annual_energy", 12_000.0)],
    },
    Fault {
        folder: "14-no-null-marker",
        method: "paper",
        code: 4,
        output: &["bad_enum", "importance_level"],
        values: &[],
    },
    Fault {
        folder: "17-month-dot",
        method: "paper",
        code: 0,
        output: &["bad_date", "mixed_month_forms"],
        values: &[("C0006", "annual_revenue", 43_200.0)],
    },
    Fault { folder: "footnote-digits", method: "paper", code: 4, output: &["bad_number"], values: &[] },
    Fault { folder: "lying-statistics", method: "paper", code: 0, output: &["bad_statistics"], values: &[] },
    Fault {
        folder: "not-all-named",
        method: "paper",
        code: 4,
        output: &[
            "meter_readings/b1.parquet",
            "meter_readings/b2.csv",
            "bills.parquet",
            "payments.arrow",
            "incidents.xlsx",
            "plans.csv",
        ],
        values: &[],
    },
    Fault {
        folder: "page-crc-not-verified",
        method: "paper",
        code: 4,
        output: &["meter_readings.parquet", "CRC"],
        values: &[],
    },
    Fault {
        folder: "readme-start-with-claim",
        method: "paper",
        code: 0,
        output: &["40 ranked, 0 provisional"],
        values: &[],
    },
];

/// Grades a folder into a store, with further options.
fn grade(data: &Path, method: &str, store: &Path, options: &[&str]) -> (i32, String) {
    let data = data.to_str().unwrap();
    let args =
        ["regrade", data, "--as-of", "2026-01-01", "--method", method, "--store", store.to_str().unwrap()];
    let ended = run(args.iter().chain(options));
    (ended.code, ended.stdout + &ended.stderr)
}

#[test]
fn every_folder_of_reported_faults_has_the_right_outcome() {
    let Some(root) = shared("faults") else { return };
    for fault in FAULTS {
        let (data, store) = (root.join(fault.folder).join("data"), scratch());
        let (code, output) = grade(&data, fault.method, store.path(), &[]);
        assert_eq!(code, fault.code, "{}: {output}", fault.folder);
        let output = match code {
            4 => output,
            _ => output + &run([Path::new("check"), &data, Path::new("--as-of=2026-01-01")]).stdout,
        };
        fault
            .output
            .iter()
            .for_each(|word| assert!(output.contains(word), "{}: no {word}: {output}", fault.folder));
        if fault.values.is_empty() {
            continue;
        }
        let store = scratch();
        let (code, output) = grade(&data, fault.method, store.path(), &["--accept-findings=test"]);
        assert_eq!(code, 0, "{}: {output}", fault.folder);
        let indicators = Published::read(&crate::support::current(store.path()).join("indicators.parquet"));
        let ids = indicators.texts("customer_id");
        for (customer, name, expected) in fault.values {
            let at = ids.iter().position(|id| id.as_deref() == Some(customer)).unwrap();
            let found = indicators.numbers(name)[at];
            // Exact but for the roundings of readings to Wh.
            let is_near = found.is_some_and(|found| (found - expected).abs() <= expected.abs() * 1e-6 + 1e-6);
            assert!(is_near, "{}: {name} of {customer} is {found:?}", fault.folder);
        }
    }
}

#[test]
fn every_folder_of_reported_faults_is_tested() {
    let Some(root) = shared("faults") else { return };
    // These need more than one command.
    const OTHERS: [&str; 3] = ["15-opt-out", "18-wide-cell", "hint-not-quoted"];
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        let is_tested = FAULTS.iter().any(|fault| fault.folder == name) || OTHERS.contains(&name.as_str());
        assert!(is_tested, "{name}");
    }
}

#[test]
fn an_export_without_a_null_marker_is_read_once_its_words_for_empty_are_declared() {
    let Some(root) = shared("faults/14-no-null-marker/data") else { return };
    let dir = scratch();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), data.join(entry.file_name())).unwrap();
    }
    let declared = "format = 1\nnulls = [\"无\", \"NULL\", \"\\\\N\", \"00000000\"]\n";
    fs::write(data.join("gridtier.toml"), declared).unwrap();
    let (code, output) = grade(&data, "paper", &dir.path().join("store"), &[]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("6 graded of 6"), "{output}");
}

#[test]
fn people_who_opted_out_stay_off_the_list_whatever_the_form_of_the_opt_out_list() {
    let Some(root) = shared("faults/15-opt-out") else { return };
    let store = scratch();
    let (code, output) = grade(&root.join("data"), "paper", store.path(), &[]);
    assert_eq!(code, 0, "{output}");
    for (list, left_out) in [("plain.csv", 1), ("fullwidth.csv", 1), ("semicolon.csv", 2)] {
        let out = store.path().join(list);
        let arguments =
            ["entitlements", "--store", store.path().to_str().unwrap(), "--service", "S06", "--opt-out"];
        let ended = run(arguments.iter().copied().chain([
            root.join(list).to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
        ]));
        assert_eq!(ended.code, 0, "{list}: {}", ended.stderr);
        let written = fs::read_to_string(&out).unwrap();
        for id in ["0512000006", "0512000005"].iter().take(left_out) {
            assert!(!written.contains(id), "{list}: {written}");
        }
    }
}

#[test]
fn a_cell_65_535_columns_wide_and_an_id_with_shell_characters_cause_no_fault() {
    let (Some(wide), Some(quoted)) =
        (shared("faults/18-wide-cell/data"), shared("faults/hint-not-quoted/data"))
    else {
        return;
    };
    let store = scratch();
    assert_eq!(grade(&wide, "paper", store.path(), &[]).0, 0);
    let ended = run([
        "entitlements",
        "--store",
        store.path().to_str().unwrap(),
        "--service",
        "S06",
        "--by",
        "region",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) < 400));
    let store = scratch();
    let (code, output) = grade(&quoted, "paper", store.path(), &["--accept-findings=test"]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("gridtier explain 'A-(1) b;c' --store"), "{output}");
}
