//! What `gridtier regrade` and `check` print, and what they say when there are too many findings.

use std::path::Path;

use gridtier::fact::Facts;
use gridtier::limit::Breach;
use gridtier::method::Method;
use gridtier::run::Graded;
use gridtier::source::Finding;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::{LocalTime, Month};
use gridtier_io::folder::Input;
use gridtier_io::regrade::KnownCycle;
use gridtier_io::store::StoredCycle;
use gridtier_report::format::shell_word;
use gridtier_report::render::terminal;
use gridtier_report::summary::{self, IsNew, Published, breach_lines};

use serde_json::json;

use crate::args::DEFAULT_METHOD;

use crate::lang::Lang;

/// The summary of a published cycle.
pub fn published(graded: &Graded, method: &Method, cycle: &StoredCycle, store: &Path, lang: Lang) -> String {
    let current = cycle.commit.current_after().unwrap_or(0);
    let published = Published {
        graded,
        method,
        version: cycle.version,
        dir: &cycle.dir,
        store,
        current,
        kind: cycle.commit.kind,
    };
    terminal::text(&summary::published(&published), lang.into())
}

/// The result of a grading, as JSON for programs.
pub fn json(graded: &Graded, cycle: &StoredCycle) -> String {
    let current = cycle.commit.current_after().unwrap_or(0);
    let totals = (&graded.control_totals(), graded.findings.as_slice());
    let is_new = if cycle.is_published() { IsNew::Yes } else { IsNew::Proposed };
    format!("{:#}\n", summary::cycle_json(totals, cycle.version, &cycle.dir, is_new, current))
}

/// The message that nothing was published, because a published cycle has the same content.
pub fn known(known: &KnownCycle, store: &Path, lang: Lang) -> String {
    let repeated = summary::Repeated {
        version: known.cycle.version,
        dir: &known.cycle.dir,
        as_of: &known.manifest.as_of,
        method: &known.manifest.method.name,
        current: known.current,
        store,
    };
    terminal::text(&[summary::repeated(&repeated)], lang.into())
}

/// The published cycle with the same content, as JSON for programs.
pub fn known_json(known: &KnownCycle) -> String {
    let KnownCycle { cycle, manifest, current } = known;
    let totals = (&manifest.control_totals, manifest.findings.as_slice());
    format!("{:#}\n", summary::cycle_json(totals, cycle.version, &cycle.dir, IsNew::No, *current))
}

/// What became of the rows of each table, the findings and what to do about them, and the encodings of text files.
pub fn rows(facts: &Facts, findings: &[Finding], inputs: &[Input], lang: Lang) -> String {
    let mut sections = summary::rows(facts, findings).to_vec();
    sections.extend(summary::advice(findings));
    let texts = inputs.iter().filter_map(|input| Some((input.path.as_str(), input.encoding.as_deref()?)));
    sections.extend(summary::encodings(&texts.collect::<Vec<_>>()));
    terminal::text(&sections, lang.into())
}

/// The command that checks data as a grading has read them, without the place of its results.
pub struct CheckCommand<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The first month after the window.
    pub as_of: Option<Month>,
    /// Rows recorded later are left out.
    pub known_as_of: Option<LocalTime>,
    /// The method, as it was named.
    pub method: &'a str,
}

impl CheckCommand<'_> {
    fn text(&self) -> String {
        let mut command = format!("gridtier check {}", shell_word(&self.data.display().to_string()));
        if let Some(as_of) = self.as_of {
            command.push_str(&format!(" --as-of {as_of}-01"));
        }
        if let Some(known) = self.known_as_of {
            command.push_str(&format!(" --known-as-of {}", shell_word(&known.to_string())));
        }
        if self.method != DEFAULT_METHOD {
            command.push_str(&format!(" --method {}", shell_word(self.method)));
        }
        command
    }
}

/// Why nothing was published.
pub fn beyond_limits(breaches: &[Breach], check: &CheckCommand) -> Text {
    let (Text { en, zh, .. }, check) = (breach_lines(breaches), check.text());
    text!(
        "findings exceed the method's limits; nothing was published{en}\n  what to do: see the rows with \
         `{check} -o DIR` and correct the export, or publish anyway with --accept-findings=WHO",
        "数据问题超出评价方法的限值; 未发布任何内容{zh}\n  处理办法：用 `{check} -o DIR` 查看有关行并修正导出, \
         或用 --accept-findings=WHO 接受后发布",
    )
}

/// Why a regrade of these data would publish nothing.
pub fn check_beyond_limits(breaches: &[Breach], check: &CheckCommand, output: Option<&Path>) -> Text {
    let check = check.text();
    let fix = match output {
        Some(dir) => {
            let rejects = dir.join("rejects");
            let rejects = rejects.display();
            text!("the rows are in {rejects}; correct the export", "有关行见 {rejects}; 请修正导出")
        }
        None => text!("see the rows with `{check} -o DIR`", "用 `{check} -o DIR` 查看有关行"),
    };
    let (Text { en, zh, .. }, Text { en: fix, zh: fix_zh, .. }) = (breach_lines(breaches), fix);
    text!(
        "findings exceed the method's limits; a regrade would publish nothing{en}\n  what to do: {fix}",
        "数据问题超出评价方法的限值; 重新评级不会发布{zh}\n  处理办法：{fix_zh}",
    )
}

/// The result of a grading that was not published, as JSON for programs.
pub fn unpublished_json(graded: &Graded) -> String {
    let value = json!({
        "published": false,
        "control_totals": graded.control_totals(),
        "findings": graded.findings,
        "breaches": graded.breaches,
    });
    format!("{value:#}\n")
}
