//! Explanations say which change would raise a customer's tier. These tests make that change in the data and grade them
//! again; the customer must rise.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};
use gridtier::explain::{Explanation, History, LeverAdvice};
use gridtier_io::appeal::look_up;
use gridtier_io::cycle::{self, CustomerRecord, EVIDENCE_TABLES};
use gridtier_io::folder::DataFolder;
use gridtier_io::store::Store;

use crate::support::method_file;
use crate::tables;
use crate::utility::Utility;

/// Number of claims that are tried for each indicator.
const TRIED: usize = 3;
const TIERS: [&str; 4] = ["special", "grade-1", "grade-2", "grade-3"];

/// A customer, and the value of a single indicator that would raise the customer's tier, according to the explanation.
struct Claim {
    id: String,
    next: String,
    now: f64,
    needed: f64,
    months: Option<[i64; 2]>,
    history: History,
}

/// Changes that give weight to an indicator that has none in the presets: in place of its siblings, or in a group of its own.
fn further(indicator: &str) -> &'static [(&'static str, &'static str)] {
    const LOAD: (&str, &str) = (
        "policy = 0.40\nwork = 0.40\nsuggestions = 0.20",
        "policy = 0.10\nwork = 0.10\nsuggestions = 0.10\nload = 0.70",
    );
    match indicator {
        "power_factor_shortfall" => &[
            ("power_factor_attainment = 1.0", "power_factor_attainment = 0.0\npower_factor_shortfall = 1.0"),
            (
                "[indicators]\n",
                "[indicators]\npower_factor_shortfall = { normalise = \"min_max\", goalposts = [0, 0.2] }\n",
            ),
        ],
        "cross_year_arrears" => &[(
            "[indicators]\n",
            "[indicators]\ncross_year_arrears = { normalise = \"min_max\", goalposts = [0, 0.2] }\n",
        )],
        "valley_share" => &[
            LOAD,
            (
                "[weights.indicators.suggestions]",
                "[weights.indicators.load]\nvalley_share = 1.0\n\n[weights.indicators.suggestions]",
            ),
            (
                "[indicators]\n",
                "[indicators]\nvalley_share = { normalise = \"min_max\", goalposts = [0, 1] }\n",
            ),
        ],
        "load_factor" => &[
            LOAD,
            (
                "[weights.indicators.suggestions]",
                "[weights.indicators.load]\nload_factor = 1.0\n\n[weights.indicators.suggestions]",
            ),
            (
                "[indicators]\n",
                "[indicators]\nload_factor = { normalise = \"min_max\", goalposts = [0, 1] }\n",
            ),
        ],
        _ => &[],
    }
}

/// A utility whose method gives behaviour much weight, so that single indicators can lift many customers. The
/// indicators of payment change together, so only the one under test has weight.
fn graded_for(indicator: &str) -> (Utility, String) {
    let utility = Utility::invented(400, &[]);
    match indicator {
        // The invented utility reads neither parts of the day nor demand.
        "valley_share" => read_also(&utility, ["flat_kwh", "valley_kwh"], |id, kwh| {
            let share = between_0_and_1(id);
            [(1.0 - share) * kwh, share * kwh]
        }),
        "load_factor" => read_also(&utility, ["max_demand_kw"], |id, kwh| {
            [kwh / (744.0 * (0.1 + 0.8 * between_0_and_1(id)))]
        }),
        _ => {}
    }
    let weights = match indicator {
        "overdue_days" => "on_time_payment = 0.0\noverdue_days = 1.0",
        "cross_year_arrears" => "on_time_payment = 0.0\noverdue_days = 0.0\ncross_year_arrears = 1.0",
        _ => "on_time_payment = 1.0\noverdue_days = 0.0",
    };
    let changes = [
        ("contribution = 0.5396", "contribution = 0.2"),
        ("compliance = 0.2970", "compliance = 0.5"),
        ("cooperation = 0.1634", "cooperation = 0.3"),
        ("on_time_payment = 0.6\noverdue_days = 0.4", weights),
    ];
    // Few customers have plans, and only those that miss their plan by little get such advice. A higher weight gives more.
    let plan = [("payment = 0.35", "payment = 0.10"), ("plan = 0.10", "plan = 0.35")];
    let plan = if indicator == "plan_completion" { &plan[..] } else { &[] };
    let method = method_file(utility.path(), "paper", &[&changes[..], plan, further(indicator)].concat());
    utility.published(&["--method", &method]);
    (utility, method)
}

