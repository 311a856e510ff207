//! Moments in time, and the clock formats of meters.
//!
//! Reads `YYMMDDhhmmssX` and the COSEM date-time in hexadecimal. Asks no clock and
//! needs no time zone database: the letter `S` or `W` and the [`MeterZone`] give the offset.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

/// A moment: microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
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
    /// - `YYMMDDhhmmssX`, local time of `zone`, `X` = `S` for summer time or `W` for winter time:
    ///   DSMR P1 companion standard 5.0.2, table 6-4. Without the letter it is no time.
    /// - COSEM date-time as 24 hexadecimal digits with a stated deviation: IEC 62056-6-2, section 4.1.6.1.
    #[must_use]
    pub fn parse_meter_time(text: &[u8], zone: MeterZone) -> Option<Self> {
        let text = text.trim_ascii();
        match text.len() {
            13 => parse_tst(text, zone),
            24 => parse_cosem(text, None),
            _ => None,
        }
    }

    /// As [`Self::parse_meter_time`], but accepts a time without its letter or deviation, as winter time, and takes
    /// any zone for Central.
    ///
    /// Hours off at worst: good for finding the newer of two times, not for showing.
    #[must_use]
    pub(crate) fn parse_approximate(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        match text.len() {
            12 => parse_tst(&[text, b"W"].concat(), MeterZone::Central),
            24 => parse_cosem(text, Some(-60)),
            _ => Self::parse_meter_time(text, MeterZone::Central),
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

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(micros(after)),
            Err(before) => Self(-micros(before.duration())),
        }
    }
}

/// The zone that a meter's clock shows. `S` and `W` tell the season, and nothing of the zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeterZone {
    /// CET and CEST: UTC + 1 h in winter, + 2 h in summer. Swedish meters show CET all year.
    #[default]
    Central,
    /// EET and EEST: UTC + 2 h in winter, + 3 h in summer.
    Eastern,
    /// WET and WEST: UTC in winter, + 1 h in summer.
    Western,
}

impl MeterZone {
    /// Every zone that meters are known to show.
    pub const ALL: [Self; 3] = [Self::Central, Self::Eastern, Self::Western];

    /// The zone of the meter with this header: Eastern for those of Lithuania.
    ///
    /// A Finnish meter has the header of a Swedish one: its zone must be configured.
    #[must_use]
    pub fn of_header(header: &[u8]) -> Self {
        if header.starts_with(b"/ESO") { Self::Eastern } else { Self::Central }
    }

    /// From UTC to what the clock shows, in hours; `None` for what is neither `S` nor `W`.
    #[must_use]
    pub fn offset_hours(self, season: u8) -> Option<i32> {
        match season.to_ascii_uppercase() {
            b'S' => Some(self.winter_hours() + 1),
            b'W' => Some(self.winter_hours()),
            _ => None,
        }
    }

    /// The zone whose clocks are so many hours ahead of those of this one.
    #[must_use]
    pub fn ahead_by(self, hours: i64) -> Option<Self> {
        let is_ahead =
            |other: &Self| i64::from(other.winter_hours() - self.winter_hours()) == hours;
        Self::ALL.into_iter().find(is_ahead)
    }

    /// What it is called, and its word in the configuration.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Central => ("Central European time", "CET"),
            Self::Eastern => ("Eastern European time", "EET"),
            Self::Western => ("Western European time", "WET"),
        }
    }

    const fn winter_hours(self) -> i32 {
        match self {
            Self::Western => 0,
            Self::Central => 1,
            Self::Eastern => 2,
        }
    }
}

/// The years that a meter's clock may show: DSMR 2.2 is of 2008, and a clock that was never set or
/// whose fields are "not specified" shows 2000, 1970 (as 2070), 2063 or nonsense.
const SENSIBLE_YEARS: std::ops::RangeInclusive<i32> = 2008..=2060;

fn parse_tst(text: &[u8], zone: MeterZone) -> Option<Timestamp> {
    let (&season, digits) = text.split_last()?;
    let offset_hours = zone.offset_hours(season)?;
    let mut fields = [0; 6];
    for (field, pair) in fields.iter_mut().zip(digits.chunks_exact(2)) {
        *field = number(pair, 10)?;
    }
    let [year, month, day, hour, minute, second] = fields;
    let local = local_time(2000 + i32::try_from(year).ok()?, [month, day, hour, minute, second])?;
    to_timestamp(local, TimeDelta::hours(offset_hours.into()))
}

/// `unspecified` is the deviation of a time that does not state it, in minutes.
fn parse_cosem(text: &[u8], unspecified: Option<i16>) -> Option<Timestamp> {
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
    let deviation = match i16::from_be_bytes([deviation_high, deviation_low]) {
        i16::MIN => unspecified?,
        deviation => deviation,
    };
    if deviation.unsigned_abs() > 14 * 60 {
        return None;
    }
    to_timestamp(local, -TimeDelta::minutes(deviation.into()))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0, |sum, &byte| Some(sum * radix + char::from(byte).to_digit(radix)?))
}

fn local_time(year: i32, [month, day, hour, minute, second]: [u32; 5]) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
}

fn to_timestamp(local: NaiveDateTime, offset: TimeDelta) -> Option<Timestamp> {
    let utc =
        SENSIBLE_YEARS.contains(&local.year()).then(|| local.checked_sub_signed(offset))??;
    Some(Timestamp::from_seconds(utc.and_utc().timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Timestamp::parse_meter_time(text.as_bytes(), MeterZone::Central).map(Timestamp::seconds)
    }

    #[test]
    fn further_east_the_clock_is_an_hour_ahead_and_further_west_behind() {
        for (clock, utc) in [("240714142200S", 1_720_956_120), ("240114142200W", 1_705_234_920)] {
            let time = Timestamp::parse_meter_time(clock.as_bytes(), MeterZone::Eastern);
            assert_eq!(time.map(Timestamp::seconds), Some(utc), "{clock}");
            assert_eq!(seconds(clock), Some(utc + 3600), "{clock}");
            let time = Timestamp::parse_meter_time(clock.as_bytes(), MeterZone::Western);
            assert_eq!(time.map(Timestamp::seconds), Some(utc + 7200), "{clock}");
        }
        assert_eq!(MeterZone::of_header(b"/ESO5\\253833635_A"), MeterZone::Eastern);
        assert_eq!(MeterZone::of_header(b"/ISK5\\2M550T-1013"), MeterZone::Central);
    }

    #[test]
    fn summer_and_winter_time_are_told_by_the_letter() {
        assert_eq!(seconds("260329015959W"), Some(1_774_745_999));
        assert_eq!(seconds("260329030000S"), Some(1_774_746_000));
        assert_eq!(seconds("260329030000s"), Some(1_774_746_000));
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
    fn a_time_without_its_letter_is_good_for_ordering_only() {
        let about = |text: &str| Timestamp::parse_approximate(text.as_bytes());
        assert_eq!(about("261025020000"), about("261025020000W"));
        assert!(about("261025020000S") < about("261025020000"));
        assert_eq!(about("07EA0A190702000000800000"), about("261025020000W"));
        assert_eq!(about("07E8061C050A2B2B00FF8880").map(Timestamp::seconds), Some(1_719_564_223));
        assert_eq!(about("000101010000"), None);
    }

    #[test]
    fn a_moment_before_1970_is_negative() {
        let before = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(Timestamp::from(before).micros(), -1_500_000);
        assert_eq!(Timestamp::from(before).seconds(), -2);
    }
}
