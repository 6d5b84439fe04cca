//! Writes and reads the tier table.

use arrow_array::{ArrayRef, RecordBatch, StringArray};

use super::read::{Cells, text_at, value_at, word_at};
use super::{
    DAY, FLAG, INTEGER, NUMBER, Output, TEXT, counts, days, every_text, flags, full, integers, nullable,
    numbers, table, text,
};
use crate::appeal::{CorrectedCustomer, Placing};
use crate::customer::Customers;
use crate::cycle::Placed;
use crate::explain::TierRow;
use crate::history::{HistoryPlace, TierHistory};
use crate::index::index;
use crate::indicator::DIMENSIONS;
use crate::method::{Method, Tier};
use crate::run::Graded;
use crate::tier::Previous;
use crate::unit::date_of_day;
use crate::word::Word;

/// One row for each graded customer, sorted by id. Each row names its cycle, so that one table can contain several
/// cycles.
pub(super) fn output<'a>(graded: &'a Graded, method: &'a Method, cycle: u64) -> Output<'a> {
    let (scores, tiers, ids) = (&graded.scores, &graded.tiers, &graded.judged().customers.ids);
    let mut fields = vec![
        full("customer_id", TEXT),
        full("stratum", TEXT),
        nullable("rank", INTEGER),
        nullable("score_e6", INTEGER),
        nullable("contribution", NUMBER),
        nullable("compliance", NUMBER),
        nullable("cooperation", NUMBER),
        full("known_weight", NUMBER),
        full("provisional", FLAG),
        nullable("firm_from", DAY),
        nullable("tier_computed", TEXT),
        full("tier", TEXT),
        nullable("reason", TEXT),
        nullable("ceiling", TEXT),
        full("cycle", INTEGER),
        full("as_of", DAY),
    ];
    let as_of = graded.facts.window.end_day();
    let probability = graded.tier_probability.as_ref();
    fields.extend(probability.map(|_| nullable("tier_probability", NUMBER)));
    table("tiers", fields, scores.population.len(), move |rows| {
        let dimensions = scores.dimensions(&graded.columns, method, rows.clone());
        let mut columns = vec![
            every_text(rows.clone().map(|at| ids.key(scores.population[at]))),
            every_text(rows.clone().map(|at| tiers.stratum(at))),
            counts(rows.clone().map(|at| tiers.rank(at))),
            integers(rows.clone().map(|at| scores.score_e6(at))),
            numbers(dimensions.iter().map(|points| points[0])),
            numbers(dimensions.iter().map(|points| points[1])),
            numbers(dimensions.iter().map(|points| points[2])),
            numbers(rows.clone().map(|at| Some(scores.known_weight(at)))),
            flags(rows.clone().map(|at| scores.provisional[at].is_some())),
            days(rows.clone().map(|at| scores.firm_from.get(&at).map(|month| month.first_day()))),
            text(rows.clone().map(|at| tiers.computed[at].map(|tier| tier.code()))),
            every_text(rows.clone().map(|at| tiers.tier[at].code())),
            text(rows.clone().map(|at| reason(graded, at))),
            text(rows.clone().map(|at| tiers.ceiling[at].map(|tier| tier.code()))),
            counts(rows.clone().map(|_| Some(cycle))),
            days(rows.clone().map(|_| Some(as_of))),
        ];
        columns.extend(probability.map(|probability| numbers(rows.clone().map(|at| probability[at]))));
        columns
    })
}

