//! Results as Arrow tables: file and column names are an interface to other programs (SERVICE §10).
//!
//! Each module turns the rows of some results into tables; rows come sorted by key. Nothing is computed here; files and
//! formats are left to the callers.

pub mod promises;
pub mod survey;
pub mod delivered;
pub mod contacts;

use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use arrow_schema::{DataType, TimeUnit};

pub(crate) use gridtier::output::{
    DAY, FLAG, INTEGER, NUMBER, TEXT, days, flags_or_none as flags, full, integers, nullable, numbers, table,
    text,
};
use gridtier::word::Word as _;

use crate::group::{GroupIx, Groups};
use crate::time::Second;

/// A local time: parquet has no seconds, and a time zone would be a claim that the log does not make.
pub(crate) const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

pub(crate) fn times(values: impl Iterator<Item = Option<Second>>) -> ArrayRef {
    let times_us = values.map(|time| time.map(|time| time.seconds() * 1_000_000));
    Arc::new(times_us.collect::<TimestampMicrosecondArray>())
}

/// The column `group_by`.
pub(crate) fn groupings(groups: &Groups, of: impl Iterator<Item = GroupIx>) -> ArrayRef {
    text(of.map(|group| Some(groups.group(group).by.code())))
}

/// The column `group`.
pub(crate) fn group_names(groups: &Groups, of: impl Iterator<Item = GroupIx>) -> ArrayRef {
    text(of.map(|group| Some(&*groups.group(group).name)))
}
