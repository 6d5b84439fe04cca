//! The columns of a batch, read as the contract asks.

use std::cell::RefCell;

use arrow_array::{ArrayRef, StringViewArray};

use crate::contract::cell::{
    self, CellState, CheckedColumn, Dates, Ids, Integers, Scaling, Sign, Texts, TypeFault, Values, word_at,
};
use crate::contract::declared::{NetExport, TableDeclared};
use crate::contract::rule::Rule;
use crate::contract::{AMOUNT_CNY_MAX, Column, ColumnKind, READING_KWH_MAX, Table};
use crate::error::RunError;
use crate::index::{count, index};
use crate::source::{Batch, RowAt, Source, TableBook, place_of};
use crate::word::Word;

/// Largest accepted planned energy (Wh) or quantity in thousandths: far above any real value, but too small to overflow
/// a sum.
const QUANTITY_MAX: i64 = 9_000_000_000_000_000;

/// Integer steps of 10⁻³ in one unit.
const THOUSANDTHS: i64 = 1_000;

/// A function that numbers a column of keys. It gets the column, and a function that reads the text of a column or of a
/// dictionary's values.
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
    /// The values that were read and are beyond what is plausible, by column: their number, and the first of them.
    implausible: RefCell<Vec<Implausible>>,
}

struct Implausible {
    column: &'static Column,
    values: u64,
    first_row: usize,
    first: f64,
}

