//! The invented customers, and the behaviour of each for as long as it is a customer.
//!
//! Grading is only worth while if behaviour lasts: a bad payer is bad in most months, a careful plant is careful for
//! years. So behaviour is drawn once for each customer, and the modules of the tables add the variation of each month.

use std::ops::Range;

use gridtier::contract::{ImportanceLevel, LoadClass, SupplyLevel, UseCategory};
use gridtier::index::{count, index};
use gridtier::unit::{Month, Window};

use crate::category::{CategoryProfile, PROFILES, profile};
use crate::draw::{DrawPurpose, KeyedDraw};
use crate::{SampleCadence, SampleFaults};

/// Invented districts: area code of the account number, name, percentage of customers.
const REGIONS: [(&str, &str, u32); 5] = [
    ("0512", "岚屿区", 30),
    ("0513", "云陂区", 25),
    ("0514", "望麓区", 20),
    ("0515", "澄桥区", 15),
    ("0516", "雁坪区", 10),
];

/// Standard capacities of transformers, kVA.
const TRANSFORMERS_KVA: [u32; 31] = [
    8, 10, 20, 30, 50, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1_000, 1_250, 1_600, 2_000,
    2_500, 3_150, 4_000, 5_000, 6_300, 8_000, 12_500, 20_000, 40_000, 80_000, 160_000,
];

/// From this capacity a customer other than a home has its own transformer and a power-factor standard.
pub const OWN_TRANSFORMER_KVA: u32 = 100;
/// Above this capacity industry at high voltage has the strictest standard.
const STRICT_STANDARD_KVA: u32 = 160;
/// Number of customers on which faults are planted.
const TARGETS: usize = 16;

/// How a customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// By standing order, some days before the due date.
    Automatic,
    /// On any day up to the due date.
    Prompt,
    /// Sometimes late.
    Sloppy,
    /// Mostly late, in parts, or never.
    Bad,
}

/// How many of a meter's readings arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterLink {
    /// All readings arrive.
    Reliable,
    /// Nearly all readings arrive.
    Fair,
    /// Readings arrive with long gaps.
    Flaky,
}

/// An invented customer.
#[derive(Clone, Debug)]
pub struct SampleCustomer {
    /// Position in the customer base, from 0.
    pub index: u32,
    pub id: String,
    pub meter_id: Option<String>,
    pub category: UseCategory,
    pub supply_level: SupplyLevel,
    pub region: Option<&'static str>,
    pub capacity_kva: Option<u32>,
    /// In hundredths.
    pub power_factor_standard: Option<u32>,
    pub importance_level: Option<ImportanceLevel>,
    pub load_class: Option<LoadClass>,
    /// Days since 1970-01-01.
    pub opened_on: i32,
    pub closed_on: Option<i32>,
    /// Whether the table of customers lists this customer: an export may leave out some.
    pub is_listed: bool,
    pub aged_transformer_area: bool,
    pub marketing_opt_out: bool,
    /// Positions in the window of the months with full supply.
    pub months: Range<u32>,
    /// Energy of a typical month in the middle of the window, before season and growth.
    pub base_kwh: f64,
    /// Logarithm of the growth in a year.
    pub growth: f64,
    /// Typical power factor.
    pub power_factor: f64,
    pub payer: Payer,
    /// Factor on the rate of incidents.
    pub carelessness: f64,
    /// Typical share of a request that the customer delivers.
    pub willingness: f64,
    pub link: MeterLink,
}

impl SampleCustomer {
    pub fn profile(&self) -> &'static CategoryProfile {
        profile(self.category)
    }

    pub fn is_high_voltage(&self) -> bool {
        self.supply_level == SupplyLevel::HighVoltage
    }
}

