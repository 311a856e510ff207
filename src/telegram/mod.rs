//! What a meter says: frames of bytes, checksums, data objects and their values.
//!
//! Pure: no input or output, no clock, no configuration, and nothing else of this crate. A line that
//! cannot be interpreted is kept as text under its code; it is never fatal and never dropped.
//!
//! ```
//! use p1_multicast::telegram::{Framer, Timestamp, Telegram};
//!
//! let mut line: &[u8] = b"/TST5METER\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!\r\n";
//! let mut framer = Framer::default();
//! let frame = framer.feed(&mut line, Timestamp::from_seconds(0)).unwrap();
//! let telegram = Telegram::parse(frame.bytes());
//! assert_eq!(telegram.header, b"/TST5METER");
//! assert_eq!(telegram.get("1-0:1.7.0").unwrap().body, b"(00.329*kW)");
//! ```

pub mod catalogue;
mod checksum;
mod clock;
mod framer;
mod gate;
mod intake;
mod line_ends;
mod lines;
mod maker;
mod obis;
mod object;
mod parity;
mod shape;
mod timestamp;
mod unit;
mod value;

pub use checksum::{Algorithm, Checksum, crc16, crc16_x25, is_telegram, with_checksum};
pub use clock::HoursAhead;
pub use framer::{Dropped, Frame, Framer, MAX_FRAME};
pub use gate::{Policy, Rejection};
pub use intake::{Intake, Received};
pub(crate) use lines::Lines;
pub use maker::maker;
pub use obis::Obis;
pub use obis::TARIFFS;
pub(crate) use obis::{MAX_TARIFF, electricity_unit};
use object::Brackets;
pub use object::{Content, Object};
pub(crate) use object::{TWO_LINE_COLD, begins_with_code, groups};
pub use parity::Parity;
#[cfg(test)]
pub(crate) use parity::tests::add_parity;
pub use timestamp::{MeterZone, Timestamp};
pub use unit::Unit;
pub(crate) use value::Digits;
pub use value::{Decimal, Quantity};

/// A telegram: the lines between `/` and `!`, taken apart. Borrows from the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telegram<'a> {
    /// The whole first line, `/` included, line end not.
    pub header: &'a [u8],
    /// Every data object, in the order of the meter.
    pub objects: Vec<Object<'a>>,
    /// What follows the `!`, trailing blanks and NUL removed; absent when there is nothing.
    pub checksum: Option<&'a [u8]>,
}

impl<'a> Telegram<'a> {
    /// Takes the bytes of a frame apart. Every line is kept, whatever it is.
    ///
    /// A line that begins with `(`, or that goes on where the brackets of the line above are still
    /// open, belongs to the object above (DSMR 3.0, two-line readings of M-Bus devices).
    #[must_use]
    pub fn parse(frame: &'a [u8]) -> Self {
        Self::parse_into(Vec::with_capacity(48), frame)
    }

    /// As [`Self::parse`], with the memory that `objects` has; what they are is forgotten.
    pub(crate) fn parse_into(objects: Vec<Object<'_>>, frame: &'a [u8]) -> Self {
        let mut lines = Lines::of(frame);
        let header = lines.next().map_or(&[][..], |(start, end)| &frame[start..end]);
        let mut telegram = Self { header, objects: emptied(objects), checksum: None };
        let (mut last_start, mut brackets) = (0, Brackets::default());
        for (start, end) in lines {
            let line = &frame[start..end];
            match line.first() {
                None => {}
                Some(b'!') => telegram.checksum = checksum::field(&line[1..]),
                Some(_) => match telegram.objects.last_mut() {
                    Some(last) if last.continues_with(line, &mut brackets) => {
                        *last = Object::from_line(&frame[last_start..end]);
                    }
                    _ => {
                        telegram.objects.push(Object::from_line(line));
                        (last_start, brackets) = (start, Brackets::default());
                    }
                },
            }
        }
        telegram
    }

    /// The first object with this code, whichever way the meter spells it: `1-1:1.7.0*255` is
    /// `1-0:1.7.0`.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Object<'a>> {
        let as_is = self.objects.iter().find(|object| object.code == code.as_bytes());
        as_is.or_else(|| {
            let obis = Obis::parse(code.as_bytes()).map(Obis::main_channel)?;
            let is_same =
                |object: &&Object<'_>| object.obis().map(Obis::main_channel) == Some(obis);
            self.objects.iter().find(is_same)
        })
    }

    /// The meter's own clock; `None` when there is none, or when it shows no sensible time.
    ///
    /// `0-0:1.0.0` of DSMR 4 and later; heat gateways send `0-0:1.1.0`, some of Kamstrup's meters `0-1:1.0.0`. The
    /// zone is that of the header.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.time_in(MeterZone::of_header(self.header))
    }

    /// As [`Self::time`], of a meter whose clock is known to show this zone.
    #[must_use]
    pub fn time_in(&self, zone: MeterZone) -> Option<Timestamp> {
        let clocks = ["0-0:1.0.0", "0-0:1.1.0", "0-1:1.0.0"];
        let clock = clocks.into_iter().find_map(|clock| self.get(clock))?;
        match clock.content() {
            Content::One(text) => Timestamp::parse_meter_time(text, zone),
            _ => None,
        }
    }
}

/// No objects, in the memory of others: a row is collected where it was.
pub(crate) fn emptied<'a>(objects: Vec<Object<'_>>) -> Vec<Object<'a>> {
    let nothing = |_| None;
    objects.into_iter().map_while(nothing).collect()
}

#[cfg(test)]
mod tests;
