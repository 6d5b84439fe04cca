//! Finds the files of one table in all its folders.

use std::fs;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::text;
use gridtier::text::Text;
use gridtier_report::format::shell_word;

use super::{DataFile, FileFormat, HiveValue, is_ignored, names_in};
use crate::config::TableConfig;
use crate::guard::CHECK_ACCESS;
use crate::guard::limits::NESTING_MAX;
use crate::system::system_error;

/// Where Hadoop writers keep the output of a job until it is complete.
const JOB_FOLDER: &str = "_temporary";
/// The file that Hadoop writers leave when a job is complete.
const JOB_DONE: &str = "_SUCCESS";

/// The file `found`, or the files in the folder `found`, in the order of their names.
pub(super) fn files(
    root: &Path,
    table: Table,
    found: &str,
    config: &TableConfig,
) -> (Vec<DataFile>, Vec<Refusal>) {
    let mut walk = FolderWalk {
        root,
        table,
        config,
        files: Vec::new(),
        refusals: Vec::new(),
        job_folder: None,
        job_done: false,
    };
    if let Err(refusal) = walk.enter(found, &[], 0) {
        walk.refusals.push(refusal);
    }
    if let (Some(folder), false) = (walk.job_folder.take(), walk.job_done) {
        let what = text!(
            "it is the trace of a job that has not finished: half of its files may be missing",
            "这是未完成作业的痕迹：可能缺少一半文件"
        );
        let advice = text!(
            "wait for the job, or run it again; a finished one leaves a file _SUCCESS",
            "请等待作业完成或重新运行；完成的作业会留下 _SUCCESS 文件"
        );
        walk.refusals.push(Refusal::at(table, folder, what, advice));
    }
    if walk.files.is_empty() && walk.refusals.is_empty() {
        let advice = text!(
            "if nothing happened, put in a file with the header alone; if the table is not delivered, remove the folder",
            "若确无记录，请放入只有表头的文件；若未提供该表，请删除该文件夹"
        );
        walk.refusals.push(Refusal::at(
            table,
            found,
            text!("the folder holds no file", "文件夹中没有文件"),
            advice,
        ));
    }
    walk.files.sort_by(|a, b| a.name.cmp(&b.name));
    (walk.files, walk.refusals)
}

struct FolderWalk<'a> {
    root: &'a Path,
    table: Table,
    config: &'a TableConfig,
    files: Vec<DataFile>,
    refusals: Vec<Refusal>,
    job_folder: Option<String>,
    job_done: bool,
}

