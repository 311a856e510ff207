//! Local time.
//!
//! Owns the conversion from a [`Timestamp`] to local time, which always has one result. The reverse has none or
//! two at a clock change, and we don't need it.

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, Offset as _, SecondsFormat, Utc};

use crate::telegram::Timestamp;

/// A time zone with its rules.
pub trait Zone {
    /// Local date and time, truncated to whole seconds.
    fn local(&self, time: Timestamp) -> NaiveDateTime;

    /// The time in ISO 8601, with the offset to UTC: `2026-11-22T07:50:10.297+01:00`.
    ///
    /// Truncated to milliseconds, which are left out if they are zero.
    fn iso8601(&self, time: Timestamp) -> String {
        let whole = utc(Timestamp::from_seconds(time.seconds()));
        let offset = (self.local(time) - whole.naive_utc()).num_seconds();
        let offset = i32::try_from(offset).ok().and_then(FixedOffset::east_opt);
        let millis = Timestamp::from_micros(time.micros().div_euclid(1000).saturating_mul(1000));
        let local = utc(millis).with_timezone(&offset.unwrap_or_else(|| Utc.fix()));
        local.to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }
}

/// The time zone of this host: `TZ`, else `/etc/localtime`, else UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostZone;

impl Zone for HostZone {
    fn local(&self, time: Timestamp) -> NaiveDateTime {
        utc(Timestamp::from_seconds(time.seconds())).with_timezone(&Local).naive_local()
    }
}

/// Times hundreds of thousands of years away have no date in chrono. They become 1970.
fn utc(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.micros()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// A zone this many seconds ahead of UTC.
    struct Ahead(i64);

    impl Zone for Ahead {
        fn local(&self, time: Timestamp) -> NaiveDateTime {
            utc(Timestamp::from_seconds(time.seconds())).naive_utc() + TimeDelta::seconds(self.0)
        }
    }

    #[test]
    fn a_time_is_written_with_its_offset_and_with_milliseconds_unless_they_are_zero() {
        let time = Timestamp::from_micros(1_795_330_210_297_999);
        assert_eq!(Ahead(3600).iso8601(time), "2026-11-22T07:50:10.297+01:00");
        assert_eq!(Ahead(-34_200).iso8601(time), "2026-11-21T21:20:10.297-09:30");
        assert_eq!(Ahead(0).iso8601(Timestamp::from_seconds(0)), "1970-01-01T00:00:00+00:00");
        assert_eq!(Ahead(0).iso8601(Timestamp::from_micros(-1)), "1969-12-31T23:59:59.999+00:00");
    }

    #[test]
    fn every_time_can_be_written() {
        for micros in [i64::MIN, i64::MAX] {
            assert!(HostZone.iso8601(Timestamp::from_micros(micros)).starts_with("1970-01-01T"));
        }
    }
}
