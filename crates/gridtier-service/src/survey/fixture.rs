//! Hand-made surveys for tests.

use gridtier::index::CustomerIx;
use gridtier::method::Tier;

use super::evaluation::{SurveyInput, SurveyResults, evaluate};
use super::instrument::Instrument;
use super::respondent::{Invitations, Responses};
use crate::base::{Base, Member};
use crate::fixture::{day, member};
use crate::group::Groups;

/// An instrument of a kind with a scale from 1 to 7 and the items `1`, `2`, … of dimensions, each given by its id and
/// number of items.
pub fn instrument(head: &str, dimensions: &[(&str, usize)]) -> Instrument {
    let mut text = format!("id = \"i\"\nscale = [1, 7]\n{head}\n");
    let mut item = 0;
    for (id, count) in dimensions {
        text += &format!("[[dimension]]\nid = \"{id}\"\n");
        for _ in 0..*count {
            item += 1;
            text += &format!("[[item]]\nid = {item}\ndimension = \"{id}\"\n");
        }
    }
    Instrument::parse("i.toml", &text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Responses `r000`, `r001`, … with the cells of the instrument's columns in order, separated by blanks; `-` is an
/// empty cell.
pub fn responses(instrument: &Instrument, rows: &[(Option<u32>, &str)]) -> Responses {
    let names = instrument.columns();
    let mut responses = Responses {
        ids: (0..rows.len()).map(|row| format!("r{row:03}").into()).collect(),
        returned_on: vec![day("2026-05-15"); rows.len()],
        customers: rows.iter().map(|(customer, _)| customer.map(CustomerIx::new)).collect(),
        columns: names.iter().map(|name| (name.clone(), Vec::new())).collect(),
    };
    for (_, cells) in rows {
        let cells: Vec<&str> = cells.split_whitespace().collect();
        assert_eq!(cells.len(), names.len(), "{cells:?} for {names:?}");
        for (name, cell) in names.iter().zip(cells) {
            responses.columns.get_mut(name).unwrap().push((cell != "-").then(|| cell.into()));
        }
    }
    responses
}

/// A customer of a tier.
pub fn graded(tier: Tier) -> Member {
    Member { tier: Some(tier), ..member("East") }
}

/// Evaluates a survey as of 2026-06-01, with all figures shown.
pub fn evaluated(
    instrument: &Instrument,
    base: &Base,
    responses: &Responses,
    invitations: Option<&Invitations>,
) -> SurveyResults {
    let groups = Groups::of(base);
    let as_of = day("2026-06-01");
    let min_cell = 1;
    evaluate(SurveyInput { instrument, base, groups: &groups, as_of, responses, invitations, min_cell })
}
