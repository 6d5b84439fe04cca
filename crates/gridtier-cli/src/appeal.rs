//! `gridtier appeal`: a customer objects to its tier, corrected rows are replayed, somebody else rules.

use std::path::Path;

use gridtier::contract::Table;
use gridtier::decision::AppealOutcome;
use gridtier::text;
use gridtier::word::Word as _;
use gridtier_io::appeal::{
    AppealEvidence, AppealRequest, AppealSignature, FiledAppeal, OwnRows, ReplayedAppeal, RuledAppeal,
    own_rows,
};
use gridtier_io::folder::DataFolder;
use gridtier_report::appeal::{self as report, ReportedAppeal, ReportedRuling};
use gridtier_report::render::terminal;
use gridtier_report::section::Section;
use serde_json::{Value, json};

use crate::args::{
    AppealArgs, AppealStep, AppealedArgs, FileArgs, ReplayArgs, ResultFormat, RowsArgs, RuleArgs, SignedArgs,
};
use crate::destination::{Destination, check_folder, write_file};
use crate::exit::{Done, Failure, USAGE};
use crate::lang::Lang;
use crate::{progress, regrade};

/// Runs `gridtier appeal`.
pub fn run(args: &AppealArgs, lang: Lang) -> Result<Done, Failure> {
    match &args.step {
        AppealStep::File(args) => file(args, lang),
        AppealStep::Rows(args) => rows(args, lang),
        AppealStep::Replay(args) => replay(args, lang),
        AppealStep::Rule(args) => rule(args, lang),
    }
}

fn request(args: &AppealedArgs) -> AppealRequest<'_> {
    AppealRequest { store: &args.store.store, customer: &args.customer, cycle: args.cycle }
}

fn signature<'a>(args: &'a SignedArgs, at: &'a str) -> AppealSignature<'a> {
    AppealSignature { by: &args.by, reason: &args.reason, at }
}

fn file(args: &FileArgs, lang: Lang) -> Result<Done, Failure> {
    let at = regrade::now();
    let filed = request(&args.appealed).file(signature(&args.signed, &at))?;
    let FiledAppeal { entry, days, days_allowed } = &filed;
    let customer = entry.customer_id.as_deref().unwrap_or_default();
    let cycle = entry.cycle.unwrap_or_default();
    let section = report::filed(entry.number, customer, cycle, *days, *days_allowed, filed.is_late());
    let json = serde_json::to_value(entry).map_err(|error| Failure::bug(&error.to_string()))?;
    shown(&[section], &json, None, args.appealed.store.format, lang)
}

fn rows(args: &RowsArgs, lang: Lang) -> Result<Done, Failure> {
    check_folder(&args.output)?;
    let (data, bar) = progress::watch(regrade::open(&args.data, lang)?, lang);
    let written = match &args.store {
        Some(store) => {
            AppealRequest { store, customer: &args.customer, cycle: args.cycle }.own_rows(data, &args.output)
        }
        None => own_rows(&data, &args.customer, &args.output),
    };
    bar.finish_and_clear();
    let OwnRows { customer, accounts, tables } = &written?;
    let listed: Vec<(Table, u64, &str)> =
        tables.iter().map(|own| (own.table, own.rows, own.file.as_str())).collect();
    let section = report::own_rows(customer, accounts.len(), &args.output.display().to_string(), &listed);
    let json = json!({
        "customer_id": customer,
        "accounts": accounts,
        "tables": listed.iter().map(|(table, rows, file)| json!({ "table": table.code(), "rows": rows, "file": file }))
            .collect::<Vec<_>>(),
    });
    shown(&[section], &json, None, args.format, lang)
}

/// The data of a cycle, and a patch that is read in the same way as the data.
fn opened(data: &Path, patch: &Path, lang: Lang) -> Result<(DataFolder, DataFolder), Failure> {
    let data = regrade::open(data, lang)?;
    let patch = data.open_alike(patch)?;
    if !patch.unused().is_empty() {
        // If a file of the patch were ignored, nobody would see that its correction is missing.
        let names = patch.unused().join(", ");
        return Err(Failure::new(
            USAGE,
            text!("the patch holds files that are not tables: {names}", "更正文件夹中含有非数据表: {names}"),
        ));
    }
    Ok((data, patch))
}

