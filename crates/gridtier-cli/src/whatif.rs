//! `gridtier whatif`: who would change tier under other weights or another method.

use gridtier::output::trial;
use gridtier::text::Text;
use gridtier::whatif::{attempt, replace, set};
use gridtier_io::cycle::cycle;
use gridtier_io::store::{self, Store};
use gridtier_report::render::terminal;
use gridtier_report::whatif::{json, sections};

use crate::args::{ResultFormat, WhatifArgs};
use crate::exit::{Done, Failure, METHOD, USAGE};
use crate::lang::Lang;
use crate::method;

/// Runs `gridtier whatif`.
pub fn run(args: &WhatifArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.cycle.store)?;
    let stored = store.cycle(args.cycle.cycle)?;
    let graded = cycle(&store, &stored)?;
    let trial = match &args.method {
        Some(name) => {
            replace(&graded, method::load(name)?).map_err(|what| Failure::new(METHOD, Text::same(what)))?
        }
        None => set(&graded, &args.set).map_err(|what| Failure::new(USAGE, Text::same(what)))?,
    };
    let outcome = attempt(&graded, &trial.method);
    if let Some(dir) = &args.output {
        store::write_tables(dir, trial::tables(&graded, &outcome))?;
    }
    let (customers, version) = (graded.rows.len(), stored.version);
    Ok(Done {
        data: match args.format {
            ResultFormat::Text => {
                terminal::text(&sections(&trial, &outcome, customers, version), lang.into())
            }
            ResultFormat::Json => format!("{:#}\n", json(&trial, &outcome, customers, version)),
        },
    })
}
