//! What an inspection between two regrades proposes (REGRADE section 7).
//!
//! A trigger changes no tier: it names customers, and what somebody should decide about them. This module does not
//! decide which customers meet its condition.

use std::collections::BTreeSet;

use super::choices::{OffenceKind, TriggerAction, TriggerKind};
use super::raw::TriggerFile;
use crate::checked_toml::{CheckedToml, Fault};
use crate::contract::IncidentKind;
use crate::text;
use crate::word::Word as _;

/// Something that an inspection looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The trigger's name in the results of an inspection.
    pub name: String,
    /// What the trigger proposes.
    pub action: TriggerAction,
    /// When the trigger fires.
    pub condition: TriggerCondition,
}

/// When a trigger fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerCondition {
    /// Confirmed offences from the cycle's as-of on.
    Offence {
        /// Kinds of offences that count.
        kinds: Vec<IncidentKind>,
        /// Offences below this severity do not count.
        min_severity: u8,
        /// Number of offences needed.
        min_count: u32,
    },
    /// A bill has been unpaid for this many months.
    Arrears {
        /// Length in months.
        months: u32,
    },
    /// A customer of grade-3 or with a ceiling had neither offence nor overdue day for this many months.
    Clean {
        /// Length in months.
        months: u32,
    },
    /// The present tier is better by this many tiers, in this many inspections in a row.
    Sustained {
        /// Number of tiers.
        steps: u32,
        /// Number of inspections, this one included.
        inspections: u32,
    },
    /// The present tier is worse by this many tiers.
    Decline {
        /// Number of tiers.
        steps: u32,
    },
    /// The customer was closed before the day of the inspection.
    Closed,
    /// The customer is not in the data.
    Missing,
}

impl Trigger {
    /// The triggers of a method that gives none (REGRADE section 7).
    #[must_use]
    pub fn shipped() -> Vec<Self> {
        let trigger = |name: &str, action, condition| Self { name: name.into(), action, condition };
        let offence = |kind, min_severity| TriggerCondition::Offence {
            kinds: vec![IncidentKind::from(kind)],
            min_severity,
            min_count: 1,
        };
        vec![
            trigger("theft", TriggerAction::ProposeDown, offence(OffenceKind::Theft, 1)),
            trigger("violation", TriggerAction::ProposeDown, offence(OffenceKind::Violation, 3)),
            trigger("arrears", TriggerAction::ProposeDown, TriggerCondition::Arrears { months: 3 }),
            trigger("clean", TriggerAction::ProposeUp, TriggerCondition::Clean { months: 6 }),
            trigger(
                "sustained",
                TriggerAction::ProposeUp,
                TriggerCondition::Sustained { steps: 1, inspections: 2 },
            ),
            trigger("decline", TriggerAction::Review, TriggerCondition::Decline { steps: 2 }),
            trigger("closed", TriggerAction::Close, TriggerCondition::Closed),
            trigger("missing", TriggerAction::Review, TriggerCondition::Missing),
        ]
    }

    pub(super) fn build(
        document: &CheckedToml,
        files: Option<&[TriggerFile]>,
        faults: &mut Vec<Fault>,
    ) -> Vec<Self> {
        let Some(files) = files else { return Self::shipped() };
        if !document.is_readable(&["trigger"]) {
            return Vec::new();
        }
        let mut names = BTreeSet::new();
        for (place, file) in files.iter().enumerate() {
            let line = document.line(&["trigger", &place.to_string(), "name"]);
            let name = file.name.trim();
            if name.is_empty() || !names.insert(name) {
                faults.push(Fault {
                    line,
                    what: text!(
                        "the trigger `{name}` has the name of another",
                        "触发条件 `{name}` 没有唯一的名称"
                    ),
                    fix: text!("give each trigger another name", "请为每个触发条件取不同的名称"),
                });
            }
            faults.extend(file.idle().into_iter().map(|key| idle_fault(document, place, file.kind, key)));
        }
        files.iter().map(Self::from).collect()
    }
}

fn idle_fault(document: &CheckedToml, place: usize, kind: TriggerKind, key: &str) -> Fault {
    let kind = kind.code();
    Fault {
        line: document.line(&["trigger", &place.to_string(), key]),
        what: text!(
            "`{key}` has no effect in a trigger of kind `{kind}`",
            "`{key}` 对 `{kind}` 类触发条件无意义"
        ),
        fix: text!("remove it, or choose the kind that it belongs to", "请删除, 或改用相应的种类"),
    }
}

impl TriggerFile {
    /// The keys that are given but do not belong to the trigger's kind.
    fn idle(&self) -> Vec<&'static str> {
        use TriggerKind::{Arrears, Clean, Decline, Offence, Sustained};
        let keys: [(&str, bool, &[TriggerKind]); 6] = [
            ("kinds", self.kinds.is_some(), &[Offence]),
            ("min_severity", self.min_severity.is_some(), &[Offence]),
            ("min_count", self.min_count.is_some(), &[Offence]),
            ("months", self.months.is_some(), &[Arrears, Clean]),
            ("steps", self.steps.is_some(), &[Sustained, Decline]),
            ("inspections", self.inspections.is_some(), &[Sustained]),
        ];
        let idle = keys.into_iter().filter(|(_, given, kinds)| *given && !kinds.contains(&self.kind));
        idle.map(|(key, ..)| key).collect()
    }
}

impl From<&TriggerFile> for Trigger {
    fn from(file: &TriggerFile) -> Self {
        let condition = match file.kind {
            TriggerKind::Offence => TriggerCondition::Offence {
                kinds: file
                    .kinds
                    .as_deref()
                    .unwrap_or(OffenceKind::ALL)
                    .iter()
                    .map(|&kind| kind.into())
                    .collect(),
                min_severity: file.min_severity.unwrap_or(1),
                min_count: file.min_count.unwrap_or(1),
            },
            TriggerKind::Arrears => TriggerCondition::Arrears { months: file.months.unwrap_or(3) },
            TriggerKind::Clean => TriggerCondition::Clean { months: file.months.unwrap_or(6) },
            TriggerKind::Sustained => TriggerCondition::Sustained {
                steps: file.steps.unwrap_or(1),
                inspections: file.inspections.unwrap_or(2),
            },
            TriggerKind::Decline => TriggerCondition::Decline { steps: file.steps.unwrap_or(2) },
            TriggerKind::Closed => TriggerCondition::Closed,
            TriggerKind::Missing => TriggerCondition::Missing,
        };
        Self { name: file.name.trim().into(), action: file.action, condition }
    }
}
