//! Rows of the history, made of everything that was read.
//!
//! Owns what stands in a row: of a register that is made of use what it has counted so far, also between two intervals;
//! of tariffs the total; of a device the time of its reading.

use super::channel::{Channel, Point};
use super::collect::{Collection, TOTALS};
use super::entry::place;
use crate::history::{COLUMNS, Content, local_text, plain, time_column, utc_text};
use crate::meter::DeviceRegister;
use crate::report::table::known;
use crate::telegram::Timestamp;
use crate::text::decimal;
use crate::zone::Zone;

impl<Z: Zone + Clone> Collection<Z> {
    /// Gives the rows in the order of time: the second, and the row with a field for each of [`COLUMNS`].
    /// `meter` is the identifier of rows that have none, and `name` of what is made of use and joins no register.
    pub fn rows<E>(
        &self,
        name: &str,
        meter: &str,
        mut each: impl FnMut(i64, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let channels = self.channels.iter();
        let mut cursors: Vec<Cursor<'_>> =
            channels.map(|(column, channel)| Cursor::new(*column, channel)).collect();
        let totals: Vec<(usize, Vec<usize>)> = TOTALS
            .into_iter()
            .filter_map(place)
            .filter(|total| !self.channels.contains_key(total))
            .map(|total| (total, self.tariffs(total)))
            .collect();
        let alone = if meter.is_empty() { name } else { meter };
        let mut row = Fields::new();
        while let Some(time) = cursors.iter().filter_map(Cursor::time).min() {
            row.clear();
            let mut has_energy = false;
            for cursor in &mut cursors {
                let is_energy = is_energy(cursor.column);
                let Some((value, is_new, id)) = cursor.take(time) else { continue };
                let id = match id {
                    None => alone,
                    Some(0) if is_energy => meter,
                    Some(0) => "",
                    Some(id) => self.ids.get(usize::from(id) - 1).map_or("", String::as_str),
                };
                if is_new || is_energy {
                    row.put(cursor.column, value, time, id);
                    has_energy |= is_new && is_energy;
                }
            }
            if has_energy {
                row.add_totals(&totals, &cursors, time);
            } else {
                // Use that goes on does not make a row of gas one of electricity.
                row.clear_energy(meter);
            }
            let local = self.zone.local(Timestamp::from_seconds(time));
            row.texts[0] = utc_text(time);
            row.texts[1] = local_text(local);
            each(time, (row.texts.join(",") + "\n").into_bytes())?;
        }
        Ok(())
    }
}

/// The fields of a row.
struct Fields {
    texts: Vec<String>,
    numbers: Vec<Option<i64>>,
}

impl Fields {
    fn new() -> Self {
        Self { texts: vec![String::new(); COLUMNS.len()], numbers: vec![None; COLUMNS.len()] }
    }

    fn clear(&mut self) {
        self.texts.iter_mut().for_each(String::clear);
        self.numbers.fill(None);
    }

    /// Writes a number into its field, and what belongs to it.
    fn put(&mut self, column: usize, value: i64, time: i64, id: &str) {
        let decimals = match COLUMNS[column].content {
            Content::Number(_, decimals) | Content::Statistic(_, _, decimals) => decimals,
            _ => 3,
        };
        self.texts[column] = decimal(value, decimals.into());
        self.numbers[column] = Some(value);
        match DeviceRegister::named(COLUMNS[column].name) {
            Some(register) => {
                if let Some(at) = place(&time_column(register)) {
                    self.texts[at] = utc_text(time);
                }
                if let Some(at) = place(register.id) {
                    self.texts[at] = plain(id);
                }
            }
            None if !id.is_empty() => self.texts[METER] = plain(id),
            None => {}
        }
    }

    /// Adds the sum of the tariffs, where all of them have a number. Before its first reading and after its last one a
    /// tariff counts nothing: the sum neither rises nor falls where one of them begins or ends.
    fn add_totals(&mut self, totals: &[(usize, Vec<usize>)], cursors: &[Cursor<'_>], time: i64) {
        for (total, tariffs) in totals.iter().filter(|(_, tariffs)| !tariffs.is_empty()) {
            let outside = |at: usize| {
                let cursor = cursors.iter().find(|cursor| cursor.column == at)?;
                cursor.outside(time)
            };
            let numbers = tariffs.iter().map(|at| self.numbers[*at].or_else(|| outside(*at)));
            let sum = numbers.sum::<Option<i64>>();
            self.texts[*total] = known(sum, 3);
        }
    }

    fn clear_energy(&mut self, meter: &str) {
        for (at, text) in self.texts.iter_mut().enumerate().filter(|(at, _)| is_energy(*at)) {
            text.clear();
            self.numbers[at] = None;
        }
        self.texts[METER] = plain(meter);
    }
}

/// The place of the meter's identifier.
const METER: usize = 2;

fn is_energy(column: usize) -> bool {
    matches!(COLUMNS[column].content, Content::Energy(_))
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

    /// The first value, at a time before it, or the last one, at a time after it.
    fn outside(&self, time: i64) -> Option<i64> {
        // What is made of use comes before the readings.
        let read = |point: Option<&Point>| point.map(|point| (point.time, point.value));
        let made = |point: Option<&(i64, i64)>| point.map(|(time, sum)| (*time, self.base + sum));
        let first = made(self.made.first()).or_else(|| read(self.readings.first()));
        let last = read(self.readings.last()).or_else(|| made(self.made.last()));
        let before = first.filter(|(first, _)| time < *first);
        before.or_else(|| last.filter(|(last, _)| time > *last)).map(|(_, value)| value)
    }
}
