//! How many telegrams a meter can send.
//!
//! The quickest meters send 12 telegrams a second. More of them for long are no meter's: a relay that hears itself,
//! or the same telegram over and over. Seconds are those of this host, and those that the telegrams show: a recording
//! may be played quickly, and the clock of a meter may stand still.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::message::Meta;

/// How many telegrams a meter sends in a second at most.
const MAX_RATE: f64 = 12.0;

/// As many more may come at once, such as after an interruption of a TCP connection: those of ten seconds.
const MAX_BURST: f64 = 10.0 * MAX_RATE;

/// The same for a program that receives what a listener has held to that: on the way some come sooner than others.
const MAX_BURST_ON_THE_WAY: f64 = 2.0 * MAX_BURST;

/// The most seconds that are remembered of a clock.
const MAX_SECONDS: usize = 128;

/// The time in which [`MAX_RATE`] telegrams may come.
const SECOND: Duration = Duration::from_secs(1);

/// The rate of one meter's telegrams.
#[derive(Clone, Debug)]
pub(crate) struct MeterRate {
    /// How many telegrams may come now. Negative if some were sent that had to wait.
    room: f64,
    max_room: f64,
    last: Instant,
    /// The meter's clock.
    meter: Clock,
    /// The clock of the host that received the telegrams from the meter.
    frame: Clock,
}

impl MeterRate {
    /// No telegram of a meter yet.
    pub fn new(now: Instant) -> Self {
        Self::with_burst(MAX_BURST, now)
    }

    /// The same for telegrams that a listener has let through.
    pub fn on_the_way(now: Instant) -> Self {
        Self::with_burst(MAX_BURST_ON_THE_WAY, now)
    }

    fn with_burst(max_room: f64, now: Instant) -> Self {
        let (meter, frame) = (Clock::new(now), Clock::new(now));
        Self { room: max_room, max_room, last: now, meter, frame }
    }

    /// Whether a meter can have sent this telegram, too.
    pub fn permits(&mut self, meta: &Meta, now: Instant) -> bool {
        let meter = meta.meter_time.and_then(|time| self.meter.advance(time.seconds(), now));
        // An option without a time is less than one with any.
        let ahead = meter.max(self.frame.advance(meta.frame_start.seconds(), now));
        let time = now.saturating_duration_since(self.last) + ahead.unwrap_or_default();
        self.last = now;
        self.room = (self.room + time.as_secs_f64() * MAX_RATE).min(self.max_room);
        // A new telegram goes before those that others repeat.
        let is_permitted = ahead.is_some() || self.room >= 1.0;
        if is_permitted {
            self.room -= 1.0;
        }
        is_permitted
    }

    /// A telegram that was not permitted is sent all the same; the next ones must wait.
    pub fn exceed(&mut self) {
        self.room -= 1.0;
    }

    /// How long the next telegrams must wait, because of those that were sent all the same.
    pub fn delay(&self, now: Instant) -> Duration {
        let time = Duration::from_secs_f64((-self.room / MAX_RATE).max(0.0));
        time.saturating_sub(now.saturating_duration_since(self.last))
    }
}

/// The seconds that a clock has shown lately.
#[derive(Clone, Debug)]
struct Clock {
    seconds: VecDeque<i64>,
    /// When it showed a new one last.
    last: Instant,
}

impl Clock {
    fn new(now: Instant) -> Self {
        Self { seconds: VecDeque::new(), last: now }
    }

