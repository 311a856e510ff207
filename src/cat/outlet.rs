//! What a telegram passes on its way out: the choice of those that are of interest, the format, the printer.

use std::io::{self, Write};
use std::time::Instant as Monotonic;

use super::format::Formatter;
use super::pace::{Changes, Sampler};
use super::{Format, Options, Printer};
use crate::message::Message;
use crate::telegram::Instant;
use crate::zone::HostZone;

/// The way out.
pub(super) struct Outlet<W: Write> {
    sampler: Option<Sampler>,
    changes: Option<Changes>,
    formatter: Formatter<HostZone>,
    text: Vec<u8>,
    printer: Printer<W>,
}

impl<W: Write> Outlet<W> {
    pub fn new(options: &Options, format: Format, out: W) -> Self {
        let (fields, is_whole) = (options.fields.clone(), options.output.is_some());
        Self {
            sampler: options.every.map(Sampler::new),
            changes: options.on_change.then(Changes::default),
            formatter: Formatter::new(format, fields, is_whole, HostZone),
            text: Vec::new(),
            printer: Printer::new(out, options.output.clone(), options.count),
        }
    }

    /// Whether there is more to print, and someone to read it.
    pub fn is_open(&self) -> bool {
        self.printer.is_open()
    }

    /// Takes a telegram of this time; what there is to print is printed.
    pub fn take(&mut self, message: Message, time: Instant, now: Monotonic) -> io::Result<()> {
        match &mut self.sampler {
            None => self.print(&message),
            Some(sampler) => match sampler.take(message, time, now) {
                Some(sample) => self.print(&sample),
                None => Ok(()),
            },
        }
    }

    /// When there is something to print even if no telegram comes.
    pub fn due(&self) -> Option<Monotonic> {
        self.sampler.as_ref()?.due()
    }

    /// Prints what is due.
    pub fn tick(&mut self, now: Monotonic) -> io::Result<()> {
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

    /// Hands on what was printed.
    pub fn flush(&mut self) -> io::Result<()> {
        self.printer.flush()
    }

    fn print(&mut self, message: &Message) -> io::Result<()> {
        if let Some(changes) = &mut self.changes {
            if !changes.let_through(message, self.formatter.fields()) {
                return Ok(());
            }
        }
        self.text.clear();
        self.formatter.write(message, &mut self.text);
        if self.text.is_empty() {
            return Ok(());
        }
        self.printer.print(&self.text)
    }
}
