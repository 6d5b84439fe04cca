//! The indicators of a method with their weights and normalisations, checked against the registry.

use super::ahp::Judgement;
use super::normalise::{Normalise, NormaliseKind, Scale, Transform};
use super::raw::{IndicatorFile, MethodFile, SiblingsFile};
use super::siblings::{Builder, Level, Siblings};
use crate::checked_toml::{CheckedToml, Fault, Share, did_you_mean};
use crate::indicator::expression::Expression;
use crate::indicator::registry::ENERGY_GROWTH;
use crate::indicator::{DIMENSIONS, Direction, INDICATORS, Indicator, STATUS_SUFFIX, registry};
use crate::text;
use crate::text::Text;
use crate::word::Word;

/// Columns of results that also have a column for each indicator.
const TAKEN_COLUMNS: [&str; 5] = ["customer_id", "draw", "kendall_tau_b", "tier_changed", "rounding"];

/// The nominal weights on the path from the root to an indicator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// Place of the dimension in [`DIMENSIONS`].
    pub dimension: usize,
    /// Number of the group: groups are numbered in the order of their first indicators.
    pub group: usize,
    /// The weight of the dimension.
    pub of_dimension: f64,
    /// The weight of the group within its dimension.
    pub of_group: f64,
    /// The weight of the indicator within its group.
    pub of_indicator: f64,
}

impl Weight {
    /// The product of the weights of the three levels.
    #[must_use]
    pub fn nominal(&self) -> f64 {
        self.of_dimension * self.of_group * self.of_indicator
    }
}

/// An indicator as the method uses it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The indicator's id.
    pub id: String,
    /// Name in English and Chinese.
    pub titles: [String; 2],
    /// Unit.
    pub unit: String,
    /// Whether more is better.
    pub direction: Direction,
    /// The name of the group; empty if the indicator has no weight.
    pub group: String,
    /// The indicator's weights; `None` if it is only reported.
    pub weight: Option<Weight>,
    /// Added to a value before its resolution is judged: 1 for a ratio minus 1, else 0.
    pub base: f64,
    /// How a value becomes points; `None` if the indicator has no weight and the method gives no normalisation.
    pub normalise: Option<Normalise>,
}

/// The indicators and weights that a method defines.
pub(super) struct Built {
    pub indicators: Vec<Spec>,
    pub registered: Vec<&'static Indicator>,
    pub own: Vec<Expression>,
    pub judgements: Vec<Judgement>,
    pub siblings: Vec<Siblings>,
}

/// Builds the indicators of a method; what is wrong goes to `faults`.
pub(super) fn build(document: &CheckedToml, file: &MethodFile, faults: &mut Vec<Fault>) -> Built {
    let mut builder =
        Builder { document, file, faults, judgements: Vec::new(), siblings: Vec::new(), unjudged: 0 };
    let dimensions = builder.dimension_weights();
    let own: Vec<(String, Option<Expression>)> = builder.own_expressions();
    let registered: Vec<&Indicator> = INDICATORS.iter().chain(builder.further()).collect();
    let mut ids: Vec<String> = registered.iter().map(|indicator| indicator.id.to_owned()).collect();
    ids.extend(own.iter().map(|(id, _)| id.clone()));
    builder.check_names(&ids);
    let groups = builder.groups(&dimensions);
    let mut specs: Vec<Spec> = ids.iter().map(|id| builder.spec(id)).collect();
    let mut numbered: Vec<&str> = Vec::new();
    for (id, spec) in ids.iter().zip(&mut specs) {
        let found = groups.iter().find_map(|group| {
            let (_, weight) = group.indicators.iter().find(|(indicator, _)| indicator == id)?;
            Some((group, *weight))
        });
        let Some((group, of_indicator)) = found else { continue };
        let number = numbered.iter().position(|name| *name == group.name).unwrap_or_else(|| {
            numbered.push(&group.name);
            numbered.len() - 1
        });
        let weight = Weight {
            dimension: group.dimension,
            group: number,
            of_dimension: group.of_dimension,
            of_group: group.of_group,
            of_indicator,
        };
        spec.group.clone_from(&group.name);
        spec.weight = Some(weight);
    }
    builder.check_use(&specs);
    Built {
        indicators: specs,
        registered,
        own: own.into_iter().filter_map(|(_, expression)| expression).collect(),
        judgements: builder.judgements,
        siblings: builder.siblings,
    }
}

struct Group {
    name: String,
    dimension: usize,
    of_dimension: f64,
    of_group: f64,
    indicators: Vec<(String, f64)>,
}

