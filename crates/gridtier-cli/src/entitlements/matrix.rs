//! The matrix of tiers and services, of a cycle or of a catalogue alone; and what one tier gets.

use gridtier::entitlement::Catalogue;
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_io::cycle::{self, Manifest};
use gridtier_io::entitle::CycleEntitlements;
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::entitlement::{
    Occasion, cells, combinations, matrix, matrix_page, matrix_sections, services, tier_section,
};
use gridtier_report::section::Section;

use super::ChosenLang;
use super::catalogue::load;
use super::cycle::catalogue_of;
use super::deliver::{deliver, deliver_about, format, voice};
use crate::args::{MatrixArgs, OptionalCycleArgs, TableFormat, TierArgs};
use crate::exit::{Done, Failure};

/// The cycle that the command line names, if any, and the catalogue.
fn opened(args: &OptionalCycleArgs) -> Result<(Option<StoredCycle>, Catalogue), Failure> {
    let Some(store) = &args.store else {
        return Ok((None, load(args.catalogue.catalogue.as_deref().unwrap_or("paper"), None)?));
    };
    let cycle = Store::open(store)?.cycle(args.cycle)?;
    let catalogue = catalogue_of(&cycle, &args.catalogue)?;
    Ok((Some(cycle), catalogue))
}

/// The whole matrix.
pub fn whole(args: &MatrixArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let (cycle, catalogue) = opened(&args.cycle)?;
    let format = format(&args.output)?;
    let sections = match format {
        TableFormat::Html => matrix_page(&catalogue, &occasion(&catalogue, cycle.as_ref())?),
        // Programs get one table with everything; people get the matrix first.
        TableFormat::Parquet => vec![Section::of_table(cells(&catalogue, &Tier::ALL))],
        TableFormat::Csv => vec![Section::of_table(matrix(&catalogue))],
        TableFormat::Text | TableFormat::Json | TableFormat::Xlsx => vec![
            Section::of_table(matrix(&catalogue)),
            Section::of_table(cells(&catalogue, &Tier::ALL)),
            Section::of_table(services(&catalogue)),
            Section::of_table(combinations(&catalogue)),
        ],
    };
    let voice = voice(&args.output, chosen)?;
    let text = matrix_sections(&catalogue);
    match (cycle, format) {
        (Some(cycle), TableFormat::Xlsx) => {
            deliver_about(&args.output, voice, cycle::about(&cycle)?, sections, &text)
        }
        _ => deliver(&args.output, voice, &sections, &text),
    }
}

/// What a tier gets of every service.
pub fn of_tier(args: &TierArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let (_, catalogue) = opened(&args.cycle)?;
    let voice = voice(&args.output, chosen)?;
    let tiers: Vec<Tier> = Tier::from_code(&args.tier).into_iter().collect();
    let text: Vec<Section> = tiers.iter().map(|&tier| tier_section(&catalogue, tier)).collect();
    deliver(&args.output, voice, &[Section::of_table(cells(&catalogue, &tiers))], &text)
}

/// The cycle whose matrix a page shows, and its customers by tier.
fn occasion(catalogue: &Catalogue, cycle: Option<&StoredCycle>) -> Result<Occasion, Failure> {
    let Some(cycle) = cycle else { return Ok(Occasion::default()) };
    let (version, end) = (cycle.version, Manifest::read(cycle)?.window.end);
    Ok(Occasion {
        cycle: Some(Text::new(format!("cycle {version} ({end}-01)"), format!("周期 {version} ({end}-01)"))),
        customers: Some(CycleEntitlements { cycle, catalogue }.customers_by_tier()?),
    })
}
