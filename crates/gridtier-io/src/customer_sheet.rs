//! The use case of customer sheets: for one customer, a list of ids or a whole tier. One customer after the other is read,
//! in one run through the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray as _;
use gridtier::entitlement::Catalogue;
use gridtier::method::Tier;
use gridtier::text::{Text, Voice};
use gridtier::word::Word as _;
use gridtier_report::customer_sheet::{
    AppealCorrection, CustomerSheet, PAST_MAX, PastCycle, SERVED_MAX, sections,
};
use gridtier_report::render::html::PagedHtml;
use gridtier_report::render::xlsx::PagedWorkbook;

use crate::appeal::{AppealError, Evidence, corrections};
use crate::cycle::{
    BillsAndPlans, CustomerReader, CycleError, CycleRows, Manifest, absent, catalogue, ids_of_tier,
    profiles_of, read_columns, tier_row,
};
use crate::draft;
use crate::entitle::{CycleEntitlements, ServedCustomers};
use crate::export::{ExportError, WriteError};
use crate::folder::DataFolder;
use crate::inventory::known_cycles;
use crate::store::{RegisterEntry, Store, StoredCycle};

/// Number of customers whose bills, plans and columns are kept in memory: the data are read once for each such group.
const TOGETHER: usize = 50_000;
/// Most sheets in a workbook. No spreadsheet program handles more of them well.
pub const WORKBOOK_MAX: usize = 1_000;

