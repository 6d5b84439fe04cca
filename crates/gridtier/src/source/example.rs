//! Gives the example of a finding in Chinese. A cycle stores examples only in English, for programs, and findings that
//! are taken from an earlier cycle have no other text.

use crate::contract::rule::Rule;
use crate::phrase::{self, Form};

/// Forms of an example that names a rejected row; more special forms come before more general ones.
const ROW: &[Form] = &[
    ("{} row {#} (spreadsheet row {#}): {} is empty", "{0} 第 {1} 行 (电子表格第 {2} 行): {3} 为空"),
    (
        "{} row {#} (spreadsheet row {#}): cells in the row: {#}, in the header: {#}",
        "{0} 第 {1} 行 (电子表格第 {2} 行): 行内 {3} 个单元格, 表头 {4} 个",
    ),
    (
        "{} row {#} (spreadsheet row {#}): {} in {} is a formula without a value",
        "{0} 第 {1} 行 (电子表格第 {2} 行): {4} 的 {3} 是没有缓存值的公式",
    ),
    ("{} row {#} (spreadsheet row {#}): {}", "{0} 第 {1} 行 (电子表格第 {2} 行): {3}"),
    ("{} row {#} (spreadsheet row {#})", "{0} 第 {1} 行 (电子表格第 {2} 行)"),
    ("{} row {#}: {} is empty", "{0} 第 {1} 行: {2} 为空"),
    ("{} row {#}: {}", "{0} 第 {1} 行: {2}"),
    ("{} row {#}", "{0} 第 {1} 行"),
];

const CUSTOMER: &[Form] = &[
    ("{#} reading of {} before it opened", "{1} 立户前的 {0} 条读数"),
    ("{#} readings of {} before it opened", "{1} 立户前的 {0} 条读数"),
    ("days of {} before it opened", "{0} 立户前的天数"),
    ("customer {}, meter {}, {}", "客户 {0}, 电表 {1}, {2}"),
    ("customer {}, expires {}", "客户 {0}, 有效期至 {1}"),
    ("customer {}", "客户 {0}"),
];

const MONTHS: &[Form] = &[
    ("every {#} months: {#} customer, first {}", "每 {0} 个月: {1} 户, 首户 {2}"),
    ("every {#} months: {#} customers, first {}", "每 {0} 个月: {1} 户, 首户 {2}"),
    ("{#} month: {#} customer, first {}", "{0} 个月: {1} 户, 首户 {2}"),
    ("{#} month: {#} customers, first {}", "{0} 个月: {1} 户, 首户 {2}"),
    ("{#} months: {#} customer, first {}", "{0} 个月: {1} 户, 首户 {2}"),
    ("{#} months: {#} customers, first {}", "{0} 个月: {1} 户, 首户 {2}"),
];

const IMPLAUSIBLE: &[Form] = &[
    ("{} row {#} (spreadsheet row {#}): {} = {}", "{0} 第 {1} 行 (电子表格第 {2} 行): {3} = {4}"),
    ("{} row {#}: {} = {}", "{0} 第 {1} 行: {2} = {3}"),
    ("{} in {}: {} kWh", "{0} 于 {1}: {2} kWh"),
];

const REPEATED: &[Form] = &[
    (
        "bills {} and {}: the same customer, month, amount and day to pay",
        "账单 {0} 与 {1}: 客户、月份、金额和缴费截止日相同",
    ),
    ("bill {}: two equal payments on {}", "账单 {0}: {1} 有两笔相同的缴费"),
    (
        "{} in {}: meters {} and {}, which differ only in how they are written",
        "{0} 于 {1}: 电表 {2} 与 {3}, 仅写法不同",
    ),
    (
        "{} in {}: meter {}, and readings without a meter on the same days",
        "{0} 于 {1}: 电表 {2}, 另有同日无电表编号的读数",
    ),
    ("{} in {}: equal energy of meters {} and {}", "{0} 于 {1}: 电表 {2} 与 {3} 电量相同"),
    (
        "{} in {}: equal energy of meter {} and of readings without a meter",
        "{0} 于 {1}: 电表 {2} 与无电表编号的读数电量相同",
    ),
    ("{} in {}: two readings at most {#} days apart", "{0} 于 {1}: 两个读数相隔不超过 {2} 天"),
    (
        "{} and {}: {#} of {#} customers examined have equal energy in both",
        "{0} 与 {1}: 抽查的 {3} 户中有 {2} 户两月电量相同",
    ),
    ("customer {}, {}: the same event under two ids", "客户 {0}, {1}: 同一事件有两个编号"),
];

const STAMPS: &[Form] = &[
    ("{}: from {} to {}, as if stamped at the end of the interval", "{0}: 自 {1} 至 {2}, 似为区间终点时间"),
    ("{}: from {} to {}, as if stamped in UTC", "{0}: 自 {1} 至 {2}, 似为 UTC 时刻"),
];

