//! Where an appeal puts a customer (REGRADE section 6): the cycle's parameters score its corrected values, it is ranked among
//! the published scores of its stratum, and the cycle's policies then give its tier. Nobody else is scored, and no parameter
//! changes.
//!
//! This module does not know who decides about the appeal, and it writes no file.

mod corrected;
mod standing;
mod placing;

pub use corrected::{CorrectedCustomer, NotHeard};
pub use placing::{AppealPlace, Placing, RippledCustomer};
pub use standing::{DrawnLine, Newcomer, Standing};

#[cfg(test)]
mod tests;
