//! The year that the service log covers, and who is a customer in it.

use gridtier::contract::UseCategory;
use gridtier::index::{count, index};
use gridtier::unit::Month;

use crate::draw::{DrawPurpose, KeyedDraw};
use crate::population::{SampleCustomer, SampleUtility};

/// Months of the log.
const MONTHS: u32 = 12;
/// The branch whose complaints wait.
const SLOW_REGION: &str = "雁坪区";

pub const DAY_S: i64 = 86_400;
pub const HOUR_S: i64 = 3_600;
pub const MINUTE_S: i64 = 60;

/// How much service a customer gets, by its energy: nearly the tiers of a grading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceLevel {
    /// The tenth of the customers that uses most.
    High,
    /// The three tenths that follow.
    Middle,
    /// All others.
    Low,
}

/// The last months of the window, at most twelve.
pub struct ServiceYear<'a> {
    pub utility: &'a SampleUtility,
    levels: Vec<ServiceLevel>,
}

impl<'a> ServiceYear<'a> {
    pub fn new(utility: &'a SampleUtility) -> Self {
        let mut order: Vec<&SampleCustomer> = utility.customers.iter().collect();
        order.sort_by(|a, b| b.base_kwh.total_cmp(&a.base_kwh).then(a.index.cmp(&b.index)));
        let mut levels = vec![ServiceLevel::Low; order.len()];
        for (rank, customer) in order.iter().enumerate() {
            levels[index(customer.index)] = match rank * 10 / order.len() {
                0 => ServiceLevel::High,
                1..=3 => ServiceLevel::Middle,
                _ => ServiceLevel::Low,
            };
        }
        Self { utility, levels }
    }

    /// The positions of the log's months in the window.
    pub fn months(&self) -> std::ops::Range<u32> {
        let months = self.utility.window.months;
        months.saturating_sub(MONTHS)..months
    }

    pub fn month(&self, position: u32) -> Month {
        self.utility.month(position)
    }

    /// The first second of the log.
    pub fn start(&self) -> i64 {
        i64::from(self.month(self.months().start).first_day()) * DAY_S
    }

    /// The first second after the window: what lies at or after it has not happened.
    pub fn end(&self) -> i64 {
        i64::from(self.utility.window.end_day()) * DAY_S
    }

    /// A time that has happened.
    pub fn past(&self, second: i64) -> Option<i64> {
        (second < self.end()).then_some(second)
    }

    /// The time itself by day, else eight o'clock of the day on which people are at work again.
    pub fn by_day(second: i64) -> i64 {
        let (day, in_day) = (second.div_euclid(DAY_S), second.rem_euclid(DAY_S));
        match in_day {
            late if late >= 18 * HOUR_S => (day + 1) * DAY_S + 8 * HOUR_S,
            _ => day * DAY_S + in_day.max(8 * HOUR_S),
        }
    }

    pub fn customer(&self, customer: u32) -> &'a SampleCustomer {
        &self.utility.customers[index(customer)]
    }

    pub fn level(&self, customer: u32) -> ServiceLevel {
        self.levels[index(customer)]
    }

    pub fn draw(&self, purpose: DrawPurpose, customer: u32, month: u32) -> KeyedDraw {
        self.utility.draw(purpose, customer, month)
    }

    /// Whether the customer is listed, and supplied at that time.
    pub fn is_open(&self, customer: u32, second: i64) -> bool {
        self.is_open_on(customer, second.div_euclid(DAY_S) as i32)
    }

    /// Whether the customer is listed, and supplied on that day.
    pub fn is_open_on(&self, customer: u32, day: i32) -> bool {
        let customer = self.customer(customer);
        customer.is_listed
            && customer.opened_on <= day
            && customer.closed_on.is_none_or(|closed| day <= closed)
    }

    /// Whether the customer's branch is slow.
    pub fn is_slow(&self, customer: u32) -> bool {
        self.customer(customer).region == Some(SLOW_REGION)
    }

    pub fn is_home(&self, customer: u32) -> bool {
        self.customer(customer).category == UseCategory::Residential
    }

    /// A moment in office hours of the month.
    pub fn office_moment(&self, draw: &mut KeyedDraw, position: u32) -> i64 {
        let month = self.month(position);
        let day = draw.whole(month.first_day(), month.plus(1).first_day() - 1);
        i64::from(day) * DAY_S + i64::from(draw.whole(8 * 3_600, 17 * 3_600))
    }

    /// The number of customers.
    pub fn customers(&self) -> u32 {
        u32::try_from(count(self.utility.customers.len())).unwrap_or(u32::MAX)
    }
}
