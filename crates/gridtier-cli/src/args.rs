//! The command line.

mod entitlements;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use gridtier::contract::cell::Dates;
use gridtier::unit::{LocalTime, Month};
use gridtier::word::Word;

pub use entitlements::*;

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
    /// Draft the gridtier.toml of a folder of exports
    Init(InitArgs),
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
    /// Leave out rows whose recorded_at is later than this date, or date and time
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub known_as_of: Option<LocalTime>,
    /// A preset (paper, utility) or a method file
    #[arg(long, default_value = "paper", value_name = "METHOD")]
    pub method: String,
    /// Catalogue of entitlements that the cycle records: paper, or a file
    #[arg(long, default_value = "paper", value_name = "CATALOGUE")]
    pub entitlements: String,
    /// Folder of the store of cycles; made if it is not there
    #[arg(long, value_parser = store_folder())]
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
    /// Publish also what equals a published cycle in inputs, window, method, catalogue and engine
    #[arg(long)]
    pub again: bool,
    /// Make the cycle current though the current one has a later as-of
    #[arg(long)]
    pub make_current: bool,
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
    /// Leave out rows whose recorded_at is later than this date, or date and time
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub known_as_of: Option<LocalTime>,
    /// A preset or a method file, for the length of the window and the limits
    #[arg(long, default_value = "paper", value_name = "METHOD")]
    pub method: String,
    /// Folder for findings, rejects and reconciliation as CSV files that Excel opens; or a file .xlsx, .html or .json
    /// without the rejects
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

#[derive(Args)]
pub struct CycleArgs {
    /// Folder of the store of cycles
    #[arg(long, value_parser = store_folder())]
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
    /// The folder that was graded: lists late bills and missed plans, and when paying on time would suffice
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
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
    /// Folder for all results as parquet; or a file .xlsx, .html or .json with what is shown
    #[arg(short, long, value_name = "DIR|FILE")]
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
    /// weights.indicators.current.annual_energy, whose siblings are scaled; or any other key of a method file, such as
    /// quotas=[5,35,50,10], strata=supply_level, tiers.lines.special=80, veto.confirmed_theft.ceiling=grade-2 or
    /// hysteresis.band=0.02; an empty value takes a key out
    #[arg(long, value_name = "PATH=VALUE", required_unless_present = "method")]
    pub set: Vec<String>,
    /// A preset or a method file to be tried instead of the cycle's
    #[arg(long, value_name = "METHOD", conflicts_with = "set")]
    pub method: Option<String>,
    /// Folder for the results as parquet; or a file .xlsx, .html or .json with what is shown
    #[arg(short, long, value_name = "DIR|FILE")]
    pub output: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ResultFormat::Text)]
    pub format: ResultFormat,
}

/// Arguments of `gridtier init`.
#[derive(Args)]
pub struct InitArgs {
    /// Folder of the exports
    pub data: PathBuf,
    /// File to write, `-` for stdout [default: gridtier.toml in the folder]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
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

/// What a command line asks to have printed, whether or not the rest of it can be read.
pub fn answer_asked(line: &[OsString]) -> ResultFormat {
    let asks_json = line.iter().any(|arg| arg == "--format=json")
        || line.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if asks_json { ResultFormat::Json } else { ResultFormat::Text }
}

/// A folder of this machine. A store needs locks, renames and links that no object storage has, and a folder named
/// after a URL would look like one.
pub fn store_folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text: OsString| {
        let is_url = text.to_str().is_some_and(|text| {
            text.split_once("://").is_some_and(|(scheme, _)| {
                scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                    && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            })
        });
        let advice = "a store is a folder of this machine, and this is a URL; name a local folder, and copy published \
                      cycles from it";
        if is_url { Err(advice) } else { Ok(PathBuf::from(text)) }
    })
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
    // Only the usual form: parsing would also take 2026-1-01 and the year 26.
    let (first, last) = (Month::new(1971, 1), Month::new(2200, 1));
    if month.to_string() == text[..text.len() - 3] && (first..=last).contains(&month) {
        Ok(month)
    } else {
        Err(advice.into())
    }
}

/// `2026-01-31` or `2026-01-31T08:30:00`, in the utility's local time; a date is its first instant.
fn instant(text: &str) -> Result<LocalTime, String> {
    let advice = "give a date such as 2026-01-31, or a local time such as 2026-01-31T08:30:00";
    Dates::default().local_time(text).ok_or_else(|| advice.into())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

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
    fn known_as_of_is_a_day_or_a_local_time() {
        let day = instant("2026-01-31").unwrap();
        assert_eq!(day.to_string(), "2026-01-31T00:00:00");
        assert_eq!(instant("2026-01-31 08:30").unwrap().us - day.us, 8 * 3_600_000_000 + 1_800_000_000);
        for bad in ["", "2026", "2026-01", "yesterday", "2026-02-30", "2026-01-31T08:30:00+08:00"] {
            assert!(instant(bad).is_err(), "{bad}");
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
