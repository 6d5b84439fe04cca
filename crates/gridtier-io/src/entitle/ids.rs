//! Small files that people keep beside the data: a list of customer ids, applications for services.
//!
//! They come from marketing and office systems, and if a list is misread without notice, people who asked not to be there
//! come onto a marketing list. So they are read like tables: any encoding, comma, semicolon or tab, ids folded; and a line
//! that cannot be read, or a list that names no customer at all, is refused.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use csv::StringRecord;
use gridtier::contract::ID_BYTES_MAX;
use gridtier::contract::cell::fold_id;
use gridtier::key::KeyIndex;
use gridtier::text;
use gridtier::text::Text;

use crate::csv::{CsvDeclared, CsvFile, without_formula};
use crate::cycle::WithoutZeros;
use crate::guard::Unreadable;
use crate::listing::{DataFile, FileFormat, WorkbookKind};
use crate::system::system_error;
use crate::workbook::{WorkbookDeclared, WorkbookFile};

/// Why a file of requests cannot be used.
#[derive(Debug)]
pub enum RequestError {
    /// The file cannot be read as a table.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: Text,
    },
    /// Rows of the file are wrong; every fault is listed.
    Rows {
        /// The file.
        path: PathBuf,
        /// Line, column, rule and fix of each.
        faults: Vec<Text>,
    },
}

/// Maximum number of faults that a message lists.
const FAULTS_MAX: usize = 50;

impl RequestError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Unreadable { path, what } => {
                let (path, en, zh) = (path.display(), &what.en, &what.zh);
                text!("{path} cannot be used: {en}", "{path} 无法使用: {zh}")
            }
            Self::Rows { path, faults } => {
                let mut lines: Vec<Text> = faults.iter().take(FAULTS_MAX).cloned().collect();
                if let Some(more) = faults.len().checked_sub(FAULTS_MAX).filter(|more| *more > 0) {
                    lines.push(text!("and {more} more", "另有 {more} 行"));
                }
                let (path, Text { en, zh, .. }) = (path.display(), Text::join(&lines, "\n  "));
                text!("{path} has rows that cannot be used:\n  {en}", "{path} 有无法使用的行:\n  {zh}")
            }
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl Error for RequestError {}

/// A small table with a header, in any encoding that the data may have.
pub(super) struct SmallTable {
    pub path: PathBuf,
    pub header: Vec<String>,
    /// Each row: its line in the file, and its cells.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl SmallTable {
    /// Reads the table.
    pub fn read(path: &Path) -> Result<Self, RequestError> {
        let unreadable = |what: Text| RequestError::Unreadable { path: path.into(), what };
        let damaged = |fault: Unreadable| unreadable(Text::join(&[fault.what, fault.advice], "; "));
        let file = DataFile::beside(path).map_err(|error| {
            let error = system_error(&error);
            unreadable(text!("{error}; check the path", "{error}; 请检查路径"; error))
        })?;
        if file.bytes == 0 {
            return Err(unreadable(Text::new(
                "it is empty; export it again, with a header and no rows if nobody is meant",
                "文件为空; 请重新导出, 如名单确无客户, 请保留表头",
            )));
        }
        if let Some(FileFormat::Workbook(kind)) = FileFormat::by_extension(&path.to_string_lossy()) {
            return Self::of_workbook(path, &file, kind).map_err(damaged);
        }
        let survey = survey(&file).map_err(damaged)?;
        let mut records = survey.records(&file).map_err(damaged)?;
        let mut record = StringRecord::new();
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        while records.read(&mut record).map_err(damaged)? {
            let cells: Vec<String> =
                record.iter().map(|cell| without_formula(cell).trim().to_owned()).collect();
            let line = record.position().map_or(0, csv::Position::line);
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.len() != survey.header.len() {
                let (found, wanted) = (cells.len(), survey.header.len());
                faults.push(text!(
                    "line {line}: it has {found} cells and the header has {wanted}; quote cells that hold the \
                     delimiter",
                    "第 {line} 行: 有 {found} 个单元格, 表头有 {wanted} 个; 含分隔符的单元格请加引号",
                ));
            }
            rows.push((line, cells));
        }
        if !faults.is_empty() {
            return Err(RequestError::Rows { path: path.into(), faults });
        }
        Ok(Self { path: path.into(), header: survey.header, rows })
    }

