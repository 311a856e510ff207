//! Bytes of a meter in, datagrams out: intake, parser and writer in one row.
//!
//! Owns what runs from one telegram to the next: the frame number and the counts. It reads no clock
//! and sends nothing.

use std::mem;

use super::{Encoded, Meta, SigningKey, Value, encode, signature};
use crate::dlms::Authenticity;
use crate::telegram::{
    Algorithm, Checksum, Dropped, Intake, MeterZone, Object, Parity, Policy, Received, Rejection,
    Telegram, Timestamp, emptied,
};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Telegrams let through, in number.
    pub telegrams: u64,
    /// Telegrams rejected for their checksum or parity, in number.
    pub rejected: u64,
    /// Telegrams let through whose bytes came with a parity bit, in number.
    pub with_parity: u64,
    /// Telegrams let through whose line ends were changed on the way and are put back, in number.
    pub restored: u64,
    /// Telegrams let through whose checksum is CRC-16/X-25, in number.
    pub with_x25: u64,
    /// Objects that gave way to another of the same code, in number.
    pub repeated_objects: u64,
    /// Texts cut because the datagram would have been too long, in number.
    pub cut_texts: u64,
    /// What never became a telegram.
    pub dropped: Dropped,
}

/// A telegram, ready to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The telegram and what is known of it, as JSON.
    pub json: &'a [u8],
    /// The telegram as received, byte for byte; parity bits taken off, lost line ends put back.
    pub raw: &'a [u8],
    /// The telegram's first line.
    pub header: &'a [u8],
    /// What the datagram says of the telegram.
    pub meta: &'a Meta,
}

/// Turns the bytes of one meter into datagrams.
#[derive(Debug)]
pub struct Translator {
    intake: Intake,
    encoder: Encoder,
    counts: Counts,
}

impl Translator {
    /// A translator that has seen nothing yet; `source` is what datagrams name as their sender.
    #[must_use]
    pub fn new(policy: Policy, source: Option<String>) -> Self {
        let (intake, encoder) = (Intake::new(policy), Encoder::new(source));
        Self { intake, encoder, counts: Counts::default() }
    }

    /// The same for a file, which may hold one telegram each of many meters.
    #[must_use]
    pub fn for_file(policy: Policy) -> Self {
        Self { intake: Intake::for_file(policy), ..Self::new(policy, None) }
    }

    /// Takes another policy; which meters send checksums is not forgotten.
    pub fn set_policy(&mut self, policy: Policy) {
        self.intake.set_policy(policy);
    }

    /// Names another sender in the datagrams to come.
    pub fn set_source(&mut self, source: String) {
        self.encoder.meta.source = Some(source);
    }

    /// Signs the datagrams to come with this key, if there is one.
    pub fn set_key(&mut self, key: Option<SigningKey>) {
        self.encoder.set_key(key);
    }

    /// Takes the meter's clock for one of this zone; `None` goes by the header of its telegrams.
    pub fn set_zone(&mut self, zone: Option<MeterZone>) {
        self.encoder.set_zone(zone);
    }

    /// Says of the telegrams to come that they were decrypted, or that they were not.
    pub fn set_encrypted(&mut self, encrypted: Option<Authenticity>) {
        self.encoder.encrypted = encrypted;
    }

    /// Takes bytes off the front of `input` until a telegram is complete or `input` is empty.
    ///
    /// `now` is the host clock when these bytes came in. Call again until it gives `None`.
    pub fn feed(
        &mut self,
        input: &mut &[u8],
        now: Timestamp,
    ) -> Option<Result<Datagram<'_>, Rejection>> {
        let received = self.intake.feed(input, now)?;
        Some(translate(received, &mut self.encoder, &mut self.counts))
    }

    /// The stream has ended: the telegram whose end line lacks its line end, if there is one.
    pub fn finish(&mut self, now: Timestamp) -> Option<Result<Datagram<'_>, Rejection>> {
        let received = self.intake.finish(now)?;
        Some(translate(received, &mut self.encoder, &mut self.counts))
    }

    /// The last datagram is not sent: the next one gets its number.
    pub fn withdraw(&mut self) {
        self.counts.telegrams -= 1;
        self.encoder.meta.frame_number -= 1;
    }

    /// The bytes of the last frame, let through or not, as long as nothing more was fed.
    #[must_use]
    pub fn last_frame(&self) -> &[u8] {
        self.intake.last_frame()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { dropped: self.intake.dropped(), ..self.counts }
    }
}

