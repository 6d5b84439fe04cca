//! Names that several results use: tiers, indicators, units, words of tables.

use gridtier::contract::{LoadClass, SupplyLevel, UseCategory};
use gridtier::gate::GateResult;
use gridtier::index::float_i64;
use gridtier::method::{Combine, Gate, Method, Tier};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;

use crate::format::{decimal, percent};
use crate::table::{ColumnFormat, DataCell, DataColumn};

/// A tier. The Chinese name is followed by the code that is used in the tables.
#[must_use]
pub fn tier(tier: Tier) -> Text {
    Text::coded(tier.code(), tier.en(), format!("{} {}", tier.zh(), tier.code()))
}

/// The tier of a code, or a group of tiers.
#[must_use]
pub fn tier_of_code(code: &str) -> Text {
    match (code, Tier::from_code(code)) {
        (_, Some(named)) => tier(named),
        ("special+grade-1", None) => Text::coded("special+grade-1", "special + grade-1", "特级与一级"),
        (other, None) => Text::same(other.to_owned()),
    }
}

/// Columns of counts, one for each tier.
pub fn tier_columns() -> impl Iterator<Item = DataColumn> {
    Tier::ALL.iter().map(|&of| {
        let Text { en, zh, .. } = tier(of);
        DataColumn::new(ColumnFormat::Integer, of.code(), en, zh)
    })
}

/// A cell of a table for a tier.
#[must_use]
pub fn tier_cell(of: Tier) -> DataCell {
    DataCell::Text(tier(of))
}

/// A cell of a table for points that are counted in 10⁻⁶, such as a score.
#[must_use]
pub fn points_cell(points_e6: Option<i64>) -> DataCell {
    DataCell::number(points_e6.map(|points| float_i64(points) / 1e6))
}

/// A unit of the registry of indicators; an analyst's own units stay as they are.
#[must_use]
pub fn unit(code: &str) -> Text {
    let (en, zh) = match code {
        "kWh/a" => ("kWh/a", "kWh/年"),
        "CNY/a" => ("CNY/a", "元/年"),
        "CNY/kWh" => ("CNY/kWh", "元/kWh"),
        "tce/a" => ("tce/a", "tce/年"),
        "days" => ("days", "天"),
        "points" => ("points", "分"),
        "share" => ("share", "比例"),
        "1/a" => ("a year", "每年"),
        "customer-h/a" => ("customer-h/a", "户·时/年"),
        own => return Text::same(own.to_owned()),
    };
    Text::coded(code.to_owned(), en, zh)
}

/// A class, a clustering or a combination by its code.
#[must_use]
pub fn word(code: &str) -> Text {
    const WORDS: [(&str, &str, &str); 6] = [
        ("unspecified", "unspecified", "未注明"),
        ("small", "small", "小"),
        ("medium", "medium", "中"),
        ("large", "large", "大"),
        ("kmeans", "k-means", "k 均值"),
        ("gaussian_mixture", "Gaussian mixture", "高斯混合"),
    ];
    let known = WORDS.iter().find(|(known, ..)| *known == code);
    let known = known.map(|&(code, en, zh)| Text::coded(code, en, zh));
    let known = known.or_else(|| LoadClass::from_code(code).map(Text::of_word));
    let known = known.or_else(|| Combine::from_code(code).map(Text::of_word));
    known.unwrap_or_else(|| Text::same(code.to_owned()))
}

/// A gate with its value, verdict and limits, in a sentence without codes.
#[must_use]
pub(crate) fn gate(result: &GateResult) -> Text {
    let shown = |value: f64| match result.gate {
        Gate::Changed | Gate::SpecialLost | Gate::Absent => percent(value),
        Gate::PsiScore | Gate::CsiMax => decimal(value, 3),
        Gate::FailedChecks | Gate::Breaches => decimal(value, 0),
    };
    let Text { en, zh, .. } = Text::of_word(result.gate);
    let Some(value) = result.value.map(shown) else {
        return text!("{en}: not measured", "{zh}: 未测量");
    };
    let limits = [(result.warn, "warns", "警告"), (result.fail, "fails", "不通过")];
    let limits: Vec<Text> = limits
        .into_iter()
        .filter_map(|(limit, warns, zh)| {
            let limit = shown(limit?);
            Some(text!("{warns} above {limit}", "超过 {limit} 为{zh}"))
        })
        .collect();
    let Text { en: verdict, zh: verdict_zh, .. } = Text::of_word(result.verdict);
    if limits.is_empty() {
        return text!("{en} {value}: {verdict}", "{zh} {value}: {verdict_zh}");
    }
    let limits = Text::join(&limits, ", ");
    text!("{en} {value}: {verdict} ({limits})", "{zh} {value}: {verdict_zh} ({limits})"; limits)
}

/// The name of a dimension.
pub(crate) fn dimension(code: &str) -> Text {
    match code {
        "contribution" => Text::coded("contribution", "contribution", "用电贡献"),
        "compliance" => Text::coded("compliance", "compliance", "用电规范性"),
        "cooperation" => Text::coded("cooperation", "cooperation", "客户合作"),
        other => Text::same(other.to_owned()),
    }
}

