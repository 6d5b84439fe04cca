//! What the answers about a cycle have in common: the cycle, its catalogue, and whom they are about.

use std::collections::BTreeSet;
use std::path::Path;

use gridtier::checked_toml::did_you_mean;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::entitle::{self, CycleEntitlements};
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::format::grouped;

use super::catalogue::load;
use crate::args::{CatalogueArgs, EntitledCycleArgs, FilterArgs, ListArgs, PurposeArg};
use crate::exit::{Failure, USAGE, say};

/// A cycle and the catalogue by which it is asked.
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
            Failure::new(USAGE, format!("there is no service `{id}` in the catalogue; {fix}"))
        })
    }

    /// The customers that an answer is about, and who of them has opted out of marketing.
    pub fn selection(&self, filter: &FilterArgs, opt_out: Option<&Path>) -> Result<Selection, Failure> {
        self.check_regions(&filter.region)?;
        Ok(Selection {
            tiers: filter.tier.iter().filter_map(|name| Tier::from_code(name)).collect(),
            values: vec![
                ("region", filter.region.clone()),
                ("use_category", filter.use_category.clone()),
                ("supply_level", filter.supply_level.clone()),
            ],
            opted_out: opt_out.map_or(Ok(BTreeSet::new()), |file| self.opted_out(file))?,
        })
    }

    /// The ids of an opt-out list. Those that are no customers are reported: an id that lost its zeros opts nobody out.
    fn opted_out(&self, file: &Path) -> Result<BTreeSet<String>, Failure> {
        let ids: BTreeSet<String> = entitle::read_ids(file)?.into_iter().collect();
        let unknown = self.entitlements().unknown_ids(&ids)?;
        if unknown > 0 {
            let unknown = grouped(count(unknown));
            say(&format!("gridtier: {unknown} ids of the opt-out list are no customers of the cycle"));
        }
        Ok(ids)
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
                Err(Failure::new(USAGE, format!("no customer of the cycle is in region `{region}`; {fix}")))
            }
        }
    }
}

/// The catalogue asked for, or the one that the cycle records.
pub fn catalogue_of(cycle: &StoredCycle, args: &CatalogueArgs) -> Result<Catalogue, Failure> {
    match &args.catalogue {
        None => Ok(cycle::catalogue(cycle)?),
        Some(name) => load(name, Some(&cycle::method(cycle)?)),
    }
}

/// What a list is made for.
pub fn purpose(args: &ListArgs) -> ListPurpose {
    match args.purpose {
        PurposeArg::Marketing => ListPurpose::Marketing,
        PurposeArg::Operations => ListPurpose::Operations,
    }
}
