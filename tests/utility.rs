//! Small utilities that tests grade and check. Each has a data folder, with a store beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ended, Published, ended, gridtier, scratch, write};

/// The header lines of the tables as CSV.
pub const CUSTOMERS: &str = "customer_id,use_category,supply_level,opened_on,aged_transformer_area\n";
pub const READINGS: &str = "customer_id,meter_id,read_at,active_kwh,reactive_kvarh,quality\n";
pub const BILLS: &str = "bill_id,customer_id,billing_month,amount_due,due_on,reverses\n";
pub const PAYMENTS: &str = "payment_id,bill_id,paid_on,amount\n";
pub const PLANS: &str = "customer_id,month,planned_kwh\n";
pub const COOPERATION: &str = "event_id,customer_id,occurred_on,kind,requested,delivered\n";
pub const INCIDENTS: &str = "incident_id,customer_id,occurred_at,kind,responsibility,status,severity\n";
pub const PROFILES: &str = "customer_id,as_of,total_kgce,replaceable_kgce\n";

/// The day as of which all utilities here are graded.
pub const AS_OF: &str = "2026-01-01";

/// A data folder `data` and a place for a store `store`, both removed after the test. Commands run in the folder above, so
/// that they print no long paths.
pub struct Utility {
    dir: TempDir,
    /// Whether the utility has so few tables that the presets refuse its data, because of their limit
    /// `min_delivered_weight`.
    has_few_tables: bool,
}

impl Utility {
    /// A folder without any table.
    pub fn empty() -> Self {
        let dir = scratch();
        fs::create_dir(dir.path().join("data")).unwrap();
        Self { dir, has_few_tables: true }
    }

    /// Three customers, 0001 to 0003, and their readings of the twelve months of 2025, as CSV.
    pub fn small() -> Self {
        let customer = |id| format!("{id:04},commercial_industrial,low_voltage,2010-01-01,false\n");
        let customers: String = (1..=3).map(customer).collect();
        Self::empty()
            .and("customers.csv", format!("{CUSTOMERS}{customers}"))
            .and("meter_readings.csv", format!("{READINGS}{}", year_of_readings()))
    }

    /// The invented utility, whose data contain some faults of each kind.
    pub fn invented(customers: u32, options: &[&str]) -> Self {
        let utility = Self { dir: scratch(), has_few_tables: false };
        let customers = customers.to_string();
        let args = [&["demo", ".", "--data-only", "--customers", &customers], options].concat();
        let ended = utility.run(&args);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        utility
    }

    /// The utility with a new file in the data folder, which replaces any file of the same name.
    pub fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.data(), name, content);
        self
    }

    /// The utility with more lines at the end of a file.
    pub fn append(self, name: &str, lines: &str) -> Self {
        let before = fs::read_to_string(self.data().join(name)).unwrap();
        self.and(name, before + lines)
    }

    /// The utility without one file of the data folder.
    pub fn without(self, name: &str) -> Self {
        fs::remove_file(self.data().join(name)).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// A folder `patch` with the customer's row of `customers.csv`, in which one text is replaced.
    pub fn with_patch(self, id: &str, from: &str, to: &str) -> Self {
        write_patch(&self.data(), &self.path().join("patch"), id, [from, to]);
        self
    }

    /// Runs the command in the folder above data and store.
    pub fn run(&self, args: &[&str]) -> Ended {
        ended(gridtier().current_dir(self.path()).args(args).output().unwrap())
    }

    /// Runs the command, asserts that it succeeds, and returns what it printed.
    pub fn done(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}\n{}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// `gridtier regrade` with further options.
    pub fn regrade(&self, options: &[&str]) -> Ended {
        self.run(&[&["regrade", "data", "--as-of", AS_OF, "--store", "store"], options].concat())
    }

    /// Grades and gives the folder of the cycle. A utility with few tables is graded by the preset `paper` without its
    /// limit of delivered weight, unless the options name a method.
    pub fn published(&self, options: &[&str]) -> PathBuf {
        let mut options = options.to_vec();
        if self.has_few_tables && !options.contains(&"--method") {
            let paper = self.done(&["method", "show", "paper"]);
            let lenient = paper.replace("min_delivered_weight = 0.5", "min_delivered_weight = 0");
            assert_ne!(lenient, paper);
            fs::write(self.path().join("few-tables.toml"), lenient).unwrap();
            options.extend(["--method", "few-tables.toml"]);
        }
        let ended = self.regrade(&options);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        self.path().join(self.done(&["path", "--store", "store"]).trim())
    }

    /// A table of the current cycle.
    pub fn table(&self, name: &str) -> Published {
        let cycle = self.done(&["path", "--store", "store"]);
        Published::read(&self.path().join(cycle.trim()).join(name).with_extension("parquet"))
    }

    /// What a check finds.
    pub fn checked(&self) -> Checked {
        let ended = self.run(&["check", "data", "--as-of", AS_OF, "--format", "json"]);
        assert!(ended.code <= 1, "exit {}\n{}", ended.code, ended.stderr);
        Checked { output: serde_json::from_str(&ended.stdout).unwrap() }
    }

    /// Asserts that check and regrade refuse the folder with exit code 4, in a message with all of `words`, and that
    /// nothing is published.
    pub fn refused(&self, words: &[&str]) {
        let regrade = self.regrade(&[]);
        assert_eq!(regrade.stdout, "");
        // A check may still report what became of the rows.
        for ended in [self.run(&["check", "data"]), regrade] {
            assert_eq!(ended.code, 4, "{}{}", ended.stdout, ended.stderr);
            for word in words {
                assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
            }
            assert!(ended.stderr.contains("what to do: "), "{}", ended.stderr);
        }
        assert_eq!(self.run(&["path", "--store", "store"]).code, 4, "a cycle was published");
    }
}

