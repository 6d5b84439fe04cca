//! The command line. The documentation of a command or argument is its help: English, an empty line, Chinese.

mod help;
mod wrong;
mod value;
mod governance;
mod question;
mod entitlements;
mod inspect;
mod report;
mod handbook;
mod serve;
mod appeal;
mod service;
mod survey;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use gridtier::decision::RevisionCause;
use gridtier::text::Text;
use gridtier::unit::{LocalTime, Month};
use gridtier::word::Word;

pub use appeal::*;
pub use entitlements::*;
pub use governance::*;
pub use handbook::*;
pub use inspect::*;
pub use question::*;
pub use report::*;
pub use serve::*;
pub use service::*;
pub use survey::*;
pub use value::first_of_month;
use value::{instant, store_folder, threads, word_of};

use crate::lang::{self, Lang};

/// The method of a command that names none.
pub const DEFAULT_METHOD: &str = "paper";

/// The text after the help: English, an empty line, Chinese, as in the documentation comments below.
const EXIT_CODES: &str = "Exit codes:
  0   done
  1   refused: findings beyond the method's limits, or a rule of approval; nothing is published (validate: a check fails)
  2   wrong command line
  3   wrong method file, catalogue of entitlements or policy of service
  4   input unreadable or empty; nothing is published
  5   output could not be written; nothing is published
  70  a bug in gridtier

退出码：
  0   完成
  1   拒绝：数据问题超出方法的限值，或不符合审批规则；未发布（validate：有检验不通过）
  2   命令行错误
  3   方法文件、权益目录或服务标准有误
  4   输入无法读取或为空，未发布
  5   无法写出结果，未发布
  70  gridtier 的程序错误";

