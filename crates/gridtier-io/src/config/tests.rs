use gridtier::contract::declared::{DecimalMark, EnergyUnit, Stamp, Timestamps};

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
    assert_eq!(bills.columns["amount_due"], ["RCVBL_AMT"]);
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
fn the_words_that_are_allowed_are_listed_with_the_empty_one() {
    let faults = fault_lines("format = 1\n[tables.meter_readings.words.quality]\n\"x\" = 1\n");
    assert!(faults[0].contains("one of actual, estimated, invalid, \"\", not 1"), "{faults:?}");
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
fn the_schema_for_editors_has_every_contract_column() {
    let schema = schema();
    for table in Table::ALL {
        let columns = &schema["properties"]["tables"]["properties"][table.name()]["properties"]["columns"];
        for column in table.columns() {
            assert!(columns["properties"][column.name].is_object(), "{table}.{}", column.name);
        }
    }
}

fn parsed(text: &str) -> Config {
    Config::parse(&format!("format = 1\n{text}")).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn what_stands_for_an_empty_cell_is_declared_for_the_folder_a_table_or_a_column() {
    let config = parsed(
        r#"
        nulls = ["NULL"]
        [tables.customers]
        nulls = ["无", " 00000000 ", ""]
        [tables.bills.nulls]
        "*" = ["\\N"]
        due_on = ["1900-01-01"]
        "#,
    );
    let customers = config.declared.of(Table::Customers).nulls;
    assert_eq!(customers["closed_on"], ["NULL", "无", "00000000"]);
    let bills = config.declared.of(Table::Bills).nulls;
    assert_eq!(
        (&bills["due_on"][..], &bills["amount_due"][..]),
        (&["NULL", "\\N", "1900-01-01"].map(str::to_owned)[..], &["NULL", "\\N"].map(str::to_owned)[..],)
    );
    assert_eq!(config.declared.of(Table::Plans).nulls["month"], ["NULL"]);
    let faults = fault_lines("format = 1\n[tables.bills.nulls]\ndue_no = [\"x\"]\n");
    assert_eq!(faults[1], "  what to do: did you mean `due_on`?");
}

#[test]
fn words_may_be_declared_to_mean_numbers_flags_or_an_empty_cell() {
    let config = parsed(
        r#"
        [tables.customers.words]
        power_factor_standard = { "考核标准0.90" = 0.90, "不考核" = "", " A" = "0.85" }
        aged_transformer_area = { "是" = true, "否" = "false" }
        importance_level = { "无" = "" }
        "#,
    );
    let words = config.declared.of(Table::Customers).words;
    assert_eq!(words["power_factor_standard"]["考核标准0.90"], "0.9");
    assert_eq!(words["power_factor_standard"]["不考核"], "");
    assert_eq!(words["power_factor_standard"]["A"], "0.85");
    assert_eq!(words["aged_transformer_area"]["是"], "true");
    assert_eq!(words["importance_level"]["无"], "");
    let faults = fault_lines(
        "format = 1\n[tables.customers.words.power_factor_standard]\n\"1\" = 0.95\n\
         [tables.customers.words.contract_capacity_kva]\nx = \"much\"\n\
         [tables.customers.words.aged_transformer_area]\nx = \"tru\"\n\
         [tables.customers.words.importance_level]\nx = \"imp_frist\"\n",
    );
    let whats: Vec<&String> = faults.iter().filter(|line| line.starts_with("gridtier.toml")).collect();
    assert_eq!(
        whats,
        [
            "gridtier.toml:7: `tables.customers.words.aged_transformer_area.x` cannot be \"tru\"",
            "gridtier.toml:9: `tables.customers.words.importance_level.x` cannot be \"imp_frist\"",
        ]
    );
    let faults = fault_lines(
        "format = 1\n[tables.customers.words.power_factor_standard]\n\"1\" = 0.95\n\
         [tables.customers.words.contract_capacity_kva]\nx = \"much\"\n",
    );
    assert!(
        faults[0].contains("must be 0.90, 0.85 or 0.80, or \"\" for an empty cell, not \"0.95\""),
        "{faults:?}"
    );
    assert!(faults[2].contains("contract_capacity_kva.x` must be a number, or \"\""), "{faults:?}");
}

#[test]
fn constants_padding_and_joined_keys_are_read() {
    let config = parsed(
        r#"
        pad = { customer_id = 10 }
        [tables.customers.constants]
        aged_transformer_area = false
        opened_on = 2000-01-01
        contract_capacity_kva = 100
        region = "全市"
        [tables.bills]
        pad = { bill_id = 8, customer_id = 12 }
        [tables.payments.columns]
        bill_id = ["INVOICE", "LINE"]
        "#,
    );
    let constants = config.table(Table::Customers).constants;
    assert_eq!(constants["aged_transformer_area"], Constant::Flag(false));
    assert_eq!(constants["opened_on"], Constant::Day(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()));
    assert_eq!(constants["contract_capacity_kva"], Constant::Number(100.0));
    assert_eq!(constants["region"], Constant::Text("全市".into()));
    let pad = |table| config.declared.of(table).pad;
    assert_eq!(pad(Table::MeterReadings), [("customer_id".to_owned(), 10)].into());
    assert_eq!(pad(Table::Bills), [("bill_id".to_owned(), 8), ("customer_id".to_owned(), 12)].into());
    assert_eq!(config.table(Table::Payments).columns["bill_id"], ["INVOICE", "LINE"]);
    for (text, fault) in [
        ("[tables.customers.constants]\naged_transformer_area = \"no\"", "must be true or false"),
        ("[tables.customers.constants]\naged_area = false", "unknown key"),
        ("[tables.customers.pad]\nregion = 3", "unknown key"),
        ("[tables.bills]\ncolumns.amount_due = [\"A\", \"B\"]", "must be text"),
        ("[tables.bills]\ncolumns.bill_id = [\"A\", \"B\"]\npad.bill_id = 9", "made up of several columns"),
        ("[tables.bills]\ncolumns.bill_id = []", "is empty"),
    ] {
        let faults = fault_lines(&format!("format = 1\n{text}\n"));
        assert!(faults.first().is_some_and(|line| line.contains(fault)), "{text}: {faults:?}");
    }
}

#[test]
fn instants_need_a_zone_and_the_name_of_a_zone_is_refused() {
    for (text, fault) in [
        ("timestamps = \"instant\"", "instants have no month without a zone"),
        ("[tables.bills]\ntimestamps = \"instant\"", "instants have no month without a zone"),
        ("[tables.bills.dates]\ndue_on = \"%s\"", "gives instants, and no zone is declared"),
        ("[tables.bills.dates]\ndue_on = \"%Y-%m-%dT%H:%M:%S%z\"", "gives instants"),
        ("[tables.bills.dates]\ndue_on = \"%Y-%m-%d %H:%M %Z\"", "skips the name of a zone"),
        ("timestamps = \"utc\"", "cannot be \"utc\""),
    ] {
        let faults = fault_lines(&format!("format = 1\n{text}\n"));
        assert!(faults.first().is_some_and(|line| line.contains(fault)), "{text}: {faults:?}");
    }
    let config = parsed(
        "zone = \"Asia/Shanghai\"\ntimestamps = \"instant\"\n[tables.bills]\ntimestamps = \"local\"\n",
    );
    assert_eq!(config.declared.of(Table::Bills).timestamps, Timestamps::Local);
    assert_eq!(config.declared.of(Table::MeterReadings).timestamps, Timestamps::Instant);
    assert!(config.table(Table::Bills).says_clock);
}

#[test]
fn columns_are_passed_through_by_name_or_with_titles() {
    let text =
        "format = 1\nnulls = [\"-\"]\npassthrough = [\"name\", { column = \"YDDZ\", zh = \"用电地址\" }]\n";
    let config = Config::parse(text).unwrap();
    let titles = config.declared.passthrough.iter().map(|passed| passed.title());
    let titles: Vec<String> = titles.map(|title| format!("{} {}", title.en, title.zh)).collect();
    assert_eq!(titles, ["name name", "YDDZ 用电地址"]);
    assert_eq!(config.table(Table::Customers).passthrough, ["name", "YDDZ"]);
    assert_eq!(config.declared.of(Table::Customers).nulls["YDDZ"], ["-"]);
    assert!(config.table(Table::Bills).passthrough.is_empty());
}

#[test]
fn a_column_is_passed_through_once_and_only_if_the_cycle_does_not_keep_it_anyway() {
    let faults =
        fault_lines("format = 1\npassthrough = [\"name\", \"Region\",\n\"NAME\", \"\"]\n").join("\n");
    assert!(faults.contains("`Region` is a column of customers, which every cycle keeps"), "{faults}");
    assert!(faults.contains("`NAME` is passed through twice"), "{faults}");
    assert!(faults.contains("a name in `passthrough` is empty"), "{faults}");
    let faults = fault_lines("format = 1\npassthrough = [{ colum = \"name\" }]\n").join("\n");
    assert!(faults.contains("did you mean `column`?"), "{faults}");
}
