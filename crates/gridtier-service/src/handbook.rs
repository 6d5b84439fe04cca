//! The operator's own text of the customer handbook 客户手册: `handbook.toml`, checked whole (SERVICE §8).
//!
//! A handbook has ten parts. Eight are the operator's own words, which this module checks; the services for special
//! customers come from the catalogue and the evaluation system from the method. Nothing is computed, and there is no place
//! for a customer's data.

mod raw;
mod parse;

use chrono::NaiveDate;
use gridtier::text::Text;

pub use parse::handbook_schema;

/// The version of the format of `handbook.toml` that this program reads.
pub const HANDBOOK_FORMAT: i64 = 1;

gridtier::words! {
    /// A part of the handbook, in the order of the handbook.
    HandbookPart "part of the handbook" {
        /// Whom and where the utility serves.
        ServiceArea "service_area" "Service area" "服务范围",
        /// The departments that customers deal with.
        Departments "departments" "Departments" "部门设置",
        /// What each department does.
        Duties "duties" "Duties of the departments" "各部门职责范围",
        /// What each tier gets of the catalogue's services.
        SpecialCustomers "special_customers" "Services for special customers" "优质客户定制服务简介",
        /// How customers are graded.
        Evaluation "evaluation" "Customer evaluation system" "客户评价体系",
        /// What customers often ask.
        Questions "questions" "Common questions" "常见问题",
        /// What to do about it.
        Answers "answers" "How to handle them" "处理方法",
        /// Who supplies electrical equipment.
        Suppliers "suppliers" "Equipment suppliers" "优质电力设备供应商名录",
        /// Where faults are reported.
        FaultHotline "fault_hotline" "Fault hotline" "报修热线",
        /// Where everything else is asked.
        ServiceHotline "service_hotline" "Service hotline" "客户服务热线",
    }
}

/// Whether all parts must have a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// They must: the handbook is to be handed out.
    Whole,
    /// What is missing is still to be written.
    Draft,
}

/// The operator's own text of a handbook. A text that the file gives in one language stands in both. In a draft, a text may
/// be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handbook {
    /// Name of the utility; empty if not given.
    pub utility: Text,
    /// The day of this edition.
    pub issued_on: Option<NaiveDate>,
    /// Part 1.
    pub service_area: Text,
    /// Parts 2 and 3, in the order of the file.
    pub departments: Vec<Department>,
    /// Parts 6 and 7, in the order of the file.
    pub questions: Vec<CommonQuestion>,
    /// Part 8, in the order of the file.
    pub suppliers: Vec<EquipmentSupplier>,
    /// Part 9.
    pub fault_hotline: Text,
    /// Part 10.
    pub service_hotline: Text,
    /// Further ways to complain, such as the regulator's hotline; empty if not given.
    pub complaints: Text,
    /// The lines of the file whose text is in one language only.
    pub in_one_language: Vec<usize>,
}

/// A department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its name.
    pub name: Text,
    /// What it does.
    pub duties: Text,
}

/// A question that customers often ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonQuestion {
    /// The question.
    pub ask: Text,
    /// What to do about it.
    pub answer: Text,
}

/// A supplier of electrical equipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EquipmentSupplier {
    /// Its name.
    pub name: Text,
    /// What it supplies, and how to reach it; empty if not given.
    pub about: Text,
}

#[cfg(test)]
mod tests;
