//! Which numbers are withheld where counts of few customers may not be shown: small groups, small counts of groups, and
//! rules that are made for few customers only (SERVICE.md, Few customers).
//!
//! The numbers of all customers stay, and so do the further numbers of a group or rule that is shown, however small.

use std::collections::BTreeSet;

use gridtier::entitlement::condition::Condition;
use gridtier::entitlement::service::Access;
use gridtier::method::Tier;
use gridtier_service::due::DueReason;
use gridtier_service::group::{GroupBy, GroupIx, OpenDays};

use super::view::ServiceView;

/// Withholds counts from 1 to below `least`, and further ones until those withheld are two and add up to `least`: all less
/// the others would give a single one away. `shown` holds what is withheld already.
fn withhold(counts: &[i64], shown: &mut [bool], least: i64) {
    for (count, shown) in counts.iter().zip(&mut *shown) {
        *shown &= !(1..least).contains(count);
    }
    loop {
        let hidden = || counts.iter().zip(&*shown).filter(|(count, shown)| !**shown && **count > 0);
        let (number, sum) = (hidden().count(), hidden().map(|(count, _)| count).sum::<i64>());
        if number == 0 || (number >= 2 && sum >= least) {
            return;
        }
        let left = (0..counts.len()).filter(|&place| shown[place] && counts[place] > 0);
        let Some(next) = left.min_by_key(|&place| (counts[place], place)) else { return };
        shown[next] = false;
    }
}

/// What may be shown of a log.
pub(super) struct Withheld<'a> {
    view: &'a ServiceView<'a>,
    least: i64,
    /// Whether each group may be shown, by its position.
    groups: Vec<bool>,
    /// Whether each promise, follow-up and timer of the policy may be.
    promises: Vec<bool>,
    follow_ups: Vec<bool>,
    timers: Vec<bool>,
}

impl<'a> Withheld<'a> {
    pub fn of(view: &'a ServiceView<'a>) -> Self {
        let least = i64::try_from(view.min_count).unwrap_or(i64::MAX);
        let (promises, follow_ups, timers) = (Vec::new(), Vec::new(), Vec::new());
        let own = Self { view, least, groups: groups(view, least), promises, follow_ups, timers };
        let policy = view.policy;
        Self {
            promises: policy.promises.iter().map(|one| own.shows_rule(one.condition.as_ref())).collect(),
            follow_ups: policy.follow_ups.iter().map(|one| own.shows_rule(one.condition.as_ref())).collect(),
            timers: policy.timers.iter().map(|one| own.shows_rule(one.condition.as_ref())).collect(),
            ..own
        }
    }

    /// Whether the numbers of a promise may be shown: its position in the policy.
    pub fn shows_promise(&self, promise: usize) -> bool {
        self.promises[promise]
    }

    /// Whether the numbers of a timer may be shown: its position in the policy.
    pub fn shows_timer(&self, timer: usize) -> bool {
        self.timers[timer]
    }

    /// Whether a group may be shown.
    pub fn shows(&self, group: GroupIx) -> bool {
        self.groups[group.index()]
    }

    /// The groups of which a count may be shown. `counts` are all counts of one thing by group, of one grouping or of
    /// several.
    pub fn shown_counts(&self, counts: &[(GroupIx, i64)]) -> BTreeSet<GroupIx> {
        self.shown_of_periods(counts.iter().map(|&(group, count)| (group, [count])))
    }

