//! A comparison of two cycles as tables: transitions, rates, stability, z-tests, drift and back-test.

use super::{
    FLAG, INTEGER, NUMBER, Output, TEXT, counts, flags, full, integers, nullable, numbers, table, text,
};
use crate::compare::{
    Backtest, BacktestMean, Backtests, Comparison, Drift, EVERYBODY, Pair, TierStability, TransitionKey,
    TransitionRate, TransitionSums,
};
use crate::index::index;
use crate::method::Tier;
use crate::statistics::migration::NeighbourTest;
use crate::statistics::stability_index::DriftBin;
use crate::word::Word;

/// A row and the number of its stratum; `None` stands for everybody.
type InStratum<R> = (Option<u32>, R);

/// The name of a stratum; `*` stands for everybody.
fn name<'a>(pair: &'a Pair<'_>, stratum: Option<u32>) -> Option<&'a str> {
    Some(stratum.map_or(EVERYBODY, |number| pair.strata[index(number)].as_str()))
}

/// Sorts rows by the bytes of their strata's names, without changing the order within a stratum.
fn by_stratum<R>(pair: &Pair<'_>, mut rows: Vec<InStratum<R>>) -> Vec<InStratum<R>> {
    rows.sort_by(|a, b| name(pair, a.0).cmp(&name(pair, b.0)));
    rows
}

/// All tables of a comparison.
#[must_use]
pub fn tables<'a>(pair: &'a Pair<'a>, comparison: &'a Comparison) -> Vec<Output<'a>> {
    let sums = comparison.transitions.iter().map(|(key, sums)| (*key, *sums));
    let mut tables = vec![
        transitions(pair, sums),
        rates(pair, &comparison.stability),
        stability(pair, &comparison.stability),
        z_tests(pair, &comparison.stability),
    ];
    tables.extend(drift(pair, &comparison.drift));
    tables.extend(backtest(pair, &comparison.backtests));
    tables.extend(super::attribution::tables(pair, &comparison.attribution, &comparison.waterfall));
    tables
}

/// Numbers of customers by stratum and states, with revenue and energy in both cycles.
fn transitions<'a>(
    pair: &'a Pair<'a>,
    rows: impl IntoIterator<Item = (TransitionKey, TransitionSums)>,
) -> Output<'a> {
    let fields = vec![
        full("stratum", TEXT),
        full("from", TEXT),
        full("from_provisional", FLAG),
        full("to", TEXT),
        full("to_provisional", FLAG),
        full("customers", INTEGER),
        full("revenue_before_fen", INTEGER),
        full("revenue_after_fen", INTEGER),
        full("energy_before_wh", INTEGER),
        full("energy_after_wh", INTEGER),
    ];
    // The keys are in the order of strata, whose numbers follow the bytes of their names, and then of states.
    let rows: Vec<_> = rows.into_iter().collect();
    table("transitions", fields, rows.len(), move |range| {
        let rows = &rows[range];
        let sums = |of: fn(&TransitionSums) -> i64| integers(rows.iter().map(|(_, sums)| Some(of(sums))));
        vec![
            text(rows.iter().map(|(key, _)| name(pair, Some(key.stratum)))),
            text(rows.iter().map(|(key, _)| Some(key.before.code()))),
            flags(rows.iter().map(|(key, _)| key.before_provisional)),
            text(rows.iter().map(|(key, _)| Some(key.after.code()))),
            flags(rows.iter().map(|(key, _)| key.after_provisional)),
            counts(rows.iter().map(|(_, sums)| Some(sums.customers))),
            sums(|sums| sums.revenue_fen[0]),
            sums(|sums| sums.revenue_fen[1]),
            sums(|sums| sums.energy_wh[0]),
            sums(|sums| sums.energy_wh[1]),
        ]
    })
}

/// The share of each tier's customers that came to each state, with limits.
fn rates<'a>(pair: &'a Pair<'a>, stability: &[TierStability]) -> Output<'a> {
    let rates = stability.iter().flat_map(|of| of.rates.iter().map(|rate| (of.stratum, *rate)));
    let rates: Vec<InStratum<TransitionRate>> = by_stratum(pair, rates.collect());
    let fields = vec![
        full("stratum", TEXT),
        full("from", TEXT),
        full("to", TEXT),
        full("customers", INTEGER),
        full("from_customers", INTEGER),
        nullable("rate", NUMBER),
        nullable("rate_low", NUMBER),
        nullable("rate_high", NUMBER),
    ];
    table("rates", fields, rates.len(), move |rows| {
        let rates = &rates[rows];
        vec![
            text(rates.iter().map(|(stratum, _)| name(pair, *stratum))),
            text(rates.iter().map(|(_, rate)| Some(rate.from.code()))),
            text(rates.iter().map(|(_, rate)| Some(rate.to.code()))),
            counts(rates.iter().map(|(_, rate)| Some(rate.customers))),
            counts(rates.iter().map(|(_, rate)| Some(rate.from_customers))),
            numbers(rates.iter().map(|(_, rate)| rate.share())),
            numbers(rates.iter().map(|(_, rate)| rate.limits.map(|limits| limits[0]))),
            numbers(rates.iter().map(|(_, rate)| rate.limits.map(|limits| limits[1]))),
        ]
    })
}

