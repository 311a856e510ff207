//! Local time.
//!
//! Owns the conversion from a [`Timestamp`] to local time, which always has one result, and the reverse, which has
//! none or two at a clock change.

use chrono::{
    DateTime, FixedOffset, Local, NaiveDateTime, Offset as _, SecondsFormat, TimeDelta, Utc,
};

use crate::telegram::Timestamp;

/// The name of the host's time zone, such as `Europe/Amsterdam`: that of `TZ`, or where `/etc/localtime` leads to.
pub fn host_zone_name(variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let linked = || std::fs::read_link("/etc/localtime").ok()?.into_os_string().into_string().ok();
    let named = variable("TZ").filter(|name| !name.is_empty());
    let name = named.or_else(linked)?;
    let name = name.trim_start_matches(':');
    Some(name.split_once("zoneinfo/").map_or(name, |(_, name)| name).to_owned())
}

/// A time zone with its rules.
pub trait Zone {
    /// Local date and time, truncated to whole seconds.
    fn local(&self, time: Timestamp) -> NaiveDateTime;

    /// The moments at which clocks show this local time, the earlier one first: none in the hour that is left out
    /// in spring, two in the one that comes twice in autumn.
    fn moments(&self, local: NaiveDateTime) -> [Option<Timestamp>; 2] {
        // Whichever offset holds then holds a day before or after, too.
        let offset = |days: i64| {
            let near = local.checked_add_signed(TimeDelta::days(days)).unwrap_or(local);
            self.local(Timestamp::from_seconds(near.and_utc().timestamp())) - near
        };
        let mut offsets = [offset(-1), offset(1)];
        offsets.sort();
        let [later, earlier] = offsets.map(|offset| {
            let utc = local.checked_sub_signed(offset)?.and_utc().timestamp();
            Some(Timestamp::from_seconds(utc)).filter(|&time| self.local(time) == local)
        });
        match (earlier, later) {
            (Some(one), Some(other)) if one == other => [Some(one), None],
            (None, one) => [one, None],
            both => both.into(),
        }
    }

    /// The first moment at which clocks show `local` or later: the earlier one of two, and in the place of an hour
    /// that is left out the moment of the change.
    fn moment(&self, local: NaiveDateTime) -> Timestamp {
        if let [Some(time), _] = self.moments(local) {
            return time;
        }
        let near = local.and_utc().timestamp();
        let (mut low, mut high) = (near - DAY, near + DAY);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let is_later = self.local(Timestamp::from_seconds(middle)) >= local;
            *if is_later { &mut high } else { &mut low } = middle;
        }
        Timestamp::from_seconds(high)
    }

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

/// Seconds of a day without a clock change.
const DAY: i64 = 86_400;

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
pub(crate) mod tests {
    use chrono::{Datelike as _, NaiveDate};

    use super::*;

    /// Central European time with the rules of the European Union.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Amsterdam;

    impl Zone for Amsterdam {
        fn local(&self, time: Timestamp) -> NaiveDateTime {
            let utc = utc(Timestamp::from_seconds(time.seconds())).naive_utc();
            let change = |month| {
                let last = NaiveDate::from_ymd_opt(utc.year(), month, 31).unwrap();
                let since_sunday = last.weekday().num_days_from_sunday();
                let sunday = last - TimeDelta::days(since_sunday.into());
                sunday.and_hms_opt(1, 0, 0).unwrap()
            };
            let is_summer = (change(3)..change(10)).contains(&utc);
            utc + TimeDelta::hours(if is_summer { 2 } else { 1 })
        }
    }

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
    fn a_local_time_is_one_moment_two_in_autumn_and_none_in_spring() {
        let moments = |text: &str| {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
            Amsterdam.moments(local).map(|time| time.map(Timestamp::seconds))
        };
        assert_eq!(moments("2026-10-25 01:59"), [Some(1_792_886_340), None]);
        assert_eq!(moments("2026-10-25 02:00"), [Some(1_792_886_400), Some(1_792_890_000)]);
        assert_eq!(moments("2026-10-25 02:59"), [Some(1_792_889_940), Some(1_792_893_540)]);
        assert_eq!(moments("2026-10-25 03:00"), [Some(1_792_893_600), None]);
        assert_eq!(moments("2026-03-29 02:30"), [None, None]);
        assert_eq!(moments("2026-03-29 03:00"), [Some(1_774_746_000), None]);
        assert_eq!(moments("2026-07-01 12:00"), [Some(1_782_900_000), None]);
    }

    #[test]
    fn a_local_time_has_a_first_moment_also_where_the_clock_skips_it() {
        let moment = |text: &str| {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
            Amsterdam.iso8601(Amsterdam.moment(local))
        };
        assert_eq!(moment("2026-03-29 00:00"), "2026-03-29T00:00:00+01:00");
        assert_eq!(moment("2026-03-29 02:30"), "2026-03-29T03:00:00+02:00");
        assert_eq!(moment("2026-10-25 02:30"), "2026-10-25T02:30:00+02:00");
    }

    #[test]
    fn every_time_can_be_written() {
        for micros in [i64::MIN, i64::MAX] {
            assert!(HostZone.iso8601(Timestamp::from_micros(micros)).starts_with("1970-01-01T"));
        }
    }
}
