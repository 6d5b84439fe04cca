use super::*;
use crate::entitlement::service::{Access, Provenance};
use crate::method::Tier;
use crate::word::Word;

fn shipped() -> Catalogue {
    Catalogue::shipped("paper", &[]).unwrap().unwrap_or_else(|faults| panic!("{faults}"))
}

/// A catalogue of three services to plant faults in; their duties are those of the shipped file.
const SMALL: &str = r#"
format = 1
name = "small"
version = "1"
effective_from = 2025-01-01
source = "a test"

[[service]]
id = "base"
dimensions = ["basic"]
title = "Base"
title_zh = "基本"
about = "a"
about_zh = "a"
start = "application"
duty = "basic_service"
unit = "case"
unit_zh = "次"
unit_cost = 1.0
uptake = 1.0
fee = { rule = "free" }
cadence = "on_demand"
[service.cells]
special = { access = "included", provenance = "operator" }
grade-1 = { access = "included", provenance = "operator" }
grade-2 = { access = "included", provenance = "operator" }
grade-3 = { access = "included", provenance = "operator" }

[[service]]
id = "visit"
dimensions = ["assurance"]
title = "Visit"
title_zh = "上门"
about = "a"
about_zh = "a"
start = "application"
unit = "visit"
unit_zh = "次"
unit_cost = 80.0
uptake = 0.5
fee = { rule = "fixed", amount = 100.0 }
cadence = "yearly"
condition = 'supply_level != "residential"'
[service.cells]
special = { access = "included", provenance = "text", phrase = "上门服务" }
grade-1 = { access = "included", provenance = "operator", quota_per_year = 2 }
grade-2 = { access = "paid", provenance = "operator" }
grade-3 = { access = "none", provenance = "operator" }
[[service.opens]]
condition = 'importance_level is not missing'
reason = "importance"
access = "on_application"
source = "a rule"

[[service]]
id = "pack"
dimensions = ["empathy"]
title = "Pack"
title_zh = "套餐"
about = "a"
about_zh = "a"
start = "application"
unit = "pack"
unit_zh = "份"
unit_cost = 0.0
uptake = 0.1
cadence = "yearly"
[service.fee]
rule = "combination"
parts = [
  { id = "report", title = "Report", title_zh = "报告", unit_cost = 50.0 },
  { id = "advice", title = "Advice", title_zh = "指导", unit_cost = 70.0 },
]
combinations = [
  { parts = ["report"], fee = 100.0, share = 0.5 },
  { parts = ["advice"], fee = 200.0, share = 0.3 },
  { parts = ["report", "advice"], fee = 250.0, share = 0.2 },
]
[service.cells]
special = { access = "paid", provenance = "operator", free_parts = ["report"] }
grade-1 = { access = "paid", provenance = "operator" }
grade-2 = { access = "limited", provenance = "operator", note = "report only" }
grade-3 = { access = "none", provenance = "operator" }
"#;

/// The faults of a catalogue, except those about duties, which the small catalogue leaves out.
fn faults(text: &str) -> Vec<String> {
    match Catalogue::parse("c.toml", text, &[]) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            let reported = faults.faults.into_iter();
            reported
                .filter(|fault| !fault.what.en.contains("is not kept for everybody"))
                .map(|fault| format!("{}: {} -> {}", fault.line, fault.what, fault.fix))
                .collect()
        }
    }
}

/// The only fault after `find` is replaced by `put`.
fn planted(find: &str, put: &str) -> String {
    assert!(SMALL.contains(find), "nothing to plant at: {find}");
    let faults = faults(&SMALL.replacen(find, put, 1));
    assert_eq!(faults.len(), 1, "{find} -> {put}: {faults:#?}");
    faults[0].clone()
}

#[test]
fn the_shipped_matrix_has_every_cell_and_no_fault() {
    let catalogue = shipped();
    assert_eq!(catalogue.services.len(), 25);
    assert_eq!(catalogue.services.iter().map(|service| service.cells.len()).sum::<usize>(), 100);
    assert_eq!(catalogue.duties.len(), 5);
    let dimensions: std::collections::BTreeSet<_> =
        catalogue.services.iter().flat_map(|service| &service.dimensions).collect();
    assert_eq!(dimensions.len(), 6, "the five of SERVQUAL, and the basic services");
}

