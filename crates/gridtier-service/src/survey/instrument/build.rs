//! Construction of an instrument from its file, reporting the faults that a JSON Schema cannot express.

use std::collections::BTreeSet;

use gridtier::checked_toml::{CheckedToml, Fault, did_you_mean};
use gridtier::text;
use gridtier::text::Text;
use gridtier::word::Word;

use super::definition::{
    Instrument, InstrumentKind, MONEY, SurveyDimension, SurveyItem, TOTAL, ValueRole, forms, item_column,
    weight_column,
};
use super::raw::{DimensionFile, InstrumentFile, ItemFile};
use crate::group::GroupBy;
use crate::policy::is_plain_id;

/// Share of the money cost that comes from the bills unless the instrument says otherwise.
const MONEY_FROM_BILLS: f64 = 0.5;

/// How far the sum of the weights of a role may be from 1. Decimals such as 0.333 do not sum to exactly 1.
const WEIGHT_TOLERANCE: f64 = 1e-9;

/// The columns that every survey has.
const COLUMNS: [&str; 3] = ["response_id", "returned_on", "customer_id"];

/// The construction in progress.
pub(super) struct InstrumentBuild<'a, 't> {
    pub document: &'a CheckedToml<'t>,
    pub faults: Vec<Fault>,
}

impl InstrumentBuild<'_, '_> {
    fn fault(&mut self, path: &[&str], what: Text, fix: Text) {
        self.faults.push(Fault { line: self.document.line(path), what, fix });
    }

    /// The instrument of a file. It must not be used if there are faults.
    pub fn instrument(&mut self, file: &InstrumentFile, text: &str) -> Instrument {
        self.id(&["id"], &file.id);
        let (lo, hi) = self.scale(file);
        let mut dimensions = self.dimensions(file);
        let items = self.items(&file.item, &mut dimensions);
        self.emptiness(&dimensions);
        let (groupings, own_groups) = self.groups(file);
        self.unused(file);
        self.roles(file);
        self.column_names(file, &own_groups);
        Instrument {
            id: file.id.clone(),
            title: named(&file.title, &file.title_zh, &file.id),
            kind: file.kind,
            lo,
            hi,
            weights: file.weights,
            outcomes: file.outcomes.clone(),
            groupings,
            own_groups,
            money_from_bills: self.money(file),
            source: Text::new(file.source.clone(), file.source_zh.clone()),
            remark: Text::new(file.remark.clone(), file.remark_zh.clone()),
            text: text.into(),
            dimensions,
            items,
        }
    }

    /// Checks an id that becomes a part of a column or a file.
    fn id(&mut self, path: &[&str], id: &str) {
        if !is_plain_id(id) {
            let what = text!(
                "the id `{id}` is empty or has characters other than letters, digits, `_`, `-` and `.`",
                "id `{id}` 为空，或含有字母、数字、`_`、`-`、`.` 以外的字符"
            );
            self.fault(path, what, text!("choose an id such as reliability", "请取 reliability 这样的 id"));
        }
    }

    fn scale(&mut self, file: &InstrumentFile) -> (i64, i64) {
        if let [lo, hi] = file.scale[..]
            && lo.0 < hi.0
        {
            return (lo.0, hi.0);
        }
        if self.document.is_sound(&["scale"]) {
            let what =
                text!("`scale` must be the lowest and the highest answer", "`scale` 应为最低分和最高分");
            self.fault(&["scale"], what, text!("write scale = [1, 7]", "请写 scale = [1, 7]"));
        }
        (1, 7)
    }

