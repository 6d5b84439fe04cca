//! Entitlements as marketing asks for them: every number here is counted again from the published tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;

use crate::support::Published;
use crate::utility::{AS_OF, CUSTOMERS, READINGS, Utility, graded};

/// A customer as the published tables have it.
#[derive(Clone, Debug)]
struct Known {
    tier: String,
    own: BTreeMap<&'static str, Option<String>>,
}

const OWN: [&str; 6] = [
    "use_category",
    "supply_level",
    "region",
    "importance_level",
    "aged_transformer_area",
    "marketing_opt_out",
];

/// The graded customers of the utility that all tests share, joined by hand.
fn known(utility: &Utility) -> BTreeMap<String, Known> {
    let columns = [&["customer_id"][..], &OWN].concat();
    let customers: BTreeMap<String, Vec<Option<String>>> = utility
        .table("customers")
        .rows_of(&columns)
        .into_iter()
        .map(|mut row| (row.remove(0).unwrap(), row))
        .collect();
    let tiers = utility.table("tiers").rows_of(&["customer_id", "tier"]);
    let known = tiers.into_iter().map(|mut row| {
        let id = row.remove(0).unwrap();
        let own = OWN.into_iter().zip(customers[&id].clone()).collect();
        (id, Known { tier: row.remove(0).unwrap(), own })
    });
    known.collect()
}

impl Known {
    fn is(&self, column: &str, value: &str) -> bool {
        self.own[column].as_deref() == Some(value)
    }

    fn is_top(&self) -> bool {
        self.tier == "special" || self.tier == "grade-1"
    }

    fn is_important(&self) -> bool {
        self.own["importance_level"].is_some()
    }
}

/// Who is entitled to some services: the rules of the shipped file, written again by hand.
fn rule(service: &str) -> fn(&Known) -> bool {
    match service {
        "S00" => |_| true,
        "S01" => |customer| !customer.is("use_category", "residential"),
        "S02" => |customer| customer.is("use_category", "residential"),
        "S06" => |customer| customer.tier != "grade-3",
        "S16" => |customer| {
            customer.is_top()
                || (customer.is_important() && !customer.is("importance_level", "imp_temporary"))
        },
        "S18" => |customer| customer.is_top() && customer.is("aged_transformer_area", "true"),
        "S20" => |customer| customer.is_top() || customer.is_important(),
        "S21" => |customer| customer.tier != "grade-3" || customer.is_important(),
        other => panic!("no rule for {other}"),
    }
}

const RULED: [&str; 8] = ["S00", "S01", "S02", "S06", "S16", "S18", "S20", "S21"];

fn asked(utility: &Utility, args: &[&str]) -> String {
    utility.done(&[&["entitlements"], args, &["--store", "store"]].concat())
}

fn json(utility: &Utility, args: &[&str]) -> Value {
    serde_json::from_str(&asked(utility, &[args, &["--format", "json"]].concat())).unwrap()
}

#[test]
fn counts_by_service_are_those_of_the_published_tables() {
    let known = known(graded());
    for service in RULED {
        let output = json(graded(), &["service", service]);
        let line = &output.as_array().unwrap()[0];
        let entitled = || known.values().filter(|customer| rule(service)(customer));
        assert_eq!(line["total"], entitled().count(), "{service}");
        for tier in ["special", "grade-1", "grade-2", "grade-3"] {
            assert_eq!(line[tier], entitled().filter(|c| c.tier == tier).count(), "{service} {tier}");
        }
    }
}

