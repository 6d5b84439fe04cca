//! The draft of a `gridtier.toml`: what was found, with reasons; uncertain lines become comments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gridtier::contract::declared::EnergyUnit;
use gridtier::contract::{ColumnKind, Table};
use gridtier::indicator::INDICATORS;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier::word::Word;

use super::excerpt::Excerpt;
use super::fit::power_factor;
use super::guess::{ColumnGuess, TableGuess};
use super::names::{DICTIONARY, NameMatch};
use super::relate::{self, Padding, UnitGuess};

/// Maximum number of words of a column that are shown; the rest is only counted.
const WORDS_SHOWN: usize = 60;

/// Maximum number of unused columns that are listed by name.
const UNUSED_SHOWN: usize = 12;

/// What a draft is made from.
pub struct Findings<'a> {
    /// Some rows of each file or folder.
    pub deliveries: &'a [Excerpt],
    /// The tables that a folder of this purpose may have.
    pub possible: Vec<Table>,
    /// Which table each of these files or folders is.
    pub guesses: Vec<TableGuess>,
    /// Files and folders that could not be read, and why.
    pub unreadable: Vec<(String, Text)>,
    /// How often each word of a coded column occurs in all rows, by table and contract column.
    pub words: BTreeMap<(Table, &'static str), BTreeMap<String, u64>>,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The file's text.
    pub text: String,
    /// Number of uncertain lines, which are comments in the text for somebody to decide on.
    pub to_decide: usize,
    /// The command that checks the folder with the draft.
    pub next: &'static str,
}

/// Writes lines of TOML with comments in one language.
struct DraftWriter {
    lang: Lang,
    text: String,
    to_decide: usize,
}

impl DraftWriter {
    fn comment(&mut self, text: &Text) {
        let _ = writeln!(self.text, "# {}", text.in_lang(self.lang));
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn header(&mut self, name: &str) {
        let _ = writeln!(self.text, "\n[{name}]");
    }

    /// Writes a line; an uncertain one becomes a comment.
    fn line(&mut self, is_sure: bool, key: &str, value: &str, reason: &Text) {
        let mark = if is_sure { "" } else { "# " };
        self.to_decide += usize::from(!is_sure);
        let _ = writeln!(self.text, "{mark}{key} = {value}    # {}", reason.in_lang(self.lang));
    }
}

/// A text as a TOML string, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes the draft.
pub fn draft(findings: &Findings, lang: Lang) -> Draft {
    let mut out = DraftWriter { lang, text: String::new(), to_decide: 0 };
    out.comment(&text!(
        "Drafted by `gridtier init` from the names, types and values of the files; check it before you grade.",
        "由 `gridtier init` 根据文件的名称、类型和取值起草，分级前请核对。"
    ));
    out.comment(&text!(
        "A line that begins with `# ` and a key is uncertain: correct it if necessary, and remove the `# `.",
        "以 `# ` 开头并带有键的行没有把握：核对后去掉 `# `。"
    ));
    out.blank();
    out.text.push_str("format = 1\n");
    passthrough(&mut out, findings);
    let units = relate::units(&findings.guesses, findings.deliveries);
    let paddings = relate::padding(&findings.guesses, findings.deliveries);
    for guess in &findings.guesses {
        table(&mut out, findings, guess, units.as_ref(), &paddings);
    }
    rest(&mut out, findings);
    Draft { text: out.text, to_decide: out.to_decide, next: next(&findings.possible) }
}

fn next(possible: &[Table]) -> &'static str {
    if possible.contains(&Table::Outages) {
        "gridtier service check DATA --store S --period P"
    } else if possible.contains(&Table::Responses) {
        "gridtier survey check INSTRUMENT DATA --store S --as-of DATE"
    } else {
        "gridtier check DATA --as-of DATE"
    }
}

