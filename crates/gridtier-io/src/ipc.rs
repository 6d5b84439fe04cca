//! Arrow IPC files and streams (`.arrow`, `.ipc`, `.feather`).
//!
//! A file is a stream between two marks and a footer, so both are read as streams; the footer serves to know that the
//! stream is whole. All messages are walked when the file is opened (`walk`): their claims are compared with the file's
//! length before the decoder reserves memory for them. Big-endian files and Feather 1 are refused.

mod walk;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;

use crate::columns::{OwnColumn, Piece};
use crate::limits::{BATCH_ROWS, check_text};
use crate::listing::DataFile;
use crate::unreadable::{Unreadable, caught};

/// An Arrow file that has been walked.
#[derive(Clone, Debug)]
pub struct IpcFile {
    columns: Vec<OwnColumn>,
    stream: std::ops::Range<u64>,
    /// Rows of all its batches.
    pub rows: u64,
}

impl IpcFile {
    /// Walks a file.
    pub fn open(file: &DataFile) -> Result<Self, Unreadable> {
        let mut handle = file.open()?;
        let walked = walk::walk(&mut handle, file.bytes)?;
        let reader = stream(handle, &walked.stream, None)?;
        let schema = reader.schema();
        let own = |field: &arrow_schema::FieldRef| OwnColumn::typed(field.name(), field.data_type().clone());
        Ok(Self {
            columns: schema.fields().iter().map(own).collect(),
            stream: walked.stream,
            rows: walked.rows,
        })
    }

    /// Its columns, in order.
    pub fn columns(&self) -> Vec<OwnColumn> {
        self.columns.clone()
    }

    /// The columns at `picks`, each named once, piece by piece.
    pub fn pieces(&self, file: &DataFile, picks: &[usize]) -> Result<Pieces, Unreadable> {
        Ok(Pieces {
            reader: stream(file.open()?, &self.stream, Some(picks.to_vec()))?,
            batch: None,
            left: self.rows,
        })
    }
}

type Stream = StreamReader<BufReader<Take<File>>>;

fn stream(
    mut file: File,
    range: &std::ops::Range<u64>,
    picks: Option<Vec<usize>>,
) -> Result<Stream, Unreadable> {
    file.seek(SeekFrom::Start(range.start))?;
    let source = BufReader::new(file.take(range.end - range.start));
    Ok(caught(|| StreamReader::try_new(source, picks))??)
}

/// The rows of a file, in pieces of whole columns.
pub struct Pieces {
    reader: Stream,
    /// What is left of the message read last.
    batch: Option<RecordBatch>,
    left: u64,
}

impl Pieces {
    fn piece(&mut self) -> Result<Option<Piece>, Unreadable> {
        let batch = loop {
            match self.batch.take() {
                Some(batch) if batch.num_rows() > 0 => break batch,
                _ => match caught(|| self.reader.next())? {
                    Some(batch) => self.batch = Some(batch?),
                    None if self.left == 0 => return Ok(None),
                    None => {
                        return Err(Unreadable::damaged(format!("it ends {} rows before its end", self.left)));
                    }
                },
            }
        };
        let rows = batch.num_rows().min(BATCH_ROWS);
        self.left =
            self.left.checked_sub(rows as u64).ok_or_else(|| Unreadable::damaged("it has too many rows"))?;
        let piece = batch.slice(0, rows);
        self.batch = Some(batch.slice(rows, batch.num_rows() - rows));
        piece.columns().iter().try_for_each(check_text)?;
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
