//! A column of a contract: its name, what it holds, and what it means.

use crate::word::WordList;

/// What a column holds, and so how it is read and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A key, always read as text.
    Id,
    /// Free text.
    Text,
    /// One of these words.
    Word(WordList),
    /// A calendar day.
    Date,
    /// A calendar day that does not place the row, but must lie within 1970 to 2199 too.
    BoundedDate,
    /// A calendar day that places the row in time; it must lie within 1970 to 2199.
    PlacingDate,
    /// A calendar month that places the row in time.
    PlacingMonth,
    /// A local time that places the row in time.
    PlacingTime,
    /// A local time that does not place the row.
    Time,
    /// kWh or kvarh, held in 10⁻³.
    Energy,
    /// yuan, held in fen.
    Money,
    /// A whole number.
    Count,
    /// A quantity held in 10⁻³.
    Thousandths,
    /// A number as it is.
    Number,
    /// One of 0.90, 0.85 and 0.80.
    PowerFactor,
    /// true or false.
    Flag,
}

impl ColumnKind {
    /// Whether a column of this kind places its rows in time.
    #[must_use]
    pub fn places_rows(self) -> bool {
        matches!(self, Self::PlacingDate | Self::PlacingMonth | Self::PlacingTime)
    }

    /// Whether a column of this kind holds days, months or times.
    #[must_use]
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::BoundedDate | Self::Time) || self.places_rows()
    }

    /// Whether a column of this kind holds numbers.
    #[must_use]
    pub fn is_number(self) -> bool {
        use ColumnKind as K;
        matches!(self, K::Energy | K::Money | K::Count | K::Thousandths | K::Number | K::PowerFactor)
    }
}

/// One column of a contract.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the contract.
    pub name: &'static str,
    /// What the column holds.
    pub kind: ColumnKind,
    /// Whether cells may be empty and the column may be absent.
    pub nullable: bool,
    /// Whether the column is part of the table's own key.
    pub key: bool,
    /// Unit of the values; empty if they have none.
    pub unit: &'static str,
    /// The greatest value, in that unit, that nobody needs to look at; `None` where there is no such limit. Greater values
    /// count, and are noticed.
    pub plausible_max: Option<f64>,
    /// What the column means.
    pub about: &'static str,
    /// What the column means, in Chinese.
    pub about_zh: &'static str,
}

pub(super) const fn column(
    name: &'static str,
    kind: ColumnKind,
    about: &'static str,
    about_zh: &'static str,
) -> Column {
    Column { name, kind, nullable: false, key: false, unit: "", plausible_max: None, about, about_zh }
}

impl Column {
    /// The Chinese name of one of the column's words; `None` for any other text.
    #[must_use]
    pub fn word_zh(&self, code: &str) -> Option<&'static str> {
        match self.kind {
            ColumnKind::Word(words) => words.zh(code),
            _ => None,
        }
    }

    pub(super) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub(super) const fn key(mut self) -> Self {
        self.key = true;
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(super) const fn plausible_to(mut self, max: f64) -> Self {
        self.plausible_max = Some(max);
        self
    }
}

/// When the utility's system learned of the row. Every table may have this column (DATA §4).
pub(super) const RECORDED_AT: Column = column(
    "recorded_at",
    ColumnKind::Time,
    "when the utility's system learned of the row; empty: always known",
    "系统记录该行的时间，为空表示一直已知",
)
.nullable();

pub(super) const CUSTOMER_ID: Column = column("customer_id", ColumnKind::Id, "account number", "户号");
