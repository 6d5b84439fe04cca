//! Entitlements by tier: the matrix, the services of a tier, and for each service who has it, why, and what it costs.

use std::fs::File;
use std::sync::Arc;

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier::word::Word as _;
use gridtier_io::cycle;
use gridtier_io::entitle::CycleEntitlements;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::store::StoredCycle;
use gridtier_report::entitlement::{
    Occasion, census_section, costs_table, holders_list, matrix_page, services, tier_section, withheld_note,
};
use gridtier_report::names;
use gridtier_report::section::Section;
use gridtier_report::table::RowRole;
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::{Asked, PageFormat};
use crate::fields::{Choice, choice, look};
use crate::view::View;

/// Number of holders of a service on a page. Files have all of them.
const ROWS: usize = 200;
/// The place of the list of holders among the tables of the page.
const HOLDERS: usize = 2;

/// The page of the whole matrix, or of one tier.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (store, stored) = view.cycle(asked)?;
    let catalogue = cycle::catalogue(&stored)?;
    let number = stored.version;
    let title = text!("Entitlements of cycle {number}", "周期 {number} 的权益");
    if let Some(tier) = asked.field("tier").and_then(Tier::from_code) {
        return Ok(Page::new(title, vec![tier_section(&catalogue, tier)]).led_by(tiers(asked)));
    }
    let Some(customers) = view.customers(&store, &stored, asked.patience())? else {
        return Ok(Page::waiting(title).led_by(tiers(asked)));
    };
    let counted = customers.page(&Default::default(), Default::default(), 0, 0);
    let occasion = Occasion {
        cycle: Some(text!("cycle {number}", "周期 {number}")),
        customers: Some(counted.by_tier),
    };
    let mut sections = matrix_page(&catalogue, &occasion);
    sections.push(Section::of_table(services(&catalogue)));
    Ok(Page::new(title, sections).led_by(tiers(asked)))
}

fn tiers(asked: &Asked) -> Markup {
    html! {
        p.pager {
            a href=(asked.link("/entitlements", &[])) { (asked.lang.pick("All tiers", "全部等级")) }
            @for tier in Tier::ALL {
                a href=(asked.link("/entitlements", &[("tier", tier.code())])) { (names::tier(tier).pick(asked.voice())) }
            }
        }
    }
}

/// The page of a service.
pub fn service(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (store, stored) = view.cycle(asked)?;
    let catalogue = cycle::catalogue(&stored)?;
    let position = asked.field("id").and_then(|id| catalogue.service(id)).ok_or_else(|| {
        WebError::not_found(text!("there is no such service in the catalogue", "权益目录中没有此服务"))
    })?;
    let service = &catalogue.services[position];
    let (id, name, name_zh) = (service.id.clone(), &service.title, &service.title_zh);
    let title = text!("Service {id} {name}", "服务 {id} {name_zh}");
    let Some(customers) = view.customers(&store, &stored, asked.patience())? else {
        return Ok(Page::waiting(title));
    };
    let lead = form(asked, &customers.regions());
    let question = Question {
        tier: asked.field("tier").and_then(Tier::from_code),
        region: asked.field("region").map(str::to_owned),
        purpose: purpose(asked),
        voice: asked.voice(),
    };
    let file = match asked.format() {
        PageFormat::Html => None,
        PageFormat::Csv(place) if place != HOLDERS => None,
        whole => whole.of_file(),
    };
    if let Some(format) = file {
        return Ok(Page::of_file(title, question.file(view, &stored, &catalogue, position, format)?));
    }
    let (named, of) = (format!("{id} {question:?}"), stored.clone());
    let found =
        view.slowly(asked, &stored, named, move |view| question.answer(view, &of, &catalogue, position))?;
    Ok(Page::made(title, found).led_by(lead))
}

/// The purpose of a list. The default is marketing, which omits customers who want no marketing.
fn purpose(asked: &Asked) -> ListPurpose {
    match asked.field("for") {
        Some("operations") => ListPurpose::Operations,
        _ => ListPurpose::Marketing,
    }
}

