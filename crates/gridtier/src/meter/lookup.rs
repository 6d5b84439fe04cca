//! From ids as text to numbers, with as little hashing as the file's encoding allows.
//!
//! A dictionary is mapped once, and not at all when it equals the one before, as in daily batches of the same
//! customers. Plain text is compared with the id that followed last time: files sorted by time repeat their customers
//! in the same order, files sorted by customer repeat the same one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use crate::contract::cell::{Ids, State};
use crate::contract::rule::Rule;
use crate::key::KeyIndex;

/// The number of an id, or why it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(u32);

impl Number {
    const ORPHAN: Self = Self(u32::MAX);
    /// No id at all.
    pub const NULL: Self = Self(u32::MAX - 1);
    const TOO_LONG: Self = Self(u32::MAX - 2);

    /// The number, if there is one.
    #[inline]
    pub fn known(self) -> Option<u32> {
        (self.0 < Self::TOO_LONG.0).then_some(self.0)
    }

    /// The fault of a key that is part of the reading's own.
    pub fn key_fault(self) -> Option<Rule> {
        match self {
            Self::NULL => Some(Rule::NullKey),
            Self::TOO_LONG => Some(Rule::IdTooLong),
            _ => None,
        }
    }
}

/// What one thread remembers of the ids it has met in a column.
pub(super) struct Lookup {
    /// The last dictionary and the number of each of its values.
    dictionary: Option<(ArrayRef, Vec<Number>)>,
    /// The number that followed each number, and the last one met.
    followers: Vec<u32>,
    last: u32,
}

/// Finds numbers: of customers among the accepted ones, of meters with new numbers for new meters.
pub(super) trait Numbers {
    /// The number of an id.
    fn find(&mut self, id: &str) -> Number;
    /// Whether `number` is known to be the number of `id`.
    fn is(&self, number: u32, id: &str) -> bool;
}

impl Lookup {
    pub fn new() -> Self {
        Self { dictionary: None, followers: Vec::new(), last: 0 }
    }

    /// The numbers of a column's rows into `numbers`. `read` turns a column or a dictionary's values into ids.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn numbers<E>(
        &mut self,
        array: &ArrayRef,
        known: &mut dyn Numbers,
        read: &mut dyn FnMut(&ArrayRef) -> Result<Ids, E>,
        numbers: &mut Vec<Number>,
    ) -> Result<(), E> {
        numbers.clear();
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            let ids = read(array)?;
            numbers.extend((0..array.len()).map(|row| self.guessed(&ids, row, known)));
            return Ok(());
        };
        let values = dictionary.values();
        let same = |known: &ArrayRef| Arc::ptr_eq(known, values) || known == values;
        if !self.dictionary.as_ref().is_some_and(|(known, _)| same(known)) {
            let ids = read(values)?;
            // Dictionaries of one customer base have it in much the same order.
            let mapped = (0..values.len()).map(|place| self.guessed(&ids, place, known)).collect();
            self.dictionary = Some((values.clone(), mapped));
        }
        let Some((_, mapped)) = &self.dictionary else { return Ok(()) };
        let number = |key: usize| mapped.get(key).copied().unwrap_or(Number::NULL);
        let nulls = dictionary.nulls();
        match dictionary.keys().as_primitive_opt::<arrow_array::types::Int32Type>() {
            Some(keys) if nulls.is_none() => {
                numbers.extend(keys.values().iter().map(|&key| number(key as usize)));
            }
            _ if values.is_empty() => numbers.resize(array.len(), Number::NULL),
            _ => {
                numbers.extend(dictionary.normalized_keys().into_iter().enumerate().map(|(row, key)| {
                    if dictionary.keys().is_null(row) { Number::NULL } else { number(key) }
                }))
            }
        }
        Ok(())
    }

    /// The number of an id, guessed to be the last one or the one that followed it last time before it is looked up.
    fn guessed(&mut self, ids: &Ids, row: usize, known: &mut dyn Numbers) -> Number {
        let last = self.last as usize;
        let number = of_id(ids, row, |id| {
            if known.is(self.last, id) {
                return Number(self.last);
            }
            match self.followers.get(last) {
                Some(&follower) if known.is(follower, id) => Number(follower),
                _ => known.find(id),
            }
        });
        if let Some(number) = number.known() {
            if self.followers.len() <= last {
                self.followers.resize(last + 1, 0);
            }
            self.followers[last] = number;
            self.last = number;
        }
        number
    }
}

