use arrow_schema::{Fields, TimeUnit};

use super::*;

const PAYMENTS: [&str; 4] = ["payment_id", "bill_id", "paid_on", "amount"];

fn untyped(names: &[&str]) -> Vec<FileColumn> {
    names.iter().map(|name| FileColumn::untyped(*name)).collect()
}

fn map_payments(own: &[FileColumn]) -> Result<Mapping, String> {
    map(Table::Payments, own, &[], &TableConfig::default())
        .map_err(|fault| format!("{}|{}", fault.what, fault.advice))
}

#[test]
fn names_match_without_case_white_space_and_width() {
    let mapping =
        map_payments(&untyped(&["PAYMENT_ID", " Bill_Id", "paid_on", "ａｍｏｕｎｔ", "note"])).unwrap();
    assert_eq!(mapping.picks["payment_id"], Pick::Own(0));
    assert_eq!(mapping.picks["bill_id"], Pick::Own(1));
    assert_eq!(mapping.picks["amount"], Pick::Own(3));
    assert_eq!(mapping.unknown, ["note"]);
}

#[test]
fn two_names_that_are_equal_after_folding_are_refused() {
    let refusal =
        map_payments(&untyped(&["payment_id", "bill_id", "paid_on", "amount", "Amount"])).unwrap_err();
    assert!(refusal.starts_with("the columns `amount` and `Amount` differ only in case"), "{refusal}");
}

#[test]
fn columns_that_nobody_maps_may_lack_a_name_or_share_one() {
    let own = untyped(&["", "payment_id", "remark", "bill_id", "paid_on", "amount", "Remark", " "]);
    let mapping = map_payments(&own).unwrap();
    assert_eq!(mapping.picks["amount"], Pick::Own(5));
    assert_eq!(mapping.unknown, ["(column 1)", "remark", "Remark", "(column 8)"]);
}

#[test]
fn a_key_may_be_made_up_of_several_columns() {
    let columns = [("bill_id".to_owned(), vec!["INVOICE".to_owned(), "LINE".to_owned()])].into();
    let config = TableConfig { columns, ..TableConfig::default() };
    let own = untyped(&["payment_id", "line", "paid_on", "amount", "Invoice", "x"]);
    let mapping = map(Table::Payments, &own, &[], &config).unwrap();
    assert_eq!((mapping.picks["bill_id"], mapping.joins), (Pick::Joined(0), vec![vec![4, 1]]));
    assert_eq!(mapping.unknown, ["x"]);
    let fault = map(Table::Payments, &untyped(&["payment_id", "line", "paid_on", "amount"]), &[], &config);
    assert!(fault.unwrap_err().what.en.starts_with("the column `INVOICE` is missing"));
}

#[test]
fn a_constant_stands_for_a_column_that_the_file_lacks() {
    let constants = [("amount".to_owned(), crate::config::Constant::Number(1.0))].into();
    let config = TableConfig { constants, ..TableConfig::default() };
    let mapping = map(Table::Payments, &untyped(&PAYMENTS[..3]), &[], &config).unwrap();
    assert_eq!(mapping.picks["amount"], Pick::Constant);
    let mapping = map(Table::Payments, &untyped(&PAYMENTS), &[], &config).unwrap();
    assert_eq!(mapping.picks["amount"], Pick::Own(3), "a file's own column comes first");
}

#[test]
fn a_missing_column_is_named_with_the_most_similar_one_of_the_file() {
    let refusal = map_payments(&untyped(&["payment_id", "bill_id", "PAID_NO", "amount"])).unwrap_err();
    assert!(
        refusal.starts_with(
            "the column `paid_on` is missing; the file has: payment_id, bill_id, PAID_NO, amount|is it `PAID_NO`?"
        ),
        "{refusal}"
    );
    assert!(refusal.contains("[tables.payments.columns] paid_on = \"PAID_NO\""), "{refusal}");
    let refusal = map_payments(&untyped(&["payment_id;bill_id;paid_on;amount"])).unwrap_err();
    assert!(refusal.contains("`payment_id`, `paid_on`, `amount` are missing"), "{refusal}");
    assert!(refusal.contains("declare `delimiter`"), "{refusal}");
}

#[test]
fn a_refusal_says_if_the_header_looks_like_values_or_a_title() {
    let refusal = map_payments(&untyped(&["P1", "B1", "2024-05-15", "600.00"])).unwrap_err();
    assert!(refusal.contains("the first row seems to hold values"), "{refusal}");
    for title in [["收费明细", "", "", ""], ["收费明细", "column B", "column C", "column AA"]] {
        let refusal = map_payments(&untyped(&title)).unwrap_err();
        assert!(refusal.contains("if this is a title") && refusal.contains("`header_row = 2`"), "{refusal}");
        assert!(!refusal.contains("seems to hold values"), "{refusal}");
    }
    for header in [["payment_id", "bill_id", "PAID_NO", "amount"], ["流水号", "账单号", "缴费日", "column D"]]
    {
        let refusal = map_payments(&untyped(&header)).unwrap_err();
        assert!(!refusal.contains("title") && !refusal.contains("seems to hold values"), "{refusal}");
    }
}

