//! From ids as text to numbers, with as little hashing as the file's encoding allows.
//!
//! A dictionary is mapped once, and not at all when it equals the one before, as in daily batches of the same
//! customers. Other ids are guessed before they are looked up: files sorted by customer repeat the same one, files sorted
//! by time repeat their customers in the same order. A guess compares two machine words where the id is short.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, StringViewArray};

use crate::contract::cell::{State, fold_id, id_state};
use crate::contract::rule::Rule;
use crate::error::RunError;
use crate::key::KeyIndex;
use crate::rows::TextOf;

/// The number of an id, or why it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u32);

impl Number {
    const ORPHAN: Self = Self(u32::MAX);
    /// No id at all.
    pub const NULL: Self = Self(u32::MAX - 1);
    const TOO_LONG: Self = Self(u32::MAX - 2);

    /// The number, if there is one.
    #[inline]
    pub fn known(self) -> Option<u32> {
        (self < Self::TOO_LONG).then_some(self.0)
    }

    /// Whether any id of a column has no number.
    pub fn is_any_unknown(numbers: &[Self]) -> bool {
        numbers.iter().fold(false, |any, number| any | (number.0 >= Self::TOO_LONG.0))
    }

    /// The number of an id that is known.
    #[inline]
    pub fn index(self) -> u32 {
        self.0
    }

    /// What is wrong with a customer's id.
    pub fn fault(self) -> Option<Rule> {
        match self {
            Self::NULL => Some(Rule::NullKey),
            Self::TOO_LONG => Some(Rule::IdTooLong),
            Self::ORPHAN => Some(Rule::Orphan),
            _ => None,
        }
    }
}

/// Finds numbers: of customers among the accepted ones, of meters with new numbers for new meters.
pub(super) trait Numbers {
    /// The number of a folded id.
    fn find(&mut self, id: &str) -> Option<u32>;
    /// Whether `number` is known to be that of a folded id.
    fn is(&self, number: u32, id: &str) -> bool;
}

/// Accepted customers.
pub(super) struct OfCustomers<'a>(pub &'a KeyIndex);

impl Numbers for OfCustomers<'_> {
    fn find(&mut self, id: &str) -> Option<u32> {
        self.0.get(id)
    }

    fn is(&self, number: u32, id: &str) -> bool {
        (number as usize) < self.0.len() && self.0.key(number) == id
    }
}

/// Meters, numbered for all threads as they are met. Which number a meter gets depends on the threads, but nothing that
/// is published does.
pub(super) struct OfMeters<'a> {
    shared: &'a RwLock<KeyIndex>,
    known: Held<'a>,
}

/// From the first new meter of a batch on, its thread keeps the others away: where one is new, many are.
enum Held<'a> {
    Nothing,
    ToRead(RwLockReadGuard<'a, KeyIndex>),
    ToWrite(RwLockWriteGuard<'a, KeyIndex>),
}

impl<'a> OfMeters<'a> {
    pub fn new(shared: &'a RwLock<KeyIndex>) -> Self {
        Self { shared, known: Held::ToRead(shared.read().unwrap_or_else(PoisonError::into_inner)) }
    }

    fn index(&self) -> Option<&KeyIndex> {
        match &self.known {
            Held::Nothing => None,
            Held::ToRead(index) => Some(index),
            Held::ToWrite(index) => Some(index),
        }
    }
}

impl Numbers for OfMeters<'_> {
    fn find(&mut self, id: &str) -> Option<u32> {
        if let Some(number) = self.index().and_then(|index| index.get(id)) {
            return Some(number);
        }
        if !matches!(self.known, Held::ToWrite(_)) {
            // To hold on to reading would keep oneself out.
            self.known = Held::Nothing;
            self.known = Held::ToWrite(self.shared.write().unwrap_or_else(PoisonError::into_inner));
        }
        match &mut self.known {
            Held::ToWrite(index) => Some(index.insert(id)),
            _ => None,
        }
    }

    fn is(&self, number: u32, id: &str) -> bool {
        self.index().is_some_and(|index| (number as usize) < index.len() && index.key(number) == id)
    }
}

/// What one thread remembers of the ids it has met in a column.
pub(super) struct Lookup {
    /// The last dictionary and the number of each of its values.
    dictionary: Option<(ArrayRef, Vec<Number>)>,
    /// By number: what the id last looked like.
    looks: Vec<Look>,
    /// By number: the one that followed.
    followers: Vec<u32>,
    last: u32,
}

/// What an id looks like in its column: its bytes and length, or its integer, in one word. Longer ids have no look.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look(u128);

impl Look {
    const NONE: Self = Self(u128::MAX);
    /// Longest text that a view holds itself.
    const INLINE_BYTES: u32 = 12;

    /// Of a view, whose low half word is the length; shorter text is padded with zeros.
    #[inline]
    fn of_view(view: u128) -> Self {
        if view as u32 <= Self::INLINE_BYTES { Self(view) } else { Self::NONE }
    }

