//! Who may publish a proposed cycle, and what stands in the way (REGRADE section 5).
//!
//! The decision depends only on the store's records: names, dates, reviews and the verdicts of gates. Nobody
//! checks who enters a name; names are compared so that two spellings of one name count as one person. This
//! module reads no file.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

use crate::gate::GateResult;
use crate::method::{Approval, Gate, Governance};
use crate::text;
use crate::text::Text;
use crate::validate::Verdict;
use crate::word::Word as _;

crate::words! {
    /// What a commit record publishes.
    RecordKind "kind of commit record" {
        /// A cycle that is published at once.
        Cycle "cycle" "cycle" "周期",
        /// A cycle that waits for approval.
        Proposal "proposal" "proposal" "提案",
        /// The approval of a proposal.
        Approval "approval" "approval" "批准",
        /// An inspection between two regrades, which changes no tier.
        Inspection "inspection" "inspection" "期间检查",
    }
}

crate::words! {
    /// What an entry of the register is about.
    EntryKind "kind of entry" {
        /// An opinion about a proposal.
        Review "review" "review" "复核",
        /// A proposal is published.
        Approve "approve" "approval" "批准",
        /// A proposal is turned down.
        Reject "reject" "rejection" "否决",
        /// A proposal is taken back.
        Withdraw "withdraw" "withdrawal" "撤回",
        /// A customer objects to a tier.
        Appeal "appeal" "appeal" "申诉",
        /// The decision about an appeal.
        Ruling "ruling" "ruling" "申诉裁定",
        /// An agreement about an improvement plan.
        Plan "plan" "plan" "改进计划",
        /// Anything else that should be known later.
        Note "note" "note" "备注",
    }
}

crate::words! {
    /// What a reviewer says about a proposal.
    Opinion "verdict of a review" {
        /// The proposal can be published.
        Agree "agree" "agree" "同意",
        /// The proposal must not be published.
        Object "object" "object" "反对",
        /// A remark that neither agrees nor objects.
        Note "note" "note" "备注",
    }
}

crate::words! {
    /// How an appeal was decided.
    AppealOutcome "outcome of an appeal" {
        /// The tier changes as the customer asked.
        Upheld "upheld" "upheld" "支持",
        /// The tier changes, but less than the customer asked.
        Partly "partly" "upheld in part" "部分支持",
        /// The tier stays.
        Dismissed "dismissed" "dismissed" "驳回",
    }
}

crate::words! {
    /// Why a published cycle is revised.
    RevisionCause "cause of a revision" {
        /// The data of the cycle were corrected.
        Data "data" "data" "数据更正",
        /// The program was corrected.
        Engine "engine" "engine" "程序更正",
        /// The method was corrected.
        Method "method" "method" "方法更正",
        /// An appeal was upheld.
        Appeal "appeal" "appeal" "申诉",
    }
}

crate::words! {
    /// The state of a cycle in a store.
    CycleState "state of a cycle" {
        /// The cycle in force.
        Current "current" "current" "现行",
        /// The cycle is published, but another one is current.
        Published "published" "published" "已发布",
        /// The cycle is published, but a later cycle has the same as-of.
        Superseded "superseded" "superseded" "已被取代",
        /// The cycle waits for approval.
        Proposed "proposed" "proposed" "待审批",
        /// The cycle waited too long for approval.
        Expired "expired" "expired" "已过期",
        /// The cycle was turned down.
        Rejected "rejected" "rejected" "已否决",
        /// The cycle was taken back.
        Withdrawn "withdrawn" "withdrawn" "已撤回",
        /// The cycle is an inspection.
        Inspection "inspection" "inspection" "期间检查",
    }
}

/// A cycle in the list of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedCycle {
    /// Number of the cycle.
    pub number: u64,
    /// The cycle's as-of.
    pub as_of: Option<String>,
    /// Name of the cycle's method; `None` if the cycle's folder was removed.
    pub method: Option<String>,
    /// The cycle's state.
    pub state: CycleState,
    /// Whether the cycle's folder was removed.
    pub pruned: bool,
    /// Number of the cycle that this one corrects.
    pub revises: Option<u64>,
    /// If the cycle was proposed, by whom.
    pub proposed: Option<Proposed>,
    /// Who published the cycle, or decided about the proposal; while nobody has, who proposed it.
    pub by: Option<String>,
    /// When that was done.
    pub at: String,
    /// Total length of the cycle's files; `None` if they were removed.
    pub bytes: Option<u64>,
    /// The reason that was given.
    pub reason: Option<String>,
}

