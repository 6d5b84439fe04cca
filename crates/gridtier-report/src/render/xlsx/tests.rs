use std::io::{Cursor, Read as _};
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use calamine::{Data, Reader as _, Xlsx};
use zip::ZipArchive;

use super::*;
use crate::chart::{
    Axis, Bars, BoxMarks, Boxes, Columns, Curve, HeatMap, Lines, Link, Profile, Stroke, Tornado, TornadoItem,
    Waterfall,
};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, RowRole};
use gridtier::text::Lang;

const EN: Voice = Voice::In(Lang::En);
const ZH: Voice = Voice::In(Lang::Zh);

/// A table of tiers with two columns of numbers, and a sum.
fn tiers() -> DataTable {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Share, "customers", "customers", "户数占比"),
        DataColumn::new(ColumnFormat::Share, "revenue", "revenue", "电费占比"),
    ];
    let rows =
        [("special", "特级", 0.1, 0.4), ("grade-1", "一级", 0.3, 0.35), ("grade-2", "二级", 0.6, 0.25)];
    let rows = rows.map(|(en, zh, customers, revenue)| {
        vec![DataCell::text(en, zh), DataCell::Number(customers), DataCell::Number(revenue)]
    });
    let mut table = DataTable::new(Text::coded("tiers", "Tiers", "等级"), columns, rows);
    let sum = vec![DataCell::text("all", "合计"), DataCell::Number(1.0), DataCell::Number(1.0)];
    table.rows.push(DataRow { role: RowRole::Total, cells: sum });
    table
}

fn share() -> Axis {
    Axis::new(Text::new("share", "占比"), ColumnFormat::Share)
}

fn chart(plot: Plot, table: DataTable) -> Chart {
    Chart::new(Text::new("Seen", "图"), Text::new("Read it so.", "读法。"), plot, table)
}

fn written(sections: &[Section], voice: Voice) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    write(&mut bytes, sections, voice).unwrap();
    bytes.into_inner()
}

/// The sheets of a workbook: names and cells.
fn read(bytes: Vec<u8>) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheets = book.worksheets();
    sheets.into_iter().map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn text(text: &str) -> Data {
    Data::String(text.into())
}

fn ids(batches: usize, rows: usize) -> DataList<'static> {
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("00{row}"))));
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(|_| 0.5)));
    let batch = RecordBatch::try_from_iter([("customer_id", keys), ("share", numbers)]).unwrap();
    DataList {
        title: Text::new("All customers", "全部客户"),
        columns: vec![
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            DataColumn::new(ColumnFormat::Share, "share", "share", "占比"),
        ],
        schema: batch.schema(),
        about: vec![(Text::new("Cycle", "周期"), Text::new("3", "第 3 周期"))],
        batches: Box::new((0..batches).map(move |_| Ok(batch.clone()))),
    }
}

#[test]
fn a_list_longer_than_a_sheet_goes_on_on_the_next_and_the_sheet_about_it_says_so() {
    let mut book =
        Book::new(Text::new("All", "全部"), Vec::new(), AboutPlace::First, EN).unwrap().with_rows_max(4);
    assert_eq!(book.list(ids(3, 3)).unwrap(), 9);
    let mut bytes = Cursor::new(Vec::new());
    book.finish(&mut bytes).unwrap();
    let sheets = read(bytes.into_inner());
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["About", "All customers", "All customers 3", "All customers 4"]);
    let rows: Vec<usize> = sheets[1..].iter().map(|(_, rows)| rows.len()).collect();
    assert_eq!(rows, [5, 5, 2], "each has a head");
    for (_, rows) in &sheets[1..] {
        assert_eq!(rows[0], [text("customer"), text("share")]);
    }
    assert_eq!(sheets[3].1[1], [text("002"), Data::Float(0.5)]);
    let about = format!("{:?}", sheets[0].1);
    assert!(about.contains("part 1") && about.contains("part 3"), "{about}");
}

