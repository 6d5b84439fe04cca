//! Fields of forms. All forms that only look are sent by GET, so that the address of what they show can be passed on.

use gridtier::text::Text;
use maud::{Markup, html};

use crate::asked::Asked;

/// A choice of a field: its value and its text.
pub type Choice = (String, Text);

/// A field with one of a few values, the first of which is none of them: `all`.
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

/// A form that looks at this page again. It carries the language and the cycle.
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

/// The number of the cycle that is compared with.
pub fn from_cycle(asked: &Asked) -> Markup {
    html! {
        label {
            (asked.lang.pick("Compared with cycle", "对比周期"))
            input name="since" inputmode="numeric" size="6" value=(asked.field("since").unwrap_or_default());
        }
    }
}
