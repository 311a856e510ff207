//! The recorder: takes telegrams, and writes files at the right moments.
//!
//! Owns the flush moments and which telegram goes to which output.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::dates::Dates;
use super::lock::InUse;
use super::meters::Meter;
use super::output::Output;
use super::outputs::{Outputs, files};
use super::page::Last;
use super::pattern::Pattern;
use super::report::{Clock, Report};
use super::storage::Storage;
use super::totals::Totals;
use super::zone::Zone;
use super::{removal, weekly, whole_seconds};
use crate::config::Config;
use crate::message::Message;
use crate::meter::{self, Follower, Heard, Meters, Power};
use crate::reading::Registers;
use crate::telegram::Timestamp;
use crate::text;

/// Seconds since 1970 whose dates have four digits of year in every time zone: up to 9998. A computer
/// without a clock of its own begins at 0.
const DATES: std::ops::Range<i64> = 0..253_370_764_800;

/// Records telegrams. It has no clock: time is passed in.
#[derive(Debug)]
pub struct Recorder<S, Z> {
    storage: S,
    zone: Z,
    outputs: Outputs,
    measurement_seconds: i64,
    html: Option<Report>,
    meters: Meters<Meter, Timestamp>,
    /// The meter of the outputs that do not tell meters apart, where others do.
    follower: Follower<Timestamp>,
    /// The time of the last telegram, by the clock of its listener or that of its meter, whichever is behind, and
    /// whether that of its meter is known.
    last: Option<(Timestamp, bool)>,
    /// The time of the first tick.
    began: Option<Timestamp>,
    /// The time of the last tick.
    ticked: Option<Timestamp>,
    /// Whether the files of an earlier run are in order.
    is_started: bool,
    removal: removal::Schedule,
    dates: Dates,
    has_logged_date: bool,
    /// The locks of the files whose names have no `METER`.
    locks: BTreeSet<PathBuf>,
}

impl<S: Storage, Z: Zone> Recorder<S, Z> {
    /// A recorder that has seen nothing yet. It touches no file.
    pub fn new(config: &Config, storage: S, zone: Z) -> Self {
        let mut recorder = Self {
            storage,
            zone,
            outputs: Outputs::default(),
            measurement_seconds: 1,
            html: None,
            meters: Meters::default(),
            follower: Follower::new(None),
            last: None,
            began: None,
            ticked: None,
            is_started: false,
            removal: removal::Schedule::default(),
            dates: Dates::default(),
            has_logged_date: false,
            locks: BTreeSet::new(),
        };
        recorder.configure(config);
        recorder
    }

    /// Takes the locks of the files that this configuration names, before it is used. Those of a name with `METER` are
    /// taken when the meter is known.
    ///
    /// # Errors
    /// Another recorder, or another output, writes some of these files. Only the locks from before stay.
    pub fn lock(&mut self, config: &Config) -> Result<(), InUse> {
        for file in files(config) {
            self.lock_file(file)?;
        }
        self.locks = files(config).map(|file| Pattern::new(file).lock("")).collect();
        Ok(())
    }

    /// Takes the lock of the files of this name.
    ///
    /// # Errors
    /// As [`Recorder::lock`].
    pub fn lock_file(&mut self, file: &Path) -> Result<(), InUse> {
        let Some(holder) = self.storage.lock(&Pattern::new(file).lock("")) else { return Ok(()) };
        self.storage.retain_locks(&self.locks);
        Err(InUse { file: file.to_owned(), holder })
    }

    /// Writes everything, then goes on with another configuration. Open 5-minute periods stay open.
    pub fn reconfigure(&mut self, config: &Config) {
        self.flush();
        self.configure(config);
    }

    fn configure(&mut self, config: &Config) {
        self.storage.retain_locks(&self.locks);
        self.outputs.configure(config);
        self.measurement_seconds = whole_seconds(config.weekly_log.measurement_period);
        self.html = config.html_report.enabled.then(|| Report::new(&config.html_report));
        self.is_started = false;
        self.removal.reset();
    }

