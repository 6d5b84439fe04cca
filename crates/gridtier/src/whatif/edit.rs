//! A method in which some keys of the text are set anew, checked whole by the schema of the file.

use serde::Serialize;
use toml::{Table, Value};

use crate::checked_toml::did_you_mean;
use crate::method::{Method, Tier};
use crate::text;
use crate::text::Text;
use crate::word::Word;

/// A key of the method that was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedKey {
    /// The path of the key, such as `tiers.lines.special`.
    pub path: String,
    /// The key's value in the cycle's method as TOML; `None` if that method does not name the key.
    pub before: Option<String>,
    /// The key's value in the trial; `None` if the key was taken out.
    pub after: Option<String>,
}

/// The keys by which entries of lists of tables are named: `name` for vetoes and `customer_id` for overrides.
const NAMES: [&str; 2] = ["name", "customer_id"];

/// The method of `text` with other values of some keys. A value is a TOML value or a bare word; an empty value takes
/// the key out. An entry of a list is given by its place from 0, a veto by its name, an override by its customer, a
/// quota by its tier.
///
/// # Errors
/// A path names no key, or the result is not a valid method. The text says what to do.
pub(super) fn edited(text: &str, keys: &[(&str, &str)]) -> Result<(Method, Vec<ChangedKey>), Text> {
    let table: Table = toml::from_str(text).map_err(|error| Text::same(error.to_string()))?;
    let mut root = Value::Table(table);
    let mut changed = Vec::new();
    for &(path, value) in keys {
        let after = (!value.is_empty()).then(|| value_of(value));
        let shown = after.as_ref().map(written);
        let steps: Vec<&str> = path.split('.').collect();
        let before = put(&mut root, &steps, path, after)?;
        changed.push(ChangedKey { path: path.into(), before: before.as_ref().map(written), after: shown });
    }
    let lines = root.as_table().into_iter().flatten().map(|(key, value)| pair(key, value));
    let text: String = lines.map(|line| line + "\n").collect();
    // The edited text is not the user's own, so its line numbers would mean nothing to the user.
    let method = Method::parse("method", &text).map_err(|faults| {
        let faults = faults.faults.into_iter().map(|fault| Text::join(&[fault.what, fault.fix], "; "));
        Text::join(&faults.collect::<Vec<_>>(), "\n")
    })?;
    Ok((method, changed))
}

/// The TOML value that a text gives. If the text is not a TOML value, it is a word.
fn value_of(value: &str) -> Value {
    let document: Option<Table> = toml::from_str(&format!("value = {value}")).ok();
    let read = document.and_then(|mut document| document.remove("value"));
    read.unwrap_or_else(|| Value::String(value.to_owned()))
}

/// Sets the value at the end of `steps`, or takes it out. Returns the value that was there before.
fn put(at: &mut Value, steps: &[&str], path: &str, value: Option<Value>) -> Result<Option<Value>, Text> {
    let Some((step, rest)) = steps.split_first() else { return Ok(None) };
    match at {
        Value::Table(table) => match (rest.is_empty(), value) {
            (true, Some(value)) => Ok(table.insert((*step).to_owned(), value)),
            (true, None) => Ok(table.remove(*step)),
            (false, value) => {
                let inner = table.entry(*step).or_insert_with(|| Value::Table(Table::new()));
                put(inner, rest, path, value)
            }
        },
        Value::Array(list) => {
            let place = place(list, step, path)?;
            match (rest.is_empty(), value) {
                (true, Some(value)) => Ok(Some(std::mem::replace(&mut list[place], value))),
                (true, None) => Ok(Some(list.remove(place))),
                (false, value) => put(&mut list[place], rest, path, value),
            }
        }
        _ => Err(text!(
            "there is no key `{path}`: there can be no key below the value before `{step}`",
            "没有键 `{path}`: `{step}` 之前的值不包含下级键",
        )),
    }
}

