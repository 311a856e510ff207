//! The telegram itself: what was lost on the way, the clocks, the sender, header, version, checksum.

use super::Facts;
use crate::dashboard::layout::figures;
use crate::dashboard::layout::page::{Ink, Line};
use crate::dashboard::layout::shelf::Panel;
use crate::message::Value;
use crate::telegram::Timestamp;

/// How wide and how high the panel of the text message is expected to be at the most.
const USUAL_WIDTH: usize = 76;
const MESSAGE_ROWS: usize = 6;

/// A clock that is more than this off, in ms, is worth a look.
const DRIFT: i64 = 60_000;

/// `12:52:36.297-36.375`
fn from_to(facts: &Facts<'_>, start: Timestamp, end: Timestamp) -> String {
    let exact = |time: Timestamp, format: &str| {
        let millis = time.micros().rem_euclid(1_000_000) / 1000;
        format!("{}.{millis:03}", facts.scene.state.local(time).format(format))
    };
    format!("{}-{}", exact(start, "%H:%M:%S"), exact(end, "%S"))
}

fn counts(facts: &Facts<'_>) -> Line {
    let words = facts.scene.look.words;
    let (missed, repeated) =
        facts.meter.from.map_or((0, 0), |sender| (sender.lost, sender.duplicates));
    let ink = if missed > 0 { Ink::Warning } else { Ink::Good };
    Line::new()
        .pair(words.received, Ink::Text, Some(facts.meter.received.to_string()))
        .pair(words.missed, ink, Some(missed.to_string()))
        .pair(words.repeated, Ink::Text, (repeated > 0).then(|| repeated.to_string()))
}

/// How far the meter's clock is off, and who sends.
fn sender(facts: &Facts<'_>) -> Line {
    let words = facts.scene.look.words;
    let drift = facts.readings.number("clock_drift_s").and_then(|drift| drift.scaled(3));
    let ink = if drift.is_some_and(|drift| drift.abs() > DRIFT) { Ink::Warning } else { Ink::Text };
    let clock = drift.map(|millis| {
        let sign = if millis < 0 { '-' } else { '+' };
        match millis.unsigned_abs() {
            size if size < 60_000 => format!("{sign}{}.{} s", size / 1000, size % 1000 / 100),
            size => format!("{sign}{}", figures::span(size / 1000, words)),
        }
    });
    let source = facts.meter.message.meta.source.as_deref().unwrap_or_default();
    let from = match facts.meter.from {
        Some(sender) => format!("{source} {}", sender.address.ip()),
        None => words.from_file.to_owned(),
    };
    Line::new().pair(words.clock, ink, clock).pair(words.sender, Ink::Text, Some(from.trim()))
}

fn frame(facts: &Facts<'_>) -> Line {
    let meta = &facts.meter.message.meta;
    let times = from_to(facts, meta.frame_start, meta.frame_end);
    Line::new()
        .pair(facts.scene.look.words.number, Ink::Text, Some(meta.frame_number.to_string()))
        .pair("", Ink::Text, Some(times))
}

/// The panel.
pub(super) fn panel<'a>(facts: &'a Facts<'a>) -> Panel<'a> {
    let words = facts.scene.look.words;
    let message = &facts.meter.message;
    let text = |key: &str| message.get(key).map(Value::to_string);
    let duration = format!("{} ms", message.meta.frame_duration_ms);
    let version = Line::new()
        .pair(words.version, Ink::Text, facts.text("protocol_version"))
        .pair(words.checksum, Ink::Text, text("checksum"))
        .pair("", Ink::Text, Some(duration));
    let lines = [
        counts(facts),
        sender(facts),
        frame(facts),
        version,
        Line::new().pair("", Ink::Text, text("header")),
        Line::new().pair("id", Ink::Text, facts.text("unique_id")),
    ];
    let lines: Vec<Line> = lines.into_iter().filter(|line| line.width() > 0).collect();
    Panel::of_lines(words.telegram, 40, 2, lines)
}

/// The grid operator's text message; `None` when there is none.
pub(super) fn message<'a>(facts: &'a Facts<'a>) -> Option<Panel<'a>> {
    let text = facts.text("text_message")?.to_owned();
    let words = facts.scene.look.words;
    let rows = (text.chars().count() / USUAL_WIDTH + 1).min(MESSAGE_ROWS);
    Some(Panel {
        rows: [1, rows],
        lines: Box::new(move |width, _| wrapped(&text, width)),
        ..Panel::of_lines(words.message, 40, 1, Vec::new())
    })
}

/// A text in lines of at most `width` characters, broken at blanks where there are any.
pub fn wrapped(text: &str, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width.max(1) {
            lines.push(word.drain(..width.max(1)).collect());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    lines.push(line);
    lines.into_iter().map(|line| Line::of(Ink::Text, line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_blanks_and_long_words_anywhere() {
        let widths = |text: &str, width| -> Vec<usize> {
            wrapped(text, width).iter().map(Line::width).collect()
        };
        assert_eq!(widths("grid work on 1 Dec", 9), [9, 8]);
        assert_eq!(widths(&"x".repeat(25), 10), [10, 10, 5]);
        assert_eq!(widths("a bcdefghijklmn o", 5), [1, 5, 5, 5]);
    }
}
