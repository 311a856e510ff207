//! Net power, large, signed and coloured by its direction.

use super::Facts;
use crate::dashboard::layout::digits;
use crate::dashboard::layout::figures::{power, power_unit, power_with_unit};
use crate::dashboard::layout::page::{Ink, Line};
use crate::dashboard::layout::shelf::Panel;
use crate::dashboard::state::Freshness;

/// The ink of a power with this sign.
pub fn signed_ink(watts: i64) -> Ink {
    match watts {
        ..0 => Ink::Export,
        0 => Ink::Text,
        1.. => Ink::Import,
    }
}

/// Net power as large as it fits, and its unit; what is too old to be true is faint.
pub fn number(facts: &Facts<'_>, width: usize, height: usize) -> Option<Vec<Line>> {
    let watts = facts.whole("power_w")?;
    let look = facts.scene.look;
    let ink = if is_old(facts) { Ink::Faint } else { signed_ink(watts) };
    let figure = power(watts, look.kilowatts);
    let unit = power_unit(look.kilowatts);
    let room = width.saturating_sub(unit.len() + 1);
    let Some(rows) = digits::large(look.glyphs, &figure, room, height) else {
        return Some(vec![Line::of(ink, format!("{figure} {unit}"))]);
    };
    let last = rows.len() - 1;
    let lines = rows.into_iter().enumerate().map(|(row, text)| {
        let line = Line::of(ink, text);
        if row == last { line.text(ink, format!(" {unit}")) } else { line }
    });
    Some(lines.collect())
}

/// Power in and out, in at most `width` cells: with words, or with arrows only.
pub fn direction(facts: &Facts<'_>, width: usize) -> Line {
    let line = in_and_out(facts, true);
    if line.width() <= width { line } else { in_and_out(facts, false) }
}

fn in_and_out(facts: &Facts<'_>, in_words: bool) -> Line {
    let look = facts.scene.look;
    let side = |line: Line, name: &str, word: &str, arrow: char, ink: Ink| match facts.whole(name) {
        Some(watts) => {
            let ink = if watts > 0 { ink } else { Ink::Text };
            let gap = if line.width() > 0 { "  " } else { "" };
            let word = if in_words { format!(" {word}") } else { String::new() };
            let label = format!("{gap}{arrow}{word} ");
            line.text(Ink::Faint, label).text(ink, power_with_unit(watts, look.kilowatts))
        }
        None => line,
    };
    let (up, down) = (look.glyphs.up, look.glyphs.down);
    let line = side(Line::new(), "power_import_w", look.words.import, down, Ink::Import);
    side(line, "power_export_w", look.words.export, up, Ink::Export)
}

/// Whether the values are too old to be those of now.
fn is_old(facts: &Facts<'_>) -> bool {
    !facts.scene.ended && facts.meter.freshness(facts.scene.now) == Freshness::Lost
}

/// The warning that goes with such values.
pub fn warning(facts: &Facts<'_>) -> Option<Line> {
    is_old(facts).then(|| Line::of(Ink::Alarm, facts.scene.look.words.shown_is_old))
}

/// The tariff that is running, and a breaker that is not closed.
fn circumstances(facts: &Facts<'_>) -> Line {
    let words = facts.scene.look.words;
    if let Some(warning) = warning(facts) {
        return warning;
    }
    let line = Line::new().pair(words.tariff, Ink::Text, facts.figure("tariff"));
    let gap = if line.width() > 0 { "  " } else { "" };
    match facts.whole("breaker_state") {
        Some(0) => line.text(Ink::Alarm, format!("{gap}{}", words.breaker_open)),
        Some(2) => line.text(Ink::Warning, format!("{gap}{}", words.breaker_ready)),
        _ => line,
    }
}

/// The panel; `None` where the meter tells no power.
pub(super) fn panel<'a>(facts: &'a Facts<'a>) -> Option<Panel<'a>> {
    facts.readings.number("power_w")?;
    let title = facts.scene.look.words.power;
    Some(Panel {
        rows: [5, 5],
        lines: Box::new(move |width, height| {
            let below = [direction(facts, width), circumstances(facts)];
            let room = height.saturating_sub(below.len());
            let mut lines = number(facts, width, room).unwrap_or_default();
            let blanks = room.saturating_sub(lines.len());
            lines.splice(0..0, vec![Line::new(); blanks / 2]);
            lines.extend(vec![Line::new(); blanks - blanks / 2]);
            lines.extend(below);
            lines
        }),
        ..Panel::of_lines(title, 40, 5, Vec::new())
    })
}
