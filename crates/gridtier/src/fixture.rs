//! Small tables written as text, for the engine's own tests.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use crate::contract::{SupplyLevel, Table, UseCategory};
use crate::customer::{self, Customer, Customers};
use crate::cycle::{Cycle, Placed, PublishedOffences};
use crate::incident::Offence;
use crate::index::index;
use crate::indicator::{IndicatorColumn, IndicatorValue};
use crate::memory::MemorySource;
use crate::meter::{self, MonthlyUsage, ReadingDetail};
use crate::method::Method;
use crate::score::{Population, Scores, judge};
use crate::service_months::ServiceMonths;
use crate::source::TableBook;
use crate::stratum::Groups;
use crate::tier::{Previous, TierInputs, grade_on};
use crate::unit::{Month, Window};

/// A text column; `-` is an empty cell.
pub fn text(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().map(|&value| (value != "-").then_some(value)).collect::<StringArray>())
}

/// A column of doubles.
pub fn numbers(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// Scores of the first `people` customers, all with a long history; the data of every indicator are delivered.
pub fn scored(people: u32, columns: &[IndicatorColumn], method: &Method) -> Scores {
    let short_history = vec![false; index(people)];
    let delivered = vec![true; method.indicators.len()];
    let groups = Groups::one();
    let numbers = (0..people).collect();
    let population = Population { numbers, short_history: &short_history, delivered, groups };
    judge(population, columns, method)
}

/// A residential customer, open from day 0. Nothing else is known about it.
pub fn plain_customer() -> Customer {
    Customer {
        use_category: UseCategory::Residential,
        supply_level: SupplyLevel::Residential,
        region: None,
        contract_capacity_kva: None,
        capacity_at_start_kva: None,
        holder_id: None,
        area: None,
        power_factor_standard: None,
        importance_level: None,
        load_class: None,
        opened_on: 0,
        closed_on: None,
        aged_transformer_area: false,
        marketing_opt_out: false,
    }
}

/// A customer of a hand-made cycle.
#[derive(Clone, Debug)]
pub struct DraftCustomer {
    pub id: String,
    pub supply_level: SupplyLevel,
    pub opened_on: i32,
    pub closed_on: Option<i32>,
    pub covered_months: u32,
    /// By id of the indicator; unknown where there is none.
    pub values: Vec<(&'static str, IndicatorValue)>,
    /// Its offences, of which the month, kind and severity are used; the customer is filled in later.
    pub offences: Vec<Offence>,
}

impl DraftCustomer {
    /// A long-standing high-voltage customer, read for three years.
    pub fn new(id: impl Into<String>, values: &[(&'static str, f64)]) -> Self {
        Self {
            id: id.into(),
            supply_level: SupplyLevel::HighVoltage,
            opened_on: 0,
            closed_on: None,
            covered_months: 36,
            values: values.iter().map(|&(id, x)| (id, IndicatorValue::Known(x))).collect(),
            offences: Vec::new(),
        }
    }

    fn row(&self) -> Customer {
        Customer {
            use_category: UseCategory::Other,
            supply_level: self.supply_level,
            opened_on: self.opened_on,
            closed_on: self.closed_on,
            ..plain_customer()
        }
    }

    fn value(&self, id: &str) -> IndicatorValue {
        let found = self.values.iter().find(|(known, _)| *known == id);
        found.map_or(IndicatorValue::Unknown, |(_, value)| *value)
    }
}

/// The cycle that grades hand-made customers as of the first day of `end`, with all data delivered.
pub fn cycle(method: &Method, end: Month, mut drafts: Vec<DraftCustomer>, previous: Previous) -> Cycle {
    drafts.sort_by(|a, b| a.id.cmp(&b.id));
    let window = Window { end, months: method.window_months };
    let mut customers = Customers::default();
    let mut offences = Vec::new();
    for (number, draft) in (0..).zip(&drafts) {
        customers.ids.insert(&draft.id);
        customers.rows.push(draft.row());
        let customer = crate::index::CustomerIx::new(number);
        offences.extend(draft.offences.iter().map(|offence| Offence { customer, ..*offence }));
    }
    let specs = method.indicators.iter();
    let columns: Vec<IndicatorColumn> =
        specs.map(|spec| drafts.iter().map(|draft| draft.value(&spec.id)).collect()).collect();
    let numbers: Vec<u32> =
        (0..).zip(&customers.rows).filter(|(_, row)| row.in_population(window)).map(|(at, _)| at).collect();
    let covered = numbers.iter().map(|&number| drafts[index(number)].covered_months);
    let short_history: Vec<bool> = covered.map(|months| months < method.min_months).collect();
    let delivered = vec![true; method.indicators.len()];
    let groups = Groups::of_points(&customers, method);
    let population = Population { numbers, short_history: &short_history, delivered, groups };
    let scores = judge(population, &columns, method);
    let mut cycle = Cycle {
        method: method.clone(),
        end,
        months: method.window_months,
        counting: 2,
        columns,
        expressed: Vec::new(),
        rows: Vec::new(),
        strata: Vec::new(),
        ledger: Vec::new(),
        offences: PublishedOffences { rows: offences, holders: None },
        covered_months: drafts.iter().map(|draft| draft.covered_months).collect(),
        parameters: scores.parameters.clone(),
        influence: scores.influence.clone(),
        previous,
        customers,
    };
    place(&mut cycle, &scores);
    cycle
}

/// Gives the customers of a hand-made cycle their tiers.
fn place(cycle: &mut Cycle, scores: &Scores) {
    let ceilings = cycle.ceilings(&cycle.method);
    let inputs = TierInputs {
        ids: &cycle.customers.ids,
        groups: Groups::of(&cycle.customers, cycle.method.strata),
        end: cycle.end,
        ceilings: scores.population.iter().map(|&number| ceilings[index(number)]).collect(),
        previous: &cycle.previous,
    };
    let tiers = grade_on(inputs, &cycle.columns, scores, &cycle.method);
    let dimensions = scores.dimensions(&cycle.columns, &cycle.method, 0..scores.population.len());
    let rows = scores.population.iter().enumerate().map(|(at, &number)| Placed {
        number,
        stratum: tiers.stratum[at],
        rank: tiers.rank(at),
        score_e6: scores.score_e6(at),
        dimensions: dimensions[at],
        provisional: scores.provisional[at],
        computed: tiers.computed[at],
        tier: tiers.tier[at],
        policy: tiers.policy[at],
        ceiling: tiers.ceiling[at],
    });
    cycle.rows = rows.collect();
    (cycle.strata, cycle.ledger) = (tiers.strata, tiers.ledger);
}

/// The rules that the rejects of a table break, in the order of rows.
pub fn rejected_rules(book: &TableBook) -> Vec<&str> {
    book.rejects.iter().map(|reject| reject.rule.code()).collect()
}

impl MemorySource {
    /// Adds columns to a table.
    pub fn columns(self, table: Table, columns: Vec<(&str, ArrayRef)>) -> Self {
        let columns = columns.into_iter().map(|(name, array)| (name, array, true));
        self.with(table, RecordBatch::try_from_iter_with_nullable(columns).unwrap())
    }

    /// Adds rows to a table, cells between `|`; `-` is an empty cell.
    pub fn rows(self, table: Table, header: &str, rows: &[&str]) -> Self {
        let cells: Vec<Vec<&str>> =
            rows.iter().map(|row| row.split('|').map(str::trim).collect::<Vec<_>>()).collect();
        let columns = header
            .split('|')
            .enumerate()
            .map(|(at, name)| (name.trim(), text(&cells.iter().map(|row| row[at]).collect::<Vec<_>>())))
            .collect();
        self.columns(table, columns)
    }

    /// Adds customers with the given ids and no particular feature.
    pub fn customers(self, ids: &[&str]) -> Self {
        let rows: Vec<String> = ids
            .iter()
            .map(|id| format!("{id}|large_industrial|high_voltage|0.90|2000-01-01|false"))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let header =
            "customer_id|use_category|supply_level|power_factor_standard|opened_on|aged_transformer_area";
        self.rows(Table::Customers, header, &rows)
    }

    /// The accepted customers.
    pub fn read_customers(&self) -> Customers {
        customer::read(self, &mut TableBook::new(Table::Customers)).unwrap()
    }

    /// The energy of a window by month, spread over sparse readings and with covered months marked; without bills.
    pub fn read_usage(&self, customers: &Customers, window: Window) -> MonthlyUsage {
        let mut book = TableBook::new(Table::MeterReadings);
        let mut usage =
            meter::read(self, customers, window, ReadingDetail::Energy, None, &mut book).unwrap().usage;
        usage.spread(customers, &mut book);
        let service =
            ServiceMonths::new(window, customers, |of, from| usage.next_read(of, from), |_, _| None);
        usage.cover(customers, &service, &mut book);
        usage
    }
}
