//! Who is entitled to a service: counts, and the list.

use std::fmt::Write as _;

use gridtier::entitlement::census::Census;
use gridtier::entitlement::service::Service;
use gridtier::entitlement::view;
use gridtier::word::Word;
use gridtier_io::export::{self, Table};

use super::cycle::{EntitledCycle, purpose, withheld_note};
use super::deliver::{deliver, list_format, mark, people, words};
use crate::args::{GroupBy, ServiceArgs};
use crate::exit::{Done, Failure};
use crate::grid::grouped;
use crate::lang::Lang;
use crate::sheet::told;

/// Runs `gridtier entitlements service`.
pub fn run(args: &ServiceArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let position = entitled.service(&args.service)?;
    let service = &entitled.catalogue.services[position];
    let selection = entitled.selection(&args.filter, args.list.opt_out.opt_out.as_deref())?;
    let by = args.by.map(column);
    let census = entitled.entitlements().census(position, by, &selection)?;
    let text = counted(args, service, &census, lang)?;
    let words = words(&args.output, lang)?;
    let Some(path) = &args.output.output else {
        let lines = census.lines(args.withhold.min_count);
        return deliver(&args.output, &[view::census(&lines, by, words)], text);
    };
    let batches = entitled.entitlements().holders(position, &selection, purpose(&args.list), words)?;
    let heads: Vec<String> = HOLDERS.iter().map(|(code, en, zh)| words.pick(code, en, zh)).collect();
    let table = Table {
        name: "holders",
        title: &words.pick(&service.title, &service.title, &service.title_zh),
        heads: &heads,
        schema: view::holders_schema(),
        batches: Box::new(batches),
    };
    let format = list_format(&args.output.format, path)?;
    let rows = export::write(path, format, mark(&args.output.format), vec![table])?;
    let listed = match lang {
        Lang::En => format!("\n{}: {} customers", path.display(), grouped(rows)),
        Lang::Zh => format!("\n{}: {} 户", path.display(), grouped(rows)),
    };
    let left_out = match (census.entitled().saturating_sub(rows), lang) {
        (0, _) => String::new(),
        (count, Lang::En) => format!("; {} who want no marketing left out", grouped(count)),
        (count, Lang::Zh) => format!("; 拒绝营销而未列入 {} 户", grouped(count)),
    };
    Ok(Done { data: text + &listed + &left_out + "\n" })
}

/// The counts for a terminal, and by access where nothing is withheld.
fn counted(args: &ServiceArgs, service: &Service, census: &Census, lang: Lang) -> Result<String, Failure> {
    let lines = census.lines(args.withhold.min_count);
    let sheet = view::census(&lines, args.by.map(column), people(&args.output.format, lang));
    let mut text = match lang {
        Lang::En => format!("{} {}: customers entitled\n\n", service.id, service.title),
        Lang::Zh => format!("{} {}: 可享客户数\n\n", service.id, service.title_zh),
    };
    text += &told(&sheet, &["group", "special", "grade-1", "grade-2", "grade-3", "total"])?;
    let accesses: Vec<String> = census
        .by_access
        .iter()
        .rev()
        .map(|(access, count)| format!("{} {}", lang.pick(access.en(), access.zh()), grouped(*count)))
        .collect();
    // A second way to add up the same customers would give away what the first withholds.
    let is_whole = lines.iter().all(|line| line.counts.iter().all(Option::is_some));
    if !accesses.is_empty() && is_whole {
        let _ = writeln!(text, "\n{}", accesses.join(", "));
    }
    Ok(text + &withheld_note(args.withhold.min_count, lang))
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

/// Code, English and Chinese of the columns of a list of holders.
const HOLDERS: [(&str, &str, &str); 9] = [
    ("customer_id", "customer", "户号"),
    ("tier", "tier", "等级"),
    ("use_category", "use category", "用电类别"),
    ("supply_level", "supply level", "供电电压层级"),
    ("region", "region", "地区"),
    ("access", "access", "提供方式"),
    ("terms", "terms", "条款"),
    ("fee", "fee, CNY", "单价（元）"),
    ("reasons", "reasons", "理由"),
];
