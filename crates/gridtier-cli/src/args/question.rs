//! Arguments of the commands that answer questions about published cycles.

use std::path::PathBuf;

use clap::Args;
use gridtier::method::Tier;
use gridtier::word::Word as _;
use gridtier_io::compare::RevisionChoice;

use super::ResultFormat;
use super::value::{revision, sample, store_folder};

#[derive(Args)]
pub struct CycleArgs {
    /// Folder of the store, which holds the cycles
    ///
    /// 存储文件夹，其中保存各周期
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Number of the cycle; by default the current one
    ///
    /// 周期号；不给出则为当前周期
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
}

#[derive(Args)]
pub struct ExplainArgs {
    /// Customer id, as in the tables
    ///
    /// 客户编号，与数据表中一致
    #[arg(required_unless_present_any = ["ids", "tier"])]
    pub customer: Option<String>,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// The data folder that the cycle was graded from; with it, the command also lists late bills and missed plans, and says
    /// how soon paying on time would lead to the next tier
    ///
    /// 评级所用的数据文件夹：列出逾期账单和未完成的计划，以及从何时起按时缴费即可达到
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Number of an earlier cycle; explains step by step why the customer moved since then
    ///
    /// 较早周期的编号：逐步说明客户自该周期以来为何变动
    #[arg(long, value_name = "P", conflicts_with = "output")]
    pub since: Option<u64>,
    /// File with ids of customers, in a column customer_id (or its Chinese name) or in its only column; writes a sheet for each
    ///
    /// 客户编号文件 (customer_id 或 户号 列，或唯一的一列)：每户一份评价单
    #[arg(long, value_name = "FILE", conflicts_with = "customer", requires = "output")]
    pub ids: Option<PathBuf>,
    /// Write a sheet for each customer of this tier
    ///
    /// 某一等级的全部客户：每户一份评价单
    #[arg(long, value_parser = Tier::CODES.to_vec(), conflicts_with_all = ["customer", "ids"], requires = "output")]
    pub tier: Option<String>,
    /// Write customer evaluation sheets: into a file .html (for A4 paper, each customer on a new page) or .xlsx, or into a
    /// folder with a page for each customer
    ///
    /// 改为写出客户评价单：.html 文件 (A4 打印，每户一页) 或 .xlsx 文件，或存放每户一页的文件夹
    #[arg(short, long, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Number of random weights to draw, in place of the number in the method
    ///
    /// 权重抽样次数，代替方法中的设置
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=100_000))]
    pub draws: Option<u64>,
    /// Number of ranked customers to sample for robustness and clusters, in place of the number in the method
    ///
    /// 为稳健性和聚类抽取的参评客户数，代替方法中的设置
    #[arg(long, value_name = "N", value_parser = sample)]
    pub sample: Option<usize>,
    /// Seed of the random draws, in place of that in the method
    ///
    /// 随机抽样的种子，代替方法中的设置
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
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

#[derive(Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Number of the earlier cycle; by default the last published one with an earlier as-of
    ///
    /// 较早周期的编号；缺省为截止日更早的最后一个周期
    #[arg(long, value_name = "P")]
    pub from: Option<u64>,
    /// Number of the revision that corrects the values of the earlier cycle, or none; by default the latest revision
    ///
    /// 用于更正较早周期数据的修订，或 none；缺省为最新修订
    #[arg(long, value_name = "N|none", value_parser = revision)]
    pub revision: Option<RevisionChoice>,
    /// Also show which services customers gain and lose, what services cost before and after, and whom to notify
    ///
    /// 另列出客户权益的增减、服务的前后成本，以及须告知的客户
    #[arg(long)]
    pub services: bool,
    /// File for the notices to customers, one row for each customer: .csv, .xlsx, .parquet, .json or .html
    ///
    /// 告知名单所写入的文件，每户一行：.csv、.xlsx、.parquet、.json 或 .html
    #[arg(long, value_name = "FILE")]
    pub notices: Option<PathBuf>,
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

#[derive(Args)]
pub struct WhatifArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// A key of the method file and its new value; may be repeated. If the key is a weight, such as
    /// weights.contribution, weights.groups.compliance.payment or weights.indicators.current.annual_energy, its
    /// siblings are scaled. Examples of other keys: quotas=[5,35,50,10], strata=supply_level, tiers.lines.special=80,
    /// veto.confirmed_theft.ceiling=grade-2, hysteresis.band=0.02. An empty value removes a key
    ///
    /// 权重（如 weights.contribution、weights.groups.compliance.payment、weights.indicators.current.annual_energy），同级权重按比例调整；或方法文件的其他键，如 quotas=[5,35,50,10]、strata=supply_level、tiers.lines.special=80、veto.confirmed_theft.ceiling=grade-2、hysteresis.band=0.02；空值表示删去该键
    #[arg(long, value_name = "PATH=VALUE", required_unless_present = "method")]
    pub set: Vec<String>,
    /// A preset or a method file to try in place of the cycle's method
    ///
    /// 试用的预设方法或方法文件，代替周期的方法
    #[arg(long, value_name = "METHOD", conflicts_with = "set")]
    pub method: Option<String>,
    /// Folder for the results as parquet; or a file .xlsx, .html or .json for the printed result
    ///
    /// 存放结果（parquet）的文件夹；或 .xlsx、.html、.json 文件，内容为所显示的结果
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}
