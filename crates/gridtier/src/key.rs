//! Interning of account numbers and other text keys as dense numbers.
//!
//! A key is looked up as text once per row; from then on its number indexes columns. Numbers follow the order of
//! insertion, so no output may depend on them before the keys are [sorted](KeyIndex::sorted).

mod ascending;
mod texts;
mod numbered;

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ascending::{AscendingInsertion, AscendingKeys};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use numbered::{BLOCK, NumberedKeys};
use texts::KeyTexts;

use crate::id_numbers::IdNumbers;
use crate::index::index;

/// All keys are hashed after as many searches as there are keys, divided by this: a search takes about as long as hashing
/// ten keys.
const SEARCHED_ONE_IN: usize = 16;

/// How many keys after the last one found are compared before a key is looked up: payments in the order of bills skip the
/// bills that are not paid.
const NEAR: u32 = 4;

/// Once this many keys in turn were not near the last one found, only every sixteenth key is compared with those there: each
/// comparison waits for memory, which took a fifth of the time of reading shuffled bills and payments.
const FAR_MIN: u32 = 16;

/// A set of keys, numbered from 0 in the order of insertion.
///
/// Keys that end in numbers near each other are found by these. Other keys that are inserted in about the order of their
/// bytes are searched for in that order, and not hashed: of 6,400,000 bills and payments that are sorted by id, hashing took
/// a sixth of the time of a whole regrade.
#[derive(Clone, Debug, Default)]
pub struct KeyIndex {
    len: usize,
    /// For how many keys there is to be memory.
    expected: usize,
    /// The texts. Those of keys that are numbered are written once one is asked for: texts of bills and payments rarely are,
    /// and taking them took a sixth of the time of the thread that numbers them.
    texts: OnceLock<KeyTexts>,
    lookup: Lookup,
    /// All keys, as long as there is no `table`; none while they are numbered.
    ascending: AscendingKeys,
    /// All keys, once a key was inserted out of order or many were searched for.
    table: OnceLock<HashTable<Slot>>,
    searched: Searched,
    hasher: FixedState,
    /// For each folded key that folding changed, its spelling before folding.
    raw: BTreeMap<String, String>,
}

/// Where the next key is likely, for [`KeyIndex::get_near`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NearKey {
    /// The number found last.
    last: u32,
    /// How many keys in turn were not near the last one.
    far: u32,
}

/// How keys are looked up.
#[derive(Clone, Debug)]
enum Lookup {
    /// By the numbers in which they end.
    ByNumber(NumberedKeys),
    /// By their order or their hash.
    ByText,
}

impl Default for Lookup {
    fn default() -> Self {
        Self::ByNumber(NumberedKeys::default())
    }
}

/// A key in the hash table. Its hash is kept, so that most comparisons need no access to the text, nor does growing.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    number: u32,
}

/// The half of a key's hash that a [`Slot`] keeps.
fn short_hash(hasher: &FixedState, key: &str) -> u32 {
    (hasher.hash_one(key) >> 32) as u32
}

/// The hash by which the table places a slot: the table takes the place from its low bits and a tag from its high ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// How many keys were searched for without a hash table.
#[derive(Debug, Default)]
struct Searched(AtomicU32);

