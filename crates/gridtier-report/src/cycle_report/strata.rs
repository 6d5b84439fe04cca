//! The strata of a cycle, with their customers by tier and the scores of their ranked customers.

use gridtier::cycle::Cycle;
use gridtier::index::{float_i64, index};
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::word::Word;

use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};

/// The customers of a stratum.
#[derive(Default)]
struct Members {
    tiers: [u64; 4],
    provisional: u64,
    scores_e6: Vec<i64>,
}

/// A table of the strata.
pub(super) fn section(cycle: &Cycle) -> Section {
    let mut strata: Vec<Members> = cycle.strata.iter().map(|_| Members::default()).collect();
    let mut all = Members::default();
    for placed in &cycle.rows {
        for members in [&mut strata[index(placed.stratum)], &mut all] {
            members.tiers[placed.tier.position()] += 1;
            match (placed.rank, placed.score_e6) {
                (Some(_), Some(score)) => members.scores_e6.push(score),
                _ => members.provisional += 1,
            }
        }
    }
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
        DataColumn::new(ColumnFormat::Integer, "provisional", "provisional", "其中暂定"),
    ];
    columns.extend(Tier::ALL.map(|tier| {
        let Text { en, zh, .. } = names::tier(tier);
        DataColumn::new(ColumnFormat::Integer, tier.code(), en, zh)
    }));
    columns.extend(QUARTILES.map(|(code, en, zh, _)| DataColumn::new(ColumnFormat::Number(2), code, en, zh)));
    let mut named: Vec<(Text, Members)> =
        cycle.strata.iter().zip(strata).map(|(name, members)| (names::stratum(name), members)).collect();
    named.retain(|(_, members)| members.tiers.iter().sum::<u64>() > 0);
    let is_one = named.len() == 1;
    let mut rows: Vec<DataRow> = named.into_iter().map(|(name, members)| row(name, members).into()).collect();
    if !is_one {
        rows.push(DataRow { role: RowRole::Total, cells: row(Text::new("all", "合计"), all) });
    }
    let title = Text::coded("strata", "Customers and scores by stratum", "各分层的户数与得分");
    let section = Section::of_table(DataTable { title, columns, rows });
    let said = if is_one {
        Text::new(
            "All customers are ranked against each other: the method has no strata.",
            "全部客户统一排名: 方法未分层。",
        )
    } else {
        Text::new(
            "Customers are ranked only within their stratum. Strata differ in their scores but hardly in the shares of their tiers.",
            "客户在所在分层内排名; 各分层得分不同, 等级比例基本一致。",
        )
    };
    section.with(crate::section::Block::Sentence(said))
}

/// Columns of scores: code, English, Chinese, and the quartile from 0 to 4.
const QUARTILES: [(&str, &str, &str, usize); 5] = [
    ("score_min", "lowest score", "最低得分", 0),
    ("score_q1", "lower quartile", "下四分位", 1),
    ("score_median", "median", "中位数", 2),
    ("score_q3", "upper quartile", "上四分位", 3),
    ("score_max", "highest score", "最高得分", 4),
];

fn row(name: Text, mut members: Members) -> Vec<DataCell> {
    let customers: u64 = members.tiers.iter().sum();
    let mut cells =
        vec![DataCell::Text(name), DataCell::count(customers), DataCell::count(members.provisional)];
    cells.extend(members.tiers.map(DataCell::count));
    members.scores_e6.sort_unstable();
    cells.extend(QUARTILES.map(|(.., quarters)| DataCell::number(quantile(&members.scores_e6, quarters))));
    cells
}

/// A quartile of sorted scores. It is always the score of a customer.
fn quantile(sorted_e6: &[i64], quarters: usize) -> Option<f64> {
    let last = sorted_e6.len().checked_sub(1)?;
    sorted_e6.get((last * quarters + 2) / 4).map(|score| float_i64(*score) / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_scores_that_customers_have() {
        let sorted = [10_000_000, 20_000_000, 30_000_000, 40_000_000, 90_000_000];
        let found = QUARTILES.map(|(.., quarters)| quantile(&sorted, quarters));
        assert_eq!(found, [10.0, 20.0, 30.0, 40.0, 90.0].map(Some));
        assert_eq!(quantile(&[], 2), None);
        assert_eq!(quantile(&[7_000_000], 3), Some(7.0));
    }
}
