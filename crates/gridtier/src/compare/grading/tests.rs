//! Tests to which stratum a group belongs, and how values are measured by another method.

use crate::compare::groups::GroupStrata;
use crate::compare::values::{expressions_to_evaluate, values};
use crate::contract::SupplyLevel;
use crate::fixture::{DraftCustomer, cycle};
use crate::indicator::{IndicatorColumn, IndicatorValue};
use crate::method::{Method, PRESETS};
use crate::tier::Previous;
use crate::unit::Month;
use crate::word::Word;

const END: Month = Month(12 * 53);

fn method(changes: &[(&str, &str)]) -> Method {
    let text = changes.iter().fold(
        PRESETS[1].1.replace("min_known_weight = 0.5", "min_known_weight = 0.0"),
        |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        },
    );
    Method::parse("m.toml", &text).unwrap()
}

fn people(counts: [usize; 3]) -> Vec<DraftCustomer> {
    let levels = SupplyLevel::ALL.iter().zip(counts).flat_map(|(&level, count)| vec![level; count]);
    let draft = |(at, supply_level): (usize, SupplyLevel)| DraftCustomer {
        supply_level,
        ..DraftCustomer::new(format!("{at:03}"), &[("annual_energy", at as f64)])
    };
    levels.enumerate().map(draft).collect()
}

/// The strata that one customer of each supply level gets.
fn strata_of_levels(before: [usize; 3], min_stratum: &str) -> Vec<String> {
    let method = method(&[("min_stratum = 30", min_stratum)]);
    let before = cycle(&method, END, people(before), Previous::new());
    let other = cycle(&method, END, people([1, 1, 1]), Previous::new());
    let strata = GroupStrata::new(&before).of(&other);
    strata.iter().map(|stratum| before.strata[*stratum as usize].clone()).collect()
}

#[test]
fn a_group_belongs_to_the_stratum_of_its_customers_or_else_to_other_or_else_to_the_largest_stratum() {
    let [high, low, residential] = [0, 1, 2].map(|at| SupplyLevel::ALL[at]);
    assert_eq!(strata_of_levels([4, 5, 6], "min_stratum = 3"), [high.code(), low.code(), residential.code()]);
    assert_eq!(strata_of_levels([2, 2, 6], "min_stratum = 3"), ["other", "other", residential.code()]);
    assert_eq!(strata_of_levels([2, 2, 0], "min_stratum = 3"), ["other"; 3]);
    assert_eq!(strata_of_levels([4, 5, 0], "min_stratum = 3"), [high.code(), low.code(), low.code()]);
    assert_eq!(
        strata_of_levels([5, 5, 0], "min_stratum = 3")[2],
        high.code(),
        "the first of equally large strata"
    );
}

#[test]
fn values_are_taken_by_id_and_those_of_own_indicators_by_expression() {
    let own = |name: &str, expr: &str| {
        let line = format!(
            "[indicators]\n{name} = {{ expr = \"{expr}\", unit = \"share\", direction = \"+\", normalise = \
             \"percentile\" }}"
        );
        let weight = format!("\n{name} = 0.5");
        method(&[("\nreplaceable_share = 0.5", weight.as_str()), ("[indicators]", line.as_str())])
    };
    let (peak, renamed, other) = (own("a", "peak_wh"), own("b", "peak_wh"), own("a", "readings"));
    let draft = DraftCustomer::new("1", &[("a", 7.0), ("annual_energy", 3.0)]);
    let mut graded = cycle(&peak, END, vec![draft], Previous::new());
    let last =
        |columns: Option<std::borrow::Cow<[IndicatorColumn]>>| columns.map(|columns| columns[16].get(0));
    assert_eq!(last(values(&graded, &renamed)), Some(IndicatorValue::Known(7.0)));
    assert!(values(&graded, &other).is_none(), "the name is the same, but the expression differs");
    assert_eq!(expressions_to_evaluate(&graded, &other).len(), 1);
    let column = [IndicatorValue::Known(9.0)].into_iter().collect();
    graded.expressed.push((other.own[0].clone(), column));
    assert_eq!(last(values(&graded, &other)), Some(IndicatorValue::Known(9.0)));
    // A registry indicator whose values the cycle does not publish.
    let shortfall = "[indicators]\npower_factor_shortfall = { normalise = \"percentile\" }";
    assert!(values(&graded, &method(&[("[indicators]", shortfall)])).is_none());
}
