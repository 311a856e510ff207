//! The text format of Prometheus, for the textfile collector of `node_exporter`: a whole exposition a
//! telegram.
//!
//! Owns the names of the metrics, their base units and labels (<https://prometheus.io/docs/practices/naming/>).
//! Every series has the name of the listener as its last label, `source`, so that the files of two meters
//! do not collide. Sums and differences are left to queries.

mod metrics;

use std::fmt::Write as _;

use self::metrics::{METRICS, Scale};
use super::{Context, one_line};
use crate::cat::Field;
use crate::reading::Value;
use crate::telegram::Decimal;

/// The fields that the metrics beside [`METRICS`] are made of.
const OF_INFO: [&str; 3] = ["meter_model", "protocol_version", "unique_id"];
const OF_COUNT: &str = "frame_number";
const OF_TIME: &str = "epoch";

/// Writes the metrics of a telegram; with `fields`, only those made of one of them.
pub(super) fn write(context: &Context<'_>, fields: Option<&[Field]>, out: &mut Vec<u8>) {
    let is_wanted = |reading: &str| {
        fields.is_none_or(|fields| fields.iter().any(|field| field.name() == reading))
    };
    let source = label("source", context.message.meta.source.as_deref());
    let mut text = String::new();
    write_own(context, is_wanted, source.as_deref(), &mut text);
    for metric in METRICS {
        let series = metric.series.iter().filter(|series| is_wanted(series.reading));
        let mut lines = String::new();
        for series in series.filter(|series| series.applies(|prefix| has(context, prefix))) {
            let Some(value) = context.readings.get(series.reading) else { continue };
            let Some(number) = number(value, metric.scale) else { continue };
            let labels = [(!series.labels.is_empty()).then_some(series.labels), source.as_deref()];
            line(metric.name, &labels, number, &mut lines);
        }
        if !lines.is_empty() {
            head(metric.name, metric.kind, metric.help, &mut text);
            text += &lines;
        }
    }
    out.extend_from_slice(text.as_bytes());
}

/// What is told beside the readings: who the meter is, how many telegrams there were, and when.
fn write_own(
    context: &Context<'_>,
    is_wanted: impl Fn(&str) -> bool,
    source: Option<&str>,
    text: &mut String,
) {
    let meta = &context.message.meta;
    let mut own = |of: &[&str], name: &str, kind, help, labels: &[Option<&str>], number| {
        if of.iter().any(|field| is_wanted(field)) {
            head(name, kind, help, text);
            line(name, labels, number, text);
        }
    };
    let of = |label_name, reading| label(label_name, text_of(context, reading).as_deref());
    let info = [
        of("model", "meter_model"),
        of("version", "protocol_version"),
        of("equipment_id", "unique_id"),
        source.map(str::to_owned),
    ];
    let info: Vec<Option<&str>> = info.iter().map(Option::as_deref).collect();
    own(&OF_INFO, "p1_meter_info", "gauge", "The meter.", &info, Decimal::new(1, 0));
    let count = i64::try_from(meta.frame_number).unwrap_or(i64::MAX);
    let labels = [Some("result=\"ok\""), source];
    let help = "Telegrams sent since the listener started.";
    own(&[OF_COUNT], "p1_telegrams_total", "counter", help, &labels, Decimal::new(count, 0));
    let millis = Decimal::new(meta.frame_start.micros().div_euclid(1000), 3);
    let help = "When the telegram began to come in, by the clock of the listener.";
    own(&[OF_TIME], "p1_received_timestamp_seconds", "gauge", help, &[source], millis);
}

/// The readings that are made into metrics.
pub(super) fn readings() -> impl Iterator<Item = &'static str> {
    METRICS.iter().flat_map(|metric| metric.series).map(|series| series.reading)
}

/// The fields that metrics are made of.
pub(super) fn sources() -> impl Iterator<Item = &'static str> {
    OF_INFO.into_iter().chain([OF_COUNT, OF_TIME]).chain(readings())
}

/// The names of all metrics.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = ["p1_meter_info", "p1_telegrams_total", "p1_received_timestamp_seconds"];
    own.into_iter().chain(METRICS.iter().map(|metric| metric.name))
}

fn text_of<'c>(context: &'c Context<'_>, reading: &str) -> Option<std::borrow::Cow<'c, str>> {
    match context.readings.get(reading)? {
        Value::Text(text) => Some(one_line(text)),
        Value::Number(_) | Value::Time(_) => None,
    }
}

fn has(context: &Context<'_>, prefix: &str) -> bool {
    context.readings.iter().any(|(reading, _)| reading.name.starts_with(prefix))
}

/// The number in the base unit; `None` for a text, and for what does not fit.
fn number(value: &Value<'_>, scale: Scale) -> Option<Decimal> {
    match value {
        Value::Number(number) => scale.apply(*number),
        Value::Time(time) => Some(Decimal::new(time.seconds(), 0)),
        Value::Text(_) => None,
    }
}

fn head(name: &str, kind: &str, help: &str, text: &mut String) {
    // A string takes everything.
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(name: &str, labels: &[Option<&str>], number: Decimal, text: &mut String) {
    let labels: Vec<&str> = labels.iter().copied().flatten().collect();
    let labels = match labels.join(",") {
        none if none.is_empty() => none,
        some => format!("{{{some}}}"),
    };
    let _ = writeln!(text, "{name}{labels} {number}");
}

fn label(name: &str, value: Option<&str>) -> Option<String> {
    let value = one_line(value?).replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("{name}=\"{value}\""))
}
