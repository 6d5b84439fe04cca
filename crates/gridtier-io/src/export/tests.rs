use std::fs;
use std::sync::Arc;

use arrow_array::DictionaryArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
};

use super::*;

/// One row of everything that a table can hold, and one of nothing.
fn sheet() -> Sheet {
    let money = Decimal128Array::from(vec![Some(1205), None]).with_precision_and_scale(18, 2).unwrap();
    let words: DictionaryArray<Int32Type> = [Some("a"), None].into_iter().collect();
    let columns: [(&str, ArrayRef); 7] = [
        ("customer_id", Arc::new(StringArray::from(vec![Some("=0012"), None]))),
        ("count", Arc::new(Int64Array::from(vec![Some(1_234_567), None]))),
        ("recovery_rate", Arc::new(Float64Array::from(vec![Some(0.25), None]))),
        ("fee", Arc::new(money)),
        ("regulated", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("applied_on", Arc::new(Date32Array::from(vec![Some(20_000), None]))),
        ("word", Arc::new(words)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let heads = batch.schema().fields().iter().map(|field| format!("the {}", field.name())).collect();
    Sheet { name: "all", title: "All <b> kinds".into(), heads, batch }
}

fn text_of(format: Format) -> String {
    text(format, Mark::Plain, vec![Table::of(&sheet())]).unwrap()
}

#[test]
fn every_kind_of_cell_comes_out_as_itself() {
    let rows: Vec<String> = text_of(Format::Csv).lines().map(str::to_owned).collect();
    assert_eq!(rows[1], "'=0012,1234567,0.25,12.05,true,2024-10-04,a");
    assert_eq!(rows[2], ",,,,,,");
    let told: serde_json::Value = serde_json::from_str(&text_of(Format::Json)).unwrap();
    assert_eq!(told[0]["customer_id"], "=0012", "JSON runs no formula");
    assert_eq!((told[0]["fee"].as_f64(), &told[0]["applied_on"]), (Some(12.05), &"2024-10-04".into()));
    assert!(told[1].as_object().unwrap().values().all(serde_json::Value::is_null));
    let json = text_of(Format::Json);
    let places = ["customer_id", "count", "recovery_rate", "fee"].map(|name| json.find(name).unwrap());
    assert!(places.is_sorted(), "keys stand as the columns do");
    let page = text_of(Format::Html);
    assert!(page.contains("All &lt;b&gt; kinds") && page.contains(">=0012</td>"), "{page}");
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "before").unwrap();
    let broken: Result<(), io::Error> = whole(&path, |file| {
        file.write_all(b"half")?;
        Err(io::Error::other("the disk is full"))
    });
    assert!(broken.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(write(&path, Format::Csv, Mark::Bom, vec![Table::of(&sheet())]).unwrap(), 2);
    assert!(fs::read_to_string(&path).unwrap().starts_with('\u{feff}'));
    let nowhere = write(&dir.path().join("no/a.csv"), Format::Csv, Mark::Plain, vec![Table::of(&sheet())]);
    let told = nowhere.unwrap_err().to_string();
    assert!(told.contains("no/a.csv") && told.contains("Make the folder"), "{told}");
}

#[cfg(unix)]
#[test]
fn others_may_read_a_file_as_the_system_says() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (plain, ours) = (dir.path().join("plain"), dir.path().join("ours.csv"));
    fs::write(&plain, "").unwrap();
    write(&ours, Format::Csv, Mark::Plain, vec![Table::of(&sheet())]).unwrap();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn drafts_of_killed_runs_go_after_a_day_and_no_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join(".gridtier-1.partial"), dir.path().join(".gridtier-2.partial"));
    fs::write(&new, "").unwrap();
    let file = File::create(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - 2 * DRAFT_AGE_MAX).unwrap();
    write(&dir.path().join("a.json"), Format::Json, Mark::Plain, vec![Table::of(&sheet())]).unwrap();
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_list_longer_than_a_sheet_is_refused_and_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.xlsx");
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..300_000).map(|_| "1")));
    let batch = RecordBatch::try_from_iter([("customer_id", ids)]).unwrap();
    let table = Table {
        name: "long",
        title: "long",
        heads: &["customer_id".to_owned()],
        schema: batch.schema(),
        batches: Box::new((0..4).map(|_| Ok(batch.clone()))),
    };
    let told = write(&path, Format::Xlsx, Mark::Plain, vec![table]).unwrap_err().to_string();
    assert!(told.contains("1048575 rows") && !path.exists(), "{told}");
}

#[test]
fn a_parquet_without_rows_has_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none.parquet");
    let sheet = sheet();
    let none = Table { batches: Box::new(std::iter::empty()), ..Table::of(&sheet) };
    assert_eq!(write(&path, Format::Parquet, Mark::Plain, vec![none]).unwrap(), 0);
    let file = File::open(&path).unwrap();
    let builder = ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(builder.schema().fields().len(), 7);
}

#[test]
fn a_plus_sign_is_kept_and_a_negative_number_is_no_formula() {
    assert!(["=1", "+1", "-a", "@x", "\tx"].into_iter().all(is_formula));
    assert!(!["-1.5", "1", "a=b", ""].into_iter().any(is_formula));
}
