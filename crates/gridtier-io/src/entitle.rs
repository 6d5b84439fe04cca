//! The questions about entitlements, asked of a published cycle: each a call that reads what it needs and no more.
//!
//! What a customer is entitled to is derived on each call from the cycle's tables and a catalogue, and stored nowhere.
//! The rules are the engine's.

mod ids;
mod requests;
mod service_moves;
mod service_changes;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::application::{Application, ApplicationDecision, ApplicationReview};
use gridtier::entitlement::census::Census;
use gridtier::entitlement::change::{Change, Side, changes};
use gridtier::entitlement::condition::Datum;
use gridtier::entitlement::grant::Members;
use gridtier::entitlement::recovery::{Demand, Statement};
use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::text::Voice;
use gridtier::word::Word;
use gridtier_report::entitlement::{
    CustomerServices, Noticed, Notices, customer_services, grants_batch, holders_batch,
};

use crate::cycle::{CycleError, MemberBatches, absent, customers, unreadable};
use crate::store::StoredCycle;

pub use ids::{IdList, ListedId, RequestError, UnmatchedId, read_ids};
pub use requests::read_applications;
pub use service_changes::ServiceChanges;
pub use service_moves::service_moves;

/// Why a list of ids cannot be compared with a cycle's customers.
#[derive(Debug, thiserror::Error)]
pub enum ListReadError {
    /// A file of the cycle cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// The list cannot be used.
    #[error(transparent)]
    List(#[from] RequestError),
}

/// A cycle, and the catalogue that is applied to it.
#[derive(Clone, Copy)]
pub struct CycleEntitlements<'a> {
    /// The cycle.
    pub cycle: &'a StoredCycle,
    /// The catalogue: the one that the cycle records, or another to try out.
    pub catalogue: &'a Catalogue,
}

/// Columns of customers that lists show.
const SHOWN: [&str; 3] = ["use_category", "supply_level", "region"];
/// Columns by which a shared cost is divided.
const SHARED_BY: [&str; 2] = ["contract_capacity_kva", "annual_energy"];

/// Customers of a cycle whose services may be asked for.
pub(crate) struct ServedCustomers<'a> {
    entitlements: CycleEntitlements<'a>,
    batches: Vec<RecordBatch>,
    /// By id: a batch, and a row of it.
    places: BTreeMap<String, (usize, usize)>,
}

impl ServedCustomers<'_> {
    /// The services of a customer; `None` if it was not read.
    ///
    /// # Errors
    /// The cycle has other columns.
    pub(crate) fn services(&self, id: &str) -> Result<Option<CustomerServices>, CycleError> {
        let Some(&(batch, row)) = self.places.get(id) else { return Ok(None) };
        let members = self.entitlements.of(&self.batches[batch])?;
        let mut record = members.record();
        members.fill(row, &mut record);
        Ok(Some(customer_services(self.entitlements.catalogue, members.tier(row), &record)))
    }
}

