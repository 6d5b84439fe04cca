use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use gridtier::decision::{EntryKind, RecordKind};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::decide::{entry, propose};
use super::{COMMIT, new_store, publish, snapshot, write_outputs};
use crate::store::record::{parse_record, record_path};
use crate::store::register::entry_path;
use crate::store::{Commit, RegisterHead, Store, StoredCycle};

/// A store with cycles, proposals and decisions, whose last entry comes after its last record.
fn decided_store() -> (tempfile::TempDir, Store) {
    let (folder, store) = new_store();
    publish(&store, 1).unwrap();
    for round in 0..3 {
        let approved = propose(&store, 10 + round, &COMMIT).version;
        let rejected = propose(&store, 20 + round, &COMMIT).version;
        let writer = store.decide().unwrap();
        writer.append(&entry(EntryKind::Review, approved)).unwrap();
        writer.append(&entry(EntryKind::Reject, rejected)).unwrap();
        writer.approve(&entry(EntryKind::Approve, approved)).unwrap();
        drop(writer);
        publish(&store, 30 + round).unwrap();
    }
    store.decide().unwrap().append(&entry(EntryKind::Note, 1)).unwrap();
    (folder, store)
}

fn head(store: &Store) -> RegisterHead {
    store.register_head().unwrap()
}

/// The files of both chains.
fn files(store: &Store) -> [Vec<PathBuf>; 2] {
    let (records, entries) = (store.last_record().unwrap(), head(store).entries);
    [
        (1..=records).map(|number| record_path(store.path(), number)).collect(),
        (1..=entries).map(|number| entry_path(store.path(), number)).collect(),
    ]
}

#[test]
fn a_store_as_it_was_written_has_no_fault() {
    let (_folder, store) = decided_store();
    assert_eq!(store.verify_chains(None).unwrap(), []);
    assert_eq!(store.verify_chains(Some(&head(&store))).unwrap(), []);
    let [records, entries] = files(&store);
    assert_eq!((records.len(), entries.len()), (13, 10));
}

/// Tampers with one file of a chain, and says how.
fn tamper(files: &[PathBuf], random: &mut ChaCha8Rng) -> String {
    let mut below = |bound: usize| (random.next_u64() % bound as u64) as usize;
    let at = below(files.len());
    let path = &files[at];
    let kind = below(5);
    match kind {
        // Edit: another value, still JSON.
        0 => {
            let text = fs::read_to_string(path).unwrap();
            let digits: Vec<usize> =
                text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
            let place = digits[below(digits.len())];
            let mut bytes = text.into_bytes();
            bytes[place] = if bytes[place] == b'7' { b'3' } else { b'7' };
            fs::write(path, bytes).unwrap();
        }
        1 => fs::remove_file(path).unwrap(),
        // Insert: the file and those after it move up by one.
        2 => {
            let name = |number: usize| path.with_file_name(format!("{number:06}.json"));
            for number in (at + 1..=files.len()).rev() {
                let text = fs::read_to_string(name(number)).unwrap();
                let renumbered = text
                    .replacen(&format!("\"number\": {number},"), &format!("\"number\": {},", number + 1), 1)
                    .replacen(
                        &format!("\"version\": {number},"),
                        &format!("\"version\": {},", number + 1),
                        1,
                    );
                fs::write(name(number + 1), renumbered).unwrap();
            }
        }
        // Reorder: two files change places.
        3 => {
            let other = &files[(at + 1) % files.len()];
            let (ours, theirs) = (fs::read(path).unwrap(), fs::read(other).unwrap());
            fs::write(path, theirs).unwrap();
            fs::write(other, ours).unwrap();
        }
        // Truncate: this file and all after it.
        _ => files[at..].iter().for_each(|path| fs::remove_file(path).unwrap()),
    }
    let kinds = ["edit", "delete", "insert", "reorder", "truncate"];
    format!("{} at {}", kinds[kind], path.display())
}

#[test]
fn five_hundred_random_tamperings_are_all_named() {
    let (_folder, store) = decided_store();
    let (sound, head, chains) = (snapshot(store.path()), head(&store), files(&store));
    let mut random = ChaCha8Rng::seed_from_u64(2026);
    for round in 0..500 {
        let chain = &chains[round % 2];
        let done = tamper(chain, &mut random);
        let faults = store.verify_chains(Some(&head)).unwrap();
        assert!(!faults.is_empty(), "round {round}: {done} was not found");
        for folder in ["_commits", "_register"] {
            fs::remove_dir_all(store.path().join(folder)).unwrap();
            fs::create_dir(store.path().join(folder)).unwrap();
        }
        for (name, content) in sound.iter().filter(|(name, _)| name.starts_with("_")) {
            if let Some(content) = content {
                fs::write(store.path().join(name), content).unwrap();
            }
        }
    }
    assert_eq!(store.verify_chains(Some(&head)).unwrap(), []);
}

