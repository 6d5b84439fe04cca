use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};

use super::*;

/// A customer: id, tier, importance level, whether the transformer area is aged, capacity.
type Person = (&'static str, &'static str, Option<&'static str>, bool, Option<f64>);

fn decide(people: &[Person], applications: &[Application]) -> Vec<ApplicationDecision> {
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let text = |values: Vec<Option<&str>>| Arc::new(values.into_iter().collect::<StringArray>()) as ArrayRef;
    let each = || people.iter();
    let columns = [
        ("customer_id", text(each().map(|p| Some(p.0)).collect())),
        ("tier", text(each().map(|p| Some(p.1)).collect())),
        ("importance_level", text(each().map(|p| p.2).collect())),
        ("aged_transformer_area", Arc::new(each().map(|p| Some(p.3)).collect::<BooleanArray>()) as ArrayRef),
        ("contract_capacity_kva", Arc::new(each().map(|p| p.4).collect::<Float64Array>()) as ArrayRef),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut review = ApplicationReview::new(&catalogue, applications);
    review.add(&Members::of(&batch, &catalogue.fields).unwrap());
    review.decide()
}

fn asks(customer: &str, service: &str) -> Application {
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    Application {
        customer_id: customer.into(),
        service: catalogue.service(service).unwrap(),
        applied_on: 20_000,
        area: String::new(),
        parts: 0,
        units: 1,
        plan_allows: None,
    }
}

fn outcomes(decisions: &[ApplicationDecision]) -> Vec<ApplicationOutcome> {
    decisions.iter().map(|decision| decision.outcome).collect()
}

#[test]
fn a_shared_cost_is_divided_by_capacity_and_the_subsidy_borne_by_the_utility() {
    let people = [
        ("a", "special", None, true, Some(100.0)),
        ("b", "grade-1", None, true, Some(300.0)),
        ("c", "grade-2", None, true, Some(500.0)),
        ("d", "special", None, false, Some(500.0)),
    ];
    let in_area = |id: &str| Application { area: "T1".into(), ..asks(id, "S18") };
    let decisions = decide(&people, &[in_area("a"), in_area("b"), in_area("c"), in_area("d")]);
    use ApplicationOutcome::{Granted, Refused};
    assert_eq!(outcomes(&decisions), [Granted, Granted, Refused, Refused]);
    assert_eq!(decisions[2].why, Why::Tier);
    assert!(
        matches!(&decisions[3].why, Why::Condition(_, seen) if seen[0] == "aged_transformer_area = false")
    );
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let cost = catalogue.services[catalogue.service("S18").unwrap()].unit_cost_e6 / 10_000;
    let parts = |decision: &ApplicationDecision| (decision.fee_fen.unwrap(), decision.subsidy_fen.unwrap());
    let ((fee_a, sub_a), (fee_b, sub_b)) = (parts(&decisions[0]), parts(&decisions[1]));
    assert_eq!(fee_a + sub_a + fee_b + sub_b, 2 * cost, "the parts add up to what two units cost");
    assert_eq!(fee_a + sub_a, 2 * cost / 4);
    assert_eq!(sub_a, fee_a, "the utility bears half");
    assert_eq!(decide(&people, &[asks("a", "S18")])[0].why, Why::NoArea);
}

#[test]
fn a_shared_cost_is_divided_equally_if_a_key_is_missing() {
    let people = [("a", "special", None, true, Some(100.0)), ("b", "special", None, true, None)];
    let in_area = |id: &str| Application { area: "T1".into(), ..asks(id, "S18") };
    let decisions = decide(&people, &[in_area("a"), in_area("b")]);
    assert_eq!(decisions[0].fee_fen, decisions[1].fee_fen);
}

#[test]
fn protection_needs_room_in_the_outage_plan_and_is_given_to_important_customers_of_any_tier() {
    let people = [("a", "special", None, false, None), ("b", "grade-3", Some("imp_first"), false, None)];
    let with = |id: &str, plan| Application { plan_allows: plan, ..asks(id, "S20") };
    let decisions = decide(
        &people,
        &[with("a", None), with("a", Some(false)), with("a", Some(true)), with("b", Some(true))],
    );
    use ApplicationOutcome::{Granted, Pending, Refused};
    assert_eq!(outcomes(&decisions), [Pending, Refused, Granted, Granted]);
    assert!(matches!(decisions[3].why, Why::Due(reasons) if reasons.words() == "importance"));
    assert_eq!(decide(&people, &[asks("nobody", "S20")])[0].why, Why::NotGraded);
}

#[test]
fn capacity_goes_first_to_claims_that_importance_or_a_regulation_gives_then_by_tier_day_and_id() {
    let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
    let capacity = catalogue.services[catalogue.service("S22").unwrap()].capacity.unwrap();
    let people = [
        ("a", "grade-1", None, false, None),
        ("b", "special", None, false, None),
        ("c", "grade-3", Some("imp_special"), false, None),
        ("d", "special", None, false, None),
    ];
    let big = |id: &str, day: i32, units: u64| Application { units, applied_on: day, ..asks(id, "S22") };
    // The important customer takes one unit, and the special customer who applied first takes all others.
    let wanted = capacity.units - 1;
    let all = [big("a", 20_000, 1), big("b", 20_001, wanted), big("c", 20_002, 1), big("d", 20_002, 1)];
    let decisions = decide(&people, &all);
    use ApplicationOutcome::{Granted, Queued};
    assert_eq!(outcomes(&decisions), [Queued, Granted, Granted, Queued]);
    let mut reversed: Vec<Application> = all.to_vec();
    reversed.reverse();
    let mut again = outcomes(&decide(&people, &reversed));
    again.reverse();
    assert_eq!(again, outcomes(&decisions), "the outcome does not depend on the order of the file");
}

#[test]
fn parts_are_priced_and_a_quota_is_enforced() {
    let people = [("a", "special", None, false, None), ("b", "grade-2", None, false, None)];
    let choice = |id: &str, parts| Application { parts, ..asks(id, "S17") };
    let decisions = decide(&people, &[choice("a", 0b001), choice("b", 0b001), choice("b", 0)]);
    assert_eq!(decisions[0].fee_fen, Some(0), "the report is free for special customers");
    assert!(decisions[1].fee_fen.unwrap() > 0);
    assert_eq!(decisions[2].why, Why::NoParts);
    let booking = |day| Application { applied_on: day, ..asks("b", "S06") };
    let decisions = decide(&people, &[booking(20_000), booking(20_001), booking(20_002), booking(20_400)]);
    assert_eq!(decisions[2].why, Why::Quota(2), "the quota is two reports in a year");
    assert_eq!(decisions[3].outcome, ApplicationOutcome::Granted, "the next year has a quota of its own");
}

#[test]
fn a_one_time_service_is_granted_once_and_an_automatic_one_is_refused() {
    let people = [("a", "special", None, true, Some(100.0)), ("b", "special", None, true, Some(300.0))];
    let in_area = |id: &str, day| Application { area: "T1".into(), applied_on: day, ..asks(id, "S18") };
    let decisions = decide(&people, &[in_area("a", 20_000), in_area("a", 20_400), in_area("b", 20_400)]);
    assert_eq!(decisions[1].why, Why::Once);
    // Applicants of different years do not share the cost, so each of them pays the same.
    assert_eq!(decisions[0].fee_fen, decisions[2].fee_fen);
    for service in ["S07", "S13"] {
        assert_eq!(decide(&people, &[asks("a", service)])[0].why, Why::NotAppliedFor);
    }
}

#[test]
fn shares_add_up_to_the_fen() {
    assert_eq!(shares(100, &[1.0, 1.0, 1.0]), [34, 33, 33]);
    assert_eq!(shares(1, &[0.1, 0.9]), [0, 1]);
    for keys in [vec![3.3, 7.7, 0.001], vec![1e9, 1.0], vec![5.0]] {
        assert_eq!(shares(999_999, &keys).iter().sum::<i64>(), 999_999);
    }
}
