//! Drafts of whole folders, used without any change.

use std::fs;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::fact::{self, Facts};
use gridtier::meter::ReadingDetail;
use gridtier::source::Source as _;
use gridtier::text::Lang;
use gridtier::unit::{Month, Window};
use rust_xlsxwriter::{Workbook, XlsxError};

use super::{Draft, draft};
use crate::config::FILE_NAME;
use crate::folder::DataFolder;
use crate::test_folder::TestFolder;

/// Drafts a folder in both languages, whose lines must be the same but for comments, and writes the draft into it.
fn drafted(folder: &TestFolder) -> Draft {
    let [english, chinese] = [Lang::En, Lang::Zh].map(|lang| draft(folder.path(), lang).unwrap());
    assert_eq!(english.to_decide, chinese.to_decide);
    let keys = |draft: &Draft| -> Vec<String> {
        let lines = draft.text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split("    #").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(keys(&english), keys(&chinese));
    fs::write(folder.path().join(FILE_NAME), &english.text).unwrap();
    english
}

fn facts(folder: &Path, months: u32) -> Facts {
    let opened = DataFolder::open(folder).unwrap_or_else(|error| panic!("{error}"));
    fact::read(&opened, Window { end: Month::new(2026, 1), months }, ReadingDetail::Energy, None).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else if entry.file_name() != FILE_NAME {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_draft_of_exports_in_the_manner_of_sg186_counts_what_the_written_mapping_counts() {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/sg186");
    let folder = TestFolder::new();
    copy(&written, folder.path());
    let draft = drafted(&folder);
    assert!(draft.to_decide <= 2, "{}", draft.text);
    let (by_draft, by_hand) = (facts(folder.path(), 12), facts(&written, 12));
    for (table, (found, wanted)) in Table::ALL.iter().zip(by_draft.books.iter().zip(&by_hand.books)) {
        assert_eq!(found.tally, wanted.tally, "{table}\n{}", draft.text);
    }
    assert_eq!(by_draft.rows, by_hand.rows, "{}", draft.text);
}

/// A sheet with a title row and an empty row above its header.
fn sheet(path: &Path, title: &str, rows: &[&[&str]]) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, title)?;
    for (row, cells) in (2..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            match cell.parse::<f64>() {
                Ok(number) if !cell.starts_with('0') || *cell == "0" => {
                    sheet.write_number(row, column, number)?
                }
                _ => sheet.write_string(row, column, *cell)?,
            };
        }
    }
    book.save(path)
}

#[test]
fn a_folder_of_workbooks_with_title_rows_is_drafted_whole() {
    let folder = TestFolder::new();
    let base: &[&[&str]] = &[
        &["户号", "户名", "用电类别", "电压等级", "立户日期", "销户日期", "是否老旧台区"],
        &["0000000001", "甲厂", "大工业", "10kV", "2010-01-01", "无", "否"],
        &["0000000002", "乙店", "商业", "低压", "2011-05-01", "无", "是"],
    ];
    sheet(&folder.path().join("客户档案.xlsx"), "2025 年客户档案", base).unwrap();
    let mut energies: Vec<Vec<String>> = vec![["户号", "数据日期", "用电量"].map(str::to_owned).to_vec()];
    let mut bills: Vec<Vec<String>> =
        vec![["账单编号", "户号", "电费年月", "应收金额", "缴费截止日期"].map(str::to_owned).to_vec()];
    for month in 1..=12 {
        for (id, kwh) in [("1", 1_000), ("2", 200)] {
            energies.push(vec![id.into(), format!("2025-{month:02}-01"), kwh.to_string()]);
            let amount = (kwh * 6 / 10).to_string();
            bills.push(vec![
                format!("B{id}{month:02}"),
                id.into(),
                format!("2025{month:02}"),
                amount,
                format!("2025-{month:02}-28"),
            ]);
        }
    }
    for (name, rows) in [("用电量.xlsx", &energies), ("电费.xlsx", &bills)] {
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        sheet(&folder.path().join(name), "国网某供电所", &rows).unwrap();
    }
    let draft = drafted(&folder);
    assert!(draft.to_decide <= 2, "{}", draft.text);
    let facts = facts(folder.path(), 12);
    let wh: Vec<i64> = facts.rows.iter().map(|row| row.energy.active_wh).collect();
    assert_eq!(wh, [12_000_000, 2_400_000], "account numbers lost their zeros in two tables\n{}", draft.text);
    assert!(facts.books.iter().all(|book| book.tally.rejected == 0), "{}", draft.text);
}

