//! `gridtier serve`: a local web view of a store.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use gridtier::text;
use gridtier::unit::day_of_date;
use gridtier_io::cycle;
use gridtier_io::entitle::{CycleEntitlements, read_ids};
use gridtier_io::service::kept::LogRequest;
use gridtier_io::store::Store;
use gridtier_io::survey::shown::SurveyRequest;
use gridtier_io::system::system_error;
use gridtier_report::entitlement::{UnmatchedLine, unmatched_note};
use gridtier_web::{DeliverySettings, HandbookSettings, ServeError, Server, Settings};

use crate::args::{DeliveryArgs, ServeArgs};
use crate::exit::{self, Done, Failure, INPUT, OUTPUT, USAGE, note};
use crate::lang::Lang;
use crate::regrade::now;
use crate::service::run_of;
use crate::survey;

/// Runs `gridtier serve` until it is interrupted.
pub fn run(args: &ServeArgs, lang: Lang) -> Result<Done, Failure> {
    start_with_memory_returned();
    let opted_out = match &args.opt_out.opt_out {
        Some(file) => opted_out(&args.store, file, lang)?,
        None => BTreeSet::new(),
    };
    let server = Server::bind(Settings {
        store: args.store.clone(),
        address: SocketAddr::new(args.address, args.port),
        token: token(args)?,
        hosts: args.host.clone(),
        lang,
        opted_out,
        min_count: args.withhold.min_count,
        delivery: delivery(args)?,
        now,
        log: exit::say,
    })?;
    server.stop_at_signals()?;
    // A script that started it waits for this line.
    exit::announce(&server.url());
    note(&text!("Ctrl-C ends it", "按 Ctrl-C 结束"), lang);
    server.run()?;
    Ok(Done { data: String::new() })
}

/// How the C library is told to return freed memory to the system: arrays of a MiB or more at once, and the rest of a few
/// arenas. Left to itself, it kept 400 MB after the pages of a store with 1,000,000 customers.
const MALLOC: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "4"), ("MALLOC_MMAP_THRESHOLD_", "1048576"), ("MALLOC_TRIM_THRESHOLD_", "1048576")];

/// Starts the program once more in the same process with these settings, which the C library reads from the environment. Does
/// nothing if they are set, or if the program cannot be found again.
fn start_with_memory_returned() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if MALLOC.iter().all(|(name, _)| std::env::var_os(name).is_none())
        && let Ok(program) = std::env::current_exe()
    {
        use std::os::unix::process::CommandExt as _;
        // Returns only if it fails.
        let _ = std::process::Command::new(program).args(std::env::args_os().skip(1)).envs(MALLOC).exec();
    }
}

/// The ids of an opt-out list. Ids that no customer of the current cycle has are reported: for example, an id that lost its
/// zeros opts nobody out.
fn opted_out(store: &Path, file: &Path, lang: Lang) -> Result<BTreeSet<String>, Failure> {
    let ids = read_ids(file)?.into_ids();
    // A store without a cycle has no customers yet with whom the ids could be compared.
    if let Ok(current) = Store::open(store)?.cycle(None) {
        let catalogue = cycle::catalogue(&current)?;
        let entitlements = CycleEntitlements { cycle: &current, catalogue: &catalogue };
        let (_, unmatched) = entitlements.matched(read_ids(file)?)?;
        let lines: Vec<UnmatchedLine> = unmatched
            .iter()
            .map(|id| UnmatchedLine { line: id.line, written: &id.written, likely: id.likely.as_deref() })
            .collect();
        if !lines.is_empty() {
            note(&unmatched_note(&lines, None), lang);
        }
    }
    Ok(ids)
}

/// What the pages about service delivery show.
fn delivery(args: &ServeArgs) -> Result<DeliverySettings, Failure> {
    let DeliveryArgs { service, period, as_of, policy, survey, instrument, handbook } = &args.delivery;
    if as_of.is_some() && period.is_none() && survey.is_none() {
        return Err(day_of_nothing());
    }
    let run = period.map(|period| run_of(period, *as_of)).transpose()?;
    let min_count = args.withhold.min_count;
    let log = service.clone().zip(run).map(|(data, run)| LogRequest {
        data,
        store: args.store.clone(),
        policy: policy.clone(),
        run,
        min_count,
    });
    let survey = match (survey, instrument) {
        (Some(data), Some(instrument)) => Some(SurveyRequest {
            data: data.clone(),
            instrument: survey::instrument(instrument)?,
            as_of: as_of.map(day_of_date).or(run.map(|run| run.as_of)).ok_or_else(no_day)?,
            policy: policy.clone(),
            min_count,
        }),
        _ => None,
    };
    let handbook = handbook.clone().map(|text| HandbookSettings { text, policy: policy.clone() });
    Ok(DeliverySettings { log, survey, handbook })
}

fn day_of_nothing() -> Failure {
    Failure::new(
        USAGE,
        text!(
            "--as-of is the day of a service log or a survey; give --service and --period, or --survey and --instrument",
            "--as-of 是服务记录或调查的截止日；请同时给出 --service 和 --period，或 --survey 和 --instrument"
        ),
    )
}

fn no_day() -> Failure {
    Failure::new(
        USAGE,
        text!(
            "--survey needs --as-of, the day until which answers count, or a --period, at whose end the day is",
            "--survey 须同时给出 --as-of（此前收回的答卷计入），或给出 --period（以其后第一天为截止日）"
        ),
    )
}

/// The token that a file or the environment gives.
fn token(args: &ServeArgs) -> Result<Option<String>, Failure> {
    let Some(path) = &args.token_file else { return Ok(std::env::var("GRIDTIER_TOKEN").ok()) };
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) => {
            let (path, error) = (path.display(), system_error(&error));
            let what = text!("{path} cannot be read: {error}", "无法读取 {path}: {error}"; error);
            Err(Failure::new(INPUT, what))
        }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let code = match &error {
            ServeError::Settings(_) => USAGE,
            ServeError::Store(_) => INPUT,
            ServeError::Address(..) | ServeError::System(_) => OUTPUT,
        };
        Self::new(code, error.text())
    }
}
