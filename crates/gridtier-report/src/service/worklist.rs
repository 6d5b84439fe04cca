//! The work list of the month after the period: whom to visit, call or invite.

use std::collections::BTreeMap;

use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::Month;
use gridtier::word::Word as _;
use gridtier_service::base::Base;
use gridtier_service::delivered::Delivered;
use gridtier_service::due::DueReasonIx;
use gridtier_service::group::{UNGRADED, UNKNOWN};
use gridtier_service::period::Run;
use gridtier_service::policy::Policy;
use gridtier_service::time::Second;

use super::head::not_measured;
use super::words;
use crate::format::grouped;
use crate::names;
use crate::section::{Block, Extent, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// A work list with the names of its services, reasons and customers. It is shown without the log that it was made from.
#[derive(Clone, Debug)]
pub struct NamedWorkList {
    month: Month,
    /// The titles of the services of the catalogue, and their ids.
    services: Vec<(String, Text)>,
    reasons: BTreeMap<DueReasonIx, Text>,
    lines: Vec<WorkLine>,
}

/// A line of a work list.
#[derive(Clone, Debug)]
struct WorkLine {
    /// Its place in the whole list, from 1.
    position: u32,
    reason: DueReasonIx,
    service: u32,
    due_by: Second,
    customer: Option<Box<str>>,
    key: Box<str>,
    tier: Option<Tier>,
    overdue: bool,
    within_capacity: bool,
}

/// What a line's tier can be: a tier, none, or that of an appointment without a customer, if there is one.
fn tiers_of<'l>(mut lines: impl Iterator<Item = &'l WorkLine>) -> Vec<&'static str> {
    let unknown = lines.any(|line| line.customer.is_none()).then_some(UNKNOWN);
    Tier::ALL.iter().map(|tier| tier.code()).chain([UNGRADED]).chain(unknown).collect()
}

/// Which lines of a work list are shown: those of these services and tiers. Empty: of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkFilter {
    /// Ids of services.
    pub services: Vec<String>,
    /// Tiers of customers.
    pub tiers: Vec<Tier>,
}

impl WorkFilter {
    /// Whether every line is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.tiers.is_empty()
    }

    /// The services that a catalogue lacks.
    pub fn unknown_services<'a>(&'a self, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a str> {
        self.services.iter().map(String::as_str).filter(|id| catalogue.service(id).is_none())
    }
}

/// How a work list is shown.
#[derive(Clone, Copy, Debug)]
pub struct WorkListShown<'a> {
    /// Which lines.
    pub filter: &'a WorkFilter,
    /// Whether customers may be named.
    pub names_customers: bool,
    /// Maximum number of rows of the list.
    pub most_rows: usize,
    /// Where the other rows are.
    pub extent: Extent,
}

/// The sections of a work list that cannot be made, because the log has no table of deliveries.
#[must_use]
pub fn absent(run: Run) -> Vec<Section> {
    vec![not_measured(heading(run.period.last.plus(1)), &[Table::Deliveries])]
}

fn heading(month: Month) -> Text {
    text!("Work list of {month}", "{month} 工作清单")
}

impl NamedWorkList {
    /// The work list among the figures of a run.
    #[must_use]
    pub fn of(base: &Base, catalogue: &Catalogue, policy: &Policy, run: Run, figures: &Delivered) -> Self {
        let mut reasons = BTreeMap::new();
        let lines = (1..).zip(&figures.worklist).map(|(position, row)| {
            reasons
                .entry(row.reason)
                .or_insert_with(|| words::reason(figures.reasons.reason(row.reason), policy));
            WorkLine {
                position,
                reason: row.reason,
                service: u32::try_from(row.service).unwrap_or(u32::MAX),
                due_by: row.due_by,
                customer: row.customer.map(|customer| base.id(customer).into()),
                key: row.key.clone(),
                tier: row.tier,
                overdue: row.overdue,
                within_capacity: row.within_capacity,
            }
        });
        let lines = lines.collect();
        let services = catalogue.services.iter().enumerate();
        let services =
            services.map(|(place, service)| (service.id.clone(), words::service(catalogue, place))).collect();
        Self { month: run.period.last.plus(1), services, reasons, lines }
    }

