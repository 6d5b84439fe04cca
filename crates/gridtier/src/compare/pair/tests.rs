//! Tests which state each customer has in each of the two cycles.

use super::*;
use crate::contract::SupplyLevel;
use crate::fixture::{DraftCustomer, cycle};
use crate::method::{GradingUnit, Method, PRESETS};
use crate::tier::Previous;
use crate::unit::Month;

const END: Month = Month(12 * 53);
const LATER: Month = Month(12 * 56);

fn method() -> Method {
    let text = PRESETS[1].1.replace("min_stratum = 30", "min_stratum = 1");
    Method::parse("m.toml", &text.replace("min_known_weight = 0.5", "min_known_weight = 0.0")).unwrap()
}

fn customer(id: &str, kwh: f64) -> DraftCustomer {
    DraftCustomer::new(id, &[("annual_energy", kwh)])
}

fn graded(end: Month, customers: Vec<DraftCustomer>) -> Cycle {
    cycle(&method(), end, customers, Previous::new())
}

fn states(before: &Cycle, after: &Cycle) -> Vec<String> {
    let pair = Pair::new(before, after).unwrap();
    let line_of = |customer: &PairedCustomer| {
        let (id, stratum) = (pair.id(customer), pair.stratum(customer));
        format!("{id} {stratum} {} {}", customer.before.code(), customer.after.code())
    };
    pair.customers.iter().map(line_of).collect()
}

#[test]
fn customers_of_both_cycles_are_aligned_by_id_with_their_states() {
    let before =
        graded(END, vec![customer("a", 1.0), customer("b", 2.0), customer("c", 3.0), customer("d", 4.0)]);
    let day = END.first_day();
    let opened = |id: &str, opened_on| DraftCustomer { opened_on, ..customer(id, 9.0) };
    let closed = |id: &str, closed_on| DraftCustomer { closed_on: Some(closed_on), ..customer(id, 9.0) };
    let after = graded(
        LATER,
        vec![
            DraftCustomer { supply_level: SupplyLevel::LowVoltage, ..customer("a", 1.0) },
            closed("b", LATER.first_day() - 1),
            opened("aa", day),
            opened("e", day - 1),
            closed("d", LATER.first_day()),
        ],
    );
    assert_eq!(
        states(&before, &after),
        [
            "a high_voltage grade-2 grade-2",
            "aa high_voltage new grade-1",
            "b high_voltage grade-2 closed",
            "c high_voltage grade-1 absent",
            "d high_voltage grade-1 grade-2",
            "e high_voltage absent grade-2",
        ],
    );
}

#[test]
fn a_flag_marks_provisional_tiers_and_positions_lead_back_to_the_rows() {
    let short = DraftCustomer { covered_months: 3, ..customer("b", 2.0) };
    let before = graded(END, vec![short, customer("c", 3.0)]);
    let after = graded(LATER, vec![customer("a", 1.0), customer("b", 2.0)]);
    let pair = Pair::new(&before, &after).unwrap();
    let flags: Vec<[bool; 2]> =
        pair.customers.iter().map(|one| [one.before_provisional, one.after_provisional]).collect();
    assert_eq!(flags, [[false, false], [true, false], [false, false]]);
    let positions: Vec<_> = pair.customers.iter().map(|one| (one.before_at(), one.after_at())).collect();
    assert_eq!(positions, [(None, Some(0)), (Some(0), Some(1)), (Some(1), None)]);
    assert_eq!((pair.customers[1].both(), pair.customers[0].both()), (Some((0, 1)), None));
}

#[test]
fn two_gradings_of_one_day_can_be_compared_and_an_earlier_one_cannot_come_second() {
    let (before, after) = (graded(END, vec![customer("a", 1.0)]), graded(LATER, vec![customer("a", 1.0)]));
    assert!(Pair::new(&before, &before).is_ok());
    let NotComparable(text) = Pair::new(&after, &before).unwrap_err();
    assert!(text.en.contains("2026-01-01, after the second one"), "{}", text.en);
}

#[test]
fn cycles_of_different_grading_units_cannot_be_compared() {
    let (before, mut after) =
        (graded(END, vec![customer("a", 1.0)]), graded(LATER, vec![customer("a", 1.0)]));
    after.method.grading_unit = GradingUnit::Holder;
    let NotComparable(text) = Pair::new(&before, &after).unwrap_err();
    assert!(text.en.contains("grades by account and the second one by holder"), "{}", text.en);
}
