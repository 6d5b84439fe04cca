//! The tables of a survey's own folder: who was invited, and what came back.
//!
//! The window of both is all days before the as-of day. Which cells of a response are answers is decided later, by
//! [`Answers`](crate::survey::respondent::Answers): a cell rejects no row. Responses of one id are duplicates if they
//! agree in every column that the instrument asks for: `5` and `5.0` are the same answer.

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::contract::cell::{Ids, Texts};
use gridtier::contract::rule::Rule;
use gridtier::error::{Refusal, RunError};
use gridtier::index::CustomerIx;
use gridtier::key::{KeyIndex, NearKey};
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::{Source, TableBook};
use gridtier::text;

use super::shared::Finder;
use crate::base::Base;
use crate::survey::instrument::{Instrument, item_column};
use crate::survey::respondent::{Invitations, Responses, TextColumn, number};

/// What the rows of a survey's folder are read with.
#[derive(Clone, Copy)]
pub struct SurveyReading<'a> {
    /// The folder.
    pub source: &'a dyn Source,
    /// The customers.
    pub base: &'a Base,
    /// What was asked.
    pub instrument: &'a Instrument,
    /// The as-of day, in days since 1970-01-01.
    pub as_of: i32,
}

/// The accepted rows of a survey's folder. `None` stands for an absent table.
#[derive(Clone, Debug, Default)]
pub struct SurveyLog {
    /// Who was invited.
    pub invitations: Option<Invitations>,
    /// What came back.
    pub responses: Option<Responses>,
}

/// Reads the tables of a survey. Returns the accepted rows, and a book for each of [`Table::SURVEY`].
///
/// # Errors
/// A table cannot be read, or the responses lack the column of an item.
pub fn read_survey(reading: SurveyReading) -> Result<(SurveyLog, Vec<TableBook>), RunError> {
    let (invitation_book, invitations) = invitations(reading)?;
    let (response_book, responses) = responses(reading)?;
    let log = SurveyLog {
        invitations: invitation_book.present.then_some(invitations),
        responses: response_book.present.then_some(responses),
    };
    Ok((log, vec![invitation_book, response_book]))
}

fn place_before(as_of: i32, day: i64) -> Placement<i32> {
    match i32::try_from(day) {
        Ok(day) if day < as_of => Placement::Inside(day),
        _ => Placement::Outside,
    }
}

fn invitations(reading: SurveyReading) -> Result<(TableBook, Invitations), RunError> {
    let mut book = TableBook::new(Table::Invitations);
    let finder = Finder::new(reading.base);
    let rules = InvitationRules { as_of: reading.as_of, finder };
    let rows = rows::read(reading.source, &mut book, &rules, &mut KeyIndex::default())?;
    let mut invited: Vec<(CustomerIx, i32)> = rows.into_iter().map(|row| row.value).collect();
    invited.sort_unstable();
    let (customers, sent_on) = invited.into_iter().unzip();
    Ok((book, Invitations { customers, sent_on }))
}

struct InvitationRules<'a> {
    as_of: i32,
    finder: Finder<'a>,
}

impl TableRules for InvitationRules<'_> {
    type Cells = ();
    type Place = i32;
    type Row = (CustomerIx, i32);
    type Notes = NearKey;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, _columns: &Columns, _book: &mut TableBook) -> Result<(), RunError> {
        Ok(())
    }

    fn place(&self, day: i64, (): &(), ids: &Ids, row: usize, near: &mut NearKey) -> Placement<i32> {
        self.finder.after_opening(place_before(self.as_of, day), (ids, row), near, |day| *day)
    }

    fn value(
        &self,
        sent_on: i32,
        ids: &Ids,
        (): &(),
        row: usize,
        near: &mut NearKey,
    ) -> Result<(CustomerIx, i32), Rule> {
        Ok((self.finder.required(ids, row, near)?, sent_on))
    }
}

/// A response as its row has it: the cells are those of the instrument's columns in order.
#[derive(PartialEq)]
struct ResponseRow {
    id: Box<str>,
    returned_on: i32,
    customer: Option<CustomerIx>,
    cells: Vec<Option<ResponseCell>>,
}

/// The text of a cell, and in a column of numbers the number for which it stands.
struct ResponseCell {
    text: Box<str>,
    number: Option<f64>,
}

impl PartialEq for ResponseCell {
    fn eq(&self, other: &Self) -> bool {
        match (self.number, other.number) {
            (Some(one), Some(another)) => one == another,
            _ => self.text == other.text,
        }
    }
}