/// The measures of stability by stratum.
fn stability<'a>(pair: &'a Pair<'a>, stability: &[TierStability]) -> Output<'a> {
    let mut rows: Vec<InStratum<(&'static str, Option<f64>)>> =
        stability.iter().flat_map(|of| of.measures().map(|measure| (of.stratum, measure))).collect();
    rows.sort_by(|a, b| (name(pair, a.0), a.1.0).cmp(&(name(pair, b.0), b.1.0)));
    let fields = vec![full("stratum", TEXT), full("measure", TEXT), nullable("value", NUMBER)];
    table("stability", fields, rows.len(), move |range| {
        let rows = &rows[range];
        vec![
            text(rows.iter().map(|(stratum, _)| name(pair, *stratum))),
            text(rows.iter().map(|(_, (measure, _))| Some(*measure))),
            numbers(rows.iter().map(|(_, (_, value))| *value)),
        ]
    })
}

/// Whether farther moves are more frequent than nearer ones.
fn z_tests<'a>(pair: &'a Pair<'a>, stability: &[TierStability]) -> Output<'a> {
    let tests =
        stability.iter().flat_map(|of| of.neighbour_tests().into_iter().map(|test| (of.stratum, test)));
    let tests: Vec<InStratum<NeighbourTest>> = by_stratum(pair, tests.collect());
    let fields = vec![
        full("stratum", TEXT),
        full("from", TEXT),
        full("to", TEXT),
        full("neighbour", TEXT),
        full("customers", INTEGER),
        nullable("share", NUMBER),
        nullable("share_neighbour", NUMBER),
        nullable("z", NUMBER),
        nullable("p_value", NUMBER),
    ];
    table("z_tests", fields, tests.len(), move |rows| {
        let tests = &tests[rows];
        vec![
            text(tests.iter().map(|(stratum, _)| name(pair, *stratum))),
            text(tests.iter().map(|(_, test)| Some(Tier::ALL[test.from].code()))),
            text(tests.iter().map(|(_, test)| Some(Tier::ALL[test.to].code()))),
            text(tests.iter().map(|(_, test)| Some(Tier::ALL[test.neighbour].code()))),
            counts(tests.iter().map(|(_, test)| Some(test.customers))),
            numbers(tests.iter().map(|(_, test)| test.shares.map(|shares| shares[0]))),
            numbers(tests.iter().map(|(_, test)| test.shares.map(|shares| shares[1]))),
            numbers(tests.iter().map(|(_, test)| test.z)),
            numbers(tests.iter().map(|(_, test)| test.p_value)),
        ]
    })
}

/// The drift of each measure, and its bins, whose terms sum to the drift.
fn drift<'a>(pair: &'a Pair<'a>, drifts: &'a [Drift]) -> [Output<'a>; 2] {
    let mut sorted: Vec<&Drift> = drifts.iter().collect();
    sorted.sort_by(|a, b| (name(pair, a.stratum), &a.measure).cmp(&(name(pair, b.stratum), &b.measure)));
    let bins = sorted.iter().flat_map(|drift| drift.index.bins.iter().map(|bin| (*drift, *bin)));
    let bins: Vec<(&Drift, DriftBin)> = bins.collect();
    [drift_measures(pair, sorted), drift_bins(pair, bins)]
}

fn drift_measures<'a>(pair: &'a Pair<'a>, drifts: Vec<&'a Drift>) -> Output<'a> {
    let fields = vec![
        full("stratum", TEXT),
        full("measure", TEXT),
        full("customers_before", INTEGER),
        full("customers_after", INTEGER),
        full("bins", INTEGER),
        full("value", NUMBER),
        nullable("sampling_95", NUMBER),
        nullable("beyond_sampling", FLAG),
        full("verdict", TEXT),
    ];
    table("drift", fields, drifts.len(), move |rows| {
        let drifts = &drifts[rows];
        vec![
            text(drifts.iter().map(|drift| name(pair, drift.stratum))),
            text(drifts.iter().map(|drift| Some(drift.measure.as_str()))),
            counts(drifts.iter().map(|drift| Some(drift.index.before))),
            counts(drifts.iter().map(|drift| Some(drift.index.after))),
            counts(drifts.iter().map(|drift| Some(crate::index::count(drift.index.bins.len())))),
            numbers(drifts.iter().map(|drift| Some(drift.index.value))),
            numbers(drifts.iter().map(|drift| drift.index.sampling_95)),
            super::flags_or_none(drifts.iter().map(|drift| drift.beyond_sampling())),
            text(drifts.iter().map(|drift| Some(drift.verdict().code()))),
        ]
    })
}

