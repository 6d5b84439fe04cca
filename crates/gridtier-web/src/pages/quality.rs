//! The data behind a cycle: row counts and findings of each table, and the rejected rows.

use std::sync::Arc;

use gridtier::contract::Table;
use gridtier::text;
use gridtier_io::cycle::{Manifest, about, published_rejects, rejects_list};
use gridtier_io::export;
use gridtier_report::summary;
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::view::View;

/// Number of rejected rows on a page. Files have all of them.
const ROWS: usize = 200;

/// The page of data quality.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    let manifest = Manifest::read(&cycle)?;
    let rejecting = rejecting(&manifest);
    let sections =
        summary::recorded_rows_in_words(&manifest.control_totals.reconciliation, &manifest.findings).to_vec();
    let number = cycle.version;
    let title = text!("Data behind cycle {number}", "周期 {number} 的数据质量");
    Ok(Page::new(title, sections).ending_with(links(asked, &rejecting)))
}

/// The page with the rejected rows of a table.
pub fn rejects(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, cycle) = view.cycle(asked)?;
    let tables = rejecting(&Manifest::read(&cycle)?);
    // The name must be one of a table of the contract, so that a URL cannot name any other file.
    let Some(&table) = tables.iter().find(|table| asked.field("of") == Some(table.name())) else {
        return Err(WebError::not_found(text!("there is no such table", "没有此表")));
    };
    let (name, name_zh) = (table.name(), table.name_zh());
    let title = text!("Rows of {name} that were set aside", "{name_zh} ({name}) 中剔除的行");
    if let Some(format) = asked.format().of_file() {
        let list = rejects_list(&cycle, table)?.about(about(&cycle)?);
        return Ok(Page::of_file(title, export::unnamed(format, asked.voice(), &[], list)?));
    }
    let section = published_rejects(&cycle, table, ROWS)?;
    Ok(Page::new(title, vec![section]))
}

/// The tables that have rejected rows.
fn rejecting(manifest: &Manifest) -> Vec<Table> {
    let rows = manifest.control_totals.reconciliation.iter();
    rows.filter(|row| row.tally.rejected > 0).map(|row| row.table).collect()
}

fn links(asked: &Asked, tables: &[Table]) -> Markup {
    html! {
        @if !tables.is_empty() {
            p.pager {
                (asked.lang.pick("Rows that were set aside:", "剔除的行:"))
                @for table in tables {
                    a href=(asked.link("/rejects", &[("of", table.name())])) {
                        (asked.lang.pick(table.name(), table.name_zh()))
                    }
                }
            }
        }
    }
}
