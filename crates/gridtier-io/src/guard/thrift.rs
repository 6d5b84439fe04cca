//! A walk through Thrift's compact protocol, in which parquet footers and page headers are written.
//!
//! The decoder reserves memory for children and values that a header only claims, and reads a field as the type that it
//! expects, whatever type the file says. So a header is walked first, by a shape that names the types, and refused where
//! the decoder would read it differently. The walk allocates nothing but the path to a field and visits each byte once.

use std::ops::Range;

use super::cursor::{ByteCursor, Stuck};
use super::limits::NESTING_MAX;

/// The type that a value must have.
#[derive(Clone, Copy, Debug)]
pub(super) enum ThriftShape {
    Bool,
    /// An integer of 8 bits.
    Byte,
    I16,
    I32,
    I64,
    Double,
    /// Bytes or text.
    Binary,
    /// Any number of values of one shape.
    List(&'static ThriftShape),
    /// Fields by id; a field that is not listed may have any type.
    Struct(&'static [(i16, ThriftShape)]),
}

/// In a path: an element of a list begins; the value is its position.
pub(super) const ELEMENT: i16 = -1;

/// Called with the ids that lead to a value, the value, and the bytes that it takes: for each integer, for each flag that is
/// a field (0 or 1), for bytes or text of a known field (their length), for the length of each list, and for each element of a
/// list.
pub(super) type OnValue<'a> = &'a mut dyn FnMut(&[i16], i64, Range<usize>);

/// Type codes of the compact protocol.
const BOOLS: [u8; 2] = [1, 2];
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl ThriftShape {
    fn has_code(&self, code: u8) -> bool {
        match self {
            Self::Bool => BOOLS.contains(&code),
            Self::Byte => code == BYTE,
            // Integers of all widths are written alike, and some writers name the wrong width.
            Self::I16 | Self::I32 | Self::I64 => [I16, I32, I64].contains(&code),
            Self::Double => code == DOUBLE,
            Self::Binary => code == BINARY,
            Self::List(_) => code == LIST,
            Self::Struct(_) => code == STRUCT,
        }
    }
}

/// Walks a struct of the given fields at the start of `bytes` and returns its length in bytes.
pub(super) fn walk(
    bytes: &[u8],
    fields: &'static [(i16, ThriftShape)],
    on_value: OnValue,
) -> Result<usize, Stuck> {
    let mut walker = ThriftWalker { cursor: ByteCursor::new(bytes), path: Vec::new(), on_value };
    walker.fields(fields)?;
    Ok(walker.cursor.at)
}

struct ThriftWalker<'a> {
    cursor: ByteCursor<'a>,
    path: Vec<i16>,
    on_value: OnValue<'a>,
}

impl ThriftWalker<'_> {
    fn skip(&mut self, bytes: u64) -> Result<(), Stuck> {
        self.cursor.slice(bytes).map(drop)
    }

    /// As a field, a flag is part of the field's head; as an element of a list it takes a byte.
    fn skip_flag(&mut self, is_field: bool) -> Result<(), Stuck> {
        self.skip(u64::from(!is_field))
    }

    /// Reads an integer that must fit into `bits` bits, because the decoder cuts off what is beyond them.
    fn integer(&mut self, bits: u32) -> Result<(), Stuck> {
        let start = self.cursor.at;
        let value = self.cursor.zigzag()?;
        if i64::BITS - value.unsigned_abs().leading_zeros() >= bits && value != i64::MIN >> (i64::BITS - bits)
        {
            return Err(Stuck::Broken(("a number beyond those of its type", "超出其类型范围的数")));
        }
        (self.on_value)(&self.path, value, start..self.cursor.at);
        Ok(())
    }

