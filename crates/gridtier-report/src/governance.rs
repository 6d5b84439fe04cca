//! The cycles of a store, its register, the results of decisions, and the history of tiers.

use gridtier::decision::{CycleState, EntryKind, ListedCycle, ListedEntry};
use gridtier::gate::GateResult;
use gridtier::history::TierHistory;
use gridtier::index::index;
use gridtier::method::Tier;
use gridtier::output::history;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::date_of_day;
use gridtier::validate::Verdict;
use gridtier::word::Word;

use crate::format::{counted, decimal, grouped};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataList, DataTable};

/// The cycles of a store in a width that a terminal has: who decided, and why, has a table of its own, since a reason can
/// be long.
#[must_use]
pub fn cycles_in_terminal(cycles: &[ListedCycle]) -> Section {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Text, "as_of", "as-of", "评价截止日"),
        DataColumn::new(ColumnFormat::Text, "method", "method", "方法"),
        DataColumn::new(ColumnFormat::Text, "state", "state", "状态"),
        DataColumn::new(ColumnFormat::Text, "at", "when (UTC)", "时间 (UTC)"),
        DataColumn::new(ColumnFormat::Integer, "bytes", "bytes", "字节"),
    ];
    let is_any_revised = cycles.iter().any(|cycle| cycle.revises.is_some());
    if is_any_revised {
        columns.push(DataColumn::new(ColumnFormat::Integer, "revises", "revises", "修订"));
    }
    let is_any_removed = cycles.iter().any(|cycle| cycle.pruned);
    if is_any_removed {
        columns.push(DataColumn::new(ColumnFormat::YesNo, "removed", "removed", "已清理"));
    }
    let rows = cycles.iter().map(|cycle| {
        let mut row = vec![
            DataCell::count(cycle.number),
            optional(cycle.as_of.as_deref()),
            optional(cycle.method.as_deref()),
            DataCell::word(cycle.state),
            time(cycle.at.get(..MINUTE).unwrap_or(&cycle.at)),
            cycle.bytes.map_or(DataCell::Missing, DataCell::count),
        ];
        if is_any_revised {
            row.push(cycle.revises.map_or(DataCell::Blank, DataCell::count));
        }
        if is_any_removed {
            row.push(DataCell::YesNo(cycle.pruned));
        }
        row
    });
    let section = Section::of_table(DataTable::new(Text::coded("cycles", "Cycles", "周期"), columns, rows));
    let reasons = cycles.iter().flat_map(steps).filter(|step| step.by.is_some() || step.reason.is_some());
    let reasons = reasons.map(|Step { number, what, by, reason }| {
        vec![DataCell::count(number), DataCell::Text(what), optional(by), optional(reason)]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Text, "step", "what", "事项"),
        DataColumn::new(ColumnFormat::Text, "by", "who", "经办人"),
        DataColumn::new(ColumnFormat::Text, "reason", "why", "理由"),
    ];
    let reasons = DataTable::new(Text::coded("reasons", "Who and why", "经办人与理由"), columns, reasons);
    let section = if reasons.rows.is_empty() { section } else { section.table(reasons) };
    with_waiting(section, cycles)
}

/// One step on the way of a cycle into force.
struct Step<'a> {
    number: u64,
    what: Text,
    by: Option<&'a str>,
    reason: Option<&'a str>,
}

/// The proposal of a cycle, if it was proposed, and its publication or what else was decided, if anything was.
fn steps(cycle: &ListedCycle) -> impl Iterator<Item = Step<'_>> {
    let number = cycle.number;
    let proposal = cycle.proposed.as_ref().map(|proposed| {
        let what = Text::new("proposal", "提案");
        Step { number, what, by: proposed.by.as_deref(), reason: proposed.reason.as_deref() }
    });
    let what = match cycle.state {
        CycleState::Proposed | CycleState::Expired => None,
        CycleState::Rejected => Some(Text::new("rejection", "否决")),
        CycleState::Withdrawn => Some(Text::new("withdrawal", "撤回")),
        CycleState::Inspection => Some(Text::new("inspection", "期间检查")),
        _ if cycle.proposed.is_some() => Some(Text::new("approval", "批准")),
        _ => Some(Text::new("publication", "发布")),
    };
    let decision =
        what.map(|what| Step { number, what, by: cycle.by.as_deref(), reason: cycle.reason.as_deref() });
    proposal.into_iter().chain(decision)
}

