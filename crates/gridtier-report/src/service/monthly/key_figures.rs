//! The figures that a manager asks for first: reliability, promises, duties, timers, complaints, checks, corrections.

use std::collections::BTreeMap;

use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_service::group::GroupBy;
use gridtier_service::monthly::MonthlyReport;
use gridtier_service::monthly::judge::MonthlyFigure;

use super::super::view::ServiceView;
use super::super::words;
use super::{figure_words, is_of_all, reading_cells, reading_columns};
use crate::section::Section;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// Table and column of a key figure, and what its row must be about.
type KeyFigure = (&'static str, &'static str, Option<(&'static str, &'static str)>);

const KEY_FIGURES: &[KeyFigure] = &[
    ("reliability", "saifi", Some(("scope", "all"))),
    ("reliability", "saidi_min", Some(("scope", "all"))),
    ("promises", "share_kept", None),
    ("delivered", "share", None),
    ("timers", "share", None),
    ("rates", "contacts", Some(("kind", "complaint"))),
    ("rates", "contacts", Some(("kind", "report"))),
    ("ageing", "open", Some(("days", "30+"))),
    ("checks", "share", Some(("subject", "all"))),
    ("corrections", "overdue", Some(("about", "all"))),
];

/// The key figures of all customers, and by tier.
pub(super) fn sections(view: &ServiceView, report: &MonthlyReport, shown: &[&MonthlyFigure]) -> Vec<Section> {
    let key_figures: Vec<&MonthlyFigure> = KEY_FIGURES
        .iter()
        .flat_map(|of| shown.iter().copied().filter(move |figure| is_key_figure(figure, of)))
        .filter(|figure| figure.now.value.is_some())
        .collect();
    let mut columns = reading_columns(report);
    // Numerators and denominators would leave no room for names.
    columns.iter_mut().filter(|column| column.title.en == "of").for_each(|column| column.is_detail = true);
    columns.push(DataColumn::new(ColumnFormat::Word, "verdict", "verdict", "结论"));
    let of_all = key_figures.iter().filter(|figure| is_of_all(figure));
    let rows: Vec<Vec<DataCell>> = of_all
        .map(|figure| {
            let mut cells = reading_cells(figure, figure_words::short_name(view, figure));
            cells.push(DataCell::word(figure.verdict));
            cells
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let title = Text::coded("key_figures", "Key figures", "主要指标");
    let all = Section::titled(text!("Key figures", "主要指标")).table(DataTable::new(title, columns, rows));
    let mut sections = vec![all];
    sections.extend(by_tier(view, &key_figures));
    sections
}

fn is_key_figure(figure: &MonthlyFigure, (table, column, about): &KeyFigure) -> bool {
    let mut parts = figure.table.key.iter().zip(&figure.key);
    let is_about =
        about.is_none_or(|(of, value)| parts.any(|(known, code)| *known == of && &**code == value));
    figure.table.name == *table && &*figure.column == *column && is_about
}

/// The figures by tier, a column for each tier; nothing if there is none.
fn by_tier(view: &ServiceView, figures: &[&MonthlyFigure]) -> Option<Section> {
    let mut rows: Vec<(String, Text, BTreeMap<&str, DataCell>)> = Vec::new();
    for figure in figures {
        let parts: Vec<_> = figure.table.key.iter().zip(&figure.key).collect();
        let is_by_tier =
            parts.iter().any(|(of, code)| **of == "group_by" && &***code == GroupBy::Tier.code());
        let tier = parts.iter().find(|(of, _)| **of == "group").filter(|_| is_by_tier);
        let Some((_, tier)) = tier else { continue };
        let others = parts.iter().filter(|(of, _)| **of != "group").map(|(_, code)| &***code);
        let row = [figure.table.name, &figure.column].into_iter().chain(others).collect::<Vec<_>>().join("/");
        // The figures of a row have several verdicts, by which they are sorted.
        let place = rows.iter().position(|(known, ..)| *known == row).unwrap_or_else(|| {
            rows.push((row, figure_words::short_name(view, figure), BTreeMap::new()));
            rows.len() - 1
        });
        rows[place].2.insert(tier, figure_words::value(figure, &figure.now));
    }
    // Nothing is known of a tier where all cases are of customers without one.
    rows.retain(|(_, _, cells)| Tier::ALL.iter().any(|tier| cells.contains_key(tier.code())));
    if rows.is_empty() {
        return None;
    }
    let mut columns = vec![words::text("figure", "figure", "指标")];
    let is_shown = |tier: &&Tier| rows.iter().any(|(_, _, cells)| cells.contains_key(tier.code()));
    let tiers: Vec<Tier> = Tier::ALL.iter().filter(is_shown).copied().collect();
    columns.extend(tiers.iter().map(|tier| words::quantity(tier.code(), tier.en(), tier.zh())));
    let rows = rows.into_iter().map(|(code, Text { en, zh, .. }, cells)| {
        let of_tier = |tier: &Tier| cells.get(tier.code()).cloned().unwrap_or(DataCell::Missing);
        let mut row = vec![DataCell::Text(Text::coded(code, en, zh))];
        row.extend(tiers.iter().map(of_tier));
        row
    });
    let title = Text::coded("key_figures_by_tier", "Key figures by tier", "各等级主要指标");
    Some(
        Section::titled(text!("Key figures by tier", "各等级主要指标"))
            .table(DataTable::new(title, columns, rows)),
    )
}

#[cfg(test)]
mod tests {
    use gridtier_service::monthly::MonthlyReport;

    use super::*;
    use crate::service::fixture::LogScene;

    #[test]
    fn a_figure_of_several_tiers_has_one_row_whatever_the_order() {
        let scene = LogScene::with_complaints();
        let report = MonthlyReport::of(scene.due_inputs(), scene.view().groups);
        let mut figures: Vec<&MonthlyFigure> = report.figures.iter().collect();
        // As where each tier has another verdict.
        figures.sort_by_key(|figure| figure.key.iter().map(ToString::to_string).rev().collect::<Vec<_>>());
        let section = by_tier(&scene.view(), &figures).unwrap();
        let rows = &section.tables().next().unwrap().rows;
        let mut names: Vec<String> = rows.iter().map(|row| format!("{:?}", row.cells[0])).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert!(all > 1 && names.len() == all, "{names:?}");
        let is_full =
            |row: &crate::table::DataRow| row.cells[1..].iter().all(|cell| *cell != DataCell::Missing);
        assert!(rows.iter().any(is_full));
    }
}
