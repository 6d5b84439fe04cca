//! The order in which the cells of customers lie in memory.
//!
//! Customers are numbered in the order of their ids, but many utilities write readings in another order, such as that
//! of registration, every day. Month cells in the order of ids would then be touched all over memory, and each reading
//! would wait for one. So before anything is summed, the first rows of the files are asked for their customers, and
//! the cells lie in the order in which these rows name them. The places are put back into the order of ids when all
//! rows are summed. With customers in an order of their own that is the same every day, the kernel took
//! 1.45 times as long without places (benches/README.md, `registered`).

use crate::index::{CustomerIx, positions};

positions! {
    /// Where the cells of a customer lie among those of all customers.
    PlaceIx,
}

/// The place of each customer.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// For each customer, its place. Empty if all customers are in the order of ids.
    places: Vec<PlaceIx>,
    /// For each place, its customer.
    customers: Vec<CustomerIx>,
}

impl Places {
    /// Places in the order in which customers were `named`, each once; the others of all `customers` follow in the order of
    /// ids.
    pub fn new(named: Vec<CustomerIx>, customers: usize) -> Self {
        let mut is_named = vec![false; customers];
        named.iter().for_each(|customer| is_named[customer.index()] = true);
        let mut all = named;
        let unnamed = is_named.iter().enumerate().filter(|(_, is_named)| !**is_named);
        all.extend(unnamed.map(|(customer, _)| CustomerIx::from_index(customer)));
        let mut places = vec![PlaceIx::default(); customers];
        for (place, customer) in all.iter().enumerate() {
            places[customer.index()] = PlaceIx::from_index(place);
        }
        Self { places, customers: all }
    }

    /// Whether the places are in the order of ids.
    pub fn are_ids(&self) -> bool {
        self.places.is_empty()
    }

    /// The place of a customer.
    #[inline]
    pub fn of(&self, customer: CustomerIx) -> PlaceIx {
        self.places.get(customer.index()).copied().unwrap_or_else(|| PlaceIx::new(customer.number()))
    }

    /// The customer at a place.
    #[inline]
    pub fn customer(&self, place: PlaceIx) -> CustomerIx {
        self.customers.get(place.index()).copied().unwrap_or_else(|| CustomerIx::new(place.number()))
    }
}
