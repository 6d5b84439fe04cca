//! Whether a file is what its name says, by its first bytes.
//!
//! A reader that goes by the extension alone reports a workbook renamed to `.csv` as rows of the wrong width.

use std::io::Read;

use super::{DataFile, Format};
use crate::guard::Unreadable;

/// What files begin with.
const MARKS: &[(&[u8], Kind)] = &[
    (b"PAR1", Kind::Data(Format::Parquet)),
    (b"PARE", Kind::Data(Format::Parquet)),
    (b"ARROW1", Kind::Data(Format::Ipc)),
    (b"FEA1", Kind::Data(Format::Ipc)),
    (b"\xFF\xFF\xFF\xFF", Kind::Data(Format::Ipc)),
    (
        b"PK\x03\x04",
        Kind::Other("a zip archive or an Excel workbook", "save the workbook as CSV UTF-8, or unpack it"),
    ),
    (b"\xD0\xCF\x11\xE0", Kind::Other("an old Excel workbook", "save it as CSV UTF-8")),
    (b"\x1F\x8B", Kind::Other("a gzip archive", "unpack it")),
    (b"\x28\xB5\x2F\xFD", Kind::Other("a zstd archive", "unpack it")),
    (b"BZh", Kind::Other("a bzip2 archive", "unpack it")),
    (b"\xFD7zXZ", Kind::Other("an xz archive", "unpack it")),
    (b"7z\xBC\xAF", Kind::Other("a 7z archive", "unpack it")),
    (b"ORC", Kind::Other("an ORC file", "export it as parquet")),
    (b"Obj\x01", Kind::Other("an Avro file", "export it as parquet")),
    (b"SQLite format 3", Kind::Other("an SQLite database", "export its tables as CSV")),
];

#[derive(Clone, Copy)]
enum Kind {
    Data(Format),
    Other(&'static str, &'static str),
}

impl Format {
    fn words(self) -> &'static str {
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
    let extension = file.name.rsplit('.').next().unwrap_or_default();
    let unlike = |found: &str, advice: &str| {
        Err(Unreadable::because(format!("it is named .{extension}, but it is {found}"), advice))
    };
    match (kind, file.format) {
        (Some(Kind::Data(found)), named) if found == named => Ok(()),
        // Old streams begin with the length of their schema.
        (None, Format::Csv) => Ok(()),
        (None, Format::Ipc) if start.len() > 8 && start[2..4] == [0, 0] => Ok(()),
        (Some(Kind::Data(found)), _) => unlike(found.words(), "give it the extension of what it is"),
        (Some(Kind::Other(found, advice)), _) => unlike(found, advice),
        (None, named) => {
            let text = start.iter().all(|byte| *byte >= b' ' || b"\t\r\n".contains(byte));
            let found = if text { "text" } else { "something else" };
            let advice =
                if text { "name it .csv" } else { "export it again and check that it was copied whole" };
            unlike(&format!("{found} and not {}", named.words()), advice)
        }
    }
}
