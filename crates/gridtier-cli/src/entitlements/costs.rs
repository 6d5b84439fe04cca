//! The costs of the services in a year, and the fees for them; or those of what was delivered.

use std::path::Path;

use gridtier::text::Text;
use gridtier_io::service::units::{DeliveredUnits, read_units};
use gridtier_report::entitlement::{
    costs_section, costs_table, doubtful, recovered_section, recovered_table, withheld_note,
};
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about};
use super::deliver::{deliver_about, voice};
use crate::args::CostsArgs;
use crate::exit::{Done, Failure, INPUT};

/// Runs `gridtier entitlements costs`.
pub fn run(args: &CostsArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    if let Some(dir) = &args.delivered {
        return recovered(args, dir, &entitled, chosen);
    }
    let statements =
        entitled.entitlements().statements(&entitled.selection(&args.filter, None, None, lang)?)?;
    let min_count = args.withhold.min_count;
    let table = costs_table(&entitled.catalogue, &statements, min_count);
    let mut text = vec![costs_section(&table)];
    text.extend(withheld_note(min_count));
    let about = about(&entitled, &args.filter, None, min_count)?;
    let voice = voice(&args.output, chosen)?;
    deliver_about(&args.output, voice, about, vec![Section::of_table(table)], &text)
}

/// What the services that were delivered cost, and what they brought in.
fn recovered(
    args: &CostsArgs,
    dir: &Path,
    entitled: &EntitledCycle,
    chosen: ChosenLang,
) -> Result<Done, Failure> {
    let EntitledCycle { cycle, catalogue, .. } = entitled;
    let units = read_units(dir, cycle, catalogue).map_err(|what| Failure::new(INPUT, what))?;
    let DeliveredUnits { period, as_of, rows, is_doubtful } = units;
    let table = recovered_table(catalogue, &rows);
    let text = [recovered_section(&table, &period, is_doubtful)];
    let mut about = about(entitled, &args.filter, None, 0)?;
    about.push((Text::new("Delivered in", "服务期间"), Text::same(period)));
    about.push((Text::new("Known as of", "截止日"), Text::same(as_of)));
    about.extend(is_doubtful.then(|| (Text::new("Doubtful", "结果存疑"), doubtful())));
    let voice = voice(&args.output, chosen)?;
    deliver_about(&args.output, voice, about, vec![Section::of_table(table)], &text)
}
