//! Runs that are killed, that overlap, or that run out of disk: a reader never sees half a cycle, and the next run
//! mends whatever is left.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Instant, SystemTime};

use crate::support::{Ended, ended, gridtier};
use crate::utility::{AS_OF, Draws, Utility};

const REGRADE: [&str; 7] = ["regrade", "data", "--as-of", AS_OF, "--store", "store", "--again"];

fn started(utility: &Utility) -> Child {
    let mut command = gridtier();
    command.current_dir(utility.path()).args(REGRADE).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The number of the current cycle, which must be whole; 0 where there is none.
fn current(utility: &Utility) -> u64 {
    let path = utility.run(&["path", "--store", "store"]);
    if path.code == 4 {
        let output = &path.stderr;
        assert!(
            output.contains("holds no cycle yet") || output.contains("is not a store of cycles"),
            "{output}"
        );
        return 0;
    }
    assert_eq!(path.code, 0, "{}", path.stderr);
    let verified = utility.done(&["verify", "--store", "store"]);
    for table in
        ["tiers", "indicators", "contributions", "monthly_usage", "ledger", "parameters", "reconciliation"]
    {
        assert!(utility.table(table).rows() > 0, "{table}");
    }
    let name = path.stdout.trim().rsplit('/').next().unwrap();
    assert!(verified.contains(name), "{verified}");
    name[1..7].parse().unwrap()
}

/// Names in the store that may exist only while a run is at work.
fn leftovers(utility: &Utility) -> Vec<String> {
    let names =
        fs::read_dir(utility.store()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".staging-") || name.starts_with(".tmp-")).collect()
}

#[test]
fn a_regrade_killed_at_any_moment_leaves_whole_cycles_and_the_next_one_cleans_up() {
    const ROUNDS: u32 = 40;
    let utility = Utility::invented(400, &[]);
    utility.published(&[]);
    // Like the runs that are killed, this one reuses the facts of an earlier cycle.
    let begun = Instant::now();
    utility.published(&["--again"]);
    let whole = begun.elapsed();
    let (mut last, mut interrupted, mut left) = (2, 0, 0);
    let mut draws = Draws(7);
    for round in 0..ROUNDS {
        let mut run = started(&utility);
        let jitter = whole / ROUNDS * draws.below(1_000) as u32 / 1_000;
        sleep(whole * round / ROUNDS + jitter);
        run.kill().unwrap();
        let run = ended(run.wait_with_output().unwrap());
        left += usize::from(!leftovers(&utility).is_empty());
        let now = current(&utility);
        assert!(now == last || now == last + 1, "cycle {now} after {last}");
        assert!(run.code != 0 || now == last + 1, "the killed run said that it published");
        interrupted += u32::from(now == last);
        utility.published(&["--again"]);
        assert_eq!(current(&utility), now + 1);
        assert_eq!(leftovers(&utility), [""; 0]);
        last = now + 1;
    }
    assert!(interrupted > ROUNDS / 4 && left > 0, "{interrupted} were interrupted, {left} left files behind");
    for cycle in 1..=last {
        utility.done(&["verify", "--store", "store", "--cycle", &cycle.to_string()]);
    }
}

#[test]
fn a_first_regrade_killed_at_any_moment_leaves_a_store_that_can_be_used() {
    let utility = Utility::invented(200, &[]);
    let begun = Instant::now();
    utility.published(&[]);
    let whole = begun.elapsed();
    for round in 0..12 {
        fs::remove_dir_all(utility.store()).unwrap();
        let mut run = started(&utility);
        sleep(whole * round / 12);
        run.kill().unwrap();
        run.wait().unwrap();
        let found = current(&utility);
        utility.published(&["--again"]);
        assert_eq!((current(&utility), leftovers(&utility)), (found + 1, vec![]));
    }
}

