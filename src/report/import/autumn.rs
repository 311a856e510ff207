//! Local times without an offset, in the hour that the clock shows twice in autumn.
//!
//! Owns the three rules. In a file in the order of time with a step back, what comes before the step is summer time.
//! Where times stand in pairs, the first of a pair is. A time that stands there once is winter time: of programs that
//! have it as their key, the later writing won.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta, Timelike as _};

use crate::telegram::Timestamp;
use crate::zone::Zone;

/// More rows of one series in such an hour than any source has.
const MAX_ROWS: usize = 20_000;

/// Rows of a series that wait until its hour is complete.
#[derive(Debug)]
struct Block<T> {
    /// The time of the row before them.
    before: Option<NaiveDateTime>,
    rows: Vec<(NaiveDateTime, T)>,
}

/// Makes moments of local times. Rows come out in the order in which they came in, but for those of such an hour.
#[derive(Debug)]
pub(super) struct Autumn<Z, T> {
    zone: Z,
    /// The last half-hour that the clock shows once, and how far it was ahead of UTC, in seconds.
    known: Option<(NaiveDateTime, i64)>,
    series: BTreeMap<u32, Block<T>>,
}

/// A series has more rows in one hour than can be settled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl<Z: Zone, T> Autumn<Z, T> {
    pub fn new(zone: Z) -> Self {
        Self { zone, known: None, series: BTreeMap::new() }
    }

    /// Takes the local time of a row of a series, and gives the moments that are now known.
    pub fn take(
        &mut self,
        series: u32,
        local: NaiveDateTime,
        row: T,
        each: &mut impl FnMut(i64, T),
    ) -> Result<(), TooMany> {
        let once = self.once(local);
        let block = self.series.entry(series).or_insert(Block { before: None, rows: Vec::new() });
        if let Some(second) = once {
            flush(&self.zone, block, each);
            block.before = Some(local);
            each(second, row);
            return Ok(());
        }
        // The same hour of another year.
        let is_other = block.rows.first().is_some_and(|(first, _)| first.date() != local.date());
        if is_other {
            flush(&self.zone, block, each);
        }
        block.rows.push((local, row));
        if block.rows.len() > MAX_ROWS { Err(TooMany) } else { Ok(()) }
    }

    /// Gives what still waits.
    pub fn finish(&mut self, each: &mut impl FnMut(i64, T)) {
        for block in self.series.values_mut() {
            flush(&self.zone, block, each);
        }
    }

    /// The first moment after `second` at which the clock shows this.
    pub fn after(&self, second: i64, local: NaiveDateTime) -> i64 {
        let moments = self.zone.moments(local).into_iter().flatten().map(Timestamp::seconds);
        let after = moments.filter(|moment| *moment > second).min();
        after.unwrap_or_else(|| self.zone.moment(local).seconds())
    }

    /// The moment of a local time; `None` when there are two of them.
    fn once(&mut self, local: NaiveDateTime) -> Option<i64> {
        let half = local
            - TimeDelta::minutes(i64::from(local.minute() % 30))
            - TimeDelta::seconds(local.second().into());
        let utc = local.and_utc().timestamp();
        match self.known {
            Some((known, ahead)) if known == half => return Some(utc - ahead),
            _ => {}
        }
        match self.zone.moments(local).map(|time| time.map(Timestamp::seconds)) {
            [Some(_), Some(_)] => None,
            [Some(second), None] => {
                self.known = Some((half, utc - second));
                Some(second)
            }
            // In the hour that is left out in spring.
            _ => Some(self.zone.moment(local).seconds()),
        }
    }
}

