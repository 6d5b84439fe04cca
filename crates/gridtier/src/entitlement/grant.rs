//! The services that a customer is entitled to, derived from the customer's tier and own columns.
//!
//! A service comes from the tier's cell, or from an opening that applies to any tier; the better of the two applies, on
//! its own terms. Every grant carries its reasons. Nothing is stored.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type};
use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray};
use arrow_schema::DataType;

use super::catalogue::Catalogue;
use super::condition::{Condition, Datum, Field};
use super::service::{Access, Cell, Opening, Reason, Service, Terms};
use crate::method::Tier;
use crate::word::Word;

/// The columns that conditions use, of the customers of a batch.
pub struct Records<'b> {
    columns: Vec<(usize, MemberColumn<'b>)>,
    fields: usize,
}

impl<'b> Records<'b> {
    /// The columns of a batch, which may have any of the `fields` as text, f64, bool or date32. `None` if a column has
    /// another type.
    #[must_use]
    pub fn of(batch: &'b RecordBatch, fields: &[Field]) -> Option<Self> {
        let mut columns = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            if let Some(column) = batch.column_by_name(&field.name) {
                columns.push((place, MemberColumn::of(column)?));
            }
        }
        Some(Self { columns, fields: fields.len() })
    }

    /// A record without values, for [`fill`](Self::fill).
    #[must_use]
    pub fn record(&self) -> Vec<Datum<'b>> {
        vec![Datum::Missing; self.fields]
    }

    /// Writes a customer's values into `record`. Columns that the batch lacks stay missing.
    pub fn fill(&self, row: usize, record: &mut [Datum<'b>]) {
        for (place, column) in &self.columns {
            record[*place] = column.datum(row);
        }
    }
}

/// Customers of a cycle with the columns that conditions use.
pub struct Members<'b> {
    ids: &'b StringArray,
    tiers: Vec<Tier>,
    records: Records<'b>,
}

enum MemberColumn<'b> {
    Words(&'b StringArray),
    Numbers(&'b Float64Array),
    Flags(&'b BooleanArray),
    Days(&'b Date32Array),
}

impl<'b> Members<'b> {
    /// The members of a batch. It must have the text columns `customer_id` and `tier`, and may have any of the `fields`
    /// as text, f64, bool or date32. `None` if a column has another type or a tier is unknown.
    #[must_use]
    pub fn of(batch: &'b RecordBatch, fields: &[Field]) -> Option<Self> {
        let ids = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
        let names = batch.column_by_name("tier")?.as_string_opt::<i32>()?;
        let tiers = names.iter().map(|name| Tier::from_code(name?)).collect::<Option<Vec<_>>>()?;
        Some(Self { ids, tiers, records: Records::of(batch, fields)? })
    }

    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tiers.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }

    /// A customer's id.
    #[must_use]
    pub fn id(&self, row: usize) -> &'b str {
        self.ids.value(row)
    }

    /// A customer's tier.
    #[must_use]
    pub fn tier(&self, row: usize) -> Tier {
        self.tiers[row]
    }

    /// A record without values, for [`fill`](Self::fill).
    #[must_use]
    pub fn record(&self) -> Vec<Datum<'b>> {
        self.records.record()
    }

    /// Writes a customer's values into `record`. Columns that the batch lacks stay missing.
    pub fn fill(&self, row: usize, record: &mut [Datum<'b>]) {
        self.records.fill(row, record);
    }
}

impl<'b> MemberColumn<'b> {
    fn of(column: &'b dyn Array) -> Option<Self> {
        Some(match column.data_type() {
            DataType::Utf8 => Self::Words(column.as_string_opt::<i32>()?),
            DataType::Float64 => Self::Numbers(column.as_primitive_opt::<Float64Type>()?),
            DataType::Boolean => Self::Flags(column.as_boolean_opt()?),
            DataType::Date32 => Self::Days(column.as_primitive_opt::<Date32Type>()?),
            _ => return None,
        })
    }

    fn datum(&self, row: usize) -> Datum<'b> {
        match self {
            Self::Words(words) if words.is_valid(row) => Datum::Word(words.value(row)),
            Self::Numbers(numbers) if numbers.is_valid(row) => Datum::Number(numbers.value(row)),
            Self::Flags(flags) if flags.is_valid(row) => Datum::Flag(flags.value(row)),
            Self::Days(days) if days.is_valid(row) => Datum::Day(days.value(row)),
            _ => Datum::Missing,
        }
    }
}

