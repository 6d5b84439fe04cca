//! What all sections about a service log need: its customers, rules and names, and how much is shown.

use gridtier::entitlement::Catalogue;
use gridtier::index::CustomerIx;
use gridtier_service::base::Base;
use gridtier_service::group::{GroupBy, GroupIx, Groups, UNKNOWN};
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

    /// Whether each group may be shown, by its position. A group with too few customers may not; nor may further ones of
    /// the same grouping, until those withheld are two groups with enough customers together, since all less the others
    /// would give a single one away. Classes are sums of use categories, so neither is shown if a part of them is
    /// withheld.
    #[must_use]
    pub fn shown_groups(&self) -> Vec<bool> {
        let mut shown = vec![true; self.groups.len()];
        if self.min_count == 0 {
            return shown;
        }
        let least = i64::try_from(self.min_count).unwrap_or(i64::MAX);
        let mut is_class_hidden = false;
        for by in [GroupBy::Area, GroupBy::Class, GroupBy::Region, GroupBy::Tier, GroupBy::UseCategory] {
            let groups = self.groups.iter().filter(|(_, group)| group.by == by && group.members > 0);
            let mut by_size: Vec<(i64, GroupIx)> =
                groups.map(|(place, group)| (group.members, place)).collect();
            by_size.sort_unstable();
            if by_size.first().is_none_or(|(members, _)| *members >= least) {
                continue;
            }
            let (mut withheld, mut members) = (0, 0);
            for (size, place) in by_size {
                if withheld >= 2 && members >= least && size >= least {
                    break;
                }
                shown[place.index()] = false;
                withheld += 1;
                members += size;
            }
            is_class_hidden |= matches!(by, GroupBy::Class | GroupBy::UseCategory);
        }
        for (place, group) in self.groups.iter() {
            if group.by == GroupBy::Class && is_class_hidden {
                shown[place.index()] = false;
            }
        }
        shown
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
    use gridtier_service::group::{Group, GroupBy};

    use super::super::fixture::LogScene;

    #[test]
    fn a_small_group_is_withheld_with_the_next_smallest() {
        let scene = LogScene::of_regions(&[("A", 9), ("B", 2), ("C", 5), ("D", 7)]);
        let view = super::ServiceView { min_count: 3, ..scene.view() };
        let shown = view.shown_groups();
        let hidden = |group: &Group| {
            let place = view.groups.list.iter().position(|known| known == group).unwrap();
            !shown[place]
        };
        let names_by = |by| -> Vec<&str> {
            let groups = view.groups.list.iter().filter(|group| group.by == by && hidden(group));
            groups.map(|group| &*group.name).collect()
        };
        assert_eq!(names_by(GroupBy::Region), ["B", "C"]);
        assert_eq!(names_by(GroupBy::Tier), ["grade-3", "special"], "there is one of the best tier");
        assert!(names_by(GroupBy::All).is_empty());
        assert!(!view.names_customers());
        assert!(scene.view().shown_groups().iter().all(|shown| *shown) && scene.view().names_customers());
    }

    #[test]
    fn the_rows_that_a_list_leaves_out_are_counted() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        let view = super::ServiceView { most_rows: 2, ..scene.view() };
        assert!(view.more_rows(2).is_none() && view.more_rows(3).is_some());
    }
}
