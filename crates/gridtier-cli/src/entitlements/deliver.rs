//! Where an answer goes: to the terminal, or into a file in the format asked for.

use std::io::Write as _;
use std::path::Path;

use gridtier::entitlement::view::{Sheet, Words};
use gridtier_io::export::{self, Format, Mark, Table};

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

/// The format of a file: the one asked for, or that of its ending.
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
            let what = format!(
                "the ending of {} names no format; use .csv, .xlsx, .html, .json, .parquet or .txt, or give --format",
                path.display()
            );
            Err(Failure::new(USAGE, what))
        }
    }
}

/// The format of a list in a file: a list has no text of its own.
pub fn list_format(args: &FormatArgs, path: &Path) -> Result<Format, Failure> {
    exporter(file_format(args, path)?).ok_or_else(|| {
        Failure::new(USAGE, "a list is no plain text; write .csv, .xlsx, .html, .json or .parquet")
    })
}

/// The exporter of a format; none for plain text.
fn exporter(format: TableFormat) -> Option<Format> {
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
pub fn people(args: &FormatArgs, lang: Lang) -> Words {
    match (args.bilingual, lang) {
        (true, _) => Words::Both,
        (false, Lang::En) => Words::En,
        (false, Lang::Zh) => Words::Zh,
    }
}

/// Codes where programs read, words where people do.
pub fn words(args: &OutputArgs, lang: Lang) -> Result<Words, Failure> {
    Ok(match format(args)? {
        TableFormat::Csv | TableFormat::Json | TableFormat::Parquet => Words::Codes,
        TableFormat::Text | TableFormat::Xlsx | TableFormat::Html => people(&args.format, lang),
    })
}

/// Whether CSV begins with a byte-order mark.
pub fn mark(args: &FormatArgs) -> Mark {
    if args.bom { Mark::Bom } else { Mark::Plain }
}

/// Delivers tables, or their text where text is asked for.
pub fn deliver(args: &OutputArgs, sheets: &[Sheet], text: String) -> Result<Done, Failure> {
    let tables: Vec<Table> = sheets.iter().map(Table::of).collect();
    match (exporter(format(args)?), &args.output) {
        (None, None) => Ok(Done { data: text }),
        (None, Some(path)) => {
            let written = export::whole(path, |file| Ok(file.write_all(text.as_bytes())?));
            written.map_err(|failure: export::Failure| failure.at(path))?;
            Ok(wrote(path, None))
        }
        (Some(Format::Xlsx | Format::Parquet), None) => {
            Err(Failure::new(USAGE, "this format is no text; name a file by -o"))
        }
        (Some(format), None) => Ok(Done { data: export::text(format, mark(&args.format), tables)? }),
        (Some(format), Some(path)) => {
            export::write(path, format, mark(&args.format), tables)?;
            Ok(wrote(path, None))
        }
    }
}

/// Says where a file is, and how many rows a list has.
pub fn wrote(path: &Path, rows: Option<u64>) -> Done {
    let rows = rows.map_or(String::new(), |rows| format!(": {rows} rows"));
    Done { data: format!("{}{rows}\n", path.display()) }
}
