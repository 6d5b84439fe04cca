//! The result does not depend on the order of rows, on how they are split into files, or on the number of threads.

use super::*;

/// Numbers that look drawn (splitmix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % end
    }

    fn one_of<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }

    fn shuffled(&mut self, rows: &[String]) -> Vec<String> {
        let mut rows = rows.to_vec();
        for at in (1..rows.len()).rev() {
            rows.swap(at, self.below(at as u64 + 1) as usize);
        }
        rows
    }
}

/// Ids that end in numbers, ids that do not, and both.
fn id(kind: u64, number: u64) -> String {
    match (kind, number % 3) {
        (0, _) | (2, 0) => format!("B{number:04}"),
        (1, _) | (2, 1) => format!("{number}号"),
        _ => format!("{number}"),
    }
}

/// Bills with copies, copies that differ, months outside the window, unreadable cells, unknown customers and reversals.
fn bills(draws: &mut Draws, kind: u64) -> Vec<String> {
    let mut rows = Vec::new();
    for number in 0..60 {
        let customer = draws.one_of(&["a", "a", "b", "b", "new", "nobody"]);
        let month =
            draws.one_of(&["2023-10", "2023-11", "2023-12", "2023-11", "2023-09", "2019-01", "2025-01"]);
        let due = draws.one_of(&["2023-11-25", "2023-12-20", "2024-01-31", "-", "2099-12-31"]);
        let row = match draws.below(6) {
            0 => {
                let named = draws.below(70);
                let reversed = if draws.below(2) == 0 { id(kind, named) } else { "-".into() };
                format!("{}|{customer}|{month}|-{}|-|{reversed}", id(kind, number), 10 + draws.below(3) * 5)
            }
            1 => format!(
                "{}|{customer}|{month}|{}|{due}|-",
                id(kind, number),
                draws.one_of(&["ten", "-", "0"])
            ),
            _ => format!("{}|{customer}|{month}|{}|{due}|-", id(kind, number), 10 + draws.below(3) * 5),
        };
        if draws.below(8) == 0 {
            rows.push(row.clone());
        }
        if draws.below(12) == 0 {
            rows.push(format!("{}|{customer}|{month}|77|2023-12-24|-", id(kind, number)));
        }
        rows.push(row);
    }
    rows
}

/// Payments of bills, of unknown ones and on account, with copies and unreadable cells.
fn payments(draws: &mut Draws, kind: u64) -> Vec<String> {
    let mut rows = Vec::new();
    for number in 0..80 {
        let paid_on =
            draws.one_of(&["2023-10-01", "2023-11-25", "2023-12-31", "2024-01-05", "2019-01-01", "soon"]);
        let bill = if draws.below(5) == 0 { "-".to_owned() } else { id(kind, draws.below(70)) };
        let customer = if bill == "-" { draws.one_of(&["a", "b", "new", "nobody"]) } else { "-" };
        let amount = draws.one_of(&["5", "10", "15", "-5", "20"]);
        rows.push(format!("P{number:03}|{bill}|{customer}|{paid_on}|{amount}"));
        if draws.below(10) == 0 {
            rows.push(rows[rows.len() - 1].clone());
        }
    }
    rows
}

/// A table in a number of files.
fn in_files(source: MemorySource, table: Table, header: &str, rows: &[String], files: usize) -> MemorySource {
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    rows.chunks(rows.len().div_ceil(files)).fold(source, |source, rows| source.rows(table, header, rows))
}

/// What is published of bills and payments, but for the locations of rejected rows.
fn published(bills: &[String], payments: &[String], files: usize, threads: usize) -> String {
    let opened = ["a|other|low_voltage|2000-01-01|false", "b|other|low_voltage|2000-01-01|false"];
    let opened = [opened[0], opened[1], "new|other|low_voltage|2023-11-15|false"];
    let readings = ["a|2023-10-01|10", "a|2023-11-01|20", "b|2023-10-01|1"];
    let source = MemorySource::default().rows(Table::Customers, CUSTOMERS, &opened);
    let source = source.rows(Table::MeterReadings, READINGS, &readings);
    let source = in_files(source, Table::Bills, BILLS, bills, files);
    let source = in_files(source, Table::Payments, ON_ACCOUNT, payments, files);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let billed = pool.install(|| count_all(&source, WINDOW));
    let book = |book: &TableBook| {
        let mut rules: Vec<String> = book.rejects.iter().map(|reject| format!("{:?}", reject.rule)).collect();
        rules.sort();
        format!("{:?} {rules:?} {:?}", book.tally, book.noticed)
    };
    format!("{:?} {} {}", billed.facts, book(&billed.bills), book(&billed.payments))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn neither_order_nor_files_nor_threads_change_anything(seed in any::<u64>(), kind in 0u64..3) {
        let mut draws = Draws(seed);
        let (bills, payments) = (bills(&mut draws, kind), payments(&mut draws, kind));
        let straight = published(&bills, &payments, 1, 1);
        for (files, threads) in [(1, 3), (4, 2), (7, 3)] {
            prop_assert_eq!(&published(&bills, &payments, files, threads), &straight);
            let (bills, payments) = (draws.shuffled(&bills), draws.shuffled(&payments));
            prop_assert_eq!(&published(&bills, &payments, files, threads), &straight);
        }
    }
}
