//! Which cycle a revision may correct: the last published one of its family. The revision has the same window and, unless
//! the method itself was wrong, the same method (REGRADE section 4).

use gridtier::decision::RevisionCause;
use gridtier::text;
use gridtier::unit::Window;

use super::error::GovernanceError;
use crate::cycle::{CycleError, Manifest, Revision};
use crate::store::{Store, StoredCycle};

/// The cycle that a revision corrects, and how it is graded again.
#[derive(Clone, Copy, Debug)]
pub struct CorrectedCycle<'a> {
    /// Number of the cycle.
    pub number: u64,
    /// What was wrong.
    pub because: RevisionCause,
    /// The window of the revision.
    pub window: Window,
    /// The hash of the revision's method.
    pub method_sha256: &'a str,
}

impl CorrectedCycle<'_> {
    /// The part of the revision's manifest that says what it corrects.
    ///
    /// # Errors
    /// The cycle is not published or not the last of its family, the revision has another window or another method, or the
    /// store cannot be read.
    pub fn revision(&self, store: &Store, by: &str, reason: &str) -> Result<Revision, GovernanceError> {
        let number = self.number;
        let usage = |what| Err(GovernanceError::Usage(what));
        if by.trim().is_empty() || reason.trim().is_empty() {
            return usage(text!(
                "a revision needs --by NAME and --reason TEXT",
                "修订需要 --by 姓名 和 --reason 理由"
            ));
        }
        let cycle = store.cycle(Some(number))?;
        if !cycle.is_published() {
            return usage(text!("cycle {number} is not published", "周期 {number} 未发布"));
        }
        let manifest = Manifest::read(&cycle)?;
        let family = stored_family(&cycle)?;
        if let Some(last) = last_of_family(store, &family)?.filter(|&last| last != number) {
            return usage(text!(
                "cycle {number} has a later revision, cycle {last}; revise that one",
                "周期 {number} 已有更新的修订 (周期 {last}), 请修订后者"
            ));
        }
        if Window::from(&manifest.window) != self.window {
            let (end, months) = (manifest.window.end, manifest.window.months);
            return usage(text!(
                "a revision of cycle {number} must have the same window: --as-of {end}-01 and {months} months",
                "周期 {number} 的修订须采用相同窗口: --as-of {end}-01, {months} 个月"
            ));
        }
        if self.because != RevisionCause::Method && manifest.method.sha256 != self.method_sha256 {
            let name = &manifest.method.name;
            return Err(GovernanceError::Method(text!(
                "the method is not that of cycle {number} (`{name}`) to the byte; if the method was wrong, say --because \
                 method",
                "评价方法与周期 {number} (`{name}`) 不完全相同; 若系方法更正, 请用 --because method"
            )));
        }
        Ok(Revision {
            manifest_sha256: cycle.commit.manifest_sha256,
            family,
            because: self.because,
            reason: reason.to_owned(),
            by: by.trim().to_owned(),
        })
    }
}

/// The hash that identifies a cycle and its revisions as one family: the hash of the first cycle's manifest.
pub(crate) fn family<'a>(manifest: &'a Manifest, manifest_sha256: &'a str) -> &'a str {
    manifest.revises.as_ref().map_or(manifest_sha256, |revises| &revises.family)
}

/// The family of a stored cycle.
///
/// # Errors
/// The manifest of the cycle cannot be read.
pub(crate) fn stored_family(cycle: &StoredCycle) -> Result<String, CycleError> {
    let manifest = Manifest::read(cycle)?;
    Ok(family(&manifest, &cycle.commit.manifest_sha256).to_owned())
}

/// Number of the cycle of a family that was published last. Cycles whose folder was removed have no revisions.
pub(crate) fn last_of_family(store: &Store, of: &str) -> Result<Option<u64>, GovernanceError> {
    let mut last = None;
    for cycle in store.published()?.into_iter().filter(|cycle| !cycle.is_pruned()) {
        if stored_family(&cycle)? == of {
            last = Some(cycle.version);
        }
    }
    Ok(last)
}
