//! Columns of bytes as text. The row that holds other bytes is named: nobody finds it in a file of millions.

use arrow_schema::DataType;
use gridtier::contract::cell::{NotText, TextOfBytes};
use gridtier::index::count;
use gridtier::text;

use super::content::FilePieces;
use crate::columns::{FileColumn, FilePiece};
use crate::guard::Unreadable;

/// Whether a column holds bytes that are read as text.
fn holds_bytes(column: &FileColumn) -> bool {
    match &column.data_type {
        Some(DataType::Dictionary(_, values)) => values.is_binary(),
        Some(other) => other.is_binary(),
        None => false,
    }
}

/// Pieces of some columns, of which those of bytes become text. `first_row` is the row with which they begin.
pub(super) fn as_text<'a>(
    pieces: FilePieces<'a>,
    columns: Vec<&'a FileColumn>,
    first_row: u64,
) -> FilePieces<'a> {
    if columns.iter().any(|column| holds_bytes(column)) {
        let texts = columns.iter().map(|_| TextOfBytes::default()).collect();
        Box::new(TextPieces { pieces, columns, texts, first_row })
    } else {
        pieces
    }
}

struct TextPieces<'a> {
    pieces: FilePieces<'a>,
    columns: Vec<&'a FileColumn>,
    texts: Vec<TextOfBytes>,
    first_row: u64,
}

impl TextPieces<'_> {
    fn text_of(&mut self, mut piece: FilePiece) -> Result<FilePiece, Unreadable> {
        self.first_row += piece.gap;
        for ((array, column), text) in piece.columns.iter_mut().zip(&self.columns).zip(&mut self.texts) {
            if holds_bytes(column) {
                *array = text.read(array).map_err(|fault| not_text(&column.name, self.first_row, &fault))?;
            }
        }
        self.first_row += count(piece.rows);
        Ok(piece)
    }
}

impl Iterator for TextPieces<'_> {
    type Item = Result<FilePiece, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.pieces.next()?;
        Some(piece.and_then(|piece| self.text_of(piece)))
    }
}

fn not_text(column: &str, first_row: u64, fault: &NotText) -> Unreadable {
    let (row, shown) = (first_row + count(fault.row), &fault.shown);
    Unreadable::because(
        text!(
            "row {row} of the column `{column}` holds bytes that are not UTF-8 text: {shown}",
            "列 `{column}` 第 {row} 行的字节不是 UTF-8 文本：{shown}"
        ),
        text!(
            "write the column as text in UTF-8; text in GBK must be decoded before",
            "请将该列写为 UTF-8 文本；GBK 文本须先解码"
        ),
    )
}
