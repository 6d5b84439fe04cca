//! The figures of a service log that was read: what a command shows, and what a folder of results holds.

use gridtier::contract::Table;
use gridtier::limit::{self, Breach, CountedTables};
use gridtier::output::{self, Output};
use gridtier::run::{self, Reconciled};
use gridtier::source::Finding;
use gridtier_service::contact_figures::ContactFigures;
use gridtier_service::delivered::Delivered;
use gridtier_service::due::DueInputs;
use gridtier_service::group::Groups;
use gridtier_service::output::contacts::ContactNames;
use gridtier_service::output::{contacts, delivered, promises};
use gridtier_service::promise_figures::{PromiseFigures, overlap};
use gridtier_service::promise_months::{PromiseMonth, promise_months};

use super::ServiceLog;
use crate::cycle::{self, CycleError};
use crate::store::StoredCycle;

/// A service log with the groups of its customers and what is doubtful about its rows.
pub struct MeasuredLog<'a> {
    /// The log.
    pub read: &'a ServiceLog,
    /// The groups of its customers.
    pub groups: Groups,
    /// All findings, in the order in which a cycle publishes them.
    pub findings: Vec<Finding>,
    /// The limits of the cycle's method that are exceeded.
    pub breaches: Vec<Breach>,
}

impl<'a> MeasuredLog<'a> {
    /// Measures a log by the limits of the method of its cycle.
    ///
    /// # Errors
    /// The method cannot be read.
    pub fn of(read: &'a ServiceLog, cycle: &StoredCycle) -> Result<Self, CycleError> {
        let ServiceLog { base, log, .. } = read;
        let method = cycle::method(cycle)?;
        let groups = Groups::of(base);
        let interruptions = read.interruptions.as_ref();
        let mut findings = read.findings();
        findings.extend(interruptions.and_then(|interruptions| overlap(base, log, interruptions)));
        run::sort(&mut findings);
        let tables = CountedTables {
            tallies: read.books.iter().map(|book| (book.table, book.tally)).collect(),
            findings: &findings,
            unit_suspects: &[],
            customers: base.len(),
        };
        let breaches = limit::of_tables(&tables, &method);
        Ok(Self { read, groups, findings, breaches })
    }

    /// All that duties follow from.
    #[must_use]
    pub fn due_inputs(&self) -> DueInputs<'_> {
        let ServiceLog { run, base, catalogue, policy, log, interruptions, .. } = self.read;
        let interruptions = interruptions.as_ref();
        DueInputs { base, catalogue, policy, log, interruptions, run: *run }
    }

    /// Reliability and promises; `None`, not measured, if the log has no table of outages or of interruptions.
    #[must_use]
    pub fn promises(&self) -> Option<PromiseFigures> {
        let ServiceLog { run, base, policy, log, interruptions, .. } = self.read;
        PromiseFigures::of(base, &self.groups, log, interruptions.as_ref(), policy, *run)
    }

    /// What was due and delivered; `None`, not measured, if the log has no table of deliveries.
    #[must_use]
    pub fn delivered(&self) -> Option<Delivered> {
        Delivered::measure(self.due_inputs(), &self.groups)
    }

    /// The figures about contacts; `None`, not measured, if the log has no table of contacts.
    #[must_use]
    pub fn contacts(&self) -> Option<ContactFigures<'a>> {
        let ServiceLog { run, base, policy, log, .. } = self.read;
        ContactFigures::of(base, &self.groups, log, policy, *run)
    }

    /// How promises were kept in each of the twelve months to the end of the period; nothing if that is not measured.
    #[must_use]
    pub fn promise_months(&self) -> Vec<PromiseMonth> {
        let ServiceLog { run, base, policy, log, interruptions, .. } = self.read;
        promise_months(base, &self.groups, log, interruptions.as_ref(), policy, *run).unwrap_or_default()
    }

    /// What became of the rows of the tables that are there.
    #[must_use]
    pub fn reconciliation(&self) -> Vec<Reconciled> {
        let present = self.read.books.iter().filter(|book| book.present);
        present.map(|book| Reconciled { table: book.table, tally: book.tally }).collect()
    }

    /// The tables of the service folder that are absent, so that what depends on them is not measured.
    #[must_use]
    pub fn absent(&self) -> Vec<Table> {
        self.read.books.iter().filter(|book| !book.present).map(|book| book.table).collect()
    }

    /// `findings` and `reconciliation`, which every folder of results has.
    #[must_use]
    pub fn row_tables(&self) -> Vec<Output<'_>> {
        output::row_tables(&self.findings, self.reconciliation())
    }

    /// The tables of reliability and promises, from the result of [`promises`](Self::promises).
    #[must_use]
    pub fn promise_tables<'s>(&'s self, figures: Option<&'s PromiseFigures>) -> Vec<Output<'s>> {
        let ServiceLog { base, policy, log, .. } = self.read;
        let (Some(figures), Some(outages)) = (figures, &log.outages) else { return Vec::new() };
        promises::tables(figures, base, &self.groups, outages, policy)
    }

    /// The tables of what was due and delivered, from the result of [`delivered`](Self::delivered).
    #[must_use]
    pub fn delivered_tables<'s>(&'s self, figures: Option<&'s Delivered>) -> Vec<Output<'s>> {
        let (Some(figures), Some(deliveries)) = (figures, &self.read.log.deliveries) else {
            return Vec::new();
        };
        delivered::tables(self.due_inputs(), &self.groups, figures, deliveries)
    }

    /// The tables of contacts, from the result of [`contacts`](Self::contacts).
    #[must_use]
    pub fn contact_tables<'s>(&'s self, figures: Option<&'s ContactFigures<'s>>) -> Vec<Output<'s>> {
        let ServiceLog { base, policy, .. } = self.read;
        let names = ContactNames { base, groups: &self.groups, policy };
        figures.map_or_else(Vec::new, |figures| contacts::tables(names, figures))
    }
}
