//! What must hold for every utility, whatever its data: the same facts give the same cycle, and nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_ipc::CompressionType;
use arrow_schema::DataType;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};

use crate::support::Published;
use crate::tables;
use crate::utility::{AS_OF, Draws, Utility, graded};

/// The tables of the invented utility by name.
fn tables_in_memory() -> &'static BTreeMap<String, RecordBatch> {
    static TABLES: OnceLock<BTreeMap<String, RecordBatch>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let files = fs::read_dir(graded().data()).unwrap().map(|entry| entry.unwrap().path());
        let tables: BTreeMap<_, _> = files.map(|path| (stem(&path), tables::read(&path))).collect();
        assert_eq!(tables.len(), 8);
        tables
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The invented utility with each table written by `write`, in any number of files.
fn rewritten(write: impl Fn(&str, &RecordBatch) -> Vec<(String, Vec<u8>)>) -> Utility {
    let files = tables_in_memory().iter().flat_map(|(name, table)| write(name, table));
    files.fold(Utility::empty(), |utility, (name, bytes)| utility.and(&name, bytes))
}

/// Like [`rewritten`], with each table in one parquet file.
fn parquet_with(change: impl Fn(&str, &RecordBatch) -> RecordBatch) -> Utility {
    rewritten(|name, table| vec![(format!("{name}.parquet"), tables::parquet(&change(name, table)))])
}

fn files(cycle: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cycle).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    all.sort();
    all
}

/// The cycle of the invented utility.
fn cycle() -> PathBuf {
    graded().path().join(graded().done(&["path", "--store", "store"]).trim())
}

/// Asserts that a utility gives the cycle of the invented utility: the same bytes, except for findings and rejects,
/// which name files and rows and must have the same rules and counts.
fn gives_the_same_cycle(utility: &Utility, options: &[&str]) {
    let (ours, base) = (utility.published(&[&["--method", "utility"], options].concat()), cycle());
    let named: Vec<_> =
        files(&base).into_iter().map(|path| path.strip_prefix(&base).unwrap().to_owned()).collect();
    assert_eq!(files(&ours).len(), named.len());
    for name in named.iter().filter(|name| name.extension().is_some_and(|extension| extension == "parquet")) {
        let [ours, base] = [ours.join(name), base.join(name)];
        if name.starts_with("rejects") {
            assert_eq!(rules(&ours), rules(&base), "{}", name.display());
        } else if stem(name) == "findings" {
            assert_eq!(findings(&ours), findings(&base));
        } else {
            assert!(fs::read(ours).unwrap() == fs::read(base).unwrap(), "{} differs", name.display());
        }
    }
}

fn rules(path: &Path) -> Vec<Option<String>> {
    let mut rules = Published::read(path).texts("rule");
    rules.sort();
    rules
}

/// Findings without their examples, and without those findings that concern only the form of the files.
fn findings(path: &Path) -> Vec<[Option<String>; 3]> {
    let found = Published::read(path);
    let rows = found.integers("rows").into_iter().map(|rows| rows.map(|rows| rows.to_string()));
    let rules = found.texts("table").into_iter().zip(found.texts("rule")).zip(rows);
    let of_form = ["unknown_column", "widened_type"].map(|rule| Some(rule.to_owned()));
    rules
        .filter(|((_, rule), _)| !of_form.contains(rule))
        .map(|((table, rule), rows)| [table, rule, rows])
        .collect()
}

#[test]
fn one_thread_and_two_publish_the_same_bytes() {
    let [one, two] = ["1", "2"].map(|threads| {
        let utility = Utility::invented(400, &[]);
        let cycle = utility.published(&["--method", "utility", "--threads", threads]);
        (utility, cycle)
    });
    let content = |cycle: &Path| -> Vec<(String, Vec<u8>)> {
        files(cycle).iter().map(|path| (stem(path), fs::read(path).unwrap())).collect()
    };
    assert!(content(&one.1).len() >= 18);
    assert!(content(&one.1) == content(&two.1), "the manifest or a table depends on the threads");
    gives_the_same_cycle(&one.0, &[]);
}