#[test]
fn the_thirteen_cells_that_the_paper_states_carry_its_words() {
    let catalogue = shipped();
    let mut stated = Vec::new();
    for service in &catalogue.services {
        for tier in Tier::ALL {
            let cell = service.cell(tier);
            if cell.provenance == Provenance::Text {
                assert!(!cell.phrase.is_empty());
                stated.push((service.id.as_str(), tier.code(), cell.access));
            } else {
                assert_eq!((cell.provenance, cell.phrase.as_str()), (Provenance::Inferred, ""));
            }
        }
    }
    let both = |id, access| [(id, "special", access), (id, "grade-1", access)];
    let mut expected: Vec<_> = both("S06", Access::Included).into();
    expected.push(("S07", "grade-2", Access::Included));
    expected.extend(both("S09", Access::Included));
    expected.extend(both("S18", Access::Subsidised));
    for id in ["S20", "S21", "S22"] {
        expected.extend(both(id, Access::OnApplication));
    }
    assert_eq!(stated, expected);
    let phrase = |id: &str, tier| &catalogue.services[catalogue.service(id).unwrap()].cell(tier).phrase;
    assert!(phrase("S07", Tier::Grade2).contains("短信通知"));
    assert!(phrase("S18", Tier::Special).contains("老旧台区的特级客户及一级客户"));
    assert!(phrase("S20", Tier::Grade1).contains("后停先送"));
}

#[test]
fn the_small_catalogue_has_no_fault_except_the_duties_it_leaves_out() {
    assert_eq!(faults(SMALL), Vec::<String>::new());
    let reported = Catalogue::parse("c.toml", SMALL, &[]).unwrap_err().to_string();
    for duty in ["outage_notice", "reliability_commitment", "restoration_commitment", "supply_protection"] {
        assert!(reported.contains(&format!("the duty `{duty}`")), "{reported}");
    }
    assert!(!reported.contains("`basic_service`"));
}

#[test]
fn a_unit_cost_has_six_decimals_at_most() {
    let with = |find: &str, put: &str| SMALL.replacen(find, put, 1);
    for (find, cost) in [("unit_cost = 80.0", "0.125"), ("unit_cost = 80.0", "999999999.999999")] {
        assert_eq!(faults(&with(find, &format!("unit_cost = {cost}"))), Vec::<String>::new(), "{cost}");
    }
    for (find, id) in [("unit_cost = 80.0", "visit"), ("unit_cost = 50.0", "pack")] {
        let reported = planted(find, "unit_cost = 0.1234567");
        let what = format!("service {id}: the unit cost 0.1234567 has more than six decimals");
        assert!(reported.contains(&what), "{reported}");
    }
}

#[test]
fn a_missing_or_unknown_cell_is_named() {
    let reported = planted("grade-3 = { access = \"none\", provenance = \"operator\" }\n[[", "[[");
    assert!(reported.contains("service visit has no cell for grade-3"), "{reported}");
    let both = faults(&SMALL.replacen("grade-3 = { access = \"none\"", "grade-4 = { access = \"none\"", 1));
    assert!(
        both.iter().any(|reported| reported.contains("`service.visit.cells.grade-4`") && reported.contains("grade-"))
    );
}

#[test]
fn a_better_tier_that_gets_less_is_named_unless_it_is_marked() {
    let two = "quota_per_year = 2 }";
    let reported = planted(
        "special = { access = \"included\", provenance = \"text\", phrase = \"上门服务\" }",
        "special = { access = \"included\", provenance = \"operator\", quota_per_year = 1 }",
    );
    assert!(
        reported.contains("service visit, cell special: it gets less than grade-1: a lower quota"),
        "{reported}"
    );
    let reported = planted(
        "grade-1 = { access = \"included\", provenance = \"operator\", quota_per_year = 2 }",
        "grade-1 = { access = \"none\", provenance = \"operator\" }",
    );
    assert!(reported.contains("none against paid"), "{reported}");
    let reported = planted(
        "special = { access = \"paid\", provenance = \"operator\", free_parts = [\"report\"] }\ngrade-1 = { access = \"paid\", provenance = \"operator\" }",
        "special = { access = \"paid\", provenance = \"operator\" }\ngrade-1 = { access = \"paid\", provenance = \"operator\", free_parts = [\"report\"] }",
    );
    assert!(reported.contains("a higher fee"), "{reported}");
    let marked = SMALL.replacen(two, "quota_per_year = 2, condition = 'region = \"a\"' }", 1);
    let reported = faults(&marked);
    assert!(
        reported[0].contains("a condition that the worse tier does not have"),
        "outside of it they get nothing: {reported:#?}"
    );
    let marked = SMALL.replacen(
        "special = { access = \"included\", provenance = \"text\", phrase = \"上门服务\" }",
        "special = { access = \"limited\", provenance = \"operator\", cadence = \"yearly\", less = \"has its officer\" }",
        1,
    );
    assert_eq!(faults(&marked), Vec::<String>::new());
    let reported = planted(two, "less = \"no\", quota_per_year = 2 }");
    assert!(reported.contains("`less` is given, but it does not get less than a worse tier"), "{reported}");
}

