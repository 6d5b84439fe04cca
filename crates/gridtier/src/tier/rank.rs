//! Ranks without a sort of all customers: an exact histogram of the scores says where each narrow range of them begins,
//! customers are put there in the order of their ids, and only within a range are they compared.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;

use super::Stratified;
use super::standing::{RankKey, descending};
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
pub(super) struct RankOrder {
    entries: Vec<u64>,
    strata: Vec<Range<usize>>,
    ranks: Vec<u32>,
}

/// The customers of a stratum that are vetoed, or those that are not: their scores lie in `ranges` ranges from `base` on.
#[derive(Clone, Copy)]
struct VetoClass {
    count: usize,
    least: u32,
    most: u32,
    shift: u32,
    base: usize,
    ranges: usize,
}

/// Falls as the score rises; last who has none.
fn falling(points_e6: i32) -> u32 {
    const LAST: u32 = 1 << 31;
    match points_e6 {
        NO_SCORE => LAST,
        points => i32::MAX.abs_diff(points),
    }
}

impl VetoClass {
    fn ranges(&self) -> Range<usize> {
        self.base..self.base + self.ranges
    }

    #[inline]
    fn range(&self, key: u32) -> usize {
        self.base + (key.wrapping_sub(self.least) >> self.shift) as usize
    }
}

impl Base<'_> {
    /// Two of the same class and score, by what tells them apart. Most often it is the revenue: the rest is not looked up
    /// before it is needed.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let number = |at: usize| self.scores.population[at] as usize;
        let (a, b) = (number(a), number(b));
        let of = |column: &Column| descending(column.known(a), column.known(b));
        of(self.revenue).then_with(|| of(self.energy)).then(a.cmp(&b))
    }

    fn standing(&self, entry: u64) -> RankKey {
        let position = position(entry);
        let number = self.scores.population[position] as usize;
        RankKey {
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

impl RankOrder {
    /// Orders the ranked customers.
    pub fn of(base: &Base, strata: &Stratified) -> Self {
        let classes = classes(base, strata);
        let pieces = pieces(base, strata, &classes);
        let mut entries = vec![0; classes.iter().map(|class| class.count).sum()];
        let (mut slots, mut rest) = (Vec::new(), entries.as_mut_slice());
        let (mut start, mut own) = (0, Vec::new());
        for pair in classes.chunks(2) {
            let first = start;
            for (class, range) in
                pair.iter().flat_map(|class| class.ranges().map(move |range| (class, range)))
            {
                let size: usize = pieces.iter().map(|piece| piece.of(range).len()).sum();
                if let Some(entries) = rest.split_off_mut(..size).filter(|entries| !entries.is_empty()) {
                    slots.push(RankRange { class, range, first_rank: (start - first + 1) as u32, entries });
                }
                start += size;
            }
            own.push(first..start);
        }
        let people = base.scores.population.len();
        let ranks: Vec<AtomicU32> = (0..people).into_par_iter().map(|_| AtomicU32::new(0)).collect();
        slots.into_par_iter().for_each_init(Vec::new, |ends, slots| {
            let first_rank = slots.first_rank;
            for (rank, &entry) in (first_rank..).zip(slots.settle(base, &pieces, ends)) {
                ranks[position(entry)].store(rank, Relaxed);
            }
        });
        Self { entries, strata: own, ranks: ranks.into_iter().map(AtomicU32::into_inner).collect() }
    }

    /// The ranking of a stratum.
    pub fn ranking<'a>(&'a self, base: &'a Base<'a>, stratum: usize) -> Ranking<'a> {
        Ranking { base, entries: &self.entries[self.strata[stratum].clone()] }
    }

    /// By position: the rank in the stratum, from 1; 0 for who is not ranked.
    pub fn into_ranks(self) -> Vec<u32> {
        self.ranks
    }
}

/// The customers of a block that are ranked: position, key, and place of the class.
#[inline]
fn ranked<'a>(
    base: &'a Base,
    strata: &'a Stratified,
    block: usize,
) -> impl Iterator<Item = (usize, u32, usize)> + Clone {
    let people = base.scores.population.len();
    let all = block * BLOCK..((block + 1) * BLOCK).min(people);
    let scores = base.scores.points_e6[all.clone()].iter().zip(&base.scores.provisional[all.clone()]);
    let classes = strata.of[all.clone()].iter().zip(&base.ceilings[all.clone()]);
    all.zip(scores).zip(classes).filter(|((_, (_, why)), _)| why.is_none()).map(
        |((at, (&points, _)), (&stratum, ceiling))| {
            (at, falling(points), 2 * stratum as usize + usize::from(ceiling.is_some()))
        },
    )
}

