//! Errors of a store, with messages that say what to do next.
//!
//! A [`StoreError`] stops an operation; a [`Damage`] is a finding about a published cycle and stops nothing.

use std::io;
use std::path::{Path, PathBuf};

use gridtier::text::Text;

use super::layout::{self, COMMITS, LOCK};
use crate::system::system_error;

/// Why an operation on a store could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder is not a store.
    #[error(
        "{path} is not a store of cycles: it has no folder `{}`. Check the path, or publish a first cycle: \
         gridtier regrade DATA --as-of DATE --store {path}",
        layout::COMMITS
    )]
    NotAStore {
        /// The path as given.
        path: PathBuf,
    },
    /// A store cannot be created because something else is there.
    #[error(
        "{path} is {found} and not a store of cycles. Nothing in it was touched; \
         name a new or an empty folder"
    )]
    Occupied {
        /// The path as given.
        path: PathBuf,
        /// What was found there.
        found: &'static str,
    },
    /// Results are never mixed with what is there already.
    #[error(
        "{path} is there already, and results are never mixed with others. Nothing in it was touched; name a new folder"
    )]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder of the store could not be read.
    #[error("cannot read {path}: {source}. Check that it is there and that you may read it, then run again")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or folder of the store could not be written.
    #[error(
        "cannot write {path}: {source}. Nothing was published and earlier cycles are as they were; \
         make room or correct the permissions, then run again"
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another writer holds the lock.
    #[error(
        "another run is writing to the store {path} (it holds `{}`). Nothing was published; \
         wait for it to end, then run again",
        layout::LOCK
    )]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// Another writer committed the same version first.
    #[error(
        "another run published cycle {version} of the store {path} first. This run published nothing and \
         removed its files; run again to publish the next cycle"
    )]
    LostRace {
        /// The store.
        path: PathBuf,
        /// The version that both writers wanted.
        version: u64,
    },
    /// A file differs from what was written when it was read back, so nothing was published.
    #[error("{damage}. It was written a moment ago: nothing was published; check the disk, then run again")]
    ReadBack {
        /// What differs.
        damage: Damage,
    },
    /// A published cycle cannot be read.
    #[error("{damage}. Restore the cycle's folder from a backup, or grade again")]
    Damaged {
        /// What is wrong with it.
        damage: Damage,
    },
    /// The store holds no cycle.
    #[error(
        "the store {path} holds no cycle yet. Publish one: gridtier regrade DATA --as-of DATE --store {path}"
    )]
    NoCycle {
        /// The store.
        path: PathBuf,
    },
    /// The store holds proposals, but no published cycle.
    #[error(
        "the store {path} holds no published cycle yet; the last proposal is cycle {proposal}. Ask for it with --cycle \
         {proposal}; `gridtier cycles --store {path}` says whether it waits for approval"
    )]
    OnlyProposals {
        /// The store.
        path: PathBuf,
        /// The number of the last proposal.
        proposal: u64,
    },
    /// The store holds cycles, but not this one.
    #[error(
        "the store {path} holds no cycle {version}; its last is cycle {last}, and `gridtier cycles` lists all"
    )]
    NoSuchCycle {
        /// The store.
        path: PathBuf,
        /// The version asked for.
        version: u64,
        /// The highest number of a cycle, proposal or inspection in the store.
        last: u64,
    },
    /// A commit record is not JSON, or contradicts its file name.
    #[error("the commit record {path} is damaged: {source}. Restore it from a backup")]
    BadRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with its content.
        source: serde_json::Error,
    },
    /// An entry of the register is not JSON, or contradicts its file name.
    #[error("the entry {path} of the register is damaged: {source}. Restore it from a backup")]
    BadEntry {
        /// The entry.
        path: PathBuf,
        /// What is wrong with its content.
        source: serde_json::Error,
    },
    /// Another writer added the same entry to the register first.
    #[error(
        "another run wrote entry {number} of the register of {path} first. This run wrote nothing; look at it with \
         `gridtier register`, then run again"
    )]
    LostEntryRace {
        /// The store.
        path: PathBuf,
        /// The number that both writers wanted.
        number: u64,
    },
    /// A cycle was published, but its commit record is gone.
    #[error(
        "{dir} looks like a published cycle, but `{}` has no whole record of it. Nothing was touched; \
         restore the record from a backup, or move the folder out of the store, then run again",
        layout::COMMITS
    )]
    LostRecord {
        /// The cycle's folder.
        dir: PathBuf,
    },
    /// The caller asked for something that no store can do, which is a bug in the program.
    #[error("a bug in gridtier, please report it: {name} cannot be written: {problem}")]
    Misuse {
        /// The output.
        name: String,
        /// Why the output cannot be written.
        problem: String,
    },
}

