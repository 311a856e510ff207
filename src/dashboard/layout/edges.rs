//! The first and the last line of the page.
//!
//! The first says whose values these are, of when, and how old: what the user must never be wrong about.

use super::page::{Area, Ink, Line, Page};
use super::panels::Facts;
use super::{Action, Scene, figures};
use crate::dashboard::state::{Freshness, Meter};

/// How old the newest telegram is, in words, and how bad that is.
pub(super) fn age(scene: &Scene<'_>, meter: &Meter) -> (Ink, String) {
    let words = scene.look.words;
    let seconds = meter.age(scene.now).as_secs();
    let span = figures::span(seconds, words);
    match meter.freshness(scene.now) {
        _ if scene.ended => (Ink::Warning, words.ended.to_owned()),
        Freshness::Fresh if seconds == 0 => (Ink::Good, words.just_now.to_owned()),
        Freshness::Fresh => (Ink::Good, format!("{span} {}", words.ago)),
        Freshness::Late => (Ink::Warning, format!("{} {span}", words.no_telegram_for)),
        Freshness::Lost => (Ink::Alarm, format!("{} {span}", words.no_telegram_for)),
    }
}

/// Draws the first line.
pub(super) fn header(page: &mut Page, facts: &Facts<'_>) {
    let (scene, meter) = (facts.scene, facts.meter);
    let (width, _) = page.size();
    let words = scene.look.words;
    let (ink, age) = age(scene, meter);
    let mut right = Line::new();
    if scene.paused {
        right = right.text(Ink::Warning, format!(" {} ", words.paused)).text(Ink::Text, " ");
    }
    let missed = meter.from.map_or(0, |sender| sender.lost);
    if missed > 0 {
        right =
            right.text(Ink::Warning, format!("{missed} {}", words.missed)).text(Ink::Text, "  ");
    }
    right = right.text(ink, format!("{} {age}", scene.look.glyphs.bullet));
    let model = facts.text("meter_model").unwrap_or(&meter.name);
    let time = figures::full(facts.time(), words);
    let mut left = Line::of(Ink::Title, model).text(Ink::Text, format!("  {time}"));
    let (place, meters) = scene.state.place();
    if meters > 1 {
        let place = format!("  {} {place} {} {meters}", words.meter, words.of);
        page.zone(Area { x: 0, y: 0, width: width / 2, height: 1 }, Action::Meter);
        left = left.text(Ink::Key, place);
    }
    let room = width.saturating_sub(right.width() + 3);
    page.put(1, 0, room, &left);
    page.put(width.saturating_sub(right.width() + 1), 0, width, &right);
}

/// Draws the last line: the keys, and whether there would be more to see.
pub(super) fn footer(page: &mut Page, scene: &Scene<'_>, has_more: bool) {
    let (width, height) = page.size();
    let words = scene.look.words;
    let keys = [
        ('?', words.help, Action::Help),
        ('q', words.quit, Action::Quit),
        ('w', words.window, Action::Window),
        ('u', words.unit, Action::Unit),
        ('o', words.objects, Action::Objects),
        ('l', words.log, Action::Log),
        ('p', words.pause, Action::Pause),
        ('m', words.meter, Action::Meter),
        ('n', words.language, Action::Language),
    ];
    let (mut x, y) = (1, height - 1);
    let hint = Line::of(Ink::Faint, if has_more { words.not_shown } else { "" });
    let end = width.saturating_sub(hint.width() + 1);
    page.put(end, y, width, &hint);
    for (key, word, action) in keys {
        if action == Action::Meter && scene.state.place().1 < 2 {
            continue;
        }
        let entry = Line::of(Ink::Key, key.to_string()).text(Ink::Faint, format!(" {word}"));
        if x + entry.width() >= end {
            break;
        }
        page.put(x, y, width, &entry);
        page.zone(Area { x, y, width: entry.width(), height: 1 }, action);
        x += entry.width() + 2;
    }
}
