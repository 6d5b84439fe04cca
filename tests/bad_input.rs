//! What real utilities send, row by row: each fault has its rule, and the rows add up. Faults of whole files are in
//! `bad_files`.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
    TimestampSecondArray,
};

use crate::support::breaches;
use crate::tables;
use crate::utility::{
    BILLS, COOPERATION, CUSTOMERS, INCIDENTS, PAYMENTS, PLANS, PROFILES, READINGS, Utility,
};

const ZONE: &str = "format = 1\nzone = \"Asia/Shanghai\"\n";

/// The small utility with more readings, in addition to its 36.
fn with_readings(lines: &str) -> Utility {
    Utility::small().append("meter_readings.csv", lines)
}

/// Asserts what became of the readings, and one finding about them.
fn readings(utility: &Utility, tally: [u64; 5], rule: &str, rows: u64) {
    let checked = utility.checked();
    assert_eq!(checked.tally("meter_readings"), tally, "{}", checked.output);
    assert_eq!(checked.finding("meter_readings", rule), rows, "{rule}: {}", checked.output);
}

/// The energy of customer 0001 in January 2025, in Wh.
fn january_wh(utility: &Utility) -> Option<i64> {
    january_wh_with(utility, &[])
}

fn january_wh_with(utility: &Utility, options: &[&str]) -> Option<i64> {
    utility.published(options);
    let usage = utility.table("monthly_usage").rows_of(&["customer_id", "month", "active_wh"]);
    let key = ["0001", "2025-01-01"].map(|cell| Some(cell.to_owned()));
    usage.iter().find(|row| row[..2] == key)?[2].as_ref()?.parse().ok()
}

