//! Writes and reads why customers moved: the parts of each move, the contribution of each indicator to `own`, and the
//! waterfall of tiers (REGRADE section 11).

use arrow_array::RecordBatch;

use super::read::{Cells, text_at, value_at, word_at};
use super::{INTEGER, Output, TEXT, counts, full, integers, nullable, table, text};
use crate::compare::{Attribution, CustomerMove, Pair, PolicyReason, SplitStatus, Step, WaterfallStep};
use crate::index::index;
use crate::method::Tier;
use crate::word::Word;

/// The steps that have a part of the score, in the order of the columns.
const SCORE_STEPS: [Step; 6] =
    [Step::Correction, Step::Stratum, Step::Own, Step::Cohort, Step::Method, Step::Unsplit];

/// The tables of an attribution.
#[must_use]
pub fn tables<'a>(
    pair: &'a Pair<'a>,
    attribution: &'a Attribution,
    waterfall: &'a [WaterfallStep],
) -> Vec<Output<'a>> {
    vec![why(pair, attribution), own(pair, attribution), waterfall_table(waterfall)]
}

/// One row for each customer graded in both cycles, sorted by id.
fn why<'a>(pair: &'a Pair<'a>, attribution: &'a Attribution) -> Output<'a> {
    let mut fields = vec![full("customer_id", TEXT), full("status", TEXT)];
    fields.extend(
        ["stratum_before", "stratum_after", "tier_before", "tier_after"].map(|name| full(name, TEXT)),
    );
    fields.extend(["score_before_e6", "score_after_e6"].map(|name| nullable(name, INTEGER)));
    fields.extend(SCORE_STEPS.map(|step| nullable(&format!("{}_e6", step.code()), INTEGER)));
    fields.extend(Step::PARTS.map(|step| nullable(step.code(), INTEGER)));
    fields.extend(
        ["cause", "policy_before_reason", "policy_after_reason", "own_first"]
            .map(|name| nullable(name, TEXT)),
    );
    fields.extend(["newly_known", "newly_unknown"].map(|name| nullable(name, INTEGER)));
    let moves = &attribution.moves;
    table("why", fields, moves.len(), move |rows| {
        let moves = &moves[rows];
        let each = || moves.iter();
        let indicators = &pair.before.method.indicators;
        let newly =
            |moved: &CustomerMove, count: u16| (moved.status == SplitStatus::Split).then(|| i64::from(count));
        let mut columns = vec![
            text(each().map(|moved| Some(attribution.id(pair, moved)))),
            text(each().map(|moved| Some(moved.status.code()))),
            text(each().map(|moved| Some(attribution.stratum_before(moved)))),
            text(each().map(|moved| Some(attribution.stratum_after(moved)))),
            text(each().map(|moved| Some(moved.tier_before().code()))),
            text(each().map(|moved| Some(moved.tier_after().code()))),
            integers(each().map(CustomerMove::score_before_e6)),
            integers(each().map(CustomerMove::score_after_e6)),
        ];
        columns.extend(SCORE_STEPS.map(|step| integers(each().map(|moved| moved.part_e6(step)))));
        columns.extend(Step::PARTS.map(|step| integers(each().map(|moved| moved.part(step)))));
        columns.extend([
            text(each().map(|moved| moved.cause().map(Word::code))),
            text(each().map(|moved| moved.policy_before_reason.map(Word::code))),
            text(each().map(|moved| moved.policy_after_reason.map(Word::code))),
            text(each().map(|moved| Some(indicators[usize::from(moved.own_first?)].id.as_str()))),
            integers(each().map(|moved| newly(moved, moved.newly_known))),
            integers(each().map(|moved| newly(moved, moved.newly_unknown))),
        ]);
        columns
    })
}

/// One row for each split move, sorted by id: the contribution to `own` of each indicator with a weight in the earlier
/// method.
fn own<'a>(pair: &'a Pair<'a>, attribution: &'a Attribution) -> Output<'a> {
    let own = &attribution.own;
    let mut fields = vec![full("customer_id", TEXT)];
    fields.extend(own.places.iter().map(|&place| full(&pair.before.method.indicators[place].id, INTEGER)));
    fields.push(full("rounding", INTEGER));
    table("own", fields, own.moves.len(), move |rows| {
        let each = || rows.clone();
        let moves = each().map(|at| &attribution.moves[index(own.moves[at])]);
        let mut columns = vec![text(moves.map(|moved| Some(attribution.id(pair, moved))))];
        columns.extend(
            (0..own.places.len()).map(|place| integers(each().map(|at| Some(i64::from(own.row(at)[place]))))),
        );
        columns.push(integers(each().map(|at| Some(own.rounding_e6(at, &attribution.moves)))));
        columns
    })
}

