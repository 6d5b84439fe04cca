//! Writes the tables of what happens now and then: incidents, plans, requests and suggestions, energy audits.
//!
//! Their rates follow the customer: careless plants have the faults, willing ones follow the requests. Events are few
//! enough to be put in order of time before they are numbered, as a register of events would be. What an event is worth
//! to a grade is not known here.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::unit::round_half_away;

use crate::category::{AGRICULTURAL, COMMERCIAL_INDUSTRIAL, LARGE_INDUSTRIAL, OTHER, RESIDENTIAL};
use crate::draw::{Draw, Purpose};
use crate::energy::month_wh;
use crate::output::{CsvFile, GHOST_ID, ParquetFile, ROW_GROUP_ROWS, Written, date_text};
use crate::population::{Customer, Utility};
use crate::{OUT_OF_WINDOW, SampleError};

/// Energy of a kWh by the equivalent value of GB/T 2589-2020, kgce.
const KGCE_PER_KWH: f64 = 0.1229;

/// An event on its way to a register: when, whose, and the cells after the customer.
struct Event {
    second: i64,
    customer: u32,
    cells: Vec<String>,
}

/// Every event that `make` finds for a customer and month, in order of time.
fn collect(utility: &Utility, make: impl Fn(&Customer, u32, &mut Vec<Event>)) -> Vec<Event> {
    let mut events = Vec::new();
    for customer in &utility.customers {
        for month in customer.months.clone() {
            make(customer, month, &mut events);
        }
    }
    events.sort_by_key(|event| (event.second, event.customer));
    events
}

/// A moment of the month, in seconds since 1970 of local time.
fn moment(utility: &Utility, draw: &mut Draw, month: u32) -> i64 {
    let month = utility.window.month(month as usize);
    let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
    i64::from(day) * 86_400 + i64::from(draw.whole(0, 86_399))
}

fn day_text(second: i64) -> String {
    date_text(second.div_euclid(86_400) as i32)
}

fn time_text(second: i64) -> String {
    let of_day = second.rem_euclid(86_400);
    format!("{} {:02}:{:02}:{:02}", day_text(second), of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Writes `incidents.csv`.
pub fn incidents(dir: &Path, utility: &Utility) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::Incidents);
    let mut file = CsvFile::create(dir, Table::Incidents)?;
    let events = collect(utility, |customer, month, events| {
        let mut draw = utility.draw(Purpose::Incident, customer.index, month);
        for (kind, rate) in ["fault", "violation", "theft"].into_iter().zip(incident_rates(customer.category))
        {
            if draw.chance(rate / 12.0 * customer.carelessness) {
                let second = moment(utility, &mut draw, month);
                events.push(Event {
                    second,
                    customer: customer.index,
                    cells: incident_cells(&mut draw, kind),
                });
            }
        }
    });
    for (number, event) in events.iter().enumerate() {
        let head = [format!("I{:06}", number + 1), id_of(utility, event), time_text(event.second)];
        file.write(&[head.as_slice(), &event.cells].concat())?;
    }
    if let Some(customer) = utility.target(0).filter(|_| utility.has_faults()) {
        plant_incidents(&mut file, &mut written, utility, &customer.id)?;
    }
    written.rows = file.close()?;
    Ok(written)
}

fn id_of(utility: &Utility, event: &Event) -> String {
    utility.customers[event.customer as usize].id.clone()
}

/// Faults, violations and thefts in a year of a customer of usual care.
fn incident_rates(category: usize) -> [f64; 3] {
    match category {
        LARGE_INDUSTRIAL => [0.15, 0.03, 0.002],
        COMMERCIAL_INDUSTRIAL => [0.04, 0.03, 0.004],
        AGRICULTURAL => [0.02, 0.02, 0.004],
        RESIDENTIAL => [0.003, 0.003, 0.001],
        _ => [0.01, 0.005, 0.001],
    }
}

/// The cells of an incident from its kind on.
fn incident_cells(draw: &mut Draw, kind: &str) -> Vec<String> {
    let others = [(15, "third_party"), (10, "force_majeure"), (10, "utility"), (10, "unknown")];
    let (responsibility, confirmed, severity) = match kind {
        "fault" if draw.chance(0.55) => ("customer", 80, draw.whole(1, 5)),
        "fault" => (draw.pick(&others), 80, draw.whole(1, 5)),
        "violation" => {
            (draw.pick(&[(92, "customer"), (4, "third_party"), (4, "unknown")]), 75, draw.whole(1, 4))
        }
        _ => (draw.pick(&[(94, "customer"), (6, "unknown")]), 60, draw.whole(3, 5)),
    };
    let status = draw.pick(&[(confirmed, "confirmed"), (12, "alleged"), (8, "appealed"), (5, "revoked")]);
    let (affected, minutes) = match kind {
        "fault" => (whole_text(draw.log_normal(60.0, 1.2)), whole_text(draw.log_normal(50.0, 0.8))),
        _ => (String::new(), String::new()),
    };
    vec![
        kind.to_owned(),
        responsibility.to_owned(),
        status.to_owned(),
        severity.to_string(),
        affected,
        minutes,
    ]
}

