//! Who gains and loses what since an earlier cycle: counts, and the list of notices.

use gridtier::entitlement::selection::ListPurpose;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::cycle;
use gridtier_io::entitle::{CycleEntitlements, EntitlementComparison, NoticeOptions};
use gridtier_io::export;
use gridtier_io::store::StoredCycle;
use gridtier_report::entitlement::{changes_section, notices_list, withheld_note};
use gridtier_report::format::grouped;
use gridtier_report::render::terminal;
use gridtier_report::section::Section;

use super::ChosenLang;
use super::cycle::{EntitledCycle, about, opted_out_text, purpose};
use super::deliver::{deliver, list_format, list_voice, mark, people, voice};
use crate::args::ChangesArgs;
use crate::exit::{Done, Failure, USAGE};

/// Runs `gridtier entitlements changes`.
pub fn run(args: &ChangesArgs, chosen: ChosenLang) -> Result<Done, Failure> {
    let lang = chosen.lang;
    let entitled = EntitledCycle::open(&args.cycle)?;
    let earlier = earlier(&entitled, args.from)?;
    let catalogue = cycle::catalogue(&earlier)?;
    let before = CycleEntitlements { cycle: &earlier, catalogue: &catalogue };
    let opt_out = args.list.opt_out.opt_out.as_deref();
    let selection = entitled.selection(&args.filter, opt_out, args.output.output.as_deref(), lang)?;
    let purpose = purpose(&args.list, ListPurpose::Operations);
    let people = people(&args.output.format, lang);
    let file = match &args.output.output {
        Some(path) => Some((path, list_format(&args.output.format, path)?)),
        None => None,
    };
    let voice = match file {
        Some((_, format)) => list_voice(&args.output.format, format, chosen),
        // Programs that read stdout get codes, as in a file.
        None => voice(&args.output, chosen)?,
    };
    let options = NoticeOptions { selection: &selection, purpose, voice };
    let mut comparison = EntitlementComparison::open(before, entitled.entitlements(), options)?;
    let rows = match file {
        Some((path, format)) => {
            let mut about = about(&entitled, &args.filter, Some(purpose), args.withhold.min_count)?;
            about.push((Text::new("Compared with cycle", "对比周期"), Text::same(args.from.to_string())));
            let list = notices_list(comparison.by_ref()).about(about);
            export::write_list(path, format, voice, mark(&args.output.format, voice), list)?
        }
        None => {
            comparison.by_ref().try_for_each(|batch| batch.map(drop))?;
            0
        }
    };
    let min_count = args.withhold.min_count;
    let summary = comparison.notices.summary(min_count);
    let cycles = [args.from, entitled.cycle.version];
    let mut text = vec![changes_section(&summary, cycles, comparison.gone, min_count)];
    text.extend(withheld_note(min_count));
    let Some((path, _)) = file else {
        return deliver(&args.output, voice, &[Section::of_table(summary)], &text);
    };
    let opted_out = opted_out_text(comparison.notices.opted_out(), purpose);
    let (text, notices) = (terminal::text(&text, people), lang.pick("notices", "条通知"));
    let (path, rows, opted_out) = (path.display(), grouped(rows), opted_out.in_lang(lang));
    Ok(Done { data: format!("{text}\n{path}: {rows} {notices}{opted_out}\n") })
}

/// The cycle to compare with, which must be earlier.
fn earlier(entitled: &EntitledCycle, version: u64) -> Result<StoredCycle, Failure> {
    let (earlier, version_now) = (entitled.store.cycle(Some(version))?, entitled.cycle.version);
    if earlier.version < version_now {
        return Ok(earlier);
    }
    let what = text!(
        "cycle {version} is not earlier than cycle {version_now}; compare with an earlier one",
        "周期 {version} 不早于周期 {version_now}; 请与更早的周期比较",
    );
    Err(Failure::new(USAGE, what))
}