fn responses(reading: SurveyReading) -> Result<(TableBook, Responses), RunError> {
    check_items(reading)?;
    let mut book = TableBook::new(Table::Responses);
    let asked = reading.instrument.columns();
    let rules = ResponseRules {
        as_of: reading.as_of,
        finder: Finder::new(reading.base),
        // Groups of the survey's own are the last columns.
        numbers: asked.len() - reading.instrument.own_groups.len(),
        asked,
    };
    let rows = rows::read(reading.source, &mut book, &rules, &mut KeyIndex::default())?;
    let mut rows: Vec<ResponseRow> = rows.into_iter().map(|row| row.value).collect();
    rows.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let mut responses = Responses::default();
    let mut columns: Vec<TextColumn> = vec![Vec::with_capacity(rows.len()); rules.asked.len()];
    for row in rows {
        responses.ids.push(row.id);
        responses.returned_on.push(row.returned_on);
        responses.customers.push(row.customer);
        let texts = row.cells.into_iter().map(|cell| cell.map(|cell| cell.text));
        columns.iter_mut().zip(texts).for_each(|(column, text)| column.push(text));
    }
    let mut columns: BTreeMap<String, TextColumn> = rules.asked.into_iter().zip(columns).collect();
    columns.retain(|name, _| reading.source.has_column(Table::Responses, name));
    responses.columns = columns;
    Ok((book, responses))
}

/// Most columns that a message lists.
const LISTED_MAX: usize = 8;

/// Refuses responses without a column for each item: all of them would be read as unanswered.
fn check_items(reading: SurveyReading) -> Result<(), RunError> {
    let SurveyReading { source, instrument, .. } = reading;
    if source.parts(Table::Responses)?.is_none() {
        return Ok(());
    }
    let of_items = instrument
        .forms()
        .iter()
        .flat_map(|form| instrument.items.iter().map(|item| item_column(*form, &item.id)));
    let lacking: Vec<String> = of_items
        .filter(|name| !source.has_column(Table::Responses, name))
        .map(|name| format!("`{name}`"))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let more = lacking.len().saturating_sub(LISTED_MAX);
    let shown = &lacking[..lacking.len() - more];
    let (en, zh) = (shown.join(", "), shown.join("、"));
    let (and_more, and_more_zh) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" and {more} more"), format!("等共 {} 列", lacking.len())),
    };
    let id = &instrument.id;
    Err(Refusal::of(
        Table::Responses,
        text!(
            "columns of items of the instrument {id} are missing: {en}{and_more}",
            "缺少量表 {id} 题目的列：{zh}{and_more_zh}"
        ),
        text!(
            "name the columns as the instrument does, or give the instrument that was asked",
            "请按量表给列命名，或给出实际使用的量表"
        ),
    )
    .into())
}

struct ResponseRules<'a> {
    as_of: i32,
    finder: Finder<'a>,
    /// The columns that the instrument asks for.
    asked: Vec<String>,
    /// How many of them, from the first on, have numbers.
    numbers: usize,
}

struct ResponseCells {
    customer_ids: Ids,
    /// Of the columns that the instrument asks for: texts, and those that stand for an empty cell.
    asked: Vec<(Texts, Vec<String>)>,
}

impl TableRules for ResponseRules<'_> {
    type Cells = ResponseCells;
    type Place = i32;
    type Row = ResponseRow;
    type Notes = NearKey;

    fn further_columns(&self) -> &[String] {
        &self.asked
    }

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<ResponseCells, RunError> {
        let asked = self.asked.iter();
        Ok(ResponseCells {
            customer_ids: columns.ids("customer_id", book)?,
            asked: asked
                .map(|name| Ok((columns.further_texts(name)?, columns.nulls(name).to_vec())))
                .collect::<Result<_, RunError>>()?,
        })
    }

    fn place(
        &self,
        day: i64,
        cells: &ResponseCells,
        _ids: &Ids,
        row: usize,
        near: &mut NearKey,
    ) -> Placement<i32> {
        let placement = place_before(self.as_of, day);
        self.finder.after_opening(placement, (&cells.customer_ids, row), near, |day| *day)
    }

    fn value(
        &self,
        returned_on: i32,
        ids: &Ids,
        cells: &ResponseCells,
        row: usize,
        near: &mut NearKey,
    ) -> Result<ResponseRow, Rule> {
        let answers = cells.asked.iter().enumerate().map(|(column, (texts, nulls))| {
            let text = texts.get(row).filter(|text| !nulls.iter().any(|null| null == text))?;
            let number = number(text).filter(|_| column < self.numbers);
            Some(ResponseCell { text: text.into(), number })
        });
        Ok(ResponseRow {
            id: ids.required(row)?.into(),
            returned_on,
            customer: self.finder.nullable(&cells.customer_ids, row, near)?,
            cells: answers.collect(),
        })
    }
}

#[cfg(test)]
mod tests;
