//! How tiers are cut: quotas, which may differ in single strata, and floors in points.

use std::collections::BTreeMap;

use super::choices::{Strata, Tier};
use super::raw::MethodFile;
use crate::checked_toml::{CheckedToml, Fault, did_you_mean};
use crate::contract::{SupplyLevel, UseCategory};
use crate::text;
use crate::unit::round_half_away;
use crate::word::Word;

/// The only stratum when a method has no strata.
pub const ALL: &str = "all";
/// The stratum that small strata are pooled into.
pub const OTHER: &str = "other";

/// Shares of the four tiers in percent, best first.
pub type Quotas = [u32; 4];

/// How tiers are cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Shares of the tiers.
    pub quotas: Quotas,
    /// For each stratum that has quotas of its own, its quotas.
    pub by_stratum: BTreeMap<String, Quotas>,
    /// For each tier except the last, the score in 10⁻⁶ points that it requires besides its quota. A tier without a
    /// floor of its own has that of the next worse tier.
    pub floors_e6: [Option<i64>; 3],
}

impl Lines {
    /// The cumulative percentages of the boundaries in a stratum: 10, 40, 90 by default.
    #[must_use]
    pub fn boundaries(&self, stratum: &str) -> [u32; 3] {
        let quotas = self.by_stratum.get(stratum).unwrap_or(&self.quotas);
        let mut sum = 0;
        std::array::from_fn(|place| {
            sum += quotas[place];
            sum
        })
    }

    pub(super) fn build(document: &CheckedToml, file: &MethodFile, faults: &mut Vec<Fault>) -> Self {
        let quotas = checked(document, &["quotas"], &file.quotas, faults);
        let mut by_stratum = BTreeMap::new();
        for (name, shares) in &file.tiers.quotas_by_stratum {
            let path = ["tiers", "quotas_by_stratum", name];
            check_stratum(document, file.strata, &path, faults);
            by_stratum.insert(name.clone(), checked(document, &path, shares, faults));
        }
        let lines = &file.tiers.lines;
        let floors = [lines.special, lines.grade_1, lines.grade_2];
        let given: Vec<f64> = floors.iter().flatten().copied().collect();
        if given.windows(2).any(|pair| pair[0] < pair[1]) {
            faults.push(Fault {
                line: document.line(&["tiers", "lines"]),
                what: text!(
                    "`tiers.lines` asks for more points for a worse tier than for a better one",
                    "`tiers.lines` 对较低等级要求的得分高于较高等级"
                ),
                fix: text!(
                    "give scores that decrease from special to grade-2",
                    "请使得分要求由特级到二级递减"
                ),
            });
        }
        // A customer with too few points for a tier has too few for any better tier as well.
        let needed = [floors[0].or(floors[1]).or(floors[2]), floors[1].or(floors[2]), floors[2]];
        let floors_e6 = needed.map(|floor| floor.map(|points| round_half_away(points * 1e6)));
        Self { quotas, by_stratum, floors_e6 }
    }
}

/// Four percentages that sum to 100.
fn checked(document: &CheckedToml, path: &[&str], shares: &[u32], faults: &mut Vec<Fault>) -> Quotas {
    if document.is_readable(path) && (shares.len() != Tier::ALL.len() || shares.iter().sum::<u32>() != 100) {
        let key = path.join(".");
        faults.push(Fault {
            line: document.line(path),
            what: text!(
                "`{key}` must be four whole percentages that sum to 100, not {shares:?}",
                "`{key}` 应为四个合计 100 的整数百分比, 而不是 {shares:?}"
            ),
            fix: text!("the paper has [10, 30, 50, 10]", "论文为 [10, 30, 50, 10]"),
        });
    }
    std::array::from_fn(|tier| shares.get(tier).copied().unwrap_or(0))
}

/// Checks that the name is one that a stratum can have. Names of regions are known only from the data.
fn check_stratum(document: &CheckedToml, strata: Strata, path: &[&str; 3], faults: &mut Vec<Fault>) {
    let codes = match strata {
        Strata::None => &[ALL],
        Strata::SupplyLevel => SupplyLevel::CODES,
        Strata::UseCategory => UseCategory::CODES,
        Strata::Region => return,
    };
    let name = path[2];
    let known = || codes.iter().copied().chain((strata != Strata::None).then_some(OTHER));
    if known().any(|known| known == name) {
        return;
    }
    let code = strata.code();
    faults.push(Fault {
        line: document.line(path),
        what: text!(
            "`{name}` in `tiers.quotas_by_stratum` is not a stratum of strata = \"{code}\"",
            "`tiers.quotas_by_stratum` 中的 `{name}` 不是 strata = \"{code}\" 的层"
        ),
        fix: did_you_mean(name, known()),
    });
}
