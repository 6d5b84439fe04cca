//! A sheet about one customer, for a meeting or a letter. It shows the customer's attributes, its tier and the reasons, its
//! energy by month, what would raise the tier, its entitlements, and its earlier tiers.
//!
//! Columns that the operator passes through, such as name and address, are shown only here. A sheet computes nothing: every
//! number comes from a published table.

use gridtier::contract::declared::PassedColumn;
use gridtier::customer::Customer;
use gridtier::explain::{Evidence, Explanation, TierRow};
use gridtier::index::float_i64;
use gridtier::method::Override;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{Month, Window, date_of_day};

use crate::appeal;
use crate::charts;
use crate::entitlement::CustomerServices;
use crate::explain;
use crate::format::{grouped, quantity};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// Maximum number of a holder's accounts that a sheet lists.
const ACCOUNTS_MAX: usize = 20;
/// Maximum number of a holder's accounts whose services a sheet lists.
pub const SERVED_MAX: usize = 3;
/// Maximum number of bills, plans and the like of one kind that a sheet lists.
const EVIDENCE_SHOWN: usize = 4;
/// Maximum number of cycles that a sheet lists. It lists the latest ones.
pub const PAST_MAX: usize = 12;

/// The energy of an account in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthUsed {
    /// The month.
    pub month: Month,
    /// Its active energy in Wh.
    pub active_wh: i64,
}

/// An account of a customer, as the cycle has it.
#[derive(Clone, Debug)]
pub struct AccountProfile {
    /// Its id.
    pub id: String,
    /// Its columns in the table of customers.
    pub customer: Customer,
    /// Its passed-through texts, in the order of the manifest.
    pub passed: Vec<Option<String>>,
    /// Its months with readings.
    pub months: Vec<MonthUsed>,
}

/// A customer in a published cycle.
#[derive(Clone, Debug)]
pub struct PastCycle {
    /// Number of the cycle.
    pub version: u64,
    /// First day after its window.
    pub as_of: String,
    /// The customer's row of the tier table.
    pub row: TierRow,
}

/// Rows of a customer that an appeal has corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealCorrection {
    /// Number of the entry of the ruling.
    pub entry: u64,
    /// The names of the files of its patch.
    pub files: Vec<String>,
}

/// All that a sheet shows.
#[derive(Clone, Debug)]
pub struct CustomerSheet {
    /// Number of the cycle.
    pub version: u64,
    /// First day after its window.
    pub as_of: String,
    /// The day on which the cycle was published, if the store recorded it.
    pub published_on: Option<String>,
    /// The window.
    pub window: Window,
    /// The explanation of the customer's tier.
    pub explanation: Explanation,
    /// The approved override that sets the customer's tier, if there is one.
    pub decision: Option<Override>,
    /// What appeals have corrected of the customer, the first one first.
    pub corrections: Vec<AppealCorrection>,
    /// The columns that are passed through.
    pub passthrough: Vec<PassedColumn>,
    /// The customer's accounts: one, unless the cycle grades holders.
    pub accounts: Vec<AccountProfile>,
    /// The entitlements of its first accounts, by account.
    pub services: Vec<(String, CustomerServices)>,
    /// The customer in the cycles up to this one, the earliest first.
    pub past: Vec<PastCycle>,
}

impl CustomerSheet {
    /// The customer's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.explanation.row.customer_id
    }

    /// The accounts whose services are shown.
    pub fn served_accounts(accounts: &[AccountProfile]) -> impl Iterator<Item = &str> {
        accounts.iter().take(SERVED_MAX).map(|account| account.id.as_str())
    }
}

/// The sheet of a customer.
#[must_use]
pub fn sections(sheet: &CustomerSheet) -> Vec<Section> {
    let mut sections = vec![who(sheet)];
    sections.extend(accounts(sheet));
    sections.push(score(sheet));
    sections.push(energy(sheet));
    sections.extend(lowered(&sheet.explanation));
    sections.extend(sheet.corrections.iter().map(|correction| {
        let files: Vec<&str> = correction.files.iter().map(String::as_str).collect();
        appeal::corrected(correction.entry, &files)
    }));
    let way_up = explain::way_up(&sheet.explanation);
    if !way_up.is_empty() {
        sections.push(Section::titled(text!("What would lift the tier", "升级途径")).with_all(way_up));
    }
    sections.extend(services(sheet));
    sections.extend(past(&sheet.past));
    sections
}

/// The passed-through texts of one account, as facts.
#[must_use]
pub fn passed_facts(columns: &[PassedColumn], account: &AccountProfile) -> Vec<(Text, Text)> {
    let texts = columns.iter().zip(&account.passed);
    let shown = texts.filter_map(|(column, text)| Some((column.title(), Text::same(text.clone()?))));
    shown.collect()
}

