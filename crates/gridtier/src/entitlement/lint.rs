//! The lint of a catalogue; each finding names the service, the cell and the fix.
//!
//! People edit a matrix of a hundred cells, and some mistakes are easy to overlook: a better tier that gets less, a
//! service that nobody can have, a fee for something that must be free. A catalogue with such a fault is refused.

use super::catalogue::Catalogue;
use super::condition::{Condition, covered, possible, possible_together};
use super::offer::Offer;
use super::service::{Access, Cell, Combination, Duty, Fee, Provenance, Service, ServicePart, Start, Terms};
use crate::checked_toml::{CheckedToml, Fault, did_you_mean};
use crate::method::Tier;
use crate::text;
use crate::text::Text;
use crate::word::Word;

/// All faults of a catalogue that was built without an error.
pub(super) fn lint(document: &CheckedToml, catalogue: &Catalogue) -> Vec<Fault> {
    let mut lint = Lint { document, catalogue, faults: Vec::new() };
    for (place, service) in catalogue.services.iter().enumerate() {
        let place = place.to_string();
        lint.reach(service, &place);
        lint.fee(service, &place);
        lint.combinations(service, &place);
        lint.better_gets_less(service, &place);
        lint.conditions(service, &place);
        for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
            lint.cell(service, tier, cell, &place);
        }
        for (entry, opening) in service.opens.iter().enumerate() {
            let who = opening_name(service, entry);
            let entry = entry.to_string();
            let path = ["service", &place, "opens", &entry];
            lint.terms(service, &who, opening.access, &opening.terms, &path);
            if opening.access == Access::None {
                let what = text!("{who}: it opens nothing", "{who}：没有开放任何内容"; who);
                let fix = text!("give an access other than none", "请给出 none 以外的 access");
                lint.fault(&path, what, fix);
            }
        }
        lint.duty(service, &place);
    }
    lint.duties();
    lint.faults
}

fn opening_name(service: &Service, entry: usize) -> Text {
    let (id, number) = (&service.id, entry + 1);
    text!("service {id}, opening {number}", "服务 {id} 第 {number} 个开放条件")
}

fn cell_name(service: &Service, tier: Tier) -> Text {
    let (id, tier) = (&service.id, tier.code());
    text!("service {id}, cell {tier}", "服务 {id} 的单元格 {tier}")
}

struct Lint<'a, 't> {
    document: &'a CheckedToml<'t>,
    catalogue: &'a Catalogue,
    faults: Vec<Fault>,
}

impl Lint<'_, '_> {
    fn fault(&mut self, path: &[&str], what: impl Into<Text>, fix: impl Into<Text>) {
        self.faults.push(Fault { line: self.document.line(path), what: what.into(), fix: fix.into() });
    }

    /// Checks that some customer can have the service.
    fn reach(&mut self, service: &Service, place: &str) {
        let can = |own: Option<&Condition>| {
            let both: Vec<&Condition> = service.condition.iter().chain(own).collect();
            possible_together(&both, &self.catalogue.fields)
        };
        if !can(None) {
            // Reported as a condition that can never hold.
            return;
        }
        let is_reached =
            service.cells.iter().any(|cell| cell.access != Access::None && can(cell.condition.as_ref()))
                || service.opens.iter().any(|opening| can(Some(&opening.condition)));
        if !is_reached {
            let what = text!(
                "service {id} is an orphan: no tier can have it and nothing opens it",
                "服务 {id} 无人可得：没有等级享有，也没有开放条件",
                id = service.id
            );
            let fix = text!("give a tier access, or take the service out", "请让某等级享有，或删去该服务");
            self.fault(&["service", place], what, fix);
        }
    }

    fn fee(&mut self, service: &Service, place: &str) {
        let cells = service.cells.iter().map(|cell| cell.access);
        let mut accesses = cells.chain(service.opens.iter().map(|opening| opening.access));
        let used = match service.fee {
            Fee::Free => return,
            Fee::Shared(_) => accesses.any(|access| access == Access::Subsidised),
            Fee::Fixed(_) | Fee::Combination(..) => accesses.any(|access| access == Access::Paid),
        };
        if !used {
            let what = text!(
                "service {id} has a fee rule that no tier pays by",
                "服务 {id} 的计费规则没有任何等级适用",
                id = service.id
            );
            let fix = text!("set the rule to free, or let a tier pay", "请将规则设为 free，或让某等级付费");
            self.fault(&["service", place, "fee"], what, fix);
        }
    }

