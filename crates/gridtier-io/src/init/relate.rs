//! What the tables of a folder say about each other: lost zeros of account numbers, and units.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use gridtier::contract::Table;
use gridtier::contract::cell::{self, Dates, Scaling, Sign};
use gridtier::contract::declared::{DecimalMark, EnergyUnit, MoneyUnit};
use gridtier::word::Word;

use super::excerpt::Excerpt;
use super::guess::{ColumnGuess, TableGuess};

/// Minimum number of pairs of customer and month from which units are guessed.
const PAIRS_MIN: usize = 20;

/// Largest magnitude of a number that is compared.
const NUMBER_MAX: i64 = 1 << 60;

/// Account numbers of a table that lost their leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Padding {
    /// The table whose numbers are short.
    pub table: Table,
    /// The length that the numbers had before.
    pub width: usize,
    /// Distinct account numbers among the rows read.
    pub ids: usize,
    /// How many of them are in the customers table as they are.
    pub known: usize,
    /// How many of them are in the customers table with zeros in front.
    pub known_padded: usize,
}

fn ids<'a>(guess: &TableGuess, deliveries: &'a [Excerpt]) -> BTreeSet<&'a str> {
    let column = guess.column("customer_id");
    column.map_or_else(BTreeSet::new, |column| {
        deliveries[guess.delivery].columns[column.own].filled().into_iter().collect()
    })
}

/// Tables whose account numbers match those of the customers only after zeros are put in front; or the customers table
/// itself, if its numbers are the short ones.
pub fn padding(guesses: &[TableGuess], deliveries: &[Excerpt]) -> Vec<Padding> {
    let Some(base) = guesses.iter().find(|guess| guess.table == Table::Customers) else { return Vec::new() };
    let customers = ids(base, deliveries);
    let mut found: Vec<Padding> = Vec::new();
    for guess in guesses.iter().filter(|guess| guess.table != Table::Customers) {
        let own = ids(guess, deliveries);
        let known = own.intersection(&customers).count();
        if own.is_empty() || known * 2 > own.len() {
            continue;
        }
        let width = longest(&customers).max(longest(&own));
        let (padded_own, padded_customers) = (padded(&own, width), padded(&customers, width));
        let known_padded = padded_own.intersection(&padded_customers).count();
        if known_padded * 20 < own.len() * 19 {
            continue;
        }
        let short = if longest(&own) < width { guess.table } else { Table::Customers };
        if found.iter().all(|padding| padding.table != short) {
            found.push(Padding { table: short, width, ids: own.len(), known, known_padded });
        }
    }
    found
}

/// The length of the longest id, in characters.
fn longest(ids: &BTreeSet<&str>) -> usize {
    ids.iter().map(|id| id.chars().count()).max().unwrap_or(0)
}

fn padded(ids: &BTreeSet<&str>, width: usize) -> BTreeSet<String> {
    ids.iter().map(|id| format!("{}{id}", "0".repeat(width.saturating_sub(id.chars().count())))).collect()
}

type ByMonth = BTreeMap<(String, i64), i128>;

/// Sums of a column in thousandths, by customer and month.
fn by_month(guess: &TableGuess, deliveries: &[Excerpt], date: &str, amount: &str) -> Option<ByMonth> {
    let columns = [guess.column("customer_id")?, guess.column(date)?, guess.column(amount)?];
    let excerpt = &deliveries[guess.delivery];
    let texts = |of: &ColumnGuess| -> ArrayRef {
        let cells = excerpt.columns[of.own].cells.iter().map(|cell| cell.trim());
        Arc::new(cells.map(|cell| (!cell.is_empty()).then_some(cell)).collect::<StringViewArray>())
    };
    let form = Dates { form: columns[1].fit.date_form, places: true, ..Dates::default() };
    let months = cell::months(&texts(columns[1]), form).ok()?;
    let mark = if columns[2].fit.comma { DecimalMark::Comma } else { DecimalMark::Point };
    let scaling = Scaling { factor: 1_000, max: NUMBER_MAX, sign: Sign::Any, mark };
    let amounts = cell::scaled(&texts(columns[2]), &scaling).ok()?;
    let mut sums = ByMonth::new();
    for (row, id) in excerpt.columns[columns[0].own].cells.iter().enumerate() {
        if let (Some(month), Some(amount)) = (months.get(row), amounts.get(row)) {
            *sums.entry((id.trim().to_owned(), month)).or_default() += i128::from(amount);
        }
    }
    Some(sums)
}

/// Sum of `above` over that of `below`, over the customers and months that both have.
fn ratio(above: &ByMonth, below: &ByMonth) -> Option<f64> {
    let pairs = above.iter().filter_map(|(key, amount)| Some((*amount, *below.get(key)?)));
    let (count, above, below) =
        pairs.fold((0, 0i128, 0i128), |(count, a, b), (more_a, more_b)| (count + 1, a + more_a, b + more_b));
    (count >= PAIRS_MIN && above > 0 && below > 0).then(|| above as f64 / below as f64)
}

/// What the ratio of billed amounts to metered energy says about the units.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitGuess {
    /// Amount for one unit of energy, both in the units of the export.
    pub ratio: f64,
    /// Units that give a price which a utility can charge: unit of energy, unit of money, price in CNY/kWh. Best first.
    pub fitting: Vec<(&'static str, &'static str, f64)>,
}

fn of_table(guesses: &[TableGuess], table: Table) -> Option<&TableGuess> {
    guesses.iter().find(|guess| guess.table == table)
}

/// The units of readings and bills that give a price which a utility can charge.
pub fn units(guesses: &[TableGuess], deliveries: &[Excerpt]) -> Option<UnitGuess> {
    let readings = by_month(of_table(guesses, Table::MeterReadings)?, deliveries, "read_at", "active_kwh")?;
    let bills = by_month(of_table(guesses, Table::Bills)?, deliveries, "billing_month", "amount_due")?;
    let ratio = ratio(&bills, &readings)?;
    let mut fitting = Vec::new();
    for energy in EnergyUnit::ALL {
        for money in MoneyUnit::ALL {
            let price = ratio * money.fen() as f64 / 100.0 / (energy.wh() as f64 / 1_000.0);
            if (0.2..=2.0).contains(&price) {
                fitting.push((energy.code(), money.code(), price));
            }
        }
    }
    // Units that need not be declared come first.
    fitting.sort_by_key(|(energy, money, _)| usize::from(*energy != "kWh") + usize::from(*money != "yuan"));
    Some(UnitGuess { ratio, fitting })
}

/// The unit of the plans, under which most customers use about what they planned; and the ratio of planned to used
/// energy in the units of the export. The readings are taken to be in `readings_unit`.
pub fn plan_unit(
    guesses: &[TableGuess],
    deliveries: &[Excerpt],
    readings_unit: EnergyUnit,
) -> Option<(&'static str, f64)> {
    let readings = by_month(of_table(guesses, Table::MeterReadings)?, deliveries, "read_at", "active_kwh")?;
    let plans = by_month(of_table(guesses, Table::Plans)?, deliveries, "month", "planned_kwh")?;
    let ratio = ratio(&plans, &readings)?;
    let fitting = EnergyUnit::ALL.iter().find(|unit| {
        let planned_over_used = ratio * unit.wh() as f64 / readings_unit.wh() as f64;
        (0.5..=2.0).contains(&planned_over_used)
    });
    fitting.map(|unit| (unit.code(), ratio))
}
