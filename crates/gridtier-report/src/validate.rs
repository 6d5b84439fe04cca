//! Whether a published grading is sound, as sections.

mod clusters;
mod distribution;

use std::collections::BTreeMap;

use gridtier::cycle::Cycle;
use gridtier::method::checks::{Good, Unit};
use gridtier::robustness::Compared;
use gridtier::validate::{CustomerClass, GroupShare, MeasuredCheck, Validation, Verdict};
use gridtier::word::Word;
use serde_json::{Value, json};

pub use distribution::scores;

use crate::chart::Chart;
use crate::charts;
use crate::format::{counted, decimal, grouped, percent};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// The sections about the validation of cycle `version`.
#[must_use]
pub fn sections(cycle: &Cycle, validation: &Validation, version: u64) -> Vec<Section> {
    let mut sections = vec![
        Section::titled(title(cycle, validation, version)).table(checks(&validation.checks)),
        basis(cycle, validation),
        Section::of_table(readings(&validation.checks)),
        charted(influence(cycle), charts::influence),
        distribution::concentration(held(&validation.held), validation),
        Section::of_table(classes(validation)),
        distribution::tier_points(cycle, validation),
        scores(cycle),
        distribution::weights(charted(variations(cycle, validation), charts::left_out), cycle, validation),
    ];
    sections.extend(clusters::sections(cycle, validation));
    sections
}

/// A table with its numbers as a chart.
fn charted(table: DataTable, chart: fn(&DataTable) -> Chart) -> Section {
    let chart = chart(&table);
    Section::of_table(table).chart(chart)
}

/// The ids of the checks with a verdict.
pub fn with_verdict(validation: &Validation, verdict: Verdict) -> impl Iterator<Item = &'static str> {
    validation.checks.iter().filter(move |check| check.verdict == verdict).map(|check| check.measure.id)
}

fn title(cycle: &Cycle, validation: &Validation, version: u64) -> Text {
    let [pass, warn, fail, none] = [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::NotMeasured]
        .map(|verdict| gridtier::index::count(with_verdict(validation, verdict).count()));
    let method = &cycle.method.name;
    let (passes, warns, fails) = (
        counted(pass, "check passes", "checks pass"),
        counted(warn, "warns", "warn"),
        counted(fail, "fails", "fail"),
    );
    Text::new(
        format!("Cycle {version}, method {method}: {passes}, {warns}, {fails}, {none} not measured"),
        format!(
            "第 {version} 周期, 方法 {method}: 通过 {pass} 项, 提示 {warn} 项, 不通过 {fail} 项, 未测 {none} 项"
        ),
    )
}

fn verdict_text(verdict: Verdict) -> Text {
    match verdict {
        Verdict::NotMeasured => Text::coded("not_measured", "not measured", "未测"),
        Verdict::Pass => Text::coded("pass", "pass", "通过"),
        Verdict::Warn => Text::coded("warn", "warn", "提示"),
        Verdict::Fail => Text::coded("fail", "FAIL", "不通过"),
    }
}

/// Decimals of measures that are not shares.
const MEASURE_DECIMALS: u8 = 3;

fn checks(checks: &[MeasuredCheck]) -> DataTable {
    DataTable::new(
        Text::coded("checks", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "measure", "check", "检验项"),
            DataColumn::new(ColumnFormat::Quantity, "value", "value", "数值"),
            DataColumn::new(ColumnFormat::Quantity, "warn", "warns", "提示限"),
            DataColumn::new(ColumnFormat::Quantity, "fail", "fails", "不通过限"),
            DataColumn::new(ColumnFormat::Word, "verdict", "verdict", "结论"),
        ],
        checks.iter().map(|check| {
            let format = match check.measure.unit {
                Unit::Share => ColumnFormat::Share,
                Unit::Number => ColumnFormat::Number(MEASURE_DECIMALS),
            };
            vec![
                measure_title(check),
                check.value.map_or(DataCell::Missing, |value| DataCell::Formatted(value, format)),
                limit(check, check.limit.warn),
                limit(check, check.limit.fail),
                DataCell::Text(verdict_text(check.verdict)),
            ]
        }),
    )
}

