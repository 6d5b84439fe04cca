//! The purpose, delivery and limitations of each table, in English and Chinese.

use gridtier::contract::Table;

/// A text in both languages, English first.
type Both = [&'static str; 2];

/// The texts of a contract.
pub struct About {
    /// What the table is needed for.
    pub purpose: Both,
    /// How the table is delivered.
    pub usage: Both,
    /// What the table cannot express, or must not be mistaken for.
    pub limitations: Both,
}

/// Description that all tables share.
pub const COLUMNS: Both = [
    "Columns may be in any order and are matched by name, ignoring case. A column that is not required may be empty \
     or absent; unknown columns are ignored. The utility's own names, units, words and date patterns are declared in \
     gridtier.toml.",
    "列序不限，列名不分大小写；非必填列可为空或缺失，多余列忽略。自有列名、单位、代码和日期格式在 gridtier.toml 中声明。",
];

const CUSTOMERS: About = About {
    purpose: [
        "The customer base: who can be graded, and what kind of customer each is.",
        "客户档案：哪些客户参与分级，各属哪一类用户。",
    ],
    usage: [
        "One row for each account. Required; every other table refers to it.",
        "每户一行。必备表，其他各表均引用本表的户号。",
    ],
    limitations: [
        "An account number is text and keeps its leading zeros. The importance level comes from the government's list \
         and is never computed here; importance level, load class and value tier share Chinese words and must not be \
         joined by them.",
        "户号为文本，保留前导零。重要电力用户等级取自政府名单，系统不作计算；它与负荷等级、价值等级用字相近，不得按名称关联。",
    ],
};

const METER_READINGS: About = About {
    purpose: [
        "Energy by meter and interval: the source of energy, growth, price, power factor and data completeness.",
        "各电能表的区间电量：用电量、增长率、均价、功率因数以及数据完整性的来源。",
    ],
    usage: [
        "One row for each meter and interval (minutes, a day or a month), assigned to a month by the start of the \
         interval. Required.",
        "每表每区间一行（分钟、日或月均可），按区间起始时间归入月份。必备表。",
    ],
    limitations: [
        "The energy of the interval, not the cumulative register. Rows with negative active energy are rejected \
         unless net export is declared. Times without a zone are the utility's local time.",
        "应为区间电量，不是表码示数。未声明余电上网时，负的有功电量作剔除处理。不带时区的时间按供电企业当地时间理解。",
    ],
};

const REGISTER_READINGS: About = About {
    purpose: [
        "Registers by meter and instant: the energy between two readings of a meter's counter.",
        "各电能表的示数：两次抄表之间的电量。",
    ],
    usage: [
        "One row for each reading of a register. One of meter_readings and register_readings is needed; with both, the \
         energy of a customer is their sum. An exchange is a row with kind removed and one with kind installed.",
        "每次抄表一行。meter_readings 与 register_readings 至少提供一张；两张都有时，客户电量为两者之和。换表须有 removed 与 installed 各一行。",
    ],
    limitations: [
        "A register that falls without rollover or exchange, a multiplier that changes without exchange and readings \
         after a removal are rejected. No meter may stand in both tables.",
        "示数下降且非翻转或换表、倍率变化但无拆装记录、拆表之后的示数作剔除处理。同一电能表不得同时出现在两张表中。",
    ],
};

const BILLS: About = About {
    purpose: [
        "Amounts due: revenue, and what had to be paid by when.",
        "应收电费：电费收入，以及应在何日前缴清。",
    ],
    usage: [
        "One row for each bill; a reversal is a negative bill that names the one it cancels. Optional: without it revenue, \
         price and payment are unknown.",
        "每笔应收一行；冲销为负金额，并注明所冲销的账单。可缺省，缺省时收入、均价和缴费指标未知。",
    ],
    limitations: [
        "Current and archived bills belong together. Balances and settled flags are not used: arrears are rebuilt from \
         payments.",
        "现行与归档应收须一并提供。不采用欠费余额和结清标志，欠费由收费记录重算。",
    ],
};

const PAYMENTS: About = About {
    purpose: [
        "Amounts paid: what was paid by the last day of a bill, and how long the rest was owed.",
        "实收电费：到期日前缴纳多少，其余拖欠多少天。",
    ],
    usage: [
        "One row for each payment; several for one bill are normal, a refund is negative. Optional: without it payment is \
         unknown.",
        "每笔收费一行；一笔应收可分多次缴纳，退费为负金额。可缺省，缺省时缴费指标未知。",
    ],
    limitations: [
        "A payment on or after the first day after the window does not count, whatever its bill.",
        "统计期末日之后的收费不计入，无论对应哪笔应收。",
    ],
};

const INCIDENTS: About = About {
    purpose: [
        "Faults on the customer's side, breaches of the supply contract, theft of electricity.",
        "用户侧故障、违约用电与窃电。",
    ],
    usage: [
        "One row for each incident. Optional: an absent table means unknown, an empty one that nothing happened.",
        "每起事件一行。可缺省：缺省表示未知，空表表示没有发生。",
    ],
    limitations: [
        "Only a confirmed incident for which the customer is responsible can lower a score; alleged, appealed and \
         revoked ones do not count.",
        "只有已认定且属用户责任的事件才会影响得分；疑似、申诉中和已撤销的均不计。",
    ],
};

const PLANS: About = About {
    purpose: [
        "The energy that a customer declared or contracted for a month.",
        "客户申报或合同约定的月用电计划。",
    ],
    usage: [
        "One row for each customer and month. Optional: without it plan completion is unknown.",
        "每户每月一行。可缺省，缺省时计划完成率未知。",
    ],
    limitations: [
        "Not a quota that an authority allots. A plan of 0 is no plan.",
        "不是主管部门下达的用电指标。计划为 0 视为没有计划。",
    ],
};

const COOPERATION: About = About {
    purpose: [
        "What the utility asked of a customer and what the customer did; suggestions of the customer.",
        "供电企业的要求与客户的落实情况，以及客户的建议。",
    ],
    usage: [
        "One row for each event. policy: kW or times asked and carried out; work: outages and inspections; suggestion: \
         requested is 1, delivered is 1 when it was adopted. Optional: without it cooperation is unknown.",
        "每次事件一行。policy：要求与执行的千瓦数或次数；work：检修停电与用电检查；suggestion：要求量为 1，采纳时完成量为 1。\
         可缺省，缺省时客户合作指标未知。",
    ],
    limitations: ["Delivery beyond the request counts only up to the request.", "超出要求的部分不另计。"],
};

const ENERGY_PROFILES: About = About {
    purpose: [
        "From an energy audit: the energy of all carriers, and how much of it electricity could replace.",
        "能源审计：各类能源总消耗量及其中电能可替代量。",
    ],
    usage: [
        "One row for each customer and audit; the latest one before the end of the window counts, however old. Optional: \
         without it the energy mix is unknown.",
        "每户每次审计一行；取统计期末之前最近的一次，不限时间。可缺省，缺省时能源结构指标未知。",
    ],
    limitations: [
        "All rows must use one conversion basis for electricity (calorific or equivalent value); a mixture cannot be \
         detected.",
        "各行须采用同一电力折标口径（当量值或等价值），混用无法识别。",
    ],
};

const OUTAGES: About = About {
    purpose: [
        "One row for each outage of the network, planned or not: when it began, of what kind, and what customers were told.",
        "每次停电一行：开始时间、类型以及对客户的告知情况。",
    ],
    usage: [
        "Optional: without it nothing is known of reliability promises, emergency plans and notices.",
        "可缺省，缺省时供电可靠性、应急方案和停电通知均不计量。",
    ],
    limitations: [
        "Times are cut to whole seconds. The customers concerned stand in `interruptions`.",
        "时间取整到秒。受影响客户见 `interruptions`。",
    ],
};

const INTERRUPTIONS: About = About {
    purpose: [
        "Which customers an outage interrupted, from when to when.",
        "每次停电影响的客户及其停、复电时间。",
    ],
    usage: [
        "One row for each outage and customer, and again for each further interruption in the same outage. Leave `restored_at` empty while there is no supply.",
        "每次停电每户一行，同一停电中再次停电另记一行；未复电时 `restored_at` 留空。",
    ],
    limitations: [
        "A row without an end that began over 30 days before the as-of day is set aside.",
        "截止日 30 天前开始而无复电时间的行被剔除。",
    ],
};

const DELIVERIES: About = About {
    purpose: [
        "The service log: what was planned for, sent to and done for customers or the public, and by which channel.",
        "服务记录：为客户或公众计划、发送、完成的服务及其渠道。",
    ],
    usage: [
        "One row for each delivery. `service` is an id of the catalogue; leave `customer_id` empty where it was for the public.",
        "每次服务一行；`service` 为目录中的服务编号，面向公众的服务 `customer_id` 留空。",
    ],
    limitations: [
        "A delivery counts as done by `delivered_at`, else by `read_at`.",
        "以 `delivered_at` 为完成时间，缺失时取 `read_at`。",
    ],
};

const CONTACTS: About = About {
    purpose: [
        "Complaints, reports, queries, suggestions and praise, each with the steps of its handling.",
        "投诉、举报、咨询、建议、表扬及其处理各步的时间。",
    ],
    usage: [
        "One row for each contact. Leave the times of steps that have not happened empty.",
        "每次诉求一行；尚未发生的步骤时间留空。",
    ],
    limitations: ["Withdrawn contacts count like any other.", "已撤诉的同样计入。"],
};

const CALENDAR: About = About {
    purpose: [
        "Holidays and moved working days, by which spans in working days are counted.",
        "放假与调休上班日，用于工作日时限的计算。",
    ],
    usage: [
        "One row for each day that differs from Monday to Friday. Optional: without it there are no holidays, and a finding says so.",
        "与周一至周五不同的每一天一行。可缺省，缺省时不计节假日并给出提示。",
    ],
    limitations: ["The table has no window.", "该表没有统计期限制。"],
};

const CHECKS: About = About {
    purpose: [
        "Quality checks of samples of services, contacts and surveys.",
        "对服务、诉求、调查的抽样质量检查。",
    ],
    usage: ["One row for each check.", "每次检查一行。"],
    limitations: ["No more can have failed than were sampled.", "不合格数不大于抽查数。"],
};

const CORRECTIONS: About = About {
    purpose: ["What is being put right, by when, and whether it helped.", "整改措施、到期日期及效果。"],
    usage: ["One row for each correction.", "每项整改一行。"],
    limitations: [
        "Every correction of the period stands in the monthly report.",
        "统计期内每项整改都列入服务月报。",
    ],
};

const INVITATIONS: About = About {
    purpose: ["Who was asked in a survey, and when.", "调查所邀请的客户及日期。"],
    usage: ["One row for each customer asked.", "每个受邀客户一行。"],
    limitations: ["Without it the response rate is unknown.", "缺省时回收率未知。"],
};

const RESPONSES: About = About {
    purpose: [
        "Answers to a survey: one column for each item of its instrument.",
        "调查答卷：量表每个题项一列。",
    ],
    usage: [
        "One row for each answer. The columns of the items are named by the instrument: `E1`, `P1`, `Q1`, `W_<dimension>`.",
        "每份答卷一行；题项列名由量表决定：`E1`、`P1`、`Q1`、`W_<维度>`。",
    ],
    limitations: [
        "Leave `customer_id` empty where the answer is anonymous.",
        "匿名答卷 `customer_id` 留空。",
    ],
};

/// The texts of a table.
pub fn texts(table: Table) -> &'static About {
    match table {
        Table::Customers => &CUSTOMERS,
        Table::MeterReadings => &METER_READINGS,
        Table::RegisterReadings => &REGISTER_READINGS,
        Table::Bills => &BILLS,
        Table::Payments => &PAYMENTS,
        Table::Incidents => &INCIDENTS,
        Table::Plans => &PLANS,
        Table::Cooperation => &COOPERATION,
        Table::EnergyProfiles => &ENERGY_PROFILES,
        Table::Outages => &OUTAGES,
        Table::Interruptions => &INTERRUPTIONS,
        Table::Deliveries => &DELIVERIES,
        Table::Contacts => &CONTACTS,
        Table::Calendar => &CALENDAR,
        Table::Checks => &CHECKS,
        Table::Corrections => &CORRECTIONS,
        Table::Invitations => &INVITATIONS,
        Table::Responses => &RESPONSES,
    }
}
