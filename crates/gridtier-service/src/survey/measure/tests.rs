use gridtier::method::Tier;

use super::*;
use crate::base::{Base, Member};
use crate::fixture::{base, day};
use crate::survey::fixture::{graded, instrument, responses};

fn respondents(instrument: &Instrument, base: &Base, rows: &[(Option<u32>, &str)]) -> Respondents {
    let responses = responses(instrument, rows);
    let frame = Frame::of(base, day("2026-06-01"));
    Respondents::of(instrument, &responses, &Answers::read(instrument, &responses), &frame)
}

fn values<'r>(respondents: &'r Respondents, key: (SurveyMeasure, SurveyLevel, &str)) -> &'r [Option<f64>] {
    let is_key = |score: &&Score| (score.measure, score.level, score.id.as_str()) == key;
    &respondents.scores.iter().find(is_key).unwrap_or_else(|| panic!("{key:?}")).values
}

use SurveyLevel::{Dimension, Item, Total, Weighted};
use SurveyMeasure::{Expectation, Gap, Perception, Question, Value};

#[test]
fn vector_32_gaps_of_a_respondent_with_a_reversed_item_and_a_missing_answer() {
    let text = "id = \"i\"\nkind = \"gap\"\nscale = [1, 7]\nweights = true\n[[dimension]]\nid = \"x\"\n[[dimension]]\nid = \"y\"\n\
                [[item]]\nid = 1\ndimension = \"x\"\n[[item]]\nid = 2\ndimension = \"x\"\nreverse = true\n\
                [[item]]\nid = 3\ndimension = \"y\"\n[[item]]\nid = 4\ndimension = \"y\"\n[[item]]\nid = 5\ndimension = \"y\"\n";
    let gap = Instrument::parse("i.toml", text).unwrap();
    let scored = respondents(&gap, &base(vec![]), &[(None, "7 2 6 7 - 5 3 6 4 5 40 60")]);
    for (key, expected) in [
        ((Gap, Item, "1"), Some(-2.0)),
        ((Gap, Item, "2"), Some(-1.0)),
        ((Gap, Item, "5"), None),
        ((Gap, Dimension, "x"), Some(-1.5)),
        ((Gap, Dimension, "y"), Some(-1.5)),
        ((Gap, Total, "total"), Some(-1.5)),
        ((Gap, Weighted, "weighted"), Some(-1.5)),
        ((Perception, Item, "2"), Some(5.0)),
        ((Perception, Total, "total"), Some(5.0)),
        ((Perception, Weighted, "weighted"), Some(5.0)),
        ((Expectation, Item, "2"), Some(6.0)),
        ((Expectation, Dimension, "y"), Some(6.5)),
    ] {
        assert_eq!(values(&scored, key), [expected], "{key:?}");
    }
    assert!(!scored.scores.iter().any(|score| (score.measure, score.level) == (Expectation, Weighted)));
}

#[test]
fn vector_33_the_delivered_value_of_a_respondent_whose_price_is_at_80_percent() {
    let value = crate::survey::instrument::INSTRUMENTS[3].1;
    // One item of each dimension.
    let mut kept = String::new();
    for (at, part) in value.split("\n[[").enumerate() {
        let is_second = part.starts_with("item]]")
            && part.split_once("id = ").unwrap().1.starts_with(['2', '4', '6', '8'])
            || ["10", "12", "14", "16"].iter().any(|id| part.contains(&format!("id = {id}\n")));
        if !is_second {
            kept += if at > 0 { "\n[[" } else { "" };
            kept += part;
        }
    }
    let value = Instrument::parse("v.toml", &kept).unwrap();
    assert_eq!(value.items.len(), 8);
    let priced = |price| Member { average_price: Some(price), ..graded(Tier::Grade1) };
    // 7 below and one equal of 9 and 10: (3 + 1/2·2)/5 = 80 %.
    let base = base(vec![
        ("1", priced(0.5)),
        ("2", priced(0.6)),
        ("3", priced(0.7)),
        ("4", priced(0.8)),
        ("5", priced(0.8)),
    ]);
    let scored = respondents(
        &value,
        &base,
        &[(Some(3), "6 5 7 4 5 3 2 4"), (None, "6 5 7 4 5 3 2 4"), (Some(3), "6 5 7 4 1 1 1 1")],
    );
    let near = |key, at: usize, expected: f64| {
        let found = values(&scored, key)[at].unwrap();
        assert!((found - expected).abs() < 5e-6, "{key:?}: {found}");
    };
    near((Value, Total, "value"), 0, 75.0);
    near((Value, Total, "cost"), 0, 43.333_333);
    near((Value, Total, "delivered"), 0, 31.666_667);
    near((Value, Total, "ratio"), 0, 1.730_769_2);
    near((Value, Dimension, "money"), 0, 73.333_333);
    near((Value, Dimension, "money"), 1, 66.666_667);
    near((Value, Dimension, "time"), 0, 33.333_333);
    near((Value, Total, "cost"), 2, 10.0);
    assert_eq!(values(&scored, (Question, Dimension, "money"))[0], Some(5.0));
}

