//! Arguments of `gridtier entitlements` and its subcommands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gridtier::contract::{SupplyLevel, UseCategory};
use gridtier::method::Tier;
use gridtier::word::Word;

use super::CycleArgs;
use super::value::store_folder;

const OLD_SPELLINGS: &str = "Scripts may continue to use `entitlements --store STORE` with --matrix, --customer ID or --service SERVICE; these \
options stand for the subcommands of the same names.

脚本可继续使用 `entitlements --store STORE` 加 --matrix、--customer ID 或 --service SERVICE；它们等同于同名子命令。";

#[derive(Args)]
#[command(after_help = OLD_SPELLINGS)]
pub struct Entitlements {
    #[command(subcommand)]
    pub command: EntitlementsCommand,
}

#[derive(Subcommand)]
pub enum EntitlementsCommand {
    /// Show the matrix of tiers and services
    ///
    /// 等级与服务的权益矩阵
    Matrix(MatrixArgs),
    /// List what a customer is entitled to, and why
    ///
    /// 客户享有的权益及其依据
    Customer(CustomerArgs),
    /// Count who is entitled to a service; with -o, list them
    ///
    /// 服务的享有者：户数，用 -o 输出名单
    Service(ServiceArgs),
    /// List which access a tier has to every service, and on which terms
    ///
    /// 某等级对各项服务的享有方式和条款
    Tier(TierArgs),
    /// Show what the services cost in a year, and how much of it fees cover
    ///
    /// 各项服务的年成本，以及收费收回的部分
    Costs(CostsArgs),
    /// Count who gains and loses which services since an earlier cycle; with -o, list the notices
    ///
    /// 与较早周期相比谁增减了什么：户数，用 -o 输出通知清单
    Changes(ChangesArgs),
    /// Decide the applications in a table
    ///
    /// 审定申请表中的申请
    Applications(ApplicationsArgs),
    /// Write all entitlements of all customers into a file
    ///
    /// 将所有客户的全部权益写入文件
    Grants(GrantsArgs),
    /// Check that a catalogue has all cells, has no contradictions, and keeps what is owed to everybody
    ///
    /// 检查权益目录：格子齐全，没有矛盾，保留对所有客户的义务
    Check {
        /// The shipped catalogue (paper) or a catalogue file
        ///
        /// 内置权益目录（paper）或目录文件
        #[arg(default_value = "paper")]
        catalogue: String,
        /// A preset or a method file; it defines the indicators that conditions may use
        ///
        /// 预设方法或方法文件；它定义条件可使用的指标
        #[arg(long, default_value = "paper", value_name = "METHOD")]
        method: String,
    },
    /// Start a catalogue of your own from the shipped one
    ///
    /// 由内置目录新建本单位的目录
    New {
        /// The file to write
        ///
        /// 要写的文件
        file: PathBuf,
        /// The shipped catalogue to start from: paper
        ///
        /// 所依据的内置目录：paper
        #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
        from: String,
    },
    /// Print the shipped catalogue
    ///
    /// 输出内置目录
    Show {
        /// The shipped catalogue: paper
        ///
        /// 内置目录：paper
        #[arg(default_value = "paper")]
        catalogue: String,
    },
}

