//! `gridtier compare`: which customers moved between two cycles, and why; and how their services change.

use std::path::Path;

use chrono::DateTime;
use gridtier::compare::{Comparison, Pair};
use gridtier::entitlement::Catalogue;
use gridtier::output;
use gridtier::unit::day_of_date;
use gridtier_io::compare::{CompareError, ComparedPair, ComparisonRequest};
use gridtier_io::cycle::{about, catalogue};
use gridtier_io::entitle::{CycleEntitlements, ServiceChanges};
use gridtier_io::export;
use gridtier_io::store::{self, Store, StoredCycle};
use gridtier_report::comparison::{ComparedCycles, json, sections};
use gridtier_report::format::counted;
use gridtier_report::notice::{self, NoticeDays, ServiceNames};
use gridtier_report::rehearsal;
use gridtier_report::render::{ByteOrderMark, terminal};

use crate::args::{CompareArgs, ResultFormat};
use crate::destination::{Destination, list_format, list_voice, write_file};
use crate::exit::{Done, Failure, INPUT, USAGE, note};
use crate::lang::Lang;

/// Runs `gridtier compare`.
pub fn run(args: &CompareArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let notices = match args.notices.as_deref() {
        Some(path) => Some((path, list_format(path)?)),
        None => None,
    };
    let store = Store::open(&args.cycle.store)?;
    let request = ComparisonRequest {
        from: args.from,
        cycle: args.cycle.cycle,
        revision: args.revision.unwrap_or_default(),
    };
    let cycles = ComparedPair::read(&store, request)?;
    let (pair, result) = cycles.compare()?;
    let asks_for_services = args.services || notices.is_some();
    let services = asks_for_services.then(|| ComparedServices::of(&cycles, &pair, &result)).transpose()?;
    let (before, after, revision) = cycles.numbers;
    let numbers = ComparedCycles { before, after, revision, is_rehearsed: false };
    let mut shown = sections(&pair, &result, numbers);
    let mut for_programs = json(&pair, &result, numbers);
    if let Some(services) = &services {
        let ServiceChanges { costs, tellings } = &services.changes;
        shown.extend(rehearsal::sections(costs, tellings));
        shown.extend(notice::sections(tellings, services.names()));
        for_programs["consequences"] = rehearsal::json(costs, tellings);
        for_programs["consequences"]["services"] = notice::json(tellings);
    }
    let for_programs = format!("{for_programs:#}\n");
    match destination {
        Some(Destination::Folder(dir)) => write_folder(dir, &cycles, &pair, &result, services.as_ref())?,
        Some(Destination::File(path, format)) => write_file((path, format), lang, &shown, &for_programs)?,
        None => {}
    }
    if let (Some((path, format)), Some(services)) = (notices, &services) {
        let voice = list_voice(format, lang);
        let days = NoticeDays {
            object_by: object_by(cycles.stored()[1], pair.after.method.appeal.days),
            plan_due_on: plan_due_on(&pair),
        };
        let list = notice::list(&services.changes.tellings, services.names(), days, voice);
        let list = list.about(about(cycles.stored()[1])?);
        let rows = export::write_list(path, format, voice, ByteOrderMark::Written, list)?;
        let (path, lines) = (path.display(), counted(rows, "customer", "customers"));
        note(&gridtier::text!("{path}: {lines} to be told", "{path}: 告知 {rows} 户"), lang);
    }
    if services.is_none() {
        shown.push(notice::hint());
    }
    let data = match args.format {
        ResultFormat::Text => terminal::text(&shown, lang.into()),
        ResultFormat::Json => for_programs,
    };
    Ok(Done { data })
}

fn write_folder(
    dir: &Path,
    cycles: &ComparedPair,
    pair: &Pair<'_>,
    result: &Comparison,
    services: Option<&ComparedServices>,
) -> Result<(), Failure> {
    let restated = cycles.restated()?;
    let failure = restated.failure();
    let mut tables = output::comparison::tables(pair, result);
    tables.push(restated.output);
    if let Some(ComparedServices { changes: ServiceChanges { costs, tellings }, .. }) = services {
        tables.push(output::rehearsal::costs(costs));
        tables.push(output::rehearsal::tell(tellings));
    }
    Ok(store::write_checked_tables(dir, tables, || failure.check())?)
}

/// What changes in services, by the catalogues that the cycles record.
struct ComparedServices {
    catalogues: [Catalogue; 2],
    changes: ServiceChanges,
}

impl ComparedServices {
    fn of(cycles: &ComparedPair, pair: &Pair<'_>, result: &Comparison) -> Result<Self, Failure> {
        let stored = cycles.stored();
        let [older, newer] = stored.map(catalogue);
        let catalogues = [older?, newer?];
        let [before, after] =
            [0, 1].map(|end| CycleEntitlements { cycle: stored[end], catalogue: &catalogues[end] });
        let changes = ServiceChanges::of(pair, result, before, after)?;
        Ok(Self { catalogues, changes })
    }

    fn names(&self) -> ServiceNames<'_> {
        let [older, newer] = &self.catalogues;
        ServiceNames { older, newer }
    }
}

/// The last day (UTC) on which an appeal against a published cycle is in time.
fn object_by(cycle: &StoredCycle, days: u32) -> Option<i32> {
    let at = &cycle.publication.as_ref()?.published_at;
    let day = DateTime::parse_from_rfc3339(at).ok()?.to_utc().date_naive();
    Some(day_of_date(day) + i32::try_from(days).ok()?)
}

/// The day on which improvement plans of the later cycle are due.
fn plan_due_on(pair: &Pair<'_>) -> i32 {
    let months = i32::try_from(pair.after.method.improvement.months).unwrap_or(i32::MAX);
    pair.after.end.plus(months).first_day()
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Cycle(error) => error.into(),
            CompareError::Request(text) => Self::new(USAGE, text),
            CompareError::Damaged(text) => Self::new(INPUT, text),
        }
    }
}
