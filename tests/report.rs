//! Tests of the report of a cycle: its page shows the numbers of the published tables, needs no network, and stays
//! small.

use std::collections::BTreeMap;
use std::fs;

use calamine::{DataType as _, Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use crate::support::{Published, counts, current};
use crate::utility::Utility;

/// Maximum length of a page, in bytes.
const BYTES_MAX: usize = 2_000_000;

/// The sample utility with two cycles, and the page about the second one.
fn reported() -> (Utility, String) {
    let utility = Utility::empty();
    fs::remove_dir(utility.data()).unwrap();
    utility.done(&["demo", ".", "--customers", "400", "--next"]);
    utility.done(&["regrade", "next", "--as-of", "2029-01-01", "--method", "next.toml", "--store", "store"]);
    utility.done(&["report", "--store", "store", "--draws", "100", "-o", "report.html"]);
    let page = fs::read_to_string(utility.path().join("report.html")).unwrap();
    (utility, page)
}

/// The text between elements, in English.
fn english(markup: &str) -> String {
    let mut rest = markup.to_owned();
    while let Some(start) = rest.find("<span lang=\"zh\">") {
        let end = start + rest[start..].find("</span>").unwrap() + "</span>".len();
        rest.replace_range(start..end, "");
    }
    let mut text = String::new();
    let mut is_tag = false;
    for character in rest.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            other if !is_tag => text.push(other),
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// The tables of a page by title, each as rows of cells.
fn tables(page: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let titled = page.split("<h4>").skip(1).filter_map(|part| {
        let (title, rest) = part.split_once("</h4>")?;
        let (body, _) = rest.split_once("<tbody>")?.1.split_once("</tbody>")?;
        let rows = body.split("<tr").skip(1).map(|row| {
            let cells = row.split("<td").skip(1).filter_map(|cell| cell.split_once("</td>"));
            cells.map(|(cell, _)| english(cell.split_once('>').unwrap().1)).collect()
        });
        Some((english(title), rows.collect()))
    });
    titled.collect()
}

fn whole(cell: &str) -> i64 {
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{cell:?} is not a whole number"))
}

#[test]
fn the_page_of_a_cycle_shows_the_numbers_of_its_tables() {
    let (utility, page) = reported();
    let cycle = current(&utility.store());
    let shown = tables(&page);
    let tiers = Published::read(&cycle.join("tiers.parquet"));

    let names = tiers.texts("tier");
    let published = counts(&names);
    for row in &shown["Tiers"] {
        let customers = whole(&row[1]);
        let expected = published.get(row[0].as_str()).copied().unwrap_or(names.len());
        assert_eq!(customers, i64::try_from(expected).unwrap(), "{row:?}");
    }

    let manifest: Value = serde_json::from_slice(&fs::read(cycle.join("_manifest.json")).unwrap()).unwrap();
    let totals = manifest["control_totals"]["tiers"].as_array().unwrap();
    for (row, total) in shown["Tiers"].iter().zip(totals) {
        let sum = |name: &str| total[name].as_i64().unwrap();
        assert_eq!(whole(&row[4]), sum("revenue_fen") / 100, "{row:?}");
        assert_eq!(whole(&row[6]), sum("active_wh") / 1_000_000, "{row:?}");
    }

    let reconciled = Published::read(&cycle.join("reconciliation.parquet"));
    let tallies = ["rows_in", "counted", "out_of_window", "rejected", "duplicates"];
    let columns = tallies.map(|name| reconciled.integers(name));
    for (at, table) in reconciled.texts("table").into_iter().enumerate() {
        let row = shown["Rows"].iter().find(|row| Some(&row[0]) == table.as_ref()).unwrap();
        for (cell, column) in row[1..].iter().zip(&columns) {
            assert_eq!(Some(whole(cell)), column[at], "{row:?}");
        }
    }

    let ledger = Published::read(&cycle.join("ledger.parquet"));
    let lines = &shown["Boundaries"];
    assert_eq!(lines.len(), ledger.rows());
    let scores = ledger.integers("score_above_e6");
    for (row, (quota, score)) in lines.iter().zip(ledger.integers("quota").into_iter().zip(scores)) {
        assert_eq!(Some(whole(&row[3])), quota, "{row:?}");
        let shown: f64 = row[5].parse().unwrap();
        assert!((shown * 1e6 - score.unwrap() as f64).abs() < 0.5, "{row:?}");
    }

    let ranks: BTreeMap<Option<String>, Option<i64>> =
        tiers.texts("customer_id").into_iter().zip(tiers.integers("rank")).collect();
    let beside = &shown["Next to the lines"];
    assert_eq!(beside.len(), 2 * lines.len());
    for row in beside {
        assert_eq!(ranks[&Some(row[3].clone())], Some(whole(&row[4])), "{row:?}");
    }
}

#[test]
fn the_workbook_of_a_cycle_holds_every_customer_with_the_numbers_of_its_tables() {
    let (utility, _) = reported();
    utility.done(&["report", "--store", "store", "--draws", "100", "--lang", "en", "-o", "report.xlsx"]);
    let cycle = current(&utility.store());
    let [tiers, contributions] =
        ["tiers.parquet", "contributions.parquet"].map(|name| Published::read(&cycle.join(name)));
    let mut workbook: Xlsx<_> = open_workbook(utility.path().join("report.xlsx")).unwrap();
    let sheet = workbook.worksheet_range("All customers").unwrap();
    let head: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let place = |title: &str| head.iter().position(|head| head == title).unwrap();
    let column = |at: usize| sheet.rows().skip(1).map(move |row| row[at].clone());
    let texts = |title: &str| column(place(title)).map(|cell| Some(cell.to_string())).collect::<Vec<_>>();
    assert_eq!(texts("customer"), tiers.texts("customer_id"));
    assert_eq!(texts("tier"), tiers.texts("tier"));
    let numbers = |at: usize| column(at).map(|cell| cell.as_f64()).collect::<Vec<_>>();
    let ranks = tiers.integers("rank").into_iter().map(|rank| rank.map(|rank| rank as f64));
    assert_eq!(numbers(place("rank in stratum")), ranks.collect::<Vec<_>>());
    let scores = tiers.integers("score_e6").into_iter().map(|score| score.map(|score| score as f64 / 1e6));
    assert_eq!(numbers(place("score, points")), scores.collect::<Vec<_>>());

    let schema = contributions.0[0].schema();
    let indicators = schema.fields().iter().map(|field| field.name()).filter(|name| *name != "customer_id");
    let points = (0..head.len()).filter(|&at| head[at].ends_with(", points") && head[at] != "score, points");
    let pairs: Vec<(usize, &String)> = points.zip(indicators).collect();
    assert_eq!(pairs.len(), 16);
    for (at, indicator) in pairs {
        assert_eq!(numbers(at), contributions.numbers(indicator), "{indicator}");
    }
    // The tiers are in two chapters of the page, but no sheet is a copy of another. A name that is taken gets the place of
    // its sheet behind it.
    let names = workbook.sheet_names();
    let copies: Vec<&String> = names
        .iter()
        .filter(|name| name.rsplit_once(' ').is_some_and(|(_, last)| last.parse::<u8>().is_ok()))
        .collect();
    assert!(copies.is_empty(), "{copies:?} of {names:?}");
    // Sums of tiers are those of the page.
    let shares = workbook.worksheet_range("Tiers").unwrap();
    let names = tiers.texts("tier");
    let shown = counts(&names);
    for row in shares.rows().skip(1).take(4) {
        assert_eq!(
            row[1].as_i64(),
            Some(i64::try_from(shown[row[0].to_string().as_str()]).unwrap()),
            "{row:?}"
        );
    }
}

#[test]
fn the_page_holds_every_chapter_in_both_languages_and_nothing_from_elsewhere() {
    let (_, page) = reported();
    assert!(page.len() < BYTES_MAX, "{} bytes", page.len());
    let chapters = [
        "summary",
        "tiers",
        "boundaries",
        "strata",
        "indicators",
        "checks",
        "changes",
        "entitlements",
        "data",
        "method",
        "provenance",
    ];
    for chapter in chapters {
        assert!(page.contains(&format!("href=\"#{chapter}\"")), "{chapter}");
        assert!(page.contains(&format!("id=\"{chapter}\"")), "{chapter}");
    }
    let namespace = "http://www.w3.org/2000/svg";
    for word in ["<script", "http:", "https:", "url(", "@import", "<link", " src="] {
        assert!(!page.replace(namespace, "").contains(word), "{word}");
    }
}

#[test]
fn a_report_without_an_earlier_cycle_has_no_chapter_on_changes() {
    let utility = Utility::invented(200, &[]);
    utility.published(&["--method", "utility"]);
    utility.done(&["report", "--store", "store", "--draws", "100", "-o", "report.html", "--lang", "zh"]);
    let page = fs::read_to_string(utility.path().join("report.html")).unwrap();
    assert!(!page.contains("id=\"changes\"") && page.contains("id=\"reader-zh\" checked"));
}

#[test]
fn a_folder_gets_every_chart_in_both_languages() {
    let utility = Utility::invented(200, &[]);
    utility.published(&["--method", "utility"]);
    utility.done(&["report", "--store", "store", "--draws", "100", "-o", "charts"]);
    let names: Vec<String> = fs::read_dir(utility.path().join("charts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let english = names.iter().filter(|name| name.ends_with(".en.svg")).count();
    let chinese = names.iter().filter(|name| name.ends_with(".zh.svg")).count();
    assert!(english > 1 && english == chinese && english + chinese == names.len(), "{names:?}");
}

#[test]
fn a_report_is_not_written_into_a_folder_that_is_named_like_a_document() {
    let (utility, _) = reported();
    for name in ["report.docx", "report.pptx", "report.pdf"] {
        let ended = utility.run(&["report", "--store", "store", "-o", name]);
        assert_eq!(ended.code, 2, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(".html") && !utility.path().join(name).exists(), "{}", ended.stderr);
    }
}
