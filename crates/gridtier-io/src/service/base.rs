//! The customers of a service report: those of the published cycle, or those that the service folder lists, with the
//! tiers and indicators of the cycle.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use arrow_select::take::take;
use gridtier::contract::Table;
use gridtier::customer::{self, Customers};
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::index::index;
use gridtier::method::Tier;
use gridtier::output::facts::customers_as;
use gridtier::source::TableBook;
use gridtier::word::Word;
use gridtier_service::base::{Base, Member};
use gridtier_service::policy::{self, Policy};

use super::ServiceError;
use crate::cycle::{MemberBatches, customers, unreadable};
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
    let measured = measured_fields(catalogue, policy);
    let columns =
        columns(&accepted, cycle, catalogue, &measured).map_err(|error| error.into_service(cycle))?;
    let members = members(&accepted, &columns);
    let (regions, members) = number_regions(&accepted, members);
    Ok((Base { ids: accepted.ids, members, regions, columns, fields }, own.map(|_| book)))
}

/// The indicators that conditions name, and those that figures use, in the order of their names.
fn measured_fields(catalogue: &Catalogue, policy: Option<&Policy>) -> Vec<String> {
    let fields = policy::fields(catalogue);
    let of_policy = policy.into_iter().flat_map(Policy::conditions).flat_map(|condition| condition.columns());
    let named = catalogue.columns().into_iter().chain(of_policy).map(|place| fields[place].name.clone());
    let known = ["provisional", "score", "tier"];
    let measured: BTreeSet<String> = named
        .filter(|name| Table::Customers.column(name).is_none() && !known.contains(&name.as_str()))
        .chain([ENERGY.to_owned(), PRICE.to_owned()])
        .collect();
    measured.into_iter().collect()
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

/// All columns of the customers, and of the graded ones tier, score and the measured indicators.
fn columns(
    accepted: &Customers,
    cycle: &StoredCycle,
    catalogue: &Catalogue,
    measured: &[String],
) -> Result<RecordBatch, JoinError> {
    let own = customers_as("customers", accepted);
    let own_batches: Vec<RecordBatch> = own.batches.collect();
    let own = concat_batches(&own.schema, &own_batches)?;
    let additional: Vec<&str> = measured.iter().map(String::as_str).collect();
    let graded = MemberBatches::open(cycle, catalogue, &additional)
        .and_then(|batches| batches.collect::<Result<Vec<RecordBatch>, _>>())
        .map_err(|error| JoinError::Service(error.into()))?;
    let mut named: Vec<(String, ArrayRef)> = named_columns(&own);
    if let Some(first) = graded.first() {
        let graded = concat_batches(&first.schema(), &graded)?;
        let places = places(accepted, &graded);
        for (name, column) in named_columns(&graded) {
            if Table::Customers.column(&name).is_none() {
                named.push((name, take(&column, &places, None)?));
            }
        }
    }
    Ok(RecordBatch::try_from_iter(named)?)
}

fn named_columns(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let schema = batch.schema();
    schema.fields().iter().map(|field| field.name().clone()).zip(batch.columns().iter().cloned()).collect()
}

/// For each accepted customer the row among the graded ones, if there is one.
fn places(accepted: &Customers, graded: &RecordBatch) -> UInt64Array {
    let mut places: Vec<Option<u64>> = vec![None; accepted.len()];
    let ids = graded.column_by_name("customer_id").and_then(|ids| ids.as_string_opt::<i32>());
    let mut last = 0;
    for (row, id) in (0..).zip(ids.into_iter().flatten()) {
        if let Some(number) = id.and_then(|id| accepted.ids.get_near(id, &mut last)) {
            places[index(number)] = Some(row);
        }
    }
    places.into()
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
