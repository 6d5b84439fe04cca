//! The use cases between two regrades (REGRADE section 7). `plans` says what customers of grade-3 can improve. `inspect`
//! says which tier each customer of the current cycle would have now.
//!
//! Neither changes a tier. An inspection is kept in the store if the caller asks for it; the caller provides name and time.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use chrono::NaiveDate;
use gridtier::cycle::Cycle;
use gridtier::decision::{EntryKind, RecordKind};
use gridtier::error::RunError;
use gridtier::improvement::{AgreedDates, ImprovementPlans, PlanStatus};
use gridtier::inspection::{self, EarlierInspection, InspectedBase, Inspection, NotInspected};
use gridtier::output;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier::tier::Previous;
use gridtier::unit::{Month, Window, day_of_date};
use serde_json::json;

use crate::cycle::{
    COUNTING, CycleError, Engine, as_of, assessed_months, cycle_alone, inspected_plans, inspected_tiers,
};
use crate::folder::DataFolder;
use crate::regrade::{Reused, judge};
use crate::reuse::{self, Reuse};
use crate::store::{Commit, RegisterEntry, Store, StoreError, StoredCycle};

/// The improvement plans of a cycle.
#[derive(Debug)]
pub struct PlannedCycle {
    /// Number of the cycle.
    pub number: u64,
    /// The cycle.
    pub cycle: Cycle,
    /// Its plans, with the status at the last recorded inspection.
    pub plans: ImprovementPlans,
    /// The as-of of that inspection.
    pub inspected: Option<Month>,
    /// The last recorded inspection of the cycle for each day: its as-of, and the status of each plan.
    pub statuses: Vec<(Month, Vec<Option<PlanStatus>>)>,
}

/// The plans of a cycle of the store, or of the current cycle if no number is given.
///
/// # Errors
/// A file of the store cannot be read.
pub fn plans(store: &Store, number: Option<u64>) -> Result<PlannedCycle, CycleError> {
    let stored = store.cycle(number)?;
    let cycle = cycle_alone(&stored)?;
    let mut plans = ImprovementPlans::of(&cycle, &agreed_dates(store, stored.version)?);
    plans.set_assessed_months(&cycle, &assessed_months(&stored)?);
    let mut statuses: BTreeMap<Month, Vec<Option<PlanStatus>>> = BTreeMap::new();
    for (end, inspection) in inspections(store, stored.version)? {
        inspected_plans(&inspection, &cycle, &mut plans)?;
        statuses.insert(end, plans.plans.iter().map(|plan| plan.status).collect());
    }
    let inspected = statuses.keys().next_back().copied();
    Ok(PlannedCycle {
        number: stored.version,
        cycle,
        plans,
        inspected,
        statuses: statuses.into_iter().collect(),
    })
}

/// The days on which plans of a cycle are due, according to the register.
fn agreed_dates(store: &Store, number: u64) -> Result<AgreedDates, StoreError> {
    let mut agreed = AgreedDates::default();
    for entry in store.register()? {
        if entry.kind != EntryKind::Plan || entry.cycle != Some(number) {
            continue;
        }
        let RegisterEntry { customer_id: Some(customer), facts, .. } = entry else { continue };
        let day = facts.get("due_on").and_then(|day| day.as_str()?.parse::<NaiveDate>().ok());
        let Some(day) = day.map(day_of_date) else { continue };
        match facts.get("indicator").and_then(|indicator| indicator.as_str()) {
            Some(indicator) => agreed.items.insert((customer, indicator.to_owned()), day),
            None => agreed.plans.insert(customer, day),
        };
    }
    Ok(agreed)
}

/// The recorded inspections of a cycle with their as-of, in the order of as-of; those of one day in the order in which
/// they were recorded.
fn inspections(store: &Store, number: u64) -> Result<Vec<(Month, StoredCycle)>, CycleError> {
    let mut found = Vec::new();
    for inspection in store.inspections()? {
        if inspection.commit.cycle == Some(number) {
            found.push((as_of(&inspection)?, inspection));
        }
    }
    // The sort is stable, so inspections of one day keep their order.
    found.sort_by_key(|(end, _)| *end);
    Ok(found)
}

/// An inspected cycle.
#[derive(Debug)]
pub struct InspectedCycle {
    /// Number of the cycle.
    pub number: u64,
    /// The cycle.
    pub cycle: Cycle,
    /// What was found.
    pub inspection: Inspection,
    /// The number of the record, where one was made.
    pub recorded: Option<u64>,
    /// What was reused from an earlier cycle instead of being counted again.
    pub reused: Option<Reused>,
    /// The days that were agreed on with customers.
    pub agreed: AgreedDates,
}

