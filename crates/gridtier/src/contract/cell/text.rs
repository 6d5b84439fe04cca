//! Converts keys, words and free text.

use std::borrow::Cow;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use unicode_normalization::UnicodeNormalization;

use super::super::ID_BYTES_MAX;
use super::super::declared::TableDeclared;
use super::super::rule::Rule;
use super::bytes::TextOfBytes;
use super::{CellState, Family, Integers, NULL, TypeFault, by_value, fault, unfit};
use crate::id_numbers::IdNumbers;
use crate::id_words::BLOCK;
use crate::vectors::Vectors;

/// A column of keys as trimmed text with full-width characters folded (NFKC), and the state of each.
#[derive(Clone, Debug)]
pub struct Ids {
    /// The text; empty where the cell is empty. An id that is too long keeps its text, since a row is placed in time
    /// before the length of its id is judged.
    pub values: StringViewArray,
    /// One state for each row.
    pub states: Vec<CellState>,
    /// The text before folding of each key that folding changed, with its row. Two spellings of one key are an error.
    pub folded: Vec<(usize, String)>,
    /// Whether the file stores the keys as integers.
    pub from_integers: bool,
    /// The numbers in which the keys end, if all keys of the column do and can be read.
    pub(crate) numbers: Option<IdNumbers>,
}

impl Ids {
    /// A column whose cells are all empty.
    #[must_use]
    pub fn empty(rows: usize) -> Self {
        // Views of nothing.
        let values = StringViewArray::new_null(rows);
        let states = vec![CellState::Null; rows];
        Self { values, states, folded: Vec::new(), from_integers: false, numbers: None }
    }

    /// The key of a row; `None` if the cell is empty or breaks a rule.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        (self.states[row] == CellState::Ok).then(|| self.values.value(row))
    }

    /// The key of a row, however long; `None` if the cell is empty.
    #[must_use]
    pub fn of_any_length(&self, row: usize) -> Option<&str> {
        (self.states[row] != CellState::Null).then(|| self.values.value(row))
    }

    /// The key of a row in a required column.
    ///
    /// # Errors
    /// The cell is empty or breaks a rule.
    pub fn required(&self, row: usize) -> Result<&str, Rule> {
        self.states[row].fault_or_null().map_or_else(|| Ok(self.values.value(row)), Err)
    }

    /// The key of a row in a nullable column.
    ///
    /// # Errors
    /// The cell breaks a rule.
    pub fn nullable(&self, row: usize) -> Result<Option<&str>, Rule> {
        self.states[row].fault().map_or_else(|| Ok(self.get(row)), Err)
    }
}

/// A column of free text.
#[derive(Clone, Debug)]
pub struct Texts(StringViewArray);

impl Texts {
    /// A column whose cells are all empty.
    #[must_use]
    pub fn empty(rows: usize) -> Self {
        Self(StringViewArray::new_null(rows))
    }

    /// The trimmed text of a row; `None` if it is empty.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        self.0.is_valid(row).then(|| self.0.value(row).trim()).filter(|text| !text.is_empty())
    }
}

/// A column of text in any encoding as a view, without a copy where possible. `kind` says in English and Chinese what the
/// column must be.
///
/// # Errors
/// The column is not text, or holds bytes that are not UTF-8.
pub(super) fn as_view(array: &ArrayRef, kind: (&str, &str)) -> Result<StringViewArray, TypeFault> {
    if Family::of(array.data_type()) != Family::Text {
        return Err(unfit(kind, array));
    }
    let array = TextOfBytes::default().read(array).map_err(TypeFault::from)?;
    let texts = cast(&array, &DataType::Utf8View).map_err(|_| unfit(kind, &array))?;
    Ok(texts.as_string_view().clone())
}

/// The ASCII character for a full-width one (U+FF01 to U+FF5E); any other character unchanged.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// The key that a text spells (SPEC §10): trimmed, in Unicode's form NFKC, which folds full-width characters, and
/// without invisible format characters such as byte order marks. Every id that is read is folded by this function.
#[must_use]
pub fn fold_id(text: &str) -> Cow<'_, str> {
    // Nearly all ids are ASCII without blanks around them; trimming such a text decodes characters at both ends.
    let is_blank = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_graphic());
    let is_trimmed = !is_blank(text.as_bytes().first()) && !is_blank(text.as_bytes().last());
    let text = if is_trimmed { text } else { text.trim() };
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let folded: String = text.nfkc().filter(|&character| !is_format(character)).collect();
    Cow::Owned(folded.trim().to_owned())
}

