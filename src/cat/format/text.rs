//! Lines for people: name, value and unit below each other. An empty line ends the telegram.

use super::{Context, plain};
use crate::cat::Field;
use crate::reading::Value;
use crate::zone::Zone;

/// The longest name of the vocabulary has 28 characters.
const NAME: usize = 28;

/// Writes the lines of a telegram.
pub(super) fn write(context: &Context<'_>, fields: &[Field], zone: &impl Zone, out: &mut Vec<u8>) {
    for (field, value) in context.values(fields) {
        let unit = match field {
            Field::Reading(reading) => reading.unit,
            _ => None,
        };
        let text = plain(&value, zone);
        let line = match (&value, unit) {
            (Value::Number(_), Some(unit)) => format!("{text:>12} {}", unit.symbol()),
            (Value::Number(_), None) => format!("{text:>12}"),
            (Value::Time(_) | Value::Text(_), _) => text.into_owned(),
        };
        out.extend_from_slice(format!("{:NAME$}  {line}\n", field.name()).as_bytes());
    }
    out.push(b'\n');
}
