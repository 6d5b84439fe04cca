//! Ranks without a sort of all customers: an exact histogram of the scores says where each narrow range of them begins,
//! customers are put there in the order of their ids, and only within a range are they compared.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::Stratified;
use super::order::{self, Standing};
use crate::indicator::Column;
use crate::method::Tier;
use crate::score::{NO_SCORE, Scores};

/// Customers that are put into their ranges in one piece.
const BLOCK: usize = 1 << 17;
/// Customers that a range is meant to hold, and the most ranges of a class.
const RANGE: usize = 1 << 10;
const RANGES_MAX: usize = 1 << 14;
/// Equal scores from which they are ordered by several threads.
const MANY: usize = 1 << 16;

/// What the ranking looks at.
pub(super) struct Base<'a> {
    pub scores: &'a Scores,
    pub ceilings: &'a [Option<Tier>],
    pub revenue: &'a Column,
    pub energy: &'a Column,
}

/// The ranked customers of one stratum, best first.
#[derive(Clone, Copy)]
pub(super) struct Ranking<'a> {
    base: &'a Base<'a>,
    /// Score, as it falls, and position.
    entries: &'a [u64],
}

/// All ranked customers: by stratum, those who are not vetoed first, then by score and what tells equals apart.
pub(super) struct Order {
    entries: Vec<u64>,
    strata: Vec<Range<usize>>,
}

/// The customers of a stratum that are vetoed, or those that are not: their scores lie in `ranges` ranges from `base` on.
#[derive(Clone, Copy)]
struct Class {
    count: usize,
    least: u32,
    most: u32,
    shift: u32,
    base: usize,
    ranges: usize,
}

impl Base<'_> {
    /// Falls as the score rises; last who has none.
    fn key(&self, at: usize) -> u32 {
        const LAST: u32 = 1 << 31;
        match self.scores.points_e6[at] {
            NO_SCORE => LAST,
            points => i32::MAX.abs_diff(points),
        }
    }

    fn standing(&self, entry: u64) -> Standing {
        let position = position(entry);
        let number = self.scores.population[position] as usize;
        Standing {
            number: number as u32,
            vetoed: self.ceilings[position].is_some(),
            score_e6: self.scores.score_e6(position),
            revenue: self.revenue.known(number),
            energy: self.energy.known(number),
        }
    }
}

fn position(entry: u64) -> usize {
    (entry & u64::from(u32::MAX)) as usize
}

fn key(entry: u64) -> u32 {
    (entry >> 32) as u32
}

impl Order {
    /// Orders the ranked customers.
    pub fn of(base: &Base, strata: &Stratified) -> Self {
        let class = |at: usize| 2 * strata.of[at] as usize + usize::from(base.ceilings[at].is_some());
        let classes = classes(base, 2 * strata.names.len(), &class);
        let pieces = pieces(base, &classes, &class);
        let ranges = classes.last().map_or(0, |last| last.base + last.ranges);
        let sizes: Vec<usize> = (0..ranges)
            .into_par_iter()
            .map(|range| pieces.iter().map(|piece| piece.of(range).len()).sum())
            .collect();
        let mut entries = vec![0; classes.iter().map(|class| class.count).sum()];
        let mut rest = entries.as_mut_slice();
        let slots: Vec<(usize, &mut [u64])> = sizes
            .iter()
            .enumerate()
            .filter_map(|(range, &size)| Some((range, rest.split_off_mut(..size)?)))
            .collect();
        slots.into_par_iter().for_each(|(range, slots)| {
            let mut start = 0;
            for piece in &pieces {
                let own = piece.of(range);
                slots[start..start + own.len()].copy_from_slice(own);
                start += own.len();
            }
            settle(base, slots);
        });
        let mut start = 0;
        let strata = classes.chunks(2).map(|pair| {
            let own = start..start + pair.iter().map(|class| class.count).sum::<usize>();
            start = own.end;
            own
        });
        Self { strata: strata.collect(), entries }
    }

    /// The ranking of a stratum.
    pub fn ranking<'a>(&'a self, base: &'a Base<'a>, stratum: usize) -> Ranking<'a> {
        Ranking { base, entries: &self.entries[self.strata[stratum].clone()] }
    }

    /// By position: the rank in the stratum, from 1; 0 for who is not ranked.
    pub fn ranks(&self, people: usize) -> Vec<u32> {
        let ranks: Vec<AtomicU32> = (0..people).into_par_iter().map(|_| AtomicU32::new(0)).collect();
        for stratum in &self.strata {
            let entries = self.entries[stratum.clone()].par_iter().enumerate();
            entries.for_each(|(rank, &entry)| ranks[position(entry)].store(rank as u32 + 1, Relaxed));
        }
        ranks.into_iter().map(AtomicU32::into_inner).collect()
    }
}

