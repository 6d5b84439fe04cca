//! Counts of the customers entitled to a service, by tier and group, with suppression of small counts.
//!
//! A count of three large customers in one district can identify them. Counts below a limit are therefore withheld
//! (primary suppression). Further counts are withheld so that none of those can be recovered by subtracting from the
//! totals (complementary suppression).

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::condition::Datum;
use super::grant::{Members, grant};
use super::service::Access;
use crate::method::Tier;
use crate::word::Word;

/// Columns of a census: the four tiers and their sum.
pub const COLUMNS: usize = 5;

/// Counts by group and tier.
#[derive(Clone, Debug, Default)]
pub struct Census {
    groups: BTreeMap<String, [u64; 4]>,
    /// Number of entitled customers by access.
    pub by_access: BTreeMap<Access, u64>,
}

/// A line of a census: a group, its counts by tier and the sum; `None` where a count is withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusLine {
    /// The group; empty for customers without a value, and `None` in the line of all groups together.
    pub group: Option<String>,
    /// The counts of the tiers, best first, and then their sum.
    pub counts: [Option<u64>; COLUMNS],
}

impl Census {
    /// Counts the members that are entitled to a service, by the column at position `by` in the catalogue's fields.
    pub fn add(&mut self, catalogue: &Catalogue, service: usize, by: Option<usize>, members: &Members) {
        let service = &catalogue.services[service];
        let mut record = members.record();
        for row in 0..members.len() {
            members.fill(row, &mut record);
            let tier = members.tier(row);
            let Ok(grant) = grant(catalogue, service, tier, &record) else { continue };
            *self.by_access.entry(grant.access).or_default() += 1;
            let group = match by.map(|place| record[place]) {
                None | Some(Datum::Missing) => "",
                Some(Datum::Word(word)) => word,
                Some(Datum::Flag(true)) => "true",
                Some(_) => "false",
            };
            match self.groups.get_mut(group) {
                Some(counts) => counts[tier.position()] += 1,
                None => {
                    let mut counts = [0; 4];
                    counts[tier.position()] = 1;
                    self.groups.insert(group.to_owned(), counts);
                }
            }
        }
    }

    /// Number of customers entitled.
    #[must_use]
    pub fn entitled(&self) -> u64 {
        self.groups.values().flatten().sum()
    }

    /// The lines of the groups, then the line of all groups together. Counts from 1 to below `min_count` are withheld,
    /// and so are further counts from which withheld ones could be computed.
    #[must_use]
    pub fn lines(&self, min_count: u64) -> Vec<CensusLine> {
        let mut table: Vec<[u64; COLUMNS]> = self.groups.values().map(with_sum).collect();
        let sums = std::array::from_fn(|tier| self.groups.values().map(|counts| counts[tier]).sum());
        table.push(with_sum(&sums));
        let withheld = withheld(&table, min_count);
        let names = self.groups.keys().cloned().map(Some).chain([None]);
        names
            .enumerate()
            .map(|(row, group)| CensusLine {
                group,
                counts: std::array::from_fn(|column| (!withheld[row][column]).then_some(table[row][column])),
            })
            .collect()
    }
}

fn with_sum(counts: &[u64; 4]) -> [u64; COLUMNS] {
    let [special, first, second, third] = *counts;
    [special, first, second, third, special + first + second + third]
}

/// Which cells of a table are withheld. The last row and the last column of the table hold the sums of the others.
///
/// With the sums negated, every row and column adds up to zero. Take rows and columns as the two sides of a bipartite
/// graph with an edge for each withheld cell: a cell can be computed from the shown ones exactly if its edge is a
/// bridge. More cells are withheld until there is no bridge.
fn withheld(table: &[[u64; COLUMNS]], min_count: u64) -> Vec<[bool; COLUMNS]> {
    let mut withheld: Vec<[bool; COLUMNS]> =
        table.iter().map(|row| row.map(|count| (1..min_count).contains(&count))).collect();
    while let Some(cell) = bridge(&withheld) {
        let Some(corners) = cheapest_rectangle(table, &withheld, cell) else { break };
        corners.iter().for_each(|&(row, column)| withheld[row][column] = true);
    }
    withheld
}

/// The cheapest way to protect a cell: the other three corners of a rectangle through it. The four edges of a rectangle
/// form a cycle.
fn cheapest_rectangle(
    table: &[[u64; COLUMNS]],
    withheld: &[[bool; COLUMNS]],
    (row, column): (usize, usize),
) -> Option<[(usize, usize); 3]> {
    // The fewest cells are cheapest, where a sum or a zero costs one cell more (a zero hides least); then the fewest
    // customers.
    let cost = |&(row, column): &(usize, usize)| match (withheld[row][column], table[row][column]) {
        (true, _) => (0, 0),
        (false, count) => {
            let is_sum = row + 1 == table.len() || column + 1 == COLUMNS;
            (1 + u64::from(is_sum) + u64::from(count == 0), count)
        }
    };
    let rows = (0..table.len()).filter(|other| *other != row);
    let corners = rows.flat_map(|other_row| {
        let columns = (0..COLUMNS).filter(move |other| *other != column);
        columns.map(move |other| [(row, other), (other_row, column), (other_row, other)])
    });
    corners.min_by_key(|corners| {
        let costs = corners.each_ref().map(cost);
        (costs.iter().map(|cost| cost.0).sum::<u64>(), costs.iter().map(|cost| cost.1).sum::<u64>())
    })
}