/// The batch that a revision after an appeal publishes in place of a published batch: with the ranks and tiers of
/// `placing`, and with all values that `corrected` has for the customer who appealed. The batch's first row is at
/// position `start` of the cycle's rows; `number` is that of the revision. `None` if the batch is not a tier table.
#[must_use]
pub fn revised(
    batch: &RecordBatch,
    start: usize,
    number: u64,
    strata: &[String],
    placing: &Placing,
    corrected: &CorrectedCustomer,
) -> Option<RecordBatch> {
    let rows = start..start + batch.num_rows();
    let own = |row: usize| (start + row == placing.at).then_some(corrected);
    let placed: Vec<Option<&Placed>> = rows.map(|at| placing.rows.get(&at)).collect();
    let floats = |name: &str, of: &dyn Fn(usize, &Placed) -> Option<f64>| {
        let old = batch.floats(name)?;
        Some(numbers((0..batch.num_rows()).map(|row| match (own(row), placed[row]) {
            (Some(_), Some(new)) => of(row, new),
            _ => value_at(old, row),
        })))
    };
    let mut columns = Vec::with_capacity(batch.num_columns());
    for field in batch.schema().fields() {
        let name = field.name().as_str();
        columns.push(match name {
            "stratum" => texts(batch.texts(name)?, &placed, |new| Some(strata[index(new.stratum)].as_str())),
            "tier_computed" => texts(batch.texts(name)?, &placed, |new| new.computed.map(Word::code)),
            "tier" => texts(batch.texts(name)?, &placed, |new| Some(new.tier.code())),
            "ceiling" => texts(batch.texts(name)?, &placed, |new| new.ceiling.map(Word::code)),
            "reason" => texts(batch.texts(name)?, &placed, |new| match new.provisional {
                Some(why) => Some(why.code()),
                None => new.policy.map(Word::code),
            }),
            "rank" => {
                let old = batch.integers(name)?;
                let new = |row: usize| match placed[row] {
                    Some(new) => new.rank,
                    None => value_at(old, row).map(i64::unsigned_abs),
                };
                counts((0..batch.num_rows()).map(new))
            }
            "score_e6" => {
                let old = batch.integers(name)?;
                let new = |row: usize| placed[row].map_or_else(|| value_at(old, row), |new| new.score_e6);
                integers((0..batch.num_rows()).map(new))
            }
            "contribution" => floats(name, &|_, new| new.dimensions[0])?,
            "compliance" => floats(name, &|_, new| new.dimensions[1])?,
            "cooperation" => floats(name, &|_, new| new.dimensions[2])?,
            "known_weight" => floats(name, &|_, _| Some(corrected.known_weight))?,
            // No weights were drawn for the corrected values.
            "tier_probability" => floats(name, &|_, _| None)?,
            "provisional" => {
                let old = batch.flags(name)?;
                let new =
                    |row: usize| placed[row].map_or_else(|| old.value(row), |new| new.provisional.is_some());
                flags((0..batch.num_rows()).map(new))
            }
            "firm_from" => {
                let old = batch.dates(name)?;
                days((0..batch.num_rows()).map(|row| match own(row) {
                    Some(corrected) => corrected.firm_from.map(|month| month.first_day()),
                    None => value_at(old, row),
                }))
            }
            "cycle" => counts((0..batch.num_rows()).map(|_| Some(number))),
            _ => batch.column_by_name(name)?.clone(),
        });
    }
    RecordBatch::try_new(batch.schema(), columns).ok()
}

/// A column of text, in which the cells of the placed rows are replaced.
fn texts<'a>(
    old: &'a StringArray,
    placed: &[Option<&'a Placed>],
    of: impl Fn(&'a Placed) -> Option<&'a str>,
) -> ArrayRef {
    let cells = placed.iter().enumerate();
    text(cells.map(|(row, new)| new.map_or_else(|| text_at(old, row), &of)))
}

/// Why a customer is provisional, or which policy moved it.
fn reason(graded: &Graded, at: usize) -> Option<&'static str> {
    match graded.scores.provisional[at] {
        Some(why) => Some(why.code()),
        None => graded.tiers.policy[at].map(|policy| policy.code()),
    }
}

