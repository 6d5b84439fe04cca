//! What must hold before a cycle is published: few rejects, plausible data, and enough of the weight delivered.
//!
//! The limits are the method's (SPEC sections 5 and 11). A finding beyond its limit stops the publication unless
//! somebody accepts it. Rows with a finding are counted where the table is read; here only the share of customers is
//! compared with the limit.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::contract::rule::Rule;
use crate::contract::{Table, UseCategory};
use crate::customer::Customers;
use crate::fact::Facts;
use crate::index::{count, float, index};
use crate::indicator::IndicatorColumn;
use crate::indicator::registry::AVERAGE_PRICE;
use crate::meter::UnitSuspect;
use crate::method::Method;
use crate::score::{Scores, WEIGHT_TOLERANCE};
use crate::source::{Finding, Tally};
use crate::text;
use crate::text::Text;
use crate::word::Word;

/// A use category's median price is judged only if it has at least this many graded customers (SPEC section 11).
const PRICED_CUSTOMERS_MIN: usize = 10;
/// A month with less energy than this, as in an empty house, does not show whether the unit is wrong.
const UNIT_WH_MIN: i64 = 1_000;
/// A customer's price is suspect if it is out of the bounds of a category's median by more than this factor.
const PRICE_FACTOR: f64 = 10.0;

/// Something beyond a limit of the method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breach {
    /// The table, or `method`.
    pub table: String,
    /// The finding; null for too many rejects.
    pub rule: Option<Rule>,
    /// The part of the data that was measured, such as a use category; null if all data were measured.
    pub subject: Option<String>,
    /// The rejects of the table.
    pub rejected: Option<u64>,
    /// The rejects that are allowed.
    pub allowed: Option<u64>,
    /// The measured value: a share, or CNY/kWh.
    pub measured: Option<f64>,
    /// The least value that is allowed.
    pub least: Option<f64>,
    /// The greatest value that is allowed.
    pub most: Option<f64>,
}

impl Breach {
    /// A table with more rejects than allowed.
    #[must_use]
    pub fn of_rejects(table: Table, rejected: u64, allowed: u64) -> Self {
        let (rejected, allowed) = (Some(rejected), Some(allowed));
        Self { rejected, allowed, ..Self::of(table.name(), None, None, [None, None]) }
    }

    fn of(table: &str, rule: Option<Rule>, measured: Option<f64>, [least, most]: [Option<f64>; 2]) -> Self {
        let table = table.to_owned();
        Self { table, rule, subject: None, rejected: None, allowed: None, measured, least, most }
    }

    /// What exceeds which limit, in one clause.
    #[must_use]
    pub fn what(&self) -> Text {
        let Self { table, subject, .. } = self;
        let measured = self.measured.unwrap_or_default();
        match self.rule {
            None => {
                let (rejected, allowed) = (self.rejected.unwrap_or(0), self.allowed.unwrap_or(0));
                text!(
                    "table {table}: {rejected} rejected rows, {allowed} allowed",
                    "表 {table}: 拒收 {rejected} 行, 允许 {allowed} 行"
                )
            }
            Some(Rule::ImplausiblePrice) => {
                let category = subject.as_deref().unwrap_or_default();
                let [least, most] = [self.least, self.most].map(Option::unwrap_or_default);
                text!(
                    "implausible_price: the median price of {category} is {measured:.4} CNY/kWh, outside {least} to {most}",
                    "implausible_price: {category} 平均电价的中位数为 {measured:.4} 元/千瓦时, 不在 {least} 至 {most} 之间"
                )
            }
            Some(Rule::LittleDelivered) => {
                let [measured, least] = [measured, self.least.unwrap_or_default()].map(|share| 100.0 * share);
                text!(
                    "little_delivered: the indicators whose data were delivered have {measured:.2} % of the weight, at least {least} % needed",
                    "little_delivered: 已提供数据的指标占权重 {measured:.2} %, 至少需要 {least} %"
                )
            }
            Some(rule) => {
                let [measured, most] = [measured, self.most.unwrap_or_default()].map(|share| 100.0 * share);
                text!(
                    "{rule} in table {table}: {measured:.2} % of the customers, {most} % allowed",
                    "{rule} (表 {table}): 占客户的 {measured:.2} %, 允许 {most} %"
                )
            }
        }
    }
}

/// What was counted in the tables of a cycle, as far as limits judge it: by a run, or as a published cycle records it.
#[derive(Debug)]
pub struct CountedTables<'a> {
    /// What became of the rows of each table.
    pub tallies: Vec<(Table, Tally)>,
    /// What was noticed.
    pub findings: &'a [Finding],
    /// Months that suggest a wrong unit.
    pub unit_suspects: &'a [UnitSuspect],
    /// The accepted customers.
    pub customers: usize,
}