/// Length of a time to the minute: `2026-01-31T10:15`.
const MINUTE: usize = 16;

/// The cycles of a store, each with all that is recorded of it.
#[must_use]
pub fn cycles(cycles: &[ListedCycle]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Text, "as_of", "as-of", "评价截止日"),
        DataColumn::new(ColumnFormat::Text, "method", "method", "方法"),
        DataColumn::new(ColumnFormat::Text, "state", "state", "状态"),
        DataColumn::new(ColumnFormat::Text, "by", "who", "经办人"),
        DataColumn::new(ColumnFormat::Text, "at", "when (UTC)", "时间 (UTC)"),
        DataColumn::new(ColumnFormat::Integer, "bytes", "bytes", "字节"),
        DataColumn::new(ColumnFormat::YesNo, "removed", "removed", "已清理"),
        DataColumn::new(ColumnFormat::Integer, "revises", "revises", "修订"),
        DataColumn::new(ColumnFormat::Text, "reason", "why", "理由"),
        DataColumn::new(ColumnFormat::Text, "proposed_by", "proposed by", "提案人"),
        DataColumn::new(ColumnFormat::Text, "proposed_at", "proposed (UTC)", "提案时间 (UTC)"),
        DataColumn::new(ColumnFormat::Text, "proposal_reason", "why proposed", "提案理由"),
    ];
    let rows = cycles.iter().map(|cycle| {
        let proposed = cycle.proposed.as_ref();
        vec![
            DataCell::count(cycle.number),
            optional(cycle.as_of.as_deref()),
            optional(cycle.method.as_deref()),
            DataCell::word(cycle.state),
            optional(cycle.by.as_deref()),
            time(&cycle.at),
            cycle.bytes.map_or(DataCell::Missing, DataCell::count),
            DataCell::YesNo(cycle.pruned),
            cycle.revises.map_or(DataCell::Blank, DataCell::count),
            optional(cycle.reason.as_deref()),
            optional(proposed.and_then(|proposed| proposed.by.as_deref())),
            proposed.map_or(DataCell::Blank, |proposed| time(&proposed.at)),
            optional(proposed.and_then(|proposed| proposed.reason.as_deref())),
        ]
    });
    Section::of_table(DataTable::new(Text::coded("cycles", "Cycles", "周期"), columns, rows))
}

/// The number of proposals that wait for a decision.
#[must_use]
pub fn waiting(cycles: &[ListedCycle]) -> u64 {
    as_count(cycles.iter().filter(|cycle| cycle.state == CycleState::Proposed).count())
}

/// The section with the commands that decide about the proposals that wait.
fn with_waiting(section: Section, cycles: &[ListedCycle]) -> Section {
    let waiting = waiting(cycles);
    if waiting == 0 {
        return section;
    }
    let waits = counted(waiting, "proposal waits", "proposals wait");
    let is_first = !cycles.iter().any(|cycle| cycle.state == CycleState::Current);
    // There is nothing to compare a first proposal with.
    let see = if is_first { "report -o report.html" } else { "compare" };
    let see = format!("gridtier {see} --cycle N --store STORE");
    section.sentence(
        format!("{waits} for approval: see {see}, then approve, reject or withdraw N."),
        format!("{waiting} 个提案待审批: 请用 {see} 查看, 再用 approve、reject 或 withdraw N 处理。"),
    )
}

