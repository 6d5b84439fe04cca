//! Writes the fitted normalisations and weights as a table and reads them back, to recompute a cycle with frozen parameters.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field};

use super::read::{Cells, value_at};
use super::{FLAG, INTEGER, NUMBER, Output, TEXT, counts, flags, full, integers, nullable, numbers, text};
use crate::indicator::{DIMENSIONS, Direction};
use crate::method::{Method, Spec, Transform, Weight};
use crate::score::normalise::FittedKind;
use crate::score::{Fitted, Parameters, Scores, StratumParameters};
use crate::word::Word;

fn list(items: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", items, true)))
}

/// One row for each indicator of the method.
pub(super) fn table<'a>(scores: &'a Scores, method: &'a Method) -> Output<'a> {
    let mut fields = vec![
        full("indicator", TEXT),
        full("title", TEXT),
        full("title_zh", TEXT),
        full("unit", TEXT),
        full("direction", TEXT),
        nullable("dimension", TEXT),
        nullable("group", TEXT),
        nullable("weight_dimension", NUMBER),
        nullable("weight_group", NUMBER),
        nullable("weight_indicator", NUMBER),
        nullable("weight", NUMBER),
    ];
    fields.extend(fit_fields());
    fields.extend([
        full("ranked_known", INTEGER),
        full("degenerate", FLAG),
        full("delivered", FLAG),
        nullable("influence", NUMBER),
    ]);
    let mut order: Vec<usize> = (0..method.indicators.len()).collect();
    order.sort_by_key(|&place| &method.indicators[place].id);
    super::table("parameters", fields, order.len(), move |rows| {
        let specs: Vec<&Spec> = order[rows.clone()].iter().map(|&place| &method.indicators[place]).collect();
        let fitted: Vec<Option<&Fitted>> =
            order[rows.clone()].iter().map(|&place| scores.parameters.fitted[place].as_ref()).collect();
        let weights: Vec<Option<Weight>> =
            order[rows.clone()].iter().map(|&place| scores.parameters.weights[place]).collect();
        let delivered = order[rows.clone()].iter().map(|&place| scores.parameters.delivered[place]);
        let influence = order[rows.clone()].iter().map(|&place| scores.influence[place]);
        let known = order[rows].iter().map(|&place| Some(scores.ranked_known[place] as i64));
        let mut columns = weight_columns(&specs, &weights);
        columns.extend(fit_columns(&fitted));
        columns.push(integers(known));
        columns.push(flags(fitted.iter().map(|fitted| fitted.is_some_and(Fitted::is_degenerate))));
        columns.push(flags(delivered));
        columns.push(numbers(influence));
        columns
    })
}

/// Name of the table that `by_stratum` writes.
pub const STRATUM_PARAMETERS: &str = "stratum_parameters";

/// One row for each indicator and each stratum to whose ranked customers the indicator's normalisation is fitted; for
/// all other strata the indicator's row in `parameters` applies.
pub(super) fn by_stratum<'a>(parameters: &'a Parameters, method: &'a Method) -> Output<'a> {
    let mut fields = vec![full("indicator", TEXT), full("stratum", TEXT)];
    fields.extend(fit_fields());
    fields.extend([full("ranked_known", INTEGER), full("degenerate", FLAG)]);
    let mut rows: Vec<(&Spec, &StratumParameters, usize)> = Vec::new();
    for (place, spec) in method.indicators.iter().enumerate() {
        let fitted = parameters.strata.iter().filter(|stratum| stratum.fitted[place].is_some());
        rows.extend(fitted.map(|stratum| (spec, stratum, place)));
    }
    rows.sort_by_key(|(spec, stratum, _)| (&spec.id, &stratum.name));
    super::table(STRATUM_PARAMETERS, fields, rows.len(), move |range| {
        let rows = &rows[range];
        let fitted: Vec<Option<&Fitted>> =
            rows.iter().map(|(_, stratum, place)| stratum.fitted[*place].as_ref()).collect();
        let mut columns = vec![
            text(rows.iter().map(|(spec, ..)| Some(spec.id.as_str()))),
            text(rows.iter().map(|(_, stratum, _)| Some(stratum.name.as_str()))),
        ];
        columns.extend(fit_columns(&fitted));
        columns.push(counts(rows.iter().map(|(_, stratum, place)| Some(stratum.ranked_known[*place]))));
        columns.push(flags(fitted.iter().map(|fitted| fitted.is_some_and(Fitted::is_degenerate))));
        columns
    })
}

