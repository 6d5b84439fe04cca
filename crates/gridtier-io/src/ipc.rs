//! Arrow IPC files and streams (`.arrow`, `.ipc`, `.feather`).
//!
//! All messages are walked when the file is opened (`walk`): their claims are compared with the file's length before the
//! decoder reserves memory for them. A file is read by its footer, since some writers leave its stream without a schema;
//! a stream must say where it ends. Big-endian files and Feather 1 are refused.

mod walk;

use std::fs::File;
use std::io::BufReader;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use crate::columns::{OwnColumn, Piece};
use crate::limits::TextCheck;
use crate::listing::DataFile;
use crate::unreadable::{Unreadable, caught};

use self::walk::Layout;

/// An Arrow file that has been walked.
#[derive(Clone, Debug)]
pub struct IpcFile {
    columns: Vec<OwnColumn>,
    layout: Layout,
    /// Rows of all its batches.
    pub rows: u64,
}

impl IpcFile {
    /// Walks a file.
    pub fn open(file: &DataFile) -> Result<Self, Unreadable> {
        let mut handle = file.open()?;
        let (layout, rows) = walk::walk(&mut handle, file.bytes)?;
        let (schema, _) = reader(file.open()?, layout, None)?;
        let own = |field: &arrow_schema::FieldRef| OwnColumn::typed(field.name(), field.data_type().clone());
        Ok(Self { columns: schema.fields().iter().map(own).collect(), layout, rows })
    }

    /// Its columns, in order.
    pub fn columns(&self) -> Vec<OwnColumn> {
        self.columns.clone()
    }

    /// The columns at `picks`, each named once, in pieces of at most `most_rows`.
    pub fn pieces(&self, file: &DataFile, picks: &[usize], most_rows: usize) -> Result<Pieces, Unreadable> {
        let (_, batches) = reader(file.open()?, self.layout, Some(picks.to_vec()))?;
        Ok(Pieces { batches, batch: None, most_rows, left: self.rows, texts: TextCheck::default() })
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

fn reader(file: File, layout: Layout, picks: Option<Vec<usize>>) -> Result<(SchemaRef, Batches), Unreadable> {
    let source = BufReader::new(file);
    let reader =
        caught(|| match layout {
            Layout::File => FileReader::try_new(source, picks)
                .map(|reader| (reader.schema(), Box::new(reader) as Batches)),
            Layout::Stream => StreamReader::try_new(source, picks)
                .map(|reader| (reader.schema(), Box::new(reader) as Batches)),
        });
    Ok(reader??)
}

/// The rows of a file, in pieces of whole columns.
pub struct Pieces {
    batches: Batches,
    /// What is left of the message read last.
    batch: Option<RecordBatch>,
    most_rows: usize,
    left: u64,
    texts: TextCheck,
}

impl Pieces {
    fn piece(&mut self) -> Result<Option<Piece>, Unreadable> {
        let batch = loop {
            match self.batch.take() {
                Some(batch) if batch.num_rows() > 0 => break batch,
                _ => match caught(|| self.batches.next())? {
                    Some(batch) => self.batch = Some(batch?),
                    None if self.left == 0 => return Ok(None),
                    None => {
                        return Err(Unreadable::damaged(format!(
                            "it ends {} rows before its end",
                            self.left
                        )));
                    }
                },
            }
        };
        let rows = batch.num_rows().min(self.most_rows);
        self.left =
            self.left.checked_sub(rows as u64).ok_or_else(|| Unreadable::damaged("it has too many rows"))?;
        let piece = batch.slice(0, rows);
        self.batch = Some(batch.slice(rows, batch.num_rows() - rows));
        self.texts.check(piece.columns())?;
        Ok(Some(Piece { columns: piece.columns().to_vec(), rows, faults: Vec::new() }))
    }
}

impl Iterator for Pieces {
    type Item = Result<Piece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

#[cfg(test)]
mod tests;