#[test]
fn unreachable_and_duplicate_services_are_named() {
    let head = SMALL.find("[[service]]\nid = \"pack\"").unwrap();
    let none = "{ access = \"none\", provenance = \"operator\" }";
    let cells =
        format!("[service.cells]\nspecial = {none}\ngrade-1 = {none}\ngrade-2 = {none}\ngrade-3 = {none}\n");
    let base = &SMALL[SMALL.find("[[service]]").unwrap()..SMALL.find("[service.cells]").unwrap()];
    let orphan = base.replace("\"base\"", "\"lost\"").replace("duty = \"basic_service\"\n", "") + &cells;
    let reported = faults(&format!("{}{orphan}{}", &SMALL[..head], &SMALL[head..]));
    assert_eq!(reported.len(), 1, "{reported:#?}");
    assert!(reported[0].contains("service lost is an orphan"), "{reported:#?}");
    assert!(planted("id = \"pack\"", "id = \"visit\"").contains("service visit occurs twice"));
}

#[test]
fn conditions_are_checked_against_the_contract() {
    let condition = "supply_level != \"residential\"";
    let reported = planted(condition, "supply_levl != \"residential\"");
    assert!(
        reported.contains("service visit: `supply_levl`") && reported.contains("did you mean `supply_level`")
    );
    let reported = planted(condition, "supply_level != \"resident\"");
    assert!(reported.contains("never \"resident\"") && reported.contains("did you mean `residential`"));
    let reported = planted(condition, "supply_level = \"residential\" and supply_level = \"high_voltage\"");
    assert!(reported.contains("can never hold"), "{reported}");
    let own = SMALL.replacen(condition, "peak_share > 0.5", 1);
    assert!(faults(&own)[0].contains("`peak_share`"));
    let reported = Catalogue::parse("c.toml", &own, &["peak_share"]).unwrap_err();
    assert!(!reported.to_string().contains("peak_share"), "a method's own indicator may be named");
}

#[test]
fn access_price_and_terms_must_agree() {
    for (find, put, says) in [
        ("fee = { rule = \"fixed\", amount = 100.0 }", "fee = { rule = \"fixed\" }", "needs `amount`"),
        ("fee = { rule = \"free\" }", "fee = { rule = \"free\", amount = 5.0 }", "has no `amount`"),
        (
            "fee = { rule = \"fixed\", amount = 100.0 }",
            "fee = { rule = \"free\" }",
            "paid, but the fee rule is free",
        ),
        ("grade-2 = { access = \"paid\"", "grade-2 = { fee = 0.0, access = \"paid\"", "the fee is 0"),
        ("quota_per_year = 2 }", "fee = 5.0, quota_per_year = 2 }", "included, but it has a fee"),
        ("quota_per_year = 2 }", "subsidy_share = 0.5 }", "has a `subsidy_share`"),
        (
            "grade-2 = { access = \"paid\"",
            "grade-2 = { subsidy_share = 0.5, access = \"subsidised\"",
            "subsidised, but the fee rule is fixed",
        ),
        (", note = \"report only\" }", " }", "no limit is stated"),
        (
            "fee = { rule = \"fixed\", amount = 100.0 }\ncadence = \"yearly\"\n",
            "fee = { rule = \"fixed\", amount = 100.0 }\ncadence = \"weekly\"\n",
            "cannot be \"weekly\"",
        ),
        (
            "provenance = \"text\", phrase = \"上门服务\"",
            "provenance = \"text\"",
            "the paper's phrase is missing",
        ),
        ("provenance = \"text\", phrase", "provenance = \"operator\", phrase", "a phrase of the paper, but"),
        (
            "grade-3 = { access = \"none\", provenance = \"operator\" }\n[[",
            "grade-3 = { access = \"none\", provenance = \"operator\", quota_per_year = 3 }\n[[",
            "has terms, but the tier does not get the service",
        ),
        ("free_parts = [\"report\"]", "free_parts = [\"raport\"]", "no part `raport`"),
        ("uptake = 0.5\n", "uptake = 0.5\nprogramme_units = 3\n", "either `uptake` or `programme_units`"),
        ("access = \"on_application\"", "access = \"none\"", "it opens nothing"),
        (
            "effective_from = 2025-01-01",
            "effective_from = 2025-01-01\neffective_to = 2024-01-01",
            "lies before",
        ),
        ("title = \"Visit\"", "title = \" \"", "is empty"),
        ("duty = \"basic_service\"", "duty = \"basic_servise\"", "did you mean `basic_service`"),
    ] {
        assert!(SMALL.contains(find), "nothing to plant at: {find}");
        let reported = faults(&SMALL.replacen(find, put, 1));
        assert!(reported.iter().any(|reported| reported.contains(says)), "{says}: {reported:#?}");
    }
}