/// The place of an entry in a list, found by the name that people give the entry.
fn place(list: &[Value], step: &str, path: &str) -> Result<usize, Text> {
    let names: Vec<&str> = list.iter().filter_map(name).collect();
    let by_tier = Tier::from_code(step).map(Tier::position).filter(|_| names.is_empty());
    let by_name = by_tier.or_else(|| list.iter().position(|entry| name(entry) == Some(step)));
    let place = by_name.or_else(|| step.parse().ok()).filter(|place| *place < list.len());
    place.ok_or_else(|| match names.is_empty() {
        true => {
            let last = list.len();
            text!(
                "there is no key `{path}`: the list before `{step}` has {last} entries, counted from 0",
                "没有键 `{path}`: `{step}` 之前的列表有 {last} 项, 从 0 起计",
            )
        }
        false => {
            let fix = did_you_mean(step, names.iter().copied());
            text!("there is no key `{path}`; {fix}", "没有键 `{path}`; {fix}")
        }
    })
}

/// The name of an entry of a list of tables.
fn name(entry: &Value) -> Option<&str> {
    NAMES.iter().find_map(|key| entry.get(key)?.as_str())
}

/// A value as TOML writes it in one line.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Integer(integer) => integer.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(day) => day.to_string(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(written).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| pair(key, value)).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

fn pair(key: &str, value: &Value) -> String {
    format!("{} = {}", quoted(key), written(value))
}

/// Strings of JSON are also strings of TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{PRESETS, Strata};

    fn tried(keys: &[(&str, &str)]) -> Result<(Method, Vec<ChangedKey>), Text> {
        edited(PRESETS[1].1, keys)
    }

    #[test]
    fn a_method_without_edits_is_the_same() {
        let (method, changed) = tried(&[]).unwrap();
        let preset = Method::parse("m.toml", PRESETS[1].1).unwrap();
        assert_eq!(changed, []);
        let content = |method: &Method| format!("{:?}", Method { text: String::new(), ..method.clone() });
        assert_eq!(content(&method), content(&preset));
    }

    #[test]
    fn every_kind_of_key_can_be_set() {
        let keys = [
            ("quotas", "[5, 30, 55, 10]"),
            ("strata", "use_category"),
            ("tiers.lines.special", "80"),
            ("tiers.quotas_by_stratum.residential", "[0, 10, 80, 10]"),
            ("veto.confirmed_theft.min_severity", "3"),
            ("hysteresis.band", "0.02"),
            ("limits.reject_rows", "99"),
            ("plausibility.unit_suspect", "false"),
        ];
        let (method, changed) = tried(&keys).unwrap();
        assert_eq!(method.lines.quotas, [5, 30, 55, 10]);
        assert_eq!(method.strata, Strata::UseCategory);
        assert_eq!(method.lines.floors_e6[0], Some(80_000_000));
        assert_eq!((method.vetoes[0].min_severity, method.hysteresis), (3, Some(0.02)));
        assert_eq!((method.limits.reject_rows, method.plausibility.unit_suspect), (99, None));
        let shown = |changed: &ChangedKey| (changed.before.clone(), changed.after.clone());
        assert_eq!(shown(&changed[0]), (Some("[10, 30, 50, 10]".into()), Some("[5, 30, 55, 10]".into())));
        assert_eq!(shown(&changed[5]), (None, Some("0.02".into())));
        let quotas = [("quotas.special", "15"), ("quotas.1", "25")];
        assert_eq!(tried(&quotas).unwrap().0.lines.quotas, [15, 25, 50, 10]);
        assert_eq!(tried(&[("veto", "")]).unwrap().0.vetoes, []);
        assert_eq!(tried(&[("veto.confirmed_theft", "")]).unwrap().0.vetoes, []);
    }

    #[test]
    fn a_misspelt_key_is_answered_by_the_nearest_known_one() {
        for (key, value, words) in [
            ("quota", "[5, 30, 55, 10]", "did you mean `quotas`?"),
            ("quotas", "[5, 30, 55, 20]", "sum to 100"),
            ("quotas.special", "15", "sum to 100"),
            ("quotas.9", "15", "has 4 entries"),
            ("tiers.line.special", "80", "did you mean `lines`?"),
            ("tiers.lines.special", "180", "100"),
            ("strata", "supply", "supply_level"),
            ("veto.confirmed_thef.ceiling", "grade-2", "did you mean `confirmed_theft`?"),
            ("combine.by", "1", "there is no key `combine.by`"),
            ("combine", "topsi", "did you mean `topsis`?"),
        ] {
            let refused = tried(&[(key, value)]).unwrap_err();
            assert!(refused.en.contains(words), "{key}={value}: {refused}");
        }
    }
}
