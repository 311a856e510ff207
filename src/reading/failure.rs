//! The log of long power failures.
//!
//! Owns how `1-0:99.97.0` is read: `(count)(0-0:96.7.19)` and a time and a length for each failure.

use crate::message::{Message, Value as Sent};
use crate::telegram::{Decimal, Quantity, Timestamp, Unit, groups};

/// The lowest length, in seconds, that stands for "none" where there is no sensible time either.
const NO_LENGTH: i64 = 2_147_483_647;

/// A long power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerFailure {
    /// When it ended; `None` when the meter's clock was not set then.
    pub end: Option<Timestamp>,
    /// How long it was, in seconds; `None` when the meter does not say.
    pub seconds: Option<Decimal>,
}

/// The long power failures of a message, the oldest first; those without a time before the others.
///
/// Meters list them in either order. Placeholders, without a sensible time and length, are left out.
#[must_use]
pub fn power_failures(message: &Message) -> Vec<PowerFailure> {
    let mut failures: Vec<PowerFailure> = Vec::new();
    let log = message.find("1-0:99.97.0").and_then(Sent::text);
    let zone = message.zone();
    for field in groups(log.unwrap_or_default().as_bytes()) {
        if is_time(field) {
            let end = Timestamp::parse_meter_time(field, zone);
            failures.push(PowerFailure { end, seconds: None });
        } else if let Some(last) = failures.last_mut() {
            last.seconds = last.seconds.or_else(|| seconds(field));
        }
    }
    failures.retain(|failure| failure.end.is_some() || failure.seconds.is_some_and(is_length));
    failures.sort_by_key(|failure| failure.end);
    failures
}

/// Whether a field is a time, sensible or not: some meters list times without a length.
fn is_time(field: &[u8]) -> bool {
    field.len() == 13 && matches!(field.last(), Some(b'S' | b'W'))
}

fn seconds(field: &[u8]) -> Option<Decimal> {
    let length = Quantity::parse(field)?;
    (length.unit == Unit::Second).then_some(length.number)
}

fn is_length(seconds: Decimal) -> bool {
    seconds.whole() < NO_LENGTH
}
