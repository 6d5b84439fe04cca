//! The command line of the local web view.

use std::net::IpAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use gridtier_service::period::Period;

use super::value::{day, period, store_folder};
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
    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// What the pages about service delivery show.
#[derive(Args)]
pub struct DeliveryArgs {
    /// Folder with the service log, for pages about promises, duties, contacts and the month; needs --period
    ///
    /// 存放服务记录的文件夹，用于承诺、应做、诉求与月报各页；须同时给出 --period
    #[arg(long, value_name = "DIR", requires = "period")]
    pub service: Option<PathBuf>,
    /// Period of the service log: a month 2026-05, a quarter 2026Q2, a year 2026, or months 2026-01..2026-06; needs
    /// --service
    ///
    /// 服务记录的报告期：月 2026-05、季 2026Q2、年 2026，或 2026-01..2026-06；须同时给出 --service
    #[arg(long, value_name = "PERIOD", value_parser = period, requires = "service")]
    pub period: Option<Period>,
    /// Day at whose 00:00 everything about service and survey is known; by default the day after the period
    ///
    /// 服务记录与调查的截止日（当日零时已知）；缺省为报告期之后的第一天
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<NaiveDate>,
    /// Policy of service for the service log and the handbook: paper, or a file
    ///
    /// 服务记录与客户手册所用的服务标准：paper 或文件
    #[arg(long, default_value = "paper", value_name = "POLICY")]
    pub policy: String,
    /// Folder with a survey, for a page of its results; needs --instrument, and --as-of unless there is a --period
    ///
    /// 存放客户调查的文件夹，用于调查结果页；须同时给出 --instrument，无 --period 时还须给出 --as-of
    #[arg(long, value_name = "DIR", requires = "instrument")]
    pub survey: Option<PathBuf>,
    /// Instrument of the survey: servqual, servqual_1988, satisfaction, delivered_value, or a file; needs --survey
    ///
    /// 调查所用的量表：servqual、servqual_1988、satisfaction、delivered_value 或文件；须同时给出 --survey
    #[arg(long, value_name = "INSTRUMENT", requires = "survey")]
    pub instrument: Option<String>,
    /// File with the utility's own text of the customer handbook, for a page of the handbook
    ///
    /// 本单位客户手册的文本文件，用于手册页
    #[arg(long, value_name = "TEXT")]
    pub handbook: Option<PathBuf>,
}
