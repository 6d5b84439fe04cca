//! What was due and delivered, as tables: `due`, `delivered`, `channels`, `units`, `capacity`, `worklist`.

use gridtier::index::{CustomerIx, index};
use gridtier::output::Output;
use gridtier::word::Word;

use super::{
    DAY, FLAG, INTEGER, NUMBER, TEXT, TIME, days, flags, full, group_names, groupings, integers, nullable,
    numbers, table, text, times,
};
use crate::delivered::{Delivered, DeliveredRow};
use crate::due::DueInputs;
use crate::group::{Groups, tier_name};
use crate::log::Delivery;
use crate::matching::DueStatus;
use crate::usage::{CapacityRow, ChannelRow, UnitsRow};

/// The tables of what was due and delivered. `inputs` are those of `delivered`, and its log has these deliveries.
#[must_use]
pub fn tables<'a>(
    inputs: DueInputs<'a>,
    groups: &'a Groups,
    delivered: &'a Delivered,
    deliveries: &'a [Delivery],
) -> Vec<Output<'a>> {
    vec![
        due_table(inputs, delivered, deliveries),
        delivered_table(inputs, groups, delivered),
        channels_table(inputs, crate::usage::channels(&inputs, deliveries)),
        units_table(inputs, crate::usage::units(&inputs, deliveries, &delivered.fills)),
        capacity_table(inputs, crate::usage::capacities(&inputs, deliveries)),
        worklist_table(inputs, delivered),
    ]
}

fn service_id<'a>(inputs: DueInputs<'a>, service: usize) -> Option<&'a str> {
    Some(&inputs.catalogue.services[service].id)
}

fn customer_id<'a>(inputs: DueInputs<'a>, customer: Option<CustomerIx>) -> Option<&'a str> {
    customer.map(|customer| inputs.base.id(customer))
}

fn due_table<'a>(inputs: DueInputs<'a>, delivered: &'a Delivered, deliveries: &'a [Delivery]) -> Output<'a> {
    let fields = vec![
        full("reason", TEXT),
        full("key", TEXT),
        full("service", TEXT),
        nullable("customer_id", TEXT),
        nullable("opens", TIME),
        full("due_by", TIME),
        nullable("units_due", INTEGER),
        nullable("units_done", INTEGER),
        full("status", TEXT),
        nullable("delivery_id", TEXT),
        nullable("done_at", TIME),
        nullable("channel", TEXT),
    ];
    table("due", fields, delivered.due.len(), move |rows| {
        let rows = &delivered.due[rows];
        let by = |place: Option<u32>| place.map(|place| &deliveries[index(place)]);
        vec![
            text(rows.iter().map(|row| Some(delivered.reasons.name(row.reason)))),
            text(rows.iter().map(|row| Some(&*row.key))),
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            text(rows.iter().map(|row| customer_id(inputs, row.customer))),
            times(rows.iter().map(|row| row.opens)),
            times(rows.iter().map(|row| Some(row.due_by))),
            integers(rows.iter().map(|row| row.units_due)),
            integers(rows.iter().map(|row| row.units_done)),
            text(rows.iter().map(|row| Some(row.status.code()))),
            text(rows.iter().map(|row| by(row.delivery).map(|delivery| &*delivery.id))),
            times(rows.iter().map(|row| by(row.delivery).and_then(Delivery::done))),
            text(rows.iter().map(|row| by(row.delivery).map(|delivery| delivery.channel.code()))),
        ]
    })
}

fn delivered_table<'a>(inputs: DueInputs<'a>, groups: &'a Groups, delivered: &'a Delivered) -> Output<'a> {
    let statuses = DueStatus::ALL.iter().map(|status| full(status.code(), INTEGER));
    let keys = ["reason", "service", "group_by", "group"].map(|name| full(name, TEXT));
    let fields =
        keys.into_iter().chain([full("due", INTEGER)]).chain(statuses).chain([nullable("share", NUMBER)]);
    table("delivered", fields.collect(), delivered.delivered.len(), move |rows| {
        let rows = &delivered.delivered[rows];
        let mut columns = vec![
            text(rows.iter().map(|row| Some(delivered.reasons.name(row.reason)))),
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            groupings(groups, rows.iter().map(|row| row.group)),
            group_names(groups, rows.iter().map(|row| row.group)),
            integers(rows.iter().map(|row| Some(row.due()))),
        ];
        let counts = DueStatus::ALL.iter();
        columns.extend(counts.map(|&status| integers(rows.iter().map(|row| Some(row.count(status))))));
        columns.push(numbers(rows.iter().map(DeliveredRow::share)));
        columns
    })
}

fn channels_table<'a>(inputs: DueInputs<'a>, all: Vec<ChannelRow>) -> Output<'a> {
    let fields = vec![
        full("service", TEXT),
        full("channel", TEXT),
        full("created", INTEGER),
        full("sent", INTEGER),
        full("delivered", INTEGER),
        full("read", INTEGER),
        full("failed", INTEGER),
        nullable("delivered_share", NUMBER),
        nullable("read_share", NUMBER),
        nullable("median_min", NUMBER),
    ];
    table("channels", fields, all.len(), move |rows| {
        let rows = &all[rows];
        vec![
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            text(rows.iter().map(|row| Some(row.channel.code()))),
            integers(rows.iter().map(|row| Some(row.created))),
            integers(rows.iter().map(|row| Some(row.sent))),
            integers(rows.iter().map(|row| Some(row.delivered))),
            integers(rows.iter().map(|row| Some(row.read))),
            integers(rows.iter().map(|row| Some(row.failed))),
            numbers(rows.iter().map(ChannelRow::delivered_share)),
            numbers(rows.iter().map(ChannelRow::read_share)),
            numbers(rows.iter().map(|row| row.median_min)),
        ]
    })
}

