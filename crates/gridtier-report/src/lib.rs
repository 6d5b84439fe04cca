//! Results of gridtier: sections that people read in English and Chinese, and the renderers of sections.
//!
//! A result becomes [`section::Section`]s: headings, sentences and tables whose columns know their title, unit and
//! format. [`render`] writes sections to a terminal, as CSV, a workbook, a page or JSON, and knows nothing about what
//! they say. No file is opened here and no result is computed.
//!
//! The modules are listed in the order in which they build on each other; each module uses only those above it.

pub mod format;
pub mod table;
pub mod chart;
pub mod section;
pub mod document;
pub mod render;
pub mod charts;
pub mod names;
mod group_names;
pub mod customers;
pub mod boundaries;
pub mod indicators;
pub mod summary;
pub mod explain;
pub mod moved;
pub mod validate;
pub mod whatif;
pub mod trial_moves;
pub mod comparison;
pub mod improvement;
pub mod letter;
pub mod inspection;
pub mod weights;
pub mod governance;
pub mod appeal;
pub mod rehearsal;
pub mod entitlement;
pub mod customer_sheet;
pub mod service;
pub mod survey;
pub mod notice;
pub mod cycle_report;
pub mod handbook;
