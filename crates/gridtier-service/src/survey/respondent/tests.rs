use super::*;
use crate::survey::fixture::{instrument, responses};

fn validity_of(instrument: &Instrument, cells: &str) -> Validity {
    Answers::read(instrument, &responses(instrument, &[(None, cells)])).validity[0]
}

fn noticed(answers: &Answers) -> Vec<(Rule, u64, &str)> {
    answers.findings.iter().map(|finding| (finding.rule, finding.rows, finding.example.as_str())).collect()
}

#[test]
fn a_cell_is_a_whole_number_in_the_scale_else_missing() {
    let plain = instrument("kind = \"plain\"", &[("x", 11)]);
    let answers = Answers::read(
        &plain,
        &responses(&plain, &[(None, "1 7 5.0 ５ -0 8 0 4.5 x - NaN"), (None, "1 2 3 4 5 6 7 8 1 1 1")]),
    );
    let first: Vec<_> = answers.forms[0].1.iter().map(|item| item[0]).collect();
    assert_eq!(first, [Some(1), Some(7), Some(5), Some(5), None, None, None, None, None, None, None]);
    assert_eq!(noticed(&answers), [(Rule::OutOfScale, 7, "Q5 of r000: -0")]);
}

#[test]
fn a_scale_may_begin_at_0() {
    let plain = Instrument::parse(
        "i.toml",
        "id = \"i\"\nkind = \"plain\"\nscale = [0, 10]\n[[dimension]]\nid = \"x\"\n[[item]]\nid = 1\ndimension = \"x\"\nreverse = true\n",
    )
    .unwrap();
    let answers = Answers::read(&plain, &responses(&plain, &[(None, "0"), (None, "10"), (None, "11")]));
    assert_eq!(answers.forms[0].1[0], [Some(0), Some(10), None]);
    assert_eq!([plain.directed(0, 0), plain.directed(0, 10)], [10, 0]);
}

#[test]
fn nine_of_ten_answers_are_enough_over_both_forms_together() {
    let plain = instrument("kind = \"plain\"", &[("x", 10)]);
    assert_eq!(validity_of(&plain, "1 2 3 4 5 6 7 1 2 -"), Validity::Valid);
    assert_eq!(validity_of(&plain, "1 2 3 4 5 6 7 1 - -"), Validity::FewAnswers);
    assert_eq!(
        validity_of(&plain, "1 2 3 4 5 6 7 1 9 -"),
        Validity::FewAnswers,
        "an answer out of the scale is missing"
    );
    let gap = instrument("kind = \"gap\"", &[("x", 5)]);
    assert_eq!(validity_of(&gap, "1 2 3 4 5 5 4 3 2 -"), Validity::Valid);
    assert_eq!(validity_of(&gap, "1 2 3 4 - 5 4 3 2 -"), Validity::FewAnswers);
    let one = instrument("kind = \"plain\"", &[("x", 1)]);
    assert_eq!(validity_of(&one, "-"), Validity::FewAnswers);
}

#[test]
fn one_answer_to_ten_items_in_each_form_is_no_answer() {
    let plain = instrument("kind = \"plain\"", &[("x", 10)]);
    assert_eq!(validity_of(&plain, "4 4 4 4 4 4 4 4 4 4"), Validity::StraightLine);
    assert_eq!(validity_of(&plain, "4 4 4 4 4 4 4 4 4 -"), Validity::StraightLine);
    assert_eq!(validity_of(&plain, "4 4 4 4 4 4 4 4 4 5"), Validity::Valid);
    assert_eq!(
        validity_of(&plain, "4 4 4 4 4 4 4 4 - -"),
        Validity::FewAnswers,
        "too few answers come first"
    );
    let short = instrument("kind = \"plain\"", &[("x", 9)]);
    assert_eq!(validity_of(&short, "4 4 4 4 4 4 4 4 4"), Validity::Valid);
    let gap = instrument("kind = \"gap\"", &[("x", 10)]);
    assert_eq!(
        validity_of(&gap, "7 7 7 7 7 7 7 7 7 7 1 2 1 2 1 2 1 2 1 2"),
        Validity::Valid,
        "all is expected, as often"
    );
    assert_eq!(validity_of(&gap, "7 7 7 7 7 7 7 7 7 7 4 4 4 4 4 4 4 4 4 4"), Validity::StraightLine);
}

#[test]
fn a_straight_line_is_seen_in_the_answers_as_given() {
    let text = crate::survey::instrument::INSTRUMENTS[1].1;
    let reversing = Instrument::parse("i.toml", text).unwrap();
    let same = ["4"; 44].join(" ") + " 20 20 20 20 20";
    assert_eq!(validity_of(&reversing, &same), Validity::StraightLine);
    let mut turned: Vec<&str> = Vec::new();
    for _ in 0..2 {
        turned.extend(reversing.items.iter().map(|item| if item.is_reversed { "2" } else { "6" }));
    }
    assert_eq!(validity_of(&reversing, &(turned.join(" ") + " 20 20 20 20 20")), Validity::Valid);
}

#[test]
fn weights_are_whole_and_sum_to_100() {
    let gap = instrument("kind = \"gap\"\nweights = true", &[("x", 1), ("y", 1)]);
    let weights = ["40 60", "100 0", "40.0 60", "33.3 66.7", "50 49", "- 100", "- -", "x 100", "-20 120"];
    let rows: Vec<(Option<u32>, String)> =
        weights.iter().map(|cells| (None, format!("1 2 3 4 {cells}"))).collect();
    let rows: Vec<(Option<u32>, &str)> =
        rows.iter().map(|(customer, cells)| (*customer, cells.as_str())).collect();
    let answers = Answers::read(&gap, &responses(&gap, &rows));
    let whole: Vec<bool> = answers.weights.iter().map(Option::is_some).collect();
    assert_eq!(whole, [true, true, true, false, false, false, false, false, false]);
    assert_eq!(answers.weights[2], Some(vec![40, 60]));
    assert_eq!(noticed(&answers), [(Rule::WeightsNot100, 6, "r003")]);
}

#[test]
fn outcomes_are_numbers() {
    let plain = instrument("kind = \"plain\"\noutcomes = [\"again\"]", &[("x", 1)]);
    let rows = [(None, "1 -2.5"), (None, "1 much"), (None, "1 -"), (None, "1 inf"), (None, "1 1e13")];
    let answers = Answers::read(&plain, &responses(&plain, &rows));
    assert_eq!(answers.outcomes, [[Some(-2.5), None, None, None, None]]);
    assert_eq!(noticed(&answers), [(Rule::BadNumber, 3, "again of r001: much")]);
}

#[test]
fn a_column_that_the_file_lacks_is_missing_everywhere() {
    let gap = instrument("kind = \"gap\"\nweights = true\noutcomes = [\"o\"]", &[("x", 1)]);
    let mut responses = responses(&gap, &[(None, "1 2 100 5")]);
    responses.columns.clear();
    let answers = Answers::read(&gap, &responses);
    assert_eq!(
        (answers.validity[0], &answers.weights[0], answers.outcomes[0][0]),
        (Validity::FewAnswers, &None, None)
    );
    let none = Responses::default();
    assert!(none.is_empty() && Answers::read(&gap, &none).findings.is_empty());
}