const RATIOS: &[Form] = &[
    ("{}: paid {} CNY of {} CNY due", "{0}: 应缴 {2} 元, 实缴 {1} 元"),
    ("{}: planned {} kWh, used {} kWh", "{0}: 计划 {1} kWh, 实际 {2} kWh"),
    ("{}: {} kvarh of reactive energy and {} kWh", "{0}: 无功 {1} kvarh, 有功 {2} kWh"),
    ("{}: {} kVA and {} kWh a month", "{0}: 容量 {1} kVA, 月用电 {2} kWh"),
    ("{}: replaceable {} of {} kgce", "{0}: 能源总量 {2} kgce, 其中可替代 {1}"),
    ("{}: requested {}, delivered {}", "{0}: 要求 {1}, 完成 {2}"),
];

const APART: &[Form] = &[
    ("month before, {#} of {#} customers examined, first {}", "前一月, 抽查的 {1} 户中有 {0} 户, 首户 {2}"),
    ("month after, {#} of {#} customers examined, first {}", "后一月, 抽查的 {1} 户中有 {0} 户, 首户 {2}"),
];

const HIDDEN: &[Form] = &[
    (
        "{}: {#} hidden rows from row {#}, {#} hidden columns from {}",
        "{0}: 自第 {2} 行起隐藏 {1} 行, 自 {4} 列起隐藏 {3} 列",
    ),
    ("{}: {#} hidden rows from row {#}", "{0}: 自第 {2} 行起隐藏 {1} 行"),
    ("{}: {#} hidden columns from {}", "{0}: 自 {2} 列起隐藏 {1} 列"),
];

const REVERSED: &[Form] = &[
    ("bill {} was taken as the reversal of bill {}", "账单 {0} 视为账单 {1} 的冲销"),
    ("bill {}", "账单 {0}"),
];

/// The forms of a rule's examples.
fn forms(rule: Rule) -> &'static [Form] {
    match rule {
        Rule::EmptyTable => &[("{#} row in", "读入 {0} 行"), ("{#} rows in", "读入 {0} 行")],
        Rule::BeforeOpening
        | Rule::LongInterval
        | Rule::OverlappingIntervals
        | Rule::PartsExceedTotal
        | Rule::MissingImpact
        | Rule::UnusedOverride => CUSTOMER,
        Rule::ReversalMatched | Rule::ReversesIgnored => REVERSED,
        Rule::UnknownReversal => {
            &[("of customers {} and {#} more", "客户 {0}, 另有 {1} 户"), ("of customers {}", "客户 {0}")]
        }
        Rule::SparseCadence | Rule::UnbilledUse => MONTHS,
        Rule::UnitSuspect => {
            &[("{} in {}: {} kWh, median month {} kWh", "{0} 于 {1}: {2} kWh, 各月中位数 {3} kWh")]
        }
        Rule::LooksLikeRegister => {
            &[("the energy of {} never falls from month to month", "{0} 的电量逐月从不下降")]
        }
        Rule::RegisterWithFalls => &[(
            "the energy of {} rises from month to month, deep falls: {#}",
            "{0} 的电量逐月上升, 大幅回落 {1} 次",
        )],
        Rule::NearZeroUse => {
            &[("{} in {}: {#} Wh, median month {#} kWh", "{0} 于 {1}: {2} Wh, 各月中位数 {3} kWh")]
        }
        Rule::UnitInHeader => &[("{} of {} names {} and is read in {}", "{1} 的 {0} 标明 {2}, 按 {3} 读取")],
        Rule::ImplausibleValue => IMPLAUSIBLE,
        Rule::MissingMonths => &[("{}: {#}, elsewhere about {#}", "{0}: {1}, 其他月份约 {2}")],
        Rule::LikelyRepeated => REPEATED,
        Rule::StampSuspect => STAMPS,
        Rule::MonthsApart => APART,
        Rule::UnlikelyRatio => RATIOS,
        Rule::AmountSuspect => {
            &[("{} in {}: {} CNY, median month {} CNY", "{0} 于 {1}: {2} 元, 各月中位数 {3} 元")]
        }
        Rule::PriceSuspect => &[("{}: {} CNY/kWh", "{0}: {1} 元/千瓦时")],
        Rule::SingleReading | Rule::ReactiveDecrease => &[("meter {} of {}", "{1} 的电表 {0}")],
        Rule::DistantDate => &[("{}: {} = {}", "{0}: {1} = {2}")],
        Rule::OffSeason => &[("first {}", "首户 {0}")],
        Rule::IntegerId => &[("column {} of {}", "{1} 的列 {0}")],
        Rule::MixedMonthForms | Rule::AmbiguousGrouping => &[("{} of {}", "{1} 的 {0}")],
        Rule::QuotedRows => {
            &[("{}: a cell from line {#} on spans {#} lines", "{0}: 自第 {1} 行起的单元格跨 {2} 行")]
        }
        Rule::HiddenCells => HIDDEN,
        Rule::UnknownColumn => &[("{} and {#} more", "{0}, 另有 {1} 列")],
        Rule::MissingColumn => &[("{} lacks {}, which is read as {}", "{0} 缺少列 {1} (对应 {2})")],
        Rule::WidenedType => &[("{}: {} in {}, {} in {}", "{0}: {2} 中为 {1}, {4} 中为 {3}")],
        Rule::ImplausiblePrice => &[(
            "implausible_price: the median price of {} is {} CNY/kWh, outside {} to {}",
            "{0} 平均电价的中位数为 {1} 元/千瓦时, 不在 {2} 至 {3} 之间",
        )],
        _ => ROW,
    }
}

