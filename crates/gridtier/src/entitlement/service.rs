//! The data model of a catalogue: services, cells, fees, duties.

use super::condition::Condition;
use crate::method::Tier;
use crate::text::Text;
use crate::word::Word;
use chrono::NaiveDate;

crate::words! {
    /// A dimension of SERVQUAL (Parasuraman, Zeithaml and Berry 1988), or the basic services outside of it.
    Dimension "SERVQUAL dimension" {
        /// 基本服务: everybody's, outside the five dimensions.
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
    /// What a customer gets of a service, from least to most.
    Access "access" {
        /// Nothing.
        None "none" "–" "–",
        /// A part of it, as the terms say.
        Limited "limited" "limited" "有限提供",
        /// All of it, for a fee.
        Paid "paid" "paid" "有偿",
        /// All of it, the utility bearing a share of the cost.
        Subsidised "subsidised" "subsidised" "补贴",
        /// All of it without a fee, when an application is granted.
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
    /// Who begins.
    Start "start of a service" {
        /// The utility, by itself.
        Automatic "automatic" "automatic" "主动提供",
        /// The customer asks.
        Application "application" "on request" "客户申请",
    }
}

crate::words! {
    /// How often, from rarest to most frequent; the first two have no rhythm.
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
    /// How a price comes about.
    FeeRule "fee rule" {
        /// No price.
        Free "free" "free" "免费",
        /// The same for every unit.
        Fixed "fixed" "fixed" "固定收费",
        /// By the combination of parts that the customer chooses.
        Combination "combination" "by combination" "按组合收费",
        /// The utility bears a share, the applicants of an area divide the rest.
        Shared "shared" "shared cost" "分摊",
    }
}

crate::words! {
    /// How the applicants of an area divide what a subsidy leaves.
    ShareKey "key of a shared fee" {
        /// Each the same.
        Equal "equal" "equally" "均摊",
        /// By contract capacity.
        Capacity "capacity" "by contract capacity" "按合同容量",
        /// By annual energy.
        Energy "energy" "by annual energy" "按年用电量",
    }
}

crate::words! {
    /// Why a customer has a service.
    Reason "reason" {
        /// Its tier has a cell for it.
        Tier "tier" "tier" "客户等级",
        /// A condition besides the tier holds.
        Condition "condition" "condition" "适用条件",
        /// Its regulatory importance level opens it.
        Importance "importance" "importance level" "重要电力用户",
        /// It is owed to everybody.
        Regulation "regulation" "regulation" "监管要求",
    }
}

impl Cadence {
    /// Times a year, when there is a rhythm.
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

/// A part that customers can choose of a service priced by combination.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePart {
    /// Its id in combinations.
    pub id: String,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// What one costs the utility, in fen.
    pub unit_cost_fen: i64,
}

/// The price of a choice of parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The parts, one bit each in the order of the service's parts.
    pub parts: u32,
    /// Their price together, in fen.
    pub fee_fen: i64,
    /// Share of the customers who choose them, in 10⁻⁶.
    pub share_e6: i64,
}

/// How a service is priced.
#[derive(Clone, Debug, PartialEq)]
pub enum Fee {
    /// No price.
    Free,
    /// Fen for a unit.
    Fixed(i64),
    /// By the parts chosen; every non-empty choice has a price.
    Combination(Vec<ServicePart>, Vec<Combination>),
    /// Applicants share what the subsidy leaves.
    Shared(ShareKey),
}

impl Fee {
    /// The rule.
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

/// What the utility can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Units.
    pub units: u64,
    /// Periods in a year: 12 or 1.
    pub periods: u32,
}

impl Capacity {
    /// Units in a year.
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
    /// Share of the cost that the utility bears, in 10⁻⁶.
    pub subsidy_e6: Option<i64>,
    /// Parts that are free, one bit each.
    pub free_parts: u32,
    /// How often.
    pub cadence: Option<Cadence>,
    /// Most units a customer gets in a year.
    pub quota_per_year: Option<u64>,
    /// In words, English.
    pub note: String,
    /// In words, Chinese.
    pub note_zh: String,
}

/// What a tier gets of a service.
#[derive(Clone, Debug)]
pub struct Cell {
    /// How much.
    pub access: Access,
    /// On which terms.
    pub terms: Terms,
    /// What must hold besides the tier.
    pub condition: Option<Condition>,
    /// Who says so.
    pub provenance: Provenance,
    /// The paper's words.
    pub phrase: String,
    /// Why the tier gets less than a worse one, if it does.
    pub less: Option<String>,
    /// Units a year for each entitled customer, in 10⁻⁶.
    pub uptake_e6: i64,
}

/// Who gets a service whatever the tier.
#[derive(Clone, Debug)]
pub struct Opening {
    /// For whom.
    pub condition: Condition,
    /// Importance or regulation.
    pub reason: Reason,
    /// What they get at least.
    pub access: Access,
    /// On which terms.
    pub terms: Terms,
    /// The rule that says so.
    pub source: String,
}

/// A service of the catalogue.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name in tables.
    pub id: String,
    /// At least one.
    pub dimensions: Vec<Dimension>,
    /// Name in English.
    pub title: String,
    /// Name in Chinese.
    pub title_zh: String,
    /// One line in English.
    pub about: String,
    /// One line in Chinese.
    pub about_zh: String,
    /// Who begins.
    pub start: Start,
    /// The duty that makes it a regulated service.
    pub duty: Option<String>,
    /// What is counted, in English.
    pub unit: String,
    /// What is counted, in Chinese.
    pub unit_zh: String,
    /// What a unit costs the utility, in fen.
    pub unit_cost_fen: i64,
    /// Units a year for each entitled customer, in 10⁻⁶.
    pub uptake_e6: i64,
    /// Units a year for the public as a whole; `None` when customers take units one by one.
    pub programme_units: Option<u64>,
    /// How it is priced.
    pub fee: Fee,
    /// What the utility can deliver.
    pub capacity: Option<Capacity>,
    /// How often.
    pub cadence: Cadence,
    /// To whom it can apply at all.
    pub condition: Option<Condition>,
    /// Whether the approved outage plan must leave room for it.
    pub outage_plan: bool,
    /// Where it is named.
    pub source: String,
    /// What each tier gets, best first.
    pub cells: [Cell; 4],
    /// Who gets it whatever the tier.
    pub opens: Vec<Opening>,
}

impl Service {
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

    /// The price in fen of a choice of parts for a tier: parts that are free for it cost nothing. `None` when the
    /// service is not priced by combination, or nothing is chosen.
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
    /// Its name in catalogues.
    pub id: String,
    /// What is owed.
    pub title: Text,
    /// To whom.
    pub owed_to: Condition,
    /// Whether it must be free and the same for all of them; otherwise it must be open to them.
    pub is_basic: bool,
    /// The rule.
    pub source: Text,
    /// First day on which it holds.
    pub effective_from: NaiveDate,
    /// Last day on which it holds.
    pub effective_to: Option<NaiveDate>,
}
