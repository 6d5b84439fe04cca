//! Writes the history of tiers.

use super::{DAY, FLAG, INTEGER, Output, TEXT, counts, days, flags, full, nullable, table, text};
use crate::history::TierHistory;
use crate::index::index;
use crate::word::Word as _;

/// One row for each span, sorted by customer and first day.
#[must_use]
pub fn output(history: &TierHistory) -> Output<'_> {
    let fields = vec![
        full("customer_id", TEXT),
        full("valid_from", DAY),
        nullable("valid_to", DAY),
        full("is_current", FLAG),
        full("tier", TEXT),
        full("provisional", FLAG),
        full("stratum", TEXT),
        full("first_cycle", INTEGER),
        full("last_cycle", INTEGER),
    ];
    table("history", fields, history.spans.len(), move |rows| {
        let spans = &history.spans[rows];
        vec![
            text(spans.iter().map(|span| Some(history.customers.key(span.customer)))),
            days(spans.iter().map(|span| Some(span.valid_from))),
            days(spans.iter().map(|span| span.valid_to)),
            flags(spans.iter().map(|span| span.valid_to.is_none())),
            text(spans.iter().map(|span| Some(span.place.tier.code()))),
            flags(spans.iter().map(|span| span.place.provisional)),
            text(spans.iter().map(|span| Some(history.strata[index(span.place.stratum)].as_str()))),
            counts(spans.iter().map(|span| Some(span.first_cycle))),
            counts(spans.iter().map(|span| Some(span.last_cycle))),
        ]
    })
}
