//! Where an answer goes: to the terminal, or into a file in the format asked for.

use std::path::Path;

use gridtier::entitlement::view::{Sheet, Words};
use gridtier_io::export::{self, Format, Mark, Table};

use crate::args::{Question, TableFormat};
use crate::exit::{Done, Failure, USAGE};
use crate::lang::Lang;

/// The format asked for, by name or by the ending of the file; text for a terminal.
pub fn format(question: &Question) -> Result<TableFormat, Failure> {
    let Some(path) = question.output.as_deref().filter(|_| question.format.is_none()) else {
        return Ok(question.format.unwrap_or(TableFormat::Text));
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "csv" => Ok(TableFormat::Csv),
        "xlsx" => Ok(TableFormat::Xlsx),
        "html" | "htm" => Ok(TableFormat::Html),
        "json" => Ok(TableFormat::Json),
        "parquet" => Ok(TableFormat::Parquet),
        "txt" => Ok(TableFormat::Text),
        _ => {
            let what = format!(
                "the ending of {} names no format; use .csv, .xlsx, .html, .json, .parquet or .txt, or give --format",
                path.display()
            );
            Err(Failure::new(USAGE, what))
        }
    }
}

/// The exporter of a format; none for plain text.
pub fn exporter(format: TableFormat) -> Option<Format> {
    Some(match format {
        TableFormat::Text => return None,
        TableFormat::Csv => Format::Csv,
        TableFormat::Xlsx => Format::Xlsx,
        TableFormat::Html => Format::Html,
        TableFormat::Json => Format::Json,
        TableFormat::Parquet => Format::Parquet,
    })
}

/// Words of the language for people.
pub fn people(question: &Question, lang: Lang) -> Words {
    match (question.bilingual, lang) {
        (true, _) => Words::Both,
        (false, Lang::En) => Words::En,
        (false, Lang::Zh) => Words::Zh,
    }
}

/// Codes where programs read, words where people do.
pub fn words(question: &Question, format: TableFormat, lang: Lang) -> Words {
    match format {
        TableFormat::Csv | TableFormat::Json | TableFormat::Parquet => Words::Codes,
        TableFormat::Text | TableFormat::Xlsx | TableFormat::Html => people(question, lang),
    }
}

pub fn mark(question: &Question) -> Mark {
    if question.bom { Mark::Bom } else { Mark::Plain }
}

/// Delivers tables, or their text where text is asked for.
pub fn deliver(question: &Question, sheets: &[Sheet], text: String) -> Result<Done, Failure> {
    let tables = || sheets.iter().map(Table::of).collect();
    match (exporter(format(question)?), &question.output) {
        (None, None) => Ok(Done { data: text }),
        (None, Some(path)) => {
            let written = export::whole(path, |file| {
                use std::io::Write as _;
                Ok(file.write_all(text.as_bytes())?)
            });
            written.map_err(|failure: export::Failure| failure.at(path))?;
            Ok(wrote(path, None))
        }
        (Some(Format::Xlsx | Format::Parquet), None) => {
            Err(Failure::new(USAGE, "this format is no text; name a file by -o"))
        }
        (Some(format), None) => Ok(Done { data: export::text(format, mark(question), tables())? }),
        (Some(format), Some(path)) => {
            export::write(path, format, mark(question), tables())?;
            Ok(wrote(path, None))
        }
    }
}

/// Says where a file is, and how many rows a list has.
pub fn wrote(path: &Path, rows: Option<u64>) -> Done {
    let rows = rows.map_or(String::new(), |rows| format!(": {rows} rows"));
    Done { data: format!("{}{rows}\n", path.display()) }
}
