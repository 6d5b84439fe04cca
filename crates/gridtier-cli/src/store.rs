//! `gridtier path`, `verify` and `schema`: where things lie, and whether they are what was published.

use gridtier::text;
use gridtier::text::Text;
use gridtier_io::export::not_written;
use gridtier_io::inventory::{self, StoreCheck};
use gridtier_io::store::{ChainFault, Damage, Store, StoreError};
use serde_json::json;

use crate::args::{PathArgs, ResultFormat, SchemaArgs, VerifyArgs};
use crate::destination::check_folder;
use crate::exit::{Done, Failure, INPUT, OUTPUT};
use crate::lang::Lang;
use crate::regrade::now;

/// Prints the folder of a cycle.
pub fn path(args: &PathArgs) -> Result<Done, Failure> {
    let store = Store::open(&args.store)?;
    let cycle = match args.as_of {
        Some(day) => inventory::cycle_as_of(&store, day)?,
        None => store.cycle(args.cycle)?,
    };
    Ok(Done { data: format!("{}\n", cycle.dir.display()) })
}

/// Compares the files of one cycle, or of the whole store, with what was written.
pub fn verify(args: &VerifyArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.store.store)?;
    let check = match args.cycle {
        Some(number) => {
            let cycle = store.cycle(Some(number))?;
            let damages = cycle.verify()?;
            StoreCheck { cycles: vec![(cycle, damages)], ..StoreCheck::default() }
        }
        None => inventory::verify(&store, args.head.as_ref(), &now())?,
    };
    if check.cycles.is_empty() && check.chains.is_empty() && check.pruned.is_empty() {
        return Err(StoreError::NoCycle { path: args.store.store.clone() }.into());
    }
    let lines = check_lines(&check);
    let data = match args.store.format {
        ResultFormat::Text => Text::join(&lines, "\n").in_lang(lang).to_owned() + "\n",
        ResultFormat::Json => check_json(&check),
    };
    if check.is_sound() {
        return Ok(Done { data });
    }
    let what = Text::join(&fault_lines(&check), "\n  ");
    let message = text!(
        "{what}\n  what to do: restore these files from a copy",
        "{what}\n  处理办法：请从备份恢复这些文件";
        what
    );
    let data = if args.store.format == ResultFormat::Json { data } else { String::new() };
    Err(Failure { data, message, code: INPUT })
}

/// What is as it was written, and what was removed.
fn check_lines(check: &StoreCheck) -> Vec<Text> {
    let cycles = check.cycles.iter().map(|(cycle, _)| {
        let (number, dir) = (cycle.version, cycle.dir.display());
        text!("cycle {number} is as it was published: {dir}", "周期 {number} 与发布时一致: {dir}")
    });
    let pruned = check.pruned.iter().map(|number| {
        text!(
            "cycle {number}: its folder was removed; its record is there",
            "周期 {number}: 目录已清理, 提交记录仍在"
        )
    });
    cycles.chain(pruned).collect()
}

/// What is not as it was written.
fn fault_lines(check: &StoreCheck) -> Vec<Text> {
    let mut lines: Vec<Text> = check.chains.iter().map(ChainFault::text).collect();
    for (cycle, damages) in check.cycles.iter().filter(|(_, damages)| !damages.is_empty()) {
        let number = cycle.version;
        lines.push(text!("cycle {number} is not as it was published", "周期 {number} 与发布时不一致"));
        lines.extend(damages.iter().map(Damage::text));
    }
    lines
}

fn check_json(check: &StoreCheck) -> String {
    let faults: Vec<String> = fault_lines(check).into_iter().map(|line| line.en.into_owned()).collect();
    let sound = check.cycles.iter().filter(|(_, damages)| damages.is_empty()).map(|(cycle, _)| cycle.version);
    let sound: Vec<u64> = sound.collect();
    let is_sound = check.is_sound();
    format!(
        "{:#}\n",
        json!({ "sound": is_sound, "cycles": sound, "removed": check.pruned, "faults": faults })
    )
}

/// Writes the contracts and JSON Schemas.
pub fn schema(args: &SchemaArgs) -> Result<Done, Failure> {
    check_folder(&args.output)?;
    let written = gridtier_io::schema::write(&args.output);
    let written = written.map_err(|error| Failure::new(OUTPUT, not_written(&args.output, &error)))?;
    Ok(Done { data: written.iter().map(|path| format!("{}\n", path.display())).collect() })
}
