use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::DataType;

use super::*;
use crate::table::DataTable;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::census::Census;
use gridtier::entitlement::change::{ChangeKind, Side, changes};
use gridtier::entitlement::grant::Members;
use gridtier::entitlement::recovery::Demand;
use gridtier::entitlement::selection::{ListPurpose, Selection};
use gridtier::method::Tier;
use gridtier::text::{Lang, Voice};

/// The cells of a column.
fn column(table: &DataTable, code: &str) -> Vec<DataCell> {
    table.select(&[code]).rows.into_iter().map(|mut row| row.cells.remove(0)).collect()
}

/// The texts of a column, as codes or in a language.
fn texts(table: &DataTable, code: &str, voice: Voice) -> Vec<String> {
    let cells = column(table, code);
    cells.iter().map(|cell| cell.value(voice).shown(ColumnFormat::Text, voice).into_owned()).collect()
}

fn catalogue() -> Catalogue {
    Catalogue::shipped("paper", &[]).unwrap().unwrap()
}

/// Customers: id, tier, use category, importance level, opted out.
fn batch(people: &[(&str, &str, &str, Option<&str>, bool)]) -> RecordBatch {
    let text = |values: Vec<Option<&str>>| Arc::new(values.into_iter().collect::<StringArray>()) as ArrayRef;
    let each = || people.iter();
    let flag = |test: &dyn Fn(usize) -> bool| {
        Arc::new((0..people.len()).map(|row| Some(test(row))).collect::<BooleanArray>()) as ArrayRef
    };
    RecordBatch::try_from_iter([
        ("customer_id", text(each().map(|p| Some(p.0)).collect())),
        ("tier", text(each().map(|p| Some(p.1)).collect())),
        ("use_category", text(each().map(|p| Some(p.2)).collect())),
        ("importance_level", text(each().map(|p| p.3).collect())),
        ("aged_transformer_area", flag(&|row| row % 2 == 0)),
        ("marketing_opt_out", flag(&|row| people[row].4)),
    ])
    .unwrap()
}

const PEOPLE: [(&str, &str, &str, Option<&str>, bool); 4] = [
    ("01", "special", "large_industrial", None, false),
    ("02", "grade-1", "residential", None, true),
    ("03", "grade-2", "agricultural", Some("imp_first"), false),
    ("04", "grade-3", "residential", None, false),
];