fn who(sheet: &CustomerSheet) -> Section {
    let row = &sheet.explanation.row;
    let id = sheet.id();
    let mut facts = vec![(text!("customer", "户号"), Text::same(id.to_owned()))];
    if let [account] = sheet.accounts.as_slice() {
        facts.extend(passed_facts(&sheet.passthrough, account));
    }
    facts.push((text!("tier", "等级"), tier(row)));
    facts.push((text!("score", "得分"), explain::score(&sheet.explanation)));
    facts.push((text!("stratum", "分层"), names::stratum(&row.stratum)));
    let (version, as_of) = (sheet.version, &sheet.as_of);
    let published = match &sheet.published_on {
        Some(day) => text!("; published {day}", "；发布日 {day}"),
        None => Text::default(),
    };
    let (en, zh) = (published.en, published.zh);
    facts.push((
        text!("cycle", "评价周期"),
        text!("{version} as of {as_of}{en}", "第 {version} 周期, 评价截止日 {as_of}{zh}"),
    ));
    let Window { end, months } = sheet.window;
    let first = end.plus(-i32::try_from(months).unwrap_or(0));
    let last = end.plus(-1);
    facts.push((
        text!("months judged", "评价窗口"),
        text!("{first} to {last}, {months} months", "{first} 至 {last}, 共 {months} 个月"),
    ));
    if let [account] = sheet.accounts.as_slice() {
        facts.extend(attributes(&account.customer));
    }
    Section::titled(text!("Customer evaluation sheet: {id}", "客户评价单: {id}")).with(Block::Facts(facts))
}

/// The tier, with a remark if it is provisional.
fn tier(row: &TierRow) -> Text {
    let Text { en, zh, .. } = names::tier_of_code(&row.tier);
    match row.provisional {
        true => text!("{en} (provisional)", "{zh} (暂定)"),
        false => Text::new(en, zh),
    }
}

/// The attributes of an account.
fn attributes(customer: &Customer) -> Vec<(Text, Text)> {
    let day = |day: i32| Text::same(date_of_day(day).map_or_else(String::new, |day| day.to_string()));
    let mut facts = vec![
        (text!("use category", "用电类别"), Text::of_word(customer.use_category)),
        (text!("supply level", "供电电压"), Text::of_word(customer.supply_level)),
    ];
    if let Some(region) = &customer.region {
        facts.push((text!("region", "地区"), Text::same(region.clone())));
    }
    if let Some(capacity) = customer.contract_capacity_kva {
        facts.push((
            text!("contract capacity", "合同容量"),
            Text::same(format!("{} kVA", quantity(capacity))),
        ));
    }
    facts.push((text!("supplied since", "立户日期"), day(customer.opened_on)));
    if let Some(closed_on) = customer.closed_on {
        facts.push((text!("closed on", "销户日期"), day(closed_on)));
    }
    facts
}

/// The accounts of a holder.
fn accounts(sheet: &CustomerSheet) -> Option<Section> {
    if sheet.accounts.len() < 2 {
        return None;
    }
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Id, "account_id", "account", "户号"),
        DataColumn::new(ColumnFormat::Text, "use_category", "use category", "用电类别"),
        DataColumn::new(ColumnFormat::Text, "supply_level", "supply level", "供电电压"),
        DataColumn::new(ColumnFormat::Text, "region", "region", "地区"),
    ];
    for passed in &sheet.passthrough {
        let Text { en, zh, .. } = passed.title();
        columns.push(DataColumn::new(ColumnFormat::Text, passed.column.clone(), en, zh));
    }
    let rows = sheet.accounts.iter().take(ACCOUNTS_MAX).map(|account| {
        let customer = &account.customer;
        let region = customer.region.clone().map_or(DataCell::Blank, DataCell::same);
        let passed = account.passed.iter().map(|text| text.clone().map_or(DataCell::Blank, DataCell::same));
        let known = [
            DataCell::same(account.id.clone()),
            DataCell::word(customer.use_category),
            DataCell::word(customer.supply_level),
            region,
        ];
        known.into_iter().chain(passed).collect()
    });
    let count = grouped(gridtier::index::count(sheet.accounts.len()));
    let shown = grouped(gridtier::index::count(sheet.accounts.len().min(ACCOUNTS_MAX)));
    let table = DataTable::new(Text::coded("accounts", "", ""), columns, rows);
    let section =
        Section::titled(text!("Accounts: {shown} of {count}", "名下户号: 共 {count} 户, 列出 {shown} 户"));
    Some(section.table(table))
}

