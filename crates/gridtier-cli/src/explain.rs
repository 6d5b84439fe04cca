//! `gridtier explain`: one customer's tier in words and bars, in English and Chinese.

use std::fmt::Write as _;

use gridtier::explain::{Explanation, Item, explain};
use gridtier::indicator::DIMENSIONS;
use gridtier::method::{Override, Tier};
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::store::Store;

use crate::args::{Explain, Format};
use crate::exit::{Done, Failure};
use crate::grid::{Head, grid, grouped};
use crate::lang::Lang;
use crate::summary::tier_name;

/// Characters of a bar of 100 points.
const BAR: f64 = 16.0;

/// Runs `gridtier explain`.
pub fn run(args: &Explain, lang: Lang) -> Result<Done, Failure> {
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    let recalled = cycle::customer(&cycle, args.customer.trim())?;
    let decision =
        recalled.method.overrides.iter().find(|decision| decision.customer_id == args.customer.trim());
    let decision = decision.cloned();
    let explanation =
        explain(&recalled.method, &recalled.parameters, &recalled.values, recalled.row, &recalled.boundaries);
    Ok(Done {
        data: match args.format {
            Format::Text => told(&explanation, decision.as_ref(), cycle.version, lang),
            Format::Json => {
                let text = serde_json::to_string_pretty(&explanation);
                text.map(|text| text + "\n").map_err(|error| Failure::bug(&error.to_string()))?
            }
        },
    })
}

fn told(explanation: &Explanation, decision: Option<&Override>, version: u64, lang: Lang) -> String {
    let mut text = head(explanation, version, lang);
    if let Some(decision) = decision.filter(|_| explanation.row.reason.as_deref() == Some("override")) {
        let Override { approver, reason, expires, .. } = decision;
        let _ = match lang {
            Lang::En => writeln!(text, "Approved by {approver}: {reason}; until {expires}."),
            Lang::Zh => writeln!(text, "批准人 {approver}: {reason}; 有效期至 {expires}。"),
        };
    }
    text.push('\n');
    text += &waterfall(explanation, lang);
    text.push('\n');
    text += &way_up(explanation, lang);
    text
}

fn named(tier: &str, lang: Lang) -> String {
    Tier::from_code(tier).map_or_else(|| tier.to_owned(), |tier| tier_name(tier, lang))
}

fn head(explanation: &Explanation, version: u64, lang: Lang) -> String {
    let row = &explanation.row;
    let mut text = String::new();
    let tier = named(&row.tier, lang);
    let _ = match lang {
        Lang::En => writeln!(text, "Customer {}: tier {tier} in cycle {version}", row.customer_id),
        Lang::Zh => writeln!(text, "客户 {}: 第 {version} 周期等级 {tier}", row.customer_id),
    };
    let score = row.score_e6.map_or("–".to_owned(), |score| format!("{:.2}", score as f64 / 1e6));
    let _ = match (row.rank, explanation.customers, lang) {
        (Some(rank), Some(customers), Lang::En) => writeln!(
            text,
            "Score {score} of 100, rank {} of {} in stratum {}",
            grouped(rank),
            grouped(customers),
            row.stratum
        ),
        (Some(rank), Some(customers), Lang::Zh) => writeln!(
            text,
            "得分 {score} (满分 100), 在分层 {} 中排名 {} / {}",
            row.stratum,
            grouped(rank),
            grouped(customers)
        ),
        (_, _, Lang::En) => writeln!(text, "Score {score} of 100, not ranked"),
        (_, _, Lang::Zh) => writeln!(text, "得分 {score} (满分 100), 未参与排名"),
    };
    if let Some(why) = reason(explanation, lang) {
        let _ = writeln!(text, "{why}");
    }
    text
}

