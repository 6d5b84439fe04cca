//! Reads Arrow IPC files and streams (`.arrow`, `.ipc`, `.feather`).
//!
//! All messages are walked when the file is opened ([`guard`](crate::guard)): their claims are compared with the file's
//! length before the decoder reserves memory for them. A file is read through its footer, because some writers leave out
//! the schema at its beginning; a stream must end with its end mark. Big-endian files and Feather 1 are refused.

use std::fs::File;
use std::io::BufReader;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use gridtier::index::count;
use gridtier::text;

use crate::columns::{FileColumn, FilePiece};
use crate::guard::ipc_messages::{self, IpcLayout};
use crate::guard::limits::TextCheck;
use crate::guard::{Unreadable, caught};
use crate::listing::DataFile;

/// An Arrow file that has been walked.
#[derive(Clone, Debug)]
pub struct IpcFile {
    columns: Vec<FileColumn>,
    layout: IpcLayout,
    /// Number of rows in all its batches.
    pub rows: u64,
}

impl IpcFile {
    /// Walks a file.
    pub fn open(file: &DataFile) -> Result<Self, Unreadable> {
        let mut handle = file.open()?;
        let (layout, rows) = ipc_messages::walk(&mut handle, file.bytes)?;
        let (schema, _) = reader(file.open()?, layout, None)?;
        let columns = schema.fields().iter();
        let columns =
            columns.map(|field| FileColumn::typed(field.name(), field.data_type().clone())).collect();
        Ok(Self { columns, layout, rows })
    }

    /// Its columns, in order.
    pub fn columns(&self) -> Vec<FileColumn> {
        self.columns.clone()
    }

    /// Reads the columns at these positions, which must differ, in pieces of at most `rows_max` rows.
    pub fn pieces(
        &self,
        file: &DataFile,
        positions: &[usize],
        rows_max: usize,
    ) -> Result<IpcPieces, Unreadable> {
        let (_, batches) = reader(file.open()?, self.layout, Some(positions.to_vec()))?;
        Ok(IpcPieces { batches, batch: None, rows_max, left: self.rows, texts: TextCheck::default() })
    }
}

type IpcBatches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

fn reader(
    file: File,
    layout: IpcLayout,
    positions: Option<Vec<usize>>,
) -> Result<(SchemaRef, IpcBatches), Unreadable> {
    let source = BufReader::new(file);
    let reader = caught(|| match layout {
        IpcLayout::File => FileReader::try_new(source, positions)
            .map(|reader| (reader.schema(), Box::new(reader) as IpcBatches)),
        IpcLayout::Stream => StreamReader::try_new(source, positions)
            .map(|reader| (reader.schema(), Box::new(reader) as IpcBatches)),
    });
    Ok(reader??)
}

/// Reads the rows of a file in pieces.
pub struct IpcPieces {
    batches: IpcBatches,
    /// The rest of the last message.
    batch: Option<RecordBatch>,
    rows_max: usize,
    left: u64,
    texts: TextCheck,
}

impl IpcPieces {
    fn piece(&mut self) -> Result<Option<FilePiece>, Unreadable> {
        let batch = loop {
            match self.batch.take() {
                Some(batch) if batch.num_rows() > 0 => break batch,
                _ => match caught(|| self.batches.next())? {
                    Some(batch) => self.batch = Some(batch?),
                    None if self.left == 0 => return Ok(None),
                    None => {
                        return Err(Unreadable::damaged(text!(
                            "it ends {rows} rows before its end",
                            "文件在结尾前 {rows} 行处结束",
                            rows = self.left
                        )));
                    }
                },
            }
        };
        let rows = batch.num_rows().min(self.rows_max);
        self.left = self
            .left
            .checked_sub(count(rows))
            .ok_or_else(|| Unreadable::damaged(text!("it has too many rows", "行数过多")))?;
        let piece = batch.slice(0, rows);
        self.batch = Some(batch.slice(rows, batch.num_rows() - rows));
        self.texts.check(piece.columns())?;
        Ok(Some(FilePiece { columns: piece.columns().to_vec(), rows, faults: Vec::new(), gap: 0 }))
    }
}

impl Iterator for IpcPieces {
    type Item = Result<FilePiece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
mod tests;
