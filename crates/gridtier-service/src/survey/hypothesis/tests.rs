use super::*;
use crate::fixture::base;
use crate::survey::fixture::{evaluated, instrument, responses};

fn assert_near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value:e} is not {expected:e}");
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// The counts of insects of R's `InsectSprays`.
fn sprays() -> Vec<Vec<f64>> {
    [
        "10 7 20 14 14 12 10 23 17 20 14 13",
        "11 17 21 11 16 14 17 17 19 21 7 13",
        "0 1 7 2 3 1 2 1 3 0 1 4",
        "3 5 12 6 4 3 5 5 5 5 2 4",
        "3 5 3 5 3 6 1 1 3 2 6 4",
        "11 9 15 22 15 16 13 10 26 26 24 13",
    ]
    .map(numbers)
    .to_vec()
}

#[test]
fn vector_18_holm_of_three_tests() {
    let adjusted = holm(&[0.01, 0.04, 0.03]);
    for (p, expected) in adjusted.iter().zip([0.03, 0.06, 0.06]) {
        assert_near(*p, expected);
    }
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert_eq!((holm(&[]), holm(&[0.2])), (vec![], vec![0.2]));
}

#[test]
fn vector_20_kruskal_wallis_of_insect_sprays() {
    let result = kruskal_wallis(&sprays()).unwrap();
    assert_near(result.statistic.unwrap(), 54.691_344_622_371_446);
    assert_near(result.p, 1.510_844_439_418_511e-10);
    assert_eq!((result.n, result.df1), (72, Some(5.0)));
}

#[test]
fn vector_21_welch_of_insect_sprays() {
    let result = welch(&sprays()).unwrap();
    assert_near(result.statistic.unwrap(), 36.065_443_893_577_24);
    assert_near(result.df2.unwrap(), 30.042_560_508_767_38);
    assert_near(result.p, 7.999_379_455_673_393e-12);
}

#[test]
fn vector_22_classical_f_of_insect_sprays() {
    let result = anova(&sprays()).unwrap();
    assert_near(result.statistic.unwrap(), 34.702_282_055_491_715);
    assert_near(result.p, 3.182_583_726_145_106e-17);
    assert_eq!((result.df1, result.df2), (Some(5.0), Some(66.0)));
}

#[test]
fn vector_23_welch_of_two_groups_is_the_square_of_t() {
    let sleep = ["0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0", "1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4"];
    let result = welch(&sleep.map(numbers)).unwrap();
    assert_near(result.statistic.unwrap(), 3.462_626_760_780_444);
    assert_near(result.df2.unwrap(), 17.776_473_516_178_495);
    assert_near(result.p, 0.079_394_140_187_358_16);
}

fn three_groups() -> Vec<Vec<f64>> {
    let range = |from: i32, to: i32| (from..=to).map(f64::from);
    vec![
        range(1, 9).chain(range(46, 53)).chain([342.0]).collect(),
        range(10, 18).chain([37.0]).chain(range(58, 64)).chain([193.0]).collect(),
        range(19, 28).chain(range(65, 72)).collect(),
    ]
}

#[test]
fn vector_24_kruskal_wallis_of_three_groups_of_18() {
    let result = kruskal_wallis(&three_groups()).unwrap();
    assert_near(result.statistic.unwrap(), 7.355_331_088_664_428);
    assert_near(result.p, 0.025_281_925_533_914_177);
    assert_near(result.effect.unwrap(), 0.138_779_831_861_592_98);
}

#[test]
fn vector_25_dunn_of_three_groups_of_18() {
    let pairs = dunn(&three_groups());
    let expected =
        [(0, 1, -1.356_036, 0.350_175_6), (0, 2, -2.712_071, 0.020_059_26), (1, 2, -1.356_036, 0.350_175_6)];
    assert_eq!(pairs.len(), 3);
    for ((a, b, result), (expected_a, expected_b, z, p)) in pairs.into_iter().zip(expected) {
        assert_eq!((a, b, result.n), (expected_a, expected_b, 36));
        assert!(
            (result.z.unwrap() - z).abs() < 5e-7 && (result.p_adjusted.unwrap() - p).abs() < 5e-8,
            "{result:?}"
        );
    }
}

