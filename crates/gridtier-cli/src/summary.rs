//! What an analyst reads after a grading.

use std::fmt::Write as _;
use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;
use gridtier::fact::Facts;
use gridtier::method::{Method, Tier};
use gridtier::run::{Breach, ControlTotals, Graded};
use gridtier::source::Finding;
use gridtier::word::Word;
use gridtier_io::store::StoredCycle;
use serde_json::json;

use crate::exit::Failure;
use crate::grid::{Head, grid, grouped, list, percent};
use crate::lang::Lang;

/// The summary of a published cycle.
pub fn published(graded: &Graded, method: &Method, cycle: &StoredCycle, store: &Path, lang: Lang) -> String {
    let totals = graded.control_totals();
    let window = graded.facts.window;
    let mut text = String::new();
    let title = lang.pick("published", "已发布");
    let _ = writeln!(text, "{} {} {title}\n", lang.pick("Cycle", "周期"), cycle.version);
    let span = format!(
        "{} – {} ({} {})",
        window.start(),
        window.end.plus(-1),
        window.months,
        lang.pick("months", "个月")
    );
    fact(&mut text, lang.pick("window", "评价窗口"), &span);
    fact(&mut text, lang.pick("method", "评价方法"), &method.name);
    fact(&mut text, lang.pick("customers", "客户"), &customers(&totals, lang));
    fact(&mut text, lang.pick("cycle", "周期目录"), &cycle.dir.display().to_string());
    text.push('\n');
    text += &tiers(&totals, lang);
    text += &remarks(graded, method, &totals, lang);
    text.push('\n');
    text += &rows(&graded.facts, &graded.findings, lang);
    text += &next_steps(graded, store, lang);
    text
}

fn fact(text: &mut String, name: &str, value: &str) {
    let width = 12usize.saturating_sub(unicode_width::UnicodeWidthStr::width(name));
    let _ = writeln!(text, "  {name}{} {value}", " ".repeat(width));
}

fn customers(totals: &ControlTotals, lang: Lang) -> String {
    let provisional = totals.short_history + totals.low_known_weight;
    let [population, ranked, provisional, all] =
        [totals.population, totals.ranked, provisional, totals.customers].map(grouped);
    let mut text = match lang {
        Lang::En => format!("{population} graded of {all}: {ranked} ranked, {provisional} provisional"),
        Lang::Zh => format!("共 {all} 户, 参评 {population} 户: 排名 {ranked} 户, 暂定 {provisional} 户"),
    };
    let mut why = Vec::new();
    for (count, reason) in [
        (totals.short_history, lang.pick("short history", "用电历史不足")),
        (totals.low_known_weight, lang.pick("little known weight", "已知指标权重不足")),
    ] {
        if count > 0 {
            why.push(format!("{reason} {}", grouped(count)));
        }
    }
    if !why.is_empty() {
        let _ = write!(text, " ({})", why.join(", "));
    }
    text
}

/// A tier's name in the language; in Chinese beside the word of the tables.
pub fn tier_name(tier: Tier, lang: Lang) -> String {
    match lang {
        Lang::En => tier.code().to_owned(),
        Lang::Zh => format!("{} {}", tier.zh(), tier.code()),
    }
}

fn tiers(totals: &ControlTotals, lang: Lang) -> String {
    let revenue: i128 = totals.tiers.iter().map(|tier| i128::from(tier.revenue_fen)).sum();
    let energy: i128 = totals.tiers.iter().map(|tier| i128::from(tier.active_wh)).sum();
    let row = |name: String, customers: u64, provisional: u64, fen: i128, wh: i128| {
        vec![
            name,
            grouped(customers),
            percent(customers, totals.population),
            grouped(provisional),
            grouped(fen / 100),
            percent(fen, revenue),
            grouped(wh / 1_000_000),
            percent(wh, energy),
        ]
    };
    let mut rows: Vec<Vec<String>> = Tier::ALL
        .iter()
        .zip(&totals.tiers)
        .map(|(tier, total)| {
            let (fen, wh) = (total.revenue_fen.into(), total.active_wh.into());
            row(tier_name(*tier, lang), total.customers, total.provisional, fen, wh)
        })
        .collect();
    let provisional = totals.short_history + totals.low_known_weight;
    rows.push(row(lang.pick("all", "合计").into(), totals.population, provisional, revenue, energy));
    let heads = [
        Head::Text(lang.pick("tier", "等级")),
        Head::Number(lang.pick("customers", "户数")),
        Head::Number(lang.pick("share", "占比")),
        Head::Number(lang.pick("provisional", "其中暂定")),
        Head::Number(lang.pick("revenue CNY", "电费 (元)")),
        Head::Number(lang.pick("share", "占比")),
        Head::Number(lang.pick("energy MWh", "电量 (MWh)")),
        Head::Number(lang.pick("share", "占比")),
    ];
    grid(&heads, rows)
}

