//! The rows of interruptions while their table is read: set aside by customer, in little space, until all have been
//! seen; then duplicates are settled and overlapping rows merged, customer by customer.
//!
//! At most 64 rows per customer are held at once. If the table has more, the customers beyond are left for another
//! reading of it. So memory is bounded by the number of customers, however long the log is.

use std::collections::BTreeMap;

use gridtier::index::{CustomerIx, index};

use super::{
    FirstOfOutage, Interruptions, KeptInterruptions, MergedInterruption, OPEN, Overlaps, PackedInterruption,
};
use crate::log::Interruption;
use crate::time::{DAY_S, Second};

/// Number of customers of a block, whose rows are set aside together.
const BLOCK_CUSTOMERS: u32 = 1 << 12;

/// Number of rows for which memory is asked at once.
const CHUNK_ROWS: usize = 1 << 12;

/// Most rows that are held for each customer.
const ROWS_PER_CUSTOMER: usize = 64;

/// Rows that are held however few customers there are.
const ROWS_MIN: usize = 1 << 22;

/// A row in little space.
#[derive(Clone, Copy, Default)]
struct PiledRow {
    customer: u32,
    outage: u32,
    /// Seconds from the first day of the window to the start.
    start: u32,
    /// Length in seconds; [`NOT_RESTORED`] while the supply is not restored.
    length: u32,
    /// The row's number, by which its place in the files is found again.
    number: u32,
}

const NOT_RESTORED: u32 = u32::MAX;

/// What becomes of a row among the rows of its outage, customer and start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFate {
    /// It counts.
    Counted,
    /// It is equal to one that counts.
    Duplicate,
    /// It differs from another one: none of them counts.
    Differs,
}

/// The rows of interruptions that were read, and the interruptions of the customers that are done with.
pub struct InterruptionPile {
    kept: KeptInterruptions,
    epoch: Second,
    customers: usize,
    /// Rows by block of customers, in pieces.
    blocks: Vec<Vec<Vec<PiledRow>>>,
    /// The blocks of this reading: those before are done, those from the end on are left for the next one.
    reading: std::ops::Range<usize>,
    held: usize,
    held_max: usize,
    done: Interruptions,
    sustained_seconds: Vec<i64>,
    rows_by_day: Vec<i64>,
    /// Of the customer at hand, the outages of which notice may be owed, each with the place of an interruption that it
    /// began; `None` if it is not kept.
    firsts: Vec<(u32, Option<u32>)>,
}

/// A position among the interruptions that are kept.
fn position(place: usize) -> u32 {
    u32::try_from(place).expect("fewer than 2^32 interruptions are kept")
}

impl InterruptionPile {
    /// An empty pile for the rows of so many customers.
    #[must_use]
    pub fn new(kept: KeptInterruptions, customers: usize) -> Self {
        let held_max = (customers * ROWS_PER_CUSTOMER).max(ROWS_MIN);
        Self::holding(kept, customers, held_max)
    }

    /// As [`new`](Self::new), but with so many rows held at most.
    pub(super) fn holding(kept: KeptInterruptions, customers: usize, held_max: usize) -> Self {
        let window = kept.run.window();
        let epoch = Second::of_day(window.start);
        let blocks = customers.div_ceil(index(BLOCK_CUSTOMERS));
        let days = usize::try_from(window.end - window.start).unwrap_or(0);
        let done = Interruptions {
            epoch,
            list: Vec::new(),
            ends: Vec::with_capacity(customers),
            sustained_seconds: BTreeMap::new(),
            rows_by_day: BTreeMap::new(),
            noticed: Vec::new(),
            overlaps: Overlaps::default(),
        };
        Self {
            kept,
            epoch,
            customers,
            blocks: vec![Vec::new(); blocks],
            reading: 0..blocks,
            held: 0,
            held_max,
            done,
            sustained_seconds: vec![0; days],
            rows_by_day: vec![0; days],
            firsts: Vec::new(),
        }
    }

