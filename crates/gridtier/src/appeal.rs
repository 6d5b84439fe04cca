//! Where an appeal puts a customer: its corrected values on the parameters of the cycle, its key among the others of its
//! stratum as they were published, and the policies as in the cycle (REGRADE section 6). Nobody else is scored, and no parameter
//! changes.
//!
//! What was corrected, who decides and what is written are not known here.

mod corrected;
mod standing;
mod placing;

pub use corrected::{CorrectedCustomer, NotHeard};
pub use placing::{AppealPlace, Placing, RippledCustomer};
pub use standing::Standing;

#[cfg(test)]
mod tests;
