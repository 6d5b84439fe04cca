//! What the patterns of dates say.

use chrono::format::{Fixed, Item, Numeric};

/// Whether a part of a date pattern turns a time into an instant, as an offset or the seconds since 1970 do.
pub(super) fn is_instant(item: &Item) -> bool {
    matches!(
        item,
        Item::Numeric(Numeric::Timestamp, _)
            | Item::Fixed(
                Fixed::TimezoneOffset
                    | Fixed::TimezoneOffsetColon
                    | Fixed::TimezoneOffsetColonZ
                    | Fixed::TimezoneOffsetDoubleColon
                    | Fixed::TimezoneOffsetTripleColon
                    | Fixed::TimezoneOffsetZ
                    | Fixed::RFC2822
                    | Fixed::RFC3339
                    | Fixed::Internal(_)
            )
    )
}
