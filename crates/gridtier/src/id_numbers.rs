//! Ids that end in a number, told apart by that number and by how they begin.
//!
//! Ids of customers, bills and payments mostly are counted up: `P0000000017`, or `B202301` and an account number. The text of
//! such an id and its number stand for each other, so nothing need be folded, hashed or compared. The thread that reads a
//! batch makes the numbers, while it has the texts at hand.

use crate::digits;
use crate::id_words::IdWords;
use crate::index::index_u64;
use crate::vectors::Vectors;

/// Most kinds of ids: a kind takes three bits.
pub(crate) const KINDS_MAX: usize = 1 << KIND_BITS;
pub(crate) const KIND_BITS: u32 = 3;
/// Most digits of the number: one more could exceed 63 bits together with the kind.
const DIGITS_MAX: usize = 2 * HALF_DIGITS;
const HALF_DIGITS: usize = 9;
/// The number above all that half of the digits write.
const HALF: u64 = 1_000_000_000;

/// Ids of one length that begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdKind {
    prefix: Box<str>,
    length: usize,
    /// How to read a block of such ids; `None` if they are too short or too long.
    words: Option<IdWords>,
}

impl IdKind {
    /// The kind of an id; `None` if it does not end in a number.
    pub fn of(id: &str) -> Option<Self> {
        let digits = id.bytes().rev().take(DIGITS_MAX).take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| {
            let prefix = &id[..id.len() - digits];
            Self { prefix: prefix.into(), length: id.len(), words: IdWords::of(prefix.as_bytes(), id.len()) }
        })
    }

    /// The number of an id of this kind; `None` for other ids.
    #[inline]
    pub fn number(&self, id: &str) -> Option<u64> {
        if id.len() != self.length {
            return None;
        }
        let (prefix, digits) = id.as_bytes().split_at(self.prefix.len());
        // Byte by byte, since a call to compare the one or two bytes of most prefixes takes longer.
        if prefix.iter().eq(self.prefix.as_bytes()) { digits::number(digits) } else { None }
    }

    /// The id with a number, appended to `text`.
    pub fn write(&self, number: u64, text: &mut String) {
        // Two halves of nine digits, since each digit waits for the one after it.
        let mut digits = [[b'0'; HALF_DIGITS]; 2];
        let mut halves = [number / HALF, number % HALF];
        for place in (0..HALF_DIGITS).rev() {
            for (digits, rest) in digits.iter_mut().zip(&mut halves) {
                digits[place] += (*rest % 10) as u8;
                *rest /= 10;
            }
        }
        let first = DIGITS_MAX - (self.length - self.prefix.len());
        text.push_str(&self.prefix);
        text.push_str(str::from_utf8(&digits.as_flattened()[first..]).unwrap_or_default());
    }
}

/// The number of an id, and its kind among the kinds of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberedId(u64);

impl NumberedId {
    /// Stands for no id. A number of 18 digits has 60 bits.
    const NONE: Self = Self(u64::MAX);

    #[inline]
    fn new(kind: usize, number: u64) -> Self {
        Self(number << KIND_BITS | kind as u64)
    }

    /// The number.
    #[inline]
    pub fn number(self) -> u64 {
        self.0 >> KIND_BITS
    }

    /// The position of the kind.
    #[inline]
    pub fn kind(self) -> usize {
        index_u64(self.0 & ((1 << KIND_BITS) - 1))
    }

    /// Whether it stands for no id.
    #[inline]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// The numbers of the ids of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdNumbers {
    /// The kinds, in the order of their first ids.
    pub kinds: Vec<IdKind>,
    /// One for each row; [`NumberedId::NONE`] for an empty cell.
    pub ids: Vec<NumberedId>,
}

impl IdNumbers {
    /// Appends an id. Returns whether it is of a known kind; if it is not, nothing is appended.
    #[inline]
    pub fn push(&mut self, id: &str) -> bool {
        let found = self.kinds.iter().enumerate().find_map(|(kind, known)| Some((kind, known.number(id)?)));
        let Some((kind, number)) = found else { return false };
        self.ids.push(NumberedId::new(kind, number));
        true
    }

    /// Appends a block of ids, of which `id` gives each by its position. Returns whether all are of the kind of the first, and
    /// that is known; if not, nothing is appended.
    #[inline]
    pub fn push_block<'t>(&mut self, vectors: Vectors, id: impl Fn(usize) -> &'t str) -> bool {
        let first = id(0);
        let found = self.kinds.iter().position(|known| known.number(first).is_some());
        let words = found.and_then(|kind| Some((kind, self.kinds[kind].words.as_ref()?)));
        let numbers = words.and_then(|(kind, words)| Some((kind, words.numbers(vectors, id)?)));
        let Some((kind, numbers)) = numbers else { return false };
        self.ids.extend(numbers.map(|number| NumberedId::new(kind, number)));
        true
    }

    /// Appends an empty cell, or an id that has no number.
    #[inline]
    pub fn push_none(&mut self) {
        self.ids.push(NumberedId::NONE);
    }

    /// Appends an id of an unknown kind. Returns false, and appends nothing, if it has no number or there are too many kinds.
    pub fn push_new(&mut self, id: &str) -> bool {
        if self.kinds.len() == KINDS_MAX {
            return false;
        }
        self.kinds.extend(IdKind::of(id));
        self.push(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_its_number_stand_for_each_other() {
        let ids = [
            "B00017",
            "R00017",
            "B0017",
            "17",
            "0017",
            "99999999999999999999",
            "户 007",
            "999999999999999999",
        ];
        let mut numbers = IdNumbers::default();
        for (at, id) in ids.into_iter().enumerate() {
            assert!(!numbers.push(id), "{id}");
            assert!(numbers.push_new(id), "{id}");
            assert_eq!(numbers.ids[at].kind(), at);
        }
        assert!(!numbers.push_new("S1"), "a ninth kind");
        assert!(!numbers.push("B0001x") && IdKind::of("B0001x").is_none());
        numbers.push_none();
        assert!(numbers.ids[8].is_none());
        for (id, numbered) in ids.into_iter().zip(&numbers.ids) {
            let mut text = String::from("<");
            numbers.kinds[numbered.kind()].write(numbered.number(), &mut text);
            assert_eq!(text[1..], *id);
        }
    }
}
