//! Short ids by their packed form, for columns whose order cannot be predicted.
//!
//! A table of four bytes for each slot is small enough for the second-level cache, and its entries are tested against
//! the packed ids that the prediction keeps anyway: no text is hashed, and the look-ups of neighbouring rows do not wait
//! for each other. With customers in a new order every day, an id takes a third of the time of a look-up by text
//! (benches/README.md, `reordered`).

use std::ops::Range;

use crate::digits;
use crate::index::index;

/// A short id as one word: its bytes and length as Arrow packs them into a view, or the integer that the id is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedId(u128);

impl PackedId {
    /// The id is longer than a view can hold.
    pub const TOO_LONG: Self = Self(u128::MAX);
    /// The longest text that a view holds itself, in bytes (Arrow columnar format, variable-size binary view).
    const INLINE_BYTES: u32 = 12;

    /// The id of a view, whose low 32 bits are the length; shorter text is padded with zeros.
    #[inline]
    pub fn from_view(view: u128) -> Self {
        if view as u32 <= Self::INLINE_BYTES { Self(view) } else { Self::TOO_LONG }
    }

    /// The id that is some bytes of `data`, packed as a view packs it.
    #[inline]
    pub fn from_text(data: &[u8], bytes: Range<usize>) -> Self {
        let length = bytes.len();
        if length > index(Self::INLINE_BYTES) {
            return Self::TOO_LONG;
        }
        // One load of 16 bytes, of which those after the id are cut off, unless the data end before.
        let word = match data[bytes.start..].first_chunk() {
            Some(chunk) => u128::from_le_bytes(*chunk),
            None => {
                let mut chunk = [0; 16];
                chunk[..length].copy_from_slice(&data[bytes]);
                u128::from_le_bytes(chunk)
            }
        };
        Self((word & ((1 << (8 * length)) - 1)) << 32 | length as u128)
    }

    /// An id that is an integer, with a length that no text has.
    #[inline]
    pub fn from_integer(value: i64) -> Self {
        Self(u128::from(value.cast_unsigned()) << 64 | u128::from(u32::MAX - 1))
    }

    /// The number that the id is, if its text has that many digits and nothing else. Eight digits are tested and added up
    /// side by side.
    #[inline]
    fn digits(self, length: u32) -> Option<u64> {
        const ZEROS: u128 = u128::from_ne_bytes([b'0'; 16]);
        if self.0 as u32 != length || !(1..=Self::INLINE_BYTES).contains(&length) {
            return None;
        }
        let word = (self.0 >> 32) << (8 * (16 - length)) | ZEROS >> (8 * length);
        let (high, low) = (word as u64, (word >> 64) as u64);
        let are_digits = digits::are_eight(high) && digits::are_eight(low);
        are_digits.then(|| digits::sum_eight(high) * 100_000_000 + digits::sum_eight(low))
    }

