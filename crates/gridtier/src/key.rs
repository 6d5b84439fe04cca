//! Interning of account numbers and other text keys as dense numbers.
//!
//! A key is looked up as text once per row; from then on its number indexes columns. Numbers follow the order of
//! insertion, so no output may depend on them before the keys are [sorted](KeyIndex::sorted).

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::index::{count, index};

/// A set of keys, numbered from 0 in the order of insertion.
#[derive(Clone, Debug, Default)]
pub struct KeyIndex {
    text: String,
    ends: Vec<u64>,
    table: HashTable<u32>,
    hasher: FixedState,
    /// For each folded key that folding changed, its spelling before folding.
    raw: BTreeMap<String, String>,
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
        self.ends.len()
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The key that has a number.
    #[must_use]
    pub fn key(&self, number: u32) -> &str {
        key_at(&self.text, &self.ends, number)
    }

    /// The number of a key; `None` if it was never inserted.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.table.find(hash, |&number| self.key(number) == key).copied()
    }

    /// As [`get`](Self::get), but first tries the number after the `last` one found, then `last` itself. So rows in
    /// the order of their keys need no hashing.
    #[must_use]
    pub fn get_near(&self, key: &str, last: &mut u32) -> Option<u32> {
        let found = [last.saturating_add(1), *last]
            .into_iter()
            .find(|&number| index(number) < self.len() && self.key(number) == key)
            .or_else(|| self.get(key))?;
        *last = found;
        Some(found)
    }

    /// Reserves memory for `keys` more keys.
    pub fn reserve(&mut self, keys: usize) {
        let Self { text, ends, table, hasher, .. } = self;
        ends.reserve(keys);
        table.reserve(keys, |&number| hasher.hash_one(key_at(text, ends, number)));
    }

    /// The number of a key, which is inserted if it is new.
    pub fn insert(&mut self, key: &str) -> u32 {
        let hash = self.hasher.hash_one(key);
        let Self { text, ends, table, hasher, .. } = self;
        let entry = table.entry(
            hash,
            |&number| key_at(text, ends, number) == key,
            |&number| hasher.hash_one(key_at(text, ends, number)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(place) => {
                let number = ends.len() as u32;
                place.insert(number);
                text.push_str(key);
                ends.push(count(text.len()));
                number
            }
        }
    }

    /// As [`insert`](Self::insert), but fails if another spelling of the same folded key was inserted before. `raw` is
    /// the spelling before folding, if folding changed it.
    ///
    /// # Errors
    /// Both spellings of the key.
    pub fn insert_spelt(&mut self, key: &str, raw: Option<&str>) -> Result<u32, Folds> {
        let known = (raw.is_some() || !self.raw.is_empty()).then(|| self.get(key)).flatten();
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
        let mut retained = Self { raw: self.raw.clone(), ..Self::default() };
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

fn key_at<'a>(text: &'a str, ends: &[u64], number: u32) -> &'a str {
    let number = index(number);
    let start = if number == 0 { 0 } else { ends[number - 1] as usize };
    &text[start..ends[number] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserting_a_key_again_returns_its_number_and_keeps_leading_zeros() {
        let mut index = KeyIndex::default();
        assert_eq!((index.insert("007"), index.insert("7"), index.insert("007")), (0, 1, 0));
        assert_eq!((index.get("7"), index.get("07"), index.key(0)), (Some(1), None, "007"));
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