fn whole_text(value: f64) -> String {
    round_half_away(value).to_string()
}

fn plant_incidents(
    file: &mut CsvFile,
    written: &mut Written,
    utility: &Utility,
    id: &str,
) -> Result<(), SampleError> {
    let day = |months: i32| date_text(utility.window.start().plus(months).first_day());
    let (inside, before) = (format!("{} 08:00:00", day(0)), format!("{} 08:00:00", day(-1)));
    let bad_date = format!("{}-13-05 08:00:00", utility.window.start().year());
    let row = |number: &'static str, id, at, kind, severity| {
        [number, id, at, kind, "customer", "alleged", severity, "", ""]
    };
    file.plant(written, Rule::BadEnum.code(), &row("I900001", id, inside.as_str(), "vandalism", "2"))?;
    file.plant(written, Rule::BadDate.code(), &row("I900002", id, bad_date.as_str(), "violation", "2"))?;
    file.plant(written, Rule::OutOfBounds.code(), &row("I900003", id, inside.as_str(), "violation", "9"))?;
    file.plant(written, Rule::Orphan.code(), &row("I900004", GHOST_ID, inside.as_str(), "violation", "2"))?;
    file.plant(written, OUT_OF_WINDOW, &row("I900005", id, before.as_str(), "violation", "2"))
}

/// Writes `plans.parquet`.
pub fn plans(dir: &Path, utility: &Utility) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::Plans);
    let schema = Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, false),
        Field::new("month", DataType::Date32, false),
        Field::new("planned_kwh", DataType::Float64, false),
    ]));
    let mut file = ParquetFile::create(dir.join("plans.parquet"), schema, &[])?;
    let mut rows: Vec<(&str, i32, f64)> = Vec::new();
    for customer in &utility.customers {
        plan(utility, customer, &mut rows);
        if rows.len() >= ROW_GROUP_ROWS {
            written.rows += write_plans(&mut file, &std::mem::take(&mut rows))?;
        }
    }
    if utility.has_faults() {
        plant_plans(utility, &mut rows, &mut written);
    }
    written.rows += write_plans(&mut file, &rows)?;
    file.close()?;
    Ok(written)
}

fn plan<'a>(utility: &Utility, customer: &'a Customer, rows: &mut Vec<(&'a str, i32, f64)>) {
    let mut habit = utility.draw(Purpose::Plan, customer.index, u32::MAX);
    let files = match customer.category {
        LARGE_INDUSTRIAL => 0.85,
        COMMERCIAL_INDUSTRIAL if customer.is_high_voltage() => 0.30,
        _ => 0.0,
    };
    if !habit.chance(files) {
        return;
    }
    let (bias, spread) = (0.05 * habit.normal(), habit.range(0.02, 0.20));
    for month in customer.months.clone() {
        let mut draw = utility.draw(Purpose::Plan, customer.index, month);
        let Some(wh) = month_wh(utility, customer, month).filter(|_| !draw.chance(0.03)) else { continue };
        let planned_kwh = wh as f64 / 1000.0 * (1.0 + bias + spread * draw.normal()).max(0.1);
        let hundreds = round_half_away(planned_kwh / 100.0).max(1);
        let first_day = utility.window.month(month as usize).first_day();
        rows.push((&customer.id, first_day, (hundreds * 100) as f64));
    }
}

fn plant_plans<'a>(utility: &'a Utility, rows: &mut Vec<(&'a str, i32, f64)>, written: &mut Written) {
    let Some(customer) = utility.target(1) else { return };
    let (inside, after) = (utility.window.start().first_day(), utility.window.end_day());
    rows.push((&customer.id, inside, -500.0));
    written.plant(Rule::Negative.code(), 1);
    rows.push((GHOST_ID, inside, 500.0));
    written.plant(Rule::Orphan.code(), 1);
    rows.push((&customer.id, after, 500.0));
    written.plant(OUT_OF_WINDOW, 1);
}

fn write_plans(file: &mut ParquetFile, rows: &[(&str, i32, f64)]) -> Result<u64, SampleError> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2))),
    ];
    if !rows.is_empty() {
        file.write(&columns)?;
    }
    Ok(rows.len() as u64)
}

/// Writes `cooperation.csv`.
pub fn cooperation(dir: &Path, utility: &Utility) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::Cooperation);
    let mut file = CsvFile::create(dir, Table::Cooperation)?;
    let events = collect(utility, |customer, month, events| {
        let mut draw = utility.draw(Purpose::Cooperation, customer.index, month);
        let rates = request_rates(customer, utility.window.month(month as usize).number());
        for (kind, rate) in ["policy", "work", "suggestion"].into_iter().zip(rates) {
            if draw.chance(rate) {
                let second = moment(utility, &mut draw, month);
                events.push(Event {
                    second,
                    customer: customer.index,
                    cells: request_cells(&mut draw, customer, kind),
                });
            }
        }
    });
    for (number, event) in events.iter().enumerate() {
        let head = [format!("E{:06}", number + 1), id_of(utility, event), day_text(event.second)];
        file.write(&[head.as_slice(), &event.cells].concat())?;
    }
    if let Some(customer) = utility.target(2).filter(|_| utility.has_faults()) {
        plant_cooperation(&mut file, &mut written, utility, &customer.id)?;
    }
    written.rows = file.close()?;
    Ok(written)
}