/// Appends the rows of a published batch, and the names of strata that are new; `None` if the batch is not a tier
/// table.
#[must_use]
pub fn read(
    batch: &RecordBatch,
    customers: &Customers,
    rows: &mut Vec<Placed>,
    strata: &mut Vec<String>,
) -> Option<()> {
    let (ids, names) = (batch.texts("customer_id")?, batch.texts("stratum")?);
    let (ranks, scores) = (batch.integers("rank")?, batch.integers("score_e6")?);
    let (computed, tiers) = (batch.texts("tier_computed")?, batch.texts("tier")?);
    let (reasons, ceilings) = (batch.texts("reason")?, batch.texts("ceiling")?);
    let provisional = batch.flags("provisional")?;
    let mut dimensions = Vec::with_capacity(DIMENSIONS.len());
    for dimension in DIMENSIONS {
        dimensions.push(batch.floats(dimension)?);
    }
    for row in 0..batch.num_rows() {
        let stratum = strata.iter().position(|known| known == names.value(row)).unwrap_or_else(|| {
            strata.push(names.value(row).to_owned());
            strata.len() - 1
        });
        rows.push(Placed {
            number: customers.ids.get(ids.value(row))?,
            stratum: u32::try_from(stratum).ok()?,
            rank: value_at(ranks, row).map(u64::try_from).transpose().ok()?,
            score_e6: value_at(scores, row),
            dimensions: std::array::from_fn(|at| value_at(dimensions[at], row)),
            provisional: if provisional.value(row) { word_at(reasons, row)? } else { None },
            computed: word_at(computed, row)?,
            tier: Tier::from_code(tiers.value(row))?,
            policy: if provisional.value(row) { None } else { word_at(reasons, row)? },
            ceiling: word_at(ceilings, row)?,
        });
    }
    Some(())
}

/// Adds the final tiers of a published batch; `None` if the batch is not a tier table.
#[must_use]
pub fn read_final(batch: &RecordBatch, tiers: &mut Previous) -> Option<()> {
    let (ids, codes) = (batch.texts("customer_id")?, batch.texts("tier")?);
    for row in 0..batch.num_rows() {
        tiers.insert(ids.value(row).to_owned(), Tier::from_code(codes.value(row))?);
    }
    Some(())
}

/// Adds the rows of a published batch to the cycle that a history has begun; `None` if the batch is not a tier table.
/// If `customer` is given, only that customer's rows are added.
#[must_use]
pub fn read_history(batch: &RecordBatch, customer: Option<&str>, history: &mut TierHistory) -> Option<()> {
    let (ids, strata) = (batch.texts("customer_id")?, batch.texts("stratum")?);
    let (tiers, provisional) = (batch.texts("tier")?, batch.flags("provisional")?);
    let mut known: Option<(&str, u32)> = None;
    for row in (0..batch.num_rows()).filter(|&row| customer.is_none_or(|id| ids.value(row) == id)) {
        let name = strata.value(row);
        let stratum = match known {
            Some((last, stratum)) if last == name => stratum,
            _ => history.stratum(name),
        };
        known = Some((name, stratum));
        let tier = Tier::from_code(tiers.value(row))?;
        let place = HistoryPlace { tier, provisional: provisional.value(row), stratum };
        history.add(ids.value(row), place);
    }
    Some(())
}

/// The first row of a published batch, for an explanation; `None` if the batch is not a tier table.
#[must_use]
pub fn read_explained(batch: &RecordBatch) -> Option<TierRow> {
    let firm_from = value_at(batch.dates("firm_from")?, 0).and_then(date_of_day);
    Some(TierRow {
        customer_id: batch.text("customer_id", 0)?,
        stratum: batch.text("stratum", 0)?,
        rank: value_at(batch.integers("rank")?, 0),
        score_e6: value_at(batch.integers("score_e6")?, 0),
        known_weight: value_at(batch.floats("known_weight")?, 0)?,
        provisional: batch.flags("provisional")?.value(0),
        firm_from: firm_from.map(|day| day.to_string()),
        tier_computed: batch.text("tier_computed", 0),
        tier: batch.text("tier", 0)?,
        reason: batch.text("reason", 0),
        ceiling: batch.text("ceiling", 0),
    })
}