#[test]
fn grants_are_one_row_for_each_customer_and_service_due() {
    let catalogue = catalogue();
    let batch = batch(&PEOPLE);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    let grants = grants_batch(&catalogue, &members);
    let column =
        |name: &str| arrow_cast::cast(grants.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let (ids, services) = (column("customer_id"), column("service"));
    let (accesses, reasons) = (column("access"), column("reasons"));
    let row = |id: &str, service: &str| {
        (0..grants.num_rows())
            .find(|&row| {
                ids.as_string::<i32>().value(row) == id && services.as_string::<i32>().value(row) == service
            })
            .map(|row| {
                let code = |column: &ArrayRef| column.as_string::<i32>().value(row).to_owned();
                (code(&accesses), code(&reasons))
            })
    };
    let due = |access: &str, reasons: &str| Some((access.to_owned(), reasons.to_owned()));
    assert_eq!(row("01", "S18"), due("subsidised", "tier;condition"));
    assert_eq!(row("02", "S18"), None, "not in an aged area");
    assert_eq!(
        row("03", "S20"),
        due("on_application", "importance"),
        "importance opens it whatever the tier"
    );
    // Grade-2 would have to pay for protection: the regulation gives more.
    assert_eq!(row("03", "S21"), due("on_application", "importance"));
    assert_eq!(row("04", "S20"), None);
    assert_eq!(row("04", "S00"), due("included", "tier;regulation"));
    assert_eq!(row("04", "S02"), due("included", "tier;condition;regulation"));
    assert_eq!(row("01", "S02"), None);
    for id in ["01", "02", "03", "04"] {
        let promises = ["S01", "S02"].into_iter().filter(|service| row(id, service).is_some()).count();
        assert_eq!(promises, 1, "everybody has one reliability promise: {id}");
    }
}

/// A file takes its columns from the first batch, and that batch may have none of the customers asked for.
#[test]
fn grants_have_the_same_columns_whoever_is_among_them() {
    let catalogue = catalogue();
    let schema = |batch: &RecordBatch| {
        grants_batch(&catalogue, &Members::of(batch, &catalogue.fields).unwrap()).schema()
    };
    let all = batch(&PEOPLE);
    assert_eq!(schema(&all.slice(0, 0)), schema(&all));
}

#[test]
fn customers_who_opted_out_are_counted_and_are_on_no_marketing_list() {
    let catalogue = catalogue();
    let batch = batch(&PEOPLE);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    let selection = Selection { opted_out: ["04".to_owned()].into(), ..Selection::default() };
    let listed = |purpose| selection.listed(&catalogue.fields, &members, purpose).true_count();
    assert_eq!((listed(ListPurpose::Marketing), listed(ListPurpose::Operations)), (2, 4));
    let mut census = Census::default();
    census.add(&catalogue, catalogue.service("S00").unwrap(), None, &members);
    assert_eq!(census.entitled(), 4);
    let homes =
        Selection { values: vec![("use_category", vec!["residential".into()])], ..Selection::default() };
    assert_eq!(homes.selected(&catalogue.fields, &members).true_count(), 2);
    let special = Selection { tiers: vec![Tier::Special], ..homes };
    assert_eq!(special.selected(&catalogue.fields, &members).true_count(), 0);
}

#[test]
fn costs_are_units_times_unit_cost_and_fees_units_times_fee() {
    let catalogue = catalogue();
    let people: Vec<(String, &str)> =
        (0..40).map(|n| (format!("{n:03}"), ["special", "grade-1", "grade-2", "grade-3"][n % 4])).collect();
    let rows: Vec<_> = people.iter().map(|(id, tier)| (id.as_str(), *tier, "other", None, false)).collect();
    let batch = batch(&rows);
    let mut demand = Demand::new(&catalogue);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    demand.add(&catalogue, &members, &BooleanArray::from(vec![true; members.len()]));
    let lines = demand.statements(&catalogue);
    assert_eq!(lines.len(), 100);
    let line_of = |id: &str, tier: Tier| {
        let place = catalogue.service(id).unwrap();
        let found = lines.iter().find(|line| line.service == place && line.tier == tier);
        (found.unwrap().clone(), &catalogue.services[place])
    };
    let (clinic, service) = line_of("S09", Tier::Grade2);
    let cell = service.cell(Tier::Grade2);
    assert_eq!(clinic.entitled, 10);
    assert_eq!(clinic.units_e6, 10 * i128::from(cell.uptake_e6));
    assert_eq!(clinic.cost_fen, clinic.units_e6 * i128::from(service.unit_cost_e6) / 10_000_000_000);
    assert_eq!(clinic.income_fen, clinic.units_e6 * i128::from(cell.terms.fee_fen.unwrap()) / 1_000_000);
    let (clinic, _) = line_of("S09", Tier::Special);
    assert!(clinic.cost_fen > 0 && clinic.income_fen == 0, "included brings no fee");
    // A programme for the public costs the same whichever customers come, and the costs by tier add up.
    let school: i128 = Tier::ALL.map(|tier| line_of("S13", tier).0.cost_fen).iter().sum();
    let service = line_of("S13", Tier::Special).1;
    assert_eq!(school, service.cost_fen(service.programme_units.unwrap()));
    let table = costs_table(&catalogue, &lines, 0);
    let all: i128 = lines.iter().map(|line| line.cost_fen).sum();
    assert_eq!(column(&table, "cost").pop(), Some(DataCell::Fen(all)), "the last line is the sum");
    bars_are_sums_of_lines(&table);
    let rate = column(&table, "recovery_rate").pop();
    assert!(matches!(rate, Some(DataCell::Number(rate)) if rate > 0.0), "{rate:?}");
}

/// The chart of costs has a row for each service that costs or brings anything: the sums of its lines by tier.
fn bars_are_sums_of_lines(costs: &DataTable) {
    let fen = |cell: &DataCell| if let DataCell::Fen(fen) = cell { *fen } else { panic!("{cell:?}") };
    let section = costs_section(costs);
    let drawn = &section.charts().next().unwrap().table;
    let shown: Vec<(String, [i128; 2])> = texts(drawn, "service", Lang::En.into())
        .into_iter()
        .zip(&drawn.rows)
        .map(|(name, row)| (name, [fen(&row.cells[1]), fen(&row.cells[2])]))
        .collect();
    let mut wanted: Vec<(String, [i128; 2])> = Vec::new();
    for row in costs.select(&["service", "title", "cost", "income"]).rows {
        if row.role != crate::table::RowRole::Body {
            continue;
        }
        let [id, title] = [0, 1].map(|at| {
            row.cells[at].value(Lang::En.into()).shown(ColumnFormat::Text, Lang::En.into()).into_owned()
        });
        let (name, money) = (format!("{id} {title}"), [fen(&row.cells[2]), fen(&row.cells[3])]);
        match wanted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sums)) => sums.iter_mut().zip(money).for_each(|(sum, fen)| *sum += fen),
            None => wanted.push((name, money)),
        }
    }
    wanted.retain(|(_, sums)| *sums != [0, 0]);
    assert!(shown.len() > 10 && shown == wanted, "{shown:?}\n{wanted:?}");
}

