//! Services that were planned and delivered.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Channel, Table};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::index::CustomerIx;
use gridtier::rows::{self, Columns, Placement, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::kept::DeliveriesSince;
use super::outage::{Outages, Referred};
use super::seen::{SeenRows, SeenSink};
use super::shared::{Finder, LogNotes, TimesOf, amount, check_order, notice_future, place_time, units};
use crate::log::Delivery;
use crate::period::Run;
use crate::time::Second;

/// Reads the table, and keeps the rows that a figure may need.
pub fn read(
    reading: Reading,
    outages: &Outages,
    since: &DeliveriesSince,
) -> Result<(TableBook, Vec<Delivery>), RunError> {
    let mut book = TableBook::new(Table::Deliveries);
    let rules = DeliveryRules {
        run: reading.run,
        finder: Finder::new(reading.base),
        catalogue: reading.catalogue,
        outages,
    };
    let seen = SeenRows::new(reading.base.len());
    let mut rows = SeenSink { seen, is_needed: |delivery: &Delivery| since.needs(delivery), future_rows: 0 };
    rows::read(reading.source, &mut book, &rules, &mut rows)?;
    notice_future(&mut book, rows.future_rows);
    let mut deliveries = rows.seen.finish();
    deliveries.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok((book, deliveries))
}

struct DeliveryRules<'a> {
    run: Run,
    finder: Finder<'a>,
    catalogue: &'a Catalogue,
    outages: &'a Outages,
}

struct DeliveryCells {
    customer_ids: Ids,
    service: Texts,
    channel: CheckedColumn<Channel>,
    references: Ids,
    planned_at: Integers,
    sent_at: Integers,
    delivered_at: Integers,
    read_at: Integers,
    failed_at: Integers,
    units_e3: Integers,
    cost_fen: Integers,
    fee_fen: Integers,
    satisfied: CheckedColumn<bool>,
}

impl TableRules for DeliveryRules<'_> {
    type Cells = DeliveryCells;
    type Place = Second;
    type Row = Delivery;
    type Notes = LogNotes;

    fn customer_id(&self, customer: CustomerIx) -> &str {
        self.finder.id(customer)
    }

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<DeliveryCells, RunError> {
        Ok(DeliveryCells {
            customer_ids: columns.ids("customer_id", book)?,
            service: columns.texts("service")?,
            channel: columns.words("channel")?,
            references: columns.ids("ref", book)?,
            planned_at: columns.cells("planned_at")?,
            sent_at: columns.cells("sent_at")?,
            delivered_at: columns.cells("delivered_at")?,
            read_at: columns.cells("read_at")?,
            failed_at: columns.cells("failed_at")?,
            units_e3: columns.cells("units")?,
            cost_fen: columns.cells("cost")?,
            fee_fen: columns.cells("fee")?,
            satisfied: columns.flags("satisfied")?,
        })
    }

    fn place(
        &self,
        time_us: i64,
        cells: &DeliveryCells,
        _ids: &Ids,
        row: usize,
        notes: &mut LogNotes,
    ) -> Placement<Second> {
        let placement = place_time(self.run, time_us);
        self.finder.after_opening(placement, (&cells.customer_ids, row), &mut notes.near, |at| at.day())
    }

    fn value(
        &self,
        created_at: Second,
        ids: &Ids,
        cells: &DeliveryCells,
        row: usize,
        notes: &mut LogNotes,
    ) -> Result<Delivery, Rule> {
        let customer = self.finder.nullable(&cells.customer_ids, row, &mut notes.near)?;
        let service = cells.service.get(row).ok_or(Rule::NullValue)?;
        let service = self.catalogue.service(service).and_then(|position| u16::try_from(position).ok());
        let mut times = TimesOf::new(self.run, row);
        let delivery = Delivery {
            id: ids.required(row)?.into(),
            created_at,
            customer,
            service: service.ok_or(Rule::UnknownService)?,
            channel: cells.channel.required(row)?,
            outage: cells.references.nullable(row)?.and_then(|id| {
                match self.outages.find(id, &mut notes.near_outage) {
                    Referred::Counted(position) => Some(position),
                    Referred::Outside | Referred::Nothing => None,
                }
            }),
            planned_at: times.any(&cells.planned_at)?,
            sent_at: times.past(&cells.sent_at)?,
            delivered_at: times.past(&cells.delivered_at)?,
            read_at: times.past(&cells.read_at)?,
            failed_at: times.past(&cells.failed_at)?,
            units_e3: units(&cells.units_e3, row)?,
            cost_fen: amount(&cells.cost_fen, row)?,
            fee_fen: amount(&cells.fee_fen, row)?,
            satisfied: cells.satisfied.nullable(row)?,
        };
        notes.future_rows += u64::from(times.has_future);
        check_order(&[delivery.sent_at, delivery.delivered_at, delivery.read_at])?;
        Ok(delivery)
    }
}