impl<'a> CycleEntitlements<'a> {
    /// The members of the cycle, with the columns that conditions, `also` and a selection look at.
    fn members(&self, also: &[&'static str]) -> Result<MemberBatches, CycleError> {
        MemberBatches::open(self.cycle, self.catalogue, also)
    }

    fn of<'b>(&self, batch: &'b RecordBatch) -> Result<Members<'b>, CycleError> {
        Members::of(batch, &self.catalogue.fields).ok_or_else(|| {
            unreadable(&self.cycle.dir, "its tables are not those of this version of gridtier")
        })
    }

    /// The members of a batch that a mask of the engine keeps.
    fn kept(
        &self,
        batch: &RecordBatch,
        mask: impl FnOnce(&Members) -> BooleanArray,
    ) -> Result<RecordBatch, CycleError> {
        let mask = mask(&self.of(batch)?);
        filter_record_batch(batch, &mask).map_err(|error| unreadable(&self.cycle.dir, error))
    }

    fn selected(&self, batch: &RecordBatch, selection: &Selection) -> Result<RecordBatch, CycleError> {
        self.kept(batch, |members| selection.selected(&self.catalogue.fields, members))
    }

    fn listed(
        &self,
        batch: &RecordBatch,
        selection: &Selection,
        purpose: ListPurpose,
    ) -> Result<RecordBatch, CycleError> {
        self.kept(batch, |members| selection.listed(&self.catalogue.fields, members, purpose))
    }

    fn looked_at(selection: &Selection, also: &[&'static str]) -> Vec<&'static str> {
        selection.columns().chain(also.iter().copied()).collect()
    }

    /// How many customers of a selection want no marketing.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn opted_out(&self, selection: &Selection) -> Result<u64, CycleError> {
        let mut out = 0;
        for batch in self.members(&Self::looked_at(selection, &[]))? {
            let batch = self.selected(&batch?, selection)?;
            let listed = selection.listed(&self.catalogue.fields, &self.of(&batch)?, ListPurpose::Marketing);
            out += count(listed.len() - listed.true_count());
        }
        Ok(out)
    }

    /// The ids of a list that are accepted customers of the cycle, and the ids that are not. An id that is no customer's
    /// opts nobody out; it may have lost its leading zeros.
    ///
    /// # Errors
    /// A file of the cycle cannot be read; or the list has ids, and none of them is a customer.
    pub fn matched(&self, list: IdList) -> Result<(Vec<String>, Vec<UnmatchedId>), ListReadError> {
        Ok(list.matched(&customers(self.cycle)?.ids)?)
    }

    /// The regions of the cycle's customers.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn regions(&self) -> Result<BTreeSet<String>, CycleError> {
        let mut regions = BTreeSet::new();
        for batch in self.members(&["region"])? {
            let batch = batch?;
            let column = batch.column_by_name("region").and_then(|column| column.as_string_opt::<i32>());
            for region in column.into_iter().flatten().flatten() {
                if !regions.contains(region) {
                    regions.insert(region.to_owned());
                }
            }
        }
        Ok(regions)
    }

    /// Customers by tier.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn customers_by_tier(&self) -> Result<[u64; 4], CycleError> {
        let mut counts = [0; 4];
        for batch in self.members(&[])? {
            let batch = batch?;
            let members = self.of(&batch)?;
            (0..members.len()).for_each(|row| counts[members.tier(row).position()] += 1);
        }
        Ok(counts)
    }

    /// The customers of a selection that are entitled to a service, counted by tier and by a column.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn census(
        &self,
        service: usize,
        by: Option<&'static str>,
        selection: &Selection,
    ) -> Result<Census, CycleError> {
        let mut census = Census::default();
        let place = by.and_then(|name| self.catalogue.fields.iter().position(|field| field.name == name));
        for batch in self.members(&Self::looked_at(selection, by.as_slice()))? {
            let batch = self.selected(&batch?, selection)?;
            census.add(self.catalogue, service, place, &self.of(&batch)?);
        }
        Ok(census)
    }

    /// The holders of a service in a selection, for a purpose, batch by batch.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn holders(
        self,
        service: usize,
        selection: &'a Selection,
        purpose: ListPurpose,
        voice: Voice,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, CycleError>> + 'a, CycleError> {
        let members = self.members(&Self::looked_at(selection, &SHOWN))?;
        Ok(members.map(move |batch| {
            let batch = self.listed(&self.selected(&batch?, selection)?, selection, purpose)?;
            let service = &self.catalogue.services[service];
            Ok(holders_batch(self.catalogue, service, &self.of(&batch)?, voice))
        }))
    }

    /// All grants of a selection, for a purpose, batch by batch.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn grants(
        self,
        selection: &'a Selection,
        purpose: ListPurpose,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, CycleError>> + 'a, CycleError> {
        let members = self.members(&Self::looked_at(selection, &[]))?;
        Ok(members.map(move |batch| {
            let batch = self.listed(&self.selected(&batch?, selection)?, selection, purpose)?;
            Ok(grants_batch(self.catalogue, &self.of(&batch)?))
        }))
    }

    /// One customer's services, and whether it is kept off marketing lists.
    ///
    /// # Errors
    /// A file of the cycle cannot be read, or the customer is not in the cycle.
    pub fn customer(&self, id: &str, selection: &Selection) -> Result<(CustomerServices, bool), CycleError> {
        let columns = Self::looked_at(selection, &[]);
        for batch in MemberBatches::of_customer(self.cycle, self.catalogue, &columns, id)? {
            let batch = batch?;
            let members = self.of(&batch)?;
            let Some(row) = (0..members.len()).find(|&row| members.id(row) == id) else { continue };
            let mut record = members.record();
            members.fill(row, &mut record);
            let listed = selection.listed(&self.catalogue.fields, &members, ListPurpose::Marketing);
            let services = customer_services(self.catalogue, members.tier(row), &record);
            return Ok((services, !listed.value(row)));
        }
        Err(absent(self.cycle, id))
    }

    /// Reads some customers in one pass over the cycle, of which no other rows are kept. Those that are not in the cycle are
    /// left out.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub(crate) fn of_customers(&self, ids: &BTreeSet<String>) -> Result<ServedCustomers<'a>, CycleError> {
        let (mut batches, mut places) = (Vec::new(), BTreeMap::new());
        for batch in self.members(&[])? {
            let batch = self.kept(&batch?, |members| {
                (0..members.len()).map(|row| Some(ids.contains(members.id(row)))).collect()
            })?;
            let members = self.of(&batch)?;
            let rows = 0..members.len();
            places.extend(rows.map(|row| (members.id(row).to_owned(), (batches.len(), row))));
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
        Ok(ServedCustomers { entitlements: *self, batches, places })
    }

    /// The costs of a selection's services in a year, and the fees for them.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn statements(&self, selection: &Selection) -> Result<Vec<Statement>, CycleError> {
        let mut demand = Demand::new(self.catalogue);
        for batch in self.members(&Self::looked_at(selection, &[]))? {
            let batch = batch?;
            let members = self.of(&batch)?;
            let selected = selection.selected(&self.catalogue.fields, &members);
            demand.add(self.catalogue, &members, &selected);
        }
        Ok(demand.statements(self.catalogue))
    }

    /// The same for one service, without the work for the others.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn statements_of(&self, service: usize, selection: &Selection) -> Result<Vec<Statement>, CycleError> {
        let mut alone = self.catalogue.clone();
        alone.services = vec![self.catalogue.services[service].clone()];
        let statements = CycleEntitlements { cycle: self.cycle, catalogue: &alone }.statements(selection)?;
        Ok(statements.into_iter().map(|line| Statement { service, ..line }).collect())
    }

    /// Decides applications.
    ///
    /// # Errors
    /// A file of the cycle cannot be read.
    pub fn decide(&self, applications: &[Application]) -> Result<Vec<ApplicationDecision>, CycleError> {
        let mut review = ApplicationReview::new(self.catalogue, applications);
        for batch in self.members(&SHARED_BY)? {
            review.add(&self.of(&batch?)?);
        }
        Ok(review.decide())
    }
}

