//! Ranks customers by a bucket sort instead of comparing all of them.
//!
//! An exact histogram of the scores gives the start of each bucket, a narrow range of scores. Customers are copied into
//! the buckets in the order of their ids, and only customers of the same bucket are compared.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
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
    /// For each position, the rank in the stratum; 0 for customers that are not ranked.
    ranks: Vec<u32>,
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
    /// Compares two customers of the same class and score by the tie-breakers. Revenue decides most ties, so the other
    /// tie-breakers are looked up only if needed.
    fn compare_tied(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (index(self.scores.population[a]), index(self.scores.population[b]));
        descending(self.revenue.known(a), self.revenue.known(b))
            .then_with(|| descending(self.energy.known(a), self.energy.known(b)))
            .then(a.cmp(&b))
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
        let people = base.scores.population.len();
        let ranks: Vec<AtomicU32> = (0..people).into_par_iter().map(|_| AtomicU32::new(0)).collect();
        buckets.into_par_iter().for_each_init(Vec::new, |ends, bucket| {
            let first_rank = bucket.first_rank;
            for (rank, &entry) in (first_rank..).zip(bucket.sort(base, &blocks, ends)) {
                ranks[position(entry)].store(rank, Relaxed);
            }
        });
        let ranks = ranks.into_iter().map(AtomicU32::into_inner).collect();
        Self { entries, strata: stratum_ranges, ranks }
    }

    /// The ranking of a stratum.
    pub fn ranking<'a>(&'a self, base: &'a Base<'a>, stratum: usize) -> Ranking<'a> {
        Ranking { base, entries: &self.entries[self.strata[stratum].clone()] }
    }

    /// For each position, the rank in the stratum, from 1; 0 for customers that are not ranked.
    pub fn into_ranks(self) -> Vec<u32> {
        self.ranks
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
    entries: Vec<u64>,
    /// For each bucket, its end in `entries`.
    ends: Vec<u32>,
}

impl BucketBlock {
    fn bucket(&self, bucket: usize) -> &[u64] {
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[index(start)..index(self.ends[bucket])]
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
            let mut entries = vec![0; index(start)];
            for (at, key, class) in ranked {
                let end = &mut ends[classes[class].bucket(key)];
                entries[index(*end)] = entry(key, at);
                *end += 1;
            }
            BucketBlock { entries, ends }
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

impl<'a> RankBucket<'a> {
    /// Sorts the customers of a bucket by score and tie-breakers. `ends` is scratch space that calls share.
    fn sort(self, base: &Base, blocks: &[BucketBlock], ends: &mut Vec<u32>) -> &'a [u64] {
        let Self { class, bucket, entries, .. } = self;
        let unsorted = || blocks.iter().flat_map(|block| block.bucket(bucket));
        // There are about as many sub-buckets as customers, so that few customers are left to compare.
        let fine = 1usize << entries.len().ilog2().min(class.shift);
        let (shift, inside) = (class.shift - fine.ilog2(), (1u32 << class.shift) - 1);
        let sub_bucket = |entry: u64| index((key(entry).wrapping_sub(class.least) & inside) >> shift);
        ends.clear();
        ends.resize(fine, 0);
        unsorted().for_each(|&entry| ends[sub_bucket(entry)] += 1);
        let mut start = 0;
        for end in ends.iter_mut() {
            start += std::mem::replace(end, start);
        }
        for &entry in unsorted() {
            let end = &mut ends[sub_bucket(entry)];
            entries[index(*end)] = entry;
            *end += 1;
        }
        let mut start = 0;
        for &end in ends.iter() {
            if end > start + 1 {
                sort_by_comparison(base, &mut entries[index(start)..index(end)]);
            }
            start = end;
        }
        entries
    }
}

fn sort_by_comparison(base: &Base, entries: &mut [u64]) {
    entries.sort_unstable();
    for tied in entries.chunk_by_mut(|&a, &b| key(a) == key(b)).filter(|tied| tied.len() > 1) {
        let compare = |a: &u64, b: &u64| base.compare_tied(position(*a), position(*b));
        if tied.len() > PARALLEL_TIES {
            tied.par_sort_unstable_by(compare);
        } else {
            tied.sort_unstable_by(compare);
        }
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