#[test]
fn a_list_that_fits_is_the_first_sheet_and_the_last_says_what_it_is_about() {
    let mut bytes = Cursor::new(Vec::new());
    assert_eq!(write_list(&mut bytes, ids(2, 2), ZH).unwrap(), 4);
    let sheets = read(bytes.into_inner());
    assert_eq!((sheets.len(), sheets[0].0.as_str(), sheets[1].0.as_str()), (2, "全部客户", "说明"));
    assert_eq!(sheets[1].1[1][..2], [text("周期"), text("第 3 周期")]);
}

#[test]
fn words_of_sections_stand_on_the_first_sheet_and_name_tables_without_a_title() {
    let untitled = DataTable { title: Text::default(), ..tiers() };
    let section = Section::titled(Text::new("What it comes to", "结论"))
        .sentence("Three tiers.", "三个等级。")
        .with(Block::Lines(vec![Text::new("a line", "一行")]))
        .table(untitled);
    let sheets = read(written(&[section], EN));
    assert_eq!((sheets[0].0.as_str(), sheets[1].0.as_str()), ("About", "What it comes to"));
    let about = format!("{:?}", sheets[0].1);
    for shown in ["What it comes to", "Three tiers.", "• a line"] {
        assert!(about.contains(shown), "{shown}: {about}");
    }
}

#[test]
fn a_number_with_a_unit_stays_a_number() {
    let days = Text::coded("days", "days", "天");
    let rows = [
        vec![DataCell::Quantity(1_234.0, days)],
        vec![DataCell::Quantity(0.25, Text::coded("share", "share", "比例"))],
        vec![DataCell::Number(f64::NAN)],
        vec![DataCell::Missing],
        vec![DataCell::Quantity(2.5, Text::same("\"kW\\"))],
    ];
    let columns = vec![DataColumn::new(ColumnFormat::Quantity, "value", "value", "值")];
    let bytes = written(&[Section::of_table(DataTable::new(Text::same("values"), columns, rows))], ZH);
    let styles = part(&bytes, "xl/styles.xml");
    assert!(
        styles.contains("#,##0&quot; 天&quot;") && styles.contains("#,##0.00&quot; kW&quot;"),
        "{styles}"
    );
    let rows = &read(bytes)[0].1;
    assert_eq!((&rows[1][0], &rows[2][0]), (&Data::Float(1_234.0), &Data::Float(0.25)));
    assert_eq!((&rows[3][0], &rows[4][0], &rows[5][0]), (&Data::Empty, &Data::Empty, &Data::Float(2.5)));
}

#[test]
fn a_sum_is_neither_filtered_nor_sorted() {
    let bytes = written(&[Section::of_table(tiers())], EN);
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<autoFilter ref=\"A1:C4\"/>") && sheet.contains("state=\"frozen\""), "{sheet}");
}

