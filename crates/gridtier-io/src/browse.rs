//! The customers of a published cycle, read once and held in columns of a few dozen bytes each, so that they can be found,
//! filtered, sorted and paged.
//!
//! This module only counts the rows that pass a filter; it computes nothing else.

mod list;

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, RecordBatch, StringArray};
use gridtier::compare::Movement;
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::word::Word as _;
use gridtier_report::customers::{CustomerPage, ListedCustomer};

use crate::cycle::{CycleError, as_of, graded_table, previous_cycle, read_columns};
use crate::store::{Store, StoredCycle};

/// The last published cycle whose as-of is earlier than that of `cycle`.
///
/// # Errors
/// The store or a manifest cannot be read.
pub fn predecessor(store: &Store, cycle: &StoredCycle) -> Result<Option<StoredCycle>, CycleError> {
    let mut others = store.published()?;
    others.retain(|other| other.version != cycle.version && !other.is_pruned());
    previous_cycle(others, as_of(cycle)?)
}

/// A column with few different texts. Each row holds the position of its text in `names`.
#[derive(Debug, Default)]
struct Coded {
    names: Vec<String>,
    /// The place of each name.
    known: HashMap<String, u32>,
    places: Vec<u32>,
}

/// Marks a row without a text.
const NO_TEXT: u32 = u32::MAX;

impl Coded {
    fn push(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.places.push(NO_TEXT) };
        // Neighbouring rows often have the same text.
        let last = self.places.last().copied().filter(|&last| self.name(last) == Some(text));
        let known = last.or_else(|| self.known.get(text).copied());
        self.places.push(known.unwrap_or_else(|| {
            let place = u32::try_from(self.names.len()).unwrap_or(NO_TEXT);
            self.names.push(text.to_owned());
            self.known.insert(text.to_owned(), place);
            place
        }));
    }

    fn name(&self, place: u32) -> Option<&str> {
        self.names.get(gridtier::index::index(place)).map(String::as_str)
    }

    fn at(&self, row: usize) -> Option<&str> {
        self.name(self.places[row])
    }

    /// About how many bytes of memory it takes.
    fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|name| 2 * (size_of::<String>() + name.len())).sum();
        self.places.capacity() * size_of::<u32>() + names
    }

    /// Whether a row has one of the wanted texts. Without any wanted text, every row passes.
    fn among(&self, wanted: &[String]) -> impl Fn(usize) -> bool + '_ {
        let is_wanted: Vec<bool> = self.names.iter().map(|name| wanted.contains(name)).collect();
        let is_open = wanted.is_empty();
        move |row| {
            is_open || is_wanted.get(gridtier::index::index(self.places[row])).copied().unwrap_or(false)
        }
    }

    fn sorted(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// Which customers a list shows. An empty field excludes nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// The first characters of the id.
    pub prefix: String,
    /// The final tiers.
    pub tiers: Vec<Tier>,
    /// The names of strata.
    pub strata: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// Codes of use categories.
    pub use_categories: Vec<String>,
    /// The movements since the earlier cycle.
    pub movements: Vec<Movement>,
}

/// The order of a list. Customers that are equal in this order are sorted by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomerOrder {
    /// By id.
    #[default]
    Id,
    /// The highest score first; customers without a score last.
    HighestScore,
    /// The lowest score first; customers without a score last.
    LowestScore,
    /// The best tier first; within a tier, the highest score first.
    Tier,
}

/// The graded customers of a cycle, in the order of their ids.
#[derive(Debug, Default)]
pub struct CustomerColumns {
    /// All ids as one text; `ends` says where each ends.
    ids: String,
    ends: Vec<u32>,
    tiers: Vec<Tier>,
    provisional: Vec<bool>,
    ranks: Vec<Option<std::num::NonZeroU32>>,
    scores_e6: Vec<i32>,
    strata: Coded,
    regions: Coded,
    use_categories: Coded,
    /// Empty if there is no earlier cycle.
    movements: Vec<Movement>,
}

/// Marks a row without a score. Scores are 0 to 100 points.
const NO_SCORE: i32 = i32::MIN;

