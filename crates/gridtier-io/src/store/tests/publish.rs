use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, StringViewArray,
};
use arrow_schema::{DataType, Field, Schema};
use gridtier::output::Output;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use serde_json::json;

use super::{
    COMMIT, EARLIER, PUBLISHED_AT, assert_clean, batch, new_store, publish, schema, snapshot, write_outputs,
};
use crate::store::record::record_path;
use crate::store::{Staging, Store, StoreError, write_checked_tables};

fn read(path: PathBuf) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

#[test]
fn tables_outside_a_store_appear_when_all_are_written_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let tables = || {
        ["a", "b"].map(|name| Output {
            name,
            schema: schema(),
            batches: Box::new([batch(0..9, 0)].into_iter()),
        })
    };
    let damaged = || Err(StoreError::NoCycle { path: PathBuf::from("source") });
    assert!(matches!(write_checked_tables(&out, tables(), damaged), Err(StoreError::NoCycle { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "neither the folder nor a draft is there");
    write_checked_tables(&out, tables(), || Ok::<_, StoreError>(())).unwrap();
    assert_eq!(read(out.join("b.parquet")), batch(0..9, 0));
    let (_folder, store) = new_store();
    let published = publish(&store, 0).unwrap().dir;
    assert!(write_checked_tables(&published, tables(), || Ok::<_, StoreError>(())).is_err());
    assert!(!published.join("a.parquet").exists(), "a published cycle stays as it is");
}

#[test]
fn what_is_published_reads_back() {
    let (_folder, store) = new_store();
    let cycle = publish(&store, 1).unwrap();
    assert_eq!(cycle.version, 1);
    assert_eq!(cycle.commit.published_at, PUBLISHED_AT);
    assert_eq!(cycle.commit.previous, None);
    assert_eq!(read(cycle.dir.join("tiers.parquet")), batch(0..500, 1));
    assert_eq!(read(cycle.dir.join("rejects/bills.parquet")), batch(0..3, 1));
    let manifest = cycle.manifest().unwrap();
    let listed: Vec<_> =
        manifest["outputs"].as_array().unwrap().iter().map(|output| &output["name"]).collect();
    assert_eq!(listed, ["rejects/bills.parquet", "tiers.parquet"]);
    assert_eq!(manifest["outputs"][1]["rows"], 500);
    assert_clean(&store, &[1]);
}

#[test]
fn each_cycle_names_the_one_before_and_all_stay_readable() {
    let (_folder, store) = new_store();
    for salt in 1..=3 {
        publish(&store, salt).unwrap();
    }
    assert_clean(&store, &[1, 2, 3]);
    assert_eq!(store.cycle(Some(3)).unwrap().commit.previous, Some(2));
    assert_eq!(store.cycle(Some(1)).unwrap().manifest().unwrap()["salt"], 1);
}

#[test]
fn the_manifest_is_the_same_in_every_store() {
    let (_folder_a, store_a) = new_store();
    let (_folder_b, store_b) = new_store();
    publish(&store_a, 1).unwrap();
    let first = publish(&store_a, 2).unwrap();
    let second = publish(&store_b, 2).unwrap();
    assert_ne!(first.version, second.version);
    assert_eq!(first.commit.manifest_sha256, second.commit.manifest_sha256);
}

#[test]
fn bytes_do_not_depend_on_how_rows_are_split() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let rows = 1_100_000;
    let whole = staging.write_parquet("a.parquet", schema(), [batch(0..rows, 0)].into_iter()).unwrap();
    let cuts: Vec<i64> = [0, 1, 1, 1023, 65_536, 70_001, 300_000, 1_048_577, rows].into();
    let parts = cuts.windows(2).map(|cut| batch(cut[0]..cut[1], 0));
    let split = staging.write_parquet("b.parquet", schema(), parts).unwrap();
    assert_eq!((&whole.sha256, whole.bytes, whole.rows), (&split.sha256, split.bytes, 1_100_000));
    let path = store.path().join(format!("{}/a.parquet", staging.scratch[0].file_name().unwrap().display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let groups: Vec<i64> = builder.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [1 << 20, 1_100_000 - (1 << 20)]);
}

#[test]
fn sums_are_written_as_differences_and_only_what_returns_has_a_dictionary() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let rows = 100_000;
    let ids: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("C{:05}", row / 12))));
    let months: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row % 12)));
    let sums: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row * row % 1_000_003)));
    let given = RecordBatch::try_from_iter([("id", ids), ("month", months), ("sum", sums)]).unwrap();
    staging.write_parquet("a.parquet", given.schema(), [given.clone()].into_iter()).unwrap();
    let path = staging.publish(json!({}), &COMMIT).unwrap().dir.join("a.parquet");
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let columns = builder.metadata().row_group(0).columns();
    let has_dictionary: Vec<bool> =
        columns.iter().map(|column| column.dictionary_page_offset().is_some()).collect();
    assert_eq!(has_dictionary, [false, true, false]);
    // Spark before 3.3 reads no differences.
    assert!(columns[2].encodings().all(|encoding| [Encoding::PLAIN, Encoding::RLE].contains(&encoding)));
    assert_eq!(read(path), given);
}

