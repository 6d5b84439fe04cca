//! Patterns of known, inapplicable and unknown indicators. A customer's weights depend on nothing but the pattern.
//!
//! Millions of customers share some hundred patterns. They are found column by column, and weights are computed once for
//! each pattern and not for every customer.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;

use crate::index::index;
use crate::indicator::column::absence;
use crate::indicator::{IndicatorColumn, IndicatorValue};
use crate::vectors::prefetch;

/// Number of customers whose patterns are numbered by one task.
pub(super) const BLOCK: usize = 1 << 15;
/// Number of customers whose words are made at one time, so that they stay in the L1 cache.
pub(super) const ROWS: usize = 1 << 10;
/// Number of indicators in one word, with two bits each.
const WORD: usize = 32;
/// Number of slots of the direct-mapped cache in front of the hash table, and the multiplier that spreads keys over
/// them (2⁶⁴/φ).
const RECENT: usize = 1 << 11;
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The patterns of a population.
#[derive(Debug, Default)]
pub struct Patterns {
    /// For each position, the number of the pattern.
    pub by_position: Vec<u32>,
    /// Number of words per pattern.
    stages: usize,
    /// The words of all patterns, one after the other.
    words: Vec<u64>,
}

impl Patterns {
    /// Finds the patterns of a population, numbered in the order of their first customer.
    pub fn of(columns: &[IndicatorColumn], population: &[u32]) -> Self {
        let mut patterns = vec![0; population.len()];
        let tables = patterns
            .par_chunks_mut(BLOCK)
            .zip(population.par_chunks(BLOCK))
            .map(|(patterns, numbers)| {
                let mut numbering = RowNumbering::new(columns);
                for (numbers, patterns) in numbers.chunks(ROWS).zip(patterns.chunks_mut(ROWS)) {
                    numbering.number(columns, numbers, patterns);
                }
                numbering.known
            })
            .collect();
        Self::joined(columns, tables, patterns).0
    }

    /// Joins the patterns of blocks. `by_position` has numbers within the tables of the blocks. Returns also, for each block,
    /// the new numbers of its patterns.
    pub fn joined(
        columns: &[IndicatorColumn],
        tables: Vec<PatternTable>,
        mut by_position: Vec<u32>,
    ) -> (Self, Vec<Vec<u32>>) {
        let stages = stages(columns);
        let mut known = PatternTable::new(stages);
        let renumbered: Vec<Vec<u32>> = tables
            .iter()
            .map(|table| table.keys.chunks(stages).map(|words| known.number(words)).collect())
            .collect();
        by_position.par_chunks_mut(BLOCK).zip(&renumbered).for_each(|(patterns, renumbered)| {
            patterns.iter_mut().for_each(|pattern| *pattern = renumbered[index(*pattern)]);
        });
        (Self { by_position, stages, words: known.keys }, renumbered)
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.words.len() / self.stages.max(1)
    }

    /// The state of the indicator at `place` in a pattern; for a known indicator with the value 0.
    pub fn value(&self, pattern: usize, place: usize) -> IndicatorValue {
        state(&self.words[pattern * self.stages..], place)
    }
}

/// Number of words for the states of all columns.
fn stages(columns: &[IndicatorColumn]) -> usize {
    columns.len().div_ceil(WORD).max(1)
}

/// The state of the indicator at `place` in the words of a pattern.
fn state(words: &[u64], place: usize) -> IndicatorValue {
    match words[place / WORD] >> (2 * (place % WORD)) & 3 {
        0 => IndicatorValue::Known(0.0),
        1 => IndicatorValue::NotApplicable,
        _ => IndicatorValue::Unknown,
    }
}

/// Numbers the patterns of a block of customers, from 0.
pub(super) struct RowNumbering {
    /// The patterns so far.
    pub known: PatternTable,
    words: Vec<[u64; ROWS]>,
    scratch: Vec<u64>,
    key: Vec<u64>,
}

impl RowNumbering {
    pub fn new(columns: &[IndicatorColumn]) -> Self {
        let stages = stages(columns);
        let (words, key) = (vec![[0; ROWS]; stages], vec![0; stages]);
        Self { known: PatternTable::new(stages), words, scratch: Vec::new(), key }
    }

