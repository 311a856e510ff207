//! What a subscriber knows of the meters that it hears, whatever it does with their telegrams.
//!
//! | part               | owns                                                                      |
//! |--------------------|---------------------------------------------------------------------------|
//! | [`Meters`]         | a bounded list: how meters are distinguished, and who makes room for whom |
//! | [`Follower`]       | which one meter a program follows, and when another one takes its place   |
//! | [`Day`]            | what has been used since midnight, by the devices' own times              |
//! | [`DeviceRegister`] | the registers of devices, and the readings that belong together           |
//! | `hours`            | energy of today by hour of the clock                                      |
//! | [`QuarterHours`]   | the running quarter of an hour, by the clock of the meter                 |
//! | [`Tracker`]        | day and quarter-hour of one meter: what several telegrams tell together   |
//! | [`PowerHistory`]   | the power of the last minutes, for graphs                                 |
//! | [`Scale`]          | the scale of a graph, with round numbers                                  |
//! | [`Clock`]          | how telegrams follow each other in time                                   |
//! | [`MeterRate`]      | how many telegrams a meter can send                                       |
//!
//! Pure: telegrams and the time are passed in.

mod day;
mod devices;
mod follower;
mod hours;
mod list;
mod order;
mod power;
mod quarter_hour;
mod rate;
mod scale;
mod tracker;

use std::borrow::Cow;
use std::time::{Duration, Instant};

pub(crate) use day::Day;
pub(crate) use devices::{DEVICE_REGISTERS, DeviceRegister};
pub(crate) use follower::{Follower, Heard};
pub(crate) use list::{List, MAX_METERS};
pub(crate) use order::{Clock, Order};
#[cfg(feature = "dashboard")]
pub(crate) use power::Summary;
pub(crate) use power::{Power, PowerHistory, Span};
pub(crate) use quarter_hour::QuarterHours;
pub(crate) use rate::MeterRate;
pub(crate) use scale::Scale;
#[cfg(feature = "dashboard")]
pub(crate) use scale::round_up;
pub(crate) use tracker::Tracker;

use crate::message::{Message, Value};
use crate::telegram::Timestamp;

/// The meters that have been heard, by their [`id`], each with what the program knows of it.
pub(crate) type Meters<T, M = Instant> = List<String, T, M>;

/// A telegram that is older than the newest by so many seconds or less was delayed on the way, or sent twice. If it is
/// older than that, the clock went back.
const LATE_SECONDS: i64 = 60;

/// A meter that was silent for so long gives its place to another one.
pub(crate) const REPLACED_AFTER: Duration = Duration::from_secs(600);

/// What tells the meter of a telegram from others: its equipment identifier, decoded. Nordic meters
/// send none: then the name of the listener, and of listeners without a name the telegram's header.
pub(crate) fn id(message: &Message) -> Cow<'_, str> {
    let source = || message.meta.source.as_deref().filter(|source| !source.is_empty());
    let header = || message.get("header").and_then(Value::text).unwrap_or_default();
    message.equipment_id().unwrap_or_else(|| Cow::Borrowed(source().unwrap_or_else(header)))
}

/// A clock's time. Programs pass the monotonic clock; the recorder passes the wall clock, which its tests
/// can set.
pub(crate) trait Moment: Copy + Ord {
    /// The time since `earlier`; zero when that is not earlier.
    fn since(self, earlier: Self) -> Duration;
}

impl Moment for Instant {
    fn since(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl Moment for Timestamp {
    fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros_since(earlier)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[test]
    fn a_meter_is_told_by_its_identifier_its_listener_or_its_header() {
        let id_of = |objects: &[(&str, &str)], source: Option<&str>| {
            let mut message = message(0, objects);
            message.meta.source = source.map(str::to_owned);
            id(&message).into_owned()
        };
        let header = ("header", "'/ADN9 6534");
        assert_eq!(id_of(&[header, ("0-0:96.1.1", "'4530303437")], Some("pi")), "E0047");
        assert_eq!(id_of(&[header, ("0-0:96.1.1", "'")], Some("pi")), "pi");
        assert_eq!(id_of(&[header], Some("")), "/ADN9 6534");
        assert_eq!(id_of(&[], None), "");
    }
}