/// The utility: its customers, its window, and the options of the sample.
#[derive(Debug)]
pub struct SampleUtility {
    pub seed: u64,
    pub window: Window,
    /// Number of months in the windows before this one. It is added to a month's position, so that no two months share
    /// their draws.
    pub first_month: u32,
    pub cadence: SampleCadence,
    pub faults: SampleFaults,
    pub customers: Vec<SampleCustomer>,
    /// Homes with every reading of the window: a fault planted on one of them is the only one that a check finds there.
    targets: Vec<u32>,
}

impl SampleUtility {
    pub fn new(
        seed: u64,
        window: Window,
        customers: u32,
        cadence: SampleCadence,
        faults: SampleFaults,
    ) -> Self {
        let customers = (0..customers).map(|index| customer(seed, window, index, customers)).collect();
        Self::of(seed, window, 0, customers, cadence, faults)
    }

    /// A utility of these customers.
    pub fn of(
        seed: u64,
        window: Window,
        first_month: u32,
        customers: Vec<SampleCustomer>,
        cadence: SampleCadence,
        faults: SampleFaults,
    ) -> Self {
        let steady: Vec<u32> =
            customers.iter().filter(|one| is_steady(one, window)).map(|one| one.index).collect();
        let step = (steady.len() / TARGETS).max(1);
        let targets = steady.into_iter().step_by(step).take(TARGETS).collect();
        Self { seed, window, first_month, cadence, faults, customers, targets }
    }

    /// A month of the window by its position.
    pub fn month(&self, position: u32) -> Month {
        self.window.month(index(position))
    }

    /// The random numbers of one purpose, customer and month.
    pub fn draw(&self, purpose: DrawPurpose, customer: u32, month: u32) -> KeyedDraw {
        // Habits have no month, and the weather is drawn by day: neither shifts with the window.
        let is_month = month != u32::MAX && purpose != DrawPurpose::Weather;
        let month = if is_month { month + self.first_month } else { month };
        KeyedDraw::new(self.seed, purpose, customer, month)
    }

    pub fn has_faults(&self) -> bool {
        self.faults == SampleFaults::Few
    }

    /// The customer that the `slot`th fault is planted on, if the utility is large enough.
    pub fn target(&self, slot: usize) -> Option<&SampleCustomer> {
        self.targets.get(slot).map(|&target| &self.customers[index(target)])
    }

    /// A month of the window for the `slot`th fault, away from those of its neighbours.
    pub fn fault_month(&self, slot: usize) -> u32 {
        ((5 + 7 * count(slot)) % u64::from(self.window.months)) as u32
    }
}

fn is_steady(customer: &SampleCustomer, window: Window) -> bool {
    customer.category == UseCategory::Residential
        && customer.link == MeterLink::Reliable
        && customer.months == (0..window.months)
        && customer.is_listed
}

fn customer(seed: u64, window: Window, index: u32, customers: u32) -> SampleCustomer {
    let (area, region) = district(index, customers);
    let mut draw = KeyedDraw::new(seed, DrawPurpose::Size, index, 0);
    let category = draw.pick(&PROFILES.each_ref().map(|profile| (profile.percent, profile.category)));
    let base_kwh = profile(category).size.draw(&mut draw);
    let supply = supply(&mut KeyedDraw::new(seed, DrawPurpose::Supply, index, 0), category, base_kwh);
    let period = supply_period(&mut KeyedDraw::new(seed, DrawPurpose::Life, index, 0), window);
    let mut conduct = KeyedDraw::new(seed, DrawPurpose::Conduct, index, 0);
    SampleCustomer {
        index,
        id: format!("{area}{:06}", index + 1),
        // Unmetered supply is billed by an agreed figure: there is a reading but no meter.
        meter_id: (category != UseCategory::Other).then(|| format!("M{:07}", u64::from(index) * 3 + 1_000)),
        category,
        supply_level: supply.level,
        region: (!conduct.chance(0.005)).then_some(region),
        capacity_kva: supply.capacity_kva,
        power_factor_standard: supply.power_factor_standard,
        importance_level: supply.importance_level,
        load_class: supply.load_class,
        opened_on: period.opened_on,
        closed_on: period.closed_on,
        is_listed: true,
        aged_transformer_area: conduct.chance(0.10),
        months: period.months,
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
        link: conduct.pick(&[(85, MeterLink::Reliable), (12, MeterLink::Fair), (3, MeterLink::Flaky)]),
        marketing_opt_out: conduct.chance(0.03),
    }
}