/// Why the tier is provisional, or differs from the computed one.
fn reason(explanation: &Explanation, lang: Lang) -> Option<String> {
    let row = &explanation.row;
    let computed = row.tier_computed.as_deref().map(|tier| named(tier, lang)).unwrap_or_default();
    let known = 100.0 * row.known_weight;
    let told = match (row.reason.as_deref()?, lang) {
        ("short_history", Lang::En) => "Provisional: too few months with readings.".to_owned(),
        ("short_history", Lang::Zh) => "暂定等级: 有读数的月份不足。".to_owned(),
        ("low_known_weight", Lang::En) => {
            format!("Provisional: only {known:.0} % of the weight of its indicators is known.")
        }
        ("low_known_weight", Lang::Zh) => format!("暂定等级: 已知指标的权重仅占 {known:.0} %。"),
        ("veto", Lang::En) => format!("By score the tier would be {computed}; a confirmed offence caps it."),
        ("veto", Lang::Zh) => format!("按得分应为 {computed}; 因查实的违约或窃电行为封顶。"),
        ("hysteresis", Lang::En) => {
            format!(
                "Held: by score the tier would be {computed}, but the rank passed the line by too little."
            )
        }
        ("hysteresis", Lang::Zh) => format!("保持原等级: 按得分应为 {computed}, 但越线幅度不足。"),
        ("step_limit", Lang::En) => {
            format!("By score the tier would be {computed}; the rise in one cycle is limited.")
        }
        ("step_limit", Lang::Zh) => format!("按得分应为 {computed}; 单个周期升级幅度受限。"),
        ("override", Lang::En) => {
            format!("Set by an approved override; by score the tier would be {computed}.")
        }
        ("override", Lang::Zh) => format!("由经批准的人工调整确定; 按得分应为 {computed}。"),
        (other, _) => other.to_owned(),
    };
    let firm = row.firm_from.as_deref().map_or(String::new(), |day| match lang {
        Lang::En => format!(" A firm grade is possible from {day} at the earliest."),
        Lang::Zh => format!(" 最早可于 {day} 正式评级。"),
    });
    Some(told + &firm)
}

fn waterfall(explanation: &Explanation, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("indicator", "指标")),
        Head::Number(lang.pick("value", "数值")),
        Head::Text(lang.pick("points of 100", "得点 (百分制)")),
        Head::Number(lang.pick("weight", "权重")),
        Head::Number(lang.pick("adds", "贡献")),
        Head::Number(lang.pick("so far", "累计")),
    ];
    let mut rows = Vec::new();
    let mut so_far = 0.0;
    for (dimension, name) in DIMENSIONS.iter().zip(dimension_names(lang)) {
        let items = || explanation.items.iter().filter(|item| item.dimension == *dimension);
        let sum: f64 = items().map(|item| item.contribution).sum();
        let weight: f64 = items().map(|item| item.weight).sum();
        rows.push(vec![
            name.to_owned(),
            String::new(),
            String::new(),
            format!("{:.1} %", 100.0 * weight),
            format!("{sum:.2}"),
            String::new(),
        ]);
        for item in items() {
            so_far += item.contribution;
            rows.push(item_row(item, so_far, lang));
        }
    }
    grid(&heads, rows)
}

/// The dimensions' names, in order.
fn dimension_names(lang: Lang) -> [&'static str; 3] {
    match lang {
        Lang::En => ["CONTRIBUTION", "COMPLIANCE", "COOPERATION"],
        Lang::Zh => ["用电贡献", "用电规范性", "客户合作"],
    }
}

fn item_row(item: &Item, so_far: f64, lang: Lang) -> Vec<String> {
    let value = match (item.value, item.status) {
        (Some(value), _) => value_text(value, &item.unit, lang),
        (None, "na") => lang.pick("does not apply", "不适用").to_owned(),
        (None, _) => lang.pick("unknown", "未知").to_owned(),
    };
    let bar = item.points.map_or(String::new(), |points| {
        let filled = (points / 100.0 * BAR).round() as usize;
        format!("{}{} {points:.0}", "█".repeat(filled), "░".repeat(BAR as usize - filled))
    });
    vec![
        format!("  {}", lang.pick(&item.title, &item.title_zh)),
        value,
        bar,
        format!("{:.1} %", 100.0 * item.weight),
        format!("{:.2}", item.contribution),
        format!("{so_far:.2}"),
    ]
}

