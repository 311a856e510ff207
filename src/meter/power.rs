//! The power of the last minutes, hours and day, in a fixed amount of memory.
//!
//! Owns the rings of slots, and what is read out of them for a graph: a series, and low, average and high. Nothing is
//! interpolated: a time without telegrams stays empty.

use std::ops::RangeInclusive;

use crate::reading;
use crate::telegram::Decimal;

/// A value holds for the time before it, at most so long, in seconds: some meters send each ten seconds.
const MAX_HOLD: i64 = 15;

/// By how much the time of telegrams may fall back before what went before is forgotten, in seconds.
const JITTER: i64 = 5;

/// Powers beyond this, in W, are not believed.
const PLAUSIBLE: RangeInclusive<i64> = -1_000_000_000..=1_000_000_000;

/// Power from and to the grid, W.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power {
    pub import: i64,
    pub export: i64,
}

impl Power {
    /// The whole watts of a telegram; 0 where it does not tell them.
    pub fn of(power: &reading::Power) -> Self {
        let [import, export] =
            [power.import, power.export].map(|watts| watts.map_or(0, Decimal::whole));
        Self { import, export }
    }

    /// Import less export.
    pub fn net(self) -> i64 {
        self.import - self.export
    }
}

/// How long the slots of a ring are, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Seconds of a slot.
    pub slot: i64,
    /// The number of slots.
    pub slots: i64,
}

impl Span {
    /// Its length in seconds.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub const fn seconds(self) -> i64 {
        self.slot * self.slots
    }
}

/// The power of the last time, in several resolutions.
#[derive(Clone, Debug)]
pub(crate) struct PowerHistory {
    rings: Vec<Ring>,
    /// The time of the newest telegram, in Unix seconds.
    last: Option<i64>,
}

/// Lowest, average and highest net power of a stretch of time, in W.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub low: i64,
    /// Rounded towards zero.
    pub average: i64,
    pub high: i64,
}

impl PowerHistory {
    /// An empty history with a ring for each of these spans.
    pub fn new(spans: &[Span]) -> Self {
        Self { rings: spans.iter().map(|span| Ring::new(*span)).collect(), last: None }
    }

    /// Takes the power at a moment, in Unix seconds. When time falls back because a clock was set, the
    /// history begins again.
    pub fn add(&mut self, time: i64, power: Power) {
        if !PLAUSIBLE.contains(&power.import) || !PLAUSIBLE.contains(&power.export) {
            return;
        }
        let since = match self.last {
            Some(last) if time < last - JITTER => {
                self.rings.iter_mut().for_each(|ring| *ring = Ring::new(ring.span));
                time
            }
            Some(last) if time > last && time - last <= MAX_HOLD => last + 1,
            _ => time,
        };
        for ring in &mut self.rings {
            for second in since..=time {
                ring.add(second, power);
            }
        }
        self.last = Some(time);
    }

    /// Whether a ring has power of two moments or more: enough for a line.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn has_line(&self) -> bool {
        self.rings.iter().any(|ring| ring.slots.iter().filter(|slot| slot.count > 0).count() > 1)
    }

    /// The mean power in each of `points` parts of `part` thousandths of a second, the last one at `end`, the
    /// oldest first.
    ///
    /// Parts begin at multiples of their length, so that the picture moves on without trembling.
    pub fn series(&self, ring: usize, part: i64, end: i64, points: usize) -> Vec<Option<Power>> {
        let ring = &self.rings[ring];
        let count = i64::try_from(points).unwrap_or(0);
        let last = end.saturating_mul(1000).div_euclid(part.max(1));
        let mean = |index: i64| {
            let first = (index * part).div_euclid(1000 * ring.span.slot);
            let until = ((index + 1) * part - 1).div_euclid(1000 * ring.span.slot);
            ring.sum(first..=until.max(first)).mean()
        };
        (last - count + 1..=last).map(mean).collect()
    }

    /// Lowest, average and highest of a ring's time until `end`; `None` when it is empty.
    #[cfg_attr(
        not(any(feature = "dashboard", test)),
        expect(dead_code, reason = "only p1dashboard asks")
    )]
    pub fn summary(&self, ring: usize, end: i64) -> Option<Summary> {
        let ring = &self.rings[ring];
        let last = end.div_euclid(ring.span.slot);
        let sum = ring.sum(last - ring.span.slots + 1..=last);
        let average = (sum.import - sum.export).checked_div(sum.count)?;
        Some(Summary { low: sum.low, average, high: sum.high })
    }
}

#[derive(Clone, Debug)]
struct Ring {
    span: Span,
    /// The number of the newest slot: its time by its length.
    newest: i64,
    /// Slot n is at n modulo their number.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    count: i64,
    import: i64,
    export: i64,
    low: i64,
    high: i64,
}

impl Ring {
    fn new(span: Span) -> Self {
        let slots = vec![Slot::default(); usize::try_from(span.slots).unwrap_or(1).max(1)];
        Self { span, newest: i64::MIN, slots }
    }

    fn add(&mut self, time: i64, power: Power) {
        let number = time.div_euclid(self.span.slot);
        if number > self.newest {
            let first = self.newest.saturating_add(1).max(number - self.span.slots + 1);
            for skipped in first..=number {
                *self.slot(skipped) = Slot::default();
            }
            self.newest = number;
        }
        if number > self.newest.saturating_sub(self.span.slots) {
            let net = power.net();
            let Power { import, export } = power;
            let slot = self.slot(number);
            *slot = slot.with(Slot { count: 1, import, export, low: net, high: net });
        }
    }

