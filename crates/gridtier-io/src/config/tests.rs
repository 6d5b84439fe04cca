use gridtier::contract::declared::DecimalMark;

use super::*;

fn fault_lines(text: &str) -> Vec<String> {
    match Config::parse(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn a_whole_declaration_is_read() {
    let config = Config::parse(
        r#"
        format = 1
        zone = "Asia/Shanghai"
        [tables.bills]
        path = "A_RCVBL_FLOW/"
        delimiter = "|"
        money_unit = "fen"
        decimal_mark = ","
        [tables.bills.columns]
        amount_due = "RCVBL_AMT"
        [tables.bills.dates]
        due_on = "%Y%m%d"
        [tables.customers.words.supply_level]
        "01 " = "high_voltage"
        [tables.customers.words.aged_transformer_area]
        "是" = "true"
        [tables.meter_readings]
        energy_unit = "万kWh"
        net_export = true
        stamp = "end"
        hive = { org = "text", day = "date" }
        "#,
    )
    .unwrap();
    let bills = config.table(Table::Bills);
    assert_eq!((bills.path.as_deref(), bills.delimiter), (Some("A_RCVBL_FLOW"), Some(b'|')));
    assert_eq!(bills.columns["amount_due"], "RCVBL_AMT");
    assert_eq!(config.declared.zone, Some(chrono_tz::Asia::Shanghai));
    let declared = config.declared.of(Table::Bills);
    assert_eq!((declared.money, declared.decimal_mark), (MoneyUnit::Fen, DecimalMark::Comma));
    assert_eq!(declared.date_forms["due_on"], "%Y%m%d");
    assert_eq!(config.declared.of(Table::Customers).words["supply_level"]["01"], "high_voltage");
    let readings = config.declared.of(Table::MeterReadings);
    assert_eq!((readings.energy, readings.net_export), (EnergyUnit::TenMwh, NetExport::Allowed));
    assert_eq!((readings.stamp, config.declared.of(Table::Plans).stamp), (Stamp::End, Stamp::Start));
    assert_eq!(config.table(Table::MeterReadings).hive["day"], HiveType::Date);
    assert_eq!(config.table(Table::Plans), TableConfig::default());
}

#[test]
fn misspelt_keys_columns_and_words_are_reported_with_their_lines() {
    let faults = fault_lines(
        "format = 1\n[tables.bills]\nmoney_unit = \"Fen\"\n[tables.bills.columns]\namount_du = \"X\"\n\
         [tables.customers.words.supply_level]\n\"01\" = \"high_volt\"\n[tables.bils]\npath = \"x\"\n",
    );
    assert_eq!(
        faults,
        [
            "gridtier.toml:3: `tables.bills.money_unit` cannot be \"Fen\"",
            "  what to do: did you mean `fen`?",
            "gridtier.toml:5: unknown key `tables.bills.columns.amount_du`",
            "  what to do: did you mean `amount_due`?",
            "gridtier.toml:7: `tables.customers.words.supply_level.01` cannot be \"high_volt\"",
            "  what to do: did you mean `high_voltage`?",
            "gridtier.toml:8: unknown key `tables.bils`",
            "  what to do: did you mean `bills`?",
        ]
    );
}

#[test]
fn a_unit_that_the_table_has_no_column_for_is_an_unknown_key() {
    assert!(fault_lines("format = 1\n[tables.bills]\nenergy_unit = \"kWh\"\n")[0].contains("unknown key"));
}

#[test]
fn faults_that_the_schema_cannot_express_are_reported_too() {
    let faults = fault_lines(
        "format = 1\nzone = \"Asia/Shanghia\"\n[tables.bills]\npath = \"../bills\"\n[tables.bills.dates]\n\
         due_on = \"%Y%Q\"\n[tables.bills.columns]\nbill_id = \" \"\n",
    );
    let whats: Vec<&String> = faults.iter().filter(|line| line.starts_with("gridtier.toml")).collect();
    assert_eq!(
        whats,
        [
            "gridtier.toml:2: `Asia/Shanghia` is not a time zone",
            "gridtier.toml:4: `../bills` is not in the data folder",
            "gridtier.toml:6: `%Y%Q` is not a date pattern",
            "gridtier.toml:8: `tables.bills.columns.bill_id` is empty",
        ]
    );
    assert!(faults[1].contains("did you mean `Asia/Shanghai`?"), "{faults:?}");
}

#[test]
fn registers_are_refused_with_advice() {
    for text in ["register = \"ZY\"", "columns = { register_kwh = \"ZY\" }"] {
        let faults = fault_lines(&format!("format = 1\n[tables.meter_readings]\n{text}\n"));
        assert_eq!(faults[0], "gridtier.toml:3: cumulative register readings cannot be graded");
        assert!(faults[1].contains("difference of two register readings"), "{faults:?}");
    }
}

#[test]
fn the_schema_for_editors_knows_every_contract_column() {
    let schema = schema();
    for table in Table::ALL {
        let columns = &schema["properties"]["tables"]["properties"][table.name()]["properties"]["columns"];
        for column in table.columns() {
            assert!(columns["properties"][column.name].is_object(), "{table}.{}", column.name);
        }
    }
}
