//! The repository checks itself: modules go one way, functions stay short, what is written down is true.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The modules that a `lib.rs` declares, in order, and the ones that only tests use.
fn modules(lib: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.trim().strip_prefix("pub ").unwrap_or(line.trim());
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    };
    lib.split("#[cfg(test)]").next().unwrap().lines().filter_map(name).collect()
}

/// The source without its tests: a module may be tested with anything.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn a_module_uses_only_those_above_it() {
    for package in ["gridtier", "gridtier-io"] {
        let source = root().join("crates").join(package).join("src");
        let order = modules(&fs::read_to_string(source.join("lib.rs")).unwrap());
        assert!(order.len() > 5, "{package}");
        let place = |name: &str| order.iter().position(|module| module == name);
        for file in rust_files(&source) {
            let relative = file.strip_prefix(&source).unwrap();
            let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
            let is_test =
                relative.iter().any(|part| part.to_str().unwrap().trim_end_matches(".rs") == "tests");
            let (Some(own), false) = (place(module), is_test) else { continue };
            let text = fs::read_to_string(&file).unwrap();
            for used in without_tests(&text).split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = place(&used) else { continue };
                assert!(other <= own, "{package}: {} uses {used}, which stands below it", relative.display());
            }
        }
    }
}

#[test]
fn the_engine_opens_no_file_reads_no_clock_and_prints_nothing() {
    let source = root().join("crates/gridtier/src");
    for file in rust_files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        for forbidden in ["std::fs", "std::env", "SystemTime", "Instant::now", "println!", "File::open"] {
            assert!(!without_tests(&text).contains(forbidden), "{} has {forbidden}", file.display());
        }
    }
}

#[test]
fn files_stay_short_enough_to_be_read() {
    for package in ["gridtier", "gridtier-io", "gridtier-cli"] {
        for file in rust_files(&root().join("crates").join(package)) {
            let text = fs::read_to_string(&file).unwrap();
            let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
            let lines = without_tests(&text).lines().filter(is_code).count();
            assert!(lines <= 500, "{} has {lines} lines of code", file.display());
        }
    }
}
