//! The commands about decisions on cycles and about the contents of a store: `gridtier review`, `approve`, `reject`,
//! `withdraw`, `cycles`, `register`, `history` and `prune`.

use gridtier::index::count;
use gridtier::text;
use gridtier::text::Voice;
use gridtier_io::export::{self, ExportFormat, sections_text};
use gridtier_io::gates::measure;
use gridtier_io::govern::Decision;
use gridtier_io::inventory;
use gridtier_io::store::{RegisterEntry, Store};
use gridtier_report::format::{counted, grouped};
use gridtier_report::governance as report;
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::Section;

use crate::args::{
    ApproveArgs, DecisionArgs, HistoryArgs, PruneArgs, RegisterArgs, ResultFormat, ReviewArgs, StoreArgs,
};
use crate::destination::{list_format, list_voice};
use crate::exit::{Done, Failure, note};
use crate::lang::Lang;
use crate::progress;
use crate::regrade::now;

/// Runs `gridtier review`.
pub fn review(args: &ReviewArgs, lang: Lang) -> Result<Done, Failure> {
    let at = now();
    let entry = decision(&args.decision, &at).review(args.verdict)?;
    recorded(&args.decision, &entry, lang)
}

/// Runs `gridtier reject`.
pub fn reject(args: &DecisionArgs, lang: Lang) -> Result<Done, Failure> {
    let at = now();
    let entry = decision(args, &at).reject()?;
    recorded(args, &entry, lang)
}

/// Runs `gridtier withdraw`.
pub fn withdraw(args: &DecisionArgs, lang: Lang) -> Result<Done, Failure> {
    let at = now();
    let entry = decision(args, &at).withdraw()?;
    recorded(args, &entry, lang)
}

/// Runs `gridtier approve`.
pub fn approve(args: &ApproveArgs, lang: Lang) -> Result<Done, Failure> {
    let at = now();
    let decision = decision(&args.decision, &at);
    let approved = progress::steps(lang, |progress| {
        decision.approve(&args.despite, |store, proposal| measure(store, proposal, progress))
    })?;
    let sections = report::approved(approved.cycle.version, approved.current, &approved.gates);
    shown(&sections, args.decision.store.format, lang)
}

fn decision<'a>(args: &'a DecisionArgs, at: &'a str) -> Decision<'a> {
    let DecisionArgs { number, store, by, reason } = args;
    Decision { store: &store.store, number: *number, by, reason, at }
}

fn recorded(args: &DecisionArgs, entry: &RegisterEntry, lang: Lang) -> Result<Done, Failure> {
    match args.store.format {
        ResultFormat::Text => {
            shown(&[report::recorded(entry.kind, args.number, entry.number)], args.store.format, lang)
        }
        ResultFormat::Json => {
            let text =
                serde_json::to_string_pretty(entry).map_err(|error| Failure::bug(&error.to_string()))?;
            Ok(Done { data: text + "\n" })
        }
    }
}

/// Runs `gridtier cycles`.
pub fn cycles(args: &StoreArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.store)?;
    let cycles = inventory::cycles(&store, &now())?;
    let section = match args.format {
        ResultFormat::Text => report::cycles_in_terminal(&cycles),
        ResultFormat::Json => report::cycles(&cycles),
    };
    shown(&[section], args.format, lang)
}

/// Runs `gridtier register`.
pub fn register(args: &RegisterArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.store.store)?;
    if args.head {
        let head = store.register_head()?;
        let sha256 = head.sha256.unwrap_or_default();
        return Ok(Done { data: format!("{}:{sha256}\n", head.entries) });
    }
    shown(&[report::register(&inventory::register(&store)?)], args.store.format, lang)
}

/// Runs `gridtier prune`.
pub fn prune(args: &PruneArgs, lang: Lang) -> Result<Done, Failure> {
    let store = Store::open(&args.store.store)?;
    let removed = match args.dry_run {
        true => inventory::prunable(&store, &now())?,
        false => inventory::prune(&store, &now())?,
    };
    shown(&[report::pruned(&removed, !args.dry_run)], args.store.format, lang)
}

/// Runs `gridtier history`.
pub fn history(args: &HistoryArgs, lang: Lang) -> Result<Done, Failure> {
    let format = args.output.as_deref().map(list_format).transpose()?;
    let store = Store::open(&args.store.store)?;
    let history = inventory::history(&store, args.known_on, args.customer.as_deref())?;
    if let Some((path, format)) = args.output.as_deref().zip(format) {
        export::write_list(
            path,
            format,
            list_voice(format, lang),
            ByteOrderMark::Written,
            report::history_list(&history),
        )?;
        let [rows, customers] = [history.spans.len(), history.customers.len()].map(count);
        let (en, of) = (counted(rows, "row", "rows"), counted(customers, "customer", "customers"));
        let (path, rows, customers) = (path.display(), grouped(rows), grouped(customers));
        note(&text!("{path}: {en} of history for {of}", "{path}: {customers} 户共 {rows} 行等级历史"), lang);
        if args.customer.is_none() {
            return Ok(Done { data: String::new() });
        }
    }
    if args.store.format == ResultFormat::Json && args.customer.is_none() {
        let mut bytes = Vec::new();
        let list = report::history_list(&history);
        let written = gridtier_report::render::json::write_list(&mut bytes, list, Voice::Codes);
        written.map_err(|error| Failure::bug(&error.to_string()))?;
        let data = String::from_utf8(bytes).map_err(|error| Failure::bug(&error.to_string()))?;
        return Ok(Done { data });
    }
    shown(&[report::history_section(&history, args.customer.as_deref())], args.store.format, lang)
}

/// Sections as text, or their tables for programs.
fn shown(sections: &[Section], format: ResultFormat, lang: Lang) -> Result<Done, Failure> {
    Ok(Done {
        data: match format {
            ResultFormat::Text => terminal::text(sections, lang.into()),
            ResultFormat::Json => {
                sections_text(ExportFormat::Json, Voice::Codes, ByteOrderMark::Absent, sections)?
            }
        },
    })
}
