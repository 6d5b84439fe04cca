//! What each column of the tables says in the monthly report, as data: its name, what it is a share of, which limit it
//! has, and whether more of it is better.

use gridtier::contract::Table;

/// Whether more of a figure is better for customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BetterWhen {
    /// More is better.
    More,
    /// Less is better.
    Less,
    /// Neither: it says how much there was, not how well it was done.
    Neither,
    /// By the kind of contact: fewer complaints and reports, more praise; queries and suggestions are neither.
    ByKind,
    /// By what a promise measures: more availability; less of everything else.
    ByMeasure,
}

/// A sum of columns of the row, each times a factor.
pub type ColumnSum = &'static [(&'static str, i64)];

/// A numerator or denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FigurePart {
    /// There is none.
    None,
    /// The figure itself, which is a count.
    Itself,
    /// A sum of columns.
    Sum(ColumnSum),
    /// The sum of a column over all rows that agree in so many columns of the key.
    Total(&'static str, usize),
    /// The sum of a column over all other rows that agree in the first column of the key, but that of no customer.
    Others(&'static str),
    /// The figure times its denominator, which is a whole number.
    Product,
    /// Of a promise of availability: the seconds with supply of its customers.
    SecondsWithSupply,
    /// Of a promise of availability: all seconds of its customers.
    AllSeconds,
}

/// What a figure must not miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureLimit {
    /// It has no limit.
    None,
    /// A column of the row, on the side that is better.
    Column(&'static str),
    /// Everybody: a share of 1.
    Everybody,
    /// Nobody: 0.
    Nobody,
    /// The floor of the row's timer.
    TimerFloor,
}

/// What a column of a table says.
#[derive(Clone, Copy, Debug)]
pub struct FigureRule {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// Whether more is better.
    pub better: BetterWhen,
    /// What is divided.
    pub numerator: FigurePart,
    /// By what.
    pub denominator: FigurePart,
    /// Whether two months are compared by numerator/denominator rather than by the count itself.
    pub as_share: bool,
    /// The columns of the interval in which the figure lies with a probability of 95 %.
    pub interval: Option<[&'static str; 2]>,
    /// What it must not miss.
    pub limit: FigureLimit,
}

impl FigureRule {
    const fn of(mut self, numerator: ColumnSum, denominator: ColumnSum) -> Self {
        self.numerator = FigurePart::Sum(numerator);
        self.denominator = FigurePart::Sum(denominator);
        self
    }

    const fn product(mut self, denominator: FigurePart) -> Self {
        self.numerator = FigurePart::Product;
        self.denominator = denominator;
        self
    }

    const fn of_others(mut self, numerator: &'static str, denominator: &'static str) -> Self {
        self.numerator = FigurePart::Others(numerator);
        self.denominator = FigurePart::Others(denominator);
        self
    }

    const fn of_seconds(mut self) -> Self {
        self.numerator = FigurePart::SecondsWithSupply;
        self.denominator = FigurePart::AllSeconds;
        self
    }

    const fn among(mut self, denominator: ColumnSum) -> Self {
        self.denominator = FigurePart::Sum(denominator);
        self
    }

    const fn among_all(mut self, numerator: ColumnSum, column: &'static str, keys: usize) -> Self {
        self.numerator = FigurePart::Sum(numerator);
        self.denominator = FigurePart::Total(column, keys);
        self
    }

    const fn as_share(mut self) -> Self {
        self.as_share = true;
        self
    }

    const fn within(mut self, lo: &'static str, hi: &'static str) -> Self {
        self.interval = Some([lo, hi]);
        self
    }

    const fn limit(mut self, limit: FigureLimit) -> Self {
        self.limit = limit;
        self
    }

    /// The columns that are shown with the figure and are none themselves: its limit and the ends of its interval.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> {
        let limit = match self.limit {
            FigureLimit::Column(column) => Some(column),
            _ => None,
        };
        limit.into_iter().chain(self.interval.into_iter().flatten())
    }
}

/// A count, or another number without parts.
const fn figure(
    table: &'static str,
    column: &'static str,
    better: BetterWhen,
    en: &'static str,
    zh: &'static str,
) -> FigureRule {
    FigureRule {
        table,
        column,
        en,
        zh,
        better,
        numerator: FigurePart::Itself,
        denominator: FigurePart::None,
        as_share: false,
        interval: None,
        limit: FigureLimit::None,
    }
}

/// A table of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureTable {
    /// Its name.
    pub name: &'static str,
    /// Its title in English.
    pub en: &'static str,
    /// Its title in Chinese.
    pub zh: &'static str,
    /// The columns of its key. Of tables with `group_by`, the rows of all customers and of each tier are figures.
    pub key: &'static [&'static str],
    /// The tables of the service folder from which it follows.
    pub sources: &'static [Table],
}