impl Builder<'_, '_> {
    fn dimension_weights(&mut self) -> Vec<(String, f64)> {
        let weights = &self.file.weights;
        let given = [weights.contribution, weights.compliance, weights.cooperation];
        let given =
            DIMENSIONS.iter().zip(given).filter_map(|(name, weight)| Some(((*name).to_owned(), weight?)));
        let file = SiblingsFile {
            given: given.collect(),
            ahp: weights.ahp.clone(),
            objective: weights.objective.clone(),
            blend: weights.blend.clone(),
        };
        let named = self.siblings(Level::Dimension, &["weights"], "dimensions", file);
        // Given weights are sorted by name, but the dimensions keep their own order.
        let mut ordered = named;
        ordered.sort_by_key(|(name, _)| DIMENSIONS.iter().position(|known| known == name));
        ordered
    }

    /// The further indicators of the registry that the method names.
    fn further(&self) -> impl Iterator<Item = &'static Indicator> {
        registry::FURTHER.iter().filter(|indicator| self.names(indicator.id))
    }

    /// Whether an indicator has a normalisation or a weight.
    fn names(&self, id: &str) -> bool {
        let groups = self.file.weights.indicators.values();
        self.file.indicators.contains_key(id)
            || groups.into_iter().any(|group| {
                let judged = group.ahp.iter().flat_map(|ahp| &ahp.items);
                let from_data = group.objective.iter().flat_map(|objective| &objective.items);
                group.given.keys().chain(judged).chain(from_data).any(|name| name == id)
            })
    }

    /// Names that are neither dimension, group nor indicator.
    fn check_names(&mut self, ids: &[String]) {
        let weights = &self.file.weights;
        for name in weights.groups.keys().filter(|name| !DIMENSIONS.contains(&name.as_str())) {
            let fix = did_you_mean(name, DIMENSIONS);
            let what = text!("`{name}` is not a dimension", "`{name}` 不是维度");
            self.fault(&["weights", "groups", name], what, fix);
        }
        for name in self.file.indicators.keys().filter(|name| !ids.contains(name)) {
            let further = registry::FURTHER.iter().map(|indicator| indicator.id);
            let fix = did_you_mean(name, ids.iter().map(String::as_str).chain(further));
            let what = text!(
                "`{name}` is not an indicator, and has no `expr` that would define one",
                "`{name}` 不是指标，也没有用 `expr` 定义"
            );
            self.fault(&["indicators", name], what, fix);
        }
        for (group, members) in &weights.indicators {
            let judged = members.ahp.iter().flat_map(|ahp| &ahp.items);
            let from_data = members.objective.iter().flat_map(|objective| &objective.items);
            let named: Vec<&String> = members.given.keys().chain(judged).chain(from_data).collect();
            for name in named.into_iter().filter(|name| !ids.contains(name)) {
                let fix = did_you_mean(name, ids.iter().map(String::as_str));
                let what = text!(
                    "`{name}` in group `{group}` is not an indicator",
                    "组 `{group}` 中的 `{name}` 不是指标"
                );
                self.fault(&["weights", "indicators", group, name], what, fix);
            }
        }
    }

    fn groups(&mut self, dimensions: &[(String, f64)]) -> Vec<Group> {
        let weights = &self.file.weights;
        let mut groups = Vec::new();
        let mut named = std::collections::BTreeSet::new();
        for (dimension, of_dimension) in dimensions {
            let Some(place) = DIMENSIONS.iter().position(|known| known == dimension) else {
                let fix = did_you_mean(dimension, DIMENSIONS);
                let what = text!("`{dimension}` is not a dimension", "`{dimension}` 不是维度");
                self.fault(&["weights", "ahp"], what, fix);
                continue;
            };
            let Some(members) = weights.groups.get(dimension) else {
                let what = text!("dimension `{dimension}` has no groups", "维度 `{dimension}` 没有组");
                let fix = text!("add [weights.groups.{dimension}]", "请添加 [weights.groups.{dimension}]");
                self.fault(&["weights", "groups"], what, fix);
                continue;
            };
            let path = ["weights", "groups", dimension];
            for (name, of_group) in self.siblings(Level::Group, &path, dimension, members.clone()) {
                if !named.insert(name.clone()) {
                    let what =
                        text!("group `{name}` occurs in two dimensions", "组 `{name}` 出现在两个维度中");
                    self.fault(&path, what, text!("rename one", "请改名其中一个"));
                }
                let Some(members) = weights.indicators.get(&name) else {
                    let fix = match crate::checked_toml::nearest(
                        &name,
                        weights.indicators.keys().map(String::as_str),
                    ) {
                        Some(near) => text!(
                            "did you mean `{near}`? Or add [weights.indicators.{name}]",
                            "是否指 `{near}`？或添加 [weights.indicators.{name}]"
                        ),
                        None => {
                            text!("add [weights.indicators.{name}]", "请添加 [weights.indicators.{name}]")
                        }
                    };
                    self.fault(&path, text!("group `{name}` has no indicators", "组 `{name}` 没有指标"), fix);
                    continue;
                };
                let path = ["weights", "indicators", &name];
                let indicators = self.siblings(Level::Indicator, &path, &name, members.clone());
                groups.push(Group {
                    name,
                    dimension: place,
                    of_dimension: *of_dimension,
                    of_group,
                    indicators,
                });
            }
        }
        for name in weights.indicators.keys().filter(|name| !named.contains(*name)) {
            let fix = did_you_mean(name, named.iter().map(String::as_str));
            let what = text!("`{name}` is not a group of any dimension", "组 `{name}` 不属于任何维度");
            self.fault(&["weights", "indicators", name], what, fix);
        }
        groups
    }

    /// What to do about an id that no column of a result can have, since results have a column for each indicator.
    fn unfit_for_column(&self, id: &str) -> Option<Text> {
        if !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return Some(text!("use lower-case letters, digits and `_`", "请用小写字母、数字和 `_`"));
        }
        let is_taken = TAKEN_COLUMNS.contains(&id)
            || id.strip_suffix(STATUS_SUFFIX).is_some_and(|other| {
                registry::find(other).is_some() || self.file.indicators.contains_key(other)
            });
        is_taken.then(|| {
            text!("results have a column of this name; choose another", "结果表已有同名的列; 请另取名称")
        })
    }

    /// The method's own indicators by id, with their expressions if these are sound.
    fn own_expressions(&mut self) -> Vec<(String, Option<Expression>)> {
        let mut own = Vec::new();
        for (id, indicator) in &self.file.indicators {
            let Some(text) = &indicator.expr else { continue };
            let path = ["indicators", id.as_str()];
            if registry::find(id).is_some() {
                let what = text!(
                    "`{id}` is an indicator of the registry and cannot have an `expr`",
                    "`{id}` 是内置指标，不能有 `expr`"
                );
                self.fault(
                    &path,
                    what,
                    text!("give your own indicator another name", "请给自定义指标另取名称"),
                );
                continue;
            }
            if let Some(fix) = self.unfit_for_column(id) {
                let what = text!("`{id}` cannot be a column's name", "`{id}` 不能用作列名");
                self.fault(&path, what, fix);
            }
            if indicator.unit.is_none() || indicator.direction.is_none() {
                let what = text!(
                    "own indicator `{id}` lacks `unit` or `direction`",
                    "自定义指标 `{id}` 缺少 `unit` 或 `direction`"
                );
                let fix = text!(
                    "add unit = \"…\" and direction = \"+\" or \"-\"",
                    "请添加 unit = \"…\" 和 direction = \"+\" 或 \"-\""
                );
                self.fault(&path, what, fix);
            }
            match Expression::parse(text, indicator.applies.as_deref()) {
                Ok(expression) => own.push((id.clone(), Some(expression))),
                Err((what, fix)) => {
                    own.push((id.clone(), None));
                    self.fault(&path, text!("indicator `{id}`: {what}", "指标 `{id}`：{what}"; what), fix);
                }
            }
        }
        own
    }

    fn spec(&mut self, id: &str) -> Spec {
        let file = self.file.indicators.get(id);
        let normalise = file.and_then(|file| self.normalise(id, file));
        let (titles, unit, direction) = match registry::find(id) {
            Some(indicator) => {
                let titles = [indicator.title.into(), indicator.title_zh.into()];
                (titles, indicator.unit.to_owned(), indicator.direction)
            }
            None => {
                let title = file.and_then(|file| file.title.clone()).unwrap_or_else(|| id.to_owned());
                let title_zh = file.and_then(|file| file.title_zh.clone()).unwrap_or_else(|| title.clone());
                let unit = file.and_then(|file| file.unit.clone()).unwrap_or_default();
                // An own indicator without a direction is refused.
                let direction = file.and_then(|file| file.direction).unwrap_or(Direction::More);
                ([title, title_zh], unit, direction)
            }
        };
        let base = if id == INDICATORS[ENERGY_GROWTH.index()].id { 1.0 } else { 0.0 };
        Spec { id: id.into(), titles, unit, direction, base, group: String::new(), weight: None, normalise }
    }

    fn normalise(&mut self, id: &str, file: &IndicatorFile) -> Option<Normalise> {
        let path = ["indicators", id];
        // An unknown word was replaced by another, so what follows from it would mislead.
        if !self.document.is_sound(&["indicators", id, "normalise"]) {
            return None;
        }
        let kind = file.normalise;
        let wants: &[&str] = match kind {
            NormaliseKind::MinMax => &["transform", "quantiles", "goalposts"],
            NormaliseKind::Points => &["knots"],
            NormaliseKind::Target => &["target", "tolerance"],
            NormaliseKind::Percentile => &[],
        };
        let given = [
            ("transform", file.transform.is_some()),
            ("quantiles", file.quantiles.is_some()),
            ("goalposts", file.goalposts.is_some()),
            ("knots", file.knots.is_some()),
            ("target", file.target.is_some()),
            ("tolerance", file.tolerance.is_some()),
        ];
        for (key, _) in given.iter().filter(|(key, is_given)| *is_given && !wants.contains(key)) {
            let what = text!(
                "`{key}` has no effect for `{id}` with normalise = \"{kind}\"",
                "`{id}` 的 normalise = \"{kind}\" 时，`{key}` 没有意义",
                kind = kind.code()
            );
            self.fault(&path, what, text!("take it out", "请删去"));
        }
        let made = match kind {
            NormaliseKind::MinMax => min_max(file),
            NormaliseKind::Points => points(file),
            NormaliseKind::Target => match (file.target, file.tolerance) {
                (Some(target), Some(tolerance)) if tolerance > 0.0 => {
                    Ok(Normalise::Target { target, tolerance })
                }
                _ => Err(text!(
                    "`target` needs target and a tolerance above 0",
                    "`target` 需要 target 和大于 0 的 tolerance"
                )),
            },
            NormaliseKind::Percentile => Ok(Normalise::Percentile),
        };
        match made {
            Ok(normalise) => Some(normalise),
            Err(what) => {
                let what = text!("indicator `{id}`: {what}", "指标 `{id}`：{what}"; what);
                let fix = text!("see `gridtier method show paper`", "参见 `gridtier method show paper`");
                self.fault(&path, what, fix);
                None
            }
        }
    }

    /// Reports indicators that have a weight but no normalisation, and own indicators that have no weight.
    fn check_use(&mut self, specs: &[Spec]) {
        for spec in specs {
            let given = self.file.indicators.contains_key(&spec.id);
            if spec.weight.is_some() && !given {
                let id = &spec.id;
                let what = text!(
                    "indicator `{id}` has a weight and no normalisation",
                    "指标 `{id}` 有权重，但没有归一化方法"
                );
                let fix = text!("add {id} = {{ normalise = … }}", "请添加 {id} = {{ normalise = … }}");
                self.fault(&["indicators"], what, fix);
            }
            if spec.weight.is_none() && registry::find(&spec.id).is_none() {
                let id = &spec.id;
                let what = text!("own indicator `{id}` has no weight", "自定义指标 `{id}` 没有权重");
                let fix = text!(
                    "add it to a group under [weights.indicators]",
                    "请将它加入 [weights.indicators] 下的一个组"
                );
                self.fault(&["indicators", id], what, fix);
            }
        }
    }
}