    fn combinations(&mut self, service: &Service, place: &str) {
        let Fee::Combination(parts, choices) = &service.fee else { return };
        let id = &service.id;
        let path = ["service", place, "fee"];
        let is_whole = (1..1u32 << parts.len()).all(|bits| choices.iter().any(|choice| choice.parts == bits));
        for bits in 1..1u32 << parts.len() {
            let named = names(parts, bits);
            let mut priced = choices.iter().filter(|choice| choice.parts == bits);
            let Some(choice) = priced.next() else {
                let what = text!(
                    "service {id}: the combination {named} has no price",
                    "服务 {id}：组合 {named} 没有价格"
                );
                self.fault(&path, what, text!("add it to `combinations`", "请加入 `combinations`"));
                continue;
            };
            if priced.next().is_some() {
                let what = text!(
                    "service {id}: the combination {named} has two prices",
                    "服务 {id}：组合 {named} 有两个价格"
                );
                self.fault(&path, what, text!("keep one", "请只保留一个"));
            }
            for what in if is_whole { incoherent(choice, choices, parts) } else { Vec::new() } {
                let what = text!(
                    "service {id}: the combination {named} {what}",
                    "服务 {id}：组合 {named} {what}";
                    what
                );
                self.fault(&path, what, text!("correct its fee", "请改正其费用"));
            }
        }
        if choices.iter().any(|choice| choice.parts == 0) {
            let what = text!("service {id}: a combination has no parts", "服务 {id}：有一个组合没有部分");
            self.fault(&path, what, text!("name its parts, or take it out", "请写明其部分，或删去"));
        }
        let shares: i64 = choices.iter().map(|choice| choice.share_e6).sum();
        if is_whole && shares != 1_000_000 {
            let shares = shares as f64 / 1e6;
            let what = text!(
                "service {id}: the shares of its combinations sum to {shares}, not 1",
                "服务 {id}：各组合占比之和为 {shares}，而不是 1"
            );
            self.fault(&path, what, text!("correct the shares", "请改正占比"));
        }
    }

    fn better_gets_less(&mut self, service: &Service, place: &str) {
        for (rank, better) in Tier::ALL.into_iter().enumerate() {
            let cell = service.cell(better);
            let path = ["service", place, "cells", better.code()];
            let who = cell_name(service, better);
            let less = Tier::ALL[rank + 1..].iter().find_map(|&worse| {
                self.gives_less(service, cell, service.cell(worse)).map(|how| (worse, how))
            });
            match (less, cell.less.as_deref().map(str::trim)) {
                (Some((worse, how)), None) => {
                    let what = text!(
                        "{who}: it gets less than {worse}: {how}",
                        "{who}：所得少于 {worse}：{how}",
                        worse = worse.code();
                        who, how
                    );
                    let fix = text!(
                        "give it at least as much, or say why: less = \"…\"",
                        "请给予不少于前者的服务，或说明原因：less = \"…\""
                    );
                    self.fault(&path, what, fix);
                }
                (Some(_), Some("")) => {
                    let what = text!("{who}: `less` is empty", "{who}：`less` 为空"; who);
                    self.fault(&path, what, text!("say why it gets less", "请说明为何较少"));
                }
                (None, Some(_)) => {
                    let what = text!(
                        "{who}: `less` is given, but it does not get less than a worse tier",
                        "{who}：写了 `less`，但所得并不少于较低等级";
                        who
                    );
                    self.fault(&path, what, text!("take out `less`", "请删去 `less`"));
                }
                _ => {}
            }
        }
    }

    /// In which respect a better tier's cell gives less than a worse one's.
    fn gives_less(&self, service: &Service, better: &Cell, worse: &Cell) -> Option<Text> {
        let offer = |cell| {
            let Cell { access, terms, .. }: &Cell = cell;
            Offer { service, access: *access, terms }
        };
        if let Some(how) = offer(better).less_than(&offer(worse)) {
            return Some(how);
        }
        let own = better.condition.as_ref().filter(|_| worse.access != Access::None)?;
        let always = Condition::always();
        let reached = worse.condition.as_ref().unwrap_or(&always);
        // The better cell must reach every customer that the worse one reaches and that the service applies to.
        let outside = service.condition.as_ref().map(Condition::negated);
        let by: Vec<&Condition> = std::iter::once(own).chain(&outside).collect();
        let is_wider = covered(reached, &by, &self.catalogue.fields);
        (!is_wider).then(|| text!("a condition that the worse tier does not have", "带有较低等级没有的条件"))
    }

