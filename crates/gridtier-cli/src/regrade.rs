//! `gridtier regrade`: from a folder of tables to a published cycle.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::error::RunError;
use gridtier::fact::Facts;
use gridtier::method::Method;
use gridtier::robustness;
use gridtier::run::{self, Graded};
use gridtier::source::Finding;
use gridtier::tier::Previous;
use gridtier::unit::{Month, Window};
use gridtier_io::cycle;
use gridtier_io::folder::DataFolder;
use gridtier_io::publish::{Grading, publish};
use gridtier_io::reuse::{self, Reuse};
use gridtier_io::store::{Store, StoredCycle};

use crate::args::{Format, Regrade};
use crate::exit::{BEYOND_LIMITS, Done, Failure, say};
use crate::lang::Lang;
use crate::{entitlements, method, progress, summary};

/// Runs `gridtier regrade`.
pub fn run(args: &Regrade, lang: Lang) -> Result<Done, Failure> {
    let method = method::load(&args.method)?;
    let catalogue = entitlements::load(&args.entitlements, Some(&method))?;
    entitlements::check_in_force(&catalogue, args.as_of)?;
    let folder = open(&args.data)?;
    let job = Job {
        data: &args.data,
        end: args.as_of,
        lang,
        method: &method,
        catalogue: &catalogue,
        store: &args.store,
        accept: args.accept_findings.as_deref(),
        tier_probability: args.tier_probability,
        fresh: args.fresh,
    };
    let (graded, cycle) = job.run(folder)?;
    Ok(Done {
        data: match args.format {
            Format::Text => summary::published(&graded, &method, &cycle, &args.store, lang),
            Format::Json => summary::json(&graded, &cycle)?,
        },
    })
}

/// Opens a data folder and tells what in it belongs to no table.
pub fn open(data: &Path) -> Result<DataFolder, Failure> {
    let folder = DataFolder::open(data)?;
    if !folder.unused().is_empty() {
        say(&format!("gridtier: not a table, and ignored: {}", folder.unused().join(", ")));
    }
    Ok(folder)
}

/// The reader's own findings about all tables.
pub fn notices(folder: &DataFolder) -> Vec<Finding> {
    let of_table = |table: Table| {
        let notices = folder.notices(table).into_iter();
        notices.map(move |(rule, rows, example)| Finding::of(table, rule, rows, example))
    };
    Table::ALL.into_iter().flat_map(of_table).collect()
}

/// One grading.
pub struct Job<'a> {
    /// The data folder, for messages.
    pub data: &'a Path,
    /// First month after the window.
    pub end: Month,
    /// Language of what is printed.
    pub lang: Lang,
    /// The method.
    pub method: &'a Method,
    /// The catalogue of entitlements that the cycle records.
    pub catalogue: &'a Catalogue,
    /// The store's folder.
    pub store: &'a Path,
    /// Who accepts findings beyond the limits; empty for the user of the system.
    pub accept: Option<&'a str>,
    /// Whether weights are drawn to tell how sure each tier is.
    pub tier_probability: bool,
    /// Whether all is counted, whatever earlier cycles know.
    pub fresh: bool,
}

/// What was not counted again, if anything was not.
fn taken(reuse: &Reuse, facts: &Facts) -> Option<String> {
    let what = match (reuse, facts.files_taken) {
        (Reuse::Nothing, _) | (Reuse::Readings(_), 0) => return None,
        (Reuse::Facts(_), _) => "all facts, since inputs and window are the same,".to_owned(),
        (Reuse::Readings(_), taken) => {
            format!("{taken} of {} files of readings, since they are the same,", facts.reading_files.len())
        }
    };
    let version = reuse.cycle()?.version;
    Some(format!("gridtier: {what} were taken from cycle {version}; --fresh counts everything"))
}

impl Job<'_> {
    /// Grades and publishes. The store is locked first: of two runs at once the second ends before it has worked.
    pub fn run(&self, folder: DataFolder) -> Result<(Graded, StoredCycle), Failure> {
        let store = Store::open_or_create(self.store)?;
        let staging = store.begin()?;
        let previous = self.previous(&store)?;
        let window = Window { end: self.end, months: self.method.window_months };
        let mut reuse = if self.fresh { Reuse::Nothing } else { reuse::find(&store, &folder, window)? };
        let (folder, bar) = progress::watch(folder);
        let graded = match reuse.take_facts() {
            Some(facts) => run::judge(facts, self.method, &previous),
            None => reuse.with_readings(|earlier| {
                run::regrade(&folder, self.end, self.method, &previous, earlier, notices(&folder))
            }),
        };
        bar.finish_and_clear();
        let mut graded: Graded = graded.map_err(|error: RunError| Failure::from(error))?;
        if let Some(taken) = taken(&reuse, &graded.facts) {
            say(&taken);
        }
        let breaches = run::breaches(&graded.facts, self.method);
        if !breaches.is_empty() && self.accept.is_none() {
            return Err(Failure {
                data: summary::rows(&graded.facts, &graded.findings, self.lang),
                message: summary::beyond_limits(&breaches, self.data),
                code: BEYOND_LIMITS,
            });
        }
        if self.tier_probability {
            let probability =
                progress::steps(|progress| robustness::tier_probability(&graded, self.method, progress));
            graded.tier_probability = Some(probability);
        }
        let who = if breaches.is_empty() { None } else { self.accept.map(accepted_by) };
        let (method, catalogue, who) = (self.method, self.catalogue, who.as_deref());
        let (folder, reuse) = (&folder, &reuse);
        let grading = Grading { folder, reuse, graded: &graded, method, catalogue, accepted_by: who };
        let cycle = publish(staging, &grading, &now())?;
        Ok((graded, cycle))
    }

    /// The final tiers of the last cycle of an earlier day, where the method looks back: grading a day twice must not
    /// count as two cycles.
    fn previous(&self, store: &Store) -> Result<Previous, Failure> {
        if self.method.hysteresis.is_none() && self.method.step_limit.is_none() {
            return Ok(Previous::new());
        }
        Ok(cycle::previous_tiers(store.cycles()?, self.end)?)
    }
}

fn accepted_by(who: &str) -> String {
    if !who.is_empty() {
        return who.to_owned();
    }
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// The time of publication, UTC, for the commit record only.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    chrono::DateTime::from_timestamp(seconds as i64, 0).map_or_else(String::new, |time| time.to_rfc3339())
}