    fn fields(&mut self, fields: &'static [(i16, ThriftShape)]) -> Result<(), Stuck> {
        const BEYOND: Stuck = Stuck::Broken(("a field beyond all others", "超出范围的字段"));
        if self.path.len() >= NESTING_MAX {
            return Err(Stuck::Broken(("fields nested without end", "无止境嵌套的字段")));
        }
        let mut id = 0i16;
        loop {
            let head = self.cursor.byte()?;
            let code = head & 0x0F;
            if code == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.cursor.zigzag()?).map_err(|_| BEYOND)?,
                step => id.checked_add(i16::from(step)).ok_or(BEYOND)?,
            };
            self.path.push(id);
            match fields.iter().find(|(known, _)| *known == id) {
                Some((_, shape)) if shape.has_code(code) => {
                    if BOOLS.contains(&code) {
                        let at = self.cursor.at;
                        (self.on_value)(&self.path, i64::from(code == BOOLS[0]), at..at);
                    }
                    self.value(shape, true)?;
                }
                Some(_) => {
                    return Err(Stuck::Broken((
                        "a field of another type than it must have",
                        "类型不符的字段",
                    )));
                }
                None => self.unknown_value(code, true)?,
            }
            self.path.pop();
        }
    }

    fn value(&mut self, shape: &'static ThriftShape, is_field: bool) -> Result<(), Stuck> {
        match shape {
            ThriftShape::Bool => self.skip_flag(is_field),
            ThriftShape::Byte => self.skip(1),
            ThriftShape::I16 => self.integer(i16::BITS),
            ThriftShape::I32 => self.integer(i32::BITS),
            ThriftShape::I64 => self.integer(i64::BITS),
            ThriftShape::Double => self.skip(8),
            ThriftShape::Binary => {
                let length = self.cursor.varint()?;
                let start = self.cursor.at;
                self.skip(length)?;
                (self.on_value)(&self.path, length.cast_signed(), start..self.cursor.at);
                Ok(())
            }
            ThriftShape::List(inner) => {
                self.list(|code| inner.has_code(code), |walker| walker.value(inner, false))
            }
            ThriftShape::Struct(fields) => self.fields(fields),
        }
    }

    fn list(
        &mut self,
        is_expected: impl Fn(u8) -> bool,
        mut element: impl FnMut(&mut Self) -> Result<(), Stuck>,
    ) -> Result<(), Stuck> {
        let start = self.cursor.at;
        let head = self.cursor.byte()?;
        let length = match head >> 4 {
            15 => self.cursor.varint()?,
            few => u64::from(few),
        };
        // Some writers give an empty list no type.
        if length > 0 && !is_expected(head & 0x0F) {
            return Err(Stuck::Broken(("a list of another type than it must have", "类型不符的列表")));
        }
        // Each element takes a byte at least. A buffer may end within a page header, never within a footer.
        if length > self.cursor.left() {
            return Err(Stuck::Short);
        }
        (self.on_value)(&self.path, length.cast_signed(), start..self.cursor.at);
        for position in 0..length.cast_signed() {
            self.path.push(ELEMENT);
            (self.on_value)(&self.path, position, self.cursor.at..self.cursor.at);
            self.path.pop();
            element(self)?;
        }
        Ok(())
    }

    /// Skips a value of a field that no shape lists.
    fn unknown_value(&mut self, code: u8, is_field: bool) -> Result<(), Stuck> {
        const NO_KNOWN_FIELDS: &[(i16, ThriftShape)] = &[];
        match code {
            1 | 2 => self.skip_flag(is_field),
            BYTE => self.skip(1),
            I16 | I32 | I64 => self.cursor.varint().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.cursor.varint()?;
                self.skip(length)
            }
            LIST => {
                let element = self.cursor.peek()? & 0x0F;
                if self.path.len() >= NESTING_MAX {
                    return Err(Stuck::Broken(("lists nested without end", "无止境嵌套的列表")));
                }
                self.path.push(0);
                // The decoder takes no bytes for a flag in a list, so a list of flags could claim any length.
                self.list(|code| !BOOLS.contains(&code), |walker| walker.unknown_value(element, false))?;
                self.path.pop();
                Ok(())
            }
            STRUCT => self.fields(NO_KNOWN_FIELDS),
            _ => Err(Stuck::Broken((
                "a field of a type that parquet does not use",
                "parquet 不使用的字段类型",
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[(i16, ThriftShape)] = &[
        (1, ThriftShape::I32),
        (2, ThriftShape::Struct(&[(1, ThriftShape::Binary), (3, ThriftShape::Bool)])),
    ];

    /// The ids that lead to a value, and the value.
    type PathAndValue = (Vec<i16>, i64);

    fn walked(bytes: &[u8]) -> (Result<usize, Stuck>, Vec<PathAndValue>) {
        let mut all = Vec::new();
        let result = walk(bytes, PAGE, &mut |path, value, _| all.push((path.to_vec(), value)));
        (result, all)
    }

    #[test]
    fn known_and_unknown_fields_are_walked() {
        // 1: -3, 2: {1: "ab", 3: true}, 7: [i32; 5, 6], stop.
        let bytes = [0x15, 5, 0x1C, 0x18, 2, b'a', b'b', 0x21, 0, 0x59, 0x25, 10, 12, 0, 99];
        let (result, seen) = walked(&bytes);
        assert_eq!(result, Ok(14));
        assert_eq!(
            seen,
            [
                (vec![1], -3),
                (vec![2, 1], 2),
                (vec![2, 3], 1),
                (vec![7, 0], 2),
                (vec![7, 0, ELEMENT], 0),
                (vec![7, 0, ELEMENT], 1)
            ]
        );
        for cut in 0..14 {
            assert_eq!(walked(&bytes[..cut]).0, Err(Stuck::Short), "{cut}");
        }
    }

    #[test]
    fn wrong_types_endless_numbers_and_deep_nesting_are_refused() {
        let broken = |bytes: &[u8]| matches!(walked(bytes).0, Err(Stuck::Broken(_)));
        assert!(broken(&[0x18, 1, b'a', 0]), "text for an i32");
        assert!(broken(&[0x16, 0x80, 0x80, 0x80, 0x80, 0x10, 0]), "2^31 for an i32");
        assert_eq!(walked(&[0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]).1, [(vec![1], i64::from(i32::MIN))]);
        assert_eq!(walked(&[0x14, 5, 0]).1, [(vec![1], -3)], "an i16 for an i32");
        assert!(broken(&[[0x15].as_slice(), &[0x80; 11]].concat()));
        assert!(broken(&[0x3C; 100]), "structs in structs");
        assert!(broken(&[[0x39].as_slice(), &[0x19; 100]].concat()), "lists in lists");
        assert!(broken(&[0x39, 0x21, 1, 1, 0]), "a list of flags");
        assert!(broken(&[0x3B, 0, 0]), "a map");
        assert_eq!(walked(&[0x39, 0xF5, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0]).0, Err(Stuck::Short));
    }
}
