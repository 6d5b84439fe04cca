//! Writes a result to the terminal, or into a file in the requested format.

use std::io::Write as _;
use std::path::Path;

use gridtier::text;
use gridtier::text::{Text, Voice};
use gridtier_io::draft;
use gridtier_io::export::{self, ExportFormat};
use gridtier_report::format::{counted, grouped};
use gridtier_report::render::{ByteOrderMark, terminal};
use gridtier_report::section::{Block, Section};

use super::ChosenLang;
use crate::args::{FormatArgs, OutputArgs, TableFormat};
use crate::exit::{Done, Failure, USAGE};
use crate::lang::Lang;

/// The format of an answer; text for a terminal.
pub fn format(args: &OutputArgs) -> Result<TableFormat, Failure> {
    match &args.output {
        Some(path) => file_format(&args.format, path),
        None => Ok(args.format.format.unwrap_or(TableFormat::Text)),
    }
}

/// The format of a file: the requested one, or else that of its extension.
fn file_format(args: &FormatArgs, path: &Path) -> Result<TableFormat, Failure> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "csv" => Ok(TableFormat::Csv),
        "xlsx" => Ok(TableFormat::Xlsx),
        "html" | "htm" => Ok(TableFormat::Html),
        "json" => Ok(TableFormat::Json),
        "parquet" => Ok(TableFormat::Parquet),
        "txt" => Ok(TableFormat::Text),
        _ => {
            let path = path.display();
            let what = text!(
                "the ending of {path} names no format; use .csv, .xlsx, .html, .json, .parquet or .txt, or give --format",
                "{path} 的扩展名不是可用格式; 请用 .csv、.xlsx、.html、.json、.parquet 或 .txt, 或指定 --format",
            );
            Err(Failure::new(USAGE, what))
        }
    }
}

/// The format of a list written to a file: any but plain text.
pub fn list_format(args: &FormatArgs, path: &Path) -> Result<ExportFormat, Failure> {
    exporter(file_format(args, path)?).ok_or_else(|| {
        let what = text!(
            "a list cannot be plain text; write .csv, .xlsx, .html, .json or .parquet",
            "名单不能写成纯文本; 请写成 .csv、.xlsx、.html、.json 或 .parquet",
        );
        Failure::new(USAGE, what)
    })
}

/// The exporter of a format; none for plain text.
fn exporter(format: TableFormat) -> Option<ExportFormat> {
    Some(match format {
        TableFormat::Text => return None,
        TableFormat::Csv => ExportFormat::Csv,
        TableFormat::Xlsx => ExportFormat::Xlsx,
        TableFormat::Html => ExportFormat::Html,
        TableFormat::Json => ExportFormat::Json,
        TableFormat::Parquet => ExportFormat::Parquet,
    })
}

/// How text is written for people: in the chosen language, or in both.
pub fn people(args: &FormatArgs, lang: Lang) -> Voice {
    if args.bilingual { Voice::Both } else { lang.into() }
}

/// How an answer is written: in codes for programs, in words for people. CSV is for programs unless a language is asked for.
pub fn voice(args: &OutputArgs, chosen: ChosenLang) -> Result<Voice, Failure> {
    Ok(exporter(format(args)?)
        .map_or(people(&args.format, chosen.lang), |format| list_voice(&args.format, format, chosen)))
}

/// How a list in a file is written, in codes or in words.
pub fn list_voice(args: &FormatArgs, format: ExportFormat, chosen: ChosenLang) -> Voice {
    match format {
        ExportFormat::Json | ExportFormat::Parquet => Voice::Codes,
        ExportFormat::Csv if !chosen.is_asked && !args.bilingual => Voice::Codes,
        ExportFormat::Csv | ExportFormat::Xlsx | ExportFormat::Html => people(args, chosen.lang),
    }
}

/// Whether CSV begins with a byte-order mark: where it is in words, it is for people with a spreadsheet.
pub fn mark(args: &FormatArgs, voice: Voice) -> ByteOrderMark {
    if args.bom || voice != Voice::Codes { ByteOrderMark::Written } else { ByteOrderMark::Absent }
}

/// As [`deliver`], with facts about the sections at the top of pages and workbooks.
pub fn deliver_about(
    args: &OutputArgs,
    voice: Voice,
    about: Vec<(Text, Text)>,
    mut sections: Vec<Section>,
    text: &[Section],
) -> Result<Done, Failure> {
    let mut front = Section::new();
    // On a page, the title comes before the facts.
    if exporter(format(args)?) == Some(ExportFormat::Html) {
        let first = sections.first_mut();
        front.heading = first.and_then(|section| match section.heading.take() {
            Some(heading) => Some(heading),
            None => section.blocks.iter_mut().find_map(|block| match block {
                Block::Table(table) => Some(std::mem::take(&mut table.title)),
                _ => None,
            }),
        });
    }
    sections.insert(0, front.with(Block::Facts(about)));
    deliver(args, voice, &sections, text)
}

/// Delivers `sections`, or `text` where plain text is asked for.
pub fn deliver(
    args: &OutputArgs,
    voice: Voice,
    sections: &[Section],
    text: &[Section],
) -> Result<Done, Failure> {
    let mark = mark(&args.format, voice);
    match (exporter(format(args)?), &args.output) {
        (None, None) => Ok(Done { data: terminal::text(text, voice) }),
        (None, Some(path)) => {
            let text = terminal::text(text, voice);
            let written = draft::write_file(path, |file| Ok(file.write_all(text.as_bytes())?));
            written.map_err(|failure: export::WriteError| failure.at(path))?;
            Ok(Done { data: format!("{}\n", path.display()) })
        }
        (Some(ExportFormat::Xlsx | ExportFormat::Parquet), None) => Err(Failure::new(
            USAGE,
            text!("this format is not text; name a file with -o", "此格式不是文本; 请用 -o 指定文件"),
        )),
        (Some(format), None) => Ok(Done { data: export::sections_text(format, voice, mark, sections)? }),
        (Some(format), Some(path)) => {
            export::write_sections(path, format, voice, mark, sections)?;
            Ok(Done { data: format!("{}\n", path.display()) })
        }
    }
}

/// Says where a list is, how many rows it has, and whom it leaves out.
pub fn wrote(path: &Path, rows: u64, left_out: &Text, lang: Lang) -> Done {
    let (path, Text { en, zh, .. }) = (path.display(), left_out);
    let (lines, rows) = (counted(rows, "row", "rows"), grouped(rows));
    let text = text!("{path}: {lines}{en}\n", "{path}: {rows} 行{zh}\n");
    Done { data: text.in_lang(lang).to_owned() }
}
