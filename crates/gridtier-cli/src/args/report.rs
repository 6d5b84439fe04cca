//! The command line of `gridtier report`.

use std::path::PathBuf;

use clap::Args;
use gridtier_io::report::Since;

use super::value::{sample, since};
use super::{CycleArgs, WithholdArgs};

#[derive(Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Number of the earlier cycle to compare with, or none; by default the last published one with an earlier as-of
    ///
    /// 用于对比的较早周期的编号，或 none；缺省为截止日更早的最后一个周期
    #[arg(long, value_name = "N|none", value_parser = since)]
    pub since: Option<Since>,
    /// Number of random weights that the checks draw, in place of the number in the method
    ///
    /// 检验所用的权重抽样次数，代替方法中的设置
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
    #[command(flatten)]
    pub withhold: WithholdArgs,
    /// A file .html (one page in both languages), .xlsx or .json; or a folder for the charts, each as .en.svg and
    /// .zh.svg
    ///
    /// .html 文件（双语单页）、.xlsx 或 .json 文件；或文件夹，存放每幅图的 .en.svg 和 .zh.svg
    #[arg(short, long, value_name = "FILE|DIR")]
    pub output: PathBuf,
}