/// Why sheets were not made.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// A customer cannot be read.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// Evidence or corrections of appeals cannot be read.
    #[error(transparent)]
    Evidence(#[from] AppealError),
    /// A file cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// The sheets of a cycle's customers.
pub struct SheetSource {
    cycle: StoredCycle,
    manifest: Manifest,
    catalogue: Catalogue,
    data: Option<Evidence>,
    /// The rulings that have corrected rows of the cycle.
    corrections: Vec<RegisterEntry>,
    /// The published cycles up to this one, the earliest first.
    past: Vec<(String, StoredCycle)>,
}

impl SheetSource {
    /// Opens a cycle. Its sheets list late bills and missed plans if `data` is given.
    ///
    /// # Errors
    /// The cycle cannot be read, or it was computed from other data.
    pub fn open(store: &Store, cycle: StoredCycle, data: Option<DataFolder>) -> Result<Self, SheetError> {
        let manifest = Manifest::read(&cycle)?;
        let mut past = Vec::new();
        for (month, other) in known_cycles(store, None)? {
            let as_of = format!("{month}-01");
            if as_of < manifest.as_of && !other.is_pruned() {
                past.push((as_of, other));
            }
        }
        past.push((manifest.as_of.clone(), cycle.clone()));
        let first = past.len().saturating_sub(PAST_MAX);
        Ok(Self {
            catalogue: catalogue(&cycle)?,
            data: data.map(|data| Evidence::open(store, &cycle, data)).transpose()?,
            corrections: corrections(store, &cycle)?,
            past: past.split_off(first),
            manifest,
            cycle,
        })
    }

    /// The customers of a tier, in the order of their ids.
    ///
    /// # Errors
    /// The tiers cannot be read.
    pub fn ids_of_tier(&self, tier: Tier) -> Result<Vec<String>, SheetError> {
        Ok(ids_of_tier(&self.cycle, tier.code())?)
    }

    /// Tests that all customers are graded, before the first sheet is written.
    ///
    /// # Errors
    /// A customer is not graded, or the cycle cannot be read.
    pub fn check_ids(&self, ids: &[String]) -> Result<(), SheetError> {
        let mut rows = CycleRows::of(&self.cycle);
        rows.read_accounts()?;
        let mut wanted: BTreeSet<String> =
            ids.iter().map(|id| rows.graded_id(id)).collect::<Result<_, _>>()?;
        read_columns(&self.cycle, "tiers.parquet", &["customer_id"], |batch| {
            let graded = batch.column_by_name("customer_id")?.as_string_opt::<i32>()?;
            for id in graded.iter().flatten() {
                wanted.remove(id);
            }
            Some(())
        })?;
        wanted.first().map_or(Ok(()), |id| Err(absent(&self.cycle, id).into()))
    }

    /// Passes the sheet of each customer to `sink`, in the order of `ids`, and the number of sheets done to
    /// `progress`.
    ///
    /// # Errors
    /// A customer is not graded, something cannot be read, or `sink` fails.
    pub fn each<E: From<SheetError>>(
        &self,
        ids: &[String],
        progress: &dyn Fn(u64),
        sink: &mut dyn FnMut(CustomerSheet) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = self.reader()?;
        let mut past =
            self.past.iter().map(|(as_of, cycle)| (as_of, CycleRows::of(cycle))).collect::<Vec<_>>();
        let mut done = 0;
        for ids in ids.chunks(TOGETHER) {
            let group = self.group(ids, &reader)?;
            for id in ids {
                sink(self.sheet(id, &mut reader, &group, &mut past)?)?;
                done += 1;
                progress(done);
            }
        }
        Ok(())
    }

    fn reader(&self) -> Result<CustomerReader, SheetError> {
        let mut reader = CustomerReader::open(&self.cycle)?;
        reader.rows.read_accounts()?;
        Ok(reader)
    }

    /// What a group of customers needs that is found by reading tables from beginning to end.
    fn group(&self, ids: &[String], reader: &CustomerReader) -> Result<Group<'_>, SheetError> {
        let (mut accounts, mut served) = (BTreeSet::new(), BTreeSet::new());
        for id in ids {
            let own = reader.rows.accounts(&reader.rows.graded_id(id)?)?;
            served.extend(own.iter().take(SERVED_MAX).cloned());
            accounts.extend(own);
        }
        let evidence =
            self.data.as_ref().map(|data| data.of_accounts(&accounts, (&self.manifest.window).into()));
        let entitlements = CycleEntitlements { cycle: &self.cycle, catalogue: &self.catalogue };
        Ok(Group { evidence: evidence.transpose()?, served: entitlements.of_customers(&served)? })
    }

    fn sheet(
        &self,
        id: &str,
        reader: &mut CustomerReader,
        group: &Group<'_>,
        past: &mut [(&String, CycleRows)],
    ) -> Result<CustomerSheet, SheetError> {
        let mut record = reader.customer(id)?;
        let id = record.row.customer_id.clone();
        if let Some(evidence) = &group.evidence {
            evidence.add_to(&mut record.history, &mut reader.rows)?;
        }
        let accounts = profiles_of(&mut reader.rows, &id, &self.manifest.passthrough)?;
        let mut services = Vec::new();
        for account in CustomerSheet::served_accounts(&accounts) {
            services.extend(group.served.services(account)?.map(|services| (account.to_owned(), services)));
        }
        let mut cycles = Vec::new();
        for (as_of, rows) in past {
            if let Some(row) = tier_row(rows, &id)? {
                cycles.push(PastCycle { version: rows.cycle().version, as_of: as_of.clone(), row });
            }
        }
        let overrides = record.row.reason.as_deref() == Some("override");
        let published_at = &self.cycle.publication.as_ref().unwrap_or(&self.cycle.commit).published_at;
        Ok(CustomerSheet {
            version: self.cycle.version,
            as_of: self.manifest.as_of.clone(),
            published_on: published_at.get(..10).map(str::to_owned),
            window: (&self.manifest.window).into(),
            decision: record.decision().cloned().filter(|_| overrides),
            corrections: self.corrections_of(&id),
            explanation: record.explain(),
            passthrough: self.manifest.passthrough.clone(),
            accounts,
            services,
            past: cycles,
        })
    }

    /// What appeals have corrected of a customer.
    fn corrections_of(&self, id: &str) -> Vec<AppealCorrection> {
        let own = self.corrections.iter().filter(|ruling| ruling.customer_id.as_deref() == Some(id));
        own.map(|ruling| AppealCorrection {
            entry: ruling.number,
            files: ruling.files.iter().map(|file| file.name.clone()).collect(),
        })
        .collect()
    }

    /// Writes all sheets into one HTML page. When it is printed, each sheet begins on a new page.
    ///
    /// # Errors
    /// The file cannot be written. In that case no file has appeared under the name.
    pub fn write_html(
        &self,
        path: &Path,
        ids: &[String],
        voice: Voice,
        progress: &dyn Fn(u64),
    ) -> Result<(), SheetError> {
        let written = draft::write_file(path, |file| {
            let mut pages = PagedHtml::begin(file, &title(), voice)?;
            self.each::<SheetWriteError>(ids, progress, &mut |sheet| Ok(pages.page(&sections(&sheet))?))?;
            Ok(pages.end()?)
        });
        written.map_err(|failure: SheetWriteError| failure.at(path))
    }

    /// Writes a workbook with a sheet for each customer.
    ///
    /// # Errors
    /// The file cannot be written. In that case no file has appeared under the name.
    pub fn write_workbook(
        &self,
        path: &Path,
        ids: &[String],
        voice: Voice,
        progress: &dyn Fn(u64),
    ) -> Result<(), SheetError> {
        let written = draft::write_file(path, |file| {
            let mut workbook = PagedWorkbook::new(voice).map_err(WriteError::from)?;
            self.each::<SheetWriteError>(ids, progress, &mut |sheet| {
                let id = sheet.id().to_owned();
                Ok(workbook.page(&id, &sections(&sheet)).map_err(WriteError::from)?)
            })?;
            Ok(workbook.save(file).map_err(WriteError::from)?)
        });
        written.map_err(|failure: SheetWriteError| failure.at(path))
    }

    /// Writes an HTML page for each customer into a folder.
    ///
    /// # Errors
    /// A file cannot be written, or a customer cannot be read. In that case no file has appeared.
    pub fn write_folder(
        &self,
        dir: &Path,
        ids: &[String],
        voice: Voice,
        progress: &dyn Fn(u64),
    ) -> Result<(), SheetError> {
        let mut taken = BTreeMap::new();
        let written = draft::write_folder(dir, |draft| {
            self.each::<SheetWriteError>(ids, progress, &mut |sheet| {
                draft::write_file(&draft.join(file_name(sheet.id(), &mut taken)), |file| {
                    let mut pages = PagedHtml::begin(file, &title(), voice)?;
                    pages.page(&sections(&sheet))?;
                    Ok(pages.end()?)
                })
            })
        });
        written.map_err(|failure| failure.at(dir))
    }
}