/// The columns of [`fit_columns`].
fn fit_fields() -> [Field; 9] {
    [
        nullable("normalise", TEXT),
        nullable("transform", TEXT),
        nullable("lo", NUMBER),
        nullable("hi", NUMBER),
        nullable("target", NUMBER),
        nullable("tolerance", NUMBER),
        nullable("knots_x", list(NUMBER)),
        nullable("knots_z", list(NUMBER)),
        nullable("knots_count", list(INTEGER)),
    ]
}

fn weight_columns(specs: &[&Spec], weights: &[Option<Weight>]) -> Vec<ArrayRef> {
    let level =
        |pick: fn(&Weight) -> f64| numbers(weights.iter().map(move |weight| weight.as_ref().map(pick)));
    vec![
        text(specs.iter().map(|spec| Some(spec.id.as_str()))),
        text(specs.iter().map(|spec| Some(spec.titles[0].as_str()))),
        text(specs.iter().map(|spec| Some(spec.titles[1].as_str()))),
        text(specs.iter().map(|spec| Some(spec.unit.as_str()))),
        text(specs.iter().map(|spec| Some(spec.direction.code()))),
        text(specs.iter().map(|spec| spec.weight.map(|weight| DIMENSIONS[weight.dimension]))),
        text(specs.iter().map(|spec| spec.weight.map(|_| spec.group.as_str()))),
        level(|weight| weight.of_dimension),
        level(|weight| weight.of_group),
        level(|weight| weight.of_indicator),
        level(Weight::nominal),
    ]
}

/// The code of a fitted normalisation in the table.
fn kind_code(kind: &FittedKind) -> &'static str {
    match kind {
        FittedKind::Nobody => "nobody",
        FittedKind::MinMax { .. } => "min_max",
        FittedKind::Percentile { .. } => "percentile",
        FittedKind::Points(_) => "points",
        FittedKind::Target { .. } => "target",
    }
}

fn fit_columns(fitted: &[Option<&Fitted>]) -> Vec<ArrayRef> {
    let kinds = || fitted.iter().map(|fitted| fitted.map(|fitted| &fitted.kind));
    let transform = |kind: &FittedKind| match kind {
        FittedKind::MinMax { transform, .. } => Some(transform.code()),
        _ => None,
    };
    let mark = |kind: Option<&FittedKind>, pick: fn(f64, f64) -> f64| match kind {
        Some(FittedKind::MinMax { lo, hi, .. }) => Some(pick(*lo, *hi)),
        _ => None,
    };
    let aim = |kind: Option<&FittedKind>, pick: fn(f64, f64) -> f64| match kind {
        Some(FittedKind::Target { target, tolerance }) => Some(pick(*target, *tolerance)),
        _ => None,
    };
    let (mut xs, mut zs) = (ListBuilder::new(Float64Builder::new()), ListBuilder::new(Float64Builder::new()));
    let mut counts = ListBuilder::new(Int64Builder::new());
    for kind in kinds() {
        let (x, z, n): (Vec<f64>, Vec<f64>, Vec<i64>) = match kind {
            Some(FittedKind::Points(knots)) => {
                let (x, z) = knots.iter().copied().unzip();
                (x, z, Vec::new())
            }
            Some(FittedKind::Percentile { values, upto }) => {
                let before = std::iter::once(&0).chain(upto);
                let counts = upto.iter().zip(before).map(|(upto, before)| (upto - before) as i64);
                (values.clone(), Vec::new(), counts.collect())
            }
            _ => Default::default(),
        };
        xs.values().append_slice(&x);
        zs.values().append_slice(&z);
        counts.values().append_slice(&n);
        xs.append(!x.is_empty());
        zs.append(!z.is_empty());
        counts.append(!n.is_empty());
    }
    vec![
        text(kinds().map(|kind| kind.map(kind_code))),
        text(kinds().map(|kind| kind.and_then(transform))),
        numbers(kinds().map(|kind| mark(kind, |lo, _| lo))),
        numbers(kinds().map(|kind| mark(kind, |_, hi| hi))),
        numbers(kinds().map(|kind| aim(kind, |target, _| target))),
        numbers(kinds().map(|kind| aim(kind, |_, tolerance| tolerance))),
        Arc::new(xs.finish()),
        Arc::new(zs.finish()),
        Arc::new(counts.finish()),
    ]
}

