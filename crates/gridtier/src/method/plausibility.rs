//! Limits of plausible data, beyond which nothing is published.

use super::raw::PlausibilityFile;
use crate::checked_toml::{CheckedToml, Fault, Share, Switched};
use crate::text;
use crate::text::Text;

/// Limits of plausibility (SPEC section 11); `None` for a limit that is switched off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plausibility {
    /// Share of customers whose readings look like registers.
    pub looks_like_register: Option<f64>,
    /// Share of customers with a month far from their median month.
    pub unit_suspect: Option<f64>,
    /// Share of customers with rows before their opening.
    pub before_opening: Option<f64>,
    /// Lowest and highest median of the average price of a use category, in CNY/kWh.
    pub average_price: Option<[f64; 2]>,
}

impl Plausibility {
    /// The limits if a method gives none.
    pub const DEFAULT: Self = Self {
        looks_like_register: Some(0.01),
        unit_suspect: Some(0.01),
        before_opening: Some(0.05),
        average_price: Some([0.05, 5.0]),
    };

    pub(super) fn build(document: &CheckedToml, file: &PlausibilityFile, faults: &mut Vec<Fault>) -> Self {
        let mut fault = |key: &str, what: Text, fix: Text| {
            faults.push(Fault { line: document.line(&["plausibility", key]), what, fix });
        };
        let mut share = |key: &str, value: &Option<Switched<Share>>, default| match value {
            None => default,
            Some(Switched::On(share)) => Some(share.0),
            Some(Switched::Off(is_on)) => {
                if *is_on {
                    fault(
                        key,
                        says_nothing(key),
                        text!("write a share such as 0.01", "请写一个比例, 如 0.01"),
                    );
                }
                None
            }
        };
        let looks_like_register =
            share("looks_like_register", &file.looks_like_register, Self::DEFAULT.looks_like_register);
        let unit_suspect = share("unit_suspect", &file.unit_suspect, Self::DEFAULT.unit_suspect);
        let before_opening = share("before_opening", &file.before_opening, Self::DEFAULT.before_opening);
        let key = "implausible_price";
        let fix = text!("write [0.05, 5] in CNY/kWh", "请写 [0.05, 5], 单位为元/千瓦时");
        let average_price = match &file.implausible_price {
            None => Self::DEFAULT.average_price,
            Some(Switched::Off(false)) => None,
            Some(Switched::Off(true)) => {
                fault(key, says_nothing(key), fix);
                None
            }
            Some(Switched::On(bounds)) => match bounds[..] {
                [least, most] if least < most => Some([least, most]),
                _ => {
                    let what =
                        text!("`{key}` must be two ascending prices", "`{key}` 应为由小到大的两个电价");
                    fault(key, what, fix);
                    None
                }
            },
        };
        Self { looks_like_register, unit_suspect, before_opening, average_price }
    }
}

fn says_nothing(key: &str) -> Text {
    text!("`{key}` = true gives no limit", "`{key}` = true 没有给出限值")
}
