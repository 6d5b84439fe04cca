use std::fs;

use serde_json::json;

use super::{COMMIT, new_store, publish, write_outputs};
use crate::store::record::record_path;
use crate::store::{Damage, StoreError};

#[test]
fn every_flipped_bit_is_found() {
    let (_folder, store) = new_store();
    let cycle = publish(&store, 1).unwrap();
    for name in ["tiers.parquet", "rejects/bills.parquet", "_manifest.json"] {
        let path = cycle.dir.join(name);
        let sound = fs::read(&path).unwrap();
        for at in (0..sound.len()).step_by(sound.len() / 40) {
            let mut flipped = sound.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, flipped).unwrap();
            let expected = match name {
                "_manifest.json" => Damage::Manifest { path: path.clone() },
                _ => Damage::Content { path: path.clone() },
            };
            assert_eq!(cycle.verify().unwrap(), [expected], "{name} at {at}");
        }
        fs::write(&path, sound).unwrap();
    }
    assert_eq!(cycle.verify().unwrap(), []);
}

#[test]
fn missing_longer_and_extra_files_are_found() {
    let (_folder, store) = new_store();
    let cycle = publish(&store, 1).unwrap();
    let [tiers, bills, extra] =
        ["tiers.parquet", "rejects/bills.parquet", "rejects/extra.parquet"].map(|name| cycle.dir.join(name));
    let sound = fs::read(&bills).unwrap();
    fs::remove_file(&tiers).unwrap();
    fs::write(&bills, [sound.as_slice(), b"x"].concat()).unwrap();
    fs::write(&extra, sound).unwrap();
    let damages = cycle.verify().unwrap();
    assert!(matches!(&damages[0], Damage::Bytes { path, .. } if *path == bills));
    assert_eq!(damages[1..], [Damage::Missing { path: tiers }, Damage::Extra { path: extra }]);
    assert!(damages[0].to_string().contains("bytes where"), "{}", damages[0]);
}

#[cfg(unix)]
#[test]
fn a_file_replaced_by_a_link_to_its_copy_is_found() {
    let (folder, store) = new_store();
    let cycle = publish(&store, 1).unwrap();
    let (path, copy) = (cycle.dir.join("tiers.parquet"), folder.path().join("copy"));
    fs::rename(&path, &copy).unwrap();
    std::os::unix::fs::symlink(&copy, &path).unwrap();
    assert_eq!(cycle.verify().unwrap(), [Damage::Content { path }]);
}

#[test]
fn a_cycle_without_manifest_or_folder_is_damaged() {
    let (_folder, store) = new_store();
    let cycle = publish(&store, 1).unwrap();
    let manifest = cycle.dir.join("_manifest.json");
    fs::remove_file(&manifest).unwrap();
    assert_eq!(cycle.verify().unwrap(), [Damage::Missing { path: manifest }]);
    let error = cycle.manifest().unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }) && !error.is_write(), "{error}");
    fs::remove_dir_all(&cycle.dir).unwrap();
    assert!(matches!(store.cycle(None), Err(StoreError::Damaged { .. })));
    assert_eq!(store.cycles().unwrap().len(), 1);
}

#[test]
fn a_record_that_is_not_what_its_name_says_is_an_error_not_an_older_cycle() {
    let (_folder, store) = new_store();
    publish(&store, 1).unwrap();
    let second = publish(&store, 2).unwrap();
    let mut outside = serde_json::to_value(&second.commit).unwrap();
    outside["dir"] = json!("../v000002-0123456789ab");
    let first = fs::read_to_string(record_path(store.path(), 1)).unwrap();
    for wrong in ["nonsense\n", &first, &format!("{outside}\n")] {
        fs::write(record_path(store.path(), second.version), wrong).unwrap();
        let error = store.cycle(None).unwrap_err();
        assert!(matches!(error, StoreError::BadRecord { .. }) && !error.is_write(), "{error}");
        assert!(store.begin().is_err());
    }
    assert!(second.dir.is_dir());
}

#[test]
fn what_does_not_read_back_is_not_published() {
    let (_folder, store) = new_store();
    for harm in ["flip", "extra"] {
        let mut staging = store.begin().unwrap();
        write_outputs(&mut staging, 1).unwrap();
        let dir = staging.scratch[0].clone();
        match harm {
            "flip" => {
                let mut bytes = fs::read(dir.join("tiers.parquet")).unwrap();
                bytes[100] ^= 1;
                fs::write(dir.join("tiers.parquet"), bytes).unwrap();
            }
            _ => fs::write(dir.join("stray.parquet"), "").unwrap(),
        }
        let error = staging.publish(json!({ "salt": 1 }), &COMMIT).unwrap_err();
        assert!(matches!(error, StoreError::ReadBack { .. }) && error.is_write(), "{error}");
        assert!(!dir.exists() && store.cycles().unwrap().is_empty());
    }
}