/// The cycles whose folders are removed, or would be.
#[must_use]
pub fn pruned(removed: &[ListedCycle], is_done: bool) -> Section {
    let bytes: u64 = removed.iter().filter_map(|cycle| cycle.bytes).sum();
    let folders = |was: &str, were: &str| counted(as_count(removed.len()), was, were);
    let (count, bytes) = (removed.len(), grouped(bytes));
    let heading = match (count, is_done) {
        (0, _) => text!("Nothing can be removed", "没有可清理的内容"),
        (_, true) => text!(
            "{folders}, {bytes} bytes; records and register stay",
            "已清理 {count} 个目录, {bytes} 字节; 提交记录与登记簿保留",
            folders = folders("folder was removed", "folders were removed")
        ),
        (_, false) => text!(
            "{folders} could be removed, {bytes} bytes; nothing was done",
            "可清理 {count} 个目录, {bytes} 字节; 未作改动",
            folders = folders("folder", "folders")
        ),
    };
    let columns = vec![
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Text, "as_of", "as-of", "评价截止日"),
        DataColumn::new(ColumnFormat::Text, "state", "state", "状态"),
        DataColumn::new(ColumnFormat::Integer, "bytes", "bytes", "字节"),
    ];
    let rows = removed.iter().map(|cycle| {
        vec![
            DataCell::count(cycle.number),
            optional(cycle.as_of.as_deref()),
            DataCell::word(cycle.state),
            cycle.bytes.map_or(DataCell::Missing, DataCell::count),
        ]
    });
    Section::titled(heading).table(DataTable::new(Text::coded("pruned", "", ""), columns, rows))
}

/// The entries of a register.
#[must_use]
pub fn register(entries: &[ListedEntry]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Integer, "number", "entry", "序号"),
        DataColumn::new(ColumnFormat::Text, "at", "when (UTC)", "时间 (UTC)"),
        DataColumn::new(ColumnFormat::Text, "by", "who", "经办人"),
        DataColumn::new(ColumnFormat::Text, "kind", "what", "事项"),
        DataColumn::new(ColumnFormat::Text, "verdict", "verdict", "意见"),
        DataColumn::new(ColumnFormat::Integer, "appeal", "of appeal", "所裁申诉"),
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "reason", "why", "理由"),
    ];
    let ruled: Vec<u64> = entries.iter().filter_map(|entry| entry.appeal).collect();
    let rows = entries.iter().map(|entry| {
        vec![
            DataCell::count(entry.number),
            time(&entry.at),
            DataCell::same(entry.by.clone()),
            DataCell::word(entry.kind),
            match (entry.outcome, entry.verdict) {
                (Some(outcome), _) => DataCell::word(outcome),
                (None, Some(verdict)) => DataCell::word(verdict),
                (None, None) if entry.kind == EntryKind::Appeal && !ruled.contains(&entry.number) => {
                    DataCell::Text(Text::coded("open", "open", "待裁定"))
                }
                (None, None) => DataCell::Blank,
            },
            entry.appeal.map_or(DataCell::Blank, DataCell::count),
            entry.cycle.map_or(DataCell::Blank, DataCell::count),
            optional(entry.customer_id.as_deref()),
            DataCell::same(entry.reason.clone()),
        ]
    });
    Section::of_table(DataTable::new(Text::coded("register", "Register", "登记簿"), columns, rows))
}

/// The gates of a proposal, with a sentence for each that does not pass.
#[must_use]
pub fn gates(gates: &[GateResult]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "gate", "gate", "门限"),
        DataColumn::new(ColumnFormat::Number(4), "value", "value", "数值"),
        DataColumn::new(ColumnFormat::Text, "warn", "warns above", "警告限"),
        DataColumn::new(ColumnFormat::Text, "fail", "fails above", "不通过限"),
        DataColumn::new(ColumnFormat::Text, "verdict", "verdict", "结论"),
    ];
    let limit =
        |limit: Option<f64>| limit.map_or(DataCell::Missing, |limit| DataCell::same(decimal(limit, 3)));
    let rows = gates.iter().map(|result| {
        vec![
            DataCell::word(result.gate),
            DataCell::number(result.value),
            limit(result.warn),
            limit(result.fail),
            DataCell::word(result.verdict),
        ]
    });
    let table = DataTable::new(Text::coded("gates", "Gates", "审批门限"), columns, rows);
    let failing = gates.iter().filter(|result| matches!(result.verdict, Verdict::Warn | Verdict::Fail));
    failing.fold(Section::of_table(table), |section, result| {
        let text = result.text();
        section.sentence(text.en, text.zh)
    })
}

