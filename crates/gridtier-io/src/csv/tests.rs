use encoding_rs::GB18030;
use gridtier::contract::Table;
use gridtier::source::Source;

use super::*;
use crate::guard::limits::CELL_BYTES_MAX;
use crate::test_folder::{TestFolder, readings};

const HEADER: &str = "customer_id,read_at,active_kwh,说明\n";

/// The key and the energy in Wh of a reading, or which rule its row breaks.
type Energy = Result<(String, i64), Rule>;

fn energies(bytes: impl AsRef<[u8]>) -> Result<Vec<Energy>, String> {
    let readings = readings(&TestFolder::with("meter_readings.csv", bytes))?;
    Ok(readings.into_iter().map(|reading| reading.map(|(id, _, wh)| (id, wh))).collect())
}

fn ok(id: &str, wh: i64) -> Energy {
    Ok((id.into(), wh))
}

fn refusal(bytes: impl AsRef<[u8]>) -> String {
    TestFolder::with("meter_readings.csv", bytes).refusal(Table::MeterReadings)
}

#[test]
fn a_table_gives_the_same_rows_in_any_encoding() {
    let text = format!("{HEADER}0000123,2025-01-01 00:00,\"1,234.5\",正常\n户4,2025年1月1日,2,\n");
    let expected = vec![ok("0000123", 1_234_500), ok("户4", 2_000)];
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (gb18030, ..) = GB18030.encode(&text);
    for (bytes, encoding) in [
        (text.clone().into_bytes(), Encoding::Utf8),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
        ([&[0xFF, 0xFE][..], &utf16(u16::to_le_bytes)].concat(), Encoding::Utf16Le),
        ([&[0xFE, 0xFF][..], &utf16(u16::to_be_bytes)].concat(), Encoding::Utf16Be),
        (gb18030.into_owned(), Encoding::Gb18030),
        (text.replace(['\n'], "\r\n").into_bytes(), Encoding::Utf8),
    ] {
        assert_eq!(energies(bytes), Ok(expected.clone()), "{encoding}");
    }
    assert_eq!(energies(text.replace(',', "\t").replace("\"1\t234.5\"", "1234.5")), Ok(expected));
}

#[test]
fn titles_above_the_header_are_left_out_and_rows_keep_the_numbers_of_a_spreadsheet() {
    let text = "抄表清单,,,\n\n制表：张三\n户号,时间,电量\n1,2025-01-01,1\n2,2025-13-01,2\n";
    let columns = "[tables.meter_readings.columns]\ncustomer_id = \"户号\"\nread_at = \"时间\"\nactive_kwh = \"电量\"\n";
    let config = |row| format!("format = 1\n[tables.meter_readings]\nheader_row = {row}\n{columns}");
    let gb18030 = GB18030.encode(text).0.into_owned();
    for (bytes, row) in [
        (text.to_owned().into_bytes(), 4),
        (gb18030, 4),
        (text.replace('\n', "\r\n").into_bytes(), 4),
        (format!("\u{feff}\n{text}").into_bytes(), 5),
    ] {
        let data = TestFolder::with("meter_readings.csv", bytes).and("gridtier.toml", config(row));
        let rows: Vec<Energy> =
            readings(&data).unwrap().into_iter().map(|row| row.map(|(id, _, wh)| (id, wh))).collect();
        assert_eq!(rows, [ok("1", 1_000), Err(Rule::BadDate)]);
        let folder = data.open().unwrap();
        let at = gridtier::source::RowAt::new(0, 1);
        assert_eq!(folder.spreadsheet_row(Table::MeterReadings, at), Some(row + 2));
    }
    // Empty lines above the header are not titles, but they count as rows.
    let data = TestFolder::with("meter_readings.csv", format!("\r\n\r\n{HEADER}1,2025-01-01,1,\n"));
    let at = gridtier::source::RowAt::new(0, 0);
    assert_eq!(data.open().unwrap().spreadsheet_row(Table::MeterReadings, at), Some(4));
    for row in [2, 9] {
        let data = TestFolder::with("meter_readings.csv", text).and("gridtier.toml", config(row));
        let refusal = data.refusal(Table::MeterReadings);
        assert!(refusal.contains(&format!("row {row}, in which `header_row` says")), "{refusal}");
    }
    let unclosed = format!("{text}3,2025-01-01,\"3\n");
    let data = TestFolder::with("meter_readings.csv", unclosed).and("gridtier.toml", config(4));
    let refusal = data.refusal(Table::MeterReadings);
    assert!(refusal.contains("the quote opened in line 7 is never closed"), "{refusal}");
}