/// An example in Chinese; unchanged if it has no words to translate.
pub(super) fn chinese(rule: Rule, english: &str) -> String {
    // Examples of these two rules are lists, of which each entry has its own form.
    if forms(rule) == MONTHS {
        let parts = english.split("; ").map(|part| in_chinese(MONTHS, part));
        return parts.collect::<Vec<_>>().join("; ");
    }
    in_chinese(forms(rule), english)
}

fn in_chinese(forms: &[Form], english: &str) -> String {
    phrase::in_chinese(forms, english).unwrap_or_else(|| english.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_given_in_chinese_with_the_same_values() {
        for (rule, en, zh) in [
            (
                Rule::NullValue,
                "bills.csv row 7 (spreadsheet row 9): due_on is empty",
                "bills.csv 第 7 行 (电子表格第 9 行): due_on 为空",
            ),
            (
                Rule::Orphan,
                "a.parquet row 12: customer_id = {0} 7",
                "a.parquet 第 12 行: customer_id = {0} 7",
            ),
            (Rule::BadWidth, "a.csv row 12", "a.csv 第 12 行"),
            (Rule::EmptyTable, "216 rows in", "读入 216 行"),
            (Rule::BeforeOpening, "18 readings of C6 before it opened", "C6 立户前的 18 条读数"),
            (Rule::UnknownReversal, "of customers 1, 2 and 3 more", "客户 1, 2, 另有 3 户"),
            (
                Rule::UnbilledUse,
                "1 month: 1 customer, first C4; 3 months: 2 customers, first C5",
                "1 个月: 1 户, 首户 C4; 3 个月: 2 户, 首户 C5",
            ),
            (
                Rule::BadWidth,
                "a.csv row 12 (spreadsheet row 14): cells in the row: 7, in the header: 6",
                "a.csv 第 12 行 (电子表格第 14 行): 行内 7 个单元格, 表头 6 个",
            ),
            (
                Rule::ErrorCell,
                "a.xlsx row 4 (spreadsheet row 6): 电量 in D6 is a formula without a value",
                "a.xlsx 第 4 行 (电子表格第 6 行): D6 的 电量 是没有缓存值的公式",
            ),
            (
                Rule::UnitInHeader,
                "电量(MWh) of a.csv names MWh and is read in kWh",
                "a.csv 的 电量(MWh) 标明 MWh, 按 kWh 读取",
            ),
            (
                Rule::QuotedRows,
                "a.csv: a cell from line 11 on spans 491 lines",
                "a.csv: 自第 11 行起的单元格跨 491 行",
            ),
            (
                Rule::MissingColumn,
                "b.csv lacks MR_STATUS, which is read as quality",
                "b.csv 缺少列 MR_STATUS (对应 quality)",
            ),
            (Rule::PriceSuspect, "C3: 0.0006 CNY/kWh", "C3: 0.0006 元/千瓦时"),
            (Rule::SingleReading, "meter M1 of C1", "C1 的电表 M1"),
            (Rule::HiddenCells, "b.xlsx: 2 hidden rows from row 5", "b.xlsx: 自第 5 行起隐藏 2 行"),
        ] {
            assert_eq!(chinese(rule, en), zh);
        }
    }

    #[test]
    fn an_example_that_has_only_ids_is_not_changed() {
        for (rule, example) in [
            (Rule::DegenerateIndicator, "average_price, energy_growth (35kV)"),
            (Rule::EditedCatalogue, "paper 1"),
            (Rule::UnknownColumn, "date of birth"),
            (Rule::EncodingGuessed, "bills.csv"),
        ] {
            assert_eq!(chinese(rule, example), example);
        }
    }

    #[test]
    fn every_form_reads_back_the_values_written_by_it() {
        for (en, zh) in Rule::all().flat_map(forms) {
            let example = en.replace("{#}", "7").replace("{}", "x");
            let found = phrase::values(en, &example).unwrap_or_else(|| panic!("{example}"));
            assert_eq!(found.len(), zh.matches('{').count(), "{zh}");
        }
    }
}