/// Charts of every kind, each with words that its XML must have.
fn charts() -> Vec<(Chart, &'static [&'static str])> {
    let group = |name: &'static str, five: [f64; 5]| {
        let marks = BoxMarks { name: Text::same(name), count: 5, five: Some(five) };
        (marks, std::iter::once(DataCell::same(name)).chain(five.map(DataCell::Number)).collect::<Vec<_>>())
    };
    let (boxes, box_rows): (Vec<_>, Vec<_>) =
        [group("a", [1.0, 2.0, 3.0, 4.0, 9.0]), group("b", [0.0, 1.0, 1.5, 4.0, 5.0])].into_iter().unzip();
    let heads = ["group", "least", "lower", "median", "upper", "greatest", "count"];
    let box_columns = heads.map(|head| DataColumn::new(ColumnFormat::Number(1), head, head, head)).to_vec();
    let box_rows = box_rows.into_iter().map(|row| [row, vec![DataCell::Integer(5)]].concat());
    let box_table = DataTable::new(Text::same("boxes"), box_columns, box_rows);
    let curve = |name: &'static str| Curve {
        name: Text::same(name),
        points: vec![[0.0, 0.0], [1.0, 1.0]],
        stroke: Stroke::Straight,
    };
    let line_columns = ["x", "y"].map(|head| DataColumn::new(ColumnFormat::Share, head, head, head)).to_vec();
    let points = [0.0, 0.5, 1.0].map(|x| vec![DataCell::Number(x), DataCell::Number(x * x)]);
    let line_table = DataTable::new(Text::same("curve"), line_columns, points);
    let items = vec![TornadoItem { name: Text::same("w"), low: Some(0.1), high: Some(0.4) }];
    let (low, high) = (Text::new("less", "减"), Text::new("more", "增"));
    let tornado = Tornado { value: share(), base: 0.3, low, high, items };
    let bars = Bars::of_table(&tiers(), share()).with_guide(Text::same("limit"), 0.5);
    vec![
        (
            chart(Plot::Bars(bars.clone()), tiers()),
            &["c:barChart", "barDir val=\"bar\"", "$A$5:$A$7", "$C$5:$C$7"],
        ),
        (chart(Plot::Bars(bars.stacked()), tiers()), &["grouping val=\"stacked\"", "$B$5:$B$7"]),
        (
            chart(Plot::Columns(Columns::of_table(&tiers(), share())), tiers()),
            &["barDir val=\"col\"", "c:lineChart"],
        ),
        (
            chart(Plot::Profile(Profile::of_table(&tiers(), share(), Link::Between)), tiers()),
            &["c:lineChart", "c:hiLowLines", "$C$5:$C$7"],
        ),
        (
            chart(
                Plot::Lines(Lines { x: share(), y: share(), curves: vec![curve("y")], guides: vec![] }),
                line_table,
            ),
            &["c:scatterChart", "$A$5:$A$7", "$B$5:$B$7", "c:max val=\"1\""],
        ),
        (
            chart(Plot::Boxes(Boxes { value: share(), boxes }), box_table),
            // The first of the five columns comes second, and the number of values is not drawn.
            &["c:upDownBars", "$B$5:$B$6", "$F$5:$F$6"],
        ),
        (
            chart(
                Plot::Waterfall(Waterfall::of_table(&tiers(), share())),
                tiers().select(&["tier", "customers"]),
            ),
            &["c:grouping val=\"stacked\"", "$C$5:$C$8", "$F$5:$F$8", "c:legendEntry"],
        ),
        (chart(Plot::Tornado(tornado), tiers()), &["c:crossesAt val=\"0.3\""]),
    ]
}

#[test]
fn charts_are_those_of_excel_and_point_at_the_cells_beside_them() {
    for (chart, expected) in charts() {
        let bytes = written(&[Section::new().chart(chart)], ZH);
        let drawn = part(&bytes, "xl/charts/chart1.xml");
        for words in expected {
            assert!(drawn.contains(words), "{words}: {drawn}");
        }
        assert!(part(&bytes, "xl/drawings/drawing1.xml").contains("descr="), "it has a text alternative");
        assert!(!drawn.contains("$G$5"), "the number of values is no part of a box: {drawn}");
    }
}

/// The columns that are added for the bars of a waterfall with these steps and a sum.
fn bars(steps: &[f64]) -> Vec<Vec<f64>> {
    let mut table = tiers().select(&["tier", "customers"]);
    table.rows.truncate(1);
    let sum = DataRow {
        role: RowRole::Total,
        cells: vec![DataCell::same("all"), DataCell::Number(steps.iter().sum())],
    };
    table.rows =
        steps.iter().map(|step| vec![DataCell::same("step"), DataCell::Number(*step)].into()).collect();
    table.rows.push(sum);
    let waterfall = Plot::Waterfall(Waterfall::of_table(&table, share()));
    let (table, rows) = drawn_table(&chart(waterfall, table));
    assert_eq!(gridtier::index::index(rows), steps.len() + 1);
    let number = |cell: &DataCell| if let DataCell::Number(number) = cell { *number } else { f64::NAN };
    table.rows.iter().map(|row| row.cells[2..].iter().map(number).collect()).collect()
}

