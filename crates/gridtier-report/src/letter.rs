//! Letters to customers with an improvement plan, from a template that the operator may replace.
//!
//! A template has a part for each language that letters are written in, headed `[en]` or `[zh]`. A name in braces is
//! replaced by what a plan says in that language; a line that names a target or a loss that the plan does not have is left
//! out.

use gridtier::checked_toml::{Fault, Faults, did_you_mean};
use gridtier::cycle::Cycle;
use gridtier::improvement::{ImprovementPlan, ImprovementPlans, PlanItem};
use gridtier::index::{float_i64, index};
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier::unit::date_of_day;
use gridtier::word::Word;

use crate::format::{DASH, decimal};
use crate::improvement::{Outlook, dated_target_texts, indicator, region};
use crate::names::stratum;

/// The shipped template.
pub const SHIPPED: &str = include_str!("../letter.txt");
/// Ends a letter: a form feed, at which printers begin a new page.
const PAGE_END: &str = "\u{c}\n";
/// Decimals of points.
const POINT_DECIMALS: u8 = 2;
/// Number of targets, and of losses, that a template can name.
const NUMBERED: usize = 9;

/// The names that a template can use.
const NAMES: [&str; 13] = [
    "customer_id",
    "region",
    "stratum",
    "as_of",
    "tier",
    "next_tier",
    "score",
    "gap",
    "effort",
    "outlook",
    "blocked_until",
    "due_on",
    "appeal_days",
];

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    /// The value of a name in [`NAMES`], by the name's position.
    Named(usize),
    /// The target at an index.
    Target(usize),
    /// The loss at an index.
    Lost(usize),
}

/// A template of letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterTemplate {
    /// The lines of each language, in the order of the file.
    parts: Vec<(Lang, Vec<Vec<Piece>>)>,
}

impl LetterTemplate {
    /// The template of a file, `name` in messages.
    ///
    /// # Errors
    /// There are lines before the first language, or a name in braces is unknown; all faults are reported at once.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        let mut parts: Vec<(Lang, Vec<Vec<Piece>>)> = Vec::new();
        let mut faults = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(lang) = heading(text) {
                parts.push((lang, Vec::new()));
                continue;
            }
            let pieces = pieces(line, text, &mut faults);
            match parts.last_mut() {
                Some((_, lines)) => lines.push(pieces),
                None if text.trim().is_empty() => {}
                None => faults.push(Fault {
                    line,
                    what: text!("this line belongs to no language", "此行不属于任何语言"),
                    fix: text!(
                        "write `[en]` or `[zh]` on a line before it",
                        "请在其前另起一行写 `[en]` 或 `[zh]`"
                    ),
                }),
            }
        }
        if parts.is_empty() && faults.is_empty() {
            faults.push(Fault {
                line: 1,
                what: text!("the template is empty", "模板为空"),
                fix: text!("begin with `[en]` or `[zh]` on a line", "请以 `[en]` 或 `[zh]` 行开头"),
            });
        }
        if faults.is_empty() { Ok(Self { parts }) } else { Err(Faults { name: name.to_owned(), faults }) }
    }

    /// Whether a text is meant as a template: it has the heading of a language.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.lines().any(|line| heading(line).is_some())
    }

    /// The letter to the customer of the plan at an index, in each language of the template.
    #[must_use]
    pub fn letter(&self, cycle: &Cycle, plans: &ImprovementPlans, at: usize) -> String {
        let (plan, items) = (&plans.plans[at], plans.items(at));
        let outlook = Outlook::of(cycle, plan);
        // Only where the levers suffice is any value of an indicator enough.
        let targets = match outlook {
            Outlook::Reachable => dated_target_texts(cycle, items),
            _ => Vec::new(),
        };
        // Where the score decides nothing, no points lead to the next tier.
        let has_gap = !matches!(outlook, Outlook::Blocked | Outlook::Held | Outlook::NoLine);
        let mut named = named(cycle, plan).map(Some);
        for (name, value) in NAMES.iter().zip(&mut named) {
            if (*name == "gap" && !has_gap)
                || (*name == "effort" && outlook != Outlook::Reachable)
                || (*name == "due_on" && targets.is_empty())
            {
                *value = None;
            }
        }
        let values = LetterValues { named, targets, lost: lost_texts(cycle, items) };
        let mut letter = String::new();
        for (lang, lines) in &self.parts {
            for line in lines {
                if let Some(line) = values.line(line, *lang) {
                    letter.push_str(&line);
                    letter.push('\n');
                }
            }
        }
        letter
    }

    /// The letters to all customers with a plan, in the order of ids; between two of them a form feed.
    pub fn letters<'a>(
        &'a self,
        cycle: &'a Cycle,
        plans: &'a ImprovementPlans,
    ) -> impl Iterator<Item = String> + 'a {
        (0..plans.plans.len()).map(move |at| {
            let end = if at + 1 < plans.plans.len() { PAGE_END } else { "" };
            self.letter(cycle, plans, at) + end
        })
    }
}

