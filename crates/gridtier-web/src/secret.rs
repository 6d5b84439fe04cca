//! Secrets: the reader's token and the secret in forms. Comparing a guess takes the same time however much of it is
//! right.

use std::fmt::{self, Debug};
use std::hint::black_box;
use std::io;

/// A secret text.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A secret with a given text.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// A secret of 64 hexadecimal digits, drawn by the operating system.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn random() -> io::Result<Self> {
        let mut drawn = [0; 32];
        getrandom::fill(&mut drawn).map_err(io::Error::other)?;
        Ok(Self(drawn.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether a guess equals the secret.
    pub fn matches(&self, guess: &str) -> bool {
        let (word, guess) = (self.0.as_bytes(), guess.as_bytes());
        let mut differing = u8::from(word.len() != guess.len());
        for (place, &byte) in guess.iter().enumerate() {
            differing |= byte ^ word[place % word.len().max(1)];
        }
        black_box(differing) == 0 && !word.is_empty()
    }

    /// The text of the secret, for its holder.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Hides the text, so that no message contains it.
impl Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The value of a digit of Base64.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Decodes Base64; `None` if the text is not Base64.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0u32;
        for &byte in group {
            bits = bits << 6 | u32::from(digit(byte)?);
        }
        let whole = match group.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=whole]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_matches() {
        let secret = Secret::new("open sesame");
        assert!(secret.matches("open sesame"));
        for guess in ["", "open", "open sesam", "open sesamE", "open sesame ", "open sesameopen sesame"] {
            assert!(!secret.matches(guess), "{guess}");
        }
        assert!(!Secret::new("").matches(""));
    }

    #[test]
    fn random_words_are_long_and_differ() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(format!("{one:?}"), "Secret");
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        for (text, bytes) in [("", ""), ("TQ==", "M"), ("TWE", "Ma"), ("TWFu", "Man"), ("YTpiw6k=", "a:bé")]
        {
            assert_eq!(from_base64(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(from_base64("T"), None);
        assert_eq!(from_base64("T*=="), None);
    }
}
