//! One customer's move from one cycle to another, step by step.

use gridtier::compare::{
    EndState, ExplainedMove, ExplainedStep, MoveExplanation, OtherMoves, SplitStatus, Step,
};
use gridtier::index::float_i64;
use gridtier::text;
use gridtier::text::Text;

use crate::format::{decimal, grouped};
use crate::names;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The explanation of a customer's move between the cycles of these numbers.
#[must_use]
pub fn sections(explanation: &MoveExplanation, numbers: [u64; 2]) -> Vec<Section> {
    let MoveExplanation { customer_id, before, after, .. } = explanation;
    let ([first, second], [was, is]) = (numbers, [*before, *after].map(Text::of_word));
    let head = Section::titled(text!(
        "Customer {customer_id}: {was} in cycle {first}, {is} in cycle {second}",
        "客户 {customer_id}: 第 {first} 周期{was}, 第 {second} 周期{is}"; was, is
    ));
    let Some(moved) = &explanation.moved else {
        return vec![head.with(Block::Sentence(not_at_both_ends(*before, *after)))];
    };
    let head = head.with(Block::Sentence(change(moved)));
    let head = head.with_all(status(moved.status).map(Block::Sentence));
    let head = head.table(steps(moved)).with_all(policies(moved).map(Block::Sentence));
    let own = (!moved.indicators.is_empty()).then(|| {
        let what = text!("What its own values made of the score:", "客户自身指标对得分的影响:");
        [Block::Sentence(what), Block::Table(indicators(moved))]
    });
    vec![
        head.with_all(own.into_iter().flatten())
            .with_all(moved.others.as_ref().map(others).map(Block::Sentence)),
    ]
}

/// The reason why the move has no steps.
fn not_at_both_ends(before: EndState, after: EndState) -> Text {
    match (before, after) {
        (EndState::New, _) => text!("It opened since the earlier cycle.", "该客户在前一周期之后立户。"),
        (EndState::Absent, _) => text!(
            "The earlier cycle does not grade it, though it was open then: look for it in that cycle's customers and rejects.",
            "前一周期未对其评级, 而其当时已立户: 请查看该周期的客户表和剔除记录。",
        ),
        (_, EndState::Closed) => text!("It closed before the later cycle.", "该客户在后一周期之前销户。"),
        _ => text!(
            "The later cycle does not grade it, though it has not closed: look for it in that cycle's customers and rejects.",
            "后一周期未对其评级, 而其并未销户: 请查看该周期的客户表和剔除记录。",
        ),
    }
}

/// By how much tier and score changed, and what moved the tier most.
fn change(moved: &ExplainedMove) -> Text {
    let change = moved.change();
    let tiers = change.unsigned_abs();
    let by = match (change, tiers) {
        (0, _) => text!("The tier has not changed", "等级未变"),
        (1.., 1) => text!("It rose by one tier", "上升一级"),
        (1.., _) => text!("It rose by {tiers} tiers", "上升 {tiers} 级"),
        (_, 1) => text!("It fell by one tier", "下降一级"),
        (_, _) => text!("It fell by {tiers} tiers", "下降 {tiers} 级"),
    };
    let score = match (moved.score_before_e6, moved.score_after_e6) {
        (Some(before), Some(after)) => {
            let (was, is) = (points(before), points(after));
            text!("; score {was} before, {is} after", "; 得分由 {was} 变为 {is}")
        }
        _ => text!("; a score is not known", "; 得分未知"),
    };
    let cause = moved.cause.map(|cause| {
        let cause = Text::of_word(cause);
        text!("; mostly: {cause}", "; 主要原因: {cause}"; cause)
    });
    Text::join(&[by, score, cause.unwrap_or_default(), text!(".", "。")], "")
}

/// Why some steps are missing.
fn status(status: SplitStatus) -> Option<Text> {
    Some(match status {
        SplitStatus::Split => return None,
        SplitStatus::Window => text!(
            "The windows of the two cycles differ in length, so that values cannot be compared: the change between correction and \
             method is not split.",
            "两个周期的窗口长度不同, 指标值不可比: 数据更正与方法变更之间的变动未分解。",
        ),
        SplitStatus::Counting => text!(
            "The two cycles were counted by different rules, so that values cannot be compared: publish a revision of the earlier one by \
             this version of gridtier.",
            "两个周期的计量规则不同, 指标值不可比: 请用当前版本对前一周期发布修订。",
        ),
        SplitStatus::Expression => text!(
            "The later cycle has not published what a value of the earlier method needs: the change between correction and method is not \
             split.",
            "后一周期未发布前一方法所需的指标值或事实: 数据更正与方法变更之间的变动未分解。",
        ),
        SplitStatus::NoLines => text!(
            "Nobody is ranked in a stratum on the way, so that there are no lines: the change is not split.",
            "所经分层无人参与排名, 没有等级界线: 变动未分解。",
        ),
        SplitStatus::NoScore => text!(
            "The customer has no score on the way, since nothing that weighs is known of it: the change is not split.",
            "所经步骤中客户没有已知的计权指标, 无得分: 变动未分解。",
        ),
    })
}

