//! The page before the first telegram: what it waits for, for how long, and what to check.

use super::page::{Line, Page, Style};
use super::{Frame, bars, figures, panels};
use crate::words::filled;

/// Draws the page.
pub(super) fn draw(page: &mut Page, frame: &Frame<'_>) {
    let words = frame.display.words;
    let (width, height) = page.size();
    let waited = frame.now.saturating_duration_since(frame.state.began).as_secs();
    let what = match frame.state.wanted() {
        Some(meter) => format!("{} {meter}", words.waiting_meter),
        None => words.waiting.to_owned(),
    };
    let mut lines = vec![
        Line::of(Style::Strong, what),
        Line::of(Style::Text, figures::span(waited, words)).pair(
            words.listening,
            Style::Text,
            Some(frame.origin),
        ),
    ];
    if frame.state.place().1 > 0 {
        lines.push(Line::of(Style::Warning, words.heard_others));
    }
    if frame.state.garbage > 0 {
        let garbage = filled(words.heard_garbage, &frame.state.garbage.to_string());
        lines.push(Line::of(Style::Warning, garbage));
    }
    lines.push(Line::new());
    lines.push(Line::of(Style::Text, words.check));
    let checks = [words.check_listener, words.check_group, words.check_network, words.check_cat];
    for check in checks {
        let mut mark = Line::of(Style::Faint, format!(" {} ", frame.display.glyphs.bullet));
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
        bars::footer(page, frame, false);
    }
}
