//! Tests of the store's promises. The name of each test is a promise, which the test tries to break.

mod chain;
mod crash;
mod damage;
mod decide;
mod publish;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use gridtier::decision::RecordKind;
use serde_json::json;
use tempfile::TempDir;

use super::{Commit, Staging, Store, StoreError, StoredCycle};

const PUBLISHED_AT: &str = "2026-01-02T03:04:05Z";

/// The commit with which most cycles of these tests are published.
const COMMIT: Commit = Commit {
    kind: RecordKind::Cycle,
    published_at: PUBLISHED_AT,
    as_of: Some("2026-01-01"),
    make_current: false,
    by: None,
    reason: None,
    cycle: None,
};

/// The same commit with an earlier as-of.
const EARLIER: Commit = Commit { as_of: Some("2025-01-01"), ..COMMIT };

fn new_store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open_or_create(folder.path().join("store")).unwrap();
    (folder, store)
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("customer_id", DataType::Utf8, false),
        Field::new("score_e6", DataType::Int64, true),
    ]))
}

/// Customers `ids`, each with a score that `salt` changes.
fn batch(ids: std::ops::Range<i64>, salt: i64) -> RecordBatch {
    let names = StringArray::from_iter_values(ids.clone().map(|id| format!("{id:09}")));
    let scores: Int64Array = ids.map(|id| (id % 7 != 0).then_some(id * 31 + salt)).collect();
    RecordBatch::try_new(schema(), vec![Arc::new(names) as ArrayRef, Arc::new(scores)]).unwrap()
}

fn write_outputs(staging: &mut Staging, salt: i64) -> Result<(), StoreError> {
    staging.write_parquet("tiers.parquet", schema(), [batch(0..500, salt)].into_iter())?;
    staging.write_parquet("rejects/bills.parquet", schema(), [batch(0..3, salt)].into_iter())?;
    Ok(())
}

fn publish(store: &Store, salt: i64) -> Result<StoredCycle, StoreError> {
    let mut staging = store.begin()?;
    write_outputs(&mut staging, salt)?;
    staging.publish(json!({ "salt": salt }), &COMMIT)
}

/// Every file and folder under `root` with its content.
fn snapshot(root: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                found.insert(name, None);
                folders.push(path);
            } else {
                found.insert(name, Some(fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// The store holds exactly these cycles, each undamaged, `CURRENT` names the last, and nothing else is in the folder.
fn assert_clean(store: &Store, salts: &[i64]) {
    let cycles = store.cycles().unwrap();
    let found: Vec<_> =
        cycles.iter().map(|cycle| cycle.manifest().unwrap()["salt"].as_i64().unwrap()).collect();
    assert_eq!(found, salts);
    for cycle in &cycles {
        assert_eq!(cycle.verify().unwrap(), []);
    }
    let mut expected = vec![".lock".to_owned(), "_commits".to_owned()];
    if let Some(last) = cycles.last() {
        expected.push("CURRENT".to_owned());
        let current: serde_json::Value =
            serde_json::from_slice(&fs::read(store.path().join("CURRENT")).unwrap()).unwrap();
        assert_eq!(current, json!({ "version": last.version, "dir": last.commit.dir }));
        assert_eq!(store.cycle(None).unwrap(), *last);
    }
    expected.extend(cycles.iter().map(|cycle| cycle.commit.dir.clone()));
    expected.sort();
    let mut names: Vec<_> = snapshot(store.path()).into_keys().filter(|name| !name.contains('/')).collect();
    names.sort();
    assert_eq!(names, expected);
}