#[test]
fn the_order_of_rows_changes_nothing() {
    for seed in 1..=3 {
        let mut draws = Draws(seed);
        let shuffled: BTreeMap<String, RecordBatch> = tables_in_memory()
            .iter()
            .map(|(name, table)| (name.clone(), tables::rows(table, &draws.order(table.num_rows()))))
            .collect();
        gives_the_same_cycle(&parquet_with(|name, _| shuffled[name].clone()), &[]);
    }
}

#[test]
fn tables_in_several_files_of_several_formats_and_folders_give_the_same_cycle() {
    let split = rewritten(|name, table| {
        let third = table.num_rows() / 3;
        let piece = |at: usize| {
            let end = if at == 2 { table.num_rows() } else { (at + 1) * third };
            tables::rows(table, &(at * third..end).collect::<Vec<_>>())
        };
        vec![
            (format!("{name}/2.parquet"), tables::parquet(&piece(0))),
            (format!("{name}/later/1.csv"), tables::csv(&piece(1))),
            (format!("{name}/0.arrow"), tables::ipc(&piece(2), None)),
        ]
    });
    gives_the_same_cycle(&split, &[]);
}

#[test]
fn hive_folders_of_a_column_give_the_same_cycle() {
    let columns =
        BTreeMap::from([("meter_readings", "quality"), ("bills", "billing_month"), ("incidents", "kind")]);
    let split = rewritten(|name, table| match columns.get(name) {
        Some(column) => hive(name, table, column, &tables::texts(table, column)),
        None => vec![(format!("{name}.parquet"), tables::parquet(table))],
    });
    assert!(split.data().join("meter_readings/quality=estimated").is_dir());
    gives_the_same_cycle(&split, &[]);
}

#[test]
fn hive_folders_of_months_without_such_a_column_give_the_same_cycle() {
    let split = rewritten(|name, table| {
        if name != "meter_readings" {
            return vec![(format!("{name}.parquet"), tables::parquet(table))];
        }
        let month = |time: &Option<String>| time.as_ref().map(|time| time[..7].to_owned());
        hive(name, table, "delivered", &tables::texts(table, "read_at").iter().map(month).collect::<Vec<_>>())
    });
    gives_the_same_cycle(&split, &[]);
}

/// The files of a table in a folder for each value; a column of that name is left out.
fn hive(name: &str, table: &RecordBatch, key: &str, values: &[Option<String>]) -> Vec<(String, Vec<u8>)> {
    let mut places: BTreeMap<&Option<String>, Vec<usize>> = BTreeMap::new();
    values.iter().enumerate().for_each(|(row, value)| places.entry(value).or_default().push(row));
    let table = tables::drop_column(table, key);
    let file = |(value, rows): (&Option<String>, Vec<usize>)| {
        let value = value.as_deref().unwrap_or("__HIVE_DEFAULT_PARTITION__");
        (format!("{name}/{key}={value}/part.parquet"), tables::parquet(&tables::rows(&table, &rows)))
    };
    places.into_iter().map(file).collect()
}

#[test]
fn every_codec_of_parquet_gives_the_same_cycle() {
    let properties = |codec| WriterProperties::builder().set_compression(codec);
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::BROTLI(Default::default()),
        Compression::ZSTD(Default::default()),
    ] {
        gives_the_same_cycle(&parquet_by(properties(codec)), &[]);
    }
}

#[test]
fn every_layout_of_parquet_gives_the_same_cycle() {
    let properties = WriterProperties::builder;
    for properties in [
        properties().set_dictionary_enabled(false).set_encoding(Encoding::PLAIN),
        properties().set_dictionary_enabled(false).set_writer_version(WriterVersion::PARQUET_2_0),
        properties().set_dictionary_page_size_limit(64).set_data_page_row_count_limit(100),
        properties().set_max_row_group_row_count(Some(37)),
    ] {
        gives_the_same_cycle(&parquet_by(properties), &[]);
    }
}

