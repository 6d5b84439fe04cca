//! An instrument as serde reads it: every key once, with its allowed values and its purpose.

use gridtier::checked_toml::Share;
use schemars::JsonSchema;
use serde::Deserialize;

use super::definition::{InstrumentKind, ValueRole};

/// An answer of a scale.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(super) struct ScaleEnd(#[schemars(range(min = -1000, max = 1000))] pub i64);

/// The id of an item, a number or a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ItemId {
    /// `7`
    Number(i64),
    /// `"7"`
    Text(String),
}

impl JsonSchema for ItemId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ItemId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"type": "integer", "minimum": 0, "maximum": 9999}, {"type": "string"}]
        })
    }
}

impl ItemId {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct InstrumentFile {
    /// The id of the instrument, such as servqual.
    pub id: String,
    /// Name in English.
    #[serde(default)]
    pub title: String,
    /// Name in Chinese.
    #[serde(default)]
    pub title_zh: String,
    /// What the instrument measures.
    pub kind: InstrumentKind,
    /// The lowest and the highest answer.
    pub scale: Vec<ScaleEnd>,
    /// Whether respondents divide 100 points among the dimensions, for kind gap.
    #[serde(default)]
    pub weights: bool,
    /// Columns of numbers with which scores are correlated.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// What respondents are grouped by: tier, class, use_category, region, area, or a column of text of your own. All of
    /// the five if left out.
    pub groups: Option<Vec<String>>,
    /// For kind value: the share of the dimension money that comes from the average price on the bills, 0.5 by default.
    pub money_from_bills: Option<Share>,
    /// Where the instrument comes from, in English.
    #[serde(default)]
    pub source: String,
    /// Where the instrument comes from, in Chinese.
    #[serde(default)]
    pub source_zh: String,
    /// What is to be known about the wording, in English.
    #[serde(default)]
    pub remark: String,
    /// What is to be known about the wording, in Chinese.
    #[serde(default)]
    pub remark_zh: String,
    /// The dimensions.
    pub dimension: Vec<DimensionFile>,
    /// The items.
    pub item: Vec<ItemFile>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct DimensionFile {
    /// The id of the dimension, such as reliability.
    pub id: String,
    /// Name in English.
    #[serde(default)]
    pub title: String,
    /// Name in Chinese.
    #[serde(default)]
    pub title_zh: String,
    /// For kind value: whether the dimension is what the customer gets or what it costs the customer.
    pub role: Option<ValueRole>,
    /// For kind value: the weight within the role; the weights of each role sum to 1.
    pub weight: Option<Share>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct ItemFile {
    /// The id of the item: its columns are E, P or Q with this id.
    pub id: ItemId,
    /// The dimension to which the item belongs.
    pub dimension: String,
    /// Whether a high answer is a bad one.
    #[serde(default)]
    pub reverse: bool,
    /// What is asked, in English.
    #[serde(default)]
    pub text: String,
    /// What is asked, in Chinese.
    #[serde(default)]
    pub text_zh: String,
}
