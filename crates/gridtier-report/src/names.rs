//! Names that several results use: tiers, indicators, units, words of tables.

use std::borrow::Cow;

use gridtier::contract::{LoadClass, SupplyLevel, UseCategory};
use gridtier::index::float_i64;
use gridtier::method::{Method, Tier};
use gridtier::word::Word;

use crate::table::{ColumnFormat, DataCell, DataColumn};
use gridtier::text::Text;

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
        "customer-h/a" => ("customer-h/a", "户·时/年"),
        own => return Text::same(own.to_owned()),
    };
    Text::coded(code.to_owned(), en, zh)
}

/// A class, a clustering or a combination by its code.
#[must_use]
pub fn word(code: &str) -> Text {
    const WORDS: [(&str, &str); 9] = [
        ("unspecified", "未注明"),
        ("small", "小"),
        ("medium", "中"),
        ("large", "大"),
        ("kmeans", "k 均值"),
        ("gaussian_mixture", "高斯混合"),
        ("weighted_sum", "加权和"),
        ("weighted_product", "加权积"),
        ("grey_relational", "灰色关联"),
    ];
    let zh = WORDS.iter().find(|(known, _)| *known == code).map(|(_, zh)| *zh);
    let zh = zh.or_else(|| LoadClass::from_code(code).map(Word::zh));
    let code: Cow<'static, str> = code.to_owned().into();
    Text::new(code.clone(), zh.map_or(code, Cow::Borrowed))
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
        ["weights", "indicators", _, id] => match method.indicators.iter().find(|spec| spec.id == **id) {
            Some(spec) => Text::new(spec.titles[0].clone(), spec.titles[1].clone()),
            None => Text::same((*id).to_owned()),
        },
        _ => Text::same(path.to_owned()),
    };
    Text::coded(path.to_owned(), en, zh)
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
