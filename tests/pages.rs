//! README and pages say what the program does: their commands run, and their tables are made from the registry.
//!
//! A `console` block shows commands with their output, which must be the same (`...` and `[..]` stand for anything).
//! Commands of a `sh` block that begin with `gridtier` must succeed. The blocks of a page run in one folder, in order.
//! `GRIDTIER_BLESS=1 cargo test --workspace pages` writes outputs and tables anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gridtier::indicator::{Direction, INDICATORS};

use crate::support::{regrade, scratch};

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

fn is_blessed() -> bool {
    env::var_os("GRIDTIER_BLESS").is_some()
}

/// A folder in which a page's commands run: the sample data, and a store of one cycle unless the page makes it.
fn folder_of(page: &str) -> tempfile::TempDir {
    let dir = scratch();
    std::os::unix::fs::symlink(root().join("sample-data"), dir.path().join("sample-data")).unwrap();
    fs::create_dir(dir.path().join("target")).unwrap();
    fs::copy(root().join(page), dir.path().join("page.md")).unwrap();
    if page != "README.md" {
        let data = Path::new("sample-data/utility");
        regrade(&root().join(data), "2026-01-01", "utility", &dir.path().join("target/store"));
    }
    dir
}

/// The commands of a page's `sh` blocks that call gridtier, without comments.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("\n```").collect::<Vec<_>>();
    let shell = blocks.iter().filter_map(|block| block.strip_prefix("sh\n"));
    shell
        .flat_map(str::lines)
        .map(|line| line.split("  #").next().unwrap_or(line).trim_end())
        .filter(|line| line.starts_with("gridtier ") || line.contains("=$(gridtier "))
        .collect()
}

#[test]
fn commands_with_output_print_what_the_pages_show() {
    for page in PAGES {
        let dir = folder_of(page);
        let copy = dir.path().join("page.md");
        if is_blessed() {
            // SAFETY-free: trycmd reads its mode from the environment of its own process, set by the caller.
            assert_eq!(env::var("TRYCMD").as_deref(), Ok("overwrite"), "set TRYCMD=overwrite too");
        }
        let cases = trycmd::TestCases::new();
        cases.env("LC_ALL", "C").env("COLUMNS", "100");
        cases.register_bin("gridtier", Path::new(env!("CARGO_BIN_EXE_gridtier")));
        cases.case(&copy);
        cases.run();
        if is_blessed() {
            fs::copy(&copy, root().join(page)).unwrap();
        }
    }
}

#[test]
fn commands_without_output_succeed() {
    let bin = Path::new(env!("CARGO_BIN_EXE_gridtier")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default());
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let dir = folder_of(if page == "README.md" { "crates/gridtier/GUIDE.md" } else { page });
        for command in commands(&text) {
            let mut shell = Command::new("sh");
            shell.args(["-c", command]).current_dir(dir.path()).env("PATH", &path).env("LC_ALL", "C");
            shell.env("DATA", "sample-data/utility").env("STORE", "target/store");
            let output = shell.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{page}: `{command}` ends with {}: {stderr}", output.status);
        }
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
            assert_eq!(shown, indicator_table(), "{page}: run with GRIDTIER_BLESS=1 to write the table anew");
        }
    }
}
