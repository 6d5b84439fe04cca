//! What an appeal changes: the customer's rank and tier before and after, the customer's values, and which other customers
//! move.

use gridtier::appeal::{AppealPlace, CorrectedCustomer, RippledCustomer};
use gridtier::contract::Table;
use gridtier::cycle::Cycle;
use gridtier::decision::AppealOutcome;
use gridtier::index::{count, index};
use gridtier::method::AppealQuota;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;

use crate::format::{counted, grouped};
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// An appeal by corrected rows, or its ruling.
#[derive(Clone, Copy, Debug)]
pub struct ReportedAppeal<'a> {
    /// Number of the cycle that was judged.
    pub cycle: u64,
    /// Id of the customer.
    pub customer: &'a str,
    /// The rule that says whose place in the tier the customer takes.
    pub quota: AppealQuota,
    /// The customer's place before the appeal.
    pub before: AppealPlace,
    /// The customer's place after the appeal.
    pub after: AppealPlace,
    /// The other customers who move.
    pub ripple: &'a [RippledCustomer],
}

/// What became of an appeal.
#[derive(Clone, Copy, Debug)]
pub struct ReportedRuling {
    /// Number of the entry of the ruling.
    pub entry: u64,
    /// Number of the entry of the appeal.
    pub appeal: u64,
    /// How it was decided.
    pub outcome: AppealOutcome,
    /// Number of the revision, and whether it waits for approval.
    pub revision: Option<(u64, bool)>,
}

/// The rows of a customer that were written into a folder: table, number of rows and file of each.
#[must_use]
pub fn own_rows(customer: &str, accounts: usize, dir: &str, tables: &[(Table, u64, &str)]) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Word, "table", "table", "数据表"),
        DataColumn::new(ColumnFormat::Integer, "rows", "rows", "行数"),
        DataColumn::new(ColumnFormat::Text, "file", "file", "文件"),
    ];
    let rows = tables.iter().map(|&(table, rows, file)| {
        vec![DataCell::word(table), DataCell::count(rows), DataCell::same(file.to_owned())]
    });
    let held = counted(count(accounts), "account", "accounts");
    let heading = match accounts {
        1 => text!("The rows of customer {customer} are in {dir}", "客户 {customer} 的数据行已写入 {dir}"),
        _ => text!(
            "The rows of customer {customer}, who holds {held}, are in {dir}",
            "客户 {customer} (名下 {accounts} 个户号) 的数据行已写入 {dir}"
        ),
    };
    Section::titled(heading)
        .table(DataTable::new(Text::coded("own_rows", "", ""), columns, rows))
        .sentence(
            "Correct the cells that are wrong, and remove the files that need no correction: the rows that a file does not \
             have are taken away, and tables without a file stay as they are.",
            "请改正有误的单元格, 并删去无需更正的文件: 文件中没有的行视为撤销, 没有文件的表保持不变。",
        )
        .sentence(
            format!("Then see where this puts the customer: gridtier appeal replay {customer} --patch {dir} --data DATA --store STORE."),
            format!("然后查看更正后的等级: gridtier appeal replay {customer} --patch {dir} --data DATA --store STORE。"),
        )
}

/// A filed appeal.
#[must_use]
pub fn filed(entry: u64, customer: &str, cycle: u64, days: i64, days_allowed: u32, is_late: bool) -> Section {
    let section = Section::titled(text!(
        "Appeal {entry} of customer {customer} about cycle {cycle} is in the register",
        "客户 {customer} 对周期 {cycle} 的申诉已登记, 条目 {entry}"
    ));
    let section = match is_late {
        false => section.sentence(
            format!("It was filed {days} days after publication, within {days_allowed}."),
            format!("于发布后第 {days} 天提出, 在 {days_allowed} 天期限内。"),
        ),
        true => section.sentence(
            format!("It is late: {days} days after publication, and {days_allowed} are allowed. It is heard all the same."),
            format!("已逾期: 于发布后第 {days} 天提出, 期限为 {days_allowed} 天。仍予受理。"),
        ),
    };
    section.sentence(
        format!(
            "Next: take the customer's rows out of DATA, the folder that was graded: `gridtier appeal rows {customer} --data DATA \
             --store STORE -o DIR`. Correct the tables in DIR, remove those that are right, and see the tier by the corrected rows: \
             `gridtier appeal replay {customer} --patch DIR --data DATA --store STORE`."
        ),
        format!(
            "下一步: 从评级所用的数据文件夹 DATA 中取出该客户的数据行: `gridtier appeal rows {customer} --data DATA --store STORE -o DIR`。\
             更正 DIR 中的表, 删去无误的表, 再用 `gridtier appeal replay {customer} --patch DIR --data DATA --store STORE` 查看更正后的等级。"
        ),
    )
}

/// The customer's place before and after, and which other customers move.
#[must_use]
pub fn sections(reported: ReportedAppeal) -> Vec<Section> {
    let mut all = vec![places(reported)];
    all.extend((!reported.ripple.is_empty()).then(|| ripple(reported)));
    all
}

