//! Numbers of few bits, stored as runs: one number repeated, or groups of eight packed bit by bit.
//!
//! Parquet stores references to a dictionary, and whether a cell has a value, in this way ("RLE/Bit-Packing Hybrid" of its
//! specification of encodings).

use gridtier::index::index_u64;

use super::pages::damaged;
use crate::guard::Unreadable;

/// Most bits of a number: references are counted by `i32`.
const WIDTH_MAX: usize = 31;
/// Numbers in a group. A group of numbers of `w` bits takes `w` bytes.
const GROUP: usize = 8;

/// Where reading stands in runs of numbers that take `width` bits each. The bytes themselves belong to the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    width: usize,
    /// Where the next run begins in the page.
    at: usize,
    run: NumberRun,
}

#[derive(Clone, Copy, Debug)]
enum NumberRun {
    Repeated {
        value: i32,
        left: usize,
    },
    /// Numbers from the byte `start` of the page on; `next` counts those that have been read.
    Packed {
        start: usize,
        next: usize,
        numbers: usize,
    },
}

/// What was read of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum NumberPiece {
    /// So many numbers, which were appended.
    Packed(usize),
    /// One number `read` times, which was not appended.
    Repeated { value: i32, read: usize },
}

impl Runs {
    /// Runs that begin at the byte `at` of a page.
    ///
    /// # Errors
    /// Numbers have too many bits.
    pub fn new(width: u8, at: usize) -> Result<Self, Unreadable> {
        let width = usize::from(width);
        if width > WIDTH_MAX {
            return Err(damaged());
        }
        Ok(Self { width, at, run: NumberRun::Repeated { value: 0, left: 0 } })
    }

    /// Appends the next `count` numbers to `out`.
    ///
    /// # Errors
    /// The runs end earlier.
    pub fn read(&mut self, bytes: &[u8], mut count: usize, out: &mut Vec<i32>) -> Result<(), Unreadable> {
        while count > 0 {
            count -= match self.piece(bytes, count, out)? {
                NumberPiece::Packed(read) => read,
                NumberPiece::Repeated { value, read } => {
                    out.resize(out.len() + read, value);
                    read
                }
            };
        }
        Ok(())
    }

    /// Reads up to `most` numbers of one run. Numbers that differ are appended to `out`.
    ///
    /// # Errors
    /// There is no further run.
    pub fn piece(
        &mut self,
        bytes: &[u8],
        most: usize,
        out: &mut Vec<i32>,
    ) -> Result<NumberPiece, Unreadable> {
        loop {
            match &mut self.run {
                NumberRun::Repeated { left: 0, .. } => self.open(bytes)?,
                NumberRun::Packed { next, numbers, .. } if next == numbers => self.open(bytes)?,
                NumberRun::Repeated { value, left } => {
                    let read = most.min(*left);
                    *left -= read;
                    return Ok(NumberPiece::Repeated { value: *value, read });
                }
                NumberRun::Packed { start, next, numbers } => {
                    let read = most.min(*numbers - *next);
                    unpack(&bytes[*start..], self.width, *next, read, out);
                    *next += read;
                    return Ok(NumberPiece::Packed(read));
                }
            }
        }
    }

    /// Whether the next `count` numbers are one run of `value`.
    ///
    /// # Errors
    /// There is no run.
    pub fn begin_with(mut self, bytes: &[u8], value: i32, count: usize) -> Result<bool, Unreadable> {
        self.open(bytes)?;
        Ok(matches!(self.run, NumberRun::Repeated { value: of, left } if of == value && left >= count))
    }

    /// Reads the head of the next run.
    fn open(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let mut head = 0u64;
        for shift in (0..).step_by(7) {
            let &byte = bytes.get(self.at).filter(|_| shift < 63).ok_or_else(damaged)?;
            self.at += 1;
            head |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let left = bytes.len().saturating_sub(self.at);
        if head & 1 == 0 {
            let value_bytes = self.width.div_ceil(8);
            let value = bytes.get(self.at..self.at + value_bytes).ok_or_else(damaged)?;
            let mut word = [0; 4];
            word[..value_bytes].copy_from_slice(value);
            self.at += value_bytes;
            let value = i32::from_le_bytes(word);
            self.run = NumberRun::Repeated { value, left: index_u64(head >> 1) };
            return if head == 0 { Err(damaged()) } else { Ok(()) };
        }
        // The last group may be cut off behind the last number.
        let groups = index_u64(head >> 1).min(if self.width == 0 { usize::MAX / GROUP } else { left });
        let whole = groups * self.width <= left;
        let numbers = if whole { groups * GROUP } else { left * 8 / self.width };
        if numbers == 0 {
            return Err(damaged());
        }
        self.run = NumberRun::Packed { start: self.at, next: 0, numbers };
        self.at += (groups * self.width).min(left);
        Ok(())
    }
}

/// Appends `count` numbers from number `first` on.
fn unpack(bytes: &[u8], width: usize, mut first: usize, count: usize, out: &mut Vec<i32>) {
    let end = first + count;
    let mut whole = out.len();
    out.resize(whole + count, 0);
    // Up to the next group, groups, and what is left of the last one.
    while first < end && !first.is_multiple_of(GROUP) {
        out[whole] = number_at(bytes, width, first);
        (first, whole) = (first + 1, whole + 1);
    }
    let (groups, _) = out[whole..].as_chunks_mut::<GROUP>();
    let from = first / GROUP * width;
    let fast = GROUPS[width](&bytes[from.min(bytes.len())..], groups);
    (first, whole) = (first + fast * GROUP, whole + fast * GROUP);
    for (number, slot) in (first..end).zip(&mut out[whole..]) {
        *slot = number_at(bytes, width, number);
    }
}

/// One number, whose bytes may be the last ones.
fn number_at(bytes: &[u8], width: usize, number: usize) -> i32 {
    let (byte, shift) = (number * width / 8, number * width % 8);
    let mut word = [0; 8];
    let there = &bytes[byte.min(bytes.len())..bytes.len().min(byte + 8)];
    word[..there.len()].copy_from_slice(there);
    masked(u64::from_le_bytes(word) >> shift, width)
}

/// The lowest `width` bits.
#[inline]
fn masked(word: u64, width: usize) -> i32 {
    (word & ((1 << width) - 1)) as i32
}

/// Unpacks as many whole groups as lie 8 bytes or more before the end, and returns their number. With a width that is
/// known when this is compiled, shifts are constants and need no test of bounds.
fn unpack_groups<const WIDTH: usize>(bytes: &[u8], groups: &mut [[i32; GROUP]]) -> usize {
    let mut left = bytes;
    for (done, group) in groups.iter_mut().enumerate() {
        let Some(here) = left.get(..WIDTH + 8) else { return done };
        for (number, slot) in group.iter_mut().enumerate() {
            let (byte, shift) = (number * WIDTH / 8, number * WIDTH % 8);
            let word = here[byte..byte + 8].first_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word));
            *slot = masked(word >> shift, WIDTH);
        }
        left = &left[WIDTH..];
    }
    groups.len()
}

