//! The results of a validation as tables.

use arrow_array::ArrayRef;

use super::{FLAG, INTEGER, NUMBER, Output, TEXT, counts, flags, full, nullable, numbers, table, text};
use crate::cycle::{Cycle, Ranked};
use crate::index::{count, index};
use crate::method::Tier;
use crate::validate::{BORDERLINE, Validation};
use crate::word::Word;

/// The tables of a validation, each sorted by its key.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Vec<Output<'a>> {
    vec![
        checks(validation),
        influence(cycle),
        pareto(validation),
        lorenz(validation),
        classes(validation),
        draws(cycle, validation),
        probabilities(cycle, validation),
        borderline(cycle, validation),
        leave_one_out(cycle, validation),
        methods(validation),
        cluster_choice(validation),
        cluster_profiles(cycle, validation),
        cluster_tiers(validation),
    ]
}

fn checks(validation: &Validation) -> Output<'_> {
    let fields = vec![
        full("measure", TEXT),
        full("title", TEXT),
        full("title_zh", TEXT),
        nullable("value", NUMBER),
        nullable("warn", NUMBER),
        nullable("fail", NUMBER),
        full("verdict", TEXT),
        full("reading", TEXT),
        full("reading_zh", TEXT),
    ];
    table("checks", fields, validation.checks.len(), move |rows| {
        let checks = &validation.checks[rows];
        vec![
            text(checks.iter().map(|check| Some(check.measure.id))),
            text(checks.iter().map(|check| Some(check.measure.titles[0]))),
            text(checks.iter().map(|check| Some(check.measure.titles[1]))),
            numbers(checks.iter().map(|check| check.value)),
            numbers(checks.iter().map(|check| check.limit.warn)),
            numbers(checks.iter().map(|check| check.limit.fail)),
            text(checks.iter().map(|check| Some(check.verdict.code()))),
            text(checks.iter().map(|check| Some(check.measure.reading[0]))),
            text(checks.iter().map(|check| Some(check.measure.reading[1]))),
        ]
    })
}

/// Nominal weight and influence of each weighed indicator.
fn influence(cycle: &Cycle) -> Output<'_> {
    let fields = vec![full("indicator", TEXT), full("weight", NUMBER), nullable("influence", NUMBER)];
    let places = cycle.parameters.weighing();
    table("influence", fields, places.len(), move |rows| {
        let places = &places[rows];
        vec![
            text(places.iter().map(|&place| Some(cycle.method.indicators[place].id.as_str()))),
            numbers(
                places.iter().map(|&place| cycle.parameters.weights[place].map(|weight| weight.nominal())),
            ),
            numbers(places.iter().map(|&place| cycle.influence[place])),
        ]
    })
}

fn pareto(validation: &Validation) -> Output<'_> {
    let fields = vec![
        full("group", TEXT),
        full("customers", INTEGER),
        full("customers_share", NUMBER),
        nullable("revenue_share", NUMBER),
        nullable("energy_share", NUMBER),
    ];
    table("pareto", fields, validation.held.len(), move |rows| {
        let shares = &validation.held[rows];
        vec![
            text(shares.iter().map(|share| Some(share.group))),
            counts(shares.iter().map(|share| Some(share.customers))),
            numbers(shares.iter().map(|share| Some(share.customers_share))),
            numbers(shares.iter().map(|share| share.revenue_share)),
            numbers(shares.iter().map(|share| share.energy_share)),
        ]
    })
}

fn lorenz(validation: &Validation) -> Output<'_> {
    let fields = vec![full("amount", TEXT), full("customers_share", NUMBER), full("amount_share", NUMBER)];
    table("lorenz", fields, validation.lorenz.len(), move |rows| {
        let points = &validation.lorenz[rows];
        vec![
            text(points.iter().map(|point| Some(point.amount))),
            numbers(points.iter().map(|point| Some(point.customers_share))),
            numbers(points.iter().map(|point| Some(point.amount_share))),
        ]
    })
}

fn classes(validation: &Validation) -> Output<'_> {
    let fields = vec![
        full("scheme", TEXT),
        full("class", TEXT),
        full("tier", TEXT),
        full("customers", INTEGER),
        full("revenue_cny", NUMBER),
        full("energy_kwh", NUMBER),
    ];
    table("classes", fields, validation.classes.len(), move |rows| {
        let class_counts = &validation.classes[rows];
        vec![
            text(class_counts.iter().map(|count| Some(count.class.scheme))),
            text(class_counts.iter().map(|count| Some(count.class.name))),
            text(class_counts.iter().map(|count| Some(count.tier.code()))),
            counts(class_counts.iter().map(|count| Some(count.customers))),
            numbers(class_counts.iter().map(|count| Some(count.revenue_fen as f64 / 100.0))),
            numbers(class_counts.iter().map(|count| Some(count.energy_wh as f64 / 1000.0))),
        ]
    })
}

/// One row for each draw: its weights, and how the grading by them differs from the published one.
fn draws<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    let places = cycle.parameters.weighing();
    let mut fields =
        vec![full("draw", INTEGER), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    fields.extend(places.iter().map(|&place| full(&cycle.method.indicators[place].id, NUMBER)));
    let draws = &validation.drawn.draws;
    table("draws", fields, draws.len(), move |rows| {
        let draws = &draws[rows];
        let mut columns = vec![
            counts(draws.iter().map(|(draw, _)| Some(draw.number))),
            numbers(draws.iter().map(|(_, compared)| compared.tau_b)),
            numbers(draws.iter().map(|(_, compared)| Some(compared.changed))),
        ];
        columns.extend(places.iter().map(|&place| {
            numbers(draws.iter().map(|(draw, _)| draw.weights[place].map(|weight| weight.nominal())))
        }));
        columns
    })
}