/// Whether a character is of Unicode's general category Cf (format), as of version 16.
fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

/// Whether keys of this type, or of a dictionary with values of this type, are integers.
#[must_use]
pub fn are_integers(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => are_integers(values),
        DataType::Decimal128(_, 0) | DataType::Decimal64(_, 0) | DataType::Decimal32(_, 0) => true,
        other => Family::of(other) == Family::Integer,
    }
}

/// A column of keys as written, neither trimmed nor folded, one for each row.
///
/// # Errors
/// The column holds neither text nor whole numbers.
pub fn id_texts(array: &ArrayRef) -> Result<StringViewArray, TypeFault> {
    if are_integers(array.data_type()) || *array.data_type() == DataType::Null {
        let text =
            cast(array, &DataType::Utf8View).map_err(|_| unfit(("a key as text", "文本编号"), array))?;
        return Ok(text.as_string_view().clone());
    }
    as_view(array, ("a key as text", "文本编号"))
}

/// A column of keys, one for each row.
///
/// # Errors
/// The column holds neither text nor whole numbers.
pub fn ids(array: &ArrayRef) -> Result<Ids, TypeFault> {
    let (texts, from_integers) = (id_texts(array)?, are_integers(array.data_type()));
    let rows = texts.len();
    if texts.null_count() == rows {
        return Ok(Ids { from_integers, ..Ids::empty(rows) });
    }
    let states = Vec::with_capacity(rows);
    let mut ids = Ids { values: texts.clone(), states, folded: Vec::new(), from_integers, numbers: None };
    let mut column = IdColumn {
        numbers: IdNumbers { ids: Vec::with_capacity(rows), ..IdNumbers::default() },
        is_changed: false,
        are_all_numbered: true,
    };
    let (vectors, has_nulls) = (Vectors::widest(), texts.null_count() > 0);
    for start in (0..rows).step_by(BLOCK) {
        let block = start..rows.min(start + BLOCK);
        let is_whole = block.len() == BLOCK && !has_nulls;
        if is_whole && column.numbers.push_block(vectors, |at| texts.value(start + at)) {
            ids.states.resize(block.end, CellState::Ok);
            continue;
        }
        block.for_each(|row| column.read(row, &texts, &mut ids));
    }
    ids.numbers = column.are_all_numbered.then_some(column.numbers);
    if column.is_changed {
        let mut builder = StringViewBuilder::with_capacity(rows);
        for text in &texts {
            builder.append_value(fold_id(text.unwrap_or("")));
        }
        ids.values = builder.finish();
    }
    Ok(ids)
}

/// What is known of the rows of a column of keys that have been read.
struct IdColumn {
    numbers: IdNumbers,
    /// Whether any text differs from its key.
    is_changed: bool,
    are_all_numbered: bool,
}

impl IdColumn {
    fn read(&mut self, row: usize, texts: &StringViewArray, ids: &mut Ids) {
        let Self { numbers, is_changed, are_all_numbered } = self;
        let text = texts.value(row);
        if texts.is_null(row) {
            ids.states.push(CellState::Null);
            numbers.push_none();
            // What stands in an empty cell is mostly nothing.
            *is_changed |= !text.is_empty();
            return;
        }
        // All keys of a kind fold to themselves, since one does.
        if numbers.push(text) {
            ids.states.push(CellState::Ok);
            return;
        }
        let folded = fold_id(text);
        let state = id_state(&folded);
        ids.states.push(state);
        *is_changed |= folded.len() != text.len() || matches!(folded, Cow::Owned(_));
        // Folding again can change what is folded: removing a format character can bring together what NFKC composes.
        let is_folded = matches!(folded, Cow::Borrowed(_)) || fold_id(&folded) == *folded;
        let is_numbered =
            state == CellState::Ok && (numbers.push(&folded) || is_folded && numbers.push_new(&folded));
        if !is_numbered {
            *are_all_numbered &= state == CellState::Null;
            numbers.push_none();
        }
        if matches!(&folded, Cow::Owned(folded) if folded != text.trim()) {
            ids.folded.push((row, text.trim().to_owned()));
        }
    }
}

