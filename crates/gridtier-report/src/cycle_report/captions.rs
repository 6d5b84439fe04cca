//! Captions for tables that have none in a terminal, and cuts of long tables.

use gridtier::text;
use gridtier::text::Text;

use super::ROWS_MAX;
use crate::format::grouped;
use crate::section::{Block, Section};
use crate::table::DataTable;

/// Captions by the code of the table: code, English, Chinese.
const CAPTIONS: [(&str, &str, &str); 15] = [
    ("checks", "Measures, limits and verdicts", "检验项、限值与结论"),
    ("readings", "How to read each check", "各检验项的解读"),
    (
        "influence",
        "Weight in the method, and share of the differences between scores",
        "名义权重与实际影响力",
    ),
    ("held", "Who brings revenue and energy", "各分组的电费与电量"),
    ("classes", "Tiers beside other classifications", "等级与其他分类的对照"),
    (
        "variations",
        "What another combination, or leaving out an indicator, would change",
        "换用其他合成方法或剔除指标的影响",
    ),
    ("clusterings", "Clusters, as a cross-check", "聚类对照"),
    ("profiles", "What the clusters are like", "各类特征"),
    ("transitions", "From tier to tier", "等级转移"),
    ("waterfall", "Members gained and lost, by step", "各步骤的成员增减"),
    ("causes", "Moves by main cause", "按主因统计的变动"),
    ("moves", "Single customers", "单个客户"),
    ("drift", "Stability indexes", "稳定性指数"),
    ("backtest", "Outcomes since the earlier cycle", "前一周期以来的结果"),
    ("weights", "Weights", "权重"),
];

/// Adds a caption to each table of a section that has none.
pub(super) fn captioned(mut section: Section) -> Section {
    for block in &mut section.blocks {
        let Block::Table(table) = block else { continue };
        if !table.title.is_empty() {
            continue;
        }
        let code = table.title.code.as_deref();
        if let Some(&(code, en, zh)) = CAPTIONS.iter().find(|(known, ..)| Some(*known) == code) {
            table.title = Text::coded(code, en, zh);
        }
    }
    section
}

/// Cuts each long table of a section to its first rows, and adds a sentence that names the file with all rows.
pub(super) fn capped(section: Section, file: &str) -> Section {
    let Section { heading, blocks } = section;
    let blocks = blocks.into_iter().flat_map(|block| match block {
        Block::Table(table) => cut(table, file),
        other => vec![other],
    });
    Section { heading, blocks: blocks.collect() }
}

fn cut(mut table: DataTable, file: &str) -> Vec<Block> {
    let all = table.rows.len();
    if all <= ROWS_MAX {
        return vec![Block::Table(table)];
    }
    table.rows.truncate(ROWS_MAX);
    let (shown, all) = (ROWS_MAX, grouped(gridtier::index::count(all)));
    let left_out = text!(
        "… of {all} rows the first {shown}; all in {file}",
        "… 共 {all} 行, 此处为前 {shown} 行; 全部见 {file}"
    );
    vec![Block::Table(table), Block::Sentence(left_out)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ColumnFormat, DataCell, DataColumn};

    #[test]
    fn a_long_table_is_cut_and_says_where_all_of_it_is() {
        let table = |rows: i64| {
            let columns = vec![DataColumn::new(ColumnFormat::Integer, "n", "n", "n")];
            DataTable::new(Text::default(), columns, (0..rows).map(|n| vec![DataCell::Integer(n)]))
        };
        let section = Section::of_table(table(1234)).table(table(3));
        let section = capped(section, "tiers.parquet");
        assert_eq!(section.tables().map(|table| table.rows.len()).collect::<Vec<_>>(), [ROWS_MAX, 3]);
        let Block::Sentence(said) = &section.blocks[1] else { panic!("{section:?}") };
        assert_eq!(said.en, "… of 1,234 rows the first 60; all in tiers.parquet");
    }

    #[test]
    fn a_table_without_a_title_gets_a_caption() {
        let columns = vec![DataColumn::new(ColumnFormat::Text, "cause", "main cause", "主因")];
        let table = DataTable::new(Text::coded("causes", "", ""), columns, []);
        let section = captioned(Section::of_table(table));
        assert_eq!(section.tables().next().map(|table| table.title.zh.as_ref()), Some("按主因统计的变动"));
    }
}
