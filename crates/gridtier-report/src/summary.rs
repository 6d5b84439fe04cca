//! The summary of a grading or of a check, for an analyst.

mod encodings;
mod findings;

mod proposal;

use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::fact::Facts;
use gridtier::index::{count, index};
use gridtier::indicator::IndicatorValue;
use gridtier::limit::{self, Breach};
use gridtier::method::{Method, Tier};
use gridtier::run::{ControlTotals, Graded};
use gridtier::score::Provisional;
use gridtier::source::Finding;
use gridtier::unit::Window;
use gridtier::word::Word;
use serde_json::{Value, json};

pub use encodings::encodings;
use findings::{advice_table, guard_zh};
pub use findings::{recorded_rows, recorded_rows_in_words};

use crate::charts;
use crate::format::{counted, grouped, percent, shell_word};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable, RowRole};
use gridtier::{decision::RecordKind, text, text::Text};

use proposal::waits;

/// A published cycle.
#[derive(Clone, Copy)]
pub struct Published<'a> {
    /// The grading.
    pub graded: &'a Graded,
    /// The method.
    pub method: &'a Method,
    /// Number of the cycle.
    pub version: u64,
    /// Its folder.
    pub dir: &'a Path,
    /// The folder of the store.
    pub store: &'a Path,
    /// Number of the cycle that is now current; 0 if there is none.
    pub current: u64,
    /// Whether it is published or waits for approval.
    pub kind: RecordKind,
}

/// A published cycle that a regrade would repeat.
#[derive(Clone, Copy)]
pub struct Repeated<'a> {
    /// Number of the cycle.
    pub version: u64,
    /// Its folder.
    pub dir: &'a Path,
    /// First day after its window.
    pub as_of: &'a str,
    /// The name of its method.
    pub method: &'a str,
    /// Number of the cycle that is current now.
    pub current: u64,
    /// The folder of the store.
    pub store: &'a Path,
}

/// The message that nothing was published, with the cycle that has the same inputs, window, method, catalogue and engine.
#[must_use]
pub fn repeated(cycle: &Repeated) -> Section {
    let Repeated { version, dir, as_of, method, current, store } = *cycle;
    let mut section = Section::titled(text!(
        "Nothing new to publish: cycle {version} is this grading",
        "无需发布: 周期 {version} 即为此次评级",
    ));
    section = section.sentence(
        "Inputs, window, method, catalogue of entitlements and engine are the same. --again publishes all the same.",
        "输入数据、评价窗口、评价方法、权益目录和程序版本均相同。如需再次发布, 请加 --again。",
    );
    if current != version {
        let store = store.display();
        section = section.with(Block::Sentence(text!(
            "Cycle {current} is the current one of {store}; --make-current makes it cycle {version}.",
            "{store} 的当前周期为 {current}; 加 --make-current 可改为周期 {version}。",
        )));
    }
    section.with(Block::Facts(vec![
        (Text::new("as of", "评价截止日"), Text::same(as_of.to_owned())),
        (Text::new("method", "评价方法"), Text::same(method.to_owned())),
        (Text::new("cycle", "周期目录"), Text::same(dir.display().to_string())),
    ]))
}

/// The message that the current cycle stays current, because the new one has an earlier as-of.
fn beside_current(cycle: &Published) -> Option<Block> {
    let Published { version, current, kind, .. } = *cycle;
    let as_of = cycle.graded.facts.window.end;
    (kind == RecordKind::Cycle && current != version).then(|| {
        Block::Sentence(text!(
            "Cycle {current} stays current, since its as-of is later than {as_of}-01; with --make-current, cycle \
             {version} becomes current.",
            "当前周期仍为 {current}, 其评价截止日晚于 {as_of}-01; 如需将周期 {version} 设为当前周期, 请加 --make-current。",
        ))
    })
}

/// The summary of a published cycle.
#[must_use]
pub fn published(cycle: &Published) -> Vec<Section> {
    let Published { graded, method, version, kind, .. } = *cycle;
    let totals = graded.control_totals();
    let heading = match kind {
        RecordKind::Proposal => text!("Cycle {version} proposed", "周期 {version} 已提案"),
        _ => text!("Cycle {version} published", "周期 {version} 已发布"),
    };
    let head = Section::titled(heading).with_all(beside_current(cycle)).with_all(waits(cycle));
    let shares = tiers(&totals);
    let drawn = charts::tiers(&shares);
    let head = head.with(facts(cycle, &totals)).table(shares).chart(drawn).sentence(
        "Revenue and energy are sums of the window; validate and whatif compare those of a year.",
        "电费、电量为评价窗口合计; validate 和 whatif 采用年值。",
    );
    let mut sections = vec![head, remarks(graded, method, &totals)];
    sections.extend(rows(&graded.facts, &graded.findings));
    sections.extend(next_steps(cycle));
    sections.retain(|section| !section.blocks.is_empty());
    sections
}

