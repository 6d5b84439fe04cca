//! `gridtier validate`: whether a published grading is sound, in words and tables.

use std::fmt::Write as _;

use gridtier::contract::LoadClass;
use gridtier::cycle::Cycle;
use gridtier::method::Tier;
use gridtier::method::checks::{Good, Unit};
use gridtier::output::checks as tables;
use gridtier::robustness::Compared;
use gridtier::validate::{Check, Validation, Verdict, validate};
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::store::{self, Store, StoredCycle};
use serde_json::json;

use crate::args::{Format, Validate};
use crate::exit::{BEYOND_LIMITS, Done, Failure};
use crate::grid::{Head, grid, grouped, percent};
use crate::lang::Lang;
use crate::progress;
use crate::summary::tier_name;

/// Runs `gridtier validate`.
pub fn run(args: &Validate, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.cycle.store)?;
    let cycle = store.cycle(args.cycle.cycle)?;
    let mut cohort = cycle::cycle(&store, &cycle)?;
    let checks = &mut cohort.method.checks;
    checks.draws = args.draws.unwrap_or(checks.draws);
    checks.sample = args.sample.map_or(checks.sample, |sample| sample as usize);
    checks.seed = args.seed.unwrap_or(checks.seed);
    let validation = progress::steps(|progress| validate(&cohort, progress));
    if let Some(dir) = &args.output {
        store::write_tables(dir, tables::tables(&cohort, &validation))?;
    }
    let data = match args.format {
        Format::Text => told(&cohort, &validation, &cycle, lang),
        Format::Json => json(&cohort, &validation, &cycle),
    };
    let failed: Vec<&str> = of(&validation, Verdict::Fail).map(|check| check.measure.id).collect();
    if failed.is_empty() {
        return Ok(Done { data });
    }
    let message = format!(
        "beyond the limits at which a check fails: {}\n  what to do: read the sentences beside these checks; \
         limits stand in the method file under [checks.limits]",
        failed.join(", ")
    );
    Err(Failure { data, message, code: BEYOND_LIMITS })
}

fn of(validation: &Validation, verdict: Verdict) -> impl Iterator<Item = &Check> {
    validation.checks.iter().filter(move |check| check.verdict == verdict)
}

fn told(cohort: &Cycle, validation: &Validation, cycle: &StoredCycle, lang: Lang) -> String {
    let count = |verdict| of(validation, verdict).count();
    let [pass, warn, fail, none] =
        [Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::NotMeasured].map(count);
    let (version, method) = (cycle.version, &cohort.method.name);
    let mut text = match lang {
        Lang::En => format!(
            "Cycle {version}, method {method}: {pass} checks pass, {warn} warn, {fail} fail, {none} not measured\n\n"
        ),
        Lang::Zh => format!(
            "第 {version} 周期, 方法 {method}: 通过 {pass} 项, 提示 {warn} 项, 不通过 {fail} 项, 未测 {none} 项\n\n"
        ),
    };
    text += &checks(validation, lang);
    text += &basis(cohort, validation, lang);
    text += &readings(validation, lang);
    for part in [
        influence(cohort, lang),
        held(validation, lang),
        classes(validation, lang),
        variations(cohort, validation, lang),
        clusters(cohort, validation, lang),
    ] {
        text.push('\n');
        text += &part;
    }
    text
}

fn verdict_name(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::NotMeasured => lang.pick("not measured", "未测"),
        Verdict::Pass => lang.pick("pass", "通过"),
        Verdict::Warn => lang.pick("warn", "提示"),
        Verdict::Fail => lang.pick("FAIL", "不通过"),
    }
}

fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{:.1} %", 100.0 * value),
        Unit::Number => format!("{value:.3}"),
    }
}

fn checks(validation: &Validation, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("check", "检验项")),
        Head::Number(lang.pick("value", "数值")),
        Head::Number(lang.pick("warns", "提示限")),
        Head::Number(lang.pick("fails", "不通过限")),
        Head::Text(lang.pick("verdict", "结论")),
    ];
    let limit = |check: &Check, limit: Option<f64>| {
        let sign = if check.measure.good == Good::AtLeast { "<" } else { ">" };
        limit.map_or_else(String::new, |limit| format!("{sign} {}", value(limit, check.measure.unit)))
    };
    let rows = validation.checks.iter().map(|check| {
        vec![
            lang.pick(check.measure.titles[0], check.measure.titles[1]).to_owned(),
            check.value.map_or("–".to_owned(), |x| value(x, check.measure.unit)),
            limit(check, check.limit.warn),
            limit(check, check.limit.fail),
            verdict_name(check.verdict, lang).to_owned(),
        ]
    });
    grid(&heads, rows)
}

