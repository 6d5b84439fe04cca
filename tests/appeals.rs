//! Tests of appeals: a customer's corrected bills are replayed and ruled on, by each of the two rules for quotas.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use gridtier_io::appeal::{AppealRequest, AppealSignature};
use serde_json::{Value, json};

use crate::support::{Published, ended, gridtier, method_file};
use crate::utility::{BILLS, CUSTOMERS, PAYMENTS, READINGS, Utility};

/// Sixty customers with energy and bills of 2025. The later the id, the more they use and pay, except that A60 uses
/// the most energy but has bills of a six-hundredth of the right size.
fn utility(changes: &[(&str, &str)]) -> Utility {
    let (mut customers, mut readings) = (CUSTOMERS.to_owned(), READINGS.to_owned());
    let (mut bills, mut payments) = (BILLS.to_owned(), PAYMENTS.to_owned());
    for size in 1..=60 {
        customers += &format!("A{size:02},large_industrial,high_voltage,2010-01-01,false\n");
        for month in 1..=12 {
            let kwh = 1_000 * size + 7 * ((month * 5) % 11);
            readings += &format!("A{size:02},M{size},2025-{month:02}-01,{kwh},{},actual\n", kwh / 10);
            let due = if size == 60 { 60 * month } else { 600 * size + month };
            bills += &format!("B{size:02}-{month},A{size:02},2025-{month:02},{due},2025-{month:02}-25,\n");
            payments +=
                &format!("P{size:02}-{month},B{size:02}-{month},2025-{month:02}-{},{due}\n", 10 + size % 18);
        }
    }
    let utility = Utility::empty()
        .and("customers.csv", customers)
        .and("meter_readings.csv", readings)
        .and("bills.csv", bills)
        .and("payments.csv", payments);
    let lenient = [
        ("window_months = 36", "window_months = 12"),
        ("min_delivered_weight = 0.5", "min_delivered_weight = 0"),
    ];
    method_file(utility.path(), "paper", &[&lenient[..], changes].concat());
    utility.published(&["--method", "method.toml", "--accept-findings=test"]);
    utility
}

/// Writes the correct bills of A60 and their payments into the folder `patch`.
fn patch(utility: &Utility, rows: impl Fn(i32) -> String) {
    let bills: String = (1..=12).map(rows).collect();
    let payments: String = (1..=12)
        .map(|month| format!("P60-{month},B60-{month},2025-{month:02}-16,{}\n", 36_000 + month))
        .collect();
    patch_of(
        utility,
        &[("bills.csv", format!("{BILLS}{bills}")), ("payments.csv", format!("{PAYMENTS}{payments}"))],
    );
}

/// Writes these tables, and no others, into the folder `patch`.
fn patch_of(utility: &Utility, tables: &[(&str, String)]) {
    let folder = utility.path().join("patch");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    tables.iter().for_each(|(name, rows)| fs::write(folder.join(name), rows).unwrap());
}

fn corrected(month: i32) -> String {
    format!("B60-{month},A60,2025-{month:02},{},2025-{month:02}-25,\n", 36_000 + month)
}

const EVIDENCE: [&str; 4] = ["--patch", "patch", "--data", "data"];

fn json_of(utility: &Utility, args: &[&str]) -> Value {
    let args = [args, &["--store", "store", "--format", "json"]].concat();
    serde_json::from_str(&utility.done(&args)).unwrap()
}

fn file(utility: &Utility) -> Value {
    json_of(utility, &["appeal", "file", "A60", "--by", "Li Na", "--reason", "bills are a tenth"])
}

fn rule(utility: &Utility) -> Value {
    let signed = ["--outcome", "upheld", "--by", "王芳", "--reason", "meter factor"];
    json_of(utility, &[&["appeal", "rule", "A60"], &EVIDENCE[..], &signed].concat())
}