    /// The services that lines ask for, by id with their titles.
    #[must_use]
    pub fn services(&self) -> Vec<(&str, &Text)> {
        let mut is_there = vec![false; self.services.len()];
        for line in &self.lines {
            if let Some(there) = usize::try_from(line.service).ok().and_then(|at| is_there.get_mut(at)) {
                *there = true;
            }
        }
        let services = self.services.iter().zip(is_there).filter(|(_, there)| *there);
        services.map(|((id, title), _)| (id.as_str(), title)).collect()
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts =
            self.lines.iter().map(|line| line.key.len() + line.customer.as_ref().map_or(0, |id| id.len()));
        self.lines.len() * size_of::<WorkLine>() + texts.sum::<usize>()
    }

    fn service(&self, line: &WorkLine) -> Option<&(String, Text)> {
        usize::try_from(line.service).ok().and_then(|place| self.services.get(place))
    }

    /// The lines that a filter keeps.
    fn kept<'a>(&'a self, filter: &'a WorkFilter) -> impl Iterator<Item = &'a WorkLine> {
        let of_service = self.lines.iter().filter(move |line| {
            filter.services.is_empty()
                || self.service(line).is_some_and(|(id, _)| filter.services.contains(id))
        });
        of_service.filter(move |line| {
            filter.tiers.is_empty() || line.tier.is_some_and(|tier| filter.tiers.contains(&tier))
        })
    }

    /// The sections of the list.
    #[must_use]
    pub fn sections(&self, shown: WorkListShown<'_>) -> Vec<Section> {
        let lines = || self.kept(shown.filter);
        let all = lines().count();
        let overdue = grouped(count(lines().filter(|line| line.overdue).count()));
        let beyond = grouped(count(lines().filter(|line| !line.within_capacity).count()));
        let number = grouped(count(all));
        let mut sum = Section::titled(heading(self.month));
        if !shown.filter.is_empty() {
            sum = sum.with(Block::Facts(self.chosen(shown.filter)));
        }
        let sum = sum
            .with(Block::Sentence(text!(
                "{number} to do: {overdue} of them overdue, {beyond} beyond the month's capacity.",
                "共 {number} 项，其中逾期 {overdue} 项，超出当月能力 {beyond} 项。"
            )))
            .table(self.by_service(shown));
        if !shown.names_customers || all == 0 {
            return vec![sum];
        }
        let whom = Section::titled(text!("Whom to visit, call or invite", "走访、回访和邀请名单"));
        let whom = match shown.extent {
            Extent::Browsed { .. } => whom.sentence(
                "Best tiers first, of each what is overdue first. Choose a service or a tier above.",
                "等级高的在前，同等级逾期的在前。可在上方选择服务或等级。",
            ),
            _ => whom.sentence(
                "Best tiers first, of each what is overdue first. A file .csv has the whole list, as the workbook does.",
                "等级高的在前，同等级逾期的在前。.csv 文件和工作簿含完整名单。",
            ),
        };
        let more = Block::rows_left_out(all.saturating_sub(shown.most_rows), shown.extent);
        vec![sum, whom.table(self.list(shown.filter, shown.most_rows)).with_all(more)]
    }

    /// What was chosen by a filter.
    fn chosen(&self, filter: &WorkFilter) -> Vec<(Text, Text)> {
        let services = filter.services.iter().map(|id| {
            let known = self.services.iter().find(|(known, _)| known == id);
            (
                Text::new("service", "服务"),
                known.map_or_else(|| Text::same(id.clone()), |(_, title)| title.clone()),
            )
        });
        let tiers = filter.tiers.iter().map(|&tier| (Text::new("tier", "等级"), names::tier(tier)));
        services.chain(tiers).collect()
    }

