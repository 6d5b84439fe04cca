//! Statistics that a writer has stored about the columns of each row group.

use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::Field;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::ParquetFile;
use crate::guard::parquet_statistics::contradictions;
use crate::guard::{Unreadable, caught, parquet_footer};
use crate::listing::DataFile;
use gridtier::text;

/// The statistics of a column by row group; null where the writer stored none.
pub struct ColumnStatistics {
    /// A lower bound of the values.
    pub least: ArrayRef,
    /// An upper bound of the values.
    pub greatest: ArrayRef,
    /// Number of null values.
    pub nulls: UInt64Array,
    /// Whether the statistics of a row group contradict each other.
    pub contradict: Vec<bool>,
}

impl ParquetFile {
    /// The statistics of the columns at these positions.
    ///
    /// # Errors
    /// A column is nested, or the footer cannot be read again.
    pub fn statistics(
        &self,
        file: &DataFile,
        positions: &[usize],
    ) -> Result<Vec<ColumnStatistics>, Unreadable> {
        let mut fields = Vec::with_capacity(positions.len());
        let mut leaves = Vec::with_capacity(positions.len());
        for &position in positions {
            let column = &self.columns[position];
            let Some(flat) = &column.flat else {
                return Err(Unreadable::damaged(text!(
                    "a nested column has no statistics",
                    "嵌套列没有统计信息"
                )));
            };
            fields.push(Field::new(&column.name, column.data_type.clone(), true));
            leaves.push(flat.leaf);
        }
        let mut handle = file.open()?;
        let metadata = parquet_footer::read(&mut handle, file.bytes, &leaves)?;
        let schema = metadata.file_metadata().schema_descr();
        let groups = metadata.row_groups();
        caught(|| {
            let mut statistics = Vec::with_capacity(positions.len());
            for (field, leaf) in fields.iter().zip(leaves) {
                let converter = StatisticsConverter::from_column_index(leaf, field, schema)?
                    .with_missing_null_counts_as_zero(false);
                statistics.push(ColumnStatistics {
                    least: converter.row_group_mins(groups)?,
                    greatest: converter.row_group_maxes(groups)?,
                    nulls: converter.row_group_null_counts(groups)?,
                    contradict: contradictions(&mut handle, file.bytes, &metadata, leaf)?,
                });
            }
            Ok(statistics)
        })?
    }
}
