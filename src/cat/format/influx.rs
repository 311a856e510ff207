//! The line protocol of `InfluxDB`, which Telegraf, `VictoriaMetrics` and `QuestDB` read too: a line a
//! telegram.
//!
//! Owns the types of the fields, which must never change: counts, states and moments (Unix seconds) are
//! integers, texts are strings, everything else is a float. The tags are `meter` and `source`.
//! <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>

use super::{Context, quoted};
use crate::cat::Field;
use crate::reading::{Kind, Value};
use crate::text::line_protocol_key;

/// Writes the line of a telegram; none if it tells no field.
pub(super) fn write(context: &Context<'_>, fields: &[Field], out: &mut Vec<u8>) {
    let meta = &context.message.meta;
    let meter = context.message.equipment_id();
    // A tag must not be empty.
    let tag = |name, value: Option<&str>| match value {
        None | Some("") => String::new(),
        Some(value) => format!(",{name}={}", line_protocol_key(value)),
    };
    let tags = tag("meter", meter.as_deref()) + &tag("source", meta.source.as_deref());
    let told = context.values(fields);
    let told = told.filter(|(field, _)| is_field(field));
    let told: Vec<String> = told
        .map(|(field, value)| {
            format!("{}={}", line_protocol_key(field.name()), typed(field, &value))
        })
        .collect();
    if !told.is_empty() {
        let nanoseconds = i128::from(meta.frame_start.micros()) * 1000;
        let line = format!("p1{tags} {} {nanoseconds}\n", told.join(","));
        out.extend_from_slice(line.as_bytes());
    }
}

/// Whether it is a field of a line; these two are the time of the line and a tag.
pub(super) fn is_field(field: &Field) -> bool {
    !matches!(field, Field::Time | Field::Source)
}

fn typed(field: &Field, value: &Value<'_>) -> String {
    match value {
        Value::Number(number) if is_whole(field) => format!("{}i", number.whole()),
        Value::Number(number) => number.to_string(),
        Value::Time(time) => format!("{}i", time.seconds()),
        Value::Text(text) => quoted(text),
    }
}

/// Whether the field is a count or a state.
fn is_whole(field: &Field) -> bool {
    match field {
        Field::FrameNumber => true,
        Field::Reading(reading) => {
            reading.unit.is_none() && matches!(reading.kind, Kind::Total | Kind::State)
        }
        _ => false,
    }
}
