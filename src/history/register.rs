//! What a register counts from one reading to the next.
//!
//! Owns the rules for readings that repeat, for registers that fall and for meters that are exchanged. Values are
//! thousandths of the register's unit, times are Unix seconds.

/// A register that starts again at zero was this close to it: a hundredth of its range.
const ROLL_OVER: i64 = 100;

/// A reading of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When the device took it.
    pub time: i64,
    /// In thousandths of the unit.
    pub value: i64,
    /// Which device took it; 0 when that is not known.
    pub device: u64,
}

/// What happened between two successive readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub from: i64,
    pub to: i64,
    /// What was counted; `None` when another device took the reading, or the register fell.
    pub amount: Option<i64>,
    /// Whether the step is no longer than those before it, give or take a half.
    pub is_regular: bool,
}

/// A register, followed from reading to reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Register {
    last: Option<Reading>,
    /// The lengths of the last two steps; 0 where there was none.
    steps: [i64; 2],
}

impl Register {
    /// Takes a reading. `None` for the first one, and for one that the register has already seen.
    pub fn take(&mut self, reading: Reading) -> Option<Step> {
        let Some(last) = self.last else {
            self.last = Some(reading);
            return None;
        };
        let is_same = last.device == reading.device || last.device == 0 || reading.device == 0;
        if is_same && reading.time <= last.time {
            return None;
        }
        self.last = Some(reading);
        let (from, to) = (last.time.min(reading.time), reading.time);
        let length = to - from;
        let [older, newer] = self.steps;
        // Of two gaps with a single row between them the second is one, too.
        let interval = if older == 0 { newer } else { older.min(newer) };
        let is_regular = interval == 0 || length <= interval + interval / 2;
        self.steps = [newer, length];
        let amount = if is_same { counted(last.value, reading.value) } else { None };
        Some(Step { from, to, amount, is_regular })
    }
}

/// What a register counted from `old` to `new`. `None` when it fell, unless it ran full.
fn counted(old: i64, new: i64) -> Option<i64> {
    if new >= old {
        return Some(new - old);
    }
    let digits = old.checked_ilog10()? + 1;
    let full = 10i64.checked_pow(digits)?;
    let is_full = |distance: i64| (0..=full / ROLL_OVER).contains(&distance);
    (is_full(full - old) && is_full(new)).then(|| full - old + new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(readings: &[(i64, i64, u64)]) -> Vec<Option<i64>> {
        let mut register = Register::default();
        let reading = |&(time, value, device): &(i64, i64, u64)| Reading { time, value, device };
        let steps = readings.iter().filter_map(|one| register.take(reading(one)));
        steps.map(|step| step.amount).collect()
    }

    #[test]
    fn use_is_the_difference_of_readings_and_a_repeated_reading_is_none() {
        assert_eq!(steps(&[(0, 5, 1), (300, 7, 1), (300, 9, 1), (600, 7, 1)]), [Some(2), Some(0)]);
    }

    #[test]
    fn what_another_meter_shows_is_no_use_even_if_it_is_more() {
        assert_eq!(steps(&[(0, 5, 1), (300, 900, 2), (600, 901, 2)]), [None, Some(1)]);
    }

    #[test]
    fn a_reading_without_identifier_belongs_to_the_meter_before() {
        assert_eq!(steps(&[(0, 5, 1), (300, 6, 0), (600, 8, 1)]), [Some(1), Some(2)]);
    }

    #[test]
    fn a_register_that_falls_tells_no_use_unless_it_ran_full() {
        assert_eq!(steps(&[(0, 5_000, 1), (300, 3, 1), (600, 4, 1)]), [None, Some(1)]);
        assert_eq!(steps(&[(0, 999_999_998, 1), (300, 3, 1)]), [Some(5)]);
        assert_eq!(steps(&[(0, 989_999_999, 1), (300, 3, 1)]), [None]);
        assert_eq!(steps(&[(0, 999_999_998, 1), (300, 20_000_000, 1)]), [None]);
    }

    #[test]
    fn a_step_is_regular_when_it_is_about_as_long_as_those_before() {
        let mut register = Register::default();
        let mut take = |time| register.take(Reading { time, value: 0, device: 1 });
        take(0);
        let regular: Vec<bool> =
            [3600, 7200, 18_000, 28_800, 32_400].map(|time| take(time).unwrap().is_regular).into();
        assert_eq!(regular, [true, true, false, false, true]);
    }
}
