//! The rows of outages, interruptions, deliveries and contacts, with the planted faults.
//!
//! Planted rows have ids of their own, from 900001 on. Each rule that can reject a row of CSV has one, but those of broken
//! lines and of overlong ids, which are the same for all tables.

use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::word::Word;

use super::contacts::SampleContact;
use super::deliveries::SampleDelivery;
use super::outages::SampleOutage;
use super::year::{DAY_S, ServiceYear};
use crate::output::{CsvTableWriter, GHOST_ID, WrittenTable, cell, time_text};
use crate::{DUPLICATES, OUT_OF_WINDOW, SampleError};

/// Stands in a planted row for the cell of a time in the log.
const INSIDE: &str = "@inside";
/// Stands in a planted row for the cell of a time before [`INSIDE`].
const EARLIER: &str = "@earlier";
/// Stands in a planted row for the cell of a time after the window.
const AFTER: &str = "@after";
/// Stands in a planted row for the cell of a customer.
const SOMEBODY: &str = "@somebody";
/// Stands in a planted row for the cell of an outage.
const SOME_OUTAGE: &str = "@outage";

/// What the marks of planted rows stand for.
struct PlantedCells {
    inside: i64,
    after: i64,
    customer: String,
    outage: String,
}

impl PlantedCells {
    /// `None` if the sample has no faults, or no customer to plant them on.
    fn new(year: &ServiceYear, slot: usize, outages: &[SampleOutage]) -> Option<Self> {
        let customer = year.utility.target(slot).filter(|_| year.utility.has_faults())?.id.clone();
        let outage = outages.first().map_or_else(String::new, |outage| outage.id.clone());
        // Well within the log, but long enough ago that an interruption without end is never restored.
        Some(Self {
            inside: year.end() - 45 * DAY_S + 30_000,
            after: year.end() + 5 * DAY_S,
            customer,
            outage,
        })
    }

    fn cell(&self, cell: &str) -> String {
        match cell {
            INSIDE => time_text(self.inside),
            EARLIER => time_text(self.inside - 3_600),
            AFTER => time_text(self.after),
            SOMEBODY => self.customer.clone(),
            SOME_OUTAGE => self.outage.clone(),
            other => other.to_owned(),
        }
    }

    /// Plants rows, each under the rule named before it.
    fn plant<const N: usize>(
        &self,
        file: &mut CsvTableWriter,
        written: &mut WrittenTable,
        rows: &[(&'static str, [&str; N])],
    ) -> Result<(), SampleError> {
        for (rule, row) in rows {
            let row = row.map(|text| self.cell(text));
            file.plant(written, rule, &row.each_ref().map(String::as_str))?;
        }
        Ok(())
    }
}

fn time(second: Option<i64>) -> String {
    second.map_or_else(String::new, time_text)
}

/// Writes `outages.csv`.
pub fn write_outages(
    dir: &Path,
    year: &ServiceYear,
    outages: &[SampleOutage],
) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Outages);
    let mut file = CsvTableWriter::create(dir, Table::Outages)?;
    let row = |outage: &SampleOutage| {
        vec![
            outage.id.clone(),
            time_text(outage.start),
            outage.kind.code().to_owned(),
            cell(outage.cause),
            outage.responsibility.code().to_owned(),
            time(outage.announced),
            time(outage.promised),
            time(outage.plan),
        ]
    };
    for outage in outages {
        file.write(&row(outage))?;
    }
    if let Some(planted) = PlantedCells::new(year, 4, outages) {
        planted.plant(
            &mut file,
            &mut written,
            &[
                (Rule::BadEnum.code(), ["O900001", INSIDE, "storm", "", "utility"]),
                (Rule::BadDate.code(), ["O900002", "2025-02-30 08:00:00", "fault", "", "utility"]),
                (Rule::NullValue.code(), ["O900003", INSIDE, "fault", "", ""]),
                (Rule::NullKey.code(), ["", INSIDE, "fault", "", "utility"]),
                (Rule::DuplicateKey.code(), ["O900004", INSIDE, "fault", "", "utility"]),
                (Rule::DuplicateKey.code(), ["O900004", INSIDE, "fault", "", "customer"]),
                (Rule::BadEnum.code(), ["O900005", INSIDE, "#N/A", "", "utility"]),
                (OUT_OF_WINDOW, ["O900006", AFTER, "planned", "", "utility"]),
            ],
        )?;
        if let Some(first) = outages.first() {
            written.plant(DUPLICATES, 1);
            file.write(&row(first))?;
        }
    }
    written.rows = file.close()?;
    Ok(written)
}