/// Settles the rows of a block.
fn flush<T>(zone: &impl Zone, block: &mut Block<T>, each: &mut impl FnMut(i64, T)) {
    let mut rows = std::mem::take(&mut block.rows);
    let Some((last, _)) = rows.last() else { return };
    let last = *last;
    // Some files begin with the newest row.
    if block.before.is_some_and(|before| before > rows[0].0) {
        rows.reverse();
    }
    block.before = Some(last);
    let steps_back: Vec<usize> =
        (1..rows.len()).filter(|at| rows[*at].0 < rows[*at - 1].0).collect();
    let mut seen = BTreeMap::<NaiveDateTime, u32>::new();
    for (local, _) in &rows {
        *seen.entry(*local).or_default() += 1;
    }
    let mut met = BTreeMap::<NaiveDateTime, u32>::new();
    for (at, (local, row)) in rows.into_iter().enumerate() {
        let nth = met.entry(local).or_default();
        *nth += 1;
        let is_summer = match steps_back[..] {
            [step] => at < step,
            _ => seen[&local] > 1 && *nth == 1,
        };
        let [summer, winter] = zone.moments(local).map(|time| time.map(Timestamp::seconds));
        let second = if is_summer { summer } else { winter.or(summer) };
        // It was in the hour that comes twice.
        each(second.unwrap_or_default(), row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::tests::Amsterdam;

    /// 2025-10-26 00:00 in Amsterdam, and the minutes since then of rows at these times of day.
    const MIDNIGHT: i64 = 1_761_429_600;

    fn minutes(times: &[&str]) -> Vec<i64> {
        let mut autumn = Autumn::new(Amsterdam);
        let mut found = Vec::new();
        let mut each = |second: i64, ()| found.push((second - MIDNIGHT) / 60);
        for time in times {
            let text = format!("2025-10-26 {time}");
            let local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").unwrap();
            autumn.take(0, local, (), &mut each).unwrap();
        }
        autumn.finish(&mut each);
        found
    }

    #[test]
    fn before_a_step_back_it_is_summer_and_after_it_winter() {
        let times = ["01:55", "02:00", "02:05", "02:55", "02:00", "02:05", "02:55", "03:00"];
        assert_eq!(minutes(&times), [115, 120, 125, 175, 180, 185, 235, 240]);
        // Rows are missing on both sides of the step.
        assert_eq!(minutes(&["01:55", "02:50", "02:10", "03:00"]), [115, 170, 190, 240]);
    }

    #[test]
    fn the_first_of_a_pair_is_summer() {
        let times = ["01:45", "02:00", "02:00", "02:15", "02:15", "02:30", "03:00"];
        assert_eq!(minutes(&times), [105, 120, 180, 135, 195, 210, 240]);
    }

    #[test]
    fn a_time_that_stands_there_once_is_winter() {
        assert_eq!(minutes(&["01:00", "02:00", "03:00"]), [60, 180, 240]);
        assert_eq!(minutes(&["02:00"]), [180], "also at the end of the file");
    }

    #[test]
    fn a_file_that_begins_with_the_newest_row_is_settled_too() {
        assert_eq!(
            minutes(&["03:00", "02:30", "02:00", "02:30", "02:00", "01:30"]),
            [240, 120, 150, 180, 210, 90]
        );
    }

    #[test]
    fn series_do_not_disturb_each_other_and_years_neither() {
        let mut autumn = Autumn::new(Amsterdam);
        let mut found = Vec::new();
        let at = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let mut each = |second: i64, name| {
            found.push((name, Amsterdam.iso8601(Timestamp::from_seconds(second))));
        };
        for (series, text) in
            [(0, "2024-10-27 02:00"), (1, "2024-10-27 02:00"), (0, "2025-10-26 02:00")]
        {
            autumn.take(series, at(text), series, &mut each).unwrap();
        }
        autumn.finish(&mut each);
        let expected =
            ["2024-10-27T02:00:00+01:00", "2025-10-26T02:00:00+01:00", "2024-10-27T02:00:00+01:00"];
        assert_eq!(found.into_iter().map(|(_, time)| time).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_interval_ends_at_the_first_such_time_after_its_beginning() {
        let autumn: Autumn<_, ()> = Autumn::new(Amsterdam);
        let local = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let end =
            |from: i64, text| (autumn.after(MIDNIGHT + from * 60, local(text)) - MIDNIGHT) / 60;
        assert_eq!(end(165, "2025-10-26 02:00"), 180, "02:45 summer time");
        assert_eq!(end(225, "2025-10-26 03:00"), 240, "02:45 winter time");
        assert_eq!(end(105, "2025-10-26 02:00"), 120);
    }
}
