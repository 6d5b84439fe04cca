//! Checks that the first bytes of a file agree with its extension.
//!
//! Without this check a workbook renamed to `.csv` would be reported as rows of the wrong width.

use std::io::Read;

use super::{DataFile, FileFormat};
use crate::guard::Unreadable;

/// The first bytes of files.
const MARKS: &[(&[u8], FileKind)] = &[
    (b"PAR1", FileKind::Data(FileFormat::Parquet)),
    (b"PARE", FileKind::Data(FileFormat::Parquet)),
    (b"ARROW1", FileKind::Data(FileFormat::Ipc)),
    (b"FEA1", FileKind::Data(FileFormat::Ipc)),
    (b"\xFF\xFF\xFF\xFF", FileKind::Data(FileFormat::Ipc)),
    (
        b"PK\x03\x04",
        FileKind::Other("a zip archive or an Excel workbook", "save the workbook as CSV UTF-8, or unpack it"),
    ),
    (b"\xD0\xCF\x11\xE0", FileKind::Other("an old Excel workbook", "save it as CSV UTF-8")),
    (b"\x1F\x8B", FileKind::Other("a gzip archive", "unpack it")),
    (b"\x28\xB5\x2F\xFD", FileKind::Other("a zstd archive", "unpack it")),
    (b"BZh", FileKind::Other("a bzip2 archive", "unpack it")),
    (b"\xFD7zXZ", FileKind::Other("an xz archive", "unpack it")),
    (b"7z\xBC\xAF", FileKind::Other("a 7z archive", "unpack it")),
    (b"ORC", FileKind::Other("an ORC file", "export it as parquet")),
    (b"Obj\x01", FileKind::Other("an Avro file", "export it as parquet")),
    (b"SQLite format 3", FileKind::Other("an SQLite database", "export its tables as CSV")),
];

#[derive(Clone, Copy)]
enum FileKind {
    Data(FileFormat),
    /// What it is, and what to do.
    Other(&'static str, &'static str),
}

impl FileFormat {
    fn description(self) -> &'static str {
        match self {
            Self::Parquet => "a parquet file",
            Self::Csv => "a text file",
            Self::Ipc => "an Arrow file",
        }
    }
}

/// Checks that a file's first bytes agree with its extension.
///
/// # Errors
/// They do not.
pub fn check_content(file: &DataFile) -> Result<(), Unreadable> {
    let mut start = Vec::new();
    file.open()?.take(16).read_to_end(&mut start)?;
    let kind = MARKS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, kind)| *kind);
    let (found, advice) = match (kind, file.format) {
        (Some(FileKind::Data(found)), named) if found == named => return Ok(()),
        (None, FileFormat::Csv) => return Ok(()),
        // Old streams have no mark: they begin with the length of their schema.
        (None, FileFormat::Ipc) if start.len() > 8 && start[2..4] == [0, 0] => return Ok(()),
        (Some(FileKind::Data(found)), _) => {
            (found.description().to_owned(), "give it the extension of what it is")
        }
        (Some(FileKind::Other(found, advice)), _) => (found.to_owned(), advice),
        (None, named) if start.iter().all(|byte| *byte >= b' ' || b"\t\r\n".contains(byte)) => {
            (format!("text and not {}", named.description()), "name it .csv")
        }
        (None, named) => (
            format!("something else and not {}", named.description()),
            "export it again and check that it was copied whole",
        ),
    };
    let extension = file.name.rsplit('.').next().unwrap_or_default();
    Err(Unreadable::because(format!("it is named .{extension}, but it is {found}"), advice))
}