fn min_max(file: &IndicatorFile) -> Result<Normalise, Text> {
    let transform = file.transform.unwrap_or(Transform::None);
    // Marks are compared after the transform, which makes all values below 0 equal.
    let least = match transform {
        Transform::None => f64::NEG_INFINITY,
        Transform::Log1p => 0.0,
    };
    let scale = match (file.quantiles.as_deref(), file.goalposts.as_deref()) {
        (Some(&[Share(low), Share(high)]), None) if low < high => Scale::Quantiles(low, high),
        (None, Some(&[low, high])) if low.max(least) < high.max(least) => Scale::Goalposts(low, high),
        _ => {
            return Err(text!(
                "`min_max` needs either two ascending quantiles or two ascending goalposts",
                "`min_max` 需要两个递增的 quantiles，或两个递增的 goalposts"
            ));
        }
    };
    Ok(Normalise::MinMax(transform, scale))
}

fn points(file: &IndicatorFile) -> Result<Normalise, Text> {
    let wanted = || {
        text!(
            "`points` needs two or more knots [value, points], values ascending, points from 0 to 100",
            "`points` 需要两个以上的 knots [值, 分]，值递增，分为 0 到 100"
        )
    };
    let knots = file.knots.as_deref().unwrap_or_default();
    let knots: Option<Vec<(f64, f64)>> = knots
        .iter()
        .map(|knot| match knot[..] {
            [x, z] if (0.0..=100.0).contains(&z) => Some((x, z)),
            _ => None,
        })
        .collect();
    let knots = knots.ok_or_else(wanted)?;
    let ascending = knots.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if knots.len() >= 2 && ascending { Ok(Normalise::Points(knots)) } else { Err(wanted()) }
}
