//! The running quarter of an hour, by the clock of the meter: what has been imported so far, and the power of
//! the last minute.
//!
//! Owns where a quarter-hour begins. Belgian meters send its mean so far (1-0:1.4.0); for other meters it follows
//! from the register, if a telegram was received near the beginning. Nothing is interpolated.

use super::LATE_SECONDS;
use crate::reading::{QUARTER_SECONDS, QuarterHour, Registers};
use crate::telegram::Decimal;

/// A telegram no further than this from the beginning of a quarter-hour tells its register there, in seconds.
/// Some meters send each ten seconds.
const MAX_GAP: i64 = 15;

/// In the first seconds of a quarter-hour a meter may still send the mean of the one before. So little time counts
/// as nothing.
const SETTLING: i64 = 10;

/// The last minute, in parts of ten seconds.
const PARTS: i64 = 6;
const PART_SECONDS: i64 = 10;

/// Follows the quarter-hours of one meter.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuarterHours {
    /// The time of the newest telegram, in Unix seconds.
    second: Option<i64>,
    /// The import register of the newest telegram, in thousandths of a Wh.
    register: Option<i64>,
    /// The same at the beginning of the quarter-hour, where it is known.
    start: Option<i64>,
    /// The mean that the meter sends, W.
    average: Option<i64>,
    minute: LastMinute,
}

impl QuarterHours {
    /// Takes what a telegram of this second of the meter's clock tells.
    pub fn take(&mut self, second: i64, registers: &Registers) {
        match self.second {
            Some(last) if second < last && last - second <= LATE_SECONDS => return,
            // The clock was set.
            Some(last) if second < last => *self = Self::default(),
            _ => {}
        }
        let register = registers.import.total.and_then(|total| total.scaled(3));
        let begin = second - second.rem_euclid(QUARTER_SECONDS);
        if self.second.is_none_or(|last| last < begin) {
            let (gap, old_gap) =
                (second - begin, self.second.map_or(i64::MAX, |last| begin - last));
            let (nearest, gap) =
                if gap <= old_gap { (register, gap) } else { (self.register, old_gap) };
            self.start = nearest.filter(|_| gap <= MAX_GAP);
        }
        if self.start.zip(register).is_some_and(|(start, register)| register < start) {
            // Another meter, or a register that began again.
            self.start = None;
        }
        self.second = Some(second);
        self.register = register;
        self.average = registers.average_power_15m.map(Decimal::whole);
        if let Some(import) = registers.power.import {
            self.minute.add(second, import.whole());
        }
    }

    /// The quarter-hour of the newest telegram; `None` where its beginning or the power is not known.
    pub fn running(&self) -> Option<QuarterHour> {
        let second = self.second?;
        let elapsed = second.rem_euclid(QUARTER_SECONDS);
        let average = match self.average {
            Some(_) if elapsed < SETTLING => 0,
            Some(average) => average,
            // Thousandths of a Wh in a quarter of an hour.
            None => (self.register? - self.start?).saturating_mul(4) / 1000,
        };
        let power = self.minute.mean(second)?;
        Some(QuarterHour { average, power, left: QUARTER_SECONDS - elapsed })
    }
}

/// The import of the last minute.
#[derive(Clone, Debug, Default)]
struct LastMinute {
    /// The number of a part, its sum in W, and how many telegrams are in it. Part n is at n modulo their number.
    parts: [(i64, i64, i64); 6],
}

impl LastMinute {
    fn add(&mut self, second: i64, watts: i64) {
        let number = second.div_euclid(PART_SECONDS);
        // The remainder is less than their number.
        let at = usize::try_from(number.rem_euclid(PARTS)).unwrap_or_default();
        let part = &mut self.parts[at];
        if part.0 != number {
            *part = (number, 0, 0);
        }
        part.1 = part.1.saturating_add(watts);
        part.2 += 1;
    }

