//! Where the weights of siblings come from: given, judged in pairs, taken from the data, or a blend.
//!
//! Weights from the data are not known while a method is read. Until then, such siblings have the weights given here,
//! with the rule by which the final weights follow. This module does not compute weights from data.

use super::ahp::{self, Judgement, Variant};
use super::raw::{AhpFile, BlendFile, MethodFile, SiblingsFile};
use crate::checked_toml::{CheckedToml, Fault, Ratio, Share, did_you_mean};
use crate::index::float;
use crate::mcda::Scheme;
use crate::text;
use crate::text::Text;

/// By how much the sum of siblings' weights may differ from 1.
const SUM_TOLERANCE: f64 = 1e-9;

crate::words! {
    /// A level of the tree of weights.
    Level "level of weights" {
        /// The dimensions.
        Dimension "dimension" "dimension" "维度",
        /// Groups of a dimension.
        Group "group" "group" "指标组",
        /// Indicators of a group.
        Indicator "indicator" "indicator" "指标",
    }
}

crate::words! {
    /// Where the weights of siblings come from.
    WeightSource "source of weights" {
        /// The numbers in the method file.
        Fixed "fixed" "given" "直接赋权",
        /// Pairwise judgements.
        Ahp "ahp" "AHP" "层次分析法",
        /// The data, by Shannon entropy.
        Entropy "entropy" "entropy" "熵权法",
        /// The data, by CRITIC.
        Critic "critic" "CRITIC" "CRITIC 法",
        /// The data, by standard deviation.
        StandardDeviation "std" "standard deviation" "标准差法",
        /// Given or judged weights, blended with weights from the data.
        Blend "blend" "blend" "组合赋权",
    }
}

impl From<Scheme> for WeightSource {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Entropy => Self::Entropy,
            Scheme::Critic => Self::Critic,
            Scheme::StandardDeviation => Self::StandardDeviation,
        }
    }
}

/// Which part of siblings' weights comes from the data, and within which limits.
#[derive(Clone, Debug, PartialEq)]
pub struct FromData {
    /// How the weights follow from the data.
    pub scheme: Scheme,
    /// The share of the weights that are in the method: 0 if all come from the data.
    pub alpha: f64,
    /// The least weight of each sibling.
    pub floors: Vec<f64>,
    /// The greatest weight of each sibling.
    pub caps: Vec<f64>,
}

/// Siblings and where their weights come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Siblings {
    /// The siblings' level.
    pub level: Level,
    /// The siblings' parent: `dimensions`, a dimension or a group.
    pub parent: String,
    /// The siblings' names.
    pub items: Vec<String>,
    /// The weights in the method: given, judged, or equal if all weights come from the data.
    pub given: Vec<f64>,
    /// Whether the weights in the method follow from pairwise judgements.
    pub judged: bool,
    /// The part that comes from the data.
    pub from_data: Option<FromData>,
}

impl Siblings {
    /// Where the weights come from.
    #[must_use]
    pub fn source(&self) -> WeightSource {
        match &self.from_data {
            Some(from) if from.alpha > 0.0 || self.judged => WeightSource::Blend,
            Some(from) => from.scheme.into(),
            None if self.judged => WeightSource::Ahp,
            None => WeightSource::Fixed,
        }
    }
}

/// The weights of a method file while they are built, with the faults found so far.
pub(super) struct Builder<'a, 't> {
    pub document: &'a CheckedToml<'t>,
    pub file: &'a MethodFile,
    pub faults: &'a mut Vec<Fault>,
    pub judgements: Vec<Judgement>,
    pub siblings: Vec<Siblings>,
    /// Number of pairs that the experts of the present siblings did not judge.
    pub unjudged: usize,
}

