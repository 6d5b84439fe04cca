//! What real utilities send, file by file: a file in doubt is refused and named, and every encoding reads the same. The
//! row in a test's name is the number of the case in the list of bad input.

use std::fs;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{
    Array, ArrayRef, Float32Array, Float64Array, Int32Array, RecordBatch, StringArray, StructArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int96, Int96Type};
use parquet::file::writer::SerializedFileWriter;

use crate::support::Published;
use crate::tables;
use crate::utility::{AS_OF, BILLS, CUSTOMERS, PAYMENTS, READINGS, Utility};

const LINE: &str = "0001,M9,2025-01-01,1,,\n";

/// The small utility with its readings in the files of a folder.
fn with_readings_in(files: &[(&str, &[u8])]) -> Utility {
    let utility = Utility::small().without("meter_readings.csv");
    files.iter().fold(utility, |utility, (name, bytes)| utility.and(&format!("meter_readings/{name}"), bytes))
}

/// One reading of customer 0001 with this energy.
fn reading(kwh: ArrayRef) -> RecordBatch {
    let text = |cell: &str| Arc::new(StringArray::from(vec![cell; kwh.len()])) as ArrayRef;
    tables::batch([
        ("customer_id", text("0001")),
        ("read_at", text("2025-01-01")),
        ("active_kwh", Arc::clone(&kwh)),
    ])
}

fn doubles(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn tally(utility: &Utility) -> [u64; 5] {
    utility.checked().tally("meter_readings")
}

#[test]
fn row_3_the_same_file_under_two_names_is_refused() {
    let file = format!("{READINGS}{LINE}");
    let twice = with_readings_in(&[("a.csv", file.as_bytes()), ("b/copy of a.csv", file.as_bytes())]);
    twice.refused(&[
        "table meter_readings",
        "meter_readings/b/copy of a.csv",
        "the same file as meter_readings/a.csv",
    ]);
    let header = READINGS.as_bytes();
    let empty = with_readings_in(&[("a.csv", header), ("b.csv", header), ("c.csv", file.as_bytes())]);
    assert_eq!(tally(&empty), [1, 1, 0, 0, 0]);
    // The same bytes under two values of a folder are different rows.
    let file = b"meter_id,read_at,active_kwh\nM9,2025-01-01,1\n";
    let hive = with_readings_in(&[("customer_id=0001/a.csv", file), ("customer_id=0002/a.csv", file)]);
    assert_eq!(tally(&hive), [2, 2, 0, 0, 0]);
    // Deliveries that overlap count once, or not at all where they differ.
    let later = format!("{READINGS}{LINE}0001,M9,2025-02-01,1,,\n0002,M9,2025-01-01,3,,\n");
    let earlier = format!("{READINGS}{LINE}0002,M9,2025-01-01,2,,\n");
    let overlap = with_readings_in(&[("1.csv", earlier.as_bytes()), ("2.csv", later.as_bytes())]);
    assert_eq!(tally(&overlap), [5, 2, 0, 2, 1]);
}

#[test]
fn row_12_a_type_that_differs_between_files_is_refused_and_a_wider_one_reported() {
    let file = |kwh: ArrayRef| tables::parquet(&reading(kwh));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["2"]));
    let clash = with_readings_in(&[("a.parquet", &file(doubles(&[1.0]))), ("b.parquet", &file(text))]);
    clash.refused(&["meter_readings/b.parquet", "active_kwh", "Utf8", "Float64", "meter_readings/a.parquet"]);
    let integer = || Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let decimal = cast(&integer(), &DataType::Decimal128(12, 3)).unwrap();
    let long = cast(&integer(), &DataType::Int64).unwrap();
    let single = Arc::new(Float32Array::from(vec![1.0])) as ArrayRef;
    for (a, b) in [(integer(), long), (single, doubles(&[1.0])), (integer(), decimal)] {
        let utility = with_readings_in(&[("a.parquet", &file(a)), ("b.parquet", &file(b))]);
        let checked = utility.checked();
        assert_eq!(
            (checked.tally("meter_readings"), checked.finding("meter_readings", "widened_type")),
            ([2, 1, 0, 0, 1], 1)
        );
    }
    let mixed = with_readings_in(&[("a.parquet", &file(integer())), ("b.parquet", &file(doubles(&[1.0])))]);
    mixed.refused(&["meter_readings/b.parquet", "active_kwh"]);
}

