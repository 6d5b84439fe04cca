//! The policy as serde reads it: every key once, with its allowed values and its purpose.
//!
//! The JSON Schema of the file follows from these types, and a file is checked against its schema before it is read.

use gridtier::checked_toml::Day;
use gridtier::contract::{ContactKind, OutageKind, Responsibility};
use gridtier::word::Word as _;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ContactStep, FORMAT, FollowedEvent, Measure};

gridtier::words! {
    /// The days over which a promise is measured.
    PromiseSpan "span of a promise" {
        /// The period of the report.
        Period "period" "period" "报告期",
        /// The twelve months that end with the period.
        Year "year" "twelve months" "十二个月",
    }
}

gridtier::words! {
    /// How the compensation of a breach is found.
    CompensationRule "rule of a compensation" {
        /// An amount.
        Fixed "fixed" "fixed amount" "定额",
        /// A multiple of the price of the energy not supplied.
        Energy "energy" "price of energy not supplied" "少供电量电费",
    }
}

/// A length of time, such as `24 h` or `5 wd`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SpanText(pub String);

impl JsonSchema for SpanText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SpanText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[1-9][0-9]* (min|h|d|mo|wd)$"})
    }
}

/// A count from 1 upwards.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct Positive(#[schemars(range(min = 1, max = 1_000_000))] pub i64);

/// A count from 0 upwards.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct WholeNumber(#[schemars(range(min = 0, max = 1_000_000))] pub i64);

/// A percentage of whole percents.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct Percent(#[schemars(range(min = 1, max = 100))] pub i64);

/// A number of months.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct MonthCount(#[schemars(range(min = 1, max = 120))] pub u32);

/// A limit of a promise.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct PromiseLimit(#[schemars(range(min = 0, max = 1_000_000))] pub f64);

/// A number above 0.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct AboveZero(#[schemars(extend("exclusiveMinimum" = 0))] pub f64);

/// One step of a contact, or several. A contact begins when it is received, which stops nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ContactSteps {
    /// One.
    One(ContactStep),
    /// Several.
    Several(Vec<ContactStep>),
}

impl JsonSchema for ContactSteps {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ContactSteps".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let later = ContactStep::ALL.iter().filter(|step| **step != ContactStep::Received);
        let codes: Vec<&str> = later.map(|step| step.code()).collect();
        schemars::json_schema!({"anyOf": [
            {"type": "string", "enum": codes},
            {"type": "array", "items": {"type": "string", "enum": codes}}
        ]})
    }
}

