//! The net power of the last minutes, hours and day, in a fixed amount of memory.
//!
//! Owns the rings of buckets, and what is read out of them: a series for a graph, and least, mean and
//! most. Nothing is interpolated: a time of which no telegram tells stays empty.

use std::ops::RangeInclusive;

/// How far the graph looks back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Five minutes, a second a bucket.
    #[default]
    Minutes,
    /// An hour, twelve seconds a bucket.
    Hour,
    /// A day, 288 seconds a bucket.
    Day,
}

impl Window {
    const ALL: [Self; 3] = [Self::Minutes, Self::Hour, Self::Day];

    /// The next longer one; after the longest the shortest.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Minutes => Self::Hour,
            Self::Hour => Self::Day,
            Self::Day => Self::Minutes,
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.bucket_seconds() * BUCKETS
    }

    const fn bucket_seconds(self) -> i64 {
        match self {
            Self::Minutes => 1,
            Self::Hour => 12,
            Self::Day => 288,
        }
    }
}

/// Buckets of each window: enough for the graph of a wide terminal.
const BUCKETS: i64 = 300;

/// A value holds for the time before it, at most so long: some meters speak every ten seconds.
const HOLDS: i64 = 15;

/// By how much the time of telegrams may fall back before what went before is forgotten, in seconds.
const JITTER: i64 = 5;

/// The most that is believed of a power, in W.
const PLAUSIBLE: RangeInclusive<i64> = -1_000_000_000..=1_000_000_000;

/// The power of the last day.
#[derive(Clone, Debug)]
pub struct History {
    rings: [Ring; 3],
    last: Option<i64>,
}

/// Least, mean and most of a stretch of time, in W.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The least power.
    pub least: i64,
    /// The mean, rounded towards zero.
    pub mean: i64,
    /// The most power.
    pub most: i64,
}

impl Default for History {
    fn default() -> Self {
        let rings = Window::ALL.map(|window| Ring {
            seconds: window.bucket_seconds(),
            newest: 0,
            buckets: vec![Bucket::default(); usize::try_from(BUCKETS).unwrap_or_default()],
        });
        Self { rings, last: None }
    }
}

impl History {
    /// Takes the power at a moment, in Unix seconds.
    ///
    /// When time has fallen back, because a clock was set, history begins anew.
    pub fn note(&mut self, time: i64, watts: i64) {
        if !PLAUSIBLE.contains(&watts) {
            return;
        }
        let since = match self.last {
            Some(last) if time < last - JITTER => {
                *self = Self::default();
                time
            }
            Some(last) if time > last && time - last <= HOLDS => last + 1,
            _ => time,
        };
        for ring in &mut self.rings {
            for second in since..=time {
                ring.note(second, watts);
            }
        }
        self.last = Some(time);
    }

    /// Whether there is anything to draw: telegrams of two moments.
    #[must_use]
    pub fn is_line(&self) -> bool {
        self.rings[0].buckets.iter().filter(|bucket| bucket.count > 0).count() > 1
            || self.rings[2].buckets.iter().filter(|bucket| bucket.count > 0).count() > 1
    }

    /// The mean power in each of `points` parts of the window that ends at `end`, the oldest first.
    ///
    /// Parts begin at multiples of their length, so that the picture moves on without trembling.
    #[must_use]
    pub fn series(&self, window: Window, end: i64, points: usize) -> Vec<Option<i64>> {
        let ring = self.ring(window);
        // In thousandths of a second: a part need not be of whole seconds.
        let count = i64::try_from(points).unwrap_or(BUCKETS).max(1);
        let part = (window.seconds() * 1000 / count).max(1);
        let last = (end * 1000).div_euclid(part);
        (last - count + 1..=last)
            .map(|index| {
                let first = (index * part).div_euclid(1000 * ring.seconds);
                let until = ((index + 1) * part - 1).div_euclid(1000 * ring.seconds);
                ring.sum(first..=until.max(first)).mean()
            })
            .collect()
    }

    /// Least, mean and most of the window that ends at `end`; `None` when it is empty.
    #[must_use]
    pub fn summary(&self, window: Window, end: i64) -> Option<Summary> {
        let ring = self.ring(window);
        let last = end.div_euclid(ring.seconds);
        let sum = ring.sum(last - BUCKETS + 1..=last);
        sum.mean().map(|mean| Summary { least: sum.least, mean, most: sum.most })
    }

    fn ring(&self, window: Window) -> &Ring {
        &self.rings[window as usize]
    }
}

#[derive(Clone, Debug)]
struct Ring {
    /// Length of a bucket.
    seconds: i64,
    /// The number of the newest bucket: its time by its length.
    newest: i64,
    /// Bucket n is at n modulo their number.
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    count: i64,
    sum: i64,
    least: i64,
    most: i64,
}