/// What a reader of the tiers must know to read them rightly.
fn remarks(graded: &Graded, method: &Method, totals: &ControlTotals, lang: Lang) -> String {
    let mut text = String::new();
    if totals.ranked == 0 {
        let _ = writeln!(text, "\n{}", nobody_ranked(graded, method, totals, lang));
    }
    if totals.vetoed > 0 {
        let [capped, lowered] = [totals.vetoed, totals.lowered_by_veto].map(grouped);
        let _ = match lang {
            Lang::En => writeln!(
                text,
                "\nConfirmed offences cap the tier of {capped} customers; {lowered} were lowered."
            ),
            Lang::Zh => writeln!(text, "\n{capped} 户因查实的违约或窃电行为封顶, 其中 {lowered} 户被降级。"),
        };
    }
    if totals.lowered_by_veto > 0 {
        let _ = writeln!(
            text,
            "{}",
            lang.pick(
                "Vetoed customers exceed the quota of the lowest tier, which therefore holds more.",
                "被否决户数超过最低等级配额, 该等级户数因此增加。",
            )
        );
    }
    text += &guarded(&graded.findings, lang);
    text
}

/// Every column whose weight from the data was taken or limited: all of them, however many.
fn guarded(findings: &[Finding], lang: Lang) -> String {
    let Some(finding) = findings.iter().find(|finding| finding.rule == Rule::WeightGuard) else {
        return String::new();
    };
    let title = lang.pick("Limited in weights from the data:", "客观赋权中受限的指标:");
    let lines = finding.example.split("; ").map(|column| format!(" {}", guard_words(column, lang)));
    format!("\n{title}\n{}", list(lines))
}

/// `payment sparse: at most an equal share` in the language.
fn guard_words(column: &str, lang: Lang) -> String {
    const ZH: [(&str, &str); 9] = [
        ("nearly_empty", "近空"),
        ("all_zero", "全零"),
        ("constant", "常数"),
        ("negative", "负值"),
        ("sparse", "稀疏"),
        ("partly_empty", "多缺"),
        ("at most an equal share", "至多等权"),
        ("no objective weight", "无客观权重"),
        ("a share of what no other column may take", "分得其他指标不可占用的部分"),
    ];
    match lang {
        Lang::En => column.to_owned(),
        Lang::Zh => ZH.iter().fold(column.to_owned(), |text, (en, zh)| text.replace(en, zh)),
    }
}

fn nobody_ranked(graded: &Graded, method: &Method, totals: &ControlTotals, lang: Lang) -> String {
    let absent: Vec<&str> = Table::ALL
        .into_iter()
        .filter(|&table| !graded.facts.present(table))
        .map(|table| lang.pick(table.name(), table.name_zh()))
        .collect();
    let absent = if absent.is_empty() { "–".to_owned() } else { absent.join(", ") };
    let [short, low] = [totals.short_history, totals.low_known_weight].map(grouped);
    let (limit, months) = (100.0 * method.min_known_weight, method.min_months);
    match lang {
        Lang::En => format!(
            "Nobody could be ranked, so everybody has the provisional tier {}.\n\
             {low} have known indicators for less than {limit:.0} % of their weight (min_known_weight), \
             {short} fewer than {months} covered months (min_months).\n\
             Absent tables: {absent}. Add them, or lower the limit in a method file of your own \
             (gridtier method new).",
            method.provisional_tier.code(),
        ),
        Lang::Zh => format!(
            "没有客户可以排名, 全部取暂定等级 {}。\n\
             {low} 户已知指标权重低于 {limit:.0} % (min_known_weight), {short} 户有效月份少于 {months} 个 (min_months)。\n\
             缺少的表: {absent}。请补充数据, 或用 gridtier method new 建立方法文件并降低限值。",
            method.provisional_tier.zh(),
        ),
    }
}

