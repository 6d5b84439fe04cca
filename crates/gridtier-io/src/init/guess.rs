//! Which delivery is which table, and which of its columns is which.

use gridtier::contract::{Column, ColumnKind, Table};

use super::excerpt::Excerpt;
use super::fit::{Fit, fit};
use super::names::{DICTIONARY, NameMatch};

/// A column of a delivery that may be a contract column.
#[derive(Clone, Debug)]
pub struct ColumnGuess {
    /// The contract column.
    pub column: &'static Column,
    /// Position among the columns of the delivery.
    pub own: usize,
    /// How its name agrees.
    pub name: NameMatch,
    /// How its values fit.
    pub fit: Fit,
    /// Positions of other columns whose names agree equally well.
    pub others: Vec<usize>,
}

impl ColumnGuess {
    /// Whether nobody has to confirm the guess: the values fit, and either the whole name is in the dictionary, or a part
    /// of it is and no other column matches.
    pub fn is_sure(&self) -> bool {
        let fits = self.fit.is_good() && self.fit.other_form.is_none();
        match self.name {
            NameMatch::Whole(_) => fits,
            NameMatch::Part(_) => fits && self.fit.filled > 0 && self.others.is_empty(),
        }
    }
}

/// A delivery recognised as a table.
#[derive(Clone, Debug)]
pub struct TableGuess {
    /// The table.
    pub table: Table,
    /// Position of the delivery.
    pub delivery: usize,
    /// Whether the name of the file or folder is known for the table.
    pub is_named: bool,
    /// The columns found, in the order of the contract.
    pub columns: Vec<ColumnGuess>,
}

impl TableGuess {
    /// Required columns of the contract that were not found.
    pub fn missing(&self) -> impl Iterator<Item = &'static Column> + '_ {
        let required = self.table.columns().iter().filter(|column| !column.nullable);
        required.filter(|column| self.columns.iter().all(|found| found.column.name != column.name))
    }

    /// The guess for a contract column.
    pub fn column(&self, name: &str) -> Option<&ColumnGuess> {
        self.columns.iter().find(|found| found.column.name == name)
    }

    /// How well the delivery matches the table: 4 for a column whose whole name is known and whose values fit, 2 for
    /// another, 1 for the account number, which most tables have; 6 for the name of the file or folder; minus 5 for each
    /// required column that is missing.
    fn score(&self) -> usize {
        let columns = self.columns.iter().map(|found| match (found.name, found.column.name) {
            (_, "customer_id") => 1,
            (NameMatch::Whole(_), _) if found.fit.is_good() => 4,
            _ => 2,
        });
        let missing = self.missing().filter(|column| column.name != "aged_transformer_area").count();
        (columns.sum::<usize>() + 6 * usize::from(self.is_named)).saturating_sub(5 * missing)
    }

    /// Whether nobody has to confirm the table: all required columns are there and their values fit.
    pub fn is_sure(&self) -> bool {
        self.missing().all(|column| column.kind == ColumnKind::Flag)
            && self.columns.iter().all(|found| found.column.nullable || found.fit.is_good())
    }
}