    /// Whether a file name has `METER`: then the telegrams of all meters are wanted, and an output
    /// without it takes those of one of them. Else the caller passes those of one meter.
    pub fn wants_all_meters(&self) -> bool {
        let page = self.html.as_ref().is_some_and(Report::has_meter);
        page || self.outputs.iter().any(Output::has_meter)
    }

    /// Takes a telegram. Its rows wait in memory for a flush; nothing is written now.
    pub fn record(&mut self, message: &Message) {
        let time = message.meta.frame_start;
        if !DATES.contains(&time.seconds()) {
            self.log_date(time);
            return;
        }
        let now = self.ticked.unwrap_or(time);
        let zone = &self.zone;
        if !self.dates.permit(time, now, |time| zone.local(time).date()) {
            return;
        }
        let tells_apart = self.wants_all_meters();
        let id = if tells_apart { meter::id(message) } else { "".into() };
        let is_followed = !tells_apart || self.follows(message, now);
        let member = match self.meters.hear(&*id, now, || Meter::new(message.meter_name())) {
            Ok(member) => member,
            Err(full) => {
                if full.is_news {
                    log::warn!(meter = text::escaped(&id).as_str();
                        "too many meters: not recording {} and further ones", text::escaped(&id));
                }
                return;
            }
        };
        let is_confirmed = member.is_confirmed();
        let meter = &mut member.state;
        meter.is_followed = is_followed;
        if !is_followed && !is_confirmed {
            meter.held_back = Some(message.clone());
            return;
        }
        let held_back = meter.held_back.take();
        for message in held_back.iter().chain([message]) {
            self.record_of(&id, message);
        }
    }

    /// Whether this is a telegram of the one meter that some outputs record, or of its successor.
    fn follows(&mut self, message: &Message, now: Timestamp) -> bool {
        let heard = self.follower.hear(message, now);
        if let Heard::Successor(old) = &heard {
            let new = meter::id(message);
            log::warn!(meter = text::escaped(&new).as_str();
                "recording meter {} instead of {} where the file name has no METER",
                text::escaped(&new), text::escaped(old));
            if let Some(member) = self.meters.get_mut(old.as_str()) {
                let meter = &mut member.state;
                self.outputs.close(meter, &self.zone);
                meter.is_followed = false;
            }
        }
        heard.is_followed()
    }

    /// Records a telegram of the meter with this identifier.
    fn record_of(&mut self, id: &str, message: &Message) {
        let Some(member) = self.meters.get_mut(id) else { return };
        let (meter, time) = (&mut member.state, message.meta.frame_start);
        let meter_time = message.meta.meter_time;
        self.last = Some((meter_time.map_or(time, |meter| meter.min(time)), meter_time.is_some()));
        let local = self.zone.local(time);
        let registers = Registers::of(message);
        if let Some(output) = &mut self.outputs.details {
            output.add_telegram(&mut self.storage, meter, local, message, &registers);
        }
        if self.outputs.history.is_some() {
            let rows = meter.rows.add(message, &registers, &self.zone);
            self.outputs.add_rows(meter, rows);
        }
        if let Some(totals) = totals(meter, &registers) {
            let order = meter.clock.order(time);
            let second = time.seconds();
            let record = meter.five_minutes.add(order, second, local, &totals);
            self.outputs.add_record(meter, record);
            if let Some(output) = &mut self.outputs.weekly {
                if weekly::is_due(order, second, self.measurement_seconds) {
                    output.add(meter, local, |out| weekly::write_line(out, second, &totals));
                }
            }
        }
        let Some(html) = self.html.as_ref().filter(|html| html.shows(meter)) else {
            return;
        };
        if meter.page.day.is_none() {
            meter.page.day = Some(self.outputs.day(&mut self.storage, meter, local, &self.zone));
        }
        let power = registers.power.net.map(|_| Power::of(&registers.power));
        let last = Last { arrived: self.ticked.unwrap_or(time), time, local, power };
        html.add(&mut meter.page, message, &registers, last, &self.zone);
    }

