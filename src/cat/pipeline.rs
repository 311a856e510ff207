//! The way of a telegram to the output: which ones are printed (`condition`, `pace`), the format, the printer; or to the
//! command that runs instead.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::command::{Runner, environment};
use super::condition::{Change, Watch};
use super::format::Formatter;
use super::pace::{Changes, Sampler};
use super::{Options, Printer};
use crate::history::today::DayRecords;
use crate::message::Message;
use crate::meter::{self, Meters, Tracker};
use crate::reading::{Derived, Readings};
use crate::telegram::Timestamp;
use crate::zone::{HostZone, Zone as _};

/// How often a command runs at most, if no option says otherwise.
const EXEC_INTERVAL: Duration = Duration::from_secs(60);

/// Chooses, formats and prints telegrams.
pub(super) struct Pipeline<W: Write> {
    trackers: Option<Trackers>,
    watch: Option<Watch>,
    runner: Option<Runner>,
    sampler: Option<Sampler<HostZone, Sample>>,
    changes: Option<Changes>,
    formatter: Formatter<HostZone>,
    text: Vec<u8>,
    printer: Printer<W>,
}

/// What is printed, now or at the end of its interval.
#[expect(clippy::large_enum_variant, reason = "there is one or two of them")]
enum Sample {
    /// A telegram, and what it tells together with those before it.
    Message(Message, Derived),
    /// A telegram as the meter sent it.
    Raw(Vec<u8>),
}

impl<W: Write> Pipeline<W> {
    pub fn new(options: &Options, out: W) -> Self {
        let format = options.format.clone();
        let (fields, is_whole) = (options.fields.clone(), options.output.is_some());
        let mut formatter =
            Formatter::new(format, fields, is_whole, options.cell_style(), HostZone);
        if let Some(header) = &options.first_line {
            formatter.resume(header);
        }
        let is_compared = options.when.as_ref().is_some_and(|when| when.field.is_derived());
        let needs_derived = formatter.needs_derived() || is_compared || options.exec.is_some();
        let interval = options.exec_interval.unwrap_or(EXEC_INTERVAL);
        let trackers = || Trackers { records: options.records.clone(), meters: Meters::default() };
        Self {
            trackers: needs_derived.then(trackers),
            watch: options.when.clone().map(Watch::new),
            runner: options.exec.clone().map(|command| Runner::new(command, interval)),
            sampler: options.every.map(|period| Sampler::new(period, HostZone)),
            changes: options.on_change.then(Changes::default),
            formatter,
            text: Vec::new(),
            printer: Printer::new(out, options.output.clone(), options.count),
        }
    }

    /// Whether there is more to print, and someone to read it.
    pub fn is_open(&self) -> bool {
        self.printer.is_open()
    }

    /// Takes the next telegram, and prints what is ready.
    pub fn push(&mut self, message: Message, now: Instant) -> io::Result<()> {
        let time = message.meta.frame_start;
        let derived = match &mut self.trackers {
            Some(trackers) => trackers.take(&message, now),
            None => Derived::default(),
        };
        if let Some(watch) = &mut self.watch {
            let readings = Readings::with(&message, &derived);
            let value = watch.condition().field.value(&message, &readings);
            let change = watch.take(value.as_ref(), time);
            if let Some(runner) = &mut self.runner {
                runner.take(change, || {
                    environment(watch.condition(), &message, &readings, &HostZone)
                });
                return self.run(now);
            }
            if change != Change::Begin {
                return Ok(());
            }
        }
        self.sample(Sample::Message(message, derived), time, now)
    }

    /// Takes the next telegram as the meter sent it, and when it came.
    pub fn push_raw(&mut self, bytes: &[u8], time: Timestamp, now: Instant) -> io::Result<()> {
        if self.sampler.is_none() {
            return self.printer.print(bytes);
        }
        self.sample(Sample::Raw(bytes.to_vec()), time, now)
    }

    /// Prints this, or the one before if that was the last of its interval.
    fn sample(&mut self, sample: Sample, time: Timestamp, now: Instant) -> io::Result<()> {
        match &mut self.sampler {
            None => self.print(&sample),
            Some(sampler) => match sampler.push(sample, time, now) {
                Some(sample) => self.print(&sample),
                None => Ok(()),
            },
        }
    }

    /// When [`Self::print_due`] has something to do even if no telegram comes.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let sample = self.sampler.as_ref().and_then(Sampler::due);
        let command = self.runner.as_ref().and_then(|runner| runner.due(now));
        [sample, command].into_iter().flatten().min()
    }

    /// Runs the command if it is due, which counts as a telegram printed.
    fn run(&mut self, now: Instant) -> io::Result<()> {
        let has_run = self.runner.as_mut().is_some_and(|runner| runner.step(now));
        if has_run { self.printer.print(b"") } else { Ok(()) }
    }

    /// Prints or runs what is due.
    pub fn print_due(&mut self, now: Instant) -> io::Result<()> {
        self.run(now)?;
        match self.sampler.as_mut().and_then(|sampler| sampler.overdue(now)) {
            Some(sample) => self.print(&sample),
            None => Ok(()),
        }
    }

    /// Prints what is left at the end, and waits for the command that is running.
    pub fn finish(&mut self) -> io::Result<()> {
        self.runner.iter_mut().for_each(Runner::finish);
        match self.sampler.as_mut().and_then(Sampler::finish) {
            Some(sample) if self.is_open() => self.print(&sample),
            _ => Ok(()),
        }
    }

    /// Prints a text as it is.
    pub fn print_text(&mut self, text: &[u8]) -> io::Result<()> {
        self.printer.print(text)
    }

    /// Writes out what was printed.
    pub fn flush(&mut self) -> io::Result<()> {
        self.printer.flush()
    }

    fn print(&mut self, sample: &Sample) -> io::Result<()> {
        let (message, derived) = match sample {
            Sample::Message(message, derived) => (message, derived),
            Sample::Raw(bytes) => return self.printer.print(bytes),
        };
        if let Some(changes) = &mut self.changes {
            if !changes.accepts(message, derived, self.formatter.fields()) {
                return Ok(());
            }
        }
        self.text.clear();
        self.formatter.write(message, derived, &mut self.text);
        if self.text.is_empty() {
            return Ok(());
        }
        self.printer.print(&self.text)
    }
}

/// What the telegrams of each meter tell together.
struct Trackers {
    records: DayRecords,
    meters: Meters<Tracker>,
}

impl Trackers {
    /// Takes a telegram. Of more meters than there are in a house nothing is known beyond the telegram.
    fn take(&mut self, message: &Message, now: Instant) -> Derived {
        let local = |time| HostZone.local(time);
        let new = || self.records.tracker(message, local);
        let heard = self.meters.hear(&*meter::id(message), now, new);
        heard.map(|member| member.state.take(message, local)).unwrap_or_default()
    }
}
