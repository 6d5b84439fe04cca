//! The command line of decisions about cycles, and of lists of a store's contents.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use gridtier::decision::Opinion;
use gridtier::method::Gate;
use gridtier::text;
use gridtier::unit::Month;
use gridtier::word::Word as _;
use gridtier_io::store::RegisterHead;

use super::ResultFormat;
use super::value::{day, first_of_month, store_folder, word_of};
use super::wrong::Advice;

#[derive(Args)]
pub struct StoreArgs {
    /// Folder of the store, which holds the cycles
    ///
    /// 存储文件夹，其中保存各周期
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct DecisionArgs {
    /// Number of the proposed cycle
    ///
    /// 提案周期的编号
    #[arg(value_name = "N")]
    pub number: u64,
    #[command(flatten)]
    pub store: StoreArgs,
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
pub struct ReviewArgs {
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// Your opinion
    ///
    /// 意见：agree 同意、object 反对、note 备注
    #[arg(long, value_name = "WORD", default_value = "note", value_parser = word_of(Opinion::ALL))]
    pub verdict: Opinion,
}

#[derive(Args)]
pub struct ApproveArgs {
    #[command(flatten)]
    pub decision: DecisionArgs,
    /// A gate that may fail; the register records this
    ///
    /// 允许不通过的门限；记入登记簿
    #[arg(long, value_name = "GATE", value_parser = word_of(Gate::ALL))]
    pub despite: Vec<Gate>,
}

#[derive(Args)]
pub struct RegisterArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Print only the number and hash of the last entry, so that they can be kept elsewhere
    ///
    /// 仅输出末条的编号和哈希，供另行存档
    #[arg(long)]
    pub head: bool,
}

#[derive(Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Only cycles that were published on or before this day (UTC)
    ///
    /// 仅计该日（UTC）前已发布的周期
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub known_on: Option<NaiveDate>,
    /// Only this customer
    ///
    /// 单个客户
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,
    /// File for the rows: .parquet, .csv, .xlsx, .json or .html
    ///
    /// 写出各行的文件：.parquet、.csv、.xlsx、.json 或 .html
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct PruneArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// List what would be removed, but remove nothing
    ///
    /// 仅说明将清理的内容，不作改动
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args)]
pub struct PathArgs {
    /// Folder of the store, which holds the cycles
    ///
    /// 存储文件夹，其中保存各周期
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Number of the cycle; by default the current one
    ///
    /// 周期编号；缺省为现行周期
    #[arg(long, value_name = "N", conflicts_with = "as_of")]
    pub cycle: Option<u64>,
    /// The cycle with this as-of that was published last
    ///
    /// 该评价截止日最后发布的周期
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Option<Month>,
}

#[derive(Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Number of one cycle; by default all cycles are compared
    ///
    /// 单个周期的编号；缺省为全部
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
    /// Number and hash of the last entry of the register, as kept elsewhere
    ///
    /// 另行存档的登记簿末条：编号和哈希
    #[arg(long, value_name = "N:SHA256", value_parser = register_head, conflicts_with = "cycle")]
    pub head: Option<RegisterHead>,
    /// Also compute the cycle (by default the current one) again from this data folder, and compare every file
    ///
    /// 另从该数据文件夹重新计算该周期（缺省为现行周期），并逐一比较各文件
    #[arg(long, value_name = "DATA")]
    pub recompute: Option<PathBuf>,
}

/// Parses what `gridtier register --head` prints, such as `12:9f86d081…`.
fn register_head(text: &str) -> Result<RegisterHead, Advice> {
    head_of(text.trim()).ok_or_else(|| {
        Advice(text!(
            "give the output of `gridtier register --head`: a number, a colon and 64 hexadecimal digits",
            "请给出 `gridtier register --head` 的输出：编号、冒号和 64 位十六进制数"
        ))
    })
}

fn head_of(text: &str) -> Option<RegisterHead> {
    let (entries, sha256) = text.split_once(':')?;
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    // An empty register has no hash.
    match (entries.parse().ok()?, is_hash) {
        (0, _) if sha256.is_empty() => Some(RegisterHead::default()),
        (entries @ 1.., true) => Some(RegisterHead { entries, sha256: Some(sha256.to_lowercase()) }),
        _ => None,
    }
}
