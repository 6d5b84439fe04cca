//! From the policy as serde reads it to the checked [`Policy`], with the checks that a schema cannot express.

use std::collections::BTreeSet;

use gridtier::checked_toml::{CheckedToml, Fault, did_you_mean};
use gridtier::contract::Responsibility;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::condition::{Condition, Field};
use gridtier::entitlement::service::{Access, Service};
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::unit::round_half_away;
use gridtier::word::Word;

use super::raw::{
    CompensationFile, CompensationRule, DueFile, FollowUpFile, PolicyFile, PromiseFile, PromiseSpan,
    ServiceLimitsFile, SpanText, TimerFile, TopicFile,
};
use super::{
    Compensation, DueServices, FollowUp, FollowedEvent, Limits, Measure, Policy, Promise, Timer, Topic,
};
use crate::time::Span;

/// The responsibilities that do not count where a promise does not say otherwise.
const EXEMPT: [Responsibility; 2] = [Responsibility::Customer, Responsibility::ForceMajeure];

/// The multiple of the price of the energy not supplied for customers with a two-part tariff, unless a compensation says
/// otherwise.
const TWO_PART: f64 = 5.0;
/// The multiple for customers without a two-part tariff.
const SINGLE: f64 = 4.0;

/// The construction in progress.
pub(super) struct PolicyBuild<'a, 't> {
    pub document: &'a CheckedToml<'t>,
    pub catalogue: &'a Catalogue,
    pub fields: &'a [Field],
    pub faults: Vec<Fault>,
}

/// Whether an id can be a part of a column or a file: letters, digits, `_`, `-` and `.`, at least one of them.
pub(crate) fn is_plain_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The name that people read: the id where the file has none.
fn title(id: &str, en: Option<&String>, zh: Option<&String>) -> Text {
    let or_id = |title: Option<&String>| title.cloned().unwrap_or_else(|| id.to_owned());
    Text::new(or_id(en), or_id(zh))
}

impl PolicyBuild<'_, '_> {
    fn fault(&mut self, path: &[&str], what: Text, fix: Text) {
        self.faults.push(Fault { line: self.document.line(path), what, fix });
    }

    /// The policy. What has a fault is reported and left out or replaced by a stand-in.
    pub fn policy(&mut self, file: &PolicyFile, text: &str) -> Policy {
        self.ids("promise", file.promise.iter().map(|promise| promise.id.as_str()));
        self.ids("follow_up", file.follow_up.iter().map(|follow_up| follow_up.id.as_str()));
        self.ids("timer", file.timer.iter().map(|timer| timer.id.as_str()));
        self.ids("topic", file.topic.iter().map(|topic| topic.id.as_str()));
        let due = self.due(&file.due);
        let by_place = |place: usize| place.to_string();
        let promises = file.promise.iter().enumerate();
        let promises = promises.filter_map(|(at, promise)| self.promise(promise, &file.due, &by_place(at)));
        let promises = promises.collect();
        let follow_ups = file.follow_up.iter().enumerate();
        let follow_ups = follow_ups.filter_map(|(at, rule)| self.follow_up(rule, &file.due, &by_place(at)));
        let follow_ups = follow_ups.collect();
        let timers = file.timer.iter().enumerate().filter_map(|(at, timer)| self.timer(timer, &by_place(at)));
        let timers = timers.collect();
        Policy {
            name: file.name.clone(),
            version: file.version.clone(),
            effective_from: file.effective_from.0,
            source: file.source.clone(),
            text: text.to_owned(),
            limits: limits(&file.limits),
            due,
            promises,
            follow_ups,
            timers,
            topics: file.topic.iter().map(topic).collect(),
        }
    }