/// The encodings in which customers and readings were read, and the number of findings about customers. The region of one
/// customer is `没` in GBK; the same bytes in UTF-8 are `û`.
fn read_with(readings: impl AsRef<[u8]>, config: &str) -> (Vec<Option<String>>, usize) {
    let header = b"customer_id,use_category,supply_level,opened_on,aged_transformer_area,region\n";
    let row = b"1,other,low_voltage,2010-01-01,false,\xC3\xBB\n";
    let data = TestFolder::with("customers.csv", [&header[..], row].concat())
        .and("meter_readings.csv", readings)
        .and("gridtier.toml", config);
    let folder = data.open().unwrap();
    let encodings = folder.inputs().unwrap().iter().filter(|input| input.table.is_some());
    let is_doubt = |notice: &crate::columns::Notice| notice.0 == Rule::EncodingGuessed;
    (
        encodings.map(|input| input.encoding.clone()).collect(),
        folder.notices(Table::Customers).iter().filter(|notice| is_doubt(notice)).count(),
    )
}

#[test]
fn text_that_is_utf8_and_gbk_alike_is_decided_by_the_other_files_or_reported() {
    let text = format!("{HEADER}1,2025-01-01 00:00,1,正常\n");
    let gbk = GB18030.encode(&text).0.into_owned();
    let plain = "customer_id,read_at,active_kwh\n1,2025-01-01,1\n";
    let named = |names: [&str; 2]| names.map(|name| Some(name.to_owned())).to_vec();
    const SILENT: &str = "format = 1\n";
    assert_eq!(read_with(gbk, SILENT), (named(["GB18030", "GB18030"]), 0), "the readings are GBK");
    assert_eq!(read_with(&text, SILENT), (named(["UTF-8", "UTF-8"]), 1), "the readings are UTF-8");
    assert_eq!(read_with(plain, SILENT), (named(["UTF-8", "UTF-8"]), 1), "the readings say nothing");
    let declared = "format = 1\n[tables.customers]\nencoding = \"gbk\"\n";
    assert_eq!(read_with(plain, declared), (named(["GB18030", "UTF-8"]), 0));
    let declared = "format = 1\n[tables.customers]\nencoding = \"utf-8\"\n";
    assert_eq!(read_with(plain, declared), (named(["UTF-8", "UTF-8"]), 0));
}

#[test]
fn western_text_in_utf8_raises_no_doubt() {
    let text = "customer_id,read_at,active_kwh,note\n1,2025-01-01,1,Größe é ç ñ Ø\n";
    let folder = TestFolder::with("meter_readings.csv", text).open().unwrap();
    assert!(folder.notices(Table::MeterReadings).iter().all(|notice| notice.0 != Rule::EncodingGuessed));
}

#[test]
fn text_in_no_known_encoding_is_refused_with_the_position_of_the_byte() {
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend(b"1,2025-01-01,1,\xFF\n");
    let message = refusal(&bytes);
    let at = HEADER.len() + 15;
    assert!(message.contains(&format!("it is neither UTF-8 (byte {at}) nor GB18030")), "{message}");
    let message = refusal(b"customer_id,read_at,active_kwh\n1,\0\0,2\n");
    assert!(message.contains("it holds bytes that are no text: a byte of 0 in line 2"), "{message}");
    let message = refusal([b"\xEF\xBB\xBF".as_slice(), &bytes].concat());
    assert!(message.contains(&format!("byte {} is not UTF-8 text", at + 3)), "{message}");
}

#[test]
fn text_in_utf32_is_named_as_such() {
    let text = format!("{HEADER}1,2025-01-01,1,\n");
    let utf32 = |unit: fn(u32) -> [u8; 4]| {
        ['\u{feff}'].into_iter().chain(text.chars()).flat_map(|c| unit(c.into())).collect::<Vec<u8>>()
    };
    for bytes in [utf32(u32::to_le_bytes), utf32(u32::to_be_bytes)] {
        let message = refusal(bytes);
        assert!(message.contains("it is UTF-32 text, which is not read"), "{message}");
    }
}