#[test]
fn row_13_column_names_match_in_any_case_and_two_that_differ_only_in_case_are_refused() {
    let upper = READINGS.to_uppercase() + LINE;
    let spaced = READINGS.replace("read_at", " Read_At ") + "0001,M9,2025-02-01,1,,\n";
    let utility = with_readings_in(&[("a.csv", upper.as_bytes()), ("b.csv", spaced.as_bytes())]);
    assert_eq!(tally(&utility), [2, 2, 0, 0, 0]);
    let twins = format!("{},ACTIVE_KWH\n0001,M9,2025-01-01,1,,,2\n", READINGS.trim_end());
    with_readings_in(&[("a.csv", twins.as_bytes())]).refused(&[
        "meter_readings/a.csv",
        "`active_kwh`",
        "`ACTIVE_KWH`",
    ]);
}

#[test]
fn row_14_a_column_that_one_file_lacks_is_refused_unless_it_may_be_empty() {
    let whole = format!("{READINGS}{LINE}");
    let lacking = b"customer_id,meter_id,read_at\n0001,M9,2025-02-01\n";
    with_readings_in(&[("a.csv", whole.as_bytes()), ("b.csv", lacking)]).refused(&[
        "table meter_readings: meter_readings/b.csv",
        "the column `active_kwh` is missing",
        "gridtier.toml",
    ]);
    let short = b"customer_id,read_at,active_kwh\n0001,2025-02-01,1\n";
    assert_eq!(tally(&with_readings_in(&[("a.csv", whole.as_bytes()), ("b.csv", short)])), [2, 2, 0, 0, 0]);
}

#[test]
fn row_15_an_unknown_column_is_reported_and_an_unknown_key_is_an_error() {
    let header = READINGS.replace("quality", "quality,ORG_NO");
    let checked =
        Utility::small().and("meter_readings.csv", format!("{header}0001,M9,2025-01-01,1,,,07\n")).checked();
    assert_eq!(checked.finding("meter_readings", "unknown_column"), 1);
    assert_eq!(checked.example("meter_readings", "unknown_column"), "ORG_NO");
    for (text, near) in [
        ("format = 1\nzon = \"Asia/Shanghai\"\n", "did you mean `zone`?"),
        ("format = 1\n[tables.meter_reading]\n", "did you mean `meter_readings`?"),
        ("format = 1\n[tables.bills]\nenergy_unit = \"kWh\"\n", "energy_unit"),
        ("format = 1\n[tables.meter_readings]\nenergy_unit = \"KWH\"\n", "kWh"),
        ("format = 9\n", "format"),
        ("format = \n", "gridtier.toml:1"),
    ] {
        Utility::small().and("gridtier.toml", text).refused(&["gridtier.toml:", near]);
    }
}

#[test]
fn row_16_a_file_of_0_bytes_is_refused() {
    for name in ["meter_readings/b.csv", "bills.parquet", "plans.arrow"] {
        let utility = Utility::small().without("meter_readings.csv");
        let readings = format!("{READINGS}{LINE}");
        utility.and("meter_readings/a.csv", readings).and(name, "").refused(&[name, "0 bytes"]);
    }
}

#[test]
fn row_17_a_file_that_is_not_what_its_name_says_is_refused() {
    let parquet = tables::parquet(&reading(doubles(&[1.0])));
    let ipc = tables::ipc(&reading(doubles(&[1.0])), None);
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let cases: [(&str, &[u8], &str); 9] = [
        ("a.parquet", &cut(&parquet), ""),
        ("a.arrow", &cut(&ipc), ""),
        ("a.csv", &parquet, "a parquet file"),
        ("a.parquet", &ipc, "an Arrow file"),
        ("a.parquet", LINE.as_bytes(), "text"),
        ("a.csv", b"PK\x03\x04rest of a workbook", "Excel"),
        ("a.csv.gz", b"\x1F\x8Brest", ".gz"),
        ("a.xlsx", b"PK\x03\x04", ".xlsx"),
        ("readings", LINE.as_bytes(), "extension"),
    ];
    for (name, bytes, output) in cases {
        let path = format!("meter_readings/{name}");
        with_readings_in(&[(name, bytes)]).refused(&["table meter_readings", &path, output]);
    }
}