#[test]
fn filters_and_groups_count_the_same_customers() {
    let known = known(graded());
    let homes = |c: &&Known| c.is("use_category", "residential");
    let output = json(graded(), &["service", "S06", "--use-category", "residential", "--tier", "special"]);
    let expected = known.values().filter(homes).filter(|c| c.tier == "special").count();
    assert_eq!(output[0]["total"], expected);
    let output = json(graded(), &["service", "S06", "--by", "region", "--supply-level", "low_voltage"]);
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for customer in known.values().filter(|c| c.is("supply_level", "low_voltage") && rule("S06")(c)) {
        let region = customer.own["region"].clone().unwrap_or_default();
        *groups.entry(region).or_default() += 1;
    }
    let lines = output.as_array().unwrap();
    assert_eq!(lines.len(), groups.len() + 1);
    assert_eq!(
        (&lines.last().unwrap()["line"], &lines.last().unwrap()["group"]),
        (&"total".into(), &Value::Null)
    );
    for (line, (region, count)) in lines.iter().zip(&groups) {
        assert_eq!((line["group"].as_str(), &line["total"]), (Some(region.as_str()), &Value::from(*count)));
    }
    assert_eq!(lines.last().unwrap()["total"], groups.values().sum::<usize>());
}

#[test]
fn small_counts_are_withheld_and_cannot_be_subtracted() {
    let args = ["service", "S18", "--by", "region"];
    let (all, some) = (json(graded(), &args), json(graded(), &[&args[..], &["--min-count", "6"]].concat()));
    let columns = ["special", "grade-1", "grade-2", "grade-3", "total"];
    let mut withheld = 0;
    for (all, some) in all.as_array().unwrap().iter().zip(some.as_array().unwrap()) {
        let hidden = columns.iter().filter(|column| some[*column].is_null()).count();
        assert_ne!(hidden, 1, "{some}");
        withheld += hidden;
        for column in columns {
            let count = all[column].as_u64().unwrap();
            assert!(
                some[column].is_null() || (some[column] == count && (count == 0 || count >= 6)),
                "{some}"
            );
        }
    }
    assert!(withheld > 0);
    assert!(asked(graded(), &[&args[..], &["--min-count", "6"]].concat()).contains("withheld"));
}

