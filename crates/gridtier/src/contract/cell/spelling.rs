//! What a utility declares about single cells: what stands for empty, other spellings of numbers, zeros that keys have lost.
//!
//! It is applied to a column before its conversion, so that the conversions know nothing of it. A marker for "empty" stands
//! for a text, a number or a day, however written: `1900-01-01` also empties `1900/1/1` and that day in a column of dates,
//! so that all encodings of one table give the same rows.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, NullArray, StringViewArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::nullif::nullif;

use super::super::declared::{DecimalMark, TableDeclared};
use super::super::{Column, ColumnKind};
use super::{Dates, Family, date, number, text};

/// A column of a file, changed by what is declared about its cells. A column without any value fits every type, and comes
/// back as nulls.
#[must_use]
pub fn as_declared(array: &ArrayRef, column: &Column, how: Dates, declared: &TableDeclared) -> ArrayRef {
    if has_no_value(array, column.kind) {
        return Arc::new(NullArray::new(array.len()));
    }
    let mut array = Arc::clone(array);
    if let Some(markers) = declared.nulls.get(column.name).filter(|markers| !markers.is_empty()) {
        array = by_dictionary(&array, |values| without_markers(values, column.kind, how, declared, markers));
    }
    if let Some(spellings) = declared.words.get(column.name)
        && column.kind != ColumnKind::Text
    {
        let is_number = column.kind.is_number();
        array = by_dictionary(&array, |values| match (is_number, spelt(values)) {
            (_, None) => Arc::clone(values),
            (false, Some(texts)) => Arc::new(texts) as ArrayRef,
            (true, Some(texts)) => changed(&texts, |text, out| match spellings.get(text.trim()) {
                Some(number) if declared.decimal_mark == DecimalMark::Comma => {
                    out.push_str(&number.replace('.', ","));
                }
                Some(number) => out.push_str(number),
                None => out.push_str(text),
            }),
        });
    }
    if let Some(&width) = declared.pad.get(column.name) {
        array = by_dictionary(&array, |values| match text::id_texts(values) {
            Ok(texts) => changed(&texts, |text, out| pad(text, width, out)),
            Err(_) => Arc::clone(values),
        });
    }
    array
}

/// Whether a column of another type than text has no value at all. That is how pandas writes a column of empty cells, with
/// type double or null.
fn has_no_value(array: &ArrayRef, kind: ColumnKind) -> bool {
    match Family::of(array.data_type()) {
        Family::Text | Family::Empty => false,
        _ => !array.is_empty() && lacks_values(array, kind),
    }
}

/// Whether no cell of a column has a value. NaN is a value of numbers only.
#[must_use]
pub fn lacks_values(array: &ArrayRef, kind: ColumnKind) -> bool {
    match Family::of(array.data_type()) {
        Family::Empty => true,
        Family::Float if !kind.is_number() => is_nothing_but_nan(array),
        _ => array.null_count() == array.len(),
    }
}

/// Whether all values of a column of floats are missing or NaN, which some writers use for missing.
fn is_nothing_but_nan(array: &ArrayRef) -> bool {
    if array.null_count() == array.len() {
        return true;
    }
    let Ok(doubles) = cast(array, &DataType::Float64) else { return false };
    doubles.as_primitive::<arrow_array::types::Float64Type>().iter().flatten().all(f64::is_nan)
}

/// Changes the values of a column. In a dictionary each distinct value is changed once.
fn by_dictionary(array: &ArrayRef, change: impl Fn(&ArrayRef) -> ArrayRef) -> ArrayRef {
    match array.as_any_dictionary_opt() {
        Some(dictionary) if dictionary.values().is_empty() => Arc::clone(array),
        Some(dictionary) => dictionary.with_values(change(dictionary.values())),
        None => change(array),
    }
}

