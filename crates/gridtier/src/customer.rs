//! The customer base: who can be graded, and what kind of customer each is.
//!
//! Customers are numbered in the byte order of their ids, so that every column indexed by customer is already in the
//! order in which results are published.

use crate::contract::cell::{self, CheckedColumn, Ids, Texts};
use crate::contract::rule::Rule;
use crate::contract::{Area, ImportanceLevel, LoadClass, SupplyLevel, Table, UseCategory};
use crate::error::{Refusal, RunError};
use crate::index::{CustomerIx, count};
use crate::key::{KeyIndex, NearKey};
use crate::rows::{self, CheckedRow, Columns, Placement, TableRules};
use crate::source::{RowAt, Source, TableBook, refuse_type};
use crate::text;
use crate::text::Text;
use crate::unit::Window;

/// One customer's row in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Tariff category.
    pub use_category: UseCategory,
    /// Voltage level of the supply.
    pub supply_level: SupplyLevel,
    /// Region.
    pub region: Option<String>,
    /// Contract capacity in kVA.
    pub contract_capacity_kva: Option<f64>,
    /// Contract capacity at the start of the window in kVA.
    pub capacity_at_start_kva: Option<f64>,
    /// The legal customer who holds the account; `None` if the account is its own holder.
    pub holder_id: Option<Box<str>>,
    /// Required power factor, in hundredths.
    pub power_factor_standard: Option<u8>,
    /// Regulatory importance.
    pub importance_level: Option<ImportanceLevel>,
    /// Highest load class.
    pub load_class: Option<LoadClass>,
    /// Area, for floors of reliability promises.
    pub area: Option<Area>,
    /// Day the supply began, in days since 1970-01-01.
    pub opened_on: i32,
    /// Day the supply ended, in days since 1970-01-01.
    pub closed_on: Option<i32>,
    /// Whether the transformer area is aged.
    pub aged_transformer_area: bool,
    /// Whether the customer wants no marketing.
    pub marketing_opt_out: bool,
}

impl Customer {
    /// Whether the customer is in the graded population: opened before the window's end and not closed by it.
    #[must_use]
    pub fn in_population(&self, window: Window) -> bool {
        let end = window.end_day();
        self.opened_on < end && self.closed_on.is_none_or(|closed_on| closed_on >= end)
    }
}

/// Number of accepted customers that are not graded, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Closed before the window's end.
    pub closed: u64,
    /// Opened at the window's end or later.
    pub not_yet_open: u64,
}

/// The accepted customers, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    /// The customers' ids.
    pub ids: KeyIndex,
    /// The customers' rows of the table.
    pub rows: Vec<Customer>,
    /// The columns that are passed through: as declared, and empty where customers were read from a published cycle.
    pub passed: Vec<PassedTexts>,
}

/// A column that is passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedTexts {
    /// Its name.
    pub column: String,
    /// Its texts, by customer.
    pub texts: Vec<Option<Box<str>>>,
}

impl Customers {
    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Number of customers outside the graded population of a window, by reason.
    #[must_use]
    pub fn left_out(&self, window: Window) -> LeftOut {
        let outside = self.rows.iter().filter(|customer| !customer.in_population(window));
        let mut left_out = LeftOut::default();
        for customer in outside {
            let count = if customer.opened_on >= window.end_day() {
                &mut left_out.not_yet_open
            } else {
                &mut left_out.closed
            };
            *count += 1;
        }
        left_out
    }