/// Customer-value grading for power utilities
///
/// 面向供电企业的电力客户价值分级
#[derive(Parser)]
#[command(name = "gridtier", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Number of threads; affects only the run time
    ///
    /// 线程数；只影响用时
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Language of texts for people; by default that of the environment
    ///
    /// 供人阅读的文字所用语言；默认取自环境
    #[arg(long, global = true, value_parser = PossibleValuesParser::new(Lang::CODES).map(lang::of_code))]
    pub lang: Option<Lang>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Grade a folder of tables and publish a cycle
    ///
    /// 对一个数据文件夹评级，并发布一个周期
    Regrade(RegradeArgs),
    /// Grade the next cycle into a folder outside the store, and say what it would change
    ///
    /// 演练下一周期：结果写入存储之外的文件夹，并说明将有哪些变化
    Rehearse(RehearseArgs),
    /// Check a folder of tables against the contracts; publishes nothing
    ///
    /// 按数据约定检查一个数据文件夹；不发布
    Check(CheckArgs),
    /// Review a proposed cycle: agree, object or note
    ///
    /// 对提案周期发表复核意见
    Review(ReviewArgs),
    /// Approve and publish a proposed cycle, unless a gate or rule forbids it
    ///
    /// 批准并发布提案周期，除非有门限或规则不允许
    Approve(ApproveArgs),
    /// Reject a proposed cycle
    ///
    /// 否决提案周期
    Reject(DecisionArgs),
    /// Withdraw a cycle that you proposed
    ///
    /// 撤回本人提出的提案周期
    Withdraw(DecisionArgs),
    /// Appeals of customers against their tiers: file, replay with corrected rows, rule
    ///
    /// 客户申诉复核：提出、按更正数据重放、裁定
    Appeal(AppealArgs),
    /// List the cycles of a store: state, who, when, size, reason
    ///
    /// 列出存储中的周期：状态、经办人、时间、大小、理由
    Cycles(StoreArgs),
    /// List the register: reviews, approvals, appeals and other decisions
    ///
    /// 列出登记簿：复核、批准、申诉等
    Register(RegisterArgs),
    /// List the tiers of all customers over time
    ///
    /// 各客户历次等级
    History(HistoryArgs),
    /// Remove folders that are no longer needed; commit records and register stay
    ///
    /// 清理不再需要的文件夹；提交记录和登记簿保留
    Prune(PruneArgs),
    /// Print the folder of a cycle
    ///
    /// 输出周期所在的文件夹
    Path(PathArgs),
    /// Compare all files of a store, or of one cycle, with what was written
    ///
    /// 将存储的全部文件或某一周期的文件与写入时的内容核对
    Verify(VerifyArgs),
    /// Explain why a customer has its tier and what would raise it
    ///
    /// 客户为何是该等级，怎样可以升级
    Explain(ExplainArgs),
    /// Measure whether a published grading is sound
    ///
    /// 检验已发布的分级是否可靠
    Validate(ValidateArgs),
    /// Compare two cycles: who moved, and why
    ///
    /// 两个周期之间谁的等级变了，为什么
    Compare(CompareArgs),
    /// List what customers of grade-3 can improve, and write letters to them
    ///
    /// 三级客户的改进计划及信函
    Plans(PlansArgs),
    /// Record on which day a customer's improvement plan is due, as agreed with the customer
    ///
    /// 登记与客户约定的改进计划复查日期
    Plan(PlanArgs),
    /// Show which tiers the customers of the current cycle would have now; changes no tier
    ///
    /// 期间检查：现行周期的客户目前处于什么水平；不改变等级
    Inspect(InspectArgs),
    /// Try other weights or another method on a published cycle
    ///
    /// 换用其他权重或方法，已发布的周期会有何变化
    Whatif(WhatifArgs),
    /// Write a cycle as one page, a workbook, or charts for slides
    ///
    /// 将一个周期写成单页报告、工作簿，或供幻灯片使用的图
    Report(ReportArgs),
    /// Write the customer handbook from the utility's own text, a cycle's catalogue and method, and the service policy
    ///
    /// 由本单位文本、周期的服务目录和评价方法以及服务标准生成客户手册
    Handbook(HandbookArgs),
    /// Show a store in the browser of this machine
    ///
    /// 在本机浏览器中查看存储
    Serve(ServeArgs),
    /// What each tier is entitled to: the matrix, customers' services, who has a service, costs, changes
    ///
    /// 各等级享有的权益：权益矩阵、客户的服务、服务的享有者、成本、变化
    Entitlements(Box<Entitlements>),
    /// Service delivery: promises against what happened, due against delivered, contacts, work list
    ///
    /// 服务交付：承诺与实际、应做与已做、诉求、工作清单
    Service(Box<ServiceArguments>),
    /// Surveys: instruments, whom to ask, and what the answers say
    ///
    /// 客户调查：量表、抽样、统计
    Survey(Box<SurveyArguments>),
    /// Draft the gridtier.toml of a folder of exports
    ///
    /// 为一个导出文件夹草拟 gridtier.toml
    Init(InitArgs),
    /// Print a preset, start a method file, or check one
    ///
    /// 输出预设方法，新建或检查方法文件
    Method(MethodArgs),
    /// Write the contracts of the tables and the JSON Schemas
    ///
    /// 写出各表的数据约定和 JSON Schema
    Schema(SchemaArgs),
    /// Make a small invented utility and grade it
    ///
    /// 虚构一个小型供电企业并评级
    Demo(DemoArgs),
}