/// The column, with each cell emptied whose value is that of a marker.
fn without_markers(
    array: &ArrayRef,
    kind: ColumnKind,
    how: Dates,
    declared: &TableDeclared,
    markers: &[String],
) -> ArrayRef {
    let mut is_empty = vec![false; array.len()];
    if let Some(texts) = spelt(array) {
        // A file that holds codes or days as integers has lost the zeros of `00000000`. Columns of
        // numbers are compared by value below.
        let is_integer = Family::of(array.data_type()) == Family::Integer && !kind.is_number();
        for (is_empty, text) in is_empty.iter_mut().zip(&texts) {
            let Some(text) = text.map(str::trim) else { continue };
            *is_empty = markers.iter().any(|marker| {
                marker == text
                    || (is_integer && marker.parse::<i64>().is_ok_and(|marker| text.parse() == Ok(marker)))
            });
        }
    }
    let by_value = match kind {
        kind if kind.is_number() => number::are_among(array, markers, declared.decimal_mark),
        kind if kind.is_date() => date::are_among(array, markers, how),
        _ => Vec::new(),
    };
    is_empty.iter_mut().zip(by_value).for_each(|(is_empty, found)| *is_empty |= found);
    if !is_empty.contains(&true) {
        return Arc::clone(array);
    }
    nullif(array, &BooleanArray::from(is_empty)).unwrap_or_else(|_| Arc::clone(array))
}

/// The cells of a column of text or numbers as text; a whole number is written without decimals.
fn spelt(array: &ArrayRef) -> Option<StringViewArray> {
    match Family::of(array.data_type()) {
        Family::Text => text::as_view(array, ("text", "文本")).ok(),
        Family::Integer => cast(array, &DataType::Utf8View).ok().map(|texts| texts.as_string_view().clone()),
        Family::Float => {
            let doubles = cast(array, &DataType::Float64).ok()?;
            let doubles = doubles.as_primitive::<arrow_array::types::Float64Type>();
            Some(doubles.iter().map(|x| x.map(|x| x.to_string())).collect())
        }
        Family::Decimal => {
            let texts = cast(array, &DataType::Utf8).ok()?;
            let texts = texts.as_string::<i32>().iter().map(|text| {
                text.map(|text| match text.contains('.') {
                    true => text.trim_end_matches('0').trim_end_matches('.'),
                    false => text,
                })
            });
            Some(texts.collect())
        }
        _ => None,
    }
}

/// The texts with each one written anew by `write`; an empty one becomes null.
fn changed(texts: &StringViewArray, write: impl Fn(&str, &mut String)) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    let mut written = String::new();
    for text in texts {
        written.clear();
        if let Some(text) = text {
            write(text, &mut written);
        }
        builder.append_option(Some(written.as_str()).filter(|text| !text.is_empty()));
    }
    Arc::new(builder.finish())
}