fn parquet_by(properties: WriterPropertiesBuilder) -> Utility {
    rewritten(|name, table| vec![(format!("{name}.parquet"), tables::parquet_as(table, properties.clone()))])
}

#[test]
fn every_encoding_of_text_gives_the_same_cycle() {
    let dictionary = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    for kind in [
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary(DataType::Int32),
        dictionary(DataType::UInt16),
        DataType::Binary,
    ] {
        gives_the_same_cycle(&parquet_with(|_, table| tables::text_as(table, &kind)), &[]);
        let arrow = rewritten(|name, table| {
            vec![(format!("{name}.arrow"), tables::ipc(&tables::text_as(table, &kind), None))]
        });
        gives_the_same_cycle(&arrow, &[]);
    }
}

#[test]
fn csv_gives_the_same_cycle_as_parquet() {
    gives_the_same_cycle(&rewritten(|name, table| vec![(format!("{name}.csv"), tables::csv(table))]), &[]);
}

#[test]
fn arrow_files_and_streams_give_the_same_cycle_as_parquet() {
    for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
        let arrow =
            rewritten(|name, table| vec![(format!("{name}.feather"), tables::ipc(table, compression))]);
        gives_the_same_cycle(&arrow, &[]);
    }
    let streams = rewritten(|name, table| vec![(format!("{name}.ipc"), tables::ipc_stream(table))]);
    gives_the_same_cycle(&streams, &[]);
}

#[test]
fn a_declared_unit_gives_the_same_cycle() {
    for (unit, kwh) in [("Wh", 0.001), ("MWh", 1e3), ("万kWh", 1e4)] {
        let utility = parquet_with(|_, table| {
            ["active_kwh", "reactive_kvarh", "planned_kwh"]
                .into_iter()
                .fold(table.clone(), |table, column| {
                    tables::with(&table, column, |energies| divided(energies, kwh))
                })
        });
        let entry = |table| format!("[tables.{table}]\nenergy_unit = \"{unit}\"\n");
        let declared = format!("format = 1\n{}{}", entry("meter_readings"), entry("plans"));
        gives_the_same_cycle(&utility.and("gridtier.toml", declared), &[]);
    }
    let fen = |amounts: &ArrayRef| Arc::new(fen_of(amounts)) as ArrayRef;
    let utility =
        parquet_with(|_, table| tables::with(&tables::with(table, "amount_due", fen), "amount", fen));
    let declared =
        "format = 1\n[tables.bills]\nmoney_unit = \"fen\"\n[tables.payments]\nmoney_unit = \"fen\"\n";
    gives_the_same_cycle(&utility.and("gridtier.toml", declared), &[]);
}

fn divided(energies: &ArrayRef, by: f64) -> ArrayRef {
    // A double of 0.001 would make 621 kWh into 620999.9999 Wh.
    let change = |x: f64| if by < 1.0 { x * (1.0 / by).round() } else { x / by };
    Arc::new(energies.as_primitive::<Float64Type>().unary::<_, Float64Type>(change) as Float64Array)
}

fn fen_of(amounts: &ArrayRef) -> Int64Array {
    assert_eq!(*amounts.data_type(), DataType::Decimal128(14, 2));
    amounts.as_primitive::<Decimal128Type>().iter().map(|fen| fen.map(|fen| fen as i64)).collect()
}

#[test]
fn contributions_sum_to_the_score_and_dimensions_lie_within_0_and_100() {
    let (tiers, points) = (graded().table("tiers"), graded().table("contributions"));
    assert_eq!(tiers.texts("customer_id"), points.texts("customer_id"));
    let schema = points.0[0].schema();
    let indicators: Vec<&str> = schema.fields().iter().skip(1).map(|field| field.name().as_str()).collect();
    assert_eq!(indicators.len(), 16);
    let columns: Vec<Vec<Option<f64>>> = indicators.iter().map(|id| points.numbers(id)).collect();
    for (row, score) in tiers.integers("score_e6").into_iter().enumerate() {
        let sum: f64 = columns.iter().map(|column| column[row].unwrap()).sum();
        let score = score.unwrap() as f64 / 1e6;
        assert!((sum - score).abs() <= 5.1e-7, "row {row}: {sum} {score}");
        assert!((0.0..=100.0).contains(&score));
    }
    for dimension in ["contribution", "compliance", "cooperation"] {
        let scores = tiers.numbers(dimension);
        assert!(scores.iter().flatten().count() > 0);
        assert!(scores.iter().flatten().all(|score| (-1e-9..=100.0 + 1e-9).contains(score)), "{dimension}");
    }
}

