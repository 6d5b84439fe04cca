//! `gridtier survey`: instruments, whom to ask, and what the answers say.

use std::path::Path;

use gridtier::limit::Breach;
use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier::unit::day_of_date;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::results;
use gridtier_io::store::{Store, StoredCycle};
use gridtier_io::survey::{self, EvaluatedSurvey, SurveyAnswers};
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::Section;
use gridtier_report::summary::{advice, breach_lines, recorded_rows};
use gridtier_report::survey::{
    SurveyView, instrument_sections, plan_sections, result_sections, sample_list, survey_head,
};
use gridtier_service::survey::instrument::{INSTRUMENTS, Instrument};

use crate::args::{
    ResultFormat, SurveyArguments, SurveyCheckArgs, SurveyCommand, SurveyOutputArgs, SurveyPlanArgs,
    SurveyScoreArgs,
};
use crate::destination::{Destination, json_answer, write_file, write_page};
use crate::exit::{BEYOND_LIMITS, Done, Failure, INPUT, note};
use crate::lang::Lang;
use crate::progress;
use crate::template::Template;

const INSTRUMENT_FILES: Template = Template {
    kind: ("instrument", "量表"),
    shipped_as: ("shipped instrument", "内置量表"),
    shipped: &INSTRUMENTS,
};

/// Fewest answers of a group whose scores are shown (SERVICE §7), unless more are asked for.
const MIN_CELL: i64 = 10;
/// Rows of a list that is printed.
const PRINTED_ROWS: usize = 20;
/// Rows of a list in one file.
const FILE_ROWS: usize = 100_000;

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
fn instrument(named: &str) -> Result<Instrument, Failure> {
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
    if !folder.unused().is_empty() {
        let names = folder.unused().join(", ");
        note(
            &text!("not a table of a survey, and ignored: {names}", "不是调查数据表，已忽略：{names}"),
            lang,
        );
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
    let about = answers.as_of_date();
    let view = view(&answers, &cycle, &about, MIN_CELL, PRINTED_ROWS);
    let heading = text!("Tables of the survey", "调查数据检查");
    let mut sections = vec![survey_head(&view, heading)];
    sections.extend(recorded_rows(&answers.reconciliation(), &evaluated.findings));
    sections.extend(advice(&evaluated.findings));
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated };
    shown.finish(destination, &args.output, lang, [&sections, &sections], |dir| {
        answers.write(dir, "check", &cycle, &evaluated)
    })
}

fn score(args: &SurveyScoreArgs, lang: Lang) -> Result<Done, Failure> {
    let instrument = instrument(&args.instrument)?;
    let destination = destination(&args.output)?;
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    let answers = read(&args.data, &cycle, instrument, args.as_of, lang)?;
    let evaluated = answers.evaluate(&cycle, Some(args.min_count))?;
    let Some(results) = &evaluated.results else {
        let data = args.data.display();
        return Err(Failure::new(
            INPUT,
            text!(
                "{data}: there is nothing to score: the table responses is absent",
                "{data}：没有可统计的答卷：缺少 responses 表"
            ),
        ));
    };
    let as_of = answers.as_of_date();
    let sections = |most_rows| {
        let view = view(&answers, &cycle, &as_of, args.min_count, most_rows);
        let mut sections = vec![survey_head(&view, text!("Survey", "客户调查"))];
        sections.extend(result_sections(&view, results));
        sections.extend(doubtful(&evaluated));
        sections
    };
    let (few, many) = (sections(PRINTED_ROWS), sections(FILE_ROWS));
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated };
    shown.finish(destination, &args.output, lang, [&few, &many], |dir| {
        answers.write(dir, "score", &cycle, &evaluated)
    })
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
    let as_of = answers.as_of_date();
    let sections = |most_rows| {
        let view = view(&answers, &cycle, &as_of, MIN_CELL, most_rows);
        let mut sections = vec![survey_head(&view, text!("Plan of the survey", "调查计划"))];
        sections.extend(plan_sections(&view, &plan, &answers.base));
        sections.extend(doubtful(&evaluated));
        sections
    };
    if let Some(path) = list {
        let all = [sample_list(&plan, &answers.base)];
        export::write_sections(path, ExportFormat::Csv, lang.into(), ByteOrderMark::Written, &all)?;
    }
    let shown = ShownSurvey { answers: &answers, cycle: &cycle, evaluated: &evaluated };
    let (few, many) = (sections(PRINTED_ROWS), sections(FILE_ROWS));
    shown.finish(destination, &args.output, lang, [&few, &many], |dir| {
        answers.write_plan(dir, &cycle, &evaluated, (&plan, args.seed, args.rate))
    })
}

fn view<'a>(
    answers: &'a SurveyAnswers,
    cycle: &StoredCycle,
    as_of: &'a str,
    min_cell: i64,
    most_rows: usize,
) -> SurveyView<'a> {
    let (instrument, is_whole) = (&answers.instrument, most_rows >= FILE_ROWS);
    SurveyView { instrument, cycle: cycle.version, as_of, min_cell, most_rows, is_whole }
}

/// The findings that are more than information.
fn doubtful(evaluated: &EvaluatedSurvey) -> Vec<Section> {
    if advice(&evaluated.findings).is_none() {
        return Vec::new();
    }
    let [_, findings] = recorded_rows(&[], &evaluated.findings);
    vec![Section::titled(text!("Findings about the tables", "数据问题")), findings]
}

fn printed(sections: &[Section], for_programs: String, format: ResultFormat, lang: Lang) -> String {
    match format {
        ResultFormat::Text => terminal::text(sections, lang.into()),
        ResultFormat::Json => for_programs,
    }
}

/// A survey whose results are shown.
struct ShownSurvey<'a> {
    answers: &'a SurveyAnswers,
    cycle: &'a StoredCycle,
    evaluated: &'a EvaluatedSurvey,
}

impl ShownSurvey<'_> {
    /// Writes and prints results: those that are printed, and those that fill a file.
    fn finish(
        &self,
        destination: Option<Destination>,
        args: &SurveyOutputArgs,
        lang: Lang,
        [few, many]: [&[Section]; 2],
        write: impl FnOnce(&Path) -> Result<(), gridtier_io::publish::PublishError>,
    ) -> Result<Done, Failure> {
        let for_programs = self.for_programs(many)?;
        match destination {
            Some(Destination::Folder(dir)) => write(dir)?,
            Some(Destination::File(path, ExportFormat::Html)) => write_page(path, lang, few)?,
            Some(Destination::File(path, format)) => write_file((path, format), lang, many, &for_programs)?,
            None => {}
        }
        let data = printed(few, for_programs, args.format, lang);
        let breaches = &self.evaluated.breaches;
        if breaches.is_empty() {
            return Ok(Done { data });
        }
        Err(Failure { data, message: beyond_limits(breaches), code: BEYOND_LIMITS })
    }

    /// The printed tables as JSON, with what they were made from.
    fn for_programs(&self, sections: &[Section]) -> Result<String, Failure> {
        json_answer(self.answers.about(self.cycle, self.evaluated), sections)
    }
}

/// Why the result is doubtful.
fn beyond_limits(breaches: &[Breach]) -> Text {
    let lines = breach_lines(breaches);
    text!(
        "findings exceed the limits of the cycle's method, so these results are doubtful{lines}\n  what to do: write them \
         into a folder with -o DIR, see the rows in DIR/rejects, and mend the export",
        "数据问题超出该周期评价方法的限值，结果存疑{lines}\n  处理办法：用 -o DIR 写入文件夹，在 DIR/rejects 中查看有关行，并修正导出";
        lines
    )
}