/// Every edit of one value in a file: another value, or none, of each key that it has; and a value of each key in `added`.
fn edits(text: &str, added: &[(&str, Value)]) -> Vec<(String, String)> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let mut paths = Vec::new();
    leaves(&whole, String::new(), &mut paths);
    let mut edited = Vec::new();
    for path in &paths {
        let other = match whole.pointer(path).unwrap() {
            Value::Null => json!(1),
            Value::Bool(value) => json!(!value),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(value) if path == "/as_of" => json!(value.replace("20", "19")),
            Value::String(value) if path == "/kind" && value == "cycle" => json!("proposal"),
            Value::String(_) if path == "/kind" => json!("cycle"),
            Value::String(value) if path == "/dir" => json!(format!("{}7", &value[..value.len() - 1])),
            Value::String(value) => json!(format!("{value}7")),
            _ => json!([]),
        };
        for value in [Some(other), None] {
            let mut edit = whole.clone();
            let (parent, key) = path.rsplit_once('/').unwrap();
            let object = edit.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            match &value {
                Some(value) => drop(object.insert(key.into(), value.clone())),
                None => drop(object.remove(key)),
            }
            edited.push((format!("{path} is {value:?}"), format!("{edit:#}\n")));
        }
    }
    for (key, value) in added.iter().filter(|(key, _)| whole.get(key).is_none()) {
        let mut edit = whole.clone();
        edit[key] = value.clone();
        edited.push((format!("/{key} is added"), format!("{edit:#}\n")));
    }
    edited
}

/// The JSON pointers of all values that hold no others, and of empty ones.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, value)| leaves(value, format!("{path}/{key}"), found));
        }
        _ => found.push(path),
    }
}

/// Fields that a record may lack.
fn optional() -> [(&'static str, Value); 7] {
    [
        ("as_of", json!("2020-01-01")),
        ("by", json!("Zhou")),
        ("reason", json!("none")),
        ("make_current", json!(true)),
        ("current", json!(1)),
        ("cycle", json!(2)),
        ("base", json!(3)),
    ]
}

/// Whether anything in a store is found not to be as it was written.
fn is_named(store: &Store, head: Option<&RegisterHead>) -> bool {
    let faults = store.verify_chains(head).unwrap();
    let is_damaged = || {
        let cycles = [store.cycles().unwrap(), store.inspections().unwrap()].concat();
        cycles.iter().any(|cycle| !cycle.verify().unwrap().is_empty())
    };
    !faults.is_empty() || is_damaged()
}

#[test]
fn every_edit_of_every_field_of_records_and_entries_is_named() {
    let (_folder, store) = decided_store();
    let head = head(&store);
    let mut made = 0;
    for path in files(&store).concat() {
        let sound = fs::read_to_string(&path).unwrap();
        for (edit, text) in edits(&sound, &optional()) {
            // A field without a value can be left out: the file then says the same, but is another one.
            fs::write(&path, text).unwrap();
            assert!(is_named(&store, Some(&head)), "{}: {edit} was not found", path.display());
            made += 1;
        }
        fs::write(&path, sound).unwrap();
    }
    assert!(made > 500, "{made} edits");
    assert_eq!(store.verify_chains(Some(&head)).unwrap(), []);
}

/// Makes `record` the last one of a store, and returns the fields of which no edit is named.
fn unseen_in_last(write: impl Fn(&Store) -> u64) -> BTreeSet<String> {
    let (_folder, store) = new_store();
    publish_as(&store, 1, &COMMIT, json!({}));
    let last = write(&store);
    assert!(!is_named(&store, None));
    let path = record_path(store.path(), last);
    let sound = fs::read_to_string(&path).unwrap();
    let parsed = |text: &str| parse_record(text.as_bytes(), last).ok();
    let mut unseen = BTreeSet::new();
    for (edit, text) in edits(&sound, &optional()) {
        // Some fields may be left out where they say nothing: such a record says the same.
        if parsed(&text) != parsed(&sound) {
            fs::write(&path, &text).unwrap();
            if !is_named(&store, None) {
                unseen.insert(edit.split(' ').next().unwrap().trim_start_matches('/').to_owned());
            }
        }
    }
    unseen
}

/// Publishes with a manifest that says what those of cycles say, and `more`.
fn publish_as(store: &Store, salt: i64, commit: &Commit, more: Value) -> StoredCycle {
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, salt).unwrap();
    let mut manifest = json!({ "salt": salt, "as_of": commit.as_of });
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    staging.publish(manifest, commit).unwrap()
}

