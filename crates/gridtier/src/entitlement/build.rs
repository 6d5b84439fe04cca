//! Construction of a catalogue's services from its file, reporting the faults that a JSON Schema cannot express.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::condition::{Condition, Field};
use super::raw::{
    CapacityPeriod, CatalogueFile, CellFile, FeeFile, OpeningFile, ServiceFile, TermsFile, Yuan,
};
use super::service::{
    Access, Capacity, Cell, Combination, Fee, FeeRule, Opening, Service, ServicePart, Terms,
};
use crate::checked_toml::{CheckedToml, Fault, did_you_mean};
use crate::index::float_i64;
use crate::method::Tier;
use crate::text;
use crate::text::Text;
use crate::unit::round_half_away;
use crate::word::Word;

/// Most parts of a service that is priced by combination, since every choice of parts has its own price.
const PARTS_MAX: usize = 8;

/// The construction in progress.
pub(super) struct Build<'a, 't> {
    pub document: &'a CheckedToml<'t>,
    pub fields: &'a [Field],
    pub faults: Vec<Fault>,
}

/// A number times `scale` as an integer, half away from zero.
pub(super) fn scaled(x: f64, scale: f64) -> i64 {
    round_half_away(x * scale)
}

fn fen(yuan: f64) -> i64 {
    scaled(yuan, 100.0)
}

fn e6(share: f64) -> i64 {
    scaled(share, 1e6)
}