const fn table(
    name: &'static str,
    en: &'static str,
    zh: &'static str,
    key: &'static [&'static str],
    sources: &'static [Table],
) -> FigureTable {
    FigureTable { name, en, zh, key, sources }
}

const SUPPLY: &[Table] = &[Table::Outages, Table::Interruptions];
const DELIVERIES: &[Table] = &[Table::Deliveries];
const CONTACTS: &[Table] = &[Table::Contacts];

/// All tables of figures.
pub const FIGURE_TABLES: &[FigureTable] = &[
    table("reliability", "Reliability of supply", "供电可靠性", &["scope", "group_by", "group"], SUPPLY),
    table("causes", "Causes of interruptions", "停电原因", &["kind", "cause"], SUPPLY),
    table("major_days", "Major event days", "重大事件日", &[], SUPPLY),
    table("promises", "Promises", "服务承诺", &["promise", "group_by", "group"], SUPPLY),
    table(
        "delivered",
        "Due and delivered",
        "应提供与已提供",
        &["reason", "service", "group_by", "group"],
        DELIVERIES,
    ),
    table("channels", "Channels", "服务渠道", &["service", "channel"], DELIVERIES),
    table("units", "Units and costs", "服务量与成本", &["service", "tier"], DELIVERIES),
    table("capacity", "Use of capacity", "能力利用", &["service", "month"], DELIVERIES),
    table("timers", "Contacts in time", "诉求处理时限", &["timer", "group_by", "group"], CONTACTS),
    table("fairness", "Fairness between tiers", "各等级公平性", &["timer", "tier"], CONTACTS),
    table("topics", "Topics of contacts", "诉求主题", &["kind", "topic"], CONTACTS),
    table("rates", "Contacts", "客户诉求", &["kind", "group_by", "group"], CONTACTS),
    table("ageing", "Waiting contacts", "未办结诉求", &["kind", "days"], CONTACTS),
    table("checks", "Quality checks", "质量检查", &["subject"], &[Table::Checks]),
    table("corrections", "Corrections", "整改", &["about"], &[Table::Corrections]),
];

/// All customer-seconds of the period.
const ALL_SECONDS: ColumnSum = &[("customer_days", 86_400)];
const DAYS: ColumnSum = &[("customer_days", 1)];
const CUSTOMERS: ColumnSum = &[("customers", 1)];
const EXPOSURES: ColumnSum = &[("exposures", 1)];
const CASES: ColumnSum = &[("cases", 1)];
const DUE: ColumnSum = &[("due", 1)];
const CREATED: ColumnSum = &[("created", 1)];
const RECEIVED: ColumnSum = &[("contacts", 1)];

use BetterWhen::{ByKind, ByMeasure, Less, More, Neither};

