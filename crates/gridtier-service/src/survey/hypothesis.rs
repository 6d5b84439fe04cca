//! Tests of scores: are gaps real, do groups differ, do scores go with outcomes (SERVICE §7).

use gridtier::index::float;

use super::distribution::{two_sided_normal, two_sided_t, upper_chi_squared, upper_f};
use super::grouping::{SurveyGrouping, by_group};
use super::measure::{RATIO_SCORE, Respondents, Score, SurveyLevel, SurveyMeasure};
use super::rank::{MidRanks, is_constant, step};
use crate::group::GroupBy;
use gridtier::word::Word;

/// Fewest answers of a group that is compared with others.
const GROUP_MIN: usize = 5;

/// Fewest pairs of a correlation.
const PAIRS_MIN: usize = 3;

gridtier::words! {
    /// A test, in the order of the codes' bytes.
    SurveyTest "test" {
        /// Classical analysis of variance (R. A. Fisher 1925).
        Anova "anova" "F test" "方差分析",
        /// Pairs of groups after Kruskal and Wallis (O. J. Dunn, *Technometrics* 6(3) 241–252, 1964).
        Dunn "dunn" "Dunn's test" "Dunn 检验",
        /// Whether groups differ, by ranks (W. H. Kruskal, W. A. Wallis, *J. American Statistical Association* 47(260)
        /// 583–621, 1952).
        KruskalWallis "kruskal_wallis" "Kruskal–Wallis test" "Kruskal–Wallis 检验",
        /// Linear correlation.
        Pearson "pearson" "Pearson correlation" "Pearson 相关",
        /// Correlation of ranks.
        Spearman "spearman" "Spearman correlation" "Spearman 相关",
        /// Whether groups differ, with unequal variances (B. L. Welch, *Biometrika* 38(3/4) 330–336, 1951).
        Welch "welch" "Welch's F test" "Welch 方差分析",
        /// Whether gaps differ from 0, by ranks (F. Wilcoxon, *Biometrics Bulletin* 1(6) 80–83, 1945).
        Wilcoxon "wilcoxon" "Wilcoxon signed-rank test" "Wilcoxon 符号秩检验",
    }
}

/// The result of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TestResult {
    /// Number of values: of differences other than 0, of respondents in the groups compared, of pairs.
    pub n: usize,
    /// W⁺, H, F, r or ρ; `None` for Dunn, which has z.
    pub statistic: Option<f64>,
    /// Degrees of freedom, of the numerator.
    pub df1: Option<f64>,
    /// Degrees of freedom of the denominator.
    pub df2: Option<f64>,
    /// Standard normal statistic.
    pub z: Option<f64>,
    /// Two-sided, or upper for H and F.
    pub p: f64,
    /// p after Holm's correction for the tests made together.
    pub p_adjusted: Option<f64>,
    /// (W⁺ − W⁻)/(W⁺ + W⁻), ε², r or ρ.
    pub effect: Option<f64>,
}

/// A test with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRow {
    /// The test.
    pub test: SurveyTest,
    /// What is measured.
    pub measure: SurveyMeasure,
    /// The level.
    pub level: SurveyLevel,
    /// The item, dimension or total.
    pub id: String,
    /// The grouping whose groups are compared; the outcome of a correlation; `all` for Wilcoxon.
    pub group_by: String,
    /// Of Dunn: the first group.
    pub group_a: Option<Box<str>>,
    /// Of Dunn: the second group.
    pub group_b: Option<Box<str>>,
    /// The result.
    pub result: TestResult,
}

impl TestRow {
    fn of(test: SurveyTest, score: &Score, group_by: &str, result: TestResult) -> Self {
        Self {
            test,
            measure: score.measure,
            level: score.level,
            id: score.id.clone(),
            group_by: group_by.into(),
            group_a: None,
            group_b: None,
            result,
        }
    }
}

/// All tests of a survey, by their keys. `outcomes` are names and the numbers of the valid respondents.
#[must_use]
pub fn tests(
    respondents: &Respondents,
    groupings: &[SurveyGrouping],
    outcomes: &[(String, Vec<Option<f64>>)],
) -> Vec<TestRow> {
    let mut rows = gap_tests(respondents);
    for score in respondents.scores.iter().filter(|score| is_compared(score)) {
        for grouping in groupings.iter().filter(|grouping| !grouping.is_all()) {
            rows.extend(group_tests(score, grouping, respondents));
        }
        for (name, values) in outcomes {
            let (x, y): (Vec<f64>, Vec<f64>) =
                score.values.iter().zip(values).filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip();
            let results = [(SurveyTest::Pearson, pearson(&x, &y)), (SurveyTest::Spearman, spearman(&x, &y))];
            for (test, result) in results {
                rows.extend(result.map(|result| TestRow::of(test, score, name, result)));
            }
        }
    }
    rows.sort_by_cached_key(|row| {
        let TestRow { test, measure, level, id, group_by, group_a, group_b, .. } = row.clone();
        (test, measure, level, id, group_by, group_a, group_b)
    });
    rows
}

