//! Net power, large, signed and coloured by its direction.

use super::PanelData;
use crate::dashboard::layout::digits;
use crate::dashboard::layout::figures::{power, power_unit, power_with_unit};
use crate::dashboard::layout::grid::Panel;
use crate::dashboard::layout::page::{Line, Style};
use crate::dashboard::state::Freshness;

/// The style of a power with this sign.
pub fn signed_style(watts: i64) -> Style {
    match watts {
        ..0 => Style::Export,
        0 => Style::Text,
        1.. => Style::Import,
    }
}

/// Net power as large as it fits, and its unit; what is too old to be true is faint.
pub fn number(data: &PanelData<'_>, width: usize, height: usize) -> Option<Vec<Line>> {
    let watts = data.whole("power_w")?;
    let display = data.frame.display;
    let style = if is_old(data) { Style::Faint } else { signed_style(watts) };
    let figure = power(watts, display.kilowatts);
    let unit = power_unit(display.kilowatts);
    let room = width.saturating_sub(unit.len() + 1);
    let Some(rows) = digits::large(display.glyphs, &figure, room, height) else {
        return Some(vec![Line::of(style, format!("{figure} {unit}"))]);
    };
    let last = rows.len() - 1;
    let lines = rows.into_iter().enumerate().map(|(row, text)| {
        let line = Line::of(style, text);
        if row == last { line.text(style, format!(" {unit}")) } else { line }
    });
    Some(lines.collect())
}

/// Power in and out, in at most `width` cells: with words, or with arrows only.
pub fn direction(data: &PanelData<'_>, width: usize) -> Line {
    let line = in_and_out(data, true);
    if line.width() <= width { line } else { in_and_out(data, false) }
}

fn in_and_out(data: &PanelData<'_>, in_words: bool) -> Line {
    let display = data.frame.display;
    let side = |line: Line, name: &str, word: &str, arrow: char, style: Style| match data
        .whole(name)
    {
        Some(watts) => {
            let style = if watts > 0 { style } else { Style::Text };
            let gap = if line.width() > 0 { "  " } else { "" };
            let word = if in_words { format!(" {word}") } else { String::new() };
            let label = format!("{gap}{arrow}{word} ");
            line.text(Style::Faint, label).text(style, power_with_unit(watts, display.kilowatts))
        }
        None => line,
    };
    let (up, down) = (display.glyphs.up, display.glyphs.down);
    let line = side(Line::new(), "power_import_w", display.words.import, down, Style::Import);
    side(line, "power_export_w", display.words.export, up, Style::Export)
}

/// Whether the values are too old to be those of now.
fn is_old(data: &PanelData<'_>) -> bool {
    !data.frame.ended && data.meter.freshness(data.frame.now) == Freshness::Lost
}

/// The warning that goes with such values.
pub fn warning(data: &PanelData<'_>) -> Option<Line> {
    is_old(data).then(|| Line::of(Style::Alarm, data.frame.display.words.shown_is_old))
}

/// The tariff that is running, and a breaker that is not closed.
fn circumstances(data: &PanelData<'_>) -> Line {
    let words = data.frame.display.words;
    if let Some(warning) = warning(data) {
        return warning;
    }
    let line = Line::new().pair(words.tariff, Style::Text, data.figure("tariff"));
    let gap = if line.width() > 0 { "  " } else { "" };
    match data.whole("breaker_state") {
        Some(0) => line.text(Style::Alarm, format!("{gap}{}", words.breaker_open)),
        Some(2) => line.text(Style::Warning, format!("{gap}{}", words.breaker_ready)),
        _ => line,
    }
}

/// The panel; `None` where the meter tells no power.
pub(super) fn panel<'a>(data: &'a PanelData<'a>) -> Option<Panel<'a>> {
    data.readings.number("power_w")?;
    let title = data.frame.display.words.power;
    Some(Panel {
        rows: [5, 5],
        lines: Box::new(move |width, height| {
            let below = [direction(data, width), circumstances(data)];
            let room = height.saturating_sub(below.len());
            let mut lines = number(data, width, room).unwrap_or_default();
            let blanks = room.saturating_sub(lines.len());
            lines.splice(0..0, vec![Line::new(); blanks / 2]);
            lines.extend(vec![Line::new(); blanks - blanks / 2]);
            lines.extend(below);
            lines
        }),
        ..Panel::of_lines(title, 40, 5, Vec::new())
    })
}