/// How a cycle was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// Who proposed it.
    pub by: Option<String>,
    /// When.
    pub at: String,
    /// The reason that was given.
    pub reason: Option<String>,
}

/// An entry in the list of a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedEntry {
    /// Number of the entry.
    pub number: u64,
    /// When the entry was made.
    pub at: String,
    /// Who made the entry.
    pub by: String,
    /// The kind of entry.
    pub kind: EntryKind,
    /// The verdict of a review.
    pub verdict: Option<Opinion>,
    /// How a ruling decides.
    pub outcome: Option<AppealOutcome>,
    /// Of a ruling, the number of the appeal that it decides.
    pub appeal: Option<u64>,
    /// The cycle that the entry is about.
    pub cycle: Option<u64>,
    /// The customer that the entry is about.
    pub customer_id: Option<String>,
    /// The reason that was given.
    pub reason: String,
}

/// Whether two names belong to one person. They are compared in Unicode's form NFKC, in lower case, with runs of white
/// space as one space.
#[must_use]
pub fn is_same_person(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

fn folded(name: &str) -> String {
    let compatible: String = name.nfkc().collect();
    compatible.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What somebody said about a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who reviewed the proposal.
    pub by: String,
    /// The reviewer's opinion.
    pub opinion: Opinion,
}

/// A proposal as its approver finds it.
#[derive(Clone, Debug, Default)]
pub struct ProposalState<'a> {
    /// Who proposed it.
    pub proposer: &'a str,
    /// Days since it was proposed, by the calendar in UTC.
    pub age_days: i64,
    /// The cycle that was current when it was proposed.
    pub base: Option<u64>,
    /// The cycle that is current now.
    pub current: Option<u64>,
    /// The reviews in their order.
    pub reviews: &'a [Review],
    /// How the proposal was decided and by whom; `None` if it is undecided.
    pub decided: Option<(EntryKind, &'a str)>,
    /// The revision that was published meanwhile of the cycle that the proposal revises.
    pub outdated: Option<OutdatedRevision>,
}

/// A proposal to revise a cycle that another revision has corrected meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutdatedRevision {
    /// Number of the cycle that the proposal revises.
    pub corrected: u64,
    /// Number of the last published revision of that cycle's family.
    pub last: u64,
    /// Whether the proposal follows from the ruling on an appeal.
    pub is_of_appeal: bool,
}

/// The rules by which a proposal is decided: those of the current cycle where they require approval, so that no proposal
/// loosens the rules by which it is judged; otherwise its own.
#[must_use]
pub fn deciding_rules<'a>(current: &'a Governance, own: &'a Governance) -> &'a Governance {
    if current.approval == Approval::Required { current } else { own }
}

/// Something that stands in the way of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// The proposal is decided already.
    Decided {
        /// How it was decided.
        kind: EntryKind,
        /// Who decided.
        by: String,
    },
    /// The proposer tries to decide about their own proposal.
    OwnProposal {
        /// Who made the proposal.
        by: String,
    },
    /// Somebody other than the proposer tries to take the proposal back.
    OthersProposal {
        /// Who made the proposal.
        by: String,
    },
    /// The method names approvers, and this person is not among them.
    NotNamed {
        /// The approvers that the method names.
        approvers: Vec<String>,
    },
    /// A reviewer objects.
    Objection {
        /// Who objects.
        by: String,
    },
    /// Too few reviewers agree.
    FewReviews {
        /// Number of reviewers who agree.
        agree: u32,
        /// Number of reviewers who must agree.
        needed: u32,
    },
    /// The current cycle has changed since the proposal was made.
    Moved {
        /// The cycle that was current then.
        base: Option<u64>,
        /// The cycle that is current now.
        current: Option<u64>,
    },
    /// The proposal revises a cycle that has a later revision.
    Outdated(OutdatedRevision),
    /// The proposal was made too long ago.
    Expired {
        /// Days since the proposal was made.
        days: i64,
        /// Days for which a proposal is valid.
        valid_days: u32,
    },
    /// A gate fails, and the approval does not name it as one that may fail.
    Gate(GateResult),
}

