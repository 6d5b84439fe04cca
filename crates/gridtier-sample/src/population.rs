//! Who the invented customers are, and how they behave for as long as they are customers.
//!
//! Behaviour that lasts is what makes grading worth while: a bad payer is bad in most months, a careful plant is careful
//! for years. So it is drawn here once for each customer, and the tables only add the month's luck. What a customer uses
//! or owes in a month is not decided here.

use std::ops::Range;

use gridtier::unit::{Month, Window};

use crate::category::{
    AGRICULTURAL, CATEGORIES, COMMERCIAL_INDUSTRIAL, Category, LARGE_INDUSTRIAL, OTHER, RESIDENTIAL,
};
use crate::draw::{Draw, Purpose};
use crate::{Cadence, Faults};

/// Districts, none of them real: area code of the account number, name, customers in a hundred.
const REGIONS: [(&str, &str, u32); 5] = [
    ("0512", "岚屿区", 30),
    ("0513", "云陂区", 25),
    ("0514", "望麓区", 20),
    ("0515", "澄桥区", 15),
    ("0516", "雁坪区", 10),
];

/// Capacities in which transformers are sold, kVA.
const TRANSFORMERS_KVA: [u32; 31] = [
    8, 10, 20, 30, 50, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1_000, 1_250, 1_600, 2_000,
    2_500, 3_150, 4_000, 5_000, 6_300, 8_000, 12_500, 20_000, 40_000, 80_000, 160_000,
];

/// From this capacity a customer that is no home has a power-factor standard and its own transformer.
const OWN_TRANSFORMER_KVA: u32 = 100;
/// Above this capacity industry at high voltage has the strictest standard.
const STRICT_STANDARD_KVA: u32 = 160;
/// How many customers are kept ready for planted faults.
const TARGETS: usize = 16;

/// How a customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// By standing order, some days before the due date.
    Automatic,
    /// In time, on any day.
    Prompt,
    /// Late now and then.
    Sloppy,
    /// Late mostly, in parts, or never.
    Bad,
}

/// How well a meter's readings arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// All of them.
    Reliable,
    /// Nearly all.
    Fair,
    /// With long gaps.
    Flaky,
}

/// An invented customer.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Position in the customer base, from 0.
    pub index: u32,
    pub id: String,
    pub meter_id: Option<String>,
    pub category: usize,
    pub supply_level: &'static str,
    pub region: Option<&'static str>,
    pub capacity_kva: Option<u32>,
    /// In hundredths.
    pub power_factor_standard: Option<u32>,
    pub importance_level: Option<&'static str>,
    pub load_class: Option<&'static str>,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    pub closed_on: Option<i32>,
    pub aged_transformer_area: bool,
    pub marketing_opt_out: bool,
    /// Positions in the window of the months with full supply.
    pub months: Range<u32>,
    /// Energy of a typical month in the middle of the window.
    pub base_kwh: f64,
    /// Logarithm of the growth in a year.
    pub growth: f64,
    /// Typical power factor.
    pub power_factor: f64,
    pub payer: Payer,
    /// Factor on the rate of incidents.
    pub carelessness: f64,
    /// Typical share of what is asked that is done.
    pub willingness: f64,
    pub link: Link,
}

impl Customer {
    pub fn category(&self) -> &'static Category {
        &CATEGORIES[self.category]
    }

    pub fn is_high_voltage(&self) -> bool {
        self.supply_level == "high_voltage"
    }
}

/// The utility: its customers, its window and what is asked of the sample.
#[derive(Debug)]
pub struct Utility {
    pub seed: u64,
    pub window: Window,
    pub cadence: Cadence,
    pub faults: Faults,
    pub customers: Vec<Customer>,
    /// Homes with every reading of the window: a fault planted on one of them is found as planted.
    targets: Vec<u32>,
}

impl Utility {
    pub fn new(seed: u64, window: Window, customers: u32, cadence: Cadence, faults: Faults) -> Self {
        let customers: Vec<Customer> =
            (0..customers).map(|index| customer(seed, window, index, customers)).collect();
        let steady: Vec<u32> =
            customers.iter().filter(|one| is_steady(one, window)).map(|one| one.index).collect();
        let step = (steady.len() / TARGETS).max(1);
        let targets = steady.into_iter().step_by(step).take(TARGETS).collect();
        Self { seed, window, cadence, faults, customers, targets }
    }

