//! The `gridtier` command: arguments in, tables and sentences out, an exit code that scripts can rely on.
//!
//! Data goes to stdout and everything else to stderr. No number is computed here: what is printed is read from the
//! engine's results or from a published cycle.

mod lang;
mod args;
mod exit;
mod template;
mod destination;
mod init;
mod method;
mod progress;
mod summary;
mod entitlements;
mod regrade;
mod rehearse;
mod check;
mod demo;
mod sheet;
mod explain;
mod governance;
mod store;
mod validate;
mod compare;
mod inspect;
mod appeal;
mod whatif;
mod report;
mod service;
mod handbook;
mod survey;
mod serve;

use args::{Cli, Command};
use exit::{Done, Failure};

fn main() -> std::process::ExitCode {
    let line = args::with_subcommand(std::env::args_os());
    let answer = args::answer_asked(&line);
    let lang = lang::chosen(lang::asked(&line));
    let cli = match args::read(line, lang) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error, answer, lang),
    };
    let result =
        std::panic::catch_unwind(|| run(cli)).unwrap_or_else(|_| Err(Failure::bug("it panicked; see above")));
    exit::report(result, lang, answer)
}

fn run(cli: Cli) -> Result<Done, Failure> {
    if let Some(threads) = cli.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        pool.map_err(|error| Failure::bug(&error.to_string()))?;
    }
    let asked = cli.lang;
    let lang = lang::chosen(asked);
    match cli.command {
        Command::Regrade(args) => regrade::run(&args, lang),
        Command::Rehearse(args) => rehearse::run(&args, lang),
        Command::Check(args) => check::run(&args, lang),
        Command::Review(args) => governance::review(&args, lang),
        Command::Approve(args) => governance::approve(&args, lang),
        Command::Reject(args) => governance::reject(&args, lang),
        Command::Withdraw(args) => governance::withdraw(&args, lang),
        Command::Appeal(args) => appeal::run(&args, lang),
        Command::Cycles(args) => governance::cycles(&args, lang),
        Command::Register(args) => governance::register(&args, lang),
        Command::History(args) => governance::history(&args, lang),
        Command::Prune(args) => governance::prune(&args, lang),
        Command::Path(args) => store::path(&args),
        Command::Verify(args) => store::verify(&args, lang),
        Command::Explain(args) => explain::run(&args, lang),
        Command::Validate(args) => validate::run(&args, lang),
        Command::Compare(args) => compare::run(&args, lang),
        Command::Plans(args) => inspect::run_plans(&args, lang),
        Command::Plan(args) => inspect::run_plan(&args, lang),
        Command::Inspect(args) => inspect::run_inspect(&args, lang),
        Command::Whatif(args) => whatif::run(&args, lang),
        Command::Report(args) => report::run(&args, lang),
        Command::Handbook(args) => handbook::run(&args, lang),
        Command::Serve(args) => serve::run(&args, lang),
        Command::Entitlements(args) => entitlements::run(&args, lang, asked),
        Command::Service(args) => service::run(&args, lang),
        Command::Survey(args) => survey::run(&args, lang),
        Command::Init(args) => init::run(&args, lang),
        Command::Method(args) => method::run(&args, lang),
        Command::Schema(args) => store::schema(&args),
        Command::Demo(args) => demo::run(&args, lang),
    }
}