/// One row for each step of a tier in a stratum, in the order of the steps.
fn waterfall_table(steps: &[WaterfallStep]) -> Output<'_> {
    let fields = vec![
        full("stratum", TEXT),
        full("tier", TEXT),
        full("step", TEXT),
        full("joined", INTEGER),
        full("left", INTEGER),
    ];
    table("waterfall", fields, steps.len(), move |rows| {
        let steps = &steps[rows];
        vec![
            text(steps.iter().map(|row| Some(row.stratum.as_str()))),
            text(steps.iter().map(|row| Some(row.tier.code()))),
            text(steps.iter().map(|row| Some(row.step.code()))),
            counts(steps.iter().map(|row| Some(row.joined))),
            counts(steps.iter().map(|row| Some(row.left))),
        ]
    })
}

/// The parts of one customer's move, as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyRow {
    /// The customer.
    pub customer_id: String,
    /// Whether the customer's move could be split.
    pub status: SplitStatus,
    /// The customer's strata before and after.
    pub strata: [String; 2],
    /// The customer's final tiers before and after.
    pub tiers: [Tier; 2],
    /// The customer's scores before and after, in 10⁻⁶ points.
    pub scores_e6: [Option<i64>; 2],
    /// For each step that has a part of the score, that part in 10⁻⁶ points.
    pub parts_e6: Vec<(Step, Option<i64>)>,
    /// For each step, by how many tiers it moved the customer.
    pub parts: Vec<(Step, Option<i64>)>,
    /// The step that moved the tier most.
    pub cause: Option<Step>,
    /// Which policies changed the tiers before and after.
    pub policy_reasons: [Option<PolicyReason>; 2],
    /// The indicator with the largest part of `own`.
    pub own_first: Option<String>,
    /// How many indicators became known, and how many ceased to be.
    pub newly: Option<[i64; 2]>,
}

/// The rows of a written batch; `None` if the batch is not such a table.
#[must_use]
pub fn read_why(batch: &RecordBatch) -> Option<Vec<WhyRow>> {
    let ids = batch.texts("customer_id")?;
    let word = |name: &str| batch.texts(name);
    let [statuses, causes, first] = [word("status")?, word("cause")?, word("own_first")?];
    let strata = [word("stratum_before")?, word("stratum_after")?];
    let tiers = [word("tier_before")?, word("tier_after")?];
    let reasons = [word("policy_before_reason")?, word("policy_after_reason")?];
    let number = |name: &str, row: usize| Some(value_at(batch.integers(name)?, row));
    let part = |name: String, step: Step, row: usize| Some((step, number(&name, row)?));
    (0..batch.num_rows())
        .map(|row| {
            let known = number("newly_known", row)?.zip(number("newly_unknown", row)?);
            Some(WhyRow {
                customer_id: ids.value(row).to_owned(),
                status: word_at(statuses, row)??,
                strata: strata.map(|column| column.value(row).to_owned()),
                tiers: [word_at(tiers[0], row)??, word_at(tiers[1], row)??],
                scores_e6: [number("score_before_e6", row)?, number("score_after_e6", row)?],
                parts_e6: SCORE_STEPS
                    .into_iter()
                    .map(|step| part(format!("{}_e6", step.code()), step, row))
                    .collect::<Option<_>>()?,
                parts: Step::PARTS
                    .into_iter()
                    .map(|step| part(step.code().to_owned(), step, row))
                    .collect::<Option<_>>()?,
                cause: word_at(causes, row)?,
                policy_reasons: [word_at(reasons[0], row)?, word_at(reasons[1], row)?],
                own_first: text_at(first, row).map(str::to_owned),
                newly: known.map(|(known, unknown)| [known, unknown]),
            })
        })
        .collect()
}

