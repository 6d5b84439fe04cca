//! The groups for which figures are given: all customers, and those of a tier, a class, a use category, a region, an
//! area (SERVICE §1).
//!
//! A customer belongs to one group of each grouping, so the groups of a grouping add up to all customers. Rows
//! without a customer belong to `unknown`.

use std::collections::BTreeMap;

use gridtier::contract::UseCategory;
use gridtier::index::{CustomerIx, index};
use gridtier::word::Word;

use crate::base::{Base, Member};
use crate::period::Period;

gridtier::words! {
    /// What customers are grouped by, in the order of the codes' bytes.
    GroupBy "grouping" {
        /// All customers.
        All "all" "all" "全部客户",
        /// Town, countryside, or hard to reach.
        Area "area" "area" "区域类别",
        /// Residential, or else industrial.
        Class "class" "class" "用电类别",
        /// Region.
        Region "region" "region" "地区",
        /// Tier in the cycle.
        Tier "tier" "tier" "客户等级",
        /// Use category.
        UseCategory "use_category" "use category" "用电分类",
    }
}

gridtier::words! {
    /// The two classes of customers for which reliability is promised: households, and all others.
    CustomerClass "class of customers" {
        /// All customers that are not residential.
        Industrial "industrial" "industrial" "工业",
        /// Households.
        Residential "residential" "residential" "居民",
    }
}

impl CustomerClass {
    /// The class of a use category.
    #[must_use]
    pub fn of(use_category: UseCategory) -> Self {
        if use_category == UseCategory::Residential { Self::Residential } else { Self::Industrial }
    }
}

/// Number of groupings.
const GROUPINGS: usize = GroupBy::ALL.len();

/// The group of customers without a known region or area, and of rows without a customer.
pub const UNKNOWN: &str = "unknown";

/// The group of customers without a tier.
pub const UNGRADED: &str = "ungraded";

/// Position in [`Groups::list`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupIx(u32);

impl GroupIx {
    /// The position as an index of a vector.
    #[must_use]
    pub fn index(self) -> usize {
        index(self.0)
    }
}

/// A group of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The grouping.
    pub by: GroupBy,
    /// The group's name: `all`, or a word, region, `ungraded` or `unknown`.
    pub name: Box<str>,
    /// Number of customers of the base in it, open or not.
    pub members: i64,
}

impl Group {
    /// Whether tables have a row for the group. They do if it has customers, or if it is the group of all.
    #[must_use]
    pub fn is_of_customers(&self) -> bool {
        self.members > 0 || self.by == GroupBy::All
    }
}

/// The groups of a base.
#[derive(Clone, Debug)]
pub struct Groups {
    /// By `group_by` and `group`, in the order of their bytes. `unknown` is in it even if all customers are known.
    pub list: Vec<Group>,
    of_customer: Vec<[GroupIx; GROUPINGS]>,
    of_nobody: [GroupIx; GROUPINGS],
}

impl Groups {
    /// The groups of the customers of a base.
    #[must_use]
    pub fn of(base: &Base) -> Self {
        let mut members: BTreeMap<(GroupBy, &str), i64> = BTreeMap::new();
        for key in names_of_nobody() {
            members.insert(key, 0);
        }
        for member in &base.members {
            for key in names(base, member) {
                *members.entry(key).or_default() += 1;
            }
        }
        let place: BTreeMap<(GroupBy, &str), GroupIx> =
            members.keys().copied().zip((0..).map(GroupIx)).collect();
        let of_customer =
            base.members.iter().map(|member| names(base, member).map(|key| place[&key])).collect();
        let of_nobody = names_of_nobody().map(|key| place[&key]);
        let list = members
            .into_iter()
            .map(|((by, name), members)| Group { by, name: name.into(), members })
            .collect();
        Self { list, of_customer, of_nobody }
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Always false, because the group of all is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All groups with their positions.
    pub fn iter(&self) -> impl Iterator<Item = (GroupIx, &Group)> {
        (0..).map(GroupIx).zip(&self.list)
    }

    /// A group.
    #[must_use]
    pub fn group(&self, group: GroupIx) -> &Group {
        &self.list[group.index()]
    }

    /// The group of all.
    #[must_use]
    pub fn all(&self) -> GroupIx {
        self.of_nobody[GroupBy::All.position()]
    }

    /// A customer's groups, one for each grouping in the order of [`GroupBy`]. Without a customer, the groups of rows
    /// that have none.
    #[must_use]
    pub fn of_customer(&self, customer: Option<CustomerIx>) -> [GroupIx; GROUPINGS] {
        customer.map_or(self.of_nobody, |customer| self.of_customer[customer.index()])
    }
}

/// The group of a customer's tier: [`UNGRADED`] without a tier, [`UNKNOWN`] without a customer.
#[must_use]
pub fn tier_name(base: &Base, customer: Option<CustomerIx>) -> &'static str {
    customer.map_or(UNKNOWN, |customer| base.member(customer).tier.map_or(UNGRADED, Word::code))
}

