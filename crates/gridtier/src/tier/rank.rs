//! Ranks customers by a bucket sort instead of comparing all of them.
//!
//! An exact histogram of the scores gives the start of each bucket, a narrow range of scores. Customers are copied into
//! the buckets in the order of their ids, and only customers of the same bucket are compared. Ranks go back the same way:
//! first to where a customer was copied from, then block by block to the customers, so that neither direction jumps
//! about in memory. A customer takes four bytes in each of the two, since fresh memory costs more than sorting in it.

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
use crate::vectors::prefetch;

/// Number of customers that one task copies into buckets.
pub(super) const BLOCK: usize = 1 << PLACE_BITS;
/// Number of bits for the place of a customer in its block, and of those that are left in four bytes for its score.
const PLACE_BITS: u32 = 17;
const SCORE_BITS: u32 = u32::BITS - PLACE_BITS;
/// Most customers of a sub-bucket that are sorted by insertion.
const INSERTION_MAX: u32 = 16;
/// Average number of customers in a bucket.
const BUCKET: usize = 1 << 10;
/// Most buckets of a class.
const BUCKETS_MAX: usize = 1 << 14;
/// Number of tied customers whose revenue is fetched at the same time.
const FETCHED: usize = 1 << 8;
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
    /// The positions of the customers.
    positions: &'a [u32],
}

/// All ranked customers, sorted by stratum, then with vetoed customers last, then by score and tie-breakers.
pub(super) struct RankOrder {
    positions: Vec<u32>,
    /// For each stratum, its part of `positions`.
    strata: Vec<Range<usize>>,
    /// The ranks by block and bucket.
    blocks: Vec<BucketBlock>,
    /// For each position, the customer's bucket; customers that are not ranked are all in the last one.
    buckets: Vec<u32>,
}

/// The vetoed customers of a stratum, or those without a veto, with the buckets into which their scores fall; or all who are
/// not ranked, in one bucket.
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
    /// The class of the customers that are not ranked, whose only key is 0. They are not counted, since they have no place
    /// in the order.
    const UNRANKED: Self = Self { count: 0, least: 0, most: 0, shift: 0, first_bucket: 0, buckets: 1 };

    fn buckets(&self) -> Range<usize> {
        self.first_bucket..self.first_bucket + self.buckets
    }

    #[inline]
    fn bucket(&self, key: u32) -> usize {
        self.first_bucket + index(key.wrapping_sub(self.least) >> self.shift)
    }

    /// The leading bits of what tells the keys of a bucket apart; all of them but in small classes, where buckets are wide.
    #[inline]
    fn within(&self, key: u32) -> u32 {
        let inside = key.wrapping_sub(self.least) & ((1 << self.shift) - 1);
        inside >> self.shift.saturating_sub(SCORE_BITS)
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

    fn rank_key(&self, position: usize) -> RankKey {
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
        let (blocks, buckets_by_position) = bucket_blocks(base, strata, &classes);
        let classes = &classes[..unranked(strata)];
        let mut positions = vec![0; classes.iter().map(|class| class.count).sum()];
        let (mut buckets, mut rest) = (Vec::new(), positions.as_mut_slice());
        let (mut start, mut stratum_ranges) = (0, Vec::new());
        for pair in classes.chunks(2) {
            let first = start;
            for (class, bucket) in
                pair.iter().flat_map(|class| class.buckets().map(move |bucket| (class, bucket)))
            {
                let size: usize = blocks.iter().map(|block| block.bucket(bucket).len()).sum();
                if let Some(order) = rest.split_off_mut(..size).filter(|order| !order.is_empty()) {
                    let first_rank = u32::try_from(start - first + 1).expect("ranks fit into 32 bits");
                    buckets.push(RankBucket { class, bucket, first_rank, order });
                }
                start += size;
            }
            stratum_ranges.push(first..start);
        }
        buckets.into_par_iter().for_each_init(SortScratch::default, |scratch, bucket| {
            bucket.sort(base, &blocks, scratch);
        });
        Self { positions, strata: stratum_ranges, blocks, buckets: buckets_by_position }
    }

    /// The ranking of a stratum.
    pub fn ranking<'a>(&'a self, base: &'a Base<'a>, stratum: usize) -> Ranking<'a> {
        Ranking { base, positions: &self.positions[self.strata[stratum].clone()] }
    }

    /// For each position, the rank in the stratum, from 1; 0 for customers that are not ranked. While the ranks of a block
    /// are in the cache, `f` is called with the first position, the ranks and what `outputs` has for the block.
    pub fn into_ranks<T: Send>(
        self,
        outputs: impl IndexedParallelIterator<Item = T>,
        f: impl Fn(usize, &[u32], T) + Sync,
    ) -> Vec<u32> {
        let Self { blocks, mut buckets, .. } = self;
        let all = buckets.par_chunks_mut(BLOCK).zip(blocks).zip(outputs).enumerate();
        all.for_each(|(number, ((buckets, block), outputs))| {
            block.rank(buckets);
            f(number * BLOCK, buckets, outputs);
        });
        buckets
    }
}