impl ContactSteps {
    /// The steps as a list.
    pub fn list(&self) -> &[ContactStep] {
        match self {
            Self::One(step) => std::slice::from_ref(step),
            Self::Several(steps) => steps,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PolicyFile {
    /// The version of this format, 1.
    #[serde(rename = "format")]
    #[schemars(range(min = FORMAT, max = FORMAT))]
    pub _format: i64,
    /// The policy's name.
    pub name: String,
    /// The version, such as 2026.1.
    pub version: String,
    /// First day on which the policy is in force.
    pub effective_from: Day,
    /// The source of the policy.
    pub source: String,
    /// Limits that several figures share.
    #[serde(default)]
    pub limits: ServiceLimitsFile,
    /// The services that are due.
    #[serde(default)]
    pub due: DueFile,
    /// The promises.
    #[serde(default)]
    pub promise: Vec<PromiseFile>,
    /// The follow-ups.
    #[serde(default)]
    pub follow_up: Vec<FollowUpFile>,
    /// The timers of contacts.
    #[serde(default)]
    pub timer: Vec<TimerFile>,
    /// The topics of contacts; all other topics count as unclassified.
    #[serde(default)]
    pub topic: Vec<TopicFile>,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct ServiceLimitsFile {
    /// Longest momentary interruption, in seconds; 300 if left out.
    pub momentary_seconds: Option<WholeNumber>,
    /// A customer with at least this many sustained interruptions counts in CEMI; 3 if left out.
    pub many: Option<Positive>,
    /// A customer without supply for at least this many hours counts in CELID; 8 if left out.
    pub long_hours: Option<Positive>,
    /// Percentage of exposures that a proposed limit keeps; 95 if left out.
    pub keep_percent: Option<Percent>,
    /// A contact repeats an earlier one of at most this many days before; 90 if left out.
    pub repeat_days: Option<WholeNumber>,
    /// Minutes after an appointment until which it is kept; 15 if left out.
    pub appointment_minutes: Option<WholeNumber>,
    /// Fewest answers of a survey's cell that is shown; 10 if left out.
    pub min_cell: Option<Positive>,
    /// The places where the limits are stated.
    #[serde(default, rename = "source")]
    pub _source: String,
    /// What must still be confirmed, or explained.
    #[serde(default, rename = "remark")]
    pub _remark: String,
}

#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct DueFile {
    /// The services due to each customer who is granted them, once in each slot of their cadence.
    #[serde(default)]
    pub customer: Vec<String>,
    /// The services due to the public, once in each slot of their cadence.
    #[serde(default)]
    pub session: Vec<String>,
    /// The service that a follow-up is.
    pub follow_up: Option<String>,
    /// The service that a notice of an outage is.
    pub notice: Option<String>,
    /// The places where the duties are stated.
    #[serde(default, rename = "source")]
    pub _source: String,
    /// What must still be confirmed, or explained.
    #[serde(default, rename = "remark")]
    pub _remark: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct PromiseFile {
    /// The id of the promise in tables.
    pub id: String,
    /// Name in English; the id if left out.
    pub title: Option<String>,
    /// Name in Chinese; the id if left out.
    pub title_zh: Option<String>,
    /// The service of the catalogue that makes the promise.
    pub service: String,
    /// What the promise measures.
    pub measure: Measure,
    /// The condition that a customer meets to whom the promise is made; everybody if left out.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// The kinds of outages that count; all if left out.
    #[serde(default)]
    pub kinds: Vec<OutageKind>,
    /// The responsibilities that do not count; customer and force_majeure if left out.
    pub exempt: Option<Vec<Responsibility>>,
    /// Whether the promise is measured over the period or the twelve months to its end; the period if left out.
    pub over: Option<PromiseSpan>,
    /// The limit: percent for availability, a count for interruptions, minutes for minutes and restoration.
    pub limit: Option<PromiseLimit>,
    /// A proposed limit is a multiple of this.
    pub step: Option<AboveZero>,
    /// The weakest limit that is allowed.
    pub floor: Option<PromiseLimit>,
    /// For the measure notice: how long ahead, in hours or days.
    pub lead: Option<SpanText>,
    /// For the measure plan: how long after the start the plan is due.
    pub after: Option<SpanText>,
    /// For the measure notice: whether a public announcement keeps the promise.
    #[serde(default)]
    pub announcement: bool,
    /// What a breach costs the utility; nothing if left out.
    pub compensation: Option<CompensationFile>,
    /// The place where the promise is stated.
    #[serde(default)]
    pub source: String,
    /// What must still be confirmed, or explained.
    #[serde(default)]
    pub remark: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct CompensationFile {
    /// How the amount is found.
    pub rule: CompensationRule,
    /// For the rule fixed: the amount of a breach in CNY.
    pub amount: Option<PromiseLimit>,
    /// For the rule energy: the multiple for customers with a two-part tariff; 5 if left out.
    pub two_part: Option<AboveZero>,
    /// For the rule energy: the multiple for all other customers; 4 if left out.
    pub single: Option<AboveZero>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct FollowUpFile {
    /// The id of the follow-up in tables.
    pub id: String,
    /// Name in English; the id if left out.
    pub title: Option<String>,
    /// Name in Chinese; the id if left out.
    pub title_zh: Option<String>,
    /// The event that is followed up.
    pub after: FollowedEvent,
    /// For contacts: their kinds; all if left out.
    #[serde(default)]
    pub kinds: Vec<ContactKind>,
    /// For deliveries: their services.
    #[serde(default)]
    pub services: Vec<String>,
    /// For interruptions: the shortest that is followed up, in hours.
    pub min_hours: Option<WholeNumber>,
    /// The condition that a customer meets who is followed up; everybody if left out.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// How long after the event the first follow-up is due.
    pub within: Option<SpanText>,
    /// Months from one further follow-up to the next.
    pub every_months: Option<MonthCount>,
    /// Months after the event in which further follow-ups are due and `at_least` counts.
    pub until_months: Option<MonthCount>,
    /// How many follow-ups at least in these months.
    pub at_least: Option<Positive>,
    /// The place where the follow-up is stated.
    #[serde(default)]
    pub source: String,
    /// What must still be confirmed, or explained.
    #[serde(default)]
    pub remark: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TimerFile {
    /// The id of the timer in tables.
    pub id: String,
    /// Name in English; the id if left out.
    pub title: Option<String>,
    /// Name in Chinese; the id if left out.
    pub title_zh: Option<String>,
    /// The kinds of contacts; all if left out.
    #[serde(default)]
    pub kinds: Vec<ContactKind>,
    /// The step from which the timer runs.
    pub from: ContactStep,
    /// The steps that stop the timer: the earliest counts.
    pub to: ContactSteps,
    /// How long the timer may run.
    pub within: SpanText,
    /// The condition that a customer meets whose contacts are timed; everybody's if left out.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// The percentage on time that is required of every tier.
    pub floor: Option<Percent>,
    /// The place where the timer is stated.
    #[serde(default)]
    pub source: String,
    /// What must still be confirmed, or explained.
    #[serde(default)]
    pub remark: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct TopicFile {
    /// The id of the topic in the table of contacts.
    pub id: String,
    /// Name in English; the id if left out.
    pub title: Option<String>,
    /// Name in Chinese; the id if left out.
    pub title_zh: Option<String>,
    /// The place where the topic is stated.
    #[serde(default, rename = "source")]
    pub _source: String,
    /// What must still be confirmed, or explained.
    #[serde(default, rename = "remark")]
    pub _remark: String,
}