    /// The customers of the list, one row for each thing to do.
    #[must_use]
    pub fn list(&self, filter: &WorkFilter, most_rows: usize) -> DataTable {
        DataTable::new(
            Text::coded("worklist", "Whom to visit, call or invite", "走访、回访和邀请名单"),
            vec![
                words::count("position", "no.", "序号"),
                words::customer_column(),
                words::tier_column(),
                words::text("service", "service", "服务"),
                words::text("reason", "why", "依据"),
                words::text("due_by", "due by", "期限"),
                DataColumn::new(ColumnFormat::YesNo, "overdue", "overdue", "逾期"),
                DataColumn::new(ColumnFormat::YesNo, "within_capacity", "within capacity", "能力之内"),
                words::id("key", "key", "编码").as_detail(),
            ],
            self.kept(filter).take(most_rows).map(|line| {
                let customer = line.customer.as_deref();
                vec![
                    DataCell::Integer(line.position.into()),
                    customer.map_or(DataCell::Missing, |id| DataCell::same(id.to_owned())),
                    customer.map_or(DataCell::Missing, |_| words::tier_cell(line.tier)),
                    self.service_cell(line),
                    self.reason_cell(line.reason),
                    words::deadline(line.due_by),
                    DataCell::YesNo(line.overdue),
                    DataCell::YesNo(line.within_capacity),
                    DataCell::same(line.key.to_string()),
                ]
            }),
        )
    }

    fn service_cell(&self, line: &WorkLine) -> DataCell {
        self.service(line).map_or(DataCell::Missing, |(_, title)| DataCell::Text(title.clone()))
    }

    fn reason_cell(&self, reason: DueReasonIx) -> DataCell {
        self.reasons.get(&reason).map_or(DataCell::Missing, |name| DataCell::Text(name.clone()))
    }

