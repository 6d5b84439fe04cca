//! From batches to checked rows of one table: the steps that all tables share.
//!
//! A row is tested in one order: its own key and date, the window, every other rule, duplicates among what is
//! left. The modules of the single tables say what their columns and rules are; the order, the counting and the
//! treatment of duplicate keys stand here.

use arrow_array::{ArrayRef, StringViewArray};

use crate::contract::cell::{self, Cells, Dates, Floats, Ids, Scale, Sign, State, TypeFault, Values};
use crate::contract::declared::{NetExport, TableDeclared};
use crate::contract::rule::Rule;
use crate::contract::{AMOUNT_CNY_MAX, Column, Kind, READING_KWH_MAX, Table};
use crate::error::{Refusal, RunError};
use crate::index::count;
use crate::key::KeyIndex;
use crate::source::{Batch, RowAt, Source, TableBook};

/// Largest accepted planned energy (Wh) or quantity in thousandths: far above any real one, far below an overflow.
const QUANTITY_MAX: i64 = 9_000_000_000_000_000;

/// Integer steps of 10⁻³ in one unit.
const THOUSANDTHS: i64 = 1_000;

/// A checked row: its key's number, its place, its values.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// Number of the table's own key.
    pub key: u32,
    /// Where it is.
    pub at: RowAt,
    /// Its values.
    pub value: T,
}

/// Turns a column of keys into numbers, given the way to read a column's or a dictionary's keys.
pub type Numbering<'a> = &'a mut dyn FnMut(&ArrayRef, TextOf) -> Result<(), RunError>;

/// The way to the text of a column, or of a dictionary's values.
pub type TextOf<'a> = &'a dyn Fn(&ArrayRef) -> Result<StringViewArray, RunError>;

/// The columns of a batch, by contract.
pub struct Columns<'a> {
    source: &'a dyn Source,
    table: Table,
    batch: &'a Batch,
    declared: &'a TableDeclared,
    faults: std::iter::Peekable<std::slice::Iter<'a, (u32, Rule)>>,
}

impl<'a> Columns<'a> {
    /// The columns of `batch`.
    #[must_use]
    pub fn new(source: &'a dyn Source, table: Table, batch: &'a Batch, declared: &'a TableDeclared) -> Self {
        Self { source, table, batch, declared, faults: batch.faults.iter().peekable() }
    }