#[test]
fn text_in_another_encoding_than_declared_is_refused_with_the_advice_to_declare_its_own() {
    let text = format!("{HEADER}1,2025-01-01,1,说明\n");
    let (gb18030, ..) = GB18030.encode(&text);
    for (bytes, declared, what) in [
        (&gb18030[..], "utf-8", "is not UTF-8 text"),
        (&[HEADER.as_bytes(), b"1,2025-01-01,1,\xFF\n"].concat()[..], "big5", "byte 35 is not"),
    ] {
        let config = format!("format = 1\n[tables.meter_readings]\nencoding = \"{declared}\"\n");
        let data = TestFolder::with("meter_readings.csv", bytes).and("gridtier.toml", config);
        let message = data.refusal(Table::MeterReadings);
        assert!(message.contains(what), "{declared}: {message}");
        assert!(message.contains("declare the `encoding` that the file has"), "{declared}: {message}");
    }
}

#[test]
fn a_row_of_the_wrong_width_keeps_its_place() {
    let text = format!("{HEADER}1,2025-01-01,1,\n2,2025-01-01\n\n3,2025-01-01,3,x,y\n4,2025-01-01,4,\n");
    assert_eq!(
        energies(&text),
        Ok(vec![ok("1", 1_000), Err(Rule::BadWidth), Err(Rule::BadWidth), ok("4", 4_000)])
    );
    let data = TestFolder::with("meter_readings.csv", text);
    let batches = data.read(Table::MeterReadings).unwrap();
    assert_eq!(batches[0].faults, [(1, Rule::BadWidth), (2, Rule::BadWidth)]);
    assert_eq!(data.open().unwrap().inputs().unwrap()[0].rows, 4);
}

#[test]
fn quoted_breaks_tabs_and_quotes_are_data() {
    let text = format!("{HEADER}\"1\r\n\"\"x\"\"\",2025-01-01,1,\"a\tb\nc\"\n2,2025-01-01,\" 2 \",\"\"\n");
    assert_eq!(energies(text), Ok(vec![ok("1\r\n\"x\"", 1_000), ok("2", 2_000)]));
}

#[test]
fn a_formula_that_keeps_zeros_in_a_spreadsheet_is_its_text() {
    let text = format!(
        "{HEADER}\"=\"\"0012\"\"\",=\"2025-01-01\",=\"1.5\",\n=\"\",2025-01-01,1,\n\"=\"\"a\"\"&\"\"b\"\"\",2025-01-01,1,\n"
    );
    let expected = vec![ok("0012", 1_500), Err(Rule::NullKey), ok("=\"a\"&\"b\"", 1_000)];
    assert_eq!(energies(text), Ok(expected), "other formulas stay as they are");
    let header = "=\"customer_id\",=\"read_at\",=\"active_kwh\",note\n";
    assert_eq!(energies(format!("{header} =\"0012\" ,2025-01-01,1.5,\n")), Ok(vec![ok("0012", 1_500)]));
}

#[test]
fn an_unclosed_quote_is_refused_with_its_line() {
    let message = refusal(format!("{HEADER}1,2025-01-01,1,\n2,2025-01-01,2,\"x\n3,2025-01-01,3,\n"));
    assert!(message.contains("meter_readings.csv: the quote opened in line 3 is never closed"), "{message}");
}

#[test]
fn an_empty_cell_has_no_value_and_a_header_alone_has_no_rows() {
    assert_eq!(energies(format!("{HEADER},2025-01-01,1,\n1,,1,\n1,2025-01-01,,\n")).unwrap().len(), 3);
    assert_eq!(energies(format!("{HEADER},2025-01-01,1,\n")), Ok(vec![Err(Rule::NullKey)]));
    assert_eq!(energies(HEADER), Ok(vec![]));
    assert!(refusal("\n\r\n").contains("nothing but line breaks"));
}

#[test]
fn headers_that_are_equal_after_folding_are_refused() {
    let message = refusal("customer_id,read_at,active_kwh,Active_kWh\n");
    assert!(message.contains("`active_kwh` and `Active_kWh`"), "{message}");
}

