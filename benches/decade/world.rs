//! The recorder under test, its disk, and what must be on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use p1_multicast::config::Config;
use p1_multicast::message::Message;
use p1_multicast::reader::{HostZone, Recorder};
use p1_multicast::telegram::Timestamp;

use crate::calendar::{Local, days};
use crate::disk::Disk;
use crate::expected::{Fate, History, Output, Records, Telegram};
use crate::random::Random;

/// Flush periods in seconds.
const DETAILS: i64 = 600;
const DAYS: i64 = 3600;
const HISTORY: i64 = 1200;
const WEEKLY: i64 = 3600;

pub struct World {
    folder: PathBuf,
    config: Config,
    disk: Disk,
    recorder: Option<Recorder<Disk, HostZone>>,
    records: Records,
    history: History,
    /// The time of the newest telegram that counted for the weekly log.
    newest: Option<i64>,
    outputs: [(i64, Output); 4],
    ticked: Option<i64>,
    pub telegrams: u32,
    pub cuts: u64,
    restarts: u64,
    recording: Duration,
}

impl World {
    pub fn new(folder: &Path, seed: u64) -> Self {
        let mut config = Config::default();
        config.p1_reader.min_free = 0;
        config.p1_reader_details.filename = folder.join("details-DAY.csv");
        config.p1_reader_details.keep_days = Some(20);
        config.p1_reader_interval.filename = folder.join("interval-PERIOD.csv");
        config.p1_reader_interval.keep_days = Some(20);
        config.p1_reader_day.filename = folder.join("day-DAY.csv");
        config.p1_reader_day.keep_days = Some(20);
        config.p1_reader_history.filename = folder.join("history-YEAR.csv");
        config.weekly_log.filename = folder.join("YYYY-Www.log");
        config.html_report.filename = folder.join("page/lastm.html");
        config.html_report.flush_period = Duration::from_secs(60);
        let periods = [DETAILS, DAYS, HISTORY, WEEKLY];
        let mut world = Self {
            folder: folder.to_owned(),
            config,
            disk: Disk::new(Random::new(seed)),
            recorder: None,
            records: Records::default(),
            history: History::default(),
            newest: None,
            outputs: periods.map(|period| (period, Output::default())),
            ticked: None,
            telegrams: 0,
            cuts: 0,
            restarts: 0,
            recording: Duration::ZERO,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        (self.records, self.history, self.newest) = (Records::default(), History::default(), None);
        self.ticked = None;
        self.recorder = Some(Recorder::new(&self.config, self.disk.clone(), HostZone));
    }

    fn recorder(&mut self) -> &mut Recorder<Disk, HostZone> {
        self.recorder.as_mut().expect("a recorder")
    }

    /// False when the power was cut meanwhile.
    pub fn tick(&mut self, now: i64) -> bool {
        let begin = Instant::now();
        self.recorder().tick(Timestamp::from_seconds(now));
        self.recording += begin.elapsed();
        self.verify_removed();
        if self.has_lost_power() {
            return false;
        }
        if let Some(before) = self.ticked.replace(now) {
            let is_full = self.disk.state().is_full;
            for (period, output) in &mut self.outputs {
                if !is_full && before.div_euclid(*period) != now.div_euclid(*period) {
                    output.change(Fate::Written);
                }
            }
        }
        true
    }

    pub fn record(&mut self, telegram: &Telegram) {
        self.telegrams += 1;
        let message = message(telegram, self.telegrams);
        let begin = Instant::now();
        self.recorder().record(&message);
        self.recording += begin.elapsed();
        let local = Local::at(telegram.time);
        let date = format!("{:04}{:02}{:02}", local.year, local.month, local.date);
        let [(_, details), (_, days), (_, history), (_, weekly)] = &mut self.outputs;
        let time =
            format!("{:02}-{:02}-{:04} {}", local.date, local.month, local.year, local.clock());
        details.add(format!("details-{date}.csv"), format!("{time};{}", telegram.energy[0]));
        if let Some((local, record)) = self.records.add(telegram) {
            days.add(day_file(local), record);
        }
        for (local, row) in self.history.add(telegram) {
            history.add(format!("history-{:04}.csv", local.year), row);
        }
        // A line for the first telegram of each ten seconds.
        let is_late =
            self.newest.is_some_and(|newest| (0..=60).contains(&(newest - telegram.time)));
        if !is_late {
            let before =
                self.newest.replace(telegram.time).filter(|before| *before < telegram.time);
            let is_due = match before {
                Some(before) => before.div_euclid(10) != telegram.time.div_euclid(10),
                None => telegram.time % 10 == 0,
            };
            if is_due {
                let (year, week) = local.week();
                weekly.add(format!("{year:04}-W{week:02}.log"), weekly_line(telegram));
            }
        }
    }

    pub fn set_full(&mut self, is_full: bool) {
        self.disk.state().is_full = is_full;
    }

    /// Now, or after so many writes.
    pub fn cut_power(&mut self, after: Option<u64>) {
        self.disk.state().cut_in = after;
        if after.is_none() {
            self.disk.state().is_cut = true;
            self.has_lost_power();
        }
    }

    /// After a power cut, begins again with what is on the disk.
    fn has_lost_power(&mut self) -> bool {
        if !self.disk.state().is_cut {
            return false;
        }
        self.cuts += 1;
        // It is dropped, and flushes nothing.
        self.recorder = None;
        self.disk.power_on();
        self.outputs.iter_mut().for_each(|(_, output)| output.change(Fate::Uncertain));
        self.start();
        true
    }

    pub fn reload(&mut self) {
        let config = self.config.clone();
        self.recorder().reconfigure(&config);
        self.flushed();
    }

    pub fn flush(&mut self) {
        self.recorder().flush();
        self.flushed();
    }

    fn flushed(&mut self) {
        if !self.has_lost_power() && !self.disk.state().is_full {
            self.outputs.iter_mut().for_each(|(_, output)| output.change(Fate::Written));
        }
    }

    /// A stop, and a start.
    pub fn restart(&mut self) {
        self.restarts += 1;
        if let Some((local, record)) = self.records.close() {
            self.outputs[1].1.add(day_file(local), record);
        }
        if let Some((local, row)) = self.history.close() {
            self.outputs[2].1.add(format!("history-{:04}.csv", local.year), row);
        }
        self.recorder.take().expect("a recorder").finish();
        if !self.has_lost_power() {
            let is_full = self.disk.state().is_full;
            let fate = if is_full { Fate::Uncertain } else { Fate::Written };
            self.outputs.iter_mut().for_each(|(_, output)| output.change(fate));
            self.start();
        }
    }

    pub fn finish(&mut self, now: i64) {
        self.disk.state().is_full = false;
        self.disk.state().cut_in = None;
        self.tick(now);
        self.restart();
        self.verify_before(i64::MAX);
        let left = self.outputs.iter().flat_map(|(_, output)| output.files.iter());
        for (file, rows) in left {
            assert!(rows.iter().all(|(_, fate)| *fate != Fate::Written), "{file} is missing");
        }
    }

    /// Files that the recorder removed were right until then.
    fn verify_removed(&mut self) {
        let removed = std::mem::take(&mut self.disk.state().removed);
        for (path, text) in removed {
            self.verify(&path, &text);
        }
    }

    /// Verifies the files of the days before this one, and puts them away but for the history.
    pub fn verify_before(&mut self, day: i64) {
        let names = fs::read_dir(&self.folder).expect("a folder");
        let mut paths: Vec<PathBuf> = names.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if last_day(&name).is_some_and(|last| last < day) {
                let text = fs::read(&path).expect("a file");
                self.verify(&path, &text);
                if name.starts_with("history") {
                    let past = self.past();
                    fs::create_dir_all(&past).expect("a folder");
                    fs::rename(&path, past.join(format!("p1_reader_{name}"))).expect("a file");
                } else {
                    fs::remove_file(&path).expect("a file");
                }
            }
        }
    }