#[test]
fn ties_between_groups_are_corrected() {
    let groups = ["1 2 2 3 4", "2 3 3 4 5 5", "4 5 5 5 7"].map(numbers).to_vec();
    let result = kruskal_wallis(&groups).unwrap();
    assert_near(result.statistic.unwrap(), 8.179_012_345_679_023);
    assert_near(result.p, 0.016_747_501_888_152_44);
    let z = [-1.397_649_140_553_446_1, -2.857_738_033_247_041, -1.587_160_888_425_099_8];
    for ((.., result), z) in dunn(&groups).into_iter().zip(z) {
        assert_near(result.z.unwrap(), z);
    }
}

#[test]
fn vector_26_wilcoxon_of_darwins_plants() {
    let result = wilcoxon(&numbers("6 8 14 16 23 24 28 29 41 -48 49 56 60 -67 75")).unwrap();
    assert_eq!((result.n, result.statistic), (15, Some(96.0)));
    assert!((result.z.unwrap() - 2.044_663).abs() < 5e-7);
    assert_near(result.p, 0.040_888_132_911_855_91);
    assert_near(result.effect.unwrap(), 0.6);
}

#[test]
fn wilcoxon_leaves_zeros_out_and_corrects_ties() {
    let result = wilcoxon(&numbers("-1 -1 0 2 -3 -2 -1 1 0 -2 -2 -4")).unwrap();
    assert_eq!((result.n, result.statistic), (10, Some(9.0)));
    assert_near(result.p, 0.056_046_773_007_705_43);
    let nearly_zero = wilcoxon(&[1e-12, -1.0]).unwrap();
    assert_eq!((nearly_zero.n, nearly_zero.statistic, nearly_zero.effect), (1, Some(0.0), Some(-1.0)));
}

#[test]
fn vector_28_pearson_and_spearman_of_nine_pairs() {
    let x = numbers("44.4 45.9 41.9 53.3 44.7 44.1 50.7 45.2 60.1");
    let y = numbers("2.6 3.1 2.5 5.0 3.6 4.0 5.2 2.8 3.8");
    let (r, rho) = (pearson(&x, &y).unwrap(), spearman(&x, &y).unwrap());
    assert_near(r.statistic.unwrap(), 0.571_181_557_563_828_8);
    assert_near(r.p, 0.108_173_054_349_493_81);
    assert_near(rho.statistic.unwrap(), 0.6);
    assert_near(rho.p, 0.087_622_829_041_402_49);
    assert_eq!((r.n, r.df1), (9, Some(7.0)));
}

#[test]
fn a_perfect_correlation_leaves_no_probability() {
    let x = numbers("1 2 3");
    assert_eq!(spearman(&x, &numbers("5 7 90")).unwrap().p, 0.0);
    assert_eq!(spearman(&x, &numbers("9 7 2")).unwrap().statistic, Some(-1.0));
}

#[test]
fn without_variation_there_is_no_test() {
    let same = vec![vec![2.0; 5], vec![2.0; 6]];
    assert_eq!((kruskal_wallis(&same), welch(&same), anova(&same)), (None, None, None));
    assert!(dunn(&same).is_empty());
    let one_varies = vec![vec![2.0; 5], numbers("1 2 3 4 5")];
    assert!(kruskal_wallis(&one_varies).is_some() && anova(&one_varies).is_some());
    assert_eq!(welch(&one_varies), None, "the group without variation would weigh infinitely");
    let apart = vec![vec![1.0; 5], vec![2.0; 5]];
    assert!(kruskal_wallis(&apart).is_some() && anova(&apart).is_none());
    assert_eq!((wilcoxon(&[0.0, -0.0, 1e-12]), wilcoxon(&[])), (None, None));
    let x = numbers("1 2 3");
    assert_eq!(
        (pearson(&x, &[4.0; 3]), pearson(&[4.0; 3], &x), pearson(&x[..2], &x[..2])),
        (None, None, None)
    );
    let one = [numbers("1 2 3 4 5")];
    assert_eq!((kruskal_wallis(&one), welch(&one), anova(&one)), (None, None, None));
}

