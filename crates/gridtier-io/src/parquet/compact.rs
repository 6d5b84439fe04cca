//! Thrift's compact protocol, just enough to look through a parquet footer or page header before the decoder does.
//!
//! The decoder takes the numbers in a header at their word: it reserves memory for children and values that a file only
//! claims, and an allocation that fails ends the process. It also reads a field as the type it expects, whatever type
//! the file says. So a header is walked here first, by a shape that names the types, and refused where the two would
//! read it differently. No memory is asked for, and each byte is looked at once.

use crate::limits::NESTING_MAX;

/// What a field must be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// true or false.
    Bool,
    /// A small integer.
    Byte,
    /// Integers.
    I16,
    I32,
    I64,
    /// A number.
    Double,
    /// Bytes or text.
    Binary,
    /// Any number of one shape.
    List(&'static Shape),
    /// Fields by id; those that are not named may be anything.
    Struct(&'static [(i16, Shape)]),
}

/// Why a header cannot be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// The bytes end within it.
    Short,
    /// It breaks the protocol or its shape.
    Broken(&'static str),
}

/// In a path: an element of a list begins, its place is the value.
pub const ELEMENT: i16 = -1;

/// Told of each integer, of the length of each list and of the beginning of each element, with the ids that lead to it.
pub type Seen<'a> = &'a mut dyn FnMut(&[i16], i64);

const BOOLS: [u8; 2] = [1, 2];
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Shape {
    fn is(&self, kind: u8) -> bool {
        match self {
            Self::Bool => BOOLS.contains(&kind),
            Self::Byte => kind == BYTE,
            Self::I16 => kind == I16,
            Self::I32 => kind == I32,
            Self::I64 => kind == I64,
            Self::Double => kind == DOUBLE,
            Self::Binary => kind == BINARY,
            Self::List(_) => kind == LIST,
            Self::Struct(_) => kind == STRUCT,
        }
    }
}

/// Walks a struct of the given fields at the start of `bytes`; the bytes it takes.
pub fn walk(bytes: &[u8], fields: &'static [(i16, Shape)], seen: Seen) -> Result<usize, Stuck> {
    let mut walker = Walker { bytes, at: 0, path: Vec::new(), seen };
    walker.fields(fields)?;
    Ok(walker.at)
}

struct Walker<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<i16>,
    seen: Seen<'a>,
}