    /// Whether there are no customers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Reads the customer base.
///
/// # Errors
/// The table is absent or unreadable.
pub fn read(source: &dyn Source, book: &mut TableBook) -> Result<Customers, RunError> {
    let mut keys = KeyIndex::default();
    let rows = rows::read(source, book, &CustomerRules, &mut keys)?;
    if !book.present {
        let advice = text!(
            "put customers.parquet, customers.csv or a folder customers/ into the data folder; if the files have other \
             names, `gridtier init DATA` drafts a gridtier.toml that says which is which; in a draft that is there, \
             decide the lines that begin with `# `",
            "请将 customers.parquet、customers.csv 或文件夹 customers/ 放入数据文件夹；若文件另有名称，\
             可用 `gridtier init DATA` 起草 gridtier.toml 说明对应关系；若已有草稿，请核对其中以 `# ` 开头的行"
        );
        return Err(Refusal::of(Table::Customers, text!("the table is missing", "缺少该表"), advice).into());
    }
    let (mut customers, places) = in_order_of_ids(&keys, rows);
    customers.passed = passed_texts(source, places)?;
    let mut ids = (0..).take(customers.len()).map(|number| customers.ids.key(number));
    if let Some(id) = ids.find(|id| is_rounded(id)) {
        let what = text!(
            "ids such as {id} are numbers that a spreadsheet has rounded: several customers may have become one",
            "{id} 这样的编号是被电子表格舍入的数字：多个客户可能已变成一个"
        );
        return Err(Refusal::of(Table::Customers, what, rounded_advice()).into());
    }
    Ok(customers)
}

/// Whether a spreadsheet has rounded an id to a few digits, such as `3.1E+09`.
#[must_use]
pub fn is_rounded(id: &str) -> bool {
    let Some((digits, exponent)) = id.split_once("E+").or_else(|| id.split_once("e+")) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(exponent) && digits.split('.').count() <= 2 && digits.split('.').all(is_number)
}

/// What to do about rounded ids.
#[must_use]
pub fn rounded_advice() -> Text {
    text!(
        "format the column of ids as text before the export: what a spreadsheet has rounded cannot be found again",
        "请先把编号列设为文本格式再导出：电子表格已舍去的数字无法恢复"
    )
}

/// The columns and rules of the table. Its rows have no place in time.
struct CustomerRules;

struct CustomerCells {
    use_category: CheckedColumn<UseCategory>,
    supply_level: CheckedColumn<SupplyLevel>,
    region: Texts,
    contract_capacity_kva: CheckedColumn<f64>,
    capacity_at_start_kva: CheckedColumn<f64>,
    holder_id: Ids,
    power_factor_standard: CheckedColumn<u8>,
    importance_level: CheckedColumn<ImportanceLevel>,
    load_class: CheckedColumn<LoadClass>,
    area: CheckedColumn<Area>,
    opened_on: CheckedColumn<i32>,
    closed_on: CheckedColumn<i32>,
    aged_transformer_area: CheckedColumn<bool>,
    marketing_opt_out: CheckedColumn<bool>,
}

impl TableRules for CustomerRules {
    type Cells = CustomerCells;
    type Place = ();
    type Row = Customer;
    type Notes = ();

    fn cells(&self, columns: &Columns, book: &mut TableBook) -> Result<CustomerCells, RunError> {
        Ok(CustomerCells {
            use_category: columns.words("use_category")?,
            supply_level: columns.words("supply_level")?,
            region: columns.texts("region")?,
            contract_capacity_kva: columns.numbers("contract_capacity_kva")?,
            capacity_at_start_kva: columns.numbers("capacity_at_start_kva")?,
            holder_id: columns.ids("holder_id", book)?,
            power_factor_standard: columns.narrow("power_factor_standard")?,
            importance_level: columns.words("importance_level")?,
            load_class: columns.words("load_class")?,
            area: columns.words("area")?,
            opened_on: columns.narrow("opened_on")?,
            closed_on: columns.narrow("closed_on")?,
            aged_transformer_area: columns.flags("aged_transformer_area")?,
            marketing_opt_out: columns.flags("marketing_opt_out")?,
        })
    }

    fn place(&self, _date: i64, _: &CustomerCells, _: &Ids, _row: usize, (): &mut ()) -> Placement<()> {
        Placement::Inside(())
    }

    fn value(
        &self,
        (): (),
        _ids: &Ids,
        cells: &CustomerCells,
        row: usize,
        (): &mut (),
    ) -> Result<Customer, Rule> {
        let customer = Customer {
            use_category: cells.use_category.required(row)?,
            supply_level: cells.supply_level.required(row)?,
            region: cells.region.get(row).map(str::to_owned),
            contract_capacity_kva: cells.contract_capacity_kva.nullable(row)?,
            capacity_at_start_kva: cells.capacity_at_start_kva.nullable(row)?,
            holder_id: cells.holder_id.nullable(row)?.map(Into::into),
            power_factor_standard: cells.power_factor_standard.nullable(row)?,
            importance_level: cells.importance_level.nullable(row)?,
            load_class: cells.load_class.nullable(row)?,
            area: cells.area.nullable(row)?,
            opened_on: cells.opened_on.required(row)?,
            closed_on: cells.closed_on.nullable(row)?,
            aged_transformer_area: cells.aged_transformer_area.required(row)?,
            marketing_opt_out: cells.marketing_opt_out.nullable(row)?.unwrap_or(false),
        };
        match customer.closed_on {
            Some(closed_on) if closed_on < customer.opened_on => Err(Rule::ClosedBeforeOpened),
            _ => Ok(customer),
        }
    }
}

/// Numbers the accepted customers in the order of their ids; keys of rejected rows get no number. Also the location of each.
fn in_order_of_ids(keys: &KeyIndex, mut rows: Vec<CheckedRow<Customer>>) -> (Customers, Vec<RowAt>) {
    rows.sort_unstable_by_key(|row| keys.key(row.key));
    let mut customers = Customers::default();
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        customers.ids.insert(keys.key(row.key));
        customers.rows.push(row.value);
        places.push(row.at);
    }
    (customers, places)
}