/// Writes `interruptions.csv`.
pub fn write_interruptions(
    dir: &Path,
    year: &ServiceYear,
    outages: &[SampleOutage],
) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Interruptions);
    let mut file = CsvTableWriter::create(dir, Table::Interruptions)?;
    for outage in outages {
        for &(customer, start, end) in &outage.interrupted {
            let id = year.customer(customer).id.clone();
            file.write(&[outage.id.clone(), id, time_text(start), time(year.past(end))])?;
        }
    }
    if let Some(planted) = PlantedCells::new(year, 5, outages) {
        planted.plant(
            &mut file,
            &mut written,
            &[
                (Rule::Orphan.code(), [SOME_OUTAGE, GHOST_ID, INSIDE, INSIDE]),
                (Rule::Orphan.code(), ["O999999", SOMEBODY, INSIDE, INSIDE]),
                (Rule::BadOrder.code(), [SOME_OUTAGE, SOMEBODY, INSIDE, EARLIER]),
                (Rule::BadDate.code(), [SOME_OUTAGE, SOMEBODY, EARLIER, "2025-11-31 08:00:00"]),
                (Rule::NullKey.code(), [SOME_OUTAGE, "", INSIDE, INSIDE]),
            ],
        )?;
        let never = PlantedCells { customer: neighbour(year, 6), ..planted };
        never.plant(
            &mut file,
            &mut written,
            &[
                (Rule::NeverRestored.code(), [SOME_OUTAGE, SOMEBODY, INSIDE, ""]),
                (Rule::DuplicateKey.code(), [SOME_OUTAGE, SOMEBODY, EARLIER, EARLIER]),
                (Rule::DuplicateKey.code(), [SOME_OUTAGE, SOMEBODY, EARLIER, INSIDE]),
                (Rule::BadDate.code(), [SOME_OUTAGE, SOMEBODY, "#REF!", INSIDE]),
                (OUT_OF_WINDOW, ["O900006", SOMEBODY, AFTER, ""]),
            ],
        )?;
    }
    written.rows = file.close()?;
    Ok(written)
}

/// The customer of another slot.
fn neighbour(year: &ServiceYear, slot: usize) -> String {
    year.utility.target(slot).map_or_else(String::new, |customer| customer.id.clone())
}