impl Clone for Searched {
    fn clone(&self) -> Self {
        Self(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

/// Two spellings that fold to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    /// The spelling read first.
    pub first: String,
    /// The spelling read later.
    pub second: String,
}

impl KeyIndex {
    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key that has a number.
    #[must_use]
    pub fn key(&self, number: u32) -> &str {
        self.texts().get(number)
    }

    fn texts(&self) -> &KeyTexts {
        self.texts.get_or_init(|| {
            let mut texts = KeyTexts::default();
            texts.reserve(self.expected.max(self.len));
            if let Lookup::ByNumber(numbered) = &self.lookup {
                numbered.write(self.len, &mut texts);
            }
            texts
        })
    }

    /// The number of a key; `None` if it was never inserted.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<u32> {
        if let Lookup::ByNumber(numbered) = &self.lookup {
            return numbered.get(key);
        }
        if self.table.get().is_none() && !self.searches_suffice() {
            self.searched.0.fetch_add(1, Ordering::Relaxed);
            return self.ascending.find(key, |number| self.key(number)).ok();
        }
        let table = self.table.get_or_init(|| self.hashed());
        let hash = short_hash(&self.hasher, key);
        let found = table.find(spread(hash), |slot| slot.hash == hash && self.key(slot.number) == key);
        found.map(|slot| slot.number)
    }

    /// Whether so many keys were searched for that hashing all takes less time than going on.
    fn searches_suffice(&self) -> bool {
        index(self.searched.0.load(Ordering::Relaxed)) >= self.len() / SEARCHED_ONE_IN
    }

    fn hash_all(&mut self) {
        self.table = OnceLock::from(self.hashed());
        self.ascending = AscendingKeys::default();
    }

    /// Goes over to texts: a key does not end in a number, or the numbers lie too far apart.
    fn look_up_by_text(&mut self) {
        self.texts();
        self.lookup = Lookup::ByText;
        let Self { texts, ascending, .. } = self;
        let Some(texts) = texts.get() else { return };
        for number in (0..).take(texts.len()) {
            let inserted = ascending.insert(texts.get(number), number, |number| texts.get(number));
            if inserted == AscendingInsertion::OutOfOrder {
                self.hash_all();
                return;
            }
        }
    }

    /// All keys in a hash table.
    fn hashed(&self) -> HashTable<Slot> {
        let mut table = HashTable::new();
        // Without the memory, the table grows as keys come.
        let _ = table.try_reserve(self.len().max(self.expected), |slot: &Slot| spread(slot.hash));
        for number in (0..).take(self.len()) {
            let hash = short_hash(&self.hasher, self.key(number));
            table.insert_unique(spread(hash), Slot { hash, number }, |slot| spread(slot.hash));
        }
        table
    }

    /// As [`get`](Self::get), but first tries the key found last and the next few after it. So rows in the order of their
    /// keys need no hashing.
    #[must_use]
    pub fn get_near(&self, key: &str, near: &mut NearKey) -> Option<u32> {
        if let Lookup::ByNumber(numbered) = &self.lookup {
            return numbered.get(key);
        }
        let NearKey { last, far } = *near;
        let is_tried = far < FAR_MIN || far.is_multiple_of(FAR_MIN);
        let end = if is_tried { last.saturating_add(NEAR + 1).min(self.len() as u32) } else { last };
        let found = (last..end).find(|&number| self.key(number) == key);
        near.far = if found.is_some() { 0 } else { far.wrapping_add(1) };
        near.last = found.or_else(|| self.get(key))?;
        Some(near.last)
    }

    /// The number of each key as by [`get_near`](Self::get_near); `None` for an absent key. `ids` are the numbers in which the
    /// keys end, if all do. Keys in no order are looked up in blocks.
    #[must_use]
    pub(crate) fn get_each<'k>(
        &self,
        ids: Option<&IdNumbers>,
        keys: impl Iterator<Item = Option<&'k str>>,
    ) -> Vec<Option<u32>> {
        match (&self.lookup, ids) {
            (Lookup::ByNumber(numbered), Some(ids)) => numbered.get_each(ids),
            (Lookup::ByNumber(numbered), None) => keys.map(|key| numbered.get(key?)).collect(),
            (Lookup::ByText, _) => self.get_each_by_text(keys),
        }
    }

