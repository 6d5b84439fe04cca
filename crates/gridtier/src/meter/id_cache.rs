//! Turns ids given as text into numbers, with as little hashing as the file's encoding allows.
//!
//! The values of a dictionary are looked up once, and not at all if the dictionary equals the one before, as in daily
//! row groups of the same customers. Other ids are predicted before they are looked up: a file sorted by customer
//! repeats the same id, and a file sorted by time repeats its customers in the same order. Testing a prediction takes
//! one comparison of 16 bytes if the id is short, and less if the numbers of a block of ids follow one another.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, StringArray, StringViewArray};

use super::known_ids::{KnownIds, PackedId};
use super::places::{PlaceIx, Places};
use crate::contract::cell::{CellState, fold_id, id_state};
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::index::{CustomerIx, index, positions};
use crate::key::KeyIndex;
use crate::rows::TextOf;

positions! {
    /// A meter, by its number in the order in which all threads met the meters. This order depends on the threads, but
    /// nothing that is published depends on the order.
    MeterIx,
}

/// The number of an id, or why the id has none. It takes four bytes, since there is one for each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IdNumber(u32);

impl IdNumber {
    const ORPHAN: Self = Self(u32::MAX);
    /// There is no id at all.
    pub const NULL: Self = Self(u32::MAX - 1);
    const TOO_LONG: Self = Self(u32::MAX - 2);

    /// The number, if there is one.
    #[inline]
    pub fn known(self) -> Option<u32> {
        (self < Self::TOO_LONG).then_some(self.0)
    }

    /// Whether the id is longer than ids may be, so that it has no number of its own.
    pub fn is_too_long(self) -> bool {
        self == Self::TOO_LONG
    }

    /// The number of an id that has one.
    #[inline]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Whether any id of a column has no number. The fold has no early exit, so that ids are compared several at a time.
    pub fn is_any_unknown(numbers: &[Self]) -> bool {
        numbers.iter().fold(false, |any, number| any | (number.0 >= Self::TOO_LONG.0))
    }

    /// The rule that the id of a customer breaks.
    pub fn fault(self) -> Option<Rule> {
        match self {
            Self::NULL => Some(Rule::NullKey),
            Self::TOO_LONG => Some(Rule::IdTooLong),
            Self::ORPHAN => Some(Rule::Orphan),
            _ => None,
        }
    }
}

/// Where an id that could not be predicted is looked up.
pub(super) trait IdTable {
    /// The number of a folded id.
    fn number_of(&mut self, id: &str) -> Option<u32>;
    /// Whether `number` is in the table and has that folded id.
    fn has(&self, number: u32, id: &str) -> bool;
}

/// The accepted customers, by their places.
pub(super) struct CustomerIds<'a> {
    pub ids: &'a KeyIndex,
    pub places: &'a Places,
}

impl IdTable for CustomerIds<'_> {
    fn number_of(&mut self, id: &str) -> Option<u32> {
        self.ids.get(id).map(|customer| self.places.of(CustomerIx::new(customer)).number())
    }

    fn has(&self, number: u32, id: &str) -> bool {
        let customer = self.places.customer(PlaceIx::new(number));
        customer.index() < self.ids.len() && self.ids.key(customer.number()) == id
    }
}

/// The accepted customers and all others; the numbers of the others follow those of the accepted customers.
pub(super) struct AllCustomerIds<'a> {
    accepted: CustomerIds<'a>,
    unaccepted: MeterIds<'a>,
}

impl<'a> AllCustomerIds<'a> {
    pub fn new(accepted: CustomerIds<'a>, unaccepted: &'a RwLock<KeyIndex>) -> Self {
        Self { accepted, unaccepted: MeterIds::new(unaccepted) }
    }

    fn accepted_count(&self) -> u32 {
        u32::try_from(self.accepted.ids.len()).expect("keys have numbers of 32 bits")
    }
}

impl IdTable for AllCustomerIds<'_> {
    fn number_of(&mut self, id: &str) -> Option<u32> {
        let first = self.accepted_count();
        self.accepted.number_of(id).or_else(|| Some(first + self.unaccepted.number_of(id)?))
    }

    fn has(&self, number: u32, id: &str) -> bool {
        match number.checked_sub(self.accepted_count()) {
            None => self.accepted.has(number, id),
            Some(other) => self.unaccepted.has(other, id),
        }
    }
}

