//! How a run ends: what it prints last, and the exit code that scripts rely on.

use std::io::Write;
use std::process::ExitCode;

use gridtier::checked_toml::Faults;
use gridtier::error::{Refusal, RunError};
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_io::appeal::AppealError;
use gridtier_io::cycle::{CycleError, EvidenceError};
use gridtier_io::entitle::{ListReadError, RequestError};
use gridtier_io::export::ExportError;
use gridtier_io::folder::OpenError;
use gridtier_io::govern::GovernanceError;
use gridtier_io::publish::PublishError;
use gridtier_io::recompute::RecomputeError;
use gridtier_io::regrade::{RegradeError, beyond_limits};
use gridtier_io::service::ServiceError;
use gridtier_io::store::StoreError;
use gridtier_report::render::terminal::harmless;

use crate::args::{self, ResultFormat};

/// Findings exceeded the limits, so nothing was published; or a check of a cycle failed.
pub const BEYOND_LIMITS: u8 = 1;
/// Wrong command line.
pub const USAGE: u8 = 2;
/// Wrong method file, catalogue of entitlements or policy of service.
pub const METHOD: u8 = 3;
/// Input unreadable or empty.
pub const INPUT: u8 = 4;
/// Output could not be written.
pub const OUTPUT: u8 = 5;
/// A bug in gridtier.
pub const BUG: u8 = 70;

/// A run that succeeded: its data for stdout.
pub struct Done {
    /// For stdout.
    pub data: String,
}

/// A run that failed: the data so far, a message and a code.
pub struct Failure {
    /// For stdout.
    pub data: String,
    /// The message for stderr; empty if there is none.
    pub message: Text,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// A failure with its code.
    pub fn new(code: u8, message: impl Into<Text>) -> Self {
        Self { data: String::new(), message: message.into(), code }
    }

    /// A bug in gridtier.
    pub fn bug(what: &str) -> Self {
        Self::new(
            BUG,
            text!(
                "{what}\n  this is a bug in gridtier, not in your data; please report the command and this message",
                "{what}\n  这是 gridtier 的程序错误, 与您的数据无关; 请将命令和此信息报告给开发者",
            ),
        )
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::new(METHOD, Text::new(faults.message(Lang::En), faults.message(Lang::Zh)))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(INPUT, error.text())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(INPUT, Text::new(refusal.message(Lang::En), refusal.message(Lang::Zh)))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Refused(refusal) => refusal.into(),
            RunError::Enough | RunError::Bug(_) => Self::bug(&error.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Misuse { .. } => Self::bug(&error.to_string()),
            _ if error.is_write() => Self::new(OUTPUT, error.text()),
            _ => Self::new(INPUT, error.text()),
        }
    }
}

impl From<RegradeError> for Failure {
    fn from(error: RegradeError) -> Self {
        match error {
            RegradeError::Store(error) => error.into(),
            RegradeError::Previous(error) => error.into(),
            RegradeError::Run(error) => error.into(),
            RegradeError::Publish(error) => error.into(),
            RegradeError::Governance(error) => error.into(),
            RegradeError::BeyondLimits(breaches) => Self::new(BEYOND_LIMITS, beyond_limits(&breaches)),
        }
    }
}

impl From<GovernanceError> for Failure {
    fn from(error: GovernanceError) -> Self {
        let code = match error {
            GovernanceError::Store(error) => return error.into(),
            GovernanceError::Cycle(error) => return error.into(),
            GovernanceError::Usage(_) => USAGE,
            GovernanceError::Method(_) => METHOD,
            GovernanceError::Refused(_) => BEYOND_LIMITS,
            GovernanceError::Damaged(_) | GovernanceError::NoRules(_) | GovernanceError::NoCycle(_) => INPUT,
        };
        Self::new(code, error.text())
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Policy(faults) => faults.into(),
            ServiceError::PolicyFile(what) | ServiceError::NotInForce(what) => Self::new(METHOD, what),
            ServiceError::Folder(error) => error.into(),
            ServiceError::Refused(refusal) => refusal.into(),
            ServiceError::Cycle(error) => error.into(),
            ServiceError::Bug(what) => Self::bug(&what),
        }
    }
}

impl From<CycleError> for Failure {
    fn from(error: CycleError) -> Self {
        match error {
            CycleError::Store(error) => error.into(),
            CycleError::File { .. } | CycleError::NoSuchCustomer { .. } => Self::new(INPUT, error.text()),
        }
    }
}

