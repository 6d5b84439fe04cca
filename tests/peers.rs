//! Defects that were measured in common libraries for segments and scores. For each of them a test shows that gridtier
//! gives the right result. The tests on weights and TOPSIS are in `published.rs`.

use std::fmt::Write as _;

use crate::support::{Published, counts, method_file};
use crate::utility::{BILLS, CUSTOMERS, PAYMENTS, READINGS, Utility};

/// A utility whose customers differ only as given: supply level and monthly energy in kWh; bills
/// are paid on the day, unless a customer has none.
fn utility(customers: &[(&str, u32, bool)]) -> Utility {
    let (mut rows, mut readings) = (CUSTOMERS.to_owned(), READINGS.to_owned());
    let (mut bills, mut payments) = (BILLS.to_owned(), PAYMENTS.to_owned());
    for (number, (level, kwh, is_billed)) in customers.iter().enumerate() {
        let _ = writeln!(rows, "{number:04},other,{level},2010-01-01,false");
        for month in 1..=12 {
            let _ = writeln!(readings, "{number:04},M,2025-{month:02}-01,{kwh},,actual");
            if *is_billed {
                let id = format!("B{number:04}-{month:02}");
                let _ = writeln!(bills, "{id},{number:04},2025-{month:02}-01,{kwh},2025-{month:02}-20,");
                let _ = writeln!(payments, "P{id},{id},2025-{month:02}-20,{kwh}");
            }
        }
    }
    Utility::empty()
        .and("customers.csv", rows)
        .and("meter_readings.csv", readings)
        .and("bills.csv", bills)
        .and("payments.csv", payments)
}

/// Grades by `paper`, ranking whoever has energy, with these changes.
fn graded(utility: &Utility, changes: &[(&str, &str)]) -> std::path::PathBuf {
    let lenient = ("min_known_weight = 0.5", "min_known_weight = 0.05");
    let method = method_file(utility.path(), "paper", &[&[lenient], changes].concat());
    utility.published(&["--method", &method])
}

fn tiers(cycle: &std::path::Path) -> Published {
    Published::read(&cycle.join("tiers.parquet"))
}

/// openretailscience: the only member of a group has percent rank 0 and so the lowest tier.
#[test]
fn the_only_member_of_a_stratum_is_not_the_worst_of_it() {
    let mut customers = vec![("low_voltage", 100, true); 40];
    customers.push(("high_voltage", 90_000, true));
    let table = tiers(&graded(&utility(&customers), &[("strata = \"none\"", "strata = \"supply_level\"")]));
    assert_eq!(table.texts("stratum")[40].as_deref(), Some("low_voltage"), "pooled");
    assert_eq!(table.texts("tier")[40].as_deref(), Some("special"));
}

/// openretailscience: ten equal spenders are split 5/3/2 by their ids without notice.
#[test]
fn equal_customers_are_ordered_by_id_only_if_the_method_says_so_and_the_ledger_records_it() {
    let utility = utility(&[("low_voltage", 100, true); 10]);
    let broken = graded(&utility, &[]);
    let ledger = Published::read(&broken.join("ledger.parquet"));
    assert_eq!(counts(&ledger.texts("broken_by"))["id"], 3);
    assert_eq!(ledger.integers("tie_group"), [Some(10); 3]);
    let together = tiers(&graded(&utility, &[("ties = \"break\"", "ties = \"up\"")]));
    assert_eq!(counts(&together.texts("tier"))["special"], 10);
}

/// openretailscience: a customer whose spend is null disappears from the output.
#[test]
fn a_customer_without_revenue_stays_in_the_table() {
    let table = tiers(&graded(&utility(&[("low_voltage", 100, true), ("low_voltage", 100, false)]), &[]));
    assert_eq!(table.texts("customer_id"), [Some("0000".to_owned()), Some("0001".to_owned())]);
    assert!(table.texts("tier").iter().all(Option::is_some));
}

/// With a cut at a quantile and a tie of 30 % at the top, the top 10 % are 30 of 100 customers. pymc-marketing: an
/// indicator that has only two values gives no labels, or groups of 939 and 61 customers.
#[test]
fn a_tie_at_the_top_and_an_indicator_of_two_values_leave_the_quotas_whole() {
    let customers: Vec<(&str, u32, bool)> =
        (0..100).map(|number| ("low_voltage", if number % 10 < 3 { 900 } else { 300 }, true)).collect();
    let utility = utility(&customers);
    let sizes_with = |ties: &str| {
        let table = tiers(&graded(&utility, &[("ties = \"break\"", &format!("ties = \"{ties}\""))]));
        ["special", "grade-1", "grade-2", "grade-3"]
            .map(|tier| counts(&table.texts("tier")).get(tier).copied().unwrap_or(0))
    };
    assert_eq!(sizes_with("break"), [10, 30, 50, 10]);
    assert_eq!(sizes_with("up"), [30, 70, 0, 0]);
    assert_eq!(sizes_with("down"), [0, 30, 0, 70]);
}
