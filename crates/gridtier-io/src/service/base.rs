//! The customers of a service report: those of the published cycle, or those that the service folder lists, with the
//! tiers and indicators of the cycle.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::concat::concat;
use arrow_select::take::take;
use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::index::{count, index};
use gridtier::key::NearKey;
use gridtier::method::Tier;
use gridtier::output::facts::customers_as;
use gridtier::source::TableBook;
use gridtier::word::Word;
use gridtier_service::base::{Base, Member};
use gridtier_service::policy::{self, Policy};

use super::ServiceError;
use crate::cycle::{AccountValues, MemberBatches, customers, unreadable};
use crate::folder::DataFolder;
use crate::store::StoredCycle;

/// The indicators that figures of service use.
const ENERGY: &str = "annual_energy";
const PRICE: &str = "average_price";

/// Reads the customers. The book is that of the table `customers`, if the folder has it.
pub(crate) fn read(
    folder: Option<&DataFolder>,
    cycle: &StoredCycle,
    catalogue: &Catalogue,
    policy: Option<&Policy>,
) -> Result<(Base, Option<TableBook>), ServiceError> {
    let mut book = TableBook::new(Table::Customers);
    let own = folder.filter(|folder| !folder.files(Table::Customers).is_empty());
    let accepted = match own {
        Some(folder) => customer::read(folder, &mut book)?,
        None => customers(cycle)?,
    };
    let fields = policy::fields(catalogue);
    let named = named_fields(catalogue, policy);
    let columns = columns(&accepted, cycle, catalogue, &named).map_err(|error| error.into_service(cycle))?;
    let mut members = members(&accepted, &columns);
    // What an account is compensated for, and what it pays, is not its holder's.
    if let Some(values) = AccountValues::read(cycle)? {
        let mut near = NearKey::default();
        for (number, member) in (0..).zip(&mut members) {
            let account = accepted.ids.key(number);
            [member.annual_energy_kwh, member.average_price] = values.of(account, &mut near);
        }
    }
    let (regions, members) = number_regions(&accepted, members);
    Ok((Base { ids: accepted.ids, members, regions, columns, fields }, own.map(|_| book)))
}

/// The columns that conditions name, and the indicators that figures use, in the order of their names.
fn named_fields(catalogue: &Catalogue, policy: Option<&Policy>) -> BTreeSet<String> {
    let fields = policy::fields(catalogue);
    let of_policy = policy.into_iter().flat_map(Policy::conditions).flat_map(|condition| condition.columns());
    let named = catalogue.columns().into_iter().chain(of_policy).map(|place| fields[place].name.clone());
    named.chain([ENERGY.to_owned(), PRICE.to_owned()]).collect()
}

/// Why columns cannot be joined.
enum JoinError {
    Service(ServiceError),
    Arrow(ArrowError),
}

impl JoinError {
    fn into_service(self, cycle: &StoredCycle) -> ServiceError {
        match self {
            Self::Service(error) => error,
            Self::Arrow(error) => unreadable(&cycle.dir, error).into(),
        }
    }
}

