use super::*;
use crate::chart::Guide;
use crate::render::svg;
use crate::render::svg::tests::check;
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

/// A table of names and numbers. A number that is not finite becomes a missing cell.
fn numbers(columns: &[(&'static str, ColumnFormat)], rows: &[(&'static str, &[f64])]) -> DataTable {
    let heads = columns.iter().map(|&(code, format)| DataColumn::new(format, code, code, "一列"));
    DataTable::new(
        Text::default(),
        heads.collect(),
        rows.iter().map(|(name, values)| {
            let mut row = vec![DataCell::same(*name)];
            row.extend(values.iter().map(|value| DataCell::number(value.is_finite().then_some(*value))));
            row
        }),
    )
}

/// A table of numbers without names.
fn curves(columns: &[(&'static str, ColumnFormat)], rows: &[&[f64]]) -> DataTable {
    let mut table = numbers(columns, &[]);
    table.rows = rows
        .iter()
        .map(|row| DataRow::from(row.iter().map(|value| DataCell::Number(*value)).collect::<Vec<_>>()))
        .collect();
    table
}

const SHARES: [(&str, ColumnFormat); 3] = [
    ("customers_share", ColumnFormat::Share),
    ("revenue", ColumnFormat::Share),
    ("energy", ColumnFormat::Share),
];
const TIERS: [(&str, ColumnFormat); 5] = [
    ("step", ColumnFormat::Text),
    ("special", ColumnFormat::Integer),
    ("grade-1", ColumnFormat::Integer),
    ("grade-2", ColumnFormat::Integer),
    ("grade-3", ColumnFormat::Integer),
];

#[test]
fn curves_of_shares_begin_and_end_where_equality_does() {
    let table = curves(&SHARES, &[&[0.0, 0.0, 0.0], &[0.2, 0.7, 0.6], &[1.0, 1.0, 1.0]]);
    for chart in [pareto(table.clone()), lorenz(table)] {
        let Plot::Lines(lines) = &chart.plot else { panic!("no curves") };
        assert_eq!(lines.curves.len(), 3);
        for curve in &lines.curves {
            assert_eq!((curve.points.first(), curve.points.last()), (Some(&[0.0, 0.0]), Some(&[1.0, 1.0])));
        }
        check(&[chart]);
    }
}

#[test]
fn bins_of_scores_end_one_width_after_the_last_edge() {
    let mut columns = TIERS;
    columns[0] = ("from", ColumnFormat::Number(1));
    let table = curves(&columns, &[&[41.0, 0.0, 0.0, 2.0, 9.0], &[42.0, 3.0, 4.0, 0.0, 0.0]]);
    let lines = vec![
        Guide { name: Text::new("special", "特级"), at: 42.4 },
        Guide { name: Text::new("grade-1", "一级"), at: 42.39 },
        Guide { name: Text::new("grade-2", "二级"), at: 42.38 },
    ];
    let chart = scores(table, 1.0, (&Text::new("industry|10kV", "工业|10kV"), 2), lines);
    assert_eq!((chart.code(), chart.title.zh.as_ref()), ("scores_2", "分层 工业|10kV 的得分分布"));
    let Plot::Histogram(histogram) = &chart.plot else { panic!("no histogram") };
    assert_eq!(histogram.edges, [41.0, 42.0, 43.0]);
    check(&[chart]);
}

#[test]
fn boxes_profiles_weights_and_clusters_are_drawn_from_their_columns() {
    let five = ["least", "lower", "median", "upper", "greatest"].map(|code| (code, ColumnFormat::Number(1)));
    let mut columns = vec![("stratum", ColumnFormat::Text)];
    columns.extend(five);
    columns.push(("customers", ColumnFormat::Integer));
    let boxes = score_boxes(numbers(&columns, &[("*", &[1.0, 2.0, 3.0, 4.0, 5.0, 77.0])]));
    let Plot::Boxes(drawn) = &boxes.plot else { panic!("no boxes") };
    assert_eq!((drawn.boxes[0].five, drawn.boxes[0].count), (Some([1.0, 2.0, 3.0, 4.0, 5.0]), 77));
    let rows: [(&str, &[f64]); 2] =
        [("revenue", &[90.0, 70.0, 40.0, f64::NAN]), ("energy", &[80.0, 60.0, 30.0, 10.0])];
    let points = tier_points(numbers(&TIERS, &rows));
    let columns =
        [("indicator", ColumnFormat::Text), ("less", ColumnFormat::Share), ("more", ColumnFormat::Share)];
    let rows: [(&str, &[f64]); 2] = [("revenue", &[0.08, 0.13]), ("energy", &[f64::NAN, 0.1])];
    let weights = weights(numbers(&columns, &rows), 0.1);
    let Plot::Tornado(tornado) = &weights.plot else { panic!("no tornado") };
    assert_eq!(
        (tornado.items[0].low, tornado.items[0].high, tornado.items[1].low),
        (Some(0.08), Some(0.13), None)
    );
    let columns = [
        ("mean", ColumnFormat::Text),
        ("cluster_0", ColumnFormat::Quantity),
        ("cluster_1", ColumnFormat::Quantity),
    ];
    let clusters =
        clusters(numbers(&columns, &[("energy (kWh/a)", &[1_234.5, 9e6]), ("share", &[0.2, 0.9])]));
    check(&[boxes, points, weights, clusters]);
}

#[test]
fn members_of_a_tier_go_from_a_sum_to_a_sum() {
    let mut table = numbers(&TIERS, &[]);
    let rows: [(&'static str, Option<i64>); 4] =
        [("before", Some(100)), ("own", Some(-7)), ("method", None), ("after", Some(93))];
    table.rows = rows
        .map(|(code, customers)| {
            let customers = customers.map_or(DataCell::Blank, DataCell::Integer);
            let mut row = vec![DataCell::Text(Text::coded(code, code, "步骤"))];
            row.extend(std::iter::repeat_n(customers, 4));
            DataRow::from(row)
        })
        .to_vec();
    let chart = members(&table, &Text::coded("grade-1", "grade-1", "一级"));
    assert_eq!(chart.code(), "members_grade-1");
    let Plot::Waterfall(waterfall) = &chart.plot else { panic!("no waterfall") };
    let steps: Vec<_> = waterfall.steps.iter().map(|step| (step.value, step.kind)).collect();
    use crate::chart::StepKind::{Change, Total};
    assert_eq!(steps, [(Some(100.0), Total), (Some(-7.0), Change), (Some(93.0), Total)]);
    check(&[chart]);
}

#[test]
fn drift_costs_and_energy_are_drawn_from_their_columns() {
    let columns = [("measure", ColumnFormat::Text), ("value", ColumnFormat::Number(3))];
    let drifted = drift(&numbers(&columns, &[("score", &[0.31]), ("energy", &[0.02])]));
    let columns =
        [("bin", ColumnFormat::Text), ("before", ColumnFormat::Share), ("after", ColumnFormat::Share)];
    let bins = drift_bins(
        numbers(&columns, &[("up to 12.5", &[0.1, 0.25]), ("above 12.5", &[0.9, 0.75])]),
        &Text::coded("score_frozen", "score by the earlier method", "得分"),
    );
    assert_eq!(bins.code(), "drift_score_frozen");
    let columns =
        [("service", ColumnFormat::Text), ("cost", ColumnFormat::Money), ("income", ColumnFormat::Money)];
    let costs = costs(numbers(&columns, &[("S01 guided tour", &[1e6, 0.0]), ("S02", &[f64::NAN, f64::NAN])]));
    let columns = [("month", ColumnFormat::Text), ("energy_kwh", ColumnFormat::Number(1))];
    let energy = months(numbers(&columns, &[("2025-01", &[1_200.5]), ("2025-02", &[f64::NAN])]));
    let Plot::Columns(drawn) = &energy.plot else { panic!("no columns") };
    assert_eq!(drawn.series[0].values, [Some(1_200.5), None]);
    check(&[drifted, bins, costs, energy]);
}

#[test]
fn moves_out_of_the_tiers_are_neither_rises_nor_falls() {
    let mut table = moves();
    for (column, code) in [(2, "grade-1"), (3, "closed")] {
        table.columns[column] = DataColumn::new(ColumnFormat::Integer, code, code, code);
    }
    let drawn = flow(&table);
    let svg = svg::draw(&drawn, Lang::En.into(), svg::ChartFrame::WIDE);
    assert!(svg.contains(">falls</text>") && svg.contains(">joins or leaves</text>"), "{svg}");
    check(&[drawn]);
    let svg = svg::draw(&flow(&moves()), Lang::En.into(), svg::ChartFrame::WIDE);
    assert!(!svg.contains("joins or leaves"), "{svg}");
}

#[test]
fn shares_that_hardly_differ_are_written_so_that_they_differ() {
    let row = |name: &'static str, low: f64, high: f64| {
        vec![DataCell::same(name), DataCell::Number(low), DataCell::Number(high)]
    };
    let columns =
        [("indicator", ColumnFormat::Text), ("less", ColumnFormat::Share), ("more", ColumnFormat::Share)];
    let table = DataTable::new(
        Text::default(),
        columns.map(|(code, format)| DataColumn::new(format, code, code, code)).to_vec(),
        [row("price", 0.0823, 0.0771), row("growth", 0.0801, 0.0798)],
    );
    let chart = weights(table, 0.08);
    let svg = svg::draw(&chart, Lang::En.into(), svg::ChartFrame::WIDE);
    for label in [">8.23 %</text>", ">7.71 %</text>", ">8.01 %</text>", "as it is: 8.00 %"] {
        assert!(svg.contains(label), "{label}: {svg}");
    }
    check(&[chart]);
}

#[test]
fn the_titles_of_a_flow_are_at_its_bars() {
    let svg = svg::draw(&flow(&moves()), Lang::En.into(), svg::ChartFrame::WIDE);
    let places = |text: &str| -> Vec<f64> {
        let texts = svg.split("<text x=\"").skip(1).filter(|rest| rest.contains(&format!(">{text}</text>")));
        let own = texts.filter(|rest| rest.split_once("</text>").unwrap().0.ends_with(&format!(">{text}")));
        own.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
    };
    let [left, right] = [places("before")[0], places("after")[0]];
    // A bar is 14 wide, and the names of its side are 5 beside it.
    assert_eq!(
        places("special").iter().map(|at| at.round()).collect::<Vec<_>>(),
        [(left - 19.0).round(), (right + 19.0).round()]
    );
}
