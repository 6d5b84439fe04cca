//! Why nobody can be graded, and what usually causes it.

use std::collections::BTreeSet;

use crate::contract::Table;
use crate::contract::rule::Rule;
use crate::customer::{is_rounded, rounded_advice};
use crate::error::Refusal;
use crate::source::{Finding, Source, TableBook};
use crate::text;
use crate::text::Text;
use crate::unit::Window;

/// Why spreadsheets and databases may write every cell of a column in such a form; else what the rule asks for.
fn usual_cause(commonest: &Finding) -> Text {
    let (place, cell) = commonest.example.rsplit_once(" = ").unwrap_or((&commonest.example, ""));
    let is_digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let is_workbook =
        [".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"].iter().any(|end| place.contains(&format!("{end} row ")));
    match commonest.rule {
        Rule::Orphan | Rule::BadDate | Rule::BadNumber if commonest.example.contains(" = =") => {
            text!("the cells are formulas: export their values, as text", "单元格是公式：请将其值导出为文本")
        }
        Rule::Orphan if cell.starts_with('\'') => text!(
            "the ids begin with an apostrophe, by which spreadsheets mark text: export them without it",
            "编号以撇号开头（电子表格的文本标记）：请导出时去掉"
        ),
        Rule::Orphan if is_rounded(cell) => rounded_advice(),
        Rule::Orphan => text!(
            "if the ids have lost zeros in front, declare their length, such as `pad.customer_id = 10`: `gridtier init \
             DATA -o draft.toml` finds it out",
            "若户号丢失了前导零，请声明其位数，例如 `pad.customer_id = 10`：`gridtier init DATA -o draft.toml` 可自动判断"
        ),
        Rule::BadDate if cell.len() == 5 && is_digits && is_workbook => text!(
            "{cell} is a day as spreadsheets number them: format the cells as dates such as 2025-01-31",
            "{cell} 是电子表格的日期序号：请把单元格设为 2025-01-31 这样的日期"
        ),
        Rule::BadDate if cell.len() == 5 && is_digits => text!(
            "{cell} is a day as spreadsheets number them: format the cells as dates such as 2025-01-31 before the export, \
             or deliver the workbook itself",
            "{cell} 是电子表格的日期序号：请先把单元格设为 2025-01-31 这样的日期再导出，或直接提供工作簿"
        ),
        Rule::BadDate if cell.len() == 10 && is_digits => text!(
            "{cell} counts seconds since 1970: declare `zone`, and \"%s\" for the column under `dates`",
            "{cell} 是自 1970 年起的秒数：请声明 `zone`，并在 `dates` 中为该列写 \"%s\""
        ),
        rule => rule.advice(),
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
    let early = findings
        .iter()
        .find(|finding| finding.table == book.table.name() && finding.rule == Rule::BeforeOpening);
    let why = why.or_else(|| {
        let meaning = Text::new(Rule::BeforeOpening.meaning(), Rule::BeforeOpening.meaning_zh());
        early.map(|_| text!("; before_opening: {meaning}", "；before_opening：{meaning}"; meaning))
    });
    let what = Text::join(&[what, why.unwrap_or_default()], "");
    let advice = if tally.rejected > 0 {
        let see = text!(
            "see the rejects with `gridtier check DATA -o DIR` and correct the export",
            "用 `gridtier check DATA -o DIR` 查看被剔除的行，并更正导出"
        );
        let cause = commonest.map(usual_cause).unwrap_or_default();
        text!("{see}; {cause}", "{see}；{cause}"; see, cause)
    } else if early.is_some() {
        text!(
            "check opened_on in customers: the rows lie before the customers opened",
            "请检查 customers 中的 opened_on：这些行在客户立户之前"
        )
    } else {
        text!("check --as-of and the method's window_months", "请检查 --as-of 和方法中的 window_months")
    };
    Some(Refusal::of(book.table, what, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    #[test]
    fn the_usual_cause_is_told_by_the_cell_and_the_file() {
        for (rule, example, advice) in [
            (Rule::Orphan, "a.csv row 0 (spreadsheet row 2): customer_id = '0001", "apostrophe"),
            (Rule::Orphan, "a.csv row 0: customer_id = 3.1E+09", "as text before the export"),
            (Rule::Orphan, "a.csv row 0: customer_id = 1", "pad.customer_id"),
            (Rule::BadDate, "a.csv row 0: read_at = 44927", "deliver the workbook itself"),
            (Rule::BadDate, "a.csv row 0: read_at = 1672502400", "seconds since 1970"),
            (Rule::BadDate, "a.csv row 0: read_at = 15.02.2023", "`dates`"),
            (Rule::BadEnum, "a.csv row 0: aged_transformer_area = 否", "`words`"),
            (Rule::BadNumber, "a.csv row 0: active_kwh = 0,2", "`decimal_mark`"),
        ] {
            let told = usual_cause(&Finding::of(Table::MeterReadings, rule, 9, example));
            assert!(told.en.contains(advice), "{example}: {}", told.en);
        }
        let of_workbook = Finding::of(
            Table::MeterReadings,
            Rule::BadDate,
            9,
            "a.xlsx row 0 (spreadsheet row 2): read_at = 44927",
        );
        let told = usual_cause(&of_workbook);
        assert!(!told.en.contains("deliver the workbook"), "it is one: {}", told.en);
    }

    #[test]
    fn rows_before_the_opening_are_named_where_none_counts() {
        let (source, window) = (MemorySource::default(), Window { end: Month::new(2024, 1), months: 12 });
        let mut book = TableBook::new(Table::MeterReadings);
        book.present = true;
        book.tally.rows_in = 1;
        book.tally.out_of_window = 1;
        let finding =
            Finding::of(Table::MeterReadings, Rule::BeforeOpening, 1, "1 reading of a before it opened");
        let refusal = refusal(&source, &[book], &[finding], window).unwrap();
        assert!(refusal.what.en.contains("before_opening"), "{refusal}");
        assert!(
            refusal.advice.en.contains("opened_on") && !refusal.advice.en.contains("--as-of"),
            "{refusal}"
        );
    }
}
