//! Holders: the legal customers who hold accounts. The facts and values of a holder combine those of its accounts (DATA
//! section 5).
//!
//! Facts are counted by account. Here they become facts by holder, so that everything that judges them later takes
//! holders for its customers. An indicator is summed over the accounts for which it is known. This module does not
//! decide the tier of a holder.

use std::collections::BTreeMap;

use crate::contract::Table;
use crate::customer::{Customer, Customers};
use crate::energy_profile::EnergyProfile;
use crate::error::{Refusal, RunError};
use crate::fact::{COLUMNS, CustomerFacts, FactValue, Facts};
use crate::index::{CustomerIx, index};
use crate::indicator::registry::{ANNUAL_ENERGY, Fold, Summed};
use crate::indicator::{self, Indicator, IndicatorColumn, IndicatorValue, WantedIndicators};
use crate::meter::Coverage;
use crate::source::TableBook;
use crate::text;
use crate::unit::round_half_away;

/// Who holds which account.
#[derive(Clone, Debug, Default)]
pub struct HolderAccounts {
    /// The number of each account's holder.
    pub holders: Vec<u32>,
    /// The accounts of each holder, ascending.
    pub accounts: Vec<Vec<u32>>,
}

/// The facts and values of holders.
#[derive(Debug)]
pub struct Holders {
    /// Who holds which account.
    pub members: HolderAccounts,
    /// Facts with the holders as customers.
    pub facts: Facts,
    /// The values by holder of each indicator of the method.
    pub columns: Vec<IndicatorColumn>,
}

impl Holders {
    /// The holders of the accounts of `facts`.
    ///
    /// # Errors
    /// A holder has the id of an account that another holder has; or an expression fails, which is a bug.
    pub fn of(facts: &Facts, wanted: WantedIndicators) -> Result<Self, RunError> {
        let names = names(&facts.customers)?;
        let mut holders = Customers::default();
        names.keys().for_each(|name| {
            holders.ids.insert(name);
        });
        let accounts: Vec<Vec<u32>> = names.into_values().collect();
        let mut holder_of = vec![0; facts.customers.len()];
        for (holder, accounts) in (0..).zip(&accounts) {
            accounts.iter().for_each(|&account| holder_of[index(account)] = holder);
        }
        let members = HolderAccounts { holders: holder_of, accounts };
        let by_account = indicator::registered(facts, wanted);
        let energy = &by_account[ANNUAL_ENERGY.index()];
        holders.rows = members.accounts.iter().map(|accounts| customer(facts, accounts, energy)).collect();
        let folded = folded(facts, &members, holders)?;
        let mut columns: Vec<IndicatorColumn> = wanted
            .registered
            .iter()
            .zip(&by_account)
            .map(|(indicator, column)| values(facts, &members, indicator, column, wanted))
            .collect();
        columns.extend(indicator::own(&folded, wanted.own)?);
        Ok(Self { members, facts: folded, columns })
    }
}

/// The accounts of each holder, by the holder's id; an account without a holder is its own holder.
fn names(customers: &Customers) -> Result<BTreeMap<String, Vec<u32>>, Refusal> {
    let holder = |account: u32| {
        let row = &customers.rows[index(account)];
        row.holder_id.as_deref().unwrap_or_else(|| customers.ids.key(account))
    };
    let mut names: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for account in (0u32..).take(customers.len()) {
        let name = holder(account);
        if let Some(same) = customers.ids.get(name).filter(|&same| holder(same) != name) {
            let (id, other) = (customers.ids.key(account), holder(same));
            return Err(Refusal::of(
                Table::Customers,
                text!(
                    "holder_id {name} of account {id} is also the id of an account that {other} holds",
                    "户号 {id} 的 holder_id {name} 同时是另一户号, 而该户号属于 {other}"
                ),
                text!(
                    "give holders ids that no account has, or let account {name} be held by {name}",
                    "请为客户使用不与户号重复的编号, 或将户号 {name} 归属于 {name}"
                ),
            ));
        }
        names.entry(name.to_owned()).or_default().push(account);
    }
    Ok(names)
}

