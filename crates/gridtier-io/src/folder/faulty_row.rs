//! What is wrong with a row that a reader could not split into cells, or in which a workbook holds an error.
//!
//! Readers pass on only that a row is faulty, since a table may have millions of them. For the one that a finding shows,
//! the file is read again up to the row.

use csv::StringRecord;

use super::{Content, Readable};

/// What is wrong with the cells of a row; `None` if the file cannot be read again, or the row has no fault.
pub(super) fn fault_of(readable: &Readable, row: u64) -> Option<String> {
    match &readable.content {
        Content::Csv(csv) => {
            let mut records = csv.records(&readable.file).ok()?;
            let mut record = StringRecord::new();
            for _ in 0..=row {
                records.read(&mut record).ok().filter(|is_there| *is_there)?;
            }
            let [cells, header] = [record.len(), csv.header.len()];
            (cells != header).then(|| format!("cells in the row: {cells}, in the header: {header}"))
        }
        Content::Workbook(book) => book.fault_in(&readable.file, row),
        Content::Parquet(_) | Content::Ipc(_) => None,
    }
}