/// How the indicators add up to the score.
fn score(sheet: &CustomerSheet) -> Section {
    let explanation = &sheet.explanation;
    let mut section = Section::titled(text!("Score", "得分"));
    section = section.with_all(explain::reason(&explanation.row).map(Block::Sentence));
    section = section.with_all(sheet.decision.as_ref().map(explain::approved).map(Block::Sentence));
    let sum = explain::contributions(explanation);
    section.chart(charts::score(&sum)).table(sum)
}

/// The energy of all accounts together, by month.
fn energy(sheet: &CustomerSheet) -> Section {
    let section = Section::titled(text!("Energy", "用电量"));
    let Window { end, months } = sheet.window;
    let months = i32::try_from(months).unwrap_or(0);
    let all: Vec<_> = sheet.accounts.iter().flat_map(|account| &account.months).collect();
    if all.is_empty() {
        return section.sentence("No month of the window has a reading.", "评价窗口内没有抄表读数。");
    }
    let rows = (0..months).map(|at| {
        let month = end.plus(at - months);
        let used = all.iter().filter(|used| used.month == month).map(|used| used.active_wh);
        let sum = used.fold(None, |sum: Option<i64>, wh| Some(sum.unwrap_or(0).saturating_add(wh)));
        let kwh = sum.map_or(DataCell::Missing, |wh| DataCell::Number(float_i64(wh) / 1_000.0));
        vec![DataCell::same(month.to_string()), kwh]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "month", "month", "月份"),
        DataColumn::new(ColumnFormat::Number(0), "active_kwh", "energy, kWh", "电量 (kWh)"),
    ];
    section.chart(charts::months(DataTable::new(Text::coded("energy", "", ""), columns, rows)))
}

/// The events that lowered the score: late bills, missed plans, months below the power-factor standard, offences. Of each
/// kind a few, so that a sheet stays short.
fn lowered(explanation: &Explanation) -> Option<Section> {
    let all = &explanation.evidence;
    let kinds = all.chunk_by(|one, next| one.indicator == next.indicator);
    let shown: Vec<Evidence> = kinds.flat_map(|kind| kind.iter().take(EVIDENCE_SHOWN)).cloned().collect();
    let section =
        Section::titled(text!("What lowered the score", "失分依据")).table(explain::evidence(&shown)?);
    if shown.len() == all.len() {
        return Some(section);
    }
    Some(section.with(Block::Sentence(text!(
        "Of each kind, {EVIDENCE_SHOWN} are shown.",
        "每类仅列前 {EVIDENCE_SHOWN} 条。"
    ))))
}

/// The services of the accounts, and their terms.
fn services(sheet: &CustomerSheet) -> Vec<Section> {
    let is_one = sheet.accounts.len() < 2;
    let titled = sheet.services.iter().map(|(account, services)| match is_one {
        true => (text!("Services", "享有的服务"), services),
        false => (text!("Services of account {account}", "户号 {account} 享有的服务"), services),
    });
    titled.map(|(title, services)| services_of(title, services)).collect()
}

/// The services to which one account is entitled.
fn services_of(title: Text, services: &CustomerServices) -> Section {
    let mut table = services.table.clone();
    table.rows.truncate(services.due);
    let table =
        DataTable { title: Text::default(), ..table.select(&["title", "service", "access", "terms"]) };
    let section = Section::titled(title);
    if table.rows.is_empty() { section.sentence("None.", "无。") } else { section.table(table) }
}

/// The tiers in this cycle and earlier ones.
fn past(cycles: &[PastCycle]) -> Option<Section> {
    let columns = vec![
        DataColumn::new(ColumnFormat::Integer, "cycle", "cycle", "周期"),
        DataColumn::new(ColumnFormat::Text, "as_of", "as of", "评价截止日"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Number(2), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
    ];
    let first = cycles.len().saturating_sub(PAST_MAX);
    let rows = cycles[first..].iter().map(|PastCycle { version, as_of, row }| {
        vec![
            DataCell::count(*version),
            DataCell::same(as_of.clone()),
            DataCell::Text(tier(row)),
            names::points_cell(row.score_e6),
            row.rank.map_or(DataCell::Missing, |rank| DataCell::whole(rank.into())),
            DataCell::Text(names::stratum(&row.stratum)),
        ]
    });
    let table = DataTable::new(Text::coded("past", "", ""), columns, rows);
    (!table.rows.is_empty()).then(|| Section::titled(text!("Tiers so far", "历次评价结果")).table(table))
}

#[cfg(test)]
mod tests;
