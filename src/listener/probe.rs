//! `p1listener --probe`: listens to the port and reports what is on the wire.
//!
//! Owns the listening, at one speed after the other, and the report. [`super::diagnosis`] tells what the
//! bytes are.

use std::io::{self, Write};
use std::time::{Duration, Instant, SystemTime};

use super::diagnosis::{Finding, examine};
use super::source::{Port, ReadOutcome, Source};
use super::speed::Search;
use super::wire::{self, Protocol};
use super::{adapters, encryption, port};
use crate::config::{LineFormat, P1Listener};
use crate::dlms::{Authenticity, Decoder, Event, Keys, Refusal};
use crate::runtime::{Exit, signals};
use crate::telegram::{HoursAhead, MeterZone, Telegram};

/// How long each speed is listened to: the slowest meters send every 10 s, for up to 8 s.
const LISTENING_TIME: Duration = Duration::from_secs(20);

/// A silence that ends a telegram: even meters that send every second are silent for longer.
const PAUSE: Duration = Duration::from_millis(300);

/// How long the port may take to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// How many of the last bytes are kept.
const MAX_BYTES: usize = 128 * 1024;

/// Listens to the port of `settings`, and writes to `out` what is on the wire and which lines to configure.
///
/// `keys` decrypt what is encrypted. [`Exit::Done`]: a telegram was read; [`Exit::Rejected`]: none;
/// [`Exit::Unavailable`]: the port cannot be opened. Fails when `out` cannot be written to.
pub fn probe(settings: &P1Listener, keys: Option<Keys>, out: &mut dyn Write) -> io::Result<Exit> {
    // The most informative finding of all speeds tried.
    let (mut best, mut holders) = (Finding::Nothing, Vec::new());
    for &speed in Search::new(settings.baud_rate, settings.format).speeds() {
        let mut port = port(&P1Listener { baud_rate: Some(speed), ..settings.clone() });
        let mut source = match open(&mut *port) {
            Ok(source) => source,
            Err(reason) => return refuse(settings, &reason, out),
        };
        let seconds = LISTENING_TIME.as_secs();
        writeln!(out, "Listening to {}, {seconds} s at most …", port.description())?;
        out.flush()?;
        let examined = match listen(&mut *source, Instant::now) {
            Ok(bytes) => examine_with(keys, &bytes),
            Err(error) => {
                return refuse(settings, &format!("{} is gone: {error}", port.description()), out);
            }
        };
        examined.report(out)?;
        let Examined { finding, decryption, .. } = examined;
        if let Some(Err(_)) = decryption {
            return Ok(Exit::Rejected);
        }
        let speed = source.byte_time().map(|_| speed);
        if let Finding::Telegram { bytes, .. } = &finding {
            if let Some(hours) = hours_ahead(bytes, settings.time_zone) {
                writeln!(out, "Note: {hours}.")?;
            }
            recommend(settings, speed, out)?;
            return Ok(Exit::Done);
        }
        // Silence is the same at every speed, and only serial lines have one.
        let is_last = finding.is_certain() || finding == Finding::Nothing || speed.is_none();
        holders = port.holders();
        if finding.rank() >= best.rank() {
            best = finding;
        }
        if is_last {
            break;
        }
    }
    writeln!(out, "No telegram was read.")?;
    if !holders.is_empty() && best.may_lack_bytes() {
        let holders = holders.join(" and ");
        writeln!(out, "Another program has the port open and takes bytes away: stop {holders}.")?;
    }
    write!(out, "{}", best.advice())?;
    Ok(Exit::Rejected)
}

/// What is on the wire.
struct Examined {
    finding: Finding,
    /// What the telegrams came in, if not as text.
    carrier: Option<Protocol>,
    /// How decryption went, if there are keys and encrypted frames.
    decryption: Option<Result<Authenticity, Refusal>>,
}