    /// The dimensions, still without items.
    fn dimensions(&mut self, file: &InstrumentFile) -> Vec<SurveyDimension> {
        if file.dimension.is_empty() {
            let what = text!("the instrument has no dimension", "量表没有维度");
            let fix = text!("add a dimension with [[dimension]]", "请用 [[dimension]] 添加");
            self.fault(&["dimension"], what, fix);
        }
        let mut known = BTreeSet::new();
        for (place, DimensionFile { id, .. }) in file.dimension.iter().enumerate() {
            let path = ["dimension", &place.to_string(), "id"];
            self.id(&path, id);
            if !known.insert(id) {
                let what = text!("dimension {id} occurs twice", "维度 {id} 出现两次");
                self.fault(
                    &path,
                    what,
                    text!("give each dimension an id of its own", "请给每个维度单独的 id"),
                );
            }
            if id == TOTAL {
                let what = text!(
                    "`{id}` stands for all dimensions together and cannot be the id of one",
                    "`{id}` 表示全部维度的合计，不能作为某一维度的 id"
                );
                self.fault(&path, what, text!("choose another id", "请另取 id"));
            }
        }
        let dimensions = file.dimension.iter().map(|dimension| SurveyDimension {
            id: dimension.id.clone(),
            title: named(&dimension.title, &dimension.title_zh, &dimension.id),
            role: dimension.role.zip(dimension.weight).map(|(role, weight)| (role, weight.0)),
            items: Vec::new(),
        });
        dimensions.collect()
    }

    /// The items; each is entered into its dimension.
    fn items(&mut self, files: &[ItemFile], dimensions: &mut [SurveyDimension]) -> Vec<SurveyItem> {
        let mut items: Vec<SurveyItem> = Vec::new();
        for (place, file) in files.iter().enumerate() {
            let (id, place) = (file.id.text(), place.to_string());
            self.id(&["item", &place, "id"], &id);
            if items.iter().any(|known| known.id == id) {
                let what = text!("item {id} occurs twice", "题目 {id} 出现两次");
                let fix = text!("give each item an id of its own", "请给每道题目单独的 id");
                self.fault(&["item", &place, "id"], what, fix);
            }
            let Some(dimension) = dimensions.iter().position(|known| known.id == file.dimension) else {
                if self.document.is_sound(&["item", &place, "dimension"]) {
                    let name = &file.dimension;
                    let what =
                        text!("item {id}: there is no dimension `{name}`", "题目 {id}：没有维度 `{name}`");
                    let fix = did_you_mean(name, dimensions.iter().map(|known| known.id.as_str()));
                    self.fault(&["item", &place, "dimension"], what, fix);
                }
                continue;
            };
            dimensions[dimension].items.push(items.len());
            let text = Text::new(file.text.clone(), file.text_zh.clone());
            items.push(SurveyItem { id, dimension, is_reversed: file.reverse, text });
        }
        items
    }

    fn emptiness(&mut self, dimensions: &[SurveyDimension]) {
        for (place, SurveyDimension { id, .. }) in
            dimensions.iter().enumerate().filter(|(_, dimension)| dimension.items.is_empty())
        {
            let what = text!("dimension {id} has no item", "维度 {id} 没有题目");
            let fix = text!(
                "add an item with [[item]], or take the dimension out",
                "请用 [[item]] 添加题目，或删去该维度"
            );
            self.fault(&["dimension", &place.to_string()], what, fix);
        }
    }

    /// The groupings of customers in the order of their codes, and the columns that group respondents further.
    fn groups(&mut self, file: &InstrumentFile) -> (Vec<GroupBy>, Vec<String>) {
        let all_but_all = || GroupBy::ALL.iter().copied().filter(|by| *by != GroupBy::All);
        let Some(names) = &file.groups else { return (all_but_all().collect(), Vec::new()) };
        let own = names.iter().filter(|name| GroupBy::from_code(name).is_none());
        (
            all_but_all().filter(|by| names.iter().any(|name| name == by.code())).collect(),
            own.cloned().collect(),
        )
    }