/// Options of the list that a comparison of two cycles makes.
#[derive(Clone, Copy)]
pub struct NoticeOptions<'a> {
    /// Which customers of the newer cycle are asked about.
    pub selection: &'a Selection,
    /// What the list is made for.
    pub purpose: ListPurpose,
    /// The language and the form of words.
    pub voice: Voice,
}

/// Two cycles compared customer by customer: an iterator over the batches of the notice list, which also counts all
/// changes. Customers that the newer cycle no longer grades are counted and not listed.
pub struct EntitlementComparison<'a> {
    before: CycleEntitlements<'a>,
    after: CycleEntitlements<'a>,
    options: NoticeOptions<'a>,
    older: MemberCursor,
    newer: MemberCursor,
    /// The list in the making, and the counts.
    pub notices: Notices<'a>,
    /// Customers that are no longer graded.
    pub gone: u64,
    is_done: bool,
}

impl<'a> EntitlementComparison<'a> {
    /// Opens both cycles.
    ///
    /// # Errors
    /// A file of a cycle cannot be read.
    pub fn open(
        before: CycleEntitlements<'a>,
        after: CycleEntitlements<'a>,
        options: NoticeOptions<'a>,
    ) -> Result<Self, CycleError> {
        Ok(Self {
            before,
            after,
            options,
            older: MemberCursor::new(before, &[])?,
            newer: MemberCursor::new(after, &CycleEntitlements::looked_at(options.selection, &[]))?,
            notices: Notices::new(before.catalogue, after.catalogue, options.voice),
            gone: 0,
            is_done: false,
        })
    }

