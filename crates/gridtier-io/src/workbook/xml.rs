//! Reading the XML of a workbook, event by event.
//!
//! Attributes are looked up one by one without the check for duplicates, and no name space is resolved: both take more
//! than linear time on a hostile file (RUSTSEC-2026-0194, RUSTSEC-2026-0195). The length of a tag is limited by its source.

use std::io::BufRead;

use gridtier::text;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::guard::Unreadable;
use crate::guard::limits::{CELL_BYTES_MAX, cell_too_long};

/// Reads the elements of a part; an empty element comes as its start and its end.
pub(super) fn reader<R: BufRead>(part: R) -> Reader<R> {
    let mut reader = Reader::from_reader(part);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

/// The next event.
pub(super) fn next<'b, R: BufRead>(
    reader: &mut Reader<R>,
    buffer: &'b mut Vec<u8>,
) -> Result<Event<'b>, Unreadable> {
    buffer.clear();
    reader.read_event_into(buffer).map_err(|error| match error {
        quick_xml::Error::Io(error) => std::io::Error::new(error.kind(), error.to_string()).into(),
        other => Unreadable::damaged(text!("its XML is not whole: {other}", "XML 不完整：{other}")),
    })
}

/// The value of an attribute, by the part of its name after a colon.
pub(super) fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    for attribute in element.attributes().with_checks(false) {
        let Ok(attribute) = attribute else { continue };
        if attribute.key.local_name().as_ref() == name {
            return Some(value(&attribute));
        }
    }
    None
}

/// The value of an attribute with its entities resolved, or unchanged if an entity is unknown.
pub(super) fn value(attribute: &Attribute) -> String {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned())
}

/// Whether a flag is set by an attribute.
pub(super) fn flag(element: &BytesStart, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

/// Appends the text of an event, if it is one; a text longer than that of any cell is refused.
pub(super) fn push_text(event: &Event, out: &mut String) -> Result<(), Unreadable> {
    match event {
        Event::Text(text) => out.push_str(&text.xml10_content()),
        Event::CData(text) => out.push_str(&text.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => out.push(character),
            Ok(None) => match &**reference {
                "amp" => out.push('&'),
                "lt" => out.push('<'),
                "gt" => out.push('>'),
                "quot" => out.push('"'),
                "apos" => out.push('\''),
                other => {
                    let other = other.to_owned();
                    return Err(Unreadable::damaged(text!(
                        "the XML entity `{other}` is unknown",
                        "未知的 XML 实体 `{other}`"
                    )));
                }
            },
            Err(_) => {
                return Err(Unreadable::damaged(text!(
                    "a character of its XML does not exist",
                    "XML 中有不存在的字符"
                )));
            }
        },
        _ => {}
    }
    if out.len() > CELL_BYTES_MAX { Err(cell_too_long(out.len())) } else { Ok(()) }
}

/// Resolves the escapes `_x000D_` by which workbooks write characters that XML cannot.
pub(super) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 7).and_then(|code| code.strip_suffix('_'));
        let hex = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        match character {
            Some(character) => {
                out.push_str(&rest[..at]);
                out.push(character);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_and_other_underscores_stay() {
        let unescaped = |text: &str| {
            let mut out = String::new();
            unescape(text, &mut out);
            out
        };
        assert_eq!(unescaped("a_x000D_b"), "a\rb");
        assert_eq!(unescaped("_x005F_x0041_"), "_x0041_");
        assert_eq!(unescaped("meter_x1, _xZZZZ_, _x00"), "meter_x1, _xZZZZ_, _x00");
    }
}
