//! The text format of Prometheus, for the textfile collector of `node_exporter`: a whole exposition a
//! telegram.
//!
//! Owns the exposition, and the metrics beside the readings; those of readings are in the vocabulary.
//! Every series has the name of the listener as its last label, `source`, so that the files of two meters
//! do not collide. Sums and differences are left to queries.

use std::fmt::Write as _;

use super::{Context, quoted};
use crate::cat::Field;
use crate::reading::{Metric, Reading, Registers, Series, VOCABULARY, Value};
use crate::telegram::Decimal;

/// The fields that the metrics beside those of readings are made of.
const OF_INFO: [&str; 3] = ["meter_model", "protocol_version", "unique_id"];
const OF_COUNT: &str = "frame_number";
const OF_TIME: &str = "epoch";

/// Writes the metrics of a telegram; with `fields`, only those made of one of them.
pub(super) fn write(context: &Context<'_>, fields: Option<&[Field]>, out: &mut Vec<u8>) {
    let is_wanted = |reading: &str| {
        fields.is_none_or(|fields| fields.iter().any(|field| field.name() == reading))
    };
    let source = label("source", context.message.meta.source.as_deref());
    let registers = Registers::of(context.message);
    let mut text = String::new();
    write_own(context, is_wanted, source.as_deref(), &mut text);
    for metric in metrics() {
        let mut lines = String::new();
        for (reading, series) in series(metric).filter(|(reading, _)| is_wanted(reading.name)) {
            if series.when.is_some_and(|applies| !applies(&registers)) {
                continue;
            }
            let Some(value) = context.readings.get(reading.name) else { continue };
            let Some(number) = number(value, metric) else { continue };
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

/// The metrics beside the readings: who the meter is, how many telegrams there were, and when.
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
    let of = |label_name, reading| label(label_name, context.readings.text(reading));
    let info = [
        of("model", "meter_model"),
        of("version", "protocol_version"),
        of("equipment_id", "unique_id"),
        source.map(str::to_owned),
    ];
    let info: Vec<Option<&str>> = info.iter().map(Option::as_deref).collect();
    own(
        &OF_INFO,
        "p1_meter_info",
        "gauge",
        "Identity of the meter; the value is always 1.",
        &info,
        Decimal::new(1, 0),
    );
    let count = i64::try_from(meta.frame_number).unwrap_or(i64::MAX);
    let labels = [Some("result=\"ok\""), source];
    let help = "Telegrams sent since the listener started.";
    own(&[OF_COUNT], "p1_telegrams_total", "counter", help, &labels, Decimal::new(count, 0));
    let millis = Decimal::new(meta.frame_start.micros().div_euclid(1000), 3);
    let help = "Unix time at which the telegram began to arrive, by the clock of the listener.";
    own(&[OF_TIME], "p1_received_timestamp_seconds", "gauge", help, &[source], millis);
}

/// The metrics that are made of readings, in the order of the vocabulary.
fn metrics() -> impl Iterator<Item = &'static Metric> {
    let all = || VOCABULARY.iter().filter_map(|reading| Some(reading.series.as_ref()?.metric));
    let is_first =
        move |at: usize, metric: &Metric| all().take(at).all(|known| known.name != metric.name);
    all().enumerate().filter_map(move |(at, metric)| is_first(at, metric).then_some(metric))
}

/// The series of a metric, phase by phase.
fn series(metric: &Metric) -> impl Iterator<Item = (&'static Reading, &'static Series)> {
    let all = VOCABULARY.iter().filter_map(|reading| Some((reading, reading.series.as_ref()?)));
    let mut series: Vec<_> = all.filter(|(_, series)| series.metric.name == metric.name).collect();
    let phase = |labels: &'static str| labels.split(',').find(|label| label.starts_with("phase="));
    series.sort_by_key(|(_, series)| phase(series.labels));
    series.into_iter()
}

/// The fields that metrics are made of.
pub(super) fn sources() -> impl Iterator<Item = &'static str> {
    let readings = VOCABULARY.iter().filter(|reading| reading.series.is_some());
    OF_INFO.into_iter().chain([OF_COUNT, OF_TIME]).chain(readings.map(|reading| reading.name))
}

/// The names of all metrics.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = ["p1_meter_info", "p1_telegrams_total", "p1_received_timestamp_seconds"];
    own.into_iter().chain(metrics().map(|metric| metric.name))
}

/// The number in the base unit; `None` for a text, and for what does not fit.
fn number(value: &Value<'_>, metric: &Metric) -> Option<Decimal> {
    match value {
        Value::Number(number) => metric.in_base_unit(*number),
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
    Some(format!("{name}={}", quoted(value?)))
}