#[test]
fn bars_of_a_waterfall_begin_where_the_one_before_ends_and_a_sum_begins_at_zero() {
    let shown = |rows: Vec<Vec<f64>>| format!("{rows:?}");
    // Free room below, what adds, what takes off, the sum.
    assert_eq!(
        shown(bars(&[4.0, 2.0, -3.0])),
        "[[0.0, 4.0, NaN, NaN], [4.0, 2.0, NaN, NaN], [3.0, NaN, 3.0, NaN], [0.0, NaN, NaN, 3.0]]"
    );
    // Below zero there is no room to stack on: from where to where each bar goes.
    assert_eq!(shown(bars(&[1.0, -3.0])), "[[0.0, 1.0], [1.0, -2.0], [0.0, -2.0]]");
}

#[test]
fn bars_begin_at_zero_and_shares_end_at_all_of_it() {
    let drawn = |values: [f64; 2]| {
        let rows = values.map(|value| vec![DataCell::same("kept"), DataCell::Number(value)]);
        let table = DataTable::new(Text::default(), tiers().select(&["tier", "customers"]).columns, rows);
        let bars = Plot::Bars(Bars::of_table(&table, share()));
        part(&written(&[Section::new().chart(chart(bars, table))], EN), "xl/charts/chart1.xml")
    };
    let near = drawn([0.93, 0.99]);
    assert!(near.contains("<c:min val=\"0\"/>") && near.contains("<c:max val=\"1\"/>"), "{near}");
    let below = drawn([-0.1, 1.2]);
    assert!(!below.contains("<c:min ") && !below.contains("<c:max "), "{below}");
}

#[test]
fn a_long_text_alternative_is_cut_with_a_mark_and_not_lost() {
    let rows = (0..40).map(|row| vec![DataCell::same(format!("step number {row}")), DataCell::Number(1.0)]);
    let table = DataTable::new(Text::default(), tiers().select(&["tier", "customers"]).columns, rows);
    let bars = Plot::Bars(Bars::of_table(&table, share()));
    let bytes = written(&[Section::new().chart(chart(bars, table))], EN);
    let drawing = part(&bytes, "xl/drawings/drawing1.xml");
    let (_, rest) = drawing.split_once("descr=\"").unwrap();
    let (described, _) = rest.split_once('"').unwrap();
    assert!(described.contains("step number 1") && described.ends_with('…'), "{described}");
}

#[test]
fn a_heat_map_is_a_table_with_shades() {
    let heat = HeatMap::of_table(&tiers(), ColumnFormat::Share, HeatScale::Row);
    let bytes = written(&[Section::new().chart(chart(Plot::HeatMap(heat), tiers()))], EN);
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert_eq!(sheet.matches("<colorScale>").count(), 3, "a scale for each row: {sheet}");
}

/// Texts that programs often handle wrongly.
const NAUGHTY: [&str; 60] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "=HYPERLINK(\"http://x\",\"y\")",
    "'=1",
    "\"",
    "\"\"",
    "'",
    "''",
    "`",
    "\\",
    "/",
    "//",
    "<b>x</b>",
    "<script>alert(1)</script>",
    "&",
    "&amp;",
    "&#65;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "{{7*7}}",
    "${7*7}",
    "#{1}",
    "%s%n",
    "%00",
    "null",
    "NULL",
    "nil",
    "undefined",
    "true",
    "FALSE",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e309",
    "0x10",
    "1,000",
    "1.000,00",
    "00123",
    "1/2",
    "2024-01-01",
    "1-2",
    "E5",
    "1E5",
    "户号",
    "𠮷野家",
    "ﷺ",
    "🐼🇨🇳",
    "e\u{301}",
    "\u{202e}abc",
    "a\u{200b}b",
    "\u{feff}x",
    "Ω≈ç√∫",
    "a\nb",
    "a\tb",
    "very long very long very long very long very long",
];