/// The parts of `own` for each indicator, and the rounding difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRow {
    /// The customer.
    pub customer_id: String,
    /// For each column except the last, in their order: the indicator and its part in 10⁻⁶ points.
    pub parts_e6: Vec<(String, i64)>,
    /// `own` minus the sum of the parts.
    pub rounding_e6: i64,
}

/// The rows of a written batch; `None` if the batch is not such a table.
#[must_use]
pub fn read_own(batch: &RecordBatch) -> Option<Vec<OwnRow>> {
    let (ids, rounding) = (batch.texts("customer_id")?, batch.integers("rounding")?);
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    let indicators: Vec<String> = names.filter(|name| name != "customer_id" && name != "rounding").collect();
    (0..batch.num_rows())
        .map(|row| {
            let parts = indicators.iter().map(|name| Some((name.clone(), batch.integers(name)?.value(row))));
            Some(OwnRow {
                customer_id: ids.value(row).to_owned(),
                parts_e6: parts.collect::<Option<_>>()?,
                rounding_e6: rounding.value(row),
            })
        })
        .collect()
}

/// The rows of a written batch; `None` if the batch is not a waterfall.
#[must_use]
pub fn read_waterfall(batch: &RecordBatch) -> Option<Vec<WaterfallStep>> {
    let (strata, tiers, steps) = (batch.texts("stratum")?, batch.texts("tier")?, batch.texts("step")?);
    let (joined, left) = (batch.integers("joined")?, batch.integers("left")?);
    (0..batch.num_rows())
        .map(|row| {
            Some(WaterfallStep {
                stratum: strata.value(row).to_owned(),
                tier: word_at(tiers, row)??,
                step: word_at(steps, row)??,
                joined: joined.value(row).try_into().ok()?,
                left: left.value(row).try_into().ok()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::waterfall;
    use crate::fixture::{DraftCustomer, cycle};
    use crate::method::{Method, PRESETS};
    use crate::tier::Previous;
    use crate::unit::Month;

    #[test]
    fn what_is_written_is_read_back() {
        let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
        let text = text.replace("min_known_weight = 0.5", "min_known_weight = 0.0");
        let method = Method::parse("m.toml", &text).unwrap();
        let graded = |year: i32, factor: usize| {
            let draft = |at: usize| {
                let kwh = (at * factor % 11) as f64;
                DraftCustomer::new(
                    format!("{at:02}"),
                    &[("annual_energy", kwh), ("on_time_payment", kwh / 11.0)],
                )
            };
            cycle(&method, Month::new(year, 1), (0..10).map(draft).collect(), Previous::new())
        };
        let (before, after) = (graded(2023, 1), graded(2026, 3));
        let pair = Pair::new(&before, &after).unwrap();
        let attribution = Attribution::new(&pair, None).unwrap();
        let steps = waterfall(&pair, &attribution);
        let written: Vec<RecordBatch> = tables(&pair, &attribution, &steps)
            .into_iter()
            .map(|mut output| output.batches.next().unwrap())
            .collect();
        let (why, own) = (read_why(&written[0]).unwrap(), read_own(&written[1]).unwrap());
        assert_eq!((why.len(), own.len()), (10, 10));
        for ((row, own), moved) in why.iter().zip(&own).zip(&attribution.moves) {
            assert_eq!((row.cause, row.tiers), (moved.cause(), [moved.tier_before(), moved.tier_after()]));
            let whole = moved.score_after_e6().unwrap() - moved.score_before_e6().unwrap();
            assert_eq!(row.parts_e6.iter().filter_map(|(_, part)| *part).sum::<i64>(), whole);
            assert_eq!(row.parts.iter().map(|(_, part)| *part).collect::<Vec<_>>()[7], None);
            let sum: i64 = own.parts_e6.iter().map(|(_, part)| part).sum();
            assert_eq!(Some(sum + own.rounding_e6), moved.part_e6(Step::Own));
            let largest = own.parts_e6.iter().map(|(_, part)| part.abs()).max();
            let first =
                own.parts_e6.iter().find(|(_, part)| Some(part.abs()) == largest.filter(|part| *part > 0));
            assert_eq!(row.own_first.as_ref(), first.map(|(id, _)| id));
        }
        assert_eq!(read_waterfall(&written[2]).unwrap(), steps);
        assert!(read_why(&written[1]).is_none());
    }
}
