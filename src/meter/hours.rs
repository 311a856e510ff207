//! Energy of today by hour of the clock, for a chart.
//!
//! Owns which hour counts what: the difference of two readings belongs to the hour in which it ends, unless hours went
//! by between them. Nothing is interpolated: what was used in a gap is in no hour.

use chrono::{NaiveDateTime, TimeDelta, Timelike};

/// Two readings further apart than this, in different hours, tell of neither.
const MAX_GAP: TimeDelta = TimeDelta::minutes(10);

/// Energy from and to the grid in each hour of a day, Wh. The hour that comes twice in autumn is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hours {
    used: [[Option<i64>; 2]; 24],
    last: [Option<(i64, NaiveDateTime)>; 2],
}

impl Hours {
    /// A new day, which goes on from the last readings.
    pub fn restart(&mut self) {
        self.used = Default::default();
    }

    /// Takes registers from and to the grid, Wh.
    pub fn take(&mut self, energy: [Option<i64>; 2], now: NaiveDateTime) {
        for (direction, energy) in energy.into_iter().enumerate() {
            let Some(energy) = energy else { continue };
            let Some((before, then)) = self.last[direction].replace((energy, now)) else {
                continue;
            };
            // The reading of the full hour ends the hour before.
            let [end, begin] = [now - TimeDelta::seconds(1), then];
            let is_near = now > then && now - then <= MAX_GAP;
            let is_same_hour = (end.date(), end.hour()) == (begin.date(), begin.hour());
            if energy < before || end.date() != now.date() || !(is_near || is_same_hour) {
                continue;
            }
            // An hour of a day is less than 24.
            if let Some(hour) = self.used.get_mut(end.hour() as usize) {
                *hour[direction].get_or_insert(0) += energy - before;
            }
        }
    }

    /// Energy from and to the grid of each hour, Wh; `None` where it is not known, or not yet.
    pub fn used(&self) -> &[[Option<i64>; 2]; 24] {
        &self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> NaiveDateTime {
        let text = format!("2026-11-23 {time}");
        NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    /// The import of the hours that have any, from the register at these times.
    fn import(readings: &[(&str, i64)]) -> Vec<(usize, i64)> {
        let mut hours = Hours::default();
        for (time, register) in readings {
            hours.take([Some(*register), None], at(time));
        }
        let used = hours.used().iter().enumerate();
        used.filter_map(|(hour, [import, _])| Some((hour, (*import)?))).collect()
    }

    #[test]
    fn an_hour_ends_with_the_reading_of_the_full_hour() {
        let found =
            import(&[("08:59:59", 100), ("09:00:00", 101), ("09:00:01", 103), ("10:00:00", 503)]);
        assert_eq!(found, [(8, 1), (9, 402)]);
    }

    #[test]
    fn what_was_used_in_a_gap_is_in_no_hour() {
        assert_eq!(import(&[("08:30:00", 100), ("11:30:00", 900), ("11:31:00", 910)]), [(11, 10)]);
        assert_eq!(import(&[("08:10:00", 100), ("08:50:00", 900)]), [(8, 800)], "within an hour");
        assert_eq!(import(&[("08:56:00", 100), ("09:01:00", 160)]), [(9, 60)], "five minutes");
    }

    #[test]
    fn another_meter_and_a_clock_that_goes_back_count_nothing() {
        assert_eq!(import(&[("08:00:01", 9000), ("08:00:02", 5), ("08:00:03", 7)]), [(8, 2)]);
        assert_eq!(import(&[("09:30:00", 100), ("08:30:00", 900), ("08:31:00", 901)]), [(8, 1)]);
    }

    #[test]
    fn a_new_day_has_no_hours_but_goes_on_from_the_last_reading() {
        let mut hours = Hours::default();
        hours.take([Some(1), Some(5)], at("23:59:50"));
        hours.take([Some(2), Some(5)], at("23:59:59"));
        hours.restart();
        let tomorrow = at("00:00:09") + TimeDelta::days(1);
        hours.take([Some(3), Some(7)], tomorrow);
        assert_eq!(hours.used()[0], [Some(1), Some(2)]);
        assert_eq!(hours.used()[23], [None, None]);
    }
}
