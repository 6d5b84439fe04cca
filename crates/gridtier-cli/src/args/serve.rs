//! The command line of the local web view.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::value::store_folder;
use super::{OptOutArgs, WithholdArgs};

#[derive(Args)]
pub struct ServeArgs {
    /// Folder of the store, which holds the cycles
    ///
    /// 存储文件夹，其中保存各周期
    #[arg(long, value_parser = store_folder())]
    pub store: PathBuf,
    /// Port to listen on; 0 picks a free one
    ///
    /// 监听端口；0 为自动选取空闲端口
    #[arg(long, value_name = "PORT", default_value_t = 8613)]
    pub port: u16,
    /// Address to listen on; an address that other machines can reach requires a token
    ///
    /// 监听地址；其他机器可访问的地址须有令牌
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub address: IpAddr,
    /// Another host name by which readers reach the view, such as that of a proxy; may be repeated
    ///
    /// 读者访问所用的其他主机名，例如代理的主机名；可重复给出
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub host: Vec<String>,
    /// File with the token that readers enter as password; GRIDTIER_TOKEN can hold the token instead
    ///
    /// 令牌文件，读者以令牌为密码；也可用环境变量 GRIDTIER_TOKEN 给出
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    #[command(flatten)]
    pub opt_out: OptOutArgs,
    #[command(flatten)]
    pub withhold: WithholdArgs,
}
