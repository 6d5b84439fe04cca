//! Decides which sheet of a workbook holds the table.

use gridtier::text;

use crate::guard::Unreadable;

/// A sheet of cells in a workbook.
#[derive(Clone, Debug)]
pub(super) struct SheetName {
    pub name: String,
    /// Its part of the archive, where it has one.
    pub path: String,
    pub is_visible: bool,
}

/// The declared sheet, or the first visible one.
pub(super) fn pick<'s>(sheets: &'s [SheetName], wanted: Option<&str>) -> Result<&'s SheetName, Unreadable> {
    let names = || sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect::<Vec<_>>().join(", ");
    if sheets.is_empty() {
        return Err(Unreadable::because(
            text!(
                "the workbook has no sheet of cells, only macros or charts",
                "工作簿没有数据工作表，只有宏或图表"
            ),
            text!("deliver a workbook with the table", "请提供含有该表的工作簿"),
        ));
    }
    if let Some(wanted) = wanted {
        let found = sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(wanted.trim()));
        return found.ok_or_else(|| {
            let (wanted, names) = (wanted.to_owned(), names());
            Unreadable::because(
                text!("the workbook has no sheet `{wanted}`", "工作簿没有名为 `{wanted}` 的工作表"),
                text!("declare `sheet` as one of {names}", "请将 `sheet` 声明为 {names} 之一"),
            )
        });
    }
    sheets.iter().find(|sheet| sheet.is_visible).ok_or_else(|| {
        let names = names();
        Unreadable::because(
            text!("every sheet of the workbook is hidden", "工作簿的所有工作表都被隐藏"),
            text!("declare `sheet` as one of {names}", "请将 `sheet` 声明为 {names} 之一"),
        )
    })
}

/// Names of the other visible sheets, which nobody reads; none if a sheet is declared.
pub(super) fn left_out<'s>(
    sheets: impl IntoIterator<Item = &'s SheetName>,
    picked: &str,
    wanted: Option<&str>,
) -> Vec<String> {
    let others = sheets.into_iter().filter(|sheet| sheet.is_visible && sheet.name != picked);
    others.filter(|_| wanted.is_none()).map(|sheet| sheet.name.clone()).collect()
}
