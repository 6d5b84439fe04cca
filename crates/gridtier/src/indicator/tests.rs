//! A hand-computed case for each indicator, and one for each way of having no value.

use super::*;
use crate::contract::Table;
use crate::fact;
use crate::memory::MemorySource;
use crate::meter::ReadingDetail;
use crate::unit::{Month, Window};

/// The indicators that presets weigh, and the given expressions.
fn wanted(own: &[Expression]) -> WantedIndicators<'_> {
    static REGISTERED: std::sync::LazyLock<Vec<&Indicator>> =
        std::sync::LazyLock::new(|| INDICATORS.iter().collect());
    WantedIndicators { registered: &REGISTERED, own, supply_costs: SupplyCosts::default() }
}

const WINDOW: Window = Window { end: Month(54 * 12), months: 24 };

/// Monthly readings of `kwh` in every month of the window, with `kvarh`.
fn readings(id: &str, kwh: impl Fn(usize) -> f64, kvarh: &str) -> Vec<String> {
    (0..24).map(|m| format!("{id}|{}-01|{}|{kvarh}", WINDOW.month(m), kwh(m))).collect()
}

struct Case {
    memory: MemorySource,
    readings: Vec<String>,
}

impl Case {
    fn new() -> Self {
        Self {
            memory: MemorySource::default().customers(&["a", "b"]),
            readings: readings("a", |_| 100.0, "-"),
        }
    }

    fn readings(mut self, rows: Vec<String>) -> Self {
        self.readings = rows;
        self
    }

    fn table(mut self, table: Table, header: &str, rows: &[&str]) -> Self {
        self.memory = self.memory.rows(table, header, rows);
        self
    }

    fn value(self, id: &str) -> [IndicatorValue; 2] {
        let rows: Vec<&str> = self.readings.iter().map(String::as_str).collect();
        let header = "customer_id|read_at|active_kwh|reactive_kvarh";
        let source = self.memory.rows(Table::MeterReadings, header, &rows);
        let facts = fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
        let place = INDICATORS.iter().position(|indicator| indicator.id == id).unwrap();
        let column = &compute(&facts, wanted(&[])).unwrap()[place];
        [column.get(0), column.get(1)]
    }
}

const BILLS: &str = "bill_id|customer_id|billing_month|amount_due|due_on|reverses";
const PAYMENTS: &str = "payment_id|bill_id|paid_on|amount";
const INCIDENTS: &str = "incident_id|customer_id|occurred_at|kind|responsibility|status|severity|affected_customers|outage_minutes";
const COOPERATION: &str = "event_id|customer_id|occurred_on|kind|requested|delivered";
const PROFILES: &str = "customer_id|as_of|total_kgce|replaceable_kgce";

use IndicatorValue::{Known, NotApplicable, Unknown};

#[test]
fn annual_energy_is_twelve_times_the_mean_covered_month() {
    let rows = [readings("a", |m| if m < 12 { 100.0 } else { 200.0 }, "-"), vec![]].concat();
    assert_eq!(Case::new().readings(rows).value("annual_energy"), [Known(1800.0), Unknown]);
}

#[test]
fn annual_revenue_divides_by_the_months_that_have_a_bill() {
    let bills = ["1|a|2022-01|100|2022-02-25|-", "2|a|2022-02|50|2022-03-25|-", "3|a|2022-02|-30|-|2"];
    assert_eq!(
        Case::new().table(Table::Bills, BILLS, &bills).value("annual_revenue"),
        [Known(720.0), Unknown]
    );
}

#[test]
fn average_price_is_never_negative() {
    let bills = ["1|a|2022-01|50|2022-02-25|-"];
    assert_eq!(Case::new().table(Table::Bills, BILLS, &bills).value("average_price"), [Known(0.5), Unknown]);
    let reversed = ["1|a|2022-01|-50|-|-"];
    assert_eq!(Case::new().table(Table::Bills, BILLS, &reversed).value("average_price")[0], Unknown);
}