fn places(reported: ReportedAppeal) -> Section {
    let (customer, cycle) = (reported.customer, reported.cycle);
    let [before, after] = [reported.before, reported.after].map(|place| names::tier(place.tier));
    let heading = match reported.before.tier == reported.after.tier {
        true => text!(
            "Customer {customer} in cycle {cycle}: stays {before}",
            "客户 {customer}, 周期 {cycle}: 等级不变, 仍为{before}";
            before
        ),
        false => text!(
            "Customer {customer} in cycle {cycle}: from {before} to {after}",
            "客户 {customer}, 周期 {cycle}: 由{before}变为{after}";
            before, after
        ),
    };
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "when", "", ""),
        DataColumn::new(ColumnFormat::Number(6), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
    ];
    let row = |code: &'static str, name: Text, place: AppealPlace| {
        vec![
            DataCell::Text(Text::coded(code, name.en, name.zh)),
            names::points_cell(place.score_e6),
            place.rank.map_or(DataCell::Missing, DataCell::count),
            names::tier_cell(place.tier),
        ]
    };
    let rows = [
        row("before", text!("published", "已发布"), reported.before),
        row("after", text!("corrected", "更正后"), reported.after),
    ];
    let others = grouped(count(reported.ripple.len()));
    let section =
        Section::titled(heading).table(DataTable::new(Text::coded("places", "", ""), columns, rows));
    match reported.quota {
        AppealQuota::Supernumerary => section.sentence(
            "A place is added where it rises: nobody else moves.",
            "按增加名额处理: 其他客户等级不变。",
        ),
        AppealQuota::Displacement => section.sentence(
            format!("Quotas stay. Others who move: {others}."),
            format!("名额不变: 另有 {others} 户等级变动。"),
        ),
    }
}

fn ripple(reported: ReportedAppeal) -> Section {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "客户"),
        DataColumn::new(ColumnFormat::Text, "before", "before", "原等级"),
        DataColumn::new(ColumnFormat::Text, "after", "after", "新等级"),
    ];
    let rows = reported.ripple.iter().map(|moved| {
        vec![
            DataCell::same(moved.customer_id.clone()),
            names::tier_cell(moved.before),
            names::tier_cell(moved.after),
        ]
    });
    Section::titled(text!("Who else moves", "受影响的其他客户")).table(DataTable::new(
        Text::coded("ripple", "", ""),
        columns,
        rows,
    ))
}

/// The indicators whose values the corrected rows change, with their contributions.
#[must_use]
pub fn values(cycle: &Cycle, at: usize, corrected: &CorrectedCustomer) -> Section {
    let number = index(cycle.rows[at].number);
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Number(4), "before", "published", "已发布"),
        DataColumn::new(ColumnFormat::Number(4), "after", "corrected", "更正后"),
        DataColumn::new(ColumnFormat::Number(4), "points", "adds to the score", "计入得分"),
    ];
    let changed = cycle.method.indicators.iter().enumerate().filter_map(|(place, spec)| {
        let (before, after) = (cycle.columns[place].get(number), corrected.values[place]);
        (before != after).then(|| {
            let points = corrected.parts.contributions.get(place).copied();
            let [en, zh] = spec.titles.clone();
            vec![
                DataCell::Text(Text::coded(spec.id.clone(), en, zh)),
                DataCell::number(before.known()),
                DataCell::number(after.known()),
                DataCell::number(points),
            ]
        })
    });
    Section::titled(text!("What the corrected rows change", "更正数据引起的指标变化")).table(DataTable::new(
        Text::coded("values", "", ""),
        columns,
        changed,
    ))
}

/// Says that rows of an explained customer were corrected by a ruling.
#[must_use]
pub fn corrected(entry: u64, files: &[&str]) -> Section {
    let files = files.join(", ");
    Section::titled(text!("Corrected by an appeal", "经申诉更正")).sentence(
        format!(
            "Its rows in {files} are those of entry {entry} of the register, not those of the data. The store keeps them \
             in _files, by the SHA-256 that the entry names."
        ),
        format!(
            "{files} 中该客户的数据以登记簿条目 {entry} 的更正为准, 而非原数据。更正文件保存在存储的 _files 中, 以条目所记的 SHA-256 命名。"
        ),
    )
}

/// Says what can be done after a replay.
#[must_use]
pub fn replayed(customer: &str, is_open: bool) -> Section {
    let section = Section::titled(text!("Nothing was written", "未写入任何内容"));
    match is_open {
        true => section.sentence(
            format!(
                "Next: somebody else than who filed the appeal decides with `gridtier appeal rule {customer} --patch DIR --data \
                 DATA --store STORE --outcome upheld|partly|dismissed --by NAME --reason TEXT`."
            ),
            format!(
                "下一步: 由申诉提出人以外的人裁定: `gridtier appeal rule {customer} --patch DIR --data DATA --store STORE \
                 --outcome upheld|partly|dismissed --by 姓名 --reason 理由`。"
            ),
        ),
        false => section.sentence(
            format!("There is no open appeal: file one with `gridtier appeal file {customer} --store STORE --by NAME --reason TEXT`."),
            format!("没有待裁定的申诉: 请先用 `gridtier appeal file {customer} --store STORE --by 姓名 --reason 理由` 提出。"),
        ),
    }
}

/// What became of an appeal.
#[must_use]
pub fn ruled(ruling: ReportedRuling) -> Section {
    let ReportedRuling { entry, appeal, outcome, revision } = ruling;
    let (en, zh) = (outcome.en(), outcome.zh());
    let section = Section::titled(text!(
        "Appeal {appeal} is {en}: entry {entry} of the register",
        "申诉 {appeal}: {zh}; 登记簿条目 {entry}"
    ));
    match revision {
        None => section.sentence(
            "No cycle was changed: the customer stays where it was published.",
            "未改变任何周期: 该客户仍以已发布的结果为准。",
        ),
        Some((number, false)) => section.sentence(
            format!("Cycle {number} is the revision that holds from now on."),
            format!("周期 {number} 为修订结果, 自此生效。"),
        ),
        Some((number, true)) => section.sentence(
            format!(
                "Cycle {number} is the revision; it waits for `gridtier approve {number}` by somebody else."
            ),
            format!("周期 {number} 为修订提案, 待他人运行 `gridtier approve {number}` 批准。"),
        ),
    }
}
