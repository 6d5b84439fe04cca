//! Exports with their usual faults, with and without the declaration that mends them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};
use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::fact::{self, Facts};
use gridtier::meter::ReadingDetail;
use gridtier::unit::{Month, Window};

use crate::test_folder::{TestFolder, parquet};

const CUSTOMERS: &str = "customer_id,use_category,supply_level,opened_on,closed_on,importance_level,aged_transformer_area\n\
                         0001,other,low_voltage,2015-01-01,,,false\n";
const READINGS: &str = "customer_id,read_at,active_kwh\n0001,2025-01-01,100\n";

fn folder(customers: &str, readings: &str, config: &str) -> TestFolder {
    let folder = TestFolder::with("customers.csv", customers).and("meter_readings.csv", readings);
    folder.and("gridtier.toml", format!("format = 1\n{config}"))
}

fn facts(folder: &TestFolder) -> Facts {
    let opened = folder.open().unwrap_or_else(|refusal| panic!("{refusal}"));
    fact::read(&opened, Window { end: Month::new(2026, 1), months: 12 }, ReadingDetail::Energy, None).unwrap()
}

fn examples(facts: &Facts, rule: Rule) -> Vec<&str> {
    let of_rule = facts.findings.iter().filter(|finding| finding.rule == rule);
    of_rule.map(|finding| finding.example.as_str()).collect()
}

fn counted(facts: &Facts, table: Table) -> u64 {
    facts.books.iter().find(|book| book.table == table).map_or(0, |book| book.tally.counted)
}

#[test]
fn words_for_an_empty_cell_are_rejected_until_they_are_declared() {
    let customers = CUSTOMERS.replace("2015-01-01,,,", "2015-01-01,00000000,无,");
    let refusal = facts(&folder(&customers, READINGS, "")).refusal.unwrap().to_string();
    assert!(refusal.contains("most often (1 rows) bad_"), "{refusal}");
    assert!(refusal.contains("customers.csv row 0 (spreadsheet row 2)"), "{refusal}");
    let mended = facts(&folder(&customers, READINGS, "[tables.customers]\nnulls = [\"无\", \"00000000\"]\n"));
    assert_eq!((counted(&mended, Table::Customers), mended.customers.rows[0].closed_on), (1, None));
}

#[test]
fn a_column_that_the_export_lacks_is_reported_and_can_be_a_constant() {
    let customers = CUSTOMERS.replace(",aged_transformer_area", "").replace(",false", "");
    let refusal = folder(&customers, READINGS, "").open().err().unwrap();
    assert!(
        refusal.contains("`aged_transformer_area` is missing; the file has: customer_id, use_category"),
        "{refusal}"
    );
    let config = "[tables.customers.constants]\naged_transformer_area = true\nregion = \"全市\"\n\
                  contract_capacity_kva = 100\npower_factor_standard = 0.9\n";
    let mended = facts(&folder(&customers, READINGS, config));
    let customer = &mended.customers.rows[0];
    assert!(customer.aged_transformer_area);
    assert_eq!((customer.region.as_deref(), customer.contract_capacity_kva), (Some("全市"), Some(100.0)));
    assert_eq!(customer.power_factor_standard, Some(90));
}

#[test]
fn ids_that_lost_their_zeros_find_their_customers_after_padding() {
    let readings = READINGS.replace("0001,", "1,");
    let lost = facts(&folder(CUSTOMERS, &readings, ""));
    assert_eq!(
        examples(&lost, Rule::Orphan),
        ["meter_readings.csv row 0 (spreadsheet row 2): customer_id = 1"]
    );
    let mended = facts(&folder(CUSTOMERS, &readings, "pad = { customer_id = 4 }\n"));
    assert_eq!(counted(&mended, Table::MeterReadings), 1);
}

#[test]
fn a_key_in_several_columns_is_joined() {
    let bills = "INVOICE,LINE,customer_id,billing_month,amount_due,due_on\n\
                 A,1,0001,2025-01,10,2025-02-20\nA,2,0001,2025-01,20,2025-02-20\n";
    let config = "[tables.bills.columns]\nbill_id = [\"INVOICE\", \"LINE\"]\n";
    let read = facts(&folder(CUSTOMERS, READINGS, config).and("bills.csv", bills));
    assert_eq!((counted(&read, Table::Bills), read.rows[0].billing.billed_fen), (2, 3_000));
}

#[test]
fn a_column_of_doubles_without_values_fits_any_type() {
    let text = |value: &'static str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let none = || Arc::new(Float64Array::from(vec![None])) as ArrayRef;
    let customers = |id, level| {
        parquet(vec![
            ("customer_id", text(id)),
            ("use_category", text("other")),
            ("supply_level", text("low_voltage")),
            ("opened_on", text("2015-01-01")),
            ("closed_on", none()),
            ("region", none()),
            ("importance_level", level),
            ("aged_transformer_area", Arc::new(Float64Array::from(vec![1.0]))),
        ])
    };
    let folder = TestFolder::with("customers/a.parquet", customers("0001", none()))
        .and("customers/b.parquet", customers("0002", text("imp_first")))
        .and("meter_readings.csv", READINGS);
    let read = facts(&folder);
    assert_eq!(counted(&read, Table::Customers), 2);
    assert!(read.customers.rows.iter().all(|customer| customer.aged_transformer_area));
    assert!(read.customers.rows[1].importance_level.is_some());
}

