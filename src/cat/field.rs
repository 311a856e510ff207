//! What can be asked of a telegram by name: the named readings, what is known of its way, and any
//! object by its code.
//!
//! Owns the names beyond the vocabulary, and the error about an unknown name.

use std::str::FromStr;

use crate::message::{Message, code_of};
use crate::reading::{Kind, Reading, Readings, VOCABULARY, Value};
use crate::telegram::{Decimal, Obis, Timestamp};

/// Something that a telegram may tell.
#[derive(Clone, Debug)]
pub enum Field {
    /// `time`: when the telegram began to come in, by the clock of the listener.
    Time,
    /// `epoch`: the same in Unix seconds, with milliseconds.
    Epoch,
    /// `frame_number`: from 1 since the listener started.
    FrameNumber,
    /// `source`: the name of the listener.
    Source,
    /// A named reading.
    Reading(&'static Reading),
    /// The value under this key of the telegram, as it is on the wire: a code, however the meter spells
    /// it, `code.A`, `code.B`, `header` or `checksum`.
    Object(String),
}

/// There is no field of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no field {name:?}; there are {}, and any OBIS code, such as 1-0:1.7.0", names().join(", "))]
pub struct UnknownField {
    /// The name that was asked for.
    name: String,
}

impl Field {
    /// Its name, as it is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Time => "time",
            Self::Epoch => "epoch",
            Self::FrameNumber => "frame_number",
            Self::Source => "source",
            Self::Reading(reading) => reading.name,
            Self::Object(key) => key,
        }
    }

    /// How its value behaves; `None` for an object, because that is unknown.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Time | Self::Epoch => Some(Kind::Time),
            Self::FrameNumber => Some(Kind::Total),
            Self::Source => Some(Kind::Text),
            Self::Reading(reading) => Some(reading.kind),
            Self::Object(_) => None,
        }
    }

    /// Whether its value is another one in every telegram, whatever the meter measures.
    pub(super) fn is_volatile(&self) -> bool {
        match self {
            Self::Time | Self::Epoch | Self::FrameNumber => true,
            Self::Reading(reading) => matches!(reading.name, "timestamp" | "clock_drift_s"),
            Self::Source | Self::Object(_) => false,
        }
    }

    /// Whether only several telegrams together tell it.
    pub(super) fn is_derived(&self) -> bool {
        matches!(self, Self::Reading(reading) if reading.is_derived())
    }

    /// Its value; `None` when the telegram does not tell it.
    pub(super) fn value<'m>(
        &self,
        message: &'m Message,
        readings: &Readings<'m>,
    ) -> Option<Value<'m>> {
        let meta = &message.meta;
        let millis = meta.frame_start.micros().div_euclid(1000);
        match self {
            Self::Time => Some(Value::Time(Timestamp::from_micros(millis.saturating_mul(1000)))),
            Self::Epoch => Some(Value::Number(Decimal::new(millis, 3))),
            Self::FrameNumber => {
                let number = i64::try_from(meta.frame_number).unwrap_or(i64::MAX);
                Some(Value::Number(Decimal::new(number, 0)))
            }
            Self::Source => meta.source.as_deref().map(|source| Value::Text(source.into())),
            Self::Reading(reading) => readings.get(reading.name).cloned(),
            Self::Object(key) => message.find(key).map(|value| match value.number() {
                Some(number) => Value::Number(number),
                None => Value::Text(value.text().unwrap_or_default().into()),
            }),
        }
    }

    /// The fields without `--fields`: the time, and every reading that `wants` is true for.
    pub(super) fn standard(wants: impl Fn(Kind) -> bool) -> Vec<Self> {
        let own = [Self::Time, Self::Source].into_iter();
        let all = own.chain(VOCABULARY.iter().map(Self::Reading));
        all.filter(|field| field.kind().is_some_and(&wants)).collect()
    }
}

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        let found = named().find(|field| field.name() == name);
        let object = || is_key(name).then(|| Self::Object(name.to_owned()));
        found.or_else(object).ok_or_else(|| UnknownField { name: name.to_owned() })
    }
}

/// All fields that have a name of ours.
fn named() -> impl Iterator<Item = Field> {
    let own = [Field::Time, Field::Epoch, Field::FrameNumber, Field::Source].into_iter();
    own.chain(VOCABULARY.iter().map(Field::Reading))
}

/// Their names.
fn names() -> Vec<String> {
    named().map(|field| field.name().to_owned()).collect()
}

fn is_key(name: &str) -> bool {
    matches!(name, "header" | "checksum") || Obis::parse(code_of(name).as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[test]
    fn every_name_is_a_field_of_that_name() {
        let keys = ["1-0:1.7.0", "0-1:24.2.1.A", "header", "checksum"].map(str::to_owned);
        for name in names().into_iter().chain(keys) {
            assert_eq!(name.parse::<Field>().unwrap().name(), name);
        }
    }

    #[test]
    fn a_name_that_is_none_is_told_with_all_that_there_are() {
        for name in ["", "power", "POWER_W", "telegram", "1.7.0.A.B.C.D.E.F.G"] {
            let error = name.parse::<Field>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("there is no field {name:?}; there are time, ")));
            assert!(error.contains("power_w, ") && error.contains("gas_m3"), "{error}");
        }
    }

    #[test]
    fn values_come_from_the_readings_the_meta_data_and_the_objects() {
        let mut message = message(7, &[("1-0:1.7.0", "613"), ("0-0:96.13.0", "'hello")]);
        message.meta.frame_start = Timestamp::from_micros(7_297_900);
        message.meta.frame_number = 17;
        let readings = Readings::of(&message);
        let value = |name: &str| {
            let field: Field = name.parse().unwrap();
            field.value(&message, &readings).map(|value| value.to_string())
        };
        assert_eq!(value("epoch").unwrap(), "7.297");
        assert_eq!(value("time").unwrap(), "7");
        assert_eq!(value("frame_number").unwrap(), "17");
        assert_eq!(value("source"), None);
        assert_eq!(value("power_w").unwrap(), "613");
        assert_eq!(value("1-0:1.7.0").unwrap(), "613");
        assert_eq!(value("0-0:96.13.0").unwrap(), "hello");
        assert_eq!(value("gas_m3"), None);
        assert_eq!(value("1-0:2.7.0"), None);
    }
}
