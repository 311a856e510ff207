//! Chooses the telegrams to print: the last one of each interval, or those that differ.
//!
//! Time is passed in; nothing is printed here.

use std::time::{Duration, Instant};

use super::Field;
use crate::message::Message;
use crate::reading::{Derived, Readings};
use crate::telegram::Timestamp;

/// How long after the end of an interval its telegram is printed if no newer one arrives: the last
/// telegrams of the interval may still be on their way.
const GRACE_TIME: Duration = Duration::from_secs(2);

/// Selects the last telegram of each interval. Intervals begin at multiples of their length since 1970,
/// UTC.
#[derive(Debug)]
pub(super) struct Sampler<T> {
    period_micros: i64,
    held: Option<Held<T>>,
    /// The interval whose telegram was selected last.
    done: Option<i64>,
}

#[derive(Debug)]
struct Held<T> {
    telegram: T,
    interval: i64,
    due: Instant,
}

impl<T> Sampler<T> {
    pub fn new(period: Duration) -> Self {
        let period_micros = i64::try_from(period.as_micros()).unwrap_or(i64::MAX).max(1);
        Self { period_micros, held: None, done: None }
    }

    /// Takes a telegram; returns the previous one if that was the last of its interval.
    pub fn push(&mut self, telegram: T, time: Timestamp, now: Instant) -> Option<T> {
        let interval = time.micros().div_euclid(self.period_micros);
        if self.done == Some(interval) {
            return None;
        }
        let left = self.period_micros - time.micros().rem_euclid(self.period_micros);
        let left = Duration::from_micros(left.unsigned_abs());
        let held = Held { telegram, interval, due: now + left + GRACE_TIME };
        let before = self.held.replace(held).filter(|before| before.interval != interval)?;
        self.done = Some(before.interval);
        Some(before.telegram)
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
        match fields {
            Some(fields) => {
                let readings = Readings::with(message, derived);
                for field in fields.iter().filter(|field| !field.runs_by_itself()) {
                    let value = field.value(message, &readings);
                    self.push(value.map(|value| value.to_string()).as_deref());
                }
            }
            None => {
                for (key, value) in &message.telegram {
                    if !matches!(key.as_str(), "0-0:1.0.0" | "0-0:1.1.0" | "checksum") {
                        self.push(Some(key));
                        self.push(Some(&value.to_string()));
                    }
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

    /// What intervals of ten seconds select of telegrams that arrive at these times, in ms.
    fn samples(millis: &[u64]) -> Vec<i64> {
        let (start, mut sampler) = (Instant::now(), Sampler::new(Duration::from_secs(10)));
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
        let (start, mut sampler) = (Instant::now(), Sampler::new(Duration::from_secs(10)));
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
        let mut sampler = Sampler::new(Duration::from_secs(10));
        sampler.push(message(14, &[]), Timestamp::from_seconds(14), Instant::now());
        assert!(sampler.finish().is_some() && sampler.finish().is_none());
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
    }
}
