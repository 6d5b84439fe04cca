//! Mistakes of people who use the program for the first time: for each, a message in their language says what to do.

use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::support::Ended;
use crate::utility::{AS_OF, BILLS, CUSTOMERS, READINGS, Utility};

/// A year of readings of the small utility's customers. The functions say how ids, times and energies are written.
fn readings(
    id: impl Fn(u32) -> String,
    time: impl Fn(u32) -> String,
    kwh: impl Fn(u32, u32) -> String,
) -> String {
    let months = (1..=3).flat_map(|customer| (1..=12).map(move |month| (customer, month)));
    let line = |(customer, month)| {
        format!("{},M{customer},{},{},,\n", id(customer), time(month), kwh(customer, month))
    };
    READINGS.to_owned() + &months.map(line).collect::<String>()
}

fn usual_id(customer: u32) -> String {
    format!("{customer:04}")
}

fn usual_time(month: u32) -> String {
    format!("2025-{month:02}-01")
}

fn usual_kwh(customer: u32, month: u32) -> String {
    (100 * customer + month % 12).to_string()
}

/// A date as spreadsheets number it.
fn serial(month: u32) -> String {
    const DAYS: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    (45_658 + DAYS[month as usize - 1]).to_string()
}

/// Checks the data of a utility in a language, and returns all that was printed.
fn output(utility: &Utility, lang: &str) -> String {
    let Ended { stdout, stderr, code } = utility.run(&["--lang", lang, "check", "data", "--as-of", AS_OF]);
    assert_ne!(code, 0, "{stdout}");
    assert_ne!(code, 70, "{stderr}");
    stdout + &stderr
}

/// Asserts that a check prints these words in English and those in Chinese.
fn tells(utility: &Utility, english: &[&str], chinese: &[&str]) {
    for (lang, words) in [("en", english), ("zh", chinese)] {
        let output = output(utility, lang);
        words.iter().for_each(|word| assert!(output.contains(word), "`{word}` is not in: {output}"));
    }
}

fn with(readings: impl AsRef<[u8]>) -> Utility {
    Utility::small().and("meter_readings.csv", readings)
}

#[test]
fn a_folder_without_tables_leads_to_init() {
    let utility = Utility::empty().and("2025 年电量.csv", readings(usual_id, usual_time, usual_kwh));
    tells(
        &utility,
        &["not a table, and ignored: 2025 年电量.csv", "the table is missing", "gridtier init"],
        &["不是数据表", "缺少该表", "gridtier init"],
    );
}

#[test]
fn a_title_above_the_header_leads_to_header_row() {
    let titled = format!("抄表清单,,,,,\n{}", readings(usual_id, usual_time, usual_kwh));
    let utility = with(titled);
    tells(
        &utility,
        &["`customer_id`", "抄表清单", "`header_row = 2`"],
        &["缺少列", "抄表清单", "`header_row = 2`"],
    );
    let mended = utility.and("gridtier.toml", "format = 1\n[tables.meter_readings]\nheader_row = 2\n");
    assert_eq!(mended.checked().tally("meter_readings"), [36, 36, 0, 0, 0]);
}

#[test]
fn lost_zeros_lead_to_the_key_pad() {
    let utility = with(readings(|customer| customer.to_string(), usual_time, usual_kwh));
    tells(
        &utility,
        &["orphan", "customer_id = 1", "lost zeros in front", "pad.customer_id"],
        &["orphan", "customer_id = 1", "前导零", "pad.customer_id"],
    );
    let mended = utility.and("gridtier.toml", "format = 1\n[tables.meter_readings]\npad.customer_id = 4\n");
    assert_eq!(mended.checked().tally("meter_readings"), [36, 36, 0, 0, 0]);
}

