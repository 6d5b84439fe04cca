//! Eight digits of a text at once.

/// Eight times the character `0`.
pub(crate) const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0xF0; 8]);
const SIX: u64 = u64::from_ne_bytes([6; 8]);

/// Zero if eight bytes are digits.
#[inline(always)]
pub(crate) fn others_of_eight(word: u64) -> u64 {
    // The second test finds the bytes from `:` to `?`, which follow the digits.
    (word & HIGH_BITS ^ ZEROS) | (word.wrapping_add(SIX) & HIGH_BITS ^ ZEROS)
}

/// Whether eight bytes are digits.
#[inline]
pub(crate) fn are_eight(word: u64) -> bool {
    others_of_eight(word) == 0
}

/// Adds up the digits of eight bytes, the first of which is the lowest.
#[inline(always)]
pub(crate) fn sum_eight(word: u64) -> u64 {
    let pairs = ((word & 0x0F0F_0F0F_0F0F_0F0F).wrapping_mul(10 << 8 | 1)) >> 8;
    let fours = ((pairs & 0x00FF_00FF_00FF_00FF).wrapping_mul(100 << 16 | 1)) >> 16;
    ((fours & 0x0000_FFFF_0000_FFFF).wrapping_mul(10_000 << 32 | 1)) >> 32
}

/// The number that at most 18 digits write; `None` if another byte is among them.
#[inline]
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    let (front, eights) = digits.as_rchunks::<8>();
    let mut number = 0;
    for byte in front {
        let digit = byte.wrapping_sub(b'0');
        number = 10 * number + if digit < 10 { u64::from(digit) } else { return None };
    }
    for eight in eights {
        let word = u64::from_le_bytes(*eight);
        number = 100_000_000 * number + if are_eight(word) { sum_eight(word) } else { return None };
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_parsing_reads_them_and_nothing_else_is() {
        let text = "907654321012345678";
        for length in 0..=text.len() {
            assert_eq!(number(&text.as_bytes()[..length]), Some(text[..length].parse().unwrap_or(0)));
            for (at, other) in
                (0..length).flat_map(|at| [(at, '/'), (at, ':'), (at, '?'), (at, '@'), (at, 'p')])
            {
                let mut spoilt = text[..length].to_owned();
                spoilt.replace_range(at..=at, &other.to_string());
                assert_eq!(number(spoilt.as_bytes()), None, "{spoilt}");
            }
        }
    }
}
