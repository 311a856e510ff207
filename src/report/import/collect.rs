//! What was read from all files, by column.
//!
//! Owns the way from entries to columns: the autumn hour is settled, use becomes registers, and the sums are kept as the
//! source has them. [`super::rows`] makes rows of it.

use std::collections::BTreeMap;

use chrono::Datelike as _;

use super::autumn::{Autumn, TooMany};
use super::channel::{
    Channel, Ending, Pending, Point, drop_zeros, is_register, move_gas, order, push, thin,
};
use super::entry::{Entry, Kind, Until, Value};
use super::intervals;
use super::value::Stamp;
use crate::history::calendar::{Calendar, Unit};
use crate::history::row::FIRST_SECOND;
use crate::history::{COLUMNS, Content};
use crate::zone::Zone;

/// More numbers than fit into a small machine: ten years of nine registers each five minutes.
const MAX_NUMBERS: usize = 10_000_000;

/// The totals that are made of tariffs where the source has none.
pub(super) const TOTALS: [&str; 2] = ["energy_import_kwh", "energy_export_kwh"];

/// A sum of each column in each local year, in thousandths.
pub(super) type Sums = BTreeMap<(i32, usize), i64>;

/// Everything that was read.
#[derive(Debug)]
pub(super) struct Collection<Z> {
    pub zone: Z,
    calendar: Calendar<Z>,
    autumn: Autumn<Z, Entry>,
    pub channels: BTreeMap<usize, Channel>,
    pub ids: Vec<String>,
    numbers: usize,
    /// Use columns beside registers.
    pub own_use: Sums,
    /// Whether hourly readings of gas were moved.
    pub has_moved_gas: bool,
    /// How many zeros were no readings.
    pub zeros: u64,
    /// Two meters that have readings side by side.
    side_by_side: Option<(u16, u16)>,
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Hour,
    Numbers,
}

impl From<TooMany> for Full {
    fn from(_: TooMany) -> Self {
        Self::Hour
    }
}

impl<Z: Zone + Clone> Collection<Z> {
    pub fn new(zone: Z) -> Self {
        Self {
            calendar: Calendar::new(zone.clone(), Unit::Year),
            autumn: Autumn::new(zone.clone()),
            zone,
            channels: BTreeMap::new(),
            ids: Vec::new(),
            numbers: 0,
            own_use: Sums::new(),
            has_moved_gas: false,
            zeros: 0,
            side_by_side: None,
        }
    }

    /// Takes an entry.
    pub fn take(&mut self, entry: Entry) -> Result<(), Full> {
        match entry.at {
            Stamp::Moment(second) => self.place(second, &entry),
            Stamp::Local(local) => {
                let mut settled = Vec::new();
                self.autumn.take(entry.series, local, entry, &mut |second, entry| {
                    settled.push((second, entry));
                })?;
                for (second, entry) in settled {
                    self.place(second, &entry);
                }
            }
        }
        if self.numbers > MAX_NUMBERS { Err(Full::Numbers) } else { Ok(()) }
    }

    /// Ends a table: what waits for the rows of its hour, or for the grid of its times, is settled. The rows of another
    /// one do not follow those of this, and may be days where these were hours.
    pub fn end_table(&mut self) {
        let mut settled = Vec::new();
        self.autumn.finish(&mut |second, entry| settled.push((second, entry)));
        for (second, entry) in settled {
            self.place(second, &entry);
        }
        self.autumn = Autumn::new(self.zone.clone());
        for channel in self.channels.values_mut() {
            channel.end_table(&self.calendar);
        }
    }

    fn place(&mut self, at: i64, entry: &Entry) {
        // A clock that was not yet set.
        if at < FIRST_SECOND {
            return;
        }
        let other = entry.until.and_then(|until| match until {
            Until::Length(seconds) => Some(at + seconds),
            Until::Stamp(Stamp::Moment(second)) => Some(second),
            Until::Stamp(Stamp::Local(local)) => Some(self.autumn.after(at, local)),
            Until::AtMost(_) => None,
        });
        let longest = match entry.until {
            Some(Until::AtMost(seconds)) => Some(seconds),
            _ => None,
        };
        // Of an hour that comes twice and is there once, the end may have passed: the grid knows it.
        let is_after = |other: &i64| if entry.is_end { *other < at } else { *other > at };
        let other = other.filter(is_after);
        let id = entry.meter.as_deref().map_or(0, |meter| self.id(meter));
        for Value { column, kind, number } in &entry.values {
            let channel = self.channels.entry(*column);
            self.numbers += match kind {
                Kind::Register => push(&mut channel.or_default().readings, at, *number, id),
                Kind::AtEnd => {
                    let point = Point { time: at, value: *number, id };
                    let channel = channel.or_default();
                    match other {
                        Some(time) => channel.readings.push(Point { time, ..point }),
                        None => channel.ending.push(Ending { point, longest }),
                    }
                    1
                }
                Kind::Use => {
                    let is_end = entry.is_end;
                    channel.or_default().pending.push(Pending {
                        at,
                        is_end,
                        other,
                        amount: *number,
                    });
                    1
                }
                Kind::OwnUse => {
                    let year = self.calendar.at(at).local.year();
                    *self.own_use.entry((year, *column)).or_default() += number;
                    0
                }
            };
        }
    }