fn facts(cycle: &Published, totals: &ControlTotals) -> Block {
    Block::Facts(vec![
        window_fact(cycle.graded.facts.window),
        (Text::new("method", "评价方法"), Text::same(cycle.method.name.clone())),
        (Text::new("customers", "客户"), customers(totals)),
        (Text::new("cycle", "周期目录"), Text::same(cycle.dir.display().to_string())),
    ])
}

fn customers(totals: &ControlTotals) -> Text {
    let provisional = totals.short_history + totals.low_known_weight;
    let [population, ranked, provisional, all] =
        [totals.population, totals.ranked, provisional, totals.customers].map(grouped);
    let mut reasons = Vec::new();
    if totals.short_history > 0 {
        let count = grouped(totals.short_history);
        reasons.push(Text::new(format!("short history {count}"), format!("用电历史不足 {count}")));
    }
    if totals.low_known_weight > 0 {
        let count = grouped(totals.low_known_weight);
        reasons.push(Text::new(format!("little known weight {count}"), format!("已知指标权重不足 {count}")));
    }
    let why = Text::join(&reasons, ", ");
    let (why_en, why_zh) = if why.is_empty() {
        Default::default()
    } else {
        (format!(" ({})", why.en), format!(" ({})", why.zh))
    };
    Text::new(
        format!("{population} graded of {all}: {ranked} ranked, {provisional} provisional{why_en}"),
        format!("共 {all} 户, 参评 {population} 户: 排名 {ranked} 户, 暂定 {provisional} 户{why_zh}"),
    )
}

/// What a published cycle records of itself: window, method, customers, and the tiers with their totals.
#[must_use]
pub fn recorded(totals: &ControlTotals, window: Window, method: &str) -> Vec<Section> {
    let facts = vec![
        window_fact(window),
        (Text::new("method", "评价方法"), Text::same(method.to_owned())),
        (Text::new("customers", "客户"), customers(totals)),
    ];
    let section = Section::new().with(Block::Facts(facts)).table(tiers(totals));
    vec![section.sentence(
        "Revenue and energy are sums of the window; checks and trials compare those of a year.",
        "电费、电量为评价窗口合计; 检验和试算采用年值。",
    )]
}

fn window_fact(window: Window) -> (Text, Text) {
    let (start, end, months) = (window.start(), window.end.plus(-1), window.months);
    let span = Text::new(
        format!("{start} – {end} ({})", counted(u64::from(months), "month", "months")),
        format!("{start} – {end} ({months} 个月)"),
    );
    (Text::new("window", "评价窗口"), span)
}

/// Fen of a yuan, and Wh of a MWh.
const FEN_PER_CNY: i128 = 100;
const WH_PER_MWH: i128 = 1_000_000;

fn tiers(totals: &ControlTotals) -> DataTable {
    let revenue: i128 = totals.tiers.iter().map(|tier| i128::from(tier.revenue_fen)).sum();
    let energy: i128 = totals.tiers.iter().map(|tier| i128::from(tier.active_wh)).sum();
    let mut lines: Vec<(Text, u64, u64, i128, i128)> = Tier::ALL
        .into_iter()
        .zip(&totals.tiers)
        .map(|(tier, total)| {
            let name = names::tier(tier);
            (name, total.customers, total.provisional, total.revenue_fen.into(), total.active_wh.into())
        })
        .collect();
    let provisional = totals.short_history + totals.low_known_weight;
    lines.push((Text::new("all", "合计"), totals.population, provisional, revenue, energy));
    let mut table = DataTable::new(
        Text::coded("tiers", "Tiers", "等级"),
        vec![
            DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
            DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
            DataColumn::new(ColumnFormat::Share, "customers_share", "share", "占比"),
            DataColumn::new(ColumnFormat::Integer, "provisional", "provisional", "其中暂定"),
            DataColumn::new(ColumnFormat::Integer, "revenue_cny", "revenue CNY", "电费 (元)"),
            DataColumn::new(ColumnFormat::Share, "revenue_share", "share", "占比"),
            DataColumn::new(ColumnFormat::Integer, "energy_mwh", "energy MWh", "电量 (MWh)"),
            DataColumn::new(ColumnFormat::Share, "energy_share", "share", "占比"),
        ],
        lines.into_iter().map(|(name, customers, provisional, fen, wh)| {
            vec![
                DataCell::Text(name),
                DataCell::count(customers),
                DataCell::ratio(customers, totals.population),
                DataCell::count(provisional),
                DataCell::whole(fen / FEN_PER_CNY),
                DataCell::ratio(fen, revenue),
                DataCell::whole(wh / WH_PER_MWH),
                DataCell::ratio(wh, energy),
            ]
        }),
    );
    if let Some(last) = table.rows.last_mut() {
        last.role = RowRole::Total;
    }
    table
}

