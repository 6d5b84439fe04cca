//! `gridtier path`, `verify` and `schema`: where things lie, and whether they are what was published.

use std::fmt::Write as _;

use gridtier_io::store::Store;

use crate::args::{CycleArgs, SchemaArgs};
use crate::exit::{Done, Failure, INPUT, OUTPUT};

/// Prints the folder of a cycle.
pub fn path(args: &CycleArgs) -> Result<Done, Failure> {
    let cycle = Store::open(&args.store)?.cycle(args.cycle)?;
    Ok(Done { data: format!("{}\n", cycle.dir.display()) })
}

/// Compares a cycle's files with what was published.
pub fn verify(args: &CycleArgs) -> Result<Done, Failure> {
    let cycle = Store::open(&args.store)?.cycle(args.cycle)?;
    let damages = cycle.verify()?;
    if damages.is_empty() {
        return Ok(Done {
            data: format!("cycle {} is as it was published: {}\n", cycle.version, cycle.dir.display()),
        });
    }
    let mut message = format!("cycle {} is not as it was published", cycle.version);
    for damage in &damages {
        let _ = write!(message, "\n  {damage}");
    }
    message += "\n  what to do: restore the cycle's folder from a copy";
    Err(Failure::new(INPUT, message))
}

/// Writes the contracts and JSON Schemas.
pub fn schema(args: &SchemaArgs) -> Result<Done, Failure> {
    let written = gridtier_io::schema::write(&args.output);
    let written = written.map_err(|error| {
        Failure::new(OUTPUT, format!("{} could not be written: {error}", args.output.display()))
    })?;
    Ok(Done { data: written.iter().map(|path| format!("{}\n", path.display())).collect() })
}
