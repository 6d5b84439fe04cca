//! The digits in which ids of one kind end, for a block of ids at once.
//!
//! The bytes of an id are taken in words of eight. One pass over the words of all ids of the block tests them and adds up
//! their digits, with vectors of as many words as the processor has.

use crate::digits;
use crate::vectors::{Pass, Vectors};

/// Ids of a block.
pub(crate) const BLOCK: usize = 64;
/// Words of the longest id.
const WORDS: usize = 3;
/// Bytes of a word.
const BYTES: usize = 8;

/// The words of ids of one length that begin alike and end in digits, the last word of an id first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdWords {
    length: usize,
    words: Vec<IdWord>,
}

/// Eight bytes of an id, the first of them lowest. Bytes before the id are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct IdWord {
    /// All bits of the bytes that are digits.
    digits: u64,
    /// The other bytes.
    prefix: u64,
}

impl IdWords {
    /// The words of ids of that length; `None` if they are shorter than one word or longer than three.
    pub fn of(prefix: &[u8], length: usize) -> Option<Self> {
        if !(BYTES..=WORDS * BYTES).contains(&length) {
            return None;
        }
        let mut words = vec![IdWord::default(); length.div_ceil(BYTES)];
        for at in 0..length {
            let (word, byte) = ((length - 1 - at) / BYTES, 7 - (length - 1 - at) % BYTES);
            match prefix.get(at) {
                Some(&other) => words[word].prefix |= u64::from(other) << (8 * byte),
                None => words[word].digits |= 0xFF << (8 * byte),
            }
        }
        Some(Self { length, words })
    }

    /// The numbers in which the ids of a block end, each by its position in the block; `None` if one has another length,
    /// another beginning or another byte in place of a digit.
    pub fn numbers<'t>(&self, vectors: Vectors, id: impl Fn(usize) -> &'t str) -> Option<[u64; BLOCK]> {
        let mut words = [[0; BLOCK]; WORDS];
        let are_of_length = match self.words.len() {
            1 => self.take::<1>(id, &mut words),
            2 => self.take::<2>(id, &mut words),
            _ => self.take::<WORDS>(id, &mut words),
        };
        if !are_of_length {
            return None;
        }
        vectors.run(Numbers { shapes: &self.words, words: &words })
    }

    /// Takes the words of all ids; `COUNT` for each. Returns whether all have the length.
    #[inline(always)]
    fn take<'t, const COUNT: usize>(
        &self,
        id: impl Fn(usize) -> &'t str,
        words: &mut [[u64; BLOCK]; WORDS],
    ) -> bool {
        for row in 0..BLOCK {
            let bytes = id(row).as_bytes();
            let (first, whole) = bytes.as_rchunks::<BYTES>();
            let Some(begin) = bytes.first_chunk::<BYTES>().filter(|_| bytes.len() == self.length) else {
                return false;
            };
            for (words, word) in words.iter_mut().zip(whole.iter().rev()) {
                words[row] = u64::from_le_bytes(*word);
            }
            if !first.is_empty() {
                // The bytes of the next word are shifted out.
                words[COUNT - 1][row] = u64::from_le_bytes(*begin) << (8 * (BYTES - first.len()));
            }
        }
        true
    }
}

/// Adds up the digits of all ids of a block.
struct Numbers<'a> {
    shapes: &'a [IdWord],
    words: &'a [[u64; BLOCK]; WORDS],
}

impl Pass for Numbers<'_> {
    type Output = Option<[u64; BLOCK]>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut numbers = [0_u64; BLOCK];
        let mut others = 0;
        for (shape, words) in self.shapes.iter().zip(self.words).rev() {
            for (number, word) in numbers.iter_mut().zip(words) {
                let digits = word & shape.digits | digits::ZEROS & !shape.digits;
                others |= (word & !shape.digits) ^ shape.prefix | digits::others_of_eight(digits);
                // Eighteen digits fit; more are of no kind.
                *number = number.wrapping_mul(100_000_000).wrapping_add(digits::sum_eight(digits));
            }
        }
        (others == 0).then_some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_block_have_the_numbers_in_which_they_end() {
        for (prefix, length) in [
            ("", 8),
            ("B", 9),
            ("户", 11),
            ("", 16),
            ("AB-", 16),
            ("P", 18),
            ("", 18),
            ("AB-CDEFGHIJ", 19),
            ("Zähler/", 24),
        ] {
            let words = IdWords::of(prefix.as_bytes(), length).unwrap();
            let digits = length - prefix.len();
            let most = 10_u64.pow(digits as u32);
            let number = |row: usize| (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % most;
            let ids: Vec<String> =
                (0..BLOCK).map(|row| format!("{prefix}{:0digits$}", number(row))).collect();
            for vectors in Vectors::all() {
                let found = words.numbers(vectors, |row| &ids[row]);
                assert_eq!(found, Some(std::array::from_fn(number)), "{prefix} {length} {vectors:?}");
                for (row, at) in (0..length).map(|at| (at * 7 % BLOCK, at)) {
                    for other in ["/", ":", "p", ""] {
                        if !ids[row].is_char_boundary(at) || !ids[row].is_char_boundary(at + 1) {
                            continue;
                        }
                        let mut spoilt = ids.clone();
                        spoilt[row].replace_range(at..=at, other);
                        if spoilt[row] != ids[row] {
                            assert_eq!(words.numbers(vectors, |row| &spoilt[row]), None, "{}", spoilt[row]);
                        }
                    }
                }
            }
        }
        assert_eq!(IdWords::of(b"B", 7), None);
        assert_eq!(IdWords::of(b"B", 25), None);
    }
}
