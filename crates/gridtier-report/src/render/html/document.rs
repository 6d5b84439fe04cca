//! A document as one page in both languages: a switch shows one of them, without a script and without loading anything.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Look, NO_LINK, Readers, STYLE, blocks_markup};
use crate::document::{Chapter, Document};
use gridtier::text::{Lang, Text};
use gridtier::word::Word as _;

/// The style of a document's page, in addition to that of all pages.
const DOCUMENT_STYLE: &str = include_str!("document.css");

/// Writes a document as a page that shows one language first and the other at a click.
///
/// # Errors
/// The writer fails.
pub fn write_document(out: &mut impl Write, document: &Document, first: Lang) -> io::Result<()> {
    let look = Look { readers: Readers::EitherLanguage, link: NO_LINK, is_in_chapter: true };
    let page = html! {
        (DOCTYPE)
        html lang=(first.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (document.title.in_lang(first)) }
                style { (PreEscaped(STYLE)) (PreEscaped(DOCUMENT_STYLE)) }
            }
            body.document {
                // The switches must come before everything that they show or hide, since CSS can select only later
                // elements.
                @for &lang in Lang::ALL {
                    input.reader type="radio" name="reader" id={ "reader-" (lang.code()) } checked[lang == first];
                }
                p.switch {
                    label for="reader-en" { "English" }
                    label for="reader-zh" { "中文" }
                }
                header {
                    h1 { (look.text(&document.title)) }
                    p { (look.text(&document.about)) }
                }
                (contents(document, look))
                main { @for chapter in &document.chapters { (chapter_markup(chapter, look)) } }
            }
        }
    };
    out.write_all(page.into_string().as_bytes())
}

fn contents(document: &Document, look: Look<'_>) -> Markup {
    html! {
        nav.contents.brief[document.is_brief] {
            h2 { (look.text(&Text::new("Contents", "目录"))) }
            ol.labelled[document.chapters.iter().any(|chapter| chapter.label.is_some())] {
                @for chapter in &document.chapters {
                    li { a href={ "#" (chapter.code()) } { (look.text(&chapter.heading())) } }
                }
            }
        }
    }
}

fn chapter_markup(chapter: &Chapter, look: Look<'_>) -> Markup {
    html! {
        section.chapter id=(chapter.code()) {
            h2 { (look.text(&chapter.heading())) }
            @for section in &chapter.sections {
                @if let Some(heading) = &section.heading { h3 { (look.text(heading)) } }
                (blocks_markup(section, Some(&chapter.title), look))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::{Block, Section};
    use crate::table::{ColumnFormat, DataCell, DataColumn, DataTable};

    /// Texts that a name, a region or a title of a user's table may have.
    const NAUGHTY: [&str; 12] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</style><svg onload=alert(1)>",
        "javascript:alert(1)",
        "&lt;b&gt;",
        "<!-- ",
        "]]>",
        "{{7*7}}",
        "\u{202e}gnp.exe",
        "\u{0}\u{1b}[31m",
        "田中さんにあげて下さい 👩‍👩‍👧",
    ];

    fn page(text: &str, first: Lang) -> String {
        let own = || Text::same(text.to_owned());
        let table = DataTable::new(
            Text::new(text.to_owned(), "表".to_owned()),
            vec![
                DataColumn::new(ColumnFormat::Text, "region", text.to_owned(), text.to_owned()),
                DataColumn::new(ColumnFormat::Integer, "customers", "customers", "户数"),
            ],
            [vec![DataCell::same(text.to_owned()), DataCell::Integer(12_345)]],
        );
        let section = Section::titled(own())
            .with(Block::Sentence(own()))
            .with(Block::Facts(vec![(own(), own())]))
            .with(Block::Lines(vec![own()]))
            .table(table);
        let chapter = Chapter::new(Text::coded("tiers", "Tiers", "等级"), [section]);
        let document = Document { title: own(), about: own(), chapters: vec![chapter], is_brief: false };
        let mut out = Vec::new();
        write_document(&mut out, &document, first).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_text_stands_in_both_languages_and_a_number_once() {
        let page = page("paper", Lang::Zh);
        assert!(page.contains("<span lang=\"en\">Tiers</span><span lang=\"zh\">等级</span>"), "{page}");
        assert_eq!(page.matches("12,345").count(), 1);
        assert!(page.contains("<html lang=\"zh\">"));
        assert!(
            page.contains("id=\"reader-zh\" checked") && !page.contains("id=\"reader-en\" checked"),
            "{page}"
        );
        assert!(page.contains("href=\"#tiers\"") && page.contains("id=\"tiers\""));
    }

    #[test]
    fn a_page_needs_no_script_and_no_network() {
        let page = page("paper", Lang::En);
        for word in ["<script", "http:", "https:", "url(", "@import", "<link", " src=", " onload"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn whatever_a_name_is_it_comes_out_as_text() {
        let elements = |page: &str| {
            let opened = page.matches('<').count();
            let closed = page.matches("</").count();
            (opened, closed)
        };
        let plain = elements(&page("paper", Lang::En));
        for naughty in NAUGHTY {
            assert_eq!(elements(&page(naughty, Lang::En)), plain, "{naughty}");
        }
    }
}