    /// Where the history of the years that were verified is.
    pub fn past(&self) -> PathBuf {
        self.folder.join("past")
    }

    fn verify(&mut self, path: &Path, text: &[u8]) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let text = String::from_utf8(text[..whole].to_vec()).expect("text");
        let [(_, details), (_, days), (_, history), (_, weekly)] = &mut self.outputs;
        if name.starts_with("details") {
            let rows: Vec<String> = text.lines().skip(2).map(details_row).collect();
            details.verify(&name, rows.iter().map(String::as_str));
        } else if name.starts_with("day") {
            days.verify(&name, text.lines());
        } else if name.starts_with("history") {
            let header = "time_utc,time_local,unique_id,telegrams,energy_import_kwh,\
                energy_import_t1_kwh,energy_import_t2_kwh,energy_export_kwh,energy_export_t1_kwh,\
                power_import_min_w,power_import_mean_w,power_import_max_w,\
                power_export_min_w,power_export_mean_w,power_export_max_w";
            assert!(
                text.is_empty() || text.starts_with(&format!("{header}\n")),
                "{name}: {text:.200}"
            );
            let rows: Vec<String> = text.lines().skip(1).map(history_row).collect();
            history.verify(&name, rows.iter().map(String::as_str));
        } else if !name.starts_with("interval") && !name.starts_with('.') {
            weekly.verify(&name, text.lines());
        }
    }

    pub fn report(&self) {
        for (name, (_, output)) in ["details", "day", "history", "weekly"].iter().zip(&self.outputs)
        {
            println!(
                "{name:<8} {:>10} rows verified, {} that no flush had reached lost to power cuts",
                output.verified, output.lost
            );
        }
        let each = self.recording.as_secs_f64() * 1e6 / f64::from(self.telegrams);
        println!(
            "{} telegrams, {} power cuts, {} restarts, {} writes; {each:.1} µs a telegram in the recorder",
            self.telegrams,
            self.cuts,
            self.restarts,
            self.disk.state().writes
        );
    }
}

