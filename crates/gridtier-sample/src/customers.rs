//! Writes `customers.csv`: the one table that people open, so text with a mark that Excel understands.
//!
//! Who is in it is decided by the population; the planted rows are customers that no other table knows, so that a
//! rejected customer does not take good rows along.

use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;

use crate::output::{CsvFile, Written, cell, date_text};
use crate::population::{Customer, Utility};
use crate::{DUPLICATES, SampleError};

pub fn write(dir: &Path, utility: &Utility) -> Result<Written, SampleError> {
    let mut written = Written::new(Table::Customers);
    let mut file = CsvFile::create_for_excel(dir, Table::Customers)?;
    for customer in &utility.customers {
        file.write(&row(customer))?;
    }
    if utility.has_faults() {
        plant(&mut file, &mut written, utility)?;
    }
    written.rows = file.close()?;
    Ok(written)
}

fn row(customer: &Customer) -> Vec<String> {
    vec![
        customer.id.clone(),
        customer.category().name.to_owned(),
        customer.supply_level.to_owned(),
        cell(customer.region),
        cell(customer.capacity_kva),
        cell(customer.power_factor_standard.map(|hundredths| format!("0.{hundredths}"))),
        cell(customer.importance_level),
        cell(customer.load_class),
        date_text(customer.opened_on),
        cell(customer.closed_on.map(date_text)),
        customer.aged_transformer_area.to_string(),
        // Most systems note only who has said so.
        cell(customer.marketing_opt_out.then_some(true)),
    ]
}

fn plant(file: &mut CsvFile, written: &mut Written, utility: &Utility) -> Result<(), SampleError> {
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