impl Walker<'_> {
    fn byte(&mut self) -> Result<u8, Stuck> {
        let byte = *self.bytes.get(self.at).ok_or(Stuck::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Stuck> {
        let rest = (self.bytes.len() - self.at) as u64;
        if bytes > rest {
            return Err(Stuck::Short);
        }
        self.at += bytes as usize;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Stuck> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Stuck::Broken("a number that never ends"))
    }

    fn integer(&mut self) -> Result<i64, Stuck> {
        let zigzag = self.varint()?;
        let value = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        (self.seen)(&self.path, value);
        Ok(value)
    }

    fn fields(&mut self, fields: &'static [(i16, Shape)]) -> Result<(), Stuck> {
        if self.path.len() >= NESTING_MAX {
            return Err(Stuck::Broken("fields nested without end"));
        }
        let mut id = 0i16;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0F;
            if kind == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.wide_id()?,
                step => id.checked_add(i16::from(step)).ok_or(Stuck::Broken("a field beyond all others"))?,
            };
            self.path.push(id);
            match fields.iter().find(|(known, _)| *known == id) {
                Some((_, shape)) if shape.is(kind) => self.value(shape, true)?,
                Some(_) => return Err(Stuck::Broken("a field of another type than it must have")),
                None => self.anything(kind, true)?,
            }
            self.path.pop();
        }
    }

    fn wide_id(&mut self) -> Result<i16, Stuck> {
        let zigzag = self.varint()?;
        let id = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        i16::try_from(id).map_err(|_| Stuck::Broken("a field beyond all others"))
    }

    /// A flag that is a field stands in the field's head.
    fn value(&mut self, shape: &'static Shape, is_field: bool) -> Result<(), Stuck> {
        match shape {
            Shape::Bool => self.skip(u64::from(!is_field)),
            Shape::Byte => self.skip(1),
            Shape::I16 | Shape::I32 | Shape::I64 => self.integer().map(drop),
            Shape::Double => self.skip(8),
            Shape::Binary => self.varint().and_then(|bytes| self.skip(bytes)),
            Shape::List(inner) => self.list(|kind| inner.is(kind), |walker| walker.value(inner, false)),
            Shape::Struct(fields) => self.fields(fields),
        }
    }

    fn list(
        &mut self,
        fits: impl Fn(u8) -> bool,
        mut element: impl FnMut(&mut Self) -> Result<(), Stuck>,
    ) -> Result<(), Stuck> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            few => u64::from(few),
        };
        // Some writers give an empty list no type.
        if count > 0 && !fits(head & 0x0F) {
            return Err(Stuck::Broken("a list of another type than it must have"));
        }
        // Each element takes a byte at least. A buffer may end within a page header, never within a footer.
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(Stuck::Short);
        }
        (self.seen)(&self.path, count as i64);
        for place in 0..count {
            self.path.push(ELEMENT);
            (self.seen)(&self.path, place as i64);
            self.path.pop();
            element(self)?;
        }
        Ok(())
    }

    fn anything(&mut self, kind: u8, is_field: bool) -> Result<(), Stuck> {
        const NOTHING: &[(i16, Shape)] = &[];
        match kind {
            1 | 2 => self.skip(u64::from(!is_field)),
            BYTE => self.skip(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.skip(8),
            BINARY => self.varint().and_then(|bytes| self.skip(bytes)),
            LIST => {
                let kind = self.bytes.get(self.at).ok_or(Stuck::Short)? & 0x0F;
                if self.path.len() >= NESTING_MAX {
                    return Err(Stuck::Broken("lists nested without end"));
                }
                self.path.push(0);
                // The decoder takes no bytes for a flag in a list, as it should.
                self.list(|kind| !BOOLS.contains(&kind), |walker| walker.anything(kind, false))?;
                self.path.pop();
                Ok(())
            }
            STRUCT => self.fields(NOTHING),
            _ => Err(Stuck::Broken("a field of a type that parquet does not use")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[(i16, Shape)] =
        &[(1, Shape::I32), (2, Shape::Struct(&[(1, Shape::Binary), (3, Shape::Bool)]))];

    /// Ids that lead to an integer, and the integer.
    type Told = (Vec<i16>, i64);

    fn walked(bytes: &[u8]) -> (Result<usize, Stuck>, Vec<Told>) {
        let mut all = Vec::new();
        let result = walk(bytes, PAGE, &mut |path, value| all.push((path.to_vec(), value)));
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
            [(vec![1], -3), (vec![7, 0], 2), (vec![7, 0, ELEMENT], 0), (vec![7, 0, ELEMENT], 1)]
        );
        for cut in 0..14 {
            assert_eq!(walked(&bytes[..cut]).0, Err(Stuck::Short), "{cut}");
        }
    }

    #[test]
    fn other_types_endless_numbers_and_depths_are_broken() {
        let broken = |bytes: &[u8]| matches!(walked(bytes).0, Err(Stuck::Broken(_)));
        assert!(broken(&[0x16, 5, 0]), "an i64 for an i32");
        assert!(broken(&[[0x15].as_slice(), &[0x80; 11]].concat()));
        assert!(broken(&[0x3C; 100]), "structs in structs");
        assert!(broken(&[[0x39].as_slice(), &[0x19; 100]].concat()), "lists in lists");
        assert!(broken(&[0x39, 0x21, 1, 1, 0]), "a list of flags");
        assert!(broken(&[0x3B, 0, 0]), "a map");
        assert_eq!(walked(&[0x39, 0xF5, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0]).0, Err(Stuck::Short));
    }
}
