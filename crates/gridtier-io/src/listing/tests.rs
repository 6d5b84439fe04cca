use super::*;

fn folder(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_folder = name.ends_with('/');
        if is_folder { fs::create_dir_all(path).unwrap() } else { fs::write(path, "x").unwrap() }
    }
    dir
}

fn listed(files: &[&str], config: &str) -> Result<FolderListing, String> {
    let dir = folder(files);
    let config = Config::parse(&format!("format = 1\n{config}")).unwrap();
    let listing = list(dir.path(), &config, &Table::ALL).map_err(|refusal| refusal.to_string())?;
    let refusals: Vec<String> = listing.refusals.iter().map(ToString::to_string).collect();
    if refusals.is_empty() { Ok(listing) } else { Err(refusals.join("\n")) }
}

fn names(listing: &FolderListing, table: Table) -> Vec<&str> {
    listing
        .tables
        .get(&table)
        .map_or(Vec::new(), |files| files.iter().map(|file| file.name.as_str()).collect())
}

#[test]
fn a_table_is_a_file_or_a_folder_of_files_in_the_order_of_names() {
    let listing = listed(
        &[
            "customers.CSV",
            "meter_readings/b.parquet",
            "meter_readings/a/z.pq",
            "meter_readings/a.parquet",
            "notes.md",
        ],
        "",
    )
    .unwrap();
    assert_eq!(names(&listing, Table::Customers), ["customers.CSV"]);
    assert_eq!(
        names(&listing, Table::MeterReadings),
        ["meter_readings/a.parquet", "meter_readings/a/z.pq", "meter_readings/b.parquet"]
    );
    assert!(!listing.tables.contains_key(&Table::Bills));
    assert_eq!(listing.unused, ["notes.md"]);
}

#[test]
fn a_declared_path_is_the_table() {
    let config = "[tables.bills]\npath = \"A_RCVBL_FLOW\"\n";
    let listing = listed(&["A_RCVBL_FLOW/1.csv", "bills.csv"], config).unwrap();
    assert_eq!(names(&listing, Table::Bills), ["A_RCVBL_FLOW/1.csv"]);
    assert_eq!(listing.unused, ["bills.csv"]);
    assert!(listed(&["bills.csv"], config).unwrap_err().contains("A_RCVBL_FLOW: gridtier.toml names it"));
}

#[test]
fn hidden_files_and_checksums_are_ignored() {
    let listing = listed(
        &[
            "bills/a.csv",
            "bills/.a.csv.crc",
            "bills/_SUCCESS",
            "bills/.hidden/b.csv",
            "bills/_old/c.csv",
            "bills/a.csv.crc",
            "_plans/x.csv",
            ".cooperation.csv",
        ],
        "",
    )
    .unwrap();
    assert_eq!(names(&listing, Table::Bills), ["bills/a.csv"]);
    assert_eq!((listing.tables.len(), listing.unused.len()), (1, 0));
}

#[test]
fn hive_folders_give_their_values() {
    let listing = listed(&["bills/org=01/month=__HIVE_DEFAULT_PARTITION__/a.csv"], "").unwrap();
    let hive = &listing.tables[&Table::Bills][0].hive;
    assert_eq!(hive[0], HiveValue { key: "org".into(), value: Some("01".into()) });
    assert_eq!(hive[1], HiveValue { key: "month".into(), value: None });
    let declared = "[tables.bills.hive]\norg = \"integer\"\n";
    assert!(listed(&["bills/org=01/a.csv"], declared).is_ok());
    assert!(listed(&["bills/org=x/a.csv"], declared).unwrap_err().contains("declares an integer"));
    assert!(listed(&["bills/org=1/org=2/a.csv"], "").unwrap_err().contains("stands twice"));
}