#[test]
fn surplus_columns_may_lack_a_name_and_their_rejects_keep_every_cell() {
    let readings = "customer_id,read_at,active_kwh,note,note,,\n0001,2025-01-01,100,a,b,c,\n";
    let read = facts(&folder(CUSTOMERS, readings, ""));
    assert_eq!(counted(&read, Table::MeterReadings), 1);
    let opened = folder(CUSTOMERS, readings, "").open().unwrap();
    let schema = crate::rejects::reject_schema(&opened, Table::MeterReadings);
    let names: Vec<&str> = schema.fields().iter().skip(6).map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["note", "note_2", "column_6", "column_7"]);
}

#[test]
fn doubtful_ways_of_writing_are_found_by_column_and_bad_ones_rejected() {
    let readings = "customer_id,meter_id,read_at,active_kwh\n0001,A,2025-01-01,\"1,234\"\n\
                    0001,B,23/02/20,1\n0001,C,2025-01-01,\"0,200\"\n0001,D,2025-01-01,10²\n";
    let bills = "bill_id,customer_id,billing_month,amount_due,due_on\n\
                 A,0001,2025.1,10,2025-02-20\nB,0001,2025.10,\"1,020.00\",2025-11-20\n";
    let read = facts(&folder(CUSTOMERS, readings, "").and("bills.csv", bills));
    assert_eq!(examples(&read, Rule::AmbiguousGrouping), ["active_kwh of meter_readings.csv"]);
    assert_eq!(examples(&read, Rule::MixedMonthForms), ["billing_month of bills.csv"]);
    assert_eq!(
        examples(&read, Rule::BadDate),
        [
            "meter_readings.csv row 1 (spreadsheet row 3): read_at = 23/02/20",
            "bills.csv row 0 (spreadsheet row 2): billing_month = 2025.1",
        ]
    );
    assert_eq!(
        examples(&read, Rule::BadNumber),
        ["meter_readings.csv row 2 (spreadsheet row 4): active_kwh = 0,200"]
    );
    assert_eq!(counted(&read, Table::MeterReadings), 1);
}

/// A slip in the name of an optional column would take all of its cells for empty.
#[test]
fn a_column_that_is_declared_and_that_no_file_has_is_refused() {
    let data = |header: &str, config: &str| {
        let text = CUSTOMERS.replace("_area", &format!("_area,{header}")).replace(",false", ",false,true");
        folder(&text, READINGS, &format!("[tables.customers.columns]\n{config}\n"))
    };
    let refusal = data("OPTOUT", "marketing_opt_out = \"OPT_OUT\"").open().err().unwrap();
    assert!(
        refusal.contains(
            "customers.csv: gridtier.toml names `OPT_OUT` for marketing_opt_out, but no file of the table has such a column; the \
             file has: customer_id, use_category"
        ),
        "{refusal}"
    );
    assert!(
        refusal.contains("did you mean `OPTOUT`? correct the names under [tables.customers.columns]"),
        "{refusal}"
    );
    assert!(data("opt_out", "marketing_opt_out = \"OPT_OUT\"").open().is_ok());
    let constant = "marketing_opt_out = \"OPT_OUT\"\n[tables.customers.constants]\nmarketing_opt_out = true";
    assert!(data("OPTOUT", constant).open().is_ok(), "a value for files without the column");
    assert!(
        data("marketing_opt_ou", "region = \"marketing_opt_ou\"").open().is_ok(),
        "nothing is declared about it"
    );
}

#[test]
fn a_declared_column_that_some_files_lack_is_noticed() {
    let of = |month: u32, header: &str| {
        format!("customer_id,read_at,active_kwh,{header}\n1,2025-0{month}-01,5,actual\n")
    };
    let data = TestFolder::with("meter_readings/a.csv", of(1, "MR_STATUS"))
        .and("meter_readings/b.csv", of(2, "MR_STATU"))
        .and("meter_readings/c.csv", of(3, "mr_status"))
        .and("gridtier.toml", "format = 1\n[tables.meter_readings.columns]\nquality = \"MR_STATUS\"\n");
    let mut notices = data.open().unwrap().notices(Table::MeterReadings);
    notices.retain(|(rule, ..)| *rule == Rule::MissingColumn);
    let example = "meter_readings/b.csv lacks MR_STATUS, which is read as quality".to_owned();
    assert_eq!(notices, [(Rule::MissingColumn, 1, example)]);
}