/// A withheld cell that can be computed from the cells shown, since its edge is a bridge.
fn bridge(withheld: &[[bool; COLUMNS]]) -> Option<(usize, usize)> {
    let cells = (0..withheld.len()).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
    cells.filter(|&(row, column)| withheld[row][column]).find(|&cell| !has_detour(withheld, cell))
}

/// Whether the row and the column of a cell are connected by other withheld cells.
fn has_detour(withheld: &[[bool; COLUMNS]], cell: (usize, usize)) -> bool {
    let mut rows = vec![false; withheld.len()];
    let mut columns = [false; COLUMNS];
    rows[cell.0] = true;
    let mut grows = true;
    while grows {
        grows = false;
        for row in 0..withheld.len() {
            for column in 0..COLUMNS {
                let joins = withheld[row][column] && (row, column) != cell && rows[row] != columns[column];
                if joins {
                    (rows[row], columns[column], grows) = (true, true, true);
                }
            }
        }
    }
    columns[cell.1]
}

impl CensusLine {
    /// The count of a tier.
    #[must_use]
    pub fn of(&self, tier: Tier) -> Option<u64> {
        self.counts[tier.position()]
    }

    /// The sum over tiers.
    #[must_use]
    pub fn sum(&self) -> Option<u64> {
        self.counts[COLUMNS - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(groups: &[(&str, [u64; 4])]) -> Census {
        let groups = groups.iter().map(|(name, counts)| ((*name).to_owned(), *counts)).collect();
        Census { groups, ..Census::default() }
    }

    #[test]
    fn the_last_row_and_column_are_sums() {
        let lines = census(&[("a", [1, 2, 3, 4]), ("b", [10, 0, 0, 0])]).lines(0);
        assert_eq!(lines[0].counts, [1, 2, 3, 4, 10].map(Some));
        assert_eq!(lines[2], CensusLine { group: None, counts: [11, 2, 3, 4, 20].map(Some) });
    }

    #[test]
    fn withheld_counts_cannot_be_computed_from_the_sums() {
        let census = census(&[("a", [3, 20, 30, 40]), ("b", [50, 60, 70, 80]), ("c", [9, 90, 90, 90])]);
        let lines = census.lines(5);
        assert_eq!(lines[0].of(Tier::Special), None);
        let width = 0..COLUMNS;
        for line in &lines {
            assert_ne!(line.counts.iter().filter(|count| count.is_none()).count(), 1, "{line:?}");
        }
        for column in width {
            let hidden = lines.iter().filter(|line| line.counts[column].is_none()).count();
            assert_ne!(hidden, 1, "column {column}");
        }
        // Most counts are still shown, and so is the total.
        assert_eq!(lines[3].sum(), Some(632));
        assert!(lines.iter().flat_map(|line| line.counts).filter(Option::is_some).count() >= 12);
    }

    #[test]
    fn a_count_that_follows_from_several_lines_together_is_protected() {
        // No line has only one withheld cell, and yet the 2 follows from the shown sums of the other rows.
        let census = census(&[
            ("a", [2, 5, 4, 0]),
            ("b", [192, 50, 3, 0]),
            ("c", [78, 163, 2, 61]),
            ("d", [9, 56, 4, 20]),
        ]);
        let table: Vec<[u64; COLUMNS]> = census.groups.values().map(with_sum).collect();
        let sums = std::array::from_fn(|tier| census.groups.values().map(|counts| counts[tier]).sum());
        let table: Vec<_> = table.into_iter().chain([with_sum(&sums)]).collect();
        assert_eq!(bridge(&withheld(&table, 5)), None);
        let mut chain = vec![[false; COLUMNS]; 3];
        (chain[0][0], chain[0][1], chain[1][1], chain[1][2], chain[2][2], chain[2][1]) =
            (true, true, true, true, true, true);
        assert_eq!(bridge(&chain), Some((0, 0)), "the other cells lie on a cycle");
        chain[2][0] = true;
        assert_eq!(bridge(&chain), None);
    }

    #[test]
    fn zero_is_not_withheld() {
        let lines = census(&[("a", [0, 0, 0, 7])]).lines(5);
        assert!(lines.iter().all(|line| line.counts.iter().all(Option::is_some)));
    }
}
