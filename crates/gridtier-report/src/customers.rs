//! The customers of a cycle as a list that is shown one page at a time.

use gridtier::compare::Movement;
use gridtier::contract::{SupplyLevel, UseCategory};
use gridtier::method::{Method, Tier};
use gridtier::score::Provisional;
use gridtier::text;
use gridtier::text::Text;
use gridtier::tier::Policy;
use gridtier::word::Word as _;

use crate::format::grouped;
use crate::names;
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// A graded customer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCustomer {
    /// Its id.
    pub id: String,
    /// Its final tier.
    pub tier: Tier,
    /// Whether it is provisional: it has a score but no rank.
    pub is_provisional: bool,
    /// Its rank in the stratum.
    pub rank: Option<u64>,
    /// Its score in millionths of a point.
    pub score_e6: Option<i64>,
    /// The name of its stratum.
    pub stratum: String,
    /// Its region.
    pub region: Option<String>,
    /// The code of its use category.
    pub use_category: Option<String>,
    /// How it came into its tier since the earlier cycle; `None` if there is no such cycle.
    pub movement: Option<Movement>,
}

/// A part of a list.
#[derive(Clone, Debug, Default)]
pub struct CustomerPage {
    /// The position of the page's first row in the list, from 0.
    pub start: u64,
    /// Its rows.
    pub rows: Vec<ListedCustomer>,
    /// The number of customers in the whole list, by final tier.
    pub by_tier: [u64; 4],
}

impl CustomerPage {
    /// The number of customers in the whole list.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_tier.iter().sum()
    }
}

/// A page of a list of customers, and the length of the whole list.
#[must_use]
pub fn section(page: &CustomerPage) -> Section {
    let total = grouped(page.total());
    let of_tiers = Tier::ALL.iter().zip(page.by_tier).filter(|(_, count)| *count > 0);
    let counted: Vec<Text> = of_tiers
        .map(|(&tier, count)| {
            let (Text { en, zh, .. }, count) = (names::tier(tier), grouped(count));
            text!("{count} {en}", "{zh} {count} 户")
        })
        .collect();
    let section = match (page.rows.is_empty(), page.total()) {
        (_, 0) => Section::new().sentence("No customer is like this.", "没有符合条件的客户。"),
        (true, _) => Section::new().sentence(
            format!("The list has {total} customers; this part is behind its end."),
            format!("列表共 {total} 户; 此处已超出末尾。"),
        ),
        (false, _) => {
            let (first, last) =
                (grouped(page.start + 1), grouped(page.start + gridtier::index::count(page.rows.len())));
            let Text { en, zh, .. } = Text::join(&counted, ", ");
            Section::new().sentence(
                format!("Customers {first} to {last} of {total}: {en}."),
                format!("共 {total} 户 ({zh}), 此处为第 {first} 至 {last} 户。"),
            )
        }
    };
    section.table(table(&page.rows))
}

/// Customers as a table.
#[must_use]
pub fn table(rows: &[ListedCustomer]) -> DataTable {
    let columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::new(ColumnFormat::Text, "tier", "tier", "等级"),
        DataColumn::new(ColumnFormat::YesNo, "provisional", "provisional", "暂定"),
        DataColumn::new(ColumnFormat::Number(2), "score", "score", "得分"),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank", "名次"),
        DataColumn::new(ColumnFormat::Text, "stratum", "stratum", "分层"),
        DataColumn::new(ColumnFormat::Text, "region", "region", "地区"),
        DataColumn::new(ColumnFormat::Text, "use_category", "use category", "用电类别"),
        DataColumn::new(ColumnFormat::Text, "movement", "since the cycle before", "较上一周期"),
    ];
    let rows = rows.iter().map(|row| {
        vec![
            DataCell::same(row.id.clone()),
            names::tier_cell(row.tier),
            DataCell::YesNo(row.is_provisional),
            DataCell::number(row.score_e6.map(|score| gridtier::index::float_i64(score) / 1e6)),
            row.rank.map_or(DataCell::Missing, DataCell::count),
            DataCell::Text(names::stratum(&row.stratum)),
            row.region.clone().map_or(DataCell::Blank, DataCell::same),
            row.use_category.as_deref().map_or(DataCell::Blank, |code| DataCell::Text(use_category(code))),
            row.movement.map_or(DataCell::Blank, DataCell::word),
        ]
    });
    DataTable::new(Text::coded("customers", "", ""), columns, rows)
}

/// The columns of a list of customers in a view: those of [`table`], with codes in their rows.
#[must_use]
pub fn list_columns() -> Vec<DataColumn> {
    let mut columns = table(&[]).columns;
    for (code, names) in WORDS {
        for column in columns.iter_mut().filter(|column| column.title.code.as_deref() == Some(code)) {
            *column = DataColumn { format: ColumnFormat::Word, names: Some(names), ..column.clone() };
        }
    }
    columns
}