fn text(cells: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

/// Readings of customer 0001 at these times.
fn readings_at(times: ArrayRef) -> RecordBatch {
    let rows = times.len();
    let energies = Float64Array::from_iter_values((1..=rows).map(|row| row as f64));
    tables::batch([
        ("customer_id", text(&vec!["0001"; rows])),
        ("read_at", times),
        ("active_kwh", Arc::new(energies)),
    ])
}

#[test]
fn row_1_the_same_reading_twice_counts_once() {
    let utility =
        with_readings("0001,M1,2025-01-01,101.5,1,estimated\n0001,M1,2025-01-01 00:00,101.50,1.0,\n");
    readings(&utility, [38, 36, 0, 0, 2], "conflicting_reading", 0);
    assert_eq!(january_wh(&utility), Some(101_500));
}

#[test]
fn row_2_a_reading_that_comes_twice_with_different_energies_does_not_count() {
    readings(
        &with_readings("0001,M1,2025-01-01,101.6,1,actual\n"),
        [37, 35, 0, 2, 0],
        "conflicting_reading",
        2,
    );
    // Unknown reactive energy is not the same as zero reactive energy.
    let utility = with_readings("0001,M9,2025-01-01,7,,\n0001,M9,2025-01-01,7,0,\n0001,M9,2025-01-01,7,0,\n");
    readings(&utility, [39, 36, 0, 3, 0], "conflicting_reading", 3);
    assert_eq!(january_wh(&utility), Some(101_500));
}

#[test]
fn row_5_negative_energy_is_a_reject_unless_export_is_allowed() {
    let utility =
        with_readings("0001,M9,2025-01-01,-1.5,,\n0001,M9,2025-01-02,-0.0004,,\n0001,M9,2025-01-03,-0.0,,\n");
    readings(&utility, [39, 37, 0, 2, 0], "negative", 2);
    assert_eq!(january_wh(&utility), Some(101_500));
    let allowed = utility.and("gridtier.toml", "format = 1\n[tables.meter_readings]\nnet_export = true\n");
    readings(&allowed, [39, 39, 0, 0, 0], "negative", 0);
    assert_eq!(january_wh(&allowed), Some(100_000));
}

#[test]
fn row_6_a_month_far_from_the_customers_median_is_suspect() {
    let steady = |usual: &str, odd: &str| {
        let month =
            |month: u32| format!("0003,M3,2025-{month:02}-01,{},,\n", if month == 7 { odd } else { usual });
        Utility::small()
            .and("meter_readings.csv", READINGS.to_owned() + &(1..=12).map(month).collect::<String>())
    };
    // Months below 1 kWh are never suspect.
    let months = [
        ("10", "9000", 0),
        ("10", "9000.001", 1),
        ("10", "10000", 1),
        ("10", "0.01", 0),
        ("1000", "1.111", 1),
        ("1000", "1.112", 0),
        ("1000", "0.999", 0),
    ];
    for (usual, odd, suspects) in months {
        let checked = steady(usual, odd).checked();
        assert_eq!(checked.finding("meter_readings", "unit_suspect"), suspects, "{odd}");
        assert_eq!(checked.tally("meter_readings"), [12, 12, 0, 0, 0], "{odd}");
    }
    let utility = steady("10", "10000");
    assert!(utility.checked().example("meter_readings", "unit_suspect").contains("0003 in 2025-07"));
    let cycle = utility.published(&["--accept-findings=a month in Wh"]);
    assert_eq!(breaches(&cycle), ["unit_suspect"]);
    assert_eq!(utility.table("unit_suspects").integers("median_wh"), [Some(10_000)]);
}

#[test]
fn row_7_times_with_a_zone_become_local_times_of_the_declared_zone() {
    // 2024-12-31 16:00 and 15:59:59 UTC: the turn of the year in Shanghai.
    let zoned = TimestampSecondArray::from(vec![1_735_660_800, 1_735_660_799]).with_timezone("UTC");
    let utility = || {
        let readings = tables::parquet(&readings_at(Arc::new(zoned.clone())));
        Utility::small().without("meter_readings.csv").and("meter_readings.parquet", readings)
    };
    utility().refused(&["meter_readings.parquet", "read_at", "no zone is declared", "gridtier.toml"]);
    assert_eq!(january_wh(&utility().and("gridtier.toml", ZONE)), Some(1_000));
    let written =
        || with_readings("0001,M9,2024-12-31T16:00:00Z,7,,\n0001,M9,2025-01-31 23:30:00+09:00,8,,\n");
    written().refused(&["meter_readings.csv", "read_at", "no zone is declared"]);
    assert_eq!(january_wh(&written().and("gridtier.toml", ZONE)), Some(116_500));
    let unknown = utility().and("gridtier.toml", ZONE.replace("Shanghai", "Shangai"));
    unknown.refused(&["gridtier.toml:", "Asia/Shangai", "did you mean `Asia/Shanghai`?"]);
}

#[test]
fn row_7_both_hours_of_the_night_in_which_clocks_are_set_back_count() {
    // 2025-11-02 from 05:30 UTC, half past one in New York, then half past one again.
    let hours: Vec<i64> = (0..3).map(|hour| 1_762_061_400_000 + hour * 3_600_000).collect();
    let zoned = TimestampMillisecondArray::from(hours).with_timezone("UTC");
    let utility = Utility::small()
        .without("meter_readings.csv")
        .and("meter_readings.parquet", tables::parquet(&readings_at(Arc::new(zoned))))
        .and("gridtier.toml", "format = 1\nzone = \"America/New_York\"\n");
    readings(&utility, [3, 3, 0, 0, 0], "conflicting_reading", 0);
}

#[test]
fn row_8_what_was_not_measured_is_unknown_and_never_zero() {
    let utility = Utility::small().append("customers.csv", "0009,other,low_voltage,2010-01-01,false\n");
    utility.published(&[]);
    let indicators = utility.table("indicators");
    for id in [
        "annual_energy",
        "annual_revenue",
        "average_price",
        "energy_growth",
        "on_time_payment",
        "violation_points",
    ] {
        assert_eq!(indicators.numbers(id)[3], None, "{id}");
        assert_eq!(indicators.texts(&format!("{id}_status"))[3].as_deref(), Some("unknown"), "{id}");
    }
    assert_eq!(indicators.texts("power_factor_attainment_status")[3].as_deref(), Some("na"));
    assert_eq!(indicators.numbers("annual_energy")[0], Some(12.0 * (1_266.0 + 6.0) / 12.0));
    assert_eq!(utility.table("tiers").texts("reason")[3].as_deref(), Some("short_history"));
}

#[test]
fn row_9_a_value_that_is_not_a_finite_number_is_a_reject() {
    let utility = with_readings(
        "0001,M9,2025-01-01,NaN,,\n0001,M9,2025-01-02,-inf,,\n0001,M9,2025-01-03,1,Infinity,\n",
    );
    readings(&utility, [39, 36, 0, 3, 0], "not_finite", 3);
    let doubles = Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5.0]);
    let times = text(&["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04", "2025-01-05"]);
    let table = tables::with(&readings_at(times), "active_kwh", |_| Arc::new(doubles.clone()));
    let utility =
        Utility::small().without("meter_readings.csv").and("meter_readings.parquet", tables::parquet(&table));
    readings(&utility, [5, 2, 0, 3, 0], "not_finite", 3);
    assert_eq!(january_wh(&utility), Some(5_000));
}

