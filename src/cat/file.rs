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
    loop {
        match file.fill_buf() {
            Ok(begin) if begin.starts_with(DETAILS) => {
                return from_details(name, file, options, out, errors);
            }
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(named(name, &error)),
        }
    }
    let mut intake = Intake::for_file(policy);
    let mut encoder = Encoder::new(None);
    encoder.set_zone(options.zone);
    let mut printer = FilePrinter {
        name,
        options,
        encoder,
        pipeline: Pipeline::new(options, out),
        errors,
        number: 0,
        bad: 0,
    };
    let (mut chunk, mut position) = (vec![0; CHUNK_SIZE], 0);
    while printer.pipeline.is_open() {
        let length = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(named(name, &error)),
        };
        let (mut rest, now) = (&chunk[..length], Timestamp::from(SystemTime::now()));
        while printer.pipeline.is_open() {
            let Some(received) = intake.feed(&mut rest, now) else { break };
            printer.print(&received, position + length - rest.len())?;
        }
        position += length;
        printer.pipeline.flush()?;
    }
    if printer.pipeline.is_open() {
        if let Some(received) = intake.finish(SystemTime::now().into()) {
            printer.print(&received, position)?;
        }
        let dropped = intake.dropped();
        printer.report_dropped(dropped.incomplete, "began and did not end")?;
        printer.report_dropped(dropped.oversize, "did not end within 64 KiB")?;
        if printer.number + printer.bad == 0 {
            printer.bad = 1;
            writeln!(printer.errors, "{name}: no telegram found")?;
        }
    }
    printer.pipeline.finish()?;
    printer.pipeline.flush()?;
    Ok(if printer.bad > 0 { Exit::Rejected } else { Exit::Done })
}

/// Prints the rows of a details file as telegrams.
fn from_details(
    name: &str,
    file: impl Read,
    options: &Options,
    out: impl Write,
    errors: &mut impl Write,
) -> io::Result<Exit> {
    if options.raw || options.explain || options.anonymous {
        writeln!(
            errors,
            "{name}: a details file has no telegrams for --raw, --explain or --anonymous"
        )?;
        return Ok(Exit::Usage);
    }
    let mut pipeline = Pipeline::new(options, out);
    let mut rows = DetailsReader::new(HostZone);
    let mut lines = csv::ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let (mut record, mut number, mut bad) = (csv::ByteRecord::new(), 0, 0);
    let failed = |error: csv::Error| named(name, &error.into());
    while pipeline.is_open() && lines.read_byte_record(&mut record).map_err(failed)? {
        match rows.take(csv::StringRecord::from_byte_record_lossy(record.clone())) {
            Line::Header => {}
            Line::Torn => {
                bad += 1;
                let line = record.position().map_or(0, csv::Position::line);
                writeln!(errors, "{name}: line {line} is torn")?;
            }
            Line::Row(mut message) => {
                number += 1;
                message.meta.frame_number = number;
                if options.meter.as_ref().is_none_or(|meter| message.is_from(meter)) {
                    pipeline.push(*message, Instant::now())?;
                }
            }
        }
    }
    if pipeline.is_open() && number + bad == 0 {
        bad = 1;
        writeln!(errors, "{name}: no telegram found")?;
    }
    pipeline.finish()?;
    pipeline.flush()?;
    Ok(if bad > 0 { Exit::Rejected } else { Exit::Done })
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
        if self.options.meter.as_ref().is_some_and(|meter| !message.is_from(meter)) {
            return Ok(());
        }
        if self.options.raw {
            return self.pipeline.push_raw(&bytes, start, Instant::now());
        }
        self.pipeline.push(message, Instant::now())
    }

    fn report_dropped(&mut self, count: u64, what: &str) -> io::Result<()> {
        self.bad += count;
        match count {
            0 => Ok(()),
            _ => writeln!(self.errors, "{}: {count} of the telegrams {what}", self.name),
        }
    }
}
