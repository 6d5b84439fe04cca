use std::fs;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::chart::{
    Axis, Bars, BoxMarks, Boxes, Columns, Curve, Flow, Guide, HeatMap, HeatScale, Histogram, Lines, Link,
    Profile, Series, Stroke, Tornado, TornadoItem, Waterfall,
};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RowRole};
use gridtier::index::float;
use gridtier::text::Text;

const VOICES: [Voice; 2] = [Voice::In(Lang::En), Voice::In(Lang::Zh)];
const LOOKS: [ChartFrame; 3] = [ChartFrame::WIDE, ChartFrame::NARROW, ChartFrame::FILE];
/// Maximum size of the file of a chart, in bytes.
const BYTES_MAX: usize = 100_000;

fn tiers() -> Vec<Text> {
    [
        ("special", "特级 special"),
        ("grade-1", "一级 grade-1"),
        ("grade-2", "二级 grade-2"),
        ("grade-3", "三级 grade-3"),
    ]
    .map(Text::from)
    .to_vec()
}

fn indicators() -> Vec<Text> {
    [
        ("Annual active energy", "年用电量"),
        ("Annual revenue including surcharges", "年电费（含附加）"),
        ("Paid on time", "按期缴费率"),
        ("Growth of energy against the year before", "用电增长率"),
        ("Confirmed offences", "违约用电"),
        ("Load factor", "负荷率"),
    ]
    .map(Text::from)
    .to_vec()
}

fn share(en: &'static str, zh: &'static str) -> Axis {
    Axis::new(Text::new(en, zh), ColumnFormat::Share)
}

fn points() -> Axis {
    Axis::new(Text::new("points", "得分"), ColumnFormat::Number(1))
}

fn series(name: (&'static str, &'static str), values: &[f64]) -> Series {
    Series { name: Text::from(name), values: values.iter().map(|value| Some(*value)).collect() }
}

fn chart(code: &'static str, plot: Plot) -> Chart {
    let table = DataTable::new(
        Text::coded(code, "Numbers", "数据"),
        vec![DataColumn::new(ColumnFormat::Text, "name", "name", "名称")],
        [vec![DataCell::text("special", "特级")]],
    );
    let title = Text::coded(code, format!("A chart of {code}"), format!("示例图 {code}"));
    let reading = Text::new(
        "What stands further to the right is more; every number is one of the table.",
        "越靠右数值越大; 图中数字均取自数据表。",
    );
    Chart::new(title, reading, plot, table)
}

/// Bars, stacked and grouped, with and without guides.
fn charts_of_bars() -> Vec<Chart> {
    let bars = Bars {
        value: share("share of all customers", "占全部客户的比例"),
        categories: tiers(),
        series: vec![
            series(("customers", "户数"), &[0.02, 0.08, 0.2, 0.7]),
            series(("revenue", "电费"), &[0.31, 0.29, 0.24, 0.16]),
            series(("energy", "电量"), &[0.35, 0.3, 0.21, 0.14]),
        ],
        arrangement: crate::chart::Arrangement::Grouped,
        guides: Vec::new(),
    };
    let psi = Bars {
        categories: indicators(),
        series: vec![series(("PSI", "PSI"), &[0.01, 0.12, 0.31, 0.0, 0.04, 0.02])],
        value: Axis::new(Text::new("PSI", "PSI"), ColumnFormat::Number(3)),
        ..bars.clone()
    };
    let psi =
        psi.with_guide(Text::new("warns", "提示限"), 0.1).with_guide(Text::new("fails", "不通过限"), 0.12);
    vec![
        chart("stacked", Plot::Bars(bars.clone().stacked())),
        chart("bars", Plot::Bars(bars)),
        chart("psi", Plot::Bars(psi)),
    ]
}

/// Curves, and their guide.
fn charts_of_curves() -> Vec<Chart> {
    let curve =
        |power: i32| (0..=300).map(|at| [float(at) / 300.0, (float(at) / 300.0).powi(power)]).collect();
    let lines = Lines {
        x: share("share of customers, least revenue first", "客户占比（电费由低到高）"),
        y: share("share of annual revenue", "年电费累计占比"),
        curves: vec![
            Curve {
                name: Text::new("annual revenue", "年电费"), points: curve(5), stroke: Stroke::Straight
            },
            Curve {
                name: Text::new("annual energy", "年电量"), points: curve(7), stroke: Stroke::Straight
            },
            Curve {
                name: Text::new("equal shares", "完全均等"),
                points: curve(1),
                stroke: Stroke::Reference,
            },
        ],
        guides: vec![Guide { name: Text::new("80 % of customers", "80 % 客户"), at: 0.8 }],
    };
    vec![chart("lines", Plot::Lines(lines))]
}

