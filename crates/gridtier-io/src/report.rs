//! The use case `report`: makes one document of all results of a published cycle, with what changed since an earlier one.
//!
//! The document is rendered as a page, a workbook, or charts for slides. Only one cycle is in memory at a time; a chapter
//! keeps figures of it and no rows of customers.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use gridtier::compare::Pair;
use gridtier::decision::{ListedEntry, Proposed};
use gridtier::entitlement::selection::Selection;
use gridtier::robustness::StepProgress;
use gridtier::text;
use gridtier::text::{Lang, Text};
use gridtier::validate::validate;
use gridtier::word::Word as _;
use gridtier_report::comparison::ComparedCycles;
use gridtier_report::cycle_report::{
    self, Changed, ChangedServices, DataQuality, Front, InputFile, OutputTable, Part, Provenance,
};
use gridtier_report::document::Document;
use gridtier_report::notice::ServiceNames;
use gridtier_report::render;
use gridtier_report::render::svg::ChartFrame;

use crate::browse::predecessor;
use crate::compare::{CompareError, ComparedPair, ComparisonRequest, RevisionChoice};
use crate::cycle::{Manifest, catalogue, cycle};
use crate::draft;
use crate::entitle::{CycleEntitlements, ServiceChanges};
use crate::export::{ExportError, WriteError};
use crate::inventory::{self, proposed};
use crate::store::{Store, StoredCycle};

/// Which cycle to report on, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportRequest {
    /// Number of the cycle; `None` for the current one.
    pub cycle: Option<u64>,
    /// The cycle to compare it with.
    pub since: Since,
    /// Draws of weights, instead of those in the method.
    pub draws: Option<u64>,
    /// Ranked customers drawn for robustness and clusters, instead of those in the method.
    pub sample: Option<usize>,
    /// Seed of the draws, instead of that in the method.
    pub seed: Option<u64>,
    /// Costs omit counts of fewer customers than this.
    pub min_count: u64,
}

/// The earlier cycle that a cycle is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// The last published cycle with an earlier as-of, if there is one.
    #[default]
    Predecessor,
    /// No cycle.
    Nothing,
    /// The cycle with this number.
    Cycle(u64),
}

/// The report of a cycle.
///
/// # Errors
/// A cycle cannot be read, or the cycles named cannot be compared.
pub fn report(
    store: &Store,
    request: &ReportRequest,
    progress: StepProgress<'_>,
) -> Result<Document, CompareError> {
    let stored = store.cycle(request.cycle)?;
    let manifest = Manifest::read(&stored)?;
    let [mut parts, method] = of_cycle(store, &stored, &manifest, request, progress)?;
    parts.extend(since(store, &stored, request)?);
    parts.extend(entitlements(&stored, &manifest, request)?);
    parts.push(quality(&manifest));
    parts.extend(method);
    let register: Vec<ListedEntry> = store.register()?.into_iter().map(inventory::listed).collect();
    parts.push(cycle_report::provenance(provenance(&stored, &manifest, &register)));
    let front = Front {
        totals: &manifest.control_totals,
        window: (&manifest.window).into(),
        method: &manifest.method.name,
        waits: waits(&stored),
    };
    let mut chapters = vec![cycle_report::front(front, &parts)];
    chapters.extend(parts.into_iter().map(|part| part.chapter));
    let (number, as_of, method) = (stored.version, &manifest.as_of, &manifest.method.name);
    Ok(Document {
        title: text!("Customer grading, cycle {number}", "客户价值分级 第 {number} 周期"),
        about: text!("as of {as_of}, method {method}", "评价截止日 {as_of}, 方法 {method}"),
        chapters,
        is_brief: false,
    })
}

/// The chapters about the cycle's own results, and the one about its method.
fn of_cycle(
    store: &Store,
    stored: &StoredCycle,
    manifest: &Manifest,
    request: &ReportRequest,
    progress: StepProgress<'_>,
) -> Result<[Vec<Part>; 2], CompareError> {
    let mut graded = cycle(store, stored)?;
    let settings = &mut graded.method.checks;
    settings.draws = request.draws.unwrap_or(settings.draws);
    settings.sample = request.sample.unwrap_or(settings.sample);
    settings.seed = request.seed.unwrap_or(settings.seed);
    let validation = validate(&graded, progress);
    let parts = vec![
        cycle_report::tiers(&graded, &manifest.control_totals, (&manifest.window).into()),
        cycle_report::lines(&graded),
        cycle_report::by_stratum(&graded),
        cycle_report::indicator_weights(&graded),
        cycle_report::checks(&graded, &validation, stored.version),
    ];
    Ok([parts, vec![cycle_report::method(&graded.method, &graded.parameters)]])
}

