use super::*;
use crate::contract::ImportanceLevel;
use crate::word::Word;

fn check(text: &str, given: &[(&str, Datum)]) -> bool {
    let fields = fields(&[]);
    let mut record = vec![Datum::Missing; fields.len()];
    for (name, value) in given {
        record[fields.iter().position(|field| field.name == *name).unwrap()] = *value;
    }
    Condition::parse(text, &fields).unwrap().holds(&record)
}

fn fault(text: &str) -> (String, String) {
    let (what, fix) = Condition::parse(text, &fields(&[])).unwrap_err();
    (what.to_string(), fix.to_string())
}

#[test]
fn conditions_compare_words_numbers_flags_and_days() {
    let text = r#"supply_level = "high_voltage" and aged_transformer_area"#;
    let high = ("supply_level", Datum::Word("high_voltage"));
    assert!(check(text, &[high, ("aged_transformer_area", Datum::Flag(true))]));
    assert!(!check(text, &[high, ("aged_transformer_area", Datum::Flag(false))]));
    assert!(check("annual_energy >= 1e6 or score > 90", &[("score", Datum::Number(90.5))]));
    assert!(check("opened_on < '2020-01-01'", &[("opened_on", Datum::Day(0))]));
    assert!(check("power_factor_standard in (0.85, 0.9)", &[("power_factor_standard", Datum::Number(0.9))]));
    assert!(check("always", &[]));
}

#[test]
fn or_binds_weaker_than_and_and_not_binds_strongest() {
    let residential = ("use_category", Datum::Word("residential"));
    let text = r#"use_category = "residential" or aged_transformer_area and provisional"#;
    assert!(check(text, &[residential]));
    assert!(!check(&text.replace("use", "(use").replace(" and", ") and"), &[residential]));
    assert!(check(r#"not aged_transformer_area and use_category = "residential""#, &[residential]));
    assert!(check("not not always", &[]));
}

#[test]
fn a_missing_word_equals_nothing_and_a_missing_number_is_unknown() {
    assert!(!check(r#"importance_level = "imp_first""#, &[]));
    assert!(check(r#"importance_level != "imp_first""#, &[]));
    assert!(check(r#"not importance_level in ("imp_first")"#, &[]));
    assert!(check("importance_level is missing and not (importance_level is not missing)", &[]));
    // By Kleene's logic, unknown stays unknown under `not`, and is not met.
    assert!(!check("annual_energy < 5", &[]));
    assert!(!check("not annual_energy < 5", &[]));
    assert!(check("annual_energy < 5 or always", &[]));
    assert!(!check("annual_energy < 5 and always", &[]));
    assert!(!check("aged_transformer_area", &[]));
}

#[test]
fn a_fault_names_the_word_and_the_fix() {
    let (what, fix) = fault(r#"supply_levle = "high_voltage""#);
    assert!(what.contains("`supply_levle`") && fix.contains("supply_level"), "{what} {fix}");
    let (what, fix) = fault(r#"supply_level = "high""#);
    assert!(what.contains("never \"high\"") && fix.contains("high_voltage"), "{what} {fix}");
    for (text, says) in [
        ("", "ends where a column"),
        ("score >", "ends where a number"),
        ("score > \"high\"", "where a number"),
        ("score 5", "where a comparison"),
        ("(score > 5", "`)`"),
        ("score > 5 5", "the end"),
        ("aged_transformer_area = 1", "is a flag, which cannot be compared"),
        ("supply_level < \"residential\"", "no order"),
        ("opened_on < \"soon\"", "is not a day"),
        ("region = \"a", "not closed"),
        ("score & 5", "not understood"),
        ("region in \"a\"", "`(`"),
        ("opened_on in (\"2020-01-01\")", "takes no `in`"),
        ("tier = \"special\"", "neither a column"),
        ("customer_id = \"1\"", "neither a column"),
    ] {
        assert!(fault(text).0.contains(says), "{text}: {:?}", fault(text));
    }
    assert!(fault(&"(".repeat(900)).0.contains("nested"));
    assert!(fault(&format!("always{}", " and always".repeat(100_000))).0.contains("more than 1000 words"));
}

#[test]
fn a_condition_that_nobody_can_meet_is_found() {
    let fields = fields(&[]);
    let can = |text: &str| possible(&Condition::parse(text, &fields).unwrap(), &fields);
    assert!(!can(r#"use_category = "residential" and use_category = "other""#));
    assert!(!can("score > 5 and score < 5"));
    assert!(!can("score > 5 and score is missing"));
    assert!(can("score >= 5 and score <= 5"));
    assert!(!can("region in (\"a\", \"b\") and region = \"c\""));
    assert!(can(r#"region != "a" and region is not missing"#));
    assert!(!can("opened_on > \"2020-01-01\" and opened_on < \"2020-01-02\""));
}

#[test]
fn customers_whom_no_service_gives_what_a_duty_owes_are_found() {
    let fields = fields(&[]);
    let condition = |text: &str| Condition::parse(text, &fields).unwrap();
    let (others, homes) =
        (condition(r#"use_category != "residential""#), condition(r#"use_category = "residential""#));
    assert!(covered(&condition("always"), &[&others, &homes], &fields));
    assert!(!covered(&condition("always"), &[&homes], &fields));
    let special = condition(r#"importance_level in ("imp_special", "imp_first", "imp_second")"#);
    assert!(!covered(&condition("importance_level is not missing"), &[&special], &fields));
}

#[test]
fn a_condition_is_written_in_english_words() {
    let fields = fields(&[]);
    let en = |text: &str| Condition::parse(text, &fields).unwrap().en(&fields);
    let among = r#"importance_level in ("imp_special", "imp_first", "imp_second")"#;
    let levels = [ImportanceLevel::Special, ImportanceLevel::First, ImportanceLevel::Second].map(Word::en);
    assert_eq!(en(among), format!("importance level is {}, {} or {}", levels[0], levels[1], levels[2]));
    assert_eq!(
        en("importance_level is not missing or score >= 90"),
        "with importance level or score is at least 90"
    );
    assert_eq!(
        en("not aged_transformer_area and (annual_energy > 1000 or provisional)"),
        "not aged transformer area and (annual energy is above 1000 or provisional)"
    );
}

#[test]
fn a_condition_is_written_in_chinese() {
    let fields = fields(&[]);
    let zh = |text: &str| Condition::parse(text, &fields).unwrap().zh(&fields);
    assert_eq!(
        zh(r#"supply_level = "high_voltage" and aged_transformer_area"#),
        "供电电压层级为高压，且老旧台区"
    );
    assert_eq!(zh(r#"use_category != "residential""#), "用电类别不为居民");
    assert_eq!(zh("importance_level is not missing or score >= 90"), "有重要电力用户等级，或得分不小于 90");
    let condition = Condition::parse("aged_transformer_area", &fields).unwrap();
    let mut record = vec![Datum::Missing; fields.len()];
    record[*condition.columns().first().unwrap()] = Datum::Flag(false);
    assert_eq!(condition.seen_zh(&fields, &record), "老旧台区：否");
}
