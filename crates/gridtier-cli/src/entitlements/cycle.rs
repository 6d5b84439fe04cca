//! The common part of the commands about a cycle's entitlements: the cycle, its catalogue, and the customers that a
//! result covers.

use std::collections::BTreeSet;
use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::contract::SupplyLevel;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::entitle::{self, CycleEntitlements};
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::customers::use_category;
use gridtier_report::entitlement::{UnmatchedLine, unmatched_note, unmatched_table};
use gridtier_report::format::grouped;
use gridtier_report::names;
use gridtier_report::render::ByteOrderMark;
use gridtier_report::section::Section;

use super::catalogue::load;
use crate::args::{CatalogueArgs, EntitledCycleArgs, FilterArgs, ListArgs, PurposeArg};
use crate::exit::{Failure, USAGE, note};
use crate::lang::Lang;

/// A cycle and the catalogue that is applied to it.
pub struct EntitledCycle {
    pub store: Store,
    pub cycle: StoredCycle,
    pub catalogue: Catalogue,
}

impl EntitledCycle {
    /// Opens the cycle that the command line names.
    pub fn open(args: &EntitledCycleArgs) -> Result<Self, Failure> {
        let store = Store::open(&args.cycle.store)?;
        let cycle = store.cycle(args.cycle.cycle)?;
        let catalogue = catalogue_of(&cycle, &args.catalogue)?;
        Ok(Self { store, cycle, catalogue })
    }

    /// What its customers are entitled to.
    pub fn entitlements(&self) -> CycleEntitlements<'_> {
        CycleEntitlements { cycle: &self.cycle, catalogue: &self.catalogue }
    }

    /// Position of a service in the catalogue.
    pub fn service(&self, id: &str) -> Result<usize, Failure> {
        self.catalogue.service(id).ok_or_else(|| {
            let fix = did_you_mean(id, self.catalogue.services.iter().map(|service| service.id.as_str()));
            Failure::new(
                USAGE,
                text!(
                    "there is no service `{id}` in the catalogue; {fix}",
                    "权益目录中没有服务 `{id}`；{fix}";
                    fix
                ),
            )
        })
    }

    /// The customers that a result covers, and those among them who opted out of marketing. If there is an `export`,
    /// the ids of an opt-out list that are not customers are written beside it.
    pub fn selection(
        &self,
        filter: &FilterArgs,
        opt_out: Option<&Path>,
        export: Option<&Path>,
        lang: Lang,
    ) -> Result<Selection, Failure> {
        self.check_regions(&filter.region)?;
        Ok(Selection {
            tiers: filter.tier.iter().filter_map(|name| Tier::from_code(name)).collect(),
            values: vec![
                ("region", filter.region.clone()),
                ("use_category", filter.use_category.clone()),
                ("supply_level", filter.supply_level.clone()),
            ],
            opted_out: opt_out.map_or(Ok(BTreeSet::new()), |file| self.opted_out(file, export, lang))?,
        })
    }

    /// The ids of an opt-out list. Ids that are not customers are reported, since an id that lost its zeros opts nobody
    /// out.
    fn opted_out(&self, file: &Path, export: Option<&Path>, lang: Lang) -> Result<BTreeSet<String>, Failure> {
        let (known, unmatched) = self.entitlements().matched(entitle::read_ids(file)?)?;
        if !unmatched.is_empty() {
            let lines: Vec<UnmatchedLine> = unmatched
                .iter()
                .map(|id| UnmatchedLine { line: id.line, written: &id.written, likely: id.likely.as_deref() })
                .collect();
            let beside = export.map(|export| export.with_extension("unmatched.csv"));
            if let Some(path) = &beside {
                let table = Section::of_table(unmatched_table(&lines));
                export::write_sections(
                    path,
                    ExportFormat::Csv,
                    Voice::Codes,
                    ByteOrderMark::Written,
                    &[table],
                )?;
            }
            note(&unmatched_note(&lines, beside.as_deref()), lang);
        }
        Ok(known.into_iter().collect())
    }

    /// Refuses a region that no customer has: a typing error would otherwise give an empty answer.
    fn check_regions(&self, asked: &[String]) -> Result<(), Failure> {
        if asked.is_empty() {
            return Ok(());
        }
        let known = self.entitlements().regions()?;
        match asked.iter().find(|region| !known.contains(*region)) {
            None => Ok(()),
            Some(region) => {
                let fix = did_you_mean(region, known.iter().map(String::as_str));
                Err(Failure::new(
                    USAGE,
                    text!(
                        "no customer of the cycle is in region `{region}`; {fix}",
                        "本周期没有地区为 `{region}` 的客户；{fix}";
                        fix
                    ),
                ))
            }
        }
    }
}

