//! `gridtier service`: promises against what happened, due against delivered, contacts, the monthly report, and
//! the policy of all that.

use std::path::Path;

use chrono::NaiveDate;
use gridtier::checked_toml::did_you_mean;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{date_of_day, day_of_date};
use gridtier::word::Word as _;
use gridtier_io::cycle;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::service::kept::{FILE_ROWS, LogRequest, PAGE_ROWS};
use gridtier_io::service::question::{
    AnswerShown, AskedLog, ServiceAnswer, ServiceQuestion, doubtful, marked_doubtful,
};
use gridtier_io::service::{self, MeasuredLog, ServiceLog, results};
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::{Extent, Section};
use gridtier_report::service::policy;
use gridtier_report::service::worklist::WorkFilter;
use gridtier_service::period::{Period, Run};
use gridtier_service::policy::POLICIES;

use crate::args::{
    PolicyAction, ResultFormat, ServiceArguments, ServiceCommand, ServiceDueArgs, ServiceLogArgs,
};
use crate::destination::{Destination, json_answer, write_file, write_page};
use crate::exit::{BEYOND_LIMITS, Done, Failure, INPUT, USAGE, note};
use crate::lang::Lang;
use crate::template::Template;
use crate::{entitlements, progress};

const POLICY_FILES: Template = Template {
    kind: ("policy", "服务标准"),
    shipped_as: ("shipped policy", "内置服务标准"),
    shipped: &POLICIES,
};

/// Rows of a list that is printed.
const PRINTED_ROWS: usize = 20;

/// Runs `gridtier service`.
pub fn run(args: &ServiceArguments, lang: Lang) -> Result<Done, Failure> {
    let all = WorkFilter::default();
    match &args.command {
        ServiceCommand::Check(args) => answer(ServiceQuestion::Check, args, &all, lang),
        ServiceCommand::Promises(args) => answer(ServiceQuestion::Promises, args, &all, lang),
        ServiceCommand::Delivered(args) => answer(ServiceQuestion::Delivered, args, &all, lang),
        ServiceCommand::Contacts(args) => answer(ServiceQuestion::Contacts, args, &all, lang),
        ServiceCommand::Due(args) => answer(ServiceQuestion::Due, &args.log, &filter(args), lang),
        ServiceCommand::Report(args) => answer(ServiceQuestion::Report, args, &all, lang),
        ServiceCommand::Policy { action } => policy_action(action, lang),
    }
}

/// The lines of the work list that the command line asks for.
fn filter(args: &ServiceDueArgs) -> WorkFilter {
    let tiers = args.tier.iter().filter_map(|code| Tier::from_code(code)).collect();
    WorkFilter { services: args.service.clone(), tiers }
}

fn policy_action(action: &PolicyAction, lang: Lang) -> Result<Done, Failure> {
    match action {
        PolicyAction::Show { policy } => POLICY_FILES.show(policy, lang),
        PolicyAction::New { file, from } => POLICY_FILES.start(file, from, lang),
        PolicyAction::Check { policy: name, entitlements } => {
            let catalogue = entitlements::load(entitlements, None)?;
            let checked = service::policy(Some(name), &catalogue)?;
            Ok(Done { data: terminal::text(&policy::policy_sections(&checked, &catalogue), lang.into()) })
        }
    }
}

/// Where the results of a question go.
#[derive(Clone, Copy)]
enum ResultPlace<'a> {
    /// They are only printed.
    Printed,
    /// A new folder with all tables as parquet.
    Folder(&'a Path),
    /// One file with everything that is printed.
    File(&'a Path, ExportFormat),
    /// One file with a list alone.
    List(&'a Path),
}

/// What the command line means by `-o`. A folder that is there is refused before anything is read.
fn place<'a>(
    question: ServiceQuestion,
    args: &'a ServiceLogArgs,
    filter: &WorkFilter,
) -> Result<ResultPlace<'a>, Failure> {
    let Some(path) = args.output.as_deref() else { return Ok(ResultPlace::Printed) };
    let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let place = match Destination::of(Some(path)) {
        _ if question == ServiceQuestion::Due && is_csv && !path.is_dir() => ResultPlace::List(path),
        Err(failure) => return Err(failure),
        Ok(Some(Destination::File(path, format))) => ResultPlace::File(path, format),
        Ok(Some(Destination::Folder(path))) => ResultPlace::Folder(path),
        Ok(None) => ResultPlace::Printed,
    };
    let names_customers = matches!(place, ResultPlace::Folder(_) | ResultPlace::List(_));
    if names_customers && args.min_count > 0 {
        let path = path.display();
        return Err(Failure::new(
            USAGE,
            text!(
                "-o {path}: with --min-count no customer may be named, and this names all of them; name a file .xlsx, \
                 .html or .json",
                "-o {path}: 使用 --min-count 时不得列出客户，而该输出含客户名单；请指定 .xlsx、.html 或 .json 文件"
            ),
        ));
    }
    if let ResultPlace::Folder(path) = place {
        if !filter.is_empty() {
            let path = path.display();
            return Err(Failure::new(
                USAGE,
                text!(
                    "-o {path}: a folder holds all results; with --service or --tier name a file .csv, .xlsx, .html or .json",
                    "-o {path}：结果文件夹含全部结果；使用 --service 或 --tier 时请指定 .csv、.xlsx、.html 或 .json 文件"
                ),
            ));
        }
        results::check_new(path)?;
    }
    Ok(place)
}

