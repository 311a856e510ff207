//! The loop of `p1emeter`: a telegram in, a datagram out.
//!
//! Owns whom the datagrams are from, what is dropped and counted, and the log.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use crc::{CRC_32_ISO_HDLC, Crc};
use rustix::time::{ClockId, clock_gettime};

use super::Options;
use super::datagram::{self, Identity, Measurement};
use super::mapping::{Gaps, Unfit, measure};
use super::timing::{MAX_AGE, Timing, Verdict};
use crate::config::{Config, P1Emeter};
use crate::meter;
use crate::publisher::{Destinations, Publisher};
use crate::runtime::{self, Exit, RateLimit, Service, Signals};
use crate::subscriber::{Selection, Subscriber, Telegram};
use crate::text;

/// The longest wait for a telegram, less than [`MAX_AGE`]: while we wait, nothing can grow old unnoticed. A meter
/// that sends each second is on time.
const RECEIVE_TIMEOUT: Duration = Duration::from_millis(1200);

/// The most telegrams that are read in a row.
const MAX_IN_A_ROW: usize = 1000;

/// How often each kind of telegram that is not sent is logged.
const REFUSAL_LOG_INTERVAL: Duration = Duration::from_secs(3600);

/// Serial numbers that are derived: below 2^31, and none of a real device.
const FIRST_SERIAL: u32 = 900_000_000;
const SERIALS: u32 = 100_000_000;

/// One meter, however many are received.
const SELECTION: Selection = Selection {
    all_meters: false,
    doing: "sending",
    hint: " (`multicast.meter` names the one to send)",
    is_quiet: false,
    keeps_first: true,
};

/// Runs until a signal ends it; with `--print`, until nobody reads the output any more.
///
/// `reload` loads the configuration on SIGHUP, and returns `None` when it is invalid.
pub fn run(
    options: &Options,
    config: Config,
    reload: impl Fn() -> Option<Config>,
) -> Result<Exit, Exit> {
    let signals = Signals::install_or_log().ok_or(Exit::Io)?;
    let session = Session::new(config, options.print, Instant::now());
    runtime::run("p1emeter", session, &signals, reload);
    Ok(Exit::Done)
}

struct Session {
    config: Config,
    subscriber: Subscriber,
    output: Output,
    /// From which listener the last telegram was.
    from: Option<SocketAddr>,
    timing: Timing,
    /// When there was no telegram left that we had not read, since the host was booted.
    emptied: Duration,
    sent: Option<Sent>,
    /// How many datagrams were sent.
    count: u64,
    refusals: Refusals,
}

enum Output {
    Network(Box<Publisher>),
    Print,
}

/// The last datagram that was made of a telegram.
struct Sent {
    identity: Identity,
    measurement: Measurement,
    tick: u32,
    at: Instant,
}

/// Telegrams that were not sent.
struct Refusals {
    count: u64,
    logs: [RateLimit; 3],
}

/// Why a telegram was not sent.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error("{0} ms late")]
    Late(u128),
    #[error("it waited here while the program or the host was asleep")]
    Slept,
    #[error("the last one was sent less than a second ago")]
    TooSoon,
    #[error("a newer one was here already")]
    Outdated,
}

impl Service for Session {
    type Settings = Config;

    fn description(&self) -> String {
        format!("{}; receiving from {}", self.output.description(), self.subscriber.group())
    }

    fn status(&self, now: Instant) -> String {
        let mut parts = vec![self.subscriber.status(now)];
        parts.push(match &self.sent {
            Some(Sent { identity, measurement, at, .. }) => {
                let active = measurement.sum.active;
                let (sign, tenths) = match active.export.now {
                    0 => ("", active.import.now),
                    export => ("-", export),
                };
                let age = text::ago(Some(*at), now);
                let (watts, rest) = (tenths / 10, tenths % 10);
                format!(
                    "{} sent as serial number {}, {age}: {sign}{watts}.{rest} W",
                    text::count(self.count, "datagram"),
                    identity.serial
                )
            }
            None => "nothing sent".to_owned(),
        });
        if self.refusals.count > 0 {
            parts.push(format!("{} not sent", text::count(self.refusals.count, "telegram")));
        }
        if let Output::Network(publisher) = &self.output {
            parts.extend(publisher.trouble());
        }
        parts.join("; ")
    }

