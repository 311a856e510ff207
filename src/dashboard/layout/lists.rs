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
        ("^Z", words.help_suspend),
        ("Esc", words.help_close),
    ];
    let mut lines: Vec<Line> = keys
        .into_iter()
        .map(|(key, does)| Line::of(Style::Key, key).at(8).text(Style::Text, does))
        .collect();
    lines.push(Line::of(Style::Faint, words.help_mouse));
    lines
}

/// The columns at which names and values of objects begin, and the narrowest list that has both side by side.
const COLUMNS: (usize, usize) = (16, 50);
const MIN_WIDTH: usize = 68;

/// Every object whose code, name or value holds `search`, in either case, in lines of at most `width` cells. What is
/// longer goes on below its column.
#[must_use]
pub fn objects(message: &Message, search: &str, width: usize) -> Vec<Line> {
    // The habit of pagers: `/` begins a search.
    let search = search.strip_prefix('/').unwrap_or(search).to_lowercase();
    let object = |(key, value): &(String, Value)| {
        let code = key.strip_suffix(".A").or_else(|| key.strip_suffix(".B")).unwrap_or(key);
        let known = catalogue::describe(code);
        let name = known.as_ref().map_or("", |known| &known.name);
        let unit = match (value, known.as_ref().and_then(|known| known.unit)) {
            (Value::Number(_), Some(unit)) => unit.base().0.symbol(),
            _ => "",
        };
        let value = value.to_string();
        let texts = [key.as_str(), &value, name];
        let is_wanted = texts.iter().any(|text| text.to_lowercase().contains(&search));
        is_wanted.then(|| rows(key, name, format!("{value} {unit}").trim_end(), width))
    };
    message.telegram.iter().filter_map(object).flatten().collect()
}

/// The lines of an object: code, name and value, the name below the value where the list is narrow.
fn rows(key: &str, name: &str, value: &str, width: usize) -> Vec<Line> {
    let is_wide = width >= MIN_WIDTH;
    let column = if is_wide { COLUMNS.1 } else { COLUMNS.0 };
    let mut begin = Line::of(Style::Key, key);
    if is_wide {
        begin = begin.at(COLUMNS.0).text(Style::Faint, name);
    }
    // A code without an end of its own goes before its value, not over it.
    begin = if begin.width() < column { begin.at(column) } else { begin.text(Style::Text, " ") };
    let mut lines = Vec::new();
    for line in wrapped(value, width.saturating_sub(column).max(1)) {
        lines.push(begin.join(line));
        begin = Line::new().at(column);
    }
    if !is_wide && !name.is_empty() {
        let names = wrapped(name, width.saturating_sub(column).max(1)).into_iter();
        lines.extend(names.map(|name| Line::new().at(column).join(name.styled(Style::Faint))));
    }
    lines
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
    match data.readings.text("text_message") {
        Some(message) => lines.extend(wrapped(message, width)),
        None => lines.push(Line::of(Style::Faint, words.no_message)),
    }
    lines
}