fn translate<'a>(
    received: Received<'a>,
    encoder: &'a mut Encoder,
    counts: &mut Counts,
) -> Result<Datagram<'a>, Rejection> {
    if let Err(rejection) = received.verdict {
        counts.rejected += 1;
        return Err(rejection);
    }
    counts.telegrams += 1;
    counts.with_parity += u64::from(received.frame.parity() != Parity::None);
    counts.restored += u64::from(received.is_restored);
    let is_x25 =
        matches!(received.checksum, Checksum::Good(algorithm) if algorithm != Algorithm::Arc);
    counts.with_x25 += u64::from(is_x25);
    let frame = &received.frame;
    let (datagram, left_out) = encoder.encode(frame.bytes(), frame.start, frame.end);
    counts.repeated_objects += left_out.repeated as u64;
    counts.cut_texts += left_out.cut as u64;
    Ok(datagram)
}

/// Writes one datagram after the other, and numbers them.
#[derive(Debug)]
pub struct Encoder {
    meta: Meta,
    zone: Option<MeterZone>,
    /// Of telegrams that were decrypted: whether they are authentic.
    encrypted: Option<Authenticity>,
    key: Option<SigningKey>,
    json: Vec<u8>,
    /// Empty: memory for the objects of a telegram.
    objects: Vec<Object<'static>>,
}

impl Encoder {
    /// An encoder whose first datagram has the number 1; `source` is what datagrams name as their sender.
    #[must_use]
    pub fn new(source: Option<String>) -> Self {
        let meta =
            Meta { source, ..Meta::new(0, Timestamp::default(), Timestamp::default(), None) };
        let (json, objects) = (Vec::new(), Vec::new());
        Self { meta, zone: None, encrypted: None, key: None, json, objects }
    }

    /// Signs the datagrams to come with this key, if there is one.
    pub fn set_key(&mut self, key: Option<SigningKey>) {
        self.key = key;
    }

    /// Takes the meter's clock for one of this zone; `None` goes by the header of its telegrams.
    pub fn set_zone(&mut self, zone: Option<MeterZone>) {
        self.zone = zone;
    }

    /// The datagram of a telegram that came in from `start` to `end`, whatever its checksum.
    pub fn encode<'a>(
        &'a mut self,
        raw: &'a [u8],
        start: Timestamp,
        end: Timestamp,
    ) -> (Datagram<'a>, Encoded) {
        let telegram = Telegram::parse_into(mem::take(&mut self.objects), raw);
        // A clock that is set back in the middle of a telegram makes no time run backwards.
        let (start, end) = (whole_milliseconds(start), whole_milliseconds(end.max(start)));
        let (number, source) = (self.meta.frame_number + 1, self.meta.source.take());
        let time = self.zone.map_or_else(|| telegram.time(), |zone| telegram.time_in(zone));
        let encrypted = self.encrypted.map(|authenticity| {
            ("encrypted".to_owned(), Value::Text(authenticity.name().to_owned()))
        });
        let room = self.key.iter().flat_map(|_| signature::room());
        let other = encrypted.into_iter().chain(room).collect();
        self.meta = Meta { source, other, ..Meta::new(number, start, end, time) };
        let encoded = encode(&telegram, &self.meta, &mut self.json);
        if let Some(key) = &self.key {
            key.sign(&mut self.json, raw);
        }
        self.objects = emptied(telegram.objects);
        let Self { json, meta, .. } = self;
        (Datagram { json, raw, header: telegram.header, meta }, encoded)
    }
}

