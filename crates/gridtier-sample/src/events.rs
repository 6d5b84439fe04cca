//! Writes `incidents`, `plans`, `cooperation` and `energy_profiles`.
//!
//! Their rates depend on the customer: careless ones have more incidents, willing ones follow more requests. Events are
//! sorted by time before they are numbered, as in the register of a utility.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, StringArray};
use arrow_schema::{DataType, Field, Schema};
use gridtier::contract::rule::Rule;
use gridtier::contract::{CooperationKind, IncidentKind, IncidentStatus, Responsibility, Table, UseCategory};
use gridtier::index::{count, float_i64, index};
use gridtier::unit::round_half_away;
use gridtier::word::Word;

use crate::draw::{DrawPurpose, KeyedDraw};
use crate::energy::month_wh;
use crate::output::{
    CsvTableWriter, GHOST_ID, ParquetTableWriter, ROW_GROUP_ROWS, WrittenTable, date_text, day_text,
    time_text,
};
use crate::population::{SampleCustomer, SampleUtility};
use crate::{OUT_OF_WINDOW, SampleError};

/// Coal equivalent of a kWh by the equivalent value of GB/T 2589-2020, kgce.
const KGCE_PER_KWH: f64 = 0.1229;

/// An event before it is numbered: its time, its customer, and the cells that follow the customer's.
struct SampleEvent {
    second: i64,
    customer: u32,
    cells: Vec<String>,
}