    /// The identifiers of two meters that have readings side by side, if there are such.
    pub fn side_by_side(&self) -> Option<[&str; 2]> {
        let (one, other) = self.side_by_side?;
        let name = |id: u16| self.ids.get(usize::from(id) - 1).map_or("", String::as_str);
        Some([name(one), name(other)])
    }

    fn id(&mut self, name: &str) -> u16 {
        let known = self.ids.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.ids.push(name.to_owned());
            self.ids.len() - 1
        });
        u16::try_from(at + 1).unwrap_or(0)
    }

    /// The columns of which use is known, and no registers.
    pub fn used_columns(&self) -> Vec<usize> {
        let has_use = |channel: &Channel| !channel.pending.is_empty() || !channel.uses.is_empty();
        self.channels.iter().filter(|(_, channel)| has_use(channel)).map(|(at, _)| *at).collect()
    }

    /// Makes intervals and readings of all that was read. With `moves_gas` hourly readings of gas are noted under the
    /// hour that they end.
    pub fn settle(&mut self, moves_gas: bool) {
        self.end_table();
        let gas = super::entry::place("gas_m3");
        for (column, channel) in &mut self.channels {
            let both = order(&mut channel.readings);
            self.side_by_side = self.side_by_side.or(both);
            if moves_gas && Some(*column) == gas {
                self.has_moved_gas = move_gas(&mut channel.readings);
            }
            if is_register(*column) {
                self.zeros += drop_zeros(&mut channel.readings);
            }
            thin(&mut channel.readings);
            intervals::tidy(&mut channel.uses);
            if let Some(first) = channel.readings.first() {
                // Registers know better what was used since then.
                channel.uses.retain(|one| one.until <= first.time);
            }
        }
    }

    /// Adds the readings of an earlier import of the same name, for columns of use.
    pub fn add_older(&mut self, column: usize, readings: &[(i64, i64)]) {
        if let Some(channel) = self.channels.get_mut(&column) {
            intervals::add_older(&mut channel.uses, &intervals::between(readings));
        }
    }

    /// Adds the readings of an earlier import of the same name, for a tariff that makes a total with those of this one:
    /// as use where those are use.
    pub fn add_tariff(&mut self, column: usize, readings: &[(i64, i64)], is_use: bool) {
        if readings.is_empty() {
            return;
        }
        let channel = self.channels.entry(column).or_default();
        if is_use {
            intervals::add_older(&mut channel.uses, &intervals::between(readings));
        } else {
            let older =
                readings.iter().map(|(time, value)| Point { time: *time, value: *value, id: 0 });
            channel.readings.extend(older);
            // Of equal times the first one stays, which is that of this import.
            channel.readings.sort_by_key(|point| point.time);
            channel.readings.dedup_by_key(|point| point.time);
        }
    }

    /// Makes registers of use. In a column that this import has registers of, too, they end with the first one.
    pub fn make_registers(&mut self) {
        for channel in self.channels.values_mut() {
            channel.made = intervals::registers(&channel.uses);
        }
        for total in TOTALS.into_iter().filter_map(super::entry::place) {
            self.align_tariffs(total);
        }
        for channel in self.channels.values_mut() {
            // It ends where the registers begin.
            let first = channel.readings.first().map(|point| point.value);
            channel.base = first.zip(channel.made.last()).map(|(value, (_, sum))| value - sum);
        }
    }

    /// Lets the tariffs of a total begin and end together, if they are made of use: a tariff without an interval counts
    /// nothing while another one is in use. Their sum would fall where one of them is not known.
    fn align_tariffs(&mut self, total: usize) {
        let columns: Vec<usize> = tariffs(total).collect();
        let is_made = |channel: &Channel| !channel.made.is_empty() && channel.readings.is_empty();
        let all = || columns.iter().filter_map(|at| self.channels.get(at)).filter(|it| is_made(it));
        let first = all().filter_map(|channel| channel.made.first()).map(|(time, _)| *time).min();
        let last = all().filter_map(|channel| channel.made.last()).map(|(time, _)| *time).max();
        let Some((first, last)) = first.zip(last) else { return };
        for at in columns {
            let Some(channel) = self.channels.get_mut(&at).filter(|it| is_made(it)) else {
                continue;
            };
            if channel.made[0].0 > first {
                channel.made.insert(0, (first, 0));
            }
            let (time, sum) = channel.made[channel.made.len() - 1];
            if time < last {
                channel.made.push((last, sum));
            }
        }
    }

    /// The time of the registers that are made of use.
    pub fn made_span(&self) -> Option<(i64, i64)> {
        let made = || self.channels.values().map(|channel| &channel.made);
        let first = made().filter_map(|made| made.first()).map(|(time, _)| *time).min()?;
        let last = made().filter_map(|made| made.last()).map(|(time, _)| *time).max()?;
        Some((first, last))
    }

    /// A reading of the meter itself: what is made of use fits to the first one at the end of an interval. Tells
    /// whether this is that one.
    pub fn anchor(&mut self, column: usize, time: i64, value: i64) -> bool {
        self.channels.get_mut(&column).is_some_and(|channel| channel.anchor(time, value))
    }

    /// Energy joins the registers of the meter in all of its columns or in none: a row has one meter.
    pub fn finish_anchors(&mut self) {
        let is_energy = |column: usize| matches!(COLUMNS[column].content, Content::Energy(_));
        let made = || self.channels.iter().filter(|(_, channel)| !channel.made.is_empty());
        let is_apart = made().any(|(column, channel)| is_energy(*column) && channel.base.is_none());
        let with_readings = |channel: &Channel| !channel.readings.is_empty();
        for (column, channel) in &mut self.channels {
            if is_apart && is_energy(*column) && !with_readings(channel) {
                channel.base = None;
            }
        }
    }

    /// The columns whose registers join those of the meter, and those that begin at zero.
    pub fn joined(&self) -> (Vec<usize>, Vec<usize>) {
        let made = self.channels.iter().filter(|(_, channel)| !channel.made.is_empty());
        let (joined, alone): (Vec<_>, Vec<_>) =
            made.partition(|(_, channel)| channel.base.is_some());
        let places = |all: Vec<(&usize, &Channel)>| all.into_iter().map(|(at, _)| *at).collect();
        (places(joined), places(alone))
    }

    /// The sums of the source, by year: use by the beginning of its interval, and differences of registers that lie
    /// within one year.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        let year = |second: i64| self.calendar.at(second).local.year();
        for (column, channel) in self.channels.iter().filter(|(column, _)| is_register(**column)) {
            for one in &channel.uses {
                *sums.entry((year(one.from), *column)).or_default() += one.amount;
            }
            for pair in channel.readings.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                let is_same = from.id == to.id || from.id == 0 || to.id == 0;
                let of = year(to.time - 1);
                if is_same && to.value >= from.value && of == year(from.time) {
                    *sums.entry((of, *column)).or_default() += to.value - from.value;
                }
            }
        }
        for total in TOTALS {
            let Some(total) = super::entry::place(total) else { continue };
            if !self.channels.contains_key(&total) {
                let tariffs = self.tariffs(total);
                let of_tariffs = sums.iter().filter(|((_, column), _)| tariffs.contains(column));
                let of_tariffs: Vec<_> = of_tariffs.map(|((year, _), sum)| (*year, *sum)).collect();
                for (year, sum) in of_tariffs {
                    *sums.entry((year, total)).or_default() += sum;
                }
            }
        }
        sums
    }

    /// The columns of tariffs, of a total, that there are.
    pub fn tariffs(&self, total: usize) -> Vec<usize> {
        tariffs(total).filter(|at| self.channels.contains_key(at)).collect()
    }
}

/// The columns of all tariffs of a total.
pub(super) fn tariffs(total: usize) -> impl Iterator<Item = usize> {
    let stem = COLUMNS[total].name.trim_end_matches("kwh");
    (0..COLUMNS.len()).filter(move |at| COLUMNS[*at].name.starts_with(stem) && *at != total)
}
