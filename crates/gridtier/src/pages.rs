//! The pages about the method, its checks and the catalogue of entitlements, taken from the files beside the sources.

#![allow(rustdoc::broken_intra_doc_links, reason = "marks such as [T] and [I] are no links")]

// The code blocks of these pages are commands and tables, so documentation tests leave the pages out.
#[cfg_attr(not(doctest), doc = include_str!("../METHOD.md"))]
pub mod method {}

#[cfg_attr(not(doctest), doc = include_str!("../CHECKS.md"))]
pub mod checks {}

#[cfg_attr(not(doctest), doc = include_str!("../ENTITLEMENTS.md"))]
pub mod entitlements {}

#[cfg_attr(not(doctest), doc = include_str!("../REGRADE.md"))]
pub mod regrade {}
