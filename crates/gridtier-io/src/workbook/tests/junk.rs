//! Workbooks that are damaged although the checksums of their archive are right, or that are made to take all memory.
//! Each is read, or refused by name, within 5 s.

use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zip::ZipArchive;

use super::forge;
use crate::test_folder::{TestFolder, readings};

/// Reads a workbook, and asks that a refusal names the file and says what to do.
fn survives(name: &str, bytes: Vec<u8>) -> Result<usize, String> {
    let begun = Instant::now();
    let read = readings(&TestFolder::with(name, bytes));
    assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {:?}", begun.elapsed());
    if let Err(refusal) = &read {
        assert!(refusal.starts_with(&format!("table meter_readings: {name}: ")), "{refusal}");
        assert!(refusal.contains("what to do: "), "{refusal}");
    }
    read.map(|rows| rows.len())
}

/// The parts of a workbook.
fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |at| {
        let mut part = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        (part.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(part).collect()
}

/// Flips bits, cuts off the end, leaves a piece out or doubles one.
fn damage(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let mut below = |end: usize| random.next_u32() as usize % end.max(1);
    match below(6) {
        0 => bytes.truncate(below(bytes.len())),
        1 => {
            let start = below(bytes.len());
            bytes.drain(start..(start + below(40)).min(bytes.len()));
        }
        2 => {
            let start = below(bytes.len());
            let piece = bytes[start..(start + below(40)).min(bytes.len())].to_vec();
            bytes.splice(start..start, piece);
        }
        _ => {
            for _ in 0..=below(4) {
                let at = below(bytes.len());
                bytes[at] ^= 1 << below(8);
            }
        }
    }
}

#[test]
fn damage_inside_a_workbook_is_read_or_refused_by_name() {
    const CASES: usize = 150;
    let sheet = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>customer_id</t></is></c><c r=\"B1\" t=\"inlineStr\"><is>\
                 <t>read_at</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>active_kwh</t></is></c></row><row r=\"2\"><c \
                 r=\"A2\" t=\"inlineStr\"><is><t>a</t></is></c><c r=\"B2\" s=\"1\"><v>45658</v></c><c r=\"C2\"><v>1.5</v>\
                 </c></row>";
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for (name, sound) in [
        ("meter_readings.xlsx", forge::xlsx(sheet)),
        ("meter_readings.ods", forge::ods()),
        ("meter_readings.xlsb", forge::xlsb()),
        ("meter_readings.xls", forge::xls(&forge::XLS_READINGS)),
    ] {
        assert!(survives(name, sound.clone()).is_ok_and(|rows| rows > 0), "{name}");
        let (mut read, mut refused) = (0, 0);
        for _ in 0..CASES {
            let damaged = if name.ends_with("xls") {
                let mut bytes = sound.clone();
                damage(&mut bytes, &mut random);
                bytes
            } else {
                let mut parts = parts(&sound);
                let at = random.next_u32() as usize % parts.len();
                damage(&mut parts[at].1, &mut random);
                let parts: Vec<(&str, Vec<u8>)> =
                    parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
                forge::archive_of(&parts)
            };
            *(if survives(name, damaged).is_ok() { &mut read } else { &mut refused }) += 1;
        }
        assert!(read > 5 && refused > 5, "{name}: {read} read, {refused} refused");
    }
}

#[test]
fn what_would_take_all_memory_or_all_day_is_refused() {
    let attributes: String = (0..50_000).map(|at| format!(" a{at}=\"\"")).collect();
    let spaces: String = (0..50_000).map(|at| format!(" xmlns:n{at}=\"u{at}\"")).collect();
    let text = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>";
    let mut random = ChaCha8Rng::seed_from_u64(12);
    // Text that does not pack well.
    let long: String = (0..6 << 20).map(|_| char::from(b'a' + (random.next_u32() % 26) as u8)).collect();
    for (what, bytes) in [
        ("packed 100 to 1", forge::xlsx(&" ".repeat(4 << 20))),
        ("a tag of 50,000 attributes", forge::xlsx(&format!("<row{attributes}/>"))),
        ("50,000 names of spaces", forge::xlsx(&format!("<row{spaces}/>"))),
        ("20,000 tags in one another", forge::xlsx(&"<a>".repeat(20_000))),
        ("a text of 6 MiB", forge::xlsx(&format!("{text}{long}</t></is></c></row>"))),
        (
            "a cell in the last column and row",
            forge::xlsx("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"),
        ),
    ] {
        assert!(survives("meter_readings.xlsx", bytes).is_err(), "{what}");
    }
}
