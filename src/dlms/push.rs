//! What a meter pushes: a data notification, and the readings in its list.
//!
//! Owns the kinds of lists that describe themselves. Those without codes are in `tables`.
//!
//! | kind                                                  | seen from                            |
//! |-------------------------------------------------------|--------------------------------------|
//! | code, value, (scaler, unit), one behind the other     | Austria: Kaifa, Sagemcom on M-Bus    |
//! | (code, value, (scaler, unit)) each                    | Tyrol; Aidon in Norway and Sweden    |
//! | code, value, no unit                                  | Landis+Gyr, Kamstrup                 |
//! | the objects of the push, then their values            | Switzerland: Iskraemeco, Landis+Gyr  |
//! | values by position                                    | see `tables`                         |

use super::axdr::{TIME_LENGTH, Value};
use super::tables::{self, Row};

/// The tag of a data notification: IEC 62056-5-3.
const NOTIFICATION: u8 = 0x0F;

/// The number of this notification, in bytes.
const INVOKE_ID: usize = 4;

/// The class of the push setup itself, whose objects are no readings.
const PUSH_SETUP: i64 = 40;

/// The attribute of a register that has its scaler and unit.
const SCALER_UNIT: i64 = 3;

/// An OBIS code, six bytes.
pub type Code = [u8; 6];

/// One object of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Its code; without it, the meter does not say what it is.
    pub code: Option<Code>,
    /// Its value.
    pub value: Value<'a>,
    /// The power of ten that the value is multiplied with, and the unit: IEC 62056-6-2, table 4.
    pub scaler_unit: Option<(i8, u8)>,
}

/// A data notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification<'a> {
    /// When the meter sent it, as a COSEM date-time.
    pub time: Option<&'a [u8]>,
    /// The readings, in the order of the meter.
    pub readings: Vec<Reading<'a>>,
}

impl<'a> Notification<'a> {
    /// Reads a notification; `None` if these bytes are not one, whole, of a list that is known.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[NOTIFICATION])?.get(INVOKE_ID..)?;
        let (time, rest) = match rest {
            [0, rest @ ..] => (None, rest),
            [0x0C, rest @ ..] | [0x09, 0x0C, rest @ ..] => {
                let (time, rest) = rest.split_at_checked(TIME_LENGTH)?;
                (Some(time), rest)
            }
            _ => return None,
        };
        let Value::List(items) = Value::read(rest)? else { return None };
        Some(Self { time, readings: readings(items)? })
    }
}

fn readings(items: Vec<Value<'_>>) -> Option<Vec<Reading<'_>>> {
    let readings = match items.first()? {
        Value::List(objects) if objects.len() == items.len() && objects.iter().all(is_object) => {
            by_objects(&items)
        }
        _ => by_position(&items).unwrap_or_else(|| one_by_one(items)),
    };
    let is_number =
        |reading: &Reading<'_>| reading.code.is_some() && matches!(reading.value, Value::Number(_));
    readings.iter().any(is_number).then_some(readings)
}

/// A reading without a unit.
pub(super) fn reading(code: Option<Code>, value: Value<'_>) -> Reading<'_> {
    Reading { code, value, scaler_unit: None }
}

/// Class, code, attribute, and the index in an array: an object of a push.
fn object(value: &Value<'_>) -> Option<(i64, Code, i64)> {
    let Value::List(parts) = value else { return None };
    match &parts[..] {
        [Value::Number(class), Value::Octets(code), Value::Number(attribute), Value::Number(_)] => {
            Some((*class, (*code).try_into().ok()?, *attribute))
        }
        _ => None,
    }
}

fn is_object(value: &Value<'_>) -> bool {
    object(value).is_some()
}

/// The first item is the list of the objects, itself among them; the others are their values.
fn by_objects<'a>(items: &[Value<'a>]) -> Vec<Reading<'a>> {
    let Some(Value::List(objects)) = items.first() else { return Vec::new() };
    let mut readings: Vec<Reading<'a>> = Vec::new();
    for (object, value) in objects.iter().filter_map(object).zip(items).skip(1) {
        let (class, code, attribute) = object;
        if class == PUSH_SETUP {
            continue;
        }
        if attribute != SCALER_UNIT {
            readings.push(reading(Some(code), value.clone()));
        } else if let Some(of_unit) = readings.iter_mut().find(|other| other.code == Some(code)) {
            of_unit.scaler_unit = scaler_unit(value);
        }
    }
    readings
}

/// The values of a list whose table says what they are; `None` without a table.
fn by_position<'a>(items: &[Value<'a>]) -> Option<Vec<Reading<'a>>> {
    let reading = |(value, (code, scaler, unit)): (&Value<'a>, Row)| Reading {
        code: Some(code),
        value: value.clone(),
        scaler_unit: Some((scaler, unit)),
    };
    Some(tables::by_position(items)?.map(reading).collect())
}

/// Codes with their values, one behind the other or each in a list of its own.
fn one_by_one(items: Vec<Value<'_>>) -> Vec<Reading<'_>> {
    let mut readings: Vec<Reading<'_>> = Vec::new();
    let mut code = None;
    for item in items {
        match (code.take(), item) {
            (Some(code), value) => readings.push(reading(Some(code), value)),
            (None, Value::List(parts)) => {
                let parts = Value::List(parts);
                match (scaler_unit(&parts), readings.last_mut()) {
                    (Some(unit), Some(last)) => last.scaler_unit = Some(unit),
                    (_, _) => readings.extend(coded(parts)),
                }
            }
            (None, Value::Octets(octets)) => match octets.try_into() {
                Ok(six) => code = Some(six),
                Err(_) => readings.push(reading(None, Value::Octets(octets))),
            },
            (None, other) => readings.push(reading(None, other)),
        }
    }
    readings
}

/// A list of a code, its value, and perhaps scaler and unit.
fn coded(list: Value<'_>) -> Option<Reading<'_>> {
    let Value::List(parts) = list else { return None };
    let mut parts = parts.into_iter();
    let (Some(Value::Octets(code)), Some(value)) = (parts.next(), parts.next()) else {
        return None;
    };
    let scaler_unit = parts.next().as_ref().and_then(scaler_unit);
    Some(Reading { code: Some(code.try_into().ok()?), value, scaler_unit })
}

fn scaler_unit(value: &Value<'_>) -> Option<(i8, u8)> {
    let Value::List(parts) = value else { return None };
    match parts[..] {
        [Value::Number(scaler), Value::Enumeration(unit)] => Some((scaler.try_into().ok()?, unit)),
        _ => None,
    }
}