/// The accounts that are open at the end of the window, or all accounts if none is open.
fn open(facts: &Facts, accounts: &[u32]) -> Vec<u32> {
    let rows = &facts.customers.rows;
    let open: Vec<u32> = accounts
        .iter()
        .copied()
        .filter(|&account| rows[index(account)].in_population(facts.window))
        .collect();
    if open.is_empty() { accounts.to_vec() } else { open }
}

/// The attributes of a holder: those of the account with the most annual energy, except attributes that combine all
/// accounts.
fn customer(facts: &Facts, accounts: &[u32], energy: &IndicatorColumn) -> Customer {
    let rows = || accounts.iter().map(|&account| &facts.customers.rows[index(account)]);
    let open = open(facts, accounts);
    // Unknown energy comes last. Of accounts with equal energy, the one with the smallest id comes first.
    let annual_wh = |account: u32| {
        let known = energy.known(index(account)).filter(|_| open.contains(&account));
        known.map_or(i64::MIN, |kwh| round_half_away(kwh * 1000.0))
    };
    let greatest = accounts
        .iter()
        .copied()
        .reduce(|best, account| if annual_wh(account) > annual_wh(best) { account } else { best });
    let mut customer = facts.customers.rows[index(greatest.unwrap_or(0))].clone();
    let sum = |of: fn(&Customer) -> Option<f64>| rows().filter_map(of).reduce(|sum, more| sum + more);
    // Both enums list the highest word first, so the least variant is the highest.
    customer.importance_level = rows().filter_map(|row| row.importance_level).min();
    customer.load_class = rows().filter_map(|row| row.load_class).min();
    customer.opened_on = rows().map(|row| row.opened_on).min().unwrap_or(customer.opened_on);
    customer.closed_on = match rows().any(|row| row.closed_on.is_none()) {
        true => None,
        false => rows().filter_map(|row| row.closed_on).max(),
    };
    customer.contract_capacity_kva = sum(|row| row.contract_capacity_kva);
    customer.capacity_at_start_kva = sum(|row| row.capacity_at_start_kva);
    customer.aged_transformer_area = rows().any(|row| row.aged_transformer_area);
    customer.marketing_opt_out = rows().any(|row| row.marketing_opt_out);
    customer.holder_id = None;
    customer
}

/// The facts of accounts, summed by holder; for covered months, the greatest number of an account.
fn folded(facts: &Facts, members: &HolderAccounts, holders: Customers) -> Result<Facts, RunError> {
    let mut rows = Vec::with_capacity(holders.len());
    for (number, accounts) in (0..).zip(&members.accounts) {
        let mut sum = CustomerFacts::default();
        for column in COLUMNS {
            let FactValue::Integer(read, write) = column.value else { continue };
            let mut parts = accounts.iter().map(|&account| read(&facts.rows[index(account)]));
            let total = parts.try_fold(0i64, i64::checked_add);
            *write(&mut sum) = total.ok_or_else(|| {
                let (name, id) = (column.name, holders.ids.key(number));
                Refusal::of(
                    column.table,
                    text!("{name} of holder {id} exceeds 64 bits", "客户 {id} 的 {name} 超出 64 位整数"),
                    text!("look for values near their bounds", "请检查接近上限的数值"),
                )
            })?;
        }
        let covered = accounts.iter().map(|&account| facts.rows[index(account)].energy.covered_months);
        sum.energy.covered_months = covered.max().unwrap_or(0);
        accounts.iter().for_each(|&account| sum.billing.add_days(&facts.rows[index(account)].billing));
        rows.push(sum);
    }
    let books = Table::ALL.into_iter().map(|table| {
        let mut book = TableBook::new(table);
        book.present = facts.present(table);
        book
    });
    let profiles = members.accounts.iter().map(|accounts| profile(facts, accounts)).collect();
    Ok(Facts {
        window: facts.window,
        coverage: Coverage::none(index(facts.window.months), holders.len()),
        customers: holders,
        usage: None,
        reading_files: BTreeMap::new(),
        files_taken: 0,
        rows,
        profiles,
        offences: Vec::new(),
        unit_suspects: Vec::new(),
        books: books.collect(),
        findings: Vec::new(),
        refusal: None,
    })
}