/// Columns of customers that look like names, addresses or phones: a comment, since nobody has to keep them.
fn passthrough(out: &mut DraftWriter, findings: &Findings) {
    let Some(guess) = findings.guesses.iter().find(|guess| guess.table == Table::Customers) else { return };
    let columns = findings.deliveries[guess.delivery].columns.iter().enumerate();
    let unused = columns.filter(|(own, _)| !guess.columns.iter().any(|found| found.own == *own));
    let personal = unused.filter(|(_, column)| DICTIONARY.is_personal(&column.name));
    let names: Vec<String> = personal.map(|(_, column)| quoted(&column.name)).collect();
    if names.is_empty() {
        return;
    }
    out.comment(&text!(
        "To keep these with every cycle and show them on customer sheets, remove the `# `:",
        "如需在客户评价单上显示下列各列 (并为此随周期保存)，请去掉 `# `："
    ));
    let _ = writeln!(out.text, "# passthrough = [{}]", names.join(", "));
}

fn table(
    out: &mut DraftWriter,
    findings: &Findings,
    guess: &TableGuess,
    units: Option<&UnitGuess>,
    paddings: &[Padding],
) {
    let excerpt = &findings.deliveries[guess.delivery];
    let name = guess.table.name();
    out.blank();
    introduce(out, guess, excerpt);
    let _ = writeln!(out.text, "[tables.{name}]");
    let by_columns = text!("by its columns", "依据列名");
    let by_name = text!("by its name and columns", "依据文件名和列名");
    out.line(
        guess.is_sure(),
        "path",
        &quoted(&excerpt.path),
        if guess.is_named { &by_name } else { &by_columns },
    );
    if let Some(row) = excerpt.header_row {
        let reason = text!("the rows above it are a title", "其上各行为标题");
        out.line(true, "header_row", &row.to_string(), &reason);
    }
    nulls(out, findings, guess);
    decimal_mark(out, guess);
    declare_units(out, findings, guess, units);
    for padding in paddings.iter().filter(|padding| padding.table == guess.table) {
        let Padding { width, ids, known, known_padded, .. } = padding;
        let reason = text!(
            "{known} of the {ids} account numbers read match customers as they are, {known_padded} with leading zeros",
            "已读的 {ids} 个户号中，原样可匹配 {known} 个，补零后可匹配 {known_padded} 个"
        );
        out.line(true, "pad.customer_id", &width.to_string(), &reason);
    }
    out.header(&format!("tables.{name}.columns"));
    for found in &guess.columns {
        column(out, excerpt, found);
    }
    missing(out, guess, excerpt);
    dates(out, guess);
    words(out, findings, guess);
}

fn introduce(out: &mut DraftWriter, guess: &TableGuess, excerpt: &Excerpt) {
    let (path, files, rows) = (&excerpt.path, excerpt.files, excerpt.rows);
    let (name, name_zh) = (guess.table.name(), guess.table.name_zh());
    out.comment(&text!(
        "---- {name}: {path}, {rows} rows in {files} file(s) ----",
        "---- {name_zh} {name}：{path}，{files} 个文件，{rows} 行 ----"
    ));
    let unused: Vec<&str> = excerpt
        .columns
        .iter()
        .enumerate()
        .filter(|(own, column)| {
            !column.name.is_empty() && guess.columns.iter().all(|found| found.own != *own)
        })
        .map(|(_, column)| column.name.as_str())
        .collect();
    if !unused.is_empty() {
        let more = if unused.len() > UNUSED_SHOWN { ", …" } else { "" };
        let list = unused[..unused.len().min(UNUSED_SHOWN)].join(", ");
        out.comment(&match guess.table {
            Table::Responses => text!(
                "Columns of the instrument are found by their names; name others below, such as Q1 = \"...\": {list}{more}",
                "量表的列按列名识别；名称不同的请在下面补写，如 Q1 = \"...\"：{list}{more}"
            ),
            _ => text!("Columns that are not used: {list}{more}", "未使用的列：{list}{more}"),
        });
    }
}

