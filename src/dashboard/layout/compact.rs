//! The page of a small terminal: no frames, the most important lines first.

use super::page::{Line, Page, Style};
use super::panels::{self, PanelData};
use super::{bars, figures};

/// The fewest rows that a graph is worth, and how many it has before there is more to read.
const GRAPH_ROWS: usize = 2;
const USUAL_GRAPH_ROWS: usize = 7;

/// Draws the page.
pub(super) fn draw(page: &mut Page, data: &PanelData<'_>) {
    let frame = data.frame;
    let (width, height) = page.size();
    let inside = width.saturating_sub(2);
    let has_footer = height >= 8 && frame.live;
    let mut room = height.saturating_sub(1 + usize::from(has_footer));
    head(page, data);
    let digits = if height >= 9 { 3 } else { 1 };
    let mut lines = panels::large_power(data, inside, digits).unwrap_or_default();
    let mut more = vec![match panels::warning(data) {
        Some(warning) => warning,
        None => panels::direction(data, inside),
    }];
    more.extend(energy(data));
    more.extend(panels::device_lines(data));
    more.extend(panels::phases_in_short(data));
    more.retain(|line| line.width() > 0);
    let rest = room.saturating_sub(lines.len() + more.len() + USUAL_GRAPH_ROWS);
    more.extend(details(data, inside).into_iter().take(rest));
    more.truncate(room.saturating_sub(lines.len()));
    room = room.saturating_sub(lines.len() + more.len());
    if room >= GRAPH_ROWS && data.readings.number("power_w").is_some() {
        lines.extend(more.drain(..more.len().min(1)));
        lines.extend(panels::graph_lines(data, inside, room));
    }
    lines.extend(more);
    for (row, line) in lines.iter().enumerate() {
        page.put(1, row + 1, inside, line);
    }
    if has_footer {
        bars::footer(page, frame, false);
    }
}

/// What there is to read beside the graph on a high terminal.
fn details(data: &PanelData<'_>, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = panels::volts(data).into_iter().collect();
    lines.extend(panels::quarter_lines(data));
    let registers = panels::registers(data);
    if !registers.is_empty() {
        lines.push(panels::register_head(data));
        lines.extend(registers);
    }
    lines.retain(|line| line.width() <= width);
    lines
}

/// The first line: the age first, for it must not be cut off.
fn head(page: &mut Page, data: &PanelData<'_>) {
    let frame = data.frame;
    let (width, _) = page.size();
    let (style, age) = bars::age(frame, data.meter);
    let mut line = Line::of(style, format!("{} {age}", frame.display.glyphs.bullet));
    if frame.paused {
        line = line.text(Style::Warning, format!("  {}", frame.display.words.paused));
    }
    let clock = figures::clock(data.time());
    if line.width() + clock.len() + 3 < width {
        line = line.right(width.saturating_sub(2), Style::Text, clock);
    }
    page.put(1, 0, width.saturating_sub(1), &line);
}

/// Energy of today, in and out.
fn energy(data: &PanelData<'_>) -> Option<Line> {
    let glyphs = data.frame.display.glyphs;
    let (label, import) = panels::today(data, "energy_import_kwh")?;
    let mut line =
        Line::of(Style::Faint, format!("{label} {} ", glyphs.down)).text(Style::Import, import);
    if let Some((_, export)) = panels::today(data, "energy_export_kwh") {
        line = line.text(Style::Faint, format!("  {} ", glyphs.up)).text(Style::Export, export);
    }
    Some(line.text(Style::Faint, " kWh"))
}
