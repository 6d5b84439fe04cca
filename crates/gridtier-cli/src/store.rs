//! `gridtier path`, `verify` and `schema`: where a cycle is, whether it is as it was published, and the schemas.

use std::path::Path;

use gridtier::text;
use gridtier::text::Text;
use gridtier_io::export::not_written;
use gridtier_io::inventory::{self, StoreCheck};
use gridtier_io::recompute::{Difference, Recompute, Recomputed};
use gridtier_io::store::{ChainFault, Damage, Store, StoreError};
use serde_json::json;

use crate::args::{PathArgs, ResultFormat, SchemaArgs, VerifyArgs};
use crate::destination::check_folder;
use crate::exit::{BEYOND_LIMITS, Done, Failure, INPUT, OUTPUT};
use crate::lang::Lang;
use crate::progress;
use crate::regrade::{now, open};

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
    if !check.is_sound() {
        let what = Text::join(&fault_lines(&check), "\n  ");
        let message = text!(
            "{what}\n  what to do: restore these files from a copy",
            "{what}\n  处理办法：请从备份恢复这些文件";
            what
        );
        let is_json = args.store.format == ResultFormat::Json;
        let data = if is_json { check_json(&check, None) } else { String::new() };
        return Err(Failure { data, message, code: INPUT });
    }
    let Some(data) = &args.recompute else { return Ok(Done { data: checked(&check, None, args, lang) }) };
    let recomputed = recompute(&store, args.cycle, data, lang)?;
    let data = checked(&check, Some(&recomputed), args, lang);
    if recomputed.differences.is_empty() {
        return Ok(Done { data });
    }
    let (number, lines) = (recomputed.number, difference_lines(&recomputed));
    let what = Text::join(&lines, "\n  ");
    let message = text!(
        "cycle {number} does not follow from its inputs\n  {what}\n  what to do: if only few cells differ, somebody has \
         changed the cycle with its hashes; compare it with a copy that is kept elsewhere",
        "周期 {number} 与由其输入重算的结果不一致\n  {what}\n  处理办法：如仅有少量单元格不同，可能有人连同哈希一并改动了该周期；请与另行保存的副本比对";
        what
    );
    Err(Failure { data, message, code: BEYOND_LIMITS })
}

/// Computes a cycle again.
fn recompute(store: &Store, cycle: Option<u64>, data: &Path, lang: Lang) -> Result<Recomputed, Failure> {
    let recompute = Recompute::new(store, cycle)?;
    let (folder, bar) = progress::watch(open(data, lang)?, lang);
    let recomputed = progress::steps(lang, |progress| recompute.run(folder, progress));
    bar.finish_and_clear();
    Ok(recomputed?)
}

fn checked(check: &StoreCheck, recomputed: Option<&Recomputed>, args: &VerifyArgs, lang: Lang) -> String {
    if args.store.format == ResultFormat::Json {
        return check_json(check, recomputed);
    }
    let mut lines = check_lines(check);
    if let Some(Recomputed { number, .. }) = recomputed.filter(|recomputed| recomputed.differences.is_empty())
    {
        lines.push(text!(
            "cycle {number}, computed again from its inputs, is the same",
            "周期 {number} 由其输入重新计算, 结果一致"
        ));
    }
    Text::join(&lines, "\n").in_lang(lang).to_owned() + "\n"
}

fn difference_lines(recomputed: &Recomputed) -> Vec<Text> {
    recomputed.differences.iter().map(Difference::text).collect()
}

/// Lines about the files that are as they were written, and about folders that were removed.
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

/// Lines about the files that are not as they were written.
fn fault_lines(check: &StoreCheck) -> Vec<Text> {
    let mut lines: Vec<Text> = check.chains.iter().map(ChainFault::text).collect();
    for (cycle, damages) in check.cycles.iter().filter(|(_, damages)| !damages.is_empty()) {
        let number = cycle.version;
        lines.push(text!("cycle {number} is not as it was published", "周期 {number} 与发布时不一致"));
        lines.extend(damages.iter().map(Damage::text));
    }
    lines
}

fn check_json(check: &StoreCheck, recomputed: Option<&Recomputed>) -> String {
    let english =
        |lines: Vec<Text>| -> Vec<String> { lines.into_iter().map(|line| line.en.into_owned()).collect() };
    let sound = check.cycles.iter().filter(|(_, damages)| damages.is_empty()).map(|(cycle, _)| cycle.version);
    let sound: Vec<u64> = sound.collect();
    let mut answer = json!({
        "sound": check.is_sound(), "cycles": sound, "removed": check.pruned, "faults": english(fault_lines(check)),
    });
    if let Some(recomputed) = recomputed {
        let differences = english(difference_lines(recomputed));
        answer["recomputed"] = json!({ "cycle": recomputed.number, "equal": differences.is_empty(), "differences": differences });
    }
    format!("{answer:#}\n")
}

/// Writes the contracts and JSON Schemas.
pub fn schema(args: &SchemaArgs) -> Result<Done, Failure> {
    check_folder(&args.output)?;
    let written = gridtier_io::schema::write(&args.output);
    let written = written.map_err(|error| Failure::new(OUTPUT, not_written(&args.output, &error)))?;
    Ok(Done { data: written.iter().map(|path| format!("{}\n", path.display())).collect() })
}