    /// As [`shown_counts`](Self::shown_counts), of counts in several periods: a group is shown if each of its counts may be.
    pub fn shown_of_periods<const N: usize>(
        &self,
        counts: impl Iterator<Item = (GroupIx, [i64; N])>,
    ) -> BTreeSet<GroupIx> {
        let counts: Vec<(GroupIx, [i64; N])> = counts.collect();
        let by = |place: usize| self.view.groups.group(counts[place].0).by;
        let mut shown: Vec<bool> = counts.iter().map(|(group, _)| self.shows(*group)).collect();
        if self.least > 0 {
            for grouping in GROUPINGS {
                let places: Vec<usize> = (0..counts.len()).filter(|&place| by(place) == grouping).collect();
                // What one period withholds may leave too little withheld in another.
                let mut is_settled = false;
                while !is_settled {
                    let before = shown.clone();
                    for period in 0..N {
                        let of_period: Vec<i64> =
                            places.iter().map(|&place| counts[place].1[period]).collect();
                        let mut of_grouping: Vec<bool> = places.iter().map(|&place| shown[place]).collect();
                        withhold(&of_period, &mut of_grouping, self.least);
                        places.iter().zip(of_grouping).for_each(|(&place, is_shown)| shown[place] = is_shown);
                    }
                    is_settled = before == shown;
                }
            }
            // Classes are sums of use categories.
            if (0..counts.len())
                .any(|place| !shown[place] && matches!(by(place), GroupBy::Class | GroupBy::UseCategory))
            {
                (0..counts.len())
                    .filter(|&place| by(place) == GroupBy::Class)
                    .for_each(|place| shown[place] = false);
            }
        }
        counts.iter().zip(shown).filter(|(_, shown)| *shown).map(|((group, _), _)| *group).collect()
    }

    /// Whether the numbers of a rule for the customers that meet a condition may be shown: not if they, or all the others,
    /// are few; nor if the condition names what divides customers into groups of which one is withheld.
    fn shows_rule(&self, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition.filter(|_| self.least > 0) else { return true };
        let ServiceView { base, groups, run, .. } = *self.view;
        let all = groups.all().index();
        let selected = base.selected(Some(condition));
        let open = OpenDays::of(base, groups, run.period, &selected).customers[all];
        let rest = OpenDays::of_all(base, groups, run.period).customers[all] - open;
        // Customers of whom none is open any more are few too.
        let [is_any, is_any_else] = [true, false].map(|is| selected.contains(&is));
        let names = condition.columns();
        let mut named = names.iter().map(|&place| base.fields[place].name.as_str());
        let is_few = |is_any: bool, open: i64| is_any && open < self.least;
        !is_few(is_any, open)
            && !is_few(is_any_else, rest)
            && !named.any(|name| grouping_of(name).is_some_and(|by| self.hides_part_of(by)))
    }

    /// Whether what was due for a reason may be shown: of notices and follow-ups if the rule may be; of visits if the tier
    /// does not decide who gets the service, or all tiers may be shown.
    pub fn shows_due(&self, reason: DueReason, service: usize) -> bool {
        match reason {
            DueReason::FollowUp(rule) | DueReason::AtLeast(rule) => self.follow_ups[rule],
            DueReason::Notice(promise) => self.promises[promise],
            DueReason::Cadence | DueReason::Invitation => {
                let service = &self.view.catalogue.services[service];
                let is_everybodys = Tier::ALL.iter().all(|tier| service.cell(*tier).access != Access::None);
                is_everybodys || !self.hides_part_of(GroupBy::Tier)
            }
            DueReason::Session | DueReason::Appointment => true,
        }
    }

    fn hides_part_of(&self, by: GroupBy) -> bool {
        self.view.groups.iter().any(|(place, group)| group.by == by && !self.shows(place))
    }
}

/// The groupings of customers, but all of them.
const GROUPINGS: [GroupBy; 5] =
    [GroupBy::Area, GroupBy::Class, GroupBy::Region, GroupBy::Tier, GroupBy::UseCategory];

/// The grouping whose groups are the values of a column.
fn grouping_of(column: &str) -> Option<GroupBy> {
    GROUPINGS.into_iter().find(|by| gridtier::word::Word::code(*by) == column)
}