/// The meters of all threads; a new meter gets a number when it is looked up.
pub(super) struct MeterIds<'a> {
    shared: &'a RwLock<KeyIndex>,
    guard: MeterGuard<'a>,
}

/// From the first new meter of a batch on, a thread keeps the write lock until the batch ends: if one meter is new,
/// most likely many are.
enum MeterGuard<'a> {
    Released,
    Read(RwLockReadGuard<'a, KeyIndex>),
    Write(RwLockWriteGuard<'a, KeyIndex>),
}

impl<'a> MeterIds<'a> {
    pub fn new(shared: &'a RwLock<KeyIndex>) -> Self {
        Self { shared, guard: MeterGuard::Read(shared.read().unwrap_or_else(PoisonError::into_inner)) }
    }

    fn meters(&self) -> Option<&KeyIndex> {
        match &self.guard {
            MeterGuard::Released => None,
            MeterGuard::Read(meters) => Some(meters),
            MeterGuard::Write(meters) => Some(meters),
        }
    }
}

impl IdTable for MeterIds<'_> {
    fn number_of(&mut self, id: &str) -> Option<u32> {
        if let Some(number) = self.meters().and_then(|meters| meters.get(id)) {
            return Some(number);
        }
        if !matches!(self.guard, MeterGuard::Write(_)) {
            // Drop the read lock first, or the write lock below deadlocks.
            self.guard = MeterGuard::Released;
            self.guard = MeterGuard::Write(self.shared.write().unwrap_or_else(PoisonError::into_inner));
        }
        match &mut self.guard {
            MeterGuard::Write(meters) => Some(meters.insert(id)),
            _ => None,
        }
    }

    fn has(&self, number: u32, id: &str) -> bool {
        self.meters().is_some_and(|meters| index(number) < meters.len() && meters.key(number) == id)
    }
}

/// Of this many rows, the first [`TRIAL`] show whether predictions come true; if fewer than half do, the others are found
/// without.
const TRIAL_PERIOD: usize = if cfg!(test) { 8 } else { 4_096 };
const TRIAL: usize = if cfg!(test) { 2 } else { 32 };
/// Number of ids that are fetched from memory together, or compared with numbers that follow one another.
const BLOCK: usize = if cfg!(test) { 4 } else { 64 };

/// A column of ids as text.
trait IdTexts {
    fn len(&self) -> usize;
    fn has_nulls(&self) -> bool;
    fn is_null(&self, row: usize) -> bool;
    fn packed(&self, row: usize) -> PackedId;
    fn text(&self, row: usize) -> &str;
}

impl IdTexts for StringViewArray {
    fn len(&self) -> usize {
        Array::len(self)
    }

    fn has_nulls(&self) -> bool {
        self.null_count() > 0
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        Array::is_null(self, row)
    }

    #[inline]
    fn packed(&self, row: usize) -> PackedId {
        PackedId::from_view(self.views()[row])
    }

    fn text(&self, row: usize) -> &str {
        self.value(row)
    }
}

impl IdTexts for StringArray {
    fn len(&self) -> usize {
        Array::len(self)
    }

    fn has_nulls(&self) -> bool {
        self.null_count() > 0
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        Array::is_null(self, row)
    }

    #[inline]
    fn packed(&self, row: usize) -> PackedId {
        let offsets = self.value_offsets();
        let [start, end] = [offsets[row], offsets[row + 1]].map(|offset| index(offset.cast_unsigned()));
        PackedId::from_text(self.value_data(), start..end)
    }

    fn text(&self, row: usize) -> &str {
        self.value(row)
    }
}

/// What one thread remembers of the ids of a column, kept from batch to batch.
#[derive(Default)]
pub(super) struct IdCache {
    /// The last dictionary and the number of each of its values.
    dictionary: Option<(ArrayRef, Vec<IdNumber>)>,
    /// For each number, the id as it was spelt last.
    packed: Vec<PackedId>,
    /// For each number, the number that came after it last time; this is the prediction.
    followers: Vec<u32>,
    /// The numbers by packed id; empty until predictions fail.
    known: KnownIds,
    /// The number found last.
    last: u32,
    /// How many ids were looked up although they were spelt as last time.
    mispredicted: usize,
}

