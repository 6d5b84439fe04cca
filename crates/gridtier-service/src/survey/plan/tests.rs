use super::*;
use crate::base::{Base, Member};
use crate::fixture::{base, day, member};
use crate::survey::fixture::graded;

#[test]
fn vector_29_sample_sizes() {
    let sizes = [1, 100, 272, 1_000, 1_480, 10_000, 1_000_000].map(sample_size);
    assert_eq!(sizes, [1, 80, 160, 278, 306, 370, 385]);
    assert_eq!((sample_size(0), sample_size(2)), (0, 2));
}

#[test]
fn vector_30_a_sample_is_divided_by_largest_remainder_and_small_categories_are_raised() {
    assert_eq!(allocation(&[2, 58, 20, 192]), [2, 34, 20, 113]);
    assert_eq!(allocation(&[]), Vec::<i64>::new());
    assert_eq!(allocation(&[1]), [1]);
}

#[test]
fn of_equal_remainders_the_first_name_gets_what_is_left() {
    // 80 of 100: 50.4, 12.8, 12.8 and 4 of 63, 16, 16, 5; all small categories are asked whole or by 30.
    let halves = allocation(&[500, 500, 500, 501]);
    assert_eq!((sample_size(2001), halves), (323, vec![81, 81, 80, 81]));
}

#[test]
fn vector_31_the_hash_of_a_seed_and_a_customer() {
    let start: String = digest(1, "0512000448").iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(start, "a90a39c84fc0c98a");
}

fn many(count: usize, member: impl Fn(usize) -> Member) -> Base {
    let ids: Vec<String> = (0..count).map(|number| format!("{number:04}")).collect();
    base(ids.iter().enumerate().map(|(number, id)| (id.as_str(), member(number))).collect())
}

fn planned(base: &Base, seed: u64, rate_pct: i64) -> SurveyPlan {
    plan(&Frame::of(base, day("2026-06-01")), seed, rate_pct)
}

#[test]
fn a_plan_counts_who_opted_out_and_asks_more_than_it_needs() {
    let base = many(200, |number| Member {
        opted_out: number % 4 == 0,
        use_category: if number < 10 { UseCategory::Agricultural } else { UseCategory::Residential },
        ..graded(if number < 150 { Tier::Grade3 } else { Tier::Special })
    });
    let plan = planned(&base, 7, 60);
    let rows: Vec<_> = plan
        .rows
        .iter()
        .map(|row| {
            (row.tier.code(), row.use_category.code(), row.population, row.opted_out, row.sample, row.to_ask)
        })
        .collect();
    // Of 150, 109 are needed: 7.27 and 101.73; 102/0.6 = 170 are more than are willing.
    assert_eq!(
        rows,
        [
            ("grade-3", "agricultural", 10, 3, 10, 7),
            ("grade-3", "residential", 140, 35, 102, 105),
            ("special", "residential", 50, 12, 45, 38),
        ]
    );
    assert_eq!(plan.sample.len(), 7 + 105 + 38);
    assert!(plan.sample.is_sorted_by_key(|row| row.customer));
    assert!(plan.sample.iter().all(|row| !base.member(row.customer).opted_out));
}

#[test]
fn who_is_asked_has_the_smallest_hash_and_depends_on_the_seed() {
    let base = many(1_000, |_| graded(Tier::Grade2));
    let plan = planned(&base, 1, 100);
    assert_eq!((plan.rows[0].sample, plan.rows[0].to_ask, plan.sample.len()), (278, 278, 278));
    let asked: Vec<[u8; 32]> = plan.sample.iter().map(|row| digest(1, base.id(row.customer))).collect();
    let largest = asked.iter().max().unwrap();
    let smaller = base.customers().filter(|customer| digest(1, base.id(*customer)) <= *largest);
    assert_eq!(smaller.count(), 278);
    assert_ne!(planned(&base, 2, 100).sample, plan.sample);
    assert_eq!(planned(&base, 1, 60).rows[0].to_ask, 464);
}

#[test]
fn a_frame_without_customers_asks_nobody() {
    let plan = planned(&many(3, |_| member("East")), 1, 60);
    assert_eq!((plan.rows.len(), plan.sample.len()), (0, 0));
}

#[test]
fn a_category_whose_customers_all_opted_out_has_a_row_and_nobody_to_ask() {
    let base = many(3, |_| Member { opted_out: true, ..graded(Tier::Grade1) });
    let plan = planned(&base, 1, 60);
    assert_eq!((plan.rows[0].opted_out, plan.rows[0].sample, plan.rows[0].to_ask), (3, 3, 0));
}