#[test]
fn row_18_what_jobs_leave_behind_is_ignored_but_an_unfinished_job_is_refused() {
    let file = format!("{READINGS}{LINE}");
    let files = [
        ("part-0.csv", file.as_bytes()),
        ("_SUCCESS", b""),
        (".part-0.csv.crc", b"x"),
        (".hidden.csv", b"x"),
        ("_metadata", b"x"),
        ("part-0.crc", b"x"),
    ];
    let utility = with_readings_in(&files);
    assert_eq!(tally(&utility), [1, 1, 0, 0, 0]);
    let unfinished =
        with_readings_in(&[("part-0.csv", file.as_bytes()), ("_temporary/0/part-1.csv", file.as_bytes())]);
    unfinished.refused(&["meter_readings/_temporary", "_SUCCESS"]);
    let finished = unfinished.and("meter_readings/_SUCCESS", "");
    assert_eq!(tally(&finished), [1, 1, 0, 0, 0]);
}

#[test]
fn row_19_values_of_hive_folders_stay_text_unless_declared() {
    let file = b"read_at,active_kwh\n2025-01-01,1\n";
    let utility = with_readings_in(&[
        ("customer_id=0001/meter_id=01/a.csv", file),
        ("customer_id=0001/meter_id=1/a.csv", file),
        ("customer_id=0001/meter_id=__HIVE_DEFAULT_PARTITION__/a.csv", file),
        ("customer_id=1/meter_id=1/a.csv", file),
        ("customer_id=__HIVE_DEFAULT_PARTITION__/meter_id=1/a.csv", file),
    ]);
    let checked = utility.checked();
    assert_eq!(checked.tally("meter_readings"), [5, 3, 0, 2, 0]);
    assert_eq!(
        (checked.finding("meter_readings", "orphan"), checked.finding("meter_readings", "null_key")),
        (1, 1)
    );
    let declared = "format = 1\n[tables.meter_readings.hive]\norg = \"integer\"\n";
    let whole = format!("{READINGS}{LINE}");
    let typed = with_readings_in(&[("org=north/a.csv", whole.as_bytes())]).and("gridtier.toml", declared);
    typed.refused(&["meter_readings/org=north", "integer"]);
}

