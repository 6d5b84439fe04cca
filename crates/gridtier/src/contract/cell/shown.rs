//! Cells as text for messages and rejects.

use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions, array_value_to_string};
use arrow_schema::DataType;

use super::TypeFault;

/// Shows the cells of a column.
pub struct ShownCells<'a> {
    array: &'a ArrayRef,
    formatter: ArrayFormatter<'a>,
}

impl<'a> ShownCells<'a> {
    /// Shows the cells of a column.
    ///
    /// # Errors
    /// The column holds values that cannot be shown.
    pub fn of(array: &'a ArrayRef) -> Result<Self, TypeFault> {
        const OPTIONS: FormatOptions<'static> = FormatOptions::new().with_display_error(false);
        let formatter = ArrayFormatter::try_new(array.as_ref(), &OPTIONS)
            .map_err(|_| super::unfit(("a value that can be shown", "可显示的值"), array))?;
        Ok(Self { array, formatter })
    }

    /// The cell of a row; a time or day beyond every calendar as the number that is stored. `None` if the cell is empty.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<String> {
        self.array.is_valid(row).then_some(())?;
        match self.formatter.value(row).try_to_string() {
            Ok(text) => Some(text),
            Err(_) => {
                let number = cast(&self.array.slice(row, 1), &DataType::Int64).ok()?;
                array_value_to_string(&number, 0).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{
        Date32Array, Date64Array, DictionaryArray, Float64Array, Int32Array, TimestampMillisecondArray,
    };

    use super::*;

    #[test]
    fn a_time_beyond_every_calendar_is_shown_as_its_number() {
        let shown = |array: ArrayRef| ShownCells::of(&array).unwrap().get(0);
        let times = TimestampMillisecondArray::from(vec![1 << 62]);
        let zoned: ArrayRef = Arc::new(times.clone().with_timezone("+08:00"));
        let times: ArrayRef = Arc::new(times);
        let keys = Int32Array::from(vec![0]);
        let coded = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(&times)).unwrap();
        for array in [Arc::clone(&times), zoned, Arc::new(coded), Arc::new(Date64Array::from(vec![1 << 62]))]
        {
            assert_eq!(shown(array).as_deref(), Some("4611686018427387904"));
        }
        assert_eq!(shown(Arc::new(Date32Array::from(vec![i32::MAX]))).as_deref(), Some("2147483647"));
        assert_eq!(shown(Arc::new(Date32Array::from(vec![20_000]))).as_deref(), Some("2024-10-04"));
        assert_eq!(shown(Arc::new(Float64Array::from(vec![None, Some(1.5)]))), None);
    }
}
