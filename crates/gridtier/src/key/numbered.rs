//! Keys that end in a number, found by that number.
//!
//! The numbers of one month or one range of accounts lie near each other, wherever these ranges are, so the table has a page
//! for each range of numbers in use.

use hashbrown::HashTable;

use super::texts::KeyTexts;
use crate::id_numbers::{IdKind, IdNumbers, KIND_BITS, KINDS_MAX, NumberedId};
use crate::index::{count, index, index_u64};
use crate::vectors::prefetch;

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
    kinds: Vec<IdKind>,
    pages: HashTable<Page>,
    /// The name of each page, in the order of their places.
    names: Vec<u64>,
    /// The numbers of the keys, page after page.
    places: Vec<u32>,
    /// The page of the last insertion.
    last: Option<Page>,
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

/// For each kind of a list of ids, the kind here; `None` if no key is of that kind, or it is not known yet.
type OwnKinds = [Option<usize>; KINDS_MAX];

impl NumberedKeys {
    /// The number of a key, if it was inserted.
    #[inline]
    pub fn get(&self, key: &str) -> Option<u32> {
        let name = self.name(key)?;
        self.found(self.page(name.page)?.place(name.place))
    }

    /// The number of each key; `None` for an absent key. All places of a block are known before the first is read, so that the
    /// accesses to memory overlap.
    pub fn get_each(&self, ids: &IdNumbers) -> Vec<Option<u32>> {
        let mut own: OwnKinds = [None; KINDS_MAX];
        for (own, kind) in own.iter_mut().zip(&ids.kinds) {
            *own = self.kinds.iter().position(|known| known == kind);
        }
        let mut last: Option<Page> = None;
        let mut numbers = Vec::with_capacity(ids.ids.len());
        let mut places = Vec::with_capacity(BLOCK);
        for block in ids.ids.chunks(BLOCK) {
            places.clear();
            places.extend(block.iter().map(|&id| {
                let name = PlaceName::of(known_kind(&own, id)?, id);
                let known = last.filter(|last| last.name == name.page);
                let page = known.or_else(|| self.page(name.page))?;
                last = Some(page);
                let place = page.place(name.place);
                prefetch(std::slice::from_ref(&self.places[place]));
                Some(place)
            }));
            numbers.extend(places.iter().map(|place| self.found((*place)?)));
        }
        numbers
    }

    /// The number at a place.
    #[inline]
    fn found(&self, place: usize) -> Option<u32> {
        let number = self.places[place];
        (number != FREE).then_some(number)
    }

    /// The number of a key, which gets the number `new` unless it was inserted before. `None` if the key does not end in a
    /// number or the numbers lie too far apart for a table of `expected` keys.
    #[inline]
    pub fn insert(&mut self, key: &str, new: u32, expected: usize) -> Option<u32> {
        let name = match self.name(key) {
            Some(name) => name,
            None => self.name_of_new_kind(key)?,
        };
        let place = self.make_place(name, expected.max(index(new)))?;
        Some(self.number_or(place, new))
    }

    /// The numbers of the keys of these rows, of which new ones get the numbers from `new` on, up to one that
    /// [`insert`](Self::insert) refuses. As by [`get_each`](Self::get_each), the places of a block are known before the first
    /// is read.
    pub fn insert_each(&mut self, ids: &IdNumbers, rows: &[u32], mut new: u32, expected: usize) -> Vec<u32> {
        let mut own: OwnKinds = [None; KINDS_MAX];
        let mut numbers = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(BLOCK);
        for block in rows.chunks(BLOCK) {
            let most = expected.max(index(new));
            places.clear();
            places.extend(block.iter().map_while(|&row| {
                let id = ids.ids[index(row)];
                let kind = match known_kind(&own, id) {
                    Some(kind) => kind,
                    None => self.own_kind(ids, id, &mut own)?,
                };
                let place = self.make_place(PlaceName::of(kind, id), most)?;
                prefetch(std::slice::from_ref(&self.places[place]));
                Some(place)
            }));
            numbers.extend(places.iter().map(|&place| {
                let number = self.number_or(place, new);
                new += u32::from(number == new);
                number
            }));
            if places.len() < block.len() {
                break;
            }
        }
        numbers
    }

    /// The kind here of an id, which is made if it is new.
    fn own_kind(&mut self, ids: &IdNumbers, id: NumberedId, own: &mut OwnKinds) -> Option<usize> {
        if id.is_none() {
            return None;
        }
        let kind = &ids.kinds[id.kind()];
        let known = self.kinds.iter().position(|known| known == kind);
        if known.is_none() && self.kinds.len() == KINDS_MAX {
            return None;
        }
        let found = known.unwrap_or_else(|| {
            self.kinds.push(kind.clone());
            self.kinds.len() - 1
        });
        own[id.kind()] = Some(found);
        Some(found)
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
    fn make_place(&mut self, name: PlaceName, expected: usize) -> Option<usize> {
        let page = match self.last {
            Some(last) if last.name == name.page => last,
            _ => match self.page(name.page) {
                Some(page) => page,
                None => self.add_page(name.page, expected)?,
            },
        };
        self.last = Some(page);
        Some(page.place(name.place))
    }

    #[inline]
    fn name(&self, key: &str) -> Option<PlaceName> {
        let found = self.kinds.iter().enumerate().find_map(|(kind, known)| Some((kind, known.number(key)?)));
        found.map(|(kind, number)| PlaceName::of_number(kind, number))
    }

    fn name_of_new_kind(&mut self, key: &str) -> Option<PlaceName> {
        if self.kinds.len() == KINDS_MAX {
            return None;
        }
        self.kinds.push(IdKind::of(key)?);
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
        self.names.push(name);
        self.places.resize(end, FREE);
        Some(page)
    }

    /// Appends the texts of so many keys, in the order of their numbers.
    pub fn write(&self, keys: usize, texts: &mut KeyTexts) {
        let mut place_of = vec![0_u32; keys];
        for (place, &number) in (0..).zip(&self.places).filter(|(_, number)| **number != FREE) {
            place_of[index(number)] = place;
        }
        let mut text = String::new();
        for place in place_of {
            let name = self.names[index(place) / index_u64(PAGE)];
            let number = (name >> KIND_BITS) * PAGE + count(index(place) % index_u64(PAGE));
            text.clear();
            self.kinds[index_u64(name) % KINDS_MAX].write(number, &mut text);
            texts.push(&text);
        }
    }
}

impl Page {
    #[inline]
    fn place(self, place: usize) -> usize {
        index(self.start) + place
    }
}

impl PlaceName {
    #[inline]
    fn of(kind: usize, id: NumberedId) -> Self {
        Self::of_number(kind, id.number())
    }

    #[inline]
    fn of_number(kind: usize, number: u64) -> Self {
        // A number of 18 digits has 60 bits, so its page and the kind fit a word.
        Self { page: ((number / PAGE) << KIND_BITS) | count(kind), place: index_u64(number % PAGE) }
    }
}

/// The kind here of an id, if it is an id and its kind is known.
#[inline]
fn known_kind(own: &OwnKinds, id: NumberedId) -> Option<usize> {
    own.get(id.kind()).copied().flatten().filter(|_| !id.is_none())
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
