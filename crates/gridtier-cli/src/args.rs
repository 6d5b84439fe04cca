//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gridtier::contract::{SupplyLevel, UseCategory};
use gridtier::method::Tier;
use gridtier::unit::Month;
use gridtier::word::Word;

use crate::lang::{self, Lang};

const EXIT_CODES: &str = "Exit codes:
  0   done
  1   done, with findings beyond the method's limits; nothing is published (validate: a check fails)
  2   wrong command line
  3   wrong method file or catalogue of entitlements
  4   input unreadable or empty; nothing is published
  5   output could not be written; nothing is published
  70  a bug in gridtier";

/// Customer-value grading for power utilities: 电力客户价值分级.
#[derive(Parser)]
#[command(name = "gridtier", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Threads; changes the time and nothing else
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Language of what people read; by default that of the environment
    #[arg(long, global = true, value_parser = PossibleValuesParser::new(Lang::CODES).map(lang::of_code))]
    pub lang: Option<Lang>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Grade a folder of tables and publish a cycle
    Regrade(RegradeArgs),
    /// Check a folder of tables against the contracts; publishes nothing
    Check(CheckArgs),
    /// Print the folder of a cycle
    Path(CycleArgs),
    /// Compare a cycle's files with what was published
    Verify(CycleArgs),
    /// Why a customer has its tier, and what would lift it
    Explain(ExplainArgs),
    /// Measure whether a published grading is sound
    Validate(ValidateArgs),
    /// What other weights, or another method, would change in a published cycle
    Whatif(WhatifArgs),
    /// What the tiers entitle to: the matrix, customers' services, who has a service, costs, changes
    Entitlements(Box<Entitlements>),
    /// Print a preset, start a method file, check one
    Method(MethodArgs),
    /// Write the contracts of the tables and the JSON Schemas
    Schema(SchemaArgs),
    /// Make a small invented utility and grade it
    Demo(DemoArgs),
}