/// The parameters of a published table, in the order of the method's indicators; `None` if the table does not belong to
/// this method.
#[must_use]
pub fn read(table: &RecordBatch, method: &Method) -> Option<Parameters> {
    let names = table.column_by_name("indicator")?.as_string_opt::<i32>()?;
    let rows: Vec<usize> = method
        .indicators
        .iter()
        .map(|spec| (0..names.len()).find(|&row| names.value(row) == spec.id))
        .collect::<Option<_>>()?;
    let specs = || method.indicators.iter().zip(&rows);
    let fitted = specs().map(|(spec, &row)| fitted(table, row, spec.direction)).collect::<Option<_>>()?;
    let weights = specs().map(|(spec, &row)| weight(table, row, spec)).collect::<Option<_>>()?;
    let delivered =
        rows.iter().map(|&row| Some(table.flags("delivered")?.value(row))).collect::<Option<_>>()?;
    Some(Parameters { fitted, weights, delivered, strata: Vec::new() })
}

/// The parameters by stratum of a published table, for the strata that have any; `None` if the table does not belong to
/// this method.
#[must_use]
pub fn read_by_stratum(table: &RecordBatch, method: &Method) -> Option<Vec<StratumParameters>> {
    let (ids, names) = (table.texts("indicator")?, table.texts("stratum")?);
    let known = table.column_by_name("ranked_known")?.as_primitive_opt::<Int64Type>()?;
    let mut strata: BTreeMap<&str, StratumParameters> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let place = method.indicators.iter().position(|spec| spec.id == ids.value(row))?;
        let stratum = strata.entry(names.value(row)).or_insert_with(|| StratumParameters {
            name: names.value(row).to_owned(),
            fitted: vec![None; method.indicators.len()],
            ranked_known: vec![0; method.indicators.len()],
        });
        stratum.fitted[place] = fitted(table, row, method.indicators[place].direction)?;
        stratum.ranked_known[place] = u64::try_from(known.value(row)).ok()?;
    }
    Some(strata.into_values().collect())
}

/// A published weight: its place in the tree comes from the method, its numbers from the cycle.
fn weight(table: &RecordBatch, row: usize, spec: &Spec) -> Option<Option<Weight>> {
    let Some(place) = spec.weight else { return Some(None) };
    Some(Some(Weight {
        of_dimension: number(table, row, "weight_dimension")?,
        of_group: number(table, row, "weight_group")?,
        of_indicator: number(table, row, "weight_indicator")?,
        ..place
    }))
}

/// The number in a row of a column.
fn number(table: &RecordBatch, row: usize, name: &str) -> Option<f64> {
    let column = table.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    column.is_valid(row).then(|| column.value(row))
}

/// The text in a row of a column.
fn word<'t>(table: &'t RecordBatch, row: usize, name: &str) -> Option<&'t str> {
    let column = table.column_by_name(name)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn list_of(table: &RecordBatch, row: usize, name: &str) -> Option<ArrayRef> {
    Some(table.column_by_name(name)?.as_list_opt::<i32>()?.value(row))
}

fn float_list(table: &RecordBatch, row: usize, name: &str) -> Option<Vec<f64>> {
    Some(list_of(table, row, name)?.as_primitive_opt::<Float64Type>()?.values().to_vec())
}

