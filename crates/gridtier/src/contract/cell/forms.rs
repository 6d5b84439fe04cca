//! In which ways the texts of a column are written, where that leaves their meaning in doubt.
//!
//! A month after a dot, `2025.1`, may mean the October of `2025.10`; a mark before three digits, `1,234`, may be a
//! decimal mark. One cell alone does not show which, but all cells of a column of a file together do. Nothing here
//! changes a value.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use super::super::declared::DecimalMark;
use super::super::{Column, ColumnKind};
use super::{Dates, Family, number, text};

/// The ways in which the texts of a column are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenForms {
    has_short_month: bool,
    has_full_month: bool,
    has_single_mark: bool,
    has_clear_grouping: bool,
}

impl WrittenForms {
    /// The ways that occur in at least one of two columns.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            has_short_month: self.has_short_month | other.has_short_month,
            has_full_month: self.has_full_month | other.has_full_month,
            has_single_mark: self.has_single_mark | other.has_single_mark,
            has_clear_grouping: self.has_clear_grouping | other.has_clear_grouping,
        }
    }

    /// Whether some months after a dot are written with one digit and others with two.
    #[must_use]
    pub fn mixes_months(self) -> bool {
        self.has_short_month && self.has_full_month
    }

    /// Whether every grouped number has exactly one mark, so that it may be a decimal mark.
    #[must_use]
    pub fn has_ambiguous_grouping(self) -> bool {
        self.has_single_mark && !self.has_clear_grouping
    }
}

/// The ways in which the texts of a column are written; none for a column that is not text.
#[must_use]
pub fn written_forms(array: &ArrayRef, column: &Column, how: Dates, mark: DecimalMark) -> WrittenForms {
    let is_month =
        matches!(column.kind, ColumnKind::PlacingMonth | ColumnKind::PlacingTime) && how.form.is_none();
    let mut forms = WrittenForms::default();
    if !(is_month || column.kind.is_number()) || Family::of(array.data_type()) != Family::Text {
        return forms;
    }
    let values = array.as_any_dictionary_opt().map_or(array, |dictionary| dictionary.values());
    let Ok(texts) = text::as_view(values, ("text", "文本")) else { return forms };
    for text in texts.iter().flatten() {
        if is_month { forms.note_month(text) } else { forms.note_number(text, mark) }
    }
    forms
}

impl WrittenForms {
    fn note_month(&mut self, text: &str) {
        let Some((year, month)) = text.trim().split_once('.') else { return };
        if year.len() == 4 && [year, month].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            self.has_short_month |= month.len() == 1;
            self.has_full_month |= month.len() == 2;
        }
    }

    fn note_number(&mut self, text: &str, mark: DecimalMark) {
        let (point, grouping, wide) = match mark {
            DecimalMark::Point => ('.', ',', '，'),
            DecimalMark::Comma => (',', '.', '．'),
        };
        if !text.contains([grouping, wide]) || number::parse_number(text.trim(), mark).is_none() {
            return;
        }
        let text = number::fold_number(text);
        let is_single = text.matches(grouping).count() == 1 && !text.contains(point);
        self.has_single_mark |= is_single;
        self.has_clear_grouping |= !is_single;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;

    use super::*;
    use crate::contract::Table;

    fn forms(table: Table, column: &str, texts: Vec<&str>, mark: DecimalMark) -> WrittenForms {
        let array: ArrayRef = Arc::new(StringArray::from(texts));
        written_forms(&array, table.column(column).unwrap(), Dates::default(), mark)
    }

    #[test]
    fn months_with_one_and_with_two_digits_after_the_dot_are_mixed() {
        let is_mixed = |texts| forms(Table::Bills, "billing_month", texts, DecimalMark::Point).mixes_months();
        assert!(is_mixed(vec!["2025.1", "2025.10", "2025.11"]));
        assert!(
            !is_mixed(vec!["2025.01", "2025.10"])
                && !is_mixed(vec!["2025.1.5", "2025.10"])
                && !is_mixed(vec!["2025.1"])
        );
    }

    #[test]
    fn grouping_is_in_doubt_if_every_grouped_number_has_one_mark() {
        let is_ambiguous =
            |texts, mark| forms(Table::Bills, "amount_due", texts, mark).has_ambiguous_grouping();
        assert!(is_ambiguous(vec!["1,234", "12", "15,500"], DecimalMark::Point));
        assert!(is_ambiguous(vec!["1.234", "12"], DecimalMark::Comma));
        assert!(is_ambiguous(vec!["１，２３４"], DecimalMark::Point));
        for clear in
            [vec!["1,234.50", "1,234"], vec!["1,234,567", "1,234"], vec!["12", "12.5"], vec!["0,200"]]
        {
            assert!(!is_ambiguous(clear.clone(), DecimalMark::Point), "{clear:?}");
        }
    }
}