fn whole_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(1000) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::telegram::{add_parity, crc16};

    fn telegram(line: &str) -> Vec<u8> {
        let body = format!("/TST5\r\n\r\n{line}\r\n!");
        format!("{body}{:04X}\r\n", crc16(body.as_bytes())).into_bytes()
    }

    /// The numbers of the datagrams that come of these bytes, and the rejections in between.
    fn translate_all(bytes: &[u8], translator: &mut Translator) -> Vec<Result<u64, Rejection>> {
        let mut rest = bytes;
        let mut results = Vec::new();
        let now = Timestamp::from_micros(1_795_330_010_297_999);
        while let Some(result) = translator.feed(&mut rest, now) {
            results.push(
                result.map(|datagram| Message::parse(datagram.json).unwrap().meta.frame_number),
            );
        }
        results
    }

    #[test]
    fn a_rejected_telegram_is_counted_and_the_next_is_numbered_on() {
        let mut bad = telegram("1-0:1.7.0(00.100*kW)");
        bad[12] ^= 1;
        let stream =
            [telegram("0-0:1.0.0(261122075236W)"), bad, telegram("1-0:1.7.0(00.200*kW)")].concat();
        let mut translator = Translator::new(Policy::Auto, None);
        let results = translate_all(&stream, &mut translator);
        assert!(
            matches!(&results[..], [Ok(1), Err(Rejection::Wrong { .. }), Ok(2)]),
            "{results:?}"
        );
        assert_eq!((translator.counts().telegrams, translator.counts().rejected), (2, 1));
    }

    #[test]
    fn the_number_of_a_datagram_that_is_not_sent_goes_to_the_next() {
        let mut translator = Translator::new(Policy::Auto, None);
        let bytes = telegram("1-0:1.7.0(00.100*kW)");
        assert_eq!(translate_all(&bytes, &mut translator), [Ok(1)]);
        translator.withdraw();
        assert_eq!(translator.counts().telegrams, 0);
        assert_eq!(translate_all(&bytes, &mut translator), [Ok(1)]);
    }

    #[test]
    fn a_datagram_carries_the_raw_bytes_the_name_and_whole_milliseconds() {
        let bytes = telegram("0-0:1.0.0(261122074650W)");
        let mut translator = Translator::new(Policy::Auto, Some("attic".into()));
        let start = Timestamp::from_micros(1_795_330_010_297_999);
        assert!(translator.feed(&mut &bytes[..5], start).is_none());
        let end = Timestamp::from_micros(1_795_330_010_375_001);
        let datagram = translator.feed(&mut &bytes[5..], end).unwrap().unwrap();
        assert_eq!((datagram.raw, datagram.header), (&bytes[..], &b"/TST5"[..]));
        let meta = Message::parse(datagram.json).unwrap().meta;
        assert_eq!(meta.frame_start.micros(), 1_795_330_010_297_000);
        assert_eq!((meta.frame_duration_ms, meta.source.as_deref()), (78, Some("attic")));
        assert_eq!(meta.clock_drift.unwrap().to_string(), "0.297");
    }

    #[test]
    fn a_clock_that_is_set_back_in_mid_telegram_gives_no_negative_duration() {
        let bytes = telegram("0-0:1.0.0(261122074650W)");
        let mut translator = Translator::new(Policy::Auto, None);
        let start = Timestamp::from_seconds(1_795_330_010);
        assert!(translator.feed(&mut &bytes[..5], start).is_none());
        let end = Timestamp::from_seconds(1_795_330_010 - 7200);
        let datagram = translator.feed(&mut &bytes[5..], end).unwrap().unwrap();
        let meta = Message::parse(datagram.json).unwrap().meta;
        assert_eq!((meta.frame_start, meta.frame_end, meta.frame_duration_ms), (start, start, 0));
    }

    #[test]
    fn the_zone_of_the_meter_is_that_of_its_header_unless_it_was_told() {
        let bytes = telegram("0-0:1.0.0(261122074650W)");
        let lithuanian = [b"/ESO5\r\n\r\n", &bytes[9..bytes.len() - 6], b"\r\n"].concat();
        for (bytes, zone, expected, seconds) in [
            (&bytes, None, MeterZone::Central, 1_795_330_010),
            (&bytes, Some(MeterZone::Eastern), MeterZone::Eastern, 1_795_326_410),
            (&lithuanian, None, MeterZone::Eastern, 1_795_326_410),
        ] {
            let mut translator = Translator::new(Policy::Auto, None);
            translator.set_zone(zone);
            let datagram = translator.feed(&mut &bytes[..], Timestamp::default()).unwrap().unwrap();
            let message = Message::parse(datagram.json).unwrap();
            assert_eq!(message.meta.meter_time.map(Timestamp::seconds), Some(seconds));
            assert_eq!(message.zone(), expected);
        }
    }

    #[test]
    fn what_was_done_to_the_bytes_on_their_way_is_undone_and_counted() {
        let sent = telegram("1-0:1.7.0(00.100*kW)");
        let with_parity = add_parity(&sent);
        let without_cr: Vec<u8> = sent.iter().copied().filter(|&byte| byte != b'\r').collect();
        let mut translator = Translator::new(Policy::Auto, None);
        for received in [&sent, &with_parity, &without_cr] {
            let datagram = translator.feed(&mut &received[..], Timestamp::default());
            assert_eq!(datagram.unwrap().unwrap().raw, sent, "{}", received.escape_ascii());
        }
        let counts = translator.counts();
        assert_eq!((counts.telegrams, counts.with_parity, counts.restored), (3, 1, 1));
    }

    #[test]
    fn a_wrong_parity_bit_is_no_matter_where_the_checksum_is_good_and_is_where_there_is_none() {
        let old = b"/TST5\r\n\r\n1-0:1.7.0(00.100*kW)\r\n!\r\n".to_vec();
        for (sent, expected) in [(telegram("1-0:1.7.0(00.100*kW)"), true), (old, false)] {
            let mut bytes = add_parity(&sent);
            bytes[20] ^= 0x80;
            let mut translator = Translator::new(Policy::Auto, None);
            let result = translator.feed(&mut &bytes[..], Timestamp::default()).unwrap();
            assert_eq!(result.is_ok(), expected, "{result:?}");
        }
    }

    #[test]
    fn the_last_telegram_of_a_stream_may_lack_its_line_end() {
        let bytes = telegram("1-0:1.7.0(00.100*kW)");
        let mut translator = Translator::new(Policy::Auto, None);
        assert!(translate_all(&bytes[..bytes.len() - 2], &mut translator).is_empty());
        assert!(translator.finish(Timestamp::default()).unwrap().is_ok());
        assert!(translator.finish(Timestamp::default()).is_none());
    }
}