#[test]
fn columns_without_a_name_are_listed_in_the_language_of_the_reader() {
    let own = untyped(&["payment_id", "", "column C"]);
    let what = map(Table::Payments, &own, &[], &TableConfig::default()).unwrap_err().what;
    assert!(what.en.ends_with("payment_id, (column 2), column C"), "{}", what.en);
    assert!(what.zh.ends_with("payment_id、(第 2 列)、(C 列)"), "{}", what.zh);
}

#[test]
fn a_nullable_column_may_be_missing() {
    let own = untyped(&["customer_id", "read_at", "active_kwh"]);
    let mapping = map(Table::MeterReadings, &own, &[], &TableConfig::default()).unwrap();
    assert_eq!(mapping.picks.len(), 3);
}

#[test]
fn a_column_with_a_declared_name_is_found_by_no_other_name() {
    let columns = [("amount".to_owned(), vec!["rcvd_amt".to_owned()])].into();
    let config = TableConfig { columns, ..TableConfig::default() };
    let own = untyped(&["payment_id", "bill_id", "paid_on", "amount", "RCVD_AMT"]);
    let mapping = map(Table::Payments, &own, &[], &config).unwrap();
    assert_eq!(mapping.picks["amount"], Pick::Own(4));
    assert_eq!(mapping.unknown, ["amount"]);
    let fault = map(Table::Payments, &untyped(&PAYMENTS), &[], &config).unwrap_err();
    assert_eq!(
        fault.what.en,
        "the column `rcvd_amt` is missing; the file has: payment_id, bill_id, paid_on, amount"
    );
    assert_eq!(fault.what.zh, "缺少列 `rcvd_amt`；文件中的列：payment_id、bill_id、paid_on、amount");
}

#[test]
fn a_folder_name_wins_over_a_column_of_the_same_name() {
    let hive = [HiveValue { key: "Paid_On".into(), value: Some("2025-01-01".into()) }];
    let mapping = map(Table::Payments, &untyped(&PAYMENTS), &hive, &TableConfig::default()).unwrap();
    assert_eq!(mapping.picks["paid_on"], Pick::Hive(0));
    assert_eq!(mapping.unknown, ["paid_on"]);
}

#[test]
fn a_nested_column_is_refused_only_where_it_is_read() {
    let nested = DataType::Struct(Fields::empty());
    let mut own = untyped(&PAYMENTS);
    own.push(FileColumn::typed("extra", nested.clone()));
    assert!(map_payments(&own).is_ok());
    own[3] = FileColumn::typed("amount", nested);
    assert!(map_payments(&own).unwrap_err().contains("holds a nested value"));
}

/// The notices about two files whose columns `amount` have these types, or why the files are refused.
fn amounts(a: Option<DataType>, b: Option<DataType>) -> Result<Vec<Notice>, (usize, String)> {
    let columns = [a, b].map(|data_type| {
        let mut own = untyped(&PAYMENTS);
        own[3].data_type = data_type;
        own
    });
    let mappings = columns.each_ref().map(|own| map_payments(own).unwrap());
    let files: Vec<TypedFile> =
        std::iter::zip(["a.parquet", "b.parquet"], std::iter::zip(&columns, &mappings))
            .map(|(name, (own, mapping))| TypedFile { name, own, mapping })
            .collect();
    agree(Table::Payments, &files, &|_, _, _| true).map_err(|(at, fault)| (at, fault.what.to_string()))
}

#[test]
fn types_agree_within_a_family_and_clash_across_families() {
    use DataType as T;
    assert_eq!(amounts(Some(T::Float64), Some(T::Float64)), Ok(vec![]));
    assert_eq!(amounts(None, Some(T::Float64)), Ok(vec![]));
    assert_eq!(amounts(Some(T::Null), Some(T::Float64)), Ok(vec![]));
    let milli = T::Timestamp(TimeUnit::Millisecond, None);
    assert_eq!(amounts(Some(milli.clone()), Some(T::Timestamp(TimeUnit::Nanosecond, None))), Ok(vec![]));
    for (a, b) in [
        (T::Int32, T::Int64),
        (T::Float32, T::Float64),
        (T::Int64, T::Decimal128(12, 2)),
        (T::Decimal128(12, 2), T::Decimal128(14, 4)),
    ] {
        let notices = amounts(Some(a.clone()), Some(b.clone())).unwrap();
        let example = format!("amount: {a} in a.parquet, {b} in b.parquet");
        assert_eq!(notices, [(Rule::WidenedType, 1, example)]);
    }
    let (at, refusal) = amounts(Some(T::Float64), Some(T::Utf8View)).unwrap_err();
    assert_eq!(at, 1);
    assert!(
        refusal.contains("is text (Utf8View) here and a floating-point number (Float64) in a.parquet"),
        "{refusal}"
    );
    for (a, b) in [(T::Float64, T::Int64), (T::Date32, milli), (T::Float64, T::Decimal128(12, 2))] {
        assert!(amounts(Some(a), Some(b)).is_err());
    }
}

