//! What all sections about a service log need: its customers, rules and names, and how much is shown.

use gridtier::entitlement::Catalogue;
use gridtier::index::CustomerIx;
use gridtier_service::base::Base;
use gridtier_service::group::{GroupIx, Groups, UNKNOWN};
use gridtier_service::log::Log;
use gridtier_service::period::Run;
use gridtier_service::policy::Policy;

use super::words;
use crate::section::{Block, Extent, Section};
use crate::table::DataCell;

/// A service log that is shown.
#[derive(Clone, Copy)]
pub struct ServiceView<'a> {
    /// The customers.
    pub base: &'a Base,
    /// Their groups.
    pub groups: &'a Groups,
    /// The rules.
    pub policy: &'a Policy,
    /// The services.
    pub catalogue: &'a Catalogue,
    /// The accepted rows.
    pub log: &'a Log,
    /// Period and as-of day.
    pub run: Run,
    /// Number of the cycle whose tiers are used.
    pub cycle: u64,
    /// Groups with fewer customers than this are withheld, and no customer is named if it is not 0.
    pub min_count: u64,
    /// Maximum number of rows of a list.
    pub most_rows: usize,
    /// Whether every figure is listed, or what matters most, and how much more there is.
    pub extent: Extent,
}

impl ServiceView<'_> {
    /// Whether customers may be named.
    #[must_use]
    pub fn names_customers(&self) -> bool {
        self.min_count == 0
    }

    /// The id of a customer; a dash where nobody is named.
    #[must_use]
    pub fn customer_cell(&self, customer: Option<CustomerIx>) -> DataCell {
        customer.map_or(DataCell::Missing, |customer| DataCell::same(self.base.id(customer).to_owned()))
    }

    /// The tier of a customer.
    #[must_use]
    pub fn tier_cell(&self, customer: Option<CustomerIx>) -> DataCell {
        customer.map_or(DataCell::Missing, |customer| words::tier_cell(self.base.member(customer).tier))
    }

    /// Whether a group says something: not if nobody's group of that grouping is known.
    #[must_use]
    pub fn is_telling(&self, place: GroupIx) -> bool {
        let by = self.groups.group(place).by;
        let mut others = self.groups.iter().filter(|(_, group)| group.by == by && group.members > 0);
        others.any(|(_, group)| &*group.name != UNKNOWN)
    }

    /// The sentence under a list of which only the first rows are shown.
    #[must_use]
    pub fn more_rows(&self, all: usize) -> Option<Block> {
        self.left_out(all.saturating_sub(self.most_rows))
    }

    /// The sentence under a list that leaves out so many rows.
    #[must_use]
    pub fn left_out(&self, more: usize) -> Option<Block> {
        Block::rows_left_out(more, self.extent)
    }

    /// The section with the sentence of [`more_rows`](Self::more_rows).
    #[must_use]
    pub fn with_more(&self, section: Section, all: usize) -> Section {
        section.with_all(self.more_rows(all))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::LogScene;

    #[test]
    fn the_rows_that_a_list_leaves_out_are_counted() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        let view = super::ServiceView { most_rows: 2, ..scene.view() };
        assert!(view.more_rows(2).is_none() && view.more_rows(3).is_some());
    }
}
