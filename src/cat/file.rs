//! Prints the telegrams of a file: decoded, explained, or as they are. The file has raw telegrams, or is a details file
//! of p1reader.
//!
//! Owns the messages about telegrams that are rejected or incomplete.

use std::borrow::Cow;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Write};
use std::time::{Instant, SystemTime};

use super::pipeline::Pipeline;
use super::printer::named;
use super::{Explanation, Options, anonymous};
use crate::history::details::{DetailsReader, Line};
use crate::message::{Encoder, Message};
use crate::runtime::Exit;
use crate::telegram::{Intake, MeterZone, Policy, Received, Telegram, Timestamp};
use crate::zone::HostZone;

/// How many bytes to read at a time.
const CHUNK_SIZE: usize = 64 * 1024;

/// How a details file of p1reader begins.
const DETAILS: &[u8] = b"datum;";

/// Prints the telegrams of a file of raw telegrams, or the rows of a details file as telegrams.
///
/// Writes a line to `errors` for each rejected telegram and for those that are incomplete. The result is
/// [`Exit::Rejected`] if there were any, or if the file has no telegram at all. A closed pipe is no error.
pub fn from_file(
    name: &str,
    file: impl Read,
    policy: Policy,
    options: &Options,
    out: impl Write,
    errors: &mut impl Write,
) -> io::Result<Exit> {
    let mut file = BufReader::with_capacity(CHUNK_SIZE, file);
    let is_details = begins_with(DETAILS, &mut file).map_err(|error| named(name, &error))?;
    if is_details && (options.raw || options.explain || options.anonymous) {
        writeln!(
            errors,
            "{name}: a details file has no telegrams for --raw, --explain or --anonymous"
        )?;
        return Ok(Exit::Usage);
    }
    let mut encoder = Encoder::new(None);
    encoder.set_zone(options.zone);
    let pipeline = Pipeline::new(options, out);
    let mut printer = FilePrinter { name, options, encoder, pipeline, errors, number: 0, bad: 0 };
    if is_details {
        printer.print_rows(file)?;
    } else {
        printer.print_telegrams(file, policy)?;
    }
    printer.finish()
}

/// Whether the file begins like this. Nothing is taken out of it.
fn begins_with(start: &[u8], file: &mut BufReader<impl Read>) -> io::Result<bool> {
    loop {
        match file.fill_buf() {
            Ok(begin) => return Ok(begin.starts_with(start)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Prints the telegrams of one file.
struct FilePrinter<'a, W: Write, E: Write> {
    name: &'a str,
    options: &'a Options,
    encoder: Encoder,
    pipeline: Pipeline<W>,
    errors: &'a mut E,
    /// How many telegrams there were so far.
    number: u64,
    /// How many of them were rejected or incomplete.
    bad: u64,
}

impl<W: Write, E: Write> FilePrinter<'_, W, E> {
    fn print_telegrams(&mut self, mut file: impl Read, policy: Policy) -> io::Result<()> {
        let mut intake = Intake::for_file(policy);
        let (mut chunk, mut position) = (vec![0; CHUNK_SIZE], 0);
        while self.pipeline.is_open() {
            let length = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(named(self.name, &error)),
            };
            let (mut rest, now) = (&chunk[..length], Timestamp::from(SystemTime::now()));
            while self.pipeline.is_open() {
                let Some(received) = intake.feed(&mut rest, now) else { break };
                self.print(&received, position + length - rest.len())?;
            }
            position += length;
            self.pipeline.flush()?;
        }
        if self.pipeline.is_open() {
            if let Some(received) = intake.finish(SystemTime::now().into()) {
                self.print(&received, position)?;
            }
            let dropped = intake.dropped();
            self.report_dropped(dropped.incomplete, "began and did not end")?;
            self.report_dropped(dropped.oversize, "did not end within 64 KiB")?;
        }
        Ok(())
    }

    /// Prints the rows of a details file as telegrams.
    fn print_rows(&mut self, file: impl Read) -> io::Result<()> {
        let name = self.name;
        let mut rows = DetailsReader::new(HostZone);
        let mut lines = csv::ReaderBuilder::new()
            .delimiter(b';')
            .has_headers(false)
            .flexible(true)
            .from_reader(file);
        let mut record = csv::ByteRecord::new();
        let failed = |error: csv::Error| named(name, &error.into());
        while self.pipeline.is_open() && lines.read_byte_record(&mut record).map_err(failed)? {
            match rows.take(csv::StringRecord::from_byte_record_lossy(record.clone())) {
                Line::Header => {}
                Line::Torn => {
                    self.bad += 1;
                    let line = record.position().map_or(0, csv::Position::line);
                    writeln!(self.errors, "{name}: line {line} is torn")?;
                }
                Line::Row(mut message) => {
                    self.number += 1;
                    message.meta.frame_number = self.number;
                    self.push(*message)?;
                }
            }
        }
        Ok(())
    }

    /// Prints what is left, and tells whether every telegram was good.
    fn finish(mut self) -> io::Result<Exit> {
        if self.pipeline.is_open() && self.number + self.bad == 0 {
            self.bad = 1;
            writeln!(self.errors, "{}: no telegram found", self.name)?;
        }
        self.pipeline.finish()?;
        self.pipeline.flush()?;
        Ok(if self.bad > 0 { Exit::Rejected } else { Exit::Done })
    }

    /// Prints the telegram that ends at byte `end` of the file, or says why it is rejected.
    fn print(&mut self, received: &Received<'_>, end: usize) -> io::Result<()> {
        self.number += 1;
        let frame = &received.frame;
        let bytes = if self.options.anonymous {
            Cow::Owned(anonymous(frame))
        } else {
            Cow::Borrowed(frame.bytes())
        };
        self.bad += u64::from(received.verdict.is_err());
        let zone = self.options.zone.unwrap_or_else(|| MeterZone::of_header(frame.header()));
        if self.options.explain {
            let explanation = Explanation { number: self.number, received, bytes: &bytes, zone };
            return self.pipeline.print_text(format!("{explanation}\n").as_bytes());
        }
        if let Err(rejection) = &received.verdict {
            let name = self.name;
            return writeln!(
                self.errors,
                "{name}: the telegram that ends at byte {end}: {rejection}"
            );
        }
        // When it came is not known any more: the meter's own clock tells when it was.
        let own = Telegram::parse(&bytes).time_in(zone);
        let (start, end) = own.map_or((frame.start, frame.end), |time| (time, time));
        let (datagram, _) = self.encoder.encode(&bytes, start, end);
        // Our own datagrams are messages.
        let Ok(message) = Message::parse(datagram.json) else { return Ok(()) };
        if self.options.raw && self.is_wanted(&message) {
            return self.pipeline.push_raw(&bytes, start, Instant::now());
        }
        self.push(message)
    }

    /// Whether this is a telegram of the meter whose telegrams are to be printed.
    fn is_wanted(&self, message: &Message) -> bool {
        self.options.meter.as_ref().is_none_or(|meter| message.is_from(meter))
    }

    fn push(&mut self, message: Message) -> io::Result<()> {
        if self.is_wanted(&message) {
            return self.pipeline.push(message, Instant::now());
        }
        Ok(())
    }

    fn report_dropped(&mut self, count: u64, what: &str) -> io::Result<()> {
        self.bad += count;
        match count {
            0 => Ok(()),
            _ => writeln!(self.errors, "{}: {count} of the telegrams {what}", self.name),
        }
    }
}
