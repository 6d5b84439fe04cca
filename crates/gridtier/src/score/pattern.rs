//! Which indicators a customer has: what the others weigh depends on nothing else.
//!
//! A base of millions shares some hundred patterns of known, inapplicable and unknown. They are found column by column,
//! and what follows from one is worked out once and not for every customer.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

use crate::indicator::column::absence;
use crate::indicator::{Column, Value};

/// Customers whose patterns are numbered in one piece.
const BLOCK: usize = 1 << 15;
/// Customers whose words are made at one time: they stay in the nearest cache.
const ROWS: usize = 1 << 10;
/// Indicators that one word holds, two bits each.
const WORD: usize = 32;

/// The patterns of a population.
#[derive(Debug, Default)]
pub struct Patterns {
    /// By position: the number of the pattern.
    pub of: Vec<u32>,
    /// By pattern: its words.
    words: Vec<Vec<u64>>,
}

impl Patterns {
    /// Finds the patterns of a population, numbered in the order in which they are met.
    pub fn of(columns: &[Column], population: &[u32]) -> Self {
        let pieces: Vec<(Vec<u32>, Vec<Vec<u64>>)> =
            population.par_chunks(BLOCK).map(|numbers| piece(columns, numbers)).collect();
        let mut known = Known::default();
        let renumbered: Vec<Vec<u32>> =
            pieces.iter().map(|(_, words)| words.iter().map(|words| known.number(words)).collect()).collect();
        let mut of = vec![0; population.len()];
        of.par_chunks_mut(BLOCK).zip(&pieces).zip(&renumbered).for_each(|((of, (local, _)), renumbered)| {
            of.iter_mut().zip(local).for_each(|(of, &local)| *of = renumbered[local as usize]);
        });
        Self { of, words: known.keys }
    }

    /// Patterns.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// What a pattern says of the indicator at `place`; a known value stands as 0.
    pub fn value(&self, pattern: usize, place: usize) -> Value {
        match self.words[pattern][place / WORD] >> (2 * (place % WORD)) & 3 {
            0 => Value::Known(0.0),
            1 => Value::NotApplicable,
            _ => Value::Unknown,
        }
    }

    /// By pattern: of some positions, how many have it.
    pub fn count(&self, positions: impl Iterator<Item = usize>) -> Vec<u64> {
        let mut counts = vec![0; self.len()];
        positions.for_each(|at| counts[self.of[at] as usize] += 1);
        counts
    }
}

/// The patterns of some customers by numbers of their own, and their words.
fn piece(columns: &[Column], numbers: &[u32]) -> (Vec<u32>, Vec<Vec<u64>>) {
    let stages = columns.len().div_ceil(WORD).max(1);
    let mut known = Known::default();
    let mut of = Vec::with_capacity(numbers.len());
    let (mut words, mut scratch) = (vec![0; ROWS * stages], Vec::new());
    for numbers in numbers.chunks(ROWS) {
        words.fill(0);
        for (stage, columns) in columns.chunks(WORD).enumerate() {
            let words = &mut words[stage * ROWS..];
            for (place, column) in columns.iter().enumerate() {
                let values = column.gather(numbers, &mut scratch);
                words.iter_mut().zip(values).for_each(|(word, &bits)| *word |= absence(bits) << (2 * place));
            }
        }
        let mut key = vec![0; stages];
        for row in 0..numbers.len() {
            key.iter_mut().enumerate().for_each(|(stage, word)| *word = words[stage * ROWS + row]);
            of.push(known.number(&key));
        }
    }
    (of, known.keys)
}

/// Patterns and their numbers, 0 first.
#[derive(Default)]
struct Known {
    keys: Vec<Vec<u64>>,
    table: HashTable<u32>,
    hasher: FixedState,
    last: u32,
}

impl Known {
    #[inline]
    fn number(&mut self, key: &[u64]) -> u32 {
        if self.keys.get(self.last as usize).is_none_or(|last| !last.iter().eq(key)) {
            self.last = self.find(key);
        }
        self.last
    }

    fn find(&mut self, key: &[u64]) -> u32 {
        let Self { keys, table, hasher, .. } = self;
        let entry = table.entry(
            hasher.hash_one(key),
            |&number| keys[number as usize].iter().eq(key),
            |&number| hasher.hash_one(keys[number as usize].as_slice()),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(place) => {
                let number = keys.len() as u32;
                place.insert(number);
                keys.push(key.to_vec());
                number
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More indicators than a word holds, and a population with gaps.
    #[test]
    fn a_pattern_tells_every_indicator() {
        let value = |number: usize, place: usize| match (number * 7 + place * place) % 5 {
            0 => Value::NotApplicable,
            1 => Value::Unknown,
            _ => Value::Known(number as f64),
        };
        let columns: Vec<Column> =
            (0..70).map(|place| (0..100).map(|number| value(number, place)).collect()).collect();
        let population: Vec<u32> = (0..100).filter(|number| number % 9 != 4).collect();
        let patterns = Patterns::of(&columns, &population);
        assert_eq!(patterns.len(), 5);
        for (&pattern, &number) in patterns.of.iter().zip(&population) {
            for place in 0..70 {
                let told = patterns.value(pattern as usize, place);
                assert_eq!(told.status(), value(number as usize, place).status());
            }
        }
        assert_eq!(patterns.count(0..population.len()).iter().sum::<u64>(), population.len() as u64);
    }
}