/// The steps, one in each row.
fn steps(moved: &ExplainedMove) -> DataTable {
    let mut score_e6 = moved.score_before_e6;
    let rows = moved.steps.iter().map(|step| {
        score_e6 = score_e6.map(|score| score + step.part_e6.unwrap_or(0));
        vec![
            DataCell::Text(Text::of_word(step.step)),
            step.part_e6.map_or(DataCell::Blank, |part| DataCell::Number(float_i64(part) / 1e6)),
            score_e6.map_or(DataCell::Missing, |score| DataCell::Number(float_i64(score) / 1e6)),
            DataCell::Integer(step.part),
            DataCell::Text(names::tier(step.tier)),
            DataCell::Text(names::stratum(&step.stratum)),
            DataCell::Text(meaning(step)),
        ]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "step", "step", "步骤"),
        DataColumn::new(ColumnFormat::Number(2), "part", "points", "得分变动"),
        DataColumn::new(ColumnFormat::Number(2), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Integer, "tiers", "tiers up", "升级数"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Text, "meaning", "what it is", "含义"),
    ];
    DataTable::new(Text::coded("steps", "", ""), columns, rows)
}

/// What a step is, in a few words.
fn meaning(step: &ExplainedStep) -> Text {
    match step.step {
        Step::PolicyBefore => text!("its place by the earlier lines", "按前一周期界线所处等级"),
        Step::Correction => text!("the earlier data, corrected", "更正前一周期数据"),
        Step::Stratum => text!("the group that it is in now", "现所属组别"),
        Step::Own => text!("its new values, judged as before", "新指标值, 按原标准评价"),
        Step::Cohort => text!("everybody's new values, by the same method", "全体新指标值, 方法不变"),
        Step::Method => text!("the new method", "新方法"),
        Step::PolicyAfter => text!("policies of the later cycle", "后一周期政策"),
        _ => text!("what could not be split", "未能分解的部分"),
    }
}

/// Which policies moved the customer.
fn policies(moved: &ExplainedMove) -> Option<Text> {
    let [before, after] = moved.policy_reasons;
    let before = before
        .map(Text::of_word)
        .map(|why| text!("Policy in the earlier cycle: {why}.", "前一周期政策: {why}。"; why));
    let after = after
        .map(Text::of_word)
        .map(|why| text!("Policy in the later cycle: {why}.", "后一周期政策: {why}。"; why));
    let all: Vec<Text> = before.into_iter().chain(after).collect();
    (!all.is_empty()).then(|| Text::join(&all, " "))
}

/// A value in its unit, or why there is none.
fn value_cell(value: Option<f64>, status: &str, unit: &str) -> DataCell {
    match (value, status) {
        (Some(value), _) => DataCell::Quantity(value, names::unit(unit)),
        (None, "na") => DataCell::text("does not apply", "不适用"),
        (None, _) => DataCell::text("unknown", "未知"),
    }
}

/// The indicators that contributed to the step `own`.
fn indicators(moved: &ExplainedMove) -> DataTable {
    let rows = moved.indicators.iter().map(|found| {
        vec![
            DataCell::text(found.title.clone(), found.title_zh.clone()),
            value_cell(found.value_before, found.status_before, &found.unit),
            value_cell(found.value_after, found.status_after, &found.unit),
            DataCell::Number(float_i64(found.part_e6) / 1e6),
        ]
    });
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "indicator", "indicator", "指标"),
        DataColumn::new(ColumnFormat::Quantity, "value_before", "before", "期初"),
        DataColumn::new(ColumnFormat::Quantity, "value_after", "after", "期末"),
        DataColumn::new(ColumnFormat::Number(2), "part", "points", "得分变动"),
    ];
    DataTable::new(Text::coded("own", "", ""), columns, rows)
}