/// What was read of some customers before their sheets are made.
struct Group<'a> {
    /// Their bills and plans, if the data were given.
    evidence: Option<BillsAndPlans>,
    served: ServedCustomers<'a>,
}

/// The title of a file of sheets.
fn title() -> Text {
    Text::new("Customer evaluation sheets", "客户评价单")
}

/// Why a file of sheets was not written.
enum SheetWriteError {
    Write(WriteError),
    Sheet(SheetError),
}

impl SheetWriteError {
    fn at(self, path: &Path) -> SheetError {
        match self {
            Self::Write(error) => error.at(path).into(),
            Self::Sheet(error) => error,
        }
    }
}

impl From<std::io::Error> for SheetWriteError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<WriteError> for SheetWriteError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<SheetError> for SheetWriteError {
    fn from(error: SheetError) -> Self {
        Self::Sheet(error)
    }
}

/// The name of a customer's file. Letters and digits of the id stay, and every other character becomes `%` and two
/// hexadecimal digits for each byte, so that no id leads out of the folder. Some systems treat names that differ only in
/// case as one; the later of two such files gets a number.
fn file_name(id: &str, taken: &mut BTreeMap<String, u32>) -> PathBuf {
    let mut name = String::from("customer-");
    for c in id.chars() {
        if c.is_alphanumeric() || c == '-' || c == '_' {
            name.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| name.push_str(&format!("%{byte:02X}")));
        }
    }
    // File systems allow names of 255 bytes.
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    name.truncate(end);
    let times = taken.entry(name.to_lowercase()).or_default();
    *times += 1;
    if *times > 1 {
        name.push_str(&format!("~{times}"));
    }
    name.push_str(".html");
    name.into()
}

/// Longest name of a file, without number and ending.
const NAME_BYTES_MAX: usize = 220;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_the_folder_or_names_a_device() {
        let mut taken = BTreeMap::new();
        let mut name = |id: &str| file_name(id, &mut taken).to_str().unwrap().to_owned();
        assert_eq!(name("0510000001"), "customer-0510000001.html");
        assert_eq!(name("../../etc/passwd"), "customer-%2E%2E%2F%2E%2E%2Fetc%2Fpasswd.html");
        assert_eq!(name("A\\B:C*?\"<>|"), "customer-A%5CB%3AC%2A%3F%22%3C%3E%7C.html");
        assert_eq!(name("CON"), "customer-CON.html");
        assert_eq!(name("户号1"), "customer-户号1.html");
        assert_eq!([name("ab"), name("AB")], ["customer-ab.html", "customer-AB~2.html"]);
        assert!(name(&"/".repeat(128)).len() <= 255);
        assert_ne!(name(&"/".repeat(128)), name(&"/".repeat(127)));
    }
}