impl Ring {
    fn note(&mut self, time: i64, watts: i64) {
        let number = time.div_euclid(self.seconds);
        if number > self.newest {
            let skipped = (self.newest + 1).max(number - BUCKETS + 1)..=number;
            for number in skipped {
                *self.bucket(number) = Bucket::default();
            }
            self.newest = number;
        }
        if number > self.newest - BUCKETS {
            let one = Bucket { count: 1, sum: watts, least: watts, most: watts };
            let bucket = self.bucket(number);
            *bucket = bucket.with(one);
        }
    }

    fn bucket(&mut self, number: i64) -> &mut Bucket {
        let at = position(number);
        &mut self.buckets[at]
    }

    /// What is in these buckets, as far as they are remembered.
    fn sum(&self, numbers: RangeInclusive<i64>) -> Bucket {
        let first = *numbers.start().max(&(self.newest - BUCKETS + 1));
        let last = *numbers.end().min(&self.newest);
        (first..=last)
            .map(|number| self.buckets[position(number)])
            .fold(Bucket::default(), Bucket::with)
    }
}

impl Bucket {
    fn with(self, other: Self) -> Self {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self {
                count: self.count + other.count,
                sum: self.sum.saturating_add(other.sum),
                least: self.least.min(other.least),
                most: self.most.max(other.most),
            },
        }
    }

    fn mean(self) -> Option<i64> {
        self.sum.checked_div(self.count)
    }
}

fn position(number: i64) -> usize {
    // The remainder is from 0 to BUCKETS - 1.
    usize::try_from(number.rem_euclid(BUCKETS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_345_200;

    fn history(samples: impl IntoIterator<Item = (i64, i64)>) -> History {
        let mut history = History::default();
        for (second, watts) in samples {
            history.note(NOON + second, watts);
        }
        history
    }

    #[test]
    fn the_series_ends_with_the_newest_and_begins_empty() {
        let history = history((0..10).map(|n| (n, n * 100)));
        let series = history.series(Window::Minutes, NOON + 9, 300);
        assert_eq!(series.len(), 300);
        assert_eq!(series[289..292], [None, Some(0), Some(100)]);
        assert_eq!(series[299], Some(900));
    }

    #[test]
    fn least_mean_and_most_are_of_the_window_only() {
        let history = history((0..1000).map(|n| (n, if n < 500 { 9999 } else { n - 600 })));
        let summary = history.summary(Window::Minutes, NOON + 999).unwrap();
        assert_eq!(summary, Summary { least: 100, mean: 249, most: 399 });
        let longer = history.summary(Window::Hour, NOON + 999).unwrap();
        assert_eq!((longer.least, longer.most), (-100, 9999));
    }

    #[test]
    fn fewer_points_are_means_of_what_they_cover() {
        let history = history((0..300).map(|n| (n, if n % 2 == 0 { 100 } else { 300 })));
        let series = history.series(Window::Minutes, NOON + 299, 150);
        assert_eq!(series, vec![Some(200); 150]);
    }

    #[test]
    fn more_points_than_buckets_leave_no_holes() {
        let history = history((0..300).map(|n| (n, 42)));
        let series = history.series(Window::Minutes, NOON + 299, 420);
        assert!(series[2..].iter().all(|point| *point == Some(42)), "{series:?}");
    }

    #[test]
    fn a_meter_of_ten_seconds_leaves_no_holes_and_a_real_gap_stays_one() {
        let history = history([(0, 1), (10, 2), (20, 3), (40, 4)]);
        let series = history.series(Window::Minutes, NOON + 40, 300);
        let newest = &series[300 - 41..];
        assert_eq!(newest[..3], [Some(1), Some(2), Some(2)]);
        assert_eq!(newest[20..23], [Some(3), None, None]);
        assert_eq!(newest[39..], [None, Some(4)]);
    }

    #[test]
    fn time_without_telegrams_moves_the_graph_on() {
        let history = history([(0, 5), (1, 5)]);
        let series = history.series(Window::Minutes, NOON + 31, 300);
        assert_eq!(series[268..271], [Some(5), Some(5), None]);
        assert_eq!(history.series(Window::Minutes, NOON + 100_000, 9), [None; 9]);
        assert_eq!(history.summary(Window::Minutes, NOON + 100_000), None);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_anew_and_a_leap_ahead_costs_no_time() {
        let mut history = history([(0, 100), (1, 100)]);
        history.note(NOON - 3600, 7);
        let summary = history.summary(Window::Day, NOON - 3600).unwrap();
        assert_eq!(summary, Summary { least: 7, mean: 7, most: 7 });
        history.note(i64::MAX / 2000, 8);
        assert_eq!(history.summary(Window::Hour, i64::MAX / 2000).unwrap().most, 8);
    }

    #[test]
    fn a_power_that_cannot_be_is_left_out() {
        let history = history([(0, i64::MAX), (1, i64::MIN), (2, 3)]);
        assert_eq!(history.summary(Window::Minutes, NOON + 2).unwrap().most, 3);
        assert!(!history.is_line());
    }
}