    pub fn draw(&self, purpose: Purpose, customer: u32, month: u32) -> Draw {
        Draw::new(self.seed, purpose, customer, month)
    }

    pub fn has_faults(&self) -> bool {
        self.faults == Faults::Few
    }

    /// The customer that the `slot`th fault is planted on, if the utility is large enough.
    pub fn target(&self, slot: usize) -> Option<&Customer> {
        self.targets.get(slot).map(|index| &self.customers[*index as usize])
    }

    /// A month of the window for the `slot`th fault, away from those of its neighbours.
    pub fn fault_month(&self, slot: usize) -> u32 {
        (5 + 7 * slot as u32) % self.window.months
    }
}

fn is_steady(customer: &Customer, window: Window) -> bool {
    customer.category == RESIDENTIAL
        && customer.link == Link::Reliable
        && customer.months == (0..window.months)
}

fn customer(seed: u64, window: Window, index: u32, customers: u32) -> Customer {
    let (area, region) = district(index, customers);
    let mut draw = Draw::new(seed, Purpose::Size, index, 0);
    let category = draw.pick(&[0, 1, 2, 3, 4].map(|kind| (CATEGORIES[kind].percent, kind)));
    let base_kwh = CATEGORIES[category].size.draw(&mut draw);
    let supply = supply(&mut Draw::new(seed, Purpose::Supply, index, 0), category, base_kwh);
    let life = life(&mut Draw::new(seed, Purpose::Life, index, 0), window);
    let mut conduct = Draw::new(seed, Purpose::Conduct, index, 0);
    Customer {
        index,
        id: format!("{area}{:06}", index + 1),
        // Unmetered supply is settled on an agreed figure: there is a reading and no meter.
        meter_id: (category != OTHER).then(|| format!("M{:07}", u64::from(index) * 3 + 1_000)),
        category,
        supply_level: supply.level,
        region: (!conduct.chance(0.005)).then_some(region),
        capacity_kva: supply.capacity_kva,
        power_factor_standard: supply.power_factor_standard,
        importance_level: supply.importance_level,
        load_class: supply.load_class,
        opened_on: life.opened_on,
        closed_on: life.closed_on,
        aged_transformer_area: conduct.chance(0.10),
        months: life.months,
        base_kwh,
        growth: (0.03 + 0.07 * conduct.normal()).clamp(-0.4, 0.5),
        power_factor: power_factor(&mut conduct, supply.power_factor_standard),
        payer: conduct.pick(&[
            (15, Payer::Automatic),
            (68, Payer::Prompt),
            (13, Payer::Sloppy),
            (4, Payer::Bad),
        ]),
        carelessness: conduct.pick(&[(8, 5.0), (92, 0.65)]),
        willingness: conduct.range(0.45, 1.08),
        link: conduct.pick(&[(85, Link::Reliable), (12, Link::Fair), (3, Link::Flaky)]),
        marketing_opt_out: conduct.chance(0.03),
    }
}

/// Area code and name of the district: the customer base is sorted by account number, district after district.
fn district(index: u32, customers: u32) -> (&'static str, &'static str) {
    let place = u64::from(index) * 100 / u64::from(customers);
    let mut percent_below = 0;
    for (area, name, percent) in REGIONS {
        percent_below += u64::from(percent);
        if place < percent_below {
            return (area, name);
        }
    }
    (REGIONS[0].0, REGIONS[0].1)
}

/// What the supply contract says.
struct Supply {
    level: &'static str,
    capacity_kva: Option<u32>,
    power_factor_standard: Option<u32>,
    importance_level: Option<&'static str>,
    load_class: Option<&'static str>,
}

fn supply(draw: &mut Draw, category: usize, base_kwh: f64) -> Supply {
    let (low, high) = CATEGORIES[category].full_load_hours;
    let wanted_kva = base_kwh / (0.9 * draw.range(low, high));
    let capacity = TRANSFORMERS_KVA
        .into_iter()
        .filter(|size| *size >= CATEGORIES[category].capacity_kva_min)
        .find(|size| f64::from(*size) >= wanted_kva)
        .unwrap_or(TRANSFORMERS_KVA[TRANSFORMERS_KVA.len() - 1]);
    let level = match category {
        LARGE_INDUSTRIAL => "high_voltage",
        COMMERCIAL_INDUSTRIAL | AGRICULTURAL if capacity >= OWN_TRANSFORMER_KVA => "high_voltage",
        RESIDENTIAL => "residential",
        _ => "low_voltage",
    };
    let is_industry = category == LARGE_INDUSTRIAL || category == COMMERCIAL_INDUSTRIAL && draw.chance(0.4);
    let power_factor_standard = match category {
        RESIDENTIAL | OTHER => None,
        _ if capacity < OWN_TRANSFORMER_KVA => None,
        AGRICULTURAL => Some(80),
        _ if is_industry && capacity > STRICT_STANDARD_KVA => Some(90),
        _ => Some(85),
    };
    let importance_level = importance_level(draw, category);
    let is_capacity_known = category != OTHER && (category != RESIDENTIAL || draw.chance(0.8));
    Supply {
        level,
        capacity_kva: is_capacity_known.then_some(capacity),
        power_factor_standard,
        importance_level,
        load_class: load_class(draw, category, importance_level),
    }
}