/// Counts the classes and lays out their ranges.
fn classes(base: &Base, strata: &Stratified) -> Vec<VetoClass> {
    let none = VetoClass { count: 0, least: u32::MAX, most: 0, shift: 0, base: 0, ranges: 0 };
    let none = || vec![none; 2 * strata.names.len()];
    let people = base.scores.population.len();
    let mut classes = (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut all = none();
            for (_, key, class) in ranked(base, strata, block) {
                let class = &mut all[class];
                class.count += 1;
                (class.least, class.most) = (class.least.min(key), class.most.max(key));
            }
            all
        })
        .reduce(none, |mut all, more| {
            for (all, more) in all.iter_mut().zip(&more) {
                all.count += more.count;
                (all.least, all.most) = (all.least.min(more.least), all.most.max(more.most));
            }
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
struct DealtBlock {
    entries: Vec<u64>,
    ends: Vec<u32>,
}

impl DealtBlock {
    fn of(&self, range: usize) -> &[u64] {
        let start = range.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[start as usize..self.ends[range] as usize]
    }
}

fn pieces(base: &Base, strata: &Stratified, classes: &[VetoClass]) -> Vec<DealtBlock> {
    let people = base.scores.population.len();
    let ranges = classes.last().map_or(0, |last| last.base + last.ranges);
    (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let ranked = ranked(base, strata, block);
            // Counts, then where each range begins, then where the next customer of it goes: at last where it ends.
            let mut ends = vec![0u32; ranges];
            ranked.clone().for_each(|(_, key, class)| ends[classes[class].range(key)] += 1);
            let mut start = 0;
            for end in &mut ends {
                start += std::mem::replace(end, start);
            }
            let mut entries = vec![0; start as usize];
            for (at, key, class) in ranked {
                let end = &mut ends[classes[class].range(key)];
                entries[*end as usize] = u64::from(key) << 32 | at as u64;
                *end += 1;
            }
            DealtBlock { entries, ends }
        })
        .collect()
}

/// Where the customers of a range go.
struct RankRange<'a> {
    class: &'a VetoClass,
    range: usize,
    first_rank: u32,
    entries: &'a mut [u64],
}

impl<'a> RankRange<'a> {
    /// Orders the customers of a range: by score, then those of equal score by what tells them apart. `ends` is used again
    /// and again.
    fn settle(self, base: &Base, pieces: &[DealtBlock], ends: &mut Vec<u32>) -> &'a [u64] {
        let Self { class, range, entries, .. } = self;
        let own = || pieces.iter().flat_map(|piece| piece.of(range));
        // About as many still narrower ranges as customers, so that few are left to be compared.
        let fine = 1usize << entries.len().ilog2().min(class.shift);
        let (shift, inside) = (class.shift - fine.ilog2(), (1u32 << class.shift) - 1);
        let fine_range = |entry: u64| ((key(entry).wrapping_sub(class.least) & inside) >> shift) as usize;
        ends.clear();
        ends.resize(fine, 0);
        own().for_each(|&entry| ends[fine_range(entry)] += 1);
        let mut start = 0;
        for end in ends.iter_mut() {
            start += std::mem::replace(end, start);
        }
        for &entry in own() {
            let end = &mut ends[fine_range(entry)];
            entries[*end as usize] = entry;
            *end += 1;
        }
        let mut start = 0;
        for &end in ends.iter() {
            if end > start + 1 {
                arrange(base, &mut entries[start as usize..end as usize]);
            }
            start = end;
        }
        entries
    }
}

fn arrange(base: &Base, entries: &mut [u64]) {
    entries.sort_unstable();
    for tied in entries.chunk_by_mut(|&a, &b| key(a) == key(b)).filter(|tied| tied.len() > 1) {
        let compare = |a: &u64, b: &u64| base.compare(position(*a), position(*b));
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
    pub fn get(&self, place: usize) -> Option<RankKey> {
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