    /// How far the clock has gone ahead of ours, if it shows a second that it has not shown lately. It may go back,
    /// as that of a recording which begins again.
    fn advance(&mut self, second: i64, now: Instant) -> Option<Duration> {
        if self.seconds.iter().rev().any(|&known| known == second) {
            return None;
        }
        if self.seconds.len() == MAX_SECONDS {
            self.seconds.pop_front();
        }
        self.seconds.push_back(second);
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        Some(SECOND.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::Timestamp;

    const START: i64 = 1_795_330_010;

    /// How many telegrams of `rate` a second are permitted in `seconds`; `clock` gives the time on the meter's clock in
    /// seconds, of the second and of the number of the telegram in it.
    fn permitted(rate: u32, seconds: u32, clock: impl Fn(u32, u32) -> Option<i64>) -> u32 {
        let start = Instant::now();
        let mut meter_rate = MeterRate::new(start);
        let all = (0..seconds).flat_map(|second| (0..rate).map(move |number| (second, number)));
        let permitted = all.filter(|&(second, number)| {
            let passed = SECOND * second + SECOND * number / rate;
            let micros = i64::try_from(passed.as_micros()).unwrap();
            // The clocks show a new second at different times.
            let frame_start = Timestamp::from_micros(START * 1_000_000 + 300_000 + micros);
            let meter_time =
                clock(second, number).map(|second| Timestamp::from_seconds(START + second));
            let meta = Meta::new(1, frame_start, frame_start, meter_time);
            meter_rate.permits(&meta, start + passed)
        });
        u32::try_from(permitted.count()).unwrap()
    }

    /// The most that are permitted in this time when no clock goes ahead.
    fn bound(seconds: u32) -> u32 {
        120 + 12 * (seconds + 1)
    }

    #[test]
    fn a_meter_is_never_held_back() {
        for clock in [|second, _| Some(i64::from(second)), |_, _| None, |_, _| Some(0)] {
            assert_eq!(permitted(12, 3600, clock), 12 * 3600);
            assert_eq!(permitted(1, 3600, clock), 3600);
        }
    }

    #[test]
    fn a_storm_is_held_to_the_rate_of_a_meter() {
        let storm = permitted(1000, 600, |second, _| Some(second.into()));
        let without_clock = permitted(1000, 600, |_, _| None);
        let same = permitted(1000, 600, |_, _| Some(0));
        // A relay that hears itself: the telegrams of the last minute go round.
        let round = permitted(1000, 600, |second, number| {
            Some((second - number % 60_u32.min(second + 1)).into())
        });
        for permitted in [storm, without_clock, same, round] {
            assert!((12 * 590..=bound(600)).contains(&permitted), "{permitted}");
        }
    }

    #[test]
    fn in_a_storm_each_new_telegram_is_permitted() {
        let start = Instant::now();
        let mut rate = MeterRate::new(start);
        for second in 0..100 {
            let new = Timestamp::from_seconds(START + i64::from(second));
            let telegram = |time| Meta::new(1, new, new, Some(time));
            let now = start + SECOND * second;
            assert!(rate.permits(&telegram(new), now), "{second}");
            for number in 1..1000 {
                let old = Timestamp::from_seconds(START + i64::from(number.min(second)));
                let _ = rate.permits(&telegram(old), now + Duration::from_millis(number.into()));
            }
        }
    }

    #[test]
    fn a_recording_may_be_played_quickly_and_again() {
        let clock = |second, number| Some(i64::from((second * 400 + number) % 3600) * 10);
        assert_eq!(permitted(400, 60, clock), 400 * 60);
    }

    #[test]
    fn what_a_listener_lets_through_is_taken_though_some_of_it_comes_sooner_than_the_rest() {
        let start = Instant::now();
        let (mut sender, mut receiver) = (MeterRate::new(start), MeterRate::on_the_way(start));
        for millis in 0..600_000_u32 {
            let now = start + Duration::from_millis(millis.into());
            let second = Timestamp::from_seconds(START + i64::from(millis / 1000));
            let meta = Meta::new(1, second, second, None);
            let on_the_way = Duration::from_millis(u64::from(millis) * 7919 % 1000);
            if sender.permits(&meta, now) {
                assert!(receiver.permits(&meta, now + on_the_way), "{millis}");
            }
        }
    }

    #[test]
    fn what_was_sent_all_the_same_has_the_next_wait() {
        let start = Instant::now();
        let mut rate = MeterRate::new(start);
        let time = Timestamp::from_seconds(START);
        let meta = Meta::new(1, time, time, None);
        let refused = (0..250).filter(|_| !rate.permits(&meta, start)).count();
        assert_eq!(refused, 130);
        assert_eq!(rate.delay(start), Duration::ZERO);
        (0..24).for_each(|_| rate.exceed());
        let delay = rate.delay(start).as_secs_f64();
        assert!((1.9..=2.0).contains(&delay), "{delay}");
        assert_eq!(rate.delay(start + SECOND * 2), Duration::ZERO);
        assert!(!rate.permits(&meta, start + SECOND));
        assert!(rate.permits(&meta, start + SECOND * 3));
    }
}