    /// Reads the first visible sheet of a workbook. Ids of which a spreadsheet has lost digits are refused.
    fn of_workbook(path: &Path, file: &DataFile, kind: WorkbookKind) -> Result<Self, Unreadable> {
        let book = WorkbookFile::survey(file, kind, WorkbookDeclared::default())?;
        let header: Vec<String> = book.columns().into_iter().map(|column| column.name).collect();
        for (position, name) in header.iter().enumerate() {
            if header.len() == 1 || ID_HEADERS.contains(&fold_id(name).to_lowercase().as_str()) {
                book.check_ids(position)?;
            }
        }
        let mut rows = Vec::new();
        let mut line = book.first_row();
        for piece in book.pieces(file, (0..header.len()).collect())? {
            let piece = piece?;
            line += piece.gap;
            for row in 0..piece.rows {
                let texts = piece.columns.iter().map(|column| column.as_string_view());
                let cells: Vec<String> = texts
                    .map(|texts| if texts.is_null(row) { "" } else { texts.value(row) }.trim().to_owned())
                    .collect();
                if cells.iter().any(|cell| !cell.is_empty()) {
                    rows.push((line, cells));
                }
                line += 1;
            }
        }
        Ok(Self { path: path.into(), header, rows })
    }

    /// The position of a column, whatever the case and width of its letters.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|head| fold_id(head).to_lowercase() == name)
    }
}

/// Surveys a small file: its delimiter is a comma, a tab or a semicolon.
fn survey(file: &DataFile) -> Result<CsvFile, Unreadable> {
    let (survey, _) = CsvFile::survey(file, CsvDeclared::default())?;
    match survey.header.as_slice() {
        [only] if only.contains(';') => {
            Ok(CsvFile::survey(file, CsvDeclared { delimiter: Some(b';'), ..CsvDeclared::default() })?.0)
        }
        _ => Ok(survey),
    }
}

/// What the column of ids is called in exports of other systems.
const ID_HEADERS: [&str; 12] = [
    "customer_id",
    "customerid",
    "customer id",
    "customer",
    "customer_no",
    "account",
    "account_no",
    "id",
    "户号",
    "用户编号",
    "客户编号",
    "用户号",
];

/// An id of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedId {
    /// Its line in the file, from 1.
    pub line: u64,
    /// As it is written there.
    pub written: String,
    /// The id in the form in which tables compare ids.
    pub id: String,
}

/// The ids of a list.
#[derive(Clone, Debug)]
pub struct IdList {
    /// The file.
    pub path: PathBuf,
    /// The ids, in the order of the file.
    pub ids: Vec<ListedId>,
    /// The first line of a list with one column, if its text is not a known header. It may be an id or a header.
    first: Option<ListedId>,
}

impl IdList {
    /// All ids. A first line that is not a known header is taken for an id too: if it is a header after all, no customer
    /// has it as id, and it does no harm.
    #[must_use]
    pub fn into_ids(self) -> BTreeSet<String> {
        self.first.into_iter().chain(self.ids).map(|listed| listed.id).collect()
    }
}

