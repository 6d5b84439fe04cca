//! Tests of the inventory, on cycles that consist of a tier table alone.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, StringArray};
use gridtier::decision::RecordKind;
use gridtier::method::Tier;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::store::{Commit, NewEntry};

/// A time long after everything in these tests.
const LATER: &str = "2030-01-01T00:00:00Z";

fn new_store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open_or_create(folder.path().join("store")).unwrap();
    (folder, store)
}

/// A row for each id and tier, all firm and in one stratum.
fn tier_table(ids: impl Iterator<Item = String>, tiers: impl Iterator<Item = Tier>) -> RecordBatch {
    let ids = StringArray::from_iter_values(ids);
    let rows = ids.len();
    let tiers = StringArray::from_iter_values(tiers.take(rows).map(|tier| tier.code()));
    RecordBatch::try_from_iter([
        ("customer_id", Arc::new(ids) as ArrayRef),
        ("stratum", Arc::new(StringArray::from(vec!["all"; rows]))),
        ("tier", Arc::new(tiers)),
        ("provisional", Arc::new(BooleanArray::from(vec![false; rows]))),
    ])
    .unwrap()
}

fn publish(store: &Store, commit: &Commit, table: RecordBatch) -> StoredCycle {
    let mut staging = store.begin().unwrap();
    staging.write_parquet("tiers.parquet", table.schema(), [table].into_iter()).unwrap();
    staging.publish(json!({}), commit).unwrap()
}

/// A cycle with customers by their tiers: `aS` is customer a, special.
fn cycle(store: &Store, as_of: &'static str, at: &'static str, customers: &str) -> StoredCycle {
    publish(store, &Commit::cycle(at, Some(as_of)), customers_by_tier(customers))
}

fn customers_by_tier(customers: &str) -> RecordBatch {
    let words: Vec<&str> = customers.split(' ').filter(|word| !word.is_empty()).collect();
    let tier = |word: &&str| match word.as_bytes()[1] {
        b'S' => Tier::Special,
        digit => Tier::ALL[usize::from(digit - b'0')],
    };
    tier_table(words.iter().map(|word| word[..1].to_owned()), words.iter().map(tier))
}

/// `id from to first last` of each row.
fn rows(history: &TierHistory) -> Vec<String> {
    let spans = history.spans.iter().map(|span| {
        let day = |day| gridtier::unit::date_of_day(day).unwrap().to_string();
        let to = span.valid_to.map_or("–".to_owned(), day);
        let id = history.customers.key(span.customer);
        format!("{id} {} {to} {} {}", day(span.valid_from), span.first_cycle, span.last_cycle)
    });
    spans.collect()
}

#[test]
fn history_has_for_each_as_of_the_cycle_that_was_published_last_by_the_day() {
    let (_folder, store) = new_store();
    cycle(&store, "2024-01-01", "2024-02-01T00:00:00Z", "aS b2");
    cycle(&store, "2026-01-01", "2026-02-01T00:00:00Z", "a2 b2 c1");
    // A correction of the first cycle, published after the second one.
    cycle(&store, "2024-01-01", "2026-03-01T23:30:00Z", "a1 b2");
    let known = |day: &str| {
        let day = (!day.is_empty()).then(|| day.parse().unwrap());
        rows(&history(&store, day, None).unwrap())
    };
    let corrected =
        ["a 2024-01-01 2026-01-01 3 3", "a 2026-01-01 – 2 2", "b 2024-01-01 – 3 2", "c 2026-01-01 – 2 2"];
    assert_eq!(known(""), corrected);
    assert_eq!(known("2026-03-01"), corrected);
    assert_eq!(
        known("2026-02-28"),
        ["a 2024-01-01 2026-01-01 1 1", "a 2026-01-01 – 2 2", "b 2024-01-01 – 1 2", "c 2026-01-01 – 2 2"]
    );
    assert_eq!(known("2025-01-01"), ["a 2024-01-01 – 1 1", "b 2024-01-01 – 1 1"]);
    assert_eq!(known("2020-01-01"), Vec::<String>::new());
    let one = history(&store, None, Some("c")).unwrap();
    assert_eq!(rows(&one), ["c 2026-01-01 – 2 2"]);
}

#[test]
fn a_proposal_has_no_history_before_its_approval() {
    let (_folder, store) = new_store();
    cycle(&store, "2024-01-01", "2024-02-01T00:00:00Z", "aS");
    let commit = Commit {
        kind: RecordKind::Proposal,
        by: Some("Li"),
        ..Commit::cycle("2026-02-01T00:00:00Z", Some("2026-01-01"))
    };
    publish(&store, &commit, customers_by_tier("a2"));
    assert_eq!(rows(&history(&store, None, None).unwrap()), ["a 2024-01-01 – 1 1"]);
    store.decide().unwrap().approve(&entry(EntryKind::Approve, 2)).unwrap();
    let decided = ["a 2024-01-01 2026-01-01 1 1", "a 2026-01-01 – 2 2"];
    assert_eq!(rows(&history(&store, None, None).unwrap()), decided);
    // Known since the approval, not since the proposal.
    let before = history(&store, Some("2026-02-28".parse().unwrap()), None).unwrap();
    assert_eq!(rows(&before), ["a 2024-01-01 – 1 1"]);
}

