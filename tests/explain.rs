//! `gridtier explain`: why a customer has its tier, in words and in numbers that add up.

use serde_json::Value;

use crate::utility::graded;

fn explained(customer: &str) -> Value {
    let output = graded().done(&["explain", customer, "--store", "store", "--format", "json"]);
    serde_json::from_str(&output).unwrap()
}

/// Rows of the tier table as text, by column name.
fn tiers(columns: &[&str]) -> Vec<Vec<Option<String>>> {
    graded().table("tiers").rows_of(columns)
}

/// One customer of each tier and reason.
fn one_of_each() -> Vec<String> {
    let mut seen = Vec::new();
    let mut ids = Vec::new();
    for row in tiers(&["customer_id", "tier", "reason"]) {
        if !seen.contains(&row[1..].to_vec()) {
            seen.push(row[1..].to_vec());
            ids.extend(row[0].clone());
        }
    }
    assert!(ids.len() >= 5, "four tiers and the provisional ones");
    ids
}

#[test]
fn the_items_of_an_explanation_sum_to_the_score_of_the_table() {
    for row in tiers(&["customer_id", "score_e6", "tier", "rank"]).iter().step_by(23) {
        let output = explained(row[0].as_ref().unwrap());
        let items = output["items"].as_array().unwrap();
        assert_eq!(items.len(), 16);
        let sum: f64 = items.iter().map(|item| item["contribution"].as_f64().unwrap()).sum();
        let weight: f64 = items.iter().map(|item| item["weight"].as_f64().unwrap()).sum();
        let score: i64 = row[1].as_ref().unwrap().parse().unwrap();
        assert_eq!(output["score_e6"], score);
        assert!((sum - score as f64 / 1e6).abs() <= 5.1e-7, "{row:?}: {sum}");
        assert!((weight - 1.0).abs() <= 1e-9, "{row:?}: {weight}");
        assert_eq!(output["tier"].as_str(), row[2].as_deref());
        assert_eq!(output["rank"].as_i64().map(|rank| rank.to_string()), row[3]);
    }
}

#[test]
fn the_way_up_leads_to_the_line_of_the_ledger() {
    const TIERS: [&str; 4] = ["special", "grade-1", "grade-2", "grade-3"];
    let lines = graded().table("ledger").rows_of(&["stratum", "boundary", "score_above_e6", "quota"]);
    let columns = ["customer_id", "stratum", "tier_computed", "score_e6", "rank"];
    let mut climbed = 0;
    for row in tiers(&columns).iter().step_by(19).filter(|row| row[4].is_some()) {
        let output = explained(row[0].as_ref().unwrap());
        let number = |cell: &Option<String>| cell.as_ref().unwrap().parse::<i64>().unwrap();
        let tier = TIERS.iter().position(|tier| Some(*tier) == row[2].as_deref()).unwrap();
        if tier == 0 {
            assert_eq!(output["next"], Value::Null);
            continue;
        }
        let boundary = Some(format!("{}/{}", TIERS[tier - 1], TIERS[tier]));
        let line = lines.iter().find(|line| line[0] == row[1] && line[1] == boundary).unwrap();
        assert_eq!(output["next"]["tier"], TIERS[tier - 1], "{row:?}");
        assert_eq!(output["next"]["places"], number(&row[4]) - number(&line[3]), "{row:?}");
        let gap = (number(&line[2]) - number(&row[3])) as f64 / 1e6;
        assert!((output["next"]["gap"].as_f64().unwrap() - gap).abs() <= 2e-6, "{row:?}: {}", output["next"]);
        climbed += 1;
    }
    assert!(climbed > 10);
}

#[test]
fn an_explanation_offers_only_what_behaviour_can_change() {
    let usage = [
        "annual_energy",
        "annual_revenue",
        "average_price",
        "energy_growth",
        "sensitivity",
        "total_energy_use",
    ];
    for id in one_of_each() {
        let levers = explained(&id)["levers"].as_array().unwrap().clone();
        let names: Vec<_> =
            levers.iter().map(|lever| lever["indicator"].as_str().unwrap().to_owned()).collect();
        assert!(!names.iter().any(|name| usage.contains(&name.as_str())), "{id}: {names:?}");
    }
}