impl IdCache {
    /// Writes the numbers of a column's rows into `numbers`. `text_of` reads a column, or the values of a dictionary,
    /// as text.
    ///
    /// # Errors
    /// Any error of `text_of`.
    pub fn number_column(
        &mut self,
        array: &ArrayRef,
        table: &mut dyn IdTable,
        text_of: TextOf,
        numbers: &mut Vec<IdNumber>,
    ) -> Result<(), RunError> {
        numbers.clear();
        if let Some(integers) = array.as_primitive_opt::<Int64Type>().filter(|ids| ids.null_count() == 0) {
            numbers.extend(integers.values().iter().map(|&id| {
                let packed = PackedId::from_integer(id);
                self.predict(packed).unwrap_or_else(|| self.look_up(&id.to_string(), packed, table))
            }));
            return Ok(());
        }
        if array.as_any_dictionary_opt().is_none() {
            self.number_texts(&text_of(array)?, table, numbers);
            return Ok(());
        }
        self.number_dictionary(array, table, text_of, numbers)
    }

    fn number_texts(&mut self, texts: &impl IdTexts, table: &mut dyn IdTable, numbers: &mut Vec<IdNumber>) {
        let rows = texts.len();
        for start in (0..rows).step_by(TRIAL_PERIOD) {
            let (trial, end) = (rows.min(start + TRIAL), rows.min(start + TRIAL_PERIOD));
            self.mispredicted = 0;
            self.predict_texts(texts, start..trial, table, numbers);
            if self.mispredicted * 2 <= TRIAL {
                self.predict_texts(texts, trial..end, table, numbers);
            } else {
                self.find_texts(texts, trial..end, table, numbers);
            }
        }
    }

    fn predict_texts(
        &mut self,
        texts: &impl IdTexts,
        rows: Range<usize>,
        table: &mut dyn IdTable,
        numbers: &mut Vec<IdNumber>,
    ) {
        let has_nulls = texts.has_nulls();
        for start in rows.clone().step_by(BLOCK) {
            let block = start..rows.end.min(start + BLOCK);
            let first = self.last + 1;
            if !has_nulls && self.is_run(texts, block.clone(), first) {
                numbers.extend((first..).take(block.len()).map(IdNumber));
                self.last += u32::try_from(block.len()).expect("a block is short");
                continue;
            }
            numbers.extend(block.map(|row| {
                if texts.is_null(row) {
                    return IdNumber::NULL;
                }
                let packed = texts.packed(row);
                let predicted = match packed {
                    PackedId::TOO_LONG => self.predict_long(texts.text(row), table),
                    _ => self.predict(packed),
                };
                let found = predicted.or_else(|| self.find_unpredicted(packed));
                found.unwrap_or_else(|| self.look_up(texts.text(row), packed, table))
            }));
        }
    }

    /// Whether the ids of rows without nulls have numbers that follow one another from `first` on, as where each day names
    /// the customers in the order of the first. The fold has no early exit, so that ids are compared several at a time
    /// (the kernel of `plain` took 0.42 s without, 0.38 with).
    fn is_run(&self, texts: &impl IdTexts, rows: Range<usize>, first: u32) -> bool {
        let first = index(first);
        let Some(packed) = self.packed.get(first..first + rows.len()) else { return false };
        if packed.first().is_none_or(|&id| id != texts.packed(rows.start)) {
            return false;
        }
        packed
            .iter()
            .zip(rows)
            .fold(true, |is_run, (&id, row)| is_run & (id == texts.packed(row)) & (id != PackedId::TOO_LONG))
    }

    /// As [`predict_texts`](Self::predict_texts), but without predictions. All ids of a block are looked for before the
    /// first is tested, so that they are fetched from memory together.
    fn find_texts(
        &mut self,
        texts: &impl IdTexts,
        rows: Range<usize>,
        table: &mut dyn IdTable,
        numbers: &mut Vec<IdNumber>,
    ) {
        if self.known.is_empty() {
            self.known.rebuild(&self.packed);
        }
        if self.known.has_dense() {
            numbers.extend(rows.map(|row| match texts.packed(row) {
                _ if texts.is_null(row) => IdNumber::NULL,
                id => match self.known.dense(id) {
                    Some(number) => IdNumber(number),
                    None => self.find_or_look_up(texts.text(row), id, table),
                },
            }));
            return;
        }
        let (mut ids, mut found) = ([PackedId::TOO_LONG; BLOCK], [0; BLOCK]);
        for start in rows.clone().step_by(BLOCK) {
            let block = start..rows.end.min(start + BLOCK);
            for ((row, id), found) in block.clone().zip(&mut ids).zip(&mut found) {
                *id = texts.packed(row);
                *found = self.known.first(*id);
            }
            for ((row, &id), &found) in block.zip(&ids).zip(&found) {
                let is_it = self.packed.get(index(found)) == Some(&id) && id != PackedId::TOO_LONG;
                numbers.push(if texts.is_null(row) {
                    IdNumber::NULL
                } else if is_it {
                    IdNumber(found)
                } else {
                    self.find_or_look_up(texts.text(row), id, table)
                });
            }
        }
    }

