//! Tries other weights and quotas on a cycle: who would move, counts by stratum, shares of revenue and energy.
//!
//! The form works without the script. With the script, moving a slider requests only the result again.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use gridtier::contract::cell::fold_id;
use gridtier::cycle::Cycle;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::whatif::{TrialOutcome, attempt, set, settable_weights};
use gridtier::word::Word as _;
use gridtier_io::cycle::about;
use gridtier_io::export;
use gridtier_io::store::StoredCycle;
use gridtier_report::section::Section;
use gridtier_report::{names, trial_moves, whatif};
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::{Asked, PageFormat};
use crate::fields::look;
use crate::view::View;

/// How long a page waits for a cycle that is not yet in memory, and a slider for its result, before it says so.
const PAGE_PATIENCE: Duration = Duration::from_secs(1);
const RESULT_PATIENCE: Duration = Duration::from_secs(5);
/// Number of customers on a page. Files have all of them.
const ROWS: usize = 100;

/// The page with its form. If the settings have an error, it is shown above the form.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (_, stored) = view.cycle(asked)?;
    let number = stored.version;
    let title = text!(
        "What if: other weights or quotas for cycle {number}",
        "试算: 周期 {number} 换用其他权重或比例"
    );
    let Some(cycle) = view.cycles.whole_cycle(&stored, asked.patience().max(PAGE_PATIENCE))? else {
        return Ok(Page::waiting(title));
    };
    match Tried::new(&cycle, asked, number) {
        Ok(tried) => match tried.file(&cycle, asked, &stored)? {
            Some(file) => Ok(Page::of_file(title, file)),
            None => Ok(Page::new(title, tried.sections(&cycle)?).led_by(form(&cycle, asked))),
        },
        Err(error) => {
            let said = Section::new().sentence(error.what.en, error.what.zh);
            Ok(Page::new(title, vec![said]).led_by(form(&cycle, asked)))
        }
    }
}

/// The result without the page, for the script.
pub fn result(view: &Arc<View>, asked: &Asked) -> Result<Vec<Section>, WebError> {
    let (_, stored) = view.cycle(asked)?;
    let cycle = view.cycles.whole_cycle(&stored, RESULT_PATIENCE)?.ok_or_else(WebError::not_yet)?;
    Tried::new(&cycle, asked, stored.version)?.sections(&cycle)
}

/// A trial with what it shows, but for the list of customers who would move.
struct Tried {
    outcome: TrialOutcome,
    counted: Vec<Section>,
}

impl Tried {
    fn new(cycle: &Cycle, asked: &Asked, number: u64) -> Result<Self, WebError> {
        let trial = set(cycle, &settings(cycle, asked)).map_err(WebError::request)?;
        let outcome = attempt(cycle, &trial.method);
        let mut counted = Vec::new();
        if let Some(id) = asked.field("id").map(fold_id) {
            let found = cycle.customers.ids.get(&id);
            let found =
                found.and_then(|number| cycle.rows.binary_search_by_key(&number, |row| row.number).ok());
            let Some(at) = found else {
                return Err(WebError::not_found(text!(
                    "cycle {number} does not grade customer {id}",
                    "周期 {number} 未对客户 {id} 评级"
                )));
            };
            counted.push(trial_moves::customer(cycle, &outcome, at));
        }
        counted.extend(whatif::sections(&trial, &outcome, cycle.rows.len(), number));
        Ok(Self { outcome, counted })
    }

    fn sections(mut self, cycle: &Cycle) -> Result<Vec<Section>, WebError> {
        self.counted.push(trial_moves::moved(cycle, &self.outcome, ROWS)?);
        Ok(self.counted)
    }

    /// The requested file, if it has the list of customers who would move.
    fn file(&self, cycle: &Cycle, asked: &Asked, stored: &StoredCycle) -> Result<Option<File>, WebError> {
        let is_other = match asked.format() {
            PageFormat::Csv(place) => place != self.counted.iter().flat_map(Section::tables).count(),
            PageFormat::Html | PageFormat::Xlsx => false,
        };
        let Some(format) = asked.format().of_file().filter(|_| !is_other) else { return Ok(None) };
        let list = trial_moves::moved_list(cycle, &self.outcome).about(about(stored)?);
        Ok(Some(export::unnamed(format, asked.voice(), &self.counted, list)?))
    }
}

/// A weight as the form shows it.
fn shown(weight: f64) -> String {
    let text = format!("{weight:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The settings that differ from the cycle: each changed weight, and all quotas if one of them changed.
fn settings(cycle: &Cycle, asked: &Asked) -> Vec<String> {
    let weights = settable_weights(cycle).into_iter().filter_map(|(path, weight)| {
        let given = asked.field(&path)?;
        (given != shown(weight)).then(|| format!("{path}={given}"))
    });
    let mut settings: Vec<String> = weights.collect();
    let given = quotas(cycle, asked);
    let own: Vec<String> = cycle.method.lines.quotas.iter().map(ToString::to_string).collect();
    if given != own {
        settings.push(format!("quotas=[{}]", given.join(", ")));
    }
    settings
}

/// The quota of each tier: the one in the request or else that of the cycle.
fn quotas(cycle: &Cycle, asked: &Asked) -> Vec<String> {
    let own = Tier::ALL.iter().zip(cycle.method.lines.quotas);
    own.map(|(tier, own)| {
        asked.field(&format!("quota.{}", tier.code())).map_or_else(|| own.to_string(), str::to_owned)
    })
    .collect()
}

fn form(cycle: &Cycle, asked: &Asked) -> Markup {
    let weights = settable_weights(cycle);
    let (dimensions, others): (Vec<_>, Vec<_>) =
        weights.iter().partition(|(path, _)| path.matches('.').count() == 1);
    let field = |path: &str, weight: f64| {
        let own = shown(weight);
        html! {
            label {
                (names::weight(path, &cycle.method).pick(asked.voice()))
                input.slid type="number" name=(path) min="0" max="1" step="any" data-own=(own)
                    value=(asked.field(path).unwrap_or(&own));
            }
        }
    };
    let fields = html! {
        @if let Some(id) = asked.field("id") { input type="hidden" name="id" value=(id); }
        fieldset {
            legend { (asked.lang.pick("Weights of the dimensions; siblings that are not changed are scaled", "维度权重; 未改动的同级权重按比例缩放")) }
            @for (path, weight) in &dimensions { (field(path, *weight)) }
        }
        fieldset {
            legend { (asked.lang.pick("Quotas in percent, 100 together", "各等级比例 (%), 合计 100")) }
            @for (&tier, quota) in Tier::ALL.iter().zip(quotas(cycle, asked)) {
                label {
                    (names::tier(tier).pick(asked.voice()))
                    input.slid type="number" name={ "quota." (tier.code()) } min="0" max="100" step="1" value=(quota);
                }
            }
        }
        details open[others.iter().any(|(path, weight)| asked.field(path).is_some_and(|given| given != shown(*weight)))] {
            summary { (asked.lang.pick("Weights of groups and indicators", "分组与指标权重")) }
            fieldset { @for (path, weight) in &others { (field(path, *weight)) } }
        }
    };
    html! { div #trial data-result="/whatif/result" { (look(asked, &fields)) } }
}