/// A number that depends only on the customer's id.
fn between_0_and_1(id: &str) -> f64 {
    f64::from(id.bytes().fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 997)) / 997.0
}

/// Adds columns to the readings, or replaces them. `of` computes their values from the customer and the energy of a
/// reading.
fn read_also<const N: usize>(utility: &Utility, names: [&str; N], of: impl Fn(&str, f64) -> [f64; N]) {
    let readings = taken(utility, "meter_readings");
    let ids = tables::texts(&readings, "customer_id");
    let energy = numbers(&readings, "active_kwh");
    let thousandths = |value: f64| (value * 1000.0).round() / 1000.0;
    let added: Vec<Option<[f64; N]>> =
        ids.iter().zip(&energy).map(|(id, kwh)| Some(of(id.as_deref()?, (*kwh)?).map(thousandths))).collect();
    let schema = readings.schema();
    let own =
        schema.fields().iter().map(|field| field.name().as_str()).zip(readings.columns().iter().cloned());
    let own = own.filter(|(name, _)| !names.contains(name));
    let columns = names.iter().enumerate().map(|(at, name)| {
        let cells: Float64Array = added.iter().map(|row| row.map(|row| row[at])).collect();
        (*name, Arc::new(cells) as ArrayRef)
    });
    let bytes = tables::parquet(&tables::batch(own.chain(columns)));
    std::fs::write(utility.data().join("meter_readings.parquet"), bytes).unwrap();
}

fn numbers(table: &arrow_array::RecordBatch, name: &str) -> Vec<Option<f64>> {
    let column = table.column_by_name(name).unwrap();
    let column = arrow_cast::cast(column, &arrow_schema::DataType::Float64).unwrap();
    column.as_any().downcast_ref::<Float64Array>().unwrap().iter().collect()
}

fn record(utility: &Utility, id: &str) -> CustomerRecord {
    let store = Store::open(utility.store()).unwrap();
    let cycle = store.cycle(None).unwrap();
    let mut record = cycle::customer(&cycle, id).unwrap();
    let data = DataFolder::open_tables(&utility.data(), &EVIDENCE_TABLES).unwrap();
    look_up(&store, &cycle, &mut record, data).unwrap();
    record
}

/// The first claims of an indicator, in the order of customers.
fn claims(utility: &Utility, indicator: &str) -> Vec<Claim> {
    let tiers = utility.table("tiers");
    let ids = tiers.texts("customer_id").into_iter().flatten();
    let ranked = ids.zip(tiers.integers("rank")).filter(|(_, rank)| rank.is_some());
    let cycle = Store::open(utility.store()).unwrap().cycle(None).unwrap();
    let found = ranked.filter_map(|(id, _)| {
        let output: Explanation = cycle::customer(&cycle, &id).unwrap().explain();
        let lever: LeverAdvice = output.levers.into_iter().find(|lever| lever.indicator == indicator)?;
        let (needed, next) = (lever.value_needed?, output.next?.tier);
        let history = record(utility, &id).history;
        Some(Claim { id, next, now: lever.value, needed, months: lever.months_needed, history })
    });
    found.take(TRIED).collect()
}

