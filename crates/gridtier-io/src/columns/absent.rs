//! Columns that `gridtier.toml` names and that files lack, though the contract would allow it.
//!
//! A table may lack a nullable column. But whoever names it believes that it is delivered: a slip in the name would take the
//! quality of all readings, or every objection to marketing, for empty.

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::index::count;
use gridtier::text;
use gridtier::text::Text;

use super::agree::{Notice, TypedFile};
use super::{listed, near};
use crate::guard::Unreadable;

/// The finding about columns that some files of a table lack.
///
/// # Errors
/// All files lack a column: the position of the first file, and the names.
pub fn absent(table: Table, files: &[TypedFile]) -> Result<Option<Notice>, (usize, Unreadable)> {
    let Some(first) = files.first() else { return Ok(None) };
    let lacks =
        |file: &TypedFile, column: &str| file.mapping.absent.iter().any(|(absent, _)| *absent == column);
    let everywhere: Vec<(&str, &str)> = first
        .mapping
        .absent
        .iter()
        .filter(|(column, _)| files.iter().all(|file| lacks(file, column)))
        .map(|(column, name)| (*column, name.as_str()))
        .collect();
    if !everywhere.is_empty() {
        return Err((0, refuse(table, &everywhere, first)));
    }
    let mut lacking =
        files.iter().flat_map(|file| file.mapping.absent.iter().map(move |absent| (file, absent)));
    let cases = count(lacking.clone().count());
    Ok(lacking.next().map(|(file, (column, name))| {
        (Rule::MissingColumn, cases, format!("{} lacks {name}, which is read as {column}", file.name))
    }))
}

fn refuse(table: Table, columns: &[(&str, &str)], file: &TypedFile) -> Unreadable {
    let words = |each: fn(&str, &str) -> String, mark| {
        columns.iter().map(|(column, name)| each(column, name)).collect::<Vec<_>>().join(mark)
    };
    let en = words(|column, name| format!("`{name}` for {column}"), ", ");
    let zh = words(|column, name| format!("{column} 对应 `{name}`"), "、");
    let (has, has_zh) = listed(file.own);
    let hint = columns.iter().find_map(|(_, name)| near(name, &file.mapping.unknown));
    let hint = hint.map_or_else(Text::default, |near| text!("did you mean `{near}`? ", "是否指 `{near}`？"));
    let fix = text!(
        "correct the names under [tables.{table}.columns] in gridtier.toml, or remove those of columns that are not delivered",
        "请更正 gridtier.toml 中 [tables.{table}.columns] 的列名；不提供的列请删去"
    );
    Unreadable::because(
        text!(
            "gridtier.toml names {en}, but no file of the table has such a column; the file has: {has}",
            "gridtier.toml 声明了 {zh}，但该表的文件中都没有；文件中的列：{has_zh}"
        ),
        Text::join(&[hint, fix], ""),
    )
}
