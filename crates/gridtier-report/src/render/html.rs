//! One page that opens without a network: all of its style is in it, and every text is escaped.

mod document;

use std::borrow::Cow;
use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{RenderError, svg};
use crate::chart::Chart;
use crate::format;
use crate::section::{Block, Section};
use crate::table::{
    CellValue, ColumnFormat, DataCell, DataColumn, DataList, DataRow, DataTable, RichText, RowRole,
    arrow_value, plain_columns,
};
use gridtier::text::{Lang, Text, Voice};
use gridtier::word::Word as _;

pub use document::write_document;

mod paged;

pub use paged::PagedHtml;

/// The style of pages.
pub const STYLE: &str = include_str!("html/style.css");

/// The link of a cell, by its column and its value for programs; `None` for most cells.
pub type CellLink<'a> = &'a dyn Fn(&DataColumn, &CellValue) -> Option<String>;

/// Who reads a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Readers of one language, or of codes.
    One(Voice),
    /// Readers of both languages: the page holds each text in both and shows one of them.
    EitherLanguage,
}

/// How a page shows its content.
#[derive(Clone, Copy)]
struct Look<'a> {
    readers: Readers,
    link: CellLink<'a>,
    /// Whether headings are one level below those of a chapter.
    is_in_chapter: bool,
}

impl Look<'_> {
    /// For a page of its own in one voice.
    fn alone(voice: Voice) -> Self {
        Self { readers: Readers::One(voice), link: NO_LINK, is_in_chapter: false }
    }

    /// The result of `show` for each voice of the readers.
    fn words<'t>(self, show: impl Fn(Voice) -> Cow<'t, str>) -> Markup {
        match self.readers {
            Readers::One(voice) => html! { (show(voice)) },
            Readers::EitherLanguage => {
                let [en, zh] = LANGUAGES.map(|lang| show(lang.into()));
                html! { @if en == zh { (en) } @else { span lang="en" { (en) } span lang="zh" { (zh) } } }
            }
        }
    }

    /// The same for words with markup.
    fn markup(self, show: impl Fn(Voice) -> Markup) -> Markup {
        match self.readers {
            Readers::One(voice) => show(voice),
            Readers::EitherLanguage => {
                let [en, zh] = LANGUAGES.map(|lang| show(lang.into()));
                html! { @if en.0 == zh.0 { (en) } @else { span lang="en" { (en) } span lang="zh" { (zh) } } }
            }
        }
    }

    fn text(self, text: &Text) -> Markup {
        self.words(|voice| text.pick(voice))
    }

    /// A text that cannot have a language of its own, such as an attribute.
    fn plain(self, text: &Text) -> String {
        match self.readers {
            Readers::One(voice) => text.pick(voice).into_owned(),
            Readers::EitherLanguage if text.en == text.zh => text.en.clone().into_owned(),
            Readers::EitherLanguage => format!("{} / {}", text.en, text.zh),
        }
    }

    /// The voices of the readers.
    fn voices(self) -> Vec<(Voice, Option<&'static str>)> {
        match self.readers {
            Readers::One(voice) => vec![(voice, None)],
            Readers::EitherLanguage => LANGUAGES.map(|lang| (lang.into(), Some(lang.code()))).to_vec(),
        }
    }
}

const LANGUAGES: [Lang; 2] = [Lang::En, Lang::Zh];

/// A page of its own has no links in cells.
const NO_LINK: CellLink<'static> = &|_, _| None;

/// Writes sections as a page. The heading of the first section is the page's title.
///
/// # Errors
/// The writer fails.
pub fn write(out: &mut impl Write, sections: &[Section], voice: Voice) -> io::Result<()> {
    let look = Look::alone(voice);
    let body = html! {
        @for (position, section) in sections.iter().enumerate() {
            @if let Some(heading) = &section.heading {
                @if position == 0 { h1 { (heading.pick(voice)) } } @else { h2 { (heading.pick(voice)) } }
            }
            (blocks_markup(section, None, look))
        }
    };
    out.write_all(page(title(sections), &body, voice).into_string().as_bytes())
}

/// Sections as a part of a page that has its own title above them. `link` gives the links of cells.
#[must_use]
pub fn fragment(sections: &[Section], voice: Voice, link: CellLink<'_>) -> String {
    let look = Look { readers: Readers::One(voice), link, is_in_chapter: false };
    let body = html! {
        @for section in sections {
            section {
                @if let Some(heading) = &section.heading { h2 { (heading.pick(voice)) } }
                (blocks_markup(section, None, look))
            }
        }
    };
    body.into_string()
}

