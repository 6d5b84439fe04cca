//! Workbooks made by hand, byte by byte, with content that no program writes.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip archive of these parts.
pub fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
    archive_of(&parts)
}

pub fn archive_of(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook of XML with these rows.
pub fn xlsx(rows: &str) -> Vec<u8> {
    xlsx_with("", rows)
}

/// The same with properties of the workbook.
pub fn xlsx_with(properties: &str, rows: &str) -> Vec<u8> {
    let book = format!(
        "<workbook>{properties}<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    archive(&[
        ("xl/workbook.xml", &book),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/s.xml\"/>\
             <Relationship Id=\"r2\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
        ),
        ("xl/worksheets/s.xml", &sheet),
    ])
}

/// An OpenDocument workbook with three readings: one sound, one with an error, one with zeros by its format.
pub fn ods() -> Vec<u8> {
    let text = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let day = "<table:table-cell office:value-type=\"date\" office:date-value=\"2025-01-01\"><text:p>1.1.25</text:p></table:table-cell>";
    let number = |value: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"><text:p>shown</text:p></table:table-cell>"
        )
    };
    let error = "<table:table-cell table:formula=\"of:=NA()\" office:value-type=\"string\" office:string-value=\"\" \
                 calcext:value-type=\"error\"><text:p>#N/A</text:p></table:table-cell>";
    let padded = "<table:table-cell table:style-name=\"ce1\" office:value-type=\"float\" office:value=\"7\"><text:p>007</text:p></table:table-cell>";
    let row = |cells: &[&str]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    ods_with(&[
        row(&[&text("customer_id"), &text("read_at"), &text("active_kwh")]),
        row(&[&text("a<office:annotation><text:p>a comment</text:p></office:annotation>"), day, &number("1.5")]),
        row(&[&text("b"), day, error]),
        row(&[padded, day, &number("2")]),
        "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>".into(),
    ].concat())
}

/// An OpenDocument workbook with these rows; its first sheet is hidden.
pub fn ods_with(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:automatic-styles>\
         <style:style style:name=\"ta1\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style>\
         <number:number-style style:name=\"N1\"><number:number number:decimal-places=\"0\" number:min-integer-digits=\"3\"/></number:number-style>\
         <style:style style:name=\"ce1\" style:family=\"table-cell\" style:data-style-name=\"N1\"/>\
         </office:automatic-styles><office:body><office:spreadsheet>\
         <table:table table:name=\"H\" table:style-name=\"ta1\"><table:table-row/></table:table>\
         <table:table table:name=\"S\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
}