#[test]
fn every_row_is_accounted_for() {
    let reconciliation = graded().table("reconciliation");
    let column = |name: &str| -> Vec<i64> { reconciliation.integers(name).into_iter().flatten().collect() };
    let tables = reconciliation.texts("table");
    assert_eq!(tables.len(), 8);
    for (row, table) in tables.into_iter().flatten().enumerate() {
        let rows_in = column("rows_in")[row];
        let parts = ["counted", "out_of_window", "rejected", "duplicates", "not_yet_known"]
            .map(|name| column(name)[row]);
        assert_eq!(rows_in, parts.iter().sum::<i64>(), "{table}");
        assert_eq!(rows_in as usize, tables_in_memory()[&table].num_rows(), "{table}");
        let rejects = Published::read(&cycle().join(format!("rejects/{table}.parquet")));
        assert_eq!(rejects.rows() as i64, parts[2], "{table}");
    }
    assert!(
        column("rejected").iter().all(|&rejected| rejected > 0),
        "the invented utility plants faults in all tables"
    );
}

#[test]
fn published_tables_are_sorted_by_their_keys() {
    let is_sorted = |table: &str, keys: &[&str]| {
        let rows = graded().table(table).rows_of(keys);
        rows.len() > 1 && rows.is_sorted()
    };
    let unsorted: Vec<_> = [
        ("tiers", &["customer_id"][..]),
        ("indicators", &["customer_id"]),
        ("contributions", &["customer_id"]),
        ("monthly_usage", &["customer_id", "month"]),
        ("ledger", &["stratum"]),
        ("parameters", &["indicator"]),
        ("findings", &["table", "rule"]),
        ("reconciliation", &["table"]),
    ]
    .into_iter()
    .filter(|(table, keys)| !is_sorted(table, keys))
    .collect();
    assert!(unsorted.is_empty(), "not sorted by their keys: {unsorted:?}");
}

#[test]
fn quotas_are_exact_by_the_ledger_and_ranks_follow_scores() {
    let (tiers, ledger) = (graded().table("tiers"), graded().table("ledger"));
    let (strata, computed) = (tiers.texts("stratum"), tiers.texts("tier_computed"));
    let (ranks, scores) = (tiers.integers("rank"), tiers.integers("score_e6"));
    let (of, boundaries) = (ledger.texts("stratum"), ledger.texts("boundary"));
    let (customers, quotas) = (ledger.integers("customers"), ledger.integers("quota"));
    assert!(ledger.rows() >= 6);
    for line in 0..ledger.rows() {
        let n = customers[line].unwrap();
        let mut ranked: Vec<(i64, i64, &str)> = (0..tiers.rows())
            .filter(|&row| strata[row] == of[line])
            .filter_map(|row| Some((ranks[row]?, -scores[row]?, computed[row].as_deref()?)))
            .collect();
        ranked.sort_unstable();
        assert!(ranked.iter().map(|(rank, ..)| *rank).eq(1..=n), "the ranks are not 1 to {n}");
        assert!(ranked.is_sorted_by_key(|(_, score, _)| *score), "no one is vetoed here");
        let (place, above) = match boundaries[line].as_deref().unwrap() {
            "special/grade-1" => (10, vec!["special"]),
            "grade-1/grade-2" => (40, vec!["special", "grade-1"]),
            "grade-2/grade-3" => (90, vec!["special", "grade-1", "grade-2"]),
            other => panic!("{other}"),
        };
        assert_eq!(quotas[line], Some((n * place + 50) / 100));
        let count = ranked.iter().filter(|(.., tier)| above.contains(tier)).count();
        assert_eq!(count as i64, quotas[line].unwrap(), "{:?}", boundaries[line]);
    }
}

