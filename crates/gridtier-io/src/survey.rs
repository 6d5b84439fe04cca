//! A survey read against a published cycle: who is asked, and what came back.
//!
//! What is judged from it is the business of the package `gridtier-service`; this module reads and writes files.

pub mod shown;

use std::path::Path;

use gridtier::contract::Table;
use gridtier::error::Refusal;
use gridtier::limit::{self, Breach, CountedTables};
use gridtier::output::{self, Output};
use gridtier::run::{self, Reconciled};
use gridtier::source::{Finding, TableBook};
use gridtier::unit::date_of_day;
use gridtier_service::base::Base;
use gridtier_service::group::Groups;
use gridtier_service::output::survey;
use gridtier_service::period::known_at;
use gridtier_service::read::survey::{SurveyLog, SurveyReading, read_survey};
use gridtier_service::survey::evaluation::{SurveyInput, SurveyResults, evaluate};
use gridtier_service::survey::frame::Frame;
use gridtier_service::survey::instrument::Instrument;
use gridtier_service::survey::plan::{SurveyPlan, plan};
use serde_json::{Value, json};

use crate::cycle::{self, Engine};
use crate::folder::{DataFolder, OpenError};
use crate::hash::sha256_of_bytes;
use crate::publish::PublishError;
use crate::results;
use crate::service::{ServiceError, findings_of, read_base};
use crate::store::StoredCycle;

/// The version of the manifest's format.
const FORMAT: u32 = 1;

/// The tables of a survey's folder, with the customer base that it may bring.
const TABLES: [Table; 3] = [Table::Customers, Table::Invitations, Table::Responses];

/// Opens a survey's folder, to be read with the columns that the instrument asks for.
///
/// # Errors
/// Everything that is wrong with its files.
pub fn open(data: &Path, instrument: &Instrument) -> Result<DataFolder, OpenError> {
    DataFolder::open_with_columns(data, &TABLES, Table::Responses, &instrument.columns())
}

/// Opens the folder of a survey that is being planned: only its table of customers is read, if it has one.
///
/// # Errors
/// Everything that is wrong with its files.
pub fn open_customers(data: &Path) -> Result<DataFolder, OpenError> {
    DataFolder::open_tables(data, &[Table::Customers])
}

/// A survey, read as of a day.
pub struct SurveyAnswers {
    /// The folder; `None` if there is none, so that the customers are those of the cycle.
    pub folder: Option<DataFolder>,
    /// What is asked.
    pub instrument: Instrument,
    /// The customers.
    pub base: Base,
    /// Their groups.
    pub groups: Groups,
    /// The as-of day, in days since 1970-01-01.
    pub as_of: i32,
    /// The accepted rows.
    pub log: SurveyLog,
    /// What became of the rows, in the order in which the tables are read.
    pub books: Vec<TableBook>,
}

/// What follows from a survey, and how far its tables can be trusted.
pub struct EvaluatedSurvey {
    /// The results; `None` if the table of responses is absent, or no results were asked for.
    pub results: Option<SurveyResults>,
    /// All findings, in the order in which a cycle publishes them.
    pub findings: Vec<Finding>,
    /// The limits of the cycle's method that are exceeded.
    pub breaches: Vec<Breach>,
}

impl SurveyAnswers {
    /// Reads the survey of a folder against a cycle. Without a folder, nobody has been asked yet.
    ///
    /// # Errors
    /// A file cannot be read, or the responses lack the column of an item.
    pub fn read(
        folder: Option<DataFolder>,
        cycle: &StoredCycle,
        instrument: Instrument,
        as_of: i32,
    ) -> Result<Self, ServiceError> {
        let mut survey = Self::planned(folder, cycle, instrument, as_of)?;
        if let Some(source) = &survey.folder {
            let Self { base, instrument, .. } = &survey;
            let (log, books) = read_survey(SurveyReading { source, base, instrument, as_of })?;
            survey.log = log;
            survey.books.extend(books);
        }
        Ok(survey)
    }

