//! Tests of the command from end to end: what it publishes, what it prints, and how it ends. All tests are in one binary,
//! since every binary links the whole engine.

// A test, or a helper of tests, must panic where it cannot go on.
#![allow(clippy::unwrap_used)]

mod chromium;
mod support;
mod tables;
mod utility;

mod appeals;
mod bad_exports;
mod bad_files;
mod bad_input;
mod bad_silent;
mod browser;
mod cases;
mod claims;
mod clicks;
mod commands;
mod crash;
mod delivery;
mod entitlements;
mod explain;
mod faults;
mod governance;
mod holders;
mod inspection;
mod junk;
mod laws;
mod newcomer;
mod output;
mod pages;
mod peers;
mod published;
mod real_data;
mod recompute;
mod rehearse;
mod report;
mod reuse;
mod same_use;
mod serve;
mod service;
mod sheets;
mod since;
mod snapshots;
mod survey;
mod tidy;
mod validate;
mod whatif;