fn replay(args: &ReplayArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = file_only(args.output.as_deref())?;
    let (data, patch) = opened(&args.data, &args.patch, lang)?;
    let (data, bar) = progress::watch(data, lang);
    let evidence = AppealEvidence { data, patch: &patch, path: &args.patch };
    let replayed = request(&args.appealed).replay(evidence);
    bar.finish_and_clear();
    let ReplayedAppeal { base, cycle, customer, placing, corrected, appeal, .. } = &replayed?;
    let quota = cycle.method.appeal.quota;
    let reported = ReportedAppeal {
        cycle: base.version,
        customer,
        quota,
        before: placing.before,
        after: placing.after,
        ripple: &placing.ripple,
    };
    let mut sections = report::sections(reported);
    sections.insert(1, report::values(cycle, placing.at, corrected));
    sections.push(report::replayed(customer, appeal.is_some()));
    let json = json!({
        "cycle": base.version,
        "customer_id": customer,
        "quota": quota,
        "before": placing.before,
        "after": placing.after,
        "ripple": placing.ripple,
    });
    shown(&sections, &json, destination, args.appealed.store.format, lang)
}

fn rule(args: &RuleArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = file_only(args.output.as_deref())?;
    let at = regrade::now();
    let (request, signed) = (request(&args.appealed), signature(&args.signed, &at));
    let ruled = match args.data.as_deref().zip(args.patch.as_deref()) {
        None => request.rule(args.outcome, None, signed),
        Some((data, path)) => {
            let (data, patch) = opened(data, path, lang)?;
            let (data, bar) = progress::watch(data, lang);
            let evidence = AppealEvidence { data, patch: &patch, path };
            let ruled = request.rule(args.outcome, Some(evidence), signed);
            bar.finish_and_clear();
            ruled
        }
    };
    let RuledAppeal { entry, facts, base, revision } = &ruled?;
    let reported = ReportedAppeal {
        cycle: *base,
        customer: entry.customer_id.as_deref().unwrap_or_default(),
        quota: facts.quota,
        before: facts.before,
        after: facts.after,
        ripple: &facts.ripple,
    };
    let ruling = ReportedRuling {
        entry: entry.number,
        appeal: facts.appeal,
        outcome: facts.outcome,
        revision: revision.as_ref().map(|cycle| (cycle.version, !cycle.is_published())),
    };
    let mut sections = vec![report::ruled(ruling)];
    if facts.outcome != AppealOutcome::Dismissed {
        sections.extend(report::sections(reported));
    }
    let json = json!({
        "entry": entry,
        "revision": revision.as_ref().map(|cycle| cycle.version),
        "published": revision.as_ref().map(gridtier_io::store::StoredCycle::is_published),
    });
    shown(&sections, &json, destination, args.appealed.store.format, lang)
}

/// The file for the printed result. A folder is refused, because an appeal has no tables to write into it.
fn file_only(output: Option<&Path>) -> Result<Option<Destination<'_>>, Failure> {
    let destination = Destination::of(output)?;
    match destination {
        Some(Destination::Folder(path)) => {
            let path = path.display();
            Err(Failure::new(
                USAGE,
                text!(
                    "-o {path}: name a file .xlsx, .html or .json",
                    "-o {path}: 请指定 .xlsx、.html 或 .json 文件"
                ),
            ))
        }
        destination => Ok(destination),
    }
}

fn shown(
    sections: &[Section],
    json: &Value,
    destination: Option<Destination>,
    format: ResultFormat,
    lang: Lang,
) -> Result<Done, Failure> {
    let for_programs = format!("{json:#}\n");
    if let Some(Destination::File(path, format)) = destination {
        write_file((path, format), lang, sections, &for_programs)?;
    }
    let data = match format {
        ResultFormat::Text => terminal::text(sections, lang.into()),
        ResultFormat::Json => for_programs,
    };
    Ok(Done { data })
}