#[test]
fn combinations_have_one_coherent_price_each() {
    let both = "  { parts = [\"report\", \"advice\"], fee = 250.0, share = 0.2 },\n";
    let missing = faults(&SMALL.replacen(both, "", 1));
    assert!(missing[0].contains("the combination report + advice has no price"), "{missing:#?}");
    assert_eq!(missing.len(), 1, "what follows from it is not reported: {missing:#?}");
    let shares = planted("share = 0.2", "share = 0.1");
    assert!(shares.contains("sum to 0.9, not 1"), "{shares}");
    let costs = |fee: &str| faults(&SMALL.replacen("fee = 250.0", &format!("fee = {fee}"), 1)).join("\n");
    assert!(costs("301.0").contains("costs more than its parts one by one"));
    assert!(costs("150.0").contains("costs less than advice"));
    let two = faults(&SMALL.replacen(both, &format!("{both}{both}"), 1));
    assert!(two[0].contains("has two prices"), "{two:#?}");
}

#[test]
fn a_basic_duty_is_neither_withdrawn_nor_priced_by_tier() {
    let cell = "grade-3 = { access = \"included\", provenance = \"operator\" }";
    for (put, says) in [
        ("grade-3 = { access = \"none\", provenance = \"operator\" }", "is withdrawn"),
        (
            "grade-3 = { access = \"limited\", provenance = \"operator\", note = \"a little\" }",
            "is withdrawn",
        ),
        ("grade-3 = { access = \"included\", provenance = \"operator\", quota_per_year = 1 }", "has a quota"),
        (
            "grade-3 = { access = \"included\", provenance = \"operator\", condition = 'aged_transformer_area' }",
            "condition by tier",
        ),
    ] {
        let reported = planted(cell, put);
        assert!(reported.contains("service base, cell grade-3") && reported.contains(says), "{reported}");
        assert!(reported.contains("供电营业规则"), "the rule is named: {reported}");
    }
    let paid = SMALL.replacen(cell, "grade-3 = { access = \"paid\", provenance = \"operator\" }", 1);
    let paid = paid.replacen("fee = { rule = \"free\" }", "fee = { rule = \"fixed\", amount = 5.0 }", 1);
    assert!(faults(&paid).iter().any(|reported| reported.contains("priced by tier")));
    let narrowed = SMALL.replacen(
        "cadence = \"on_demand\"",
        "cadence = \"on_demand\"\ncondition = 'aged_transformer_area'",
        1,
    );
    let reported = Catalogue::parse("c.toml", &narrowed, &[]).unwrap_err().to_string();
    assert!(reported.contains("the duty `basic_service`"), "{reported}");
}

#[test]
fn a_protection_must_be_open_to_all_to_whom_it_is_owed() {
    let text = CATALOGUES[0].1;
    let all = r#"importance_level in ("imp_special", "imp_first", "imp_second", "imp_temporary")"#;
    let some = r#"importance_level in ("imp_special", "imp_first")"#;
    let reported = Catalogue::parse("c.toml", &text.replace(all, some), &[]).unwrap_err().to_string();
    assert!(reported.contains("the duty `supply_protection`"), "{reported}");
}