/// Matches the columns of a delivery with those of a table.
fn guess(table: Table, delivery: usize, excerpt: &Excerpt) -> TableGuess {
    let mut found: Vec<ColumnGuess> = Vec::new();
    for column in table.columns() {
        let named = excerpt.columns.iter().enumerate().filter_map(|(own, in_file)| {
            let name = DICTIONARY.column(table, column.name, &in_file.name)?;
            Some((name, own, fit(column, &in_file.filled())))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(name, own, fit)| (!fit.is_good(), *name, *own));
        let Some((name, own, fit)) = named.first().cloned() else { continue };
        let others = named[1..].iter().filter(|(_, _, fit)| fit.is_good()).map(|(_, own, _)| *own).collect();
        found.push(ColumnGuess { column, own, name, fit, others });
    }
    drop_weaker_claims(&mut found);
    let is_named = DICTIONARY.table(table, excerpt.stem()).is_some();
    TableGuess { table, delivery, is_named, columns: found }
}

/// If several contract columns claim one column of the delivery, only the one whose name agrees best keeps the claim.
fn drop_weaker_claims(found: &mut Vec<ColumnGuess>) {
    let claims: Vec<(usize, NameMatch, &str)> =
        found.iter().map(|guess| (guess.own, guess.name, guess.column.name)).collect();
    found.retain(|guess| {
        let best = claims.iter().filter(|(own, ..)| *own == guess.own).min_by_key(|(_, name, _)| *name);
        best.is_none_or(|(_, _, column)| *column == guess.column.name)
    });
}

/// The tables of one purpose that a folder has.
#[derive(Clone, Debug)]
pub struct FolderGuess {
    /// The tables that a folder of this purpose may have.
    pub possible: Vec<Table>,
    /// Those found, in the order of tables.
    pub tables: Vec<TableGuess>,
}

/// What a folder is: one of tables for grading, the service folder, or that of a survey, whichever its files match best.
pub fn folder(deliveries: &[Excerpt]) -> FolderGuess {
    let with_customers = |tables: &[Table]| [&[Table::Customers], tables].concat();
    let purposes = [Table::ALL.to_vec(), with_customers(&Table::SERVICE), with_customers(&Table::SURVEY)];
    let mut best = (0, FolderGuess { possible: Table::ALL.to_vec(), tables: Vec::new() });
    for possible in purposes {
        let tables = tables(deliveries, &possible);
        // Every folder may have customers.
        let telling = tables.iter().filter(|guess| guess.table != Table::Customers);
        let score = telling.map(TableGuess::score).sum();
        if score > best.0 {
            best = (score, FolderGuess { possible, tables });
        } else if best.1.tables.is_empty() {
            best.1.tables = tables;
        }
    }
    best.1
}

/// The best delivery for each of the tables, in the order of tables. A delivery is used for one table only.
fn tables(deliveries: &[Excerpt], possible: &[Table]) -> Vec<TableGuess> {
    let mut all: Vec<(usize, TableGuess)> = Vec::new();
    for &table in possible {
        let guesses = deliveries.iter().enumerate().map(|(at, excerpt)| guess(table, at, excerpt));
        all.extend(guesses.map(|guess| (guess.score(), guess)).filter(|(score, guess)| {
            *score >= 6 && guess.columns.iter().any(|found| found.column.name != "customer_id")
        }));
    }
    all.sort_by(|(a, left), (b, right)| b.cmp(a).then(left.table.cmp(&right.table)));
    let mut chosen: Vec<TableGuess> = Vec::new();
    for (_, guess) in all {
        if chosen.iter().all(|taken| taken.table != guess.table && taken.delivery != guess.delivery) {
            chosen.push(guess);
        }
    }
    chosen.sort_by_key(|guess| guess.table);
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::excerpt::ExcerptColumn;
    use super::*;

    fn delivery(path: &str, columns: &[(&str, &[&str])]) -> Excerpt {
        let columns = columns.iter().map(|(name, cells)| ExcerptColumn {
            name: (*name).to_owned(),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        });
        Excerpt { path: path.into(), files: 1, rows: 2, header_row: None, columns: columns.collect() }
    }

    #[test]
    fn deliveries_are_recognised_by_their_columns_whatever_their_names() {
        let folder = folder(&[
            delivery(
                "sheet1.csv",
                &[
                    ("流水号", &["1", "2"]),
                    ("账单编号", &["B1", "B2"]),
                    ("收费日期", &["2025-01-03", "2025-02-03"]),
                    ("实收金额", &["10", "20"]),
                ],
            ),
            delivery(
                "sheet2.csv",
                &[
                    ("户号", &["001", "002"]),
                    ("数据日期", &["2025-01-03", "2025-02-03"]),
                    ("用电量", &["1", "2"]),
                ],
            ),
        ]);
        let found = folder.tables;
        let places: Vec<_> =
            found.iter().map(|guess| (guess.table, guess.delivery, guess.is_sure())).collect();
        assert_eq!(places, [(Table::MeterReadings, 1, true), (Table::Payments, 0, true)]);
        assert!(found.iter().all(|guess| guess.columns.iter().all(ColumnGuess::is_sure)));
    }

    #[test]
    fn energy_is_preferred_to_the_register_and_values_that_do_not_fit_make_a_guess_unsure() {
        let folder = folder(&[delivery(
            "R_DATA_ARC",
            &[
                ("CONS_NO", &["001", "002"]),
                ("BGN_DATE", &["20250101", "soon"]),
                ("THIS_READ", &["46637.87", "1"]),
                ("THIS_READ_PQ", &["1370680.00", "2"]),
            ],
        )]);
        let guess = &folder.tables[0];
        assert_eq!(guess.column("active_kwh").map(|found| found.own), Some(3));
        assert!(!guess.column("read_at").unwrap().is_sure());
        assert!(!guess.is_sure());
    }
}
