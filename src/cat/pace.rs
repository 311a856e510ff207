//! Chooses the telegrams to print: the last one of each interval, or those that differ.
//!
//! Time is passed in; nothing is printed here.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime};

use super::Field;
use crate::message::Message;
use crate::reading::{Derived, Readings};
use crate::telegram::Timestamp;
use crate::telegram::catalogue::{self, Kind};
use crate::zone::Zone;

/// How long after the end of an interval its telegram is printed if no newer one arrives: the last
/// telegrams of the interval may still be on their way.
const GRACE_TIME: Duration = Duration::from_secs(2);

/// From this length on, in seconds, intervals are those of the local clock: hours and days.
const LOCAL_FROM: i64 = 3600;

/// Selects the last telegram of each interval. Intervals begin at multiples of their length: below an hour since
/// 1970, UTC; from an hour on where the local clock shows a multiple. So a day has 23, 24 or 25 hours, and an hour
/// that comes twice is two.
#[derive(Debug)]
pub(super) struct Sampler<Z, T> {
    /// Whole seconds, at least one.
    period: i64,
    zone: Z,
    held: Option<Held<T>>,
    /// The interval whose telegram was selected last.
    done: Option<Interval>,
}

#[derive(Debug)]
struct Held<T> {
    telegram: T,
    interval: Interval,
    due: Instant,
}

/// `[start, end)` in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    start: i64,
    end: i64,
}

impl<Z: Zone, T> Sampler<Z, T> {
    /// For intervals of this length, whole seconds.
    pub fn new(period: Duration, zone: Z) -> Self {
        let period = i64::try_from(period.as_secs()).unwrap_or(i64::MAX).max(1);
        Self { period, zone, held: None, done: None }
    }

    /// Takes a telegram; returns the previous one if that was the last of its interval.
    pub fn push(&mut self, telegram: T, time: Timestamp, now: Instant) -> Option<T> {
        let interval = self.interval(time);
        if self.done == Some(interval) {
            return None;
        }
        let end = interval.end.saturating_mul(1_000_000);
        let left =
            end.saturating_sub(time.micros()).clamp(0, self.period.saturating_mul(2_000_000));
        let left = Duration::from_micros(left.unsigned_abs());
        let held = Held { telegram, interval, due: now + left + GRACE_TIME };
        let before = self.held.replace(held).filter(|before| before.interval != interval)?;
        self.done = Some(before.interval);
        Some(before.telegram)
    }

    /// The interval that this time lies in.
    fn interval(&self, time: Timestamp) -> Interval {
        let second = time.micros().div_euclid(1_000_000);
        let floor = |second: i64| second - second.rem_euclid(self.period);
        if self.period < LOCAL_FROM {
            let start = floor(second);
            return Interval { start, end: start.saturating_add(self.period) };
        }
        let known = self.held.iter().map(|held| held.interval);
        if let Some(known) = known.into_iter().find(|it| (it.start..it.end).contains(&second)) {
            return known;
        }
        let local_start = floor(self.zone.local(time).and_utc().timestamp());
        // A clock that is set back shows the beginning twice; one that is set forward may skip it.
        let shown = |local: i64| {
            let local = naive(local);
            let both = self.zone.moments(local).into_iter().flatten();
            both.chain([self.zone.moment(local)]).map(Timestamp::seconds)
        };
        let start = shown(local_start).filter(|&start| start <= second).max();
        let ends = shown(local_start).chain(shown(local_start + self.period));
        let end = ends.filter(|&end| end > second).min();
        Interval { start: start.unwrap_or(second), end: end.unwrap_or(second + self.period) }
    }

    /// When the held telegram is due even if no newer one arrives.
    pub fn due(&self) -> Option<Instant> {
        self.held.as_ref().map(|held| held.due)
    }

    /// The held telegram, if it is due.
    pub fn overdue(&mut self, now: Instant) -> Option<T> {
        if self.due()? > now { None } else { self.finish() }
    }

    /// The held telegram, at the end of the stream.
    pub fn finish(&mut self) -> Option<T> {
        let held = self.held.take()?;
        self.done = Some(held.interval);
        Some(held.telegram)
    }
}

/// The local time that is so many seconds after the beginning of 1970.
fn naive(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc()
}

/// Selects telegrams that differ from the one selected before.
#[derive(Debug, Default)]
pub(super) struct Changes {
    last: Vec<u8>,
    this: Vec<u8>,
}

