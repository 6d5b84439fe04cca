//! Which customers a question is about, and which of them may stand on a list.
//!
//! Who has opted out of marketing is counted like everybody, since counts name nobody, but stands on no list made for
//! marketing. Lists for operations, such as whom to restore first, must name them all the same.

use std::collections::BTreeSet;

use arrow_array::BooleanArray;

use super::condition::{Datum, Field};
use super::grant::Members;
use crate::method::Tier;

/// What a list is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListPurpose {
    /// To offer or announce something: customers who opted out are left out.
    Marketing,
    /// To run the network and the services: everybody.
    Operations,
}

/// The customers asked about; an empty list lets everybody through.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Tiers.
    pub tiers: Vec<Tier>,
    /// Values by column of customers, such as `region`.
    pub values: Vec<(&'static str, Vec<String>)>,
    /// Ids of customers who opted out, besides those whose `marketing_opt_out` is true.
    pub opted_out: BTreeSet<String>,
}

impl Selection {
    /// The columns that it looks at.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, _)| *name).chain(["marketing_opt_out"])
    }

    /// Which members are asked about.
    #[must_use]
    pub fn selected(&self, fields: &[Field], members: &Members) -> BooleanArray {
        let places: Vec<(usize, &[String])> = self
            .values
            .iter()
            .filter(|(_, wanted)| !wanted.is_empty())
            .filter_map(|(name, wanted)| Some((place(fields, name)?, wanted.as_slice())))
            .collect();
        self.mask(members, |row, record| {
            let has = |(place, wanted): &(usize, &[String])| match record[*place] {
                Datum::Word(word) => wanted.iter().any(|value| value == word),
                _ => false,
            };
            (self.tiers.is_empty() || self.tiers.contains(&members.tier(row))) && places.iter().all(has)
        })
    }

    /// Which members may stand on a list for a purpose.
    #[must_use]
    pub fn listed(&self, fields: &[Field], members: &Members, purpose: ListPurpose) -> BooleanArray {
        let flag = place(fields, "marketing_opt_out");
        self.mask(members, |row, record| {
            let by_flag = flag.is_some_and(|place| record[place] == Datum::Flag(true));
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

fn place(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|field| field.name == name)
}