/// Writes `deliveries.csv`.
pub fn write_deliveries(
    dir: &Path,
    year: &ServiceYear,
    deliveries: &[SampleDelivery],
) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Deliveries);
    let mut file = CsvTableWriter::create(dir, Table::Deliveries)?;
    for (number, one) in (1..).zip(deliveries) {
        file.write(&[
            format!("D{number:07}"),
            time_text(one.created),
            cell(one.customer.map(|customer| year.customer(customer).id.as_str())),
            one.service.to_owned(),
            one.channel.code().to_owned(),
            cell(one.outage),
            time(one.planned),
            time(one.sent),
            time(one.delivered),
            time(one.read),
            time(one.failed),
            cell(one.units),
            cell(one.cost),
            cell(one.fee),
            cell(one.satisfied),
        ])?;
    }
    if let Some(planted) = PlantedCells::new(year, 7, &[]) {
        let row = |id, at, customer, service, channel, sent, done, units, cost| {
            [id, at, customer, service, channel, "", "", sent, done, "", "", units, cost]
        };
        let rows = [
            (Rule::Orphan, row("D9000001", INSIDE, GHOST_ID, "S05", "visit", "", INSIDE, "", "")),
            (Rule::UnknownService, row("D9000002", INSIDE, SOMEBODY, "S99", "visit", "", INSIDE, "", "")),
            (Rule::BadOrder, row("D9000003", INSIDE, SOMEBODY, "S07", "sms", INSIDE, EARLIER, "", "")),
            (Rule::Negative, row("D9000004", INSIDE, SOMEBODY, "S10", "visit", "", INSIDE, "", "-80")),
            (
                Rule::OutOfBounds,
                row("D9000005", INSIDE, SOMEBODY, "S10", "visit", "", INSIDE, "2000000000000", ""),
            ),
            (Rule::BadEnum, row("D9000006", INSIDE, SOMEBODY, "S05", "fax", "", INSIDE, "", "")),
            (Rule::BadNumber, row("D9000007", INSIDE, SOMEBODY, "S10", "visit", "", INSIDE, "two", "")),
            (
                Rule::BadDate,
                row("D9000008", INSIDE, SOMEBODY, "S05", "visit", "", "2025-11-31 10:00:00", "", ""),
            ),
            (Rule::NullValue, row("D9000009", INSIDE, SOMEBODY, "", "visit", "", INSIDE, "", "")),
            (Rule::NotFinite, row("D9000010", INSIDE, SOMEBODY, "S10", "visit", "", INSIDE, "NaN", "")),
        ];
        planted.plant(&mut file, &mut written, &rows.map(|(rule, row)| (rule.code(), row)))?;
        let after = row("D9000011", AFTER, SOMEBODY, "S05", "visit", "", AFTER, "", "");
        planted.plant(&mut file, &mut written, &[(OUT_OF_WINDOW, after)])?;
    }
    written.rows = file.close()?;
    Ok(written)
}

/// Writes `contacts.csv`.
pub fn write_contacts(
    dir: &Path,
    year: &ServiceYear,
    contacts: &[SampleContact],
) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Contacts);
    let mut file = CsvTableWriter::create(dir, Table::Contacts)?;
    for (number, one) in (1..).zip(contacts) {
        let customer = (!one.is_anonymous).then(|| year.customer(one.customer).id.as_str());
        file.write(&[
            format!("C{number:06}"),
            time_text(one.received),
            cell(customer),
            one.kind.code().to_owned(),
            one.channel.code().to_owned(),
            cell(one.topic),
            time(one.first_contact),
            time(one.analysed),
            time(one.answered),
            time(one.closed),
            time(one.passed_on),
            time(one.called_back),
            cell(one.outcome.map(Word::code)),
            cell(one.satisfied),
        ])?;
    }
    if let Some(planted) = PlantedCells::new(year, 8, &[]) {
        planted.plant(
            &mut file,
            &mut written,
            &[
                (Rule::Orphan.code(), ["C900001", INSIDE, GHOST_ID, "complaint", "phone", "billing", ""]),
                (Rule::BadEnum.code(), ["C900002", INSIDE, SOMEBODY, "rumour", "phone", "billing", ""]),
                (
                    Rule::BadOrder.code(),
                    ["C900003", INSIDE, SOMEBODY, "complaint", "phone", "billing", EARLIER],
                ),
                (
                    Rule::BadDate.code(),
                    ["C900004", "2025-11-31 09:00:00", SOMEBODY, "query", "phone", "", ""],
                ),
                (Rule::NullValue.code(), ["C900005", INSIDE, SOMEBODY, "", "phone", "", ""]),
                (Rule::NullKey.code(), ["", INSIDE, SOMEBODY, "query", "phone", "", ""]),
                (Rule::DuplicateKey.code(), ["C900006", INSIDE, SOMEBODY, "query", "phone", "", ""]),
                (Rule::DuplicateKey.code(), ["C900006", INSIDE, SOMEBODY, "praise", "phone", "", ""]),
                (Rule::BadDate.code(), ["C900007", INSIDE, SOMEBODY, "query", "phone", "", "#VALUE!"]),
                (OUT_OF_WINDOW, ["C900008", AFTER, SOMEBODY, "query", "phone", "", ""]),
            ],
        )?;
    }
    written.rows = file.close()?;
    Ok(written)
}
