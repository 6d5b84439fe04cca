//! `gridtier path`, `verify` and `schema`: where things lie, and whether they are what was published.

use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_io::export::not_written;
use gridtier_io::store::{Damage, Store};

use crate::args::{CycleArgs, SchemaArgs};
use crate::destination::check_folder;
use crate::exit::{Done, Failure, INPUT, OUTPUT};

/// Prints the folder of a cycle.
pub fn path(args: &CycleArgs) -> Result<Done, Failure> {
    let cycle = Store::open(&args.store)?.cycle(args.cycle)?;
    Ok(Done { data: format!("{}\n", cycle.dir.display()) })
}

/// Compares a cycle's files with what was published.
pub fn verify(args: &CycleArgs, lang: Lang) -> Result<Done, Failure> {
    let cycle = Store::open(&args.store)?.cycle(args.cycle)?;
    let damages = cycle.verify()?;
    if damages.is_empty() {
        let (version, dir) = (cycle.version, cycle.dir.display());
        let data =
            text!("cycle {version} is as it was published: {dir}", "周期 {version} 与发布时一致：{dir}");
        return Ok(Done { data: format!("{}\n", data.in_lang(lang)) });
    }
    let damages = Text::join(&damages.iter().map(Damage::text).collect::<Vec<_>>(), "\n  ");
    let message = text!(
        "cycle {version} is not as it was published\n  {damages}\n  what to do: restore the cycle's folder from a copy",
        "周期 {version} 与发布时不一致\n  {damages}\n  处理办法：请用副本恢复该周期的文件夹",
        version = cycle.version;
        damages
    );
    Err(Failure::new(INPUT, message))
}

/// Writes the contracts and JSON Schemas.
pub fn schema(args: &SchemaArgs) -> Result<Done, Failure> {
    check_folder(&args.output)?;
    let written = gridtier_io::schema::write(&args.output);
    let written = written.map_err(|error| Failure::new(OUTPUT, not_written(&args.output, &error)))?;
    Ok(Done { data: written.iter().map(|path| format!("{}\n", path.display())).collect() })
}
