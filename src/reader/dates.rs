//! The dates whose telegrams are recorded: files are begun for a few of them in an hour.
//!
//! Owns the bound. Every date has files of its own, so a sender whose clock is wild, or forged telegrams, could fill a
//! disk with small files. Telegrams of the day before and after now never count, nor do dates that have been recorded
//! lately.

use chrono::NaiveDate;

use crate::telegram::Timestamp;

/// For how many dates files are begun in an hour.
const MAX_BEGUN: usize = 40;

/// How many dates we remember. A meter's own is among them however many others come in an hour.
const MAX_KNOWN: usize = 2 * MAX_BEGUN;

const HOUR_MICROS: u64 = 3_600_000_000;
const DAY_MICROS: u64 = 24 * HOUR_MICROS;

/// The dates that were recorded lately, but for those around now.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// The last one at the end.
    known: Vec<NaiveDate>,
    /// How many were begun in the current hour, and when that began by the clock of this host.
    begun: usize,
    hour: Option<Timestamp>,
    /// How many telegrams were refused, and when that was logged.
    refused: u64,
    logged: Option<Timestamp>,
}

impl Dates {
    /// Whether to record a telegram of this time at `now`; `date` tells its local date. Logs that one is refused.
    pub fn permit(
        &mut self,
        time: Timestamp,
        now: Timestamp,
        date: impl FnOnce(Timestamp) -> NaiveDate,
    ) -> bool {
        if time.micros_since(now).unsigned_abs() <= DAY_MICROS {
            return true;
        }
        let date = date(time);
        // Mostly the last one.
        let known = self.known.iter().rposition(|known| *known == date);
        match known {
            Some(at) => self.known[at..].rotate_left(1),
            None if self.may_begin(now) => {
                if self.known.len() == MAX_KNOWN {
                    self.known.remove(0);
                }
                self.known.push(date);
            }
            None => {
                self.count_refused(now);
                return false;
            }
        }
        true
    }

    /// Logged once an hour.
    fn count_refused(&mut self, now: Timestamp) {
        self.refused += 1;
        if self.logged.is_none_or(|logged| is_hour_over(logged, now)) {
            self.logged = Some(now);
            let number = self.refused;
            log::warn!(number; "ignoring telegrams of too many different dates, {number} so far");
        }
    }

    fn may_begin(&mut self, now: Timestamp) -> bool {
        if self.hour.is_none_or(|hour| is_hour_over(hour, now)) {
            (self.hour, self.begun) = (Some(now), 0);
        }
        let may_begin = self.begun < MAX_BEGUN;
        self.begun += usize::from(may_begin);
        may_begin
    }
}

/// A clock that goes back ends an hour, too.
fn is_hour_over(began: Timestamp, now: Timestamp) -> bool {
    now.micros_since(began).unsigned_abs() >= HOUR_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_330_800;
    const DAY: i64 = 86_400;

    /// Whether a telegram of so many days from now is recorded so many seconds from now.
    fn permit(dates: &mut Dates, day: i64, second: i64) -> bool {
        let [time, now] = [NOW + DAY * day, NOW].map(|time| Timestamp::from_seconds(time + second));
        let date = |time: Timestamp| {
            NaiveDate::default() + chrono::TimeDelta::days(time.seconds().div_euclid(DAY))
        };
        dates.permit(time, now, date)
    }

    #[test]
    fn files_are_begun_for_forty_dates_an_hour_and_those_that_are_known_go_on() {
        let mut dates = Dates::default();
        let mut permit = |day, second| permit(&mut dates, day, second);
        assert_eq!((100..1000).filter(|&day| permit(day, 0)).count(), 40);
        assert!(permit(100, 3599) && permit(139, 3599) && !permit(140, 3599));
        assert_eq!((100..1000).filter(|&day| permit(day, 3600)).count(), 80);
        assert!(permit(300, -3600), "the clock of this host went back");
    }

    #[test]
    fn the_days_around_now_are_always_recorded() {
        let mut dates = Dates::default();
        assert_eq!((100..1000).filter(|&day| permit(&mut dates, day, 0)).count(), 40);
        let permitted = [-2, -1, 0, 1, 2].map(|day| permit(&mut dates, day, 1));
        assert_eq!(permitted, [false, true, true, true, false]);
    }

    #[test]
    fn a_listener_with_a_wrong_clock_is_recorded_however_many_dates_are_forged() {
        let mut dates = Dates::default();
        for second in 0..20_000 {
            assert!(permit(&mut dates, -9000, second), "{second}");
            for number in 0..20 {
                let _ = permit(&mut dates, 500 + second * 20 + number, second);
            }
        }
    }
}
