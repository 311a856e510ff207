//! `p1cat`: telegrams as lines of text, from the network or from a file of raw telegrams.
//!
//! Owns what is printed, and when to stop. Standard output is passed in, and so are the source of
//! datagrams and the file.

mod group;
mod printer;

use std::io::{self, Read, Write};
use std::time::{Duration, Instant as Monotonic, SystemTime};

use crate::daemon::Exit;
use crate::message::{Message, MessageError, Translator};
use crate::telegram::{Instant, Policy};

pub use group::GroupDatagrams;
pub use printer::Printer;

/// How many bytes of a file are read at a time.
const CHUNK: usize = 64 * 1024;

/// What to print, and when to stop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Raw telegrams as the meter sent them, instead of JSON.
    pub raw: bool,
    /// Stop after this many telegrams.
    pub count: Option<u64>,
    /// Stop when no telegram has come for this long.
    pub timeout: Option<Duration>,
}

/// Where datagrams come from: the multicast group, or a test.
pub trait Datagrams {
    /// Waits up to `timeout` for the next datagram; `None` when there was none.
    fn next(&mut self, timeout: Duration) -> io::Result<Option<&[u8]>>;
}

/// Prints the telegrams of a file of raw telegrams.
///
/// Each one that is rejected, and each that does not end, gives a line on `errors`; then the exit
/// status is [`Exit::Rejected`]. A closed pipe is a good end.
pub fn from_file(
    name: &str,
    mut file: impl Read,
    policy: Policy,
    options: Options,
    out: impl Write,
    errors: &mut impl Write,
) -> io::Result<Exit> {
    let mut printer = Printer::new(out, options.count);
    let mut decoder = Decoder {
        name,
        translator: Translator::new(policy, None),
        raw: options.raw,
        position: 0,
        rejected: 0,
    };
    let mut chunk = vec![0; CHUNK];
    while printer.is_open() {
        let length = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        decoder.feed(&chunk[..length], &mut printer, errors)?;
        printer.flush()?;
    }
    if printer.is_open() {
        decoder.finish(&mut printer, errors)?;
    }
    printer.flush()?;
    Ok(if decoder.rejected > 0 { Exit::Rejected } else { Exit::Done })
}

/// Prints the telegrams that come from the network, each as soon as it is there.
///
/// `meter` lets only the meter with this equipment identifier through. What is no telegram is passed
/// over. A closed pipe is a good end; silence for `options.timeout` is [`Exit::Unavailable`].
pub fn from_network(
    datagrams: &mut impl Datagrams,
    meter: Option<&str>,
    options: Options,
    out: impl Write,
) -> io::Result<Exit> {
    let mut printer = Printer::new(out, options.count);
    let mut json = Vec::new();
    let mut last = Monotonic::now();
    while printer.is_open() {
        let patience = match options.timeout.map(|timeout| timeout.checked_sub(last.elapsed())) {
            Some(None) => return Ok(Exit::Unavailable),
            Some(Some(left)) => left,
            None => Duration::from_secs(3600),
        };
        let Some(datagram) = datagrams.next(patience)? else {
            continue;
        };
        if options.raw {
            printer.print(datagram)?;
        } else {
            match Message::parse(datagram) {
                Ok(message) if meter.is_none_or(|meter| message.is_from(meter)) => {
                    message.write_json(&mut json);
                    json.push(b'\n');
                    printer.print(&json)?;
                }
                Ok(_) => continue,
                Err(error) => {
                    pass_over(&error);
                    continue;
                }
            }
        }
        printer.flush()?;
        last = Monotonic::now();
    }
    Ok(Exit::Done)
}

fn pass_over(error: &MessageError) {
    log::debug!("a datagram is passed over: {error}");
}

struct Decoder<'a> {
    name: &'a str,
    translator: Translator,
    raw: bool,
    /// Bytes of the file that are behind us.
    position: u64,
    rejected: u64,
}

impl Decoder<'_> {
    fn feed<W: Write>(
        &mut self,
        bytes: &[u8],
        printer: &mut Printer<W>,
        errors: &mut impl Write,
    ) -> io::Result<()> {
        let mut rest = bytes;
        let now = Instant::from(SystemTime::now());
        while let Some(result) = self.translator.feed(&mut rest, now) {
            match result {
                Ok(datagram) if self.raw => printer.print(datagram.raw)?,
                Ok(datagram) => printer.print_line(datagram.json)?,
                Err(rejection) => {
                    self.rejected += 1;
                    let end = self.position + (bytes.len() - rest.len()) as u64;
                    writeln!(
                        errors,
                        "{}: the telegram that ends at byte {end}: {rejection}",
                        self.name
                    )?;
                }
            }
            if !printer.is_open() {
                break;
            }
        }
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn finish<W: Write>(
        &mut self,
        printer: &mut Printer<W>,
        errors: &mut impl Write,
    ) -> io::Result<()> {
        match self.translator.finish(Instant::from(SystemTime::now())) {
            Some(Ok(datagram)) if self.raw => printer.print(datagram.raw)?,
            Some(Ok(datagram)) => printer.print_line(datagram.json)?,
            Some(Err(rejection)) => {
                self.rejected += 1;
                writeln!(errors, "{}: the last telegram: {rejection}", self.name)?;
            }
            None => {}
        }
        let dropped = self.translator.counts().dropped;
        for (count, what) in [
            (dropped.incomplete, "began and did not end"),
            (dropped.oversize, "did not end within 64 KiB"),
        ] {
            if count > 0 {
                self.rejected += count;
                writeln!(errors, "{}: {count} of the telegrams {what}", self.name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