#[test]
fn energy_growth_compares_the_last_year_with_the_first() {
    let grown = readings("a", |m| if m < 12 { 100.0 } else { 150.0 }, "-");
    assert_eq!(Case::new().readings(grown).value("energy_growth"), [Known(0.5), Unknown]);
    let mut lost = readings("a", |m| if m < 12 { 100.0 } else { 150.0 }, "-");
    lost.truncate(22);
    assert_eq!(Case::new().readings(lost.clone()).value("energy_growth")[0], Known(0.5), "ten pairs suffice");
    lost.truncate(21);
    assert_eq!(Case::new().readings(lost).value("energy_growth")[0], Unknown);
    assert_eq!(Case::new().readings(readings("a", |_| 0.0, "-")).value("energy_growth")[0], Unknown);
}

#[test]
fn energy_audits_give_total_and_share() {
    let case = || {
        Case::new().table(Table::EnergyProfiles, PROFILES, &["a|2015-01-01|5000|1250", "b|2015-01-01|0|0"])
    };
    assert_eq!(case().value("total_energy_use"), [Known(5.0), Known(0.0)]);
    assert_eq!(case().value("replaceable_share"), [Known(0.25), Unknown]);
    assert_eq!(Case::new().value("total_energy_use"), [Unknown, Unknown]);
}

#[test]
fn sensitivity_is_the_greater_of_importance_and_load_class() {
    let customers =
        "customer_id|use_category|supply_level|importance_level|load_class|opened_on|aged_transformer_area";
    let rows = [
        "a|other|low_voltage|imp_second|load_1|2000-01-01|false",
        "b|other|low_voltage|-|-|2000-01-01|false",
    ];
    let memory = MemorySource::default().rows(Table::Customers, customers, &rows);
    let case = Case { memory, readings: readings("a", |_| 1.0, "-") };
    assert_eq!(case.value("sensitivity"), [Known(0.6), Known(0.0)]);
}

#[test]
fn power_factor_attainment_counts_months_at_the_customers_own_standard() {
    // A tan φ of 0.48 gives a power factor of 0.9015, and one of 0.60 gives 0.857.
    let mut rows = readings("a", |_| 100.0, "48");
    rows[0] = format!("a|{}-01|100|60", WINDOW.month(0));
    rows[1] = format!("a|{}-01|100|-", WINDOW.month(1));
    assert_eq!(Case::new().readings(rows).value("power_factor_attainment"), [Known(22.0 / 23.0), Unknown]);
    let header = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
    let none = ["a|residential|residential|2000-01-01|false", "b|residential|residential|2000-01-01|false"];
    let memory = MemorySource::default().rows(Table::Customers, header, &none);
    let case = Case { memory, readings: readings("a", |_| 1.0, "1") };
    assert_eq!(case.value("power_factor_attainment"), [NotApplicable, NotApplicable]);
}

#[test]
fn payment_is_measured_in_money_and_days() {
    let bills = ["1|a|2023-10|100|2023-12-22|-", "2|a|2023-12|100|2024-01-25|-"];
    let payments = ["p|1|2023-12-20|60", "q|1|2023-12-27|40"];
    let case = || Case::new().table(Table::Bills, BILLS, &bills).table(Table::Payments, PAYMENTS, &payments);
    assert_eq!(case().value("on_time_payment"), [Known(0.6), Unknown]);
    assert_eq!(case().value("overdue_days"), [Known(2.0), Unknown]);
    assert_eq!(Case::new().table(Table::Bills, BILLS, &bills).value("on_time_payment")[0], Unknown);
    let asked_and_nothing_paid =
        Case::new().table(Table::Bills, BILLS, &bills).table(Table::Payments, PAYMENTS, &[]);
    assert_eq!(asked_and_nothing_paid.value("overdue_days")[0], Known(10.0));
}

#[test]
fn plan_completion_is_a_mean_over_months() {
    let plans = ["a|2022-01|80", "a|2022-02|200", "b|2022-02|0"];
    let case = Case::new().table(Table::Plans, "customer_id|month|planned_kwh", &plans);
    assert_eq!(case.value("plan_completion"), [Known(0.625), NotApplicable]);
    assert_eq!(Case::new().value("plan_completion"), [Unknown, Unknown]);
    let uncovered = Case::new().table(Table::Plans, "customer_id|month|planned_kwh", &["b|2022-01|5"]);
    assert_eq!(uncovered.value("plan_completion"), [NotApplicable, Unknown]);
}

