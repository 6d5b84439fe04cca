//! Ranks customers by a bucket sort instead of comparing all of them.
//!
//! An exact histogram of the scores gives the start of each bucket, a narrow range of scores. Customers are copied into
//! the buckets in the order of their ids, and only customers of the same bucket are compared. Ranks go back the same way:
//! first to where a customer was copied from, then block by block to the customers, so that neither direction jumps
//! about in memory.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;

use super::order::Ordered;
use super::rank_key::{RankKey, descending};
use crate::index::{count, index};
use crate::indicator::IndicatorColumn;
use crate::method::Tier;
use crate::score::{NO_SCORE, Scores};
use crate::stratum::Stratified;

/// Number of customers that one task copies into buckets.
const BLOCK: usize = 1 << 17;
/// Average number of customers in a bucket.
const BUCKET: usize = 1 << 10;
/// Most buckets of a class.
const BUCKETS_MAX: usize = 1 << 14;
/// From this many customers of equal score on, they are sorted in parallel.
const PARALLEL_TIES: usize = 1 << 16;

/// The inputs of the ranking.
pub(super) struct Base<'a> {
    pub scores: &'a Scores,
    pub ceilings: &'a [Option<Tier>],
    pub revenue: &'a IndicatorColumn,
    pub energy: &'a IndicatorColumn,
}

/// The ranked customers of one stratum, best first.
#[derive(Clone, Copy)]
pub(super) struct Ranking<'a> {
    base: &'a Base<'a>,
    /// Each entry has the sort key of the score in its upper 32 bits and the position in its lower 32 bits.
    entries: &'a [u64],
}

/// All ranked customers, sorted by stratum, then with vetoed customers last, then by score and tie-breakers.
pub(super) struct RankOrder {
    entries: Vec<u64>,
    /// For each stratum, its part of `entries`.
    strata: Vec<Range<usize>>,
    /// The customers by block, with their ranks.
    blocks: Vec<BucketBlock>,
    /// Number of customers, whether or not they are ranked.
    people: usize,
}

/// The vetoed customers of a stratum, or those without a veto, with the buckets into which their scores fall.
#[derive(Clone, Copy)]
struct VetoClass {
    count: usize,
    least: u32,
    most: u32,
    /// Binary logarithm of a bucket's width.
    shift: u32,
    first_bucket: usize,
    buckets: usize,
}

/// A sort key that decreases as the score rises; the greatest key for customers without a score.
fn descending_key(points_e6: i32) -> u32 {
    const LAST: u32 = 1 << 31;
    match points_e6 {
        NO_SCORE => LAST,
        points => i32::MAX.abs_diff(points),
    }
}

impl VetoClass {
    const EMPTY: Self = Self { count: 0, least: u32::MAX, most: 0, shift: 0, first_bucket: 0, buckets: 0 };

    fn buckets(&self) -> Range<usize> {
        self.first_bucket..self.first_bucket + self.buckets
    }

    #[inline]
    fn bucket(&self, key: u32) -> usize {
        self.first_bucket + index(key.wrapping_sub(self.least) >> self.shift)
    }
}

impl Base<'_> {
    /// The customer's revenue as a number that decreases as the revenue rises; the greatest number if it is missing.
    fn revenue_key(&self, position: usize) -> u64 {
        const SIGN: u64 = 1 << 63;
        self.revenue.known(index(self.scores.population[position])).map_or(u64::MAX, |revenue| {
            // Adding 0 turns −0 into 0; the two are equal but have different bits.
            let bits = (revenue + 0.0).to_bits();
            if bits & SIGN == 0 { !(bits | SIGN) } else { bits }
        })
    }

    /// Compares the energy of two customers, the greater first.
    fn compare_energy(&self, a: usize, b: usize) -> Ordering {
        let [a, b] = [a, b].map(|at| self.energy.known(index(self.scores.population[at])));
        descending(a, b)
    }

    fn rank_key(&self, entry: u64) -> RankKey {
        let position = position(entry);
        let number = self.scores.population[position];
        RankKey {
            number,
            vetoed: self.ceilings[position].is_some(),
            score_e6: self.scores.score_e6(position),
            revenue: self.revenue.known(index(number)),
            energy: self.energy.known(index(number)),
        }
    }
}