/// On whom, and on how many draws, robustness and clusters were measured.
fn basis(cohort: &Cycle, validation: &Validation, lang: Lang) -> String {
    let settings = &cohort.method.checks;
    let [sampled, ranked, draws] =
        [validation.sampled as u64, validation.ranked.len() as u64, settings.draws].map(grouped);
    let borderline = grouped(validation.borderline().count() as u64);
    let (seed, concentration) = (settings.seed, settings.concentration);
    match lang {
        Lang::En => format!(
            "\nDrawn weights: {draws} draws, concentration {concentration}, seed {seed}. Orders and lines between\n\
             tiers are those of a sample of {sampled} of {ranked} ranked customers; how often\n\
             each tier came out was counted for all. Borderline customers: {borderline} (borderline.parquet with -o).\n\n"
        ),
        Lang::Zh => format!(
            "\n权重扰动: 抽样 {draws} 次, 集中度 {concentration}, 种子 {seed}。排序与等级界线取自 {ranked} 户排名客户中的样本\n\
             {sampled} 户; 各等级出现频率对全部排名客户统计。临界客户 {borderline} 户 (-o DIR 输出 borderline.parquet)。\n\n"
        ),
    }
}

fn readings(validation: &Validation, lang: Lang) -> String {
    let heads =
        [Head::Text(lang.pick("check", "检验项")), Head::Text(lang.pick("how to read it", "如何解读"))];
    let rows = validation.checks.iter().map(|check| {
        let (title, reading) = (check.measure.titles, check.measure.reading);
        vec![lang.pick(title[0], title[1]).to_owned(), lang.pick(reading[0], reading[1]).to_owned()]
    });
    grid(&heads, rows)
}

fn influence(cohort: &Cycle, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("indicator", "指标")),
        Head::Number(lang.pick("nominal weight", "名义权重")),
        Head::Number(lang.pick("influence", "实际影响力")),
    ];
    let share = |x: Option<f64>| x.map_or("–".to_owned(), |x| value(x, Unit::Share));
    let row = |place: usize| {
        let spec = &cohort.method.indicators[place];
        let weight = cohort.parameters.weights[place]?;
        Some(vec![
            lang.pick(&spec.titles[0], &spec.titles[1]).to_owned(),
            share(Some(weight.nominal())),
            share(cohort.influence[place]),
        ])
    };
    grid(&heads, (0..cohort.parameters.weights.len()).filter_map(row))
}

fn held(validation: &Validation, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("group", "分组")),
        Head::Number(lang.pick("customers", "户数")),
        Head::Number(lang.pick("share", "占比")),
        Head::Number(lang.pick("of revenue", "电费占比")),
        Head::Number(lang.pick("of energy", "电量占比")),
    ];
    let share = |x: Option<f64>| x.map_or("–".to_owned(), |x| value(x, Unit::Share));
    let rows = validation.held.iter().map(|held| {
        let name = match (held.group, Tier::from_code(held.group)) {
            (_, Some(tier)) => tier_name(tier, lang),
            ("special+grade-1", _) => lang.pick("special + grade-1", "特级与一级").to_owned(),
            ("top_20_revenue", _) => lang.pick("top 20 % by revenue", "电费前 20 %").to_owned(),
            _ => lang.pick("top 20 % by energy", "电量前 20 %").to_owned(),
        };
        vec![
            name,
            grouped(held.customers),
            share(Some(held.customers_share)),
            share(held.revenue_share),
            share(held.energy_share),
        ]
    });
    grid(&heads, rows)
}