#[test]
fn everybodys_grants_agree_with_the_counts_and_leave_out_who_opted_out() {
    let known = known(graded());
    let out: BTreeSet<&String> =
        known.iter().filter(|(_, c)| c.is("marketing_opt_out", "true")).map(|(id, _)| id).collect();
    assert!(!out.is_empty());
    let list = graded().path().join("opt-out.csv");
    let other = known.keys().find(|id| !out.contains(id)).unwrap();
    fs::write(&list, format!("customer_id,since\n{other},2025-01-01\n")).unwrap();
    let read = |name: &str, more: &[&str]| {
        let args = [&["grants", "-o", name], more].concat();
        asked(graded(), &args);
        let rows =
            Published::read(&graded().path().join(name)).rows_of(&["customer_id", "service", "access"]);
        rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let all = read("all.parquet", &["--purpose", "operations"]);
    for service in RULED {
        let granted: BTreeSet<&str> =
            all.iter().filter(|row| row[1] == service).map(|row| row[0].as_str()).collect();
        let due: BTreeSet<&str> =
            known.iter().filter(|(_, c)| rule(service)(c)).map(|(id, _)| id.as_str()).collect();
        assert_eq!(granted, due, "{service}");
    }
    let ids: Vec<&str> = all.iter().map(|row| row[0].as_str()).collect();
    assert!(ids.is_sorted());
    let marketing = read("marketing.parquet", &["--opt-out", "opt-out.csv"]);
    assert!(marketing.iter().all(|row| !out.contains(&row[0]) && row[0] != *other));
    let expected = all.iter().filter(|row| !out.contains(&row[0]) && row[0] != *other).count();
    assert_eq!(marketing.len(), expected);
}

#[test]
fn a_customer_reads_a_reason_on_every_line() {
    let known = known(graded());
    let (id, _) = known
        .iter()
        .find(|(_, c)| c.is_important() && c.tier == "grade-3")
        .or_else(|| known.iter().find(|(_, c)| c.is_important()))
        .unwrap();
    let output = json(graded(), &["customer", id]);
    let lines = output.as_array().unwrap();
    assert_eq!(lines.len(), 25);
    for line in lines {
        assert!(line["why"].as_str().is_some_and(|why| !why.is_empty()), "{line}");
        let has = line["access"] != "none";
        assert_eq!(has, line["reasons"].is_string(), "{line}");
        let service = line["service"].as_str().unwrap();
        if RULED.contains(&service) {
            assert_eq!(has, rule(service)(&known[id]), "{line}");
        }
    }
    let opened =
        |line: &&Value| line["reasons"].as_str().is_some_and(|reasons| reasons.contains("importance"));
    assert!(
        lines.iter().filter(opened).all(|line| line["why"].as_str().unwrap().contains("importance_level"))
    );
    assert!(lines.iter().any(|line| opened(&line)));
    let text = asked(graded(), &["customer", id, "--lang", "zh"]);
    assert!(text.contains("原因说明") && text.contains(id.as_str()), "{text}");
    let missing = graded().run(&["entitlements", "customer", "nobody", "--store", "store"]);
    assert_eq!(missing.code, 4);
    assert!(missing.stderr.contains("customer nobody"), "{}", missing.stderr);
}

fn sheet(path: &Path, number: usize) -> (String, Vec<Vec<Data>>) {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let name = book.sheet_names()[number].clone();
    let range = book.worksheet_range(&name).unwrap();
    (name, range.rows().map(<[Data]>::to_vec).collect())
}

fn cell(text: &str) -> Data {
    Data::String(text.into())
}

#[test]
fn the_workbook_has_typed_cells_and_a_sheet_of_terms_and_provenance() {
    asked(graded(), &["matrix", "-o", "matrix.xlsx"]);
    let path = graded().path().join("matrix.xlsx");
    let (name, matrix) = sheet(&path, 0);
    assert_eq!((name.as_str(), matrix.len()), ("Entitlement matrix", 26));
    assert_eq!(matrix[0][3..7], ["special", "grade-1", "grade-2", "grade-3"].map(cell));
    let (name, terms) = sheet(&path, 1);
    assert_eq!((name.as_str(), terms.len()), ("Terms and provenance", 101));
    let column = |head: &str| terms[0].iter().position(|cell_| *cell_ == cell(head)).unwrap();
    let find = |service: &str, tier: &str| {
        terms.iter().find(|row| row[0] == cell(service) && row[column("tier")] == cell(tier)).unwrap()
    };
    assert_eq!(find("S18", "special")[column("subsidy share")], Data::Float(0.5));
    assert_eq!(find("S18", "special")[column("provenance")], cell("stated in the paper"));
    assert!(matches!(find("S09", "grade-2")[column("fee, CNY")], Data::Float(fee) if fee > 0.0));
    assert_eq!(find("S06", "grade-2")[column("quota a year")], Data::Float(2.0));
    asked(graded(), &["matrix", "-o", "zh.xlsx", "--lang", "zh"]);
    assert_eq!(sheet(&graded().path().join("zh.xlsx"), 0).1[0][3..5], [cell("特级"), cell("一级")]);
    let raw = fs::read(&path).unwrap();
    asked(graded(), &["matrix", "-o", "again.xlsx"]);
    assert_eq!(fs::read(graded().path().join("again.xlsx")).unwrap(), raw, "the same bytes");
}

#[test]
fn a_list_of_holders_keeps_ids_as_text() {
    let output = asked(graded(), &["service", "S06", "-o", "holders.xlsx", "--purpose", "operations"]);
    let (_, rows) = sheet(&graded().path().join("holders.xlsx"), 0);
    let known = known(graded());
    let due: BTreeSet<&str> =
        known.iter().filter(|(_, c)| rule("S06")(c)).map(|(id, _)| id.as_str()).collect();
    let listed: BTreeSet<&str> = rows[1..]
        .iter()
        .map(|row| match &row[0] {
            Data::String(id) => id.as_str(),
            other => panic!("{other:?} is no text"),
        })
        .collect();
    assert_eq!(listed, due);
    assert!(listed.iter().all(|id| id.starts_with('0')), "leading zeros stay");
    assert!(output.contains(&format!("{} customers", due.len())), "{output}");
}

#[test]
fn the_page_stands_alone_and_the_matrix_comes_in_every_format() {
    let page = asked(graded(), &["matrix", "--format", "html", "--bilingual"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("A3 landscape"));
    for outside in ["http", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("服务预约") && page.contains("Service booking") && page.contains("特级 special"));
    let csv = asked(graded(), &["matrix", "--format", "csv", "--bom"]);
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == 26, "{csv}");
    assert!(!asked(graded(), &["matrix", "--format", "csv"]).starts_with('\u{feff}'));
    let output = json(graded(), &["matrix"]);
    assert_eq!(
        (output["matrix"].as_array().unwrap().len(), output["cells"].as_array().unwrap().len()),
        (25, 100)
    );
    asked(graded(), &["matrix", "-o", "matrix.parquet"]);
    let table = Published::read(&graded().path().join("matrix.parquet"));
    let stated = table.texts("provenance").iter().filter(|word| word.as_deref() == Some("text")).count();
    assert_eq!((table.rows(), stated), (100, 13));
    // Without a store: the shipped catalogue.
    assert!(graded().done(&["entitlements", "matrix"]).contains("paper 2026.1"));
}

#[test]
fn the_spellings_that_scripts_rely_on_mean_the_subcommands() {
    let old = |args: &[&str]| graded().done(&[&["entitlements", "--store", "store"], args].concat());
    for (options, subcommand) in [
        (&["--matrix", "--format", "json"][..], &["matrix", "--format", "json"][..]),
        (&["--service", "S18", "--by", "region"], &["service", "S18", "--by", "region"]),
    ] {
        assert_eq!(old(options), asked(graded(), subcommand));
    }
    let id = known(graded()).into_keys().next().unwrap();
    assert_eq!(old(&["--customer", &id]), asked(graded(), &["customer", &id]));
}

#[test]
fn a_tier_gets_what_its_column_of_the_matrix_says() {
    let cells = json(graded(), &["matrix"])["cells"].as_array().unwrap().clone();
    let of_tier = json(graded(), &["tier", "grade-2"]);
    let expected: Vec<&Value> = cells.iter().filter(|cell| cell["tier"] == "grade-2").collect();
    assert_eq!(of_tier.as_array().unwrap().iter().collect::<Vec<_>>(), expected);
    let text = asked(graded(), &["tier", "special", "--lang", "zh"]);
    assert!(text.contains("特级") && text.contains("S18"), "{text}");
}

#[test]
fn what_looks_like_a_formula_or_a_page_comes_out_as_text() {
    let catalogue = graded().done(&["entitlements", "show"]);
    let named = catalogue.replacen("title = \"Service booking\"", "title = \"=HYPERLINK(1)<b>x</b>\"", 1);
    let ids = ["=1+1", "@SUM(A1)", "<b>x</b>"];
    let customer = |id: &&str| format!("{id},commercial_industrial,low_voltage,2010-01-01,false\n");
    let readings =
        |id: &&str| (1..=12).map(|month| format!("{id},M,2025-{month:02}-01,100,,\n")).collect::<String>();
    let utility = Utility::empty()
        .and("customers.csv", CUSTOMERS.to_owned() + &ids.iter().map(customer).collect::<String>())
        .and("meter_readings.csv", READINGS.to_owned() + &ids.iter().map(readings).collect::<String>());
    fs::write(utility.path().join("c.toml"), named).unwrap();
    utility.published(&["--entitlements", "c.toml"]);
    asked(&utility, &["service", "S00", "-o", "list.csv"]);
    let csv = fs::read_to_string(utility.path().join("list.csv")).unwrap();
    assert!(csv.contains("\n'=1+1,") && csv.contains("\n'@SUM(A1),") && csv.contains("\n<b>x</b>,"), "{csv}");
    asked(&utility, &["service", "S00", "-o", "list.xlsx"]);
    let (_, rows) = sheet(&utility.path().join("list.xlsx"), 0);
    let found: Vec<&Data> = rows[1..].iter().map(|row| &row[0]).collect();
    assert_eq!(found, [&cell("<b>x</b>"), &cell("=1+1"), &cell("@SUM(A1)")], "text, and no formula");
    let page = asked(&utility, &["matrix", "--format", "html"]);
    assert!(page.contains("=HYPERLINK(1)&lt;b&gt;x&lt;/b&gt;") && !page.contains("<b>x</b>"));
    let page = asked(&utility, &["customer", "<b>x</b>", "--format", "html"]);
    assert!(!page.contains("<b>x</b>"));
    let csv = asked(&utility, &["matrix", "--format", "csv"]);
    assert!(csv.contains("'=HYPERLINK(1)<b>x</b>"), "{csv}");
    assert!(json(&utility, &["matrix"])["matrix"].to_string().contains("=HYPERLINK(1)<b>x</b>"));
}

#[test]
fn a_cycle_keeps_the_catalogue_that_it_was_published_with() {
    let utility = Utility::small();
    let text = utility.done(&["entitlements", "show"]);
    let own = text
        .replace("name = \"paper\"", "name = \"city\"")
        .replace("version = \"2026.1\"", "version = \"7\"");
    fs::write(utility.path().join("city.toml"), &own).unwrap();
    let cycle = utility.published(&["--entitlements", "city.toml"]);
    let manifest: Value = serde_json::from_slice(&fs::read(cycle.join("_manifest.json")).unwrap()).unwrap();
    let recorded = &manifest["entitlements"];
    assert_eq!((&recorded["name"], &recorded["version"]), (&"city".into(), &"7".into()));
    assert_eq!(recorded["text"], own);
    fs::remove_file(utility.path().join("city.toml")).unwrap();
    assert!(asked(&utility, &["matrix"]).contains("city 7"));
    assert!(asked(&utility, &["matrix", "--catalogue", "paper"]).contains("paper 2026.1"));
}

#[test]
fn gains_and_losses_between_two_cycles_are_those_of_their_grants() {
    let utility = Utility::invented(300, &[]);
    utility.published(&["--method", "paper"]);
    let grants = |name: &str, cycle: &str| {
        asked(&utility, &["grants", "-o", name, "--cycle", cycle, "--purpose", "operations"]);
        let rows = Published::read(&utility.path().join(name)).rows_of(&["customer_id", "service", "access"]);
        let pair = |row: Vec<Option<String>>| {
            let [id, service, access] = <[_; 3]>::try_from(row).unwrap().map(Option::unwrap);
            ((id, service), access)
        };
        rows.into_iter().map(pair).collect::<BTreeMap<_, _>>()
    };
    utility.published(&["--method", "utility"]);
    let (before, after) = (grants("one.parquet", "1"), grants("two.parquet", "2"));
    let gained =
        |service: &str| after.keys().filter(|key| key.1 == service && !before.contains_key(key)).count();
    let lost =
        |service: &str| before.keys().filter(|key| key.1 == service && !after.contains_key(key)).count();
    let output = json(&utility, &["changes", "--from", "1"]);
    let mut changed = 0;
    for line in output.as_array().unwrap() {
        let service = line["service"].as_str().unwrap();
        assert_eq!(
            (&line["gained"], &line["lost"]),
            (&gained(service).into(), &lost(service).into()),
            "{line}"
        );
        changed += gained(service) + lost(service);
    }
    assert!(changed > 0);
    asked(&utility, &["changes", "--from", "1", "-o", "notices.parquet", "--purpose", "operations"]);
    let notices = Published::read(&utility.path().join("notices.parquet"));
    let sharp = notices
        .texts("change")
        .iter()
        .flatten()
        .filter(|word| matches!(word.as_str(), "gained" | "lost"))
        .count();
    assert_eq!(sharp, changed);
    let backwards =
        utility.run(&["entitlements", "changes", "--from", "2", "--store", "store", "--cycle", "1"]);
    assert_eq!(backwards.code, 2, "{}", backwards.stderr);
}

#[test]
fn applications_are_decided_row_by_row() {
    let known = known(graded());
    let id = |test: &dyn Fn(&Known) -> bool| {
        known.iter().find(|(_, c)| test(c)).map(|(id, _)| id.as_str()).unwrap()
    };
    let aged = id(&|c| c.is_top() && c.is("aged_transformer_area", "true"));
    let top = id(&|c| c.is_top());
    let low = id(&|c| c.tier == "grade-3" && !c.is_important());
    let head = "customer_id,service,applied_on,area,parts,units,plan_allows\n";
    let rows = [
        format!("{aged},S18,2026-02-01,T1,,,\n"),
        format!("{top},S20,2026-02-01,,,,true\n"),
        format!("{top},S20,2026-02-02,,,,\n"),
        format!("{low},S20,2026-02-01,,,,true\n"),
        format!("{low},S17,2026-02-01,,report + saving,,\n"),
    ];
    fs::write(graded().path().join("asks.csv"), head.to_owned() + &rows.concat()).unwrap();
    let output = json(graded(), &["applications", "asks.csv"]);
    let outcomes: Vec<&str> =
        output.as_array().unwrap().iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["granted", "granted", "pending", "refused", "granted"]);
    assert_eq!(output[0]["fee"], output[0]["subsidy"], "half is borne");
    assert!(output[4]["fee"].as_f64().unwrap() > 0.0);
    fs::write(graded().path().join("bad.csv"), "customer_id,servise,applied_on\n1,S20,2026-02-01\n").unwrap();
    let bad = graded().run(&["entitlements", "applications", "bad.csv", "--store", "store"]);
    assert_eq!(bad.code, 4);
    assert!(
        bad.stderr.contains("`servise`") && bad.stderr.contains("did you mean `service`"),
        "{}",
        bad.stderr
    );
    let rows = "customer_id,service,applied_on,parts\n1,S99,2026-02-01,\n,S20,2026-02-01,\n1,S20,soon,\n1,S17,2026-02-01,raport\n";
    fs::write(graded().path().join("bad.csv"), rows).unwrap();
    let bad = graded().run(&["entitlements", "applications", "bad.csv", "--store", "store"]).stderr;
    for part in [
        "line 2: there is no service `S99`",
        "line 3: `customer_id` is empty",
        "line 4: `applied_on`",
        "no part `raport`",
    ] {
        assert!(bad.contains(part), "{part}: {bad}");
    }
}

