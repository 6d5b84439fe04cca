//! What a utility declares about its own export: units, decimal mark, date forms, words, time zone.
//!
//! Nothing here is inferred from data, because a wrong guess of a unit is an error by a factor of a thousand. The
//! values come from `gridtier.toml` beside the data; where that file declares no unit, the contract's unit applies.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Table;
use crate::text::Text;
use crate::unit::LocalTime;
use crate::word::Word;

crate::words! {
    /// Unit of the energies of a table.
    #[derive(Default)]
    EnergyUnit "unit of energy" {
        /// Wh or varh.
        Wh "Wh" "watt-hours" "瓦时",
        /// kWh or kvarh, the contract's unit.
        #[default]
        Kwh "kWh" "kilowatt-hours" "千瓦时",
        /// MWh or Mvarh.
        Mwh "MWh" "megawatt-hours" "兆瓦时",
        /// 万kWh, ten thousand kWh.
        TenMwh "万kWh" "ten thousand kilowatt-hours" "万千瓦时",
    }
}

impl EnergyUnit {
    /// Wh in one unit.
    #[must_use]
    pub fn wh(self) -> i64 {
        match self {
            Self::Wh => 1,
            Self::Kwh => 1_000,
            Self::Mwh => 1_000_000,
            Self::TenMwh => 10_000_000,
        }
    }
}

crate::words! {
    /// Unit of the amounts of a table.
    #[derive(Default)]
    MoneyUnit "unit of money" {
        /// 分, 0.01 yuan.
        Fen "fen" "fen" "分",
        /// 元, the contract's unit.
        #[default]
        Yuan "yuan" "yuan" "元",
        /// 万元, ten thousand yuan.
        TenThousandYuan "万元" "ten thousand yuan" "万元",
    }
}

impl MoneyUnit {
    /// Names accepted in `gridtier.toml`: the codes, and `CNY` for yuan.
    pub const NAMES: &[&str] = &["fen", "yuan", "CNY", "万元"];

    /// The unit of one of [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        if name == "CNY" { Some(Self::Yuan) } else { Self::from_code(name) }
    }

    /// Fen in one unit.
    #[must_use]
    pub fn fen(self) -> i64 {
        match self {
            Self::Fen => 1,
            Self::Yuan => 100,
            Self::TenThousandYuan => 1_000_000,
        }
    }
}

crate::words! {
    /// The decimal separator of numbers that are stored as text.
    #[derive(Default)]
    DecimalMark "decimal mark" {
        /// `1,234.50`
        #[default]
        Point "." "point" "小数点",
        /// `1.234,50`
        Comma "," "comma" "逗号",
    }
}

/// Whether energy may flow to the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetExport {
    /// Rows with negative active energy are rejected.
    #[default]
    Refused,
    /// Negative active energy is energy delivered to the grid.
    Allowed,
}

crate::words! {
    /// What a time without a zone means.
    #[derive(Default)]
    Timestamps "meaning of times" {
        /// The utility's local time.
        #[default]
        Local "local" "local time" "当地时间",
        /// An instant in UTC, as Spark writes it. A day without a time stays that day.
        Instant "instant" "instant in UTC" "UTC 时刻",
    }
}

crate::words! {
    /// Whether the stamp of a reading is the start or the end of its interval.
    #[derive(Default)]
    Stamp "stamp" {
        /// Its start, as the contract says.
        #[default]
        Start "start" "start of the interval" "区间起始",
        /// Its end: a reading at 00:00 on the first of a month belongs to the month before.
        End "end" "end of the interval" "区间终止",
    }
}

impl Stamp {
    /// Microseconds from the time that places a reading to its stamp. For a stamp at the end this is one microsecond: a
    /// plain date stands for its midnight, so that the microsecond before it belongs to the day before.
    #[must_use]
    pub fn shift_us(self) -> i64 {
        match self {
            Self::Start => 0,
            Self::End => 1,
        }
    }
}

/// What is declared about one table.
#[derive(Clone, Debug, Default)]
pub struct TableDeclared {
    /// Unit of the table's energies.
    pub energy: EnergyUnit,
    /// Unit of the table's amounts of money.
    pub money: MoneyUnit,
    /// Decimal mark of numbers that are stored as text.
    pub decimal_mark: DecimalMark,
    /// Whether negative active energy is accepted.
    pub net_export: NetExport,
    /// What times without a zone mean.
    pub timestamps: Timestamps,
    /// Whether a reading that has no end of its own is stamped with the start or the end of its interval.
    pub stamp: Stamp,
    /// strftime pattern by contract column, for dates that are stored as text or number.
    pub date_forms: BTreeMap<String, String>,
    /// For each contract column, the contract's word (or number, or flag) for each spelling; an empty text for an empty
    /// cell.
    pub words: BTreeMap<String, BTreeMap<String, String>>,
    /// For each contract column, the texts, days or numbers that stand for an empty cell.
    pub nulls: BTreeMap<String, Vec<String>>,
    /// For each contract column of keys, the number of digits to which shorter keys are padded with zeros in front.
    pub pad: BTreeMap<String, usize>,
}

/// A column of `customers` that is passed through: kept with the cycle and shown on customer sheets, used by nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PassedColumn {
    /// Its name in the files, and in `customers.parquet`.
    pub column: String,
    /// What it is called in English; its name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// What it is called in Chinese; its name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zh: Option<String>,
}

impl PassedColumn {
    /// What it is called.
    #[must_use]
    pub fn title(&self) -> Text {
        let title = |own: &Option<String>| own.as_ref().unwrap_or(&self.column).clone();
        Text::coded(self.column.clone(), title(&self.en), title(&self.zh))
    }
}

/// What is declared about a whole data folder.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Zone of the utility's local time; needed only when timestamps carry a zone.
    pub zone: Option<Tz>,
    /// Rows that the utility's system recorded later than this instant are left out; `None` leaves none out. This is a
    /// setting of the run and not of the export: the same files can be graded as they were known at any time (DATA §4).
    pub known_as_of: Option<LocalTime>,
    /// By table; a table without an entry follows the contract.
    pub tables: BTreeMap<Table, TableDeclared>,
    /// The columns of `customers` that are passed through.
    pub passthrough: Vec<PassedColumn>,
}

impl Declared {
    /// What is declared about a table.
    #[must_use]
    pub fn of(&self, table: Table) -> TableDeclared {
        self.tables.get(&table).cloned().unwrap_or_default()
    }
}