#[test]
fn row_20_times_of_96_bits_are_read_to_the_second() {
    let schema = "message readings { required binary customer_id (UTF8); required int96 read_at; \
                  required double active_kwh; }";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    // The last second of 2024, the first of 2025, the last of 1969, and a day of 2999: nanoseconds end in 2262.
    let times = [(2_460_676, 86_399), (2_460_677, 0), (2_440_587, 86_399), (2_816_787, 0)].map(
        |(julian, second): (u32, u64)| {
            let nanos = second * 1_000_000_000;
            let mut time = Int96::new();
            time.set_data(nanos as u32, (nanos >> 32) as u32, julian);
            time
        },
    );
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&vec![ByteArray::from("0001"); 4], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(&times, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&[1.0, 2.0, 4.0, 8.0], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let utility = with_readings_in(&[("a.parquet", &writer.into_inner().unwrap())]);
    let checked = utility.checked();
    assert_eq!(
        (checked.tally("meter_readings"), checked.finding("meter_readings", "bad_date")),
        ([4, 2, 0, 2, 0], 2),
        "{}",
        checked.output
    );
    utility.published(&[]);
    let expected = [["2024-12-01", "1000"], ["2025-01-01", "2000"]];
    let expected = expected.map(|row| row.map(|cell| Some(cell.to_owned())));
    assert_eq!(utility.table("monthly_usage").rows_of(&["month", "active_wh"]), expected);
}

#[test]
fn row_21_every_type_of_number_gives_the_same_energy() {
    let exact = doubles(&[1.0, 0.5, 2048.0, 100.0]);
    let kinds = [
        DataType::Float16,
        DataType::Float32,
        DataType::Decimal32(9, 3),
        DataType::Decimal64(18, 3),
        DataType::Decimal128(38, 10),
        DataType::Decimal256(76, 20),
        DataType::Utf8,
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8View)),
    ];
    let wh = |kwh: ArrayRef, write: fn(&RecordBatch) -> Vec<u8>, name: &str| {
        let times = ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"];
        let table = tables::with(&reading(kwh), "read_at", |_| Arc::new(StringArray::from(times.to_vec())));
        let utility = with_readings_in(&[(name, &write(&table))]);
        utility.published(&[]);
        utility.table("monthly_usage").integers("active_wh")
    };
    let ipc: fn(&RecordBatch) -> Vec<u8> = |table| tables::ipc(table, None);
    for kind in kinds {
        let kwh = cast(&exact, &kind).unwrap();
        assert_eq!(
            wh(Arc::clone(&kwh), tables::parquet, "a.parquet"),
            [Some(2_149_500)],
            "{kind} in parquet"
        );
        assert_eq!(wh(kwh, ipc, "a.arrow"), [Some(2_149_500)], "{kind} in Arrow");
    }
    for kind in [DataType::Int8, DataType::UInt16, DataType::Int32, DataType::UInt64] {
        let kwh = cast(&doubles(&[1.0, 2.0, 3.0, 100.0]), &kind).unwrap();
        assert_eq!(wh(kwh, tables::parquet, "a.parquet"), [Some(106_000)], "{kind}");
    }
}

#[test]
fn row_21_a_nested_value_in_place_of_a_plain_one_is_refused() {
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append_value([Some(1)]);
    let field = Arc::new(Field::new("kwh", DataType::Float64, true));
    let structure = StructArray::from(vec![(field, doubles(&[1.0]))]);
    for nested in [Arc::new(list.finish()) as ArrayRef, Arc::new(structure)] {
        let table = reading(nested);
        with_readings_in(&[("a.parquet", &tables::parquet(&table))]).refused(&[
            "a.parquet",
            "active_kwh",
            "nested",
        ]);
        with_readings_in(&[("a.arrow", &tables::ipc(&table, None))]).refused(&[
            "a.arrow",
            "active_kwh",
            "nested",
        ]);
    }
}

/// A customer with an unknown use category, so that it is rejected; the Chinese region in its reject shows how the file was
/// decoded.
const SOUTH: &str = "0004,farm,low_voltage,南京,2010-01-01,false\n";

/// Asserts that a customers file reads with three good rows and the reject of [`SOUTH`].
fn reads_as_chinese(customers: &[u8]) {
    let utility = Utility::small().and("customers.csv", customers);
    assert_eq!(utility.checked().tally("customers"), [4, 3, 0, 1, 0]);
    utility.published(&[]);
    assert_eq!(utility.table("rejects/customers").texts("region"), [Some("南京".to_owned())]);
}

fn chinese() -> String {
    let header = CUSTOMERS.replace("opened_on", "region,opened_on");
    let row = |id| format!("{id:04},other,low_voltage,上海,2010-01-01,false\n");
    header + &(1..=3).map(row).collect::<String>() + SOUTH
}

#[test]
fn rows_23_to_25_csv_is_read_by_its_byte_order_mark_or_as_utf_8_or_as_gb18030() {
    let text = chinese();
    reads_as_chinese(text.as_bytes());
    reads_as_chinese(format!("\u{feff}{text}").as_bytes());
    let utf_16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(order).collect()
    };
    reads_as_chinese(&utf_16(u16::to_le_bytes));
    reads_as_chinese(&utf_16(u16::to_be_bytes));
    reads_as_chinese(&as_gbk(&text));
    reads_as_chinese(text.replace('\n', "\r\n").as_bytes());
}

