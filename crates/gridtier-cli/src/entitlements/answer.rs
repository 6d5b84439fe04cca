//! The answers, one function each.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, BooleanArray};
use arrow_select::filter::filter_record_batch;
use gridtier::checked_toml::did_you_mean;
use gridtier::entitlement::Catalogue;
use gridtier::entitlement::application::ApplicationOutcome;
use gridtier::entitlement::census::Census;
use gridtier::entitlement::selection::{self, Selection};
use gridtier::entitlement::view::{self, Sheet, Words};
use gridtier::method::Tier;
use gridtier::word::Word;
use gridtier_io::cycle;
use gridtier_io::entitle::{self, Comparison, Listing};
use gridtier_io::export::{self, Failure as Unwritten, Format, Occasion, Table};
use gridtier_io::store::{Store, StoredCycle};

use super::Tongue;
use super::deliver::{deliver, exporter, format, mark, people, words, wrote};
use crate::args::{By, Purpose, Question, TableFormat};
use crate::exit::{Done, Failure, USAGE, say};
use crate::grid::grouped;
use crate::lang::Lang;
use crate::sheet::told;
use crate::summary::tier_name;

/// What the answers about a cycle have in common.
pub struct Answer<'a> {
    pub question: &'a Question,
    pub store: &'a Store,
    pub cycle: &'a StoredCycle,
    pub catalogue: &'a Catalogue,
    pub tongue: Tongue,
}

/// The matrix, of a cycle or of a catalogue alone.
pub fn matrix(
    question: &Question,
    catalogue: &Catalogue,
    cycle: Option<&StoredCycle>,
    tongue: Tongue,
) -> Result<Done, Failure> {
    let format = format(question)?;
    let lang = tongue.lang;
    let words = match format {
        TableFormat::Json | TableFormat::Parquet => Words::Codes,
        // For a program, unless somebody says in which language to read it.
        TableFormat::Csv if !tongue.is_asked && !question.bilingual => Words::Codes,
        _ => people(question, lang),
    };
    if format == TableFormat::Html {
        return page(question, catalogue, cycle, words);
    }
    let sheets = match format {
        // One table holds it all for programs; people get the matrix first.
        TableFormat::Parquet => vec![view::cells(catalogue, words)],
        TableFormat::Csv => vec![view::matrix(catalogue, words)],
        _ => vec![
            view::matrix(catalogue, words),
            view::cells(catalogue, words),
            view::services(catalogue, words),
            view::combinations(catalogue, words),
        ],
    };
    let mut text = format!(
        "{}: {} {}\n\n",
        lang.pick("Entitlement matrix", "客户分级服务矩阵"),
        catalogue.name,
        catalogue.version
    );
    text += &told(&sheets[0], &["service", "title", "special", "grade-1", "grade-2", "grade-3"])?;
    text += &footnotes(catalogue, people(question, lang), lang);
    deliver(question, &sheets, text)
}

/// What the marks in the matrix stand for.
fn footnotes(catalogue: &Catalogue, words: Words, lang: Lang) -> String {
    let mut text = String::new();
    let mut note = |mark: &str, title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{mark} {title}");
            text += &crate::grid::list(lines);
        }
    };
    let conditions = catalogue.services.iter().filter_map(|service| {
        let condition = service.condition.as_ref()?;
        Some(format!("{}: {}", service.id, view::condition_words(catalogue, condition, words)))
    });
    note("*", lang.pick("only if", "适用条件"), conditions.collect());
    let opened = catalogue.services.iter().filter_map(|service| {
        Some(format!("{}: {}", service.id, view::opened_to(catalogue, service, words)?))
    });
    note("†", lang.pick("whatever the tier", "不分等级开放"), opened.collect());
    text
}