#[test]
fn a_delivered_value_is_missing_if_a_part_is_missing_and_its_ratio_if_the_cost_is_zero() {
    let text = "id = \"v\"\nkind = \"value\"\nscale = [1, 7]\n\
                [[dimension]]\nid = \"a\"\nrole = \"value\"\nweight = 1\n[[dimension]]\nid = \"b\"\nrole = \"cost\"\nweight = 1\n";
    let items: String = (1..=20)
        .map(|id| format!("[[item]]\nid = {id}\ndimension = \"{}\"\n", if id == 20 { "b" } else { "a" }))
        .collect();
    let value = Instrument::parse("v.toml", &format!("{text}{items}")).unwrap();
    let nineteen = ["4"; 18].join(" ") + " 5 ";
    let rows = [(None, format!("{nineteen}1")), (None, format!("{nineteen}-"))];
    let rows: Vec<(Option<u32>, &str)> =
        rows.iter().map(|(customer, cells)| (*customer, cells.as_str())).collect();
    let scored = respondents(&value, &base(vec![]), &rows);
    assert_eq!(values(&scored, (Value, Total, "cost")), [Some(0.0), None]);
    assert_eq!(values(&scored, (Value, Total, "ratio")), [None, None]);
    assert_eq!(values(&scored, (Value, Total, "delivered"))[1], None);
    assert!(values(&scored, (Value, Total, "value")).iter().all(Option::is_some));
}

#[test]
fn a_dimension_needs_half_of_its_items_and_a_total_all_dimensions() {
    let plain = instrument("kind = \"plain\"", &[("x", 2), ("y", 3), ("z", 25)]);
    let tail = [" 3"; 25].concat();
    let rows = ["1 - 2 - 6", "1 2 3 - -", "- - 1 2 3"].map(|cells| format!("{cells}{tail}"));
    let rows: Vec<(Option<u32>, &str)> = rows.iter().map(|cells| (None, cells.as_str())).collect();
    let scored = respondents(&plain, &base(vec![]), &rows);
    assert_eq!(values(&scored, (Question, Dimension, "x")), [Some(1.0), Some(1.5), None]);
    assert_eq!(values(&scored, (Question, Dimension, "y")), [Some(4.0), None, Some(2.0)]);
    let totals = values(&scored, (Question, Total, "total"));
    assert!((totals[0].unwrap() - 8.0 / 3.0).abs() < 1e-12 && totals[1..] == [None, None]);
}

#[test]
fn a_weighted_total_is_missing_without_good_weights_or_with_a_missing_dimension() {
    let gap = instrument("kind = \"gap\"\nweights = true", &[("x", 1), ("y", 20)]);
    let row =
        |e: &str, weights: &str| format!("{e}{} 5{} {weights}", [" 6"; 20].concat(), [" 4"; 20].concat());
    let rows = [row("7", "50 50"), row("7", "50 51"), row("-", "0 100")];
    let rows: Vec<(Option<u32>, &str)> = rows.iter().map(|cells| (None, cells.as_str())).collect();
    let scored = respondents(&gap, &base(vec![]), &rows);
    assert_eq!(values(&scored, (Gap, Weighted, "weighted")), [Some(-2.0), None, None]);
    assert_eq!(values(&scored, (Perception, Weighted, "weighted")), [Some(4.5), None, Some(4.0)]);
    assert_eq!(values(&scored, (Gap, Total, "total")), [Some(-2.0), Some(-2.0), None]);
}
