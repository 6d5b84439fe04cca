//! Keys that end in a number, found by that number.
//!
//! Ids of customers, bills and payments mostly are counted up: `P0000000017`, or `B202301` and an account number. The text of such a
//! key and its number stand for each other, so nothing need be hashed or compared. The numbers of one month or one range of
//! accounts lie near each other, wherever these ranges are, so the table has a page for each range of numbers in use.

use hashbrown::HashTable;

use crate::digits;
use crate::index::{index, index_u64};

/// Most kinds of keys.
const KINDS_MAX: usize = 8;
/// Most digits of the number: one more could exceed 63 bits together with the kind.
const DIGITS_MAX: usize = 18;
/// How many numbers a page has.
const PAGE: u64 = 4_096;
/// Most places in the table for each key: a hash table takes about twelve bytes for each.
const PLACES_MAX: usize = 4;
/// Places that are not too many for any number of keys: 4 MiB.
const PLACES_MIN: usize = 1 << 20;
/// How many keys are looked up together.
pub(super) const BLOCK: usize = 64;
/// No key has this number.
const FREE: u32 = u32::MAX;

/// The numbers of keys that end in a number.
#[derive(Clone, Debug, Default)]
pub(super) struct NumberedKeys {
    kinds: Vec<Kind>,
    pages: HashTable<Page>,
    /// The numbers of the keys, page after page.
    places: Vec<u32>,
    /// The page of the last insertion.
    last: Option<Page>,
}

/// Keys of one length that begin alike.
#[derive(Clone, Debug)]
struct Kind {
    prefix: Box<[u8]>,
    length: usize,
}

/// A page: the kind and the range of its numbers, and where it is among the places.
#[derive(Clone, Copy, Debug)]
struct Page {
    name: u64,
    start: u32,
}

/// The pages and the place in a page that a key has.
#[derive(Clone, Copy)]
struct PlaceName {
    page: u64,
    place: usize,
}

impl Kind {
    fn of(key: &[u8]) -> Option<Self> {
        let digits = key.iter().rev().take(DIGITS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
        (digits > 0).then(|| Self { prefix: key[..key.len() - digits].into(), length: key.len() })
    }

    /// The number of a key of this kind.
    #[inline]
    fn number(&self, key: &[u8]) -> Option<u64> {
        if key.len() != self.length {
            return None;
        }
        let (prefix, digits) = key.split_at(self.prefix.len());
        // Byte by byte, since a call to compare the one or two bytes of most prefixes takes longer.
        if prefix.iter().eq(&*self.prefix) { digits::number(digits) } else { None }
    }
}

impl NumberedKeys {
    /// The number of a key, if it was inserted.
    #[inline]
    pub fn get(&self, key: &str) -> Option<u32> {
        let number = self.places[self.place(key)?];
        (number != FREE).then_some(number)
    }

    /// The place of a key, if its page is in use.
    #[inline]
    fn place(&self, key: &str) -> Option<usize> {
        let name = self.name(key.as_bytes())?;
        let page = self.page(name.page)?;
        Some(index(page.start) + name.place)
    }

    /// Appends the number of each key; `None` for an absent key. All places of a block are known before the first is read, so
    /// that the accesses to memory overlap.
    pub fn get_each<'k>(&self, keys: impl Iterator<Item = Option<&'k str>>, numbers: &mut Vec<Option<u32>>) {
        let mut keys = keys.map(|key| self.place(key?)).fuse();
        let mut places = Vec::with_capacity(BLOCK);
        loop {
            places.clear();
            places.extend(keys.by_ref().take(BLOCK));
            if places.is_empty() {
                return;
            }
            let found = places.iter().map(|place| place.map_or(FREE, |place| self.places[place]));
            numbers.extend(found.map(|number| (number != FREE).then_some(number)));
        }
    }

    /// The number of a key, which gets the number `new` unless it was inserted before. `None` if the key does not end in a
    /// number or the numbers lie too far apart for a table of `expected` keys.
    #[inline]
    pub fn insert(&mut self, key: &str, new: u32, expected: usize) -> Option<u32> {
        let place = self.make_place(key, expected.max(index(new)))?;
        Some(self.number_or(place, new))
    }