fn entry(key: u32, position: usize) -> u64 {
    u64::from(key) << 32 | count(position)
}

fn position(entry: u64) -> usize {
    index(entry as u32)
}

fn key(entry: u64) -> u32 {
    (entry >> 32) as u32
}

impl RankOrder {
    /// Orders the ranked customers.
    pub fn new(base: &Base, strata: &Stratified) -> Self {
        let classes = classes(base, strata);
        let blocks = bucket_blocks(base, strata, &classes);
        let mut entries = vec![0; classes.iter().map(|class| class.count).sum()];
        let (mut buckets, mut rest) = (Vec::new(), entries.as_mut_slice());
        let (mut start, mut stratum_ranges) = (0, Vec::new());
        for pair in classes.chunks(2) {
            let first = start;
            for (class, bucket) in
                pair.iter().flat_map(|class| class.buckets().map(move |bucket| (class, bucket)))
            {
                let size: usize = blocks.iter().map(|block| block.bucket(bucket).len()).sum();
                if let Some(entries) = rest.split_off_mut(..size).filter(|entries| !entries.is_empty()) {
                    let first_rank = u32::try_from(start - first + 1).expect("ranks fit into 32 bits");
                    buckets.push(RankBucket { class, bucket, first_rank, entries });
                }
                start += size;
            }
            stratum_ranges.push(first..start);
        }
        buckets.into_par_iter().for_each_init(SortScratch::default, |scratch, bucket| {
            bucket.sort(base, &blocks, scratch);
        });
        Self { entries, strata: stratum_ranges, blocks, people: base.scores.population.len() }
    }

    /// The ranking of a stratum.
    pub fn ranking<'a>(&'a self, base: &'a Base<'a>, stratum: usize) -> Ranking<'a> {
        Ranking { base, entries: &self.entries[self.strata[stratum].clone()] }
    }

    /// For each position, the rank in the stratum, from 1; 0 for customers that are not ranked.
    pub fn into_ranks(self) -> Vec<u32> {
        let mut ranks = vec![0; self.people];
        ranks.par_chunks_mut(BLOCK).zip(self.blocks).for_each(|(ranks, block)| {
            for slot in block.slots {
                let slot = slot.into_inner();
                // Blocks have a fixed size, so this is the place in the block.
                ranks[position(slot) % BLOCK] = key(slot);
            }
        });
        ranks
    }
}

/// The ranked customers of a block: position, sort key, and index of the class.
#[inline]
fn ranked<'a>(
    base: &'a Base,
    strata: &'a Stratified,
    block: usize,
) -> impl Iterator<Item = (usize, u32, usize)> + Clone {
    let people = base.scores.population.len();
    let all = block * BLOCK..((block + 1) * BLOCK).min(people);
    let scores = base.scores.points_e6[all.clone()].iter().zip(&base.scores.provisional[all.clone()]);
    let classes = strata.by_position[all.clone()].iter().zip(&base.ceilings[all.clone()]);
    all.zip(scores).zip(classes).filter(|((_, (_, provisional)), _)| provisional.is_none()).map(
        |((at, (&points, _)), (&stratum, ceiling))| {
            (at, descending_key(points), 2 * index(stratum) + usize::from(ceiling.is_some()))
        },
    )
}

/// Counts the customers of each class and lays out its buckets.
fn classes(base: &Base, strata: &Stratified) -> Vec<VetoClass> {
    let empty = || vec![VetoClass::EMPTY; 2 * strata.names.len()];
    let people = base.scores.population.len();
    let mut classes = (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut all = empty();
            for (_, key, class) in ranked(base, strata, block) {
                let class = &mut all[class];
                class.count += 1;
                (class.least, class.most) = (class.least.min(key), class.most.max(key));
            }
            all
        })
        .reduce(empty, |mut all, more| {
            for (all, more) in all.iter_mut().zip(&more) {
                all.count += more.count;
                (all.least, all.most) = (all.least.min(more.least), all.most.max(more.most));
            }
            all
        });
    for class in classes.iter_mut().filter(|class| class.count > 0) {
        let wanted = class.count.div_ceil(BUCKET).next_power_of_two().min(BUCKETS_MAX);
        let spread = class.most - class.least;
        class.shift = (u32::BITS - spread.leading_zeros()).saturating_sub(wanted.ilog2());
        class.buckets = index(spread >> class.shift) + 1;
    }
    let mut start = 0;
    for class in &mut classes {
        class.first_bucket = start;
        start += class.buckets;
    }
    classes
}