    /// Sets a row aside. `number` names it in [`settle`](Self::settle). Rows of customers of another reading are left
    /// out.
    ///
    /// # Panics
    /// The row begins outside the window.
    pub fn add(&mut self, row: Interruption, number: u32) {
        let customer = row.customer.number();
        let block = index(customer / BLOCK_CUSTOMERS);
        if !self.reading.contains(&block) {
            return;
        }
        let seconds = |length: i64| u32::try_from(length).expect("a window has less than 2^32 seconds");
        let length = row.restored_at.map_or(NOT_RESTORED, |end| seconds(end.since(row.started_at)));
        let start = seconds(row.started_at.since(self.epoch));
        let pieces = &mut self.blocks[block];
        let piled = PiledRow { customer, outage: row.outage, start, length, number };
        match pieces.last_mut() {
            Some(piece) if piece.len() < CHUNK_ROWS => piece.push(piled),
            _ => {
                let mut piece = Vec::with_capacity(CHUNK_ROWS);
                piece.push(piled);
                pieces.push(piece);
            }
        }
        self.held += 1;
        while self.held > self.held_max && self.reading.len() > 1 {
            self.reading.end -= 1;
            let left = std::mem::take(&mut self.blocks[self.reading.end]);
            self.held -= left.iter().map(Vec::len).sum::<usize>();
        }
    }

    /// Settles and merges the rows of this reading, and calls `fate` for each row with its number. Returns whether the
    /// table must be read again for further customers.
    pub fn settle(&mut self, mut fate: impl FnMut(u32, RowFate)) -> bool {
        let mut sorted = Vec::new();
        for block in self.reading.clone() {
            let pieces = std::mem::take(&mut self.blocks[block]);
            sort_by_customer(pieces, &mut sorted);
            let first = block * index(BLOCK_CUSTOMERS);
            let mut rest = &mut sorted[..];
            for customer in first..(first + index(BLOCK_CUSTOMERS)).min(self.customers) {
                let count = rest.iter().take_while(|row| index(row.customer) == customer).count();
                let (rows, after) = rest.split_at_mut(count);
                rest = after;
                let counted = settled(rows, &mut fate);
                self.merge(&rows[..counted]);
                self.note_firsts(CustomerIx::from_index(customer));
                self.done.ends.push(position(self.done.list.len()));
            }
        }
        self.held = 0;
        self.reading = self.reading.end..self.blocks.len();
        !self.reading.is_empty()
    }

    /// The interruptions, after all rows are settled.
    #[must_use]
    pub fn finish(self) -> Interruptions {
        let first_day = self.epoch.day();
        let by_day = |sums: Vec<i64>| (first_day..).zip(sums).filter(|(_, sum)| *sum > 0).collect();
        let mut done = self.done;
        done.list.shrink_to_fit();
        done.noticed.sort_unstable();
        done.sustained_seconds = by_day(self.sustained_seconds);
        done.rows_by_day = by_day(self.rows_by_day);
        done
    }

    fn day(&self, row: &PiledRow) -> usize {
        usize::try_from(self.epoch.plus(row.start.into()).day() - self.epoch.day()).unwrap_or(0)
    }

    fn unpacked(&self, row: &PiledRow) -> Interruption {
        let started_at = self.epoch.plus(row.start.into());
        Interruption {
            outage: row.outage,
            customer: CustomerIx::new(row.customer),
            started_at,
            restored_at: (row.length != NOT_RESTORED).then(|| started_at.plus(row.length.into())),
        }
    }

    /// Merges the rows of a customer, which are in the order of start and outage.
    fn merge(&mut self, rows: &[PiledRow]) {
        let now = self.kept.run.now();
        let mut current: Option<MergedInterruption> = None;
        for row in rows {
            let day = self.day(row);
            self.rows_by_day[day] += 1;
            let (Interruption { outage, customer, started_at: start, restored_at }, open) =
                (self.unpacked(row), row.length == NOT_RESTORED);
            let end = restored_at.unwrap_or(now);
            match &mut current {
                Some(earlier) if start <= earlier.end => {
                    earlier.end = earlier.end.max(end);
                    earlier.open |= open;
                    self.note_overlap(row);
                }
                _ => {
                    let begun = MergedInterruption { customer, outage, start, end, open };
                    if let Some(ended) = current.replace(begun) {
                        self.keep(&ended);
                    }
                }
            }
        }
        if let Some(ended) = current {
            self.keep(&ended);
        }
    }