/// Writes a key of digits with zeros in front up to `width` characters; any other as it is.
fn pad(raw: &str, width: usize, out: &mut String) {
    let key = text::fold_id(raw);
    if key.is_empty() || key.len() >= width || !key.bytes().all(|byte| byte.is_ascii_digit()) {
        return out.push_str(raw);
    }
    out.extend(std::iter::repeat_n('0', width - key.len()));
    out.push_str(&key);
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, StringArray};

    use super::super::{CellState, Integers, dates, flags, ids, power_factors, scaled, words};
    use super::*;
    use crate::contract::Table;
    use crate::contract::cell::{Scaling, Sign};

    fn column(name: &str) -> &'static Column {
        Table::ALL.iter().find_map(|table| table.column(name)).unwrap()
    }

    fn declared(column: &str, nulls: &[&str]) -> TableDeclared {
        let nulls = nulls.iter().map(|&marker| marker.to_owned()).collect();
        TableDeclared { nulls: [(column.to_owned(), nulls)].into(), ..TableDeclared::default() }
    }

    fn read(array: impl Array + 'static, name: &str, how: Dates, declared: &TableDeclared) -> ArrayRef {
        as_declared(&(Arc::new(array) as ArrayRef), column(name), how, declared)
    }

    fn values(cells: &Integers) -> Vec<Option<i64>> {
        (0..cells.states.len()).map(|row| cells.get(row)).collect()
    }

    #[test]
    fn a_marker_empties_a_day_in_every_encoding_and_form() {
        let declared = declared("closed_on", &["1900-01-01", "00000000", "无"]);
        let day = |array: ArrayRef, how: Dates| {
            let cells = dates(&as_declared(&array, column("closed_on"), how, &declared), how).unwrap();
            assert!(
                cells.states.iter().all(|state| matches!(state, CellState::Ok | CellState::Null)),
                "{cells:?}"
            );
            values(&cells)
        };
        let expected = [None, None, Some(20_089)];
        let iso = Dates::default();
        let packed = Dates { form: Some("%Y%m%d"), ..Dates::default() };
        let us = |day: i64| day * crate::unit::DAY_US;
        for (array, how) in [
            (Arc::new(StringArray::from(vec!["1900-01-01", " 无 ", "2025-01-01"])) as ArrayRef, iso),
            (Arc::new(StringArray::from(vec!["1900/1/1", "00000000", "2025-01-01"])), iso),
            (Arc::new(StringArray::from(vec!["19000101", "1900-01-01", "20250101"])), packed),
            (Arc::new(Int64Array::from(vec![19_000_101, 0, 20_250_101])), iso),
            (Arc::new(Date32Array::from(vec![Some(-25_567), None, Some(20_089)])), iso),
            (
                Arc::new(arrow_array::TimestampMicrosecondArray::from(vec![
                    us(-25_567),
                    us(-25_567) + 5,
                    us(20_089),
                ])),
                iso,
            ),
        ] {
            assert_eq!(day(array.clone(), how), expected, "{array:?}");
        }
    }

    #[test]
    fn a_marker_empties_a_number_by_its_value_and_keeps_zeros() {
        let declared = declared("amount_due", &["-999", "NULL", "00000000", "无"]);
        let fen = Scaling { factor: 100, max: 1 << 50, sign: Sign::Any, mark: DecimalMark::Point };
        for array in [
            Arc::new(StringArray::from(vec!["-999.00", "0", "1.5"])) as ArrayRef,
            Arc::new(StringArray::from(vec!["NULL", "0.00", "1.5"])),
            Arc::new(StringArray::from(vec!["00000000", "0", "1.5"])),
            Arc::new(Float64Array::from(vec![-999.0, 0.0, 1.5])),
            Arc::new(Decimal128Array::from(vec![-99_900, 0, 150]).with_precision_and_scale(9, 2).unwrap()),
            Arc::new(vec!["无", "0", "1.50"].into_iter().collect::<DictionaryArray<Int32Type>>()),
        ] {
            let read = as_declared(&array, column("amount_due"), Dates::default(), &declared);
            assert_eq!(values(&scaled(&read, &fen).unwrap()), [None, Some(0), Some(150)], "{array:?}");
        }
    }

    #[test]
    fn a_marker_empties_words_keys_and_free_text() {
        let level = read(
            StringArray::from(vec!["无", "imp_first"]),
            "importance_level",
            Dates::default(),
            &declared("importance_level", &["无"]),
        );
        let known = ["imp_special", "imp_first"];
        let cells = words(&level, "importance_level", &known, &TableDeclared::default()).unwrap();
        assert_eq!(values(&cells), [None, Some(1)]);
        let keys = declared("meter_id", &["\\N", "0"]);
        for array in [
            Arc::new(StringArray::from(vec!["\\N", "7"])) as ArrayRef,
            Arc::new(Int64Array::from(vec![0, 7])),
        ] {
            let ids = ids(&as_declared(&array, column("meter_id"), Dates::default(), &keys)).unwrap();
            assert_eq!((ids.get(0), ids.get(1)), (None, Some("7")));
        }
    }

    #[test]
    fn a_column_without_a_value_fits_every_type() {
        let none = TableDeclared::default();
        for name in ["importance_level", "closed_on", "region", "customer_id", "marketing_opt_out"] {
            for array in [
                Arc::new(Float64Array::from(vec![None, None])) as ArrayRef,
                Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
                Arc::new(Int64Array::from(vec![None, None])),
                Arc::new(NullArray::new(2)),
            ] {
                let read = as_declared(&array, column(name), Dates::default(), &none);
                assert_eq!(*read.data_type(), DataType::Null, "{name} {array:?}");
            }
        }
        let energy: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
        let read = as_declared(&energy, column("active_kwh"), Dates::default(), &none);
        assert_eq!(*read.data_type(), DataType::Float64, "NaN is no energy, and is rejected");
    }

    fn spellings(column: &str, words: &[(&str, &str)]) -> TableDeclared {
        let words = words.iter().map(|(own, word)| ((*own).to_owned(), (*word).to_owned())).collect();
        TableDeclared { words: [(column.to_owned(), words)].into(), ..TableDeclared::default() }
    }

    #[test]
    fn a_declared_spelling_stands_for_a_number_a_flag_or_nothing() {
        let standard = [("考核标准0.90", "0.9"), ("1", "0.85"), ("不考核", "")];
        let mut declared = spellings("power_factor_standard", &standard);
        for mark in [DecimalMark::Point, DecimalMark::Comma] {
            declared.decimal_mark = mark;
            let read = read(
                StringArray::from(vec!["考核标准0.90", "不考核", " 1 "]),
                "power_factor_standard",
                Dates::default(),
                &declared,
            );
            assert_eq!(values(&power_factors(&read, mark).unwrap()), [Some(90), None, Some(85)]);
        }
        let codes = read(
            Float64Array::from(vec![Some(1.0), None]),
            "power_factor_standard",
            Dates::default(),
            &declared,
        );
        assert_eq!(values(&power_factors(&codes, DecimalMark::Comma).unwrap()), [Some(85), None]);
        let name = "aged_transformer_area";
        let declared = spellings(name, &[("是", "true"), ("2", "false"), ("不详", "")]);
        let flag = |array: ArrayRef| {
            let read = as_declared(&array, column(name), Dates::default(), &declared);
            values(&flags(&read, name, &declared).unwrap())
        };
        assert_eq!(flag(Arc::new(StringArray::from(vec!["是", "2", "不详"]))), [Some(1), Some(0), None]);
        assert_eq!(flag(Arc::new(Int64Array::from(vec![1, 2]))), [Some(1), Some(0)]);
        assert_eq!(flag(Arc::new(Float64Array::from(vec![1.0, 2.0]))), [Some(1), Some(0)]);
    }

    #[test]
    fn keys_of_digits_get_back_their_zeros() {
        let declared =
            TableDeclared { pad: [("customer_id".to_owned(), 6)].into(), ..TableDeclared::default() };
        for array in [
            Arc::new(StringArray::from(vec![Some("123"), Some(" ４５ "), Some("A1"), Some("1234567"), None]))
                as ArrayRef,
            Arc::new(
                vec![Some("123"), Some("45"), Some("A1"), Some("1234567"), None]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ] {
            let ids = ids(&as_declared(&array, column("customer_id"), Dates::default(), &declared)).unwrap();
            let read: Vec<_> = (0..5).map(|row| ids.get(row)).collect();
            assert_eq!(read, [Some("000123"), Some("000045"), Some("A1"), Some("1234567"), None]);
        }
        let integers =
            read(Int64Array::from(vec![Some(123), None]), "customer_id", Dates::default(), &declared);
        let ids = ids(&integers).unwrap();
        assert_eq!((ids.get(0), ids.get(1), ids.from_integers), (Some("000123"), None, false));
    }
}
