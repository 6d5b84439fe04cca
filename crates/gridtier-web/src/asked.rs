//! The contents of a request's URL: language, cycle, format and the fields of a page. Also builds links that keep them.

use std::str::FromStr;
use std::time::Duration;

use gridtier::text::{Lang, Voice};
use gridtier::word::Word as _;
use gridtier_io::export::ExportFormat;

/// The fields that every link keeps.
const CARRIED: [&str; 2] = ["lang", "cycle"];

const PAGE_PATIENCE: Duration = Duration::from_millis(200);
const FILE_PATIENCE: Duration = Duration::from_secs(600);

/// The format in which a page's sections are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFormat {
    /// An HTML page.
    Html,
    /// One of the page's tables as CSV, by its position among them.
    Csv(usize),
    /// A workbook of the page's tables.
    Xlsx,
}

impl PageFormat {
    /// The format of the requested file; `None` if a page is requested.
    pub fn of_file(self) -> Option<ExportFormat> {
        match self {
            Self::Html => None,
            Self::Csv(_) => Some(ExportFormat::Csv),
            Self::Xlsx => Some(ExportFormat::Xlsx),
        }
    }
}

/// The page that a request asks for, with its fields.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path of the page. Every path is one of the fixed routes; ids are in the fields.
    pub path: &'static str,
    /// The fields of the query, or of a form that was sent, in order.
    pub fields: Vec<(String, String)>,
    /// The language of the answer.
    pub lang: Lang,
}

impl Asked {
    /// Parses the fields of a request to `path`. `usual` is the language if the fields name none.
    pub fn new(path: &'static str, mut fields: Vec<(String, String)>, usual: Lang) -> Self {
        // Browsers send each line break as CR LF.
        fields.iter_mut().for_each(|(_, value)| *value = value.replace("\r\n", "\n"));
        let named = fields.iter().find(|(name, _)| name == "lang");
        let lang = named.and_then(|(_, code)| Lang::from_code(code)).unwrap_or(usual);
        Self { path, fields, lang }
    }

    /// The same request with no field but the language. The answer to a form uses it for its links: the form's fields hold a
    /// secret, names and reasons, which must not get into a URL.
    pub fn without_fields(&self) -> Self {
        let fields = self.fields.iter().filter(|(name, _)| name == "lang").cloned().collect();
        Self { fields, ..self.clone() }
    }

    /// How the answer writes text and numbers in its language.
    pub fn voice(&self) -> Voice {
        Voice::In(self.lang)
    }

    /// The value of a field; `None` if it is missing or empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim())
    }

    /// The values of a field that may be given more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.fields.iter().filter(move |(known, _)| known == name);
        values.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The value of a field as `T`; `None` if it is missing or cannot be parsed.
    pub fn value<T: FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.parse().ok()
    }

    /// The number of the requested cycle; `None` for the current cycle.
    pub fn cycle(&self) -> Option<u64> {
        self.value("cycle")
    }

    /// The requested format.
    pub fn format(&self) -> PageFormat {
        match self.field("format") {
            Some("csv") => PageFormat::Csv(self.value("table").unwrap_or(0)),
            Some("xlsx") => PageFormat::Xlsx,
            _ => PageFormat::Html,
        }
    }

    /// How long the request waits for a result that is being computed: a page briefly, since it can say so and
    /// reload; a file until it is there.
    pub fn patience(&self) -> Duration {
        if self.format() == PageFormat::Html { PAGE_PATIENCE } else { FILE_PATIENCE }
    }

    /// The URL of another page in the same language, about the same cycle.
    pub fn link(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let carried = CARRIED.iter().filter_map(|name| Some((*name, self.field(name)?)));
        let carried = carried.filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
        url(path, carried.chain(fields.iter().copied()))
    }

    /// The URL of this page with some fields replaced. An empty value removes a field.
    pub fn with(&self, fields: &[(&str, &str)]) -> String {
        let kept = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept =
            kept.filter(|(name, value)| !value.is_empty() && fields.iter().all(|(other, _)| other != name));
        url(self.path, kept.chain(fields.iter().copied().filter(|(_, value)| !value.is_empty())))
    }
}

/// A path with a query.
fn url<'a>(path: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = path.to_owned();
    for (place, (name, value)) in fields.enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(&encoded(name));
        url.push('=');
        url.push_str(&encoded(value));
    }
    url
}

/// Percent-encodes a text for a URL.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Asked {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Asked::new("/customers", fields, Lang::En)
    }

    #[test]
    fn links_carry_language_and_cycle_and_encode_everything_else() {
        let asked = asked(&[("lang", "zh"), ("cycle", "3"), ("tier", "special")]);
        assert_eq!(asked.lang, Lang::Zh);
        let link = asked.link("/customer", &[("id", "../a b<&>")]);
        assert_eq!(link, "/customer?lang=zh&cycle=3&id=..%2Fa%20b%3C%26%3E");
        assert_eq!(asked.link("/tiers", &[("cycle", "4")]), "/tiers?lang=zh&cycle=4");
    }

    #[test]
    fn a_view_is_linked_with_some_fields_replaced() {
        let asked = asked(&[("tier", "special"), ("from", "100"), ("region", "")]);
        assert_eq!(asked.with(&[("from", "200")]), "/customers?tier=special&from=200");
        assert_eq!(asked.with(&[("from", ""), ("tier", "")]), "/customers");
    }

    #[test]
    fn a_language_that_is_none_is_the_usual_one() {
        assert_eq!(asked(&[("lang", "xx")]).lang, Lang::En);
        assert_eq!(asked(&[("format", "csv"), ("table", "2")]).format(), PageFormat::Csv(2));
    }
}
