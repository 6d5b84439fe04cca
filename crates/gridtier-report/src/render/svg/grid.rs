//! Heat maps: numbers by row and column as shades. Numbers that fit are written into their cells.

use crate::chart::{HeatMap, HeatScale};
use crate::format::DASH;
use gridtier::index::float;
use gridtier::text::Text;

use super::canvas::{Anchor, Area, Canvas, Ink};
use super::paint::{INK, UNKNOWN, shade};
use super::rows::ROWS_MAX;
use super::scale::{range, shown};
use super::text_width::{text_width, wrapped};
use super::{LEADING, MARGIN, SIZE, SMALL};

/// Maximum number of columns that are drawn.
const COLUMNS_MAX: usize = 24;
/// Least height of a cell.
const CELL: f64 = 26.0;
/// Share of the width that the names of rows may take.
const NAMES_SHARE: f64 = 0.34;
/// Maximum number of lines in the name of a column, and in that of a row.
const HEAD_LINES: usize = 3;
const NAME_LINES: usize = 4;
/// Height that the name of a column may take where it is written from bottom to top, and the least width of a column
/// that has such a name.
const STANDING: f64 = 120.0;
const STANDING_WIDTH: f64 = 12.0;
/// Text on this shade and on darker ones is white.
const DARK_FROM: f64 = 0.55;

pub(super) fn heat_map(canvas: &mut Canvas, map: &HeatMap) {
    let (rows, columns) = (map.rows.len().min(ROWS_MAX), map.columns.len().min(COLUMNS_MAX));
    let cells = map.values.iter().take(rows).flat_map(|row| row.iter().take(columns)).flatten();
    let Some(all) = range(cells.copied()) else { return canvas.nothing() };
    legend(canvas, map, all);
    let names: Vec<String> = map.rows[..rows].iter().map(|name| canvas.words(name)).collect();
    let row_title = canvas.words(&map.row_title);
    let widest = names.iter().chain([&row_title]).map(|name| text_width(name, SIZE)).fold(0.0, f64::max);
    let room = widest.min(NAMES_SHARE * canvas.width);
    let left = MARGIN + room + 8.0;
    let width = (canvas.width - MARGIN - left) / float(columns);
    heads(canvas, map, (left, width, columns));
    let lines = names.iter().map(|name| wrapped(name, SMALL, room, NAME_LINES).0.len()).max().unwrap_or(1);
    let height = CELL.max(SMALL * LEADING * float(lines) + 4.0);
    for (at, name) in names.iter().enumerate() {
        let top = canvas.top + height * float(at);
        let middle = [left - 8.0, top + height / 2.0];
        canvas.paragraph(middle, Anchor::End, name, (room, NAME_LINES), Ink { size: SMALL, ..Ink::PLAIN });
        let row_range = range(map.values[at].iter().flatten().copied()).unwrap_or(all);
        for column in 0..columns {
            let x = left + width * float(column);
            let area = Area { left: x, top, right: x + width, bottom: top + height };
            let value = map.values[at].get(column).copied().flatten();
            let hint = format!("{name}, {}", canvas.words(&map.columns[column]));
            let share = value.map(|value| share(value, map.scale, all, row_range));
            cell(canvas, area, (value, share), map, &hint);
        }
    }
    canvas.top += height * float(rows);
    canvas.more_rows(map.rows.len() - rows);
}

/// How dark a value is, from 0 to 1.
fn share(value: f64, scale: HeatScale, all: [f64; 2], row: [f64; 2]) -> f64 {
    match scale {
        HeatScale::All => value.abs() / all[0].abs().max(all[1].abs()).max(f64::MIN_POSITIVE),
        HeatScale::Row if row[1] > row[0] => (value - row[0]) / (row[1] - row[0]),
        HeatScale::Row => 0.0,
    }
}