#[test]
fn a_declared_delimiter_is_used_and_an_undeclared_one_is_hinted_at() {
    let text = "customer_id;read_at;active_kwh\n1;2025-01-01;1\n";
    assert!(refusal(text).contains("declare `delimiter`"));
    let config = "format = 1\n[tables.meter_readings]\ndelimiter = \";\"\n";
    let data = TestFolder::with("meter_readings.csv", text).and("gridtier.toml", config);
    assert_eq!(readings(&data).unwrap().len(), 1);
    // In GB18030 the second byte of a character can be a bar.
    let (gb18030, ..) = GB18030.encode("customer_id|read_at|active_kwh\n倈|2025-01-01|1\n");
    assert!(gb18030.windows(2).any(|pair| pair == b"\x82|"), "{gb18030:?}");
    let config = "format = 1\n[tables.meter_readings]\ndelimiter = \"|\"\n";
    let data = TestFolder::with("meter_readings.csv", gb18030).and("gridtier.toml", config);
    assert_eq!(readings(&data).unwrap()[0].as_ref().unwrap().0, "倈");
}

#[test]
fn too_long_cells_are_refused_and_many_long_ones_come_in_small_batches() {
    let row = |bytes: usize| format!("1,2025-01-01,1,{}\n", "x".repeat(bytes));
    let message = refusal(format!("{HEADER}{}", row(CELL_BYTES_MAX + 100)));
    assert!(message.contains("one cell holds"), "{message}");
    let id = "9".repeat(CELL_BYTES_MAX / 2);
    let text = format!("{HEADER}{}", format!("{id},2025-01-01,1,\n").repeat(40));
    let batches = TestFolder::with("meter_readings.csv", text).read(Table::MeterReadings).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.record.num_rows()).sum::<usize>(), 40);
    assert!(batches.iter().all(|batch| batch.record.num_rows() <= 17));
}

#[test]
fn a_large_file_comes_in_batches_in_order() {
    let rows = 40_000;
    let text: String = (0..rows).map(|row| format!("{row},2025-01-01,{row},\n")).collect();
    let data = TestFolder::with("meter_readings.csv", format!("{HEADER}{text}"));
    let folder = data.open().unwrap();
    let parts = folder.parts(Table::MeterReadings).unwrap().unwrap();
    assert_eq!((parts.len(), parts[0].rows), (1, Some(rows)));
    let batches = data.read(Table::MeterReadings).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.first_row).collect::<Vec<_>>(), [0, 16_384, 32_768]);
    assert_eq!(readings(&data).unwrap()[39_999].as_ref().unwrap().0, "39999");
}

#[test]
fn a_file_cut_off_or_overwritten_never_ends_the_process() {
    let text = format!("{HEADER}0000123,2025-01-01 00:00,\"1,234.5\",正常\n户4,2025年1月1日,2,\"a\nb\"\n");
    for cut in 1..text.len() {
        let _ = energies(&text.as_bytes()[..cut]);
        let mut bytes = text.clone().into_bytes();
        for value in [0, b'"', b',', b'\n', 0x80, 0xFF] {
            bytes[cut - 1] = value;
            let _ = energies(&bytes);
        }
    }
}

/// A folder of one CSV file with a declared encoding.
fn declared(bytes: &[u8], encoding: &str) -> TestFolder {
    let config = format!("format = 1\n[tables.meter_readings]\nencoding = \"{encoding}\"\n");
    TestFolder::with("meter_readings.csv", bytes).and("gridtier.toml", config)
}

#[test]
fn text_that_is_declared_as_utf16_and_is_not_is_refused_with_the_encoding_that_it_has() {
    let text = format!("{HEADER}1,2025-01-01,2,正常\n");
    let utf16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (low_first, high_first) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let (gb18030, ..) = GB18030.encode(&text);
    for (bytes, encoding, what, mend) in [
        (text.as_bytes(), "utf-16le", "they are UTF-8 text", "encoding = \"utf-8\""),
        (text.as_bytes(), "utf-16be", "they are UTF-8 text", "encoding = \"utf-8\""),
        (&gb18030, "utf-16le", "Latin letters take one byte each", "encoding = \"gb18030\""),
        (&low_first, "utf-16be", "which is utf-16le", "encoding = \"utf-16le\""),
        (&high_first, "utf-16le", "which is utf-16be", "encoding = \"utf-16be\""),
    ] {
        let refusal = declared(bytes, encoding).refusal(Table::MeterReadings);
        assert!(refusal.contains(what) && refusal.contains(mend), "{encoding}: {refusal}");
    }
    for (bytes, encoding) in [(&low_first, "utf-16le"), (&high_first, "utf-16be")] {
        assert_eq!(readings(&declared(bytes, encoding)).unwrap().len(), 1, "{encoding}");
    }
}

