//! The matrix and what stands behind it: cells with their terms, services, prices of combinations.

use super::super::catalogue::Catalogue;
use super::super::condition::Condition;
use super::super::service::{Access, Cell, Fee, Opening, Service, Terms};
use super::{Draft, Sheet, Words, e6, integer};
use crate::method::Tier;
use crate::word::Word;

/// Services by dimension, in the order of dimensions and then of the file.
fn by_dimension(catalogue: &Catalogue) -> Vec<&Service> {
    let mut services: Vec<&Service> = catalogue.services.iter().collect();
    services.sort_by_key(|service| service.dimensions.first().copied());
    services
}

fn dimensions(service: &Service, words: Words) -> String {
    let names: Vec<String> = service.dimensions.iter().map(|&dimension| words.name(dimension)).collect();
    names.join(" / ")
}

pub(super) fn tier_name(tier: Tier, words: Words) -> String {
    words.pick(tier.code(), tier.code(), tier.zh())
}

pub(super) fn access_name(access: Access, words: Words) -> String {
    words.name(access)
}

pub(super) fn title(service: &Service, words: Words) -> String {
    match words {
        Words::Codes => service.title.clone(),
        _ => words.pick("", &service.title, &service.title_zh),
    }
}

/// The note of terms.
pub(super) fn note(terms: &Terms, words: Words) -> String {
    match words {
        _ if terms.note.is_empty() && terms.note_zh.is_empty() => String::new(),
        _ => words.pick(&terms.note, &terms.note, &terms.note_zh),
    }
}

