//! What was measured on a cycle, as tables.

use arrow_array::ArrayRef;

use super::{FLAG, INTEGER, NUMBER, Output, TEXT, flags, full, integers, nullable, numbers, table, text};
use crate::cycle::Cycle;
use crate::method::Tier;
use crate::validate::Validation;
use crate::word::Word;

/// The tables of a validation, each by its key.
#[must_use]
pub fn tables<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Vec<Output<'a>> {
    vec![
        checks(validation),
        influence(cycle),
        held(validation),
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
        let each = || validation.checks[rows.clone()].iter();
        vec![
            text(each().map(|check| Some(check.measure.id))),
            text(each().map(|check| Some(check.measure.titles[0]))),
            text(each().map(|check| Some(check.measure.titles[1]))),
            numbers(each().map(|check| check.value)),
            numbers(each().map(|check| check.limit.warn)),
            numbers(each().map(|check| check.limit.fail)),
            text(each().map(|check| Some(check.verdict.code()))),
            text(each().map(|check| Some(check.measure.reading[0]))),
            text(each().map(|check| Some(check.measure.reading[1]))),
        ]
    })
}

/// Nominal weight and influence side by side.
fn influence(cycle: &Cycle) -> Output<'_> {
    let fields = vec![full("indicator", TEXT), full("weight", NUMBER), nullable("influence", NUMBER)];
    let places = cycle.parameters.weighing();
    table("influence", fields, places.len(), move |rows| {
        let each = || places[rows.clone()].iter().copied();
        vec![
            text(each().map(|place| Some(cycle.method.indicators[place].id.as_str()))),
            numbers(each().map(|place| cycle.parameters.weights[place].map(|weight| weight.nominal()))),
            numbers(each().map(|place| cycle.influence[place])),
        ]
    })
}

fn held(validation: &Validation) -> Output<'_> {
    let fields = vec![
        full("group", TEXT),
        full("customers", INTEGER),
        full("customers_share", NUMBER),
        nullable("revenue_share", NUMBER),
        nullable("energy_share", NUMBER),
    ];
    table("pareto", fields, validation.held.len(), move |rows| {
        let each = || validation.held[rows.clone()].iter();
        vec![
            text(each().map(|held| Some(held.group))),
            integers(each().map(|held| Some(held.customers as i64))),
            numbers(each().map(|held| Some(held.customers_share))),
            numbers(each().map(|held| held.revenue_share)),
            numbers(each().map(|held| held.energy_share)),
        ]
    })
}

fn lorenz(validation: &Validation) -> Output<'_> {
    let fields = vec![full("amount", TEXT), full("customers_share", NUMBER), full("amount_share", NUMBER)];
    table("lorenz", fields, validation.lorenz.len(), move |rows| {
        let each = || validation.lorenz[rows.clone()].iter();
        vec![
            text(each().map(|point| Some(point.amount))),
            numbers(each().map(|point| Some(point.customers_share))),
            numbers(each().map(|point| Some(point.amount_share))),
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
        let each = || validation.classes[rows.clone()].iter();
        vec![
            text(each().map(|count| Some(count.class.scheme))),
            text(each().map(|count| Some(count.class.name))),
            text(each().map(|count| Some(count.tier.code()))),
            integers(each().map(|count| Some(count.customers as i64))),
            numbers(each().map(|count| Some(count.revenue_fen as f64 / 100.0))),
            numbers(each().map(|count| Some(count.energy_wh as f64 / 1000.0))),
        ]
    })
}

/// Every draw with its weights: what was varied, and what came of it.
fn draws<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    let places = cycle.parameters.weighing();
    let mut fields =
        vec![full("draw", INTEGER), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    fields.extend(places.iter().map(|&place| full(&cycle.method.indicators[place].id, NUMBER)));
    let draws = &validation.drawn.draws;
    table("draws", fields, draws.len(), move |rows| {
        let each = || draws[rows.clone()].iter();
        let mut columns = vec![
            integers(each().map(|(draw, _)| Some(draw.number as i64))),
            numbers(each().map(|(_, compared)| compared.tau_b)),
            numbers(each().map(|(_, compared)| Some(compared.changed))),
        ];
        columns.extend(places.iter().map(|&place| {
            numbers(each().map(|(draw, _)| draw.weights[place].map(|weight| weight.nominal())))
        }));
        columns
    })
}