fn fails(utility: &Utility, args: &[&str], code: i32, message: &str) {
    let ended = utility.run(&[args, &["--store", "store"]].concat());
    assert_eq!(ended.code, code, "{args:?}: {}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(message), "`{message}` is not in: {}", ended.stderr);
}

fn cycle(utility: &Utility, number: &str) -> PathBuf {
    utility.path().join(utility.done(&["path", "--store", "store", "--cycle", number]).trim())
}

const PLACE: [&str; 4] = ["customer_id", "rank", "tier", "score_e6"];

/// The final tiers by id, found by sorting all scores of a cycle and counting places.
fn tiers_by_hand(tiers: &Published, counts: [usize; 3]) -> Vec<(String, String)> {
    let mut scores: Vec<(i64, String)> = tiers
        .integers("score_e6")
        .into_iter()
        .zip(tiers.texts("customer_id"))
        .map(|(score, id)| (-score.unwrap(), id.unwrap()))
        .collect();
    scores.sort();
    let names = ["special", "grade-1", "grade-2", "grade-3"];
    let tier = |place: usize| names[counts.iter().filter(|count| place >= **count).count()].to_owned();
    let mut found: Vec<(String, String)> =
        scores.into_iter().enumerate().map(|(place, (_, id))| (id, tier(place))).collect();
    found.sort();
    found
}

fn published_tiers(tiers: &Published) -> Vec<(String, String)> {
    tiers
        .rows_of(&["customer_id", "tier"])
        .into_iter()
        .map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap()))
        .collect()
}

