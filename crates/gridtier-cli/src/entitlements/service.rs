//! Who is entitled to a service: counts, and the list.

use gridtier::entitlement::selection::ListPurpose;
use gridtier_io::export;
use gridtier_report::entitlement::{census_section, census_table, holders_list, withheld_note};
use gridtier_report::format::{counted, grouped};
use gridtier_report::render::terminal;
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about, purpose};
use super::deliver::{deliver, list_format, list_voice, mark, people, voice};
use crate::args::{GroupBy, ServiceArgs};
use crate::exit::{Done, Failure};
use crate::lang::Lang;

/// Runs `gridtier entitlements service`.
pub fn run(args: &ServiceArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let position = entitled.service(&args.service)?;
    let service = &entitled.catalogue.services[position];
    let opt_out = args.list.opt_out.opt_out.as_deref();
    let selection = entitled.selection(&args.filter, opt_out, args.output.output.as_deref(), lang)?;
    let by = args.by.map(column);
    let census = entitled.entitlements().census(position, by, &selection)?;
    let lines = census.lines(args.withhold.min_count);
    let people = people(&args.output.format, lang);
    let mut text = vec![census_section(service, &census, &lines, by, people)];
    text.extend(withheld_note(args.withhold.min_count));
    let Some(path) = &args.output.output else {
        let voice = voice(&args.output, chosen)?;
        return deliver(&args.output, voice, &[Section::of_table(census_table(&lines, by, voice))], &text);
    };
    let format = list_format(&args.output.format, path)?;
    let voice = list_voice(&args.output.format, format, chosen);
    let purpose = purpose(&args.list, ListPurpose::Marketing);
    let holders = entitled.entitlements().holders(position, &selection, purpose, voice)?;
    let about = about(&entitled, &args.filter, Some(purpose), 0)?;
    let list = holders_list(service, holders).about(about);
    let rows = export::write_list(path, format, voice, mark(&args.output.format, voice), list)?;
    let listed = match lang {
        Lang::En => format!("\n{}: {}", path.display(), counted(rows, "customer", "customers")),
        Lang::Zh => format!("\n{}: {} 户", path.display(), grouped(rows)),
    };
    let left_out = match (census.entitled().saturating_sub(rows), lang) {
        (0, _) => String::new(),
        (count, Lang::En) => format!("; left out for wanting no marketing: {}", grouped(count)),
        (count, Lang::Zh) => format!("; 拒绝营销而未列入 {} 户", grouped(count)),
    };
    Ok(Done { data: terminal::text(&text, people) + &listed + &left_out + "\n" })
}

/// The column of customers by which counts are grouped.
fn column(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Region => "region",
        GroupBy::UseCategory => "use_category",
        GroupBy::SupplyLevel => "supply_level",
        GroupBy::ImportanceLevel => "importance_level",
        GroupBy::LoadClass => "load_class",
    }
}