/// The language that a line is the heading of.
fn heading(line: &str) -> Option<Lang> {
    Lang::from_code(line.trim().strip_prefix('[')?.strip_suffix(']')?)
}

/// The pieces of a line.
fn pieces(line: usize, text: &str, faults: &mut Vec<Fault>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain.to_owned()));
        }
        match piece(name) {
            Some(piece) => pieces.push(piece),
            None => faults.push(unknown_name(line, name)),
        }
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest.to_owned()));
    }
    pieces
}

fn piece(name: &str) -> Option<Piece> {
    if let Some(place) = NAMES.iter().position(|known| *known == name) {
        return Some(Piece::Named(place));
    }
    let (kind, number) = name.rsplit_once('_')?;
    let at = number.parse::<usize>().ok().filter(|number| (1..=NUMBERED).contains(number))? - 1;
    match kind {
        "target" => Some(Piece::Target(at)),
        "lost" => Some(Piece::Lost(at)),
        _ => None,
    }
}

fn unknown_name(line: usize, name: &str) -> Fault {
    Fault {
        line,
        what: text!("letters have no value named `{{{name}}}`", "信函中没有 `{{{name}}}`"),
        fix: did_you_mean(name, NAMES.into_iter().chain(["target_1", "lost_1"])),
    }
}

/// The values for one letter.
struct LetterValues {
    /// In the order of [`NAMES`]; `None` if the plan does not have the value.
    named: [Option<Text>; NAMES.len()],
    targets: Vec<Text>,
    lost: Vec<Text>,
}

impl LetterValues {
    /// A line in a language; `None` if it names a value that the plan does not have.
    fn line(&self, pieces: &[Piece], lang: Lang) -> Option<String> {
        let mut line = String::new();
        for piece in pieces {
            match piece {
                Piece::Plain(plain) => line.push_str(plain),
                Piece::Named(place) => line.push_str(self.named[*place].as_ref()?.in_lang(lang)),
                Piece::Target(at) => line.push_str(self.targets.get(*at)?.in_lang(lang)),
                Piece::Lost(at) => line.push_str(self.lost.get(*at)?.in_lang(lang)),
            }
        }
        Some(line)
    }
}

/// A score in points; a dash if there is none.
fn score(score_e6: Option<i64>) -> Text {
    Text::same(
        score_e6
            .map_or_else(|| DASH.to_owned(), |score_e6| decimal(float_i64(score_e6) / 1e6, POINT_DECIMALS)),
    )
}

/// A day; a dash if there is none.
fn day(day: Option<i32>) -> Text {
    Text::same(day.and_then(date_of_day).map_or_else(|| DASH.to_owned(), |day| day.to_string()))
}

fn named(cycle: &Cycle, plan: &ImprovementPlan) -> [Text; NAMES.len()] {
    let row = &cycle.rows[index(plan.row)];
    let effort = plan.effort.map_or_else(|| DASH.to_owned(), |effort| decimal(f64::from(effort) / 10.0, 1));
    let region = region(cycle, plan).map(|region| Text::same(region.to_owned()));
    [
        Text::same(plan.id(cycle).to_owned()),
        region.unwrap_or_else(|| text!("no region given", "未注明区域")),
        stratum(&cycle.strata[index(row.stratum)]),
        day(Some(cycle.end.first_day())),
        Text::of_word(row.tier),
        Text::of_word(Tier::Grade2),
        score(row.score_e6),
        score(plan.gap_e6),
        Text::same(effort.clone()),
        outlook(cycle, plan, &effort),
        day(plan.blocked_until.map(|month| month.first_day())),
        day(Some(plan.due_on)),
        Text::same(cycle.method.appeal.days.to_string()),
    ]
}

