//! Entries of a sound policy that cannot do what they seem to ask.

use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;

use super::{Compensation, FollowUp, Measure, Policy, Promise};

impl Policy {
    /// What a policy asks without effect, one sentence each. It is no fault: all figures are as the policy says.
    #[must_use]
    pub fn doubts(&self) -> Vec<Text> {
        let of_promises = self.promises.iter().filter_map(of_promise);
        of_promises.chain(self.follow_ups.iter().filter_map(of_follow_up)).collect()
    }
}

fn of_promise(promise: &Promise) -> Option<Text> {
    let (id, measure) = (&promise.id, promise.measure.code());
    match (promise.measure, promise.compensation?) {
        (Measure::Availability, _) => Some(text!(
            "promise {id} never pays its compensation: availability is that of a group, and a group is nobody to whom \
             something is owed; take it out.",
            "承诺 {id} 的补偿不会发生：供电可靠率按分组衡量，没有具体的受偿客户；请删去。"
        )),
        (Measure::Interruptions | Measure::Minutes, Compensation::Energy { .. }) => Some(text!(
            "promise {id} always pays 0 fen: the rule energy needs the outage for which the utility is responsible, and \
             {measure} are those of a customer in all outages; use the rule fixed.",
            "承诺 {id} 的补偿恒为 0 分：energy 规则须有供电企业责任的停电事件，而 {measure} 是客户在所有停电中的合计；请改用 fixed。"
        )),
        _ => None,
    }
}

fn of_follow_up(rule: &FollowUp) -> Option<Text> {
    let (id, every, until) = (&rule.id, rule.every_months?, rule.until_months?);
    let series = i64::from(until / every);
    if series == 0 {
        return Some(text!(
            "follow-up {id} never repeats: `every_months` {every} is longer than `until_months` {until}.",
            "回访规则 {id} 不会重复：`every_months` {every} 大于 `until_months` {until}。"
        ));
    }
    let due = series + i64::from(rule.within.is_some());
    let at_least = rule.at_least.filter(|&at_least| at_least > due)?;
    Some(text!(
        "follow-up {id} asks for at least {at_least}, but makes only {due} due in {until} months.",
        "回访规则 {id} 要求至少 {at_least} 次，但 {until} 个月内到期的只有 {due} 次。"
    ))
}

#[cfg(test)]
mod tests {
    use gridtier::entitlement::Catalogue;

    use super::*;

    const HEAD: &str = "format = 1\nname = \"p\"\nversion = \"1\"\neffective_from = 2026-01-01\nsource = \"s\"\n[due]\nfollow_up = \"S05\"\n";

    fn doubts(text: &str) -> Vec<String> {
        let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
        let policy = Policy::parse("p.toml", &format!("{HEAD}{text}"), &catalogue);
        let policy = policy.unwrap_or_else(|faults| panic!("{faults}"));
        policy.doubts().into_iter().map(|doubt| doubt.en.to_string()).collect()
    }

    fn promise(measure: &str, rule: &str) -> String {
        format!(
            "[[promise]]\nid = \"p\"\nservice = \"S01\"\nmeasure = \"{measure}\"\nlimit = 3\ncompensation = {{ {rule} }}\n"
        )
    }

    fn follow_up(keys: &str) -> String {
        format!("[[follow_up]]\nid = \"f\"\nafter = \"opening\"\n{keys}\n")
    }

    #[test]
    fn a_compensation_that_no_breach_of_the_measure_can_have_is_doubted() {
        let (fixed, energy) = ("rule = \"fixed\", amount = 5", "rule = \"energy\"");
        assert!(doubts(&promise("availability", fixed))[0].starts_with("promise p never pays"));
        assert!(doubts(&promise("availability", energy))[0].starts_with("promise p never pays"));
        assert!(doubts(&promise("minutes", energy))[0].contains("always pays 0 fen"));
        assert!(doubts(&promise("interruptions", energy))[0].contains("always pays 0 fen"));
        assert_eq!(doubts(&promise("minutes", fixed)), Vec::<String>::new());
        assert_eq!(doubts(&promise("restoration", energy)), Vec::<String>::new());
    }

    #[test]
    fn a_series_that_never_repeats_or_is_too_short_for_its_count_is_doubted() {
        let series = |every, until, at_least, within: &str| {
            let keys =
                format!("every_months = {every}\nuntil_months = {until}\nat_least = {at_least}\n{within}");
            doubts(&follow_up(&keys))
        };
        assert!(series(3, 2, 1, "")[0].contains("never repeats"));
        assert!(series(3, 12, 5, "")[0].contains("only 4 due in 12 months"));
        assert_eq!(series(3, 12, 5, "within = \"3 d\""), Vec::<String>::new());
        assert_eq!(doubts(&follow_up("until_months = 12\nat_least = 9")), Vec::<String>::new());
    }

    #[test]
    fn the_shipped_policy_has_no_doubts() {
        let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
        let policy =
            Policy::shipped("paper", &catalogue).unwrap().unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(policy.doubts(), []);
    }
}