impl Builder<'_, '_> {
    /// Notes a fault at the line of a path.
    pub(super) fn fault(&mut self, path: &[&str], what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: self.document.line(path), what: what.into(), fix: fix.into() });
    }

    /// The weights of siblings as long as no data are known: as given or judged, else equal.
    pub(super) fn siblings(
        &mut self,
        level: Level,
        path: &[&str],
        parent: &str,
        file: SiblingsFile,
    ) -> Vec<(String, f64)> {
        self.one_source(path, &file);
        let weights = match (&file.objective, &file.ahp) {
            (Some(objective), _) => {
                let even = 1.0 / float(objective.items.len().max(1));
                objective.items.iter().map(|item| (item.clone(), even)).collect()
            }
            (None, Some(ahp)) => self.judged(path, parent, ahp),
            (None, None) => self.given(path, file.given),
        };
        let items: Vec<String> = weights.iter().map(|(item, _)| item.clone()).collect();
        self.check_twice(path, &items);
        let from_data = match (&file.objective, &file.blend) {
            (Some(objective), _) => Some(FromData {
                scheme: objective.by,
                alpha: 0.0,
                floors: vec![0.0; items.len()],
                caps: vec![1.0; items.len()],
            }),
            (None, Some(blend)) => Some(self.blended(path, &items, blend)),
            (None, None) => None,
        };
        self.siblings.push(Siblings {
            level,
            parent: parent.into(),
            given: weights.iter().map(|(_, weight)| *weight).collect(),
            judged: file.ahp.is_some(),
            items,
            from_data,
        });
        weights
    }

    fn one_source(&mut self, path: &[&str], file: &SiblingsFile) {
        let name = path.join(".");
        let mut both = |first: &Text, second: &Text| {
            let what = text!(
                "`{name}` has both {first} and {second}",
                "`{name}` 同时有{first}和{second}";
                first, second
            );
            self.fault(path, what, text!("keep one of them", "请只保留一个"));
        };
        let (weights, objective) = (text!("weights", "权重"), Text::same("`objective`"));
        let (ahp, blend) = (Text::same("`ahp`"), Text::same("`blend`"));
        if file.ahp.is_some() && !file.given.is_empty() {
            both(&weights, &ahp);
        }
        if file.objective.is_some() {
            for (second, is_there) in [
                (&weights, !file.given.is_empty()),
                (&ahp, file.ahp.is_some()),
                (&blend, file.blend.is_some()),
            ] {
                if is_there {
                    both(&objective, second);
                }
            }
        }
    }

    fn check_twice(&mut self, path: &[&str], items: &[String]) {
        for (place, item) in items.iter().enumerate() {
            if items[..place].contains(item) {
                let parent = path.join(".");
                let what = text!("`{item}` occurs twice in `{parent}`", "`{item}` 在 `{parent}` 中出现两次");
                self.fault(path, what, text!("name it once", "请只写一次"));
            }
        }
    }

    fn given(
        &mut self,
        path: &[&str],
        given: std::collections::BTreeMap<String, Share>,
    ) -> Vec<(String, f64)> {
        let sum: f64 = given.values().map(|weight| weight.0).sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            let parent = path.join(".");
            let what = text!(
                "the weights of `{parent}` sum to {sum}, not to 1",
                "`{parent}` 的权重之和为 {sum}，而不是 1"
            );
            self.fault(path, what, text!("weights of siblings sum to 1", "同级权重之和应为 1"));
        }
        given.into_iter().map(|(name, weight)| (name, weight.0)).collect()
    }

    /// The limits of a blend; they must allow weights that sum to 1.
    fn blended(&mut self, path: &[&str], items: &[String], blend: &BlendFile) -> FromData {
        let path = [path, &["blend"]].concat();
        for (key, limits) in [("floor", &blend.floor), ("cap", &blend.cap)] {
            for name in limits.keys().filter(|name| !items.contains(name)) {
                let fix = did_you_mean(name, items.iter().map(String::as_str));
                let parent = path[..path.len() - 1].join(".");
                let what = text!(
                    "`{name}` in `{key}` does not belong to `{parent}`",
                    "`{key}` 中的 `{name}` 不属于 `{parent}`"
                );
                self.fault(&path, what, fix);
            }
        }
        let floors: Vec<f64> =
            items.iter().map(|item| blend.floor.get(item).map_or(0.0, |floor| floor.0)).collect();
        let caps: Vec<f64> = items.iter().map(|item| blend.cap.get(item).map_or(1.0, |cap| cap.0)).collect();
        let crossed = floors.iter().zip(&caps).position(|(floor, cap)| floor > cap);
        if let Some(place) = crossed {
            let item = &items[place];
            let what = text!("the floor of `{item}` is above its cap", "`{item}` 的下限高于上限");
            self.fault(
                &path,
                what,
                text!("exchange floor and cap, or take one out", "请对调，或删去其中一个"),
            );
        }
        let (least, most): (f64, f64) = (floors.iter().sum(), caps.iter().sum());
        if least > 1.0 + SUM_TOLERANCE || most < 1.0 - SUM_TOLERANCE {
            let what = text!(
                "no weights that sum to 1 keep these limits: floors sum to {least}, caps to {most}",
                "没有和为 1 的权重满足这些限值：下限之和为 {least}，上限之和为 {most}"
            );
            let fix = text!(
                "lower the floors to at most 1 in all, raise the caps to at least 1",
                "请将下限之和降到 1 以内，上限之和升到 1 以上"
            );
            self.fault(&path, what, fix);
        }
        FromData { scheme: blend.by, alpha: blend.alpha.0, floors, caps }
    }

    fn judged(&mut self, path: &[&str], parent: &str, ahp: &AhpFile) -> Vec<(String, f64)> {
        let variant = ahp.variant.unwrap_or(Variant::Eigenvector);
        self.unjudged = 0;
        let matrices = self.matrices(path, ahp);
        if matrices.is_empty() || matrices.len() < ahp.experts.len() {
            if ahp.experts.is_empty() {
                let fix = text!(
                    "add [[…ahp.experts]] with name and matrix",
                    "请添加 [[…ahp.experts]]，写明 name 和 matrix"
                );
                self.fault(path, text!("`ahp` has no experts", "`ahp` 没有专家"), fix);
            }
            let even = 1.0 / float(ahp.items.len().max(1));
            return ahp.items.iter().map(|item| (item.clone(), even)).collect();
        }
        let pooled = ahp::judge(&ahp::pool(&matrices), variant);
        if pooled.cr > ahp::CR_MAX {
            let (i, j, fitting) = pooled.worst;
            let (first, second) = (&ahp.items[i], &ahp.items[j]);
            let what = text!(
                "the judgement of `{parent}` has consistency ratio {ratio:.4}, above {most}; worst fits {first} against {second}",
                "`{parent}` 的判断矩阵一致性比率为 {ratio:.4}，超过 {most}；最不一致的是 {first} 与 {second} 的比较",
                parent = path.join("."),
                ratio = pooled.cr,
                most = ahp::CR_MAX
            );
            let ratios: Vec<String> = (ahp.experts.iter().zip(&matrices))
                .map(|(expert, matrix)| format!("{} {:.4}", expert.name, ahp::judge(matrix, variant).cr))
                .collect();
            let fix = text!(
                "the other judgements ask for about {fitting:.2} there; each expert's ratio: {ratios}",
                "按其余判断，该处应约为 {fitting:.2}；各专家的一致性比率：{ratios}",
                ratios = ratios.join(", ")
            );
            self.fault(path, what, fix);
        }
        let experts = ahp.experts.iter().zip(&matrices);
        let experts =
            experts.map(|(expert, matrix)| (expert.name.clone(), ahp::judge(matrix, variant))).collect();
        let weights = ahp.items.iter().cloned().zip(pooled.weights.clone()).collect();
        self.judgements.push(Judgement {
            parent: parent.into(),
            items: ahp.items.clone(),
            pooled,
            experts,
            unjudged: self.unjudged,
        });
        weights
    }

    /// Reports which items an expert's judgements do not connect.
    fn unconnected(&mut self, path: &[&str], ahp: &AhpFile, expert: &str, parts: &[Vec<usize>; 2]) {
        let named =
            |part: &[usize]| part.iter().map(|&item| ahp.items[item].as_str()).collect::<Vec<_>>().join(", ");
        let [first, second] = [named(&parts[0]), named(&parts[1])];
        let what = text!(
            "judgement of {expert}: no judgement connects {first} with {second}",
            "{expert} 的判断矩阵: {first} 与 {second} 之间没有任何比较"
        );
        self.fault(path, what, text!("judge one pair of the two parts", "请在两部分之间至少比较一对"));
    }

    /// The experts' sound matrices, completed; faults of the other matrices are reported.
    fn matrices(&mut self, path: &[&str], ahp: &AhpFile) -> Vec<Vec<Vec<f64>>> {
        let mut matrices = Vec::new();
        for expert in &ahp.experts {
            // A judgement that is not a ratio is among the faults of the schema.
            let rows = expert.matrix.iter().map(|row| row.iter().map(Ratio::value).collect());
            let Some(matrix) = rows.collect::<Option<Vec<Vec<f64>>>>() else { continue };
            if let Err(what) = ahp::check(&matrix, ahp.items.len()) {
                let name = &expert.name;
                let what = text!("judgement of {name}: {what}", "{name} 的判断矩阵：{what}"; what);
                self.fault(path, what, text!("correct the matrix", "请改正矩阵"));
                continue;
            }
            match ahp::completed(&matrix) {
                Ok(completed) => {
                    self.unjudged += ahp::unjudged(&matrix);
                    matrices.push(completed);
                }
                Err(parts) => self.unconnected(path, ahp, &expert.name, &parts),
            }
        }
        matrices
    }
}
