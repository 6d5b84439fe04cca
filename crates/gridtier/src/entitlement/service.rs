//! The data model of a catalogue: services, cells, fees, duties.

use super::condition::Condition;
use crate::method::Tier;
use crate::text::Text;
use crate::word::Word;
use chrono::NaiveDate;

crate::words! {
    /// A dimension of SERVQUAL (Parasuraman, Zeithaml and Berry 1988), or the basic services outside of it.
    Dimension "SERVQUAL dimension" {
        /// 基本服务: for everybody, outside the five dimensions.
        Basic "basic" "basic service" "基本服务",
        /// 可靠性
        Reliability "reliability" "reliability" "可靠性",
        /// 响应性
        Responsiveness "responsiveness" "responsiveness" "响应性",
        /// 保证性
        Assurance "assurance" "assurance" "保证性",
        /// 移情性
        Empathy "empathy" "empathy" "移情性",
        /// 有形性
        Tangibles "tangibles" "tangibles" "有形性",
    }
}

crate::words! {
    /// How much of a service a customer gets, from least to most.
    Access "access" {
        /// Nothing.
        None "none" "–" "–",
        /// A part of it, as the terms say.
        Limited "limited" "limited" "有限提供",
        /// All of it, for a fee.
        Paid "paid" "paid" "有偿",
        /// All of it; the utility bears a share of the cost.
        Subsidised "subsidised" "subsidised" "补贴",
        /// All of it without a fee, once an application is granted.
        OnApplication "on_application" "on application" "申请后提供",
        /// All of it without a fee.
        Included "included" "included" "包含",
    }
}

crate::words! {
    /// Who says that a tier gets a service.
    Provenance "provenance" {
        /// The source paper.
        Text "text" "stated in the paper" "论文原文",
        /// Inferred from the paper's general statements.
        Inferred "inferred" "inferred" "推定",
        /// The operator of the catalogue.
        Operator "operator" "set by the operator" "企业规定",
    }
}

crate::words! {
    /// Who starts a service.
    Start "start of a service" {
        /// The utility, without being asked.
        Automatic "automatic" "automatic" "主动提供",
        /// The customer, by asking for it.
        Application "application" "on request" "客户申请",
    }
}

crate::words! {
    /// How often a service is given, from rarest to most frequent; the first two have no fixed times.
    Cadence "cadence" {
        /// When somebody asks.
        OnDemand "on_demand" "on demand" "按需",
        /// When something happens.
        OnEvent "on_event" "on event" "事件触发",
        /// Once.
        Once "once" "once" "一次",
        /// Each year.
        Yearly "yearly" "yearly" "每年",
        /// Each half-year.
        HalfYearly "half_yearly" "half-yearly" "每半年",
        /// Each quarter.
        Quarterly "quarterly" "quarterly" "每季度",
        /// Each month.
        Monthly "monthly" "monthly" "每月",
    }
}

crate::words! {
    /// The rule by which a price is found.
    FeeRule "fee rule" {
        /// There is no price.
        Free "free" "free" "免费",
        /// The price is the same for every unit.
        Fixed "fixed" "fixed" "固定收费",
        /// The price depends on the combination of parts that the customer chooses.
        Combination "combination" "by combination" "按组合收费",
        /// The utility bears a share of the cost, and the applicants of an area divide the rest.
        Shared "shared" "shared cost" "分摊",
    }
}

crate::words! {
    /// How the applicants of an area divide the part of the cost that the utility does not bear.
    ShareKey "key of a shared fee" {
        /// Each applicant pays the same.
        Equal "equal" "equally" "均摊",
        /// In proportion to contract capacity.
        Capacity "capacity" "by contract capacity" "按合同容量",
        /// In proportion to annual energy.
        Energy "energy" "by annual energy" "按年用电量",
    }
}