    /// Compares further customers until there are enough notices for a batch, or no more customers.
    fn batch(&mut self) -> Result<Option<RecordBatch>, CycleError> {
        while self.notices.rows() < NOTICE_ROWS && !self.is_done {
            self.older.advance()?;
            self.newer.advance()?;
            let Some(now) = &self.newer.batch else {
                let Some(batch) = &self.older.batch else {
                    self.is_done = true;
                    break;
                };
                self.gone += count(batch.num_rows() - self.older.row);
                self.older.row = batch.num_rows();
                continue;
            };
            let rows = [self.older.row, self.newer.row];
            let (before, after) = (self.before, self.after);
            let (older, notices) = (self.older.batch.as_ref(), &mut self.notices);
            let merged =
                merge(before, after, older, now, rows, self.options, &mut |id, tiers, changes, how| {
                    notices.add(id, tiers, changes, how);
                })?;
            self.gone += merged.gone;
            [self.older.row, self.newer.row] = merged.rows;
        }
        Ok((self.notices.rows() > 0).then(|| self.notices.take()))
    }
}

impl Iterator for EntitlementComparison<'_> {
    type Item = Result<RecordBatch, CycleError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// Rows of a batch of notices.
const NOTICE_ROWS: usize = 1 << 16;

/// One of two cycles that are read side by side.
struct MemberCursor {
    batches: MemberBatches,
    batch: Option<RecordBatch>,
    row: usize,
}

impl MemberCursor {
    fn new(question: CycleEntitlements, also: &[&'static str]) -> Result<Self, CycleError> {
        Ok(Self { batches: question.members(also)?, batch: None, row: 0 })
    }

    /// Goes on to the next batch when this one is done.
    fn advance(&mut self) -> Result<(), CycleError> {
        while self.batch.as_ref().is_none_or(|batch| self.row >= batch.num_rows()) {
            self.row = 0;
            self.batch = self.batches.next().transpose()?;
            if self.batch.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Called with a customer's id, tiers and changes.
type OnChanges<'a> = &'a mut dyn FnMut(&str, [Option<Tier>; 2], &[Change<'_>], Noticed);

/// How far a merge of two batches got.
struct Merged {
    rows: [usize; 2],
    gone: u64,
}

/// Compares the customers of two batches until one of them is done.
fn merge(
    before: CycleEntitlements,
    after: CycleEntitlements,
    older: Option<&RecordBatch>,
    newer: &RecordBatch,
    [mut old_row, mut new_row]: [usize; 2],
    options: NoticeOptions,
    on_changes: OnChanges<'_>,
) -> Result<Merged, CycleError> {
    let fields = &after.catalogue.fields;
    let old = older.map(|batch| before.of(batch)).transpose()?;
    let new = after.of(newer)?;
    let selected = options.selection.selected(fields, &new);
    let listed = options.selection.listed(fields, &new, options.purpose);
    let reached = options.selection.listed(fields, &new, ListPurpose::Marketing);
    let nobody = vec![Datum::Missing; before.catalogue.fields.len()];
    let mut old_record = old.as_ref().map(Members::record).unwrap_or_default();
    let mut new_record = new.record();
    let mut gone = 0;
    while new_row < new.len() && old.as_ref().is_none_or(|old| old_row < old.len()) {
        let order = match &old {
            None => Ordering::Greater,
            Some(old) => old.id(old_row).cmp(new.id(new_row)),
        };
        if order.is_lt() {
            (gone, old_row) = (gone + 1, old_row + 1);
            continue;
        }
        if selected.value(new_row) {
            let tier = match (&old, order) {
                (Some(old), Ordering::Equal) => {
                    old.fill(old_row, &mut old_record);
                    Some(old.tier(old_row))
                }
                _ => None,
            };
            new.fill(new_row, &mut new_record);
            let record = if tier.is_some() { &old_record } else { &nobody };
            let was = Side { catalogue: before.catalogue, tier, record };
            let is = Side { catalogue: after.catalogue, tier: Some(new.tier(new_row)), record: &new_record };
            let noticed = match (listed.value(new_row), reached.value(new_row)) {
                (false, _) => Noticed::CountedOnly,
                (true, true) => Noticed::Listed,
                (true, false) => Noticed::ListedOptedOut,
            };
            on_changes(new.id(new_row), [tier, is.tier], &changes(&was, &is), noticed);
        }
        old_row += usize::from(order.is_eq());
        new_row += 1;
    }
    Ok(Merged { rows: [old_row, new_row], gone })
}
