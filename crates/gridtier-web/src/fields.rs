//! Fields of forms. Every form that changes nothing is sent by GET, so that the URL of its result can be passed on.

use gridtier::text::Text;
use maud::{Markup, html};

use crate::asked::Asked;

/// A choice of a field: its value and its text.
pub type Choice = (String, Text);

/// A drop-down list. Its first entry, with the text `all` and an empty value, sets no condition.
pub fn choice(asked: &Asked, name: &str, label: &Text, all: &Text, choices: &[Choice]) -> Markup {
    let chosen = asked.field(name);
    html! {
        label {
            (label.pick(asked.voice()))
            select name=(name) {
                option value="" { (all.pick(asked.voice())) }
                @for (value, text) in choices {
                    option value=(value) selected[chosen == Some(value)] { (text.pick(asked.voice())) }
                }
            }
        }
    }
}

/// A form that requests this page again, in the same language and for the same cycle.
pub fn look(asked: &Asked, fields: &Markup) -> Markup {
    html! {
        form.fields method="get" action=(asked.path) {
            @for name in ["lang", "cycle"] {
                @if let Some(value) = asked.field(name) { input type="hidden" name=(name) value=(value); }
            }
            (fields)
            button type="submit" { (asked.lang.pick("Show", "查询")) }
        }
    }
}

/// The field for the number of the cycle to compare with.
pub fn from_cycle(asked: &Asked) -> Markup {
    html! {
        label {
            (asked.lang.pick("Compared with cycle", "对比周期"))
            input name="since" inputmode="numeric" size="6" value=(asked.field("since").unwrap_or_default());
        }
    }
}
