//! Values in the names of folders (Hive partitions): `org=01/month=2025-01`.
//!
//! Most engines guess their types and turn `01` into 1. Here they are text unless `gridtier.toml` declares another type.

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::text;

use crate::config::{HiveType, TableConfig};

/// The text by which Hive marks an absent value.
const DEFAULT_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A key and its value in a folder's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HiveValue {
    /// The key.
    pub key: String,
    /// The value, `None` when absent.
    pub value: Option<String>,
}

impl HiveValue {
    /// The key and value of a folder's name, if it has the form.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (key, value) = name.split_once('=')?;
        let value = (value != DEFAULT_PARTITION).then(|| percent_decoded(value));
        Some(Self { key: percent_decoded(key), value }).filter(|hive| !hive.key.trim().is_empty())
    }

    /// Checks the value against its declared type.
    pub(super) fn check(&self, table: Table, folder: &str, config: &TableConfig) -> Result<(), Refusal> {
        let (Some(value), Some(kind)) = (&self.value, config.hive.get(&self.key)) else { return Ok(()) };
        let (fits, kind) = match kind {
            HiveType::Text => (true, text!("text", "文本")),
            HiveType::Integer => (value.parse::<i64>().is_ok(), text!("an integer", "整数")),
            HiveType::Date => {
                let day = text!("a day such as 2025-01-31", "日期，如 2025-01-31");
                (value.parse::<chrono::NaiveDate>().is_ok(), day)
            }
        };
        if fits {
            return Ok(());
        }
        let key = &self.key;
        let what = text!(
            "the folder says {key} is `{value}`, but gridtier.toml declares {kind}",
            "文件夹名中 {key} 为 `{value}`，而 gridtier.toml 声明为{kind}";
            kind
        );
        Err(Refusal::at(
            table,
            folder,
            what,
            text!(
                "rename the folder, or correct `hive.{key}` in gridtier.toml",
                "请重命名文件夹，或改正 gridtier.toml 中的 `hive.{key}`"
            ),
        ))
    }
}

/// Decodes `%3A` and the like; text that is not an escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        // `from_str_radix` also takes a sign.
        let hex = escaped.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> Option<(String, Option<String>)> {
        HiveValue::parse(name).map(|hive| (hive.key, hive.value))
    }

    #[test]
    fn a_folder_name_is_a_key_and_a_text() {
        assert_eq!(parsed("org=01"), Some(("org".into(), Some("01".into()))));
        assert_eq!(parsed("day=2025-01-01%2012%3A00"), Some(("day".into(), Some("2025-01-01 12:00".into()))));
        assert_eq!(parsed("name=%E5%8D%97%zz"), Some(("name".into(), Some("南%zz".into()))));
        assert_eq!(parsed("org=__HIVE_DEFAULT_PARTITION__"), Some(("org".into(), None)));
        assert_eq!((parsed("plain"), parsed("=1")), (None, None));
    }
}
