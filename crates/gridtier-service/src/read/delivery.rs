//! Services that were planned and delivered.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{Channel, Table};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::index::{CustomerIx, count, index};
use gridtier::key::KeyIndex;
use gridtier::rows::{self, CheckedRow, Columns, Placement, TableRules};
use gridtier::source::{RowAt, TableBook};

use super::Reading;
use super::kept::DeliveriesSince;
use super::outage::{Outages, Referred};
use super::shared::{Finder, TimesOf, amount, check_order, notice_future, place_time, units};
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
    let mut rules = DeliveryRules {
        run: reading.run,
        finder: Finder::new(reading.base),
        catalogue: reading.catalogue,
        outages,
        last_outage: 0,
        keys: KeyIndex::default(),
        since,
        first_rows: Vec::new(),
        further_rows: Vec::new(),
        needed: Vec::new(),
        future_rows: 0,
    };
    rows::read(reading.source, &mut book, &mut rules)?;
    notice_future(&mut book, rules.future_rows);
    let mut deliveries: Vec<Delivery> = rules.needed.into_iter().map(|(_, delivery)| delivery).collect();
    deliveries.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok((book, deliveries))
}

struct DeliveryRules<'a> {
    run: Run,
    finder: Finder<'a>,
    catalogue: &'a Catalogue,
    outages: &'a Outages,
    last_outage: u32,
    keys: KeyIndex,
    since: &'a DeliveriesSince,
    /// By key, what is needed of its first row to settle duplicates.
    first_rows: Vec<SeenRow>,
    /// The further rows of keys.
    further_rows: Vec<(u32, SeenRow)>,
    /// The first rows of keys that a figure may need, with the numbers of their keys.
    needed: Vec<(u32, Delivery)>,
    future_rows: u64,
}

/// A row that was read: where it is, and a hash of its values.
#[derive(Clone, Copy)]
struct SeenRow {
    at: RowAt,
    hash: u64,
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

impl TableRules<DeliveryCells, Second, Delivery> for DeliveryRules<'_> {
    const KEEPS_ROWS: bool = true;

    fn keep(&mut self, row: CheckedRow<Delivery>) {
        // Values that differ have different hashes but once in 2^64 pairs.
        let mut hasher = DefaultHasher::new();
        row.value.hash(&mut hasher);
        let seen = SeenRow { at: row.at, hash: hasher.finish() };
        if index(row.key) < self.first_rows.len() {
            self.further_rows.push((row.key, seen));
            return;
        }
        self.first_rows.push(seen);
        if self.since.needs(&row.value) {
            self.needed.push((row.key, row.value));
        }
    }

    fn settle(&mut self, book: &mut TableBook) -> bool {
        let first_rows = std::mem::take(&mut self.first_rows);
        let first = |key: u32| first_rows[index(key)];
        let further = std::mem::take(&mut self.further_rows);
        let differing = further.iter().filter(|(key, row)| row.hash != first(*key).hash);
        let differing: BTreeSet<u32> = differing.map(|(key, _)| *key).collect();
        book.tally.counted += count(first_rows.len() - differing.len());
        differing.iter().for_each(|&key| book.reject(first(key).at, Rule::DuplicateKey));
        for (key, row) in further {
            if differing.contains(&key) {
                book.reject(row.at, Rule::DuplicateKey);
            } else {
                book.tally.duplicates += 1;
            }
        }
        self.needed.retain(|(key, _)| !differing.contains(key));
        self.keys = KeyIndex::default();
        false
    }

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

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

    fn place(&mut self, time_us: i64, cells: &DeliveryCells, _ids: &Ids, row: usize) -> Placement<Second> {
        let placement = place_time(self.run, time_us);
        self.finder.after_opening(placement, &cells.customer_ids, row, |at| at.day())
    }

    fn value(
        &mut self,
        created_at: Second,
        ids: &Ids,
        cells: &DeliveryCells,
        row: usize,
    ) -> Result<Delivery, Rule> {
        let customer = self.finder.nullable(&cells.customer_ids, row)?;
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
                match self.outages.find(id, &mut self.last_outage) {
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
        self.future_rows += u64::from(times.has_future);
        check_order(&[delivery.sent_at, delivery.delivered_at, delivery.read_at])?;
        Ok(delivery)
    }
}