#[derive(Args)]
pub struct RegradeArgs {
    /// Folder with the tables
    ///
    /// 存放数据表的文件夹
    pub data: PathBuf,
    /// First day after the window, the first of a month
    ///
    /// 统计窗口之后的第一天，须为某月 1 日
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Month,
    /// Leave out rows whose recorded_at is later than this date, or date and time
    ///
    /// 不计 recorded_at 晚于该日期（或日期时间）的行
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub known_as_of: Option<LocalTime>,
    /// A preset (paper, utility) or a method file
    ///
    /// 预设方法（paper、utility）或方法文件
    #[arg(long, default_value = DEFAULT_METHOD, value_name = "METHOD")]
    pub method: String,
    /// Catalogue of entitlements that the cycle records: the shipped one (paper) or a file
    ///
    /// 周期所记录的权益目录：内置目录（paper）或文件
    #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
    pub entitlements: String,
    /// Folder of the store, which holds the cycles; created if it does not exist
    ///
    /// 存储文件夹，其中保存各周期；不存在则创建
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Publish although findings exceed the limits; WHO is recorded
    ///
    /// 数据问题超出限值仍发布；记录批准人 WHO
    #[arg(long, value_name = "WHO", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept_findings: Option<String>,
    /// Also draw random weights near those of the method, and publish how often each customer keeps its tier
    ///
    /// 另在方法权重附近抽样，并发布各客户保持等级的频率
    #[arg(long)]
    pub tier_probability: bool,
    /// Count everything again, even what an earlier cycle of the store has counted from the same files
    ///
    /// 全部重新计算，包括存储中较早周期已从相同文件算出的部分
    #[arg(long)]
    pub fresh: bool,
    /// Publish even if a published cycle has the same inputs, window, method, catalogue and engine
    ///
    /// 即使输入、窗口、方法、目录和程序版本与已发布周期相同，也再次发布
    #[arg(long)]
    pub again: bool,
    /// Make the cycle current even if the current one has a later as-of
    ///
    /// 即使当前周期的截止日更晚，也将本周期设为当前周期
    #[arg(long)]
    pub make_current: bool,
    /// Propose the cycle: it is published when somebody else approves it
    ///
    /// 作为提案：由他人批准后发布
    #[arg(long, requires = "by", requires = "reason")]
    pub propose: bool,
    /// Number of the cycle that this one corrects; if it was revised, the number of its latest revision
    ///
    /// 本周期所修订的周期编号；若已有修订，则为其最新修订的编号
    #[arg(long, value_name = "N", requires = "because", requires = "by", requires = "reason")]
    pub revises: Option<u64>,
    /// What was wrong: data, engine or method
    ///
    /// 修订原因：data 数据、engine 程序或 method 方法
    #[arg(long, value_name = "CAUSE", requires = "revises", value_parser = word_of(&[
        RevisionCause::Data, RevisionCause::Engine, RevisionCause::Method,
    ]))]
    pub because: Option<RevisionCause>,
    /// Who proposes or revises
    ///
    /// 提案人或修订人
    #[arg(long, value_name = "NAME", requires = "reason", value_parser = NonEmptyStringValueParser::new())]
    pub by: Option<String>,
    /// Reason
    ///
    /// 理由
    #[arg(long, value_name = "TEXT", requires = "by", value_parser = NonEmptyStringValueParser::new())]
    pub reason: Option<String>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct RehearseArgs {
    /// Folder with the tables
    ///
    /// 存放数据表的文件夹
    pub data: PathBuf,
    /// First day after the window, the first of a month
    ///
    /// 统计窗口之后的第一天，须为某月 1 日
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Month,
    /// Leave out rows whose recorded_at is later than this date, or date and time
    ///
    /// 不计 recorded_at 晚于该日期（或日期时间）的行
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub known_as_of: Option<LocalTime>,
    /// A preset (paper, utility) or a method file
    ///
    /// 预设方法（paper、utility）或方法文件
    #[arg(long, default_value = DEFAULT_METHOD, value_name = "METHOD")]
    pub method: String,
    /// Catalogue of entitlements that the cycle would record: the shipped one (paper) or a file
    ///
    /// 周期将记录的权益目录：内置目录（paper）或文件
    #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
    pub entitlements: String,
    /// Folder of the store; the new cycle is compared with its current one
    ///
    /// 存储文件夹，与其现行周期对比
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Folder for the results as parquet: the cycle, its comparison, gates, costs and the list of customers to notify
    ///
    /// 写出周期、对比、门限、成本和告知名单（parquet）的文件夹
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct CheckArgs {
    /// Folder with the tables
    ///
    /// 存放数据表的文件夹
    pub data: PathBuf,
    /// First day after the window; without it, rows of every date count
    ///
    /// 统计窗口之后的第一天；不给出则所有日期都计入
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Option<Month>,
    /// Leave out rows whose recorded_at is later than this date, or date and time
    ///
    /// 不计 recorded_at 晚于该日期（或日期时间）的行
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub known_as_of: Option<LocalTime>,
    /// A preset or a method file, for the length of the window and the limits
    ///
    /// 预设方法或方法文件，用于确定窗口长度和限值
    #[arg(long, default_value = DEFAULT_METHOD, value_name = "METHOD")]
    pub method: String,
    /// Folder for findings, rejects and reconciliation as CSV files for Excel; or a file .xlsx, .html or .json, which
    /// has no rejects
    ///
    /// 存放数据问题、不合格行和对账表的文件夹，均为 Excel 可打开的 CSV 文件；或 .xlsx、.html、.json 文件，不含不合格行
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `gridtier init`.
#[derive(Args)]
pub struct InitArgs {
    /// Folder of the exports
    ///
    /// 存放导出文件的文件夹
    pub data: PathBuf,
    /// File to write, `-` for stdout [default: gridtier.toml in the folder]
    ///
    /// 要写的文件，`-` 为标准输出 [默认：该文件夹中的 gridtier.toml]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct MethodArgs {
    #[command(subcommand)]
    pub action: MethodAction,
}

#[derive(Subcommand)]
pub enum MethodAction {
    /// Print a preset
    ///
    /// 输出预设方法
    Show {
        /// The preset: paper or utility
        ///
        /// paper 或 utility
        #[arg(default_value = "paper")]
        preset: String,
    },
    /// Start a method file from a preset
    ///
    /// 由预设方法新建方法文件
    New {
        /// File to write
        ///
        /// 要写的文件
        file: PathBuf,
        /// The preset to start from: paper or utility
        ///
        /// paper 或 utility
        #[arg(long, default_value = "paper", value_name = "PRESET")]
        from: String,
    },
    /// Check a method file and print its weights
    ///
    /// 检查方法文件并输出其权重
    Check {
        /// A preset or a method file
        ///
        /// 预设方法或方法文件
        method: String,
    },
}

#[derive(Args)]
pub struct SchemaArgs {
    /// Folder to write to
    ///
    /// 写入的文件夹
    #[arg(short, long, value_name = "DIR", default_value = "schemas")]
    pub output: PathBuf,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Folder for data and store
    ///
    /// 存放数据和存储的文件夹
    #[arg(default_value = "gridtier-demo")]
    pub dir: PathBuf,
    /// Number of customers of the invented utility
    ///
    /// 虚构供电企业的客户数
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub customers: u32,
    /// Months of data
    ///
    /// 数据的月数
    #[arg(long, default_value_t = 36, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub months: u32,
    /// Interval of the readings
    ///
    /// 读数的间隔
    #[arg(long, value_enum, default_value_t = Cadence::Monthly)]
    pub cadence: Cadence,
    /// Seed of the random draws; the same seed gives the same files
    ///
    /// 随机数种子；种子相同则文件相同
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Do not put faults into the data
    ///
    /// 不加入预设的数据错误
    #[arg(long)]
    pub clean: bool,
    /// Write the readings of each month into a file of its own
    ///
    /// 读数每月一个文件
    #[arg(long)]
    pub monthly_files: bool,
    /// Also write the folder `next` with the same customers three years later, and `next.toml`, a method with one changed
    /// weight
    ///
    /// 另写出 `next` 文件夹（同一批客户的下一个三年）和 `next.toml`（改动一个权重的方法）
    #[arg(long)]
    pub next: bool,
    /// Also write the folders `service`, what the utility did for its customers in the last year, and `survey`, what they
    /// answered to 22 statements
    ///
    /// 另写出 `service` 文件夹（最近一年的服务记录）和 `survey` 文件夹（22 题问卷的答卷）
    #[arg(long)]
    pub service: bool,
    /// Write the data but do not grade them
    ///
    /// 只写数据，不评级
    #[arg(long)]
    pub data_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cadence {
    Monthly,
    Daily,
    QuarterHour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    Text,
    Json,
}

/// The output format on a command line, read even if the rest of the command line has an error.
pub fn answer_asked(line: &[OsString]) -> ResultFormat {
    let asks_json = line.iter().any(|arg| arg == "--format=json")
        || line.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if asks_json { ResultFormat::Json } else { ResultFormat::Text }
}

/// Reads the command line, with help in one language.
///
/// # Errors
/// The command line has an error, or asks for help.
pub fn read(line: Vec<OsString>, lang: Lang) -> Result<Cli, clap::Error> {
    let mut matches = help::in_lang(Cli::command(), lang).try_get_matches_from(line)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// The help, or the error of a command line.
pub fn answer(error: &clap::Error) -> Text {
    let en = error.render().to_string();
    let zh = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => help::chinese(&en),
        _ => wrong::chinese(error),
    };
    Text::new(en, zh)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn old_spellings_mean_the_subcommands() {
        let rewritten = |line: &str| {
            let args = with_subcommand(line.split(' ').map(OsString::from));
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        for (old, new) in [
            ("g entitlements --store s --matrix -o m.csv", "g entitlements matrix --store s -o m.csv"),
            (
                "g --lang zh entitlements --customer 01 --store s",
                "g --lang zh entitlements customer 01 --store s",
            ),
            (
                "g entitlements --store s --service S18 --by region",
                "g entitlements service S18 --store s --by region",
            ),
            ("g entitlements --service", "g entitlements service"),
            ("g entitlements costs --store s", "g entitlements costs --store s"),
            ("g regrade --entitlements f data", "g regrade --entitlements f data"),
        ] {
            assert_eq!(rewritten(old), new);
        }
    }
}