/// Breaches that follow from the facts: tables with too many rejects, and findings about too many customers.
#[must_use]
pub fn of_facts(facts: &Facts, method: &Method) -> Vec<Breach> {
    let tables = CountedTables {
        tallies: facts.books.iter().map(|book| (book.table, book.tally)).collect(),
        findings: &facts.findings,
        unit_suspects: &facts.unit_suspects,
        customers: facts.customers.len(),
    };
    of_tables(&tables, method)
}

/// Breaches that follow from what was counted in the tables.
#[must_use]
pub fn of_tables(tables: &CountedTables, method: &Method) -> Vec<Breach> {
    let rejects = tables.tallies.iter().filter_map(|&(table, tally)| {
        let allowed = method.limits.rejects_allowed(tally.rows_in);
        (tally.rejected > allowed).then(|| Breach::of_rejects(table, tally.rejected, allowed))
    });
    let mut breaches: Vec<Breach> = rejects.collect();
    let limits = &method.plausibility;
    for (rule, limit) in [
        (Rule::LooksLikeRegister, limits.looks_like_register),
        (Rule::UnitSuspect, limits.unit_suspect),
        (Rule::BeforeOpening, limits.before_opening),
    ] {
        let Some(limit) = limit else { continue };
        for finding in tables.findings.iter().filter(|finding| finding.rule == rule) {
            let concerned = match rule {
                Rule::UnitSuspect => of_wrong_unit(tables.unit_suspects),
                _ => finding.rows,
            };
            let share = concerned as f64 / float(tables.customers.max(1));
            if share > limit {
                breaches.push(Breach::of(&finding.table, Some(rule), Some(share), [None, Some(limit)]));
            }
        }
    }
    breaches
}

/// Number of customers with a month that suggests a wrong unit; months below 1 kWh are left out.
fn of_wrong_unit(suspects: &[UnitSuspect]) -> u64 {
    let months = suspects.iter().filter(|suspect| suspect.active_wh >= UNIT_WH_MIN);
    count(months.map(|suspect| suspect.customer).collect::<BTreeSet<_>>().len())
}

/// Breaches that follow from a scored population, with their findings.
#[must_use]
pub fn of_scores(
    customers: &Customers,
    columns: &[IndicatorColumn],
    scores: &Scores,
    method: &Method,
) -> (Vec<Finding>, Vec<Breach>) {
    let (mut findings, mut breaches) = (Vec::new(), implausible_prices(customers, columns, scores, method));
    if let Some(first) = breaches.first() {
        let example = first.what().en.into_owned();
        findings.push(Finding::of_method(Rule::ImplausiblePrice, count(breaches.len()), example));
    }
    findings.extend(suspect_prices(customers, columns, scores, method));
    let missing = undelivered(method, &scores.parameters.delivered);
    let delivered = delivered_weight(method, &scores.parameters.delivered);
    if delivered < method.min_delivered_weight - WEIGHT_TOLERANCE {
        let limits = [Some(method.min_delivered_weight), None];
        breaches.push(Breach::of("method", Some(Rule::LittleDelivered), Some(delivered), limits));
        findings.push(Finding::of_method(Rule::LittleDelivered, count(missing.len()), missing.join(", ")));
    }
    (findings, breaches)
}

/// The share of the nominal weight whose data were delivered.
#[must_use]
pub fn delivered_weight(method: &Method, delivered: &[bool]) -> f64 {
    let (mut all, mut there) = (0.0, 0.0);
    for (spec, delivered) in method.indicators.iter().zip(delivered) {
        let weight = spec.weight.map_or(0.0, |weight| weight.nominal());
        all += weight;
        there += if *delivered { weight } else { 0.0 };
    }
    if all > 0.0 { there / all } else { 0.0 }
}

/// The indicators that have a weight, but whose data were not delivered.
#[must_use]
pub fn undelivered<'a>(method: &'a Method, delivered: &[bool]) -> Vec<&'a str> {
    let specs = method.indicators.iter().zip(delivered);
    specs
        .filter(|(spec, delivered)| !**delivered && spec.weight.is_some_and(|weight| weight.nominal() > 0.0))
        .map(|(spec, _)| spec.id.as_str())
        .collect()
}