    /// Reports keys that the kind of the instrument does not use.
    fn unused(&mut self, file: &InstrumentFile) {
        if file.weights && file.kind != InstrumentKind::Gap {
            let what =
                text!("`weights` is for instruments of kind gap", "`weights` 只用于 kind 为 gap 的量表");
            self.fault(&["weights"], what, text!("take out `weights`", "请删去 `weights`"));
        }
        let has_money = file.dimension.iter().any(|dimension| dimension.id == MONEY);
        if file.money_from_bills.is_some() && !(file.kind == InstrumentKind::Value && has_money) {
            let what = text!(
                "`money_from_bills` is for instruments of kind value with a dimension `{MONEY}`",
                "`money_from_bills` 只用于 kind 为 value 且有维度 `{MONEY}` 的量表"
            );
            self.fault(
                &["money_from_bills"],
                what,
                text!("take out `money_from_bills`", "请删去 `money_from_bills`"),
            );
        }
        if file.kind == InstrumentKind::Value {
            return;
        }
        for (place, dimension) in file.dimension.iter().enumerate() {
            if dimension.role.is_some() || dimension.weight.is_some() {
                let what = text!(
                    "dimension {id}: `role` and `weight` are for instruments of kind value",
                    "维度 {id}：`role` 与 `weight` 只用于 kind 为 value 的量表",
                    id = dimension.id
                );
                self.fault(&["dimension", &place.to_string()], what, text!("take them out", "请删去"));
            }
        }
    }

    /// Checks that the dimensions of a delivered value have a role, and that the weights of each role sum to 1.
    fn roles(&mut self, file: &InstrumentFile) {
        if file.kind != InstrumentKind::Value || !self.document.is_sound(&["dimension"]) {
            return;
        }
        for (place, dimension) in file.dimension.iter().enumerate() {
            if dimension.role.is_none() || dimension.weight.is_none() {
                let what = text!(
                    "dimension {id} needs a role and a weight",
                    "维度 {id} 需要 role 与 weight",
                    id = dimension.id
                );
                let fix = text!(
                    "write role = \"value\" or \"cost\", and weight",
                    "请写 role = \"value\" 或 \"cost\"，以及 weight"
                );
                self.fault(&["dimension", &place.to_string()], what, fix);
                return;
            }
        }
        for &role in ValueRole::ALL {
            let of_role = file.dimension.iter().filter(|dimension| dimension.role == Some(role));
            let sum: f64 = of_role.filter_map(|dimension| dimension.weight).map(|weight| weight.0).sum();
            if (sum - 1.0).abs() > WEIGHT_TOLERANCE {
                let what = text!(
                    "the weights of the dimensions with role {code} sum to {sum}, not to 1",
                    "role 为 {code} 的维度权重之和为 {sum}，应为 1",
                    code = role.code()
                );
                self.fault(&["dimension"], what, text!("correct the weights", "请改正权重"));
            }
        }
    }

    fn money(&self, file: &InstrumentFile) -> f64 {
        let has_money = file.dimension.iter().any(|dimension| dimension.id == MONEY);
        match file.money_from_bills {
            Some(share) => share.0,
            None if file.kind == InstrumentKind::Value && has_money => MONEY_FROM_BILLS,
            None => 0.0,
        }
    }

    /// Checks that the columns of a response differ.
    fn column_names(&mut self, file: &InstrumentFile, own_groups: &[String]) {
        let items = forms(file.kind).iter();
        let items = items.flat_map(|form| file.item.iter().map(|item| item_column(*form, &item.id.text())));
        let weights = file.dimension.iter().filter(|_| file.weights).map(|each| weight_column(&each.id));
        let mut known: BTreeSet<String> =
            COLUMNS.map(str::to_owned).into_iter().chain(items).chain(weights).collect();
        let own = file.outcomes.iter().map(|name| ("outcomes", name));
        for (key, name) in own.chain(own_groups.iter().map(|name| ("groups", name))) {
            if name.trim().is_empty() || !known.insert(name.clone()) {
                let what = text!(
                    "`{key}`: the column `{name}` is empty or means something else already",
                    "`{key}`：列名 `{name}` 为空，或已有其他含义"
                );
                self.fault(&[key], what, text!("choose another name", "请另取名称"));
            }
        }
    }
}

/// A name in both languages. If one language has no name, the other language's name is used; if neither has, the id.
fn named(en: &str, zh: &str, id: &str) -> Text {
    let first =
        |names: [&str; 3]| names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or(id).to_owned();
    Text::new(first([en, zh, id]), first([zh, en, id]))
}