#[test]
fn text_in_any_encoding_comes_out_as_plain_text() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("特级"), None, Some("特级")]));
    let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("特级"), None, Some("特级")]));
    let dictionary: DictionaryArray<Int32Type> = [Some("特级"), None, Some("特级")].into_iter().collect();
    let written = [("a.parquet", plain), ("b.parquet", view), ("c.parquet", Arc::new(dictionary))].map(
        |(name, text)| {
            let schema = Arc::new(Schema::new(vec![Field::new("tier", DataType::Utf8, true)]));
            let given = RecordBatch::try_from_iter_with_nullable([("tier", text, true)]).unwrap();
            staging.write_parquet(name, schema, [given].into_iter()).unwrap()
        },
    );
    assert!(written.iter().all(|output| output.sha256 == written[0].sha256));
    let back = read(staging.publish(json!({}), &COMMIT).unwrap().dir.join("c.parquet"));
    assert_eq!(back.column(0).as_string::<i32>().value(2), "特级");
}

#[test]
fn a_table_without_rows_is_a_file_with_columns() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let output = staging.write_parquet("findings.parquet", schema(), std::iter::empty()).unwrap();
    assert_eq!(output.rows, 0);
    let cycle = staging.publish(json!({}), &COMMIT).unwrap();
    let footer = File::open(cycle.dir.join("findings.parquet")).unwrap();
    assert_eq!(ParquetRecordBatchReaderBuilder::try_new(footer).unwrap().schema().fields().len(), 2);
}

#[test]
fn rows_that_are_not_what_the_schema_says_are_a_bug_and_leave_no_file() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let one = RecordBatch::try_from_iter([("customer_id", numbers.clone())]).unwrap();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    let two =
        RecordBatch::try_from_iter([("customer_id", text.clone()), ("score_e6", numbers.clone())]).unwrap();
    let three = RecordBatch::try_from_iter([("a", text.clone()), ("b", text), ("c", numbers)]).unwrap();
    for wrong in [one, two, three] {
        let error = staging.write_parquet("tiers.parquet", schema(), [wrong].into_iter()).unwrap_err();
        assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
    }
    write_outputs(&mut staging, 1).unwrap();
    staging.publish(json!({ "salt": 1 }), &COMMIT).unwrap();
    assert_clean(&store, &[1]);
}

