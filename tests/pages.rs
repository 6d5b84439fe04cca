//! README and pages say what the program does: their commands run, and their tables are made from the registry.
//!
//! A `console` block shows commands with their output, which must be the same. Commands of a `sh` block that call
//! `gridtier` must succeed. All blocks of a page run in one folder, in order, as a reader would run them; libraries such as
//! trycmd cannot do that, because they run each file in the test's own folder. `GRIDTIER_BLESS=1 cargo test --workspace
//! pages` writes outputs and tables again.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use gridtier::indicator::{Direction, INDICATORS};

use crate::support::{done, regrade, scratch};

const PAGES: [&str; 6] = [
    "README.md",
    "crates/gridtier/GUIDE.md",
    "crates/gridtier/INPUT.md",
    "crates/gridtier/OUTPUT.md",
    "crates/gridtier/CHECKS.md",
    "crates/gridtier/ENTITLEMENTS.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Held while a test writes pages, because two tests write the same pages.
static WRITING: Mutex<()> = Mutex::new(());

fn is_blessed() -> bool {
    env::var_os("GRIDTIER_BLESS").is_some()
}

/// A folder in which a page's commands run: the sample data, and a store of one cycle unless the page makes it.
fn folder_of(page: &str) -> tempfile::TempDir {
    let dir = scratch();
    std::os::unix::fs::symlink(root().join("sample-data"), dir.path().join("sample-data")).unwrap();
    fs::create_dir(dir.path().join("target")).unwrap();
    if page != "README.md" {
        let data = Path::new("sample-data/utility");
        regrade(&root().join(data), "2026-01-01", "utility", &dir.path().join("target/store"), &[]);
    }
    dir
}

/// A command's output without the only part that differs from run to run, the last part of a cycle folder's name.
fn without_run_names(output: &str) -> String {
    let mut parts = output.split("/v00000");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.get(2..14) {
        Some(run) if part.get(1..2) == Some("-") && run.chars().all(|c| c.is_ascii_hexdigit()) => {
            format!("{text}/v00000{}…{}", &part[..2], &part[14..])
        }
        _ => format!("{text}/v00000{part}"),
    })
}

/// Runs the commands of a page in order, and gives the page with the outputs that its `console` blocks should have.
fn page_as_it_runs(page: &str, text: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_gridtier")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default());
    let dir = folder_of(page);
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(dir.path()).env("PATH", &path).env("LC_ALL", "C");
        let output = shell.env("DATA", "sample-data/utility").env("STORE", "target/store").output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{page}: `{command}` ends with {}: {stderr}", output.status);
        without_run_names(&String::from_utf8(output.stdout).unwrap())
    };
    let (mut shown, mut language) = (String::new(), None);
    for line in text.lines() {
        match (language, line.strip_prefix("```")) {
            (None, Some(opened)) => language = Some(opened),
            (Some(_), Some(_)) => language = None,
            (Some("console"), None) => {
                let Some(command) = line.strip_prefix("$ ") else { continue };
                shown += &format!("{line}\n{}", run(command));
                continue;
            }
            (Some("sh"), None) => {
                let command = line.split("  #").next().unwrap_or(line).trim_end();
                if command.starts_with("gridtier ") || command.contains("=$(gridtier ") {
                    run(command);
                }
            }
            _ => {}
        }
        shown += line;
        shown.push('\n');
    }
    shown
}

#[test]
fn commands_succeed_and_print_what_the_pages_show() {
    let _writing = WRITING.lock();
    for page in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        let shown = page_as_it_runs(page, &text);
        if is_blessed() {
            fs::write(&path, shown).unwrap();
            continue;
        }
        for (line, (page_line, run_line)) in text.lines().zip(shown.lines()).enumerate() {
            assert_eq!(page_line, run_line, "{page} line {}: GRIDTIER_BLESS=1 writes it again", line + 1);
        }
        assert_eq!(text.lines().count(), shown.lines().count(), "{page}: GRIDTIER_BLESS=1 writes it again");
    }
}