/// Tries the claims of an indicator: `edit` changes the data for a claim, and the resulting value must be within
/// `slack` of the claimed one.
fn check_claims(indicator: &str, slack: f64, edit: impl Fn(&Utility, &Claim)) {
    let (utility, method) = graded_for(indicator);
    let claims = claims(&utility, indicator);
    assert!(!claims.is_empty(), "nobody could rise by {indicator} alone");
    for claim in &claims {
        let (mended, _) = graded_for(indicator);
        edit(&mended, claim);
        mended.published(&["--method", &method, "--again"]);
        let at = |table: &str| {
            let ids = mended.table(table).texts("customer_id");
            ids.iter().position(|id| id.as_deref() == Some(&claim.id)).unwrap()
        };
        let value = mended.table("indicators").numbers(indicator)[at("indicators")].unwrap();
        let Claim { id, now, needed, next, .. } = claim;
        let is_reached = if needed > now { value >= *needed - 1e-9 } else { value <= *needed + 1e-9 };
        assert!(is_reached, "{indicator} of {id}: {value} for {needed}, from {now}");
        assert!((value - needed).abs() <= slack, "{indicator} of {id}: {value} is far from {needed}");
        let tier = mended.table("tiers").texts("tier")[at("tiers")].clone().unwrap();
        let place = |tier: &str| TIERS.iter().position(|known| *known == tier).unwrap();
        assert!(place(&tier) <= place(next), "{indicator} of {id}: {needed} gives {tier}, not {next}");
    }
}

/// Removes a table from the data folder, whatever its format, and returns it.
fn taken(utility: &Utility, table: &str) -> arrow_array::RecordBatch {
    let file = file(utility, table);
    let rows = tables::read(&file);
    std::fs::remove_file(file).unwrap();
    rows
}

/// The file of a table, whatever its format.
fn file(utility: &Utility, table: &str) -> std::path::PathBuf {
    let files = ["parquet", "csv"].map(|ending| utility.data().join(format!("{table}.{ending}")));
    files.into_iter().find(|file| file.is_file()).unwrap()
}

fn put(utility: &Utility, table: &str, csv: &str) {
    std::fs::write(utility.data().join(format!("{table}.csv")), csv).unwrap();
}

/// Writes a table with a column changed by row.
fn with_column(
    utility: &Utility,
    table: &str,
    column: &str,
    changed: impl Fn(&dyn Fn(&str) -> String) -> Option<String>,
) {
    let rows = taken(utility, table);
    let cells: StringArray = (0..rows.num_rows())
        .map(|row| {
            let cell = |name: &str| tables::texts(&rows.slice(row, 1), name)[0].clone().unwrap_or_default();
            Some(changed(&cell).unwrap_or_else(|| cell(column)))
        })
        .collect();
    let changed = tables::with(&rows, column, |_| Arc::new(cells.clone()) as ArrayRef);
    put(utility, table, &String::from_utf8(tables::csv(&changed)).unwrap());
}

