//! Decides which of several readings of one meter and time counts.

/// A reading with the same key as another reading.
pub(super) trait Repetition {
    /// Whether the utility estimated the reading.
    fn is_estimated(&self) -> bool;

    /// Whether both readings have the same values.
    fn is_equal(&self, other: &Self) -> bool;
}

/// The position of the reading that counts among readings with one key; `None` if none counts.
///
/// If all are equal, the first counts. If any two differ, those that are not estimated decide: if these agree, the
/// first of them counts (SPEC §3).
pub(super) fn counted_of<R: Repetition>(readings: &[R]) -> Option<usize> {
    if readings.iter().all(|other| other.is_equal(&readings[0])) {
        return Some(0);
    }
    let first = readings.iter().position(|reading| !reading.is_estimated())?;
    let agree = readings.iter().all(|other| other.is_estimated() || other.is_equal(&readings[first]));
    agree.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair of an energy and whether it is estimated.
    impl Repetition for (i64, bool) {
        fn is_estimated(&self) -> bool {
            self.1
        }

        fn is_equal(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    #[test]
    fn readings_that_were_not_estimated_decide_where_any_two_differ() {
        assert_eq!(counted_of(&[(1, true), (1, false)]), Some(0));
        assert_eq!(counted_of(&[(1, true), (2, false), (2, false)]), Some(1));
        assert_eq!(counted_of(&[(1, false), (2, true), (1, true)]), Some(0));
        assert_eq!(counted_of(&[(1, false), (2, false), (1, true)]), None);
        assert_eq!(counted_of(&[(1, true), (2, true)]), None);
    }
}
