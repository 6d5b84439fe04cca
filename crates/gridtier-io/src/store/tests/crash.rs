use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::{COMMIT, assert_clean, new_store, publish, snapshot, write_outputs};
use crate::store::record::{Current, copy_new, record_path};
use crate::store::{Staging, Store, StoreError};

/// A publish that stops after `steps` steps. Returns the salts that a reader must see afterwards.
fn stop_after(steps: usize, staging: &mut Staging, root: &Path) -> &'static [i64] {
    const BEFORE: &[i64] = &[1];
    let mut left = steps;
    let mut done = || {
        left = left.saturating_sub(1);
        left == 0
    };
    staging.write_parquet("tiers.parquet", super::schema(), std::iter::empty()).unwrap();
    if done() {
        return BEFORE;
    }
    let sha256 = staging.seal(json!({ "salt": 2 })).unwrap();
    if done() {
        return BEFORE;
    }
    staging.read_back().unwrap();
    let record = staging.next_record(sha256, &COMMIT).unwrap();
    let drafts = staging.write_drafts(&record).unwrap();
    if done() {
        return BEFORE;
    }
    staging.move_into_place(&record).unwrap();
    if done() {
        return BEFORE;
    }
    let text = record.to_text().unwrap();
    let cuts = [0, text.len() / 2, text.len() - 1];
    if let Some(&cut) = cuts.get(steps - 5) {
        fs::write(record_path(root, record.version), &text[..cut]).unwrap();
        return BEFORE;
    }
    staging.commit(&record, &drafts).unwrap();
    &[1, 2]
}

#[test]
fn a_run_killed_at_any_step_leaves_the_old_cycle_or_the_new_one_and_no_litter() {
    for steps in 1..=8 {
        let (_folder, store) = new_store();
        publish(&store, 1).unwrap();
        let mut staging = store.begin().unwrap();
        let visible = stop_after(steps, &mut staging, store.path());
        staging.scratch.clear();
        drop(staging);

        let seen = store.cycle(None).unwrap();
        assert_eq!(seen.manifest().unwrap()["salt"], *visible.last().unwrap(), "after step {steps}");
        assert_eq!(seen.verify().unwrap(), []);
        drop(Store::open(store.path()).unwrap().begin().unwrap());
        assert_clean(&store, visible);
        let next = publish(&store, 9).unwrap();
        assert_eq!(next.version, gridtier::index::count(visible.len()) + 1);
    }
}

#[test]
fn a_run_killed_during_the_first_cycle_leaves_an_empty_store() {
    for steps in 1..=7 {
        let (_folder, store) = new_store();
        let mut staging = store.begin().unwrap();
        stop_after(steps, &mut staging, store.path());
        staging.scratch.clear();
        drop(staging);
        assert!(matches!(store.cycle(None), Err(StoreError::NoCycle { .. })), "after step {steps}");
        drop(store.begin().unwrap());
        assert_clean(&store, &[]);
    }
}

#[test]
fn a_record_can_be_created_without_hard_links_and_still_only_once() {
    let (folder, _store) = new_store();
    let (draft, record) = (folder.path().join("draft"), folder.path().join("000001.json"));
    fs::write(&draft, "whole\n").unwrap();
    copy_new(&draft, &record).unwrap();
    assert_eq!(fs::read_to_string(&record).unwrap(), "whole\n");
    fs::write(&draft, "other\n").unwrap();
    assert_eq!(copy_new(&draft, &record).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&record).unwrap(), "whole\n");
}

#[test]
fn current_is_rebuilt_when_missing_stale_or_garbled() {
    let (_folder, store) = new_store();
    let first = publish(&store, 1).unwrap();
    publish(&store, 2).unwrap();
    let current = store.path().join("CURRENT");
    let stale = Current::of(&first.commit, 1).to_text().unwrap();
    let nonsense = r#"{"version":99,"dir":"v000099-0123456789ab"}"#;
    for wrong in [None, Some(""), Some("\0\0\0"), Some("{\"version\":2"), Some(&stale), Some(nonsense)] {
        let mends: [fn(&Store); 2] =
            [|store| drop(Store::open(store.path()).unwrap()), |store| drop(store.begin().unwrap())];
        for mend in mends {
            match wrong {
                None => fs::remove_file(&current).unwrap(),
                Some(text) => fs::write(&current, text).unwrap(),
            }
            assert_eq!(store.cycle(None).unwrap().version, 2);
            mend(&store);
            assert_clean(&store, &[1, 2]);
        }
    }
}

#[test]
fn a_reader_leaves_current_to_the_publisher_at_work() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let _writer = store.begin().unwrap();
    fs::write(store.path().join("CURRENT"), "being replaced").unwrap();
    Store::open(store.path()).unwrap();
    assert_eq!(fs::read_to_string(store.path().join("CURRENT")).unwrap(), "being replaced");
}

#[test]
fn folders_of_others_inside_the_store_are_not_cleaned_up() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    for name in ["v000002-backup", "v2-0123456789ab", "V000002-0123456789ab", "notes"] {
        fs::create_dir(store.path().join(name)).unwrap();
    }
    publish(&store, 2).unwrap();
    for name in ["v000002-backup", "v2-0123456789ab", "V000002-0123456789ab", "notes"] {
        assert!(store.path().join(name).is_dir(), "{name}");
    }
}

