//! Where the results of a command with several tables go: into a folder, or into one file that holds them all.

use std::io::Write as _;
use std::path::Path;

use gridtier::text;
use gridtier::text::Voice;
use gridtier_io::draft;
use gridtier_io::export::{self, ExportFormat};
use gridtier_io::report;
use gridtier_report::document::Document;
use gridtier_report::render::ByteOrderMark;
use gridtier_report::section::Section;
use serde_json::Value;

use crate::exit::{Failure, USAGE};
use crate::lang::Lang;

/// Where results go.
#[derive(Clone, Copy)]
pub enum Destination<'a> {
    /// A folder with a file for each table.
    Folder(&'a Path),
    /// A workbook, a page or a JSON file with all tables.
    File(&'a Path, ExportFormat),
}

/// Endings of files that hold at most one table. A path with such an ending is certainly not meant to be a folder.
const OTHER_FILES: &[&str] = &[
    "csv", "tsv", "txt", "parquet", "arrow", "feather", "xls", "xlsm", "xlsb", "ods", "pdf", "toml", "doc",
    "docx", "odt", "ppt", "pptx", "odp", "md", "svg", "png", "jpg", "zip",
];

impl<'a> Destination<'a> {
    /// What the command line means by `path`.
    pub fn of(path: Option<&'a Path>) -> Result<Option<Self>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let ending = ending(path);
        let format = match ending.as_str() {
            "xlsx" => ExportFormat::Xlsx,
            "html" | "htm" => ExportFormat::Html,
            "json" => ExportFormat::Json,
            other if OTHER_FILES.contains(&other) && !path.is_dir() => {
                let path = path.display();
                return Err(Failure::new(
                    USAGE,
                    text!(
                        "-o {path}: there are several tables, which one .{ending} file does not hold; name a folder, or \
                         a file .xlsx, .html or .json",
                        "-o {path}: 结果有多张表, 一个 .{ending} 文件无法容纳; 请指定文件夹, 或 .xlsx、.html、.json 文件",
                    ),
                ));
            }
            _ => return Ok(Some(Self::Folder(path))),
        };
        Ok(Some(if path.is_dir() { Self::Folder(path) } else { Self::File(path, format) }))
    }

    /// The folder, if the destination is one.
    pub fn folder(self) -> Option<&'a Path> {
        if let Self::Folder(path) = self { Some(path) } else { None }
    }
}

/// Refuses a path that is named like a file, for a command that can only write a folder.
pub fn check_folder(path: &Path) -> Result<(), Failure> {
    let ending = ending(path);
    let is_file_name =
        OTHER_FILES.iter().chain(&["xlsx", "html", "htm", "json", "yaml"]).any(|of| *of == ending);
    if !is_file_name || path.is_dir() {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::new(
        USAGE,
        text!(
            "-o {path}: several files are written, so name a folder",
            "-o {path}: 将写出多个文件, 请指定文件夹"
        ),
    ))
}

/// Writes the printed result into one file. `json` is the content of a JSON file.
pub fn write_file(
    (path, format): (&Path, ExportFormat),
    lang: Lang,
    sections: &[Section],
    json: &str,
) -> Result<(), Failure> {
    if format != ExportFormat::Json {
        return Ok(export::write_sections(path, format, lang.into(), ByteOrderMark::Absent, sections)?);
    }
    let written = draft::write_file(path, |file| Ok(file.write_all(json.as_bytes())?));
    Ok(written.map_err(|failure: export::WriteError| failure.at(path))?)
}

/// An answer for programs: an object `about` what the tables were made from, to which each table is added by its code.
pub fn json_answer(about: Value, sections: &[Section]) -> Result<String, Failure> {
    let tables = export::sections_text(ExportFormat::Json, Voice::Codes, ByteOrderMark::Absent, sections)?;
    let tables: Value = serde_json::from_str(&tables).map_err(|error| Failure::bug(&error.to_string()))?;
    let mut answer = about;
    match tables {
        Value::Object(tables) => {
            if let Some(answer) = answer.as_object_mut() {
                answer.extend(tables);
            }
        }
        // A single table is written as a list without its name.
        rows => {
            if let Some(table) = sections.iter().flat_map(Section::tables).next() {
                answer[table.title.pick(Voice::Codes).as_ref()] = rows;
            }
        }
    }
    Ok(format!("{answer:#}\n"))
}

/// Writes the printed result as a page in both languages, which opens in `first`.
pub fn write_page(path: &Path, first: Lang, sections: &[Section]) -> Result<(), Failure> {
    Ok(report::write_page(path, &Document::of_result(sections), first)?)
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase()
}

/// The format of a list by the ending of its file.
pub fn list_format(path: &Path) -> Result<ExportFormat, Failure> {
    Ok(match ending(path).as_str() {
        "parquet" => ExportFormat::Parquet,
        "csv" => ExportFormat::Csv,
        "xlsx" => ExportFormat::Xlsx,
        "json" => ExportFormat::Json,
        "html" | "htm" => ExportFormat::Html,
        _ => {
            let path = path.display();
            let what = text!(
                "{path}: the ending says no format; write .parquet, .csv, .xlsx, .json or .html",
                "{path}: 扩展名不表示任何格式; 请写成 .parquet、.csv、.xlsx、.json 或 .html"
            );
            return Err(Failure::new(USAGE, what));
        }
    })
}

/// How a list in a file is written: in codes for programs, in words for people.
pub fn list_voice(format: ExportFormat, lang: Lang) -> Voice {
    match format {
        ExportFormat::Parquet | ExportFormat::Json => Voice::Codes,
        ExportFormat::Csv | ExportFormat::Xlsx | ExportFormat::Html => lang.into(),
    }
}