/// Writes a patch: a customer's row of the `customers.csv` of a data folder, in which one text is replaced.
pub fn write_patch(data: &Path, patch: &Path, id: &str, [from, to]: [&str; 2]) {
    let customers = fs::read_to_string(data.join("customers.csv")).unwrap();
    let (header, rows) = customers.split_once('\n').unwrap();
    let row = rows.lines().find(|row| row.starts_with(&format!("{id},"))).unwrap();
    assert!(row.contains(from), "{row}");
    fs::create_dir_all(patch).unwrap();
    write(patch, "customers.csv", format!("{header}\n{}\n", row.replace(from, to)));
}

/// The readings of customers 0001 to 0003 in 2025, a line for each month. The energy falls in December, because
/// energy that rises all year would look like a register.
fn year_of_readings() -> String {
    let line = |(id, month): (u32, u32)| {
        format!("{id:04},M{id},2025-{month:02}-01,{}.5,{id},actual\n", 100 * id + month % 12)
    };
    (1..=3).flat_map(|id| (1..=12).map(move |month| (id, month))).map(line).collect()
}

/// The result of a check, from its JSON.
pub struct Checked {
    pub output: Value,
}

impl Checked {
    /// The tally of a table: rows in, counted, out of the window, rejected, and duplicates.
    pub fn tally(&self, table: &str) -> [u64; 5] {
        let all = self.output["reconciliation"].as_array().unwrap();
        let row = all
            .iter()
            .find(|row| row["table"] == table)
            .unwrap_or_else(|| panic!("no {table}: {}", self.output));
        ["rows_in", "counted", "out_of_window", "rejected", "duplicates"]
            .map(|key| row[key].as_u64().unwrap())
    }

    /// The rows of a finding; 0 where there is none.
    pub fn finding(&self, table: &str, rule: &str) -> u64 {
        let all = self.output["findings"].as_array().unwrap();
        let found = all.iter().find(|finding| finding["table"] == table && finding["rule"] == rule);
        found.map_or(0, |finding| finding["rows"].as_u64().unwrap())
    }

    /// The example of a finding.
    pub fn example(&self, table: &str, rule: &str) -> &str {
        let all = self.output["findings"].as_array().unwrap();
        let found = all.iter().find(|finding| finding["table"] == table && finding["rule"] == rule);
        found.unwrap_or_else(|| panic!("no {rule} in {table}: {}", self.output))["example"].as_str().unwrap()
    }
}

/// One invented utility with its cycle, for all tests that only read it.
pub fn graded() -> &'static Utility {
    static GRADED: OnceLock<Utility> = OnceLock::new();
    GRADED.get_or_init(|| {
        let utility = Utility::invented(400, &[]);
        utility.published(&["--method", "utility"]);
        utility
    })
}

/// Draws that are the same in every run.
pub struct Draws(pub u64);

impl Draws {
    /// A number below `end`: splitmix64.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// The numbers below `end` in some order.
    pub fn order(&mut self, end: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..end).collect();
        (1..end).rev().for_each(|at| order.swap(at, self.below(at + 1)));
        order
    }
}