    fn reconfigure(&mut self, config: Config, now: Instant) {
        self.subscriber.reconfigure(&config.multicast, SELECTION, now);
        if self.config.p1_emeter != config.p1_emeter {
            // The identity is logged again with the next telegram.
            self.sent = None;
            self.timing.stop_repeating();
            if let Output::Network(publisher) = &mut self.output {
                publisher.reconfigure(destinations(&config.p1_emeter), now);
            }
        }
        self.config = config;
    }

    /// Waits for a telegram, and sends its datagram, or repeats the last one.
    fn step(&mut self, now: Instant) -> ControlFlow<()> {
        let repeat = self.timing.repeat_due(self.config.p1_emeter.hold);
        let timeout = repeat.map_or(RECEIVE_TIMEOUT, |due| due.saturating_sub(since_boot()));
        self.subscriber.wait(timeout.min(RECEIVE_TIMEOUT), now);
        let now = Instant::now();
        let answer = self.newest(now).map(|telegram| self.answer(&telegram, now));
        let datagram = match answer {
            Some(Ok(datagram)) => Some(datagram),
            Some(Err(refusal)) => {
                self.refusals.note(&refusal, now);
                self.repetition()
            }
            None => self.repetition(),
        };
        match datagram {
            Some(datagram) => self.output.send(&datagram, now),
            None => ControlFlow::Continue(()),
        }
    }

    /// Nothing is sent at the end: receivers that guard themselves do so by silence.
    fn finish(self, now: Instant) -> String {
        format!(": {}", self.status(now))
    }
}

impl Session {
    fn new(config: Config, is_print: bool, now: Instant) -> Self {
        let output = if is_print {
            Output::Print
        } else {
            Output::Network(Box::new(Publisher::new(destinations(&config.p1_emeter), now)))
        };
        Self {
            subscriber: Subscriber::join_when_possible(&config.multicast, SELECTION, now),
            output,
            from: None,
            timing: Timing::default(),
            emptied: since_boot(),
            sent: None,
            count: 0,
            refusals: Refusals::default(),
            config,
        }
    }

    /// The newest telegram that has arrived. Those that may have waited here for too long are dropped.
    fn newest(&mut self, now: Instant) -> Option<Telegram> {
        let has_slept = since_boot().saturating_sub(self.emptied) > MAX_AGE;
        if has_slept {
            self.timing.stop_repeating();
        }
        let mut newest = None;
        for _ in 0..MAX_IN_A_ROW {
            match self.subscriber.next(now) {
                Some(telegram) if !has_slept => {
                    if newest.replace(telegram).is_some() {
                        self.refusals.note(&Refusal::Outdated, now);
                    }
                }
                Some(_) => self.refusals.note(&Refusal::Slept, now),
                None => {
                    self.emptied = since_boot();
                    break;
                }
            }
        }
        newest
    }

    /// The datagram of a telegram, or why there is none.
    fn answer(
        &mut self,
        telegram: &Telegram,
        now: Instant,
    ) -> Result<[u8; datagram::LENGTH], Refusal> {
        let (measurement, gaps) =
            measure(&telegram.message).inspect_err(|_| self.timing.stop_repeating())?;
        if self.from.replace(telegram.from) != Some(telegram.from) {
            self.timing.on_other_sender();
        }
        let end = telegram.message.meta.frame_end;
        match self.timing.judge(end, SystemTime::now().into(), since_boot()) {
            Verdict::Send => {}
            Verdict::Late(time) => return Err(Refusal::Late(time.as_millis())),
            Verdict::TooSoon => return Err(Refusal::TooSoon),
        }
        let id = meter::id(&telegram.message);
        let settings = &self.config.p1_emeter;
        let identity = Identity {
            susy_id: settings.susy_id,
            serial: settings.serial.unwrap_or_else(|| serial(&id)),
        };
        if self.sent.as_ref().is_none_or(|last| last.identity != identity) {
            log_identity(&id, identity, gaps);
        }
        let tick = truncated(end.micros().div_euclid(1000).unsigned_abs().into());
        self.sent = Some(Sent { identity, measurement, tick, at: now });
        self.count += 1;
        Ok(datagram::encode(&measurement, identity, tick))
    }

