//! The weights of siblings as a table: the given weight, the weight from the data, and the limit that applied, so that
//! an analyst can show where each weight comes from.

use super::{NUMBER, Output, TEXT, full, nullable, numbers, text};
use crate::mcda::Guard;
use crate::method::{Method, Siblings, WeightSource};
use crate::score::{Scores, Weighed};
use crate::word::Word;

/// One sibling.
struct SiblingRow<'a> {
    siblings: &'a Siblings,
    weighed: &'a Weighed,
    place: usize,
}

impl SiblingRow<'_> {
    /// The weight that the method gives; `None` if the method gives none.
    fn given(&self) -> Option<f64> {
        let fixed = self.siblings.judged || self.siblings.source() == WeightSource::Fixed;
        let blended = self.siblings.from_data.as_ref().is_some_and(|from| from.alpha > 0.0);
        (fixed || blended).then(|| self.siblings.given[self.place])
    }
}

/// One row for each sibling, sorted by level, parent and name.
pub(super) fn table<'a>(scores: &'a Scores, method: &'a Method) -> Output<'a> {
    let fields = vec![
        full("level", TEXT),
        full("parent", TEXT),
        full("item", TEXT),
        full("source", TEXT),
        nullable("given", NUMBER),
        nullable("objective", NUMBER),
        full("weight", NUMBER),
        nullable("guard", TEXT),
    ];
    let mut rows: Vec<SiblingRow<'a>> = Vec::new();
    for (siblings, weighed) in method.siblings.iter().zip(&scores.weighed) {
        rows.extend((0..siblings.items.len()).map(|place| SiblingRow { siblings, weighed, place }));
    }
    rows.sort_by_key(|row| (row.siblings.level, &row.siblings.parent, &row.siblings.items[row.place]));
    super::table("weights", fields, rows.len(), move |range| {
        let siblings = &rows[range];
        vec![
            text(siblings.iter().map(|row| Some(row.siblings.level.code()))),
            text(siblings.iter().map(|row| Some(row.siblings.parent.as_str()))),
            text(siblings.iter().map(|row| Some(row.siblings.items[row.place].as_str()))),
            text(siblings.iter().map(|row| Some(row.siblings.source().code()))),
            numbers(siblings.iter().map(SiblingRow::given)),
            numbers(
                siblings
                    .iter()
                    .map(|row| row.weighed.objective.as_ref().map(|objective| objective[row.place])),
            ),
            numbers(siblings.iter().map(|row| Some(row.weighed.weights[row.place]))),
            text(siblings.iter().map(|row| row.weighed.guards[row.place].map(Guard::code))),
        ]
    })
}