/// Adds lines of named cells to a table.
fn append(utility: &Utility, table: &str, lines: &[Vec<(&str, String)>]) {
    let rows = taken(utility, table);
    let mut csv = String::from_utf8(tables::csv(&rows)).unwrap();
    for line in lines {
        let cell = |name: &str| {
            let found = line.iter().find(|(column, _)| *column == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let schema = rows.schema();
        let cells: Vec<String> = schema.fields().iter().map(|field| cell(field.name())).collect();
        csv += &format!("{}\n", cells.join(","));
    }
    put(utility, table, &csv);
}

fn day(day: i32) -> String {
    gridtier::unit::date_of_day(day).unwrap().to_string()
}

fn payment(number: usize, bill: &str, on: i32, fen: i128) -> Vec<(&'static str, String)> {
    vec![
        ("payment_id", format!("mended-{number}")),
        ("bill_id", bill.to_owned()),
        ("paid_on", day(on)),
        ("amount", format!("{}.{:02}", fen / 100, fen % 100)),
    ]
}

#[test]
fn paying_as_much_on_time_as_an_explanation_asks_is_enough() {
    check_claims("on_time_payment", 0.001, |utility, claim| {
        let bills = claim.history.accounts[0].bills.as_ref().unwrap();
        let due = || bills.iter().filter(|bill| bill.due_on < claim.history.window.end_day());
        let (all, paid) =
            due().fold((0, 0), |(all, paid), bill| (all + bill.due_fen, paid + bill.on_time_fen));
        let mut left = (claim.needed * all as f64).ceil() as i128 - paid;
        let mut lines = Vec::new();
        for (number, bill) in due().enumerate() {
            let fen = (bill.due_fen - bill.on_time_fen).min(left);
            if fen > 0 {
                lines.push(payment(number, &bill.id, bill.due_on, fen));
                left -= fen;
            }
        }
        assert_eq!(left, 0);
        append(utility, "payments", &lines);
    });
}

#[test]
fn as_few_days_overdue_as_an_explanation_asks_are_enough() {
    check_claims("overdue_days", 1.0, |utility, claim| {
        let bills = claim.history.accounts[0].bills.as_ref().unwrap();
        let end = claim.history.window.end_day();
        let mut due: Vec<_> = bills.iter().filter(|bill| bill.due_on < end).collect();
        let all: i128 = due.iter().map(|bill| bill.due_fen).sum();
        let days: i128 = due.iter().map(|bill| bill.overdue_fen_days).sum();
        let mut left = days - (claim.needed * all as f64).floor() as i128;
        due.sort_by_key(|bill| bill.overdue_fen_days);
        let mut lines = Vec::new();
        for (number, bill) in due.iter().enumerate().filter(|(_, bill)| bill.overdue_fen_days > 0) {
            if left <= 0 {
                break;
            }
            lines.push(payment(number, &bill.id, bill.due_on, bill.due_fen - bill.on_time_fen));
            left -= bill.overdue_fen_days;
        }
        append(utility, "payments", &lines);
    });
}

#[test]
fn as_many_months_at_the_standard_as_an_explanation_asks_are_enough() {
    check_claims("power_factor_attainment", 1e-9, |utility, claim| {
        let [counted, all] = claim.months.expect("a share of months is given in months");
        let months = &claim.history.accounts[0].power_factor;
        assert_eq!(months.len() as i64, all);
        let attained = months.iter().filter(|month| month.is_attained).count() as i64;
        let lacking = months.iter().filter(|month| !month.is_attained).map(|month| month.month.to_string());
        let mended: Vec<String> = lacking.take((counted - attained) as usize).collect();
        without_reactive_energy(utility, &claim.id, &mended);
    });
}

/// Removes the reactive energy from a customer's readings of some months.
fn without_reactive_energy(utility: &Utility, customer: &str, months: &[String]) {
    let readings = taken(utility, "meter_readings");
    let [ids, times] = ["customer_id", "read_at"].map(|column| tables::texts(&readings, column));
    let is_mended = |row: usize| {
        let month =
            times[row].as_ref().is_some_and(|time| months.iter().any(|month| time.starts_with(month)));
        month && ids[row].as_deref() == Some(customer)
    };
    let changed = tables::with(&readings, "reactive_kvarh", |_| {
        let rows = numbers(&readings, "reactive_kvarh").into_iter().enumerate();
        Arc::new(
            rows.map(|(row, old)| if is_mended(row) { Some(0.0) } else { old }).collect::<Float64Array>(),
        )
    });
    std::fs::write(utility.data().join("meter_readings.parquet"), tables::parquet(&changed)).unwrap();
}

#[test]
fn plans_kept_as_closely_as_an_explanation_asks_are_enough() {
    check_claims("plan_completion", 0.05, |utility, claim| {
        let plans = claim.history.accounts[0].plans.as_ref().unwrap();
        let mut lacking = (claim.needed - claim.now) * plans.len() as f64 + 1e-6;
        let mut by_completion: Vec<_> = plans.iter().collect();
        by_completion.sort_by_key(|plan| std::cmp::Reverse(plan.completion_e6()));
        let mut mended = Vec::new();
        for plan in by_completion {
            if lacking <= 0.0 {
                break;
            }
            lacking -= 1.0 - plan.completion_e6() as f64 / 1e6;
            mended.push((plan.month.to_string(), plan.actual_wh));
        }
        with_column(utility, "plans", "planned_kwh", |cell| {
            let month = cell("month");
            let kept = mended.iter().find(|(of, _)| month.starts_with(of));
            kept.filter(|_| cell("customer_id") == claim.id)
                .map(|(_, wh)| format!("{:?}", *wh as f64 / 1000.0))
        });
    });
}

/// Revokes the customer's incidents of the kinds for which `is_revoked` holds, and adds one.
fn replace_incidents(
    utility: &Utility,
    claim: &Claim,
    is_revoked: impl Fn(&str) -> bool,
    new: Option<Vec<(&'static str, String)>>,
) {
    with_column(utility, "incidents", "status", |cell| {
        (cell("customer_id") == claim.id && is_revoked(&cell("kind"))).then(|| "revoked".to_owned())
    });
    let always = [
        ("incident_id", "mended".to_owned()),
        ("customer_id", claim.id.clone()),
        ("responsibility", "customer".to_owned()),
        ("status", "confirmed".to_owned()),
    ];
    let lines: Vec<_> = new.into_iter().map(|new| [&always[..], &new].concat()).collect();
    append(utility, "incidents", &lines);
}

#[test]
fn as_few_points_of_violations_as_an_explanation_asks_are_enough() {
    check_claims("violation_points", 0.2, |utility, claim| {
        // The offence whose points are nearest to the required ones.
        let points = |(severity, age): (i32, i32)| f64::from(severity) * 0.5f64.powf(f64::from(age) / 12.0);
        let offences = (1..=5).flat_map(|severity| (0..36).map(move |age| (severity, age)));
        let allowed = offences.filter(|offence| points(*offence) < claim.needed - 1e-6);
        let most = allowed.max_by(|a, b| points(*a).total_cmp(&points(*b)));
        let offence = most.map(|(severity, age)| {
            let month = claim.history.window.end.plus(-1 - age);
            vec![
                ("occurred_at", format!("{month}-15")),
                ("kind", "violation".to_owned()),
                ("severity", severity.to_string()),
            ]
        });
        replace_incidents(utility, claim, |kind| kind != "fault", offence);
    });
}

#[test]
fn as_little_harm_to_others_as_an_explanation_asks_is_enough() {
    check_claims("fault_impact", 0.01, |utility, claim| {
        let minutes = (claim.needed * 3.0 * 60.0).floor();
        let fault = vec![
            ("occurred_at", "2025-06-15".to_owned()),
            ("kind", "fault".to_owned()),
            ("severity", "1".to_owned()),
            ("affected_customers", "1".to_owned()),
            ("outage_minutes", format!("{minutes}")),
        ];
        replace_incidents(utility, claim, |kind| kind == "fault", Some(fault));
    });
}

/// Raises the delivered amounts of requests of a kind until their mean share is the required one.
fn fulfil(utility: &Utility, claim: &Claim, kind: &str) {
    let events = taken(utility, "cooperation");
    let columns = ["customer_id", "kind", "requested", "delivered"];
    let [ids, kinds, asked, given] = columns.map(|column| tables::texts(&events, column));
    let number = |cell: &Option<String>| cell.as_ref().map_or(0.0, |cell| cell.parse::<f64>().unwrap());
    let own: Vec<usize> = (0..events.num_rows())
        .filter(|&row| ids[row].as_deref() == Some(&claim.id) && kinds[row].as_deref() == Some(kind))
        .filter(|&row| number(&asked[row]) > 0.0)
        .collect();
    let mut lacking = (claim.needed - claim.now) * own.len() as f64 + 2e-6 * own.len() as f64;
    let mut delivered = given.clone();
    for row in own {
        let (asked, given) = (number(&asked[row]), number(&given[row]));
        let share = (given / asked).min(1.0);
        let more = (1.0 - share).min(lacking);
        if more > 0.0 {
            delivered[row] = Some(format!("{:.3}", ((share + more) * asked * 1000.0).ceil() / 1000.0));
            lacking -= more;
        }
    }
    let changed =
        tables::with(&events, "delivered", |_| Arc::new(StringArray::from(delivered.clone())) as ArrayRef);
    put(utility, "cooperation", &String::from_utf8(tables::csv(&changed)).unwrap());
}

#[test]
fn policies_and_work_carried_out_as_far_as_an_explanation_asks_are_enough() {
    check_claims("policy_fulfilment", 0.01, |utility, claim| fulfil(utility, claim, "policy"));
    check_claims("work_fulfilment", 0.01, |utility, claim| fulfil(utility, claim, "work"));
}

#[test]
fn as_many_suggestions_as_an_explanation_asks_are_enough() {
    check_claims("suggestion_points", 1e-9, |utility, claim| {
        let more = (claim.needed - claim.now).round() as usize;
        let event = |number: usize| {
            vec![
                ("event_id", format!("mended-{number}")),
                ("customer_id", claim.id.clone()),
                ("occurred_on", "2025-06-01".to_owned()),
                ("kind", "suggestion".to_owned()),
                ("requested", "1".to_owned()),
                ("delivered", "0".to_owned()),
            ]
        };
        append(utility, "cooperation", &(0..more).map(event).collect::<Vec<_>>());
    });
}

#[test]
fn a_power_factor_as_little_short_as_an_explanation_asks_is_enough() {
    check_claims("power_factor_shortfall", 0.02, |utility, claim| {
        let customers = tables::read(&file(utility, "customers"));
        let own =
            tables::texts(&customers, "customer_id").iter().position(|id| id.as_deref() == Some(&claim.id));
        let standard = numbers(&customers, "power_factor_standard")[own.unwrap()].unwrap();
        let months = &claim.history.accounts[0].power_factor;
        let mut left = (claim.now - claim.needed) * months.len() as f64 + 1e-9;
        let mut short: Vec<_> = months.iter().filter(|month| !month.is_attained).collect();
        short.sort_by(|a, b| b.power_factor.total_cmp(&a.power_factor));
        let mut mended = Vec::new();
        for month in short {
            if left <= 0.0 {
                break;
            }
            left -= standard - month.power_factor;
            mended.push(month.month.to_string());
        }
        without_reactive_energy(utility, &claim.id, &mended);
    });
}

#[test]
fn arrears_of_earlier_years_as_small_as_an_explanation_asks_are_enough() {
    check_claims("cross_year_arrears", 0.001, |utility, claim| {
        let year = day(claim.history.window.end_day())[..4].to_owned();
        let payments = tables::read(&file(utility, "payments"));
        let [bills, amounts] = ["bill_id", "amount"].map(|column| tables::texts(&payments, column));
        let paid = |id: &str| -> i128 {
            let own = bills.iter().zip(&amounts).filter(|(bill, _)| bill.as_deref() == Some(id));
            own.map(|(_, amount)| (amount.as_ref().unwrap().parse::<f64>().unwrap() * 100.0).round() as i128)
                .sum()
        };
        let all = claim.history.accounts[0].bills.as_ref().unwrap().iter();
        let owed: Vec<(&str, i128)> = all
            .filter(|bill| bill.paid_on.is_none() && day(bill.due_on)[..4] < *year)
            .map(|bill| (bill.id.as_str(), bill.due_fen - paid(&bill.id)))
            .collect();
        let sum: i128 = owed.iter().map(|(_, fen)| fen).sum();
        let mut left = sum - (claim.needed / claim.now * sum as f64).floor() as i128;
        let mut lines = Vec::new();
        for (number, (bill, fen)) in owed.into_iter().enumerate() {
            let fen = fen.min(left);
            if fen > 0 {
                lines.push(payment(number, bill, claim.history.window.end_day() - 1, fen));
                left -= fen;
            }
        }
        append(utility, "payments", &lines);
    });
}

#[test]
fn as_much_in_valley_hours_as_an_explanation_asks_is_enough() {
    check_claims("valley_share", 0.001, |utility, claim| {
        read_also(utility, ["flat_kwh", "valley_kwh"], |id, kwh| {
            let share = if id == claim.id { claim.needed + 1e-4 } else { between_0_and_1(id) };
            [(1.0 - share) * kwh, share * kwh]
        });
    });
}

#[test]
fn as_even_a_load_as_an_explanation_asks_is_enough() {
    check_claims("load_factor", 0.02, |utility, claim| {
        read_also(utility, ["max_demand_kw"], |id, kwh| {
            let asked = if id == claim.id { claim.now / claim.needed * 0.99 } else { 1.0 };
            [asked * kwh / (744.0 * (0.1 + 0.8 * between_0_and_1(id)))]
        });
    });
}