/// All columns that are figures.
#[rustfmt::skip]
pub const FIGURE_RULES: &[FigureRule] = &[
    figure("reliability", "customers", Neither, "customers", "客户数"),
    figure("reliability", "customer_days", Neither, "customer days", "客户日数"),
    figure("reliability", "interruptions", Less, "sustained interruptions", "持续停电次数").among(DAYS),
    figure("reliability", "momentary", Less, "momentary interruptions", "短时停电次数").among(DAYS),
    figure("reliability", "seconds", Less, "seconds of sustained interruption", "持续停电秒数").among(ALL_SECONDS),
    figure("reliability", "open", Less, "interruptions not restored", "尚未复电的停电"),
    figure("reliability", "saifi", Less, "interruptions per customer (SAIFI)", "户均停电次数（SAIFI）").of(&[("interruptions", 1)], DAYS),
    figure("reliability", "saidi_min", Less, "minutes of interruption per customer (SAIDI)", "户均停电分钟数（SAIDI）").of(&[("seconds", 1)], DAYS),
    figure("reliability", "caidi_min", Less, "minutes per interruption (CAIDI)", "每次停电平均分钟数（CAIDI）").of(&[("seconds", 1)], &[("interruptions", 1)]),
    figure("reliability", "maifi", Less, "momentary interruptions per customer (MAIFI)", "户均短时停电次数（MAIFI）").of(&[("momentary", 1)], DAYS),
    figure("reliability", "asai", More, "share of time with supply (ASAI)", "供电可用率（ASAI）").of(&[("customer_days", 86_400), ("seconds", -1)], ALL_SECONDS),
    figure("reliability", "cemi", Less, "share of customers with many interruptions (CEMI)", "频繁停电客户占比（CEMI）").product(FigurePart::Sum(CUSTOMERS)),
    figure("reliability", "celid_single", Less, "share of customers with a long interruption (CELID)", "单次长时停电客户占比（CELID）").product(FigurePart::Sum(CUSTOMERS)),
    figure("reliability", "celid_total", Less, "share of customers interrupted for long in all (CELID)", "累计长时停电客户占比（CELID）").product(FigurePart::Sum(CUSTOMERS)),
    figure("reliability", "rs1", More, "supply reliability RS-1", "供电可靠率RS-1").product(FigurePart::Sum(ALL_SECONDS)),
    figure("reliability", "rs3", More, "supply reliability RS-3, without rationing", "供电可靠率RS-3（不计限电）").product(FigurePart::Sum(ALL_SECONDS)),
    figure("causes", "outages", Less, "outages", "停电事件数"),
    figure("causes", "interruptions", Less, "sustained interruptions", "持续停电次数"),
    figure("causes", "seconds", Less, "seconds of sustained interruption", "持续停电秒数"),
    figure("causes", "share", Neither, "share of all seconds", "占全部停电时间的比例").among_all(&[("seconds", 1)], "seconds", 0),
    figure("major_days", "days", Less, "major event days", "重大事件日数"),
    figure("major_days", "t_med_min", Neither, "threshold in minutes per customer", "阈值（户均分钟）"),
    figure("promises", "exposures", Neither, "cases", "考核次数"),
    figure("promises", "kept", Neither, "kept", "兑现").among(EXPOSURES),
    figure("promises", "breached", Less, "broken", "未兑现").among(EXPOSURES),
    figure("promises", "exempt", Neither, "exempt", "免责"),
    figure("promises", "share_kept", More, "share kept", "兑现率").of(&[("kept", 1)], EXPOSURES).limit(FigureLimit::Everybody),
    figure("promises", "achieved", ByMeasure, "achieved", "实际达到").of_seconds().limit(FigureLimit::Column("limit")),
    figure("promises", "proposed", Neither, "limit that could be promised", "建议限值"),
    figure("promises", "compensation_fen", Less, "compensation in fen", "赔偿金额（分）"),
    figure("promises", "compensation_unknown", Less, "broken, compensation unknown", "赔偿金额未知的未兑现").among(&[("breached", 1)]),
    figure("delivered", "due", Neither, "due", "应提供"),
    figure("delivered", "on_time", Neither, "on time", "按时").among(DUE),
    figure("delivered", "announced", Neither, "announced to the public", "已公告").among(DUE),
    figure("delivered", "late", Less, "late", "逾期提供").among(DUE),
    figure("delivered", "missed", Less, "missed", "未提供").among(DUE),
    figure("delivered", "open", Neither, "still open", "尚未到期").among(DUE),
    figure("delivered", "share", More, "share on time or announced", "按时率（含公告）").of(&[("on_time", 1), ("announced", 1)], &[("due", 1), ("open", -1)]),
    figure("channels", "created", Neither, "entered", "登记"),
    figure("channels", "sent", Neither, "sent", "已发出").among(CREATED),
    figure("channels", "delivered", Neither, "delivered", "已送达").among(&[("sent", 1)]),
    figure("channels", "read", Neither, "read", "已阅读").among(&[("delivered", 1)]),
    figure("channels", "failed", Less, "failed", "失败").among(CREATED),
    figure("channels", "delivered_share", More, "share delivered of sent", "送达率").of(&[("delivered", 1)], &[("sent", 1)]),
    figure("channels", "read_share", More, "share read of delivered", "阅读率").of(&[("read", 1)], &[("delivered", 1)]),
    figure("channels", "median_min", Less, "median minutes from sending to delivery", "送达用时中位数（分钟）"),
    figure("units", "deliveries", Neither, "deliveries", "服务次数"),
    figure("units", "units_e3", Neither, "units in thousandths", "服务量（千分之一单位）"),
    figure("units", "failed", Less, "failed deliveries", "失败次数"),
    figure("units", "extra", Neither, "deliveries beyond what was due", "超出应提供的次数").among(&[("deliveries", 1)]),
    figure("units", "cost_fen", Neither, "cost in fen", "成本（分）"),
    figure("units", "income_fen", Neither, "income in fen", "收入（分）"),
    figure("capacity", "capacity_e3", Neither, "capacity in thousandths of a unit", "能力（千分之一单位）"),
    figure("capacity", "delivered_e3", Neither, "delivered in thousandths of a unit", "已提供（千分之一单位）").among(&[("capacity_e3", 1)]),
    figure("capacity", "share", Neither, "share of capacity used", "能力利用率").of(&[("delivered_e3", 1)], &[("capacity_e3", 1)]),
    figure("timers", "cases", Neither, "cases", "考核件数"),
    figure("timers", "on_time", Neither, "on time", "按时").among(CASES),
    figure("timers", "late", Less, "late", "逾期完成").among(CASES),
    figure("timers", "overdue", Less, "overdue", "逾期未办").among(CASES),
    figure("timers", "open", Neither, "still open", "在办").among(CASES),
    figure("timers", "share", More, "share on time", "按时率").of(&[("on_time", 1)], &[("cases", 1), ("open", -1)]).within("lo", "hi").limit(FigureLimit::TimerFloor),
    figure("timers", "median_h", Less, "median hours", "用时中位数（小时）"),
    figure("timers", "p90_h", Less, "hours within which 90 % were done", "90%的用时（小时）"),
    figure("fairness", "decided", Neither, "decided cases", "已到期件数"),
    figure("fairness", "on_time", Neither, "on time", "按时").among(&[("decided", 1)]),
    figure("fairness", "share", More, "share on time", "按时率").of(&[("on_time", 1)], &[("decided", 1)]).within("lo", "hi").limit(FigureLimit::TimerFloor),
    figure("fairness", "rest_share", Neither, "share on time of all other customers", "其他客户按时率").of_others("on_time", "decided").within("rest_lo", "rest_hi"),
    figure("fairness", "unfair", Less, "later than others, more than by chance (0 or 1)", "显著晚于其他客户（0或1）").limit(FigureLimit::Nobody),
    figure("topics", "contacts", ByKind, "contacts", "件数").among_all(&[("contacts", 1)], "contacts", 1),
    figure("topics", "share", Neither, "share of the kind", "占同类比例").among_all(&[("contacts", 1)], "contacts", 1),
    figure("topics", "cumulative", Neither, "share of this and all more frequent topics", "累计占比").product(FigurePart::Total("contacts", 1)),
    figure("topics", "vital", Neither, "among the few topics that matter most (0 or 1)", "主要主题（0或1）"),
    figure("topics", "repeats", Less, "repeated", "重复诉求").among(RECEIVED),
    figure("topics", "satisfied", More, "satisfied", "满意").among(&[("asked", 1)]).as_share(),
    figure("topics", "asked", Neither, "asked whether satisfied", "已回访满意度"),
    figure("rates", "contacts", ByKind, "contacts", "件数").among(DAYS),
    figure("rates", "customer_days", Neither, "customer days", "客户日数"),
    figure("rates", "per_1000_a", ByKind, "contacts a year per 1,000 customers", "每千户年件数").of(RECEIVED, DAYS),
    figure("rates", "repeats", Less, "repeated", "重复诉求").among(RECEIVED),
    figure("rates", "satisfied", More, "satisfied", "满意").among(&[("asked", 1)]).as_share(),
    figure("rates", "asked", Neither, "asked whether satisfied", "已回访满意度"),
    figure("rates", "received", Neither, "received, nothing done yet", "仅受理").among(RECEIVED),
    figure("rates", "contacted", Neither, "customer contacted", "已联系").among(RECEIVED),
    figure("rates", "analysed", Neither, "analysed", "已分析").among(RECEIVED),
    figure("rates", "answered", Neither, "answered", "已答复").among(RECEIVED),
    figure("rates", "closed", Neither, "closed", "已办结").among(RECEIVED),
    figure("ageing", "open", Less, "not closed", "未办结"),
    figure("checks", "sampled", Neither, "looked at", "抽查数"),
    figure("checks", "failed", Less, "failed", "不合格").among(&[("sampled", 1)]),
    figure("checks", "share", Less, "share failed", "不合格率").of(&[("failed", 1)], &[("sampled", 1)]),
    figure("corrections", "opened", Neither, "opened", "新增"),
    figure("corrections", "overdue", Less, "overdue", "逾期未完成").limit(FigureLimit::Nobody),
    figure("corrections", "done", Neither, "done", "完成"),
    figure("corrections", "ineffective", Less, "done without effect", "无效").among(&[("done", 1)]),
];

/// The rule of a column; `None` if it has none.
#[must_use]
pub fn rule_of(table: &str, column: &str) -> Option<&'static FigureRule> {
    FIGURE_RULES.iter().find(|rule| rule.table == table && rule.column == column)
}

/// Whether a column is shown with another figure of its table.
#[must_use]
pub fn is_attribute(table: &str, column: &str) -> bool {
    let rules = FIGURE_RULES.iter().filter(|rule| rule.table == table);
    rules.flat_map(FigureRule::attributes).any(|attribute| attribute == column)
}
