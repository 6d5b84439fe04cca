//! Writes `customers.csv`, with a byte-order mark because people open it in Excel.
//!
//! The planted faulty rows are customers without a row in any other table, so that rejecting one does not reject rows of
//! other tables.

use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::word::Word;

use crate::output::{CsvTableWriter, WrittenTable, cell, date_text};
use crate::population::{SampleCustomer, SampleUtility};
use crate::{DUPLICATES, SampleError};

/// Writes `customers.csv`.
pub fn write(dir: &Path, utility: &SampleUtility) -> Result<WrittenTable, SampleError> {
    let mut written = WrittenTable::new(Table::Customers);
    let mut file = CsvTableWriter::create_for_excel(dir, Table::Customers)?;
    for customer in utility.customers.iter().filter(|customer| customer.is_listed) {
        file.write(&row(customer))?;
    }
    if utility.has_faults() {
        plant(&mut file, &mut written, utility)?;
    }
    written.rows = file.close()?;
    Ok(written)
}

fn row(customer: &SampleCustomer) -> Vec<String> {
    vec![
        customer.id.clone(),
        customer.category.code().to_owned(),
        customer.supply_level.code().to_owned(),
        cell(customer.region),
        cell(customer.capacity_kva),
        cell(customer.power_factor_standard.map(|hundredths| format!("0.{hundredths}"))),
        cell(customer.importance_level.map(Word::code)),
        cell(customer.load_class.map(Word::code)),
        date_text(customer.opened_on),
        cell(customer.closed_on.map(date_text)),
        customer.aged_transformer_area.to_string(),
        // Most systems record only who opted out.
        cell(customer.marketing_opt_out.then_some(true)),
    ]
}

fn plant(
    file: &mut CsvTableWriter,
    written: &mut WrittenTable,
    utility: &SampleUtility,
) -> Result<(), SampleError> {
    let bad_enum =
        ["0598000001", "industry", "low_voltage", "云陂区", "50", "", "", "", "2011-06-01", "", "false", ""];
    file.plant(written, Rule::BadEnum.code(), &bad_enum)?;
    let bad_date = [
        "0598000002",
        "residential",
        "residential",
        "望麓区",
        "8",
        "",
        "",
        "",
        "2019-02-30",
        "",
        "false",
        "",
    ];
    file.plant(written, Rule::BadDate.code(), &bad_date)?;
    if let Some(customer) = utility.target(0) {
        written.plant(DUPLICATES, 1);
        file.write(&row(customer))?;
    }
    Ok(())
}
