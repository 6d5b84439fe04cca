//! Clusters of customers, as a cross-check on the tiers.

use gridtier::cluster::Clusters;
use gridtier::cycle::Cycle;
use gridtier::method::Tier;
use gridtier::validate::Validation;

use super::MEASURE_DECIMALS;
use crate::charts;
use crate::format::{counted, grouped};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// The clustering whose profiles are shown.
const PROFILED: &str = "kmeans";

pub(super) fn sections(cycle: &Cycle, validation: &Validation) -> Vec<Section> {
    let Some(clusters) = &validation.clusters else {
        return vec![Section::new().sentence(
            "No clusters: fewer than two indicators tell the customers apart, or there are too few customers.",
            "未做聚类: 可区分客户的指标不足两项, 或客户过少。",
        )];
    };
    let [sampled, chosen, indicators] =
        [clusters.sampled, clusters.chosen_on, clusters.places.len()].map(gridtier::index::count);
    let customers = counted(sampled, "sampled customer", "sampled customers");
    let over = counted(indicators, "indicator", "indicators");
    let [sampled, chosen, indicators] = [sampled, chosen, indicators].map(grouped);
    let (k, seed) = (clusters.clusters, cycle.method.checks.seed);
    let intro = Section::new().sentence(
        format!(
            "Clusters of {customers} over {over}, seed {seed}; their number {k} has the \
             best silhouette on {chosen} of them."
        ),
        format!(
            "对样本 {sampled} 户按 {indicators} 项指标聚类, 种子 {seed}; 类数 {k} 由其中 {chosen} 户的轮廓系数选定。"
        ),
    );
    let profile = profile(cycle, validation);
    let mut means = profile.clone();
    // The last row is not an indicator.
    means.rows.pop();
    let profile = Section::of_table(profile).chart(charts::clusters(means));
    vec![intro.table(clusterings(clusters)), profile]
}

fn clusterings(clusters: &Clusters) -> DataTable {
    DataTable::new(
        Text::coded("clusterings", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "clustering", "clustering", "聚类方法"),
            DataColumn::new(ColumnFormat::Text, "customers", "customers by cluster", "各类户数"),
            DataColumn::new(ColumnFormat::Number(MEASURE_DECIMALS), "silhouette", "silhouette", "轮廓系数"),
            DataColumn::new(ColumnFormat::Number(MEASURE_DECIMALS), "stability", "stability", "稳定性"),
        ],
        clusters.found.iter().map(|found| {
            let mut sizes = vec![0_u64; clusters.clusters];
            for &label in &found.labels {
                sizes[label] += 1;
            }
            let sizes: Vec<String> = sizes.into_iter().map(grouped).collect();
            vec![
                DataCell::Text(names::word(found.name)),
                DataCell::same(sizes.join(" · ")),
                DataCell::number(found.silhouette),
                DataCell::Number(found.stability),
            ]
        }),
    )
}

/// The k-means clusters in the indicators' own units, with the share of each in the two best tiers.
fn profile(cycle: &Cycle, validation: &Validation) -> DataTable {
    let profiles: Vec<_> =
        validation.profiles(cycle).into_iter().filter(|profile| profile.clustering == PROFILED).collect();
    let clusters = profiles.iter().map(|profile| profile.cluster + 1).max().unwrap_or(0);
    let mut columns =
        vec![DataColumn::new(ColumnFormat::Text, "indicator", "mean of (k-means)", "均值 (k 均值)")];
    columns.extend((0..clusters).map(|cluster| {
        let [code, en, zh] = ["cluster_", "cluster ", "类 "].map(|name| format!("{name}{cluster}"));
        DataColumn::new(ColumnFormat::Quantity, code, en, zh)
    }));
    let mut rows = Vec::new();
    for (position, spec) in cycle.method.indicators.iter().enumerate() {
        let means: Vec<DataCell> = profiles
            .iter()
            .filter(|profile| profile.place == position)
            .map(|profile| DataCell::number(profile.mean))
            .collect();
        if means.is_empty() {
            continue;
        }
        let ([en, zh], unit) = (&spec.titles, names::unit(&spec.unit));
        let name = match spec.unit.is_empty() {
            true => DataCell::text(en.clone(), zh.clone()),
            false => DataCell::text(format!("{en} ({})", unit.en), format!("{zh} ({})", unit.zh)),
        };
        rows.push([vec![name], means].concat());
    }
    rows.push(best_shares(validation, clusters));
    DataTable::new(Text::coded("profiles", "", ""), columns, rows)
}

/// The share of each cluster that has one of the two best tiers.
fn best_shares(validation: &Validation, clusters: usize) -> Vec<DataCell> {
    let mut best = vec![0_u64; clusters];
    let mut all = vec![0_u64; clusters];
    for ((clustering, cluster, tier), customers) in validation.cluster_tiers() {
        if clustering == PROFILED {
            all[cluster] += customers;
            if tier <= Tier::Grade1 {
                best[cluster] += customers;
            }
        }
    }
    let mut row = vec![DataCell::text("in special or grade-1", "特级与一级占比")];
    row.extend(best.into_iter().zip(all).map(|(best, all)| match all {
        0 => DataCell::Missing,
        all => DataCell::Formatted(best as f64 / all as f64, ColumnFormat::Share),
    }));
    row
}
