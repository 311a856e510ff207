//! JSON from the network to a [`Message`]. Hostile input costs no more than an error.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::distinct::are_distinct;
use super::{Message, Meta, Value};
use crate::telegram::{Decimal, Timestamp};

/// So many members of an object need no more room than it has at first.
const USUAL_MEMBERS: usize = 48;

/// Why a datagram is no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It is not JSON, or not an object with the objects `meta` and `telegram`.
    #[error("not a telegram in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A key that every sender gives is not there.
    #[error("meta lacks {0:?}")]
    Missing(&'static str),
    /// A number of `meta` is no moment, or no number of a telegram.
    #[error("{key:?} cannot be {value}")]
    Range {
        /// The key of `meta`.
        key: &'static str,
        /// The number.
        value: Decimal,
    },
    /// A value of `meta` cannot be read. One of `telegram` is an error of [`Self::Json`], which tells where it is.
    #[error("{0}")]
    Value(#[from] ValueError),
}

/// A value is neither a number of at most 18 digits nor a string.
#[derive(Debug, thiserror::Error)]
#[error("{key:?} is neither a string nor a number of at most 18 digits: {value}")]
pub struct ValueError {
    /// The key of `meta` or `telegram`.
    key: String,
    /// The beginning of the value.
    value: String,
}

impl Message {
    /// Reads a datagram of any sender of the wire format.
    ///
    /// Keys of `meta` that are not known are kept if they are numbers or texts. A key that comes
    /// twice has its last value, in its first place.
    pub fn parse(datagram: &[u8]) -> Result<Self, MessageError> {
        // Checked as a whole: text by text takes longer.
        let text = std::str::from_utf8(datagram).map_err(serde_json::Error::custom)?;
        let Datagram { meta, telegram } = serde_json::from_str(text)?;
        Ok(Self { meta: read_meta(meta)?, telegram: telegram.0 })
    }
}

#[derive(serde::Deserialize)]
struct Datagram<'a> {
    #[serde(borrow)]
    meta: Members<&'a RawValue>,
    telegram: Members<Value>,
}

/// The members of a JSON object in their order. A key that comes twice has its last value, in its first place.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Member<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(PhantomData<T>);
        impl<'de, T: Member<'de>> Visitor<'de> for Collect<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::with_capacity(USUAL_MEMBERS);
                while let Some((key, raw)) = map.next_entry::<String, &RawValue>()? {
                    let value = T::read(&key, raw).map_err(A::Error::custom)?;
                    members.push((key, value));
                }
                let are_distinct = are_distinct(members.iter().map(|(key, _)| key.as_bytes()));
                Ok(Members(if are_distinct { members } else { last_values(members) }))
            }
        }
        deserializer.deserialize_map(Collect(PhantomData))
    }
}

/// What is kept of the value of a member.
trait Member<'a>: Sized {
    fn read(key: &str, raw: &'a RawValue) -> Result<Self, ValueError>;
}

/// It is looked at later, if at all.
impl<'de: 'a, 'a> Member<'de> for &'a RawValue {
    fn read(_: &str, raw: &'de RawValue) -> Result<Self, ValueError> {
        Ok(raw)
    }
}

impl Member<'_> for Value {
    fn read(key: &str, raw: &RawValue) -> Result<Self, ValueError> {
        let text = raw.get();
        let value = match text.strip_prefix('"') {
            // It has been checked. Without an escape it stands for itself.
            Some(text) if !text.contains('\\') => {
                Some(Self::Text(text.trim_end_matches('"').to_owned()))
            }
            Some(_) => serde_json::from_str(text).ok().map(Self::Text),
            None => Decimal::parse_json(text).map(Self::Number),
        };
        value.ok_or_else(|| ValueError::new(key, text))
    }
}

impl ValueError {
    fn new(key: &str, value: &str) -> Self {
        let beginning =
            |text: &str| text.chars().take(40).collect::<String>().escape_debug().to_string();
        Self { key: beginning(key), value: beginning(value) }
    }
}

/// Each key once, with its last value, in its first place.
fn last_values<T>(members: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut kept: Vec<(String, T)> = Vec::with_capacity(members.len());
    let mut places: HashMap<_, usize> = HashMap::with_capacity(members.len());
    for (key, value) in members {
        match places.entry(key.clone()) {
            Entry::Occupied(place) => kept[*place.get()].1 = value,
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push((key, value));
            }
        }
    }
    kept
}

impl<'a> Members<&'a RawValue> {
    fn take(&mut self, key: &str) -> Option<&'a RawValue> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(at).1)
    }

    fn number(&mut self, key: &'static str) -> Result<Option<Decimal>, MessageError> {
        let Some(raw) = self.take(key) else {
            return Ok(None);
        };
        match Value::read(key, raw)? {
            Value::Number(number) => Ok(Some(number)),
            Value::Text(_) => Err(ValueError::new(key, raw.get()).into()),
        }
    }

    fn required(&mut self, key: &'static str) -> Result<Decimal, MessageError> {
        self.number(key)?.ok_or(MessageError::Missing(key))
    }

    fn moment(&mut self, key: &'static str) -> Result<Timestamp, MessageError> {
        let value = self.required(key)?;
        moment(value).ok_or(MessageError::Range { key, value })
    }

    fn count(&mut self, key: &'static str) -> Result<u64, MessageError> {
        let value = self.required(key)?;
        u64::try_from(value.whole()).map_err(|_| MessageError::Range { key, value })
    }
}

/// The moment of a number of seconds; `None` for one whose microseconds are no number of 18 digits: written again, it could
/// not be read.
fn moment(seconds: Decimal) -> Option<Timestamp> {
    let micros = seconds.scaled(6)?;
    (micros.unsigned_abs() < 10u64.pow(18)).then(|| Timestamp::from_micros(micros))
}

fn read_meta(mut members: Members<&RawValue>) -> Result<Meta, MessageError> {
    let frame_number = members.count("frame-number")?;
    let source = members.take("source").map(|raw| Value::read("source", raw)).transpose()?;
    Ok(Meta {
        frame_start: members.moment("frame-start-time")?,
        frame_number,
        frame_end: members.moment("frame-end-time")?,
        frame_duration_ms: members.required("frame-time-duration")?.whole(),
        meter_time: members.number("meter-time")?.and_then(moment),
        clock_drift: members.number("clock-drift")?,
        protocol: members.number("protocol")?.and_then(|n| u64::try_from(n.whole()).ok()),
        source: source.map(|source| source.to_string()),
        other: members
            .0
            .into_iter()
            .filter_map(|(key, raw)| Value::read(&key, raw).ok().map(|value| (key, value)))
            .collect(),
    })
}