fn names<'b>(base: &'b Base, member: &Member) -> [(GroupBy, &'b str); GROUPINGS] {
    let region = member.region.map_or(UNKNOWN, |region| base.regions[index(region)].as_str());
    [
        (GroupBy::All, GroupBy::All.code()),
        (GroupBy::Area, member.area.map_or(UNKNOWN, Word::code)),
        (GroupBy::Class, CustomerClass::of(member.use_category).code()),
        (GroupBy::Region, region),
        (GroupBy::Tier, member.tier.map_or(UNGRADED, Word::code)),
        (GroupBy::UseCategory, member.use_category.code()),
    ]
}

fn names_of_nobody() -> [(GroupBy, &'static str); GROUPINGS] {
    [GroupBy::All, GroupBy::Area, GroupBy::Class, GroupBy::Region, GroupBy::Tier, GroupBy::UseCategory]
        .map(|by| (by, if by == GroupBy::All { by.code() } else { UNKNOWN }))
}

/// How long the customers of each group are open in a period. Groups are in the order of [`Groups::list`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDays {
    /// Number of customers with at least one open day.
    pub customers: Vec<i64>,
    /// Σ days on which a customer is open, over the customers.
    pub customer_days: Vec<i64>,
}

impl OpenDays {
    /// The open days of a period, of the customers for which `selected` is true.
    #[must_use]
    pub fn of(base: &Base, groups: &Groups, period: Period, selected: &[bool]) -> Self {
        let mut open = Self { customers: vec![0; groups.len()], customer_days: vec![0; groups.len()] };
        for customer in base.customers().filter(|customer| selected[customer.index()]) {
            let days = base.member(customer).open_days_of(period);
            if days > 0 {
                for group in groups.of_customer(Some(customer)) {
                    open.customers[group.index()] += 1;
                    open.customer_days[group.index()] += days;
                }
            }
        }
        open
    }

    /// The open days of a period, of all customers.
    #[must_use]
    pub fn of_all(base: &Base, groups: &Groups, period: Period) -> Self {
        Self::of(base, groups, period, &vec![true; base.len()])
    }
}

#[cfg(test)]
mod tests {
    use gridtier::contract::Area;
    use gridtier::method::Tier;

    use super::*;
    use crate::fixture::{base, day, member};

    fn keys(groups: &Groups) -> Vec<(&str, &str, i64)> {
        groups.list.iter().map(|group| (group.by.code(), &*group.name, group.members)).collect()
    }

    #[test]
    fn groups_are_sorted_by_bytes_and_those_of_a_grouping_add_up_to_all() {
        let base = base(vec![
            ("a", Member { tier: Some(Tier::Special), area: Some(Area::Remote), ..member("North") }),
            ("b", Member { use_category: UseCategory::Residential, ..member("East") }),
            ("c", Member { region: None, ..member("East") }),
        ]);
        let groups = Groups::of(&base);
        assert_eq!(
            keys(&groups),
            [
                ("all", "all", 3),
                ("area", "remote", 1),
                ("area", "unknown", 2),
                ("class", "industrial", 2),
                ("class", "residential", 1),
                ("class", "unknown", 0),
                ("region", "East", 1),
                ("region", "North", 1),
                ("region", "unknown", 1),
                ("tier", "special", 1),
                ("tier", "ungraded", 2),
                ("tier", "unknown", 0),
                ("use_category", "other", 2),
                ("use_category", "residential", 1),
                ("use_category", "unknown", 0),
            ]
        );
        let names = |customer| groups.of_customer(customer).map(|group| &*groups.group(group).name);
        assert_eq!(
            names(Some(CustomerIx::new(0))),
            ["all", "remote", "industrial", "North", "special", "other"]
        );
        assert_eq!(names(None), ["all", "unknown", "unknown", "unknown", "unknown", "unknown"]);
    }

    #[test]
    fn the_codes_of_groupings_are_in_the_order_of_their_bytes() {
        assert!(GroupBy::CODES.is_sorted() && CustomerClass::CODES.is_sorted());
    }

    #[test]
    fn a_region_named_unknown_and_no_region_are_one_group() {
        let base = base(vec![("a", member("unknown")), ("b", Member { region: None, ..member("unknown") })]);
        let groups = Groups::of(&base);
        let unknown = groups.list.iter().find(|group| group.by == GroupBy::Region).unwrap();
        assert_eq!((&*unknown.name, unknown.members), ("unknown", 2));
    }

    #[test]
    fn a_base_without_customers_has_the_group_of_all() {
        let base = base(vec![]);
        let groups = Groups::of(&base);
        let of_customers: Vec<_> = groups.list.iter().filter(|group| group.is_of_customers()).collect();
        assert_eq!((of_customers.len(), groups.all().index()), (1, 0));
    }

    #[test]
    fn open_days_count_opening_and_closing_days_within_the_period() {
        let may = Period::parse("2026-05").unwrap();
        let of = |opened: &str, closed: Option<&str>| Member {
            opened_on: day(opened),
            closed_on: closed.map(day),
            ..member("East")
        };
        let base = base(vec![
            ("always", of("2000-01-01", None)),
            ("closed before", of("2000-01-01", Some("2026-04-30"))),
            ("from the 17th", of("2026-05-17", None)),
            ("one day", of("2026-05-02", Some("2026-05-02"))),
            ("opens after", of("2026-06-01", None)),
        ]);
        let groups = Groups::of(&base);
        let open = OpenDays::of_all(&base, &groups, may);
        let all = groups.all().index();
        assert_eq!((open.customers[all], open.customer_days[all]), (3, 31 + 15 + 1));
        let selected = [false, false, true, true, true];
        let open = OpenDays::of(&base, &groups, may, &selected);
        assert_eq!((open.customers[all], open.customer_days[all]), (2, 16));
    }
}