/// A customer who opens in a window, beside `customers` others.
pub fn newcomer(seed: u64, window: Window, index: u32, customers: u32) -> SampleCustomer {
    let invented = customer(seed, window, index, customers);
    let mut life = KeyedDraw::new(seed, DrawPurpose::Change, index, 0);
    let opened_on = life.whole(window.start().first_day(), window.end_day() - 1);
    let months = months_of(window, opened_on, None);
    SampleCustomer { opened_on, closed_on: None, months, ..invented }
}

/// Area code and name of a customer's district: account numbers are given district by district.
fn district(index: u32, customers: u32) -> (&'static str, &'static str) {
    let percent = u64::from(index % customers) * 100 / u64::from(customers);
    let mut percent_below = 0;
    for (area, name, share) in REGIONS {
        percent_below += u64::from(share);
        if percent < percent_below {
            return (area, name);
        }
    }
    (REGIONS[0].0, REGIONS[0].1)
}

/// The terms of a customer's supply contract.
struct SupplyContract {
    level: SupplyLevel,
    capacity_kva: Option<u32>,
    power_factor_standard: Option<u32>,
    importance_level: Option<ImportanceLevel>,
    load_class: Option<LoadClass>,
}

fn supply(draw: &mut KeyedDraw, category: UseCategory, base_kwh: f64) -> SupplyContract {
    let profile = profile(category);
    let (low, high) = profile.full_load_hours;
    let wanted_kva = base_kwh / (0.9 * draw.range(low, high));
    let capacity = TRANSFORMERS_KVA
        .into_iter()
        .filter(|size| *size >= profile.capacity_kva_min)
        .find(|size| f64::from(*size) >= wanted_kva)
        .unwrap_or(TRANSFORMERS_KVA[TRANSFORMERS_KVA.len() - 1]);
    let level = match category {
        UseCategory::LargeIndustrial => SupplyLevel::HighVoltage,
        UseCategory::CommercialIndustrial | UseCategory::Agricultural if capacity >= OWN_TRANSFORMER_KVA => {
            SupplyLevel::HighVoltage
        }
        UseCategory::Residential => SupplyLevel::Residential,
        UseCategory::CommercialIndustrial | UseCategory::Agricultural | UseCategory::Other => {
            SupplyLevel::LowVoltage
        }
    };
    let is_industry = category == UseCategory::LargeIndustrial
        || category == UseCategory::CommercialIndustrial && draw.chance(0.4);
    let power_factor_standard = match category {
        UseCategory::Residential | UseCategory::Other => None,
        _ if capacity < OWN_TRANSFORMER_KVA => None,
        UseCategory::Agricultural => Some(80),
        _ if is_industry && capacity > STRICT_STANDARD_KVA => Some(90),
        _ => Some(85),
    };
    let importance_level = importance_level(draw, category);
    let is_capacity_known =
        category != UseCategory::Other && (category != UseCategory::Residential || draw.chance(0.8));
    SupplyContract {
        level,
        capacity_kva: is_capacity_known.then_some(capacity),
        power_factor_standard,
        importance_level,
        load_class: load_class(draw, category, importance_level),
    }
}

