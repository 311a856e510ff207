//! Telegrams of a file: decoded, explained, or as they are.
//!
//! Owns what is said about those that are rejected and those that do not end.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Instant, SystemTime};

use super::outlet::{Clock, Outlet};
use super::printer::named;
use super::{Explanation, Form, Options, anonymous};
use crate::message::{Encoder, Message};
use crate::runtime::Exit;
use crate::telegram::{Intake, Policy, Received, Timestamp};

/// How many bytes of a file are read at a time.
const CHUNK: usize = 64 * 1024;

/// Prints the telegrams of a file of raw telegrams.
///
/// Each one that is rejected, and each that does not end, gives a line on `errors`; then the exit
/// status is [`Exit::Rejected`], and so it is if there is none at all. A closed pipe is a good end.
pub fn from_file(
    name: &str,
    mut file: impl Read,
    policy: Policy,
    options: &Options,
    out: impl Write,
    errors: &mut impl Write,
) -> io::Result<Exit> {
    let mut intake = Intake::new(policy);
    let mut desk = Desk {
        name,
        options,
        encoder: Encoder::new(None),
        outlet: Outlet::new(options, Clock::Meter, out),
        errors,
        number: 0,
        bad: 0,
    };
    let (mut chunk, mut position) = (vec![0; CHUNK], 0);
    while desk.outlet.is_open() {
        let length = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(named(name, &error)),
        };
        let (mut rest, now) = (&chunk[..length], Timestamp::from(SystemTime::now()));
        while desk.outlet.is_open() {
            let Some(received) = intake.feed(&mut rest, now) else { break };
            desk.take(&received, position + length - rest.len())?;
        }
        position += length;
        desk.outlet.flush()?;
    }
    if desk.outlet.is_open() {
        if let Some(received) = intake.finish(SystemTime::now().into()) {
            desk.take(&received, position)?;
        }
        let dropped = intake.dropped();
        desk.tell_dropped(dropped.incomplete, "began and did not end")?;
        desk.tell_dropped(dropped.oversize, "did not end within 64 KiB")?;
        if desk.number + desk.bad == 0 {
            desk.bad = 1;
            writeln!(desk.errors, "{name}: there is no telegram in it")?;
        }
    }
    desk.outlet.finish()?;
    desk.outlet.flush()?;
    Ok(if desk.bad > 0 { Exit::Rejected } else { Exit::Done })
}

/// Where telegrams are handed out.
struct Desk<'a, W: Write, E: Write> {
    name: &'a str,
    options: &'a Options,
    encoder: Encoder,
    outlet: Outlet<W>,
    errors: &'a mut E,
    /// How many telegrams there were.
    number: u64,
    /// How many of them were rejected, did not end, or are missing.
    bad: u64,
}

impl<W: Write, E: Write> Desk<'_, W, E> {
    /// Prints the telegram that ends at this byte of the file, or tells why it is rejected.
    fn take(&mut self, received: &Received<'_>, end: usize) -> io::Result<()> {
        self.number += 1;
        let frame = &received.frame;
        let bytes = if self.options.is_anonymous {
            Cow::Owned(anonymous(frame))
        } else {
            Cow::Borrowed(frame.bytes())
        };
        self.bad += u64::from(received.verdict.is_err());
        match (&self.options.form, &received.verdict) {
            (Form::Explained, _) => {
                let explanation = Explanation { number: self.number, received, bytes: &bytes };
                self.outlet.print_text(format!("{explanation}\n").as_bytes())
            }
            (_, Err(rejection)) => {
                let name = self.name;
                writeln!(self.errors, "{name}: the telegram that ends at byte {end}: {rejection}")
            }
            (form, Ok(())) => {
                let (datagram, _) = self.encoder.encode(&bytes, frame.start, frame.end);
                // Our own datagrams are messages.
                let Ok(message) = Message::parse(datagram.json) else { return Ok(()) };
                if self.options.meter.as_ref().is_some_and(|meter| !message.is_from(meter)) {
                    return Ok(());
                }
                if matches!(form, Form::Raw) {
                    return self.outlet.print_text(&bytes);
                }
                self.outlet.take(message, Instant::now())
            }
        }
    }

    fn tell_dropped(&mut self, count: u64, what: &str) -> io::Result<()> {
        self.bad += count;
        match count {
            0 => Ok(()),
            _ => writeln!(self.errors, "{}: {count} of the telegrams {what}", self.name),
        }
    }
}