crate::words! {
    /// Why a customer has a service.
    Reason "reason" {
        /// The customer's tier has a cell for it.
        Tier "tier" "tier" "客户等级",
        /// The customer meets a condition besides having the tier.
        Condition "condition" "condition" "适用条件",
        /// The customer's regulatory importance level opens it.
        Importance "importance" "importance level" "重要电力用户",
        /// It is owed to everybody.
        Regulation "regulation" "regulation" "监管要求",
    }
}

impl Cadence {
    /// How many times a year, if there are fixed times.
    #[must_use]
    pub fn per_year(self) -> Option<u32> {
        match self {
            Self::OnDemand | Self::OnEvent | Self::Once => None,
            Self::Yearly => Some(1),
            Self::HalfYearly => Some(2),
            Self::Quarterly => Some(4),
            Self::Monthly => Some(12),
        }
    }
}

/// Number of 10⁻⁶ yuan in a fen.
pub const E6_OF_FEN: i128 = 10_000;

/// a ÷ b, rounded half up. a may not be negative; b is even.
#[must_use]
pub fn rounded(a: i128, b: i128) -> i128 {
    a / b + i128::from(a % b >= b / 2)
}

/// A part that customers can choose in a service priced by combination.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePart {
    /// Its id in combinations.
    pub id: String,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// What one unit of the part costs the utility, in 10⁻⁶ yuan.
    pub unit_cost_e6: i64,
}

/// The price of a choice of parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The parts, one bit each in the order of the service's parts.
    pub parts: u32,
    /// The price of the parts together, in fen.
    pub fee_fen: i64,
    /// The share of the customers who choose these parts, in 10⁻⁶.
    pub share_e6: i64,
}

/// How a service is priced.
#[derive(Clone, Debug, PartialEq)]
pub enum Fee {
    /// There is no price.
    Free,
    /// A price in fen for each unit.
    Fixed(i64),
    /// Prices for choices of parts; every non-empty choice has a price.
    Combination(Vec<ServicePart>, Vec<Combination>),
    /// Applicants share the part of the cost that the utility does not bear.
    Shared(ShareKey),
}

impl Fee {
    /// The rule by which the price is found.
    #[must_use]
    pub fn rule(&self) -> FeeRule {
        match self {
            Self::Free => FeeRule::Free,
            Self::Fixed(_) => FeeRule::Fixed,
            Self::Combination(..) => FeeRule::Combination,
            Self::Shared(_) => FeeRule::Shared,
        }
    }
}

/// How much the utility can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Number of units in a period.
    pub units: u64,
    /// Number of periods in a year: 12 or 1.
    pub periods: u32,
}

impl Capacity {
    /// Number of units in a year.
    #[must_use]
    pub fn per_year(self) -> u64 {
        self.units.saturating_mul(u64::from(self.periods))
    }
}

/// The terms on which a service is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Price of a unit in fen; `Some(0)` if free, `None` if there is no single price.
    pub fee_fen: Option<i64>,
    /// The share of the cost that the utility bears, in 10⁻⁶.
    pub subsidy_e6: Option<i64>,
    /// The parts that are free, one bit each.
    pub free_parts: u32,
    /// How often the service is given.
    pub cadence: Option<Cadence>,
    /// Most units that a customer gets in a year.
    pub quota_per_year: Option<u64>,
    /// The terms in words, in English.
    pub note: String,
    /// The terms in words, in Chinese.
    pub note_zh: String,
}

/// What a tier gets of a service.
#[derive(Clone, Debug)]
pub struct Cell {
    /// How much of the service the tier gets.
    pub access: Access,
    /// The terms on which the tier gets it.
    pub terms: Terms,
    /// The condition that a customer must meet besides having the tier.
    pub condition: Option<Condition>,
    /// Who says that the tier gets it.
    pub provenance: Provenance,
    /// The paper's words.
    pub phrase: String,
    /// Why the tier gets less than a worse tier, if it does.
    pub less: Option<String>,
    /// Units a year for each entitled customer, in 10⁻⁶.
    pub uptake_e6: i64,
}

