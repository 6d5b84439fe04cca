//! Arguments of `gridtier service` and its subcommands.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use gridtier::method::Tier;
use gridtier::word::Word as _;
use gridtier_service::period::Period;

use super::value::{day, period};
use super::{CycleArgs, ResultFormat};

#[derive(Args)]
pub struct ServiceArguments {
    #[command(subcommand)]
    pub command: ServiceCommand,
}

#[derive(Subcommand)]
pub enum ServiceCommand {
    /// Check the tables of a service folder against the contracts
    ///
    /// 按数据约定检查服务文件夹中的表
    Check(ServiceLogArgs),
    /// Hold promises against what happened: reliability, breaches, compensation
    ///
    /// 服务承诺兑现情况：供电可靠性、违诺、补偿
    Promises(ServiceLogArgs),
    /// Compare what was due with what was delivered: visits, follow-ups, notices, appointments
    ///
    /// 应做与已做：走访、回访、通知、预约
    Delivered(ServiceLogArgs),
    /// Show how contacts were handled: timers, fairness, topics, repeats
    ///
    /// 诉求办理情况：时限、公平性、分类、重复
    Contacts(ServiceLogArgs),
    /// List whom to visit, call or invite in the month after the period
    ///
    /// 报告期次月的工作清单：走访、回访、邀请
    Due(ServiceDueArgs),
    /// Report the month: every figure with last month and the same month last year, problems first
    ///
    /// 服务月报：全部指标与上月、上年同月比较，问题在前
    Report(ServiceLogArgs),
    /// Print the shipped policy, start one of your own, or check one
    ///
    /// 输出内置服务标准，新建或检查本单位的标准
    Policy {
        #[command(subcommand)]
        action: PolicyAction,
    },
}

#[derive(Args)]
pub struct ServiceLogArgs {
    /// Folder with the service log: outages, interruptions, deliveries, contacts and others, each optional
    ///
    /// 存放服务记录的文件夹：停电、停电用户、服务、诉求等表，均可缺省
    pub data: PathBuf,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Period: a month 2026-05, a quarter 2026Q2, a year 2026, or months 2026-01..2026-06
    ///
    /// 报告期：月 2026-05、季 2026Q2、年 2026，或 2026-01..2026-06
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    pub period: Period,
    /// Day at whose 00:00 everything is known, after the first day of the period; by default the day after the period
    ///
    /// 截止日（当日零时已知），须晚于报告期首日；缺省为报告期之后的第一天
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<NaiveDate>,
    /// Policy of service: paper, or a file
    ///
    /// 服务标准：paper 或文件
    #[arg(long, default_value = "paper", value_name = "POLICY")]
    pub policy: String,
    /// Name no customer, and withhold groups of fewer customers than this, counts by group below it, and rules for so few
    /// customers, with further ones that would give them away; totals of all customers are shown, however small
    ///
    /// 不列出客户；不公布少于该户数的分组、分组中小于该数的计数、仅涉及如此少客户的规则，以及可推算出它们的数；全体合计不论大小均公布
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub min_count: u64,
    /// New folder for all results as parquet, with rejects and a manifest; or a file .xlsx, .html or .json for the printed
    /// result (of `due` also .csv: the list)
    ///
    /// 新建的文件夹，存放全部结果（parquet）、不合格行和清单；或 .xlsx、.html、.json 文件，内容为所显示的结果（due 另可用 .csv 输出清单）
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// Format of what is printed
    ///
    /// 输出的形式
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct ServiceDueArgs {
    #[command(flatten)]
    pub log: ServiceLogArgs,
    /// Only what is due of this service, such as S16; may be repeated
    ///
    /// 仅列出该项服务的事项，例如 S16；可重复给出
    #[arg(long, value_name = "SERVICE")]
    pub service: Vec<String>,
    /// Only what is due to customers of this tier; may be repeated
    ///
    /// 仅列出该等级客户的事项；可重复给出
    #[arg(long, value_name = "TIER", value_parser = Tier::CODES.to_vec())]
    pub tier: Vec<String>,
}

#[derive(Subcommand)]
pub enum PolicyAction {
    /// Print the shipped policy
    ///
    /// 输出内置服务标准
    Show {
        /// The shipped policy: paper
        ///
        /// 内置服务标准：paper
        #[arg(default_value = "paper")]
        policy: String,
    },
    /// Start a policy of your own from the shipped one
    ///
    /// 由内置标准新建本单位的服务标准
    New {
        /// The file to write
        ///
        /// 要写的文件
        file: PathBuf,
        /// The shipped policy to start from: paper
        ///
        /// 所依据的内置标准：paper
        #[arg(long, default_value = "paper", value_name = "POLICY")]
        from: String,
    },
    /// Check a policy: words, spans, limits and floors, and that the services that it names are in the catalogue
    ///
    /// 检查服务标准：用词、时限、承诺值与底线，以及所列服务是否在目录中
    Check {
        /// The policy: paper, or a file
        ///
        /// 服务标准：paper 或文件
        #[arg(default_value = "paper")]
        policy: String,
        /// Catalogue of entitlements that has the services: paper, or a file
        ///
        /// 所依据的权益目录：paper 或文件
        #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
        entitlements: String,
    },
}