#[test]
fn names_that_leave_the_folder_or_hide_are_refused() {
    let (_folder, store) = new_store();
    let mut staging = store.begin().unwrap();
    let names = [
        "../x.parquet",
        "/x.parquet",
        "a/b.parquet",
        "_x.parquet",
        ".x.parquet",
        "x.csv",
        ".parquet",
        "rejects/",
    ];
    for name in names {
        let error = staging.write_parquet(name, schema(), std::iter::empty()).unwrap_err();
        assert!(matches!(error, StoreError::Misuse { .. }), "{name}: {error}");
    }
    staging.write_parquet("x.parquet", schema(), std::iter::empty()).unwrap();
    assert!(staging.write_parquet("x.parquet", schema(), std::iter::empty()).is_err());
}

#[test]
fn a_manifest_that_lists_outputs_itself_is_refused() {
    let (_folder, store) = new_store();
    for manifest in [json!({ "outputs": [] }), json!([1])] {
        let error = store.begin().unwrap().publish(manifest, &COMMIT).unwrap_err();
        assert!(matches!(error, StoreError::Misuse { .. }), "{error}");
    }
    assert_clean(&store, &[]);
}

#[test]
fn nothing_is_visible_before_the_commit_and_nothing_is_left_without_it() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 2).unwrap();
    assert_eq!(store.cycles().unwrap().len(), 1);
    drop(staging);
    assert_clean(&store, &[1]);
}

#[test]
fn a_second_writer_is_told_at_once_that_the_store_is_busy() {
    let (_folder, store) = new_store();
    let first = store.begin().unwrap();
    let error = Store::open(store.path()).unwrap().begin().unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }) && error.is_write());
    assert!(error.to_string().contains("wait for it to end"), "{error}");
    drop(first);
    publish(&store, 1).unwrap();
    assert_clean(&store, &[1]);
}

#[test]
fn of_two_publishers_that_ignore_the_lock_exactly_one_wins() {
    let (_folder, store) = new_store();
    publish(&store, 0).unwrap();
    for version in 2..12 {
        let barrier = std::sync::Barrier::new(2);
        let race = |salt: i64| {
            let mut staging = Staging::create(store.path(), None).unwrap();
            write_outputs(&mut staging, salt).unwrap();
            let sha256 = staging.seal(json!({ "salt": salt })).unwrap();
            let record = staging.next_record(sha256, &COMMIT).unwrap();
            let drafts = staging.write_drafts(&record).unwrap();
            staging.move_into_place(&record).unwrap();
            barrier.wait();
            staging.commit(&record, &drafts).map(|()| salt)
        };
        let results = std::thread::scope(|scope| {
            let other = scope.spawn(|| race(1));
            [race(2), other.join().unwrap()]
        });
        let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        let lost: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!((won.len(), lost.len()), (1, 1));
        assert!(matches!(lost[0], StoreError::LostRace { version: lost, .. } if *lost == version));
        assert_eq!(store.cycle(None).unwrap().manifest().unwrap()["salt"], *won[0]);
        let folders =
            snapshot(store.path()).into_keys().filter(|name| name.starts_with('v') && !name.contains('/'));
        assert_eq!(gridtier::index::count(folders.count()), version);
    }
}

#[test]
fn a_folder_that_is_not_a_store_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "irreplaceable").unwrap();
    fs::create_dir(folder.path().join(".staging-photos")).unwrap();
    let before = snapshot(folder.path());
    let error = Store::open_or_create(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Occupied { .. }) && error.is_write());
    assert!(matches!(Store::open(folder.path()), Err(StoreError::NotAStore { .. })));
    let file = folder.path().join("thesis.txt");
    assert!(matches!(Store::open_or_create(&file), Err(StoreError::Occupied { .. })));
    assert!(matches!(Store::open(&file), Err(StoreError::NotAStore { .. })));
    assert_eq!(snapshot(folder.path()), before);
}

