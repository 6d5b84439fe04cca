//! `gridtier service`: promises against what happened, due against delivered, contacts, the monthly report, and
//! the policy of all that.

use std::path::Path;

use gridtier::limit::Breach;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{date_of_day, day_of_date};
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::service::{self, MeasuredLog, ServiceLog, results};
use gridtier_io::store::{Store, StoredCycle};
use gridtier_report::format::shell_word;
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::Section;
use gridtier_report::service::{
    ServiceView, absent_tables, contacts, delivered, head, monthly, policy, promises, worklist,
};
use gridtier_report::summary::{advice, breach_lines, recorded_rows};
use gridtier_service::monthly::MonthlyReport;
use gridtier_service::monthly::tables::tables;
use gridtier_service::period::Run;
use gridtier_service::policy::POLICIES;
use serde_json::json;

use crate::args::{PolicyAction, ResultFormat, ServiceArguments, ServiceCommand, ServiceLogArgs};
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
/// Rows of a list on a page, which people read and print.
const PAGE_ROWS: usize = 40;
/// Rows of a list in a workbook or JSON: more than a spreadsheet shows with ease are left to the folder.
const FILE_ROWS: usize = 100_000;

/// Runs `gridtier service`.
pub fn run(args: &ServiceArguments, lang: Lang) -> Result<Done, Failure> {
    match &args.command {
        ServiceCommand::Check(args) => ServiceQuestion::Check.answer(args, lang),
        ServiceCommand::Promises(args) => ServiceQuestion::Promises.answer(args, lang),
        ServiceCommand::Delivered(args) => ServiceQuestion::Delivered.answer(args, lang),
        ServiceCommand::Contacts(args) => ServiceQuestion::Contacts.answer(args, lang),
        ServiceCommand::Due(args) => ServiceQuestion::Due.answer(args, lang),
        ServiceCommand::Report(args) => ServiceQuestion::Report.answer(args, lang),
        ServiceCommand::Policy { action } => policy_action(action, lang),
    }
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

/// What is asked of a service log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ServiceQuestion {
    Check,
    Promises,
    Delivered,
    Contacts,
    Due,
    Report,
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

impl ServiceQuestion {
    fn command(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Promises => "promises",
            Self::Delivered => "delivered",
            Self::Contacts => "contacts",
            Self::Due => "due",
            Self::Report => "report",
        }
    }

    fn heading(self) -> Text {
        match self {
            Self::Check => text!("Tables of the service log", "服务记录数据检查"),
            Self::Promises => text!("Promises and reliability", "服务承诺与供电可靠性"),
            Self::Delivered => text!("Services due and delivered", "服务应做与已做"),
            Self::Contacts => text!("Contacts of customers", "客户诉求"),
            Self::Due => text!("What is to be done next", "后续应做事项"),
            Self::Report => text!("Monthly report of service", "服务月报"),
        }
    }

    /// What the command line means by `-o`. A folder that is there is refused before anything is read.
    fn place(self, args: &ServiceLogArgs) -> Result<ResultPlace<'_>, Failure> {
        let Some(path) = args.output.as_deref() else { return Ok(ResultPlace::Printed) };
        let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let place = match Destination::of(Some(path)) {
            _ if self == Self::Due && is_csv && !path.is_dir() => ResultPlace::List(path),
            Err(failure) => return Err(failure),
            Ok(Some(Destination::File(path, format))) => ResultPlace::File(path, format),
            Ok(Some(Destination::Folder(path))) => ResultPlace::Folder(path),
            Ok(None) => ResultPlace::Printed,
        };
        let names_customers = matches!(place, ResultPlace::Folder(_) | ResultPlace::List(_));
        if names_customers && args.withhold.min_count > 0 {
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
            results::check_new(path)?;
        }
        Ok(place)
    }

    fn answer(self, args: &ServiceLogArgs, lang: Lang) -> Result<Done, Failure> {
        let place = self.place(args)?;
        let run = run_of(args)?;
        let cycle = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
        let log = read(args, &cycle, run, lang)?;
        let measured = MeasuredLog::of(&log, &cycle)?;
        let supply = if self == Self::Promises { measured.promises() } else { None };
        let asks_for_duties = matches!(self, Self::Delivered | Self::Due);
        let duties = if asks_for_duties { measured.delivered() } else { None };
        let calls = if self == Self::Contacts { measured.contacts() } else { None };
        // Months are only drawn, which a terminal and a folder are without.
        let is_drawn = matches!(place, ResultPlace::File(..)) || args.format == ResultFormat::Json;
        let asks_for_months = self == Self::Promises && is_drawn;
        let months = if asks_for_months { measured.promise_months() } else { Vec::new() };
        let is_report = self == Self::Report;
        let month = is_report.then(|| MonthlyReport::of(measured.due_inputs(), &measured.groups));
        let sections = |most_rows| {
            let view = view(args, &measured, &cycle, most_rows);
            let mut sections = head(&view, self.heading());
            sections.extend(absent_tables(&measured.absent()));
            sections.extend(match self {
                Self::Check => Vec::new(),
                Self::Promises => promises::sections(&view, supply.as_ref(), &months),
                Self::Delivered => delivered::sections(&view, &measured.due_inputs(), duties.as_ref()),
                Self::Contacts => contacts::sections(&view, calls.as_ref()),
                Self::Due => worklist::sections(&view, duties.as_ref()),
                Self::Report => {
                    month.as_ref().map_or_else(Vec::new, |report| monthly::sections(&view, report))
                }
            });
            sections.extend(self.about_rows(&measured));
            sections
        };
        match place {
            ResultPlace::Printed => {}
            ResultPlace::Folder(dir) => {
                let tables = match self {
                    Self::Check => Vec::new(),
                    Self::Promises => measured.promise_tables(supply.as_ref()),
                    Self::Delivered | Self::Due => measured.delivered_tables(duties.as_ref()),
                    Self::Contacts => measured.contact_tables(calls.as_ref()),
                    Self::Report => {
                        month.as_ref().map_or_else(Vec::new, |report| tables(report, measured.due_inputs()))
                    }
                };
                results::write(dir, self.command(), &measured, &cycle, tables)?;
            }
            ResultPlace::File(path, ExportFormat::Html) => write_page(path, lang, &sections(PAGE_ROWS))?,
            ResultPlace::File(path, format) => {
                let all = sections(FILE_ROWS);
                write_file((path, format), lang, &all, &for_programs(&measured, &cycle, &all)?)?;
            }
            ResultPlace::List(path) => {
                let duties = duties.as_ref().ok_or_else(no_list)?;
                let list = worklist::list(&view(args, &measured, &cycle, usize::MAX), duties);
                let (format, mark) = (ExportFormat::Csv, ByteOrderMark::Written);
                export::write_sections(path, format, lang.into(), mark, &[Section::new().table(list)])?;
            }
        }
        let data = match args.format {
            ResultFormat::Text => terminal::text(&sections(PRINTED_ROWS), lang.into()),
            ResultFormat::Json => for_programs(&measured, &cycle, &sections(FILE_ROWS))?,
        };
        if measured.breaches.is_empty() {
            return Ok(Done { data });
        }
        let message = beyond_limits(&measured.breaches, args, place);
        Err(Failure { data, message, code: BEYOND_LIMITS })
    }

    /// What became of the rows: all of it for a check, else what is more than information.
    fn about_rows(self, measured: &MeasuredLog) -> Vec<Section> {
        let doubtful = advice(&measured.findings);
        if self != Self::Check && doubtful.is_none() {
            return Vec::new();
        }
        let [rows, findings] = recorded_rows(&measured.reconciliation(), &measured.findings);
        if self == Self::Check {
            return [rows, findings].into_iter().chain(doubtful).collect();
        }
        let heading = Section::titled(text!("Rows of the tables", "数据行")).sentence(
            "Some rows are set aside. `gridtier service check` says which, why, and what to do.",
            "部分行未计入。用 `gridtier service check` 查看是哪些行、原因及处理办法。",
        );
        vec![heading.with_all(rows.blocks)]
    }
}

