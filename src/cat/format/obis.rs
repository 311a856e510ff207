//! One object a line: code, tabulator, value as it is on the wire. An empty line ends the telegram.

use crate::message::{Message, Value};
use crate::text::one_line;

/// Writes the lines of a telegram, in the order of the meter.
pub(super) fn write(message: &Message, out: &mut Vec<u8>) {
    for (key, value) in &message.telegram {
        out.extend_from_slice(one_line(key).as_bytes());
        out.push(b'\t');
        match value {
            Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Text(text) => out.extend_from_slice(one_line(text).as_bytes()),
        }
        out.push(b'\n');
    }
    out.push(b'\n');
}
