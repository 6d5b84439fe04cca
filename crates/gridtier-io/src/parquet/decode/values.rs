//! Values of a fixed number of bytes, collected row by row into an array.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use gridtier::index::index;
use parquet::basic::Type as Physical;

use super::kept_rows::KeptRows;
use super::pages::{PageBytes, damaged};
use super::runs::{NumberPiece, Runs};
use crate::guard::Unreadable;

/// The values of the rows of one batch.
pub(super) trait ColumnValues {
    /// Takes the dictionary of the column, `count` values in plain encoding.
    fn set_dictionary(&mut self, page: &mut PageBytes, count: usize) -> Result<(), Unreadable>;

    /// Kept chunks that refer to this dictionary; `None` if it was met for the first time.
    fn kept_rows(&self) -> Option<Arc<KeptRows>> {
        None
    }

    /// Appends `count` values in plain encoding; returns how many bytes they took.
    fn append_plain(&mut self, bytes: &[u8], count: usize) -> Result<usize, Unreadable>;

    /// Appends `count` values of the dictionary, by references from runs.
    fn append_referred(&mut self, runs: &mut Runs, bytes: &[u8], count: usize) -> Result<(), Unreadable>;

    /// Moves the values appended last apart: those of the rows that `present` marks.
    fn spread(&mut self, present: &BooleanBuffer);

    /// The values appended so far as an array.
    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, Unreadable>;
}

/// The collector of values of a fixed number of bytes; `None` for other types. `data_type` is the type that the parquet
/// schema gives.
pub(super) fn fixed(
    physical: Physical,
    fixed_bytes: usize,
    data_type: &DataType,
) -> Option<Box<dyn ColumnValues>> {
    Some(match (physical, data_type) {
        (Physical::INT32, DataType::Int32) => Fixed::<Int32Type, 4>::boxed(data_type),
        (Physical::INT32, DataType::Date32) => Fixed::<Date32Type, 4>::boxed(data_type),
        (Physical::INT32, DataType::Decimal128(..)) => Fixed::<Decimal128Type, 4>::boxed(data_type),
        (Physical::INT64, DataType::Int64) => Fixed::<Int64Type, 8>::boxed(data_type),
        (Physical::INT64, DataType::Decimal128(..)) => Fixed::<Decimal128Type, 8>::boxed(data_type),
        (Physical::INT64, DataType::Timestamp(unit, _)) => match unit {
            TimeUnit::Millisecond => Fixed::<TimestampMillisecondType, 8>::boxed(data_type),
            TimeUnit::Microsecond => Fixed::<TimestampMicrosecondType, 8>::boxed(data_type),
            TimeUnit::Nanosecond => Fixed::<TimestampNanosecondType, 8>::boxed(data_type),
            TimeUnit::Second => return None,
        },
        (Physical::FLOAT, DataType::Float32) => Fixed::<Float32Type, 4>::boxed(data_type),
        (Physical::DOUBLE, DataType::Float64) => Fixed::<Float64Type, 8>::boxed(data_type),
        (Physical::FIXED_LEN_BYTE_ARRAY, DataType::Decimal128(..)) => match fixed_bytes {
            1..=16 => Box::new(Fixed::<Decimal128Type, 0>::new(data_type, fixed_bytes)),
            _ => return None,
        },
        _ => return None,
    })
}

/// Values of a fixed number of bytes, little-endian; if `BYTES` is 0, big-endian, as decimals in bytes are.
struct Fixed<T: ArrowPrimitiveType, const BYTES: usize> {
    data_type: DataType,
    bytes: usize,
    dictionary: Vec<T::Native>,
    values: Vec<T::Native>,
    references: Vec<i32>,
    kind: PhantomData<T>,
}

/// A type whose values are stored in `BYTES` bytes.
trait Stored<const BYTES: usize>: ArrowPrimitiveType {
    /// Appends the values in `bytes`, of which each takes `width` bytes.
    fn append(bytes: &[u8], width: usize, out: &mut Vec<Self::Native>);
}

macro_rules! stored {
    ($($arrow:ty, $bytes:literal, $native:ty;)*) => {$(
        impl Stored<$bytes> for $arrow {
            fn append(bytes: &[u8], _: usize, out: &mut Vec<Self::Native>) {
                let (values, _) = bytes.as_chunks::<$bytes>();
                out.extend(values.iter().map(|value| Self::Native::from(<$native>::from_le_bytes(*value))));
            }
        }
    )*};
}

stored! {
    Int32Type, 4, i32;
    Date32Type, 4, i32;
    Decimal128Type, 4, i32;
    Int64Type, 8, i64;
    Decimal128Type, 8, i64;
    TimestampMillisecondType, 8, i64;
    TimestampMicrosecondType, 8, i64;
    TimestampNanosecondType, 8, i64;
    Float32Type, 4, f32;
    Float64Type, 8, f64;
}

