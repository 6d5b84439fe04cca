//! The gates that a proposal must pass before its approval: measures of its comparison with the current cycle, each
//! with limits from the method (REGRADE section 5).
//!
//! Other modules measure the values. A gate without a value passes, since a first cycle has no other to be compared
//! with.

use serde::Serialize;

use crate::method::{Gate, Governance};
use crate::text;
use crate::text::Text;
use crate::validate::Verdict;
use crate::word::Word as _;

/// The values of the gates; `None` where nothing could be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GateValues {
    /// The share of customers whose final tier changed, over all strata.
    pub changed: Option<f64>,
    /// Of the customers that were special before and are graded after, the share that is no longer
    /// special.
    pub special_lost: Option<f64>,
    /// Of the customers graded before, the share that is not graded after though not closed.
    pub absent: Option<f64>,
    /// Stability index of `score_frozen`, or of `score` if there is no `score_frozen`, over all strata.
    pub psi_score: Option<f64>,
    /// Greatest stability index of an indicator, over all strata.
    pub csi_max: Option<f64>,
    /// Number of the proposal's checks that fail.
    pub failed_checks: Option<f64>,
    /// Number of the proposal's tables beyond the reject limit.
    pub breaches: Option<f64>,
}

/// A gate with its value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GateResult {
    /// The gate.
    pub gate: Gate,
    /// The measured value.
    pub value: Option<f64>,
    /// The limit above which the gate warns.
    pub warn: Option<f64>,
    /// The limit above which the gate fails.
    pub fail: Option<f64>,
    /// The verdict on the value.
    pub verdict: Verdict,
}

impl GateValues {
    fn value(&self, gate: Gate) -> Option<f64> {
        match gate {
            Gate::Changed => self.changed,
            Gate::SpecialLost => self.special_lost,
            Gate::Absent => self.absent,
            Gate::PsiScore => self.psi_score,
            Gate::CsiMax => self.csi_max,
            Gate::FailedChecks => self.failed_checks,
            Gate::Breaches => self.breaches,
        }
    }

    /// All gates against their limits, in the order of [`Gate`].
    #[must_use]
    pub fn judge(&self, rules: &Governance) -> Vec<GateResult> {
        let results = Gate::ALL.iter().map(|&gate| {
            let (value, limit) = (self.value(gate), rules.limit(gate));
            let is_above = |bound: Option<f64>| value.zip(bound).is_some_and(|(value, bound)| value > bound);
            let verdict = match value {
                None => Verdict::NotMeasured,
                Some(_) if is_above(limit.fail) => Verdict::Fail,
                Some(_) if is_above(limit.warn) => Verdict::Warn,
                Some(_) => Verdict::Pass,
            };
            GateResult { gate, value, warn: limit.warn, fail: limit.fail, verdict }
        });
        results.collect()
    }
}

impl GateResult {
    /// Value, limit and verdict in a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        let (code, en, zh) = (self.gate.code(), self.gate.en(), self.gate.zh());
        let value = self.value.unwrap_or_default();
        match (self.verdict, self.warn, self.fail) {
            (Verdict::Fail, _, Some(fail)) => text!(
                "gate `{code}` fails ({en}): {value:.4} is above {fail}; find out why, or approve with --despite {code}",
                "门限 `{code}` ({zh}) 不通过: {value:.4} 超过 {fail}; 请查明原因, 或以 --despite {code} 批准"
            ),
            (Verdict::Warn, Some(warn), _) => text!(
                "gate `{code}` warns ({en}): {value:.4} is above {warn}",
                "门限 `{code}` ({zh}) 警告: {value:.4} 超过 {warn}"
            ),
            (Verdict::NotMeasured, ..) => {
                text!("gate `{code}` ({en}) was not measured", "门限 `{code}` ({zh}) 未测量")
            }
            _ => text!("gate `{code}` passes ({en}): {value:.4}", "门限 `{code}` ({zh}) 通过: {value:.4}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    #[test]
    fn a_value_above_a_limit_is_worse_and_a_value_at_the_limit_is_not() {
        let rules = Method::preset("paper").unwrap().unwrap().governance;
        let verdicts = |values: GateValues| -> Vec<Verdict> {
            values.judge(&rules).iter().map(|result| result.verdict).collect()
        };
        assert_eq!(verdicts(GateValues::default()), [Verdict::NotMeasured; 7]);
        let values = GateValues {
            changed: Some(0.30),
            special_lost: Some(0.41),
            absent: Some(0.021),
            psi_score: Some(0.25),
            csi_max: Some(9.0),
            failed_checks: Some(0.0),
            breaches: Some(1.0),
        };
        use Verdict::{Fail, Pass, Warn};
        assert_eq!(verdicts(values), [Pass, Warn, Fail, Warn, Warn, Pass, Fail]);
        let message = values.judge(&rules)[2].text();
        assert!(message.en.contains("--despite absent") && message.zh.contains("缺失客户"), "{message:?}");
    }
}