#[test]
fn row_10_a_number_beyond_the_bound_is_a_reject() {
    let lines = "0001,M9,2025-01-01,1000000000,,\n0001,M9,2025-01-02,1000000000.001,,\n0001,M9,2025-01-03,1e300,,\n\
                 0001,M9,2025-01-04,1,-1000000001,\n";
    let utility = with_readings(lines).and(
        "bills.csv",
        format!("{BILLS}1,0001,2025-01-01,1e12,2025-02-01,\n2,0001,2025-01-01,-1000000000001,,\n"),
    );
    readings(&utility, [40, 37, 0, 3, 0], "out_of_bounds", 3);
    let checked = utility.checked();
    assert_eq!((checked.tally("bills"), checked.finding("bills", "out_of_bounds")), ([2, 1, 0, 1, 0], 1));
    let fault = |severity| format!("{severity},0001,2025-01-01,fault,customer,confirmed,{severity}\n");
    let severities = INCIDENTS.to_owned() + &[0, 6, 5].map(fault).concat();
    let checked = Utility::small().and("incidents.csv", severities).checked();
    assert_eq!(
        (checked.tally("incidents"), checked.finding("incidents", "out_of_bounds")),
        ([3, 1, 0, 2, 0], 2)
    );
}

#[test]
fn row_10_a_sum_that_no_integer_holds_is_an_error_and_never_wraps() {
    let rows = 100_000;
    let ids: StringArray = (0..rows).map(|row| Some(row.to_string())).collect();
    let same = |cell: &'static str| text(&vec![cell; rows]);
    let bills = tables::batch([
        ("bill_id", Arc::new(ids) as ArrayRef),
        ("customer_id", same("0001")),
        ("billing_month", same("2025-01-01")),
        ("amount_due", Arc::new(Int64Array::from(vec![1_000_000_000_000; rows]))),
        ("due_on", same("2025-02-01")),
    ]);
    Utility::small().and("bills.parquet", tables::parquet(&bills)).refused(&["table bills", "64 bits"]);
    let header = INCIDENTS.replace("severity", "severity,affected_customers,outage_minutes");
    let fault = |id| format!("{id},0001,2025-01-01,fault,customer,confirmed,1,1000000000,1000000000\n");
    let faults = |count| header.clone() + &(0..count).map(fault).collect::<String>();
    Utility::small().and("incidents.csv", faults(10)).refused(&["table incidents", "64 bits"]);
    let utility = Utility::small().and("incidents.csv", faults(9));
    utility.published(&[]);
    assert_eq!(utility.table("indicators").numbers("fault_impact")[0], Some(9e18 / 60.0 / 3.0));
}

#[test]
fn row_11_ids_are_text_trimmed_and_folded() {
    let utility =
        with_readings(" 0001 ,M9,2025-01-01,1,,\n０００１,M8,2025-01-01,1,,\n1,M8,2025-01-01,1,,\n");
    readings(&utility, [39, 38, 0, 1, 0], "orphan", 1);
    assert_eq!(january_wh(&utility), Some(103_500));
    let twins = "00a4,other,low_voltage,2010-01-01,false\n００ａ４,other,low_voltage,2010-01-01,false\n";
    Utility::small().append("customers.csv", twins).refused(&["table customers", "00a4", "００ａ４"]);
    let long = format!("{},other,low_voltage,2010-01-01,false\n", "x".repeat(129));
    let checked = Utility::small().append("customers.csv", &long).checked();
    assert_eq!(
        (checked.tally("customers"), checked.finding("customers", "id_too_long")),
        ([4, 3, 0, 1, 0], 1)
    );
}