/// Histograms and box plots.
fn charts_of_spreads() -> Vec<Chart> {
    let bell = |middle: f64, high: f64| {
        (0..40).map(|at| (high * (-(float(at) - middle).powi(2) / 60.0).exp()).round()).collect::<Vec<_>>()
    };
    let histogram = Histogram {
        x: points(),
        y: Axis::new(Text::new("customers", "户数"), ColumnFormat::Integer),
        edges: (0..=40).map(|at| 2.5 * float(at)).collect(),
        series: vec![
            series(("ranked", "排名客户"), &bell(18.0, 31_000.0)),
            series(("provisional", "暂定客户"), &bell(12.0, 4_000.0)),
        ],
        guides: [("special from", 71.2), ("grade-1 from", 66.4), ("grade-2 from", 52.0)]
            .map(|(name, at)| Guide { name: Text::same(name), at })
            .to_vec(),
    };
    let boxes = Boxes {
        value: points(),
        boxes: vec![
            BoxMarks {
                name: Text::new("industry", "工业"),
                count: 12_345,
                five: Some([12.0, 34.0, 45.5, 60.0, 98.0]),
            },
            BoxMarks {
                name: Text::new("trade and services", "商业服务业"), count: 1, five: Some([40.0; 5])
            },
            BoxMarks { name: Text::new("farming", "农业"), count: 0, five: None },
        ],
    };
    vec![chart("histogram", Plot::Histogram(histogram)), chart("boxes", Plot::Boxes(boxes))]
}

/// Profiles, connected along the rows or between the series.
fn charts_of_profiles() -> Vec<Chart> {
    let mut profile = Profile {
        value: points(),
        rows: indicators(),
        series: vec![
            series(("special", "特级"), &[92.0, 95.0, 88.0, 61.0, 99.0, 74.0]),
            series(("grade-1", "一级"), &[75.0, 76.0, 84.0, 58.0, 98.0, 70.0]),
            series(("grade-2", "二级"), &[52.0, 55.0, 80.0, 52.0, 97.0, 61.0]),
            series(("grade-3", "三级"), &[21.0, 20.0, 71.0, 47.0, 96.0, 44.0]),
        ],
        link: Link::Along,
    };
    profile.series[2].values[3] = None;
    let influence = Profile {
        value: share("share of all", "占比"),
        series: vec![
            series(("nominal weight", "名义权重"), &[0.3, 0.25, 0.15, 0.1, 0.1, 0.1]),
            series(("influence", "实际影响力"), &[0.41, 0.33, 0.05, 0.12, 0.01, 0.08]),
        ],
        link: Link::Between,
        ..profile.clone()
    };
    vec![chart("profile", Plot::Profile(profile)), chart("influence", Plot::Profile(influence))]
}

/// Waterfalls and tornados.
fn charts_of_steps() -> Vec<Chart> {
    let steps = DataTable {
        title: Text::default(),
        columns: vec![
            DataColumn::new(ColumnFormat::Text, "step", "step", "步骤"),
            DataColumn::new(ColumnFormat::Number(1), "points", "points", "得分"),
        ],
        rows: indicators()
            .into_iter()
            .zip([31.2, 22.1, 12.4, -8.0, 0.0, 4.3])
            .map(|(name, value)| DataRow::from(vec![DataCell::Text(name), DataCell::Number(value)]))
            .chain([DataRow {
                role: RowRole::Total,
                cells: vec![DataCell::text("score", "得分"), DataCell::Number(62.0)],
            }])
            .collect(),
    };
    let tornado = Tornado {
        value: share("tiers that change", "等级变化的客户占比"),
        base: 0.0,
        low: Text::new("weight × 0.8", "权重 × 0.8"),
        high: Text::new("weight × 1.2", "权重 × 1.2"),
        items: indicators()
            .into_iter()
            .zip([0.12, 0.09, 0.04, 0.03, 0.01, 0.0])
            .map(|(name, size)| TornadoItem { name, low: Some(size), high: Some(0.8 * size) })
            .collect(),
    };
    vec![
        chart("waterfall", Plot::Waterfall(Waterfall::of_table(&steps, points()))),
        chart("tornado", Plot::Tornado(tornado)),
    ]
}

