//! What is known of one column: readings, and use by interval.
//!
//! Owns which readings stay. Of those within five minutes it is the last one, and one that is not a minute later than a
//! multiple of five minutes counts for it.

use super::intervals::{Grid, Use};
use crate::history::calendar::Calendar;
use crate::history::{COLUMNS, Content, five_minutes_of, on_the_grid};
use crate::meter::DeviceRegister;
use crate::zone::Zone;

/// A reading of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub time: i64,
    pub value: i64,
    /// The identifier: its place in the list, from 1; 0 is unknown.
    pub id: u16,
}

/// What a register showed at the end of the interval that begins at this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub point: Point,
    /// The length of the interval where no other one begins within it, in seconds; `None` is the grid of all.
    pub longest: Option<i64>,
}

/// Use of which one end of the interval may not be known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub at: i64,
    pub is_end: bool,
    pub other: Option<i64>,
    pub amount: i64,
}

/// What is known of a column.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub readings: Vec<Point>,
    pub ending: Vec<Ending>,
    pub pending: Vec<Pending>,
    /// Use, when all of it is known.
    pub uses: Vec<Use>,
    /// The readings that are made of use.
    pub made: Vec<(i64, i64)>,
    /// What `made` begins at, when that is known.
    pub base: Option<i64>,
}

impl Channel {
    /// Makes intervals of use, and readings of what a register showed at the end of an interval, by the grid of their
    /// times.
    pub fn end_table<Z: Zone + Clone>(&mut self, calendar: &Calendar<Z>) {
        let grid = |mut times: Vec<i64>| {
            times.sort_unstable();
            Grid::of(&times, calendar)
        };
        let mut times: Vec<i64> = self.ending.iter().map(|ending| ending.point.time).collect();
        let ends = grid(times.clone());
        times.sort_unstable();
        for Ending { point, longest } in self.ending.drain(..) {
            let time = match longest {
                Some(longest) => point.time + nearest(&times, point.time).min(longest),
                None => ends.end(point.time, calendar),
            };
            self.readings.push(Point { time, ..point });
        }
        let unknown = self.pending.iter().filter(|one| one.other.is_none());
        let grid = grid(unknown.map(|one| one.at).collect());
        for Pending { at, is_end, other, amount } in self.pending.drain(..) {
            let (from, until) = if is_end {
                (other.unwrap_or_else(|| grid.start(at, calendar)), at)
            } else {
                (at, other.unwrap_or_else(|| grid.end(at, calendar)))
            };
            if from < until {
                self.uses.push(Use { from, until, amount });
            }
        }
    }

    /// A reading that what is made of use fits to, if it is the first one at the end of an interval. Tells whether it is.
    pub fn anchor(&mut self, time: i64, value: i64) -> bool {
        let found = self.made.binary_search_by_key(&time, |(time, _)| *time);
        let Some(at) = found.ok().filter(|_| self.base.is_none()) else { return false };
        self.base = Some(value - self.made[at].1);
        true
    }
}

/// The distance to the nearest other one of these times, which are in order.
fn nearest(times: &[i64], time: i64) -> i64 {
    let before = times.partition_point(|other| *other < time).checked_sub(1).map(|at| times[at]);
    let after = times.get(times.partition_point(|other| *other <= time));
    let distances = [before, after.copied()].into_iter().flatten();
    distances.map(|other| (other - time).abs()).min().unwrap_or(i64::MAX)
}

/// Whether the column counts.
pub(super) fn is_register(column: usize) -> bool {
    let column = &COLUMNS[column];
    matches!(column.content, Content::Energy(_)) || DeviceRegister::named(column.name).is_some()
}

/// Puts readings in order. Of equal times the later one in the list counts. A meter that was replaced and its successor
/// may have a reading at one time: that of the first one moves a second back, so that both count. Gives two meters that
/// take turns more than once, if there are such: neither has replaced the other.
pub(super) fn order(readings: &mut Vec<Point>) -> Option<(u16, u16)> {
    let is_other = |one: &Point, other: &Point| one.id != other.id && one.id != 0 && other.id != 0;
    readings.reverse();
    readings.sort_by_key(|point| point.time);
    readings.dedup_by(|next, kept| next.time == kept.time && !is_other(next, kept));
    for at in 1..readings.len() {
        if readings[at].time == readings[at - 1].time {
            let before = at.checked_sub(2).map(|before| readings[before].id);
            let after = readings.get(at + 1).map(|after| after.id);
            if before == Some(readings[at].id) || after == Some(readings[at - 1].id) {
                readings.swap(at - 1, at);
            }
            readings[at - 1].time -= 1;
        }
    }
    let mut met: Vec<u16> = Vec::new();
    for point in readings.iter().filter(|point| point.id != 0) {
        match met.iter().position(|id| *id == point.id) {
            None => met.push(point.id),
            Some(place) if place + 1 == met.len() => {}
            Some(place) => return Some((met[place], met[met.len() - 1])),
        }
    }
    None
}