#[derive(Args)]
pub struct RegradeArgs {
    /// Folder with the tables
    pub data: PathBuf,
    /// First day after the window, the first of a month
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Month,
    /// A preset (paper, utility) or a method file
    #[arg(long, default_value = "paper", value_name = "METHOD")]
    pub method: String,
    /// Catalogue of entitlements that the cycle records: paper, or a file
    #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
    pub entitlements: String,
    /// Folder of the store of cycles; made if it is not there
    #[arg(long)]
    pub store: PathBuf,
    /// Publish although findings exceed the limits; WHO is recorded
    #[arg(long, value_name = "WHO", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept_findings: Option<String>,
    /// Also draw weights around the method's, and publish how often each customer keeps its tier
    #[arg(long)]
    pub tier_probability: bool,
    /// Count everything, also what an earlier cycle of the store has counted from the same files
    #[arg(long)]
    pub fresh: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct CheckArgs {
    /// Folder with the tables
    pub data: PathBuf,
    /// First day after the window; without it every date counts
    #[arg(long, value_name = "DATE", value_parser = first_of_month)]
    pub as_of: Option<Month>,
    /// A preset or a method file, for the length of the window and the limits
    #[arg(long, default_value = "paper", value_name = "METHOD")]
    pub method: String,
    /// Folder for findings, rejects and reconciliation as CSV files that Excel opens
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct CycleArgs {
    /// Folder of the store of cycles
    #[arg(long)]
    pub store: PathBuf,
    /// Number of the cycle; the current one without it
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
}

#[derive(Args)]
pub struct ExplainArgs {
    /// Customer id, as in the tables
    pub customer: String,
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// Draws of weights, instead of those in the method
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=100_000))]
    pub draws: Option<u64>,
    /// Ranked customers drawn for robustness and clusters, instead of those in the method
    #[arg(long, value_name = "N", value_parser = sample)]
    pub sample: Option<usize>,
    /// Where random draws start, instead of that in the method
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Folder for all results as parquet
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct WhatifArgs {
    #[command(flatten)]
    pub cycle: CycleArgs,
    /// A weight such as weights.contribution, weights.groups.compliance.payment or
    /// weights.indicators.current.annual_energy, or combine, ties, unknown; siblings of a weight are scaled
    #[arg(long, value_name = "PATH=VALUE", required_unless_present = "method")]
    pub set: Vec<String>,
    /// A preset or a method file to be tried instead of the cycle's
    #[arg(long, value_name = "METHOD", conflicts_with = "set")]
    pub method: Option<String>,
    /// Folder for the results as parquet
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

const OLD_SPELLINGS: &str = "Scripts may go on writing `entitlements --store STORE` with --matrix, --customer ID or --service SERVICE; they \
mean the subcommands of these names.";

#[derive(Args)]
#[command(after_help = OLD_SPELLINGS)]
pub struct Entitlements {
    #[command(subcommand)]
    pub command: EntitlementsCommand,
}

#[derive(Subcommand)]
pub enum EntitlementsCommand {
    /// The matrix of tiers and services
    Matrix(MatrixArgs),
    /// What a customer is entitled to, and why
    Customer(CustomerArgs),
    /// Who is entitled to a service: counts, and the list with -o
    Service(ServiceArgs),
    /// What a tier gets of every service, on which terms
    Tier(TierArgs),
    /// What the services cost in a year, and what fees bring back
    Costs(CostsArgs),
    /// Who gains and loses what since an earlier cycle: counts, and the list of notices with -o
    Changes(ChangesArgs),
    /// Decide the applications of a table
    Applications(ApplicationsArgs),
    /// Write everything that everybody is entitled to into a file
    Grants(GrantsArgs),
    /// Check a catalogue: every cell there, nothing contradictory, nothing withdrawn that is owed to everybody
    Check {
        /// paper, or a file
        #[arg(default_value = "paper")]
        catalogue: String,
        /// A preset or method file whose own indicators conditions may name
        #[arg(long, default_value = "paper", value_name = "METHOD")]
        method: String,
    },
    /// Start a catalogue of one's own from the shipped one
    New {
        /// The file to write
        file: PathBuf,
        /// paper
        #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
        from: String,
    },
    /// Print the shipped catalogue
    Show {
        /// paper
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
    pub service: String,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Count by this column too
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
    pub file: PathBuf,
    #[command(flatten)]
    pub cycle: EntitledCycleArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args)]
pub struct GrantsArgs {
    /// File to write; its ending says the format
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

/// A cycle, and the catalogue by which it is asked.
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
    /// Folder of the store of cycles; without it the catalogue is shown by itself
    #[arg(long)]
    pub store: Option<PathBuf>,
    /// Number of the cycle; the current one without it
    #[arg(long, value_name = "N", requires = "store")]
    pub cycle: Option<u64>,
    #[command(flatten)]
    pub catalogue: CatalogueArgs,
}

#[derive(Args)]
pub struct CatalogueArgs {
    /// Catalogue to try out instead of the one that the cycle records: paper, or a file
    #[arg(long, value_name = "CATALOGUE")]
    pub catalogue: Option<String>,
}

/// Where an answer goes, and how it is written.
#[derive(Args)]
pub struct OutputArgs {
    /// File to write; its ending says the format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub format: FormatArgs,
}

#[derive(Args)]
pub struct FormatArgs {
    /// Format, where the file's ending does not say it
    #[arg(long, value_enum)]
    pub format: Option<TableFormat>,
    /// Chinese and English side by side, where people read
    #[arg(long)]
    pub bilingual: bool,
    /// Begin CSV with the mark by which Excel knows UTF-8
    #[arg(long)]
    pub bom: bool,
}

/// The customers that an answer is about.
#[derive(Args, Default)]
pub struct FilterArgs {
    /// Only this tier; may be repeated
    #[arg(long, value_name = "TIER", value_parser = Tier::CODES.to_vec())]
    pub tier: Vec<String>,
    /// Only this region; may be repeated
    #[arg(long)]
    pub region: Vec<String>,
    /// Only this use category; may be repeated
    #[arg(long, value_name = "CATEGORY", value_parser = UseCategory::CODES.to_vec())]
    pub use_category: Vec<String>,
    /// Only this supply level; may be repeated
    #[arg(long, value_name = "LEVEL", value_parser = SupplyLevel::CODES.to_vec())]
    pub supply_level: Vec<String>,
}

#[derive(Args)]
pub struct OptOutArgs {
    /// Ids of customers who want no marketing, besides those whose marketing_opt_out is true
    #[arg(long, value_name = "FILE")]
    pub opt_out: Option<PathBuf>,
}

/// Who may be on a list.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub opt_out: OptOutArgs,
    /// What the list is made for; one for marketing leaves out customers who opted out
    #[arg(long, value_enum, default_value_t = PurposeArg::Marketing)]
    pub purpose: PurposeArg,
}