impl Examined {
    fn report(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = self.finding.summary();
        match self.carrier {
            Some(protocol) => {
                writeln!(out, "On the wire: {protocol}. p1listener reads it: {summary}.")?;
            }
            None => writeln!(out, "On the wire: {summary}.")?,
        }
        match self.decryption {
            Some(Ok(Authenticity::Verified)) => {
                writeln!(out, "It is encrypted; the keys fit, and its tag is verified.")
            }
            Some(Ok(Authenticity::Unverified)) => {
                let outcome = "the key fits; whether it is authentic is not verified";
                writeln!(out, "It is encrypted; {outcome}.")
            }
            Some(Err(reason)) => {
                writeln!(out, "It cannot be decrypted: {}.", encryption::fault(reason))
            }
            None => Ok(()),
        }
    }
}

/// Tells what these bytes are, after decryption if there are keys.
fn examine_with(keys: Option<Keys>, bytes: &[u8]) -> Examined {
    let mut decoder = Decoder::default();
    decoder.set_keys(keys);
    let (mut text, mut last, mut rest) = (Vec::new(), None, bytes);
    let mut handle = |event: Event<'_, ()>| match event {
        Event::Plain { bytes, .. } => text.extend_from_slice(bytes),
        Event::Telegram(opened) => {
            text.extend_from_slice(opened.text);
            last = Some(Ok(opened.authenticity));
        }
        // One good telegram proves the keys.
        Event::Refused(_) if matches!(last, Some(Ok(_))) => {}
        Event::Refused(refused) => last = Some(Err(refused.reason)),
    };
    while let Some(event) = decoder.feed(&mut rest, ()) {
        handle(event);
    }
    while let Some(event) = decoder.finish() {
        handle(event);
    }
    let has_telegrams = matches!(last, Some(Ok(_)));
    let finding = examine(if has_telegrams { &text } else { bytes });
    let carrier = wire::recognise(bytes).filter(|_| has_telegrams);
    let decryption = match last {
        Some(Ok(authenticity)) => authenticity.map(Ok),
        Some(Err(reason)) => keys.is_some().then_some(Err(reason)),
        None => None,
    };
    Examined { finding, carrier, decryption }
}

/// How many whole hours the clock in this telegram is ahead of that of this host.
fn hours_ahead(telegram: &[u8], zone: Option<MeterZone>) -> Option<HoursAhead> {
    let telegram = Telegram::parse(telegram);
    let zone = zone.unwrap_or_else(|| MeterZone::of_header(telegram.header));
    HoursAhead::find(telegram.time_in(zone)?, SystemTime::now().into(), zone, telegram.header)
}

fn open(port: &mut dyn Port) -> Result<Box<dyn Source>, String> {
    let start = Instant::now();
    while start.elapsed() < OPEN_TIMEOUT {
        match port.open()? {
            Some(source) => return Ok(source),
            None => signals::wait(Duration::from_millis(20)),
        }
    }
    Err(format!("{} did not open within {} s", port.description(), OPEN_TIMEOUT.as_secs()))
}

/// The bytes that come in within [`LISTENING_TIME`], or until more of them can tell no more. `clock`
/// gives the time.
fn listen(source: &mut dyn Source, clock: impl Fn() -> Instant) -> io::Result<Vec<u8>> {
    let start = clock();
    let (mut last_bytes, mut now) = (start, start);
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while now - start < LISTENING_TIME {
        let outcome = source.read(&mut buffer);
        now = clock();
        let is_pause = now - last_bytes >= PAUSE || outcome.is_err();
        if is_pause && examine(&bytes).is_certain() {
            break;
        }
        match outcome? {
            ReadOutcome::Bytes(length) => {
                last_bytes = now;
                bytes.extend_from_slice(&buffer[..length]);
                let excess = bytes.len().saturating_sub(MAX_BYTES);
                bytes.drain(..excess);
            }
            ReadOutcome::Nothing => {}
            ReadOutcome::End => break,
        }
    }
    Ok(bytes)
}

