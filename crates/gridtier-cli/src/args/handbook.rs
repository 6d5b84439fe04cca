//! The command line of `gridtier handbook`.

use std::path::PathBuf;

use clap::Args;

use super::CycleArgs;

#[derive(Args)]
pub struct HandbookArgs {
    /// The file with the utility's own text, such as handbook.toml
    ///
    /// 本单位手册文本的文件，如 handbook.toml
    #[arg(value_name = "TEXT")]
    pub text: PathBuf,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Service policy with promises and deadlines: paper, or a file
    ///
    /// 含承诺和时限的服务标准：paper 或文件
    #[arg(long, default_value = "paper", value_name = "POLICY")]
    pub policy: String,
    /// Accept empty parts, and mark them as to be written
    ///
    /// 接受空白部分，并注明待补充
    #[arg(long)]
    pub draft: bool,
    /// A file .html (one page in both languages) or .md (one language after the other)
    ///
    /// .html 文件（双语单页）或 .md 文件（先后两种语言）
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}