/// The use categories whose median average price is out of bounds.
fn implausible_prices(
    customers: &Customers,
    columns: &[IndicatorColumn],
    scores: &Scores,
    method: &Method,
) -> Vec<Breach> {
    let Some([least, most]) = method.plausibility.average_price else { return Vec::new() };
    let prices = &columns[AVERAGE_PRICE.index()];
    let mut breaches = Vec::new();
    for &category in UseCategory::ALL {
        let members: Vec<usize> = scores
            .population
            .iter()
            .map(|&number| index(number))
            .filter(|&number| customers.rows[number].use_category == category)
            .collect();
        if members.len() < PRICED_CUSTOMERS_MIN {
            continue;
        }
        let known = members.iter().filter_map(|&number| prices.known(number)).collect();
        let Some(median) = median(known).filter(|median| !(least..=most).contains(median)) else { continue };
        let subject = Some(category.code().to_owned());
        let limits = [Some(least), Some(most)];
        let breach = Breach::of("method", Some(Rule::ImplausiblePrice), Some(median), limits);
        breaches.push(Breach { subject, ..breach });
    }
    breaches
}

/// The customers whose price is far out of bounds. A category of few customers has no median to be judged, and in one of
/// many the median hides a single customer.
fn suspect_prices(
    customers: &Customers,
    columns: &[IndicatorColumn],
    scores: &Scores,
    method: &Method,
) -> Option<Finding> {
    let [least, most] = method.plausibility.average_price?;
    let prices = &columns[AVERAGE_PRICE.index()];
    let mut found = Vec::new();
    for &number in &scores.population {
        let Some(price) = prices.known(index(number)) else { continue };
        // Nothing paid, or paid back, says nothing about a unit.
        if price > 0.0 && !(least / PRICE_FACTOR..=most * PRICE_FACTOR).contains(&price) {
            found.push((customers.ids.key(number), price));
        }
    }
    let (id, price) = found.first()?;
    Some(Finding::of_method(Rule::PriceSuspect, count(found.len()), format!("{id}: {price:.4} CNY/kWh")))
}

