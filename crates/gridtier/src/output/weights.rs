//! The weights of siblings and how they came about, as a table: what an analyst shows when asked why a weight is what it
//! is.

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
    /// The weight that stands in the method, where there is one.
    fn given(&self) -> Option<f64> {
        let stands = self.siblings.judged || self.siblings.source() == WeightSource::Fixed;
        let blended = self.siblings.from_data.as_ref().is_some_and(|from| from.alpha > 0.0);
        (stands || blended).then(|| self.siblings.given[self.place])
    }
}

/// One row for each sibling, by level, parent and name.
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
    let of_siblings = |(siblings, weighed): (&'a Siblings, &'a Weighed)| {
        (0..siblings.items.len()).map(move |place| SiblingRow { siblings, weighed, place })
    };
    let mut rows: Vec<SiblingRow<'a>> =
        method.siblings.iter().zip(&scores.weighed).flat_map(of_siblings).collect();
    rows.sort_by_key(|row| (row.siblings.level, &row.siblings.parent, &row.siblings.items[row.place]));
    super::table("weights", fields, rows.len(), move |range| {
        let each = || rows[range.clone()].iter();
        vec![
            text(each().map(|row| Some(row.siblings.level.code()))),
            text(each().map(|row| Some(row.siblings.parent.as_str()))),
            text(each().map(|row| Some(row.siblings.items[row.place].as_str()))),
            text(each().map(|row| Some(row.siblings.source().code()))),
            numbers(each().map(SiblingRow::given)),
            numbers(each().map(|row| row.weighed.objective.as_ref().map(|objective| objective[row.place]))),
            numbers(each().map(|row| Some(row.weighed.weights[row.place]))),
            text(each().map(|row| row.weighed.guards[row.place].map(Guard::code))),
        ]
    })
}
