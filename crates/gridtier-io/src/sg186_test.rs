//! The worked mapping in `sample-data/sg186`: the engine reads what its `gridtier.toml` declares.
//!
//! A mapping that is shown to utilities must never be out of date. The expected figures were counted from the files with
//! another program, by the definitions of the method.

use std::path::Path;

use gridtier::contract::rule::Rule;
use gridtier::contract::{ImportanceLevel, LoadClass, SupplyLevel, Table};
use gridtier::fact::{self, CustomerFacts, Facts};
use gridtier::meter::ReadingDetail;
use gridtier::source::Tally;
use gridtier::unit::{Month, Window};

use crate::config::Encoding;
use crate::folder::{Content, DataFolder};
use crate::test_folder;

fn folder() -> DataFolder {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/sg186");
    DataFolder::open(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn facts() -> Facts {
    fact::read(&folder(), Window { end: Month::new(2026, 1), months: 12 }, ReadingDetail::Energy, None)
        .unwrap()
}

fn of<'f>(facts: &'f Facts, id: &str) -> &'f CustomerFacts {
    &facts.rows[gridtier::index::index(facts.customers.ids.get(id).unwrap())]
}

#[test]
fn every_mapped_column_is_in_every_file_and_no_file_is_left_over() {
    let folder = folder();
    assert_eq!(folder.unused(), [] as [String; 0]);
    for table in Table::ALL {
        if table == Table::RegisterReadings {
            continue;
        }
        let mapped = folder.config().table(table).columns;
        assert!(!mapped.is_empty(), "{table} is not mapped");
        for batch in test_folder::read(&folder, table).unwrap() {
            for name in mapped.keys() {
                assert!(batch.column(name).is_some(), "{table}.{name} is not in file {}", batch.file);
            }
        }
    }
}

#[test]
fn all_files_are_gb18030_and_the_columns_that_are_not_mapped_are_listed() {
    let folder = folder();
    let files = Table::ALL.into_iter().flat_map(|table| folder.files(table));
    for readable in files {
        let Content::Csv(csv) = &readable.content else { panic!("{} is no CSV file", readable.file.name) };
        assert_eq!(csv.encoding, Encoding::Gb18030, "{}", readable.file.name);
    }
    let found = folder.notices(Table::MeterReadings);
    assert_eq!(found, [(Rule::UnknownColumn, 3, "LAST_MR_NUM, THIS_READ, T_FACTOR".to_owned())]);
}

#[test]
fn every_row_counts_but_those_outside_the_window_and_the_overlap_of_the_archive() {
    let facts = facts();
    let tally = |counted, out_of_window, duplicates| Tally {
        rows_in: counted + out_of_window + duplicates,
        counted,
        out_of_window,
        rejected: 0,
        duplicates,
        not_yet_known: 0,
    };
    let found: Vec<(Table, Tally)> = facts.books.iter().map(|book| (book.table, book.tally)).collect();
    assert_eq!(
        found,
        [
            (Table::Customers, tally(40, 0, 0)),
            (Table::MeterReadings, tally(469, 39, 0)),
            (Table::RegisterReadings, tally(0, 0, 0)),
            (Table::Bills, tally(472, 39, 2)),
            (Table::Payments, tally(459, 84, 0)),
            (Table::Incidents, tally(8, 1, 0)),
            (Table::Plans, tally(96, 8, 0)),
            (Table::Cooperation, tally(14, 1, 0)),
            (Table::EnergyProfiles, tally(6, 0, 0)),
        ]
    );
    assert_eq!(facts.findings, []);
    let active_wh: i64 = facts.rows.iter().map(|row| row.energy.active_wh).sum();
    let billed_fen: i64 = facts.rows.iter().map(|row| row.billing.billed_fen).sum();
    assert_eq!((active_wh, billed_fen), (94_313_007_420, 6_034_649_735));
}

#[test]
fn energies_of_a_spreadsheet_with_thousands_separators_are_summed_with_the_others() {
    let facts = facts();
    let customer = gridtier::index::CustomerIx::new(facts.customers.ids.get("0501000001").unwrap());
    let july = facts.usage.as_ref().unwrap().get(6, customer);
    assert_eq!(july.active_wh, 1_589_760_000);
    let energy = of(&facts, "0501000001").energy;
    assert_eq!((energy.active_wh, energy.reactive_varh), (16_691_480_000, 5_486_224_150));
    let energy = of(&facts, "0501000003").energy;
    assert_eq!((energy.power_factor_attained, energy.power_factor_months), (9, 12));
    let energy = of(&facts, "0501000012").energy;
    assert_eq!((energy.covered_months, energy.active_wh), (10, 114_222_400));
}

#[test]
fn arrears_follow_from_the_receipts_and_reversals_reduce_what_is_due() {
    let facts = facts();
    let found = |id: &str| {
        let billing = of(&facts, id).billing;
        (billing.due_bills, billing.due_fen, billing.on_time_fen, billing.overdue_fen_days)
    };
    assert_eq!(found("0501000018"), (11, 1_956_593, 978_300, 7_050_275), "pays the second half late");
    assert_eq!(found("0501000020"), (11, 3_546_538, 3_546_538, 0), "was billed 60 yuan too much");
    assert_eq!(found("0501000005"), (12, 1_315_016_628, 1_315_016_628, 0), "was billed again");
    assert_eq!(of(&facts, "0501000005").billing.billed_fen, 1_442_832_028);
}

#[test]
fn words_units_and_days_are_what_the_mapping_declares() {
    let facts = facts();

    assert_eq!(
        of(&facts, "0501000033").incidents.violation_points_e6,
        2_669_680,
        "theft of severity 4, seven months ago"
    );
    assert_eq!(of(&facts, "0501000023").incidents.violation_points_e6, 0, "a revoked theft");
    assert_eq!(of(&facts, "0501000002").incidents.fault_customer_minutes, 120 * 45);
    let first = of(&facts, "0501000001");
    assert_eq!(
        (first.cooperation.policy_requests, first.cooperation.policy_share_e6),
        (2, 950_000 + 1_000_000)
    );
    // If 万kWh were read as kWh, almost nothing would be left of the plan.
    assert_eq!(first.plans.plan_months, 12);
    assert!(first.plans.plan_share_e6 > 11_000_000, "{}", first.plans.plan_share_e6);
    let seventh = of(&facts, "0501000007").cooperation;
    assert_eq!((seventh.suggestions, seventh.suggestions_adopted, seventh.work_share_e6), (2, 1, 500_000));
    let number = gridtier::index::index(facts.customers.ids.get("0501000001").unwrap());
    assert_eq!(facts.profiles[number].unwrap().total_kgce, 5_406_000.0, "the later of two audits");
    let customer = &facts.customers.rows[number];
    assert_eq!(
        (customer.supply_level, customer.importance_level, customer.load_class),
        (SupplyLevel::HighVoltage, Some(ImportanceLevel::First), Some(LoadClass::First))
    );
    assert_eq!((customer.power_factor_standard, customer.aged_transformer_area), (Some(90), true));
    assert_eq!(customer.region.as_deref(), Some("示例城西供电所"));
}
