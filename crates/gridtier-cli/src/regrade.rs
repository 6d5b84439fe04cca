//! `gridtier regrade`: from a folder of tables to a published cycle.

use std::path::Path;
use std::time::SystemTime;

use gridtier::run::Graded;
use gridtier::text;
use gridtier::text::Text;
use gridtier_io::folder::DataFolder;
use gridtier_io::regrade::{GradeOutcome, KnownCycle, Regrade, Reused, Signature, Unpublished};
use gridtier_io::store::StoredCycle;

use crate::args::{RegradeArgs, ResultFormat};
use crate::exit::{BEYOND_LIMITS, Done, Failure, note};
use crate::lang::Lang;
use crate::summary::CheckCommand;
use crate::{entitlements, method, progress, summary};

/// Runs `gridtier regrade`.
pub fn run(args: &RegradeArgs, lang: Lang) -> Result<Done, Failure> {
    let method = method::load(&args.method)?;
    let catalogue = entitlements::load(&args.entitlements, Some(&method))?;
    entitlements::check_in_force(&catalogue, args.as_of)?;
    let folder = open(&args.data, lang)?.with_known_as_of(args.known_as_of);
    let asked_at = now();
    let signed = args.by.as_deref().zip(args.reason.as_deref());
    let job = Job {
        regrade: Regrade {
            store: &args.store,
            end: args.as_of,
            method: &method,
            catalogue: &catalogue,
            fresh: args.fresh,
            again: args.again,
            make_current: args.make_current,
            tier_probability: args.tier_probability,
            propose: args.propose,
            signed: signed.map(|(by, reason)| Signature { by, reason }),
            revises: args.revises.zip(args.because),
            asked_at: &asked_at,
        },
        check: CheckCommand {
            data: &args.data,
            as_of: Some(args.as_of),
            known_as_of: args.known_as_of,
            method: &args.method,
        },
        lang,
        accept: args.accept_findings.as_deref(),
    };
    Ok(Done { data: job.run(folder, args.format)? })
}

/// Opens a data folder and reports the files in it that belong to no table.
pub fn open(data: &Path, lang: Lang) -> Result<DataFolder, Failure> {
    let folder = DataFolder::open(data)?;
    if !folder.unused().is_empty() {
        let names = folder.unused().join(", ");
        note(&text!("not a table, and ignored: {names}", "不是数据表, 已忽略: {names}"), lang);
    }
    Ok(folder)
}

/// One grading, and how to print it.
pub struct Job<'a> {
    /// What to grade, by which method, and where to publish.
    pub regrade: Regrade<'a>,
    /// How to check the data, for messages.
    pub check: CheckCommand<'a>,
    /// Language of what is printed.
    pub lang: Lang,
    /// Who accepts findings beyond the limits; empty for the user of the system.
    pub accept: Option<&'a str>,
}

impl Job<'_> {
    /// Grades and publishes, unless a published cycle has the same content; returns what is to be printed.
    pub fn run(&self, folder: DataFolder, format: ResultFormat) -> Result<String, Failure> {
        let (folder, bar) = progress::watch(folder, self.lang);
        let graded = self.regrade.grade(folder);
        bar.finish_and_clear();
        let (method, store) = (self.regrade.method, self.regrade.store);
        match graded? {
            GradeOutcome::Known(known) => Ok(self.known(&known, format)),
            GradeOutcome::New(cycle) => {
                let (graded, cycle) = self.publish(*cycle, format)?;
                Ok(match format {
                    ResultFormat::Text => summary::published(&graded, method, &cycle, store, self.lang),
                    ResultFormat::Json => summary::json(&graded, &cycle),
                })
            }
        }
    }

    fn known(&self, known: &KnownCycle, format: ResultFormat) -> String {
        match format {
            ResultFormat::Text => summary::known(known, self.regrade.store, self.lang),
            ResultFormat::Json => summary::known_json(known),
        }
    }

    fn publish(
        &self,
        mut cycle: Unpublished,
        format: ResultFormat,
    ) -> Result<(Graded, StoredCycle), Failure> {
        if let Some(reused) = cycle.reused() {
            note(&reused_line(reused), self.lang);
        }
        if !cycle.breaches().is_empty() && self.accept.is_none() {
            return Err(Failure {
                data: match format {
                    ResultFormat::Text => {
                        summary::rows(&cycle.graded().facts, &cycle.graded().findings, &[], self.lang)
                    }
                    ResultFormat::Json => summary::unpublished_json(cycle.graded()),
                },
                message: summary::beyond_limits(cycle.breaches(), &self.check),
                code: BEYOND_LIMITS,
            });
        }
        if self.regrade.tier_probability {
            progress::steps(self.lang, |progress| cycle.estimate_tier_probability(progress));
        }
        Ok(cycle.publish(self.accept.map(accepted_by).as_deref(), &now())?)
    }
}

/// The counts that were reused.
pub fn reused_line(reused: Reused) -> Text {
    match reused {
        Reused::Facts { version } => text!(
            "inputs and window are the same, so all facts were taken from cycle {version}; --fresh counts everything \
             again",
            "输入数据和评价窗口相同, 全部统计量取自周期 {version}; 用 --fresh 可全部重新统计",
        ),
        Reused::Readings { version, taken, files } => text!(
            "{taken} of {files} files of readings were not counted again: their sums were taken from cycle {version}; \
             --fresh counts everything again",
            "{files} 个读数文件中有 {taken} 个未变, 取自周期 {version}; 用 --fresh 可全部重新统计",
        ),
    }
}

fn accepted_by(who: &str) -> String {
    if !who.is_empty() {
        return who.to_owned();
    }
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// The time, UTC, for commit records and the register only.
pub fn now() -> String {
    let now = chrono::DateTime::<chrono::Utc>::from(SystemTime::now());
    now.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}
