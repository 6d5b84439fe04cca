//! The list of a cycle's customers: search by id, filters, sorting and paging.

use std::sync::Arc;

use gridtier::compare::Movement;
use gridtier::contract::cell::fold_id;
use gridtier::method::Tier;
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word as _;
use gridtier_io::browse::{CustomerColumns, CustomerFilter, CustomerOrder};
use gridtier_io::export;
use gridtier_io::store::StoredCycle;
use gridtier_report::customers::{CustomerPage, section, use_category};
use gridtier_report::names;
use maud::{Markup, html};

use crate::answer::{Page, WebError};
use crate::asked::Asked;
use crate::fields::{Choice, choice, look};
use crate::view::View;

/// Number of customers on a page. Files have all of them.
const ROWS: usize = 50;

/// The page of customers.
pub fn page(view: &Arc<View>, asked: &Asked) -> Result<Page, WebError> {
    let (store, cycle) = view.cycle(asked)?;
    let number = cycle.version;
    let title = text!("Customers of cycle {number}", "周期 {number} 的客户");
    let Some(columns) = view.customers(&store, &cycle, asked.patience())? else {
        return Ok(Page::waiting(title));
    };
    let (filter, order) = (filter(asked), order(asked));
    if let Some(format) = asked.format().of_file() {
        let list = columns.list(&filter, order).about(about(asked, &cycle)?);
        return Ok(Page::of_file(title, export::unnamed(format, asked.voice(), &[], list)?));
    }
    let start = asked.value("from").unwrap_or(0);
    let shown = columns.page(&filter, order, start, ROWS);
    let lead = html! { (form(asked, &columns)) (parts(asked, &shown, start)) };
    Ok(Page::new(title, vec![section(&shown)]).led_by(lead))
}

/// The facts at the head of a workbook: the cycle and the filters.
fn about(asked: &Asked, cycle: &StoredCycle) -> Result<Vec<(Text, Text)>, WebError> {
    let mut facts = gridtier_io::cycle::about(cycle)?;
    for (name, en, zh) in CHOICES {
        let chosen = asked
            .all(name)
            .map(|code| choice_name(name, code).unwrap_or_else(|| Text::same(code.to_owned())));
        facts.extend(chosen.map(|value| (Text::new(en, zh), value)));
    }
    Ok(facts)
}

/// The name of a code that a filter was set to; `None` if the code is the name itself.
fn choice_name(filter: &str, code: &str) -> Option<Text> {
    match filter {
        "tier" => Tier::from_code(code).map(names::tier),
        "use" => Some(use_category(code)),
        "stratum" => Some(names::stratum(code)),
        "moved" => Movement::from_code(code).map(Text::of_word),
        _ => None,
    }
}

/// The filters: field, English, Chinese.
const CHOICES: [(&str, &str, &str); 6] = [
    ("q", "Id begins with", "户号开头"),
    ("tier", "Tier", "等级"),
    ("stratum", "Stratum", "分层"),
    ("region", "Region", "地区"),
    ("use", "Use category", "用电类别"),
    ("moved", "Since the cycle before", "较上一周期"),
];

fn filter(asked: &Asked) -> CustomerFilter {
    let owned = |name| asked.all(name).map(str::to_owned).collect();
    CustomerFilter {
        prefix: asked.field("q").map(|id| fold_id(id).into_owned()).unwrap_or_default(),
        tiers: asked.all("tier").filter_map(Tier::from_code).collect(),
        strata: owned("stratum"),
        regions: owned("region"),
        use_categories: owned("use"),
        movements: asked.all("moved").filter_map(Movement::from_code).collect(),
    }
}

/// The sort orders of the list: value, English, Chinese.
const ORDERS: [(&str, CustomerOrder, &str, &str); 3] = [
    ("score", CustomerOrder::HighestScore, "highest score first", "得分由高到低"),
    ("low", CustomerOrder::LowestScore, "lowest score first", "得分由低到高"),
    ("tier", CustomerOrder::Tier, "best tier first", "等级由高到低"),
];

fn order(asked: &Asked) -> CustomerOrder {
    let known = ORDERS.iter().find(|(value, ..)| asked.field("sort") == Some(value));
    known.map_or(CustomerOrder::Id, |(_, order, ..)| *order)
}

fn form(asked: &Asked, columns: &CustomerColumns) -> Markup {
    let all = Text::new("all", "全部");
    let same = |names: Vec<&str>| -> Vec<Choice> {
        names.into_iter().map(|name| (name.to_owned(), Text::same(name.to_owned()))).collect()
    };
    let tiers: Vec<Choice> =
        Tier::ALL.iter().map(|&tier| (tier.code().to_owned(), names::tier(tier))).collect();
    let uses: Vec<Choice> =
        columns.use_categories().into_iter().map(|code| (code.to_owned(), use_category(code))).collect();
    let moved: Vec<Choice> =
        Movement::ALL.iter().map(|&moved| (moved.code().to_owned(), Text::of_word(moved))).collect();
    let orders: Vec<Choice> =
        ORDERS.iter().map(|&(value, _, en, zh)| (value.to_owned(), Text::new(en, zh))).collect();
    let fields = html! {
        label {
            (asked.lang.pick("Id begins with", "户号开头"))
            input name="q" value=(asked.field("q").unwrap_or_default()) maxlength="128" autocomplete="off";
        }
        (choice(asked, "tier", &Text::new("Tier", "等级"), &all, &tiers))
        (choice(asked, "stratum", &Text::new("Stratum", "分层"), &all, &same(columns.strata())))
        (choice(asked, "region", &Text::new("Region", "地区"), &all, &same(columns.regions())))
        (choice(asked, "use", &Text::new("Use category", "用电类别"), &all, &uses))
        @if columns.has_movements() {
            (choice(asked, "moved", &Text::new("Since the cycle before", "较上一周期"), &all, &moved))
        }
        (choice(asked, "sort", &Text::new("Order", "排序"), &Text::new("by id", "按户号"), &orders))
    };
    look(asked, &fields)
}

/// Links to the previous and the next page of the list.
fn parts(asked: &Asked, shown: &CustomerPage, start: usize) -> Markup {
    let total = usize::try_from(shown.total()).unwrap_or(usize::MAX);
    let to = |from: usize| asked.with(&[("from", &from.to_string()), ("format", "")]);
    let last = total.saturating_sub(1) / ROWS * ROWS;
    html! {
        @if total > ROWS {
            nav.pager aria-label=(asked.lang.pick("Parts of the list", "分页")) {
                @if start > 0 {
                    a href=(asked.with(&[("from", ""), ("format", "")])) { (asked.lang.pick("First", "首页")) }
                    a href=(to(start.saturating_sub(ROWS))) rel="prev" { (asked.lang.pick("Before", "上一页")) }
                }
                @if start.saturating_add(ROWS) < total {
                    a href=(to(start + ROWS)) rel="next" { (asked.lang.pick("Next", "下一页")) }
                    a href=(to(last)) { (asked.lang.pick("Last", "末页")) }
                }
            }
        }
    }
}
