use std::io::Cursor;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    RecordBatch, StringArray,
};
use calamine::{Data, Reader as _, Xlsx};
use gridtier::unit::date_of_day;
use serde_json::Value;

use super::*;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataList, DataTable};
use gridtier::text::{Lang, Text, Voice};

gridtier::words! {
    /// For these tests.
    Grade "grade" {
        /// The only one.
        First "grade-1" "grade-1" "一级",
    }
}

const EN: Voice = Voice::In(Lang::En);

fn columns() -> Vec<DataColumn> {
    vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::new(ColumnFormat::Integer, "count", "count", "数量"),
        DataColumn::new(ColumnFormat::Share, "recovery_rate", "recovery rate", "回收率"),
        DataColumn::new(ColumnFormat::Money, "fee", "fee, CNY", "单价（元）"),
        DataColumn::new(ColumnFormat::YesNo, "regulated", "regulated", "监管"),
        DataColumn::new(ColumnFormat::Date, "applied_on", "applied on", "申请日期"),
        DataColumn::word::<Grade>("tier", "tier", "等级"),
    ]
}

fn title() -> Text {
    Text::coded("all", "All <b> kinds", "全部")
}

/// A table with a row of every kind of cell, and a row of empty cells.
fn table() -> DataTable {
    let day = date_of_day(20_000).unwrap();
    let row = vec![
        DataCell::same("=0012"),
        DataCell::Integer(1_234_567),
        DataCell::Number(5.0 / 6.0),
        DataCell::Fen(1205),
        DataCell::YesNo(false),
        DataCell::Date(day),
        DataCell::word(Grade::First),
    ];
    DataTable::new(title(), columns(), [row, vec![DataCell::Missing; 7]])
}

/// The same rows as a list.
fn list(batches: usize) -> DataList<'static> {
    let money = Decimal128Array::from(vec![Some(1205), None]).with_precision_and_scale(18, 2).unwrap();
    let words: DictionaryArray<Int32Type> = [Some("grade-1"), None].into_iter().collect();
    let columns_of_batch: [(&str, ArrayRef); 7] = [
        ("customer_id", Arc::new(StringArray::from(vec![Some("=0012"), None]))),
        ("count", Arc::new(Int64Array::from(vec![Some(1_234_567), None]))),
        ("recovery_rate", Arc::new(Float64Array::from(vec![Some(5.0 / 6.0), None]))),
        ("fee", Arc::new(money)),
        ("regulated", Arc::new(BooleanArray::from(vec![Some(false), None]))),
        ("applied_on", Arc::new(Date32Array::from(vec![Some(20_000), None]))),
        ("tier", Arc::new(words)),
    ];
    let batch = RecordBatch::try_from_iter(columns_of_batch).unwrap();
    DataList {
        title: title(),
        columns: columns(),
        schema: batch.schema(),
        about: Vec::new(),
        batches: Box::new((0..batches).map(move |_| Ok(batch.clone()))),
    }
}