    /// Checks that each id of a list is a plain word and occurs once.
    fn ids<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (place, id) in ids.enumerate() {
            let place = place.to_string();
            let path = [list, &place, "id"];
            if !self.document.is_sound(&path) {
                continue;
            }
            if !is_plain_id(id) {
                let what = text!(
                    "the id `{id}` is empty or has characters other than letters, digits, `_`, `-` and `.`",
                    "id `{id}` 为空，或含有字母、数字、`_`、`-`、`.` 以外的字符"
                );
                let fix = text!("choose an id such as restore_fault", "请取 restore_fault 这样的 id");
                self.fault(&path, what, fix);
            } else if !seen.insert(id) {
                let what =
                    text!("the id `{id}` occurs twice in `{list}`", "id `{id}` 在 `{list}` 中出现两次");
                self.fault(&path, what, text!("give each its own id", "请给每项单独的 id"));
            }
        }
    }

    fn service(&mut self, id: &str, path: &[&str]) -> Option<usize> {
        if !self.document.is_sound(path) {
            return None;
        }
        let found = self.catalogue.service(id);
        if found.is_none() {
            let fix = did_you_mean(id, self.catalogue.services.iter().map(|service| service.id.as_str()));
            self.fault(path, text!("the catalogue has no service `{id}`", "服务目录中没有服务 `{id}`"), fix);
        }
        found
    }

    fn services(&mut self, ids: &[String], path: &[&str]) -> Vec<usize> {
        let mut services = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let place = place.to_string();
            let path: Vec<&str> = path.iter().copied().chain([place.as_str()]).collect();
            let Some(service) = self.service(id, &path) else { continue };
            if services.contains(&service) {
                let what = text!("the service `{id}` is named twice", "服务 `{id}` 出现两次");
                self.fault(&path, what, text!("name it once", "请只写一次"));
            } else {
                services.push(service);
            }
        }
        services
    }

    fn condition(&mut self, text: Option<&String>, path: &[&str]) -> Option<Condition> {
        match Condition::parse(text?, self.fields) {
            Ok(condition) => Some(condition),
            Err((what, fix)) => {
                self.fault(path, text!("condition: {what}", "条件：{what}"; what), fix);
                None
            }
        }
    }

    fn span(&mut self, text: Option<&SpanText>, path: &[&str]) -> Option<Span> {
        let SpanText(text) = text?;
        let span = Span::parse(text);
        if span.is_none() && self.document.is_sound(path) {
            let most = Span::MAX;
            let what = text!("`{text}` is not a length of time", "`{text}` 不是时间长度");
            let fix = text!(
                "write a whole number from 1 to {most} and min, h, d, mo or wd, such as \"24 h\" or \"5 wd\"",
                "请写 1 至 {most} 的整数和单位 min、h、d、mo 或 wd，如 \"24 h\"、\"5 wd\""
            );
            self.fault(path, what, fix);
        }
        span
    }

    fn due(&mut self, file: &DueFile) -> DueServices {
        let customer = self.services(&file.customer, &["due", "customer"]);
        let session = self.services(&file.session, &["due", "session"]);
        for id in &file.customer {
            let place = file.customer.iter().position(|known| known == id).unwrap_or_default().to_string();
            if let Some(service) = self.catalogue.service(id) {
                self.calendar_cadences(&self.catalogue.services[service], &["due", "customer", &place]);
            }
        }
        for (place, id) in file.session.iter().enumerate() {
            let Some(service) = self.catalogue.service(id) else { continue };
            let cadence = self.catalogue.services[service].cadence;
            if cadence.per_year().is_none() {
                let cadence = cadence.code();
                let what = text!(
                    "sessions of {id} have no slots: its cadence is {cadence}",
                    "{id} 的场次没有日历时段：其频次为 {cadence}"
                );
                self.fault(&["due", "session", &place.to_string()], what, calendar_fix());
            }
        }
        let follow_up = file.follow_up.as_ref().and_then(|id| self.service(id, &["due", "follow_up"]));
        let notice = file.notice.as_ref().and_then(|id| self.service(id, &["due", "notice"]));
        DueServices { customer, session, follow_up, notice }
    }

    /// Checks that every cell and opening that gives the service has a cadence of the calendar.
    fn calendar_cadences(&mut self, service: &Service, path: &[&str]) {
        let id = &service.id;
        for tier in Tier::ALL {
            let cell = service.cell(tier);
            let cadence = cell.terms.cadence.unwrap_or(service.cadence);
            if cell.access != Access::None && cadence.per_year().is_none() {
                let (tier, cadence) = (tier.code(), cadence.code());
                let what = text!(
                    "{id} is due to customers, but its cell {tier} has the cadence {cadence}",
                    "{id} 应按日历提供，但其 {tier} 单元格的频次为 {cadence}"
                );
                self.fault(path, what, calendar_fix());
            }
        }
        for (entry, opening) in service.opens.iter().enumerate() {
            let cadence = opening.terms.cadence.unwrap_or(service.cadence);
            if cadence.per_year().is_none() {
                let (number, cadence) = (entry + 1, cadence.code());
                let what = text!(
                    "{id} is due to customers, but its opening {number} has the cadence {cadence}",
                    "{id} 应按日历提供，但其第 {number} 个开放条件的频次为 {cadence}"
                );
                self.fault(path, what, calendar_fix());
            }
        }
    }

    fn promise(&mut self, file: &PromiseFile, due: &DueFile, place: &str) -> Option<Promise> {
        let at = |key: &'static str| ["promise", place, key];
        let service = self.service(&file.service, &at("service"));
        let condition = self.condition(file.condition.as_ref(), &at("where"));
        let lead = self.span(file.lead.as_ref(), &at("lead"));
        let after = self.span(file.after.as_ref(), &at("after"));
        let compensation =
            file.compensation.as_ref().and_then(|file| self.compensation(file, &at("compensation")));
        if self.document.is_sound(&at("measure")) {
            self.keys_of_measure(file, place);
            self.floor(file, place);
            if file.measure == Measure::Notice && due.notice.is_none() {
                let what = text!(
                    "promise {id} measures notices, but `due.notice` names no service",
                    "承诺 {id} 衡量停电通知，但 `due.notice` 没有写明服务",
                    id = file.id
                );
                let fix = text!("add `notice` to [due]", "请在 [due] 中写 `notice`");
                self.fault(&at("measure"), what, fix);
            }
        }
        if let Some(Span::Minutes(_) | Span::Months(_) | Span::WorkingDays(_)) = lead {
            let what = text!(
                "promise {id}: the lead can only be hours or days",
                "承诺 {id}：提前时间只能以小时或天计",
                id = file.id
            );
            self.fault(&at("lead"), what, text!("write \"24 h\" or \"7 d\"", "请写 \"24 h\" 或 \"7 d\""));
        }
        Some(Promise {
            id: file.id.clone(),
            title: title(&file.id, file.title.as_ref(), file.title_zh.as_ref()),
            source: file.source.clone(),
            remark: file.remark.clone(),
            service: service?,
            measure: file.measure,
            condition,
            kinds: file.kinds.clone(),
            exempt: file.exempt.clone().unwrap_or_else(|| EXEMPT.to_vec()),
            over_year: file.over == Some(PromiseSpan::Year),
            limit: file.limit.map(|limit| limit.0),
            step: file.step.map(|step| step.0),
            floor: file.floor.map(|floor| floor.0),
            lead,
            after,
            announcement: file.announcement,
            compensation,
        })
    }

    /// Checks that the promise has the keys that its measure needs, and no others.
    fn keys_of_measure(&mut self, file: &PromiseFile, place: &str) {
        use Measure::{Availability, Interruptions, Minutes, Notice, Plan, Restoration};
        let measure = file.measure;
        let with_limit: &[Measure] = &[Availability, Interruptions, Minutes, Restoration];
        let with_step: &[Measure] = &[Interruptions, Minutes, Restoration];
        let keys: [(&str, bool, bool, &[Measure]); 6] = [
            ("limit", file.limit.is_some(), true, with_limit),
            ("floor", file.floor.is_some(), false, with_limit),
            ("step", file.step.is_some(), false, with_step),
            ("lead", file.lead.is_some(), true, &[Notice]),
            ("announcement", file.announcement, false, &[Notice]),
            ("after", file.after.is_some(), true, &[Plan]),
        ];
        for (key, is_given, is_needed, measures) in keys {
            let has = measures.contains(&measure);
            let (id, measure) = (&file.id, measure.code());
            if has && is_needed && !is_given {
                let what = text!(
                    "promise {id}: the measure {measure} needs `{key}`",
                    "承诺 {id}：指标 {measure} 需要 `{key}`"
                );
                self.fault(&["promise", place], what, text!("add `{key}`", "请补上 `{key}`"));
            }
            if !has && is_given {
                let what = text!(
                    "promise {id}: the measure {measure} has no `{key}`",
                    "承诺 {id}：指标 {measure} 没有 `{key}`"
                );
                self.fault(&["promise", place, key], what, text!("take it out", "请删去"));
            }
        }
    }

    /// Checks that a limit is possible and no weaker than its floor.
    fn floor(&mut self, file: &PromiseFile, place: &str) {
        let (Some(limit), id) = (file.limit.map(|limit| limit.0), &file.id) else { return };
        let is_share = file.measure == Measure::Availability;
        if is_share && limit > 100.0 {
            let what = text!("promise {id}: a limit of {limit} %", "承诺 {id}：限值为 {limit} %");
            self.fault(&["promise", place, "limit"], what, text!("write at most 100", "请写不大于 100 的数"));
        }
        let Some(floor) = file.floor.map(|floor| floor.0) else { return };
        let is_weaker = if is_share { limit < floor } else { limit > floor };
        if is_weaker {
            let what = text!(
                "promise {id}: the limit {limit} is weaker than its floor {floor}",
                "承诺 {id}：限值 {limit} 低于底线 {floor}"
            );
            let fix = match is_share {
                true => text!("raise the limit to {floor} or more", "请将限值提高到不低于 {floor}"),
                false => text!("lower the limit to {floor} or less", "请将限值降到不高于 {floor}"),
            };
            self.fault(&["promise", place, "limit"], what, fix);
        }
    }

    fn compensation(&mut self, file: &CompensationFile, path: &[&str]) -> Option<Compensation> {
        let rule_path: Vec<&str> = path.iter().copied().chain(["rule"]).collect();
        if !self.document.is_sound(&rule_path) {
            return None;
        }
        let is_fixed = file.rule == CompensationRule::Fixed;
        let has_multiple = file.two_part.is_some() || file.single.is_some();
        match (is_fixed, file.amount) {
            (true, Some(amount)) if !has_multiple => {
                return Some(Compensation::Fixed(round_half_away(amount.0 * 100.0)));
            }
            (false, None) => {
                let two_part = file.two_part.map_or(TWO_PART, |times| times.0);
                let single = file.single.map_or(SINGLE, |times| times.0);
                return Some(Compensation::Energy { two_part, single });
            }
            _ => {}
        }
        let what = text!(
            "the keys of the compensation do not belong to its rule {rule}",
            "补偿的键与其规则 {rule} 不符",
            rule = file.rule.code()
        );
        let fix = text!(
            "fixed needs `amount` alone; energy may have `two_part` and `single`",
            "fixed 只需 `amount`；energy 可有 `two_part` 和 `single`"
        );
        self.fault(path, what, fix);
        None
    }

    fn follow_up(&mut self, file: &FollowUpFile, due: &DueFile, place: &str) -> Option<FollowUp> {
        let at = |key: &'static str| ["follow_up", place, key];
        let services = self.services(&file.services, &at("services"));
        let condition = self.condition(file.condition.as_ref(), &at("where"));
        let within = self.span(file.within.as_ref(), &at("within"));
        if due.follow_up.is_none() && self.document.is_sound(&["due", "follow_up"]) {
            let what = text!(
                "follow-up {id}: `due.follow_up` names no service",
                "回访规则 {id}：`due.follow_up` 没有写明服务",
                id = file.id
            );
            self.fault(
                &["follow_up", place],
                what,
                text!("add `follow_up` to [due]", "请在 [due] 中写 `follow_up`"),
            );
        }
        if self.document.is_sound(&at("after")) {
            self.keys_of_event(file, place);
        }
        self.keys_of_series(file, place);
        Some(FollowUp {
            id: file.id.clone(),
            title: title(&file.id, file.title.as_ref(), file.title_zh.as_ref()),
            source: file.source.clone(),
            remark: file.remark.clone(),
            event: file.after,
            kinds: file.kinds.clone(),
            services,
            min_hours: file.min_hours.map(|hours| hours.0),
            condition,
            within,
            every_months: file.every_months.map(|months| months.0),
            until_months: file.until_months.map(|months| months.0),
            at_least: file.at_least.map(|count| count.0),
        })
    }

    /// Checks that the follow-up has the keys that its event needs, and no others.
    fn keys_of_event(&mut self, file: &FollowUpFile, place: &str) {
        let (id, event) = (&file.id, file.after);
        let keys = [
            ("kinds", !file.kinds.is_empty(), FollowedEvent::Contact),
            ("services", !file.services.is_empty(), FollowedEvent::Delivery),
            ("min_hours", file.min_hours.is_some(), FollowedEvent::Interruption),
        ];
        for (key, is_given, of) in keys {
            if is_given && event != of {
                let event = event.code();
                let what = text!(
                    "follow-up {id}: the event {event} has no `{key}`",
                    "回访规则 {id}：事件 {event} 没有 `{key}`"
                );
                self.fault(&["follow_up", place, key], what, text!("take it out", "请删去"));
            }
        }
        if event == FollowedEvent::Delivery && file.services.is_empty() {
            let what = text!(
                "follow-up {id}: the event delivery needs `services`",
                "回访规则 {id}：事件 delivery 需要 `services`"
            );
            self.fault(&["follow_up", place], what, text!("add `services`", "请补上 `services`"));
        }
    }

    /// Checks that the keys that say when follow-ups are due belong together.
    fn keys_of_series(&mut self, file: &FollowUpFile, place: &str) {
        let id = &file.id;
        let has_series = file.every_months.is_some() || file.at_least.is_some();
        if file.within.is_none() && !has_series {
            let what =
                text!("follow-up {id}: nothing says when it is due", "回访规则 {id}：没有写明何时到期");
            let fix = text!(
                "add `within`, or `until_months` with `every_months` or `at_least`",
                "请补上 `within`，或 `until_months` 及 `every_months` 或 `at_least`"
            );
            self.fault(&["follow_up", place], what, fix);
        } else if has_series != file.until_months.is_some() {
            let what = text!(
                "follow-up {id}: `until_months` belongs to `every_months` or `at_least`",
                "回访规则 {id}：`until_months` 须与 `every_months` 或 `at_least` 同时出现"
            );
            let fix = text!("give both, or neither", "请同时写，或都不写");
            self.fault(&["follow_up", place], what, fix);
        }
    }

    fn timer(&mut self, file: &TimerFile, place: &str) -> Option<Timer> {
        let at = |key: &'static str| ["timer", place, key];
        let condition = self.condition(file.condition.as_ref(), &at("where"));
        let within = self.span(Some(&file.within), &at("within"));
        let id = &file.id;
        if file.floor.is_some() && file.condition.is_some() {
            let what = text!(
                "timer {id} has both `floor` and `where`: a floor is everybody's",
                "计时 {id} 同时有 `floor` 和 `where`：底线适用于所有客户"
            );
            let fix = text!("take out `where`, or take out `floor`", "请删去 `where`，或删去 `floor`");
            self.fault(&at("floor"), what, fix);
        }
        if self.document.is_sound(&at("to")) && self.document.is_sound(&at("from")) {
            let to = file.to.list();
            if to.is_empty() || to.contains(&file.from) {
                let what = text!(
                    "timer {id} has no step that stops it, or one at which it starts",
                    "计时 {id} 没有终止步骤，或终止步骤就是起始步骤"
                );
                let fix = text!("name later steps in `to`", "请在 `to` 中写后续步骤");
                self.fault(&at("to"), what, fix);
            }
        }
        Some(Timer {
            id: file.id.clone(),
            title: title(&file.id, file.title.as_ref(), file.title_zh.as_ref()),
            source: file.source.clone(),
            remark: file.remark.clone(),
            kinds: file.kinds.clone(),
            from: file.from,
            to: file.to.list().to_vec(),
            within: within?,
            condition,
            floor: file.floor.map(|floor| floor.0),
        })
    }
}

fn calendar_fix() -> Text {
    text!(
        "give it monthly, quarterly, half_yearly or yearly in the catalogue, or take it out here",
        "请在服务目录中写 monthly、quarterly、half_yearly 或 yearly，或在此删去"
    )
}

fn limits(file: &ServiceLimitsFile) -> Limits {
    let usual = Limits::default();
    Limits {
        momentary_seconds: file.momentary_seconds.map_or(usual.momentary_seconds, |number| number.0),
        many: file.many.map_or(usual.many, |number| number.0),
        long_hours: file.long_hours.map_or(usual.long_hours, |number| number.0),
        keep_percent: file.keep_percent.map_or(usual.keep_percent, |number| number.0),
        repeat_days: file.repeat_days.map_or(usual.repeat_days, |number| number.0),
        appointment_minutes: file.appointment_minutes.map_or(usual.appointment_minutes, |number| number.0),
        min_cell: file.min_cell.map_or(usual.min_cell, |number| number.0),
    }
}

fn topic(file: &TopicFile) -> Topic {
    Topic { id: file.id.clone(), title: title(&file.id, file.title.as_ref(), file.title_zh.as_ref()) }
}
