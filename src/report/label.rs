//! How periods, times and registers are called.
//!
//! Owns labels for people, which are in their language, and for programs, which are ISO 8601.

use chrono::{Datelike as _, NaiveDateTime};

use crate::history::calendar::{Calendar, Span, Unit};
use crate::words::Words;
use crate::zone::Zone;

/// A period's name for people: `th 2026-11-19`, `2026-W48`, `nov 2026`.
pub(super) fn period<Z: Zone>(calendar: &Calendar<Z>, span: Span, words: &Words) -> String {
    let local = span.local;
    match calendar.unit {
        Unit::Hour => format!("{}{}", local.format("%Y-%m-%d %H:%M"), pass(calendar, span)),
        Unit::Day => format!("{} {}", weekday(local, words), local.format("%Y-%m-%d")),
        Unit::Month if calendar.month_starts == 1 => {
            format!("{} {}", month(local, words), local.year())
        }
        Unit::Month => day(local, words) + &format!(" {}", local.year()),
        Unit::Week | Unit::Year => iso(calendar, span),
    }
}

/// A period's name for programs: `2026-11-25T14`, `2026-11-25`, `2026-W48`, `2026-11`, `2026`, `2025/26`.
pub(super) fn iso<Z: Zone>(calendar: &Calendar<Z>, span: Span) -> String {
    let local = span.local;
    match calendar.unit {
        Unit::Hour => format!("{}{}", local.format("%Y-%m-%dT%H"), pass(calendar, span)),
        Unit::Week => local.format("%G-W%V").to_string(),
        Unit::Month if calendar.month_starts == 1 => local.format("%Y-%m").to_string(),
        Unit::Day | Unit::Month => local.format("%Y-%m-%d").to_string(),
        Unit::Year if calendar.year_starts == (1, 1) => local.year().to_string(),
        Unit::Year => format!("{}/{:02}", local.year(), (local.year() + 1) % 100),
    }
}

/// Of an hour that the clock shows twice: `a` for the first pass, `b` for the second.
fn pass<Z: Zone>(calendar: &Calendar<Z>, span: Span) -> &'static str {
    if calendar.local(span.end) == span.local {
        "a"
    } else if calendar.local(span.start - span.seconds()) == span.local {
        "b"
    } else {
        ""
    }
}

/// A register's name for people, and its unit: gas and m³ for `gas_m3`.
pub(super) fn register_text(name: &str, words: &Words) -> (String, &'static str) {
    let (stem, unit) = name.rsplit_once('_').unwrap_or((name, ""));
    let unit = match unit {
        "kwh" => "kWh",
        "m3" => "m³",
        "gj" => "GJ",
        _ => "",
    };
    let text = match stem {
        "energy_import" => words.import.to_owned(),
        "energy_export" => words.export_short.to_owned(),
        "gas" => words.gas.to_owned(),
        "water" => words.water.to_owned(),
        _ => {
            let tariff = |text: &str, prefix: &str, word: &str| {
                text.strip_prefix(prefix).map(|tariff| format!("{word} {tariff}"))
            };
            tariff(stem, "energy_import_", words.import)
                .or_else(|| tariff(stem, "energy_export_", words.export_short))
                .unwrap_or_else(|| stem.replace('_', " "))
        }
    };
    (text, unit)
}

/// `14:10`, with the date before it where that is another one.
pub(super) fn time(local: NaiveDateTime, beside: NaiveDateTime, words: &Words) -> String {
    let clock = local.format("%H:%M");
    if local.date() == beside.date() {
        clock.to_string()
    } else if local.year() == beside.year() {
        format!("{} {clock}", day(local, words))
    } else {
        format!("{} {} {clock}", day(local, words), local.year())
    }
}

/// `25 nov`.
pub(super) fn day(local: NaiveDateTime, words: &Words) -> String {
    format!("{} {}", local.day(), month(local, words))
}

/// `nov`.
pub(super) fn month(local: NaiveDateTime, words: &Words) -> &str {
    words.month_names.split(' ').nth(local.month0() as usize).unwrap_or_default()
}

fn weekday(local: NaiveDateTime, words: &Words) -> &str {
    let day = local.weekday().num_days_from_monday() as usize;
    words.weekdays.split(' ').nth(day).unwrap_or_default()
}
