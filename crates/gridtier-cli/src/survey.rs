//! `gridtier survey`: instruments, whom to ask, and what the answers say.

use std::path::Path;

use gridtier::text;
use gridtier::text::Voice;
use gridtier::unit::day_of_date;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::results;
use gridtier_io::service::question::marked_doubtful;
use gridtier_io::store::{Store, StoredCycle};
use gridtier_io::survey::shown::{self, FILE_ROWS, SHOWN_ROWS, ShownSurvey, nothing_to_score};
use gridtier_io::survey::{self, SurveyAnswers};
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::{Extent, Section};
use gridtier_report::survey::{instrument_sections, sample_list};
use gridtier_service::survey::instrument::{INSTRUMENTS, Instrument};

use crate::args::{
    ResultFormat, SurveyArguments, SurveyCheckArgs, SurveyCommand, SurveyOutputArgs, SurveyPlanArgs,
    SurveyScoreArgs,
};
use crate::destination::{Destination, json_answer, write_file, write_page};
use crate::exit::{BEYOND_LIMITS, Done, Failure, INPUT, USAGE, note};
use crate::lang::Lang;
use crate::progress;
use crate::template::Template;

const INSTRUMENT_FILES: Template = Template {
    kind: ("instrument", "量表"),
    shipped_as: ("shipped instrument", "内置量表"),
    shipped: &INSTRUMENTS,
};

/// Runs `gridtier survey`.
pub fn run(args: &SurveyArguments, lang: Lang) -> Result<Done, Failure> {
    match &args.command {
        SurveyCommand::Show { instrument } => INSTRUMENT_FILES.show(instrument, lang),
        SurveyCommand::New { file, from } => INSTRUMENT_FILES.start(file, from, lang),
        SurveyCommand::Check(args) => check(args, lang),
        SurveyCommand::Plan(args) => plan(args, lang),
        SurveyCommand::Score(args) => score(args, lang),
    }
}

/// A shipped instrument, or that of a file.
pub fn instrument(named: &str) -> Result<Instrument, Failure> {
    Ok(match Instrument::shipped(named) {
        Some(shipped) => shipped?,
        None => Instrument::parse(named, &INSTRUMENT_FILES.read(named)?)?,
    })
}

/// Reads a survey against a cycle.
fn read(
    data: &Path,
    cycle: &StoredCycle,
    instrument: Instrument,
    as_of: chrono::NaiveDate,
    lang: Lang,
) -> Result<SurveyAnswers, Failure> {
    let folder = survey::open(data, &instrument)?;
    if let Some(ignored) = shown::ignored(&folder) {
        note(&ignored, lang);
    }
    let (folder, bar) = progress::watch(folder, lang);
    let answers = SurveyAnswers::read(Some(folder), cycle, instrument, day_of_date(as_of));
    bar.finish_and_clear();
    Ok(answers?)
}

/// Where the results go. A folder that is there is refused before anything is read.
fn destination(args: &SurveyOutputArgs) -> Result<Option<Destination<'_>>, Failure> {
    let destination = Destination::of(args.output.as_deref())?;
    if let Some(Destination::Folder(dir)) = destination {
        results::check_new(dir)?;
    }
    Ok(destination)
}

fn check(args: &SurveyCheckArgs, lang: Lang) -> Result<Done, Failure> {
    let instrument = instrument(&args.instrument)?;
    let destination = destination(&args.output)?;
    let (Some(data), Some(store), Some(as_of)) = (&args.data, &args.store, args.as_of) else {
        let sections = instrument_sections(&instrument);
        let json = Voice::Codes;
        let for_programs = export::sections_text(ExportFormat::Json, json, ByteOrderMark::Absent, &sections)?;
        match destination {
            Some(Destination::File(path, ExportFormat::Html)) => write_page(path, lang, &sections)?,
            Some(Destination::File(path, format)) => {
                write_file((path, format), lang, &sections, &for_programs)?;
            }
            _ => {}
        }
        return Ok(Done { data: printed(&sections, for_programs, args.output.format, lang) });
    };
    let cycle = Store::open(store)?.cycle(args.cycle)?;
    let answers = read(data, &cycle, instrument, as_of, lang)?;
    let evaluated = answers.evaluate(&cycle, None)?;
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated, min_cell: 0 };
    let sections = shown.check();
    finish(shown, destination, &args.output, lang, [&sections, &sections], |dir| {
        answers.write(dir, "check", &cycle, &evaluated)
    })
}