#[test]
fn dates_as_spreadsheets_number_them_are_recognised() {
    let utility = with(readings(usual_id, serial, usual_kwh));
    tells(
        &utility,
        &["bad_date", "read_at = 45658", "spreadsheet row 2", "as spreadsheets number them"],
        &["bad_date", "read_at = 45658", "电子表格的日期序号"],
    );
}

#[test]
fn semicolons_lead_to_the_key_delimiter() {
    let utility = with(readings(usual_id, usual_time, usual_kwh).replace(',', ";"));
    tells(
        &utility,
        &["customer_id;meter_id", "declare `delimiter`"],
        &["customer_id;meter_id", "声明 `delimiter`"],
    );
    let mended = utility.and("gridtier.toml", "format = 1\n[tables.meter_readings]\ndelimiter = \";\"\n");
    assert_eq!(mended.checked().tally("meter_readings"), [36, 36, 0, 0, 0]);
}

#[test]
fn ids_written_as_formulas_are_recognised() {
    let formulas = |formula: fn(u32) -> String| with(readings(formula, usual_time, usual_kwh));
    let constants = formulas(|customer| format!("=\"{customer:04}\""));
    assert_eq!(constants.checked().tally("meter_readings"), [36, 36, 0, 0, 0]);
    tells(
        &formulas(|customer| format!("=A{customer}")),
        &["orphan", "=A1", "the cells are formulas", "as text"],
        &["orphan", "=A1", "公式", "导出为文本"],
    );
}

#[test]
fn registers_in_place_of_energy_are_recognised() {
    let register = |customer: u32, month: u32| (10_000 * customer + 120 * month * customer).to_string();
    tells(
        &with(readings(usual_id, usual_time, register)),
        &["looks_like_register", "never falls", "100.00 % of the customers"],
        &["looks_like_register", "占客户的 100.00 %"],
    );
}

#[test]
fn another_unit_than_declared_is_suspected() {
    let one_month =
        |customer: u32, month: u32| (120 * customer * if month == 7 { 1_000 } else { 1 }).to_string();
    tells(
        &with(readings(usual_id, usual_time, one_month)),
        &["unit_suspect", "2025-07", "120000 kWh"],
        &["unit_suspect", "2025-07", "120000 kWh"],
    );
    // All in MWh: the price of a category of ten customers gives it away.
    let months = || (1..=10).flat_map(|customer: u32| (1..=12).map(move |month: u32| (customer, month)));
    let customer = |id| format!("{id:04},commercial_industrial,low_voltage,2010-01-01,false\n");
    let reading = |(id, month)| format!("{id:04},M,2025-{month:02}-01,0.{:03},,\n", 90 * id + month % 5);
    let bill =
        |(id, month)| format!("{id}-{month},{id:04},2025-{month:02},{}.00,2025-{month:02}-28,\n", 54 * id);
    let utility = with(READINGS.to_owned() + &months().map(reading).collect::<String>())
        .and("customers.csv", CUSTOMERS.to_owned() + &(1..=10).map(customer).collect::<String>())
        .and("bills.csv", BILLS.to_owned() + &months().map(bill).collect::<String>());
    for lang in ["en", "zh"] {
        let ended = utility.run(&["--lang", lang, "regrade", "data", "--as-of", AS_OF, "--store", "store"]);
        let output = ended.stdout + &ended.stderr;
        assert!(ended.code == 1 && output.contains("implausible_price"), "{output}");
    }
}

/// A workbook with a title and an empty row above its header. Numbers without zeros in front are numbers.
fn titled_sheet(path: &Path, title: &str, rows: &[Vec<String>]) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, title)?;
    for (row, cells) in (2..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) if !cell.starts_with('0') => drop(sheet.write_number(row, column, number)?),
                _ => drop(sheet.write_string(row, column, cell)?),
            }
        }
    }
    book.save(path)
}