/// The run that the command line asks for.
fn run_of(args: &ServiceLogArgs) -> Result<Run, Failure> {
    let as_of = args.as_of.map(day_of_date);
    Run::new(args.period, as_of).ok_or_else(|| {
        let (day, period) = (args.as_of.or(date_of_day(args.period.end_day())), args.period);
        let day = day.unwrap_or_default();
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
fn read(args: &ServiceLogArgs, cycle: &StoredCycle, run: Run, lang: Lang) -> Result<ServiceLog, Failure> {
    let folder = service::open(&args.data)?;
    if !folder.unused().is_empty() {
        let names = folder.unused().join(", ");
        note(&text!("not a table of service, and ignored: {names}", "不是服务数据表，已忽略：{names}"), lang);
    }
    let (folder, bar) = progress::watch(folder, lang);
    let log = ServiceLog::read(folder, cycle, Some(&args.policy), run);
    bar.finish_and_clear();
    Ok(log?)
}

fn view<'a>(
    args: &ServiceLogArgs,
    measured: &'a MeasuredLog,
    cycle: &StoredCycle,
    most_rows: usize,
) -> ServiceView<'a> {
    let ServiceLog { base, policy, catalogue, log, run, .. } = measured.read;
    ServiceView {
        base,
        groups: &measured.groups,
        policy,
        catalogue,
        log,
        run: *run,
        cycle: cycle.version,
        min_count: args.withhold.min_count,
        most_rows,
        is_whole: most_rows >= FILE_ROWS,
    }
}

/// The printed tables as JSON, with what they were made from.
fn for_programs(
    measured: &MeasuredLog,
    cycle: &StoredCycle,
    sections: &[Section],
) -> Result<String, Failure> {
    let log = measured.read;
    let absent: Vec<&str> = measured.absent().into_iter().map(|table| table.name()).collect();
    let about = json!({
        "period": log.run.period.to_string(),
        "as_of": date_of_day(log.run.as_of).map(|day| day.to_string()),
        "cycle": cycle.version,
        "policy": { "name": log.policy.name, "version": log.policy.version },
        "absent_tables": absent,
        "beyond_limits": measured.breaches,
        "inputs": log.folder.inputs(),
    });
    json_answer(about, sections)
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

/// Why the result is doubtful.
fn beyond_limits(breaches: &[Breach], args: &ServiceLogArgs, place: ResultPlace) -> Text {
    let fix = match place {
        ResultPlace::Folder(dir) => {
            let rejects = dir.join("rejects");
            let rejects = rejects.display();
            text!("the rows are in {rejects}; mend the export", "有关行见 {rejects}；请修正导出")
        }
        _ => {
            let [data, store] = [&args.data, &args.cycle.store].map(|path| path.display().to_string());
            let (data, store, period) = (shell_word(&data), shell_word(&store), args.period);
            text!(
                "see the rows with `gridtier service check {data} --store {store} --period {period} -o DIR`",
                "用 `gridtier service check {data} --store {store} --period {period} -o DIR` 查看有关行"
            )
        }
    };
    let lines = breach_lines(breaches);
    text!(
        "findings exceed the limits of the cycle's method, so these results are doubtful{lines}\n  what to do: {fix}",
        "数据问题超出该周期评价方法的限值，结果存疑{lines}\n  处理办法：{fix}";
        lines, fix
    )
}