    /// A hash whose high bits depend on all bytes. The multipliers are odd and without pattern (from the fraction of the
    /// golden ratio).
    #[inline]
    fn hash(self) -> u64 {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        let mixed = (low ^ 0x9E37_79B9_7F4A_7C15) as u128 * (high ^ 0xD1B5_4A32_D192_ED03) as u128;
        ((mixed >> 64) as u64 ^ mixed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// The numbers of ids that are whole numbers of equally many digits with few gaps, as account numbers often are. They are
/// found with one access to a table of four bytes for each, and nothing need be compared.
struct DenseIds {
    /// Digits of each id.
    length: u32,
    /// The least id.
    first: u64,
    /// The number of each id from the least on, or [`KnownIds::FREE`].
    slots: Vec<u32>,
}

impl DenseIds {
    /// The table of the ids in `packed`, by number; `None` if they are not dense.
    fn of(packed: &[PackedId]) -> Option<Self> {
        let mut known = packed.iter().filter(|id| **id != PackedId::TOO_LONG);
        let length = known.next()?.0 as u32;
        let ids: Vec<(u32, u64)> =
            (0..).zip(packed).filter_map(|(number, id)| Some((number, id.digits(length)?))).collect();
        let first = ids.iter().map(|(_, id)| *id).min()?;
        let last = ids.iter().map(|(_, id)| *id).max()?;
        let range = usize::try_from(last - first).ok()?;
        if range > ids.len() * Self::RANGE_MAX {
            return None;
        }
        let mut slots = vec![KnownIds::FREE; range + 1];
        for (number, id) in ids {
            slots[(id - first) as usize] = number;
        }
        Some(Self { length, first, slots })
    }

    /// Most places of the table for each id.
    const RANGE_MAX: usize = 2;

    fn slot(&self, id: PackedId) -> Option<usize> {
        usize::try_from(id.digits(self.length)?.wrapping_sub(self.first)).ok()
    }
}

/// The numbers of packed ids. The ids themselves are kept by the caller, by number.
#[derive(Default)]
pub(super) struct KnownIds {
    /// Numbers, each at the first free slot from that of its id's hash on; the length is a power of two.
    slots: Vec<u32>,
    filled: usize,
    /// The ids among them that are dense numbers.
    dense: Option<DenseIds>,
    /// The number of ids at which it is looked anew whether they are dense.
    dense_trial: usize,
}

impl KnownIds {
    /// No id has this number.
    const FREE: u32 = u32::MAX;

    /// Whether no id was ever inserted.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Makes the table anew from the ids by number.
    pub fn rebuild(&mut self, packed: &[PackedId]) {
        self.slots.clear();
        self.slots.resize((packed.len() * 2).next_power_of_two().max(2), Self::FREE);
        self.filled = 0;
        for (number, &id) in (0..).zip(packed).filter(|(_, id)| **id != PackedId::TOO_LONG) {
            self.place(id, number);
        }
        self.look_for_dense(packed);
    }

    /// Looks whether the ids are dense, each time that their number has doubled.
    fn look_for_dense(&mut self, packed: &[PackedId]) {
        if self.filled >= self.dense_trial {
            self.dense_trial = (2 * self.filled).max(DENSE_TRIAL);
            self.dense = DenseIds::of(packed);
        }
    }

    /// Adds an id, whose number is in `packed` already.
    pub fn insert(&mut self, id: PackedId, number: u32, packed: &[PackedId]) {
        if id == PackedId::TOO_LONG || self.is_empty() {
            return;
        }
        // An id that is spelt in several ways leaves a slot for each of them.
        if (self.filled + 1) * 4 > self.slots.len() * 3 || packed.len() > self.slots.len() {
            self.rebuild(packed);
        } else {
            self.place(id, number);
        }
        self.look_for_dense(packed);
        if let Some(dense) = &mut self.dense
            && let Some(slot) = dense.slot(id).and_then(|slot| dense.slots.get_mut(slot))
        {
            *slot = number;
        }
    }

    /// The number of an id that is one of many dense numbers; `None` if it is not known to be.
    #[inline]
    pub fn dense(&self, id: PackedId) -> Option<u32> {
        let dense = self.dense.as_ref()?;
        dense.slots.get(dense.slot(id)?).copied().filter(|number| *number != Self::FREE)
    }

    /// Whether there are ids that [`dense`](Self::dense) finds.
    pub fn has_dense(&self) -> bool {
        self.dense.is_some()
    }

    fn place(&mut self, id: PackedId, number: u32) {
        let mut slot = self.first_slot(id);
        while self.slots[slot] != Self::FREE {
            if self.slots[slot] == number {
                return;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = number;
        self.filled += 1;
    }

    /// The number at the first slot of an id, which most likely is that of the id; perhaps none.
    #[inline]
    pub fn first(&self, id: PackedId) -> u32 {
        self.slots[self.first_slot(id)]
    }

    /// The number of an id, if the id was spelt like this last; `None` if it is too long to be packed.
    #[inline]
    pub fn find(&self, id: PackedId, packed: &[PackedId]) -> Option<u32> {
        if id == PackedId::TOO_LONG {
            return None;
        }
        let mut slot = self.first_slot(id);
        loop {
            match self.slots[slot] {
                Self::FREE => return None,
                number if packed[index(number)] == id => return Some(number),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    #[inline]
    fn first_slot(&self, id: PackedId) -> usize {
        (id.hash() >> 32) as usize & (self.slots.len() - 1)
    }
}

/// The least number of ids for which it is looked whether they are dense.
const DENSE_TRIAL: usize = if cfg!(test) { 4 } else { 1_024 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_packed_as_a_view_packs_it_wherever_it_ends() {
        let texts = ["", "7", "00012345678", "123456789012", "1234567890123", "客户一"];
        let views = arrow_array::StringViewArray::from_iter_values(texts);
        for after in ["", "and more", "and more than sixteen bytes"] {
            for (&text, &view) in texts.iter().zip(views.views().iter()) {
                let data = format!("before{text}{after}");
                let packed = PackedId::from_text(data.as_bytes(), 6..6 + text.len());
                assert!(packed == PackedId::from_view(view), "{text}");
            }
        }
    }

    #[test]
    fn ids_are_found_as_they_were_spelt_last_however_often_the_spelling_changes() {
        let mut packed: Vec<PackedId> = (0..100).map(PackedId::from_integer).collect();
        let mut known = KnownIds::default();
        known.rebuild(&packed);
        for (number, &id) in (0..).zip(&packed) {
            assert_eq!(known.find(id, &packed), Some(number));
        }
        for spelling in 1_000..3_000 {
            packed[7] = PackedId::from_integer(spelling);
            known.insert(packed[7], 7, &packed);
            assert_eq!(known.find(packed[7], &packed), Some(7));
            assert_eq!(known.find(PackedId::from_integer(spelling - 1), &packed), None);
        }
        packed.resize(1_000, PackedId::TOO_LONG);
        packed[999] = PackedId::from_view(4 | 0x3030_3030 << 32);
        known.insert(packed[999], 999, &packed);
        assert_eq!(known.find(packed[999], &packed), Some(999));
        assert_eq!(known.find(packed[8], &packed), Some(8));
    }

    fn packed(text: &str) -> PackedId {
        PackedId::from_text(text.as_bytes(), 0..text.len())
    }

    #[test]
    fn digits_of_any_number_are_added_up() {
        for text in ["0", "7", "42", "00000", "12345678", "123456789", "987654321012"] {
            assert_eq!(packed(text).digits(text.len() as u32), text.parse().ok(), "{text}");
            assert_eq!(packed(text).digits(text.len() as u32 + 1), None, "{text}");
        }
        for text in ["", "1a", ":2", "1/", "-5", "1 ", "12345678x", "客户"] {
            assert_eq!(packed(text).digits(text.len() as u32), None, "{text}");
        }
        assert_eq!(PackedId::from_integer(5).digits(1), None);
    }

    #[test]
    fn dense_ids_are_found_without_comparison_and_others_are_not() {
        let texts: Vec<String> = (0..40).map(|id| (1_000 + 3 * id / 2).to_string()).collect();
        let mut all = vec![PackedId::TOO_LONG; 40];
        let mut known = KnownIds::default();
        known.rebuild(&all);
        for (number, text) in (0..).zip(&texts) {
            all[number as usize] = packed(text);
            known.insert(packed(text), number, &all);
            assert_eq!(known.find(packed(text), &all), Some(number));
        }
        assert!(known.has_dense());
        let found = (0..).zip(&texts).filter(|(number, text)| known.dense(packed(text)) == Some(*number));
        assert!(found.count() >= 20);
        for other in ["1002", "0999", "9999", "999", "10000", "1o00", "客户"] {
            assert_eq!(known.dense(packed(other)), None, "{other}");
        }
    }
}
