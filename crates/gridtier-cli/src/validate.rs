//! `gridtier validate`: whether a published grading is sound.

use gridtier::output::checks;
use gridtier::text;
use gridtier::validate::{Verdict, validate};
use gridtier_io::cycle::cycle;
use gridtier_io::store::{self, Store};
use gridtier_report::render::terminal;
use gridtier_report::validate::{json, sections, with_verdict};

use crate::args::{ResultFormat, ValidateArgs};
use crate::destination::{Destination, write_file};
use crate::exit::{BEYOND_LIMITS, Done, Failure};
use crate::lang::Lang;
use crate::progress;

/// Runs `gridtier validate`.
pub fn run(args: &ValidateArgs, lang: Lang) -> Result<Done, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    let store = Store::open(&args.cycle.store)?;
    let stored = store.cycle(args.cycle.cycle)?;
    let mut graded = cycle(&store, &stored)?;
    let settings = &mut graded.method.checks;
    settings.draws = args.draws.unwrap_or(settings.draws);
    settings.sample = args.sample.unwrap_or(settings.sample);
    settings.seed = args.seed.unwrap_or(settings.seed);
    let validation = progress::steps(lang, |progress| validate(&graded, progress));
    let shown = sections(&graded, &validation, stored.version);
    let for_programs = format!("{:#}\n", json(&graded, &validation, stored.version));
    match destination {
        Some(Destination::Folder(dir)) => store::write_tables(dir, checks::tables(&graded, &validation))?,
        Some(Destination::File(path, format)) => write_file((path, format), lang, &shown, &for_programs)?,
        None => {}
    }
    let data = match args.format {
        ResultFormat::Text => terminal::text(&shown, lang.into()),
        ResultFormat::Json => for_programs,
    };
    let failed: Vec<&str> = with_verdict(&validation, Verdict::Fail).collect();
    if failed.is_empty() {
        return Ok(Done { data });
    }
    let message = text!(
        "these checks failed: {failed}\n  what to do: read the explanations beside them; \
         their limits are in the method file under [checks.limits]",
        "以下检验不通过：{failed}\n  处理办法：请看这些检验旁的说明；\
         其限值写在方法文件的 [checks.limits] 中",
        failed = failed.join(", ")
    );
    Err(Failure { data, message, code: BEYOND_LIMITS })
}