/// The ranked customers among `wanted`, with how often each tier came out.
fn odds<'a>(
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
        let rows: Vec<usize> = wanted[rows].to_vec();
        let each = || rows.iter().map(|&row| (row, &validation.ranked[row]));
        let own = |row: usize| drawn.probability(row, validation.ranked[row].computed);
        let mut columns: Vec<ArrayRef> = vec![
            text(each().map(|(_, customer)| Some(cycle.customers.ids.key(customer.number)))),
            text(each().map(|(_, customer)| Some(cycle.strata[customer.stratum as usize].as_str()))),
            integers(each().map(|(_, customer)| Some(customer.rank as i64))),
            text(each().map(|(_, customer)| Some(customer.computed.code()))),
            numbers(each().map(|(row, _)| Some(own(row)))),
        ];
        let of_tier = |tier: Tier| numbers(each().map(|(row, _)| Some(drawn.probability(row, tier))));
        columns.extend(Tier::ALL.map(of_tier));
        columns.push(flags(each().map(|(row, _)| own(row) < crate::validate::BORDERLINE)));
        columns
    })
}

fn probabilities<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    odds("tier_probability", cycle, validation, (0..validation.ranked.len()).collect())
}

fn borderline<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    odds("borderline", cycle, validation, validation.borderline().collect())
}

fn leave_one_out<'a>(cycle: &'a Cycle, validation: &'a Validation) -> Output<'a> {
    let fields =
        vec![full("indicator", TEXT), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    table("leave_one_out", fields, validation.leave_one_out.len(), move |rows| {
        let each = || validation.leave_one_out[rows.clone()].iter();
        vec![
            text(each().map(|(place, _)| Some(cycle.method.indicators[*place].id.as_str()))),
            numbers(each().map(|(_, compared)| compared.tau_b)),
            numbers(each().map(|(_, compared)| Some(compared.changed))),
        ]
    })
}

fn methods(validation: &Validation) -> Output<'_> {
    let fields = vec![full("combine", TEXT), nullable("kendall_tau_b", NUMBER), full("tier_changed", NUMBER)];
    table("methods", fields, validation.methods.len(), move |rows| {
        let each = || validation.methods[rows.clone()].iter();
        vec![
            text(each().map(|(how, _)| Some(how.code()))),
            numbers(each().map(|(_, compared)| compared.tau_b)),
            numbers(each().map(|(_, compared)| Some(compared.changed))),
        ]
    })
}

fn cluster_choice(validation: &Validation) -> Output<'_> {
    let choice: Vec<(usize, Option<f64>)> =
        validation.clusters.as_ref().map_or_else(Vec::new, |clusters| clusters.choice.clone());
    let fields = vec![full("clusters", INTEGER), nullable("silhouette", NUMBER)];
    table("cluster_choice", fields, choice.len(), move |rows| {
        let each = || choice[rows.clone()].iter();
        vec![
            integers(each().map(|(clusters, _)| Some(*clusters as i64))),
            numbers(each().map(|(_, silhouette)| *silhouette)),
        ]
    })
}

/// By clustering, cluster and indicator: the mean in the indicator's own unit of those in whom it is known.
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
        let each = || profiles[rows.clone()].iter();
        let spec = |place: usize| &cycle.method.indicators[place];
        vec![
            text(each().map(|profile| Some(profile.clustering))),
            integers(each().map(|profile| Some(profile.cluster as i64))),
            integers(each().map(|profile| Some(profile.customers as i64))),
            text(each().map(|profile| Some(spec(profile.place).id.as_str()))),
            text(each().map(|profile| Some(spec(profile.place).unit.as_str()))),
            integers(each().map(|profile| Some(profile.known as i64))),
            numbers(each().map(|profile| profile.mean)),
        ]
    })
}

fn cluster_tiers(validation: &Validation) -> Output<'_> {
    let counts = validation.cluster_tiers();
    let fields = vec![
        full("clustering", TEXT),
        full("cluster", INTEGER),
        full("tier_computed", TEXT),
        full("customers", INTEGER),
    ];
    table("cluster_tiers", fields, counts.len(), move |rows| {
        let each = || counts[rows.clone()].iter();
        vec![
            text(each().map(|((clustering, ..), _)| Some(*clustering))),
            integers(each().map(|((_, cluster, _), _)| Some(*cluster as i64))),
            text(each().map(|((.., tier), _)| Some(tier.code()))),
            integers(each().map(|(_, customers)| Some(*customers as i64))),
        ]
    })
}
