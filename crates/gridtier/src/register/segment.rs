//! The readings of one meter in the order of time: segments, the energy between readings, and readings that cannot be
//! right.

use super::{Fate, RegisterRow, capacity};
use crate::contract::rule::Rule;
use crate::contract::{READING_KWH_MAX, RegisterKind};
use crate::meter::DaySpan;

/// Most energy in a day, in Wh or varh: the same bound as that of a reading.
const DAY_WH_MAX: i128 = READING_KWH_MAX as i128 * 1_000;

/// The energy between two neighbouring kept rows of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    /// Positions of the rows at its beginning and end.
    pub from: usize,
    pub to: usize,
    pub span: DaySpan,
    pub active_wh: i64,
    pub reactive_varh: Option<i64>,
    /// Whether the reactive register fell, so that the interval has no reactive energy.
    pub reactive_fell: bool,
}

/// The rows of one meter and the intervals between them.
pub(super) struct MeterRows {
    pub intervals: Vec<Interval>,
    /// The kept rows of the segment that is not closed yet.
    segment: Vec<usize>,
    is_removed: bool,
}

impl MeterRows {
    /// Goes through the rows of a meter, which are sorted, and rejects those that cannot be right.
    pub fn follow(rows: &mut [RegisterRow]) -> Self {
        let mut meter = Self { intervals: Vec::new(), segment: Vec::new(), is_removed: false };
        let order: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].fate == Fate::Kept).collect();
        for (position, &row) in order.iter().enumerate() {
            meter.take(rows, row, order.get(position + 1).copied());
        }
        meter
    }

    fn take(&mut self, rows: &mut [RegisterRow], row: usize, next: Option<usize>) {
        let kind = rows[row].kind;
        if kind == RegisterKind::Installed {
            self.segment = vec![row];
            self.is_removed = false;
            return;
        }
        if self.is_removed {
            rows[row].fate = Fate::Rejected(Rule::AfterRemoval);
            return;
        }
        let next = next
            .filter(|&next| kind != RegisterKind::Removed && rows[next].kind != RegisterKind::Installed)
            .map(|next| rows[next].active_wh);
        match self.judge(rows, row, next) {
            Ok(()) => self.is_removed = kind == RegisterKind::Removed,
            Err(rule) => rows[row].fate = Fate::Rejected(rule),
        }
    }

    /// Adds a row to the segment, or returns the rule by which it cannot be right. If instead the row before cannot be
    /// right, that row is rejected. `next_wh` is what the register shows in the row that follows in the segment.
    fn judge(&mut self, rows: &mut [RegisterRow], row: usize, next_wh: Option<i64>) -> Result<(), Rule> {
        let Some(&last) = self.segment.last() else {
            self.segment.push(row);
            return Ok(());
        };
        let (before, now) = (rows[last], rows[row]);
        if advance(&before, &now, before.active_wh, now.active_wh).is_some() {
            return self.extend(rows, last, row);
        }
        let earlier = self.segment.len().checked_sub(2).map(|position| self.segment[position]);
        let fits_earlier = earlier.is_none_or(|earlier| rows[earlier].active_wh <= now.active_wh);
        let was_estimated = before.is_estimated && !now.is_estimated;
        let is_confirmed = next_wh.is_some_and(|next| (now.active_wh..before.active_wh).contains(&next));
        if !(fits_earlier && (was_estimated || is_confirmed)) {
            return Err(Rule::RegisterDecrease);
        }
        rows[last].fate = Fate::Rejected(Rule::RegisterDecrease);
        self.segment.pop();
        match earlier {
            None => {
                self.segment.push(row);
                Ok(())
            }
            Some(earlier) => {
                self.intervals.pop();
                self.extend(rows, earlier, row)
            }
        }
    }

    /// Adds the interval from the last kept row to the next one.
    fn extend(&mut self, rows: &[RegisterRow], from: usize, to: usize) -> Result<(), Rule> {
        let (a, b) = (&rows[from], &rows[to]);
        if a.multiplier != b.multiplier {
            return Err(Rule::MultiplierChanged);
        }
        let span = DaySpan::between(a.time_us, b.time_us);
        let energy = |delta: i64| {
            let energy = (i128::from(delta) * i128::from(b.multiplier) + 500) / 1_000;
            i64::try_from(energy)
                .ok()
                .filter(|_| energy <= DAY_WH_MAX * i128::from(span.days))
                .ok_or(Rule::OutOfBounds)
        };
        let delta = advance(a, b, a.active_wh, b.active_wh).ok_or(Rule::RegisterDecrease)?;
        let active_wh = energy(delta)?;
        let (mut reactive_varh, mut reactive_fell) = (None, false);
        if let (Some(before), Some(now)) = (a.reactive_varh, b.reactive_varh) {
            match advance(a, b, before, now) {
                Some(delta) => reactive_varh = Some(energy(delta)?),
                None => reactive_fell = true,
            }
        }
        self.intervals.push(Interval { from, to, span, active_wh, reactive_varh, reactive_fell });
        self.segment.push(to);
        Ok(())
    }
}

/// How far a register has moved from one row to the next, past its end if it began again at 0; `None` if it fell. It is
/// taken to have begun again if the move is then at most half of what its digits can show.
fn advance(a: &RegisterRow, b: &RegisterRow, before: i64, now: i64) -> Option<i64> {
    if now >= before {
        return Some(now - before);
    }
    let digits = a.digits.filter(|_| a.digits == b.digits)?;
    let rolled = now - before + capacity(digits);
    (rolled <= capacity(digits) / 2).then_some(rolled)
}
