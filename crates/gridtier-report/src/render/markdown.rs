//! Markdown: a document in one language after the other. Every text is escaped, so that no name becomes a heading, a link or
//! an element of HTML.

use std::io::{self, Write};

use gridtier::text::{Lang, Text, Voice};
use gridtier::word::Word as _;

use crate::document::Document;
use crate::section::Block;
use crate::table::{ColumnFormat, DataCell, DataColumn, DataRow, DataTable, RichText, RowRole};

/// Writes a document in both languages, `first` before the other one.
///
/// # Errors
/// The writer fails.
pub fn write_document(out: &mut impl Write, document: &Document, first: Lang) -> io::Result<()> {
    write_in(out, document, first)?;
    for &lang in Lang::ALL.iter().filter(|lang| **lang != first) {
        writeln!(out, "\n---\n")?;
        write_in(out, document, lang)?;
    }
    Ok(())
}

fn write_in(out: &mut impl Write, document: &Document, lang: Lang) -> io::Result<()> {
    let voice = Voice::In(lang);
    writeln!(out, "# {}", line(&document.title, voice))?;
    paragraph(out, &document.about, voice)?;
    for chapter in &document.chapters {
        writeln!(out, "\n## {}", line(&chapter.heading(), voice))?;
        for section in &chapter.sections {
            if let Some(heading) = &section.heading {
                writeln!(out, "\n### {}", line(heading, voice))?;
            }
            for block in &section.blocks {
                write_block(out, block, voice)?;
            }
        }
    }
    Ok(())
}

fn write_block(out: &mut impl Write, block: &Block, voice: Voice) -> io::Result<()> {
    match block {
        Block::Sentence(sentence) => paragraph(out, sentence, voice),
        Block::Facts(facts) => {
            writeln!(out)?;
            for (name, value) in facts {
                writeln!(out, "- **{}**: {}", line(name, voice), line(value, voice))?;
            }
            Ok(())
        }
        Block::Lines(lines) => {
            writeln!(out)?;
            for text in lines.iter().filter(|text| !text.pick(voice).is_empty()) {
                writeln!(out, "- {}", line(text, voice))?;
            }
            Ok(())
        }
        // Its colours are only on pages.
        Block::Legend(_) => Ok(()),
        Block::Table(table) => write_table(out, table, voice),
        Block::Chart(chart) => {
            writeln!(out, "\n**{}**", line(&chart.title, voice))?;
            paragraph(out, &chart.reading, voice)?;
            write_table(out, &DataTable { title: Text::default(), ..chart.table.clone() }, voice)
        }
    }
}

fn paragraph(out: &mut impl Write, text: &Text, voice: Voice) -> io::Result<()> {
    let text = line(text, voice);
    if text.is_empty() { Ok(()) } else { writeln!(out, "\n{text}") }
}

fn write_table(out: &mut impl Write, table: &DataTable, voice: Voice) -> io::Result<()> {
    if !table.title.is_empty() {
        writeln!(out, "\n#### {}", line(&table.title, voice))?;
    }
    writeln!(out)?;
    let table = &*table.without_details();
    let heads = table.columns.iter().map(|column| {
        let head = escaped(&column.head(voice));
        match &column.note {
            Some(note) => format!("{head} ({})", line(note, voice)),
            None => head,
        }
    });
    writeln!(out, "| {} |", heads.collect::<Vec<_>>().join(" | "))?;
    let rules =
        table.columns.iter().map(|column| if column.format.is_right_aligned() { "--:" } else { "---" });
    writeln!(out, "| {} |", rules.collect::<Vec<_>>().join(" | "))?;
    for row in &table.rows {
        writeln!(out, "| {} |", cells(row, &table.columns, voice).join(" | "))?;
    }
    Ok(())
}

fn cells(row: &DataRow, columns: &[DataColumn], voice: Voice) -> Vec<String> {
    let texts = row.cells.iter().zip(columns).map(|(cell, column)| cell_text(cell, column.format, voice));
    match row.role {
        RowRole::Body => texts.collect(),
        RowRole::Group | RowRole::Total => {
            let strong = texts.map(|text| if text.is_empty() { text } else { format!("**{text}**") });
            let mut texts: Vec<String> = strong.collect();
            texts.resize(columns.len(), String::new());
            texts
        }
    }
}

fn cell_text(cell: &DataCell, format: ColumnFormat, voice: Voice) -> String {
    match cell {
        DataCell::Rich(rich) => rich_text(rich, voice),
        cell => escaped(&cell.value(voice).shown(format, voice)),
    }
}

/// All that a page shows of a text with small print.
fn rich_text(rich: &RichText, voice: Voice) -> String {
    let lead = line(&rich.lead, voice);
    let lead = if rich.is_strong { format!("**{lead}**") } else { lead };
    let tag = rich.tag.iter().map(|tag| format!("({})", line(tag, voice)));
    let details = rich.details.iter().map(|detail| line(detail, voice));
    let head = std::iter::once(lead).chain(tag).collect::<Vec<_>>().join(" ");
    std::iter::once(head).chain(details).collect::<Vec<_>>().join("<br>")
}

fn line(text: &Text, voice: Voice) -> String {
    escaped(&text.pick(voice))
}

/// The text in one line, with every sign that Markdown would read as its own written as text.
fn escaped(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut out = String::with_capacity(text.len());
    for (place, sign) in text.char_indices() {
        let is_own = matches!(sign, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '&' | '~');
        let begins_block = place == 0 && matches!(sign, '#' | '+' | '-' | '=');
        let numbers_item = place == digits && digits > 0 && matches!(sign, '.' | ')');
        if is_own || begins_block || numbers_item {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Chapter;
    use crate::section::Section;

    fn written(text: &'static str) -> String {
        let own = || Text::same(text);
        let table = DataTable::new(
            Text::new("table", "表"),
            vec![
                DataColumn::new(ColumnFormat::Text, "name", "name", "名称"),
                DataColumn::new(ColumnFormat::Integer, "rows", "rows", "行数"),
            ],
            [vec![DataCell::Text(own()), DataCell::Integer(12_345)]],
        );
        let section =
            Section::titled(own()).with(Block::Sentence(own())).with(Block::Lines(vec![own()])).table(table);
        let chapter = Chapter::new(Text::new("Tiers", "等级"), [section]).labelled(Text::same("1"));
        let document = Document {
            title: own(),
            about: Text::new("about", "说明"),
            chapters: vec![chapter],
            is_brief: false,
        };
        let mut out = Vec::new();
        write_document(&mut out, &document, Lang::Zh).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_document_stands_in_one_language_and_then_in_the_other() {
        let expected = "\
# paper

说明

## 1 等级

### paper

paper

- paper

#### 表

| 名称 | 行数 |
| --- | --: |
| paper | 12,345 |
";
        let text = written("paper");
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("\n---\n\n# paper\n\nabout\n\n## 1 Tiers\n"), "{text}");
    }

    #[test]
    fn whatever_a_name_is_it_comes_out_as_text() {
        let text = written("# <b>|[x](y)* 1 \\ &lt;\n\n# z");
        assert!(text.contains("| \\# \\<b\\>\\|\\[x\\](y)\\* 1 \\\\ \\&lt; # z | 12,345 |"), "{text}");
        assert!(written("1. x").contains("\n- 1\\. x\n"));
    }
}