impl Build<'_, '_> {
    fn fault(&mut self, path: &[&str], what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: self.document.line(path), what: what.into(), fix: fix.into() });
    }

    /// The days from and to which the catalogue is in force.
    pub fn dates(&mut self, file: &CatalogueFile) -> (NaiveDate, Option<NaiveDate>) {
        let (from, to) = (file.effective_from.0, file.effective_to.map(|day| day.0));
        let is_sound = ["effective_from", "effective_to"].iter().all(|key| self.document.is_sound(&[key]));
        if is_sound && to.is_some_and(|to| to < from) {
            let what =
                text!("`effective_to` lies before `effective_from`", "`effective_to` 早于 `effective_from`");
            let fix = text!(
                "correct one of them, or leave `effective_to` out",
                "请改正其中一个，或省略 `effective_to`"
            );
            self.fault(&["effective_to"], what, fix);
        }
        (from, to)
    }

    /// The services of the catalogue. A service with a fault that prevents its construction is reported and left out.
    pub fn services(&mut self, files: &[ServiceFile]) -> Vec<Service> {
        if files.is_empty() {
            let what = text!("the catalogue has no service", "目录中没有服务");
            self.fault(&["service"], what, text!("add a service with [[service]]", "请用 [[service]] 添加"));
        }
        let mut services: Vec<Service> = Vec::new();
        for (place, service) in files.iter().enumerate() {
            let place = place.to_string();
            if let Some(known) = services.iter().find(|known| known.id == service.id) {
                let id = &known.id;
                let what = text!("service {id} occurs twice", "服务 {id} 出现两次");
                let fix = text!("give each service an id of its own", "请给每项服务单独的 id");
                self.fault(&["service", &place, "id"], what, fix);
            }
            services.extend(self.service(service, &place));
        }
        services
    }

    fn service(&mut self, file: &ServiceFile, place: &str) -> Option<Service> {
        let at = |key: &'static str| ["service", place, key];
        let id = file.id.as_str();
        self.texts(file, place);
        if file.dimensions.is_empty() {
            let what = text!("service {id} has no dimension", "服务 {id} 没有维度");
            self.fault(&at("dimensions"), what, text!("name at least one", "请至少写一个"));
        }
        if file.uptake.is_some() == file.programme_units.is_some() {
            let what = text!(
                "service {id} must have either `uptake` or `programme_units`",
                "服务 {id} 必须有 `uptake` 或 `programme_units` 之一"
            );
            let fix = text!(
                "give `uptake` if customers take units one by one, `programme_units` if the service is for the public",
                "客户逐份领取的用 uptake，面向公众的用 programme_units"
            );
            self.fault(&["service", place], what, fix);
        }
        let condition = self.condition(file.condition.as_deref(), &at("condition"), id);
        let fee = self.fee(&file.fee, id, place);
        let unit_cost_e6 = self.unit_cost_e6(file.unit_cost, &at("unit_cost"), id);
        let cells = self.cells(file, &fee, place);
        let opens = file.opens.iter().enumerate().filter_map(|(entry, opening)| {
            let entry = entry.to_string();
            self.opening(opening, &fee, id, &["service", place, "opens", &entry])
        });
        let opens = opens.collect();
        Some(Service {
            id: file.id.clone(),
            dimensions: file.dimensions.clone(),
            title: file.title.clone(),
            title_zh: file.title_zh.clone(),
            about: file.about.clone(),
            about_zh: file.about_zh.clone(),
            start: file.start,
            duty: file.duty.clone(),
            unit: file.unit.clone(),
            unit_zh: file.unit_zh.clone(),
            unit_cost_e6,
            uptake_e6: file.uptake.map_or(0, |uptake| e6(uptake.0)),
            programme_units: file.programme_units.map(|units| units.0),
            capacity: file.capacity.as_ref().map(|capacity| Capacity {
                units: capacity.units.0,
                periods: match capacity.per {
                    CapacityPeriod::Month => 12,
                    CapacityPeriod::Year => 1,
                },
            }),
            cadence: file.cadence,
            condition,
            outage_plan: file.outage_plan,
            source: file.source.clone(),
            cells: cells?,
            opens,
            fee: fee?,
        })
    }

    /// The cost of a unit in 10⁻⁶ yuan. It is not rounded to fen before it is multiplied, so it may not have more decimals.
    fn unit_cost_e6(&mut self, cost: Yuan, path: &[&str], id: &str) -> i64 {
        let cost_e6 = e6(cost.0);
        if self.document.is_sound(path) && float_i64(cost_e6) / 1e6 != cost.0 {
            let what = text!(
                "service {id}: the unit cost {cost} has more than six decimals",
                "服务 {id}：单位成本 {cost} 的小数超过六位",
                cost = cost.0
            );
            let fix = text!("round it to 0.000001 CNY", "请四舍五入到 0.000001 元");
            self.fault(path, what, fix);
        }
        cost_e6
    }

    /// Checks the texts: names are shown to customers and cannot be empty; an id is typed on a command line.
    fn texts(&mut self, file: &ServiceFile, place: &str) {
        if !file.id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            let what = text!(
                "the id `{id}` has characters other than letters, digits, `_`, `-` and `.`",
                "id `{id}` 含有字母、数字、`_`、`-`、`.` 以外的字符",
                id = file.id
            );
            let fix = text!("choose an id such as S06", "请取 S06 这样的 id");
            self.fault(&["service", place, "id"], what, fix);
        }
        let shown =
            [("id", &file.id), ("title", &file.title), ("title_zh", &file.title_zh), ("unit", &file.unit)];
        for (key, text) in shown {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                let what = text!(
                    "`{key}` of service {id} is empty or has control characters",
                    "服务 {id} 的 `{key}` 为空或含有控制字符",
                    id = file.id
                );
                self.fault(&["service", place, key], what, text!("write one plain line", "请写一行普通文字"));
            }
        }
    }

    fn condition(&mut self, text: Option<&str>, path: &[&str], id: &str) -> Option<Condition> {
        match Condition::parse(text?, self.fields) {
            Ok(condition) => Some(condition),
            Err((what, fix)) => {
                self.fault(path, text!("service {id}: {what}", "服务 {id}：{what}"; what), fix);
                None
            }
        }
    }

    fn fee(&mut self, file: &FeeFile, id: &str, place: &str) -> Option<Fee> {
        let path = ["service", place, "fee"];
        // An unknown rule was replaced by a default, so checks that depend on it would mislead.
        if !self.document.is_sound(&["service", place, "fee", "rule"]) {
            return None;
        }
        let rule = file.rule;
        let given = [
            ("amount", file.amount.is_some(), FeeRule::Fixed),
            ("parts", !file.parts.is_empty(), FeeRule::Combination),
            ("combinations", !file.combinations.is_empty(), FeeRule::Combination),
            ("share_by", file.share_by.is_some(), FeeRule::Shared),
        ];
        for (key, is_given, of) in given {
            if is_given != (rule == of) {
                let (rule, of) = (rule.code(), of.code());
                let what = match is_given {
                    true => {
                        text!(
                            "service {id}: fee rule {rule} has no `{key}`",
                            "服务 {id}：计费规则 {rule} 没有 `{key}`"
                        )
                    }
                    false => {
                        text!(
                            "service {id}: fee rule {rule} needs `{key}`",
                            "服务 {id}：计费规则 {rule} 需要 `{key}`"
                        )
                    }
                };
                let fix = text!(
                    "`{key}` belongs to rule {of}, and is needed there",
                    "`{key}` 属于规则 {of}，并在其中必填"
                );
                self.fault(&path, what, fix);
                return None;
            }
        }
        match rule {
            FeeRule::Free => Some(Fee::Free),
            FeeRule::Fixed => file.amount.map(|amount| Fee::Fixed(fen(amount.0))),
            FeeRule::Shared => file.share_by.map(Fee::Shared),
            FeeRule::Combination => self.combinations(file, id, &path),
        }
    }

    fn combinations(&mut self, file: &FeeFile, id: &str, path: &[&str]) -> Option<Fee> {
        let parts: Vec<ServicePart> = file
            .parts
            .iter()
            .map(|part| ServicePart {
                id: part.id.clone(),
                title: part.title.clone(),
                title_zh: part.title_zh.clone(),
                unit_cost_e6: self.unit_cost_e6(part.unit_cost, path, id),
            })
            .collect();
        let ids: BTreeSet<&str> = parts.iter().map(|part| part.id.as_str()).collect();
        if parts.len() > PARTS_MAX || ids.len() < parts.len() {
            let what = text!(
                "service {id}: it has more than {PARTS_MAX} parts, or has a part twice",
                "服务 {id}：组成部分超过 {PARTS_MAX} 个，或有重复"
            );
            let fix = text!(
                "give each part its own id, or make the service into two",
                "请给每个部分单独的 id，或拆成两项服务"
            );
            self.fault(path, what, fix);
            return None;
        }
        let mut choices = Vec::new();
        for choice in &file.combinations {
            choices.push(Combination {
                parts: self.parts(&choice.parts, &parts, id, path)?,
                fee_fen: fen(choice.fee.0),
                share_e6: e6(choice.share.0),
            });
        }
        Some(Fee::Combination(parts, choices))
    }

    /// A choice of parts as a bit set.
    fn parts(&mut self, chosen: &[String], parts: &[ServicePart], id: &str, path: &[&str]) -> Option<u32> {
        let mut bits = 0;
        for (entry, name) in chosen.iter().enumerate() {
            if chosen[..entry].contains(name) {
                let what =
                    text!("service {id} names the part `{name}` twice", "服务 {id} 两次写了部分 `{name}`");
                self.fault(path, what, text!("name it once", "请只写一次"));
                return None;
            }
            let Some(place) = parts.iter().position(|part| part.id == *name) else {
                let fix = did_you_mean(name, parts.iter().map(|part| part.id.as_str()));
                self.fault(
                    path,
                    text!("service {id} has no part `{name}`", "服务 {id} 没有部分 `{name}`"),
                    fix,
                );
                return None;
            };
            bits |= 1 << place;
        }
        Some(bits)
    }

    fn cells(&mut self, file: &ServiceFile, fee: &Option<Fee>, place: &str) -> Option<[Cell; 4]> {
        let given = [&file.cells.special, &file.cells.grade_1, &file.cells.grade_2, &file.cells.grade_3];
        let mut cells = Vec::new();
        for (tier, cell) in Tier::ALL.into_iter().zip(given) {
            match cell {
                Some(cell) => {
                    cells.extend(self.cell(cell, file, fee, &["service", place, "cells", tier.code()]))
                }
                None => {
                    let (id, tier) = (&file.id, tier.code());
                    let what = text!("service {id} has no cell for {tier}", "服务 {id} 没有 {tier} 的单元格");
                    let fix = text!(
                        "add `{tier} = {{ access = \"none\", provenance = \"operator\" }}`",
                        "请添加 `{tier} = {{ access = \"none\", provenance = \"operator\" }}`"
                    );
                    self.fault(&["service", place, "cells"], what, fix);
                }
            }
        }
        cells.try_into().ok()
    }

    fn cell(
        &mut self,
        file: &CellFile,
        service: &ServiceFile,
        fee: &Option<Fee>,
        path: &[&str],
    ) -> Option<Cell> {
        let access = file.access;
        let mut terms = self.terms(&file.terms, access, fee);
        if let Some(Fee::Combination(parts, _)) = fee {
            terms.free_parts = self.parts(&file.free_parts, parts, &service.id, path)?;
        } else if !file.free_parts.is_empty() {
            let what = text!(
                "service {id} is not priced by combination and has no free parts",
                "服务 {id} 不按组合计费，没有免费部分",
                id = service.id
            );
            self.fault(path, what, text!("take out `free_parts`", "请删去 `free_parts`"));
        }
        (terms.note, terms.note_zh) = (file.note.clone(), file.note_zh.clone());
        Some(Cell {
            access,
            terms,
            condition: self.condition(file.condition.as_deref(), path, &service.id),
            provenance: file.provenance,
            phrase: file.phrase.clone(),
            less: file.less.clone(),
            uptake_e6: file.uptake.or(service.uptake).map_or(0, |uptake| e6(uptake.0)),
        })
    }

    fn terms(&mut self, file: &TermsFile, access: Access, fee: &Option<Fee>) -> Terms {
        let price = match (file.fee, fee, access) {
            (Some(fee), ..) => Some(fen(fee.0)),
            (None, Some(Fee::Fixed(amount)), Access::Paid) => Some(*amount),
            (None, _, Access::Limited | Access::OnApplication | Access::Included) => Some(0),
            _ => None,
        };
        Terms {
            fee_fen: price,
            subsidy_e6: file.subsidy_share.map(|share| e6(share.0)),
            cadence: file.cadence,
            quota_per_year: file.quota_per_year.map(|units| units.0),
            ..Terms::default()
        }
    }

    fn opening(&mut self, file: &OpeningFile, fee: &Option<Fee>, id: &str, path: &[&str]) -> Option<Opening> {
        let access = file.access;
        let terms = self.terms(&file.terms, access, fee);
        Some(Opening {
            condition: self.condition(Some(&file.condition), path, id)?,
            reason: file.reason.into(),
            access,
            terms,
            source: file.source.clone(),
        })
    }
}