/// Moves between tiers, as ribbons and as a heat map.
fn charts_of_moves() -> Vec<Chart> {
    let moves = vec![
        vec![1_800.0, 150.0, 12.0, 0.0],
        vec![210.0, 7_100.0, 640.0, 4.0],
        vec![9.0, 580.0, 18_400.0, 1_320.0],
        vec![0.0, 21.0, 1_100.0, 68_654.0],
    ];
    let flow = Flow {
        from_title: Text::new("Cycle 6", "周期 6"),
        to_title: Text::new("Cycle 7", "周期 7"),
        from: tiers(),
        to: tiers(),
        values: moves.clone(),
        format: ColumnFormat::Integer,
    };
    let heat = HeatMap {
        row_title: Text::new("cycle 6", "周期 6"),
        column_title: Text::new("cycle 7", "周期 7"),
        rows: tiers(),
        columns: tiers(),
        values: moves.iter().map(|row| row.iter().map(|value| Some(*value)).collect()).collect(),
        format: ColumnFormat::Integer,
        scale: HeatScale::Row,
    };
    vec![chart("flow", Plot::Flow(flow)), chart("heat", Plot::HeatMap(heat))]
}

/// Columns by month, some of them missing or below zero.
fn charts_of_months() -> Vec<Chart> {
    let months = |year: i32| (1..=12).map(move |month| Text::same(format!("{year}-{month:02}")));
    let mut energy = Columns {
        value: Axis::new(Text::new("MWh", "电量（MWh）"), ColumnFormat::Number(1)),
        categories: months(2023).chain(months(2024)).collect(),
        series: vec![
            series(
                ("energy", "电量"),
                &(0..24).map(|at| 400.0 + 90.0 * (float(at) / 2.0).sin()).collect::<Vec<_>>(),
            ),
            series(("year before", "上年同期"), &[380.0; 24]),
        ],
        guides: Vec::new(),
    };
    energy.series[0].values[9] = None;
    energy.series[0].values[3] = Some(-40.0);
    energy.series[1].values[14] = None;
    vec![chart("months", Plot::Columns(energy))]
}

/// A chart of each kind.
fn gallery() -> Vec<Chart> {
    let kinds = [
        charts_of_bars(),
        charts_of_curves(),
        charts_of_spreads(),
        charts_of_profiles(),
        charts_of_steps(),
        charts_of_moves(),
        charts_of_months(),
    ];
    kinds.concat()
}

/// Heat maps and flows whose labels are `name` and whose numbers are `value`.
fn squares_of(name: &str, value: Option<f64>, few: usize) -> Vec<Chart> {
    let names = |count: usize| vec![Text::same(name.to_owned()); count];
    vec![
        chart(
            "heat",
            Plot::HeatMap(HeatMap {
                row_title: Text::same(name.to_owned()),
                column_title: Text::same(name.to_owned()),
                rows: names(few),
                columns: names(few),
                values: vec![vec![value; few]; few],
                format: ColumnFormat::Number(1),
                scale: HeatScale::All,
            }),
        ),
        chart(
            "flow",
            Plot::Flow(Flow {
                from_title: Text::same(name.to_owned()),
                to_title: Text::same(name.to_owned()),
                from: names(few),
                to: names(few),
                values: vec![vec![value.unwrap_or(f64::NAN); few]; few],
                format: ColumnFormat::Integer,
            }),
        ),
    ]
}

/// Charts of bars, whose labels are `name` and whose numbers are `value`.
fn bars_of(name: &str, value: Option<f64>, count: usize) -> Vec<Chart> {
    let categories = vec![Text::same(name.to_owned()); count];
    let one = |count: usize| Series { name: Text::same(name.to_owned()), values: vec![value; count] };
    let axis = || Axis::new(Text::same(name.to_owned()), ColumnFormat::Number(1));
    let bars = Bars {
        value: axis(),
        categories: categories.clone(),
        series: vec![one(count), one(count), one(count)],
        arrangement: crate::chart::Arrangement::Grouped,
        guides: Vec::new(),
    };
    let columns = Columns {
        value: axis(),
        categories: categories.clone(),
        series: vec![one(count), one(count)],
        guides: Vec::new(),
    };
    vec![
        chart("bars", Plot::Bars(bars.clone())),
        chart("stacked", Plot::Bars(bars.stacked())),
        chart("columns", Plot::Columns(columns)),
    ]
}

