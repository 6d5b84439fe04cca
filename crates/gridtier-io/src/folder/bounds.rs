//! What statistics and folder names prove about the parts of the readings.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use gridtier::contract::Table;
use gridtier::contract::cell::{CellState, Dates, Family, are_integers, times_us};
use gridtier::source::Bounds;
use gridtier::unit::DAY_US;

use super::{Content, Readable, constant};
use crate::columns::Pick;
use crate::config::Config;
use crate::parquet::ColumnStatistics;

/// Times with a zone come in their local order but for the hours about a change of clocks.
const CLOCK_CHANGE_US: i64 = DAY_US;

/// First and last local time of each part.
type Span = Option<(i64, i64)>;

/// The bounds of each part of a file of readings, where every row's customer and time is proved to be readable. What
/// cannot be told is left open: it costs no more than reading the part.
pub(super) fn of_parts(readable: &Readable, config: &Config) -> Vec<Option<Bounds>> {
    let parts = readable.content.parts().len();
    let Content::Parquet(parquet) = &readable.content else { return vec![None; parts] };
    let picks = &readable.mapping.picks;
    let own: Vec<usize> =
        ["customer_id", "read_at"].iter().filter_map(|name| picks.get(name)?.own()).collect();
    let Ok(statistics) = parquet.statistics(&readable.file, &own) else { return vec![None; parts] };
    let at = |name: &str| match picks.get(name) {
        Some(Pick::Own(own_at)) => {
            Some(Kept::Own(&statistics[own.iter().position(|known| known == own_at)?]))
        }
        Some(Pick::Hive(hive_at)) => {
            let hive = &readable.file.hive[*hive_at];
            let kind = config.of(readable.file.table).hive.get(&hive.key).copied();
            Some(Kept::Same(constant::array(hive.value.as_deref(), kind.unwrap_or_default(), 1)))
        }
        None => None,
    };
    let (Some(ids), Some(times)) = (at("customer_id"), at("read_at")) else { return vec![None; parts] };
    let spans = times.spans(parts, config);
    let integer_ids = readable.integer_ids(config);
    let bounds = |(part, span): (usize, Span)| {
        let (first_us, last_us) = span?;
        let integer_ids = integer_ids.clone();
        ids.has_ids(part).then_some(Bounds { first_us, last_us, integer_ids })
    };
    spans.into_iter().enumerate().map(bounds).collect()
}

/// Where a column's values are known from.
enum Kept<'a> {
    Own(&'a ColumnStatistics),
    /// One value for all rows.
    Same(ArrayRef),
}

impl Kept<'_> {
    /// Local times of each part, where none of them is empty or out of place.
    fn spans(&self, parts: usize, config: &Config) -> Vec<Span> {
        let declared = &config.declared;
        let form = declared.of(Table::MeterReadings).date_forms.get("read_at").cloned();
        let how = Dates { form: form.as_deref(), zone: declared.zone, places: true };
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
        let slack = if family == Family::ZonedTime { CLOCK_CHANGE_US } else { 0 };
        let span = |part: usize| {
            let part = match self {
                Self::Own(statistics) if !is_zero(statistics, part) => return None,
                Self::Own(_) => part,
                Self::Same(_) => 0,
            };
            let known = [first.states[part], last.states[part]] == [CellState::Ok; 2];
            known.then(|| (first.values[part] - slack, last.values[part] + slack))
        };
        (0..parts).map(span).collect()
    }

    /// Whether no id of a part is empty.
    fn has_ids(&self, part: usize) -> bool {
        /// The first characters of ids that are no white space in any script.
        const PRINTABLE: std::ops::RangeInclusive<u8> = b'!'..=b'~';
        let first_byte = |array: &ArrayRef| {
            let texts: &StringArray = array.as_string_opt()?;
            texts.is_valid(part).then(|| texts.value(part).bytes().next())?
        };
        match self {
            // A folder for each customer: nobody has that many readings.
            Self::Same(_) => false,
            Self::Own(statistics) if !is_zero(statistics, part) => false,
            Self::Own(statistics) if are_integers(statistics.least.data_type()) => true,
            Self::Own(statistics) => [&statistics.least, &statistics.greatest]
                .into_iter()
                .all(|bound| first_byte(bound).is_some_and(|byte| PRINTABLE.contains(&byte))),
        }
    }
}

/// Whether no value of a part is null.
fn is_zero(statistics: &ColumnStatistics, part: usize) -> bool {
    statistics.nulls.is_valid(part) && statistics.nulls.value(part) == 0
}