#[test]
fn a_corrected_bill_lifts_one_customer_and_leaves_all_others_where_they_are() {
    let utility = utility(&[]);
    let filed = file(&utility);
    assert_eq!((&filed["kind"], &filed["facts"]), (&json!("appeal"), &json!({ "late": false })));
    patch(&utility, corrected);
    let replayed = json_of(&utility, &[&["appeal", "replay", "A60"], &EVIDENCE[..]].concat());
    assert_eq!(json_of(&utility, &["cycles"]).as_array().unwrap().len(), 1, "a replay writes nothing");
    fails(
        &utility,
        &[
            &["appeal", "rule", "A60"],
            &EVIDENCE[..],
            &["--outcome", "upheld", "--by", "li na", "--reason", "r"],
        ]
        .concat(),
        1,
        "somebody else must rule",
    );
    let ruled = rule(&utility);
    let facts = &ruled["entry"]["facts"];
    for key in ["quota", "before", "after", "ripple"] {
        assert_eq!(facts[key], replayed[key]);
    }
    assert_eq!(
        (&facts["quota"], &facts["ripple"], &facts["appeal"]),
        (&json!("supernumerary"), &json!([]), &json!(1))
    );
    assert!(facts["after"]["rank"].as_u64() < facts["before"]["rank"].as_u64(), "{facts}");
    assert_eq!((&ruled["revision"], &ruled["published"]), (&json!(2), &json!(true)));

    let [before, after] = ["1", "2"].map(|number| cycle(&utility, number));
    let [old, new] = [&before, &after].map(|dir| Published::read(&dir.join("tiers.parquet")));
    for (old, new) in old.rows_of(&PLACE).into_iter().zip(new.rows_of(&PLACE)) {
        if old[0].as_deref() != Some("A60") {
            assert_eq!((&old[2], &old[3]), (&new[2], &new[3]), "only ranks move");
        }
    }
    let counts: Vec<usize> = Published::read(&after.join("ledger.parquet"))
        .integers("count")
        .into_iter()
        .map(|count| count.unwrap() as usize)
        .collect();
    assert_eq!(tiers_by_hand(&new, counts.try_into().unwrap()), published_tiers(&new));
    for name in
        ["parameters", "weights", "findings", "reconciliation", "usage_as_read", "monthly_usage", "customers"]
    {
        let [old, new] =
            [&before, &after].map(|dir| fs::read(dir.join(name).with_extension("parquet")).unwrap());
        assert!(old == new, "{name} is byte-equal");
    }

    // Verifies the store, and computes the revision again from the data and the kept patch.
    fs::remove_dir_all(utility.path().join("patch")).unwrap();
    let verified = utility.done(&["verify", "--store", "store", "--recompute", "data"]);
    assert!(verified.contains("cycle 2, computed again from its inputs, is the same"), "{verified}");
    let explained = utility.done(&["explain", "A60", "--store", "store"]);
    assert!(explained.contains("bills.csv, payments.csv are those of entry 2"), "{explained}");
    utility.done(&["compare", "--store", "store", "--from", "1", "--cycle", "2"]);
    let history = json_of(&utility, &["history", "--customer", "A60"]);
    assert!(history.to_string().contains(facts["after"]["tier"].as_str().unwrap()));
    // Grading the same data again neither repeats the revision nor reuses any of it.
    let again = utility.regrade(&["--method", "method.toml", "--accept-findings=test", "--again"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(
        published_tiers(&old),
        published_tiers(&Published::read(&cycle(&utility, "3").join("tiers.parquet")))
    );
}

#[test]
fn where_quotas_stay_the_ripple_is_what_grading_everybody_again_gives() {
    let utility = utility(&[("quota = \"supernumerary\"", "quota = \"displacement\"")]);
    file(&utility);
    assert_eq!(json_of(&utility, &["register"])[0]["verdict"], "open");
    patch(&utility, corrected);
    let ruled = rule(&utility);
    let entries = json_of(&utility, &["register"]);
    assert!(entries[0]["verdict"] != "open", "{entries}");
    assert_eq!((&entries[1]["appeal"], &entries[1]["verdict"]), (&1.into(), &"upheld".into()));
    let [old, new] = ["1", "2"].map(|number| Published::read(&cycle(&utility, number).join("tiers.parquet")));
    let expected = tiers_by_hand(&new, [6, 24, 54]);
    assert_eq!(published_tiers(&new), expected);
    let ripple: Vec<Value> = published_tiers(&old)
        .into_iter()
        .zip(expected)
        .filter(|(old, new)| old.0 != "A60" && old.1 != new.1)
        .map(|(old, new)| json!({ "customer_id": old.0, "before": old.1, "after": new.1 }))
        .collect();
    assert!(!ripple.is_empty());
    assert_eq!(ruled["entry"]["facts"]["ripple"], json!(ripple));
}

/// Goalposts for all indicators: no parameter follows from the data, so that a replay on the parameters of the cycle and a
/// grading of the corrected data must agree on everybody.
const NO_QUANTILES: (&str, &str) = ("quantiles = [0.01, 0.99]", "goalposts = [0, 1000000]");

/// Corrections of A60: what it owes and pays each month, and on which day.
const CORRECTIONS: [(i32, i32); 4] = [(36_000, 16), (1, 28), (120_000, 1), (2_000, 16)];

fn corrected_tables((due, day): (i32, i32)) -> [(&'static str, String); 2] {
    let rows = |row: &dyn Fn(i32) -> String| (1..=12).map(row).collect::<String>();
    let bills =
        rows(&|month| format!("B60-{month},A60,2025-{month:02},{},2025-{month:02}-25,\n", due + month));
    let payments =
        rows(&|month| format!("P60-{month},B60-{month},2025-{month:02}-{day:02},{}\n", due + month));
    [("bills.csv", bills), ("payments.csv", payments)]
}

/// The tiers, values and facts of a grading of the whole data in which the rows of A60 are replaced on disk.
fn graded_whole(utility: &Utility, tables: &[(&str, String)], round: usize) -> PathBuf {
    let (data, store) = (format!("corrected-{round}"), format!("whole-{round}"));
    copy(&utility.data(), &utility.path().join(&data));
    for (name, rows) in tables {
        let path = utility.path().join(&data).join(name);
        let old = fs::read_to_string(&path).unwrap();
        let others: String = old
            .lines()
            .filter(|line| !line.starts_with("B60-") && !line.starts_with("P60-"))
            .fold(String::new(), |all, line| all + line + "\n");
        fs::write(&path, others + rows).unwrap();
    }
    let method = ["--method", "method.toml", "--accept-findings=test"];
    let graded = ["regrade", &data, "--as-of", "2026-01-01", "--store", &store];
    utility.done(&[&graded[..], &method].concat());
    utility.path().join(utility.done(&["path", "--store", &store]).trim())
}

/// By REGRADE section 6, quota `supernumerary`: the tiers that everybody has when A60 takes the rank that a grading of the
/// whole data gives it.
fn tiers_with_one_more(base: &Published, whole: &Published) -> Vec<(String, String)> {
    let names = ["special", "grade-1", "grade-2", "grade-3"];
    let before: BTreeMap<String, usize> = published_tiers(base)
        .into_iter()
        .map(|(id, tier)| (id, names.iter().position(|name| *name == tier).unwrap()))
        .collect();
    let ranks = whole.integers("rank").into_iter().zip(whole.texts("customer_id"));
    let mut order: Vec<(i64, String)> = ranks.filter_map(|(rank, id)| Some((rank?, id?))).collect();
    order.sort();
    let place = order.iter().position(|(_, id)| id == "A60").unwrap();
    let counts: Vec<usize> = (0..3)
        .map(|line| {
            let cut = order.iter().filter(|(_, id)| id != "A60" && before[id] <= line).count();
            // Before the last of the others above the line; after the first of those below it; or between the two.
            let is_above = match place {
                place if place < cut => true,
                place if place > cut => false,
                _ => before["A60"] <= line,
            };
            cut + usize::from(is_above)
        })
        .collect();
    let tier = |place: usize| names[counts.iter().filter(|count| place >= **count).count()].to_owned();
    let ranked: BTreeMap<String, String> =
        order.iter().enumerate().map(|(place, (_, id))| (id.clone(), tier(place))).collect();
    let all = before.into_iter().map(|(id, old)| {
        let tier = ranked.get(&id).cloned().unwrap_or_else(|| names[old].to_owned());
        (id, tier)
    });
    all.collect()
}

#[test]
fn a_correction_has_the_ripple_that_grading_the_corrected_data_from_disk_gives() {
    let displaced = ("quota = \"supernumerary\"", "quota = \"displacement\"");
    let mut moved = [0; 2];
    for (which, changes) in [vec![NO_QUANTILES], vec![NO_QUANTILES, displaced]].into_iter().enumerate() {
        let utility = utility(&changes);
        for (round, correction) in CORRECTIONS.into_iter().enumerate() {
            let tables = corrected_tables(correction);
            file(&utility);
            let [(bills, own_bills), (payments, own_payments)] = &tables;
            patch_of(
                &utility,
                &[(bills, format!("{BILLS}{own_bills}")), (payments, format!("{PAYMENTS}{own_payments}"))],
            );
            let ruled = rule(&utility);
            let whole = graded_whole(&utility, &tables, round);
            let numbers = [&ruled["entry"]["cycle"], &ruled["revision"]];
            let [base, revision] = numbers.map(|number| cycle(&utility, &number.to_string()));
            let tiers = |folder: &Path| Published::read(&folder.join("tiers.parquet"));
            let [old, new, regraded] = [&base, &revision, &whole].map(|folder| tiers(folder));
            // Ranks and scores are those of the whole grading, whatever the quota.
            for column in ["customer_id", "rank", "score_e6"] {
                assert_eq!(new.rows_of(&[column]), regraded.rows_of(&[column]), "{correction:?}: {column}");
            }
            let expected = match which {
                0 => tiers_with_one_more(&old, &regraded),
                _ => published_tiers(&regraded),
            };
            assert_eq!(published_tiers(&new), expected, "{correction:?}");
            let ripple: Vec<Value> = published_tiers(&old)
                .into_iter()
                .zip(expected)
                .filter(|(old, new)| old.0 != "A60" && old.1 != new.1)
                .map(|(old, new)| json!({ "customer_id": old.0, "before": old.1, "after": new.1 }))
                .collect();
            assert_eq!(ruled["entry"]["facts"]["ripple"], json!(ripple), "{correction:?}");
            moved[which] += ripple.len();
            // Nobody else's facts and values change, and those of the customer are those of the corrected data.
            for name in
                ["facts.parquet", "indicators.parquet", "contributions.parquet", "monthly_usage.parquet"]
            {
                let [new, regraded] = [&revision, &whole].map(|folder| Published::read(&folder.join(name)).0);
                assert_eq!(new, regraded, "{correction:?}: {name}");
            }
        }
    }
    assert!(moved[0] == 0 && moved[1] >= 4, "{moved:?}");
}

#[test]
fn a_second_ruling_is_refused_and_a_second_appeal_is_heard_over_the_revision() {
    let utility = utility(&[]);
    patch(&utility, corrected);
    let signed = ["--outcome", "upheld", "--by", "王芳", "--reason", "r"];
    let ruling = [&["appeal", "rule", "A60"], &EVIDENCE[..], &signed].concat();
    fails(&utility, &ruling, 1, "has no open appeal");
    file(&utility);
    rule(&utility);
    fails(&utility, &ruling, 1, "has its ruling");
    // The appeal names the first cycle, which has a revision by now. The appeal is heard on that revision.
    let again = ["appeal", "file", "A60", "--cycle", "1", "--by", "Li Na", "--reason", "still wrong"];
    json_of(&utility, &again);
    patch(&utility, |month| corrected(month).replace(",3600", ",3700"));
    let ruled = rule(&utility);
    assert_eq!((&ruled["entry"]["cycle"], &ruled["revision"]), (&json!(2), &json!(3)));
    let verified = utility.done(&["verify", "--store", "store", "--recompute", "data"]);
    assert!(verified.contains("cycle 3, computed again"), "{verified}");
    let dismissed = ["appeal", "rule", "A60", "--outcome", "dismissed", "--by", "王芳", "--reason", "r"];
    json_of(&utility, &again);
    let ruled = json_of(&utility, &dismissed);
    assert_eq!(
        (&ruled["revision"], &ruled["entry"]["facts"]["outcome"]),
        (&Value::Null, &json!("dismissed"))
    );
}

#[test]
fn rows_of_others_rejects_and_other_data_are_refused() {
    let utility = utility(&[]);
    let replay = [&["appeal", "replay", "A60"], &EVIDENCE[..]].concat();
    patch(&utility, |month| corrected(month).replace("A60", "A59"));
    fails(&utility, &replay, 1, "bills.csv, row 2: this row does not belong to the customer");
    patch(&utility, |month| corrected(month).replace("2025-03-25", "soon"));
    fails(&utility, &replay, 1, "bills.csv, row 4");
    patch(&utility, corrected);
    fails(
        &utility,
        &["appeal", "rule", "A60", "--outcome", "upheld", "--by", "W", "--reason", "r"],
        1,
        "no open appeal",
    );
    let utility = utility.append("bills.csv", "B99,A01,2025-05,3,2025-05-25,\n");
    fails(&utility, &replay, 4, "bills.csv");
}

/// Proposes a second cycle, whose method requires approval.
fn require_approval(utility: &Utility) {
    let governed = fs::read_to_string(utility.path().join("method.toml")).unwrap();
    fs::write(
        utility.path().join("method.toml"),
        governed.replace("approval = \"none\"", "approval = \"required\""),
    )
    .unwrap();
    let propose =
        ["--method", "method.toml", "--accept-findings=test", "--propose", "--by", "Li", "--reason", "r"];
    assert_eq!(utility.regrade(&propose).code, 0);
}

#[test]
fn where_approval_is_required_a_ruling_proposes() {
    let utility = utility(&[]);
    require_approval(&utility);
    let gates = ["changed", "special_lost", "absent", "psi_score", "csi_max", "failed_checks", "breaches"];
    let despite: Vec<&str> = gates.iter().flat_map(|gate| ["--despite", gate]).collect();
    let approve = |number: &str| {
        let args = ["approve", number, "--store", "store", "--by", "Zhao", "--reason", "r"];
        utility.done(&[&args[..], &despite].concat());
    };
    approve("2");
    file(&utility);
    patch(&utility, corrected);
    let ruled = rule(&utility);
    assert_eq!((&ruled["revision"], &ruled["published"]), (&json!(4), &json!(false)));
    approve("4");
    utility.done(&["verify", "--store", "store", "--recompute", "data"]);
}

#[test]
fn of_two_rulings_that_wait_for_approval_the_second_is_ruled_again_over_the_first() {
    let utility = utility(&[]);
    require_approval(&utility);
    let gates = ["changed", "special_lost", "absent", "psi_score", "csi_max", "failed_checks", "breaches"];
    let despite: Vec<&str> = gates.iter().flat_map(|gate| ["--despite", gate]).collect();
    let approval = |number: &'static str| {
        let args = ["approve", number, "--by", "Zhao", "--reason", "r"];
        [&args[..], &despite].concat()
    };
    let signed = ["--outcome", "upheld", "--by", "王芳", "--reason", "r"];
    let ruling = |id: &'static str| [&["appeal", "rule", id], &EVIDENCE[..], &signed].concat();
    json_of(&utility, &approval("2"));
    for id in ["A59", "A60"] {
        json_of(&utility, &["appeal", "file", id, "--by", "Li", "--reason", "bills are wrong"]);
    }
    patch(&utility, corrected);
    assert_eq!(json_of(&utility, &ruling("A60"))["revision"], json!(4));
    let bills = |id: &str| {
        let rows: String = (1..=12)
            .map(|month| format!("B{}-{month},{id},2025-{month:02},900,2025-{month:02}-25,\n", &id[1..]))
            .collect();
        patch_of(&utility, &[("bills.csv", format!("{BILLS}{rows}"))]);
    };
    bills("A59");
    let second = json_of(&utility, &ruling("A59"));
    assert_eq!((&second["entry"]["cycle"], &second["revision"]), (&json!(2), &json!(5)));
    json_of(&utility, &approval("4"));
    fails(&utility, &approval("5"), 1, "it revises cycle 2, but cycle 4 has revised that one meanwhile");
    fails(&utility, &approval("5"), 1, "rule on the appeal again");
    json_of(&utility, &["reject", "5", "--by", "Zhao", "--reason", "outdated"]);
    let again = json_of(&utility, &ruling("A59"));
    assert_eq!((&again["entry"]["cycle"], &again["revision"]), (&json!(4), &json!(7)));
    json_of(&utility, &approval("7"));
    // Both corrections hold.
    let verified = utility.done(&["verify", "--store", "store", "--recompute", "data"]);
    assert!(verified.contains("cycle 7, computed again"), "{verified}");
    for id in ["A59", "A60"] {
        let explained = utility.done(&["explain", id, "--store", "store"]);
        assert!(explained.contains("Corrected by an appeal"), "{explained}");
    }
}

#[test]
fn an_appeal_is_in_time_to_the_end_of_the_last_day_in_utc() {
    let utility = utility(&[]);
    let store = utility.store();
    let record = fs::read(store.join("_commits/000001.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let published: NaiveDate = record["published_at"].as_str().unwrap()[..10].parse().unwrap();
    let file = |days: u64, time: &str| {
        let at = format!("{}T{time}", published + Days::new(days));
        let request = AppealRequest { store: &store, customer: "A60", cycle: None };
        let filed = request.file(AppealSignature { by: "Li", reason: "r", at: &at }).unwrap();
        (filed.days, filed.is_late(), filed.entry.facts["late"].clone())
    };
    // Calendar days: holidays and weekends count, as does any part of the day of publication.
    assert_eq!(file(21, "23:59:59Z"), (21, false, json!(false)));
    assert_eq!(file(22, "00:00:00Z"), (22, true, json!(true)));
    // 07:59 in Beijing on the day after is still the last day in UTC, and 08:00 is not.
    assert_eq!(file(22, "07:59:59+08:00"), (21, false, json!(false)));
    assert_eq!(file(22, "08:00:00+08:00"), (22, true, json!(true)));
}

#[test]
fn an_appeal_after_its_days_is_late_and_heard_all_the_same() {
    let utility = utility(&[]);
    let store = utility.store();
    let request = AppealRequest { store: &store, customer: "A60", cycle: None };
    let signed = AppealSignature { by: "Li Na", reason: "bills are a tenth", at: "2999-01-01T00:00:00Z" };
    let late = request.file(signed).unwrap();
    assert!(late.is_late() && late.days > 21);
    assert_eq!(late.entry.facts, json!({ "late": true }));
    patch(&utility, corrected);
    assert_eq!(rule(&utility)["revision"], json!(2));
}

#[test]
fn who_is_no_longer_ranked_leaves_its_place_and_comes_back_to_it() {
    let utility = utility(&[]);
    let opened = |on: &str| {
        let row = format!("A60,large_industrial,high_voltage,{on},false\n");
        patch_of(&utility, &[("customers.csv", format!("{CUSTOMERS}{row}"))]);
        file(&utility);
        rule(&utility)["entry"]["facts"].clone()
    };
    let left = opened("2025-10-01");
    assert_eq!((left["after"]["rank"].clone(), left["ripple"].clone()), (Value::Null, json!([])));
    let tiers = |number: &str| Published::read(&cycle(&utility, number).join("tiers.parquet"));
    let provisional = tiers("2");
    assert_eq!(provisional.integers("rank").iter().flatten().count(), 59);
    let back = opened("2010-01-01");
    assert_eq!((&back["before"], &back["after"]), (&left["after"], &left["before"]));
    assert_eq!(tiers("3").rows_of(&PLACE), tiers("1").rows_of(&PLACE), "everybody is where it was");
    let ledger = |number: &str| Published::read(&cycle(&utility, number).join("ledger.parquet"));
    assert_eq!(ledger("3").integers("count"), ledger("1").integers("count"));
    let verified = utility.done(&["verify", "--store", "store", "--recompute", "data"]);
    assert!(verified.contains("cycle 3, computed again"), "{verified}");
}

#[test]
fn an_explanation_with_the_data_shows_the_corrected_bills() {
    let utility = utility(&[]);
    let bills: String = (1..=12).map(corrected).collect();
    // The payments are far smaller than the corrected bills.
    patch_of(&utility, &[("bills.csv", format!("{BILLS}{bills}"))]);
    file(&utility);
    rule(&utility);
    let late_bills = |number: &str| {
        let explained = json_of(&utility, &["explain", "A60", "--cycle", number, "--data", "data"]);
        let evidence = explained["evidence"].as_array().unwrap().clone();
        evidence.into_iter().filter(|piece| piece["what"] == "late_bill").collect::<Vec<_>>()
    };
    assert_eq!(late_bills("1"), [Value::Null; 0]);
    let sheet = |number: &str| {
        let file = format!("sheet-{number}.html");
        let args = ["explain", "A60", "--store", "store", "--cycle", number, "--data", "data", "-o", &file];
        utility.done(&args);
        fs::read_to_string(utility.path().join(&file)).unwrap()
    };
    let [before, after] = ["1", "2"].map(sheet);
    assert!(!before.contains("36,012") && !before.contains("Corrected by an appeal"), "{before}");
    assert!(after.contains("36,012") && after.contains("Corrected by an appeal"), "{after}");
    let corrected = late_bills("2");
    assert!(!corrected.is_empty() && corrected.iter().all(|bill| bill["due_fen"].as_i64() > Some(3_600_000)));
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => assert!(fs::copy(&from, &to).is_ok()),
        }
    }
}

#[test]
fn a_ruling_killed_at_any_moment_is_whole_or_was_never_made() {
    const ROUNDS: u32 = 25;
    let utility = utility(&[]);
    patch(&utility, corrected);
    file(&utility);
    let pristine = utility.path().join("pristine");
    copy(&utility.store(), &pristine);
    let ruling: Vec<&str> = [
        &["appeal", "rule", "A60", "--store", "store"],
        &EVIDENCE[..],
        &["--outcome", "upheld", "--by", "王芳", "--reason", "meter factor"],
    ]
    .concat();
    let begun = Instant::now();
    utility.done(&ruling);
    let whole = begun.elapsed();
    let (mut made, mut interrupted) = (0, 0);
    for round in 0..ROUNDS {
        fs::remove_dir_all(utility.store()).unwrap();
        copy(&pristine, &utility.store());
        let mut command = gridtier();
        let command = command.current_dir(utility.path()).args(&ruling);
        let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        sleep(whole * round / (ROUNDS - 1));
        run.kill().unwrap();
        let run = ended(run.wait_with_output().unwrap());
        // The next command that opens the store completes the decision.
        let entries = json_of(&utility, &["register"]);
        let is_made = entries.to_string().contains("\"ruling\"");
        assert!(is_made || run.code != 0, "a command that succeeds has written its ruling");
        let cycles = json_of(&utility, &["cycles"]).as_array().unwrap().len();
        assert_eq!(cycles, if is_made { 2 } else { 1 }, "round {round}");
        utility.done(&["verify", "--store", "store"]);
        match is_made {
            true => fails(&utility, &[&ruling[..3], &ruling[5..]].concat(), 1, "has its ruling"),
            false => drop(utility.done(&ruling)),
        }
        assert_eq!(json_of(&utility, &["cycles"]).as_array().unwrap().len(), 2);
        utility.done(&["verify", "--store", "store"]);
        let names = fs::read_dir(utility.store()).unwrap().map(|entry| entry.unwrap().file_name());
        let litter = names.filter(|name| name.to_str().unwrap().starts_with(".tmp-")).count();
        assert_eq!(litter, 0, "round {round}");
        made += u32::from(is_made);
        interrupted += u32::from(!is_made);
    }
    assert!(interrupted > 0, "{made} rulings were made and none was interrupted");
}

#[test]
fn the_rows_of_a_customer_are_taken_out_corrected_and_replayed() {
    let utility = utility(&[]);
    let taken = ["appeal", "rows", "A60", "--data", "data", "-o", "patch", "--format", "json"];
    let taken: Value = serde_json::from_str(&utility.done(&taken)).unwrap();
    let rows = json!([
        { "table": "customers", "rows": 1, "file": "customers.csv" },
        { "table": "meter_readings", "rows": 12, "file": "meter_readings.csv" },
        { "table": "bills", "rows": 12, "file": "bills.csv" },
        { "table": "payments", "rows": 12, "file": "payments.csv" },
    ]);
    assert_eq!(
        (&taken["customer_id"], &taken["accounts"], &taken["tables"]),
        (&json!("A60"), &json!(["A60"]), &rows)
    );
    // Rows that nobody corrected give the same place.
    let replay = [&["appeal", "replay", "A60"], &EVIDENCE[..]].concat();
    let replayed = json_of(&utility, &replay);
    assert_eq!(replayed["before"], replayed["after"]);
    // A clerk corrects the amounts, and leaves the other files as they are.
    let bills = utility.path().join("patch/bills.csv");
    let text: String = fs::read_to_string(&bills)
        .unwrap()
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .map(|mut cells| {
            if let Ok(amount) = cells[3].parse::<i64>() {
                cells[3] = (amount * 600).to_string();
            }
            cells.join(",") + "\n"
        })
        .collect();
    fs::write(&bills, text).unwrap();
    let corrected = json_of(&utility, &replay);
    assert!(
        corrected["after"]["score_e6"].as_i64() > corrected["before"]["score_e6"].as_i64(),
        "{corrected}"
    );
    // The folder is never written over.
    let again = utility.run(&["appeal", "rows", "A60", "--data", "data", "-o", "patch"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("not empty"), "{}", again.stderr);
    let unknown = utility.run(&["appeal", "rows", "A6O", "--data", "data", "-o", "other"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("did you mean A60?"), "{}", unknown.stderr);
    assert!(!utility.path().join("other").exists());
}

#[test]
fn rows_taken_by_the_cycle_have_the_corrections_of_earlier_appeals() {
    let utility = utility(&[]);
    patch(&utility, corrected);
    file(&utility);
    rule(&utility);
    json_of(&utility, &["appeal", "rows", "A60", "--data", "data", "-o", "second"]);
    let bills = fs::read_to_string(utility.path().join("second/bills.csv")).unwrap();
    assert!(bills.contains("B60-1,A60,2025-01,36001,") && bills.lines().count() == 13, "{bills}");
    let readings = fs::read_to_string(utility.path().join("second/meter_readings.csv")).unwrap();
    assert_eq!(readings.lines().count(), 13);
    let replayed = json_of(&utility, &["appeal", "replay", "A60", "--patch", "second", "--data", "data"]);
    assert_eq!(replayed["before"], replayed["after"]);
}
