//! Arguments of `gridtier survey` and its subcommands.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::value::{day, store_folder};
use super::{CycleArgs, ResultFormat};

#[derive(Args)]
pub struct SurveyArguments {
    #[command(subcommand)]
    pub command: SurveyCommand,
}

#[derive(Subcommand)]
pub enum SurveyCommand {
    /// Print a shipped instrument
    ///
    /// 输出内置量表
    Show {
        /// The shipped instrument: servqual, servqual_1988, satisfaction or delivered_value
        ///
        /// 内置量表：servqual、servqual_1988、satisfaction 或 delivered_value
        #[arg(default_value = "servqual")]
        instrument: String,
    },
    /// Start an instrument of your own from a shipped one
    ///
    /// 由内置量表新建本单位的量表
    New {
        /// The file to write
        ///
        /// 要写的文件
        file: PathBuf,
        /// The shipped instrument to start from
        ///
        /// 所依据的内置量表
        #[arg(long, default_value = "servqual", value_name = "INSTRUMENT")]
        from: String,
    },
    /// Check an instrument and say which columns it expects; with a folder, check the tables of the survey too
    ///
    /// 检查量表并列出所需的列；给出文件夹时，同时检查调查数据表
    Check(SurveyCheckArgs),
    /// Say how many customers of each tier to ask, and draw them
    ///
    /// 计算各等级应调查的户数并抽取客户
    Plan(SurveyPlanArgs),
    /// Score the answers: counts, means with intervals, tests, reliability
    ///
    /// 统计调查结果：回收率、得分及区间、检验、信度
    Score(SurveyScoreArgs),
}

#[derive(Args)]
pub struct SurveyCheckArgs {
    /// Instrument: servqual, servqual_1988, satisfaction, delivered_value, or a file
    ///
    /// 量表：servqual、servqual_1988、satisfaction、delivered_value 或文件
    pub instrument: String,
    /// Folder with the tables invitations and responses
    ///
    /// 存放 invitations 与 responses 表的文件夹
    #[arg(requires_all = ["store", "as_of"])]
    pub data: Option<PathBuf>,
    /// Folder of the store of cycles
    ///
    /// 周期存储的文件夹
    #[arg(long, value_parser = store_folder())]
    pub store: Option<PathBuf>,
    /// Number of the cycle; by default the current one
    ///
    /// 周期号；不给出则为当前周期
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
    /// Day at whose 00:00 everything is known: answers count that came back before it
    ///
    /// 截止日（当日零时已知）：此前收回的答卷计入
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<NaiveDate>,
    #[command(flatten)]
    pub output: SurveyOutputArgs,
}

#[derive(Args)]
pub struct SurveyPlanArgs {
    /// Instrument: servqual, servqual_1988, satisfaction, delivered_value, or a file
    ///
    /// 量表：servqual、servqual_1988、satisfaction、delivered_value 或文件
    pub instrument: String,
    /// Folder with a table of customers to ask instead of those of the cycle
    ///
    /// 存放 customers 表的文件夹，以代替周期中的客户
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Day on which the customers to ask must be open
    ///
    /// 受访客户须在该日在用
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: NaiveDate,
    /// Seed of the draw: the same seed draws the same customers
    ///
    /// 抽样种子数：种子相同则抽中的客户相同
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Percentage of the customers asked that is expected to answer
    ///
    /// 预计回收率（百分数）
    #[arg(long, default_value_t = gridtier_service::survey::plan::RATE_PCT, value_name = "PCT",
          value_parser = clap::value_parser!(i64).range(1..=100))]
    pub rate: i64,
    #[command(flatten)]
    pub output: SurveyOutputArgs,
}

#[derive(Args)]
pub struct SurveyScoreArgs {
    /// Instrument: servqual, servqual_1988, satisfaction, delivered_value, or a file
    ///
    /// 量表：servqual、servqual_1988、satisfaction、delivered_value 或文件
    pub instrument: String,
    /// Folder with the tables responses and, if there is one, invitations
    ///
    /// 存放 responses 表及 invitations 表（可缺）的文件夹
    pub data: PathBuf,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Day at whose 00:00 everything is known: answers count that came back before it
    ///
    /// 截止日（当日零时已知）：此前收回的答卷计入
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: NaiveDate,
    /// Withhold the scores of groups with fewer answers than this; at least, and by default, `min_cell` of the policy
    ///
    /// 回答少于该份数的分组不公布得分；不小于服务标准的 `min_cell`，缺省即为该值
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub min_count: Option<i64>,
    /// Policy of service, for its `min_cell`: paper, or a file
    ///
    /// 服务标准（取其 `min_cell`）：paper 或文件
    #[arg(long, default_value = "paper", value_name = "POLICY")]
    pub policy: String,
    #[command(flatten)]
    pub output: SurveyOutputArgs,
}

#[derive(Args)]
pub struct SurveyOutputArgs {
    /// New folder for all results as parquet, with rejects and a manifest; or a file .xlsx, .html or .json for the printed
    /// result (of `plan` also .csv: the customers to ask)
    ///
    /// 新建的文件夹，存放全部结果（parquet）、不合格行和清单；或 .xlsx、.html、.json 文件，内容为所显示的结果（plan 另可用 .csv 输出受访客户）
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}
