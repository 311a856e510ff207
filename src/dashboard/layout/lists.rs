//! The lines of the windows over the page: keys, all objects, and the failure log with the message.

use super::page::{Line, Style};
use super::panels::{PanelData, failure_lines, wrapped};
use super::{DisplayOptions, Frame};
use crate::message::{Message, Value};
use crate::telegram::catalogue;

/// The keys, and what each does.
#[must_use]
pub fn keys(display: &DisplayOptions) -> Vec<Line> {
    let words = display.words;
    let keys = [
        ("q", words.help_quit),
        ("w", words.help_window),
        ("h", words.help_past),
        ("u", words.help_unit),
        ("m, Tab", words.help_meter),
        ("p", words.help_pause),
        ("o", words.help_objects),
        ("l", words.help_log),
        ("n", words.help_language),
        ("Esc", words.help_close),
    ];
    let mut lines: Vec<Line> = keys
        .into_iter()
        .map(|(key, does)| Line::of(Style::Key, key).at(8).text(Style::Text, does))
        .collect();
    lines.push(Line::of(Style::Faint, words.help_mouse));
    lines
}

/// Every object whose code, name or value holds `search`, in either case: code, value, name.
#[must_use]
pub fn objects(message: &Message, search: &str) -> Vec<Line> {
    // The habit of pagers: `/` begins a search.
    let search = search.strip_prefix('/').unwrap_or(search).to_lowercase();
    let object = |(key, value): &(String, Value)| {
        let code = key.strip_suffix(".A").or_else(|| key.strip_suffix(".B")).unwrap_or(key);
        let entry = catalogue::find(code);
        let name = entry.map_or("", |entry| entry.name);
        let unit = match (value, entry.and_then(|entry| entry.unit)) {
            (Value::Number(_), Some(unit)) => unit.base().0.symbol(),
            _ => "",
        };
        let value = value.to_string();
        let texts = [key.as_str(), &value, name];
        texts.iter().any(|text| text.to_lowercase().contains(&search)).then(|| {
            let name = Line::of(Style::Key, key).at(16).text(Style::Faint, name).at(49);
            name.text(Style::Text, format!(" {value} {unit}"))
        })
    };
    message.telegram.iter().filter_map(object).collect()
}

/// The failure log and the text message in full, in lines of at most `width` cells.
#[must_use]
pub fn log(frame: &Frame<'_>, width: usize) -> Vec<Line> {
    let words = frame.display.words;
    let Some(meter) = frame.state.meter() else { return Vec::new() };
    let data = PanelData::new(frame, meter);
    let mut lines = failure_lines(&data);
    if lines.is_empty() {
        lines.push(Line::of(Style::Faint, words.no_failures));
    }
    lines.push(Line::new());
    match data.text("text_message") {
        Some(message) => lines.extend(wrapped(message, width)),
        None => lines.push(Line::of(Style::Faint, words.no_message)),
    }
    lines
}
