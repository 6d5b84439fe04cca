//! The texts of keys, one after another.

use crate::index::{count, index, index_u64};

/// Most bytes of a text for which memory is reserved.
const WIDTH_MAX: usize = 32;

/// Texts, numbered from 0 in the order in which they were added.
///
/// Ids mostly have the same length, so that no end of a text need be kept: millions of ids take eight bytes less each, and
/// finding one takes an access to memory less.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyTexts {
    text: String,
    len: usize,
    /// The bytes of each text, as long as all have the same length.
    width: usize,
    /// The end of each text, once their lengths differ.
    ends: Vec<u64>,
    /// For how many texts memory is reserved.
    expected: usize,
}

impl KeyTexts {
    pub fn len(&self) -> usize {
        self.len
    }

    /// The text that has a number.
    #[inline]
    pub fn get(&self, number: u32) -> &str {
        let number = index(number);
        if self.ends.is_empty() {
            return &self.text[number * self.width..][..self.width];
        }
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[index_u64(start)..index_u64(self.ends[number])]
    }

    /// Reserves memory for so many more texts, once their length is known.
    pub fn reserve(&mut self, texts: usize) {
        self.expected = self.len.saturating_add(texts);
    }

    pub fn push(&mut self, text: &str) {
        if self.len == 0 {
            self.width = text.len();
            // Without the memory, or if the first text is longer than the others, the texts grow as they come.
            let _ = self.text.try_reserve_exact(self.expected.saturating_mul(self.width.min(WIDTH_MAX)));
        } else if self.ends.is_empty() && text.len() != self.width {
            let _ = self.ends.try_reserve_exact(self.expected.max(self.len + 1));
            self.ends.extend((1..=self.len).map(|texts| count(texts * self.width)));
        }
        self.text.push_str(text);
        self.len += 1;
        if !self.ends.is_empty() {
            self.ends.push(count(self.text.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_length_and_of_several_are_found_by_number() {
        for all in [&["aa", "bb", "cc"][..], &["aa", "bb", "c", "", "ddd"], &["", "", "a"], &[]] {
            let mut texts = KeyTexts::default();
            // More than there is memory for.
            texts.reserve(if all.len() == 3 { usize::MAX / 2 } else { 2 });
            all.iter().for_each(|text| texts.push(text));
            assert_eq!(texts.len(), all.len());
            assert!((0..).zip(all).all(|(number, text)| texts.get(number) == *text), "{all:?}");
        }
    }
}
