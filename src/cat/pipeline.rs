//! The way of a telegram to the output: which ones are printed (`pace`), the format, the printer.

use std::io::{self, Write};
use std::time::Instant;

use super::format::Formatter;
use super::pace::{Changes, Sampler};
use super::{Options, Printer};
use crate::history::today::DayRecords;
use crate::message::Message;
use crate::meter::{self, Meters, Tracker};
use crate::reading::Derived;
use crate::zone::{HostZone, Zone as _};

/// Chooses, formats and prints telegrams.
pub(super) struct Pipeline<W: Write> {
    trackers: Option<Trackers>,
    sampler: Option<Sampler<HostZone, Told>>,
    changes: Option<Changes>,
    formatter: Formatter<HostZone>,
    text: Vec<u8>,
    printer: Printer<W>,
}

/// A telegram, and what it tells together with those before it.
type Told = (Message, Derived);

impl<W: Write> Pipeline<W> {
    pub fn new(options: &Options, out: W) -> Self {
        let format = options.format.clone();
        let (fields, is_whole) = (options.fields.clone(), options.output.is_some());
        let mut formatter =
            Formatter::new(format, fields, is_whole, options.cell_style(), HostZone);
        if let Some(header) = &options.first_line {
            formatter.resume(header);
        }
        let trackers = || Trackers { records: options.records.clone(), meters: Meters::default() };
        Self {
            trackers: formatter.needs_derived().then(trackers),
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
        let told = (message, derived);
        match &mut self.sampler {
            None => self.print(&told),
            Some(sampler) => match sampler.push(told, time, now) {
                Some(sample) => self.print(&sample),
                None => Ok(()),
            },
        }
    }

    /// When something must be printed even if no telegram comes.
    pub fn due(&self) -> Option<Instant> {
        self.sampler.as_ref()?.due()
    }

    /// Prints what is due.
    pub fn print_due(&mut self, now: Instant) -> io::Result<()> {
        match self.sampler.as_mut().and_then(|sampler| sampler.overdue(now)) {
            Some(sample) => self.print(&sample),
            None => Ok(()),
        }
    }

    /// Prints what is left at the end.
    pub fn finish(&mut self) -> io::Result<()> {
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

    fn print(&mut self, (message, derived): &Told) -> io::Result<()> {
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
        let new = || {
            let id = message.equipment_id();
            Tracker::continuing(self.records.day(id.as_deref(), message.meta.frame_start, local))
        };
        let heard = self.meters.hear(&*meter::id(message), now, new);
        heard.map(|member| member.state.take(message, local)).unwrap_or_default()
    }
}
