use gridtier::text::Lang;
use gridtier::word::Word;

use super::*;
use crate::group::GroupBy;
use crate::survey::instrument::{InstrumentKind, ValueRole};

const SMALL: &str = r#"id = "small"
kind = "gap"
scale = [1, 7]
weights = true
groups = ["tier", "shop", "all"]
outcomes = ["again"]
[[dimension]]
id = "x"
title = "Ex"
[[dimension]]
id = "y"
title_zh = "歪"
[[item]]
id = 1
dimension = "x"
[[item]]
id = "b"
dimension = "y"
reverse = true
"#;

fn faults(text: &str) -> Vec<String> {
    match Instrument::parse("i.toml", text) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            assert!(faults.faults.iter().all(|fault| !fault.what.in_lang(Lang::Zh).is_empty()));
            faults.faults.iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect()
        }
    }
}

#[test]
fn a_small_instrument_has_its_columns_and_names() {
    let small = Instrument::parse("i.toml", SMALL).unwrap();
    assert_eq!(small.columns(), ["E1", "Eb", "P1", "Pb", "W_x", "W_y", "again", "shop"]);
    assert_eq!(
        (small.groupings.as_slice(), small.own_groups.as_slice()),
        (&[GroupBy::Tier][..], &["shop".to_owned()][..])
    );
    let titles: Vec<_> =
        small.dimensions.iter().map(|x| (x.title.en.as_ref(), x.title.zh.as_ref())).collect();
    assert_eq!(titles, [("Ex", "Ex"), ("歪", "歪")]);
    assert_eq!((small.directed(0, 2), small.directed(1, 2)), (2, 6));
}

#[test]
fn without_groups_all_groupings_of_customers_are_used() {
    let small =
        Instrument::parse("i.toml", &SMALL.replace("groups = [\"tier\", \"shop\", \"all\"]\n", "")).unwrap();
    assert_eq!(small.groupings, GroupBy::ALL[1..]);
    assert!(small.own_groups.is_empty());
}

#[test]
fn every_fault_is_named_with_its_line() {
    for (from, to, expected) in [
        ("id = \"small\"", "id = \"a b\"", "1: the id `a b` is empty or has characters"),
        ("kind = \"gap\"", "kind = \"gaps\"", "2: `kind` cannot be \"gaps\""),
        ("scale = [1, 7]", "scale = [7, 1]", "3: `scale` must be the lowest and the highest answer"),
        ("scale = [1, 7]", "scale = [1, 4, 7]", "3: `scale` must be the lowest and the highest answer"),
        ("weights = true", "weight = true", "4: unknown key `weight`"),
        ("kind = \"gap\"", "kind = \"plain\"", "4: `weights` is for instruments of kind gap"),
        ("\"shop\"", "\"E1\"", "5: `groups`: the column `E1` is empty or means something else"),
        ("\"again\"", "\"again\", \"again\"", "6: `outcomes`: the column `again`"),
        ("\"again\"", "\"customer_id\"", "6: `outcomes`: the column `customer_id`"),
        ("id = \"y\"", "id = \"x\"", "11: dimension x occurs twice"),
        ("id = \"x\"", "id = \"total\"", "8: `total` stands for all dimensions together"),
        ("dimension = \"y\"", "dimension = \"z\"", "18: item b: there is no dimension `z`"),
        ("dimension = \"y\"", "dimension = \"x\"", "10: dimension y has no item"),
        ("id = \"b\"", "id = \"1\"", "17: item 1 occurs twice"),
        (
            "title = \"Ex\"",
            "role = \"value\"",
            "7: dimension x: `role` and `weight` are for instruments of kind value",
        ),
        (
            "weights = true",
            "money_from_bills = 0.5",
            "4: `money_from_bills` is for instruments of kind value",
        ),
    ] {
        let text = SMALL.replacen(from, to, 1);
        let found = faults(&text);
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn the_weights_of_each_role_sum_to_1_and_every_dimension_has_one() {
    let value = |weight: &str| {
        format!(
            "id = \"v\"\nkind = \"value\"\nscale = [1, 7]\n[[dimension]]\nid = \"money\"\nrole = \"cost\"\nweight = 1\n\
             [[dimension]]\nid = \"x\"\nrole = \"value\"\n{weight}\n[[item]]\nid = 1\ndimension = \"x\"\n\
             [[item]]\nid = 2\ndimension = \"money\"\n"
        )
    };
    assert_eq!(faults(&value("weight = 1")), Vec::<String>::new());
    assert!(faults(&value("weight = 0.9"))[0].contains("role value sum to 0.9, not to 1"));
    assert!(faults(&value(""))[0].starts_with("8: dimension x needs a role and a weight"));
    assert_eq!(Instrument::parse("v", &value("weight = 1")).unwrap().money_from_bills, 0.5);
    let off = value("weight = 1").replace("scale", "money_from_bills = 0\nscale");
    assert_eq!(Instrument::parse("v", &off).unwrap().money_from_bills, 0.0);
}

#[test]
fn the_shipped_instruments_are_as_the_page_says() {
    for (name, text) in INSTRUMENTS {
        let instrument = Instrument::shipped(name).unwrap().unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!((instrument.id.as_str(), instrument.text.as_str()), (name, text));
        assert!(instrument.items.iter().all(|item| !item.text.en.is_empty() && !item.text.zh.is_empty()));
        assert!(!instrument.source.is_empty() && instrument.remark.en.contains("our"), "{name}");
        assert_eq!(instrument.groupings, GroupBy::ALL[1..]);
    }
    assert!(Instrument::shipped("other").is_none());
}

fn reversed(name: &str) -> Vec<String> {
    let instrument = Instrument::shipped(name).unwrap().unwrap();
    assert_eq!((instrument.kind, instrument.lo, instrument.hi), (InstrumentKind::Gap, 1, 7));
    assert_eq!(instrument.dimensions.iter().map(|x| x.items.len()).collect::<Vec<_>>(), [4, 5, 4, 4, 5]);
    instrument.items.iter().filter(|item| item.is_reversed).map(|item| item.id.clone()).collect()
}

#[test]
fn servqual_is_positive_and_that_of_1988_reverses_responsiveness_and_empathy() {
    assert!(reversed("servqual").is_empty());
    assert_eq!(reversed("servqual_1988"), ["10", "11", "12", "13", "18", "19", "20", "21", "22"]);
}

#[test]
fn satisfaction_has_six_factors_and_delivered_value_four_of_each_role() {
    let satisfaction = Instrument::shipped("satisfaction").unwrap().unwrap();
    assert_eq!((satisfaction.dimensions.len(), satisfaction.lo, satisfaction.hi), (6, 1, 5));
    let value = Instrument::shipped("delivered_value").unwrap().unwrap();
    for &role in ValueRole::ALL {
        let of_role = value.dimensions.iter().filter(|dimension| dimension.role == Some((role, 0.25)));
        assert_eq!(of_role.count(), 4, "{role:?}");
    }
    assert_eq!(value.money_from_bills, 0.5);
}
