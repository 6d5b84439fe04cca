//! Finds a unit of measure in the name of a column, such as `电量(万千瓦时)`, `energy_mwh` or `金额/万元`.
//!
//! Values never tell their unit, but a header that names it is certain. Read in another unit, every value is wrong by the
//! same factor, which nothing else shows in a table of few customers.

use super::folded;

/// The units of one quantity: the contract's first, each with the words that name it in lower case.
type Units = &'static [(&'static str, &'static [&'static str])];

const QUANTITIES: &[Units] = &[
    &[
        ("kWh", &["kwh", "千瓦时", "千瓦小时", "度"]),
        ("Wh", &["wh", "瓦时"]),
        ("MWh", &["mwh", "兆瓦时", "千度"]),
        ("GWh", &["gwh", "吉瓦时", "百万千瓦时", "百万度"]),
        ("万kWh", &["万kwh", "万千瓦时", "万度"]),
        ("亿kWh", &["亿kwh", "亿千瓦时", "亿度"]),
    ],
    &[
        ("kvarh", &["kvarh", "千乏时"]),
        ("varh", &["varh", "乏时"]),
        ("Mvarh", &["mvarh", "兆乏时"]),
        ("万kvarh", &["万kvarh", "万千乏时"]),
    ],
    &[
        ("CNY", &["cny", "rmb", "yuan", "元", "人民币"]),
        ("fen", &["fen", "分"]),
        ("角", &["角"]),
        ("千元", &["千元"]),
        ("万元", &["万元"]),
        ("亿元", &["亿元"]),
    ],
    &[("kW", &["kw", "千瓦"]), ("W", &["w", "瓦"]), ("MW", &["mw", "兆瓦"]), ("万kW", &["万kw", "万千瓦"])],
    &[
        ("kVA", &["kva", "千伏安"]),
        ("VA", &["va", "伏安"]),
        ("MVA", &["mva", "兆伏安"]),
        ("万kVA", &["万kva", "万千伏安"]),
    ],
    &[("kgce", &["kgce", "千克标准煤", "公斤标准煤"]), ("tce", &["tce", "吨标准煤"])],
];

/// The unit that a name mentions, if it is one of the quantity that the contract measures in `unit`.
pub fn unit_in_name(name: &str, unit: &str) -> Option<&'static str> {
    let units = QUANTITIES.iter().find(|units| units[0].0 == unit)?;
    // A raised dot stands within a unit, as in kW·h; every other sign ends a word.
    let name: String = folded(name).chars().filter(|sign| !['·', '•', '⋅'].contains(sign)).collect();
    let words = name.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    words.rev().find_map(|word| unit_of_word(word, units))
}

/// The unit that a word is or, in Chinese, ends with; the longest one counts, since 万千瓦时 ends with 千瓦时 too.
fn unit_of_word(word: &str, units: Units) -> Option<&'static str> {
    let all = units.iter().flat_map(|(unit, names)| names.iter().map(move |name| (*unit, *name)));
    let named = all.filter(|(_, name)| {
        let is_long = name.chars().count() > 1 && !name.is_ascii();
        word == *name || is_long && word.ends_with(name)
    });
    named.max_by_key(|(_, name)| name.len()).map(|(unit, _)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_found_in_brackets_behind_signs_and_at_the_end_of_chinese_words() {
        for (name, unit, found) in [
            ("电量(万千瓦时)", "kWh", Some("万kWh")),
            ("电量（ＭＷｈ）", "kWh", Some("MWh")),
            ("energy_mwh", "kWh", Some("MWh")),
            ("电量/兆瓦时", "kWh", Some("MWh")),
            ("用电量万度", "kWh", Some("万kWh")),
            ("电量[kW·h]", "kWh", Some("kWh")),
            ("active_kwh", "kWh", Some("kWh")),
            ("无功电量(Mvarh)", "kvarh", Some("Mvarh")),
            ("应收金额（万元）", "CNY", Some("万元")),
            ("应收_分", "CNY", Some("fen")),
            ("电费(元)", "CNY", Some("CNY")),
            ("运行容量(MVA)", "kVA", Some("MVA")),
            ("最大需量 MW", "kW", Some("MW")),
        ] {
            assert_eq!(unit_in_name(name, unit), found, "{name}");
        }
    }

    #[test]
    fn a_word_that_only_contains_a_unit_names_none() {
        for (name, unit) in [
            ("积分", "CNY"),
            ("部分金额", "CNY"),
            ("sumwh", "kWh"),
            ("电量", "kWh"),
            ("amount", "CNY"),
            ("年度", "kWh"),
            ("kWh", "kvarh"),
            ("电量(MWh)", "kvarh"),
        ] {
            assert_eq!(unit_in_name(name, unit), None, "{name}");
        }
    }
}
