//! Complaints, reports, queries, suggestions and praise.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Channel, ContactKind, ContactOutcome, Table};
use gridtier::error::RunError;
use gridtier::index::CustomerIx;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::kept::ContactsSince;
use super::seen::{SeenRows, SeenSink};
use super::shared::{Finder, LogNotes, TimesOf, check_order, notice_future, place_time};
use crate::log::Contact;
use crate::period::Run;
use crate::time::Second;

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, Vec<Contact>), RunError> {
    let mut book = TableBook::new(Table::Contacts);
    let finder = Finder::new(reading.base);
    let since = ContactsSince::of(reading.policy, reading.run);
    let seen = SeenRows::new(reading.base.len());
    let mut rows = SeenSink { seen, is_needed: |contact: &Contact| since.needs(contact), future_rows: 0 };
    rows::read(reading.source, &mut book, &ContactRules { run: reading.run, finder }, &mut rows)?;
    notice_future(&mut book, rows.future_rows);
    let mut contacts = rows.seen.finish();
    contacts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok((book, contacts))
}

struct ContactRules<'a> {
    run: Run,
    finder: Finder<'a>,
}

struct ContactCells {
    customer_ids: Ids,
    kind: CheckedColumn<ContactKind>,
    channel: CheckedColumn<Channel>,
    topic: Texts,
    first_contact_at: Integers,
    analysed_at: Integers,
    answered_at: Integers,
    closed_at: Integers,
    passed_on_at: Integers,
    called_back_at: Integers,
    outcome: CheckedColumn<ContactOutcome>,
    satisfied: CheckedColumn<bool>,
}

impl TableRules for ContactRules<'_> {
    type Cells = ContactCells;
    type Place = Second;
    type Row = Contact;
    type Notes = LogNotes;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<ContactCells, RunError> {
        Ok(ContactCells {
            customer_ids: columns.ids("customer_id", book)?,
            kind: columns.words("kind")?,
            channel: columns.words("channel")?,
            topic: columns.texts("topic")?,
            first_contact_at: columns.cells("first_contact_at")?,
            analysed_at: columns.cells("analysed_at")?,
            answered_at: columns.cells("answered_at")?,
            closed_at: columns.cells("closed_at")?,
            passed_on_at: columns.cells("passed_on_at")?,
            called_back_at: columns.cells("called_back_at")?,
            outcome: columns.words("outcome")?,
            satisfied: columns.flags("satisfied")?,
        })
    }

    fn place(
        &self,
        time_us: i64,
        cells: &ContactCells,
        _ids: &Ids,
        row: usize,
        notes: &mut LogNotes,
    ) -> Placement<Second> {
        let placement = place_time(self.run, time_us);
        self.finder.after_opening(placement, (&cells.customer_ids, row), &mut notes.near, |at| at.day())
    }

    fn value(
        &self,
        received_at: Second,
        ids: &Ids,
        cells: &ContactCells,
        row: usize,
        notes: &mut LogNotes,
    ) -> Result<Contact, Rule> {
        let mut times = TimesOf::new(self.run, row);
        let contact = Contact {
            id: ids.required(row)?.into(),
            received_at,
            customer: self.finder.nullable(&cells.customer_ids, row, &mut notes.near)?,
            kind: cells.kind.required(row)?,
            channel: cells.channel.nullable(row)?,
            topic: cells.topic.get(row).map(Into::into),
            first_contact_at: times.past(&cells.first_contact_at)?,
            analysed_at: times.past(&cells.analysed_at)?,
            answered_at: times.past(&cells.answered_at)?,
            closed_at: times.past(&cells.closed_at)?,
            passed_on_at: times.past(&cells.passed_on_at)?,
            called_back_at: times.past(&cells.called_back_at)?,
            outcome: cells.outcome.nullable(row)?,
            satisfied: cells.satisfied.nullable(row)?,
        };
        notes.future_rows += u64::from(times.has_future);
        let received = Some(received_at);
        check_order(&[
            received,
            contact.first_contact_at,
            contact.analysed_at,
            contact.answered_at,
            contact.closed_at,
        ])?;
        check_order(&[received, contact.passed_on_at])?;
        check_order(&[received, contact.called_back_at])?;
        Ok(contact)
    }
}