/// The energy audits of several accounts as one.
fn profile(facts: &Facts, accounts: &[u32]) -> Option<EnergyProfile> {
    let all = accounts.iter().filter_map(|&account| facts.profiles[index(account)]);
    all.reduce(|sum, more| EnergyProfile {
        as_of: sum.as_of.max(more.as_of),
        total_kgce: sum.total_kgce + more.total_kgce,
        replaceable_kgce: sum.replaceable_kgce + more.replaceable_kgce,
    })
}

/// The values of an indicator by holder. `column` holds those of the accounts.
fn values(
    facts: &Facts,
    members: &HolderAccounts,
    indicator: &Indicator,
    column: &IndicatorColumn,
    wanted: WantedIndicators,
) -> IndicatorColumn {
    members.accounts.iter().map(|accounts| value(facts, accounts, indicator, column, wanted)).collect()
}

/// The value of one holder.
fn value(
    facts: &Facts,
    accounts: &[u32],
    indicator: &Indicator,
    column: &IndicatorColumn,
    wanted: WantedIndicators,
) -> IndicatorValue {
    let mut values = accounts.iter().map(|&account| column.get(index(account)));
    let folded = match &indicator.fold {
        Fold::Greatest => {
            let known = values.clone().filter_map(IndicatorValue::known);
            known.reduce(f64::max).map(IndicatorValue::Known)
        }
        Fold::Sum(summed) => sum(facts, accounts, summed, column, wanted),
    };
    // If no account knows the value, it applies to the holder if it applies to one account.
    folded.unwrap_or_else(|| match values.all(|value| value == IndicatorValue::NotApplicable) {
        true => IndicatorValue::NotApplicable,
        false => IndicatorValue::Unknown,
    })
}

/// The value of the sums over the accounts that take part; `None` if none takes part.
fn sum(
    facts: &Facts,
    accounts: &[u32],
    summed: &Summed,
    column: &IndicatorColumn,
    wanted: WantedIndicators,
) -> Option<IndicatorValue> {
    let open = open(facts, accounts);
    let known = accounts.iter().filter(|account| match summed.knows {
        Some(knows) => knows(facts, index(**account)),
        None => column.known(index(**account)).is_some(),
    });
    let parts = known.filter_map(|account| {
        let parts = (summed.parts)(facts, index(*account), &wanted.supply_costs);
        summed.counted(parts, open.binary_search(account).is_ok())
    });
    let [above, below] = parts.reduce(|[a, b], [more, others]| [a + more, b + others])?;
    Some((summed.value)(facts, [above, below]))
}