/// Whether a score is compared between groups and with outcomes.
fn is_compared(score: &Score) -> bool {
    matches!(score.measure, SurveyMeasure::Gap | SurveyMeasure::Question | SurveyMeasure::Value)
        && matches!(score.level, SurveyLevel::Dimension | SurveyLevel::Total)
        && (score.measure, score.id.as_str()) != (SurveyMeasure::Value, RATIO_SCORE)
}

/// Wilcoxon's test of each gap, corrected within items, within dimensions, and for the total.
fn gap_tests(respondents: &Respondents) -> Vec<TestRow> {
    let mut rows = Vec::new();
    for level in [SurveyLevel::Item, SurveyLevel::Dimension, SurveyLevel::Total] {
        let gaps = respondents
            .scores
            .iter()
            .filter(|score| score.measure == SurveyMeasure::Gap && score.level == level);
        let mut of_level: Vec<TestRow> = gaps
            .filter_map(|score| {
                let values: Vec<f64> = score.values.iter().flatten().copied().collect();
                Some(TestRow::of(SurveyTest::Wilcoxon, score, GroupBy::All.code(), wilcoxon(&values)?))
            })
            .collect();
        adjust(of_level.iter_mut().map(|row| &mut row.result).collect());
        rows.extend(of_level);
    }
    rows
}

/// The comparisons of the groups of a grouping that have enough answers.
fn group_tests(score: &Score, grouping: &SurveyGrouping, respondents: &Respondents) -> Vec<TestRow> {
    let values = by_group(grouping, &respondents.rows, &score.values);
    let (names, groups): (Vec<&str>, Vec<Vec<f64>>) = grouping
        .groups
        .iter()
        .map(|group| &*group.name)
        .zip(values)
        .filter(|(_, values)| values.len() >= GROUP_MIN)
        .unzip();
    let results = [
        (SurveyTest::KruskalWallis, kruskal_wallis(&groups)),
        (SurveyTest::Welch, welch(&groups)),
        (SurveyTest::Anova, anova(&groups)),
    ];
    let rows = results
        .into_iter()
        .filter_map(|(test, result)| result.map(|result| TestRow::of(test, score, &grouping.by, result)));
    let pairs = dunn(&groups).into_iter().map(|(a, b, result)| TestRow {
        group_a: Some(names[a].into()),
        group_b: Some(names[b].into()),
        ..TestRow::of(SurveyTest::Dunn, score, &grouping.by, result)
    });
    rows.chain(pairs).collect()
}

/// Sets the corrected p of results that were obtained together.
fn adjust(mut results: Vec<&mut TestResult>) {
    let adjusted = holm(&results.iter().map(|result| result.p).collect::<Vec<_>>());
    for (result, p) in results.iter_mut().zip(adjusted) {
        result.p_adjusted = Some(p);
    }
}

/// The correction of p for several tests (S. Holm, *Scandinavian J. of Statistics* 6(2) 65–70, 1979): the i-th smallest
/// of m times m − i + 1, at least the one before, at most 1.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut least) = (vec![0.0; p.len()], 0.0f64);
    for (place, at) in order.into_iter().enumerate() {
        least = least.max(p[at] * float(p.len() - place)).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

/// Wilcoxon's signed-rank test against 0: zeros left out, normal approximation with ties, no continuity correction.
/// `None` if all values are 0.
#[must_use]
pub fn wilcoxon(values: &[f64]) -> Option<TestResult> {
    let values: Vec<f64> = values.iter().copied().filter(|value| step(*value) != 0.0).collect();
    let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    let MidRanks { ranks, ties } = MidRanks::of(&sizes);
    let n = float(values.len());
    let plus: f64 = values.iter().zip(&ranks).filter(|(value, _)| **value > 0.0).map(|(_, rank)| rank).sum();
    let all = n * (n + 1.0) / 2.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    if values.is_empty() {
        return None;
    }
    let z = (plus - all / 2.0) / variance.sqrt();
    Some(TestResult {
        n: values.len(),
        statistic: Some(plus),
        z: Some(z),
        p: two_sided_normal(z),
        effect: Some((2.0 * plus - all) / all),
        ..TestResult::default()
    })
}

/// All values, group after group, with the mean rank of each group and Σ (t³ − t); `None` if there are fewer than two
/// groups or no variation.
fn ranked(groups: &[Vec<f64>]) -> Option<(Vec<f64>, f64, f64)> {
    let pooled = groups.concat();
    if groups.len() < 2 || is_constant(&pooled) {
        return None;
    }
    let MidRanks { ranks, ties } = MidRanks::of(&pooled);
    let (mut means, mut start) = (Vec::new(), 0);
    for group in groups {
        let of_group = &ranks[start..start + group.len()];
        means.push(of_group.iter().sum::<f64>() / float(group.len()));
        start += group.len();
    }
    Some((means, ties, float(pooled.len())))
}

/// The H test of Kruskal and Wallis with ties; ε² = H/(N − 1).
#[must_use]
pub fn kruskal_wallis(groups: &[Vec<f64>]) -> Option<TestResult> {
    let (means, ties, n) = ranked(groups)?;
    let middle = (n + 1.0) / 2.0;
    let between: f64 =
        groups.iter().zip(&means).map(|(group, mean)| float(group.len()) * (mean - middle).powi(2)).sum();
    let h = 12.0 * between / (n * (n + 1.0)) / (1.0 - ties / (n * n * n - n));
    let df = float(groups.len() - 1);
    Some(TestResult {
        n: groups.iter().map(Vec::len).sum(),
        statistic: Some(h),
        df1: Some(df),
        p: upper_chi_squared(h, df),
        effect: Some(h / (n - 1.0)),
        ..TestResult::default()
    })
}

/// Dunn's test of all pairs of groups with ties, corrected by Holm: the positions of both groups, and the result.
#[must_use]
pub fn dunn(groups: &[Vec<f64>]) -> Vec<(usize, usize, TestResult)> {
    let Some((means, ties, n)) = ranked(groups) else { return Vec::new() };
    let variance = n * (n + 1.0) / 12.0 - ties / (12.0 * (n - 1.0));
    let mut pairs = Vec::new();
    for a in 0..groups.len() {
        for b in a + 1..groups.len() {
            let (count_a, count_b) = (groups[a].len(), groups[b].len());
            let z = (means[a] - means[b]) / (variance * (1.0 / float(count_a) + 1.0 / float(count_b))).sqrt();
            let result = TestResult {
                n: count_a + count_b,
                z: Some(z),
                p: two_sided_normal(z),
                ..TestResult::default()
            };
            pairs.push((a, b, result));
        }
    }
    adjust(pairs.iter_mut().map(|(.., result)| result).collect());
    pairs
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len())
}

