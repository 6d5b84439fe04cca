//! Describes a catalogue that passed its checks: what it contains, where its cells come from, and which duties it fulfils.

use gridtier::entitlement::Catalogue;
use gridtier::entitlement::service::{Duty, Provenance};
use gridtier::index::count;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::word::Word;

use super::text_column;
use crate::section::{Block, Section};
use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};
use gridtier::text::Text;

/// The sections that describe a catalogue without faults.
#[must_use]
pub fn catalogue_sections(catalogue: &Catalogue) -> Vec<Section> {
    let (name, version, from) = (&catalogue.name, &catalogue.version, catalogue.effective_from);
    let services = catalogue.services.len();
    let cells: usize = catalogue.services.iter().map(|service| service.cells.len()).sum();
    let [until, until_zh] = catalogue
        .effective_to
        .map_or_else(Default::default, |day| [format!(" until {day}"), format!("至 {day}")]);
    let heading = Text::new(
        format!(
            "catalogue {name} {version} is sound: {services} services, {cells} cells, in force from {from}{until}"
        ),
        format!(
            "目录 {name} {version} 检查通过: {services} 项服务, {cells} 个单元格, 生效日期 {from}{until_zh}"
        ),
    );
    let mut sections = vec![Section::titled(heading).table(provenances(catalogue)).table(duties(catalogue))];
    let less: Vec<Text> = catalogue
        .services
        .iter()
        .flat_map(|service| Tier::ALL.map(|tier| (service, tier)))
        .filter_map(|(service, tier)| {
            let why = service.cell(tier).less.as_ref()?;
            Some(Text::same(format!("{} {}: {why}", service.id, tier.code())))
        })
        .collect();
    if catalogue.is_edited_copy() {
        sections.push(Section::new().sentence(
            "It has name and version of the catalogue that gridtier ships, and another text: give it a version of its own, \
             so that cycles graded by it can be told apart.",
            "名称和版本与程序自带的目录相同, 但内容不同: 请更改版本, 以便区分采用它的周期。",
        ));
    }
    if !less.is_empty() {
        let heading = Text::new("Less than a worse tier, as marked:", "已注明的低于下级的条款:");
        sections.push(Section::titled(heading).with(Block::Lines(less)));
    }
    sections
}

/// Cells by provenance.
fn provenances(catalogue: &Catalogue) -> DataTable {
    let columns = vec![
        text_column("provenance", "provenance", "依据"),
        DataColumn::new(ColumnFormat::Integer, "cells", "cells", "单元格"),
    ];
    let rows = Provenance::ALL.iter().map(|&provenance| {
        let cells = catalogue.services.iter().flat_map(|service| &service.cells);
        let of_provenance = cells.filter(|cell| cell.provenance == provenance).count();
        vec![DataCell::word(provenance), DataCell::count(count(of_provenance))]
    });
    DataTable::new(Text::default(), columns, rows)
}

/// The duties, and the services that fulfil them.
/// The rule of a duty, with what must be confirmed about it.
fn rule(duty: &Duty) -> Text {
    let (source, remark) = (&duty.source, &duty.remark);
    if remark.is_empty() {
        return source.clone();
    }
    text!("{source}. {remark}", "{source}。{remark}"; source, remark)
}

fn duties(catalogue: &Catalogue) -> DataTable {
    let columns = vec![
        text_column("duty", "duty", "义务"),
        text_column("kept_by", "kept by", "履行服务"),
        text_column("rule", "rule", "依据条文"),
    ];
    let rows = catalogue.duties.iter().map(|duty| {
        let keeping = catalogue.services.iter().filter(|service| service.duty.as_ref() == Some(&duty.id));
        let keeping: Vec<&str> = keeping.map(|service| service.id.as_str()).collect();
        vec![
            DataCell::Text(duty.title.clone()),
            DataCell::same(keeping.join(", ")),
            DataCell::Text(rule(duty)),
        ]
    });
    DataTable::new(Text::default(), columns, rows)
}