/// Remarks that prevent a wrong reading of the tiers.
fn remarks(graded: &Graded, method: &Method, totals: &ControlTotals) -> Section {
    let mut section = Section::new();
    if totals.ranked == 0 {
        section = section.with(Block::Sentence(nobody_ranked(graded, method, totals)));
    }
    let missing = limit::undelivered(method, &graded.scores.parameters.delivered);
    if !missing.is_empty() {
        let share = 1.0 - limit::delivered_weight(method, &graded.scores.parameters.delivered);
        let titles: Vec<Text> = missing.iter().map(|id| names::indicator_title(method, id)).collect();
        let (share, missing) = (percent(share), Text::join(&titles, ", "));
        section = section.with(Block::Sentence(text!(
            "{share} of the weight has no data: {missing}. A tier says nothing about them.",
            "指标权重中的 {share} 没有数据: {missing}。等级不反映这些指标。";
            missing
        )));
    }
    section = section.with_all(not_graded(graded).map(Block::Sentence));
    section = section.with_all(why_provisional(graded, method, totals).map(Block::Sentence));
    section = section.with_all(orphans(graded).map(Block::Sentence));
    if totals.vetoed > 0 {
        let customers = counted(totals.vetoed, "customer", "customers");
        let [capped, lowered] = [totals.vetoed, totals.lowered_by_veto].map(grouped);
        section = section.sentence(
            format!("Confirmed offences cap the tier of {customers}; lowered by that: {lowered}."),
            format!("{capped} 户因查实的违约或窃电行为封顶, 其中 {lowered} 户被降级。"),
        );
    }
    if totals.lowered_by_veto > 0 {
        section = section.sentence(
            "Vetoed customers exceed the quota of the lowest tier, which therefore holds more.",
            "被否决户数超过最低等级配额, 该等级户数因此增加。",
        );
    }
    section.with_all(limited_weights(&graded.findings).into_iter().flatten())
}

/// The accepted customers that are not graded, by reason, so that nobody is left out without notice. If holders are graded,
/// the numbers are those of accounts.
fn not_graded(graded: &Graded) -> Option<Text> {
    let window = graded.facts.window;
    let rows = &graded.facts.customers.rows;
    let not_yet = count(rows.iter().filter(|customer| customer.opened_on >= window.end_day()).count());
    let left_out = count(rows.iter().filter(|customer| !customer.in_population(window)).count());
    let customers = counted(left_out, "customer", "customers");
    let [all, closed, not_yet] = [left_out, left_out - not_yet, not_yet].map(grouped);
    (left_out > 0).then(|| {
        text!(
            "Not graded: {customers}, of whom {closed} closed before the window's end and {not_yet} opened after it.",
            "未参评 {all} 户: 窗口结束前销户 {closed} 户, 窗口结束后立户 {not_yet} 户。",
        )
    })
}

/// The summary says why customers are provisional if more than one in this many is.
const PROVISIONAL_EXPLAINED_FROM: u64 = 100;