/// The part of the catalogue that gives a customer a service.
#[derive(Clone, Copy, Debug)]
pub enum Basis<'c> {
    /// The cell of the customer's tier.
    Cell(&'c Cell),
    /// An opening of the service, with its position.
    Opening(usize, &'c Opening),
}

/// A service that a customer is entitled to.
#[derive(Clone, Debug)]
pub struct Grant<'c> {
    /// How much of the service the customer gets.
    pub access: Access,
    /// The terms on which the customer gets it.
    pub terms: &'c Terms,
    /// The part of the catalogue that gives the service.
    pub basis: Basis<'c>,
    /// The reasons, in the order of [`Reason`]; at least one.
    pub reasons: Reasons,
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u8);

impl Reasons {
    fn with(self, reason: Reason) -> Self {
        Self(self.0 | 1 << reason.position())
    }

    /// The reasons in order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |&reason| self.0 >> reason.position() & 1 == 1)
    }

    /// The codes of the reasons, as in tables: `tier;condition`.
    #[must_use]
    pub fn words(self) -> String {
        self.iter().map(Word::code).collect::<Vec<_>>().join(";")
    }
}

/// Why a customer has no claim to a service.
#[derive(Clone, Copy, Debug)]
pub enum Refused<'c> {
    /// The service does not apply to the customer, who does not meet this condition.
    Condition(&'c Condition),
    /// The customer's tier does not have the service, and nothing else opens it.
    Tier,
}

/// The grant of a service to a customer of a tier. `record` has the customer's values in the order of the catalogue's
/// fields.
///
/// # Errors
/// Why the customer has no claim.
pub fn grant<'c>(
    catalogue: &'c Catalogue,
    service: &'c Service,
    tier: Tier,
    record: &[Datum],
) -> Result<Grant<'c>, Refused<'c>> {
    if let Some(condition) = service.condition.as_ref().filter(|condition| !condition.holds(record)) {
        return Err(Refused::Condition(condition));
    }
    let mut reasons = Reasons::default();
    if service.condition.is_some() {
        reasons = reasons.with(Reason::Condition);
    }
    if catalogue.is_regulated(service) {
        reasons = reasons.with(Reason::Regulation);
    }
    let cell = service.cell(tier);
    let mut best = by_tier(cell, record, reasons);
    for (place, opening) in service.opens.iter().enumerate() {
        if !opening.condition.holds(record) {
            continue;
        }
        match &mut best {
            Some(grant) if grant.access > opening.access => {}
            Some(grant) if grant.access == opening.access => {
                grant.reasons = grant.reasons.with(opening.reason);
            }
            _ => {
                best = Some(Grant {
                    access: opening.access,
                    terms: &opening.terms,
                    basis: Basis::Opening(place, opening),
                    reasons: reasons.with(opening.reason),
                });
            }
        }
    }
    best.ok_or(match &cell.condition {
        Some(condition) if cell.access != Access::None => Refused::Condition(condition),
        _ => Refused::Tier,
    })
}

fn by_tier<'c>(cell: &'c Cell, record: &[Datum], reasons: Reasons) -> Option<Grant<'c>> {
    if cell.access == Access::None || !cell.condition.as_ref().is_none_or(|condition| condition.holds(record))
    {
        return None;
    }
    let reasons = match cell.condition {
        Some(_) => reasons.with(Reason::Condition),
        None => reasons,
    };
    Some(Grant {
        access: cell.access,
        terms: &cell.terms,
        basis: Basis::Cell(cell),
        reasons: reasons.with(Reason::Tier),
    })
}
