//! The direction in which a customer's tier has changed.

use crate::method::Tier;

crate::words! {
    /// How a customer came into its tier, compared with another cycle.
    Movement "movement" {
        /// From a lower tier.
        Up "up" "up" "升级",
        /// From a higher tier.
        Down "down" "down" "降级",
        /// The customer had this tier before.
        Same "same" "same" "不变",
        /// The customer was not graded before.
        New "new" "new" "新增",
    }
}

impl Movement {
    /// The movement from the tier before, if there was one, to the tier after.
    #[must_use]
    pub fn between(before: Option<Tier>, after: Tier) -> Self {
        match before {
            None => Self::New,
            // The best tier is the smallest in order.
            Some(before) if after < before => Self::Up,
            Some(before) if after > before => Self::Down,
            Some(_) => Self::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_has_the_direction_of_the_better_tier() {
        assert_eq!(Movement::between(Some(Tier::Grade2), Tier::Special), Movement::Up);
        assert_eq!(Movement::between(Some(Tier::Grade2), Tier::Grade3), Movement::Down);
        assert_eq!(Movement::between(Some(Tier::Grade2), Tier::Grade2), Movement::Same);
        assert_eq!(Movement::between(None, Tier::Special), Movement::New);
    }
}
