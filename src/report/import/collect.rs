//! What was read from all files, by column, and the rows that it makes.
//!
//! Owns the way from entries to rows of the history: the autumn hour is settled, use becomes registers, tariffs become
//! a total, and of readings that are closer than five minutes the last one stays. Sums are kept beside it as the source
//! has them.

use std::collections::BTreeMap;

use super::autumn::{Autumn, TooMany};
use super::entry::{Entry, Kind, Until, Value};
use super::intervals::{self, Grid, Use};
use super::value::Stamp;
use crate::history::calendar::{Calendar, Unit};
use crate::history::row::FIRST_SECOND;
use crate::history::{COLUMNS, Content, PERIOD_SECONDS, utc_text};
use crate::meter::DEVICES;
use crate::report::table::decimal;
use crate::telegram::Timestamp;
use crate::zone::Zone;

/// A reading that comes at most so long after a multiple of five minutes counts for it, in seconds.
const MAX_LATE: i64 = 60;

/// More numbers than fit into a small machine: ten years of nine registers each five minutes.
const MAX_NUMBERS: usize = 10_000_000;

/// The totals that are made of tariffs where the source has none.
pub(super) const TOTALS: [&str; 2] = ["energy_import_kwh", "energy_export_kwh"];

/// A reading of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    time: i64,
    value: i64,
    /// The identifier: its place in the list, from 1; 0 is unknown.
    id: u16,
}

/// Use of which one end of the interval may not be known yet.
#[derive(Clone, Copy, Debug)]
struct Pending {
    at: i64,
    is_end: bool,
    other: Option<i64>,
    amount: i64,
}

/// What is known of a column.
#[derive(Debug, Default)]
struct Channel {
    readings: Vec<Point>,
    /// What the register showed at the end of the interval that begins then.
    ending: Vec<Point>,
    pending: Vec<Pending>,
    /// Use, when all of it is known.
    uses: Vec<Use>,
    /// The readings that are made of use.
    made: Vec<(i64, i64)>,
    /// What `made` begins at, when that is known.
    base: Option<i64>,
}

/// A sum of each column in each local year, in thousandths.
pub(super) type Sums = BTreeMap<(i32, usize), i64>;

/// Everything that was read.
#[derive(Debug)]
pub(super) struct Collection<Z> {
    zone: Z,
    calendar: Calendar<Z>,
    autumn: Autumn<Z, Entry>,
    channels: BTreeMap<usize, Channel>,
    ids: Vec<String>,
    numbers: usize,
    /// Use columns beside registers.
    pub own_use: Sums,
    /// Whether hourly readings of gas were moved.
    pub has_moved_gas: bool,
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

    /// Takes what waits for the rows of its hour. Before another file, whose rows do not follow those of this one.
    pub fn end_file(&mut self) {
        let mut settled = Vec::new();
        self.autumn.finish(&mut |second, entry| settled.push((second, entry)));
        for (second, entry) in settled {
            self.place(second, &entry);
        }
        self.autumn = Autumn::new(self.zone.clone());
    }