/// The state of a folded key.
#[must_use]
pub fn id_state(folded: &str) -> CellState {
    match folded.len() {
        0 => CellState::Null,
        1..=ID_BYTES_MAX => CellState::Ok,
        _ => CellState::Fault(Rule::IdTooLong),
    }
}

/// A column of free text.
///
/// # Errors
/// The column is not text.
pub fn texts(array: &ArrayRef) -> Result<Texts, TypeFault> {
    match Family::of(array.data_type()) {
        _ if *array.data_type() == DataType::Null => Ok(Texts::empty(array.len())),
        Family::Text => as_view(array, ("text", "文本")).map(Texts),
        Family::Integer => {
            let text = cast(array, &DataType::Utf8View).map_err(|_| unfit(("text", "文本"), array))?;
            Ok(Texts(text.as_string_view().clone()))
        }
        _ => Err(unfit(("text", "文本"), array)),
    }
}

/// A column of any type that can be written as text: free text, numbers, days, flags.
///
/// # Errors
/// The column holds nested values.
pub fn any_texts(array: &ArrayRef) -> Result<Texts, TypeFault> {
    match Family::of(array.data_type()) {
        Family::Text => return as_view(array, ("text", "文本")).map(Texts),
        Family::Nested => return Err(unfit(("text", "文本"), array)),
        _ => {}
    }
    let text = cast(array, &DataType::Utf8).and_then(|array| cast(&array, &DataType::Utf8View));
    let text = text.map_err(|_| unfit(("text", "文本"), array))?;
    Ok(Texts(text.as_string_view().clone()))
}

/// Calls `sink` for each row of a column of words whose word is odd by `odd`, with the word's position and the cell's
/// state. If no value of a dictionary is odd, its rows are skipped.
///
/// # Errors
/// Any error of [`words`].
pub fn odd_words(
    array: &ArrayRef,
    convert: impl Fn(&ArrayRef) -> Result<Integers, TypeFault>,
    odd: impl Fn(i64, CellState) -> bool,
    sink: &mut dyn FnMut(usize, i64, CellState),
) -> Result<(), TypeFault> {
    if let Some(dictionary) = array.as_any_dictionary_opt()
        && !odd(0, CellState::Null)
    {
        let words = convert(dictionary.values())?;
        if !words.values.iter().zip(&words.states).any(|(&value, &state)| odd(value, state)) {
            return Ok(());
        }
    }
    let cells = convert(array)?;
    for (row, (&value, &state)) in cells.values.iter().zip(&cells.states).enumerate() {
        if odd(value, state) {
            sink(row, value, state);
        }
    }
    Ok(())
}