/// Writes a list as a page and counts its rows. The page is made in memory: no browser shows a page that memory cannot
/// hold.
///
/// # Errors
/// The writer fails, or a batch cannot be read.
pub fn write_list(out: &mut impl Write, list: DataList, voice: Voice) -> Result<u64, RenderError> {
    let look = Look::alone(voice);
    let mut rows: Vec<Markup> = Vec::new();
    for batch in list.batches {
        let batch = batch.map_err(RenderError::List)?;
        let arrays = plain_columns(&batch)?;
        for row in 0..batch.num_rows() {
            let cells = arrays.iter().zip(&list.columns).map(|(array, column)| {
                Ok(value_markup(arrow_value(array, row, column, voice)?, column.format, voice))
            });
            let cells = cells.collect::<Result<Vec<_>, RenderError>>()?;
            rows.push(html! { tr { @for cell in &cells { (cell) } } });
        }
    }
    let body = html! {
        h1 { (list.title.pick(voice)) }
        @if !list.about.is_empty() { (block_markup(&Block::Facts(list.about), look)) }
        table {
            thead { tr { @for column in &list.columns { (head(column, look)) } } }
            tbody { @for row in &rows { (row) } }
        }
    };
    out.write_all(page(Some(&list.title), &body, voice).into_string().as_bytes())?;
    Ok(gridtier::index::count(rows.len()))
}

