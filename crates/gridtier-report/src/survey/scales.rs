//! How reliably items measure their dimension, and whether they belong to it.

use std::collections::BTreeSet;

use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;
use gridtier_service::survey::evaluation::SurveyResults;
use gridtier_service::survey::instrument::SurveyForm;
use gridtier_service::survey::scale::AlphaRow;

use super::{SurveyView, is_total, words};
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

/// An item of a form.
type AskedItem<'r> = (SurveyForm, &'r str);

/// Cronbach's α of each scale, items that weaken their scale, and items that go better with another dimension.
pub fn scale_sections(view: &SurveyView, results: &SurveyResults) -> Vec<Section> {
    let scales: Vec<&AlphaRow> = results.alphas.iter().filter(|row| row.item.is_none()).collect();
    let table = DataTable::new(
        Text::coded("alphas", "Reliability of the scales", "量表信度"),
        vec![
            DataColumn::new(ColumnFormat::Text, "form", "form", "答题"),
            DataColumn::new(ColumnFormat::Text, "scale", "scale", "量表"),
            DataColumn::new(ColumnFormat::Integer, "k", "items", "题数"),
            DataColumn::new(ColumnFormat::Integer, "n", "complete answers", "完整份数"),
            DataColumn::new(ColumnFormat::Number(3), "alpha", "α", "α"),
            DataColumn::new(ColumnFormat::Number(3), "lo", "from", "下限"),
            DataColumn::new(ColumnFormat::Number(3), "hi", "to", "上限"),
        ],
        scales.iter().map(|row| {
            vec![
                DataCell::word(row.form),
                DataCell::Text(words::scale(view.instrument, &row.scale)),
                DataCell::count(count(row.k)),
                DataCell::count(count(row.n)),
                DataCell::number(row.alpha),
                DataCell::number(row.interval.map(|interval| interval.lo)),
                DataCell::number(row.interval.map(|interval| interval.hi)),
            ]
        }),
    );
    let section = Section::titled(text!("Reliability of the scales", "量表信度")).table(table).sentence(
        "α says how far the items of a scale measure one thing: 1 is the most. With its 95 % interval (Feldt).",
        "α 表示同一量表的各题在多大程度上测量同一事物，最高为 1；附 95 % 置信区间（Feldt）。",
    );
    let section = section.with_all(listed(
        view,
        &weakening(results),
        text!(
            "Without these items their dimension would be more reliable",
            "删去以下题目后，所属维度的信度更高"
        ),
    ));
    vec![section.with_all(listed(
        view,
        &misfits(results),
        text!(
            "These items go better with another dimension than with their own",
            "以下题目与其他维度的相关高于所属维度"
        ),
    ))]
}

/// Items without which α of their dimension is higher.
fn weakening(results: &SurveyResults) -> BTreeSet<AskedItem<'_>> {
    let rows = results.alphas.iter().filter(|row| !is_total(&row.scale));
    rows.filter(|row| row.alpha_without > row.alpha.or(alpha_of(results, row)))
        .filter_map(|row| Some((row.form, &**row.item.as_ref()?)))
        .collect()
}

fn alpha_of(results: &SurveyResults, of: &AlphaRow) -> Option<f64> {
    let mut rows = results.alphas.iter();
    rows.find(|row| row.item.is_none() && row.form == of.form && row.scale == of.scale)?.alpha
}

fn misfits(results: &SurveyResults) -> BTreeSet<AskedItem<'_>> {
    let rows = results.structure.iter().filter(|row| row.is_misfit == Some(true));
    rows.map(|row| (row.form, &*row.item)).collect()
}

/// The numbers of items by form, in the order in which they are asked; nothing if there are none.
fn listed(view: &SurveyView, items: &BTreeSet<AskedItem<'_>>, what: Text) -> Option<Block> {
    let of_forms = view.instrument.forms().iter().filter_map(|&form| {
        let asked = view.instrument.items.iter().map(|item| &*item.id);
        let ids: Vec<&str> = asked.filter(|id| items.contains(&(form, *id))).collect();
        let (name, en, zh) = (Text::of_word(form), ids.join(", "), ids.join("、"));
        (!ids.is_empty()).then(|| text!("{name} {en}", "{name} {zh}"; name))
    });
    let of_forms: Vec<Text> = of_forms.collect();
    let numbers = Text::join(&of_forms, "; ");
    (!of_forms.is_empty())
        .then(|| Block::Sentence(text!("{what}: {numbers}.", "{what}：{numbers}。"; what, numbers)))
}