#[test]
fn an_explanation_is_told_in_english_and_in_chinese() {
    for id in one_of_each() {
        let english = graded().done(&["explain", &id, "--store", "store", "--lang", "en"]);
        assert!(
            english.contains(&format!("Customer {id}: tier ")) && english.contains("Annual energy"),
            "{english}"
        );
        let chinese = graded().done(&["explain", &id, "--store", "store", "--lang", "zh"]);
        assert!(chinese.contains(&format!("客户 {id}")) && chinese.contains("年用电量"), "{chinese}");
        assert!(!chinese.contains("Annual energy"), "{chinese}");
    }
    assert_eq!(
        graded()
            .done(&["explain", " 0512000001 ", "--store", "store"])
            .lines()
            .next()
            .unwrap()
            .split(':')
            .next(),
        Some("Customer 0512000001")
    );
}

#[test]
fn a_customer_that_is_not_graded_is_refused_by_name() {
    for id in ["0000000000", "512000001", ""] {
        let ended = graded().run(&["explain", id, "--store", "store"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{id}");
        assert!(ended.stderr.contains(id) && ended.stderr.contains("not in the cycle's graded population"));
    }
}

/// Explanations of every fourteenth customer, with the data.
fn with_data(options: &[&str]) -> Vec<Value> {
    let ids = tiers(&["customer_id"]).into_iter().step_by(14).filter_map(|row| row[0].clone());
    let output = ids.map(|id| {
        let args =
            [&["explain", &id, "--store", "store", "--data", "data", "--format", "json"], options].concat();
        serde_json::from_str(&graded().done(&args)).unwrap()
    });
    output.collect()
}

#[test]
fn late_bills_and_missed_plans_are_listed_from_the_data_that_were_graded() {
    let all = with_data(&[]);
    let mut seen = std::collections::BTreeSet::new();
    for output in &all {
        let evidence = output["evidence"].as_array().unwrap();
        for kind in ["late_bill", "missed_plan", "low_power_factor", "offence"] {
            let of_kind: Vec<&Value> = evidence.iter().filter(|one| one["what"] == kind).collect();
            assert!(of_kind.len() <= 10, "{output}");
            let months: Vec<&str> = of_kind.iter().map(|one| one["month"].as_str().unwrap()).collect();
            assert!(months.is_sorted_by(|a, b| a >= b), "{months:?}");
            seen.extend(of_kind.first().map(|_| kind));
        }
        // The list agrees with the value: if no late bill is listed, everything was paid on time.
        let items = output["items"].as_array().unwrap();
        let on_time = items.iter().find(|item| item["indicator"] == "on_time_payment").unwrap();
        let has_late = evidence.iter().any(|one| one["what"] == "late_bill");
        if let Some(share) = on_time["value"].as_f64() {
            assert_eq!(has_late, share < 1.0, "{output}");
        }
    }
    assert!(seen.len() >= 3, "{seen:?}");
    let reached = all.iter().flat_map(|output| output["levers"].as_array().unwrap());
    let reached: Vec<&Value> = reached.filter(|lever| lever["reached_with"].is_string()).collect();
    assert!(!reached.is_empty(), "nobody could rise in time");
    for lever in reached {
        let month = lever["reached_with"].as_str().unwrap();
        assert!(("2026-01".."2029-01").contains(&month) && !lever["value_needed"].is_null(), "{lever}");
    }
}

#[test]
fn an_explanation_without_data_says_how_to_give_them_and_wrong_data_are_refused() {
    let late = with_data(&[]).into_iter().find(|output| {
        output["evidence"].as_array().unwrap().iter().any(|one| one["what"] == "late_bill")
            && !output["next"].is_null()
    });
    let id = late.unwrap()["customer_id"].as_str().unwrap().to_owned();
    let args = ["explain", &id, "--store", "store"];
    assert!(graded().done(&args).contains("--data DIR"));
    let output = graded().done(&[&args[..], &["--data", "data"]].concat());
    assert!(!output.contains("--data DIR") && output.contains(" CNY due 20"), "{output}");
    let other = crate::utility::Utility::invented(50, &[]);
    let path = other.data();
    let ended = graded().run(&[&args[..], &["--data", path.to_str().unwrap()]].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("is not as it was when the cycle was graded"), "{}", ended.stderr);
}