    fn place(&mut self, at: i64, entry: &Entry) {
        // A clock that was not yet set.
        if at < FIRST_SECOND {
            return;
        }
        let other = entry.until.map(|until| match until {
            Until::Length(seconds) => at + seconds,
            Until::Stamp(Stamp::Moment(second)) => second,
            Until::Stamp(Stamp::Local(local)) => self.autumn.after(at, local),
        });
        let id = entry.meter.as_deref().map_or(0, |meter| self.id(meter));
        let year = |second: i64| self.calendar.at(second).local;
        for Value { column, kind, number } in &entry.values {
            if *kind == Kind::OwnUse {
                let year = chrono::Datelike::year(&year(at));
                *self.own_use.entry((year, *column)).or_default() += number;
                continue;
            }
            let channel = self.channels.entry(*column).or_default();
            match kind {
                Kind::Register => self.numbers += push(&mut channel.readings, at, *number, id),
                Kind::AtEnd => {
                    self.numbers += 1;
                    match other {
                        Some(time) => channel.readings.push(Point { time, value: *number, id }),
                        None => channel.ending.push(Point { time: at, value: *number, id }),
                    }
                }
                Kind::Use | Kind::OwnUse => {
                    self.numbers += 1;
                    let is_end = entry.is_end;
                    channel.pending.push(Pending { at, is_end, other, amount: *number });
                }
            }
        }
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
        self.end_file();
        let calendar = self.calendar.clone();
        let gas = super::entry::place("gas_m3");
        for (column, channel) in &mut self.channels {
            let mut starts: Vec<i64> = channel.ending.iter().map(|point| point.time).collect();
            starts.sort_unstable();
            let grid = Grid::of(&starts, &calendar);
            for point in channel.ending.drain(..) {
                channel.readings.push(Point { time: grid.end(point.time, &calendar), ..point });
            }
            // Of equal times the later one in the file counts.
            channel.readings.reverse();
            channel.readings.sort_by_key(|point| point.time);
            channel.readings.dedup_by_key(|point| point.time);
            if moves_gas && Some(*column) == gas {
                self.has_moved_gas = move_gas(&mut channel.readings);
            }
            thin(&mut channel.readings);
            channel.make_intervals(&calendar);
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

    /// Makes registers of use. In a column that this import has registers of, too, they end with the first one.
    pub fn make_registers(&mut self) {
        for channel in self.channels.values_mut() {
            channel.made = intervals::registers(&channel.uses);
            // It ends where the registers begin.
            let first = channel.readings.first().map(|point| point.value);
            channel.base = first.zip(channel.made.last()).map(|(value, (_, sum))| value - sum);
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
        let year = |second: i64| chrono::Datelike::year(&self.calendar.at(second).local);
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
                let of: Vec<_> = sums
                    .iter()
                    .filter(|((_, at), _)| tariffs.contains(at))
                    .map(|(k, v)| (*k, *v))
                    .collect();
                for ((year, _), sum) in of {
                    *sums.entry((year, total)).or_default() += sum;
                }
            }
        }
        sums
    }

    /// The columns of tariffs, of a total, that there are.
    fn tariffs(&self, total: usize) -> Vec<usize> {
        let stem = COLUMNS[total].name.trim_end_matches("kwh");
        let is_tariff = |at: &&usize| COLUMNS[**at].name.starts_with(stem) && **at != total;
        self.channels.keys().filter(is_tariff).copied().collect()
    }

    /// Gives the rows in the order of time: the second, and the row with a field for each of [`COLUMNS`].
    /// `meter` is the identifier of rows that have none, and `name` of what is made of use and joins no register.
    pub fn rows<E>(
        &self,
        name: &str,
        meter: &str,
        mut each: impl FnMut(i64, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cursors: Vec<Cursor<'_>> =
            self.channels.iter().map(|(column, channel)| Cursor::new(*column, channel)).collect();
        let alone = if meter.is_empty() { name } else { meter };
        let totals: Vec<(usize, Vec<usize>)> = TOTALS
            .into_iter()
            .filter_map(super::entry::place)
            .filter(|total| !self.channels.contains_key(total))
            .map(|total| (total, self.tariffs(total)))
            .collect();
        let mut fields: Vec<String> = vec![String::new(); COLUMNS.len()];
        let mut now: Vec<Option<i64>> = vec![None; COLUMNS.len()];
        while let Some(time) = cursors.iter().filter_map(Cursor::time).min() {
            fields.iter_mut().for_each(String::clear);
            now.fill(None);
            let mut has_electricity = false;
            for cursor in &mut cursors {
                let is_energy = matches!(COLUMNS[cursor.column].content, Content::Energy(_));
                let Some((value, is_new, id)) = cursor.take(time) else { continue };
                let id = match id {
                    None => alone,
                    Some(0) if is_energy => meter,
                    Some(0) => "",
                    Some(id) => self.ids.get(usize::from(id) - 1).map_or("", String::as_str),
                };
                if is_new || is_energy {
                    now[cursor.column] = Some(value);
                    Self::put(&mut fields, cursor.column, value, time, id);
                    has_electricity |= is_new && is_energy;
                }
            }
            // Use that goes on does not make a row of gas one of electricity.
            if !has_electricity {
                for (at, column) in COLUMNS.iter().enumerate() {
                    if matches!(column.content, Content::Energy(_)) {
                        fields[at].clear();
                        now[at] = None;
                    }
                }
                fields[2] = plain(meter);
            }
            for (total, tariffs) in &totals {
                let is_needed = |at: &&usize| {
                    cursors.iter().any(|cursor| cursor.column == **at && cursor.spans(time))
                };
                let mut needed = tariffs.iter().filter(is_needed).peekable();
                if needed.peek().is_some() {
                    let sum = needed.map(|at| now[*at]).sum::<Option<i64>>();
                    fields[*total] = sum.map_or(String::new(), |sum| decimal(sum, 3));
                }
            }
            let local = self.zone.local(Timestamp::from_seconds(time));
            let mut utc = Vec::new();
            utc_text(&mut utc, Timestamp::from_seconds(time));
            fields[0] = String::from_utf8(utc).unwrap_or_default();
            fields[1] = local.format("%Y-%m-%dT%H:%M:%S").to_string();
            each(time, (fields.join(",") + "\n").into_bytes())?;
        }
        Ok(())
    }

    /// Writes a number into its field, and what belongs to it.
    fn put(fields: &mut [String], column: usize, value: i64, time: i64, id: &str) {
        let decimals = match COLUMNS[column].content {
            Content::Number(_, decimals) | Content::Statistic(_, _, decimals) => decimals,
            _ => 3,
        };
        fields[column] = decimal(value, decimals.into());
        if matches!(COLUMNS[column].content, Content::Energy(_)) {
            if !id.is_empty() {
                fields[2] = plain(id);
            }
            return;
        }
        let id = plain(id);
        let name = COLUMNS[column].name;
        match DEVICES.iter().find(|[device, ..]| *device == name) {
            Some([_, told, device]) => {
                if let Some(at) = super::entry::place(&told.replace("_timestamp", "_time_utc")) {
                    let mut utc = Vec::new();
                    utc_text(&mut utc, Timestamp::from_seconds(time));
                    fields[at] = String::from_utf8(utc).unwrap_or_default();
                }
                if let Some(at) = super::entry::place(device) {
                    fields[at] = id;
                }
            }
            None if !id.is_empty() => fields[2] = id,
            None => {}
        }
    }
}

impl Channel {
    fn make_intervals<Z: Zone + Clone>(&mut self, calendar: &Calendar<Z>) {
        let unknown = self.pending.iter().filter(|one| one.other.is_none());
        let mut times: Vec<i64> = unknown.map(|one| one.at).collect();
        times.sort_unstable();
        let grid = Grid::of(&times, calendar);
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
        intervals::tidy(&mut self.uses);
    }

    fn anchor(&mut self, time: i64, value: i64) -> bool {
        let found = self.made.binary_search_by_key(&time, |(time, _)| *time);
        let Some(at) = found.ok().filter(|_| self.base.is_none()) else { return false };
        self.base = Some(value - self.made[at].1);
        true
    }
}

/// The readings of one column, in order.
struct Cursor<'a> {
    column: usize,
    readings: &'a [Point],
    made: &'a [(i64, i64)],
    base: i64,
    at: usize,
    made_at: usize,
    /// Whether it is made of use, and joins no register.
    is_alone: bool,
}

impl<'a> Cursor<'a> {
    fn new(column: usize, channel: &'a Channel) -> Self {
        Self {
            column,
            readings: &channel.readings,
            made: &channel.made,
            base: channel.base.unwrap_or(0),
            at: 0,
            made_at: 0,
            is_alone: !channel.made.is_empty() && channel.base.is_none(),
        }
    }

