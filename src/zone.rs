//! Local time: what the clock on the wall shows at a moment.
//!
//! Owns only the way from a moment to local time, which always has one answer. The way back has none
//! or two around a clock change, and nobody here needs it.

use chrono::{DateTime, Local, NaiveDateTime};

use crate::telegram::Instant;

/// A time zone with its rules.
pub trait Zone {
    /// Local date and time at this moment, cut to whole seconds.
    fn local(&self, time: Instant) -> NaiveDateTime;
}

/// The time zone of this host: `TZ`, else `/etc/localtime`, else UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostZone;

impl Zone for HostZone {
    fn local(&self, time: Instant) -> NaiveDateTime {
        // Only moments hundreds of thousands of years away have no date; the recorder refuses them.
        let utc = DateTime::from_timestamp(time.seconds(), 0).unwrap_or_default();
        utc.with_timezone(&Local).naive_local()
    }
}