impl From<EvidenceError> for Failure {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Cycle(error) => error.into(),
            EvidenceError::Run(error) => error.into(),
            EvidenceError::OtherData(what) => Self::new(INPUT, what),
        }
    }
}

impl From<RecomputeError> for Failure {
    fn from(error: RecomputeError) -> Self {
        match error {
            RecomputeError::Cycle(error) => error.into(),
            RecomputeError::Run(error) => error.into(),
            RecomputeError::Publish(error) => error.into(),
            RecomputeError::Appeal(error) => error.into(),
            RecomputeError::OtherInputs(what) => Self::new(INPUT, what),
            RecomputeError::NoPlace(error) => Self::new(
                OUTPUT,
                text!("no folder for temporary files can be made: {error}", "无法创建临时文件夹: {error}"),
            ),
        }
    }
}

impl From<AppealError> for Failure {
    fn from(error: AppealError) -> Self {
        match error {
            AppealError::Governance(error) => error.into(),
            AppealError::Run(error) => error.into(),
            AppealError::OtherInputs(what) => Self::new(INPUT, what),
            AppealError::NoPlace(error) => Self::new(
                OUTPUT,
                text!("no folder for temporary files can be made: {error}", "无法创建临时文件夹: {error}"),
            ),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Source(error) => error.into(),
            ExportError::Write { .. } => Self::new(OUTPUT, error.text()),
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::new(INPUT, error.text())
    }
}

impl From<ListReadError> for Failure {
    fn from(error: ListReadError) -> Self {
        match error {
            ListReadError::Cycle(error) => error.into(),
            ListReadError::List(error) => error.into(),
        }
    }
}

/// Prints the output and returns the exit code. It is no error if the reader of stdout has gone away.
pub fn report(result: Result<Done, Failure>, lang: Lang, answer: ResultFormat) -> ExitCode {
    let (mut data, message, code) = match result {
        Ok(done) => (done.data, Text::default(), 0),
        Err(failure) => (failure.data, failure.message, failure.code),
    };
    if code != 0 && data.is_empty() && answer == ResultFormat::Json {
        data = error_json(code, &message);
    }
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_all(data.as_bytes()).and_then(|()| stdout.flush());
    if !message.is_empty() {
        note(&message, lang);
    }
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe && code == 0 => {
            note(
                &text!(
                    "stdout could not be written: {error}; files and cycles that the command writes are complete",
                    "无法写入标准输出: {error}; 该命令写出的文件和发布的周期均已完整"
                ),
                lang,
            );
            ExitCode::from(OUTPUT)
        }
        _ => ExitCode::from(code),
    }
}

/// The error as JSON, for programs that read only stdout.
fn error_json(code: u8, message: &Text) -> String {
    let error = serde_json::json!({ "exit": code, "message": message.en, "message_zh": message.zh });
    format!("{:#}\n", serde_json::json!({ "error": error }))
}

/// Ends a run whose command line is wrong or asks for help. Prints the error or the help, and returns the exit code.
pub fn usage(error: &clap::Error, answer: ResultFormat, lang: Lang) -> ExitCode {
    let text = args::answer(error);
    if error.use_stderr() && answer == ResultFormat::Json {
        let _ = std::io::stdout().write_all(error_json(USAGE, &text).as_bytes());
    }
    // If this fails, the reader has gone away, and there is nobody to report the error to.
    let _ = match (lang, error.use_stderr()) {
        (Lang::En, _) => error.print(),
        (Lang::Zh, true) => std::io::stderr().write_all(text.zh.as_bytes()),
        (Lang::Zh, false) => std::io::stdout().write_all(text.zh.as_bytes()),
    };
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}

/// A remark for people, on stderr, in their language.
pub fn note(text: &Text, lang: Lang) {
    say(&format!("gridtier: {}", text.in_lang(lang)));
}

/// A line for programs that wait for it, on stdout while the run goes on.
pub fn announce(line: &str) {
    let mut stdout = std::io::stdout().lock();
    // If the reader has gone away, nobody waits for the line.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// A line for people, on stderr.
pub fn say(line: &str) {
    // Without stderr there is no place to report an error.
    let _ = writeln!(std::io::stderr(), "{}", harmless(line));
}