#[test]
fn unknown_columns_are_listed_once_each() {
    let columns =
        [untyped(&[&PAYMENTS[..], &["Note"]].concat()), untyped(&[&PAYMENTS[..], &["note", "x"]].concat())];
    let mappings = columns.each_ref().map(|own| map_payments(own).unwrap());
    let files: Vec<TypedFile> = std::iter::zip(&columns, &mappings)
        .map(|(own, mapping)| TypedFile { name: "f", own, mapping })
        .collect();
    assert_eq!(
        agree(Table::Payments, &files, &|_, _, _| true).unwrap(),
        [(Rule::UnknownColumn, 2, "Note, x".into())]
    );
}

#[test]
fn a_clash_names_the_wanted_type_and_a_column_without_a_value_fits_every_type() {
    let columns = [DataType::Float64, DataType::Utf8].map(|data_type| {
        let mut own = untyped(&PAYMENTS);
        own[0].data_type = Some(data_type);
        own
    });
    let mappings = columns.each_ref().map(|own| map_payments(own).unwrap());
    let files: Vec<TypedFile> =
        std::iter::zip(["a.parquet", "b.parquet"], std::iter::zip(&columns, &mappings))
            .map(|(name, (own, mapping))| TypedFile { name, own, mapping })
            .collect();
    let (_, fault) = agree(Table::Payments, &files, &|_, _, _| true).unwrap_err();
    assert!(fault.what.en.ends_with("; text is wanted"), "{}", fault.what.en);
    assert!(fault.what.zh.ends_with("；应为文本"), "{}", fault.what.zh);
    assert_eq!(agree(Table::Payments, &files, &|file, _, _| file == 1), Ok(Vec::new()));
}

#[test]
fn int96_beside_times_with_a_zone_is_refused_unless_its_meaning_is_declared() {
    let mut own = untyped(&PAYMENTS);
    own[2].is_int96 = true;
    let mapping = map_payments(&own).unwrap();
    let refused = |text: &str| {
        let config = Config::parse(&format!("format = 1\n{text}")).unwrap();
        refuse_int96(Table::Payments, &own, &mapping, &config).map_err(|fault| fault.what.en.to_string())
    };
    assert_eq!(refused(""), Ok(()));
    assert!(refused("zone = \"Asia/Shanghai\"").unwrap_err().contains("local times, or instants"));
    assert_eq!(refused("zone = \"Asia/Shanghai\"\ntimestamps = \"local\""), Ok(()));
    assert_eq!(refused("zone = \"UTC\"\n[tables.payments]\ntimestamps = \"instant\""), Ok(()));
}

const CUSTOMERS: [&str; 5] =
    ["customer_id", "use_category", "supply_level", "opened_on", "aged_transformer_area"];

#[test]
fn a_column_that_is_passed_through_is_found_by_its_own_name_and_is_not_surplus() {
    let config = TableConfig { passthrough: vec!["name".into()], ..TableConfig::default() };
    let own = untyped(&[&CUSTOMERS[..], &["NAME ", "phone"]].concat());
    let mapping = map(Table::Customers, &own, &[], &config).unwrap();
    assert_eq!(mapping.find("name"), Some(("name", Pick::Own(5))));
    assert!(mapping.is_only_passed(5) && !mapping.is_only_passed(0) && !mapping.is_only_passed(6));
    assert_eq!(mapping.unknown, ["phone"]);
}

#[test]
fn a_missing_column_that_should_be_passed_through_is_refused_with_the_nearest_name() {
    let config = TableConfig { passthrough: vec!["adress".into()], ..TableConfig::default() };
    let own = untyped(&[&CUSTOMERS[..], &["address"]].concat());
    let fault = map(Table::Customers, &own, &[], &config).unwrap_err();
    assert!(
        fault.what.en.starts_with("passthrough names `adress`, which the file lacks"),
        "{}",
        fault.what.en
    );
    assert!(fault.advice.en.starts_with("did you mean `address`? "), "{}", fault.advice.en);
    assert!(fault.advice.zh.starts_with("是否指 `address`？"), "{}", fault.advice.zh);
}
