//! Outages, to which interruptions and notices refer.

use gridtier::contract::cell::{CheckedColumn, Ids, Integers, Texts};
use gridtier::contract::rule::Rule;
use gridtier::contract::{OutageKind, Responsibility, Table};
use gridtier::error::RunError;
use gridtier::index::index;
use gridtier::key::{KeyIndex, NearKey};
use gridtier::rows::{self, Columns, Outside, Placement, RowSink, TableRules};
use gridtier::source::TableBook;

use super::Reading;
use super::shared::{LogNotes, TimesOf, notice_future, place_time};
use crate::log::Outage;
use crate::period::Run;
use crate::time::Second;

/// What an outage's id refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referred {
    /// A counted outage: its position in [`Outages::counted`].
    Counted(u32),
    /// An outage outside the window.
    Outside,
    /// No accepted outage.
    Nothing,
}

/// The outages of a folder.
pub struct Outages {
    /// The accepted outages in the order of their ids.
    pub counted: Vec<Outage>,
    keys: KeyIndex,
    referred: Vec<Referred>,
}

impl Outages {
    /// What an id refers to. `last` is the number found last.
    pub fn find(&self, id: &str, last: &mut NearKey) -> Referred {
        self.keys.get_near(id, last).map_or(Referred::Nothing, |number| self.referred[index(number)])
    }
}

/// Reads the table.
pub fn read(reading: Reading) -> Result<(TableBook, Outages), RunError> {
    let mut book = TableBook::new(Table::Outages);
    let mut ids = OutageIds::default();
    let mut rows = rows::read(reading.source, &mut book, &OutageRules { run: reading.run }, &mut ids)?;
    let OutageIds { keys, outside, future_rows } = ids;
    notice_future(&mut book, future_rows);
    let mut referred = vec![Referred::Nothing; keys.len()];
    outside.into_iter().for_each(|number| referred[index(number)] = Referred::Outside);
    rows.sort_unstable_by_key(|row| keys.key(row.key));
    for (position, row) in (0..).zip(&rows) {
        referred[index(row.key)] = Referred::Counted(position);
    }
    let counted = rows.into_iter().map(|row| row.value).collect();
    Ok((book, Outages { counted, keys, referred }))
}

struct OutageRules {
    run: Run,
}

/// The ids of outages.
#[derive(Default)]
struct OutageIds {
    keys: KeyIndex,
    /// Numbers of outages outside the window.
    outside: Vec<u32>,
    future_rows: u64,
}

impl RowSink<OutageRules> for OutageIds {
    const NUMBERS_ALL_KEYS: bool = true;

    fn keys(&mut self) -> &mut KeyIndex {
        &mut self.keys
    }

    fn note(&mut self, notes: LogNotes, _values: &mut dyn Iterator<Item = &mut Outage>) {
        self.future_rows += notes.future_rows;
    }

    fn note_outside(&mut self, key: u32, _outside: Outside) {
        self.outside.push(key);
    }
}

struct OutageCells {
    kind: CheckedColumn<OutageKind>,
    cause: Texts,
    responsibility: CheckedColumn<Responsibility>,
    announced_at: Integers,
    promised_at: Integers,
    plan_at: Integers,
}

impl TableRules for OutageRules {
    type Cells = OutageCells;
    type Place = Second;
    type Row = Outage;
    type Notes = LogNotes;

    fn cells(&self, columns: &Columns, _book: &mut TableBook) -> Result<OutageCells, RunError> {
        Ok(OutageCells {
            kind: columns.words("kind")?,
            cause: columns.texts("cause")?,
            responsibility: columns.words("responsibility")?,
            announced_at: columns.cells("announced_at")?,
            promised_at: columns.cells("promised_at")?,
            plan_at: columns.cells("plan_at")?,
        })
    }

    fn place(
        &self,
        time_us: i64,
        _cells: &OutageCells,
        _ids: &Ids,
        _row: usize,
        _notes: &mut LogNotes,
    ) -> Placement<Second> {
        place_time(self.run, time_us)
    }

    fn value(
        &self,
        started_at: Second,
        ids: &Ids,
        cells: &OutageCells,
        row: usize,
        notes: &mut LogNotes,
    ) -> Result<Outage, Rule> {
        let mut times = TimesOf::new(self.run, row);
        let outage = Outage {
            id: ids.required(row)?.into(),
            started_at,
            kind: cells.kind.required(row)?,
            cause: cells.cause.get(row).map(Into::into),
            responsibility: cells.responsibility.required(row)?,
            announced_at: times.past(&cells.announced_at)?,
            promised_at: times.any(&cells.promised_at)?,
            plan_at: times.past(&cells.plan_at)?,
        };
        notes.future_rows += u64::from(times.has_future);
        Ok(outage)
    }
}
