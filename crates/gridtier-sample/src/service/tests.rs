use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gridtier::contract::{ColumnKind, Table};

use crate::{SampleFaults, SampleSpec, SampleSummary, write, write_service, write_survey};

/// The repository's folder of example data.
fn sample_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data")
}

/// The utility of `sample-data`.
fn committed() -> SampleSpec {
    SampleSpec { seed: 2026, ..SampleSpec::demo() }
}

fn spec() -> SampleSpec {
    SampleSpec { customers: 800, ..SampleSpec::demo() }
}

fn written(spec: &SampleSpec) -> (tempfile::TempDir, SampleSummary, SampleSummary) {
    let dir = tempfile::tempdir().unwrap();
    let service = write_service(&dir.path().join("service"), spec).unwrap();
    let survey = write_survey(&dir.path().join("survey"), spec).unwrap();
    (dir, service, survey)
}

/// The rows of a table as cells by column.
fn rows(dir: &Path, table: Table) -> Vec<BTreeMap<String, String>> {
    let folder = if Table::SURVEY.contains(&table) { "survey" } else { "service" };
    let mut reader = csv::Reader::from_path(dir.join(folder).join(format!("{table}.csv"))).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| names.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap())).collect()
}

/// `GRIDTIER_WRITE=1` writes the examples again.
#[test]
fn the_examples_in_the_repository_are_what_the_generator_writes() {
    let (dir, ..) = written(&committed());
    for folder in ["service", "survey"] {
        let (examples, made) = (sample_data().join(folder), files(&dir.path().join(folder)));
        if std::env::var_os("GRIDTIER_WRITE").is_some() {
            fs::create_dir_all(&examples).unwrap();
            made.iter().for_each(|(name, bytes)| fs::write(examples.join(name), bytes).unwrap());
        }
        assert!(files(&examples) == made, "sample-data/{folder} differs from what the generator writes");
        let bytes: usize = made.values().map(Vec::len).sum();
        assert!(bytes < 2_000_000, "{folder}: {bytes} bytes");
    }
}

#[test]
fn the_service_log_in_the_repository_is_of_the_customers_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("data"), &committed()).unwrap();
    let [made, example] = [dir.path().join("data"), sample_data().join("utility")]
        .map(|folder| fs::read_to_string(folder.join("customers.csv")).unwrap());
    assert_eq!(made.lines().count(), example.lines().count());
    // Columns that contracts gained later are empty at the end of the row.
    let mut pairs = made.lines().zip(example.lines()).skip(1);
    assert!(pairs.all(|(made, example)| made.starts_with(example)));
}

#[test]
fn the_same_seed_gives_the_same_service_log_and_another_seed_another() {
    let [one, two, other] = [spec(), spec(), SampleSpec { seed: 1, ..spec() }].map(|spec| written(&spec).0);
    for folder in ["service", "survey"] {
        let [one, two, other] = [&one, &two, &other].map(|dir| files(&dir.path().join(folder)));
        assert!(one == two);
        // The calendar is a fact.
        assert!(other.iter().all(|(name, bytes)| *bytes != one[name] || name.ends_with("calendar.csv")));
    }
}

#[test]
fn a_clean_service_log_names_listed_customers_and_words_of_the_contract_only() {
    let spec = SampleSpec { faults: SampleFaults::None, ..spec() };
    let (dir, service, survey) = written(&spec);
    assert!(service.faults.is_empty() && survey.faults.is_empty());
    write(&dir.path().join("data"), &spec).unwrap();
    let mut listed = csv::Reader::from_path(dir.path().join("data/customers.csv")).unwrap();
    let listed: BTreeSet<String> = listed.records().map(|row| row.unwrap()[0].to_owned()).collect();
    for table in Table::SERVICE.into_iter().chain(Table::SURVEY) {
        let rows = rows(dir.path(), table);
        let summary = if Table::SURVEY.contains(&table) { &survey } else { &service };
        assert!(!rows.is_empty() && rows.len() as u64 == summary.rows(table), "{table}");
        for row in rows {
            if let Some(id) = row.get("customer_id").filter(|id| !id.is_empty()) {
                assert!(listed.contains(id), "{table} {id}");
            }
            for column in table.columns() {
                let cell = &row[column.name];
                assert!(!cell.is_empty() || column.nullable, "{table} {}: {row:?}", column.name);
                if let ColumnKind::Word(words) = column.kind {
                    assert!(
                        cell.is_empty() || words.position(cell).is_some(),
                        "{table} {} {cell}",
                        column.name
                    );
                }
                if matches!(column.kind, ColumnKind::Time)
                    && column.name != "promised_at"
                    && column.name != "planned_at"
                {
                    assert!(cell.as_str() < "2026-01-01", "{table} {} {cell}", column.name);
                }
            }
        }
    }
}

