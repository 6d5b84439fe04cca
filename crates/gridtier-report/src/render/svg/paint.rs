//! Colours, patterns, dashes and marks. They can be told apart when printed without colour, and by people with colour
//! blindness.

/// Colour of text and axes.
pub(super) const INK: &str = "#222222";
/// Colour of less important text and lines.
pub(super) const FAINT: &str = "#5a5a5a";
/// Colour of lines behind the data.
pub(super) const GRID: &str = "#dddddd";

/// The fill of an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    /// The colour.
    pub colour: &'static str,
    /// The colour of its hatching; `None` if it is not hatched.
    pub hatch: Option<&'static str>,
    /// Whether text on it is white.
    pub is_dark: bool,
}

/// Fills of series. They differ in lightness; two whose lightness is similar differ by hatching.
pub(super) const SERIES: [Paint; 6] = [
    Paint { colour: "#12406b", hatch: None, is_dark: true },
    Paint { colour: "#e98b46", hatch: Some("#8a4a16"), is_dark: false },
    Paint { colour: "#86bce0", hatch: None, is_dark: false },
    Paint { colour: "#e6e6e6", hatch: Some("#8a8a8a"), is_dark: false },
    Paint { colour: "#6a6a6a", hatch: None, is_dark: true },
    Paint { colour: "#f6dd94", hatch: None, is_dark: false },
];
/// Fill of increases and rises.
pub(super) const UP: Paint = SERIES[0];
/// Fill of decreases and falls.
pub(super) const DOWN: Paint = SERIES[1];
/// Fill of sums.
pub(super) const SUM: Paint = SERIES[4];
/// Fill of what does not change.
pub(super) const SAME: Paint = Paint { colour: "#c9c9c9", hatch: None, is_dark: false };
/// Fill of customers that join or leave.
pub(super) const IN_OR_OUT: Paint = SERIES[2];
/// Fill of unknown values.
pub(super) const UNKNOWN: Paint = Paint { colour: "#ffffff", hatch: Some("#bbbbbb"), is_dark: false };

/// Colours of lines, dark enough to be visible on white.
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

/// The shade for a share from 0, white, to 1, the darkest.
pub(super) fn shade(share: f64, is_negative: bool) -> String {
    let share = share.clamp(0.0, 1.0);
    let dark = if is_negative { [0xc2, 0x60, 0x1c] } else { [0x12, 0x40, 0x6b] };
    let mixed = dark.map(|dark| (255.0 - share * (255.0 - f64::from(dark))).round() as u8);
    format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
}
