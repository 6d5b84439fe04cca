//! The names of groups of customers, which results about service and surveys share.

use gridtier::contract::{Area, UseCategory};
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::word::Word;
use gridtier_service::group::{CustomerClass, GroupBy, UNGRADED, UNKNOWN};

use crate::names;

/// The name of a group.
pub(crate) fn group(by: GroupBy, name: &str) -> Text {
    let word = match by {
        GroupBy::All => Some(Text::of_word(GroupBy::All)),
        GroupBy::Area => Area::from_code(name).map(Text::of_word),
        GroupBy::Class => CustomerClass::from_code(name).map(Text::of_word),
        GroupBy::Tier => return tier(name),
        GroupBy::UseCategory => UseCategory::from_code(name).map(Text::of_word),
        GroupBy::Region => None,
    };
    word.unwrap_or_else(|| other(name))
}

/// A tier, or those without one.
pub(crate) fn tier(code: &str) -> Text {
    Tier::from_code(code).map_or_else(|| other(code), names::tier)
}

/// Sorts the rows of each run of `is_one_list` by tier, the best first. Groups that are no tiers stay where they are, and
/// those without a tier come last.
pub(crate) fn best_tier_first<'n, R>(
    rows: &mut [R],
    is_one_list: impl Fn(&R, &R) -> bool,
    name: impl Fn(&R) -> &'n str,
) {
    let place = |row: &R| Tier::from_code(name(row)).map_or(Tier::ALL.len(), Tier::position);
    rows.chunk_by_mut(is_one_list).for_each(|list| list.sort_by_key(place));
}

/// A group that has no word of its own.
pub(crate) fn other(name: &str) -> Text {
    match name {
        UNKNOWN => Text::coded(UNKNOWN, "unknown", "未知"),
        UNGRADED => Text::coded(UNGRADED, "ungraded", "未评级"),
        "public" => Text::coded("public", "the public", "公众"),
        own => Text::same(own.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_in_words_whatever_it_is_of() {
        for (by, name) in [
            (GroupBy::All, "all"),
            (GroupBy::Area, "rural"),
            (GroupBy::Class, "industrial"),
            (GroupBy::Tier, UNGRADED),
            (GroupBy::Region, UNKNOWN),
            (GroupBy::UseCategory, "residential"),
        ] {
            let Text { en, zh, .. } = group(by, name);
            assert!(en.is_ascii() && !zh.is_ascii(), "{en} {zh}");
        }
        assert_eq!(group(GroupBy::Region, "East").zh, "East");
    }

    #[test]
    fn the_best_tiers_come_first_in_each_list() {
        let mut rows = [
            (1, "b"),
            (1, "a"),
            (2, "grade-1"),
            (2, "special"),
            (2, UNGRADED),
            (3, "grade-2"),
            (3, "special"),
        ];
        best_tier_first(&mut rows, |one, other| one.0 == other.0, |row| row.1);
        assert_eq!(rows.map(|row| row.1), ["b", "a", "special", "grade-1", UNGRADED, "special", "grade-2"]);
    }
}
