//! The customers just above and just below each line between tiers.

use std::collections::BTreeMap;

use gridtier::cycle::{Cycle, Placed};
use gridtier::index::index;
use gridtier::method::Tier;
use gridtier::text::Text;
use gridtier::tier::LedgerLine;
use gridtier::word::Word;

use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// The name of a stratum, and a rank in it.
type Place<'a> = (&'a str, u64);

/// The two customers next to each line.
pub(super) fn section(cycle: &Cycle) -> Section {
    let beside = beside(cycle);
    let columns = vec![
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Text, "boundary", "line", "界线"),
        DataColumn::new(ColumnFormat::Text, "side", "side", "位置"),
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"),
        DataColumn::new(ColumnFormat::Number(6), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "最终等级"),
        DataColumn::new(ColumnFormat::Text, "policy", "changed by", "变更依据"),
    ];
    let rows = cycle.ledger.iter().flat_map(|line| {
        sides(line).into_iter().filter_map(|(side, place)| Some(row(cycle, line, side, beside.get(&place)?)))
    });
    let title = Text::coded("beside_lines", "Next to the lines", "界线两侧的客户");
    let table = DataTable::new(title, columns, rows);
    if table.rows.is_empty() {
        return Section::new();
    }
    Section::of_table(table).sentence(
        "For each line, the table has the last customer above it and the first one below it, by rank and quota. A policy, such \
         as a ceiling for offences, can give such a customer a final tier on the other side.",
        "按名次和比例, 各界线之上的最后一户与之下的第一户。封顶等规则可使最终等级落在另一侧。",
    )
}

fn sides(line: &LedgerLine) -> [(Text, Place<'_>); 2] {
    let stratum = line.stratum.as_str();
    [
        (Text::new("just above", "线上"), (stratum, line.count)),
        (Text::new("just below", "线下"), (stratum, line.count + 1)),
    ]
}

/// The customers at the ranks next to lines.
fn beside(cycle: &Cycle) -> BTreeMap<Place<'_>, &Placed> {
    let mut wanted: BTreeMap<Place<'_>, Option<&Placed>> =
        cycle.ledger.iter().flat_map(sides).map(|(_, place)| (place, None)).collect();
    for placed in &cycle.rows {
        let Some(rank) = placed.rank else { continue };
        let stratum = cycle.strata[index(placed.stratum)].as_str();
        if let Some(found) = wanted.get_mut(&(stratum, rank)) {
            *found = Some(placed);
        }
    }
    wanted.into_iter().filter_map(|(place, found)| Some((place, found?))).collect()
}

fn row(cycle: &Cycle, line: &LedgerLine, side: Text, placed: &Placed) -> Vec<DataCell> {
    let worse = Tier::ALL[line.better.position() + 1];
    let boundary = Text::new(
        format!("{} / {}", line.better.code(), worse.code()),
        format!("{} / {}", names::tier(line.better).zh, names::tier(worse).zh),
    );
    vec![
        DataCell::Text(names::stratum(&line.stratum)),
        DataCell::Text(boundary),
        DataCell::Text(side),
        DataCell::same(cycle.customers.ids.key(placed.number).to_owned()),
        placed.rank.map_or(DataCell::Missing, DataCell::count),
        names::points_cell(placed.score_e6),
        names::tier_cell(placed.tier),
        placed.policy.map_or(DataCell::Blank, DataCell::word),
    ]
}
