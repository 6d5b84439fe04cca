use gridtier::text::Lang;
use gridtier::word::Word;

use super::*;

/// A complete handbook with one entry of each kind.
const SMALL: &str = r#"format = 1
utility = "Test Power"
utility_zh = "试验供电公司"
issued_on = 2026-05-01
service_area = "The town."
service_area_zh = "全镇。"
fault_hotline = "95598-1"
fault_hotline_zh = "95598 转 1"
service_hotline = "95598-2"
service_hotline_zh = "95598 转 2"
[[department]]
name = "Office"
name_zh = "办公室"
duties = "Letters."
duties_zh = "信函。"
[[question]]
ask = "Why?"
ask_zh = "为什么？"
answer = "Because."
answer_zh = "因为。"
[[supplier]]
name = "Maker"
name_zh = "厂家"
"#;

fn refused(text: &str, completeness: Completeness) -> String {
    match Handbook::parse("handbook.toml", text, completeness) {
        Ok(handbook) => panic!("{handbook:?}"),
        Err(faults) => faults.message(Lang::En),
    }
}

#[test]
fn a_handbook_has_the_operators_text_in_both_languages() {
    let handbook = Handbook::parse("handbook.toml", SMALL, Completeness::Whole).unwrap();
    assert_eq!(handbook.service_area, Text::new("The town.", "全镇。"));
    assert_eq!(handbook.departments[0].duties.zh, "信函。");
    assert_eq!(handbook.questions[0].answer.en, "Because.");
    assert_eq!(handbook.suppliers[0].about, Text::default());
    assert_eq!(handbook.issued_on, NaiveDate::from_ymd_opt(2026, 5, 1));
    assert_eq!(handbook.in_one_language, Vec::<usize>::new());
}

#[test]
fn the_ten_parts_have_the_order_of_the_page() {
    let codes: Vec<&str> = HandbookPart::ALL.iter().map(|part| part.code()).collect();
    let expected = [
        "service_area",
        "departments",
        "duties",
        "special_customers",
        "evaluation",
        "questions",
        "answers",
        "suppliers",
        "fault_hotline",
        "service_hotline",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn all_empty_parts_are_named_at_once_with_line_and_fix() {
    let message = refused("service_area = \"  \"\nservice_hotline = \"95598\"\n", Completeness::Whole);
    let parts: Vec<&str> = message.lines().filter(|line| line.contains("is empty")).collect();
    assert_eq!(
        parts,
        [
            "handbook.toml:1: part 1 of the handbook, Service area, is empty",
            "handbook.toml:1: part 2 of the handbook, Departments, is empty",
            "handbook.toml:1: part 3 of the handbook, Duties of the departments, is empty",
            "handbook.toml:1: part 6 of the handbook, Common questions, is empty",
            "handbook.toml:1: part 7 of the handbook, How to handle them, is empty",
            "handbook.toml:1: part 8 of the handbook, Equipment suppliers, is empty",
            "handbook.toml:1: part 9 of the handbook, Fault hotline, is empty",
        ]
    );
    assert!(
        message.contains(
            "what to do: add entries [[question]] with `answer` and `answer_zh`; --draft marks the part as to be written"
        ),
        "{message}"
    );
}

#[test]
fn an_entry_that_is_half_written_is_named_by_its_line() {
    let text = SMALL.replace("answer = \"Because.\"\nanswer_zh = \"因为。\"\n", "");
    let text = text + "[[question]]\nask = \"How?\"\nanswer = \"So.\"\n[[department]]\nduties = \"Bills.\"\n";
    let message = refused(&text, Completeness::Whole);
    let faults: Vec<&str> = message.lines().filter(|line| line.starts_with("handbook")).collect();
    assert_eq!(
        faults,
        [
            "handbook.toml:16: [[question]] number 1 has no `answer`",
            "handbook.toml:25: [[department]] number 2 has no `name`",
        ]
    );
}

#[test]
fn a_draft_may_have_empty_parts_but_no_unknown_key_and_no_number_for_a_text() {
    let empty = Handbook::parse("handbook.toml", "", Completeness::Draft).unwrap();
    assert!(empty.service_area.is_empty() && empty.departments.is_empty());
    let message = refused("servce_area = \"x\"\nfault_hotline = 95598\nformat = 2\n", Completeness::Draft);
    assert!(message.contains("handbook.toml:1: unknown key `servce_area`"), "{message}");
    assert!(message.contains("did you mean `service_area`?"), "{message}");
    assert!(message.contains("handbook.toml:2: `fault_hotline`"), "{message}");
    assert!(message.contains("handbook.toml:3: `format`"), "{message}");
    assert!(refused("service_area = \n", Completeness::Draft).starts_with("handbook.toml:1:"));
}

#[test]
fn a_hotline_that_is_a_number_is_a_fault_of_its_value_and_not_an_empty_part() {
    let message = refused(&SMALL.replace("\"95598-1\"", "95598"), Completeness::Whole);
    assert!(message.contains("`fault_hotline`") && !message.contains("is empty"), "{message}");
}

#[test]
fn a_text_in_one_language_stands_in_both_and_its_line_is_noted() {
    let text = SMALL.replace("service_area = \"The town.\"\n", "").replace("answer_zh = \"因为。\"\n", "");
    let handbook = Handbook::parse("handbook.toml", &text, Completeness::Whole).unwrap();
    assert_eq!(handbook.service_area, Text::same("全镇。"));
    assert_eq!(handbook.questions[0].answer, Text::same("Because."));
    assert_eq!(handbook.in_one_language, [5, 18]);
}