#[derive(Args)]
pub struct MatrixArgs {
    #[command(flatten)]
    pub cycle: OptionalCycleArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct CustomerArgs {
    /// Customer id, as in the tables
    ///
    /// 客户编号，与数据表中一致
    pub id: String,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub opt_out: OptOutArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct ServiceArgs {
    /// Id of the service, such as S18
    ///
    /// 服务的 id，如 S18
    pub service: String,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Also count by this column
    ///
    /// 并按此列分组计数
    #[arg(long, value_enum, value_name = "COLUMN")]
    pub by: Option<GroupBy>,
    #[command(flatten)]
    pub list: ListArgs,
    #[command(flatten)]
    pub withhold: WithholdArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct TierArgs {
    /// The tier
    ///
    /// 等级
    #[arg(value_parser = Tier::CODES.to_vec())]
    pub tier: String,
    #[command(flatten)]
    pub cycle: OptionalCycleArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct CostsArgs {
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    /// Take the units, costs and fees of what was delivered in place of the assumed ones: a folder that `service report`
    /// or `service delivered` wrote with -o, from the same cycle
    ///
    /// 用实际提供的数量、成本和收费代替估算：`service report` 或 `service delivered` 用 -o 写出的文件夹，须依据同一周期
    #[arg(long, value_name = "DIR",
          conflicts_with_all = ["catalogue", "tier", "region", "use_category", "supply_level", "min_count"])]
    pub delivered: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub withhold: WithholdArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct ChangesArgs {
    /// Number of the earlier cycle
    ///
    /// 较早周期的周期号
    #[arg(long, value_name = "N")]
    pub from: u64,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub list: ListArgs,
    #[command(flatten)]
    pub withhold: WithholdArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct ApplicationsArgs {
    /// Table of applications: customer_id, service, applied_on, area, parts (joined by +), units, plan_allows
    ///
    /// 申请表：customer_id、service、applied_on、area、parts（用 + 连接）、units、plan_allows 各列
    pub file: PathBuf,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct GrantsArgs {
    /// File to write; its extension sets the format
    ///
    /// 要写的文件；扩展名决定格式
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub list: ListArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// A cycle, and the catalogue to apply to it.
#[derive(Args)]
pub struct EntitledCycleArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
}

/// A cycle, or a catalogue alone.
#[derive(Args)]
pub struct OptionalCycleArgs {
    /// Folder of the store, which holds the cycles; without it, only the catalogue is shown
    ///
    /// 存储文件夹，其中保存各周期；不给出则只显示目录本身
    #[arg(long, value_parser = store_folder())]
    pub store: Option<PathBuf>,
    /// Number of the cycle; by default the current one
    ///
    /// 周期号；不给出则为当前周期
    #[arg(long, value_name = "N", requires = "store")]
    pub cycle: Option<u64>,
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
}

#[derive(Args)]
pub struct CatalogueArgs {
    /// Catalogue to apply in place of the one that the cycle records: the shipped one (paper) or a file
    ///
    /// 试用的权益目录，代替周期所记录的目录：内置目录（paper）或文件
    #[arg(long, value_name = "CATALOGUE")]
    pub catalogue: Option<String>,
}

/// Where a result is written, and in which format.
#[derive(Args)]
pub struct OutputArgs {
    /// File to write; its extension sets the format
    ///
    /// 要写的文件；扩展名决定格式
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Args)]
pub struct FormatArgs {
    /// Format, if the file's extension does not set it
    ///
    /// 格式，用于扩展名不能确定时
    #[arg(long, value_enum)]
    pub format: Option<TableFormat>,
    /// Write texts for people in Chinese and English side by side
    ///
    /// 供人阅读处中英文并列
    #[arg(long)]
    pub bilingual: bool,
    /// Begin CSV with a byte-order mark, so that Excel reads it as UTF-8; with --lang or --bilingual it always does
    ///
    /// CSV 以字节顺序标记开头，使 Excel 按 UTF-8 读取；指定 --lang 或 --bilingual 时总是如此
    #[arg(long)]
    pub bom: bool,
}

/// The customers that a result covers.
#[derive(Args, Default)]
pub struct FilterArgs {
    /// Only this tier; may be repeated
    ///
    /// 仅此等级；可重复给出
    #[arg(long, value_name = "TIER", value_parser = Tier::CODES.to_vec())]
    pub tier: Vec<String>,
    /// Only this region; may be repeated
    ///
    /// 仅此地区；可重复给出
    #[arg(long)]
    pub region: Vec<String>,
    /// Only this use category; may be repeated
    ///
    /// 仅此用电类别；可重复给出
    #[arg(long, value_name = "CATEGORY", value_parser = UseCategory::CODES.to_vec())]
    pub use_category: Vec<String>,
    /// Only this supply level; may be repeated
    ///
    /// 仅此供电层级；可重复给出
    #[arg(long, value_name = "LEVEL", value_parser = SupplyLevel::CODES.to_vec())]
    pub supply_level: Vec<String>,
}

#[derive(Args)]
pub struct OptOutArgs {
    /// File with the ids of customers who want no marketing, in addition to those whose marketing_opt_out is true
    ///
    /// 不接受营销的客户编号，另加 marketing_opt_out 为真的客户
    #[arg(long, value_name = "FILE")]
    pub opt_out: Option<PathBuf>,
}

/// The customers that may be on a list.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub opt_out: OptOutArgs,
    /// Purpose of the list; a list for marketing omits customers who opted out. By default the list of `service` is for
    /// marketing. Those of `grants` and `changes` are for operations, or for marketing if --opt-out is given
    ///
    /// 名单的用途；营销名单不含拒绝营销的客户。默认由命令决定：`service` 为营销，`grants` 和 `changes` 为业务，给出 --opt-out 时除外
    #[arg(long, value_enum)]
    pub purpose: Option<PurposeArg>,
}

#[derive(Args)]
pub struct WithholdArgs {
    /// Withhold counts of fewer customers than this, and every number from which such a count could be derived
    ///
    /// 不公布少于该户数的计数，也不公布可推出它的数
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub min_count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PurposeArg {
    Marketing,
    Operations,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum GroupBy {
    Region,
    UseCategory,
    SupplyLevel,
    ImportanceLevel,
    LoadClass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    Text,
    Csv,
    Xlsx,
    Html,
    Json,
    Parquet,
}

/// The arguments, with the old spellings `entitlements --matrix`, `--customer ID` and `--service S` replaced by the
/// subcommands.
pub fn with_subcommand(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let Some(command) = args.iter().position(|arg| arg == "entitlements") else { return args };
    for name in ["matrix", "customer", "service"] {
        let option = format!("--{name}");
        if let Some(at) = args.iter().position(|arg| *arg == *option) {
            args.remove(at);
            let value = (name != "matrix" && at < args.len()).then(|| args.remove(at));
            args.splice(command + 1..command + 1, std::iter::once(OsString::from(name)).chain(value));
            return args;
        }
    }
    args
}