fn units_table<'a>(inputs: DueInputs<'a>, all: Vec<UnitsRow>) -> Output<'a> {
    let counts = ["deliveries", "units_e3", "failed", "extra", "cost_fen", "income_fen"];
    let fields = [full("service", TEXT), full("tier", TEXT)].into_iter();
    let fields = fields.chain(counts.map(|name| full(name, INTEGER)));
    table("units", fields.collect(), all.len(), move |rows| {
        let rows = &all[rows];
        vec![
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            text(rows.iter().map(|row| Some(row.tier))),
            integers(rows.iter().map(|row| Some(row.deliveries))),
            integers(rows.iter().map(|row| Some(row.units_e3))),
            integers(rows.iter().map(|row| Some(row.failed))),
            integers(rows.iter().map(|row| Some(row.extra))),
            integers(rows.iter().map(|row| Some(row.cost_fen))),
            integers(rows.iter().map(|row| Some(row.income_fen))),
        ]
    })
}

fn capacity_table<'a>(inputs: DueInputs<'a>, all: Vec<CapacityRow>) -> Output<'a> {
    let fields = vec![
        full("service", TEXT),
        full("month", DAY),
        full("per", TEXT),
        full("capacity_e3", INTEGER),
        full("delivered_e3", INTEGER),
        nullable("share", NUMBER),
    ];
    table("capacity", fields, all.len(), move |rows| {
        let rows = &all[rows];
        vec![
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            days(rows.iter().map(|row| Some(row.month.first_day()))),
            text(rows.iter().map(|row| Some(if row.per_year { "year" } else { "month" }))),
            integers(rows.iter().map(|row| Some(row.capacity_e3))),
            integers(rows.iter().map(|row| Some(row.delivered_e3))),
            numbers(rows.iter().map(CapacityRow::share)),
        ]
    })
}

fn worklist_table<'a>(inputs: DueInputs<'a>, delivered: &'a Delivered) -> Output<'a> {
    let fields = vec![
        full("position", INTEGER),
        full("reason", TEXT),
        full("key", TEXT),
        full("service", TEXT),
        nullable("customer_id", TEXT),
        full("tier", TEXT),
        full("due_by", TIME),
        full("overdue", FLAG),
        full("within_capacity", FLAG),
    ];
    table("worklist", fields, delivered.worklist.len(), move |places| {
        let rows = &delivered.worklist[places.clone()];
        vec![
            integers(places.map(|place| i64::try_from(place + 1).ok())),
            text(rows.iter().map(|row| Some(delivered.reasons.name(row.reason)))),
            text(rows.iter().map(|row| Some(&*row.key))),
            text(rows.iter().map(|row| service_id(inputs, row.service))),
            text(rows.iter().map(|row| customer_id(inputs, row.customer))),
            text(rows.iter().map(|row| Some(tier_name(inputs.base, row.customer)))),
            times(rows.iter().map(|row| Some(row.due_by))),
            flags(rows.iter().map(|row| Some(row.overdue))),
            flags(rows.iter().map(|row| Some(row.within_capacity))),
        ]
    })
}

#[cfg(test)]
mod tests {
    use gridtier::contract::ContactKind;
    use gridtier::method::Tier;

    use super::*;
    use crate::fixture::at;
    use crate::scene::{Scene, graded};

    #[test]
    fn tables_have_the_columns_of_the_page_in_its_order() {
        let policy = "[due]\ncustomer = [\"S05\"]\nsession = [\"S14\"]\nfollow_up = \"S05\"\n[[follow_up]]\nid = \"closed\"\nafter = \"contact\"\nwithin = \"3 d\"\n";
        let mut scene = Scene::new(vec![("c", graded(Tier::Special))], policy, "2026-03", None);
        scene.contact("k", ContactKind::Query, "c", "2026-03-02 08:00", |contact| {
            contact.closed_at = Some(at("2026-03-02 08:00"))
        });
        scene.done("d1", "S05", "c", "2026-03-03 08:00");
        scene.done("d2", "S21", "c", "2026-03-03 08:00");
        scene.deliver("p1", "S10", "", "2026-03-01 00:00", |delivery| {
            delivery.planned_at = Some(at("2026-04-02 00:00"))
        });
        let groups = Groups::of(&scene.base);
        let inputs = scene.inputs();
        let delivered = Delivered::measure(inputs, &groups).unwrap();
        let tables = tables(inputs, &groups, &delivered, scene.log.deliveries.as_ref().unwrap());
        let columns: Vec<String> = tables
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
                "due reason key service customer_id opens due_by units_due units_done status delivery_id done_at channel",
                "delivered reason service group_by group due on_time announced late missed open share",
                "channels service channel created sent delivered read failed delivered_share read_share median_min",
                "units service tier deliveries units_e3 failed extra cost_fen income_fen",
                "capacity service month per capacity_e3 delivered_e3 share",
                "worklist position reason key service customer_id tier due_by overdue within_capacity",
            ]
        );
    }
}
