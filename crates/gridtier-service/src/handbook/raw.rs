//! `handbook.toml` as serde reads it: every key once, with its purpose.

use gridtier::checked_toml::Day;
use schemars::JsonSchema;
use serde::Deserialize;

use super::HANDBOOK_FORMAT;

/// The version of the format.
#[derive(Deserialize, JsonSchema)]
pub(super) struct HandbookFormat(
    #[schemars(range(min = HANDBOOK_FORMAT, max = HANDBOOK_FORMAT))]
    #[expect(dead_code, reason = "the schema checks it")]
    pub i64,
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct HandbookFile {
    /// The version of this format, 1 if left out.
    #[serde(rename = "format")]
    pub _format: Option<HandbookFormat>,
    /// Name of the utility.
    #[serde(default)]
    pub utility: String,
    /// Name of the utility, in Chinese.
    #[serde(default)]
    pub utility_zh: String,
    /// The day of this edition.
    pub issued_on: Option<Day>,
    /// Part 1: whom and where the utility serves.
    #[serde(default)]
    pub service_area: String,
    /// Part 1, in Chinese.
    #[serde(default)]
    pub service_area_zh: String,
    /// Parts 2 and 3: the departments.
    #[serde(default)]
    pub department: Vec<DepartmentFile>,
    /// Parts 6 and 7: the questions.
    #[serde(default)]
    pub question: Vec<QuestionFile>,
    /// Part 8: the suppliers of equipment.
    #[serde(default)]
    pub supplier: Vec<SupplierFile>,
    /// Part 9: where faults are reported.
    #[serde(default)]
    pub fault_hotline: String,
    /// Part 9, in Chinese.
    #[serde(default)]
    pub fault_hotline_zh: String,
    /// Part 10: where everything else is asked.
    #[serde(default)]
    pub service_hotline: String,
    /// Part 10, in Chinese.
    #[serde(default)]
    pub service_hotline_zh: String,
    /// Annex: further ways to complain.
    #[serde(default)]
    pub complaints: String,
    /// Annex: further ways to complain, in Chinese.
    #[serde(default)]
    pub complaints_zh: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct DepartmentFile {
    /// Name of the department.
    #[serde(default)]
    pub name: String,
    /// Name of the department, in Chinese.
    #[serde(default)]
    pub name_zh: String,
    /// What the department does.
    #[serde(default)]
    pub duties: String,
    /// What the department does, in Chinese.
    #[serde(default)]
    pub duties_zh: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct QuestionFile {
    /// A question that customers often ask.
    #[serde(default)]
    pub ask: String,
    /// The question, in Chinese.
    #[serde(default)]
    pub ask_zh: String,
    /// What to do about it.
    #[serde(default)]
    pub answer: String,
    /// What to do about it, in Chinese.
    #[serde(default)]
    pub answer_zh: String,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct SupplierFile {
    /// Name of the supplier.
    #[serde(default)]
    pub name: String,
    /// Name of the supplier, in Chinese.
    #[serde(default)]
    pub name_zh: String,
    /// What the supplier offers, and how to reach it.
    #[serde(default)]
    pub about: String,
    /// What the supplier offers, in Chinese.
    #[serde(default)]
    pub about_zh: String,
}
