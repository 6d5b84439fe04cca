//! `gridtier whatif`: who would change tier under other weights or another method.

use gridtier::output::trial;
use gridtier::whatif::{attempt, replace, set};
use gridtier_io::cycle::{beyond_limits_of, cycle};
use gridtier_io::store::{self, Store};
use gridtier_report::render::terminal;
use gridtier_report::whatif::{json, limits, sections};

use crate::args::{ResultFormat, WhatifArgs};
use crate::destination::{Destination, write_file};
use crate::exit::{Done, Failure, METHOD, USAGE};
use crate::lang::Lang;
use crate::method;

/// Runs `gridtier whatif`.
pub fn run(args: &WhatifArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let store = Store::open(&args.cycle.store)?;
    let stored = store.cycle(args.cycle.cycle)?;
    let graded = cycle(&store, &stored)?;
    let trial = match &args.method {
        Some(name) => replace(&graded, method::load(name)?).map_err(|what| Failure::new(METHOD, what))?,
        None => set(&graded, &args.set).map_err(|what| Failure::new(USAGE, what))?,
    };
    let outcome = attempt(&graded, &trial.method);
    let (customers, version) = (graded.rows.len(), stored.version);
    let [own, tried] = beyond_limits_of(&stored, &graded, &trial.method, &outcome)?;
    let mut shown = sections(&trial, &outcome, customers, version);
    shown.extend(limits(&trial, &own, &tried));
    let for_programs = format!("{:#}\n", json(&trial, &outcome, &tried, customers, version));
    match destination {
        Some(Destination::Folder(dir)) => store::write_tables(dir, trial::tables(&graded, &outcome))?,
        Some(Destination::File(path, format)) => write_file((path, format), lang, &shown, &for_programs)?,
        None => {}
    }
    Ok(Done {
        data: match args.format {
            ResultFormat::Text => terminal::text(&shown, lang.into()),
            ResultFormat::Json => for_programs,
        },
    })
}