/// A chart of each kind whose labels are `name` and whose numbers are `value`.
fn gallery_of(name: &str, value: Option<f64>, count: usize) -> Vec<Chart> {
    let names = |count: usize| vec![Text::same(name.to_owned()); count];
    let one = |count: usize| Series { name: Text::same(name.to_owned()), values: vec![value; count] };
    let axis = || Axis::new(Text::same(name.to_owned()), ColumnFormat::Number(1));
    let guides = || vec![Guide { name: Text::same(name.to_owned()), at: value.unwrap_or(f64::NAN) }];
    let curve = Curve {
        name: Text::same(name.to_owned()),
        points: (0..count).map(|at| [float(at), value.unwrap_or(f64::NAN)]).collect(),
        stroke: Stroke::Steps,
    };
    let boxes = (0..count).map(|_| BoxMarks {
        name: Text::same(name.to_owned()),
        count: 3,
        five: value.map(|value| [value; 5]),
    });
    let steps = (0..count).map(|_| crate::chart::WaterfallStep {
        name: Text::same(name.to_owned()),
        value,
        kind: crate::chart::StepKind::Change,
    });
    let items =
        (0..count).map(|_| TornadoItem { name: Text::same(name.to_owned()), low: value, high: value });
    let mut charts = vec![
        chart("lines", Plot::Lines(Lines { x: axis(), y: axis(), curves: vec![curve], guides: guides() })),
        chart(
            "histogram",
            Plot::Histogram(Histogram {
                x: axis(),
                y: axis(),
                edges: (0..=count).map(float).collect(),
                series: vec![one(count)],
                guides: guides(),
            }),
        ),
        chart("boxes", Plot::Boxes(Boxes { value: axis(), boxes: boxes.collect() })),
        chart(
            "profile",
            Plot::Profile(Profile {
                value: axis(),
                rows: names(count),
                series: vec![one(count), one(count)],
                link: Link::Along,
            }),
        ),
        chart("waterfall", Plot::Waterfall(Waterfall { value: axis(), steps: steps.collect() })),
        chart(
            "tornado",
            Plot::Tornado(Tornado {
                value: axis(),
                base: 0.0,
                low: Text::same(name.to_owned()),
                high: Text::same(name.to_owned()),
                items: items.collect(),
            }),
        ),
    ];
    charts.extend(bars_of(name, value, count));
    charts.extend(squares_of(name, value, count.min(20)));
    charts
}

/// Asserts that every drawing is well-formed XML without scripts, styles and ids, that it has a text alternative, and
/// that no label covers another or crosses the edge.
pub(crate) fn check(charts: &[Chart]) {
    for chart in charts {
        for (voice, look) in VOICES.iter().flat_map(|voice| LOOKS.map(|look| (*voice, look))) {
            let which = format!("{} {voice:?} {look:?}", chart.code());
            let svg = draw(chart, voice, look);
            assert!(svg.len() <= BYTES_MAX, "{which}: {} bytes", svg.len());
            assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{which}: {svg}");
            let elements = elements(&svg);
            assert!(elements.starts_with(&["svg".into(), "title".into(), "desc".into()]), "{which}");
            for element in elements {
                let known = ["svg", "title", "desc", "text", "rect", "path", "circle"];
                assert!(known.contains(&element.as_str()), "{which}: {element}");
            }
            let canvas = painted(chart, voice, look);
            for (at, label) in canvas.labels.iter().enumerate() {
                assert!(
                    label.left >= -0.5 && label.right <= look.width + 0.5,
                    "{which}: {label:?} is cut off"
                );
                assert!(label.top >= 0.0 && label.bottom <= canvas.top + MARGIN, "{which}: {label:?}");
                for other in &canvas.labels[..at] {
                    assert!(!label.meets(other), "{which}: {label:?} lies on {other:?}");
                }
            }
        }
    }
}

/// The names of the elements, in order.
fn elements(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {svg}")) {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let key = attribute.unwrap().key.as_ref().to_owned();
                    assert!(key != "style" && key != "id" && !key.starts_with("on"), "{key}");
                }
                elements.push(element.name().as_ref().to_owned());
            }
            Event::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn every_kind_of_chart_is_drawn_without_labels_over_each_other() {
    check(&gallery());
}

#[test]
fn unknown_zero_equal_negative_and_huge_numbers_are_drawn() {
    for value in
        [None, Some(0.0), Some(7.0), Some(-7.0), Some(1e-9), Some(1e300), Some(-1e300), Some(f64::INFINITY)]
    {
        for count in [0, 1, 2, 7] {
            check(&gallery_of("年电费 revenue", value, count));
        }
    }
}

