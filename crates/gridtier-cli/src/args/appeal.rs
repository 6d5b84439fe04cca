//! The command line of appeals.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use gridtier::decision::AppealOutcome;
use gridtier::word::Word as _;

use super::ResultFormat;
use super::governance::StoreArgs;
use super::value::{store_folder, word_of};

#[derive(Args)]
pub struct AppealArgs {
    #[command(subcommand)]
    pub step: AppealStep,
}

#[derive(Subcommand)]
pub enum AppealStep {
    /// Record an appeal in the register
    ///
    /// 登记一项申诉
    File(FileArgs),
    /// Write the customer's rows of each table into a folder as CSV, to be corrected and given to `appeal replay`
    ///
    /// 把该客户在各表中的数据行以 CSV 写入文件夹，更正后交给 `appeal replay`
    Rows(RowsArgs),
    /// Compute the tier that the corrected rows would give; writes nothing
    ///
    /// 按更正数据重放：客户将处于何处；不写入
    Replay(ReplayArgs),
    /// Rule on the open appeal of a customer
    ///
    /// 裁定客户未决的申诉
    Rule(RuleArgs),
}

#[derive(Args)]
pub struct AppealedArgs {
    /// Customer id, as in the tables
    ///
    /// 客户编号
    #[arg(value_name = "ID")]
    pub customer: String,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Number of the cycle; by default the cycle of the open appeal, or the current cycle if no appeal is open
    ///
    /// 周期编号；缺省为未决申诉所指周期，无则为现行周期
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
}

#[derive(Args)]
pub struct SignedArgs {
    /// Your name; it is recorded but not checked
    ///
    /// 经办人姓名；仅为申报，不作认证
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub by: String,
    /// Reason
    ///
    /// 理由
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub reason: String,
}

#[derive(Args)]
pub struct FileArgs {
    #[command(flatten)]
    pub appealed: AppealedArgs,
    #[command(flatten)]
    pub signed: SignedArgs,
}

#[derive(Args)]
pub struct RowsArgs {
    /// Customer id, as in the tables; the id of a holder stands for all its accounts
    ///
    /// 客户编号；给出用电主体编号时，含其名下全部户号
    #[arg(value_name = "ID")]
    pub customer: String,
    /// Data folder that the cycle was graded from
    ///
    /// 该周期评级时所用的数据文件夹
    #[arg(long, value_name = "DATA")]
    pub data: PathBuf,
    /// Folder for the rows; it must be new or empty
    ///
    /// 写入数据行的文件夹，须为新文件夹或空文件夹
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Folder of the store: take the rows as the cycle counted them, with the corrections of earlier appeals
    ///
    /// 存储文件夹：按该周期统计时的数据取行，含此前申诉的更正
    #[arg(long, value_parser = store_folder())]
    pub store: Option<PathBuf>,
    /// Number of the cycle; by default the cycle of the open appeal, or the current cycle if no appeal is open
    ///
    /// 周期编号；缺省为未决申诉所指周期，无则为现行周期
    #[arg(long, value_name = "N", requires = "store")]
    pub cycle: Option<u64>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub appealed: AppealedArgs,
    /// Folder with the corrected tables; each must have all rows of the customer and no others
    ///
    /// 更正文件夹：其中每张表须含该客户的全部数据行，且仅含该客户
    #[arg(long, value_name = "DIR")]
    pub patch: PathBuf,
    /// Data folder that the cycle was graded from, unchanged since then
    ///
    /// 该周期评级时所用的数据文件夹，须与当时相同
    #[arg(long, value_name = "DATA")]
    pub data: PathBuf,
    /// File for the printed result: .xlsx, .html or .json
    ///
    /// 写出所显示内容的文件：.xlsx、.html 或 .json
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct RuleArgs {
    #[command(flatten)]
    pub appealed: AppealedArgs,
    #[command(flatten)]
    pub signed: SignedArgs,
    /// Outcome of the appeal
    ///
    /// 裁定：upheld 支持、partly 部分支持、dismissed 驳回
    #[arg(long, value_name = "WORD", value_parser = word_of(AppealOutcome::ALL))]
    pub outcome: AppealOutcome,
    /// Folder with the corrected tables; each must have all rows of the customer and no others
    ///
    /// 更正文件夹：其中每张表须含该客户的全部数据行，且仅含该客户
    #[arg(long, value_name = "DIR", requires = "data")]
    pub patch: Option<PathBuf>,
    /// Data folder that the cycle was graded from, unchanged since then
    ///
    /// 该周期评级时所用的数据文件夹，须与当时相同
    #[arg(long, value_name = "DATA", requires = "patch")]
    pub data: Option<PathBuf>,
    /// File for the printed result: .xlsx, .html or .json
    ///
    /// 写出所显示内容的文件：.xlsx、.html 或 .json
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
