//! Maps the columns that the engine asks for to columns of a file, names of its folders, and declared constants.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use gridtier::text::Text;

use super::{Readable, constant};
use crate::columns::{FilePiece, Pick};
use crate::config::Config;
use crate::guard::Unreadable;

/// Which of the requested columns a file has, and where each of them is read from.
pub(super) struct ReadPlan<'a> {
    names: Vec<(&'a str, Pick)>,
    /// Positions of the columns to read from the file, in order.
    pub own: Vec<usize>,
    readable: &'a Readable,
    config: &'a Config,
}

impl<'a> ReadPlan<'a> {
    /// The plan for the columns in `asked`: columns of the contract, or columns that are passed through.
    pub fn new(readable: &'a Readable, config: &'a Config, asked: &[&str]) -> Self {
        let names: Vec<_> = asked.iter().filter_map(|name| readable.mapping.find(name)).collect();
        let needed = names.iter().flat_map(|(_, pick)| {
            pick.own().into_iter().chain(readable.mapping.positions(*pick).iter().copied())
        });
        let own: BTreeSet<usize> = needed.collect();
        Self { names, own: own.into_iter().collect(), readable, config }
    }

    /// A piece of the file as a batch of the contract's columns.
    pub fn record(&self, piece: &FilePiece) -> Result<RecordBatch, Unreadable> {
        let mut fields = Vec::with_capacity(self.names.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.names.len());
        for (name, pick) in &self.names {
            let array = match pick {
                Pick::Own(at) => self.own_column(piece, *at),
                Pick::Joined(at) => self.joined(piece, name, *at)?,
                Pick::Constant => self.constant(name, piece.rows),
                Pick::Hive(at) => self.readable.hive_column(*at, self.config, piece.rows),
            };
            fields.push(Field::new(*name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(piece.rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}

impl ReadPlan<'_> {
    /// A column of the file. `own` is sorted and contains every position that is needed.
    fn own_column(&self, piece: &FilePiece, at: usize) -> ArrayRef {
        Arc::clone(&piece.columns[self.own.partition_point(|own| *own < at)])
    }

    /// The parts of a key as one column.
    fn joined(&self, piece: &FilePiece, name: &str, at: usize) -> Result<ArrayRef, Unreadable> {
        let parts = self.readable.mapping.joins[at].iter().map(|&part| self.own_column(piece, part));
        let parts: Vec<ArrayRef> = parts.collect();
        let declared = self.config.declared.of(self.readable.file.table);
        let nulls = declared.nulls.get(name).map_or(&[][..], Vec::as_slice);
        constant::joined(&parts, nulls, piece.rows).map_err(|fault| {
            let fault = fault.what;
            let what = Text::new(format!("{name}: {}", fault.en), format!("{name}：{}", fault.zh));
            Unreadable::because(what, ("export the parts of a key as text", "请把组成编号的各列导出为文本"))
        })
    }

    /// The declared value of a column that the file lacks.
    fn constant(&self, name: &str, rows: usize) -> ArrayRef {
        let config = self.config.table(self.readable.file.table);
        match config.constants.get(name) {
            Some(value) => constant::repeated(value, rows),
            None => arrow_array::new_null_array(&arrow_schema::DataType::Null, rows),
        }
    }
}