#[test]
fn edits_of_a_last_record_that_nothing_names_are_found_by_its_manifest_and_its_entry() {
    const SIGNED: Commit = Commit { by: Some("Li"), reason: Some("due"), ..COMMIT };
    let fields = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<String>>();
    // What is said in the record alone.
    let own = fields(&["published_at", "by", "reason", "make_current"]);
    let cycle = |store: &Store| publish_as(store, 2, &SIGNED, json!({})).version;
    assert_eq!(unseen_in_last(cycle), own);
    let proposed = Commit { kind: RecordKind::Proposal, ..SIGNED };
    let proposal = |store: &Store| publish_as(store, 2, &proposed, json!({})).version;
    assert_eq!(unseen_in_last(proposal), own);
    let revision = |store: &Store| {
        publish_as(store, 2, &SIGNED, json!({ "revises": { "by": "Li", "reason": "due" } })).version
    };
    assert_eq!(unseen_in_last(revision), fields(&["published_at", "make_current"]));
    let inspection = |store: &Store| {
        let commit = Commit { kind: RecordKind::Inspection, cycle: Some(1), ..SIGNED };
        let inspected = store.cycle(None).unwrap().commit.manifest_sha256;
        publish_as(store, 2, &commit, json!({ "cycle_manifest_sha256": inspected })).version
    };
    assert_eq!(unseen_in_last(inspection), own);
    // The entry of a decision says all that its record says.
    let approval = |store: &Store| {
        let proposal = proposal(store);
        store.decide().unwrap().approve(&entry(EntryKind::Approve, proposal)).unwrap();
        proposal + 1
    };
    assert_eq!(unseen_in_last(approval), BTreeSet::new());
    let ruling = |store: &Store| {
        let mut staging = store.begin().unwrap();
        write_outputs(&mut staging, 2).unwrap();
        let manifest = json!({ "as_of": COMMIT.as_of });
        staging.publish_with_entry(manifest, &COMMIT, &entry(EntryKind::Ruling, 1)).unwrap().0.version
    };
    assert_eq!(unseen_in_last(ruling), BTreeSet::new());
}

#[test]
fn a_fault_is_reported_with_the_file_that_has_it() {
    let (_folder, store) = decided_store();
    let named = || -> Vec<String> {
        let faults = store.verify_chains(None).unwrap();
        faults.iter().map(|fault| fault.text().en.into_owned()).collect()
    };
    let path = entry_path(store.path(), 4);
    let sound = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(named()[0].contains("000004.json: it is missing"), "{:?}", named());
    fs::write(&path, sound.replace("checked", "chucked")).unwrap();
    assert!(named().iter().any(|fault| fault.contains("000005.json: it does not follow")), "{:?}", named());
    fs::write(&path, sound.replace("\"manifest_sha256\": \"", "\"manifest_sha256\": \"0")).unwrap();
    assert!(named().iter().any(|fault| fault.contains("000004.json: its cycle has another manifest")));
    fs::write(&path, &sound).unwrap();
    assert_eq!(named(), Vec::<String>::new());
    // Entries after the last record can be cut off unnoticed; only the head that was filed elsewhere shows it.
    let head = head(&store);
    fs::remove_file(entry_path(store.path(), head.entries)).unwrap();
    assert_eq!(named(), Vec::<String>::new());
    let faults = store.verify_chains(Some(&head)).unwrap();
    assert!(faults[0].what.en.contains("not the entry that was filed"), "{faults:?}");
}

#[test]
fn a_store_of_an_earlier_version_is_read_and_continued() {
    let (_folder, store) = new_store();
    let first = publish(&store, 1).unwrap();
    publish(&store, 2).unwrap();
    // The records are as the first versions wrote them: without hashes and without kinds.
    for number in [1, 2] {
        let path = record_path(store.path(), number);
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let old = ["version", "dir", "manifest_sha256", "published_at", "previous"];
        record.as_object_mut().unwrap().retain(|key, _| old.contains(&key.as_str()));
        fs::write(&path, format!("{record:#}\n")).unwrap();
    }
    assert_eq!(store.verify_chains(None).unwrap(), []);
    // In those versions, a cycle was made current again in CURRENT alone.
    let current = format!("{{\"version\":1,\"dir\":\"{}\",\"last\":2}}\n", first.commit.dir);
    fs::write(store.path().join("CURRENT"), current).unwrap();
    assert_eq!(Store::open(store.path()).unwrap().cycle(None).unwrap().version, 1);
    let third = propose(&store, 3, &COMMIT);
    assert_eq!((third.commit.base, third.commit.current), (Some(1), Some(1)));
    assert_eq!(store.cycle(None).unwrap().version, 1);
    assert_eq!(publish(&store, 4).unwrap().version, 4);
    assert_eq!(store.cycle(None).unwrap().version, 4);
    assert_eq!(store.verify_chains(None).unwrap(), []);
}