impl CustomerColumns {
    /// Reads the customers of a cycle, and their tiers in the earlier cycle `before`.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn read(cycle: &StoredCycle, before: Option<&StoredCycle>) -> Result<Self, CycleError> {
        let mut read = Self::default();
        let columns = ["customer_id", "stratum", "rank", "score_e6", "provisional", "tier"];
        read_columns(cycle, "tiers.parquet", &columns, |batch| read.add_tiers(batch))?;
        let mut at = 0;
        let table = graded_table(cycle);
        read_columns(cycle, table, &["customer_id", "region", "use_category"], |batch| {
            read.add_attributes(batch, &mut at)
        })?;
        read.fill_attributes();
        if let Some(before) = before {
            let mut at = 0;
            read_columns(before, "tiers.parquet", &["customer_id", "tier"], |batch| {
                read.add_movements(batch, &mut at)
            })?;
            read.fill_movements(read.len());
        }
        Ok(read)
    }

    fn add_tiers(&mut self, batch: &RecordBatch) -> Option<()> {
        let (ids, strata, tiers) =
            (texts(batch, "customer_id")?, texts(batch, "stratum")?, texts(batch, "tier")?);
        let ranks = batch.column_by_name("rank")?.as_primitive_opt::<Int64Type>()?;
        let scores = batch.column_by_name("score_e6")?.as_primitive_opt::<Int64Type>()?;
        let provisional = batch.column_by_name("provisional")?.as_boolean_opt()?;
        for row in 0..batch.num_rows() {
            self.ids.push_str(ids.value(row));
            self.ends.push(u32::try_from(self.ids.len()).ok()?);
            self.strata.push(Some(strata.value(row)));
            self.tiers.push(Tier::from_code(tiers.value(row))?);
            let rank = ranks.is_valid(row).then(|| ranks.value(row));
            self.ranks
                .push(rank.and_then(|rank| u32::try_from(rank).ok()).and_then(|rank| rank.try_into().ok()));
            let score = scores.is_valid(row).then(|| scores.value(row));
            self.scores_e6.push(score.and_then(|score| i32::try_from(score).ok()).unwrap_or(NO_SCORE));
            self.provisional.push(provisional.value(row));
        }
        Some(())
    }

    /// Adds the regions and use categories in a batch of accepted customers to the graded ones among them. Both are
    /// sorted by id.
    fn add_attributes(&mut self, batch: &RecordBatch, at: &mut usize) -> Option<()> {
        let ids = texts(batch, "customer_id")?;
        let (regions, categories) = (texts(batch, "region"), texts(batch, "use_category"));
        let cell = |column: Option<&StringArray>, row: usize| {
            column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
        };
        for row in 0..batch.num_rows() {
            while *at < self.len() && self.id(*at) < ids.value(row) {
                self.regions.push(None);
                self.use_categories.push(None);
                *at += 1;
            }
            if *at < self.len() && self.id(*at) == ids.value(row) {
                self.regions.push(cell(regions, row).as_deref());
                self.use_categories.push(cell(categories, row).as_deref());
                *at += 1;
            }
        }
        Some(())
    }

    fn fill_attributes(&mut self) {
        for column in [&mut self.regions, &mut self.use_categories] {
            column.places.resize(self.ends.len(), NO_TEXT);
        }
    }

    /// Compares the tiers with those in a batch of the earlier cycle. Both are sorted by id.
    fn add_movements(&mut self, batch: &RecordBatch, at: &mut usize) -> Option<()> {
        let (ids, tiers) = (texts(batch, "customer_id")?, texts(batch, "tier")?);
        for row in 0..batch.num_rows() {
            let id = ids.value(row);
            while *at < self.len() && self.id(*at) < id {
                *at += 1;
            }
            if *at < self.len() && self.id(*at) == id {
                self.fill_movements(*at);
                let before = Tier::from_code(tiers.value(row))?;
                self.movements.push(Movement::between(Some(before), self.tiers[*at]));
                *at += 1;
            }
        }
        Some(())
    }

    /// Marks all customers before row `rows` that have no movement yet as not graded before.
    fn fill_movements(&mut self, rows: usize) {
        let from = self.movements.len();
        self.movements.extend((from..rows).map(|row| Movement::between(None, self.tiers[row])));
    }

    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nobody is graded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rows = self.ends.capacity() * size_of::<u32>()
            + self.tiers.capacity() * size_of::<Tier>()
            + self.provisional.capacity()
            + self.ranks.capacity() * size_of::<Option<std::num::NonZeroU32>>()
            + self.scores_e6.capacity() * size_of::<i32>()
            + self.movements.capacity() * size_of::<Movement>();
        let coded = [&self.strata, &self.regions, &self.use_categories];
        self.ids.capacity() + rows + coded.map(Coded::bytes).iter().sum::<usize>()
    }

    fn id(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ids[gridtier::index::index(start)..gridtier::index::index(self.ends[row])]
    }

    /// The position of the customer with this id; `None` if it is not graded.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        let at = self.first_from(|known| known < id);
        (at < self.len() && self.id(at) == id).then_some(at)
    }

    /// The first row for whose id `is_before` is false. Ids are sorted.
    fn first_from(&self, is_before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_before(self.id(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The names of the strata, in order.
    #[must_use]
    pub fn strata(&self) -> Vec<&str> {
        self.strata.sorted()
    }

    /// The regions, in order.
    #[must_use]
    pub fn regions(&self) -> Vec<&str> {
        self.regions.sorted()
    }

    /// The codes of use categories, in order.
    #[must_use]
    pub fn use_categories(&self) -> Vec<&str> {
        self.use_categories.sorted()
    }

    /// Whether the movements since an earlier cycle are known.
    #[must_use]
    pub fn has_movements(&self) -> bool {
        !self.movements.is_empty()
    }

    /// A page of the customers who pass a filter: at most `most` of them, from position `start` of
    /// the list on.
    #[must_use]
    pub fn page(
        &self,
        filter: &CustomerFilter,
        order: CustomerOrder,
        start: usize,
        most: usize,
    ) -> CustomerPage {
        let mut rows = self.passing(filter);
        let mut by_tier = [0; 4];
        rows.iter().for_each(|&row| by_tier[self.tiers[row].position()] += 1);
        let (from, to) = (start.min(rows.len()), start.saturating_add(most).min(rows.len()));
        if order != CustomerOrder::Id && from < to {
            let key = |row: &usize| (self.key(order, *row), *row);
            // Sorts only the part that is shown.
            if from > 0 {
                rows.select_nth_unstable_by_key(from, key);
            }
            if to < rows.len() {
                rows[from..].select_nth_unstable_by_key(to - from, key);
            }
            rows[from..to].sort_unstable_by_key(key);
        }
        let shown = rows[from..to].iter().map(|&row| self.customer(row)).collect();
        CustomerPage { start: count(start), rows: shown, by_tier }
    }

    /// The rows that pass a filter, in the order of ids.
    fn passing(&self, filter: &CustomerFilter) -> Vec<usize> {
        let prefix = filter.prefix.as_str();
        let first = self.first_from(|id| id < prefix);
        let last = first + {
            let rest = self.first_from(|id| id < prefix || id.starts_with(prefix));
            rest.saturating_sub(first)
        };
        let (strata, regions) = (self.strata.among(&filter.strata), self.regions.among(&filter.regions));
        let categories = self.use_categories.among(&filter.use_categories);
        (first..last)
            .filter(|&row| filter.tiers.is_empty() || filter.tiers.contains(&self.tiers[row]))
            .filter(|&row| {
                let movement = self.movements.get(row);
                filter.movements.is_empty()
                    || movement.is_some_and(|movement| filter.movements.contains(movement))
            })
            .filter(|&row| strata(row) && regions(row) && categories(row))
            .collect()
    }

    /// The key by which rows are sorted, the smallest first.
    fn key(&self, order: CustomerOrder, row: usize) -> (usize, i64) {
        let score = self.scores_e6[row];
        let descending = if score == NO_SCORE { i64::MAX } else { -i64::from(score) };
        match order {
            CustomerOrder::Id => (0, 0),
            CustomerOrder::HighestScore => (0, descending),
            CustomerOrder::LowestScore if score == NO_SCORE => (0, i64::MAX),
            CustomerOrder::LowestScore => (0, score.into()),
            CustomerOrder::Tier => (self.tiers[row].position(), descending),
        }
    }

    fn customer(&self, row: usize) -> ListedCustomer {
        let score = self.scores_e6[row];
        ListedCustomer {
            id: self.id(row).to_owned(),
            tier: self.tiers[row],
            is_provisional: self.provisional[row],
            rank: self.ranks[row].map(|rank| rank.get().into()),
            score_e6: (score != NO_SCORE).then_some(score.into()),
            stratum: self.strata.at(row).unwrap_or_default().to_owned(),
            region: self.regions.at(row).map(str::to_owned),
            use_category: self.use_categories.at(row).map(str::to_owned),
            movement: self.movements.get(row).copied(),
        }
    }
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

#[cfg(test)]
mod tests;