/// Whether each group may be shown, by its position: not if few of its customers are open in the period.
fn groups(view: &ServiceView, least: i64) -> Vec<bool> {
    let mut shown = vec![true; view.groups.len()];
    if least == 0 {
        return shown;
    }
    let open = OpenDays::of_all(view.base, view.groups, view.run.period).customers;
    let mut is_class_hidden = false;
    for by in GROUPINGS {
        let places: Vec<usize> = (view.groups.iter())
            .filter(|(_, group)| group.by == by && group.members > 0)
            .map(|(place, _)| place.index())
            .collect();
        let sizes: Vec<i64> = places.iter().map(|&place| open[place]).collect();
        // A group of which nobody is open any more is small too.
        let mut of_grouping: Vec<bool> = sizes.iter().map(|&size| size > 0).collect();
        withhold(&sizes, &mut of_grouping, least);
        is_class_hidden |=
            matches!(by, GroupBy::Class | GroupBy::UseCategory) && of_grouping.contains(&false);
        places.iter().zip(of_grouping).for_each(|(&place, is_shown)| shown[place] = is_shown);
    }
    for (place, group) in view.groups.iter() {
        shown[place.index()] &= group.by != GroupBy::Class || !is_class_hidden;
    }
    shown
}

#[cfg(test)]
mod tests {
    use gridtier_service::group::Group;

    use super::*;
    use crate::service::fixture::LogScene;

    #[test]
    fn a_small_group_is_withheld_with_the_next_smallest() {
        let scene = LogScene::of_regions(&[("A", 9), ("B", 2), ("C", 5), ("D", 7)]);
        let view = ServiceView { min_count: 3, ..scene.view() };
        let withheld = Withheld::of(&view);
        let names_by = |by| -> Vec<&str> {
            let groups =
                view.groups.iter().filter(|(place, group)| group.by == by && !withheld.shows(*place));
            groups.map(|(_, Group { name, .. })| &**name).collect()
        };
        assert_eq!(names_by(GroupBy::Region), ["B", "C"]);
        assert_eq!(names_by(GroupBy::Tier), ["grade-3", "special"], "there is one of the best tier");
        assert!(names_by(GroupBy::All).is_empty());
        let all = scene.view();
        let shown = Withheld::of(&all);
        assert!(scene.view().groups.iter().all(|(place, _)| shown.shows(place)));
    }

    #[test]
    fn the_size_of_a_group_is_the_number_of_its_customers_who_are_open() {
        let scene = LogScene::of_regions(&[("A", 9), ("B", 8), ("C", 7)]).with_closed_but(&[("A", 2)]);
        let view = ServiceView { min_count: 5, ..scene.view() };
        let withheld = Withheld::of(&view);
        let shows = |name: &str| {
            let mut groups = view.groups.iter();
            let found = groups.find(|(_, group)| group.by == GroupBy::Region && &*group.name == name);
            withheld.shows(found.unwrap().0)
        };
        assert_eq!(["A", "B", "C"].map(shows), [false, true, false]);
    }

    #[test]
    fn withheld_counts_are_two_and_add_up_to_the_least() {
        let shown = |counts: &[i64], before: &[bool]| {
            let mut shown = before.to_vec();
            withhold(counts, &mut shown, 5);
            shown
        };
        assert_eq!(shown(&[4, 20, 9, 0], &[true; 4]), [false, true, false, true]);
        assert_eq!(shown(&[2, 2, 9, 30], &[true; 4]), [false, false, false, true]);
        assert_eq!(shown(&[6, 7], &[true; 2]), [true; 2]);
        assert_eq!(shown(&[8, 0, 9, 30], &[false, false, true, true]), [false, false, false, true]);
        assert_eq!(shown(&[0, 0, 9], &[false, false, true]), [false, false, true], "nothing is no count");
        assert_eq!(shown(&[3], &[true]), [false]);
    }

    #[test]
    fn a_rule_for_few_customers_or_for_a_withheld_tier_is_not_shown() {
        let scene = LogScene::of_regions(&[("A", 9)]);
        let rule = |text: &str| Condition::parse(text, &scene.view().base.fields).unwrap();
        let few = ServiceView { min_count: 3, ..scene.view() };
        for text in ["tier = \"special\"", "tier = \"grade-3\""] {
            assert!(!Withheld::of(&few).shows_rule(Some(&rule(text))), "{text}");
            assert!(Withheld::of(&scene.view()).shows_rule(Some(&rule(text))), "{text}");
        }
        assert!(Withheld::of(&few).shows_rule(None));
    }
}