/// Drops what is no reading: programs write 0 before a meter was there, while it was not heard, and after the last one.
/// A 0 among the readings stays where the register counts on from it, as that of a new meter does, and a 0 before the
/// first number where the step to it may be use. Gives how many were dropped.
pub(super) fn drop_zeros(readings: &mut Vec<Point>) -> u64 {
    let count = readings.len();
    let mut all = Vec::with_capacity(count);
    for run in readings.chunk_by(|one, other| one.id == other.id) {
        let Some(first) = run.iter().position(|point| point.value != 0) else {
            all.extend_from_slice(run);
            continue;
        };
        let (zeros, run) = run.split_at(first);
        let kept = without_zeros(run);
        if let Some(last) = zeros.last() {
            if !is_jump(&[&[*last], &kept[..]].concat()) {
                all.extend_from_slice(zeros);
            }
        }
        all.extend(kept);
    }
    *readings = all;
    u64::try_from(count - readings.len()).unwrap_or(0)
}

/// Drops each 0 after which the register goes on from where it was, and those at the end.
fn without_zeros(readings: &[Point]) -> Vec<Point> {
    let mut kept = Vec::with_capacity(readings.len());
    let (mut last, mut zeros) = (0, 0);
    for point in readings {
        kept.push(*point);
        if point.value == 0 {
            zeros += 1;
            continue;
        }
        if point.value >= last {
            kept.truncate(kept.len() - 1 - zeros);
            kept.push(*point);
        }
        (last, zeros) = (point.value, 0);
    }
    kept.truncate(kept.len() - zeros);
    kept
}

/// Whether the first step, from 0, is no use: a hundred kWh or m³, and ten times as fast as any other.
fn is_jump(readings: &[Point]) -> bool {
    let rate = |pair: &[Point]| {
        let seconds = (pair[1].time - pair[0].time).max(1);
        i128::from(pair[1].value - pair[0].value) * 3600 / i128::from(seconds)
    };
    let mut rates = readings.windows(2).map(rate);
    let (first, others) = (rates.next(), rates.max());
    let is_fast = first.zip(others).is_some_and(|(first, highest)| first > 10 * highest);
    is_fast && readings[1].value >= 100_000
}

/// Adds a reading. Of several within five minutes the last one stays; the first reading of all always stays. Gives by how
/// many the list has grown, 0 or 1.
pub(super) fn push(readings: &mut Vec<Point>, at: i64, value: i64, id: u16) -> usize {
    let multiple = on_the_grid(at);
    let last = readings.last().copied();
    let time = if last.is_some_and(|last| last.time == multiple) { at } else { multiple };
    let point = Point { time, value, id };
    match last {
        // The first one stays: what was used is counted from it.
        Some(last)
            if readings.len() > 1
                && last.id == id
                && last.time <= time
                && five_minutes_of(last.time) == five_minutes_of(time) =>
        {
            // The last one was just looked at.
            *readings.last_mut().expect("there is one") = point;
            0
        }
        _ => {
            readings.push(point);
            1
        }
    }
}

/// Keeps the last of the readings of one device within five minutes, which end with their multiple, and the first of all.
pub(super) fn thin(readings: &mut Vec<Point>) {
    let Some(first) = readings.first().copied() else { return };
    readings.reverse();
    readings.dedup_by(|earlier, kept| {
        *earlier != first
            && earlier.id == kept.id
            && five_minutes_of(earlier.time) == five_minutes_of(kept.time)
    });
    readings.reverse();
}

/// DSMR-reader notes an hourly reading of gas under the hour that it ends. Moves those an hour on that have no
/// neighbour nearer than an hour. Tells whether there were some.
pub(super) fn move_gas(readings: &mut [Point]) -> bool {
    let times: Vec<i64> = readings.iter().map(|point| point.time).collect();
    let is_near = |one: Option<&i64>, other: i64| one.is_some_and(|one| (one - other).abs() < 3600);
    let mut has_moved = false;
    for (at, point) in readings.iter_mut().enumerate() {
        let before = at.checked_sub(1).and_then(|at| times.get(at));
        let is_hourly = point.time % 3600 == 0
            && !is_near(before, point.time)
            && !is_near(times.get(at + 1), point.time);
        if is_hourly {
            point.time += 3600;
            has_moved = true;
        }
    }
    // One that was moved may be at the time of one that was not.
    readings.sort_by_key(|point| point.time);
    has_moved
}
