//! The service log read against a published cycle: customers, policy, accepted rows, and what became of every row.
//!
//! What is judged from it is the business of the package `gridtier-service`; this module reads and writes files.

mod base;
mod measured;
pub mod results;
pub mod units;
pub mod question;
pub mod kept;

use std::fs;
use std::path::Path;

use gridtier::checked_toml::Faults;
use gridtier::contract::Table;
use gridtier::entitlement::Catalogue;
use gridtier::error::Refusal;
use gridtier::source::{Finding, TableBook};
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier_service::base::Base;
use gridtier_service::interruption::Interruptions;
use gridtier_service::log::Log;
use gridtier_service::period::Run;
use gridtier_service::policy::Policy;
use gridtier_service::read::{self, ReadLog, Reading};

use crate::cycle::{self, CycleError};
use crate::folder::{DataFolder, OpenError};
use crate::store::StoredCycle;
use crate::system::system_error;

pub(crate) use base::read as read_base;
pub use measured::MeasuredLog;

/// Why a service log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The policy is wrong.
    #[error(transparent)]
    Policy(#[from] Faults),
    /// The policy's file cannot be read.
    #[error("{}", .0.en)]
    PolicyFile(Text),
    /// The policy is not in force in the period.
    #[error("{}", .0.en)]
    NotInForce(Text),
    /// Files of the service folder are doubtful.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// A table cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file of the cycle cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// An internal check failed.
    #[error("a bug in gridtier: {0}")]
    Bug(String),
}

/// A service log, read as a run asks.
pub struct ServiceLog {
    /// The folder.
    pub folder: DataFolder,
    /// Period and as-of day.
    pub run: Run,
    /// The customers.
    pub base: Base,
    /// The catalogue of the cycle.
    pub catalogue: Catalogue,
    /// The policy.
    pub policy: Policy,
    /// The accepted rows that figures need.
    pub log: Log,
    /// The merged interruptions; `None` if their table is absent.
    pub interruptions: Option<Interruptions>,
    /// What became of the rows, in the order in which the tables are read.
    pub books: Vec<TableBook>,
}

impl ServiceError {
    /// The error in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Policy(faults) => Text::new(faults.message(Lang::En), faults.message(Lang::Zh)),
            Self::PolicyFile(what) | Self::NotInForce(what) => what.clone(),
            Self::Folder(error) => error.text(),
            Self::Refused(refusal) => Text::new(refusal.message(Lang::En), refusal.message(Lang::Zh)),
            Self::Cycle(error) => error.text(),
            Self::Bug(what) => text!(
                "{what}\n  this is a bug in gridtier, not in your data; please report it with this message",
                "{what}\n  这是 gridtier 的程序错误，与您的数据无关；请将此信息报告给开发者"
            ),
        }
    }
}

/// The tables of a service folder, with the customer base that it may bring.
const TABLES: [Table; 8] = [
    Table::Customers,
    Table::Outages,
    Table::Interruptions,
    Table::Deliveries,
    Table::Contacts,
    Table::Calendar,
    Table::Checks,
    Table::Corrections,
];

/// Opens a service folder.
///
/// # Errors
/// Everything that is wrong with its files.
pub fn open(data: &Path) -> Result<DataFolder, OpenError> {
    DataFolder::open_tables(data, &TABLES)
}

/// Says which names in a service folder belong to no table; nothing if all do.
#[must_use]
pub fn ignored(folder: &DataFolder) -> Option<Text> {
    let names = folder.unused().join(", ");
    (!names.is_empty())
        .then(|| text!("not a table of service, and ignored: {names}", "不是服务数据表，已忽略：{names}"))
}

/// The policy of a file, or the shipped one of that name. `paper` if none is named.
///
/// # Errors
/// The file cannot be read, or the policy is wrong.
pub fn policy(named: Option<&str>, catalogue: &Catalogue) -> Result<Policy, ServiceError> {
    let named = named.unwrap_or("paper");
    if let Some(policy) = Policy::shipped(named, catalogue) {
        return Ok(policy?);
    }
    let text = fs::read_to_string(named).map_err(|error| {
        let error = system_error(&error);
        ServiceError::PolicyFile(text!(
            "{named}: the policy cannot be read: {error}; name a file, or the shipped policy `paper`",
            "{named}：无法读取服务标准：{error}；请给出文件，或随程序提供的标准 `paper`";
            error
        ))
    })?;
    Ok(Policy::parse(named, &text, catalogue)?)
}

/// Refuses a policy that begins after the period has ended.
fn check_in_force(policy: &Policy, run: Run) -> Result<(), ServiceError> {
    if policy.is_in_force(run.period) {
        return Ok(());
    }
    let (name, version, from, period) = (&policy.name, &policy.version, policy.effective_from, run.period);
    Err(ServiceError::NotInForce(text!(
        "the policy {name} {version} is in force from {from}, not in the period {period}\n  what to do: give the policy in \
         force on the last day of the period with --policy, or correct `effective_from` of this one",
        "服务标准 {name} {version} 自 {from} 起有效，不适用于报告期 {period}\n  处理办法：\
         用 --policy 给出报告期末日有效的标准，或改正其 `effective_from`"
    )))
}

impl ServiceLog {
    /// Reads a service folder against a cycle.
    ///
    /// # Errors
    /// The policy is wrong, or a file cannot be read.
    pub fn read(
        folder: DataFolder,
        cycle: &StoredCycle,
        policy_named: Option<&str>,
        run: Run,
    ) -> Result<Self, ServiceError> {
        let folder = folder.with_known_as_of(Some(run.known_as_of()));
        let catalogue = cycle::catalogue(cycle)?;
        let policy = policy(policy_named, &catalogue)?;
        check_in_force(&policy, run)?;
        let (base, customer_book) = base::read(Some(&folder), cycle, &catalogue, Some(&policy))?;
        let reading = Reading { source: &folder, base: &base, catalogue: &catalogue, policy: &policy, run };
        let ReadLog { log, interruptions, books } = read::read(reading)?;
        let books = customer_book.into_iter().chain(books).collect();
        Ok(Self { folder, run, base, catalogue, policy, log, interruptions, books })
    }

    /// All findings about the tables and their files, in the order of tables and rules.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        findings_of(&self.folder, &self.books)
    }
}

/// The findings about the tables of a folder and their files, in the order of tables and rules.
pub(crate) fn findings_of(folder: &DataFolder, books: &[TableBook]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for book in books {
        let notices = folder.notices(book.table).into_iter();
        findings.extend(notices.map(|(rule, rows, example)| Finding::of(book.table, rule, rows, example)));
        let examples = gridtier::rows::reject_examples(folder, book);
        findings.extend(book.findings(folder, &examples));
    }
    findings
}

#[cfg(test)]
mod sample_test;