/// The part about changes since the earlier cycle; `None` if there is none to compare with.
fn since(store: &Store, stored: &StoredCycle, request: &ReportRequest) -> Result<Option<Part>, CompareError> {
    let from = match request.since {
        Since::Nothing => None,
        Since::Cycle(number) => Some(number),
        Since::Predecessor => predecessor(store, stored)?.map(|before| before.version),
    };
    let Some(from) = from else { return Ok(None) };
    let request =
        ComparisonRequest { from: Some(from), cycle: Some(stored.version), revision: RevisionChoice::Latest };
    let cycles = ComparedPair::read(store, request)?;
    let (pair, comparison) = cycles.compare()?;
    let (before, after, revision) = cycles.numbers;
    let numbers = ComparedCycles { before, after, revision, is_rehearsed: false };
    let changed = Changed { pair: &pair, comparison: &comparison, numbers, services: None };
    let both = cycles.stored();
    // The first cycles recorded no catalogue.
    for stored in both {
        if Manifest::read(stored)?.entitlements.is_none() {
            return Ok(Some(cycle_report::changes(changed)));
        }
    }
    Ok(Some(with_services(&pair, changed, both)?))
}

fn with_services(
    pair: &Pair<'_>,
    changed: Changed<'_>,
    [before, after]: [&StoredCycle; 2],
) -> Result<Part, CompareError> {
    let (older, newer) = (catalogue(before)?, catalogue(after)?);
    let ServiceChanges { costs, tellings } = ServiceChanges::of(
        pair,
        changed.comparison,
        CycleEntitlements { cycle: before, catalogue: &older },
        CycleEntitlements { cycle: after, catalogue: &newer },
    )?;
    let names = ServiceNames { older: &older, newer: &newer };
    let services = ChangedServices { costs: &costs, tellings: &tellings, names };
    Ok(cycle_report::changes(Changed { services: Some(services), ..changed }))
}

/// The part about entitlements; `None` if the cycle records no catalogue.
fn entitlements(
    stored: &StoredCycle,
    manifest: &Manifest,
    request: &ReportRequest,
) -> Result<Option<Part>, CompareError> {
    if manifest.entitlements.is_none() {
        return Ok(None);
    }
    let catalogue = catalogue(stored)?;
    let statements =
        CycleEntitlements { cycle: stored, catalogue: &catalogue }.statements(&Selection::default())?;
    Ok(Some(cycle_report::entitlements(&catalogue, &statements, request.min_count)))
}

/// Writes a report as one page in both languages. `first` is the language that it opens in.
///
/// # Errors
/// The file cannot be written. In that case no file has appeared under the name.
pub fn write_page(path: &Path, document: &Document, first: Lang) -> Result<(), ExportError> {
    draft::write_file(path, |file| Ok(render::html::write_document(file, document, first)?))
        .map_err(|error: WriteError| error.at(path))
}

/// Writes every chart of a report in both languages into a folder, as `NAME.en.svg` and `NAME.zh.svg`. Returns the
/// number of charts.
///
/// # Errors
/// The folder or a file cannot be written.
pub fn write_charts(dir: &Path, document: &Document) -> Result<usize, ExportError> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let written = draft::write_folder(dir, |draft| {
        let mut charts = 0;
        for chart in document.charts() {
            // Two sections may show the same kind of chart.
            let number = names.entry(chart.code()).or_default();
            *number += 1;
            let name =
                if *number == 1 { chart.code().to_owned() } else { format!("{}-{number}", chart.code()) };
            for lang in Lang::ALL {
                let drawn = render::svg::draw(chart, (*lang).into(), ChartFrame::FILE);
                let path = draft.join(format!("{name}.{}.svg", lang.code()));
                draft::write_file(&path, |file| file.write_all(drawn.as_bytes()))?;
            }
            charts += 1;
        }
        Ok(charts)
    });
    written.map_err(|error: io::Error| WriteError::from(error).at(dir))
}

fn quality(manifest: &Manifest) -> Part {
    let inputs = manifest.inputs.iter().map(|entry| &entry.input);
    let encodings: Vec<(&str, &str)> =
        inputs.filter_map(|input| Some((input.path.as_str(), input.encoding.as_deref()?))).collect();
    cycle_report::quality(DataQuality {
        reconciliation: &manifest.control_totals.reconciliation,
        findings: &manifest.findings,
        breaches: &manifest.breaches,
        accepted_by: manifest.accepted_by.as_deref(),
        encodings: &encodings,
    })
}

