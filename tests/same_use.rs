//! Equal use of energy gives equal results, however the energy is read, billed and delivered.

use rust_xlsxwriter::Workbook;

use crate::support::Published;
use crate::utility::{BILLS, CUSTOMERS, Draws, READINGS, Utility};

/// The days from 2022-10-01 to 2026-03-31, and the number of each month's first day among them.
struct Calendar {
    days: Vec<String>,
    months: Vec<usize>,
}

/// Months before January 2023 in the calendar.
const BEFORE: usize = 3;
/// Months of the window.
const WINDOW: usize = 36;

impl Calendar {
    fn new() -> Self {
        let (mut days, mut months) = (Vec::new(), Vec::new());
        for month in 0..BEFORE + WINDOW + 3 {
            let (year, month) = (2022 + (month + 9) / 12, (month + 9) % 12 + 1);
            let length = match month {
                2 if year % 4 == 0 => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            months.push(days.len());
            days.extend((1..=length).map(|day| format!("{year}-{month:02}-{day:02}")));
        }
        Self { days, months }
    }

    /// The days of the window.
    fn window(&self) -> std::ops::Range<usize> {
        self.months[BEFORE]..self.months[BEFORE + WINDOW]
    }

    /// The periods between the visits of a meter reader who comes every `every` months, first in month `from` of the
    /// window. They reach from before the window to its end or beyond.
    fn periods(&self, every: usize, from: usize, day: usize) -> Vec<(usize, usize)> {
        let first = BEFORE + from - if from > 0 || day > 1 { every } else { 0 };
        let starts: Vec<usize> =
            (first..self.months.len()).step_by(every).map(|month| self.months[month] + day - 1).collect();
        let pairs = starts.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.filter(|(start, _)| *start < self.window().end).collect()
    }
}

/// What a customer uses and pays.
#[derive(Clone, Copy)]
struct Daily {
    /// kWh a day, by year from 2022.
    years: [u64; 5],
    /// Additional kWh a day: once, twice and three times this in successive months.
    season: u64,
    /// fen per kWh.
    price: u64,
}

fn kwh(calendar: &Calendar, daily: &Daily, from: usize, to: usize) -> u64 {
    let of_day = |day: &String| {
        let [year, month] = [&day[..4], &day[5..7]].map(|digits| digits.parse::<usize>().unwrap());
        daily.years[year - 2022] + daily.season * (month % 4) as u64
    };
    calendar.days[from..to].iter().map(of_day).sum()
}

/// How the energy of the customer under test is read.
#[derive(Clone, Copy)]
enum Reading {
    /// The energy since the last reading. The numbers are the months between readings, and the first month of the window
    /// that has a reading.
    Every(usize, usize),
    /// The energy of each day.
    Daily,
    /// The counter. The numbers are the months between readings, the first month that has one, and the day of the month.
    Register(usize, usize, usize),
    /// The energy between two instants that are both delivered: the same three numbers.
    Interval(usize, usize, usize),
}

const ID: &str = "0005";

/// The table and the rows of the customer's readings, with their header.
fn rows(calendar: &Calendar, daily: &Daily, reading: Reading) -> (&'static str, Vec<Vec<String>>) {
    let day = |at: usize| calendar.days[at].clone();
    let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let row =
        |from: usize, to: usize| cells(&[ID, "M5", &day(from), &kwh(calendar, daily, from, to).to_string()]);
    let header = ["customer_id", "meter_id", "read_at"];
    match reading {
        Reading::Daily => {
            let rows = calendar.window().map(|at| row(at, at + 1));
            let header = cells(&[&header[..], &["active_kwh"]].concat());
            ("meter_readings", std::iter::once(header).chain(rows).collect())
        }
        Reading::Every(every, from) => {
            let rows = calendar.periods(every, from, 1).into_iter().map(|(from, to)| row(from, to));
            let header = cells(&[&header[..], &["active_kwh"]].concat());
            ("meter_readings", std::iter::once(header).chain(rows).collect())
        }
        Reading::Interval(every, from, on) => {
            let periods = calendar.periods(every, from, on).into_iter();
            let rows = periods.map(|(from, to)| [row(from, to), vec![day(to)]].concat());
            let header = cells(&[&header[..], &["active_kwh", "read_until"]].concat());
            ("meter_readings", std::iter::once(header).chain(rows).collect())
        }
        Reading::Register(every, from, on) => {
            let periods = calendar.periods(every, from, on);
            let instants = periods.iter().map(|(start, _)| *start).chain(periods.last().map(|(_, end)| *end));
            let first = periods[0].0;
            let rows = instants.map(|at| {
                cells(&[ID, "M5", &day(at), &(90_000 + kwh(calendar, daily, first, at)).to_string()])
            });
            let header = cells(&[&header[..], &["register_kwh"]].concat());
            ("register_readings", std::iter::once(header).chain(rows).collect())
        }
    }
}

/// In which files the readings come.
#[derive(Clone, Copy)]
enum Files {
    One,
    EachYear,
    Workbook,
}

fn deliver(utility: Utility, table: &str, rows: &[Vec<String>], files: Files) -> Utility {
    let text = |rows: &[&Vec<String>]| rows.iter().map(|row| row.join(",") + "\n").collect::<String>();
    match files {
        Files::One => utility.and(&format!("{table}/one.csv"), text(&rows.iter().collect::<Vec<_>>())),
        Files::EachYear => (2022..=2026).fold(utility, |utility, year: u32| {
            let of_year = rows.iter().skip(1).filter(|row| row[2].starts_with(&year.to_string()));
            let of_year: Vec<_> = rows.first().into_iter().chain(of_year).collect();
            utility.and(&format!("{table}/{year}.csv"), text(&of_year))
        }),
        Files::Workbook => {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            for (at, row) in (0..).zip(rows) {
                for (column, cell) in (0..).zip(row) {
                    match cell.parse::<f64>() {
                        Ok(number) if column > 2 => drop(sheet.write_number(at, column, number).unwrap()),
                        _ => drop(sheet.write_string(at, column, cell).unwrap()),
                    }
                }
            }
            utility.and(&format!("{table}/book.xlsx"), book.save_to_buffer().unwrap())
        }
    }
}

/// Bills every `every` months, each for the months since the bill before it.
fn bills(calendar: &Calendar, id: &str, daily: &Daily, every: usize, from: usize) -> String {
    let periods = calendar.periods(every, from, 1).into_iter();
    let bill = |(from, to): (usize, usize)| {
        let fen = kwh(calendar, daily, from, to) * daily.price;
        let month = &calendar.days[to - 1][..7];
        format!("{id}-{month},{id},{month},{}.{:02},{month}-28,\n", fen / 100, fen % 100)
    };
    periods.map(bill).collect()
}

/// Annual energy and revenue, average price and growth of the customer, and everybody's tier.
#[derive(Debug, PartialEq)]
struct Outcome {
    numbers: [f64; 4],
    tiers: Vec<Option<String>>,
}

fn outcome(everybody: &[(String, Daily)], reading: Reading, billed: (usize, usize), files: Files) -> Outcome {
    let calendar = Calendar::new();
    let (mut customers, mut readings, mut all_bills) =
        (CUSTOMERS.to_owned(), READINGS.to_owned(), BILLS.to_owned());
    let mut own = None;
    for (id, daily) in everybody {
        customers += &format!("{id},commercial_industrial,low_voltage,2010-01-01,false\n");
        let (every, from) = if id == ID { billed } else { (1, 0) };
        all_bills += &bills(&calendar, id, daily, every, from);
        if id == ID {
            own = Some(rows(&calendar, daily, reading));
            continue;
        }
        for (from, to) in calendar.periods(1, 0, 1) {
            readings += &format!("{id},M,{},{},,\n", calendar.days[from], kwh(&calendar, daily, from, to));
        }
    }
    let utility = Utility::empty()
        .and("customers.csv", customers)
        .and("bills.csv", all_bills)
        .and("meter_readings/others.csv", readings);
    let (table, rows) = own.unwrap();
    let utility = deliver(utility, table, &rows, files);
    let cycle = utility.published(&[]);
    let indicators = Published::read(&cycle.join("indicators.parquet"));
    let at = indicators.texts("customer_id").iter().position(|id| id.as_deref() == Some(ID)).unwrap();
    let number = |name| indicators.numbers(name)[at].unwrap_or_else(|| panic!("{name} is unknown"));
    Outcome {
        numbers: ["annual_energy", "annual_revenue", "average_price", "energy_growth"].map(number),
        tiers: utility.table("tiers").texts("tier"),
    }
}

/// Ten customers of very different size; the customer under test is in the middle. With `growth`, their daily use changes
/// from year to year and with the months.
fn everybody(draws: &mut Draws, growth: bool) -> Vec<(String, Daily)> {
    (1..=10)
        .map(|at: usize| {
            let usual = (at * 100 + draws.below(20)) as u64;
            let (step, season) = if growth { (draws.below(9) as u64, 7) } else { (0, 0) };
            let years = [0, 0, 1, 2, 2].map(|year| usual + year * step);
            (format!("{at:04}"), Daily { years, season, price: 50 + 3 * at as u64 })
        })
        .collect()
}

#[test]
fn use_that_is_spread_exactly_gives_the_same_numbers_and_tiers() {
    use Reading::{Daily, Every, Interval, Register};
    let monthly = (1, 0);
    let forms = [
        (Daily, monthly, Files::One),
        (Daily, (2, 0), Files::EachYear),
        (Every(1, 0), monthly, Files::Workbook),
        (Every(2, 0), (2, 0), Files::One),
        (Every(3, 0), monthly, Files::Workbook),
        (Every(3, 0), (3, 0), Files::EachYear),
        (Register(1, 0, 1), monthly, Files::One),
        (Register(3, 0, 1), (2, 0), Files::Workbook),
        (Interval(1, 0, 1), (3, 0), Files::EachYear),
        (Interval(2, 0, 1), monthly, Files::Workbook),
    ];
    for seed in 0..2 {
        let everybody = everybody(&mut Draws(seed), true);
        let expected = outcome(&everybody, Every(1, 0), monthly, Files::One);
        for (form, (reading, billed, files)) in forms.into_iter().enumerate() {
            assert_eq!(outcome(&everybody, reading, billed, files), expected, "seed {seed}, form {form}");
        }
    }
}

#[test]
fn use_that_is_read_or_billed_across_the_ends_of_years_differs_by_less_than_a_day() {
    use Reading::{Every, Interval, Register};
    let forms = [
        (Every(2, 1), (1, 0), Files::One),
        (Every(3, 1), (3, 2), Files::EachYear),
        (Every(3, 2), (2, 1), Files::Workbook),
        (Register(1, 0, 15), (3, 1), Files::One),
        (Register(2, 1, 20), (2, 1), Files::Workbook),
        (Interval(3, 1, 11), (2, 0), Files::EachYear),
    ];
    for seed in 2..4 {
        let everybody = everybody(&mut Draws(seed), false);
        let expected = outcome(&everybody, Every(1, 0), (1, 0), Files::One);
        for (form, (reading, billed, files)) in forms.into_iter().enumerate() {
            let found = outcome(&everybody, reading, billed, files);
            let near = |at: usize, of: f64| (found.numbers[at] - expected.numbers[at]).abs() <= of;
            let [energy, revenue, price, _] = expected.numbers;
            // A bill may be for months before the window's first covered month, which the price then lacks: up to two.
            let are_near = near(0, energy / 365.0)
                && near(1, revenue / 365.0)
                && near(2, price * 2.0 / 34.0)
                && near(3, 1.0 / 365.0);
            assert!(
                are_near && found.tiers == expected.tiers,
                "seed {seed}, form {form}: {found:?}, {expected:?}"
            );
        }
    }
}

#[test]
fn a_run_of_equal_gaps_among_irregular_ones_is_spread_as_by_hand() {
    // The gaps are 1, 2, 2, four times 3, 1, 4 and 3 months. The four equal gaps span a year, so their energy is spread
    // over June 2023 to May 2024, as if each day had a reading. June and July 2024 have one reading each and are not
    // covered, because the three months before them have about thirty. The months of early 2023 have enough neighbours
    // like themselves, and the last two months have no neighbours.
    let alone = ["2023-01", "2023-02", "2023-04", "2024-06", "2024-07", "2024-11", "2025-02"];
    let spread = [("2023-06", 920), ("2023-09", 910), ("2023-12", 910), ("2024-03", 920)];
    let rows = alone.map(|month| (month, 100)).into_iter().chain(spread);
    let readings: String = rows.map(|(month, kwh)| format!("0001,M1,{month}-01,{kwh},,\n")).collect();
    let utility = Utility::small().and("meter_readings.csv", format!("{READINGS}{readings}"));
    assert_eq!(utility.checked().finding("meter_readings", "sparse_cadence"), 1);
    utility.published(&[]);
    let annual = utility.table("indicators").numbers("annual_energy")[0].unwrap();
    let covered = 3.0 + 12.0 + 2.0;
    assert!((annual - 12.0 * (3.0 * 100.0 + 3_660.0 + 2.0 * 100.0) / covered).abs() < 1e-6, "{annual}");
}