/// A value with its unit: shares as percent, large numbers grouped, small ones with the digits that tell.
fn value_text(value: f64, unit: &str, lang: Lang) -> String {
    if matches!(unit, "share" | "1/a") {
        return format!("{:.1} %", 100.0 * value);
    }
    let number = match unit {
        "points" if value.fract() == 0.0 => format!("{value}"),
        _ if value.abs() >= 1_000.0 => grouped(value.round() as i64),
        _ => format!("{value:.2}"),
    };
    format!("{number} {}", unit_name(unit, lang)).trim_end().to_owned()
}

/// A unit of the registry in the language; an analyst's own units stand as they are.
fn unit_name(unit: &str, lang: Lang) -> &str {
    let zh = match unit {
        "kWh/a" => "kWh/年",
        "CNY/a" => "元/年",
        "CNY/kWh" => "元/kWh",
        "tce/a" => "tce/年",
        "days" => "天",
        "points" => "分",
        "customer-h/a" => "户·时/年",
        other => other,
    };
    lang.pick(unit, zh)
}

fn way_up(explanation: &Explanation, lang: Lang) -> String {
    let mut text = String::new();
    if explanation.row.ceiling.is_some() {
        let told = lang.pick(
            "A confirmed offence in the window caps this tier: no score lifts it.",
            "评价窗口内有查实的违约或窃电行为, 等级封顶: 得分再高也不能升级。",
        );
        return format!("{told}\n");
    }
    let Some(next) = &explanation.next else {
        if explanation.row.provisional {
            return text;
        }
        return format!("{}\n", lang.pick("There is no better tier.", "已是最高等级。"));
    };
    let (tier, gap) = (named(&next.tier, lang), next.gap);
    let places = grouped(next.places);
    let _ = match lang {
        Lang::En => {
            writeln!(text, "To {tier}: {gap:.2} points more, {places} places up, if nobody else changes.")
        }
        Lang::Zh => writeln!(text, "升至 {tier}: 在其他客户不变时还差 {gap:.2} 分, {places} 个名次。"),
    };
    if explanation.levers.is_empty() {
        let none = lang.pick(
            "Nothing that the customer can change by behaviour is left to gain.",
            "客户通过自身行为已无可提升之处。",
        );
        let _ = writeln!(text, "{none}");
        return text;
    }
    let heads = [
        Head::Text(lang.pick("what the customer can change", "客户可改进的方面")),
        Head::Number(lang.pick("now", "目前")),
        Head::Number(lang.pick("could add", "最多可加")),
        Head::Number(lang.pick("alone enough at", "单独达标所需")),
    ];
    text += &grid(
        &heads,
        explanation.levers.iter().map(|lever| {
            // Nobody hands in a part of a suggestion.
            let whole = |value: f64| if lever.unit == "points" { value.ceil() } else { value };
            let needed = lever
                .value_needed
                .map_or("–".to_owned(), |value| value_text(whole(value), &lever.unit, lang));
            vec![
                lang.pick(&lever.title, &lever.title_zh).to_owned(),
                value_text(lever.value, &lever.unit, lang),
                format!("{:.2}", lever.gain_max),
                needed,
            ]
        }),
    );
    let together = match (explanation.reachable, lang) {
        (true, Lang::En) => "Together these are enough.",
        (true, Lang::Zh) => "各项合计足以升级。",
        (false, Lang::En) => "Even together these are not enough.",
        (false, Lang::Zh) => "各项合计仍不足以升级。",
    };
    let _ = writeln!(text, "{together}");
    text
}
