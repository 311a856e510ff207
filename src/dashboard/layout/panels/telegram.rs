//! The telegram itself: what was lost on the way, the clocks, the sender, header, version, checksum.

use super::PanelData;
use crate::dashboard::layout::figures;
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::message::Value;
use crate::telegram::Timestamp;

/// How wide and how high the panel of the text message is expected to be at the most.
const USUAL_WIDTH: usize = 76;
const MESSAGE_ROWS: usize = 6;

/// A clock that is more than this off, in ms, is worth a look.
const DRIFT: i64 = 60_000;

/// The panel.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Panel<'a> {
    let words = data.frame.display.words;
    let message = &data.meter.message;
    let text = |key: &str| message.get(key).map(Value::to_string);
    let duration = format!("{} ms", message.meta.frame_duration_ms);
    let version = Line::new()
        .pair(words.version, Style::Text, data.readings.text("protocol_version"))
        .pair(words.checksum, Style::Text, text("checksum"))
        .pair("", Style::Text, Some(duration));
    let lines = move |width: usize| -> Vec<Line> {
        let lines = [
            counts(data),
            sender(data, width),
            frame(data),
            version.clone(),
            Line::new().pair("", Style::Text, text("header")),
            Line::new().pair("id", Style::Text, data.readings.text("unique_id")),
        ];
        lines.into_iter().filter(|line| line.width() > 0).collect()
    };
    let panel = Panel::of_lines(words.telegram, 40, 2, lines(0));
    Panel { lines: Box::new(move |width, _| lines(width)), ..panel }
}

/// The grid operator's text message; `None` when there is none.
pub(super) fn message<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    let text = data.readings.text("text_message")?.to_owned();
    let words = data.frame.display.words;
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
    lines.into_iter().map(|line| Line::of(Style::Text, line)).collect()
}

/// `12:52:36.297-36.375`
fn from_to(data: &PanelData<'_>, start: Timestamp, end: Timestamp) -> String {
    let exact = |time: Timestamp, format: &str| {
        let millis = time.micros().rem_euclid(1_000_000) / 1000;
        format!("{}.{millis:03}", data.frame.state.local(time).format(format))
    };
    format!("{}-{}", exact(start, "%H:%M:%S"), exact(end, "%S"))
}

fn counts(data: &PanelData<'_>) -> Line {
    let words = data.frame.display.words;
    let (missed, repeated) =
        data.meter.from.map_or((0, 0), |sender| (sender.lost, sender.duplicates));
    let style = if missed > 0 { Style::Warning } else { Style::Good };
    Line::new()
        .pair(words.received, Style::Text, Some(data.meter.received.to_string()))
        .pair(words.missed, style, Some(missed.to_string()))
        .pair(words.repeated, Style::Text, (repeated > 0).then(|| repeated.to_string()))
}

/// How far the meter's clock is off, and who sends: its address, too, where there is room.
fn sender(data: &PanelData<'_>, width: usize) -> Line {
    let words = data.frame.display.words;
    let drift = data.readings.number("clock_drift_s").and_then(|drift| drift.scaled(3));
    let style =
        if drift.is_some_and(|drift| drift.abs() > DRIFT) { Style::Warning } else { Style::Text };
    let clock = drift.map(|millis| {
        let sign = if millis < 0 { '-' } else { '+' };
        match millis.unsigned_abs() {
            size if size < 60_000 => format!("{sign}{}.{} s", size / 1000, size % 1000 / 100),
            size => format!("{sign}{}", figures::span(size / 1000, words)),
        }
    });
    let source = data.meter.message.meta.source.as_deref().unwrap_or_default();
    let from = |from: &str| {
        let line = Line::new().pair(words.clock, style, clock.clone());
        line.pair(words.sender, Style::Text, Some(from))
    };
    let Some(address) = data.meter.from.map(|sender| sender.address.ip().to_string()) else {
        return from(words.from_file);
    };
    if source.is_empty() {
        return from(&address);
    }
    let both = from(&format!("{source} {address}"));
    if both.width() <= width { both } else { from(source) }
}

fn frame(data: &PanelData<'_>) -> Line {
    let meta = &data.meter.message.meta;
    let times = from_to(data, meta.frame_start, meta.frame_end);
    Line::new()
        .pair(data.frame.display.words.number, Style::Text, Some(meta.frame_number.to_string()))
        .pair("", Style::Text, Some(times))
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