/// The table of all indicators by dimension, as Markdown.
fn indicator_table() -> String {
    let mut table =
        String::from("| indicator 指标 | unit, direction | formula | no value when |\n|---|---|---|---|\n");
    let mut dimension = "";
    for indicator in INDICATORS {
        if indicator.dimension != dimension {
            dimension = indicator.dimension;
            table += &format!("| **{dimension}** | | | |\n");
        }
        let sign = if indicator.direction == Direction::More { '+' } else { '−' };
        table += &format!(
            "| `{}` {} | {} {sign} | {} | {} |\n",
            indicator.id, indicator.title_zh, indicator.unit, indicator.formula, indicator.no_value
        );
    }
    table
}

#[test]
fn tables_of_indicators_are_those_of_the_registry() {
    let _writing = WRITING.lock();
    const BEGIN: &str = "<!-- indicators: made from the registry -->\n";
    const END: &str = "<!-- end of indicators -->";
    for page in ["README.md", "crates/gridtier/METHOD.md"] {
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) =
            text.split_once(BEGIN).unwrap_or_else(|| panic!("{page} has no table of indicators"));
        let (shown, after) = rest.split_once(END).unwrap_or_else(|| panic!("{page}: the table has no end"));
        if is_blessed() {
            fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", indicator_table())).unwrap();
        } else {
            assert_eq!(
                shown,
                indicator_table(),
                "{page}: run with GRIDTIER_BLESS=1 to write the table again"
            );
        }
    }
}

/// Pictures of pages, without language and ending: those of the sample utility, and those of two cycles.
const PICTURES: [&str; 4] = ["tier_shares", "lorenz", "influence", "service_costs"];
const PICTURES_OF_CHANGE: [&str; 2] = ["flow", "members_special"];
/// The largest picture in bytes.
const PICTURE_MAX: usize = 100_000;

/// The pages show charts as the program draws them. `GRIDTIER_WRITE=1` draws them again.
#[test]
fn the_pictures_of_the_pages_are_those_that_the_program_draws() {
    let dir = scratch();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    regrade(&root().join("sample-data/utility"), "2026-01-01", "utility", &dir.path().join("store"), &[]);
    done(["report", "--store", &path("store"), "--draws", "100", "-o", &path("sample")]);
    done(["demo", &path("two"), "--customers", "600", "--next"]);
    let (next, store) = (path("two/next"), path("two/store"));
    let method = path("two/next.toml");
    done(["regrade", &next, "--as-of", "2029-01-01", "--method", &method, "--store", &store]);
    done(["report", "--store", &store, "--draws", "100", "-o", &path("change")]);
    let folder = root().join("crates/gridtier/pictures");
    let pages: String = PAGES.iter().map(|page| fs::read_to_string(root().join(page)).unwrap()).collect();
    let mut wanted = std::collections::BTreeSet::new();
    for (from, names) in [("sample", &PICTURES[..]), ("change", &PICTURES_OF_CHANGE)] {
        for name in names.iter().flat_map(|name| ["en", "zh"].map(|lang| format!("{name}.{lang}.svg"))) {
            let drawn = fs::read(dir.path().join(from).join(&name)).unwrap();
            assert!(drawn.len() < PICTURE_MAX, "{name}: {} bytes", drawn.len());
            if is_blessed() || env::var_os("GRIDTIER_WRITE").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(&name), &drawn).unwrap();
            }
            let kept = fs::read(folder.join(&name)).unwrap_or_default();
            assert!(
                kept == drawn,
                "{name} differs; GRIDTIER_WRITE=1 cargo test --workspace pictures draws it again"
            );
            assert!(pages.contains(&format!("pictures/{name}")), "no page shows {name}");
            wanted.insert(name);
        }
    }
    let kept: std::collections::BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(kept, wanted);
}