/// The ranked customers at the rows `wanted`, each with its tier probabilities, that is, the share of draws that gave
/// each tier.
fn probability_table<'a>(
    name: &'static str,
    cycle: &'a Cycle,
    validation: &'a Validation,
    wanted: Vec<usize>,
) -> Output<'a> {
    let mut fields = vec![
        full("customer_id", TEXT),
        full("stratum", TEXT),
        full("rank", INTEGER),
        full("tier_computed", TEXT),
        full("tier_probability", NUMBER),
    ];
    fields.extend(Tier::ALL.iter().map(|tier| full(&tier.code().replace('-', "_"), NUMBER)));
    fields.push(full("borderline", FLAG));
    let drawn = &validation.drawn;
    table(name, fields, wanted.len(), move |rows| {
        let chosen: Vec<(usize, &Ranked)> =
            wanted[rows].iter().map(|&row| (row, &validation.ranked[row])).collect();
        let probabilities: Vec<f64> =
            chosen.iter().map(|&(row, customer)| drawn.probability(row, customer.computed)).collect();
        let mut columns: Vec<ArrayRef> = vec![
            text(chosen.iter().map(|(_, customer)| Some(cycle.customers.ids.key(customer.number)))),
            text(chosen.iter().map(|(_, customer)| Some(cycle.strata[index(customer.stratum)].as_str()))),
            counts(chosen.iter().map(|(_, customer)| Some(customer.rank))),
            text(chosen.iter().map(|(_, customer)| Some(customer.computed.code()))),
            numbers(probabilities.iter().copied().map(Some)),
        ];
        columns.extend(
            Tier::ALL.map(|tier| numbers(chosen.iter().map(|&(row, _)| Some(drawn.probability(row, tier))))),
        );
        columns.push(flags(probabilities.iter().map(|&probability| probability < BORDERLINE)));
        columns
    })
}

fn probabilities<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    probability_table("tier_probability", cycle, validation, (0..validation.ranked.len()).collect())
}

fn borderline<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    probability_table("borderline", cycle, validation, validation.borderline().collect())
}

fn leave_one_out<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    let fields =
        vec![full("indicator", TEXT), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    table("leave_one_out", fields, validation.leave_one_out.len(), move |rows| {
        let compared = &validation.leave_one_out[rows];
        vec![
            text(compared.iter().map(|(place, _)| Some(cycle.method.indicators[*place].id.as_str()))),
            numbers(compared.iter().map(|(_, compared)| compared.tau_b)),
            numbers(compared.iter().map(|(_, compared)| Some(compared.changed))),
        ]
    })
}

fn methods(validation: &Validation) -> Output<'_> {
    let fields = vec![full("combine", TEXT), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    table("methods", fields, validation.methods.len(), move |rows| {
        let compared = &validation.methods[rows];
        vec![
            text(compared.iter().map(|(how, _)| Some(how.code()))),
            numbers(compared.iter().map(|(_, compared)| compared.tau_b)),
            numbers(compared.iter().map(|(_, compared)| Some(compared.changed))),
        ]
    })
}

fn cluster_choice(validation: &Validation) -> Output<'_> {
    let choice: Vec<(usize, Option<f64>)> =
        validation.clusters.as_ref().map_or_else(Vec::new, |clusters| clusters.choice.clone());
    let fields = vec![full("clusters", INTEGER), nullable("silhouette", NUMBER)];
    table("cluster_choice", fields, choice.len(), move |rows| {
        let choice = &choice[rows];
        vec![
            counts(choice.iter().map(|(clusters, _)| Some(count(*clusters)))),
            numbers(choice.iter().map(|(_, silhouette)| *silhouette)),
        ]
    })
}

/// For each clustering, cluster and indicator: the mean over the customers whose value is known, in the indicator's
/// unit.
fn cluster_profiles<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    let profiles = validation.profiles(cycle);
    let fields = vec![
        full("clustering", TEXT),
        full("cluster", INTEGER),
        full("customers", INTEGER),
        full("indicator", TEXT),
        full("unit", TEXT),
        full("known", INTEGER),
        nullable("mean", NUMBER),
    ];
    table("cluster_profiles", fields, profiles.len(), move |rows| {
        let profiles = &profiles[rows];
        let spec = |place: usize| &cycle.method.indicators[place];
        vec![
            text(profiles.iter().map(|profile| Some(profile.clustering))),
            counts(profiles.iter().map(|profile| Some(count(profile.cluster)))),
            counts(profiles.iter().map(|profile| Some(profile.customers))),
            text(profiles.iter().map(|profile| Some(spec(profile.place).id.as_str()))),
            text(profiles.iter().map(|profile| Some(spec(profile.place).unit.as_str()))),
            counts(profiles.iter().map(|profile| Some(profile.known))),
            numbers(profiles.iter().map(|profile| profile.mean)),
        ]
    })
}

fn cluster_tiers(validation: &Validation) -> Output<'_> {
    let tier_counts = validation.cluster_tiers();
    let fields = vec![
        full("clustering", TEXT),
        full("cluster", INTEGER),
        full("tier_computed", TEXT),
        full("customers", INTEGER),
    ];
    table("cluster_tiers", fields, tier_counts.len(), move |rows| {
        let tier_counts = &tier_counts[rows];
        vec![
            text(tier_counts.iter().map(|((clustering, ..), _)| Some(*clustering))),
            counts(tier_counts.iter().map(|((_, cluster, _), _)| Some(count(*cluster)))),
            text(tier_counts.iter().map(|((.., tier), _)| Some(tier.code()))),
            counts(tier_counts.iter().map(|(_, customers)| Some(*customers))),
        ]
    })
}
