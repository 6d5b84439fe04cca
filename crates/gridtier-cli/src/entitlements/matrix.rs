//! The matrix of tiers and services, of a cycle or of a catalogue alone; and what one tier gets.

use std::path::Path;

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::view::{self, Words};
use gridtier::method::Tier;
use gridtier::word::Word;
use gridtier_io::cycle::Manifest;
use gridtier_io::entitle::CycleEntitlements;
use gridtier_io::export::{self, Failure as Unwritten, Occasion};
use gridtier_io::store::{Store, StoredCycle};

use super::Tongue;
use super::catalogue::load;
use super::cycle::catalogue_of;
use super::deliver::{deliver, format, people, wrote};
use crate::args::{MatrixArgs, OptionalCycleArgs, OutputArgs, TableFormat, TierArgs};
use crate::exit::{Done, Failure};
use crate::grid;
use crate::lang::Lang;
use crate::sheet::told;
use crate::summary::tier_name;

/// The cycle that the command line names, if any, and the catalogue.
fn opened(args: &OptionalCycleArgs) -> Result<(Option<StoredCycle>, Catalogue), Failure> {
    let Some(store) = &args.store else {
        return Ok((None, load(args.catalogue.catalogue.as_deref().unwrap_or("paper"), None)?));
    };
    let cycle = Store::open(store)?.cycle(args.cycle)?;
    let catalogue = catalogue_of(&cycle, &args.catalogue)?;
    Ok((Some(cycle), catalogue))
}

/// The words of the matrix: CSV is for a program, unless somebody says in which language to read it.
fn words(args: &OutputArgs, format: TableFormat, tongue: Tongue) -> Words {
    match format {
        TableFormat::Json | TableFormat::Parquet => Words::Codes,
        TableFormat::Csv if !tongue.is_asked && !args.format.bilingual => Words::Codes,
        _ => people(&args.format, tongue.lang),
    }
}

/// The whole matrix.
pub fn whole(args: &MatrixArgs, tongue: Tongue) -> Result<Done, Failure> {
    let (cycle, catalogue) = opened(&args.cycle)?;
    let format = format(&args.output)?;
    let words = words(&args.output, format, tongue);
    if format == TableFormat::Html {
        return page(args.output.output.as_deref(), &catalogue, cycle.as_ref(), words);
    }
    let sheets = match format {
        // One table holds it all for programs; people get the matrix first.
        TableFormat::Parquet => vec![view::cells(&catalogue, &Tier::ALL, words)],
        TableFormat::Csv => vec![view::matrix(&catalogue, words)],
        _ => vec![
            view::matrix(&catalogue, words),
            view::cells(&catalogue, &Tier::ALL, words),
            view::services(&catalogue, words),
            view::combinations(&catalogue, words),
        ],
    };
    let mut text = format!(
        "{}: {} {}\n\n",
        tongue.lang.pick("Entitlement matrix", "客户分级服务矩阵"),
        catalogue.name,
        catalogue.version
    );
    text += &told(&sheets[0], &["service", "title", "special", "grade-1", "grade-2", "grade-3"])?;
    text += &footnotes(&catalogue, people(&args.output.format, tongue.lang), tongue.lang);
    deliver(&args.output, &sheets, text)
}

/// What a tier gets of every service.
pub fn of_tier(args: &TierArgs, tongue: Tongue) -> Result<Done, Failure> {
    let (_, catalogue) = opened(&args.cycle)?;
    let words = words(&args.output, format(&args.output)?, tongue);
    let tiers: Vec<Tier> = Tier::from_code(&args.tier).into_iter().collect();
    let sheet = view::cells(&catalogue, &tiers, words);
    let mut text = String::new();
    for tier in tiers {
        let name = tier_name(tier, tongue.lang);
        text += &match tongue.lang {
            Lang::En => format!("Services of tier {name}: {} {}\n\n", catalogue.name, catalogue.version),
            Lang::Zh => format!("{name}客户的服务: {} {}\n\n", catalogue.name, catalogue.version),
        };
    }
    text += &told(&sheet, &["service", "title", "access", "fee", "subsidy_share", "cadence", "condition"])?;
    deliver(&args.output, &[sheet], text)
}

/// What the marks in the matrix stand for.
fn footnotes(catalogue: &Catalogue, words: Words, lang: Lang) -> String {
    let conditions = catalogue.services.iter().filter_map(|service| {
        let condition = service.condition.as_ref()?;
        Some(format!("{}: {}", service.id, view::condition_words(catalogue, condition, words)))
    });
    let opened = catalogue.services.iter().filter_map(|service| {
        Some(format!("{}: {}", service.id, view::opened_to(catalogue, service, words)?))
    });
    footnote("*", lang.pick("only if", "适用条件"), conditions.collect())
        + &footnote("†", lang.pick("whatever the tier", "不分等级开放"), opened.collect())
}

fn footnote(mark: &str, title: &str, lines: Vec<String>) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{mark} {title}\n{}", grid::list(lines)) }
}

/// The matrix as one page, with the customers of the cycle by tier.
fn page(
    output: Option<&Path>,
    catalogue: &Catalogue,
    cycle: Option<&StoredCycle>,
    words: Words,
) -> Result<Done, Failure> {
    let mut occasion = Occasion::default();
    if let Some(cycle) = cycle {
        let end = Manifest::read(cycle)?.window.end;
        let name = words.pick("cycle", "cycle", "周期");
        occasion.cycle = Some(format!("{name} {} ({end}-01)", cycle.version));
        occasion.customers = Some(CycleEntitlements { cycle, catalogue }.customers_by_tier()?);
    }
    match output {
        None => {
            let mut bytes = Vec::new();
            export::matrix_page(&mut bytes, catalogue, &occasion, words)
                .map_err(|failure| failure.at(Path::new("stdout")))?;
            Ok(Done { data: String::from_utf8_lossy(&bytes).into_owned() })
        }
        Some(path) => {
            let written = export::whole(path, |file| export::matrix_page(file, catalogue, &occasion, words));
            written.map_err(|failure: Unwritten| failure.at(path))?;
            Ok(wrote(path, None))
        }
    }
}