fn classes(validation: &Validation, lang: Lang) -> String {
    let tiers = Tier::ALL.map(|tier| tier_name(tier, lang));
    let mut heads = vec![Head::Text(lang.pick("class", "分类")), Head::Text("")];
    heads.extend(tiers.iter().map(|tier| Head::Number(tier)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut last = None;
    for count in &validation.classes {
        if last != Some(count.class) {
            last = Some(count.class);
            let mut row =
                vec![scheme(count.class.scheme, lang).to_owned(), zh_word(count.class.name, lang).to_owned()];
            row.extend(vec!["0".to_owned(); 4]);
            rows.push(row);
        }
        if let Some(cell) = rows.last_mut().and_then(|row| row.get_mut(2 + count.tier as usize)) {
            *cell = grouped(count.customers);
        }
    }
    grid(&heads, rows)
}

fn scheme(name: &str, lang: Lang) -> &str {
    match name {
        "abc_profit" => lang.pick("ABC by profit", "ABC (利润)"),
        "abc_revenue" => lang.pick("ABC 5/15/80 by revenue", "ABC 5/15/80 (电费)"),
        "load_class" => lang.pick("load class", "负荷等级"),
        "size" => lang.pick("size by capacity", "容量规模"),
        other => other,
    }
}

fn variations(cohort: &Cycle, validation: &Validation, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("variation", "变动")),
        Head::Number("Kendall τ-b"),
        Head::Number(lang.pick("tiers that change", "等级变化")),
    ];
    let row = |name: String, compared: &Compared| {
        vec![
            name,
            compared.tau_b.map_or("–".to_owned(), |tau| format!("{tau:.3}")),
            value(compared.changed, Unit::Share),
        ]
    };
    let left_out = validation.leave_one_out.iter().map(|(place, compared)| {
        let titles = &cohort.method.indicators[*place].titles;
        row(format!("{} {}", lang.pick("without", "剔除"), lang.pick(&titles[0], &titles[1])), compared)
    });
    let methods = validation.methods.iter().map(|(how, compared)| {
        row(format!("{} {}", lang.pick("combined by", "合成方法"), zh_word(how.code(), lang)), compared)
    });
    grid(&heads, methods.chain(left_out))
}

fn clusters(cohort: &Cycle, validation: &Validation, lang: Lang) -> String {
    let Some(clusters) = &validation.clusters else {
        let none = lang.pick(
            "No clusters: fewer than two indicators tell the customers apart, or there are too few customers.",
            "未做聚类: 可区分客户的指标不足两项, 或客户过少。",
        );
        return format!("{none}\n");
    };
    let [sampled, chosen] = [clusters.sampled as u64, clusters.chosen_on as u64].map(grouped);
    let (k, seed) = (clusters.clusters, cohort.method.checks.seed);
    let mut text = match lang {
        Lang::En => format!(
            "Clusters of {sampled} sampled customers over {} indicators, seed {seed}; their number {k} has the best\n\
             silhouette on {chosen} of them.\n",
            clusters.places.len()
        ),
        Lang::Zh => format!(
            "对样本 {sampled} 户按 {} 项指标聚类, 种子 {seed}; 类数 {k} 由其中 {chosen} 户的轮廓系数选定。\n",
            clusters.places.len()
        ),
    };
    let heads = [
        Head::Text(lang.pick("clustering", "聚类方法")),
        Head::Text(lang.pick("customers by cluster", "各类户数")),
        Head::Number(lang.pick("silhouette", "轮廓系数")),
        Head::Number(lang.pick("stability", "稳定性")),
    ];
    let rows = clusters.found.iter().map(|found| {
        let sizes = (0..k).map(|c| grouped(found.labels.iter().filter(|&&label| label == c).count() as u64));
        vec![
            zh_word(found.name, lang).to_owned(),
            sizes.collect::<Vec<_>>().join(" · "),
            found.silhouette.map_or("–".to_owned(), |x| format!("{x:.3}")),
            format!("{:.3}", found.stability),
        ]
    });
    let _ = write!(text, "{}", grid(&heads, rows));
    text += &profile(cohort, validation, lang);
    text
}