/// Counts the classes and lays out their ranges.
fn classes(base: &Base, count: usize, class: &(impl Fn(usize) -> usize + Sync)) -> Vec<Class> {
    let none = || vec![Class { count: 0, least: u32::MAX, most: 0, shift: 0, base: 0, ranges: 0 }; count];
    let people = base.scores.population.len();
    let add = |all: &mut Class, more: &Class| {
        all.count += more.count;
        (all.least, all.most) = (all.least.min(more.least), all.most.max(more.most));
    };
    let mut classes = (0..people)
        .into_par_iter()
        .with_min_len(BLOCK)
        .filter(|&at| base.scores.provisional[at].is_none())
        .fold(none, |mut all, at| {
            let (key, all_of_class) = (base.key(at), &mut all[class(at)]);
            all_of_class.count += 1;
            all_of_class.least = all_of_class.least.min(key);
            all_of_class.most = all_of_class.most.max(key);
            all
        })
        .reduce(none, |mut all, more| {
            all.iter_mut().zip(&more).for_each(|(all, more)| add(all, more));
            all
        });
    let mut start = 0;
    for class in classes.iter_mut().filter(|class| class.count > 0) {
        let wanted = class.count.div_ceil(RANGE).next_power_of_two().min(RANGES_MAX);
        let spread = class.most - class.least;
        class.shift = (u32::BITS - spread.leading_zeros()).saturating_sub(wanted.ilog2());
        class.ranges = (spread >> class.shift) as usize + 1;
    }
    for class in &mut classes {
        class.base = start;
        start += class.ranges;
    }
    classes
}

/// Some customers, those of a range side by side, in the order of ids.
struct Piece {
    entries: Vec<u64>,
    ends: Vec<u32>,
}

impl Piece {
    fn of(&self, range: usize) -> &[u64] {
        let start = range.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[start as usize..self.ends[range] as usize]
    }
}

fn pieces(base: &Base, classes: &[Class], class: &(impl Fn(usize) -> usize + Sync)) -> Vec<Piece> {
    let people = base.scores.population.len();
    let ranges = classes.last().map_or(0, |last| last.base + last.ranges);
    let range = |at: usize| {
        let (key, class) = (base.key(at), &classes[class(at)]);
        (key, class.base + ((key - class.least) >> class.shift) as usize)
    };
    (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let all = block * BLOCK..((block + 1) * BLOCK).min(people);
            let ranked = || all.clone().filter(|&at| base.scores.provisional[at].is_none());
            // Counts, then where each range begins, then where the next customer of it goes: at last where it ends.
            let mut ends = vec![0u32; ranges];
            ranked().for_each(|at| ends[range(at).1] += 1);
            let mut start = 0;
            for end in &mut ends {
                start += std::mem::replace(end, start);
            }
            let mut entries = vec![0; start as usize];
            for at in ranked() {
                let (key, range) = range(at);
                entries[ends[range] as usize] = u64::from(key) << 32 | at as u64;
                ends[range] += 1;
            }
            Piece { entries, ends }
        })
        .collect()
}

/// Orders the customers of a range: by score, then those of equal score by what tells them apart.
fn settle(base: &Base, entries: &mut [u64]) {
    entries.sort_unstable();
    for tied in entries.chunk_by_mut(|&a, &b| key(a) == key(b)).filter(|tied| tied.len() > 1) {
        let compare = |a: &u64, b: &u64| order::compare(&base.standing(*a), &base.standing(*b)).0;
        if tied.len() > MANY {
            tied.par_sort_unstable_by(compare);
        } else {
            tied.sort_unstable_by(compare);
        }
    }
}

impl Ranking<'_> {
    /// Customers.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The customer at a place, from 0.
    pub fn get(&self, place: usize) -> Option<Standing> {
        self.entries.get(place).map(|&entry| self.base.standing(entry))
    }

    /// The places of those who share score and veto state across a line; empty at the line when the two sides differ.
    pub fn tie_group(&self, line: usize) -> Range<usize> {
        let state = |entry: u64| (self.base.ceilings[position(entry)].is_some(), key(entry));
        let (above, below) = (state(self.entries[line - 1]), state(self.entries[line]));
        if above != below {
            return line..line;
        }
        let start = self.entries[..line].partition_point(|&entry| state(entry) < above);
        start..line + self.entries[line..].partition_point(|&entry| state(entry) == above)
    }
}
