//! Coded words: enums whose values appear in files, with their code, English and Chinese in one place.
//!
//! A tier, a use category or the kind of an incident is a word in a file and an enum in the code. Both are declared
//! together by [`words!`](crate::words), so every word has its translation. Readers use [`Word::from_code`], which
//! knows every variant, so no word is read as a silent default. This module does not know in which table or under
//! which key a word appears.

use std::fmt::Debug;

/// An enum that [`words!`](crate::words) declares.
pub trait Word: Copy + Debug + Eq + Ord + Send + Sync + 'static {
    /// The name of the kind of words, for messages: `tier`, `use category`.
    const NAME: &'static str;
    /// All values, in the order of their declaration.
    const ALL: &'static [Self];
    /// The codes, English and Chinese names, in the same order.
    const LIST: WordList;
    /// The codes, in the same order.
    const CODES: &'static [&'static str] = Self::LIST.codes;

    /// Position in [`ALL`](Self::ALL).
    fn position(self) -> usize;

    /// The code in files.
    #[must_use]
    fn code(self) -> &'static str {
        Self::LIST.codes[self.position()]
    }

    /// The English name.
    #[must_use]
    fn en(self) -> &'static str {
        Self::LIST.en[self.position()]
    }

    /// The Chinese name.
    #[must_use]
    fn zh(self) -> &'static str {
        Self::LIST.zh[self.position()]
    }

    /// The value with a code; `None` for a text that is not one of the codes.
    #[must_use]
    fn from_code(code: &str) -> Option<Self> {
        Self::LIST.position(code).map(|position| Self::ALL[position])
    }
}

/// The words of one enum without its type, for columns whose words are only compared and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordList {
    /// The codes in files.
    pub codes: &'static [&'static str],
    /// The English names, in the same order.
    pub en: &'static [&'static str],
    /// The Chinese names, in the same order.
    pub zh: &'static [&'static str],
}

impl WordList {
    /// Position of a code.
    #[must_use]
    pub fn position(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|known| *known == code)
    }

    /// The English name of a code.
    #[must_use]
    pub fn en(&self, code: &str) -> Option<&'static str> {
        self.position(code).map(|position| self.en[position])
    }

    /// The Chinese name of a code.
    #[must_use]
    pub fn zh(&self, code: &str) -> Option<&'static str> {
        self.position(code).map(|position| self.zh[position])
    }
}

/// Declares an enum whose values are words in files: each variant with its code, English and Chinese.
///
/// The enum gets [`Word`], serde and JSON Schema by its codes.
///
/// ```
/// use gridtier::word::Word;
///
/// gridtier::words! {
///     /// A side of a line.
///     Side "side" {
///         /// Before the line.
///         Above "above" "above" "线上",
///         /// After the line.
///         Below "below" "below" "线下",
///     }
/// }
///
/// assert_eq!(Side::from_code("below"), Some(Side::Below));
/// assert_eq!((Side::Above.code(), Side::Above.zh(), Side::from_code("beside")), ("above", "线上", None));
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$about:meta])* $name:ident $title:literal {
            $($(#[$doc:meta])* $variant:ident $code:literal $en:literal $zh:literal),+ $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $crate::word::Word for $name {
            const NAME: &'static str = $title;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const LIST: $crate::word::WordList =
                $crate::word::WordList { codes: &[$($code),+], en: &[$($en),+], zh: &[$($zh),+] };

            fn position(self) -> usize {
                self as usize
            }
        }

        impl $crate::word::serde::Serialize for $name {
            fn serialize<S: $crate::word::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::word::Word::code(*self))
            }
        }

        impl<'de> $crate::word::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::word::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <String as $crate::word::serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::word::Word>::from_code(&code).ok_or_else(|| {
                    $crate::word::serde::de::Error::custom(format!(concat!("`{}` is no ", $title), code))
                })
            }
        }

        impl $crate::word::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut $crate::word::schemars::SchemaGenerator) -> $crate::word::schemars::Schema {
                $crate::word::schemars::json_schema!({
                    "type": "string", "enum": <Self as $crate::word::Word>::CODES
                })
            }
        }
    };
}

#[doc(hidden)]
pub use {schemars, serde};

#[cfg(test)]
mod tests {
    use super::*;

    crate::words! {
        /// An enum for this test.
        Side "side" {
            /// One.
            Above "above" "above" "线上",
            /// Other.
            Below "below" "below" "线下",
        }
    }

    #[test]
    fn every_word_goes_to_a_file_and_comes_back() {
        for &side in Side::ALL {
            assert_eq!(Side::from_code(side.code()), Some(side));
            assert_eq!(Side::ALL[side.position()], side);
            let text = serde_json::to_string(&side).unwrap();
            assert_eq!(serde_json::from_str::<Side>(&text).unwrap(), side);
        }
        let error = serde_json::from_str::<Side>("\"beside\"").unwrap_err().to_string();
        assert!(error.starts_with("`beside` is no side"), "{error}");
    }
}
