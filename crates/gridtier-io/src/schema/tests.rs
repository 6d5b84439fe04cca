use std::collections::BTreeSet;
use std::fs;

use gridtier::contract::rule::{Rule, Severity};
use gridtier::limit::Breach;
use gridtier::meter::FileBook;
use gridtier::run::{ControlTotals, Reconciled, TierTotal};
use gridtier::source::{Finding, Tally};
use gridtier::unit::Month;

use super::yaml::Yaml;
use super::*;
use crate::cycle::{Engine, InputEntry};
use crate::folder::Input;
use crate::store::OutputFile;
use gridtier_sample::SampleSpec;

/// Set to write the files instead of comparing them.
const WRITE: &str = "GRIDTIER_WRITE";

#[test]
fn the_committed_schemas_are_those_that_the_types_give() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    if std::env::var_os(WRITE).is_some() {
        write(&committed).unwrap();
    }
    let how = "write them anew with `gridtier schema -o schemas` and commit them";
    let made = files();
    for (name, content) in &made {
        let found = fs::read_to_string(committed.join(name)).unwrap_or_default();
        assert!(found == *content, "schemas/{name} is not what the types give; {how}");
    }
    for entry in fs::read_dir(&committed).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_schema = name.ends_with(".odcs.yaml") || name.ends_with(".schema.json");
        assert!(
            !is_schema || made.iter().any(|(made, _)| *made == name),
            "schemas/{name} is no longer made; {how}"
        );
    }
}

#[test]
fn writing_creates_the_folder_and_returns_the_paths_of_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("new/schemas");
    let written = write(&folder).unwrap();
    assert_eq!(written.len(), 25);
    assert_eq!(fs::read_to_string(&written[0]).unwrap(), files()[0].1);
    assert_eq!(written[0], folder.join("customers.odcs.yaml"));
}

fn value_of<'a>(map: &'a Yaml, key: &str) -> Option<&'a Yaml> {
    let Yaml::Map(entries) = map else { return None };
    entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn items(list: Option<&Yaml>) -> &[Yaml] {
    match list {
        Some(Yaml::List(items)) => items,
        _ => &[],
    }
}

/// The codes of the rules that a contract names.
fn codes(table: Table) -> BTreeSet<String> {
    let document = contract::document(table);
    let object = &items(value_of(&document, "schema"))[0];
    let columns =
        items(value_of(object, "properties")).iter().flat_map(|column| items(value_of(column, "quality")));
    let name = |check: &Yaml| match value_of(check, "name") {
        Some(Yaml::Text(name)) => name.clone(),
        other => panic!("a check without a name: {other:?}"),
    };
    items(value_of(object, "quality")).iter().chain(columns).map(name).collect()
}

#[test]
fn every_reject_planted_in_the_sample_is_a_rule_of_its_contract() {
    let dir = tempfile::tempdir().unwrap();
    let spec = SampleSpec { customers: 400, months: 14, ..SampleSpec::demo() };
    let planted = gridtier_sample::write(dir.path(), &spec).unwrap().faults;
    let is_reject =
        |code: &str| Rule::all().any(|rule| rule.code() == code && rule.severity() == Severity::Error);
    let rejects: Vec<_> = planted.iter().filter(|fault| is_reject(fault.rule)).collect();
    assert!(rejects.len() > 10, "{planted:?}");
    for fault in rejects {
        assert!(codes(fault.table).contains(fault.rule), "{} of {}", fault.rule, fault.table);
    }
}

#[test]
fn a_contract_names_each_rule_that_can_reject_a_row_and_no_other() {
    let code_list = |table| codes(table).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(
        code_list(Table::Payments),
        "bad_date bad_number bad_width duplicate_key error_cell id_too_long not_finite null_key null_value orphan out_of_bounds \
         reject_limits"
    );
    let all: BTreeSet<String> = Table::every().flat_map(codes).collect();
    for rule in Rule::all() {
        assert_eq!(all.contains(rule.code()), rule.severity() == Severity::Error, "{rule}");
    }
}