    /// Appends the numbers of the first keys, of which new ones get the numbers from `new` on, up to one that
    /// [`insert`](Self::insert) refuses. As by [`get_each`](Self::get_each), the places are known before the first is read.
    pub fn insert_block(&mut self, keys: &[&str], new: u32, expected: usize, numbers: &mut Vec<u32>) {
        let most = expected.max(index(new));
        let places: Vec<usize> = keys.iter().map_while(|key| self.make_place(key, most)).collect();
        let mut new = new;
        numbers.extend(places.into_iter().map(|place| {
            let number = self.number_or(place, new);
            new += u32::from(number == new);
            number
        }));
    }

    #[inline]
    fn number_or(&mut self, place: usize, new: u32) -> u32 {
        let number = &mut self.places[place];
        if *number == FREE {
            *number = new;
        }
        *number
    }

    /// The place of a key in a table of `expected` keys, in a new page if need be.
    #[inline]
    fn make_place(&mut self, key: &str, expected: usize) -> Option<usize> {
        let name = match self.name(key.as_bytes()) {
            Some(name) => name,
            None => self.name_of_new_kind(key.as_bytes())?,
        };
        let page = match self.last {
            Some(last) if last.name == name.page => last,
            _ => match self.page(name.page) {
                Some(page) => page,
                None => self.add_page(name.page, expected)?,
            },
        };
        self.last = Some(page);
        Some(index(page.start) + name.place)
    }

    #[inline]
    fn name(&self, key: &[u8]) -> Option<PlaceName> {
        let found = (0..).zip(&self.kinds).find_map(|(kind, known)| Some((kind, known.number(key)?)));
        found.map(|(kind, number)| PlaceName::of(kind, number))
    }

    fn name_of_new_kind(&mut self, key: &[u8]) -> Option<PlaceName> {
        if self.kinds.len() == KINDS_MAX {
            return None;
        }
        self.kinds.push(Kind::of(key)?);
        self.name(key)
    }

    #[inline]
    fn page(&self, name: u64) -> Option<Page> {
        self.pages.find(spread(name), |page| page.name == name).copied()
    }

    fn add_page(&mut self, name: u64, expected: usize) -> Option<Page> {
        let start = self.places.len();
        let end = start + index_u64(PAGE);
        if end > expected.saturating_mul(PLACES_MAX).max(PLACES_MIN) {
            return None;
        }
        let page = Page { name, start: u32::try_from(start).ok()? };
        self.pages.insert_unique(spread(name), page, |page| spread(page.name));
        self.places.resize(end, FREE);
        Some(page)
    }
}

impl PlaceName {
    #[inline]
    fn of(kind: u64, number: u64) -> Self {
        // A number of 18 digits has 60 bits, so its page and the kind fit a word.
        Self { page: ((number / PAGE) << 3) | kind, place: index_u64(number % PAGE) }
    }
}

/// The hash of a page: its table takes the place from the low bits and a tag from the high ones.
#[inline]
fn spread(page: u64) -> u64 {
    let mixed = page.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert_all(keys: &[&str]) -> (NumberedKeys, Vec<Option<u32>>) {
        let mut numbered = NumberedKeys::default();
        let found = (0..).zip(keys).map(|(new, key)| numbered.insert(key, new, 10)).collect();
        (numbered, found)
    }

    #[test]
    fn keys_are_told_apart_by_their_beginning_their_length_and_their_number() {
        let keys = ["B00017", "B00018", "R00017", "B0017", "B00017", "17", "0017", "99999999999999999999"];
        let (numbered, found) = insert_all(&keys);
        assert_eq!(found, [0, 1, 2, 3, 0, 5, 6, 7].map(Some));
        let asked = ["R00017", "R00018", "B017", "", "B0001x", "99999999999999999998", "Ｂ00017"];
        assert_eq!(asked.map(|key| numbered.get(key)), [Some(2), None, None, None, None, None, None]);
    }

    #[test]
    fn keys_without_a_number_of_a_ninth_kind_or_far_apart_are_refused() {
        assert_eq!(insert_all(&["abc"]).1, [None]);
        let kinds = ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "a2"];
        let (_, found) = insert_all(&kinds);
        assert_eq!((found[7], found[8], found[9]), (Some(7), None, Some(9)));
        let far: Vec<String> = (0..300).map(|number| format!("{:09}", number * 1_000_000)).collect();
        let far: Vec<&str> = far.iter().map(String::as_str).collect();
        let refused = insert_all(&far).1.iter().filter(|found| found.is_none()).count();
        assert_eq!(refused, 300 - PLACES_MIN / index_u64(PAGE));
    }
}
