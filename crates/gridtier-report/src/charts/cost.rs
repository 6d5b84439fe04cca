//! The cost of services, and the fees for them.

use crate::chart::{Axis, Bars, Chart, Plot};
use crate::table::{ColumnFormat, DataTable};
use gridtier::text::Text;

/// Cost and fees of each service, from a table with the service, its cost and its fees.
#[must_use]
pub fn costs(table: DataTable) -> Chart {
    let axis = Axis::new(Text::new("CNY a year", "元/年"), ColumnFormat::Integer);
    Chart::new(
        Text::coded("service_costs", "Cost of services, and fees for them", "各项服务的成本与收费"),
        Text::new(
            "Two bars for each service: its cost in a year and the fees that customers pay for it. A service without a second \
             bar is free of charge. A dash means that the number is withheld, since it covers too few customers.",
            "每项服务两条：年度成本与收费。没有第二条的为免费服务；短横表示客户过少不予公布。",
        ),
        Plot::Bars(Bars::of_table(&table, axis)),
        table,
    )
    .for_pages()
}