#[test]
fn a_cycle_whose_record_was_lost_is_never_removed() {
    let losses: [&[u64]; 3] = [&[3], &[2, 3], &[1, 2, 3]];
    for lost in losses {
        for garbled in [None, Some("{\"version\": 3,")] {
            let (_folder, store) = new_store();
            for salt in 1..=3 {
                publish(&store, salt).unwrap();
            }
            for &version in lost {
                let record = record_path(store.path(), version);
                match garbled.filter(|_| version == 3) {
                    None => fs::remove_file(record).unwrap(),
                    Some(text) => fs::write(record, text).unwrap(),
                }
            }
            let before = snapshot(store.path());
            let store = Store::open(store.path()).unwrap();
            for error in [store.begin().unwrap_err(), store.cycle(None).unwrap_err()] {
                assert!(matches!(error, StoreError::LostRecord { .. }), "{lost:?}: {error}");
            }
            let faults = store.verify_chains(None).unwrap();
            assert!(faults.iter().any(|fault| fault.path.is_dir()), "{lost:?} names no cycle: {faults:?}");
            assert_eq!(snapshot(store.path()), before);
        }
    }
}

const LIMITED_STORE: &str = "GRIDTIER_TEST_LIMITED_STORE";
const DOOMED_STORE: &str = "GRIDTIER_TEST_DOOMED_STORE";

/// This program again, to run only the test `name` on `store`.
#[cfg(unix)]
pub(super) fn child(script: &str, name: &str, variable: &str, store: &Store) -> Command {
    let mut child = Command::new("sh");
    child.args(["-c", &format!("{script} exec \"$0\" --exact \"$1\"")]);
    child.arg(std::env::current_exe().unwrap()).arg(format!("store::tests::{name}"));
    child.env(variable, store.path());
    child
}

/// Not a test of its own: run with a limit on file sizes by the next one.
#[test]
fn publish_where_files_cannot_grow() {
    let Some(path) = std::env::var_os(LIMITED_STORE) else { return };
    let error = publish(&Store::open(path).unwrap(), 2).unwrap_err();
    assert!(matches!(error, StoreError::Write { .. }) && error.is_write(), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_is_a_write_failure_and_the_old_cycle_stays() {
    let (_folder, store) = new_store();
    let largest = publish(&store, 1).unwrap().dir.join("tiers.parquet");
    // In units of 512 bytes: nothing, a part of a table, and all but the end of the largest table.
    for blocks in [0, 1, (fs::metadata(largest).unwrap().len() - 1) / 512] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks};");
        let output =
            child(&script, "crash::publish_where_files_cannot_grow", LIMITED_STORE, &store).output().unwrap();
        assert!(output.status.success(), "{blocks} blocks: {}", String::from_utf8_lossy(&output.stdout));
        assert_clean(&store, &[1]);
    }
}

/// Not a test of its own: run and killed by the next one.
#[test]
fn publish_until_killed() {
    let Some(path) = std::env::var_os(DOOMED_STORE) else { return };
    let store = Store::open(path).unwrap();
    loop {
        let next = store.cycles().unwrap().len() as i64 + 1;
        publish(&store, next).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_writer_that_is_really_killed_leaves_whole_cycles_only() {
    let (_folder, store) = new_store();
    for round in 0..25 {
        let mut writer = child("", "crash::publish_until_killed", DOOMED_STORE, &store);
        let mut writer = writer.stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(20_000 + 1_730 * round));
        writer.kill().unwrap();
        writer.wait().unwrap();
        for cycle in store.cycles().unwrap() {
            assert_eq!(cycle.verify().unwrap(), []);
        }
    }
    drop(store.begin().unwrap());
    let published: Vec<i64> = (1..=store.cycles().unwrap().len() as i64).collect();
    assert_clean(&store, &published);
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_at_the_commit_publishes_nothing() {
    // Stand-ins for a full disk at the drafts, the move and the commit: names that are already taken.
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    for obstacle in ["record", "current", "place", "commit"] {
        let mut staging = store.begin().unwrap();
        write_outputs(&mut staging, 2).unwrap();
        let sha256 = staging.seal(json!({ "salt": 2 })).unwrap();
        let record = staging.next_record(sha256, &COMMIT).unwrap();
        let run = record.dir.rsplit_once('-').unwrap().1.to_owned();
        let path = match obstacle {
            "record" | "current" => store.path().join(format!(".tmp-{run}-{obstacle}")),
            "place" => store.path().join(&record.dir).join("taken"),
            _ => store.path().join("_commits"),
        };
        let moved = store.path().join("moved");
        if obstacle == "commit" {
            fs::rename(&path, &moved).unwrap();
        } else {
            fs::create_dir_all(&path).unwrap();
        }
        let result = staging.write_drafts(&record).and_then(|drafts| {
            staging.move_into_place(&record)?;
            staging.commit(&record, &drafts)
        });
        assert!(result.unwrap_err().is_write(), "{obstacle}");
        drop(staging);
        if obstacle == "commit" {
            fs::rename(&moved, &path).unwrap();
        }
        assert_eq!(store.cycle(None).unwrap().version, 1);
        drop(store.begin().unwrap());
        assert_clean(&store, &[1]);
    }
}