#[test]
fn incidents_count_if_confirmed_and_if_the_customer_is_responsible() {
    let rows =
        ["1|a|2023-05-01|fault|customer|confirmed|1|10|90", "2|a|2022-12-01|theft|customer|confirmed|3|-|-"];
    let case = || Case::new().table(Table::Incidents, INCIDENTS, &rows);
    assert_eq!(case().value("fault_impact"), [Known(7.5), Known(0.0)]);
    assert_eq!(case().value("violation_points"), [Known(1.5), Known(0.0)]);
    assert_eq!(Case::new().value("fault_impact"), [Unknown, Unknown]);
    assert_eq!(Case::new().value("violation_points"), [Unknown, Unknown]);
}

#[test]
fn cooperation_is_not_applicable_if_the_customer_was_never_asked() {
    let rows = ["1|a|2023-01-01|policy|4|1", "2|a|2023-01-01|work|2|3", "3|a|2023-01-01|suggestion|1|1"];
    let case = || Case::new().table(Table::Cooperation, COOPERATION, &rows);
    assert_eq!(case().value("policy_fulfilment"), [Known(0.25), NotApplicable]);
    assert_eq!(case().value("work_fulfilment"), [Known(1.0), NotApplicable]);
    assert_eq!(case().value("suggestion_points"), [Known(3.0), Known(0.0)]);
    assert_eq!(Case::new().value("policy_fulfilment"), [Unknown, Unknown]);
    assert_eq!(Case::new().value("suggestion_points"), [Unknown, Unknown]);
}

#[test]
fn suggestions_stop_at_the_cap() {
    let rows: Vec<String> = (0..5).map(|n| format!("{n}|a|2023-01-01|suggestion|1|1")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(
        Case::new().table(Table::Cooperation, COOPERATION, &rows).value("suggestion_points")[0],
        Known(6.0)
    );
}

#[test]
fn an_own_indicator_is_an_expression_that_need_not_apply_to_every_customer() {
    let rows: Vec<&str> = vec!["a|2023-05-01|100|48", "b|2023-05-01|0|1"];
    let source = MemorySource::default().customers(&["a", "b", "c"]).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh|reactive_kvarh",
        &rows,
    );
    let facts = fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
    let own = Expression::parse("reactive_varh / active_wh", Some("readings > 0")).unwrap();
    let columns = compute(&facts, wanted(&[own])).unwrap();
    let own: IndicatorColumn = [Known(0.48), Unknown, NotApplicable].into_iter().collect();
    assert_eq!(columns[INDICATORS.len()], own);
}

#[test]
fn a_division_by_zero_is_null_wherever_it_stands() {
    let source = MemorySource::default().customers(&["a", "b"]).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh|reactive_kvarh",
        &["a|2023-05-01|0|0", "b|2023-05-01|1|40"],
    );
    let facts = fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
    let expressions = [
        "CASE WHEN reactive_varh / active_wh > 30 THEN 1 ELSE 0 END",
        "COALESCE(reactive_varh / active_wh, 7)",
        "LEAST(5, reactive_varh / active_wh)",
        "1 / (1000 / active_wh)",
    ];
    let own = expressions.map(|text| Expression::parse(text, None).unwrap());
    let columns = compute(&facts, wanted(&own)).unwrap();
    let expected = [
        [Known(0.0), Known(1.0)],
        [Known(7.0), Known(40.0)],
        [Known(5.0), Known(5.0)],
        [Unknown, Known(1.0)],
    ];
    let expected = expected.map(|column| column.into_iter().collect::<IndicatorColumn>());
    assert_eq!(columns[INDICATORS.len()..], expected);
    // As long as an expression may be, in the small stack of a test.
    let longest = Expression::parse(&("active_wh".to_owned() + &" / readings".repeat(40)), None).unwrap();
    let columns = compute(&facts, wanted(&[longest])).unwrap();
    let expected: IndicatorColumn = [Known(0.0), Known(1_000.0)].into_iter().collect();
    assert_eq!(columns[INDICATORS.len()], expected);
    let applied = Expression::parse("1", Some("reactive_varh / active_wh > 3")).unwrap();
    let columns = compute(&facts, wanted(&[applied])).unwrap();
    let expected: IndicatorColumn = [NotApplicable, Known(1.0)].into_iter().collect();
    assert_eq!(columns[INDICATORS.len()], expected);
}