/// Longest text that is passed through, in characters; the rest is cut off.
const PASSED_MAX: usize = 500;

/// Reads the columns that are passed through, of the rows at these places (by customer). They are read on their own, after
/// the customers are known, so that they cannot change which rows count.
fn passed_texts(source: &dyn Source, places: Vec<RowAt>) -> Result<Vec<PassedTexts>, RunError> {
    let declared = source.declared();
    let names: Vec<&str> = declared.passthrough.iter().map(|passed| passed.column.as_str()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let nulls = declared.of(Table::Customers).nulls;
    let mut passed: Vec<PassedTexts> = names
        .iter()
        .map(|name| PassedTexts { column: (*name).to_owned(), texts: vec![None; places.len()] })
        .collect();
    let mut by_place: Vec<(RowAt, usize)> = places.into_iter().zip(0..).collect();
    by_place.sort_unstable();
    for part in source.parts(Table::Customers)?.unwrap_or_default() {
        source.read(Table::Customers, part, &names, &mut |batch| {
            for column in &mut passed {
                let Some(array) = batch.column(&column.column) else { continue };
                let empty = nulls.get(&column.column).map_or(&[][..], Vec::as_slice);
                let cells = cell::any_texts(array)
                    .map_err(|fault| refuse_type(source, Table::Customers, &batch, &column.column, &fault))?;
                for row in 0..batch.record.num_rows() {
                    let at = RowAt::new(batch.file, batch.first_row + count(row));
                    let Ok(place) = by_place.binary_search_by_key(&at, |(at, _)| *at) else { continue };
                    let text = cells.get(row).filter(|text| !empty.iter().any(|null| null == text));
                    column.texts[by_place[place].1] = text.map(|text| cut(text).into());
                }
            }
            Ok(())
        })?;
    }
    Ok(passed)
}

/// The first characters of a text.
fn cut(text: &str) -> &str {
    text.char_indices().nth(PASSED_MAX).map_or(text, |(end, _)| &text[..end])
}

/// The customer that a row names, or the rule that the row's id breaks.
pub type NamedCustomer = Result<CustomerIx, Rule>;

/// Looks up the customers that the rows of another table name.
#[derive(Clone, Debug)]
pub struct CustomerFinder<'a> {
    customers: &'a Customers,
    /// The day on which each customer opened: rows in no order read four bytes here, where a customer's row is 40 times as
    /// large.
    opened_on: Vec<i32>,
}

impl<'a> CustomerFinder<'a> {
    /// A finder that looks among `customers`.
    #[must_use]
    pub fn new(customers: &'a Customers) -> Self {
        Self { customers, opened_on: customers.rows.iter().map(|customer| customer.opened_on).collect() }
    }