/// Why customers are provisional, if more than one in a hundred is: how many by each rule, and for little known weight
/// the indicators that most of them lack.
fn why_provisional(graded: &Graded, method: &Method, totals: &ControlTotals) -> Option<Text> {
    let provisional = totals.short_history + totals.low_known_weight;
    if provisional * PROVISIONAL_EXPLAINED_FROM <= totals.population || totals.ranked == 0 {
        return None;
    }
    let mut reasons = Vec::new();
    if totals.short_history > 0 {
        let (count, months) = (grouped(totals.short_history), method.min_months);
        reasons.push(text!(
            "{count} have fewer than {months} covered months (min_months)",
            "{count} 户有效月份少于 {months} 个 (min_months)",
        ));
    }
    if totals.low_known_weight > 0 {
        let (count, limit) = (grouped(totals.low_known_weight), percent(method.min_known_weight));
        let Text { en, zh, .. } = most_lacked(graded, method);
        reasons.push(text!(
            "{count} have known indicators for less than {limit} of their weight (min_known_weight); most lack {en}",
            "{count} 户已知指标的权重低于 {limit} (min_known_weight), 最常缺少的是 {zh}",
        ));
    }
    let Text { en, zh, .. } = Text::join(&reasons, "; ");
    Some(text!("Provisional: {en}.", "暂定等级: {zh}。"))
}

/// Maximum number of named indicators that provisional customers lack.
const LACKED: usize = 3;

/// The weighted indicators that are unknown for most customers who are provisional for little known weight.
fn most_lacked(graded: &Graded, method: &Method) -> Text {
    let provisional = &graded.scores.provisional;
    let few: Vec<u32> = (graded.scores.population.iter().zip(provisional))
        .filter(|(_, why)| **why == Some(Provisional::LowKnownWeight))
        .map(|(number, _)| *number)
        .collect();
    let mut lacked: Vec<(usize, Text)> = method
        .indicators
        .iter()
        .zip(&graded.columns)
        .filter(|(spec, _)| spec.weight.is_some())
        .map(|(spec, column)| {
            let unknown =
                few.iter().filter(|&&number| column.get(index(number)) == IndicatorValue::Unknown).count();
            (unknown, Text::new(spec.titles[0].clone(), spec.titles[1].clone()))
        })
        .filter(|(unknown, _)| *unknown > 0)
        .collect();
    lacked.sort_by_key(|(unknown, _)| std::cmp::Reverse(*unknown));
    let names: Vec<Text> = lacked.into_iter().take(LACKED).map(|(_, name)| name).collect();
    Text::join(&names, ", ")
}

/// A remark on a table whose rows all refer to a table that was not delivered.
fn orphans(graded: &Graded) -> Option<Text> {
    let payments = graded.facts.books.iter().find(|book| book.table == Table::Payments)?;
    let lost = payments.present && payments.tally.rejected > 0 && !graded.facts.present(Table::Bills);
    let rows = grouped(payments.tally.rejected);
    lost.then(|| {
        text!(
            "{rows} payments name bills, and the table bills is not there: add it, or leave payments out too.",
            "{rows} 笔缴费指向电费账单, 但缺少表 bills: 请补充, 或同时去掉 payments。",
        )
    })
}

/// Lists every column whose weight from the data was taken away or limited, however many there are.
fn limited_weights(findings: &[Finding]) -> Option<[Block; 2]> {
    let finding = findings.iter().find(|finding| finding.rule == Rule::WeightGuard)?;
    let columns = finding.example.split("; ").map(|column| Text::new(column.to_owned(), guard_zh(column)));
    Some([
        Block::Sentence(Text::new("Limited in weights from the data:", "客观赋权中受限的指标:")),
        Block::Lines(columns.collect()),
    ])
}

fn nobody_ranked(graded: &Graded, method: &Method, totals: &ControlTotals) -> Text {
    let absent: Vec<Text> = Table::ALL
        .into_iter()
        .filter(|&table| !graded.facts.present(table))
        .map(|table| Text::new(table.name(), table.name_zh()))
        .collect();
    let absent = if absent.is_empty() { Text::same("–") } else { Text::join(&absent, ", ") };
    let [short, low] = [totals.short_history, totals.low_known_weight].map(grouped);
    let (limit, months) = (percent(method.min_known_weight), method.min_months);
    let tier = method.provisional_tier;
    Text::new(
        format!(
            "Nobody could be ranked, so everybody has the provisional tier {}.\n\
             {low} have known indicators for less than {limit} of their weight (min_known_weight), \
             {short} fewer than {months} covered months (min_months).\n\
             Absent tables: {}. Add them, or lower the limit in a method file of your own \
             (gridtier method new).",
            tier.code(),
            absent.en,
        ),
        format!(
            "没有客户可以排名, 全部取暂定等级 {}。\n\
             {low} 户已知指标权重低于 {limit} (min_known_weight), {short} 户有效月份少于 {months} 个 (min_months)。\n\
             缺少的表: {}。请补充数据, 或用 gridtier method new 建立方法文件并降低限值。",
            tier.zh(),
            absent.zh,
        ),
    )
}