    fn mean(&self, second: i64) -> Option<i64> {
        let newest = second.div_euclid(PART_SECONDS);
        let of_minute = |part: &&(i64, i64, i64)| (0..PARTS).contains(&(newest - part.0));
        let parts = || self.parts.iter().filter(of_minute);
        let sum = parts().fold(0i64, |sum, part| sum.saturating_add(part.1));
        sum.checked_div(parts().map(|part| part.2).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    /// 14:00 of some day.
    const HOUR: i64 = 1_795_345_200;

    /// The quarter-hour after telegrams: seconds after [`HOUR`], and objects.
    fn after(telegrams: &[(i64, &[(&str, &str)])]) -> Option<QuarterHour> {
        let mut quarters = QuarterHours::default();
        for (second, objects) in telegrams {
            quarters.take(HOUR + second, &Registers::of(&message(0, objects)));
        }
        quarters.running()
    }

    fn of_register(telegrams: &[(i64, &str)]) -> Option<QuarterHour> {
        let mut quarters = QuarterHours::default();
        for (second, register) in telegrams {
            let objects = [("1-0:1.8.1", *register), ("1-0:1.7.0", "2000")];
            quarters.take(HOUR + second, &Registers::of(&message(0, &objects)));
        }
        quarters.running()
    }

    #[test]
    fn a_belgian_meter_tells_what_was_imported_so_far() {
        let telegram = [("1-0:1.4.0", "1234"), ("1-0:1.7.0", "4000")];
        let expected = QuarterHour { average: 1234, power: 4000, left: 450 };
        assert_eq!(after(&[(450, &telegram)]), Some(expected), "from the first telegram on");
        assert_eq!(after(&[(450, &[("1-0:1.4.0", "1234")])]), None, "without power");
    }

    #[test]
    fn in_its_first_seconds_a_meter_may_tell_the_mean_of_the_quarter_hour_before() {
        let telegram = [("1-0:1.4.0", "3900"), ("1-0:1.7.0", "4000")];
        for second in [0, 9] {
            let quarter = after(&[(second, &telegram)]).unwrap();
            assert_eq!((quarter.average, quarter.left), (0, 900 - second));
        }
    }

    #[test]
    fn of_other_meters_the_register_tells_it() {
        let quarter = of_register(&[(0, "1000"), (450, "1250")]).unwrap();
        assert_eq!(quarter, QuarterHour { average: 1000, power: 2000, left: 450 });
        let quarter = of_register(&[(-3, "1000"), (7, "1004"), (450, "1250")]).unwrap();
        assert_eq!(quarter.average, 1000, "from the telegram that is nearer to the beginning");
        let quarter = of_register(&[(0, "1000"), (890, "1490"), (900, "1500"), (910, "1505")]);
        assert_eq!(quarter.unwrap().average, 20, "of the next one");
    }

    #[test]
    fn a_quarter_hour_whose_beginning_was_missed_is_not_known_until_the_next_one() {
        assert_eq!(of_register(&[(16, "1000"), (450, "1250")]), None);
        assert_eq!(of_register(&[(-16, "1000"), (16, "1010")]), None);
        assert!(of_register(&[(16, "1000"), (900, "1250"), (910, "1255")]).is_some());
    }

    #[test]
    fn a_register_that_falls_and_a_clock_that_is_set_begin_again() {
        assert_eq!(of_register(&[(0, "1000"), (450, "3")]), None);
        assert_eq!(of_register(&[(0, "1000"), (10, "1010"), (-3000, "1020")]), None);
        let late = of_register(&[(0, "1000"), (450, "1250"), (449, "1249")]).unwrap();
        assert_eq!(late.left, 450, "a late telegram does not count");
    }

    #[test]
    fn the_power_is_that_of_the_last_minute() {
        let mut minute = LastMinute::default();
        (0..600).for_each(|second| minute.add(second, if second < 540 { 9000 } else { 100 }));
        assert_eq!(minute.mean(599), Some(100));
        assert_eq!(minute.mean(640), Some(100), "as long as any of it is left");
        assert_eq!(minute.mean(660), None);
    }
}