#[test]
fn row_11_integer_ids_are_taken_as_their_decimal_text_with_a_finding() {
    let customers = tables::batch([
        ("customer_id", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
        ("use_category", text(&["other"; 2])),
        ("supply_level", text(&["low_voltage"; 2])),
        ("opened_on", text(&["2010-01-01"; 2])),
        ("aged_transformer_area", text(&["false"; 2])),
    ]);
    let utility = Utility::small()
        .without("customers.csv")
        .and("customers.parquet", tables::parquet(&customers))
        .and("meter_readings.csv", format!("{READINGS}7,,2025-01-01,1,,\n0008,,2025-01-01,1,,\n"));
    let checked = utility.checked();
    assert_eq!(checked.tally("customers"), [2, 2, 0, 0, 0]);
    assert!(checked.finding("customers", "integer_id") > 0, "{}", checked.output);
    assert_eq!(checked.tally("meter_readings"), [2, 1, 0, 1, 0]);
}

#[test]
fn row_20_a_date_that_decides_the_month_of_a_row_lies_within_1970_to_2199() {
    let lines = "0001,M9,1969-12-31 23:59,1,,\n0001,M9,2200-01-01,1,,\n0001,M9,9999-12-31,1,,\n0001,M9,2025-02-29,1,,\n\
                 0001,M9,2199-12-31 23:59:59,1,,\n0001,M9,1970-01-01,1,,\n";
    readings(&with_readings(lines), [42, 36, 2, 4, 0], "bad_date", 4);
    let old = "0004,other,low_voltage,1965-05-01,false\n";
    assert_eq!(Utility::small().append("customers.csv", old).checked().tally("customers"), [4, 4, 0, 0, 0]);
    let header = CUSTOMERS.replace("opened_on", "opened_on,closed_on");
    let forever = format!("{header}0001,other,low_voltage,1965-05-01,9999-12-31,false\n");
    let utility = Utility::small().and("customers.csv", forever);
    assert_eq!(utility.checked().tally("customers"), [1, 1, 0, 0, 0]);
    utility.published(&["--accept-findings=orphans"]);
    assert_eq!(utility.table("tiers").rows(), 1);
}

#[test]
fn row_26_numbers_are_read_as_people_write_them() {
    let numbers = ["\"1,234.50\"", "１２３４．５", "1234.5", "\"1,234,567.8\"", " 12 ", "+3", "1e3"];
    let bad = ["(12.50)", "\"1.234,50\"", "\"12,34\"", "1 234", "twelve", "1.2.3", "0x10"];
    let line = |(day, number): (usize, &&str)| format!("0001,M9,2025-01-{:02},{number},,\n", day + 1);
    let lines: String = numbers.iter().chain(&bad).enumerate().map(line).collect();
    let utility = with_readings(&lines);
    readings(&utility, [50, 43, 0, 7, 0], "bad_number", 7);
    let wh = 101_500 + 3 * 1_234_500 + 1_234_567_800 + 12_000 + 3_000 + 1_000_000;
    // A million kWh among months of a hundred is suspect.
    assert_eq!(january_wh_with(&utility, &["--accept-findings=test"]), Some(wh));
    // U+2212 is a minus.
    let minus = format!("{BILLS}1,0001,2025-01-01,\u{2212}12.5,,\n");
    assert_eq!(Utility::small().and("bills.csv", minus).checked().tally("bills"), [1, 1, 0, 0, 0]);
}

#[test]
fn row_26_a_declared_decimal_comma_is_read() {
    let lines = "0001,M9,2025-01-01,\"1.234,50\",,\n0001,M9,2025-01-02,\"0,5\",,\n";
    let declared = "format = 1\n[tables.meter_readings]\ndecimal_mark = \",\"\n";
    let plain = format!("{READINGS}{lines}0001,M9,2025-01-03,\"1,234.50\",,\n");
    let utility = Utility::small().and("meter_readings.csv", plain).and("gridtier.toml", declared);
    readings(&utility, [3, 2, 0, 1, 0], "bad_number", 1);
    assert_eq!(january_wh(&utility), Some(1_235_000));
}

#[test]
fn row_29_readings_without_a_customer_are_orphans_and_customers_without_readings_stay() {
    let utility = with_readings("0007,M9,2025-01-01,1,,\n0007,M9,2018-01-01,1,,\n")
        .append("customers.csv", "0004,other,low_voltage,2010-01-01,false\n");
    readings(&utility, [38, 36, 1, 1, 0], "orphan", 1);
    utility.published(&[]);
    assert_eq!(utility.table("tiers").rows(), 4);
    let tables = [
        ("bills", BILLS, "1,0007,2025-01-01,1,2025-02-01,\n"),
        ("payments", PAYMENTS, "1,no-such-bill,2025-01-01,1\n"),
        ("incidents", INCIDENTS, "1,0007,2025-01-01,fault,customer,confirmed,1\n"),
        ("plans", PLANS, "0007,2025-01-01,1\n"),
        ("cooperation", COOPERATION, "1,0007,2025-01-01,policy,1,1\n"),
        ("energy_profiles", PROFILES, "0007,2025-01-01,1,1\n"),
    ];
    for (table, header, line) in tables {
        let checked = Utility::small().and(&format!("{table}.csv"), format!("{header}{line}")).checked();
        assert_eq!((checked.tally(table), checked.finding(table, "orphan")), ([1, 0, 0, 1, 0], 1), "{table}");
    }
}

#[test]
fn a_row_that_breaks_a_rule_is_set_aside_under_the_name_of_the_rule() {
    let table = |name: &str, header: &str, lines: &str, rule: &str| {
        let rows = lines.lines().count() as u64;
        let checked = Utility::small().and(&format!("{name}.csv"), format!("{header}{lines}")).checked();
        assert_eq!(checked.finding(name, rule), rows, "{name}: {}", checked.output);
        assert_eq!(checked.tally(name), [rows, 0, 0, rows, 0], "{name}");
    };
    table("bills", BILLS, ",0001,2025-01-01,1,2025-02-01,\n", "null_key");
    table("bills", BILLS, "1,,2025-01-01,1,2025-02-01,\n2,0001,2025-01-01,,2025-02-01,\n", "null_value");
    table(
        "bills",
        BILLS,
        "1,0001,2025-01-01,1,2025-02-01,\n1,0001,2025-01-01,2,2025-02-01,\n",
        "duplicate_key",
    );
    table("bills", BILLS, "1,0001,2025-01-01,1,31.02.2025,\n", "bad_date");
    table("payments", PAYMENTS, "1,b,yesterday,1\n", "bad_date");
    table("incidents", INCIDENTS, "1,0001,2025-01-01,Theft,customer,confirmed,1\n", "bad_enum");
    table("incidents", INCIDENTS, "1,0001,2025-01-01,theft,customer,confirmed,1.5\n", "bad_number");
    table("plans", PLANS, "0001,2025-01-01,-1\n", "negative");
    table("plans", PLANS, "0001,2025-01-01,1\n0001,2025-01-15,2\n", "duplicate_key");
    table(
        "cooperation",
        COOPERATION,
        "1,0001,2025-01-01,policy,-1,1\n2,0001,2025-01-01,work,1,-1\n",
        "negative",
    );
    table("energy_profiles", PROFILES, "0001,2025-01-01,-1,0\n0001,2025-02-01,1,-1\n", "negative");
    table("energy_profiles", PROFILES, "0001,2025-01-01,nan,0\n", "not_finite");
}

#[test]
fn a_bill_without_the_day_it_is_due_is_set_aside_where_payments_are_delivered() {
    let bills = format!("{BILLS}1,0001,2025-01-01,1,,\n");
    let alone = Utility::small().and("bills.csv", bills);
    assert_eq!(alone.checked().tally("bills"), [1, 1, 0, 0, 0]);
    let checked = alone.and("payments.csv", format!("{PAYMENTS}1,1,2025-01-01,1\n")).checked();
    assert_eq!((checked.tally("bills"), checked.finding("bills", "null_value")), ([1, 0, 0, 1, 0], 1));
}
