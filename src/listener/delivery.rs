//! What becomes of the text of a meter: telegrams, sent to the group.
//!
//! Owns the way from the text, plain or decrypted, to the datagrams: translated, admitted, published, and watched
//! for what the log or the status should say. It reads no port.

use std::time::{Instant, SystemTime};

use super::admission::Admission;
use super::clock::ClockWatch;
use super::encryption::EncryptionMonitor;
use super::health::Health;
use super::line::Line;
use super::pace::Pace;
use super::source::SourceKind;
use crate::config::{self, Config};
use crate::dlms::Event as Decoded;
use crate::message::{Datagram, Translator};
use crate::publisher::{Destinations, Publisher};
use crate::runtime;
use crate::telegram::{HoursAhead, MeterZone, Timestamp};

/// The translator, the admission and the publisher, in a row, and what watches them.
pub struct Delivery {
    pub config: Config,
    pub translator: Translator,
    pub admission: Admission,
    pub publisher: Publisher,
    pub pace: Pace,
    pub health: Health,
    pub clock: ClockWatch,
    pub encryption: EncryptionMonitor,
}

/// Text of the meter, plain or decrypted.
struct Piece<'a> {
    bytes: &'a [u8],
    /// When the first one came in.
    time: Timestamp,
    /// The length of the frame that they come from, in bytes.
    frame: Option<usize>,
    /// How many bytes of the port are behind them.
    behind: usize,
}

impl Piece<'_> {
    /// The length on the line of a telegram that is complete, if it was a frame, and how many bytes are behind it.
    fn on_the_line(&self) -> (Option<usize>, usize) {
        (self.frame, self.bytes.len() + self.behind)
    }
}

impl Delivery {
    pub fn new(config: Config, now: Instant) -> Self {
        let settings = &config.p1_listener;
        Self {
            translator: translator(settings),
            admission: Admission::new(config.multicast.clone(), now),
            publisher: Publisher::new(destinations(&config.multicast), now),
            pace: Pace::default(),
            health: Health::new(settings.silence, now),
            clock: ClockWatch::default(),
            encryption: EncryptionMonitor::new(),
            config,
        }
    }

    /// Applies other settings. What was counted stays.
    pub fn reconfigure(&mut self, config: Config, now: Instant) {
        let settings = &config.p1_listener;
        self.translator.set_policy(settings.checksum);
        self.translator.set_source(source_name(settings));
        self.translator.set_zone(settings.time_zone);
        self.health.set_max_silence(settings.silence);
        if self.config.multicast != config.multicast {
            self.admission.reconfigure(config.multicast.clone(), now);
            self.publisher.reconfigure(destinations(&config.multicast), now);
        }
        self.config = config;
    }

    /// Sends what the decoder has found. That many bytes of the port are `behind` it.
    pub fn handle(
        &mut self,
        event: Decoded<'_, Timestamp>,
        behind: usize,
        line: &mut Line,
        wall: Timestamp,
        now: Instant,
    ) {
        match event {
            Decoded::Plain { bytes, time } => {
                self.translator.set_encrypted(None);
                self.translate(Some(Piece { bytes, time, frame: None, behind }), line, now);
            }
            Decoded::Telegram(opened) => {
                self.encryption.on_telegram(&opened, now);
                self.translator.set_encrypted(opened.authenticity);
                let (first, rest) = opened.text.split_at(1);
                for (bytes, time) in [(first, opened.start), (rest, wall)] {
                    let (frame, behind) = (Some(opened.frame_length), behind + opened.behind);
                    self.translate(Some(Piece { bytes, time, frame, behind }), line, now);
                }
            }
            Decoded::Refused(refused) => {
                self.encryption.on_refused(&refused, now);
                // At another speed than the meter's there are no frames.
                line.on_intact_telegram();
            }
        }
    }

    /// The stream has ended: sends the telegram that lacks its line end, if there is one.
    pub fn finish(&mut self, line: &mut Line, now: Instant) {
        self.translate(None, line, now);
    }

    /// Sends the telegrams that this piece of text completes; at the end of the stream, where there is none, the
    /// one that lacks its line end.
    fn translate(&mut self, mut piece: Option<Piece<'_>>, line: &mut Line, now: Instant) {
        let kind = line.source_kind().unwrap_or(SourceKind::File);
        let byte_time = line.byte_time().unwrap_or_default();
        let arrival = Instant::now();
        let Self { translator, admission, publisher, pace, health, clock, .. } = self;
        while let Some(result) = match &mut piece {
            Some(piece) => translator.feed(&mut piece.bytes, piece.time),
            None => translator.finish(SystemTime::now().into()),
        } {
            match result {
                Ok(datagram) => {
                    let is_sent = admission.admit(&datagram, kind, now);
                    if is_sent {
                        let ports = &self.config.multicast;
                        let raw_port = ports.raw_port.unwrap_or_default();
                        let forms = [(ports.port, datagram.json), (raw_port, datagram.raw)];
                        let forms = &forms[..=usize::from(ports.raw_port.is_some())];
                        publisher.publish(forms, datagram.json, now);
                        admission.on_sent(&datagram, kind);
                    }
                    let (length, behind) = piece.as_ref().map_or((None, 0), Piece::on_the_line);
                    let length = length.unwrap_or(datagram.raw.len());
                    pace.complete(length, behind, byte_time, arrival);
                    health.on_telegram(datagram.header, now);
                    clock.update(hours_ahead(&datagram, self.config.p1_listener.time_zone), now);
                    line.on_telegram(now);
                    if !is_sent {
                        translator.withdraw();
                    }
                }
                Err(rejection) => {
                    if rejection.is_intact() {
                        line.on_intact_telegram();
                    }
                    health.on_rejection(&rejection, translator.last_frame(), now);
                }
            }
        }
        health.on_counts(&translator.counts());
    }
}

/// How many whole hours the clock of the meter is ahead of that of this host.
fn hours_ahead(datagram: &Datagram<'_>, zone: Option<MeterZone>) -> Option<HoursAhead> {
    let zone = zone.unwrap_or_else(|| MeterZone::of_header(datagram.header));
    let meta = datagram.meta;
    HoursAhead::find(meta.meter_time?, meta.frame_start, zone, datagram.header)
}

fn translator(settings: &config::P1Listener) -> Translator {
    let mut translator = Translator::new(settings.checksum, Some(source_name(settings)));
    translator.set_zone(settings.time_zone);
    translator
}

fn destinations(settings: &config::Multicast) -> Destinations {
    Destinations {
        group: Some((settings.address, settings.port).into()),
        ttl: settings.ttl,
        interface: settings.interface.clone(),
        copies: settings.also_to.clone(),
        things: "telegrams",
        interface_key: "multicast.interface",
    }
}

/// The configured name, or that of the host.
fn source_name(settings: &config::P1Listener) -> String {
    settings.name.clone().unwrap_or_else(runtime::hostname)
}