impl StoreError {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(self.to_string(), self.in_chinese())
    }

    fn in_chinese(&self) -> String {
        match self {
            Self::NotAStore { path } => format!(
                "{} 不是周期存储: 其中没有目录 `{COMMITS}`。请检查路径, 或先发布一个周期: gridtier regrade DATA --as-of \
                 DATE --store {}",
                path.display(),
                path.display()
            ),
            Self::Occupied { path, .. } => {
                format!("{} 已有其他内容, 不是周期存储; 未作任何改动, 请另选新目录或空目录", path.display())
            }
            Self::Exists { path } => {
                format!("{} 已存在，结果不与已有内容混放；未作任何改动，请另选新文件夹", path.display())
            }
            Self::Read { path, source } => {
                let (path, error) = (path.display(), system_error(source).zh);
                format!("无法读取 {path}: {error}。请检查文件是否存在、是否有读取权限, 然后重新运行")
            }
            Self::Write { path, source } => format!(
                "无法写入 {}: {}。未发布任何内容, 已有周期不变; 请腾出空间或修正权限后重新运行",
                path.display(),
                system_error(source).zh
            ),
            Self::Busy { path } => format!(
                "另一进程正在写入存储 {} (持有 `{LOCK}`)。未发布任何内容; 请等其结束后重新运行",
                path.display()
            ),
            Self::LostRace { path, version } => format!(
                "另一进程已先发布存储 {} 的周期 {version}。本次未发布并已删除其文件; 重新运行将发布下一周期",
                path.display()
            ),
            Self::ReadBack { damage } => {
                format!("{}。该文件刚刚写入: 未发布任何内容; 请检查磁盘后重新运行", damage.in_chinese())
            }
            Self::Damaged { damage } => {
                format!("{}。请从备份恢复该周期目录, 或重新评级", damage.in_chinese())
            }
            Self::NoCycle { path } => format!(
                "存储 {} 尚无周期。请先发布: gridtier regrade DATA --as-of DATE --store {}",
                path.display(),
                path.display()
            ),
            Self::OnlyProposals { path, proposal } => format!(
                "存储 {path} 尚无已发布的周期; 最后一个提案为周期 {proposal}。可用 --cycle {proposal} 查看; 是否待审批见 gridtier cycles --store {path}",
                path = path.display()
            ),
            Self::NoSuchCycle { path, version, last } => format!(
                "存储 {} 没有周期 {version}; 最后一个是周期 {last}, `gridtier cycles` 可列出全部",
                path.display()
            ),
            Self::BadRecord { path, source } => {
                format!("提交记录 {} 已损坏: {source}。请从备份恢复", path.display())
            }
            Self::BadEntry { path, source } => {
                format!("登记簿条目 {} 已损坏: {source}。请从备份恢复", path.display())
            }
            Self::LostEntryRace { path, number } => format!(
                "另一进程已先写入 {} 登记簿的第 {number} 条。本次未写入任何内容; 请用 `gridtier register` 查看后重新运行",
                path.display()
            ),
            Self::LostRecord { dir } => format!(
                "{} 像是已发布的周期, 但 `{COMMITS}` 中没有其完整记录。未作任何改动; 请从备份恢复记录, 或将该目录移出存储后重新运行",
                dir.display()
            ),
            Self::Misuse { name, problem } => {
                format!("gridtier 程序错误, 请报告: 无法写入 {name}: {problem}")
            }
        }
    }

    /// Whether publishing failed (exit code 5), as opposed to reading (exit code 4) or a bug (70).
    pub fn is_write(&self) -> bool {
        match self {
            Self::Occupied { .. }
            | Self::Exists { .. }
            | Self::Write { .. }
            | Self::Busy { .. }
            | Self::LostRace { .. }
            | Self::ReadBack { .. }
            | Self::LostEntryRace { .. } => true,
            Self::NotAStore { .. }
            | Self::Read { .. }
            | Self::Damaged { .. }
            | Self::NoCycle { .. }
            | Self::OnlyProposals { .. }
            | Self::NoSuchCycle { .. }
            | Self::BadRecord { .. }
            | Self::BadEntry { .. }
            | Self::LostRecord { .. }
            | Self::Misuse { .. } => false,
        }
    }
}

/// Turns an I/O error into a failure to read `path`, for `map_err`.
pub(super) fn cannot_read(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    |source| StoreError::Read { path: path.to_owned(), source }
}

/// Turns an I/O error into a failure to write `path`, for `map_err`.
pub(super) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    |source| StoreError::Write { path: path.to_owned(), source }
}

/// One way in which a cycle's folder differs from what was published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The manifest is not the one that was committed, so its list of outputs cannot be trusted.
    #[error("the manifest {path} is not the one that was published, so its files were not checked")]
    Manifest {
        /// The manifest.
        path: PathBuf,
    },
    /// A file that the cycle must have is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file that the manifest does not list.
    #[error("{path} is no part of the cycle: its manifest does not list it")]
    Extra {
        /// The file.
        path: PathBuf,
    },
    /// A listed file has another length.
    #[error("{path} has {found_bytes} bytes where {listed_bytes} were published")]
    Bytes {
        /// The file.
        path: PathBuf,
        /// Its length on disk.
        found_bytes: u64,
        /// Its length in the manifest.
        listed_bytes: u64,
    },
    /// A listed file has the published length but another content.
    #[error("{path} has other content than was published: its sha256 differs")]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// A file's parquet footer cannot be read or has another number of rows.
    #[error("{path} does not read as the parquet file of {listed_rows} rows that was written")]
    Footer {
        /// The file.
        path: PathBuf,
        /// The rows written.
        listed_rows: u64,
    },
}

impl Damage {
    fn in_chinese(&self) -> String {
        match self {
            Self::Manifest { path } => format!("清单 {} 与发布时不同, 因此未核对其文件", path.display()),
            Self::Missing { path } => format!("缺少 {}", path.display()),
            Self::Extra { path } => format!("{} 不属于该周期: 清单中没有此文件", path.display()),
            Self::Bytes { path, found_bytes, listed_bytes } => {
                format!("{} 有 {found_bytes} 字节, 发布时为 {listed_bytes} 字节", path.display())
            }
            Self::Content { path } => format!("{} 的内容与发布时不同 (sha256 不符)", path.display()),
            Self::Footer { path, listed_rows } => {
                format!("{} 无法读作写入时的 {listed_rows} 行 parquet 文件", path.display())
            }
        }
    }

    /// What differs, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(self.to_string(), self.in_chinese())
    }
}
