//! Service months: over which months of the window a customer is annualised.
//!
//! A customer that opened inside the window uses no energy before its opening, and often none for some time after it,
//! because the building is not finished yet. So its months of service begin with the first reading or bill (SPEC,
//! section 3).

use std::ops::Range;

use crate::customer::Customers;
use crate::index::{CustomerIx, index};
use crate::unit::Window;

/// For each customer, the months of the window that begin on or after `opened_on`. For a customer that opened inside
/// the window, service begins with the first of these months that has a counted reading or bill; if none has, there is
/// no service month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceMonths {
    months: usize,
    /// For each customer, the position of the first service month; `months` if there is none.
    first: Vec<usize>,
}

impl ServiceMonths {
    /// The service months of all customers. `next_read` returns the first month at or after a position with a counted
    /// reading, after spreading, and `next_billed` the first with a counted bill.
    pub fn new(
        window: Window,
        customers: &Customers,
        next_read: impl Fn(CustomerIx, usize) -> Option<usize>,
        next_billed: impl Fn(CustomerIx, usize) -> Option<usize>,
    ) -> Self {
        let months = index(window.months);
        let window_start = window.start().first_day();
        let first = customers.rows.iter().enumerate().map(|(position, customer)| {
            if customer.opened_on < window_start {
                return 0;
            }
            let (of, open_from) =
                (CustomerIx::from_index(position), first_whole_month(window, customer.opened_on));
            let first = [next_read(of, open_from), next_billed(of, open_from)].into_iter().flatten().min();
            first.unwrap_or(months)
        });
        Self { months, first: first.collect() }
    }

    /// The service months of a customer, as positions in the window.
    #[must_use]
    pub fn of(&self, customer: CustomerIx) -> Range<usize> {
        self.first[customer.index()]..self.months
    }

    /// Whether the month at a position of the window is one of a customer's service months.
    #[must_use]
    pub fn contains(&self, month: usize, customer: CustomerIx) -> bool {
        self.of(customer).contains(&month)
    }
}

/// The position of the first month that begins on or after a day; the length of the window if none does.
fn first_whole_month(window: Window, day: i32) -> usize {
    let months = index(window.months);
    (0..months).find(|&month| window.month(month).first_day() >= day).unwrap_or(months)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Table;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    fn customers(opened: &[&str]) -> Customers {
        let rows: Vec<String> = (0..)
            .zip(opened)
            .map(|(number, day)| format!("c{number}|residential|residential|{day}|false"))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let header = "customer_id|use_category|supply_level|opened_on|aged_transformer_area";
        MemorySource::default().rows(Table::Customers, header, &rows).read_customers()
    }

    #[test]
    fn service_begins_with_the_first_whole_month_that_has_a_reading_or_a_bill() {
        let opened = [
            "2010-05-05",
            "2024-01-01",
            "2024-03-15",
            "2024-03-01",
            "2024-03-01",
            "2024-12-02",
            "2023-12-31",
        ];
        let customers = customers(&opened);
        let window = Window { end: Month::new(2025, 1), months: 12 };
        let read: [&[usize]; 7] = [&[], &[], &[2, 6], &[5], &[], &[11], &[]];
        let next =
            |customer: CustomerIx, from| read[customer.index()].iter().copied().find(|&month| month >= from);
        let bills = [(2, 2), (3, 4), (3, 1), (0, 7)];
        let next_billed = |customer: CustomerIx, from| {
            let of_customer = bills.iter().filter(|(of, _)| *of == customer.number());
            of_customer.map(|(_, month)| *month).filter(|month| *month >= from).min()
        };
        let service = ServiceMonths::new(window, &customers, next, next_billed);
        let months_of = |customer| service.of(CustomerIx::new(customer));
        assert_eq!(months_of(0), 0..12, "opened before the window: all of it, read or not");
        assert_eq!(months_of(1), 12..12, "opened on the first day of the window, without reading or bill");
        assert_eq!(
            months_of(2),
            6..12,
            "service does not begin with a reading or bill of the month of opening"
        );
        assert_eq!(months_of(3), 4..12, "the bill comes before the reading");
        assert_eq!((months_of(4), months_of(5), months_of(6)), (12..12, 12..12, 0..12));
        assert!(service.contains(6, CustomerIx::new(2)) && !service.contains(5, CustomerIx::new(2)));
    }
}