    fn find_or_look_up(&mut self, raw: &str, packed: PackedId, table: &mut dyn IdTable) -> IdNumber {
        match self.known.find(packed, &self.packed) {
            Some(number) => IdNumber(number),
            None => self.look_up(raw, packed, table),
        }
    }

    /// Comparing a dictionary with the one before takes 1.5 % of the time if each of 365 row groups has all 100,000 ids
    /// in its dictionary; looking up its values again would take a hash for each (benches/README.md, `days`).
    fn number_dictionary(
        &mut self,
        array: &ArrayRef,
        table: &mut dyn IdTable,
        text_of: TextOf,
        numbers: &mut Vec<IdNumber>,
    ) -> Result<(), RunError> {
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        let by_key = match self.dictionary.take() {
            Some((last, by_key)) if Arc::ptr_eq(&last, values) || &last == values => by_key,
            last => {
                let mut by_key = last.map_or_else(Vec::new, |(_, by_key)| by_key);
                by_key.clear();
                match values.as_string_opt::<i32>() {
                    // Views would be made of it only to be read once.
                    Some(texts) => self.number_texts(texts, table, &mut by_key),
                    None => self.number_texts(&text_of(values)?, table, &mut by_key),
                }
                by_key
            }
        };
        match dictionary.keys().as_primitive_opt::<Int32Type>() {
            Some(keys) if keys.null_count() == 0 => {
                numbers.extend(keys.values().iter().map(|&key| at_key(&by_key, key)));
            }
            Some(keys) => {
                numbers.extend(keys.iter().map(|key| key.map_or(IdNumber::NULL, |key| at_key(&by_key, key))));
            }
            None if values.is_empty() => numbers.resize(array.len(), IdNumber::NULL),
            None => {
                numbers.extend(dictionary.normalized_keys().into_iter().enumerate().map(|(row, key)| {
                    if dictionary.keys().is_null(row) { IdNumber::NULL } else { by_key[key] }
                }));
            }
        }
        // This array is kept and not the equal earlier one: the next batch of the row group has the same pointer, which
        // saves the comparison.
        self.dictionary = Some((Arc::clone(values), by_key));
        Ok(())
    }

    /// The number that last time followed the last number found, or that last number itself, if its id was spelt the
    /// same.
    #[inline]
    fn predict(&mut self, packed: PackedId) -> Option<IdNumber> {
        let &follower = self.followers.get(index(self.last))?;
        if self.packed[index(follower)] == packed {
            self.last = follower;
            return Some(IdNumber(follower));
        }
        (self.packed[index(self.last)] == packed).then_some(IdNumber(self.last))
    }

    /// As [`predict`](Self::predict), for an id that is too long to be packed.
    fn predict_long(&mut self, raw: &str, table: &dyn IdTable) -> Option<IdNumber> {
        let &follower = self.followers.get(index(self.last))?;
        if table.has(follower, raw) {
            self.last = follower;
            return Some(IdNumber(follower));
        }
        table.has(self.last, raw).then_some(IdNumber(self.last))
    }

    /// The number of an id that was not predicted, from the table of packed ids once there is one: a failed prediction then
    /// needs no look-up by text (benches/README.md, `reordered`).
    #[inline(never)]
    fn find_unpredicted(&mut self, packed: PackedId) -> Option<IdNumber> {
        if self.known.is_empty() {
            return None;
        }
        let number = self.known.find(packed, &self.packed)?;
        self.mispredicted += 1;
        self.followers[index(self.last)] = number;
        self.last = number;
        Some(IdNumber(number))
    }