fn day_file(local: Local) -> String {
    format!("day-{:04}{:02}{:02}.csv", local.year, local.month, local.date)
}

/// The last day of which a file of this name may have rows.
fn last_day(name: &str) -> Option<i64> {
    let number = |text: &str| text.parse::<i64>().ok();
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        // A year.
        4 if name.starts_with("history") => Some(days(number(&digits)?, 12, 31)),
        // A week.
        6 => Some(days(number(&digits[..4])?, 1, 1) + 7 * number(&digits[4..])? + 3),
        8.. if !name.starts_with("interval") => {
            Some(days(number(&digits[..4])?, number(&digits[4..6])?, number(&digits[6..8])?))
        }
        _ => None,
    }
}

/// Time and import of tariff 1.
fn details_row(line: &str) -> String {
    let cells: Vec<&str> = line.split(';').collect();
    format!("{};{}", cells[0], cells[4])
}

/// Without the export of tariff 1, which is the total.
fn history_row(line: &str) -> String {
    let mut fields: Vec<&str> = line.split(',').collect();
    assert_eq!(fields.remove(8), fields[7]);
    fields.join(",")
}

fn weekly_line(telegram: &Telegram) -> String {
    let three = |number: i64, width| format!("{:>width$}", format!("{number}.000"));
    let [t1, t2, export] = telegram.energy.map(|energy| three(energy, 7));
    let [import_w, export_w] = telegram.power.map(|power| three(power, 5));
    let zero = three(0, 7);
    format!("{}:{t1}:{t2}:{import_w} : {export}:{zero}:{export_w}", telegram.time)
}

fn message(telegram: &Telegram, number: u32) -> Message {
    let Telegram { time, meter, energy: [t1, t2, export], power: [import_w, export_w] } = telegram;
    let json = format!(
        "{{\"meta\":{{\"frame-start-time\":{time}.0,\"frame-number\":{number},\"frame-end-time\":{time}.0,\
         \"frame-time-duration\":0}},\"telegram\":{{\"header\":\"/TST5\\\\2DECADE\",\"0-0:96.1.1\":\"{meter}\",\
         \"1-0:1.8.1\":{t1},\"1-0:1.8.2\":{t2},\"1-0:2.8.1\":{export},\"1-0:1.7.0\":{import_w},\
         \"1-0:2.7.0\":{export_w},\"checksum\":\"0000\"}}}}"
    );
    Message::parse(json.as_bytes()).expect("a message")
}