#[test]
fn the_output_of_an_unfinished_job_is_refused_and_that_of_a_finished_one_is_not() {
    let refusal = listed(&["bills/a.csv", "bills/_temporary/0/b.csv"], "").unwrap_err();
    assert!(refusal.contains("table bills: bills/_temporary: it is the trace of a job"), "{refusal}");
    assert!(listed(&["bills/a.csv", "bills/_temporary/0/b.csv", "bills/_SUCCESS"], "").is_ok());
}

#[test]
fn a_doubtful_file_is_refused_by_name() {
    for (files, expected) in [
        (&["bills.csv", "bills/a.csv"][..], "both bills and bills.csv are there"),
        (&["bills.csv", "Bills.parquet"], "both Bills.parquet and bills.csv"),
        (&["bills/a.pdf"], "bills/a.pdf: a file that ends in .pdf is no table"),
        (&["bills.csv.gz"], "bills.csv.gz: a file that ends in .gz"),
        (&["bills/part-0000"], "bills/part-0000: its name has no extension"),
        (&["bills/"], "bills: the folder holds no file"),
    ] {
        let refusal = listed(files, "").unwrap_err();
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn the_folder_of_a_lakehouse_is_refused_with_the_command_for_a_plain_copy() {
    for (log, format, command) in [
        ("bills/_delta_log/0.json", "a Delta table", "delta_scan('"),
        ("bills/.hoodie/hoodie.properties", "a Hudi table", "write.parquet('bills')"),
        ("bills/metadata/v1.metadata.json", "an Iceberg table", "iceberg_scan('"),
    ] {
        let refusal = listed(&["bills/part-0.parquet", log], "").err().unwrap();
        assert!(refusal.contains(&format!("it is {format}")) && refusal.contains(command), "{refusal}");
    }
}

#[test]
fn a_command_to_copy_runs_nothing_that_a_folder_is_named_after() {
    let dir = tempfile::tempdir().unwrap();
    for (name, command) in [
        ("plain", "duckdb -c \"INSTALL delta; LOAD delta; COPY (FROM delta_scan('"),
        ("$(id)", "duckdb -c 'INSTALL delta; LOAD delta; COPY (FROM delta_scan('\\''"),
        ("O'Neil", "/O''Neil/bills')) TO 'bills.parquet'"),
    ] {
        let root = dir.path().join(name);
        fs::create_dir_all(root.join("bills/_delta_log")).unwrap();
        let listing = list(&root, &Config::default(), &Table::ALL);
        let refusal =
            listing.map_or_else(|refusal| refusal.to_string(), |found| found.refusals[0].to_string());
        assert!(refusal.contains(command), "{refusal}");
    }
}

#[test]
fn every_doubtful_file_is_named() {
    let refusal = listed(&["bills/a.pdf", "bills/b.csv", "bills/c", "plans.doc"], "").err().unwrap();
    for name in ["bills/a.pdf", "bills/c", "plans.doc"] {
        assert!(refusal.contains(name), "{refusal}");
    }
}

#[test]
fn an_empty_file_is_refused() {
    let dir = folder(&[]);
    fs::write(dir.path().join("bills.csv"), "").unwrap();
    let refusals = list(dir.path(), &Config::default(), &Table::ALL).unwrap().refusals;
    assert!(refusals[0].to_string().contains("bills.csv: the file is empty (0 bytes)"));
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_but_not_in_a_circle() {
    let dir = folder(&["elsewhere.csv"]);
    std::os::unix::fs::symlink(dir.path().join("elsewhere.csv"), dir.path().join("bills.csv")).unwrap();
    assert_eq!(
        names(&list(dir.path(), &Config::default(), &Table::ALL).unwrap(), Table::Bills),
        ["bills.csv"]
    );
    let dir = folder(&["bills/a.csv"]);
    std::os::unix::fs::symlink(dir.path().join("bills"), dir.path().join("bills/again")).unwrap();
    let refusal = list(dir.path(), &Config::default(), &Table::ALL).unwrap().refusals[0].to_string();
    assert!(refusal.contains("nested more than") || refusal.contains("cannot be read"), "{refusal}");
}