#[test]
fn an_expression_rounds_half_away_from_zero() {
    let source = MemorySource::default().customers(&["a", "b"]).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh",
        &["a|2023-05-01|2.5", "b|2023-05-01|3.5"],
    );
    let facts = fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
    let own = [
        Expression::parse("ROUND(active_wh / 1000)", None).unwrap(),
        Expression::parse("0 - ROUND(active_wh / 10000 + 0.5, 1)", None).unwrap(),
    ];
    let columns = compute(&facts, wanted(&own)).unwrap();
    let own: [IndicatorColumn; 2] =
        [[Known(3.0), Known(4.0)], [Known(-0.8), Known(-0.9)]].map(|column| column.into_iter().collect());
    assert_eq!(columns[INDICATORS.len()..], own);
}

#[test]
fn a_condition_on_an_empty_attribute_is_not_met_and_one_on_an_absent_table_is_unknown() {
    let header = "customer_id|use_category|supply_level|load_class|opened_on|aged_transformer_area";
    let row = |id: &str, class: &str| format!("{id}|residential|residential|{class}|2000-01-01|false");
    let rows = [row("a", "load_1"), row("b", "load_2"), row("c", "-")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source = MemorySource::default().rows(Table::Customers, header, &rows).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh",
        &["a|2023-05-01|1", "b|2023-05-01|2", "c|2023-05-01|3"],
    );
    let facts = fact::read(&source, WINDOW, ReadingDetail::Energy, None).unwrap();
    let own = [
        Expression::parse("active_wh", Some("load_class = 'load_1'")).unwrap(),
        Expression::parse("active_wh", Some("suggestions > 0")).unwrap(),
    ];
    let columns = compute(&facts, wanted(&own)).unwrap();
    let own: [IndicatorColumn; 2] = [[Known(1000.0), NotApplicable, NotApplicable], [Unknown; 3]]
        .map(|column| column.into_iter().collect());
    assert_eq!(columns[INDICATORS.len()..], own);
}

#[test]
fn registry_entries_are_unique_and_in_the_order_of_dimensions() {
    let ids: std::collections::BTreeSet<&str> = INDICATORS.iter().map(|indicator| indicator.id).collect();
    assert_eq!((ids.len(), INDICATORS.len()), (16, 16));
    let places =
        INDICATORS.iter().map(|indicator| DIMENSIONS.iter().position(|name| *name == indicator.dimension));
    assert!(places.is_sorted());
}

#[test]
fn every_entry_gives_its_formula_and_its_ways_of_having_no_value_in_both_languages() {
    for known in registry::all() {
        let is_chinese = |text: &str| text.chars().any(|character| ('一'..='龥').contains(&character));
        let (english, chinese) = (
            [known.title, known.formula, known.no_value],
            [known.title_zh, known.formula_zh, known.no_value_zh],
        );
        assert!(!english.into_iter().any(is_chinese) && chinese.into_iter().all(is_chinese), "{}", known.id);
        for (said, translated) in [("unknown:", "未知:"), ("n/a:", "不适用:")] {
            assert_eq!(known.no_value.contains(said), known.no_value_zh.contains(translated), "{}", known.id);
        }
    }
}

