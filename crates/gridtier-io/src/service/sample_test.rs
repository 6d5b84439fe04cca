//! The faults that are planted in the service log of the sample are found, and no others.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use gridtier::contract::rule::{Rule, Severity};
use gridtier::contract::{Table, UseCategory};
use gridtier::customer;
use gridtier::entitlement::{Catalogue, condition};
use gridtier::source::TableBook;
use gridtier_sample::{DUPLICATES, OUT_OF_WINDOW, PlantedFault, SampleFaults, SampleSpec};
use gridtier_service::base::{Base, Member};
use gridtier_service::period::{Period, Run};
use gridtier_service::policy::Policy;
use gridtier_service::read::{self, Reading};

use crate::folder::DataFolder;

/// The customers of a data folder, all open and ungraded.
fn base(data: &Path) -> Base {
    let folder = DataFolder::open_tables(data, &[Table::Customers]).unwrap();
    let ids = customer::read(&folder, &mut TableBook::new(Table::Customers)).unwrap().ids;
    let member = Member {
        opened_on: 0,
        closed_on: None,
        use_category: UseCategory::Other,
        region: None,
        area: None,
        tier: None,
        opted_out: false,
        annual_energy_kwh: None,
        average_price: None,
    };
    let names = StringArray::from_iter_values((0..).take(ids.len()).map(|number| ids.key(number)));
    let columns = RecordBatch::try_from_iter([("customer_id", Arc::new(names) as ArrayRef)]).unwrap();
    let members = vec![member; ids.len()];
    Base { ids, members, regions: Vec::new(), columns, fields: condition::fields(&[]) }
}

/// What a sample plants, and what became of its rows in a report on the last month of its window.
fn read_sample(faults: SampleFaults) -> (Vec<PlantedFault>, Vec<TableBook>) {
    let dir = tempfile::tempdir().unwrap();
    let spec = SampleSpec { customers: 400, faults, ..SampleSpec::demo() };
    let [data, service] = ["data", "service"].map(|name| dir.path().join(name));
    gridtier_sample::write(&data, &spec).unwrap();
    let planted = gridtier_sample::write_service(&service, &spec).unwrap().faults;
    let (base, folder) = (base(&data), super::open(&service).unwrap());
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let run = Run::new(Period::parse("2025-12").unwrap(), None).unwrap();
    let policy = Policy::shipped("paper", &catalogue).unwrap().unwrap();
    let reading = Reading { source: &folder, base: &base, catalogue: &catalogue, policy: &policy, run };
    (planted, read::read(reading).unwrap().books)
}

#[test]
fn faults_planted_in_a_service_log_are_found_as_planted() {
    let (planted, books) = read_sample(SampleFaults::Few);
    for book in &books {
        let table = book.table;
        let planted = |rule: &str| {
            let of_rule = planted.iter().filter(|fault| fault.table == table && fault.rule == rule);
            of_rule.map(|fault| fault.rows).sum::<u64>()
        };
        assert_eq!(book.tally.duplicates, planted(DUPLICATES), "{table}");
        assert_eq!(book.tally.out_of_window, planted(OUT_OF_WINDOW), "{table}");
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in &book.rejects {
            *found.entry(reject.rule.code()).or_default() += 1;
        }
        for rule in Rule::all().filter(|rule| rule.severity() == Severity::Error) {
            assert_eq!(found.get(rule.code()).copied().unwrap_or(0), planted(rule.code()), "{table} {rule}");
        }
    }
}

#[test]
fn a_clean_service_log_has_no_reject() {
    let (_, books) = read_sample(SampleFaults::None);
    for book in books {
        assert!(book.present && book.rejects.is_empty(), "{}", book.table);
        assert!(book.noticed.is_empty(), "{} {:?}", book.table, book.noticed);
    }
}
