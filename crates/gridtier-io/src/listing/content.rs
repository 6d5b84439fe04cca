//! Checks that the first bytes of a file agree with its extension.
//!
//! Without this check a workbook renamed to `.csv` would be reported as rows of the wrong width.

use std::io::Read;

use gridtier::text;
use gridtier::text::Text;

use super::{DataFile, FileFormat, WorkbookKind};
use crate::guard::{Unreadable, xls_records};

/// The first bytes of files.
const MARKS: &[(&[u8], FileKind)] = &[
    (b"PAR1", FileKind::Data(FileFormat::Parquet)),
    (b"PARE", FileKind::Data(FileFormat::Parquet)),
    (b"ARROW1", FileKind::Data(FileFormat::Ipc)),
    (b"FEA1", FileKind::Data(FileFormat::Ipc)),
    (b"\xFF\xFF\xFF\xFF", FileKind::Data(FileFormat::Ipc)),
    (b"PK\x03\x04", FileKind::Archive),
    (b"\xD0\xCF\x11\xE0", FileKind::Data(FileFormat::Workbook(WorkbookKind::BinaryXls))),
    (b"\x1F\x8B", FileKind::Other(("a gzip archive", "gzip 压缩包"), UNPACK)),
    (b"\x28\xB5\x2F\xFD", FileKind::Other(("a zstd archive", "zstd 压缩包"), UNPACK)),
    (b"BZh", FileKind::Other(("a bzip2 archive", "bzip2 压缩包"), UNPACK)),
    (b"\xFD7zXZ", FileKind::Other(("an xz archive", "xz 压缩包"), UNPACK)),
    (b"7z\xBC\xAF", FileKind::Other(("a 7z archive", "7z 压缩包"), UNPACK)),
    (b"ORC", FileKind::Other(("an ORC file", "ORC 文件"), AS_PARQUET)),
    (b"Obj\x01", FileKind::Other(("an Avro file", "Avro 文件"), AS_PARQUET)),
    (
        b"SQLite format 3",
        FileKind::Other(
            ("an SQLite database", "SQLite 数据库"),
            ("export its tables as CSV", "请将其中的表导出为 CSV"),
        ),
    ),
];

/// English and Chinese.
type TextPair = (&'static str, &'static str);

const UNPACK: TextPair = ("unpack it", "请解压");
const AS_PARQUET: TextPair = ("export it as parquet", "请导出为 parquet");

#[derive(Clone, Copy)]
enum FileKind {
    Data(FileFormat),
    /// A zip archive, which a workbook of XML is too.
    Archive,
    /// What the file is, and what to do.
    Other(TextPair, TextPair),
}

impl FileFormat {
    fn description(self) -> Text {
        match self {
            Self::Parquet => text!("a parquet file", "parquet 文件"),
            Self::Csv => text!("a text file", "文本文件"),
            Self::Ipc => text!("an Arrow file", "Arrow 文件"),
            Self::Workbook(WorkbookKind::BinaryXls) => text!("an old Excel workbook", "旧版 Excel 工作簿"),
            Self::Workbook(_) => text!("a workbook", "工作簿"),
        }
    }

    /// Whether files of the format are zip archives.
    fn is_archive(self) -> bool {
        matches!(self, Self::Workbook(kind) if kind != WorkbookKind::BinaryXls)
    }
}

/// Checks that a file's first bytes agree with its extension.
///
/// # Errors
/// They do not agree.
pub fn check_content(file: &DataFile) -> Result<(), Unreadable> {
    let mut start = Vec::new();
    file.open()?.take(16).read_to_end(&mut start)?;
    let kind = MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, kind)| *kind);
    let (found, advice) = match (kind, file.format) {
        (Some(FileKind::Data(found)), named) if found == named => return Ok(()),
        (Some(FileKind::Archive), named) if named.is_archive() => return Ok(()),
        (None, FileFormat::Csv) => return Ok(()),
        // Old streams have no mark: they begin with the length of their schema.
        (None, FileFormat::Ipc) if start.len() > 8 && start[2..4] == [0, 0] => return Ok(()),
        (Some(FileKind::Data(found)), named) => {
            if named.is_archive() {
                // A workbook with a password is stored in the container of old workbooks.
                xls_records::check(&mut file.open()?, file.bytes)?;
            }
            (found.description(), text!("give it the extension of what it is", "请改用与内容相符的扩展名"))
        }
        (Some(FileKind::Archive), _) => (
            text!("a zip archive or an Excel workbook", "zip 压缩包或 Excel 工作簿"),
            text!(
                "name a workbook .xlsx, .xlsb or .ods; unpack an archive",
                "工作簿请命名为 .xlsx、.xlsb 或 .ods；压缩包请解压"
            ),
        ),
        (Some(FileKind::Other(found, advice)), _) => {
            (Text::new(found.0, found.1), Text::new(advice.0, advice.1))
        }
        (None, FileFormat::Workbook(_)) if start.trim_ascii_start().starts_with(b"<") => (
            text!("a page of HTML or XML", "HTML 或 XML 网页"),
            text!(
                "open it in a spreadsheet program and save it as .xlsx",
                "请用电子表格程序打开并另存为 .xlsx"
            ),
        ),
        (None, named) if start.iter().all(|byte| *byte >= b' ' || b"\t\r\n".contains(byte)) => {
            let named = named.description();
            let found = Text::new(format!("text and not {}", named.en), format!("文本而不是{}", named.zh));
            (found, text!("name it .csv", "请命名为 .csv"))
        }
        (None, named) => {
            let named = named.description();
            let found = Text::new(
                format!("something else and not {}", named.en),
                format!("其他内容而不是{}", named.zh),
            );
            (
                found,
                text!(
                    "export it again and check that it was copied whole",
                    "请重新导出，并检查文件是否复制完整"
                ),
            )
        }
    };
    let extension = file.name.rsplit('.').next().unwrap_or_default();
    Err(Unreadable::because(
        Text::new(
            format!("it is named .{extension}, but it is {}", found.en),
            format!("文件扩展名为 .{extension}，内容却是{}", found.zh),
        ),
        advice,
    ))
}