fn outlook(cycle: &Cycle, plan: &ImprovementPlan, effort: &str) -> Text {
    match (Outlook::of(cycle, plan), plan.blocked_until) {
        (Outlook::Reachable, _) => text!(
            "That is within your reach: {effort} % of the way to full marks in what you can change yourself.",
            "这一目标可以达到: 在贵户可自行改进的方面, 完成到满分差距的 {effort} % 即可。"
        ),
        (Outlook::Blocked, Some(month)) => text!(
            "A confirmed offence keeps you in this tier until {month}-01, if nothing is added.",
            "因已确认的违约或窃电, 若无新增, 该等级保持至 {month}-01。"
        ),
        (Outlook::Blocked, None) => {
            text!("A confirmed offence keeps you in this tier.", "因已确认的违约或窃电, 须保持该等级。")
        }
        (Outlook::Held, _) if cycle.rows[index(plan.row)].provisional.is_some() => text!(
            "The tier is provisional: too little is known of you yet to rank you. You are ranked once enough is known.",
            "该等级为暂定: 目前掌握的资料不足, 尚未参与排名; 资料充足后即参与排名。"
        ),
        (Outlook::Held, _) => text!(
            "A rule or a decision keeps you in this tier for now, not your score.",
            "目前因规则或决定保持该等级, 而非因得分。"
        ),
        (Outlook::OutOfReach, _) => text!(
            "What you can change yourself does not suffice for that yet; it brings you nearer.",
            "仅凭贵户可自行改进的方面尚不足以达到, 但可缩小差距。"
        ),
        (Outlook::NoLine, _) => {
            text!("No score leads out of this tier in this grading.", "本次评级中没有可升级的分数线。")
        }
    }
}

/// The indicators that the customer can change and that cost most, with the points lost, the most costly first.
fn lost_texts(cycle: &Cycle, items: &[PlanItem]) -> Vec<Text> {
    let levers = items.iter().filter(|item| item.is_lever);
    let mut lost: Vec<(&PlanItem, i64)> =
        levers.filter_map(|item| Some((item, item.lost_e6.filter(|lost| *lost > 0)?))).collect();
    lost.sort_by_key(|(_, lost_e6)| std::cmp::Reverse(*lost_e6));
    let texts = lost.into_iter().map(|(item, lost_e6)| {
        let (name, points) =
            (indicator(cycle, item.place), decimal(float_i64(lost_e6) / 1e6, POINT_DECIMALS));
        text!("{name} ({points} points)", "{name} ({points} 分)"; name)
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_letter_has_eleven_lines_in_each_language() {
        let template = LetterTemplate::parse("letter.txt", SHIPPED).unwrap();
        let lines: Vec<(Lang, usize)> =
            template.parts.iter().map(|(lang, lines)| (*lang, lines.len())).collect();
        assert_eq!(lines, [(Lang::En, 11), (Lang::Zh, 11)]);
        let names = |at: usize| -> Vec<&Piece> {
            let pieces = template.parts[at].1.iter().flatten();
            pieces.filter(|piece| !matches!(piece, Piece::Plain(_))).collect()
        };
        assert_eq!(names(0).len(), names(1).len());
    }

    #[test]
    fn all_faults_of_a_template_are_named_with_their_lines() {
        let faults =
            LetterTemplate::parse("t.txt", "Dear {customer_id}\n[zh]\n{scor} {target_0} {gap\n").unwrap_err();
        let message = faults.message(Lang::En);
        for expected in ["t.txt:1: this line belongs to no language", "did you mean `score`", "`{target_0}`"]
        {
            assert!(message.contains(expected), "{expected}: {message}");
        }
        assert_eq!(faults.faults.len(), 3);
        assert!(LetterTemplate::parse("t.txt", "\n").is_err());
    }

    #[test]
    fn a_line_that_names_a_missing_target_is_left_out() {
        let template = LetterTemplate::parse("t.txt", "[en]\n{score} {{}\n- {target_1}\n- {target_2}\n");
        assert!(template.is_err(), "braces in braces");
        let template =
            LetterTemplate::parse("t.txt", "[en]\n{score} }\n- {target_1}\n- {target_2}\n").unwrap();
        let mut named: [Text; NAMES.len()] = std::array::from_fn(|_| Text::default());
        named[6] = Text::same("12.30");
        let named = named.map(Some);
        let values = LetterValues { named, targets: vec![text!("one", "一")], lost: Vec::new() };
        let lines: Vec<Option<String>> =
            template.parts[0].1.iter().map(|line| values.line(line, Lang::Zh)).collect();
        assert_eq!(lines, [Some("12.30 }".to_owned()), Some("- 一".to_owned()), None]);
    }
}