/// A column of words as positions in `known`. Spellings that are declared for `column` are translated first.
///
/// # Errors
/// The column is not text (or integers that are declared as spellings).
pub fn words(
    array: &ArrayRef,
    column: &str,
    known: &[&str],
    declared: &TableDeclared,
) -> Result<Integers, TypeFault> {
    let spellings = declared.words.get(column);
    by_value(array, |array| {
        let kind = ("a word", "代码或词");
        let texts = match Family::of(array.data_type()) {
            Family::Empty => return Ok(Integers::empty(array.len())),
            // Declared spellings may be numeric codes, such as 1 for high voltage.
            Family::Integer if spellings.is_some() => {
                let texts = cast(array, &DataType::Utf8View).map_err(|_| unfit(kind, array))?;
                texts.as_string_view().clone()
            }
            _ => as_view(array, kind)?,
        };
        let mut cells = Integers::with_capacity(array.len());
        for text in &texts {
            let word = text.map(str::trim).filter(|word| !word.is_empty());
            cells.push(word.map_or(NULL, |word| {
                let word = spellings.and_then(|spellings| spellings.get(word)).map_or(word, String::as_str);
                if word.is_empty() {
                    return NULL;
                }
                let position = (0..).zip(known).find(|(_, known)| **known == word);
                position.map_or(fault(Rule::BadEnum), |(position, _)| (position, CellState::Ok))
            }));
        }
        Ok(cells)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_trimmed_and_folded_and_keep_leading_zeros() {
        let long = "9".repeat(129);
        let column: ArrayRef = Arc::new(StringArray::from(vec![
            Some("  0000123 "),
            Some("００１２Ａ"),
            Some(" "),
            None,
            Some(&long),
        ]));
        let ids = ids(&column).unwrap();
        assert_eq!(ids.get(0), Some("0000123"));
        assert_eq!(ids.get(1), Some("0012A"));
        assert_eq!(ids.states[2..], [CellState::Null, CellState::Null, CellState::Fault(Rule::IdTooLong)]);
        assert_eq!(ids.folded, [(1, "００１２Ａ".to_owned())]);
    }

    /// The second key is composed, though the first one, which begins alike once its format character is gone, is not.
    #[test]
    fn a_key_is_folded_in_the_same_way_whatever_stands_before_it() {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["e\u{200b}\u{301}7", "e\u{301}8"]));
        let ids = ids(&column).unwrap();
        assert_eq!((ids.get(0), ids.get(1)), (Some("e\u{301}7"), Some("\u{e9}8")));
        assert_eq!(ids.folded.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [0, 1]);
    }

    proptest! {
        /// Keys of few kinds, of more kinds than have numbers, and of none; or most of one kind, so that whole blocks are.
        #[test]
        fn keys_of_a_column_are_those_of_each_cell_alone(
            texts in prop_oneof![
                prop::collection::vec(
                    prop::option::of("[ ]{0,1}[ABe9]{0,2}[\u{200b}\u{301}０Ａ]{0,1}[0-9]{0,20}[ x]{0,1}"),
                    1..40,
                ),
                prop::collection::vec(
                    prop_oneof![
                        200 => "B[0-9]{9}".prop_map(Some),
                        1 => prop::option::weighted(0.9, "[BC][0-9]{8}[0-9x]{0,2}"),
                    ],
                    1..300,
                ),
            ],
        ) {
            let column: ArrayRef = Arc::new(StringArray::from(texts.clone()));
            let all = ids(&column).unwrap();
            for (row, text) in texts.iter().enumerate() {
                let folded = fold_id(text.as_deref().unwrap_or(""));
                prop_assert_eq!(all.values.value(row), &*folded);
                prop_assert_eq!(all.states[row], text.as_ref().map_or(CellState::Null, |_| id_state(&folded)));
                let raw = all.folded.iter().find(|(folded, _)| *folded == row).map(|(_, raw)| raw.as_str());
                let trimmed = text.as_deref().map(str::trim);
                prop_assert_eq!(raw, trimmed.filter(|trimmed| *trimmed != folded));
                let Some(numbers) = &all.numbers else { continue };
                let id = numbers.ids[row];
                prop_assert_eq!(id.is_none(), all.states[row] == CellState::Null);
                if !id.is_none() {
                    let mut written = String::new();
                    numbers.kinds[id.kind()].write(id.number(), &mut written);
                    prop_assert_eq!(written.as_str(), &*folded);
                }
            }
        }
    }

    #[test]
    fn an_integer_key_reads_as_its_decimal_text() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![123, 4]));
        let ids = ids(&column).unwrap();
        assert!(ids.from_integers);
        assert_eq!((ids.get(0), ids.get(1)), (Some("123"), Some("4")));
    }

    #[test]
    fn words_are_read_by_code_and_by_declared_spelling() {
        let mut declared = TableDeclared::default();
        declared.words.entry("kind".into()).or_default().insert("窃电".into(), "theft".into());
        let column: DictionaryArray<Int32Type> =
            [Some("fault"), Some("窃电"), Some("Theft"), None].into_iter().collect();
        let cells = words(&(Arc::new(column) as ArrayRef), "kind", &["fault", "theft"], &declared).unwrap();
        assert_eq!(cells.get(0), Some(0));
        assert_eq!(cells.get(1), Some(1));
        assert_eq!(cells.states[2..], [CellState::Fault(Rule::BadEnum), CellState::Null]);
    }
}