impl HolderAccounts {
    /// The accounts of a holder.
    pub fn of(&self, holder: u32) -> impl Iterator<Item = CustomerIx> + '_ {
        self.accounts[index(holder)].iter().map(|&account| CustomerIx::new(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::method::{GradingUnit, Method, PRESETS, Tier};
    use crate::run::{Graded, regrade};
    use crate::tier::Previous;
    use crate::unit::Month;
    use crate::word::Word;

    const CUSTOMERS: &str = "customer_id|holder_id|use_category|supply_level|contract_capacity_kva|\
        power_factor_standard|importance_level|load_class|opened_on|closed_on|aged_transformer_area";

    fn method() -> Method {
        let text = PRESETS[1].1.replace("min_delivered_weight = 0.5", "min_delivered_weight = 0");
        let named = "[indicators]\ncross_year_arrears = { normalise = \"percentile\" }\n";
        let text = text.replace("[indicators]\n", named);
        let mut method = Method::parse("m.toml", &text).unwrap();
        method.grading_unit = GradingUnit::Holder;
        method
    }

    fn monthly(id: &str, kwh: impl Fn(i32) -> f64, months: std::ops::Range<i32>) -> Vec<String> {
        months.map(|month| format!("{id}|{}-01|{}", Month::new(2023, 1).plus(month), kwh(month))).collect()
    }

    fn source(customers: &[&str], readings: &[String]) -> MemorySource {
        let readings: Vec<&str> = readings.iter().map(String::as_str).collect();
        MemorySource::default().rows(Table::Customers, CUSTOMERS, customers).rows(
            Table::MeterReadings,
            "customer_id|read_at|active_kwh",
            &readings,
        )
    }

    fn graded(source: &MemorySource) -> Graded {
        regrade(source, Month::new(2026, 1), &method(), &Previous::new(), None, Vec::new()).unwrap()
    }

    fn value(graded: &Graded, holder: &str, id: &str) -> IndicatorValue {
        let place = method().indicators.iter().position(|spec| spec.id == id).unwrap();
        graded.columns[place].get(index(graded.judged().customers.ids.get(holder).unwrap()))
    }

    #[test]
    fn accounts_of_a_holder_are_one_customer() {
        let customers = [
            "a1|H|agricultural|low_voltage|100|0.90|imp_second|load_3|2010-05-01|-|false",
            "a2|H|large_industrial|high_voltage|900|-|imp_temporary|load_2|2012-01-01|-|true",
            "b|-|residential|residential|-|-|-|-|2000-01-01|-|false",
        ];
        let mut readings = monthly("a1", |_| 100.0, 0..36);
        readings.extend(monthly("a2", |_| 1_000.0, 12..36));
        readings.extend(monthly("b", |_| 10.0, 0..36));
        let incidents = [
            "i1|a1|2025-12-03|theft|customer|confirmed|2",
            "i2|a2|2024-12-03|violation|customer|confirmed|4",
        ];
        let header = "incident_id|customer_id|occurred_at|kind|responsibility|status|severity";
        let graded = graded(&source(&customers, &readings).rows(Table::Incidents, header, &incidents));
        let holders = &graded.judged().customers;
        assert_eq!((holders.len(), holders.ids.key(0), holders.ids.key(1)), (2, "H", "b"));
        assert_eq!(graded.holders.as_ref().unwrap().members.holders, [0, 0, 1]);
        let row = &holders.rows[0];
        // The holder has the attributes of a2, which uses most energy; but the highest levels, the earliest opening and
        // the sum of capacities.
        assert_eq!((row.use_category.code(), row.supply_level.code()), ("large_industrial", "high_voltage"));
        assert_eq!(row.importance_level.unwrap().code(), "imp_second");
        assert_eq!(row.load_class.unwrap().code(), "load_2");
        assert_eq!(row.opened_on, Month::new(2010, 5).first_day());
        assert_eq!((row.contract_capacity_kva, row.aged_transformer_area), (Some(1_000.0), true));
        // The accounts use 12 × 100 and 12 × 1000 kWh a year, although one has 36 months and the other 24.
        assert_eq!(value(&graded, "H", "annual_energy"), IndicatorValue::Known(13_200.0));
        // Account a2 has no first year, so the growth is that of a1.
        assert_eq!(value(&graded, "H", "energy_growth"), IndicatorValue::Known(0.0));
        // An offence of this month counts 2 points, and one a year ago half of its 4 points.
        assert_eq!(value(&graded, "H", "violation_points"), IndicatorValue::Known(4.0));
        assert_eq!(value(&graded, "H", "sensitivity"), IndicatorValue::Known(0.5));
        // The account with a standard has no reactive energy.
        assert_eq!(value(&graded, "H", "power_factor_attainment"), IndicatorValue::Unknown);
        assert_eq!(value(&graded, "b", "power_factor_attainment"), IndicatorValue::NotApplicable);
        // The theft of one account caps the holder.
        assert_eq!(graded.tiers.ceiling, [Some(Tier::Grade3), None]);
        assert_eq!(graded.judged().rows[0].energy.covered_months, 36);
    }

    #[test]
    fn a_closed_account_gives_no_annual_values_and_its_events_count() {
        let customers = [
            "a1|H|agricultural|low_voltage|-|-|-|-|2010-05-01|2025-06-30|false",
            "a2|H|residential|residential|-|-|-|-|2012-01-01|-|false",
            "c1|K|residential|residential|-|-|-|-|2012-01-01|2025-06-30|false",
        ];
        let mut readings = monthly("a1", |_| 900.0, 0..30);
        readings.extend(monthly("a2", |_| 10.0, 0..36));
        readings.extend(monthly("c1", |_| 10.0, 0..30));
        let cooperation = [
            "e1|a1|2024-01-05|suggestion|1|1",
            "e2|a1|2024-02-05|suggestion|1|0",
            "e3|a2|2024-02-05|suggestion|1|1",
        ];
        let header = "event_id|customer_id|occurred_on|kind|requested|delivered";
        let graded = graded(&source(&customers, &readings).rows(Table::Cooperation, header, &cooperation));
        assert_eq!(value(&graded, "H", "annual_energy"), IndicatorValue::Known(120.0));
        assert_eq!(graded.judged().customers.rows[0].use_category.code(), "residential");
        assert_eq!(graded.judged().customers.rows[0].closed_on, None);
        // 3 submitted suggestions and 2 × 2 points for adopted ones, capped after the sum.
        assert_eq!(value(&graded, "H", "suggestion_points"), IndicatorValue::Known(6.0));
        // All accounts of K are closed: K keeps their values and is not graded.
        assert_eq!(value(&graded, "K", "annual_energy"), IndicatorValue::Known(120.0));
        assert_eq!(graded.scores.population, [0]);
    }

    #[test]
    fn arrears_of_earlier_years_on_closed_accounts_are_divided_by_the_revenue_of_open_accounts() {
        let customers = [
            "a1|H|agricultural|low_voltage|-|-|-|-|2010-05-01|2025-06-30|false",
            "a2|H|residential|residential|-|-|-|-|2012-01-01|-|false",
            "a3|H|residential|residential|-|-|-|-|2012-01-01|-|false",
        ];
        let bills =
            ["1|a1|2024-11|300|2024-12-20", "2|a2|2024-11|50|2024-12-15", "3|a2|2025-12|100|2025-12-20"];
        let source = source(&customers, &monthly("a2", |_| 10.0, 0..36))
            .rows(Table::Bills, "bill_id|customer_id|billing_month|amount_due|due_on", &bills)
            .rows(Table::Payments, "payment_id|bill_id|paid_on|amount", &["p|2|2025-12-10|20"]);
        // Arrears of 300, 30 and 100 CNY, all due before 2026; annual revenue 12 × 150 CNY / 14 months, in whole fen.
        let expected = IndicatorValue::Known(43_000.0 / 12_857.0);
        assert_eq!(value(&graded(&source), "H", "cross_year_arrears"), expected);
    }

    #[test]
    fn a_holder_has_a_firm_grade_as_soon_as_one_open_account_has() {
        let customers = [
            "a1|H|residential|residential|-|-|-|-|2025-05-01|-|false",
            "a2|H|residential|residential|-|-|-|-|2025-09-01|-|false",
        ];
        let mut readings = monthly("a1", |_| 9.0, 28..36);
        readings.extend(monthly("a2", |_| 9.0, 32..36));
        let graded = graded(&source(&customers, &readings));
        // Account a1 has eight of the twelve months, so that its grade is firm four months later, in May.
        assert_eq!(graded.scores.firm_from.get(&0), Some(&Month::new(2026, 5)));
    }

    #[test]
    fn a_holder_with_the_id_of_another_holders_account_is_refused() {
        let customers = [
            "a|H|residential|residential|-|-|-|-|2012-01-01|-|false",
            "b|a|residential|residential|-|-|-|-|2012-01-01|-|false",
        ];
        let source = source(&customers, &monthly("a", |_| 9.0, 0..36));
        let refused = regrade(&source, Month::new(2026, 1), &method(), &Previous::new(), None, Vec::new());
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains("holder_id a of account b is also the id of an account that H holds"),
            "{message}"
        );
    }
}
