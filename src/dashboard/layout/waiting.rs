//! The page before the first telegram: what it waits for, for how long, and what to check.

use super::page::{Ink, Line, Page};
use super::{Scene, edges, figures, panels};

/// Draws the page.
pub(super) fn draw(page: &mut Page, scene: &Scene<'_>) {
    let words = scene.look.words;
    let (width, height) = page.size();
    let waited = scene.now.saturating_duration_since(scene.state.began).as_secs();
    let what = match scene.state.wanted() {
        Some(meter) => format!("{} {meter}", words.waiting_meter),
        None => words.waiting.to_owned(),
    };
    let mut lines = vec![
        Line::of(Ink::Strong, what),
        Line::of(Ink::Text, figures::span(waited, words)).pair(
            words.listening,
            Ink::Text,
            Some(scene.origin),
        ),
    ];
    if scene.state.place().1 > 0 {
        lines.push(Line::of(Ink::Warning, words.heard_others));
    }
    if scene.state.garbage > 0 {
        let garbage = format!("{} {}", scene.state.garbage, words.heard_garbage);
        lines.push(Line::of(Ink::Warning, garbage));
    }
    lines.push(Line::new());
    lines.push(Line::of(Ink::Text, words.check));
    let checks = [words.check_listener, words.check_group, words.check_network, words.check_cat];
    for check in checks {
        let mut mark = Line::of(Ink::Faint, format!(" {} ", scene.look.glyphs.bullet));
        for line in panels::wrapped(check, width.saturating_sub(4)) {
            lines.push(mark.join(line));
            mark = Line::new().at(3);
        }
    }
    let left = width.saturating_sub(lines.iter().map(Line::width).max().unwrap_or(0)) / 2;
    let top = (height.saturating_sub(1)).saturating_sub(lines.len()) / 2;
    for (row, line) in lines.iter().enumerate() {
        if top + row + 1 < height.max(2) {
            page.put(left, top + row, width, line);
        }
    }
    if height > 1 {
        edges::footer(page, scene, false);
    }
}