/// A condition in the words asked for.
#[must_use]
pub fn condition_words(catalogue: &Catalogue, condition: &Condition, words: Words) -> String {
    match words {
        Words::Codes | Words::En => condition.text.clone(),
        Words::Zh | Words::Both => words.pick("", &condition.text, &condition.zh(&catalogue.fields)),
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// A cell's terms in a few words: price, subsidy, quota, cadence. Empty when there is nothing to say.
#[must_use]
pub fn cell_terms(service: &Service, access: Access, terms: &Terms, words: Words) -> String {
    let mut parts: Vec<String> = Vec::new();
    match (access, &service.fee) {
        (Access::Paid, Fee::Combination(list, _)) => {
            parts.push(words.pick("by_combination", "by combination", "按组合收费"));
            for (place, part) in list.iter().enumerate() {
                if terms.free_parts >> place & 1 == 1 {
                    let name = words.pick(&part.id, &part.title, &part.title_zh);
                    parts.push(format!("{name} {}", words.pick("free", "free", "免费")));
                }
            }
        }
        (Access::Paid, _) => parts.extend(terms.fee_fen.map(|fee| {
            let fee = yuan(fee);
            words.pick(&format!("{fee} CNY"), &format!("{fee} CNY"), &format!("{fee} 元"))
        })),
        _ => {}
    }
    if let Some(share) = terms.subsidy_e6 {
        parts.push(format!("{} %", 100.0 * e6(share)));
    }
    if let Some(cadence) =
        terms.cadence.filter(|cadence| *cadence != service.cadence || access == Access::Limited)
    {
        parts.push(words.name(cadence));
    }
    if let Some(quota) = terms.quota_per_year {
        parts.push(words.pick(
            &format!("{quota}/year"),
            &format!("{quota} a year"),
            &format!("每年 {quota} 次"),
        ));
    }
    parts.join(", ")
}

/// A cell in short: `*` where a condition must hold besides the tier, `†` where some have more whatever the tier.
fn short(service: &Service, cell: &Cell, words: Words) -> String {
    let is_conditional = service.condition.is_some() || cell.condition.is_some();
    let star = if is_conditional && cell.access != Access::None { "*" } else { "" };
    let has_more = service.opens.iter().any(|opening| opening.access > cell.access);
    let dagger = if has_more { "†" } else { "" };
    let name = access_name(cell.access, words) + star + dagger;
    let terms = cell_terms(service, cell.access, &cell.terms, words);
    match (terms.is_empty(), words) {
        (true, _) => name,
        (false, Words::Zh) => format!("{name}（{terms}）"),
        (false, _) => format!("{name} ({terms})"),
    }
}

/// The matrix as people read it: a row for each service, a column for each tier.
#[must_use]
pub fn matrix(catalogue: &Catalogue, words: Words) -> Sheet {
    let services = by_dimension(catalogue);
    let each = || services.iter().copied();
    let mut draft = Draft::new(words)
        .text(("dimension", "dimension", "维度"), each().map(|service| Some(dimensions(service, words))))
        .text(("service", "service", "编号"), each().map(|service| Some(service.id.clone())))
        .text(("title", "name", "服务"), each().map(|service| Some(title(service, words))));
    for tier in Tier::ALL {
        let name = (tier.code(), tier.code(), tier.zh());
        draft = draft.text(name, each().map(|service| Some(short(service, service.cell(tier), words))));
    }
    draft
        .text(("start", "begins", "启动方式"), each().map(|service| Some(words.name(service.start))))
        .flags(("regulated", "regulated", "监管服务"), each().map(|service| catalogue.is_regulated(service)))
        .text(
            ("condition", "* only if", "* 适用条件"),
            each().map(|service| {
                let condition = service.condition.as_ref()?;
                Some(condition_words(catalogue, condition, words))
            }),
        )
        .text(
            ("opened_to", "† whatever the tier", "† 不分等级开放"),
            each().map(|service| opened_to(catalogue, service, words)),
        )
        .sheet(("matrix", "Entitlement matrix", "客户分级服务矩阵"))
}

/// The cells of these tiers with their terms and provenance: a row for each service and tier.
#[must_use]
pub fn cells(catalogue: &Catalogue, tiers: &[Tier], words: Words) -> Sheet {
    let services = by_dimension(catalogue);
    let each =
        || services.iter().flat_map(|service| tiers.iter().map(|&tier| (*service, tier, service.cell(tier))));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Draft::new(words)
        .text(("service", "service", "编号"), each().map(|(service, ..)| Some(service.id.clone())))
        .text(("title", "name", "服务"), each().map(|(service, ..)| Some(title(service, words))))
        .text(("tier", "tier", "等级"), each().map(|(_, tier, _)| Some(tier_name(tier, words))))
        .text(
            ("access", "access", "提供方式"),
            each().map(|(.., cell)| Some(access_name(cell.access, words))),
        )
        .money(("fee", "fee, CNY", "单价（元）"), each().map(|(.., cell)| cell.terms.fee_fen.map(i128::from)))
        .numbers(
            ("subsidy_share", "subsidy share", "补贴比例"),
            each().map(|(.., cell)| cell.terms.subsidy_e6.map(e6)),
        )
        .text(
            ("cadence", "cadence", "频次"),
            each().map(|(service, _, cell)| {
                let cadence = cell.terms.cadence.unwrap_or(service.cadence);
                (cell.access != Access::None).then(|| words.name(cadence))
            }),
        )
        .integers(
            ("quota_per_year", "quota a year", "年度限额"),
            each().map(|(.., cell)| cell.terms.quota_per_year.map(integer)),
        )
        .text(
            ("condition", "condition", "适用条件"),
            each().map(|(service, _, cell)| both(catalogue, service, cell, words)),
        )
        .text(("note", "terms", "条款"), each().map(|(.., cell)| some(&note(&cell.terms, words))))
        .text(
            ("provenance", "provenance", "依据"),
            each().map(|(.., cell)| {
                let provenance = cell.provenance;
                Some(words.name(provenance))
            }),
        )
        .text(("phrase", "the paper's words", "论文原文"), each().map(|(.., cell)| some(&cell.phrase)))
        .text(("less", "why less", "低于下级的理由"), each().map(|(.., cell)| cell.less.clone()))
        .sheet(("cells", "Terms and provenance", "条款与依据"))
}

/// To whom a service is opened whatever the tier, and how.
#[must_use]
pub fn opened_to(catalogue: &Catalogue, service: &Service, words: Words) -> Option<String> {
    let opening = |opening: &Opening| {
        let condition = condition_words(catalogue, &opening.condition, words);
        format!("{condition} → {}", access_name(opening.access, words))
    };
    let openings: Vec<String> = service.opens.iter().map(opening).collect();
    (!openings.is_empty()).then(|| openings.join("; "))
}

/// The conditions of the service and of its cell.
fn both(catalogue: &Catalogue, service: &Service, cell: &Cell, words: Words) -> Option<String> {
    let conditions = service.condition.iter().chain(&cell.condition);
    let told: Vec<String> =
        conditions.map(|condition| condition_words(catalogue, condition, words)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The services: what they are, what they cost, what limits them.
#[must_use]
pub fn services(catalogue: &Catalogue, words: Words) -> Sheet {
    let services = by_dimension(catalogue);
    let each = || services.iter().copied();
    Draft::new(words)
        .text(("service", "service", "编号"), each().map(|service| Some(service.id.clone())))
        .text(("dimension", "dimension", "维度"), each().map(|service| Some(dimensions(service, words))))
        .text(("title", "name", "服务"), each().map(|service| Some(title(service, words))))
        .text(
            ("about", "what it is", "说明"),
            each().map(|service| Some(words.pick(&service.about, &service.about, &service.about_zh))),
        )
        .flags(("regulated", "regulated", "监管服务"), each().map(|service| catalogue.is_regulated(service)))
        .text(
            ("unit", "unit", "计量单位"),
            each().map(|service| Some(words.pick(&service.unit, &service.unit, &service.unit_zh))),
        )
        .money(
            ("unit_cost", "unit cost, CNY", "单位成本（元）"),
            each().map(|service| Some(service.unit_cost_fen.into())),
        )
        .numbers(
            ("uptake", "units a year and customer", "户均年用量"),
            each().map(|service| service.programme_units.is_none().then(|| e6(service.uptake_e6))),
        )
        .integers(
            ("programme_units", "units a year for the public", "公众项目年用量"),
            each().map(|service| service.programme_units.map(integer)),
        )
        .text(
            ("fee_rule", "fee rule", "收费规则"),
            each().map(|service| {
                let rule = service.fee.rule();
                Some(words.name(rule))
            }),
        )
        .integers(
            ("capacity_per_year", "capacity, units a year", "年度能力"),
            each().map(|service| service.capacity.map(|capacity| integer(capacity.per_year()))),
        )
        .text(
            ("condition", "condition", "适用条件"),
            each().map(|service| {
                let condition = service.condition.as_ref()?;
                Some(condition_words(catalogue, condition, words))
            }),
        )
        .text(
            ("opened_to", "opened whatever the tier", "不分等级开放条件"),
            each().map(|service| opened_to(catalogue, service, words)),
        )
        .flags(
            ("outage_plan", "needs the outage plan", "须核有序用电方案"),
            each().map(|service| service.outage_plan),
        )
        .text(("source", "source", "来源"), each().map(|service| Some(service.source.clone())))
        .sheet(("services", "Services", "服务目录"))
}

/// The price of every choice of parts, for each tier that pays for them.
#[must_use]
pub fn combinations(catalogue: &Catalogue, words: Words) -> Sheet {
    let mut rows: Vec<(&Service, u32, Tier, i64)> = Vec::new();
    for service in by_dimension(catalogue) {
        let Fee::Combination(_, choices) = &service.fee else { continue };
        for choice in choices {
            for tier in Tier::ALL.into_iter().filter(|tier| service.cell(*tier).access == Access::Paid) {
                let price = service.price_fen(&service.cell(tier).terms, choice.parts);
                rows.extend(price.map(|price| (service, choice.parts, tier, price)));
            }
        }
    }
    let each = || rows.iter();
    Draft::new(words)
        .text(("service", "service", "编号"), each().map(|row| Some(row.0.id.clone())))
        .text(("parts", "parts chosen", "所选项目"), each().map(|row| Some(parts_of(row.0, row.1, words))))
        .text(("tier", "tier", "等级"), each().map(|row| Some(tier_name(row.2, words))))
        .money(("fee", "fee, CNY", "价格（元）"), each().map(|row| Some(row.3.into())))
        .sheet(("prices", "Prices by combination", "组合价格"))
}

/// The names of the parts of a choice.
pub(super) fn parts_of(service: &Service, bits: u32, words: Words) -> String {
    let Fee::Combination(parts, _) = &service.fee else { return String::new() };
    let chosen = parts.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    let names: Vec<String> =
        chosen.map(|(_, part)| words.pick(&part.id, &part.title, &part.title_zh)).collect();
    names.join(" + ")
}
