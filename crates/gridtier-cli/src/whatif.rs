//! `gridtier whatif`: who would change tier under other weights or another method.

use std::fmt::Write as _;

use gridtier::cycle::Cycle;
use gridtier::method::Tier;
use gridtier::output::trial;
use gridtier::whatif::{Outcome, Trial, attempt, replace, set};
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::store::{self, Store};
use serde_json::json;

use crate::args::{Format, Whatif};
use crate::exit::{Done, Failure, METHOD, USAGE};
use crate::grid::{Head, grid, grouped, percent};
use crate::lang::Lang;
use crate::method;
use crate::summary::tier_name;

/// Runs `gridtier whatif`.
pub fn run(args: &Whatif, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.cycle.store)?;
    let cycle = store.cycle(args.cycle.cycle)?;
    let cohort = cycle::cycle(&store, &cycle)?;
    let trial = match &args.method {
        Some(name) => replace(&cohort, method::load(name)?).map_err(|what| Failure::new(METHOD, what))?,
        None => set(&cohort, &args.set).map_err(|what| Failure::new(USAGE, what))?,
    };
    let outcome = attempt(&cohort, &trial.method);
    if let Some(dir) = &args.output {
        store::write_tables(dir, trial::tables(&cohort, &outcome))?;
    }
    Ok(Done {
        data: match args.format {
            Format::Text => told(&cohort, &trial, &outcome, cycle.version, lang),
            Format::Json => json(&cohort, &trial, &outcome, cycle.version),
        },
    })
}

fn told(cohort: &Cycle, trial: &Trial, outcome: &Outcome, version: u64, lang: Lang) -> String {
    let [changed, all, up, down] =
        [outcome.changed.len() as u64, cohort.rows.len() as u64, outcome.up, outcome.down].map(grouped);
    let share = percent(outcome.changed.len() as i128, cohort.rows.len() as i128);
    let mut text = match lang {
        Lang::En => format!(
            "Cycle {version}, tried and not published: {changed} of {all} customers ({share}) would change tier, \
             {up} up, {down} down\n"
        ),
        Lang::Zh => {
            format!(
                "第 {version} 周期试算 (未发布): {all} 户中 {changed} 户 ({share}) 等级变化, 升 {up} 户, 降 {down} 户\n"
            )
        }
    };
    if !trial.scaled.is_empty() {
        let _ = write!(text, "\n{}", weights(trial, lang));
        let _ = writeln!(
            text,
            "{}",
            lang.pick(
                "Siblings that were not set are scaled so that all sum to 1; every other weight is the cycle's own.",
                "未指定的同级权重按比例缩放, 使合计为 1; 其余权重与该周期相同。",
            )
        );
    }
    if trial.kept.contains(&"veto") {
        let _ = writeln!(
            text,
            "\n{}",
            lang.pick(
                "Vetoes are those of the cycle: incidents are not in its files. Regrade to try others.",
                "一票否决沿用该周期的结果: 事件明细不在周期文件中, 如需改变请重新分级。",
            )
        );
    }
    let _ = write!(text, "\n{}", transitions(outcome, lang));
    let _ = write!(text, "\n{}", counts(outcome, lang));
    let _ = write!(text, "\n{}", shares(outcome, lang));
    text
}

fn weights(trial: &Trial, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("weight", "权重")),
        Head::Number(lang.pick("cycle", "本周期")),
        Head::Number(lang.pick("tried", "试算")),
        Head::Text(""),
    ];
    let rows = trial.scaled.iter().map(|scaled| {
        let how = if scaled.asked { lang.pick("set", "指定") } else { lang.pick("scaled", "缩放") };
        vec![
            scaled.path.clone(),
            format!("{:.4}", scaled.before),
            format!("{:.4}", scaled.after),
            how.to_owned(),
        ]
    });
    grid(&heads, rows)
}

fn transitions(outcome: &Outcome, lang: Lang) -> String {
    let names = Tier::ALL.map(|tier| tier_name(tier, lang));
    let mut heads = vec![Head::Text(lang.pick("from \\ to", "由 \\ 至"))];
    heads.extend(names.iter().map(|name| Head::Number(name)));
    let rows = names.iter().zip(outcome.transitions).map(|(name, to)| {
        let mut row = vec![name.clone()];
        row.extend(to.map(grouped));
        row
    });
    grid(&heads, rows)
}

fn counts(outcome: &Outcome, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("stratum", "分层")),
        Head::Text(lang.pick("tier", "等级")),
        Head::Number(lang.pick("cycle", "本周期")),
        Head::Number(lang.pick("tried", "试算")),
    ];
    let named =
        |tier: &str| Tier::from_code(tier).map_or_else(|| tier.to_owned(), |tier| tier_name(tier, lang));
    let rows = outcome.counts.iter().map(|count| {
        vec![count.stratum.clone(), named(count.tier), grouped(count.before), grouped(count.after)]
    });
    grid(&heads, rows)
}

fn shares(outcome: &Outcome, lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("tier", "等级")),
        Head::Number(lang.pick("revenue, cycle", "电费占比, 本周期")),
        Head::Number(lang.pick("tried", "试算")),
        Head::Number(lang.pick("energy, cycle", "电量占比, 本周期")),
        Head::Number(lang.pick("tried", "试算")),
    ];
    let rows = outcome.shares.iter().map(|shares| {
        let name = Tier::from_code(shares.tiers).map_or_else(
            || lang.pick("special + grade-1", "特级与一级").to_owned(),
            |tier| tier_name(tier, lang),
        );
        let mut row = vec![name];
        row.extend(
            [shares.revenue_before, shares.revenue_after, shares.energy_before, shares.energy_after]
                .map(|share| format!("{:.1} %", 100.0 * share)),
        );
        row
    });
    grid(&heads, rows)
}

fn json(cohort: &Cycle, trial: &Trial, outcome: &Outcome, version: u64) -> String {
    let value = json!({
        "cycle": version,
        "customers": cohort.rows.len(),
        "changed": outcome.changed.len(),
        "up": outcome.up,
        "down": outcome.down,
        "weights": trial.scaled,
        "kept": trial.kept,
        "tiers": Tier::CODES,
        "transitions": outcome.transitions,
        "counts": outcome.counts,
        "shares": outcome.shares,
    });
    format!("{value:#}\n")
}
