//! A published cycle read back: its manifest, its tables, one customer's record, or the whole cycle in memory.
//!
//! All data come from the cycle's own files, and the method comes from its manifest, so that an explanation given years
//! later describes what was published. This module computes and writes nothing; `store` makes cycles visible.

mod error;
mod manifest;
mod table;
mod cells;
mod load;
mod lookup;
mod keyed;
mod history;
mod customer;
mod profile;
mod facts;
mod members;
mod restated;
mod inspected;
mod published;
mod beyond;
mod about;
mod graded;

pub use about::{about, hashes};
pub use beyond::beyond_limits_of;
pub(crate) use cells::table_difference;
pub use cells::{CellAt, TableDifference};
pub(crate) use customer::{CustomerReader, ids_of_tier, tier_row};
pub use customer::{CustomerRecord, customer};
pub use error::{Absence, CycleError, EvidenceError};
pub(crate) use error::{other_columns as other_table, unreadable};
pub use facts::express;
pub(crate) use facts::{AccountValues, facts};
pub use graded::graded_customers;
pub use history::EVIDENCE_TABLES;
pub(crate) use history::{BillsAndPlans, data_of};
pub(crate) use inspected::{assessed_months, inspected_plans, inspected_tiers};
pub(crate) use keyed::CycleRows;
pub(crate) use load::was_published_before;
pub(crate) use load::{account_holders, customers, graded_table};
pub use load::{as_of, cycle, cycle_alone, final_tiers, previous_cycle, previous_tiers, tiers_before};
pub(crate) use lookup::{WithoutZeros, absent};
pub use manifest::{
    COUNTING, CatalogueText, Engine, FORMAT, FileRows, FormatVersion, InputEntry, Manifest, MethodText,
    Revision, WindowSpan, catalogue, method,
};
pub use members::MemberBatches;
pub use profile::profiles;
pub(crate) use profile::profiles_of;
pub use published::{boundaries, indicator_parameters, published_rejects, rejects_list};
pub use restated::{RestatedFailure, RestatedTable};
pub(crate) use table::{batches_of, has_tier_probability, read_columns, read_table, rows_of_id, rows_of_ids};