#[test]
fn whoever_delivers_more_of_what_was_asked_ranks_no_lower() {
    let events = &tables_in_memory()["cooperation"];
    let ranks = || -> BTreeMap<_, _> {
        let tiers = graded().table("tiers");
        tiers.texts("customer_id").into_iter().flatten().zip(tiers.integers("rank")).collect()
    };
    let before = ranks();
    let shy = customers_that_deliver_too_little(events);
    assert!(shy.len() >= 8, "{shy:?}");
    let mut risen = 0;
    for customer in shy.iter().filter(|customer| before[*customer].is_some()).step_by(shy.len() / 8) {
        let utility = parquet_with(|name, table| {
            if name == "cooperation" { delivered_in_full(table, customer) } else { table.clone() }
        });
        utility.published(&["--method", "utility"]);
        let tiers = utility.table("tiers");
        let place = tiers.texts("customer_id").iter().position(|id| id.as_ref() == Some(customer)).unwrap();
        let (now, then) = (tiers.integers("rank")[place].unwrap(), before[customer].unwrap());
        assert!(now <= then, "{customer} delivered more and fell from {then} to {now}");
        risen += usize::from(now < then);
    }
    assert!(risen > 0, "nobody rose");
}

/// Customers who delivered less than asked in some policy event.
fn customers_that_deliver_too_little(events: &RecordBatch) -> Vec<String> {
    let [ids, kinds, asked, given] =
        ["customer_id", "kind", "requested", "delivered"].map(|column| tables::texts(events, column));
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
    let is_short = |&row: &usize| {
        let less = number(&asked[row]).zip(number(&given[row])).is_some_and(|(asked, given)| given < asked);
        less && kinds[row].as_deref() == Some("policy")
    };
    let known = tables::texts(&tables_in_memory()["customers"], "customer_id");
    let graded = graded().table("tiers").texts("customer_id");
    let mut short: Vec<String> =
        (0..events.num_rows()).filter(is_short).filter_map(|row| ids[row].clone()).collect();
    short.retain(|id| known.contains(&Some(id.clone())) && graded.contains(&Some(id.clone())));
    short.sort();
    short.dedup();
    short
}

/// The events with all policy requests to a customer carried out.
fn delivered_in_full(events: &RecordBatch, customer: &str) -> RecordBatch {
    let [ids, kinds, asked] =
        ["customer_id", "kind", "requested"].map(|column| tables::texts(events, column));
    tables::with(events, "delivered", |delivered| {
        let delivered = delivered.as_string::<i32>().iter().enumerate().map(|(row, given)| {
            let is_raised = ids[row].as_deref() == Some(customer) && kinds[row].as_deref() == Some("policy");
            if is_raised { asked[row].clone() } else { given.map(str::to_owned) }
        });
        Arc::new(delivered.collect::<arrow_array::StringArray>())
    })
}

#[test]
fn rows_before_the_window_change_no_tier() {
    let early = "0512000001,M0001000,2019-05-01,999999,,actual\n";
    let readings = &tables_in_memory()["meter_readings"];
    let utility = parquet_with(|_, table| table.clone()).without("meter_readings.parquet");
    let csv = String::from_utf8(tables::csv(readings)).unwrap() + early;
    let utility = utility.and("meter_readings.csv", csv);
    let (ours, base) = (utility.published(&["--method", "utility"]), cycle());
    for table in ["tiers.parquet", "indicators.parquet", "monthly_usage.parquet"] {
        assert!(
            fs::read(ours.join(table)).unwrap() == fs::read(base.join(table)).unwrap(),
            "{table} for {AS_OF}"
        );
    }
    let out = |utility: &Utility| utility.checked().tally("meter_readings")[2];
    assert_eq!(out(&utility), out(graded()) + 1);
}