/// Writes the texts that mean an empty cell in the table.
fn nulls(out: &mut DraftWriter, findings: &Findings, guess: &TableGuess) {
    let excerpt = &findings.deliveries[guess.delivery];
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for column in &guess.columns {
        for value in excerpt.columns[column.own].filled() {
            if DICTIONARY.is_null(value) {
                *found.entry(value).or_default() += 1;
            }
        }
    }
    if !found.is_empty() {
        let list: Vec<String> = found.keys().map(|word| quoted(word)).collect();
        let counts: Vec<String> = found.iter().map(|(word, count)| format!("{word} ×{count}")).collect();
        let counts = counts.join(", ");
        let reason = text!("stand for an empty cell: {counts}", "表示空值：{counts}");
        out.line(true, "nulls", &format!("[{}]", list.join(", ")), &reason);
    }
}

fn decimal_mark(out: &mut DraftWriter, guess: &TableGuess) {
    let numbers = guess.columns.iter().filter(|found| found.fit.comma).map(|found| found.column.name);
    let columns = numbers.collect::<Vec<_>>().join(", ");
    if !columns.is_empty() {
        let reason = text!("the values of {columns} need it", "{columns} 的取值需要");
        out.line(true, "decimal_mark", "\",\"", &reason);
    }
}

fn declare_units(out: &mut DraftWriter, findings: &Findings, guess: &TableGuess, units: Option<&UnitGuess>) {
    match (guess.table, units) {
        (Table::MeterReadings | Table::Bills, Some(UnitGuess { fitting, ratio })) => {
            let is_energy = guess.table == Table::MeterReadings;
            let (key, contract) = if is_energy { ("energy_unit", "kWh") } else { ("money_unit", "yuan") };
            let Some((energy, money, price)) = fitting.first() else {
                out.comment(&text!(
                    "The bills are {ratio:.4} for each unit of energy, and no units give a likely price. Declare {key}.",
                    "账单金额与电量之比为 {ratio:.4}：没有单位能得出合理电价，请声明 {key}。"
                ));
                return;
            };
            let unit = if is_energy { energy } else { money };
            let reason = text!(
                "with {energy} and {money} the mean price is {price:.2} CNY/kWh",
                "按 {energy} 和 {money} 计，平均电价为 {price:.2} 元/kWh"
            );
            out.line(*unit == contract, key, &quoted(unit), &reason);
        }
        (Table::MeterReadings, None) => {
            let reason = text!("the values do not show the unit", "无法从取值判断单位");
            out.line(false, "energy_unit", "\"kWh\"", &reason);
        }
        (Table::Plans, _) => {
            let energy = units.and_then(|units| units.fitting.first()).map_or("kWh", |(energy, ..)| energy);
            let unit = EnergyUnit::from_code(energy).unwrap_or_default();
            let found = relate::plan_unit(&findings.guesses, findings.deliveries, unit);
            if let Some((unit, ratio)) = found {
                let reason = text!(
                    "planned energy is {ratio:.2e} times used energy, in the units of the export",
                    "计划量与用电量之比为 {ratio:.2e}（按导出单位）"
                );
                out.line(true, "energy_unit", &quoted(unit), &reason);
            }
        }
        _ => {}
    }
}

fn column(out: &mut DraftWriter, excerpt: &Excerpt, found: &ColumnGuess) {
    let (filled, fitting) = (found.fit.filled, found.fit.fitting);
    let named = match found.name {
        NameMatch::Whole(_) => text!("by its name", "依据列名"),
        NameMatch::Part(_) => text!("by a part of its name", "依据列名的一部分"),
    };
    let fits = match (filled, fitting == filled) {
        (0, _) => text!("all cells read are empty", "已读单元格均为空"),
        (_, true) => text!("all {filled} values read fit", "已读 {filled} 个值均符合"),
        _ => text!("only {fitting} of {filled} values read fit", "已读 {filled} 个值中仅 {fitting} 个符合"),
    };
    let others: Vec<&str> = found.others.iter().map(|&own| excerpt.columns[own].name.as_str()).collect();
    let others = match others.join(", ") {
        none if none.is_empty() => Text::default(),
        others => text!("; it could be {others} as well", "；也可能是 {others}"),
    };
    let reason = Text::join(&[named, text!("; ", "；"), fits, others], "");
    let own = quoted(&excerpt.columns[found.own].name);
    out.line(found.is_sure(), found.column.name, &own, &reason);
}