type UnpackGroups = fn(&[u8], &mut [[i32; GROUP]]) -> usize;

/// The function for each width.
const GROUPS: [UnpackGroups; WIDTH_MAX + 1] = [
    unpack_groups::<0>,
    unpack_groups::<1>,
    unpack_groups::<2>,
    unpack_groups::<3>,
    unpack_groups::<4>,
    unpack_groups::<5>,
    unpack_groups::<6>,
    unpack_groups::<7>,
    unpack_groups::<8>,
    unpack_groups::<9>,
    unpack_groups::<10>,
    unpack_groups::<11>,
    unpack_groups::<12>,
    unpack_groups::<13>,
    unpack_groups::<14>,
    unpack_groups::<15>,
    unpack_groups::<16>,
    unpack_groups::<17>,
    unpack_groups::<18>,
    unpack_groups::<19>,
    unpack_groups::<20>,
    unpack_groups::<21>,
    unpack_groups::<22>,
    unpack_groups::<23>,
    unpack_groups::<24>,
    unpack_groups::<25>,
    unpack_groups::<26>,
    unpack_groups::<27>,
    unpack_groups::<28>,
    unpack_groups::<29>,
    unpack_groups::<30>,
    unpack_groups::<31>,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs as a writer makes them: a packed run of whole groups, then a repeated one.
    fn written(width: usize, packed: &[i32], repeated: (i32, usize)) -> Vec<u8> {
        let groups = packed.len().div_ceil(GROUP);
        let mut bits = vec![0u8; groups * width];
        for (number, value) in packed.iter().enumerate() {
            for bit in 0..width {
                let at = number * width + bit;
                bits[at / 8] |= u8::from(value >> bit & 1 == 1) << (at % 8);
            }
        }
        let mut bytes = vec![(groups << 1 | 1) as u8];
        bytes.extend(bits);
        let mut head = repeated.1 << 1;
        while head >= 0x80 {
            bytes.push(head as u8 | 0x80);
            head >>= 7;
        }
        bytes.push(head as u8);
        bytes.extend(&repeated.0.to_le_bytes()[..width.div_ceil(8)]);
        bytes
    }

    #[test]
    fn numbers_of_every_width_are_read_in_pieces_of_any_length() {
        for width in 0..=WIDTH_MAX {
            let most = ((1u64 << width) - 1) as i32;
            let packed: Vec<i32> = (0..120).map(|n: i32| n.wrapping_mul(0x2545_F491) & most).collect();
            let bytes = written(width, &packed, (most, 300));
            let expected: Vec<i32> = packed.iter().copied().chain(std::iter::repeat_n(most, 300)).collect();
            for piece in [1, 3, 8, 16, 77, 420] {
                let mut runs = Runs::new(width as u8, 0).unwrap();
                let mut out = Vec::new();
                while out.len() < expected.len() {
                    runs.read(&bytes, piece.min(expected.len() - out.len()), &mut out).unwrap();
                }
                assert_eq!(out, expected, "width {width}, pieces of {piece}");
                assert!(runs.read(&bytes, 1, &mut out).is_err(), "nothing follows");
            }
        }
    }

    #[test]
    fn runs_that_are_cut_off_are_refused_or_short() {
        let packed: Vec<i32> = (0..64).collect();
        let bytes = written(7, &packed, (5, 40));
        for cut in 0..bytes.len() {
            let mut out = Vec::new();
            let read = Runs::new(7, 0).unwrap().read(&bytes[..cut], 104, &mut out);
            assert!(read.is_err(), "cut at {cut}");
        }
        assert!(Runs::new(32, 0).is_err(), "references of 32 bits");
    }

    #[test]
    fn one_run_of_a_number_is_told_from_others() {
        let runs = Runs::new(1, 0).unwrap();
        let all = &written(1, &[], (1, 1_000))[1..];
        assert_eq!(runs.begin_with(all, 1, 1_000), Ok(true));
        assert_eq!(runs.begin_with(all, 1, 1_001), Ok(false));
        assert_eq!(runs.begin_with(all, 0, 1), Ok(false));
        assert_eq!(runs.begin_with(&written(1, &[1; 8], (1, 9)), 1, 17), Ok(false), "packed flags");
        assert!(runs.begin_with(&[], 1, 1).is_err());
    }
}