    /// Writes the patterns of at most [`ROWS`] customers.
    #[inline(always)]
    pub fn number(&mut self, columns: &[IndicatorColumn], numbers: &[u32], patterns: &mut [u32]) {
        let Self { known, words, scratch, key } = self;
        for (words, columns) in words.iter_mut().zip(columns.chunks(WORD)) {
            words.fill(0);
            for (place, column) in columns.iter().enumerate() {
                let values = column.gather(numbers, scratch);
                for (word, &bits) in words.iter_mut().zip(values) {
                    *word |= absence(bits) << (2 * place);
                }
            }
        }
        // The values of the next customers are fetched a few lines at a time, since memory serves only so many requests at
        // once: scores take 207 ms instead of the 246 of fetching them column by column.
        let mut ahead = columns.iter().flat_map(|column| column.after(numbers).chunks(columns.len()));
        if let [words] = words.as_slice() {
            for (pattern, &word) in patterns.iter_mut().zip(words) {
                prefetch(ahead.next().unwrap_or_default());
                *pattern = known.number(&[word]);
            }
            return;
        }
        for (row, pattern) in patterns.iter_mut().enumerate() {
            prefetch(ahead.next().unwrap_or_default());
            key.iter_mut().zip(&*words).for_each(|(word, words)| *word = words[row]);
            *pattern = known.number(key);
        }
    }
}

/// Patterns and their numbers, from 0.
pub(super) struct PatternTable {
    stages: usize,
    /// The words of all patterns, one after the other.
    keys: Vec<u64>,
    table: HashTable<u32>,
    hasher: FixedState,
    /// For the leading bits of a mixed key, the last pattern that had them.
    recent: Vec<u32>,
}

impl PatternTable {
    fn new(stages: usize) -> Self {
        let (table, hasher) = (HashTable::new(), FixedState::default());
        Self { stages, keys: Vec::new(), table, hasher, recent: vec![0; RECENT] }
    }

    /// Number of patterns.
    pub fn len(&self) -> usize {
        self.keys.len() / self.stages
    }

    /// As [`Patterns::value`].
    pub fn value(&self, pattern: usize, place: usize) -> IndicatorValue {
        state(&self.keys[pattern * self.stages..], place)
    }

    #[inline]
    fn number(&mut self, key: &[u64]) -> u32 {
        let mixed = key.iter().fold(0, |mixed: u64, word| (mixed ^ word).wrapping_mul(MIX));
        let slot = (mixed >> (u64::BITS - RECENT.ilog2())) as usize % RECENT;
        let recent = self.recent[slot];
        let start = index(recent) * self.stages;
        if self.keys.get(start..start + self.stages).is_some_and(|known| known.iter().eq(key)) {
            return recent;
        }
        self.recent[slot] = self.find(key);
        self.recent[slot]
    }

    fn find(&mut self, key: &[u64]) -> u32 {
        let Self { stages, keys, table, hasher, .. } = self;
        let words = |number: u32| &keys[index(number) * *stages..][..*stages];
        let entry = table.entry(
            hasher.hash_one(key),
            |&number| words(number).iter().eq(key),
            |&number| hasher.hash_one(words(number)),
        );
        match entry {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(slot) => {
                let number = u32::try_from(keys.len() / *stages).expect("fewer patterns than customers");
                slot.insert(number);
                keys.extend(key);
                number
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There are more indicators than fit in a word, and the population has gaps.
    #[test]
    fn a_pattern_has_the_state_of_every_indicator() {
        let value = |number: usize, place: usize| match (number * 7 + place * place) % 5 {
            0 => IndicatorValue::NotApplicable,
            1 => IndicatorValue::Unknown,
            _ => IndicatorValue::Known(number as f64),
        };
        let columns: Vec<IndicatorColumn> =
            (0..70).map(|place| (0..100).map(|number| value(number, place)).collect()).collect();
        let population: Vec<u32> = (0..100).filter(|number| number % 9 != 4).collect();
        let patterns = Patterns::of(&columns, &population);
        assert_eq!(patterns.len(), 5);
        for (&pattern, &number) in patterns.by_position.iter().zip(&population) {
            for place in 0..70 {
                let found = patterns.value(pattern as usize, place);
                assert_eq!(found.status(), value(number as usize, place).status());
            }
        }
    }
}