    /// Of an integer: no text has such a length.
    #[inline]
    fn of_integer(value: i64) -> Self {
        Self(u128::from(value as u64) << 64 | u128::from(u32::MAX - 1))
    }
}

impl Lookup {
    pub fn new() -> Self {
        Self { dictionary: None, looks: Vec::new(), followers: Vec::new(), last: 0 }
    }

    /// The numbers of a column's rows into `numbers`. `text_of` reads a column or a dictionary's values as text.
    ///
    /// # Errors
    /// Those of `text_of`.
    pub fn numbers(
        &mut self,
        array: &ArrayRef,
        known: &mut dyn Numbers,
        text_of: TextOf,
        numbers: &mut Vec<Number>,
    ) -> Result<(), RunError> {
        numbers.clear();
        if let Some(integers) = array.as_primitive_opt::<Int64Type>().filter(|ids| ids.null_count() == 0) {
            numbers.extend(integers.values().iter().map(|&id| {
                self.guess(Look::of_integer(id)).unwrap_or_else(|| {
                    let mut digits = String::new();
                    // Writing to a string cannot fail.
                    let _ = std::fmt::Write::write_fmt(&mut digits, format_args!("{id}"));
                    self.look_up(&digits, Look::of_integer(id), known)
                })
            }));
            return Ok(());
        }
        if array.as_any_dictionary_opt().is_none() {
            self.map(&text_of(array)?, known, numbers);
            return Ok(());
        }
        self.by_dictionary(array, known, text_of, numbers)
    }

    fn map(&mut self, texts: &StringViewArray, known: &mut dyn Numbers, numbers: &mut Vec<Number>) {
        let nulls = texts.nulls().filter(|nulls| nulls.null_count() > 0);
        numbers.extend(texts.views().iter().enumerate().map(|(row, &view)| {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return Number::NULL;
            }
            let look = Look::of_view(view);
            let guessed = match look {
                Look::NONE => self.guess_long(texts.value(row), known),
                _ => self.guess(look),
            };
            guessed.unwrap_or_else(|| self.look_up(texts.value(row), look, known))
        }));
    }

    fn by_dictionary(
        &mut self,
        array: &ArrayRef,
        known: &mut dyn Numbers,
        text_of: TextOf,
        numbers: &mut Vec<Number>,
    ) -> Result<(), RunError> {
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        let same = |known: &ArrayRef| Arc::ptr_eq(known, values) || known == values;
        let mapped = match self.dictionary.take() {
            // The array itself is kept anew: the next batch of the row group has the very same.
            Some((last, mapped)) if same(&last) => mapped,
            last => {
                let mut mapped = last.map_or_else(Vec::new, |(_, mapped)| mapped);
                mapped.clear();
                self.map(&text_of(values)?, known, &mut mapped);
                mapped
            }
        };
        let number = |key: usize| mapped.get(key).copied().unwrap_or(Number::NULL);
        match dictionary.keys().as_primitive_opt::<Int32Type>() {
            Some(keys) if keys.null_count() == 0 => {
                numbers.extend(keys.values().iter().map(|&key| number(key as usize)));
            }
            Some(keys) => {
                numbers.extend(keys.iter().map(|key| key.map_or(Number::NULL, |key| number(key as usize))))
            }
            None if values.is_empty() => numbers.resize(array.len(), Number::NULL),
            None => {
                numbers.extend(dictionary.normalized_keys().into_iter().enumerate().map(|(row, key)| {
                    if dictionary.keys().is_null(row) { Number::NULL } else { number(key) }
                }))
            }
        }
        self.dictionary = Some((Arc::clone(values), mapped));
        Ok(())
    }

    /// The last number or the one that followed it last time, if that looked the same.
    #[inline]
    fn guess(&mut self, look: Look) -> Option<Number> {
        let last = self.last as usize;
        let &follower = self.followers.get(last)?;
        if self.looks[follower as usize] == look {
            self.last = follower;
            return Some(Number(follower));
        }
        (self.looks[last] == look).then_some(Number(self.last))
    }

    /// As [`guess`](Self::guess), of an id that has no look.
    fn guess_long(&mut self, raw: &str, known: &dyn Numbers) -> Option<Number> {
        let &follower = self.followers.get(self.last as usize)?;
        if known.is(follower, raw) {
            self.last = follower;
            return Some(Number(follower));
        }
        known.is(self.last, raw).then_some(Number(self.last))
    }

    #[inline(never)]
    fn look_up(&mut self, raw: &str, look: Look, known: &mut dyn Numbers) -> Number {
        let id = fold_id(raw);
        match id_state(&id) {
            State::Ok => {}
            State::Null => return Number::NULL,
            State::Fault(_) => return Number::TOO_LONG,
        }
        let Some(number) = known.find(&id) else { return Number::ORPHAN };
        let most = number.max(self.last) as usize + 1;
        if self.looks.len() < most {
            self.looks.resize(most, Look::NONE);
            self.followers.resize(most, 0);
        }
        self.looks[number as usize] = look;
        self.followers[self.last as usize] = number;
        self.last = number;
        Number(number)
    }
}
