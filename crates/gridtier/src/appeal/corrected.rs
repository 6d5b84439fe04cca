//! One customer of a published cycle, graded from corrected facts by the cycle's own method and parameters.

use crate::compare::{Damaged, GroupStrata};
use crate::cycle::Cycle;
use crate::index::{float_i64, index};
use crate::indicator::registry::{ANNUAL_ENERGY, ANNUAL_REVENUE};
use crate::indicator::{IndicatorColumn, IndicatorValue};
use crate::method::Tier;
use crate::run::Graded;
use crate::score::{NO_SCORE, OnParameters, Provisional, ScoreParts};
use crate::text;
use crate::text::Text;
use crate::tier::RankKey;
use crate::unit::Month;

/// A customer graded from corrected facts.
#[derive(Clone, Debug)]
pub struct CorrectedCustomer {
    /// The stratum of its group, by its number in the cycle.
    pub stratum: u32,
    /// The values of the method's indicators.
    pub values: Vec<IndicatorValue>,
    /// The score by the cycle's parameters, in 10⁻⁶ points; `None` when nothing is known.
    pub score_e6: Option<i64>,
    /// The parts of which the score is the sum.
    pub parts: ScoreParts,
    /// The known share of the applicable weight.
    pub known_weight: f64,
    /// Why the customer is provisional; `None` if it is not.
    pub provisional: Option<Provisional>,
    /// The first month in which the customer can be ranked, if that can be foreseen.
    pub firm_from: Option<Month>,
    /// The best tier that its confirmed offences allow; `None` without such an offence.
    pub ceiling: Option<Tier>,
}

/// Why an appeal cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotHeard {
    /// Files of the cycle contradict each other.
    Damaged(Damaged),
    /// The corrected facts leave the customer ungraded.
    NotGraded(Text),
}

impl From<Damaged> for NotHeard {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl CorrectedCustomer {
    /// Grades the customer in row `at` of the cycle. `graded` holds the facts of all customers, with this customer's corrected,
    /// after the cycle's method was applied to them.
    ///
    /// # Errors
    /// The corrected facts leave the customer ungraded, or the cycle's parameters do not give its published
    /// score.
    pub fn new(cycle: &Cycle, at: usize, graded: &Graded) -> Result<Self, NotHeard> {
        let row = &cycle.rows[at];
        let id = cycle.customers.ids.key(row.number);
        let published: Vec<IndicatorValue> =
            cycle.columns.iter().map(|column| column.get(index(row.number))).collect();
        let (again, _) = scored(cycle, row.stratum, &published);
        if again != row.score_e6 {
            return Err(Damaged(other_score(id, again, row.score_e6)).into());
        }
        let customers = &graded.judged().customers;
        let found = customers
            .ids
            .get(id)
            .and_then(|number| Some((number, graded.scores.population.binary_search(&number).ok()?)));
        let Some((number, position)) = found else {
            return Err(NotHeard::NotGraded(text!(
                "the corrected rows leave customer {id} ungraded: its row is rejected, or it is not open at the end of the window",
                "按更正后的数据, 客户 {id} 不参与评级: 该户被拒收, 或在统计期末未开户"
            )));
        };
        let values: Vec<IndicatorValue> =
            graded.columns.iter().map(|column| column.get(index(number))).collect();
        let stratum = GroupStrata::new(cycle).of_customer(customers, number);
        let (score_e6, parts) = scored(cycle, stratum, &values);
        Ok(Self {
            stratum,
            score_e6,
            parts,
            values,
            known_weight: graded.scores.known_weight(position),
            provisional: graded.scores.provisional[position],
            firm_from: graded.scores.firm_from.get(&position).copied(),
            ceiling: graded.tiers.ceiling[position],
        })
    }

    /// The key by which the customer is ranked. `number` is the customer's number in the cycle.
    pub(super) fn key(&self, number: u32) -> RankKey {
        let known = |place: usize| self.values.get(place).and_then(|value| value.known());
        RankKey {
            number,
            vetoed: self.ceiling.is_some(),
            score_e6: self.score_e6,
            revenue: known(ANNUAL_REVENUE.index()),
            energy: known(ANNUAL_ENERGY.index()),
        }
    }
}

/// The score that a cycle's parameters give to these values of a customer.
fn scored(cycle: &Cycle, stratum: u32, values: &[IndicatorValue]) -> (Option<i64>, ScoreParts) {
    let parameters = cycle.parameters.with_strata(&cycle.strata);
    let columns: Vec<IndicatorColumn> =
        values.iter().map(|value| std::iter::once(*value).collect()).collect();
    let frozen = OnParameters {
        method: &cycle.method,
        parameters: &parameters,
        columns: &columns,
        numbers: &[0],
        strata: &[stratum],
    };
    let points = frozen.scores()[0];
    ((points != NO_SCORE).then_some(i64::from(points)), frozen.parts().swap_remove(0))
}

fn other_score(id: &str, found: Option<i64>, published: Option<i64>) -> Text {
    let [found, published] = [found, published]
        .map(|score| score.map_or_else(|| "-".to_owned(), |score| format!("{:.6}", float_i64(score) / 1e6)));
    text!(
        "the parameters of the cycle give customer {id} a score of {found}, but the published score is {published}; run \
         `gridtier verify` on the store",
        "按周期的参数, 客户 {id} 的得分为 {found}, 而已发布的得分为 {published}; 请对存储运行 `gridtier verify`"
    )
}
