//! Bounds on the times in each part of the readings, taken from statistics and the names of folders.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use gridtier::contract::Table;
use gridtier::contract::cell::{CellState, Dates, Family, are_integers, times_us};
use gridtier::contract::declared::Timestamps;
use gridtier::source::Bounds;
use gridtier::unit::DAY_US;

use super::{Content, Readable};
use crate::columns::Pick;
use crate::config::Config;
use crate::parquet::ColumnStatistics;

/// Local times are in the order of times with a zone, except in the hours around a change of clocks.
const CLOCK_CHANGE_US: i64 = DAY_US;

/// First and last local time of a part in microseconds, where known.
type PartSpan = Option<(i64, i64)>;

/// The bounds of each part of a file of readings; `None` unless every customer id and time of the part is known to be
/// valid. A part without bounds is read, which is never wrong.
///
/// The second value is the number of parts whose statistics give a minimum above the maximum, or contradict each other.
pub(super) fn of_parts(readable: &Readable, config: &Config) -> (Vec<Option<Bounds>>, u64) {
    let parts = readable.content.parts().len();
    let unknown = || (vec![None; parts], 0);
    let Content::Parquet(parquet) = &readable.content else { return unknown() };
    let picks = &readable.mapping.picks;
    // Statistics include the values that are declared to mean an empty cell.
    let nulls = config.declared.of(Table::MeterReadings).nulls;
    if ["customer_id", "read_at"].iter().any(|name| nulls.contains_key(*name)) {
        return unknown();
    }
    let own: Vec<usize> =
        ["customer_id", "read_at"].iter().filter_map(|name| picks.get(name)?.own()).collect();
    let Ok(statistics) = parquet.statistics(&readable.file, &own) else { return unknown() };
    let [ids, times] = ["customer_id", "read_at"].map(|name| match picks.get(name)? {
        Pick::Own(at) => Some(KnownValues::Own(&statistics[own.iter().position(|known| known == at)?])),
        Pick::Hive(at) => Some(KnownValues::Same(readable.hive_column(*at, config, 1))),
        Pick::Joined(_) | Pick::Constant => None,
    });
    let (Some(ids), Some(times)) = (ids, times) else { return unknown() };
    let mut bounds = Vec::with_capacity(parts);
    let mut contradictions = 0;
    for (part, span) in times.spans(parts, config).into_iter().enumerate() {
        let is_contradiction =
            times.contradict(part) || span.is_some_and(|(first_us, last_us)| first_us > last_us);
        contradictions += u64::from(is_contradiction);
        let span = span.filter(|_| !is_contradiction && ids.has_ids(part));
        bounds.push(span.map(|(first_us, last_us)| Bounds {
            first_us,
            last_us,
            integer_ids: readable.integer_ids(config),
        }));
    }
    (bounds, contradictions)
}

/// How the values of a column are known without reading them.
enum KnownValues<'a> {
    /// From the statistics of the file.
    Own(&'a ColumnStatistics),
    /// From the name of a folder: one value for all rows.
    Same(ArrayRef),
}

impl KnownValues<'_> {
    /// The span of each part in which every time is valid.
    fn spans(&self, parts: usize, config: &Config) -> Vec<PartSpan> {
        let declared = &config.declared;
        let readings = declared.of(Table::MeterReadings);
        let form = readings.date_forms.get("read_at").map(String::as_str);
        let how = Dates { form, zone: declared.zone, clock: readings.timestamps, places: true };
        let (least, greatest) = match self {
            Self::Own(statistics) => (&statistics.least, &statistics.greatest),
            Self::Same(value) => (value, value),
        };
        let family = Family::of(least.data_type());
        let is_ordered = matches!(self, Self::Same(_))
            || matches!(family, Family::Date | Family::LocalTime | Family::ZonedTime);
        let (true, Ok(first), Ok(last)) = (is_ordered, times_us(least, how), times_us(greatest, how)) else {
            return vec![None; parts];
        };
        let is_instant = family == Family::ZonedTime || readings.timestamps == Timestamps::Instant;
        let slack = if is_instant { CLOCK_CHANGE_US } else { 0 };
        let mut spans = Vec::with_capacity(parts);
        for part in 0..parts {
            let (row, has_nulls) = match self {
                Self::Own(statistics) => (part, !has_no_nulls(statistics, part)),
                Self::Same(_) => (0, false),
            };
            let is_valid = !has_nulls && [first.states[row], last.states[row]] == [CellState::Ok; 2];
            let (first_us, last_us) = (first.values[row], last.values[row]);
            // The comparison is exact: a tolerance would hide a contradiction.
            let slack = if first_us > last_us { 0 } else { slack };
            spans.push(is_valid.then(|| (first_us - slack, last_us + slack)));
        }
        spans
    }

    /// Whether the file says different things about the values of a part.
    fn contradict(&self, part: usize) -> bool {
        matches!(self, Self::Own(statistics) if statistics.contradict[part])
    }

    /// Whether all ids of a part have a value.
    fn has_ids(&self, part: usize) -> bool {
        match self {
            // With a folder for each customer no part is large enough for bounds to be of use.
            Self::Same(_) => false,
            Self::Own(statistics) if !has_no_nulls(statistics, part) => false,
            Self::Own(statistics) if are_integers(statistics.least.data_type()) => true,
            Self::Own(statistics) => {
                begins_printably(&statistics.least, part) && begins_printably(&statistics.greatest, part)
            }
        }
    }
}

/// Whether a text begins with a character that is not white space in any script.
fn begins_printably(bound: &ArrayRef, part: usize) -> bool {
    let texts: Option<&StringArray> = bound.as_string_opt();
    let text = texts.filter(|texts| texts.is_valid(part)).map(|texts| texts.value(part));
    text.and_then(|text| text.bytes().next()).is_some_and(|byte| (b'!'..=b'~').contains(&byte))
}

/// Whether no value of a part is null.
fn has_no_nulls(statistics: &ColumnStatistics, part: usize) -> bool {
    statistics.nulls.is_valid(part) && statistics.nulls.value(part) == 0
}