/// Finds the names of a code.
type NamesOf = fn(&str) -> Option<Text>;

/// The columns of a list whose cells are codes, with what these are called.
const WORDS: [(&str, NamesOf); 4] = [
    ("tier", |code| Tier::from_code(code).map(names::tier)),
    ("stratum", |code| Some(names::stratum(code))),
    ("use_category", |code| Some(use_category(code))),
    ("movement", |code| Movement::from_code(code).map(Text::of_word)),
];

/// The columns of a list of graded customers besides tier, rank and score.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradedColumns<'a> {
    /// Columns of customers, by name.
    pub attributes: &'a [&'a str],
    /// Whether each tier has a probability.
    pub has_probability: bool,
}

/// The columns of a list of all graded customers: customer, tier, rank, score, the points that each indicator adds to the
/// score, and the reason. The column of an indicator is named `points_` and its id.
#[must_use]
pub fn graded_columns(method: &Method, of: GradedColumns<'_>) -> Vec<DataColumn> {
    let mut columns = vec![
        DataColumn::new(ColumnFormat::Id, "customer_id", "customer", "户号"),
        DataColumn::word::<Tier>("tier", "tier", "等级"),
        names::stratum_column(),
        DataColumn::new(ColumnFormat::Integer, "rank", "rank in stratum", "层内名次"),
        DataColumn::new(ColumnFormat::Number(2), "score", "score, points", "得分"),
    ];
    columns.extend(of.attributes.iter().map(|&name| match name {
        "region" => DataColumn::new(ColumnFormat::Text, "region", "region", "地区"),
        "use_category" => DataColumn::word::<UseCategory>("use_category", "use category", "用电类别"),
        "supply_level" => DataColumn::word::<SupplyLevel>("supply_level", "supply level", "供电层级"),
        own => DataColumn::new(ColumnFormat::Text, own.to_owned(), own.to_owned(), own.to_owned()),
    }));
    columns.extend(method.indicators.iter().map(|spec| {
        let [en, zh] = &spec.titles;
        let (en, zh) = (format!("{en}, points"), format!("{zh} (得分)"));
        DataColumn::new(ColumnFormat::Number(2), format!("points_{}", spec.id), en, zh)
    }));
    columns.extend([
        DataColumn::new(ColumnFormat::Share, "known_weight", "known weight", "已知权重"),
        DataColumn::new(ColumnFormat::YesNo, "provisional", "provisional", "暂定"),
        DataColumn::new(ColumnFormat::Date, "firm_from", "firm grade from", "可正式评级日期"),
        DataColumn::word::<Tier>("tier_computed", "tier by score", "计算等级"),
        DataColumn { names: Some(why), ..DataColumn::new(ColumnFormat::Word, "reason", "reason", "原因") },
        DataColumn::word::<Tier>("ceiling", "ceiling", "等级上限"),
    ]);
    columns.extend(of.has_probability.then(|| {
        DataColumn::new(ColumnFormat::Share, "tier_probability", "probability of the tier", "等级概率")
    }));
    columns
}

/// The names of the rule that made a tier provisional, or of the policy that moved a customer.
fn why(code: &str) -> Option<Text> {
    Provisional::from_code(code).map(Text::of_word).or_else(|| Policy::from_code(code).map(Text::of_word))
}

/// The names of a use category.
#[must_use]
pub fn use_category(code: &str) -> Text {
    UseCategory::from_code(code).map_or_else(|| Text::same(code.to_owned()), Text::of_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal;
    use gridtier::text::Lang;

    #[test]
    fn a_part_says_which_rows_it_shows_and_how_many_the_list_has() {
        let row = ListedCustomer {
            id: "C1".into(),
            tier: Tier::Special,
            is_provisional: false,
            rank: Some(7),
            score_e6: Some(81_250_000),
            stratum: "all".into(),
            region: None,
            use_category: Some("residential".into()),
            movement: Some(Movement::Up),
        };
        let page = CustomerPage { start: 50, rows: vec![row], by_tier: [1, 0, 1_050, 0] };
        let shown = terminal::text(&[section(&page)], Lang::En.into());
        assert!(shown.contains("Customers 51 to 51 of 1,051: 1 special, 1,050 grade-2."), "{shown}");
        assert!(shown.contains("81.25") && shown.contains("up"), "{shown}");
        let none = terminal::text(&[section(&CustomerPage::default())], Lang::Zh.into());
        assert!(none.contains("没有符合条件的客户"), "{none}");
    }
}