/// Says that a proposal is published.
#[must_use]
pub fn approved(number: u64, current: Option<u64>, results: &[GateResult]) -> Vec<Section> {
    let heading = match current {
        Some(current) if current != number => text!(
            "Cycle {number} is published; cycle {current}, which has a later as-of, stays current",
            "周期 {number} 已发布; 评价截止日更晚的周期 {current} 仍为现行周期"
        ),
        _ => text!("Cycle {number} is published and current", "周期 {number} 已发布, 为现行周期"),
    };
    vec![Section::titled(heading), gates(results)]
}

/// Says that an entry about a proposal was written.
#[must_use]
pub fn recorded(kind: EntryKind, number: u64, entry: u64) -> Section {
    let (en, zh) = (kind.en(), kind.zh());
    Section::titled(text!(
        "Entry {entry} of the register: {en} of proposal {number}",
        "登记簿第 {entry} 条: 提案 {number} 的{zh}"
    ))
}

/// The history of tiers as a list.
#[must_use]
pub fn history_list(history: &TierHistory) -> DataList<'_> {
    let output = history::output(history);
    DataList {
        title: Text::coded("history", "History of tiers", "等级历史"),
        columns: vec![
            DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
            DataColumn::new(ColumnFormat::Date, "valid_from", "from", "起"),
            DataColumn::new(ColumnFormat::Date, "valid_to", "to (first day after)", "止 (次日)"),
            DataColumn::new(ColumnFormat::YesNo, "is_current", "current", "现行"),
            DataColumn::word::<Tier>("tier", "tier", "等级"),
            DataColumn::new(ColumnFormat::YesNo, "provisional", "provisional", "暂定"),
            names::stratum_column(),
            DataColumn::new(ColumnFormat::Integer, "first_cycle", "first cycle", "首个周期"),
            DataColumn::new(ColumnFormat::Integer, "last_cycle", "last cycle", "末个周期"),
        ],
        schema: output.schema,
        about: Vec::new(),
        batches: Box::new(output.batches.map(Ok)),
    }
}

/// The history of a customer; if no customer is named, the length of everybody's history.
#[must_use]
pub fn history_section(history: &TierHistory, customer: Option<&str>) -> Section {
    let Some(customer) = customer else {
        let (spans, customers) = (as_count(history.spans.len()), as_count(history.customers.len()));
        let rows = counted(spans, "row", "rows");
        let of = counted(customers, "customer", "customers");
        let [spans, customers] = [spans, customers].map(grouped);
        return Section::titled(text!(
            "{rows} of history for {of}; -o FILE writes them, --customer ID shows one",
            "{customers} 户共 {spans} 行等级历史; 用 -o 文件 写出, 用 --customer 户号 查看单户"
        ));
    };
    let columns = vec![
        DataColumn::new(ColumnFormat::Date, "valid_from", "from", "起"),
        DataColumn::new(ColumnFormat::Date, "valid_to", "to", "止"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::YesNo, "provisional", "provisional", "暂定"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Integer, "first_cycle", "first cycle", "首个周期"),
        DataColumn::new(ColumnFormat::Integer, "last_cycle", "last cycle", "末个周期"),
    ];
    let rows = history.spans.iter().map(|span| {
        vec![
            day(span.valid_from),
            span.valid_to.map_or(DataCell::Missing, day),
            DataCell::word(span.place.tier),
            DataCell::YesNo(span.place.provisional),
            DataCell::Text(names::stratum(&history.strata[index(span.place.stratum)])),
            DataCell::count(span.first_cycle),
            DataCell::count(span.last_cycle),
        ]
    });
    let heading = text!("Tiers of customer {customer}", "客户 {customer} 的等级历史");
    Section::titled(heading).table(DataTable::new(Text::coded("history", "", ""), columns, rows))
}