    /// Reads the customers of a survey that nobody has answered yet.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn planned(
        folder: Option<DataFolder>,
        cycle: &StoredCycle,
        instrument: Instrument,
        as_of: i32,
    ) -> Result<Self, ServiceError> {
        let folder = folder.map(|folder| folder.with_known_as_of(Some(known_at(as_of))));
        let catalogue = cycle::catalogue(cycle)?;
        let (base, customer_book) = read_base(folder.as_ref(), cycle, &catalogue, None)?;
        let groups = Groups::of(&base);
        let (log, books) = (SurveyLog::default(), customer_book.into_iter().collect());
        Ok(Self { folder, instrument, base, groups, as_of, log, books })
    }

    /// Evaluates the answers, if `min_cell` is given: the fewest answers of a group whose scores are shown.
    ///
    /// # Errors
    /// The method of the cycle cannot be read.
    pub fn evaluate(
        &self,
        cycle: &StoredCycle,
        min_cell: Option<i64>,
    ) -> Result<EvaluatedSurvey, ServiceError> {
        let method = cycle::method(cycle)?;
        let results = self.log.responses.as_ref().zip(min_cell).map(|(responses, min_cell)| {
            evaluate(SurveyInput {
                instrument: &self.instrument,
                base: &self.base,
                groups: &self.groups,
                as_of: self.as_of,
                responses,
                invitations: self.log.invitations.as_ref(),
                min_cell,
            })
        });
        let mut findings =
            self.folder.as_ref().map_or_else(Vec::new, |folder| findings_of(folder, &self.books));
        findings.extend(results.iter().flat_map(|results| results.findings.iter().cloned()));
        run::sort(&mut findings);
        let tables = CountedTables {
            tallies: self.books.iter().map(|book| (book.table, book.tally)).collect(),
            findings: &findings,
            unit_suspects: &[],
            customers: self.base.len(),
        };
        let breaches = limit::of_tables(&tables, &method);
        Ok(EvaluatedSurvey { results, findings, breaches })
    }

    /// How many customers to ask, and whom. `rate_pct` is the percentage of those asked that is expected to answer.
    #[must_use]
    pub fn plan(&self, seed: u64, rate_pct: i64) -> SurveyPlan {
        plan(&Frame::of(&self.base, self.as_of), seed, rate_pct)
    }

    /// What became of the rows of the tables that are there.
    #[must_use]
    pub fn reconciliation(&self) -> Vec<Reconciled> {
        let present = self.books.iter().filter(|book| book.present);
        present.map(|book| Reconciled { table: book.table, tally: book.tally }).collect()
    }

    /// The as-of day, as in manifests.
    #[must_use]
    pub fn as_of_date(&self) -> String {
        date_of_day(self.as_of).map(|day| day.to_string()).unwrap_or_default()
    }

    /// Writes the results of `gridtier survey score` or `check` into the new folder `dir`.
    ///
    /// # Errors
    /// The folder is there, a file cannot be written, or a file with rejects cannot be read again. Nothing has appeared.
    pub fn write(
        &self,
        dir: &Path,
        command: &str,
        cycle: &StoredCycle,
        evaluated: &EvaluatedSurvey,
    ) -> Result<(), PublishError> {
        let tables = evaluated.results.as_ref().map_or_else(Vec::new, survey::tables);
        self.write_tables(dir, tables, cycle, evaluated, json!({ "command": command }))
    }

    /// Writes a plan, made with `seed` and `rate_pct`, into the new folder `dir`.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_plan(
        &self,
        dir: &Path,
        cycle: &StoredCycle,
        evaluated: &EvaluatedSurvey,
        (plan, seed, rate_pct): (&SurveyPlan, u64, i64),
    ) -> Result<(), PublishError> {
        let about = json!({ "command": "plan", "seed": seed, "rate_pct": rate_pct });
        self.write_tables(dir, survey::plan_tables(plan, &self.base), cycle, evaluated, about)
    }

    fn write_tables<'a>(
        &'a self,
        dir: &Path,
        mut tables: Vec<Output<'a>>,
        cycle: &StoredCycle,
        evaluated: &'a EvaluatedSurvey,
        about: Value,
    ) -> Result<(), PublishError> {
        tables.extend(output::row_tables(&evaluated.findings, self.reconciliation()));
        let mut manifest = self.about(cycle, evaluated)?;
        results::write(dir, tables, (self.folder.as_ref(), &self.books), |outputs| {
            manifest["format"] = FORMAT.into();
            manifest["engine"] = json!(Engine::this());
            manifest["instrument"]["sha256"] = sha256_of_bytes(self.instrument.text.as_bytes()).into();
            manifest["instrument"]["text"] = self.instrument.text.as_str().into();
            manifest["reconciliation"] = json!(self.reconciliation());
            manifest["findings"] = json!(evaluated.findings);
            manifest["outputs"] = json!(outputs);
            for (key, value) in about.as_object().into_iter().flatten() {
                manifest[key] = value.clone();
            }
            manifest
        })
    }

    /// What results were made from, as JSON.
    ///
    /// # Errors
    /// A file of the responses cannot be hashed.
    pub fn about(&self, cycle: &StoredCycle, evaluated: &EvaluatedSurvey) -> Result<Value, Refusal> {
        let inputs = self.folder.as_ref().map(DataFolder::inputs).transpose()?.unwrap_or_default();
        let absent: Vec<&str> =
            self.books.iter().filter(|book| !book.present).map(|book| book.table.name()).collect();
        Ok(json!({
            "as_of": self.as_of_date(),
            "cycle": { "version": cycle.version, "manifest_sha256": cycle.commit.manifest_sha256 },
            "instrument": { "id": self.instrument.id },
            "inputs": inputs,
            "absent": absent,
            "breaches": evaluated.breaches,
        }))
    }
}

#[cfg(test)]
mod tests;
