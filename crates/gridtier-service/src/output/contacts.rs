//! Contacts as tables: `contacts`, `cases`, `timers`, `fairness`, `topics`, `rates`, `ageing`.

use gridtier::index::index;
use gridtier::output::Output;
use gridtier::word::Word;

use super::{
    FLAG, INTEGER, NUMBER, TEXT, TIME, flags, full, group_names, groupings, integers, nullable, numbers,
    table, text, times,
};
use crate::ageing::AgeingRow;
use crate::base::Base;
use crate::contact::ContactState;
use crate::contact_figures::ContactFigures;
use crate::group::{Groups, tier_name};
use crate::log::Contact;
use crate::policy::Policy;
use crate::rate::RateRow;
use crate::timer::{TimerCase, TimerStatus};
use crate::topic::TopicRow;

/// The names that the tables need besides the figures.
#[derive(Clone, Copy)]
pub struct ContactNames<'a> {
    /// The customers.
    pub base: &'a Base,
    /// The groups.
    pub groups: &'a Groups,
    /// The timers and topics.
    pub policy: &'a Policy,
}

impl<'a> ContactNames<'a> {
    fn customer(&self, contact: &Contact) -> Option<&'a str> {
        contact.customer.map(|customer| self.base.id(customer))
    }

    fn tier(&self, contact: &Contact) -> &'static str {
        tier_name(self.base, contact.customer)
    }

    fn timer(&self, timer: usize) -> Option<&'a str> {
        Some(&self.policy.timers[timer].id)
    }
}

/// The tables of contacts.
#[must_use]
pub fn tables<'a>(names: ContactNames<'a>, figures: &'a ContactFigures<'a>) -> Vec<Output<'a>> {
    vec![
        contacts_table(names, figures),
        cases_table(names, figures),
        timers_table(names, figures),
        fairness_table(names, figures),
        topics_table(names, &figures.topics),
        rates_table(names, &figures.rates),
        ageing_table(&figures.ageing),
    ]
}

fn contacts_table<'a>(names: ContactNames<'a>, figures: &'a ContactFigures<'a>) -> Output<'a> {
    let fields = vec![
        full("contact_id", TEXT),
        nullable("customer_id", TEXT),
        full("kind", TEXT),
        full("topic", TEXT),
        full("tier", TEXT),
        full("received_at", TIME),
        full("state", TEXT),
        nullable("repeat", FLAG),
        nullable("outcome", TEXT),
        nullable("satisfied", FLAG),
    ];
    let contacts = &figures.contacts;
    table("contacts", fields, contacts.received.len(), move |rows| {
        let places = &contacts.received[rows];
        let rows: Vec<&Contact> = places.iter().map(|&place| contacts.contact(place)).collect();
        let topics = places.iter().map(|&place| contacts.topics[index(place)].id(names.policy));
        vec![
            text(rows.iter().map(|row| Some(&*row.id))),
            text(rows.iter().map(|row| names.customer(row))),
            text(rows.iter().map(|row| Some(row.kind.code()))),
            text(topics.map(Some)),
            text(rows.iter().map(|row| Some(names.tier(row)))),
            times(rows.iter().map(|row| Some(row.received_at))),
            text(rows.iter().map(|row| Some(row.state().code()))),
            flags(places.iter().map(|&place| figures.repeats[index(place)])),
            text(rows.iter().map(|row| row.outcome.map(Word::code))),
            flags(rows.iter().map(|row| row.satisfied)),
        ]
    })
}

fn cases_table<'a>(names: ContactNames<'a>, figures: &'a ContactFigures<'a>) -> Output<'a> {
    let fields = vec![
        full("timer", TEXT),
        full("contact_id", TEXT),
        nullable("customer_id", TEXT),
        full("due_by", TIME),
        nullable("done_at", TIME),
        full("status", TEXT),
        nullable("hours", NUMBER),
    ];
    table("cases", fields, figures.cases.len(), move |rows| {
        let rows = &figures.cases[rows];
        let contact = |row: &TimerCase| figures.contacts.contact(row.contact);
        vec![
            text(rows.iter().map(|row| names.timer(row.timer))),
            text(rows.iter().map(|row| Some(&*contact(row).id))),
            text(rows.iter().map(|row| names.customer(contact(row)))),
            times(rows.iter().map(|row| Some(row.due_by))),
            times(rows.iter().map(|row| row.done_at)),
            text(rows.iter().map(|row| Some(row.status.code()))),
            numbers(rows.iter().map(TimerCase::hours)),
        ]
    })
}