#[derive(Args)]
pub struct WithholdArgs {
    /// Withhold counts of fewer customers, and what would give them away
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

/// The arguments, with `entitlements --matrix`, `--customer ID` and `--service S` as the subcommands that they stand for.
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

#[derive(Args)]
pub struct MethodArgs {
    #[command(subcommand)]
    pub action: MethodAction,
}

#[derive(Subcommand)]
pub enum MethodAction {
    /// Print a preset
    Show {
        /// paper or utility
        #[arg(default_value = "paper")]
        preset: String,
    },
    /// Start a method file from a preset
    New {
        /// The file to write
        file: PathBuf,
        /// paper or utility
        #[arg(long, default_value = "paper", value_name = "PRESET")]
        from: String,
    },
    /// Check a method file and print its weights
    Check {
        /// A preset or a method file
        method: String,
    },
}

#[derive(Args)]
pub struct SchemaArgs {
    /// Folder to write to
    #[arg(short, long, value_name = "DIR", default_value = "schemas")]
    pub output: PathBuf,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Folder for data and store
    #[arg(default_value = "gridtier-demo")]
    pub dir: PathBuf,
    /// Customers of the invented utility
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub customers: u32,
    /// Months of data
    #[arg(long, default_value_t = 36, value_parser = clap::value_parser!(u32).range(1..=240))]
    pub months: u32,
    /// Interval of the readings
    #[arg(long, value_enum, default_value_t = Cadence::Monthly)]
    pub cadence: Cadence,
    /// Where the random draws start; the same seed gives the same files
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Leave out the planted faults
    #[arg(long)]
    pub clean: bool,
    /// Readings as one file for each month
    #[arg(long)]
    pub monthly_files: bool,
    /// Write the data and do not grade it
    #[arg(long)]
    pub data_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cadence {
    Monthly,
    Daily,
    QuarterHour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    Text,
    Json,
}

fn sample(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(customers @ 1_000..=1_000_000) => Ok(customers),
        _ => Err("give a whole number from 1000 to 1000000".into()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1024) => Ok(count),
        _ => Err("give a whole number from 1 to 1024".into()),
    }
}

/// `2026-01-01`: the first day of a month.
fn first_of_month(text: &str) -> Result<Month, String> {
    let advice = "give the first day of a month, such as 2026-01-01";
    let month = text.strip_suffix("-01").ok_or(advice)?;
    let month = Month::try_from(month.to_owned()).map_err(|_| advice)?;
    // As written back: no 2026-1-01, no year 26.
    let (first, last) = (Month::new(1971, 1), Month::new(2200, 1));
    if month.to_string() == text[..text.len() - 3] && (first..=last).contains(&month) {
        Ok(month)
    } else {
        Err(advice.into())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn old_spellings_mean_the_subcommands() {
        let rewritten = |line: &str| {
            let args = with_subcommand(line.split(' ').map(OsString::from));
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        for (old, new) in [
            ("g entitlements --store s --matrix -o m.csv", "g entitlements matrix --store s -o m.csv"),
            (
                "g --lang zh entitlements --customer 01 --store s",
                "g --lang zh entitlements customer 01 --store s",
            ),
            (
                "g entitlements --store s --service S18 --by region",
                "g entitlements service S18 --store s --by region",
            ),
            ("g entitlements --service", "g entitlements service"),
            ("g entitlements costs --store s", "g entitlements costs --store s"),
            ("g regrade --entitlements f data", "g regrade --entitlements f data"),
        ] {
            assert_eq!(rewritten(old), new);
        }
    }

    #[test]
    fn as_of_is_the_first_of_a_month() {
        assert_eq!(first_of_month("2026-01-01"), Ok(Month::new(2026, 1)));
        for bad in ["2026-01-02", "2026-13-01", "2026-1-01", "01", "2026-01", "1900-01-01", "-01-01"] {
            assert!(first_of_month(bad).is_err(), "{bad}");
        }
    }
}
