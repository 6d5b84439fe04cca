use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gridtier::decision::{EntryKind, RecordKind};
use serde_json::json;

use super::crash::child;
use super::{COMMIT, EARLIER, PUBLISHED_AT, new_store, publish, snapshot, write_outputs};
use crate::store::append::append;
use crate::store::register::{entry_path, read_register};
use crate::store::{Commit, NewEntry, Store, StoreError, StoredCycle};

const DOOMED_STORE: &str = "GRIDTIER_TEST_DOOMED_APPROVALS";

/// A proposal.
pub(super) fn propose(store: &Store, salt: i64, commit: &Commit) -> StoredCycle {
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, salt).unwrap();
    let commit = Commit { kind: RecordKind::Proposal, by: Some("Li"), reason: Some("due"), ..*commit };
    staging.publish(json!({ "salt": salt }), &commit).unwrap()
}

pub(super) fn entry(kind: EntryKind, cycle: u64) -> NewEntry<'static> {
    NewEntry {
        at: PUBLISHED_AT,
        by: "Wang",
        kind,
        cycle: Some(cycle),
        customer_id: None,
        reason: "checked",
        files: Vec::new(),
        facts: json!({}),
    }
}

fn current(store: &Store) -> Option<u64> {
    let text = fs::read(store.path().join("CURRENT")).ok()?;
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["version"].as_u64()
}

#[test]
fn a_proposal_is_whole_and_not_current_until_it_is_approved() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let proposal = propose(&store, 2, &COMMIT);
    assert_eq!((proposal.version, proposal.is_published(), proposal.commit.base), (2, false, Some(1)));
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (1, Some(1)));
    assert_eq!(store.published().unwrap().len(), 1);
    assert_eq!(proposal.verify().unwrap(), []);
    let approved = store.decide().unwrap().approve(&entry(EntryKind::Approve, 2)).unwrap();
    assert_eq!((approved.version, &approved.dir), (2, &proposal.dir));
    let record = approved.publication.unwrap();
    assert_eq!((record.version, record.cycle, record.kind), (3, Some(2), RecordKind::Approval));
    assert_eq!((record.by.as_deref(), record.dir), (Some("Wang"), proposal.commit.dir));
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (2, Some(2)));
    assert_eq!(store.published().unwrap().len(), 2);
    assert!(matches!(store.cycle(Some(3)), Err(StoreError::NoSuchCycle { .. })));
    assert_eq!(store.verify_chains(None).unwrap(), []);
    assert_eq!(publish(&store, 4).unwrap().version, 4);
}

#[test]
fn the_first_proposal_of_a_store_leaves_it_without_a_current_cycle() {
    let (_folder, store) = new_store();
    propose(&store, 1, &COMMIT);
    assert!(matches!(store.cycle(None), Err(StoreError::OnlyProposals { proposal: 1, .. })));
    assert_eq!((current(&store), store.cycle(Some(1)).unwrap().version), (None, 1));
    drop(store.begin().unwrap());
    store.decide().unwrap().approve(&entry(EntryKind::Approve, 1)).unwrap();
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (1, Some(1)));
    assert_eq!(store.verify_chains(None).unwrap(), []);
}

#[test]
fn an_approved_proposal_with_an_earlier_as_of_leaves_the_current_cycle_current() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    propose(&store, 2, &EARLIER);
    propose(&store, 3, &Commit { make_current: true, ..EARLIER });
    let writer = store.decide().unwrap();
    writer.approve(&entry(EntryKind::Approve, 2)).unwrap();
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (1, Some(1)));
    writer.approve(&entry(EntryKind::Approve, 3)).unwrap();
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (3, Some(3)));
    assert_eq!(store.verify_chains(None).unwrap(), []);
    let order: Vec<u64> = store.published().unwrap().iter().map(|cycle| cycle.version).collect();
    assert_eq!(order, [1, 2, 3]);
}

#[test]
fn the_order_of_publication_is_that_of_approvals() {
    let (_folder, store) = new_store();
    propose(&store, 1, &COMMIT);
    publish(&store, 2).unwrap();
    store.decide().unwrap().approve(&entry(EntryKind::Approve, 1)).unwrap();
    let order: Vec<u64> = store.published().unwrap().iter().map(|cycle| cycle.version).collect();
    assert_eq!(order, [2, 1]);
}

#[test]
fn an_inspection_is_kept_and_is_not_a_cycle() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 2).unwrap();
    let commit = Commit { kind: RecordKind::Inspection, cycle: Some(1), ..COMMIT };
    staging.publish(json!({ "salt": 2 }), &commit).unwrap();
    let numbers = |cycles: Vec<StoredCycle>| cycles.iter().map(|cycle| cycle.version).collect::<Vec<_>>();
    assert_eq!(numbers(store.cycles().unwrap()), [1]);
    assert_eq!(numbers(store.inspections().unwrap()), [2]);
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (1, Some(1)));
    assert_eq!(store.verify_chains(None).unwrap(), []);
}

#[test]
fn a_writer_killed_between_entry_and_record_is_completed_by_the_next() {
    let completions: [fn(&Store); 3] = [
        |store| drop(Store::open(store.path()).unwrap()),
        |store| drop(store.begin().unwrap()),
        |store| drop(store.decide().unwrap().append(&entry(EntryKind::Note, 2)).unwrap()),
    ];
    for complete in completions {
        let (_folder, store) = new_store();
        publish(&store, 1).unwrap();
        propose(&store, 2, &COMMIT);
        append(store.path(), &entry(EntryKind::Approve, 2)).unwrap();
        assert_eq!(store.cycle(None).unwrap().version, 1);
        complete(&store);
        assert_eq!((store.cycle(None).unwrap().version, current(&store)), (2, Some(2)));
        let record = store.cycle(None).unwrap().publication.unwrap();
        assert_eq!((record.version, record.published_at.as_str()), (3, PUBLISHED_AT));
        assert_eq!(record.register.unwrap().entries, 1);
        assert_eq!(store.verify_chains(None).unwrap(), []);
    }
}