fn page(
    question: &Question,
    catalogue: &Catalogue,
    cycle: Option<&StoredCycle>,
    words: Words,
) -> Result<Done, Failure> {
    let mut occasion = Occasion::default();
    if let Some(cycle) = cycle {
        let end = cycle::Manifest::read(cycle)?.window.end;
        let name = words.pick("cycle", "cycle", "周期");
        occasion.cycle = Some(format!("{name} {} ({end}-01)", cycle.version));
        occasion.customers = Some(entitle::Question { cycle, catalogue }.customers_by_tier()?);
    }
    match &question.output {
        None => {
            let mut bytes = Vec::new();
            export::matrix_page(&mut bytes, catalogue, &occasion, words)
                .map_err(|failure| failure.at(Path::new("stdout")))?;
            Ok(Done { data: String::from_utf8_lossy(&bytes).into_owned() })
        }
        Some(path) => {
            let written = export::whole(path, |file| export::matrix_page(file, catalogue, &occasion, words));
            written.map_err(|failure: Unwritten| failure.at(path))?;
            Ok(wrote(path, None))
        }
    }
}

impl Answer<'_> {
    fn ask(&self) -> entitle::Question<'_> {
        entitle::Question { cycle: self.cycle, catalogue: self.catalogue }
    }

    fn selection(&self) -> Result<Selection, Failure> {
        let who = &self.question.who;
        let opted_out = who.opt_out.as_deref().map(entitle::read_ids).transpose()?.unwrap_or_default();
        let opted_out: BTreeSet<String> = opted_out.into_iter().collect();
        let strangers = if opted_out.is_empty() { 0 } else { self.ask().strangers(&opted_out)? };
        if strangers > 0 {
            say(&format!(
                "gridtier: {} ids of the opt-out list are no customers of the cycle",
                grouped(strangers as i64)
            ));
        }
        self.check_regions(&who.region)?;
        Ok(Selection {
            tiers: who.tier.iter().filter_map(|name| Tier::from_code(name)).collect(),
            values: vec![
                ("region", who.region.clone()),
                ("use_category", who.use_category.clone()),
                ("supply_level", who.supply_level.clone()),
            ],
            opted_out,
        })
    }

    /// A region that no customer has is a slip of the keys.
    fn check_regions(&self, asked: &[String]) -> Result<(), Failure> {
        if asked.is_empty() {
            return Ok(());
        }
        let known = self.ask().regions()?;
        match asked.iter().find(|region| !known.contains(*region)) {
            None => Ok(()),
            Some(region) => {
                let fix = did_you_mean(region, known.iter().map(String::as_str));
                Err(Failure::new(USAGE, format!("no customer of the cycle is in region `{region}`; {fix}")))
            }
        }
    }

    fn purpose(&self) -> selection::Purpose {
        match self.question.who.purpose {
            None | Some(Purpose::Marketing) => selection::Purpose::Marketing,
            Some(Purpose::Operations) => selection::Purpose::Operations,
        }
    }

    fn min_count(&self) -> u64 {
        self.question.who.min_count.unwrap_or(0)
    }

    /// What empty cells mean, where counts are withheld.
    fn withheld_note(&self) -> String {
        match (self.min_count(), self.tongue.lang) {
            (0 | 1, _) => String::new(),
            (limit, Lang::En) => format!(
                "\nEmpty cells are withheld: fewer than {limit} customers, or they would give such a count away.\n\
                 This guards this table alone; tables with other filters may give it away together.\n"
            ),
            (limit, Lang::Zh) => format!(
                "\n空白处不予公布: 少于 {limit} 户, 或可由此推算。\n仅保护本表; 与其他筛选条件的表对照仍可能推算。\n"
            ),
        }
    }

    fn words(&self) -> Result<Words, Failure> {
        Ok(words(self.question, format(self.question)?, self.tongue.lang))
    }

    fn find(&self, service: &str) -> Result<usize, Failure> {
        self.catalogue.service(service).ok_or_else(|| {
            let known = self.catalogue.services.iter().map(|service| service.id.as_str());
            let fix = did_you_mean(service, known);
            Failure::new(USAGE, format!("there is no service `{service}` in the catalogue; {fix}"))
        })
    }

    /// What a customer is entitled to.
    pub fn customer(&self, id: &str) -> Result<Done, Failure> {
        let selection = self.selection()?;
        let words = self.words()?;
        let (sheet, tier, opted_out) = self.ask().customer(id, &selection, words)?;
        let tier = tier_name(tier, self.tongue.lang);
        let version = self.cycle.version;
        let mut text = match self.tongue.lang {
            Lang::En => format!("Customer {id}: tier {tier} in cycle {version}\n"),
            Lang::Zh => format!("客户 {id}: 第 {version} 周期等级 {tier}\n"),
        };
        if opted_out {
            text += self.tongue.lang.pick("It wants no marketing.\n", "该客户拒绝营销。\n");
        }
        text.push('\n');
        let due =
            sheet.batch.column_by_name("reasons").map_or(0, |reasons| reasons.len() - reasons.null_count());
        let rows = sheet.batch.num_rows();
        text += &told(&part(&sheet, 0, due), &["service", "title", "access", "terms", "why"])?;
        if due < rows {
            text += self.tongue.lang.pick("\nNot due:\n\n", "\n不享有的服务:\n\n");
            text += &told(&part(&sheet, due, rows - due), &["service", "title", "why"])?;
        }
        deliver(self.question, &[sheet], text)
    }

    /// Who is entitled to a service.
    pub fn service(&self, id: &str) -> Result<Done, Failure> {
        let place = self.find(id)?;
        let selection = self.selection()?;
        let by = self.question.who.by.map(column);
        let census = self.ask().census(place, by, &selection)?;
        let lines = census.lines(self.min_count());
        let text =
            self.counted(place, &census, &view::census(&lines, by, people(self.question, self.tongue.lang)))?;
        let Some(path) = &self.question.output else {
            return deliver(self.question, &[view::census(&lines, by, self.words()?)], text);
        };
        let format = self.list_format()?;
        let words = self.words()?;
        let batches = self.ask().holders(place, &selection, self.purpose(), words)?;
        let heads = self.heads(&HOLDERS, words);
        let service = &self.catalogue.services[place];
        let title = words.pick(&service.title, &service.title, &service.title_zh);
        let table = Table {
            name: "holders",
            title: &title,
            heads: &heads,
            schema: view::holders_schema(),
            batches: Box::new(batches),
        };
        let rows = export::write(path, format, mark(self.question), vec![table])?;
        let left_out = census.entitled().saturating_sub(rows);
        let listed = match self.tongue.lang {
            Lang::En => format!("\n{}: {} customers", path.display(), grouped(rows)),
            Lang::Zh => format!("\n{}: {} 户", path.display(), grouped(rows)),
        };
        Ok(Done { data: text + &listed + &self.left_out(left_out) + "\n" })
    }

    fn left_out(&self, count: u64) -> String {
        match (count, self.tongue.lang) {
            (0, _) => String::new(),
            (_, Lang::En) => format!("; {} who want no marketing left out", grouped(count)),
            (_, Lang::Zh) => format!("; 拒绝营销而未列入 {} 户", grouped(count)),
        }
    }

    fn counted(&self, place: usize, census: &Census, sheet: &Sheet) -> Result<String, Failure> {
        let service = &self.catalogue.services[place];
        let lang = self.tongue.lang;
        let title = lang.pick(&service.title, &service.title_zh);
        let mut text = match lang {
            Lang::En => format!("{} {title}: customers entitled\n\n", service.id),
            Lang::Zh => format!("{} {title}: 可享客户数\n\n", service.id),
        };
        text += &told(sheet, &["group", "special", "grade-1", "grade-2", "grade-3", "total"])?;
        // A second way to add up the same customers would give away what the first withholds.
        let is_whole =
            census.lines(self.min_count()).iter().all(|line| line.counts.iter().all(Option::is_some));
        let accesses: Vec<String> = census
            .by_access
            .iter()
            .rev()
            .map(|(access, count)| format!("{} {}", lang.pick(access.en(), access.zh()), grouped(*count)))
            .collect();
        if !accesses.is_empty() && is_whole {
            let _ = writeln!(text, "\n{}", accesses.join(", "));
        }
        text += &self.withheld_note();
        Ok(text)
    }

    /// What services cost and bring back.
    pub fn costs(&self) -> Result<Done, Failure> {
        let statements = self.ask().statements(&self.selection()?)?;
        let sheet = view::statements(self.catalogue, &statements, self.min_count(), self.words()?);
        let lang = self.tongue.lang;
        let mut text = lang
            .pick(
                "A year's services by the catalogue's unit costs, uptakes, fees and capacities\n\n",
                "按目录的单位成本、用量、收费与能力估算的年度服务成本\n\n",
            )
            .to_owned();
        text += &told(
            &without_empty(&sheet)?,
            &["service", "tier", "entitled", "units", "short", "cost", "income", "recovery_rate"],
        )?;
        text += &self.withheld_note();
        deliver(self.question, &[sheet], text)
    }

    /// Everything that everybody is entitled to.
    pub fn grants(&self) -> Result<Done, Failure> {
        let Some(path) = &self.question.output else {
            return Err(Failure::new(USAGE, "name the file by -o"));
        };
        let selection = self.selection()?;
        let schema = view::grants_schema();
        let heads: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let batches = self.ask().grants(&selection, self.purpose())?;
        let title = self.tongue.lang.pick("Entitlements", "客户权益");
        let table = Table { name: "entitlements", title, heads: &heads, schema, batches: Box::new(batches) };
        let rows = export::write(path, self.list_format()?, mark(self.question), vec![table])?;
        Ok(wrote(path, Some(rows)))
    }

    /// The format of a list, which has no text of its own.
    fn list_format(&self) -> Result<Format, Failure> {
        exporter(format(self.question)?).ok_or_else(|| {
            Failure::new(USAGE, "a list is no plain text; write .csv, .xlsx, .json or .parquet")
        })
    }

    fn heads(&self, names: &[(&str, &str, &str)], words: Words) -> Vec<String> {
        names.iter().map(|(code, en, zh)| words.pick(code, en, zh)).collect()
    }

    /// Who gains and loses what since an earlier cycle.
    pub fn changes(&self, version: u64) -> Result<Done, Failure> {
        let earlier = self.store.cycle(Some(version))?;
        if earlier.version >= self.cycle.version {
            let what = format!(
                "cycle {version} is not earlier than cycle {}; compare with an earlier one",
                self.cycle.version
            );
            return Err(Failure::new(USAGE, what));
        }
        let old_catalogue = cycle::catalogue(&earlier)?;
        let before = entitle::Question { cycle: &earlier, catalogue: &old_catalogue };
        let selection = self.selection()?;
        let words = if self.question.output.is_some() {
            self.words()?
        } else {
            people(self.question, self.tongue.lang)
        };
        let listing = Listing { selection: &selection, purpose: self.purpose(), words };
        let min_count = self.min_count();
        let mut comparison = Comparison::open(before, self.ask(), listing)?;
        let Some(path) = &self.question.output else {
            comparison.by_ref().try_for_each(|batch| batch.map(drop))?;
            let sheet = comparison.notices.summary(min_count);
            let text = self.changed(&sheet, version, comparison.gone)?;
            return deliver(self.question, &[sheet], text);
        };
        let heads = self.heads(&NOTICES, words);
        let table = Table {
            name: "notices",
            title: self.tongue.lang.pick("Notices", "服务变化通知名单"),
            heads: &heads,
            schema: view::notices_schema(),
            batches: Box::new(comparison.by_ref()),
        };
        let rows = export::write(path, self.list_format()?, mark(self.question), vec![table])?;
        let text = self.changed(&comparison.notices.summary(min_count), version, comparison.gone)?;
        let notices = self.tongue.lang.pick("notices", "条通知");
        Ok(Done { data: format!("{text}\n{}: {} {notices}\n", path.display(), grouped(rows)) })
    }

    fn changed(&self, sheet: &Sheet, version: u64, gone: u64) -> Result<String, Failure> {
        let mut text = match self.tongue.lang {
            Lang::En => {
                format!("Customers who gain and lose from cycle {version} to {}\n\n", self.cycle.version)
            }
            Lang::Zh => format!("第 {version} 周期至第 {} 周期的服务变化 (户数)\n\n", self.cycle.version),
        };
        text += &told(sheet, &["service", "title", "gained", "more", "terms", "less", "lost"])?;
        let lang = self.tongue.lang;
        text += lang.pick(
            "\nCustomers whom the earlier cycle had not graded gain all that they have now.\n",
            "\n上一周期未参评的客户, 其全部服务计为新增。\n",
        );
        if gone > 0 && gone >= self.min_count() {
            let _ = match lang {
                Lang::En => {
                    writeln!(text, "{} customers of the earlier cycle are no longer graded.", grouped(gone))
                }
                Lang::Zh => writeln!(text, "上一周期有 {} 户不再参评。", grouped(gone)),
            };
        }
        text += &self.withheld_note();
        Ok(text)
    }

    /// Decides applications.
    pub fn applications(&self, file: &Path) -> Result<Done, Failure> {
        let applications = entitle::read_applications(file, self.catalogue)?;
        let decisions = self.ask().decide(&applications)?;
        let sheet = view::decisions(self.catalogue, &applications, &decisions, self.words()?);
        let counts = ApplicationOutcome::ALL.iter().map(|outcome| {
            let count = decisions.iter().filter(|decision| decision.outcome == *outcome).count();
            format!("{} {}", self.tongue.lang.pick(outcome.en(), outcome.zh()), grouped(count as i64))
        });
        let summary = counts.collect::<Vec<_>>().join(", ");
        if self.question.output.is_some() {
            say(&format!("gridtier: {summary}"));
        }
        let mut text = format!("{summary}\n\n");
        text += &told(
            &sheet,
            &["customer_id", "tier", "service", "applied_on", "outcome", "why", "fee", "subsidy"],
        )?;
        deliver(self.question, &[sheet], text)
    }
}