fn day(day: i32) -> DataCell {
    date_of_day(day).map_or(DataCell::Missing, DataCell::Date)
}

fn as_count(length: usize) -> u64 {
    gridtier::index::count(length)
}

fn optional(text: Option<&str>) -> DataCell {
    text.map_or(DataCell::Blank, |text| DataCell::same(text.to_owned()))
}

/// A time without its zone: all are in UTC.
fn time(at: &str) -> DataCell {
    DataCell::same(at.trim_end_matches("+00:00").trim_end_matches('Z').replacen('T', " ", 1))
}

#[cfg(test)]
mod tests {
    use gridtier::decision::Proposed;
    use gridtier::history::HistoryPlace;
    use gridtier::text::{Lang, Voice};

    use super::*;
    use crate::render::terminal;

    fn listed(number: u64, revises: Option<u64>, by: &str, reason: &str) -> ListedCycle {
        ListedCycle {
            number,
            as_of: Some("2026-01-01".into()),
            method: Some("utility-2026".into()),
            state: CycleState::Superseded,
            pruned: false,
            revises,
            proposed: revises.map(|_| Proposed {
                by: Some("Zhao Min".into()),
                at: "2026-11-26T09:00:00Z".into(),
                reason: Some("as found by the audit".into()),
            }),
            by: Some(by.into()),
            at: "2026-11-27T20:20:52Z".into(),
            bytes: Some(1_492_353_012),
            reason: Some(reason.into()),
        }
    }

    #[test]
    fn cycles_with_revisions_fit_a_terminal_and_no_word_is_broken() {
        let cycles = [
            listed(1, None, "Zhang Wei", "regrade of three years"),
            listed(2, Some(1), "Li Na", "The bills of March were delivered twice by the billing system"),
            listed(3, Some(2), "王芳", "vetoes as decided by the board"),
        ];
        for lang in [Lang::En, Lang::Zh] {
            let text = terminal::text(&[cycles_in_terminal(&cycles)], Voice::In(lang));
            let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= 100, "{widest} columns:\n{text}");
            // Each cycle has one line in each table.
            assert_eq!(text.lines().filter(|line| line.contains("2026-11-27 20:20")).count(), 3, "{text}");
            for whole in cycles.iter().flat_map(|cycle| [&cycle.by, &cycle.reason]).flatten() {
                assert!(text.contains(whole.as_str()), "`{whole}` is broken:\n{text}");
            }
            assert_eq!(
                text.matches("Zhao Min").count(),
                2,
                "who proposed stays beside who approved:\n{text}"
            );
        }
    }

    #[test]
    fn a_history_names_strata_in_words() {
        let mut history = TierHistory::default();
        history.begin_cycle(1, 20_089);
        let stratum = history.stratum("low_voltage");
        history.add("1", HistoryPlace { tier: Tier::Special, provisional: false, stratum });
        let history = history.finish();
        let shown = |lang| terminal::text(&[history_section(&history, Some("1"))], Voice::In(lang));
        let (english, chinese) = (shown(Lang::En), shown(Lang::Zh));
        assert!(english.contains("low voltage, not residential"), "{english}");
        assert!(chinese.contains("低压非居民"), "{chinese}");
        assert!(!english.contains("low_voltage") && !chinese.contains("low_voltage"));
        let list = history_list(&history);
        let column =
            list.columns.iter().find(|column| column.title.code.as_deref() == Some("stratum")).unwrap();
        assert_eq!(column.names.unwrap()("low_voltage").unwrap().zh, "低压非居民");
    }
}