/// The customers who get a service whatever their tier.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The condition that these customers meet.
    pub condition: Condition,
    /// The reason: importance or regulation.
    pub reason: Reason,
    /// How much of the service they get at least.
    pub access: Access,
    /// The terms on which they get it.
    pub terms: Terms,
    /// The rule that requires it.
    pub source: String,
}

/// A service of the catalogue.
#[derive(Clone, Debug)]
pub struct Service {
    /// The id of the service in tables.
    pub id: String,
    /// The dimensions, at least one.
    pub dimensions: Vec<Dimension>,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// A description of one line in English.
    pub about: String,
    /// A description of one line in Chinese.
    pub about_zh: String,
    /// Who starts the service.
    pub start: Start,
    /// The duty that makes the service a regulated one.
    pub duty: Option<String>,
    /// The name of a unit, in English.
    pub unit: String,
    /// The name of a unit, in Chinese.
    pub unit_zh: String,
    /// The cost of a unit to the utility, in 10⁻⁶ yuan.
    pub unit_cost_e6: i64,
    /// Units a year for each entitled customer, in 10⁻⁶.
    pub uptake_e6: i64,
    /// Units a year for the public as a whole; `None` when customers take units one by one.
    pub programme_units: Option<u64>,
    /// How the service is priced.
    pub fee: Fee,
    /// How much the utility can deliver.
    pub capacity: Option<Capacity>,
    /// How often the service is given.
    pub cadence: Cadence,
    /// The condition that a customer of any tier must meet.
    pub condition: Option<Condition>,
    /// Whether the approved outage plan must leave room for the service.
    pub outage_plan: bool,
    /// The place where the service is named.
    pub source: String,
    /// What each tier gets, best first.
    pub cells: [Cell; 4],
    /// The customers who get the service whatever their tier.
    pub opens: Vec<Opening>,
}

impl Service {
    /// What so many whole units cost, in fen: rounded once, half up.
    #[must_use]
    pub fn cost_fen(&self, units: u64) -> i128 {
        rounded(i128::from(self.unit_cost_e6) * i128::from(units), E6_OF_FEN)
    }

    /// What a tier gets.
    #[must_use]
    pub fn cell(&self, tier: Tier) -> &Cell {
        &self.cells[tier.position()]
    }

    /// Every condition of the service, its cells and its openings.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_cells = self.cells.iter().filter_map(|cell| cell.condition.as_ref());
        self.condition.iter().chain(of_cells).chain(self.opens.iter().map(|opening| &opening.condition))
    }

    /// The price in fen of a choice of parts on given terms; parts that are free by these terms cost nothing. `None`
    /// when the service is not priced by combination, or nothing is chosen.
    #[must_use]
    pub fn price_fen(&self, terms: &Terms, parts: u32) -> Option<i64> {
        let Fee::Combination(_, combinations) = &self.fee else { return None };
        let priced = parts & !terms.free_parts;
        match (parts, priced) {
            (0, _) => None,
            (_, 0) => Some(0),
            _ => combinations.iter().find(|choice| choice.parts == priced).map(|choice| choice.fee_fen),
        }
    }
}

/// A duty that a regulation imposes towards customers of any tier.
#[derive(Clone, Debug)]
pub struct Duty {
    /// The id of the duty in catalogues.
    pub id: String,
    /// What is owed.
    pub title: Text,
    /// The condition that decides to whom it is owed.
    pub owed_to: Condition,
    /// Whether the service must be free and the same for all to whom it is owed; otherwise it must be open to them.
    pub is_basic: bool,
    /// The rule.
    pub source: Text,
    /// What must be confirmed before the rule is relied on; it is not for customers.
    pub remark: Text,
    /// First day on which the duty is in force.
    pub effective_from: NaiveDate,
    /// Last day on which the duty is in force.
    pub effective_to: Option<NaiveDate>,
}
