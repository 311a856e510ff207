//! A telegram in words for people: what a user reads first, and puts into a bug report.
//!
//! Owns the wording, and what is called odd. What a value means is known elsewhere.

mod lines;

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use self::lines::Line;
use crate::message::{Message, Meta, Superseded, encode};
use crate::reading::{Registers, texts};
use crate::telegram::{
    Algorithm, Checksum, Decimal, MeterZone, Object, Parity, Received, Rejection, Telegram,
    catalogue, crc16,
};
use crate::text::{self, printable};

/// An hour in seconds, how near to it a clock has to be, and how many are a matter of time zones. A telegram
/// that is older was recorded.
const HOUR: i64 = 3600;
const NEAR: i64 = 300;
const MAX_HOURS: i64 = 3;

/// Registers are cut to whole Wh, so that tariffs may differ from their total by so many of them.
const MAX_ROUNDING: i64 = 8;

/// One telegram of a file, and what is known of how it came.
pub struct Explanation<'a> {
    /// Which telegram of the file it is, from 1.
    pub number: u64,
    /// The telegram as it came.
    pub received: &'a Received<'a>,
    /// Its bytes, masked or not; of the same length.
    pub bytes: &'a [u8],
    /// The zone that the clock of the meter is taken to show.
    pub zone: MeterZone,
}

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let telegram = Telegram::parse(self.bytes);
        let superseded = Superseded::of(&telegram);
        let count = telegram.objects.len();
        writeln!(f, "Telegram {}: {} bytes, {count} objects", self.number, self.bytes.len())?;
        self.write_whole(&telegram, f)?;
        f.write_char('\n')?;
        let mut odd = 0;
        for (index, object) in telegram.objects.iter().enumerate() {
            // Polish meters send some lines three times: nothing is lost of those.
            let is_passed_on = |(at, other)| !superseded.contains(at) && other == object;
            let gives_way = superseded.contains(index)
                && !is_hourly(object)
                && !telegram.objects.iter().enumerate().any(is_passed_on);
            let line = Line::new(index + 1, object, gives_way, self.zone);
            odd += usize::from(line.is_odd());
            line.fmt(f)?;
        }
        self.write_sums(&telegram, f)?;
        match odd {
            0 => writeln!(f, "\n  Nothing is odd about the lines."),
            1 => writeln!(f, "\n  One line is odd; what is odd about it stands under it."),
            _ => writeln!(f, "\n  {odd} lines are odd; what is odd about each stands under it."),
        }
    }
}

