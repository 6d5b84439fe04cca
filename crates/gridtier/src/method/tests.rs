//! Methods are refused whole, with all faults, before any data is read.

use super::*;
use crate::meter::ReadingDetail;

fn paper() -> String {
    PRESETS[0].1.to_owned()
}

fn faults(text: &str) -> String {
    Method::parse("m.toml", text).map_or_else(|faults| faults.to_string(), |_| String::new())
}

/// The faults of the preset with one piece of text replaced.
fn faults_with(from: &str, to: &str) -> String {
    let text = paper();
    assert!(text.contains(from), "{from}");
    faults(&text.replacen(from, to, 1))
}

#[test]
fn the_presets_are_methods() {
    for (name, _) in PRESETS {
        let method = Method::preset(name).unwrap().unwrap();
        assert_eq!(method.name, name);
        let sum: f64 =
            method.indicators.iter().filter_map(|spec| spec.weight).map(|weight| weight.nominal()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(method.lines.boundaries("all"), [10, 40, 90]);
    }
    assert!(Method::preset("Paper").is_none());
}

#[test]
fn the_commented_keys_of_the_presets_are_sound() {
    let keys = ["grading_unit", "[tiers.lines]", "special =", "grade-1 =", "[supply_cost]"];
    let costs = ["high_voltage =", "low_voltage =", "residential ="];
    for (_, text) in PRESETS {
        let text = keys.iter().chain(&costs).fold((*text).to_owned(), |text, key| {
            let commented = format!("\n# {key}");
            assert!(text.contains(&commented), "{key}");
            text.replace(&commented, &format!("\n{key}"))
        });
        let method = Method::parse("m.toml", &text).unwrap();
        assert_eq!(
            (method.grading_unit, method.supply_costs.by_level),
            (GradingUnit::Holder, [0.5, 0.55, 0.6])
        );
    }
}

#[test]
fn nominal_weights_are_the_products_of_three_levels() {
    let method = Method::preset("paper").unwrap().unwrap();
    let weight = |id: &str| {
        let spec = method.indicators.iter().find(|spec| spec.id == id).unwrap();
        spec.weight.unwrap().nominal()
    };
    assert!((weight("annual_energy") - 0.5396 * 0.55 * 0.40).abs() < 1e-15);
    assert!((weight("overdue_days") - 0.2970 * 0.35 * 0.4).abs() < 1e-15);
}

fn faults_of(changes: &[(&str, &str)]) -> String {
    let text = changes.iter().fold(PRESETS[1].1.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Method::parse("m.toml", &text).unwrap_err().to_string()
}

#[test]
fn quotas_of_strata_and_floors_and_plausibility_are_checked() {
    let reported = faults_of(&[(
        "[weights]\n",
        "[tiers.quotas_by_stratum]\nhigh_votage = [10, 30, 50, 10]\n[weights]\n",
    )]);
    assert!(
        reported.contains("not a stratum of strata = \"supply_level\"")
            && reported.contains("`high_voltage`"),
        "{reported}"
    );
    let reported =
        faults_of(&[("[weights]\n", "[tiers.quotas_by_stratum]\nother = [10, 30, 50, 11]\n[weights]\n")]);
    assert!(
        reported.contains("`tiers.quotas_by_stratum.other` must be four whole percentages"),
        "{reported}"
    );
    let reported = faults_of(&[("[weights]\n", "[tiers.lines]\nspecial = 60\ngrade-2 = 70\n[weights]\n")]);
    assert!(reported.contains("asks for more points for a worse tier"), "{reported}");
    let reported = faults_of(&[("[weights]\n", "[tiers.lines]\ngrade-3 = 70\n[weights]\n")]);
    assert!(reported.contains("unknown key `tiers.lines.grade-3`"), "{reported}");
    let reported = faults_of(&[("unit_suspect = 0.01", "unit_suspect = true")]);
    assert!(reported.contains("gives no limit"), "{reported}");
    let reported = faults_of(&[("implausible_price = [0.05, 5]", "implausible_price = [5]")]);
    assert!(reported.contains("two ascending prices"), "{reported}");
    let reported = faults_of(&[("min_delivered_weight", "min_deliverd_weight")]);
    assert!(reported.contains("did you mean `min_delivered_weight`"), "{reported}");
}

#[test]
fn limits_that_a_method_does_not_name_are_those_of_the_presets() {
    let whole = Method::preset("utility").unwrap().unwrap();
    let start = PRESETS[1].1.find("# What suggests a wrong unit").unwrap();
    let text =
        PRESETS[1].1[..start].replace("min_delivered_weight = 0.5", "").replace("reweight_limit = 2", "");
    let short = Method::parse("m.toml", &text).unwrap();
    assert_eq!(short.plausibility, whole.plausibility);
    assert_eq!(short.min_delivered_weight, whole.min_delivered_weight);
    assert_eq!(short.reweight_limit, whole.reweight_limit);
}

#[test]
fn all_faults_come_at_once_with_their_lines() {
    let text = paper()
        .replace("min_known_weight", "min_known_wieght")
        .replace("cooperation = 0.1634", "cooperation = 0.2634")
        .replace("[10, 30, 50, 10]", "[10, 30, 50, 20]");
    let text = text.replace("ties = \"break\"", "ties = \"brake\"").replace("window_months = 36\n", "");
    let reported = faults(&text);
    assert!(reported.contains("did you mean `min_known_weight`?"), "{reported}");
    assert!(reported.contains("did you mean `break`?"), "{reported}");
    assert!(reported.contains("`window_months` is missing"), "{reported}");
    assert!(reported.contains("the weights of `weights` sum to 1.1"), "{reported}");
    assert!(reported.contains("four whole percentages"), "{reported}");
    // The misspelt key is unknown and the right key is missing; each other fault is reported once.
    assert_eq!(reported.matches("m.toml:").count(), 6, "{reported}");
}

#[test]
fn unknown_names_are_reported_with_the_nearest_known_one() {
    assert!(
        faults_with("annual_energy = 0.40", "anual_energy = 0.40").contains("did you mean `annual_energy`?")
    );
    assert!(faults_with("potential = 0.20", "potentials = 0.20").contains("did you mean `potential`?"));
    assert!(
        faults_with("[weights.groups.compliance]", "[weights.groups.complianse]").contains("`compliance`")
    );
    assert!(faults_with("ties = \"break\"", "ties = \"brake\"").contains("did you mean `break`?"));
}

#[test]
fn a_normalisation_must_be_complete_and_have_no_key_without_effect() {
    let energy =
        "annual_energy = { normalise = \"min_max\", transform = \"log1p\", quantiles = [0.01, 0.99] }";
    let with = |to: &str| faults_with(energy, &format!("annual_energy = {to}"));
    assert!(with("{ normalise = \"min_max\" }").contains("either two ascending quantiles"));
    assert!(with("{ normalise = \"min_max\", goalposts = [1, 1] }").contains("ascending goalposts"));
    assert!(with("{ normalise = \"percentile\", knots = [[0, 1]] }").contains("has no effect"));
    assert!(with("{ normalise = \"points\", knots = [[0, 100], [0, 1]] }").contains("values ascending"));
    assert!(with("{ normalise = \"target\", target = 1 }").contains("tolerance"));
    assert_eq!(with("{ normalise = \"target\", target = 1, tolerance = 2.5 }"), "");
    assert!(faults_with(energy, "").contains("has a weight and no normalisation"));
}

#[test]
fn own_indicators_are_checked_with_the_method() {
    let own = |line: &str| {
        let text = paper()
            .replace("average_price = 0.20", "average_price = 0.10\nreactive_share = 0.10")
            .replace("[limits]", &format!("[indicators.reactive_share]\n{line}\n[limits]"));
        faults(&text)
    };
    let good = "normalise = \"percentile\"\nexpr = \"reactive_varh / active_wh\"\nunit = \"share\"\ndirection = \"-\"";
    assert_eq!(own(good), "");
    let reported = own(&good.replace("active_wh\"", "activ_wh\""));
    assert!(reported.contains("did you mean `active_wh`?"), "{reported}");
    assert_eq!(reported.matches("m.toml:").count(), 1, "a fault brings no others with it: {reported}");
    assert!(own(&good.replace("unit", "# unit")).contains("lacks `unit` or `direction`"));
    for taken in ["customer_id", "overdue_days_status", "draw", "rounding", "Share"] {
        let text = paper()
            .replace("average_price = 0.20", &format!("average_price = 0.10\n{taken} = 0.10"))
            .replace("[limits]", &format!("[indicators.{taken}]\n{good}\n[limits]"));
        let reported = faults(&text);
        assert!(reported.contains(&format!("`{taken}` cannot be a column's name")), "{reported}");
    }
    assert!(
        faults_with("[limits]", &format!("[indicators.idle]\n{good}\n[limits]")).contains("has no weight")
    );
}

#[test]
fn parts_by_time_of_use_are_read_only_for_a_method_that_uses_them() {
    let own = |expr: &str| {
        let entry = "normalise = \"percentile\"\nunit = \"share\"\ndirection = \"+\"";
        let text = paper()
            .replace("average_price = 0.20", "average_price = 0.10\nown_share = 0.10")
            .replace("[limits]", &format!("[indicators.own_share]\n{entry}\nexpr = \"{expr}\"\n[limits]"));
        Method::parse("m.toml", &text).unwrap().reading_detail()
    };
    assert_eq!(Method::parse("m.toml", &paper()).unwrap().reading_detail(), ReadingDetail::Energy);
    assert_eq!(own("covered_wh / active_wh"), ReadingDetail::Energy);
    assert_eq!(own("demand_wh / demand_hours_wh"), ReadingDetail::TimeOfUse);
}

const AHP: &str = "[[weights.ahp.experts]]\nname = \"first\"\nmatrix = [[1, 2, 3], [\"1/2\", 1, 2], [\"1/3\", \"1/2\", 1]]\n";

fn with_ahp(experts: &str) -> String {
    paper().replace(
        "[weights]\ncontribution = 0.5396\ncompliance = 0.2970\ncooperation = 0.1634\n",
        &format!("[weights.ahp]\nitems = [\"contribution\", \"compliance\", \"cooperation\"]\n{experts}"),
    )
}

#[test]
fn weights_may_come_from_pairwise_judgements() {
    let method = Method::parse("m.toml", &with_ahp(AHP)).unwrap();
    assert_eq!(method.judgements.len(), 1);
    let weight = method.indicators[0].weight.unwrap().of_dimension;
    assert!((weight - 0.5396).abs() < 5e-5, "{weight}");
}

#[test]
fn an_inconsistent_judgement_is_refused_with_its_worst_pair() {
    let inconsistent = AHP.replace("[1, 2, 3]", "[1, 2, \"1/9\"]").replace("[\"1/3\"", "[9");
    let reported = faults(&with_ahp(&inconsistent));
    assert!(reported.contains("consistency ratio") && reported.contains("worst fits"), "{reported}");
    assert!(faults(&with_ahp(&AHP.replace("\"1/2\", 1, 2", "2, 1, 2"))).contains("mirror"));
}

#[test]
fn overrides_name_the_approver_the_reason_and_the_last_day() {
    let entry = "[[override]]\ncustomer_id = \"7\"\nkind = \"floor\"\ntier = \"grade-1\"\napprover = \"Li\"\nreason = \"contract\"\nexpires = 2027-01-01\n";
    let with = |entry: &str| faults_with("[limits]", &format!("{entry}[limits]"));
    assert_eq!(with(entry), "");
    assert!(with(&entry.replace("expires = 2027-01-01\n", "")).contains("`override.expires` is missing"));
    assert!(
        with(&entry.replace("\"Li\"", "\" \"")).contains("lacks its customer, its approver or its reason")
    );
    assert!(with(&format!("{entry}{entry}")).contains("two overrides"));
}

#[test]
fn points_are_fitted_over_all_ranked_customers_unless_the_method_says_within_the_stratum() {
    let with = |line: &str| PRESETS[1].1.replace("min_stratum = 30", &format!("{line}\nmin_stratum = 30"));
    let within = |line: &str| Method::parse("m.toml", &with(line)).unwrap().normalise_within;
    assert_eq!(within(""), NormaliseWithin::Population);
    assert_eq!(within("normalise_within = \"population\""), NormaliseWithin::Population);
    assert_eq!(within("normalise_within = \"stratum\""), NormaliseWithin::Stratum);
    let reported = Method::parse("m.toml", &with("normalise_within = \"strata\"")).unwrap_err().to_string();
    assert!(reported.contains("`normalise_within`"), "{reported}");
}

#[test]
fn a_method_has_the_further_indicators_that_it_names() {
    let text = PRESETS[0].1.replace("average_price = 0.20\n", "average_price = 0.10\nprofit = 0.10\n");
    let text = text.replace("[indicators]\n", "[indicators]\nprofit = { normalise = \"percentile\" }\n");
    let reported = Method::parse("m.toml", &text).unwrap_err().to_string();
    assert!(reported.contains("`profit` needs `supply_cost`"), "{reported}");
    let costs = "[supply_cost]\nhigh_voltage = 0.5\nlow_voltage = 0.55\nresidential = 0.6\n\n[limits]\n";
    let method = Method::parse("m.toml", &text.replace("[limits]\n", costs)).unwrap();
    assert_eq!(method.supply_costs.by_level, [0.5, 0.55, 0.6]);
    assert_eq!(method.indicators[16].id, "profit");
    assert_eq!(Method::preset("paper").unwrap().unwrap().indicators.len(), 16);
    let reported =
        faults_of(&[("[indicators]\n", "[indicators]\nvaley_share = { normalise = \"percentile\" }\n")]);
    assert!(reported.contains("did you mean `valley_share`"), "{reported}");
}

/// The preset with other rules of governance.
fn governed_by(rules: &str) -> String {
    let start = PRESETS[0].1.find("# Who decides that a cycle is published").unwrap();
    format!("{}{rules}", &PRESETS[0].1[..start])
}

#[test]
fn rules_of_governance_that_a_method_does_not_name_are_those_of_the_presets() {
    let whole = Method::preset("paper").unwrap().unwrap();
    let short = Method::parse("m.toml", &governed_by("")).unwrap();
    assert_eq!(short.governance, whole.governance);
    assert_eq!((short.appeal, short.improvement), (whole.appeal, whole.improvement));
    assert_eq!(short.triggers, whole.triggers);
    assert_eq!(short.triggers, Trigger::shipped());
    let changed = whole.governance.limit(Gate::Changed);
    assert_eq!((changed.warn, changed.fail), (Some(0.30), Some(0.45)));
    assert_eq!(whole.governance.limit(Gate::CsiMax).fail, None);
    assert_eq!(whole.governance.limit(Gate::Breaches).fail, Some(0.0));
}

#[test]
fn a_gate_has_the_limits_that_are_written_and_no_others() {
    let text =
        governed_by("[governance]\napproval = \"required\"\n[governance.gates]\nchanged = { warn = 0.1 }\n");
    let method = Method::parse("m.toml", &text).unwrap();
    assert_eq!(method.governance.approval, Approval::Required);
    let changed = method.governance.limit(Gate::Changed);
    assert_eq!((changed.warn, changed.fail), (Some(0.1), None));
    assert_eq!(method.governance.limit(Gate::Absent).fail, Some(0.02));
}

#[test]
fn a_method_can_switch_all_triggers_off_or_name_its_own() {
    // A key of the whole file must come before the first table.
    let none = governed_by("").replacen("[weights]", "trigger = []\n[weights]", 1);
    assert_eq!(Method::parse("m.toml", &none).unwrap().triggers, []);
    let own = "[[trigger]]\nname = \"late\"\nkind = \"arrears\"\naction = \"review\"\n";
    let method = Method::parse("m.toml", &governed_by(own)).unwrap();
    let condition = TriggerCondition::Arrears { months: 3 };
    assert_eq!(method.triggers, [Trigger { name: "late".into(), action: TriggerAction::Review, condition }]);
}

#[test]
fn faults_of_governance_are_reported() {
    let reported = |rules: &str| faults(&governed_by(rules));
    let crossed = reported("[governance.gates]\nabsent = { warn = 0.2, fail = 0.1 }\n");
    assert!(crossed.contains("`governance.gates.absent` fails before it warns"), "{crossed}");
    let unknown = reported("[governance.gates]\nabsnt = { warn = 0.2 }\n");
    assert!(unknown.contains("did you mean `absent`"), "{unknown}");
    assert!(reported("[governance]\napprovers = [\"李\", \" \"]\n").contains("an approver has no name"));
    assert!(reported("[appeal]\nquota = \"displacment\"\n").contains("did you mean `displacement`"));
    let trigger = "[[trigger]]\nname = \"a\"\nkind = \"closed\"\naction = \"close\"\n";
    assert!(reported(&format!("{trigger}{trigger}")).contains("has the name of another"));
    let idle = reported(&format!("{trigger}months = 3\n"));
    assert!(idle.contains("`months` has no effect in a trigger of kind `closed`"), "{idle}");
    assert!(reported("[improvement]\nmonths = 0\n").contains("`improvement.months`"));
}
