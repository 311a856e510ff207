//! Which rows must be in which file, worked out from p1reader(8) alone.

use std::collections::BTreeMap;

use crate::calendar::{Local, utc_text};

/// A telegram of the simulated meter.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// Seconds since 1970, by the clock of the listener.
    pub time: i64,
    pub meter: String,
    /// Import of tariff 1 and 2, export; Wh.
    pub energy: [i64; 3],
    /// Import and export; W.
    pub power: [i64; 2],
}

/// How certain it is that a row is in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in memory.
    Waiting,
    /// It was written: it must be there.
    Written,
    /// It was in memory when the power was cut: perhaps it is there.
    Uncertain,
}

/// The rows of one output, by file.
#[derive(Default)]
pub struct Output {
    pub files: BTreeMap<String, Vec<(String, Fate)>>,
    pub verified: u64,
    pub lost: u64,
}

impl Output {
    pub fn add(&mut self, file: String, row: String) {
        self.files.entry(file).or_default().push((row, Fate::Waiting));
    }

    pub fn change(&mut self, to: Fate) {
        for rows in self.files.values_mut() {
            let waiting = rows.iter_mut().rev().take_while(|(_, fate)| *fate == Fate::Waiting);
            waiting.for_each(|(_, fate)| *fate = to);
        }
    }

    /// Fails unless a file has every row that was written, once and in order, and no others than those that may
    /// be there. Forgets them; what waits in memory may come into a new file of this name.
    pub fn verify<'f>(&mut self, file: &str, found: impl Iterator<Item = &'f str>) {
        let mut expected = self.files.remove(file).unwrap_or_default().into_iter();
        let mut waiting = Vec::new();
        let mut pass = |row: Option<&str>| loop {
            match (expected.next(), row) {
                (Some((text, _)), Some(row)) if text == row => break self.verified += 1,
                (Some((text, Fate::Written)), _) => {
                    panic!("{file}: expected {text:?}, found {row:?}")
                }
                (Some((text, Fate::Waiting)), _) => waiting.push((text, Fate::Waiting)),
                (Some(_), _) => self.lost += 1,
                (None, Some(row)) => panic!("{file}: row that was not expected here: {row:?}"),
                (None, None) => break,
            }
        };
        found.for_each(|row| pass(Some(row)));
        pass(None);
        if !waiting.is_empty() {
            self.files.insert(file.to_owned(), waiting);
        }
    }
}

/// Time, the newest one by which telegrams are late, and what the open period has.
#[derive(Default)]
struct Period {
    newest: Option<i64>,
    open: Vec<Telegram>,
}

enum Place {
    Late,
    Within,
    /// It ends the period.
    Ends,
    /// A gap, a step back or the beginning lies before it.
    Apart,
}

impl Period {
    fn place(&mut self, time: i64) -> Place {
        let newest = self.newest.replace(time);
        match newest {
            Some(newest) if time <= newest && newest - time <= 60 => {
                self.newest = Some(newest);
                Place::Late
            }
            Some(newest) if time > newest => match time.div_euclid(300) - newest.div_euclid(300) {
                0 => Place::Within,
                1 => Place::Ends,
                _ => Place::Apart,
            },
            _ => Place::Apart,
        }
    }
}

/// The 5-minute records.
#[derive(Default)]
pub struct Records(Period);

impl Records {
    /// The line of each record that a telegram ends, with the time that decides its file.
    pub fn add(&mut self, telegram: &Telegram) -> Option<(Local, String)> {
        match self.0.place(telegram.time) {
            Place::Late => None,
            Place::Within => {
                self.0.open.push(telegram.clone());
                None
            }
            Place::Ends => {
                self.0.open.push(telegram.clone());
                self.close()
            }
            Place::Apart => {
                let record = self.close();
                if telegram.time % 300 != 0 {
                    self.0.open.push(telegram.clone());
                }
                record
            }
        }
    }

    pub fn close(&mut self) -> Option<(Local, String)> {
        let open = std::mem::take(&mut self.0.open);
        let last = open.last()?;
        let local = Local::at(last.time);
        let half = |total: i64, direction: usize| {
            let [min, mean, max] = statistics(&open, direction, false);
            format!("{total}, {min:4}, {mean:4}, {max:4}")
        };
        let import = half(last.energy[0] + last.energy[1], 0);
        let export = half(last.energy[2], 1);
        Some((local, format!("{} {}, {import},    {export}", local.iso_date(), local.clock())))
    }
}

/// The rows of the history.
#[derive(Default)]
pub struct History {
    period: Period,
    last: Option<Telegram>,
    /// Seconds between the last two telegrams.
    interval: i64,
}

impl History {
    pub fn add(&mut self, telegram: &Telegram) -> Vec<(Local, String)> {
        let mut rows = Vec::new();
        let place = self.period.place(telegram.time);
        let is_other = self.last.as_ref().is_some_and(|last| last.meter != telegram.meter);
        let (is_apart, ends) = match place {
            Place::Late => return rows,
            Place::Within if !is_other => (false, false),
            Place::Ends if !is_other => (false, true),
            _ => (true, true),
        };
        if is_apart {
            rows.extend(self.close());
        }
        let allowed = if is_apart { 0 } else { self.interval.clamp(15, 60) };
        self.interval = match &self.last {
            Some(last) if telegram.time > last.time && !is_other => telegram.time - last.time,
            _ => 0,
        };
        self.period.open.push(telegram.clone());
        self.last = Some(telegram.clone());
        if ends {
            let lateness = telegram.time.rem_euclid(300);
            let stamp = if lateness <= allowed { telegram.time - lateness } else { telegram.time };
            rows.extend(self.end(stamp));
        }
        rows
    }

    pub fn close(&mut self) -> Option<(Local, String)> {
        let time = self.period.open.last()?.time;
        self.end(time)
    }

    fn end(&mut self, stamp: i64) -> Option<(Local, String)> {
        let open = std::mem::take(&mut self.period.open);
        let last = open.last()?;
        let local = Local::at(stamp);
        let kilo = |energy: i64| format!("{}.{:03}", energy / 1000, energy % 1000);
        let [t1, t2, export] = last.energy;
        let registers = [kilo(t1 + t2), kilo(t1), kilo(t2), kilo(export)].join(",");
        let power = [0, 1].map(|direction| {
            statistics(&open, direction, true).map(|power| power.to_string()).join(",")
        });
        let time = format!("{},{}T{}", utc_text(stamp), local.iso_date(), local.clock());
        let (meter, telegrams) = (&last.meter, open.len());
        Some((local, format!("{time},{meter},{telegrams},{registers},{}", power.join(","))))
    }
}

/// Lowest, mean and highest power, the mean rounded or cut.
fn statistics(telegrams: &[Telegram], direction: usize, is_rounded: bool) -> [i64; 3] {
    let powers = telegrams.iter().map(|telegram| telegram.power[direction]);
    let count = i64::try_from(telegrams.len()).expect("few");
    let sum: i64 = powers.clone().sum();
    let mean = if is_rounded { (2 * sum + count) / (2 * count) } else { sum / count };
    [powers.clone().min().expect("one"), mean, powers.max().expect("one")]
}
