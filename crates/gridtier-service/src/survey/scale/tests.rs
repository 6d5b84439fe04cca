use super::*;
use crate::survey::fixture::{instrument, responses};
use crate::survey::structure::structure;

fn answers(instrument: &Instrument, rows: &[&str]) -> Answers {
    let rows: Vec<(Option<u32>, &str)> = rows.iter().map(|cells| (None, *cells)).collect();
    Answers::read(instrument, &responses(instrument, &rows))
}

fn row<'r>(rows: &'r [AlphaRow], scale: &str, item: Option<&str>) -> &'r AlphaRow {
    rows.iter().find(|row| row.scale == scale && row.item.as_deref() == item).unwrap()
}

fn assert_near(value: Option<f64>, expected: f64) {
    assert!((value.unwrap() / expected - 1.0).abs() < 1e-9, "{value:?} is not {expected}");
}

#[test]
fn vector_27_cronbach_and_feldt_of_eleven_items() {
    let text = (1..=11).fold(
        "id = \"i\"\nkind = \"plain\"\nscale = [0, 1]\n[[dimension]]\nid = \"x\"\n".to_owned(),
        |text, id| text + &format!("[[item]]\nid = {id}\ndimension = \"x\"\n"),
    );
    let plain = Instrument::parse("i.toml", &text).unwrap();
    let rows = [
        "11111111111",
        "11111111010",
        "11101101100",
        "11111000100",
        "11110010000",
        "11111000000",
        "01011000010",
        "11100000000",
        "10010000000",
    ];
    let rows = rows.map(|answers| answers.chars().map(|answer| format!("{answer} ")).collect::<String>());
    let mut answers = answers(&plain, &rows.each_ref().map(String::as_str));
    // The first answers 1 to everything, which would not count.
    answers.validity = vec![crate::survey::respondent::Validity::Valid; 9];
    let rows = alphas(&plain, &answers);
    let whole = row(&rows, "x", None);
    assert_eq!((whole.k, whole.n), (11, 9));
    assert_near(whole.alpha, 0.801_694_915_254_237_4);
    let interval = whole.interval.unwrap();
    assert_near(Some(interval.lo), 0.533_003_199_913_273_8);
    assert_near(Some(interval.hi), 0.947_207_967_339_016_6);
    assert_eq!(row(&rows, "total", None).alpha, whole.alpha);
    let first = row(&rows, "x", Some("1"));
    assert_near(first.r_rest, 0.118_887_659_655_552_83);
    assert_near(first.alpha_without, 0.812_720_848_056_537);
    assert_eq!((first.alpha, first.k, first.n), (None, 11, 9));
    assert_near(row(&rows, "x", Some("2")).alpha_without, 0.792_452_830_188_679_1);
}

#[test]
fn incomplete_answers_and_invalid_responses_are_left_out_by_scale() {
    let plain = instrument("kind = \"plain\"", &[("x", 2), ("y", 8)]);
    let rows = ["1 2 3 4 5 6 7 1 2 3", "2 - 3 4 5 6 7 1 2 4", "- - 3 4 5 6 7 1 2 3", "3 3 3 4 5 6 7 1 2 5"];
    let rows = alphas(&plain, &answers(&plain, &rows));
    let n = |scale| row(&rows, scale, None).n;
    assert_eq!((n("x"), n("y"), n("total")), (2, 3, 2));
}

#[test]
fn a_scale_of_one_item_or_without_variation_has_no_alpha() {
    let plain = instrument("kind = \"plain\"", &[("x", 1), ("y", 2)]);
    let rows = alphas(&plain, &answers(&plain, &["1 2 6", "4 6 2", "2 4 4"]));
    assert_eq!((row(&rows, "x", None).alpha, row(&rows, "x", Some("1")).r_rest), (None, None));
    // Items 2 and 3 sum to 8 for everybody.
    assert_eq!((row(&rows, "y", None).alpha, row(&rows, "y", None).interval), (None, None));
    assert_near(row(&rows, "y", Some("2")).r_rest, -1.0);
    assert_eq!(row(&rows, "y", Some("2")).alpha_without, None);
    let none = alphas(&plain, &answers(&plain, &[]));
    assert!(none.iter().all(|row| row.n == 0 && row.alpha.is_none() && row.r_rest.is_none()));
    let one = alphas(&plain, &answers(&plain, &["1 2 6"]));
    assert!(one.iter().all(|row| row.n == 1 && row.alpha.is_none() && row.r_rest.is_none()));
}

#[test]
fn equal_items_have_an_alpha_of_1() {
    let plain = instrument("kind = \"plain\"", &[("x", 2)]);
    let rows = alphas(&plain, &answers(&plain, &["1 1", "4 4", "2 2"]));
    let whole = row(&rows, "x", None);
    assert_eq!((whole.alpha, whole.interval), (Some(1.0), Some(Interval { lo: 1.0, hi: 1.0 })));
}

#[test]
fn reversed_items_are_turned_round_and_both_forms_have_their_rows() {
    let text = "id = \"i\"\nkind = \"gap\"\nscale = [1, 7]\n[[dimension]]\nid = \"x\"\n[[item]]\nid = 1\ndimension = \"x\"\n\
                [[item]]\nid = 2\ndimension = \"x\"\nreverse = true\n";
    let gap = Instrument::parse("i.toml", text).unwrap();
    let rows = alphas(&gap, &answers(&gap, &["1 7 1 1", "2 6 2 2", "3 5 3 4"]));
    let forms: Vec<&str> = rows.iter().map(|row| row.form.code()).collect();
    assert_eq!(forms, ["E", "E", "E", "E", "E", "E", "P", "P", "P", "P", "P", "P"]);
    assert_eq!(rows[3].alpha, Some(1.0));
    assert!(rows[9].alpha.unwrap() < 0.0);
}

#[test]
fn an_item_that_goes_better_with_another_dimension_is_a_misfit() {
    let plain = instrument("kind = \"plain\"", &[("x", 3), ("y", 2)]);
    let rows = ["1 1 5 5 5", "2 2 3 3 4", "3 3 6 6 6", "4 4 1 1 2", "5 5 2 2 1", "1 2 - 3 4"];
    let rows = structure(&plain, &answers(&plain, &rows));
    assert_eq!(rows.len(), 10);
    let misfits: Vec<_> = rows
        .iter()
        .filter(|row| row.is_misfit == Some(true))
        .map(|row| (row.item.as_str(), row.scale.as_str(), row.is_own))
        .collect();
    assert_eq!(misfits, [("3", "x", true), ("3", "y", false)]);
    assert!(rows.iter().all(|row| row.n == 5));
    let own = rows.iter().find(|row| row.item == "4" && row.is_own).unwrap();
    // Items 4 and 5: the dimension without the item is the other one.
    assert_near(own.r, correlation(&[5, 3, 6, 1, 2], &[5, 4, 6, 2, 1]).unwrap());
}

#[test]
fn the_only_item_of_a_dimension_cannot_be_judged() {
    let plain = instrument("kind = \"plain\"", &[("x", 1), ("y", 2)]);
    let rows = structure(&plain, &answers(&plain, &["1 2 3", "2 3 3", "5 6 3"]));
    let of = |item: &str| rows.iter().filter(|row| row.item == item).collect::<Vec<_>>();
    assert_eq!((of("1")[0].r, of("1")[0].is_misfit), (None, None));
    assert!(of("1")[1].r.unwrap() > 0.9);
    assert_eq!(
        (of("2")[0].is_own, of("2")[1].r, of("2")[1].is_misfit),
        (false, None, None),
        "item 3 has no variation"
    );
}