#[test]
fn a_protection_has_no_fee_or_limit_and_a_basic_service_no_capacity() {
    let text = CATALOGUES[0].1;
    let planted = |id: &str, find: &str, put: &str| {
        let at = text.find(&format!("id = \"{id}\"")).unwrap();
        let spoilt = format!("{}{}", &text[..at], text[at..].replacen(find, put, 1));
        Catalogue::parse("c.toml", &spoilt, &[]).unwrap_err().to_string()
    };
    let open = "access = \"on_application\"\nsource";
    for put in ["access = \"paid\"\nsource", "access = \"on_application\"\nquota_per_year = 1\nsource"] {
        let reported = planted("S21", open, put);
        assert!(reported.contains("service S21, opening 1: a protection has a fee or a limit"), "{reported}");
    }
    let reported = planted("S00", "cadence =", "capacity = { units = 1, per = \"year\" }\ncadence =");
    assert!(reported.contains("service S00: a regulated service cannot be used up"), "{reported}");
    let reported = planted("S00", "grade-3 = { ", "grade-3 = { uptake = 0.0, ");
    assert!(reported.contains("an uptake by tier"), "{reported}");
}

#[test]
fn all_pairs_of_tiers_are_compared_including_their_conditions() {
    // special -> grade-2 is no pair of neighbours.
    let limited = |less: &str| {
        format!("{{ access = \"limited\", provenance = \"operator\", cadence = \"yearly\"{less} }}")
    };
    let text = SMALL
        .replacen(
            "special = { access = \"included\", provenance = \"text\", phrase = \"上门服务\" }",
            &format!("special = {}", limited("")),
            1,
        )
        .replacen(
            "grade-1 = { access = \"included\", provenance = \"operator\", quota_per_year = 2 }",
            &format!("grade-1 = {}", limited(", less = \"so\"")),
            1,
        );
    let reported = faults(&text);
    assert_eq!(reported.len(), 1, "{reported:#?}");
    assert!(reported[0].contains("cell special: it gets less than grade-2"), "{reported:#?}");
    let reported = faults(&text.replace("less = \"so\"", "less = \" \""));
    assert!(
        reported.iter().any(|reported| reported.contains("cell grade-1: `less` is empty")),
        "{reported:#?}"
    );
    let with = |special: &str, first: &str| {
        let cell = |condition: &str| {
            format!("{{ access = \"included\", provenance = \"operator\", condition = '{condition}' }}")
        };
        let text = SMALL.replacen(
            "special = { access = \"included\", provenance = \"text\", phrase = \"上门服务\" }",
            &format!("special = {}", cell(special)),
            1,
        );
        let text = text.replacen(
            "grade-1 = { access = \"included\", provenance = \"operator\", quota_per_year = 2 }",
            &format!("grade-1 = {}", cell(first)),
            1,
        );
        faults(&text.replacen("grade-2 = { access = \"paid\"", "grade-2 = { access = \"none\"", 1).replacen(
            "fee = { rule = \"fixed\", amount = 100.0 }",
            "fee = { rule = \"free\" }",
            1,
        ))
    };
    assert_eq!(with("aged_transformer_area or provisional", "aged_transformer_area"), Vec::<String>::new());
    assert_eq!(
        with("aged_transformer_area  and provisional", "provisional and aged_transformer_area"),
        Vec::<String>::new()
    );
    assert_eq!(with("aged_transformer_area", "aged_transformer_area or provisional").len(), 1);
    // With the service's own condition nothing is left.
    let reported = with("supply_level = \"residential\"", "supply_level = \"residential\"");
    assert!(reported[0].contains("can never hold together with"), "{reported:#?}");
}

#[test]
fn prices_follow_the_parts_chosen() {
    let catalogue = shipped();
    let service = &catalogue.services[catalogue.service("S17").unwrap()];
    let price = |tier: Tier, parts: u32| service.price_fen(&service.cell(tier).terms, parts);
    // The report is free for special customers, alone and in every combination.
    assert_eq!(price(Tier::Special, 0b001), Some(0));
    assert_eq!(price(Tier::Special, 0b011), price(Tier::Grade1, 0b010));
    assert!(price(Tier::Grade1, 0b011) > price(Tier::Special, 0b011));
    assert_eq!(price(Tier::Grade1, 0), None);
}