/// The index of the class of customers that are not ranked, which comes after all others.
fn unranked(strata: &Stratified) -> usize {
    2 * strata.names.len()
}

/// The customers of a block: position, sort key, and index of the class. Who is not ranked gets a class by a selection and
/// not by a branch, which no processor could predict.
#[inline]
fn classed<'a>(
    base: &'a Base,
    strata: &'a Stratified,
    block: usize,
) -> impl Iterator<Item = (usize, u32, usize)> + Clone {
    let people = base.scores.population.len();
    let all = block * BLOCK..((block + 1) * BLOCK).min(people);
    let scores = base.scores.points_e6[all.clone()].iter().zip(&base.scores.provisional[all.clone()]);
    let classes = strata.by_position[all.clone()].iter().zip(&base.ceilings[all.clone()]);
    let unranked = unranked(strata);
    all.zip(scores).zip(classes).map(move |((at, (&points, provisional)), (&stratum, ceiling))| {
        let (key, class) = (descending_key(points), 2 * index(stratum) + usize::from(ceiling.is_some()));
        if provisional.is_none() { (at, key, class) } else { (at, 0, unranked) }
    })
}

/// Counts the customers of each class and lays out its buckets.
fn classes(base: &Base, strata: &Stratified) -> Vec<VetoClass> {
    let empty = || vec![VetoClass::EMPTY; unranked(strata) + 1];
    let people = base.scores.population.len();
    let mut classes = (0..people.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut all = empty();
            for (_, key, class) in classed(base, strata, block) {
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
    classes[unranked(strata)] = VetoClass::UNRANKED;
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

/// The customers of a block sorted by bucket, and within a bucket in the order of ids.
struct BucketBlock {
    /// The place in the block, and in the upper bits the score [within its bucket](VetoClass::within); when its bucket has
    /// been sorted, a slot has the rank instead. For customers that are not ranked it is 0. The buckets of a block are sorted
    /// by several threads, which never share a slot.
    slots: Vec<AtomicU32>,
    /// For each bucket, its end in `slots`.
    ends: Vec<u32>,
}

impl BucketBlock {
    /// Sorts a block into buckets; fills in each customer's bucket.
    fn new(
        base: &Base,
        strata: &Stratified,
        classes: &[VetoClass],
        block: usize,
        buckets: &mut [u32],
    ) -> Self {
        let all = classes.last().map_or(0, |last| last.buckets().end);
        // A counting sort in one vector: `ends` has counts first, then the starts of buckets, and after copying their
        // ends.
        let mut ends = vec![0u32; all];
        for (at, key, class) in classed(base, strata, block) {
            let bucket = classes[class].bucket(key);
            ends[bucket] += 1;
            buckets[at % BLOCK] = bucket as u32;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut slots: Vec<AtomicU32> = (0..start).map(|_| AtomicU32::new(0)).collect();
        for (at, key, class) in classed(base, strata, block) {
            let place = at % BLOCK;
            let end = &mut ends[index(buckets[place])];
            let slot = classes[class].within(key) << PLACE_BITS | place as u32;
            *slots[index(*end)].get_mut() = if class == unranked(strata) { 0 } else { slot };
            *end += 1;
        }
        Self { slots, ends }
    }

    fn bucket(&self, bucket: usize) -> &[AtomicU32] {
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.slots[index(start)..index(self.ends[bucket])]
    }

    /// Replaces the customers' buckets by their ranks. From the last customer on, the end of a bucket moves to its start.
    fn rank(self, buckets: &mut [u32]) {
        let Self { mut slots, mut ends } = self;
        for bucket in buckets.iter_mut().rev() {
            let end = &mut ends[index(*bucket)];
            *end -= 1;
            *bucket = *slots[index(*end)].get_mut();
        }
    }
}

/// All blocks, and for each position the customer's bucket.
fn bucket_blocks(base: &Base, strata: &Stratified, classes: &[VetoClass]) -> (Vec<BucketBlock>, Vec<u32>) {
    let mut buckets = vec![0; base.scores.population.len()];
    let blocks = buckets
        .par_chunks_mut(BLOCK)
        .enumerate()
        .map(|(block, buckets)| BucketBlock::new(base, strata, classes, block, buckets))
        .collect();
    (blocks, buckets)
}

/// A bucket that is not empty, with the part of the order into which its customers are copied.
struct RankBucket<'a> {
    class: &'a VetoClass,
    bucket: usize,
    first_rank: u32,
    order: &'a mut [u32],
}

/// Memory that the buckets of one thread use one after the other.
#[derive(Default)]
struct SortScratch {
    /// The customers of the bucket in the order of ids: the score [within the bucket](VetoClass::within) in the upper 32
    /// bits, the position in the lower 32 bits.
    unsorted: Vec<u64>,
    /// The same in their order, with the place in `unsorted` for the position.
    sorted: Vec<u64>,
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
    /// The sort key of the score, if the bucket is so wide that its leading bits do not tell all scores apart; otherwise 0.
    score: u32,
    /// The revenue as a [descending number](Base::revenue_key).
    revenue: u64,
    position: u32,
    /// The score within the bucket, and the place among its unsorted customers.
    entry: u64,
}

impl RankBucket<'_> {
    /// Sorts the customers of a bucket by score and tie-breakers, and notes their ranks in the slots of the blocks.
    fn sort(self, base: &Base, blocks: &[BucketBlock], scratch: &mut SortScratch) {
        let Self { class, bucket, order, first_rank } = self;
        scratch.unsorted.clear();
        for (number, block) in blocks.iter().enumerate() {
            scratch.unsorted.extend(block.bucket(bucket).iter().map(|slot| {
                let slot = slot.load(Relaxed);
                entry(slot >> PLACE_BITS, number * BLOCK + index(slot) % BLOCK)
            }));
            // There is a next bucket: that of the customers who are not ranked comes last.
            prefetch(block.bucket(bucket + 1));
        }
        distribute(class, scratch);
        break_ties(base, class, scratch);
        let SortScratch { unsorted, sorted, ranks, .. } = scratch;
        ranks.clear();
        ranks.resize(unsorted.len(), 0);
        for ((rank, entry), ordered) in (first_rank..).zip(&*sorted).zip(order) {
            let place = position(*entry);
            (ranks[place], *ordered) = (rank, unsorted[place] as u32);
        }
        let mut ranks = ranks.as_slice();
        for block in blocks {
            let slots = block.bucket(bucket);
            let (own, rest) = ranks.split_at(slots.len());
            slots.iter().zip(own).for_each(|(slot, rank)| slot.store(*rank, Relaxed));
            ranks = rest;
        }
    }
}

/// Sorts the customers of a bucket by score, and those of equal score in the order of ids.
fn distribute(class: &VetoClass, scratch: &mut SortScratch) {
    let SortScratch { unsorted, sorted, ends, .. } = scratch;
    // There are about as many sub-buckets as customers, so that few customers are left to compare.
    let bits = class.shift.min(SCORE_BITS);
    let fine = 1usize << unsorted.len().ilog2().min(bits);
    let shift = bits - fine.ilog2();
    let sub_bucket = |entry: u64| index(key(entry) >> shift) % fine;
    ends.clear();
    ends.resize(fine, 0);
    unsorted.iter().for_each(|&entry| ends[sub_bucket(entry)] += 1);
    let (mut start, mut most) = (0, 0);
    for end in ends.iter_mut() {
        most = most.max(*end);
        start += std::mem::replace(end, start);
    }
    sorted.clear();
    sorted.resize(unsorted.len(), 0);
    for (place, &unsorted) in unsorted.iter().enumerate() {
        let end = &mut ends[sub_bucket(unsorted)];
        sorted[index(*end)] = entry(key(unsorted), place);
        *end += 1;
    }
    if most <= INSERTION_MAX {
        insert(sorted);
        return;
    }
    let mut start = 0;
    for &end in ends.iter() {
        if end > start + 1 {
            sorted[index(start)..index(end)].sort_unstable();
        }
        start = end;
    }
}

/// Sorts entries that are near to their places, in one pass: most sub-buckets have one or two, for which a call each would
/// take longer.
fn insert(entries: &mut [u64]) {
    for at in 1..entries.len() {
        let entry = entries[at];
        let mut to = at;
        while let Some(before) = to.checked_sub(1).filter(|&before| entries[before] > entry) {
            entries[to] = entries[before];
            to = before;
        }
        entries[to] = entry;
    }
}

/// Sorts the customers of equal score in a bucket, which stand in the order of ids, by the other criteria.
fn break_ties(base: &Base, class: &VetoClass, scratch: &mut SortScratch) {
    let SortScratch { unsorted, sorted: entries, places, tied, .. } = scratch;
    places.clear();
    places.resize(entries.len() + 1, 0);
    let (mut count, mut equals_last) = (0, false);
    for (place, entry) in (0u32..).zip(&*entries) {
        let equals_next = entries.get(index(place) + 1).is_some_and(|next| key(*next) == key(*entry));
        places[count] = place;
        count += usize::from(equals_last | equals_next);
        equals_last = equals_next;
    }
    let is_cut = class.shift > SCORE_BITS;
    tied.clear();
    // Customer numbers and revenue lie anywhere in memory. They are fetched for many tied customers before the first is used,
    // so that the processor waits for all of them at the same time.
    for places in places[..count].chunks(FETCHED) {
        let first = tied.len();
        tied.extend(places.iter().map(|&place| {
            let entry = entries[index(place)];
            let position = unsorted[position(entry)] as u32;
            prefetch(std::slice::from_ref(&base.scores.population[index(position)]));
            TiedCustomer { score: 0, revenue: 0, position, entry }
        }));
        let customers = &mut tied[first..];
        for customer in &*customers {
            base.revenue.prefetch(index(base.scores.population[index(customer.position)]));
        }
        for customer in customers {
            let position = index(customer.position);
            customer.score = if is_cut { descending_key(base.scores.points_e6[position]) } else { 0 };
            customer.revenue = base.revenue_key(position);
        }
    }
    let compare = |a: &TiedCustomer, b: &TiedCustomer| {
        let by_energy = || base.compare_energy(index(a.position), index(b.position));
        let by_score = a.score.cmp(&b.score).then(a.revenue.cmp(&b.revenue));
        by_score.then_with(by_energy).then(a.position.cmp(&b.position))
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
        self.positions.len()
    }

    fn get(&self, at: usize) -> Option<RankKey> {
        self.positions.get(at).map(|&position| self.base.rank_key(index(position)))
    }

    fn reaching(&self, floor_e6: i64, count: usize) -> usize {
        // Vetoed customers come last, whatever their scores, and the order of scores begins anew with them.
        let reaches = |position: u32| self.base.scores.score_e6(index(position)) >= Some(floor_e6);
        let above = &self.positions[..count];
        let (free, vetoed) =
            above.split_at(above.partition_point(|&position| self.base.ceilings[index(position)].is_none()));
        match free.partition_point(|&position| reaches(position)) {
            reaching if reaching < free.len() => reaching,
            all => all + vetoed.partition_point(|&position| reaches(position)),
        }
    }

    fn tie_group(&self, line: usize) -> Range<usize> {
        let state = |position: u32| {
            let position = index(position);
            let key = descending_key(self.base.scores.points_e6[position]);
            (self.base.ceilings[position].is_some(), key)
        };
        let (above, below) = (state(self.positions[line - 1]), state(self.positions[line]));
        if above != below {
            return line..line;
        }
        let start = self.positions[..line].partition_point(|&position| state(position) < above);
        start..line + self.positions[line..].partition_point(|&position| state(position) == above)
    }
}