    /// The last datagram with an advanced time, if it is to be repeated now.
    fn repetition(&mut self) -> Option<[u8; datagram::LENGTH]> {
        let age = self.timing.repeat(self.config.p1_emeter.hold, since_boot())?;
        let Sent { identity, measurement, tick, .. } = self.sent.as_ref()?;
        let tick = tick.wrapping_add(truncated(age.as_millis()));
        Some(datagram::encode(measurement, *identity, tick))
    }
}

fn log_identity(meter: &str, Identity { susy_id, serial }: Identity, gaps: Gaps) {
    let (meter, gaps) = (text::escaped(meter), gaps.to_string());
    let gaps = if gaps.is_empty() { gaps } else { format!("; {gaps}") };
    log::info!(meter = meter.as_str(), serial;
        "using serial number {serial} and SUSy-ID {susy_id} for meter \"{meter}\"{gaps}");
}

impl Output {
    fn description(&self) -> String {
        match self {
            Self::Network(publisher) => format!("sending to {}", publisher.group()),
            Self::Print => "printing, sending nothing".to_owned(),
        }
    }

    /// Breaks when nobody reads the output any more.
    fn send(&mut self, bytes: &[u8], now: Instant) -> ControlFlow<()> {
        match self {
            Self::Network(publisher) => {
                publisher.publish_one(bytes, now);
                ControlFlow::Continue(())
            }
            Self::Print => match print(bytes) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    if error.kind() != io::ErrorKind::BrokenPipe {
                        log::error!("cannot print: {error}");
                    }
                    ControlFlow::Break(())
                }
            },
        }
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self { count: 0, logs: std::array::from_fn(|_| RateLimit::new(REFUSAL_LOG_INTERVAL)) }
    }
}

impl Refusals {
    fn note(&mut self, refusal: &Refusal, now: Instant) {
        self.count += 1;
        let kind = match refusal {
            Refusal::Unfit(_) => 0,
            Refusal::Late(_) => 1,
            Refusal::Slept => 2,
            // Of a meter that sends more often than each second, this is right.
            Refusal::TooSoon | Refusal::Outdated => {
                return log::debug!("telegram not sent: {refusal}");
            }
        };
        let Some(more) = self.logs[kind].permit(now) else { return };
        let more = match more {
            0 => String::new(),
            more => format!(" ({more} more since the last message)"),
        };
        log::warn!("telegram not sent: {refusal}{more}");
    }
}

/// Prints a datagram as a receiver reads it.
fn print(bytes: &[u8]) -> io::Result<()> {
    let decoded = datagram::decode(bytes).ok_or(io::ErrorKind::InvalidData)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{decoded}")?;
    out.flush()
}

/// The serial number of a meter that has none configured. It never changes, and no real device has it.
fn serial(meter: &str) -> u32 {
    FIRST_SERIAL + Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(meter.as_bytes()) % SERIALS
}

fn destinations(settings: &P1Emeter) -> Destinations {
    Destinations {
        group: settings.address.map(|address| (address, settings.port).into()),
        ttl: settings.ttl,
        interface: settings.interface.clone(),
        copies: settings.copies(),
        things: "datagrams",
        interface_key: "p1_emeter.interface",
    }
}

/// The time since the host was booted, that during which it was suspended included.
fn since_boot() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

/// Milliseconds that overflow, as the protocol has it.
#[expect(clippy::cast_possible_truncation, reason = "they overflow")]
fn truncated(milliseconds: u128) -> u32 {
    milliseconds as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_number_of_a_meter_is_that_of_zlib_and_never_changes() {
        // python3 -c 'import zlib; print(900000000 + zlib.crc32(b"E0047000012345678") % 10**8)'
        assert_eq!(serial("E0047000012345678"), 977_579_291);
        assert!((FIRST_SERIAL..FIRST_SERIAL + SERIALS).contains(&serial("")));
    }
}