/// The middle value, or the mean of the two middle values.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower + (upper - lower) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::method::PRESETS;
    use crate::run::{Graded, regrade};
    use crate::tier::Previous;
    use crate::unit::Month;

    fn method(changes: &[(&str, &str)]) -> Method {
        let text = changes.iter().fold(PRESETS[0].1.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        Method::parse("m.toml", &text).unwrap()
    }

    /// Customers read and billed for two years; the first of them have the given prices.
    fn graded(customers: usize, prices: &[f64], method: &Method) -> Graded {
        let ids: Vec<String> = (0..customers).map(|number| format!("c{number:03}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let months: Vec<Month> = (0..24).map(|month| Month::new(2024, 1).plus(month)).collect();
        let (mut readings, mut bills) = (Vec::new(), Vec::new());
        for (number, id) in ids.iter().enumerate() {
            for month in &months {
                readings.push(format!("{id}|{month}-01|100"));
                if let Some(price) = prices.get(number) {
                    bills.push(format!("{id}-{month}|{id}|{month}-01|{}|{month}-20", 100.0 * price));
                }
            }
        }
        let rows = |all: &[String]| all.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let (readings, bills) = (rows(&readings), rows(&bills));
        let mut source = MemorySource::default().customers(&ids).rows(
            Table::MeterReadings,
            "customer_id|read_at|active_kwh",
            &readings.lines().collect::<Vec<_>>(),
        );
        if !prices.is_empty() {
            let header = "bill_id|customer_id|billing_month|amount_due|due_on";
            source = source.rows(Table::Bills, header, &bills.lines().collect::<Vec<_>>());
        }
        regrade(&source, Month::new(2026, 1), method, &Previous::new(), None, Vec::new()).unwrap()
    }

    fn messages(graded: &Graded) -> Vec<String> {
        graded.breaches.iter().map(|breach| breach.what().to_string()).collect()
    }

    #[test]
    fn little_delivered_weight_is_beyond_the_limits() {
        // Delivered are energy 0.22, growth 0.20 and standing 0.15, of a dimension with weight 0.5396.
        let cycle = graded(3, &[], &method(&[]));
        let expected = "little_delivered: the indicators whose data were delivered have 30.76 % of the weight, at least 50 % needed";
        assert_eq!(messages(&cycle), [expected]);
        let finding = cycle.findings.iter().find(|finding| finding.rule == Rule::LittleDelivered).unwrap();
        assert_eq!((finding.table.as_str(), finding.rows), ("method", 13));
        assert!(finding.example.starts_with("annual_revenue, average_price, "), "{}", finding.example);
        let method = method(&[("min_delivered_weight = 0.5", "min_delivered_weight = 0.3")]);
        assert_eq!(messages(&graded(3, &[], &method)), Vec::<String>::new());
    }

    #[test]
    fn the_median_price_of_ten_customers_must_be_plausible() {
        let lenient = ("min_delivered_weight = 0.5", "min_delivered_weight = 0");
        let messages_of =
            |customers, prices: &[f64]| messages(&graded(customers, prices, &method(&[lenient])));
        // The median is the mean of the two prices in the middle, 5.005.
        let mut prices = vec![5.0; 5];
        prices.extend([5.01; 5]);
        let expected =
            "implausible_price: the median price of large_industrial is 5.0050 CNY/kWh, outside 0.05 to 5";
        assert_eq!(messages_of(10, &prices), [expected]);
        assert_eq!(messages_of(9, &prices[..9]), Vec::<String>::new(), "nine are too few");
        assert_eq!(messages_of(10, &[5.0; 10]), Vec::<String>::new(), "the bound itself is plausible");
        assert_eq!(messages_of(10, &[0.04; 10]).len(), 1);
        let off = method(&[lenient, ("implausible_price = [0.05, 5]", "implausible_price = false")]);
        assert_eq!(messages(&graded(10, &[99.0; 10], &off)), Vec::<String>::new());
        let graded = graded(10, &[99.0; 10], &method(&[lenient]));
        assert!(graded.findings.iter().any(|finding| finding.rule == Rule::ImplausiblePrice));
    }

    #[test]
    fn a_price_ten_times_out_of_bounds_is_a_finding_whatever_the_number_of_customers() {
        let lenient = ("min_delivered_weight = 0.5", "min_delivered_weight = 0");
        let found = |prices: &[f64], changes: &[(&str, &str)]| {
            let graded = graded(prices.len(), prices, &method(changes));
            assert_eq!(messages(&graded), Vec::<String>::new(), "a finding, and no limit");
            let of_price = graded.findings.into_iter().find(|finding| finding.rule == Rule::PriceSuspect);
            of_price.map(|finding| (finding.rows, finding.example))
        };
        // Energy in MWh that is read as kWh makes the price 1000 times too high.
        assert_eq!(found(&[600.0; 3], &[lenient]), Some((3, "c000: 600.0000 CNY/kWh".to_owned())));
        assert_eq!(found(&[0.6, 0.6, 0.004], &[lenient]), Some((1, "c002: 0.0040 CNY/kWh".to_owned())));
        assert_eq!(found(&[0.6, 0.005, 50.0], &[lenient]), None, "the bounds themselves are not suspect");
        assert_eq!(found(&[0.6, 0.0], &[lenient]), None, "supplied free of charge");
        let off = ("implausible_price = [0.05, 5]", "implausible_price = false");
        assert_eq!(found(&[600.0; 3], &[lenient, off]), None);
    }

    #[test]
    fn findings_about_more_customers_than_allowed_are_beyond_the_limits() {
        let method = method(&[("min_delivered_weight = 0.5", "min_delivered_weight = 0")]);
        let mut facts = graded(100, &[], &method).facts;
        let messages =
            |facts: &Facts| of_facts(facts, &method).iter().map(|b| b.what().to_string()).collect::<Vec<_>>();
        facts.findings = vec![
            Finding::of(Table::MeterReadings, Rule::LooksLikeRegister, 1, ""),
            Finding::of(Table::Bills, Rule::BeforeOpening, 5, ""),
        ];
        assert_eq!(messages(&facts), Vec::<String>::new(), "as many customers as are allowed");
        facts.findings[0].rows = 2;
        facts.findings[1].rows = 6;
        let expected = [
            "looks_like_register in table meter_readings: 2.00 % of the customers, 1 % allowed",
            "before_opening in table bills: 6.00 % of the customers, 5 % allowed",
        ];
        assert_eq!(messages(&facts), expected);
    }

    #[test]
    fn suspect_units_are_counted_by_customer_in_months_of_at_least_a_kilowatt_hour() {
        let method = method(&[("min_delivered_weight = 0.5", "min_delivered_weight = 0")]);
        let mut facts = graded(100, &[], &method).facts;
        let suspect = |customer, active_wh| UnitSuspect {
            customer: crate::index::CustomerIx::new(customer),
            month: Month::new(2024, 1),
            active_wh,
            median_wh: 100_000,
        };
        facts.findings = vec![Finding::of(Table::MeterReadings, Rule::UnitSuspect, 4, "")];
        facts.unit_suspects = vec![suspect(7, 1_000), suspect(7, 90_000_001), suspect(8, 999)];
        assert_eq!(of_facts(&facts, &method), []);
        facts.unit_suspects.push(suspect(9, 90_000_001));
        assert_eq!(of_facts(&facts, &method).len(), 1);
    }
}