#[test]
fn what_is_not_sure_is_a_comment_with_the_choices() {
    let folder = TestFolder::with(
        "customers.csv",
        "customer_id,use_category,supply_level,opened_on,aged_transformer_area\n\
         1,large_industrial,high_voltage,01/02/2010,1\n2,Z9,low_voltage,03/04/2011,0\n",
    );
    let draft = draft(folder.path(), Lang::En).unwrap();
    let commented =
        draft.text.lines().filter(|line| line.starts_with("# \"Z9\" = \"?\"")).collect::<Vec<_>>();
    assert_eq!(commented.len(), 1, "{}", draft.text);
    assert!(
        commented[0].contains("1 rows; choose large_industrial, commercial_industrial"),
        "{}",
        draft.text
    );
    assert!(draft.text.contains("# opened_on = \"%d/%m/%Y\""), "day or month first?\n{}", draft.text);
    assert!(
        draft.text.contains("meter_readings: this table or register_readings is required"),
        "{}",
        draft.text
    );
    assert!(
        draft.text.contains("incidents: optional; without it, these indicators are unknown: "),
        "{}",
        draft.text
    );
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_reason() {
    let folder = TestFolder::with("customers.parquet", "no parquet at all");
    let draft = draft(folder.path(), Lang::En).unwrap();
    assert!(draft.text.contains("customers.parquet cannot be read: "), "{}", draft.text);
}

#[test]
fn columns_that_look_like_names_and_addresses_are_suggested_for_customer_sheets() {
    let folder = TestFolder::with(
        "customers.csv",
        "customer_id,use_category,supply_level,opened_on,aged_transformer_area,户名,用电地址,name2,remark\n\
         1,other,low_voltage,2020-01-01,false,李四,北京路1号,,x\n",
    );
    let draft = drafted(&folder);
    assert!(draft.text.contains("\n# passthrough = [\"户名\", \"用电地址\"]\n"), "{}", draft.text);
    assert!(!draft.text.contains("李四"));
}

#[test]
fn a_folder_of_service_tables_is_drafted_as_such() {
    let folder = TestFolder::with("停电事件.csv", "停电事件编号,停电开始时间,停电类型,停电原因,责任方,预计复电时间\nO1,2026-05-03 08:00,计划停电,检修,供电公司,2026-05-03 12:00\n")
        .and("停电户次.csv", "停电事件编号,户号,停电时间,送电时间\nO1,001,2026-05-03 08:00,2026-05-03 11:00\n")
        .and("服务记录.csv", "服务记录编号,登记时间,户号,服务项目,渠道,完成时间,是否满意\nD1,2026-05-01,001,S05,上门,2026-05-02 09:00,是\n")
        .and("95598工单.csv", "工单编号,受理时间,户号,诉求类型,诉求分类,答复时间,办结时间,是否属实\nK1,2026-05-01 08:00,001,投诉,billing,2026-05-02,2026-05-03,部分属实\n")
        .and("放假安排.csv", "日期,类型\n2026-05-01,放假\n2026-05-09,补班\n")
        .and("抽查.csv", "抽查编号,抽查日期,检查对象,检查标准,抽查数,不合格数\nC1,2026-05-07,诉求,24 小时答复,20,1\n")
        .and("整改单.csv", "整改单号,下发日期,整改对象,整改措施,整改期限,完成日期,整改结果\nR1,2026-05-08,诉求,培训,2026-05-31,,\n");
    let draft = drafted(&folder);
    assert_eq!(draft.to_decide, 0, "{}", draft.text);
    let opened = DataFolder::open_tables(folder.path(), &Table::SERVICE);
    let opened = opened.unwrap_or_else(|error| panic!("{error}\n{}", draft.text));
    for table in Table::SERVICE {
        assert!(opened.parts(table).unwrap().is_some(), "{table}\n{}", draft.text);
    }
    let words = &opened.declared().of(Table::Contacts).words;
    assert_eq!(words["outcome"]["部分属实"], "partly");
    assert!(draft.text.contains("customers: optional; without it, the customers are those of the cycle"));
    assert!(!draft.text.contains("meter_readings"), "{}", draft.text);
    assert!(draft.next.starts_with("gridtier service check"));
}

#[test]
fn a_folder_of_a_survey_is_drafted_as_such() {
    let folder = TestFolder::with("问卷.csv", "问卷编号,回收日期,户号,Q1,第二题\nR1,2026-05-03,001,5,4\n")
        .and("发放名单.csv", "户号,发放日期\n001,2026-05-01\n");
    let draft = drafted(&folder);
    assert_eq!(draft.to_decide, 0, "{}", draft.text);
    assert!(draft.text.contains("such as Q1 = \"...\": Q1, 第二题"), "{}", draft.text);
    let opened = DataFolder::open_tables(folder.path(), &Table::SURVEY).unwrap();
    assert!(Table::SURVEY.into_iter().all(|table| opened.parts(table).unwrap().is_some()));
}

#[test]
fn a_later_file_may_lack_a_coded_column_or_have_its_columns_in_another_order() {
    let folder = TestFolder::with("抄表读数/a.csv", "户号,抄表时间,有功电量,状态\n1,2025-01-01,5,实抄\n")
        .and("抄表读数/b.csv", "户号,抄表时间,有功电量\n1,2025-02-01,5\n")
        .and("抄表读数/c.csv", "状态,户号,抄表时间,有功电量\n估抄,1,2025-03-01,5\n");
    let draft = drafted(&folder);
    let words = draft.text.lines().find(|line| line.contains("实抄")).unwrap();
    assert!(draft.text.contains("估抄") && !draft.text.contains("2025-03-01"), "{words}");
}