#[test]
fn a_wrong_catalogue_or_question_says_what_to_do() {
    let utility = Utility::small();
    let text = utility.done(&["entitlements", "show"]);
    fs::write(utility.path().join("bad.toml"), text.replacen("grade-3 = {", "grade-33 = {", 1)).unwrap();
    let future = text.replace("effective_from = 1971-01-01", "effective_from = 2030-01-01");
    fs::write(utility.path().join("future.toml"), future).unwrap();
    let fails = |args: &[&str], code: i32, words: &[&str]| {
        let ended = utility.run(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{args:?}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
        }
    };
    let regrade = |file| ["regrade", "data", "--as-of", AS_OF, "--store", "store", "--entitlements", file];
    let bad = ["service.S00.cells.grade-33", "service S00 has no cell for grade-3", "what to do"];
    fails(&regrade("bad.toml"), 3, &bad);
    fails(&["entitlements", "check", "bad.toml"], 3, &bad);
    fails(&regrade("future.toml"), 3, &["is in force from 2030-01-01", "not on 2026-01-01", "what to do"]);
    fails(&["entitlements", "check", "papr"], 3, &["did you mean `paper`"]);
    assert!(!utility.store().exists());
    utility.published(&[]);
    let ask = |args: &[&'static str]| [&["entitlements"], args, &["--store", "store"]].concat();
    fails(&["entitlements"], 2, &["matrix", "customer", "service"]);
    fails(&ask(&["service", "S1O"]), 2, &["there is no service `S1O`", "did you mean"]);
    fails(&ask(&["matrix", "--costs"]), 2, &["unexpected argument '--costs'"]);
    fails(&ask(&["matrix", "-o", "matrix.doc"]), 2, &["names no format"]);
    fails(&ask(&["matrix", "--format", "xlsx"]), 2, &["name a file with -o"]);
    fails(&ask(&["grants", "-o", "nowhere/g.parquet"]), 5, &["nowhere/g.parquet"]);
    fails(&ask(&["service", "S00", "--opt-out", "nowhere.csv"]), 4, &["nowhere.csv"]);
    fails(&ask(&["matrix", "--min-count", "5"]), 2, &["unexpected argument '--min-count'"]);
    fails(&ask(&["customer", "0001", "--tier", "special"]), 2, &["unexpected argument '--tier'"]);
    fails(&ask(&["costs", "--region", "Atlantis"]), 2, &["no customer of the cycle is in region `Atlantis`"]);
    fails(&["entitlements", "costs"], 2, &["--store"]);
    let left: Vec<_> =
        fs::read_dir(utility.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("partial")), "{left:?}");
}

