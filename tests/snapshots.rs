//! What people see in a terminal, in English and Chinese, as files in `tests/snapshots`.
//!
//! After an intended change, write them again and read the difference: `GRIDTIER_SNAPSHOTS=write cargo test --workspace
//! snapshots`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::support::{ended, gridtier, scratch};
use crate::utility::write_patch;

/// A folder whose `store` holds one graded cycle of the sample utility.
static GRADED: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = scratch();
    shown(dir.path(), &regrade("store"), "en");
    dir
});

fn sample_data() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/utility");
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

fn regrade(store: &str) -> Vec<String> {
    let args = ["regrade", &sample_data(), "--as-of", "2026-01-01", "--method", "utility", "--store", store];
    args.map(str::to_owned).to_vec()
}

/// What a command prints when it runs in a folder.
fn shown(dir: &Path, args: &[String], lang: &str) -> String {
    let output = gridtier().current_dir(dir).args(args).args(["--lang", lang]).output().unwrap();
    let ended = ended(output);
    assert_eq!(ended.code, 0, "{args:?}: {}", ended.stderr);
    without_hash(&ended.stdout)
}

/// The text with `HASH` for the hash in a cycle folder's name, since that hash changes with the bytes that a build writes.
fn without_hash(text: &str) -> String {
    let Some(start) = text.find("v000001-") else { return text.to_owned() };
    let hash = start + "v000001-".len();
    let end = text[hash..].find(char::is_whitespace).map_or(text.len(), |length| hash + length);
    format!("{}HASH{}", &text[..hash], &text[end..])
}

fn snapshot_file(name: &str, lang: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/snapshots");
    dir.join(format!("{name}.{lang}.txt"))
}

/// Compares what a command prints in each language with the snapshot in that language.
fn check(name: &str, dir: &Path, args: &[String]) {
    for lang in ["en", "zh"] {
        compare(name, lang, &shown(dir, args, lang));
    }
}

/// Compares a text with its snapshot.
fn compare(name: &str, lang: &str, text: &str) {
    let path = snapshot_file(name, lang);
    if env::var_os("GRIDTIER_SNAPSHOTS").is_some_and(|wish| wish == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(expected.lines()).find(|(now, before)| now != before);
    assert!(text == expected, "{}: first difference {differs:?}\n{text}", path.display());
}

/// Checks a command that asks about the graded sample utility.
fn check_of_cycle(name: &str, command: &str) {
    let args: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    check(name, GRADED.path(), &args);
}

#[test]
fn the_summary_of_a_cycle() {
    // Each language publishes to a store of its own, so that both see cycle 1.
    for lang in ["en", "zh"] {
        let dir = scratch();
        let (text, path) = (shown(dir.path(), &regrade("store"), lang), snapshot_file("summary", lang));
        if env::var_os("GRIDTIER_SNAPSHOTS").is_some_and(|wish| wish == "write") {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
    }
}

#[test]
fn a_check() {
    let args = ["check", &sample_data(), "--as-of", "2026-01-01"].map(str::to_owned);
    check("check", GRADED.path(), &args);
}

#[test]
fn an_explanation() {
    check_of_cycle("explain", "explain 0512000448 --store store");
}

#[test]
fn an_explanation_of_a_small_customer() {
    check_of_cycle("explain-small", "explain 0512000001 --store store");
}

#[test]
fn a_validation() {
    check_of_cycle("validate", "validate --store store --draws 100 --sample 1000");
}

#[test]
fn an_appeal_from_its_filing_to_its_ruling() {
    const ID: &str = "0512000448";
    // Each language has a store of its own, so that both see entry 1 and cycle 2.
    for lang in ["en", "zh"] {
        let dir = scratch();
        shown(dir.path(), &regrade("store"), lang);
        let (data, store) = (sample_data(), ["--store", "store"]);
        write_patch(Path::new(&data), &dir.path().join("patch"), ID, [",load_3,", ",load_1,"]);
        let evidence = ["--patch", "patch", "--data", &data];
        let filed = ["--by", "Li Na", "--reason", "load class"];
        let ruled = ["--outcome", "upheld", "--by", "王芳", "--reason", "contract"];
        let steps = [
            [&["appeal", "file", ID][..], &store, &filed].concat(),
            [&["appeal", "replay", ID][..], &store, &evidence].concat(),
            [&["appeal", "rule", ID][..], &store, &evidence, &ruled].concat(),
            [&["explain", ID][..], &store].concat(),
        ];
        let texts = steps.map(|args| {
            let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
            shown(dir.path(), &args, lang)
        });
        compare("appeal", lang, &texts.join("\n"));
    }
}

#[test]
fn a_trial_of_other_weights() {
    check_of_cycle("whatif", "whatif --store store --set weights.contribution=0.6");
}

#[test]
fn the_weights_of_a_method() {
    check_of_cycle("method", "method check utility");
}