#[test]
fn promises_are_kept_mostly_and_broken_sometimes() {
    let (dir, ..) = written(&committed());
    let outages = rows(dir.path(), Table::Outages);
    let of_kind = |kind: &str| outages.iter().filter(|row| row["kind"] == kind).count();
    assert!(["fault", "planned", "temporary", "rationing"].into_iter().all(|kind| of_kind(kind) >= 3));
    let interruptions = rows(dir.path(), Table::Interruptions).len();
    assert!((4_000..9_000).contains(&interruptions), "{interruptions}");

    let planned: BTreeMap<&str, &str> = outages
        .iter()
        .filter(|row| row["kind"] == "planned")
        .map(|row| (row["outage_id"].as_str(), row["started_at"].as_str()))
        .collect();
    let deliveries = rows(dir.path(), Table::Deliveries);
    let notices: Vec<_> = deliveries.iter().filter(|row| planned.contains_key(row["ref"].as_str())).collect();
    let delivered = notices.iter().filter(|row| !row["delivered_at"].is_empty()).count();
    assert!(notices.len() > 500 && delivered * 10 > notices.len() * 8 && delivered < notices.len());
    assert!(notices.iter().all(|row| row["sent_at"].as_str() < planned[row["ref"].as_str()]));

    let visits = deliveries.iter().filter(|row| row["service"] == "S10" && !row["planned_at"].is_empty());
    let visits: Vec<_> = visits.collect();
    let missed = visits.iter().filter(|row| row["delivered_at"].is_empty()).count();
    assert!(visits.len() > 50 && missed > 0 && missed * 4 < visits.len(), "{missed} of {}", visits.len());
}

#[test]
fn complaints_have_topics_come_again_and_wait_in_one_branch() {
    let (dir, ..) = written(&committed());
    let contacts = rows(dir.path(), Table::Contacts);
    let complaints: Vec<_> =
        contacts.iter().filter(|row| row["kind"] == "complaint" && !row["customer_id"].is_empty()).collect();
    let mut by_topic: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for row in &complaints {
        *by_topic.entry((&row["customer_id"], &row["topic"])).or_default() += 1;
    }
    assert!(by_topic.values().filter(|count| **count > 1).count() > 5);
    assert!(by_topic.keys().map(|(_, topic)| topic).collect::<BTreeSet<_>>().len() >= 6);

    let second = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
    let is_late = |row: &BTreeMap<String, String>| {
        let first = &row["first_contact_at"];
        first.is_empty() || second(first) - second(&row["received_at"]) > chrono::TimeDelta::hours(24)
    };
    // Account numbers that begin with 0516 are those of the slow branch.
    let (slow, others): (Vec<_>, Vec<_>) =
        complaints.into_iter().partition(|row| row["customer_id"].starts_with("0516"));
    let late = |rows: &[&BTreeMap<String, String>]| rows.iter().filter(|row| is_late(row)).count();
    assert!(slow.len() > 10 && late(&slow) * 5 > slow.len() * 2, "{} of {}", late(&slow), slow.len());
    assert!(late(&others) * 5 < others.len(), "{} of {}", late(&others), others.len());
}

#[test]
fn most_of_what_is_owed_is_delivered_and_less_in_the_slow_branch() {
    let (dir, ..) = written(&committed());
    let deliveries = rows(dir.path(), Table::Deliveries);
    let done = |service: &str, channel: &str| {
        let mut months: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let is_of = |row: &&BTreeMap<String, String>| row["service"] == service && row["channel"] == channel;
        for row in deliveries.iter().filter(is_of).filter(|row| !row["delivered_at"].is_empty()) {
            let month = row["delivered_at"][..7].to_owned();
            months.entry(row["customer_id"].clone()).or_default().insert(month);
        }
        months
    };
    // Visits of each month, to somewhat more customers than the tenth that has the best tier.
    let visited: Vec<(String, usize)> = done("S05", "visit")
        .into_iter()
        .map(|(id, months)| (id, months.len()))
        .filter(|(_, months)| *months > 6)
        .collect();
    assert!((350..600).contains(&visited.len()), "{}", visited.len());
    let (slow, others): (Vec<_>, Vec<_>) = visited.into_iter().partition(|(id, _)| id.starts_with("0516"));
    let mean =
        |of: &[(String, usize)]| of.iter().map(|(_, months)| *months as f64).sum::<f64>() / of.len() as f64;
    let [slow, others] = [slow, others].map(|of| mean(&of));
    assert!(slow < 10.5 && others > 11.0, "{slow} {others}");
    // Handbooks, on paper or not.
    let handbooks = done("S24", "letter").len() + done("S24", "email").len();
    assert!((2_200..2_700).contains(&handbooks), "{handbooks}");
}
