//! The reader of a file of a data folder, whatever its format.

use std::sync::Arc;

use gridtier::contract::declared::DecimalMark;
use gridtier::index::index;

use crate::columns::{FileColumn, FilePiece};
use crate::config::TableConfig;
use crate::csv::{CsvDeclared, CsvFile};
use crate::guard::Unreadable;
use crate::guard::limits::BATCH_ROWS;
use crate::ipc::IpcFile;
use crate::listing::{self, DataFile, FileFormat};
use crate::parquet::{EarlierChunks, ParquetFile};
use crate::workbook::{WorkbookDeclared, WorkbookFile};

/// Batches of a part of a file.
pub(crate) type FilePieces<'a> = Box<dyn Iterator<Item = Result<FilePiece, Unreadable>> + 'a>;

/// The reader of a file, by its format.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Parquet(ParquetFile),
    Csv(CsvFile),
    Ipc(IpcFile),
    Workbook(WorkbookFile),
}

impl Content {
    /// Opens a file as it is declared. If that reads all of it, its hash is returned too.
    pub fn open(
        file: &DataFile,
        table: &TableConfig,
        mark: DecimalMark,
    ) -> Result<(Self, Option<String>), Unreadable> {
        listing::check_content(file)?;
        Ok(match file.format {
            FileFormat::Csv => {
                let TableConfig { delimiter, encoding, header_row, .. } = *table;
                let declared = CsvDeclared { delimiter, encoding, header_row };
                let (csv, sha256) = CsvFile::survey(file, declared)?;
                (Self::Csv(csv), Some(sha256))
            }
            FileFormat::Parquet => (Self::Parquet(ParquetFile::open(file)?), None),
            FileFormat::Ipc => (Self::Ipc(IpcFile::open(file)?), None),
            FileFormat::Workbook(kind) => {
                let declared =
                    WorkbookDeclared { sheet: table.sheet.clone(), header_row: table.header_row, mark };
                (Self::Workbook(WorkbookFile::survey(file, kind, declared)?), None)
            }
        })
    }

    /// Uses what files of the same table have in common.
    pub fn share(&mut self, earlier: &Arc<EarlierChunks>) {
        if let Self::Parquet(parquet) = self {
            parquet.share(earlier);
        }
    }

    /// Its columns, in order.
    pub fn columns(&self) -> Vec<FileColumn> {
        match self {
            Self::Parquet(parquet) => parquet.columns(),
            Self::Csv(csv) => csv.columns(),
            Self::Ipc(ipc) => ipc.columns(),
            Self::Workbook(book) => book.columns(),
        }
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.parts().iter().sum()
    }

    /// Number of rows of each part.
    pub fn parts(&self) -> Vec<u64> {
        match self {
            Self::Parquet(parquet) => parquet.row_groups().collect(),
            Self::Csv(csv) => vec![csv.rows],
            Self::Ipc(ipc) => vec![ipc.rows],
            Self::Workbook(book) => vec![book.rows()],
        }
    }

    /// Reads the columns at these positions of a part.
    pub fn pieces<'a>(
        &'a self,
        file: &'a DataFile,
        part: u32,
        positions: &[usize],
    ) -> Result<FilePieces<'a>, Unreadable> {
        Ok(match self {
            Self::Parquet(parquet) => {
                Box::new(parquet.pieces(file, index(part), positions, BATCH_ROWS, None)?)
            }
            Self::Csv(csv) => Box::new(csv.pieces(file, positions.to_vec())?),
            Self::Ipc(ipc) => Box::new(ipc.pieces(file, positions, BATCH_ROWS)?),
            Self::Workbook(book) => Box::new(book.pieces(file, positions.to_vec())?),
        })
    }
}
