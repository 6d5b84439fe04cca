//! `gridtier serve`: a local web view of a store.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use gridtier::text;
use gridtier_io::cycle;
use gridtier_io::entitle::{CycleEntitlements, read_ids};
use gridtier_io::store::Store;
use gridtier_io::system::system_error;
use gridtier_report::entitlement::{UnmatchedLine, unmatched_note};
use gridtier_web::{ServeError, Server, Settings};

use crate::args::ServeArgs;
use crate::exit::{self, Done, Failure, INPUT, OUTPUT, USAGE, note};
use crate::lang::Lang;
use crate::regrade::now;

/// Runs `gridtier serve` until it is interrupted.
pub fn run(args: &ServeArgs, lang: Lang) -> Result<Done, Failure> {
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
