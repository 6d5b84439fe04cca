//! Small files that people keep beside the data: a list of customer ids, applications for services.

use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::csv::CsvFile;
use crate::guard::Unreadable;
use crate::listing::DataFile;

/// Why a file of requests cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The file cannot be read as a table.
    #[error("{path} cannot be read: {what}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Rows of it are wrong: all of them.
    #[error("{path} has rows that cannot be used:\n  {}", faults.join("\n  "))]
    Rows {
        /// The file.
        path: PathBuf,
        /// Line, column, rule and fix of each.
        faults: Vec<String>,
    },
}

/// A small table with a header, in any encoding that the data may have.
pub(super) struct SmallTable {
    pub path: PathBuf,
    pub header: Vec<String>,
    /// Line of the file and cells.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl SmallTable {
    /// Reads the table. An empty file is a list of nobody.
    pub fn read(path: &Path) -> Result<Self, RequestError> {
        let unreadable = |what: String| RequestError::Unreadable { path: path.into(), what };
        let damaged = |fault: Unreadable| unreadable(format!("{}; {}", fault.what, fault.advice));
        let file = DataFile::beside(path).map_err(|error| unreadable(format!("{error}; check the path")))?;
        if file.bytes == 0 {
            return Ok(Self { path: path.into(), header: vec!["customer_id".into()], rows: Vec::new() });
        }
        let (survey, _) = CsvFile::survey(&file, None).map_err(damaged)?;
        let mut records = survey.records(&file).map_err(damaged)?;
        let mut record = StringRecord::new();
        let mut rows = Vec::new();
        while records.read(&mut record).map_err(damaged)? {
            let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
            let line = record.position().map_or(0, csv::Position::line);
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push((line, cells));
            }
        }
        Ok(Self { path: path.into(), header: survey.header, rows })
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|head| head == name)
    }
}

/// The ids of a list: the column `customer_id`, or the only one.
///
/// # Errors
/// The file cannot be read, or has several columns and none of that name.
pub fn read_ids(path: &Path) -> Result<Vec<String>, RequestError> {
    let table = SmallTable::read(path)?;
    let named = table.column("customer_id");
    let Some(column) = named.or((table.header.len() == 1).then_some(0)) else {
        let what = "it has several columns and none is called customer_id: name one so".to_owned();
        return Err(RequestError::Unreadable { path: table.path, what });
    };
    // A list without a header has an id in its first line.
    let first = if named.is_none() { table.header.get(column).cloned() } else { None };
    let ids = table
        .rows
        .into_iter()
        .filter_map(|(_, mut cells)| (column < cells.len()).then(|| cells.swap_remove(column)));
    Ok(first.into_iter().chain(ids).filter(|id| !id.is_empty()).collect())
}