fn answer(
    question: ServiceQuestion,
    args: &ServiceLogArgs,
    filter: &WorkFilter,
    lang: Lang,
) -> Result<Done, Failure> {
    if args.min_count > 0 && !filter.tiers.is_empty() {
        return Err(Failure::new(
            USAGE,
            text!(
                "--tier cannot be used with --min-count: counts of a small tier would give its customers away",
                "--tier 不能与 --min-count 同时使用：小等级的计数会暴露其客户"
            ),
        ));
    }
    let place = place(question, args, filter)?;
    let request = log_request(args)?;
    let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    check_services(filter, &cycle)?;
    let log = read(&request, &cycle, lang)?;
    let measured = MeasuredLog::of(&log, &cycle)?;
    // Months are only drawn, which a terminal and a folder are without.
    let is_drawn = matches!(place, ResultPlace::File(..)) || args.format == ResultFormat::Json;
    let answer = question.answer(AskedLog { measured: &measured, cycle: &cycle }, is_drawn);
    let min_count = request.min_count;
    let sections = |most_rows, extent| answer.sections(AnswerShown { min_count, most_rows, extent, filter });
    let doubts = (!measured.breaches.is_empty()).then(|| doubtful(&measured.breaches, fix(&request, place)));
    let in_file = |most_rows, extent| marked_doubtful(sections(most_rows, extent), doubts.as_ref());
    match place {
        ResultPlace::Printed => {}
        ResultPlace::Folder(dir) => {
            results::write(dir, question.code(), &measured, &cycle, answer.tables())?;
        }
        ResultPlace::File(path, ExportFormat::Html) => {
            write_page(path, lang, &in_file(PAGE_ROWS, Extent::Brief))?;
        }
        ResultPlace::File(path, format) => {
            let all = in_file(FILE_ROWS, Extent::Whole);
            write_file((path, format), lang, &all, &json_answer(answer.about()?, &all)?)?;
        }
        ResultPlace::List(path) => write_list(path, &answer, filter, lang)?,
    }
    let data = match args.format {
        ResultFormat::Text => terminal::text(&sections(PRINTED_ROWS, Extent::Brief), lang.into()),
        ResultFormat::Json => json_answer(answer.about()?, &sections(FILE_ROWS, Extent::Whole))?,
    };
    match doubts {
        None => Ok(Done { data }),
        Some(message) => Err(Failure { data, message, code: BEYOND_LIMITS }),
    }
}

/// Writes the work list alone.
fn write_list(path: &Path, answer: &ServiceAnswer, filter: &WorkFilter, lang: Lang) -> Result<(), Failure> {
    let list = answer.work_list(filter).ok_or_else(no_list)?;
    let (format, mark) = (ExportFormat::Csv, ByteOrderMark::Written);
    Ok(export::write_sections(path, format, lang.into(), mark, &[Section::new().table(list)])?)
}

/// Refuses a filter that names a service that is not in the catalogue.
fn check_services(filter: &WorkFilter, cycle: &StoredCycle) -> Result<(), Failure> {
    if filter.services.is_empty() {
        return Ok(());
    }
    let catalogue = cycle::catalogue(cycle)?;
    let Some(unknown) = filter.unknown_services(&catalogue).next() else { return Ok(()) };
    let known = catalogue.services.iter().map(|service| service.id.as_str());
    let fix = did_you_mean(unknown, known);
    Err(Failure::new(
        USAGE,
        text!(
            "--service {unknown}: the catalogue of the cycle has no such service; {fix}",
            "--service {unknown}：该周期的权益目录中没有此服务；{fix}";
            fix
        ),
    ))
}

/// Which log the command line asks about.
fn log_request(args: &ServiceLogArgs) -> Result<LogRequest, Failure> {
    Ok(LogRequest {
        data: args.data.clone(),
        store: args.cycle.store.clone(),
        policy: args.policy.clone(),
        run: run_of(args.period, args.as_of)?,
        min_count: args.min_count,
    })
}

/// The run of a period as of a day.
pub fn run_of(period: Period, as_of: Option<NaiveDate>) -> Result<Run, Failure> {
    Run::new(period, as_of.map(day_of_date)).ok_or_else(|| {
        let day = as_of.or(date_of_day(period.end_day())).unwrap_or_default();
        Failure::new(
            USAGE,
            text!(
                "--as-of {day}: the day must be after the first day of the period {period}, by 125 years at most",
                "--as-of {day}: 截止日须晚于报告期 {period} 的首日，且相距不超过 125 年"
            ),
        )
    })
}

/// Reads the service folder against the cycle.
fn read(request: &LogRequest, cycle: &StoredCycle, lang: Lang) -> Result<ServiceLog, Failure> {
    let folder = service::open(&request.data)?;
    if let Some(ignored) = service::ignored(&folder) {
        note(&ignored, lang);
    }
    let (folder, bar) = progress::watch(folder, lang);
    let log = ServiceLog::read(folder, cycle, Some(&request.policy), request.run);
    bar.finish_and_clear();
    Ok(log?)
}

fn no_list() -> Failure {
    Failure::new(
        INPUT,
        text!(
            "there is no work list: the table deliveries is absent, so what is due is not measured",
            "没有工作清单：缺少服务记录表 deliveries，应做事项未测量"
        ),
    )
}

/// What to do about results that are doubtful.
fn fix(request: &LogRequest, place: ResultPlace) -> Text {
    let ResultPlace::Folder(dir) = place else { return request.fix() };
    let rejects = dir.join("rejects");
    let rejects = rejects.display();
    text!("the rows are in {rejects}; mend the export", "有关行见 {rejects}；请修正导出")
}
