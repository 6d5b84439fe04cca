use std::time::SystemTime;

use super::*;

fn failed() -> io::Error {
    io::Error::other("the disk is full")
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "before").unwrap();
    let broken: Result<(), io::Error> = write_file(&path, |file| {
        file.write_all(b"half")?;
        Err(failed())
    });
    assert!(broken.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(names(dir.path()), ["a.csv"], "nothing is left beside it");
}

#[test]
fn files_of_a_folder_appear_when_all_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("deep/new"));
    fs::create_dir_all(old.join("rejects")).unwrap();
    fs::write(old.join("a.csv"), "before").unwrap();
    fs::write(old.join("rejects/other.csv"), "kept").unwrap();
    for folder in [&old, &new] {
        let before = folder.exists().then(|| names(folder));
        let write = |draft: &Path, ends: io::Result<()>| -> io::Result<()> {
            fs::write(draft.join("a.csv"), "after")?;
            fs::create_dir(draft.join("rejects"))?;
            fs::write(draft.join("rejects/bills.csv"), "after")?;
            ends
        };
        write_folder(folder, |draft| write(draft, Err(failed()))).unwrap_err();
        assert_eq!(folder.exists().then(|| names(folder)), before, "nothing has appeared");
        write_folder(folder, |draft| write(draft, Ok(()))).unwrap();
        assert_eq!(names(folder), ["a.csv", "rejects"]);
        assert_eq!(fs::read_to_string(folder.join("a.csv")).unwrap(), "after");
    }
    assert_eq!(names(&old.join("rejects")), ["bills.csv", "other.csv"], "other files stay");
    assert_eq!(names(&dir.path().join("deep")), ["new"], "no draft is left");
}

#[test]
fn no_file_of_a_published_folder_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("rejects")).unwrap();
    fs::write(dir.path().join("rejects/bills.parquet"), "published").unwrap();
    fs::write(dir.path().join(MANIFEST), r#"{"outputs": [{"name": "rejects/bills.parquet"}]}"#).unwrap();
    for folder in [dir.path().to_owned(), dir.path().join("rejects")] {
        let error = write_folder(&folder, |draft| fs::write(draft.join("a.parquet"), "")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(!folder.join("a.parquet").exists());
    }
    assert_eq!(names(dir.path()), [MANIFEST, "rejects"], "nothing has appeared");
    for name in [MANIFEST, "rejects/bills.parquet"] {
        let replaced = write_file(&dir.path().join(name), |_| Ok::<_, io::Error>(()));
        assert_eq!(replaced.unwrap_err().kind(), io::ErrorKind::AlreadyExists, "{name}");
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_found_before_anything_is_moved() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("b.csv")).unwrap();
    fs::write(dir.path().join("rejects"), "a file").unwrap();
    for wrong in ["b.csv", "rejects/a.csv"] {
        let written: io::Result<()> = write_folder(dir.path(), |draft| {
            fs::write(draft.join("a.csv"), "")?;
            fs::create_dir_all(draft.join(wrong).parent().unwrap())?;
            fs::write(draft.join(wrong), "")
        });
        written.unwrap_err();
        assert_eq!(names(dir.path()), ["b.csv", "rejects"], "{wrong}");
    }
}

#[cfg(unix)]
#[test]
fn files_and_folders_get_the_permissions_that_the_system_sets() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let [plain, ours, folder, written] =
        ["plain", "ours", "folder", "written"].map(|name| dir.path().join(name));
    fs::write(&plain, "").unwrap();
    fs::create_dir(&folder).unwrap();
    write_file(&ours, |file| file.write_all(b"1")).unwrap();
    write_folder(&written, |draft| write_file(&draft.join("a"), |file| file.write_all(b"1"))).unwrap();
    assert_eq!((mode(&ours), mode(&written)), (mode(&plain), mode(&folder)));
    assert_eq!(mode(&written.join("a")), mode(&plain));
}

#[test]
fn drafts_of_killed_runs_are_removed_after_a_day_and_no_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let [old, new, folder] = [1, 2, 3].map(|number| dir.path().join(format!("{}{number}{}", NAME.0, NAME.1)));
    fs::write(&new, "").unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a"), "").unwrap();
    for left in [&old, &folder] {
        let file = if left.is_dir() { File::open(left) } else { File::create(left) };
        file.unwrap().set_modified(SystemTime::now() - 2 * AGE_MAX).unwrap();
    }
    write_file(&dir.path().join("a.json"), |file| file.write_all(b"{}")).unwrap();
    assert!(!old.exists() && !folder.exists() && new.exists());
}
