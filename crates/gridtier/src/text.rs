//! Text in English and Chinese, and which of the two a reader gets.

use std::borrow::Cow;

use crate::word::Word;

crate::words! {
    /// A language in which people read.
    Lang "language" {
        /// English.
        En "en" "English" "英语",
        /// Chinese.
        Zh "zh" "Chinese" "中文",
    }
}

impl Lang {
    /// The text of the language.
    #[must_use]
    pub fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

/// In which words a section is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Codes of columns and words, for programs.
    Codes,
    /// One language.
    In(Lang),
    /// Chinese and English side by side.
    Both,
}

impl From<Lang> for Voice {
    fn from(lang: Lang) -> Self {
        Self::In(lang)
    }
}

/// A text in both languages, with the code that programs get if it has one.
///
/// ```
/// use gridtier::text::{Lang, Text, Voice};
///
/// let text = Text::new("share", "占比");
/// assert_eq!(text.pick(Voice::In(Lang::Zh)), "占比");
/// assert_eq!(text.pick(Voice::Both), "占比 share");
/// assert_eq!(Text::coded("share_pct", "share", "占比").pick(Voice::Codes), "share_pct");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Chinese.
    pub zh: Cow<'static, str>,
    /// The code for programs, who get the English text if there is none.
    pub code: Option<Cow<'static, str>>,
}

impl Text {
    /// A text in both languages.
    pub fn new(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self { en: en.into(), zh: zh.into(), code: None }
    }

    /// A text with its code.
    pub fn coded(
        code: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
        zh: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code: Some(code.into()), ..Self::new(en, zh) }
    }

    /// A text that is the same in every language: an id, a name, a user's own words.
    pub fn same(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { en: text.clone(), zh: text, code: None }
    }

    /// The code and the names of a coded word.
    #[must_use]
    pub fn of_word(word: impl Word) -> Self {
        Self::coded(word.code(), word.en(), word.zh())
    }

    /// The text for a reader.
    #[must_use]
    pub fn pick(&self, voice: Voice) -> Cow<'_, str> {
        match voice {
            Voice::Codes => self.code.as_deref().unwrap_or(&self.en).into(),
            Voice::In(Lang::En) => self.en.as_ref().into(),
            Voice::In(Lang::Zh) => self.zh.as_ref().into(),
            Voice::Both if self.en == self.zh => self.en.as_ref().into(),
            Voice::Both => format!("{} {}", self.zh, self.en).into(),
        }
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.en.is_empty() && self.zh.is_empty()
    }

    /// The text in one language.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }

    /// Joins alternatives, as in "a number, or a day".
    #[must_use]
    pub fn any_of(parts: &[Self]) -> Self {
        let (en, zh) = (Self::join(parts, ", or ").en, Self::join(parts, "，或").zh);
        Self::new(en, zh)
    }

    /// Joins the texts by a separator, such as a space.
    #[must_use]
    pub fn join(parts: &[Self], separator: &str) -> Self {
        let en: Vec<&str> = parts.iter().map(|part| part.en.as_ref()).collect();
        let zh: Vec<&str> = parts.iter().map(|part| part.zh.as_ref()).collect();
        Self::new(en.join(separator), zh.join(separator))
    }
}

/// Formats a text in both languages: `text!("{rows} rows", "{rows} 行")`.
///
/// ```
/// use gridtier::text;
///
/// let rows = 3;
/// let message = text!("{rows} rows", "{rows} 行");
/// assert_eq!((message.to_string(), message.zh.as_ref()), ("3 rows".to_owned(), "3 行"));
/// ```
///
/// Values may be given by name after the texts, as in `format!`. A value that is itself a [`Text`](crate::text::Text)
/// is named after a semicolon, and each language gets its own text of the value.
///
/// ```
/// use gridtier::text;
///
/// let what = text!("no rows", "没有行");
/// let whole = text!("table {name}: {what}", "表 {name}：{what}", name = "bills".to_uppercase(); what);
/// assert_eq!((whole.en.as_ref(), whole.zh.as_ref()), ("table BILLS: no rows", "表 BILLS：没有行"));
/// ```
#[macro_export]
macro_rules! text {
    ($en:literal, $zh:literal $(, $name:ident = $value:expr)* $(; $($part:ident),+)? $(,)?) => {{
        $(let $name = &$value;)*
        $crate::text::Text::new(
            { $($(let $part = &$part.en;)+)? ::std::format!($en) },
            { $($(let $part = &$part.zh;)+)? ::std::format!($zh) },
        )
    }};
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en)
    }
}

impl From<(&'static str, &'static str)> for Text {
    fn from((en, zh): (&'static str, &'static str)) -> Self {
        Self::new(en, zh)
    }
}