/// Three exports of a marketing system: base data with account numbers of ten digits, and energies and bills in which
/// they have lost their zeros.
fn three_workbooks(utility: &Utility) -> Result<(), XlsxError> {
    let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mut base = vec![cells(&[
        "户号",
        "户名",
        "用电类别",
        "电压等级",
        "立户日期",
        "销户日期",
        "是否老旧台区",
        "功率因数考核标准",
    ])];
    let mut energies = vec![cells(&["户号", "数据日期", "用电量", "无功电量"])];
    let mut bills = vec![cells(&["账单编号", "户号", "电费年月", "应收金额", "缴费截止日期"])];
    for customer in 1..=20 {
        let (id, short) = (format!("{customer:010}"), customer.to_string());
        let category = ["大工业", "商业", "居民生活"][customer % 3];
        base.push(cells(&[&id, "某客户", category, "低压", "2010-01-01", "无", "否", "0.90"]));
        for (year, month) in (2023..=2025).flat_map(|year| (1..=12).map(move |month| (year, month))) {
            let kwh = 500 * customer + 10 * (month % 6) + if year == 2025 { 40 } else { 0 };
            energies.push(cells(&[
                &short,
                &format!("{year}-{month:02}-01"),
                &kwh.to_string(),
                &(kwh / 3).to_string(),
            ]));
            bills.push(cells(&[
                &format!("B{short}-{year}{month:02}"),
                &short,
                &format!("{year}{month:02}"),
                &format!("{:.2}", kwh as f64 * 0.6),
                &format!("{year}-{month:02}-28"),
            ]));
        }
    }
    titled_sheet(&utility.data().join("客户档案.xlsx"), "2025 年客户档案", &base)?;
    titled_sheet(&utility.data().join("用电量.xlsx"), "国网某供电所用电量", &energies)?;
    titled_sheet(&utility.data().join("电费.xlsx"), "国网某供电所电费", &bills)
}

/// The Latin words of a message, apart from codes, keys and names: they belong to sentences that nobody translated.
fn english_sentences(output: &str) -> Vec<&str> {
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let lines = output.lines().filter(|line| !line.contains("gridtier explain"));
    lines.filter(|line| line.split_whitespace().filter(is_word).count() >= 4).collect()
}

#[test]
fn from_three_workbooks_with_titles_to_a_cycle_with_two_edits_at_most_in_chinese() {
    let utility = Utility::empty();
    three_workbooks(&utility).unwrap();
    let zh = |args: &[&str]| utility.run(&[&["--lang", "zh"], args].concat());
    let before = zh(&["check", "data", "--as-of", AS_OF]);
    assert_eq!(before.code, 4);
    assert!(before.stderr.contains("gridtier init"), "{}", before.stderr);
    let draft = zh(&["init", "data"]);
    assert_eq!(draft.code, 0, "{}", draft.stderr);
    let text = std::fs::read_to_string(utility.data().join("gridtier.toml")).unwrap();
    assert!(text.contains("header_row = 3") && text.contains("pad.customer_id = 10"), "{text}");
    // A line with `= "?"` is left for a person to decide.
    let to_decide = text.lines().filter(|line| line.contains("= \"?\"")).count();
    assert!(to_decide <= 2, "{text}");
    let grade = zh(&["regrade", "data", "--as-of", AS_OF, "--method", "paper", "--store", "store"]);
    assert_eq!(grade.code, 0, "{}{}", grade.stdout, grade.stderr);
    assert!(grade.stdout.contains("20"), "{}", grade.stdout);
    let explain = zh(&["explain", "0000000020", "--store", "store"]);
    assert_eq!(explain.code, 0, "{}", explain.stderr);
    for output in [&before.stderr, &draft.stdout, &text, &grade.stdout, &grade.stderr, &explain.stdout] {
        assert_eq!(english_sentences(output), Vec::<&str>::new(), "{output}");
    }
    let tiers = utility.table("tiers");
    assert_eq!(tiers.rows(), 20);
    assert!(tiers.texts("reason").iter().all(Option::is_none), "everybody is ranked");
}