fn measure_title(check: &MeasuredCheck) -> DataCell {
    let [en, zh] = check.measure.titles;
    DataCell::Text(Text::coded(check.measure.id, en, zh))
}

/// The limits of a check, with the side on which it warns or fails.
fn limit(check: &MeasuredCheck, limit: Option<f64>) -> DataCell {
    let Some(limit) = limit else { return DataCell::Blank };
    let sign = match check.measure.good {
        Good::AtLeast => "<",
        _ => ">",
    };
    let shown = match check.measure.unit {
        Unit::Share => percent(limit),
        Unit::Number => decimal(limit, MEASURE_DECIMALS),
    };
    DataCell::same(format!("{sign} {shown}"))
}

/// A sentence on the customers and the number of draws with which robustness and clusters were measured.
fn basis(cycle: &Cycle, validation: &Validation) -> Section {
    let settings = &cycle.method.checks;
    let [sampled, ranked, borderline] =
        [validation.sampled, validation.ranked.len(), validation.borderline().count()]
            .map(gridtier::index::count);
    let draws = counted(settings.draws, "draw", "draws");
    let (seed, concentration) = (settings.seed, settings.concentration);
    let customers = counted(ranked, "ranked customer", "ranked customers");
    let [drawn, sampled, ranked, borderline] = [settings.draws, sampled, ranked, borderline].map(grouped);
    Section::new().sentence(
        format!(
            "Drawn weights: {draws}, concentration {concentration}, seed {seed}. Orders and lines between tiers \
             are those of a sample of {sampled} of {customers}; how often each tier came out was counted \
             for all. Borderline customers: {borderline} (borderline.parquet with -o)."
        ),
        format!(
            "权重扰动: 抽样 {drawn} 次, 集中度 {concentration}, 种子 {seed}。排序与等级界线取自 {ranked} 户排名客户中的样本 \
             {sampled} 户; 各等级出现频率对全部排名客户统计。临界客户 {borderline} 户 (-o DIR 输出 borderline.parquet)。"
        ),
    )
}

fn readings(checks: &[MeasuredCheck]) -> DataTable {
    DataTable::new(
        Text::coded("readings", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "measure", "check", "检验项"),
            DataColumn::new(ColumnFormat::Text, "reading", "how to read it", "如何解读"),
        ],
        checks.iter().map(|check| {
            let [en, zh] = check.measure.reading;
            vec![measure_title(check), DataCell::text(en, zh)]
        }),
    )
}

fn influence(cycle: &Cycle) -> DataTable {
    let weights = cycle.method.indicators.iter().zip(&cycle.parameters.weights).zip(&cycle.influence);
    DataTable::new(
        Text::coded("influence", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
            DataColumn::new(ColumnFormat::Share, "weight", "nominal weight", "名义权重"),
            DataColumn::new(ColumnFormat::Share, "influence", "influence", "实际影响力"),
        ],
        weights.filter_map(|((spec, weight), influence)| {
            let [en, zh] = spec.titles.clone();
            Some(vec![
                DataCell::text(en, zh),
                DataCell::Number(weight.as_ref()?.nominal()),
                DataCell::number(*influence),
            ])
        }),
    )
}

fn held(groups: &[GroupShare]) -> DataTable {
    DataTable::new(
        Text::coded("held", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "group", "group", "分组"),
            DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
            DataColumn::new(ColumnFormat::Share, "customers_share", "share", "占比"),
            DataColumn::new(ColumnFormat::Share, "revenue_share", "of annual revenue", "年电费占比"),
            DataColumn::new(ColumnFormat::Share, "energy_share", "of annual energy", "年电量占比"),
        ],
        groups.iter().map(|held| {
            let name = match held.group {
                "top_20_revenue" => Text::new("top 20 % by revenue", "电费前 20 %"),
                "top_20_energy" => Text::new("top 20 % by energy", "电量前 20 %"),
                tiers => names::tier_of_code(tiers),
            };
            vec![
                DataCell::Text(name),
                DataCell::count(held.customers),
                DataCell::Number(held.customers_share),
                DataCell::number(held.revenue_share),
                DataCell::number(held.energy_share),
            ]
        }),
    )
}