fn importance_level(draw: &mut Draw, category: usize) -> Option<&'static str> {
    const LEVELS: [Option<&str>; 5] =
        [Some("imp_special"), Some("imp_first"), Some("imp_second"), Some("imp_temporary"), None];
    let weights: [u32; 5] = match category {
        LARGE_INDUSTRIAL => [20, 40, 80, 10, 850],
        COMMERCIAL_INDUSTRIAL => [1, 6, 20, 8, 965],
        _ => [0, 0, 0, 1, 999],
    };
    draw.pick(&[0, 1, 2, 3, 4].map(|place| (weights[place], LEVELS[place])))
}

/// What must not fail has a load that must not fail; else the class follows the category.
fn load_class(draw: &mut Draw, category: usize, importance_level: Option<&str>) -> Option<&'static str> {
    const CLASSES: [Option<&str>; 4] = [Some("load_1"), Some("load_2"), Some("load_3"), None];
    let weights: [u32; 4] = match (importance_level, category) {
        (Some("imp_special" | "imp_first"), _) => [100, 0, 0, 0],
        (Some("imp_second"), _) => [20, 80, 0, 0],
        (_, LARGE_INDUSTRIAL) => [4, 22, 65, 9],
        (_, COMMERCIAL_INDUSTRIAL) => [1, 7, 62, 30],
        _ => [0, 0, 5, 95],
    };
    draw.pick(&[0, 1, 2, 3].map(|place| (weights[place], CLASSES[place])))
}

/// Three in four compensate well enough for their standard, the others do not.
fn power_factor(draw: &mut Draw, standard: Option<u32>) -> f64 {
    let standard = f64::from(standard.unwrap_or(85)) / 100.0;
    let margin = if draw.chance(0.75) { draw.range(0.005, 0.07) } else { draw.range(-0.12, 0.0) };
    (standard + margin).clamp(0.5, 0.99)
}

/// From when to when a customer is supplied.
struct Life {
    opened_on: i32,
    closed_on: Option<i32>,
    months: Range<u32>,
}

fn life(draw: &mut Draw, window: Window) -> Life {
    let (start, end) = (window.start().first_day(), window.end_day());
    let last_year = window.end.plus(-12.min(window.months as i32)).first_day();
    let opened_on = match draw.pick(&[(87, 0), (9, 1), (4, 2)]) {
        1 if last_year > start => draw.whole(start, last_year - 1),
        2 => draw.whole(last_year, end - 1),
        _ => opened_before(draw, start),
    };
    let closed_on = match draw.pick(&[(940, 0), (22, 1), (33, 2), (5, 3)]) {
        1 if opened_on < start => Some(draw.whole(opened_on, start - 1)),
        2 => Some(draw.whole(opened_on.max(start), end - 1)),
        // How some billing systems write "open".
        3 => Some(Month::new(9999, 12).first_day() + 30),
        _ => None,
    };
    Life { opened_on, closed_on, months: full_months(window, opened_on, closed_on) }
}

/// A day from 1965 to the window's start: the later, the likelier.
fn opened_before(draw: &mut Draw, start: i32) -> i32 {
    let first = Month::new(1965, 1).first_day();
    first + (f64::from(start - first) * draw.unit().sqrt()) as i32
}

fn full_months(window: Window, opened_on: i32, closed_on: Option<i32>) -> Range<u32> {
    let place = |day| Month::of_day(day).map_or(0, |month| month.0 - window.start().0);
    let months = window.months as i32;
    let first = (place(opened_on) + 1).clamp(0, months);
    let end = closed_on.map_or(months, |day| place(day).clamp(first, months));
    first as u32..end as u32
}
