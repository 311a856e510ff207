//! Moments in time, and the clock formats that meters send.
//!
//! Owns the reading of `YYMMDDhhmmssX` and of the COSEM date-time in hexadecimal. It reads no clock
//! and knows no time zone data base: the letter `S` or `W` gives the offset.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

/// A moment: microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The moment `micros` microseconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment `seconds` after 1970-01-01 00:00:00 UTC; saturates at the ends of the range.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Reads a meter's clock; `None` when it shows no sensible time or its offset to UTC is not certain.
    ///
    /// - `YYMMDDhhmmssX`, local time, `X` = `S` for summer time (UTC + 2 h) or `W` for winter time
    ///   (UTC + 1 h): DSMR P1 companion standard 5.0.2, table 6-4. Without the letter it is no time.
    /// - COSEM date-time as 24 hexadecimal digits with a stated deviation: IEC 62056-6-2, section 4.1.6.1.
    #[must_use]
    pub fn parse_meter_time(text: &[u8]) -> Option<Self> {
        match text.len() {
            13 => parse_tst(text),
            24 => parse_cosem(text),
            _ => None,
        }
    }

    /// As [`Self::parse_meter_time`], and a time without its letter is taken as winter time.
    ///
    /// It may be an hour off: it tells which of two times is the newer, and is not for showing.
    #[must_use]
    pub(crate) fn parse_about(text: &[u8]) -> Option<Self> {
        match text.len() {
            12 => parse_tst(&[text, b"W"].concat()),
            _ => Self::parse_meter_time(text),
        }
    }

    /// Microseconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 00:00:00 UTC, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Microseconds from `earlier` to this moment; negative when this one is the earlier.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<SystemTime> for Instant {
    fn from(time: SystemTime) -> Self {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(micros(after)),
            Err(before) => Self(-micros(before.duration())),
        }
    }
}

/// The years that a meter's clock may show: DSMR 2.2 is of 2008, and a clock that was never set or
/// whose fields are "not specified" shows 2000, 1970 (as 2070), 2063 or nonsense.
const SENSIBLE_YEARS: std::ops::RangeInclusive<i32> = 2008..=2060;

fn parse_tst(text: &[u8]) -> Option<Instant> {
    let (digits, season) = text.split_at(12);
    let offset_hours = match season {
        b"S" => 2,
        b"W" => 1,
        _ => return None,
    };
    let mut fields = [0; 6];
    for (field, pair) in fields.iter_mut().zip(digits.chunks_exact(2)) {
        *field = number(pair, 10)?;
    }
    let [year, month, day, hour, minute, second] = fields;
    let local = local_time(2000 + i32::try_from(year).ok()?, [month, day, hour, minute, second])?;
    to_instant(local, TimeDelta::hours(offset_hours))
}

fn parse_cosem(text: &[u8]) -> Option<Instant> {
    let mut octets = [0; 12];
    for (octet, pair) in octets.iter_mut().zip(text.chunks_exact(2)) {
        *octet = u8::try_from(number(pair, 16)?).ok()?;
    }
    let [
        year_high,
        year_low,
        month,
        day,
        _,
        hour,
        minute,
        second,
        _,
        deviation_high,
        deviation_low,
        _,
    ] = octets;
    let year = i32::from(u16::from_be_bytes([year_high, year_low]));
    let local = local_time(year, [month, day, hour, minute, second].map(u32::from))?;
    // The deviation is from local time to UTC, in minutes; 0x8000 means "not specified".
    let deviation = i16::from_be_bytes([deviation_high, deviation_low]);
    if deviation.unsigned_abs() > 14 * 60 {
        return None;
    }
    to_instant(local, -TimeDelta::minutes(deviation.into()))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0, |sum, &byte| Some(sum * radix + char::from(byte).to_digit(radix)?))
}

fn local_time(year: i32, [month, day, hour, minute, second]: [u32; 5]) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
}

fn to_instant(local: NaiveDateTime, offset: TimeDelta) -> Option<Instant> {
    let utc =
        SENSIBLE_YEARS.contains(&local.year()).then(|| local.checked_sub_signed(offset))??;
    Some(Instant::from_seconds(utc.and_utc().timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Instant::parse_meter_time(text.as_bytes()).map(Instant::seconds)
    }

    #[test]
    fn summer_and_winter_time_are_told_by_the_letter() {
        assert_eq!(seconds("260329015959W"), Some(1_774_745_999));
        assert_eq!(seconds("260329030000S"), Some(1_774_746_000));
        // The hour that comes twice.
        assert_eq!(seconds("261025020000S"), Some(1_792_886_400));
        assert_eq!(seconds("261025020000W"), Some(1_792_890_000));
    }

    #[test]
    fn a_cosem_date_time_is_read_with_its_deviation() {
        // 28 June 2024, 10:43:43, deviation -120 minutes, daylight saving active.
        assert_eq!(seconds("07E8061C050A2B2B00FF8880"), Some(1_719_564_223));
        assert_eq!(seconds("07e8061c050a2b2b00ff8880"), Some(1_719_564_223));
        assert_eq!(seconds("07E8061C050A2B2B00800080"), None, "deviation not specified");
    }

    #[test]
    fn what_is_no_time_is_no_time() {
        for text in [
            "000101010000W",
            "000000000000W",
            "700101010000W",
            "250000000000W",
            "681027002758S",
            "632525252525S",
            "35255255255255255S",
            "240405154953",
            "240405154953X",
            "2404051549530",
            "20240111 09:35:00",
            "24040515495\u{fc}",
            "",
            "000000000000000000000000",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_its_letter_can_be_put_in_order_only() {
        let about = |text: &str| Instant::parse_about(text.as_bytes());
        assert_eq!(about("261025020000"), about("261025020000W"));
        assert!(about("261025020000S") < about("261025020000"));
        assert_eq!(about("000101010000"), None);
    }

    #[test]
    fn a_moment_before_1970_is_negative() {
        let before = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(Instant::from(before).micros(), -1_500_000);
        assert_eq!(Instant::from(before).seconds(), -2);
    }
}