impl Obstacle {
    /// What stands in the way, and what to do about it.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Decided { kind, by } => {
                let (en, zh) = (kind.en(), kind.zh());
                text!("the register holds its {en} by {by}", "登记簿已记录其{zh}, 经办人 {by}")
            }
            Self::OwnProposal { by } => {
                text!(
                    "{by} proposed this cycle; somebody else must decide about it",
                    "该提案由 {by} 提出: 须由他人审批"
                )
            }
            Self::OthersProposal { by } => text!(
                "{by} proposed it, and nobody else can take it back; reject it instead",
                "该提案由 {by} 提出, 他人不能撤回; 请改用 reject 否决"
            ),
            Self::NotNamed { approvers } => {
                let names = approvers.join(", ");
                text!("the method names who may decide: {names}", "方法规定的审批人为: {names}")
            }
            Self::Objection { by } => text!(
                "{by} objects; a later review by the same person can withdraw the objection",
                "{by} 反对; 可由本人再次复核撤销"
            ),
            Self::FewReviews { agree, needed } => text!(
                "{agree} of {needed} reviewers agree, not counting who proposes and who approves; ask others to review it",
                "需 {needed} 人复核同意, 现有 {agree} 人 (提案人和批准人的复核不计); 请其他人复核"
            ),
            Self::Moved { base, current } => {
                let number =
                    |cycle: &Option<u64>| cycle.map_or("–".to_owned(), |number| number.to_string());
                let (base, current) = (number(base), number(current));
                text!(
                    "cycle {current} is current, but {base} was current when this cycle was proposed; propose it again",
                    "现行周期为 {current}, 而提案时为 {base}; 请重新提案"
                )
            }
            Self::Outdated(OutdatedRevision { corrected, last, is_of_appeal: false }) => text!(
                "it revises cycle {corrected}, but cycle {last} has revised that one meanwhile; propose it again as a \
                 revision of cycle {last}: gridtier regrade … --revises {last}",
                "该提案修订周期 {corrected}, 而周期 {last} 已先行修订; 请重新提案以修订周期 {last}: gridtier regrade … --revises {last}"
            ),
            Self::Outdated(OutdatedRevision { corrected, last, is_of_appeal: true }) => text!(
                "it revises cycle {corrected}, but cycle {last} has revised that one meanwhile; reject it, and rule on the \
                 appeal again (gridtier appeal rule), which then revises cycle {last}",
                "该提案修订周期 {corrected}, 而周期 {last} 已先行修订; 请否决 (reject) 该提案, 再用 gridtier appeal rule 重新裁定该申诉, 以修订周期 {last}"
            ),
            Self::Expired { days, valid_days } => text!(
                "it was proposed {days} days ago, and a proposal is valid for {valid_days} days; propose it again",
                "提案已过 {days} 天, 有效期为 {valid_days} 天; 请重新提案"
            ),
            Self::Gate(result) => result.text(),
        }
    }
}

/// What stands in the way of an approval by `by`; empty if nothing does. `gates` are the results of comparing the
/// proposal with the current cycle; gates named in `despite` may fail.
#[must_use]
pub fn approval_obstacles(
    rules: &Governance,
    proposal: &ProposalState,
    by: &str,
    gates: &[GateResult],
    despite: &[Gate],
) -> Vec<Obstacle> {
    let mut found = rejection_obstacles(rules, proposal, by);
    found.extend(review_obstacles(rules, proposal, by));
    let ProposalState { base, current, age_days: days, outdated, .. } = *proposal;
    found.extend(outdated.map(Obstacle::Outdated));
    // Where the later revision is what is current now, one sentence about it is enough, and so is the one that the proposal
    // is decided already.
    if base != current && decided(proposal).is_empty() && outdated.map(|outdated| outdated.last) != current {
        found.push(Obstacle::Moved { base, current });
    }
    if days > i64::from(rules.valid_days) {
        found.push(Obstacle::Expired { days, valid_days: rules.valid_days });
    }
    let failed = gates.iter().filter(|gate| gate.verdict == Verdict::Fail && !despite.contains(&gate.gate));
    found.extend(failed.map(|gate| Obstacle::Gate(*gate)));
    found
}

/// What stands in the way of a rejection by `by`. Whoever may approve may also reject.
#[must_use]
pub fn rejection_obstacles(rules: &Governance, proposal: &ProposalState, by: &str) -> Vec<Obstacle> {
    let mut found = decided(proposal);
    if is_same_person(by, proposal.proposer) {
        found.push(Obstacle::OwnProposal { by: proposal.proposer.into() });
    }
    let approvers = &rules.approvers;
    if !approvers.is_empty() && !approvers.iter().any(|name| is_same_person(name, by)) {
        found.push(Obstacle::NotNamed { approvers: approvers.clone() });
    }
    found
}