/// The lines of a statement for somebody, and the sums.
fn without_empty(sheet: &Sheet) -> Result<Sheet, Failure> {
    let entitled =
        sheet.batch.column_by_name("entitled").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(entitled) = entitled else { return Ok(sheet.clone()) };
    let mask: BooleanArray = entitled.iter().map(|count| Some(count != Some(0))).collect();
    let batch = filter_record_batch(&sheet.batch, &mask).map_err(|error| Failure::bug(&error.to_string()))?;
    Ok(Sheet { batch, ..sheet.clone() })
}

/// Some rows of a table.
fn part(sheet: &Sheet, from: usize, rows: usize) -> Sheet {
    Sheet { batch: sheet.batch.slice(from, rows), ..sheet.clone() }
}

/// What stands above the columns of a list of holders.
const HOLDERS: [(&str, &str, &str); 9] = [
    ("customer_id", "customer", "户号"),
    ("tier", "tier", "等级"),
    ("use_category", "use category", "用电类别"),
    ("supply_level", "supply level", "供电电压层级"),
    ("region", "region", "地区"),
    ("access", "access", "提供方式"),
    ("terms", "terms", "条款"),
    ("fee", "fee, CNY", "单价（元）"),
    ("reasons", "reasons", "理由"),
];

/// What stands above the columns of a list of notices.
const NOTICES: [(&str, &str, &str); 11] = [
    ("customer_id", "customer", "户号"),
    ("tier_before", "tier before", "原等级"),
    ("tier_after", "tier now", "现等级"),
    ("service", "service", "编号"),
    ("title", "name", "服务"),
    ("change", "change", "变化"),
    ("access_before", "access before", "原提供方式"),
    ("access_after", "access now", "现提供方式"),
    ("terms_before", "terms before", "原条款"),
    ("terms_after", "terms now", "现条款"),
    ("reasons", "reasons", "理由"),
];

fn column(by: By) -> &'static str {
    match by {
        By::Region => "region",
        By::UseCategory => "use_category",
        By::SupplyLevel => "supply_level",
        By::ImportanceLevel => "importance_level",
        By::LoadClass => "load_class",
    }
}