/// Reads a list of ids: the column called `customer_id` (or 户号, account, …), or the only one.
///
/// # Errors
/// The file cannot be read; it has several columns, none of which has such a name; or a line has no id.
pub fn read_ids(path: &Path) -> Result<IdList, RequestError> {
    let table = SmallTable::read(path)?;
    let named = ID_HEADERS.iter().find_map(|name| table.column(name));
    let Some(column) = named.or((table.header.len() == 1).then_some(0)) else {
        let found = table.header.join(", ");
        let what = text!(
            "it has the columns {found} and none is called customer_id; name the column of ids so",
            "其列为 {found}, 没有名为 customer_id 或“户号”的列; 请将户号列改用此名",
        );
        return Err(RequestError::Unreadable { path: table.path, what });
    };
    let listed = |line: u64, written: &str| ListedId {
        line,
        written: written.to_owned(),
        id: fold_id(written).into_owned(),
    };
    let mut faults = Vec::new();
    let mut ids = Vec::with_capacity(table.rows.len());
    for (line, cells) in &table.rows {
        let id = listed(*line, &cells[column]);
        if id.id.is_empty() {
            faults.push(text!("line {line}: it has no id", "第 {line} 行: 缺少户号"));
        } else if id.id.len() > ID_BYTES_MAX {
            faults.push(text!("line {line}: its id is too long", "第 {line} 行: 户号过长"));
        }
        ids.push(id);
    }
    if !faults.is_empty() {
        return Err(RequestError::Rows { path: table.path, faults });
    }
    let first = (named.is_none()).then(|| listed(1, &table.header[column]));
    Ok(IdList { path: table.path, ids, first })
}

/// An id of a list that no customer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedId {
    /// Its line in the file, from 1.
    pub line: u64,
    /// As it is written there.
    pub written: String,
    /// The customer whose id differs only by zeros in front, if there is exactly one.
    pub likely: Option<String>,
}

impl IdList {
    /// The ids that are customers of a cycle, and those that are not.
    ///
    /// # Errors
    /// The list has ids, and none of them is a customer.
    pub fn matched(self, customers: &KeyIndex) -> Result<(Vec<String>, Vec<UnmatchedId>), RequestError> {
        // A first line that is not a customer's id and has no digit is a header.
        let first = self.first.filter(|first| {
            customers.get(&first.id).is_some() || first.id.contains(|letter: char| letter.is_ascii_digit())
        });
        let ids: Vec<ListedId> = first.into_iter().chain(self.ids).collect();
        let (known, strange): (Vec<ListedId>, Vec<ListedId>) =
            ids.into_iter().partition(|listed| customers.get(&listed.id).is_some());
        if strange.is_empty() {
            return Ok((known.into_iter().map(|listed| listed.id).collect(), Vec::new()));
        }
        let padded = WithoutZeros::of(customers);
        let unmatched: Vec<UnmatchedId> = strange
            .into_iter()
            .map(|listed| UnmatchedId {
                line: listed.line,
                written: listed.written,
                likely: padded.find(&listed.id).map(str::to_owned),
            })
            .collect();
        if known.is_empty() {
            return Err(RequestError::Unreadable { path: self.path, what: nobody(&unmatched) });
        }
        Ok((known.into_iter().map(|listed| listed.id).collect(), unmatched))
    }
}

