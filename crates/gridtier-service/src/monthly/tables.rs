//! The monthly report as tables: `figures`, `complaints`, `corrections`, `to_check`.

use gridtier::contract::Table;
use gridtier::index::index;
use gridtier::output::Output;
use gridtier::word::Word;

use crate::due::DueInputs;
use crate::group::tier_name;
use crate::log::{Contact, Correction, Delivery};
use crate::monthly::coverage::{LogCoverage, PeriodRows};
use crate::monthly::facts::FigureValue;
use crate::monthly::judge::{FigureReading, MonthlyFigure};
use crate::monthly::report::MonthlyReport;
use crate::output::{
    DAY, FLAG, INTEGER, NUMBER, TEXT, TIME, days, flags, full, integers, nullable, numbers, table, text,
    times,
};

/// The tables of a report; `inputs` are those that it was made from. A list of an absent table is not written.
#[must_use]
pub fn tables<'a>(report: &'a MonthlyReport, inputs: DueInputs<'a>) -> Vec<Output<'a>> {
    let log = inputs.log;
    let mut tables = vec![figures_table(&report.figures), coverage_table(&report.coverage)];
    tables.extend(log.contacts.as_deref().map(|contacts| complaints_table(report, inputs, contacts)));
    tables.extend(log.corrections.as_deref().map(|rows| corrections_table(report, rows)));
    tables.extend(log.deliveries.as_deref().map(|deliveries| to_check_table(report, inputs, deliveries)));
    tables
}

/// One row for each figure, in the order of verdict and id.
fn figures_table(figures: &[MonthlyFigure]) -> Output<'_> {
    type Part = fn(&MonthlyFigure) -> &FigureReading;
    let readings: [(&str, Part); 3] = [
        ("", |figure| &figure.now),
        ("_before", |figure| &figure.before),
        ("_year_ago", |figure| &figure.year_ago),
    ];
    let mut fields = vec![full("position", INTEGER), full("id", TEXT), full("verdict", TEXT)];
    for (suffix, _) in readings {
        fields.push(nullable(&format!("value{suffix}"), NUMBER));
        fields.push(nullable(&format!("numerator{suffix}"), INTEGER));
        fields.push(nullable(&format!("denominator{suffix}"), INTEGER));
    }
    fields.extend([nullable("limit", NUMBER), nullable("more_is_better", FLAG), nullable("reason", TEXT)]);
    table("figures", fields, figures.len(), move |range| {
        let places = range.clone();
        let rows = &figures[range];
        let ids: Vec<String> = rows.iter().map(MonthlyFigure::id).collect();
        let mut columns = vec![
            integers(places.map(|place| i64::try_from(place + 1).ok())),
            text(ids.iter().map(|id| Some(id.as_str()))),
            text(rows.iter().map(|row| Some(row.verdict.code()))),
        ];
        for (_, of) in readings {
            columns.push(numbers(rows.iter().map(|row| of(row).value.map(FigureValue::number))));
            columns.push(integers(rows.iter().map(|row| of(row).numerator)));
            columns.push(integers(rows.iter().map(|row| of(row).denominator)));
        }
        columns.push(numbers(rows.iter().map(|row| row.limit)));
        columns.push(flags(rows.iter().map(|row| row.more_is_better)));
        columns.push(text(rows.iter().map(|row| row.gap.map(Word::code))));
        columns
    })
}

/// One row for each table of the service folder.
fn coverage_table(rows: &[LogCoverage]) -> Output<'_> {
    let counts = ["rows", "rows_before", "rows_year_ago"].map(|name| nullable(name, INTEGER));
    let fields = [full("table", TEXT)].into_iter().chain(counts).chain([nullable("doubt", TEXT)]);
    table("coverage", fields.collect(), rows.len(), move |range| {
        let rows = &rows[range];
        let count = |of: fn(&LogCoverage) -> PeriodRows| {
            integers(rows.iter().map(|row| row.present.then_some(of(row).rows)))
        };
        vec![
            text(rows.iter().map(|row| Some(Table::code(row.table)))),
            count(|row| row.now),
            count(|row| row.before),
            count(|row| row.year_ago),
            text(rows.iter().map(|row| row.doubt.map(Word::code))),
        ]
    })
}

fn complaints_table<'a>(
    report: &'a MonthlyReport,
    inputs: DueInputs<'a>,
    contacts: &'a [Contact],
) -> Output<'a> {
    let fields = vec![
        full("contact_id", TEXT),
        nullable("customer_id", TEXT),
        full("tier", TEXT),
        nullable("topic", TEXT),
        full("received_at", TIME),
        full("state", TEXT),
        nullable("outcome", TEXT),
    ];
    table("complaints", fields, report.complaints.len(), move |range| {
        let rows: Vec<&Contact> =
            report.complaints[range].iter().map(|&place| &contacts[index(place)]).collect();
        let base = inputs.base;
        vec![
            text(rows.iter().map(|row| Some(&*row.id))),
            text(rows.iter().map(|row| row.customer.map(|customer| base.id(customer)))),
            text(rows.iter().map(|row| Some(tier_name(base, row.customer)))),
            text(rows.iter().map(|row| row.topic.as_deref())),
            times(rows.iter().map(|row| Some(row.received_at))),
            text(rows.iter().map(|row| Some(row.state().code()))),
            text(rows.iter().map(|row| row.outcome.map(Word::code))),
        ]
    })
}

fn corrections_table<'a>(report: &'a MonthlyReport, corrections: &'a [Correction]) -> Output<'a> {
    let fields = vec![
        full("correction_id", TEXT),
        full("about", TEXT),
        nullable("ref", TEXT),
        full("action", TEXT),
        full("opened_on", DAY),
        full("due_on", DAY),
        nullable("done_on", DAY),
        nullable("result", TEXT),
    ];
    table("corrections", fields, report.corrections.len(), move |range| {
        let rows: Vec<&Correction> =
            report.corrections[range].iter().map(|&place| &corrections[index(place)]).collect();
        vec![
            text(rows.iter().map(|row| Some(&*row.id))),
            text(rows.iter().map(|row| Some(row.about.code()))),
            text(rows.iter().map(|row| row.reference.as_deref())),
            text(rows.iter().map(|row| Some(&*row.action))),
            days(rows.iter().map(|row| Some(row.opened_on))),
            days(rows.iter().map(|row| Some(row.due_on))),
            days(rows.iter().map(|row| row.done_on)),
            text(rows.iter().map(|row| row.result.map(Word::code))),
        ]
    })
}

fn to_check_table<'a>(
    report: &'a MonthlyReport,
    inputs: DueInputs<'a>,
    deliveries: &'a [Delivery],
) -> Output<'a> {
    let fields = vec![
        full("service", TEXT),
        full("delivery_id", TEXT),
        nullable("customer_id", TEXT),
        nullable("done_at", TIME),
    ];
    table("to_check", fields, report.to_check.len(), move |range| {
        let sampled = &report.to_check[range];
        let rows = || sampled.iter().map(|one| one.of(deliveries));
        vec![
            text(sampled.iter().map(|one| Some(inputs.catalogue.services[one.service].id.as_str()))),
            text(rows().map(|row| Some(&*row.id))),
            text(rows().map(|row| row.customer.map(|customer| inputs.base.id(customer)))),
            times(rows().map(Delivery::done)),
        ]
    })
}