/// A sentence on the moves of the other customers in the stratum.
fn others(others: &OtherMoves) -> Text {
    let OtherMoves { customers, own_up, own_down, own_mean, up, down } = *others;
    let [all, gained, lost, rose, fell] = [customers, own_up, own_down, up, down].map(grouped);
    let Some(mean) = own_mean else {
        return text!("Nobody else in its stratum was graded twice.", "其所在分层没有其他客户两次评级。");
    };
    let mean = decimal(mean, 2);
    text!(
        "Of {all} others in its stratum {gained} gained points by their own values and {lost} lost some ({mean} on average); {rose} \
         rose, {fell} fell.",
        "同一分层其他 {all} 户中, {gained} 户因自身变化得分上升, {lost} 户下降 (平均 {mean}); {rose} 户升级, {fell} 户降级。",
    )
}

fn points(score_e6: i64) -> String {
    decimal(float_i64(score_e6) / 1e6, 2)
}

#[cfg(test)]
mod tests {
    use gridtier::compare::{ExplainedIndicator, PolicyReason};
    use gridtier::method::Tier;
    use gridtier::text::Lang;

    use super::*;
    use crate::render::terminal;

    fn moved() -> ExplainedMove {
        let step =
            |step, part_e6, part, tier| ExplainedStep { step, part_e6, part, tier, stratum: "all".into() };
        ExplainedMove {
            status: SplitStatus::Split,
            score_before_e6: Some(80_000_000),
            score_after_e6: Some(71_500_000),
            steps: vec![
                step(Step::PolicyBefore, None, 0, Tier::Special),
                step(Step::Own, Some(-500_000), 0, Tier::Special),
                step(Step::Cohort, Some(-8_000_000), -1, Tier::Grade1),
                step(Step::PolicyAfter, None, -1, Tier::Grade2),
            ],
            cause: Some(Step::Cohort),
            policy_reasons: [None, Some(PolicyReason::Override)],
            indicators: vec![ExplainedIndicator {
                indicator: "overdue_days".into(),
                title: "overdue days".into(),
                title_zh: "逾期天数".into(),
                unit: "days".into(),
                status_before: "known",
                status_after: "unknown",
                value_before: Some(3.0),
                value_after: None,
                part_e6: -500_000,
            }],
            rounding_e6: 0,
            others: Some(OtherMoves {
                customers: 1_200,
                own_up: 900,
                own_down: 100,
                own_mean: Some(2.5),
                up: 9,
                down: 8,
            }),
        }
    }

    fn explanation(moved: Option<ExplainedMove>, before: EndState, after: EndState) -> MoveExplanation {
        let (before_provisional, after_provisional) = (false, false);
        MoveExplanation {
            customer_id: "0007".into(),
            before,
            after,
            before_provisional,
            after_provisional,
            moved,
        }
    }

    #[test]
    fn a_fall_is_explained_by_its_cause_its_steps_and_what_the_others_did() {
        let explanation = explanation(Some(moved()), EndState::Special, EndState::Grade2);
        let text = |lang: Lang| terminal::text(&sections(&explanation, [1, 2]), lang.into());
        let (en, zh) = (text(Lang::En), text(Lang::Zh));
        for part in [
            "Customer 0007: special in cycle 1, grade-2 in cycle 2",
            "It fell by 2 tiers; score 80.00 before, 71.50 after; mostly: cohort and thresholds.",
            "Policy in the later cycle: override.",
            "What its own values made of the score:",
            "unknown",
            "Of 1,200 others in its stratum 900 gained points by their own values and 100 lost some (2.50 on average); 9 rose, 8 fell.",
        ] {
            assert!(en.replace('\n', " ").contains(part), "{part}\n{en}");
        }
        assert!(zh.contains("客户 0007: 第 1 周期特级, 第 2 周期二级") && zh.contains("下降 2 级"), "{zh}");
    }

    #[test]
    fn a_customer_graded_once_has_no_steps_and_a_reason() {
        for (before, after, part) in [
            (EndState::New, EndState::Grade1, "opened since"),
            (EndState::Absent, EndState::Grade1, "The earlier cycle does not grade it"),
            (EndState::Grade1, EndState::Closed, "It closed before"),
            (EndState::Grade1, EndState::Absent, "The later cycle does not grade it"),
        ] {
            let text = terminal::text(&sections(&explanation(None, before, after), [1, 2]), Lang::En.into());
            assert!(text.contains(part), "{text}");
        }
    }
}
