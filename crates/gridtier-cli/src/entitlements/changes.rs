//! Who gains and loses what since an earlier cycle: counts, and the list of notices.

use std::fmt::Write as _;

use gridtier::entitlement::view::{self, Sheet};
use gridtier_io::cycle;
use gridtier_io::entitle::{Comparison, CycleEntitlements, NoticeOptions};
use gridtier_io::export::{self, Table};
use gridtier_io::store::StoredCycle;

use super::cycle::{EntitledCycle, purpose, withheld_note};
use super::deliver::{deliver, list_format, mark, people, words};
use crate::args::ChangesArgs;
use crate::exit::{Done, Failure, USAGE};
use crate::grid::grouped;
use crate::lang::Lang;
use crate::sheet::told;

/// Runs `gridtier entitlements changes`.
pub fn run(args: &ChangesArgs, lang: Lang) -> Result<Done, Failure> {
    let entitled = EntitledCycle::open(&args.cycle)?;
    let earlier = earlier(&entitled, args.from)?;
    let catalogue = cycle::catalogue(&earlier)?;
    let before = CycleEntitlements { cycle: &earlier, catalogue: &catalogue };
    let selection = entitled.selection(&args.filter, args.list.opt_out.opt_out.as_deref())?;
    let words = match &args.output.output {
        Some(_) => words(&args.output, lang)?,
        None => people(&args.output.format, lang),
    };
    let options = NoticeOptions { selection: &selection, purpose: purpose(&args.list), words };
    let mut comparison = Comparison::open(before, entitled.entitlements(), options)?;
    let Some(path) = &args.output.output else {
        comparison.by_ref().try_for_each(|batch| batch.map(drop))?;
        let sheet = comparison.notices.summary(args.withhold.min_count);
        let text = counted(args, &sheet, entitled.cycle.version, comparison.gone, lang)?;
        return deliver(&args.output, &[sheet], text);
    };
    let heads: Vec<String> = NOTICES.iter().map(|(code, en, zh)| words.pick(code, en, zh)).collect();
    let table = Table {
        name: "notices",
        title: lang.pick("Notices", "服务变化通知名单"),
        heads: &heads,
        schema: view::notices_schema(),
        batches: Box::new(comparison.by_ref()),
    };
    let format = list_format(&args.output.format, path)?;
    let rows = export::write(path, format, mark(&args.output.format), vec![table])?;
    let sheet = comparison.notices.summary(args.withhold.min_count);
    let text = counted(args, &sheet, entitled.cycle.version, comparison.gone, lang)?;
    let notices = lang.pick("notices", "条通知");
    Ok(Done { data: format!("{text}\n{}: {} {notices}\n", path.display(), grouped(rows)) })
}

/// The cycle to compare with, which must be earlier.
fn earlier(entitled: &EntitledCycle, version: u64) -> Result<StoredCycle, Failure> {
    let (earlier, version_now) = (entitled.store.cycle(Some(version))?, entitled.cycle.version);
    if earlier.version < version_now {
        return Ok(earlier);
    }
    let what =
        format!("cycle {version} is not earlier than cycle {version_now}; compare with an earlier one");
    Err(Failure::new(USAGE, what))
}

/// The counts for a terminal. `gone` customers of the earlier cycle are no longer graded.
fn counted(
    args: &ChangesArgs,
    sheet: &Sheet,
    version: u64,
    gone: u64,
    lang: Lang,
) -> Result<String, Failure> {
    let (since, min_count) = (args.from, args.withhold.min_count);
    let mut text = match lang {
        Lang::En => format!("Customers who gain and lose from cycle {since} to {version}\n\n"),
        Lang::Zh => format!("第 {since} 周期至第 {version} 周期的服务变化 (户数)\n\n"),
    };
    text += &told(sheet, &["service", "title", "gained", "more", "terms", "less", "lost"])?;
    text += lang.pick(
        "\nCustomers whom the earlier cycle had not graded gain all that they have now.\n",
        "\n上一周期未参评的客户, 其全部服务计为新增。\n",
    );
    if gone > 0 && gone >= min_count {
        let _ = match lang {
            Lang::En => {
                writeln!(text, "{} customers of the earlier cycle are no longer graded.", grouped(gone))
            }
            Lang::Zh => writeln!(text, "上一周期有 {} 户不再参评。", grouped(gone)),
        };
    }
    Ok(text + &withheld_note(min_count, lang))
}

/// Code, English and Chinese of the columns of a list of notices.
const NOTICES: [(&str, &str, &str); 11] = [
    ("customer_id", "customer", "户号"),
    ("tier_before", "tier before", "原等级"),
    ("tier_after", "tier now", "现等级"),
    ("service", "service", "编号"),
    ("title", "name", "服务"),
    ("change", "change", "变化"),
    ("access_before", "access before", "原提供方式"),
    ("access_after", "access now", "现提供方式"),
    ("terms_before", "terms before", "原条款"),
    ("terms_after", "terms now", "现条款"),
    ("reasons", "reasons", "理由"),
];