/// Where a JSON value does not fit its schema, by path. Keys that the schema does not name are misfits too.
fn misfits(value: &Value, schema: &Value, path: &str) -> Vec<String> {
    let fits = match (schema.get("anyOf"), value) {
        (Some(Value::Array(alternatives)), value) => {
            alternatives.iter().any(|alternative| misfits(value, alternative, path).is_empty())
        }
        (_, Value::Object(entries)) => {
            let properties = schema["properties"].as_object().unwrap();
            let unknown = entries.keys().filter(|name| !properties.contains_key(*name));
            let mut found: Vec<String> = unknown.map(|name| format!("{path}.{name} is unknown")).collect();
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing = required.filter(|name| !entries.contains_key(*name));
            found.extend(missing.map(|name| format!("{path}.{name} is missing")));
            for (name, inner) in properties {
                if let Some(value) = entries.get(name) {
                    found.extend(misfits(value, inner, &format!("{path}.{name}")));
                }
            }
            return found;
        }
        (_, Value::Array(values)) => {
            return values.iter().flat_map(|value| misfits(value, &schema["items"], path)).collect();
        }
        (_, value) => is_of_kind(value, schema) && is_within(value, schema),
    };
    if fits { Vec::new() } else { vec![format!("{path} cannot be {value}")] }
}

fn is_of_kind(value: &Value, schema: &Value) -> bool {
    let kind = match value {
        Value::Null => "null",
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        _ => "other",
    };
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
}

fn is_within(value: &Value, schema: &Value) -> bool {
    let is_word = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
    is_word && value.as_i64().is_none_or(|number| least <= number)
}

fn a_manifest() -> Value {
    let tally =
        Tally { rows_in: 3, counted: 1, out_of_window: 0, rejected: 1, duplicates: 1, not_yet_known: 0 };
    let totals = ControlTotals {
        customers: 1,
        population: 1,
        ranked: 1,
        short_history: 0,
        low_known_weight: 0,
        vetoed: 0,
        lowered_by_veto: 0,
        active_wh: -1,
        reactive_varh: 2,
        readings: 3,
        revenue_fen: 4,
        tiers: [TierTotal::default(); 4],
        reconciliation: vec![Reconciled { table: Table::Customers, tally }],
    };
    let input =
        |table| Input { table, path: "a".into(), bytes: 1, sha256: "0".into(), rows: 3, encoding: None };
    let months = Some((Month::new(2025, 1), Month::new(2025, 2)));
    let entry =
        |table, book: Option<FileBook>| InputEntry { input: input(table), rows: book.map(Into::into) };
    json!({
        "format": 1,
        "engine": Engine::this(),
        "as_of": "2026-01-01",
        "window": {"start": "2023-01", "end": "2026-01", "months": 36},
        "method": {"name": "paper", "sha256": "0", "text": "format = 1"},
        "entitlements": {
            "name": "paper", "version": "1", "effective_from": "2020-01-01", "effective_to": null, "sha256": "0",
            "text": "format = 1",
        },
        "inputs": [entry(None, None), entry(Some(Table::MeterReadings), Some(FileBook { tally, months }))],
        "control_totals": totals,
        "findings": [Finding::of(Table::Bills, Rule::Orphan, 1, "bills.csv row 0")],
        "breaches": [Breach::of_rejects(Table::Bills, 11, 10)],
        "accepted_by": null,
        "outputs": [OutputFile { name: "tiers.parquet".into(), sha256: "0".into(), bytes: 1, rows: 1 }],
    })
}

#[test]
fn the_manifest_schema_has_the_keys_that_the_types_write() {
    assert_eq!(misfits(&a_manifest(), &schema_of_output::<Manifest>(), "manifest"), Vec::<String>::new());
    let mut accepted = a_manifest();
    accepted["accepted_by"] = json!("张工");
    accepted["control_totals"]["tiers"][0]["customers"] = json!(-1);
    let found = misfits(&accepted, &schema_of_output::<Manifest>(), "manifest");
    assert_eq!(found, ["manifest.control_totals.tiers.customers cannot be -1"]);
}

#[test]
fn only_schemas_of_files_that_people_write_forbid_unknown_keys() {
    let schema = |name: &str| files().into_iter().find(|(file, _)| file == name).unwrap().1;
    assert!(!schema("manifest.schema.json").contains("\"additionalProperties\": false"));
    assert!(schema("method.schema.json").contains("\"additionalProperties\": false"));
    assert!(schema("gridtier-toml.schema.json").contains("\"additionalProperties\": false"));
}
