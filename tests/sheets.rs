//! Customer sheets, and the columns that are passed through for them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use calamine::{Reader as _, Xlsx, open_workbook};

use crate::utility::{CUSTOMERS, Utility, graded};

const NAME: &str = "<b>李四</b>=1+1";

/// A graded utility of three customers, with or without names; the id of one of them cannot be the name of a file.
fn named(is_named: bool) -> Utility {
    let header = if is_named { CUSTOMERS.replace('\n', ",name\n") } else { CUSTOMERS.to_owned() };
    let row = |id: &str| {
        let name = if is_named { format!(",{NAME}") } else { String::new() };
        format!("{id},commercial_industrial,low_voltage,2010-01-01,false{name}\n")
    };
    let rows: String = ["0001", "0002", "../3", "0001"].iter().map(|id| row(id)).collect();
    let utility = Utility::small().and("customers.csv", header + &rows);
    let utility = utility.append("meter_readings.csv", "../3,m,2025-03-01,100,0,actual\n");
    let utility = match is_named {
        true => {
            utility.and("gridtier.toml", "format = 1\npassthrough = [{ column = \"name\", zh = \"户名\" }]\n")
        }
        false => utility.and("gridtier.toml", "format = 1\n"),
    };
    // Readings are rejected if their customer is not in the table of customers.
    utility.published(&["--accept-findings=test"]);
    utility
}

/// The files of a folder, by path below it.
fn files(dir: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => files(&entry.path(), &format!("{name}/"), found),
            false => drop(found.insert(name)),
        }
    }
}

#[test]
fn columns_that_are_passed_through_are_in_customers_and_change_no_other_table() {
    let (with, without) = (named(true), named(false));
    let cycle = |utility: &Utility| {
        let path = utility.done(&["path", "--store", "store"]);
        utility.path().join(path.trim())
    };
    let (with_dir, without_dir) = (cycle(&with), cycle(&without));
    let mut names = BTreeSet::new();
    files(&with_dir, "", &mut names);
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let (one, other) =
            (fs::read(with_dir.join(&name)).unwrap(), fs::read(without_dir.join(&name)).unwrap());
        match name.as_str() {
            "customers.parquet" => assert_ne!(one, other),
            "_manifest.json" => {
                let text = String::from_utf8(one).unwrap();
                assert!(text.contains("户名") && !text.contains("李四"), "{text}");
            }
            _ => assert!(one == other, "{name}"),
        }
    }
    let shown = with.table("customers").rows_of(&["customer_id", "name"]);
    let wanted = ["../3", "0001", "0002"].map(|id| vec![Some(id.to_owned()), Some(NAME.to_owned())]);
    assert_eq!(shown, wanted);
    // The columns are kept if facts are taken from an earlier cycle, and if a cycle is computed again.
    with.published(&["--again", "--accept-findings=test"]);
    assert_eq!(with.table("customers").rows_of(&["customer_id", "name"]), wanted);
    with.done(&["verify", "--store", "store", "--recompute", "data"]);
}

#[test]
fn an_unknown_passthrough_column_is_refused_without_printing_any_value() {
    let utility = named(true).and("gridtier.toml", "format = 1\npassthrough = [\"nam\"]\n");
    let ended = utility.regrade(&["--method", "few-tables.toml"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("did you mean `name`?") && !ended.stderr.contains("李四"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_sheet_shows_the_name_as_text_and_its_file_stays_in_the_folder() {
    let utility = named(true);
    utility.done(&["explain", "--tier", "grade-3", "--store", "store", "-o", "sheets", "--lang", "zh"]);
    utility.done(&["explain", "../3", "--store", "store", "-o", "one.html"]);
    let ids: Vec<String> = utility
        .table("tiers")
        .rows_of(&["customer_id", "tier"])
        .into_iter()
        .filter(|row| row[1].as_deref() == Some("grade-3"))
        .filter_map(|row| row[0].clone())
        .collect();
    let mut names = BTreeSet::new();
    files(&utility.path().join("sheets"), "", &mut names);
    assert_eq!(names.len(), ids.len(), "{names:?}");
    let page = fs::read_to_string(utility.path().join("one.html")).unwrap();
    assert!(page.contains("&lt;b&gt;李四&lt;/b&gt;=1+1") && !page.contains("<b>李四"), "{page}");
}

#[test]
fn the_sheets_of_a_tier_are_all_there_and_say_what_the_tables_say() {
    let utility = graded();
    let rows = utility.table("tiers").rows_of(&["customer_id", "tier", "score_e6"]);
    let special: Vec<_> = rows.iter().filter(|row| row[1].as_deref() == Some("special")).collect();
    let target = tempfile::tempdir().unwrap();
    let out = |name: &str| target.path().join(name).to_str().unwrap().to_owned();
    let args = |output: &str| {
        utility.done(&["explain", "--tier", "special", "--store", "store", "--data", "data", "-o", output])
    };
    args(&out("folder"));
    args(&out("all.html"));
    args(&out("all.xlsx"));
    let page = fs::read_to_string(out("all.html")).unwrap();
    assert_eq!(page.matches("<article>").count(), special.len());
    let mut workbook: Xlsx<_> = open_workbook(out("all.xlsx")).unwrap();
    assert_eq!(workbook.sheet_names().len(), special.len());
    for row in special {
        let (id, score) = (row[0].as_ref().unwrap(), row[2].as_ref().unwrap().parse::<f64>().unwrap() / 1e6);
        let own = fs::read_to_string(out(&format!("folder/customer-{id}.html"))).unwrap();
        assert!(own.contains(&format!("Score {score:.2} of 100")), "{id}");
        let cells = workbook.worksheet_range(id).unwrap();
        assert!(cells.rows().any(|cells| cells.iter().any(|cell| cell.to_string().contains(id))), "{id}");
    }
}

#[test]
fn the_sheets_of_a_list_are_those_of_its_ids() {
    let utility = graded();
    let ids = utility.table("tiers").texts("customer_id");
    let (first, last) = (ids[0].clone().unwrap(), ids[ids.len() - 1].clone().unwrap());
    let target = tempfile::tempdir().unwrap();
    let (list, page) = (target.path().join("ids.csv"), target.path().join("page.html"));
    fs::write(&list, format!("customer_id\n{first}\n{last}\n{first}\n")).unwrap();
    utility.done(&[
        "explain",
        "--ids",
        list.to_str().unwrap(),
        "--store",
        "store",
        "-o",
        page.to_str().unwrap(),
    ]);
    let text = fs::read_to_string(&page).unwrap();
    assert_eq!(text.matches("<article>").count(), 2);
    assert!(text.contains(&first) && text.contains(&last));
    let ended = utility.run(&["explain", &first, "--store", "store", "-o", "sheet.json"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn no_sheet_is_written_for_a_list_with_an_unknown_id() {
    let utility = graded();
    let first = utility.table("tiers").texts("customer_id")[0].clone().unwrap();
    let target = tempfile::tempdir().unwrap();
    let (list, sheets) = (target.path().join("ids.csv"), target.path().join("sheets"));
    fs::write(&list, format!("customer_id\n{first}\nnobody\n")).unwrap();
    let [list, out] = [&list, &sheets].map(|path| path.to_str().unwrap());
    let ended = utility.run(&["explain", "--ids", list, "--store", "store", "-o", out]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.stderr.contains("nobody") && !sheets.exists(), "{}", ended.stderr);
}