#[test]
fn profit_takes_the_cost_of_the_supply_level_from_revenue() {
    let source = MemorySource::default()
        .customers(&["a"])
        .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["a|2025-01-01|1000"])
        .rows(
            Table::Bills,
            "bill_id|customer_id|billing_month|amount_due|due_on",
            &["1|a|2025-01-01|700|2025-01-20"],
        );
    let window = Window { end: Month::new(2025, 2), months: 1 };
    let facts = fact::read(&source, window, ReadingDetail::Energy, None).unwrap();
    let costs = SupplyCosts { by_level: [0.5, 0.6, 0.7] };
    // Annual values: 12 × 700 − 0.5 × 12 × 1000 CNY.
    assert_eq!(formula::profit(&facts, 0, &costs), Known(2_400.0));
}

#[test]
fn arrears_of_earlier_years_are_divided_by_annual_revenue() {
    let source = |bills: &[&str]| {
        MemorySource::default()
            .customers(&["a"])
            .rows(Table::MeterReadings, "customer_id|read_at|active_kwh", &["a|2025-01-01|1000"])
            .rows(Table::Bills, "bill_id|customer_id|billing_month|amount_due|due_on|reverses", bills)
    };
    let window = Window { end: Month::new(2025, 2), months: 2 };
    let arrears_of = |source: &MemorySource| {
        formula::cross_year_arrears(&fact::read(source, window, ReadingDetail::Energy, None).unwrap(), 0)
    };
    let paid = |bills: &[&str]| {
        let header = "payment_id|bill_id|paid_on|amount";
        arrears_of(&source(bills).rows(Table::Payments, header, &["p|1|2025-01-05|100"]))
    };
    let bills = ["1|a|2024-12|700|2024-12-31|-", "2|a|2025-01|500|2025-01-20|-"];
    // Arrears of 600 CNY with a revenue of 6 × 1200 CNY a year.
    assert_eq!(paid(&bills), Known(600.0 / 7_200.0));
    assert_eq!(paid(&bills[1..]), Known(0.0));
    assert_eq!(arrears_of(&source(&bills)), Unknown, "without payments, arrears are unknown");
    let reversed = ["1|a|2024-12|700|2024-12-31|-", "2|a|2025-01|-700|-|-", "3|a|2025-01|-1|-|3"];
    assert_eq!(paid(&reversed), Unknown, "revenue is below 0");
}

#[test]
fn capacity_growth_needs_both_capacities() {
    let header = "customer_id|use_category|supply_level|contract_capacity_kva|capacity_at_start_kva|opened_on|aged_transformer_area";
    let row = |id: &str, end: &str, start: &str| {
        format!("{id}|residential|residential|{end}|{start}|2000-01-01|false")
    };
    let rows = [row("a", "150", "100"), row("b", "150", "-"), row("c", "150", "0")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let source = MemorySource::default().rows(Table::Customers, header, &rows).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh",
        &["a|2025-01-01|1000"],
    );
    let window = Window { end: Month::new(2025, 2), months: 1 };
    let facts = fact::read(&source, window, ReadingDetail::Energy, None).unwrap();
    let entry = registry::find("capacity_growth").unwrap();
    let values: Vec<IndicatorValue> = (0..3).map(|customer| (entry.value)(&facts, customer)).collect();
    assert_eq!(values, [Known(0.5), Unknown, Unknown]);
    assert!(is_delivered("capacity_growth", &facts) && !is_delivered("valley_share", &facts));
}

#[test]
fn the_shortfall_is_the_mean_distance_below_the_standard() {
    // Power factors of 0.8, 1 and 0.6 with a standard of 0.90: (10 + 0 + 30) hundredths over 3 months.
    let rows = ["a|2025-01-01|4|3", "a|2025-02-01|4|0", "a|2025-03-01|3|4"];
    let source = MemorySource::default().customers(&["a"]).rows(
        Table::MeterReadings,
        "customer_id|read_at|active_kwh|reactive_kvarh",
        &rows,
    );
    let window = Window { end: Month::new(2025, 4), months: 3 };
    let facts = fact::read(&source, window, ReadingDetail::Energy, None).unwrap();
    assert_eq!(facts.rows[0].energy.power_factor_shortfall_e2, 40);
    let entry = registry::find("power_factor_shortfall").unwrap();
    let Known(shortfall) = (entry.value)(&facts, 0) else { panic!("known") };
    assert!((shortfall - 0.4 / 3.0).abs() < 1e-12);
}