#[test]
fn texts_that_programs_stumble_over_come_back_as_they_were() {
    let columns = vec![DataColumn::new(ColumnFormat::Text, "text", "=text", "文本")];
    let rows = NAUGHTY.map(|naughty| vec![DataCell::same(naughty)]);
    let table = DataTable::new(Text::same("=[all]:*?/\\'x"), columns, rows);
    let sections = [Section::titled(Text::same("=1+1")).sentence("=2+2", "=2+2").table(table)];
    let bytes = written(&sections, EN);
    for sheet in ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"] {
        assert!(!part(&bytes, sheet).contains("<f>"), "a formula in {sheet}");
    }
    let sheets = read(bytes);
    assert_eq!((sheets[1].0.as_str(), &sheets[1].1[0][0]), ("=allx", &text("=text")));
    let found: Vec<String> = sheets[1].1[1..].iter().map(|row| row[0].to_string()).collect();
    assert_eq!(found, NAUGHTY);
}

#[test]
fn control_characters_endless_texts_and_many_sheets_of_one_name_do_not_break_a_workbook() {
    let hard = ["\u{1}\u{8}\u{1f}", "_x0041_", "\r", "\0", "\u{fffe}", "\u{7f}"].map(str::to_owned);
    let endless = ["x".repeat(40_000), "𠮷".repeat(40_000)];
    for naughty in hard.into_iter().chain(endless) {
        let columns = vec![DataColumn::new(ColumnFormat::Text, "text", "text", "文本")];
        let title = Text::same(naughty.clone());
        let table = DataTable::new(title, columns, [vec![DataCell::same(naughty)]]);
        let sections: Vec<Section> = (0..12).map(|_| Section::of_table(table.clone())).collect();
        let sheets = read(written(&sections, EN));
        assert_eq!(sheets.len(), 13);
        assert!(sheets.iter().all(|(name, _)| name.encode_utf16().count() <= 31));
    }
}

#[test]
fn a_name_of_a_sheet_that_is_cut_ends_with_a_mark() {
    let title = "What the largest customers bring to the utility";
    assert_eq!(sheet_name(title, &[]), "What the largest customers bri…");
    let taken = [sheet_name(title, &[])];
    assert_eq!(sheet_name(title, &taken), "What the largest customers b… 2");
    assert_eq!(sheet_name("Tiers", &taken), "Tiers");
}

#[test]
fn an_office_program_opens_a_workbook_with_charts_and_reads_the_same_cells() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("book.xlsx");
    let mut sections = vec![Section::titled(Text::new("Charts", "图表")).table(tiers())];
    sections.extend(charts().into_iter().map(|(chart, _)| Section::new().chart(chart)));
    std::fs::write(&path, written(&sections, ZH)).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", dir.path().display());
    let arguments = [&profile, "--headless", "--convert-to", "ods", "--outdir"];
    let ran = Command::new("soffice").args(arguments).arg(dir.path()).arg(&path).output();
    if ran.is_err() {
        println!("SKIPPED: LibreOffice is not installed");
        return;
    }
    let bytes = std::fs::read(dir.path().join("book.ods")).unwrap();
    let mut book: calamine::Ods<_> = calamine::Ods::new(Cursor::new(bytes)).unwrap();
    let names = book.sheet_names();
    assert_eq!((names.len(), names[1].as_str()), (2 + charts().len(), "等级"));
    let range = book.worksheet_range("等级").unwrap();
    let rows: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
    assert_eq!(
        (&rows[0][1], &rows[1][0], &rows[1][1]),
        (&text("户数占比"), &text("特级"), &Data::Float(0.1))
    );
}
