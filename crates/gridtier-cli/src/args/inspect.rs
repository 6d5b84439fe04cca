//! The command line of plans and inspections, which take place between two regrades.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use gridtier::unit::Month;

use super::value::day;
use super::{CycleArgs, ResultFormat, first_of_month, store_folder};

#[derive(Args)]
pub struct PlansArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Folder for the tables plans and plan_items as parquet; or a workbook .xlsx, or a file .html or .json
    ///
    /// 存放 plans 和 plan_items 表（parquet）的文件夹；或可交付的 .xlsx 工作簿；或 .html、.json 文件
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// File for the letters to all customers with a plan; each letter begins a new page
    ///
    /// 写出信函的文件，信函寄给每个有计划的客户；每封信另起一页
    #[arg(long, value_name = "FILE")]
    pub letters: Option<PathBuf>,
    /// Template of the letters, in place of the built-in one
    ///
    /// 信函模板，代替自带的模板
    #[arg(long, value_name = "FILE", requires = "letters")]
    pub template: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct PlanArgs {
    /// Id of a customer that has an improvement plan in the cycle
    ///
    /// 客户编号，该客户在周期中须有改进计划
    pub customer: String,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// First day on which the plan must be met
    ///
    /// 复查日期，自该日起须达标
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub due_on: NaiveDate,
    /// Indicator whose target is due on that day; without it, the whole plan is due
    ///
    /// 该日复查的指标；缺省为整个计划
    #[arg(long, value_name = "INDICATOR")]
    pub indicator: Option<String>,
    /// Your name, as the person who agreed on the day
    ///
    /// 约定人
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub by: String,
    /// Reason
    ///
    /// 理由
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub reason: String,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct InspectArgs {
    /// Folder with the tables
    ///
    /// 存放数据表的文件夹
    pub data: PathBuf,
    /// First day after the window; it must be the first of a month, and no earlier than in the current cycle
    ///
    /// 统计窗口之后的第一天，须为某月 1 日；不得早于现行周期
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Month,
    /// Folder of the store, which holds the cycles
    ///
    /// 存储文件夹，其中保存各周期
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Record the inspection in the store
    ///
    /// 将本次检查存入存储
    #[arg(long, requires = "by")]
    pub record: bool,
    /// Your name, as the inspector
    ///
    /// 检查人
    #[arg(long, value_name = "NAME", requires = "record", value_parser = NonEmptyStringValueParser::new())]
    pub by: Option<String>,
    /// Count everything again, even what a cycle of the store has counted from the same files
    ///
    /// 全部重新计算，包括存储中某周期已从相同文件算出的部分
    #[arg(long)]
    pub fresh: bool,
    /// Folder for all results as parquet; or a file .xlsx, .html or .json for the printed result
    ///
    /// 存放全部结果（parquet）的文件夹；或 .xlsx、.html、.json 文件，内容为所显示的结果
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}