/// The ranked customers of a block sorted by bucket, and within a bucket in the order of ids.
struct BucketBlock {
    /// As [`Ranking::entries`]; when its bucket has been sorted, a slot has the rank in place of the sort key. The buckets
    /// of a block are sorted by several threads, which never share a slot.
    slots: Vec<AtomicU64>,
    /// For each bucket, its end in `slots`.
    ends: Vec<u32>,
}

impl BucketBlock {
    fn bucket(&self, bucket: usize) -> &[AtomicU64] {
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.slots[index(start)..index(self.ends[bucket])]
    }
}

fn bucket_blocks(base: &Base, strata: &Stratified, classes: &[VetoClass]) -> Vec<BucketBlock> {
    let people = base.scores.population.len();
    let buckets = classes.last().map_or(0, |last| last.buckets().end);
    (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let ranked = ranked(base, strata, block);
            // A counting sort in one vector: `ends` has counts first, then the starts of buckets, and after copying
            // their ends.
            let mut ends = vec![0u32; buckets];
            ranked.clone().for_each(|(_, key, class)| ends[classes[class].bucket(key)] += 1);
            let mut start = 0;
            for end in &mut ends {
                start += std::mem::replace(end, start);
            }
            let mut slots: Vec<AtomicU64> = (0..start).map(|_| AtomicU64::new(0)).collect();
            for (at, key, class) in ranked {
                let end = &mut ends[classes[class].bucket(key)];
                *slots[index(*end)].get_mut() = entry(key, at);
                *end += 1;
            }
            BucketBlock { slots, ends }
        })
        .collect()
}

/// A bucket that is not empty, with the part of the order into which its customers are copied.
struct RankBucket<'a> {
    class: &'a VetoClass,
    bucket: usize,
    first_rank: u32,
    entries: &'a mut [u64],
}

/// Memory that the buckets of one thread use one after the other.
#[derive(Default)]
struct SortScratch {
    /// The entries of the bucket in the order of ids.
    unsorted: Vec<u64>,
    /// For each sub-bucket, its end.
    ends: Vec<u32>,
    /// For each of `unsorted`, the rank.
    ranks: Vec<u32>,
    /// The places of customers whose score another customer has, too, and these customers.
    places: Vec<u32>,
    tied: Vec<TiedCustomer>,
}

/// A customer whose score another customer has, too.
#[derive(Clone, Copy)]
struct TiedCustomer {
    /// The revenue as a [descending number](Base::revenue_key).
    revenue: u64,
    position: u32,
    /// The sort key of the score, and the place among the unsorted entries of the bucket.
    entry: u64,
}

impl RankBucket<'_> {
    /// Sorts the customers of a bucket by score and tie-breakers, and notes their ranks in the slots of the blocks.
    fn sort(self, base: &Base, blocks: &[BucketBlock], scratch: &mut SortScratch) {
        let Self { class, bucket, entries, first_rank } = self;
        let slots = || blocks.iter().flat_map(|block| block.bucket(bucket));
        scratch.unsorted.clear();
        scratch.unsorted.extend(slots().map(|slot| slot.load(Relaxed)));
        distribute(class, &scratch.unsorted, entries, &mut scratch.ends);
        break_ties(base, entries, scratch);
        let SortScratch { unsorted, ranks, .. } = scratch;
        ranks.clear();
        ranks.resize(unsorted.len(), 0);
        for (rank, entry) in (first_rank..).zip(entries) {
            let place = position(*entry);
            (ranks[place], *entry) = (rank, unsorted[place]);
        }
        for (slot, (&rank, &unsorted)) in slots().zip(ranks.iter().zip(&*unsorted)) {
            slot.store(entry(rank, position(unsorted)), Relaxed);
        }
    }
}