fn drift_bins<'a>(pair: &'a Pair<'a>, bins: Vec<(&'a Drift, DriftBin)>) -> Output<'a> {
    let fields = vec![
        full("stratum", TEXT),
        full("measure", TEXT),
        full("bin", INTEGER),
        full("side", TEXT),
        nullable("mark", NUMBER),
        full("term", NUMBER),
        full("customers_before", INTEGER),
        full("customers_after", INTEGER),
    ];
    table("drift_bins", fields, bins.len(), move |rows| {
        let bins = &bins[rows];
        vec![
            text(bins.iter().map(|(drift, _)| name(pair, drift.stratum))),
            text(bins.iter().map(|(drift, _)| Some(drift.measure.as_str()))),
            counts(bins.iter().map(|(_, bin)| Some(bin.number))),
            text(bins.iter().map(|(_, bin)| Some(bin.side.code()))),
            numbers(bins.iter().map(|(_, bin)| bin.mark)),
            numbers(bins.iter().map(|(_, bin)| Some(bin.term))),
            counts(bins.iter().map(|(_, bin)| Some(bin.before))),
            counts(bins.iter().map(|(_, bin)| Some(bin.after))),
        ]
    })
}

/// How well the earlier cycle's scores and tiers foretold the later cycle.
fn backtest<'a>(pair: &'a Pair<'a>, backtests: &Backtests) -> [Output<'a>; 2] {
    let outcomes = backtests.outcomes.iter().map(|test| (test.stratum, *test));
    let mut outcomes: Vec<InStratum<Backtest>> = outcomes.collect();
    outcomes
        .sort_by(|a, b| (name(pair, a.0), a.1.outcome.code()).cmp(&(name(pair, b.0), b.1.outcome.code())));
    let means = backtests.means.iter().map(|mean| (mean.stratum, *mean));
    let mut means: Vec<InStratum<BacktestMean>> = means.collect();
    means.sort_by(|a, b| {
        (name(pair, a.0), a.1.measure_id(), a.1.tier).cmp(&(name(pair, b.0), b.1.measure_id(), b.1.tier))
    });
    [backtest_outcomes(pair, outcomes), backtest_tiers(pair, means)]
}

fn backtest_outcomes<'a>(pair: &'a Pair<'a>, tests: Vec<InStratum<Backtest>>) -> Output<'a> {
    let fields = vec![
        full("stratum", TEXT),
        full("outcome", TEXT),
        full("customers", INTEGER),
        full("events", INTEGER),
        nullable("auc", NUMBER),
        nullable("auc_low", NUMBER),
        nullable("auc_high", NUMBER),
        nullable("somers_d", NUMBER),
    ];
    table("backtest", fields, tests.len(), move |rows| {
        let tests = &tests[rows];
        vec![
            text(tests.iter().map(|(stratum, _)| name(pair, *stratum))),
            text(tests.iter().map(|(_, test)| Some(test.outcome.code()))),
            counts(tests.iter().map(|(_, test)| Some(test.customers))),
            counts(tests.iter().map(|(_, test)| Some(test.events))),
            numbers(tests.iter().map(|(_, test)| test.area.map(|area| area.value))),
            numbers(tests.iter().map(|(_, test)| test.area?.limits.map(|[low, _]| low))),
            numbers(tests.iter().map(|(_, test)| test.area?.limits.map(|[_, high]| high))),
            numbers(tests.iter().map(|(_, test)| test.area.map(|area| area.somers_d()))),
        ]
    })
}

fn backtest_tiers<'a>(pair: &'a Pair<'a>, means: Vec<InStratum<BacktestMean>>) -> Output<'a> {
    let fields = vec![
        full("stratum", TEXT),
        full("measure", TEXT),
        full("tier", TEXT),
        full("customers", INTEGER),
        nullable("mean", NUMBER),
        nullable("mean_low", NUMBER),
        nullable("mean_high", NUMBER),
    ];
    table("backtest_tiers", fields, means.len(), move |rows| {
        let means = &means[rows];
        vec![
            text(means.iter().map(|(stratum, _)| name(pair, *stratum))),
            text(means.iter().map(|(_, mean)| Some(mean.measure_id()))),
            text(means.iter().map(|(_, mean)| Some(mean.tier.code()))),
            counts(means.iter().map(|(_, mean)| Some(mean.customers))),
            numbers(means.iter().map(|(_, mean)| mean.mean.map(|mean| mean.value))),
            numbers(means.iter().map(|(_, mean)| mean.mean?.limits.map(|[low, _]| low))),
            numbers(means.iter().map(|(_, mean)| mean.mean?.limits.map(|[_, high]| high))),
        ]
    })
}