/// The opening lines of a file about a cycle: which cycle, which of its customers, and what was left out.
pub fn about(
    entitled: &EntitledCycle,
    filter: &FilterArgs,
    purpose: Option<ListPurpose>,
    min_count: u64,
) -> Result<Vec<(Text, Text)>, Failure> {
    let mut facts = cycle::about(&entitled.cycle)?;
    let Catalogue { name, version, .. } = &entitled.catalogue;
    facts.push((Text::new("Catalogue", "权益目录"), Text::same(format!("{name} {version}"))));
    let tiers = filter.tier.iter().map(|code| names::tier_of_code(code));
    let regions = filter.region.iter().map(|region| Text::same(region.clone()));
    let categories = filter.use_category.iter().map(|code| use_category(code));
    let levels = filter.supply_level.iter().map(|code| SupplyLevel::from_code(code).map(Text::of_word));
    let filters: [(Text, Vec<Text>); 4] = [
        (Text::new("Only tiers", "仅等级"), tiers.collect()),
        (Text::new("Only regions", "仅地区"), regions.collect()),
        (Text::new("Only use categories", "仅用电类别"), categories.collect()),
        (Text::new("Only supply levels", "仅供电层级"), levels.flatten().collect()),
    ];
    let used = filters.into_iter().filter(|(_, values)| !values.is_empty());
    facts.extend(used.map(|(name, values)| (name, Text::join(&values, ", "))));
    facts.extend(purpose.map(|purpose| {
        let made_for = match purpose {
            ListPurpose::Marketing => {
                Text::new("marketing; who wants no marketing is left out", "营销; 不含拒绝营销的客户")
            }
            ListPurpose::Operations => Text::new("operations", "业务"),
        };
        (Text::new("Made for", "用途"), made_for)
    }));
    if min_count > 0 {
        let withheld = text!("of fewer than {min_count} customers", "少于 {min_count} 户的计数");
        facts.push((Text::new("Counts withheld", "不公布"), withheld));
    }
    Ok(facts)
}

/// The catalogue asked for, or the one that the cycle records.
pub fn catalogue_of(cycle: &StoredCycle, args: &CatalogueArgs) -> Result<Catalogue, Failure> {
    match &args.catalogue {
        None => Ok(cycle::catalogue(cycle)?),
        Some(name) => load(name, Some(&cycle::method(cycle)?)),
    }
}

/// The purpose of a list. If an opt-out list is named, the purpose is marketing.
pub fn purpose(args: &ListArgs, usual: ListPurpose) -> ListPurpose {
    match args.purpose {
        Some(PurposeArg::Marketing) => ListPurpose::Marketing,
        Some(PurposeArg::Operations) => ListPurpose::Operations,
        None if args.opt_out.opt_out.is_some() => ListPurpose::Marketing,
        None => usual,
    }
}

/// The number of customers who want no marketing: left out of a list for marketing, or included in one for operations.
pub fn opted_out_text(customers: u64, purpose: ListPurpose) -> Text {
    let count = grouped(customers);
    match (customers, purpose) {
        (0, _) => Text::default(),
        (_, ListPurpose::Marketing) => {
            text!("; left out for wanting no marketing: {count}", "; 拒绝营销而未列入 {count} 户")
        }
        (_, ListPurpose::Operations) => text!(
            "; {count} of the customers want no marketing, which --purpose marketing leaves out",
            "; 其中 {count} 户拒绝营销, 用 --purpose marketing 可将其排除",
        ),
    }
}
