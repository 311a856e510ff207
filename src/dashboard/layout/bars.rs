//! The first and the last line of the page.
//!
//! The first says whose values these are, of when, and how old: what the user must never be wrong about.

use super::page::{Area, Line, Page, Style};
use super::panels::PanelData;
use super::{Action, Frame, figures};
use crate::dashboard::state::{Freshness, Meter};
use crate::words::filled;

/// How old the newest telegram is, in words, and how bad that is.
pub(super) fn age(frame: &Frame<'_>, meter: &Meter) -> (Style, String) {
    let words = frame.display.words;
    let seconds = meter.age(frame.now).as_secs();
    let span = figures::span(seconds, words);
    match meter.freshness(frame.now) {
        _ if frame.ended => (Style::Warning, words.ended.to_owned()),
        Freshness::Fresh if seconds == 0 => (Style::Good, words.just_now.to_owned()),
        Freshness::Fresh => (Style::Good, format!("{span} {}", words.ago)),
        Freshness::Late => (Style::Warning, filled(words.no_telegram_for, &span)),
        Freshness::Lost => (Style::Alarm, filled(words.no_telegram_for, &span)),
    }
}

/// Draws the first line.
pub(super) fn header(page: &mut Page, data: &PanelData<'_>) {
    let (frame, meter) = (data.frame, data.meter);
    let (width, _) = page.size();
    let words = frame.display.words;
    let (style, age) = age(frame, meter);
    let mut right = Line::new();
    if frame.paused {
        right = right.text(Style::Warning, format!(" {} ", words.paused)).text(Style::Text, " ");
    }
    let missed = meter.from.map_or(0, |sender| sender.lost);
    if missed > 0 {
        right = right
            .text(Style::Warning, format!("{missed} {}", words.missed))
            .text(Style::Text, "  ");
    }
    right = right.text(style, format!("{} {age}", frame.display.glyphs.bullet));
    let model = data.readings.text("meter_model").unwrap_or(&meter.name);
    let time = figures::full(data.time(), words);
    let mut left = Line::of(Style::Title, model).text(Style::Text, format!("  {time}"));
    let (place, meters) = frame.state.place();
    if meters > 1 {
        let place = format!("  {} {place} {} {meters}", words.meter, words.of);
        page.add_click_area(Area { x: 0, y: 0, width: width / 2, height: 1 }, Action::Meter);
        left = left.text(Style::Key, place);
    }
    let room = width.saturating_sub(right.width() + 3);
    page.put(1, 0, room, &left);
    page.put(width.saturating_sub(right.width() + 1), 0, width, &right);
}

/// Draws the last line: the keys, and whether there would be more to see.
pub(super) fn footer(page: &mut Page, frame: &Frame<'_>, has_more: bool) {
    let (width, height) = page.size();
    let words = frame.display.words;
    let keys = [
        ('?', words.help, Action::Help),
        ('q', words.quit, Action::Quit),
        ('w', words.window, Action::Window),
        ('h', words.past, Action::Past),
        ('u', words.unit, Action::Unit),
        ('o', words.objects, Action::Objects),
        ('l', words.log, Action::Log),
        ('p', words.pause, Action::Pause),
        ('m', words.meter, Action::Meter),
        ('n', words.language, Action::Language),
    ];
    let (mut x, y) = (1, height - 1);
    let hint = Line::of(Style::Faint, if has_more { words.not_shown } else { "" });
    let end = width.saturating_sub(hint.width() + 1);
    page.put(end, y, width, &hint);
    for (key, word, action) in keys {
        if action == Action::Meter && frame.state.place().1 < 2 {
            continue;
        }
        let entry = Line::of(Style::Key, key.to_string()).text(Style::Faint, format!(" {word}"));
        if x + entry.width() >= end {
            break;
        }
        page.put(x, y, width, &entry);
        page.add_click_area(Area { x, y, width: entry.width(), height: 1 }, action);
        x += entry.width() + 2;
    }
}