impl Changes {
    /// Whether one of these fields has changed; without fields, whether anything but the clock and the
    /// checksum has.
    pub fn accepts(
        &mut self,
        message: &Message,
        derived: &Derived,
        fields: Option<&[Field]>,
    ) -> bool {
        self.this.clear();
        let is_clock =
            |key: &str| catalogue::find(key).is_some_and(|entry| entry.kind == Kind::Time);
        if let Some(fields) = fields {
            let readings = Readings::with(message, derived);
            for field in fields.iter().filter(|field| !field.is_volatile()) {
                let value = field.value(message, &readings);
                self.push(value.map(|value| value.to_string()).as_deref());
            }
        } else {
            for (key, value) in &message.telegram {
                if key != "checksum" && !is_clock(key) {
                    self.push(Some(key));
                    self.push(Some(&value.to_string()));
                }
            }
        }
        let differs = self.this != self.last;
        std::mem::swap(&mut self.this, &mut self.last);
        differs
    }

    fn push(&mut self, value: Option<&str>) {
        self.this.extend_from_slice(value.unwrap_or("\u{1}").as_bytes());
        self.this.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use crate::zone::HostZone;
    use crate::zone::tests::Amsterdam;

    /// What intervals of ten seconds select of telegrams that arrive at these times, in ms.
    fn samples(millis: &[u64]) -> Vec<i64> {
        let (start, mut sampler) =
            (Instant::now(), Sampler::new(Duration::from_secs(10), Amsterdam));
        let sample = |&ms: &u64| {
            let time = Timestamp::from_micros(i64::try_from(ms).unwrap() * 1000);
            let mut message = message(0, &[]);
            message.meta.frame_start = time;
            sampler.push(message, time, start + Duration::from_millis(ms))
        };
        let selected = millis.iter().filter_map(sample);
        selected.map(|message| message.meta.frame_start.micros() / 1000).collect()
    }

    #[test]
    fn the_last_telegram_of_an_interval_is_selected_when_the_next_interval_begins() {
        assert_eq!(samples(&[1000, 5000, 9999, 10_000, 11_000]), [9999]);
        assert_eq!(samples(&[9000, 19_000, 29_000, 39_000]), [9000, 19_000, 29_000]);
        assert_eq!(samples(&[9000, 95_000, 105_000]), [9000, 95_000], "a gap");
    }

    #[test]
    fn a_late_telegram_is_dropped_and_a_clock_that_goes_back_is_followed() {
        assert_eq!(samples(&[9000, 10_000, 9500, 20_000]), [9000, 10_000]);
        assert_eq!(samples(&[3_609_000, 3_610_000, 9000, 10_000]), [3_609_000, 3_610_000, 9000]);
    }

    #[test]
    fn without_a_newer_one_the_telegram_is_due_shortly_after_its_interval() {
        let (start, mut sampler) =
            (Instant::now(), Sampler::new(Duration::from_secs(10), Amsterdam));
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(sampler.due(), None);
        assert!(sampler.overdue(at(100)).is_none());
        assert!(sampler.push(message(14, &[]), Timestamp::from_seconds(14), at(0)).is_none());
        assert_eq!(sampler.due(), Some(at(6) + GRACE_TIME));
        assert!(sampler.overdue(at(7)).is_none());
        assert_eq!(sampler.overdue(at(8)).unwrap().meta.frame_start.seconds(), 14);
        assert_eq!(sampler.due(), None);
        assert!(sampler.push(message(15, &[]), Timestamp::from_seconds(15), at(9)).is_none());
        assert!(sampler.finish().is_none(), "that interval is done");
    }

    #[test]
    fn the_held_telegram_is_selected_at_the_end() {
        let mut sampler = Sampler::new(Duration::from_secs(10), Amsterdam);
        sampler.push(message(14, &[]), Timestamp::from_seconds(14), Instant::now());
        assert!(sampler.finish().is_some() && sampler.finish().is_none());
    }

    /// The beginnings of the intervals of this length between two moments, as clocks show them.
    fn beginnings(seconds: u64, from: i64, to: i64) -> Vec<String> {
        let sampler = Sampler::<_, Message>::new(Duration::from_secs(seconds), Amsterdam);
        let (mut found, mut second) = (Vec::new(), from);
        while second < to {
            let interval = sampler.interval(Timestamp::from_seconds(second));
            assert!((interval.start..interval.end).contains(&second), "{second}: {interval:?}");
            let within = sampler.interval(Timestamp::from_seconds(interval.end - 1));
            assert_eq!(within, interval, "{second}");
            found.push(Amsterdam.iso8601(Timestamp::from_seconds(interval.start))[..22].to_owned());
            second = interval.end;
        }
        found
    }

    #[test]
    fn from_an_hour_on_intervals_are_those_of_the_local_clock_also_when_it_is_changed() {
        // Sunday, 25 October 2026, 00:10 to 04:00; the hour from 02:00 comes twice.
        let autumn = (1_792_879_800, 1_792_897_200);
        let hours = ["00:00:00+02", "01:00:00+02", "02:00:00+02", "02:00:00+01", "03:00:00+01"];
        assert_eq!(
            beginnings(3600, autumn.0, autumn.1),
            hours.map(|hour| format!("2026-10-25T{hour}"))
        );
        let pairs = ["00:00:00+02", "02:00:00+02", "02:00:00+01"];
        assert_eq!(
            beginnings(7200, autumn.0, autumn.1),
            pairs.map(|hour| format!("2026-10-25T{hour}"))
        );
        let threes = ["00:00:00+02", "03:00:00+01"];
        assert_eq!(
            beginnings(10_800, autumn.0, autumn.1),
            threes.map(|hour| format!("2026-10-25T{hour}"))
        );
        let days = ["2026-10-25T00:00:00+02", "2026-10-26T00:00:00+01", "2026-10-27T00:00:00+01"];
        assert_eq!(beginnings(86_400, autumn.0, autumn.1 + 2 * 86_400), days);
        // Sunday, 29 March 2026, 00:10 to 05:00; there is no 02:00.
        let spring = (1_774_739_400, 1_774_753_200);
        let hours = ["00:00:00+01", "01:00:00+01", "03:00:00+02", "04:00:00+02"];
        assert_eq!(
            beginnings(3600, spring.0, spring.1),
            hours.map(|hour| format!("2026-03-29T{hour}"))
        );
        let pairs = ["00:00:00+01", "03:00:00+02", "04:00:00+02"];
        assert_eq!(
            beginnings(7200, spring.0, spring.1),
            pairs.map(|hour| format!("2026-03-29T{hour}"))
        );
        let days = ["2026-03-29T00:00:00+01", "2026-03-30T00:00:00+02"];
        assert_eq!(beginnings(86_400, spring.0, spring.1 + 86_400), days);
    }

    #[test]
    fn a_time_far_away_has_an_interval() {
        for micros in [i64::MIN, -1, i64::MAX] {
            let mut sampler = Sampler::new(Duration::from_secs(86_400), HostZone);
            let time = Timestamp::from_micros(micros);
            assert!(sampler.push(message(0, &[]), time, Instant::now()).is_none());
            assert!(sampler.finish().is_some());
        }
    }

    #[test]
    fn only_changes_of_the_fields_count() {
        let mut changes = Changes::default();
        let fields: Vec<Field> =
            ["time", "power_w", "tariff"].iter().map(|name| name.parse().unwrap()).collect();
        let mut differs = |second, objects: &[(&str, &str)]| {
            changes.accepts(&message(second, objects), &Derived::default(), Some(&fields))
        };
        let watts = |watts| [("1-0:1.7.0", watts), ("1-0:1.8.1", "1000")];
        assert!(differs(1, &watts("5")));
        assert!(!differs(2, &watts("5")));
        assert!(!differs(3, &[("1-0:1.7.0", "5"), ("1-0:1.8.1", "1001")]));
        assert!(differs(4, &watts("6")));
        assert!(differs(5, &watts("5")));
        assert!(differs(6, &[("1-0:1.7.0", "5"), ("0-0:96.14.0", "'0002")]));
        assert!(differs(7, &[]), "it is no longer there");
    }

    #[test]
    fn without_fields_anything_but_the_clock_counts() {
        let mut changes = Changes::default();
        let mut differs = |objects: &[(&str, &str)]| {
            changes.accepts(&message(0, objects), &Derived::default(), None)
        };
        let telegram =
            |clock, id, sum| [("0-0:1.0.0", clock), ("0-0:96.1.1", id), ("checksum", sum)];
        assert!(differs(&telegram("'261122075236W", "'A", "'0001")));
        assert!(!differs(&telegram("'261122075237W", "'A", "'0002")));
        assert!(differs(&telegram("'261122075238W", "'B", "'0003")));
        for clock in ["0-0:1.0.0*255", "0-0:1.1.0", "0-1:1.0.0", "0.9.1"] {
            assert!(differs(&[]));
            let telegram = |time| [(clock, time), ("1-0:1.7.0", "5")];
            assert!(differs(&telegram("'120000")), "{clock}");
            assert!(!differs(&telegram("'120001")), "{clock}");
        }
    }
}