    /// Rows of the batch.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.record.num_rows()
    }

    /// The place of a row of the batch.
    #[must_use]
    pub fn at(&self, row: usize) -> RowAt {
        RowAt::new(self.batch.file, self.batch.first_row + row as u64)
    }

    /// The reader's own fault with a row; to be asked row after row.
    pub fn reader_fault(&mut self, row: usize) -> Option<Rule> {
        self.faults.next_if(|(faulty, _)| *faulty as usize == row).map(|(_, rule)| *rule)
    }

    fn typed<T>(&self, name: &str, result: Result<T, TypeFault>) -> Result<T, RunError> {
        result.map_err(|fault| crate::source::refuse_type(self.source, self.table, self.batch, name, &fault))
    }

    fn dates_of<'n>(&'n self, name: &str, places: bool) -> Dates<'n> {
        let form = self.declared.date_forms.get(name).map(String::as_str);
        Dates { form, zone: self.source.declared().zone, places }
    }

    fn spec(&self, name: &str) -> &'static Column {
        static UNKNOWN: Column = Column {
            name: "",
            kind: Kind::Text,
            nullable: true,
            key: false,
            unit: "",
            about: "",
            about_zh: "",
        };
        self.table.column(name).unwrap_or(&UNKNOWN)
    }

    /// A column of keys. Integer keys are noticed in `book`.
    ///
    /// # Errors
    /// The column cannot hold keys.
    pub fn ids(&self, name: &str, book: &mut TableBook) -> Result<Ids, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(Ids::empty(self.rows())) };
        let ids = self.typed(name, cell::ids(array))?;
        if ids.from_integers {
            self.notice_integers(name, book);
        }
        Ok(ids)
    }

    /// Hands a column of keys to `number`, with the way to read its text or that of its dictionary; whether the file has
    /// it.
    ///
    /// # Errors
    /// The column cannot hold keys.
    pub fn numbers_of(&self, name: &str, book: &mut TableBook, number: Numbering) -> Result<bool, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(false) };
        number(array, &|values| self.typed(name, cell::id_texts(values)))?;
        if cell::are_integers(array.data_type()) {
            self.notice_integers(name, book);
        }
        Ok(true)
    }

    fn notice_integers(&self, name: &str, book: &mut TableBook) {
        book.notice_integer_ids(self.source, self.batch.file, name, count(self.rows()));
    }

    /// A column as its contract's kind asks, as integers: energies in Wh, money in fen, days, months, microseconds,
    /// places in a list of words, hundredths, thousandths, counts, flags.
    ///
    /// # Errors
    /// The column's type cannot be the contract's.
    pub fn cells(&self, name: &str) -> Result<Cells, RunError> {
        use crate::contract::Kind as K;
        let Some(array) = self.batch.column(name) else { return Ok(Cells::empty(self.rows())) };
        let declared = self.declared;
        let mark = declared.decimal_mark;
        let scale = |factor, max, sign| Scale { factor, max, sign, mark };
        let result = match self.spec(name).kind {
            K::Energy => cell::scaled(array, &scale(declared.energy.wh(), QUANTITY_MAX, Sign::NotNegative)),
            K::Money => cell::scaled(array, &scale(declared.money.fen(), AMOUNT_CNY_MAX * 100, Sign::Any)),
            K::Thousandths => cell::scaled(array, &scale(THOUSANDTHS, QUANTITY_MAX, Sign::NotNegative)),
            // Severity has bounds of its own, below zero too.
            K::Count if name == "severity" => cell::counts(array, Sign::Any, mark),
            K::Count => cell::counts(array, Sign::NotNegative, mark),
            K::PowerFactor => cell::power_factors(array, mark),
            K::Flag => cell::flags(array, name, declared),
            K::Word(known) => cell::words(array, name, known.codes, declared),
            K::Date => cell::dates(array, self.dates_of(name, false)),
            K::PlacingDate => cell::dates(array, self.dates_of(name, true)),
            K::PlacingMonth => cell::months(array, self.dates_of(name, true)),
            K::PlacingTime => cell::times_us(array, self.dates_of(name, true)),
            K::Id | K::Text | K::Number => Err(TypeFault("it is not held as an integer".into())),
        };
        self.typed(name, result)
    }

    /// A column of energies of readings, in Wh or varh, into `out`; whether the file has it.
    ///
    /// # Errors
    /// The column holds no numbers.
    pub fn fill_energies(&self, name: &str, out: &mut Values) -> Result<bool, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(false) };
        let sign = match self.declared.net_export {
            NetExport::Refused if name == "active_kwh" => Sign::NotNegative,
            _ => Sign::Any,
        };
        let (factor, mark) = (self.declared.energy.wh(), self.declared.decimal_mark);
        let scale = Scale { factor, max: READING_KWH_MAX * 1_000, sign, mark };
        self.typed(name, cell::fill_scaled(array, &scale, out)).map(|()| true)
    }

    /// A column of times that place their rows, in microseconds of local time, into `out`; whether the file has it.
    ///
    /// # Errors
    /// The column holds no times.
    pub fn fill_times(&self, name: &str, out: &mut Values) -> Result<bool, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(false) };
        self.typed(name, cell::fill_times_us(array, self.dates_of(name, true), out)).map(|()| true)
    }

    /// Hands the rows of a column of words that are `odd` to `sink`, by place of the word and state.
    ///
    /// # Errors
    /// The column is not text.
    pub fn odd_words(
        &self,
        name: &str,
        odd: impl Fn(i64, State) -> bool,
        sink: &mut dyn FnMut(usize, i64, State),
    ) -> Result<(), RunError> {
        let (Some(array), Kind::Word(known)) = (self.batch.column(name), self.spec(name).kind) else {
            return Ok(());
        };
        let convert = |array: &ArrayRef| cell::words(array, name, known.codes, self.declared);
        self.typed(name, cell::odd_words(array, convert, odd, sink))
    }

    /// A column of numbers as they are.
    ///
    /// # Errors
    /// The column holds no numbers.
    pub fn numbers(&self, name: &str) -> Result<Floats, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(Floats::empty(self.rows())) };
        self.typed(name, cell::floats(array, self.declared.decimal_mark))
    }

    /// A column of free text.
    ///
    /// # Errors
    /// The column is not text.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<String>>, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(vec![None; self.rows()]) };
        self.typed(name, cell::texts(array))
    }

    /// The number of a row's own key.
    ///
    /// # Errors
    /// Two spellings fold to one key.
    pub fn own_key(&self, ids: &Ids, row: usize, index: &mut KeyIndex) -> Result<u32, RunError> {
        let raw = match ids.folded.binary_search_by_key(&row, |(row, _)| *row) {
            Ok(place) => Some(ids.folded[place].1.as_str()),
            Err(_) => None,
        };
        index.insert_spelt(ids.values.value(row), raw).map_err(|folds| {
            let what = format!("`{}` and `{}` are two keys that fold to one", folds.first, folds.second);
            let path = self.source.file_name(self.table, self.batch.file);
            Refusal::at(self.table, path, what, "write the key in one way only, in half-width characters")
                .into()
        })
    }
}