    fn conditions(&mut self, service: &Service, place: &str) {
        let own = service.condition.as_ref();
        let can = |condition: &Condition| {
            let both: Vec<&Condition> = own.into_iter().chain([condition]).collect();
            possible_together(&both, &self.catalogue.fields)
        };
        let mut never: Vec<(Vec<String>, String)> = Vec::new();
        let mut note = |path: &[&str], condition: &Condition| {
            never.push((path.iter().map(|part| (*part).to_owned()).collect(), condition.text.clone()));
        };
        if let Some(condition) = own.filter(|condition| !possible(condition, &self.catalogue.fields)) {
            note(&["service", place, "condition"], condition);
        } else {
            for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
                if let Some(condition) = cell.condition.as_ref().filter(|condition| !can(condition)) {
                    note(&["service", place, "cells", tier.code()], condition);
                }
            }
            for (entry, opening) in
                service.opens.iter().enumerate().filter(|(_, opening)| !can(&opening.condition))
            {
                note(&["service", place, "opens", &entry.to_string()], &opening.condition);
            }
        }
        for (path, text) in never {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let id = &service.id;
            let what = match own {
                Some(own) if path.len() > 3 => {
                    text!(
                        "service {id}: the condition `{text}` can never hold together with `{own}`",
                        "服务 {id}：条件 `{text}` 不可能与 `{own}` 同时成立",
                        own = own.text
                    )
                }
                _ => text!(
                    "service {id}: the condition `{text}` can never hold",
                    "服务 {id}：条件 `{text}` 不可能成立"
                ),
            };
            let fix = text!("the comparisons contradict each other: correct one", "互相矛盾：请改正其中一个");
            self.fault(&path, what, fix);
        }
    }

    fn cell(&mut self, service: &Service, tier: Tier, cell: &Cell, place: &str) {
        let who = cell_name(service, tier);
        let path = ["service", place, "cells", tier.code()];
        self.terms(service, &who, cell.access, &cell.terms, &path);
        let is_text = cell.provenance == Provenance::Text;
        if is_text == cell.phrase.trim().is_empty() {
            let what = match is_text {
                true => text!(
                    "{who}: provenance is `text`, but the paper's phrase is missing",
                    "{who}：出处为 text，但没有论文原文";
                    who
                ),
                false => text!(
                    "{who}: has a phrase of the paper, but provenance is `{provenance}`",
                    "{who}：有论文原文，但出处为 {provenance}",
                    provenance = cell.provenance.code();
                    who
                ),
            };
            let fix =
                text!("provenance `text` and `phrase` belong together", "出处 text 与 `phrase` 应同时出现");
            self.fault(&path, what, fix);
        }
        let has_limit = cell.terms.quota_per_year.is_some()
            || cell.terms.cadence.is_some()
            || cell.condition.is_some()
            || !cell.terms.note.trim().is_empty();
        if cell.access == Access::Limited && !has_limit {
            let what =
                text!("{who}: limited, but no limit is stated", "{who}：为 limited，但没有写明限制"; who);
            let fix = text!(
                "give quota_per_year, cadence, condition or note",
                "请写明 quota_per_year、cadence、condition 或 note"
            );
            self.fault(&path, what, fix);
        }
        if cell.access == Access::None && (has_limit || cell.terms.free_parts != 0) {
            let what = text!(
                "{who}: has terms, but the tier does not get the service",
                "{who}：该等级不享有此服务，却写了条款";
                who
            );
            let fix = text!("take out the terms, or give access", "请删去条款，或给予 access");
            self.fault(&path, what, fix);
        }
    }

    /// Checks that access, fee rule and terms agree.
    fn terms(&mut self, service: &Service, who: &Text, access: Access, terms: &Terms, path: &[&str]) {
        let fixed = matches!(service.fee, Fee::Fixed(_));
        let priced = fixed || matches!(service.fee, Fee::Combination(..));
        let shared = matches!(service.fee, Fee::Shared(_));
        let has_fee = terms.fee_fen.is_some_and(|fee| fee > 0);
        let is_part = terms.subsidy_e6.is_some_and(|share| (1..1_000_000).contains(&share));
        let rule = service.fee.rule().code();
        let wrong = match access {
            Access::Paid if !priced => {
                Some(text!("paid, but the fee rule is {rule}", "为 paid，但计费规则是 {rule}"))
            }
            Access::Paid if fixed && !has_fee => Some(text!("paid, but the fee is 0", "为 paid，但费用为 0")),
            Access::Paid if !fixed && terms.fee_fen.is_some() => Some(text!(
                "a fee of its own, but the service is priced by combination",
                "单独写了费用，但该服务按组合计费"
            )),
            Access::Subsidised if !shared => {
                Some(text!("subsidised, but the fee rule is {rule}", "为 subsidised，但计费规则是 {rule}"))
            }
            Access::Subsidised if !is_part => Some(text!(
                "subsidised, but `subsidy_share` is not between 0 and 1",
                "为 subsidised，但 `subsidy_share` 不在 0 与 1 之间"
            )),
            Access::None | Access::Limited | Access::OnApplication | Access::Included if has_fee => {
                Some(text!("{access}, but it has a fee", "为 {access}，却有费用", access = access.code()))
            }
            Access::OnApplication if service.start != Start::Application => Some(text!(
                "on_application, but the service starts automatically",
                "为 on_application，但该服务自动开始"
            )),
            _ if access != Access::Subsidised && terms.subsidy_e6.is_some() => Some(text!(
                "{access}, but it has a `subsidy_share`",
                "为 {access}，却有 `subsidy_share`",
                access = access.code()
            )),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let fix = text!(
                "access, fee rule and terms contradict each other: correct one of them",
                "access、计费规则与条款互相矛盾：请改正其中一个"
            );
            self.fault(path, text!("{who}: {wrong}", "{who}：{wrong}"; who, wrong), fix);
        }
    }

    /// Checks that a regulated service is neither withdrawn nor priced by tier.
    fn duty(&mut self, service: &Service, place: &str) {
        let Some(id) = &service.duty else { return };
        let Some(duty) = self.catalogue.duties.iter().find(|duty| duty.id == *id) else {
            let known = self.catalogue.duties.iter().map(|duty| duty.id.as_str());
            let fix = match self.catalogue.duties.is_empty() {
                true => text!(
                    "no duty is in force while the catalogue is: correct the catalogue's effective dates",
                    "目录有效期内没有生效的义务：请改正生效日期"
                ),
                false => did_you_mean(id, known),
            };
            let what = text!(
                "service {service}: there is no duty `{id}` in force",
                "服务 {service}：没有生效的义务 `{id}`",
                service = service.id
            );
            self.fault(&["service", place, "duty"], what, fix);
            return;
        };
        if !duty.is_basic {
            return self.protection(service, place);
        }
        let source = duty.source.clone();
        if service.capacity.is_some() {
            let what = text!(
                "service {id}: a regulated service cannot be used up ({source})",
                "服务 {id}：法定服务不能有总量上限（{source}）",
                id = service.id;
                source
            );
            let fix = text!("take out `capacity`", "请删去 `capacity`");
            self.fault(&["service", place, "capacity"], what, fix);
        }
        let uptake = service.cells[0].uptake_e6;
        let first = Terms { note: String::new(), note_zh: String::new(), ..service.cells[0].terms.clone() };
        for (tier, cell) in Tier::ALL.into_iter().zip(&service.cells) {
            let terms = Terms { note: String::new(), note_zh: String::new(), ..cell.terms.clone() };
            let wrong = match cell.access {
                Access::Included if cell.condition.is_some() => {
                    ("a regulated service has a condition by tier", "法定服务按等级设了条件")
                }
                Access::Included if cell.terms.quota_per_year.is_some() => {
                    ("a regulated service has a quota", "法定服务设了限额")
                }
                Access::Included if cell.uptake_e6 != uptake => {
                    ("a regulated service has an uptake by tier", "法定服务按等级设了领取率")
                }
                Access::Included if terms != first => {
                    ("a regulated service has other terms here than in special", "法定服务的条款与特级不同")
                }
                Access::Included => continue,
                Access::Paid | Access::Subsidised => {
                    ("a regulated service is priced by tier", "法定服务按等级收费")
                }
                Access::None | Access::Limited | Access::OnApplication => {
                    ("a regulated service is withdrawn", "法定服务被取消")
                }
            };
            let (who, wrong) = (cell_name(service, tier), Text::from(wrong));
            let what = text!("{who}: {wrong} ({source})", "{who}：{wrong}（{source}）"; who, wrong, source);
            let fix = text!(
                "access = \"included\" on the same terms for every tier",
                "请对所有等级以相同条款写 access = \"included\""
            );
            self.fault(&["service", place, "cells", tier.code()], what, fix);
        }
    }

    /// Checks that a protection required by regulation has no fee and no quota.
    fn protection(&mut self, service: &Service, place: &str) {
        for (entry, opening) in service.opens.iter().enumerate() {
            let is_free = matches!(opening.access, Access::Included | Access::OnApplication);
            if !is_free || opening.terms.quota_per_year.is_some() {
                let who = opening_name(service, entry);
                let what =
                    text!("{who}: a protection has a fee or a limit", "{who}：保障性服务设了费用或限额"; who);
                let fix = text!(
                    "access = \"on_application\" or \"included\", without a quota",
                    "请用 access = \"on_application\" 或 \"included\"，且不设限额"
                );
                self.fault(&["service", place, "opens", &entry.to_string()], what, fix);
            }
        }
    }

    /// Checks that every duty in force is fulfilled for all customers to whom it is owed.
    fn duties(&mut self) {
        for duty in &self.catalogue.duties {
            let services =
                || self.catalogue.services.iter().filter(|service| service.duty.as_ref() == Some(&duty.id));
            let always = Condition::always();
            let reached: Vec<&Condition> = match duty.is_basic {
                true => services().map(|service| service.condition.as_ref().unwrap_or(&always)).collect(),
                false => services()
                    .filter(|service| service.condition.is_none())
                    .flat_map(|service| service.opens.iter().map(|opening| &opening.condition))
                    .collect(),
            };
            if covered(&duty.owed_to, &reached, &self.catalogue.fields) {
                continue;
            }
            let Duty { id, title, source, .. } = duty;
            let what = text!(
                "the duty `{id}` ({title}; {source}) is not kept for everybody to whom it is owed: {who}",
                "义务 `{id}`（{title}；{source}）未对全部适用客户履行：{who}",
                who = duty.owed_to.text;
                title, source
            );
            let fix = match duty.is_basic {
                true => text!(
                    "add a service with duty = \"{id}\", or widen the condition of the existing one",
                    "请添加 duty = \"{id}\" 的服务，或放宽已有服务的条件"
                ),
                false => text!(
                    "use [[service.opens]] to open a service with duty = \"{id}\" to all these customers",
                    "请用 [[service.opens]] 将 duty = \"{id}\" 的服务开放给所有相关客户"
                ),
            };
            self.faults.push(Fault { line: 1, what, fix });
        }
    }
}

fn names(parts: &[ServicePart], bits: u32) -> String {
    let chosen = parts.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    chosen.map(|(_, part)| part.id.as_str()).collect::<Vec<_>>().join(" + ")
}

/// In which ways the price of a choice contradicts the prices of its parts.
fn incoherent(choice: &Combination, choices: &[Combination], parts: &[ServicePart]) -> Vec<Text> {
    let sum: i64 = (0..parts.len())
        .map(|bit| 1 << bit)
        .filter(|single| choice.parts & single != 0)
        .filter_map(|single| choices.iter().find(|other| other.parts == single))
        .map(|other| other.fee_fen)
        .sum();
    let mut wrong = Vec::new();
    if choice.parts.count_ones() > 1 && choice.fee_fen > sum {
        wrong.push(text!("costs more than its parts one by one", "高于其各部分单独的费用之和"));
    }
    let within = choices.iter().filter(|other| other.parts & choice.parts == other.parts && other.parts != 0);
    if let Some(dearer) = within.into_iter().find(|other| other.fee_fen > choice.fee_fen) {
        let part = names(parts, dearer.parts);
        wrong.push(text!("costs less than {part}, which is a part of it", "低于其中一部分 {part} 的费用"));
    }
    wrong
}