/// The number of rows of each table by what became of them, and the findings.
#[must_use]
pub fn rows(facts: &Facts, findings: &[Finding]) -> [Section; 2] {
    recorded_rows(&facts.reconciliation(), findings)
}

/// The advice for each rule among the findings; nothing if all findings are of severity info.
#[must_use]
pub fn advice(findings: &[Finding]) -> Option<Section> {
    let table = advice_table(findings);
    (!table.rows.is_empty()).then(|| Section::of_table(table))
}

/// What a cycle records about its tiers, with a chart of what each tier brings: for pages.
#[must_use]
pub fn recorded_with_chart(totals: &ControlTotals, window: Window, method: &str) -> Vec<Section> {
    let mut sections = recorded(totals, window, method);
    for section in &mut sections {
        let drawn: Vec<Block> =
            section.tables().map(|table| Block::Chart(Box::new(charts::tiers(table)))).collect();
        section.blocks.extend(drawn);
    }
    sections
}

fn next_steps(cycle: &Published) -> Option<Section> {
    let number = cycle.graded.scores.population.first()?;
    let id = cycle.graded.judged().customers.ids.key(*number);
    let store = cycle.store.display().to_string();
    let store = shell_word(&store);
    let section = Section::new().sentence("Next:", "下一步:");
    let chosen = match cycle.kind {
        RecordKind::Proposal => format!(" --cycle {}", cycle.version),
        _ => String::new(),
    };
    let changes = (cycle.kind == RecordKind::Proposal && cycle.version > 1).then(|| {
        (
            Text::new("who moves, and why", "等级变动及原因"),
            Text::same(format!("gridtier compare --store {store}{chosen}")),
        )
    });
    let mut steps: Vec<_> = changes.into_iter().collect();
    steps.extend([
        (
            Text::new("why a customer has its tier", "查看客户等级的原因"),
            Text::new(
                explain_command(id, &format!("--store {store}{chosen}")),
                explain_command(id, &format!("--store {store}{chosen} --lang zh")),
            ),
        ),
        (
            Text::new("the tables of the cycle", "周期的数据表"),
            Text::same(format!("gridtier path --store {store}{chosen}")),
        ),
    ]);
    Some(section.with(Block::Facts(steps)))
}

/// The command that explains a customer. A shell and the command must both read the id as an id.
fn explain_command(id: &str, options: &str) -> String {
    let word = shell_word(id);
    // Words after `--` are not read as options.
    if id.starts_with('-') {
        return format!("gridtier explain {options} -- {word}");
    }
    format!("gridtier explain {word} {options}")
}

/// The breaches of the method's limits, one in each line.
#[must_use]
pub fn breach_lines(breaches: &[Breach]) -> Text {
    let lines: Vec<Text> = breaches.iter().map(breach_line).collect();
    // Each on a line of its own, below the sentence that they belong to.
    let first = if lines.is_empty() { Vec::new() } else { vec![Text::default()] };
    Text::join(&[first, lines].concat(), "\n  ")
}

/// A breach of a limit, and what to do about it.
fn breach_line(breach: &Breach) -> Text {
    let what = breach.what();
    match breach.rule {
        Some(rule) => {
            let advice = rule.advice();
            text!("{what}; {advice}", "{what}；{advice}"; what, advice)
        }
        None => what,
    }
}

/// Whether a run published a cycle, or names one that was published before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsNew {
    /// This run published the cycle.
    Yes,
    /// This run proposed the cycle.
    Proposed,
    /// The cycle was published before.
    No,
}

/// A cycle for programs: its counts, and the number of the current cycle.
#[must_use]
pub fn cycle_json(
    (totals, findings): (&ControlTotals, &[Finding]),
    version: u64,
    dir: &Path,
    is_new: IsNew,
    current: u64,
) -> Value {
    json!({
        "cycle": version,
        "dir": dir,
        "published": is_new == IsNew::Yes,
        "proposed": is_new == IsNew::Proposed,
        "current": current,
        "control_totals": totals,
        "findings": findings,
    })
}
