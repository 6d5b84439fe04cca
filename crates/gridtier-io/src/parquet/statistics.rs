//! What a writer has noted about the columns of each row group.

use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::Field;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::{Flat, ParquetFile, footer};
use crate::listing::DataFile;
use crate::unreadable::{Unreadable, caught};

/// The statistics of a column, by row group; null where the writer is silent.
pub struct Statistics {
    /// No value is less.
    pub least: ArrayRef,
    /// No value is greater.
    pub greatest: ArrayRef,
    /// Values that are null.
    pub nulls: UInt64Array,
}

impl ParquetFile {
    /// The statistics of the columns at `picks`, which must be flat.
    pub fn statistics(&self, file: &DataFile, picks: &[usize]) -> Result<Vec<Statistics>, Unreadable> {
        let columns: Vec<_> = picks.iter().map(|&pick| &self.columns[pick]).collect();
        let flats: Vec<&Flat> = columns.iter().filter_map(|column| column.flat.as_ref()).collect();
        if flats.len() < picks.len() {
            return Err(Unreadable::damaged("a nested column has no statistics"));
        }
        let leaves: Vec<usize> = flats.iter().map(|flat| flat.leaf).collect();
        let metadata = footer::read(&mut file.open()?, file.bytes, &leaves)?;
        let schema = metadata.file_metadata().schema_descr();
        let of_column = |(column, leaf): (&&super::Column, usize)| {
            let field = Field::new(&column.name, column.data_type.clone(), true);
            let converter = StatisticsConverter::from_column_index(leaf, &field, schema)?
                .with_missing_null_counts_as_zero(false);
            let groups = || metadata.row_groups().iter();
            Ok(Statistics {
                least: converter.row_group_mins(groups())?,
                greatest: converter.row_group_maxes(groups())?,
                nulls: converter.row_group_null_counts(groups())?,
            })
        };
        caught(|| columns.iter().zip(leaves).map(of_column).collect())?
    }
}
