mod forge;
mod junk;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::source::{RowAt, Source};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};

use self::forge::{archive, ods, xls, xlsb, xlsx};
use crate::test_folder::{ReadingOrRule, TestFolder, ids_of, readings};

const JANUARY_US: i64 = 1_735_689_600_000_000;
const CSV: &str =
    "customer_id,read_at,active_kwh\n0000000001,2025-01-01,1234.5\n户2,2025-01-01 00:15:00,0.125\n";

/// A workbook of one sheet.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn header(sheet: &mut Worksheet, row: u32) {
    for (column, name) in ["customer_id", "read_at", "active_kwh"].into_iter().enumerate() {
        sheet.write(row, column as u16, name).unwrap();
    }
}

/// A row of readings on 1 January 2025.
fn reading(sheet: &mut Worksheet, row: u32, id: &str, kwh: f64) {
    sheet.write(row, 0, id).unwrap();
    sheet.write_with_format(row, 1, 45_658, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    sheet.write(row, 2, kwh).unwrap();
}

fn folder(bytes: Vec<u8>) -> TestFolder {
    TestFolder::with("meter_readings.xlsx", bytes)
}

fn read(bytes: Vec<u8>) -> Result<Vec<ReadingOrRule>, String> {
    readings(&folder(bytes))
}

fn refusal(bytes: Vec<u8>) -> String {
    folder(bytes).refusal(Table::MeterReadings)
}

fn ok(id: &str, wh: i64) -> ReadingOrRule {
    Ok((id.into(), JANUARY_US, wh))
}

#[test]
fn a_workbook_and_the_same_csv_give_the_same_rows() {
    let expected = readings(&TestFolder::with("meter_readings.csv", CSV)).unwrap();
    let typed = book(|sheet| {
        header(sheet, 0);
        reading(sheet, 1, "0000000001", 1234.5);
        reading(sheet, 2, "户2", 0.125);
        let time = Format::new().set_num_format("yyyy/m/d h:mm");
        sheet.write_with_format(2, 1, 45_658.010_416_666_664, &time).unwrap();
    });
    assert_eq!(read(typed), Ok(expected.clone()));
    let text = book(|sheet| {
        for (row, line) in CSV.lines().enumerate() {
            for (column, cell) in line.split(',').enumerate() {
                sheet.write(row as u32, column as u16, cell).unwrap();
            }
        }
    });
    assert_eq!(read(text), Ok(expected));
}

#[test]
fn the_first_visible_sheet_is_read_unless_another_is_declared() {
    let mut book = Workbook::new();
    for (name, kwh) in [("hidden", 1.0), ("shown", 2.0), ("二月", 3.0)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        header(sheet, 0);
        reading(sheet, 1, "a", kwh);
        if name == "hidden" {
            sheet.set_hidden(true);
        } else {
            sheet.set_active(name == "shown");
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(read(bytes.clone()), Ok(vec![ok("a", 2_000)]));
    let declared = |sheet: &str| {
        let config = format!("format = 1\n[tables.meter_readings]\nsheet = \"{sheet}\"\n");
        folder(bytes.clone()).and("gridtier.toml", config)
    };
    let of_sheet = |sheet: &str| readings(&declared(sheet));
    let notices = |data: TestFolder| data.open().unwrap().notices(Table::MeterReadings);
    assert_eq!(notices(folder(bytes.clone())), [(Rule::OtherSheets, 1, "meter_readings.xlsx: 二月".into())]);
    assert_eq!(notices(declared("hidden")), []);
    assert_eq!((of_sheet("hidden"), of_sheet(" 二月")), (Ok(vec![ok("a", 1_000)]), Ok(vec![ok("a", 3_000)])));
    let refusal = of_sheet("三月").unwrap_err();
    assert!(
        refusal.contains("no sheet `三月`") && refusal.contains("`hidden`, `shown`, `二月`"),
        "{refusal}"
    );
}

#[test]
fn the_header_is_the_first_row_that_is_not_empty_or_the_declared_one() {
    let below = book(|sheet| {
        header(sheet, 2);
        reading(sheet, 3, "a", 1.0);
        reading(sheet, 5, "b", 2.0);
    });
    assert_eq!(read(below.clone()), Ok(vec![ok("a", 1_000), ok("b", 2_000)]));
    // Rows are counted from the one below the header, which is 0.
    let batches = folder(below).read(Table::MeterReadings).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.first_row).collect::<Vec<_>>(), [0, 2]);
    let titled = book(|sheet| {
        sheet.write(0, 0, "2025年抄表台账").unwrap();
        header(sheet, 1);
        reading(sheet, 2, "a", 1.0);
    });
    assert!(refusal(titled.clone()).contains("are missing"));
    let declared = |row: u32| {
        let config = format!("format = 1\n[tables.meter_readings]\nheader_row = {row}\n");
        readings(&folder(titled.clone()).and("gridtier.toml", config))
    };
    assert_eq!(declared(2), Ok(vec![ok("a", 1_000)]));
    assert!(declared(9).unwrap_err().contains("row 9"));
}

#[test]
fn an_error_or_a_formula_without_a_value_rejects_the_row_even_in_a_nullable_column() {
    let cells = |error: &str| {
        xlsx(&format!(
            "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>customer_id</t></is></c>\
             <c r=\"B1\" t=\"inlineStr\"><is><t>read_at</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>active_kwh</t></is></c>\
             <c r=\"D1\" t=\"inlineStr\"><is><t>meter_id</t></is></c><c r=\"E1\" t=\"inlineStr\"><is><t>note</t></is></c></row>\
             <row r=\"2\"><c r=\"A2\" t=\"str\"><f>\"a\"</f><v>a</v></c><c r=\"B2\" t=\"d\"><v>2025-01-01</v></c>\
             <c r=\"C2\"><f>1+1</f><v>2</v></c><c r=\"E2\" t=\"e\"><v>#N/A</v></c></row>\
             <row r=\"3\"><c r=\"A3\" t=\"str\"><v>b</v></c><c r=\"B3\" t=\"d\"><v>2025-01-01</v></c><c r=\"C3\"><v>3</v></c>{error}</row>"
        ))
    };
    for error in [
        "<c r=\"D3\" t=\"e\"><v>#SPILL!</v></c>",
        "<c r=\"D3\"><f>A1</f></c>",
        "<c r=\"D3\"><f>A1</f><v/></c>",
    ] {
        assert_eq!(read(cells(error)), Ok(vec![ok("a", 2_000), Err(Rule::ErrorCell)]), "{error}");
        let data = folder(cells(error));
        let fault = |row| data.open().unwrap().row_fault(Table::MeterReadings, RowAt::new(0, row));
        let expected = if error.contains('!') {
            "meter_id in D3 = #SPILL!"
        } else {
            "meter_id in D3 is a formula without a value"
        };
        assert_eq!(fault(1).as_deref(), Some(expected), "{error}");
        // The error of the first row is in a column that nobody reads.
        assert_eq!(fault(0), None);
    }
    // A formula whose value is an empty text has a value.
    assert_eq!(
        read(cells("<c r=\"D3\" t=\"str\"><f>A9</f><v></v></c>")),
        Ok(vec![ok("a", 2_000), ok("b", 3_000)])
    );
}

#[test]
fn a_number_as_an_id_is_its_digits_and_what_a_spreadsheet_has_lost_is_refused() {
    let ids = |ids: &[(f64, &str)]| {
        book(|sheet| {
            header(sheet, 0);
            for (row, (id, format)) in ids.iter().enumerate() {
                reading(sheet, row as u32 + 1, "", 1.0);
                sheet
                    .write_with_format(row as u32 + 1, 0, *id, &Format::new().set_num_format(*format))
                    .unwrap();
            }
        })
    };
    let data = folder(ids(&[(123.0, "General"), (123.0, "0000000000"), (999_999_999_999_999.0, "0")]));
    let batches = data.read(Table::MeterReadings).unwrap();
    let found = ids_of(batches[0].column("customer_id").unwrap());
    let found: Vec<_> = found.iter().flatten().map(String::as_str).collect();
    assert_eq!(found, ["123", "0000000123", "999999999999999"]);
    let notices = data.open().unwrap().notices(Table::MeterReadings);
    assert!(
        notices.contains(&(Rule::IntegerId, 2, "meter_readings.xlsx: customer_id".into())),
        "{notices:?}"
    );
    for lost in [1e15, 1.5, 1.2345e20] {
        let refusal = refusal(ids(&[(1.0, "0"), (lost, "0")]));
        assert!(refusal.contains("the cell A3 in the column `customer_id` of ids"), "{refusal}");
    }
    assert!(refusal(ids(&[(45_658.0, "yyyy-mm-dd")])).contains("the cell A2"));
}

#[test]
fn merged_cells_in_the_table_are_refused_and_those_above_it_are_not() {
    let merged = |row: u32, last: u32, text: &str| {
        book(|sheet| {
            header(sheet, 2);
            reading(sheet, 3, "a", 1.0);
            reading(sheet, 4, "b", 1.0);
            sheet.merge_range(row, 0, last, 1, text, &Format::new()).unwrap();
        })
    };
    assert!(refusal(merged(3, 4, "x")).contains("the cells A4:B5 of the table are merged"));
    // A title is the first row that is not empty.
    let refusal = refusal(merged(0, 0, "x"));
    assert!(
        refusal.contains("the cells A1:B1 in the header") && refusal.contains("header_row = 2"),
        "{refusal}"
    );
    let config = "format = 1\n[tables.meter_readings]\nheader_row = 3\n";
    assert_eq!(
        readings(&folder(merged(0, 0, "x")).and("gridtier.toml", config)).map(|rows| rows.len()),
        Ok(2)
    );
    assert_eq!(
        readings(&folder(merged(7, 8, "")).and("gridtier.toml", config)).map(|rows| rows.len()),
        Ok(2)
    );
}

#[test]
fn hidden_rows_and_columns_are_read_and_noticed() {
    let bytes = book(|sheet| {
        header(sheet, 0);
        reading(sheet, 1, "a", 1.0);
        reading(sheet, 2, "b", 2.0);
        sheet.set_row_hidden(1).unwrap();
        sheet.set_column_hidden(2).unwrap();
        sheet.set_column_hidden(9).unwrap();
    });
    assert_eq!(read(bytes.clone()), Ok(vec![ok("a", 1_000), ok("b", 2_000)]));
    let notices = folder(bytes).open().unwrap().notices(Table::MeterReadings);
    let example = "meter_readings.xlsx: 1 hidden rows from row 2, 1 hidden columns from C".to_owned();
    assert_eq!(notices, [(Rule::HiddenCells, 2, example)]);
}

#[test]
fn numbers_follow_the_declared_mark_and_dates_the_declared_pattern() {
    let bytes = book(|sheet| {
        header(sheet, 0);
        reading(sheet, 1, "a", 1234.5);
    });
    let config = "format = 1\n[tables.meter_readings]\ndecimal_mark = \",\"\n[tables.meter_readings.dates]\nread_at = \"%Y%m%d\"\n";
    let batches = folder(bytes).and("gridtier.toml", config).read(Table::MeterReadings).unwrap();
    let text = |name: &str| ids_of(batches[0].column(name).unwrap())[0].clone().unwrap();
    assert_eq!((text("read_at"), text("active_kwh")), ("20250101".into(), "1234,5".into()));
}

#[test]
fn dates_count_from_1904_where_the_workbook_says_so() {
    let cell = "<row><c t=\"inlineStr\"><is><t>customer_id</t></is></c><c t=\"inlineStr\"><is><t>read_at</t></is></c>\
                <c t=\"inlineStr\"><is><t>active_kwh</t></is></c></row>\
                <row><c t=\"inlineStr\"><is><r><t>a</t></r><r><t xml:space=\"preserve\">&amp;b</t></r><rPh><t>x</t></rPh></is></c>\
                <c s=\"1\"><v>44196</v></c><c><v>1</v></c></row>";
    let bytes = forge::xlsx_with("<workbookPr date1904=\"1\"/>", cell);
    assert_eq!(read(bytes), Ok(vec![ok("a&b", 1_000)]));
}

#[test]
fn a_sheet_that_is_not_a_table_is_refused() {
    for (bytes, what) in [
        (xlsx(""), "the sheet is empty"),
        (
            archive(&[("xl/workbook.xml", "<workbook><sheets/></workbook>")]),
            "no sheet of cells, only macros or charts",
        ),
        (archive(&[("a.txt", "x")]), "its part xl/workbook.xml is missing"),
        (
            xlsx("<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"),
            "out of order",
        ),
        (xlsx("<row><c t=\"s\"><v>7</v></c></row>"), "names a text that is not there"),
        (xlsx("<row><c r=\"A1048577\"><v>7</v></c></row>"), "outside of any sheet"),
        (xlsx(&format!("<row><c><v>{}</v></c></row>", "1".repeat(9 << 20))), "unpacks"),
        (b"PK\x03\x04 and so on".to_vec(), "it is not whole"),
        (b"<html><table>".to_vec(), "a page of HTML"),
        (b"a\tb\n".to_vec(), "text and not a workbook"),
    ] {
        let refusal = refusal(bytes);
        assert!(refusal.contains(what), "{refusal}");
    }
    assert!(refusal(forge::compound("EncryptedPackage", &[0; 5_000])).contains("the workbook is encrypted"));
    assert!(refusal(xls(&[])).contains("it is named .xlsx, but it is an old Excel workbook"));
}

#[test]
fn the_other_formats_give_the_same_rows() {
    let expected = Ok(vec![ok("a", 1_500), Err(Rule::ErrorCell), ok("007", 2_000)]);
    for (name, bytes) in [("ods", ods()), ("xls", xls(&forge::XLS_READINGS)), ("xlsb", xlsb())] {
        assert_eq!(readings(&TestFolder::with(&format!("meter_readings.{name}"), bytes)), expected, "{name}");
    }
}

#[test]
fn a_repeated_cell_cannot_turn_a_kilobyte_into_a_whole_sheet() {
    for (spaces, what) in [(4_000_000_000u32, "one cell holds"), (1_000, "longer than any table's")] {
        let bomb = forge::ods_with(&format!(
            "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell office:value-type=\"string\" \
             table:number-columns-repeated=\"16384\"><text:p>x<text:s text:c=\"{spaces}\"/></text:p></table:table-cell>\
             </table:table-row>"
        ));
        let refusal = TestFolder::with("meter_readings.ods", bomb).refusal(Table::MeterReadings);
        assert!(refusal.contains(what), "{refusal}");
    }
}

#[test]
fn a_few_records_of_an_old_workbook_cannot_ask_for_all_memory() {
    let mut far = forge::XLS_READINGS.to_vec();
    far.push(forge::XlsCell::Number(65_535, 65_535, 1.0));
    let refusal = TestFolder::with("meter_readings.xls", xls(&far)).refusal(Table::MeterReadings);
    assert!(refusal.contains("claims more cells than a table has"), "{refusal}");
}

#[test]
fn a_large_sheet_comes_in_batches_and_a_reader_may_stop() {
    let bytes = book(|sheet| {
        header(sheet, 0);
        for row in 1..40_001 {
            reading(sheet, row, "a", f64::from(row));
        }
    });
    let data = folder(bytes);
    let rows = readings(&data).unwrap();
    assert_eq!((rows.len(), rows[39_999].clone()), (40_000, ok("a", 40_000_000)));
    let opened = data.open().unwrap();
    let part = opened.parts(Table::MeterReadings).unwrap().unwrap()[0];
    let stopped = opened
        .read(Table::MeterReadings, part, &["customer_id"], &mut |_| Err(gridtier::error::RunError::Enough));
    assert!(matches!(stopped, Err(gridtier::error::RunError::Enough)));
}

#[test]
fn a_workbook_cut_off_or_overwritten_never_crashes_the_process() {
    let small = book(|sheet| {
        header(sheet, 0);
        reading(sheet, 1, "a", 1.0);
        sheet.write_formula(2, 2, Formula::new("=1+1")).unwrap();
    });
    for (name, bytes) in
        [("xlsx", small), ("ods", ods()), ("xls", xls(&forge::XLS_READINGS)), ("xlsb", xlsb())]
    {
        let name = format!("meter_readings.{name}");
        let step = bytes.len() / 80 + 1;
        for at in (0..bytes.len()).step_by(step) {
            let _ = readings(&TestFolder::with(&name, &bytes[..at]));
            for bit in [0, 3, 7] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let _ = readings(&TestFolder::with(&name, flipped));
            }
        }
    }
}

#[test]
fn rows_below_a_title_have_the_numbers_that_the_spreadsheet_shows() {
    for title_rows in [0, 1, 3] {
        let bytes = book(|sheet| {
            if title_rows > 0 {
                sheet.write(0, 0, "抄表明细").unwrap();
            }
            header(sheet, title_rows);
            reading(sheet, title_rows + 1, "1", 1.0);
            // An empty row, which counts.
            reading(sheet, title_rows + 3, "2", 2.0);
            sheet.write(title_rows + 3, 2, "x").unwrap();
        });
        let config = format!("format = 1\n[tables.meter_readings]\nheader_row = {}\n", title_rows + 1);
        let data = folder(bytes).and("gridtier.toml", config);
        let batches = data.read(Table::MeterReadings).unwrap();
        let rows: Vec<u64> = batches.iter().map(|batch| batch.first_row).collect();
        assert_eq!(rows, [0, 2], "{title_rows}");
        let opened = data.open().unwrap();
        let shown = |row| opened.spreadsheet_row(Table::MeterReadings, RowAt::new(0, row)).unwrap();
        assert_eq!([shown(0), shown(2)], [2, 4].map(|row| row + u64::from(title_rows)));
    }
}