#[test]
fn the_customers_of_a_shared_service_bear_its_cost_together() {
    let catalogue = catalogue();
    let rows: Vec<String> = (0..60).map(|n| format!("{n:03}")).collect();
    let tiers = ["special", "grade-1", "grade-2", "grade-3"];
    let people: Vec<_> =
        rows.iter().enumerate().map(|(n, id)| (id.as_str(), tiers[n % 4], "other", None, false)).collect();
    let batch = batch(&people);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    let cost = |test: &dyn Fn(usize) -> bool| {
        let mut demand = Demand::new(&catalogue);
        demand.add(&catalogue, &members, &(0..60).map(|row| Some(test(row))).collect());
        let lines = demand.statements(&catalogue);
        let school = catalogue.service("S13").unwrap();
        let of_school: i128 =
            lines.iter().filter(|line| line.service == school).map(|line| line.cost_fen).sum();
        (lines.iter().map(|line| line.cost_fen).sum::<i128>(), of_school)
    };
    let ((all, all_school), (one, one_school), (two, two_school)) =
        (cost(&|_| true), cost(&|row| row < 20), cost(&|row| row >= 20));
    assert!((all - one - two).abs() <= 200, "{all} {one} {two}");
    assert!((all_school - one_school - two_school).abs() <= 8 && one_school > 0);
    assert!((one_school * 3 - all_school).abs() < 30, "a third of the customers bears a third");
}

#[test]
fn a_change_of_tier_is_reported_service_by_service() {
    let catalogue = catalogue();
    let batch = batch(&PEOPLE);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    let mut record = members.record();
    members.fill(0, &mut record);
    let side = |tier| Side { catalogue: &catalogue, tier, record: &record };
    let found = changes(&side(Some(Tier::Special)), &side(Some(Tier::Grade2)));
    let kind = |id: &str| found.iter().find(|change| change.service == id).map(|change| change.kind);
    assert_eq!(kind("S16"), Some(ChangeKind::Lost));
    assert_eq!(kind("S06"), Some(ChangeKind::Less));
    assert_eq!(kind("S05"), Some(ChangeKind::Less));
    assert_eq!(kind("S17"), Some(ChangeKind::Less), "the report is not free any more");
    assert_eq!(kind("S00"), None);
    let found = changes(&side(None), &side(Some(Tier::Grade3)));
    assert!(found.iter().all(|change| change.kind == ChangeKind::Gained));
    let mut notices = Notices::new(&catalogue, &catalogue, Voice::Codes);
    notices.add("01", [None, Some(Tier::Grade3)], &found, Noticed::Listed);
    notices.add("02", [None, Some(Tier::Grade3)], &found, Noticed::CountedOnly);
    assert_eq!(notices.take().num_rows(), found.len());
    assert!(column(&notices.summary(0), "gained").iter().all(|count| *count == DataCell::Integer(2)));
    assert!(column(&notices.summary(3), "gained").iter().all(|count| *count == DataCell::Blank), "withheld");
}

#[test]
fn the_matrix_is_written_in_both_languages_and_in_codes() {
    let catalogue = catalogue();
    let table = matrix(&catalogue);
    assert_eq!(table.rows.len(), 25);
    assert_eq!(table.columns[3].head(Voice::Codes), "special");
    assert_eq!(table.columns[3].head(Lang::Zh.into()), "特级");
    assert_eq!(table.columns[3].head(Voice::Both), "特级 special");
    assert_eq!(texts(&table, "special", Voice::Both).pop().as_deref(), Some("包含 included"));
    assert_eq!(table.title.pick(Voice::Both), "客户分级服务矩阵 Entitlement matrix");
    assert_eq!(cells(&catalogue, &Tier::ALL).rows.len(), 100);
    assert_eq!(combinations(&catalogue).rows.len(), 7 * 4);
    assert_eq!(services(&catalogue).rows.len(), 25);
}

#[test]
fn an_answer_says_why_a_customer_has_a_service_or_does_not_have_it() {
    let catalogue = catalogue();
    let batch = batch(&PEOPLE);
    let members = Members::of(&batch, &catalogue.fields).unwrap();
    let mut record = members.record();
    members.fill(2, &mut record);
    let table = customer_services(&catalogue, Tier::Grade2, &record).table;
    let (services, why) = (texts(&table, "service", Voice::Codes), texts(&table, "why", Lang::En.into()));
    let why = |id: &str| &why[services.iter().position(|service| service == id).unwrap()];
    assert!(why("S20").contains("whatever the tier, as importance_level = \"imp_first\""), "{}", why("S20"));
    assert!(
        why("S02").contains("needs use_category = \"residential\"; here use_category = \"agricultural\"")
    );
    assert!(why("S18").contains("grade-2"), "{}", why("S18"));
}