/// Rows of a table, as far as they are known before it is read.
///
/// # Errors
/// The table's files cannot be read.
pub fn known_rows(source: &dyn Source, table: Table) -> Result<usize, RunError> {
    let parts = source.parts(table)?.unwrap_or_default();
    Ok(parts.iter().filter_map(|part| part.rows).sum::<u64>() as usize)
}

/// Reads a whole table, all contract columns, batch by batch in the order of files and rows. The book learns whether
/// the table is there and counts the rows; an absent table calls nothing.
///
/// # Errors
/// The table cannot be read, or `sink` refuses.
pub fn read_table(
    source: &dyn Source,
    book: &mut TableBook,
    sink: &mut dyn FnMut(&mut Columns, &mut TableBook) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let table = book.table;
    let Some(parts) = source.parts(table)? else { return Ok(()) };
    book.present = true;
    let declared = source.declared().of(table);
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    for part in parts {
        source.read(table, part, &names, &mut |batch| {
            let rows = batch.record.num_rows() as u64;
            book.tally.rows_in += rows;
            source.progress(table, rows);
            sink(&mut Columns::new(source, table, &batch, &declared), book)
        })?;
    }
    Ok(())
}

/// The fault of a row's own key: empty, or too long.
#[must_use]
pub fn key_fault(ids: &Ids, row: usize) -> Option<Rule> {
    match ids.states[row] {
        State::Ok => None,
        State::Null => Some(Rule::NullKey),
        State::Fault(rule) => Some(rule),
    }
}

/// The fault of a cell, where an empty one is none.
#[must_use]
pub fn fault_if_any(state: State) -> Option<Rule> {
    match state {
        State::Fault(rule) => Some(rule),
        State::Ok | State::Null => None,
    }
}

/// The fault of a cell, where an empty one breaks a rule too.
#[must_use]
pub fn fault_or_null(state: State) -> Option<Rule> {
    match state {
        State::Fault(rule) => Some(rule),
        State::Null => Some(Rule::NullValue),
        State::Ok => None,
    }
}

/// Rows with one key that are equal count once; rows with one key that differ are all set aside.
#[must_use]
pub fn settle<T: PartialEq>(book: &mut TableBook, mut rows: Vec<Row<T>>, keys: usize) -> Vec<Row<T>> {
    const NONE: u32 = u32::MAX;
    let mut first = vec![NONE; keys];
    let mut differs = vec![false; keys];
    for (place, row) in rows.iter().enumerate() {
        let key = row.key as usize;
        if first[key] == NONE {
            first[key] = place as u32;
        } else if rows[first[key] as usize].value != row.value {
            differs[key] = true;
        }
    }
    let mut place = 0;
    rows.retain(|row| {
        let key = row.key as usize;
        let is_first = first[key] == place;
        place += 1;
        if differs[key] {
            book.reject(row.at, Rule::DuplicateKey);
            return false;
        }
        if is_first {
            book.tally.counted += 1;
        } else {
            book.tally.duplicates += 1;
        }
        is_first
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_count_once_and_differing_ones_not_at_all() {
        let mut book = TableBook::new(Table::Bills);
        let row = |key, place, value| Row { key, at: RowAt::new(0, place), value };
        let rows = vec![row(0, 0, 'a'), row(1, 1, 'b'), row(0, 2, 'a'), row(1, 3, 'c'), row(2, 4, 'd')];
        let kept = settle(&mut book, rows, 3);
        assert_eq!(kept.iter().map(|row| row.value).collect::<String>(), "ad");
        assert_eq!((book.tally.counted, book.tally.duplicates, book.tally.rejected), (2, 1, 2));
        assert!(book.rejects.iter().all(|reject| reject.rule == Rule::DuplicateKey));
    }
}