impl<'a> Columns<'a> {
    /// The columns of `batch`.
    #[must_use]
    pub fn new(source: &'a dyn Source, table: Table, batch: &'a Batch, declared: &'a TableDeclared) -> Self {
        Self {
            source,
            table,
            batch,
            declared,
            faults: batch.faults.iter().peekable(),
            implausible: RefCell::default(),
        }
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

    /// A column of the batch, after applying what is declared about its cells; `None` if the file lacks the column.
    fn column(&self, name: &str) -> Option<ArrayRef> {
        let array = self.batch.column(name)?;
        Some(cell::as_declared(array, self.spec(name), self.dates_of(name, false), self.declared))
    }

    /// Notes how the texts of the batch are written, where that may be in doubt.
    pub fn note_forms(&self, book: &mut TableBook) {
        for column in self.table.columns() {
            let Some(array) = self.batch.column(column.name) else { continue };
            let how = self.dates_of(column.name, false);
            let forms = cell::written_forms(array, column, how, self.declared.decimal_mark);
            book.note_forms(self.batch.file, column.name, forms);
        }
    }

    /// Notes the values beyond what is plausible, in the columns that were read so far.
    pub fn note_implausible(&self, book: &mut TableBook) {
        for found in self.implausible.take() {
            book.notice(Rule::ImplausibleValue, found.values, || {
                let (at, name) = (self.at(found.first_row), found.column.name);
                let place = place_of(self.source, self.table, at);
                format!("{place}: {name} = {:e}", found.first)
            });
        }
    }

    /// Looks for values beyond what is plausible. `steps` is how many steps of the values make one of the column's unit.
    fn find_implausible<T: Copy>(
        &self,
        column: &'static Column,
        cells: &CheckedColumn<T>,
        steps: f64,
        number: impl Fn(T) -> f64,
    ) {
        let Some(max) = column.plausible_max.map(|max| max * steps) else { return };
        let mut beyond = cells
            .values
            .iter()
            .enumerate()
            .filter(|&(row, &value)| number(value).abs() > max && cells.states[row] == CellState::Ok);
        let Some((first_row, &first)) = beyond.next() else { return };
        let values = 1 + count(beyond.count());
        let first = number(first) / steps;
        self.implausible.borrow_mut().push(Implausible { column, values, first_row, first });
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
            plausible_max: None,
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
        let Some(array) = self.column(name) else { return Ok(Ids::empty(self.rows())) };
        let ids = self.typed(name, cell::ids(&array))?;
        if ids.from_integers {
            self.notice_integers(name, book);
        }
        Ok(ids)
    }

    /// Calls `number` with a column of keys and a function that reads the column's text. Returns whether the file has
    /// the column.
    ///
    /// # Errors
    /// The column cannot hold keys.
    pub fn numbers_of(&self, name: &str, book: &mut TableBook, number: Numbering) -> Result<bool, RunError> {
        let Some(array) = self.column(name) else { return Ok(false) };
        number(&array, &|values| self.typed(name, cell::id_texts(values)))?;
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
    /// The column's type cannot hold the contract's values.
    pub fn cells(&self, name: &str) -> Result<Integers, RunError> {
        use crate::contract::ColumnKind as K;
        let Some(array) = self.column(name) else { return Ok(Integers::empty(self.rows())) };
        let declared = self.declared;
        let mark = declared.decimal_mark;
        let scale = |factor, max, sign| Scaling { factor, max, sign, mark };
        let result = match self.spec(name).kind {
            K::Energy => cell::scaled(&array, &scale(declared.energy.wh(), QUANTITY_MAX, Sign::NotNegative)),
            K::Money => cell::scaled(&array, &scale(declared.money.fen(), AMOUNT_CNY_MAX * 100, Sign::Any)),
            K::Thousandths => cell::scaled(&array, &scale(THOUSANDTHS, QUANTITY_MAX, Sign::NotNegative)),
            // The column severity has bounds of its own, so values below zero are accepted here.
            K::Count if name == "severity" => cell::counts(&array, Sign::Any, mark),
            K::Count => cell::counts(&array, Sign::NotNegative, mark),
            K::PowerFactor => cell::power_factors(&array, mark),
            K::Flag => cell::flags(&array, name, declared),
            K::Word(known) => cell::words(&array, name, known.codes, declared),
            K::Date => cell::dates(&array, self.dates_of(name, false)),
            K::PlacingDate | K::BoundedDate => cell::dates(&array, self.dates_of(name, true)),
            K::PlacingMonth => cell::months(&array, self.dates_of(name, true)),
            K::PlacingTime => cell::times_us(&array, self.dates_of(name, true)),
            K::Time => cell::times_us(&array, self.dates_of(name, false)),
            K::Id | K::Text | K::Number => {
                Err(TypeFault::of_export(("it is not held as an integer", "该列不以整数保存").into()))
            }
        };
        let cells = self.typed(name, result)?;
        let steps = match self.spec(name).kind {
            K::Energy | K::Thousandths => 1e3,
            K::Money => 1e2,
            _ => 1.0,
        };
        self.find_implausible(self.spec(name), &cells, steps, |value| value as f64);
        Ok(cells)
    }

    /// As [`cells`](Self::cells), but in a narrower type that fits every value that the contract accepts.
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
        let Some(array) = self.column(name) else { return Ok(false) };
        let sign = match self.declared.net_export {
            NetExport::Refused if name == "active_kwh" => Sign::NotNegative,
            _ => Sign::Any,
        };
        let (factor, mark) = (self.declared.energy.wh(), self.declared.decimal_mark);
        let scale = Scaling { factor, max: READING_KWH_MAX * 1_000, sign, mark };
        self.typed(name, cell::fill_scaled(&array, &scale, out)).map(|()| true)
    }

    /// Reads a column of times, in microseconds of local time, into `out`. Returns whether the file has the column.
    ///
    /// # Errors
    /// The column holds no times.
    pub fn fill_times(&self, name: &str, out: &mut Values) -> Result<bool, RunError> {
        let Some(array) = self.column(name) else { return Ok(false) };
        self.typed(name, cell::fill_times_us(&array, self.dates_of(name, true), out)).map(|()| true)
    }

    /// Calls `sink` for the rows of a column of words whose word is odd by `odd`, with the word's position and the
    /// cell's state.
    ///
    /// # Errors
    /// The column is not text.
    pub fn odd_words(
        &self,
        name: &str,
        odd: impl Fn(i64, CellState) -> bool,
        sink: &mut dyn FnMut(usize, i64, CellState),
    ) -> Result<(), RunError> {
        let (Some(array), ColumnKind::Word(known)) = (self.column(name), self.spec(name).kind) else {
            return Ok(());
        };
        let found =
            cell::odd_words(&array, |array| cell::words(array, name, known.codes, self.declared), odd, sink);
        self.typed(name, found)
    }

    /// A column of numbers, unscaled.
    ///
    /// # Errors
    /// The column holds no numbers.
    pub fn numbers(&self, name: &str) -> Result<CheckedColumn<f64>, RunError> {
        let Some(array) = self.column(name) else { return Ok(CheckedColumn::empty(self.rows())) };
        let cells = self.typed(name, cell::floats(&array, self.declared.decimal_mark))?;
        self.find_implausible(self.spec(name), &cells, 1.0, |value| value);
        Ok(cells)
    }

    /// A column of free text.
    ///
    /// # Errors
    /// The column is not text.
    pub fn texts(&self, name: &str) -> Result<Texts, RunError> {
        let Some(array) = self.column(name) else { return Ok(Texts::empty(self.rows())) };
        self.typed(name, cell::texts(&array))
    }

    /// A column that the contract does not name, of any plain type, as text. Texts that are declared to stand for an
    /// empty cell are left to the caller.
    ///
    /// # Errors
    /// The column holds nested values.
    pub fn further_texts(&self, name: &str) -> Result<Texts, RunError> {
        let Some(array) = self.batch.column(name) else { return Ok(Texts::empty(self.rows())) };
        self.typed(name, cell::any_texts(array))
    }

    /// The texts that are declared to stand for an empty cell of a column.
    #[must_use]
    pub fn nulls(&self, name: &str) -> &'a [String] {
        self.declared.nulls.get(name).map_or(&[], Vec::as_slice)
    }
}
