//! What the services cost in a year, and what fees bring back.

use arrow_array::BooleanArray;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_select::filter::filter_record_batch;
use gridtier::entitlement::view::{self, Sheet};

use super::cycle::{EntitledCycle, withheld_note};
use super::deliver::{deliver, words};
use crate::args::CostsArgs;
use crate::exit::{Done, Failure};
use crate::lang::Lang;
use crate::sheet::told;

/// Runs `gridtier entitlements costs`.
pub fn run(args: &CostsArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let statements = entitled.entitlements().statements(&entitled.selection(&args.filter, None)?)?;
    let min_count = args.withhold.min_count;
    let sheet = view::statements(&entitled.catalogue, &statements, min_count, words(&args.output, lang)?);
    let mut text = lang
        .pick(
            "A year's services by the catalogue's unit costs, uptakes, fees and capacities\n\n",
            "按目录的单位成本、用量、收费与能力估算的年度服务成本\n\n",
        )
        .to_owned();
    text += &told(
        &without_empty(&sheet)?,
        &["service", "tier", "entitled", "units", "short", "cost", "income", "recovery_rate"],
    )?;
    text += &withheld_note(min_count, lang);
    deliver(&args.output, &[sheet], text)
}

/// The lines with entitled customers, and the sums.
fn without_empty(sheet: &Sheet) -> Result<Sheet, Failure> {
    let entitled =
        sheet.batch.column_by_name("entitled").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(entitled) = entitled else { return Ok(sheet.clone()) };
    let mask: BooleanArray = entitled.iter().map(|count| Some(count != Some(0))).collect();
    let batch = filter_record_batch(&sheet.batch, &mask).map_err(|error| Failure::bug(&error.to_string()))?;
    Ok(Sheet { batch, ..sheet.clone() })
}