fn of_id(ids: &Ids, row: usize, find: impl FnOnce(&str) -> Number) -> Number {
    match ids.states[row] {
        State::Ok => find(ids.values.value(row)),
        State::Null => Number::NULL,
        State::Fault(_) => Number::TOO_LONG,
    }
}

/// Accepted customers.
pub(super) struct OfCustomers<'a>(pub &'a KeyIndex);

impl Numbers for OfCustomers<'_> {
    fn find(&mut self, id: &str) -> Number {
        self.0.get(id).map_or(Number::ORPHAN, Number)
    }

    #[inline]
    fn is(&self, number: u32, id: &str) -> bool {
        (number as usize) < self.0.len() && self.0.key(number) == id
    }
}

/// Meters: known to this thread, or asked of [`Series`], which numbers them for all threads.
pub(super) struct OfMeters<'a> {
    pub series: &'a Series,
    pub known: &'a mut KnownMeters,
}

/// The meters that a thread has met, under numbers of its own and under those of all threads.
#[derive(Default)]
pub(super) struct KnownMeters {
    local: KeyIndex,
    global_of: Vec<u32>,
    local_of: Vec<u32>,
}

impl Numbers for OfMeters<'_> {
    fn find(&mut self, id: &str) -> Number {
        let KnownMeters { local, global_of, local_of } = &mut *self.known;
        let own = local.insert(id) as usize;
        if own == global_of.len() {
            let global = self.series.meters.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
            global_of.push(global);
            local_of.resize(local_of.len().max(global as usize + 1), u32::MAX);
            local_of[global as usize] = own as u32;
        }
        Number(global_of[own])
    }

    #[inline]
    fn is(&self, number: u32, id: &str) -> bool {
        let own = self.known.local_of.get(number as usize).copied().filter(|&own| own != u32::MAX);
        own.is_some_and(|own| self.known.local.key(own) == id)
    }
}

/// The series of readings that must not repeat: one for each customer and meter.
///
/// The first meter met of a customer has the customer's own number, so that the common case of one meter for each
/// customer needs no table. Which meter is first depends on the threads, but nothing that is published does.
pub(super) struct Series {
    meters: Mutex<KeyIndex>,
    /// By customer: its first meter + 2, 1 for the null meter, 0 for none yet.
    first: Vec<AtomicU32>,
    /// Further meters by customer and meter.
    further: Mutex<HashMap<(u32, u32), u32>>,
}

/// What one thread knows of the series.
#[derive(Default)]
pub(super) struct SeriesCache(HashMap<(u32, u32), u32>);

impl Series {
    pub fn new(customers: usize) -> Self {
        let first = (0..customers).map(|_| AtomicU32::new(0)).collect();
        Self { meters: Mutex::default(), first, further: Mutex::default() }
    }

    /// The series of a customer's meter (`None`: the null meter).
    #[inline]
    pub fn of(&self, customer: u32, meter: Option<u32>, cache: &mut SeriesCache) -> u32 {
        let code = meter.map_or(1, |meter| meter + 2);
        let first = &self.first[customer as usize];
        let known = first.load(Ordering::Relaxed);
        if known == code {
            return customer;
        }
        if known == 0 {
            match first.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return customer,
                Err(other) if other == code => return customer,
                Err(_) => {}
            }
        }
        *cache.0.entry((customer, code)).or_insert_with(|| {
            let mut further = self.further.lock().unwrap_or_else(PoisonError::into_inner);
            let next = (self.first.len() + further.len()) as u32;
            *further.entry((customer, code)).or_insert(next)
        })
    }
}