#[test]
fn of_two_regrades_at_the_same_time_one_publishes_and_the_other_is_told() {
    let utility = Utility::invented(400, &[]);
    let (mut cycles, mut busy) = (0, 0);
    for _ in 0..12 {
        let runs = [started(&utility), started(&utility)].map(|run| ended(run.wait_with_output().unwrap()));
        let published = runs.iter().filter(|run| run.code == 0).count() as u64;
        assert!(published >= 1, "{}{}", runs[0].stderr, runs[1].stderr);
        for run in runs.iter().filter(|run| run.code != 0) {
            assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{}", run.stderr);
            assert!(run.stderr.contains("another run") && run.stderr.contains("ublished"), "{}", run.stderr);
            busy += 1;
        }
        if published == 2 {
            let output = |run: &Ended| run.stdout.lines().next().unwrap().to_owned();
            assert_ne!(output(&runs[0]), output(&runs[1]));
        }
        cycles += published;
        assert_eq!(current(&utility), cycles);
    }
    assert_eq!(leftovers(&utility), [""; 0]);
    assert!(busy > 0, "the two regrades never ran at the same time");
}

/// A regrade that can write no file longer than this number of blocks of 512 bytes.
fn with_little_disk(utility: &Utility, blocks: u32) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    command.arg(gridtier().get_program()).args(REGRADE).current_dir(utility.path()).env("LC_ALL", "C");
    ended(command.output().unwrap())
}

#[test]
fn a_disk_that_is_full_publishes_nothing_and_hurts_no_cycle() {
    let utility = Utility::invented(400, &[]);
    let mut last = 0;
    for first in [true, false] {
        let mut full = 0;
        for blocks in [0, 1, 2, 3, 5, 8, 16, 24, 32, 40, 60] {
            let ended = with_little_disk(&utility, blocks);
            assert_eq!((ended.code, ended.stdout.as_str()), (5, ""), "{blocks} blocks: {}", ended.stderr);
            assert!(ended.stderr.contains("othing was published"), "{}", ended.stderr);
            assert_eq!(current(&utility), last, "{blocks} blocks");
            full += 1;
        }
        assert_eq!(full, 11);
        assert_eq!(with_little_disk(&utility, 4_096).code, 0);
        last += 1;
        assert_eq!((current(&utility), leftovers(&utility).len()), (last, 0), "first: {first}");
    }
}

/// All files of a folder with their content and the time of their last change.
fn state(dir: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.to_str().unwrap().to_owned();
        let modified = entry.metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            all.extend(state(&path));
            all.insert(name, (vec![], modified));
        } else {
            all.insert(name, (fs::read(&path).unwrap(), modified));
        }
    }
    all
}

const READERS: [&[&str]; 4] = [
    &["path", "--store", "store"],
    &["path", "--store", "store", "--cycle", "1"],
    &["verify", "--store", "store"],
    &["explain", "0512000001", "--store", "store"],
];

#[test]
fn readers_change_nothing_in_a_store() {
    let utility = Utility::invented(100, &[]);
    utility.published(&[]);
    let before = state(&utility.store());
    READERS.iter().for_each(|args| drop(utility.done(args)));
    assert!(state(&utility.store()) == before);
}

#[cfg(unix)]
#[test]
fn a_store_that_may_not_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let utility = Utility::invented(100, &[]);
    utility.published(&[]);
    // A reader that finds CURRENT missing must not fail because it cannot repair it.
    fs::remove_file(utility.store().join("CURRENT")).unwrap();
    let allow = |mode| {
        for name in ["", "_commits"] {
            fs::set_permissions(utility.store().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    // The user `root` may write everything, so the command runs as the user `nobody` where that is possible.
    let probe = utility.store().join(".probe");
    let is_root = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).is_ok();
    let mut codes = Vec::new();
    for args in READERS.iter().copied().chain([&REGRADE[..]]) {
        let mut command = if is_root { as_nobody(&utility) } else { gridtier() };
        let output = command.current_dir(utility.path()).args(args).env("LC_ALL", "C").output();
        let Ok(output) = output else { return eprintln!("SKIPPED: setpriv is not on this machine") };
        codes.push((ended(output).code, args[0]));
    }
    allow(0o755);
    let expected = [(0, "path"), (0, "path"), (0, "verify"), (0, "explain"), (5, "regrade")];
    assert_eq!(codes, expected);
}

/// The command as a user without rights.
#[cfg(unix)]
fn as_nobody(utility: &Utility) -> Command {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(utility.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(gridtier().get_program());
    command
}