/// Required columns that the delivery does not have.
fn missing(out: &mut DraftWriter, guess: &TableGuess, excerpt: &Excerpt) {
    for column in guess.missing().filter(|column| column.kind != ColumnKind::Flag) {
        let (about, about_zh, path) = (column.about, column.about_zh, &excerpt.path);
        let reason = text!("required, not found in {path}: {about}", "必填，{path} 中未找到：{about_zh}");
        out.line(false, column.name, "\"\"", &reason);
    }
    for column in guess.missing().filter(|column| column.kind == ColumnKind::Flag) {
        let (about, about_zh) = (column.about, column.about_zh);
        out.header(&format!("tables.{}.constants", guess.table));
        let reason = text!(
            "required, not found: {about}; false for all customers until the column is delivered",
            "必填，未找到：{about_zh}；在提供该列之前对所有客户取 false"
        );
        out.line(true, column.name, "false", &reason);
    }
}

fn dates(out: &mut DraftWriter, guess: &TableGuess) {
    let forms: Vec<_> =
        guess.columns.iter().filter_map(|found| Some((found, found.fit.date_form?))).collect();
    if forms.is_empty() {
        return;
    }
    out.header(&format!("tables.{}.dates", guess.table));
    for (found, form) in forms {
        let (filled, fitting) = (found.fit.filled, found.fit.fitting);
        let reason = match found.fit.other_form {
            None => text!("reads {fitting} of {filled} values", "可识别 {filled} 个值中的 {fitting} 个"),
            Some(other) => text!(
                "or {other}: both read {fitting} of {filled} values",
                "或 {other}：两者都可识别 {filled} 个值中的 {fitting} 个"
            ),
        };
        out.line(found.fit.other_form.is_none(), found.column.name, &quoted(form), &reason);
    }
}

/// Words of coded columns that need a mapping, with their counts.
fn words(out: &mut DraftWriter, findings: &Findings, guess: &TableGuess) {
    let excerpt = &findings.deliveries[guess.delivery];
    for found in &guess.columns {
        let Some(counts) = findings.words.get(&(guess.table, found.column.name)) else { continue };
        let unmapped: Vec<(&String, &u64)> = counts
            .iter()
            .filter(|(word, _)| !is_contract_word(found, word) && !DICTIONARY.is_null(word))
            .collect();
        if unmapped.is_empty() {
            continue;
        }
        out.header(&format!("tables.{}.words.{}", guess.table, found.column.name));
        let own_name = &excerpt.columns[found.own].name;
        for (word, count) in unmapped.iter().take(WORDS_SHOWN) {
            word_line(out, guess.table, found, own_name, word, **count);
        }
        if let Some(more) = unmapped.len().checked_sub(WORDS_SHOWN).filter(|more| *more > 0) {
            out.comment(&text!(
                "… and {more} more: is it the right column?",
                "……另有 {more} 个取值：列选对了吗？"
            ));
        }
    }
}

fn is_contract_word(found: &ColumnGuess, word: &str) -> bool {
    match found.column.kind {
        ColumnKind::Word(words) => words.position(word).is_some(),
        ColumnKind::Flag => {
            ["true", "false", "0", "1", "0.0", "1.0"].contains(&word.to_ascii_lowercase().as_str())
        }
        ColumnKind::PowerFactor => word.parse::<f64>().is_ok(),
        _ => true,
    }
}

fn word_line(
    out: &mut DraftWriter,
    table: Table,
    found: &ColumnGuess,
    own_name: &str,
    word: &str,
    count: u64,
) {
    let meant = match found.column.kind {
        ColumnKind::Flag => DICTIONARY.flags.get(word).map(ToString::to_string),
        ColumnKind::PowerFactor => power_factor(word).map(str::to_owned),
        _ => DICTIONARY.word(table, found.column.name, own_name, word).map(quoted),
    };
    let choices = match found.column.kind {
        ColumnKind::Word(words) => words.codes.join(", "),
        ColumnKind::Flag => "true, false".to_owned(),
        _ => "0.90, 0.85, 0.80".to_owned(),
    };
    match meant {
        Some(meant) => {
            let reason = text!("{count} rows", "{count} 行");
            out.line(true, &quoted(word), &meant, &reason);
        }
        None => {
            let reason = text!("{count} rows; choose {choices}", "{count} 行；可选 {choices}");
            out.line(false, &quoted(word), "\"?\"", &reason);
        }
    }
}