fn importance_level(draw: &mut KeyedDraw, category: UseCategory) -> Option<ImportanceLevel> {
    let [special, first, second, temporary, none] = match category {
        UseCategory::LargeIndustrial => [20, 40, 80, 10, 850],
        UseCategory::CommercialIndustrial => [1, 6, 20, 8, 965],
        UseCategory::Agricultural | UseCategory::Residential | UseCategory::Other => [0, 0, 0, 1, 999],
    };
    draw.pick(&[
        (special, Some(ImportanceLevel::Special)),
        (first, Some(ImportanceLevel::First)),
        (second, Some(ImportanceLevel::Second)),
        (temporary, Some(ImportanceLevel::Temporary)),
        (none, None),
    ])
}

/// The load class: it follows from the importance level if there is a lasting one, else from the use category.
fn load_class(
    draw: &mut KeyedDraw,
    category: UseCategory,
    importance_level: Option<ImportanceLevel>,
) -> Option<LoadClass> {
    let [first, second, third, none] = match (importance_level, category) {
        (Some(ImportanceLevel::Special | ImportanceLevel::First), _) => [100, 0, 0, 0],
        (Some(ImportanceLevel::Second), _) => [20, 80, 0, 0],
        (_, UseCategory::LargeIndustrial) => [4, 22, 65, 9],
        (_, UseCategory::CommercialIndustrial) => [1, 7, 62, 30],
        (_, UseCategory::Agricultural | UseCategory::Residential | UseCategory::Other) => [0, 0, 5, 95],
    };
    draw.pick(&[
        (first, Some(LoadClass::First)),
        (second, Some(LoadClass::Second)),
        (third, Some(LoadClass::Third)),
        (none, None),
    ])
}

/// Three in four compensate well enough for their standard, the others do not.
fn power_factor(draw: &mut KeyedDraw, standard: Option<u32>) -> f64 {
    let standard = f64::from(standard.unwrap_or(85)) / 100.0;
    let margin = if draw.chance(0.75) { draw.range(0.005, 0.07) } else { draw.range(-0.12, 0.0) };
    (standard + margin).clamp(0.5, 0.99)
}

/// When a customer is supplied.
struct SupplyPeriod {
    opened_on: i32,
    closed_on: Option<i32>,
    /// Months of the window with supply on every day.
    months: Range<u32>,
}

fn supply_period(draw: &mut KeyedDraw, window: Window) -> SupplyPeriod {
    let (start, end) = (window.start().first_day(), window.end_day());
    let last_year = window.end.plus(-window.months.min(12).cast_signed()).first_day();
    let opened_on = match draw.pick(&[(87, 0), (9, 1), (4, 2)]) {
        1 if last_year > start => draw.whole(start, last_year - 1),
        2 => draw.whole(last_year, end - 1),
        _ => opened_before(draw, start),
    };
    let closed_on = match draw.pick(&[(940, 0), (22, 1), (33, 2), (5, 3)]) {
        1 if opened_on < start => Some(draw.whole(opened_on, start - 1)),
        2 => Some(draw.whole(opened_on.max(start), end - 1)),
        // Some billing systems write 9999-12-31 for "open".
        3 => Some(Month::new(9999, 12).first_day() + 30),
        _ => None,
    };
    SupplyPeriod { opened_on, closed_on, months: months_of(window, opened_on, closed_on) }
}

/// The months of a window with supply on every day.
pub fn months_of(window: Window, opened_on: i32, closed_on: Option<i32>) -> Range<u32> {
    let months = window.months.cast_signed();
    let first = (position_of_day(window, opened_on) + 1).clamp(0, months);
    let end = closed_on.map_or(months, |day| position_of_day(window, day).clamp(first, months));
    first.cast_unsigned()..end.cast_unsigned()
}

/// A day from 1965 to the window's start; later days are more likely.
fn opened_before(draw: &mut KeyedDraw, start: i32) -> i32 {
    let first = Month::new(1965, 1).first_day();
    first + (f64::from(start - first) * draw.unit().sqrt()) as i32
}

/// Months from the start of the window to a day; negative before it.
fn position_of_day(window: Window, day: i32) -> i32 {
    Month::of_day(day).map_or(0, |month| month.0 - window.start().0)
}