/// The decision that the cycle itself waits for.
fn waits(stored: &StoredCycle) -> Vec<Text> {
    let number = stored.version;
    if stored.is_published() {
        return Vec::new();
    }
    vec![text!(
        "Cycle {number} is a proposal: it is published when somebody else approves it.",
        "周期 {number} 为提案, 须由他人批准后发布。"
    )]
}

/// Who proposed, reviewed and published a cycle, when and why.
fn decisions(stored: &StoredCycle, register: &[ListedEntry]) -> Vec<(Text, Text)> {
    let same = |value: &str| Text::same(value.to_owned());
    let mut facts = Vec::new();
    if let Some(Proposed { by, at, reason }) = proposed(stored) {
        facts.push((Text::new("proposed (UTC)", "提案时间 (UTC)"), Text::same(at)));
        facts.extend(by.map(|by| (Text::new("proposed by", "提案人"), Text::same(by))));
        facts.extend(
            reason.map(|reason| (Text::new("reason of the proposal", "提案理由"), Text::same(reason))),
        );
    }
    for entry in register.iter().filter(|entry| entry.cycle == Some(stored.version)) {
        if let Some(verdict) = entry.verdict {
            let (by, at, reason) = (&entry.by, &entry.at, &entry.reason);
            let (en, zh) = (verdict.en(), verdict.zh());
            facts.push((
                Text::new("reviewed by", "复核人"),
                text!("{by}: {en}, {at}, {reason}", "{by}: {zh}, {at}, {reason}"),
            ));
        }
    }
    if let Some(record) = &stored.publication {
        facts.push((Text::new("published (UTC)", "发布时间 (UTC)"), same(&record.published_at)));
        facts.extend(record.by.as_ref().map(|by| (Text::new("published by", "发布人"), same(by))));
        facts.extend(record.reason.as_ref().map(|reason| (Text::new("reason", "理由"), same(reason))));
    }
    facts
}

fn provenance(stored: &StoredCycle, manifest: &Manifest, register: &[ListedEntry]) -> Provenance {
    let same = |value: &str| Text::same(value.to_owned());
    let mut facts = vec![
        (Text::new("cycle", "周期"), Text::same(stored.version.to_string())),
        (Text::new("as of", "评价截止日"), same(&manifest.as_of)),
    ];
    if let Some(instant) = &manifest.known_as_of {
        facts.push((Text::new("rows recorded until", "录入截止时间"), same(instant)));
    }
    facts.extend(decisions(stored, register));
    if let Some(revision) = &manifest.revises {
        facts.push((
            Text::new("corrects an earlier cycle, because", "修订较早周期, 原因"),
            same(&revision.reason),
        ));
    }
    let (name, version) = (&manifest.engine.name, &manifest.engine.version);
    facts.push((Text::new("program", "程序"), Text::same(format!("{name} {version}"))));
    let method = &manifest.method;
    facts.push((Text::new("method", "评价方法"), same(&method.name)));
    facts.push((Text::new("SHA-256 of the method", "方法的 SHA-256"), same(&method.sha256)));
    if let Some(catalogue) = &manifest.entitlements {
        let (name, version) = (&catalogue.name, &catalogue.version);
        facts.push((Text::new("catalogue", "权益目录"), Text::same(format!("{name} {version}"))));
        facts.push((Text::new("SHA-256 of the catalogue", "权益目录的 SHA-256"), same(&catalogue.sha256)));
    }
    facts
        .push((Text::new("SHA-256 of the manifest", "清单的 SHA-256"), same(&stored.commit.manifest_sha256)));
    Provenance { facts, inputs: inputs(manifest), outputs: outputs(manifest) }
}

fn inputs(manifest: &Manifest) -> Vec<InputFile> {
    let inputs = manifest.inputs.iter().map(|entry| &entry.input);
    inputs
        .map(|input| InputFile {
            path: input.path.clone(),
            table: input.table.map_or_else(
                || Text::same("–"),
                |table| Text::coded(table.name(), table.name(), table.name_zh()),
            ),
            rows: input.rows,
            bytes: input.bytes,
            sha256: input.sha256.clone(),
        })
        .collect()
}

fn outputs(manifest: &Manifest) -> Vec<OutputTable> {
    let outputs = manifest.outputs.iter();
    outputs
        .map(|file| OutputTable {
            name: file.name.clone(),
            rows: file.rows,
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        })
        .collect()
}