impl Explanation<'_> {
    fn write_whole(&self, telegram: &Telegram<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = telegram.header.strip_prefix(b"/").unwrap_or(telegram.header);
        writeln!(f, "  Meter     {}", printable(header))?;
        writeln!(f, "  Version   {}", version(telegram))?;
        self.write_clock(telegram, f)?;
        writeln!(f, "  Checksum  {}", self.checksum(telegram))?;
        match &self.received.verdict {
            Ok(()) => {}
            Err(Rejection::Wrong { .. }) => writeln!(f, "  Rejected  for its checksum")?,
            Err(other) => writeln!(f, "  Rejected  {other}")?,
        }
        if self.received.frame.parity() != Parity::None {
            writeln!(f, "  Line      bytes have a parity bit (7E1), which is stripped")?;
        }
        if self.received.is_restored {
            writeln!(
                f,
                "  Line      line ends were changed on the way; put back, as the checksum proves"
            )?;
        }
        Ok(())
    }

    /// The clock, and whether it may be of another zone than the one it is taken for.
    fn write_clock(&self, telegram: &Telegram<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = telegram.time_in(self.zone) else { return Ok(()) };
        write!(f, "  Clock     taken as {}", self.zone.names().0)?;
        let behind = time.micros_since(self.received.frame.start) / 1_000_000;
        let hours = (behind + HOUR / 2).div_euclid(HOUR);
        if behind.abs() < NEAR {
            return writeln!(f, ", which agrees with this computer");
        }
        let mut shifts = vec![1, -1];
        if (behind - hours * HOUR).abs() < NEAR && hours.abs() <= MAX_HOURS {
            let side = if hours > 0 { "ahead of" } else { "behind" };
            write!(f, ": {} {side} this computer", text::count(hours.unsigned_abs(), "hour"))?;
            shifts = vec![hours];
        }
        if self.zone == MeterZone::Central && telegram.header.starts_with(b"/KAM") {
            // Swedish ones, which mark the winter time that they show in summer as summer time.
            shifts.retain(|&hours| hours > 0);
        }
        let other = |hours: i64| {
            let (_, key) = self.zone.ahead_by(hours)?.names();
            let difference = text::count(hours.unsigned_abs(), "hour");
            let side = if hours > 0 { "more" } else { "less" };
            Some(format!("{key} if it shows {difference} {side}"))
        };
        match shifts.into_iter().filter_map(other).collect::<Vec<_>>().join(", ") {
            others if others.is_empty() => writeln!(f),
            others => writeln!(f, " (set p1_listener.time_zone: {others})"),
        }
    }

    /// A total that is not the sum of its tariffs.
    fn write_sums(&self, telegram: &Telegram<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = &self.received.frame;
        let mut json = Vec::new();
        encode(telegram, &Meta::new(1, frame.start, frame.end, None), &mut json);
        // Our own datagrams are messages.
        let Ok(message) = Message::parse(&json) else { return Ok(()) };
        let registers = Registers::of(&message);
        for (name, energy) in [("import", registers.import), ("export", registers.export)] {
            let Some((total, sum)) = energy.total.zip(energy.sum_of_tariffs) else { continue };
            let difference = total.checked_sub(sum).map_or(i64::MAX, |it| it.whole().abs());
            if difference > MAX_ROUNDING {
                let kilo = |number: Decimal| number.shifted(-3).unwrap_or(number);
                let (total, sum) = (kilo(total), kilo(sum));
                writeln!(
                    f,
                    "\n  The tariffs of the energy {name} add up to {sum} kWh; its total, which counts, \
                     is {total} kWh."
                )?;
            }
        }
        Ok(())
    }

    fn checksum(&self, telegram: &Telegram<'_>) -> String {
        let length = self.received.frame.up_to_end_mark().len();
        let computed = crc16(&self.bytes[..length]);
        let sent = printable(telegram.checksum.unwrap_or_default());
        match self.received.checksum {
            Checksum::Absent => format!("none; of these bytes it would be {computed:04X}"),
            Checksum::Wrong { .. } => format!("{sent}, wrong: of these bytes it is {computed:04X}"),
            Checksum::Good(Algorithm::Arc) => format!("{sent}, right"),
            Checksum::Good(algorithm) => format!("{sent}, right ({algorithm})"),
        }
    }
}

/// Whether this is one of the last 24 readings, which meters of DSMR 2.2 send under the same code.
fn is_hourly(object: &Object<'_>) -> bool {
    let entry = catalogue::find(object.code);
    entry.is_some_and(|entry| [":23.1.0", ":23.2.0"].iter().any(|end| entry.code.ends_with(end)))
}

/// The version in the words of its standard.
fn version(telegram: &Telegram<'_>) -> String {
    let text = |code| {
        let body = telegram.get(code)?.body;
        let text = printable(body.strip_prefix(b"(")?.strip_suffix(b")")?);
        texts::version(&text).map(Cow::into_owned)
    };
    let Some(sent) = text("1-3:0.2.8").or_else(|| text("0-0:96.1.4")) else {
        return "not told (so do meters of DSMR 2 and 3, and Nordic ones)".into();
    };
    let standard = match sent.as_str() {
        "40" => "DSMR 4.0",
        "42" => "DSMR 4.2",
        "50" => "DSMR 5.0, ESMR 5",
        "50213" | "50215" | "50216" | "50217" => "e-MUCS P1 1.7, Belgium",
        "50221" => "e-MUCS P1 2.1, Belgium",
        _ => return sent,
    };
    format!("{sent} ({standard})")
}