fn page(title: Option<&Text>, body: &Markup, voice: Voice) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(if voice == Voice::In(Lang::En) { "en" } else { "zh" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title.map_or_else(Default::default, |title| title.pick(voice))) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// The title of a page: its first heading, or the title of its first table.
fn title(sections: &[Section]) -> Option<&Text> {
    let heading = sections.iter().find_map(|section| section.heading.as_ref());
    heading.or_else(|| sections.iter().find_map(|section| Some(&section.tables().next()?.title)))
}

/// The blocks of a section. A table that is titled as its section or chapter does not repeat that.
fn blocks_markup(section: &Section, chapter: Option<&Text>, look: Look<'_>) -> Markup {
    let is_above = |title: &Text| {
        let mut above = section.heading.iter().chain(chapter);
        above.any(|above| (&above.en, &above.zh) == (&title.en, &title.zh))
    };
    html! {
        @for block in &section.blocks {
            @match block {
                Block::Table(table) if is_above(&table.title) => (untitled_table(table, look)),
                _ => (block_markup(block, look)),
            }
        }
    }
}

fn block_markup(block: &Block, look: Look<'_>) -> Markup {
    match block {
        Block::Sentence(sentence) => html! { p { (look.text(sentence)) } },
        Block::Facts(facts) => html! {
            dl { @for (name, value) in facts { dt { (look.text(name)) } dd { (look.text(value)) } } }
        },
        Block::Lines(lines) => html! { ul { @for line in lines { li { (look.text(line)) } } } },
        Block::Legend(entries) => html! {
            p.legend {
                @for (tone, text) in entries { span class={ "tone-" (tone.0) } { (look.text(text)) } " " }
            }
        },
        Block::Table(table) => table_markup(table, look),
        Block::Chart(chart) => chart_markup(chart, look),
    }
}

/// A chart with its title, how to read it, and its numbers unless a table of the section has them.
fn chart_markup(chart: &Chart, look: Look<'_>) -> Markup {
    let drawn = |frame: svg::ChartFrame| {
        html! { @for (voice, lang) in look.voices() { div lang=[lang] { (PreEscaped(svg::draw(chart, voice, frame))) } } }
    };
    html! {
        figure {
            figcaption { b { (look.text(&chart.title)) } br; (look.text(&chart.reading)) }
            div.chart-wide { (drawn(svg::ChartFrame::WIDE)) }
            div.chart-narrow { (drawn(svg::ChartFrame::NARROW)) }
            @if !chart.is_table_beside {
                details {
                    summary { (look.text(&Text::new("Numbers of this chart", "图中数据"))) }
                    (untitled_table(&chart.table, look))
                }
            }
        }
    }
}

fn table_markup(table: &DataTable, look: Look<'_>) -> Markup {
    html! {
        @if !table.title.is_empty() {
            @if look.is_in_chapter { h4 { (look.text(&table.title)) } } @else { h2 { (look.text(&table.title)) } }
        }
        (untitled_table(table, look))
    }
}

fn untitled_table(table: &DataTable, look: Look<'_>) -> Markup {
    let table = &*table.without_details();
    html! {
        div.wide { table {
            thead { tr { @for column in &table.columns { (head(column, look)) } } }
            tbody { @for row in &table.rows { (row_markup(row, &table.columns, look)) } }
        } }
    }
}

fn head(column: &DataColumn, look: Look<'_>) -> Markup {
    html! {
        th.number[column.format.is_right_aligned()] {
            (look.markup(|voice| unbroken(&column.head(voice))))
            @if let Some(note) = &column.note { br; span.small { (look.text(note)) } }
        }
    }
}

/// A title of a column in which codes with a number and months, such as `grade-1` and `2025-11`, are not broken across
/// lines.
fn unbroken(title: &str) -> Markup {
    html! {
        @for (place, word) in title.split(' ').enumerate() {
            @if place > 0 { " " }
            @if is_numbered(word) { span.unbroken { (word) } } @else { (word) }
        }
    }
}

/// Whether a word is a code with a number or a month, such as `grade-1` and `2025-11`.
fn is_numbered(word: &str) -> bool {
    word.split_once('-').is_some_and(|(code, number)| {
        let is = |part: &str, test: fn(&u8) -> bool| !part.is_empty() && part.as_bytes().iter().all(test);
        (is(code, u8::is_ascii_lowercase) || is(code, u8::is_ascii_digit)) && is(number, u8::is_ascii_digit)
    })
}

fn row_markup(row: &DataRow, columns: &[DataColumn], look: Look<'_>) -> Markup {
    match (row.role, row.cells.first()) {
        (RowRole::Group, Some(first)) => html! {
            tr { th.group colspan=(columns.len()) {
                (look.words(|voice| first.value(voice).shown(ColumnFormat::Text, voice)))
            } }
        },
        (role, _) => html! {
            tr.total[role == RowRole::Total] {
                @for (cell, column) in row.cells.iter().zip(columns) { (cell_markup(cell, column, look)) }
            }
        },
    }
}

/// Shortest word in bytes that may be broken across lines: a hash, or an odd name.
const LONG_WORD: usize = 32;

fn cell_markup(cell: &DataCell, column: &DataColumn, look: Look<'_>) -> Markup {
    let leads_to = (look.link)(column, &cell.value(Voice::Codes));
    let format = column.format;
    match cell {
        DataCell::Rich(rich) => return rich_markup(rich, leads_to.as_deref(), look),
        DataCell::Number(points) if format == ColumnFormat::Points => return points_markup(*points),
        _ => {}
    }
    let shown = look.words(|voice| cell.value(voice).shown(format, voice));
    let is_long = match cell {
        DataCell::Text(text) => text.en.split_whitespace().any(|word| word.len() >= LONG_WORD),
        _ => false,
    };
    html! {
        td.id[format == ColumnFormat::Id].number[format.is_right_aligned()].long[is_long] {
            @if let Some(to) = leads_to { a href=(to) { (shown) } } @else { (shown) }
        }
    }
}

/// Points as a bar and a number. The bar is an SVG, because a strict Content-Security-Policy refuses inline styles.
fn points_markup(points: f64) -> Markup {
    html! {
        td {
            svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.track width="100" height="8" {}
                rect.filled width=(format::decimal(points.clamp(0.0, 100.0), 0)) height="8" {}
            }
            " " (format::decimal(points, 0))
        }
    }
}

fn value_markup(value: CellValue, format: ColumnFormat, voice: Voice) -> Markup {
    html! {
        td.id[format == ColumnFormat::Id].number[format.is_right_aligned()] { (value.shown(format, voice)) }
    }
}

fn rich_markup(rich: &RichText, leads_to: Option<&str>, look: Look<'_>) -> Markup {
    let lead = look.text(&rich.lead);
    let lead = html! { @if rich.is_strong { b { (lead) } } @else { (lead) } };
    let tone = rich.tone.map(|tone| format!("tone-{}", tone.0));
    let hint = rich.hint.as_ref().map(|hint| look.plain(hint));
    html! {
        td class=[tone] title=[hint] {
            @if let Some(to) = leads_to { a href=(to) { (lead) } } @else { (lead) }
            @if let Some(tag) = &rich.tag { " " span.tag { (look.text(tag)) } }
            @for detail in &rich.details { br; span.small { (look.text(detail)) } }
        }
    }
}