/// The events that `make` adds for each customer and month, sorted by time.
fn collect(
    utility: &SampleUtility,
    make: impl Fn(&SampleCustomer, u32, &mut Vec<SampleEvent>),
) -> Vec<SampleEvent> {
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
fn moment(utility: &SampleUtility, draw: &mut KeyedDraw, month: u32) -> i64 {
    let month = utility.month(month);
    let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
    i64::from(day) * 86_400 + i64::from(draw.whole(0, 86_399))
}

/// Writes `incidents.csv`.
pub fn incidents(dir: &Path, utility: &SampleUtility) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Incidents);
    let mut file = CsvTableWriter::create(dir, Table::Incidents)?;
    let events = collect(utility, |customer, month, events| {
        let mut draw = utility.draw(DrawPurpose::Incident, customer.index, month);
        for (&kind, rate) in IncidentKind::ALL.iter().zip(incident_rates(customer.category)) {
            if draw.chance(rate / 12.0 * customer.carelessness) {
                let second = moment(utility, &mut draw, month);
                events.push(SampleEvent {
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

fn id_of(utility: &SampleUtility, event: &SampleEvent) -> String {
    utility.customers[index(event.customer)].id.clone()
}

/// Faults, violations and thefts in a year of a customer of average care, in the order of [`IncidentKind::ALL`].
fn incident_rates(category: UseCategory) -> [f64; 3] {
    match category {
        UseCategory::LargeIndustrial => [0.15, 0.03, 0.002],
        UseCategory::CommercialIndustrial => [0.04, 0.03, 0.004],
        UseCategory::Agricultural => [0.02, 0.02, 0.004],
        UseCategory::Residential => [0.003, 0.003, 0.001],
        UseCategory::Other => [0.01, 0.005, 0.001],
    }
}

/// The cells of an incident from its kind on.
fn incident_cells(draw: &mut KeyedDraw, kind: IncidentKind) -> Vec<String> {
    use Responsibility::{Customer, ForceMajeure, ThirdParty, Unknown, Utility};
    let others = [(15, ThirdParty), (10, ForceMajeure), (10, Utility), (10, Unknown)];
    let (responsibility, confirmed, severity) = match kind {
        IncidentKind::Fault if draw.chance(0.55) => (Customer, 80, draw.whole(1, 5)),
        IncidentKind::Fault => (draw.pick(&others), 80, draw.whole(1, 5)),
        IncidentKind::Violation => {
            (draw.pick(&[(92, Customer), (4, ThirdParty), (4, Unknown)]), 75, draw.whole(1, 4))
        }
        IncidentKind::Theft => (draw.pick(&[(94, Customer), (6, Unknown)]), 60, draw.whole(3, 5)),
    };
    let status = draw.pick(&[
        (confirmed, IncidentStatus::Confirmed),
        (12, IncidentStatus::Alleged),
        (8, IncidentStatus::Appealed),
        (5, IncidentStatus::Revoked),
    ]);
    let (affected, minutes) = match kind {
        IncidentKind::Fault => {
            (whole_text(draw.log_normal(60.0, 1.2)), whole_text(draw.log_normal(50.0, 0.8)))
        }
        IncidentKind::Violation | IncidentKind::Theft => (String::new(), String::new()),
    };
    vec![
        kind.code().to_owned(),
        responsibility.code().to_owned(),
        status.code().to_owned(),
        severity.to_string(),
        affected,
        minutes,
    ]
}

fn whole_text(value: f64) -> String {
    round_half_away(value).to_string()
}

fn plant_incidents(
    file: &mut CsvTableWriter,
    written: &mut WrittenTable,
    utility: &SampleUtility,
    id: &str,
) -> Result<(), SampleError> {
    let start = utility.window.start();
    let inside = format!("{} 08:00:00", date_text(start.first_day()));
    let before = format!("{} 08:00:00", date_text(start.plus(-1).first_day()));
    let bad_date = format!("{}-13-05 08:00:00", start.year());
    for (number, rule, id, at, kind, severity) in [
        ("I900001", Rule::BadEnum.code(), id, &inside, "vandalism", "2"),
        ("I900002", Rule::BadDate.code(), id, &bad_date, "violation", "2"),
        ("I900003", Rule::OutOfBounds.code(), id, &inside, "violation", "9"),
        ("I900004", Rule::Orphan.code(), GHOST_ID, &inside, "violation", "2"),
        ("I900005", OUT_OF_WINDOW, id, &before, "violation", "2"),
    ] {
        let row = [number, id, at.as_str(), kind, "customer", "alleged", severity, "", ""];
        file.plant(written, rule, &row)?;
    }
    Ok(())
}

/// Writes `plans.parquet`.
pub fn plans(dir: &Path, utility: &SampleUtility) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Plans);
    let schema = Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, false),
        Field::new("month", DataType::Date32, false),
        Field::new("planned_kwh", DataType::Float64, false),
    ]));
    let mut file = ParquetTableWriter::create(dir.join("plans.parquet"), schema, &[])?;
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

/// Adds the plans of a customer, if it makes plans at all.
fn plan<'a>(utility: &SampleUtility, customer: &'a SampleCustomer, rows: &mut Vec<(&'a str, i32, f64)>) {
    let mut habit = utility.draw(DrawPurpose::Plan, customer.index, u32::MAX);
    let plans = match customer.category {
        UseCategory::LargeIndustrial => 0.85,
        UseCategory::CommercialIndustrial if customer.is_high_voltage() => 0.30,
        _ => 0.0,
    };
    if !habit.chance(plans) {
        return;
    }
    let (bias, spread) = (0.05 * habit.normal(), habit.range(0.02, 0.20));
    for month in customer.months.clone() {
        let mut draw = utility.draw(DrawPurpose::Plan, customer.index, month);
        let Some(wh) = month_wh(utility, customer, month).filter(|_| !draw.chance(0.03)) else { continue };
        let planned_kwh = float_i64(wh) / 1000.0 * (1.0 + bias + spread * draw.normal()).max(0.1);
        let hundreds = round_half_away(planned_kwh / 100.0).max(1);
        rows.push((&customer.id, utility.month(month).first_day(), float_i64(hundreds * 100)));
    }
}

fn plant_plans<'a>(
    utility: &'a SampleUtility,
    rows: &mut Vec<(&'a str, i32, f64)>,
    written: &mut WrittenTable,
) {
    let Some(customer) = utility.target(1) else { return };
    let (inside, after) = (utility.window.start().first_day(), utility.window.end_day());
    rows.push((&customer.id, inside, -500.0));
    written.plant(Rule::Negative.code(), 1);
    rows.push((GHOST_ID, inside, 500.0));
    written.plant(Rule::Orphan.code(), 1);
    rows.push((&customer.id, after, 500.0));
    written.plant(OUT_OF_WINDOW, 1);
}

fn write_plans(file: &mut ParquetTableWriter, rows: &[(&str, i32, f64)]) -> Result<u64, SampleError> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2))),
    ];
    if !rows.is_empty() {
        file.write(&columns)?;
    }
    Ok(count(rows.len()))
}