#[test]
fn a_ruling_with_a_cycle_of_its_own_is_whole_or_completed() {
    let ruling = || NewEntry { reason: "upheld", ..entry(EntryKind::Ruling, 1) };
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 2).unwrap();
    let (cycle, written) = staging.publish_with_entry(json!({ "salt": 2 }), &COMMIT, &ruling()).unwrap();
    assert_eq!((cycle.version, cycle.is_published(), written.number), (2, true, 1));
    assert_eq!(cycle.commit.register.as_ref().unwrap().entries, 1);
    assert_eq!((cycle.commit.reason.as_deref(), current(&store)), (Some("upheld"), Some(2)));
    assert_eq!(store.verify_chains(None).unwrap(), []);
    // The writer is killed after the entry: the folder is in its place but has no record.
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 3).unwrap();
    staging.write_decision(json!({ "salt": 3 }), &COMMIT, &ruling()).unwrap();
    drop(staging);
    assert_eq!((store.cycle(None).unwrap().version, current(&store)), (2, Some(2)));
    assert_eq!(store.verify_chains(None).unwrap(), []);
    let opened = Store::open(store.path()).unwrap();
    let completed = opened.cycle(None).unwrap();
    assert_eq!((completed.version, current(&store)), (3, Some(3)));
    assert_eq!(
        (completed.manifest().unwrap()["salt"].as_i64(), completed.verify().unwrap()),
        (Some(3), vec![])
    );
    assert_eq!(store.verify_chains(None).unwrap(), []);
    // The writer is killed before the entry: the store is as it was.
    let mut staging = store.begin().unwrap();
    write_outputs(&mut staging, 4).unwrap();
    let sha256 = staging.seal(json!({ "salt": 4 })).unwrap();
    let record = staging.next_record(sha256, &COMMIT).unwrap();
    staging.move_into_place(&record).unwrap();
    staging.scratch.clear();
    drop(staging);
    drop(store.begin().unwrap());
    assert_eq!(store.cycle(None).unwrap().version, 3);
    assert!(!store.path().join(&record.dir).exists());
}

#[test]
fn an_entry_that_was_not_written_to_its_end_was_never_written() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    propose(&store, 2, &COMMIT);
    let written = append(store.path(), &entry(EntryKind::Approve, 2)).unwrap();
    let text = written.to_text().unwrap();
    for cut in [0, text.len() / 2, text.len() - 1] {
        fs::write(entry_path(store.path(), 1), &text[..cut]).unwrap();
        assert_eq!(Store::open(store.path()).unwrap().cycle(None).unwrap().version, 1);
        assert_eq!(store.verify_chains(None).unwrap(), []);
        drop(store.begin().unwrap());
        assert!(!entry_path(store.path(), 1).exists());
        assert_eq!(store.cycle(None).unwrap().version, 1);
    }
}

#[test]
fn of_two_entries_at_once_one_is_written() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    propose(&store, 2, &COMMIT);
    let held = store.decide().unwrap();
    assert!(matches!(store.decide(), Err(StoreError::Busy { .. })));
    drop(held);
    for number in 1..20 {
        let barrier = std::sync::Barrier::new(2);
        let race = |by: &'static str| {
            barrier.wait();
            append(store.path(), &NewEntry { by, ..entry(EntryKind::Note, 2) })
        };
        let results = std::thread::scope(|scope| {
            let other = scope.spawn(|| race("a"));
            [race("b"), other.join().unwrap()]
        });
        let register = read_register(store.path()).unwrap();
        let written: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        assert!(!written.is_empty(), "round {number}");
        assert!(written.iter().all(|entry| register.whole.contains(entry)), "round {number}");
        let lost = results.iter().filter_map(|result| result.as_ref().err());
        assert!(lost.into_iter().all(|error| matches!(error, StoreError::LostEntryRace { .. })));
        assert_eq!(store.verify_chains(None).unwrap(), []);
    }
}

/// Not a test of its own: run and killed by the next one.
#[test]
fn approve_until_killed() {
    let Some(path) = std::env::var_os(DOOMED_STORE) else { return };
    let store = Store::open(path).unwrap();
    loop {
        let proposal = propose(&store, 9, &COMMIT);
        store.decide().unwrap().approve(&entry(EntryKind::Approve, proposal.version)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_writer_that_is_really_killed_leaves_approvals_whole_or_completes_them() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    for round in 0..25 {
        let mut writer = child("", "decide::approve_until_killed", DOOMED_STORE, &store);
        let mut writer = writer.stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(20_000 + 1_730 * round));
        // On a slow machine the first round takes longer, so that the writer is killed during an approval.
        for _ in 0..2_000 {
            if store.register_head().is_ok_and(|head| head.entries > 0) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        let store = Store::open(store.path()).unwrap();
        drop(store.begin().unwrap());
        assert_eq!(store.verify_chains(None).unwrap(), []);
        let approved = store.register().unwrap().len();
        assert_eq!(store.published().unwrap().len(), 1 + approved);
        let litter: Vec<_> = snapshot(store.path())
            .into_keys()
            .filter(|name| Path::new(name).file_name().unwrap().to_str().unwrap().starts_with('.'))
            .collect();
        assert_eq!(litter, [".lock"]);
    }
    assert!(!store.register().unwrap().is_empty(), "no approval in 25 rounds");
}
