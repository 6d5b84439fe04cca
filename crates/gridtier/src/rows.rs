//! Reading the checked rows of a table: the steps that all tables share.
//!
//! A row is tested in a fixed order: its own key and date, the window, every other rule, duplicates among the remaining
//! rows. The module of each table implements [`TableRules`]; this one has the order, the counting and the treatment of
//! duplicate keys.

use arrow_array::{ArrayRef, StringViewArray};

use crate::contract::cell::{
    self, CellState, CheckedColumn, Dates, Ids, Integers, Scaling, Sign, Texts, TypeFault, Values, word_at,
};
use crate::contract::declared::{NetExport, TableDeclared};
use crate::contract::rule::Rule;
use crate::contract::{AMOUNT_CNY_MAX, Column, ColumnKind, READING_KWH_MAX, Table};
use crate::error::{Refusal, RunError};
use crate::index::{count, index, index_u64};
use crate::key::KeyIndex;
use crate::source::{Batch, RowAt, Source, TableBook};
use crate::word::Word;

/// Largest accepted planned energy (Wh) or quantity in thousandths: far above any real one, far below an overflow.
const QUANTITY_MAX: i64 = 9_000_000_000_000_000;

/// Integer steps of 10⁻³ in one unit.
const THOUSANDTHS: i64 = 1_000;

/// An accepted row.
#[derive(Clone, Debug)]
pub struct CheckedRow<T> {
    /// Number of the table's own key.
    pub key: u32,
    /// Its location.
    pub at: RowAt,
    /// Its values.
    pub value: T,
}

/// Numbers a column of keys; gets the column and a function that reads the text of a column or a dictionary's values.
pub type Numbering<'a> = &'a mut dyn FnMut(&ArrayRef, TextOf) -> Result<(), RunError>;

/// Reads the text of a column, or of a dictionary's values.
pub type TextOf<'a> = &'a dyn Fn(&ArrayRef) -> Result<StringViewArray, RunError>;

/// The columns of a batch, read as the contract asks.
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

    /// Number of rows in the batch.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.record.num_rows()
    }

    /// The location of a row of the batch.
    #[must_use]
    pub fn at(&self, row: usize) -> RowAt {
        RowAt::new(self.batch.file, self.batch.first_row + count(row))
    }

    /// The fault that the reader found in a row. Rows must be asked for in ascending order.
    pub fn reader_fault(&mut self, row: usize) -> Option<Rule> {
        self.faults.next_if(|(faulty, _)| index(*faulty) == row).map(|(_, rule)| *rule)
    }

    fn typed<T>(&self, name: &str, result: Result<T, TypeFault>) -> Result<T, RunError> {
        result.map_err(|fault| crate::source::refuse_type(self.source, self.table, self.batch, name, &fault))
    }

    fn dates_of<'n>(&'n self, name: &str, places: bool) -> Dates<'n> {
        let form = self.declared.date_forms.get(name).map(String::as_str);
        Dates { form, zone: self.source.declared().zone, clock: self.declared.timestamps, places }
    }

    fn spec(&self, name: &str) -> &'static Column {
        static UNKNOWN: Column = Column {
            name: "",
            kind: ColumnKind::Text,
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

    /// Calls `number` with a column of keys and a function that reads its text. Returns whether the file has the
    /// column.
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

    /// A column as integers, in the unit of its kind: energies in Wh, money in fen, days, months, microseconds,
    /// positions in a list of words, hundredths, thousandths, counts, flags.
    ///
    /// # Errors
    /// The column's type cannot be the contract's.
    pub fn cells(&self, name: &str) -> Result<Integers, RunError> {
        use crate::contract::ColumnKind as K;
        let Some(array) = self.batch.column(name) else { return Ok(Integers::empty(self.rows())) };
        let declared = self.declared;
        let mark = declared.decimal_mark;
        let scale = |factor, max, sign| Scaling { factor, max, sign, mark };
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

    /// As [`cells`](Self::cells), in a narrower type that holds every value the contract accepts.
    ///
    /// # Errors
    /// As [`cells`](Self::cells).
    pub fn narrow<T: TryFrom<i64>>(&self, name: &str) -> Result<CheckedColumn<T>, RunError> {
        Ok(self.cells(name)?.map(|value| T::try_from(value).ok().expect("the contract bounds the value")))
    }

    /// A column of words.
    ///
    /// # Errors
    /// The column is not text.
    pub fn words<W: Word>(&self, name: &str) -> Result<CheckedColumn<W>, RunError> {
        Ok(self.cells(name)?.map(word_at))
    }

    /// A column of true and false.
    ///
    /// # Errors
    /// The column holds neither.
    pub fn flags(&self, name: &str) -> Result<CheckedColumn<bool>, RunError> {
        Ok(self.cells(name)?.map(|value| value == 1))
    }

    /// Reads a column of energies, in Wh or varh, into `out`. Returns whether the file has the column.
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
        let scale = Scaling { factor, max: READING_KWH_MAX * 1_000, sign, mark };
        self.typed(name, cell::fill_scaled(array, &scale, out)).map(|()| true)
    }

    /// Reads a column of times, in microseconds of local time, into `out`. Returns whether the file has the column.
    ///
    /// # Errors
    /// The column holds no times.
    pub fn fill_times(&self, name: &str, out: &mut Values) -> Result<bool, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(false) };
        self.typed(name, cell::fill_times_us(array, self.dates_of(name, true), out)).map(|()| true)
    }

    /// Calls `sink` for the rows of a column of words for which `odd` is true, with the word's position and the state.
    ///
    /// # Errors
    /// The column is not text.
    pub fn odd_words(
        &self,
        name: &str,
        odd: impl Fn(i64, CellState) -> bool,
        sink: &mut dyn FnMut(usize, i64, CellState),
    ) -> Result<(), RunError> {
        let (Some(array), ColumnKind::Word(known)) = (self.batch.column(name), self.spec(name).kind) else {
            return Ok(());
        };
        let found =
            cell::odd_words(array, |array| cell::words(array, name, known.codes, self.declared), odd, sink);
        self.typed(name, found)
    }

    /// A column of numbers, unscaled.
    ///
    /// # Errors
    /// The column holds no numbers.
    pub fn numbers(&self, name: &str) -> Result<CheckedColumn<f64>, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(CheckedColumn::empty(self.rows())) };
        self.typed(name, cell::floats(array, self.declared.decimal_mark))
    }

    /// A column of free text.
    ///
    /// # Errors
    /// The column is not text.
    pub fn texts(&self, name: &str) -> Result<Texts, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(Texts::empty(self.rows())) };
        self.typed(name, cell::texts(array))
    }

    /// The number of a row's own key, which is inserted if it is new.
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