#[test]
fn a_cycle_of_an_earlier_version_is_refused_with_what_to_do() {
    let utility = Utility::small();
    let cycle = utility.published(&[]);
    fs::remove_file(cycle.join("customers.parquet")).unwrap();
    let output = utility.run(&["entitlements", "costs", "--store", "store"]);
    assert_eq!(output.code, 4);
    assert!(
        output.stderr.contains("customers.parquet") && output.stderr.contains("grade again"),
        "{}",
        output.stderr
    );
}

/// A utility with two customers, one of whom wants no marketing, and a service that both have.
fn opt_out_utility() -> Utility {
    let utility = Utility::small();
    utility.published(&[]);
    utility
}

#[test]
fn an_opt_out_list_is_obeyed_however_it_is_written() {
    let utility = opt_out_utility();
    for list in ["customer_id\n0001\n", "customer_id;name\n0001;a,b\n", "户号\n０００１\n", "0001\n"] {
        fs::write(utility.path().join("out.csv"), list).unwrap();
        let output = asked(&utility, &["grants", "-o", "g.csv", "--opt-out", "out.csv"]);
        assert!(output.contains("left out for wanting no marketing: 1"), "{output}");
        let csv = fs::read_to_string(utility.path().join("g.csv")).unwrap();
        assert!(!csv.contains("\n0001,") && csv.contains("\n0002,"), "{list:?}: {csv}");
    }
    // A list for operations is complete; the message says how many of its customers want no marketing.
    let output =
        asked(&utility, &["grants", "-o", "g.csv", "--opt-out", "out.csv", "--purpose", "operations"]);
    assert!(output.contains("1 of the customers want no marketing"), "{output}");
    assert!(fs::read_to_string(utility.path().join("g.csv")).unwrap().contains("\n0001,"));
    let output = asked(&utility, &["grants", "-o", "g.csv", "--lang", "zh", "--opt-out", "out.csv"]);
    assert!(output.contains("拒绝营销而未列入 1 户"), "{output}");
}