#[test]
fn utf8_text_that_is_declared_as_another_encoding_is_noticed() {
    let text = format!("{HEADER}1,2025-01-01,2,正常\n");
    let notices = |bytes: &[u8], encoding: &str| {
        declared(bytes, encoding).open().unwrap().notices(Table::MeterReadings)
    };
    for encoding in ["gb18030", "latin-1"] {
        let guessed = notices(text.as_bytes(), encoding);
        assert!(guessed.contains(&(Rule::EncodingGuessed, 1, "meter_readings.csv".into())), "{encoding}");
    }
    let (gb18030, ..) = GB18030.encode(&text);
    for (bytes, encoding) in
        [(&*gb18030, "gb18030"), (text.as_bytes(), "utf-8"), (b"customer_id,read_at,active_kwh\n", "latin-1")]
    {
        let guessed = notices(bytes, encoding).iter().any(|notice| notice.0 == Rule::EncodingGuessed);
        assert!(!guessed, "{encoding}");
    }
}

#[test]
fn a_row_of_the_wrong_width_is_shown_with_its_number_of_cells() {
    let data = TestFolder::with(
        "meter_readings.csv",
        format!("{HEADER}1,2025-01-01,2,\n1,2025-02-01\n1,2025-03-01,1,a,b\n"),
    );
    let folder = data.open().unwrap();
    let fault = |row| folder.row_fault(Table::MeterReadings, gridtier::source::RowAt::new(0, row));
    assert_eq!(fault(0), None);
    assert_eq!(fault(1).as_deref(), Some("cells in the row: 2, in the header: 4"));
    assert_eq!(fault(2).as_deref(), Some("cells in the row: 5, in the header: 4"));
    assert_eq!(fault(3), None, "behind the last row");
}

#[test]
fn a_byte_of_0_far_from_the_start_is_refused_in_every_encoding() {
    let rows = "1,2025-01-01,1,说明\n".repeat(60_000);
    let text = format!("{HEADER}{rows}2,2025-01-01,\01,\n{rows}");
    assert!(text.find('\0').unwrap() > 1 << 20);
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf16).collect();
    let gb18030 = GB18030.encode(&text).0.into_owned();
    for bytes in [text.into_bytes(), gb18030, utf16] {
        let message = refusal(bytes);
        assert!(message.contains("a byte of 0 in line 60002"), "{message}");
    }
    let zeros = [HEADER.as_bytes(), rows.as_bytes(), &vec![0; 1 << 20]].concat();
    assert!(refusal(zeros).contains("a byte of 0 in line 60002"));
}

#[test]
fn a_cell_between_two_stray_quotes_is_noticed() {
    let row = |note: &str| format!("1,2025-01-01,1,{note}\n");
    let text = [HEADER, &row("\"ok"), &row("x").repeat(3), &row("ok\""), &row("x")].concat();
    let data = TestFolder::with("meter_readings.csv", text);
    let folder = data.open().unwrap();
    let example = "meter_readings.csv: a cell from line 2 on spans 5 lines".to_owned();
    assert!(folder.notices(Table::MeterReadings).contains(&(Rule::QuotedRows, 5, example)));
    assert_eq!(readings(&data).unwrap().len(), 2);
}

#[test]
fn empty_lines_between_rows_are_rows_of_a_spreadsheet() {
    let gb18030 = GB18030.encode(HEADER).0.into_owned();
    for header in [HEADER.as_bytes(), &gb18030] {
        let rows = "1,2025-01-01,1,\r\n\r\n\r\n2,2025-01-01,1,\"a\r\n\r\nb\"\r\n3,2025-01-01,1,\r\n\n\n4,2025-01-01,1,\n\n";
        let data = TestFolder::with("meter_readings.csv", [b"\n", header, rows.as_bytes()].concat());
        let folder = data.open().unwrap();
        let shown =
            |row| folder.spreadsheet_row(Table::MeterReadings, gridtier::source::RowAt::new(0, row)).unwrap();
        assert_eq!([0, 1, 2, 3].map(shown), [3, 6, 7, 10]);
    }
}