fn cell(
    canvas: &mut Canvas,
    area: Area,
    (value, share): (Option<f64>, Option<f64>),
    map: &HeatMap,
    hint: &str,
) {
    let middle = [(area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0 + 4.0];
    let (Some(value), Some(share)) = (value, share) else {
        return canvas.area(area, UNKNOWN, Some(&format!("{hint}: {DASH}")));
    };
    let label = shown(value, map.format, canvas.voice);
    let is_negative = value < 0.0 && map.scale == HeatScale::All;
    canvas.shade(area, &shade(0.95 * share, is_negative), Some(&format!("{hint}: {label}")));
    let colour = if share > DARK_FROM { "#ffffff" } else { INK };
    let room = area.right - area.left - 4.0;
    canvas.label_if_free(middle, Anchor::Middle, &label, room, Ink { colour, ..Ink::SMALL });
}

/// Draws the names of the columns, as high as the highest one needs. Where a name does not fit above its column, as on a
/// phone, all are written from bottom to top.
fn heads(canvas: &mut Canvas, map: &HeatMap, (left, width, columns): (f64, f64, usize)) {
    let title = canvas.words(&map.column_title);
    if !title.is_empty() {
        let middle = [left + width * float(columns) / 2.0, canvas.top + 12.0];
        canvas.label(middle, Anchor::Middle, &title, width * float(columns), Ink::SMALL);
        canvas.top += 16.0;
    }
    let names: Vec<String> = map.columns[..columns].iter().map(|name| canvas.words(name)).collect();
    // Of a narrow column, a number has nearly all of the width.
    let room = (width - 6.0).max(0.8 * width);
    let lying: Vec<_> = names.iter().map(|name| wrapped(name, SMALL, room, HEAD_LINES)).collect();
    let is_standing = width >= STANDING_WIDTH && lying.iter().any(|(_, is_whole)| !is_whole);
    let height = match is_standing {
        true => names.iter().map(|name| text_width(name, SMALL)).fold(0.0, f64::max).min(STANDING),
        false => SMALL * LEADING * float(lying.iter().map(|(lines, _)| lines.len()).max().unwrap_or(1)),
    };
    let height = height + 8.0;
    let ink = Ink { colour: INK, ..Ink::SMALL };
    for (at, name) in names.iter().enumerate() {
        let x = left + width * (float(at) + 0.5);
        match is_standing {
            true => canvas.standing_label([x, canvas.top + height - 4.0], name, STANDING, ink),
            false => canvas.paragraph(
                [x, canvas.top + height / 2.0],
                Anchor::Middle,
                name,
                (room, HEAD_LINES),
                ink,
            ),
        }
    }
    let row_title = canvas.words(&map.row_title);
    let middle = [left - 8.0, canvas.top + height / 2.0];
    canvas.paragraph(middle, Anchor::End, &row_title, (left - 8.0 - MARGIN, HEAD_LINES), Ink::SMALL);
    canvas.top += height;
}

/// Draws the legend, which says what the shades mean.
fn legend(canvas: &mut Canvas, map: &HeatMap, [least, greatest]: [f64; 2]) {
    let [low, high] = match map.scale {
        HeatScale::All => {
            [0.0, least.abs().max(greatest)].map(|value| shown(value, map.format, canvas.voice))
        }
        HeatScale::Row => {
            [Text::new("least of the row", "行内最小"), Text::new("greatest of the row", "行内最大")]
                .map(|text| canvas.words(&text))
        }
    };
    let baseline = canvas.top + 12.0;
    canvas.label([MARGIN, baseline], Anchor::Start, &low, canvas.width / 3.0, Ink::SMALL);
    let mut x = MARGIN + text_width(&low, SMALL).min(canvas.width / 3.0) + 8.0;
    for share in [0.0, 0.25, 0.5, 0.75, 0.95] {
        let area = Area { left: x, top: baseline - 10.0, right: x + 18.0, bottom: baseline + 2.0 };
        canvas.shade(area, &shade(share, false), None);
        x += 18.0;
    }
    canvas.label([x + 8.0, baseline], Anchor::Start, &high, canvas.width / 3.0, Ink::SMALL);
    canvas.top += 24.0;
}