/// Who keeps an inspection in the store, and when.
#[derive(Clone, Copy, Debug)]
pub struct InspectionRecord<'a> {
    /// Who.
    pub by: &'a str,
    /// When, in UTC (RFC 3339).
    pub at: &'a str,
}

/// Why nothing was inspected.
#[derive(Debug)]
pub enum InspectError {
    /// A file of the store cannot be read or written.
    Cycle(CycleError),
    /// The data cannot be counted.
    Run(RunError),
    /// The day does not fit the cycle.
    Request(Text),
    /// The published files of the cycle contradict each other.
    Damaged(Text),
}

impl InspectError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Cycle(error) => error.text(),
            Self::Run(RunError::Refused(refusal)) => {
                Text::new(refusal.message(Lang::En), refusal.message(Lang::Zh))
            }
            Self::Run(error) => Text::same(error.to_string()),
            Self::Request(text) | Self::Damaged(text) => text.clone(),
        }
    }
}

impl Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for InspectError {}

impl From<CycleError> for InspectError {
    fn from(error: CycleError) -> Self {
        Self::Cycle(error)
    }
}

impl From<StoreError> for InspectError {
    fn from(error: StoreError) -> Self {
        Self::Cycle(error.into())
    }
}

impl From<NotInspected> for InspectError {
    fn from(error: NotInspected) -> Self {
        match error {
            NotInspected::NotComparable(why) => Self::Request(why.0),
            NotInspected::Damaged(what) => Self::Damaged(what.0),
        }
    }
}

/// Inspects the customers of the current cycle with the data of a folder, as of the first day of `end`. The window is as
/// long as that of the cycle. Counts of the same files are taken from an earlier cycle of the store, unless `fresh` asks to
/// count everything again. With a `record` the inspection is kept in the store.
///
/// # Errors
/// There is no current cycle, or its as-of is later; the data cannot be counted; or the store cannot be read or written.
pub fn inspect(
    folder: &DataFolder,
    end: Month,
    store: &Store,
    fresh: bool,
    record: Option<InspectionRecord>,
) -> Result<InspectedCycle, InspectError> {
    // Take the lock first: nobody should wait for a count that then cannot be recorded.
    let staging = record.map(|_| store.begin()).transpose()?;
    let stored = store.cycle(None)?;
    let cycle = cycle_alone(&stored)?;
    if end < cycle.end {
        let (number, day) = (stored.version, cycle.end);
        return Err(InspectError::Request(text!(
            "the current cycle {number} is as of {day}-01; inspect it on that day or a later one",
            "现行的第 {number} 周期截止日为 {day}-01; 期间检查的日期不得更早",
        )));
    }
    let mut reuse = if fresh {
        Reuse::Nothing
    } else {
        let window = Window { end, months: cycle.method.window_months };
        reuse::find(store, folder, window, cycle.method.reading_detail())?
    };
    let graded = judge(folder, &mut reuse, end, &cycle.method, &Previous::new());
    let graded = graded.map_err(InspectError::Run)?;
    let reused = Reused::of(&reuse, &graded);
    let agreed = agreed_dates(store, stored.version)?;
    let now = InspectedBase::of(graded, &cycle.method, COUNTING);
    let earlier = inspections(store, stored.version)?.into_iter().filter(|(day, _)| *day < end);
    let earlier = earlier
        .map(|(end, inspection)| Ok(EarlierInspection { end, tiers: inspected_tiers(&inspection, &cycle)? }));
    let earlier = earlier.collect::<Result<Vec<_>, CycleError>>()?;
    let inspection = inspection::inspect(&cycle, &now, earlier, &agreed)?;
    let recorded = match (staging, record) {
        (Some(mut staging), Some(InspectionRecord { by, at })) => {
            staging.write_tables(output::inspection::tables(&cycle, &inspection))?;
            let day = format!("{end}-01");
            let manifest = json!({
                "kind": RecordKind::Inspection,
                "as_of": day,
                "cycle": stored.version,
                "cycle_manifest_sha256": stored.commit.manifest_sha256,
                "engine": Engine::this(),
                "inputs": folder.inputs().map_err(|refusal| InspectError::Run(refusal.into()))?,
            });
            let commit = Commit {
                kind: RecordKind::Inspection,
                by: Some(by),
                cycle: Some(stored.version),
                ..Commit::cycle(at, Some(&day))
            };
            Some(staging.publish(manifest, &commit)?.version)
        }
        _ => None,
    };
    Ok(InspectedCycle { number: stored.version, cycle, inspection, recorded, reused, agreed })
}