/// Chance in a month of a request under a policy, a request of work, and a suggestion.
fn request_rates(customer: &Customer, month: u32) -> [f64; 3] {
    // Power is short in the heat and in the cold.
    let is_peak = matches!(month, 1 | 7 | 8 | 12);
    let [policy, work, suggestion] = match customer.category {
        LARGE_INDUSTRIAL => [0.35, 0.12, 0.02],
        COMMERCIAL_INDUSTRIAL if customer.is_high_voltage() => [0.12, 0.05, 0.008],
        COMMERCIAL_INDUSTRIAL => [0.0, 0.02, 0.003],
        AGRICULTURAL | OTHER => [0.0, 0.01, 0.001],
        _ => [0.0, 0.001, 0.0006],
    };
    [if is_peak { policy } else { 0.0 }, work, suggestion]
}

/// The cells of a request or suggestion from its kind on.
fn request_cells(draw: &mut Draw, customer: &Customer, kind: &str) -> Vec<String> {
    let (requested, delivered) = match kind {
        "policy" => {
            let kw = round_half_away(0.015 * f64::from(customer.capacity_kva.unwrap_or(0))).max(1) * 10;
            let share = (customer.willingness + 0.15 * draw.normal()).clamp(0.0, 1.2);
            (kw, round_half_away(kw as f64 * share))
        }
        "work" => {
            let times = i64::from(draw.whole(1, 3));
            (times, (0..times).filter(|_| draw.chance(customer.willingness)).count() as i64)
        }
        _ => (1, i64::from(draw.chance(0.3))),
    };
    vec![kind.to_owned(), requested.to_string(), delivered.to_string()]
}

fn plant_cooperation(
    file: &mut CsvFile,
    written: &mut Written,
    utility: &Utility,
    id: &str,
) -> Result<(), SampleError> {
    let start = utility.window.start();
    let (inside, bad_date) = (date_text(start.first_day() + 9), format!("{}-02-30", start.year()));
    file.plant(written, Rule::BadNumber.code(), &["E900001", id, &inside, "policy", "n/a", "0"])?;
    file.plant(written, Rule::BadDate.code(), &["E900002", id, &bad_date, "work", "1", "1"])?;
    file.plant(written, Rule::Negative.code(), &["E900003", id, &inside, "work", "1", "-1"])?;
    file.plant(written, Rule::BadEnum.code(), &["E900004", id, &inside, "complaint", "1", "1"])
}

/// Writes `energy_profiles.csv`.
pub fn energy_profiles(dir: &Path, utility: &Utility) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::EnergyProfiles);
    let mut file = CsvFile::create(dir, Table::EnergyProfiles)?;
    let is_industry =
        |customer: &&Customer| matches!(customer.category, LARGE_INDUSTRIAL | COMMERCIAL_INDUSTRIAL);
    for customer in utility.customers.iter().filter(is_industry) {
        let mut draw = utility.draw(Purpose::Audit, customer.index, 0);
        if draw.chance(0.6) {
            audits(&mut file, utility, customer, &mut draw)?;
        }
    }
    if let Some(customer) = utility.target(3).filter(|_| utility.has_faults()) {
        let day = date_text(utility.window.end_day() - 100);
        file.plant(&mut written, Rule::Negative.code(), &[&customer.id, &day, "1250.0", "-80.0"])?;
        file.plant(&mut written, Rule::Orphan.code(), &[GHOST_ID, &day, "1250.0", "80.0"])?;
        let after = date_text(utility.window.end_day() + 30);
        file.plant(&mut written, OUT_OF_WINDOW, &[&customer.id, &after, "1250.0", "80.0"])?;
    }
    written.rows = file.close()?;
    Ok(written)
}

/// The latest audit of a customer, and for one in three the one before.
fn audits(
    file: &mut CsvFile,
    utility: &Utility,
    customer: &Customer,
    draw: &mut Draw,
) -> Result<(), SampleError> {
    let electric_kgce = customer.base_kwh * 12.0 * KGCE_PER_KWH;
    let (electric_share, replaceable_of_rest) = (draw.range(0.15, 0.9), draw.range(0.05, 0.6));
    let latest = utility.window.end_day() - draw.whole(20, 1_000);
    let mut audit = |as_of: i32, electric_share: f64| {
        // A window that ends in the seventies leaves no room before: such a date could place no row.
        if as_of < 0 {
            return Ok(());
        }
        let total = electric_kgce / electric_share;
        let replaceable = (total - electric_kgce) * replaceable_of_rest;
        file.write(&[
            customer.id.clone(),
            date_text(as_of),
            format!("{total:.1}"),
            format!("{replaceable:.1}"),
        ])
    };
    if draw.chance(0.33) {
        audit(latest - 3 * 365, electric_share * 0.9)?;
    }
    audit(latest, electric_share)
}
