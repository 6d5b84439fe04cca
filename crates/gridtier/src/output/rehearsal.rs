//! Writes what a rehearsal adds to a comparison: costs before and after, and the list of customers to notify.

use super::{FLAG, INTEGER, Output, TEXT, counts, flags, full, integers, nullable, table, text};
use crate::compare::Step;
use crate::rehearsal::{CostChange, ServiceCost, Telling};
use crate::word::Word as _;

/// One row for each service and tier.
#[must_use]
pub fn costs(rows: &[CostChange]) -> Output<'_> {
    let mut fields = vec![full("service", TEXT), full("tier", TEXT)];
    for name in ["entitled", "cost_fen", "income_fen"] {
        fields.extend(["before", "after"].map(|end| nullable(&format!("{name}_{end}"), INTEGER)));
    }
    let fen = |fen: i128| i64::try_from(fen).unwrap_or(i64::MAX);
    table("costs", fields, rows.len(), move |range| {
        let rows = &rows[range];
        let ends: [fn(&CostChange) -> Option<ServiceCost>; 2] = [|row| row.before, |row| row.after];
        let mut columns = vec![
            text(rows.iter().map(|row| Some(row.service.as_str()))),
            text(rows.iter().map(|row| Some(row.tier.code()))),
        ];
        columns.extend(ends.map(|end| counts(rows.iter().map(|row| Some(end(row)?.entitled)))));
        columns.extend(ends.map(|end| integers(rows.iter().map(|row| Some(fen(end(row)?.cost_fen))))));
        columns.extend(ends.map(|end| integers(rows.iter().map(|row| Some(fen(end(row)?.income_fen))))));
        columns
    })
}

/// One row for each customer whose tier or services change.
#[must_use]
pub fn tell(rows: &[Telling]) -> Output<'_> {
    let fields = vec![
        full("customer_id", TEXT),
        full("must", FLAG),
        full("tier_before", TEXT),
        full("tier_after", TEXT),
        nullable("cause", TEXT),
        nullable("lost", TEXT),
        nullable("gained", TEXT),
    ];
    table("tell", fields, rows.len(), move |range| {
        let rows = &rows[range];
        let list = |of: fn(&Telling) -> &[String]| {
            let lists: Vec<String> = rows.iter().map(|row| of(row).join(",")).collect();
            text(lists.iter().map(|list| Some(list.as_str()).filter(|list| !list.is_empty())))
        };
        vec![
            text(rows.iter().map(|row| Some(row.customer_id.as_str()))),
            flags(rows.iter().map(|row| row.must)),
            text(rows.iter().map(|row| Some(row.before.code()))),
            text(rows.iter().map(|row| Some(row.after.code()))),
            text(rows.iter().map(|row| row.cause.map(Step::code))),
            list(|row| &row.services.lost),
            list(|row| &row.services.gained),
        ]
    })
}

#[cfg(test)]
mod tests {
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use std::sync::Arc;

    use super::*;
    use crate::compare::EndState;
    use crate::method::Tier;
    use crate::rehearsal::ServiceMoves;

    #[test]
    fn a_service_has_no_costs_in_the_cycle_whose_catalogue_lacks_it() {
        let after = Some(ServiceCost { entitled: 3, cost_fen: 700, income_fen: 90 });
        let rows = [CostChange { service: "S01".into(), tier: Tier::Special, before: None, after }];
        let batch = costs(&rows).batches.next().unwrap();
        let names: Vec<&str> =
            batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(
            names[2..],
            [
                "entitled_before",
                "entitled_after",
                "cost_fen_before",
                "cost_fen_after",
                "income_fen_before",
                "income_fen_after"
            ]
        );
        let values = |name: &str| batch[name].as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
        assert_eq!([values("cost_fen_before"), values("cost_fen_after")], [vec![None], vec![Some(700)]]);
        assert_eq!(values("income_fen_after"), [Some(90)]);
    }

    #[test]
    fn columns_of_lost_and_gained_services_are_empty_if_there_are_none() {
        let services = ServiceMoves { lost: vec!["S03".into(), "S10".into()], ..ServiceMoves::default() };
        let telling = Telling {
            customer_id: "A".into(),
            must: true,
            before: EndState::Grade1,
            after: Tier::Grade2,
            cause: None,
            services: Arc::new(services),
        };
        let batch = tell(&[telling]).batches.next().unwrap();
        assert_eq!(batch["lost"].as_string::<i32>().value(0), "S03,S10");
        assert!(batch["gained"].is_null(0) && batch["cause"].is_null(0));
    }
}