/// The error that no id of a list is a customer's, with an example.
fn nobody(unmatched: &[UnmatchedId]) -> Text {
    let ids = unmatched.len();
    let lost_zeros = unmatched.iter().find_map(|id| Some((id, id.likely.as_ref()?)));
    if let Some((UnmatchedId { line, written, .. }, likely)) = lost_zeros {
        return text!(
            "none of its {ids} ids is a customer of the cycle: it has lost zeros in front ({written} on line {line} \
             would be {likely}); export the ids as text",
            "其中 {ids} 个户号均不是本周期的客户: 前导零丢失 (第 {line} 行的 {written} 应为 {likely}); 请将户号按文本导出",
        );
    }
    let (line, written) = unmatched.first().map_or((0, ""), |id| (id.line, id.written.as_str()));
    text!(
        "none of its {ids} ids is a customer of the cycle, such as {written} on line {line}; check that it is a list \
         of customer ids of this utility",
        "其中 {ids} 个户号均不是本周期的客户, 例如第 {line} 行的 {written}; 请检查是否为本单位的户号名单",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn customers(ids: &[&str]) -> KeyIndex {
        let mut keys = KeyIndex::default();
        for id in ids {
            let _ = keys.insert(id);
        }
        keys
    }

    fn listed(content: &[u8]) -> Result<(Vec<String>, Vec<UnmatchedId>), String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l.csv");
        fs::write(&path, content).unwrap();
        let customers = customers(&["0512000005", "0512000006", "A7"]);
        read_ids(&path).and_then(|list| list.matched(&customers)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_in_a_workbook_is_read_and_lost_digits_are_refused() {
        use rust_xlsxwriter::Workbook;
        let read = |cells: &[&str], number: Option<f64>| {
            let (dir, mut book) = (tempfile::tempdir().unwrap(), Workbook::new());
            let sheet = book.add_worksheet();
            for (row, cell) in (0..).zip(cells) {
                sheet.write(row, 0, *cell).unwrap();
            }
            if let Some(number) = number {
                sheet.write(9, 0, number).unwrap();
            }
            let path = dir.path().join("list.XLSX");
            book.save(&path).unwrap();
            let list = read_ids(&path).map_err(|error| error.to_string())?;
            Ok::<_, String>(list.into_ids().into_iter().collect::<Vec<_>>())
        };
        assert_eq!(read(&["户号", "0512000005", "", "A7"], None).unwrap(), ["0512000005", "A7"]);
        assert_eq!(read(&["customer_id"], Some(512_000_005.0)).unwrap(), ["512000005"]);
        assert!(read(&["customer_id"], Some(5.12e17)).unwrap_err().contains("A10"));
    }

    fn ids(content: &str) -> Vec<String> {
        listed(content.as_bytes()).unwrap().0
    }

    #[test]
    fn a_list_is_read_with_any_delimiter_header_and_width_of_letters() {
        let six = ["0512000006"];
        assert_eq!(ids("customer_id\n0512000006\n"), six);
        assert_eq!(ids("customer_id;name\n0512000006;a, b\n"), six);
        assert_eq!(ids("name\tCUSTOMER_ID\nx\t0512000006\n"), six);
        assert_eq!(ids("户号,姓名\n０５１２０００００６,王\n"), six);
        assert_eq!(ids("0512000006\n"), six, "no header");
        assert_eq!(ids("0512000006\n0512000005\n"), ["0512000006", "0512000005"]);
        assert_eq!(ids("A7\nA7\n"), ["A7", "A7"]);
        assert_eq!(ids("Kundennummer\n 0512000006 \n\n"), six, "an unknown header is not an id");
        assert!(ids("customer_id\n").is_empty(), "a list with only a header names nobody");
        let gbk = encoding_rs::GB18030.encode("户号,姓名\n0512000006,王\n").0.into_owned();
        assert_eq!(listed(&gbk).unwrap().0, six);
    }

    #[test]
    fn a_list_that_names_nobody_or_cannot_be_read_is_refused() {
        let refused = |content: &str, words: &str| {
            let message = listed(content.as_bytes()).unwrap_err();
            assert!(message.contains(words), "{content:?}: {message}");
        };
        refused("", "it is empty");
        refused("customer_id\n512000006\n", "lost zeros in front (512000006 on line 2 would be 0512000006)");
        refused("customer_id\nx1\n", "none of its 1 ids is a customer");
        refused("since,name\n2025,a\n", "none is called customer_id");
        refused(
            "customer_id,name\n0512000006,a\n0512000005\n",
            "line 3: it has 1 cells and the header has 2",
        );
        refused("customer_id,name\n,a\n0512000006,b\n", "line 2: it has no id");
    }

    #[test]
    fn ids_of_nobody_are_named_with_their_line() {
        let (known, unmatched) = listed(b"customer_id\n0512000006\n512000005\nx1\n").unwrap();
        assert_eq!(known, ["0512000006"]);
        let likely: Vec<_> = unmatched.iter().map(|id| (id.line, id.likely.as_deref())).collect();
        assert_eq!(likely, [(3, Some("0512000005")), (4, None)]);
    }
}