fn classes(validation: &Validation) -> DataTable {
    let mut by_class: BTreeMap<CustomerClass, [u64; 4]> = BTreeMap::new();
    for count in &validation.classes {
        by_class.entry(count.class).or_default()[count.tier as usize] = count.customers;
    }
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "scheme", "class", "分类"),
        DataColumn::new(ColumnFormat::Text, "class", "", ""),
    ];
    columns.extend(names::tier_columns());
    DataTable::new(
        Text::coded("classes", "", ""),
        columns,
        by_class.into_iter().map(|(class, customers)| {
            let mut row = vec![DataCell::Text(scheme(class.scheme)), DataCell::Text(names::word(class.name))];
            row.extend(customers.map(DataCell::count));
            row
        }),
    )
}

fn scheme(code: &'static str) -> Text {
    match code {
        "abc_profit" => Text::new("ABC by profit", "ABC (利润)"),
        "abc_revenue" => Text::new("ABC 5/15/80 by revenue", "ABC 5/15/80 (电费)"),
        "load_class" => Text::new("load class", "负荷等级"),
        "size" => Text::new("size by capacity", "容量规模"),
        other => Text::same(other),
    }
}

fn variations(cycle: &Cycle, validation: &Validation) -> DataTable {
    let methods = validation.methods.iter().map(|(how, compared)| {
        let code = format!("combined by {}", how.code());
        let name = names::word(how.code());
        (Text::coded(code, format!("combined by {}", name.en), format!("合成方法 {}", name.zh)), compared)
    });
    let left_out = validation.leave_one_out.iter().map(|(indicator, compared)| {
        let [en, zh] = &cycle.method.indicators[*indicator].titles;
        (Text::new(format!("without {en}"), format!("剔除 {zh}")), compared)
    });
    DataTable::new(
        Text::coded("variations", "", ""),
        vec![
            DataColumn::new(ColumnFormat::Text, "variation", "variation", "变动"),
            DataColumn::new(
                ColumnFormat::Number(MEASURE_DECIMALS),
                "kendall_tau_b",
                "Kendall τ-b",
                "Kendall τ-b",
            ),
            DataColumn::new(ColumnFormat::Share, "tier_changed", "tiers that change", "等级变化"),
        ],
        methods.chain(left_out).map(|(name, compared)| {
            vec![DataCell::Text(name), DataCell::number(compared.tau_b), DataCell::Number(compared.changed)]
        }),
    )
}

/// The validation as JSON for programs.
#[must_use]
pub fn json(cycle: &Cycle, validation: &Validation, version: u64) -> Value {
    let settings = &cycle.method.checks;
    let methods = validation.methods.iter().map(|(how, compared)| compared_json(how.code(), compared));
    let left_out = validation
        .leave_one_out
        .iter()
        .map(|(indicator, compared)| compared_json(&cycle.method.indicators[*indicator].id, compared));
    json!({
        "cycle": version,
        "method": cycle.method.name,
        "verdict": validation.verdict(),
        "checks": validation.checks.iter().map(check_json).collect::<Vec<_>>(),
        "sampled": validation.sampled,
        "ranked": validation.ranked.len(),
        "draws": settings.draws,
        "concentration": settings.concentration,
        "seed": settings.seed,
        "borderline": validation.borderline().count(),
        "methods": methods.collect::<Vec<_>>(),
        "leave_one_out": left_out.collect::<Vec<_>>(),
        "clusters": validation.clusters.as_ref().map(|clusters| clusters.clusters),
    })
}

fn check_json(check: &MeasuredCheck) -> Value {
    json!({
        "measure": check.measure.id, "title": check.measure.titles[0], "value": check.value,
        "warn": check.limit.warn, "fail": check.limit.fail, "verdict": check.verdict,
        "reading": check.measure.reading[0], "reading_zh": check.measure.reading[1],
    })
}

fn compared_json(name: &str, compared: &Compared) -> Value {
    json!({ "name": name, "kendall_tau_b": compared.tau_b, "tier_changed": compared.changed })
}