fn refuse(settings: &P1Listener, reason: &str, out: &mut dyn Write) -> io::Result<Exit> {
    writeln!(out, "{reason}")?;
    if settings.port.starts_with("/dev/") {
        match &adapters::all()[..] {
            [] => writeln!(out, "There is no USB serial adapter on this machine.")?,
            found => writeln!(out, "USB serial adapters here: {}", adapters::names(found))?,
        }
    }
    Ok(Exit::Unavailable)
}

fn recommend(settings: &P1Listener, speed: Option<u32>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "The lines for the configuration:\n\np1_listener:\n  port: {}",
        quoted(&settings.port)
    )?;
    if let Some(speed) = speed {
        writeln!(out, "  baud_rate: {speed}")?;
        if settings.format == LineFormat::Eleven {
            writeln!(out, "  format: 8E1")?;
        }
    }
    Ok(())
}

/// A text that YAML takes for nothing else.
fn quoted(port: &str) -> String {
    if port.starts_with('-') { format!("{port:?}") } else { port.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::*;
    use crate::config::Config;

    fn report(port: &str) -> (Exit, String) {
        let settings = P1Listener { port: port.into(), ..Config::default().p1_listener };
        let mut out = Vec::new();
        let exit = probe(&settings, None, &mut out).unwrap();
        (exit, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_file_of_telegrams_is_told_with_the_lines_to_configure() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), TELEGRAM).unwrap();
        let path = file.path().display().to_string();
        let (exit, said) = report(&path);
        assert_eq!(exit, Exit::Done);
        assert!(
            said.contains("On the wire: a telegram of /TST5METER, without a checksum."),
            "{said}"
        );
        assert!(said.ends_with(&format!("p1_listener:\n  port: {path}\n")), "{said}");
    }

    const TELEGRAM: &[u8] = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!\r\n";

    /// Gives a telegram every `period`, in two pieces, until the `last` one; then it is unplugged.
    struct Meter {
        clock: Cell<Instant>,
        period: Duration,
        pieces: Cell<usize>,
        last: usize,
    }

    impl Source for &Meter {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
            let number = self.pieces.replace(self.pieces.get() + 1);
            let (first, second) = TELEGRAM.split_at(20);
            let piece = if number % 2 == 0 { first } else { second };
            if number == 2 * self.last {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            if number > 0 && number % 2 == 0 {
                self.clock.set(self.clock.get() + self.period);
            }
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(ReadOutcome::Bytes(piece.len()))
        }
    }

    fn heard_of(period: Duration, last: usize) -> io::Result<Vec<u8>> {
        let (clock, pieces) = (Cell::new(Instant::now()), Cell::new(0));
        let meter = Meter { clock, period, pieces, last };
        listen(&mut &meter, || meter.clock.get())
    }

    #[test]
    fn one_telegram_is_enough_of_a_meter_that_speaks_every_second() {
        assert_eq!(heard_of(Duration::from_millis(920), 100).unwrap(), TELEGRAM);
    }

    #[test]
    fn a_telegram_has_been_read_though_the_port_is_lost_thereafter() {
        assert_eq!(heard_of(Duration::from_millis(920), 1).unwrap(), TELEGRAM);
        assert!(heard_of(Duration::from_millis(920), 0).is_err());
    }

    #[test]
    fn where_nothing_is_read_the_status_says_so_and_the_report_why() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().display().to_string();
        let (exit, said) = report(&path);
        assert_eq!(exit, Exit::Rejected);
        assert!(said.contains("On the wire: nothing."), "{said}");
        fs::write(&path, [0x13; 100]).unwrap();
        let (exit, said) = report(&path);
        assert_eq!(exit, Exit::Rejected);
        assert!(said.contains("On the wire: noise, 100 bytes"), "{said}");
        assert_eq!(said.matches("Listening").count(), 1, "a file has one speed: {said}");
    }

    #[test]
    fn a_port_that_cannot_be_opened_is_unavailable() {
        let (exit, said) = report("/dev/no-such-port");
        assert_eq!(exit, Exit::Unavailable);
        assert!(said.starts_with("there is no /dev/no-such-port"), "{said}");
        assert!(said.contains("USB serial adapter"), "{said}");
    }
}
