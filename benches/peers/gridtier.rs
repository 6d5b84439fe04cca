//! One run of the meter kernel, of decoding alone, of all facts, or of a whole regrade, for `compare.py`.
//!
//!     gridtier-peer kernel|decode|facts|regrade DATA 2025-01 12 [sums.csv]
//!
//! prints the seconds, and the tally of rows for `kernel`, as one line of JSON. `facts` reads all tables: of a folder with
//! customers, bills and payments alone, it times these. `regrade` opens and hashes the files, counts,
//! judges by the preset `utility`, and publishes a cycle in a store of its own, which is deleted. The window begins with the month given;
//! the number after it is its length in months. The last argument asks for the sums of every customer and month, or for
//! the sums of bills and payments of every customer, as CSV.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::entitlement::Catalogue;
use gridtier::fact::{self, Facts};
use gridtier::index::{CustomerIx, index};
use gridtier::meter::{self, MonthlyUsage, ReadingDetail};
use gridtier::method::Method;
use gridtier::source::{Part, Source, TableBook};
use gridtier::unit::{Month, Window};
use gridtier_io::folder::DataFolder;
use gridtier_io::regrade::{GradeOutcome, Regrade};
use rayon::prelude::*;

const COLUMNS: &[&str] = &["customer_id", "meter_id", "read_at", "active_kwh", "reactive_kvarh", "quality"];

fn main() {
    // `cargo bench` adds an argument of its own to those of the user.
    let args: Vec<String> = std::env::args().filter(|arg| arg != "--bench").collect();
    let [_, job, data, start, months, rest @ ..] = args.as_slice() else {
        // A plain `cargo bench` runs this program too, but without arguments: then there is nothing to do.
        return;
    };
    let months: u32 = months.parse().expect("a number of months");
    let (year, month) = start.split_once('-').expect("a month as 2025-01");
    let first = Month::new(year.parse().expect("a year"), month.parse().expect("a month"));
    let window = Window { end: first.plus(months as i32), months };
    if job == "regrade" {
        return print_line(&format!("{{\"seconds\": {}}}", regrade(Path::new(data), window)));
    }
    let folder = open(Path::new(data));
    // Files are hashed beside reading; here, only reading is timed.
    folder.inputs().expect("the hashes of the files");
    let begun = Instant::now();
    match job.as_str() {
        "decode" => decode(&folder),
        "kernel" => {
            let customers =
                customer::read(&folder, &mut TableBook::new(Table::Customers)).expect("the customers read");
            let mut book = TableBook::new(Table::MeterReadings);
            let begun = Instant::now();
            let read = meter::read(&folder, &customers, window, ReadingDetail::Energy, None, &mut book)
                .expect("the readings summed");
            let seconds = begun.elapsed().as_secs_f64();
            let tally = serde_json::to_string(&book.tally).expect("the tally as JSON");
            print_line(&format!("{{\"seconds\": {seconds}, \"tally\": {tally}}}"));
            if let Some(path) = rest.first() {
                write(&read.usage, &customers, window, path).expect("the sums written");
            }
            return;
        }
        "facts" => {
            let facts = fact::read(&folder, window, ReadingDetail::Energy, None).expect("the facts");
            print_line(&format!("{{\"seconds\": {}}}", begun.elapsed().as_secs_f64()));
            if let Some(path) = rest.first() {
                write_billing(&facts, path).expect("the sums written");
            }
            return;
        }
        other => panic!("no job is called {other}"),
    }
    print_line(&format!("{{\"seconds\": {}}}", begun.elapsed().as_secs_f64()));
}

fn open(data: &Path) -> DataFolder {
    DataFolder::open(data).unwrap_or_else(|error| panic!("{error}"))
}

/// The seconds from opening the files to the published cycle.
fn regrade(data: &Path, window: Window) -> f64 {
    let mut method = Method::preset("utility").expect("the preset").expect("a sound preset");
    method.window_months = window.months;
    let catalogue = Catalogue::shipped("paper", &[]).expect("the catalogue").expect("a sound catalogue");
    let store = tempfile::tempdir().expect("a folder for the store");
    let begun = Instant::now();
    let request = Regrade {
        store: store.path(),
        end: window.end,
        method: &method,
        catalogue: &catalogue,
        fresh: true,
        again: true,
        make_current: false,
        tier_probability: false,
        propose: false,
        signed: None,
        revises: None,
        asked_at: "2026-01-01T00:00:00Z",
    };
    let outcome = request.grade(open(data)).expect("a grading");
    let GradeOutcome::New(unpublished) = outcome else { panic!("the store is not empty") };
    // Readings alone are less than the preset asks for.
    let published = unpublished.publish(Some("bench"), "2026-01-01T00:00:00Z").expect("a cycle");
    let seconds = begun.elapsed().as_secs_f64();
    // As the peers' sums, the graded customers are in memory until the time is taken.
    drop(published);
    seconds
}

fn print_line(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output");
}

/// Decodes the kernel's columns and does nothing with them.
fn decode(folder: &DataFolder) {
    let parts: Vec<Part> = folder.parts(Table::MeterReadings).expect("parts").unwrap_or_default();
    parts.par_iter().for_each(|&part| {
        let read = folder.read(Table::MeterReadings, part, COLUMNS, &mut |batch| {
            black_box(batch);
            Ok(())
        });
        read.expect("a part read");
    });
}

/// The sums of bills and payments of each customer that has a bill.
fn write_billing(facts: &Facts, path: &str) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "customer_id,billed_fen,billed_months,due_bills,due_fen,on_time_fen,overdue_fen_days,unpaid_fen"
    )?;
    for (number, row) in (0..).zip(&facts.rows).filter(|(_, row)| row.billing.billed_months > 0) {
        let (id, of) = (facts.customers.ids.key(number), &row.billing);
        let (due, overdue) = (of.due_fen, of.overdue_fen_days);
        write!(out, "{id},{},{},{},{due},", of.billed_fen, of.billed_months, of.due_bills)?;
        writeln!(out, "{},{overdue},{}", of.on_time_fen, of.unpaid_fen)?;
    }
    out.flush()
}

fn write(usage: &MonthlyUsage, customers: &Customers, window: Window, path: &str) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "customer_id,month,active_wh,reactive_varh,readings")?;
    for customer in (0..customers.len()).map(CustomerIx::from_index) {
        for month in 0..index(window.months) {
            let used = usage.get(month, customer);
            if used.readings > 0 {
                let (id, month) = (customers.ids.key(customer.number()), window.month(month));
                writeln!(out, "{id},{month},{},{},{}", used.active_wh, used.reactive_varh, used.readings)?;
            }
        }
    }
    out.flush()
}