    fn get_each_by_text<'k>(&self, keys: impl Iterator<Item = Option<&'k str>>) -> Vec<Option<u32>> {
        let mut numbers = Vec::with_capacity(keys.size_hint().0);
        let mut near = NearKey::default();
        let mut waiting = Vec::with_capacity(BLOCK);
        for key in keys {
            let number = match key {
                Some(key) if near.far >= FAR_MIN && self.table.get().is_some() => {
                    waiting.push((numbers.len(), key));
                    None
                }
                Some(key) => self.get_near(key, &mut near),
                None => None,
            };
            numbers.push(number);
            if waiting.len() == BLOCK {
                near.last = self.get_waiting(&mut waiting, &mut numbers).unwrap_or(near.last);
                // The next key is compared with those near the last one: keys may be in order again.
                near.far = FAR_MIN - 1;
            }
        }
        self.get_waiting(&mut waiting, &mut numbers);
        numbers
    }

    /// Looks up a block of keys by their hashes and sets their numbers. Each step makes the same access for all keys, so that
    /// they do not wait for each other: a key looked up by itself waits for the table, then for its end, then for its text.
    /// Returns the number of the last key, if it is known.
    fn get_waiting(&self, waiting: &mut Vec<(usize, &str)>, numbers: &mut [Option<u32>]) -> Option<u32> {
        let table = self.table.get()?;
        let last = waiting.last()?.0;
        let mut found = [None; BLOCK];
        for (found, (_, key)) in found.iter_mut().zip(&*waiting) {
            let hash = short_hash(&self.hasher, key);
            *found = table.find(spread(hash), |slot| slot.hash == hash).map(|slot| slot.number);
        }
        for (found, (at, key)) in found.into_iter().zip(waiting.drain(..)) {
            // Two keys may have one short hash.
            numbers[at] =
                found.filter(|&number| self.key(number) == key).or_else(|| found.and_then(|_| self.get(key)));
        }
        numbers[last]
    }

    /// Reserves memory for `keys` more keys.
    pub fn reserve(&mut self, keys: usize) {
        self.expected = self.len.saturating_add(keys);
    }

    /// The number of a key, which is inserted if it is new.
    pub fn insert(&mut self, key: &str) -> u32 {
        let new = self.len as u32;
        let number = self.number_or(key, new);
        if number == new {
            self.len += 1;
            if let Some(texts) = self.texts.get_mut() {
                texts.push(key);
            }
        }
        number
    }

    /// The numbers of the keys of these rows, which are inserted if they are new. `ids` are the numbers in which the keys of all
    /// rows end, if all do.
    pub(crate) fn insert_each<'k>(
        &mut self,
        ids: Option<&IdNumbers>,
        rows: &[u32],
        key: impl Fn(u32) -> &'k str,
    ) -> Vec<u32> {
        let mut numbers = Vec::new();
        if let (Lookup::ByNumber(numbered), Some(ids)) = (&mut self.lookup, ids) {
            numbers = numbered.insert_each(ids, rows, self.len as u32, self.expected);
            for (&row, &number) in rows.iter().zip(&numbers) {
                if index(number) == self.len {
                    self.len += 1;
                    if let Some(texts) = self.texts.get_mut() {
                        texts.push(key(row));
                    }
                }
            }
        }
        // The first key that cannot be numbered goes over to texts.
        numbers.extend(rows[numbers.len()..].iter().map(|&row| self.insert(key(row))));
        numbers
    }

    /// The number of a key, which gets the number `new` if it is new.
    fn number_or(&mut self, key: &str, new: u32) -> u32 {
        if let Lookup::ByNumber(numbered) = &mut self.lookup {
            match numbered.insert(key, new, self.expected) {
                Some(number) => return number,
                None => self.look_up_by_text(),
            }
        }
        let Self { texts, ascending, .. } = self;
        let Some(texts) = texts.get() else { return new };
        if self.table.get().is_none() {
            match ascending.insert(key, new, |number| texts.get(number)) {
                AscendingInsertion::Last(number) => return number,
                AscendingInsertion::Known(number) => {
                    *self.searched.0.get_mut() += 1;
                    if self.searches_suffice() {
                        self.hash_all();
                    }
                    return number;
                }
                AscendingInsertion::New => return new,
                AscendingInsertion::OutOfOrder => self.hash_all(),
            }
        }
        self.insert_hashed(key, new)
    }

    fn insert_hashed(&mut self, key: &str, new: u32) -> u32 {
        let Self { texts, table, hasher, .. } = self;
        let (Some(texts), Some(table)) = (texts.get(), table.get_mut()) else { return new };
        let hash = short_hash(hasher, key);
        let entry = table.entry(
            spread(hash),
            |slot| slot.hash == hash && texts.get(slot.number) == key,
            |slot| spread(slot.hash),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => found.get().number,
            hashbrown::hash_table::Entry::Vacant(place) => {
                place.insert(Slot { hash, number: new });
                new
            }
        }
    }

    /// Whether a key was inserted that folding changed.
    #[must_use]
    pub fn has_spellings(&self) -> bool {
        !self.raw.is_empty()
    }

    /// As [`insert`](Self::insert), but fails if another spelling of the same folded key was inserted before. `raw` is
    /// the spelling before folding, if folding changed it.
    ///
    /// # Errors
    /// Both spellings of the key.
    pub fn insert_spelt(&mut self, key: &str, raw: Option<&str>) -> Result<u32, Folds> {
        let known = (raw.is_some() || self.has_spellings()).then(|| self.get(key)).flatten();
        let spelling = raw.unwrap_or(key);
        if known.is_some() {
            let first = self.raw.get(key).map_or(key, String::as_str);
            if first != spelling {
                return Err(Folds { first: first.into(), second: spelling.into() });
            }
        } else if let Some(raw) = raw {
            self.raw.insert(key.into(), raw.into());
        }
        Ok(self.insert(key))
    }

    /// The keys that are wanted, numbered anew in the same order, and for each old number the new one.
    #[must_use]
    pub fn retained(&self, is_wanted: impl Fn(&str) -> bool) -> (Self, Vec<Option<u32>>) {
        let raw = self.raw.iter().filter(|(key, _)| is_wanted(key));
        let raw = raw.map(|(key, spelling)| (key.clone(), spelling.clone())).collect();
        let mut retained = Self { raw, ..Self::default() };
        let keys = (0..).take(self.len()).map(|number| self.key(number));
        let renumbered = keys.map(|key| is_wanted(key).then(|| retained.insert(key))).collect();
        (retained, renumbered)
    }

    /// The same keys numbered in the order of their bytes, and for each old number the new one.
    #[must_use]
    pub fn sorted(&self) -> (Self, Vec<u32>) {
        let mut order: Vec<u32> = (0..).take(self.len()).collect();
        order.sort_unstable_by_key(|&number| self.key(number));
        let mut sorted = Self::default();
        let mut renumbered = vec![0; self.len()];
        for old in order {
            renumbered[index(old)] = sorted.insert(self.key(old));
        }
        (sorted, renumbered)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id_numbers::IdKind;

    #[test]
    fn inserting_a_key_again_returns_its_number_and_keeps_leading_zeros() {
        let mut index = KeyIndex::default();
        assert_eq!((index.insert("007"), index.insert("7"), index.insert("007")), (0, 1, 0));
        assert_eq!((index.get("7"), index.get("07"), index.key(0)), (Some(1), None, "007"));
    }

    #[test]
    fn keys_have_the_same_numbers_in_any_order_of_insertion_and_search() {
        let mut ascending: Vec<String> = (0..400).map(|n| format!("B{n:04}")).collect();
        ascending.extend((0..20).map(|n| format!("R{n:04}")));
        // Keys by number, by text, and some of both kinds.
        let by_text: Vec<String> = ascending.iter().map(|key| format!("{key}x")).collect();
        let of_both = [&ascending[..50], &by_text[50..]].concat();
        let shuffled = [&ascending, &by_text, &of_both].map(|keys| {
            let mut keys = keys.clone();
            keys.sort_by_key(|key| FixedState::default().hash_one(key));
            keys
        });
        for keys in [ascending, by_text, of_both].into_iter().chain(shuffled) {
            let mut index = KeyIndex::default();
            index.reserve(keys.len());
            let mut near = NearKey::default();
            for (number, key) in (0..).zip(&keys) {
                assert_eq!(index.get(key), None);
                assert_eq!(index.insert(key), number);
                assert_eq!(index.insert(key), number);
                assert_eq!((index.get(key), index.get_near(key, &mut near)), (Some(number), Some(number)));
            }
            let copy = index.clone();
            assert_eq!(copy.len(), keys.len());
            assert!((0..).zip(&keys).all(|(number, key)| copy.get(key) == Some(number)));
            assert_eq!(["", "B0004y", "Z", "B4", "B00004"].map(|key| copy.get(key)), [None; 5]);
        }
    }

    /// The numbers in which keys end, if all do and there are not too many kinds.
    fn numbers_of(keys: &[&str]) -> Option<IdNumbers> {
        let mut ids = IdNumbers::default();
        keys.iter().all(|key| ids.push(key) || ids.push_new(key)).then_some(ids)
    }

    proptest! {
        #[test]
        fn keys_of_any_kind_have_the_numbers_of_a_map(
            keys in prop::collection::vec("(B|R|20|A[0-9])?[0-9]{0,3}(0000000000000000)?[0-9x]{0,3}", 0..300),
            blocks in prop::collection::vec(1usize..90, 1..8),
            shows_texts in any::<bool>(),
        ) {
            let mut known: BTreeMap<&str, u32> = BTreeMap::new();
            let mut index = KeyIndex::default();
            let mut rest: Vec<&str> = keys.iter().map(String::as_str).collect();
            let mut sizes = blocks.into_iter().cycle();
            while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
                let block: Vec<&str> = rest.drain(..rest.len().min(size)).collect();
                let mut expected = Vec::new();
                for key in &block {
                    let new = u32::try_from(known.len()).unwrap();
                    expected.push(*known.entry(key).or_insert(new));
                }
                let rows: Vec<u32> = (0..).take(block.len()).collect();
                let ids = numbers_of(&block);
                let found = index.insert_each(ids.as_ref(), &rows, |row| block[row as usize]);
                prop_assert_eq!(found, expected);
                if let Some((key, number)) = known.first_key_value().filter(|_| shows_texts) {
                    prop_assert_eq!(index.key(*number), *key);
                }
            }
            for (key, number) in &known {
                prop_assert_eq!((index.get(key), index.key(*number)), (Some(*number), *key));
            }
            let asked = ["B1", "R", "", "20x", "A10000000000000000001"];
            let each = index.get_each(None, asked.into_iter().map(Some));
            prop_assert_eq!(each, asked.map(|key| known.get(key).copied()));
            let numbered: Vec<&str> =
                keys.iter().map(String::as_str).chain(asked).filter(|key| IdKind::of(key).is_some()).collect();
            let ids = numbers_of(&numbered);
            let each = index.get_each(ids.as_ref(), numbered.iter().copied().map(Some));
            let expected: Vec<Option<u32>> = numbered.iter().map(|key| known.get(key).copied()).collect();
            prop_assert_eq!(each, expected);
        }
    }

    #[test]
    fn keys_looked_up_in_blocks_have_the_numbers_of_keys_looked_up_one_by_one() {
        let mut keys: Vec<String> = (0..3_000).map(|n| format!("B{n:05}x")).collect();
        let shuffle =
            |keys: &mut Vec<String>, seed| keys.sort_by_key(|key| FixedState::with_seed(seed).hash_one(key));
        shuffle(&mut keys, 1);
        let mut index = KeyIndex::default();
        keys.iter().for_each(|key| {
            index.insert(key);
        });
        let mut asked = keys.clone();
        shuffle(&mut asked, 2);
        // Some in no order with unknown ones among them, then all in order, then again in no order.
        asked.truncate(1_000);
        asked.extend(["", "B00000y", "Z"].map(str::to_owned));
        shuffle(&mut asked, 3);
        asked.extend(keys.iter().cloned().chain(asked.clone()).collect::<Vec<_>>());
        let wanted = asked.iter().enumerate().map(|(at, key)| (at % 7 > 0).then_some(key.as_str()));
        let one_by_one: Vec<Option<u32>> = wanted.clone().map(|key| index.get(key?)).collect();
        assert_eq!(index.get_each(None, wanted), one_by_one);
        assert!(one_by_one.iter().flatten().count() > 4_000);
        let ascending = KeyIndex::default();
        assert_eq!(ascending.get_each(None, [Some("a"), None].into_iter()), [None, None]);
    }

    #[test]
    fn keys_with_one_short_hash_have_numbers_of_their_own() {
        let mut index = KeyIndex::default();
        let mut by_hash: BTreeMap<u32, String> = BTreeMap::new();
        let (mut first, mut second) = (String::new(), String::new());
        for number in 0.. {
            let key = format!("K{number}");
            if let Some(known) = by_hash.insert(short_hash(&index.hasher, &key), key.clone()) {
                (first, second) = (known, key);
                break;
            }
        }
        // Out of order, so that they are hashed.
        let keys = ["z", "a", &first, &second];
        assert_eq!(keys.map(|key| index.insert(key)), [0, 1, 2, 3]);
        let asked: Vec<&str> = keys.into_iter().cycle().take(200).collect();
        let found = index.get_each(None, asked.iter().map(|key| Some(*key)));
        assert!(found.iter().zip(asked).all(|(number, key)| *number == index.get(key)));
        assert_eq!(keys.map(|key| index.get(key)), [0, 1, 2, 3].map(Some));
    }

    #[test]
    fn keys_are_sorted_by_their_bytes() {
        let mut index = KeyIndex::default();
        ["b", "10", "9", "a"].iter().for_each(|key| {
            index.insert(key);
        });
        let (sorted, renumbered) = index.sorted();
        assert_eq!((0..4).map(|n| sorted.key(n)).collect::<Vec<_>>(), ["10", "9", "a", "b"]);
        assert_eq!(renumbered, [3, 0, 1, 2]);
    }

    #[test]
    fn wanted_keys_stay_in_their_order_and_know_their_spelling() {
        let mut index = KeyIndex::default();
        assert_eq!(index.insert_spelt("12", Some("１２")), Ok(0));
        ["b", "c"].iter().for_each(|key| {
            index.insert(key);
        });
        let (mut retained, renumbered) = index.retained(|key| key != "b");
        assert_eq!(renumbered, [Some(0), None, Some(1)]);
        assert_eq!((retained.get("c"), retained.get("b"), retained.len()), (Some(1), None, 2));
        assert!(retained.insert_spelt("12", None).is_err());
    }

    #[test]
    fn two_spellings_that_fold_to_one_key_are_refused_in_either_order() {
        let mut index = KeyIndex::default();
        assert_eq!(index.insert_spelt("12", Some("１２")), Ok(0));
        assert_eq!(index.insert_spelt("12", Some("１２")), Ok(0));
        assert!(index.insert_spelt("12", None).is_err());
        let mut index = KeyIndex::default();
        assert_eq!(index.insert_spelt("12", None), Ok(0));
        assert!(index.insert_spelt("12", Some("１２")).is_err());
    }
}
