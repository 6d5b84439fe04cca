//! Writes a survey by the instrument `servqual`: who was asked, and 22 statements answered twice, as expectation and as
//! perception, with the weights of the five dimensions.
//!
//! Larger customers are asked more often. Perception falls short of expectation, most in reliability and responsiveness,
//! and more in the slow branch and for small customers.

use std::path::Path;

use gridtier::contract::Table;
use gridtier::contract::rule::Rule;

use crate::draw::{DrawPurpose, KeyedDraw};
use crate::output::{CsvTableWriter, GHOST_ID, WrittenTable, date_text};
use crate::population::SampleUtility;
use crate::service::{ServiceLevel, ServiceYear};
use crate::{OUT_OF_WINDOW, SampleError};

/// The dimensions of the instrument: id, number of statements, mean of the expectation and of the gap.
const DIMENSIONS: [(&str, usize, f64, f64); 5] = [
    ("tangibles", 4, 5.4, -0.2),
    ("reliability", 5, 6.4, -1.0),
    ("responsiveness", 4, 6.1, -0.9),
    ("assurance", 4, 6.0, -0.4),
    ("empathy", 5, 5.7, -0.6),
];
const ITEMS: usize = 22;

/// Writes `invitations.csv` and `responses.csv`.
pub fn write(dir: &Path, utility: &SampleUtility) -> Result<Vec<WrittenTable>, SampleError> {
    let year = ServiceYear::new(utility);
    let mut invitations = WrittenTable::new(Table::Invitations);
    let mut responses = WrittenTable::new(Table::Responses);
    let mut asked = CsvTableWriter::create(dir, Table::Invitations)?;
    let mut returned = CsvTableWriter::create_with(dir, Table::Responses, &columns())?;
    let end = utility.window.end_day();
    let mut number = 0;
    for customer in 0..year.customers() {
        let mut draw = year.draw(DrawPurpose::Survey, customer, u32::MAX);
        let chance = match year.level(customer) {
            ServiceLevel::High => 0.75,
            ServiceLevel::Middle => 0.32,
            ServiceLevel::Low => 0.18,
        };
        let sent = end - draw.whole(30, 45);
        let is_willing = !year.customer(customer).marketing_opt_out;
        if !year.is_open_on(customer, sent) || !is_willing || !draw.chance(chance) {
            continue;
        }
        asked.write(&[year.customer(customer).id.clone(), date_text(sent)])?;
        if draw.chance(0.62) {
            number += 1;
            let is_named = draw.chance(0.9);
            let id = if is_named { year.customer(customer).id.clone() } else { String::new() };
            let day = date_text(sent + draw.whole(2, 25));
            // The contract has a column for when the system learned of a row, which the sample leaves empty.
            let head = [format!("Q{number:06}"), day, id, String::new()];
            returned.write(&[head.as_slice(), &answers(&year, customer, &mut draw)].concat())?;
        }
    }
    if let Some(customer) = utility.target(9).filter(|_| utility.has_faults()) {
        plant_invitations(&mut asked, &mut invitations, &customer.id, end)?;
        plant_responses(&mut returned, &mut responses, &customer.id, end)?;
    }
    invitations.rows = asked.close()?;
    responses.rows = returned.close()?;
    Ok(vec![invitations, responses])
}

/// The columns of the instrument: expectations, perceptions, weights.
fn columns() -> Vec<String> {
    let of_form = |form: char| (1..=ITEMS).map(move |item| format!("{form}{item}"));
    let weights = DIMENSIONS.iter().map(|(id, ..)| format!("W_{id}"));
    of_form('E').chain(of_form('P')).chain(weights).collect()
}

/// The cells of [`columns`].
fn answers(year: &ServiceYear, customer: u32, draw: &mut KeyedDraw) -> Vec<String> {
    // Some answer all alike, and some leave out much.
    if draw.chance(0.02) {
        let answer = draw.whole(4, 7).to_string();
        return std::iter::repeat_n(answer, 2 * ITEMS).chain(weights(draw)).collect();
    }
    let left_out = draw.pick(&[(94, 0.01), (6, 0.3)]);
    let mood = 0.5 * draw.normal();
    let level_gap = match year.level(customer) {
        _ if year.is_slow(customer) => -0.8,
        ServiceLevel::High => 0.2,
        ServiceLevel::Middle => 0.0,
        ServiceLevel::Low => -0.3,
    };
    let (mut expected, mut perceived) = (Vec::new(), Vec::new());
    for (_, items, mean, gap) in DIMENSIONS {
        let view = 0.4 * draw.normal();
        for _ in 0..items {
            let expectation = mean + 0.3 * mood + 0.6 * draw.normal();
            let perception = mean + gap + level_gap + mood + view + 0.7 * draw.normal();
            for (cells, value) in [(&mut expected, expectation), (&mut perceived, perception)] {
                let answer = (value + 0.5).clamp(1.0, 7.9) as i32;
                cells.push(if draw.chance(left_out) { String::new() } else { answer.to_string() });
            }
        }
    }
    expected.into_iter().chain(perceived).chain(weights(draw)).collect()
}

/// A hundred points, divided among the dimensions in fives; a few do not add up, and some give none.
fn weights(draw: &mut KeyedDraw) -> Vec<String> {
    if draw.chance(0.05) {
        return vec![String::new(); DIMENSIONS.len()];
    }
    let mut points = [15, 30, 20, 20, 15];
    for _ in 0..3 {
        let (from, to) = (draw.whole(0, 4) as usize, draw.whole(0, 4) as usize);
        if points[from] > 5 {
            points[from] -= 5;
            points[to] += 5;
        }
    }
    if draw.chance(0.03) {
        points[0] += 10;
    }
    points.iter().map(i32::to_string).collect()
}

fn plant_invitations(
    file: &mut CsvTableWriter,
    written: &mut WrittenTable,
    id: &str,
    end: i32,
) -> Result<(), SampleError> {
    let [inside, after] = [end - 40, end + 5].map(date_text);
    file.plant(written, Rule::Orphan.code(), &[GHOST_ID, &inside])?;
    file.plant(written, Rule::BadDate.code(), &[id, "2025-11-31"])?;
    file.plant(written, Rule::NullKey.code(), &["", &inside])?;
    file.plant(written, OUT_OF_WINDOW, &["0599000002", &after])
}

fn plant_responses(
    file: &mut CsvTableWriter,
    written: &mut WrittenTable,
    id: &str,
    end: i32,
) -> Result<(), SampleError> {
    let [inside, after] = [end - 20, end + 5].map(date_text);
    let rows = [
        (Rule::Orphan.code(), "Q900001", inside.as_str(), GHOST_ID, "5"),
        (Rule::BadDate.code(), "Q900002", "2025-11-31", id, "5"),
        (Rule::NullKey.code(), "", &inside, id, "5"),
        (OUT_OF_WINDOW, "Q900003", &after, id, "5"),
        // An answer beyond the scale is missing; the row is counted.
        (Rule::OutOfScale.code(), "Q900004", &inside, id, "9"),
    ];
    for (rule, number, day, customer, first) in rows {
        let answers = (1..2 * ITEMS).map(|item| (4 + item % 3).to_string());
        let weights = [20; DIMENSIONS.len()].map(|weight| weight.to_string());
        let head = [number, day, customer, "", first].map(str::to_owned);
        let row: Vec<String> = head.into_iter().chain(answers).chain(weights).collect();
        file.plant(written, rule, &row.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}
