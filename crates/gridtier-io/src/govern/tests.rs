//! Tests of days between times. `gridtier::decision` tests what is allowed, and `tests/governance.rs` tests the commands.

use super::*;

#[test]
fn days_are_counted_by_the_calendar_in_utc() {
    let days = |from, to| days_between(from, to).unwrap();
    assert_eq!(days("2026-01-01T23:59:59Z", "2026-01-02T00:00:00+00:00"), 1);
    assert_eq!(days("2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z"), 30);
    // 01:00 in Beijing is the day before in UTC.
    assert_eq!(days("2026-01-02T01:00:00+08:00", "2026-01-02T00:00:00Z"), 1);
    assert!(matches!(days_between("yesterday", "2026-01-02T00:00:00Z"), Err(GovernanceError::Damaged(_))));
}
