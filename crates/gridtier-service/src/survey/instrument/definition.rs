//! What an instrument consists of, once checked.

use gridtier::text::Text;
use gridtier::word::Word;

use crate::group::GroupBy;

gridtier::words! {
    /// What an instrument measures.
    InstrumentKind "kind of instrument" {
        /// Expectation and perception of each item, and the gap between them.
        Gap "gap" "expectation and perception" "期望与感知",
        /// One answer to each item.
        Plain "plain" "plain scale" "单项量表",
        /// What a customer gets against what it costs the customer.
        Value "value" "delivered value" "让渡价值",
    }
}

gridtier::words! {
    /// On which side of the delivered value a dimension stands.
    ValueRole "role of a dimension" {
        /// What the customer gets.
        Value "value" "customer value" "顾客价值",
        /// What it costs the customer.
        Cost "cost" "customer cost" "顾客成本",
    }
}

gridtier::words! {
    /// A set of answers to all items.
    SurveyForm "form" {
        /// What an excellent utility should do.
        Expectation "E" "expectation" "期望",
        /// What this utility does.
        Perception "P" "perception" "感知",
        /// The only set, if there is one.
        Question "Q" "answer" "回答",
    }
}

/// The dimension of a delivered value to which bills contribute.
pub const MONEY: &str = "money";

/// The scale of all dimensions together, so no dimension can have this id.
pub const TOTAL: &str = "total";

/// A checked instrument.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// What it measures.
    pub kind: InstrumentKind,
    /// The lowest answer.
    pub lo: i64,
    /// The highest answer.
    pub hi: i64,
    /// Whether respondents divide 100 points among the dimensions.
    pub weights: bool,
    /// Columns of numbers with which scores are correlated.
    pub outcomes: Vec<String>,
    /// The groupings of customers for which figures are given, besides all, by their codes' bytes.
    pub groupings: Vec<GroupBy>,
    /// Columns of text that group respondents further.
    pub own_groups: Vec<String>,
    /// Share of the dimension `money` that comes from the average price on the bills; 0 if none does.
    pub money_from_bills: f64,
    /// Where the instrument comes from.
    pub source: Text,
    /// What is to be known about its wording.
    pub remark: Text,
    /// The text of its file.
    pub text: String,
    /// The dimensions, in the order of the file.
    pub dimensions: Vec<SurveyDimension>,
    /// The items, in the order of the file.
    pub items: Vec<SurveyItem>,
}

/// A dimension of an instrument.
#[derive(Clone, Debug)]
pub struct SurveyDimension {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Of the kind value: its side, and its weight on that side.
    pub role: Option<(ValueRole, f64)>,
    /// Positions of its items in [`Instrument::items`], at least one.
    pub items: Vec<usize>,
}

/// An item of an instrument.
#[derive(Clone, Debug)]
pub struct SurveyItem {
    /// Its id.
    pub id: String,
    /// Position of its dimension in [`Instrument::dimensions`].
    pub dimension: usize,
    /// Whether a high answer is a bad one.
    pub is_reversed: bool,
    /// What is asked.
    pub text: Text,
}

impl Instrument {
    /// The forms that respondents fill in.
    #[must_use]
    pub fn forms(&self) -> &'static [SurveyForm] {
        forms(self.kind)
    }

    /// The columns of `responses` that the instrument asks for, besides `response_id`, `returned_on` and `customer_id`:
    /// items form by form, weights, outcomes, own groups.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let items =
            self.forms().iter().flat_map(|form| self.items.iter().map(|item| item_column(*form, &item.id)));
        let weights = self.dimensions.iter().filter(|_| self.weights).map(|each| weight_column(&each.id));
        items.chain(weights).chain(self.outcomes.iter().chain(&self.own_groups).cloned()).collect()
    }

    /// An answer to an item in the direction of its dimension: turned round if the item is reversed.
    #[must_use]
    pub fn directed(&self, item: usize, answer: i64) -> i64 {
        if self.items[item].is_reversed { self.lo + self.hi - answer } else { answer }
    }
}

/// The forms of a kind of instruments.
pub(super) fn forms(kind: InstrumentKind) -> &'static [SurveyForm] {
    match kind {
        InstrumentKind::Gap => &[SurveyForm::Expectation, SurveyForm::Perception],
        InstrumentKind::Plain | InstrumentKind::Value => &[SurveyForm::Question],
    }
}

/// The column of an item in a form: `E7`, `P7`, `Q7`.
#[must_use]
pub fn item_column(form: SurveyForm, item: &str) -> String {
    format!("{}{item}", form.code())
}

/// The column of a dimension's weight: `W_reliability`.
#[must_use]
pub fn weight_column(dimension: &str) -> String {
    format!("W_{dimension}")
}