    /// How much there is to do of each service, and for which tiers.
    fn by_service(&self, shown: WorkListShown<'_>) -> DataTable {
        let mut counts: BTreeMap<_, (&WorkLine, [i64; 3], Vec<i64>)> = BTreeMap::new();
        let tiers = if shown.names_customers { tiers_of(self.kept(shown.filter)) } else { Vec::new() };
        for line in self.kept(shown.filter) {
            let (_, count, by_tier) = counts
                .entry((line.service, line.reason))
                .or_insert_with(|| (line, [0; 3], vec![0; tiers.len()]));
            let without = if line.customer.is_some() { UNGRADED } else { UNKNOWN };
            let of_line = line.tier.map_or(without, |tier| tier.code());
            if let Some(place) = tiers.iter().position(|tier| *tier == of_line) {
                by_tier[place] += 1;
            }
            count[0] += 1;
            count[1] += i64::from(line.overdue);
            count[2] += i64::from(!line.within_capacity);
        }
        let mut columns = vec![
            words::text("service", "service", "服务"),
            words::text("reason", "why", "依据"),
            words::count("items", "to do", "应做"),
            words::count("overdue", "overdue", "逾期"),
        ];
        let beyond = words::count("beyond_capacity", "beyond capacity", "超出能力");
        // A terminal has no room for a column of zeros.
        let is_any = counts.values().any(|(_, count, _)| count[2] > 0);
        columns.push(if is_any { beyond } else { beyond.as_detail() });
        columns.extend(tiers.iter().map(|&tier| {
            let Text { en, zh, .. } = words::tier(tier);
            DataColumn::new(ColumnFormat::Integer, tier, en, zh)
        }));
        DataTable::new(
            Text::coded("worklist_by_service", "Work by service", "各项服务工作量"),
            columns,
            counts.into_iter().map(|((_, reason), (line, sums, by_tier))| {
                let names = [self.service_cell(line), self.reason_cell(reason)];
                let counts = sums.into_iter().chain(by_tier).map(DataCell::Integer);
                names.into_iter().chain(counts).collect()
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use gridtier::text::Lang;

    use super::*;
    use crate::render::terminal;
    use crate::service::fixture::LogScene;

    /// The work list of two customers of different tiers, to whom nothing was delivered.
    fn list() -> NamedWorkList {
        let scene = LogScene::without_a_delivery();
        let view = scene.view();
        NamedWorkList::of(view.base, view.catalogue, view.policy, view.run, &scene.delivered().unwrap())
    }

    fn shown(filter: &WorkFilter) -> WorkListShown<'_> {
        WorkListShown { filter, names_customers: true, most_rows: 20, extent: Extent::Brief }
    }

    #[test]
    fn the_list_names_who_is_to_be_visited_and_until_when() {
        let (list, all) = (list(), WorkFilter::default());
        let sections = list.sections(shown(&all));
        let text = terminal::text(&sections, Lang::En.into());
        assert!(text.contains("Work list of 2026-06") && text.contains("2026-06-30"), "{text}");
        let rows = &sections[1].tables().next().unwrap().rows;
        assert_eq!(rows.len(), list.lines.len());
        assert_eq!(rows[0].cells[1], DataCell::same("c00"));
        let unnamed = list.sections(WorkListShown { names_customers: false, ..shown(&all) });
        assert_eq!(unnamed.len(), 1);
    }

    #[test]
    fn the_counts_by_tier_add_up_with_customers_who_have_none() {
        let mut list = list();
        list.lines[0].tier = None;
        let table = list.by_service(shown(&WorkFilter::default()));
        let place =
            |code: &str| table.columns.iter().position(|column| column.title.code.as_deref() == Some(code));
        let (all, first) = (place("items").unwrap(), place(Tier::ALL[0].code()).unwrap());
        assert!(place(UNGRADED).is_some() && place(UNKNOWN).is_none());
        let count = |cell: &DataCell| if let DataCell::Integer(count) = cell { *count } else { 0 };
        for row in &table.rows {
            let by_tier: i64 = row.cells[first..].iter().map(count).sum();
            assert_eq!(by_tier, count(&row.cells[all]));
        }
    }

    #[test]
    fn a_filter_keeps_the_lines_of_its_services_and_tiers_in_their_places() {
        let list = list();
        let lines = |services: &[&str], tiers: &[Tier]| {
            let services = services.iter().map(|&id| id.to_owned()).collect();
            let filter = WorkFilter { services, tiers: tiers.to_vec() };
            list.kept(&filter).map(|line| line.position).collect::<Vec<_>>()
        };
        let all = lines(&[], &[]);
        assert!(!all.is_empty());
        let there: Vec<&str> = list.services().into_iter().map(|(id, _)| id).collect();
        assert_eq!(lines(&there, &Tier::ALL), all);
        assert_eq!(lines(&["none"], &[]), [0_u32; 0]);
        let tier = list.lines[0].tier.unwrap();
        let others: Vec<Tier> = Tier::ALL.iter().copied().filter(|other| *other != tier).collect();
        let (own, others) = (lines(&[], &[tier]), lines(&[], &others));
        assert_eq!(own[0], 1);
        let ungraded = list.lines.iter().filter(|line| line.tier.is_none()).count();
        assert_eq!(own.len() + others.len() + ungraded, all.len());
    }

    #[test]
    fn what_was_chosen_stands_above_a_filtered_list_and_in_its_counts() {
        let list = list();
        let filter = WorkFilter { services: vec!["none".to_owned()], tiers: vec![Tier::Special] };
        let sections = list.sections(shown(&filter));
        let text = terminal::text(&sections, Lang::Zh.into());
        assert!(text.contains("none") && text.contains("共 0 项") && sections.len() == 1, "{text}");
    }

    #[test]
    fn a_list_of_nothing_and_a_list_that_is_not_measured_are_told_apart() {
        let scene = LogScene::of_regions(&[("A", 1)]);
        let text = terminal::text(&absent(scene.view().run), Lang::Zh.into());
        assert!(text.contains("未测量"), "{text}");
    }
}