fn fitted(table: &RecordBatch, row: usize, direction: Direction) -> Option<Option<Fitted>> {
    let Some(kind) = word(table, row, "normalise") else { return Some(None) };
    let kind = match kind {
        "nobody" => FittedKind::Nobody,
        "min_max" => {
            let transform = Transform::from_code(word(table, row, "transform")?)?;
            FittedKind::MinMax {
                transform,
                lo: number(table, row, "lo")?,
                hi: number(table, row, "hi")?,
                degenerate: table.flags("degenerate")?.value(row),
            }
        }
        "percentile" => {
            let counts = list_of(table, row, "knots_count")?;
            let counts = counts.as_primitive_opt::<Int64Type>()?.values().iter().map(|&count| count as u64);
            FittedKind::percentile(float_list(table, row, "knots_x")?, counts)
        }
        "points" => FittedKind::Points(
            float_list(table, row, "knots_x")?.into_iter().zip(float_list(table, row, "knots_z")?).collect(),
        ),
        "target" => FittedKind::Target {
            target: number(table, row, "target")?,
            tolerance: number(table, row, "tolerance")?,
        },
        _ => return None,
    };
    Some(Some(Fitted { kind, direction }))
}

/// For each indicator of the method, its share of the score's variance; `None` if the table does not belong to this
/// method.
#[must_use]
pub fn read_influence(table: &RecordBatch, method: &Method) -> Option<Vec<Option<f64>>> {
    let (ids, influence) = (table.texts("indicator")?, table.floats("influence")?);
    method
        .indicators
        .iter()
        .map(|spec| {
            let row = (0..ids.len()).find(|&row| ids.value(row) == spec.id)?;
            Some(value_at(influence, row))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::{IndicatorColumn, IndicatorValue};
    use crate::method::{Normalise, NormaliseWithin};
    use crate::score::{Population, judge};
    use crate::stratum::Groups;

    #[test]
    fn parameters_of_strata_are_read_back_bit_for_bit() {
        let mut method = Method::preset("paper").unwrap().unwrap();
        method.normalise_within = NormaliseWithin::Stratum;
        method.indicators[1].normalise = Some(Normalise::Percentile);
        let value = |number: u32, place: usize| match (number as usize + place) % 7 {
            0 => IndicatorValue::Unknown,
            x => IndicatorValue::Known((f64::from(number) + 0.1).powi(x as i32 - 2) / 3.0),
        };
        let columns: Vec<IndicatorColumn> = (0..method.indicators.len())
            .map(|place| (0..200).map(|number| value(number, place)).collect())
            .collect();
        let groups = Groups {
            names: ["south", "north"].map(str::to_owned).to_vec(),
            numbers: (0..200).map(|number| u32::from(number % 3 == 0)).collect(),
        };
        let (short_history, delivered) = (vec![false; 200], vec![true; columns.len()]);
        let population =
            Population { numbers: (0..200).collect(), short_history: &short_history, delivered, groups };
        let scores = judge(population, &columns, &method);
        let mut table = by_stratum(&scores.parameters, &method);
        let batch = table.batches.next().unwrap();
        let keys = (batch.texts("indicator").unwrap(), batch.texts("stratum").unwrap());
        let keys: Vec<(&str, &str)> =
            (0..batch.num_rows()).map(|row| (keys.0.value(row), keys.1.value(row))).collect();
        assert!(keys.is_sorted() && keys.contains(&("annual_energy", "north")), "{keys:?}");
        let read = read_by_stratum(&batch, &method).unwrap();
        assert_eq!(read.len(), 2);
        for (read, published) in read.iter().zip(&scores.parameters.strata) {
            assert_eq!((&read.name, &read.fitted), (&published.name, &published.fitted));
            assert_eq!(read.ranked_known[0], published.ranked_known[0]);
        }
        let mut other = method.clone();
        other.indicators[0].id = "another".into();
        assert!(read_by_stratum(&batch, &other).is_none());
    }
}