fn timers_table<'a>(names: ContactNames<'a>, figures: &'a ContactFigures<'a>) -> Output<'a> {
    let keys = ["timer", "group_by", "group"].map(|name| full(name, TEXT));
    let statuses = TimerStatus::ALL.iter().map(|status| full(status.code(), INTEGER));
    let estimates = ["share", "lo", "hi", "median_h", "p90_h"].map(|name| nullable(name, NUMBER));
    let fields = keys.into_iter().chain([full("cases", INTEGER)]).chain(statuses).chain(estimates);
    table("timers", fields.collect(), figures.timers.len(), move |rows| {
        let rows = &figures.timers[rows];
        let mut columns = vec![
            text(rows.iter().map(|row| names.timer(row.timer))),
            groupings(names.groups, rows.iter().map(|row| row.group)),
            group_names(names.groups, rows.iter().map(|row| row.group)),
            integers(rows.iter().map(|row| Some(row.cases()))),
        ];
        let statuses = TimerStatus::ALL.iter();
        columns.extend(statuses.map(|&status| integers(rows.iter().map(|row| Some(row.count(status))))));
        columns.extend([
            numbers(rows.iter().map(|row| row.decided().share())),
            numbers(rows.iter().map(|row| row.decided().interval().map(|interval| interval.lo))),
            numbers(rows.iter().map(|row| row.decided().interval().map(|interval| interval.hi))),
            numbers(rows.iter().map(|row| row.median_h)),
            numbers(rows.iter().map(|row| row.p90_h)),
        ]);
        columns
    })
}

fn fairness_table<'a>(names: ContactNames<'a>, figures: &'a ContactFigures<'a>) -> Output<'a> {
    let estimates =
        ["share", "lo", "hi", "rest_share", "rest_lo", "rest_hi"].map(|name| nullable(name, NUMBER));
    let keys = [full("timer", TEXT), full("tier", TEXT), full("decided", INTEGER), full("on_time", INTEGER)];
    let fields = keys.into_iter().chain(estimates).chain([full("verdict", TEXT), full("unfair", FLAG)]);
    table("fairness", fields.collect(), figures.fairness.len(), move |rows| {
        let rows = &figures.fairness[rows];
        vec![
            text(rows.iter().map(|row| names.timer(row.timer))),
            group_names(names.groups, rows.iter().map(|row| row.tier)),
            integers(rows.iter().map(|row| Some(row.own.decided))),
            integers(rows.iter().map(|row| Some(row.own.on_time))),
            numbers(rows.iter().map(|row| row.own.share())),
            numbers(rows.iter().map(|row| row.own.interval().map(|interval| interval.lo))),
            numbers(rows.iter().map(|row| row.own.interval().map(|interval| interval.hi))),
            numbers(rows.iter().map(|row| row.rest.share())),
            numbers(rows.iter().map(|row| row.rest.interval().map(|interval| interval.lo))),
            numbers(rows.iter().map(|row| row.rest.interval().map(|interval| interval.hi))),
            text(rows.iter().map(|row| Some(row.verdict.code()))),
            flags(rows.iter().map(|row| Some(row.unfair))),
        ]
    })
}

fn topics_table<'a>(names: ContactNames<'a>, all: &'a [TopicRow]) -> Output<'a> {
    let fields = vec![
        full("kind", TEXT),
        full("topic", TEXT),
        full("contacts", INTEGER),
        full("share", NUMBER),
        full("cumulative", NUMBER),
        full("vital", FLAG),
        full("repeats", INTEGER),
        full("satisfied", INTEGER),
        full("asked", INTEGER),
    ];
    table("topics", fields, all.len(), move |rows| {
        let rows = &all[rows];
        vec![
            text(rows.iter().map(|row| Some(row.kind.code()))),
            text(rows.iter().map(|row| Some(row.topic.id(names.policy)))),
            integers(rows.iter().map(|row| Some(row.contacts))),
            numbers(rows.iter().map(TopicRow::share)),
            numbers(rows.iter().map(TopicRow::cumulative_share)),
            flags(rows.iter().map(|row| Some(row.is_vital()))),
            integers(rows.iter().map(|row| Some(row.repeats))),
            integers(rows.iter().map(|row| Some(row.satisfied))),
            integers(rows.iter().map(|row| Some(row.asked))),
        ]
    })
}