fn score(args: &SurveyScoreArgs, lang: Lang) -> Result<Done, Failure> {
    let instrument = instrument(&args.instrument)?;
    let destination = destination(&args.output)?;
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    let answers = read(&args.data, &cycle, instrument, args.as_of, lang)?;
    let min_cell = min_cell(args, &cycle)?;
    let evaluated = answers.evaluate(&cycle, Some(min_cell))?;
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated, min_cell };
    let few = shown.score(SHOWN_ROWS, Extent::Brief);
    let Some((few, many)) = few.zip(shown.score(FILE_ROWS, Extent::Whole)) else {
        return Err(Failure::new(INPUT, nothing_to_score(&args.data)));
    };
    finish(shown, destination, &args.output, lang, [&few, &many], |dir| {
        answers.write(dir, "score", &cycle, &evaluated)
    })
}

/// Fewest answers of a group whose scores are shown: those of the policy, or more if the command line asks for more.
fn min_cell(args: &SurveyScoreArgs, cycle: &StoredCycle) -> Result<i64, Failure> {
    let of_policy = shown::min_cell(&args.policy, cycle)?;
    let Some(asked) = args.min_count else { return Ok(of_policy) };
    if asked < of_policy {
        let what = text!(
            "--min-count {asked}: the policy withholds scores of fewer than {of_policy} answers (`min_cell`); give \
             {of_policy} or more, or another --policy",
            "--min-count {asked}：服务标准规定少于 {of_policy} 份答卷的得分不公布（`min_cell`）；请给出不小于 {of_policy} 的数，或用 --policy 给出另一标准"
        );
        return Err(Failure::new(USAGE, what));
    }
    Ok(asked)
}

fn plan(args: &SurveyPlanArgs, lang: Lang) -> Result<Done, Failure> {
    let instrument = instrument(&args.instrument)?;
    let output = args.output.output.as_deref();
    let list = output.filter(|path| {
        path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) && !path.is_dir()
    });
    let destination = if list.is_some() { None } else { destination(&args.output)? };
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    // Answers that are there are of an earlier wave, and may be those of another instrument.
    let folder = args.data.as_deref().map(survey::open_customers).transpose()?;
    let answers = SurveyAnswers::planned(folder, &cycle, instrument, day_of_date(args.as_of))?;
    let evaluated = answers.evaluate(&cycle, None)?;
    let plan = answers.plan(args.seed, args.rate);
    if let Some(path) = list {
        let all = [sample_list(&plan, &answers.base)];
        export::write_sections(path, ExportFormat::Csv, lang.into(), ByteOrderMark::Written, &all)?;
    }
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated, min_cell: 0 };
    let few = shown.plan(&plan, SHOWN_ROWS, Extent::Brief);
    let many = shown.plan(&plan, FILE_ROWS, Extent::Whole);
    finish(shown, destination, &args.output, lang, [&few, &many], |dir| {
        answers.write_plan(dir, &cycle, &evaluated, (&plan, args.seed, args.rate))
    })
}

fn printed(sections: &[Section], for_programs: String, format: ResultFormat, lang: Lang) -> String {
    match format {
        ResultFormat::Text => terminal::text(sections, lang.into()),
        ResultFormat::Json => for_programs,
    }
}

/// Writes and prints results: those that are printed, and those that fill a file.
fn finish(
    shown: ShownSurvey,
    destination: Option<Destination>,
    args: &SurveyOutputArgs,
    lang: Lang,
    [few, many]: [&[Section]; 2],
    write: impl FnOnce(&Path) -> Result<(), gridtier_io::publish::PublishError>,
) -> Result<Done, Failure> {
    let for_programs = json_answer(shown.answers.about(shown.cycle, shown.evaluated)?, many)?;
    let doubts = shown.doubts();
    match destination {
        Some(Destination::Folder(dir)) => write(dir)?,
        Some(Destination::File(path, ExportFormat::Html)) => {
            write_page(path, lang, &marked_doubtful(few.to_vec(), doubts.as_ref()))?;
        }
        Some(Destination::File(path, format)) => {
            let many = marked_doubtful(many.to_vec(), doubts.as_ref());
            write_file((path, format), lang, &many, &for_programs)?;
        }
        None => {}
    }
    let data = printed(few, for_programs, args.format, lang);
    match doubts {
        None => Ok(Done { data }),
        Some(message) => Err(Failure { data, message, code: BEYOND_LIMITS }),
    }
}