/// A cell of an old workbook: row, column, value.
#[derive(Clone, Copy)]
pub enum XlsCell {
    Text(u16, u16, &'static str),
    Number(u16, u16, f64),
    /// A number in a format of dates.
    Date(u16, u16, f64),
    /// `#N/A`.
    Error(u16, u16),
}

/// Three readings as in [`ods`].
pub const XLS_READINGS: [XlsCell; 12] = [
    XlsCell::Text(0, 0, "customer_id"),
    XlsCell::Text(0, 1, "read_at"),
    XlsCell::Text(0, 2, "active_kwh"),
    XlsCell::Text(1, 0, "a"),
    XlsCell::Date(1, 1, 45_658.0),
    XlsCell::Number(1, 2, 1.5),
    XlsCell::Text(2, 0, "b"),
    XlsCell::Date(2, 1, 45_658.0),
    XlsCell::Error(2, 2),
    XlsCell::Text(3, 0, "007"),
    XlsCell::Date(3, 1, 45_658.0),
    XlsCell::Number(3, 2, 2.0),
];

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

/// An old workbook (BIFF8) of one sheet.
pub fn xls(cells: &[XlsCell]) -> Vec<u8> {
    let bof =
        |kind: u16| record(0x0809, &[&0x0600u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat());
    let format = |format: u16| record(0x00E0, &[&[0, 0][..], &format.to_le_bytes(), &[0; 16]].concat());
    let bound_sheet = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat());
    let head = |at: u32| [bof(5), format(0), format(14), bound_sheet(at), record(0x000A, &[])].concat();
    let start = head(0).len() as u32;
    let mut stream = head(start);
    stream.extend(bof(0x10));
    for cell in cells {
        let place =
            |row: &u16, column: &u16, format: u16| [*row, *column, format].map(u16::to_le_bytes).concat();
        stream.extend(match cell {
            XlsCell::Text(row, column, text) => {
                let length = (text.len() as u16).to_le_bytes();
                record(0x0204, &[&place(row, column, 0)[..], &length, &[0], text.as_bytes()].concat())
            }
            XlsCell::Number(row, column, value) => {
                record(0x0203, &[&place(row, column, 0)[..], &value.to_le_bytes()].concat())
            }
            XlsCell::Date(row, column, value) => {
                record(0x0203, &[&place(row, column, 1)[..], &value.to_le_bytes()].concat())
            }
            XlsCell::Error(row, column) => record(0x0205, &[&place(row, column, 0)[..], &[0x2A, 1]].concat()),
        });
    }
    stream.extend(record(0x000A, &[]));
    compound("Workbook", &stream)
}

/// A compound file with one stream, padded to a length at which it does not lie in small sectors.
pub fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    const END: u32 = 0xFFFF_FFFE;
    const FREE: u32 = 0xFFFF_FFFF;
    let mut stream = stream.to_vec();
    stream.resize(stream.len().max(4_096).next_multiple_of(SECTOR), 0);
    let sectors = (stream.len() / SECTOR) as u32;
    let mut head = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    head.resize(24, 0);
    for half in [0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0] {
        head.extend(u16::to_le_bytes(half));
    }
    // Directory sectors, FAT sectors, directory start, transaction, cut-off, small table, list of tables.
    for word in [0, 1, 1, 0, 4_096, END, 0, END, 0, 0] {
        head.extend(u32::to_le_bytes(word));
    }
    head.resize(SECTOR, 0xFF);
    let mut table = vec![0xFFFF_FFFD, END];
    table.extend((0..sectors).map(|at| if at + 1 == sectors { END } else { at + 3 }));
    table.resize(SECTOR / 4, FREE);
    let entry = |name: &str, kind: u8, start: u32, length: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(64, 0);
        entry.extend(((name.len() as u16 + 1) * 2).to_le_bytes());
        entry.extend([kind, 1]);
        entry.resize(116, 0xFF);
        entry.extend([start.to_le_bytes(), length.to_le_bytes(), [0; 4]].concat());
        entry
    };
    let directory =
        [entry("Root Entry", 5, END, 0), entry(name, 2, 2, stream.len() as u32), vec![0; 128], vec![0; 128]];
    let table: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    [head, table, directory.concat(), stream].concat()
}

/// A record of a binary workbook in a zip archive.
fn record12(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes =
        if kind < 0x80 { vec![kind as u8] } else { vec![(kind & 0x7F) as u8 | 0x80, (kind >> 7) as u8] };
    bytes.push(data.len() as u8);
    bytes.extend(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&(text.len() as u32).to_le_bytes()[..], &units].concat()
}

/// The readings of [`XLS_READINGS`] in a `.xlsb`.
pub fn xlsb() -> Vec<u8> {
    let mut sheet = [record12(0x81, &[]), record12(0x94, &[0; 16]), record12(0x91, &[])].concat();
    let mut last_row = None;
    for cell in XLS_READINGS {
        let (XlsCell::Text(row, column, _)
        | XlsCell::Number(row, column, _)
        | XlsCell::Date(row, column, _)
        | XlsCell::Error(row, column)) = cell;
        if last_row.replace(row) != Some(row) {
            sheet.extend(record12(0, &[&u32::from(row).to_le_bytes()[..], &[0; 13]].concat()));
        }
        let place = |format: u32| [u32::from(column), format].map(u32::to_le_bytes).concat();
        sheet.extend(match cell {
            XlsCell::Text(_, _, text) => record12(6, &[place(0), wide(text)].concat()),
            XlsCell::Number(_, _, value) => record12(5, &[&place(0)[..], &value.to_le_bytes()].concat()),
            XlsCell::Date(_, _, value) => record12(5, &[&place(1)[..], &value.to_le_bytes()].concat()),
            XlsCell::Error(..) => record12(3, &[&place(0)[..], &[0x2A]].concat()),
        });
    }
    sheet.extend(record12(0x92, &[]));
    let bundle = [&0u32.to_le_bytes()[..], &1u32.to_le_bytes(), &wide("r1"), &wide("S")].concat();
    let book = [record12(0x99, &[0; 8]), record12(0x9C, &bundle), record12(0x90, &[]), record12(0x9D, &[])];
    let format = |number: u16| record12(0x2F, &[&[0, 0][..], &number.to_le_bytes(), &[0; 12]].concat());
    let styles = [record12(0x269, &2u32.to_le_bytes()), format(0), format(14)];
    let relations = "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/s.bin\"/></Relationships>";
    archive_of(&[
        ("xl/workbook.bin", book.concat()),
        ("xl/_rels/workbook.bin.rels", relations.into()),
        ("xl/styles.bin", styles.concat()),
        ("xl/worksheets/s.bin", sheet),
    ])
}
