//! Finds the stratum of the earlier cycle to which a customer belongs by its group (REGRADE section 3, *group*).

use std::collections::BTreeMap;

use crate::customer::Customers;
use crate::cycle::Cycle;
use crate::index::index;
use crate::method::OTHER;
use crate::stratum::Groups;

/// For each group, the stratum of the earlier cycle. A group is a value in the column that the earlier method's
/// `strata` names.
#[derive(Debug)]
pub(crate) struct GroupStrata<'a> {
    before: &'a Cycle,
    by_group: BTreeMap<String, u32>,
    /// The stratum of groups that do not occur in the earlier cycle.
    otherwise: u32,
}

impl<'a> GroupStrata<'a> {
    pub fn new(before: &'a Cycle) -> Self {
        let groups = Groups::of(&before.customers, before.method.strata);
        let mut by_group = BTreeMap::new();
        let mut ranked = vec![0u64; before.strata.len()];
        let mut known: Vec<Option<u32>> = vec![None; groups.names.len()];
        for row in &before.rows {
            known[group(&groups, row.number)] = Some(row.stratum);
            ranked[index(row.stratum)] += u64::from(row.rank.is_some());
        }
        for (name, stratum) in groups.names.iter().zip(known) {
            by_group.extend(stratum.map(|stratum| (name.clone(), stratum)));
        }
        let other = (0..).zip(&before.strata).find(|(_, name)| *name == OTHER);
        // Of equally large strata, the first by the bytes of its name.
        let most = (0..).zip(&before.strata).max_by(|(a, name), (b, other)| {
            ranked[index(*a)].cmp(&ranked[index(*b)]).then_with(|| other.cmp(name))
        });
        let otherwise = other.or(most).map_or(0, |(stratum, _)| stratum);
        Self { before, by_group, otherwise }
    }

    /// The stratum to which a group belongs.
    fn stratum(&self, group: &str) -> u32 {
        self.by_group.get(group).copied().unwrap_or(self.otherwise)
    }

    /// The stratum of the earlier cycle to which the group of the customer with this number belongs.
    pub fn of_customer(&self, customers: &Customers, number: u32) -> u32 {
        let groups = Groups::of(customers, self.before.method.strata);
        self.stratum(&groups.names[group(&groups, number)])
    }

    /// For each position in a cycle's rows, the stratum to which the customer's group in that cycle belongs.
    pub fn of(&self, cycle: &Cycle) -> Vec<u32> {
        let groups = Groups::of(&cycle.customers, self.before.method.strata);
        let strata: Vec<u32> = groups.names.iter().map(|name| self.stratum(name)).collect();
        cycle.rows.iter().map(|row| strata[group(&groups, row.number)]).collect()
    }
}

/// The index of a customer's group.
fn group(groups: &Groups, number: u32) -> usize {
    groups.numbers.get(index(number)).map_or(0, |group| index(*group))
}