/// The columns and rules of one table, for [`read`], which applies them in the declared order.
///
/// `Cells` are the columns of a batch, besides the table's own key and date; `Place` is what is known of a row once it
/// is found to lie in the window; `Row` holds the values of an accepted row. Rows with one key are duplicates when
/// their values are equal.
pub trait TableRules<Cells, Place, Row: PartialEq> {
    /// Whether rows outside the window get a key number too, because other tables refer to them.
    const NUMBERS_ALL_KEYS: bool = false;

    /// The numbers of the table's own keys.
    fn keys(&mut self) -> &mut KeyIndex;

    /// Reads the columns of a batch.
    ///
    /// # Errors
    /// The type of a column cannot be the contract's.
    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<Cells, RunError>;

    /// Where in the window a row lies; `None` outside. `date` is that of the column that places the row, in the unit
    /// of [`Columns::cells`]; 0 in a table without one.
    fn place(&mut self, date: i64, cells: &Cells, row: usize) -> Option<Place>;

    /// Records the key of a row outside the window, if [`NUMBERS_ALL_KEYS`](Self::NUMBERS_ALL_KEYS).
    fn note_outside(&mut self, _key: u32) {}

    /// The values of a row in the window. `ids` is the first column of the table's own key.
    ///
    /// # Errors
    /// The first rule that the row breaks.
    fn value(&mut self, place: Place, ids: &Ids, cells: &Cells, row: usize) -> Result<Row, Rule>;
}

/// Reads a table, all contract columns, in the order of files and rows, and returns the accepted rows. Each row is
/// tested in the declared order: key and date can be read, the date lies in the window, every other rule, duplicates.
/// The book records whether the source has the table and what became of each row.
///
/// # Errors
/// The table cannot be read.
pub fn read<Cells, Place, V: PartialEq>(
    source: &dyn Source,
    book: &mut TableBook,
    rules: &mut impl TableRules<Cells, Place, V>,
) -> Result<Vec<CheckedRow<V>>, RunError> {
    let table = book.table;
    let Some(parts) = source.parts(table)? else { return Ok(Vec::new()) };
    book.present = true;
    rules.keys().reserve(index_u64(parts.iter().filter_map(|part| part.rows).sum()));
    let declared = source.declared().of(table);
    let names: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    let mut rows = Vec::new();
    for part in parts {
        source.read(table, part, &names, &mut |batch| {
            let count = count(batch.record.num_rows());
            book.tally.rows_in += count;
            source.progress(table, count);
            test_rows(&mut Columns::new(source, table, &batch, &declared), book, rules, &mut rows)
        })?;
    }
    let rows = settle_duplicates(book, rows, rules.keys().len());
    book.close()?;
    Ok(rows)
}