impl FolderWalk<'_> {
    fn refuse(&self, name: &str, what: impl Into<Text>, advice: impl Into<Text>) -> Refusal {
        Refusal::at(self.table, name, what, advice)
    }

    fn refuse_for(&self, name: &str, error: &std::io::Error) -> Refusal {
        let error = system_error(error);
        self.refuse(name, text!("it cannot be read: {error}", "无法读取：{error}"; error), CHECK_ACCESS)
    }

    fn enter(&mut self, name: &str, hive: &[HiveValue], depth: usize) -> Result<(), Refusal> {
        let path = self.root.join(name);
        // Symbolic links are followed: large tables are often linked into the folder.
        let about = fs::metadata(&path).map_err(|error| self.refuse_for(name, &error))?;
        if about.is_file() {
            match self.file(name, &path, &about, hive) {
                Ok(file) => self.files.push(file),
                // The other files may be doubtful too.
                Err(refusal) => self.refusals.push(refusal),
            }
            return Ok(());
        }
        if !about.is_dir() {
            return Err(self.refuse(
                name,
                text!("it is neither a file nor a folder", "既不是文件也不是文件夹"),
                text!("remove it", "请移走"),
            ));
        }
        if depth > NESTING_MAX {
            let advice =
                text!("check for a symbolic link that leads back up", "请检查是否有指回上级的符号链接");
            return Err(self.refuse(
                name,
                text!("folders are nested more than {NESTING_MAX} deep", "文件夹嵌套超过 {NESTING_MAX} 层"),
                advice,
            ));
        }
        let names = names_in(&path).map_err(|error| self.refuse_for(name, &error))?;
        if let Some(refusal) = self.lakehouse(name, &path, &names) {
            return Err(refusal);
        }
        for inner in names {
            let full = format!("{name}/{inner}");
            self.job_done |= inner == JOB_DONE;
            if inner == JOB_FOLDER {
                self.job_folder = Some(full);
            } else if !is_ignored(&inner) {
                let hive = self.hive_of(&full, &inner, hive)?;
                self.enter(&full, &hive, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The refusal of a folder whose log says which of its files are the table.
    fn lakehouse(&self, name: &str, path: &Path, names: &[String]) -> Option<Refusal> {
        let has = |wanted: &str| names.iter().any(|inner| inner == wanted);
        let shown = path.display().to_string();
        let (for_sql, for_python) =
            (shown.replace('\'', "''"), shown.replace('\\', r"\\").replace('\'', r"\'"));
        let table = self.table;
        let (format, name_zh, command) = if has("_delta_log") {
            let scan = format!("COPY (FROM delta_scan('{for_sql}')) TO '{table}.parquet' (FORMAT parquet)");
            let sql = shell_text(&format!("INSTALL delta; LOAD delta; {scan}"));
            ("a Delta", "Delta", format!("duckdb -c {sql}"))
        } else if has(".hoodie") {
            let read = format!("spark.read.format('hudi').load('{for_python}').write.parquet('{table}')");
            let read = shell_text(&read);
            let packages = "--packages org.apache.hudi:hudi-spark3.5-bundle_2.12:1.0.0";
            ("a Hudi", "Hudi", format!("echo {read} | pyspark {packages}"))
        } else if has("metadata") && is_iceberg_log(&path.join("metadata")) {
            let scan = format!("COPY (FROM iceberg_scan('{for_sql}')) TO '{table}.parquet' (FORMAT parquet)");
            let sql = shell_text(&format!("INSTALL iceberg; LOAD iceberg; {scan}"));
            ("an Iceberg", "Iceberg", format!("duckdb -c {sql}"))
        } else {
            return None;
        };
        let what = text!(
            "it is {format} table: files that were removed from it are still in the folder and would count again",
            "这是 {name_zh} 表：已从表中移除的文件仍在文件夹中，会被重复计入"
        );
        let advice = text!(
            "write a plain copy and put it in place of the folder: {command}",
            "请导出一份普通副本并替换该文件夹：{command}"
        );
        Some(self.refuse(name, what, advice))
    }

    /// The values in the names of the outer folders, and the value in the name of `inner` if it has one.
    fn hive_of(&self, full: &str, inner: &str, outer: &[HiveValue]) -> Result<Vec<HiveValue>, Refusal> {
        let mut all = outer.to_vec();
        let own = HiveValue::parse(inner).filter(|_| self.root.join(full).is_dir());
        if let Some(own) = own {
            own.check(self.table, full, self.config)?;
            if outer.iter().any(|hive| hive.key.eq_ignore_ascii_case(&own.key)) {
                let what = text!(
                    "the key {key} stands twice in the names of its folders",
                    "文件夹名中键 {key} 出现两次",
                    key = own.key
                );
                return Err(self.refuse(
                    full,
                    what,
                    text!("rename one of the folders", "请重命名其中一个文件夹"),
                ));
            }
            all.push(own);
        }
        Ok(all)
    }

    fn file(
        &self,
        name: &str,
        path: &Path,
        about: &fs::Metadata,
        hive: &[HiveValue],
    ) -> Result<DataFile, Refusal> {
        let Some(format) = FileFormat::by_extension(name) else {
            let known =
                FileFormat::EXTENSIONS.iter().map(|(extension, _)| *extension).collect::<Vec<_>>().join(", ");
            let base = name.rsplit('/').next().unwrap_or(name);
            let what = match base.rsplit_once('.') {
                Some((_, extension)) => text!(
                    "a file that ends in .{extension} is no table",
                    "扩展名为 .{extension} 的文件不是数据表"
                ),
                None => {
                    text!("its name has no extension that tells what it is", "文件名没有扩展名，无法判断格式")
                }
            };
            let advice = text!(
                "export it as one of {known} (unpack archives), or move it away",
                "请导出为 {known} 之一（压缩包请先解压），或移走"
            );
            return Err(self.refuse(name, what, advice));
        };
        if about.len() == 0 {
            let advice = text!(
                "export it again; a table without rows still has a header or schema",
                "请重新导出；没有记录的表也应有表头或结构"
            );
            let what = text!("the file is empty (0 bytes)", "文件为空（0 字节）");
            return Err(self.refuse(name, what, advice));
        }
        Ok(DataFile {
            table: self.table,
            path: path.to_owned(),
            name: name.to_owned(),
            format,
            hive: hive.to_vec(),
            bytes: about.len(),
            others_are_gb18030: false,
            modified: about.modified().ok(),
        })
    }
}

/// Whether a folder holds the metadata of an Iceberg table.
fn is_iceberg_log(folder: &Path) -> bool {
    let inner = names_in(folder).unwrap_or_default();
    inner.iter().any(|inner| inner.ends_with(".metadata.json"))
}

/// A text with quotes as one word of a command line. Double quotes are easier to read than quotes within quotes, but a shell
/// gives some characters a meaning in them.
fn shell_text(text: &str) -> String {
    if text.contains(['"', '$', '`', '\\', '!']) || text.contains(char::is_control) {
        return shell_word(text).into_owned();
    }
    format!("\"{text}\"")
}