fn form(asked: &Asked, regions: &[&str]) -> Markup {
    let all = Text::new("all", "全部");
    let tiers: Vec<Choice> =
        Tier::ALL.iter().map(|&tier| (tier.code().to_owned(), names::tier(tier))).collect();
    let regions: Vec<Choice> =
        regions.iter().map(|&region| (region.to_owned(), Text::same(region.to_owned()))).collect();
    let operations: Choice = ("operations".to_owned(), Text::new("operations: everybody", "运营: 全部客户"));
    let marketing = Text::new("marketing: without customers who opted out", "营销: 不含拒绝营销的客户");
    let fields = html! {
        input type="hidden" name="id" value=(asked.field("id").unwrap_or_default());
        (choice(asked, "tier", &Text::new("Tier", "等级"), &all, &tiers))
        (choice(asked, "region", &Text::new("Region", "地区"), &all, &regions))
        (choice(asked, "for", &Text::new("List for", "名单用途"), &marketing, &[operations]))
    };
    look(asked, &fields)
}

/// What the page asks about a service.
#[derive(Debug)]
struct Question {
    tier: Option<Tier>,
    region: Option<String>,
    purpose: ListPurpose,
    voice: Voice,
}

impl Question {
    fn selection(&self, view: &View) -> Selection {
        Selection {
            tiers: self.tier.into_iter().collect(),
            values: vec![("region", self.region.iter().cloned().collect())],
            opted_out: view.settings.opted_out.clone(),
        }
    }

    /// How many have the service, and what it costs.
    fn counted(
        &self,
        view: &View,
        stored: &StoredCycle,
        catalogue: &Catalogue,
        position: usize,
    ) -> Result<Vec<Section>, WebError> {
        let entitlements = CycleEntitlements { cycle: stored, catalogue };
        let selection = self.selection(view);
        let min_count = view.settings.min_count;
        let service = &catalogue.services[position];
        let by = Some("region");
        let (census, statements) = rayon::join(
            || entitlements.census(position, by, &selection),
            || entitlements.statements_of(position, &selection),
        );
        let census = census?;
        let lines = census.lines(min_count);
        let mut costs = costs_table(catalogue, &statements?, min_count);
        // The sums of a tier are those of its only line.
        let last = costs.rows.len().saturating_sub(1);
        let mut place = 0;
        costs.rows.retain(|row| {
            place += 1;
            row.role != RowRole::Total || place > last
        });
        let mut sections =
            vec![census_section(service, &census, &lines, by, self.voice), Section::of_table(costs)];
        sections.extend(withheld_note(min_count));
        Ok(sections)
    }

    fn answer(
        &self,
        view: &View,
        stored: &StoredCycle,
        catalogue: &Catalogue,
        position: usize,
    ) -> Result<Vec<Section>, WebError> {
        let mut sections = self.counted(view, stored, catalogue, position)?;
        let (selection, service) = (self.selection(view), &catalogue.services[position]);
        let entitlements = CycleEntitlements { cycle: stored, catalogue };
        let holders = entitlements.holders(position, &selection, self.purpose, self.voice)?;
        // One row beyond the limit shows that there are more.
        let mut table = holders_list(service, holders).first(ROWS + 1)?;
        let is_cut = table.rows.len() > ROWS;
        table.rows.truncate(ROWS);
        let mut section = Section::of_table(table);
        if is_cut {
            section = section.sentence(
                format!("The first {ROWS} customers by id. The files below have all of them."),
                format!("此处按户号列出前 {ROWS} 户; 下方的文件含全部。"),
            );
        }
        if self.purpose == ListPurpose::Marketing {
            section = section.sentence(WITHOUT_OPTED_OUT.0, WITHOUT_OPTED_OUT.1);
        }
        sections.push(section);
        Ok(sections)
    }

    /// All holders as a file; a workbook has the counts and costs, too.
    fn file(
        &self,
        view: &View,
        stored: &StoredCycle,
        catalogue: &Catalogue,
        position: usize,
        format: ExportFormat,
    ) -> Result<File, WebError> {
        let mut before = Vec::new();
        if format == ExportFormat::Xlsx {
            before = self.counted(view, stored, catalogue, position)?;
            if self.purpose == ListPurpose::Marketing {
                before.push(Section::new().sentence(WITHOUT_OPTED_OUT.0, WITHOUT_OPTED_OUT.1));
            }
        }
        let (selection, service) = (self.selection(view), &catalogue.services[position]);
        let entitlements = CycleEntitlements { cycle: stored, catalogue };
        let holders = entitlements.holders(position, &selection, self.purpose, self.voice)?;
        let list = holders_list(service, holders).about(cycle::about(stored)?);
        Ok(export::unnamed(format, self.voice, &before, list)?)
    }
}

/// Who is missing in a list for marketing.
const WITHOUT_OPTED_OUT: (&str, &str) =
    ("Customers who want no marketing are left out.", "不含拒绝营销的客户。");