/// Tests the rows of a batch for all rules except duplicates, which need the whole table.
fn test_rows<Cells, Place, V: PartialEq, T: TableRules<Cells, Place, V>>(
    columns: &mut Columns,
    book: &mut TableBook,
    rules: &mut T,
    rows: &mut Vec<CheckedRow<V>>,
) -> Result<(), RunError> {
    let key = OwnKey::read(columns, book)?;
    let cells = rules.cells(columns, book)?;
    for row in 0..columns.rows() {
        let at = columns.at(row);
        let date = match columns.reader_fault(row).map_or_else(|| key.date(row), Err) {
            Ok(date) => date,
            Err(rule) => {
                book.reject(at, rule);
                continue;
            }
        };
        let number =
            if T::NUMBERS_ALL_KEYS { Some(key.number(columns, row, date, rules.keys())?) } else { None };
        let Some(place) = rules.place(date, &cells, row) else {
            book.tally.out_of_window += 1;
            if let Some(number) = number {
                rules.note_outside(number);
            }
            continue;
        };
        match rules.value(place, &key.ids, &cells, row) {
            Ok(value) => {
                let key = match number {
                    Some(number) => number,
                    None => key.number(columns, row, date, rules.keys())?,
                };
                rows.push(CheckedRow { key, at, value });
            }
            Err(rule) => book.reject(at, rule),
        }
    }
    Ok(())
}

/// A table's own key and the date that places a row, as the contract marks them.
struct OwnKey {
    ids: Ids,
    /// `None` in a table whose rows have no date.
    dates: Option<Integers>,
    is_date_in_key: bool,
}

impl OwnKey {
    fn read(columns: &Columns, book: &mut TableBook) -> Result<Self, RunError> {
        let contract = book.table.columns();
        let id = contract.iter().find(|column| column.key).expect("every table has a key");
        let date = contract.iter().find(|column| column.kind.places_rows());
        Ok(Self {
            ids: columns.ids(id.name, book)?,
            dates: date.map(|date| columns.cells(date.name)).transpose()?,
            is_date_in_key: date.is_some_and(|date| date.key),
        })
    }

    /// The date of a row whose key and date can be read.
    fn date(&self, row: usize) -> Result<i64, Rule> {
        self.ids.required(row).map_err(null_key)?;
        match &self.dates {
            None => Ok(0),
            Some(dates) if self.is_date_in_key => dates.required(row).map_err(null_key),
            Some(dates) => dates.required(row),
        }
    }

    /// The number of a row's key.
    fn number(
        &self,
        columns: &Columns,
        row: usize,
        date: i64,
        index: &mut KeyIndex,
    ) -> Result<u32, RunError> {
        if self.is_date_in_key {
            return Ok(index.insert(&format!("{} {date}", self.ids.values.value(row))));
        }
        columns.own_key(&self.ids, row, index)
    }
}

/// The rule of a fault in a table's own key.
fn null_key(rule: Rule) -> Rule {
    if rule == Rule::NullValue { Rule::NullKey } else { rule }
}

/// Of equal rows with one key, the first counts; if rows with one key differ, all of them are rejected.
fn settle_duplicates<T: PartialEq>(
    book: &mut TableBook,
    rows: Vec<CheckedRow<T>>,
    keys: usize,
) -> Vec<CheckedRow<T>> {
    // Four bytes for each key, not the sixteen of an `Option<usize>`: tables of bills have hundreds of millions.
    const NONE: u32 = u32::MAX;
    let mut first = vec![NONE; keys];
    let mut differs = vec![false; keys];
    for (position, row) in (0..).zip(&rows) {
        let key = index(row.key);
        match first[key] {
            NONE => first[key] = position,
            first => differs[key] |= rows[index(first)].value != row.value,
        }
    }
    let mut accepted = rows;
    let mut position = 0u32;
    accepted.retain(|row| {
        let key = index(row.key);
        let is_first = first[key] == position;
        position += 1;
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
    accepted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_count_once_and_differing_rows_are_rejected() {
        let mut book = TableBook::new(Table::Bills);
        let row = |key, place, value| CheckedRow { key, at: RowAt::new(0, place), value };
        let rows = vec![row(0, 0, 'a'), row(1, 1, 'b'), row(0, 2, 'a'), row(1, 3, 'c'), row(2, 4, 'd')];
        let kept = settle_duplicates(&mut book, rows, 3);
        assert_eq!(kept.iter().map(|row| row.value).collect::<String>(), "ad");
        assert_eq!((book.tally.counted, book.tally.duplicates, book.tally.rejected), (2, 1, 2));
        assert!(book.rejects.iter().all(|reject| reject.rule == Rule::DuplicateKey));
    }
}