fn rates_table<'a>(names: ContactNames<'a>, all: &'a [RateRow]) -> Output<'a> {
    let keys = ["kind", "group_by", "group"].map(|name| full(name, TEXT));
    let counts = ["repeats", "satisfied", "asked"].map(|name| full(name, INTEGER));
    let fields = keys.into_iter().chain([full("contacts", INTEGER), full("customer_days", INTEGER)]);
    let fields = fields.chain([nullable("per_1000_a", NUMBER)]).chain(counts);
    let fields = fields.chain(ContactState::ALL.iter().map(|state| full(state.code(), INTEGER)));
    table("rates", fields.collect(), all.len(), move |rows| {
        let rows = &all[rows];
        let mut columns = vec![
            text(rows.iter().map(|row| Some(row.kind.code()))),
            groupings(names.groups, rows.iter().map(|row| row.group)),
            group_names(names.groups, rows.iter().map(|row| row.group)),
            integers(rows.iter().map(|row| Some(row.contacts))),
            integers(rows.iter().map(|row| Some(row.customer_days))),
            numbers(rows.iter().map(RateRow::per_1000_a)),
            integers(rows.iter().map(|row| Some(row.repeats))),
            integers(rows.iter().map(|row| Some(row.satisfied))),
            integers(rows.iter().map(|row| Some(row.asked))),
        ];
        let states = 0..ContactState::ALL.len();
        columns.extend(states.map(|state| integers(rows.iter().map(|row| Some(row.by_state[state])))));
        columns
    })
}

fn ageing_table(all: &[AgeingRow]) -> Output<'_> {
    let fields = vec![full("kind", TEXT), full("days", TEXT), full("open", INTEGER)];
    table("ageing", fields, all.len(), move |rows| {
        let rows = &all[rows];
        vec![
            text(rows.iter().map(|row| Some(row.kind.code()))),
            text(rows.iter().map(|row| Some(row.days))),
            integers(rows.iter().map(|row| Some(row.open))),
        ]
    })
}

#[cfg(test)]
mod tests {
    use gridtier::contract::ContactKind;
    use gridtier::method::Tier;

    use super::*;
    use crate::scene::{Scene, graded};

    #[test]
    fn tables_have_the_columns_of_the_page_in_its_order() {
        let policy = "[[timer]]\nid = \"answer\"\nfrom = \"received\"\nto = \"answered\"\nwithin = \"24 h\"\nfloor = 100\n";
        let mut scene = Scene::new(vec![("c", graded(Tier::Special))], policy, "2026-03", None);
        scene.contact("k1", ContactKind::Complaint, "c", "2026-03-02 08:00", |_| {});
        scene.contact("k2", ContactKind::Query, "", "2026-03-02 08:00", |_| {});
        let groups = Groups::of(&scene.base);
        let figures = ContactFigures::of(&scene.base, &groups, &scene.log, &scene.policy, scene.run).unwrap();
        let names = ContactNames { base: &scene.base, groups: &groups, policy: &scene.policy };
        let columns: Vec<String> = tables(names, &figures)
            .into_iter()
            .map(|table| {
                let names: Vec<String> =
                    table.schema.fields().iter().map(|field| field.name().clone()).collect();
                let rows: usize = table.batches.map(|batch| batch.num_rows()).sum();
                assert!(rows > 0, "{}", table.name);
                format!("{} {}", table.name, names.join(" "))
            })
            .collect();
        assert_eq!(
            columns,
            [
                "contacts contact_id customer_id kind topic tier received_at state repeat outcome satisfied",
                "cases timer contact_id customer_id due_by done_at status hours",
                "timers timer group_by group cases on_time late overdue open share lo hi median_h p90_h",
                "fairness timer tier decided on_time share lo hi rest_share rest_lo rest_hi verdict unfair",
                "topics kind topic contacts share cumulative vital repeats satisfied asked",
                "rates kind group_by group contacts customer_days per_1000_a repeats satisfied asked received contacted \
                 analysed answered closed",
                "ageing kind days open",
            ]
        );
    }
}