fn entry(kind: EntryKind, cycle: u64) -> NewEntry<'static> {
    NewEntry {
        at: "2026-03-01T00:00:00Z",
        by: "Wang",
        kind,
        cycle: Some(cycle),
        customer_id: None,
        reason: "checked",
        files: Vec::new(),
        facts: json!({}),
    }
}

#[test]
fn states_follow_from_records_and_entries_and_only_what_nothing_needs_is_removed() {
    use CycleState::{Current, Expired, Published, Rejected, Superseded, Withdrawn};
    let (_folder, store) = new_store();
    cycle(&store, "2023-01-01", "2023-02-01T00:00:00Z", "aS");
    cycle(&store, "2024-01-01", "2024-02-01T00:00:00Z", "aS");
    cycle(&store, "2024-01-01", "2024-03-01T00:00:00Z", "aS");
    let propose = || {
        let commit = Commit {
            kind: RecordKind::Proposal,
            ..Commit::cycle("2026-02-01T00:00:00Z", Some("2026-01-01"))
        };
        publish(&store, &commit, customers_by_tier("a2")).version
    };
    let [rejected, withdrawn, approved, expired] = [propose(), propose(), propose(), propose()];
    let writer = store.decide().unwrap();
    writer.append(&entry(EntryKind::Reject, rejected)).unwrap();
    writer.append(&entry(EntryKind::Withdraw, withdrawn)).unwrap();
    writer.approve(&entry(EntryKind::Approve, approved)).unwrap();
    drop(writer);
    let states =
        || -> Vec<CycleState> { cycles(&store, LATER).unwrap().iter().map(|cycle| cycle.state).collect() };
    let all = [Published, Superseded, Published, Rejected, Withdrawn, Current, Expired];
    assert_eq!(states(), all);
    let numbers = |cycles: Vec<ListedCycle>| cycles.iter().map(|cycle| cycle.number).collect::<Vec<_>>();
    assert_eq!(numbers(prunable(&store, LATER).unwrap()), [2, rejected, withdrawn, expired]);
    // An appeal is about a cycle: it stays.
    store.decide().unwrap().append(&entry(EntryKind::Appeal, 2)).unwrap();
    assert_eq!(numbers(prune(&store, LATER).unwrap()), [rejected, withdrawn, expired]);
    assert_eq!(numbers(prune(&store, LATER).unwrap()), [0u64; 0]);
    assert_eq!(states(), all, "the records of removed cycles remain");
    assert!(cycles(&store, LATER).unwrap()[3].pruned);
    let check = verify(&store, None, LATER).unwrap();
    assert_eq!((check.chains.len(), check.pruned), (0, vec![rejected, withdrawn, expired]));
}

#[test]
fn the_cycle_whose_tiers_the_current_one_has_read_is_kept() {
    let (_folder, store) = new_store();
    let read = cycle(&store, "2024-01-01", "2024-02-01T00:00:00Z", "aS");
    let mut staging = store.begin().unwrap();
    let table = customers_by_tier("aS");
    staging.write_parquet("tiers.parquet", table.schema(), [table].into_iter()).unwrap();
    let manifest = json!({ "previous": read.commit.manifest_sha256 });
    staging.publish(manifest, &Commit::cycle("2026-02-01T00:00:00Z", Some("2026-01-01"))).unwrap();
    // Two more gradings follow, as of an earlier day.
    cycle(&store, "2024-01-01", "2026-03-01T00:00:00Z", "a1");
    cycle(&store, "2024-01-01", "2026-04-01T00:00:00Z", "a2");
    let numbers: Vec<u64> = prunable(&store, LATER).unwrap().iter().map(|cycle| cycle.number).collect();
    assert_eq!(numbers, [3]);
}

#[test]
fn a_missing_folder_of_the_current_cycle_is_damage() {
    let (_folder, store) = new_store();
    let first = cycle(&store, "2024-01-01", "2024-02-01T00:00:00Z", "aS");
    std::fs::remove_dir_all(&first.dir).unwrap();
    let check = verify(&store, None, LATER).unwrap();
    assert!(!check.is_sound() && check.pruned.is_empty());
}

/// Ten cycles; `GRIDTIER_BENCH_CUSTOMERS=1000000` measures what the command promises.
#[test]
fn a_history_of_ten_cycles_holds_a_row_for_each_change() {
    let customers = std::env::var("GRIDTIER_BENCH_CUSTOMERS").ok().and_then(|size| size.parse().ok());
    let customers: usize = customers.unwrap_or(2_000);
    let (_folder, store) = new_store();
    let years = ["2016", "2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025"];
    for (year, number) in years.iter().zip(0usize..) {
        let as_of = format!("{year}-01-01");
        // A tenth of the customers changes tier in each cycle.
        let tiers = (0..customers).map(|at| Tier::ALL[usize::from(at % 10 < number) + 1]);
        let table = tier_table((0..customers).map(|at| format!("{at:010}")), tiers);
        publish(&store, &Commit::cycle("2026-01-01T00:00:00Z", Some(&as_of)), table);
    }
    let started = std::time::Instant::now();
    let history = history(&store, None, None).unwrap();
    assert_eq!(history.spans.len(), customers + customers / 10 * 9);
    if customers >= 1_000_000 {
        let seconds = started.elapsed().as_secs_f64();
        assert!(seconds < 10.0, "{seconds} s");
    }
}
