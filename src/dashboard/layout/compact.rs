//! The page of a small terminal: no frames, the most important lines first.

use super::page::{Ink, Line, Page};
use super::panels::{self, Facts};
use super::{edges, figures};

/// The fewest rows that a graph is worth.
const GRAPH_ROWS: usize = 2;

/// Draws the page.
pub(super) fn draw(page: &mut Page, facts: &Facts<'_>) {
    let scene = facts.scene;
    let (width, height) = page.size();
    let inside = width.saturating_sub(2);
    let has_footer = height >= 8 && scene.live;
    let mut room = height.saturating_sub(1 + usize::from(has_footer));
    head(page, facts);
    let digits = if height >= 9 { 3 } else { 1 };
    let mut lines = panels::large_power(facts, inside, digits).unwrap_or_default();
    let mut more = vec![match panels::warning(facts) {
        Some(warning) => warning,
        None => panels::direction(facts, inside),
    }];
    more.extend(energy(facts));
    more.extend(panels::device_lines(facts));
    more.extend(panels::phases_in_short(facts));
    more.retain(|line| line.width() > 0);
    more.truncate(room.saturating_sub(lines.len()));
    room = room.saturating_sub(lines.len() + more.len());
    if room >= GRAPH_ROWS && facts.readings.number("power_w").is_some() {
        lines.extend(more.drain(..more.len().min(1)));
        lines.extend(panels::graph_lines(facts, inside, room));
    }
    lines.extend(more);
    for (row, line) in lines.iter().enumerate() {
        page.put(1, row + 1, inside, line);
    }
    if has_footer {
        edges::footer(page, scene, false);
    }
}

/// The first line: the age first, for it must not be cut off.
fn head(page: &mut Page, facts: &Facts<'_>) {
    let scene = facts.scene;
    let (width, _) = page.size();
    let (ink, age) = edges::age(scene, facts.meter);
    let mut line = Line::of(ink, format!("{} {age}", scene.look.glyphs.bullet));
    if scene.paused {
        line = line.text(Ink::Warning, format!("  {}", scene.look.words.paused));
    }
    let clock = figures::clock(facts.time());
    if line.width() + clock.len() + 3 < width {
        line = line.right(width.saturating_sub(2), Ink::Text, clock);
    }
    page.put(1, 0, width.saturating_sub(1), &line);
}

/// Energy of today, in and out.
fn energy(facts: &Facts<'_>) -> Option<Line> {
    let glyphs = facts.scene.look.glyphs;
    let (label, import) = panels::today(facts, "energy_import_kwh")?;
    let mut line =
        Line::of(Ink::Faint, format!("{label} {} ", glyphs.down)).text(Ink::Import, import);
    if let Some((_, export)) = panels::today(facts, "energy_export_kwh") {
        line = line.text(Ink::Faint, format!("  {} ", glyphs.up)).text(Ink::Export, export);
    }
    Some(line.text(Ink::Faint, " kWh"))
}
