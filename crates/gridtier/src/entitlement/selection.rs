//! Selects customers, and decides which of them may be on a list.
//!
//! Customers who opted out of marketing are counted like all others, since a count identifies nobody, but are left out
//! of marketing lists. Lists for operations, such as the order of restoration, must include them.

use std::collections::BTreeSet;

use arrow_array::BooleanArray;

use super::condition::{Datum, Field};
use super::grant::Members;
use crate::method::Tier;

/// The purpose of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListPurpose {
    /// To offer or announce something: customers who opted out of marketing are left out.
    Marketing,
    /// To run the network and the services: nobody is left out.
    Operations,
}

/// A filter of customers. An empty list of values excludes nobody.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The selected tiers.
    pub tiers: Vec<Tier>,
    /// The selected values of columns of customers, such as `region`.
    pub values: Vec<(&'static str, Vec<String>)>,
    /// Ids of customers who opted out, in addition to those whose `marketing_opt_out` is true.
    pub opted_out: BTreeSet<String>,
}

impl Selection {
    /// The columns that the filter uses.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, _)| *name).chain(["marketing_opt_out"])
    }

    /// Which members pass the filter.
    #[must_use]
    pub fn selected(&self, fields: &[Field], members: &Members) -> BooleanArray {
        let columns: Vec<(usize, &[String])> = self
            .values
            .iter()
            .filter(|(_, wanted)| !wanted.is_empty())
            .filter_map(|(name, wanted)| Some((position(fields, name)?, wanted.as_slice())))
            .collect();
        self.mask(members, |row, record| {
            let is_of_tier = self.tiers.is_empty() || self.tiers.contains(&members.tier(row));
            is_of_tier
                && columns.iter().all(|(column, wanted)| match record[*column] {
                    Datum::Word(word) => wanted.iter().any(|value| value == word),
                    _ => false,
                })
        })
    }

    /// Which members may be on a list for a purpose.
    #[must_use]
    pub fn listed(&self, fields: &[Field], members: &Members, purpose: ListPurpose) -> BooleanArray {
        let flag = position(fields, "marketing_opt_out");
        self.mask(members, |row, record| {
            let by_flag = flag.is_some_and(|column| record[column] == Datum::Flag(true));
            purpose == ListPurpose::Operations || !(by_flag || self.opted_out.contains(members.id(row)))
        })
    }

    fn mask<'b>(&self, members: &Members<'b>, test: impl Fn(usize, &[Datum<'b>]) -> bool) -> BooleanArray {
        let mut record = members.record();
        (0..members.len())
            .map(|row| {
                members.fill(row, &mut record);
                Some(test(row, &record))
            })
            .collect()
    }
}

fn position(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name == name)
}
