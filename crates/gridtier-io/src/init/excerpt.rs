//! Some rows of a delivery, as text. A delivery is a file or a folder of files that may hold one of the contract's tables.

/// A column of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptColumn {
    /// Its name in the header.
    pub name: String,
    /// The cells of the rows that were read, in the order of rows; an empty cell is empty text.
    pub cells: Vec<String>,
}

impl ExcerptColumn {
    /// The cells that are not empty.
    pub fn filled(&self) -> Vec<&str> {
        self.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect()
    }
}

/// Some rows of a file, or of the first and last file of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// File or folder, relative to the data folder.
    pub path: String,
    /// Number of its files.
    pub files: usize,
    /// Rows of all files.
    pub rows: u64,
    /// Row of the header, from 1; `None` if the header is the first non-empty row.
    pub header_row: Option<u32>,
    /// Its columns; all have the same number of cells.
    pub columns: Vec<ExcerptColumn>,
}

impl Excerpt {
    /// The name without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Number of rows that were read.
    pub fn rows_read(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }
}