    /// This function is kept out of line, so that the loop around predictions that come true stays small.
    #[inline(never)]
    fn look_up(&mut self, raw: &str, packed: PackedId, table: &mut dyn IdTable) -> IdNumber {
        let id = fold_id(raw);
        match id_state(&id) {
            CellState::Ok => {}
            CellState::Null => return IdNumber::NULL,
            CellState::Fault(_) => return IdNumber::TOO_LONG,
        }
        let Some(number) = table.number_of(&id) else { return IdNumber::ORPHAN };
        let length = index(number.max(self.last)) + 1;
        if self.packed.len() < length {
            self.packed.resize(length, PackedId::TOO_LONG);
            self.followers.resize(length, 0);
        }
        let is_known = packed != PackedId::TOO_LONG && self.packed[index(number)] == packed;
        self.mispredicted += usize::from(is_known);
        self.packed[index(number)] = packed;
        self.known.insert(packed, number, &self.packed);
        self.followers[index(self.last)] = number;
        self.last = number;
        IdNumber(number)
    }
}

/// The number at a key of a dictionary. A negative key becomes one that no dictionary has.
#[inline]
fn at_key(by_key: &[IdNumber], key: i32) -> IdNumber {
    by_key.get(index(key.cast_unsigned())).copied().unwrap_or(IdNumber::NULL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::cell::id_texts;

    #[test]
    fn ids_have_the_same_numbers_in_any_order_as_text_and_in_a_dictionary() {
        let ids = ["1", "22", "a", "客户", "exactly12345", "longer than a view", "longer still than a view"];
        let mut keys = KeyIndex::default();
        for id in &ids[..6] {
            keys.insert(id);
        }
        let places = Places::new([3, 1].map(CustomerIx::new).to_vec(), keys.len());
        let mut cache = IdCache::default();
        let mut draw = 1_u64;
        for round in 0..60 {
            let mut rows: Vec<Option<&str>> = ids.iter().copied().map(Some).chain([None]).collect();
            // Some rounds come in the order of the round before.
            for last in (1..rows.len() * usize::from(round % 3 != 0)).rev() {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rows.swap(last, draw as usize % (last + 1));
            }
            rows.extend(rows.clone());
            let array: ArrayRef = match round % 2 {
                0 => Arc::new(rows.iter().copied().collect::<StringViewArray>()),
                _ => Arc::new(rows.iter().copied().collect::<arrow_array::DictionaryArray<Int32Type>>()),
            };
            let mut table = CustomerIds { ids: &keys, places: &places };
            let text_of = |array: &ArrayRef| Ok(id_texts(array).expect("text"));
            let mut numbers = Vec::new();
            cache.number_column(&array, &mut table, &text_of, &mut numbers).unwrap();
            let place = |id: &str| keys.get(id).map(|number| places.of(CustomerIx::new(number)).number());
            let expected = rows.iter().map(|id| match id {
                None => IdNumber::NULL,
                Some(id) => place(id).map_or(IdNumber::ORPHAN, IdNumber),
            });
            assert_eq!(numbers, expected.collect::<Vec<_>>(), "round {round}");
        }
    }

    #[test]
    fn ids_in_the_order_of_their_numbers_have_these_numbers_unless_one_differs() {
        let id = |number: usize| match number {
            13 | 30 => format!("customer {number}, too long for a view"),
            _ => number.to_string(),
        };
        let mut keys = KeyIndex::default();
        for number in 0..40 {
            keys.insert(&id(number));
        }
        let places = Places::new(Vec::new(), keys.len());
        let (mut cache, mut numbers) = (IdCache::default(), Vec::new());
        let changes: [&[(usize, &str)]; 6] = [
            &[],
            &[(17, "17 of others"), (21, "8")],
            &[],
            &[(13, "others, too long for a view"), (22, "customer 30, too long for a view")],
            &[(30, "3"), (39, "")],
            &[],
        ];
        for changes in changes {
            let mut ids: Vec<String> = (0..40).map(id).collect();
            for (row, changed) in changes {
                ids[*row] = (*changed).to_owned();
            }
            let array: ArrayRef = Arc::new(StringViewArray::from_iter_values(&ids));
            let mut table = CustomerIds { ids: &keys, places: &places };
            let text_of = |array: &ArrayRef| Ok(id_texts(array).expect("text"));
            cache.number_column(&array, &mut table, &text_of, &mut numbers).unwrap();
            let expected = ids.iter().map(|id| match keys.get(id) {
                _ if id.is_empty() => IdNumber::NULL,
                Some(number) => IdNumber(number),
                None => IdNumber::ORPHAN,
            });
            assert_eq!(numbers, expected.collect::<Vec<_>>(), "{changes:?}");
        }
    }
}
