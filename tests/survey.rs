//! Surveys from end to end: a plan of whom to ask, and answers in a CSV file that become published tables.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Published, write};
use crate::utility::{AS_OF, Utility};

/// Two plain items of one dimension.
const INSTRUMENT: &str = "id = \"two\"\ntitle = \"Two questions\"\ntitle_zh = \"两题\"\nkind = \"plain\"\nscale = [1, 5]\n\
                          groups = [\"tier\", \"hall\"]\n[[dimension]]\nid = \"care\"\n[[item]]\nid = 1\ndimension = \"care\"\n\
                          [[item]]\nid = 2\ndimension = \"care\"\n";

/// The last day before the as-of day: every graded customer is open on it, so that no row is from before an opening.
const LAST_DAY: &str = "2025-12-31";

/// A graded utility with an instrument, and twelve answers of which ten count, beside it.
fn surveyed() -> Utility {
    let utility = Utility::invented(300, &[]);
    utility.published(&["--method", "utility"]);
    let ids = utility.table("tiers").texts("customer_id");
    let ids: Vec<String> = ids.into_iter().map(Option::unwrap).take(20).collect();
    let mut invitations = "customer_id,sent_on\n".to_owned();
    for id in &ids {
        let _ = writeln!(invitations, "{id},{LAST_DAY}");
    }
    let mut responses = "response_id,returned_on,customer_id,Q1,Q2,hall\n".to_owned();
    for (row, id) in ids.iter().take(10).enumerate() {
        let _ = writeln!(responses, "r{row:02},{LAST_DAY},{id},{},{},north", 1 + row % 5, 1 + (row + 1) % 5);
    }
    responses += &format!("r10,{LAST_DAY},,9,,north\nr11,{LAST_DAY},,,,south\n");
    responses += &format!("r12,{LAST_DAY},nobody,1,2,north\nr13,{AS_OF},,1,2,north\n");
    write(utility.path(), "two.toml", INSTRUMENT);
    write(&utility.path().join("survey"), "invitations.csv", invitations);
    write(&utility.path().join("survey"), "responses.csv", responses);
    utility
}

const SCORE: [&str; 8] = ["survey", "score", "two.toml", "survey", "--store", "store", "--as-of", AS_OF];

#[test]
fn answers_become_tables_that_agree_with_the_file() {
    let utility = surveyed();
    let ended = utility.run(&[&SCORE[..], &["-o", "out"]].concat());
    // One of fourteen rows names nobody: more than the method's limit of rejects may be, but everything is written.
    assert!([0, 1].contains(&ended.code), "{}", ended.stderr);
    let table = |name: &str| Published::read(&utility.path().join(format!("out/{name}.parquet")));
    let counts = table("counts");
    let columns = ["group_by", "group", "sent", "returned", "valid", "few_answers"];
    let all = counts.rows_of(&columns[..2]).iter().position(|row| row[0].as_deref() == Some("all")).unwrap();
    let count = |name: &str| counts.integers(name)[all];
    assert_eq!(["sent", "returned", "valid", "few_answers"].map(count), [20, 12, 10, 2].map(Some));
    let scores = table("scores");
    let keys = scores.rows_of(&["measure", "level", "id", "group_by"]);
    let row_of = |key: [&str; 4]| {
        let key = key.map(|part| Some(part.to_owned()));
        keys.iter().position(|row| row[..] == key).unwrap()
    };
    // Each of 1 to 5 was answered twice to either item.
    let care = row_of(["Q", "dimension", "care", "all"]);
    assert_eq!(scores.integers("n")[care], Some(10));
    assert!((scores.numbers("mean")[care].unwrap() - 3.0).abs() < 1e-12);
    let hall = row_of(["Q", "dimension", "care", "hall"]);
    assert_eq!(scores.integers("population")[hall], None);
    let findings = table("findings").rows_of(&["table", "rule"]);
    let found = |rule: &str| findings.contains(&vec![Some("responses".into()), Some(rule.into())]);
    assert!(found("out_of_scale") && found("orphan"), "{findings:?}");
    let rejects = Published::read(&utility.path().join("out/rejects/responses.parquet"));
    assert_eq!(rejects.rows(), 1);
    let manifest = std::fs::read_to_string(utility.path().join("out/_manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["command"], "score");
    assert_eq!(manifest["instrument"]["text"], INSTRUMENT);
    assert_eq!(utility.run(&[&SCORE[..], &["-o", "out"]].concat()).code, 5);
}

#[test]
fn a_policy_says_how_many_answers_a_group_must_have() {
    let utility = surveyed();
    let paper = utility.done(&["service", "policy", "show"]);
    let few = paper.replacen("min_cell = 10", "min_cell = 3", 1);
    assert_ne!(few, paper);
    write(utility.path(), "few.toml", few);
    let shown = |options: &[&str], out: &str| {
        let ended = utility.run(&[&SCORE[..], options, &["-o", out]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let scores = Published::read(&utility.path().join(out).join("scores.parquet"));
        scores.integers("n").iter().zip(scores.numbers("mean")).all(|(n, mean)| {
            let least = if options.is_empty() { 10 } else { 3 };
            mean.is_some() == (*n >= Some(least))
        }) && scores.integers("n").iter().any(|n| (3..10).contains(&n.unwrap()))
    };
    assert!(shown(&[], "paper") && shown(&["--policy", "few.toml"], "few"));
    let below = utility.run(&[&SCORE[..], &["--min-count", "5"]].concat());
    assert!(below.code == 2 && below.stderr.contains("`min_cell`"), "{}", below.stderr);
}

#[test]
fn results_are_told_in_both_languages() {
    let utility = surveyed();
    let en = utility.run(&SCORE).stdout;
    assert!(en.contains("Two questions") && en.contains("Response rate: returned of sent"), "{en}");
    let zh = utility.run(&[&SCORE[..], &["--lang", "zh"]].concat()).stdout;
    assert!(zh.contains("两题") && zh.contains("回收率 = 收回 / 发出"), "{zh}");
}

#[test]
fn a_plan_with_the_same_seed_asks_the_same_customers() {
    let utility = surveyed();
    let plan = |seed: &str, out: &str| {
        let args =
            ["survey", "plan", "servqual", "--store", "store", "--as-of", AS_OF, "--seed", seed, "-o", out];
        utility.done(&args);
        let folder = utility.path().join(out);
        let sample = Published::read(&folder.join("sample.parquet")).texts("customer_id");
        let asked: i64 =
            Published::read(&folder.join("plan.parquet")).integers("to_ask").into_iter().flatten().sum();
        assert_eq!(sample.len() as i64, asked);
        sample
    };
    let first = plan("1", "first");
    assert_eq!(first, plan("1", "again"));
    assert!(!first.is_empty());
}

#[test]
fn a_faulty_instrument_and_a_missing_column_are_named() {
    let utility = surveyed();
    write(utility.path(), "bad.toml", INSTRUMENT.replace("[1, 5]", "[5, 1]"));
    let ended = utility.run(&["survey", "check", "bad.toml"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("scale"), "{}", ended.stderr);
    write(&utility.path().join("survey"), "responses.csv", "response_id,returned_on,Q1\nr1,2025-12-10,3\n");
    let ended = utility.run(&SCORE);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.stderr.contains("`Q2`"), "{}", ended.stderr);
    let columns = utility.done(&["survey", "check", "two.toml"]);
    assert!(columns.contains("Q1, Q2, hall"), "{columns}");
}