fn text_of(render: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = Vec::new();
    render(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn programs_get_numbers_in_full() {
    let csv = text_of(|out| csv::write(out, &table(), Voice::Codes, ByteOrderMark::Absent).unwrap());
    let expected = "customer_id,count,recovery_rate,fee,regulated,applied_on,tier\n\
                    '=0012,1234567,0.8333333333333334,12.05,false,2024-10-04,grade-1\n,,,,,,\n";
    assert_eq!(csv, expected);
    let json = text_of(|out| json::write(out, &[&table()], Voice::Codes).unwrap());
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["customer_id"], "=0012", "JSON runs no formula");
    assert_eq!((rows[0]["fee"].as_f64(), &rows[0]["applied_on"]), (Some(12.05), &"2024-10-04".into()));
    assert!(rows[1].as_object().unwrap().values().all(Value::is_null));
    let keys = ["customer_id", "count", "recovery_rate", "fee"].map(|name| json.find(name).unwrap());
    assert!(keys.is_sorted(), "keys stand as the columns do");
}

#[test]
fn people_get_rounded_numbers_and_words() {
    let sections = [Section::of_table(table())];
    for text in [terminal::text(&sections, EN), text_of(|out| html::write(out, &sections, EN).unwrap())] {
        for shown in ["1,234,567", "83.3 %", "12.05", "no", "2024-10-04", "grade-1", "–"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(!text.contains("0.8333333333333334") && !text.contains("false"), "{text}");
    }
    let chinese = terminal::text(&sections, Voice::In(Lang::Zh));
    assert!(chinese.contains("一级") && chinese.contains("否") && chinese.contains("回收率"), "{chinese}");
}

#[test]
fn a_page_escapes_every_text() {
    let page = text_of(|out| html::write(out, &[Section::of_table(table())], EN).unwrap());
    assert!(page.contains("All &lt;b&gt; kinds") && page.contains(">=0012</td>"), "{page}");
}

#[test]
fn a_list_comes_out_like_a_table() {
    for voice in [Voice::Codes, EN, Voice::In(Lang::Zh), Voice::Both] {
        let mark = ByteOrderMark::Written;
        let table_csv = text_of(|out| csv::write(out, &table(), voice, mark).unwrap());
        let list_csv = text_of(|out| assert_eq!(csv::write_list(out, list(1), voice, mark).unwrap(), 2));
        assert_eq!(list_csv, table_csv);
        assert!(list_csv.starts_with('\u{feff}'));
        let table_json = text_of(|out| json::write(out, &[&table()], voice).unwrap());
        let list_json = text_of(|out| assert_eq!(json::write_list(out, list(1), voice).unwrap(), 2));
        assert_eq!(list_json, table_json);
    }
}

#[test]
fn a_workbook_has_typed_cells() {
    let mut bytes = Cursor::new(Vec::new());
    assert_eq!(xlsx::write_list(&mut bytes, list(1), EN).unwrap(), 2);
    let of_list = sheet(bytes);
    let mut bytes = Cursor::new(Vec::new());
    xlsx::write(&mut bytes, &[Section::of_table(table())], EN).unwrap();
    let of_table = sheet(bytes);
    assert_eq!(of_list, of_table);
    assert_eq!(of_table[0][3], Data::String("fee, CNY".into()));
    assert_eq!(
        of_table[1][..3],
        [Data::String("=0012".into()), Data::Float(1_234_567.0), Data::Float(5.0 / 6.0)]
    );
    assert_eq!(of_table[1][3..5], [Data::Float(12.05), Data::String("no".into())]);
}

fn sheet(bytes: Cursor<Vec<u8>>) -> Vec<Vec<Data>> {
    let mut workbook: Xlsx<_> = Xlsx::new(bytes).unwrap();
    let (_, range) = workbook.worksheets().remove(0);
    range.rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn a_plus_sign_is_kept_and_a_negative_number_is_no_formula() {
    assert!(["=1", "+1", "-a", "@x", "\tx"].into_iter().all(is_formula));
    assert!(!["-1.5", "1", "a=b", ""].into_iter().any(is_formula));
}

#[test]
fn a_table_becomes_a_batch_of_the_types_of_its_formats() {
    let (batch, list) = (table().to_batch(Voice::Codes).unwrap(), list(1));
    let types = |schema: &arrow_schema::Schema| {
        schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(types(&batch.schema())[..6], types(&list.schema)[..6]);
    let from_batch = DataList { batches: Box::new(std::iter::once(Ok(batch))), ..list };
    let csv = text_of(|out| {
        assert_eq!(csv::write_list(out, from_batch, Voice::Codes, ByteOrderMark::Absent).unwrap(), 2)
    });
    assert_eq!(csv, text_of(|out| csv::write(out, &table(), Voice::Codes, ByteOrderMark::Absent).unwrap()));
}