impl From<ArrowError> for JoinError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// The columns of the customers that conditions name, and of the graded ones tier, score and the measured indicators.
/// The others are dropped batch by batch: those of a million customers would fill memory.
fn columns(
    accepted: &Customers,
    cycle: &StoredCycle,
    catalogue: &Catalogue,
    named: &BTreeSet<String>,
) -> Result<RecordBatch, JoinError> {
    let mut own = JoinedColumns::default();
    for batch in customers_as("customers", accepted).batches {
        own.add(&batch, |name| named.contains(name));
    }
    let known = ["provisional", "score", "tier"];
    let measured = named.iter().map(String::as_str);
    let measured = measured.filter(|name| Table::Customers.column(name).is_none() && !known.contains(name));
    let measured: Vec<&str> = measured.collect();
    let graded = MemberBatches::open(cycle, catalogue, &measured);
    let mut columns = JoinedColumns::default();
    let mut places: Vec<Option<u64>> = vec![None; accepted.len()];
    let (mut rows, mut last) = (0, NearKey::default());
    for batch in graded.map_err(|error| JoinError::Service(error.into()))? {
        let batch = batch.map_err(|error| JoinError::Service(error.into()))?;
        let ids = batch.column_by_name("customer_id").and_then(|ids| ids.as_string_opt::<i32>());
        for (row, id) in (rows..).zip(ids.into_iter().flatten()) {
            if let Some(number) = id.and_then(|id| accepted.ids.get_near(id, &mut last)) {
                places[index(number)] = Some(row);
            }
        }
        rows += count(batch.num_rows());
        columns.add(&batch, |name| Table::Customers.column(name).is_none());
    }
    let (own, graded) = (own.joined()?, columns.joined()?);
    let places = UInt64Array::from(places);
    let mut joined = own;
    for (name, column) in graded {
        joined.push((name, take(&column, &places, None)?));
    }
    let rows = RecordBatchOptions::new().with_row_count(Some(accepted.len()));
    let fields = joined.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = joined.into_iter().map(|(_, column)| column).collect();
    Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
}

/// The pieces of columns that come batch by batch.
#[derive(Default)]
struct JoinedColumns(Vec<(String, Vec<ArrayRef>)>);

impl JoinedColumns {
    /// Adds the columns of a batch whose names are `wanted`.
    fn add(&mut self, batch: &RecordBatch, wanted: impl Fn(&str) -> bool) {
        let schema = batch.schema();
        for (field, piece) in schema.fields().iter().zip(batch.columns()) {
            let name = field.name();
            if !wanted(name) {
                continue;
            }
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, pieces)) => pieces.push(piece.clone()),
                None => self.0.push((name.clone(), vec![piece.clone()])),
            }
        }
    }

    /// Each column as one array.
    fn joined(self) -> Result<Vec<(String, ArrayRef)>, ArrowError> {
        let join = |(name, pieces): (String, Vec<ArrayRef>)| {
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            Ok((name, concat(&pieces)?))
        };
        self.0.into_iter().map(join).collect()
    }
}

fn members(accepted: &Customers, columns: &RecordBatch) -> Vec<Member> {
    let numbers = |name: &str| {
        columns.column_by_name(name).and_then(|column| column.as_primitive_opt::<Float64Type>().cloned())
    };
    let (energy, price) = (numbers(ENERGY), numbers(PRICE));
    let tiers = columns.column_by_name("tier").and_then(|column| column.as_string_opt::<i32>());
    let customers = accepted.rows.iter().enumerate();
    customers
        .map(|(row, customer)| {
            let number = |column: &Option<arrow_array::Float64Array>| {
                column.as_ref().and_then(|column| column.is_valid(row).then(|| column.value(row)))
            };
            Member {
                opened_on: customer.opened_on,
                closed_on: customer.closed_on,
                use_category: customer.use_category,
                region: None,
                area: customer.area,
                tier: tiers
                    .filter(|tiers| tiers.is_valid(row))
                    .and_then(|tiers| Tier::from_code(tiers.value(row))),
                opted_out: customer.marketing_opt_out,
                annual_energy_kwh: number(&energy),
                average_price: number(&price),
            }
        })
        .collect()
}

/// The names of the regions in the order of their bytes, and the members with their positions among them.
fn number_regions(accepted: &Customers, mut members: Vec<Member>) -> (Vec<String>, Vec<Member>) {
    let names: BTreeSet<&str> =
        accepted.rows.iter().filter_map(|customer| customer.region.as_deref()).collect();
    let regions: Vec<String> = names.into_iter().map(str::to_owned).collect();
    for (member, customer) in members.iter_mut().zip(&accepted.rows) {
        let region = customer.region.as_deref();
        member.region = region
            .and_then(|region| regions.binary_search_by(|known| known.as_str().cmp(region)).ok())
            .and_then(|place| u32::try_from(place).ok());
    }
    (regions, members)
}

impl From<RunError> for ServiceError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Refused(refusal) => Self::Refused(refusal),
            other => Self::Bug(other.to_string()),
        }
    }
}