/// Writes `cooperation.csv`.
pub fn cooperation(dir: &Path, utility: &SampleUtility) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Cooperation);
    let mut file = CsvTableWriter::create(dir, Table::Cooperation)?;
    let events = collect(utility, |customer, month, events| {
        let mut draw = utility.draw(DrawPurpose::Cooperation, customer.index, month);
        let rates = request_rates(customer, utility.month(month).number());
        for (&kind, rate) in CooperationKind::ALL.iter().zip(rates) {
            if draw.chance(rate) {
                let second = moment(utility, &mut draw, month);
                events.push(SampleEvent {
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

/// Chance in a month of a request under a policy, a request of work and a suggestion, in the order of
/// [`CooperationKind::ALL`].
fn request_rates(customer: &SampleCustomer, month: u32) -> [f64; 3] {
    // Power is scarce in the hottest and the coldest months.
    let is_peak = matches!(month, 1 | 7 | 8 | 12);
    let [policy, work, suggestion] = match customer.category {
        UseCategory::LargeIndustrial => [0.35, 0.12, 0.02],
        UseCategory::CommercialIndustrial if customer.is_high_voltage() => [0.12, 0.05, 0.008],
        UseCategory::CommercialIndustrial => [0.0, 0.02, 0.003],
        UseCategory::Agricultural | UseCategory::Other => [0.0, 0.01, 0.001],
        UseCategory::Residential => [0.0, 0.001, 0.0006],
    };
    [if is_peak { policy } else { 0.0 }, work, suggestion]
}

/// The cells of a request or suggestion from its kind on.
fn request_cells(draw: &mut KeyedDraw, customer: &SampleCustomer, kind: CooperationKind) -> Vec<String> {
    let (requested, delivered) = match kind {
        CooperationKind::Policy => {
            let kw = round_half_away(0.015 * f64::from(customer.capacity_kva.unwrap_or(0))).max(1) * 10;
            let share = (customer.willingness + 0.15 * draw.normal()).clamp(0.0, 1.2);
            (kw, round_half_away(float_i64(kw) * share))
        }
        CooperationKind::Work => {
            let times = i64::from(draw.whole(1, 3));
            (times, (0..times).map(|_| i64::from(draw.chance(customer.willingness))).sum())
        }
        CooperationKind::Suggestion => (1, i64::from(draw.chance(0.3))),
    };
    vec![kind.code().to_owned(), requested.to_string(), delivered.to_string()]
}

fn plant_cooperation(
    file: &mut CsvTableWriter,
    written: &mut WrittenTable,
    utility: &SampleUtility,
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
pub fn energy_profiles(dir: &Path, utility: &SampleUtility) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::EnergyProfiles);
    let mut file = CsvTableWriter::create(dir, Table::EnergyProfiles)?;
    for customer in &utility.customers {
        if !matches!(customer.category, UseCategory::LargeIndustrial | UseCategory::CommercialIndustrial) {
            continue;
        }
        let mut draw = utility.draw(DrawPurpose::Audit, customer.index, 0);
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

/// The latest audit of a customer; one customer in three also has the audit before it.
fn audits(
    file: &mut CsvTableWriter,
    utility: &SampleUtility,
    customer: &SampleCustomer,
    draw: &mut KeyedDraw,
) -> Result<(), SampleError> {
    let electric_kgce = customer.base_kwh * 12.0 * KGCE_PER_KWH;
    let (electric_share, replaceable_of_rest) = (draw.range(0.15, 0.9), draw.range(0.05, 0.6));
    let latest = (utility.window.end_day() - draw.whole(20, 1_000), electric_share);
    let earlier = draw.chance(0.33).then(|| (latest.0 - 3 * 365, electric_share * 0.9));
    for (as_of, electric_share) in earlier.into_iter().chain([latest]) {
        // In a window that ends in the seventies an audit may fall before 1970, where every row is rejected.
        if as_of < 0 {
            continue;
        }
        let total = electric_kgce / electric_share;
        let replaceable = (total - electric_kgce) * replaceable_of_rest;
        file.write(&[
            customer.id.clone(),
            date_text(as_of),
            format!("{total:.1}"),
            format!("{replaceable:.1}"),
        ])?;
    }
    Ok(())
}