    /// Writes every output of whose flush period a multiple has passed since the last tick, and those
    /// with rows of a day that is over. Removes old files once a day. The first tick puts in order what
    /// an earlier run left unfinished.
    pub fn tick(&mut self, now: Timestamp) {
        if !std::mem::replace(&mut self.is_started, true) {
            self.outputs.iter().for_each(|output| output.remove_leftovers(&mut self.storage));
            self.html.iter().for_each(|html| html.remove_leftovers(&mut self.storage));
        }
        let Some(before) = self.ticked.replace(now) else {
            self.began = Some(now);
            return;
        };
        let is_due =
            |period: i64| now.seconds().div_euclid(period) != before.seconds().div_euclid(period);
        for output in self.outputs.iter_mut() {
            output.take_back(&mut self.storage);
            if output.is_urgent(now) || is_due(output.period()) {
                output.flush_at(now, &mut self.storage);
            }
        }
        self.storage.sync_dirs();
        if self.html.as_ref().is_some_and(|html| is_due(html.period())) {
            self.write_pages(false);
        }
        self.remove_old_files(now, now.micros_since(before));
    }

    /// Writes everything that waits.
    pub fn flush(&mut self) {
        self.flush_rows();
        self.write_pages(false);
    }

    /// The end: closes the open 5-minute periods, writes everything, and says what could not be.
    pub fn finish(mut self) {
        for member in self.meters.iter_mut() {
            self.outputs.close(&mut member.state, &self.zone);
        }
        self.flush_rows();
        self.write_pages(true);
        self.outputs.iter().for_each(Output::report_lost);
    }

    /// When [`Recorder::tick`] has something to do next; `None` when every output is off.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        if self.outputs.iter().any(|output| output.is_urgent(now)) {
            return Some(now);
        }
        let periods = self.outputs.iter().map(Output::period);
        let periods = periods.chain(self.html.as_ref().map(Report::period));
        let next = |period: i64| {
            let multiple = now.seconds().div_euclid(period).saturating_add(1);
            Timestamp::from_seconds(multiple.saturating_mul(period))
        };
        periods.map(next).min()
    }

    /// What cannot be written now, for the end of a status; nothing when all is well.
    pub fn trouble(&self) -> String {
        let rows = self.outputs.iter().filter_map(Output::failing);
        let failing: Vec<_> = rows.chain(self.html.as_ref().and_then(Report::failing)).collect();
        if failing.is_empty() {
            return String::new();
        }
        format!("; cannot write {}", failing.join(", "))
    }

    fn log_date(&mut self, time: Timestamp) {
        if !std::mem::replace(&mut self.has_logged_date, true) {
            let seconds = time.seconds();
            log::warn!(
                "ignoring telegrams dated outside the years 1970 to 9998, such as one {seconds} seconds \
                 after 1970-01-01 00:00:00 UTC"
            );
        }
    }

    fn flush_rows(&mut self) {
        for output in self.outputs.iter_mut() {
            output.flush(&mut self.storage);
        }
        self.storage.sync_dirs();
    }

    fn write_pages(&mut self, is_final: bool) {
        let last = self.last.map(|(time, _)| time);
        let (Some(html), Some(now)) = (&mut self.html, self.ticked.or(last)) else { return };
        let clock = Clock { began: self.began.unwrap_or(now), now, is_final };
        let meters = self.meters.iter_mut().map(|member| &mut member.state);
        let meters = meters.filter(|meter| meter.held_back.is_none());
        html.flush(&mut self.storage, meters, &self.zone, clock);
    }

    /// By the clock of this host, that of the listener or that of the meter, whichever is behind the others.
    fn remove_old_files(&mut self, now: Timestamp, passed_micros: i64) {
        if let Some((last, is_proven)) = self.last {
            let clock = removal::Clock {
                today: self.zone.local(last.min(now)).date(),
                is_proven,
                passed_micros,
            };
            let outputs = self.outputs.iter().filter_map(Output::dated);
            self.removal.run(outputs, &mut self.storage, clock);
        }
    }
}

fn totals(meter: &mut Meter, registers: &Registers) -> Option<Totals> {
    let totals = Totals::of(registers);
    if totals.is_none() && !std::mem::replace(&mut meter.is_incomplete, true) {
        log::warn!(meter = meter.name.as_str();
            "meter {}: a telegram lacks energy (1-0:1.8.x) or power (1-0:1.7.0): \
             recording it in the details only", meter.name);
    }
    totals
}
