//! Why nobody can be graded, and what usually causes it.

use std::collections::BTreeSet;

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::error::Refusal;
use crate::source::{Finding, Source, TableBook};
use crate::text;
use crate::text::Text;
use crate::unit::Window;

/// Why spreadsheets and databases may write every cell of a column in such a form.
fn usual_cause(commonest: &Finding) -> Text {
    let cell = commonest.example.rsplit_once(" = ").map_or("", |(_, cell)| cell);
    match commonest.rule {
        Rule::Orphan | Rule::BadDate | Rule::BadNumber if commonest.example.contains(" = =\"") => text!(
            "; the cells are formulas such as =\"0001\": export them as text, without the sign of equality",
            "；单元格是 =\"0001\" 这样的公式：请导出为文本，不带等号"
        ),
        Rule::Orphan => text!(
            "; if the ids have lost zeros in front, declare their length, such as `pad.customer_id = 10`: `gridtier init \
             DATA` finds it out",
            "；若户号丢失了前导零，请声明其位数，例如 `pad.customer_id = 10`：`gridtier init DATA` 可自动判断"
        ),
        Rule::BadDate if cell.len() == 5 && cell.bytes().all(|byte| byte.is_ascii_digit()) => text!(
            "; {cell} is a day as spreadsheets number them: format the cells as dates such as 2025-01-31 before the export, \
             or deliver the workbook itself",
            "；{cell} 是电子表格的日期序号：请先把单元格设为 2025-01-31 这样的日期再导出，或直接提供工作簿"
        ),
        _ => Text::default(),
    }
}

/// Why nobody can be graded: a required table has no row that counts.
pub(super) fn refusal(
    source: &dyn Source,
    books: &[TableBook],
    findings: &[Finding],
    window: Window,
) -> Option<Refusal> {
    let missing = books.iter().find(|book| book.table.required() && book.tally.counted == 0);
    let energy: Vec<&TableBook> =
        books.iter().filter(|book| Table::ENERGY.contains(&book.table) && book.present).collect();
    let no_energy = energy.first().filter(|_| energy.iter().all(|book| book.tally.counted == 0));
    let book = missing.or(no_energy.copied())?;
    let tally = book.tally;
    if tally.rows_in == 0 {
        let path = source.file_name(book.table, 0);
        let advice = ("export the table anew", "请重新导出该表");
        return Some(Refusal::at(book.table, path, ("there are no rows", "没有任何行"), advice));
    }
    let (rows, rejected, outside) = (tally.rows_in, tally.rejected, tally.out_of_window);
    let (start, end) = (window.start(), window.end.plus(-1));
    let what = text!(
        "none of its {rows} rows counts: {rejected} are rejects, {outside} lie outside the window {start} to {end}",
        "{rows} 行中没有一行计入：{rejected} 行被剔除，{outside} 行在窗口 {start} 至 {end} 之外"
    );
    let rules: BTreeSet<Rule> = book.rejects.iter().map(|reject| reject.rule).collect();
    let of_rejects =
        findings.iter().filter(|finding| finding.table == book.table.name() && rules.contains(&finding.rule));
    // Of equally common rules, the first is taken.
    let commonest = of_rejects.rev().max_by_key(|finding| finding.rows);
    let why = commonest.map(|finding| {
        let (Finding { rule, rows, .. }, example) = (finding, finding.example_text());
        let (en, zh) = (rule.meaning(), rule.meaning_zh());
        text!(
            "; most often ({rows} rows) {rule}: {en}, for example {example}",
            "；最常见的原因（{rows} 行）是 {rule}：{zh}，例如 {example}";
            example
        )
    });
    let what = Text::join(&[what, why.unwrap_or_default()], "");
    let advice = if tally.rejected > 0 {
        let see = text!(
            "see the rejects with `gridtier check DATA -o DIR` and mend the export",
            "用 `gridtier check DATA -o DIR` 查看被剔除的行，并更正导出"
        );
        Text::join(&[see, commonest.map(usual_cause).unwrap_or_default()], "")
    } else {
        text!("check --as-of and the method's window_months", "请检查 --as-of 和方法中的 window_months")
    };
    Some(Refusal::of(book.table, what, advice))
}