fn keys(rows: &[TestRow]) -> Vec<String> {
    let shown = |row: &TestRow| {
        let pair =
            row.group_a.iter().chain(&row.group_b).map(|group| format!(" {group}")).collect::<String>();
        format!(
            "{} {} {} {} {}{pair}",
            row.test.code(),
            row.measure.code(),
            row.level.code(),
            row.id,
            row.group_by
        )
    };
    rows.iter().map(shown).collect()
}

#[test]
fn gaps_are_tested_by_level_and_corrected_within_it() {
    let gap = instrument("kind = \"gap\"\ngroups = []", &[("x", 1), ("y", 2)]);
    let rows: Vec<_> =
        (0..12).map(|at| (None, ["7 6 5 5 5 5", "6 6 6 4 6 6", "5 7 6 5 4 6"][at % 3])).collect();
    let results = evaluated(&gap, &base(vec![]), &responses(&gap, &rows), None);
    assert_eq!(
        keys(&results.tests),
        [
            "wilcoxon gap dimension x all",
            "wilcoxon gap dimension y all",
            "wilcoxon gap item 1 all",
            "wilcoxon gap item 2 all",
            "wilcoxon gap total total all",
        ],
        "all gaps of item 3 are 0"
    );
    let [first, second] = [&results.tests[2].result, &results.tests[3].result];
    let adjusted = holm(&[first.p, second.p]);
    assert_eq!([first.p_adjusted, second.p_adjusted], [Some(adjusted[0]), Some(adjusted[1])]);
    let total = &results.tests[4].result;
    assert_eq!(total.p_adjusted, Some(total.p));
}

#[test]
fn groups_of_five_are_compared_and_the_ratio_is_not() {
    let head = "kind = \"value\"\ngroups = [\"shop\"]\noutcomes = [\"again\"]";
    let text = format!(
        "id = \"v\"\nscale = [1, 7]\n{head}\n[[dimension]]\nid = \"a\"\nrole = \"value\"\nweight = 1\n\
         [[dimension]]\nid = \"b\"\nrole = \"cost\"\nweight = 1\n[[item]]\nid = 1\ndimension = \"a\"\n\
         [[item]]\nid = 2\ndimension = \"b\"\n"
    );
    let value = super::super::instrument::Instrument::parse("v.toml", &text).unwrap();
    let cells: Vec<String> = (0..14)
        .map(|at| {
            let shop = ["north", "south", "-"][(at / 5).min(2)];
            format!("{} {} {} {shop}", at % 5 + 1, (at * 3) % 7 + 1, at * at)
        })
        .collect();
    let rows: Vec<(Option<u32>, &str)> = cells.iter().map(|cells| (None, cells.as_str())).collect();
    let results = evaluated(&value, &base(vec![]), &responses(&value, &rows), None);
    let found = keys(&results.tests);
    // Measures Q with two dimensions and a total, V with two dimensions and three totals; `unknown` has four answers.
    let compared = [
        "Q dimension a",
        "Q dimension b",
        "Q total total",
        "V dimension a",
        "V dimension b",
        "V total cost",
        "V total delivered",
        "V total value",
    ];
    let mut expected = Vec::new();
    for (test, with) in [
        ("anova", "shop"),
        ("dunn", "shop north south"),
        ("kruskal_wallis", "shop"),
        ("pearson", "again"),
        ("spearman", "again"),
        ("welch", "shop"),
    ] {
        expected.extend(compared.iter().map(|score| format!("{test} {score} {with}")));
    }
    // Dimension a and the value have the same five answers in both shops, whose means are equal.
    assert_eq!(found, expected);
    let dunn = results.tests.iter().find(|row| row.test == SurveyTest::Dunn).unwrap();
    assert_eq!((dunn.result.z, dunn.result.p, dunn.result.p_adjusted), (Some(0.0), 1.0, Some(1.0)));
}