    /// The time of the next reading.
    fn time(&self) -> Option<i64> {
        let read = self.readings.get(self.at).map(|point| point.time);
        let made = self.made.get(self.made_at).map(|(time, _)| *time);
        [read, made].into_iter().flatten().min()
    }

    /// The value at this time, which is not after that of the next reading; whether it is a reading of this time, and
    /// the place of the identifier, `None` for what joins no register of the meter. A register that is made of use is
    /// known between its readings, too.
    fn take(&mut self, time: i64) -> Option<(i64, bool, Option<u16>)> {
        let mut found = None;
        let id = if self.is_alone { None } else { Some(0) };
        if let Some((_, value)) = self.made.get(self.made_at).filter(|(at, _)| *at == time) {
            found = Some((self.base + value, true, id));
            self.made_at += 1;
        } else if self.made_at > 0 && self.made_at < self.made.len() {
            found = Some((self.base + self.made[self.made_at - 1].1, false, id));
        }
        if let Some(point) = self.readings.get(self.at).filter(|point| point.time == time) {
            found = Some((point.value, true, Some(point.id)));
            self.at += 1;
        }
        found
    }

    /// Whether this time is between the first and the last reading.
    fn spans(&self, time: i64) -> bool {
        let ends = |first: Option<i64>, last: Option<i64>| {
            first.zip(last).is_some_and(|(first, last)| (first..=last).contains(&time))
        };
        let read = |point: Option<&Point>| point.map(|point| point.time);
        let made = |point: Option<&(i64, i64)>| point.map(|(time, _)| *time);
        ends(read(self.readings.first()), read(self.readings.last()))
            || ends(made(self.made.first()), made(self.made.last()))
    }
}

/// Whether the column counts.
pub(super) fn is_register(column: usize) -> bool {
    let is_device = |name: &str| DEVICES.iter().any(|[device, ..]| *device == name);
    match COLUMNS[column].content {
        Content::Energy(_) => true,
        _ => is_device(COLUMNS[column].name),
    }
}

/// Adds a reading; of several within five minutes the last one stays, and the first of all. Gives how many there are more.
fn push(readings: &mut Vec<Point>, at: i64, value: i64, id: u16) -> usize {
    let late = at.rem_euclid(PERIOD_SECONDS);
    let multiple = at - late;
    let last = readings.last().copied();
    let has_multiple = last.is_some_and(|last| last.time == multiple && late > 0);
    let time = if late <= MAX_LATE && !has_multiple { multiple } else { at };
    // Five minutes end with their multiple.
    let bucket = |time: i64| (time - 1).div_euclid(PERIOD_SECONDS);
    let point = Point { time, value, id };
    match last {
        // The first one stays: what was used is counted from it.
        Some(last)
            if readings.len() > 1
                && last.id == id
                && last.time <= time
                && bucket(last.time) == bucket(time) =>
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
fn thin(readings: &mut Vec<Point>) {
    let bucket = |time: i64| (time - 1).div_euclid(PERIOD_SECONDS);
    let Some(first) = readings.first().copied() else { return };
    readings.reverse();
    readings.dedup_by(|earlier, kept| {
        *earlier != first && earlier.id == kept.id && bucket(earlier.time) == bucket(kept.time)
    });
    readings.reverse();
}

/// DSMR-reader notes an hourly reading of gas under the hour that it ends. Moves those an hour on that have no
/// neighbour nearer than an hour. Tells whether there were some.
fn move_gas(readings: &mut [Point]) -> bool {
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

/// A text that needs no quotes and stays on its line.
fn plain(text: &str) -> String {
    let is_odd = |c: char| c.is_control() || matches!(c, ',' | '"');
    text.trim().replace(is_odd, "_")
}