/// Sorts the entries of a bucket by score, and those of equal score in the order of ids. In `sorted`, the place among the
/// unsorted entries stands for the position.
fn distribute(class: &VetoClass, unsorted: &[u64], sorted: &mut [u64], ends: &mut Vec<u32>) {
    // There are about as many sub-buckets as customers, so that few customers are left to compare.
    let fine = 1usize << unsorted.len().ilog2().min(class.shift);
    let (shift, inside) = (class.shift - fine.ilog2(), (1u32 << class.shift) - 1);
    let sub_bucket = |entry: u64| index((key(entry).wrapping_sub(class.least) & inside) >> shift);
    ends.clear();
    ends.resize(fine, 0);
    unsorted.iter().for_each(|&entry| ends[sub_bucket(entry)] += 1);
    let mut start = 0;
    for end in ends.iter_mut() {
        start += std::mem::replace(end, start);
    }
    for (place, &unsorted) in unsorted.iter().enumerate() {
        let end = &mut ends[sub_bucket(unsorted)];
        sorted[index(*end)] = entry(key(unsorted), place);
        *end += 1;
    }
    let mut start = 0;
    for &end in ends.iter() {
        if end > start + 1 {
            sorted[index(start)..index(end)].sort_unstable();
        }
        start = end;
    }
}

/// Sorts the customers of equal score in a bucket, which stand in the order of ids, by the other criteria.
fn break_ties(base: &Base, entries: &mut [u64], scratch: &mut SortScratch) {
    let SortScratch { unsorted, places, tied, .. } = scratch;
    // Revenue lies anywhere in memory: it is fetched for all tied customers at once, without a branch, so that the
    // processor waits for many of them at the same time.
    places.clear();
    places.resize(entries.len() + 1, 0);
    let (mut count, mut equals_last) = (0, false);
    for (place, entry) in (0u32..).zip(&*entries) {
        let equals_next = entries.get(index(place) + 1).is_some_and(|next| key(*next) == key(*entry));
        places[count] = place;
        count += usize::from(equals_last | equals_next);
        equals_last = equals_next;
    }
    tied.clear();
    tied.extend(places[..count].iter().map(|&place| {
        let entry = entries[index(place)];
        let position = position(unsorted[position(entry)]);
        TiedCustomer { revenue: base.revenue_key(position), position: position as u32, entry }
    }));
    let compare = |a: &TiedCustomer, b: &TiedCustomer| {
        let by_energy = || base.compare_energy(index(a.position), index(b.position));
        a.revenue.cmp(&b.revenue).then_with(by_energy).then(a.position.cmp(&b.position))
    };
    for tied in tied.chunk_by_mut(|a, b| key(a.entry) == key(b.entry)) {
        if tied.len() > PARALLEL_TIES {
            tied.par_sort_unstable_by(compare);
        } else {
            tied.sort_unstable_by(compare);
        }
    }
    for (&place, tied) in places.iter().zip(&*tied) {
        entries[index(place)] = tied.entry;
    }
}

impl Ordered for Ranking<'_> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&self, at: usize) -> Option<RankKey> {
        self.entries.get(at).map(|&entry| self.base.rank_key(entry))
    }

    fn reaching(&self, floor_e6: i64, count: usize) -> usize {
        // Vetoed customers come last, whatever their scores, and the order of scores begins anew with them.
        let reaches = |entry: u64| self.base.scores.score_e6(position(entry)) >= Some(floor_e6);
        let above = &self.entries[..count];
        let (free, vetoed) =
            above.split_at(above.partition_point(|&entry| self.base.ceilings[position(entry)].is_none()));
        match free.partition_point(|&entry| reaches(entry)) {
            reaching if reaching < free.len() => reaching,
            all => all + vetoed.partition_point(|&entry| reaches(entry)),
        }
    }

    fn tie_group(&self, line: usize) -> Range<usize> {
        let state = |entry: u64| (self.base.ceilings[position(entry)].is_some(), key(entry));
        let (above, below) = (state(self.entries[line - 1]), state(self.entries[line]));
        if above != below {
            return line..line;
        }
        let start = self.entries[..line].partition_point(|&entry| state(entry) < above);
        start..line + self.entries[line..].partition_point(|&entry| state(entry) == above)
    }
}
