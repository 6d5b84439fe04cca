//! Colours, patterns, dashes and marks: told apart in print without colour, and by whoever sees fewer colours.

/// Ink of text and axes.
pub(super) const INK: &str = "#222222";
/// Ink of what is less important.
pub(super) const FAINT: &str = "#5a5a5a";
/// Lines behind the data.
pub(super) const GRID: &str = "#dddddd";

/// How an area is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    /// The colour.
    pub colour: &'static str,
    /// Whether it is hatched, and in which colour.
    pub hatch: Option<&'static str>,
    /// Whether text in it is white.
    pub is_dark: bool,
}

/// Fills of series. Their lightness differs, and the two that come close are told apart by hatching.
pub(super) const SERIES: [Paint; 6] = [
    Paint { colour: "#12406b", hatch: None, is_dark: true },
    Paint { colour: "#e98b46", hatch: Some("#8a4a16"), is_dark: false },
    Paint { colour: "#86bce0", hatch: None, is_dark: false },
    Paint { colour: "#e6e6e6", hatch: Some("#8a8a8a"), is_dark: false },
    Paint { colour: "#6a6a6a", hatch: None, is_dark: true },
    Paint { colour: "#f6dd94", hatch: None, is_dark: false },
];
/// What adds, and what rises.
pub(super) const UP: Paint = SERIES[0];
/// What takes off, and what falls.
pub(super) const DOWN: Paint = SERIES[1];
/// Sums.
pub(super) const SUM: Paint = SERIES[4];
/// What does not change.
pub(super) const SAME: Paint = Paint { colour: "#c9c9c9", hatch: None, is_dark: false };
/// What comes from elsewhere or goes there.
pub(super) const IN_OR_OUT: Paint = SERIES[2];
/// What is not known.
pub(super) const UNKNOWN: Paint = Paint { colour: "#ffffff", hatch: Some("#bbbbbb"), is_dark: false };

/// Colours of lines, dark enough to be seen on white.
const LINES: [&str; 6] = ["#12406b", "#c2601c", "#3f8fc4", "#6a6a6a", "#222222", "#8a6d00"];
/// Dashes of lines.
const DASHES: [&str; 6] = ["", "7 3", "2 2", "9 3 2 3", "4 4", "1 3"];

/// The fill of a series.
pub(super) fn series(at: usize) -> Paint {
    SERIES[at % SERIES.len()]
}

/// The colour of the line of a series.
pub(super) fn line(at: usize) -> &'static str {
    LINES[at % LINES.len()]
}

/// The dashes of the line of a series.
pub(super) fn dashes(at: usize) -> &'static str {
    DASHES[at % DASHES.len()]
}

/// A shade from white, 0, to the darkest, 1.
pub(super) fn shade(share: f64, is_negative: bool) -> String {
    let share = share.clamp(0.0, 1.0);
    let dark = if is_negative { [0xc2, 0x60, 0x1c] } else { [0x12, 0x40, 0x6b] };
    let mixed = dark.map(|dark| (255.0 - share * (255.0 - f64::from(dark))).round() as u8);
    format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
}