#[test]
fn an_opt_out_list_that_opts_nobody_out_is_refused() {
    let utility = opt_out_utility();
    for (list, words) in [
        ("customer_id\n1\n", "lost zeros in front (1 on line 2 would be 0001)"),
        ("customer_id\nX9\n", "none of its 1 ids is a customer"),
        ("customer_id,name\n0001,a\n0002\n", "line 3: it has 1 cells"),
        ("", "it is empty"),
    ] {
        fs::write(utility.path().join("out.csv"), list).unwrap();
        let args = ["entitlements", "grants", "-o", "g.csv", "--store", "store", "--opt-out", "out.csv"];
        let ended = utility.run(&args);
        assert_eq!(ended.code, 4, "{list:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{list:?}: {}", ended.stderr);
        assert!(!utility.path().join("g.csv").exists());
        let zh = utility.run(&[&args[..], &["--lang", "zh"]].concat()).stderr;
        assert!(zh.contains("无法使用") || zh.contains("无法使用的行"), "{zh}");
    }
}

#[test]
fn ids_of_an_opt_out_list_that_are_nobody_are_written_beside_the_export() {
    let utility = opt_out_utility();
    fs::write(utility.path().join("out.csv"), "customer_id\n0001\n2\nX9\n").unwrap();
    let ended =
        utility.run(&["entitlements", "grants", "-o", "g.csv", "--store", "store", "--opt-out", "out.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for words in ["2 ids of the opt-out list are no customers", "1 would be with zeros in front (2: 0002)"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let beside = fs::read_to_string(utility.path().join("g.unmatched.csv")).unwrap();
    assert!(beside.contains("\n3,2,0002") && beside.contains("\n4,X9,"), "{beside}");
}

#[test]
fn a_customers_services_name_the_customer_the_tier_the_cycle_and_the_day() {
    let utility = opt_out_utility();
    let output = json(&utility, &["customer", "０００１"]);
    let line = &output.as_array().unwrap()[0];
    assert_eq!(
        (&line["customer_id"], &line["cycle"], &line["as_of"]),
        (&"0001".into(), &1.into(), &AS_OF.into())
    );
    assert!(line["tier"].is_string(), "{line}");
    assert!(asked(&utility, &["customer", "0001"]).contains("in cycle 1 as of 2026-01-01"));
}

#[test]
fn lists_in_csv_speak_the_language_that_is_asked_for() {
    let utility = opt_out_utility();
    let list = |args: &[&str]| {
        asked(&utility, &[&["grants", "-o", "g.csv"], args].concat());
        fs::read_to_string(utility.path().join("g.csv")).unwrap()
    };
    assert!(list(&[]).starts_with("customer_id,tier,service,access,"));
    let chinese = list(&["--lang", "zh"]);
    assert!(chinese.starts_with("\u{feff}户号,等级,编号,提供方式,"), "{chinese}");
    assert!(!chinese.contains("included") && !chinese.contains("regulation"), "{chinese}");
    asked(&utility, &["service", "S01", "-o", "s.csv", "--lang", "zh"]);
    let holders = fs::read_to_string(utility.path().join("s.csv")).unwrap();
    assert!(holders.starts_with("\u{feff}户号,等级,"), "{holders}");
    // Programs read codes from JSON whatever the language.
    let output = asked(&utility, &["customer", "0001", "--format", "json", "--lang", "zh"]);
    assert!(output.contains("\"customer_id\""), "{output}");
}

#[test]
fn an_edited_copy_of_the_shipped_catalogue_is_reported() {
    let utility = Utility::small();
    let shipped = utility.done(&["entitlements", "show"]);
    let about = |text: &str| {
        fs::write(utility.path().join("c.toml"), text).unwrap();
        utility.done(&["entitlements", "check", "c.toml"])
    };
    assert!(!about(&shipped.replace('\n', "\r\n")).contains("another text"));
    let edited = shipped.replacen("title = \"", "title = \"Our ", 1);
    assert!(about(&edited).contains("name and version of the catalogue that gridtier ships"), "{edited}");
    let rules = |utility: &Utility| utility.table("findings").texts("rule");
    let is_reported = |utility: &Utility| rules(utility).contains(&Some("edited_catalogue".to_owned()));
    utility.published(&["--entitlements", "c.toml"]);
    assert!(is_reported(&utility));
    utility.published(&[]);
    assert!(!is_reported(&utility));
    let version = shipped.lines().find(|line| line.starts_with("version = ")).unwrap();
    fs::write(utility.path().join("c.toml"), edited.replacen(version, "version = \"ours-1\"", 1)).unwrap();
    utility.published(&["--entitlements", "c.toml"]);
    assert!(!is_reported(&utility));
}