/// What became of the rows of each table, and what was noticed.
pub fn rows(facts: &Facts, findings: &[Finding], lang: Lang) -> String {
    let heads = [
        Head::Text(lang.pick("table", "表")),
        Head::Number(lang.pick("rows in", "读入行")),
        Head::Number(lang.pick("counted", "计入")),
        Head::Number(lang.pick("out of window", "窗口外")),
        Head::Number(lang.pick("rejected", "剔除")),
        Head::Number(lang.pick("duplicates", "重复")),
    ];
    let mut text = grid(
        &heads,
        facts.reconciliation().into_iter().map(|row| {
            let tally = row.tally;
            let counts =
                [tally.rows_in, tally.counted, tally.out_of_window, tally.rejected, tally.duplicates];
            let mut cells = vec![lang.pick(row.table.name(), row.table.name_zh()).to_owned()];
            cells.extend(counts.map(grouped));
            cells
        }),
    );
    if findings.is_empty() {
        let _ = writeln!(text, "\n{}", lang.pick("No findings.", "未发现数据问题。"));
        return text;
    }
    let heads = [
        Head::Text(lang.pick("finding", "问题")),
        Head::Text(lang.pick("table", "表")),
        Head::Text(lang.pick("severity", "级别")),
        Head::Number(lang.pick("rows", "行数")),
        Head::Text(lang.pick("for example", "示例")),
    ];
    text.push('\n');
    text += &grid(
        &heads,
        findings.iter().map(|finding| {
            vec![
                finding.rule.code().to_owned(),
                finding.table.clone(),
                finding.severity.word().to_owned(),
                grouped(finding.rows),
                shortened(&finding.example),
            ]
        }),
    );
    text
}

/// An example that fits beside the other columns; the whole one is in the findings table.
fn shortened(example: &str) -> String {
    const CHARS: usize = 60;
    if example.chars().count() <= CHARS {
        example.into()
    } else {
        example.chars().take(CHARS - 1).chain(['…']).collect()
    }
}

fn next_steps(graded: &Graded, store: &Path, lang: Lang) -> String {
    let Some(&number) = graded.scores.population.first() else { return String::new() };
    let id = graded.facts.customers.ids.key(number);
    let store = store.display();
    match lang {
        Lang::En => format!(
            "\nNext: why a customer has its tier   gridtier explain {id} --store {store}\n\
             \x20     the tables of the cycle         gridtier path --store {store}\n"
        ),
        Lang::Zh => format!(
            "\n下一步: 查看客户等级的原因  gridtier explain {id} --store {store} --lang zh\n\
             \x20       周期的数据表        gridtier path --store {store}\n"
        ),
    }
}

/// What stopped the publication.
pub fn beyond_limits(breaches: &[Breach], data: &Path) -> String {
    let mut text = String::from("findings exceed the method's limits; nothing was published");
    text += &listed(breaches);
    let data = data.display();
    let _ = write!(
        text,
        "\n  what to do: see the rows with `gridtier check {data} -o DIR`, mend the export, or publish all the same \
         with --accept-findings=WHO"
    );
    text
}

/// What a check found to be too much.
pub fn check_beyond_limits(breaches: &[Breach], data: &Path, output: Option<&Path>) -> String {
    let mut text = String::from("findings exceed the method's limits; a regrade would publish nothing");
    text += &listed(breaches);
    let _ = match output {
        Some(dir) => {
            write!(text, "\n  what to do: the rows are in {}; mend the export", dir.join("rejects").display())
        }
        None => write!(text, "\n  what to do: see the rows with `gridtier check {} -o DIR`", data.display()),
    };
    text
}

fn listed(breaches: &[Breach]) -> String {
    let mut text = String::new();
    for breach in breaches {
        let _ = write!(
            text,
            "\n  table {}: {} rejected rows, {} allowed",
            breach.table,
            grouped(breach.rejected),
            grouped(breach.allowed)
        );
    }
    text
}

/// The result for machines.
pub fn json(graded: &Graded, cycle: &StoredCycle) -> Result<String, Failure> {
    let value = json!({
        "cycle": cycle.version,
        "dir": cycle.dir,
        "control_totals": graded.control_totals(),
        "findings": graded.findings,
    });
    serde_json::to_string_pretty(&value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::bug(&error.to_string()))
}