/// Σ (x − mean)².
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// Welch's F test; with two groups, the square of Welch's t. `None` if a group has no variation, since its mean would
/// weigh infinitely.
#[must_use]
pub fn welch(groups: &[Vec<f64>]) -> Option<TestResult> {
    if groups.len() < 2 || groups.iter().any(|group| is_constant(group)) {
        return None;
    }
    let count = float(groups.len());
    let weights: Vec<f64> =
        groups.iter().map(|group| float(group.len()) * float(group.len() - 1) / squares(group)).collect();
    let all: f64 = weights.iter().sum();
    let means: Vec<f64> = groups.iter().map(|group| mean(group)).collect();
    let grand = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum::<f64>() / all;
    let between: f64 = weights.iter().zip(&means).map(|(weight, mean)| weight * (mean - grand).powi(2)).sum();
    let lambda: f64 = weights
        .iter()
        .zip(groups)
        .map(|(weight, group)| (1.0 - weight / all).powi(2) / float(group.len() - 1))
        .sum();
    let square = count * count - 1.0;
    let f = between / (count - 1.0) / (1.0 + 2.0 * (count - 2.0) / square * lambda);
    let (df1, df2) = (count - 1.0, square / (3.0 * lambda));
    Some(TestResult {
        n: groups.iter().map(Vec::len).sum(),
        statistic: Some(f),
        df1: Some(df1),
        df2: Some(df2),
        p: upper_f(f, df1, df2),
        ..TestResult::default()
    })
}

/// The classical F test. `None` if no group has any variation.
#[must_use]
pub fn anova(groups: &[Vec<f64>]) -> Option<TestResult> {
    if groups.len() < 2 || groups.iter().all(|group| is_constant(group)) {
        return None;
    }
    let pooled = groups.concat();
    let grand = mean(&pooled);
    let between: f64 = groups.iter().map(|group| float(group.len()) * (mean(group) - grand).powi(2)).sum();
    let within: f64 = groups.iter().map(|group| squares(group)).sum();
    let (df1, df2) = (float(groups.len() - 1), float(pooled.len() - groups.len()));
    let f = between / df1 / (within / df2);
    Some(TestResult {
        n: pooled.len(),
        statistic: Some(f),
        df1: Some(df1),
        df2: Some(df2),
        p: upper_f(f, df1, df2),
        ..TestResult::default()
    })
}

/// Pearson's r with its t test on n − 2 degrees of freedom. `None` for fewer than three pairs or no variation.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<TestResult> {
    if x.len() < PAIRS_MIN || is_constant(x) || is_constant(y) {
        return None;
    }
    let (mean_x, mean_y) = (mean(x), mean(y));
    let products: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let r = (products / (squares(x) * squares(y)).sqrt()).clamp(-1.0, 1.0);
    let df = float(x.len() - 2);
    let t = r * (df / (1.0 - r * r)).sqrt();
    Some(TestResult {
        n: x.len(),
        statistic: Some(r),
        df1: Some(df),
        p: two_sided_t(t, df),
        effect: Some(r),
        ..TestResult::default()
    })
}

/// Spearman's ρ: Pearson's r of the ranks.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<TestResult> {
    pearson(&MidRanks::of(x).ranks, &MidRanks::of(y).ranks)
}

#[cfg(test)]
mod tests;