/// The few Chinese characters of these tests in GBK.
fn as_gbk(text: &str) -> Vec<u8> {
    let bytes = |c: char| match c {
        '上' => vec![0xC9, 0xCF],
        '海' => vec![0xBA, 0xA3],
        '南' => vec![0xC4, 0xCF],
        '京' => vec![0xBE, 0xA9],
        ascii => vec![u8::try_from(ascii).unwrap()],
    };
    text.chars().flat_map(bytes).collect()
}

#[test]
fn row_24_bytes_that_are_no_text_are_refused_and_never_replaced() {
    let mut bytes = chinese().into_bytes();
    bytes.extend(b"0005,other,low_voltage,\xFF\xFF,2010-01-01,false\n");
    Utility::small().and("customers.csv", bytes).refused(&["table customers: customers.csv"]);
}

#[test]
fn row_27_rows_of_the_wrong_width_are_rejects_and_quoted_breaks_are_data() {
    let lines = "0001,M9,2025-01-01\n0001,M9,2025-01-02,1,,,surplus\n\"0001\",\"M,\t9\n\",2025-01-03,1,,\n\n";
    let utility = Utility::small().append("meter_readings.csv", lines);
    let checked = utility.checked();
    assert_eq!(
        (checked.tally("meter_readings"), checked.finding("meter_readings", "bad_width")),
        ([39, 37, 0, 2, 0], 2)
    );
    utility.done(&["check", "data", "--as-of", AS_OF, "-o", "out"]);
    let rejects = fs::read_to_string(utility.path().join("out/rejects/meter_readings.csv")).unwrap();
    assert!(rejects.contains("bad_width,0001,M9,2025-01-01,") && rejects.contains("surplus"), "{rejects}");
    let unclosed = format!("{READINGS}{LINE}0001,\"M9,2025-01-02,1,,\n0001,M9,2025-01-03,1,,\n");
    Utility::small().and("meter_readings.csv", unclosed).refused(&["meter_readings.csv", "quote", "line 3"]);
}

#[test]
fn row_28_a_correction_is_a_new_cycle_and_leaves_the_old_one_as_it_was() {
    let utility = Utility::small();
    let first = utility.published(&[]);
    let before = fs::read(first.join("tiers.parquet")).unwrap();
    let utility = utility.append("meter_readings.csv", "0001,M9,2025-03-03,5000,,\n");
    let second = utility.published(&[]);
    assert_ne!(first, second);
    assert!(fs::read(first.join("tiers.parquet")).unwrap() == before);
    utility.done(&["verify", "--store", "store", "--cycle", "1"]);
    utility.done(&["verify", "--store", "store", "--cycle", "2"]);
    let energy = |cycle: &std::path::Path| {
        Published::read(&cycle.join("indicators.parquet")).numbers("annual_energy")[0]
    };
    assert_eq!(energy(&second).zip(energy(&first)).map(|(now, then)| now - then), Some(5_000.0));
}

#[test]
fn row_30_an_empty_required_table_is_refused_and_an_empty_optional_one_reported() {
    Utility::small().and("customers.csv", CUSTOMERS).refused(&["table customers"]);
    Utility::small().and("meter_readings.csv", READINGS).refused(&["table meter_readings"]);
    let rejects = READINGS.to_owned() + &LINE.replace("0001", "0009").repeat(3);
    Utility::small().and("meter_readings.csv", rejects).refused(&["table meter_readings"]);
    let all_bad = format!("{CUSTOMERS}0001,farm,low_voltage,2010-01-01,false\n");
    Utility::small().and("customers.csv", all_bad).refused(&["table customers"]);
    let utility =
        Utility::small().and("bills.csv", BILLS).and("payments.csv", format!("{PAYMENTS}1,b,2025-01-01,1\n"));
    let checked = utility.checked();
    for (table, rows) in [("bills", "0 rows in"), ("payments", "1 row in")] {
        let example = checked.example(table, "empty_table");
        assert!(example.ends_with(rows), "{table}: {example}");
    }
    fs::create_dir(utility.data().join("plans")).unwrap();
    utility.refused(&["table plans", "no file"]);
}