#[test]
fn naughty_names_stay_text() {
    let naughty = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "]]>&amp;&#x0;<!--",
        "a\u{1b}[2Jb\u{0}c\u{fffe}",
        "\u{202e}gnirts desrever\u{2066}",
        "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
        "﷽﷽﷽﷽",
        "👩‍👩‍👧‍👦🇨🇳",
        "line\r\nbreak\ttab",
        "",
        "   ",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ];
    for name in naughty {
        check(&gallery_of(name, Some(12.5), 3));
    }
    check(&gallery_of(&"电".repeat(10_000), Some(12.5), 3));
}

#[test]
fn a_million_customers_make_no_larger_file() {
    let points: Vec<[f64; 2]> = (0..1_000_000).map(|at| [float(at), float(at).sqrt()]).collect();
    let axis = || Axis::new(Text::new("customers", "户数"), ColumnFormat::Integer);
    let curve = Curve { name: Text::same("all"), points, stroke: Stroke::Straight };
    check(&[chart(
        "lines",
        Plot::Lines(Lines { x: axis(), y: axis(), curves: vec![curve], guides: Vec::new() }),
    )]);
    check(&gallery_of("客户 0512000001", Some(1_234_567.8), 2_000));
}

#[test]
fn what_is_cut_is_shown_whole_when_pointed_at() {
    let name = "Annual revenue including all surcharges and taxes of every account of the holder, since 2019";
    let svg = draw(&gallery_of(name, Some(1.0), 2)[0], VOICES[0], ChartFrame::NARROW);
    assert!(svg.contains('…') && svg.contains(&format!("<title>{name}</title>")), "{svg}");
}

#[test]
fn ticks_are_round_and_told_apart() {
    let axis = Axis::new(Text::default(), ColumnFormat::Share);
    let labels = |range: [f64; 2], axis: &Axis| {
        let scale = scale::Scale::new(range, [0.0, 100.0], 5);
        scale.ticks.iter().map(|tick| scale.label(*tick, axis)).collect::<Vec<_>>()
    };
    assert_eq!(labels([0.0, 0.41], &axis), ["0 %", "10 %", "20 %", "30 %", "40 %", "50 %"]);
    assert_eq!(labels([0.0, 0.011], &axis), ["0.0 %", "0.5 %", "1.0 %", "1.5 %"]);
    let count = Axis::new(Text::default(), ColumnFormat::Integer);
    assert_eq!(
        labels([-300.0, 4_100.0], &count),
        ["-1,000", "0", "1,000", "2,000", "3,000", "4,000", "5,000"]
    );
}

#[test]
fn the_names_of_a_heat_map_are_whole_on_a_phone() {
    let names: Vec<Text> = tiers()
        .into_iter()
        .chain([Text::new("not in the population", "不参评"), Text::new("left", "销户")])
        .collect();
    let map = HeatMap {
        row_title: Text::new("before", "变动前"),
        column_title: Text::new("after", "变动后"),
        values: vec![vec![Some(1_480.0); names.len()]; names.len()],
        rows: names.clone(),
        columns: names,
        format: ColumnFormat::Integer,
        scale: HeatScale::Row,
    };
    let charts = [chart("heat", Plot::HeatMap(map))];
    check(&charts);
    for voice in VOICES {
        let svg = draw(&charts[0], voice, ChartFrame::NARROW);
        assert!(!svg.contains('…') && svg.contains("rotate(-90)"), "{svg}");
        assert!(!draw(&charts[0], voice, ChartFrame::WIDE).contains("rotate"));
    }
}

/// Writes every chart into the folder that `GRIDTIER_CHARTS` names, so that people can look at them.
#[test]
fn the_gallery_is_written_where_it_is_asked_for() {
    let Some(folder) = std::env::var_os("GRIDTIER_CHARTS") else { return };
    let charts: Vec<Chart> = gallery();
    for chart in charts {
        for (voice, lang) in VOICES.into_iter().zip(["en", "zh"]) {
            for (look, name) in LOOKS.into_iter().zip(["wide", "narrow", "file"]) {
                let file = Path::new(&folder).join(format!("{}-{lang}-{name}.svg", chart.code()));
                fs::write(file, draw(&chart, voice, look)).unwrap();
            }
        }
    }
}