    fn keep(&mut self, interruption: &MergedInterruption) {
        let seconds = interruption.seconds();
        if seconds > self.kept.momentary_seconds {
            let start = interruption.start.since(self.epoch).div_euclid(DAY_S);
            self.sustained_seconds[usize::try_from(start).unwrap_or(0)] += seconds;
        }
        let is_kept = interruption.end.day() >= self.kept.since;
        if self.kept.noticed[index(interruption.outage)] {
            // One that is not kept is earlier than all that are.
            let place = is_kept.then(|| position(self.done.list.len()));
            self.firsts.push((interruption.outage, place));
        }
        if is_kept {
            let packed = |seconds: i64| u32::try_from(seconds).expect("a window has less than 2^32 seconds");
            self.done.list.push(PackedInterruption {
                outage_and_open: interruption.outage | if interruption.open { OPEN } else { 0 },
                start: packed(interruption.start.since(self.epoch)),
                length: packed(seconds),
            });
        }
    }

    fn note_overlap(&mut self, row: &PiledRow) {
        let row = self.unpacked(row);
        let key = |row: &Interruption| (row.outage, row.customer, row.started_at);
        let overlaps = &mut self.done.overlaps;
        overlaps.rows += 1;
        if overlaps.example.is_none_or(|known| key(&row) < key(&known)) {
            overlaps.example = Some(row);
        }
    }

    /// Notes the first interruption of a customer that began with each outage of which notice may be owed.
    fn note_firsts(&mut self, customer: CustomerIx) {
        self.firsts.sort_unstable();
        self.firsts.dedup_by_key(|(outage, _)| *outage);
        for (outage, place) in self.firsts.drain(..) {
            let Some(place) = place else { continue };
            let start = self.epoch.plus(self.done.list[index(place)].start.into());
            if start.day() >= self.kept.noticed_since {
                self.done.noticed.push(FirstOfOutage { outage, customer, place });
            }
        }
    }
}

impl Interruptions {
    /// The interruptions of rows that are not duplicates.
    #[must_use]
    pub fn of_rows(
        rows: impl IntoIterator<Item = Interruption>,
        kept: KeptInterruptions,
        customers: usize,
    ) -> Self {
        let mut pile = InterruptionPile::new(kept, customers);
        (0..).zip(rows).for_each(|(number, row)| pile.add(row, number));
        pile.settle(|_, _| {});
        pile.finish()
    }
}

/// The rows of a block in the order of customers; frees the pieces one by one.
fn sort_by_customer(pieces: Vec<Vec<PiledRow>>, sorted: &mut Vec<PiledRow>) {
    let mut places = vec![0_usize; index(BLOCK_CUSTOMERS) + 1];
    let place_of = |row: &PiledRow| index(row.customer % BLOCK_CUSTOMERS);
    for row in pieces.iter().flatten() {
        places[place_of(row) + 1] += 1;
    }
    for place in 1..places.len() {
        places[place] += places[place - 1];
    }
    sorted.clear();
    sorted.resize(places[places.len() - 1], PiledRow::default());
    for piece in pieces {
        for row in piece {
            let place = &mut places[place_of(&row)];
            sorted[*place] = row;
            *place += 1;
        }
    }
}

/// Settles the rows of a customer: those that count come first, in the order of start and outage. Returns their number.
fn settled(rows: &mut [PiledRow], fate: &mut impl FnMut(u32, RowFate)) -> usize {
    rows.sort_unstable_by_key(|row| (row.start, row.outage, row.number));
    let key = |row: &PiledRow| (row.start, row.outage);
    let (mut counted, mut next) = (0, 0);
    while next < rows.len() {
        let first = rows[next];
        let equal = rows[next..].iter().take_while(|row| key(row) == key(&first)).count();
        let of_key = next..next + equal;
        let differs = rows[of_key.clone()].iter().any(|row| row.length != first.length);
        for at in of_key {
            let of_row = match at - next {
                _ if differs => RowFate::Differs,
                0 => RowFate::Counted,
                _ => RowFate::Duplicate,
            };
            fate(rows[at].number, of_row);
        }
        next += equal;
        if !differs {
            rows[counted] = first;
            counted += 1;
        }
    }
    counted
}