/// What stands in the way of a withdrawal by `by`: only the proposer can take a proposal back.
#[must_use]
pub fn withdrawal_obstacles(proposal: &ProposalState, by: &str) -> Vec<Obstacle> {
    let mut found = decided(proposal);
    if !is_same_person(by, proposal.proposer) {
        found.push(Obstacle::OthersProposal { by: proposal.proposer.into() });
    }
    found
}

/// The obstacle that a proposal is already decided. It also prevents a review.
#[must_use]
pub fn decided(proposal: &ProposalState) -> Vec<Obstacle> {
    let decided = proposal.decided.map(|(kind, by)| Obstacle::Decided { kind, by: by.into() });
    decided.into_iter().collect()
}

/// The obstacles that reviews raise. Only the last review of each person counts; reviews by the proposer and the
/// approver do not count.
fn review_obstacles(rules: &Governance, proposal: &ProposalState, by: &str) -> Vec<Obstacle> {
    let mut last: Vec<&Review> = Vec::new();
    for review in proposal.reviews {
        let is_party = [proposal.proposer, by].iter().any(|party| is_same_person(party, &review.by));
        if is_party {
            continue;
        }
        match last.iter_mut().find(|known| is_same_person(&known.by, &review.by)) {
            Some(known) => *known = review,
            None => last.push(review),
        }
    }
    let objections = last.iter().filter(|review| review.opinion == Opinion::Object);
    let mut found: Vec<Obstacle> =
        objections.map(|review| Obstacle::Objection { by: review.by.clone() }).collect();
    let agree = last.iter().filter(|review| review.opinion == Opinion::Agree).count();
    let agree = u32::try_from(agree).unwrap_or(u32::MAX);
    if agree < rules.reviews {
        found.push(Obstacle::FewReviews { agree, needed: rules.reviews });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Method;

    fn rules(approvers: &[&str], reviews: u32) -> Governance {
        let mut rules = Method::preset("paper").unwrap().unwrap().governance;
        rules.approvers = approvers.iter().map(|&name| name.into()).collect();
        rules.reviews = reviews;
        rules
    }

    fn review(by: &str, opinion: Opinion) -> Review {
        Review { by: by.into(), opinion }
    }

    fn proposal(reviews: &[Review]) -> ProposalState<'_> {
        ProposalState {
            proposer: "Li Na",
            base: Some(1),
            current: Some(1),
            reviews,
            ..ProposalState::default()
        }
    }

    fn found(rules: &Governance, proposal: &ProposalState, by: &str) -> Vec<Obstacle> {
        approval_obstacles(rules, proposal, by, &[], &[])
    }

    #[test]
    fn spellings_of_a_name_are_one_person() {
        for same in [" li  na", "LI NA", "Ｌｉ　Ｎａ", "li\tna "] {
            assert!(is_same_person(same, "Li Na"), "{same}");
        }
        assert!(!is_same_person("Li", "Li Na"));
    }

    #[test]
    fn somebody_else_can_approve_and_the_proposer_cannot() {
        assert_eq!(found(&rules(&[], 0), &proposal(&[]), "王芳"), []);
        let own = [Obstacle::OwnProposal { by: "Li Na".into() }];
        assert_eq!(found(&rules(&[], 0), &proposal(&[]), "li na"), own);
        assert_eq!(rejection_obstacles(&rules(&[], 0), &proposal(&[]), "li na"), own);
        assert_eq!(withdrawal_obstacles(&proposal(&[]), "li na"), []);
        let others = [Obstacle::OthersProposal { by: "Li Na".into() }];
        assert_eq!(withdrawal_obstacles(&proposal(&[]), "王芳"), others);
    }

    #[test]
    fn where_approvers_are_named_nobody_else_can_approve() {
        let rules = rules(&["王芳"], 0);
        assert_eq!(found(&rules, &proposal(&[]), " 王芳 "), []);
        assert_eq!(
            found(&rules, &proposal(&[]), "Zhang"),
            [Obstacle::NotNamed { approvers: vec!["王芳".into()] }]
        );
    }

    #[test]
    fn the_last_verdict_of_each_other_reviewer_counts() {
        use Opinion::{Agree, Note, Object};
        let few = |agree| [Obstacle::FewReviews { agree, needed: 2 }];
        let two = rules(&[], 2);
        // Proposer and approver do not count as reviewers.
        let parties = [review("Li Na", Agree), review("Boss", Agree), review("a", Agree)];
        assert_eq!(found(&two, &proposal(&parties), "Boss"), few(1));
        let twice = [review("a", Agree), review("A ", Agree)];
        assert_eq!(found(&two, &proposal(&twice), "Boss"), few(1));
        let mind_changed = [review("a", Object), review("b", Agree), review("a", Agree)];
        assert_eq!(found(&two, &proposal(&mind_changed), "Boss"), []);
        let objects = [review("a", Agree), review("b", Agree), review("c", Object)];
        assert_eq!(found(&two, &proposal(&objects), "Boss"), [Obstacle::Objection { by: "c".into() }]);
        let remark = [review("a", Agree), review("b", Agree), review("b", Note)];
        assert_eq!(found(&two, &proposal(&remark), "Boss"), few(1));
    }

    #[test]
    fn a_decided_moved_or_old_proposal_is_not_approved() {
        let rules = rules(&[], 0);
        let decided = ProposalState { decided: Some((EntryKind::Reject, "王芳")), ..proposal(&[]) };
        let expected = [Obstacle::Decided { kind: EntryKind::Reject, by: "王芳".into() }];
        assert_eq!(found(&rules, &decided, "Boss"), expected);
        let moved = ProposalState { current: Some(3), ..proposal(&[]) };
        assert_eq!(found(&rules, &moved, "Boss"), [Obstacle::Moved { base: Some(1), current: Some(3) }]);
        let on_the_last_day = ProposalState { age_days: 30, ..proposal(&[]) };
        assert_eq!(found(&rules, &on_the_last_day, "Boss"), []);
        let old = ProposalState { age_days: 31, ..proposal(&[]) };
        assert_eq!(found(&rules, &old, "Boss"), [Obstacle::Expired { days: 31, valid_days: 30 }]);
    }

    #[test]
    fn a_proposal_to_revise_what_another_revision_has_corrected_is_not_approved() {
        let rules = rules(&[], 0);
        let outdated = OutdatedRevision { corrected: 1, last: 4, is_of_appeal: false };
        let expected = [Obstacle::Outdated(outdated)];
        // An earlier cycle was revised: the current cycle is still the same.
        let earlier = ProposalState { outdated: Some(outdated), ..proposal(&[]) };
        assert_eq!(found(&rules, &earlier, "Boss"), expected);
        // The revision has become the current cycle: that is said once.
        let current = ProposalState { current: Some(4), ..earlier.clone() };
        assert_eq!(found(&rules, &current, "Boss"), expected);
        let moved_on = ProposalState { current: Some(5), ..earlier.clone() };
        let both = [expected[0].clone(), Obstacle::Moved { base: Some(1), current: Some(5) }];
        assert_eq!(found(&rules, &moved_on, "Boss"), both);
        assert_eq!(rejection_obstacles(&rules, &earlier, "Boss"), [], "it can be turned down");
        assert!(expected[0].text().en.contains("--revises 4"), "{:?}", expected[0].text());
        let of_appeal = Obstacle::Outdated(OutdatedRevision { is_of_appeal: true, ..outdated }).text();
        assert!(of_appeal.en.contains("appeal rule") && of_appeal.zh.contains("申诉"), "{of_appeal:?}");
    }

    #[test]
    fn the_rules_of_the_current_cycle_decide_where_they_require_approval() {
        let (free, mut strict) = (rules(&[], 0), rules(&["王芳"], 2));
        strict.approval = Approval::Required;
        assert_eq!(deciding_rules(&strict, &free).reviews, 2);
        assert_eq!(deciding_rules(&free, &strict).reviews, 2);
        strict.approval = Approval::None;
        assert_eq!(deciding_rules(&strict, &free).reviews, 0);
    }

    #[test]
    fn an_approval_passes_a_failed_gate_only_by_naming_it() {
        let rules = rules(&[], 0);
        let values = crate::gate::GateValues { changed: Some(0.5), absent: Some(0.01), ..Default::default() };
        let gates = values.judge(&rules);
        let by = |despite: &[Gate]| approval_obstacles(&rules, &proposal(&[]), "Boss", &gates, despite);
        assert!(matches!(by(&[])[..], [Obstacle::Gate(GateResult { gate: Gate::Changed, .. })]));
        assert_eq!(by(&[Gate::Changed]), []);
        assert_eq!(by(&[Gate::Absent]).len(), 1);
    }
}