/// The name of a group of indicators, or the code of one that an analyst has added.
pub(crate) fn indicator_group(code: &str) -> Text {
    const GROUPS: [(&str, &str, &str); 13] = [
        ("current", "current", "当前贡献"),
        ("potential", "potential", "潜在贡献"),
        ("energy_mix", "energy mix", "用能结构"),
        ("standing", "standing", "社会地位"),
        ("power_factor", "power factor", "功率因数"),
        ("payment", "payment", "缴费"),
        ("plan", "plan", "用电计划"),
        ("safety", "safety", "用电安全"),
        ("violations", "violations", "违约窃电"),
        ("policy", "policy", "政策落实"),
        ("work", "work", "工作配合"),
        ("suggestions", "suggestions", "优化建议"),
        ("load", "load", "负荷特性"),
    ];
    let known = GROUPS.iter().find(|(known, ..)| *known == code);
    known.map_or_else(|| Text::same(code.to_owned()), |&(code, en, zh)| Text::coded(code, en, zh))
}

/// A column of strata in a list, which holds their codes.
pub(crate) fn stratum_column() -> DataColumn {
    DataColumn {
        names: Some(|code| Some(stratum(code))),
        ..DataColumn::new(ColumnFormat::Word, "stratum", "stratum", "分层")
    }
}

/// The name of the weight at a path of a method: of its dimension, group or indicator.
#[must_use]
pub fn weight(path: &str, method: &Method) -> Text {
    let keys: Vec<&str> = path.split('.').collect();
    let Text { en, zh, .. } = match keys.as_slice() {
        ["weights", code] => dimension(code),
        ["weights", "groups", _, code] => indicator_group(code),
        ["weights", "indicators", _, id] => indicator_title(method, id),
        _ => Text::same(path.to_owned()),
    };
    Text::coded(path.to_owned(), en, zh)
}

/// The title of an indicator of a method.
#[must_use]
pub fn indicator_title(method: &Method, id: &str) -> Text {
    let spec = method.indicators.iter().find(|spec| spec.id == id);
    spec.map_or_else(
        || Text::same(id.to_owned()),
        |spec| Text::new(spec.titles[0].clone(), spec.titles[1].clone()),
    )
}

/// The name of a stratum: the word for its code, or the name that the user gave it.
#[must_use]
pub fn stratum(name: &str) -> Text {
    let level = SupplyLevel::from_code(name).map(Text::of_word);
    let known = level.or_else(|| UseCategory::from_code(name).map(Text::of_word));
    known.unwrap_or_else(|| match name {
        "all" => Text::coded("all", "all customers", "全部客户"),
        "other" => Text::coded("other", "other customers", "其他客户"),
        own => Text::same(own.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use gridtier::validate::Verdict;

    use super::*;

    #[test]
    fn a_gate_is_told_in_words_with_its_limits() {
        let result = |gate, value, warn, fail, verdict| gate_of(gate, value, [warn, fail], verdict);
        let changed = result(Gate::Changed, Some(0.35), Some(0.3), Some(0.5), Verdict::Warn);
        assert_eq!(changed.en, "tier changed 35.0 %: warn (warns above 30.0 %, fails above 50.0 %)");
        assert_eq!(changed.zh, "等级变动 35.0 %: 警告 (超过 30.0 % 为警告, 超过 50.0 % 为不通过)");
        assert_eq!(
            result(Gate::CsiMax, Some(0.014), Some(0.25), None, Verdict::Pass).en,
            "greatest CSI 0.014: pass (warns above 0.250)"
        );
        assert_eq!(
            result(Gate::Breaches, Some(2.0), None, Some(0.0), Verdict::Fail).zh,
            "拒收超限的表 2: 不通过 (超过 0 为不通过)"
        );
        assert_eq!(result(Gate::Absent, None, None, None, Verdict::NotMeasured).zh, "缺失客户: 未测量");
    }

    fn gate_of(
        gate_code: Gate,
        value: Option<f64>,
        [warn, fail]: [Option<f64>; 2],
        verdict: Verdict,
    ) -> Text {
        gate(&GateResult { gate: gate_code, value, warn, fail, verdict })
    }

    #[test]
    fn classes_and_ways_to_combine_have_words_in_both_languages() {
        let words = ["load_1", "topsis", "gaussian_mixture", "unspecified", "own"].map(word);
        let words = words.map(|word| (word.en.into_owned(), word.zh.into_owned()));
        assert_eq!(
            words.each_ref().map(|(en, zh)| (en.as_str(), zh.as_str())),
            [
                ("first-class load", "一类负荷"),
                ("TOPSIS", "TOPSIS"),
                ("Gaussian mixture", "高斯混合"),
                ("unspecified", "未注明"),
                ("own", "own")
            ]
        );
    }
}