#[test]
fn opening_what_is_not_there_says_how_to_make_a_store_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    let error = Store::open(&path).unwrap_err();
    assert!(error.to_string().contains("gridtier regrade") && !error.is_write(), "{error}");
    assert!(!path.exists());
    assert!(Store::open(folder.path()).is_err());
    assert!(Store::open_or_create(folder.path()).is_ok());
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn a_cycle_that_is_not_there_is_a_failure_to_read() {
    let (_folder, store) = new_store();
    let error = store.cycle(None).unwrap_err();
    assert!(matches!(error, StoreError::NoCycle { .. }) && !error.is_write());
    publish(&store, 1).unwrap();
    let error = store.cycle(Some(9)).unwrap_err();
    assert!(matches!(error, StoreError::NoSuchCycle { version: 9, last: 1, .. }) && !error.is_write());
}

#[test]
fn a_relative_path_works() {
    // Cargo runs tests in the package's folder; the working directory of the process stays as it is.
    let folder = tempfile::tempdir_in(".").unwrap();
    let relative = PathBuf::from(folder.path().file_name().unwrap()).join("store");
    let store = Store::open_or_create(&relative).unwrap();
    let cycle = publish(&store, 1).unwrap();
    assert!(cycle.dir.is_relative() && cycle.dir.starts_with(&relative));
    assert_clean(&store, &[1]);
}

/// What `CURRENT` holds.
fn current(store: &Store) -> serde_json::Value {
    serde_json::from_slice(&fs::read(store.path().join("CURRENT")).unwrap()).unwrap()
}

#[test]
fn a_cycle_can_be_published_beside_the_current_one() {
    let (_folder, store) = new_store();
    let first = publish(&store, 1).unwrap();
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 2).unwrap();
    let second = staging.publish(json!({ "salt": 2 }), &EARLIER).unwrap();
    assert_eq!(second.commit.current, Some(1));
    assert_eq!(current(&store), json!({ "version": 1, "dir": first.commit.dir, "last": 2 }));
    for mend in [false, true] {
        if mend {
            // A store that lost CURRENT finds it again in the last record.
            fs::remove_file(store.path().join("CURRENT")).unwrap();
        }
        let opened = Store::open(store.path()).unwrap();
        assert_eq!((opened.cycle(None).unwrap().version, opened.cycles().unwrap().len()), (1, 2));
        assert_eq!(current(&store)["version"], 1);
    }
    // The next cycle becomes current as usual.
    assert_eq!(publish(&store, 3).unwrap().commit.current, None);
    assert_clean(&store, &[1, 2, 3]);
}

#[test]
fn an_earlier_cycle_can_be_made_current_again_until_the_next_is_published() {
    let (_folder, store) = new_store();
    let first = publish(&store, 1).unwrap();
    publish(&store, 2).unwrap();
    store.decide().unwrap().make_current(&first, PUBLISHED_AT).unwrap();
    assert_eq!(current(&store), json!({ "version": 1, "dir": first.commit.dir, "last": 3 }));
    // The record says so: a store that lost CURRENT finds it again.
    fs::remove_file(store.path().join("CURRENT")).unwrap();
    let opened = Store::open(store.path()).unwrap();
    assert_eq!((opened.cycle(None).unwrap().version, opened.cycles().unwrap().len()), (1, 2));
    assert_eq!(opened.verify_chains(None).unwrap(), []);
    // Record 3 made cycle 1 current again: the next cycle has number 4.
    assert_eq!(publish(&store, 3).unwrap().version, 4);
    assert_eq!(opened.cycle(None).unwrap().version, 4);
    assert_clean(&store, &[1, 2, 3]);
}

#[test]
fn a_cycle_that_is_not_current_is_kept_even_if_its_record_is_lost() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 2).unwrap();
    let second = staging.publish(json!({ "salt": 2 }), &EARLIER).unwrap();
    fs::remove_file(record_path(store.path(), 2)).unwrap();
    let error = store.begin().unwrap_err();
    assert!(matches!(error, StoreError::LostRecord { .. }), "{error}");
    assert!(second.dir.is_dir());
}