impl Stored<0> for Decimal128Type {
    fn append(bytes: &[u8], width: usize, out: &mut Vec<i128>) {
        out.extend(bytes.chunks_exact(width).map(|value| {
            // The value at the high end of the word; the shift brings it down and repeats its sign.
            let mut word = [0; 16];
            word[..width].copy_from_slice(value);
            i128::from_be_bytes(word) >> (8 * (16 - width))
        }));
    }
}

impl<T: Stored<BYTES>, const BYTES: usize> Fixed<T, BYTES> {
    fn new(data_type: &DataType, bytes: usize) -> Self {
        Self {
            data_type: data_type.clone(),
            bytes,
            dictionary: Vec::new(),
            values: Vec::new(),
            references: Vec::new(),
            kind: PhantomData,
        }
    }

    fn boxed(data_type: &DataType) -> Box<dyn ColumnValues>
    where
        T: 'static,
    {
        Box::new(Self::new(data_type, BYTES))
    }

    /// The first `count` values of `bytes`.
    fn slice<'b>(&self, bytes: &'b [u8], count: usize) -> Result<&'b [u8], Unreadable> {
        count.checked_mul(self.bytes).and_then(|length| bytes.get(..length)).ok_or_else(damaged)
    }
}

impl<T: Stored<BYTES>, const BYTES: usize> ColumnValues for Fixed<T, BYTES> {
    fn set_dictionary(&mut self, page: &mut PageBytes, count: usize) -> Result<(), Unreadable> {
        self.dictionary.clear();
        T::append(self.slice(page.unpacked()?, count)?, self.bytes, &mut self.dictionary);
        Ok(())
    }

    fn append_plain(&mut self, bytes: &[u8], count: usize) -> Result<usize, Unreadable> {
        let bytes = self.slice(bytes, count)?;
        T::append(bytes, self.bytes, &mut self.values);
        Ok(bytes.len())
    }

    fn append_referred(&mut self, runs: &mut Runs, bytes: &[u8], count: usize) -> Result<(), Unreadable> {
        let Self { dictionary, values, references, .. } = self;
        let before = values.len();
        let mut left = count;
        while left > 0 {
            references.clear();
            left -= match runs.piece(bytes, left, references)? {
                // Such as the time of all readings of a day.
                NumberPiece::Repeated { value, read } => {
                    let value = dictionary.get(index(value.cast_unsigned())).ok_or_else(damaged)?;
                    values.resize(values.len() + read, *value);
                    read
                }
                NumberPiece::Packed(read) => {
                    // Looked at before, so that no value is tested for room.
                    let last = references.iter().map(|at| at.cast_unsigned()).max();
                    if last.is_some_and(|last| index(last) >= dictionary.len()) {
                        return Err(damaged());
                    }
                    values.extend(references.iter().map(|at| dictionary[index(at.cast_unsigned())]));
                    read
                }
            };
        }
        if values.len() - before == count { Ok(()) } else { Err(damaged()) }
    }

    fn spread(&mut self, present: &BooleanBuffer) {
        spread(&mut self.values, present);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, Unreadable> {
        let room = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(room));
        let array = PrimitiveArray::<T>::try_new(values.into(), nulls)?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}

/// Moves the last values apart, so that each stands at the place of a row that `present` marks.
pub(super) fn spread<V: Copy + Default>(values: &mut Vec<V>, present: &BooleanBuffer) {
    let mut from = values.len();
    let first = from - present.count_set_bits();
    values.resize(first + present.len(), V::default());
    // From the last row on, so that no value is overwritten before it has been moved.
    for row in (0..present.len()).rev() {
        values[first + row] = if present.value(row) {
            from -= 1;
            values[from]
        } else {
            V::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_moved_to_the_rows_that_have_one() {
        for present in [[true, false, true, true], [false, false, false, true], [false; 4], [true; 4]] {
            let count = present.iter().filter(|is| **is).count();
            let mut values: Vec<i32> = [7, 8].into_iter().chain((1..).take(count)).collect();
            spread(&mut values, &BooleanBuffer::from(present.to_vec()));
            let mut next = 0;
            let expected = present.map(|is| {
                next += i32::from(is);
                if is { next } else { 0 }
            });
            assert_eq!(values, [&[7, 8][..], &expected].concat());
        }
    }

    #[test]
    fn decimals_of_few_bytes_keep_their_sign() {
        let mut out = Vec::new();
        <Decimal128Type as Stored<0>>::append(&[0xFF, 0xFE, 0x00, 0x03], 2, &mut out);
        assert_eq!(out, [-2, 3]);
    }
}