/// A word of the tables in the language.
fn zh_word(word: &str, lang: Lang) -> &str {
    const ZH: [(&str, &str); 12] = [
        ("unspecified", "未注明"),
        ("small", "小"),
        ("medium", "中"),
        ("large", "大"),
        ("kmeans", "k 均值"),
        ("gaussian_mixture", "高斯混合"),
        ("weighted_sum", "加权和"),
        ("weighted_product", "加权积"),
        ("grey_relational", "灰色关联"),
        ("share", "比例"),
        ("points", "分"),
        ("days", "天"),
    ];
    let known = || {
        ZH.iter()
            .find(|(known, _)| *known == word)
            .map(|(_, zh)| *zh)
            .or_else(|| LoadClass::from_code(word).map(Word::zh))
    };
    match lang {
        Lang::En => word,
        Lang::Zh => known().unwrap_or(word),
    }
}

/// The k-means clusters in the indicators' own units, with the share of each in the two best tiers.
fn profile(cohort: &Cycle, validation: &Validation, lang: Lang) -> String {
    let profiles = validation.profiles(cohort);
    let mine = || profiles.iter().filter(|profile| profile.clustering == "kmeans");
    let clusters = mine().map(|profile| profile.cluster + 1).max().unwrap_or(0);
    let names: Vec<String> = (0..clusters).map(|c| format!("{} {c}", lang.pick("cluster", "类"))).collect();
    let mut heads = vec![Head::Text(lang.pick("mean of (k-means)", "均值 (k 均值)"))];
    heads.extend(names.iter().map(|name| Head::Number(name)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (place, spec) in cohort.method.indicators.iter().enumerate() {
        let of_place: Vec<_> = mine().filter(|profile| profile.place == place).collect();
        if of_place.is_empty() {
            continue;
        }
        let cell = |mean: Option<f64>| match mean {
            None => "–".to_owned(),
            Some(mean) if mean.abs() >= 1000.0 => grouped(mean.round() as i64),
            Some(mean) => format!("{mean:.2}"),
        };
        let title = lang.pick(&spec.titles[0], &spec.titles[1]);
        let unit = zh_word(&spec.unit, lang);
        let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        let mut row = vec![format!("{title}{unit}")];
        row.extend(of_place.iter().map(|profile| cell(profile.mean)));
        rows.push(row);
    }
    let tiers = validation.cluster_tiers();
    let of = |cluster: usize, tiers_in: &[Tier]| -> u64 {
        let is_in = |(name, own, tier): &(&str, usize, Tier)| {
            *name == "kmeans" && *own == cluster && tiers_in.contains(tier)
        };
        tiers.iter().filter(|(key, _)| is_in(key)).map(|(_, customers)| customers).sum()
    };
    let mut best = vec![lang.pick("in special or grade-1", "特级与一级占比").to_owned()];
    best.extend((0..clusters).map(|c| percent(of(c, &[Tier::Special, Tier::Grade1]), of(c, &Tier::ALL))));
    rows.push(best);
    format!("\n{}", grid(&heads, rows))
}

fn json(cohort: &Cycle, validation: &Validation, cycle: &StoredCycle) -> String {
    let checks: Vec<_> = validation
        .checks
        .iter()
        .map(|check| {
            json!({
                "measure": check.measure.id, "title": check.measure.titles[0], "value": check.value,
                "warn": check.limit.warn, "fail": check.limit.fail, "verdict": check.verdict,
                "reading": check.measure.reading[0], "reading_zh": check.measure.reading[1],
            })
        })
        .collect();
    let compared = |name: &str, compared: &Compared| json!({ "name": name, "kendall_tau_b": compared.tau_b, "tier_changed": compared.changed });
    let settings = &cohort.method.checks;
    let value = json!({
        "cycle": cycle.version,
        "method": cohort.method.name,
        "verdict": validation.verdict(),
        "checks": checks,
        "sampled": validation.sampled,
        "ranked": validation.ranked.len(),
        "draws": settings.draws,
        "concentration": settings.concentration,
        "seed": settings.seed,
        "borderline": validation.borderline().count(),
        "methods": validation.methods.iter().map(|(how, found)| compared(how.code(), found)).collect::<Vec<_>>(),
        "leave_one_out": validation.leave_one_out.iter().map(|(place, found)| {
            compared(&cohort.method.indicators[*place].id, found)
        }).collect::<Vec<_>>(),
        "clusters": validation.clusters.as_ref().map(|clusters| clusters.clusters),
    });
    format!("{value:#}\n")
}