/// What follows if a table of service or of a survey is absent.
fn if_absent(table: Table) -> Text {
    let (name, name_zh) = (table.name(), table.name_zh());
    match table {
        Table::Customers => text!(
            "{name}: optional; without it, the customers are those of the cycle",
            "{name_zh} {name}：可选；缺少时采用周期中的客户"
        ),
        Table::Calendar => text!(
            "{name}: optional; without it, working days are Monday to Friday",
            "{name_zh} {name}：可选；缺少时按周一至周五计工作日"
        ),
        _ => text!(
            "{name}: optional; without it, its figures are not measured",
            "{name_zh} {name}：可选；缺少时相关指标不统计"
        ),
    }
}

/// Tables that are absent, and files that belong to none.
fn rest(out: &mut DraftWriter, findings: &Findings) {
    let present: Vec<Table> = findings.guesses.iter().map(|guess| guess.table).collect();
    let has_energy = Table::ENERGY.iter().any(|table| present.contains(table));
    let absent: Vec<Table> = findings
        .possible
        .iter()
        .copied()
        .filter(|table| !(present.contains(table) || has_energy && Table::ENERGY.contains(table)))
        .collect();
    if !absent.is_empty() {
        out.blank();
        out.comment(&text!("---- tables that were not found ----", "---- 未找到的表 ----"));
    }
    let is_for_grading = findings.possible.contains(&Table::MeterReadings);
    for table in absent {
        let (name, name_zh) = (table.name(), table.name_zh());
        if !is_for_grading {
            out.comment(&if_absent(table));
            continue;
        }
        let unknown: Vec<_> =
            INDICATORS.iter().filter(|indicator| indicator.tables.contains(&table)).collect();
        let en = unknown.iter().map(|indicator| indicator.title).collect::<Vec<_>>().join(", ");
        let zh = unknown.iter().map(|indicator| indicator.title_zh).collect::<Vec<_>>().join("、");
        if Table::ENERGY.contains(&table) {
            let other =
                if table == Table::MeterReadings { Table::RegisterReadings } else { Table::MeterReadings };
            out.comment(&text!(
                "{name}: this table or {other} is required; nothing can be graded without energy",
                "{name_zh} {name}：本表与 {other} 至少需要一张，没有电量则无法分级"
            ));
            continue;
        }
        out.comment(&match (table.required(), unknown.is_empty()) {
            (true, _) => text!(
                "{name}: required; nothing can be graded without it",
                "{name_zh} {name}：必需，缺少则无法分级"
            ),
            (false, true) => text!("{name}: optional", "{name_zh} {name}：可选"),
            (false, false) => {
                text!(
                    "{name}: optional; without it, these indicators are unknown: {en}",
                    "{name_zh} {name}：可选；缺少时以下指标未知：{zh}"
                )
            }
        });
    }
    let not_taken = findings
        .deliveries
        .iter()
        .enumerate()
        .filter(|(at, _)| findings.guesses.iter().all(|guess| guess.delivery != *at));
    for (_, excerpt) in not_taken {
        let path = &excerpt.path;
        let names: Vec<&str> = excerpt.columns.iter().map(|column| column.name.as_str()).collect();
        let names = names[..names.len().min(UNUSED_SHOWN)].join(", ");
        out.comment(&text!(
            "{path} does not look like any table; its columns: {names}",
            "{path} 未对应任何表；其列为：{names}"
        ));
    }
    for (path, why) in &findings.unreadable {
        let (en, zh) = (&why.en, &why.zh);
        out.comment(&text!("{path} cannot be read: {en}", "{path} 无法读取：{zh}"));
    }
}