    fn slot(&mut self, number: i64) -> &mut Slot {
        let at = self.place(number);
        &mut self.slots[at]
    }

    fn place(&self, number: i64) -> usize {
        // The remainder is not negative and less than their number.
        usize::try_from(number.rem_euclid(self.span.slots)).unwrap_or_default()
    }

    /// What is in these slots, as far as they are remembered.
    fn sum(&self, numbers: RangeInclusive<i64>) -> Slot {
        let oldest = self.newest.saturating_sub(self.span.slots - 1);
        let numbers = *numbers.start().max(&oldest)..=*numbers.end().min(&self.newest);
        numbers.map(|number| self.slots[self.place(number)]).fold(Slot::default(), Slot::with)
    }
}

impl Slot {
    fn with(self, other: Self) -> Self {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self {
                count: self.count + other.count,
                import: self.import + other.import,
                export: self.export + other.export,
                low: self.low.min(other.low),
                high: self.high.max(other.high),
            },
        }
    }

    fn mean(self) -> Option<Power> {
        let import = self.import.checked_div(self.count)?;
        Some(Power { import, export: self.export / self.count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_345_200;
    const MINUTES: usize = 0;
    const HOUR: usize = 1;
    const SPANS: [Span; 2] = [Span { slot: 1, slots: 300 }, Span { slot: 12, slots: 300 }];

    /// A history of net powers, as import where they are positive.
    fn history(samples: impl IntoIterator<Item = (i64, i64)>) -> PowerHistory {
        let mut history = PowerHistory::new(&SPANS);
        for (second, watts) in samples {
            history.add(NOON + second, Power { import: watts.max(0), export: (-watts).max(0) });
        }
        history
    }

    fn series(history: &PowerHistory, second: i64, points: i64) -> Vec<Option<i64>> {
        let part = SPANS[MINUTES].seconds() * 1000 / points;
        let series = history.series(MINUTES, part, NOON + second, usize::try_from(points).unwrap());
        series.into_iter().map(|power| power.map(Power::net)).collect()
    }

    #[test]
    fn the_series_ends_with_the_newest_and_begins_empty() {
        let series = series(&history((0..10).map(|n| (n, n * 100))), 9, 300);
        assert_eq!(series.len(), 300);
        assert_eq!(series[289..292], [None, Some(0), Some(100)]);
        assert_eq!(series[299], Some(900));
    }

    #[test]
    fn low_average_and_high_are_of_the_window_only() {
        let history = history((0..1000).map(|n| (n, if n < 500 { 9999 } else { n - 600 })));
        let summary = history.summary(MINUTES, NOON + 999).unwrap();
        assert_eq!(summary, Summary { low: 100, average: 249, high: 399 });
        let longer = history.summary(HOUR, NOON + 999).unwrap();
        assert_eq!((longer.low, longer.high), (-100, 9999));
        assert_eq!(history.summary(HOUR, NOON + 100_000), None);
    }

    #[test]
    fn fewer_points_are_means_of_what_they_cover_and_more_leave_no_holes() {
        let even = history((0..300).map(|n| (n, if n % 2 == 0 { 100 } else { 300 })));
        assert_eq!(series(&even, 299, 150), vec![Some(200); 150]);
        let flat = history((0..300).map(|n| (n, 42)));
        let series = series(&flat, 299, 420);
        assert!(series[2..].iter().all(|point| *point == Some(42)), "{series:?}");
    }

    #[test]
    fn import_and_export_of_one_part_have_a_mean_each() {
        let history = history([(0, 100), (1, -50), (2, 100), (3, -150)]);
        let parts = history.series(MINUTES, 4000, NOON + 3, 1);
        assert_eq!(parts, [Some(Power { import: 50, export: 50 })]);
    }

    #[test]
    fn a_meter_of_ten_seconds_leaves_no_holes_and_a_real_gap_stays_one() {
        let series = series(&history([(0, 1), (10, 2), (20, 3), (40, 4)]), 40, 300);
        let newest = &series[300 - 41..];
        assert_eq!(newest[..3], [Some(1), Some(2), Some(2)]);
        assert_eq!(newest[20..23], [Some(3), None, None]);
        assert_eq!(newest[39..], [None, Some(4)]);
    }

    #[test]
    fn time_without_telegrams_moves_the_graph_on() {
        let history = history([(0, 5), (1, 5)]);
        assert_eq!(series(&history, 31, 300)[268..271], [Some(5), Some(5), None]);
        assert_eq!(series(&history, 100_000, 9), [None; 9]);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_again_and_a_leap_ahead_costs_no_time() {
        let mut history = history([(0, 100), (1, 100)]);
        history.add(NOON - 3600, Power { import: 7, export: 0 });
        let summary = history.summary(HOUR, NOON - 3600).unwrap();
        assert_eq!(summary, Summary { low: 7, average: 7, high: 7 });
        history.add(i64::MAX / 2000, Power { import: 8, export: 0 });
        assert_eq!(history.summary(HOUR, i64::MAX / 2000).unwrap().high, 8);
        history.add(-5000, Power { import: 9, export: 0 });
        assert_eq!(history.summary(HOUR, -5000).unwrap().high, 9);
    }

    #[test]
    fn a_power_that_cannot_be_is_left_out() {
        let mut history = history([(2, 3)]);
        history.add(NOON + 3, Power { import: i64::MAX, export: 0 });
        history.add(NOON + 4, Power { import: 0, export: i64::MAX });
        assert_eq!(history.summary(MINUTES, NOON + 4).unwrap().high, 3);
        assert!(!history.has_line());
    }
}