    /// The id of a customer.
    #[must_use]
    pub fn id(&self, customer: CustomerIx) -> &'a str {
        self.customers.ids.key(customer.number())
    }

    /// Where a row lies in relation to the day on which its customer opened (SPEC §3). `last_day` is the day of the
    /// row, or the last day of its month. A row without an accepted customer does not lie before an opening. `near` is for
    /// rows that are sorted by customer.
    pub fn place(
        &self,
        ids: &Ids,
        row: usize,
        last_day: i32,
        near: &mut NearKey,
    ) -> Placement<NamedCustomer> {
        self.place_named(self.find(ids, row, near), last_day)
    }

    /// As [`place`](Self::place), for a row that names this customer.
    #[must_use]
    pub fn place_named(&self, named: NamedCustomer, last_day: i32) -> Placement<NamedCustomer> {
        match named {
            Ok(customer) if last_day < self.opened_on[customer.index()] => Placement::BeforeOpening(customer),
            named => Placement::Inside(named),
        }
    }

    /// The customer that each row names in a column of ids, or the rule that the row's id breaks.
    #[must_use]
    pub fn find_each(&self, ids: &Ids) -> Vec<NamedCustomer> {
        let rows = 0..ids.states.len();
        let found =
            self.customers.ids.get_each(ids.numbers.as_ref(), rows.clone().map(|row| ids.required(row).ok()));
        let named = rows.zip(found).map(|(row, found)| {
            ids.required(row).and_then(|_| found.map(CustomerIx::new).ok_or(Rule::Orphan))
        });
        named.collect()
    }

    /// The customer that a row names in a column of ids. `near` is for rows that are sorted by customer.
    ///
    /// # Errors
    /// The id is empty, too long, or not that of an accepted customer.
    pub fn find(&self, ids: &Ids, row: usize, near: &mut NearKey) -> NamedCustomer {
        let id = ids.required(row)?;
        self.customers.ids.get_near(id, near).map(CustomerIx::new).ok_or(Rule::Orphan)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::contract::declared::{Declared, PassedColumn, TableDeclared};
    use crate::fixture::rejected_rules;
    use crate::memory::MemorySource;
    use crate::unit::Month;

    const HEADER: &str = "customer_id|use_category|supply_level|opened_on|closed_on|aged_transformer_area";

    #[test]
    fn a_customer_that_closed_before_it_opened_is_rejected_and_sentinel_dates_are_accepted() {
        let source = MemorySource::default().rows(
            Table::Customers,
            HEADER,
            &[
                "a|other|low_voltage|2020-01-02|2020-01-01|false",
                "b|other|low_voltage|2020-01-02|2020-01-02|false",
                "c|other|low_voltage|1965-05-01|9999-12-31|false",
                "d|other|low_voltage|2020-01-02|1900-01-01|false",
            ],
        );
        let mut book = TableBook::new(Table::Customers);
        let customers = read(&source, &mut book).unwrap();
        assert_eq!(customers.len(), 2);
        assert_eq!(rejected_rules(&book), ["closed_before_opened", "closed_before_opened"]);
    }

    #[test]
    fn ids_that_a_spreadsheet_has_rounded_are_refused() {
        for (id, is_rounded) in
            [("3.1E+09", true), ("5e+11", true), ("E+09", false), ("3.1E09", false), ("A1E+9", false)]
        {
            let row = format!("{id}|other|low_voltage|2020-01-02|-|false");
            let source = MemorySource::default().rows(
                Table::Customers,
                HEADER,
                &[&row, "b|other|low_voltage|2020-01-02|-|false"],
            );
            let read = read(&source, &mut TableBook::new(Table::Customers));
            assert_eq!(read.is_err(), is_rounded, "{id}");
        }
    }

    #[test]
    fn customers_outside_the_population_are_counted_by_reason() {
        let source = MemorySource::default().rows(
            Table::Customers,
            HEADER,
            &[
                "a|other|low_voltage|2020-01-01|2023-12-31|false",
                "b|other|low_voltage|2020-01-01|2024-01-01|false",
                "c|other|low_voltage|2024-01-01|-|false",
                "d|other|low_voltage|2023-12-31|-|false",
                "e|other|low_voltage|2024-02-01|2024-03-01|false",
            ],
        );
        let window = Window { end: Month::new(2024, 1), months: 36 };
        let left_out = source.read_customers().left_out(window);
        assert_eq!(left_out, LeftOut { closed: 1, not_yet_open: 2 });
    }

    /// Two customers, one of which is there twice with another name, and one whose row is rejected.
    fn named(passthrough: &[&str]) -> MemorySource {
        let rows = MemorySource::default().rows(
            Table::Customers,
            "customer_id|use_category|supply_level|opened_on|aged_transformer_area|name|phone",
            &[
                "b|other|low_voltage|2020-01-01|false| 李四 |13800000000",
                "a|other|low_voltage|2020-01-01|false|无|-",
                "b|other|low_voltage|2020-01-01|false|李 四|13800000001",
                "c|other|none|2020-01-01|false|王五|13800000002",
            ],
        );
        let column = |name: &&str| PassedColumn { column: (*name).to_owned(), en: None, zh: None };
        let mut declared =
            Declared { passthrough: passthrough.iter().map(column).collect(), ..Declared::default() };
        let nulls = BTreeMap::from([("name".to_owned(), vec!["无".to_owned()])]);
        declared.tables.insert(Table::Customers, TableDeclared { nulls, ..TableDeclared::default() });
        rows.declaring(declared)
    }

    #[test]
    fn columns_are_passed_through_from_the_row_that_counts_and_change_nothing_else() {
        let (with, without) = (named(&["name", "phone"]).read_customers(), named(&[]).read_customers());
        assert_eq!(with.rows, without.rows);
        assert!(without.passed.is_empty());
        let texts: Vec<Vec<Option<&str>>> =
            with.passed.iter().map(|column| column.texts.iter().map(Option::as_deref).collect()).collect();
        assert_eq!(texts, [[None, Some("李四")], [None, Some("13800000000")]]);
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(cut("短"), "短");
        assert_eq!(cut(&"长".repeat(600)), "长".repeat(500));
    }
}
