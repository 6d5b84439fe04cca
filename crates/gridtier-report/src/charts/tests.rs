use super::*;
use crate::render::svg;
use gridtier::text::Lang;

fn moves() -> DataTable {
    let columns = [
        ("from", ColumnFormat::Text),
        ("special", ColumnFormat::Integer),
        ("grade-1", ColumnFormat::Integer),
        ("all", ColumnFormat::Integer),
    ];
    let row = |name: &'static str, counts: [u64; 3]| {
        let mut cells = vec![DataCell::same(name)];
        cells.extend(counts.map(DataCell::count));
        cells
    };
    let mut table = DataTable::new(
        Text::default(),
        columns.map(|(code, format)| DataColumn::new(format, code, code, code)).to_vec(),
        [row("special", [90, 10, 100]), row("grade-1", [7, 193, 200])],
    );
    table.rows.push(DataRow { role: RowRole::Total, cells: row("all", [97, 203, 300]) });
    table
}

#[test]
fn sums_are_no_place_to_go_to() {
    let Plot::Flow(drawn) = flow(&moves()).plot else { panic!("no flow") };
    assert_eq!(drawn.values, [[90.0, 10.0], [7.0, 193.0]]);
    let svg = svg::draw(&flow(&moves()), Lang::En.into(), svg::ChartFrame::WIDE);
    assert!(svg.contains(">rises</text>") && svg.contains("grade-1 → special: 7"), "{svg}");
    let heat = transitions(&moves());
    assert!(svg::draw(&heat, Lang::Zh.into(), svg::ChartFrame::WIDE).contains(">193</text>"));
}

#[test]
fn a_score_is_the_last_sum_of_what_its_indicators_add() {
    let columns = [
        ("indicator", ColumnFormat::Text),
        ("contribution", ColumnFormat::Number(2)),
        ("so_far", ColumnFormat::Number(2)),
    ];
    let rows = [("energy", 30.0, 30.0), ("offences", 12.5, 42.5)];
    let mut table = DataTable::new(
        Text::default(),
        columns.map(|(code, format)| DataColumn::new(format, code, code, code)).to_vec(),
        rows.map(|(name, adds, sum)| {
            vec![DataCell::same(name), DataCell::Number(adds), DataCell::Number(sum)]
        }),
    );
    let heading = vec![DataCell::same("CONTRIBUTION"), DataCell::Number(42.5), DataCell::Blank];
    table.rows.insert(0, DataRow { role: RowRole::Total, cells: heading });
    let Plot::Waterfall(drawn) = score(&table).plot else { panic!("no waterfall") };
    let values: Vec<_> = drawn.steps.iter().map(|step| step.value).collect();
    assert_eq!(values, [Some(30.0), Some(12.5), Some(42.5)]);
    let svg = svg::draw(&score(&table), Lang::En.into(), svg::ChartFrame::WIDE);
    assert!(svg.contains(">+12.50</text>") && svg.contains(">42.50</text>"), "{svg}");
}
